"""Where a number comes from: every id leads to a line, and to the cell that shows it."""

import re

import nbformat
import pytest

from helpers import paths
from helpers.results import registry
from helpers.run.where import number_origin

ALONE = "no cell of a notebook shows it: it stands in results.json alone"


def test_every_number_comes_from_a_line_with_population_formula_and_reason():
    """Those that depend on the cohort (groups, analytes) open with their family's prefix."""
    families = registry.all_families()
    page = (paths.ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    listed = tuple(re.findall(r"`([\w.]+)`", page.partition("## Numbers that no cell shows")[2].partition("\n## ")[0]))
    shown = 0
    for id in [*(id for one in families for id in one.ids), *(one.prefix + "x.y" for one in families if one.prefix)]:
        told = number_origin(id)
        place, line = re.fullmatch(r"  file: (helpers/results/\w+\.py):(\d+), [\w.-]+", told[1]).groups()
        source = (paths.ROOT / place).read_text(encoding="utf-8").splitlines()
        assert re.search(r"@family|def |@once|lambda", source[int(line) - 1]), (id, source[int(line) - 1])
        printed = next(i for i, one in enumerate(told) if one.startswith("  as printed"))
        assert re.fullmatch(r"  as printed: population [^;]+; formula \S.*", told[printed]), id
        assert re.fullmatch(r"    because \S.*", told[printed + 1]), id
        assert told[-1].lstrip().startswith(("notebook: ", *(path.name for path in paths.NOTEBOOKS.glob("*.ipynb")))), (
            id
        )
        assert ALONE not in told[-1] or id.startswith(listed), id
        shown += "no cell" not in "".join(told)
    assert shown > 100


@pytest.mark.parametrize(
    ("id", "cell"),
    [
        ("table1.male.n", "02_baseline_and_toxicity.ipynb"),  # named by page.compare("Table 1", "table1.")
        ("extra.ph.global.p", "06_cox.ipynb"),  # computed there by the same function
        ("extra.sfigure3.crp.day0.p", "03_cytokine_trajectories.ipynb"),  # shown there by the module that computes it
    ],
)
def test_where_names_the_notebook_that_shows_a_number(id, cell):
    assert cell in "\n".join(number_origin(id))


def test_a_number_that_no_cell_shows_stands_in_the_file_of_results_alone(monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "NOTEBOOKS", tmp_path)
    nbformat.write(nbformat.v4.new_notebook(), tmp_path / "00_nothing.ipynb")
    assert number_origin("table1.male.n")[-1] == f"  notebook: {ALONE}."
