"""Code of a notebook is folded in the book: what a cell computes opens with one switch, its setting-up only by itself."""

from __future__ import annotations

import ast
from collections.abc import Container

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

SETTINGS = {"parameters", "injected-parameters"}


def folded(notebook: NotebookNode, anchors: Container[str] = ()) -> NotebookNode:
    """Tag every code cell as folded, those that only set up as such, and give some cells an anchor to link to.

    Parameters
    ----------
    notebook : NotebookNode
        Changed in place.
    anchors : container of str
        Ids of code cells that get an anchor, ``cell-<id>``.
    """
    cells = []
    for cell in notebook.cells:
        if cell.cell_type == "code":
            tags = cell.metadata.get("tags", [])
            new = ["hide-input", *(["setup"] if sets_up(cell.source, tags) else [])]
            cell.metadata["tags"] = [*tags, *(tag for tag in new if tag not in tags)]
            if cell.get("id", "") in anchors:
                cells.append(new_markdown_cell(f"(cell-{cell['id']})="))
        cells.append(cell)
    notebook.cells = cells
    return notebook


def sets_up(source: str, tags: Container[str] = ()) -> bool:
    """Tell whether a cell only imports, sets parameters or opens the page: nothing that a reader has to judge.

    Examples
    --------
    >>> sets_up("import numpy as np\\nfrom math import log"), sets_up("page = open_page(globals())"), sets_up("x = log(2)")
    (True, True, False)
    """
    if any(tag in tags for tag in SETTINGS):
        return True
    try:
        lines = ast.parse(source).body
    except SyntaxError:
        return False
    return all(
        isinstance(line, ast.Import | ast.ImportFrom) or "globals()" in ast.unparse(line) for line in lines
    ) and bool(lines)
