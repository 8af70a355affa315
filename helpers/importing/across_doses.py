"""What the rows of a drug chart need of one another: courses of several days, doses given several times a day."""

from __future__ import annotations

import re

from helpers.cohort.recorded import STEROIDS
from helpers.cohort.steroids import ANY, EQUIVALENT_MG
from helpers.importing.code_words import agent_of
from helpers.importing.concepts import concepts_of
from helpers.importing.dates import date_as_mapped
from helpers.importing.facts import Facts
from helpers.importing.mapping import ColumnMap, SheetMap
from helpers.importing.plain_words import bare
from helpers.importing.questions import ask_about
from helpers.importing.recognise_dates import recognise_date
from helpers.importing.recognise_numbers import equivalent_to
from helpers.importing.sheet import code_text
from helpers.importing.units import dose_unit_of

PER_DAY = re.compile(
    r"daily|per day|a day|/ ?(d|day|tag|24 ?h)\b|each day|tages|täglich|pro tag|par jour|quotidien|diaria|日剂量|每日|每天|/日|/天"
)
TIMES_A_DAY = r"(times|doses|prises|gaben|x|nb prises|anzahl gaben) (a |per |par |pro )?(day|jour|tag|24 ?h)|no of doses|number of doses"
FREQUENCY = re.compile(
    rf"\b(freq|frequency|frequencies|schedule|interval|{TIMES_A_DAY}|dosing|"
    r"haufigkeit|intervall|einnahme|frecuencia|frequence|frequenza|cmdosfrq|sig)\b|频次|频率|次数|每日次数"
)
WORDS_OF_TIMES = {
    1: r"(once|qd|od|o\.d\.|q\.?d\.?|daily|once (daily|a day)|q24h|1x|1 ?x ?(/|per )?(d|day|tag)?|stat|single|single dose|einmalig|1-0-0|0-0-1|每日一次|每天一次|一次|临时)",
    2: r"(twice|bid|bd|b\.i\.d\.?|twice (daily|a day)|q12h|q12|2x|2 ?x ?(/|per )?(d|day|tag)|1-0-1|每日两次|每日二次|每天两次|每12小时)",
    3: r"(tid|tds|t\.i\.d\.?|three times (daily|a day)|q8h|q8|3x|3 ?x ?(/|per )?(d|day|tag)|1-1-1|每日三次|每天三次|每8小时)",
    4: r"(qid|qds|q\.i\.d\.?|four times (daily|a day)|q6h|q6|4x|4 ?x ?(/|per )?(d|day|tag)|1-1-1-1|每日四次|每天四次|每6小时)",
    6: r"(q4h|q4|6x|6 ?x ?(/|per )?(d|day|tag)|每4小时)",
}


def times_a_day(written: str) -> int | None:
    """Find how many times a day a drug was given; None if the words say nothing of it.

    Examples
    --------
    >>> times_a_day("BID"), times_a_day("q 6 h"), times_a_day("once"), times_a_day("每日两次"), times_a_day("3"), times_a_day("as needed")
    (2, 4, 1, 2, 3, None)
    """
    text = re.sub(r"\s+", " ", written.lower()).strip()
    text = re.sub(r"^(\d+)[ -]?(hourly|stundlich|stündlich)$", r"q\1h", text)
    text = re.sub(r"^(every|each|alle) (\d+) ?(hours?|hrs?|h|stunden)$", r"q\2h", re.sub(r"^q ?(\d+) ?(h|hr|hrs|hourly|hours)?$", r"q\1h", text))  # fmt: skip
    if re.fullmatch(r"[1-8]", text):
        return int(text)
    return next((times for times, words in WORDS_OF_TIMES.items() if re.fullmatch(words, text)), None)


PARTS_OF_A_COURSE = ("last dose", "days of drug", "total dose", "dose of each day")


def settle_courses(sheet: SheetMap, facts: list[Facts]) -> None:
    """Find what a row per patient says of a drug beside its first day: the last day, the number of days, the dose in all."""
    if sheet.row_is not in ("patient", "infusion"):
        return
    started = {column.name for column in sheet.columns if column.to == "first dose"}
    for column, one in zip(sheet.columns, facts, strict=True):
        if column.to not in ("leave out", "declared") or not (one.is_date or one.is_number):
            continue
        drug, part = _part_of_course(one)
        if drug in started and part and part not in {c.to for c in sheet.columns if c.name == drug}:
            _take_part(column, one, drug, part)
    named = sorted(started & set(STEROIDS) - {ANY})
    if ANY in started and named:
        first = next(column for column in sheet.columns if column.to == "first dose" and column.name == ANY)
        ask_about(first, [f"`to`: columns of their own tell of {', '.join(named)}: if these are counted among the steroids here, days and doses count twice, and one of the two is to be left out; right as it is?"])  # fmt: skip


