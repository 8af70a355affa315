"""Pages made from what the program itself holds: published numbers beside recomputed ones, the audit, dictionary, parameters, docstrings."""

from __future__ import annotations

import html as markup
import importlib
import pkgutil
import re
from collections.abc import Container, Mapping, Sequence
from pathlib import Path

import nbformat
import pandas as pd

import helpers
from helpers.cohort.dictionary import ROW_IS, table_dictionary
from helpers.cohort.schema import TABLES
from helpers.parameters import parameter_dictionary as parameters
from helpers.published.audit import audit_print, findings_letter, tally_verdicts
from helpers.published.concordance import COUNTED, VERDICTS
from helpers.published.relations import HOLDS
from helpers.published.relations import VERDICTS as FINDINGS
from helpers.results import registry

PLACE = re.compile(r"(?<=[a-z])/(?=[A-Z])")  # Abstract/Results may be broken there


def published_page(compared: pd.DataFrame, printed: pd.DataFrame, shown: Mapping[str, tuple[str, str]]) -> str:
    """Write the table of all published numbers beside the recomputed ones, searched and sorted in the page.

    Parameters
    ----------
    compared : DataFrame
        From :func:`helpers.published.concordance.concordance`.
    printed : DataFrame
        From :func:`helpers.published.values.published_values`.
    shown : mapping of str to (str, str)
        From :func:`helpers.site.number_cells.number_cells`: the notebook and the cell that show a number.
    """
    about = printed.set_index("id")
    canonical = about["alias_of"].where(about["alias_of"] != "", about.index.to_series())
    rows = [
        _number_row(row, about.loc[row.id], canonical[row.id], shown.get(row.id))
        for row in compared.itertuples(index=False)
    ]
    heads = ("Where", "What", "Published", "Recomputed", "Verdict", "Reason", "Computed by")
    options = "".join(f"<option>{verdict}</option>" for verdict in VERDICTS)
    head = "".join(f'<th scope="col"><button type="button">{text}</button></th>' for text in heads)
    counts = compared["verdict"].value_counts()
    told = ", ".join(f"{counts.get(verdict, 0)} {COUNTED[verdict]}" for verdict in VERDICTS if counts.get(verdict, 0))
    return f"""# Published against recomputed

Every number of the paper's abstract, text and tables beside what the analysis gives on the **synthetic** cohort, which was searched so that they agree: agreement shows that one set of patients fits the published numbers, not that the numbers are right. Of {len(compared)} numbers: {told}. *Same* is within half a unit of the last published digit.

<div class="numbers-tools" data-for="numbers"><label>Search <input type="search" placeholder="Table 5 GC" autocomplete="off"></label><label>Verdict <select><option value="">all</option>{options}</select></label><output aria-live="polite"></output></div>
<div class="wide" tabindex="0" role="region" aria-label="Published and recomputed numbers"><table class="numbers" id="numbers"><thead><tr>{head}</tr></thead><tbody>
{chr(10).join(rows)}
</tbody></table></div>
"""


def _number_row(row, about: pd.Series, key: str, place: tuple[str, str] | None) -> str:
    try:
        function = registry.declared_family(key)
        module, name = function.function.__module__, function.name
    except KeyError:
        module = name = ""
    linked = f'<a href="{place[0]}.html#cell-{place[1]}">notebook {place[0][:2]}</a> ' if place else ""
    code = f'<a href="{api_page(module)}.html#module-{module}">{breakable(name)}</a>' if module else ""
    number = "" if pd.isna(row.recomputed) else f"{row.recomputed:.6g}"
    recomputed = number and beside_published(row.recomputed, str(about["value"]))
    cells = (
        about["where"],
        typeset(about["what"]),
        about["value"],
        recomputed,
        row.verdict,
        row.reason.replace(f"states {key} again", "stated again"),
    )
    sort = ("", "", row.printed, number, "", "")
    shown = "".join(
        f"<td{f' data-sort={chr(34)}{markup.escape(by)}{chr(34)}' if by else ''}>{PLACE.sub('/<wbr>', markup.escape(str(text)))}</td>"
        for text, by in zip(cells, sort, strict=True)
    )
    return f'<tr id="{markup.escape(row.id)}" data-verdict="{row.verdict}">{shown}<td>{linked}{code}</td></tr>'


