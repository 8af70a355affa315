"""The web site: the committed notebooks, and beside them the pages that are made from results, schema, model and docstrings."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Container, Iterable, Sequence
from pathlib import Path

from helpers import paths
from helpers.cohort.derive import Analysis, analyse
from helpers.cohort.read import read_cohort
from helpers.parameters import Parameters
from helpers.published.concordance import concordance
from helpers.published.values import published_values
from helpers.results import registry
from helpers.results.value import Value
from helpers.site import pages
from helpers.site.book import build_book
from helpers.site.front import TITLE, front_of_paper
from helpers.site.in_page import figures_in_page
from helpers.site.number_cells import number_cells
from helpers.site.paper_to_code import links, paper_to_code_page

FIGURE = "figure3.png"
EXERCISES = paths.NOTEBOOKS / "exercises"
FRONT = ("extra.survival.", "extra.difference.", "extra.rmst.", "extra.lost.")


def whole_site(notebooks: Sequence[Path], out: Path) -> Path:
    """Build the site of the default cohort into *out*, which must not be there yet; return its first page."""
    analysis = analyse(read_cohort(), Parameters())
    values = numbers(analysis)
    printed = published_values()
    compared = concordance(printed, values, comparable=registry.comparable_ids(analysis.parameters))
    stems = [path.stem for path in notebooks]
    rows = links(notebooks)
    shown = number_cells(printed["id"], notebooks)
    drawn = figures_in_page(analysis)[0]
    beside = {
        **drawn,
        "paper_to_code": paper_to_code_page(rows),
        "published": pages.published_page(compared, printed, shown),
        "audit": pages.audit_page(),
        "dictionary": pages.dictionary_page(),
        "parameters": pages.parameters_page(),
        **exercises(drawn),
        "downloads": pages.downloads_page(stems),
        **pages.api_pages(),
    }
    figure = paths.FIGURES / FIGURE
    names = {*stems, *beside, "glossary"}
    front = front_of_paper(
        {id: value.value for id, value in values.items()}, figure.name if figure.exists() else None, names
    )
    first = build_book(
        notebooks,
        out,
        title=TITLE,
        front=front,
        pages=beside,
        pictures=[figure] if figure.exists() else [],
        anchors=cells_linked([*((row.notebook, row.cell) for row in rows), *shown.values()]),
        api=True,
    )
    downloads(notebooks, out / "files")
    if "exercises" in beside:
        exercise_files(out)
    return first


def cells_linked(places: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    """Collect the cells that pages link to, by notebook.

    Examples
    --------
    >>> cells_linked([("06_cox", "a"), ("06_cox", "a"), ("06_cox", "")])
    {'06_cox': {'a'}}
    """
    found: dict[str, set[str]] = {}
    for notebook, cell in places:
        if cell:
            found.setdefault(notebook, set()).add(cell)
    return found


def numbers(analysis: Analysis) -> dict[str, Value]:
    """Compute the published numbers and those of the first page."""
    wanted = [
        one
        for one in registry.all_families()
        if any(not id.startswith("extra.") for id in one.ids) or one.prefix.startswith(FRONT)
    ]
    return {id: value for one in wanted for id, value in one.values(analysis).items()}


def exercises(figures: Container[str]) -> dict[str, str]:
    """Make the pages of the exercises and of the teacher, if the exercises were made."""
    sources = sorted((EXERCISES / "src").glob("[0-9]*.ipynb"))
    made = [source for source in sources if (EXERCISES / "sheet" / f"{source.stem}.html").exists()]
    if not made:
        return {}
    return {
        "exercises": pages.exercises_page(made, figures),
        "teaching": (paths.DOCS / "teaching.md").read_text(encoding="utf-8"),
    }


def exercise_files(out: Path) -> None:
    """Put sheets and students' notebooks beside the pages; the teacher's stay where they are."""
    (out / "exercises").mkdir()
    for file in (*(EXERCISES / "sheet").glob("*.html"), *(EXERCISES / "student").glob("*.ipynb")):
        shutil.copyfile(file, out / "exercises" / file.name)
    parts = [path for name in ("student", "data") for path in sorted((EXERCISES / name).rglob("*")) if path.is_file()]
    kept = [path for path in parts if "__pycache__" not in path.parts]
    archive(out / "files" / "exercises_students.zip", kept, EXERCISES)


def downloads(notebooks: Sequence[Path], folder: Path) -> None:
    """Put the notebooks, the cohort and the figures beside the pages, as archives that are the same in each build."""
    folder.mkdir(parents=True)
    shutil.copyfile(paths.DATA / "README.md", folder / "data_dictionary.md")
    archive(folder / "notebooks.zip", list(notebooks))
    archive(folder / "cohort_synthetic.zip", sorted(paths.COHORT.glob("*.*")))
    archive(
        folder / "figures_synthetic.zip",
        sorted(path for path in paths.FIGURES.glob("*") if path.suffix in (".png", ".csv")),
    )


def archive(target: Path, files: Sequence[Path], within: Path | None = None) -> None:
    """Write a zip archive with no times in it; names are those of the files, or their places *within* a folder."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as zipped:
        for path in files:
            name = path.relative_to(within).as_posix() if within else path.name
            zipped.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), path.read_bytes(), zipfile.ZIP_DEFLATED)
