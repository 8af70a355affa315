"""Files of the usual difficulty, as clinicians publish and export them: written, with what a correct reading gives, before they were tried."""

from datetime import date, datetime

import pandas as pd
import pyreadstat
from import_shapes import MONTH, shape, text, workbook

ID = "patient_id"


def iso(words: str) -> datetime:
    """Return the date of an ISO text."""
    return datetime.fromisoformat(words)


def days(origin: str, later: str) -> int:
    """Count the days from one ISO date to another."""
    return (iso(later) - iso(origin)).days


def age(birth: str, origin: str) -> float:
    """Return years from one ISO date to another."""
    return round(days(birth, origin) / 365.25, 2)


# fmt: off
# fmt: off


@shape
def usual_supplement_table(folder):
    """Excel, English: title, footnotes, a dash for no relapse, MRD within the response, months of follow-up beside days to relapse."""
    head = ["Patient", "Age at infusion (y)", "Sex", "Disease status", "Prior allo-HCT", "BM blasts before LD (%)", "CRS, max grade*", "ICANS, max grade*",
            "Tocilizumab", "Corticosteroids", "Response at day 30", "Time to relapse (days)", "Follow-up from infusion (months)", "Status at last follow-up"]
    rows = [[1, 9, "F", "2nd relapse", "Yes", 45, 2, 0, "Yes", "No", "MRD-neg CR", "–", 24.3, "Alive"],
            [2, 14, "M", "Refractory", "No", 88.5, 3, 2, "Yes", "Yes", "MRD-neg CR", 94, 7.5, "Dead"],
            [3, 22, "M", "1st relapse", "No", 12, 1, 0, "No", "No", "CRi", "–", 18, "Alive"],
            [4, 17, "F", "2nd relapse", "Yes", 0.5, 0, 0, "No", "No", "MRD-neg CR", 213, 15.2, "Alive"],
            [5, 6, "M", "1st relapse", "No", 97, 4, 3, "Yes", "Yes", "NR", "–", 1.6, "Dead"],
            [6, 11, "F", "3rd relapse", "Yes", 33, 2, 1, "Yes", "No", "MRD-pos CR", "–", 9.9, "Alive"]]
    sheet = [["Supplementary Table S2. Characteristics and outcomes of the patients treated with CD19 CAR-T cells (n = 6)"], head, *rows, [],
             ["*CRS and ICANS were graded according to the ASTCT consensus criteria."],
             ["Abbreviations: BM, bone marrow; CR, complete remission; CRi, CR with incomplete hematologic recovery; HCT, hematopoietic cell transplantation; LD, lymphodepletion; NR, no response."]]
    path = workbook(folder / "Table_S2.xlsx", {"Table S2": sheet}, {"Table S2": ["A1:N1"]})
    return [path], {}, {
        "patients": ([ID, "sex", "age_years", "prior_transplant", "blast_prelymphodepletion_pct"], [
            ("1", "female", 9, True, 45), ("2", "male", 14, False, 88.5), ("3", "male", 22, False, 12), ("4", "female", 17, True, 0.5), ("5", "male", 6, False, 97), ("6", "female", 11, True, 33)]),
        "status": ([ID, "crs", "crs_grade_max", "icans", "icans_grade_max", "gc", "tcz"], [
            ("1", "yes", 2, "no", 0, "no", "yes"), ("2", "yes", 3, "yes", 2, "yes", "yes"), ("3", "yes", 1, "no", 0, "no", "no"),
            ("4", "no", 0, "no", 0, "no", "no"), ("5", "yes", 4, "yes", 3, "yes", "yes"), ("6", "yes", 2, "yes", 1, "no", "yes")]),
        "response": ([ID, "day30_response"], [("1", "CR"), ("2", "CR"), ("3", "CRi"), ("4", "CR"), ("5", "NR"), ("6", "CR")]),
        "followup": ([ID, "relapse_day", "death_day", "last_contact_day"], [
            ("1", None, None, 24.3 * MONTH), ("2", 94, 7.5 * MONTH, 7.5 * MONTH), ("3", None, None, 18 * MONTH),
            ("4", 213, None, 15.2 * MONTH), ("5", None, 1.6 * MONTH, 1.6 * MONTH), ("6", None, None, 9.9 * MONTH)])}


@shape
def usual_three_sheets(folder):
    """Excel, English: three sheets, dates of birth, an apheresis date beside that of infusion, no last contact of the dead."""
    people = [("CAR-001", "2009-06-17", "M", 148, 41.5, "2021-02-08", "2021-03-15"), ("CAR-002", "2015-11-02", "F", 112, 19.4, "2021-03-22", "2021-04-27"),
              ("CAR-003", "2004-01-29", "F", 163, 58, "2021-05-03", "2021-06-09"), ("CAR-004", "2012-08-21", "M", 131, 27.8, "2021-08-16", "2021-09-30"),
              ("CAR-005", "2017-04-13", "M", 99, 15.2, "2021-10-18", "2021-11-24")]
    demographics = [["Study ID", "DOB", "Sex (M/F)", "Height (cm)", "Weight at infusion (kg)", "Date of apheresis", "Date of CAR-T infusion"]]
    demographics += [[k, iso(b), s, h, w, iso(a), iso(i)] for k, b, s, h, w, a, i in people]
    toxicity = [["Study ID", "CRS onset (days post infusion)", "Max CRS grade (ASTCT)", "ICANS onset (days post infusion)", "Max ICANS grade (ASTCT)"],
                ["CAR-001", 3, 2, None, 0], ["CAR-002", 1, 3, 5, 2], ["CAR-003", None, 0, None, 0], ["CAR-004", 6, 1, None, 0], ["CAR-005", 2, 4, 4, 3]]
    outcome = [["Study ID", "Date of relapse", "Date of death", "Date of last f/u"],
               ["CAR-001", None, None, iso("2023-03-20")], ["CAR-002", iso("2021-10-19"), iso("2022-02-14"), None], ["CAR-003", None, None, iso("2022-12-28")],
               ["CAR-004", iso("2022-05-26"), None, iso("2023-01-17")], ["CAR-005", None, iso("2021-12-13"), None]]
    path = workbook(folder / "CART_database.xlsx", {"Demographics": demographics, "Toxicity": toxicity, "Outcome": outcome})
    sex = {"M": "male", "F": "female"}
    return [path], {}, {
        "patients": ([ID, "sex", "age_years", "height_cm", "weight_kg", "infusion_year"], [(k, sex[s], age(b, i), h, w, 2021) for k, b, s, h, w, _, i in people]),
        "toxicity": ([ID, "event", "day_from", "grade"], [("CAR-001", "CRS", 3, 2), ("CAR-002", "CRS", 1, 3), ("CAR-002", "ICANS", 5, 2), ("CAR-004", "CRS", 6, 1), ("CAR-005", "CRS", 2, 4), ("CAR-005", "ICANS", 4, 3)]),
        "followup": ([ID, "relapse_day", "death_day", "last_contact_day"], [
            ("CAR-001", None, None, days("2021-03-15", "2023-03-20")),
            ("CAR-002", days("2021-04-27", "2021-10-19"), days("2021-04-27", "2022-02-14"), days("2021-04-27", "2022-02-14")),
            ("CAR-003", None, None, days("2021-06-09", "2022-12-28")),
            ("CAR-004", days("2021-09-30", "2022-05-26"), None, days("2021-09-30", "2023-01-17")),
            ("CAR-005", None, days("2021-11-24", "2021-12-13"), days("2021-11-24", "2021-12-13"))])}


