"""Ten more files of the usual difficulty, written before they were tried, after headings were read by their words."""

from datetime import date, datetime, time

import pandas as pd
import pyreadstat
from import_shapes import MONTH, shape, text, workbook

# fmt: off


def days(later: str, day0: str):
    """Days from day 0 to a date (ISO), None if there is no date."""
    return (date.fromisoformat(later) - date.fromisoformat(day0)).days if later else None


def age(day0: str, born: str):
    """Years of age at day 0."""
    return round(days(day0, born) / 365.25, 2)


def cell(iso: str):
    """A date cell."""
    return datetime.fromisoformat(iso) if iso else None


def turned(iso: str, mark: str):
    """A date with the day first."""
    return mark.join(reversed(iso.split("-"))) if iso else ""


@shape
def ward_supplement_table(folder):
    """Excel, English: supplementary table of a paper; title above, a median row and footnotes below, asterisk in headings, overall survival in months."""
    rows = [
        ["Supplementary Table S3. Characteristics and outcomes of patients treated with CAR T cells"],
        [],
        ["Pt No.", "Age (years)", "Sex", "CAR target", "Prior allo-HSCT", "CAR T-cell dose (x10^6/kg)", "Max CRS grade*", "Max ICANS grade*", "Tocilizumab", "Corticosteroids", "Day 30 response", "Day 30 MRD", "OS (months)", "Survival status"],
        ["P1", 9, "M", "CD19", "N", 1.2, 2, 0, "Y", "N", "CR", "Negative", 24.5, "Alive"],
        ["P2", 14, "F", "CD19", "Y", 3, 3, 2, "Y", "Y", "CRi", "Negative", 8.2, "Dead"],
        ["P3", 4, "F", "CD22", "N", 0.8, 0, 0, "N", "N", "NR", "Positive", 3.4, "Dead"],
        ["P4", 17, "M", "CD19", "Y", 2.5, 1, 0, "N", "N", "CR", "Negative", 31, "Alive"],
        ["P5", 11, "M", "CD19/CD22", "N", 1.9, 4, 3, "Y", "Y", "CR", "Positive", 12.1, "Dead"],
        ["P6", 7, "F", "CD19/CD22", "N", 2.2, 2, 1, "N", "Y", "CR", "Negative", 19.8, "Alive"],
        ["Median (range)", "10 (4-17)", None, None, None, "2.05 (0.8-3.0)", None, None, None, None, None, None, "16.0 (3.4-31.0)", None],
        [],
        ["*Graded according to the ASTCT consensus criteria."],
        ["Abbreviations: CR, complete remission; CRi, CR with incomplete count recovery; MRD, measurable residual disease; NR, no response; OS, overall survival from infusion."],
    ]
    people = rows[3:9]
    yes = {"Y": "yes", "N": "no"}
    return [workbook(folder / "Table_S3.xlsx", {"Table S3": rows})], {}, {
        "patients": (["patient_id", "sex", "age_years", "car_target", "prior_transplant", "car_dose_e6_per_kg"],
                     [(p[0], {"M": "male", "F": "female"}[p[2]], p[1], p[3].replace("/", "+"), p[4] == "Y", p[5]) for p in people]),
        "status": (["patient_id", "crs", "crs_grade_max", "icans", "icans_grade_max", "gc", "tcz"],
                   [(p[0], "yes" if p[6] else "no", p[6], "yes" if p[7] else "no", p[7], yes[p[9]], yes[p[8]]) for p in people]),
        "response": (["patient_id", "day30_response", "mrd_day30_result"], [(p[0], p[10], p[11].lower()) for p in people]),
        "followup": (["patient_id", "death_day", "last_contact_day"],
                     [(p[0], round(p[12] * MONTH, 2) if p[13] == "Dead" else None, round(p[12] * MONTH, 2)) for p in people]),
    }


