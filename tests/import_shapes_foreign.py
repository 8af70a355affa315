"""Registries' forms, drug charts, plates with a list of samples: written, with what a correct reading gives, before they were tried."""

from datetime import date, datetime, timedelta

import pandas as pd
import pyreadstat
from import_shapes import MONTH, shape, text, trap, workbook

WEEK = 7


# fmt: off
@shape
def registry_form_and_yearly_visits(folder):
    """A form of day 0, and a sheet with a row for each yearly visit: the last one says how it ended."""
    forms = [["Unique Patient Number (UPN)", "Gender", "Date of birth", "Date of first cell infusion", "Weight at infusion (kg)", "CRS", "Maximum CRS grade", "CRS date of onset", "Main cause of death"],
             ["NL-204", "Male", date(2010, 4, 17), date(2020, 1, 14), 31.5, "Yes", 2, date(2020, 1, 17), "Relapse/progression"], ["NL-207", "Female", date(2014, 11, 3), date(2020, 2, 20), 18.2, "No", None, None, None],
             ["NL-211", "Male", date(2008, 6, 25), date(2020, 3, 9), 44, "Yes", 3, date(2020, 3, 10), "Infection"], ["NL-219", "Female", date(2016, 1, 30), date(2020, 5, 28), 15.9, "Yes", 1, date(2020, 6, 1), None]]
    visits = [["UPN", "Date of follow-up", "Survival status", "Relapse or progression", "Date of relapse/progression"],
              ["NL-204", date(2020, 4, 13), "Alive", "No", None], ["NL-204", date(2020, 11, 30), "Dead", "Yes", date(2020, 7, 2)], ["NL-207", date(2020, 5, 20), "Alive", "No", None], ["NL-207", date(2022, 3, 15), "Alive", "No", None],
              ["NL-211", date(2020, 4, 21), "Dead", "No", None], ["NL-219", date(2020, 8, 26), "Alive", "No", None], ["NL-219", date(2021, 12, 13), "Alive", "Yes", date(2021, 1, 19)]]
    return [workbook(folder / "export.xlsx", {"Day 0": forms, "Annual follow-up": visits})], {}, {
        "patients": (["patient_id", "sex", "weight_kg"], [("NL-204", "male", 31.5), ("NL-207", "female", 18.2), ("NL-211", "male", 44), ("NL-219", "female", 15.9)]),
        "toxicity": (["patient_id", "day_from", "grade"], [("NL-204", 3, 2), ("NL-211", 1, 3), ("NL-219", 4, 1)]),
        "followup": (["patient_id", "relapse_day", "death_day", "death_cause", "last_contact_day"], [("NL-204", 170, 321, "leukaemia", 321), ("NL-207", None, None, None, 754), ("NL-211", None, 43, "infection", 43), ("NL-219", 236, None, None, 564)])}


@shape
def chinese_groups_over_numbered_rows(folder):
    """Three rows of headings in Chinese, a column that counts the rows, a foot line."""
    rows = [["CAR-T治疗患儿资料汇总表"] + [None] * 13, ["序号", "基本信息", None, None, None, None, "回输", None, "CRS", None, None, "随访", None, None],
            [None, "姓名", "登记号", "性别", "年龄（岁）", "体重（斤）", "回输日期", "靶点", "最高分级", "开始日期", "结束日期", "复发日期", "末次随访日期", "生存状态"],
            [1, "张小三", "0034561", "男", 7, 45, "2021年3月5日", "CD19", "2级", "2021年3月8日", "2021年3月12日", None, "2022年5月30日", "存活"],
            [2, "张小三", "0034577", "女", 4.5, 32, "2021年3月28日", "CD19/CD22", "1级", "2021年3月30日", "2021年4月1日", "2021年9月14日", "2022年1月19日", "死亡"],
            [3, "张小三", "0034602", "男", 11, 70, "2021年4月16日", "CD19", "无", None, None, None, "2022年6月2日", "存活"],
            ["注：CRS按ASTCT标准分级；生存状态以末次随访为准。"] + [None] * 13]
    return [workbook(folder / "汇总.xlsx", {"患者": rows}, {"患者": ["A1:N1", "A2:A3", "B2:F2", "G2:H2", "I2:K2", "L2:N2"]})], {}, {
        "patients": (["patient_id", "age_years", "weight_kg", "column_1"], [("0034561", 7, 22.5, None), ("0034577", 4.5, 16, None), ("0034602", 11, 35, None)]),
        "toxicity": (["patient_id", "day_from", "day_to", "grade"], [("0034561", 3, 7, 2), ("0034577", 2, 4, 1)]),
        "followup": (["patient_id", "relapse_day", "death_day", "last_contact_day"], [("0034561", None, None, 451), ("0034577", 170, 297, 297), ("0034602", None, None, 412)])}


