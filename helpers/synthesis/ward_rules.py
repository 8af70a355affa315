"""Rules of the ward: what a paediatric haematologist expects of toxicity, its treatment, samples and fates.

Where the print forces an exception, the rule allows as many as are forced (:data:`FORCED`, with the arithmetic).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from helpers.synthesis.rule_book import STEROIDS, days_of, fates, given, rule
from helpers.synthesis.ward import BEYOND, FEVER, SOONEST_ICANS, TAPERED

FORCED = {
    "allogeneic CAR T cells without an earlier transplantation": (
        2, "11 products are allogeneic and 9 children were transplanted before (Table 1): at least 11 - 9 = 2"
    ),
    "neither GC nor tocilizumab nor ruxolitinib for CRS": (
        2, "6 non-responders had no GC; 4 at most of them TCZ and none RUX (Table 3): at least 6 - 4 = 2"
    ),
    "CRS that did not resolve": (5, "95.45% of 110 resolved (Table 2): 110 - 105 = 5"),
    "ICANS that did not resolve": (2, "29 of 31 resolved (Table 2)"),
}  # fmt: skip
WORST_WITHOUT_GC = 4  # of 31 with CRS of grade 3 or more
LARGEST_DOSE, PULSE = 15.0, 30.0  # mg/kg methylprednisolone a day; for ICANS of grade 4
BLASTS_AND_GRADE, DOSE_AND_GRADE = (0.2, 0.4), 0.4  # rank correlations
SOONEST_UNRELATED, MOST_UNRELATED = 90, 5
LONG_AFTER_RELAPSE = 365


def _all_or_none(frame: pd.DataFrame, broken: bool) -> pd.Series:
    """Lay a breach of the whole cohort at everybody's door."""
    return pd.Series(bool(broken), index=frame.index)


def _beyond(found: pd.Series, allowed: int) -> pd.Series:
    """Break a rule only if more do so than are allowed."""
    return found & (int(found.sum()) > allowed)


def _minutes(rows: pd.DataFrame) -> pd.Series:
    """Time of administration in days and their fractions."""
    clock = pd.to_timedelta(rows["time"].fillna("12:00") + ":00") / pd.Timedelta(days=1)
    return rows["day"] + clock


@rule("CRS of grade 3 or more is given tocilizumab")
def _tcz(cohort, analysis):
    return (analysis.frame["crs_grade"] >= 3) & ~analysis.frame["tcz"]


@rule("tocilizumab is given at CRS grade 2 or more, or after three days of fever; seven in ten have grade 2 or more")
def _tcz_grade(cohort, analysis):
    frame = analysis.frame
    first = frame["tcz_first_day"]
    two = days_of(cohort, "CRS", 2)["first"].reindex(frame.index)
    early = np.where(two.notna(), first < two, first < frame["crs_onset_day"] + FEVER)
    few = frame.loc[frame["tcz"], "crs_grade"].ge(2).mean() < 0.7
    return (frame["tcz"] & early) | _all_or_none(frame, few)


@rule("CRS of grade 3 or more is given GC, but for four of 31 at most; grade 4 always")
def _gc_grade(cohort, analysis):
    frame = analysis.frame
    without = (frame["crs_grade"] >= 3) & ~frame["gc"]
    return _beyond(without, WORST_WITHOUT_GC) | ((frame["crs_grade"] >= 4) & ~frame["gc"])


@rule("GC is for CRS of grade 2 or more, or for ICANS of grade 2 or more")
def _gc_reason(cohort, analysis):
    frame = analysis.frame
    two = days_of(cohort, "CRS", 2)["first"].reindex(frame.index)
    neuro = days_of(cohort, "ICANS")["first"].reindex(frame.index).where(frame["icans_grade"] >= 2)
    return frame["gc"] & ~(frame["gc_first_day"] >= np.fmin(two, neuro))


