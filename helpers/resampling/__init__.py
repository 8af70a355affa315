"""Cox, log-rank, Kaplan-Meier and restricted means, compiled, for resampling, search and registry-size data.

Plain arrays in, plain arrays out. Single models are fitted by helpers.estimate; this engine gives the same numbers for many.
"""

# ruff: noqa: E402  (what is stale goes before the first compiled function is loaded)
from pathlib import Path

from helpers.resampling.stale import forget_stale

forget_stale(Path(__file__).parent)

from helpers.resampling.cox import CoxBatch, CoxFit, cox_batch, cox_designs, cox_fit, cox_specifications
from helpers.resampling.kaplan_meier import (
    KaplanMeier,
    RestrictedMean,
    kaplan_meier,
    rmst,
    rmst_batch,
    survival_at,
    survival_batch,
)
from helpers.resampling.logrank import LogRank, logrank, logrank_batch, logrank_permutations

__all__ = [
    "CoxBatch",
    "CoxFit",
    "KaplanMeier",
    "LogRank",
    "RestrictedMean",
    "cox_batch",
    "cox_designs",
    "cox_fit",
    "cox_specifications",
    "kaplan_meier",
    "logrank",
    "logrank_batch",
    "logrank_permutations",
    "rmst",
    "rmst_batch",
    "survival_at",
    "survival_batch",
]
