"""Turn public tables of patients into cohorts: ``python -m helpers.cohort.real`` writes data/real/<name> from data/real/<table>.csv.

bmt, 137 patients with acute leukaemia after allogeneic bone-marrow transplantation (Copelan et al. 1991), with exposures
that begin after day 0, is the real twin of the paper's steroid question. hearts (the Stanford heart transplants), mgus2
(two competing events), rotterdam (a treatment given to those at higher risk) and myeloid (several states; its authors
simulated it) are what the notebooks on time, confounding and competing events are tried on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pandas as pd

from helpers import paths
from helpers.cohort.derive import DAYS_PER_MONTH
from helpers.cohort.read import write_cohort
from helpers.cohort.recorded import RECORDABLE, seen_in_table
from helpers.cohort.schema import TABLES, Cohort, Column

NAME = "bmt"
ORIGIN = "allogeneic bone-marrow transplantation"
SOURCE = (
    "Copelan EA et al., Blood 1991; 78: 838-843; printed in Klein and Moeschberger, Survival Analysis (Springer 1997); "
    "distributed as bmt with R's KMsurv"
)
LICENCE = "facts published by their authors, de-identified; no licence attaches, cite the source"
FROM_R = (
    "facts published by their authors, de-identified; distributed with R's survival (LGPL-2 or later); cite the source"
)
GROUPS = {1: "ALL", 2: "AML low risk", 3: "AML high risk"}
HOSPITALS = {1: "Ohio State", 2: "Alfred", 3: "St Vincent", 4: "Hahnemann"}
SEXES = {1: "male", 0: "female"}
EXPOSURES = {
    "acute GVHD": ("ta", "da"),
    "chronic GVHD": ("tc", "dc"),
    "platelet recovery": ("tp", "dp"),
}
DECLARED = {
    "disease_group": Column("category", "disease and risk at transplantation", allowed=tuple(GROUPS.values())),
    "donor_age_years": Column("number", "age of the donor", "years", low=0, high=120),
    "donor_sex": Column("category", "sex of the donor", allowed=("male", "female")),
    "cmv": Column("boolean", "patient positive for cytomegalovirus"),
    "donor_cmv": Column("boolean", "donor positive for cytomegalovirus"),
    "waiting_days": Column("number", "from diagnosis to transplantation", "days", low=0),
    "fab_4_5": Column("boolean", "French-American-British grade 4 or 5, and AML"),
    "hospital": Column("category", "hospital", allowed=tuple(HOSPITALS.values())),
    "methotrexate": Column("boolean", "methotrexate as prophylaxis of graft-versus-host disease"),
}


def read_bmt() -> Cohort:
    """Read the printed table and lay it out as a cohort.

    Returns
    -------
    Cohort
        ``patients`` (with the columns of :data:`DECLARED` beyond the dictionary), ``followup`` and ``exposures``.

    Notes
    -----
    Of one patient the print contradicts itself: no relapse (d2 = 0), yet disease-free survival ended with an event
    (d3 = 1) on day 332 while death came on day 350. Only a relapse can end disease-free survival before death, so
    day 332 is read as one; progression-free survival then equals the printed t2 and d3 for all 137.

    Examples
    --------
    >>> cohort = read_bmt()
    >>> len(cohort.tables["patients"]), cohort.synthetic
    (137, False)
    """
    raw = pd.read_csv(paths.REAL / "bmt.csv")
    identifiers = [f"BMT-{row + 1:03d}" for row in range(len(raw))]
    made = {"patients": _patients(raw), "exposures": _exposures(raw, identifiers), "followup": _followup(raw)}
    return _cohort(NAME, ORIGIN, False, SOURCE, LICENCE, made, identifiers, DECLARED)


def _patients(raw: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "sex": raw["z3"].map(SEXES),
            "age_years": raw["z1"],
            "disease_group": raw["group"].map(GROUPS),
            "donor_age_years": raw["z2"],
            "donor_sex": raw["z4"].map(SEXES),
            "cmv": raw["z5"] == 1,
            "donor_cmv": raw["z6"] == 1,
            "waiting_days": raw["z7"],
            "fab_4_5": raw["z8"] == 1,
            "hospital": raw["z9"].map(HOSPITALS),
            "methotrexate": raw["z10"] == 1,
        }
    )


def _followup(raw: pd.DataFrame) -> pd.DataFrame:
    is_relapse = (raw["d2"] == 1) | ((raw["d3"] == 1) & (raw["t2"] < raw["t1"]))
    return pd.DataFrame(
        {
            "relapse_day": raw["t2"].where(is_relapse),
            "death_day": raw["t1"].where(raw["d1"] == 1),
            "last_contact_day": raw["t1"],
        }
    )


def _exposures(raw: pd.DataFrame, identifiers: list[str]) -> pd.DataFrame:
    return _onsets(identifiers, {exposure: raw[day].where(raw[was] == 1) for exposure, (day, was) in EXPOSURES.items()})


def read_hearts() -> Cohort:
    """Lay the Stanford heart transplants out as a cohort: R's jasa, day 0 the acceptance into the programme.

    Notes
    -----
    Transplantation is an exposure that begins on the day of the operation. One patient died on that very day; R's
    ``heart`` sets the operation half a day before the death, so that it counts as one after transplantation, and so
    does this cohort. Nothing else differs from jasa; ``heart`` adds 1 to every day, which changes no order.

    Examples
    --------
    >>> cohort = read_hearts()
    >>> len(cohort.tables["patients"]), len(cohort.tables["exposures"]), int(cohort.tables["followup"]["death_day"].count())
    (103, 69, 75)
    """
    raw = _raw("jasa")
    identifiers = [f"HEART-{row + 1:03d}" for row in range(len(raw))]
    day = raw["wait.time"].where(raw["wait.time"] < raw["futime"], raw["futime"] - 0.5).where(raw["transplant"] == 1)
    patients = {"age_years": raw["age"].round(2), "acceptance_year": raw["year"], "prior_surgery": raw["surgery"] == 1}
    followup = {"death_day": raw["futime"].where(raw["fustat"] == 1), "last_contact_day": raw["futime"]}
    made = {
        "patients": pd.DataFrame(patients),
        "exposures": _onsets(identifiers, {"transplantation": day}),
        "followup": pd.DataFrame(followup),
    }
    declared = {
        "acceptance_year": Column("integer", "calendar year of acceptance", "year", low=1900, high=2100),
        "prior_surgery": Column("boolean", "bypass surgery before acceptance"),
    }
    source = "Crowley J, Hu M, J Am Stat Assoc 1977; 72: 27-36; distributed as jasa with R's survival"
    origin = "acceptance into the heart transplant programme"
    return _cohort("hearts", origin, False, source, FROM_R, made, identifiers, declared)


def read_mgus2() -> Cohort:
    """Lay the Mayo Clinic's monoclonal gammopathies out as a cohort: progression and death without it compete.

    Notes
    -----
    The table counts whole months; here they are days, 30.4375 to a month.

    Examples
    --------
    >>> followup = read_mgus2().tables["followup"]
    >>> followup[["progression_day", "death_day", "last_contact_day"]].count().tolist()
    [115, 963, 1384]
    """
    raw = _raw("mgus2")
    identifiers = [f"MGUS-{number:04d}" for number in raw["id"]]
    days = {name: raw[name] * DAYS_PER_MONTH for name in ("ptime", "futime")}
    patients = {
        "sex": raw["sex"].map({"F": "female", "M": "male"}),
        "age_years": raw["age"],
        "diagnosis_year": raw["dxyr"],
        "haemoglobin": raw["hgb"],
        "creatinine": raw["creat"],
        "m_spike": raw["mspike"],
    }
    followup = {
        "progression_day": days["ptime"].where(raw["pstat"] == 1),
        "death_day": days["futime"].where(raw["death"] == 1),
        "last_contact_day": days["futime"],
    }
    declared = {
        "diagnosis_year": Column("integer", "calendar year of diagnosis", "year", low=1900, high=2100),
        "haemoglobin": Column("number", "haemoglobin", "g/dL", low=0),
        "creatinine": Column("number", "creatinine", "mg/dL", low=0),
        "m_spike": Column("number", "size of the monoclonal serum spike", "g/dL", low=0),
    }
    source = "Kyle RA et al., N Engl J Med 2002; 346: 564-569; distributed as mgus2 with R's survival"
    made = {"patients": pd.DataFrame(patients), "followup": pd.DataFrame(followup)}
    origin = "diagnosis of monoclonal gammopathy of undetermined significance"
    return _cohort("mgus2", origin, False, source, FROM_R, made, identifiers, declared)


def read_rotterdam() -> Cohort:
    """Lay the Rotterdam breast cancers out as a cohort: hormonal treatment went to those at higher risk.

    Notes
    -----
    43 patients died without a recorded recurrence after their follow-up for recurrence had ended. Progression-free
    survival here runs to their death, as in the first of the two readings that R's manual names.

    Examples
    --------
    >>> cohort = read_rotterdam()
    >>> cohort.tables["followup"][["relapse_day", "death_day"]].count().tolist(), int(cohort.tables["patients"]["hormonal"].sum())
    ([1518, 1272], 339)
    """
    raw = _raw("rotterdam")
    identifiers = [f"ROTT-{number:04d}" for number in raw["pid"]]
    patients = {
        "age_years": raw["age"],
        "infusion_year": raw["year"],
        "menopausal": raw["meno"] == 1,
        "tumour_size": raw["size"],
        "tumour_grade": raw["grade"],
        "nodes": raw["nodes"],
        "progesterone_receptors": raw["pgr"],
        "oestrogen_receptors": raw["er"],
        "hormonal": raw["hormon"] == 1,
        "chemotherapy": raw["chemo"] == 1,
    }
    followup = {
        "relapse_day": raw["rtime"].where(raw["recur"] == 1),
        "death_day": raw["dtime"].where(raw["death"] == 1),
        "last_contact_day": raw["dtime"],
    }
    declared = {
        "menopausal": Column("boolean", "after the menopause"),
        "tumour_size": Column("category", "size of the tumour, mm", allowed=("<=20", "20-50", ">50")),
        "tumour_grade": Column("integer", "differentiation grade", low=1, high=3),
        "nodes": Column("integer", "positive lymph nodes", low=0),
        "progesterone_receptors": Column("number", "progesterone receptors", "fmol/L", low=0),
        "oestrogen_receptors": Column("number", "oestrogen receptors", "fmol/L", low=0),
        "hormonal": Column("boolean", "hormonal treatment"),
        "chemotherapy": Column("boolean", "chemotherapy"),
    }
    source = "Royston P, Altman DG, BMC Med Res Methodol 2013; 13: 33; distributed as rotterdam with R's survival"
    made = {"patients": pd.DataFrame(patients), "followup": pd.DataFrame(followup)}
    return _cohort("rotterdam", "primary surgery of breast cancer", False, source, FROM_R, made, identifiers, declared)


def read_myeloid() -> Cohort:
    """Lay R's myeloid out as a cohort: two arms, complete response, transplantation, relapse and death.

    Notes
    -----
    Its authors simulated it after a trial: the correlations are those of patients, the values are not. It is therefore
    marked synthetic, and its identifiers say so.

    Examples
    --------
    >>> cohort = read_myeloid()
    >>> cohort.synthetic, cohort.tables["followup"][["relapse_day", "transplant_day", "death_day"]].count().tolist()
    (True, [226, 364, 320])
    """
    raw = _raw("myeloid")
    identifiers = [f"SYN-M{number:03d}" for number in raw["id"]]
    patients = {"sex": raw["sex"].map({"f": "female", "m": "male"}), "arm": raw["trt"]}
    followup = {
        "relapse_day": raw["rltime"],
        "transplant_day": raw["txtime"],
        "death_day": raw["futime"].where(raw["death"] == 1),
        "last_contact_day": raw["futime"],
    }
    onsets = {"complete response": raw["crtime"], "transplantation": raw["txtime"]}
    made = {
        "patients": pd.DataFrame(patients),
        "exposures": _onsets(identifiers, onsets),
        "followup": pd.DataFrame(followup),
    }
    declared = {"arm": Column("category", "arm of the trial", allowed=("A", "B"))}
    source = (
        "simulated by its authors after a trial: Le-Rademacher JG et al., Clin Trials 2018; 15: 489-498; distributed as "
        "myeloid with R's survival"
    )
    licence = "simulated data, distributed with R's survival (LGPL-2 or later); cite the source"
    return _cohort("myeloid", "randomisation", True, source, licence, made, identifiers, declared)


COHORTS: dict[str, Callable[[], Cohort]] = {
    "bmt": read_bmt,
    "hearts": read_hearts,
    "mgus2": read_mgus2,
    "rotterdam": read_rotterdam,
    "myeloid": read_myeloid,
}


def _raw(name: str) -> pd.DataFrame:
    return pd.read_csv(paths.REAL / f"{name}.csv")


def _onsets(identifiers: list[str], days: Mapping[str, pd.Series]) -> pd.DataFrame:
    """List the onsets of exposures, by patient and day."""
    ids = pd.Series(identifiers)
    pieces = [
        pd.DataFrame({"patient_id": ids[day.notna()], "exposure": exposure, "day": day.dropna()})
        for exposure, day in days.items()
    ]
    return pd.concat(pieces).sort_values(["patient_id", "day", "exposure"], kind="stable")


def _cohort(
    name: str,
    origin: str,
    synthetic: bool,
    source: str,
    licence: str,
    made: Mapping[str, pd.DataFrame],
    identifiers: list[str],
    declared: Mapping[str, Column],
) -> Cohort:
    """Give the tables their identifiers and types; what has a row was recorded of everybody, as the sources say."""
    tables = {}
    for table, frame in made.items():
        if "patient_id" not in frame:
            frame.insert(0, "patient_id", identifiers)
        columns = {**TABLES[table], **(declared if table == "patients" else {})}
        tables[table] = frame.astype({column: columns[column].dtype for column in frame}).reset_index(drop=True)
    cohort = Cohort(name, origin, synthetic, source, licence, tables, {"patients": dict(declared)})
    recorded = {table: tuple(sorted(seen_in_table(cohort, table))) for table in RECORDABLE if table in tables}
    return replace(cohort, recorded=recorded)


def write_real_cohorts() -> None:
    """Write the cohorts of ``data/real`` anew from the tables beside them."""
    for name, read in COHORTS.items():
        write_cohort(read(), paths.REAL / name)


if __name__ == "__main__":
    write_real_cohorts()