def _part_of_course(facts: Facts) -> tuple[str, str]:
    """Say which drug a heading is of, and which part of its course."""
    grouped = (f"{group} {facts.column.name}" for group in facts.column.groups)
    for words in (facts.column.name, facts.said.title or facts.column.title, *grouped):
        drug = next((found for word in bare(words).split() if (found := agent_of(word)) != "other"), "")
        told = frozenset(concepts_of(words)) - {
            "steroid",
            "tocilizumab",
            "ruxolitinib",
            "small",
            "given",
            "drug",
            "any",
        }
        if not drug:
            continue
        if "dose" in told and "overall" in told and facts.is_number and not told & {"end", "until", "when"}:
            return drug, "total dose"
        dosed = "dose" in told or dose_unit_of(words)
        if (
            dosed
            and told <= {"dose", "daily", "first", "day", "per", "weight", "unit"}
            and dose_unit_of(words)
            and facts.is_number
        ):
            return drug, "dose of each day"
        if ("duration" in told or {"number", "day"} <= told) and facts.is_number:
            return drug, "days of drug"
        if told & {"end", "until", "last"} and told <= {"end", "until", "last", "when", "day", "dose", "time"}:
            return drug, "last dose"
    return "", ""


def _take_part(column: ColumnMap, facts: Facts, drug: str, part: str) -> None:
    """Take a column for a part of the course of a drug, and ask."""
    unit = next((found for words in facts.told.split(" | ") if (found := dose_unit_of(words))), "")
    of = equivalent_to(facts.told)
    dosed = part in ("total dose", "dose of each day")
    if dosed and (not unit or (drug == ANY and not of) or (of and drug not in EQUIVALENT_MG)):
        return
    column.to, column.name, column.confidence, column.codes, column.counts = part, drug, "likely", {}, {}
    column.decide, column.also_decide, column.kind = "", [], ""
    column.reason = {"last dose": "the last day of a drug", "days of drug": "for how many days a drug was given", "total dose": "the dose of a drug in all", "dose of each day": "the dose of a drug on a day"}[part]  # fmt: skip
    told = f", told in equivalents of {of}," * bool(of)
    if dosed:
        column.unit, column.of = unit, of
    if part == "dose of each day":
        ask_about(column, [f"`to`: the dose{told} is that of one administration a day, on each day of the course (on the first day alone, where nothing says how long it was); right? (the dose in all: `to: total dose`; else `to: leave out`)"])  # fmt: skip
        return
    if dosed:
        ask_about(column, [f"`to`: the dose in all{told} is spread evenly over the days of the course (on the first day, where nothing says how long it was): the sum is the file's, the dose of a single day is not; right? (else `to: leave out`)"])  # fmt: skip
        return
    if facts.is_date:
        recognise_date(column, facts, "date")
    ask_about(column, ["`to`: the drug counts as given on each day from the first to the last; right? (else `to: leave out`: one administration on the first day)"])  # fmt: skip


def settle_doses(sheet: SheetMap, facts: list[Facts]) -> None:
    """Spread daily doses over the days of their course, and multiply doses that were given several times a day; both are asked about."""
    if sheet.row_is != "administration":
        return
    _free_counts(sheet, facts)
    at = next((i for i, column in enumerate(sheet.columns) if column.to == "treatments.dose"), None)
    if at is None:
        _ask_about_no_dose(sheet, facts)
    daily = at is not None and PER_DAY.search(facts[at].told.lower().replace("_", " ")) is not None
    for column, one in zip(sheet.columns, facts, strict=True):
        if column.reason != "when it ended" and _is_frequency(column, one):
            _multiply(column, one, daily)
    daily = daily or any(column.to == "treatments.times" for column in sheet.columns)
    for column, one in zip(sheet.columns, facts, strict=True):
        _ask_about_given(column, one)
        if column.to == "leave out" and not column.decide and LENGTH.search(_words(one)) and one.is_number:
            _last(column, one, daily)
    for column, one in zip(sheet.columns, facts, strict=True):
        if daily and column.reason == "when it ended":
            pairs = zip(sheet.columns, facts, strict=True)
            _spread(column, one, next((pair for pair in pairs if pair[0].to in ("date", "day")), None))