@shape
def plate_beside_a_list_of_samples(folder):
    """A plate that knows samples only, the list that says whose they are, and the limits of the assay in rows of their own."""
    plate = ("Acquisition Date,12-Mar-2021,,,,\nReader Serial Number,LX10013,,,,\n\nType,Well,Description,Hu IL-6 (19) pg/mL,Hu IL-10 (56) pg/mL,Hu TNF-a (36) pg/mL\nB,A1,,OOR <,OOR <,OOR <\nS1,B1,,24980.1,18200.4,31007.7\n"
             "C1,D1,QC low,101.3,88.2,120.4\nX1,E1,A-01,12.61,*1.02,OOR <\nX2,F1,A-02,884.3,33.9,14.2\nX3,G1,A-03,OOR >,220.7,61.5\nX4,H1,A-04,8.05,OOR <,9.9\nX5,A2,A-05,1.2,18.4,7.5\n\nLLOQ,,,1.9,2.1,5.4\nULOQ,,,22000,18000,31000\n"
             "OOR > = above the range; OOR < = below the range; * = extrapolated,,,,,\n")
    samples = "Sample ID,Patient ID,Days after infusion\nA-01,R11,0\nA-02,R11,3\nA-03,R11,7\nA-04,R12,0\nA-05,R12,3\n"
    return [text(folder, "plate1.csv", plate), text(folder, "manifest.csv", samples)], {"_question": "5 of 6 rows joined by the sample to manifest.csv"}, {
        "patients": (["patient_id"], [("R11",), ("R12",)]),
        "labs": (["patient_id", "day", "analyte", "value", "censored"], [
            ("R11", 0, "IL-6", 12.61, "no"), ("R11", 3, "IL-6", 884.3, "no"), ("R11", 7, "IL-6", 22000, "right"), ("R12", 0, "IL-6", 8.05, "no"), ("R12", 3, "IL-6", 1.9, "left"),
            ("R11", 0, "IL-10", 2.1, "left"), ("R11", 3, "IL-10", 33.9, "no"), ("R11", 7, "IL-10", 220.7, "no"), ("R12", 0, "IL-10", 2.1, "left"), ("R12", 3, "IL-10", 18.4, "no"),
            ("R11", 0, "TNF-α", 5.4, "left"), ("R11", 3, "TNF-α", 14.2, "no"), ("R11", 7, "TNF-α", 61.5, "no"), ("R12", 0, "TNF-α", 9.9, "no"), ("R12", 3, "TNF-α", 7.5, "no")])}


@shape
def laboratory_with_a_clock(folder):
    """A laboratory's rows with the clock in a column of its own, thousands points, decimal commas, marks and foot lines."""
    rows = ("Laborauszug;;;;;;\nErstellt am 04.02.2022;;;;;;\n;;;;;;\nPatient ID;Collection date;Time;Test;Result;Unit;Reference range\n0007;03.06.2021;06:10;CRP;12,4;mg/L;0-5\n0007;06.06.2021;05:55;CRP;1.104,5;mg/L;0-5\n"
            "0007;06.06.2021;05:55;IL-6;> 5.000;pg/mL;<7\n0007;10.06.2021;06:30;Ferritin;843,2 *;ng/mL;15-150\n0012;21.07.2021;07:00;CRP;< 0,6;mg/L;0-5\n0012;24.07.2021;07:05;IL-6;2.310,4;pg/mL;<7\n\n;;;;;;\n* haemolytic sample;;;;;;\n")
    patients = "Patient ID;Sex;Age (years);Weight (kg);Infusion date;Last contact;Death\n0007;m;9,4;28,5;03.06.2021;21.01.2022;no\n0012;f;3,1;14,0;21.07.2021;13.10.2021;yes\n"
    return [text(folder, "labor.csv", rows, "cp1252"), text(folder, "patients.csv", patients, "cp1252")], {}, {
        "labs": (["patient_id", "day", "time", "analyte", "value", "censored"], [("0007", 0, "06:10", "CRP", 12.4, "no"), ("0007", 3, "05:55", "CRP", 1104.5, "no"), ("0007", 3, "05:55", "IL-6", 5000, "right"), ("0007", 7, "06:30", "ferritin", 843.2, "no"), ("0012", 0, "07:00", "CRP", 0.6, "left"), ("0012", 3, "07:05", "IL-6", 2310.4, "no")]),
        "followup": (["patient_id", "death_day", "last_contact_day"], [("0007", None, 232), ("0012", 84, 84)])}


