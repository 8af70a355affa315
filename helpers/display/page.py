"""One notebook's page: its parameters, cohort and analysis, and everything that it shows, marked as what it is.

Everything of a cohort goes through the page, so that no table, figure or file can lack the mark of a synthetic one.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import pandas as pd
from IPython.display import display
from matplotlib.figure import Figure

from helpers.cohort.derive import Analysis, analyse
from helpers.cohort.read import read_cohort
from helpers.cohort.schema import TABLES, Cohort
from helpers.display import notebook
from helpers.display.cells import stand_alone
from helpers.parameters import Parameters
from helpers.problems import NotAvailable
from helpers.results import populations, registry

_LENT: list[Analysis] = []


@contextmanager
def lent_analysis(analysis: Analysis) -> Iterator[None]:
    """Lend an analysis, and what has been computed from it, to pages with the same parameters, in forks of this process too.

    Examples
    --------
    >>> few = Cohort("few", "infusion", True, "", "CC0", {"patients": pd.DataFrame({"patient_id": ["SYN-001"]})})
    >>> mine = analyse(few, Parameters(gc_cutoff=5.0))
    >>> with lent_analysis(mine):
    ...     Page(Parameters(gc_cutoff=5.0)).analysis is mine, Page(Parameters()).analysis is mine
    (True, False)
    """
    _LENT.append(analysis)
    try:
        yield
    finally:
        _LENT.pop()


def _choices(parameters: Parameters) -> tuple[dict[str, Any], set[str]]:
    """Return all that an analysis depends on: the values, and which of them somebody set."""
    return parameters.model_dump(exclude={"output_folder"}), parameters.chosen().keys() - {"output_folder"}


def open_page(names: MutableMapping[str, Any], **fixed: Any) -> Page:
    """Begin a notebook: check the parameters of its ``globals()``, draw in the house style, let cells stand alone.

    Parameters
    ----------
    names : mapping
        The notebook's ``globals()``.
    **fixed
        Parameters that the notebook sets whatever its parameters cell says.

    Raises
    ------
    InputError
        Naming every parameter that does not exist or cannot have its value.

    Examples
    --------
    >>> page = open_page({"gc_cutoff": 5.0})
    >>> page.parameters.gc_cutoff
    5.0
    >>> open_page({"gc_cutof": 5.0})
    Traceback (most recent call last):
    helpers.problems.InputError: 1 problem:
      parameters: column gc_cutof: found 5.0; allowed: a known parameter; did you mean gc_cutoff?
    """
    stand_alone(names)
    parameters = Parameters.of(names)
    notebook.use_style()
    return Page(Parameters.checked({**parameters.chosen(), **fixed}) if fixed else parameters)


class Page:
    """What a notebook shows, and on what.

    Parameters
    ----------
    parameters : Parameters
    analysis : Analysis, optional
        Else the cohort of the parameters is read and analysed when it is first asked for.

    Examples
    --------
    >>> few = Cohort("few", "infusion", True, "", "CC0", {"patients": pd.DataFrame({"patient_id": ["SYN-001"]})})
    >>> page = Page(Parameters(), analyse(few))
    >>> page.show(pd.DataFrame({"patients": [1]}), "Counted")
    Counted
    patients
    --------
           1
    Synthetic cohort.
    >>> page.needs("labs.analyte")
    Traceback (most recent call last):
    helpers.problems.NotAvailable: cohort few has no table labs
    """

    def __init__(self, parameters: Parameters, analysis: Analysis | None = None):
        self.parameters = parameters
        if analysis is not None:
            self.analysis = analysis

    @cached_property
    def analysis(self) -> Analysis:
        """The cohort under the parameters."""
        for lent in _LENT:
            if _choices(lent.parameters) == _choices(self.parameters):
                return lent
        return analyse(read_cohort(self.parameters.cohort_folder), self.parameters)

    @property
    def cohort(self) -> Cohort:
        """The cohort's tables."""
        return self.analysis.cohort

    @property
    def frame(self) -> pd.DataFrame:
        """One row per patient."""
        return self.analysis.frame

    def about(self) -> None:
        """Say which cohort this is, how many patients, what day 0 is and, above all, whether it is synthetic."""
        display(notebook.about_cohort(self.cohort))

    def say(self, *sentences: str) -> None:
        """Show sentences that were rendered from values."""
        display(notebook.markdown_sentences(*sentences))

    def points(self, *sentences: str) -> None:
        """Show sentences that were rendered from values as a list."""
        display(notebook.markdown_list(*sentences))

    def show(self, frame: pd.DataFrame, caption: str = "", note: str = "", *, of: Cohort | None = None) -> None:
        """Show a table of the cohort, or *of* another; below one of a synthetic cohort it says so."""
        display(notebook.show_table(frame, of or self.cohort, caption, note))

    def draw(self, fig: Figure, name: str, *, of: Cohort | None = None) -> None:
        """Mark a complete figure of a synthetic cohort, show it, and write it if there is an output folder."""
        notebook.save_figure(notebook.mark_synthetic(fig, of or self.cohort), name, self.parameters)

    def save(self, frame: pd.DataFrame, name: str, *, of: Cohort | None = None) -> None:
        """Write a table as CSV if there is an output folder; its last column says whether it is synthetic."""
        notebook.save_table(frame, name, self.parameters, of or self.cohort)

    def needs(self, *names: str) -> None:
        """Stop this cell with one plain sentence unless the cohort has all *names*, each with a row or a known value; cells that build on it stop too.

        Parameters
        ----------
        *names : str
            A table ("labs"), a column of one ("labs.analyte"), or a column of the analysis frame ("gc_time_days").

        Raises
        ------
        NotAvailable
            Which a notebook shows as that sentence; see :mod:`helpers.display.cells`.
        """
        for name in names:
            table, _, column = name.partition(".")
            if column or table in TABLES:
                found = self.cohort.need(table, *[column] * bool(column))
                values = found[column] if column else found["patient_id"]
            else:
                values = populations.needed_frame(self.analysis, name)[name]
            if not values.notna().any():
                raise NotAvailable(f"cohort {self.cohort.name} has no {_unknown(table, column)}")

    def only_if(self, holds: object, otherwise: str) -> None:
        """Stop this cell with the sentence *otherwise* unless something *holds*; cells that build on it stop too."""
        if not holds:
            raise NotAvailable(otherwise)

    def agree(self, id: str, value: float, **options: float) -> float:
        """Assert that a number computed in a cell is the registry's, from which ``results.json`` is written.

        Raises
        ------
        NotAvailable
            If the registry says that there is no such number.
        AssertionError
            If they differ.
        """
        found = registry.compute(self.analysis, [id])[id]
        self.only_if(found.value is not None, found.reason)
        return registry.assert_agreement(self.analysis, id, value, **options)

    def compare(self, what: str, *prefixes: str, repeated: Sequence[str] = (), everything: bool = False) -> None:
        """Set the recomputed numbers beside the published ones: those that are not the same, or *everything*."""
        display(notebook.against_print(self.analysis, what, *prefixes, repeated=repeated, everything=everything))

    def other(self, **changes: Any) -> Analysis:
        """Analyse the same cohort with some parameters changed."""
        return analyse(self.cohort, self.parameters.model_copy(update=changes))

    def versions(self, *packages: str) -> None:
        """Print the versions of Python and of *packages*, one a line."""
        notebook.print_versions(*packages)


def _unknown(table: str, column: str) -> str:
    """Name what has no row or no known value: a column as it is called in its table, what is derived in words."""
    if column:
        return f"value in column {column} of table {table}"
    if table in TABLES:
        return f"row in table {table}"
    if table in populations.IN_WORDS:
        return f"patient whose {populations.IN_WORDS[table]} is known"
    return f"value in column {table} of table patients"
