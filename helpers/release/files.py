"""Write the files of a bundle from the released results, and from nothing else."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.paths import atomic_writing, write_csv, write_text
from helpers.release.pages import pages_of

TABLES = {
    "counts": ("Patients", ["variable", "level", "n", "of", "pct"]),
    "medians": ("Medians and quartiles", ["variable", "n", "median", "q1", "q3"]),
    "comparisons": ("Comparisons of survival", ["endpoint", "comparison", "test", "p"]),
    "models": ("Cox models", ["model", "variable", "level", "n", "events", "hr", "low", "high", "p"]),
}
HEADS = {
    "n": "n (rounded)",
    "of": "of",
    "pct": "%",
    "q1": "lower quartile",
    "q3": "upper quartile",
    "hr": "hazard ratio",
    "low": "lower limit",
    "high": "upper limit",
    "events": "events (rounded)",
}
HIDDEN = "[not shown]"


def write_bundle(numbers: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write results.json, the tables as Word, Excel and CSV, the curves as PNG, and pages of HTML.

    Parameters
    ----------
    numbers : mapping
        Of :func:`helpers.release.released.released`.
    folder : Path

    Returns
    -------
    list of Path
        The files, in the order in which a checker reads them.
    """
    text = json.dumps(numbers, indent=1, ensure_ascii=False, allow_nan=False)
    files = [write_text(folder / "results.json", text + "\n")]
    numbers = json.loads(text)
    tables = {name: frame for name in TABLES if len(frame := table_of(numbers, name))}
    for name, frame in tables.items():
        files.append(write_csv(folder / f"{name}.csv", frame.map(neutral)))
    files.append(_word(numbers, tables, folder / "tables.docx"))
    files.append(_excel(tables, folder / "tables.xlsx"))
    files += _figures(numbers, folder)
    titled = {name: (TABLES[name][0], frame) for name, frame in tables.items()}
    files += [write_text(folder / name, page) for name, page in pages_of(numbers, titled).items()]
    return files


def neutral(cell: object) -> object:
    """Keep a spreadsheet from taking text for a formula.

    Examples
    --------
    >>> neutral("=1+1"), neutral("CD19+"), neutral(-3)
    ("'=1+1", 'CD19+', -3)
    """
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def table_of(numbers: Mapping[str, Any], name: str) -> pd.DataFrame:
    """Lay one table of the released results out for reading."""
    _, columns = TABLES[name]
    frame = pd.DataFrame(numbers[name], columns=columns)
    for column in ("n", "of", "pct", "events"):
        if column in frame:
            frame[column] = [HIDDEN if pd.isna(value) else int(value) for value in frame[column]]
    return frame.astype(object).where(frame.notna(), "").rename(columns=HEADS)


def _plain(cell: object) -> str:
    text = str(cell)
    for sign in "\\`*_{}[]<>|$":
        text = text.replace(sign, "\\" + sign) if text != HIDDEN else text
    return text


def _word(numbers: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], path: Path) -> Path:
    import docx

    document = docx.Document()
    document.add_heading("Released results", 0)
    if numbers["about"]["synthetic"]:
        document.add_paragraph("Synthetic cohort: no real patient.")
    document.add_paragraph(numbers["about"]["statement"])
    for name, frame in tables.items():
        document.add_heading(TABLES[name][0], 1)
        table = document.add_table(rows=1, cols=frame.shape[1])
        table.style = "Light Grid Accent 1"
        for place, head in enumerate(frame):
            table.rows[0].cells[place].text = str(head)
        for row in frame.to_numpy():
            cells = table.add_row().cells
            for place, cell in enumerate(row):
                cells[place].text = str(cell)
    properties = document.core_properties
    for name in ("author", "last_modified_by", "comments", "keywords", "title", "subject", "category", "identifier"):
        setattr(properties, name, "")
    properties.created = properties.modified = properties.last_printed = _never()
    buffer = BytesIO()
    document.save(buffer)
    return _sealed(buffer, path)