@shape
def usual_cytokines_wide(folder):
    """Excel, English: analyte and day in one heading, the unit in the sheet's title, signs in the cells, `n.d.`."""
    clinical = [["Subject ID", "Gender", "Age (years)", "Weight (kg)", "CAR T cell dose (x10^6/kg)", "Peak CRS grade", "Vital status", "OS from infusion (days)"],
                ["S-01", "Female", 34, 61, 1.2, 1, "Alive", 731], ["S-02", "Male", 51, 83.5, 0.9, 3, "Deceased", 148], ["S-03", "Male", 27, 70, 2, 2, "Alive", 512],
                ["S-04", "Female", 62, 55.4, 1.5, 0, "Alive", 402], ["S-05", "Female", 45, 66, 1.1, 4, "Deceased", 29]]
    cytokines = [["Serum cytokines (pg/mL)"], ["Subject ID", "IL-6 D0", "IL-6 D3", "IL-6 D7", "IL-10 D0", "IL-10 D3", "IL-10 D7", "IFN-γ D0", "IFN-γ D3", "IFN-γ D7"],
                 ["S-01", "<0.5", 12.4, 31, 3.1, 6.6, 5.2, 9.7, 44, 21.3], ["S-02", 8.2, 1730, ">5000", 4.4, 58.1, 120, 15, 980, 2210],
                 ["S-03", 2.7, 96, "n.d.", 2.8, 17.9, "n.d.", 7.1, 150.5, "n.d."], ["S-04", 1.9, 4.3, 3.6, 1.7, 2.2, 2.5, 5.8, 6.4, 8.8], ["S-05", 14.6, 3320, 870, 9.3, 88, 64.7, 31, 1415, 640]]
    path = workbook(folder / "cytokine_data.xlsx", {"Clinical": clinical, "Cytokines": cytokines})
    labs = []
    for row in cytokines[2:]:
        for heading, cell in zip(cytokines[1][1:], row[1:], strict=True):
            if cell != "n.d.":
                analyte, day = heading.split(" D")
                sign = {"<": "left", ">": "right"}.get(str(cell)[0], "no")
                labs.append((row[0], int(day), analyte, float(str(cell).lstrip("<>")), sign))
    return [path], {}, {
        "patients": ([ID, "sex", "age_years", "weight_kg", "car_dose_e6_per_kg"], [("S-01", "female", 34, 61, 1.2), ("S-02", "male", 51, 83.5, 0.9), ("S-03", "male", 27, 70, 2), ("S-04", "female", 62, 55.4, 1.5), ("S-05", "female", 45, 66, 1.1)]),
        "status": ([ID, "crs", "crs_grade_max"], [("S-01", "yes", 1), ("S-02", "yes", 3), ("S-03", "yes", 2), ("S-04", "no", 0), ("S-05", "yes", 4)]),
        "labs": ([ID, "day", "analyte", "value", "censored"], labs),
        "followup": ([ID, "death_day", "last_contact_day"], [("S-01", None, 731), ("S-02", 148, 148), ("S-03", None, 512), ("S-04", None, 402), ("S-05", 29, 29)])}