def beside_published(value: float, published: str) -> str:
    """Write a recomputed number so that it can be compared by eye: as many digits as published if that says all, else one more.

    Examples
    --------
    >>> [beside_published(value, text) for value, text in ((81, "81"), (67.5, "67.50"), (95 / 6, "15.83"), (8, "8.0"), (3e-7, "<0.001"))]
    ['81', '67.50', '15.833', '8.0', '3e-07']
    """
    found = re.search(r"\d+(?:\.(\d+))?", published)
    digits = len(found[1] or "") if found else 2
    said = abs(value - round(value, digits)) < 1e-9
    text = f"{value:.{digits + (not said)}f}"
    return f"{value:.3g}" if value and float(text) == 0 else text


def audit_page() -> str:
    """Write the audit as an article: one finding a slip, the gravest kind first, with the arithmetic of each."""
    found = audit_print()
    counted = tally_verdicts(found)
    amiss = [verdict for verdict in FINDINGS if verdict not in HOLDS]
    parts = [
        "# Do the published numbers agree with each other?",
        f"{len(found)} relations between published numbers were checked: sums, percentages, intervals, p-values, statements made twice. "
        f"{int(counted.loc[list(HOLDS), 'relations'].sum())} hold. What does not is grouped below, one finding for one slip, each with its arithmetic "
        "and with how it may have come about when nothing is wrong in the study. No patient is needed for any of it.",
    ]
    start = 1
    for verdict in amiss:
        number = int(counted.loc[verdict, "findings"])
        if number:
            letter = findings_letter(found, verdict, start=start).replace(f" (*{verdict}*)", "")  # the heading says it
            parts += [f"## {verdict[:1].upper()}{verdict[1:]}: {number}", letter]
            start += number
    return "\n\n".join(_escaped(part) for part in parts) + "\n"


def _escaped(text: str) -> str:
    """Let signs of comparison be shown as they are."""
    return typeset(text).replace("<", "&lt;")


def typeset(text: object) -> str:
    """Write comparisons of two characters as the one sign that a reader expects.

    Examples
    --------
    >>> typeset("GC <=8 mg/kg, blasts >=5%")
    'GC ≤8 mg/kg, blasts ≥5%'
    """
    return str(text).replace("<=", "≤").replace(">=", "≥")


def dictionary_page() -> str:
    """Write the dictionary of a cohort's tables from the schema."""
    parts = [
        "# Data dictionary",
        "Made from the schema that every cohort is checked against. Only `patient_id` is required; what needs an absent table or column is left out, with one sentence.",
    ]
    for table in TABLES:
        parts += [f"## {table}.csv", f"One row per {ROW_IS[table]}.", _table(table_dictionary(table))]
    return "\n\n".join(parts) + "\n"


def parameters_page() -> str:
    """Write the parameters from the model that checks them."""
    frame = pd.DataFrame(parameters())[["name", "meaning", "default", "allowed"]]
    frame["default"] = frame["default"].replace("''", "empty")
    return (
        "# Parameters\n\nEvery choice of the analysis, with the value that follows the paper. Another value is set by `supplement run --set NAME=VALUE`, "
        f"or in the parameters cell of a notebook.\n\n{_table(frame)}\n"
    )


def _table(frame: pd.DataFrame) -> str:
    head = "".join(f'<th scope="col">{markup.escape(str(name))}</th>' for name in frame)
    rows = "\n".join(
        f"<tr><td>{breakable(name)}</td>"
        + "".join(f"<td>{markup.escape(typeset(text))}</td>" for text in row)
        + "</tr>"
        for name, *row in frame.to_numpy()
    )
    return f'<div class="wide" tabindex="0" role="region" aria-label="Table"><table class="numbers-plain"><thead><tr>{head}</tr></thead><tbody>\n{rows}\n</tbody></table></div>'


def downloads_page(stems: Sequence[str]) -> str:
    """Write the links to what can be taken away."""
    items = "\n".join(f'<li><a href="_sources/{stem}.ipynb">{stem}.ipynb</a></li>' for stem in stems)
    return f"""# Downloads

The cohort and every figure are **synthetic**: each table has a column that says so, each figure a mark.

<ul>
<li><a href="files/cohort_synthetic.zip">The synthetic cohort</a> (CSV)</li>
<li><a href="files/figures_synthetic.zip">Figures and tables of the default run</a> (PNG, CSV)</li>
<li><a href="files/notebooks.zip">All notebooks</a></li>
<li><a href="files/data_dictionary.md">Dictionary, provenance, licence</a></li>
</ul>

## Notebooks

<ul>
{items}
</ul>
"""


