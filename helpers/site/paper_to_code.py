"""From the paper to the code: each sentence of its Methods, each table and figure, with what carries it here."""

from __future__ import annotations

import html as markup
import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pandas as pd

from helpers.paths import DOCS
from helpers.site.pages import api_page, breakable

FILE = "paper_to_code.csv"
COLUMNS = ["place", "quote", "notebook", "cell_holds", "function", "test", "note"]


@dataclass(frozen=True)
class Link:
    """One row: a sentence or a display item of the paper, and where it is carried out.

    ``cell`` is the id of the first code cell of the notebook that holds ``cell_holds``; empty if there is none.
    """

    place: str
    quote: str
    notebook: str
    cell_holds: str
    function: str
    test: str
    note: str
    cell: str = ""


def links(notebooks: Sequence[Path]) -> list[Link]:
    """Read the table and find the cell of each row."""
    frame = pd.read_csv(DOCS / FILE, dtype=str, keep_default_na=False)
    if list(frame) != COLUMNS:
        raise ValueError(f"{FILE} has columns {list(frame)}, needed: {COLUMNS}")
    cells = {path.stem: nbformat.read(path, 4).cells for path in notebooks}
    return [
        Link(**row, cell=cell_holding(cells.get(row["notebook"], []), row["cell_holds"]))
        for row in frame.to_dict("records")
    ]


def cell_holding(cells: Sequence[nbformat.NotebookNode], text: str) -> str:
    """Give the id of the first code cell that holds *text*; empty if there is none.

    Examples
    --------
    >>> cell_holding([nbformat.v4.new_code_cell("x = 1", id="a"), nbformat.v4.new_code_cell("y = x", id="b")], "y =")
    'b'
    """
    return next((cell.get("id", "") for cell in cells if text and cell.cell_type == "code" and text in cell.source), "")


def resolve(function: str) -> object:
    """Give the object that a dotted name means.

    Raises
    ------
    ImportError, AttributeError
        If there is none.

    Examples
    --------
    >>> resolve("helpers.site.paper_to_code.resolve").__name__
    'resolve'
    """
    module, _, name = function.rpartition(".")
    return getattr(importlib.import_module(module), name)


def paper_to_code_page(rows: Sequence[Link]) -> str:
    """Write the page in Markdown."""
    parts = [
        "# From the paper to the code",
        "Each sentence of the Methods of Zhang et al. 2025 ([doi:10.3389/fimmu.2025.1604866](https://doi.org/10.3389/fimmu.2025.1604866), © the authors, CC BY 4.0; sentences quoted, some shortened where "
        "marked …) and each table and figure, with the notebook cell that shows it, the function that computes it, and the test that holds the function "
        "to something else than itself.",
    ]
    for place in dict.fromkeys(row.place for row in rows):
        lines = "\n".join(_row(row) for row in rows if row.place == place)
        head = "".join(f'<th scope="col">{text}</th>' for text in ("The paper", "Notebook", "Function", "Test"))
        parts += [
            f"## {place}",
            f'<div class="wide" tabindex="0" role="region" aria-label="{markup.escape(place)}"><table class="paper-to-code"><thead><tr>{head}</tr></thead><tbody>\n{lines}\n</tbody></table></div>',
        ]
    return "\n\n".join(parts) + "\n"


def _row(row: Link) -> str:
    notebook = ""
    if row.notebook:
        anchor = f"#cell-{row.cell}" if row.cell else ""
        notebook = f'<a href="{row.notebook}.html{anchor}">notebook {row.notebook[:2]}</a>'
    module, _, name = row.function.rpartition(".")
    function = f'<a href="{api_page(module)}.html#{row.function}">{breakable(name)}</a>' if row.function else ""
    file, _, test = row.test.removeprefix("tests/").partition("::")
    note = f"<br><small>{markup.escape(row.note)}</small>" if row.note else ""
    return f"<tr><td>{markup.escape(row.quote)}{note}</td><td>{notebook}</td><td>{function}</td><td><code>{breakable(file)}</code><br><code>{breakable(test)}</code></td></tr>"