@shape
def usual_german_list(folder):
    """Excel, German: Roman grades with a degree sign, `nein` and dashes among the dates of relapse, m/w, dates of birth."""
    people = [("K-11", "2010-05-19", "m", 36.4, "2019-01-22", "nein"), ("K-12", "2006-12-03", "w", 52, "2019-03-28", "ja"), ("K-13", "2014-02-27", "m", 21.7, "2019-06-18", "nein"),
              ("K-14", "2001-09-14", "w", 60.5, "2019-08-29", "ja"), ("K-15", "2016-07-30", "w", 14.9, "2019-11-21", "nein")]
    later = [("I°", "0", "nein", "nein", "nein", None, iso("2021-02-17")), ("III°", "II°", "ja", "ja", iso("2019-09-16"), iso("2020-01-25"), None), ("II°", "0", "ja", "nein", "nein", None, iso("2020-12-15")),
             ("0", "0", "nein", "nein", iso("2020-07-23"), None, iso("2021-03-18")), ("IV°", "I°", "ja", "ja", "–", iso("2019-12-19"), None)]
    head = ["Pat.-ID", "Geburtsdatum", "Geschlecht (m/w)", "Gewicht (kg)", "Datum CAR-T-Infusion", "Z. n. allogener SZT", "CRS Grad (max.)", "ICANS Grad (max.)", "Tocilizumab", "Steroide",
            "Datum Rezidiv", "verstorben am", "letzter Kontakt"]
    rows = [[k, iso(b), s, w, iso(i), t, *rest] for (k, b, s, w, i, t), rest in zip(people, later, strict=True)]
    path = workbook(folder / "Patientenliste.xlsx", {"Tabelle1": [head, *rows]})
    sex, truth = {"m": "male", "w": "female"}, {"ja": True, "nein": False}
    return [path], {}, {
        "patients": ([ID, "sex", "age_years", "weight_kg", "infusion_year", "prior_transplant"], [(k, sex[s], age(b, i), w, 2019, truth[t]) for k, b, s, w, i, t in people]),
        "status": ([ID, "crs", "crs_grade_max", "icans", "icans_grade_max", "gc", "tcz"], [
            ("K-11", "yes", 1, "no", 0, "no", "no"), ("K-12", "yes", 3, "yes", 2, "yes", "yes"), ("K-13", "yes", 2, "no", 0, "no", "yes"), ("K-14", "no", 0, "no", 0, "no", "no"), ("K-15", "yes", 4, "yes", 1, "yes", "yes")]),
        "followup": ([ID, "relapse_day", "death_day", "last_contact_day"], [
            ("K-11", None, None, days("2019-01-22", "2021-02-17")),
            ("K-12", days("2019-03-28", "2019-09-16"), days("2019-03-28", "2020-01-25"), days("2019-03-28", "2020-01-25")),
            ("K-13", None, None, days("2019-06-18", "2020-12-15")),
            ("K-14", days("2019-08-29", "2020-07-23"), None, days("2019-08-29", "2021-03-18")),
            ("K-15", None, days("2019-11-21", "2019-12-19"), days("2019-11-21", "2019-12-19"))])}


@shape
def usual_chinese_supplement(folder):
    """Excel, Chinese: full-width brackets, `未复发` among months, `/` for missing, responses in words, a note below."""
    head = ["编号", "性别", "年龄（岁）", "体重（kg）", "既往移植史", "CRS最高分级", "ICANS最高分级", "托珠单抗", "糖皮质激素", "第30天疗效", "复发时间（月）", "总生存时间（月）", "生存状态"]
    rows = [["B01", "男", 7, 24.5, "无", "2级", "0级", "是", "否", "完全缓解", "未复发", 26.4, "存活"], ["B02", "女", 13, 46, "有", "3级", "2级", "是", "是", "完全缓解", 5.3, 11.8, "死亡"],
            ["B03", "女", 4, "/", "无", "1级", "0级", "否", "否", "完全缓解", "未复发", 20, "存活"], ["B04", "男", 10, 31.2, "无", "0级", "0级", "否", "否", "未缓解", "/", 3.1, "死亡"],
            ["B05", "男", 16, 57, "有", "4级", "1级", "是", "是", "部分缓解", "/", 8.7, "存活"], ["B06", "女", 9, 28.3, "无", "2级", "0级", "否", "是", "完全缓解", 14.6, 22.9, "存活"]]
    path = workbook(folder / "附表1.xlsx", {"附表1": [["附表1 CAR-T细胞治疗患儿的临床特征及转归"], head, *rows, ["注：时间均自CAR-T细胞回输日起算；“/”表示不适用或缺失。"]]}, {"附表1": ["A1:M1"]})
    return [path], {}, {
        "patients": ([ID, "sex", "age_years", "weight_kg", "prior_transplant"], [
            ("B01", "male", 7, 24.5, False), ("B02", "female", 13, 46, True), ("B03", "female", 4, None, False), ("B04", "male", 10, 31.2, False), ("B05", "male", 16, 57, True), ("B06", "female", 9, 28.3, False)]),
        "status": ([ID, "crs", "crs_grade_max", "icans", "icans_grade_max", "gc", "tcz"], [
            ("B01", "yes", 2, "no", 0, "no", "yes"), ("B02", "yes", 3, "yes", 2, "yes", "yes"), ("B03", "yes", 1, "no", 0, "no", "no"),
            ("B04", "no", 0, "no", 0, "no", "no"), ("B05", "yes", 4, "yes", 1, "yes", "yes"), ("B06", "yes", 2, "no", 0, "yes", "no")]),
        "response": ([ID, "day30_response"], [("B01", "CR"), ("B02", "CR"), ("B03", "CR"), ("B04", "NR"), ("B05", "PR"), ("B06", "CR")]),
        "followup": ([ID, "relapse_day", "death_day", "last_contact_day"], [
            ("B01", None, None, 26.4 * MONTH), ("B02", 5.3 * MONTH, 11.8 * MONTH, 11.8 * MONTH), ("B03", None, None, 20 * MONTH),
            ("B04", None, 3.1 * MONTH, 3.1 * MONTH), ("B05", None, None, 8.7 * MONTH), ("B06", 14.6 * MONTH, None, 22.9 * MONTH)])}