@shape
def spss_with_a_competing_event(folder):
    """A status with three labels, of which one is the competing event; declared missing codes of each kind."""
    data = pd.DataFrame({"patnr": [1, 2, 3, 4, 5], "sex": [1, 2, 2, 1, 9], "agey": [6.5, 11.2, 999, 3, 14.4], "wt": [21, 38.5, 30.1, 998, 55], "crsmax": [0, 1, 2, 3, 8],
                         "osm": [14, 3.5, 22.25, 9, 30.5], "osstat": [0, 1, 0, 1, 0], "cirm": [8, 3.5, 22.25, 5.5, 998], "cirstat": [1, 2, 0, 1, 9]}, dtype=float)
    path = folder / "study.sav"
    pyreadstat.write_sav(data, str(path),
        column_labels={"patnr": "Patient number", "sex": "Sex", "agey": "Age at infusion (years)", "wt": "Weight at infusion (kg)", "crsmax": "Maximum CRS grade (ASTCT)", "osm": "Overall survival (months)", "osstat": "Status overall survival", "cirm": "Time to relapse or competing event (months)", "cirstat": "Status for cumulative incidence of relapse"},
        variable_value_labels={"sex": {1: "male", 2: "female", 9: "not known"}, "osstat": {0: "alive", 1: "dead"}, "cirstat": {0: "censored", 1: "relapse", 2: "death without relapse", 9: "not known"}, "crsmax": {0: "none", 8: "not done"}},
        missing_ranges={"sex": [9], "agey": [{"lo": 997, "hi": 999}], "wt": [{"lo": 997, "hi": 999}], "crsmax": [8], "cirm": [{"lo": 997, "hi": 999}], "cirstat": [9]})
    return [path], {"_question": "death came first"}, {
        "patients": (["patient_id", "sex", "age_years", "weight_kg"], [("1", "male", 6.5, 21), ("2", "female", 11.2, 38.5), ("3", "female", None, 30.1), ("4", "male", 3, None), ("5", None, 14.4, 55)]),
        "status": (["patient_id", "crs_grade_max", "relapse"], [("1", 0, None), ("2", 1, None), ("3", 2, None), ("4", 3, None), ("5", None, "unknown")]),
        "followup": (["patient_id", "relapse_day", "death_day", "last_contact_day"], [("1", 8 * MONTH, None, 14 * MONTH), ("2", None, 3.5 * MONTH, 3.5 * MONTH), ("3", None, None, 22.25 * MONTH), ("4", 5.5 * MONTH, 9 * MONTH, 9 * MONTH), ("5", None, None, 30.5 * MONTH)])}


@shape
def weeks_and_months_with_a_turned_flag(folder):
    """One pair in weeks, one in months, of which the second says who was censored."""
    rows = ("# exported from the study database\nid\tsex (M/F)\tage, years\tOS (weeks)\tdeath (TRUE/FALSE)\tTTR (months)\tcensored for relapse (1=censored, 0=relapsed)\nu01\tM\t8\t52.0\tFALSE\t11.5\t1\nu02\tF\t5\t20.5\tTRUE\t3.0\t0\n"
            "u03\tF\t12\t104\tFALSE\t6.25\t0\nu04\tM\t16\t7\tTRUE\t1.6\t1\n")
    return [text(folder, "data.tsv", rows)], {}, {
        "followup": (["patient_id", "relapse_day", "death_day", "last_contact_day"], [("u01", None, None, 52 * WEEK), ("u02", 3 * MONTH, 20.5 * WEEK, 20.5 * WEEK), ("u03", 6.25 * MONTH, None, 104 * WEEK), ("u04", None, 7 * WEEK, 7 * WEEK)])}


@shape
def infusions_with_a_number_sign(folder):
    """A row per infusion, whose number stands under "Infusion #"."""
    rows = [["Study no.", "Sex", "Infusion #", "CAR-T infusion date", "Weight (kg)", "Peak CRS grade", "Day of CRS onset", "Relapse date", "Date of death", "Last seen"],
            ["C3", "M", 1, datetime(2019, 2, 11), 33, 2, 3, datetime(2019, 9, 2), None, datetime(2021, 1, 15)], ["C3", "M", 2, datetime(2019, 10, 21), 36.5, 1, 5, None, None, datetime(2021, 1, 15)],
            ["C8", "F", 1, datetime(2019, 6, 17), 24.9, 3, 1, datetime(2019, 12, 19), datetime(2020, 3, 28), datetime(2020, 3, 28)], ["C9", "M", 1, datetime(2019, 8, 30), 52.4, 0, None, None, None, datetime(2020, 10, 13)], ["Total", None, 4]]
    return [workbook(folder / "infusions.xlsx", {"CAR-T": rows})], {"_question": "1 of whom had several"}, {
        "patients": (["patient_id", "weight_kg", "infusion_here"], [("C3", 33, None), ("C8", 24.9, None), ("C9", 52.4, None)]),
        "screening": (["patient_id", "infusion_number", "excluded_reason"], [("C3", 1, None), ("C3", 2, "repeat infusion"), ("C8", 1, None), ("C9", 1, None)]),
        "followup": (["patient_id", "relapse_day", "death_day", "last_contact_day"], [("C3", 203, None, 704), ("C8", 185, 285, 285), ("C9", None, None, 410)])}


