"""Multiple imputation by chained equations for the covariates of a Cox model, and Rubin's rules.

The outcome takes part in every imputation model, as White and Royston 2009 advise: the event flag and the Nelson-Aalen
estimate of the cumulative hazard at the patient's own time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit
from scipy.stats import t as student

from helpers.estimate.arrays import as_floats, exponential, known_durations
from helpers.estimate.cox import Cox, cox
from helpers.estimate.partial_likelihood import Ties

DONORS = 5
AT_ONCE = 200_000  # distances that are in memory


@dataclass(frozen=True)
class Pooled:
    """A Cox model pooled over completed data sets.

    Parameters
    ----------
    table : DataFrame
        One row per coefficient: covariate, level, reference, coef, se, df, hr, ci_low, ci_high, p, fmi (fraction of
        missing information), riv (relative increase in variance), mcse (Monte Carlo error of coef), reason.
    n, events, m : int
        Patients, events, completed data sets.
    missing : Series
        Imputed values per covariate.
    models : tuple of Cox
    """

    table: pd.DataFrame
    n: int
    events: int
    m: int
    missing: pd.Series
    models: tuple[Cox, ...] = field(repr=False)


def nelson_aalen(time: ArrayLike, event: ArrayLike) -> NDArray[np.float64]:
    """Return each patient's cumulative hazard at their own time.

    Notes
    -----
    d / n at each event time. Agrees with R's ``basehaz(coxph(Surv(time, event) ~ 1, ties = "breslow"))``, from which
    mice takes it.

    Examples
    --------
    >>> nelson_aalen([1, 2, 3], [1, 0, 1]).round(3)
    array([0.333, 0.333, 1.333])
    """
    times, events = known_durations(time, event)
    steps, deaths = np.unique(times[events], return_counts=True)
    at_risk = len(times) - np.searchsorted(np.sort(times), steps, side="left")
    hazard = np.concatenate([[0.0], np.cumsum(deaths / at_risk)])
    return hazard[np.searchsorted(steps, times, side="right")]


def completed_frames(
    frame: pd.DataFrame,
    covariates: Sequence[str],
    time: str,
    event: str,
    *,
    m: int = 20,
    rng: np.random.Generator,
    iterations: int = 10,
) -> list[pd.DataFrame]:
    """Complete the covariates ``m`` times by chained equations.

    Parameters
    ----------
    frame : DataFrame
        One row per patient, ``time`` and ``event`` without gaps. Covariates are numbers, booleans or categories.
    m : int
        Completed data sets: as many as bring the Monte Carlo error of each coefficient (``mcse``) to about a tenth of its
        standard error (White, Royston and Wood 2011).
    rng : numpy Generator
        The same generator gives the same data sets.
    iterations : int
        Rounds over the incomplete covariates before each data set is taken.

    Returns
    -------
    list of m DataFrames
        Like ``frame``, without gaps in ``covariates``.

    Raises
    ------
    ValueError
        If time or event is missing, or a covariate has no value at all.

    Notes
    -----
    Numbers by predictive mean matching (5 donors), yes/no by Bayesian logistic regression with augmented data against
    perfect prediction (White, Daniel and Royston 2010), categories by matching on their latent scores. Rows keep their
    order; within a data set the covariate with the fewest gaps goes first.

    Examples
    --------
    >>> frame = pd.DataFrame({"t": [5, 8, 3, 9, 12, 4], "d": [1, 0, 1, 1, 0, 1], "age": [3, 9, 4, None, 8, 2]})
    >>> done = completed_frames(frame, ["age"], "t", "d", m=2, rng=np.random.default_rng(1))
    >>> [bool(one["age"].notna().all()) for one in done]
    [True, True]
    """
    if frame[[time, event]].isna().to_numpy().any():
        raise ValueError("the outcome must be known for every patient whose covariates are imputed")
    gaps = frame[list(covariates)].isna()
    empty = [name for name in covariates if gaps[name].all()]
    if empty:
        raise ValueError(f"no value to learn from in {', '.join(empty)}")
    order = [name for name in gaps.sum().sort_values(kind="stable").index if gaps[name].any()]
    outcome = np.column_stack([as_floats(frame[event]), nelson_aalen(frame[time], frame[event])])
    return [_complete(frame, list(covariates), order, gaps, outcome, rng, iterations) for _ in range(m)]


def pooled_estimate(
    estimates: ArrayLike, variances: ArrayLike, *, df_complete: float = np.inf, alpha: float = 0.05
) -> dict[str, float]:
    """Pool one coefficient over completed data sets by Rubin's rules.

    Parameters
    ----------
    estimates, variances : array-like of shape (m,)
        On a scale where the estimate is about normal (log hazard ratio); squared standard errors.
    df_complete : float
        Residual degrees of freedom had nothing been missing.

    Returns
    -------
    dict
        estimate, within, between, total (variances), se, df (Barnard and Rubin 1999), low, high, p, mcse (Monte Carlo
        error: the standard deviation of the pooled estimate were the data completed anew, sqrt(between / m)), riv, fmi.

    Notes
    -----
    Agrees with ``mice::pool.scalar(estimates, variances, n = df_complete + 1, k = 1)``.

    Examples
    --------
    >>> found = pooled_estimate([1.0, 1.2, 0.8], [0.04, 0.04, 0.04], df_complete=40)
    >>> round(found["se"], 4), round(found["df"], 2)
    (0.3055, 4.46)
    """
    found, spread = as_floats(estimates), as_floats(variances)
    m = len(found)
    if m < 2 or len(spread) != m:
        raise ValueError("pooling needs at least two estimates, each with its variance")
    within, between = float(spread.mean()), float(found.var(ddof=1))
    total = within + (1 + 1 / m) * between
    share = (1 + 1 / m) * between / total
    df = _barnard_rubin(share, m, df_complete)
    riv = (1 + 1 / m) * between / within
    estimate, se = float(found.mean()), float(np.sqrt(total))
    reach = float(student.ppf(1 - alpha / 2, df)) * se
    return {
        "estimate": estimate,
        "within": within,
        "between": between,
        "total": total,
        "se": se,
        "df": df,
        "low": estimate - reach,
        "high": estimate + reach,
        "p": float(2 * student.sf(abs(estimate) / se, df)),
        "mcse": float(np.sqrt(between / m)),
        "riv": riv,
        "fmi": (riv + 2 / (df + 3)) / (riv + 1),
    }


def _barnard_rubin(share: float, m: int, df_complete: float) -> float:
    """Degrees of freedom; a share of missing information below 1 in 10 000 counts as that, as in mice."""
    share = max(share, 1e-4)
    old = (m - 1) / share**2
    if np.isinf(df_complete):
        return float(old)
    observed = (df_complete + 1) / (df_complete + 3) * df_complete * (1 - share)
    return float(old * observed / (old + observed))


def cox_imputed(
    frame: pd.DataFrame,
    covariates: Sequence[str],
    time: str,
    event: str,
    *,
    m: int = 20,
    rng: np.random.Generator,
    ties: Ties = "efron",
    references: Mapping[str, object] | None = None,
    alpha: float = 0.05,
    iterations: int = 10,
    auxiliary: Sequence[str] = (),
) -> Pooled:
    """Fit a Cox model to ``m`` completed data sets and pool it.

    Parameters
    ----------
    auxiliary : sequence of str
        Further columns that help to impute and stay out of the model.

    Notes
    -----
    Degrees of freedom of the complete data are events minus coefficients, as mice takes them for ``coxph``.

    Examples
    --------
    >>> frame = pd.DataFrame({"t": [5, 8, 3, 9, 12, 4], "d": [1, 0, 1, 1, 0, 1], "age": [3, 9, 4, None, 8, 2]})
    >>> pooled = cox_imputed(frame, ["age"], "t", "d", m=3, rng=np.random.default_rng(1))
    >>> pooled.n, pooled.m, int(pooled.missing["age"])
    (6, 3, 1)
    """
    known = frame.dropna(subset=[time, event])
    completed = completed_frames(known, [*covariates, *auxiliary], time, event, m=m, rng=rng, iterations=iterations)
    options = {"ties": ties, "references": references}
    models = tuple(cox(one, covariates, time, event, **options) for one in completed)
    first = models[0]
    coefficients = np.array([model.table["coef"] for model in models])
    variances = np.array([model.table["se"] ** 2 for model in models])
    df_complete = max(first.events - coefficients.shape[1], 1)
    rows = [
        _pooled_row(models, k, coefficients[:, k], variances[:, k], df_complete, alpha)
        for k in range(coefficients.shape[1])
    ]
    table = pd.concat([first.table[["covariate", "level", "reference"]], pd.DataFrame(rows)], axis=1)
    return Pooled(table, first.n, first.events, m, known[list(covariates)].isna().sum(), models)


def _pooled_row(
    models: tuple[Cox, ...], k: int, estimates: NDArray, variances: NDArray, df_complete: float, alpha: float
) -> dict[str, object]:
    reasons = [reason for model in models if (reason := model.table["reason"].iloc[k])]
    names = ("coef", "se", "df", "hr", "ci_low", "ci_high", "p", "fmi", "riv", "mcse")
    if reasons:
        return dict.fromkeys(names, np.nan) | {"reason": f"in {len(reasons)} of {len(models)} data sets: {reasons[0]}"}
    found = pooled_estimate(estimates, variances, df_complete=df_complete, alpha=alpha)
    ends = exponential(
        [found["estimate"], found["low"], found["high"]]
    )  # few degrees of freedom: a t quantile in the hundreds
    if not np.isfinite(ends).all():
        return dict.fromkeys(names, np.nan) | {"reason": f"no finite interval ({found['df']:.2g} degrees of freedom)"}
    hazard = dict(zip(("hr", "ci_low", "ci_high"), ends, strict=True))
    rest = {name: found[name] for name in ("se", "df", "p", "fmi", "riv", "mcse")}
    row = {"coef": found["estimate"], **rest, **hazard}
    return {name: float(row[name]) for name in names} | {"reason": ""}


def _complete(
    frame: pd.DataFrame,
    covariates: list[str],
    order: list[str],
    gaps: pd.DataFrame,
    outcome: NDArray,
    rng: np.random.Generator,
    iterations: int,
) -> pd.DataFrame:
    """Fill the gaps by random draws from what is seen, then go round the covariates."""
    done = frame.copy()
    for name in order:
        seen = frame.loc[~gaps[name], name]
        done.loc[gaps[name], name] = seen.to_numpy()[rng.integers(len(seen), size=int(gaps[name].sum()))]
    for _ in range(iterations if len(order) > 1 else 1):
        for name in order:
            others = [_numeric(done[other]) for other in covariates if other != name]
            x = np.column_stack([np.ones(len(done)), outcome, *others])
            hole = gaps[name].to_numpy()
            done.loc[hole, name] = _draw(frame.loc[~hole, name], x[~hole], x[hole], rng)
    return done


def _numeric(values: pd.Series) -> NDArray:
    """Columns that stand for a covariate when it predicts another."""
    if pd.api.types.is_bool_dtype(values.dtype) or pd.api.types.is_numeric_dtype(values.dtype):
        return as_floats(values)[:, None]
    return pd.get_dummies(values.astype(object), drop_first=True).to_numpy(float)


def _draw(seen: pd.Series, x: NDArray, x_new: NDArray, rng: np.random.Generator) -> NDArray:
    """Draw values for the gaps of one covariate."""
    x, x_new = _scaled(x, x_new)
    if pd.api.types.is_bool_dtype(seen.dtype):
        return _logistic(seen.to_numpy(float), x, x_new, rng) == 1
    if pd.api.types.is_numeric_dtype(seen.dtype):
        return seen.to_numpy()[_match(as_floats(seen)[:, None], x, x_new, rng)]
    levels = sorted(set(seen)) if not isinstance(seen.dtype, pd.CategoricalDtype) else list(seen.cat.categories)
    if len(set(seen)) == 2:
        low, high = (level for level in levels if (seen == level).any())
        return np.where(_logistic((seen == high).to_numpy(float), x, x_new, rng) == 1, high, low)
    indicators = np.column_stack([(seen == level).to_numpy(float) for level in levels])
    return seen.to_numpy()[_match(indicators, x, x_new, rng)]


def _scaled(x: NDArray, x_new: NDArray) -> tuple[NDArray, NDArray]:
    both = np.vstack([x, x_new])
    mean, spread = both.mean(axis=0), both.std(axis=0)
    moving = spread > 0
    intercepts = [np.ones((len(part), 1)) for part in (x, x_new)]
    scaled = [(part[:, moving] - mean[moving]) / spread[moving] for part in (x, x_new)]
    return tuple(np.hstack(pieces) for pieces in zip(intercepts, scaled, strict=True))


def _match(y: NDArray, x: NDArray, x_new: NDArray, rng: np.random.Generator) -> NDArray[np.int64]:
    """Predictive mean matching: rows of the seen whose prediction is among the nearest to a drawn prediction."""
    cross = x.T @ x
    inverse = np.linalg.inv(cross + 1e-5 * np.diag(np.diag(cross)))
    beta = inverse @ x.T @ y
    residual = y - x @ beta
    sigma = np.sqrt((residual**2).sum(axis=0) / rng.chisquare(max(len(y) - x.shape[1], 1)))
    noise = np.linalg.cholesky(inverse) @ rng.standard_normal(beta.shape)
    nearest = _nearest(x_new @ (beta + noise * sigma), x @ beta, min(DONORS, len(y)))
    return nearest[np.arange(len(x_new)), rng.integers(nearest.shape[1], size=len(x_new))]


def _nearest(wanted: NDArray, seen: NDArray, donors: int) -> NDArray[np.int64]:
    """Return the rows of *seen* nearest to each row of *wanted*, the nearest first, of equally near ones the earlier."""
    if wanted.shape[1] == 1:
        return _nearest_number(wanted[:, 0], seen[:, 0], donors)
    step = max(1, AT_ONCE // len(seen))
    parts = []
    for start in range(0, len(wanted), step):  # some at a time: never a table of everybody by everybody
        gaps = np.linalg.norm(wanted[start : start + step, None, :] - seen[None, :, :], axis=2)
        parts.append(np.argsort(gaps, axis=1, kind="stable")[:, :donors].copy())
    return np.concatenate(parts)


def _nearest_number(wanted: NDArray, seen: NDArray, donors: int) -> NDArray[np.int64]:
    """Look for the nearest among the few on either side: some more than *donors*, for those equal but for float noise."""
    n, places = len(seen), np.arange(len(seen))
    rising, falling = np.lexsort((places, seen)), np.lexsort((places, -seen))
    above = np.searchsorted(seen[rising], wanted, side="right")
    ahead = np.arange(min(3 * donors, n))
    sides = []
    for order, first in ((rising, above), (falling, n - above)):
        reach = first[:, None] + ahead
        sides.append(np.where(reach < n, order[np.minimum(reach, n - 1)], -1))
    rows = np.concatenate(sides, axis=1)
    gaps = np.where(rows < 0, np.inf, np.abs(wanted[:, None] - seen[rows]))
    order = np.lexsort((rows, gaps), axis=1)[:, :donors]
    return np.take_along_axis(rows, order, axis=1)


def _logistic(y: NDArray, x: NDArray, x_new: NDArray, rng: np.random.Generator) -> NDArray:
    """Bayesian logistic draw; faint extra patients on either side of each covariate keep it finite."""
    x_all, y_all, weights = _augmented(x, y)
    beta, covariance = _weighted_logistic(x_all, y_all, weights)
    drawn = beta + np.linalg.cholesky(covariance) @ rng.standard_normal(len(beta))
    return (rng.random(len(x_new)) < expit(x_new @ drawn)).astype(float)


def _augmented(x: NDArray, y: NDArray) -> tuple[NDArray, NDArray, NDArray]:
    k = x.shape[1] - 1
    extra = np.zeros((4 * k, k + 1))
    extra[:, 0] = 1
    for j in range(k):
        extra[4 * j : 4 * j + 4, j + 1] = (1, 1, -1, -1)
    weight = np.full(4 * k, (k + 1) / (4 * k) if k else 0)
    return np.vstack([x, extra]), np.append(y, np.tile([0, 1, 0, 1], k)), np.append(np.ones(len(x)), weight)


def _weighted_logistic(x: NDArray, y: NDArray, weights: NDArray) -> tuple[NDArray, NDArray]:
    """Newton's method; the augmented data have a finite maximum."""
    beta = np.zeros(x.shape[1])
    for _ in range(50):
        chance = expit(x @ beta)
        information = (x * (weights * chance * (1 - chance))[:, None]).T @ x + 1e-8 * np.eye(len(beta))
        step = np.linalg.solve(information, x.T @ (weights * (y - chance)))
        beta = beta + step
        if np.abs(step).max() < 1e-10:
            break
    return beta, np.linalg.inv(information)
