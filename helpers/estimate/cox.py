"""Cox regression under one function, with Efron's ties or Breslow's.

Every model comes with its n, events, patients left out, events per variable; a coefficient that has no finite
estimate carries a reason instead of a number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import chi2, norm

from helpers.estimate.arrays import exponential
from helpers.estimate.design import Design, cox_design
from helpers.estimate.kaplan_meier import Estimate
from helpers.estimate.noise import TYPED
from helpers.estimate.partial_likelihood import Fit, Ties, fit_not_found, maximise
from helpers.estimate.separation import runaway_coefficients

COLUMNS = [
    "covariate",
    "level",
    "reference",
    "n",
    "events",
    "coef",
    "se",
    "z",
    "hr",
    "ci_low",
    "ci_high",
    "p",
    "reason",
]
TOLERANCE = 1e-4  # share of a covariate's variance that the others must leave, as SPSS demands of a regression
EXACT = 1e-18
NARROW = "no finite ratio per unit: its values lie too close together"
PATIENCE = 500  # steps of a search that has a maximum far out
FAR = 700.0  # log hazard ratio beyond which nothing is looked for


@dataclass(frozen=True)
class Cox:
    """A fitted Cox model.

    Parameters
    ----------
    table : DataFrame
        One row per coefficient: covariate, level, reference, n and events with that level, coef, se, z, hr, ci_low,
        ci_high, p, reason (why there is no number, or empty).
    n, events, missing : int
        Patients in the model, their events, patients left out for a missing value.
    loglik, loglik_null : float
        Log partial likelihood at the estimate and at zero.
    lr_statistic, lr_df, lr_p : float
        Likelihood-ratio test of all coefficients.
    events_per_variable : float
        Events per coefficient.
    ties : str
    covariance : DataFrame
        Of the finite coefficients.
    design : Design
        The complete cases behind it.
    scores : ndarray of shape (n,)
        Log hazard of each complete case, up to a constant.
    """

    table: pd.DataFrame
    n: int
    events: int
    missing: int
    loglik: float
    loglik_null: float
    lr_statistic: float
    lr_df: int
    lr_p: float
    events_per_variable: float
    ties: str
    covariance: pd.DataFrame = field(repr=False)
    design: Design = field(repr=False)
    scores: NDArray[np.float64] = field(repr=False)

    @cached_property
    def concordance(self) -> float:
        """Return Harrell's C of the model's own scores."""
        return harrell_concordance(self.scores, self.design.time, self.design.event)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Return the distinct reasons for coefficients without a number."""
        return tuple(dict.fromkeys(reason for reason in self.table["reason"] if reason))


def cox(
    frame: pd.DataFrame,
    covariates: Sequence[str],
    time: str,
    event: str,
    *,
    ties: Ties = "efron",
    references: Mapping[str, object] | None = None,
    alpha: float = 0.05,
) -> Cox:
    """Fit a Cox proportional-hazards model to the complete cases.

    Parameters
    ----------
    frame : DataFrame
        One row per patient.
    covariates : sequence of str
        Columns: numbers as they are, booleans as yes against no, categories against their reference.
    time, event : str
        Columns of days and of whether the event was seen.
    ties : {"efron", "breslow"}
        Efron is R's default, Breslow SPSS's.
    references : mapping, optional
        Reference level per categorical covariate; by default the first declared category. Text needs one.
    alpha : float
        Wald limits cover 1 - alpha.

    Raises
    ------
    KeyError, ValueError
        As :func:`helpers.estimate.design.cox_design`, or for an unknown way of handling ties.

    Notes
    -----
    Agrees with R's ``coxph(Surv(time, event) ~ ..., ties = ties)``. A level without events, or any combination that
    separates, has no finite hazard ratio (:func:`helpers.estimate.separation.runaway_coefficients`): its row says so.

    Examples
    --------
    >>> frame = pd.DataFrame({"t": [5, 8, 3, 9, 12, 4], "d": [1, 0, 1, 1, 0, 1], "old": [1, 1, 0, 0, 0, 1]})
    >>> model = cox(frame.astype({"old": bool}), ["old"], "t", "d")
    >>> model.table[["covariate", "level", "reference", "hr", "p"]].round(3)
      covariate level reference     hr      p
    0       old   yes        no  1.758  0.646
    >>> model.n, model.events, model.missing, model.events_per_variable
    (6, 4, 0, 4.0)
    """
    if ties not in ("efron", "breslow"):
        raise ValueError("ties must be efron or breslow")
    return fit_design(cox_design(frame, covariates, time, event, references), ties=ties, alpha=alpha)


