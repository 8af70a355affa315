"""Cox regression under one function: Efron's ties by lifelines, Breslow's by statsmodels, either by the engine.

Every model comes with its n, events, patients left out, events per variable; a coefficient that has no finite
estimate carries a reason instead of a number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import chi2, norm

from helpers.estimate.cox_fitters import By, Fit, Ties, estimate, nothing
from helpers.estimate.design import Design, design
from helpers.estimate.separation import runaway

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
SUSPECT = 5.0


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
    concordance : float
        Harrell's C.
    events_per_variable : float
        Events per coefficient.
    ties : str
    covariance : DataFrame
        Of the finite coefficients.
    design : Design
        The complete cases behind it.
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
    concordance: float
    events_per_variable: float
    ties: str
    covariance: pd.DataFrame = field(repr=False)
    design: Design = field(repr=False)

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
    by: By = "library",
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
    by : {"library", "engine"}
        The libraries that readers know, or the compiled engine: the same numbers, for the many models of a table.

    Raises
    ------
    KeyError, ValueError
        As :func:`helpers.estimate.design.design`, or for an unknown way of handling ties.

    Notes
    -----
    Agrees with R's ``coxph(Surv(time, event) ~ ..., ties = ties)``. A level without events, or any combination that
    separates, has no finite hazard ratio (:func:`helpers.estimate.separation.runaway`): its row says so.

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
    return fit(design(frame, covariates, time, event, references), ties=ties, alpha=alpha, by=by)


def fit(laid: Design, *, ties: Ties = "efron", alpha: float = 0.05, by: By = "library") -> Cox:
    """Fit a Cox model to a design already laid out."""
    reasons = _reasons_before(laid)
    free = [name for name in laid.x if not reasons[name]]
    found = estimate(laid.x[free].to_numpy(), laid.time, laid.event, None, ties, by) if free else nothing(0)
    strata = None
    if free and _is_suspect(laid.x[free], found):
        signs, strata = runaway(laid.x[free].to_numpy(), laid.time, laid.event)
        reasons.update(_reasons_after(laid, free, found, signs))
    finite = [name for name in free if not reasons[name]]
    scores, top = laid.x[free].to_numpy() @ found.beta, found
    if finite != free:
        found = _at_limit(laid, finite, free, ties, strata, by)
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
        concordance=concordance(scores, laid.time, laid.event) if free else np.nan,
        events_per_variable=float(laid.event.sum() / len(free)) if free else np.nan,
        ties=ties,
        covariance=pd.DataFrame(found.covariance, finite, finite),
        design=laid,
    )


def univariable(
    frame: pd.DataFrame,
    covariates: Sequence[str],
    time: str,
    event: str,
    *,
    ties: Ties = "efron",
    references: Mapping[str, object] | None = None,
    alpha: float = 0.05,
) -> pd.DataFrame:
    """Fit one model per covariate, each on its own complete cases.

    Returns
    -------
    DataFrame
        The rows of :attr:`Cox.table`, with model_n, model_events, missing and the covariate's likelihood-ratio p
        (lr_p) behind them.

    Examples
    --------
    >>> frame = pd.DataFrame({"t": [5, 8, 3, 9, 12, 4], "d": [1, 0, 1, 1, 0, 1], "age": [3, 9, 4, None, 8, 2]})
    >>> univariable(frame, ["age"], "t", "d")[["covariate", "model_n", "missing"]]
      covariate  model_n  missing
    0       age        5        1
    """
    tables = []
    for name in covariates:
        model = cox(frame, [name], time, event, ties=ties, references=references, alpha=alpha)
        added = {"model_n": model.n, "model_events": model.events, "missing": model.missing, "lr_p": model.lr_p}
        tables.append(model.table.assign(**added))
    return pd.concat(tables, ignore_index=True)


def screen(table: pd.DataFrame, threshold: float) -> list[str]:
    """Name the covariates with any coefficient whose p-value lies below the threshold, in the table's order.

    Examples
    --------
    >>> screen(pd.DataFrame({"covariate": ["sex", "age", "age"], "p": [0.03, 0.5, 0.19]}), 0.2)
    ['sex', 'age']
    """
    return list(dict.fromkeys(table.loc[table["p"] < threshold, "covariate"]))


def concordance(scores: NDArray[np.float64], time: NDArray[np.float64], event: NDArray[np.bool_]) -> float:
    """Return Harrell's C of a risk score: how often the one who has the event first had the higher score.

    Notes
    -----
    Pairs with equal scores count one half; pairs whose events fall on one day are left out; a censoring on the day
    of an event comes after it. Agrees with R's ``concordance``.

    Examples
    --------
    >>> concordance(np.array([3.0, 1.0, 2.0]), np.array([1.0, 2.0, 3.0]), np.array([True, True, False]))
    0.6666666666666666
    """
    if np.isnan(scores).any():
        return np.nan
    later = (time[:, None] < time[None, :]) | ((time[:, None] == time[None, :]) & ~event[None, :])
    pairs = event[:, None] & later
    if not pairs.any():
        return np.nan
    gaps = np.sign(np.round(scores[:, None] - scores[None, :], 12))
    return float((gaps[pairs] + 1).mean() / 2)


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
            levels = table.loc[table["covariate"] == name, "level"]
            base = ~laid.x[[f"{name}: {level}" for level in levels]].to_numpy().any(axis=1)
            counts = {"n": int(base.sum()), "events": int(laid.event[base].sum())}
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
        if np.ptp(x[:, place]) == 0:
            reasons[name] = "the same for all complete cases"
        elif np.ptp(ever_at_risk[:, place]) == 0:
            reasons[name] = "the same for all still at risk when the first event occurred"
        elif _rank(ever_at_risk[:, [*kept, place]]) == len(kept):
            reasons[name] = "determined by the covariates before it"
        else:
            kept.append(place)
    return reasons


def _rank(x: NDArray[np.float64]) -> int:
    centred = x - x.mean(axis=0)
    scale = np.linalg.norm(centred, axis=0)
    return int(np.linalg.matrix_rank(centred / np.where(scale > 0, scale, 1), tol=1e-9))


def _is_suspect(x: pd.DataFrame, found: Fit) -> bool:
    return not found.converged or bool(np.any(np.abs(found.beta) * np.ptp(x.to_numpy(), axis=0) > SUSPECT))


def _reasons_after(laid: Design, free: list[str], found: Fit, signs: NDArray[np.float64]) -> dict[str, str]:
    """Explain the coefficients that ran away, or that the search did not end."""
    if not found.converged and not signs.any():
        return dict.fromkeys(free, "the model did not converge")
    terms, events = laid.terms.set_index(laid.x.columns), int(laid.event.sum())
    return {name: _why(sign, terms.loc[name], events) for name, sign in zip(free, signs, strict=True) if sign != 0}


def _why(sign: float, term: pd.Series, events: int) -> str:
    if np.isnan(sign):
        return "not determined once the coefficients that run away are left out"
    way = "without bound" if sign > 0 else "towards 0"
    return f"monotone likelihood: the hazard ratio runs {way} ({_cause(term, events)})"


def _cause(term: pd.Series, events: int) -> str:
    group = f"the {term['n']} with {term['covariate']} {term['level']}"
    if term["level"] and term["events"] == 0:
        return f"no event among {group}"
    if term["level"] and term["events"] == events:
        return f"no event but among {group}"
    return "it orders the events perfectly"


def _at_limit(
    laid: Design, finite: list[str], free: list[str], ties: Ties, strata: NDArray[np.int64] | None, by: By
) -> Fit:
    """Estimate the finite coefficients where the others have run away: stratified by the score that runs.

    A sum of two that run can be finite itself, so those that still vary within strata stay in as a nuisance.
    """
    if not finite or strata is None:
        return nothing(0)
    rows = _telling(laid.time, laid.event, strata)
    inside = laid.x.loc[rows, free] - laid.x.loc[rows, free].groupby(strata[rows]).transform("mean")
    kept = list(finite)
    for name in free:
        if name not in kept and _rank(inside[[*kept, name]].to_numpy()) > len(kept):
            kept.append(name)
    x, k = laid.x.loc[rows, kept].to_numpy(), len(finite)
    found = estimate(x, laid.time[rows], laid.event[rows], strata[rows], ties, by)
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
    limits = {"ci_low": np.exp(coef - reach), "ci_high": np.exp(coef + reach)}
    columns = {"coef": coef, "se": se, "z": z, "hr": np.exp(coef), **limits, "p": 2 * norm.sf(np.abs(z))}
    return laid.terms.assign(**columns, reason=list(reasons.values()))[COLUMNS]