@shape
def redcap_two_logs_with_labels(folder):
    """Two repeating instruments whose fields only the dictionary explains: a log of steroids and a log of samples."""
    fields = [("record_id,baseline,text,Record ID,,", ""), ("pat_initials,baseline,text,Initials,,", "y"), ('sex,baseline,radio,Sex,"1, Female | 2, Male",', ""), ("age_inf,baseline,text,Age at infusion (months),,number", ""), ("inf_date,baseline,text,CAR-T infusion date,,date_ymd", ""),
              ('ster_drug,steroid_log,dropdown,Steroid,"1, Dexamethasone | 2, Methylprednisolone",', ""), ("ster_date,steroid_log,text,Date given,,date_ymd", ""), ("ster_dose,steroid_log,text,Dose (mg),,number", ""), ('ster_route,steroid_log,radio,Route,"1, Intravenous | 2, Oral",', ""),
              ("lab_date,lab_log,text,Sample date,,date_ymd", ""), ("lab_crp,lab_log,text,CRP (mg/dL),,number", ""), ("lab_il6,lab_log,text,IL-6 (pg/mL),,number", ""),
              ('fu_status,follow_up,radio,Vital status,"0, Alive | 1, Dead | 9, Unknown",', ""), ("fu_date,follow_up,text,Date of last contact or death,,date_ymd", ""), ("fu_relapse,follow_up,yesno,Relapse,,", ""), ("fu_relapse_date,follow_up,text,Date of relapse,,date_ymd", "")]
    dictionary = ('"Variable / Field Name","Form Name","Field Type","Field Label","Choices, Calculations, OR Slider Labels","Text Validation Type OR Show Slider Number",Identifier?\n' + "".join(f"{field},{mark}\n" for field, mark in fields))
    head = ["record_id", "redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance", *[field.split(",")[0] for field, _ in fields[1:]]]
    rows = [{"record_id": 1, "redcap_event_name": "baseline_arm_1", "pat_initials": "Planted", "sex": 2, "age_inf": 119, "inf_date": "2021-03-22"}, {"record_id": 1, "redcap_repeat_instrument": "steroid_log", "redcap_repeat_instance": 1, "ster_drug": 1, "ster_date": "2021-03-25", "ster_dose": 6, "ster_route": 1},
            {"record_id": 1, "redcap_repeat_instrument": "steroid_log", "redcap_repeat_instance": 2, "ster_drug": 2, "ster_date": "2021-03-28", "ster_dose": 60, "ster_route": 2}, {"record_id": 1, "redcap_repeat_instrument": "lab_log", "redcap_repeat_instance": 1, "lab_date": "2021-03-22", "lab_crp": 0.5, "lab_il6": 11},
            {"record_id": 1, "redcap_repeat_instrument": "lab_log", "redcap_repeat_instance": 2, "lab_date": "2021-03-25", "lab_crp": 9.1}, {"record_id": 1, "redcap_event_name": "fu_arm_1", "fu_status": 0, "fu_date": "2022-04-01", "fu_relapse": 1, "fu_relapse_date": "2021-11-13"},
            {"record_id": 2, "redcap_event_name": "baseline_arm_1", "pat_initials": "Planted", "sex": 1, "age_inf": 55, "inf_date": "2021-04-12"}, {"record_id": 2, "redcap_repeat_instrument": "lab_log", "redcap_repeat_instance": 1, "lab_date": "2021-04-19", "lab_crp": 1.5, "lab_il6": 3.4}, {"record_id": 2, "redcap_event_name": "fu_arm_1", "fu_status": 1, "fu_date": "2021-09-27", "fu_relapse": 0},
            {"record_id": 3, "redcap_event_name": "baseline_arm_1", "pat_initials": "Planted", "sex": 1, "age_inf": 160, "inf_date": "2021-05-17"}, {"record_id": 3, "redcap_event_name": "fu_arm_1", "fu_status": 0, "fu_date": "2021-12-30"}]
    data = ",".join(head) + "\n" + "".join(",".join(str(row.get(name, "")) for name in head) + "\n" for row in rows)
    return [text(folder, "DATA.csv", data), text(folder, "Dictionary.csv", dictionary)], {}, {
        "patients": (["patient_id", "sex", "age_years"], [("1", "male", 119 / 12), ("2", "female", 55 / 12), ("3", "female", 160 / 12)]),
        "treatments": (["patient_id", "agent", "day", "dose_mg", "route"], [("1", "dexamethasone", 3, 6, "IV"), ("1", "methylprednisolone", 6, 60, "PO")]),
        "labs": (["patient_id", "day", "analyte", "value"], [("1", 0, "CRP", 5), ("1", 0, "IL-6", 11), ("1", 3, "CRP", 91), ("2", 7, "CRP", 15), ("2", 7, "IL-6", 3.4)]),
        "status": (["patient_id", "relapse"], [("1", "yes"), ("2", "no"), ("3", "unknown")]),
        "followup": (["patient_id", "relapse_day", "death_day", "last_contact_day"], [("1", 236, None, 375), ("2", None, 168, 168), ("3", None, None, 227)])}


PATIENTS = "Patient ID,Sex,Age (years),Weight (kg),Infusion date,Date of death,Date of last contact\nP01,male,8,25,2021-02-03,,2022-01-20\nP02,female,11,36,2021-03-15,2021-09-29,2021-09-29\nP03,male,5,19,2021-04-26,,2022-02-17\nP04,female,13,44,2021-06-21,,2022-03-30\n"


