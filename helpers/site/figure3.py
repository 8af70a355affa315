"""Figure 3 as a page to play with: the synthetic patients and what was reckoned before, for ``docs/static/figure3.js``.

The script is plain JavaScript and SVG without a library: curves are lines, ticks and text, which a screen reader can read; the page
stays small and works from the file system. Only synthetic patients are ever written into a page.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import chi2

from helpers.calibration.ensemble import load_ensemble
from helpers.cohort.derive import Analysis, analyse
from helpers.problems import NotAvailable
from helpers.results.curves import ENDPOINTS, columns
from helpers.results.populations import population, yes

MEMBERS, SHUFFLES, FEWEST = 4, 2000, 10
SEED = 20250829


def figure3_page(analysis: Analysis, members: int = MEMBERS) -> str:
    """Write the page in Markdown.

    Raises
    ------
    NotAvailable
        If the cohort is not synthetic: no row of a real patient goes into a page.
    """
    others = (analyse(cohort, analysis.parameters) for cohort in islice(load_ensemble(first=members), members))
    data = json.dumps(payload(analysis, list(others)), separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
    return f"""# Figure 3, to play with

The same **synthetic** children as in [05 Kaplan–Meier](05_kaplan_meier.ipynb): those with CRS or ICANS, by their cumulative dose of glucocorticoids. Switch the endpoint, say what became of those lost, move the cut, start the clock later, take another cohort with the same published numbers, or deal the outcomes anew. Everything is computed in this page and agrees with the results registry. The address holds the state, so a link shows what you see.