@shape
def ward_sheet_per_drug(folder):
    """Excel, English: a sheet for patients, tocilizumab (the sheet's name is the drug), steroids and follow-up; clock times in cells; n/a among dates."""
    born = [("CART-01", "F", "2009-06-14", 41.5, "2021-03-22"), ("CART-02", "M", "2014-11-30", 19.2, "2021-05-17"), ("CART-03", "M", "2005-01-25", 63, "2021-07-19"),
            ("CART-04", "F", "2012-08-16", 28.7, "2021-09-27"), ("CART-05", "F", "2017-02-21", 13.4, "2021-11-15")]
    start = {b[0]: b[4] for b in born}
    toci = [("CART-01", "2021-03-27", time(14, 30), 330), ("CART-03", "2021-07-22", time(9, 15), 500), ("CART-03", "2021-07-23", time(21, 0), 500), ("CART-05", "2021-11-19", time(18, 45), 160)]
    steroid = [("CART-03", "2021-07-23", "Methylprednisolone", 60, "IV"), ("CART-03", "2021-07-24", "Methylprednisolone", 60, "IV"), ("CART-03", "2021-07-25", "Prednisone", 40, "PO"),
               ("CART-05", "2021-11-20", "Dexamethasone", 6, "IV"), ("CART-05", "2021-11-21", "Dexamethasone", 3, "IV")]
    seen = [("CART-01", "n/a", "n/a", "2023-02-28"), ("CART-02", "2021-12-13", "2022-04-18", "2022-04-18"), ("CART-03", "n/a", "2021-08-30", "2021-08-30"), ("CART-04", "2022-06-24", "n/a", "2023-01-16"), ("CART-05", "n/a", "n/a", "2022-11-22")]
    known = lambda when: "" if when == "n/a" else when  # noqa: E731
    sheets = {
        "Patients": [["Study ID", "Sex", "DOB", "Weight at infusion (kg)", "Infusion date"]] + [[b[0], b[1], cell(b[2]), b[3], cell(b[4])] for b in born],
        "Tocilizumab": [["Study ID", "Date given", "Time", "Dose (mg)"]] + [[t[0], cell(t[1]), t[2], t[3]] for t in toci],
        "Steroids": [["Study ID", "Date given", "Drug", "Dose (mg)", "Route"]] + [[s[0], cell(s[1]), s[2], s[3], s[4]] for s in steroid],
        "Follow-up": [["Study ID", "Date of relapse", "Date of death", "Date last seen"]] + [[f[0], *(w if w == "n/a" else cell(w) for w in f[1:])] for f in seen],
    }
    given = [(t[0], "tocilizumab", days(t[1], start[t[0]]), t[2].strftime("%H:%M"), t[3]) for t in toci]
    given += [(s[0], s[2].lower(), days(s[1], start[s[0]]), None, s[3]) for s in steroid]
    return [workbook(folder / "CART database.xlsx", sheets)], {}, {
        "patients": (["patient_id", "sex", "age_years", "weight_kg", "infusion_year"], [(b[0], {"M": "male", "F": "female"}[b[1]], age(b[4], b[2]), b[3], 2021) for b in born]),
        "treatments": (["patient_id", "agent", "day", "time", "dose_mg"], given),
        "followup": (["patient_id", "relapse_day", "death_day", "last_contact_day"], [(f[0], *(days(known(w), start[f[0]]) for w in f[1:])) for f in seen]),
    }


