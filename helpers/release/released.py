"""The released results: every number of the bundle stands here, made coarse; the files are written from it and from nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from helpers.cohort.derive import Analysis
from helpers.parameters import Parameters
from helpers.problems import NotAvailable
from helpers.release.attack import Cell, Counts, Partition, intervals, narrow_cells, protect
from helpers.release.rules import Rules, coarse_curve, coarse_interval, coarse_median, coarse_p, coarse_test
from helpers.results import table5
from helpers.results.covariates import covariate_rows
from helpers.results.curves import ENDPOINTS, endpoint_columns, logrank_of
from helpers.results.exposure import exposure_groups
from helpers.results.exposure_models import exposure_models

COUNTED: Mapping[str, str] = {
    "sex": "Sex", "age_over_cut": "Age above the cut", "weight_over_cut": "Weight above the cut", "disease_status": "Disease status",
    "prior_transplant": "Earlier transplantation", "car_target": "CAR target", "car_origin": "Origin of the CAR T cells",
    "blast_over_cut": "Blasts at or above the cut", "crs_grade": "CRS, highest grade", "icans_grade": "ICANS, highest grade", "gc": "Glucocorticoids",
    "gc_group": "Glucocorticoid dose", "tcz": "Tocilizumab", "rux": "Ruxolitinib", "day30_response": "Day 30 response",
}  # fmt: skip
MEASURED: Mapping[str, str] = {
    "age_years": "Age, years", "weight_kg": "Weight, kg", "blast_prelymphodepletion_pct": "Blasts before lymphodepletion, %",
    "gc_dose_mg_per_kg": "Cumulative glucocorticoid, mg/kg", "crs_onset_day": "Onset of CRS, day", "crs_duration_days": "Duration of CRS, days",
}  # fmt: skip
MISSING = "not known"
RESPONSE_BY, CURVE_OF = "Day 30 response, ", "curve of "


@dataclass
class Released:
    """What leaves, and beside it what only the checker sees.

    Parameters
    ----------
    numbers : dict
        Everything that the bundle is written from: about, counts, medians, curves, comparisons, models.
    truth : dict of str to int
        True counts by cell, for the ledger; it never goes into the bundle.
    members : dict of str to frozenset of str
        Whom the cells count, where that is known; for the ledger alone.
    bounds : dict of str to (int, int)
        What an intruder can still say of each suppressed count.
    """

    numbers: dict[str, Any]
    truth: dict[str, int] = field(repr=False)
    members: dict[str, frozenset[str]] = field(repr=False)
    bounds: dict[str, tuple[int, int]] = field(repr=False)


def released(analysis: Analysis, rules: Rules) -> Released:
    """Make the released results of a cohort.

    Parameters
    ----------
    analysis : Analysis
    rules : Rules

    Returns
    -------
    Released

    Raises
    ------
    NotAvailable
        If the cohort is smaller than the threshold, or its counts cannot be protected.

    Examples
    --------
    >>> from helpers.cohort.derive import analyse
    >>> from helpers.cohort.schema import Cohort
    >>> n = 100
    >>> patients = pd.DataFrame({"patient_id": [f"SYN-{i}" for i in range(n)], "sex": ["male"] * 96 + ["female"] * 4})
    >>> found = released(analyse(Cohort("x", "infusion", True, "made up", "CC0", {"patients": patients})), Rules())
    >>> [(row["level"], row["n"]) for row in found.numbers["counts"]]
    [('female', None), ('male', None)]
    """
    total = len(analysis.frame)
    if not rules.may_total(total):
        raise NotAvailable(f"the cohort has fewer than {rules.threshold} patients; nothing of it can be released")
    counts, everyone = Counts(), Cell("patients", total, members=frozenset(map(str, analysis.frame.index)))
    tables = _count_tables(analysis, counts, everyone)
    _tie(counts, tables)
    bounds = protect(counts, rules)
    models, behind = _models(analysis, rules)
    models, bounds = _models_that_give_nothing_away(models, behind, counts, tables, analysis.parameters, bounds, rules)
    if left := narrow_cells(bounds, rules):
        raise NotAvailable(
            f"{len(left)} suppressed counts can still be bounded to fewer than {rules.threshold} values; release fewer tables"
        )
    numbers = {
        "about": _about(analysis, rules, total),
        "counts": [_row(cell, part.total, label, level, rules) for label, level, cell, part in tables],
        "medians": _medians(analysis, rules),
        "curves": _curves(analysis, rules),
        "comparisons": _comparisons(analysis, rules),
    }
    numbers["models"] = models
    members = {cell.name: cell.members for cell in counts.cells() if cell.members is not None}
    members |= _behind_curves(analysis, numbers["curves"]) | _behind_medians(analysis, numbers["medians"])
    truth = {cell.name: cell.count for cell in counts.cells()} | {name: len(who) for name, who in members.items()}
    return Released(numbers, truth | behind, members, bounds)


def _about(analysis: Analysis, rules: Rules, total: int) -> dict[str, Any]:
    return {
        "synthetic": analysis.cohort.synthetic,
        "day_0": analysis.cohort.origin,
        "endpoint": analysis.parameters.endpoint,
        "exposure": analysis.parameters.exposure,
        "patients": rules.rounded(total),
        "threshold": rules.threshold,
        "base": rules.base,
        "statement": f"Counts are rounded to {rules.base}; counts under {rules.threshold}, none, and all but fewer than {rules.threshold} are not shown. "
        "Percentages are of rounded counts. No smallest and no largest value is given. Curves are read at whole months.",
    }  # fmt: skip


# --------------------------------------------------------------------------------------------------------- counts


def _count_tables(analysis: Analysis, counts: Counts, everyone: Cell) -> list[tuple[str, str, Cell, Partition]]:
    """Cut the patients by each variable, and the response by exposure; tell which cells hang together."""
    tables = []
    variables = {name: label for name, label in COUNTED.items() if name in analysis.frame}
    variables |= own_labels(analysis, "category", "boolean")
    levels_of: dict[str, dict[str, Cell]] = {}
    for name, label in variables.items():
        cells = _cells(_levels(analysis.frame[name]), label)
        if len(cells) > 12:
            continue
        part = Partition(everyone, list(cells.values()))
        counts.parts.append(part)
        levels_of[name] = cells
        tables += [(label, level, cell, part) for level, cell in cells.items()]
    tables += _by_exposure(analysis, counts, everyone, levels_of)
    return tables


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


def label_series(analysis: Analysis, label: str) -> pd.Series:
    """Return the levels of a released count by patient, as the release names them.

    Raises
    ------
    KeyError
        For a label that is not released.
    """
    exposure = analysis.parameters.exposure
    if label == f"{exposure} group":
        return _levels(exposure_groups(analysis)).reindex(analysis.frame.index)
    names = {told: name for name, told in (COUNTED | own_labels(analysis, "category", "boolean")).items()}
    return _levels(analysis.frame[names[label]])


def _levels(series: pd.Series) -> pd.Series:
    text = series.astype("string")
    if series.dtype in ("boolean", bool):
        text = text.str.lower().map({"true": "yes", "false": "no"})
    return text.fillna(MISSING)


def _cells(levels: pd.Series, label: str) -> dict[str, Cell]:
    sizes = levels.value_counts().sort_index()
    return {
        str(level): Cell(f"{label}: {level}", int(size), members=frozenset(map(str, levels.index[levels == level])))
        for level, size in sizes.items()
    }


def _by_exposure(
    analysis: Analysis, counts: Counts, everyone: Cell, levels_of: Mapping[str, Mapping[str, Cell]]
) -> list[tuple[str, str, Cell, Partition]]:
    """Cut the day 30 response by exposure group; row and column sums tie it to the tables of all patients."""
    try:
        groups = _levels(exposure_groups(analysis))
    except NotAvailable:
        return []
    name = analysis.parameters.exposure
    sizes = _cells(groups, f"{name} group")
    if len(sizes) > 6:
        return []
    part = Partition(everyone, list(sizes.values()))
    counts.parts.append(part)
    found = [(f"{name} group", level, cell, part) for level, cell in sizes.items()]
    if "day30_response" not in levels_of:
        return found
    answers = _levels(analysis.frame["day30_response"])
    columns: dict[str, list[Cell]] = {level: [] for level in levels_of["day30_response"]}
    for group, size in sizes.items():
        label = f"{RESPONSE_BY}{name} {group}"
        here = answers[groups == group].value_counts()
        cells = {
            level: Cell(f"{label}: {level}", int(here.get(level, 0)), members=size.members & whole.members)
            for level, whole in levels_of["day30_response"].items()
        }
        row = Partition(size, list(cells.values()))
        counts.parts.append(row)
        for level, cell in cells.items():
            columns[level].append(cell)
        found += [(label, level, cell, row) for level, cell in cells.items()]
    counts.parts += [Partition(levels_of["day30_response"][level], cells) for level, cells in columns.items()]
    return found


def _tie(counts: Counts, tables: list[tuple[str, str, Cell, Partition]]) -> None:
    """Tie cells that are the same patients under two names, and the doses to who was given the drug at all."""
    cells = {(label, level): cell for label, level, cell, part in tables if part.total.name == "patients"}
    for at, ((label, _), cell) in enumerate(cells.items()):
        twins = [
            other
            for (name, _), other in list(cells.items())[at + 1 :]
            if name != label and other.members == cell.members
        ]
        counts.same += [Partition(cell, [twin]) for twin in twins[:1]]
    given = cells.get((COUNTED["gc"], "yes"))
    doses = [
        cell for (label, level), cell in cells.items() if label == COUNTED["gc_group"] and level in ("low", "high")
    ]
    if given is not None and doses and frozenset().union(*(cell.members for cell in doses)) == given.members:
        counts.same.append(Partition(given, doses))


OF_MODELS = {
    "Weight": "weight_over_cut", "Sex": "sex", "Bone marrow blasts": "blast_over_cut", "Age": "age_over_cut", "CAR-T target antigen": "car_target",
    "Transplantation preinfusion": "prior_transplant", "GC dosage": "gc_group", "RUX use": "rux", "TCZ use": "tcz", "CRS occurrence": "crs_grade",
    "ICANS occurrence": "icans_grade", "CRS grade": "crs_grade", "ICANS grade": "icans_grade",
}  # fmt: skip
ORDERS = (["no", "yes"], ["none", "low", "high"])
GRADES = {"Yes": "12345", "No": "0", "Grade 1": "1", "Grade 2": "2", "Grade ≥3": "345"}


def counted_as(
    variable: str, levels: Sequence[str], counted: Mapping[str, Sequence[str]], exposure: str
) -> tuple[str, list[list[str]]] | None:
    """Find the released count that a model's variable is, and which of its levels each level of the model is.

    Parameters
    ----------
    variable, levels : str, sequence of str
        As the model names them, the reference first.
    counted : mapping of str to sequence of str
        Levels of each released count.
    exposure : str

    Returns
    -------
    tuple of str and list of list of str, or None
        None if no count is the same variable.

    Examples
    --------
    >>> counted_as("Age", ["≤8 years", ">8 years"], {"Age above the cut": ["no", "yes"]}, "GC")
    ('Age above the cut', [['no'], ['yes']])
    >>> counted_as("ICANS occurrence", ["No", "Yes"], {"ICANS, highest grade": ["0", "1", "3"]}, "GC")
    ('ICANS, highest grade', [['0'], ['1', '3']])
    """
    wanted = COUNTED.get(OF_MODELS.get(variable, ""), variable)
    if variable.startswith(f"{exposure}, "):
        wanted = f"{exposure} group"
    label = next((name for name in counted if name.lower() == wanted.lower()), None)
    if label is None:
        return None
    here = {level.lower(): level for level in counted[label]}
    if all(level.lower() in here for level in levels):
        return label, [[here[level.lower()]] for level in levels]
    if "grade" in label and all(level in GRADES for level in levels):
        return label, [[grade for grade in GRADES[level] if grade in here] for level in levels]
    for order in ORDERS:
        if len(levels) == len(order) and set(order) <= set(here):
            return label, [[level] for level in order]
    return None


def _models_that_give_nothing_away(
    models: list[dict[str, Any]], truth: Mapping[str, int], counts: Counts, tables: list[tuple[str, str, Cell, Partition]],
    parameters: Parameters, bounds: dict[str, tuple[int, int]], rules: Rules,
) -> tuple[list[dict[str, Any]], dict[str, tuple[int, int]]]:  # fmt: skip
    """Attack once more with the models' numbers of patients; if a suppressed count becomes narrow, its models are left out."""
    cells = {(label, level): cell for label, level, cell, part in tables if part.total.name == "patients"}
    counted: dict[str, list[str]] = {}
    for label, level in cells:
        counted.setdefault(label, []).append(level)
    within, about_hidden = [], set()
    frame = pd.DataFrame(models, columns=["model", "variable", "level"])
    for (model, variable), rows in frame.groupby(["model", "variable"], sort=False):
        found = counted_as(str(variable), list(rows["level"]), counted, parameters.exposure)
        if found is None:
            continue
        label, places = found
        for level, place in zip(rows["level"], places, strict=True):
            name = f"{model}, {parameters.endpoint}, {variable}: {level}, patients"
            among = [cells[label, one] for one in place]
            if truth[name] <= sum(
                cell.count for cell in among
            ):  # else the model counts some whose level the table does not know
                within.append((Cell(name, truth[name]), among))
        if any(not cells[label, level].shown for level in counted[label]):
            about_hidden.add((model, variable))
    told = Counts(counts.parts, counts.same, [*counts.within, *within])
    again = intervals(told, rules)
    if not narrow_cells(again, rules):
        return models, again
    return [row for row in models if (row["model"], row["variable"]) not in about_hidden], bounds


