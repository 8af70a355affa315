"""What became of each patient: progression, failure, death, last contact. OS, PFS and EFS all derive from these days.

Progression comes before death; EFS and PFS differ only where their definitions do (non-response or treatment failure
without progression; a death unrelated to disease and treatment). All event days differ.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.cohort.derive import DAYS_PER_MONTH, DAYS_PER_YEAR
from helpers.synthesis.draws import pick
from helpers.synthesis.margins import CHOSEN, printed

# events in years 1, 2, 3 that the printed Kaplan–Meier rates and half-widths imply for 120 patients
EVENTS = {"OS": (20, 6, 1), "PFS": (31, 8, 1)}
PFS_EVENTS = {"none": 19, "low": 10, "high": 7, "no CRS": 4}
EARLIEST_CUTOFF, LATEST_CUTOFF = 366, 2710  # 1 August 2024 less the last and the first day of recruitment
EARLIEST_SEEN = 40  # who was assessed on day 30 is followed for so long


def draw_fates(labels: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Draw the fates of the patients that *labels* describe.

    Returns
    -------
    DataFrame
        progression, failure, death (days, NaN: none), cause (text), contact (last contact or death), assessed (day of the
        day 30 assessment, NaN if not done), cutoff (data cut-off); index that of *labels*.
    """
    fates = pd.DataFrame(index=labels.index, columns=["progression", "failure", "death", "contact"], dtype=float)
    fates["cause"] = pd.array([None] * len(labels), dtype="string")
    evaluated = labels["response"] != "ND"
    fates["assessed"] = np.where(evaluated, rng.integers(28, 34, len(labels)), np.nan)
    failed = labels["response"] == "NR"
    fates.loc[failed, "assessed"] = 27.0 + rng.permutation(int(failed.sum()))  # events, so all different
    days = _Days(rng)
    _early_deaths(fates, labels, days)
    _progressions(fates, labels, days, rng)
    _deaths(fates, days, rng)
    _last_contacts(fates, labels, rng)
    return deal_to_the_unassessed(labels, fates, rng)


