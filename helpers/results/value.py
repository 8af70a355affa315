"""What a result is: a value or the reason why there is none, how it was read, and the spelling of its id."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Value:
    """One computed number, or the plain reason why there is none.

    Parameters
    ----------
    id : str
        Canonical id in ``published_values.csv``, or ``extra.<place>.<row>.<measure>``.
    value : float or None
        The number, in the unit of the print.
    reason : str
        Why there is no number; empty if there is one.
    population : str
        Patients that it is about, by the names of ``published_values.csv``.
    n, events, missing : int or None
        Patients used, events among them, patients of the population left out for want of data.
    method : str
        Formula or test.
    """

    id: str
    value: float | None = None
    reason: str = ""
    population: str = ""
    n: int | None = None
    events: int | None = None
    missing: int | None = None
    method: str = ""


@dataclass(frozen=True)
class Reading:
    """How a family reads the paper: on whom, by which formula or test, and why."""

    population: str
    method: str
    reason: str = ""


def slug(label: object) -> str:
    """Turn a label into a part of an id.

    Examples
    --------
    >>> slug("AML high risk"), slug("age_years >28")
    ('aml_high_risk', 'age_years_gt_28')
    """
    text = "".join(
        sign if sign.isalnum() else "_" for sign in str(label).lower().replace("≤", "le ").replace(">", "gt ")
    )
    return "_".join(part for part in text.split("_") if part)
