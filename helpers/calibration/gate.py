"""The headline gate: which printed numbers a cohort must hit before anything is read from it.

The headline is the low-dose result and what it stands on: the curves, the three log-rank tests of low dose against none, the
low-dose rows of Table 5, sex and blasts.
"""

from __future__ import annotations

from collections.abc import Mapping

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


def missing(hits: Mapping[str, bool]) -> list[str]:
    """List the numbers of the headline that a cohort misses; none: it is behind the gate.

    Parameters
    ----------
    hits : mapping of id to bool
        From :func:`helpers.calibration.calibrate.survival_hits`.

    Examples
    --------
    >>> missing(dict.fromkeys(headline(), True) | {"table5.univariate.gc_low.hr": False})
    ['table5.univariate.gc_low.hr']
    """
    return [id for id in headline() if not hits[id]]
