"""Methods tried on cohorts whose truth is known, reported after ADEMP (Morris, White and Crowther 2019).

*Aims*: which methods find a known effect, and which intervals hold what they promise. *Data*: :mod:`helpers.synthesis.truth`.
*Estimands*: difference at two years, restricted mean to 24 months, marginal and conditional hazard ratio. *Methods*: :data:`METHODS`. *Performance*:
bias, coverage, rejections (type I error where there is no effect), failures to converge, each with its Monte Carlo error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from helpers.estimate.partial_likelihood import maximise
from helpers.estimate.weights import (
    TARGETS,
    Effect,
    balancing_weights,
    log_hazard_ratio,
    propensity,
    survival_difference,
    time_dependent_log_hazard_ratio,
)
from helpers.parallel import run_all
from helpers.paths import DATA, RUNS, write_csv
from helpers.synthesis.truth import ESTIMANDS, HORIZON, RATIOS, Scenario, draw, true_values

FOLDER = DATA / "study"
STORED = TRUTH, PERFORMANCE, SLICE = "truth.csv", "performance.csv", "slice.csv"
WORKING = RUNS / "study"
SCENARIOS: Mapping[str, Scenario] = MappingProxyType(
    {
        "no effect, randomised": Scenario(),
        "effect, randomised": Scenario(effect=-0.7),
        "no effect, by indication": Scenario(indication=1.0),
        "effect, by indication": Scenario(effect=-0.7, indication=1.0),
        "no effect, begun late": Scenario(delay=20.0),
        "no effect, untreated leave": Scenario(loss=1.5),
        "effect up to a dose, by indication": Scenario(effect=-0.7, indication=1.0, cut=8.0),
    }
)
NOMINAL, ERRORS, TRUE_DRAWS = 0.95, 3.0, 1_000_000
MATERIAL = 0.1  # standard errors: a smaller bias is not called one
RESAMPLES, PIECE = 200, {120: 100, 2000: 25}
BOOTSTRAP = ", bootstrap"
SLICED = 3  # cohorts of each scenario whose estimates are stored, to be computed again
Floats = NDArray[np.float64]


class Data(NamedTuple):
    """Cohorts stacked: arrays (cohorts, n), covariates (cohorts, n, 2)."""

    time: Floats
    event: Floats
    treated: Floats
    start: Floats
    x: Floats


def stacked(scenario: Scenario, n: int, seeds: Sequence[int]) -> Data:
    """Draw one cohort per seed, as :func:`helpers.synthesis.truth.simulate` does.

    Examples
    --------
    >>> stacked(Scenario(), 30, range(4)).x.shape
    (4, 30, 2)
    """
    drawn = [draw(scenario, n, seed) for seed in seeds]
    columns = [
        (one.time, one.event, one.treated, np.where(one.treated, one.start, np.nan), one.confounders) for one in drawn
    ]
    return Data(*(np.stack(part).astype(float) for part in zip(*columns, strict=True)))


def _by_estimand(data: Data, weights: Floats | None, robust: bool) -> dict[str, Effect]:
    outcome = data.time, data.event, data.treated
    return {
        "difference_2y": survival_difference(*outcome, HORIZON, weights),
        "rmst_24m": survival_difference(*outcome, HORIZON, weights, restricted_mean=True),
        "hazard_ratio": log_hazard_ratio(*outcome, weights, robust=robust),
    }


def _crude(data: Data) -> dict[str, Effect]:
    return _by_estimand(data, None, robust=False)


def _adjusted(data: Data) -> dict[str, Effect]:
    """Cox's model of treatment, burden and grade: a conditional ratio."""
    rows = []
    for time, event, treated, x in zip(data.time, data.event, data.treated, data.x, strict=True):
        columns = np.column_stack([treated, x])
        usable = (columns.std(axis=0) > 0).all()
        fit = maximise(columns, time, event == 1, ties="breslow") if usable else None
        rows.append(
            (fit.beta[0], np.sqrt(fit.covariance[0, 0])) if fit is not None and fit.converged else (np.nan, np.nan)
        )
    return {"conditional_hazard_ratio": Effect(*np.array(rows).T)}


def _time_dependent(data: Data) -> dict[str, Effect]:
    return {"hazard_ratio": time_dependent_log_hazard_ratio(data.time, data.event, data.start)}


