"""A third round: the same families from yet other hands; written before they were tried."""

from datetime import datetime

import pandas as pd
import pyreadstat
from import_shapes import MONTH, shape, text, trap, workbook

# fmt: off


@shape
def spanish_registry_with_a_codebook_sheet(folder):
    data = [['id_caso', 'sexo', 'fnac', 'finfusion', 'peso', 'src_grado', 'src_inicio', 'icans_grado', 'toci', 'cort', 'resp_d28', 'frecaida', 'fallecido', 'fultcont'],
            ['C1', 1, datetime(2012, 3, 14), datetime(2020, 3, 14), 25, 2, datetime(2020, 3, 17), 0, 1, 0, 1, None, 0, datetime(2021, 3, 14)], ['C2', 2, datetime(2009, 6, 1), datetime(2020, 6, 1), 40, 4, datetime(2020, 6, 2), 2, 1, 1, 3, None, 1, datetime(2020, 7, 11)],
            ['C3', 2, datetime(2015, 7, 20), datetime(2020, 7, 20), 18, 1, datetime(2020, 7, 25), 0, 0, 0, 1, datetime(2020, 11, 27), 0, datetime(2021, 7, 20)]]
    book = [['Variable', 'Descripción', 'Valores'], ['id_caso', 'Identificador del caso', None], ['sexo', 'Sexo', '1 = Varón, 2 = Mujer'], ['fnac', 'Fecha de nacimiento', None], ['finfusion', 'Fecha de infusión', None], ['peso', 'Peso en la infusión (kg)', None],
            ['src_grado', 'Grado máximo de SRC (ASTCT)', '0 = Sin SRC'], ['src_inicio', 'Fecha de inicio del SRC', None], ['icans_grado', 'Grado máximo de ICANS (ASTCT)', '0 = Sin ICANS'], ['toci', 'Tocilizumab', '0 = No, 1 = Sí'], ['cort', 'Corticoides', '0 = No, 1 = Sí'],
            ['resp_d28', 'Respuesta día 28', '1 = RC, 2 = RCi, 3 = NR'], ['frecaida', 'Fecha de recaída', None], ['fallecido', 'Fallecido', '0 = No, 1 = Sí'], ['fultcont', 'Fecha de último contacto o muerte', None]]
    return [workbook(folder / 'registro.xlsx', {'Datos': data, 'Diccionario': book})], {}, {
        'patients': (['patient_id', 'sex', 'age_years', 'weight_kg'], [('C1', 'male', 8, 25), ('C2', 'female', 11, 40), ('C3', 'female', 5, 18)]),
        'toxicity': (['patient_id', 'event', 'day_from', 'grade'], [('C1', 'CRS', 3, 2), ('C2', 'CRS', 1, 4), ('C3', 'CRS', 5, 1)]),
        'response': (['patient_id', 'day30_response'], [('C1', 'CR'), ('C2', 'NR'), ('C3', 'CR')]),
        'followup': (['patient_id', 'relapse_day', 'death_day', 'last_contact_day'], [('C1', None, None, 365), ('C2', None, 40, 40), ('C3', 130, None, 365)])}


