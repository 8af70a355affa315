"""How often a screened covariate would be chosen again, and how far the chosen model flatters itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import norm

from helpers.estimate.arrays import as_floats
from helpers.estimate.cox import harrell_concordance
from helpers.estimate.partial_likelihood import maximise
from helpers.estimate.score_steps import WithoutExposure, score_step, without_exposure
from helpers.problems import NotAvailable
from helpers.results.covariates import covariate_rows
from helpers.results.measures import once_per_analysis
from helpers.results.table5 import joint_population, model_frame, selected_covariates

if TYPE_CHECKING:
    from helpers.cohort.derive import Analysis

RESAMPLES = 100


@once_per_analysis
def candidate_columns(analysis: Analysis) -> tuple[pd.DataFrame, dict[str, list[str]], dict[str, str]]:
    """Lay out, complete cases of the model's population, every column that may pass the screen: frame, columns by covariate, labels.

    Raises
    ------
    NotAvailable
        If nothing can be screened.
    """
    chosen = [row for row in covariate_rows(analysis) if row.joint]
    frame = model_frame(analysis, chosen, joint_population(analysis)).dropna(subset=["time", "event"])
    table, of = frame[["time", "event"]].astype(float), {}
    for row in chosen:
        values = frame[row.name]
        if isinstance(values.dtype, pd.CategoricalDtype):
            levels = values.cat.categories[1:]
            parts = {f"{row.name}={level}": (values == level).astype(float).where(values.notna()) for level in levels}
        else:
            parts = {row.name: pd.Series(as_floats(values), index=frame.index)}
        parts = {name: part for name, part in parts.items() if part.min() < part.max()}
        if parts:
            of[row.name] = list(parts)
            table = table.assign(**parts)
    table = table.dropna()
    of = {
        name: kept for name, columns in of.items() if (kept := [c for c in columns if table[c].min() < table[c].max()])
    }
    if not of or table["event"].sum() < 2:
        raise NotAvailable(f"cohort {analysis.cohort.name} has no covariate to screen")
    return table, of, {row.name: row.label for row in chosen}


class _Data(NamedTuple):
    """Columns of the candidates (n, k), outcome, and the columns of each covariate."""

    x: np.ndarray
    time: np.ndarray
    event: np.ndarray
    of: dict[str, list[int]]

    def resampled(self, rows: np.ndarray) -> _Data:
        return _Data(self.x[rows], self.time[rows], self.event[rows], self.of)


def _screened(data: _Data, limit: float) -> tuple[str, ...]:
    """Return the covariates of which any column has a score test beyond the limit, the columns of a covariate together."""
    model = without_exposure(data.x[:, :0], data.time, data.event)
    if model is None:
        return ()
    single = [own[0] for own in data.of.values() if len(own) == 1]
    _, found = score_step(model, data.x[None][:, :, single])
    beyond = dict(zip(single, np.abs(found) > limit, strict=True))
    return tuple(
        name for name, own in data.of.items() if (beyond[own[0]] if len(own) == 1 else _any(model, data, own, limit))
    )


def _any(model: WithoutExposure, data: _Data, own: list[int], limit: float) -> bool:
    kept = [k for k in own if data.x[:, k].std() > 0]
    if not kept:
        return False
    orders = np.array([[k, *(other for other in kept if other != k)] for k in kept])
    _, z = score_step(model, data.x.T[orders.T].transpose(0, 2, 1))
    return bool((np.abs(z) > limit).any())


@once_per_analysis
def screening_stability(analysis: Analysis) -> tuple[pd.DataFrame, dict[str, float]]:
    """Repeat screen and model in resamples of the patients.

    Returns
    -------
    table : DataFrame
        covariate, label, chosen (in the registry's own screen), included (percent of resamples that it passes).
    optimism : dict
        resamples, apparent (concordance of the model chosen on all patients, on them), optimism (how much better a model looks on
        the resample that chose it than on all patients), corrected, models (different sets chosen), same (percent that choose
        the set chosen on all).

    Notes
    -----
    The screen here is by score tests, complete cases of all candidates; the registry's by Wald tests, covariate by covariate.
    """
    table, of, labels = candidate_columns(analysis)
    places = {column: k for k, column in enumerate(table.columns[2:])}
    data = _Data(table.iloc[:, 2:].to_numpy(), table["time"].to_numpy(), table["event"].to_numpy() == 1,
                 {name: [places[column] for column in own] for name, own in of.items()})  # fmt: skip
    limit, rng = norm.ppf(1 - analysis.parameters.screening_p / 2), np.random.default_rng(analysis.parameters.seed)
    counts, gaps, sets = dict.fromkeys(of, 0), [], []
    first = _screened(data, limit)
    for _ in range(RESAMPLES):
        again = data.resampled(rng.integers(len(table), size=len(table)))
        names = _screened(again, limit)
        sets.append(names)
        for name in names:
            counts[name] += 1
        gaps.append(_optimism(again, data, names))
    known = np.array([gap for gap in gaps if np.isfinite(gap)])
    fit = _fitted(data, first)
    apparent = np.nan if fit is None else _concordance(data, *fit)
    lift = float(known.mean()) if len(known) else np.nan
    chosen = {row.name for row in selected_covariates(analysis)}
    found = pd.DataFrame({"covariate": list(of), "label": [labels[name] for name in of], "chosen": [name in chosen for name in of],
                          "included": [100 * counts[name] / RESAMPLES for name in of]})  # fmt: skip
    same = 100 * sum(one == first for one in sets) / RESAMPLES
    optimism = {"resamples": RESAMPLES, "apparent": apparent, "optimism": lift, "corrected": apparent - lift,
                "models": len(set(sets)), "same": same}  # fmt: skip
    return found.sort_values("included", ascending=False, ignore_index=True), optimism


def stability_sentences(optimism: Mapping[str, float]) -> list[str]:
    """Say how far the chosen model flatters itself, if there is one, and how often the choice would be the same.

    Examples
    --------
    >>> nothing = {"apparent": np.nan, "optimism": np.nan, "corrected": np.nan, "models": 1, "same": 100.0}
    >>> stability_sentences(nothing)[0]
    'no covariate passes the screen of the whole cohort, so no model was chosen'
    """
    first = "no covariate passes the screen of the whole cohort, so no model was chosen"
    if np.isfinite(optimism["apparent"]):
        first = f"concordance of the chosen model {optimism['apparent']:.3f}"
        corrected = f", optimism {optimism['optimism']:.3f}, corrected {optimism['corrected']:.3f}"
        first += corrected if np.isfinite(optimism["optimism"]) else ", of its optimism no resample tells"
    sets = (
        f"{optimism['models']} different sets were chosen"
        if optimism["models"] > 1
        else "the same set was always chosen"
    )
    return [first, f"{sets}; the set of the whole cohort in {optimism['same']:.0f}% of the resamples"]


def _concordance(data: _Data, columns: list[int], beta: np.ndarray) -> float:
    return harrell_concordance(data.x[:, columns] @ beta, data.time, data.event)


def _fitted(data: _Data, names: Sequence[str]) -> tuple[list[int], np.ndarray] | None:
    live = [k for name in names for k in data.of[name] if data.x[:, k].std() > 0]
    if not live:
        return None
    fit = maximise(data.x[:, live], data.time, data.event, ties="breslow")
    return (live, fit.beta) if fit.converged else None


def _optimism(again: _Data, data: _Data, names: Sequence[str]) -> float:
    fit = _fitted(again, names)
    return np.nan if fit is None else _concordance(again, *fit) - _concordance(data, *fit)
