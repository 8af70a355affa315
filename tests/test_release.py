"""What may leave: the rules by hand, the attack by brute force, and a bundle in which nothing else stands."""

import itertools
import json
import math
import re
import shutil
import zipfile
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import example, given, settings
from hypothesis import strategies as st

from helpers.cohort.derive import analyse
from helpers.cohort.read import read_cohort
from helpers.cohort.schema import Cohort, Column
from helpers.parameters import Parameters
from helpers.paths import COHORT, REAL
from helpers.problems import InputError, NotAvailable
from helpers.release import released_curves
from helpers.release.attack import Cell, Counts, Partition, intervals, narrow_cells, protect
from helpers.release.ledger import check_ledger, refuse_a_second_ledger, write_ledger
from helpers.release.released import released
from helpers.release.released_counts import COUNTED, tie_tables
from helpers.release.released_models import counted_as
from helpers.release.rules import Rules, coarse_curve, coarse_interval, coarse_median
from helpers.run.cli import main
from helpers.synthesis.study import default_cohort


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


@example([30, 30, 4, 4])
@given(st.lists(st.integers(0, 60), min_size=2, max_size=5))
@settings(max_examples=20, deadline=None)
def test_no_small_count_is_shown_or_can_be_bounded_narrowly(sizes):
    cells, rules = [Cell(f"c{i}", size) for i, size in enumerate(sizes)], Rules()
    bounds = protect(Counts([Partition(Cell("n", sum(sizes)), cells)]), rules)
    assert all(cell.count >= 10 for cell in cells if cell.shown)
    if sizes == [30, 30, 4, 4]:  # else both could be of nothing
        assert {cell.shown for cell in cells} == {True, False}
        assert bounds
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


def test_a_group_under_two_names_is_shown_or_hidden_under_both():
    """The children given the drug are those of the low and of the high dose; what one table hides, the other must not tell."""
    total, rules = Cell("n", 120), Rules()
    given, none = Cell("given", 64), Cell("not given", 56)
    low, high, without = Cell("low", 57), Cell("high", 7), Cell("none", 56)
    parts = [Partition(total, [given, none]), Partition(total, [low, high, without])]
    alone = protect(Counts([Partition(total, [low, high, without])]), rules)
    assert alone["high"][1] - alone["high"][0] >= 9
    told = Counts(parts, [Partition(none, [without]), Partition(given, [low, high])])
    bounds = protect(told, rules)
    assert all(upper - lower >= 9 for lower, upper in bounds.values())
    assert none.shown == without.shown


def test_a_model_narrows_what_a_table_hides():
    """A count hidden to protect another one comes back with the number of patients of a model."""
    rules, total = Rules(), Cell("n", 120)
    a, b, unknown = Cell("a", 60), Cell("b", 56, shown=False), Cell("unknown", 4, shown=False)
    counts = Counts([Partition(total, [a, b, unknown])])
    before = intervals(counts, rules)
    counts.within.append((Cell("model, b", 56), [b]))
    after = intervals(counts, rules)
    assert before["b"] == (0, 64)
    assert after["b"] == (53, 64)
    assert after["unknown"][1] < before["unknown"][1]


def test_a_count_is_shown_only_if_it_and_its_complement_are_large():
    shown = {count for count in range(31) if Rules().may_show(count, 30)}
    assert shown == set(range(10, 21))
    assert not any(Rules().may_show(count, 19) for count in range(20))


def test_a_coarse_curve_ends_where_one_fewer_than_the_threshold_are_at_risk():
    time = pd.Series([45.0] * 11 + [75.0] + [200.0] * 9)  # 21, 21, 10 and 9 at risk at months 0 to 3
    assert coarse_curve(time, time > 0, Rules())["month"].tolist() == [0, 1, 2]