@shape
def chinese_nursing_temperature_and_markers(folder):
    content = ('科室：血液科　导出时间：2021-05-01,,,,,,\n病案号,姓名,回输后天数,最高体温(℃),CRP(mg/L),PCT(ng/ml),IL-6(pg/ml)\nB2001,张小三,0,36.8,2.2,0.05,<1.5\nB2001,张小三,2,39.5,88,0.6,1520\nB2001,张小三,5,37.9,35,0.3,210\nB2002,张小三,0,36.6,5,<0.02,3.3\nB2002,张小三,3,40.1,160,2.2,>5000\n')
    p = '病案号,性别,出生年月,体重,回输日期,细胞剂量(×10^6/kg),CRS分级,神经毒性分级,末次随访时间,是否死亡\nB2001,女,2013-05,22,2021-03-02,2.0,2,0,2022-03-02,否\nB2002,男,2010-11,35,2021-04-06,1.5,3,1,2021-07-15,是\n'
    return [text(folder, '体征.csv', content, 'gb18030'), text(folder, '病例.csv', p, 'gb18030')], {}, {
        'patients': (['patient_id', 'sex', 'weight_kg', 'car_dose_e6_per_kg'], [('B2001', 'female', 22, 2), ('B2002', 'male', 35, 1.5)]),
        'status': (['patient_id', 'crs_grade_max', 'icans_grade_max'], [('B2001', 2, 0), ('B2002', 3, 1)]),
        'followup': (['patient_id', 'death_day', 'last_contact_day'], [('B2001', None, 365), ('B2002', 100, 100)]),
        'labs': (['patient_id', 'day', 'analyte', 'value', 'censored'], [('B2001', 0, 'CRP', 2.2, 'no'), ('B2001', 2, 'CRP', 88, 'no'), ('B2001', 5, 'CRP', 35, 'no'), ('B2002', 0, 'CRP', 5, 'no'), ('B2002', 3, 'CRP', 160, 'no'), ('B2001', 0, 'PCT', .05, 'no'), ('B2001', 2, 'PCT', .6, 'no'), ('B2001', 5, 'PCT', .3, 'no'), ('B2002', 0, 'PCT', .02, 'left'), ('B2002', 3, 'PCT', 2.2, 'no'),
            ('B2001', 0, 'IL-6', 1.5, 'left'), ('B2001', 2, 'IL-6', 1520, 'no'), ('B2001', 5, 'IL-6', 210, 'no'), ('B2002', 0, 'IL-6', 3.3, 'no'), ('B2002', 3, 'IL-6', 5000, 'right')])}


@shape
def fields_in_rows_without_redcap(folder):
    rows = ['Patient,Item,Value']
    for patient, found in (('K1', ('F', 6, '2021-01-14', 2, 'yes', '2022-01-14', 'alive')), ('K2', ('M', 11, '2021-02-16', 3, 'no', '2021-05-27', 'dead')), ('K3', ('M', 4, '2021-03-17', 0, 'no', '2022-03-17', 'alive'))):
        rows += [f'{patient},{item},{value}' for item, value in zip(('Sex', 'Age (years)', 'Infusion date', 'CRS grade', 'Tocilizumab', 'Date of last contact', 'Vital status'), found, strict=True)]
    return [text(folder, 'items.csv', '\n'.join(rows) + '\n')], {}, {
        'patients': (['patient_id', 'sex', 'age_years'], [('K1', 'female', 6), ('K2', 'male', 11), ('K3', 'male', 4)]),
        'status': (['patient_id', 'crs_grade_max', 'tcz'], [('K1', 2, 'yes'), ('K2', 3, 'no'), ('K3', 0, 'no')]),
        'followup': (['patient_id', 'death_day', 'last_contact_day'], [('K1', None, 365), ('K2', 100, 100), ('K3', None, 365)])}


@shape
def trial_parameters_in_months_with_dates(folder):
    sl = 'USUBJID,SEX,AGE,AGEU,RACE,TRTSDT,DTHDT,LSTALVDT\nV1,M,8,YEARS,ASIAN,01APR2020,,01APR2021\nV2,F,5,YEARS,WHITE,15MAY2020,23AUG2020,23AUG2020\n'
    tte = 'USUBJID,PARAMCD,PARAM,AVAL,CNSR,STARTDT,ADT,EVNTDESC\nV1,OS,Overall Survival (months),12.02,1,01APR2020,01APR2021,Alive\nV1,DOR,Duration of Response (months),5.5,0,29APR2020,11OCT2020,Relapse\nV2,OS,Overall Survival (months),3.32,0,15MAY2020,23AUG2020,Death\n'
    lb = 'USUBJID,PARAMCD,PARAM,AVAL,AVALC,LBSTNRHI,ADY,AVISIT,ANL01FL\nV1,CRP,C Reactive Protein (mg/L),3,3,5,1,Baseline,Y\nV1,CRP,C Reactive Protein (mg/L),77,77,5,4,Day 4,Y\nV1,IL6,Interleukin 6 (pg/mL),,<2.0,7,1,Baseline,Y\nV2,FERRITIN,Ferritin (ug/L),5100,5100,300,8,Day 8,Y\n'
    return [text(folder, 'adsl.csv', sl), text(folder, 'adtte.csv', tte), text(folder, 'adlb.csv', lb)], {}, {
        'patients': (['patient_id', 'sex', 'age_years'], [('V1', 'male', 8), ('V2', 'female', 5)]),
        'labs': (['patient_id', 'day', 'analyte', 'value', 'censored'], [('V1', 0, 'CRP', 3, 'no'), ('V1', 3, 'CRP', 77, 'no'), ('V1', 0, 'IL-6', 2, 'left'), ('V2', 7, 'ferritin', 5100, 'no')]),
        'followup': (['patient_id', 'death_day', 'last_contact_day'], [('V1', None, 365), ('V2', 100, 100)])}


