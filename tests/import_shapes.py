"""Invented files of other hospitals, in the shapes that were met, each with the tables that a correct reading gives.

A shape is a function of a folder that writes its files there and returns them, the answers that a person would give to what
is asked (by heading: fields of the column), and the expected rows by table. Names and values are made up.
"""

from datetime import datetime
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pyreadstat
from openpyxl.utils.datetime import CALENDAR_MAC_1904

MONTH = 365.25 / 12
PLANTED = (
    "Planted",
    "Auntie",
    "0170",
    "张小三",
    "13800000000",
    "99887",
    "0098761",
)  # stand where names and numbers stand in files
SHAPES, TRAPS = {}, {}


def shape(make):
    """Register a shape under its name."""
    assert make.__name__ not in SHAPES, f"two shapes are called {make.__name__}"
    SHAPES[make.__name__] = make
    return make


def trap(word):
    """Register a trap: files, and a word that the question about them has."""

    def register(make):
        assert make.__name__ not in TRAPS, f"two traps are called {make.__name__}"
        TRAPS[make.__name__] = (make, word)
        return make

    return register


def text(folder: Path, name: str, content: str, encoding: str = "utf-8") -> Path:
    """Write a text file."""
    path = folder / name
    path.write_bytes(content.encode(encoding))
    return path


