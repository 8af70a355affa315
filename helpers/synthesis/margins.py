"""The printed margins that every synthetic cohort meets, read by id from data/published, and the few that are declared here.

Nothing that the paper prints is typed in the synthesis: :func:`printed` looks it up. What the paper does not print but a
cohort needs (how the nine non-evaluable patients split, say) is declared in :data:`CHOSEN` with its reason.
"""

from __future__ import annotations

from functools import lru_cache

from helpers.published.values import published_values

# what the print leaves open and the generator has to choose
CHOSEN = {
    "age_over_cut": 59,  # of 120; the 60th and 61st of 120 ages then are both at the printed median
    "weight_over_cut": 59,
    "late_not_evaluable": 3,  # of the 6 GC patients without a day 30 response
    "long_not_evaluable": 5,  # those whose CRS did not resolve
    "untreated": 2,  # of the 110 with CRS; Table 3 allows no fewer (6 NR without GC, none of them on RUX, 4 NR on TCZ)
    "rux_only_cr": 17,  # complete responders whose only agent is RUX; of 19 without TCZ
    "crs_grade_4": 6,  # of the printed "grade 3 or more"
    "icans_grade_4": 1,
    "failure_only": 3,  # EFS events that are no PFS event: non-response or failure, then rescued
    "unrelated_death": 1,  # the PFS event that is no EFS event
}


@lru_cache(maxsize=1)
def _numbers() -> dict[str, float]:
    frame = published_values()
    return dict(zip(frame["id"], frame["number"], strict=True))


def printed(id: str) -> float:
    """Return the printed number of *id*.

    Examples
    --------
    >>> printed("table2.gc.n"), printed("table1.age.median")
    (61.0, 8.0)
    """
    return _numbers()[id]


def count(id: str) -> int:
    """Return the printed count of *id* (*id* without its ``.n`` will do).

    Examples
    --------
    >>> count("table2.gc"), count("table3.gc.cr")
    (61, 53)
    """
    numbers = _numbers()
    return int(numbers[f"{id}.n"] if f"{id}.n" in numbers else numbers[id])


def counts(prefix: str, *names: str) -> dict[str, int]:
    """Return printed counts by name.

    Examples
    --------
    >>> counts("table1.status", "refractory", "first", "second")
    {'refractory': 5, 'first': 91, 'second': 24}
    """
    return {name: count(f"{prefix}.{name}") for name in names}


def spread(prefix: str) -> tuple[float, float, float]:
    """Return the printed median, lower and upper end of *prefix*.

    Examples
    --------
    >>> spread("table1.dose")
    (6.5, 2.0, 15.0)
    """
    return tuple(printed(f"{prefix}.{end}") for end in ("median", "low", "high"))