def test_a_coarse_curve_steps_after_enough_events_and_ends_where_few_are_at_risk():
    rng = np.random.default_rng(7)
    time, event = pd.Series(rng.exponential(900, 140)), pd.Series(rng.random(140) < 0.7)
    found = coarse_curve(time, event, Rules())
    assert (found["at_risk"] % 5 == 0).all()
    assert found["at_risk"].iloc[-1] >= 10
    tens = [int((event & (time <= day)).sum()) // 10 for day in found["month"] * 365.25 / 12]
    assert max(tens) >= 4
    assert (found["survival"].diff().fillna(0) < 0).tolist() == (np.diff([0, *tens]) > 0).tolist(), "at each ten"


@pytest.mark.parametrize("n", [38, 39, 41, 42, 118, 122])
def test_a_coarse_curve_does_not_tell_the_number_of_patients(n):
    """Nobody lost: the estimate after 10, 20 ... events would be 1 - 10 / n, and so tell n; it is that of the rounded n."""
    rounded = 5 * round(n / 5)
    found = coarse_curve(pd.Series(range(1, n + 1)) * 40.0, pd.Series([True] * n), Rules())
    ever = sorted({1 - value for value in found["survival"]})
    assert ever == pytest.approx([10 * step / rounded for step in range(len(ever))], abs=0.0051)


def test_a_coarse_curve_is_not_biased():
    """Over cohorts of 36 to 124 patients, a third of them lost, the coarse curve lies on either side of the estimate."""
    rng, apart = np.random.default_rng(3), []
    for n in range(36, 125):
        time, event = pd.Series(rng.exponential(900, n)), pd.Series(rng.random(n) < 0.67)
        found = coarse_curve(time, event, Rules())
        died = np.sort(time[event])
        survival = np.cumprod([1.0, *(1 - 1 / (time >= day).sum() for day in died)])
        steps = found["survival"].drop_duplicates().to_numpy()
        apart += [(step, value - survival[10 * step]) for step, value in enumerate(steps) if step]
    apart = np.array(apart)
    assert len(apart) > 200
    assert abs(apart[:, 1].mean()) < 0.005
    assert abs(apart[apart[:, 0] >= 3, 1].mean()) < 0.01
    assert np.abs(apart[:, 1]).max() < 0.06


@pytest.mark.parametrize("n", range(98, 103))
def test_quartiles_do_not_tell_the_number_of_patients(n):
    """Between the values of two neighbours a quartile is a quarter, a half or none: n but for multiples of four."""
    days = np.repeat(np.arange(40.0), 3)[:n]
    assert all(value == int(value) for value in coarse_median(pd.Series(days), Rules()))


def test_no_quartile_beside_a_heap_is_the_smallest_or_largest_of_the_others():
    """Of 119 doses 59 are none: the median is the smallest that was given."""
    given = [0.98, *np.linspace(2.1, 30, 59)]
    assert coarse_median(pd.Series([0.0] * 59 + given), Rules())[0] is None
    assert coarse_median(pd.Series([99.0] * 59 + given), Rules())[0] is None
    assert coarse_median(pd.Series([0.0] * 40 + given), Rules())[0] is not None


def test_the_dose_is_that_of_those_who_were_given_it(default):
    frame = analyse(read_cohort(), Parameters()).frame
    given = frame.loc[frame["gc"] == True, "gc_dose_mg_per_kg"]  # noqa: E712 (nullable)
    row = next(row for row in default.numbers["medians"] if row["variable"].startswith("Cumulative glucocorticoid"))
    assert "where given" in row["variable"]
    assert row["median"] == pytest.approx(given.median(), rel=0.05)


def test_a_level_that_is_listed_has_somebody():
    """The line of a suppressed level says that it is not empty: 0 is no value that an intruder must reckon with."""
    total, rules = Cell("n", 120), Rules()
    few, rest = Cell("few", 4, shown=False, least=1), [Cell("a", 58), Cell("b", 58)]
    assert intervals(Counts([Partition(total, [*rest, few])]), rules)["few"][0] == 1


def test_a_variable_that_all_have_alike_is_not_listed():
    n = 100
    declared = {"ward": Column("category", "ward", allowed=("A", "B"))}
    patients = pd.DataFrame(
        {"patient_id": [f"SYN-{i}" for i in range(n)], "sex": ["male"] * n, "ward": ["A", "B"] * 50}
    )
    cohort = Cohort("x", "infusion", True, "made up", "CC0", {"patients": patients}, {"patients": declared})
    found = released(analyse(cohort), Rules())
    assert {row["variable"] for row in found.numbers["counts"]} == {"ward"}


def test_a_cross_table_that_cannot_be_protected_is_left_out():
    """By CAR target, where few have three antigens, the response would give them away; all else is released."""
    found = released(analyse(read_cohort(), Parameters(exposure="car_target")), Rules())
    variables = {row["variable"] for row in found.numbers["counts"]}
    assert "Day 30 response" in variables
    assert not narrow_cells(found.bounds, Rules())


def test_the_width_of_an_interval_gives_the_rounded_events_and_no_others(default):
    """One to twelve tenths of the information of the rounded events: the interval follows from what stands beside it."""
    rows = pd.DataFrame(default.numbers["models"])
    compared = 0
    for _, levels in rows.groupby(["model", "variable"]):
        reference = levels[levels["low"].isna()].iloc[0]
        for row in levels[levels["low"].notna()].itertuples():
            ideal = 1 / row.events + 1 / reference["events"]
            ends = [
                [round(row.hr * math.exp(sign * 1.959964 * math.sqrt(ideal / (tenths / 10))), 2) for sign in (-1, 1)]
                for tenths in range(1, 13)
            ]
            assert [row.low, row.high] in ends
            compared += 1
    assert compared


def test_the_same_rounded_events_give_the_same_interval():
    """Whoever has another number of events, but the same rounded one, has the same interval in the release."""
    found = set()
    for events in itertools.product((18, 20, 22), (13, 15, 17)):
        width = 1.959964 * math.sqrt(1 / events[0] + 1 / events[1])
        found.add(coarse_interval(0.7, 0.7 * math.exp(-width), 0.7 * math.exp(width), events, 0.05, Rules()))
    assert len(found) == 1


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
    write_ledger(path, [], {"dose: low": 46, "patients": 120}, {}, {})
    with pytest.raises(InputError, match="dose: low"):
        check_ledger(path, {"dose: low": 45, "patients": 120}, {}, Rules())
    assert len(check_ledger(path, {"dose: low": 46, "patients": 120}, {}, Rules())) == 1
    path.write_text("[]")
    with pytest.raises(InputError, match="cannot be read"):
        check_ledger(path, {"a": 1}, {}, Rules())


def test_the_ledger_remembers_every_release_and_whom_it_counts(tmp_path):
    path = tmp_path / "ledger.json"
    who = [f"P{i}" for i in range(60)]

    def release(inside):
        members = {"dose: low": frozenset(inside)}
        truth = {"dose: low": len(inside)}
        write_ledger(path, check_ledger(path, truth, members, Rules()), truth, members, {})

    release(who[:40])
    release(who[:28])
    with pytest.raises(InputError, match="release 1"):
        release(who[:37])  # ten or more from the second release, three from the first
    with pytest.raises(InputError, match="release 2"):
        release([*who[1:28], who[50]])  # as many patients as in the second release, but two others
    release(who[:50])
    assert len(json.loads(path.read_text())["releases"]) == 3


def test_two_hospitals_share_a_ledger_and_their_pool_is_held_against_both(tmp_path):
    """Models are known by counts alone: those of other patients are not near, those of the pool may be."""
    path, rules = tmp_path / "ledger.json", Rules()
    first, second = frozenset(f"A{i}" for i in range(70)), frozenset(f"B{i}" for i in range(60))
    write_ledger(path, [], {"patients": 70, "model, events": 30}, {"patients": first}, {})
    earlier = check_ledger(path, {"patients": 60, "model, events": 28}, {"patients": second}, rules)
    write_ledger(path, earlier, {"patients": 60, "model, events": 28}, {"patients": second}, {})
    pool = {"patients": first | second}
    assert len(check_ledger(path, {"patients": 130, "model, events": 58}, pool, rules)) == 2
    with pytest.raises(InputError, match="release 1"):
        check_ledger(path, {"patients": 130, "model, events": 34}, pool, rules)


def test_a_cut_off_that_moves_past_one_dose_is_refused(tmp_path):
    """Two runs whose groups differ by one child: n and events of both would give her outcome."""
    frame = analyse(read_cohort(), Parameters()).frame
    doses = np.sort(frame.loc[frame["gc_dose_mg_per_kg"] > 0, "gc_dose_mg_per_kg"].dropna().unique())
    above = doses[doses > Parameters().gc_cutoff]
    assert len(above), "the cohort has doses above the cut-off"
    moved = float(above[0] + (above[1] - above[0]) / 2)
    ledger, run = tmp_path / "ledger.json", CliRunner()
    first = run.invoke(main, ["release", "--searches", "0", "--out", str(tmp_path / "one"), "--ledger", str(ledger)])
    assert first.exit_code == 0, first.output
    again = [
        "release",
        "--searches",
        "0",
        "--set",
        f"gc_cutoff={moved}",
        "--out",
        str(tmp_path / "two"),
        "--ledger",
        str(ledger),
    ]
    second = run.invoke(main, again)
    assert second.exit_code == 2
    assert "fewer than 10 patients differ from those of release 1" in second.output
    assert not (tmp_path / "two").exists()


def test_a_bundle_by_the_command_line_holds_nothing_but_the_released_numbers(tmp_path):
    run, out, ledger = CliRunner(), tmp_path / "bundle", tmp_path / "ledger.json"
    cohort = ["--searches", "0", "--cohort", str(REAL / "bmt"), "--set", "exposure=disease_group"]
    done = run.invoke(main, ["release", *cohort, "--out", str(out), "--ledger", str(ledger)])
    assert done.exit_code == 0, done.output
    names = {path.name for path in out.iterdir()}
    pages = {"index.html", "patients.html", "survival.html", "models.html"}
    assert {"results.json", "tables.docx", "tables.xlsx", "km_pfs.png", *pages} <= names
    assert not [name for name in names if name.endswith((".svg", ".ipynb", ".js"))]
    for page in pages:
        text = (out / page).read_text()
        assert not re.search(r"<script|https?://|@import|url\(|file:", text), page
        assert all((out / target).exists() for target in re.findall(r'(?:href|src)="([^"]+)"', text)), page
    for office in ("tables.docx", "tables.xlsx"):
        with zipfile.ZipFile(out / office) as archive:
            properties = archive.read("docProps/core.xml").decode() + archive.read("docProps/app.xml").decode()
            assert {info.date_time for info in archive.infolist()} == {(2000, 1, 1, 0, 0, 0)}
            assert set(re.findall(r"(\d{4}-\d\d-\d\d)T", properties)) == {"2000-01-01"}
            assert not [name for name in archive.namelist() if re.search("thumbnail|jpeg|png", name)]
            everything = b"".join(archive.read(name) for name in archive.namelist()).decode("utf-8", "replace")
        assert "python-docx" not in properties
        assert not re.search("openpyxl|Microsoft|Macintosh", properties, re.IGNORECASE)
        assert str(tmp_path) not in everything
        assert 'state="hidden"' not in everything
    again = run.invoke(main, ["release", *cohort, "--out", str(out), "--ledger", str(ledger)])
    assert again.exit_code == 0, "the same release again is no second one"
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    refused = run.invoke(main, ["release", *cohort, "--out", str(tmp_path / "mine"), "--ledger", str(ledger)])
    assert refused.exit_code == 2
    assert (tmp_path / "mine" / "thesis.txt").exists()


def test_every_number_of_the_pages_stands_in_the_released_results(default, tmp_path):
    """The pages are made from the released numbers: nothing else is in them."""
    from helpers.release.files import write_bundle

    write_bundle(default.numbers, tmp_path)
    numbers = set(re.findall(r"\d+(?:\.\d+)?", json.dumps(default.numbers)))
    numbers |= {f"{100 * value:.0f}" for row in default.numbers["curves"] for value in row["survival"]}
    numbers |= {f"{float(number):g}" for number in numbers} | {"1", "8", "12"}  # utf-8, h1
    for page in tmp_path.glob("*.html"):
        text = re.sub(r"<style>.*?</style>|<[^>]*>", " ", page.read_text())
        found = {f"{float(number):g}" for number in re.findall(r"\d+(?:\.\d+)?", text)}
        assert found <= numbers, (page.name, found - numbers)


def test_labels_stay_text(tmp_path):
    n = 80
    patients = pd.DataFrame(
        {"patient_id": [f"SYN-{i:03d}" for i in range(n)], "arm": ["=HYPERLINK(1)", "<b>$x_1$|*"] * (n // 2)}
    )
    from helpers.release.files import write_bundle

    declared = {"patients": {"arm": Column("category", "arm", allowed=("=HYPERLINK(1)", "<b>$x_1$|*"))}}
    cohort = Cohort("x", "infusion", True, "made up", "CC0", {"patients": patients}, declared)
    write_bundle(released(analyse(cohort), Rules()).numbers, tmp_path)
    assert "'=HYPERLINK(1)" in (tmp_path / "counts.csv").read_text()
    assert "<b>" not in (tmp_path / "patients.html").read_text()
    assert "&lt;b&gt;$x_1$|*" in (tmp_path / "patients.html").read_text()


def _with_own_columns(declared, **columns):
    """Make a cohort of a hundred with a relapse in every second and columns of its own."""
    n = 100
    ids = [f"SYN-{i:03d}" for i in range(n)]
    patients = pd.DataFrame({"patient_id": ids, "sex": ["male", "female"] * (n // 2), **columns})
    followup = pd.DataFrame({"patient_id": ids, "relapse_day": [50.0 + i if i % 4 < 2 else np.nan for i in range(n)],
                             "death_day": np.nan, "last_contact_day": [400.0 + i for i in range(n)]})  # fmt: skip
    tables = {"patients": patients, "followup": followup}
    recorded = {"followup": ("relapse", "death")}
    return Cohort("x", "infusion", True, "made up", "CC0", tables, {"patients": declared}, recorded=recorded)


def test_how_many_are_behind_a_median_gives_no_hidden_group_away():
    """Who was given a drug is hidden (8 were not): neither the dose's median nor any other may say how many were."""
    given = [True] * 92 + [False] * 8
    declared = {"given": Column("boolean", "given"), "dose": Column("number", "dose"), "later": Column("number", "later"), "all": Column("number", "all")}  # fmt: skip
    dose, later = np.where(given, np.arange(100.0), np.nan), np.where(np.arange(100) < 90, np.arange(100.0), np.nan)
    found = released(analyse(_with_own_columns(declared, given=given, dose=dose, later=later, all=np.arange(100.0))), Rules())  # fmt: skip
    shown = {row["variable"]: row["n"] for row in found.numbers["medians"]}
    counts = {(row["variable"], row["level"]): row["n"] for row in found.numbers["counts"]}
    assert counts["given", "yes"] is None
    assert (shown["dose"], shown["all"]) == (None, 100)  # the 90 of "later" leave ten values open
    for name, true in (("given: yes", 92), ("given: no", 8), ("dose: known", 92)):
        low, high = found.bounds[name]
        assert low <= true <= high
        assert high - low >= 9


def test_no_two_cells_of_the_ledger_have_one_name():
    halves, fifths = ["A", "B"] * 50, (["A"] * 40 + ["B"] * 60)
    declared = {
        "first": Column("category", "ward", allowed=("A", "B")),
        "second": Column("category", "Ward", allowed=("A", "B")),
        "third": Column("category", "ward: A", allowed=("x", "y")),
        "fourth": Column("category", "ward", allowed=("A", "B", "A: x")),
        "sex_again": Column("category", "Sex", allowed=("male", "female")),
        "fifth": Column("number", "Age"), "sixth": Column("number", "age"),
    }  # fmt: skip
    cohort = _with_own_columns(
        declared, first=halves, second=fifths, third=["x"] * 30 + ["y"] * 70, fourth=["A: x"] * 50 + ["A"] * 50,
        sex_again=["male"] * 20 + ["female"] * 80, fifth=np.arange(100.0), sixth=np.arange(100.0) + 50,
    )  # fmt: skip
    found = released(analyse(cohort), Rules())
    rows = [(row["variable"], row["level"]) for row in found.numbers["counts"]]
    assert len(set(rows)) == len(rows) == 2 * 6 + len([row for row in rows if "group" in row[0]])
    assert all(sum(name.startswith(f"{label}: ") for name in found.truth) == 2 for label in dict(rows))
    medians = [row["variable"] for row in found.numbers["medians"]]
    assert len(set(medians)) == len(medians) == 2
    assert {20, 30, 40, 50} <= set(map(len, found.members.values()))
    models = [(row["model"], row["variable"], row["level"]) for row in found.numbers["models"]]
    assert len(set(models)) == len(models) > 0


def test_an_own_column_with_the_name_of_a_derived_one_is_counted_for_what_it_is():
    declared = {"relapse": Column("boolean", "relapse before referral")}
    cohort = _with_own_columns(declared, relapse=pd.array([True] * 30 + [False] * 70, "boolean"))
    shown = {(row["variable"], row["level"]): row["n"] for row in released(analyse(cohort), Rules()).numbers["counts"]}
    assert (shown["relapse before referral", "yes"], shown["relapse before referral", "no"]) == (
        30,
        70,
    )  # not 50 and 50


def test_the_attack_knows_which_count_a_model_of_an_own_column_is_about():
    declared = {
        "site": Column("category", "hospital of the infusion", allowed=("north", "south")),
        "of_site": Column("category", "of the infusion", allowed=("north", "south")),
    }
    cohort = _with_own_columns(declared, site=["north"] * 60 + ["south"] * 40, of_site=["north", "south"] * 50)
    found = released(analyse(cohort), Rules())
    counted = {}
    for row in found.numbers["counts"]:
        counted.setdefault(row["variable"], []).append(row["level"])
    models = {row["variable"]: row["n"] for row in found.numbers["models"] if row["level"] == "north"}
    assert models == {"hospital of the infusion": 60, "of the infusion": 50}
    for label in models:
        assert counted_as(label, ["north", "south"], counted, "GC") == (label, [["north"], ["south"]])


def test_new_keys_of_the_same_patients_are_no_other_patients(tmp_path):
    """An import with a lost key file gives new keys: in the cohort's own ledger one patient fewer is refused all the same."""
    path, rules = tmp_path / "ledger.json", Rules()
    write_ledger(path, [], {"patients": 70}, {"patients": frozenset(f"A{i}" for i in range(70))}, {})
    new = {"patients": frozenset(f"B{i}" for i in range(69))}
    with pytest.raises(InputError, match="release 1"):
        check_ledger(path, {"patients": 69}, new, rules, shared=False)
    assert len(check_ledger(path, {"patients": 70}, {"patients": new["patients"] | {"B69"}}, rules, shared=False)) == 1
    assert len(check_ledger(path, {"patients": 69}, new, rules)) == 1, "of another hospital"


@pytest.mark.parametrize(("patients", "events", "shown"), [(20, 10, True), (19, 10, False), (20, 9, False)])
def test_curves_of_groups_need_the_threshold_of_events_and_twice_that_of_patients(monkeypatch, patients, events, shown):
    few = pd.DataFrame({"os_days": np.arange(1.0, patients + 1) * 40, "os_event": np.arange(patients) < events})
    many = pd.DataFrame({"os_days": np.arange(1.0, 61) * 30, "os_event": True})
    frame = pd.concat([few, many], ignore_index=True)
    groups = pd.Series(["few"] * patients + ["many"] * 60)
    monkeypatch.setattr(released_curves, "exposure_groups", lambda analysis: groups)
    found = released_curves.released_curves(SimpleNamespace(frame=frame), Rules())
    assert {"few", "many"}.issubset({row["group"] for row in found}) == shown
    assert "all" in {row["group"] for row in found}


def test_the_doses_of_gc_together_are_who_was_given_it_and_hide_together():
    frame = analyse(default_cohort()).frame
    everyone = frozenset(map(str, frame.index))
    total = Cell("patients", len(everyone), members=everyone)

    def cells(label, levels):
        return [(label, level, Cell(f"{label}: {level}", len(who), members=who), Partition(total, []))
                for level, who in ((level, frozenset(map(str, frame.index[levels == level]))) for level in levels.unique())]  # fmt: skip

    given = frame["gc"].map({True: "yes", False: "no"})
    own = frame["sex"].map({"male": "low", "female": "high"})  # a column of the cohort's own, levels named alike
    tables = [*cells(COUNTED["gc"], given), *cells(COUNTED["gc_group"], frame["gc_group"]), *cells("own", own)]
    counts = Counts()
    tie_tables(counts, tables)
    tied = [(part.total.name, {cell.name for cell in part.cells}) for part in counts.same if len(part.cells) > 1]
    doses = {f"{COUNTED['gc_group']}: {level}" for level in ("low", "high")}
    assert tied == [(f"{COUNTED['gc']}: yes", doses)]


def test_a_copy_of_a_cohort_in_another_folder_is_not_released_past_the_ledger_of_the_first(tmp_path):
    """Same patients, another folder: its own ledger would know of nothing."""
    who = frozenset(f"A{i}" for i in range(70))
    write_ledger(tmp_path / "ours.releases.json", [], {"patients": 70}, {"patients": who}, {})
    copy = tmp_path / "copy.releases.json"
    with pytest.raises(InputError, match=r"ours\.releases\.json: .*knows some of these patients.*--ledger"):
        refuse_a_second_ledger(copy, {"patients": frozenset(["A3", "B1"])})
    refuse_a_second_ledger(tmp_path / "ours.releases.json", {"patients": who})
    refuse_a_second_ledger(copy, {"patients": frozenset(["B1"])})
    write_ledger(copy, [], {"patients": 1}, {"patients": frozenset(["B1"])}, {})
    with pytest.raises(InputError, match="knows some"):  # begun already, as by an earlier version
        refuse_a_second_ledger(copy, {"patients": frozenset(["A3", "B1"])})


def test_what_the_ledger_knew_is_said(tmp_path):
    shutil.copytree(COHORT, tmp_path / "ours")
    shutil.copytree(COHORT, tmp_path / "copy")
    run, asked = CliRunner(), ["release", "--searches", "0", "--cohort", str(tmp_path / "ours"), "--out"]
    for out in ("one", "one"):  # made again it is no other release
        first = run.invoke(main, [*asked, str(tmp_path / out)])
        assert (first.exit_code, "knows no other release" in first.output) == (0, True), first.output
        assert "The ledger knows no other release." in (tmp_path / "one-request" / "request.md").read_text()
    copied = run.invoke(main, [*asked[:-2], str(tmp_path / "copy"), "--out", str(tmp_path / "two")])
    assert copied.exit_code == 2
    assert "knows some of these patients" in copied.output
    assert not (tmp_path / "two").exists()
    assert not (tmp_path / "copy.releases.json").exists()


def test_the_response_by_exposure_names_its_groups_once(default):
    found = {row["variable"] for row in default.numbers["counts"] if row["variable"].startswith("Day 30 response, ")}
    assert found == {"Day 30 response, GC", "Day 30 response, no GC"}
