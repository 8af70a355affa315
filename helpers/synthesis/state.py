"""The state of a calibrated cohort: labels and fates, one row per patient, small enough to be committed and diffed.

Everything else (ages, doses, days of CRS, samples) is drawn from it by a seed: see :func:`helpers.synthesis.study.cohort_of`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.paths import write_csv

FATES = ["progression", "failure", "death", "contact", "cause", "assessed", "cutoff"]
TOXICITY_BLOCK = [
    "gc", "late", "long", "tcz", "rux", "untreated", "crs", "crs4", "crs_open", "icans", "icans4", "icans_open",
]  # fmt: skip
YES_NO = ["toxic", "female", "age_over", "weight_over", "late", "long", "transplant", "crs_open", "untreated"]


def encode(labels: pd.DataFrame) -> pd.DataFrame:
    """Write labels as codes in text, as models and bounds name them.

    Examples
    --------
    >>> from helpers.synthesis.labels import draw_labels
    >>> sorted(encode(draw_labels(np.random.default_rng(1)))["agents"].unique())
    ['both', 'neither', 'rux', 'tcz']
    """
    out = pd.DataFrame({name: np.where(labels[name], "yes", "no") for name in YES_NO}, index=labels.index)
    out["marrow"] = labels["blast"].map({"lt5": "few", "na": "unknown"}).fillna("many")
    out["agents"] = np.select(
        [labels["tcz"] & labels["rux"], labels["tcz"], labels["rux"]], ["both", "tcz", "rux"], "neither"
    )
    for name in ("gc", "target", "status", "response"):
        out[name] = labels[name]
    for name in ("crs", "icans"):
        out[name] = labels[name].astype(int).astype(str)
    return out


def strata(labels: pd.DataFrame, names: Sequence[str], excluded: pd.Series | None = None) -> np.ndarray:
    """Number the strata of some labels (``given``: any GC); -1 for excluded patients, who do not move.

    Examples
    --------
    >>> strata(pd.DataFrame({"response": ["CR", "NR", "CR"]}), ["response"]).tolist()
    [0, 1, 0]
    """
    columns = labels.assign(given=labels["gc"] != "none") if "given" in names else labels
    numbers = columns.groupby(list(names)).ngroup().to_numpy() if names else np.zeros(len(labels), int)
    return numbers if excluded is None else np.where(excluded, -1, numbers)


def take_over(
    labels: pd.DataFrame, codes: pd.DataFrame, name: str, stratum: np.ndarray, block: Sequence[str], rng
) -> None:
    """Bring one searched label back into *labels*, in place; what belongs to it (*block*) goes with it.

    Within a stratum as many have each code as before: whoever got a code takes the block of somebody who lost it.
    """
    before, after = encode(labels)[name].to_numpy(), codes[name].to_numpy()
    old = labels[list(block)].copy()
    for s in np.unique(stratum[stratum >= 0]):
        for code in np.unique(after[stratum == s]):
            gains = np.flatnonzero((stratum == s) & (after == code) & (before != code))
            loses = np.flatnonzero((stratum == s) & (after != code) & (before == code))
            loses = rng.permutation(loses)
            for column in block:
                labels.iloc[gains, labels.columns.get_loc(column)] = old[column].to_numpy()[loses]


def settle_marrow(labels: pd.DataFrame, codes: pd.DataFrame, redraw, rng) -> None:
    """Draw relapse sites, blasts and MRD anew for the searched marrow classes, in place."""
    redraw(labels, rng, (codes["marrow"] == "few").to_numpy(), (codes["marrow"] == "unknown").to_numpy())


def write_state(path: str | Path, labels: pd.DataFrame, fates: pd.DataFrame) -> Path:
    """Write labels and fates side by side as CSV."""
    return write_csv(path, pd.concat([labels, fates[FATES]], axis=1).assign(synthetic=True), index=True)


def read_state(path: str | Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read labels and fates back; a round trip is exact."""
    frame = pd.read_csv(path, index_col=0, keep_default_na=False, dtype=str)
    whole = {"True": True, "False": False}
    fates = pd.DataFrame(index=frame.index)
    for name in FATES:
        column = frame.pop(name)
        fates[name] = (
            column.mask(column == "").astype("string") if name == "cause" else pd.to_numeric(column).astype(float)
        )
    frame = frame.drop(columns="synthetic")
    for name in frame:
        if set(frame[name]) <= set(whole):
            frame[name] = frame[name].map(whole).astype(bool)
        elif name in ("crs", "icans"):
            frame[name] = frame[name].astype(int)
    return frame, fates
