"""What is possible and yet unlikely in a cohort: warnings with a count and a reason, never a content.

A warning stops nothing: each can be right. They are for the person who filled the tables, before the numbers are read.

Every threshold here is our choice, taken from no guideline: wide enough that the default cohort and the public ones bring no
warning or one that a reader would want, narrow enough that the slips of the tests (months for days, grams for milligrams ...) are seen.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.cohort.days import DAYS_PER_YEAR, calendar_day
from helpers.cohort.recorded import seen_in_table
from helpers.cohort.schema import TABLES, Cohort
from helpers.cohort.steroids import EQUIVALENT_MG
from helpers.problems import rows_in_words

LONGEST_YEARS = 40  # of follow-up
SERIALS = (20_000, 80_000)  # days since 1899: 1954 to 2119
FEW = 5  # below this many values nothing is said about a distribution
PILE_SHARE, PILE_LEAST = 0.1, 5
HIGHEST_MG_PER_KG = 60  # methylprednisolone equivalent on one day: above the 30 mg/kg of pulse therapy, twice
LOWEST_MG_PER_KG = 0.005
LONGEST_GRADE = 90  # days of CRS or ICANS at one grade
MUCH_MRD = 0.05  # fraction of blasts that no complete response has
HEAVIEST = {"children": 28, "adults": 42}  # body-mass index that half of a cohort may have, kg/m2
DAYS = {
    "followup": tuple(name for name in TABLES["followup"] if name.endswith("_day")),
    "treatments": ("day",),
    "toxicity": ("day_from", "day_to"),
    "labs": ("day",),
    "exposures": ("day",),
    "response": ("assessment_day",),
    "patients": ("cutoff_day",),
}
AFTER_DEATH = {
    "treatments": "day",
    "labs": "day",
    "toxicity": "day_from",
    "exposures": "day",
    "response": "assessment_day",
}
REPEATED = {
    "treatments": ["patient_id", "agent", "salt", "route", "day", "time", "dose_mg"],
    "labs": ["patient_id", "day", "time", "analyte", "value"],
    "toxicity": ["patient_id", "event", "day_from", "day_to", "grade"],
    "exposures": ["patient_id", "exposure", "day"],
    "screening": ["patient_id", "infusion_number"],
}
WORDS = {
    "treatments": "the same administration twice",
    "labs": "the same measurement twice",
    "toxicity": "the same interval twice",
    "exposures": "the same onset twice",
    "screening": "the same infusion screened twice",
}


@dataclass(frozen=True)
class Warned:
    """One thing that is unlikely: where, how often, why.

    Attributes
    ----------
    table, column : str
    count : int
        Rows, or patients where the reason says so.
    rows : str
        The first rows as a person counts them in the file; empty where it is the whole column.
    reason : str
    """

    table: str
    column: str
    count: int
    rows: str
    reason: str

    def __str__(self) -> str:
        place = f"{self.table}.csv" + (f", column {self.column}" if self.column else "")
        rows = f" (row{'s' * (self.count > 1)} {self.rows})" if self.rows else ""
        return f"{place}: {self.count}{rows}: {self.reason}"


def plausibility_warnings(cohort: Cohort) -> tuple[Warned, ...]:
    """List what is unlikely in *cohort*.

    Examples
    --------
    >>> patients = pd.DataFrame({"patient_id": ["SYN-001", "SYN-002"]})
    >>> followup = pd.DataFrame({"patient_id": ["SYN-001"], "death_day": [40.0], "last_contact_day": [90.0]})
    >>> cohort = Cohort("two", "infusion", True, "", "", {"patients": patients, "followup": followup})
    >>> for warned in plausibility_warnings(cohort):
    ...     print(warned)
    followup.csv, column last_contact_day: 1 (row 2): contact after death
    followup.csv: 1: of 2 patients without a row: half of the table may be lacking
    """
    return tuple(warned for check in CHECKS for warned in check(cohort.tables, cohort))


def warnings_frame(cohort: Cohort) -> pd.DataFrame:
    """Return :func:`plausibility_warnings` as a table: table, column, count, rows, reason.

    Examples
    --------
    >>> warnings_frame(Cohort("one", "", True, "", "", {"patients": pd.DataFrame({"patient_id": ["SYN-001"]})})).empty
    True
    """
    rows = [vars(warned) for warned in plausibility_warnings(cohort)]
    return pd.DataFrame(rows, columns=["table", "column", "count", "rows", "reason"])


def _warned(table: str, column: str, wrong: pd.Series, reason: str) -> Iterator[Warned]:
    """Warn of the rows that *wrong* marks, if there are any."""
    marked = wrong.fillna(False).astype(bool)
    if marked.any():
        rows = [int(row) + 2 for row in marked.index[marked]]
        yield Warned(table, column, len(rows), rows_in_words(rows), reason)


def _by_patient(table: pd.DataFrame, column: str) -> pd.Series:
    """Give a column by patient; who is there twice, which is an error of its own, counts as the first row says."""
    named = table.dropna(subset=["patient_id"]).drop_duplicates("patient_id")
    return named.set_index("patient_id")[column].astype(float)


def _long_days(tables: Mapping[str, pd.DataFrame], cohort: Cohort) -> Iterator[Warned]:
    for table, columns in DAYS.items():
        for column in (name for name in columns if table in tables and name in tables[table]):
            days = tables[table][column].astype(float)
            serial = days.between(*SERIALS)
            yield from _warned(
                table, column, serial, "looks like an Excel serial: the origin's date was not subtracted"
            )
            yield from _warned(
                table, column, days.abs().gt(LONGEST_YEARS * DAYS_PER_YEAR) & ~serial, "more than 40 years from day 0"
            )


def _units_of_time(tables: Mapping[str, pd.DataFrame], cohort: Cohort) -> Iterator[Warned]:
    """Months or years where days are asked for: short follow-up, with fractions, or a cut-off that does not fit the year."""
    followup = tables.get("followup")
    if followup is None or "last_contact_day" not in followup:
        return
    contact = followup["last_contact_day"].astype(float).dropna()
    if len(contact) < FEW:
        return
    longest, fractions = contact.max(), (contact % 1 != 0).mean()
    if longest <= 25 and fractions > 0.3:
        yield Warned("followup", "last_contact_day", len(contact), "", "no follow-up beyond 25, with fractions: years?")
    elif longest <= 150 and contact.nunique() > 2 and _years_apart(tables, longest):
        yield Warned("followup", "last_contact_day", len(contact), "", "no follow-up beyond 150 days: months?")


def _years_apart(tables: Mapping[str, pd.DataFrame], longest: float) -> bool:
    """Tell whether something else says that the cohort was followed for longer, or nothing speaks against it."""
    patients = tables["patients"]
    said = []
    if "cutoff_day" in patients and patients["cutoff_day"].notna().any():
        said.append(patients["cutoff_day"].median() > 5 * longest)
    if "infusion_year" in patients and patients["infusion_year"].notna().any():
        said.append(np.ptp(patients["infusion_year"].dropna().astype(int)) >= 2)
    return any(said) or not said


def _cutoff(tables: Mapping[str, pd.DataFrame], cohort: Cohort) -> Iterator[Warned]:
    patients, followup = tables["patients"], tables.get("followup")
    if "cutoff_day" not in patients:
        return
    cutoff = patients["cutoff_day"].dropna()
    if len(cutoff) >= FEW and cutoff.min() == cutoff.max() and cutoff.iloc[0] < 30:
        yield Warned("patients", "cutoff_day", len(cutoff), "", "the same for all and within the first month")
    if followup is None or "last_contact_day" not in followup:
        return
    by = followup["patient_id"].map(_by_patient(patients, "cutoff_day"))
    beyond = followup["last_contact_day"] > by
    if beyond.fillna(False).mean() > 0.5 and len(followup) >= FEW:
        reason = "contact after the data cut-off in most patients: all that is later is not counted"
        yield from _warned("followup", "last_contact_day", beyond, reason)
    if len(cutoff) >= FEW and "infusion_year" in patients:
        year = patients["infusion_year"].astype("Float64").astype(float)
        end = year + patients["cutoff_day"] / DAYS_PER_YEAR
        spread = np.ptp(end.dropna()) if end.notna().sum() >= FEW else 0.0
        if spread > 2.5:
            reason = "data cut-offs that fall into different years, counted from the year of infusion"
            yield Warned("patients", "cutoff_day", int(end.notna().sum()), "", reason)


def _death(tables: Mapping[str, pd.DataFrame]) -> pd.Series | None:
    followup = tables.get("followup")
    if followup is None or "death_day" not in followup:
        return None
    return _by_patient(followup, "death_day")


def _after_death(tables: Mapping[str, pd.DataFrame], cohort: Cohort) -> Iterator[Warned]:
    death = _death(tables)
    if death is None:
        return
    if "last_contact_day" in tables["followup"]:
        followup = tables["followup"]
        yield from _warned(
            "followup", "last_contact_day", followup["last_contact_day"] > followup["death_day"], "contact after death"
        )
        early = followup["last_contact_day"] < followup["death_day"]
        yield from _warned("followup", "last_contact_day", early, "last contact before the death that is recorded")
    what = {"treatments": "a drug given after death", "labs": "a sample drawn after death"}
    for table, column in AFTER_DEATH.items():
        if table in tables and column in tables[table]:
            rows = tables[table]
            late = calendar_day(rows[column]) > rows["patient_id"].map(death)
            yield from _warned(table, column, late, what.get(table, "something new after death"))


def _after_contact(tables: Mapping[str, pd.DataFrame], cohort: Cohort) -> Iterator[Warned]:
    followup = tables.get("followup")
    if followup is None or "last_contact_day" not in followup:
        return
    contact = _by_patient(followup, "last_contact_day")
    death = _death(tables)
    contact = contact if death is None else contact.where(death.isna(), np.maximum(contact, death))
    for table in ("treatments", "labs", "response"):
        column = AFTER_DEATH[table]
        if table in tables and column in tables[table]:
            rows = tables[table]
            dead = rows["patient_id"].map(death).notna() if death is not None else pd.Series(False, index=rows.index)
            late = (calendar_day(rows[column]) > rows["patient_id"].map(contact)) & ~dead
            yield from _warned(table, column, late, "after the last contact")


def _repeats(tables: Mapping[str, pd.DataFrame], cohort: Cohort) -> Iterator[Warned]:
    for table, columns in REPEATED.items():
        if table not in tables:
            continue
        rows = tables[table]
        by = [column for column in columns if column in rows]
        if table == "screening" and "infusion_number" not in rows:
            continue
        yield from _warned(table, "", rows.duplicated(by) & rows[by[-1]].notna(), WORDS[table])


def _alike(tables: Mapping[str, pd.DataFrame], cohort: Cohort) -> Iterator[Warned]:
    """Identifiers that differ by nothing that a person would see as another name: K07, k07, K7, K-07 with a longer dash."""
    known = tables["patients"]["patient_id"].dropna().drop_duplicates()
    again = known.map(_spelled).duplicated()
    reason = "an identifier that another one differs from by capitals, blanks, dashes or leading zeros only: one patient twice?"
    yield from _warned("patients", "patient_id", again, reason)


def _spelled(identifier: str) -> str:
    """Write an identifier without what a keyboard, a copy or a spreadsheet may change."""
    plain = unicodedata.normalize("NFKC", identifier).casefold()
    kept = "".join("-" if unicodedata.category(sign) == "Pd" else sign for sign in plain
                   if not sign.isspace() and unicodedata.category(sign) != "Cf")  # fmt: skip
    return re.sub(r"(?<!\d)0+(?=\d)", "", kept)


def _missing_patients(tables: Mapping[str, pd.DataFrame], cohort: Cohort) -> Iterator[Warned]:
    everyone = tables["patients"]["patient_id"]
    for table in ("followup", "response"):
        if table not in tables or not len(everyone):
            continue
        lacking = int((~everyone.isin(tables[table]["patient_id"])).sum())
        if lacking:
            half = ": half of the table may be lacking" if lacking >= 0.25 * len(everyone) else ""
            yield Warned(table, "", lacking, "", f"of {len(everyone)} patients without a row{half}")
    for table in ("treatments", "toxicity", "labs"):
        if table in tables and len(tables[table]) and len(everyone) >= 4 * FEW:
            among = everyone[everyone.isin(tables[table]["patient_id"])].index
            if len(among) and among.max() < 0.6 * len(everyone):
                reason = "patients after the last one with a row: the file may have been cut"
                yield Warned(table, "", int(len(everyone) - 1 - among.max()), "", reason)


def _limits(tables: Mapping[str, pd.DataFrame], cohort: Cohort) -> Iterator[Warned]:
    """Values piled at the lowest or highest one and yet called measured: a limit of detection."""
    labs = tables.get("labs")
    if labs is None or not {"analyte", "value"} <= set(labs):
        return
    measured = labs[labs["censored"].fillna("no").eq("no")] if "censored" in labs else labs
    for analyte, part in measured.dropna(subset=["value"]).groupby("analyte"):
        values = part["value"]
        if len(values) < 4 * FEW:
            continue
        for end, value in (("lowest", values.min()), ("highest", values.max())):
            piled = values.eq(value)
            if piled.sum() >= PILE_LEAST and piled.mean() >= PILE_SHARE and values.nunique() > 2:
                rows = [int(row) + 2 for row in values.index[piled]]
                reason = f"values of {analyte} equal the {end} one and are called measured: a limit of detection?"
                yield Warned("labs", "value", len(rows), rows_in_words(rows), reason)


def _beyond_limits(tables: Mapping[str, pd.DataFrame], cohort: Cohort) -> Iterator[Warned]:
    """Values beyond a limit that nobody knows, or that are not the limit; limits of values that are called measured beyond them."""
    labs = tables.get("labs")
    if labs is None or not {"value", "censored"} <= set(labs):
        return
    side, value = labs["censored"].fillna("no"), labs["value"].astype(float)
    limit = labs["limit"].astype(float) if "limit" in labs else pd.Series(np.nan, labs.index)
    beyond = side.isin(["left", "right"])
    reason = "beyond a limit that is not given: the sample is left out"
    yield from _warned("labs", "value", beyond & value.isna() & limit.isna(), reason)
    apart = beyond & ~np.isclose(value, limit) & value.notna() & limit.notna()
    yield from _warned(
        "labs", "value", apart, "beyond a limit, but not the limit itself: medians are drawn at the value"
    )


def _two_values(tables: Mapping[str, pd.DataFrame], cohort: Cohort) -> Iterator[Warned]:
    """Two values of one sample: same patient, day, time and analyte."""
    labs = tables.get("labs")
    if labs is None or not {"day", "time", "analyte", "value"} <= set(labs):
        return
    sample = labs.dropna(subset=["patient_id", "day", "time", "analyte", "value"])
    again = sample.duplicated(["patient_id", "day", "time", "analyte"]) & ~sample.duplicated(REPEATED["labs"])
    yield from _warned("labs", "value", again, "another value of the same day, time and analyte: the first is used")


def _sizes(tables: Mapping[str, pd.DataFrame], cohort: Cohort) -> Iterator[Warned]:
    """Weights that do not fit age or height, doses that do not fit weight."""
    patients = tables["patients"]
    if "weight_kg" in patients and patients["weight_kg"].count() >= FEW and patients["weight_kg"].median() > 150:
        yield Warned("patients", "weight_kg", int(patients["weight_kg"].count()), "", "half are above 150 kg: kg?")
    if {"weight_kg", "height_cm"} <= set(patients):
        index = patients["weight_kg"] / (patients["height_cm"] / 100) ** 2
        ages = patients["age_years"].dropna() if "age_years" in patients else pd.Series(dtype=float)
        young = len(ages) > 0 and ages.median() < 16
        most = HEAVIEST["children" if young else "adults"]
        if index.count() >= FEW and index.median() > most:
            reason = f"half have a body-mass index above {most}: pounds where kg are asked for?"
            yield Warned("patients", "weight_kg", int(index.count()), "", reason)
        yield from _warned(
            "patients", "weight_kg", (index > 70) | (index < 8), "does not fit the height (body-mass index)"
        )
    if {"weight_kg", "age_years"} <= set(patients):
        weight, age = patients["weight_kg"], patients["age_years"]
        heavy = (age < 12) & (weight > 25 + 10 * age)
        light = weight < np.minimum(2 + 1.2 * age, 25)
        yield from _warned("patients", "weight_kg", heavy | light, "does not fit the age")
    treatments = tables.get("treatments")
    if treatments is None or not {"agent", "day", "dose_mg"} <= set(treatments):
        return
    steroid = treatments[treatments["agent"].isin(list(EQUIVALENT_MG))]
    if "route" in steroid:
        steroid = steroid[~steroid["route"].isin(["IT", "topical", "inhaled", "ocular"])]
    weights = _by_patient(patients, "weight_kg") if "weight_kg" in patients else pd.Series(dtype=float)
    per_kg = steroid["dose_mg"] * 4 / steroid["agent"].map(EQUIVALENT_MG).astype(float)
    per_kg = per_kg / (steroid["patient_id"].map(weights) if "weight_kg" in patients else 30.0)
    yield from _warned("treatments", "dose_mg", per_kg > HIGHEST_MG_PER_KG, "a steroid dose beyond any pulse: mg?")
    low = per_kg.gt(0) & per_kg.lt(LOWEST_MG_PER_KG)
    yield from _warned("treatments", "dose_mg", low, "a steroid dose too small to matter: g written as mg?")
    other = treatments[treatments["agent"].eq("tocilizumab").fillna(False).astype(bool)]
    small = other["dose_mg"].lt(20) | other["dose_mg"].gt(1000)
    yield from _warned("treatments", "dose_mg", small, "a dose of tocilizumab that nobody gives: mg, not mg/kg or g?")


def _fractions(tables: Mapping[str, pd.DataFrame], cohort: Cohort) -> Iterator[Warned]:
    for column in ("blast_prelymphodepletion_pct", "blast_preinfusion_pct"):
        if column in tables["patients"]:
            values = tables["patients"][column].dropna()
            if len(values) >= FEW and values.gt(0).sum() >= FEW and values.max() <= 1:
                yield Warned("patients", column, len(values), "", "none above 1: fractions where % is asked for?")


def _clocks(tables: Mapping[str, pd.DataFrame], cohort: Cohort) -> Iterator[Warned]:
    followup = tables.get("followup")
    if followup is not None and "last_assessment_day" in followup and "last_contact_day" in followup:
        late = followup["last_assessment_day"] > followup["last_contact_day"]
        yield from _warned("followup", "last_assessment_day", late, "an assessment after the last contact")
    response = tables.get("response")
    if response is not None and {"assessment_day", "day30_response"} <= set(response):
        assessed = response["day30_response"].ne("not done") & response["assessment_day"].notna()
        far = assessed & ~response["assessment_day"].between(14, 60)
        yield from _warned("response", "assessment_day", far, "far from day 30")
    treatments = tables.get("treatments")
    if treatments is not None and "day" in treatments:
        yield from _warned("treatments", "day", treatments["day"] < -60, "more than 60 days before day 0")


def _followup_at_odds(tables: Mapping[str, pd.DataFrame], cohort: Cohort) -> Iterator[Warned]:
    """Rows of follow-up that contradict themselves: an event after the last contact, a cause without a death, censored and dead."""
    rows = tables.get("followup")
    if rows is None:
        return
    if "last_contact_day" in rows:
        for column in ("relapse_day", "progression_day", "treatment_failure_day", "transplant_day"):
            if column in rows:
                late = calendar_day(rows[column]) > calendar_day(rows["last_contact_day"])
                yield from _warned("followup", column, late, "after the last contact")
    if "death_day" not in rows:
        return
    dead = rows["death_day"].notna()
    if "death_cause" in rows:
        known = tables.get("status", pd.DataFrame(columns=["patient_id", "death"]))
        told = set(known["patient_id"][known["death"].eq("yes").fillna(False)]) if "death" in known else set()
        alone = rows["death_cause"].notna() & ~dead & ~rows["patient_id"].isin(told)
        yield from _warned("followup", "death_cause", alone, "a cause of death and no death")
    if "censor_reason" in rows:
        both = rows["censor_reason"].notna() & dead
        yield from _warned("followup", "censor_reason", both, "a reason why follow-up ended beside a death")


def _toxicity_at_odds(tables: Mapping[str, pd.DataFrame], cohort: Cohort) -> Iterator[Warned]:
    """Grade 5, which is fatal, of somebody alive; days at two grades of one event."""
    rows, death = tables.get("toxicity"), _death(tables)
    if rows is None:
        return
    if death is not None and "grade" in rows and "death" in seen_in_table(cohort, "followup"):
        alive = rows["patient_id"].isin(death.index[death.isna()])
        yield from _warned(
            "toxicity", "grade", rows["grade"].eq(5) & alive, "grade 5, which is fatal, of a patient who is not dead"
        )
    if {"day_from", "day_to"} <= set(rows):
        long = rows["day_to"] - rows["day_from"] > LONGEST_GRADE
        yield from _warned("toxicity", "day_to", long, f"more than {LONGEST_GRADE} days at one grade")
    if {"event", "day_from", "day_to"} <= set(rows):
        ordered = rows.dropna(subset=["event", "day_from", "day_to"]).sort_values("day_from", kind="stable")
        reached = ordered.groupby(["patient_id", "event"])["day_to"].transform(lambda days: days.cummax().shift())
        again = ordered.duplicated([name for name in REPEATED["toxicity"] if name in ordered])
        inside = (ordered["day_from"] < reached) & ~again
        yield from _warned(
            "toxicity", "day_from", inside.sort_index(), "days that an earlier interval of the same event covers too"
        )


def _response_at_odds(tables: Mapping[str, pd.DataFrame], cohort: Cohort) -> Iterator[Warned]:
    """A complete response assessed after a relapse or progression, or with as much disease as none has."""
    rows, followup = tables.get("response"), tables.get("followup")
    if rows is not None and {"day30_response", "mrd_day30"} <= set(rows):
        much = rows["day30_response"].isin(["CR", "CRi"]) & rows["mrd_day30"].ge(MUCH_MRD)
        yield from _warned("response", "mrd_day30", much, "a complete response with 5% residual disease or more")
    if rows is None or followup is None or not {"assessment_day", "day30_response"} <= set(rows):
        return
    complete = rows["day30_response"].isin(["CR", "CRi"])
    for column, word in (("relapse_day", "a relapse"), ("progression_day", "a progression")):
        if column in followup:
            before = rows["patient_id"].map(_by_patient(followup, column)) < calendar_day(rows["assessment_day"])
            yield from _warned(
                "response", "day30_response", complete & before, f"a complete response assessed after {word}"
            )


STATUS_OF = {"glucocorticoids": "gc", "tocilizumab": "tcz", "ruxolitinib": "rux"}  # others: the word itself


def _told_of_somebody(tables: Mapping[str, pd.DataFrame], word: str) -> bool:
    """Tell whether the table status says of a patient that it was so, on a day that is not known."""
    status, name = tables.get("status"), STATUS_OF.get(word, word.lower())
    if status is None:
        return False
    yes = name in status and bool(status[name].eq("yes").any())
    return yes or (f"{name}_grade_max" in status and bool(status[f"{name}_grade_max"].gt(0).any()))


def _unsaid(tables: Mapping[str, pd.DataFrame], cohort: Cohort) -> Iterator[Warned]:
    """What cohort.json says was recorded and nobody had: right, or not yet filled in."""
    for table, words in cohort.recorded.items():
        if table not in tables or table == "labs":
            continue
        none = [
            word for word in words if word not in seen_in_table(cohort, table) and not _told_of_somebody(tables, word)
        ]
        if none:
            what = (
                "some exposures were" if table == "exposures" else f"{', '.join(none)} {'were' if none[1:] else 'was'}"
            )
            reason = f"patients, and nobody had it, although cohort.json says that {what} recorded"
            yield Warned(table, "", len(tables["patients"]), "", reason)


CHECKS: tuple[Callable[[Mapping[str, pd.DataFrame], Cohort], Iterator[Warned]], ...] = (
    _long_days,
    _units_of_time,
    _cutoff,
    _after_death,
    _after_contact,
    _repeats,
    _alike,
    _missing_patients,
    _limits,
    _beyond_limits,
    _two_values,
    _sizes,
    _fractions,
    _clocks,
    _followup_at_odds,
    _toxicity_at_odds,
    _response_at_odds,
    _unsaid,
)
