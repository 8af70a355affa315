"""Times with their statuses, dates with day 0, and whether the two agree."""

from __future__ import annotations

import re
from datetime import datetime

from helpers.importing.cells import is_missing, read_number
from helpers.importing.dates import BETWEEN_SYSTEMS, date_as_mapped
from helpers.importing.facts import Facts
from helpers.importing.headings import endpoint_of
from helpers.importing.mapping import ColumnMap, SheetMap
from helpers.importing.patients import key_of
from helpers.importing.plain_words import bare
from helpers.importing.questions import ask_about
from helpers.importing.recognise_first_event import FIRST_EVENT, pair_first_events
from helpers.importing.recognise_own import NO_PLACE
from helpers.importing.sheet import code_text
from helpers.importing.units import TIME_UNITS

DEATH_WORDS = (
    "dead",
    "died",
    "death",
    "deceased",
    "alive",
    "vital",
    "mort",
    "mortality",
    "exitus",
    "tot",
    "verstorben",
    "gestorben",
    "dthfl",
    "死亡",
    "是否死亡",
    "生存状态",
)


def pair_times(sheet: SheetMap, facts: list[Facts]) -> None:
    """Put each time together with its status."""
    pair_first_events(sheet)
    _leave_out_copies_of_stset(sheet, facts)
    times = [column for column in sheet.columns if column.to == "time" and column.name not in UNPAIRED]
    statuses = [column for column in sheet.columns if column.to == "status" and column.name != FIRST_EVENT]
    followed = [column for column in sheet.columns if column.to == "time" and column.name == "end of follow-up"]
    for status in statuses:
        if not _pair_with_time(status, times, followed, len(statuses)):
            _pair_with_date(sheet, facts, status)
    _ask_about_unpaired(sheet, times, statuses)


def _leave_out_copies_of_stset(sheet: SheetMap, facts: list[Facts]) -> None:
    """Leave out what Stata's stset made of a time and a status that stand in the file themselves."""
    for column, one in zip(sheet.columns, facts, strict=True):
        if column.column not in ("_t", "_d"):
            continue
        others = [
            other.column
            for other, its in zip(sheet.columns, facts, strict=True)
            if other.to == column.to and other is not column and its.column.cells == one.column.cells
        ]
        if others:
            column.to, column.name, column.decide, column.also_decide = "leave out", "", "", []
            column.reason = f"left by stset, the same as {others[0]}"


UNPAIRED = ("", "end of follow-up", FIRST_EVENT)


def _pair_with_time(status: ColumnMap, times: list[ColumnMap], followed: list[ColumnMap], n_statuses: int) -> bool:
    """Find the time of a status: of the same name, else the only one there is, else the end of follow-up for a death."""
    own = [time for time in times if time.name == status.name]
    if len(own) > 1:
        stem = bare(status.column).split(" ")[0]
        own = [time for time in own if bare(time.column).split(" ")[0] == stem] or own
    if own:
        status.time_at = own[0].at
        ask_about(status, [f"`time_at`: {len(own)} columns could be its time"] * (len(own) > 1))
        return True
    if len(followed) == 1 and status.name == endpoint_of(status.column) == "death":
        status.time_at, followed[0].name = followed[0].at, "death"
        return True
    events = [time for time in times if time.name != "transplant"]
    if len(events) == 1 and n_statuses == 1 and not _says_death(status, events[0]):
        status.time_at = events[0].at
        if endpoint_of(status.column):
            events[0].name = status.name
        else:
            status.name = events[0].name  # a heading such as "status" belongs to whatever the time is of
        return True
    if len(followed) == 1 and status.name == "death":
        status.time_at, followed[0].name = followed[0].at, "death"
        return True
    return False


def _dates_of_follow_up(sheet: SheetMap) -> dict[str, ColumnMap]:
    return {one.to: one for one in sheet.columns if one.to.startswith("followup.") and one.to.endswith("_date")}


