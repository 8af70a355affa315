"""Charts, grids of days and exports of systems: units in columns of their own, flags of limits, rows that are no dose, findings that are no fate."""

from datetime import datetime

from import_shapes import shape, text, trap, workbook

# fmt: off

PATIENTS = "ID,Sex,CAR-T infusion date,Last seen\nA1,M,2021-03-14,2022-03-14\nA2,F,2021-05-02,2022-05-02\nA3,F,2021-06-20,2022-06-20\n"


@shape
def units_in_columns_of_their_own(folder):
    content = ("ID,Infusion date,Weight,Weight unit,Height,Height unit,BM blasts pre-infusion (%)\nA1,2021-03-14,20,kg,110,cm,5\nA2,2021-05-02,44,lb,40,in,12\nA3,2021-06-20,30,kg,140,cm,0\n")
    return [text(folder, "p.csv", content)], {}, {
        "patients": (["patient_id", "weight_kg", "height_cm", "blast_preinfusion_pct"], [("A1", 20, 110, 5), ("A2", 44 * .45359237, 40 * 2.54, 12), ("A3", 30, 140, 0)])}


@shape
def findings_at_the_last_visit_are_no_fate(folder):
    content = ("ID,Infusion date,Last FU date,BCA at last FU,In remission at last follow-up,MRD at last FU,CD19 status at relapse,Vital status\n"
               "A1,2021-03-14,2022-03-14,Y,Y,Negative,,Alive\nA2,2021-05-02,2021-09-02,N,N,Positive,negative,Dead\nA3,2021-06-20,2022-06-20,Y,Y,Negative,,Alive\n")
    return [text(folder, "p.csv", content)], {}, {
        "followup": (["patient_id", "death_day", "last_contact_day"], [("A1", None, 365), ("A2", 123, 123), ("A3", None, 365)])}


@shape
def a_chart_of_drugs_with_rows_that_are_no_dose(folder):
    chart = ("ID,Medication,Taken time,MAR action,Dose,Unit,Route\nA1,tocilizumab (ACTEMRA) 8 mg/kg,2021-03-17 10:00,New Bag,160,mg,IV\nA1,tocilizumab (ACTEMRA) 8 mg/kg,2021-03-17 10:30,Rate Change,160,mg,IV\n"
             "A1,tocilizumab (ACTEMRA) 8 mg/kg,2021-03-17 11:00,Stopped,160,mg,IV\nA2,Decadron,2021-05-06 08:00,Given,4,mg,PO\nA2,Decadron,2021-05-06 20:00,Held,4,mg,PO\n"
             "A3,Solu-Cortef,2021-06-25 08:00,Given,25,mg,Subcutaneous\n")
    return [text(folder, "p.csv", PATIENTS), text(folder, "mar.csv", chart)], {}, {
        "treatments": (["patient_id", "day", "agent", "dose_mg", "route"], [("A1", 3, "tocilizumab", 160, "IV"), ("A2", 4, "dexamethasone", 4, "PO"), ("A3", 5, "hydrocortisone", 25, "SC")])}


@shape
def days_given_and_times_a_day(folder):
    drugs = ("ID;steroid;start day;days given;mg/day\nA1;methylprednisolone;4;2;30\nA2;prednisolone;6;1;10\n")
    more = ("ID,Drug,Date,Dose (mg),Times/day\nA3,Dexamethasone,2021-06-24,5,2\nA3,Dexamethasone,2021-06-25,5,1\n")
    return [text(folder, "p.csv", PATIENTS), text(folder, "s.csv", drugs), text(folder, "d.csv", more)], {}, {
        "treatments": (["patient_id", "day", "agent", "dose_mg"], [("A1", 4, "methylprednisolone", 30), ("A1", 5, "methylprednisolone", 30), ("A2", 6, "prednisolone", 10), ("A3", 4, "dexamethasone", 10), ("A3", 5, "dexamethasone", 5)])}


@shape
def hours_between_doses_and_the_day_of_dosing(folder):
    hours = "ID,Drug,Dosing day,Dose (mg),Interval (h)\nA1,Dexamethasone,3,4,6\nA2,Dexamethasone,4,4,12\nA3,Dexamethasone,5,4,24\n"
    states = "ID,Drug,Date,Dose (mg),State\nA1,Tocilizumab,2021-03-16,160,Completed\nA2,Tocilizumab,2021-05-05,200,Completed\nA3,Tocilizumab,2021-06-22,240,Held\nA3,Tocilizumab,2021-06-23,240,Completed\n"
    return [text(folder, "p.csv", PATIENTS), text(folder, "d.csv", hours), text(folder, "t.csv", states)], {}, {
        "treatments": (["patient_id", "day", "agent", "dose_mg"], [("A1", 3, "dexamethasone", 16), ("A2", 4, "dexamethasone", 8), ("A3", 5, "dexamethasone", 4),
                        ("A1", 2, "tocilizumab", 160), ("A2", 3, "tocilizumab", 200), ("A3", 3, "tocilizumab", 240)])}


