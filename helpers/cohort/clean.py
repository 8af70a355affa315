"""From the hospital extracts in data/raw to the tidy cohort, with a log of every change by reason and number of rows.

The rules for single cells are in :mod:`helpers.cohort.cell_rules`; here they are applied, counted and put together. Nothing is
dropped without a line in the log: for each file, rows read = rows dropped + rows kept. The log holds no identifier.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from helpers import paths
from helpers.cohort import cell_rules
from helpers.cohort.raw import EXTRACTS, read_extracts
from helpers.cohort.safe_words import safe_content
from helpers.cohort.schema import TABLES, Cohort
from helpers.cohort.steroids import LABELLED_IN_BASE
from helpers.problems import InputError, Problem

CUTOFF = pd.Timestamp("2024-08-01")
"""Data cut-off ("The last follow-up date was 1 August 2024", Methods)."""

NAME = "zhang2025-synthetic"
ORIGIN = "CAR T-cell infusion"
SOURCE = (
    "made up by helpers.synthesis after Zhang et al. 2025, Front Immunol 16:1604866; no real patient stands behind it"
)
LICENCE = "CC0-1.0"
STANDS_FOR = "zhang2025"
RECORDED = {
    "toxicity": ("CRS", "ICANS"),
    "treatments": ("glucocorticoids", "tocilizumab", "ruxolitinib"),
    "exposures": ("chronic GVHD", "platelet recovery"),
    "labs": ("CRP", "PCT", "IL-2", "IL-4", "IL-6", "IL-10", "IL-17A", "TNF-α", "IFN-γ"),
    "followup": ("relapse", "progression", "treatment failure", "transplantation", "death"),
}
"""What the hospital looked for in everybody."""
SORTED_BY = {
    "screening": ("patient_id", "infusion_number"),
    "toxicity": ("patient_id", "day_from", "event", "episode_id"),
    "treatments": ("patient_id", "day", "time", "agent"),
    "exposures": ("patient_id", "day"),
    "labs": ("patient_id", "day", "time", "analyte"),
}
LOG_COLUMNS = ("table", "file", "column", "rule", "reason", "action", "rows")
RAW_NAME = {
    "day": "date", "day_from": "date", "day_to": "date_to", "assessment_day": "date", "cutoff_day": "date",
    "infusion_year": "date", "dose_mg": "dose", "limit": "value",
}  # fmt: skip
ACTIONS = ("read", "dropped", "changed", "kept")
REASONS = {
    "another word": "read as the dictionary's word",
    "case and blanks": "identifier in capitals, blanks removed",
    "day first": "date read day first",
    "Chinese": "Chinese date read",
    "Excel serial": "Excel serial read as a date",
    "decimal comma": "decimal comma read as a point",
    "trailing unit": "unit taken out of the number's cell",
    "another unit": "converted into the dictionary's unit",
    "mg/kg": "dose per kg multiplied by the weight at infusion",
    "below limit": "below detection: left censored at the limit",
    "above limit": "above the upper limit: right censored at it",
}


@dataclass
class Log:
    """What was done (``lines``) and what cannot be read (``problems``)."""

    lines: list[tuple[str, str, str, str, str, str, int]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def note(self, table: str, name: str, rule: str, reason: str, action: str, rows: int, column: str = "") -> None:
        """Add a line unless no row is affected."""
        if rows:
            self.lines.append((table, EXTRACTS[name].file, column, rule, reason, action, int(rows)))

    def refuse(self, name: str, row: int | str, column: str, found: object, allowed: str) -> None:
        """Add a problem; the column is named as the file's own header names it."""
        heading = EXTRACTS[name].columns.get(column, column)
        self.problems.append(Problem("raw", row, heading, found, allowed, EXTRACTS[name].file))

    def read(
        self, table: str, name: str, column: str, text: pd.Series, result: pd.DataFrame, rule: str, allowed: str
    ) -> pd.DataFrame:
        """Count how the cells of *text* were written, list those that cannot be read, and hand *result* on."""
        self.note(table, name, rule, "a mark for missing left empty", "changed", cell_rules.missing_marks(text), column)
        written = Counter(form for forms in result["form"] for form in forms.split("; ") if form in REASONS)
        for form in sorted(written):
            self.note(table, name, rule, REASONS[form], "changed", written[form], column)
        for row in result.index[result["form"] == cell_rules.WRONG]:
            self.refuse(
                name, row, column, "an identifier" if column == "patient_id" else safe_content(text[row]), allowed
            )
        return result

    def frame(self) -> pd.DataFrame:
        """Return the lines as data, table by table: table, file, column, rule, reason, action (read/changed/dropped/kept), rows."""
        lines = pd.DataFrame(self.lines, columns=list(LOG_COLUMNS))
        lines = lines.groupby(list(LOG_COLUMNS[:-1]), sort=False, as_index=False)["rows"].sum()
        files = [extract.file for extract in EXTRACTS.values()]
        ranks = {"table": list(TABLES).index, "file": files.index, "action": ACTIONS.index}
        order = lines[list(ranks)].apply(lambda column: column.map(ranks[column.name]))
        return lines.loc[order.sort_values(list(ranks), kind="stable").index].reset_index(drop=True)


