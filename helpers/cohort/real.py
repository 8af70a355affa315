"""Turn public real patients into a cohort: ``python -m helpers.cohort.real`` writes data/real/bmt from data/real/bmt.csv.

137 patients with acute leukaemia after allogeneic bone-marrow transplantation (Copelan et al. 1991), with two kinds of
exposure that begin after day 0: graft-versus-host disease and platelet recovery. They are the real twin of the paper's
steroid question.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from helpers import paths
from helpers.cohort.read import write_cohort
from helpers.cohort.schema import TABLES, Cohort, Column

NAME = "bmt"
ORIGIN = "allogeneic bone-marrow transplantation"
SOURCE = (
    "Copelan EA et al., Blood 1991; 78: 838-843; printed in Klein and Moeschberger, Survival Analysis (Springer 1997); "
    "distributed as bmt with R's KMsurv"
)
LICENCE = "facts published by their authors, de-identified; no licence attaches, cite the source"
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


def read_bmt(csv: str | Path = "") -> Cohort:
    """Read the printed table and lay it out as a cohort.

    Parameters
    ----------
    csv : path
        The table with its printed column names (t1, d1, ... z10); empty: ``data/real/bmt.csv``.

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
    raw = pd.read_csv(Path(csv) if csv else paths.REAL / "bmt.csv")
    identifiers = [f"BMT-{row + 1:03d}" for row in range(len(raw))]
    made = {"patients": _patients(raw), "exposures": _exposures(raw, identifiers), "followup": _followup(raw)}
    tables = {}
    for name, frame in made.items():
        if "patient_id" not in frame:
            frame.insert(0, "patient_id", identifiers)
        columns = {**TABLES[name], **(DECLARED if name == "patients" else {})}
        tables[name] = frame.astype({column: columns[column].dtype for column in frame}).reset_index(drop=True)
    return Cohort(NAME, ORIGIN, False, SOURCE, LICENCE, tables, {"patients": DECLARED})


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
    pieces = []
    for exposure, (day, occurred) in EXPOSURES.items():
        is_exposed = raw[occurred] == 1
        ids = pd.Series(identifiers)[is_exposed]
        pieces.append(pd.DataFrame({"patient_id": ids, "exposure": exposure, "day": raw.loc[is_exposed, day]}))
    return pd.concat(pieces).sort_values(["patient_id", "day", "exposure"], kind="stable")


def main() -> None:
    """Write ``data/real/bmt`` anew from ``data/real/bmt.csv``."""
    write_cohort(read_bmt(), paths.REAL / NAME)


if __name__ == "__main__":
    main()
