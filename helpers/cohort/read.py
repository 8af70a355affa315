"""Read a cohort's folder, checking everything before anything is computed, and write one.

A cohort on disk is a folder with ``cohort.json`` (see :mod:`helpers.cohort.cohort_json`) and one ``<table>.csv`` for each
table of :data:`helpers.cohort.schema.TABLES` that it has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from dataclasses import replace as changed
from pathlib import Path

import pandas as pd

from helpers import paths
from helpers.cohort.cohort_json import FILE, META, Declaration, declaration_json, read_declaration
from helpers.cohort.csv_text import read_text
from helpers.cohort.days import calendar_day
from helpers.cohort.safe_words import did_you_mean, safe_content, safe_heading
from helpers.cohort.schema import TABLES, Cohort, Column
from helpers.cohort.steroids import BASE_PER_SALT, EQUIVALENT_MG
from helpers.cohort.typed_cells import TRUTH, typed_columns
from helpers.cohort.units import ANALYTE_UNIT, conversion_factor, converted_values
from helpers.problems import InputError, Problem, rows_in_words

ONE_ROW_PER_PATIENT = {"patients", "response", "followup", "status"}
OPTIONAL = {"status"}  # its absence says nothing
SYNTHETIC_ID = "SYN-"
CALENDAR = {"toxicity": ("day_from", "day_to"), "treatments": ("day",), "labs": ("day",)}  # what is told day by day


@dataclass
class Reading:
    """What has been read so far: tables, plain lines, problems."""

    declaration: Declaration
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read_cohort(folder: str | Path = "") -> Cohort:
    """Read and check the cohort in *folder* (empty: the default synthetic cohort).

    Only ``patients.csv`` with a column ``patient_id`` is required. Each absent table or column becomes one plain line of
    ``cohort.notes``. A column that is neither in the dictionary nor declared in ``cohort.json`` is left out, so that a
    name or a record number standing in it cannot travel into an output.

    Raises
    ------
    InputError
        Every problem of every file at once (file, rows as counted with the header as row 1, column, found, allowed).
        Of cells nothing is shown but codes, short numbers and words of the dictionary; identifiers never.

    Examples
    --------
    >>> read_cohort("no/such/folder")
    Traceback (most recent call last):
    helpers.problems.InputError: 1 problem:
      cohort folder: found 'no such folder'; allowed: an existing folder with patients.csv
    """
    reading = read_folder(folder)
    if reading.problems:
        raise InputError(reading.problems)
    said = reading.declaration
    return Cohort(
        **{key: said.meta[key] for key in META},
        tables=reading.tables,
        declared=said.declared,
        notes=tuple(reading.notes),
        recorded=said.recorded,
        stands_for=said.meta["stands_for"],
        analytes=said.analytes,
    )


def read_folder(folder: str | Path = "") -> Reading:
    """Read *folder* as far as it can be read, with everything that is wrong; see :func:`read_cohort`."""
    folder = Path(folder or paths.COHORT)
    if not folder.is_dir():
        found = "not a folder" if folder.exists() else "no such folder"
        raise InputError([Problem("cohort folder", "", "", found, "an existing folder with patients.csv")])
    declaration, problems = read_declaration(folder)
    reading = Reading(declaration, problems=problems)
    reading.problems += _unknown_files(folder)
    for table in TABLES:
        _read_table(folder / f"{table}.csv", table, reading)
    if "patients" in reading.tables and reading.tables["patients"].empty and not reading.problems:
        reading.problems.append(Problem("patients", "", "", "no row", "at least one patient", "patients.csv"))
    reading.problems += _across(reading.tables)
    _calendar_days(reading)
    if "labs" in reading.tables:
        _one_unit(reading)
        _limits_as_values(reading)
    reading.tables = {table: frame.reset_index(drop=True) for table, frame in reading.tables.items()}
    known = "what table status does not say" if "status" in reading.tables else "who had it"
    reading.notes += [
        f"cohort.json lists what table {table} recorded, but the table is absent: {known} is unknown"
        for table in declaration.recorded
        if table not in reading.tables
    ]
    return reading


def known_columns(table: str, declaration: Declaration) -> dict[str, Column]:
    """Return the columns that *table* may have in a cohort: those of the dictionary and the declared ones."""
    known = {**TABLES[table], **declaration.declared.get(table, {})}
    if table == "labs" and declaration.analytes:
        analyte = known["analyte"]
        known["analyte"] = changed(analyte, allowed=(*analyte.allowed, *declaration.analytes))
    return known


def write_cohort(cohort: Cohort, folder: str | Path) -> Path:
    """Write *cohort* to *folder* so that :func:`read_cohort` returns it again; each table says whether it is synthetic."""
    folder = Path(folder)
    for table, frame in cohort.tables.items():
        text = frame.copy()
        for column in text:
            if text[column].dtype == "boolean":
                text[column] = text[column].map({True: "true", False: "false"})
        text["synthetic"] = str(cohort.synthetic).lower()
        paths.write_csv(folder / f"{table}.csv", text, shield=False)
    meta = {key: getattr(cohort, key) for key in META} | {"stands_for": cohort.stands_for}
    said = declaration_json(Declaration(meta, cohort.declared, cohort.recorded, cohort.analytes))
    paths.write_json(folder / "cohort.json", said)
    return folder


def _read_table(path: Path, table: str, reading: Reading) -> None:
    known = known_columns(table, reading.declaration)
    before = len(reading.problems)
    raw = read_text(path, table, reading.problems, reading.notes)
    if raw is None:
        if table not in OPTIONAL and len(reading.problems) == before:
            reading.notes.append(f"table {table} is absent")
        return
    if table == "patients" and not (path.parent / FILE).exists() and _plainly_synthetic(raw):
        said = reading.declaration
        reading.declaration = changed(said, meta={**said.meta, "synthetic": True})
        reading.notes.append(
            "cohort.json is absent: taken for synthetic, as every row and identifier of patients.csv says"
        )
    if not any(problem.file == FILE and problem.column in ("", "synthetic") for problem in reading.problems):
        reading.problems += _synthetic_problems(raw, table, synthetic=reading.declaration.meta["synthetic"])
    reading.tables[table], found = typed_columns(raw.drop(columns="synthetic", errors="ignore"), table, known)
    reading.problems += found
    if table in ONE_ROW_PER_PATIENT:
        reading.problems += _repeated(raw["patient_id"], table)
    absent = [column for column in TABLES[table] if column not in raw]
    left_out = [column for column in raw if column not in known and column != "synthetic"]
    reading.notes += [f"table {table}: column {column} is absent" for column in absent if table not in OPTIONAL]
    for column in left_out:
        close = did_you_mean(column, absent)
        line = f"table {table}: column {safe_heading(column)} is not declared in cohort.json and was left out"
        reading.notes.append(line + (f"; did you mean {close}?" if close else ""))


def _unknown_files(folder: Path) -> Iterator[Problem]:
    """List files that are no table; a file's name may hold a patient's, so only what it may have meant is shown."""
    allowed = " / ".join(f"{table}.csv" for table in TABLES)
    others = [path.stem for path in sorted(folder.glob("*.csv")) if path.stem not in TABLES]
    meant = [did_you_mean(stem, TABLES) for stem in others]
    for close in sorted({word for word in meant if word}):
        yield Problem("cohort folder", "", "", "a file with another name", f"did you mean {close}.csv? {allowed}")
    if rest := sum(not word for word in meant):
        yield Problem("cohort folder", "", "", f"{rest} CSV file{'s' * (rest > 1)} with another name", allowed)


def _plainly_synthetic(raw: pd.DataFrame) -> bool:
    """Tell whether every row says that it is synthetic, by its flag and by its identifier."""
    if raw.empty or "synthetic" not in raw:
        return False
    flagged = raw["synthetic"].fillna("").str.lower().map(TRUTH).eq(True)
    return bool((flagged & raw["patient_id"].fillna("").str.upper().str.startswith(SYNTHETIC_ID)).all())


def _synthetic_problems(raw: pd.DataFrame, table: str, *, synthetic: bool) -> Iterator[Problem]:
    """A fabricated patient must not pass for a real one, nor a real one for fabricated: flag, ids, cohort.json agree."""
    file = f"{table}.csv"
    words = {cell: TRUTH.get(cell.lower()) for cell in raw["synthetic"].dropna().unique()} if "synthetic" in raw else {}
    flags = raw["synthetic"].map(words) if "synthetic" in raw else pd.Series(dtype="object")
    identifiers = raw["patient_id"].dropna()
    named = {name: name.upper().startswith(SYNTHETIC_ID) for name in identifiers.unique()}
    wrong = flags.notna() & (flags != synthetic)
    if "synthetic" in raw and flags.isna().any():
        rows = [row + 2 for row in raw.index[flags.isna()]]
        found = "neither true nor false"
        yield Problem(table, rows_in_words(rows), "synthetic", found, "true or false", file, len(rows))
    if wrong.any():
        rows = [row + 2 for row in raw.index[wrong]]
        said = (
            'a cohort.json with "synthetic": true'
            if not synthetic
            else 'true, or false with "synthetic": false in cohort.json'
        )
        found = f"synthetic = {str(not synthetic).lower()}"
        yield Problem(table, rows_in_words(rows), "synthetic", found, said, file, len(rows))
    elif not synthetic and any(named.values()):
        yield Problem(table, "", "synthetic", "SYN- identifiers", 'a cohort.json with "synthetic": true', file)
    elif synthetic and not all(named.values()):
        rows = [row + 2 for row in identifiers.index[~identifiers.map(named).astype(bool)]]
        allowed = 'identifiers that begin SYN-, or "synthetic": false in cohort.json'
        yield Problem(
            table, rows_in_words(rows), "patient_id", "an identifier of another form", allowed, file, len(rows)
        )


def _repeated(identifiers: pd.Series, table: str) -> Iterator[Problem]:
    known = identifiers.dropna()
    again = known[known.duplicated()]
    if again.empty:
        return
    first = known.drop_duplicates()
    where = dict(zip(first, first.index + 2, strict=True))
    rows = [row + 2 for row in again.index]
    found = f"the patient of row {where[again.iloc[0]]} again"
    if len(rows) > 1:
        found = f"patients again: that of row {where[again.iloc[0]]} and others"
    row = rows[0] if len(rows) == 1 else rows_in_words(rows)
    yield Problem(table, row, "patient_id", found, "each patient once", f"{table}.csv", len(rows))


def _across(tables: Mapping[str, pd.DataFrame]) -> Iterator[Problem]:
    """Check what no single cell shows: unknown patients, intervals that end before they begin, events after death."""
    if "patients" not in tables:
        return
    everyone = set(tables["patients"]["patient_id"].dropna())
    for table, frame in tables.items():
        if table not in ("patients", "screening"):
            yield from _strangers(frame["patient_id"], everyone, table)
    yield from _ordered(tables, "toxicity", "day_from", "day_to", "the day it began, or later")
    for column in ("relapse_day", "progression_day", "treatment_failure_day", "transplant_day", "last_assessment_day"):
        yield from _ordered(tables, "followup", column, "death_day", f"a day not before {column}")
    yield from _unknown_salts(tables)
    yield from _contradictions(tables)


def _unknown_salts(tables: Mapping[str, pd.DataFrame]) -> Iterator[Problem]:
    """List steroids given as a salt of which nobody says how much of the base it holds."""
    rows = tables.get("treatments")
    if rows is None or not {"agent", "salt"} <= set(rows):
        return
    known = {(agent, "base") for agent in EQUIVALENT_MG} | set(BASE_PER_SALT)
    for (agent, salt), part in rows[rows["agent"].isin(list(EQUIVALENT_MG))].groupby(["agent", "salt"]):
        if (agent, salt) not in known and salt in TABLES["treatments"]["salt"].allowed:
            numbers = [row + 2 for row in part.index]
            row = numbers[0] if len(numbers) == 1 else rows_in_words(numbers)
            allowed = "a salt of this drug whose share of the base is known, or base"
            yield Problem("treatments", row, "salt", f"{agent} {salt}", allowed, "treatments.csv", len(numbers))


def _strangers(identifiers: pd.Series, everyone: set[str], table: str) -> Iterator[Problem]:
    unknown = identifiers[identifiers.notna() & ~identifiers.isin(everyone)]
    if unknown.empty:
        return
    hint = ""
    for what, spelled in (
        ("leading zeros", lambda name: re.sub(r"(?<!\d)0+(?=\d)", "", name)),
        ("capitals and blanks", lambda name: "".join(name.split()).casefold()),
        ("a decimal point", lambda name: name.removesuffix(".0")),
    ):
        met = {spelled(name) for name in everyone}
        if unknown.map(spelled).isin(met).mean() > 0.5:
            hint = f"; most would be known but for {what}: did a spreadsheet change them?"
            break
    rows = [row + 2 for row in unknown.index]
    row = rows[0] if len(rows) == 1 else rows_in_words(rows)
    allowed = "a patient of patients.csv" + hint
    yield Problem(
        table, row, "patient_id", "a patient unknown to patients.csv", allowed, f"{table}.csv", len(rows)
    )  # fmt: skip


def _ordered(tables: Mapping[str, pd.DataFrame], table: str, first: str, then: str, allowed: str) -> Iterator[Problem]:
    frame = tables.get(table)
    if frame is None or first not in frame or then not in frame:
        return
    wrong = frame[(frame[then] < frame[first]).fillna(False)]
    if len(wrong):
        rows = [row + 2 for row in wrong.index]
        found = f"{safe_content(f'{wrong[then].iloc[0]:g}')}, with {first} {safe_content(f'{wrong[first].iloc[0]:g}')}"
        row = rows[0] if len(rows) == 1 else rows_in_words(rows)
        yield Problem(table, row, then, found, allowed, f"{table}.csv", len(rows))


TOLD = {
    "crs": ("toxicity", "event", ("CRS",)),
    "icans": ("toxicity", "event", ("ICANS",)),
    "relapse": ("followup", "relapse_day", ()),
    "progression": ("followup", "progression_day", ()),
    "death": ("followup", "death_day", ()),
}


def _contradictions(tables: Mapping[str, pd.DataFrame]) -> Iterator[Problem]:
    """Compare what the table status says of a patient with the rows that the patient has elsewhere."""
    status = tables.get("status")
    if status is None:
        return
    for name, (table, column, words) in TOLD.items():
        if table not in tables or column not in tables[table]:
            continue
        rows = tables[table]
        had = rows["patient_id"][rows[column].isin(words) if words else rows[column].notna()]
        among = status["patient_id"].isin(had)
        if name in status:
            yield from _denied(status, among & status[name].isin(["no", "unknown"]), name, table)
        peak = f"{name}_grade_max"
        if peak in status and "grade" in rows:
            highest = rows[rows[column].isin(words)].groupby("patient_id")["grade"].max()
            other = status["patient_id"].map(highest) != status[peak]
            yield from _denied(status, (among & other & status[peak].notna()).fillna(False), peak, table)
        if peak in status and name in status:
            none = status[name].eq("no") & status[peak].gt(0) | status[name].eq("yes") & status[peak].eq(0)
            yield from _denied(status, none.fillna(False), peak, f"status, column {name}")


def _denied(status: pd.DataFrame, wrong: pd.Series, column: str, table: str) -> Iterator[Problem]:
    rows = [row + 2 for row in status.index[wrong.astype(bool)]]
    if rows:
        row = rows[0] if len(rows) == 1 else rows_in_words(rows)
        allowed = f"what table {table} says of the patient, or nothing"
        yield Problem("status", row, column, "a contradiction", allowed, "status.csv", len(rows))


def _calendar_days(reading: Reading) -> None:
    """Bring what is told day by day to its calendar day, so that no day is split in two."""
    for table, columns in CALENDAR.items():
        for column in (name for name in columns if name in reading.tables.get(table, ())):
            days = reading.tables[table][column].astype(float)
            whole = calendar_day(days)
            if moved := int((whole.notna() & (whole != days)).sum()):
                reading.tables[table][column] = whole
                reading.notes.append(
                    f"table {table}: {moved} values of column {column} have a fraction of a day and are taken as their "
                    "calendar day (the clock has its own column)"
                )


def _limits_as_values(reading: Reading) -> None:
    """Put the limit for a value beyond it that was left empty: the sample was measured, and its bound is known."""
    labs = reading.tables["labs"]
    if not {"value", "limit", "censored"} <= set(labs):
        return
    bound = labs["value"].isna() & labs["limit"].notna() & labs["censored"].isin(["left", "right"])
    if bound.any():
        labs.loc[bound, "value"] = labs.loc[bound, "limit"]
        reading.notes.append(f"table labs: {int(bound.sum())} values beyond a limit are empty; the limit stands in")


def _one_unit(reading: Reading) -> None:
    """Bring every value of an analyte into the analyte's unit; list the units that no factor converts."""
    labs = reading.tables["labs"]
    if "analyte" not in labs or "unit" not in labs:
        return
    wanted = {**ANALYTE_UNIT, **reading.declaration.analytes}
    pairs = labs[["analyte", "unit"]].dropna()
    for (analyte, unit), part in pairs[pairs["analyte"].isin(list(wanted))].groupby(["analyte", "unit"], sort=True):
        by = conversion_factor(unit, wanted[analyte])
        if by is None:
            rows = [row + 2 for row in part.index]
            row = rows[0] if len(rows) == 1 else rows_in_words(rows)
            allowed = f"a unit of {analyte} that can be converted into {wanted[analyte]}"
            found = f"{safe_content(unit)} as unit of {analyte}"
            reading.problems.append(Problem("labs", row, "unit", found, allowed, "labs.csv", len(rows)))
        elif unit != wanted[analyte]:
            for column in ("value", "limit"):
                if column in labs:
                    labs.loc[part.index, column] = converted_values(labs.loc[part.index, column], by)
            labs.loc[part.index, "unit"] = wanted[analyte]
            reading.notes.append(
                f"table labs: {len(part)} values of {analyte} converted from {safe_content(unit)} to {wanted[analyte]} "
                f"(multiplied by {float(by):g})"
            )