@shape
def a_dose_beside_its_first_day(folder):
    content = ("编号,回输日期,首次托珠单抗日期,托珠单抗剂量(mg)\nA1,2021-03-14,2021-03-17,160\nA2,2021-05-02,,\nA3,2021-06-20,2021-06-22,240\n")
    return [text(folder, "p.csv", content)], {}, {
        "treatments": (["patient_id", "day", "agent", "dose_mg"], [("A1", 3, "tocilizumab", 160), ("A3", 2, "tocilizumab", 240)])}


@shape
def sheets_of_days_named_by_their_title(folder):
    grid = [["CRS grade per day (ASTCT), 0 = none", None, None, None], ["ID", "Day 0", "Day +1", "Day +2"], ["A1", 0, 1, 2], ["A2", 0, 0, 1]]
    steroids = [["Methylprednisolone daily dose (mg). Blank = not given", None, None, None], ["ID", "Day 0", "Day +1", "Day +2"], ["A1", None, 40, 40], ["A2", None, None, None]]
    master = [["ID", "Infusion date", "Last seen"], ["A1", datetime(2021, 3, 14), datetime(2022, 3, 14)], ["A2", datetime(2021, 5, 2), datetime(2022, 5, 2)], ["Total n = 2", None, None]]
    return [workbook(folder / "t.xlsx", {"Master": master, "CRS": grid, "Steroids": steroids})], {}, {
        "patients": (["patient_id"], [("A1",), ("A2",)]),
        "toxicity": (["patient_id", "event", "day_from", "grade"], [("A1", "CRS", 1, 1), ("A1", "CRS", 2, 2), ("A2", "CRS", 2, 1)]),
        "treatments": (["patient_id", "day", "agent", "dose_mg"], [("A1", 1, "methylprednisolone", 40), ("A1", 2, "methylprednisolone", 40)])}


@shape
def flags_of_limits_and_words_of_laboratories(folder):
    labs = ("ID,Day,Analyte,Value,below.LLOQ,LLOQ,Unit\nA1,1,IL-6,,TRUE,15,pg/mL\nA1,2,IL-6,88,FALSE,15,pg/mL\nA1,3,CRP,27.1 (H),FALSE,,mg/L\nA2,1,ferritin,\"Greater than 40,000\",FALSE,,ng/L\nA2,2,IL-6,Less than 15,FALSE,,pg/mL\n")
    return [text(folder, "p.csv", PATIENTS), text(folder, "l.csv", labs)], {}, {
        "labs": (["patient_id", "day", "analyte", "value", "censored"], [("A1", 1, "IL-6", 15, "left"), ("A1", 2, "IL-6", 88, "no"), ("A1", 3, "CRP", 27.1, "no"), ("A2", 1, "ferritin", 40, "right"), ("A2", 2, "IL-6", 15, "left")])}


@shape
def residual_disease_below_a_limit(folder):
    content = "ID,Infusion date,MRD D+28 (%)\nA1,2021-03-14,<0.01\nA2,2021-05-02,0.4\nA3,2021-06-20,<0.1\n"
    return [text(folder, "p.csv", content)], {"_question": "neither negative"}, {
        "response": (["patient_id", "mrd_day30", "mrd_day30_result"], [("A1", None, "negative"), ("A2", .004, None)])}


@shape
def times_of_adam_in_months_beside_their_dates(folder):
    subjects = "USUBJID,SEX,TRTSDT\nS-1,M,2021-03-14\nS-2,F,2021-05-02\nS-3,F,2021-06-20\n"
    times = ("USUBJID,PARAMCD,PARAM,AVAL,CNSR,EVNTDESC,STARTDT,ADT\nS-1,OS,Overall Survival (months),12.02,1,Alive,2021-03-14,2022-03-14\nS-1,EFS,Event-Free Survival (months),6.08,0,Relapse,2021-03-14,2021-09-14\n"
             "S-2,OS,Overall Survival (months),4.07,0,Death,2021-05-02,2021-09-02\nS-2,EFS,Event-Free Survival (months),0.99,0,Treatment failure (no CR/CRi by Day 28),2021-05-02,2021-05-31\n"
             "S-3,OS,Overall Survival (months),12.02,1,Alive,2021-06-20,2022-06-20\nS-3,EFS,Event-Free Survival (months),12.02,1,Ongoing,2021-06-20,2022-06-20\n")
    return [text(folder, "adsl.csv", subjects), text(folder, "adtte.csv", times)], {}, {
        "followup": (["patient_id", "relapse_day", "treatment_failure_day", "death_day", "last_contact_day"], [("S-1", 184, None, None, 365), ("S-2", None, 29, 123, 123), ("S-3", None, None, None, 365)])}


