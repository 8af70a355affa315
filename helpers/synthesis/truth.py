"""Cohorts with a known truth: made-up patients whose treatment effect, confounding and losses were chosen beforehand.

A method can be judged only where the answer is known. :func:`simulate` makes a cohort that every notebook can read, and says
what the methods should find. Unlike the default cohort it aims at no printed number.

**How a patient is made.**

1. *Burden* ``b`` is standard normal and shows as marrow blasts, 100 / (1 + exp(2.9 - 2 b)) percent. The *grade* ``g`` of CRS before
   the decision is 1, 2 or 3, each higher one likelier with burden: logit P(g >= 2) = .8 b, logit P(g >= 3) = .8 b - 1.6. *Severity* is
   (b + g - 1.7) / 1.6: measured, and all that doctors go by. *Frailty* ``u`` is standard normal, never measured, and has
   nothing to do with treatment.
2. GC is *chosen* with logit P = c + ``indication`` x severity; c makes 55 % of all patients chosen. It *begins* days after the onset
   of CRS (day 1 to 6): ``delay`` times an exponential time of mean 2 days, rounded up. Who has the event until then never gets it: immortal time.
   The cumulative *dose* is log-normal about 5 mg/kg, higher with ``indication`` and severity.
3. Nobody fails in the first 14 days. From then on progression, relapse or death strikes with a Weibull hazard of shape .7, cumulative hazard .45 at two years, times exp(.5 b +
   .3 (g - 2) + .7 u), and from the day after GC began also times exp(``effect``), if the dose is at most ``cut``.
4. The *data cut-off* falls 540 to 1700 days after infusion. Some leave before: at one rate, but untreated patients at exp(``loss`` (1 - u)) times
   this rate, the sooner the better their outlook. For ``loss`` above 0 the untreated who remain look worse than they are.

Days are whole (rounded up). One seed gives one patient the same luck whatever the dials say, so that cohorts differ by the
dials alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import product
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.cohort.clean import RECORDED, in_order
from helpers.cohort.derive import DAYS_PER_YEAR
from helpers.cohort.schema import Cohort
from helpers.estimate.partial_likelihood import maximise
from helpers.estimate.weights import TARGETS, log_hazard_ratio
from helpers.paths import DATA
from helpers.problems import InputError, Problem

STORED = DATA / "study" / "truth.csv"
HORIZON = 2 * DAYS_PER_YEAR
RATIOS = "hazard_ratio", "conditional_hazard_ratio"
ESTIMANDS = ("difference_2y", "rmst_24m", *RATIOS)
CHOSEN, SHAPE, TWO_YEAR_HAZARD = 0.55, 0.7, 0.45
MIDDLE_GRADE, SPREAD = 1.7, 1.6
BURDEN, GRADE, FRAILTY = 0.5, 0.3, 0.7
QUIET = 14.0  # days without events
WAIT, LOST_PER_DAY, CUTOFF = 2.0, 1 / 4000, (540, 1700)
QUICK, BATCHES = 40_000, 20
BOUNDS = {
    "n": (2, 100_000),
    "effect": (-3, 3),
    "indication": (-3, 3),
    "delay": (0, 100),
    "loss": (-3, 3),
    "cut": (0, 1000),
}
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Scenario:
    """Where the dials stand: see :func:`simulate`."""

    effect: float = 0.0
    indication: float = 0.0
    delay: float = 1.0
    loss: float = 0.0
    cut: float | None = None

    @property
    def bears_on_truth(self) -> tuple[float, float, float, float]:
        """The dials that the truth depends on; losses change only what is seen of it."""
        return self.effect, self.indication, self.delay, np.inf if self.cut is None else self.cut


@dataclass(frozen=True)
class Drawn:
    """Patients as arrays of shape (n,); times in days, whole.

    ``free_untreated`` and ``free_treated`` are the days to the event if GC is never given, and if it begins on day ``start``.
    """

    burden: Floats
    grade: Floats
    frailty: Floats
    chance: Floats  # of being chosen for GC
    chosen: NDArray[np.bool_]
    onset: Floats
    start: Floats
    dose: Floats
    free_untreated: Floats
    free_treated: Floats
    cutoff: Floats
    leaves: Floats

    @property
    def treated(self) -> NDArray[np.bool_]:
        """Who was seen to get GC: chosen, and free of the event on the day that it began and still there."""
        return self.chosen & (self.start < np.minimum(self.free_treated, np.minimum(self.leaves, self.cutoff)))

    @property
    def time(self) -> Floats:
        """Days to the event or to the end of follow-up."""
        return np.minimum(self._free, np.minimum(self.leaves, self.cutoff))

    @property
    def event(self) -> NDArray[np.bool_]:
        """Whether the event was seen."""
        return self._free <= np.minimum(self.leaves, self.cutoff)

    @property
    def _free(self) -> Floats:
        return np.where(self.chosen, self.free_treated, self.free_untreated)

    @property
    def confounders(self) -> Floats:
        """Burden and grade, shape (n, 2): all that the choice of GC went by."""
        return np.stack([self.burden, self.grade], axis=-1)


@dataclass(frozen=True)
class Simulated:
    """A cohort with its truth.

    ``drawn`` holds the patients as arrays, both potential times with them, which no cohort of real patients has.
    """

    scenario: Scenario
    seed: int
    drawn: Drawn = field(repr=False)

    @cached_property
    def cohort(self) -> Cohort:
        """The patients as a cohort, synthetic."""
        return cohort_of(self.drawn, self.scenario, self.seed)

    @cached_property
    def truth(self) -> pd.DataFrame:
        """estimand, target, value, mc_error, draws: what a perfect method finds; see :func:`true_values`."""
        stored = _stored()
        key = self.scenario.bears_on_truth
        return stored[key].copy() if key in stored else true_values(self.scenario)


def simulate(
    n: int = 120,
    effect: float = 0.0,
    indication: float = 0.0,
    delay: float = 1.0,
    loss: float = 0.0,
    cut: float | None = None,
    seed: int = 0,
) -> Simulated:
    """Make a cohort whose truth is known.

    Parameters
    ----------
    n : int
        Patients.
    effect : float
        Log hazard ratio of GC for progression, relapse or death; 0: none.
    indication : float
        How strongly severity drives treatment, as a log odds ratio per unit of severity; 0: randomised.
    delay : float
        Multiplies the time from the onset of CRS to GC. Beyond about 10 some begin after day 30: set ``window_days`` to see them.
    loss : float
        How much sooner the untreated with a good outlook leave; 0: losses tell nothing.
    cut : float, optional
        GC acts only at cumulative doses up to this, mg/kg; None: at any.
    seed : int

    Returns
    -------
    Simulated
        ``cohort``, an ordinary cohort with SYN ids; ``truth``, by estimand and target population, with its Monte Carlo error.

    Raises
    ------
    InputError
        Naming every dial that stands where it cannot.

    Examples
    --------
    >>> made = simulate(n=30, effect=-0.5, seed=1)
    >>> len(made.cohort.tables["patients"]), made.cohort.synthetic
    (30, True)
    >>> null = simulate(n=30).truth
    >>> null[null["target"] == "ATE"][["estimand", "value", "mc_error"]].to_numpy().tolist()
    [['difference_2y', 0.0, 0.0], ['rmst_24m', 0.0, 0.0], ['hazard_ratio', 1.0, 0.0], ['conditional_hazard_ratio', 1.0, 0.0]]
    """
    dials = {"n": n, "effect": effect, "indication": indication, "delay": delay, "loss": loss, "cut": cut}
    wrong = [
        Problem("simulate", "", name, value, f"a number from {low} to {high}")
        for name, (low, high) in BOUNDS.items()
        if (value := dials[name]) is not None and not (_is_number(value) and low <= value <= high)
    ]
    if wrong:
        raise InputError(wrong)
    scenario = Scenario(effect, indication, delay, loss, cut)
    return Simulated(scenario, seed, draw(scenario, n, seed))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)


def draw(scenario: Scenario, n: int, seed: int | np.random.SeedSequence) -> Drawn:
    """Draw patients; see the top of this module.

    Examples
    --------
    >>> a, b = (draw(Scenario(effect=effect), 500, 3) for effect in (0.0, -1.0))
    >>> bool((a.free_untreated == b.free_untreated).all()), bool((b.free_treated >= a.free_treated).all())
    (True, True)
    """
    rng = np.random.default_rng(seed)
    burden, frailty, size = rng.standard_normal((3, n))
    graded, chosen, closes = rng.random((3, n))
    onset = rng.integers(1, 7, n).astype(float)
    wait, fails, leaves = rng.exponential(size=(3, n))
    grade = 1.0 + (graded < _logistic(0.8 * burden)) + (graded < _logistic(0.8 * burden - 1.6))
    severity = (burden + grade - MIDDLE_GRADE) / SPREAD
    chance = _logistic(_constant(scenario.indication) + scenario.indication * severity)
    start = onset + np.ceil(scenario.delay * WAIT * wait)
    dose = 5.0 * np.exp(0.6 * size + 0.25 * scenario.indication * severity)
    acts = dose <= (np.inf if scenario.cut is None else scenario.cut)
    risk = np.exp(BURDEN * burden + GRADE * (grade - 2) + FRAILTY * frailty)
    untreated, treated = event_days(fails / risk, start, scenario.effect * acts)
    cutoff = np.floor(CUTOFF[0] + (CUTOFF[1] - CUTOFF[0]) * closes)
    is_chosen = chosen < chance
    rate = LOST_PER_DAY * np.where(is_chosen, 1.0, np.exp(scenario.loss * (1 - frailty)))
    return Drawn(burden, grade, frailty, chance, is_chosen, onset, start, dose, untreated, treated, cutoff,
                 np.ceil(leaves / rate))  # fmt: skip


def event_days(spent: Floats, start: Floats, log_ratio: Floats) -> tuple[Floats, Floats]:
    """Return the day on which the cumulative baseline hazard reaches *spent*, untreated and treated from day *start*.

    Examples
    --------
    >>> one = np.array([TWO_YEAR_HAZARD])
    >>> [day.item() for day in event_days(one, np.array([0.0]), np.log(0.5) * np.ones(1))]
    [731.0, 1943.0]
    """
    scale = (HORIZON - QUIET) / TWO_YEAR_HAZARD ** (1 / SHAPE)
    before = (np.maximum(start - QUIET, 0.0) / scale) ** SHAPE
    reached = np.where(spent <= before, spent, before + (spent - before) * np.exp(-log_ratio))
    return tuple(np.ceil(np.maximum(QUIET + scale * hazard ** (1 / SHAPE), 1.0)) for hazard in (spent, reached))


def _logistic(x: Floats | float) -> Floats:
    return 1 / (1 + np.exp(-np.asarray(x)))


@cache
def _constant(indication: float) -> float:
    """Find the constant at which the stated share is chosen, by quadrature over burden and grade."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    second, third = _logistic(0.8 * nodes), _logistic(0.8 * nodes - 1.6)
    shares = weights / weights.sum() * np.array([1 - second, second - third, third])
    severity = (nodes + np.array([[1.0], [2.0], [3.0]]) - MIDDLE_GRADE) / SPREAD
    low, high = -20.0, 20.0
    for _ in range(80):
        middle = (low + high) / 2
        reached = (shares * _logistic(middle + indication * severity)).sum()
        low, high = (middle, high) if reached < CHOSEN else (low, middle)
    return (low + high) / 2


