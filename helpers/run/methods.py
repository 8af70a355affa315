"""The Statistics section of a paper, and a reporting checklist, as a run really did it."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

import helpers
from helpers.cohort.derive import Analysis
from helpers.parameters import Parameters, parameter_dictionary
from helpers.problems import NotAvailable
from helpers.results.exposure import exposure_groups

FOLDERS = ("cohort_folder", "published_folder", "output_folder")
PACKAGES = ("lifelines", "scipy", "statsmodels", "pandas", "numpy")
TIES = {"efron": "Efron's", "breslow": "Breslow's"}
TWO_BY_TWO = {
    "printed": "2x2 tables by the chi-square test with or without continuity correction, or Fisher's exact test, whichever the paper's own p-values imply",
    "pearson": "2x2 tables by Pearson's chi-square test",
    "yates": "2x2 tables by the chi-square test with Yates' continuity correction",
    "fisher": "2x2 tables by Fisher's exact test",
}
STROBE = (
    ("1", "Title and abstract", "the paper's; this run says on its first page what was run on whom"),
    ("2, 3", "Background, objectives", "notebook 00, first cells"),
    ("4", "Study design", "notebook 00: follow-up of a cohort from day 0"),
    ("5", "Setting, dates", "cohort.json (origin, source); infusion_year in Table 1; follow-up in notebook 05"),
    ("6", "Participants", "notebook 01, flow of patients (Figure 1)"),
    ("7", "Variables", "data/README.md (dictionary); endpoints and doses in notebooks 01 and 05"),
    ("8", "Data sources, measurement", "notebook 01, log of the cleaning; grading and limits of detection in the dictionary"),
    ("9", "Bias", "notebooks 05 (who was lost), 07 (time) and 08 (confounding and choices), where the series has them"),
    ("10", "Study size", "notebook 06, events per coefficient"),
    ("11", "Quantitative variables", "cut-offs in the table of choices below; continuous forms in notebook 06"),
    ("12a-e", "Statistical methods, missing data, sensitivity", "this page; notebook 06 (complete cases and imputation)"),
    ("13", "Participants at each stage", "notebook 01, Figure 1"),
    ("14", "Descriptive data, missing, follow-up", "notebook 02 (Table 1), notebook 05 (follow-up by group)"),
    ("15", "Outcome data", "notebooks 04 and 05"),
    ("16", "Main results, adjusted and not", "notebook 06 (Table 5)"),
    ("17", "Other analyses", "notebooks 03, 06"),
    ("18-21", "Key results, limitations, interpretation, generalisability", "the section What this shows and does not show of each notebook"),
    ("22", "Funding", "not part of a run"),
)  # fmt: skip
RECORD = (
    ("RECORD 1.1", "Type of data in the title", "cohort.json, source"),
    ("RECORD 6.1", "How the population was selected by codes", "to be written by who drew the data"),
    ("RECORD 7.1", "Codes for exposures and outcomes", "mapping.yaml of the import, if the cohort was imported"),
    ("RECORD 12.1-12.3", "Access to data, cleaning, linkage", "import/log.csv and import/rows.csv of the import; notebook 01"),
    ("RECORD 22.1", "Where protocol, raw data and code are", "this repository; the data are not part of it"),
)  # fmt: skip


def methods_page(analysis: Analysis) -> str:
    """Write the methods page of a run as Markdown: Statistics, choices left at their default and changed, STROBE.

    Parameters
    ----------
    analysis : Analysis
        From :func:`helpers.cohort.derive.analyse`.

    Returns
    -------
    str
        Markdown; every setting in it is read from the parameters, every version from the packages in use.

    Examples
    --------
    >>> import pandas as pd
    >>> from helpers.cohort.derive import analyse
    >>> from helpers.cohort.schema import Cohort
    >>> patients = pd.DataFrame({"patient_id": ["SYN-001", "SYN-002"]})
    >>> two = Cohort("two", "infusion", True, "made up", "CC0", {"patients": patients})
    >>> page = methods_page(analyse(two, Parameters(gc_cutoff=5.0)))
    >>> "## Statistics" in page, "| `gc_cutoff` | 8.0 | changed to 5.0 |" in page
    (True, True)
    """
    parts = [
        "# Methods of this run",
        _warning(analysis),
        "## Statistics",
        *_statistics(analysis),
        "## Choices",
        _choices(analysis.parameters),
        "## Where the STROBE items are answered",
        _checklist(STROBE),
    ]
    if not analysis.cohort.synthetic:
        parts += ["Routine data (RECORD):", _checklist(RECORD)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _warning(analysis: Analysis) -> str:
    if not analysis.cohort.synthetic:
        return "A draft to be checked by its authors, not a finished text."
    return (
        "The cohort is **synthetic**: this page shows the form of such a section; nothing in it was done to patients."
    )


def _statistics(analysis: Analysis) -> list[str]:
    chosen, cohort = analysis.parameters, analysis.cohort
    level = f"{100 * (1 - chosen.alpha):g}%"
    count = len(cohort.tables["patients"])
    paragraphs = [
        f"{count} patients were followed from day 0 ({cohort.origin}). Counts are given with percentages, numbers with medians and ranges. "
        f"{TWO_BY_TWO[chosen.chi_square][0].upper()}{TWO_BY_TWO[chosen.chi_square][1:]}."
    ]
    if cohort.has("followup"):
        ended = "last contact" if chosen.censoring == "last_contact" else "last disease assessment"
        paragraphs.append(
            f"Survival was estimated by Kaplan-Meier with pointwise {level} confidence limits and compared by the log-rank test; "
            f"hazard ratios come from Cox models with {TIES[chosen.ties]} handling of ties, Wald intervals and tests. "
            f"Patients without progression were censored at {ended}. The main endpoint was {chosen.endpoint}. "
            f"Covariates with a univariable p below {chosen.screening_p:g} entered the multivariable model together with the exposure; "
            f"missing covariates were imputed {chosen.imputations} times beside the analysis of complete cases."
        )
    try:
        groups = exposure_groups(analysis).dropna()
        sizes = ", ".join(f"{label} {size}" for label, size in groups.value_counts(sort=False).items() if size)
        paragraphs.append(f"The exposure was {chosen.exposure} ({sizes}).")
    except NotAvailable as absent:
        paragraphs.append(f"There is no comparison by exposure: {absent}.")
    if cohort.has("treatments", "dose_mg"):
        cut = f"{analysis.gc_cutoff:g} mg/kg" if analysis.gc_cutoff is not None else "its percentile"
        paragraphs.append(
            f"Systemic glucocorticoids from day 0 to day {chosen.window_days} were summed as methylprednisolone equivalents "
            f"(4 mg methylprednisolone = 5 mg prednisone or prednisolone = 0.75 mg dexamethasone = 20 mg hydrocortisone) per kg of weight at day 0; "
            f"doses up to {cut} count as low. Premedication and physiological replacement were {'counted' if chosen.premedication else 'left out'}."
        )
    paragraphs.append(
        f"P-values are two-sided and not corrected for the number of comparisons unless said. Computed with Python {platform.python_version()}, {_versions()}."
    )
    return paragraphs


def _versions() -> str:
    found = [f"zhang2025-supplement {helpers.__version__}"]
    for package in PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)


def _choices(parameters: Parameters) -> str:
    changed = parameters.changed()
    rows = []
    for row in parameter_dictionary():
        if row["name"] in FOLDERS:
            continue
        state = f"changed to {changed[row['name']]}" if row["name"] in changed else "left at its default"
        rows.append(f"| `{row['name']}` | {row['default']} | {state} | {row['meaning']} |")
    return "\n".join(["| choice | default | in this run | meaning |", "|---|---|---|---|", *rows])


def _checklist(items: tuple[tuple[str, str, str], ...]) -> str:
    return "\n".join(
        [
            "| item | about | where |",
            "|---|---|---|",
            *[f"| {item} | {about} | {where} |" for item, about, where in items],
        ]
    )