@shape
def plate_in_rows_of_analytes(folder):
    content = ('Well;Sample;Analyte;Median FI;Obs Conc (pg/ml);Flag\nA1;BLK;IL-6;12;;\nA1;BLK;IL-10;10;;\nB1;STD1;IL-6;9000;5000;\nB1;STD1;IL-10;8000;5000;\nC1;PT03_D0;IL-6;70;3,1;\nC1;PT03_D0;IL-10;60;<1,2;low\nD1;PT03_D4;IL-6;7100;1840,5;\nD1;PT03_D4;IL-10;900;88;\nE1;PT05_D4;IL-6;9100;>5000;high\nE1;PT05_D4;IL-10;700;61,5;\n')
    return [text(folder, 'long_plate.csv', content)], {}, {
        'labs': (['patient_id', 'day', 'analyte', 'value', 'censored'], [('PT03', 0, 'IL-6', 3.1, 'no'), ('PT03', 0, 'IL-10', 1.2, 'left'), ('PT03', 4, 'IL-6', 1840.5, 'no'), ('PT03', 4, 'IL-10', 88, 'no'), ('PT05', 4, 'IL-6', 5000, 'right'), ('PT05', 4, 'IL-10', 61.5, 'no')])}


@shape
def workbook_with_one_sheet_per_topic_and_notes(folder):
    return [workbook(folder / 'CAR-T database.xlsx', {
        'READ ME': [['This workbook was made by the study nurse.'], ['Do not change the first column.'], ['Ask Planted if anything is unclear.']],
        'Demographics': [['Pt ID', 'M/F', 'Age @ infusion', 'Wt (kg)', 'CAR-T date'], ['A-1', 'F', 7, 24, datetime(2022, 1, 13)], ['A-2', 'M', 10, 33.5, datetime(2022, 2, 14)], ['A-3', 'M', 15, 60, datetime(2022, 3, 15)]],
        'CRS & ICANS': [['Pt ID', 'CRS? (Y/N)', 'CRS start', 'CRS stop', 'CRS max gr', 'ICANS? (Y/N)', 'ICANS start', 'ICANS stop', 'ICANS max gr'], ['A-1', 'Y', datetime(2022, 1, 15), datetime(2022, 1, 19), 2, 'N', None, None, None], ['A-2', 'Y', datetime(2022, 2, 15), datetime(2022, 2, 23), 3, 'Y', datetime(2022, 2, 19), datetime(2022, 2, 21), 1], ['A-3', 'N', None, None, None, 'N', None, None, None]],
        'Steroids': [['Pt ID', 'Drug', 'Date', 'Total dose that day (mg)', 'Route'], ['A-2', 'Dex', datetime(2022, 2, 19), 12, 'IV'], ['A-2', 'Dex', datetime(2022, 2, 20), 12, 'IV']],
        'FU': [['Pt ID', 'D28 marrow', 'Relapse (Y/N)', 'Relapse date', 'Alive (Y/N)', 'Last FU / death date'], ['A-1', 'MRD neg CR', 'N', None, 'Y', datetime(2023, 1, 13)], ['A-2', 'NR', 'N', None, 'N', datetime(2022, 5, 25)], ['A-3', 'CR', 'Y', datetime(2022, 9, 11), 'Y', datetime(2023, 3, 15)]]})], {}, {
        'patients': (['patient_id', 'sex', 'age_years', 'weight_kg'], [('A-1', 'female', 7, 24), ('A-2', 'male', 10, 33.5), ('A-3', 'male', 15, 60)]),
        'toxicity': (['patient_id', 'event', 'day_from', 'day_to', 'grade'], [('A-1', 'CRS', 2, 6, 2), ('A-2', 'CRS', 1, 9, 3), ('A-2', 'ICANS', 5, 7, 1)]),
        'treatments': (['patient_id', 'agent', 'day', 'dose_mg', 'route'], [('A-2', 'dexamethasone', 5, 12, 'IV'), ('A-2', 'dexamethasone', 6, 12, 'IV')]),
        'response': (['patient_id', 'day30_response'], [('A-1', 'CR'), ('A-2', 'NR'), ('A-3', 'CR')]),
        'followup': (['patient_id', 'relapse_day', 'death_day', 'last_contact_day'], [('A-1', None, None, 365), ('A-2', None, 100, 100), ('A-3', 180, None, 365)])}


