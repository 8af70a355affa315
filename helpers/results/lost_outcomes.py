"""Those lost, had they fared otherwise: the comparison over a grid of delta, and where it tips."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers.estimate.delta_adjustment import delta_adjusted
from helpers.problems import NotAvailable
from helpers.results.contrast import contrast, contrast_outcome
from helpers.results.lost import lost_early

if TYPE_CHECKING:
    from helpers.cohort.derive import Analysis

DELTAS = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, np.inf)
WORDS = {0.0: "stayed free of the event", 1.0: "as those who stayed", np.inf: "failed when they left"}
WHO = {"reference": "those lost of the reference", "chosen": "those lost of the other group", "both": "all those lost"}


def lost_frame(analysis: Analysis) -> pd.DataFrame:
    """Lay out the contrast as :func:`delta_adjusted` takes it: time, event, group, lost, limit.

    Raises
    ------
    NotAvailable
        If the cohort has no data cut-off: nobody knows how long the lost would have been followed.
    """
    rows = contrast_outcome(analysis)
    if "cutoff_day" not in analysis.frame:
        raise NotAvailable(f"cohort {analysis.cohort.name} has no column cutoff_day in table patients")
    limit = analysis.frame.loc[rows.index, "cutoff_day"].astype(float)
    gone = lost_early(analysis, analysis.parameters.endpoint)[rows.index] & limit.notna()
    return rows.assign(lost=gone, limit=limit.fillna(rows["time"]))


def delta_curve(analysis: Analysis, who: str = "reference", deltas: tuple[float, ...] = DELTAS) -> pd.DataFrame:
    """Multiply the hazard of those lost by each delta.

    Parameters
    ----------
    analysis : Analysis
    who : {"reference", "chosen", "both"}
        Whose lost; those of the other groups fare as who stayed there (delta 1).

    Returns
    -------
    DataFrame
        who, delta, meaning, n, events (with those given), hr, ci_low, ci_high, p of the group asked about against the reference.
    """
    frame, of = lost_frame(analysis), contrast(analysis)
    names = {"reference": [of.reference], "chosen": [of.chosen], "both": list(of.labels)}[who]
    used, rows = analysis.parameters, []
    for delta in deltas:
        rng = np.random.default_rng(used.seed)
        table = delta_adjusted(frame, dict.fromkeys(names, delta), of.labels, rng, imputations=analysis.parameters.imputations, ties=used.ties,
                               alpha=used.alpha)  # fmt: skip
        row = table[table["group"] == of.chosen].iloc[0].drop("group").to_dict()
        rows.append(
            {"who": WHO[who], "delta": delta, "meaning": WORDS.get(delta, f"{delta:g} times the hazard"), **row}
        )
    return pd.DataFrame(rows)


def tipping_deltas(curve: pd.DataFrame, alpha: float) -> str:
    """Say between which deltas the verdict of the test changes, if it does.

    Examples
    --------
    >>> tipping_deltas(pd.DataFrame({"delta": [0.0, 0.5, 1.0], "p": [0.2, 0.06, 0.03]}), 0.05)
    'p crosses 0.05 between delta 0.5 and 1'
    """
    significant = (curve["p"] < alpha).to_numpy()
    changes = np.flatnonzero(significant[1:] != significant[:-1])
    delta = curve["delta"].to_numpy()
    if not len(changes):
        return f"p stays {'below' if significant[0] else 'above'} {alpha:g} whatever delta"
    named = ["∞" if np.isinf(one) else f"{one:g}" for one in delta]
    return "; ".join(f"p crosses {alpha:g} between delta {named[k]} and {named[k + 1]}" for k in changes)
