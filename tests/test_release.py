"""What may leave: the rules by hand, the attack by brute force, and a bundle in which nothing else stands."""

import itertools
import json
import zipfile

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.cohort.derive import analyse
from helpers.cohort.read import read_cohort
from helpers.cohort.schema import Cohort
from helpers.parameters import Parameters
from helpers.paths import REAL
from helpers.problems import InputError, NotAvailable
from helpers.release.attack import Cell, Counts, Partition, intervals, narrow_cells, protect
from helpers.release.ledger import check_ledger, write_ledger
from helpers.release.released import released
from helpers.release.rules import Rules, coarse_curve
from helpers.run.cli import main


@pytest.fixture(scope="module")
def default():
    return released(analyse(read_cohort(), Parameters()), Rules())


@given(st.lists(st.integers(0, 11), min_size=2, max_size=3), st.lists(st.booleans(), min_size=3, max_size=3))
@settings(max_examples=25, deadline=None)
def test_the_intervals_are_those_of_trying_every_table(sizes, shown):
    rules = Rules(threshold=5, base=5)
    cells = [Cell(f"c{i}", size, shown[i]) for i, size in enumerate(sizes)]
    total = Cell("n", sum(sizes))
    found = intervals(Counts([Partition(total, cells)]), rules)
    below, above = rules.reach()

    def fits(cell, count):
        return not cell.shown or rules.rounded(cell.count) - below <= count <= rules.rounded(cell.count) + above

    top = total.count + 2 * above
    tables = [
        table for table in itertools.product(range(top + 1), repeat=len(cells))
        if fits(total, sum(table)) and all(map(fits, cells, table))
    ]  # fmt: skip
    for i, cell in enumerate(cells):
        if not cell.shown:
            assert found[cell.name] == (min(table[i] for table in tables), max(table[i] for table in tables))


@given(st.lists(st.integers(0, 60), min_size=2, max_size=5))
@settings(max_examples=20, deadline=None)
def test_no_small_count_is_shown_or_can_be_bounded_narrowly(sizes):
    cells, rules = [Cell(f"c{i}", size) for i, size in enumerate(sizes)], Rules()
    bounds = protect(Counts([Partition(Cell("n", sum(sizes)), cells)]), rules)
    assert all(cell.count >= 10 for cell in cells if cell.shown)
    if sum(sizes) >= 25:
        assert all(high - low >= 9 for low, high in bounds.values())
    else:
        assert narrow_cells(bounds, rules) == [name for name, (low, high) in bounds.items() if high - low < 9], (
            "then a release is refused"
        )


def test_a_linked_table_cannot_give_away_what_another_hides():
    """A cross-table hides a cell; the margins of the other tables would give it back without the second suppression."""
    total = Cell("n", 80)
    left, right = Cell("left", 40), Cell("right", 40)
    a, b = [Cell("left a", 33), Cell("left b", 7)], [Cell("right a", 20), Cell("right b", 20)]
    columns = [Cell("a", 53), Cell("b", 27)]
    counts = Counts(
        [
            Partition(total, [left, right]),
            Partition(left, a),
            Partition(right, b),
            Partition(total, columns),
            Partition(columns[0], [a[0], b[0]]),
            Partition(columns[1], [a[1], b[1]]),
        ]
    )
    bounds = protect(counts, Rules())
    assert not a[1].shown
    assert bounds["left b"][1] - bounds["left b"][0] >= 9


def test_a_coarse_curve_steps_after_enough_events_and_ends_where_few_are_at_risk():
    rng = np.random.default_rng(7)
    time, event = pd.Series(rng.exponential(900, 140).round()), pd.Series(rng.random(140) < 0.7)
    found = coarse_curve(time, event, Rules())
    assert (found["at_risk"] % 5 == 0).all()
    assert found["at_risk"].iloc[-1] >= 10
    days = found["month"] * 365.25 / 12
    events = [int((event & (time <= day)).sum()) for day in days]
    steps = [
        events[i] for i in range(len(found)) if i == 0 or found["survival"].iloc[i] != found["survival"].iloc[i - 1]
    ]
    assert all(later - earlier >= 10 for earlier, later in itertools.pairwise([0, *steps[1:]]))
    exact = found["survival"].iloc[-1]
    at_risk = np.array([(time >= day).sum() for day in np.sort(time[event].unique())])
    died = np.array([(event & (time == day)).sum() for day in np.sort(time[event].unique())])
    survival = np.cumprod(1 - died / at_risk)
    assert exact in np.round([1.0, *survival], 2), "a step is the estimate itself, not a biased one"