def _free_counts(sheet: SheetMap, facts: list[Facts]) -> None:
    """Do not take how often a day, or for how many days, for the day of a dose."""
    starts = [column for column in sheet.columns if column.to in ("date", "day")]
    for column, one in zip(sheet.columns, facts, strict=True):
        counted = LENGTH.search(_words(one)) and len(starts) > 1
        if column.to == "day" and one.is_number and (counted or re.search(rf"\b({TIMES_A_DAY})\b", _words(one))):
            column.to, column.unit, column.decide, column.also_decide = "leave out", "", "", []
            column.reason = "a number of days or of times, not a day"


def _ask_about_no_dose(sheet: SheetMap, facts: list[Facts]) -> None:
    """Ask which of the numbers beside a drug is its dose, where no heading says so."""
    free = [column.at for column, one in zip(sheet.columns, facts, strict=True) if column.to == "leave out" and not column.decide and one.is_number]  # fmt: skip
    if free:
        ask_about(sheet, [f"no column is known as the dose: the drugs are kept without one; or is it column {' or '.join(map(str, free))}? (then `to: treatments.dose` and `unit` there)"])  # fmt: skip


LENGTH = re.compile(
    r"\b(duration|days of (treatment|therapy)|days given|given days|no of days|^days$|^tage$|length of|number of days|treatment days|dauer|therapiedauer|behandlungsdauer|duree|nombre de jours|duracion|dias)\b|天数|疗程|持续时间"
)
GIVEN = re.compile(
    r"given|administered|started|completed|new bag|bolus|applied|admin\b|verabreicht|gegeben|done|administre|donne|已执行|执行完|完成|已用"
)
NOT_GIVEN = re.compile(
    r"\b(not (given|administered|done)|held|hold\w*|missed|refus\w*|cancel\w*|omit\w*|due|pending|planned|ordered|discontinued|nicht (gegeben|verabreicht)|abgesetzt|verweigert|non (donne|administre)|"
    r"rate (change|verify|verification)\w*|stop(ped)?|paused?|restart\w*|infusion complete\w*|completed? infusion|bag removed|returned?|wasted?)\b|未执行|未用|作废|取消|停止|拒绝|待执行"
)


def _words(facts: Facts) -> str:
    return bare(f"{facts.column.name} {facts.said.title or facts.column.title}")


def _last(column: ColumnMap, facts: Facts, daily: bool) -> None:
    """Read for how many days a course went on."""
    if not daily:
        if any(value != 1 for value in facts.numbers):
            ask_about(column, ["each row is taken for one administration on its first day, however long it went on (nothing says whether the dose is that of a day: then `to: treatments.days`); right?"])  # fmt: skip
        return
    column.to, column.reason = "treatments.days", "for how many days the dose was given"
    ask_about(column, ["`to`: the dose is that of each day, for as many days as this column says, the first included: one administration a day; right? (one on the first day only: `to: leave out`)"])  # fmt: skip


def _ask_about_given(column: ColumnMap, facts: Facts) -> None:
    """Leave out doses that a column of states says were held, refused or only planned, and ask."""
    codes = {code: facts.labels.get(code, code).lower() for code in facts.counts}
    held = [code for code, label in codes.items() if NOT_GIVEN.search(label)]
    given = [code for code, label in codes.items() if GIVEN.search(label) and code not in held]
    if column.to != "leave out" or column.decide or not held or len(codes) > MOST_STATES or facts.is_date:
        return
    told = sum(facts.counts[code] for code in (*held, *given))
    if told * 2 < sum(facts.counts.values()):
        return
    column.to, column.reason = "rows", "whether the dose was given"
    shown = {*held, *given, *(facts.safe_codes() if told < sum(facts.counts.values()) else ())}
    column.codes = {code: "leave out" if code in held else "keep" for code in sorted(shown)}
    column.counts = {code: facts.counts[code] for code in column.codes}
    lost, others = sum(facts.counts[code] for code in held), sum(facts.counts.values()) - told
    more = f"; {others} rows say something else and are kept" * bool(others)
    ask_about(column, [f"`codes`: {lost} doses were not given, or go on with one that was (held, refused, planned; rate changed, stopped), and are left out{more}; right?"])  # fmt: skip