def fit_design(laid: Design, *, ties: Ties = "efron", alpha: float = 0.05) -> Cox:
    """Fit a Cox model to a design already laid out."""
    reasons = _reasons_before(laid)
    free = [name for name in laid.x if not reasons[name]]
    x = laid.x[free].to_numpy()
    found = maximise(x, laid.time, laid.event, ties=ties) if free else fit_not_found(0)
    strata = None
    if free and not found.converged:
        signs, strata = runaway_coefficients(x, laid.time, laid.event)
        if not signs.any():
            found = maximise(x, laid.time, laid.event, ties=ties, steps=PATIENCE)
        reasons.update(_reasons_after(laid, free, found, signs))
    finite = [name for name in free if not reasons[name]]
    scores, top = x @ found.beta, found
    if finite != free:
        found = _at_limit(laid, finite, free, ties, strata)
    statistic = 2 * (top.loglik - top.null)
    return Cox(
        table=_table(laid, finite, found, reasons, alpha),
        n=len(laid.x),
        events=int(laid.event.sum()),
        missing=laid.missing,
        loglik=top.loglik,
        loglik_null=top.null,
        lr_statistic=statistic,
        lr_df=len(free),
        lr_p=float(chi2.sf(statistic, len(free))) if free else np.nan,
        events_per_variable=float(laid.event.sum() / len(free)) if free else np.nan,
        ties=ties,
        covariance=pd.DataFrame(found.covariance, finite, finite),
        design=laid,
        scores=scores if free else np.full(len(laid.x), np.nan),
    )


def profile_interval(model: Cox, coefficient: str | None = None, *, alpha: float = 0.05) -> Estimate:
    """Return a hazard ratio with the limits at which the likelihood-ratio test would just reject, the rest re-estimated.

    Parameters
    ----------
    model : Cox
    coefficient : str, optional
        Name as in ``model.design.x``: the covariate, or ``covariate: level``; by default the only one.
    alpha : float
        Limits cover 1 - alpha.

    Returns
    -------
    Estimate
        value, low, high (hazard ratios) and se (of the log hazard ratio). Where the ratio runs away it is infinite or 0,
        and the limit on the other side still stands.

    Raises
    ------
    KeyError
        If the model has no such coefficient.
    ValueError
        If none is named of several, or the coefficient cannot be estimated for another reason than running away.

    Notes
    -----
    Root of 2 (top - profile) = chi-square quantile on either side, by Brent's method (Venzon and Moolgavkar 1988).

    Examples
    --------
    >>> frame = pd.DataFrame({"t": [5, 8, 3, 9, 12, 4], "d": [1, 0, 1, 1, 0, 1], "old": [1, 1, 0, 0, 0, 1]})
    >>> [round(end, 4) for end in profile_interval(cox(frame, ["old"], "t", "d"))[:3]]
    [1.7583, 0.1669, 38.0062]
    """
    names = list(model.design.x)
    name = names[0] if coefficient is None and len(names) == 1 else coefficient
    if name is None:
        raise ValueError(f"name one of {', '.join(names)}")
    if name not in names:
        raise KeyError(f"no coefficient {name}")
    row = model.table.iloc[names.index(name)]
    if row["reason"] and not row["reason"].startswith("monotone"):
        raise ValueError(f"{name}: {row['reason']}")
    start = row["coef"] if not row["reason"] else (-np.inf if "towards 0" in row["reason"] else np.inf)
    ends = [_profile_end(model, name, start, sign, chi2.ppf(1 - alpha, 1) / 2) for sign in (-1, 1)]
    return Estimate(*np.exp([start, *ends]).tolist(), float(row["se"]))


def _profile_end(model: Cox, name: str, start: float, sign: int, drop: float) -> float:
    """Find where the profile of a coefficient has fallen by *drop* on one side; infinite if it never does."""
    laid = model.design
    own, scale = laid.x[name].to_numpy(), laid.x[name].std(ddof=0)
    others = [other for other, reason in zip(laid.x, model.table["reason"], strict=True)
              if other != name and (not reason or reason.startswith(("monotone", "not determined")))]  # fmt: skip
    rest = laid.x[others].to_numpy()

    def left(beta: float) -> float:
        found = maximise(rest, laid.time, laid.event, ties=model.ties, offset=beta * own)
        return model.loglik - found.loglik - drop

    if np.isinf(start):
        if np.sign(start) == sign:
            return start
        start = np.sign(start) * 20 / scale
    reach = 0.5 / scale
    while left(start + sign * reach) < 0:
        reach *= 2
        if reach * scale > FAR:
            return sign * np.inf
    return float(brentq(left, start, start + sign * reach, xtol=1e-13 / scale, rtol=1e-14))