def _row(cell: Cell, total: Cell, label: str, level: str, rules: Rules) -> dict[str, Any]:
    shown = cell.shown and total.shown
    n, of = rules.rounded(cell.count), rules.rounded(total.count)
    return {
        "variable": label, "level": level, "n": n if shown else None, "of": of if total.shown else None,
        "pct": round(100 * n / of) if shown and of else None, "why": "" if shown else cell.why or "its total is not shown",
    }  # fmt: skip


# ------------------------------------------------------------------------------------------- medians, curves, models


def _medians(analysis: Analysis, rules: Rules) -> list[dict[str, Any]]:
    names = {name: label for name, label in MEASURED.items() if name in analysis.frame}
    names |= own_labels(analysis, "number")
    rows = []
    for name, label in names.items():
        values = analysis.frame[name]
        median, q1, q3 = coarse_median(values, rules)
        if median is not None:
            rows.append(
                {"variable": label, "n": rules.rounded(values.notna().sum()), "median": median, "q1": q1, "q3": q3}
            )
    return rows


def _curves(analysis: Analysis, rules: Rules) -> list[dict[str, Any]]:
    """Read the curves of everybody, and of the exposure groups if each has the threshold of patients and of events."""
    rows = []
    for endpoint in ENDPOINTS:
        time, event = endpoint_columns(endpoint)
        if time not in analysis.frame or event not in analysis.frame:
            continue
        frame = analysis.frame
        members = {"all": pd.Series(True, index=frame.index)}
        try:
            groups = exposure_groups(analysis)
        except NotAvailable:
            groups = None
        if groups is not None:
            split = {str(level): groups == level for level in groups.dropna().unique()}
            enough = all(
                frame.loc[inside, event].sum() >= rules.threshold
                and (inside & frame[time].notna()).sum() >= 2 * rules.threshold
                for inside in split.values()
            )
            members |= split if enough and len(split) > 1 else {}
        for group, inside in members.items():
            found = coarse_curve(frame.loc[inside, time], frame.loc[inside, event], rules)
            if len(found):
                rows.append({"endpoint": endpoint, "group": group, **{name: found[name].tolist() for name in found}})
    return rows


