"""One statistic, one definition: the map from the id of a number to the function that computes it.

A *family* is one function that yields the values of several ids (a row of Table 5 gives hr, ci_low, ci_high and p).
It declares the ids, the population and the interval formula or test for either reading, and the parameters that its
values depend on. ``results.json`` and the concordance are written from here; notebooks that call a model in the open
assert with :func:`assert_agreement` that they found the same.

Percentages, survival rates and half-widths are in percent, as printed.
"""

from __future__ import annotations

import difflib
import importlib
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

import pandas as pd

from helpers.parameters import Parameters
from helpers.problems import NotAvailable
from helpers.published.values import canonical_id
from helpers.results.measures import once_per_analysis
from helpers.results.populations import named_population, needed_frame
from helpers.results.value import Reading, Value

if TYPE_CHECKING:
    from helpers.cohort.derive import Analysis

MODULES = ("stated", "flow", "table1", "table2", "table3", "supplementary", "table4", "survival", "table5", "exposure_models",
           "survival_times", "lost", "dose_cuts", "figure2", "normality", "robustness", "time_related", "competing")  # fmt: skip
# parameters that the derived columns depend on
GC = ("window_days", "premedication", "steroid_labels")
DOSE = (*GC, "gc_cutoff", "gc_cutoff_percentile")
ONSET = (*GC, "gc_clock", "onset_cut_days")
LENGTH = (*GC, "duration_cut_days")
AGENT = ("window_days",)
EVENTS = {"OS": (), "PFS": ("censoring",), "EFS": ("censoring", "nonresponse_day")}
NOBODY = "no patient to compute it from"
_FAMILIES: dict[str, Family] = {}


@dataclass(frozen=True)
class Family:
    """A function that yields the values of several ids, and what it declares about them.

    ``prefix`` opens the ids of a family whose rows depend on the cohort (groups, analytes, milestones); a family
    without it yields exactly ``ids``.
    """

    name: str
    function: Callable[[Analysis], Mapping[str, Value | float | None]]
    ids: tuple[str, ...]
    prefix: str
    paper: Reading
    stated: Reading
    depends: tuple[str, ...]
    needs: tuple[str, ...]

    def reading(self, analysis: Analysis) -> Reading:
        """Return how the values are read for this analysis."""
        return self.paper if analysis.reading == "paper" else self.stated

    def holds(self, id: str) -> bool:
        """Tell whether *id* is of this family."""
        return id in self.ids or (self.prefix != "" and id.startswith(self.prefix))

    def values(self, analysis: Analysis) -> dict[str, Value]:
        """Compute all values of the family, once for an analysis; a missing table gives values of None with the plain reason."""
        return _values(analysis, self)


@once_per_analysis
def _values(analysis: Analysis, one: Family) -> dict[str, Value]:
    reading = one.reading(analysis)
    reading = replace(reading, population=named_population(analysis, reading.population))
    try:
        needed_frame(analysis, *one.needs)
        found = one.function(analysis)
    except NotAvailable as absent:
        found = {}
        default = Value("", None, str(absent))
    else:
        default = Value("", None, "not defined for this cohort")
    ids = list(dict.fromkeys([*one.ids, *found]))
    return {id: _complete(id, found.get(id, default), reading) for id in ids}


def _complete(id: str, found: Value | float | None, reading: Reading) -> Value:
    """Give a family's bare number its id, population and method, and turn NaN into a reason."""
    value = found if isinstance(found, Value) else Value(id, found)
    number = None if value.value is None or not math.isfinite(value.value) else float(value.value)
    return replace(
        value,
        id=id,
        value=number,
        reason="" if number is not None else value.reason or ("no finite value" if value.n else NOBODY),
        population=value.population or reading.population,
        method=value.method or reading.method,
    )