@shape
def usual_mar_export(folder):
    """CSV with commas and a byte order mark, English: two files, a clock with AM and PM, month first, tall-man drug names, one dose not given."""
    patients = "Study ID,Sex,Age at infusion,Weight (kg),Infusion date,Death date,Last contact date\n" \
      "R101,Male,15,49.0,3/14/2021,,4/2/2023\nR102,Female,8,26.5,5/20/2021,6/18/2021,6/18/2021\nR103,Female,19,63.2,9/7/2021,,10/25/2022\nR104,Male,5,18.8,11/30/2021,,12/13/2022\n"
    mar = "Study ID,Medication,Dose,Dose unit,Route,Taken time,MAR action\n" \
      "R101,tocilizumab (ACTEMRA) IVPB,392,mg,Intravenous,3/17/2021 2:35 PM,Given\n" \
      "R101,dexAMETHasone (DECADRON) injection,10,mg,Intravenous,3/18/2021 8:05 AM,Given\n" \
      "R101,dexAMETHasone (DECADRON) injection,10,mg,Intravenous,3/18/2021 8:10 PM,Given\n" \
      "R102,methylPREDNISolone sodium succinate (SOLU-MEDROL) injection,52,mg,Intravenous,5/24/2021 12:15 AM,Given\n" \
      "R102,methylPREDNISolone sodium succinate (SOLU-MEDROL) injection,52,mg,Intravenous,5/24/2021 12:20 PM,Not Given\n" \
      "R102,methylPREDNISolone sodium succinate (SOLU-MEDROL) injection,26,mg,Intravenous,5/25/2021 9:00 AM,Given\n" \
      "R103,predniSONE (DELTASONE) tablet,60,mg,Oral,9/19/2021 7:45 AM,Given\n" \
      "R103,hydrocortisone sodium succinate (Solu-CORTEF) injection,50,mg,Intravenous,9/21/2021 6:30 PM,Given\n"
    return [text(folder, "patients.csv", patients, "utf-8-sig"), text(folder, "mar_export.csv", mar, "utf-8-sig")], {}, {
        "patients": ([ID, "sex", "age_years", "weight_kg", "infusion_year"], [("R101", "male", 15, 49, 2021), ("R102", "female", 8, 26.5, 2021), ("R103", "female", 19, 63.2, 2021), ("R104", "male", 5, 18.8, 2021)]),
        "treatments": ([ID, "agent", "day", "time", "dose_mg", "route"], [
            ("R101", "tocilizumab", 3, "14:35", 392, "IV"), ("R101", "dexamethasone", 4, "08:05", 10, "IV"), ("R101", "dexamethasone", 4, "20:10", 10, "IV"),
            ("R102", "methylprednisolone", 4, "00:15", 52, "IV"), ("R102", "methylprednisolone", 5, "09:00", 26, "IV"),
            ("R103", "prednisone", 12, "07:45", 60, "PO"), ("R103", "hydrocortisone", 14, "18:30", 50, "IV")]),
        "followup": ([ID, "death_day", "last_contact_day"], [
            ("R101", None, days("2021-03-14", "2023-04-02")), ("R102", 29, 29), ("R103", None, days("2021-09-07", "2022-10-25")), ("R104", None, days("2021-11-30", "2022-12-13"))])}


@shape
def usual_french_unicode_text(folder):
    """UTF-16 with tabs (Excel's `Texte Unicode`), French: H/F, decimal commas, one date for death or last news beside a vital status, RC and RCi."""
    content = "Identifiant\tSexe (H/F)\tDate de naissance\tPoids (kg)\tAllogreffe antérieure\tDate d'injection des CAR-T\tRéponse à J30\tDate de rechute\tStatut vital\tDate de décès ou de dernières nouvelles\r\n" \
      "LAL-01\tH\t23/06/2008\t38,5\tnon\t17/01/2020\tRC\t\tVivant\t21/02/2022\r\nLAL-02\tF\t09/11/2012\t24\toui\t13/03/2020\tRC\t28/09/2020\tDécédé\t16/12/2020\r\n" \
      "LAL-03\tF\t30/04/2003\t55,2\tnon\t26/05/2020\tRCi\t\tVivant\t08/03/2022\r\nLAL-04\tH\t15/08/2015\t17,9\tnon\t18/09/2020\tNR\t\tDécédé\t05/11/2020\r\nLAL-05\tH\t27/12/1999\t71,4\toui\t24/11/2020\tRC\t14/06/2021\tVivant\t19/01/2022\r\n"
    return [text(folder, "registre_LAL.txt", content, "utf-16")], {}, {
        "patients": ([ID, "sex", "age_years", "weight_kg", "prior_transplant", "infusion_year"], [
            ("LAL-01", "male", age("2008-06-23", "2020-01-17"), 38.5, False, 2020), ("LAL-02", "female", age("2012-11-09", "2020-03-13"), 24, True, 2020), ("LAL-03", "female", age("2003-04-30", "2020-05-26"), 55.2, False, 2020),
            ("LAL-04", "male", age("2015-08-15", "2020-09-18"), 17.9, False, 2020), ("LAL-05", "male", age("1999-12-27", "2020-11-24"), 71.4, True, 2020)]),
        "response": ([ID, "day30_response"], [("LAL-01", "CR"), ("LAL-02", "CR"), ("LAL-03", "CRi"), ("LAL-04", "NR"), ("LAL-05", "CR")]),
        "followup": ([ID, "relapse_day", "death_day", "last_contact_day"], [
            ("LAL-01", None, None, days("2020-01-17", "2022-02-21")),
            ("LAL-02", days("2020-03-13", "2020-09-28"), days("2020-03-13", "2020-12-16"), days("2020-03-13", "2020-12-16")),
            ("LAL-03", None, None, days("2020-05-26", "2022-03-08")),
            ("LAL-04", None, days("2020-09-18", "2020-11-05"), days("2020-09-18", "2020-11-05")),
            ("LAL-05", days("2020-11-24", "2021-06-14"), None, days("2020-11-24", "2022-01-19"))])}