def clean_extracts(raw_folder: str | Path = "") -> tuple[Cohort, pd.DataFrame]:
    """Turn the hospital extracts in *raw_folder* (empty: data/raw) into the cohort.

    Returns
    -------
    cohort : Cohort
        Days from the first infusion at this centre; the excluded stand in ``screening`` alone.
    log : DataFrame
        table, file, column, rule, reason, action, rows.

    Raises
    ------
    InputError
        Every problem of every file at once: file, row, column, found, allowed.

    Examples
    --------
    >>> cohort, log = clean_extracts()
    >>> len(cohort.tables["patients"]), sorted(log["action"].unique())
    (120, ['changed', 'dropped', 'kept', 'read'])
    """
    raw, problems = read_extracts(raw_folder or paths.RAW)
    log = Log(problems=problems)
    if "registry" not in raw:
        raise InputError(log.problems)
    answer_queries(raw, log)
    people = numbered_infusions(raw["registry"], log)
    tables = {"patients": _patients(raw["registry"], people, log), "screening": screening_table(people)}
    first = people[people["infusion_number"] == 1].set_index("patient_id")
    readers = {
        "toxicity": _toxicity,
        "labs": _labs,
        "response": _response,
        "followup": _followup,
        "exposures": _exposures,
    }
    for name, reader in readers.items():
        if name in raw:
            tables[name] = reader(_once(raw[name], name, name, log), first, log)
    parts = [
        _treatments(_once(raw[name], "treatments", name, log), first, log, name)
        for name in ("drugs_ward", "drugs_icu")
        if name in raw
    ]
    if parts:
        tables["treatments"] = pd.concat(parts, ignore_index=True)
    if log.problems:
        raise InputError(log.problems)
    tables = {table: tidy_table(table, tables[table]) for table in TABLES if table in tables}
    cohort = Cohort(NAME, ORIGIN, True, SOURCE, LICENCE, tables, recorded=RECORDED, stands_for=STANDS_FOR)
    return cohort, log.frame()