@rule("GC for CRS comes after tocilizumab, on the day too; GC without tocilizumab is for ICANS of grade 2 or more")
def _order_of_drugs(cohort, analysis):
    frame = analysis.frame
    rows = given(cohort, *STEROIDS, "tocilizumab")
    at = _minutes(rows).groupby([rows.index, rows["agent"].eq("tocilizumab")]).min().unstack()  # noqa: PD010
    at = at.reindex(index=frame.index, columns=[False, True])
    return frame["gc"] & ~(at[True] < at[False]) & (frame["icans_grade"] < 2)


@rule("GC, tocilizumab and ruxolitinib for toxicity are given while it lasts; a taper may end three days after it")
def _inside(cohort, analysis):
    rows = given(cohort, *STEROIDS, "tocilizumab", "ruxolitinib")
    taper = np.where(rows["agent"].isin(STEROIDS), BEYOND, 0)
    out = (rows["day"] < rows["first"]) | (rows["day"] > rows["last"] + taper) | rows["first"].isna()
    return out.groupby(level=0).any()


@rule("a steroid for ICANS is given while the ICANS lasts")
def _for_icans(cohort, analysis):
    rows = given(cohort, *STEROIDS)
    rows = rows[rows["indication"] == "ICANS"].drop(columns=["first", "last"]).join(days_of(cohort, "ICANS"))
    return (~rows["day"].between(rows["first"], rows["last"])).groupby(level=0).any()


@rule("ICANS begins with CRS or after it, on the second day or later; in half or more between day 4 and 7")
def _icans_days(cohort, analysis):
    frame, first = analysis.frame, days_of(cohort, "ICANS")["first"]
    crs = days_of(cohort, "CRS")["first"].reindex(first.index)
    early = ((first < crs) | (first < SOONEST_ICANS)).reindex(frame.index, fill_value=False)
    return early | _all_or_none(frame, first.between(4, 7).mean() < 0.5)


@rule("ICANS of grade 2 or more is treated with GC; of grade 3 or more for three days or longer")
def _icans_gc(cohort, analysis):
    frame = analysis.frame
    short = (frame["icans_grade"] >= 3) & (frame["gc_duration_days"] < 3)
    return ((frame["icans_grade"] >= 2) & ~frame["gc"]) | short


@rule("ICANS of grade 4 is given pulses of 20 mg/kg or more a day, and tocilizumab if CRS is of grade 2 or more")
def _icans_4(cohort, analysis):
    frame = analysis.frame
    weak = (frame["gc_peak_mg_per_kg_per_day"] < 20) | ((frame["crs_grade"] >= 2) & ~frame["tcz"])
    return (frame["icans_grade"] == 4) & weak


@rule("toxicity that did not resolve ends with death or with transfer before day 30")
def _open(cohort, analysis):
    frame = analysis.frame
    open_ = (frame["crs_resolved"].eq(False) | frame["icans_resolved"].eq(False)).fillna(False).astype(bool)
    told = frame["reason_not_done"].fillna("").isin(["died before day 30", "transferred before day 30"])
    samples = cohort.tables["labs"].groupby("patient_id")["day"].max().reindex(frame.index)
    seen = cohort.tables["toxicity"].groupby("patient_id")["day_to"].max().reindex(frame.index)
    return open_ & (~told | (samples > seen))


@rule("CRS has begun when GC begins")
def _grade(cohort, analysis):
    return analysis.frame["gc"] & (analysis.frame["crs_grade_before_gc"] == 0)


@rule(
    "a daily steroid dose stays at or below 15 mg/kg methylprednisolone equivalent (ICANS 4: 32), tocilizumab at 800 mg"
)
def _dose(cohort, analysis):
    frame = analysis.frame
    tcz = cohort.tables["treatments"].query("agent == 'tocilizumab'").groupby("patient_id")["dose_mg"].max()
    most = np.where(frame["icans_grade"] == 4, PULSE + 2, LARGEST_DOSE)
    return (frame["gc_peak_mg_per_kg_per_day"] > most) | (tcz.reindex(frame.index) > 800)