<div id="figure3"></div>
<noscript>This figure is computed by JavaScript, which is switched off here.</noscript>
<script type="application/json" id="figure3-data">{data}</script>
<script src="_static/figure3.js" defer></script>
"""


def payload(analysis: Analysis, others: Sequence[Analysis] = (), shuffles: int = SHUFFLES) -> dict[str, Any]:
    """Lay out what the page needs.

    Returns
    -------
    dict
        cut, most (largest dose), cohorts (name, rows: id, dose in mg/kg, then days and event of OS, PFS and EFS, day of the data
        cut-off), shuffled (by endpoint, see :func:`shuffled_cuts`).

    Raises
    ------
    NotAvailable
        If a cohort is not synthetic.
    """
    for one in (analysis, *others):
        if not one.cohort.synthetic:
            raise NotAvailable("rows of patients go into a page only if they are synthetic")
    frame = concerned(analysis)
    return {
        "cut": float(analysis.gc_cutoff),
        "most": float(frame["gc_dose_mg_per_kg"].max()),
        "cohorts": [
            {
                "name": "the default" if one is analysis else f"{one.cohort.name}, same published numbers",
                "rows": rows(one),
            }
            for one in (analysis, *others)
        ],
        "shuffled": {endpoint: shuffled_cuts(frame, endpoint, shuffles) for endpoint in ENDPOINTS},
    }


def concerned(analysis: Analysis) -> pd.DataFrame:
    """Take those with CRS or ICANS and a known dose and follow-up."""
    frame = analysis.frame[population(analysis, "toxicity")]
    needed = ["gc_dose_mg_per_kg", *(name for endpoint in ENDPOINTS for name in columns(endpoint))]
    return frame.dropna(subset=needed)


def rows(analysis: Analysis) -> list[list[Any]]:
    """Lay out patients for the page."""
    frame = concerned(analysis)
    cut = frame["cutoff_day"].fillna(1e6) if "cutoff_day" in frame else pd.Series(1e6, index=frame.index)
    parts: list[Iterable[Any]] = [frame.index.astype(str), frame["gc_dose_mg_per_kg"].astype(float)]
    for endpoint in ENDPOINTS_IN_ROWS:
        time, event = columns(endpoint)
        parts += [frame[time].astype(float), yes(frame[event]).astype(int)]
    return [list(row) for row in zip(*parts, cut.astype(float), strict=True)]


ENDPOINTS_IN_ROWS = ("OS", "PFS", "EFS")  # as the script expects them


def shuffled_cuts(frame: pd.DataFrame, endpoint: str, shuffles: int, seed: int = SEED) -> dict[str, Any]:
    """Compare low dose with none by log-rank at every cut, and with the doses of the treated shuffled.

    Parameters
    ----------
    frame : DataFrame
        From :func:`concerned`.
    endpoint : str
    shuffles, seed : int

    Returns
    -------
    dict
        cuts (observed doses with at least ten children at or below), low and median (5th and 50th percentile of the shuffled p at
        each cut), corrected (share of the shuffles whose least p is at most the least observed, the observed one counted too;
        Westfall and Young 1993), treated, shuffles, fewest.
    """
    time, event = (frame[name].to_numpy(float) for name in columns(endpoint))
    dose = frame["gc_dose_mg_per_kg"].to_numpy(float)
    treated = dose > 0
    given = np.sort(dose[treated])
    cuts = np.unique(given)
    sizes = np.searchsorted(given, cuts + 1e-9, side="right")
    cuts, sizes = cuts[sizes >= FEWEST], sizes[sizes >= FEWEST]
    if not len(cuts) or treated.all():
        return {
            "cuts": [],
            "low": [],
            "median": [],
            "corrected": 1.0,
            "treated": int(treated.sum()),
            "shuffles": shuffles,
            "fewest": FEWEST,
        }
    rng = np.random.default_rng(seed)
    own = np.argsort(dose[treated], kind="stable")
    orders = np.vstack([own, *(rng.permutation(treated.sum()) for _ in range(shuffles))])
    p = logrank_at_sizes(time, event, treated, orders, sizes)
    observed, shuffled = p[0], p[1:]
    least = np.nanmin(observed)
    corrected = (1 + (np.nanmin(shuffled, axis=1) <= least * (1 + 1e-12)).sum()) / (1 + shuffles)
    low, median = np.nanpercentile(shuffled, [5, 50], axis=0)
    return {
        "cuts": cuts.tolist(), "low": low.round(5).tolist(), "median": median.round(5).tolist(), "corrected": float(corrected),
        "treated": int(treated.sum()), "shuffles": shuffles, "fewest": FEWEST,
    }  # fmt: skip


def logrank_at_sizes(
    time: np.ndarray, event: np.ndarray, treated: np.ndarray, orders: np.ndarray, sizes: np.ndarray
) -> np.ndarray:
    """Compare the first so many of the treated with all untreated by log-rank, for each order and each size.

    Parameters
    ----------
    time, event, treated : ndarray, shape (patients,)
    orders : ndarray of int, shape (orders, number treated)
        Places among the treated.
    sizes : ndarray of int, shape (sizes,)

    Returns
    -------
    ndarray, shape (orders, sizes)
        p-values.

    Examples
    --------
    >>> time, event, treated = np.array([1.0, 2, 3, 4]), np.ones(4), np.array([False, True, False, True])
    >>> logrank_at_sizes(time, event, treated, np.array([[0, 1]]), np.array([2])).round(4)
    array([[0.4328]])
    """
    moments = np.unique(time[event == 1])
    risk = (time[:, None] >= moments).astype(float)
    died = ((time[:, None] == moments) & (event[:, None] == 1)).astype(float)
    risk_0, died_0 = risk[~treated].sum(axis=0), died[~treated].sum(axis=0)
    found = np.empty((len(orders), len(sizes)))
    for place, order in enumerate(orders):
        n_1 = np.cumsum(risk[treated][order], axis=0)[sizes - 1]
        d_1 = np.cumsum(died[treated][order], axis=0)[sizes - 1]
        n, d = n_1 + risk_0, d_1 + died_0
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(n > 0, n_1 / n, 0)
            variance = np.where(n > 1, d * share * (1 - share) * (n - d) / (n - 1), 0).sum(axis=1)
            score = (d_1 - d * share).sum(axis=1)
            found[place] = chi2.sf(score**2 / variance, 1)
    return found