@shape
def ward_registre_groupes(folder):
    """Excel, French: two heading rows with merged groups, DCD for dead, one date for last news or death."""
    groups = ["Identification", None, None, None, "Traitement", "Toxicités", None, None, None, "Réponse", None, "Suivi", None, None]
    heads = ["N° inclusion", "Sexe", "Âge à l'injection (ans)", "Poids (kg)", "Date d'injection des CAR-T", "SRC grade max", "ICANS grade max", "Tocilizumab", "Corticoïdes", "Réponse J30", "MRD J30", "Date de rechute", "Statut vital", "Date des dernières nouvelles ou du décès"]
    people = [
        ["001", "F", 12, 38.5, "2020-01-21", 1, 0, "Non", "Non", "RC", "Négative", "", "Vivant", "2022-03-15"],
        ["002", "M", 23, 71, "2020-02-18", 3, 2, "Oui", "Oui", "RC", "Négative", "2020-08-25", "DCD", "2020-11-30"],
        ["003", "M", 8, 26.2, "2020-06-16", 2, 0, "Oui", "Non", "RCi", "Positive", "2020-10-13", "Vivant", "2021-12-14"],
        ["004", "F", 17, 55, "2020-09-29", 0, 0, "Non", "Non", "NR", "Positive", "", "DCD", "2020-12-24"],
        ["005", "F", 5, 18.4, "2021-01-19", 2, 1, "Oui", "Oui", "RC", "Négative", "", "Vivant", "2022-05-31"],
    ]
    rows = [groups, heads] + [[*p[:4], cell(p[4]), *p[5:11], cell(p[11]), p[12], cell(p[13])] for p in people]
    made = workbook(folder / "registre_cart.xlsx", {"Registre": rows}, {"Registre": ["A1:D1", "F1:I1", "J1:K1", "L1:N1"]})
    yes = {"Oui": "yes", "Non": "no"}
    return [made], {}, {
        "patients": (["patient_id", "sex", "age_years", "weight_kg"], [(p[0], {"M": "male", "F": "female"}[p[1]], p[2], p[3]) for p in people]),
        "status": (["patient_id", "crs", "crs_grade_max", "icans", "icans_grade_max", "gc", "tcz"],
                   [(p[0], "yes" if p[5] else "no", p[5], "yes" if p[6] else "no", p[6], yes[p[8]], yes[p[7]]) for p in people]),
        "response": (["patient_id", "day30_response", "mrd_day30_result"], [(p[0], {"RC": "CR", "RCi": "CRi", "NR": "NR"}[p[9]], {"Négative": "negative", "Positive": "positive"}[p[10]]) for p in people]),
        "followup": (["patient_id", "relapse_day", "death_day", "last_contact_day"],
                     [(p[0], days(p[11], p[4]), days(p[13], p[4]) if p[12] == "DCD" else None, days(p[13], p[4])) for p in people]),
    }


@shape
def ward_biomarkers_by_day(folder):
    """Excel, English: a sheet of patients (age in months, times and 0/1 with their meaning in the heading) and one of labs, analyte merged over its days."""
    people = [
        [101, "Male", 98, 0, 402, 0, 402], [102, "Female", 151, 1, 187, 1, 260], [103, "Female", 54, 0, 75, 1, 75],
        [104, "Male", 204, 1, 96, 0, 511], [105, "Male", 37, 0, 338, 0, 338],
    ]
    first = [["Patient ID", "Sex", "Age at infusion (months)", "Relapse (0=no, 1=yes)", "Time to relapse or last follow-up (days)", "Death (0=no, 1=yes)", "Overall survival (days)"], *people]
    when = [0, 3, 7, 14]
    values = {
        101: [[4.1, 22, 61.5, 3], [512, 880, 2140, 760], [2.9, 14.8, 120, 6.1]],
        102: [[12.7, 140, 88, 9.4], [1830, 9400, ">40000", 6020], [8.4, 960, 2310, 35]],
        103: [["<0.6", 35.2, 18, "NA"], [240, 655, 1020, "NA"], [3.3, 41, 26.5, "NA"]],
        104: [[1.8, 9.6, 4.4, 2.2], [345, 410, 530, 390], ["<1.5", 7.2, 5.5, 2.4]],
        105: [[7.5, 77, 210, 16], [960, 3100, 15200, 4480], [5.1, 230, 1480, 22]],
    }
    rows = [["Patient ID", "CRP (mg/L)", None, None, None, "Ferritin (ng/mL)", None, None, None, "IL-6 (pg/mL)", None, None, None], [None] + [f"Day {d}" for d in when] * 3]
    rows += [[who, *blocks[0], *blocks[1], *blocks[2]] for who, blocks in values.items()]
    made = workbook(folder / "source_data.xlsx", {"Patients": first, "Biomarkers": rows}, {"Biomarkers": ["A1:A2", "B1:E1", "F1:I1", "J1:M1"]})
    labs = []
    for who, blocks in values.items():
        for analyte, block in zip(("CRP", "ferritin", "IL-6"), blocks, strict=False):
            for day, value in zip(when, block, strict=False):
                if value != "NA":
                    sign = str(value)[0]
                    labs.append((str(who), day, analyte, float(str(value).lstrip("<>")), {"<": "left", ">": "right"}.get(sign, "no")))
    return [made], {}, {
        "patients": (["patient_id", "sex", "age_years"], [(str(p[0]), p[1].lower(), round(p[2] / 12, 2)) for p in people]),
        "labs": (["patient_id", "day", "analyte", "value", "censored"], labs),
        "followup": (["patient_id", "relapse_day", "death_day", "last_contact_day"],
                     [(str(p[0]), p[4] if p[3] else None, p[6] if p[5] else None, p[6]) for p in people]),
    }


