"""The printed values: read whole, refused with every problem, and standing in the paper as they are said to."""

from decimal import Decimal

import pandas as pd
import pytest

from helpers.paths import PUBLISHED, write_csv
from helpers.problems import InputError
from helpers.published.corrections import COLUMNS as OF_CORRECTIONS
from helpers.published.corrections import FILE as CORRECTIONS
from helpers.published.corrections import read_corrections
from helpers.published.values import (
    COLUMNS,
    Printed,
    agrees_with_print,
    alias_ids,
    canonical_id,
    printed_values,
    published_values,
)

VALUES = published_values()
POPULATIONS = {
    "all", "toxicity", "evaluable", "gc", "nongc", "relapsed", "crs", "icans", "icans_g12", "known_blasts",
}  # fmt: skip


def test_every_printed_number_is_there_once():
    assert len(VALUES) == 464
    assert VALUES["id"].is_unique
    assert list(VALUES.columns) == COLUMNS


def test_every_row_is_about_a_known_population():
    named = {part for text in VALUES["population"] for part in text.split(" & ")}
    assert named == POPULATIONS - {"nongc"}


def test_an_alias_states_the_quantity_of_its_canonical_row():
    """Where the two numbers differ, the audit must say so: these are all of them."""
    number = VALUES.set_index("id")["number"]
    differ = {id for id, first in alias_ids(VALUES).items() if number[id] != number[first]}
    assert differ == {
        "abstract.multivariable.gc_low.hr", "abstract.multivariable.gc_low.ci_low",
        "abstract.multivariable.gc_low.ci_high", "results.patients.crs_response.pct", "results.efficacy.rux.p",
        "results.efficacy.tcz.p", "results.gc_impact.low.n", "discussion.gc.pct",
    }  # fmt: skip


def test_tables_are_canonical():
    """No row of a table is an alias of a row of the text."""
    again = alias_ids(VALUES)
    assert not {id for id, first in again.items() if id.startswith("table") and not first.startswith("table")}


def test_constants_of_the_design_are_kept_apart():
    assert (VALUES["kind"] == "stated").sum() == 51


def test_the_one_bound_is_compared_as_a_bound():
    assert VALUES.loc[VALUES["bound"] != "", "id"].tolist() == ["discussion.gc.pct"]


def test_printed_numbers_keep_their_digits():
    values = printed_values(VALUES)
    assert values["table1.male.pct"].number == Decimal("67.50")
    assert values["table5.univariate.target_cd19_22.p"].text == "0.50"


@pytest.mark.parametrize(
    ("computed", "printed", "decimals", "bound", "same"),
    [
        (14.165, 14.16, 2, "", True),  # 14.165 is stored a little below: still a tie, still agreement
        (14.16501, 14.16, 2, "", False),
        (0.1 + 0.2, 0.3, 15, "", True),
        (45.5, 45, 0, "", True),
        (45.51, 45, 0, "", False),
        (50.83, 50, 0, ">", True),
        (50.0, 50, 0, ">", False),
        (float("nan"), 1, 0, "", False),
    ],
)
def test_half_a_unit_of_the_last_digit_decides(computed, printed, decimals, bound, same):
    assert agrees_with_print(computed, printed, decimals, bound) is same


def test_canonical_ids():
    assert canonical_id("discussion.crs.pct") == "table2.crs.any.pct"
    assert canonical_id("no.such.id") == "no.such.id"


def spoiled(tmp_path, **columns):
    frame = pd.read_csv(PUBLISHED / "published_values.csv", dtype=str, keep_default_na=False)
    for column, (row, value) in columns.items():
        frame.loc[row, column] = value
    write_csv(tmp_path / "published_values.csv", frame)
    return tmp_path


def test_all_problems_are_told_at_once(tmp_path):
    folder = spoiled(
        tmp_path, id=(1, "table1.n"), number=(2, "many"), decimals=(4, "0"), kind=(5, "guess"),
        alias_of=(6, "discussion.n"), bound=(7, "about"),
    )  # fmt: skip
    with pytest.raises(InputError) as error:
        published_values(folder)
    assert {(p.row, p.column) for p in error.value.problems} >= {
        (3, "id"), (4, "number"), (6, "decimals"), (7, "kind"), (8, "alias_of"), (9, "bound"),
    }  # fmt: skip


def test_a_missing_file_or_column_is_told(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        published_values(tmp_path)
    write_csv(tmp_path / "published_values.csv", VALUES.drop(columns="bound"))
    with pytest.raises(InputError, match="bound"):
        published_values(tmp_path)
    (tmp_path / "published_values.csv").write_bytes(b"\xff\xfe\x00binary")
    with pytest.raises(InputError, match="no readable table"):
        published_values(tmp_path)


def test_rounding_interval():
    printed = Printed("a", Decimal("18"), 0)
    assert (printed.low, printed.high) == (Decimal("17.5"), Decimal("18.5"))


def test_corrections_are_refused_with_every_problem(tmp_path):
    assert read_corrections(tmp_path).empty  # a paper without the file
    rows = [
        ("a", "1.5", "", "a reason"),
        ("b", "many", "", "a reason"),
        ("c", "", "", "a reason"),
        ("d", "", "e", ""),
        ("a", "2", "", "a reason"),
    ]
    write_csv(tmp_path / CORRECTIONS, pd.DataFrame(rows, columns=OF_CORRECTIONS))
    with pytest.raises(InputError) as refused:
        read_corrections(tmp_path)
    found = {(problem.row, problem.column) for problem in refused.value.problems}
    assert found == {(3, "corrected_to"), (4, "alias"), (5, "reason"), (6, "id")}
