"""What every notebook does the same way: say, show, save, mark and, where a table is absent, stop clean."""

from __future__ import annotations

import hashlib
import platform
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from io import BytesIO
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from IPython import get_ipython
from IPython.display import Markdown, display
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from helpers.cohort.derive import Analysis
from helpers.cohort.schema import Cohort
from helpers.display.described import figure_description, figure_fingerprint
from helpers.display.figures import STYLE, all_as_typed
from helpers.display.tables import Table, format_number
from helpers.display.words import group_words
from helpers.parameters import Parameters
from helpers.paths import PUBLISHED, atomic_writing, write_csv
from helpers.problems import in_the_singular
from helpers.published.concordance import concordance
from helpers.published.values import STATED, published_values
from helpers.results.registry import comparable_ids, compute

MARK = "synthetic"
DRAWN = "Drawn numbers"
WHY = ("why not", "reason", "difference_reason")


def use_style() -> None:
    """Draw in the house style."""
    plt.style.use(STYLE)


def without_markup(markdown: str) -> str:
    """Take the force out of what no sentence of ours holds and a cohort's words might: tags, pictures, links that run or fetch, formulas, slanted words.

    A page reads ``$x$`` for a formula after the entities are resolved, but not across the borders of an element.

    Examples
    --------
    >>> without_markup("**5** <b>x</b> [a](javascript:b) ![p](//x/y) <10% [ours](05_kaplan_meier.ipynb)")
    '**5** &lt;b>x&lt;/b> [a]&#40;javascript:b) !&#91;p]&#40;//x/y) <10% [ours](05_kaplan_meier.ipynb)'
    >>> without_markup("$x$ _y_"), without_markup(without_markup("5$")), without_markup("gc_cutoff, **bold**")
    ('<span>&#36;</span>x<span>&#36;</span> &#95;y&#95;', '5<span>&#36;</span>', 'gc_cutoff, **bold**')
    """
    inert = re.sub(r"<(?=[A-Za-z/!?])(?!https://doi\.org/|span>&#\d\d;|/span>)", "&lt;", markdown).replace(
        "![", "!&#91;"
    )
    inert = re.sub(r"(?<![^\W_])_|_(?![^\W_])", "&#95;", inert)
    inert = re.sub(r"[$\\]", lambda sign: f"<span>&#{ord(sign[0])};</span>", inert)
    return re.sub(r"\]\((?!https://doi\.org/|(?!//)[\w./#-]+\))", "]&#40;", inert)


def markdown_sentences(*sentences: str) -> Markdown:
    """Show sentences that were rendered from values, as Markdown output that a strict comparison reads."""
    return Markdown(without_markup(in_the_singular(" ".join(sentences))))


def markdown_list(*sentences: str) -> Markdown:
    """Show sentences that were rendered from values as a list."""
    return Markdown(without_markup(in_the_singular("\n".join(f"- {sentence}" for sentence in sentences))))


def about_cohort(cohort: Cohort) -> Markdown:
    """Say which cohort this is, how many patients, what day 0 is and, above all, whether it is synthetic."""
    n = len(cohort.tables["patients"])
    text = f"Cohort **{cohort.name}**: {n} {'synthetic ' * cohort.synthetic}patients; {cohort.day_zero}."
    if cohort.synthetic:
        text += " **No real patient stands behind a single row.** "
        text += (
            "The cohort was made to resemble what the paper reports,"
            " so agreement with the paper shows that such data can exist; it is no evidence about any treatment."
            if cohort.stands_for
            else "It is not said to stand for the paper's patients, and nothing here is evidence about any treatment."
        )
    else:
        text += f" Source: {cohort.source}. Licence: {cohort.licence}."
    return Markdown(without_markup(in_the_singular(text)))


