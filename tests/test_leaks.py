"""Nothing of a patient, a user or a machine in anything that a run leaves: planted words are looked for everywhere."""

import io
import json
import re
import warnings

import nbformat
import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from rich.console import Console

from helpers.cohort.read import write_cohort
from helpers.cohort.schema import Cohort
from helpers.parameters import Parameters
from helpers.run import scrub, series
from helpers.run.scrub import scrub_notebook

KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
PLANTED = ("Wilhelmina", "Zwart", "MRN-4471823", "1999-12-31", "4471823")
CODE = (
    "import warnings\nimport matplotlib.pyplot as plt\nimport pandas as pd\n"
    "from helpers.display.page import open_page\nfrom helpers.parameters import Parameters",
    'cohort_folder: str = ""  # folder\noutput_folder: str = ""  # folder',
    "page = open_page(globals())",
    "page.about()",
    "print(page.parameters.cohort_folder, page.parameters.output_folder)",
    "fig, ax = plt.subplots(figsize=(2, 2))\nlines = ax.plot([1, 2])\npage.draw(fig, 'figure1')",
    "page.table(page.cohort.tables['patients'][['weight_kg']], 'table1') if hasattr(page, 'table') else None",
    "warnings.warn('from ' + page.parameters.cohort_folder)",
    "notes = pd.read_csv(page.parameters.cohort_folder + '/notes.txt')\ntry:\n    float(notes['note'][0])\n"
    "except ValueError as error:\n    raise ValueError(notes.to_string()) from error",  # its rows are numbered as code is
)


@pytest.fixture(scope="module", params=[True, False], ids=["forks", "kernels"])
def left(request, tmp_path_factory):
    """Run a notebook that fails on a planted word, over a cohort in a folder with a planted name."""
    folder = tmp_path_factory.mktemp("u") / "Zwart_Wilhelmina"
    patients = pd.DataFrame({"patient_id": ["SYN-001", "SYN-002"], "weight_kg": [20.0, 30.0]})
    write_cohort(Cohort("two", "infusion", True, "made up", "CC0", {"patients": patients}), folder / "cohort")
    (folder / "cohort" / "notes.txt").write_text("note\n" + 3 * "Wilhelmina Zwart MRN-4471823 born 1999-12-31\n")
    cells = [new_code_cell(text, metadata={"tags": ["parameters"]} if text == CODE[1] else {}) for text in CODE]
    (folder / "notebooks").mkdir()
    path = folder / "notebooks" / "00_fails.ipynb"
    nbformat.write(new_notebook(cells=[new_markdown_cell("# Fails"), *cells], metadata={"kernelspec": KERNEL}), path)
    analysis = series.prepared_analysis(Parameters(cohort_folder=str(folder / "cohort")))
    shown = Console(file=io.StringIO(), force_terminal=False)
    with warnings.catch_warnings():
        warnings.simplefilter("default")  # a fork has the filters of this process
        done = series.run_series(analysis, [path], folder / "out", console=shown, fork=request.param)
    return folder, done, shown.file.getvalue()


def texts(folder):
    """Give the name and the text of every file below a folder, pictures as they are stored."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix(), path.read_bytes().decode("utf-8", "replace")


def test_no_planted_word_is_in_any_output(left):
    _, done, shown = left
    (failure,) = done.failures
    assert failure.error == f"ValueError: {scrub.WITHHELD}"
    for name, text in [*texts(done.folder), ("progress", shown)]:
        if name == ".supplement.json" or "/_static/" in name:
            continue
        assert [word for word in PLANTED if word in text] == [], name


def test_no_folder_of_the_machine_is_in_any_output(left):
    folder, done, shown = left
    absolute = re.compile(r"(?<![\w:/.<-])/(?:home|root|Users|tmp|usr|opt|var|work|private)/\w")
    for name, text in [*texts(done.folder), ("progress", shown)]:
        if "/_static/" in name:
            continue
        assert str(folder) not in text, name
        assert absolute.findall(text) == [], name


def test_the_failing_cell_still_shows_its_line_of_code(left):
    _, done, _ = left
    notebook = nbformat.read(done.folder / "notebooks" / "00_fails.ipynb", 4)
    (error,) = [one for cell in notebook.cells for one in cell.get("outputs", []) if one.output_type == "error"]
    assert error.ename == "ValueError"
    assert "float(notes['note'][0])" in scrub.ANSI.sub("", "\n".join(error.traceback))
    manifest = json.loads((done.folder / "manifest.json").read_text())
    assert set(manifest["this_run"]) == {"started", "seconds", "seconds_by_notebook", "failures"}


@pytest.mark.parametrize("withhold", [True, False])
def test_a_warning_that_quotes_a_cohort_leaves_its_kind_only(withhold):
    said = "a/b.py:3: UserWarning: Mei Lin, born 2011-03-04\n  warnings.warn(note)\n"
    cell = nbformat.v4.new_code_cell("1", outputs=[nbformat.v4.new_output("stream", name="stderr", text=said)])
    text = scrub_notebook(nbformat.v4.new_notebook(cells=[cell]), {}, withhold=withhold).cells[0].outputs[0].text
    assert ("Mei Lin" in text) is not withhold
    assert text.startswith("UserWarning: message left out") is withhold