def _pair_with_date(sheet: SheetMap, facts: list[Facts], status: ColumnMap) -> None:
    """Find the date of a status without a time, else keep it without a day, or leave a composite one out."""
    dates = _dates_of_follow_up(sheet)
    if f"followup.{status.name}_date" in dates:
        _hold_status_against_date(sheet, facts, status, dates[f"followup.{status.name}_date"])
    elif status.name == "death" and "followup.contact_date" in dates:
        status.time_at = dates["followup.contact_date"].at
    elif status.name in ("death", "relapse", "progression"):
        status.to, status.reason = f"status.{status.name}", "yes or no without a day"
        doubts = [text for text in (status.decide, *status.also_decide) if not text.startswith("`empty_means`")]
        status.decide, status.also_decide = "", []
        ask_about(status, doubts)
        status.codes = {code: {"event": "yes", "censored": "no"}.get(what, what) for code, what in status.codes.items()}
    else:
        status.to, status.reason = "leave out", "a composite event without a time"
        status.decide, status.also_decide = "", []
        ask_about(status, ["`time_at`: no column is known as its time: left out; or write `to: status` and `time_at` here, and `to: time`, `name` and `unit` there"])  # fmt: skip


def _ask_about_unpaired(sheet: SheetMap, times: list[ColumnMap], statuses: list[ColumnMap]) -> None:
    """Ask about times without a status, and about a composite event without overall survival."""
    by_at = {column.at: column for column in sheet.columns}
    for time in times:
        if any(status.time_at == time.at for status in statuses):
            continue
        other = [status for status in statuses if status.time_at in by_at and by_at[status.time_at].name == time.name]
        if time.name == "death" and not other and "day" not in bare(time.column):
            time.name = "end of follow-up"
            ask_about(time, ["`to`: a survival time without a status: is it the last contact of everybody (nobody known to be dead)?"])  # fmt: skip
        elif not other:
            ask_about(time, ["`to`: no status belongs to it; is every value the day of the event?"])
    composite = [time for time in times if time.name == "progression or death"]
    followed = any(time.name == "death" for time in times) or "followup.death_date" in _dates_of_follow_up(sheet)
    if composite and not followed:
        ask_about(composite[0], ["`name`: it does not say which events were deaths, so there is no overall survival; take all for progression (write progression), or leave the column out?"])  # fmt: skip


def _says_death(status: ColumnMap, time: ColumnMap) -> bool:
    """Tell whether a status is of death by its own words, so that it is not that of a time to another event."""
    words = set(bare(status.column).split())
    return time.name != "death" and status.name == "death" and bool(words & set(DEATH_WORDS))


def _hold_status_against_date(sheet: SheetMap, facts: list[Facts], status: ColumnMap, date: ColumnMap) -> None:
    """Leave out a status that says no more than the date of its event; where the two differ, ask."""
    status.decide, status.also_decide, status.confidence = "", [], "sure"
    by_at = {column.at: one for column, one in zip(sheet.columns, facts, strict=True)}
    codes = [status.codes.get("" if cell is None else code_text(cell), "") for cell in by_at[status.at].column.cells]
    dated = [not is_missing(cell, date.missing) for cell in by_at[date.at].column.cells]
    key = next((column.at for column in sheet.columns if column.to == "patient"), None)
    keys = [
        str(i) if key is None else key_of(cell)
        for i, cell in enumerate(by_at[status.at if key is None else key].column.cells)
    ]
    said: dict[str, set[str]] = {}
    for patient, code, known in zip(keys, codes, dated, strict=True):
        said.setdefault(patient, set()).update({code} | ({"dated"} if known else set()))
    told = {patient: found & {"event", "censored"} for patient, found in said.items()}
    if any(len(found) > 1 for found in told.values()):  # visits, of which a later one tells more
        status.to, status.reason = "leave out", "the date of the event says the same"
        return
    without = sum("event" in found and "dated" not in found for found in said.values())
    against = sum("censored" in found and "dated" in found for found in said.values())
    open_ = sum(not told[patient] and "dated" not in found for patient, found in said.items())
    if not without and not against and not (open_ and "censored" in status.codes.values()):
        status.to, status.reason = "leave out", "the date of the event says the same"
        return
    status.to, status.reason = f"status.{status.name}", "yes or no, beside the date"
    status.codes = {code: {"event": "yes", "censored": "no"}.get(what, what) for code, what in status.codes.items()}
    if open_:
        sheet.notes.append(f"{open_} patients have neither a {status.name} nor a word that they had none: unknown")
    if without:
        ask_about(status, [f"`to`: {without} cells say {status.name} and have no date: kept that it happened, on a day that nobody knows; right?"])  # fmt: skip
    if against:
        ask_about(status, [f"`codes`: {against} cells deny a {status.name} that has a date: correct the file (or `to: leave out`, and the date counts)"])  # fmt: skip