@shape
def asked_and_not_answered(folder):
    """Whoever has no answer where others have one is unknown, not free of it: CRS, a drug, a relapse, a patient without a row."""
    rows = ("id,sex,infusion date,CRS,CRS grade,CRS onset date,tocilizumab,date of first tocilizumab,last contact,death,relapse,relapse date\n1,m,2021-01-04,yes,2,2021-01-06,yes,2021-01-07,2022-01-05,no,no,\n2,f,2021-02-04,no,,,no,,2022-01-06,no,yes,2021-07-01\n"
            "3,m,2021-03-04,NA,NA,NA,NA,,2021-12-06,no,NA,\n4,f,2021-04-04,no,0,,no,,2021-12-30,yes,no,\n")
    return [text(folder, "a.csv", rows), text(folder, "i.csv", "id,ICANS grade,ICANS onset day\n1,1,5\n2,0,\n4,0,\n")], {}, {
        "status": (["patient_id", "crs", "tcz", "relapse", "icans"], [("1", None, "yes", "no", None), ("2", "no", "no", "yes", "no"), ("3", "unknown", "unknown", "unknown", "unknown"), ("4", "no", "no", "no", "no")])}


@shape
def doses_several_times_a_day(folder):
    """A chart of prescriptions: the dose of one time, and how often a day."""
    rows = "Patient ID,Drug,Date,Dose (mg),Frequency,Route\nP01,methylprednisolone,2021-02-06,40,BID,IV\nP01,methylprednisolone,2021-02-07,40,q8h,IV\nP02,dexamethasone,2021-03-18,6,every 6 hours,IV\nP03,tocilizumab,2021-04-29,150,once,IV\n"
    return [text(folder, "patients.csv", PATIENTS), text(folder, "drugs.csv", rows)], {"_question": "multiplied by the times a day"}, {
        "treatments": (["patient_id", "agent", "day", "dose_mg"], [("P01", "methylprednisolone", 3, 80), ("P01", "methylprednisolone", 4, 120), ("P02", "dexamethasone", 3, 24), ("P03", "tocilizumab", 3, 150)])}


@shape
def courses_of_daily_doses(folder):
    """A row per course: a start, a stop and the dose of each day."""
    rows = "Patient ID,Drug,Start date,Stop date,Daily dose (mg/kg)\nP01,methylprednisolone,2021-02-06,2021-02-08,2\nP02,dexamethasone,2021-03-18,2021-03-18,0.5\n"
    return [text(folder, "patients.csv", PATIENTS), text(folder, "drugs.csv", rows)], {"_question": "one administration a day"}, {
        "treatments": (["patient_id", "agent", "day", "dose_mg"], [("P01", "methylprednisolone", 3, 50), ("P01", "methylprednisolone", 4, 50), ("P01", "methylprednisolone", 5, 50), ("P02", "dexamethasone", 3, 18)])}


@shape
def courses_with_a_frequency(folder):
    """A start, a stop, the dose of one time and how often: the dose of each day of the course."""
    rows = "Patient ID,Medication,Begin,End date,Dose,Dose unit,Times per day\nP01,methylprednisolone,2021-02-06,2021-02-07,20,mg,2\nP02,dexamethasone,2021-03-18,2021-03-19,4,mg,3\n"
    return [text(folder, "patients.csv", PATIENTS), text(folder, "drugs.csv", rows)], {"_question": "one administration a day"}, {
        "treatments": (["patient_id", "agent", "day", "dose_mg"], [("P01", "methylprednisolone", 3, 40), ("P01", "methylprednisolone", 4, 40), ("P02", "dexamethasone", 3, 12), ("P02", "dexamethasone", 4, 12)])}


@shape
def pounds_inches_and_months(folder):
    """Weights in pounds, heights in inches, ages in months, residual disease in per cent."""
    rows = "Patient ID,Sex,Age (months),Weight (lb),Height (inches),Infusion date,MRD day 28 (%),Date of last contact,Died\nP01,male,102,55,50,2021-02-03,0.05,2022-01-20,no\nP02,female,138,80,57.5,2021-03-15,2.5,2021-09-29,yes\n"
    return [text(folder, "patients.csv", rows)], {}, {
        "patients": (["patient_id", "age_years", "weight_kg", "height_cm"], [("P01", 8.5, 24.948, 127), ("P02", 11.5, 36.287, 146.05)]),
        "response": (["patient_id", "mrd_day30"], [("P01", 0.0005), ("P02", 0.025)])}


@shape
def hours_after_the_infusion(folder):
    """Onset and end of CRS in hours: full days of 24 hours."""
    rows = "Patient ID,CRS grade,CRS onset (hours after infusion),CRS end (h)\nP01,2,50,170\nP02,1,75,120\nP03,3,20,260\n"
    return [text(folder, "patients.csv", PATIENTS), text(folder, "crs.csv", rows)], {"_question": "full days of 24 hours"}, {
        "toxicity": (["patient_id", "day_from", "day_to", "grade"], [("P01", 2, 7, 2), ("P02", 3, 5, 1), ("P03", 0, 10, 3)])}