def deal_to_the_unassessed(labels: pd.DataFrame, fates: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Deal whole fates anew so that those without a day 30 marrow are not the best; curves and responses stay as they are.

    Who was transferred with an unresolved CRS is lost early; the other unassessed have an early event or are
    lost early. Non-responders exchange theirs among themselves, as do the responders what is left.
    """
    out, columns = fates.copy(), ["progression", "failure", "death", "contact", "cause", "cutoff"]
    event = fates[["progression", "death", "failure"]].min(axis=1).fillna(np.inf)
    opened, nr = labels["crs_open"], labels["response"] == "NR"
    dying = opened & (fates["death"] < 30)
    pool = fates.index[~nr & ~dying]
    lost = sorted((p for p in pool if np.isinf(event[p])), key=lambda p: fates.loc[p, "contact"])
    odd = (fates["cause"] == "unrelated").fillna(False) | fates["failure"].notna()
    ill = sorted((p for p in pool if event[p] < 200 and not odd[p]), key=lambda p: event[p])
    transferred, unassessed = labels.index[opened & ~dying], labels.index[(labels["response"] == "ND") & ~opened]
    soon = [p for p in lost if fates.loc[p, "contact"] < EARLIEST_SEEN]  # they cannot have been assessed
    leaving = _some(rng, soon, lost[: 2 * len(transferred)], len(transferred))
    soon = [p for p in [*soon, *pool[fates.loc[pool, "contact"] < EARLIEST_SEEN]] if p not in leaving]
    near = [p for p in [*ill[:8], *lost[: 2 * len(transferred) + 6]] if p not in leaving]
    worst = _some(rng, soon, near, len(unassessed))
    others = [p for p in pool if p not in leaving and p not in worst]
    sick = fates.index[nr]
    mild = (labels["crs"] < 3) & (labels["icans"] < 3)  # an unrelated death is theirs
    assessed = sorted(rng.permutation(labels.index[labels["response"] == "CR"]), key=lambda p: ~mild[p])
    others = sorted(
        rng.permutation(others), key=lambda p: fates.loc[p, "cause"] is pd.NA or fates.loc[p, "cause"] != "unrelated"
    )
    for who, whose in (
        (transferred, leaving),
        (unassessed, rng.permutation(worst)),
        (assessed, others),
        (sick, rng.permutation(sick)),
    ):
        out.loc[who, columns] = fates.loc[list(whose), columns].to_numpy()
    return out.astype(fates.dtypes.to_dict())


def _some(rng, first: list, others: list, n: int) -> list:
    """Return *n* of some, those of *first* before others."""
    first = list(dict.fromkeys(first))[:n]
    rest = [p for p in others if p not in first]
    return first + list(rng.permutation(rest)[: n - len(first)])


class _Days:
    """Days not yet taken by another event."""

    def __init__(self, rng: np.random.Generator):
        self.rng, self.taken = rng, {day for a, b in follow_up_marks() for day in range(a, b + 1)}

    def between(self, low: float, high: float, peak: float = 0.5) -> int:
        free = np.array(sorted(set(range(int(np.ceil(low)), int(high) + 1)) - self.taken))
        day = int(free[int(free.size * self.rng.beta(1 + 2 * peak, 3 - 2 * peak))])
        self.taken.add(day)
        return day


def _early_deaths(fates: pd.DataFrame, labels: pd.DataFrame, days: _Days) -> None:
    """The one with ICANS of grade 4 dies in it; the others whose CRS never resolved are transferred with it.

    More deaths so early would be events at a full number at risk, which the printed half-widths of EFS rule out.
    """
    patient = labels.index[labels["icans4"]][0]
    fates.loc[patient, "death"], fates.loc[patient, "cause"] = days.between(12, 18), "treatment"


def _progressions(fates: pd.DataFrame, labels: pd.DataFrame, days: _Days, rng) -> None:
    """Choose who has a PFS event and when; non-responders progress early."""
    group = labels["gc"].where(labels["toxic"], "no CRS")
    nr = (labels["response"] == "NR").to_numpy()
    event = fates["death"].notna().to_numpy()
    can = ~(labels["response"] == "ND").to_numpy()
    for name, number in PFS_EVENTS.items():
        here = (group == name).to_numpy()
        chosen = pick(rng, here & can & ~event, number - int((event & here).sum()), np.where(nr, 1e6, 1.0))
        event[chosen] = True
    waiting = np.flatnonzero(event & fates["death"].isna().to_numpy())
    waiting = waiting[np.argsort(~nr[waiting], kind="stable")]
    first, second, third = EVENTS["PFS"]
    first -= int(fates["death"].notna().sum())
    sick = int(nr[waiting].sum())
    years = np.concatenate([np.zeros(sick, int), rng.permutation(np.repeat([0, 1, 2], [first - sick, second, third]))])
    bounds = [(60, 360), (370, 725), (760, 1080)]
    for patient, year in zip(waiting, years, strict=True):
        fates.loc[patient, "progression"] = (
            days.between(40, 110, 0.3) if nr[patient] else days.between(*bounds[year], 0.35)
        )
    well = can & ~event & ~nr & labels["toxic"].to_numpy()
    for patient in pick(rng, well, CHOSEN["failure_only"]):
        fates.loc[patient, "failure"] = float(days.between(100, 300))


def _deaths(fates: pd.DataFrame, days: _Days, rng) -> None:
    """Deaths by year: most follow a progression, one death without progression is unrelated."""
    early = int(fates["death"].notna().sum())
    progressed = fates["progression"].to_numpy()
    late = fates.index[(fates["progression"] > DAYS_PER_YEAR) & (fates["progression"] < 2 * DAYS_PER_YEAR)]
    unrelated = late[: CHOSEN["unrelated_death"]]
    fates.loc[unrelated, "death"], fates.loc[unrelated, "cause"] = fates.loc[unrelated, "progression"], "unrelated"
    fates.loc[unrelated, "progression"] = np.nan
    first, second, third = EVENTS["OS"]
    for number, (start, end) in [
        (first - early, (0, 364)),
        (second - len(unrelated), (366, 729)),
        (third, (760, 1080)),
    ]:
        able = fates["death"].isna().to_numpy() & (progressed < end - 40)
        for patient in pick(rng, able, number, np.exp(-np.maximum(start - np.nan_to_num(progressed), 0) / 200)):
            fates.loc[patient, "death"] = days.between(max(progressed[patient] + 12, start), end, 0.25)
            fates.loc[patient, "cause"] = rng.choice(["leukaemia", "transplantation", "infection"], p=[0.8, 0.1, 0.1])


def _last_contacts(fates: pd.DataFrame, labels: pd.DataFrame, rng) -> None:
    """Last contacts of the living, after their events, such that the printed follow-up comes out.

    The printed "range" is read as quartiles (type 7) of all patients: see :func:`follow_up_marks`.
    """
    alive = fates["death"].isna()
    fates.loc[~alive, "contact"] = fates.loc[~alive, "death"]
    last_event = fates[["progression", "failure", "assessed"]].max(axis=1).fillna(20.0)
    waiting = fates.index[fates["contact"].isna()]
    waiting = waiting[np.argsort(-last_event[waiting].to_numpy(), kind="stable")]
    slots = _follow_up_slots(fates["contact"].dropna().to_numpy(), rng)
    for patient in waiting:  # latest event first: each takes a free last contact after its event
        after = [day for day in slots if day > last_event[patient]]
        day = after[rng.integers(len(after))]
        slots.remove(day)
        fates.loc[patient, "contact"] = day
    known = fates["contact"].to_numpy()
    cut = np.array([draw_cutoff(day, alive.iloc[i], rng) for i, day in enumerate(known)])
    fates["cutoff"] = cut.astype(float)


def follow_up_marks() -> tuple[tuple[int, int], ...]:
    """Return the days around the printed quartiles and median of follow-up: the order statistics that give them.

    Of 120 patients, type 7, the quartiles lie a quarter of the way from the 31st back to the 30th and from the 90th on to
    the 91st value, the median half-way between the 60th and 61st.

    Examples
    --------
    >>> follow_up_marks()
    ((129, 130), (627, 627), (1181, 1183))
    """
    marks = []
    for end, weight in (("low", 0.75), ("median", 0.5), ("high", 0.25)):
        months = printed(f"results.efficacy.followup.{end}")
        target = months * DAYS_PER_MONTH
        low = int(np.floor(target))
        pairs = [(a, b) for a in range(low - 1, low + 2) for b in range(a, a + 4)]
        marks.append(
            min(pairs, key=lambda p: (round(abs(p[0] * (1 - weight) + p[1] * weight - target), 1), p[1] - p[0]))
        )
    return tuple(marks)


def _follow_up_slots(given: np.ndarray, rng) -> list[int]:
    """Last contacts still to hand out, so that with those *given* (deaths and early exits) quarters are as marked."""
    (a, b), (c, d), (e, f) = follow_up_marks()
    edges = [(0, a - 1), (b + 1, c - 1), (d + 1, e - 1), (f + 1, 2400)]
    fixed = [a, b, c, d, e, f]
    slots: list[int] = []
    for (low, high), size in zip(edges, (29, 28, 28, 29), strict=True):
        have = int(((given >= low) & (given <= high)).sum())
        slots += sorted(rng.choice(np.arange(max(low, 22), high + 1), size - have, replace=False).tolist())
    return [*fixed, *slots]


def draw_cutoff(contact: float, alive: bool, rng) -> int:
    """Days from infusion to the data cut-off: for most of those followed for over a year, their last contact.

    Of the others the living were lost to follow-up, more often in the early years of recruitment.
    """
    if alive and contact >= EARLIEST_CUTOFF and rng.random() < 0.75:
        return int(contact)
    low = max(int(contact), EARLIEST_CUTOFF)
    early = rng.beta(1.5, 1.2) if alive else rng.beta(1.0, 1.6)
    return int(low + (LATEST_CUTOFF - low) * early)
