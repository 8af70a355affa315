"""Steroids: how much of each equals how much of another, and what a labelled milligram holds.

Equivalents: those of the United States label of prednisolone, as quoted: 15 mg of its base equal hydrocortisone 60,
prednisone 15, methylprednisolone 12 and dexamethasone 2.25 mg.

Molar masses: those of the molecular formulas, which a test adds up again from atomic masses. They agree with the labels to
0.02 g/mol: dexamethasone sodium phosphate 516.41 (DailyMed 8ed678e2), methylprednisolone sodium succinate 496.53,
methylprednisolone acetate 416.51 (Depo-Medrol), hydrocortisone sodium succinate 484.52 (484.51 in USP 29).

Labelling, as read in package inserts: a vial of methylprednisolone or hydrocortisone sodium succinate and a bottle of
prednisolone sodium phosphate (6.7 mg of the salt as "5 mg") say the mass of the base, Depo-Medrol that of the acetate.
The Chinese ampoule of dexamethasone sodium phosphate (1 mL: 5 mg) says the mass of the disodium salt, so that 5 mg hold 3.8
of the base. The American one does neither: its "4 mg" are of dexamethasone phosphate, which is 4.37 mg of the salt and 3.3 mg
of the base; read as salt it comes out 8 % too low (3.04). Of hydrocortisone sodium phosphate, prednisolone sodium succinate
and the other acetates no insert was read: their labelling is taken by likeness.
"""

from __future__ import annotations

import math

ANY = "glucocorticoid"  # a steroid whose name is not known: its dose is told in methylprednisolone equivalents
# mg that equal 4 mg methylprednisolone (the ladder that the paper's "methylprednisolone equivalent" supposes)
EQUIVALENT_MG = {
    "methylprednisolone": 4.0,
    "prednisone": 5.0,
    "prednisolone": 5.0,
    "dexamethasone": 0.75,
    "hydrocortisone": 20.0,
    ANY: 4.0,
}
# molar mass of the base over that of the salt
BASE_PER_SALT = {
    ("dexamethasone", "sodium phosphate"): 392.46 / 516.40,
    ("dexamethasone", "acetate"): 392.46 / 434.50,
    ("methylprednisolone", "sodium succinate"): 374.47 / 496.53,
    ("methylprednisolone", "acetate"): 374.47 / 416.51,
    ("prednisone", "acetate"): 358.43 / 400.46,
    ("hydrocortisone", "sodium succinate"): 362.46 / 484.51,
    ("hydrocortisone", "acetate"): 362.46 / 404.50,
    ("hydrocortisone", "sodium phosphate"): 362.46 / 486.40,
    ("prednisolone", "sodium phosphate"): 360.44 / 484.39,
    ("prednisolone", "sodium succinate"): 360.44 / 482.50,
    ("prednisolone", "acetate"): 360.44 / 402.48,
}
# vials and bottles whose label gives the mass of the base although they hold a salt (dexamethasone phosphate and the
# acetates are labelled as the salt); the parameter steroid_labels says otherwise where a pharmacy does otherwise
LABELLED_IN_BASE = frozenset(
    {
        ("methylprednisolone", "sodium succinate"),
        ("hydrocortisone", "sodium succinate"),
        ("hydrocortisone", "sodium phosphate"),
        ("prednisolone", "sodium succinate"),
        ("prednisolone", "sodium phosphate"),
    }
)


def base_share(agent: str, salt: str, labels: str = "usual") -> float:
    """Return what a labelled milligram of a steroid holds of the base; NaN for a salt without a known factor.

    Parameters
    ----------
    agent, salt : str
    labels : {"usual", "salt", "base"}
        usual: as the products are labelled (:data:`LABELLED_IN_BASE`); salt: each dose is the mass of its salt; base: each
        dose is the mass of the base.

    Examples
    --------
    >>> base_share("methylprednisolone", "sodium succinate"), round(base_share("dexamethasone", "sodium phosphate"), 3)
    (1.0, 0.76)
    >>> round(base_share("methylprednisolone", "sodium succinate", "salt"), 3)
    0.754
    """
    if salt == "base" or labels == "base" or (labels == "usual" and (agent, salt) in LABELLED_IN_BASE):
        return 1.0
    return BASE_PER_SALT.get((agent, salt), math.nan)