MOST_STATES = 20


def _ends_first(column: ColumnMap, facts: Facts, start: tuple[ColumnMap, Facts] | None) -> int:
    """Count the courses whose last day lies before their first."""
    if start is None or not (facts.is_date and start[1].is_date):
        return 0
    last = [None if cell is None else date_as_mapped(cell, column.order) for cell in facts.column.cells]
    first = [None if cell is None else date_as_mapped(cell, start[0].order) for cell in start[1].column.cells]
    return sum(bool(a and b and b.date < a.date) for a, b in zip(first, last, strict=True))


def _spread(column: ColumnMap, facts: Facts, start: tuple[ColumnMap, Facts] | None) -> None:
    column.decide, column.also_decide = "", []
    as_date = recognise_date(column, facts, "until") if facts.is_date else None
    if as_date is None and not facts.is_number:
        ask_about(column, ["each row is taken for one administration on its first day, whenever it ended; right?"])
        return
    column.to, column.reason = "until", "the last day of a course of daily doses"
    if backwards := _ends_first(column, facts, start):
        ask_about(column, [f"`to`: {backwards} courses end before they start: correct the file"])
    ask_about(column, ["`to`: the dose is that of each day from the first to this one: one administration a day; right? (one on the first day only: `to: leave out`)"])  # fmt: skip


def _is_frequency(column: ColumnMap, facts: Facts) -> bool:
    named = FREQUENCY.search(bare(facts.column.name)) or FREQUENCY.search(bare(facts.said.title or facts.column.title))
    free = column.to == "leave out" and not column.decide and facts.filled
    told = sum(count for code, count in facts.counts.items() if times_a_day(facts.labels.get(code, code)) is not None)
    worded = not facts.is_number and told > 0.5 * sum(facts.counts.values())
    return bool(free and (named or worded))


HOURS_BETWEEN = re.compile(
    r"\b(interval|intervall|intervalle|intervalo|every|hours between)\b.*\b(h|hr|hrs|hours?|stunden?|heures?|horas?)\b"
)


def _multiply(column: ColumnMap, facts: Facts, daily: bool) -> None:
    """Note how often a day each dose was given."""
    hours = HOURS_BETWEEN.search(facts.told.lower()) is not None  # 8 hours from one dose to the next are 3 a day
    times = {code: times_a_day(f"q{label}h" if hours and label.isdigit() else label) for code in sorted(facts.counts) if (label := facts.labels.get(code, code))}  # fmt: skip
    if all(found == 1 for found in times.values()):
        column.reason = "each dose was given once a day"
        return
    cells, unread = sum(facts.counts.values()), sum(facts.counts[code] for code, found in times.items() if not found)
    if daily:
        column.reason = "how often a day; the doses are those of the whole day"
        return
    if unread == cells:
        ask_about(column, [f"`to`: {cells} cells seem to say how often the dose was given, in words that are not known here: each row is taken for one administration of the dose written; right?"])  # fmt: skip
        return
    column.to, column.reason = "treatments.times", "how often a day the dose was given"
    shown = {code for code, count in facts.safe_codes().items() if count > 1}  # what stands once may be anybody's words
    column.codes = {code: str(found or "") for code, found in times.items() if found or code in shown}
    column.counts = {code: facts.counts[code] for code in column.codes}
    ask_about(column, ["`to`: the dose of a row is multiplied by the times a day, to the dose of its day; right? (a dose that is that of the day already, or of one time: `to: leave out`)"])  # fmt: skip
    if unread:
        ask_about(column, [f"`codes`: {unread} cells say it in words that are not known here: write the times a day, or leave them empty (then the dose is not known)"])  # fmt: skip


def times_of_row(column: ColumnMap, cell: object) -> int | None:
    """Read the times a day of a row as the mapping has them; None where nobody knows."""
    written = column.codes.get(code_text(cell), "") or ("" if column.codes else str(times_a_day(code_text(cell)) or ""))
    return int(written) if re.fullmatch(r"\d{1,2}", written) and int(written) > 0 else None
