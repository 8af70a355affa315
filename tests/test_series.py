"""A run: what it leaves, what it refuses, and what a failing notebook does to the others."""

import hashlib
import io
import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from rich.console import Console

from helpers.cohort.read import write_cohort
from helpers.cohort.schema import Cohort
from helpers.parameters import Parameters
from helpers.problems import InputError
from helpers.run import execution, outcome, series
from helpers.run.kernels import forked_kernels
from helpers.run.site import BookError, build_book, outside_addresses

PARAMETERS = 'cohort_folder: str = ""  # folder\noutput_folder: str = ""  # folder\nwindow_days: int = 30  # days'
GOOD = (
    "import matplotlib.pyplot as plt\n"
    "from helpers.cohort.read import read_cohort\n"
    "from helpers.display.notebook import save, save_table\n"
    "from helpers.parameters import Parameters\n"
    "plt.rcParams['svg.hashsalt'] = 'fixed'",
    PARAMETERS,
    "parameters = Parameters.of(globals())\ncohort = read_cohort(parameters.cohort_folder)",
    "print(parameters.window_days, parameters.gc_cutoff, parameters.output_folder)",
    "fig, ax = plt.subplots(figsize=(2, 2))\nlines = ax.plot([1, 2])\nsave(fig, 'figure1', parameters)",
    "save_table(cohort.tables['patients'], 'table1', parameters, cohort)",
)
BAD = (PARAMETERS, "kept = 1", "# why\nkept / 0", "print('never')")
CRASH = (PARAMETERS, "import os; os._exit(3)")


def write(path, sources, tag=PARAMETERS):
    cells = [new_code_cell(text, metadata={"tags": ["parameters"]} if text == tag else {}) for text in sources]
    kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    title = new_markdown_cell(f"# {path.stem}\n\nA number: $x^2$.")
    nbformat.write(new_notebook(cells=[title, *cells], metadata={"kernelspec": kernelspec}), path)


@pytest.fixture(scope="module", autouse=True)
def server():
    with forked_kernels(("ipykernel.kernelapp", "numpy", "pandas", "matplotlib.pyplot", "pydantic")):
        yield


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
    analysis = series.prepare(Parameters.from_settings(settings, cohort_folder=str(place / "cohort")))
    notebooks = series.numbered(place / "notebooks", wanted)
    console = Console(file=io.StringIO(), force_terminal=False)
    return series.run_series(analysis, notebooks, name, runs=place / "runs", console=console, **options)


@pytest.fixture(scope="module")
def good(place):
    return run(place, "good", ["00", "03"], "window_days=20", "gc_cutoff=5", jobs=2, site=False)


@pytest.fixture(scope="module")
def failing(place):
    return run(place, "failing", [], jobs=1, site=True)


def test_a_run_leaves_what_it_promises(good, place):
    names = {path.relative_to(good.folder).as_posix() for path in good.folder.rglob("*") if path.is_file()}
    assert names == {
        "notebooks/00_good.ipynb", "notebooks/03_last.ipynb", "figures/figure1.svg", "figures/figure1.png",
        "tables/table1.csv", "results.json", "concordance.csv", "manifest.json",
    }  # fmt: skip
    assert not good.failures
    assert [path.name for path in (place / "runs").iterdir() if path.name.startswith(".")] == []


def test_parameters_reach_every_notebook_named_there_or_not(good):
    notebook = nbformat.read(good.folder / "notebooks" / "00_good.ipynb", 4)
    printed = [out.text for cell in notebook.cells for out in cell.get("outputs", []) if out.get("name") == "stdout"]
    assert printed == [f"20 5.0 {good.folder}\n"]


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
    assert manifest["packages"]["pandas"] == pd.__version__
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
        if path.is_file() and path.name != "manifest.json":
            other = (again.folder / path.relative_to(good.folder)).read_bytes()
            assert path.read_bytes() == other.replace(b"runs/again", b"runs/good"), path.name
    first, second = (json.loads((each.folder / "manifest.json").read_text()) for each in (good, again))
    assert first.pop("this_run") != second.pop("this_run")
    assert first == second


def test_the_survival_curves_are_drawn_the_same_byte_for_byte(tmp_path):
    [path] = series.numbered(wanted=["05"])
    folders = [tmp_path / name for name in ("one", "two")]
    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(lambda f: execution.execute(path, f / path.name, {"output_folder": str(f)}), folders))
    assert [run.failure for run in runs] == [None, None]
    one, two = ({file.name: file.read_bytes() for file in sorted(f.rglob("*.*g"))} for f in folders)
    assert {"figure3.svg", "figure3.png", "s_figure6.svg"} <= set(one)
    assert [name for name in one if one[name] != two[name]] == []
    tables = [{file.name: file.read_bytes() for file in (f / "tables").iterdir()} for f in folders]
    assert tables[0] == tables[1]
    shown = [execution.strip(nbformat.read(f / path.name, 4)) for f in folders]
    assert [cell.get("outputs") for cell in shown[0].cells] == [cell.get("outputs") for cell in shown[1].cells]


