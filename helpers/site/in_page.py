"""Which figures to play with a book has: of synthetic patients all that can be made, of real ones only released aggregates."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from helpers.cohort.derive import Analysis
from helpers.problems import NotAvailable
from helpers.release.released import released
from helpers.release.rules import Rules
from helpers.site.figure3 import embedded, figure3_page
from helpers.site.more_figures import analytes_page, forest_page, specifications_page

FIGURES: Mapping[str, tuple[str, Callable[[Analysis], str]]] = {
    "figure3": ("survival by dose (Figure 3)", figure3_page),
    "forest": ("Table 5 as a forest", forest_page),
    "specifications": ("every defensible model", specifications_page),
    "analytes": ("markers before and after glucocorticoids (Figure 2)", analytes_page),
}
RELEASED = "released"


def figures_in_page(analysis: Analysis) -> tuple[dict[str, str], list[str]]:
    """Make the pages of figures to play with.

    Returns
    -------
    pages : dict of str to str
        Name -> Markdown.
    absent : list of str
        One sentence for each figure that cannot be made.
    """
    pages, absent = {}, []
    if not analysis.cohort.synthetic:
        try:
            return {RELEASED: released_page(analysis)}, []
        except NotAvailable as why:
            return {}, [f"There are no curves to play with: {why}."]
    for name, (title, make) in FIGURES.items():
        try:
            pages[name] = make(analysis)
        except NotAvailable as why:
            absent.append(f"Not to play with, {title}: {why}.")
    return pages, absent


def words_of(name: str) -> str:
    """Say what a page of figures shows.

    Examples
    --------
    >>> words_of("figure3"), words_of("released")
    ('survival by dose (Figure 3)', 'survival, from released aggregates')
    """
    return FIGURES[name][0] if name in FIGURES else "survival, from released aggregates"


def released_page(analysis: Analysis) -> str:
    """Write the curves of a cohort of real patients from its released results: coarse, and without a patient behind a step.

    Raises
    ------
    NotAvailable
        If nothing of the cohort can be released, or no curve rests on enough patients.
    """
    numbers = released(analysis, Rules()).numbers
    if not numbers["curves"]:
        raise NotAvailable("no curve rests on enough patients to be released")
    about = numbers["about"]
    data = {
        "threshold": about["threshold"],
        "base": about["base"],
        "exposure": about["exposure"],
        **{name: numbers[name] for name in ("curves", "comparisons", "models")},
    }
    return f"""# Survival, to play with

Only what `supplement release` would let out is in this page: curves at whole months, steps of at least {about["threshold"]} events, counts rounded to {about["base"]}. Moving the cut of the dose, the fate of those lost or the start of the clock would need each patient's days, which never go into a page. Nothing here has been approved for leaving the hospital; the person who decides gets the form of `supplement release`.

{embedded(RELEASED, data)}
"""
