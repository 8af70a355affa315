"""Every choice that a user may change, in one model: name, type, default, range, unit, meaning.

A notebook's ``parameters`` cell is a subset of this model with the same defaults; ``supplement run --set name=value``
and papermill's ``-p name value`` set the same names.
"""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from pathlib import PurePath
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from helpers.problems import InputError, Problem

NOT_PARAMETERS = {"In", "Out", "exit", "quit"}
INJECTED = "# Parameters"  # how the cell begins that papermill puts below the parameters cell
LONGEST = 60  # characters of a wrong value that a message shows
LITERALS = (bool, int, float, str, list, tuple, dict, type(None))


class Parameters(BaseModel):
    """The choices of one run.

    Days count from the cohort's declared origin (here: infusion, day 0). Units stand in each field's ``unit``.

    Raises
    ------
    InputError
        From :meth:`of`, :meth:`from_settings` and :meth:`checked`, naming every wrong parameter at once.

    Examples
    --------
    >>> Parameters().gc_cutoff
    8.0
    >>> Parameters.from_settings(["gc_cutoff=5", "endpoint=OS"]).changed()
    {'gc_cutoff': 5.0, 'endpoint': 'OS'}
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    cohort_folder: str = Field("", description="folder of the cohort; empty: the default synthetic cohort")
    published_folder: str = Field("", description="folder of the printed numbers; empty: those of Zhang 2025")
    output_folder: str = Field("", description="folder that figures and tables go to; empty: write nothing")
    window_days: int = Field(
        30,
        ge=1,
        le=365,
        description="exposure counts from day 0 to this day",
        json_schema_extra={"unit": "days"},
    )
    gc_cutoff: float | None = Field(
        8.0,
        gt=0,
        le=1000,
        description="cumulative GC up to this is low dose; None: the percentile of the cohort at hand",
        json_schema_extra={"unit": "mg/kg methylprednisolone equivalent"},
    )
    gc_cutoff_percentile: float = Field(
        75.0,
        gt=0,
        lt=100,
        description="percentile (type 7) of the cumulative GC dose that defines the cut-off",
        json_schema_extra={"unit": "%"},
    )
    onset_cut_days: float = Field(
        5.0, gt=0, le=365, description="GC begun before this day is early", json_schema_extra={"unit": "days"}
    )
    duration_cut_days: float = Field(
        2.0,
        gt=0,
        le=365,
        description="GC given on at most this many days is short",
        json_schema_extra={"unit": "days"},
    )
    age_cut: float = Field(
        8.0, gt=0, lt=130, description="older than this against the rest", json_schema_extra={"unit": "years"}
    )
    weight_cut: float = Field(
        27.0, gt=0, lt=500, description="heavier than this against the rest", json_schema_extra={"unit": "kg"}
    )
    blast_cut: float = Field(
        5.0,
        gt=0,
        lt=100,
        description="marrow blasts before lymphodepletion of at least this against less",
        json_schema_extra={"unit": "%"},
    )
    exposure: str = Field(
        "GC",
        min_length=1,
        description="GC, TCZ, RUX, a column of patients, or an exposure of the exposures table",
    )
    endpoint: Literal["PFS", "OS", "EFS"] = Field("PFS", description="endpoint of the models")
    milestones: list[Annotated[float, Field(gt=0, le=50)]] = Field(
        [1, 2, 3],
        min_length=1,
        max_length=10,
        description="times at which survival is read",
        json_schema_extra={"unit": "years"},
    )
    landmarks: list[Annotated[float, Field(ge=0, le=3650)]] = Field(
        [11, 30, 60],
        min_length=1,
        max_length=10,
        description="days from which those still at risk are compared, exposed or not by then",
        json_schema_extra={"unit": "days"},
    )
    screening_p: float = Field(
        0.2, gt=0, le=1, description="univariable p below which a covariate enters the multivariable model"
    )
    ties: Literal["efron", "breslow"] = Field("efron", description="tied event times in Cox models")
    alpha: float = Field(0.05, gt=0, lt=1, description="two-sided significance level; intervals cover 1 - alpha")
    chi_square: Literal["printed", "pearson", "yates", "fisher"] = Field(
        "printed", description="test of 2x2 tables; printed: what the paper's p-values imply"
    )
    reading: Literal["paper", "stated"] = Field(
        "paper",
        description="paper: populations and formulas that the published numbers imply (only of a cohort that stands for the "
        "paper's own, without effect elsewhere); stated: what its Methods say",
    )
    nonresponse_day: Literal["assessment", "day30"] = Field(
        "assessment", description="day that a day 30 non-response counts from"
    )
    censoring: Literal["last_contact", "last_assessment"] = Field(
        "last_contact", description="day at which progression-free patients are censored"
    )
    icans_clock: Literal["crs_onset", "infusion"] = Field("crs_onset", description="what ICANS onset is counted from")
    gc_clock: Literal["infusion", "crs_onset"] = Field("infusion", description="what GC initiation is counted from")
    steroid_labels: Literal["usual", "salt", "base"] = Field(
        "usual",
        description="what a labelled dose of a steroid salt is the mass of; usual: succinates the base, others the salt",
    )
    premedication: bool = Field(False, description="count steroid premedication and physiological replacement")
    imputations: int = Field(20, ge=2, le=1000, description="completed data sets of the multiple imputation")
    seed: int = Field(2025, ge=0, le=2**32 - 1, description="seed of every random number")

    @classmethod
    def checked(cls, values: Mapping[str, Any]) -> Parameters:
        """Build the model from *values*, reporting every problem at once as :class:`InputError`."""
        try:
            return cls(**values)
        except ValidationError as error:
            raise InputError(_problems(error, values)) from None

    @classmethod
    def of(cls, names: Mapping[str, Any]) -> Parameters:
        """Build the model from a notebook's ``globals()``.

        Parameters are the names that the last run parameters cell, and the cell that papermill puts below it, set: a misspelt
        one stops here, and whatever later cells have set before (a notebook may be run again in one kernel) is none.
        A parameters cell may compute its values (``16 / 2``, a path); a value of a kind that no parameter has stops here, too.
        Where no history is kept every public name that holds a literal must be a parameter; CONSTANTS are none.

        Examples
        --------
        >>> Parameters.of({"gc_cutof": 5.0, "math": ast})
        Traceback (most recent call last):
        helpers.problems.InputError: 1 problem:
          parameters: column gc_cutof: found 5.0; allowed: a known parameter; did you mean gc_cutoff?
        >>> Parameters.of({"gc_cutoff": 5.0, "rows": 3, "In": ["", "gc_cutoff: float = 10 / 2", "page = 1"]}).gc_cutoff
        5.0
        """
        public = {
            name: value
            for name, value in names.items()
            if not (name.startswith("_") or name.isupper() or name in NOT_PARAMETERS) and isinstance(value, LITERALS)
        }
        public |= {name: value for name, value in names.items() if name in cls.model_fields}
        cells = names.get("In") or []
        set_here = _set_by_parameters_cell(cells)
        if set_here is None:
            return cls.checked({name: _plain(value) for name, value in public.items()})
        values = {name: _plain(names[name]) for name in set_here if name in names}
        return cls.checked(values).chosen_of(_injected(cells))

    @classmethod
    def from_settings(cls, settings: Iterable[str], **fixed: Any) -> Parameters:
        """Build the model from ``name=value`` texts as the command line has them; *fixed* win over them."""
        values: dict[str, Any] = {}
        problems = []
        for setting in settings:
            name, equals, text = setting.partition("=")
            if equals:
                values[name.strip()] = _literal(name.strip(), text.strip())
            else:
                problems.append(Problem("parameters", "", name, setting, "name=value"))
        try:
            parameters = cls.checked({**values, **fixed})
        except InputError as error:
            raise InputError([*problems, *error.problems]) from None
        if problems:
            raise InputError(problems)
        return parameters

    def changed(self) -> dict[str, Any]:
        """Return the parameters that differ from their defaults, folders and seed included."""
        return {name: value for name, value in self.model_dump().items() if value != type(self)().model_dump()[name]}

    def chosen(self) -> dict[str, Any]:
        """Return what somebody set, be it to the default: where a default gives way to the cohort's own number, this does not.

        Examples
        --------
        >>> said = Parameters.from_settings(["age_cut=8", "gc_cutoff=5"])
        >>> said.changed(), sorted(said.chosen())
        ({'gc_cutoff': 5.0}, ['age_cut', 'gc_cutoff'])
        """
        empty = {name for name, value in self.model_dump().items() if name.endswith("_folder") and not value}
        return {name: value for name, value in self.model_dump().items() if name in self.model_fields_set - empty}

    def chosen_of(self, names: Collection[str]) -> Parameters:
        """Take what differs from its default, and *names*, for set by somebody, and all else for left as it was."""
        kept = {*self.changed(), *names}
        return type(self)(**{name: value for name, value in self.model_dump().items() if name in kept})


def parameter_dictionary() -> list[dict[str, str]]:
    """List every parameter with type, default, range, unit and meaning, as README and ``supplement run --help`` show it.

    Examples
    --------
    >>> [row["unit"] for row in parameter_dictionary() if row["name"] == "window_days"]
    ['days']
    """
    return [
        {
            "name": name,
            "type": _type_text(field.annotation),
            "default": repr(field.default),
            "allowed": _allowed(name),
            "unit": (field.json_schema_extra or {}).get("unit", ""),
            "meaning": field.description or "",
        }
        for name, field in Parameters.model_fields.items()
    ]


def _literal(name: str, text: str) -> Any:
    field = Parameters.model_fields.get(name)
    if field is not None and field.annotation is str:
        return text
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return {"true": True, "false": False, "none": None}.get(text.lower(), text)


def _problems(error: ValidationError, values: Mapping[str, Any]) -> list[Problem]:
    found: dict[str, Problem] = {}
    for item in error.errors():
        name = str(item["loc"][0])
        found[name] = Problem("parameters", "", name, _shown(values.get(name)), _allowed(name))
    return list(found.values())


def _shown(value: object) -> object:
    """Give a scalar as it is, a text cut short, and of anything else, a path too, its kind alone.

    Examples
    --------
    >>> _shown(5), _shown("x" * 100)[-5:], _shown([1, 2]), _shown("/home/me/patients")
    (5, 'xx...', 'list of 2', 'a path')
    """
    if isinstance(value, list | tuple | dict):
        return f"{type(value).__name__} of {len(value)}"
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**LONGEST:
        return "a whole number of too many digits"
    if value is None or isinstance(value, bool | int | float):
        return value
    if not isinstance(value, str):
        return f"a {type(value).__name__}"
    if re.search(r"^(~|[A-Za-z]:)?[/\\]|[/\\].*[/\\]", value):
        return "a path"
    return value if len(value) <= LONGEST else value[: LONGEST - 3] + "..."


def _set_by_parameters_cell(cells: Sequence[str]) -> list[str] | None:
    """List the names set by the parameters cell run last, and by the cells of values around it; None if there is no such cell.

    *cells* are the cells run so far, the one that asks among them at the end. A parameters cell sets names with their
    types; cells around it that set literal values belong to it, and papermill's, which begins with "# Parameters".
    """
    found: dict[str, None] = {}
    declared = False
    for cell in reversed(cells[:-1] if cells else []):
        names = _values_only(cell)
        if names:
            found = {**dict.fromkeys(names), **found}
            declared = declared or _declares(cell)
        elif names is None and declared:
            break
        elif names is None and not declared:
            found = {}
    return list(found) if declared else None


def _injected(cells: Sequence[str]) -> set[str]:
    """List what the last cell that papermill, or a command, put below the parameters cell sets: somebody chose it."""
    added = [cell for cell in cells if cell.lstrip().startswith(INJECTED)]
    return set(_values_only(added[-1]) or ()) if added else set()


def _values_only(cell: str) -> list[str] | None:
    """List the names that a parameters cell or a cell of values sets; None for a cell that does anything else."""
    try:
        body = ast.parse(cell).body
    except (SyntaxError, ValueError):
        return None
    if _declares(cell):
        return _names_set(body)
    targets = [part.targets[0] if isinstance(part, ast.Assign) else getattr(part, "target", None) for part in body]
    if not all(isinstance(target, ast.Name) for target in targets):
        return None
    injected = cell.lstrip().startswith(INJECTED)
    return [target.id for target in targets] if injected or all(_is_literal(part.value) for part in body) else None


def _names_set(body: Sequence[ast.stmt]) -> list[str]:
    """List the names that the statements of a cell set, whatever else it does (an import)."""
    found = [part.targets if isinstance(part, ast.Assign) else [getattr(part, "target", None)] for part in body]
    parts = [one for targets in found for one in targets if one is not None]
    return [
        one.id
        for part in parts
        for one in ast.walk(part)
        if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
    ]


def _plain(value: object) -> object:
    """Give a path as text and a number of numpy as one of Python; all else as it is.

    Examples
    --------
    >>> from pathlib import PurePosixPath
    >>> import numpy as np
    >>> _plain(PurePosixPath("a/b")), _plain(np.int64(5)), _plain([1])
    ('a/b', 5, [1])
    """
    if isinstance(value, PurePath):
        return str(value)
    return value.item() if isinstance(value, np.generic) else value


def _is_literal(node: ast.expr | None) -> bool:
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return True


def _declares(cell: str) -> bool:
    lines = [part for part in ast.parse(cell).body if isinstance(part, ast.AnnAssign)]
    return any(isinstance(part.target, ast.Name) and part.target.id in Parameters.model_fields for part in lines)


def _type_text(annotation: Any) -> str:
    return getattr(annotation, "__name__", str(annotation).replace("typing.", ""))


@cache
def _properties() -> dict[str, Any]:
    return Parameters.model_json_schema()["properties"]


def _allowed(name: str) -> str:
    """Say in words what may stand in a parameter."""
    if name not in Parameters.model_fields:
        close = difflib.get_close_matches(name, Parameters.model_fields, n=1)
        return "a known parameter" + (f"; did you mean {close[0]}?" if close else "")
    schema = _properties()[name]
    options = schema.get("anyOf", [schema])
    words = " or ".join(_option(option) for option in options)
    unit = schema.get("unit")
    return f"{words}{f' ({unit})' if unit else ''}"


def _bound_in_digits(bound: float) -> str:
    """Write a bound without an exponent.

    Examples
    --------
    >>> _bound_in_digits(4294967295), _bound_in_digits(0.05)
    ('4294967295', '0.05')
    """
    return str(int(bound)) if bound == int(bound) else f"{bound:g}"


def _option(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return " / ".join(map(str, schema["enum"]))
    if schema["type"] == "array":
        return f"a list of numbers {_option(schema['items']).removeprefix('a number').strip()}".strip()
    word = {"integer": "a whole number", "number": "a number", "string": "text", "boolean": "True or False",
            "null": "None"}[schema["type"]]  # fmt: skip
    bounds = [
        f"{sign} {_bound_in_digits(schema[key])}"
        for key, sign in [
            ("minimum", ">="),
            ("exclusiveMinimum", ">"),
            ("maximum", "<="),
            ("exclusiveMaximum", "<"),
        ]
        if key in schema
    ]
    return f"{word} {' and '.join(bounds)}".strip()