def test_the_others_go_on_when_one_fails(failing):
    assert [one.path.stem for one in failing.executed if not one.failure] == ["00_good", "03_last"]
    bad, crash = failing.failures
    assert str(bad) == "01_bad, cell [4] (kept / 0): ZeroDivisionError: division by zero"
    assert str(crash).startswith("02_crash, cell [3] (import os; os._exit(3)): DeadKernelError")
    crashed = nbformat.read(failing.folder / "notebooks" / "02_crash.ipynb", 4)
    assert "Not executed to its end" in crashed.cells[1].source
    assert all(not cell.outputs for cell in crashed.cells if cell.cell_type == "code")


def test_a_run_ends_in_a_book_that_fetches_nothing(failing):
    assert failing.book == failing.folder / "book" / "index.html"
    front = failing.book.read_text()
    assert "synthetic" in front
    assert "ZeroDivisionError" in front
    page = (failing.book.parent / "00_good.html").read_text()
    assert "tex-svg.js" in page
    assert re.search(r'<img alt="Figure\.[^"]*"', page)  # the words of a picture, for who does not see it
    assert outside_addresses(failing.book.parent) == []
    links = [text.split('"')[0] for text in page.split('href="')[1:] + page.split('src="')[1:]]
    inside = [link.partition("#")[0].partition("?")[0] for link in links if "://" not in link]
    absent = [link for link in inside if link and not (failing.book.parent / link).exists()]
    assert absent == []


def test_an_older_run_is_replaced_only_at_the_end(place, monkeypatch):
    first = run(place, "twice", ["00"], site=False)
    (first.folder / "mark").write_text("older")

    def stop(*_):
        assert (first.folder / "mark").exists()
        raise KeyboardInterrupt

    with monkeypatch.context() as context:
        context.setattr(series, "write_results", stop)
        with pytest.raises(KeyboardInterrupt):
            run(place, "twice", ["00"], site=False)
    assert (first.folder / "mark").read_text() == "older"
    run(place, "twice", ["00"], site=False)
    assert not (first.folder / "mark").exists()
    assert [path.name for path in (place / "runs").iterdir() if path.name.startswith(".")] == []


def test_a_family_that_fails_takes_no_other_with_it(place, monkeypatch):
    families = outcome.registry.families()

    def fail(*_):
        raise ZeroDivisionError("by hand")

    broken = type(families[0])(**{**vars(families[0]), "function": fail, "needs": ()})
    monkeypatch.setattr(outcome.registry, "families", lambda: [broken, *families[1:]])
    analysis = series.prepare(Parameters(cohort_folder=str(place / "cohort")))
    failures = []
    values = outcome.compute(analysis, failures)
    assert [str(failure) for failure in failures] == [f"results, {broken.name}: ZeroDivisionError: by hand"]
    assert values[broken.ids[0]].reason == "failed: ZeroDivisionError: by hand"
    assert len(values) > len(broken.ids)


@pytest.mark.parametrize("name", ["../up", "a/b", "", ".hidden", "a b"])
def test_a_run_is_named_like_a_folder(place, name):
    with pytest.raises(InputError, match="letters, digits"):
        run(place, name, ["00"], site=False)


def test_an_unknown_notebook_is_refused(place):
    with pytest.raises(InputError, match="found '17'; allowed: 00_good, 01_bad"):
        series.numbered(place / "notebooks", ["00", "17"])
    assert [path.stem for path in series.numbered(place / "notebooks", ["03_last.ipynb", "00"])] == [
        "00_good",
        "03_last",
    ]


def test_refresh_replaces_all_or_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(series.paths, "FIGURES", tmp_path / "figures")
    path = tmp_path / "00_good.ipynb"
    write(
        path, [PARAMETERS, "import matplotlib.pyplot as plt", "from pathlib import Path", "print(output_folder == '')"]
    )
    noisy = tmp_path / "01_noisy.ipynb"
    write(noisy, [PARAMETERS, "import sys; print('x', file=sys.stderr)"])
    before = path.read_bytes()
    console = Console(file=io.StringIO())
    failures = series.refresh([path, noisy], console)
    assert [str(failure) for failure in failures] == ["01_noisy, cell [2]: written to standard error: x"]
    assert path.read_bytes() == before
    assert series.refresh([path], console) == []
    notebook = nbformat.read(path, 4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == [1, 2, 3, 4]
    assert code[-1].outputs[0].text == "True\n"
    assert notebook.metadata == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    refreshed = path.read_bytes()
    assert series.refresh([path], console) == []
    assert path.read_bytes() == refreshed


def test_a_page_that_fetches_is_found(tmp_path):
    (tmp_path / "a.css").write_text("@import 'https://x.example/a.css'; b {background: url(local.png)}")
    (tmp_path / "a.html").write_text(
        '<link rel="stylesheet" href="//x.example/b.css"><a href="https://y.example">y</a>'
    )
    assert outside_addresses(tmp_path) == ["a.html: //x.example/b.css", "a.css: https://x.example/a.css"]


def test_a_book_that_cannot_be_built_says_why(tmp_path):
    path = tmp_path / "00_broken.ipynb"
    path.write_text("not a notebook")
    with pytest.raises(BookError):
        build_book([path], tmp_path / "book", title="t", front="f")
    assert not (tmp_path / "book").exists()
    assert isinstance(path, Path)
