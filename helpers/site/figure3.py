"""Figure 3 as a page to play with: the synthetic patients, for ``docs/static/figure3.js``, which computes all else from them.

The scripts are plain JavaScript and SVG without a library: curves are lines, ticks and text, which a screen reader can read; the page
stays small and works from the file system. Only synthetic patients are ever written into a page.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from helpers.cohort.derive import Analysis
from helpers.display.words import day_zero
from helpers.problems import NotAvailable
from helpers.results.curves import ENDPOINTS, endpoint_columns
from helpers.results.dose_cuts import cut_values
from helpers.results.populations import in_population, is_yes, needed_frame
from helpers.site.alternatives import Alternatives, alternatives

MEMBERS = 8  # others with the published numbers: each takes 6 KB of the page and a second to rebuild
ENDPOINTS_IN_ROWS = ("OS", "PFS", "EFS")  # as the script expects them


def figure3_page(analysis: Analysis, members: int = MEMBERS) -> str:
    """Write the page in Markdown; beside the paper's own stand-in, other cohorts with the same published numbers can be chosen.

    Raises
    ------
    NotAvailable
        If the cohort is not synthetic (no row of a real patient goes into a page), or lacks doses or an endpoint.
    """
    others = alternatives(analysis, members) if analysis.is_paper_cohort else Alternatives([], 0, {})
    return f"""# Figure 3, to play with

The **synthetic** {whom(analysis)["many"]} with CRS or ICANS, by their cumulative dose of glucocorticoids. Switch the endpoint, say what became of those lost, move the cut, start the clock later, or shuffle the outcomes among them. Everything is computed in this page and agrees with the notebooks; Table 5 leaves out those whose marrow blasts are not known, so that its hazard ratio is another. The address of the page holds what you chose, so that a link shows what you see.

{embedded("figure3", payload(analysis, others.cohorts))}

{told(others)}
"""


def told(others: Alternatives) -> str:
    """Say what the other cohorts are; nothing if there are none."""
    if not others.cohorts:
        return ""
    free, low = ("{:.3f} to {:.3f}".format(*others.ranges[fate]) for fate in ("free", "low"))
    return f"""## The other cohorts

Made up like the first, and searched for the same published numbers: {len(others.cohorts)} of the {others.size} that notebook 10 looks at. Chosen were those in which the hazard ratio (progression-free survival, low dose against none) becomes least and largest once something is supposed of those lost; then, one after the other, whichever is least like those chosen before it, by the rank correlation of the patients' times. Over all {others.size} that ratio runs from {free} had the lost stayed well, and from {low} had those lost at a low dose failed and the others stayed well. A search of another kind may find cohorts outside these ranges."""


def embedded(name: str, data: Mapping[str, Any]) -> str:
    """Write the place of a figure, its data and its scripts into a page.

    Examples
    --------
    >>> embedded("x", {"a": "</script>"}).splitlines()[2]
    '<script type="application/json" id="x-data">{"a":"\\\\u003c/script>"}</script>'
    """
    text = json.dumps(data, separators=(",", ":"), allow_nan=False, ensure_ascii=False).replace("<", "\\u003c")
    return f"""<div id="{name}"></div>
<noscript>This figure is computed by JavaScript, which is switched off here.</noscript>
<script type="application/json" id="{name}-data">{text}</script>
<script src="_static/figure_parts.js" defer></script>
<script src="_static/{name}.js" defer></script>"""


def only_synthetic(*analyses: Analysis) -> None:
    """Refuse to lay out rows of real patients.

    Raises
    ------
    NotAvailable
    """
    if not all(one.cohort.synthetic for one in analyses):
        raise NotAvailable("rows of patients go into a page only if they are synthetic")