def _weighted(target: str) -> Callable[[Data], dict[str, Effect]]:
    def effects(data: Data) -> dict[str, Effect]:
        fit = propensity(data.x, data.treated)
        found = _by_estimand(data, balancing_weights(data.treated, fit.probability, target), robust=True)
        return {name: Effect(np.where(fit.converged, one.value, np.nan), one.se) for name, one in found.items()}

    return effects


def _resampled(target: str) -> Callable[[Data, Sequence[int]], dict[str, Effect]]:
    """Weights with a standard error from resamples within treatment, the weights fitted anew in each."""

    def effects(data: Data, seeds: Sequence[int]) -> dict[str, Effect]:
        plain = _weighted(target)(data)
        errors: dict[str, list[float]] = {name: [] for name in plain}
        for place, seed in enumerate(seeds):
            rows = _within_arms(data.treated[place], np.random.default_rng([seed, 2]))
            again = _weighted(target)(Data(*(part[place][rows] for part in data)))
            for name, one in again.items():
                known = one.value[np.isfinite(one.value)]
                errors[name].append(float(known.std(ddof=1)) if len(known) > RESAMPLES / 2 else np.nan)
        return {name: Effect(one.value, np.array(errors[name])) for name, one in plain.items()}

    return effects


def _adjusted_resampled(data: Data, seeds: Sequence[int]) -> dict[str, Effect]:
    """Cox's model of treatment, burden and grade with a standard error from resamples, by compiled loops."""
    from helpers.resampling.cox import resampled_cox  # needs numba

    plain = _adjusted(data)["conditional_hazard_ratio"]
    errors = []
    for place, seed in enumerate(seeds):
        rows = _within_arms(data.treated[place], np.random.default_rng([seed, 2]))
        counts = np.stack([np.bincount(row, minlength=data.time.shape[1]) for row in rows])
        columns = np.column_stack([data.treated[place], data.x[place]])
        batch = resampled_cox(data.time[place], data.event[place], columns, counts, ties="breslow")
        known = batch.coef[~batch.separated, 0]
        errors.append(float(known.std(ddof=1)) if len(known) > RESAMPLES / 2 else np.nan)
    return {"conditional_hazard_ratio": Effect(plain.value, np.array(errors))}


def _within_arms(treated: Floats, rng: np.random.Generator) -> NDArray[np.int64]:
    parts = [np.flatnonzero(treated == arm) for arm in (0, 1)]
    return np.concatenate([rng.choice(part, (RESAMPLES, len(part))) for part in parts], axis=1)


METHODS: Mapping[str, Callable] = MappingProxyType(
    {
        "crude": _crude,
        "Cox with covariates": _adjusted,
        "time-dependent Cox": _time_dependent,
        **{f"weights, {target}": _weighted(target) for target in TARGETS},
    }
)
RESAMPLED: Mapping[str, Callable] = MappingProxyType(
    {
        f"Cox with covariates{BOOTSTRAP}": _adjusted_resampled,
        **{f"weights, {target}{BOOTSTRAP}": _resampled(target) for target in ("ATE", "overlap")},
    }
)


class Piece(NamedTuple):
    """Cohorts tried together: a scenario's name, their size, first seed and number; with or without resampling."""

    scenario: str
    n: int
    first: int
    cohorts: int
    bootstrap: bool = False

    @property
    def file(self) -> str:
        """Name of the file that keeps what was found."""
        place = list(SCENARIOS).index(self.scenario)
        return f"{place}_{self.n}_{self.first}_{self.cohorts}{'_bootstrap' * self.bootstrap}.csv"


def estimates(piece: Piece) -> pd.DataFrame:
    """Try every method on the cohorts of a piece.

    Returns
    -------
    DataFrame
        scenario, n, seed, method, estimand, value (of a hazard ratio its logarithm), se; NaN where a method gave none.

    Examples
    --------
    >>> found = estimates(Piece("no effect, randomised", 60, 0, 2))
    >>> len(found), sorted(found["method"].unique())[:2]
    (28, ['Cox with covariates', 'crude'])
    """
    seeds = range(piece.first, piece.first + piece.cohorts)
    data = stacked(SCENARIOS[piece.scenario], piece.n, seeds)
    parts = []
    for name, method in (RESAMPLED if piece.bootstrap else METHODS).items():
        found = method(data, seeds) if piece.bootstrap else method(data)
        for estimand, effect in found.items():
            known = np.isfinite(effect.value) & np.isfinite(effect.se)
            parts.append(pd.DataFrame({"seed": list(seeds), "method": name, "estimand": estimand,
                                       "value": np.where(known, effect.value, np.nan), "se": np.where(known, effect.se, np.nan)}))  # fmt: skip
    found = pd.concat(parts, ignore_index=True)
    found.insert(0, "n", piece.n)
    found.insert(0, "scenario", piece.scenario)
    return found