def tidy_table(table: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Give *frame* the dictionary's columns, types and the row order in which cohorts are stored.

    Examples
    --------
    >>> tidy_table("exposures", pd.DataFrame({"patient_id": ["SYN-002", "SYN-001"], "exposure": "GVHD", "day": [40, 35]}))
      patient_id exposure   day
    0    SYN-001     GVHD  35.0
    1    SYN-002     GVHD  40.0
    """
    known = {name: column.dtype for name, column in TABLES[table].items() if name in frame}
    frame = frame[[*known, *(name for name in frame if name not in known)]].astype(known)
    lead = [name for name in SORTED_BY.get(table, ("patient_id",)) if name in frame]
    by = [*lead, *(name for name in known if name not in lead)]
    return frame.sort_values(by, kind="stable", ignore_index=True)


def in_order(cohort: Cohort) -> Cohort:
    """Return the cohort with each table as :func:`tidy_table` has it."""
    tables = {table: tidy_table(table, cohort.tables[table]) for table in TABLES if table in cohort.tables}
    return replace(cohort, tables=tables, notes=())


def answer_queries(raw: dict[str, pd.DataFrame], log: Log) -> None:
    """Put the hospital's answers into the cells that were queried: an impossible date, a slip in a dose."""
    queries = raw.pop("queries", None)
    if queries is None:
        return
    names = {extract.file: name for name, extract in EXTRACTS.items()}
    for row, query in queries.iterrows():
        name = names.get(query["file"], "")
        frame = raw.get(name)
        column = {v: k for k, v in EXTRACTS[name].columns.items()}.get(query["column"]) if name else None
        if frame is None or column is None:
            log.refuse("queries", row, "column", safe_content(query["column"]), "a column of one of the extracts")
            continue
        hit = (frame["record"] == query["record"]) & (frame[column] == query["found"])
        if hit.sum() != 1:
            log.refuse(
                "queries", row, "found", safe_content(query["found"]), "what stands in the one record that was queried"
            )
            continue
        frame.loc[hit, column] = query["corrected"]
        table = "treatments" if name.startswith("drugs") else name
        log.note(table, name, "queries", "corrected by the hospital", "changed", 1, column)


def numbered_infusions(registry: pd.DataFrame, log: Log) -> pd.DataFrame:
    """Number each person's infusions by date and say who is not in the cohort, and why.

    A CAR T-cell infusion elsewhere before comes first as a reason, then another trial, then a repeat infusion here: "only
    the results of the first round of administration were considered" (Methods).

    Returns
    -------
    DataFrame
        One row per infusion, indexed as the registry: patient_id, date, weight_kg, infusion_number, next_date,
        prior_car_elsewhere, in_other_trial, excluded_reason.
    """
    log.note("screening", "registry", "flow", "infusions in the registry", "read", len(registry))
    people = pd.DataFrame(index=registry.index)
    people["patient_id"] = _ids(registry, "screening", "registry", log)
    people["date"] = _dates(registry["date"], "screening", "registry", "date", log)["date"]
    for row in people.index[people["date"].isna() & cell_rules.stripped_or_missing(registry["date"]).isna()]:
        log.refuse("registry", row, "date", "an empty cell", cell_rules.DATES_ALLOWED)
    weight = cell_rules.read_numbers(registry["weight_kg"], "kg")
    people["weight_kg"] = weight["value"]
    ordered = people.sort_values("date").groupby("patient_id", sort=False)
    people["infusion_number"] = (ordered.cumcount() + 1).astype("Int64")
    people["next_date"] = ordered["date"].shift(-1)
    for column in ("prior_car_elsewhere", "in_other_trial"):
        people[column] = _yes_no(registry[column], "screening", "registry", column, log)
    people["excluded_reason"] = exclusion_reasons(people)
    log.note("screening", "registry", "flow", "infusions in the registry", "kept", len(people))
    return people


def exclusion_reasons(people: pd.DataFrame) -> pd.Series:
    """Say why an infusion is not in the cohort; missing where it is.

    Examples
    --------
    >>> few = pd.DataFrame({"prior_car_elsewhere": [False, True, False, False], "in_other_trial": [False, True, True, False],
    ...                     "infusion_number": [1, 1, 1, 2]})
    >>> exclusion_reasons(few).tolist()
    [<NA>, 'prior CAR elsewhere', 'other trial', 'repeat infusion']
    """
    reason = pd.Series(pd.NA, index=people.index, dtype="string")
    reason = reason.mask(people["infusion_number"] > 1, "repeat infusion")
    reason = reason.mask(people["in_other_trial"].fillna(False), "other trial")
    return reason.mask(people["prior_car_elsewhere"].fillna(False), "prior CAR elsewhere")


def screening_table(people: pd.DataFrame) -> pd.DataFrame:
    """Return the screening table: everyone in the registry, included or not."""
    return people[list(TABLES["screening"])]


def last_day(followup: pd.DataFrame, cutoff_day: pd.Series) -> tuple[pd.DataFrame, dict[str, int]]:
    """End follow-up at the data cut-off: later events have not happened yet, later contacts become the cut-off.

    Parameters
    ----------
    followup : DataFrame
        Days from the origin, columns of the followup table.
    cutoff_day : Series
        Data cut-off of each row's patient, in days from the origin.

    Returns
    -------
    followup : DataFrame
    counts : dict
        Rows changed, by reason.

    Examples
    --------
    >>> few = pd.DataFrame({"relapse_day": [90.0, 800.0], "last_contact_day": [400.0, 820.0]})
    >>> few["censor_reason"] = pd.array([pd.NA, pd.NA], dtype="string")
    >>> ended, counts = last_day(few, pd.Series([700.0, 700.0]))
    >>> ended
       relapse_day  last_contact_day censor_reason
    0         90.0             400.0          <NA>
    1          NaN             700.0  data cut-off
    >>> counts
    {'relapse_day after the data cut-off: not an event yet': 1, 'last_contact_day after the data cut-off: ends there': 1}
    """
    followup, counts = followup.copy(), {}
    events = ("relapse_day", "progression_day", "treatment_failure_day", "transplant_day", "death_day")
    for column in (name for name in events if name in followup):
        late = followup[column] > cutoff_day
        counts[f"{column} after the data cut-off: not an event yet"] = int(late.sum())
        followup[column] = followup[column].mask(late)
        if column == "death_day" and "death_cause" in followup:
            followup["death_cause"] = followup["death_cause"].mask(late)
    for column in (name for name in ("last_assessment_day", "last_contact_day") if name in followup):
        late = followup[column] > cutoff_day
        counts[f"{column} after the data cut-off: ends there"] = int(late.sum())
        followup[column] = followup[column].mask(late, cutoff_day)
        if column == "last_contact_day" and "censor_reason" in followup:
            followup["censor_reason"] = followup["censor_reason"].mask(late, "data cut-off")
    return followup, {reason: rows for reason, rows in counts.items() if rows}


def _patients(registry: pd.DataFrame, people: pd.DataFrame, log: Log) -> pd.DataFrame:
    table, name = "patients", "registry"
    log.note(table, name, "flow", "infusions in the registry", "read", len(registry))
    for reason, rows in people["excluded_reason"].value_counts(sort=False).sort_index().items():
        log.note(table, name, "flow", f"not in the cohort: {reason}", "dropped", rows)
    people = people[people["excluded_reason"].isna()]
    registry = registry.loc[people.index]
    frame = people[["patient_id"]].copy()
    for column in ("sex", "car_target", "car_origin", "disease_status", "mrd_method"):
        frame[column] = _terms(registry[column], table, name, column, log)
    for column, unit in {
        "age_years": "years", "weight_kg": "kg", "height_cm": "cm", "car_dose_e6_per_kg": "10^6/kg",
        "blast_prelymphodepletion_pct": "%", "mrd_prelymphodepletion": "fraction", "blast_preinfusion_pct": "%",
    }.items():  # fmt: skip
        frame[column] = _numbers(registry[column], table, name, column, unit, log)
    frame["n_relapses"] = _numbers(registry["n_relapses"], table, name, "n_relapses", "", log)
    frame["prior_transplant"] = _yes_no(registry["prior_transplant"], table, name, "prior_transplant", log)
    sites = cell_rules.relapse_sites(registry["sites"])
    log.read(table, name, "sites", registry["sites"], sites, "sites", "BM, CNS, testis, other joined by +, or none")
    frame[list(cell_rules.SITES)] = sites[list(cell_rules.SITES)]
    frame["infusion_year"] = people["date"].dt.year
    frame["cutoff_day"] = (CUTOFF - people["date"]).dt.days
    _kept(frame, table, name, log)
    return frame


def _toxicity(raw: pd.DataFrame, first: pd.DataFrame, log: Log) -> pd.DataFrame:
    table = name = "toxicity"
    raw, frame = _placed(raw, table, name, first, log, "day_from")
    for column in ("event", "grade", "grading_system"):
        frame[column] = _terms(raw[column], table, name, column, log)
    frame["grade"] = pd.to_numeric(frame["grade"]).astype("Int64")
    frame["episode_id"] = cell_rules.stripped_or_missing(raw["episode_id"])
    end = _dates(raw["date_to"], table, name, "date_to", log)["date"]
    frame["day_to"] = _days(end, frame["patient_id"], first)
    for row in frame.index[frame["day_to"] < frame["day_from"]]:
        log.refuse(name, row, "date_to", raw["date_to"][row], "the day it began, or later")
    frame["resolved"] = _yes_no(raw["resolved"], table, name, "resolved", log, "resolved")
    return _unrepeated(frame, raw, table, name, log)


def _treatments(raw: pd.DataFrame, first: pd.DataFrame, log: Log, name: str) -> pd.DataFrame:
    table = "treatments"
    raw, frame = _placed(raw, table, name, first, log, "day", timed=True)
    drug = log.read(
        table, name, "drug", raw["drug"], cell_rules.drug_names(raw["drug"]), "drug_names",
        "a known drug name, Chinese or English: " + " / ".join(cell_rules.DRUGS),
    )  # fmt: skip
    frame[["agent", "salt"]] = drug[["agent", "salt"]]
    for column in ("route", "indication"):
        frame[column] = _terms(raw[column], table, name, column, log)
    weight = first["weight_kg"].reindex(frame["patient_id"]).set_axis(frame.index)
    dose = cell_rules.doses_to_mg(raw["dose"], raw.get("unit", "mg"), weight)
    log.read(table, name, "dose", raw["dose"], dose, "doses_to_mg", "a number with mg, g or mg/kg")
    frame["dose_mg"] = dose["dose_mg"]
    frame = _unrepeated(frame, raw, table, name, log)
    steroid = frame["agent"].isin(cell_rules.STEROIDS)
    salt = frame["salt"].fillna("base")
    in_base = [(agent, salt) in LABELLED_IN_BASE for agent, salt in zip(frame["agent"], salt, strict=True)]
    reason = "the label gives the mass of the {}: {}"
    as_base, as_salt = reason.format("base", "counted as it stands"), reason.format("salt", "converted when summed")
    log.note(table, name, "salts", "steroid salt; " + as_base, "kept", sum(in_base))
    log.note(table, name, "salts", "steroid salt; " + as_salt, "kept", (salt != "base").sum() - sum(in_base))
    local = steroid & frame["route"].isin(["IT", "topical", "inhaled", "ocular"])
    log.note(table, name, "routes", "local steroid (intrathecal ...): shown, never summed", "kept", local.sum())
    return frame


def _labs(raw: pd.DataFrame, first: pd.DataFrame, log: Log) -> pd.DataFrame:
    table = name = "labs"
    raw, frame = _placed(raw, table, name, first, log, "day", timed=True)
    frame["analyte"] = _terms(raw["analyte"], table, name, "analyte", log)
    unit = frame["analyte"].map(cell_rules.ANALYTE_UNIT).fillna(cell_rules.CYTOKINE_UNIT)
    frame["unit"] = unit.astype("string")
    read = cell_rules.censored_values(raw["value"], raw["unit"], unit)
    log.read(
        table,
        name,
        "value",
        raw["value"],
        read,
        "censored_values",
        "a number, < or > a limit, in a unit of the analyte",
    )
    frame[["value", "censored", "limit"]] = read[["value", "censored", "limit"]]
    return _unrepeated(frame, raw, table, name, log)


def _response(raw: pd.DataFrame, first: pd.DataFrame, log: Log) -> pd.DataFrame:
    table = name = "response"
    raw, frame = _placed(raw, table, name, first, log, "assessment_day", dated=False)
    frame["day30_response"] = _terms(raw["day30_response"], table, name, "day30_response", log)
    frame["mrd_day30"] = _numbers(raw["mrd_day30"], table, name, "mrd_day30", "fraction", log)
    frame["reason_not_done"] = cell_rules.stripped_or_missing(raw["reason_not_done"])
    return _unrepeated(frame, raw, table, name, log)


def _followup(raw: pd.DataFrame, first: pd.DataFrame, log: Log) -> pd.DataFrame:
    table = name = "followup"
    raw, frame = _persons(raw, table, name, first, log)
    for column in (column for column in raw if column.endswith("_day")):
        date = _dates(raw[column], table, name, column, log)["date"]
        frame[column] = _days(date, frame["patient_id"], first)
    for column in ("death_cause", "censor_reason"):
        frame[column] = _terms(raw[column], table, name, column, log)
    cutoff = _days(pd.Series(CUTOFF, index=frame.index), frame["patient_id"], first)
    frame, counts = last_day(frame, cutoff)
    for reason, rows in counts.items():
        log.note(table, name, "cut-off", reason, "changed", rows)
    return _unrepeated(frame, raw, table, name, log)


def _exposures(raw: pd.DataFrame, first: pd.DataFrame, log: Log) -> pd.DataFrame:
    raw, frame = _placed(raw, "exposures", "exposures", first, log, "day", by_infusion=False)
    frame["exposure"] = cell_rules.stripped_or_missing(raw["exposure"])
    return _unrepeated(frame, raw, "exposures", "exposures", log)


def _once(raw: pd.DataFrame, table: str, name: str, log: Log) -> pd.DataFrame:
    log.note(table, name, "rows", "rows in the file", "read", len(raw))
    return raw


def _persons(
    raw: pd.DataFrame, table: str, name: str, first: pd.DataFrame, log: Log
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Keep the rows of persons in the cohort; return them as they stand, and their identifiers."""
    ids = _ids(raw, table, name, log)
    for row in raw.index[ids.notna() & ~ids.isin(first.index)]:
        log.refuse(name, row, "patient_id", "a patient that the registry does not have", "a patient of the registry")
    reason = ids.map(first["excluded_reason"])
    for why, rows in reason.value_counts(sort=False).sort_index().items():
        log.note(table, name, "flow", f"person not in the cohort: {why}", "dropped", rows)
    keep = reason.isna() & ids.isin(first.index)
    return raw[keep], pd.DataFrame({"patient_id": ids[keep]})


def _placed(
    raw: pd.DataFrame,
    table: str,
    name: str,
    first: pd.DataFrame,
    log: Log,
    day: str,
    *,
    timed: bool = False,
    dated: bool = True,
    by_infusion: bool = True,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Keep the rows of the cohort's first infusions and count their days from it.

    What was recorded from the day of a repeat infusion on belongs to that one; only follow-up and exposures (GVHD,
    transplantation ...) belong to the person.
    """
    raw, frame = _persons(raw, table, name, first, log)
    read = _dates(raw["date"], table, name, "date", log)
    if dated:
        for row in raw.index[cell_rules.stripped_or_missing(raw["date"]).isna()]:
            log.refuse(name, row, "date", "an empty cell", cell_rules.DATES_ALLOWED)
    later = by_infusion & (read["date"] >= first["next_date"].reindex(frame["patient_id"]).set_axis(frame.index))
    log.note(table, name, "flow", "belongs to a repeat infusion", "dropped", later.sum())
    frame[day] = _days(read["date"], frame["patient_id"], first)
    if timed:
        frame["time"] = read["time"]
    return raw[~later], frame[~later].copy()


def _unrepeated(frame: pd.DataFrame, raw: pd.DataFrame, table: str, name: str, log: Log) -> pd.DataFrame:
    """Leave out what the file has twice, and check what is left against the dictionary."""
    mark = cell_rules.repeated_records(frame.assign(record=cell_rules.stripped_or_missing(raw["record"])), "record")
    for row in frame.index[mark == cell_rules.WRONG]:
        log.refuse(name, row, "record", "a record number used before, with other content", "one record, one content")
    log.note(table, name, "duplicates", "the same record again", "dropped", (mark == "repeat").sum())
    frame = frame[mark != "repeat"]
    _kept(frame, table, name, log)
    return frame


def _kept(frame: pd.DataFrame, table: str, name: str, log: Log) -> None:
    """Check a finished table cell by cell against the dictionary's bounds; log how many rows it keeps."""
    for name_of, column in TABLES[table].items():
        if name_of not in frame:
            continue
        bad = frame[name_of].isna() if column.required else pd.Series(False, index=frame.index)
        if column.low is not None:
            bad |= (frame[name_of] < column.low).fillna(False)
        if column.high is not None:
            bad |= (frame[name_of] > column.high).fillna(False)
        already = {(problem.row, problem.file) for problem in log.problems}
        for row in frame.index[bad.fillna(True).astype(bool)]:
            if (row, EXTRACTS[name].file) not in already:
                found = "an empty cell" if pd.isna(frame[name_of][row]) else safe_content(f"{frame[name_of][row]:g}")
                log.refuse(name, row, RAW_NAME.get(name_of, name_of), found, column.allowed_text())
    if table in ("patients", "response", "followup"):
        for row in frame.index[frame.duplicated("patient_id")]:
            log.refuse(name, row, "patient_id", "a patient again", "each patient once")
    log.note(table, name, "rows", "rows in the cohort", "kept", len(frame))


def _ids(raw: pd.DataFrame, table: str, name: str, log: Log) -> pd.Series:
    read = cell_rules.patient_ids(raw["patient_id"])
    return log.read(table, name, "patient_id", raw["patient_id"], read, "patient_ids", "SYN- and three digits")["value"]


def _dates(text: pd.Series, table: str, name: str, column: str, log: Log) -> pd.DataFrame:
    return log.read(table, name, column, text, cell_rules.parse_dates(text), "parse_dates", cell_rules.DATES_ALLOWED)


def _days(date: pd.Series, patient_id: pd.Series, first: pd.DataFrame) -> pd.Series:
    """Count days from the patient's first infusion."""
    origin = first["date"].reindex(patient_id).set_axis(patient_id.index)
    return (date - origin).dt.days.astype("float64")


def _terms(text: pd.Series, table: str, name: str, column: str, log: Log) -> pd.Series:
    words = cell_rules.WORDS[column]
    return log.read(table, name, column, text, cell_rules.translated_terms(text, words), "terms", " / ".join(words))[
        "value"
    ]


def _yes_no(text: pd.Series, table: str, name: str, column: str, log: Log, words: str = "yes_no") -> pd.Series:
    read = cell_rules.translated_terms(text, cell_rules.WORDS[words])
    log.read(
        table,
        name,
        column,
        text,
        read.assign(form=read["form"].where(read["form"] == cell_rules.WRONG, "")),
        "terms",
        "yes / no, 是 / 否",
    )
    return read["value"].map({"true": True, "false": False}).astype("boolean")


def _numbers(text: pd.Series, table: str, name: str, column: str, unit: str, log: Log) -> pd.Series:
    read = cell_rules.read_numbers(text, unit)
    allowed = f"a number{f' ({unit})' if unit else ''}"
    return log.read(table, name, column, text, read, "units", allowed)["value"]
