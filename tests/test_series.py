"""A run: what it leaves, what it refuses, and what a failing notebook does to the others."""

import base64
import hashlib
import io
import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from matplotlib.figure import Figure
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from rich.console import Console

from helpers.cohort.read import write_cohort
from helpers.cohort.schema import Cohort
from helpers.parameters import Parameters
from helpers.problems import InputError
from helpers.run import folders, outcome, refreshing, scrub, series
from helpers.site.book import BookError, build_book, outside_addresses, plain

PARAMETERS = 'cohort_folder: str = ""  # folder\noutput_folder: str = ""  # folder\nwindow_days: int = 30  # days'
GOOD = (
    "import matplotlib.pyplot as plt\n"
    "from helpers.cohort.read import read_cohort\n"
    "from helpers.display.notebook import save_figure, save_table\n"
    "from helpers.parameters import Parameters",
    PARAMETERS,
    "parameters = Parameters.of(globals())\ncohort = read_cohort(parameters.cohort_folder)",
    "print(parameters.window_days, parameters.gc_cutoff, parameters.output_folder)",
    "fig, ax = plt.subplots(figsize=(2, 2))\nlines = ax.plot([1, 2])\nsave_figure(fig, 'figure1', parameters)",
    "save_table(cohort.tables['patients'], 'table1', parameters, cohort)",
)
BAD = (PARAMETERS, "kept = 1", "# why\nkept / 0", "print('never')")
CRASH = (PARAMETERS, "import os; os._exit(3)")