def _behind_curves(analysis: Analysis, curves: list[dict[str, Any]]) -> dict[str, frozenset[str]]:
    """Name the patients and the events behind each released curve."""
    found = {}
    for row in curves:
        time, event = endpoint_columns(row["endpoint"])
        frame = analysis.frame
        if row["group"] != "all":
            frame = frame[exposure_groups(analysis).reindex(frame.index).astype("string") == row["group"]]
        place = f"{CURVE_OF}{row['endpoint']}, {row['group']}"
        followed = frame[frame[time].notna() & frame[event].notna()]
        found[f"{place}: patients"] = frozenset(map(str, followed.index))
        found[f"{place}: events"] = frozenset(map(str, followed.index[followed[event].astype(bool)]))
    return found


def _behind_medians(analysis: Analysis, medians: list[dict[str, Any]]) -> dict[str, frozenset[str]]:
    """Name the patients behind each released median."""
    labels = {label: name for name, label in (MEASURED | own_labels(analysis, "number")).items()}
    return {
        f"median of {row['variable']}": frozenset(map(str, analysis.frame[labels[row["variable"]]].dropna().index))
        for row in medians
    }


def _comparisons(analysis: Analysis, rules: Rules) -> list[dict[str, Any]]:
    try:
        groups = exposure_groups(analysis)
    except NotAvailable:
        return []
    rows = []
    for endpoint in ENDPOINTS:
        time, event = endpoint_columns(endpoint)
        if time not in analysis.frame or event not in analysis.frame:
            continue
        sizes = [(groups == level).sum() for level in groups.dropna().unique()]
        if len(sizes) < 2 or min(sizes) < rules.threshold or analysis.frame[event].sum() < rules.threshold:
            continue
        rows.append(
            {
                "endpoint": endpoint,
                "comparison": analysis.parameters.exposure,
                "test": "log-rank",
                "p": coarse_test(logrank_of(analysis, endpoint, groups).value),
            }
        )
    return rows


