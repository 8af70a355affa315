"""Molar masses added up again from atomic masses, and the equivalents of a label."""

import re

import pytest

from helpers.cohort.steroids import BASE_PER_SALT, EQUIVALENT_MG, base_share

ATOMS = {"C": 12.011, "H": 1.008, "O": 15.999, "F": 18.998403163, "Na": 22.98976928, "P": 30.973761998}  # IUPAC
BASES = {
    "dexamethasone": "C22H29FO5",
    "methylprednisolone": "C22H30O5",
    "prednisone": "C21H26O5",
    "prednisolone": "C21H28O5",
    "hydrocortisone": "C21H30O5",
}
# what replaces one hydrogen of the base: -PO3Na2, -CO-CH2-CH2-COONa, -CO-CH3
GROUPS = {"sodium phosphate": "PO3Na2", "sodium succinate": "C4H4O3Na", "acetate": "C2H3O"}


def mass(formula: str) -> float:
    return sum(ATOMS[atom] * int(count or 1) for atom, count in re.findall(r"([A-Z][a-z]?)(\d*)", formula))


@pytest.mark.parametrize(("agent", "salt"), BASE_PER_SALT)
def test_the_share_of_the_base_is_that_of_the_formulas(agent, salt):
    base = mass(BASES[agent])
    expected = base / (base - ATOMS["H"] + mass(GROUPS[salt]))
    assert BASE_PER_SALT[agent, salt] == pytest.approx(expected, abs=3e-5)


def test_the_formulas_are_those_of_package_inserts():
    for agent, salt, printed in (
        ("dexamethasone", "sodium phosphate", 516.41),
        ("methylprednisolone", "sodium succinate", 496.53),
        ("methylprednisolone", "acetate", 416.51),
        ("hydrocortisone", "sodium succinate", 484.52),
    ):
        assert mass(BASES[agent]) - ATOMS["H"] + mass(GROUPS[salt]) == pytest.approx(printed, abs=0.02)


def test_equivalents_are_those_of_a_label():
    label = {
        "prednisolone": 15,
        "prednisone": 15,
        "hydrocortisone": 60,
        "methylprednisolone": 12,
        "dexamethasone": 2.25,
    }
    assert {agent: mg / 15 for agent, mg in label.items()} == {
        agent: mg / 5 for agent, mg in EQUIVALENT_MG.items() if agent != "glucocorticoid"
    }
    assert EQUIVALENT_MG["glucocorticoid"] == EQUIVALENT_MG["methylprednisolone"]


def test_a_bottle_of_prednisolone_phosphate_holds_what_it_says():
    assert 6.7 * base_share("prednisolone", "sodium phosphate", "salt") == pytest.approx(5, abs=0.05)
    assert base_share("prednisolone", "sodium phosphate") == 1