@shape
def usual_spanish_semicolons(folder):
    """CSV with semicolons in Windows-1252, Spanish: SLC for CRS, `s/d` for missing, `Exitus` yes or no beside the date of last contact or death."""
    content = "Código;Sexo;Edad (años);Peso (kg);Talla (cm);Fecha infusión CAR-T;Grado SLC;Grado ICANS;Tocilizumab;Corticoides;Exitus;Fecha exitus / último contacto\r\n" \
      "HN-03;Varón;12;39,5;147;19-02-2020;2;0;Sí;No;No;23-02-2022\r\nHN-04;Mujer;6;20,1;116;14-05-2020;3;1;Sí;Sí;Sí;30-08-2020\r\nHN-07;Mujer;17;s/d;161;22-07-2020;0;0;No;No;No;15-06-2021\r\n" \
      "HN-09;Varón;9;27,8;s/d;16-10-2020;1;0;No;No;No;27-01-2022\r\nHN-10;Varón;3;14,6;96;03-12-2020;4;3;Sí;Sí;Sí;21-12-2020\r\n"
    return [text(folder, "pacientes_cart.csv", content, "cp1252")], {}, {
        "patients": ([ID, "sex", "age_years", "weight_kg", "height_cm", "infusion_year"], [
            ("HN-03", "male", 12, 39.5, 147, 2020), ("HN-04", "female", 6, 20.1, 116, 2020), ("HN-07", "female", 17, None, 161, 2020), ("HN-09", "male", 9, 27.8, None, 2020), ("HN-10", "male", 3, 14.6, 96, 2020)]),
        "status": ([ID, "crs", "crs_grade_max", "icans", "icans_grade_max", "gc", "tcz"], [
            ("HN-03", "yes", 2, "no", 0, "no", "yes"), ("HN-04", "yes", 3, "yes", 1, "yes", "yes"), ("HN-07", "no", 0, "no", 0, "no", "no"), ("HN-09", "yes", 1, "no", 0, "no", "no"), ("HN-10", "yes", 4, "yes", 3, "yes", "yes")]),
        "followup": ([ID, "death_day", "last_contact_day"], [
            ("HN-03", None, days("2020-02-19", "2022-02-23")), ("HN-04", days("2020-05-14", "2020-08-30"), days("2020-05-14", "2020-08-30")), ("HN-07", None, days("2020-07-22", "2021-06-15")),
            ("HN-09", None, days("2020-10-16", "2022-01-27")), ("HN-10", 18, 18)])}


@shape
def usual_italian_pipes(folder):
    """Text with upright bars in Latin-1, Italian: capitals with underscores, the last visit of the dead before the death, leading zeros."""
    content = "\n".join([
        "ID_PAZIENTE|SESSO|ETÀ_INFUSIONE|PESO_KG|DATA_INFUSIONE|CRS|GRADO_CRS|RECIDIVA|DATA_RECIDIVA|DECESSO|DATA_DECESSO|DATA_ULTIMO_FOLLOW_UP",
        "007|M|11|35,0|21/01/2021|SI|2|NO||NO||18/01/2023",
        "012|F|5|17,6|16/03/2021|SI|3|SI|29/07/2021|SI|24/10/2021|13/10/2021",
        "018|F|14|48,3|27/04/2021|NO|0|NO||NO||15/12/2022",
        "023|M|8|25,9|15/06/2021|SI|1|SI|22/02/2022|NO||19/01/2023",
        "031|M|20|66,0|23/09/2021|SI|4|NO||SI|14/10/2021|14/10/2021", ""])
    return [text(folder, "estrazione_cart.txt", content, "latin-1")], {}, {
        "patients": ([ID, "sex", "age_years", "weight_kg", "infusion_year"], [("007", "male", 11, 35, 2021), ("012", "female", 5, 17.6, 2021), ("018", "female", 14, 48.3, 2021), ("023", "male", 8, 25.9, 2021), ("031", "male", 20, 66, 2021)]),
        "status": ([ID, "crs", "crs_grade_max"], [("007", "yes", 2), ("012", "yes", 3), ("018", "no", 0), ("023", "yes", 1), ("031", "yes", 4)]),
        "followup": ([ID, "relapse_day", "death_day", "last_contact_day"], [
            ("007", None, None, days("2021-01-21", "2023-01-18")),
            ("012", days("2021-03-16", "2021-07-29"), days("2021-03-16", "2021-10-24"), days("2021-03-16", "2021-10-24")),
            ("018", None, None, days("2021-04-27", "2022-12-15")),
            ("023", days("2021-06-15", "2022-02-22"), None, days("2021-06-15", "2023-01-19")),
            ("031", None, 21, 21)])}


@shape
def usual_spss_resident(folder):
    """SPSS, English: short names with variable labels, 1/2 by value labels (also yes 1, no 2), 9 and 999 declared missing, dates."""
    def day(words):
        return date.fromisoformat(words) if words else None

    infusions = ["2018-02-14", "2018-05-23", "2018-09-19", "2019-01-30", "2019-04-17", "2019-10-24"]
    relapses = [None, "2018-12-20", None, None, "2020-02-26", None]
    deaths = [None, "2019-06-15", None, "2019-02-19", None, None]
    seen = ["2020-11-18", "2019-06-15", "2020-08-27", "2019-02-19", "2021-01-13", "2020-12-16"]
    frame = pd.DataFrame({
        "patid": [101.0, 102, 103, 104, 105, 106], "sex": [2.0, 1, 1, 2, 2, 1], "ageinf": [54.0, 61, 38, 70, 45, 66], "wt": [68.0, 81.5, 999, 59, 74, 90], "dinf": [day(x) for x in infusions],
        "crsmax": [1.0, 3, 0, 4, 2, 1], "ntmax": [0.0, 2, 0, 3, 1, 0], "toci": [2.0, 1, 2, 1, 1, 2], "ster": [2.0, 1, 2, 1, 9, 2], "resp30": [1.0, 1, 2, 4, 1, 3],
        "drel": [day(x) for x in relapses], "ddeath": [day(x) for x in deaths], "dlast": [day(x) for x in seen]})
    names = {"patid": "Patient number", "sex": "Sex", "ageinf": "Age at CAR-T infusion (years)", "wt": "Weight at infusion (kg)", "dinf": "Date of CAR-T infusion", "crsmax": "Maximum CRS grade (ASTCT)", "ntmax": "Maximum ICANS grade (ASTCT)",
             "toci": "Tocilizumab given", "ster": "Systemic corticosteroids given", "resp30": "Response at day 30", "drel": "Date of relapse", "ddeath": "Date of death", "dlast": "Date of last follow-up"}
    grades = {1: "Grade 1", 2: "Grade 2", 3: "Grade 3", 4: "Grade 4"}
    labels = {"sex": {1: "Male", 2: "Female"}, "crsmax": {0: "No CRS", **grades}, "ntmax": {0: "No ICANS", **grades}, "toci": {1: "Yes", 2: "No"}, "ster": {1: "Yes", 2: "No", 9: "Unknown"}, "resp30": {1: "CR", 2: "CRi", 3: "PR", 4: "NR"}}
    path = folder / "cart_thesis.sav"
    pyreadstat.write_sav(frame, str(path), column_labels=[names[column] for column in frame], variable_value_labels=labels, missing_ranges={"wt": [999], "ster": [9]},
                         variable_format=dict.fromkeys(("dinf", "drel", "ddeath", "dlast"), "EDATE10"))
    def since(ends):
        return [days(start, end) if end else None for start, end in zip(infusions, ends, strict=True)]

    keys = ["101", "102", "103", "104", "105", "106"]
    return [path], {}, {
        "patients": ([ID, "sex", "age_years", "weight_kg", "infusion_year"], [
            ("101", "female", 54, 68, 2018), ("102", "male", 61, 81.5, 2018), ("103", "male", 38, None, 2018), ("104", "female", 70, 59, 2019), ("105", "female", 45, 74, 2019), ("106", "male", 66, 90, 2019)]),
        "status": ([ID, "crs", "crs_grade_max", "icans", "icans_grade_max", "gc", "tcz"], [
            ("101", "yes", 1, "no", 0, "no", "no"), ("102", "yes", 3, "yes", 2, "yes", "yes"), ("103", "no", 0, "no", 0, "no", "no"),
            ("104", "yes", 4, "yes", 3, "yes", "yes"), ("105", "yes", 2, "yes", 1, None, "yes"), ("106", "yes", 1, "no", 0, "no", "no")]),
        "response": ([ID, "day30_response"], [("101", "CR"), ("102", "CR"), ("103", "CRi"), ("104", "NR"), ("105", "CR"), ("106", "PR")]),
        "followup": ([ID, "relapse_day", "death_day", "last_contact_day"], list(zip(keys, since(relapses), since(deaths), since(seen), strict=True)))}