@shape
def placeholders_and_spreadsheet_errors(folder):
    """Dates that stand for never or not known, and cells in which a formula failed: all empty."""
    rows = [["Patient ID", "Sex", "Age (years)", "Infusion date", "Date of relapse", "Date of death", "Date of last contact"], ["P01", "male", 8, date(2021, 2, 3), date(9999, 12, 31), "9999-12-31", date(2022, 1, 20)], ["P02", "female", "#VALUE!", date(2021, 3, 15), date(2021, 7, 30), "2021-09-29", date(2021, 9, 29)],
            ["P03", "male", 5, date(2021, 4, 26), date(1900, 1, 1), "9999-12-31", date(2022, 2, 17)], ["P04", "female", 13, date(2021, 6, 21), "########", "#N/A", date(2022, 3, 30)]]
    return [workbook(folder / "p.xlsx", {"p": rows})], {"_question": "no date of a patient"}, {
        "patients": (["patient_id", "age_years"], [("P01", 8), ("P02", None), ("P03", 5), ("P04", 13)]),
        "followup": (["patient_id", "relapse_day", "death_day", "last_contact_day"], [("P01", None, None, 351), ("P02", 137, 198, 198), ("P03", None, None, 297), ("P04", None, None, 282)])}


@shape
def dead_on_a_day_that_nobody_wrote(folder):
    """A status of death without a date is a death, not a last contact of somebody alive."""
    rows = "Patient ID,Sex,Infusion date,Status at last follow-up,Date of death,Date of last contact\nP01,male,2021-02-03,alive,,2022-01-20\nP02,female,2021-03-15,dead,2021-09-29,2021-09-29\nP03,male,2021-04-26,dead,,2021-12-17\nP04,female,2021-06-21,lost to follow-up,,2021-08-30\n"
    return [text(folder, "p.csv", rows)], {"_question": "1 cells say death and have no date"}, {
        "status": (["patient_id", "death"], [("P01", "no"), ("P02", "yes"), ("P03", "yes"), ("P04", "no")]),
        "followup": (["patient_id", "death_day", "last_contact_day"], [("P01", None, 351), ("P02", 198, 198), ("P03", None, 235), ("P04", None, 70)])}


@shape
def a_sheet_for_each_analyte(folder):
    """The name of the sheet is the analyte, its columns are days."""
    sheets = {"Patients": [["Patient", "Sex", "Infusion date", "Last follow-up", "Died"], ["A1", "F", date(2021, 3, 4), date(2022, 3, 4), "no"], ["A2", "M", date(2021, 4, 15), date(2021, 10, 12), "yes"]],
              "CRP": [["Patient", "D0", "D3"], ["A1", 2.2, 45], ["A2", 5, "<0.6"]], "IL-6": [["Patient", "D0", "D7"], ["A1", 4, ">5000"], ["A2", 7, None]]}
    return [workbook(folder / "labs.xlsx", sheets)], {"_question": "no unit is written for CRP"}, {
        "labs": (["patient_id", "day", "analyte", "value", "censored"], [("A1", 0, "CRP", 2.2, "no"), ("A1", 3, "CRP", 45, "no"), ("A2", 0, "CRP", 5, "no"), ("A2", 3, "CRP", 0.6, "left"), ("A1", 0, "IL-6", 4, "no"), ("A1", 7, "IL-6", 5000, "right"), ("A2", 0, "IL-6", 7, "no")])}


@shape
def french_letters_of_yes_and_no(folder):
    """(O/N) in the headings: oui and non."""
    rows = ("N° patient;Nom;Sexe;Date de naissance;Date d'injection;Poids (kg);CRS (O/N);Grade max CRS;Corticoïdes (O/N);Rechute (O/N);Date de rechute;Décès (O/N);Date des dernières nouvelles\nF01;Planted;F;13/05/2012;13/05/2020;32,5;O;2;O;N;;N;27/11/2021\n"
            "F02;Planted;M;30/07/2015;22/06/2020;18,0;N;;N;O;15/12/2020;O;19/02/2021\nF03;Planted;F;15/01/2009;20/07/2020;44,2;O;3;N;N;;N;31/12/2021\n")
    return [text(folder, "patients.csv", rows, "cp1252")], {}, {
        "patients": (["patient_id", "sex", "age_years", "weight_kg"], [("F01", "female", 8.0, 32.5), ("F02", "male", 4.9, 18), ("F03", "female", 11.51, 44.2)]),
        "status": (["patient_id", "crs", "crs_grade_max", "gc"], [("F01", "yes", 2, "yes"), ("F02", "no", None, "no"), ("F03", "yes", 3, "no")]),
        "followup": (["patient_id", "relapse_day", "death_day", "last_contact_day"], [("F01", None, None, 563), ("F02", 176, 242, 242), ("F03", None, None, 529)])}


@shape
def grades_under_the_name_of_the_syndrome(folder):
    """A column CRS that holds "No CRS" and "Grade 2"."""
    rows = "Patient ID,Infusion date,CRS,Neurotoxicity,Last contact,Died\nP1,2021-02-03,Grade 2,No,2022-01-20,no\nP2,2021-03-15,No CRS,No,2022-02-20,no\nP3,2021-04-26,Grade 4,Grade 3,2021-08-02,yes\n"
    return [text(folder, "p.csv", rows)], {}, {"status": (["patient_id", "crs", "crs_grade_max", "icans_grade_max"], [("P1", "yes", 2, 0), ("P2", "no", 0, 0), ("P3", "yes", 4, 3)])}