def harrell_concordance(scores: NDArray[np.float64], time: NDArray[np.float64], event: NDArray[np.bool_]) -> float:
    """Return Harrell's C of a risk score: how often the one who has the event first had the higher score.

    Notes
    -----
    Pairs with equal scores count one half; pairs whose events fall on one day are left out; a censoring on the day
    of an event comes after it. Agrees with R's ``concordance``.

    Examples
    --------
    >>> harrell_concordance(np.array([3.0, 1.0, 2.0]), np.array([1.0, 2.0, 3.0]), np.array([True, True, False]))
    0.6666666666666666
    """
    if np.isnan(scores).any():
        return np.nan
    scores = np.round(scores, 12)
    order = np.lexsort((~event, time))  # the censored of a day after its dead
    time, event, rank = time[order], event[order], np.unique(scores[order], return_inverse=True)[1]
    dying = np.flatnonzero(event)
    days = np.unique(time[event], return_index=True, return_counts=True)
    after = np.repeat(dying[days[1]] + days[2], days[2])  # place of the first who outlives the day
    pairs = int((len(time) - after).sum())
    agreeing = _smaller_from(rank, after, rank[dying]) + _smaller_from(rank, after, rank[dying] + 1)
    return float(agreeing.sum()) / 2 / pairs if pairs else np.nan