@shape
def usual_stata_stset(folder):
    """Stata, English: `male` 0/1, two pairs of months and status with value labels, the variables of stset left in the file."""
    frame = pd.DataFrame({
        "id": [1, 2, 3, 4, 5, 6, 7], "agey": [33.0, 58.5, 47.0, 64.2, 29.8, 71.0, 52.3], "male": [1, 0, 1, 1, 0, 0, 1], "priorhct": [0, 1, 0, 0, 1, 0, 0],
        "rel_mo": [28.4, 4.1, 15.7, 2.2, 9.3, 12.6, 6.8], "relapse": [0, 1, 0, 0, 1, 0, 1], "os_mo": [28.4, 10.9, 15.7, 2.2, 21.5, 12.6, 8.3], "dead": [0, 1, 0, 1, 0, 0, 1]})
    frame = frame.assign(_st=1, _d=frame["dead"], _t=frame["os_mo"], _t0=0)
    names = {"id": "Patient ID", "agey": "Age at infusion, years", "male": "Male sex", "priorhct": "Prior HSCT", "rel_mo": "Months from infusion to relapse or last follow-up", "relapse": "Relapse", "os_mo": "Months from infusion to death or last follow-up",
             "dead": "Vital status", "_st": "", "_d": "", "_t": "", "_t0": ""}
    path = folder / "cart_survival.dta"
    pyreadstat.write_dta(frame, str(path), column_labels=[names[column] for column in frame], variable_value_labels={"priorhct": {0: "no", 1: "yes"}, "relapse": {0: "no relapse", 1: "relapsed"}, "dead": {0: "alive", 1: "dead"}})
    return [path], {}, {
        "patients": ([ID, "sex", "age_years", "prior_transplant"], [("1", "male", 33, False), ("2", "female", 58.5, True), ("3", "male", 47, False), ("4", "male", 64.2, False), ("5", "female", 29.8, True), ("6", "female", 71, False), ("7", "male", 52.3, False)]),
        "followup": ([ID, "relapse_day", "death_day", "last_contact_day"], [
            ("1", None, None, 28.4 * MONTH), ("2", 4.1 * MONTH, 10.9 * MONTH, 10.9 * MONTH), ("3", None, None, 15.7 * MONTH), ("4", None, 2.2 * MONTH, 2.2 * MONTH),
            ("5", 9.3 * MONTH, None, 21.5 * MONTH), ("6", None, None, 12.6 * MONTH), ("7", 6.8 * MONTH, 8.3 * MONTH, 8.3 * MONTH)])}


