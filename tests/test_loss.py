"""What a printed comparison needs: bounds against every order of a small example, and against fits of real orders."""

from __future__ import annotations

import math
from itertools import pairwise, product

import numpy as np
import pytest

from helpers.estimate.logrank import logrank
from helpers.estimate.partial_likelihood import maximise
from helpers.published.loss import (
    POPULATIONS,
    dose_group_sizes,
    event_counts,
    event_splits,
    logrank_without_loss,
    printed_result,
    unequal_loss,
)
from helpers.published.risk_sets import Groups, Result, chi2_range, fewest_lost, proportional_orders
from helpers.published.values import printed_values, published_values

VALUES = printed_values(published_values())
COUNTS = event_counts(VALUES)
ROW = printed_result(VALUES)


def orders(sizes: tuple[int, int], events: tuple[int, int]) -> list[tuple[np.ndarray, np.ndarray]]:
    """List every path: numbers at risk at each event, and the reference's losses before it (the exposed lose nobody)."""
    total, found = sum(events), []
    for who in product((0, 1), repeat=total):
        if who.count(0) != events[0]:
            continue
        for lost in product(range(sizes[1] - events[1] + 1), repeat=total):
            if any(b < a for a, b in pairwise(lost)):
                continue
            before = np.array([[who[:i].count(0), who[:i].count(1)] for i in range(total)])
            at_risk = np.array(sizes) - before - np.c_[np.zeros(total, int), lost]
            if (at_risk[np.arange(total), who] > 0).all():
                found.append((at_risk, np.array(lost)))
    return found


def fitted(at_risk: np.ndarray, exposed: int) -> tuple[float, float, float] | None:
    """Find log hazard ratio, standard error and log-rank chi-square by bisection and plain sums."""
    q = at_risk[:, 0] / at_risk.sum(axis=1)
    low, high = -12.0, 12.0
    for _ in range(80):
        b = (low + high) / 2
        p = q * math.exp(b) / (1 - q + q * math.exp(b))
        low, high = (b, high) if p.sum() < exposed else (low, b)
    if abs(b) > 11:
        return None
    return b, 1 / math.sqrt((p * (1 - p)).sum()), (exposed - q.sum()) ** 2 / (q * (1 - q)).sum()


