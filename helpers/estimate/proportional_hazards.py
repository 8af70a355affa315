"""Does a hazard ratio hold over time? The score test of R's ``cox.zph``, by covariate and for the whole model.

lifelines' test of the same name is an approximation that R gave up (chi-square of age beside sex and ph.ecog in
``lung``: .029 against .188).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import chi2, rankdata

from helpers.estimate.cox import Cox
from helpers.estimate.kaplan_meier import survival_curve

Transform = Literal["km", "rank", "identity", "log"]
TOLD = 1e-9  # share of a term's own information that must be left of it beside the others


def proportional_hazards_test(model: Cox, transform: Transform = "km") -> pd.DataFrame:
    """Test that each covariate's hazard ratio is constant over time.

    Parameters
    ----------
    model : Cox
        As fitted by :func:`helpers.estimate.cox.cox`. Constant or aliased coefficients take no part; beside one that
        runs away, or where the events fall on too few days, there is no test, and the statistics are NaN.
    transform : {"km", "rank", "identity", "log"}
        Function of time that the log hazard ratio may follow.

    Returns
    -------
    DataFrame
        covariate, statistic (chi-square), df, p; the last row, "GLOBAL", is the whole model.

    Notes
    -----
    Score test of adding covariate x g(time); a categorical covariate is tested as a whole. Grambsch and Therneau 1994,
    in the exact form of R's survival 3: agrees with ``cox.zph(fit, transform)``.

    Examples
    --------
    >>> from helpers.estimate.cox import cox
    >>> frame = pd.DataFrame({"t": [5, 8, 3, 9, 12, 4], "d": [1, 0, 1, 1, 0, 1], "age": [3, 9, 4, 7, 8, 2]})
    >>> proportional_hazards_test(cox(frame, ["age"], "t", "d"))["covariate"].tolist()
    ['age', 'GLOBAL']
    """
    names, laid = list(model.covariance), model.design
    owners = laid.terms.set_index(laid.x.columns).loc[names, "covariate"].to_numpy()
    rows = []
    if model.table["reason"].str.startswith("monotone").any():
        rows = [(label, np.nan, (owners == label).sum() or len(names)) for label in [*dict.fromkeys(owners), "GLOBAL"]]
    elif names:
        beta = model.table.set_index(laid.x.columns).loc[names, "coef"].to_numpy()
        score, information = _score(laid.x[names].to_numpy(), laid.time, laid.event, beta, model.ties, transform)
        for label in [*dict.fromkeys(owners), "GLOBAL"]:
            inside = np.flatnonzero((owners == label) | (label == "GLOBAL"))
            rows.append((label, *_chi_square(score, information, inside)))
    table = pd.DataFrame(rows, columns=["covariate", "statistic", "df"])
    return table.assign(p=chi2.sf(table["statistic"].astype(float), table["df"]))


def _chi_square(score: NDArray, information: NDArray, inside: NDArray) -> tuple[float, int]:
    """Score test of the added terms in *inside*, the model's own coefficients being free; NaN if the data cannot tell them.

    They cannot where all events fall on one day, or a term follows from the others.
    """
    k = len(score)
    own, added = np.arange(k), k + inside
    free = information[np.ix_(own, own)]
    cross = information[np.ix_(own, added)]
    left = information[np.ix_(added, added)] - cross.T @ np.linalg.solve(free, cross)
    size = np.sqrt(np.diag(information)[added])
    if not (size > 0).all() or np.linalg.eigvalsh(left / np.outer(size, size)).min() < TOLD:
        return np.nan, len(inside)
    return float(score[inside] @ np.linalg.solve(left, score[inside])), len(inside)


def _score(
    x: NDArray, time: NDArray, event: NDArray, beta: NDArray, ties: str, transform: str
) -> tuple[NDArray, NDArray]:
    """Score of the added terms, and the information of own and added terms together."""
    x = x - x.mean(axis=0)
    risk = np.exp(x @ beta)
    moments = _moments(x, risk)
    moving, k = _transformed(time, event, transform), len(beta)
    days, falling = moving.index.to_numpy(), np.argsort(-time, kind="stable")
    there = np.cumsum(moments[falling], axis=0)[np.searchsorted(-time[falling], -days, side="right") - 1]
    place = np.searchsorted(days, time[event])
    deaths = np.bincount(place, minlength=len(days))
    dying = np.zeros_like(there)
    np.add.at(dying, place, moments[event])
    day = np.repeat(np.arange(len(days)), deaths)  # a term of the likelihood for each death
    gone = (
        (np.arange(len(day)) - (np.cumsum(deaths) - deaths)[day]) / deaths[day]
        if ties == "efron"
        else np.zeros(len(day))
    )
    total = there[day] - gone[:, None] * dying[day]
    mean = total[:, 1 : k + 1] / total[:, :1]
    variance = total[:, k + 1 :].reshape(-1, k, k) / total[:, 0, None, None] - mean[:, :, None] * mean[:, None, :]
    g = moving.to_numpy()
    score = g[place] @ x[event] - g[day] @ mean
    parts = [np.einsum("e,eij->ij", g[day] ** power, variance) for power in (0, 1, 2)]
    return score, np.block([[parts[0], parts[1]], [parts[1], parts[2]]])


def _moments(x: NDArray, risk: NDArray) -> NDArray:
    squares = (x[:, :, None] * x[:, None, :]).reshape(len(x), -1)
    return risk[:, None] * np.column_stack([np.ones(len(x)), x, squares])


def _transformed(time: NDArray, event: NDArray, transform: str) -> pd.Series:
    """g at each distinct event time, centred on its mean over the events."""
    if transform == "km":
        steps = survival_curve(time, event)
        before = 1 - steps["survival"].shift(1, fill_value=1.0).to_numpy()
        values = before[np.searchsorted(steps["time"], time)]
    elif transform == "log" and np.any(time[event] <= 0):
        raise ValueError("the log of time needs events after day 0")
    elif transform in ("rank", "identity", "log"):
        values = {"rank": rankdata, "identity": np.asarray, "log": lambda t: np.log(np.where(t > 0, t, 1))}[transform](
            time
        )
    else:
        raise ValueError("transform must be km, rank, identity or log")
    seen = pd.Series(values[event] - values[event].mean(), index=time[event])
    return seen.groupby(level=0).first()