def _models(analysis: Analysis, rules: Rules) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """Take the rows of the Cox models in which every level has enough patients, events and patients without the event.

    Beside them stand the true numbers of patients and events, for the ledger.
    """
    found, truth, meant = [], {}, _meant_in_models(analysis)
    for name, make in (
        ("univariable", lambda: table5.forest_rows(analysis, "univariable")),
        ("multivariable", lambda: table5.forest_rows(analysis, "multivariable")),
        ("exposure", lambda: _exposure(analysis)),
    ):
        try:
            table = make()
        except (NotAvailable, KeyError, ValueError):
            continue
        for variable, rows in table.groupby("variable", sort=False):
            known = rows.dropna(subset=["n", "events"])
            few = known[
                (known["n"] < rules.threshold)
                | (known["events"] < rules.threshold)
                | (known["n"] - known["events"] < rules.threshold)
            ]
            if len(few) or len(known) < len(rows) or not len(known) or rows["hr"].isna().any():
                continue
            reference = next((int(row.events) for row in rows.itertuples() if pd.isna(row.ci_low)), None)
            variable = meant.get(str(variable), str(variable))
            for row in rows.itertuples():
                place = f"{name}, {analysis.parameters.endpoint}, {variable}: {row.level}"
                truth |= {f"{place}, patients": int(row.n), f"{place}, events": int(row.events)}
                low = high = p = None
                if not pd.isna(row.ci_low) and reference:
                    alpha = analysis.parameters.alpha
                    low, high, p = coarse_interval(row.hr, row.ci_low, row.ci_high, (int(row.events), reference), alpha, rules)  # fmt: skip
                found.append({"model": name, "variable": variable, "level": str(row.level), "n": rules.rounded(row.n), "events": rules.rounded(row.events),
                              "hr": round(row.hr, 2), "low": _two(low), "high": _two(high), "p": coarse_p(p)})  # fmt: skip
    return found, truth


def _meant_in_models(analysis: Analysis) -> dict[str, str]:
    """Give the label of the release by that of the models, which name the cohort's own covariates by their columns."""
    labels = own_labels(analysis)
    places = {f"own.{name}": place for name, place in analysis.own.items()} | dict(analysis.own)
    rows = [row for row in covariate_rows(analysis) if not row.printed]
    return {row.label: labels[places[row.name]] for row in rows if places.get(row.name) in labels}


def _exposure(analysis: Analysis) -> pd.DataFrame:
    models = exposure_models(analysis)
    return pd.concat(
        [table.assign(variable=f"{analysis.parameters.exposure}, {kind}") for kind, table in models.items()],
        ignore_index=True,
    )


def _two(value: float) -> float | None:
    return None if pd.isna(value) else round(float(value), 2)