def all_told(mapping, folder: Path) -> str:
    """Join all that a mapping and the files of a folder say."""
    written = [path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*")) if path.is_file()]
    return mapping.model_dump_json() + "".join(written)


def workbook(path: Path, sheets: dict, merged: dict | None = None, epoch=None) -> Path:
    """Write a workbook of several sheets."""
    made = openpyxl.Workbook()
    made.remove(made.active)
    if epoch:
        made.epoch = epoch
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
        for cells in (merged or {}).get(name, ()):
            sheet.merge_cells(cells)
    made.save(path)
    return path


# fmt: off
@shape
def french(folder):
    content = "Registre CAR-T;;;;;;;\nExtraction du 02/03/2024;;;;;;;\nN° patient;Sexe;Âge (ans);Poids (kg);Date d'injection;Date de décès;Date des dernières nouvelles;CRP J7 (mg/L)\n" \
      "0012;F;7,5;23,4;13/02/2020;;14/02/2021;12,5\n0013;H;11,25;40;15/03/2020;20/03/2020;20/03/2020;1.204,5\n0014;F;3;14,2;28/04/2020;;30/05/2020;ND\n\n* ND : non disponible;;;;;;;\nSource : dossier médical;;;;;;;\n"
    return [text(folder, "fr.csv", content, "cp1252")], {}, {"patients": (["patient_id", "sex", "age_years", "weight_kg"], [("0012", "female", 7.5, 23.4), ("0013", "male", 11.25, 40), ("0014", "female", 3, 14.2)]), "followup": (["patient_id", "death_day", "last_contact_day"], [("0012", None, 367), ("0013", 5, 5), ("0014", None, 32)]), "labs": (["patient_id", "day", "analyte", "value"], [("0012", 7, "CRP", 12.5), ("0013", 7, "CRP", 1204.5)])}


@shape
def utf16_chinese(folder):
    content = "患者编号\t性别\t年龄\t回输日期\tCRS分级\tICANS分级\t是否使用托珠单抗\t是否使用激素\t死亡日期\t末次随访日期\n" \
      "P01\t男\t8\t2021年3月1日\t2级\t0级\t是\t否\t\t2022年3月1日\nP02\t女\t5\t2021年4月15日\t3级\t1级\t是\t是\t2021年6月1日\t2021年6月1日\nP03\t女\t12\t2021年5月20日\t0级\t0级\t否\t否\t\t2021年12月31日\n"
    return [text(folder, "zh.txt", content, "utf-16")], {}, {"patients": (["patient_id", "sex", "age_years"], [("P01", "male", 8), ("P02", "female", 5), ("P03", "female", 12)]), "status": (["patient_id", "crs", "crs_grade_max", "icans", "icans_grade_max", "gc", "tcz"], [("P01", "yes", 2, "no", 0, "no", "yes"), ("P02", "yes", 3, "yes", 1, "yes", "yes"), ("P03", "no", 0, "no", 0, "no", "no")]), "followup": (["patient_id", "death_day", "last_contact_day"], [("P01", None, 365), ("P02", 47, 47), ("P03", None, 225)])}


@shape
def gb18030_long_labs(folder):
    patients = "病人编号,性别,出生日期,回输时间,末次随访日期,生存状态\n1001,男,2012-05-01,2020-05-01 10:30,2021-05-01,存活\n1002,女,2010-01-15,2020-06-01 09:00,2020-07-01,死亡\n"
    labs = "病人编号,采样时间,检验项目,结果,单位\n1001,2020-05-02 06:10,白细胞介素6,<1.5,pg/mL\n1001,2020-05-04 06:00,C反应蛋白,1.2,mg/dL\n1002,2020-06-03 07:20,铁蛋白,1200,ng/mL\n1002,2020-06-03 07:20,血红蛋白,98,g/L\n"
    return [text(folder, "病人.csv", patients, "gb18030"), text(folder, "化验.csv", labs, "gb18030")], {}, {"patients": (["patient_id", "sex", "age_years"], [("1001", "male", 8.0), ("1002", "female", 10.38)]), "followup": (["patient_id", "death_day", "last_contact_day"], [("1001", None, 365), ("1002", 30, 30)]), "labs": (["patient_id", "day", "time", "analyte", "value", "censored"], [("1001", 1, "06:10", "IL-6", 1.5, "left"), ("1001", 3, "06:00", "CRP", 12, "no"), ("1002", 2, "07:20", "ferritin", 1200, "no"), ("1002", 2, "07:20", "血红蛋白", 98, "no")])}


@shape
def merged_two_rows(folder):
    r = [["Demographics", None, None, "CRS", None, None, "ICANS", None, None, "Outcome", None, None],
       ["ID", "Sex", "Age", "Grade", "Onset (day)", "End (day)", "Grade", "Onset (day)", "End (day)", "Best response", "Status", "OS (months)"],
       ["K1", "M", 9, 2, 1, 5, 0, None, None, "CR", "Alive", 12], ["K2", "F", 4, 3, 2, 9, 2, 4, 7, "NR", "Dead", 6], ["K3", "F", 15, 0, None, None, 0, None, None, "CRi", "Alive", 24.5]]
    return [workbook(folder / "two.xlsx", {"Sheet1": r}, {"Sheet1": ["A1:C1", "D1:F1", "G1:I1", "J1:L1"]})], {}, {"patients": (["patient_id", "sex", "age_years"], [("K1", "male", 9), ("K2", "female", 4), ("K3", "female", 15)]), "toxicity": (["patient_id", "event", "day_from", "day_to", "grade"], [("K1", "CRS", 1, 5, 2), ("K2", "CRS", 2, 9, 3), ("K2", "ICANS", 4, 7, 2)]), "response": (["patient_id", "day30_response"], [("K1", "CR"), ("K2", "NR"), ("K3", "CRi")]), "followup": (["patient_id", "death_day", "last_contact_day"], [("K1", None, 12 * MONTH), ("K2", 6 * MONTH, 6 * MONTH), ("K3", None, 24.5 * MONTH)])}


@shape
def row_per_sample(folder):
    content = "Patient,Sample ID,Sample date,Infusion date,Sex,Age at infusion,Ferritin (ng/mL),IL-6 (pg/mL),sIL2R (U/mL)\n" \
      "A,A-1,2020-01-15,2020-01-14,F,6,350,12,900\nA,A-2,2020-01-17,2020-01-14,F,6,2350,512,1900\nB,B-1,2020-02-20,2020-02-20,M,10,120,<5,300\nB,B-2,2020-02-27,2020-02-20,,,99,8,\n"
    return [text(folder, "samples.csv", content)], {}, {"patients": (["patient_id", "sex", "age_years"], [("A", "female", 6), ("B", "male", 10)]), "labs": (["patient_id", "day", "analyte", "value", "censored"], [("A", 1, "ferritin", 350, "no"), ("A", 1, "IL-6", 12, "no"), ("A", 1, "sIL-2R", 900, "no"), ("A", 3, "ferritin", 2350, "no"), ("A", 3, "IL-6", 512, "no"), ("A", 3, "sIL-2R", 1900, "no"),
             ("B", 0, "ferritin", 120, "no"), ("B", 0, "IL-6", 5, "left"), ("B", 0, "sIL-2R", 300, "no"), ("B", 7, "ferritin", 99, "no"), ("B", 7, "IL-6", 8, "no")])}


@shape
def row_per_event(folder):
    patients = "Subject;Sex;Infusion date;Last contact;Vital status\n1;M;03.02.2021;04.02.2022;alive\n2;F;14.02.2021;20.02.2021;dead\n3;F;25.03.2021;26.03.2022;alive\n"
    e = "Subject;Adverse event;Grade;Start date;End date\n1;CRS;1;04.02.2021;05.02.2021\n1;CRS;2;06.02.2021;08.02.2021\n2;CRS;4;15.02.2021;\n2;ICANS;3;16.02.2021;19.02.2021\n2;Neutropenia;4;16.02.2021;19.02.2021\n"
    return [text(folder, "pat.csv", patients), text(folder, "ae.csv", e)], {}, {"patients": (["patient_id", "sex"], [("1", "male"), ("2", "female"), ("3", "female")]), "toxicity": (["patient_id", "event", "day_from", "day_to", "grade"], [("1", "CRS", 1, 2, 1), ("1", "CRS", 3, 5, 2), ("2", "CRS", 1, None, 4), ("2", "ICANS", 2, 5, 3)]), "followup": (["patient_id", "death_day", "last_contact_day"], [("1", None, 366), ("2", 6, 6), ("3", None, 366)])}


@shape
def two_infusions(folder):
    content = "Patient ID,Infusion number,Infusion date,Sex,CAR-T dose (10^6/kg),CRS grade,CRS onset day,Last follow up,Date of death\n" \
      "P1,1,2019-01-10,F,1.5,2,1,2021-01-09,\nP1,2,2020-03-15,F,2,0,,2021-01-09,\nP2,1,2019-05-20,M,1,3,2,2019-08-28,2019-08-28\nP3,1,2019-06-25,M,3,1,4,2020-06-24,\nP3,2,2020-01-28,M,3,4,1,2020-06-24,\n"
    return [text(folder, "inf.csv", content)], {}, {"patients": (["patient_id", "sex", "car_dose_e6_per_kg"], [("P1", "female", 1.5), ("P2", "male", 1), ("P3", "male", 3)]), "toxicity": (["patient_id", "event", "day_from", "grade"], [("P1", "CRS", 1, 2), ("P2", "CRS", 2, 3), ("P3", "CRS", 4, 1)]), "followup": (["patient_id", "death_day", "last_contact_day"], [("P1", None, 730), ("P2", 100, 100), ("P3", None, 365)]), "screening": (["patient_id", "infusion_number", "excluded_reason"], [("P1", 1, None), ("P1", 2, "repeat infusion"), ("P2", 1, None), ("P3", 1, None), ("P3", 2, "repeat infusion")])}


@shape
def months_one_two(folder):
    content = "case\tgender\tage_mo\tOS_m\tOS_stat\tPFS_m\tPFS_stat\n1\tmale\t100\t12.5\t1\t6\t2\n2\tfemale\t60\t3.2\t2\t3.2\t2\n3\tfemale\t44\t30\t1\t30\t1\n4\tmale\t150\t8\t2\t4\t2\n"
    return [text(folder, "os.tsv", content)], {}, {"patients": (["patient_id", "sex", "age_years"], [("1", "male", 100/12), ("2", "female", 5), ("3", "female", 44/12), ("4", "male", 12.5)]), "followup": (["patient_id", "death_day", "progression_day", "last_contact_day"], [("1", None, 6 * MONTH, 12.5 * MONTH), ("2", 3.2 * MONTH, None, 3.2 * MONTH), ("3", None, None, 30 * MONTH), ("4", 8 * MONTH, 4 * MONTH, 8 * MONTH)])}


@shape
def weeks_labelled(folder):
    content = "id,sex (1=male 2=female),survival (weeks),status (1=censored 2=dead)\n1,1,10,1\n2,2,20.14,2\n3,2,3,2\n"
    return [text(folder, "wk.csv", content)], {}, {"patients": (["patient_id", "sex"], [("1", "male"), ("2", "female"), ("3", "female")]), "followup": (["patient_id", "death_day", "last_contact_day"], [("1", None, 70), ("2", 141, 141), ("3", 21, 21)])}


@shape
def adam(folder):
    sl = pd.DataFrame({"STUDYID": ["S"]*3, "USUBJID": ["S-01", "S-02", "S-03"], "SEX": ["M", "F", "F"], "AGE": [9., 14., 3.], "AGEU": ["YEARS"]*3, "TRTSDT": pd.to_datetime(["2020-01-01", "2020-02-01", "2020-03-01"])})
    tte = pd.DataFrame([("S", "S-01", "OS", "Overall Survival", 14., "MONTHS", 1., ""), ("S", "S-01", "PFS", "PFS", 6., "MONTHS", 0., "PD"), ("S", "S-02", "OS", "Overall Survival", 5., "MONTHS", 0., "DEATH"),
       ("S", "S-02", "PFS", "PFS", 5., "MONTHS", 0., "DEATH"), ("S", "S-03", "OS", "Overall Survival", 20., "MONTHS", 2., ""), ("S", "S-03", "PFS", "PFS", 18., "MONTHS", 1., "")], columns=["STUDYID", "USUBJID", "PARAMCD", "PARAM", "AVAL", "AVALU", "CNSR", "EVNTDESC"])
    pyreadstat.write_xport(sl.drop(columns="TRTSDT"), str(folder / "adsl.xpt"), file_format_version=5)
    pyreadstat.write_xport(tte, str(folder / "adtte.xpt"), file_format_version=5)
    return [folder / "adsl.xpt", folder / "adtte.xpt"], {}, {"patients": (["patient_id", "sex", "age_years"], [("S-01", "male", 9), ("S-02", "female", 14), ("S-03", "female", 3)]), "followup": (["patient_id", "death_day", "progression_day", "last_contact_day", "last_assessment_day"], [("S-01", None, 6 * MONTH, 14 * MONTH, None), ("S-02", 5 * MONTH, None, 5 * MONTH, None), ("S-03", None, None, 20 * MONTH, 18 * MONTH)])}


@shape
def redcap(folder):
    dic = '"Variable / Field Name","Form Name","Field Type","Field Label","Choices, Calculations, OR Slider Labels","Text Validation Type OR Show Slider Number",Identifier?\n' \
     'record_id,demo,text,Study ID,,,\nsurname,demo,text,Surname,,,y\ndob,demo,text,Date of birth,,date_mdy,y\nsex,demo,radio,Sex,"0, Male | 1, Female | 9, Unknown",,\ninf_date,demo,text,Date of CAR-T infusion,,date_mdy,\n' \
     'tox,demo,checkbox,Treatment of CRS,"1, Tocilizumab | 2, Corticosteroids | 3, Ruxolitinib | -99, Not known",,\ncrsgr,demo,dropdown,Maximum CRS grade,"0, None | 1, Grade 1 | 2, Grade 2 | 3, Grade 3 | 99, Missing",,\n' \
     'labdate,labs,text,Sample date,,date_mdy,\nil6,labs,text,IL-6 (pg/mL),,number,\nferr,labs,text,Ferritin (ng/mL),,number,\n' \
     'lfu,fu,text,Date of last follow-up,,date_mdy,\nvital,fu,radio,Vital status,"1, Alive | 2, Dead | 3, Unknown",,\nmemo,fu,notes,Comments,,,\n'
    h = "record_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,redcap_data_access_group,surname,dob,sex,inf_date,tox___1,tox___2,tox___3,tox____99,crsgr,demo_complete,labdate,il6,ferr,labs_complete,lfu,vital,memo,fu_complete\n"
    r = ["1,baseline_arm_1,,,hosp_a,Planted,2012-03-04,1,2020-01-05,1,0,0,0,2,2,,,,,,,,", "1,baseline_arm_1,labs,1,hosp_a,,,,,,,,,,,2020-01-06,55.5,300,2,,,,", "1,baseline_arm_1,labs,2,hosp_a,,,,,,,,,,,2020-01-09,9,,2,,,,", "1,fu_arm_1,,,hosp_a,,,,,,,,,,,,,,,2021-01-04,1,called Aunt Planted,2",
       "2,baseline_arm_1,,,hosp_b,Planted2,2015-07-30,0,2020-02-10,0,1,0,0,3,2,,,,,,,,", "2,baseline_arm_1,labs,1,hosp_b,,,,,,,,,,,2020-02-12,800,9000,2,,,,", "2,fu_arm_1,,,hosp_b,,,,,,,,,,,,,,,2020-03-01,2,,2",
       "3,baseline_arm_1,,,hosp_b,Planted3,2010-01-01,9,2020-03-10,0,0,0,0,99,0,,,,,,,,", "3,fu_arm_1,,,hosp_b,,,,,,,,,,,,,,,2020-05-10,3,,2"]
    return [text(folder, "data.csv", h+"\n".join(r)+"\n"), text(folder, "dict.csv", dic)], {}, {"patients": (["patient_id", "sex"], [("1", "female"), ("2", "male"), ("3", None)]), "status": (["patient_id", "crs", "crs_grade_max", "gc", "tcz", "rux"], [("1", "yes", 2, "no", "yes", "no"), ("2", "yes", 3, "yes", "no", "no")]), "labs": (["patient_id", "day", "analyte", "value"], [("1", 1, "IL-6", 55.5), ("1", 1, "ferritin", 300), ("1", 4, "IL-6", 9), ("2", 2, "IL-6", 800), ("2", 2, "ferritin", 9000)]), "followup": (["patient_id", "death_day", "last_contact_day"], [("1", None, 365), ("2", 20, 20)])}


@shape
def plate(folder):
    content = "File Name: run7\nAcquisition Date: 03-Feb-2021\nReader Serial Number: LX100\n\nType,Well,Description,Hu IFN-g (21),Hu IL-10 (56),Hu IL-6 (19)\nB,A1,,*0.11,OOR <,OOR <\nS1,B1,,5000.2,4000.1,9000.4\nS2,C1,,1250,1000,2250\nX1,D1,C01 D0,OOR <,3.2,1.1\nX2,E1,C01 D3,88.1,*1.05,OOR >\nX3,F1,C02 D0,1.9,4.4,OOR <\nX4,G1,C02 D7,---,12.8,55\n"
    return [text(folder, "plate.csv", content)], {"Hu IFN-g (21)": {"left_at": 0.5}, "Hu IL-6 (19)": {"left_at": 0.9, "right_at": 9000}}, {"labs": (["patient_id", "day", "analyte", "value", "censored"], [("C01", 0, "IFN-γ", .5, "left"), ("C01", 0, "IL-10", 3.2, "no"), ("C01", 0, "IL-6", 1.1, "no"), ("C01", 3, "IFN-γ", 88.1, "no"), ("C01", 3, "IL-10", 1.05, "no"), ("C01", 3, "IL-6", 9000, "right"), ("C02", 0, "IFN-γ", 1.9, "no"), ("C02", 0, "IL-10", 4.4, "no"), ("C02", 0, "IL-6", .9, "left"), ("C02", 7, "IL-10", 12.8, "no"), ("C02", 7, "IL-6", 55, "no")])}


@shape
def mixed_date_systems(folder):
    p = [["Study ID", "Infusion date", "Date of death", "Last follow-up"], ["1", datetime(2020, 1, 13), None, datetime(2021, 1, 13)], ["2", datetime(2020, 2, 14), datetime(2024, 4, 1), datetime(2024, 4, 1)], ["3", datetime(2020, 3, 15), None, datetime(2021, 4, 20)], ["4", datetime(2020, 3, 3), None, datetime(2021, 4, 2)]]
    # row 2's dates were pasted from a 1900 workbook: 1,462 days late (true 2020-03-31)
    f = workbook(folder / "mac.xlsx", {"Patients": p}, epoch=CALENDAR_MAC_1904)
    return [f], {"_question": "two date systems"}, {}


@shape
def never(folder):
    content = "Recipientgender;Recipientage;time_to_aGvHD_III_IV;PLTrecovery;relapse;survival_time;survival_status\nM;9,6;1000000;12;0;999;0\nF;4;32;1000000;1;163;1\nF;?;1000000;15;0;435;1\n"
    return [text(folder, "n.csv", content)], {}, {"exposures": (["patient_id", "exposure", "day"], [("1", "platelet recovery", 12), ("2", "acute GVHD III-IV", 32), ("3", "platelet recovery", 15)]), "followup": (["patient_id", "death_day", "last_contact_day"], [("1", None, 999), ("2", 163, 163), ("3", 435, 435)]), "status": (["patient_id", "relapse"], [("1", "no"), ("2", "yes"), ("3", "no")])}


@shape
def unknown(folder):
    content = "#Patient Identifier\tSex\tOverall Survival (Months)\tOverall Survival Status\tRelapse Free Status (Months)\tRelapse Free Status\n#x\tx\tx\tx\tx\tx\n#STRING\tSTRING\tNUMBER\tSTRING\tNUMBER\tSTRING\n#1\t1\t1\t1\t1\t1\nPATIENT_ID\tSEX\tOS_MONTHS\tOS_STATUS\tRFS_MONTHS\tRFS_STATUS\nT-1\tMale\t10\t0:LIVING\t10\t0:Not Recurred\nT-2\tFemale\t20\t1:DECEASED\t12\t1:Recurred\nT-3\tFemale\t30\tUNKNOWN\t30\tUNKNOWN\nT-4\tMale\t\t1:DECEASED\t\t\n"
    return [text(folder, "data_clinical_patient.txt", content)], {}, {"patients": (["patient_id", "sex"], [("T-1", "male"), ("T-2", "female"), ("T-3", "female"), ("T-4", "male")]), "followup": (["patient_id", "death_day", "progression_day", "last_contact_day"], [("T-1", None, None, 10 * MONTH), ("T-2", 20 * MONTH, 12 * MONTH, 20 * MONTH)])}


@shape
def doses_by_weight(folder):
    patients = "ID,Weight (kg),Infusion date,Date last seen,Dead (0/1)\n1,20,2020-03-14,2021-03-14,0\n2,35.5,2020-05-20,2020-06-20,1\n"
    content = "ID,Date,Drug,Dose,Unit,Route\n1,2020-03-16,Methylprednisolone,2,mg/kg,IV\n1,2020-03-17,methylprednisolone,40,mg,IV\n1,2020-03-16,Tocilizumab,8,mg/kg,IV\n2,2020-05-21,Dexamethasone,0.2,mg/kg,po\n2,2020-05-22,Solu-Medrol,0.04,g,iv\n"
    return [text(folder, "p.csv", patients), text(folder, "drugs.csv", content)], {}, {"treatments": (["patient_id", "day", "agent", "route", "dose_mg"], [("1", 2, "methylprednisolone", "IV", 40), ("1", 2, "tocilizumab", "IV", 160), ("1", 3, "methylprednisolone", "IV", 40), ("2", 1, "dexamethasone", "PO", 7.1), ("2", 2, "methylprednisolone", "IV", 40)]), "followup": (["patient_id", "death_day", "last_contact_day"], [("1", None, 365), ("2", 31, 31)])}


@shape
def spss(folder):
    df = pd.DataFrame({"pnr": ["a", "b", "c", "d"], "geschl": [1., 2., 2., 9.], "alter": [8., -1., 12., 5.], "crsgrad": [2., 9., 0., 4.], "zeit": [12., 3.5, 24., 7.], "stat": [0., 1., 2., 1.]})
    pyreadstat.write_sav(df, str(folder / "s.sav"), column_labels=["Patientennummer", "Geschlecht", "Alter (Jahre)", "CRS grade, maximum", "Überlebenszeit (Monate)", "Status"],
      variable_value_labels={"geschl": {1: "männlich", 2: "weiblich", 9: "k.A."}, "crsgrad": {0: "kein CRS", 9: "nicht erhoben"}, "stat": {0: "lebt", 1: "verstorben", 2: "lost to follow-up"}},
      missing_ranges={"geschl": [9], "alter": [{"lo": -9, "hi": -1}], "crsgrad": [9]})
    return [folder / "s.sav"], {}, {"patients": (["patient_id", "sex", "age_years"], [("a", "male", 8), ("b", "female", None), ("c", "female", 12), ("d", None, 5)]), "status": (["patient_id", "crs_grade_max"], [("a", 2), ("c", 0), ("d", 4)]), "followup": (["patient_id", "death_day", "last_contact_day"], [("a", None, 12 * MONTH), ("b", 3.5 * MONTH, 3.5 * MONTH), ("c", None, 24 * MONTH), ("d", 7 * MONTH, 7 * MONTH)])}


@shape
def stata(folder):
    df = pd.DataFrame({"patid": [101, 102, 103], "sex": [0, 1, 1], "infdate": pd.to_datetime(["2019-02-13", "2019-03-20", "2019-04-25"]), "lastfu": pd.to_datetime(["2020-02-13", "2019-05-20", "2021-04-25"]), "died": [0, 1, 0], "resp": [1, 3, 2], "stero": [1, 0, 1]})
    df.to_stata(folder / "x.dta", write_index=False, convert_dates={"infdate": "td", "lastfu": "td"}, value_labels={"sex": {0: "Female", 1: "Male"}, "died": {0: "No", 1: "Yes"}, "resp": {1: "CR", 2: "PR", 3: "NR"}, "stero": {0: "No", 1: "Yes"}},
      variable_labels={"patid": "Patient ID", "sex": "Sex", "infdate": "Date of infusion", "lastfu": "Date of last follow-up", "died": "Died", "resp": "Response at day 28", "stero": "Corticosteroids"})
    return [folder / "x.dta"], {}, {"patients": (["patient_id", "sex"], [("101", "female"), ("102", "male"), ("103", "male")]), "response": (["patient_id", "day30_response"], [("101", "CR"), ("102", "NR"), ("103", "PR")]), "status": (["patient_id", "gc"], [("101", "yes"), ("102", "no"), ("103", "yes")]), "followup": (["patient_id", "death_day", "last_contact_day"], [("101", None, 365), ("102", 61, 61), ("103", None, 731)])}


@shape
def arff(folder):
    content = "% UCI\n@relation bmt\n\n@attribute Gender {1,0}\n@attribute 'Age at transplant' numeric\n@attribute Relapse {0,1}\n@attribute survival_time numeric\n@attribute survival_status {0,1}\n@data\n1,9.6,0,999,0\n0,4.0,1,163,1\n1,?,0,435,1\n"
    return [text(folder, "b.arff", content)], {"Gender": {"codes": {"1": "male", "0": "female"}}}, {"patients": (["patient_id", "sex", "age_years"], [("1", "male", 9.6), ("2", "female", 4), ("3", "male", None)]), "followup": (["patient_id", "death_day", "last_contact_day"], [("1", None, 999), ("2", 163, 163), ("3", 435, 435)])}


@shape
def many_sheets(folder):
    P = [["CAR-T registry, data lock 31.12.2022"], [], ["Pat. ID", "Gender (0=male, 1=female)", "Age at infusion (yrs)", "Infusion date", "Prior HSCT (Y/N)", "CRS max grade", "CRS onset date", "Vital status", "Last contact", "Remarks"],
       [1, 0, 12, datetime(2021, 1, 15), "N", 2, datetime(2021, 1, 17), "Alive", datetime(2022, 1, 15), "lives with Aunt"], [2, 1, 7, datetime(2021, 2, 16), "Y", 0, None, "Deceased", datetime(2021, 5, 27), None], [3, 1, 9, datetime(2021, 3, 20), "N", 3, datetime(2021, 3, 21), "alive", datetime(2022, 6, 1), "x"], [], ["Legend: Y yes N no"]]
    L = [["Pat. ID", "Day 0", None, "Day 7", None], [None, "CRP (mg/L)", "IL-6 (pg/ml)", "CRP (mg/L)", "IL-6 (pg/ml)"], [1, 3.5, 10, 55, 800], [2, "<1", "n/a", 12, "<2"], [3, 7, 22, None, 1500]]
    T = [["Pat. ID", "Drug", "Date", "Dose (mg)", "Route"], [1, "Tocilizumab", datetime(2021, 1, 18), 320, "i.v."], [3, "Dexamethasone", datetime(2021, 3, 22), 10, "i.v."], [3, "Dexamethasone", datetime(2021, 3, 23), 10, "p.o."]]
    return [workbook(folder / "reg.xlsx", {"Patients": P, "Labs": L, "Drugs": T}, {"Labs": ["B1:C1", "D1:E1"]})], {}, {"patients": (["patient_id", "sex", "age_years", "prior_transplant"], [("1", "male", 12, False), ("2", "female", 7, True), ("3", "female", 9, False)]), "toxicity": (["patient_id", "event", "day_from", "grade"], [("1", "CRS", 2, 2), ("3", "CRS", 1, 3)]), "followup": (["patient_id", "death_day", "last_contact_day"], [("1", None, 365), ("2", 100, 100), ("3", None, 438)]), "labs": (["patient_id", "day", "analyte", "value", "censored"], [("1", 0, "CRP", 3.5, "no"), ("1", 0, "IL-6", 10, "no"), ("1", 7, "CRP", 55, "no"), ("1", 7, "IL-6", 800, "no"), ("2", 0, "CRP", 1, "left"), ("2", 7, "CRP", 12, "no"), ("2", 7, "IL-6", 2, "left"), ("3", 0, "CRP", 7, "no"), ("3", 0, "IL-6", 22, "no"), ("3", 7, "IL-6", 1500, "no")]), "treatments": (["patient_id", "day", "agent", "route", "dose_mg"], [("1", 3, "tocilizumab", "IV", 320), ("3", 2, "dexamethasone", "IV", 10), ("3", 3, "dexamethasone", "PO", 10)])}


@shape
def redcap_labels(folder):
    h = '"Record ID","Event Name","Repeat Instrument","Repeat Instance","Sex","Date of infusion","Maximum CRS grade","Treatment of CRS (choice=Tocilizumab)","Treatment of CRS (choice=Corticosteroids)","Complete?","Vital status","Date of last contact","Complete?"\n'
    r = '1,Baseline,,,Female,2021-03-13,Grade 2,Checked,Unchecked,Complete,Alive,2022-03-13,Complete\n2,Baseline,,,Male,2021-04-20,None,Unchecked,Unchecked,Incomplete,Dead,2021-05-20,Complete\n'
    return [text(folder, "lab.csv", h+r)], {}, {"patients": (["patient_id", "sex"], [("1", "female"), ("2", "male")]), "status": (["patient_id", "crs", "crs_grade_max", "tcz", "gc"], [("1", "yes", 2, "yes", "no"), ("2", "no", 0, None, None)]), "followup": (["patient_id", "death_day", "last_contact_day"], [("1", None, 365), ("2", 30, 30)])}


@shape
def visits(folder):
    patients = "Patient;Geschlecht;Infusionsdatum\nX-1;w;01.02.2021\nX-2;m;25.02.2021\n"
    labs = "Patient;Zeitpunkt;Parameter;Wert;Einheit\nX-1;Baseline;CRP;3,2;mg/l\nX-1;Tag 7;CRP;88;mg/l\nX-2;Tag 7;IL-6;1.200,5;pg/ml\nX-2;Tag 14;Ferritin;900;ng/ml\nX-2;Abschluss;Ferritin;100;ng/ml\n"
    return [text(folder, "p.csv", patients, "cp1252"), text(folder, "l.csv", labs, "cp1252")], {}, {"patients": (["patient_id", "sex"], [("X-1", "female"), ("X-2", "male")]), "labs": (["patient_id", "day", "analyte", "value"], [("X-1", 0, "CRP", 3.2), ("X-1", 7, "CRP", 88), ("X-2", 7, "IL-6", 1200.5), ("X-2", 14, "ferritin", 900)])}


@shape
def group_over_days(folder):
    r = [["UPN", "IL-6 (pg/mL)", None, None, "Ferritin", None, "OS", None, "PFS", None], [None, "D0", "D3", "D7", "Day 0", "Day 7", "Months", "Event", "Months", "Event"], ["1", 3, 400, 22, 300, 5000, 10, 0, 4, 1], ["2", 8, "<2", "-", 410, 900, 5.5, 1, 5.5, 1], ["3", 4, 6, 9, 100, 120, 20, 0, 20, 0]]
    return [workbook(folder / "g.xlsx", {"A": r}, {"A": ["B1:D1", "E1:F1", "G1:H1", "I1:J1"]})], {}, {"labs": (["patient_id", "day", "analyte", "value", "censored"], [("1", 0, "IL-6", 3, "no"), ("1", 3, "IL-6", 400, "no"), ("1", 7, "IL-6", 22, "no"), ("2", 0, "IL-6", 8, "no"), ("2", 3, "IL-6", 2, "left"), ("3", 0, "IL-6", 4, "no"), ("3", 3, "IL-6", 6, "no"), ("3", 7, "IL-6", 9, "no"),
      ("1", 0, "ferritin", 300, "no"), ("1", 7, "ferritin", 5000, "right"), ("2", 0, "ferritin", 410, "no"), ("2", 7, "ferritin", 900, "no"), ("3", 0, "ferritin", 100, "no"), ("3", 7, "ferritin", 120, "no")]), "followup": (["patient_id", "death_day", "progression_day", "last_contact_day"], [("1", None, 4 * MONTH, 10 * MONTH), ("2", 5.5 * MONTH, None, 5.5 * MONTH), ("3", None, None, 20 * MONTH)])}


@shape
def three_spellings(folder):
    patients = "Study ID,Sex,Age (years),Infusion date,Date of last follow-up\nCART-001,M,9,2020-01-15,2021-01-15\nCART-002,F,10,2020-02-16,2021-02-16\nCART-012,F,11,2020-03-17,2021-03-17\n"
    content = "PatientNo,Date,Medication,Dose (mg),Route\n001,2020-01-18,Tocilizumab,240,IV\n002,2020-02-18,dexamethasone,10,IV\n012,2020-03-18,dexamethasone,10,PO\n"
    labs = "ID,Day,CRP (mg/L)\n1,1,10\n1,2,20\n2,1,30\n12,1,40\n"
    return [text(folder, "p.csv", patients), text(folder, "t.csv", content), text(folder, "l.csv", labs)], {}, {"treatments": (["patient_id", "day", "agent", "dose_mg"], [("001", 3, "tocilizumab", 240), ("002", 2, "dexamethasone", 10), ("012", 1, "dexamethasone", 10)]), "labs": (["patient_id", "day", "analyte", "value"], [("001", 1, "CRP", 10), ("001", 2, "CRP", 20), ("002", 1, "CRP", 30), ("012", 1, "CRP", 40)])}


@shape
def survival_r(folder):
    content = '"","inst","time","status","age","sex","ph.ecog","wt.loss"\n"1",3,306,2,74,1,1,NA\n"2",3,455,2,68,1,0,15\n"3",3,1010,1,56,2,0,15\n"4",5,210,2,57,1,1,11\n'
    return [text(folder, "lung.csv", content)], {"sex": {"codes": {"1": "male", "2": "female"}}}, {"patients": (["patient_id", "sex", "age_years"], [("1", "male", 74), ("2", "male", 68), ("3", "female", 56), ("4", "male", 57)]), "followup": (["patient_id", "death_day", "last_contact_day"], [("1", 306, 306), ("2", 455, 455), ("3", None, 1010), ("4", 210, 210)])}


@shape
def pbc(folder):
    content = "id,time,status,age,sex,edema\n1,400,2,58.7,f,1\n2,4500,0,56.4,f,0\n3,1012,2,70,m,0.5\n4,1925,1,54.7,f,0.5\n5,1504,0,38,f,0\n"
    return [text(folder, "pbc.csv", content)], {"status": {"codes": {"0": "censored", "1": "censored", "2": "event"}}}, {"followup": (["patient_id", "death_day", "last_contact_day"], [("1", 400, 400), ("2", None, 4500), ("3", 1012, 1012), ("4", None, 1925), ("5", None, 1504)]), "patients": (["patient_id", "sex", "age_years"], [("1", "female", 58.7), ("2", "female", 56.4), ("3", "male", 70), ("4", "female", 54.7), ("5", "female", 38)])}


@shape
def odd_cells(folder):
    content = "Patient ID,Sample date,Infusion date,Ferritin (ng/mL),CRP (mg/L)\nA,2020-01-20,2020-01-15,>100000,<0.1\nA,2020-01-21,2020-01-15,pending,12\nB,2020-02-20,2020-02-15,4'500,haemolysed\nB,2020-02-22,2020-02-15,3500,−\n"
    return [text(folder, "odd.csv", content)], {"Ferritin (ng/mL)": {"missing": ["pending"]}, "CRP (mg/L)": {"missing": ["haemolysed", "−"]}}, {"labs": (["patient_id", "day", "analyte", "value", "censored"], [("A", 5, "ferritin", 100000, "right"), ("A", 5, "CRP", .1, "left"), ("A", 6, "CRP", 12, "no"), ("B", 5, "ferritin", 4500, "no"), ("B", 7, "ferritin", 3500, "no")])}


@shape
def dose_text(folder):
    patients = "pid,sex,weight,inf_date\n1,m,20,2020-01-15\n2,f,30,2020-02-15\n"
    content = "pid,start date,stop date,drug,dose\n1,2020-01-18,2020-01-18,MP,2mg/kg\n1,2020-01-19,2020-01-19,MP,40 mg\n2,2020-02-18,2020-02-18,DEX,0.3 mg/kg\n"
    return [text(folder, "p.csv", patients), text(folder, "t.csv", content)], {}, {"treatments": (["patient_id", "day", "agent", "dose_mg"], [("1", 3, "methylprednisolone", 40), ("1", 4, "methylprednisolone", 40), ("2", 3, "dexamethasone", 9)])}


@shape
def summary_rows_and_twins(folder):
    content = "ID,Sex,Age,OS days,Dead\n1,M,8,300,no\n1,M,8,300,no\n2,F,4,100,yes\n3,F,6,50,yes\n,,,,\nTotal,,,,\nMean,,6,150,\n"
    return [text(folder, "t.csv", content)], {}, {"patients": (["patient_id", "sex", "age_years"], [("1", "male", 8), ("2", "female", 4), ("3", "female", 6)]), "followup": (["patient_id", "death_day", "last_contact_day"], [("1", None, 300), ("2", 100, 100), ("3", 50, 50)])}


@shape
def stata_years(folder):
    df = pd.DataFrame({"id": ["p1", "p2", "p3"], "yrs": [1.5, 2.25, .5], "died": [0, 1, 1], "grp": [1, 2, 1], "agegrp": [1, 2, 2]})
    pyreadstat.write_dta(df, str(folder / "y.dta"), column_labels=["Subject identifier", "Years of follow-up", "Died during follow-up", "Treatment arm", "Age group"], variable_value_labels={"died": {0: "Alive", 1: "Dead"}, "grp": {1: "A", 2: "B"}})
    return [folder / "y.dta"], {}, {"followup": (["patient_id", "death_day", "last_contact_day"], [("p1", None, 547.875), ("p2", 821.8125, 821.8125), ("p3", 182.625, 182.625)])}


@shape
def donor(folder):
    content = "Patient,Recipient sex,Donor sex,Recipient age,Donor age,Transplant date,Date of relapse,Date of death,Date of last contact,HLA match\n1,M,F,8,35,2015-01-15,,,2018-01-15,10/10\n2,F,F,4,40,2015-02-20,2015-08-20,2016-02-20,2016-02-20,9/10\n3,F,M,12,22,2015-05-05,,,2017-05-05,10/10\n"
    return [text(folder, "d.csv", content)], {}, {"patients": (["patient_id", "sex", "age_years"], [("1", "male", 8), ("2", "female", 4), ("3", "female", 12)]), "followup": (["patient_id", "relapse_day", "death_day", "last_contact_day"], [("1", None, None, 1096), ("2", 181, 365, 365), ("3", None, None, 731)])}


@shape
def ccr(folder):
    content = "Patient_ID\tAge_at_Dx\tGender\tCCR_status\tTime_to_event_days\tEFS_Status\n1\t5\tBoy\tCCR\t2000\t0\n2\t6\tGirl\tRelapse\t300\t1\n3\t8\tGirl\tCCR\t1500\t0\n"
    return [text(folder, "c.tsv", content)], {}, {"patients": (["patient_id", "sex", "age_years"], [("1", "male", 5), ("2", "female", 6), ("3", "female", 8)])}


@shape
def sas(folder):
    df = pd.DataFrame({"SUBJID": ["1", "2", "3"], "SEX": [1., 2., 2.], "INFDT": pd.to_datetime(["2020-01-15", "2020-03-20", "2020-06-25"]), "LSTDT": pd.to_datetime(["2021-01-14", "2020-04-19", "2021-06-25"]), "DTH": [0., 1., 0.], "CRSGR": [2., np.nan, 3.]})
    pyreadstat.write_xport(df.assign(INFDT=df.INFDT.dt.date, LSTDT=df.LSTDT.dt.date), str(folder / "m.xpt"), file_format_version=8, column_labels=["Subject", "Sex (1=M, 2=F)", "Date of infusion", "Date of last contact", "Death (0=No, 1=Yes)", "Max CRS grade"])
    return [folder / "m.xpt"], {}, {"patients": (["patient_id", "sex"], [("1", "male"), ("2", "female"), ("3", "female")]), "status": (["patient_id", "crs", "crs_grade_max"], [("1", "yes", 2), ("3", "yes", 3)]), "followup": (["patient_id", "death_day", "last_contact_day"], [("1", None, 365), ("2", 30, 30), ("3", None, 365)])}


@shape
def german_titles(folder):
    c='Klinik für Pädiatrische Hämatologie;;;;;;;;;;\nCAR-T-Register, Stand: 01.03.2024;;;;;;;;;;\n;;;;;;;;;;\nPat.-Nr.;Geschlecht (1 = männlich, 2 = weiblich);Alter bei Infusion (Jahre);Gewicht (kg);CRS-Grad (max.);CRS-Beginn (Tag);CRS-Ende (Tag);Gesamtüberleben (Monate);Status (0 = lebt, 1 = verstorben);Ferritin Tag 7 (ng/ml);Bemerkungen\n' \
      '07;1;7,5;23,4;2;3;6;12,5;0;1.234,5;"Mutter: Tel. 0170; bitte anrufen"\n08;2;11,25;40,0;0;;;3,25;1;<1,5;\n09;2;3,0;14,2;k.A.;;;24;0;k.A.;gut\n;;;;;;;;;;\n* k.A. = keine Angabe;;;;;;;;;;\n'
    return [text(folder,'reg.csv',c,'cp1252')],{}, {'patients':(['patient_id','sex','age_years','weight_kg'],[('07','male',7.5,23.4),('08','female',11.25,40),('09','female',3,14.2)]),
      'toxicity':(['patient_id','event','day_from','day_to','grade'],[('07','CRS',3,6,2)]),'labs':(['patient_id','day','analyte','value','censored'],[('07',7,'ferritin',1234.5,'no'),('08',7,'ferritin',1.5,'left')]),
      'followup':(['patient_id','death_day','last_contact_day'],[('07',None,12.5*MONTH),('08',3.25*MONTH,3.25*MONTH),('09',None,24*MONTH)])}


@shape
def excel_1904_merged_blocks(folder):
    r=[['CAR-T cohort (confidential)']+[None]*9,
       ['Patient',None,None,'Infusion','Cytokines',None,None,'CRS',None,'Follow-up'],
       ['ID','Sex','DOB','Date','Sample date','IL-6 (pg/mL)','IL-10 (pg/mL)','Max grade','Onset date','Last contact'],
       ['A1','m',datetime(2012,1,14),datetime(2020,1,14),datetime(2020,1,15),12,3.5,2,datetime(2020,1,16),datetime(2021,1,14)],
       [None,None,None,None,datetime(2020,1,20),800,'<2',None,None,None],
       ['A2','f',datetime(2010,2,20),datetime(2020,2,20),datetime(2020,2,23),'n.d.',7,0,None,datetime(2020,8,20)],
       [None,None,None,None,datetime(2020,2,27),55,'=SUM(1,2)',None,None,None]]
    m=['A2:C2','E2:G2','H2:I2','A4:A5','B4:B5','C4:C5','D4:D5','H4:H5','I4:I5','J4:J5','A6:A7','B6:B7','C6:C7','D6:D7','H6:H7','I6:I7','J6:J7']
    return [workbook(folder/'mac.xlsx',{'Cohort':r},{'Cohort':m},epoch=CALENDAR_MAC_1904)],{}, {'patients':(['patient_id','sex','age_years'],[('A1','male',8.0),('A2','female',10.0)]),
      'toxicity':(['patient_id','event','day_from','grade'],[('A1','CRS',2,2)]),
      'labs':(['patient_id','day','analyte','value','censored'],[('A1',1,'IL-6',12,'no'),('A1',1,'IL-10',3.5,'no'),('A1',6,'IL-6',800,'no'),('A1',6,'IL-10',2,'left'),('A2',3,'IL-10',7,'no'),('A2',7,'IL-6',55,'no')]),
      'followup':(['patient_id','last_contact_day'],[('A1',366),('A2',182)])}


@shape
def spss_wide_user_missing(folder):
    df=pd.DataFrame({'LFDNR':['KA01  ','KA02  ','KA03  '],'SEX':[1.,2.,1.],'ALTER':[96.,999.,40.],'STER':[1.,0.,8.],'CRP_D0':[3.,999.,12.],'CRP_D7':[88.,41.,998.],'PFSMON':[6.,12.,3.],'PFSSTAT':[1.,0.,2.],'OSMON':[14.,12.,3.],'OSSTAT':[0.,0.,1.]})
    pyreadstat.write_sav(df,str(folder/'u.sav'),column_labels=['Patient ID','Geschlecht','Alter bei Infusion in Monaten','Steroide','CRP Tag 0 (mg/l)','CRP Tag 7 (mg/l)','PFS (Monate)','PFS-Status','OS (Monate)','OS-Status'],
      variable_value_labels={'SEX':{1:'männlich',2:'weiblich'},'STER':{0:'nein',1:'ja',8:'weiß nicht'},'CRP_D0':{999:'nicht bestimmt'},'CRP_D7':{998:'Probe verworfen',999:'nicht bestimmt'},'PFSSTAT':{0:'kein Ereignis',1:'Rezidiv',2:'Tod ohne Rezidiv'},'OSSTAT':{0:'lebend',1:'tot'}},
      missing_ranges={'ALTER':[999],'STER':[8],'CRP_D0':[{'lo':998,'hi':999}],'CRP_D7':[{'lo':998,'hi':999}]})
    return [folder/'u.sav'],{}, {'patients':(['patient_id','sex','age_years'],[('KA01','male',8),('KA02','female',None),('KA03','male',40/12)]),'status':(['patient_id','gc'],[('KA01','yes'),('KA02','no')]),
      'labs':(['patient_id','day','analyte','value'],[('KA01',0,'CRP',3),('KA01',7,'CRP',88),('KA02',7,'CRP',41),('KA03',0,'CRP',12)]),
      'followup':(['patient_id','death_day','relapse_day','last_contact_day'],[('KA01',None,6*MONTH,14*MONTH),('KA02',None,None,12*MONTH),('KA03',3*MONTH,None,3*MONTH)])}


@shape
def stata_weeks_tagged_missing(folder):
    df=pd.DataFrame({'patno':[1,2,3,4],'female':[0,1,1,0],'agew':[416.,520.,208.,104.],'crs':[1,0,1,1],'crsg':[2.,0.,4.,np.nan],'txdt':pd.to_datetime(['2019-05-14','2019-06-20','2019-07-25','2019-08-28']),'reldt':pd.to_datetime(['2019-08-14',None,None,None]),'lastdt':pd.to_datetime(['2020-05-14','2020-06-20','2019-09-25','2020-01-28']),'dead':[0,0,1,0]})
    df.to_stata(folder/'t.dta',write_index=False,version=118,convert_dates={'txdt':'td','reldt':'td','lastdt':'td'},value_labels={'crs':{0:'absent',1:'present'},'dead':{0:'alive',1:'dead'},'female':{0:'male',1:'female'}},
      variable_labels={'patno':'Patient number','female':'Female sex','agew':'Age at infusion (weeks)','crs':'Cytokine release syndrome','crsg':'Maximum CRS grade','txdt':'Date of CAR-T infusion','reldt':'Date of relapse','lastdt':'Date of last contact or death','dead':'Vital status'})
    return [folder/'t.dta'],{}, {'patients':(['patient_id','sex','age_years'],[('1','male',416*7/365.25),('2','female',520*7/365.25),('3','female',208*7/365.25),('4','male',104*7/365.25)]),
      'status':(['patient_id','crs','crs_grade_max'],[('1','yes',2),('2','no',0),('3','yes',4),('4','yes',None)]),
      'followup':(['patient_id','relapse_day','death_day','last_contact_day'],[('1',92,None,366),('2',None,None,366),('3',None,62,62),('4',None,None,153)])}


@shape
def redcap_repeating_crs(folder):
    d='"Variable / Field Name","Form Name","Section Header","Field Type","Field Label","Choices, Calculations, OR Slider Labels","Field Note","Text Validation Type OR Show Slider Number","Text Validation Min","Text Validation Max",Identifier?,"Branching Logic","Required Field?"\n' \
     'record_id,baseline,,text,"Study ID",,,,,,,,\nmrn,baseline,,text,"Medical record number",,,,,,y,,\nsex,baseline,,dropdown,"<b>Sex</b> at birth","F, Female | M, Male",,,,,,,y\nwt,baseline,,text,"Weight (kg)",,,number,,,,,\ninfdt,baseline,,text,"Date of infusion",,,date_dmy,,,,,\n' \
     'sct,baseline,,yesno,"Prior transplant",,,,,,,,\nage_calc,baseline,,calc,"Age (years)","datediff([dob],[infdt],""y"")",,,,,,,\n' \
     'ae_term,tox,,radio,"Event","1, CRS | 2, ICANS | 3, Infection",,,,,,,\nae_gr,tox,,radio,"Grade","1, Grade 1 | 2, Grade 2 | 3, Grade 3 | 4, Grade 4",,,,,,,\nae_start,tox,,text,"Start date",,,date_dmy,,,,,\nae_end,tox,,text,"End date",,,date_dmy,,,,,\n' \
     'dose_drug,meds,,radio,"Drug","1, Dexamethasone | 2, Methylprednisolone | 3, Tocilizumab",,,,,,,\ndose_dt,meds,,text,"Administration date",,,date_dmy,,,,,\ndose_mg,meds,,text,"Dose (mg)",,,number,,,,,\n' \
     'lc,followup,,text,"Date of last contact",,,date_dmy,,,,,\ndied,followup,,yesno,"Died",,,,,,,,\nnarr,followup,,notes,"Narrative",,,,,,,,\n'
    h='record_id,redcap_repeat_instrument,redcap_repeat_instance,mrn,sex,wt,infdt,sct,age_calc,baseline_complete,ae_term,ae_gr,ae_start,ae_end,tox_complete,dose_drug,dose_dt,dose_mg,meds_complete,lc,died,narr,followup_complete\n'
    r=['1,,,99887,F,20.5,2021-03-01,1,7,2,,,,,,,,,,2022-03-01,0,"Mrs Planted, phoned",2','1,tox,1,,,,,,,,1,2,2021-03-03,2021-03-06,2,,,,,,,,','1,tox,2,,,,,,,,2,3,2021-03-05,2021-03-07,2,,,,,,,,','1,meds,1,,,,,,,,,,,,,1,2021-03-05,10,2,,,,','1,meds,2,,,,,,,,,,,,,3,2021-03-04,164,2,,,,',
       '2,,,99888,M,UNK,2021-04-15,0,12,2,,,,,,,,,,2021-05-30,1,,2','2,tox,1,,,,,,,,1,4,2021-04-16,,2,,,,,,,,','2,tox,2,,,,,,,,3,3,2021-04-20,2021-04-25,2,,,,,,,,','2,meds,1,,,,,,,,,,,,,2,2021-04-17,60,2,,,,','3,,,99889,NI,31,2021-05-20,,9,2,,,,,,,,,,2022-05-20,0,,2']
    return [text(folder,'x_DATA.csv',h+'\n'.join(r)+'\n'),text(folder,'x_DataDictionary.csv',d)],{}, {'patients':(['patient_id','sex','weight_kg','age_years','prior_transplant'],[('1','female',20.5,7,True),('2','male',None,12,False),('3',None,31,9,None)]),
      'toxicity':(['patient_id','event','day_from','day_to','grade'],[('1','CRS',2,5,2),('1','ICANS',4,6,3),('2','CRS',1,None,4)]),
      'treatments':(['patient_id','agent','day','dose_mg'],[('1','dexamethasone',4,10),('1','tocilizumab',3,164),('2','methylprednisolone',2,60)]),
      'followup':(['patient_id','death_day','last_contact_day'],[('1',None,365),('2',45,45),('3',None,365)])}


@shape
def cbioportal_three(folder):
    p='#Patient Identifier\tSex\tAge at Diagnosis\tOverall Survival Status\tOverall Survival (Months)\tDisease Free Status\tDisease Free (Months)\n#Patient\tSex\tAge\tOS status\tOS months\tDFS status\tDFS months\n#STRING\tSTRING\tNUMBER\tSTRING\tNUMBER\tSTRING\tNUMBER\n#1\t1\t1\t1\t1\t1\t1\nPATIENT_ID\tSEX\tAGE\tOS_STATUS\tOS_MONTHS\tDFS_STATUS\tDFS_MONTHS\n' \
      'PT-1\tMale\t9\t0:LIVING\t14.5\t1:Recurred/Progressed\t4.25\nPT-2\tFemale\t12\t1:DECEASED\t8\t1:Recurred/Progressed\t3\nPT-3\tFemale\t4\t0:LIVING\t30\t0:DiseaseFree\t30\nPT-4\tMale\t6\t\t[Not Available]\t[Not Available]\t[Not Available]\n'
    s='#Patient Identifier\tSample Identifier\tBlasts\n#p\ts\tb\n#STRING\tSTRING\tNUMBER\n#1\t1\t1\nPATIENT_ID\tSAMPLE_ID\tBM_BLASTS\nPT-1\tPT-1-T1\t45\nPT-2\tPT-2-T1\t80\nPT-3\tPT-3-T1\t2.5\nPT-4\tPT-4-T1\t\n'
    t='PATIENT_ID\tSTART_DATE\tSTOP_DATE\tEVENT_TYPE\tTREATMENT_TYPE\tAGENT\nPT-1\t3\t5\tTREATMENT\tMedical Therapy\tDexamethasone\nPT-2\t2\t2\tTREATMENT\tMedical Therapy\tTocilizumab\n'
    return [text(folder,'data_clinical_patient.txt',p),text(folder,'data_clinical_sample.txt',s),text(folder,'data_timeline_treatment.txt',t)],{}, {'patients':(['patient_id','sex','age_years','blast_prelymphodepletion_pct'],[('PT-1','male',9,45),('PT-2','female',12,80),('PT-3','female',4,2.5),('PT-4','male',6,None)]),
      'followup':(['patient_id','death_day','progression_day','last_contact_day'],[('PT-1',None,4.25*MONTH,14.5*MONTH),('PT-2',8*MONTH,3*MONTH,8*MONTH),('PT-3',None,None,30*MONTH)]),
      'treatments':(['patient_id','agent','day'],[('PT-1','dexamethasone',3),('PT-2','tocilizumab',2)])}


@shape
def adam_csv(folder):
    sl='STUDYID,USUBJID,AGE,AGEU,SEX,WEIGHTBL,TRTSDT,SAFFL,DTHFL\nS,S-101,9,YEARS,M,30,2020-01-15,Y,\nS,S-102,96,MONTHS,F,25,2020-02-20,Y,Y\nS,S-103,4,YEARS,F,15,2020-03-25,Y,\n'
    tte='USUBJID,PARAMCD,PARAM,AVAL,AVALU,CNSR,EVNTDESC,STARTDT,ADT\nS-101,OS,Overall survival (days),400,DAYS,1,ALIVE,2020-01-15,2021-02-18\nS-101,EFS,Event-free survival,100,DAYS,0,RELAPSE,2020-01-15,2020-04-24\nS-102,OS,Overall survival (days),60,DAYS,0,DEATH,2020-02-20,2020-04-20\nS-102,EFS,Event-free survival,60,DAYS,0,DEATH,2020-02-20,2020-04-20\nS-103,OS,Overall survival (days),500,DAYS,1,ALIVE,2020-03-25,2021-08-07\nS-103,EFS,Event-free survival,480,DAYS,2,NEW THERAPY,2020-03-25,2021-07-18\n'
    ae='USUBJID,AEDECOD,AETOXGR,ASTDT,AENDT,ASTDY,AENDY\nS-101,Cytokine release syndrome,2,2020-01-17,2020-01-20,3,6\nS-102,Cytokine release syndrome,3,2020-02-21,2020-02-27,2,8\nS-102,Immune effector cell-associated neurotoxicity syndrome,1,2020-02-24,2020-02-25,5,6\nS-103,Pyrexia,1,2020-03-26,2020-03-26,2,2\n'
    lb='USUBJID,PARAMCD,PARAM,AVAL,ADT,ADY\nS-101,CRP,C Reactive Protein (mg/L),12,2020-01-18,4\nS-102,IL6,Interleukin 6 (pg/mL),800,2020-02-22,3\nS-103,FERRITIN,Ferritin (ug/L),350,2020-03-25,1\n'
    return [text(folder,n,c) for n,c in (('adsl.csv',sl),('adtte.csv',tte),('adae.csv',ae),('adlb.csv',lb))],{}, {'patients':(['patient_id','sex','age_years','weight_kg'],[('S-101','male',9,30),('S-102','female',8,25),('S-103','female',4,15)]),
      'toxicity':(['patient_id','event','day_from','day_to','grade'],[('S-101','CRS',2,5,2),('S-102','CRS',1,7,3),('S-102','ICANS',4,5,1)]),
      'labs':(['patient_id','day','analyte','value'],[('S-101',3,'CRP',12),('S-102',2,'IL-6',800),('S-103',0,'ferritin',350)]),
      'followup':(['patient_id','death_day','relapse_day','last_contact_day','last_assessment_day'],[('S-101',None,100,400,None),('S-102',60,None,60,None),('S-103',None,None,500,480)])}


@shape
def plate_words_for_limits(folder):
    c='Plate 3;;;;\nProtein;;;;\nSample;Visit;IL-6 (pg/mL);IFN-gamma (pg/mL);TNF-alpha (pg/mL)\nP-01;Day 0;<LLOQ;12,5;3,1\nP-01;Day 3;>ULOQ;880;15,2\nP-02;Day 0;4,4;< LLOQ;2,9\nP-02;Day 3;612,4;55,1;BLQ\nP-03;Day 0;<LLOD;1,9;QNS\n'
    return [text(folder,'p.csv',c)],{'IL-6 (pg/mL)':{'left_at':2.5,'right_at':2500},'IFN-gamma (pg/mL)':{'left_at':1.0},'TNF-alpha (pg/mL)':{'left_at':.5}}, {'labs':(['patient_id','day','analyte','value','censored'],[('P-01',0,'IL-6',2.5,'left'),('P-01',0,'IFN-γ',12.5,'no'),('P-01',0,'TNF-α',3.1,'no'),('P-01',3,'IL-6',2500,'right'),('P-01',3,'IFN-γ',880,'no'),('P-01',3,'TNF-α',15.2,'no'),('P-02',0,'IL-6',4.4,'no'),('P-02',0,'IFN-γ',1,'left'),('P-02',0,'TNF-α',2.9,'no'),('P-02',3,'IL-6',612.4,'no'),('P-02',3,'IFN-γ',55.1,'no'),('P-02',3,'TNF-α',.5,'left'),('P-03',0,'IL-6',2.5,'left'),('P-03',0,'IFN-γ',1.9,'no')])}


@shape
def chinese_months_ticks(folder):
    c='序号,姓名,住院号,患者编号,性别(1=男 2=女),年龄（月）,体重(kg),CRS分级,是否使用激素,托珠单抗,总生存时间（月）,生存状态（0=存活，1=死亡）,无进展生存时间（月）,是否进展（0=否，1=是）,备注\n1,张小三,0098761,Z01,1,96,２５,2级,√,,14.5,0,6,1,家属电话13800000000\n2,李四,0098762,Z02,2,60,18,0级,,,20,0,20,0,\n3,王五五,0098763,Z03,2,130,31.5,3级,√,√,4,1,4,0,\n'
    return [text(folder,'z.csv',c,'gb18030')],{'是否使用激素':{'codes':{'√':'yes'},'empty_means':'no'},'托珠单抗':{'codes':{'√':'yes'},'empty_means':'no'}}, {'patients':(['patient_id','sex','age_years','weight_kg'],[('Z01','male',8,25),('Z02','female',5,18),('Z03','female',130/12,31.5)]),'status':(['patient_id','crs','crs_grade_max','gc','tcz'],[('Z01','yes',2,'yes','no'),('Z02','no',0,'no','no'),('Z03','yes',3,'yes','yes')]),
      'followup':(['patient_id','death_day','progression_day','last_contact_day'],[('Z01',None,6*MONTH,14.5*MONTH),('Z02',None,None,20*MONTH),('Z03',4*MONTH,None,4*MONTH)])}


@shape
def plus_and_minus(folder):
    c='Patient ID\tSex\tCRS\tICANS\tSteroids\tMRD day 28\tOS (days)\tDead\nx1\tM\t+\t-\t+\tneg\t300\tN\nx2\tF\t-\t-\t-\tpos\t120\tY\nx3\tF\t+\t+\t+\tneg\t90\tY\n'
    return [text(folder,'pm.tsv',c)],{}, {'status':(['patient_id','crs','icans','gc'],[('x1','yes','no','yes'),('x2','no','no','no'),('x3','yes','yes','yes')])}


@shape
def visit_per_sheet(folder):
    P=[['Study no.','Sex','Age (y)','Weight (kg)','Date of infusion','Date of last follow-up','Date of death'],['K-01','F',8,26,datetime(2021,3,14),datetime(2022,3,14),None],['K-02','M',12,40,datetime(2021,4,20),datetime(2021,6,30),datetime(2021,6,30)]]
    L0=[['Study no.','CRP (mg/L)','Ferritin (ng/mL)'],['K-01',3,220],['K-02',14,800]]
    L7=[['Study no.','CRP (mg/L)','Ferritin (ng/mL)'],['K-01',88,5400],['K-02',22,None]]
    return [workbook(folder/'v.xlsx',{'Patients':P,'Baseline':L0,'Day 7':L7})],{}, {'patients':(['patient_id','sex','age_years','weight_kg'],[('K-01','female',8,26),('K-02','male',12,40)]),'labs':(['patient_id','day','analyte','value'],[('K-01',0,'CRP',3),('K-01',0,'ferritin',220),('K-02',0,'CRP',14),('K-02',0,'ferritin',800),('K-01',7,'CRP',88),('K-01',7,'ferritin',5400),('K-02',7,'CRP',22)]),
      'followup':(['patient_id','death_day','last_contact_day'],[('K-01',None,365),('K-02',71,71)])}


@shape
def trailing_blanks_and_newlines(folder):
    p='"Patient ID ";"Sex ";"Infusion date ";"Last contact date ";"Vital status ";"Notes"\n"a-01 ";"F ";"14.03.2021 ";"14.03.2022 ";"alive ";"seen by Dr Planted\non Monday; called ""Auntie"""\n"A-02\u00a0";"m";"20.04.2021";"20.05.2021";"Dead";""\n"A-03";" f";"25.05.2021";"25.11.2021";"ALIVE ";""\n'
    t='patient id;date;drug;dose (mg);route\nA-01;16.03.2021;Dexamethason;8;iv\nA-01 ;17.03.2021;dexamethasone ;8;IV\n a-02;22.04.2021;TOCILIZUMAB;320;i.v.\n'
    return [text(folder,'p.csv',p),text(folder,'t.csv',t)],{}, {'patients':(['patient_id','sex'],[('a-01','female'),('A-02','male'),('A-03','female')]),'treatments':(['patient_id','day','agent','dose_mg','route'],[('a-01',2,'dexamethasone',8,'IV'),('a-01',3,'dexamethasone',8,'IV'),('A-02',2,'tocilizumab',320,'IV')]),'followup':(['patient_id','death_day','last_contact_day'],[('a-01',None,365),('A-02',30,30),('A-03',None,184)])}


@shape
def infusions_side_by_side(folder):
    c='ID,Sex,Age,Infusion 1 date,Infusion 1 dose (10^6/kg),Infusion 2 date,Infusion 2 dose (10^6/kg),CRS grade,Date of last contact,Status\n1,F,8,2021-03-14,1.5,2022-01-10,2,2,2023-03-14,alive\n2,M,9,2021-04-20,2,,,1,2022-04-20,dead\n3,M,4,2021-05-25,1,,,0,2022-05-25,alive\n'
    return [text(folder,'i.csv',c)],{}, {'patients':(['patient_id','sex','age_years'],[('1','female',8),('2','male',9),('3','male',4)]),'followup':(['patient_id','death_day','last_contact_day'],[('1',None,730),('2',365,365),('3',None,365)])}


@shape
def partial_dates(folder):
    c='Patient,Infusion date,Date of relapse,Last contact,Vital status\n1,2021-03-14,UN-JUN-2021,2022-03-14,alive\n2,2021-04-20,2021-09,2021-12-31,dead\n3,2021-05-25,,2022-05-25,alive\n4,2021-05-28,2021-08-26,2022-05-28,alive\n'
    return [text(folder,'d.csv',c)],{}, {'followup':(['patient_id','relapse_day','death_day','last_contact_day'],[('1',None,None,365),('2',None,255,255),('3',None,None,365),('4',90,None,365)])}


@shape
def transposed(folder):
    r=[['Patient','P1','P2','P3','P4'],['Sex','M','F','F','M'],['Age (years)',8,9,4,12],['CRS grade',2,0,3,1],['OS (months)',12,30,6.5,18],['Status','alive','alive','dead','alive']]
    return [workbook(folder/'t.xlsx',{'S':r})],{'_question':'stand side by side'}, {}


@shape
def censored_plus_sign(folder):
    c='Pt,Sex,Age,OS (mo),PFS (mo)\n1,M,8,12.3+,4.2\n2,F,9,6.5,6.5\n3,F,4,30+,30+\n4,M,11,18+,9\n'
    return [text(folder,'plus.csv',c)],{'_question':'numbers with a plus'}, {}


@shape
def two_systems_two_files(folder):
    a='Case;Onset CRS;CRS Grade ASTCT;CRS Grade Penn;Steroid start;Steroid cumulative dose (mg/kg);Follow-up (yrs);Dead\n1;2;2;3;4;12,5;1,5;0\n2;;0;1;;;2,25;0\n3;1;3;4;2;30;0,5;1\n'
    return [text(folder,'a.csv',a)],{'CRS Grade Penn':{'to':'leave out'}}, {'followup':(['patient_id','death_day','last_contact_day'],[('1',None,547.875),('2',None,821.8125),('3',182.625,182.625)]),'toxicity':(['patient_id','event','day_from','grade'],[('1','CRS',2,2),('3','CRS',1,3)])}


@shape
def spanish(folder):
    c='Hospital;Código;Sexo;Edad (años);Peso (kg);Fecha de infusión;Grado de SLC;Tocilizumab;Fecha de última visita;Estado vital\nH1;P-1;Hombre;8;25,5;14/03/2021;2;Sí;14/03/2022;Vivo\nH1;P-2;Mujer;11;40;20/04/2021;0;No;01/06/2021;Fallecido\nH1;P-3;Mujer;4;15;25/05/2021;3;Sí;25/05/2022;Vivo\n'
    return [text(folder,'es.csv',c,'cp1252')],{}, {'patients':(['patient_id','sex','age_years','weight_kg'],[('P-1','male',8,25.5),('P-2','female',11,40),('P-3','female',4,15)]),'status':(['patient_id','crs','crs_grade_max','tcz'],[('P-1','yes',2,'yes'),('P-2','no',0,'no'),('P-3','yes',3,'yes')]),'followup':(['patient_id','death_day','last_contact_day'],[('P-1',None,365),('P-2',42,42),('P-3',None,365)])}


@shape
def codebook_sheet(folder):
    D=[['pid','v1','v2','v3','v4','v5','v6'],['a1',1,96,2,1,12,0],['a2',2,60,0,0,3.5,1],['a3',2,132,9,1,24,0]]
    C=[['Variable','Label','Values'],['pid','Patient identifier',None],['v1','Sex','1 = male; 2 = female'],['v2','Age (months)',None],['v3','Maximum CRS grade','0 = none; 1-4 = grade; 9 = missing'],['v4','Steroids given','0 = no; 1 = yes'],['v5','Overall survival (months)',None],['v6','Survival status','0 = alive; 1 = dead']]
    return [workbook(folder/'c.xlsx',{'data':D,'codebook':C})],{}, {'patients':(['patient_id','sex','age_years'],[('a1','male',8),('a2','female',5),('a3','female',11)]),'status':(['patient_id','crs','crs_grade_max','gc'],[('a1','yes',2,'yes'),('a2','no',0,'no'),('a3',None,None,'yes')]),'followup':(['patient_id','death_day','last_contact_day'],[('a1',None,365.25),('a2',3.5*MONTH,3.5*MONTH),('a3',None,24*MONTH)])}


@shape
def daily_grades(folder):
    c='ID,Sex,CRS d1,CRS d2,CRS d3,CRS d4,CRS d5\n1,M,0,1,2,2,0\n2,F,0,0,0,0,0\n3,F,1,3,3,1,0\n'
    return [text(folder,'d.csv',c)],{}, {'toxicity':(['patient_id','event','day_from','day_to','grade'],[('1','CRS',2,2,1),('1','CRS',3,4,2),('3','CRS',1,1,1),('3','CRS',2,3,3),('3','CRS',4,4,1)])}


@shape
def units_row(folder):
    c='Patient;Datum;CRP;IL-6;Ferritin;Leukozyten\n;;mg/l;pg/ml;µg/l;10^9/l\nA;15.03.2021;12,5;100;350;1,2\nA;18.03.2021;88;1.250,5;4.500;0,1\nB;21.04.2021;3;<2;120;3,4\n'
    p='Patient;Infusionsdatum\nA;14.03.2021\nB;20.04.2021\n'
    return [text(folder,'l.csv',c),text(folder,'p.csv',p)],{}, {'labs':(['patient_id','day','analyte','value','censored'],[('A',1,'CRP',12.5,'no'),('A',1,'IL-6',100,'no'),('A',1,'ferritin',350,'no'),('A',4,'CRP',88,'no'),('A',4,'IL-6',1250.5,'no'),('A',4,'ferritin',4500,'no'),('B',1,'CRP',3,'no'),('B',1,'IL-6',2,'left'),('B',1,'ferritin',120,'no'),('A',1,'Leukozyten',1.2,'no'),('A',4,'Leukozyten',.1,'no'),('B',1,'Leukozyten',3.4,'no')])}


@shape
def lis_flags(folder):
    c='PatID|Abnahme|Analyse|Resultat|Flag|Einheit|Referenzbereich\n1|15.03.2021 06:30|CRP|12,5|H|mg/l|0 - 5\n1|15.03.2021 06:30|Interleukin-6|1250 H|HH|ng/l|< 7\n1|18.03.2021 07:00|CRP|<0,6||mg/l|0 - 5\n2|21.04.2021 06:00|Ferritin|Probe hämolytisch||µg/l|15 - 150\n'
    p='PatID|Geschlecht|Infusionsdatum\n1|w|14.03.2021\n2|m|20.04.2021\n'
    return [text(folder,'l.txt',c,'cp1252'),text(folder,'p.txt',p)],{}, {'labs':(['patient_id','day','time','analyte','value','censored'],[('1',1,'06:30','CRP',12.5,'no'),('1',1,'06:30','IL-6',1250,'no'),('1',4,'07:00','CRP',.6,'left')])}


@shape
def centre_and_number(folder):
    c='Center,Patient no,Sex,Age,OS months,Status (0=alive 1=dead)\nA,1,M,8,12,0\nA,2,F,9,5,1\nB,1,F,4,20,0\nB,2,M,6,8,1\n'
    return [text(folder,'c.csv',c)],{'_question':'several centres'}, {}


@shape
def header_again(folder):
    c='ID,Sex,Age,OS (days),Dead\n1,M,8,300,N\n2,F,4,100,Y\nID,Sex,Age,OS (days),Dead\n3,F,6,50,Y\n4,M,9,400,N\n'
    return [text(folder,'h.csv',c)],{}, {'patients':(['patient_id','sex','age_years'],[('1','male',8),('2','female',4),('3','female',6),('4','male',9)])}


@shape
def excel_truth(folder):
    r=[['MRN','Study ID','Male','Age','CRS','Tocilizumab','Days to CRS','Date of infusion','Alive at last contact','Last contact'],[887766,'S1',True,8,True,False,2,datetime(2021,3,14),True,datetime(2022,3,14)],[887767,'S2',False,9,False,False,None,datetime(2021,4,20),False,datetime(2021,6,1)],[887768,'S3',True,3,True,True,1,datetime(2021,5,25),True,datetime(2022,5,25)]]
    return [workbook(folder/'t.xlsx',{'S':r})],{}, {'patients':(['patient_id','sex','age_years'],[('S1','male',8),('S2','female',9),('S3','male',3)]),'status':(['patient_id','crs','tcz'],[('S1','yes','no'),('S2','no','no'),('S3','yes','yes')]),'followup':(['patient_id','death_day','last_contact_day'],[('S1',None,365),('S2',42,42),('S3',None,365)])}


@shape
def ages_in_words(folder):
    c='编号,性别,年龄,体重,回输日期,末次随访日期,是否死亡\n1,男,8岁,25kg,2021/3/14,2022/3/14,否\n2,女,11个月,9.5kg,2021/4/20,2021/6/1,是\n3,女,2岁6个月,13 kg,2021/5/25,2022/5/25,否\n'
    return [text(folder,'a.csv',c,'gb18030')],{}, {'patients':(['patient_id','sex','age_years','weight_kg'],[('1','male',8,25),('2','female',11/12,9.5),('3','female',2.5,13)]),'followup':(['patient_id','death_day','last_contact_day'],[('1',None,365),('2',42,42),('3',None,365)])}


@shape
def states_not_status(folder):
    c='id,sex,os_days,outcome\n1,M,300,alive in CR\n2,F,100,died of disease\n3,F,50,TRM\n4,M,400,alive with relapse\n'
    return [text(folder,'s.csv',c)],{'outcome':{'codes':{'alive in CR':'censored','died of disease':'event','TRM':'event','alive with relapse':'censored'}}}, {'followup':(['patient_id','death_day','last_contact_day'],[('1',None,300),('2',100,100),('3',50,50),('4',None,400)])}


@shape
def sas_dates_without_a_format(folder):
    df=pd.DataFrame({'SUBJID':['1','2','3'],'SEX':['M','F','F'],'TRTSDT':[22353.,22390.,22425.],'DTHDT':[np.nan,22432.,np.nan],'LSTALVDT':[22718.,22432.,22790.]})
    pyreadstat.write_xport(df,str(folder/'adsl.xpt'),file_format_version=5,column_labels=['Subject','Sex','Date of First Exposure to Treatment','Date of Death','Date Last Known Alive'])
    return [folder/'adsl.xpt'],{}, {'followup':(['patient_id','death_day','last_contact_day'],[('1',None,365),('2',42,42),('3',None,365)])}


@shape
def two_clocks(folder):
    c='Pt ID,Infusion date,Diagnosis date,OS from diagnosis (months),OS from infusion (months),Survival status\n1,2021-03-14,2019-03-14,36,12,0\n2,2021-04-20,2018-04-20,38,2,1\n'
    return [text(folder,'o.csv',c)],{'Survival status':{'codes':{'0':'censored','1':'event'}}}, {'followup':(['patient_id','death_day','last_contact_day'],[('1',None,12*MONTH),('2',2*MONTH,2*MONTH)])}