@shape
def units_inside_the_cells(folder):
    """Excel's first line sep=, keys in two cases, and a unit in each result, not always the same."""
    patients = "sep=;\nPatient;Sex;Infusion;Weight;Last seen;Died\nk-01;F;03.02.2021;22,5 kg;20.01.2022;no\nK-02 ;M;15.03.2021;31 kg;29.09.2021;yes\n"
    results = "sep=;\nPatient;Date;Test;Result\nK-01;03.02.2021;CRP;12,5 mg/L\nK-01;06.02.2021;CRP;1,1 mg/dL\nk-02;15.03.2021;IL-6;<2 pg/mL\nK-02;18.03.2021;Ferritin;1.850 µg/L\nK-02;19.03.2021;Ferritin;950,5 ng/mL\n"
    return [text(folder, "p.csv", patients, "utf-8-sig"), text(folder, "l.csv", results, "utf-8-sig")], {}, {
        "labs": (["patient_id", "day", "analyte", "value", "unit", "censored"], [("k-01", 0, "CRP", 12.5, "mg/L", "no"), ("k-01", 3, "CRP", 11, "mg/L", "no"), ("K-02", 0, "IL-6", 2, "pg/mL", "left"), ("K-02", 3, "ferritin", 1850, "µg/L", "no"), ("K-02", 4, "ferritin", 950.5, "µg/L", "no")])}


@shape
def traditional_signs(folder):
    """Headings in the signs of Hong Kong and Taiwan."""
    rows = [["編號", "姓名", "性別", "年齡(歲)", "體重(kg)", "輸注日期", "CRS分級", "是否使用類固醇", "復發日期", "死亡日期", "末次追蹤日期"], ["T01", "張小三", "男", 8, 25.5, date(2021, 3, 4), 2, "是", None, None, date(2022, 3, 4)], ["T02", "張小三", "女", 5, 17, date(2021, 4, 15), 0, "否", date(2021, 9, 1), date(2021, 12, 24), date(2021, 12, 24)]]
    return [workbook(folder / "病人.xlsx", {"資料": rows})], {}, {
        "patients": (["patient_id", "sex", "age_years", "weight_kg"], [("T01", "male", 8, 25.5), ("T02", "female", 5, 17)]), "status": (["patient_id", "crs_grade_max", "gc"], [("T01", 2, "yes"), ("T02", 0, "no")]),
        "followup": (["patient_id", "relapse_day", "death_day", "last_contact_day"], [("T01", None, None, 365), ("T02", 139, 253, 253)])}


@shape
def common_data_model_of_records(folder):
    """Tables of the OMOP common data model, with the words that the source wrote."""
    files = {"person.csv": "person_id,gender_source_value,birth_datetime\n101,M,2012-05-04 00:00:00\n102,F,2015-07-30 00:00:00\n", "cohort.csv": "subject_id,cohort_start_date\n101,2020-05-04\n102,2020-06-15\n", "death.csv": "person_id,death_date\n102,2020-12-02\n",
             "drug_exposure.csv": "drug_exposure_id,person_id,drug_source_value,drug_exposure_start_date,route_source_value\n1,101,Dexamethasone,2020-05-08,IV\n2,102,Tocilizumab,2020-06-18,IV\n",
             "measurement.csv": "measurement_id,person_id,measurement_source_value,measurement_date,value_as_number,unit_source_value\n1,101,CRP,2020-05-04,3.1,mg/L\n2,102,IL-6,2020-06-18,1203,pg/mL\n"}
    return [text(folder, name, content) for name, content in files.items()], {}, {
        "patients": (["patient_id", "sex", "age_years"], [("101", "male", 8), ("102", "female", 4.88)]), "treatments": (["patient_id", "agent", "day", "route"], [("101", "dexamethasone", 4, "IV"), ("102", "tocilizumab", 3, "IV")]),
        "labs": (["patient_id", "day", "analyte", "value"], [("101", 0, "CRP", 3.1), ("102", 3, "IL-6", 1203)]), "followup": (["patient_id", "death_day"], [("102", 170)])}


@trap("nothing says of what")
def days_of_nobody_knows_what(d):
    return [text(d, "p.csv", PATIENTS), text(d, "sheet1.csv", "Patient ID,D0,D3,D7\nP01,2.2,45,90\nP02,5,0.6,11\nP03,7,8.8,31\n")]


@trap("can be read as that")
def years_of_the_republic(d):
    return [text(d, "p.csv", "編號,性別,輸注日期,末次追蹤日期\nT01,男,110/03/04,111/03/04\nT02,女,110/04/15,110/12/24\n")]


@trap("deny a death that has a date")
def alive_with_a_date_of_death(d):
    return [text(d, "p.csv", "Patient ID,Infusion date,Status,Date of death,Date of last contact\nP01,2021-02-03,alive,2021-09-20,2021-09-20\nP02,2021-03-15,dead,2021-09-29,2021-09-29\n")]


@trap("after the date of their death")
def a_contact_after_the_death(d):
    return [text(d, "p.csv", PATIENTS), text(d, "v.csv", "Patient ID,Date of last contact\nP01,2022-01-20\nP02,2022-02-28\n")]


