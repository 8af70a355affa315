"""Units of laboratory values: each analyte has one, and others are converted by known factors or listed as an error."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from types import MappingProxyType

import pandas as pd

ANALYTE_UNIT: Mapping[str, str] = MappingProxyType(
    {
        "CRP": "mg/L", "PCT": "ng/mL", "IL-2": "pg/mL", "IL-4": "pg/mL", "IL-6": "pg/mL", "IL-10": "pg/mL",
        "IL-17A": "pg/mL", "TNF-α": "pg/mL", "IFN-γ": "pg/mL", "ferritin": "µg/L",
    }
)  # fmt: skip
"""The analytes of the dictionary and the unit that their values have once read."""

PREFIX = {"": "1", "m": "1e-3", "u": "1e-6", "n": "1e-9", "p": "1e-12", "f": "1e-15", "k": "1e3"}
VOLUME = {"l": "1", "dl": "0.1", "ml": "1e-3", "ul": "1e-6"}
AMOUNT = re.compile(r"(?P<prefix>[munpfk]?)(?P<base>g|mol|iu|u)")


@cache
def amount_per_litre(unit: str) -> tuple[str, Decimal] | None:
    """Split a concentration into what it counts (g, mol, iu, u) and how much of that per litre one of it is.

    Examples
    --------
    >>> amount_per_litre("mg/dL"), amount_per_litre("IU/mL"), amount_per_litre("positive")
    (('g', Decimal('0.01')), ('iu', Decimal('1E+3')), None)
    """
    text = re.sub(r"\s+", "", unit).replace("µ", "u").replace("μ", "u").casefold()
    amount, _, volume = text.partition("/")
    found = AMOUNT.fullmatch(amount)
    if found is None or volume not in VOLUME:
        return None
    return found["base"], Decimal(PREFIX[found["prefix"]]) / Decimal(VOLUME[volume])


def conversion_factor(unit: str, wanted: str) -> Decimal | None:
    """Return what a value in *unit* is multiplied by to be in *wanted*; None if no factor is known.

    An international unit has no fixed mass: it depends on the assay's standard, so IU/mL is never turned into pg/mL.

    Examples
    --------
    >>> conversion_factor("ng/L", "pg/mL") == 1, conversion_factor("mg/dL", "mg/L") == 10, conversion_factor("IU/mL", "pg/mL")
    (True, True, None)
    """
    if unit == wanted:
        return Decimal(1)
    one, other = amount_per_litre(unit), amount_per_litre(wanted)
    if one is None or other is None or one[0] != other[0]:
        return None
    return (one[1] / other[1]).normalize()


def converted_values(values: pd.Series, by: Decimal) -> pd.Series:
    """Multiply as decimals, so that 1.2 mg/dL is 12 mg/L and not 11.999999999999998.

    Examples
    --------
    >>> converted_values(pd.Series([1.1, None]), Decimal(1000)).tolist()
    [1100.0, nan]
    """
    if by == 1:
        return values
    exact = {value: float(Decimal(repr(float(value))) * by) for value in values.dropna().unique()}
    return values.map(exact).astype("float64")
