"""The printed numbers of a paper: what stands where, with how many digits, and about whom.

A folder of published values holds ``published_values.csv`` (one row per printed number) and, for the audit,
``relations.csv``. The format of both is documented in data/published/README.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path

import pandas as pd

from helpers.paths import PUBLISHED
from helpers.problems import InputError, NotAvailable, Problem

FILE = "published_values.csv"
COLUMNS = [
    "id",
    "where",
    "what",
    "value",
    "number",
    "decimals",
    "kind",
    "population",
    "alias_of",
    "bound",
]  # the dictionary's order
KINDS = [
    "count",
    "percent",
    "stated",
    "p",
    "hr",
    "ci_low",
    "ci_high",
    "median",
    "range_low",
    "range_high",
    "rate",
    "half_width",
    "dose",
    "quantile",
    "mean",
    "sd",
]
BOUNDS = ("", ">", "<", ">=", "<=")
STATED = "stated"  # a constant of the design (window, cut-off, date): counted apart from results


@dataclass(frozen=True)
class Printed:
    """One printed number with the digits that it was printed to.

    Parameters
    ----------
    id : str
        Its row in ``published_values.csv``.
    number : Decimal
        The number as printed, in its printed unit.
    decimals : int
        Decimals as printed.
    where, what, value, kind, population, bound : str
        Place, meaning, text as printed, kind, patients that it is about, and ">" or "<" where a bound was printed.

    Examples
    --------
    >>> printed = Printed("a", Decimal("0.44"), 2)
    >>> printed.low, printed.high, printed.holds(0.4449)
    (Decimal('0.435'), Decimal('0.445'), True)
    """

    id: str
    number: Decimal
    decimals: int
    where: str = ""
    what: str = ""
    value: str = ""
    kind: str = ""
    population: str = ""
    bound: str = ""

    @property
    def unit(self) -> Decimal:
        """One unit of the last printed digit."""
        return Decimal(1).scaleb(-self.decimals)

    @property
    def low(self) -> Decimal:
        """The smallest number that rounds to the print."""
        return self.number - self.unit / 2

    @property
    def high(self) -> Decimal:
        """The largest number that rounds to the print (itself included: ties count as agreement)."""
        return self.number + self.unit / 2

    @property
    def text(self) -> str:
        """The number with its printed digits."""
        return f"{self.number:.{self.decimals}f}"

    def holds(self, computed: float) -> bool:
        """Tell whether *computed* agrees with the print; see :func:`agrees_with_print`."""
        return agrees_with_print(computed, self.number, self.decimals, self.bound)


def agrees_with_print(computed: float, printed: float | Decimal, decimals: int, bound: str = "") -> bool:
    """Tell whether a computed number is within half a unit of the last printed digit of the printed one.

    The comparison is decimal, with a slack of 1e-9 of a unit, so that binary fractions (14.165 is stored as
    14.16499...) do not decide a tie; a tie counts as agreement. A print that is a bound ("over 50%") is compared
    as a bound.

    Examples
    --------
    >>> agrees_with_print(0.125, 0.12, 2), agrees_with_print(0.13, 0.12, 2), agrees_with_print(50.83, 50, 0, ">")
    (True, False, True)
    """
    computed, printed = Decimal(repr(float(computed))), Decimal(str(printed))
    if not computed.is_finite():
        return False
    if bound:
        return {
            ">": computed > printed,
            "<": computed < printed,
            ">=": computed >= printed,
            "<=": computed <= printed,
        }[bound]
    unit = Decimal(1).scaleb(-decimals)
    return abs(computed - printed) <= unit / 2 + unit * Decimal("1e-9")


def published_values(directory: str | Path = PUBLISHED) -> pd.DataFrame:
    """Read the printed numbers of a paper.

    Parameters
    ----------
    directory : str or Path
        Folder that holds ``published_values.csv``.

    Returns
    -------
    pandas.DataFrame
        One row per printed number, columns id, where, what, value (text as printed), number (float), decimals (int),
        kind, population, alias_of ("" where the row is canonical) and bound.

    Raises
    ------
    InputError
        With every problem at once: a missing column, a number that is none, digits that do not fit, an id twice, an
        unknown kind or bound, an alias of nothing or of another alias.

    Examples
    --------
    >>> published_values().set_index("id").loc["table5.multivariable.gc_low.hr", ["value", "kind", "population"]].tolist()
    ['0.37', 'hr', 'toxicity & known_blasts']
    """
    path = Path(directory).resolve() / FILE
    state = path.stat() if path.exists() else None
    return _published(path, *((state.st_mtime_ns, state.st_size) if state else (0, 0))).copy()


@lru_cache(maxsize=8)
def _published(path: Path, changed: int, size: int) -> pd.DataFrame:
    """Read and check a table once, until the file changes."""
    frame = read_table(path, COLUMNS)
    problems = _problems(frame)
    if problems:
        raise InputError(problems)
    return frame.assign(number=frame["number"].astype(float), decimals=frame["decimals"].astype(int))


def read_table(path: Path, columns: list[str]) -> pd.DataFrame:
    """Read a CSV of texts that must have *columns*; anything else is one :class:`InputError`."""
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    except FileNotFoundError:
        raise InputError([Problem(path.stem, "", "", "no such file", f"a file {path.name}")]) from None
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError):
        raise InputError([Problem(path.stem, "", "", "no readable table", "CSV, UTF-8", path.name)]) from None
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise InputError([Problem(path.stem, "", c, "no such column", "required", path.name) for c in missing])
    return frame


def _problems(frame: pd.DataFrame) -> list[Problem]:
    """List what is wrong in a table of published values; rows are counted as in the file."""
    canonical = set(frame.loc[frame["alias_of"] == "", "id"])
    twice = frame["id"].duplicated()
    problems = []
    for row, (printed, again) in enumerate(zip(frame.itertuples(index=False), twice, strict=True), start=2):
        checks = [
            (not again and printed.id != "", "id", printed.id, "an id that no other row has"),
            (_decimal(printed.number) is not None, "number", printed.number, "a number"),
            (_digits(printed), "decimals", printed.decimals, "the decimals of the number as printed"),
            (printed.kind in KINDS, "kind", printed.kind, ", ".join(KINDS)),
            (printed.bound in BOUNDS, "bound", printed.bound, "empty, >, <, >= or <="),
            (printed.alias_of in canonical | {""}, "alias_of", printed.alias_of, "the id of a canonical row"),
        ]
        problems += [
            Problem("published_values", row, column, found, allowed, FILE)
            for good, column, found, allowed in checks
            if not good
        ]
    return problems


def _decimal(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _digits(printed) -> bool:
    number = _decimal(printed.number)
    return printed.decimals.isdigit() and (number is None or -number.as_tuple().exponent == int(printed.decimals))


def printed_values(frame: pd.DataFrame) -> dict[str, Printed]:
    """Give each row of :func:`published_values` as a :class:`Printed`, by id.

    Examples
    --------
    >>> printed_values(published_values())["table1.male.pct"].text
    '67.50'
    """
    return {
        row.id: Printed(
            row.id,
            Decimal(f"{row.number:.{row.decimals}f}"),
            row.decimals,
            row.where,
            row.what,
            row.value,
            row.kind,
            row.population,
            row.bound,
        )
        for row in frame.itertuples(index=False)
    }


def needed_values(values: Mapping[str, Printed], *ids: str) -> list[Printed]:
    """Give some published numbers, or say in one sentence that they are not all there.

    Raises
    ------
    NotAvailable
        If another paper is audited that has no such numbers.

    Examples
    --------
    >>> [value.text for value in needed_values(printed_values(published_values()), "table1.n")]
    ['120']
    """
    absent = [id for id in ids if id not in values]
    if absent:
        raise NotAvailable(f"this step is about numbers of Zhang 2025, and the published numbers have no {absent[0]}")
    return [values[id] for id in ids]


def alias_ids(frame: pd.DataFrame | None = None) -> dict[str, str]:
    """Map each row that states a quantity again to the canonical row that stands for the quantity.

    Examples
    --------
    >>> alias_ids()["abstract.multivariable.gc_low.hr"]
    'table5.multivariable.gc_low.hr'
    """
    if frame is None:
        return dict(_default_aliases())
    again = frame[frame["alias_of"] != ""]
    return dict(zip(again["id"], again["alias_of"], strict=True))


@lru_cache(maxsize=1)
def _default_aliases() -> dict[str, str]:
    return alias_ids(published_values())


def canonical_id(id: str) -> str:
    """Give the canonical id of a quantity; an id that is no alias comes back as it is.

    Examples
    --------
    >>> canonical_id("discussion.n"), canonical_id("table1.n"), canonical_id("extra.followup.reverse_km.median")
    ('table1.n', 'table1.n', 'extra.followup.reverse_km.median')
    """
    return _default_aliases().get(id, id)