@shape
def milestones_of_months(folder):
    content = ('Record ID,Visit,Visit date,Disease status,Vital status\nN1,Infusion,2020-01-10,,Alive\nN1,Day 28,2020-02-07,CR,Alive\nN1,Month 6,2020-07-08,CR,Alive\nN1,Month 12,2021-01-09,CR,Alive\nN2,Infusion,2020-02-20,,Alive\nN2,Day 28,2020-03-19,CR,Alive\nN2,Month 6,2020-08-18,Relapse,Alive\nN2,Death,2020-09-07,,Dead\n')
    p = 'Record ID,Sex,Age at infusion\nN1,Male,9\nN2,Female,5\n'
    return [text(folder, 'p.csv', p), text(folder, 'v.csv', content)], {}, {
        'patients': (['patient_id', 'sex', 'age_years'], [('N1', 'male', 9), ('N2', 'female', 5)]),
        'followup': (['patient_id', 'death_day', 'last_contact_day'], [('N1', None, 365), ('N2', 200, 200)])}


@shape
def spss_dates_and_a_first_event(folder):
    f = pd.DataFrame({'PATNR': ['S1', 'S2', 'S3', 'S4'], 'SEX': [0., 1, 1, 0], 'INFDAT': pd.to_datetime(['2019-03-13', '2019-05-14', '2019-07-15', '2019-09-16']), 'EFSDAYS': [200., 365, 60, 90], 'EFSTYPE': [1., 0, 2, 1], 'OSDAYS': [365., 365, 60, 400], 'OSSTAT': [0., 0, 1, 1], 'CRSGR': [2., 0, 9, 3]})
    pyreadstat.write_sav(f, str(folder / 'm.sav'), column_labels=['Patient', 'Sex', 'Date of infusion', 'Days to first event or last contact', 'First event', 'Days to death or last contact', 'Survival status', 'CRS grade (ASTCT)'],
        variable_value_labels={'SEX': {0.: 'female', 1.: 'male'}, 'EFSTYPE': {0.: 'none', 1.: 'relapse', 2.: 'death without relapse'}, 'OSSTAT': {0.: 'alive', 1.: 'dead'}, 'CRSGR': {9.: 'unknown'}}, missing_ranges={'CRSGR': [9]}, variable_format={'INFDAT': 'DATE11'})
    return [folder / 'm.sav'], {}, {
        'patients': (['patient_id', 'sex', 'infusion_year'], [('S1', 'female', 2019), ('S2', 'male', 2019), ('S3', 'male', 2019), ('S4', 'female', 2019)]),
        'status': (['patient_id', 'crs_grade_max'], [('S1', 2), ('S2', 0), ('S4', 3)]),
        'followup': (['patient_id', 'relapse_day', 'death_day', 'last_contact_day'], [('S1', 200, None, 365), ('S2', None, None, 365), ('S3', None, 60, 60), ('S4', 90, 400, 400)])}