def ask_about_unplaced(sheet: SheetMap, facts: list[Facts]) -> None:
    """Ask about dates that have no place while day 0 or the end of follow-up is missing, and about properties that are none."""
    if sheet.row_is not in ("patient", "infusion"):
        return
    for column in sheet.columns:
        if column.to == "date" and not any(other.to in ("lab", "first dose") for other in sheet.columns):
            column.to, column.reason = "leave out", NO_PLACE
    to = {column.to for column in sheet.columns}
    ends = to & {"followup.contact_date", "followup.death_date", "time"}
    dated = [column for column in sheet.columns if column.reason == NO_PLACE]
    if dated and "origin" not in to:
        ask_about(sheet, [f"{len(dated)} columns hold dates whose headings are not known, and none is day 0: write `to` there, or leave them out"])  # fmt: skip
    elif dated and not ends:
        ask_about(sheet, [f"{len(dated)} columns hold dates whose headings are not known, and none is a last contact: write `to` there, or leave them out"])  # fmt: skip
    elif any(
        not all(one.column.cells) for column, one in zip(sheet.columns, facts, strict=True) if column in dated
    ) and not _says_who_died(sheet):
        ask_about(sheet, [f"{len(dated)} columns hold dates whose headings are not known (column {', '.join(str(column.at) for column in dated)}), and no column says who died: write `to` there, or leave them out"])  # fmt: skip
    elif dated:
        sheet.notes.append(f"dates that are not kept: columns {', '.join(str(column.at) for column in dated)}")


def _says_who_died(sheet: SheetMap) -> bool:
    return any(
        column.to in ("followup.death_date", "status.death")
        or (column.to in ("status", "time") and "death" in column.name)
        for column in sheet.columns
    )


def ask_about_dates(sheet: SheetMap, facts: list[Facts]) -> None:
    """Look for dates before day 0, and for two date systems of Excel in one sheet."""
    by_to = {column.to: i for i, column in enumerate(sheet.columns)}
    if "origin" not in by_to:
        return
    start = _moments(facts[by_to["origin"]], sheet.columns[by_to["origin"]])
    for i, column in enumerate(sheet.columns):
        if not (column.to.endswith("_date") or (column.to in ("date", "exposure") and facts[i].is_date)):
            continue
        days = [(b - a).days for a, b in zip(start, _moments(facts[i], column), strict=True) if a and b]
        early = [day for day in days if day < (-60 if column.to == "date" else 0)]
        if not early:
            late = [day for day in days if day > BETWEEN_SYSTEMS]
            usual = [day for day in days if day <= BETWEEN_SYSTEMS]
            if (
                late
                and usual
                and "1904" in " ".join(sheet.notes)
                and max(day - BETWEEN_SYSTEMS for day in late) <= max(usual)
            ):
                ask_about(
                    column,
                    [
                        f"{len(late)} dates lie 1,462 days later than the others, in a workbook that counts from 1904: two date systems mixed?"
                    ],
                )
            continue
        mended = all(day + BETWEEN_SYSTEMS >= 0 for day in early)
        ask_about(column, [
            f"{len(early)} dates lie before day 0" + (": 1,462 days later they would not, so two date systems of Excel may be mixed; correct the file"
            if mended and min(early) < -1000 else "; correct the file, or the order of day and month")
        ])  # fmt: skip


def hold_times_against_dates(sheet: SheetMap, facts: list[Facts]) -> None:
    """Where follow-up stands both as a time and as dates, count the rows in which they differ."""
    by_to = {column.to: i for i, column in enumerate(sheet.columns)}
    ends = [
        i for i, column in enumerate(sheet.columns) if column.to in ("followup.death_date", "followup.contact_date")
    ]
    times = [
        i
        for i, column in enumerate(sheet.columns)
        if column.to == "time" and column.name in ("death", "end of follow-up")
    ]
    if "origin" not in by_to or not ends or not times:
        return
    start = _moments(facts[by_to["origin"]], sheet.columns[by_to["origin"]])
    last = [
        max((one for one in row if one), default=None)
        for row in zip(*(_moments(facts[i], sheet.columns[i]) for i in ends), strict=True)
    ]
    for i in times:
        column, unit = sheet.columns[i], TIME_UNITS.get(sheet.columns[i].unit, 1.0)
        read = [read_number(cell, column.decimal or ".") for cell in facts[i].column.cells]
        pairs = [
            ((b - a).days, one.value * unit)
            for a, b, one in zip(start, last, read, strict=True)
            if a and b and one and one.value is not None
        ]
        apart = sum(abs(days - told) > max(2.0, 0.6 * unit) for days, told in pairs)
        if apart:
            ask_about(
                column,
                [
                    f"{apart} of {len(pairs)} times differ from the dates in the same row; which are right? (leave the other out: `to: leave out`)"
                ],
            )


