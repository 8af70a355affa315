"""What is released, and under which label: the variables of the counts, medians and models, and a cohort's own columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from helpers.cohort.derive import Analysis

COUNTED: Mapping[str, str] = {
    "sex": "Sex", "age_over_cut": "Age above the cut", "weight_over_cut": "Weight above the cut", "disease_status": "Disease status",
    "prior_transplant": "Earlier transplantation", "car_target": "CAR target", "car_origin": "Origin of the CAR T cells",
    "blast_over_cut": "Blasts at or above the cut", "crs_grade": "CRS, highest grade", "icans_grade": "ICANS, highest grade", "gc": "Glucocorticoids",
    "gc_group": "Glucocorticoid dose", "tcz": "Tocilizumab", "rux": "Ruxolitinib", "day30_response": "Day 30 response",
}  # fmt: skip


MEASURED: Mapping[str, str] = {
    "age_years": "Age, years", "weight_kg": "Weight, kg", "blast_prelymphodepletion_pct": "Blasts before lymphodepletion, %",
    "gc_dose_mg_per_kg": "Cumulative glucocorticoid where given, mg/kg", "crs_onset_day": "Onset of CRS, day", "crs_duration_days": "Duration of CRS, days",
}  # fmt: skip


OF_MODELS = {
    "Weight": "weight_over_cut", "Sex": "sex", "Bone marrow blasts": "blast_over_cut", "Age": "age_over_cut", "CAR-T target antigen": "car_target",
    "Transplantation preinfusion": "prior_transplant", "GC dosage": "gc_group", "RUX use": "rux", "TCZ use": "tcz", "CRS occurrence": "crs_grade",
    "ICANS occurrence": "icans_grade", "CRS grade": "crs_grade", "ICANS grade": "icans_grade",
}  # fmt: skip


RESPONSE_BY, CURVE_OF = "Day 30 response, ", "curve of "


def own_labels(analysis: Analysis, *kinds: str) -> dict[str, str]:
    """Name the cohort's own columns, by their place in the frame, as the release shows them: what they mean, with the column if need be.

    No two labels of a release are the same, however their capitals, and none has a colon, which parts a label from its level:
    the ledger knows a cell by both.

    Parameters
    ----------
    analysis : Analysis
    kinds : str
        Of columns; by default all that can be analysed.

    Examples
    --------
    >>> import pandas as pd
    >>> from helpers.cohort.derive import analyse
    >>> from helpers.cohort.schema import Cohort, Column
    >>> patients = pd.DataFrame({"patient_id": ["SYN-1"], "a": [True], "b": [False], "sex_2": [True]})
    >>> meant = {"a": "ward", "b": "Ward", "sex_2": "Sex"}
    >>> declared = {"patients": {name: Column("boolean", meaning) for name, meaning in meant.items()}}
    >>> own_labels(analyse(Cohort("x", "infusion", True, "", "", {"patients": patients}, declared)))
    {'a': 'ward (a)', 'b': 'Ward (b)', 'sex_2': 'Sex (sex_2)'}
    """
    declared, exposure = analysis.cohort.declared.get("patients", {}), analysis.parameters.exposure
    meant = {name: declared[name].meaning.replace(":", ",").strip() for name in analysis.own if name in declared}
    ours = (*COUNTED.values(), *MEASURED.values(), *OF_MODELS, f"{exposure} group")
    used, times = set(map(str.casefold, ours)), Counter(map(str.casefold, meant.values()))
    openings = tuple(text.casefold() for text in (RESPONSE_BY, CURVE_OF, f"{exposure}, "))
    labels = {}
    for name, label in meant.items():
        if times[label.casefold()] > 1 or label.casefold() in used or label.casefold().startswith(openings):
            label = f"{'own, ' if label.casefold().startswith(openings) else ''}{label} ({name.replace(':', ',')})"
        while label.casefold() in used:
            label += "*"
        used.add(label.casefold())
        labels[name] = label
    return {analysis.own[name]: label for name, label in labels.items() if not kinds or declared[name].kind in kinds}