@trap("told in equivalents of prednisone")
def doses_in_equivalents(d):
    return [text(d, "p.csv", PATIENTS), text(d, "m.csv", "Patient ID,Drug,Date,Dose (mg prednisone equivalent)\nP01,methylprednisolone,2021-02-06,50\nP02,dexamethasone,2021-03-18,40\n")]


@trap("no number: left empty")
def ranges_and_signs_among_results(d):
    return [text(d, "p.csv", PATIENTS), text(d, "l.csv", "Patient ID,Date,Test,Result,Unit\nP01,2021-02-03,CRP,5-10,mg/L\nP01,2021-02-06,CRP,88,mg/L\nP02,2021-03-18,CRP,~40,mg/L\nP04,2021-06-21,IL-6,++,pg/mL\n")]


@trap("none that can be read as that")
def results_without_a_number(d):
    return [text(d, "p.csv", PATIENTS), text(d, "l.csv", "Patient ID,Date,Test,Result,Unit\nP01,2021-02-03,CRP,raised,mg/L\nP01,2021-02-06,CRP,high,mg/L\nP02,2021-03-18,CRP,normal,mg/L\n")]


@trap("words that are not known here")
def a_frequency_in_other_words(d):
    return [text(d, "p.csv", PATIENTS), text(d, "m.csv", "Patient ID,Drug,Date,Dose (mg),Frequency\nP01,methylprednisolone,2021-02-06,40,mane et nocte\nP02,dexamethasone,2021-03-18,6,as needed\n")]


@trap("fractions or per cent")
def residual_disease_without_a_unit(d):
    return [text(d, "p.csv", "Patient ID,Infusion date,MRD day 28,Date of last contact,Died\nP01,2021-02-03,0.05,2022-01-20,no\nP02,2021-03-15,0.5,2021-09-29,yes\n")]


@trap("millions of cells per kg")
def a_dose_of_cells_in_other_units(d):
    return [text(d, "p.csv", "Patient ID,Infusion date,CAR-T dose (x10^8 cells),Date of last contact,Died\nP01,2021-02-03,1.2,2022-01-20,no\nP02,2021-03-15,0.8,2021-09-29,yes\n")]


@trap("error of the spreadsheet")
def an_age_that_a_formula_lost(d):
    return [workbook(d / "p.xlsx", {"p": [["Patient ID", "Age (years)", "Infusion date", "Date of last contact", "Died"], ["P01", 8, date(2021, 2, 3), date(2022, 1, 20), "no"], ["P02", "#REF!", date(2021, 3, 15), date(2021, 9, 29), "yes"]]})]


@trap("neither a death nor a last contact")
def a_date_of_death_that_stands_for_never(d):
    return [text(d, "p.csv", "Patient ID,Infusion date,Date of death,Date of last contact\nP01,2021-02-03,9999-12-31,\nP02,2021-03-15,2021-09-29,2021-09-29\nP03,2021-04-15,9999-12-31,2021-12-29\n")]


@trap("joined by the sample")
def samples_that_the_list_does_not_have(d):
    start = datetime(2021, 3, 1)
    listed = "".join(f"S{i},K{i // 3},{(start + timedelta(days=i)).date()}\n" for i in range(6))
    return [text(d, "list.csv", f"Sample ID,Patient ID,Sample date\n{listed}"), text(d, "r.csv", "Sample ID,IL-6 (pg/mL)\nS0,5\nS1,6\nS3,8\nS5,9\nS77,4\n"), text(d, "p.csv", "Patient ID,Infusion date\nK0,2021-03-01\nK1,2021-03-03\n")]


@trap("fewer cells than the headings (row 3)")
def a_row_that_was_cut(d):
    return [text(d, "p.csv", PATIENTS.replace("P02,female,11,36,2021-03-15,2021-09-29,2021-09-29", "P02,female,11,36"))]


@trap("fewer cells than the headings (row 5)")
def a_file_that_was_cut(d):
    return [text(d, "p.csv", PATIENTS[: PATIENTS.index("44,2021")] + "4")]


@trap("fewer cells than the headings (row 3)")
def a_quotation_mark_that_is_never_closed(d):
    return [text(d, "p.csv", PATIENTS.replace("P02,female", 'P02,"female'))]


@shape
def grades_of_those_who_had_it(folder):
    """A grade for those with CRS, an empty cell for the others: none only if a person says so."""
    rows = "id,sex,infusion date,max CRS grade,CRS onset date,last contact,died\n1,m,2021-01-04,2,2021-01-06,2022-01-05,no\n2,f,2021-02-04,,,2022-01-06,no\n3,f,2021-03-04,3,2021-03-08,2021-12-06,yes\n"
    return [text(folder, "a.csv", rows)], {"_question": "no cell says grade 0", "max CRS grade": {"empty_means": "0"}}, {
        "status": (["patient_id", "crs", "crs_grade_max"], [("2", "no", 0)]), "toxicity": (["patient_id", "day_from", "grade"], [("1", 2, 2), ("3", 4, 3)])}


@shape
def grades_that_are_not_known(folder):
    """The same, left as it is: not known."""
    files, _, _ = grades_of_those_who_had_it(folder)
    return files, {}, {"status": (["patient_id", "crs"], [("2", "unknown")])}