def _smaller_from(values: NDArray[np.int64], places: NDArray[np.int64], limits: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count, for each place, the values from there to the end below its limit; values from 0 to below their number.

    What follows a place falls into at most one block of each size 1, 2, 4 ..., and each block is sorted: no table of all pairs.
    """
    levels = max(len(values) - 1, 0).bit_length()
    large = len(values) + 1
    padded = np.full(1 << levels, large - 1)
    padded[: len(values)] = values
    places, counts = places.copy(), np.zeros(len(places), dtype=np.int64)
    for level in range(levels + 1):
        block = np.arange(len(padded)) >> level
        keys = np.sort(block * large + padded)
        inside = ((places >> level) & 1 == 1) | (places == 0) & (level == levels)
        inside &= places < len(padded)
        own = places[inside] >> level
        counts[inside] += np.searchsorted(keys, own * large + limits[inside]) - (own << level)
        places[inside] += 1 << level
    return counts


def with_references(table: pd.DataFrame, laid: Design) -> pd.DataFrame:
    """Return a table of coefficients with a row of hazard ratio 1 for each reference level, first in its covariate.

    Examples
    --------
    >>> frame = pd.DataFrame({"t": [5, 8, 3, 9, 12, 4], "d": [1, 0, 1, 1, 0, 1], "old": [1, 1, 0, 0, 0, 1]})
    >>> model = cox(frame.astype({"old": bool}), ["old"], "t", "d")
    >>> with_references(model.table, model.design)[["level", "n", "events", "hr"]].round(3)
      level  n  events     hr
    0    no  3       2  1.000
    1   yes  3       2  1.758
    """
    lines, seen = [], set()
    for row in table.to_dict("records"):
        name, reference = row["covariate"], row["reference"]
        if reference and name not in seen:
            counts = dict(zip(("n", "events"), _reference_counts(laid, name), strict=True))
            lines.append(
                {
                    "covariate": name,
                    "level": reference,
                    "reference": reference,
                    **counts,
                    "hr": 1.0,
                    "reason": "reference",
                }
            )
        seen.add(name)
        lines.append(row)
    found = pd.DataFrame(lines, columns=table.columns)
    return found if found.dtypes.equals(table.dtypes) else found.astype(table.dtypes.to_dict())


def _reasons_before(laid: Design) -> dict[str, str]:
    """Find the coefficients that cannot be estimated whatever the outcome."""
    reasons = dict.fromkeys(laid.x, "")
    if not laid.event.any():
        return dict.fromkeys(laid.x, "no event among the complete cases")
    x = laid.x.to_numpy()
    ever_at_risk = x[laid.time >= laid.time[laid.event].min()]
    kept: list[int] = []
    for place, name in enumerate(laid.x):
        if _all_the_same(x[:, place]):
            reasons[name] = "the same for all complete cases"
        elif _all_the_same(ever_at_risk[:, place]):
            reasons[name] = "the same for all still at risk when the first event occurred"
        elif (own := _own_share(ever_at_risk[:, kept], ever_at_risk[:, place])) < EXACT:
            reasons[name] = "determined by the covariates before it"
        elif own < TOLERANCE:
            reasons[name] = f"collinear: the covariates before it explain all but {100 * own:.2g}% of its variance"
        else:
            kept.append(place)
    return reasons


def _all_the_same(values: NDArray[np.float64]) -> bool:
    """Tell whether numbers differ by no more than the noise of decimals written in binary."""
    return bool(np.ptp(values) <= TYPED * np.abs(values).max(initial=0))


def _own_share(others: NDArray[np.float64], column: NDArray[np.float64]) -> float:
    """Share of a column's variance that the others leave (the tolerance, 1 / variance inflation)."""
    column = (column - column.mean()) / np.linalg.norm(column - column.mean())
    if not others.shape[1]:
        return 1.0
    centred = others - others.mean(axis=0)
    left = column - (basis := np.linalg.qr(centred / np.linalg.norm(centred, axis=0))[0]) @ (basis.T @ column)
    left = left - basis @ (basis.T @ left)
    return float(left @ left)


def _rank(x: NDArray[np.float64]) -> int:
    centred = x - x.mean(axis=0)
    scale = np.linalg.norm(centred, axis=0)
    return int(np.linalg.matrix_rank(centred / np.where(scale > 0, scale, 1), tol=1e-9))


def _reasons_after(laid: Design, free: list[str], found: Fit, signs: NDArray[np.float64]) -> dict[str, str]:
    """Explain the coefficients that ran away, or that the search did not end."""
    if not found.converged and not signs.any():
        return dict.fromkeys(free, "the model did not converge")
    terms = laid.terms.set_index(laid.x.columns)
    return {name: _why(sign, laid, terms.loc[name]) for name, sign in zip(free, signs, strict=True) if sign != 0}


def _why(sign: float, laid: Design, term: pd.Series) -> str:
    if np.isnan(sign):
        return "not determined once the coefficients that run away are left out"
    way = "without bound" if sign > 0 else "towards 0"
    return f"monotone likelihood: the hazard ratio runs {way} ({_cause(sign, laid, term)})"


def _cause(sign: float, laid: Design, term: pd.Series) -> str:
    name, level, reference = term["covariate"], term["level"], term["reference"]
    if level:
        n, events = _reference_counts(laid, name)
        if sign < 0 and term["events"] == 0:
            return f"no event among the {term['n']} with {name} {level}"
        if sign > 0 and events == 0:
            return f"no event among the {n} with {name} {reference}, the reference"
        if sign > 0 and term["events"] == laid.event.sum():
            return f"no event but among the {term['n']} with {name} {level}"
    beside = "" if laid.x.shape[1] == 1 else "with the covariates beside it "
    return f"{beside}it orders the events perfectly"


def _reference_counts(laid: Design, name: str) -> tuple[int, int]:
    """Count the patients with the reference level of a covariate, and the events among them."""
    inside = (laid.terms["covariate"] == name).to_numpy()
    base = ~laid.x.loc[:, inside].to_numpy().any(axis=1)
    return int(base.sum()), int(laid.event[base].sum())


def _at_limit(laid: Design, finite: list[str], free: list[str], ties: Ties, strata: NDArray[np.int64] | None) -> Fit:
    """Estimate the finite coefficients where the others have run away: stratified by the score that runs.

    A sum of two that run can be finite itself, so those that still vary within strata stay in as a nuisance.
    """
    if not finite or strata is None:
        return fit_not_found(0)
    rows = _telling(laid.time, laid.event, strata)
    inside = laid.x.loc[rows, free] - laid.x.loc[rows, free].groupby(strata[rows]).transform("mean")
    kept = list(finite)
    for name in free:
        if name not in kept and _rank(inside[[*kept, name]].to_numpy()) > len(kept):
            kept.append(name)
    x, k = laid.x.loc[rows, kept].to_numpy(), len(finite)
    found = maximise(x, laid.time[rows], laid.event[rows], ties=ties, strata=strata[rows], steps=PATIENCE)
    return replace(found, beta=found.beta[:k], covariance=found.covariance[:k, :k])


def _telling(time: NDArray, event: NDArray[np.bool_], strata: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Keep the patients of strata in which an event had anyone to be compared with, if still at risk at the first."""
    first = pd.Series(np.where(event, time, np.inf)).groupby(strata).transform("min").to_numpy()
    at_risk = time >= first
    return at_risk & (np.bincount(strata, at_risk)[strata] > 1)


def _table(
    laid: Design,
    finite: list[str],
    found: Fit,
    reasons: Mapping[str, str],
    alpha: float,
) -> pd.DataFrame:
    coef, se = (np.full(laid.x.shape[1], np.nan) for _ in range(2))
    place = laid.x.columns.get_indexer(finite)
    coef[place], se[place] = found.beta, np.sqrt(np.diag(found.covariance))
    reach, z = norm.ppf(1 - alpha / 2) * se, coef / se
    limits = {"ci_low": exponential(coef - reach), "ci_high": exponential(coef + reach)}
    columns = {"coef": coef, "se": se, "z": z, "hr": exponential(coef), **limits, "p": 2 * norm.sf(np.abs(z))}
    told = [
        reason or NARROW * bool(end == np.inf) for reason, end in zip(reasons.values(), limits["ci_high"], strict=True)
    ]
    return laid.terms.assign(**columns, reason=told)[COLUMNS]
