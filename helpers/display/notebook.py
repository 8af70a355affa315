"""What every notebook does the same way: say, show, save, mark and, where a table is absent, stop clean."""

from __future__ import annotations

import ast
import platform
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd
from IPython import get_ipython
from IPython.display import Markdown
from matplotlib.figure import Figure

from helpers.cohort.schema import Cohort
from helpers.display.tables import Table
from helpers.parameters import Parameters
from helpers.paths import write_csv, writing
from helpers.problems import NotAvailable

MARK = "synthetic"
LIFTS = "Parameters.of("


def say(*sentences: str) -> Markdown:
    """Show sentences that were rendered from values, as Markdown output that a strict comparison reads."""
    return Markdown(" ".join(sentences))


def points(*sentences: str) -> Markdown:
    """Show sentences that were rendered from values as a list."""
    return Markdown("\n".join(f"- {sentence}" for sentence in sentences))


def about(cohort: Cohort) -> Markdown:
    """Say which cohort this is, how many patients, what day 0 is and, above all, whether it is synthetic."""
    n = len(cohort.tables["patients"])
    text = f"Cohort **{cohort.name}**: {n} {'synthetic ' * cohort.synthetic}patients; day 0 is {cohort.origin}."
    if cohort.synthetic:
        text += (
            " **No real patient stands behind a single row.** The cohort was made to resemble what the paper prints,"
            " so agreement with the print shows that such data can exist; it is no evidence about any treatment."
        )
    else:
        text += f" Source: {cohort.source}. Licence: {cohort.licence}."
    return Markdown(text)


def show(frame: pd.DataFrame, cohort: Cohort, caption: str = "", note: str = "") -> Table:
    """Show a table of a cohort; of a synthetic one it says so below."""
    notes = [note] * bool(note) + ["Synthetic cohort."] * cohort.synthetic
    return Table(frame, caption, " ".join(notes))


def mark_synthetic(fig: Figure, cohort: Cohort) -> Figure:
    """Mark a figure of a synthetic cohort, in each panel and below, so that a cropped panel still says it."""
    if not cohort.synthetic:
        return fig
    for ax in fig.axes:
        if ax.get_label() not in ("text", "<colorbar>"):
            ax.text(
                0.5, 0.5, MARK, transform=ax.transAxes, ha="center", va="center", rotation=25, gid=MARK,
                fontsize=min(22, 90 * ax.get_position().width), color="0.55", alpha=0.25, zorder=5,
            )  # fmt: skip
    fig.supxlabel("Synthetic cohort: no real patients", fontsize=7, color="0.35", x=0.99, ha="right")
    return fig


def save(fig: Figure, name: str, parameters: Parameters) -> None:
    """Write a figure as SVG and PNG to ``<output_folder>/figures``; with an empty output folder write nothing.

    No date and no program version goes into the files: the same figure gives the same bytes.
    """
    if not parameters.output_folder:
        return
    for kind, metadata in (("svg", {"Date": None, "Creator": None}), ("png", {"Software": None})):
        buffer = BytesIO()
        fig.savefig(buffer, format=kind, metadata=metadata)
        with writing(Path(parameters.output_folder) / "figures" / f"{name}.{kind}", "wb") as handle:
            handle.write(buffer.getvalue())


def save_table(frame: pd.DataFrame, name: str, parameters: Parameters, cohort: Cohort | None = None) -> None:
    """Write a table as CSV to ``<output_folder>/tables``; of a cohort, its last column says whether it is synthetic."""
    if not parameters.output_folder:
        return
    if cohort is not None:
        frame = frame.assign(synthetic=str(cohort.synthetic).lower())
    write_csv(Path(parameters.output_folder) / "tables" / f"{name}.csv", frame)


def stop_unless(cohort: Cohort, table: str, *columns: str) -> None:
    """Print one plain line and leave the rest of the notebook out, unless the cohort has *table* with *columns*.

    The run does not fail: later cells still count, but run as empty ones, until a cell builds the parameters again.
    Call it as the last line of a cell.

    Examples
    --------
    >>> few = Cohort("few", "infusion", True, "", "CC0", {"patients": pd.DataFrame({"patient_id": ["SYN-001"]})})
    >>> stop_unless(few, "patients")
    >>> stop_unless(few, "labs", "analyte")
    Stopped here: cohort few has no table labs.
    """
    try:
        cohort.need(table, *columns)
    except NotAvailable as absent:
        stop(str(absent))


def stop(line: str) -> None:
    """Print *line* and leave the rest of the notebook out; see :func:`stop_unless`."""
    print(f"Stopped here: {line}.")
    shell = get_ipython()
    if shell is not None and _left_out not in shell.input_transformers_cleanup:
        shell.input_transformers_cleanup.append(_left_out)


def _left_out(lines: list[str]) -> list[str]:
    """Empty a cell, unless it sets literals, prints versions or builds the parameters (which lifts the stop)."""
    source = "".join(lines)
    if LIFTS in source:
        get_ipython().input_transformers_cleanup.remove(_left_out)
        return lines
    return lines if _only_literals(source) or source.startswith("versions(") else []


def _only_literals(source: str) -> bool:
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return False
    return all(isinstance(line, ast.Assign | ast.AnnAssign) and _is_literal(line.value) for line in body)


def _is_literal(node: ast.AST | None) -> bool:
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError):
        return False
    return True


def versions(*packages: str) -> None:
    """Print the versions of Python and of *packages*, one a line."""
    print(f"python {platform.python_version()}")
    for package in packages:
        print(package, version(package))


def lookup(values: dict[str, Any], *ids: str) -> list[float | None]:
    """Return the numbers behind *ids*, for a check beside a figure."""
    return [values[key].value for key in ids]
