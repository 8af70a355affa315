"""The methods page says what the run did, from its own parameters."""

import pytest

from helpers.cohort.derive import analyse
from helpers.cohort.read import read_cohort
from helpers.parameters import Parameters
from helpers.paths import REAL
from helpers.run.methods import methods_page


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, ["Efron's", "95% confidence", "last contact", "8 mg/kg", "main endpoint was PFS", "| `ties` | 'efron' | left at its default |"]),
        ({"ties": "breslow", "alpha": 0.1, "endpoint": "OS"}, ["Breslow's", "90% confidence", "main endpoint was OS", "changed to breslow"]),
        ({"chi_square": "fisher", "censoring": "last_assessment", "gc_cutoff": 5.0}, ["Fisher's exact", "last disease assessment", "up to 5 mg/kg"]),
    ],
)  # fmt: skip
def test_the_statistics_are_those_of_the_parameters(settings, words):
    page = methods_page(analyse(read_cohort(), Parameters(**settings)))
    assert [word for word in words if word not in page] == []
    assert "synthetic" in page


def test_a_real_cohort_has_no_steroids_to_speak_of_and_the_record_items():
    page = methods_page(analyse(read_cohort(REAL / "bmt"), Parameters(cohort_folder=str(REAL / "bmt"))))
    assert "RECORD" in page
    assert "synthetic" not in page
    assert "methylprednisolone equivalents" not in page
    assert "There is no comparison by exposure" in page


def test_every_parameter_stands_in_the_table_and_no_folder():
    page = methods_page(analyse(read_cohort(), Parameters()))
    missing = [name for name in Parameters.model_fields if not name.endswith("_folder") and f"`{name}`" not in page]
    assert missing == []
    assert "cohort_folder" not in page


def test_what_a_run_did_not_do_is_not_said():
    """No covariate passes the screen: there is no multivariable model, and nothing was imputed. One cohort, three true sentences."""
    cohort = read_cohort()
    strict = methods_page(analyse(cohort, Parameters(screening_p=1e-9)))
    assert "there is none: no covariate has a univariable p below 1e-09" in strict
    assert "imputed" not in strict.split("## Choices")[0]
    open_screen = methods_page(analyse(cohort, Parameters()))
    assert "imputed 20 times" in open_screen
    assert "notebook 08" in open_screen
    real = methods_page(analyse(read_cohort(REAL / "bmt"), Parameters(endpoint="OS", cohort_folder=str(REAL / "bmt"))))
    assert "imputed" not in real.split("## Choices")[0], "nobody of bmt lacks a covariate"
    assert "the paper's own p-values" not in real.split("## Choices")[0]
    assert "death from any cause" in real
    assert "lifelines" not in real