@pytest.mark.parametrize("early", [1, 5])
def test_no_order_of_a_small_example_has_fewer_losses_than_the_bound(early):
    sizes, events = (5, 6), (2, 3)
    results = [(lost[early - 1], fitted(at_risk, events[0])) for at_risk, lost in orders(sizes, events)]
    results = [(lost, one) for lost, one in results if one is not None and one[0] < 0]
    assert len(results) > 200
    targets = sorted({one for _, one in results})
    attained = 0
    for b, se, chi in targets[:: len(targets) // 4]:
        printed = Result((b - 0.02, b + 0.02), (se * 0.99, se * 1.01), (chi * 0.95, chi * 1.05))
        near = [lost for lost, one in results if np.allclose(one, (b, se, chi), atol=0, rtol=1e-9)]
        groups = Groups(sizes, events, early)
        least, most = fewest_lost(groups, printed), fewest_lost(groups, printed, most=True)
        assert least <= min(near) + 1e-6
        assert most >= max(near) - 1e-6
        attained += least > 0 or most < sizes[1] - events[1]
    assert attained > 1  # the bound says something


@pytest.mark.parametrize("seed", range(3))
def test_what_happened_to_real_patients_is_never_refused(seed):
    rng = np.random.default_rng(seed)
    exposed = rng.random(24) < 0.5
    time = rng.exponential(size=24) / np.where(exposed, 0.5, 1.0)
    censored = np.where(exposed, 1.5, rng.uniform(0, 1.5, size=24))  # of the exposed nobody is lost
    event, time = time < censored, np.minimum(time, censored)
    fit, test = maximise(exposed[:, None].astype(float), time, event), logrank(time, event, exposed.astype(int))
    events = int(event[exposed].sum()), int(event[~exposed].sum())
    lost = int((~event & ~exposed & (time < time[event].max())).sum())
    beta, se, chi = float(fit.beta[0]), float(np.sqrt(fit.covariance[0, 0])), float(test.statistic)
    favours = beta < 0  # the range of a chi-square is of a test that favours the exposed
    again = (chi * 0.99, chi * 1.01) if favours else None
    printed = Result((beta - 0.005, beta + 0.005), (se * 0.995, se * 1.005), again)
    groups = Groups((int(exposed.sum()), int((~exposed).sum())), events, sum(events))
    assert fewest_lost(groups, printed) <= lost + 1e-6
    assert fewest_lost(groups, printed, most=True) >= lost - 1e-6


def test_a_draw_falls_as_the_conditional_probabilities_say():
    # one event of two in each group at hazard ratio 1/2: first exposed 1/3, then reference 2 / 2.5; or 2/3, then 1/2
    drawn = proportional_orders(Groups((2, 2), (1, 1), early=2), lost=0, hr=0.5, draws=20_000)
    exposed_first, reference_first = 1 / 3 * 4 / 5, 2 / 3 * 1 / 2
    hrs, counts = np.unique(drawn[:, 0].round(6), return_counts=True)
    assert len(hrs) == 2
    share = counts[hrs > 1][0] / counts.sum()
    assert share == pytest.approx(exposed_first / (exposed_first + reference_first), abs=0.02)
    # sum of p = 1: h/(1+h) + h/(2+h) = 1, h = sqrt(2); and h/(1+h) + 2h/(1+2h) = 1, its inverse
    assert hrs == pytest.approx([1 / math.sqrt(2), math.sqrt(2)])


def test_more_losses_than_patients_are_refused():
    with pytest.raises(ValueError, match="more than"):
        proportional_orders(Groups((2, 2), (1, 1), early=2), lost=3, hr=0.5)


def test_the_printed_row_holds_its_own_numbers():
    low, high = ROW.log_hr
    assert math.log(0.435) - 1e-9 <= low < high <= math.log(0.445) + 1e-9
    # a grid of unrounded pairs, rounded as the table is
    grid = [(b, s) for b in np.linspace(-0.835, -0.808, 55) for s in np.linspace(0.38, 0.395, 301)]
    good = [
        s
        for b, s in grid
        if round(math.exp(b), 2) == 0.44
        and (round(math.exp(b - 1.959964 * s), 2), round(math.exp(b + 1.959964 * s), 2)) == (0.20, 0.93)
        and round(math.erfc(abs(b) / s / math.sqrt(2)), 3) == 0.032
    ]
    assert ROW.se[0] - 3e-4 <= min(good) <= ROW.se[0] + 3e-4
    assert ROW.se[1] - 3e-4 <= max(good) <= ROW.se[1] + 3e-4


def test_splits_are_those_of_the_least_error():
    for total in (26, 28, 31):
        said = event_splits(ROW.se, total, excess=1.02)
        by_hand = [d for d in range(1, total) if ROW.se[0] / 1.02 <= math.sqrt(1 / d + 1 / (total - d)) <= ROW.se[1]]
        assert said == by_hand
    assert event_splits(ROW.se, 26) == []


def test_events_are_possible_in_every_population_and_the_ward_adds_up():
    assert set(COUNTS["population"]) == set(POPULATIONS)
    assert (COUNTS["ward_none_least"] <= COUNTS["ward_none_most"]).all()
    toxic = COUNTS[COUNTS["population"] == "all with CRS or ICANS"]
    assert (toxic["none"] == toxic["ward_none_least"]).all()
    assert (toxic["low"] + toxic["none"] + toxic["high_least"] <= toxic["total_most"]).all()
    assert set(zip(toxic["low"], toxic["none"], strict=True)) >= {(11, 17), (12, 16), (10, 20), (10, 21)}
    known = COUNTS[COUNTS["population"] == "known blasts"]
    assert known["low"].min() == 11


def test_ten_events_of_all_with_crs_need_events_among_those_of_unknown_blasts():
    ten = COUNTS[(COUNTS["population"] == "all with CRS or ICANS") & (COUNTS["low"] == 10)]
    assert (ten["total_least"] > COUNTS["total_least"].min()).all()


def test_a_wider_allowance_only_adds():
    wide = event_counts(VALUES, excess=1.04)
    pairs = [set(zip(f["population"], f["none"], f["low"], strict=True)) for f in (COUNTS, wide)]
    assert pairs[0] < pairs[1]


def test_unequal_loss_is_needed_by_few_events_and_not_by_ten_against_twenty():
    some = COUNTS[COUNTS[["low", "none"]].isin({"low": [10, 11], "none": [17, 20]}).all(axis=1)]
    found = unequal_loss(VALUES, some[some["population"] == "all with CRS or ICANS"], draws=400)
    needs = found.set_index(["low", "none"])
    assert needs.loc[(11, 17), "fewest"] > 3
    assert needs.loc[(11, 17), "hr_low"] > 0.445
    assert needs.loc[(10, 20), "fewest"] == 0
    assert needs.loc[(10, 20), "hr_low"] < 0.44 < needs.loc[(10, 20), "hr_high"]
    assert (needs["fewest"] <= needs["fewest_all"] + 1e-6).all()


def test_patients_of_unknown_blasts_are_left_out_once():
    frame = dose_group_sizes(VALUES).set_index(["population", "unknown"])
    assert frame.loc[("known blasts", "all untreated")].tolist() == [46, 38]
    assert frame.loc[("all with 0 mg/kg", "")].tolist() == [46, 59]


def test_the_log_rank_test_without_unequal_loss():
    some = COUNTS[(COUNTS["population"] == "all with CRS or ICANS") & COUNTS["none"].isin([17, 21])]
    found = logrank_without_loss(VALUES, some, draws=400).set_index(["low", "none"])
    assert found.loc[(11, 17), "p_low"] > 0.0285
    assert found.loc[(10, 21), "p_low"] < 0.028 < found.loc[(10, 21), "p_high"]


def test_chi2_of_p():
    assert chi2_range(0.049995, 0.050005) == pytest.approx((3.8413, 3.8416), abs=2e-4)
