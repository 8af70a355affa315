"""The page of a notebook: marks what is synthetic, and lets each cell stand or fall alone."""

from __future__ import annotations

import json
import re

import matplotlib.pyplot as plt
import nbclient
import nbformat
import pandas as pd
import pytest
from PIL import Image

from helpers.cohort.derive import DERIVED, analyse
from helpers.cohort.schema import TABLES, Cohort
from helpers.display.cells import Cells, names_used
from helpers.display.described import figure_fingerprint
from helpers.display.page import Page, open_page
from helpers.parameters import Parameters
from helpers.paths import NOTEBOOKS
from helpers.problems import InputError, NotAvailable
from helpers.results.populations import IN_WORDS

PATIENTS = pd.DataFrame({"patient_id": ["SYN-001", "SYN-002"], "sex": pd.array(["male", None], "string")})
REAL = Cohort("real", "infusion", False, "a book", "public", {"patients": PATIENTS})
FEW = Cohort(
    "few", "infusion", True, "made up", "CC0", {"patients": PATIENTS, "labs": PATIENTS[["patient_id"]].iloc[:0]}
)


def page_of(cohort: Cohort, **parameters: object) -> Page:
    return Page(Parameters(**parameters), analyse(cohort))


@pytest.mark.parametrize(("cohort", "marked"), [(FEW, True), (REAL, False)])
def test_nothing_of_a_synthetic_cohort_lacks_the_mark(cohort, marked, tmp_path, capsys):
    page = page_of(cohort, output_folder=str(tmp_path))
    page.show(PATIENTS, "Patients")
    page.save(PATIENTS, "patients")
    fig, ax = plt.subplots()
    ax.plot([0, 1], [1, 2])
    page.draw(fig, "line")
    assert ("Synthetic cohort." in capsys.readouterr().out) is marked
    assert pd.read_csv(tmp_path / "tables" / "patients.csv")["synthetic"].tolist() == [marked] * 2
    assert any(text.get_text() == "synthetic" for text in ax.texts) is marked
    plt.close(fig)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("treatments.dose_mg", "cohort few has no table treatments"),
        ("patients.weight_kg", "cohort few has no column weight_kg in table patients"),
        ("labs", "cohort few has no row in table labs"),
        ("gc_time_days", "cohort few has no table treatments"),
        ("pfs_days", "cohort few has no table followup"),
    ],
)
def test_what_is_missing_is_one_sentence(wanted, said):
    page = page_of(FEW)
    page.needs("patients", "patients.sex", "sex")
    with pytest.raises(NotAvailable, match=f"^{said}$"):
        page.needs(wanted)


def test_a_column_without_a_known_value_is_missing():
    empty = PATIENTS.assign(sex=pd.array([None, None], "string"))
    page = page_of(Cohort("empty", "infusion", True, "", "CC0", {"patients": empty}))
    with pytest.raises(NotAvailable, match=r"^cohort empty has no value in column sex of table patients$"):
        page.needs("patients.sex")
    with pytest.raises(NotAvailable, match=r"^cohort empty has no value in column sex of table patients$"):
        page.needs("sex")


@pytest.mark.parametrize(
    ("name", "words"),
    [("gc_onset", "onset of GC, early or late"), ("crs_grade_before_gc", "grade of CRS when GC began")],
)
def test_what_is_derived_is_named_in_words(name, words):
    treated = PATIENTS[["patient_id"]].assign(agent="tocilizumab", day=3.0)
    cohort = Cohort("few", "infusion", True, "", "CC0", {"patients": PATIENTS, "treatments": treated},
                    recorded={"treatments": ("glucocorticoids", "tocilizumab")})  # fmt: skip
    with pytest.raises(NotAvailable, match=f"^cohort few has no patient whose {words} is known$"):
        page_of(cohort).needs(name)