@shape
def ward_deutsch_semikolon(folder):
    """CSV, German: semicolons, decimal commas, Windows-1252, Roman grades, start and end of CRS, last contact empty in the dead."""
    people = [
        ["K-01", "w", "12.04.2010", "140", "34,5", "2019-05-14", "2019-05-18", "2019-05-23", "II", "ja", "", "", "2021-06-15"],
        ["K-02", "m", "25.09.2004", "171", "58", "2019-07-16", "2019-07-17", "2019-07-26", "III", "ja", "2019-11-28", "2020-03-19", ""],
        ["K-03", "m", "30.01.2015", "104,5", "17,2", "2019-10-22", "", "", "0", "nein", "2020-01-27", "", "2021-04-20"],
        ["K-04", "w", "17.12.2007", "155", "47,8", "2020-02-18", "2020-02-24", "2020-02-26", "I", "nein", "", "", "2021-08-31"],
        ["K-05", "m", "08.06.2012", "131", "29", "2020-08-25", "2020-08-27", "2020-09-03", "IV", "ja", "", "2020-09-29", ""],
    ]
    born = ["2010-04-12", "2004-09-25", "2015-01-30", "2007-12-17", "2012-06-08"]
    head = "Pat.-ID;Geschlecht;Geburtsdatum;Größe (cm);Gewicht (kg);Datum der CAR-T-Infusion;CRS Beginn;CRS Ende;CRS max. Grad;Tocilizumab;Rezidiv am;Verstorben am;Letzter Kontakt"
    lines = [";".join([*p[:5], *(turned(x, ".") for x in p[5:8]), p[8], p[9], *(turned(x, ".") for x in p[10:])]) for p in people]
    grade = {"0": 0, "I": 1, "II": 2, "III": 3, "IV": 4}
    number = lambda told: float(told.replace(",", "."))  # noqa: E731
    return [text(folder, "CAR-T_Auswertung.csv", "\r\n".join([head, *lines]) + "\r\n", "cp1252")], {}, {
        "patients": (["patient_id", "sex", "age_years", "height_cm", "weight_kg"],
                     [(p[0], {"w": "female", "m": "male"}[p[1]], age(p[5], b), number(p[3]), number(p[4])) for p, b in zip(people, born, strict=False)]),
        "toxicity": (["patient_id", "event", "day_from", "day_to", "grade"], [(p[0], "CRS", days(p[6], p[5]), days(p[7], p[5]), grade[p[8]]) for p in people if p[6]]),
        "status": (["patient_id", "tcz"], [(p[0], {"ja": "yes", "nein": "no"}[p[9]]) for p in people]),
        "followup": (["patient_id", "relapse_day", "death_day", "last_contact_day"],
                     [(p[0], days(p[10], p[5]), days(p[11], p[5]), days(p[12] or p[11], p[5])) for p in people]),
    }