def write(path, sources, tag=PARAMETERS):
    cells = [new_code_cell(text, metadata={"tags": ["parameters"]} if text == tag else {}) for text in sources]
    kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    title = new_markdown_cell(f"# {path.stem}\n\nA number: $x^2$.")
    nbformat.write(new_notebook(cells=[title, *cells], metadata={"kernelspec": kernelspec}), path)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a cohort of two and four notebooks, of which one fails and one crashes."""
    folder = tmp_path_factory.mktemp("place")
    patients = pd.DataFrame({"patient_id": ["SYN-001", "SYN-002"], "weight_kg": [20.0, 30.0]})
    write_cohort(Cohort("two", "infusion", True, "made up", "CC0", {"patients": patients}), folder / "cohort")
    (folder / "notebooks").mkdir()
    for name, sources in {"00_good": GOOD, "01_bad": BAD, "02_crash": CRASH, "03_last": GOOD}.items():
        write(folder / "notebooks" / f"{name}.ipynb", sources)
    return folder


def run(place, name, wanted, *settings, **options):
    analysis = series.prepared_analysis(Parameters.from_settings(settings, cohort_folder=str(place / "cohort")))
    notebooks = series.numbered_notebooks(place / "notebooks", wanted)
    console = Console(file=io.StringIO(), force_terminal=False)
    return series.run_series(analysis, notebooks, place / "runs" / name, console=console, **options)


@pytest.fixture(scope="module")
def good(place):
    return run(place, "good", ["00", "03"], "window_days=20", "gc_cutoff=5", jobs=2, site=False)


@pytest.fixture(scope="module")
def failing(place):
    return run(place, "failing", [], jobs=1, site=True)


def test_a_run_leaves_what_it_promises(good, place):
    names = {path.relative_to(good.folder).as_posix() for path in good.folder.rglob("*") if path.is_file()}
    assert names == {
        "notebooks/00_good.ipynb", "notebooks/03_last.ipynb", "figures/figure1.png",
        "tables/table1.csv", "results.json", "concordance.csv", "manifest.json", "methods.md", ".supplement.json",
    }  # fmt: skip
    assert not good.failures
    assert [path.name for path in (place / "runs").iterdir() if path.name.startswith(".")] == []


def test_parameters_reach_every_notebook_named_there_or_not(good):
    notebook = nbformat.read(good.folder / "notebooks" / "00_good.ipynb", 4)
    printed = [out.text for cell in notebook.cells for out in cell.get("outputs", []) if out.get("name") == "stdout"]
    assert printed == ["20 5.0 OUTPUT\n"]


def test_executed_notebooks_are_clean(good):
    for path in sorted((good.folder / "notebooks").glob("*.ipynb")):
        notebook = nbformat.read(path, 4)
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
        assert "papermill" not in notebook.metadata
        assert not any({"papermill", "execution"} & set(cell.metadata) for cell in code)


def test_manifest_says_what_the_run_was_made_from(good, place):
    manifest = json.loads((good.folder / "manifest.json").read_text())
    table = place / "cohort" / "patients.csv"
    assert manifest["cohort"]["tables"] == {
        "patients": {"rows": 2, "sha256": hashlib.sha256(table.read_bytes()).hexdigest()}
    }
    assert manifest["cohort"]["synthetic"] is True
    assert manifest["parameters"]["window_days"] == 20
    assert manifest["versions"]["pandas"] == pd.__version__
    assert set(manifest["this_run"]["seconds_by_notebook"]) == {"00_good", "03_last"}


def test_results_and_concordance_cover_the_print(good):
    results = json.loads((good.folder / "results.json").read_text())
    table = pd.read_csv(good.folder / "concordance.csv")
    assert list(table) == ["id", "printed", "recomputed", "verdict", "reason"]
    assert len(table) == 464
    assert set(table["verdict"]) <= {"same", "differs", "not computable", "not comparable"}
    assert results["table1.male.n"]["value"] is None
    assert "sex" in results["table1.male.n"]["reason"]
    assert "another cohort" in table.set_index("id")["reason"]["table1.male.n"]


def test_two_runs_are_the_same_byte_for_byte(good, place):
    again = run(place, "again", ["00", "03"], "window_days=20", "gc_cutoff=5", jobs=1, site=False)
    for path in sorted(good.folder.rglob("*")):
        if path.is_file() and path.name not in ("manifest.json", folders.MARKER):
            assert path.read_bytes() == (again.folder / path.relative_to(good.folder)).read_bytes(), path.name
    first, second = (json.loads((each.folder / "manifest.json").read_text()) for each in (good, again))
    assert first.pop("this_run") != second.pop("this_run")
    assert first == second


def test_forks_and_ordinary_kernels_give_the_same_byte_for_byte(good, place):
    ordinary = run(place, "ordinary", ["00"], "window_days=20", "gc_cutoff=5", site=False, fork=False)
    assert not ordinary.failures
    for name in ("notebooks/00_good.ipynb", "figures/figure1.png", "results.json"):
        assert (ordinary.folder / name).read_bytes() == (good.folder / name).read_bytes(), name


def test_the_others_go_on_when_one_fails(failing):
    assert [one.path.stem for one in failing.executed if not one.failure] == ["00_good", "03_last"]
    bad, crash = failing.failures
    assert str(bad) == f"01_bad, cell [4] (kept / 0): ZeroDivisionError: {scrub.WITHHELD}"
    assert str(crash) == "02_crash, cell [3] (import os; os._exit(3)): stopped: its process ended with exit code 3"
    crashed = nbformat.read(failing.folder / "notebooks" / "02_crash.ipynb", 4)
    assert "Not executed to its end" in crashed.cells[1].source
    assert all(not cell.outputs for cell in crashed.cells if cell.cell_type == "code")


def test_a_run_ends_in_a_book_that_fetches_nothing(failing):
    assert failing.book == failing.folder / "book" / "index.html"
    front = failing.book.read_text()
    assert "synthetic" in front
    assert "ZeroDivisionError" in front
    page = (failing.book.parent / "00_good.html").read_text()
    assert "<math" in page
    assert re.search(r'<img alt="Figure\.[^"]*"', page)  # the words of a picture, for who does not see it
    assert outside_addresses(failing.book.parent) == []
    links = [text.split('"')[0] for text in page.split('href="')[1:] + page.split('src="')[1:]]
    inside = [link.partition("#")[0].partition("?")[0] for link in links if "://" not in link]
    absent = [link for link in inside if link and not (failing.book.parent / link).exists()]
    assert absent == []


def test_an_older_run_is_replaced_only_at_the_end(place, monkeypatch):
    first = run(place, "twice", ["00"], site=False)
    before = (first.folder / "manifest.json").read_text()

    def stop(*_):
        assert (first.folder / "manifest.json").exists()
        raise KeyboardInterrupt

    with monkeypatch.context() as context:
        context.setattr(series, "run_manifest", stop)
        with pytest.raises(KeyboardInterrupt):
            run(place, "twice", ["00"], site=False)
    assert (first.folder / "manifest.json").read_text() == before
    run(place, "twice", ["00"], site=False)
    assert (first.folder / "manifest.json").read_text() != before
    assert [path.name for path in (place / "runs").iterdir() if path.name.startswith(".")] == []


def test_a_failing_run_does_not_replace_a_good_one(place):
    good = run(place, "spared", ["00"], site=False)
    failing = run(place, "spared", ["00", "01"], site=False)
    assert failing.failures
    assert failing.folder == place / "runs" / "spared.failed"
    assert failing.spared == good.folder
    assert not (good.folder / "notebooks" / "01_bad.ipynb").exists()
    assert run(place, "spared", ["00"], site=False).folder == good.folder


def test_what_others_put_into_a_run_is_kept(place):
    first = run(place, "notes", ["00"], site=False)
    (first.folder / "notes.txt").write_text("mine")
    again = run(place, "notes", ["00"], site=False)
    assert again.kept == place / "runs" / "notes.kept"
    assert (again.kept / "notes.txt").read_text() == "mine"
    assert not (again.folder / "notes.txt").exists()


def test_a_folder_of_others_is_refused(place):
    other = place / "runs" / "calibrate"
    other.mkdir(parents=True)
    (other / "state").write_text("of a search")
    with pytest.raises(InputError, match="nothing was removed"):
        run(place, "calibrate", ["00"], site=False)
    assert [path.name for path in other.iterdir()] == ["state"]


KILLED = """
import os, signal, sys
from pathlib import Path
from rich.console import Console
from helpers.parameters import Parameters
from helpers.run import series
from helpers.run.steps import Steps