def exercises_page(sources: Sequence[Path], figures: Container[str] = ()) -> str:
    """Write the list of exercises from their sources: title, minutes, for whom, aim, the sheet to print and the student's notebook.

    Parameters
    ----------
    sources : sequence of Path
        Notebooks whose first cell holds title, a line of minutes and audience, and the aim.
    figures : container of str
        Figures to play with that the site has.
    """
    rows = []
    for source in sources:
        title, about, aim, *_ = nbformat.read(source, 4).cells[0].source.split("\n\n")
        minutes, audience, needs = about.strip("*").split(" · ", 2)
        number, _, words = title.removeprefix("# ").partition(" · ")
        files = f'<br><small><a href="exercises/{source.stem}.html">sheet</a>, <a href="exercises/{source.name}">notebook</a></small>'
        cells = (minutes.removesuffix(" minutes"), audience.removeprefix("for "), aim.removeprefix("**Aim.** "), needs)
        first = f"<td>{number}</td><td>{markup.escape(words)}{files}</td>"
        rows.append(f"<tr>{first}" + "".join(f"<td>{markup.escape(text)}</td>" for text in cells) + "</tr>")
    heads = ("", "Exercise", "Minutes", "For", "Aim", "Needs")
    head = "".join(f'<th scope="col">{text}</th>' for text in heads)
    played = (
        '\nFigure 3 in the page does for a class what exercises 7 and 10 do by hand: <a href="figure3.html#lost=free">those lost had stayed well</a>, '
        '<a href="figure3.html#cut=3.9">another cut</a>, <a href="figure3.html#deal=1">outcomes shuffled</a>. Its address holds what it shows, so a slide can link to it.\n'
        if "figure3" in figures
        else ""
    )
    return f"""# Exercises

For a class, on the **synthetic** cohort and on published numbers; the prediction comes before the computation. The sheets are to print; the notebooks need the folder of the students, whose check answers without giving anything away. The [teacher's page](teaching.md) has paths of 20 minutes, 90 minutes and half a day.

<div class="wide" tabindex="0" role="region" aria-label="Exercises"><table class="numbers-plain exercises"><thead><tr>{head}</tr></thead><tbody>
{chr(10).join(rows)}
</tbody></table></div>

- <a href="files/exercises_students.zip">The folder of the students</a>: all notebooks with what they need
{played}"""


def api_page(module: str) -> str:
    """Name the page of a module's docstrings: one for each package.

    Examples
    --------
    >>> api_page("helpers.results.table5"), api_page("helpers.paths")
    ('api_results', 'api_helpers')
    """
    parts = module.split(".")
    return f"api_{parts[1]}" if len(parts) > 2 else "api_helpers"


def api_pages() -> dict[str, str]:
    """Write a page for each package that lists its modules for autodoc, and one that leads to them."""
    modules: dict[str, list[str]] = {}
    for found in pkgutil.walk_packages(helpers.__path__, "helpers."):
        if not found.ispkg and not found.name.startswith("helpers.run."):
            modules.setdefault(api_page(found.name), []).append(found.name)
    pages = {
        page: f"# helpers.{page[4:]}\n\n".replace("helpers.helpers", "helpers")
        + "\n\n".join(f"## {name}\n\n```{{eval-rst}}\n.. automodule:: {name}\n   :members:\n```" for name in names)
        + "\n"
        for page, names in modules.items()
    }
    listed = "\n".join(f"- [{page[4:]}]({page}.md): {_about(page)}" for page in pages)
    below = "```{toctree}\n:hidden:\n\n" + "\n".join(pages) + "\n```"
    return {"api": f"# Functions\n\nMade from the docstrings, package by package.\n\n{listed}\n\n{below}\n", **pages}


def _about(page: str) -> str:
    """Say what the package of a page of docstrings is for: the first line of its own."""
    if page == api_page("helpers.paths"):
        return "what belongs to no package: files, parameters, problems with input, many tasks at once."
    return (importlib.import_module(f"helpers.{page.removeprefix('api_')}").__doc__ or "").strip().splitlines()[0]


def breakable(name: str) -> str:
    """Let a long name of code be broken after its underscores and dots, and nowhere else.

    Examples
    --------
    >>> breakable("a_b.c")
    'a_<wbr>b.<wbr>c'
    """
    return markup.escape(name).replace(".", ".<wbr>").replace("_", "_<wbr>")
