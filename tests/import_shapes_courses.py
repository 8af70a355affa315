"""Files that tell of steroids by a first day, a last day and a dose in all, of births by month, and of limits row by row."""

from import_shapes import shape, text, trap

# fmt: off


@shape
def a_course_in_the_row_of_its_patient(folder):
    content = ("ID,Sex,Weight (kg),CAR-T date,Steroid start date,Steroid stop date,Cumulative steroid dose (mg methylprednisolone eq.),Vital status,Last FU\n"
               "K1,M,20,14-Mar-2021,17-Mar-2021,20-Mar-2021,80,Alive,14. März 2022\n"
               "K2,F,30,14-May-2021,,,,Dead,20. Mai 2022\n"
               "K3,F,15,14-Jun-2021,20-Jun-2021,20-Jun-2021,15,Alive,3. Juni 2022\n")
    return [text(folder, "patients.csv", content)], {}, {
        "treatments": (["patient_id", "agent", "day", "dose_mg"], [("K1", "glucocorticoid", 3, 20), ("K1", "glucocorticoid", 4, 20), ("K1", "glucocorticoid", 5, 20), ("K1", "glucocorticoid", 6, 20), ("K3", "glucocorticoid", 6, 15)]),
        "followup": (["patient_id", "death_day", "last_contact_day"], [("K1", None, 365), ("K2", 371, 371), ("K3", None, 354)])}


@shape
def days_and_a_sum_by_weight_of_one_steroid(folder):
    content = ("Pt;Gewicht (kg);Datum der CAR-T-Infusion;Dexamethason Beginn;Dexamethason Dauer (Tage);Dexamethason Gesamtdosis (mg/kg);Letzter Kontakt\n"
               "A;20;14.03.2021;17.03.2021;4;2;14.03.2022\nB;40;01.04.2021;;;;01.10.2021\nC;12,5;05.05.2021;09.05.2021;2;0,8;05.11.2021\n")
    return [text(folder, "kinder.csv", content)], {}, {
        "treatments": (["patient_id", "agent", "day", "dose_mg"], [("A", "dexamethasone", 3, 10), ("A", "dexamethasone", 4, 10), ("A", "dexamethasone", 5, 10), ("A", "dexamethasone", 6, 10), ("C", "dexamethasone", 4, 5), ("C", "dexamethasone", 5, 5)])}


@shape
def doses_told_as_prednisone(folder):
    patients = "id,sex,infusion date\n1,M,2021-03-14\n2,F,2021-05-20\n"
    drugs = ("id,drug,date given,dose (mg prednisone equivalent)\n1,Methylprednisolone,2021-03-16,50\n1,Dexamethasone,2021-03-17,100\n"
             "2,Hydrocortisone,2021-05-25,25\n2,Tocilizumab,2021-05-25,\n2,Corticosteroid,2021-05-26,40\n")
    return [text(folder, "patients.csv", patients), text(folder, "drugs.csv", drugs)], {}, {
        "treatments": (["patient_id", "agent", "day", "dose_mg"], [("1", "methylprednisolone", 2, 40), ("1", "dexamethasone", 3, 15), ("2", "hydrocortisone", 5, 100), ("2", "tocilizumab", 5, None), ("2", "glucocorticoid", 6, 32)])}


@shape
def limits_beside_each_result(folder):
    patients = "Subject,Infusion date\nS1,03/14/2021\nS2,05/25/2021\n"
    results = ("Subject,Collection date,Analyte,Result,Unit,LLOQ,ULOQ\nS1,03/16/2021,IL-6,<LLOQ,pg/mL,1.2,5000\nS1,03/18/2021,IL-6,>ULOQ,pg/mL,1.2,5000\n"
               "S1,03/18/2021,IL-10,12.5,pg/mL,0.6,2500\nS2,05/27/2021,IL-6,BLQ,pg/mL,2.4,5000\nS2,05/28/2021,CRP,18,mg/L,,\n")
    return [text(folder, "patients.csv", patients), text(folder, "results.csv", results)], {}, {
        "labs": (["patient_id", "day", "analyte", "value", "censored"], [("S1", 2, "IL-6", 1.2, "left"), ("S1", 4, "IL-6", 5000, "right"), ("S1", 4, "IL-10", 12.5, "no"), ("S2", 2, "IL-6", 2.4, "left"), ("S2", 3, "CRP", 18, "no")])}


@shape
def births_by_month(folder):
    content = "Subject,Month/year of birth,Date of CAR-T infusion\nS1,06/2009,2021-03-14\nS2,11/2014,2021-05-25\nS3,Jan 2003,2021-06-30\n"
    return [text(folder, "dm.csv", content)], {}, {"patients": (["patient_id", "age_years"], [("S1", 11.75), ("S2", 6.52), ("S3", 18.46)])}


@shape
def dates_as_people_write_them(folder):
    content = ("Paciente|Fecha de infusión|Fecha de recaída|Fecha de último contacto|Estado vital\n"
               "P1|14 de marzo de 2021|22 de junio de 2021|30 de septiembre de 2021|Fallecido\nP2|1 de abril de 2021||1 de abril de 2022|Vivo\nP3|5 de mayo de 2021||6 de diciembre de 2021|Vivo\n")
    return [text(folder, "serie.txt", content)], {}, {
        "followup": (["patient_id", "relapse_day", "death_day", "last_contact_day"], [("P1", 100, 200, 200), ("P2", None, None, 365), ("P3", None, None, 215)])}


@trap("the steroid is not named")
def doses_of_days_of_a_steroid_without_a_name(folder):
    content = "ID,Infusion date,Steroid day 1 (mg),Steroid day 2 (mg)\n1,2021-03-14,40,40\n2,2021-04-14,0,0\n3,2021-05-14,10,20\n"
    return [text(folder, "doses.csv", content)]
