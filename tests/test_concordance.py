"""Printed against recomputed: four verdicts, each with its reason."""

from types import SimpleNamespace

import numpy as np
import pytest

from helpers.published.concordance import VERDICTS, concordance, concordance_summary
from helpers.published.values import alias_ids, published_values

VALUES = published_values()
PERFECT = {
    row.id: SimpleNamespace(value=row.number, reason="") for row in VALUES.itertuples(index=False) if row.alias_of == ""
}


def row(frame, id):
    return frame.set_index("id").loc[id]


def test_every_printed_number_gets_one_verdict_in_the_order_of_the_print():
    frame = concordance(VALUES, PERFECT)
    assert frame["id"].tolist() == VALUES["id"].tolist()
    assert list(frame.columns) == ["id", "printed", "recomputed", "verdict", "reason"]
    assert set(frame["verdict"]) <= set(VERDICTS)


def test_the_canonical_value_recomputed_to_the_digit_is_the_same_everywhere_but_where_the_print_differs():
    frame = concordance(VALUES, PERFECT).set_index("id")
    differ = set(frame.index[frame["verdict"] == "differs"])
    number = VALUES.set_index("id")["number"]
    assert differ == {i for i, c in alias_ids(VALUES).items() if number[i] != number[c]} - {"discussion.gc.pct"}


@pytest.mark.parametrize(
    ("value", "verdict"), [(0.3749, "same"), (0.375, "same"), (0.3751, "differs"), (np.nan, "not computable")]
)
def test_half_a_unit(value, verdict):
    computed = {"table5.multivariable.gc_low.hr": SimpleNamespace(value=value, reason="no model")}
    assert row(concordance(VALUES, computed), "table5.multivariable.gc_low.hr").verdict == verdict


def test_the_reason_of_the_registry_is_handed_on():
    computed = {"table1.n": SimpleNamespace(value=None, reason="no patients table")}
    found = row(concordance(VALUES, computed), "table1.n")
    assert (found.verdict, found.reason) == ("not computable", "no patients table")


def test_an_alias_is_compared_with_its_canonical_value_and_says_so():
    found = row(concordance(VALUES, PERFECT), "results.gc_impact.low.n")
    assert found.recomputed == 46
    assert found.verdict == "differs"
    assert "results.multivariable.low.n" in found.reason


def test_a_bound_is_compared_as_one():
    assert row(concordance(VALUES, PERFECT), "discussion.gc.pct").verdict == "same"
    low = {"table2.gc.pct": SimpleNamespace(value=49.0, reason="")}
    found = row(concordance(VALUES, low), "discussion.gc.pct")
    assert (found.verdict, "bound" in found.reason) == ("differs", True)


def test_what_cannot_be_compared_says_why():
    one = concordance(VALUES, PERFECT, comparable={"table2.gc.n": "gc_cutoff is 5", "table1.n": False})
    assert row(one, "table2.gc.n").reason == "gc_cutoff is 5"
    assert row(one, "results.patients.gc.n").verdict == "not comparable"  # the alias follows
    assert row(one, "table1.n").verdict == "not comparable"
    assert row(one, "table1.male.n").verdict == "same"
    everything = concordance(VALUES, PERFECT, comparable="another cohort")
    assert set(everything["verdict"]) == {"not comparable"}


def test_constants_are_counted_apart():
    counts = concordance_summary(concordance(VALUES, PERFECT), VALUES)
    assert counts.loc["stated", "printed"] == 51
    assert counts.loc["results", "printed"] == 464 - 51
    assert counts[list(VERDICTS)].sum(axis=1).tolist() == counts["printed"].tolist()