@rule("the cumulative GC dose follows the worst grade of CRS or ICANS (rank correlation .4 or more)")
def _dose_and_grade(cohort, analysis):
    frame = analysis.frame[analysis.frame["gc"]]
    worst = frame[["crs_grade", "icans_grade"]].max(axis=1)
    return _all_or_none(analysis.frame, spearmanr(worst, frame["gc_dose_mg_per_kg"]).statistic < DOSE_AND_GRADE)


@rule("steroid courses of six days or more end on a falling dose")
def _taper(cohort, analysis):
    rows = given(cohort, *STEROIDS)
    daily = rows.groupby([rows.index, rows["day"]])["dose_mg"].sum()
    return pd.Series(
        {patient: len(one) >= TAPERED and one.iloc[-1] > 0.7 * one.max() for patient, one in daily.groupby(level=0)},
        dtype=bool,
    )


@rule(
    "physiological replacement comes after a steroid course; premedication with dexamethasone on day 0 in two at most"
)
def _replacement(cohort, analysis):
    rows, frame = cohort.tables["treatments"].set_index("patient_id"), analysis.frame
    end = given(cohort, *STEROIDS)["day"].groupby(level=0).max()
    replaced = rows[rows["indication"] == "physiological replacement"]["day"].groupby(level=0).min()
    wrong = ~(replaced > end.reindex(replaced.index))
    before = rows[(rows["indication"] == "premedication") & (rows["day"] == 0)].index
    both = wrong.reindex(frame.index, fill_value=False)
    return both | _beyond(pd.Series(frame.index.isin(before), index=frame.index), 2)


@rule("GVHD and drugs for it are those of the transplanted, after the graft")
def _gvhd(cohort, analysis):
    rows = cohort.tables["treatments"].set_index("patient_id").query("indication == 'GVHD'")["day"]
    rows = pd.concat(
        [rows, cohort.tables["exposures"].set_index("patient_id").query("exposure == 'chronic GVHD'")["day"]]
    )
    before = analysis.frame["prior_transplant"].reindex(rows.index).fillna(False).astype(bool)
    return (~before & ~(rows > fates(cohort)["transplant_day"].reindex(rows.index))).groupby(level=0).any()


@rule("a remission is CRi where the platelets had not recovered by the assessment, and CR where they had")
def _counts(cohort, analysis):
    frame = analysis.frame
    rows = cohort.tables["exposures"].query("exposure == 'platelet recovery'").set_index("patient_id")["day"]
    recovered = rows.reindex(frame.index) <= frame["assessment_day"]
    return (frame["day30_response"].eq("CR") & ~recovered) | (frame["day30_response"].eq("CRi") & recovered)


@rule("allogeneic CAR T cells come after a transplantation, but for the two that the print forces")
def _graft(cohort, analysis):
    frame = analysis.frame
    found = frame["car_origin"].eq("allogeneic") & ~frame["prior_transplant"].astype(bool)
    return _beyond(
        found.fillna(False).astype(bool), FORCED["allogeneic CAR T cells without an earlier transplantation"][0]
    )


@rule("everybody with CRS is given something for it, but for the two that the print forces, of grade 1")
def _untreated(cohort, analysis):
    frame = analysis.frame
    found = frame["crs"] & ~(frame["gc"] | frame["tcz"] | frame["rux"])
    allowed = FORCED["neither GC nor tocilizumab nor ruxolitinib for CRS"][0]
    return _beyond(found, allowed) | (found & (frame["crs_grade"] > 1))


@rule("marrow blasts and the grade of CRS go together (rank correlation .2 to .4)")
def _burden(cohort, analysis):
    frame = analysis.frame.dropna(subset=["blast_prelymphodepletion_pct"])
    found = spearmanr(frame["blast_prelymphodepletion_pct"], frame["crs_grade"]).statistic
    return _all_or_none(analysis.frame, not BLASTS_AND_GRADE[0] <= found <= BLASTS_AND_GRADE[1])


