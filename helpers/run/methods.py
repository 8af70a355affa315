"""The Statistics section of a paper, and a reporting checklist, as a run really did it."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

import numpy as np

import helpers
from helpers.cohort.assumptions import assumptions_made
from helpers.cohort.derive import Analysis
from helpers.display.notebook import without_markup
from helpers.parameters import Parameters, parameter_dictionary
from helpers.problems import InputError, NotAvailable, in_the_singular
from helpers.results.curves import endpoint_columns
from helpers.results.exposure import exposure_groups
from helpers.results.table5 import joint_model, joint_name, selected_covariates

FOLDERS = ("cohort_folder", "published_folder", "output_folder")
PACKAGES = ("numpy", "scipy", "pandas")
TIES = {"efron": "Efron's", "breslow": "Breslow's"}
TWO_BY_TWO = {
    "printed": "2x2 tables were tested by the chi-square test with Yates' continuity correction and larger ones by Pearson's, or as the paper's own p-values imply",
    "asked for": "2x2 tables were tested by Pearson's chi-square test with 40 patients or more and every expected count at least 5, with Yates' correction "
    "where the smallest is 1 to 5, else by Fisher's exact test; larger tables by Pearson's where no expected count is below 1 and at most a fifth below 5, else by the Freeman–Halton test",
    "pearson": "Tables were tested by Pearson's chi-square test",
    "yates": "2x2 tables were tested by the chi-square test with Yates' continuity correction, larger ones by Pearson's",
    "fisher": "Tables were tested by Fisher's exact test (larger ones by the Freeman–Halton test)",
}
DEFINED = {
    "PFS": "relapse, progression or death from any cause",
    "OS": "death from any cause",
    "EFS": "relapse, progression, treatment failure, non-response at day 30, or a death related to disease or treatment (or of unknown cause)",
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
    ("11", "Quantitative variables", "cut-offs in the table of choices above; continuous forms in notebook 06"),
    ("12a, b", "Statistical methods, subgroups and interactions", "this page; notebooks 05 and 06; interactions were not tested"),
    ("12c", "Missing data", "notebook 06 (complete cases, and multiple imputation beside them)"),
    ("12d", "Loss to follow-up", "notebook 05 (who was lost, and what if they had stayed)"),
    ("12e", "Sensitivity analyses", "notebooks 06, 07 and 08"),
    ("13", "Participants at each stage", "notebook 01, Figure 1"),
    ("14", "Descriptive data, missing, follow-up", "notebook 02 (Table 1), notebook 05 (follow-up by group)"),
    ("15", "Outcome data", "notebooks 04 and 05"),
    ("16", "Main results, adjusted and not; absolute risks", "notebook 06 (Table 5, and the chosen exposure); notebooks 05 and 08 (absolute differences)"),
    ("17", "Other analyses", "notebooks 03, 07, 08 and 11"),
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
    return without_markup(in_the_singular("\n\n".join(part for part in parts if part))) + "\n"


def _warning(analysis: Analysis) -> str:
    if not analysis.cohort.synthetic:
        return "A draft to be checked by its authors, not a finished text."
    return (
        "The cohort is **synthetic**: this page shows the form of such a section; nothing in it was done to patients."
    )


def _statistics(analysis: Analysis) -> list[str]:
    chosen, cohort = analysis.parameters, analysis.cohort
    number = len(cohort.tables["patients"])
    convention = "asked for" if chosen.chi_square == "printed" and analysis.reading == "stated" else chosen.chi_square
    paragraphs = [
        f"{number} {'patient' if number == 1 else 'patients'}; {cohort.day_zero}. Counts are given with percentages, numbers with medians and ranges. "
        f"{TWO_BY_TWO[convention]}."
    ]
    if cohort.has("followup") and f"{chosen.endpoint.lower()}_days" in analysis.frame:
        paragraphs += [_survival(analysis), _models(analysis)]
    else:
        paragraphs.append(f"There is no {chosen.endpoint}, so no survival was estimated and no Cox model fitted.")
    paragraphs.append(_exposure(analysis))
    if cohort.has("treatments", "dose_mg"):
        cut = (
            f"{analysis.gc_cutoff:g} mg/kg"
            if np.isfinite(analysis.gc_cutoff)
            else "a percentile of those given (nobody was given any)"
        )
        counted = chosen.premedication or not cohort.has("treatments", "indication")
        paragraphs.append(
            f"Systemic glucocorticoids from day 0 to day {chosen.window_days} were summed as methylprednisolone equivalents "
            f"(4 mg methylprednisolone = 5 mg prednisone or prednisolone = 0.75 mg dexamethasone = 20 mg hydrocortisone) per kg of weight at day 0; "
            f"doses up to {cut} count as low. Premedication and physiological replacement were {'counted' if counted else 'left out where the indication says so'}."
        )
    if taken := assumptions_made(cohort, chosen):
        paragraphs.append(
            "Taken for granted, since the cohort does not say otherwise:\n\n" + "\n".join(f"- {one}" for one in taken)
        )
    paragraphs.append(
        f"P-values are two-sided and not corrected for the number of comparisons unless said. Computed with Python {platform.python_version()}, {_versions()}; "
        "tests and models are the project's own code on these, held to R's survival, cmprsk and stats by its tests."
    )
    return paragraphs


def _survival(analysis: Analysis) -> str:
    chosen, frame = analysis.parameters, analysis.frame
    time, event = endpoint_columns(chosen.endpoint)
    known = frame[time].notna() & frame[event].notna()
    without = len(frame) - int(known.sum())
    ended = (
        "last contact"
        if chosen.censoring == "last_contact" or chosen.endpoint == "OS"
        else "last disease assessment (last contact where none is told)"
    )
    return (
        f"The main endpoint was {chosen.endpoint}: time from day 0 to {DEFINED[chosen.endpoint]}, as far as the cohort recorded it. "
        f"Patients without an event were censored at {ended}"
        + (f"; {without} have no time to it. " if without else ". ")
        + f"Survival was estimated by Kaplan–Meier, with pointwise {100 * (1 - chosen.alpha):g}% confidence limits on the log scale, and compared by the log-rank test."
    )


def _models(analysis: Analysis) -> str:
    chosen = analysis.parameters
    told = (
        f"Hazard ratios come from Cox models with {TIES[chosen.ties]} handling of ties, Wald intervals of {100 * (1 - chosen.alpha):g}% and Wald tests. "
        f"Covariates of which any level had a univariable p below {chosen.screening_p:g} entered the multivariable model"
    )
    try:
        rows = selected_covariates(analysis)
        model, reason = joint_model(analysis)
        if model is None:
            return f"{told}; there is none: {reason}."
        names = [row.label for row in rows if row.name in set(model.table["covariate"])]
        told += f" ({', '.join(names)}), which was fitted to the {model.n} complete cases of {model.n + model.missing} patients (population: {joint_name(analysis)}; {len(model.table)} coefficients, {model.events} events)"
        if model.missing:
            told += f"; beside it, missing covariates were imputed {chosen.imputations} times by chained equations and pooled by Rubin's rules"
    except (NotAvailable, InputError) as absent:
        return f"{told}; there is none: {absent}."
    return f"{told}. {_apart(analysis)}Screening by p-values makes intervals too narrow; notebook 08 shows by how much."


def _apart(analysis: Analysis) -> str:
    try:
        compared = exposure_groups(analysis).nunique() > 1
    except NotAvailable:
        compared = False
    told = "The exposure was not forced into it: in a model of its own it stands beside the same covariates, without those that state it again. "
    return told if compared else ""


def _exposure(analysis: Analysis) -> str:
    name = analysis.parameters.exposure
    try:
        groups = exposure_groups(analysis)
    except NotAvailable as absent:
        return f"There is no comparison by exposure: {absent}."
    sizes = {label: size for label, size in groups.value_counts(sort=False).items() if size}
    told = f"The exposure was {name} ({', '.join(f'{label} {size}' for label, size in sizes.items())}"
    told += f", not known {groups.isna().sum()})" if groups.isna().any() else ")"
    return f"{told}." if len(sizes) > 1 else f"{told}: all the same, so that nothing is compared by it."


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