def show_table(frame: pd.DataFrame, cohort: Cohort, caption: str = "", note: str = "") -> Table:
    """Show a table of a cohort; of a synthetic one it says so below. A column that says why something is missing is left out if nothing is."""
    said = frame.loc[:, ~frame.columns.duplicated()].filter(items=WHY)
    frame = frame.drop(columns=[name for name in said if not said[name].fillna("").astype(str).str.strip().any()])
    note = f"{note}." if note and note[-1] not in ".!?:;" else note
    notes = [note] * bool(note) + ["Synthetic cohort."] * cohort.synthetic
    heads = frame.rename(columns=lambda name: in_the_singular(name) if isinstance(name, str) else name)
    return Table(heads, in_the_singular(caption), in_the_singular(" ".join(notes)))


def mark_synthetic(fig: Figure, cohort: Cohort) -> Figure:
    """Mark a figure of a synthetic cohort, in each panel and below, so that a cropped panel still says it."""
    if not cohort.synthetic:
        return fig
    for ax in fig.axes:
        if ax.get_label() not in ("text", "<colorbar>"):
            ax.text(
                0.5, 0.5, MARK, transform=ax.transAxes, ha="center", va="center", rotation=25, gid=MARK,
                fontsize=min(22, 90 * ax.get_position().width), color="0.55", alpha=0.25, zorder=5, in_layout=False,
            )  # fmt: skip
    fig.supxlabel("Synthetic cohort: no real patients", fontsize=7, color="0.35", x=0.99, ha="right")
    return fig


def save_figure(fig: Figure, name: str, parameters: Parameters) -> None:
    """Show a figure, and write it as PNG to ``<output_folder>/figures``; without an output folder write nothing.

    Beside the picture stand its words (:func:`helpers.display.described.figure_description`), for who does not see it, and the
    fingerprint of the drawn numbers, which the picture holds too; the picture's own hash is kept with the output. No date
    and no program version goes into the files: the same figure gives the same bytes. The layout is fitted once,
    and one picture is both shown and written; call this when the figure is complete, as the last line of a cell.
    """
    with _letters_told():
        picture, drawn = _laid_out(fig, name, parameters)
    if get_ipython() is not None:
        words = f"{figure_description(fig)}\n{DRAWN}: {drawn}"
        seal = {"picture": hashlib.sha256(picture).hexdigest()}
        display({"image/png": picture, "text/plain": words}, raw=True, metadata=seal)
        plt.close(fig)


def _laid_out(fig: Figure, name: str, parameters: Parameters) -> tuple[bytes, str]:
    """Fit the layout, render and, if there is an output folder, write; return the picture and the fingerprint of its numbers."""
    for ax in fig.axes:
        all_as_typed(ax)
    for axis in (axis for ax in fig.axes for axis in (ax.xaxis, ax.yaxis) if not axis.get_label_text()):
        axis.set_label_coords(0, 0)  # else each drawing looks for a place for a label that is not there
    if (engine := fig.get_layout_engine()) is not None:
        engine.execute(fig)
        fig.set_layout_engine("none")
        # the solver's last digits differ from run to run
        for ax in fig.axes:
            ax.set_position([round(float(edge), 6) for edge in ax.get_position().bounds])
    drawn = figure_fingerprint(fig)
    picture = _as_png(fig, {"Software": None, DRAWN: drawn})
    if parameters.output_folder:
        with atomic_writing(Path(parameters.output_folder) / "figures" / f"{name}.png", "wb") as handle:
            handle.write(picture)
    return picture, drawn