@shape
def weeks_of_steroids_in_wide_dates(folder):
    rows = [['Patient', 'Weight kg', 'Infusion', 'MP mg/kg', None, None], [None, None, None, 'day +2', 'day +3', 'day +4'], ['U1', 20, datetime(2021, 1, 13), 2, 2, 1], ['U2', 30, datetime(2021, 2, 15), None, 1, 1]]
    return [workbook(folder / 'u.xlsx', {'S': rows}, {'S': ['A1:A2', 'B1:B2', 'C1:C2', 'D1:F1']})], {}, {
        'patients': (['patient_id', 'weight_kg'], [('U1', 20), ('U2', 30)]),
        'treatments': (['patient_id', 'agent', 'day', 'dose_mg'], [('U1', 'methylprednisolone', 2, 40), ('U1', 'methylprednisolone', 3, 40), ('U1', 'methylprednisolone', 4, 20), ('U2', 'methylprednisolone', 3, 30), ('U2', 'methylprednisolone', 4, 30)])}


@shape
def infants_in_months_and_status_at_intervals(folder):
    content = ('ID|Gender|Age (months)|Time to CRS (days)|CRS severity (ASTCT)|Time to last FU (months)|Status at last FU\nW1|boy|9|2|Grade II|14|alive in CR\nW2|girl|30|1|Grade IV|2|dead of infection\nW3|girl|50||no CRS|24|alive with disease\n')
    return [text(folder, 'infants.txt', content)], {}, {
        'patients': (['patient_id', 'sex', 'age_years'], [('W1', 'male', .75), ('W2', 'female', 2.5), ('W3', 'female', 50 / 12)]),
        'toxicity': (['patient_id', 'event', 'day_from', 'grade'], [('W1', 'CRS', 2, 2), ('W2', 'CRS', 1, 4)]),
        'followup': (['patient_id', 'death_day', 'last_contact_day'], [('W1', None, 14 * MONTH), ('W2', 2 * MONTH, 2 * MONTH), ('W3', None, 24 * MONTH)])}


@trap('before day 0')
def a_death_two_years_early(d):
    return [text(d, 'p.csv', 'id,infusion date,date of death,last contact\n1,2021-03-14,2019-03-20,2021-03-20\n2,2021-04-20,,2022-04-20\n')]


@trap('per cent')
def blasts_with_and_without_a_sign(d):
    return [text(d, 'p.csv', 'id,infusion date,MRD at day 28\n1,2021-03-14,0.01%\n2,2021-04-20,0.2\n3,2021-04-21,<0.01%\n')]


@trap('not known here')
def a_unit_that_nobody_knows(d):
    return [text(d, 'p.csv', 'id,day,test,result,unit\n1,1,CRP,5,mg/L\n2,1,CRP,8,arb. units\n3,2,CRP,9,mg/L\n')]


@trap('other way round')
def a_codebook_against_the_file(d):
    book = 'Variable;Label;Values\nid;Patient;\nalive;Alive at last contact;0 = yes, 1 = no\nfu;Days to last contact;\n'
    return [text(d, 'd.csv', 'id;alive;fu\n1;0;400\n2;1;50\n3;0;365\n'), text(d, 'book.csv', book)]


@trap('beyond the dictionary')
def a_typing_error_in_an_analyte(d):
    return [text(d, 'l.csv', 'id,day,test,result,unit\n1,1,IL-6,5,pg/mL\n2,1,IL-6O,8,pg/mL\n3,2,IL-6,9,pg/mL\n')]


@trap('headings are not known')
def a_course_without_doses(d):
    return [text(d, 'p.csv', 'id,infusion date,last contact,Steroid start date,Steroid stop date\n1,2021-03-14,2022-03-14,2021-03-17,2021-03-20\n2,2021-04-20,2022-04-20,,\n')]