def _sealed(buffer: BytesIO, path: Path) -> Path:
    """Write an Office file without the day of its making and without the name of the program that made it."""
    with zipfile.ZipFile(buffer) as made, atomic_writing(path, "wb") as handle, zipfile.ZipFile(handle, "w") as sealed:
        for name in made.namelist():
            if name == "docProps/thumbnail.jpeg":  # of the template, not of this document
                continue
            content = made.read(name)
            if name == "_rels/.rels":
                content = re.sub(rb"<Relationship [^>]*thumbnail[^>]*/>", b"", content)
            if name == "docProps/app.xml":
                content = re.sub(rb"<(Application|AppVersion|Template|Company|Manager)>[^<]*</\1>", b"", content)
            if name == "docProps/core.xml":
                content = re.sub(rb"(W3CDTF\">)[^<]*<", rb"\g<1>2000-01-01T00:00:00Z<", content)
            sealed.writestr(zipfile.ZipInfo(name, (2000, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return path


def _never() -> Any:
    from datetime import datetime

    return datetime(2000, 1, 1)


def _excel(tables: Mapping[str, pd.DataFrame], path: Path) -> Path:
    import openpyxl

    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, frame in tables.items():
        sheet = book.create_sheet(TABLES[name][0][:31])
        sheet.append(list(frame))
        for row in frame.to_numpy():
            sheet.append([neutral(cell) for cell in row])
    if not tables:
        book.create_sheet("nothing to show")
    book.properties.creator = book.properties.lastModifiedBy = None
    book.properties.created = book.properties.modified = _never()
    buffer = BytesIO()
    book.save(buffer)
    return _sealed(buffer, path)


def _figures(numbers: Mapping[str, Any], folder: Path) -> list[Path]:
    """Draw the coarse curves, as PNG only: a vector file holds every day of death."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from helpers.display.figures import DASHES, label_colours

    files = []
    for endpoint in dict.fromkeys(row["endpoint"] for row in numbers["curves"]):
        rows = [row for row in numbers["curves"] if row["endpoint"] == endpoint]
        figure = Figure(figsize=(5, 3.6), layout="constrained")
        ax = figure.add_subplot()
        paint = label_colours([row["group"] for row in rows])
        for row, dash in zip(rows, [*DASHES, *DASHES], strict=False):
            label = f"{row['group'].replace('$', chr(92) + '$')} (about {row['at_risk'][0]})"
            ax.step(row["month"], row["survival"], where="post", label=label, color=paint[row["group"]], linestyle=dash)
        ax.set(xlabel="Months from day 0", ylabel=f"{endpoint}, coarse", ylim=(0, 1.03), xlim=(0, None))
        ax.legend(frameon=False, fontsize=8)
        if numbers["about"]["synthetic"]:
            ax.text(
                0.5,
                0.5,
                "synthetic",
                transform=ax.transAxes,
                ha="center",
                va="center",
                rotation=25,
                fontsize=22,
                color="0.55",
                alpha=0.25,
            )
        buffer = BytesIO()
        FigureCanvasAgg(figure).print_png(buffer, metadata={"Software": None})
        with atomic_writing(folder / f"km_{endpoint.lower()}.png", "wb") as handle:
            handle.write(buffer.getvalue())
        files.append(folder / f"km_{endpoint.lower()}.png")
    return files


def request_form(
    numbers: Mapping[str, Any],
    files: Sequence[Path],
    bounds: Mapping[str, tuple[int, int]],
    folder: Path,
    searched: str = "",
) -> Path:
    """Write the form that the human checker fills: one row a file, with what it rests on and a status to be given.

    It says of each suppressed count how narrowly an intruder can bound it. It goes to the checker, not out.
    """
    about = numbers["about"]
    least = min((high - low + 1 for low, high in bounds.values()), default=None)
    lines = [
        "# Request for release", "",
        f"About {about['patients']} patients. Threshold {about['threshold']}, counts rounded to {about['base']}.",
        f"{len(bounds)} counts are suppressed; the narrowest can still be any of {least} values." if least else "No count had to be suppressed.", "", searched, "",
        "| file | what it is | rests on | status (pass / review / fail) | exception asked for, and why | checker |", "|---|---|---|---|---|---|",
    ]  # fmt: skip
    for file in files:
        lines.append(
            f"| {file.name} | {DESCRIPTIONS.get(file.name, 'coarse survival curves, by month')} | {_rests_on(file.name, numbers)} | review | | |"
        )
    lines += [
        "", "What a person still has to look at: whether a label or a heading names somebody or a place; whether the study is so small a world that a group is known by name;",
        "whether other outputs about the same patients have left, by whatever way; whether the numbers make sense at all.",
    ]  # fmt: skip
    if bounds:
        lines += ["", "| suppressed count | an intruder can say |", "|---|---|"]
        lines += [f"| {_plain(name)} | {low} to {high} |" for name, (low, high) in sorted(bounds.items())]
    return write_text(folder / "request.md", "\n".join(lines) + "\n")


DESCRIPTIONS = {
    "results.json": "all released numbers; every other file is written from it",
    "counts.csv": "counts by level, rounded, small ones suppressed", "medians.csv": "medians and quartiles, two digits",
    "comparisons.csv": "log-rank tests, p in steps", "models.csv": "Cox models, levels with few patients or events left out",
    "tables.docx": "the tables as Word", "tables.xlsx": "the tables as Excel", "index.html": "first page: by which rules, and what there is",
    "patients.html": "counts and medians as a page", "survival.html": "coarse curves, and their values by year", "models.html": "Cox models as a page",
}  # fmt: skip


def _rests_on(name: str, numbers: Mapping[str, Any]) -> str:
    if name == "models.csv":
        events = [row["events"] for row in numbers["models"]]
        return f"levels of about {min(events, default=0)} events or more"
    if name == "medians.csv":
        return f"about {min((row['n'] for row in numbers['medians'] if row['n']), default=2 * numbers['about']['threshold'])} patients or more"
    if name == "counts.csv":
        return f"shown counts of about {min((row['n'] for row in numbers['counts'] if row['n']), default=0)} or more"
    if name.startswith("km_"):
        return f"{numbers['about']['threshold']} events a step or more, {numbers['about']['threshold']} at risk or more"
    return "the tables and curves"