@shape
def ward_espanol_tabulador(folder):
    """Text, Spanish: tabs, decimal commas, SLC for CRS, RC for CR, Éxitus with one date for death or last visit."""
    people = [
        ["1", "Varón", "15,5", "52,3", "No", "2021-01-19", "2", "0", "Sí", "No", "RC", "", "No", "2022-09-20"],
        ["2", "Mujer", "7", "24", "Sí", "2021-03-23", "1", "0", "No", "No", "RC", "2021-10-14", "Sí", "2022-01-27"],
        ["3", "Mujer", "19,2", "60,1", "No", "2021-06-29", "3", "3", "Sí", "Sí", "RP", "", "Sí", "2021-08-16"],
        ["4", "Varón", "10", "33,7", "Sí", "2021-09-14", "0", "0", "No", "No", "NR", "", "No", "2022-03-22"],
        ["5", "Varón", "3,8", "15", "No", "2021-11-30", "2", "1", "No", "Sí", "RCi", "2022-05-17", "No", "2022-12-13"],
        ["6", "Mujer", "12,4", "40,9", "No", "2022-02-15", "1", "0", "Sí", "No", "RC", "", "No", "2022-12-20"],
    ]
    head = "Nº paciente\tSexo\tEdad (años)\tPeso (kg)\tTrasplante previo\tFecha de infusión\tGrado máximo SLC\tGrado máximo ICANS\tTocilizumab\tCorticoides\tRespuesta día +30\tFecha de recaída\tÉxitus\tFecha de éxitus o último control"
    lines = ["\t".join([*p[:5], turned(p[5], "/"), *p[6:11], turned(p[11], "/"), p[12], turned(p[13], "/")]) for p in people]
    number = lambda told: float(told.replace(",", "."))  # noqa: E731
    yes = {"Sí": "yes", "No": "no"}
    return [text(folder, "pacientes_cart.txt", "\n".join([head, *lines]) + "\n", "utf-8-sig")], {}, {
        "patients": (["patient_id", "sex", "age_years", "weight_kg", "prior_transplant"],
                     [(p[0], {"Varón": "male", "Mujer": "female"}[p[1]], number(p[2]), number(p[3]), p[4] == "Sí") for p in people]),
        "status": (["patient_id", "crs", "crs_grade_max", "icans", "icans_grade_max", "gc", "tcz"],
                   [(p[0], "yes" if int(p[6]) else "no", int(p[6]), "yes" if int(p[7]) else "no", int(p[7]), yes[p[9]], yes[p[8]]) for p in people]),
        "response": (["patient_id", "day30_response"], [(p[0], {"RC": "CR", "RCi": "CRi", "RP": "PR", "NR": "NR"}[p[10]]) for p in people]),
        "followup": (["patient_id", "relapse_day", "death_day", "last_contact_day"],
                     [(p[0], days(p[11], p[5]), days(p[13], p[5]) if p[12] == "Sí" else None, days(p[13], p[5])) for p in people]),
    }


@shape
def ward_redcap_labels(folder):
    """CSV, English: REDCap export with labels, two repeating instruments, 'Complete?' three times, no dictionary."""
    head = '"Record ID","Repeat Instrument","Repeat Instance","Sex","Age at infusion (years)","Date of CAR T-cell infusion","Date of relapse","Vital status","Date of death","Date of last contact","Complete?",' \
           '"CRS start date","CRS end date","CRS grade (ASTCT)","Complete?","Medication","Date given","Dose (mg)","Route","Complete?"'
    people = [("1", "Male", "13", "2020-02-25", "", "Alive", "", "2022-02-15"), ("2", "Female", "6", "2020-04-14", "2020-09-22", "Dead", "2021-01-18", "2021-01-18"),
              ("3", "Female", "18", "2020-07-28", "", "Alive", "", "2022-01-25"), ("4", "Male", "9", "2020-10-13", "2021-03-30", "Alive", "", "2022-02-22")]
    crs = [("1", "1", "2020-02-27", "2020-03-02", "2"), ("2", "1", "2020-04-15", "2020-04-19", "3"), ("2", "2", "2020-04-24", "2020-04-26", "1"), ("4", "1", "2020-10-19", "2020-10-20", "1")]
    drug = [("1", "1", "Tocilizumab", "2020-02-29", "350", "IV"), ("2", "1", "Tocilizumab", "2020-04-16", "180", "IV"), ("2", "2", "Dexamethasone", "2020-04-17", "5", "IV"),
            ("2", "3", "Dexamethasone", "2020-04-18", "5", "IV"), ("2", "4", "Prednisolone", "2020-04-25", "20", "PO")]
    start = {p[0]: p[3] for p in people}
    lines = [head]
    row = lambda cells: lines.append(",".join(f'"{c}"' if c and not c[0].isdigit() else c for c in cells))  # noqa: E731
    for p in people:
        row([p[0], "", "", *p[1:], "Complete"] + [""] * 9)
        for c in crs:
            if c[0] == p[0]:
                row([p[0], "CRS Episode", c[1]] + [""] * 8 + [c[2], c[3], c[4], "Complete"] + [""] * 5)
        for d in drug:
            if d[0] == p[0]:
                row([p[0], "Medication Log", d[1]] + [""] * 12 + [d[2], d[3], d[4], d[5], "Complete"])
    return [text(folder, "CARTToxicity_DATA_LABELS_2022-03-01_1012.csv", "\n".join(lines) + "\n")], {}, {
        "patients": (["patient_id", "sex", "age_years"], [(p[0], p[1].lower(), int(p[2])) for p in people]),
        "toxicity": (["patient_id", "event", "day_from", "day_to", "grade"], [(c[0], "CRS", days(c[2], start[c[0]]), days(c[3], start[c[0]]), int(c[4])) for c in crs]),
        "treatments": (["patient_id", "agent", "route", "day", "dose_mg"], [(d[0], d[2].lower(), d[5], days(d[3], start[d[0]]), float(d[4])) for d in drug]),
        "followup": (["patient_id", "relapse_day", "death_day", "last_contact_day"], [(p[0], *(days(p[i], p[3]) for i in (4, 6, 7))) for p in people]),
    }