def test_every_derived_column_has_words():
    in_tables = {name for table in TABLES.values() for name in table}
    assert DERIVED - in_tables - {"relapse", "progression", "death"} <= set(IN_WORDS)
    assert not [words for words in IN_WORDS.values() if "_" in words]
    asked = {name for path in NOTEBOOKS.glob("[0-9][0-9]_*.ipynb")
             for call in re.findall(r"page\.needs\(([^)]*)\)", path.read_text(encoding="utf-8"))
             for name in re.findall(r'\\"([^"\\]+)\\"', call)}  # fmt: skip
    assert {"gc_onset", "sex"} < asked
    assert {name for name in asked if "." not in name and name not in TABLES} <= set(IN_WORDS) | in_tables


def test_the_parameters_of_a_page_are_checked():
    with pytest.raises(InputError, match="did you mean gc_cutoff"):
        open_page({"gc_cutof": 5.0})


def test_a_picture_holds_the_fingerprint_of_what_it_draws(tmp_path):
    fig, ax = plt.subplots()
    ax.plot([0, 1], [1, 2])
    page_of(REAL, output_folder=str(tmp_path)).draw(fig, "line")
    held = Image.open(tmp_path / "figures" / "line.png").text["Drawn numbers"]
    assert len(held) == 12
    ax.plot([0, 1], [1, 3])
    page_of(REAL, output_folder=str(tmp_path)).draw(fig, "line")
    assert Image.open(tmp_path / "figures" / "line.png").text["Drawn numbers"] != held
    plt.close(fig)


LOOKS = {
    "labels of ticks": lambda fig, ax: ax.set_yticks([1, 2], ["high", "low"]),
    "whose curve it is": lambda fig, ax: [
        line.set_color(colour) for line, colour in zip(ax.lines, ("C1", "C0"), strict=True)
    ],
    "a mark": lambda fig, ax: ax.lines[0].set_marker("v"),
    "dashes": lambda fig, ax: ax.lines[0].set_linestyle("--"),
    "a line that is hidden": lambda fig, ax: ax.lines[0].set_visible(False),
    "a number of a picture": lambda fig, ax: ax.images[0].set_data([[1, 2], [3, 5]]),
    "a text of the figure": lambda fig, ax: fig.text(0.5, 0.5, "p = 0.03"),
    "a legend of the figure": lambda fig, ax: fig.legend(["with", "without"]),
    "a scale": lambda fig, ax: ax.set_xscale("symlog"),
    "what part is shown": lambda fig, ax: ax.set_xlim(0, 0.5),
    "a table": lambda fig, ax: ax.table([["1", "2"]]),
    "a bar's colour": lambda fig, ax: ax.patches[0].set_facecolor("C3"),
}


@pytest.mark.parametrize("what", LOOKS)
def test_the_fingerprint_of_a_picture_hangs_on_all_that_is_read_off_it(what):
    found = []
    for change in (lambda fig, ax: None, lambda fig, ax: None, LOOKS[what]):
        fig, ax = plt.subplots()
        ax.plot([0, 1], [1, 2], label="a")
        ax.plot([0, 1], [2, 1], label="b")
        ax.bar([0], [1])
        ax.imshow([[1, 2], [3, 4]])
        ax.set_yticks([1, 2], ["low", "high"])
        change(fig, ax)
        found.append(figure_fingerprint(fig))
        plt.close(fig)
    assert found[0] == found[1] != found[2]


