"""Which printed survival statistics a state of labels and fates meets, and the searches compiled for them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from helpers.calibration.fate_search import endpoints, km_ids, km_values
from helpers.calibration.kernels import EARLY_DEATH
from helpers.calibration.label_search import LabelSearch, read_models
from helpers.calibration.plan import Plan
from helpers.calibration.targets import targets_of
from helpers.cohort.derive import DAYS_PER_YEAR
from helpers.synthesis.state import encode, strata


def survival_hits(labels: pd.DataFrame, fates: pd.DataFrame, plan: Plan | None = None) -> dict[str, bool]:
    """Tell which of the printed survival statistics a state meets, Kaplan–Meier first."""
    plan = plan or Plan()
    hits = label_search(labels, fates, plan).hits()
    return dict(zip(km_ids(), curve_hits(labels, fates, plan).tolist(), strict=True)) | hits


def label_search(
    labels: pd.DataFrame, fates: pd.DataFrame, plan: Plan, models: Iterable[str] | None = None, **more: np.ndarray
) -> LabelSearch:
    """Compile labels, what bounds ask of fates, and the models named (by default all) for a search; *more* are further labels."""
    known, ends = read_models(plan.folder / "models.csv"), endpoints(labels, fates)
    codes = encode(labels).assign(**more, **fate_codes(fates, ends["pfs"]))
    return LabelSearch(codes, ends, [known[name] for name in models or known], folder=plan.published)


def stage_search(
    rows: pd.DataFrame, labels: pd.DataFrame, fates: pd.DataFrame, plan: Plan
) -> tuple[LabelSearch, dict[str, np.ndarray]]:
    """Compile a stage: the search against its models, and the strata of the labels that move in it."""
    used = dict.fromkeys(model for row in rows.itertuples() for model in row.models.split(";"))
    return label_search(labels, fates, plan, used), {row.label: label_strata(labels, row) for row in rows.itertuples()}


def curve_hits(labels: pd.DataFrame, fates: pd.DataFrame, plan: Plan) -> np.ndarray:
    targets = targets_of(km_ids(), plan.published)
    return targets.hit(km_values(labels, fates, targets.logarithmic))


def fate_codes(fates: pd.DataFrame, pfs: tuple[np.ndarray, np.ndarray]) -> dict[str, np.ndarray]:
    """Write as codes what bounds may ask of a fate: an event of PFS, loss within a year without one, death and how it came."""
    days, event = pfs
    unrelated = (fates["cause"] == "unrelated").fillna(False).to_numpy(bool)
    lost, early = ~event & (days < DAYS_PER_YEAR), (fates["death"] < EARLY_DEATH).to_numpy()
    died = fates["death"].notna().to_numpy()
    asked = {"event": event, "lost": lost, "unrelated": unrelated, "early": early, "died": died}
    return {name: np.where(yes, "yes", "no") for name, yes in asked.items()}


def label_strata(labels: pd.DataFrame, row) -> np.ndarray:
    """Number the strata within which a label of a stage is exchanged; -1: who does not take part."""
    names = [part for part in row.strata.split(";") if part]
    frame = labels.assign(outside=~labels["toxic"] & labels["transplant"])
    excluded = {
        "toxic": labels["crs_open"] | (labels["response"] == "NR"),
        "gc": ~labels["toxic"] | labels["crs_open"],
        "late": labels["gc"] == "none",
        "long": labels["gc"] == "none",
        "agents": labels["response"] == "NR",
        "transplant": ~labels["toxic"] & labels["rux"],  # GVHD of a transplantation
        "crs": ~labels["toxic"] | labels["untreated"] | labels["icans4"],
        "icans": ~labels["toxic"] | labels["untreated"] | labels["crs_open"],
    }
    return strata(frame, names, excluded.get(row.label))