def whom(analysis: Analysis) -> dict[str, str]:
    """Name whom a page is about and what its days count from, as for the paper's cohort or for any other.

    Examples
    --------
    >>> from helpers.cohort.derive import analyse
    >>> from helpers.cohort.schema import Cohort
    >>> adults = Cohort("adults", "diagnosis", True, "", "", {"patients": pd.DataFrame({"patient_id": ["SYN-1"]})})
    >>> whom(analyse(adults))
    {'one': 'patient', 'many': 'patients', 'origin': 'diagnosis'}
    """
    one, many = ("child", "children") if analysis.is_paper_cohort else ("patient", "patients")
    return {"one": one, "many": many, "origin": day_zero(analysis.cohort.origin)}


def limits(analysis: Analysis) -> dict[str, float]:
    """Say how wide intervals are: z of the normal distribution and the level in percent."""
    alpha = analysis.parameters.alpha
    return {"z": float(norm.ppf(1 - alpha / 2)), "level": round(100 * (1 - alpha), 6)}


def payload(analysis: Analysis, others: Sequence[tuple[Analysis, str]] = ()) -> dict[str, Any]:
    """Lay out what the page needs, of a cohort and of others, each with the reason why it is offered.

    Returns
    -------
    dict
        cut, most (largest dose), endpoint, ties, z and level of intervals, one and many (child, children), origin, known (whether each child's data cut-off is), search
        (what notebook 08 has of the search for a cut, None if nothing), cohorts (name, rows: id, dose in mg/kg, then days and
        event of OS, PFS and EFS, day of the data cut-off).

    Raises
    ------
    NotAvailable
        If a cohort is not synthetic, or lacks doses or an endpoint.
    """
    only_synthetic(analysis, *(one for one, _ in others))
    frame = concerned(analysis)
    if not (frame["gc_dose_mg_per_kg"] > 0).any() or not np.isfinite(analysis.gc_cutoff):
        raise NotAvailable(f"cohort {analysis.cohort.name} has no doses of glucocorticoids to cut")
    return {
        "cut": float(analysis.gc_cutoff),
        "most": float(frame["gc_dose_mg_per_kg"].max()),
        "endpoint": analysis.parameters.endpoint,
        "ties": analysis.parameters.ties,
        **limits(analysis),
        **whom(analysis),
        "known": bool("cutoff_day" in frame and frame["cutoff_day"].notna().all()),
        "search": searched(analysis),
        "cohorts": [
            {"name": f"the {analysis.cohort.name} cohort", "rows": rows(analysis)},
            *({"name": f"{one.cohort.name.rpartition('-')[2]}: {why}", "rows": rows(one)} for one, why in others),
        ],
    }


def searched(analysis: Analysis) -> dict[str, float] | None:
    """Take the search for a cut as the registry has it: cut, p and corrected p of the best."""
    try:
        found = {id.rpartition(".")[2]: value.value for id, value in cut_values(analysis).items() if ".best." in id}
    except NotAvailable:
        return None
    return None if None in found.values() else {name: float(value) for name, value in found.items()}


def concerned(analysis: Analysis) -> pd.DataFrame:
    """Take those with CRS or ICANS and a known dose and follow-up."""
    needed = ["gc_dose_mg_per_kg", *(name for endpoint in ENDPOINTS for name in endpoint_columns(endpoint))]
    needed_frame(analysis, *needed)
    return analysis.frame[in_population(analysis, "toxicity")].dropna(subset=needed)


def rows(analysis: Analysis) -> list[list[Any]]:
    """Lay out patients for the page."""
    frame = concerned(analysis)
    cut = frame["cutoff_day"].fillna(1e6) if "cutoff_day" in frame else pd.Series(1e6, index=frame.index)
    parts: list[Iterable[Any]] = [frame.index.astype(str), frame["gc_dose_mg_per_kg"].astype(float)]
    for endpoint in ENDPOINTS_IN_ROWS:
        time, event = endpoint_columns(endpoint)
        parts += [frame[time].astype(float), is_yes(frame[event]).astype(int)]
    return [list(row) for row in zip(*parts, cut.astype(float), strict=True)]