@shape
def usual_redcap_units_in_notes(folder):
    """REDCap with its dictionary, English: units in the field notes (CRP in mg/dL), 1 female and 2 male, a choice for not documented, repeating laboratory form, a marked name."""
    head = "Variable / Field Name,Form Name,Section Header,Field Type,Field Label,\"Choices, Calculations, OR Slider Labels\",Field Note,Text Validation Type OR Show Slider Number,Text Validation Min,Text Validation Max," \
      "Identifier?,Branching Logic (Show field only if...),Required Field?,Custom Alignment,Question Number (surveys only),Matrix Group Name,Matrix Ranking?,Field Annotation"
    grades = "0, None | 1, Grade 1 | 2, Grade 2 | 3, Grade 3 | 4, Grade 4"
    fields = [("record_id", "baseline", "text", "Record ID", "", "", "", ""), ("pt_name", "baseline", "text", "Patient name", "", "", "", "y"), ("sex", "baseline", "radio", "Sex", "1, Female | 2, Male", "", "", ""),
              ("age_inf", "baseline", "text", "Age at CAR T-cell infusion", "", "years", "number", ""), ("wt", "baseline", "text", "Weight at infusion", "", "kg", "number", ""),
              ("inf_date", "baseline", "text", "Date of CAR T-cell infusion", "", "", "date_mdy", ""), ("prior_hct", "baseline", "yesno", "Prior hematopoietic cell transplant", "", "", "", ""),
              ("crs_grade", "toxicity", "radio", "Maximum CRS grade (ASTCT)", grades, "", "", ""), ("icans_grade", "toxicity", "radio", "Maximum ICANS grade (ASTCT)", grades, "", "", ""),
              ("toci", "toxicity", "radio", "Tocilizumab given?", "1, Yes | 2, No | 9, Not documented", "", "", ""), ("steroid", "toxicity", "radio", "Systemic corticosteroids given?", "1, Yes | 2, No | 9, Not documented", "", "", ""),
              ("vital", "followup", "radio", "Vital status", "1, Alive | 2, Deceased", "", "", ""), ("relapse_date", "followup", "text", "Date of relapse", "", "", "date_mdy", ""),
              ("death_date", "followup", "text", "Date of death", "", "", "date_mdy", ""), ("lfu_date", "followup", "text", "Date of last contact", "", "", "date_mdy", ""),
              ("lab_date", "labs", "text", "Date of blood draw", "", "", "date_mdy", ""), ("lab_crp", "labs", "text", "C-reactive protein", "", "mg/dL", "number", ""), ("lab_ferritin", "labs", "text", "Ferritin", "", "ng/mL", "number", "")]
    lines = [f'{name},{form},,{kind},{label},"{choices}",{note},{check},,,{marked},,,,,,,' for name, form, kind, label, choices, note, check, marked in fields]
    data = "record_id,redcap_repeat_instrument,redcap_repeat_instance,pt_name,sex,age_inf,wt,inf_date,prior_hct,baseline_complete,crs_grade,icans_grade,toci,steroid,toxicity_complete,vital,relapse_date,death_date,lfu_date,followup_complete,lab_date,lab_crp,lab_ferritin,labs_complete\n" \
      "1,,,Planted,2,16,54.0,2021-02-18,0,2,2,0,1,2,2,1,,,2022-11-29,2,,,,\n1,labs,1,,,,,,,,,,,,,,,,,,2021-02-18,0.9,410,2\n1,labs,2,,,,,,,,,,,,,,,,,,2021-02-23,14.2,3950,2\n" \
      "2,,,Auntie,1,7,22.3,2021-05-26,1,2,4,3,1,1,2,2,,2021-06-30,2021-06-30,2,,,,\n2,labs,1,,,,,,,,,,,,,,,,,,2021-05-27,3.5,1280,2\n2,labs,2,,,,,,,,,,,,,,,,,,2021-05-31,22.6,18400,2\n" \
      "3,,,,1,12,40.8,2021-08-19,0,2,0,0,2,2,2,1,2022-03-24,,2022-12-14,2,,,,\n3,labs,1,,,,,,,,,,,,,,,,,,2021-08-26,0.4,265,2\n" \
      "4,,,,2,20,77.1,2021-10-27,0,2,1,0,2,9,2,1,,,2022-10-31,2,,,,\n4,labs,1,,,,,,,,,,,,,,,,,,2021-11-02,6.1,,2\n"
    return [text(folder, "CART_DATA_2023-01-16.csv", data), text(folder, "CART_DataDictionary_2023-01-16.csv", "\n".join([head, *lines]) + "\n")], {}, {
        "patients": ([ID, "sex", "age_years", "weight_kg", "infusion_year", "prior_transplant"], [("1", "male", 16, 54, 2021, False), ("2", "female", 7, 22.3, 2021, True), ("3", "female", 12, 40.8, 2021, False), ("4", "male", 20, 77.1, 2021, False)]),
        "status": ([ID, "crs", "crs_grade_max", "icans", "icans_grade_max", "gc", "tcz"], [
            ("1", "yes", 2, "no", 0, "no", "yes"), ("2", "yes", 4, "yes", 3, "yes", "yes"), ("3", "no", 0, "no", 0, "no", "no"), ("4", "yes", 1, "no", 0, None, "no")]),
        "labs": ([ID, "day", "analyte", "value"], [
            ("1", 0, "CRP", 9), ("1", 0, "ferritin", 410), ("1", 5, "CRP", 142), ("1", 5, "ferritin", 3950), ("2", 1, "CRP", 35), ("2", 1, "ferritin", 1280), ("2", 5, "CRP", 226), ("2", 5, "ferritin", 18400),
            ("3", 7, "CRP", 4), ("3", 7, "ferritin", 265), ("4", 6, "CRP", 61)]),
        "followup": ([ID, "relapse_day", "death_day", "last_contact_day"], [
            ("1", None, None, days("2021-02-18", "2022-11-29")), ("2", None, 35, 35), ("3", days("2021-08-19", "2022-03-24"), None, days("2021-08-19", "2022-12-14")), ("4", None, None, days("2021-10-27", "2022-10-31"))])}