def hold_times_against_each_other(sheet: SheetMap, facts: list[Facts]) -> None:
    """Count the patients who are free of an event for longer than they were followed, or alive."""
    by_at = {one.column.at: one for one in facts}
    times = [column for column in sheet.columns if column.to == "time" and column.unit in TIME_UNITS]
    whole = next((column for column in times if column.name == "death"), None)
    if whole is None:
        return
    for column in times:
        if column.name not in ("progression or death", "progression", "relapse"):
            continue
        pairs = zip(_days(by_at[column.at], column), _days(by_at[whole.at], whole), strict=True)
        unit = max(TIME_UNITS[column.unit], TIME_UNITS[whole.unit])
        longer = sum(a is not None and b is not None and a > b + max(1.0, 0.06 * unit) for a, b in pairs)
        if longer:
            ask_about(column, [f"`to`: {longer} times are longer than the survival in the same row: another clock, another unit, or a slip? correct the file (or `to: leave out`)"])  # fmt: skip


def _days(facts: Facts, column: ColumnMap) -> list[float | None]:
    read = [read_number(cell, column.decimal or ".") for cell in facts.column.cells]
    values = [one.value if one is not None else None for one in read]
    return [None if value is None or value == column.never or code_text(value) in column.missing else value * TIME_UNITS[column.unit] for value in values]  # fmt: skip


def hold_infusions_in_order(sheet: SheetMap, facts: list[Facts]) -> None:
    """Count later infusions that lie before the first."""
    by_to = {column.to: i for i, column in enumerate(sheet.columns)}
    if "origin" not in by_to:
        return
    start = _moments(facts[by_to["origin"]], sheet.columns[by_to["origin"]])
    for column, one in zip(sheet.columns, facts, strict=True):
        if column.to != "later infusion":
            continue
        early = sum(bool(a and b and b <= a) for a, b in zip(start, _moments(one, column), strict=True))
        if early:
            ask_about(column, [f"`to`: {early} dates of infusion {column.name} do not lie after that of the first: are the two columns exchanged? correct the file"])  # fmt: skip


ENDED = re.compile(r"death|died|dead|relapse|progress|event", re.IGNORECASE)


GOES_ON = re.compile(r"alive|censor|ongoing|last contact|completed|lost|withdr|no event|cut-?off", re.IGNORECASE)


def hold_censoring_against_words(sheet: SheetMap, facts: list[Facts]) -> None:
    """Where ADTTE says in words what happened, ask if CNSR has it the other way round more often than not."""
    code = next((i for i, column in enumerate(sheet.columns) if column.to == "adtte.censored"), None)
    words = next((one for one in facts if one.column.name.upper() == "EVNTDESC"), None)
    if code is None or words is None:
        return
    agree = against = 0
    for cell, said in zip(facts[code].column.cells, words.column.cells, strict=True):
        number, text = read_number(cell), str(said or "")
        happened = bool(ENDED.search(text)) and not GOES_ON.search(text)
        if number is None or number.value is None or not (happened or GOES_ON.search(text)):
            continue
        agree += (number.value == 0) == happened
        against += (number.value == 0) != happened
    if against > agree:
        ask_about(sheet.columns[code], [f"`codes`: in {against} of {agree + against} rows EVNTDESC says the opposite of CNSR (0 is the event in CDISC): is it coded the other way round here?"])  # fmt: skip


def _moments(facts: Facts, column: ColumnMap) -> list[datetime | None]:
    found = [
        None if is_missing(cell, column.missing) else date_as_mapped(cell, column.order, column.exchange)
        for cell in facts.column.cells
    ]
    return [one.date if one else None for one in found]