@shape
def domains_with_vital_signs_qualifiers_and_a_later_relapse(folder):
    dm = "STUDYID,DOMAIN,USUBJID,RFSTDTC,SEX,AGE,AGEU,ACTARM,RFPENDTC\nX,DM,X-1,2021-03-14,M,9,YEARS,CART,2022-03-14\nX,DM,X-2,2021-05-02,F,8,YEARS,CART,2022-05-02\nX,DM,X-9,,F,8,YEARS,Screen Failure,2021-05-02\n"
    vs = "STUDYID,DOMAIN,USUBJID,VSTESTCD,VSSTRESN,VSSTRESU,VSBLFL,VSDY\nX,VS,X-1,WEIGHT,29,kg,,-20\nX,VS,X-1,WEIGHT,30,kg,Y,-1\nX,VS,X-2,WEIGHT,25,kg,Y,-1\nX,VS,X-2,TEMP,37,C,Y,-1\nX,VS,X-9,WEIGHT,20,kg,Y,-1\n"
    rs = "STUDYID,DOMAIN,USUBJID,RSTESTCD,RSSTRESC,VISIT,RSDTC\nX,RS,X-1,OVRLRESP,CR,DAY 28,2021-04-11\nX,RS,X-1,OVRLRESP,RELAPSED DISEASE,UNSCHEDULED,2021-09-14\nX,RS,X-2,OVRLRESP,CRi,DAY 28,2021-05-30\n"
    supp = "STUDYID,RDOMAIN,USUBJID,IDVAR,IDVARVAL,QNAM,QLABEL,QVAL\nX,DM,X-1,,,SAFETY,Safety flag,Y\nX,DM,X-2,,,SAFETY,Safety flag,Y\n"
    cm = "STUDYID,DOMAIN,USUBJID,CMTRT,CMCAT,CMDOSE,CMDOSU,CMSTDTC\nX,CM,X-1,DEXAMETHASONE,CONCOMITANT MEDICATIONS,5,mg,2021-03-18\nX,CM,X-2,TOCILIZUMAB,CONCOMITANT MEDICATIONS,200,mg,2021-05-05\n"
    return [text(folder, f"{name}.csv", content) for name, content in (("dm", dm), ("vs", vs), ("rs", rs), ("suppdm", supp), ("cm", cm))], {}, {
        "patients": (["patient_id", "sex", "weight_kg"], [("X-1", "male", 30), ("X-2", "female", 25)]),
        "response": (["patient_id", "day30_response"], [("X-1", "CR"), ("X-2", "CRi")]),
        "followup": (["patient_id", "relapse_day", "last_contact_day"], [("X-1", 184, 365), ("X-2", None, 365)]),
        "treatments": (["patient_id", "day", "agent", "dose_mg"], [("X-1", 4, "dexamethasone", 5), ("X-2", 3, "tocilizumab", 200)])}


@shape
def months_that_are_rounded_beside_dates(folder):
    content = ("id,infusion,OS months,dead,last follow-up,relapse date,EFS months,EFS event\nA1,2021-03-14,4.07,1,2021-07-16,2021-06-14,3.0,1\nA2,2021-05-02,12.0,0,2022-05-02,,12.0,0\n")
    return [text(folder, "p.csv", content)], {}, {
        "followup": (["patient_id", "relapse_day", "death_day", "last_contact_day"], [("A1", 92, 124, 124), ("A2", None, None, 365)])}


@shape
def names_with_numbers_that_would_run_together(folder):
    content = "Patient,Sex,Infusion date,CRS grade\n1-12,M,2021-03-14,1\n11-2,M,2021-03-14,3\n1-2,F,2021-05-02,2\n"
    labs = "Patient,Day,IL-6 (pg/mL)\n01-12,1,10\n11-02,1,99\n"
    return [text(folder, "p.csv", content), text(folder, "l.csv", labs)], {}, {
        "patients": (["patient_id", "sex"], [("1-12", "male"), ("11-2", "male"), ("1-2", "female")]),
        "labs": (["patient_id", "day", "value"], [("1-12", 1, 10), ("11-2", 1, 99)])}


@trap("the same patients?")
def names_that_differ_by_zeros(folder):
    return [text(folder, "p.csv", "Patient,Sex,Infusion date\n1,M,2021-03-14\n01,M,2021-03-14\n2,F,2021-05-02\n")]


@trap("both tell the status of death")
def two_statuses_that_disagree(folder):
    return [text(folder, "p.csv", "ID,Infusion date,Last seen,Vital status,Dead\n1,2021-03-14,2022-03-14,Alive,N\n2,2021-05-02,2022-05-02,Alive,Y\n3,2021-06-20,2022-06-20,Dead,Y\n")]