@shape
def ward_stata_years(folder):
    """Stata, English: short names with variable labels, value labels (1 Female, 2 Male; 1 Alive, 2 Dead), times in years, one grade missing."""
    people = [
        # pid sex agey wtkg priorhct crsmax icmax toci ster rel reltime vital ostime
        (1, 2, 34, 78.5, 0, 1, 0, 0, 0, 0, 2.4, 1, 2.4), (2, 1, 51, 64, 1, 3, 2, 1, 1, 1, 0.6, 2, 0.8), (3, 1, 28, 59.2, 0, 2, None, 1, 0, 0, 1.75, 1, 1.75),
        (4, 2, 63, 82, 0, 0, 0, 0, 0, 1, 0.25, 1, 1.2), (5, 2, 45, 90.3, 1, 2, 1, 1, 1, 0, 0.15, 2, 0.15), (6, 1, 39, 70, 0, 1, 0, 0, 0, 1, 1.2, 2, 1.6),
    ]
    names = ["pid", "sex", "agey", "wtkg", "priorhct", "crsmax", "icmax", "toci", "ster", "rel", "reltime", "vital", "ostime"]
    says = ["Patient study number", "Sex", "Age at infusion (years)", "Weight at infusion (kg)", "Prior allogeneic HCT", "Maximum CRS grade (ASTCT)", "Maximum ICANS grade (ASTCT)", "Received tocilizumab",
            "Received systemic corticosteroids", "Relapse after infusion", "Time to relapse or last follow-up (years)", "Vital status at last follow-up", "Overall survival from infusion (years)"]
    no = {0: "No", 1: "Yes"}
    frame = pd.DataFrame(people, columns=names).astype(float)
    path = folder / "cart_residents.dta"
    pyreadstat.write_dta(frame, str(path), column_labels=says,
                         variable_value_labels={"sex": {1: "Female", 2: "Male"}, "priorhct": no, "toci": no, "ster": no, "rel": no, "vital": {1: "Alive", 2: "Dead"}})
    year = lambda told: round(told * 365.25, 2)  # noqa: E731
    return [path], {}, {
        "patients": (["patient_id", "sex", "age_years", "weight_kg", "prior_transplant"], [(str(p[0]), ["female", "male"][p[1] - 1], p[2], p[3], bool(p[4])) for p in people]),
        "status": (["patient_id", "crs_grade_max", "icans_grade_max", "gc", "tcz"], [(str(p[0]), p[5], p[6], ["no", "yes"][p[8]], ["no", "yes"][p[7]]) for p in people]),
        "followup": (["patient_id", "relapse_day", "death_day", "last_contact_day"],
                     [(str(p[0]), year(p[10]) if p[9] else None, year(p[12]) if p[11] == 2 else None, year(p[12])) for p in people]),
    }


