"""The first page for the paper's cohort: the question, the answer in sentences made from computed numbers, and the ways on."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

import yaml

from helpers.paths import ROOT

TITLE = "Executable methods supplement to Zhang et al. 2025"
QUESTION = (
    "Children with relapsed or refractory B-cell acute lymphoblastic leukaemia often have cytokine release syndrome or neurotoxicity "
    "after CAR T cells. **Do those who are then given a low cumulative dose of glucocorticoids (up to 8 mg/kg of methylprednisolone) "
    "live longer without progression than those who are given none?**"
)
SYNTHETIC = (
    '<div class="synthetic-note"><strong>Synthetic.</strong> The patients of the paper are not public. Every number below is computed from a '
    "made-up cohort, searched so that the paper's own analysis gives its published numbers. No real patient stands behind a row, and "
    "nothing here is evidence about a treatment.</div>"
)
NONE, LOW = "extra.survival.{endpoint}.dose.none.2y.rate", "extra.survival.{endpoint}.dose.low.2y.rate"
FREE = {
    "PFS": ("were alive without progression", "without progression"),
    "OS": ("were alive", "alive"),
    "EFS": ("were free of an event", "free of an event"),
}  # at two years; months of what
DIFFERENCE, MEAN = "extra.difference.gc_low.2y", "extra.rmst.gc_low.24m.difference"
CRUDE, STAYED = "table5.univariate.gc_low", "extra.lost.event_free.gc_low"
LOST = ("extra.lost.gc_none", "extra.lost.gc_low")

ON_PHONES = '<p class="on-phones">Three panels (OS, PFS, EFS): push the figure sideways for the next.</p>'


def front_of_paper(
    numbers: Mapping[str, float | None],
    figure: str | None = None,
    pages: Container[str] = (),
    *,
    endpoint: str = "PFS",
    level: float = 95,
    cut: float | None = None,
) -> str:
    """Write the first page in Markdown from numbers by id; a sentence whose numbers are missing is left out.

    Parameters
    ----------
    numbers : mapping of str to float or None
        As in ``results.json``: percentages and rates in percent, times in months.
    figure : str, optional
        Name of the main figure's file.
    pages : container of str
        Names of the pages that the book has.
    endpoint : {"PFS", "OS", "EFS"}
        That the numbers are of.
    level : float
        Coverage of their intervals, percent.
    cut : float, optional
        Largest low dose, mg/kg; by default it is not said.

    Examples
    --------
    >>> "live longer without progression" in front_of_paper({})
    True
    """
    about = _cited()
    paper = f"[{about['authors'][0]['family-names']} et al. {about['year']}](https://doi.org/{about['doi']})"
    shown = [
        sentence
        for sentence in (absolute(numbers, endpoint, level, cut), months(numbers, endpoint), lost(numbers))
        if sentence
    ]
    parts = [
        f"A companion to {paper}, not written by its authors.",
        "## The question",
        QUESTION,
        SYNTHETIC,
        "## The answer, in this synthetic cohort",
        *(["\n".join(f"{place}. {sentence}" for place, sentence in enumerate(shown, start=1))] if shown else []),
        *(
            [f"![Figure 3 of the synthetic cohort: survival curves by dose of glucocorticoids]({figure})", ON_PHONES]
            if figure
            else []
        ),
        *(
            [
                '<p><a href="figure3.html">The same figure, to play with</a>: move the cut of the dose, decide what became of those lost, start the clock later.</p>'
            ]
            if "figure3" in pages
            else []
        ),
        doors(pages),
        how_to_cite(),
    ]
    return "\n\n".join(parts)


def absolute(
    numbers: Mapping[str, float | None], endpoint: str = "PFS", level: float = 95, cut: float | None = None
) -> str:
    """Say how many of 100 are free of the event at two years in both groups.

    Examples
    --------
    >>> rates = {NONE.format(endpoint="pfs"): 50.8, LOW.format(endpoint="pfs"): 77.4}
    >>> absolute({**rates, DIFFERENCE: 26.7, f"{DIFFERENCE}.ci_low": 6.0, f"{DIFFERENCE}.ci_high": 47.4})
    'Two years after the infusion, 77 of 100 given a low dose were alive without progression, and 51 of 100 given none: a difference of 27 percentage points (95% confidence interval 6 to 47).'
    """
    rates = (one.format(endpoint=endpoint.lower()) for one in (LOW, NONE))
    ids = (*rates, DIFFERENCE, f"{DIFFERENCE}.ci_low", f"{DIFFERENCE}.ci_high")
    if not _all(numbers, ids):
        return ""
    low, none, difference, least, most = (f"{numbers[id]:.0f}".replace("-", "−") for id in ids)
    return (
        f"Two years after the infusion, {low} of 100 given a low dose{'' if cut is None else f' (up to {cut:g} mg/kg)'} {FREE[endpoint][0]}, "
        f"and {none} of 100 given none: a difference of {difference} percentage points ({level:g}% confidence interval {least} to {most})."
    )


def months(numbers: Mapping[str, float | None], endpoint: str = "PFS") -> str:
    """Say what that is in months free of the event, and as the hazard ratio that the paper reports."""
    ids = (MEAN, f"{MEAN}.ci_low", f"{MEAN}.ci_high", *(f"{CRUDE}.{end}" for end in ("hr", "ci_low", "ci_high")))
    if not _all(numbers, ids):
        return ""
    mean, least, most, hr, low, high = (numbers[id] for id in ids)
    more = "more" if mean >= 0 else "fewer"
    return (
        f"Over those two years that is {abs(mean):.1f} months {more} {FREE[endpoint][1]} for each child on average "
        f"({least:.1f} to {most:.1f}, negative being fewer); the hazard ratio, unadjusted, is {hr:.2f} ({low:.2f} to {high:.2f})."
    )


def lost(numbers: Mapping[str, float | None]) -> str:
    """Say who was lost, and what the comparison becomes had they stayed well."""
    ids = (
        *(f"{one}.{what}" for one in LOST for what in ("n", "pct")),
        *(f"{STAYED}.{end}" for end in ("hr", "ci_low", "ci_high")),
    )
    if not _all(numbers, ids):
        return ""
    none, none_share, low, low_share, hr, least, most = (numbers[id] for id in ids)
    with_one = "which includes 1 (no difference)" if least <= 1 <= most else "which does not include 1 (no difference)"
    return (
        f"Within the first year {none:.0f} children without glucocorticoids ({none_share:.0f}%) and {low:.0f} at a low dose ({low_share:.0f}%) "
        f"were lost to follow-up; had all of them stayed well, the hazard ratio would be {hr:.2f} ({least:.2f} to {most:.2f}), {with_one}."
    )


def _all(numbers: Mapping[str, float | None], ids: tuple[str, ...]) -> bool:
    return all(numbers.get(id) is not None for id in ids)


def doors(pages: Container[str]) -> str:
    """Write the three ways on, each linked only to *pages* that are there.

    Examples
    --------
    >>> "published.html" in doors(["published"]), "published.html" in doors([])
    (True, False)
    """
    read = _links(pages, {"00_orientation": "start here", "paper_to_code": "from the paper's Methods to the code",
                          "published": "every published number beside the recomputed one", "audit": "do the published numbers agree with each other?",
                          "glossary": "glossary"})  # fmt: skip
    again = _links(
        pages,
        {
            "dictionary": "the tables to fill in",
            "parameters": "what can be changed",
            "downloads": "data, figures, notebooks",
        },
    )
    teach = _links(
        pages,
        {
            "exercises": "exercises and sheets to print",
            "teaching": "the teacher's page",
            "figure3": "the main figure, to play with",
            "forest": "Table 5 as a forest",
            "specifications": "every defensible model",
            "analytes": "markers before and after",
            "05_kaplan_meier": "Kaplan–Meier by hand",
            "06_cox": "Cox models by hand",
        },
    )
    ways = (
        ("Read", "Every notebook is a page, its code folded.", read),
        ("Re-run", "In a copy of the project <code>make run</code> executes all of it; <code>supplement run --cohort FOLDER</code> does so on "
         "your own patients, and <code>supplement template</code> gives the tables to fill in.", again),
        ("Teach", "Exercises for a class, figures to play with, each method once by hand.", teach),
    )  # fmt: skip
    cards = "\n".join(f"<div><h3>{name}</h3><p>{text}</p>{links}</div>" for name, text, links in ways)
    return f'## Three ways on\n\n<div class="doors">{cards}</div>'


def _links(pages: Container[str], texts: Mapping[str, str]) -> str:
    items = "".join(f'<li><a href="{page}.html">{text}</a></li>' for page, text in texts.items() if page in pages)
    return f"<ul>{items}</ul>" if items else ""


def _citation() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))


def _cited() -> dict[str, Any]:
    """Give what ``CITATION.cff`` has of the paper."""
    return _citation()["preferred-citation"]


def how_to_cite() -> str:
    """Write how to cite the paper and the software, from ``CITATION.cff``."""
    about, paper = _citation(), _cited()
    names = [
        f"{one['family-names']} {''.join(word[0] for word in one['given-names'].split())}" for one in paper["authors"]
    ]
    doi = f"[doi:{paper['doi']}](https://doi.org/{paper['doi']})"
    return (
        "## How to cite\n\n"
        f"The paper: {', '.join(names)}. {paper['title']}. *{paper['journal']}* {paper['year']};{paper['volume']}:{paper['start']}. {doi} (CC BY).\n\n"
        f"The software: {about['title']}, version {about['version']}. It was not written by the authors of the paper."
    )