@contextmanager
def _letters_told() -> Iterator[None]:
    """Say in one sentence that a label has letters that the font lacks; any other warning goes its way."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    lacking = [warning for warning in caught if "missing from font" in str(warning.message)]
    for warning in (warning for warning in caught if warning not in lacking):
        warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
    if lacking:
        print(
            "Some letters of the labels are not in the font of the figures and are drawn as boxes; the tables have them."
        )


def _as_png(fig: Figure, metadata: dict[str, str | None]) -> bytes:
    """Draw a figure once; its own method ``savefig`` would draw it twice, to fit a layout that is fitted already."""
    buffer, before = BytesIO(), fig.canvas
    FigureCanvasAgg(fig).print_png(buffer, metadata=metadata)
    fig.set_canvas(before)
    return buffer.getvalue()


def save_table(frame: pd.DataFrame, name: str, parameters: Parameters, cohort: Cohort | None = None) -> None:
    """Write a table as CSV to ``<output_folder>/tables``; of a cohort, its last column says whether it is synthetic."""
    if not parameters.output_folder:
        return
    if cohort is not None:
        frame = frame.assign(synthetic=str(cohort.synthetic).lower())
    write_csv(Path(parameters.output_folder) / "tables" / f"{name}.csv", frame)


def printed_beside_computed(analysis: Analysis, *prefixes: str, repeated: Sequence[str] = ()) -> pd.DataFrame:
    """Set published numbers beside the recomputed ones: the ids that begin with one of *prefixes*.

    Constants of the design are left out, and repetitions of a number elsewhere in the paper (aliases) but for the ids in
    *repeated*. With other parameters or another cohort than the paper's the last column says that there is nothing to compare.

    Returns
    -------
    DataFrame
        Columns what, patients (the population), published, recomputed (rounded to the published decimals), agreement.
    """
    printed = published_values(analysis.parameters.published_folder or PUBLISHED)
    chosen = printed["id"].str.startswith(prefixes) & (printed["alias_of"] == "") & (printed["kind"] != STATED)
    printed = printed[chosen | printed["id"].isin(repeated)]
    values = compute(analysis, printed["id"])
    other = None if analysis.is_paper_cohort else "another cohort"
    found = concordance(printed, values, comparable=other or comparable_ids(analysis.parameters))
    numbers = zip(found["recomputed"], printed["decimals"], strict=True)
    return pd.DataFrame(
        {
            "what": printed["what"].to_numpy(),
            "patients": printed["population"].map(group_words).to_numpy(),
            "published": found["printed"],
            "recomputed": [format_number(value, decimals) for value, decimals in numbers],
            "agreement": found["verdict"],
        }
    )


def verdict_counts(table: pd.DataFrame, what: str) -> str:
    """Say how many of the published numbers of :func:`printed_beside_computed` came out.

    Examples
    --------
    >>> verdict_counts(pd.DataFrame({"agreement": ["same", "same", "differs"]}), "Table 1")
    'Table 1: of 3 published numbers 2 are the same, 1 differs.'
    """
    counts = table["agreement"].value_counts()
    words = {"same": "are the same", "differs": "differ", "not computable": "are not computable",
             "not comparable": "are not comparable"}  # fmt: skip
    one = {"same": "is the same", "differs": "differs", "not computable": "is not computable",
           "not comparable": "is not comparable"}  # fmt: skip
    parts = [f"{counts[key]} {(one if counts[key] == 1 else words)[key]}" for key in words if key in counts]
    return f"{what}: of {len(table)} published numbers {', '.join(parts)}."


def against_print(
    analysis: Analysis, what: str, *prefixes: str, repeated: Sequence[str] = (), everything: bool = False
) -> Table | Markdown:
    """Show the recomputed numbers against the published ones, those that are not the same or *everything*; see :func:`printed_beside_computed`.

    The caption counts all of them (of repetitions elsewhere in the paper those in *repeated*); with another cohort than the paper's one sentence says that nothing is compared.
    """
    if not analysis.is_paper_cohort:
        return markdown_sentences(f"{what}: published numbers not compared, since this is another cohort.")
    table = printed_beside_computed(analysis, *prefixes, repeated=repeated)
    rest = table if everything else table[table["agreement"] != "same"]
    return (
        show_table(rest, analysis.cohort, verdict_counts(table, what))
        if len(rest)
        else markdown_sentences(verdict_counts(table, what))
    )


def print_versions(*packages: str) -> None:
    """Print the versions of Python and of *packages*, one a line."""
    print(f"python {platform.python_version()}")
    for package in packages:
        print(package, version(package))