def test_every_count_of_the_default_release_is_rounded_and_large(default):
    shown = [row["n"] for row in default.numbers["counts"] if row["n"] is not None]
    assert min(shown) >= 10
    assert all(count % 5 == 0 for count in shown)
    assert all(row["n"] % 5 == 0 and row["events"] % 5 == 0 for row in default.numbers["models"])
    levels = {
        row["level"] for row in default.numbers["counts"] if row["variable"] == "Disease status" and row["n"] is None
    }
    assert levels == {"relapsed", "primary refractory"}, "115 of 120: the five others follow, so neither is shown"


def test_no_smallest_no_largest_no_day_and_no_patient_leaves(default):
    text = json.dumps(default.numbers)
    frame = read_cohort().tables["patients"]
    assert "SYN-" not in text
    for column in ("age_years", "weight_kg"):
        assert not any(f'"{end}": {frame[column].max()}' in text for end in ("median", "q1", "q3"))
    assert {key for row in default.numbers["medians"] for key in row} == {"variable", "n", "median", "q1", "q3"}
    assert all(isinstance(month, int) for row in default.numbers["curves"] for month in row["month"])


def test_too_few_patients_release_nothing():
    patients = pd.DataFrame({"patient_id": [f"SYN-{i}" for i in range(9)], "sex": ["male"] * 9})
    with pytest.raises(NotAvailable, match="fewer than 10 patients"):
        released(analyse(Cohort("few", "infusion", True, "made up", "CC0", {"patients": patients})), Rules())
    with pytest.raises(InputError, match="5 or more"):
        Rules(threshold=4)


def test_the_ledger_refuses_a_release_that_differs_by_one(tmp_path):
    path = tmp_path / "ledger.json"
    write_ledger(path, [], {"dose: low": 46, "patients": 120}, {})
    with pytest.raises(InputError, match="dose: low"):
        check_ledger(path, {"dose: low": 45, "patients": 120}, {"gc_cutoff": 7.9}, Rules())
    assert len(check_ledger(path, {"dose: low": 46, "patients": 120}, {}, Rules())) == 1
    path.write_text("[]")
    with pytest.raises(InputError, match="cannot be read"):
        check_ledger(path, {"a": 1}, {}, Rules())


def test_a_bundle_by_the_command_line_holds_nothing_but_the_released_numbers(tmp_path):
    run, out, ledger = CliRunner(), tmp_path / "bundle", tmp_path / "ledger.json"
    cohort = ["--cohort", str(REAL / "bmt"), "--set", "exposure=disease_group"]
    done = run.invoke(main, ["release", *cohort, "--out", str(out), "--ledger", str(ledger)])
    assert done.exit_code == 0, done.output
    names = {path.name for path in out.iterdir()}
    assert {"results.json", "tables.docx", "tables.xlsx", "km_pfs.png", "index.md"} <= names
    assert not [name for name in names if name.endswith((".svg", ".ipynb", ".html"))]
    for office in ("tables.docx", "tables.xlsx"):
        with zipfile.ZipFile(out / office) as archive:
            properties = archive.read("docProps/core.xml").decode()
            everything = b"".join(archive.read(name) for name in archive.namelist()).decode("utf-8", "replace")
        assert "python-docx" not in properties
        assert "openpyxl" not in properties
        assert str(tmp_path) not in everything
        assert 'state="hidden"' not in everything
    again = run.invoke(main, ["release", *cohort, "--out", str(out), "--ledger", str(ledger)])
    assert again.exit_code == 0, "the same release again is no second one"
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    refused = run.invoke(main, ["release", *cohort, "--out", str(tmp_path / "mine"), "--ledger", str(ledger)])
    assert refused.exit_code == 2
    assert (tmp_path / "mine" / "thesis.txt").exists()


def test_labels_stay_text(tmp_path):
    n = 80
    patients = pd.DataFrame(
        {"patient_id": [f"SYN-{i:03d}" for i in range(n)], "arm": ["=HYPERLINK(1)", "<b>$x_1$|*"] * (n // 2)}
    )
    from helpers.cohort.schema import Column
    from helpers.release.files import write_bundle

    declared = {"patients": {"arm": Column("category", "arm", allowed=("=HYPERLINK(1)", "<b>$x_1$|*"))}}
    cohort = Cohort("x", "infusion", True, "made up", "CC0", {"patients": patients}, declared)
    write_bundle(released(analyse(cohort), Rules()).numbers, tmp_path)
    assert "'=HYPERLINK(1)" in (tmp_path / "counts.csv").read_text()
    assert "<b>" not in (tmp_path / "index.md").read_text().replace("\\<b\\>", "")