def family(
    *ids: str,
    population: str,
    method: str,
    reason: str = "",
    stated: Reading | None = None,
    depends: Iterable[str] = (),
    needs: Iterable[str] = (),
    prefix: str = "",
    name: str = "",
) -> Callable:
    """Register a function that maps an analysis to ``{id: Value or number}``.

    Parameters
    ----------
    *ids : str
        Ids that the family always yields.
    population, method, reason : str
        The reading "paper": on whom, by which formula or test, and what in the print implies it.
    stated : Reading, optional
        The reading "stated", where the paper's Methods say otherwise than its numbers imply.
    depends : iterable of str
        Parameters that the values depend on; a test perturbs all others.
    needs : iterable of str
        Columns of the analysis frame, or ``table:<name>``, without which the family is not computable.
    prefix : str
        Opening of further ids that depend on the cohort.
    name : str
        Name of the family, by default the function's.

    Raises
    ------
    ValueError
        If an id or a name is declared twice, or a parameter is unknown.
    """
    paper = Reading(population, method, reason)
    depends = tuple(dict.fromkeys([*depends, *(["reading"] if stated else [])]))
    unknown = set(depends) - set(Parameters.model_fields)
    if unknown:
        raise ValueError(f"unknown parameters {sorted(unknown)}")

    def register(function: Callable) -> Callable:
        label = name or f"{function.__module__.rpartition('.')[2]}.{function.__name__}"
        new = Family(label, function, ids, prefix, paper, stated or paper, depends, tuple(needs))
        twice = [id for other in _FAMILIES.values() if other.name != label for id in ids if id in other.ids]
        if twice or (label in _FAMILIES and _FAMILIES[label].function.__qualname__ != function.__qualname__):
            raise ValueError(f"declared twice: {twice or label}")
        _FAMILIES[label] = new
        return function

    return register


@cache
def _load() -> None:
    for module in MODULES:
        importlib.import_module(f"helpers.results.{module}")


def all_families() -> list[Family]:
    """List every family, in the order of the paper.

    Examples
    --------
    >>> [one.name for one in all_families() if one.holds("table1.male.pct")]
    ['table1.sex_counts']
    """
    _load()
    return sorted(_FAMILIES.values(), key=_place)


def _place(one: Family) -> int:
    """Return the place of a family's module, whichever module happened to be imported first."""
    module = one.function.__module__.rpartition(".")[2]
    return MODULES.index(module) if module in MODULES else len(MODULES)


class UnknownId(KeyError):
    """An id that no family computes; the nearest ones are looked for only when the message is read."""

    def __str__(self) -> str:
        id = self.args[0]
        known = [known for one in all_families() for known in one.ids]
        close = difflib.get_close_matches(canonical_id(id), known, n=3)
        return f"{id}: no family computes it" + (f"; did you mean {' or '.join(close)}?" if close else "")


def declared_family(id: str) -> Family:
    """Return the family of an id; aliases resolve.

    Raises
    ------
    KeyError
        For an id that no family has, with the nearest ones.

    Examples
    --------
    >>> declared_family("abstract.crs.pct").paper.population
    'all'
    """
    key = canonical_id(id)
    for one in all_families():
        if key in one.ids:
            return one
    opened = [one for one in all_families() if one.holds(key)]
    if opened:
        return max(opened, key=lambda one: len(one.prefix))
    raise UnknownId(id)


def compute(analysis: Analysis, ids: Iterable[str] | None = None) -> dict[str, Value]:
    """Compute numbers of the paper, and those beyond it, from an analysis.

    Parameters
    ----------
    analysis : Analysis
        From :func:`helpers.cohort.derive.analyse`.
    ids : iterable of str, optional
        Ids wanted, aliases allowed; by default everything.

    Returns
    -------
    dict of str to Value
        By canonical id when *ids* is None, else by the ids asked for, in their order.

    Raises
    ------
    KeyError
        For an id that no family has.

    Examples
    --------
    >>> from helpers.cohort.derive import analyse
    >>> from helpers.cohort.schema import Cohort
    >>> patients = pd.DataFrame({"patient_id": ["SYN-001", "SYN-002"], "sex": ["male", "female"]})
    >>> two = analyse(Cohort("two", "infusion", True, "made up", "CC0", {"patients": patients}))
    >>> found = compute(two, ["results.patients.male.pct", "table2.gc.n"])
    >>> found["results.patients.male.pct"].value, found["table2.gc.n"].reason
    (50.0, 'cohort two has no table treatments')
    """
    if ids is None:
        return {id: value for one in all_families() for id, value in one.values(analysis).items()}
    ids = list(ids)
    wanted = {id: declared_family(id) for id in ids}
    found = {name: _FAMILIES[name].values(analysis) for name in {one.name for one in wanted.values()}}
    values = {}
    for id, one in wanted.items():
        key = canonical_id(id)
        if key not in found[one.name]:
            close = difflib.get_close_matches(key, found[one.name], n=3)
            raise KeyError(
                f"{id}: not among the values of {one.name}" + (f"; near: {', '.join(close)}" if close else "")
            )
        values[id] = found[one.name][key]
    return values