# ------------------------------------------------------------------------------------------------------- the truth


def true_values(scenario: Scenario, draws: int = QUICK, seed: int = 1) -> pd.DataFrame:
    """Compute what GC would do if everybody were given it, against nobody, with complete follow-up of two years.

    Parameters
    ----------
    scenario : Scenario
    draws : int
        Patients drawn, each with both potential times.
    seed : int

    Returns
    -------
    DataFrame
        One row per estimand and target (ATE: everybody; ATT: those who are chosen for GC; overlap: weighted by the chance
        to be chosen times that not to be): estimand, target, value, mc_error, draws. ``difference_2y`` is the share free
        of the event at two years, treated minus untreated; ``rmst_24m`` the difference of mean days free of it within two
        years; ``hazard_ratio`` what Cox's model of treatment alone, with complete follow-up of two years, tends to;
        ``conditional_hazard_ratio`` (ATE alone) what Cox's model of treatment, burden and grade does. The ratios are no
        property of any patient: frailty makes them differ from exp(effect), and other follow-up would change them.

    Notes
    -----
    The Monte Carlo error is the standard deviation over 20 batches divided by the root of 20.

    Examples
    --------
    >>> found = true_values(Scenario(effect=-0.5), draws=20_000).set_index(["estimand", "target"])
    >>> bool(found.loc[("difference_2y", "ATE"), "value"] > 0.05)
    True
    """
    size = max(draws // BATCHES, 2)
    seeds = np.random.SeedSequence(seed).spawn(BATCHES)
    rows = np.array([_batch(draw(scenario, size, one)) for one in seeds])
    value, error = rows.mean(axis=0), rows.std(axis=0, ddof=1) / np.sqrt(BATCHES)
    found = pd.DataFrame([*product(ESTIMANDS[:-1], TARGETS), (ESTIMANDS[-1], "ATE")], columns=["estimand", "target"])
    ratio = found["estimand"].isin(RATIOS)
    found["value"] = np.where(ratio, np.exp(value), value)
    found["mc_error"] = np.where(ratio, np.exp(value) * error, error)
    return found.assign(draws=size * BATCHES)


def _batch(drawn: Drawn) -> list[float]:
    tilts = {"ATE": np.ones_like(drawn.chance), "ATT": drawn.chance, "overlap": drawn.chance * (1 - drawn.chance)}
    free = (drawn.free_treated > HORIZON).astype(float) - (drawn.free_untreated > HORIZON)
    days = np.minimum(drawn.free_treated, HORIZON) - np.minimum(drawn.free_untreated, HORIZON)
    gains = [float(np.average(gain, weights=tilts[target])) for gain in (free, days) for target in TARGETS]
    if not days.any():
        return [*gains, *[0.0] * (len(TARGETS) + 1)]
    time = np.concatenate([drawn.free_treated, drawn.free_untreated])
    seen, arm = (np.minimum(time, HORIZON), time <= HORIZON), np.repeat([1.0, 0.0], len(drawn.burden))
    marginal = [
        float(log_hazard_ratio(*seen, arm, np.tile(tilts[target], 2), robust=False).value) for target in TARGETS
    ]
    columns = np.column_stack([arm, np.tile(drawn.confounders, (2, 1))])
    return [*gains, *marginal, float(maximise(columns, *seen, ties="breslow").beta[0])]


@cache
def _stored() -> MappingProxyType:
    if not STORED.exists():
        return MappingProxyType({})
    table = pd.read_csv(STORED)
    dials = ["effect", "indication", "delay", "cut"]
    columns = ["estimand", "target", "value", "mc_error", "draws"]
    table["cut"] = table["cut"].fillna(np.inf)
    return MappingProxyType({key: rows[columns].reset_index(drop=True) for key, rows in table.groupby(dials)})


# ------------------------------------------------------------------------------------------------------- the cohort


def cohort_of(drawn: Drawn, scenario: Scenario, seed: int) -> Cohort:
    """Write drawn patients down as a hospital would: the tables of the dictionary, all marked synthetic."""
    n = len(drawn.burden)
    rng = np.random.default_rng([seed, 1])
    ids = pd.Series([f"SYN-{i + 1:03d}" for i in range(n)])
    followup = _followup(drawn, ids, rng)
    patients = _patients(drawn, ids, rng)
    tables = {
        "patients": patients,
        "toxicity": _toxicity(drawn, ids, followup, rng),
        "treatments": _treatments(drawn, ids, patients["weight_kg"].to_numpy(), followup, rng),
        "labs": _labs(drawn, ids, followup, rng),
        "response": _response(drawn, ids, followup, rng),
        "followup": followup,
    }
    dials = ", ".join(f"{name} {value:g}" for name, value in vars(scenario).items() if value is not None)
    recorded = {**RECORDED, "labs": ("CRP", "IL-6")}
    recorded.pop("exposures")
    source = f"made up by helpers.synthesis.truth ({dials}, seed {seed}); no real patient stands behind it"
    return in_order(
        Cohort("known-truth-synthetic", "CAR T-cell infusion", True, source, "CC0-1.0", tables, recorded=recorded)
    )


def _patients(drawn: Drawn, ids: pd.Series, rng: np.random.Generator) -> pd.DataFrame:
    n, age = len(ids), np.round(rng.uniform(1, 18, len(ids)), 1)
    relapses = rng.choice([0, 1, 2], n, p=[0.25, 0.55, 0.2])
    return pd.DataFrame(
        {
            "patient_id": ids,
            "sex": rng.choice(["male", "female"], n),
            "age_years": age,
            "weight_kg": np.round((9 + 2.6 * age) * rng.lognormal(0, 0.12, n), 1),
            "infusion_year": 2024 - np.ceil(drawn.cutoff / DAYS_PER_YEAR).astype(int),
            "cutoff_day": drawn.cutoff,
            "prior_transplant": rng.random(n) < 0.2,
            "disease_status": np.where(relapses == 0, "primary refractory", "relapsed"),
            "n_relapses": relapses,
            "site_bm": True,
            "site_cns": rng.random(n) < 0.1,
            "car_target": rng.choice(["CD19", "CD19+CD22"], n),
            "car_origin": "autologous",
            "car_dose_e6_per_kg": np.round(rng.lognormal(1, 0.5, n), 2),
            "blast_prelymphodepletion_pct": 100 * _logistic(2 * drawn.burden - 2.9),
        }
    )


def _toxicity(drawn: Drawn, ids: pd.Series, followup: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Give everybody CRS at the grade before the decision, and some ICANS."""
    n, contact = len(ids), followup["last_contact_day"].to_numpy()
    length, later = rng.integers(2, 8, n), rng.integers(1, 4, n)
    crs = pd.DataFrame({"patient_id": ids, "episode_id": "1", "event": "CRS", "day_from": drawn.onset,
                        "day_to": drawn.onset + length, "grade": drawn.grade.astype(int)})  # fmt: skip
    icans = crs.assign(event="ICANS", day_from=drawn.onset + later, day_to=drawn.onset + later + 2, grade=1)
    rows = pd.concat([crs, icans[rng.random(n) < 0.15]], ignore_index=True)
    last = rows["patient_id"].map(dict(zip(ids, contact, strict=True)))
    rows = rows[rows["day_from"] <= last]
    return rows.assign(day_to=np.minimum(rows["day_to"], last), grading_system="ASTCT", resolved=True)


def _treatments(
    drawn: Drawn, ids: pd.Series, weight: Floats, followup: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Give the whole dose on one to three days from the start, TCZ by grade, RUX rarely."""
    treated, contact = drawn.treated, followup["last_contact_day"].to_numpy()
    days = np.minimum(rng.integers(1, 4, len(ids)), np.maximum(contact - drawn.start, 0) + 1)
    courses = [pd.DataFrame({"patient_id": ids, "day": drawn.start + k, "dose_mg": drawn.dose * weight / days})[treated & (k < days)]
               for k in range(3)]  # fmt: skip
    steroid = pd.concat(courses).assign(agent="methylprednisolone", salt="base")
    parts = [steroid]
    for agent, share in (("tocilizumab", 0.15 + 0.2 * drawn.grade), ("ruxolitinib", np.full(len(ids), 0.15))):
        given = (rng.random(len(ids)) < share) & (drawn.onset <= contact)
        parts.append(
            pd.DataFrame({"patient_id": ids, "day": drawn.onset, "dose_mg": 8 * weight}).assign(agent=agent)[given]
        )
    rows = pd.concat(parts, ignore_index=True)
    route = np.where(rows["agent"] == "ruxolitinib", "PO", "IV")
    return rows.assign(route=route, indication="CRS", dose_mg=rows["dose_mg"].clip(upper=20_000))


def _labs(drawn: Drawn, ids: pd.Series, followup: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Draw CRP and IL-6 that rise with grade about the onset of CRS."""
    rows, contact = [], followup["last_contact_day"].to_numpy()
    for analyte, low, unit in (("CRP", 10.0, "mg/L"), ("IL-6", 20.0, "pg/mL")):
        for day in (0.0, 3.0, 7.0, 14.0):
            height = 0.8 * drawn.grade * np.exp(-(((day - drawn.onset - 2) / 4) ** 2))
            value = np.round(low * np.exp(height + 0.5 * rng.standard_normal(len(ids))), 2)
            part = pd.DataFrame({"patient_id": ids, "day": day, "value": value}).assign(analyte=analyte, unit=unit)
            rows.append(part[contact >= day])
    return pd.concat(rows, ignore_index=True).assign(censored="no")


def _response(drawn: Drawn, ids: pd.Series, followup: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Assess everybody seen on day 30; those whose event comes by day 45 have not responded."""
    responds = followup["progression_day"].isna()
    done = followup["last_contact_day"] >= 28
    word = np.where(responds, rng.choice(["CR", "CRi"], len(ids), p=[0.9, 0.1]), "NR")
    residual = np.where(responds, 0.0, np.round(rng.uniform(0.01, 0.5, len(ids)), 3))
    return pd.DataFrame(
        {
            "patient_id": ids,
            "assessment_day": np.where(done, np.minimum(30.0, followup["last_contact_day"]), np.nan),
            "day30_response": np.where(done, word, "not done"),
            "mrd_day30": np.where(done, residual, np.nan),
        }
    )


def _followup(drawn: Drawn, ids: pd.Series, rng: np.random.Generator) -> pd.DataFrame:
    """Make most events relapses (before day 45: progressions), some deaths; death may follow a relapse."""
    n, time, event = len(ids), drawn.time, drawn.event
    dies, later = rng.random(n) < 0.25, np.ceil(rng.exponential(250, n))
    end = np.minimum(drawn.leaves, drawn.cutoff)
    relapsed = event & ~dies
    death = np.where(event & dies, time, np.where(relapsed & (time + later <= end), time + later, np.nan))
    contact = np.where(np.isnan(death), end, death)
    cause = np.where(relapsed, "leukaemia", rng.choice(["infection", "treatment"], n))
    gone = np.where(drawn.leaves < drawn.cutoff, "lost to follow-up", "data cut-off")
    return pd.DataFrame(
        {
            "patient_id": ids,
            "relapse_day": np.where(relapsed & (time > 45), time, np.nan),
            "progression_day": np.where(relapsed & (time <= 45), time, np.nan),
            "treatment_failure_day": np.nan,
            "transplant_day": np.nan,
            "death_day": death,
            "death_cause": pd.array(np.where(np.isnan(death), None, cause), dtype="string"),
            "last_assessment_day": contact,
            "last_contact_day": contact,
            "censor_reason": pd.array(np.where(np.isnan(death), gone, None), dtype="string"),
        }
    )