@shape
def ward_laboratory_long(folder):
    """Laboratory export, English: bars between cells, a row per result, 14-Mar-2022, CRP in mg/dL, reference ranges and flags, <, > and a haemolysed specimen."""
    people = [("S01", "F", "22-Aug-2011", "14-Mar-2022", "Alive", "20-Feb-2023"), ("S02", "M", "03-Dec-2008", "25-Apr-2022", "Deceased", "19-May-2022"),
              ("S03", "M", "17-May-2016", "13-Jun-2022", "Alive", "28-Mar-2023"), ("S04", "F", "29-Jan-2003", "18-Jul-2022", "Alive", "16-Jan-2023")]
    iso = lambda told: datetime.strptime(told, "%d-%b-%Y").date().isoformat()  # noqa: E731
    start = {p[0]: iso(p[3]) for p in people}
    # study number, date, time, test, result, unit, range, flag
    labs = [
        ("S01", "13-Mar-2022", "08:10", "C-Reactive Protein", "<0.30", "mg/dL", "<0.50", ""), ("S01", "13-Mar-2022", "08:10", "Ferritin", "418", "ng/mL", "10-150", "H"),
        ("S01", "17-Mar-2022", "06:05", "C-Reactive Protein", "4.2", "mg/dL", "<0.50", "H"), ("S01", "17-Mar-2022", "06:05", "Interleukin-6", "88.4", "pg/mL", "<7.0", "H"),
        ("S02", "25-Apr-2022", "07:30", "Ferritin", "2210", "ng/mL", "10-150", "H"), ("S02", "29-Apr-2022", "05:50", "C-Reactive Protein", "18.5", "mg/dL", "<0.50", "H"),
        ("S02", "29-Apr-2022", "05:50", "Interleukin-6", ">5000", "pg/mL", "<7.0", "H"), ("S02", "29-Apr-2022", "05:50", "Procalcitonin", "1.35", "ng/mL", "<0.10", "H"),
        ("S02", "01-May-2022", "06:20", "Ferritin", "Specimen haemolysed", "ng/mL", "10-150", ""), ("S02", "01-May-2022", "09:40", "Ferritin", "31400", "ng/mL", "10-150", "H"),
        ("S03", "16-Jun-2022", "06:45", "Interleukin-6", "3.1", "pg/mL", "<7.0", ""), ("S03", "16-Jun-2022", "06:45", "C-Reactive Protein", "0.9", "mg/dL", "<0.50", "H"),
        ("S03", "20-Jun-2022", "06:30", "Procalcitonin", "<0.05", "ng/mL", "<0.10", ""), ("S04", "18-Jul-2022", "09:00", "C-Reactive Protein", "1.6", "mg/dL", "<0.50", "H"),
        ("S04", "25-Jul-2022", "06:15", "Ferritin", "760", "ng/mL", "10-150", "H"), ("S04", "25-Jul-2022", "06:15", "Interleukin-6", "24", "pg/mL", "<7.0", "H"),
    ]
    first = "\n".join(["Study No|Sex|Date of Birth|CAR-T Infusion Date|Last Known Status|Date of Last Known Status", *("|".join(p) for p in people)]) + "\n"
    second = "\n".join(["Study No|Collection Date|Collection Time|Test Name|Result|Units|Reference Range|Abnormal Flag", *("|".join(r) for r in labs)]) + "\n"
    name = {"C-Reactive Protein": "CRP", "Ferritin": "ferritin", "Interleukin-6": "IL-6", "Procalcitonin": "PCT"}
    read = []
    for who, when, clock, test, result, unit, *_ in labs:
        if not result.startswith("Specimen"):
            value = round(float(result.lstrip("<>")) * (10 if unit == "mg/dL" else 1), 6)
            read.append((who, days(iso(when), start[who]), clock, name[test], value, {"<": "left", ">": "right"}.get(result[0], "no")))
    return [text(folder, "patients.txt", first), text(folder, "lims_export.txt", second)], {}, {
        "patients": (["patient_id", "sex", "age_years"], [(p[0], {"F": "female", "M": "male"}[p[1]], age(iso(p[3]), iso(p[2]))) for p in people]),
        "labs": (["patient_id", "day", "time", "analyte", "value", "censored"], read),
        "followup": (["patient_id", "death_day", "last_contact_day"],
                     [(p[0], days(iso(p[5]), iso(p[3])) if p[4] == "Deceased" else None, days(iso(p[5]), iso(p[3]))) for p in people]),
    }