def assert_agreement(analysis: Analysis, id: str, value: float, *, tolerance: float = 1e-8) -> float:
    """Assert that a notebook's own computation equals the registry's, and return it.

    Parameters
    ----------
    analysis : Analysis
    id : str
        Id of the number; aliases resolve.
    value : float
        What the notebook computed, in the unit of the print (percentages and survival rates in percent).
    tolerance : float
        Relative tolerance, absolute below 1.

    Raises
    ------
    AssertionError
        If they differ, naming both.

    Examples
    --------
    >>> from helpers.cohort.derive import analyse
    >>> from helpers.cohort.schema import Cohort
    >>> patients = pd.DataFrame({"patient_id": ["SYN-001", "SYN-002"], "sex": ["male", "female"]})
    >>> assert_agreement(analyse(Cohort("two", "infusion", True, "made up", "CC0", {"patients": patients})), "table1.male.n", 1)
    1.0
    """
    found = compute(analysis, [id])[id]
    assert found.value is not None, f"{id}: the registry has no value: {found.reason}"
    difference = abs(float(value) - found.value)
    assert difference <= tolerance * max(1.0, abs(found.value)), (
        f"{id}: {value!r} here, {found.value!r} in the registry"
    )
    return float(value)


def comparable_ids(parameters: Parameters) -> dict[str, bool | str]:
    """Say for each declared id whether these parameters leave it comparable with the print.

    Returns
    -------
    dict of str to (True or str)
        True, or the reason: which parameters that the value depends on are not the paper's.

    Examples
    --------
    >>> comparable_ids(Parameters(gc_cutoff=5.0))["table4.dose_low.cr"]
    'gc_cutoff is not the default'
    >>> comparable_ids(Parameters(gc_cutoff=5.0))["table1.male.n"]
    True
    """
    changed = parameters.changed()
    answer: dict[str, bool | str] = {}
    for one in all_families():
        others = [name for name in one.depends if name in changed and not _idle(name, one.depends, parameters)]
        verb = "is" if len(others) == 1 else "are"
        for id in one.ids:
            answer[id] = f"{', '.join(others)} {verb} not the default" if others else True
    return answer


def _idle(name: str, depends: tuple[str, ...], parameters: Parameters) -> bool:
    """Tell whether a parameter has no say because of another: the percentile beside a fixed cut-off, an unused endpoint's rule."""
    if name == "gc_cutoff_percentile":
        return "gc_cutoff" in depends and parameters.gc_cutoff is not None
    if name in ("censoring", "nonresponse_day") and "endpoint" in depends:
        return name not in EVENTS[parameters.endpoint]
    return False


def as_frame(values: Mapping[str, Value]) -> pd.DataFrame:
    """Lay values out as a tidy frame: id, value, n, events, missing, population, method, reason."""
    columns = ["id", "value", "n", "events", "missing", "population", "method", "reason"]
    rows = [[getattr(value, column) for column in columns] for value in values.values()]
    return pd.DataFrame(rows, columns=columns).astype({"value": float, **dict.fromkeys(columns[2:5], "Int64")})


def as_json(values: Mapping[str, Value]) -> dict[str, dict]:
    """Lay values out as plain dictionaries by id, as ``results.json`` holds them (no NaN, no infinity)."""
    return {id: {key: item for key, item in vars(value).items() if key != "id"} for id, value in values.items()}