@shape
def usual_lis_long(folder):
    """Laboratory export in long form, English: tests in capitals, flags and reference ranges beside results, signs in results, a cancelled test, a sample before infusion."""
    cohort = "Study No,Sex,Age at infusion (yr),CAR-T infusion,Date of death,Last seen\n" \
      "C01,F,41,2022-01-19,,2023-05-16\nC02,M,67,2022-03-23,2022-05-02,2022-05-02\nC03,M,55,2022-06-15,,2023-04-27\nC04,F,59,2022-09-28,,2023-03-30\n"
    results = "Study No,Collected,Test,Result,Flag,Units,Reference range\n" \
      "C01,2022-01-16 07:40,C-REACTIVE PROTEIN,4.1,,mg/L,0.0-5.0\nC01,2022-01-16 07:40,FERRITIN,388,H,ng/mL,15-150\nC01,2022-01-21 06:05,C-REACTIVE PROTEIN,57.3,H,mg/L,0.0-5.0\nC01,2022-01-21 06:05,INTERLEUKIN-6,241,H,pg/mL,<7.0\nC01,2022-01-21 06:05,PROCALCITONIN,<0.05,,ng/mL,<0.10\n" \
      "C02,2022-03-25 05:50,C-REACTIVE PROTEIN,182.6,H,mg/L,0.0-5.0\nC02,2022-03-25 05:50,FERRITIN,>40000,H,ng/mL,30-400\nC02,2022-03-25 05:50,INTERLEUKIN-6,3905,H,pg/mL,<7.0\nC02,2022-03-26 06:15,PROCALCITONIN,1.38,H,ng/mL,<0.10\n" \
      "C03,2022-06-15 06:30,C-REACTIVE PROTEIN,2.2,,mg/L,0.0-5.0\nC03,2022-06-20 06:10,INTERLEUKIN-6,CANCELLED,,pg/mL,<7.0\nC03,2022-06-20 06:10,FERRITIN,912,H,ng/mL,30-400\n" \
      "C04,2022-10-01 07:00,INTERLEUKIN-6,<1.5,,pg/mL,<7.0\nC04,2022-10-01 07:00,C-REACTIVE PROTEIN,9.8,H,mg/L,0.0-5.0\n"
    return [text(folder, "cohort.csv", cohort), text(folder, "lis_export.csv", results)], {}, {
        "patients": ([ID, "sex", "age_years", "infusion_year"], [("C01", "female", 41, 2022), ("C02", "male", 67, 2022), ("C03", "male", 55, 2022), ("C04", "female", 59, 2022)]),
        "labs": ([ID, "day", "time", "analyte", "value", "censored"], [
            ("C01", -3, "07:40", "CRP", 4.1, "no"), ("C01", -3, "07:40", "ferritin", 388, "no"), ("C01", 2, "06:05", "CRP", 57.3, "no"), ("C01", 2, "06:05", "IL-6", 241, "no"), ("C01", 2, "06:05", "PCT", 0.05, "left"),
            ("C02", 2, "05:50", "CRP", 182.6, "no"), ("C02", 2, "05:50", "ferritin", 40000, "right"), ("C02", 2, "05:50", "IL-6", 3905, "no"), ("C02", 3, "06:15", "PCT", 1.38, "no"),
            ("C03", 0, "06:30", "CRP", 2.2, "no"), ("C03", 5, "06:10", "ferritin", 912, "no"), ("C04", 3, "07:00", "IL-6", 1.5, "left"), ("C04", 3, "07:00", "CRP", 9.8, "no")]),
        "followup": ([ID, "death_day", "last_contact_day"], [("C01", None, days("2022-01-19", "2023-05-16")), ("C02", 40, 40), ("C03", None, days("2022-06-15", "2023-04-27")), ("C04", None, days("2022-09-28", "2023-03-30"))])}


@shape
def usual_chinese_ward_orders(folder):
    """Ward export in GB18030, Chinese: a tab behind each number, drugs with salt and form, mg and g, `8岁`, names and telephones that must not be read."""
    patients = "患者编号,姓名,性别,年龄,体重(kg),联系电话,CAR-T回输日期,死亡日期,末次随访日期\r\n" \
      "ZL01\t,张小三,男,8岁,26.0,13800000000\t,2022/3/16,,2023/4/18\r\nZL02\t,Planted,女,14岁,47.5,13900000002\t,2022/5/25,2022/6/27,2022/6/27\r\nZL03\t,Auntie,女,5岁,18.2,13900000003\t,2022/8/17,,2023/2/20\r\nZL04\t,李小四,男,11岁,35.4,13900000004\t,2022/10/26,,2023/5/30\r\n"
    orders = "患者编号,姓名,医嘱名称,单次剂量,剂量单位,给药途径,执行时间\r\n" \
      "ZL01\t,张小三,托珠单抗注射液,208,mg,静脉滴注,2022/3/20 15:10\r\nZL01\t,张小三,地塞米松磷酸钠注射液,5,mg,静脉注射,2022/3/20 21:30\r\nZL01\t,张小三,地塞米松磷酸钠注射液,2.5,mg,静脉注射,2022/3/21 9:00\r\n" \
      "ZL02\t,Planted,注射用甲泼尼龙琥珀酸钠,40,mg,静脉滴注,2022/5/28 8:20\r\nZL02\t,Planted,注射用甲泼尼龙琥珀酸钠,0.5,g,静脉滴注,2022/5/30 10:00\r\nZL02\t,Planted,托珠单抗注射液,376,mg,静脉滴注,2022/5/29 13:45\r\n" \
      "ZL03\t,Auntie,醋酸泼尼松片,10,mg,口服,2022/8/27 8:00\r\nZL03\t,Auntie,磷酸芦可替尼片,5,mg,口服,2022/8/28 18:00\r\n"
    return [text(folder, "患者信息.csv", patients, "gb18030"), text(folder, "医嘱执行记录.csv", orders, "gb18030")], {}, {
        "patients": ([ID, "sex", "age_years", "weight_kg", "infusion_year"], [("ZL01", "male", 8, 26, 2022), ("ZL02", "female", 14, 47.5, 2022), ("ZL03", "female", 5, 18.2, 2022), ("ZL04", "male", 11, 35.4, 2022)]),
        "treatments": ([ID, "agent", "day", "time", "dose_mg", "route"], [
            ("ZL01", "tocilizumab", 4, "15:10", 208, "IV"), ("ZL01", "dexamethasone", 4, "21:30", 5, "IV"), ("ZL01", "dexamethasone", 5, "09:00", 2.5, "IV"),
            ("ZL02", "methylprednisolone", 3, "08:20", 40, "IV"), ("ZL02", "methylprednisolone", 5, "10:00", 500, "IV"), ("ZL02", "tocilizumab", 4, "13:45", 376, "IV"),
            ("ZL03", "prednisone", 10, "08:00", 10, "PO"), ("ZL03", "ruxolitinib", 11, "18:00", 5, "PO")]),
        "followup": ([ID, "death_day", "last_contact_day"], [("ZL01", None, days("2022-03-16", "2023-04-18")), ("ZL02", 33, 33), ("ZL03", None, days("2022-08-17", "2023-02-20")), ("ZL04", None, days("2022-10-26", "2023-05-30"))])}