def pieces(
    sizes: Mapping[int, int], resampled: Mapping[int, int], scenarios: Sequence[str] = tuple(SCENARIOS)
) -> list[Piece]:
    """Cut a study into pieces: cohorts by their size, without and with resampling.

    Examples
    --------
    >>> [piece.first for piece in pieces({120: 250}, {}, ["no effect, randomised"])]
    [0, 100, 200]
    """
    found = []
    for bootstrap, wanted in ((False, sizes), (True, resampled)):
        for n, cohorts in wanted.items():
            step = PIECE.get(n, 50)
            found += [Piece(name, n, first, min(step, cohorts - first), bootstrap)
                      for name in scenarios for first in range(0, cohorts, step)]  # fmt: skip
    return found


def run_study(
    wanted: Sequence[Piece],
    folder: Path = WORKING,
    *,
    jobs: int = 1,
    dask: str = "",
    say: Callable[[str], None] = print,
    write: Callable[[Path, pd.DataFrame], object] = write_csv,
) -> pd.DataFrame:
    """Try the methods, keeping each piece (by *write*) as soon as it is done: what *folder* holds already is not done again.

    Returns
    -------
    DataFrame
        As :func:`estimates`, all pieces.
    """
    missing = [piece for piece in wanted if not (folder / piece.file).exists()]
    say(f"{len(wanted) - len(missing)} of {len(wanted)} pieces are there already")
    for group in _groups(missing, 8 * max(jobs, 1)):
        for piece, found in zip(group, run_all(estimates, group, jobs=jobs, dask=dask), strict=True):
            write(folder / piece.file, found)
        say(f"{sum((folder / piece.file).exists() for piece in wanted)} of {len(wanted)} pieces done")
    return pd.concat([pd.read_csv(folder / piece.file) for piece in wanted], ignore_index=True)


def _groups(items: Sequence[Piece], size: int) -> Iterator[Sequence[Piece]]:
    yield from (items[start : start + size] for start in range(0, len(items), size))


def stored_truth(draws: int = TRUE_DRAWS) -> pd.DataFrame:
    """Compute the truth of every scenario; losses have no part in it."""
    parts, known = [], set()
    for scenario in SCENARIOS.values():
        if scenario.bears_on_truth not in known:
            known.add(scenario.bears_on_truth)
            dials = {
                "effect": scenario.effect,
                "indication": scenario.indication,
                "delay": scenario.delay,
                "cut": np.nan if scenario.cut is None else scenario.cut,
            }
            parts.append(true_values(scenario, draws).assign(**dials))
    found = pd.concat([part.astype({"cut": float}) for part in parts], ignore_index=True)
    return found[["effect", "indication", "delay", "cut", "estimand", "target", "value", "mc_error", "draws"]]


def target_of(method: str) -> str:
    """Name the population that a method's estimate is about.

    Examples
    --------
    >>> target_of("weights, overlap, bootstrap"), target_of("crude")
    ('overlap', 'ATE')
    """
    return next((target for target in TARGETS if f", {target}" in method), "ATE")


