"""Each printed survival statistic that the default cohort misses: proof, frontier, missed here, or not found.

*Proof*: the audit shows by arithmetic that the printed numbers it stands with cannot hold together. *Frontier*: cohorts
of the ensemble hit it, and others are lost where it is hit. *Missed here*: cohorts of the ensemble hit it, and nothing is
seen to be lost with it. *Not found*: no stored cohort hits it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress

import numpy as np
import pandas as pd
from scipy.stats import fisher_exact

from helpers.published.audit import audit_print
from helpers.published.corrections import read_corrections
from helpers.results.registry import declared_family

PROOF, FRONTIER, MISSED_HERE, NOT_FOUND = "proof", "frontier", "missed here", "not found"
CONTRADICTION = "cannot both hold as printed"
LEVEL = 0.05  # of p, after correction for all comparisons
FEWEST = 5  # cohorts that must hit it before it is said what is lost with it


def contradicted(
    missed: Collection[str], ensemble: pd.DataFrame | None = None, found: pd.DataFrame | None = None
) -> dict[str, str]:
    """Map missed ids to the audit's arithmetic against them and the numbers they stand with.

    Numbers that the declared corrections send elsewhere are left out: as corrected they contradict nothing. So are those
    that the registry reads on different patients, or that some cohort hits together: the audit's arithmetic takes one
    population for granted.

    Parameters
    ----------
    missed : collection of str
    ensemble : DataFrame, optional
        One row per cohort, one boolean column per id.
    found : DataFrame, optional
        From :func:`helpers.published.audit.audit_print`.

    Examples
    --------
    >>> contradicted(["table5.univariate.rux.p"])  # the log-rank test is of all, the row of those with known blasts
    {}
    """
    found = audit_print() if found is None else found
    moved, out = set(read_corrections()["id"]), {}
    for row in found[found["verdict"] == CONTRADICTION].itertuples():
        ids = set(row.ids.split())
        searched = sorted(ids & set(() if ensemble is None else ensemble.columns))
        if ids & moved or len(_populations(ids)) > 1 or (searched and ensemble[searched].all(axis=1).any()):
            continue
        for id in ids & set(missed):
            out[id] = f"not all of {len(ids)} numbers can hold, {len(ids & set(missed))} are missed: {row.arithmetic}"
    return out


def _populations(ids: Collection[str]) -> set[str]:
    """Name the populations that the registry reads some ids on."""
    found = set()
    for id in ids:
        with suppress(KeyError):  # a number of the design is in no family
            found.add(declared_family(id).paper.population)
    return found


def misses(
    default: Mapping[str, bool],
    ensemble: pd.DataFrame,
    proofs: Mapping[str, str] | None = None,
    moves: float = 0.0,
    starts: Sequence[int] | None = None,
) -> pd.DataFrame:
    """Explain each statistic that the default cohort misses.

    Parameters
    ----------
    default : mapping of id to bool
        From :func:`helpers.calibration.hits.survival_hits`.
    ensemble : DataFrame
        One row per cohort, one boolean column per id.
    proofs : mapping of id to text, optional
        From :func:`contradicted`, which is the default.
    moves : float
        Moves spent on one cohort of the ensemble at most.
    starts : sequence of int, optional
        Which start each cohort walked from. Cohorts of one start are no sample: the test of what is lost then takes starts, each with
        what most of its cohorts hit.

    Returns
    -------
    DataFrame
        id, kind, hit_in (cohorts of the ensemble), cohorts, lost_with (ids more often missed where this one is hit, three at
        most, with p corrected for all pairs that were compared), explanation.

    Examples
    --------
    >>> hits = pd.DataFrame({"a": [True] * 9 + [False] * 9, "b": [False] * 9 + [True] * 9, "c": [False] * 18})
    >>> table = misses({"a": False, "b": True, "c": False}, hits, proofs={})
    >>> table[["id", "kind", "hit_in", "lost_with"]].to_numpy().tolist()
    [['a', 'frontier', 9, 'b (0% against 100%, p 0.00016)'], ['c', 'not found', 0, '']]
    >>> misses({"a": False, "b": True}, hits[["a", "b"]], {}, starts=[0] * 9 + [1] * 9)["kind"].item()  # two starts prove nothing
    'missed here'
    """
    missed = [id for id, hit in default.items() if not hit]
    proofs = contradicted(missed, ensemble) if proofs is None else proofs
    tested = ensemble if starts is None else ensemble.groupby(np.asarray(starts)).mean() > 0.5
    rows, comparisons = [], max(1, len(missed) * (ensemble.shape[1] - 1))
    for id in missed:
        hit = ensemble[id].to_numpy(bool)
        lost = _lost_with(tested.drop(columns=id), tested[id].to_numpy(bool), comparisons)
        if id in proofs:
            kind, text = PROOF, proofs[id]
        elif hit.any():
            kind, best = FRONTIER if lost else MISSED_HERE, ensemble[hit].sum(axis=1).max()
            text = f"hit in {hit.sum()} of {len(hit)} cohorts, the best of which hits {best} of {len(default)}"
            text += f"; then lost: {lost}" if lost else ""
        else:
            kind = NOT_FOUND
            text = f"hit in none of {len(hit)} cohorts" + (
                f" of at most {moves:,.0f} moves each, beyond their start's" if moves else ""
            )
        rows.append((id, kind, int(hit.sum()), len(hit), lost, text))
    return pd.DataFrame(rows, columns=["id", "kind", "hit_in", "cohorts", "lost_with", "explanation"])


def _lost_with(others: pd.DataFrame, hit: np.ndarray, comparisons: int) -> str:
    """Name the ids that are hit less often where this one is hit than where it is not, by more than chance.

    Fisher's exact test, each p times the number of comparisons made (Bonferroni): what does not survive is called chance.
    """
    if hit.sum() < FEWEST or (~hit).sum() < FEWEST:
        return ""
    where, elsewhere, p = others[hit].mean(), others[~hit].mean(), {}
    for id in others.columns[where < elsewhere]:
        table = [[int(others.loc[here, id].sum()), int((~others.loc[here, id]).sum())] for here in (hit, ~hit)]
        p[id] = comparisons * fisher_exact(table).pvalue
    named = sorted((id for id in p if p[id] < LEVEL), key=p.get)[:3]
    return ", ".join(f"{id} ({where[id]:.0%} against {elsewhere[id]:.0%}, p {p[id]:.2g})" for id in named)
