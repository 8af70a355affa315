"""The gates: which printed numbers a cohort must hit before anything is read from it.

The headline is the low-dose result and what it stands on: the curves, the three log-rank tests of low dose against none, the
low-dose rows of Table 5, sex and blasts. The low-dose gate is its core, the tests and the low-dose rows: a range of what the
published low-dose result leaves open is over cohorts that hit all of these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from helpers.calibration.fate_search import km_ids

ROWS = ("female", "blast_ge5", "gc_low")
TESTS = tuple(f"results.gc_impact.low_vs_nongc.{endpoint}.p" for endpoint in ("os", "pfs", "efs"))
MEASURES = ("hr", "ci_low", "ci_high", "p")


def headline() -> list[str]:
    """List the printed numbers of the headline.

    Examples
    --------
    >>> len(headline()), headline()[-1]
    (45, 'table5.multivariable.gc_low.p')
    """
    rows = [f"table5.{model}.{row}.{m}" for model in ("univariate", "multivariable") for row in ROWS for m in MEASURES]
    return [*km_ids(), *TESTS, *rows]


def of_progression() -> list[str]:
    """List the printed numbers of the headline that neither OS nor EFS decides: they are searched first, EFS last.

    Examples
    --------
    >>> len(of_progression()), set(of_progression()) < set(headline())
    (31, True)
    """
    return [id for id in headline() if not any(part in id for part in (".os_", ".efs_", ".os.p", ".efs.p"))]


def low_dose() -> list[str]:
    """List the printed numbers of the low-dose result.

    Examples
    --------
    >>> len(low_dose()), set(low_dose()) < set(headline())
    (11, True)
    """
    return [id for id in headline() if ".gc_low." in id or id in TESTS]


def missing(hits: Mapping[str, bool], ids: Sequence[str] | None = None) -> list[str]:
    """List the numbers of a gate that a cohort misses; none: it is behind the gate.

    Parameters
    ----------
    hits : mapping of id to bool
        From :func:`helpers.calibration.hits.survival_hits`.
    ids : sequence of str, optional
        Numbers of the gate; by default the headline's.

    Examples
    --------
    >>> missing(dict.fromkeys(headline(), True) | {"table5.univariate.gc_low.hr": False})
    ['table5.univariate.gc_low.hr']
    """
    return [id for id in (headline() if ids is None else ids) if not hits[id]]