def performance(found: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Sum up how the methods did.

    Parameters
    ----------
    found : DataFrame
        From :func:`estimates`.
    truth : DataFrame
        From :func:`stored_truth`.

    Returns
    -------
    DataFrame
        One row per scenario, size, method and estimand: target, truth (of a hazard ratio its logarithm), cohorts, failed (no estimate),
        bias, empirical_se, model_se (root of the mean square), coverage, rejected (share of two-sided tests of no effect
        below .05), each but the errors with ``_mcse``; verdict: "under-covers" or "over-covers" only beyond three Monte Carlo
        errors of the nominal coverage, "biased" beyond three of the bias and a tenth of the empirical standard error, else "".
    """
    key = truth.assign(cut=truth["cut"].fillna(np.inf)).set_index(
        ["effect", "indication", "delay", "cut", "estimand", "target"]
    )
    rows = []
    order = {name: place for place, name in enumerate([*METHODS, *RESAMPLED])}
    for (scenario, n, method, estimand), part in found.groupby(["scenario", "n", "method", "estimand"], sort=False):
        true = key.loc[(*SCENARIOS[scenario].bears_on_truth, estimand, target_of(method))]
        value, error = (np.log(true["value"]), true["mc_error"] / true["value"]) if estimand in RATIOS else (true["value"], true["mc_error"])  # fmt: skip
        rows.append({"scenario": scenario, "n": n, "method": method, "estimand": estimand, "target": target_of(method),
                     "truth": value, **_measures(part, value, error)})  # fmt: skip
    table = pd.DataFrame(rows)
    places = [
        table["scenario"].map(list(SCENARIOS).index),
        table["n"],
        table["method"].map(order),
        table["estimand"].map(ESTIMANDS.index),
    ]
    return table.iloc[np.lexsort([place.to_numpy() for place in places[::-1]])].reset_index(drop=True)


def _measures(part: pd.DataFrame, truth: float, truth_error: float) -> dict[str, object]:
    known = part.dropna(subset=["value", "se"])
    count, away = len(known), known["value"] - truth
    if count < 2:
        return {"cohorts": len(part), "failed": len(part) - count}
    spread = float(known["value"].std(ddof=1))
    reach = norm.ppf(0.5 + NOMINAL / 2) * known["se"]
    coverage, rejected = float((away.abs() <= reach).mean()), float((known["value"].abs() > reach).mean())
    bias, bias_error = float(away.mean()), float(np.hypot(spread / np.sqrt(count), truth_error))
    nominal_error = np.sqrt(NOMINAL * (1 - NOMINAL) / count)
    words = ["biased"] if abs(bias) > max(ERRORS * bias_error, MATERIAL * spread) else []
    if abs(coverage - NOMINAL) > ERRORS * nominal_error:
        words.append("under-covers" if coverage < NOMINAL else "over-covers")
    return {
        "cohorts": len(part),
        "failed": len(part) - count,
        "bias": bias,
        "bias_mcse": bias_error,
        "empirical_se": spread,
        "empirical_se_mcse": spread / np.sqrt(2 * (count - 1)),
        "model_se": float(np.sqrt((known["se"] ** 2).mean())),
        "coverage": coverage,
        "coverage_mcse": float(np.sqrt(coverage * (1 - coverage) / count)),
        "rejected": rejected,
        "rejected_mcse": float(np.sqrt(rejected * (1 - rejected) / count)),
        "verdict": ", ".join(words),
    }


def report(table: pd.DataFrame) -> list[str]:
    """Say in plain lines what was tried and which methods failed where (ADEMP).

    Parameters
    ----------
    table : DataFrame
        From :func:`performance`.
    """
    sizes = table.groupby(["n", table["method"].str.endswith(BOOTSTRAP)])["cohorts"].max()
    lines = ["Aims: which methods find a known effect, and which 95 % intervals cover it.",
             f"Data: {table['scenario'].nunique()} scenarios of helpers.synthesis.truth; "
             + "; ".join(f"{cohorts} cohorts of {n}{' with bootstrap' * bool(again)}" for (n, again), cohorts in sizes.items()) + ".",
             f"Estimands: {', '.join(table['estimand'].unique())}.",
             f"Methods: {'; '.join(table['method'].unique())}.",
             f"Performance: bias, coverage, rejections; a verdict needs {ERRORS:g} Monte Carlo errors."]  # fmt: skip
    for (scenario, n), part in table.groupby(["scenario", "n"], sort=False):
        told = [f"{row.method} ({row.estimand}): {row.verdict}" for row in part.itertuples() if row.verdict]
        lines.append(f"{scenario}, n = {n}: {'; '.join(told) if told else 'nothing beyond three Monte Carlo errors'}")
    return lines


def store(found: pd.DataFrame, truth: pd.DataFrame, folder: Path = FOLDER) -> pd.DataFrame:
    """Write truth, performance, and the estimates of the first cohorts to *folder*; return the performance."""
    table = performance(found, truth)
    write_csv(folder / TRUTH, truth)
    write_csv(folder / PERFORMANCE, table)
    write_csv(folder / SLICE, found[(found["seed"] < SLICED)].reset_index(drop=True))
    return table


def stored_performance(folder: Path = FOLDER) -> pd.DataFrame:
    """Read what the stored study found; see :func:`performance`.

    Examples
    --------
    >>> sorted(stored_performance()["n"].unique().tolist())
    [120, 2000]
    """
    return pd.read_csv(folder / PERFORMANCE).fillna({"verdict": ""})