@shape
def ward_chinese_orders(folder):
    """Ward export, Chinese (Excel, two sheets): executed orders of drugs under pharmacy names, mg and g, cancelled orders, 2022/3/5."""
    people = [("A01", "女", 9, 30.5, "2022-03-08", "存活", "2023-03-14"), ("A02", "男", 14, 52, "2022-04-19", "死亡", "2022-05-27"), ("A03", "男", 6, 20.8, "2022-06-21", "存活", "2023-01-17"), ("A04", "女", 11, 36, "2022-08-16", "存活", "2023-02-28")]
    slash = lambda told: "/".join(str(int(x)) for x in told.split("-"))  # noqa: E731
    orders = [
        ("A01", "2022-03-12 16:20", "托珠单抗注射液", 240, "mg", "静脉滴注", "已执行"),
        ("A02", "2022-04-22 09:10", "托珠单抗注射液", 400, "mg", "静脉滴注", "已执行"),
        ("A02", "2022-04-22 22:00", "地塞米松磷酸钠注射液", 10, "mg", "静脉注射", "已执行"),
        ("A02", "2022-04-23 08:30", "注射用甲泼尼龙琥珀酸钠", 0.5, "g", "静脉滴注", "已执行"),
        ("A02", "2022-04-24 08:30", "注射用甲泼尼龙琥珀酸钠", 0.5, "g", "静脉滴注", "已作废"),
        ("A02", "2022-04-24 10:00", "注射用甲泼尼龙琥珀酸钠", 80, "mg", "静脉滴注", "已执行"),
        ("A02", "2022-04-26 08:00", "醋酸泼尼松片", 25, "mg", "口服", "已执行"),
        ("A04", "2022-08-21 14:45", "地塞米松磷酸钠注射液", 5, "mg", "静脉注射", "已执行"),
        ("A04", "2022-08-22 14:30", "地塞米松磷酸钠注射液", 5, "mg", "静脉注射", "已作废"),
    ]
    agent = {"托珠单抗注射液": "tocilizumab", "地塞米松磷酸钠注射液": "dexamethasone", "注射用甲泼尼龙琥珀酸钠": "methylprednisolone", "醋酸泼尼松片": "prednisone"}
    route = {"静脉滴注": "IV", "静脉注射": "IV", "口服": "PO"}
    start = {p[0]: p[4] for p in people}
    sheets = {
        "患者信息": [["研究编号", "性别", "年龄（岁）", "体重（kg）", "CAR-T回输日期", "生存状态", "死亡或末次随访日期"]] + [[*p[:4], slash(p[4]), p[5], slash(p[6])] for p in people],
        "医嘱": [["研究编号", "执行时间", "药品名称", "单次剂量", "剂量单位", "给药途径", "执行状态"]] + [list(o) for o in orders],
    }
    return [workbook(folder / "血液科医嘱导出.xlsx", sheets)], {}, {
        "patients": (["patient_id", "sex", "age_years", "weight_kg", "infusion_year"], [(p[0], {"女": "female", "男": "male"}[p[1]], p[2], p[3], 2022) for p in people]),
        "treatments": (["patient_id", "agent", "route", "day", "time", "dose_mg"],
                       [(o[0], agent[o[2]], route[o[5]], days(o[1][:10], start[o[0]]), o[1][11:], o[3] * (1000 if o[4] == "g" else 1)) for o in orders if o[6] == "已执行"]),
        "followup": (["patient_id", "death_day", "last_contact_day"], [(p[0], days(p[6], p[4]) if p[5] == "死亡" else None, days(p[6], p[4])) for p in people]),
    }