@pytest.mark.parametrize(
    ("source", "used", "changed"),
    [
        ("a = a + 1", {"a"}, {"a"}),
        ("a = 1\nb = a", set(), {"a", "b"}),
        ("frame['x'] = [row for row in rows]", {"frame", "rows"}, {"frame"}),
        ("{key: {one for one in few} for key, few in all_.items()}", {"all_"}, set()),
        ("[c for c in [d for d in e]]; c", {"c", "e"}, set()),
        ("ax.flat[0].x = 1", {"ax"}, {"ax"}),
        ("for a, b in c:\n    print(a, b)", {"c", "print"}, {"a", "b"}),
        ("if gaps:\n    found = 1\n    found.go()", {"gaps"}, {"found"}),
        ("def f(x):\n    return x + y\nf(1)", {"y"}, {"f"}),
        ("with open(p) as f:\n    f.read()", {"open", "p"}, {"f"}),
        ("import numpy as np\nnp.sort(z)", {"z"}, {"np"}),
        ("x = 1\nsum(x for x in y)", {"y", "sum"}, {"x"}),
    ],
)
def test_what_a_cell_uses_and_changes(source, used, changed):
    assert names_used(source) == (used, changed)


def run(*sources: str) -> list[str]:
    """Execute cells in one fresh kernel; return what each printed, and the error it raised."""
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    book = nbformat.v4.new_notebook(cells=cells)
    nbclient.NotebookClient(book, timeout=120, kernel_name="python3", allow_errors=True).execute()
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    return [
        "".join(o.get("text", "") or o.get("ename", "") or str(o.data["text/plain"]) for o in c.outputs) for c in cells
    ]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # jupyter_client's own, from its event loop
def test_cells_stand_or_fall_alone_and_a_notebook_runs_again_with_other_parameters(tmp_path):
    FEW.tables["patients"].to_csv(tmp_path / "patients.csv", index=False)
    about = {"name": "few", "origin": "infusion", "synthetic": True, "source": "made up", "licence": "CC0"}
    (tmp_path / "cohort.json").write_text(json.dumps(about))
    page = "page = open_page(globals())"
    body = [page, "counts = 1\npage.needs('labs')\nrows = [1]", "rows.append(2)\nrows", "other = 5\nother", "1 / 0",
            "print(page.parameters.gc_cutoff)"]  # fmt: skip
    cells = f"cohort_folder: str = {str(tmp_path)!r}\ngc_cutoff: float = 8.0"
    told = run("from helpers.display.page import open_page", cells, *body,
               cells.replace("8.0", "5.0"), *body, cells, "# Parameters\ngc_cutof = 5.0", page,
               cells, "# Parameters\ngc_cutoff = 6.0", *body)  # fmt: skip
    why = "Not shown: cohort few has no table labs.\n"
    once = ["", why, why, "5", "ZeroDivisionError"]
    assert told[2:9] == [*once, "8.0\n", ""]
    assert told[9:15] == [*once, "5.0\n"]
    assert told[17] == "InputError"
    assert told[20:] == [*once, "6.0\n"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_figure_begun_before_something_is_missing_is_not_shown(capsys):
    plt.subplots(2, 2)
    Cells({}).not_available("cohort tried has no table treatments")
    assert plt.get_fignums() == []
    assert capsys.readouterr().out == "Not shown: cohort tried has no table treatments.\n"


def test_a_wrong_parameter_is_told_without_its_content():
    [_, _, told] = run("from helpers.display.page import open_page",
                       f"gc_cutoff: list = {list(range(5000))}\nendpoint: str = {'x' * 500!r}",
                       "try:\n    open_page(globals())\nexcept Exception as error:\n    print(error)")  # fmt: skip
    assert "found 'list of 5000'" in told
    assert "x" * 57 + "...'" in told
    assert len(told) < 400


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_notebook_of_the_series_runs_twice_in_one_kernel():
    [path] = NOTEBOOKS.glob("04_*.ipynb")
    cells = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    changed = [source.replace("gc_cutoff: float = 8.0", "gc_cutoff: float = 5.0") for source in cells]
    assert changed != cells
    told = run(*cells, *changed)
    assert not any(text.endswith("Error") for text in told)
    fourth = next(i for i, source in enumerate(cells) if "table4.table4_frame" in source)
    assert "≤8 mg/kg" in told[fourth]
    assert "≤5 mg/kg" in told[len(cells) + fourth]
