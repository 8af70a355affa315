"""Write what somebody needs to fill in a cohort: empty tables, the dictionary in words, a REDCap dictionary, an example."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from helpers import paths
from helpers.cohort.cohort_json import Declaration, declaration_json
from helpers.cohort.dictionary import ROW_IS, table_dictionary
from helpers.cohort.read import write_cohort
from helpers.cohort.recorded import RECORDABLE
from helpers.cohort.schema import TABLES, Cohort, Column
from helpers.cohort.units import ANALYTE_UNIT
from helpers.problems import InputError, Problem

REDCAP = (
    "Variable / Field Name", "Form Name", "Section Header", "Field Type", "Field Label",
    "Choices, Calculations, OR Slider Labels", "Field Note", "Text Validation Type OR Show Slider Number",
    "Text Validation Min", "Text Validation Max", "Identifier?", "Branching Logic (Show field only if...)",
    "Required Field?", "Custom Alignment", "Question Number (surveys only)", "Matrix Group Name", "Matrix Ranking?",
    "Field Annotation",
)  # fmt: skip
ONCE = ("patients", "response", "followup", "status")


def write_template(folder: str | Path) -> list[Path]:
    """Write the template of a cohort to *folder*, which must be empty or not exist.

    Returns
    -------
    list of Path
        ``tables/`` (empty tables and a cohort.json), ``example/`` (a filled toy cohort, synthetic), ``dictionary.md`` and
        ``redcap_data_dictionary.csv``.

    Raises
    ------
    InputError
        If something is in *folder* already: nothing is ever written over.
    """
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        allowed = "a folder that is empty or does not exist; nothing is written over"
        raise InputError([Problem("template folder", "", "", "a folder that holds something", allowed)])
    written = [
        paths.write_text(folder / "tables" / f"{table}.csv", ",".join(columns) + "\n")
        for table, columns in TABLES.items()
    ]
    written.append(paths.write_json(folder / "tables" / "cohort.json", declaration_json(_declaration())))
    written.append(paths.write_text(folder / "dictionary.md", dictionary_in_words()))
    written.append(paths.write_csv(folder / "redcap_data_dictionary.csv", redcap_template()))
    return [*written, write_cohort(toy_cohort(), folder / "example")]


def _declaration() -> Declaration:
    meta = {
        "name": "our cohort", "origin": "CAR T-cell infusion", "synthetic": False, "source": "where the patients come from",
        "licence": "not public", "stands_for": "",
    }  # fmt: skip
    return Declaration(meta)


def dictionary_in_words() -> str:
    """Write the dictionary of every table in plain sentences.

    Examples
    --------
    >>> "- **weight_kg** (may be left out): weight at the origin; a number from 0.3 to 400 (kg)" in dictionary_in_words()
    True
    """
    parts = [
        "# What to fill in\n",
        "One file for each table, in the folder `tables`. Only patients.csv with a column patient_id is needed; leave out, or "
        "leave as it is, what you do not have. An empty cell means: not known. Days count from day 0.\n",
    ]
    for table in TABLES:
        rows = [
            f"- **{row.column}** ({'always filled' if row.missing == 'no' else 'may be left out'}): "
            f"{row.meaning}; {row.allowed}"
            for row in table_dictionary(table).itertuples()
        ]
        parts.append(f"## {table}.csv\n\nOne row per {ROW_IS[table]}.\n\n" + "\n".join(rows) + "\n")
    units = ", ".join(f"{name} {unit}" for name, unit in ANALYTE_UNIT.items())
    said = "\n".join(f"- {table}: {' / '.join(words) if words else 'any names'}" for table, words in RECORDABLE.items())
    parts.append(f"## Units of the laboratory\n\n{units}. Others of mass per volume are converted.\n")
    parts.append(f"## What cohort.json may list under `recorded`\n\n{said}\n")
    return "\n".join(parts)


def redcap_template() -> pd.DataFrame:
    """Return a REDCap data dictionary: one form for each table; those with several rows per patient are to be repeating.

    Examples
    --------
    >>> redcap_template().iloc[0, [0, 1, 3]].tolist()
    ['patient_id', 'patients', 'text']
    """
    rows = [_redcap_row("patient_id", "patients", TABLES["patients"]["patient_id"])]
    for table, columns in TABLES.items():
        for name, column in columns.items():
            if name != "patient_id":
                rows.append(_redcap_row(name if table == "patients" else f"{table}_{name}", table, column))
    return pd.DataFrame(rows, columns=list(REDCAP))


def _redcap_row(field: str, table: str, column: Column) -> dict[str, str]:
    kind, choices, check = "text", "", ""
    if column.kind == "boolean":
        kind = "yesno"
    elif column.kind == "category":
        kind = "dropdown"
        choices = " | ".join(f"{code}, {word}" for code, word in enumerate(column.allowed, 1))
    elif column.kind == "integer":
        check = "integer"
    elif column.kind == "number":
        check = "number"
    elif column.kind == "time":
        check = "time"
    bounds = {
        "Text Validation Min": "" if column.low is None or not check else f"{column.low:g}",
        "Text Validation Max": "" if column.high is None or not check else f"{column.high:g}",
    }
    several = "" if table in ONCE else "repeating instrument"
    return dict.fromkeys(REDCAP, "") | bounds | {
        "Variable / Field Name": field, "Form Name": table, "Field Type": kind, "Field Label": column.meaning,
        "Choices, Calculations, OR Slider Labels": choices, "Field Note": "; ".join(filter(None, [column.unit, several])),
        "Text Validation Type OR Show Slider Number": check, "Required Field?": "y" if column.required else "",
    }  # fmt: skip


def toy_cohort() -> Cohort:
    """Return four made-up patients with a row or two in each table; one relapsed on a day that nobody knows.

    Examples
    --------
    >>> len(toy_cohort().tables["patients"])
    4
    """
    ids = [f"SYN-00{number}" for number in range(1, 5)]
    rows: dict[str, list[dict[str, object]]] = {
        "patients": [
            {"patient_id": ids[0], "sex": "female", "age_years": 6.5, "weight_kg": 21.0, "height_cm": 117.0,
             "infusion_year": 2021, "cutoff_day": 1200.0, "n_relapses": 1, "disease_status": "relapsed", "car_target": "CD19"},
            {"patient_id": ids[1], "sex": "male", "age_years": 11.0, "weight_kg": 38.5, "infusion_year": 2021,
             "cutoff_day": 1100.0, "n_relapses": 2, "disease_status": "relapsed", "car_target": "CD19+CD22"},
            {"patient_id": ids[2], "sex": "male", "age_years": 3.2, "weight_kg": 14.0, "infusion_year": 2022,
             "cutoff_day": 800.0, "n_relapses": 0, "disease_status": "primary refractory"},
            {"patient_id": ids[3], "sex": "female", "age_years": 14.8, "weight_kg": 52.0, "cutoff_day": 700.0},
        ],
        "screening": [{"patient_id": i, "infusion_number": 1, "in_other_trial": False} for i in ids],
        "toxicity": [
            {"patient_id": ids[0], "episode_id": "CRS-1", "event": "CRS", "day_from": 3.0, "day_to": 4.0, "grade": 1},
            {"patient_id": ids[0], "episode_id": "CRS-1", "event": "CRS", "day_from": 5.0, "day_to": 8.0, "grade": 2},
            {"patient_id": ids[1], "episode_id": "CRS-1", "event": "CRS", "day_from": 2.0, "day_to": 5.0, "grade": 1},
        ],
        "treatments": [
            {"patient_id": ids[0], "agent": "tocilizumab", "route": "IV", "day": 5.0, "time": "10:30", "dose_mg": 240.0,
             "indication": "CRS"},
            {"patient_id": ids[0], "agent": "dexamethasone", "salt": "sodium phosphate", "route": "IV", "day": 6.0,
             "dose_mg": 5.0, "indication": "CRS"},
        ],
        "exposures": [{"patient_id": ids[1], "exposure": "platelet recovery", "day": 21.0}],
        "labs": [
            {"patient_id": ids[0], "day": 4.0, "time": "06:00", "analyte": "IL-6", "value": 812.0, "unit": "pg/mL",
             "censored": "no"},
            {"patient_id": ids[0], "day": 9.0, "time": "06:00", "analyte": "IL-6", "value": 2.5, "unit": "pg/mL",
             "censored": "left", "limit": 2.5},
        ],
        "response": [
            {"patient_id": ids[0], "assessment_day": 29.0, "day30_response": "CR", "mrd_day30": 0.0},
            {"patient_id": ids[1], "assessment_day": 31.0, "day30_response": "NR", "mrd_day30": 0.2},
            {"patient_id": ids[2], "day30_response": "not done", "reason_not_done": "transferred"},
        ],
        "followup": [
            {"patient_id": ids[0], "last_contact_day": 1150.0, "censor_reason": "data cut-off"},
            {"patient_id": ids[1], "relapse_day": 150.0, "death_day": 400.0, "death_cause": "leukaemia",
             "last_contact_day": 400.0},
            {"patient_id": ids[2], "last_contact_day": 300.0, "censor_reason": "lost to follow-up"},
            {"patient_id": ids[3], "last_contact_day": 600.0},
        ],
        "status": [{"patient_id": ids[3], "crs": "yes", "crs_grade_max": 2, "gc": "unknown", "relapse": "yes"}],
    }  # fmt: skip
    tables = {}
    for table, columns in TABLES.items():
        frame = pd.DataFrame(rows[table], columns=list(columns))
        tables[table] = frame.astype({name: column.dtype for name, column in columns.items()})
    recorded = {
        "toxicity": ("CRS",),
        "treatments": ("glucocorticoids", "tocilizumab"),
        "followup": ("relapse", "death"),
    }
    about = ("toy", "CAR T-cell infusion", True, "made up as an example; no real patient", "CC0-1.0")
    return Cohort(*about, tables, recorded=recorded)