@rule("CRS of grade 2 or more has raised markers: CRP 5 mg/L or more, or IL-6 20 pg/mL or more, while it lasts")
def _markers(cohort, analysis):
    labs = cohort.tables["labs"].pivot_table(index=["patient_id", "day"], columns="analyte", values="value")
    ill = labs.join(days_of(cohort, "CRS", 2), on="patient_id").dropna(subset=["first"]).reset_index("day")
    ill = ill[ill["day"].between(ill["first"] + 1, ill["last"])]
    return ((ill["CRP"] < 5) & (ill["IL-6"] < 20)).groupby(level=0).any()


@rule("interferon-gamma, IL-6 and CRP peak in this order, on average; not all is measured in every sample")
def _peaks(cohort, analysis):
    labs = cohort.tables["labs"]
    labs = labs[labs["patient_id"].isin(analysis.frame.index[analysis.frame["crs_grade"] >= 2])]
    top = labs.loc[labs.groupby(["patient_id", "analyte"])["value"].idxmax()]
    day = top.groupby("analyte")["day"].mean()
    counted = cohort.tables["labs"].groupby("analyte").size()
    wrong = not day["IFN-γ"] < day["IL-6"] < day["CRP"] or counted.max() == counted.min()
    return _all_or_none(analysis.frame, wrong)


@rule("TNF-alpha of the high-dose group is not below detection before the first dose more often than in half")
def _tnf(cohort, analysis):
    frame, labs = analysis.frame, cohort.tables["labs"].query("analyte == 'TNF-α'")
    high = frame.index[frame["gc_group"].eq("high").fillna(False).astype(bool)]
    labs = labs[labs["patient_id"].isin(high) & (labs["day"] <= labs["patient_id"].map(frame["gc_first_day"]))]
    return _all_or_none(frame, labs["censored"].eq("left").mean() > 0.5)


@rule("an unrelated death is a remission's: after 90 days, without transplantation or severe toxicity; five at most")
def _unrelated(cohort, analysis):
    frame, fate = analysis.frame, fates(cohort).reindex(analysis.frame.index)
    found = fate["death_cause"].eq("unrelated").fillna(False).astype(bool)
    worst = frame[["crs_grade", "icans_grade"]].max(axis=1)
    odd = (fate["death_day"] < SOONEST_UNRELATED) | fate["transplant_day"].notna() | (worst >= 3)
    odd |= fate["relapse_day"].notna() | fate["progression_day"].notna()
    return (found & odd.fillna(False).astype(bool)) | _beyond(found, MOST_UNRELATED)


@rule("a death before day 30 is that of somebody with toxicity of grade 4")
def _early_death(cohort, analysis):
    frame, fate = analysis.frame, fates(cohort).reindex(analysis.frame.index)
    return (fate["death_day"] < 30) & (frame[["crs_grade", "icans_grade"]].max(axis=1) < 4)


@rule("who dies of transplantation was transplanted; who lives for a year after relapse was transplanted after it")
def _transplanted(cohort, analysis):
    fate = fates(cohort)
    back = fate["relapse_day"].fillna(fate["progression_day"])
    by_it = fate["death_cause"].eq("transplantation").fillna(False).astype(bool)
    late = (fate["last_contact_day"] - back) > LONG_AFTER_RELAPSE
    return (by_it & ~(fate["transplant_day"] < fate["death_day"])) | (late & ~(fate["transplant_day"] > back))


@rule(
    "treatment failure is that of a remission, and is followed by transplantation, relapse, death or further follow-up"
)
def _failure_after_remission(cohort, analysis):
    fate = fates(cohort).reindex(analysis.frame.index)
    return fate["treatment_failure_day"].notna() & ~analysis.frame["cr"].fillna(False).astype(bool)


@rule("those not assessed on day 30 are not the best: fewer are event-free at two years than of those assessed")
def _not_assessed(cohort, analysis):
    frame = analysis.frame
    well = ~frame["pfs_event"].astype(bool) & (frame["pfs_days"] >= 730)
    missing = ~frame["evaluable"].fillna(False).astype(bool)
    return _all_or_none(frame, well[missing].mean() >= well[~missing].mean())