place, count = Path(sys.argv[1]), int(sys.argv[2])
ended = Steps.end

def end(self, *arguments):
    global count
    count -= 1
    if count < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    ended(self, *arguments)

Steps.end = end
analysis = series.prepared_analysis(Parameters(cohort_folder=str(place / "cohort")))
notebooks = series.numbered_notebooks(place / "notebooks", ["00", "03"])
done = series.run_series(analysis, notebooks, place / "runs" / "killed", site=False, console=Console(file=sys.stderr))
print(done.resumed)
"""


def test_a_killed_run_goes_on_from_what_it_had_finished(place):
    def call(count):
        return subprocess.run(
            [sys.executable, "-c", KILLED, place, str(count)], capture_output=True, text=True, check=False
        )

    killed = call(2)
    assert killed.returncode == -9, killed.stderr
    assert not (place / "runs" / "killed").exists()
    part = place / "runs" / ".killed.unfinished"
    half = next(path for path in sorted((part / "steps").glob("0*.json")))
    (part / "steps" / half.stem / "tables" / "table1.csv").write_text("half")  # as if it had been torn
    done = call(9)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "1\n"  # the other finished step
    whole = run(place, "killed_whole", ["00", "03"], site=False)
    for path in sorted(whole.folder.rglob("*.*")):
        if path.name not in ("manifest.json", folders.MARKER):
            other = place / "runs" / "killed" / path.relative_to(whole.folder)
            assert path.read_bytes() == other.read_bytes(), path.name
    assert not part.exists()


def test_two_processes_do_not_work_on_one_run(place):
    final = place / "runs" / "busy"
    with folders.unfinished_folder(final, "run"), pytest.raises(InputError, match="no other process"):
        run(place, "busy", ["00"], site=False)


def test_a_family_that_fails_takes_no_other_with_it(place, monkeypatch):
    families = outcome.registry.all_families()

    def fail(*_):
        raise ZeroDivisionError("by hand")

    broken = type(families[0])(**{**vars(families[0]), "function": fail, "needs": ()})
    monkeypatch.setattr(outcome.registry, "all_families", lambda: [broken, *families[1:]])
    analysis = series.prepared_analysis(Parameters(cohort_folder=str(place / "cohort")))
    failures = []
    values = outcome.compute_all(analysis, failures)
    assert [str(failure) for failure in failures] == [f"results, {broken.name}: ZeroDivisionError: {scrub.WITHHELD}"]
    assert values[broken.ids[0]].reason == f"failed: ZeroDivisionError: {scrub.WITHHELD}"
    assert len(values) > len(broken.ids)


@pytest.mark.parametrize("name", ["../up", "a/b", "", ".hidden", "a b", "a" * 250])
def test_a_run_is_named_like_a_folder(name):
    with pytest.raises(InputError, match="letters, digits"):
        series.run_folder(name)


def test_a_run_without_a_name_is_named_after_what_it_is(place):
    def name(*settings, wanted=(), **folders):
        parameters = Parameters.from_settings(settings, **folders)
        return series.name_of(parameters, series.prepared_analysis(parameters), wanted)

    assert name() == "default"
    assert name("gc_cutoff=5", wanted=["04", "05"]) == "default-gc_cutoff-5.0-04-05"
    assert name(cohort_folder=str(place / "cohort")) == "two"
    long = [
        name(f"milestones=[{', '.join(map(str, range(1, n)))}]", "exposure=TCZ", "endpoint=OS", "alpha=0.01")
        for n in (8, 9)
    ]
    assert all(len(one) <= series.LONGEST for one in long)
    assert long[0] != long[1]


def test_another_cohort_leaves_the_papers_own_business_out(place):
    other = series.prepared_analysis(Parameters(cohort_folder=str(place / "cohort")))
    assert [path.stem[:2] for path in series.chosen_notebooks(other) if path.stem[:2] in series.PAPERS_OWN] == []
    assert [path.stem[:2] for path in series.chosen_notebooks(other, ["09"])] == ["09"]
    assert {"09", "10"} <= {path.stem[:2] for path in series.chosen_notebooks(series.prepared_analysis(Parameters()))}


def test_an_unknown_notebook_is_refused(place):
    with pytest.raises(InputError, match="found '17'; allowed: 00_good, 01_bad"):
        series.numbered_notebooks(place / "notebooks", ["00", "17"])
    assert [path.stem for path in series.numbered_notebooks(place / "notebooks", ["03_last.ipynb", "00"])] == [
        "00_good",
        "03_last",
    ]


def test_refresh_replaces_all_or_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(refreshing.paths, "FIGURES", tmp_path / "figures")
    path = tmp_path / "00_good.ipynb"
    write(path, [PARAMETERS, "import matplotlib.pyplot as plt", "from pathlib import Path", "print(window_days)"])
    noisy = tmp_path / "01_noisy.ipynb"
    write(noisy, [PARAMETERS, "import sys; print('x', file=sys.stderr)"])
    before = path.read_bytes()
    console = Console(file=io.StringIO())
    failures = refreshing.refresh_notebooks([path, noisy], console)
    assert [str(failure) for failure in failures] == ["01_noisy, cell [2]: written to standard error: x"]
    assert path.read_bytes() == before
    assert refreshing.refresh_notebooks([path], console) == []
    notebook = nbformat.read(path, 4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == [1, 2, 3, 4]
    assert code[-1].outputs[0].text == "30\n"
    assert notebook.metadata == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    refreshed = path.read_bytes()
    assert refreshing.refresh_notebooks([path], console) == []
    assert path.read_bytes() == refreshed


def test_a_stored_output_that_does_not_come_out_is_seen(tmp_path):
    path = tmp_path / "00_good.ipynb"
    picture = (
        "import matplotlib.pyplot as plt\nfig, ax = plt.subplots(figsize=(2, 2))\nlines = ax.plot([1, 2])\nplt.show()"
    )
    write(path, [PARAMETERS, "print('one')", picture])
    console = Console(file=io.StringIO())
    assert refreshing.refresh_notebooks([path], console) == []
    assert refreshing.compare_notebooks([path], console) == []
    whole = path.read_text()
    notebook = nbformat.reads(whole, 4)
    for change, told in [
        (lambda cells: cells[2].outputs[0].update(text="two\n"), "output differs"),
        (lambda cells: cells[2].update(outputs=[]), "0 outputs are stored"),
        (lambda cells: cells[2].update(execution_count=9), "run count"),
        (lambda cells: cells[3].outputs[0].data.update({"image/png": _drawn([2, 1])}), "picture differs"),
    ]:
        changed = nbformat.from_dict(json.loads(json.dumps(notebook)))
        change(changed.cells)
        path.write_text(nbformat.writes(changed))
        (failure,) = refreshing.compare_notebooks([path], console)
        assert told in failure.error


def _drawn(values):
    fig = Figure(figsize=(2, 2))
    fig.subplots().plot(values)
    buffer = io.BytesIO()
    fig.savefig(buffer, bbox_inches="tight")
    return base64.b64encode(buffer.getvalue()).decode()


def test_a_page_that_fetches_is_found(tmp_path):
    (tmp_path / "a.css").write_text("@import 'https://x.example/a.css'; b {background: url(local.png)}")
    (tmp_path / "a.html").write_text(
        '<link rel="stylesheet" href="//x.example/b.css"><a href="https://y.example">y</a>'
    )
    assert outside_addresses(tmp_path) == ["a.html: //x.example/b.css", "a.css: https://x.example/a.css"]


HOSTILE = (
    "<script>alert(1)</script> <img src=//x.example/p.png> ![a](https://x.example/q.png) [b](javascript:alert(2)) "
    "{include}`/etc/hostname` {raw}`x` $\\\\input{x}$ | a | ```{include} /etc/hostname```"
)


def test_text_of_a_cohort_stays_text_in_the_book(tmp_path):
    path = tmp_path / "00_good.ipynb"
    cell = new_code_cell("show", outputs=[new_output("display_data", data={"text/markdown": f"Cohort **{HOSTILE}**."})])
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    kernel["language_info"] = {"name": "python"}
    nbformat.write(new_notebook(cells=[new_markdown_cell("# Good"), cell], metadata=kernel), path)
    page = build_book([path], tmp_path / "book", title=f"Run: {HOSTILE}", front=f"Cohort *{plain(HOSTILE)}*.")
    for html in (page, page.with_name("00_good.html")):
        text = html.read_text()
        assert "<script>alert" not in text
        assert "x.example/p.png>" not in text
        assert 'href="javascript:' not in text
        assert "{include}" in text.replace("&#123;", "{").replace("&#125;", "}")
    assert outside_addresses(page.parent) == []


def test_a_book_that_cannot_be_built_says_why(tmp_path):
    path = tmp_path / "00_broken.ipynb"
    path.write_text("not a notebook")
    with pytest.raises(BookError):
        build_book([path], tmp_path / "book", title="t", front="f")
    assert not (tmp_path / "book").exists()
    assert isinstance(path, Path)
