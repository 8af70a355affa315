"""Files of hospitals and trials that were not met before: written, with what a correct reading gives, before they were tried."""

from datetime import date, datetime

import numpy as np
import openpyxl
import pandas as pd
import pyreadstat
from import_shapes import MONTH, shape, text, trap, workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

WEEK, YEAR = 7, 365.25


# fmt: off


@shape
def dates_of_first_doses(folder):
    rows = [['CAR-T registry, export for the 2024 review'] + [None]*9,
            ['Study No', 'Gender', 'Age at infusion (yrs)', 'Date of infusion', 'Date of first tocilizumab', 'Date of first dexamethasone', 'Max CRS grade (ASTCT)', 'Date of CRS onset', 'Date of death', 'Date last seen'],
            ['K-11', 'F', 7.5, datetime(2021, 3, 14), datetime(2021, 3, 17), datetime(2021, 3, 18), 3, datetime(2021, 3, 16), None, datetime(2022, 3, 14)],
            ['K-12', 'M', 11, datetime(2021, 4, 20), None, None, 1, datetime(2021, 4, 23), None, datetime(2021, 12, 26)],
            ['K-13', 'F', 4, datetime(2021, 5, 25), datetime(2021, 5, 26), None, 2, datetime(2021, 5, 25), datetime(2021, 8, 13), datetime(2021, 8, 13)],
            ['K-14', 'M', 15.2, datetime(2021, 6, 30), None, datetime(2021, 7, 4), 0, None, None, datetime(2022, 7, 30)],
            ['Ages are rounded. Data cut-off 31 December 2023.'] + [None]*9]
    return [workbook(folder/'registry.xlsx', {'Registry': rows}, {'Registry': ['A1:J1']})], {}, {
        'patients': (['patient_id', 'sex', 'age_years'], [('K-11', 'female', 7.5), ('K-12', 'male', 11), ('K-13', 'female', 4), ('K-14', 'male', 15.2)]),
        'treatments': (['patient_id', 'agent', 'day'], [('K-11', 'tocilizumab', 3), ('K-11', 'dexamethasone', 4), ('K-13', 'tocilizumab', 1), ('K-14', 'dexamethasone', 4)]),
        'toxicity': (['patient_id', 'event', 'day_from', 'grade'], [('K-11', 'CRS', 2, 3), ('K-12', 'CRS', 3, 1), ('K-13', 'CRS', 0, 2)]),
        'followup': (['patient_id', 'death_day', 'last_contact_day'], [('K-11', None, 365), ('K-12', None, 250), ('K-13', 80, 80), ('K-14', None, 395)])}


@shape
def sheets_with_titles_and_footnotes(folder):
    p = [['Table A. Patients'], [], ['Pt', 'Sex', 'DOB', 'Wt (kg)', 'Infusion'], ['P01', 'Female', date(2012, 3, 14), 24.5, date(2020, 3, 14)], ['P02', 'Male', date(2009, 6, 1), '38*', date(2020, 6, 1)], ['P03', 'Male', date(2015, 1, 20), 18, date(2020, 7, 20)], [], ['* estimated']]
    f = [['Table B. Follow-up'], [], ['Pt', 'Relapsed?', 'Date of relapse', 'Vital status', 'Date of last FU or death'], ['P01', 'No', None, 'Alive', date(2021, 3, 14)], ['P02', 'Yes', date(2020, 9, 9), 'Dead', date(2020, 12, 18)], ['P03', 'No', None, 'Alive', date(2021, 7, 20)], [], ['FU: follow-up']]
    w = [['Table C. Laboratory'], [], ['Pt', 'Sample date', 'CRP (mg/L)', 'Ferritin (ng/mL)', 'IL-6 (pg/mL)'], ['P01', date(2020, 3, 14), 3.1, 210, '<1.5'], ['P01', date(2020, 3, 21), 88, 4100, 910], ['P02', date(2020, 6, 3), 12, None, 44.5], ['P03', date(2020, 7, 27), 150.5, 9800, '>5000'], [], ['Assay changed in 2021']]
    return [workbook(folder/'supplement.xlsx', {'A': p, 'B': f, 'C': w, 'Legend': [['Abbreviation', 'Meaning'], ['Pt', 'patient'], ['FU', 'follow-up']]})], {}, {
        'patients': (['patient_id', 'sex', 'age_years', 'weight_kg'], [('P01', 'female', 8, 24.5), ('P02', 'male', 11, 38), ('P03', 'male', 5.497, 18)]),
        'followup': (['patient_id', 'relapse_day', 'death_day', 'last_contact_day'], [('P01', None, None, 365), ('P02', 100, 200, 200), ('P03', None, None, 365)]),
        'labs': (['patient_id', 'day', 'analyte', 'value', 'censored'], [('P01', 0, 'CRP', 3.1, 'no'), ('P01', 0, 'ferritin', 210, 'no'), ('P01', 0, 'IL-6', 1.5, 'left'), ('P01', 7, 'CRP', 88, 'no'), ('P01', 7, 'ferritin', 4100, 'no'), ('P01', 7, 'IL-6', 910, 'no'), ('P02', 2, 'CRP', 12, 'no'), ('P02', 2, 'IL-6', 44.5, 'no'), ('P03', 7, 'CRP', 150.5, 'no'), ('P03', 7, 'ferritin', 9800, 'no'), ('P03', 7, 'IL-6', 5000, 'right')])}


@shape
def chinese_drugs_by_day(folder):
    p = '病例号,姓名,性别,出生日期,体重(kg),回输日期,CRS最高分级,死亡日期,末次随访日期\nC01,张小三,男,2012-03-14,22,2021-03-14,2,,2022-03-14\nC02,张小三,女,2015-05-01,17.5,2021-05-01,0,,2021-12-01\nC03,张小三,男,2010-07-15,40,2021-07-15,4,2021-09-03,2021-09-03\n'
    d = '病例号,药物名称,剂量,单位,给药途径,用药日期\nC01,托珠单抗,176,mg,静脉,2021-03-17\nC01,甲泼尼龙,44,mg,静脉,2021-03-18\nC03,地塞米松,10,mg,静脉,2021-07-18\nC03,芦可替尼,5,mg,口服,2021-07-20\n'
    return [text(folder, '患者.csv', p, 'gb18030'), text(folder, '用药.csv', d, 'gb18030')], {}, {
        'patients': (['patient_id', 'sex', 'age_years', 'weight_kg'], [('C01', 'male', 9, 22), ('C02', 'female', 6, 17.5), ('C03', 'male', 11, 40)]),
        'treatments': (['patient_id', 'agent', 'day', 'dose_mg', 'route'], [('C01', 'tocilizumab', 3, 176, 'IV'), ('C01', 'methylprednisolone', 4, 44, 'IV'), ('C03', 'dexamethasone', 3, 10, 'IV'), ('C03', 'ruxolitinib', 5, 5, 'PO')]),
        'status': (['patient_id', 'crs_grade_max'], [('C01', 2), ('C02', 0), ('C03', 4)]),
        'followup': (['patient_id', 'death_day', 'last_contact_day'], [('C01', None, 365), ('C02', None, 214), ('C03', 50, 50)])}


@shape
def german_tabs_in_utf16(folder):
    t = ('Fallnummer\tGeschlecht\tAlter bei Infusion\tInfusionsdatum\tCRP Tag 0 (mg/l)\tCRP Tag 7 (mg/l)\tIL-6 Tag 7 (pg/ml)\tRezidiv am\tTodesdatum\tLetzte Visite\n'
         'F7\tw\t6,5\t14.03.2021\t2,5\t88,1\t<1,5\t\t\t14.03.2022\n'
         'F8\tm\t12\t20.04.2021\t<0,6\t140\t1.250,5\t29.07.2021\t06.11.2021\t06.11.2021\n'
         'F9\tm\t3,25\t25.05.2021\t7\t\t300\t\t\t25.05.2022\n')
    return [text(folder, 'kohorte.txt', t, 'utf-16')], {}, {
        'patients': (['patient_id', 'sex', 'age_years'], [('F7', 'female', 6.5), ('F8', 'male', 12), ('F9', 'male', 3.25)]),
        'labs': (['patient_id', 'day', 'analyte', 'value', 'censored'], [('F7', 0, 'CRP', 2.5, 'no'), ('F8', 0, 'CRP', .6, 'left'), ('F9', 0, 'CRP', 7, 'no'), ('F7', 7, 'CRP', 88.1, 'no'), ('F8', 7, 'CRP', 140, 'no'), ('F7', 7, 'IL-6', 1.5, 'left'), ('F8', 7, 'IL-6', 1250.5, 'no'), ('F9', 7, 'IL-6', 300, 'no')]),
        'followup': (['patient_id', 'relapse_day', 'death_day', 'last_contact_day'], [('F7', None, None, 365), ('F8', 100, 200, 200), ('F9', None, None, 365)])}


@shape
def spanish_spss(folder):
    f = pd.DataFrame({'caso': ['E1', 'E2', 'E3', 'E4'], 'sexo': [1., 2, 2, 1], 'edad': [7., 999, 12, 3], 'crs': [2., 9, 0, 3], 'meses': [12., 3.5, 24, 1], 'estado': [0., 1, 2, 1], 'recaida': [0., 1, 0, 9]})
    pyreadstat.write_sav(f, str(folder/'serie.sav'), column_labels=['Caso', 'Sexo', 'Edad (años)', 'Grado máximo de CRS', 'Supervivencia global (meses)', 'Estado vital', 'Recaída'],
        variable_value_labels={'sexo': {1: 'Hombre', 2: 'Mujer'}, 'estado': {0: 'Vivo', 1: 'Muerto', 2: 'Perdido'}, 'crs': {9: 'desconocido'}, 'recaida': {0: 'No', 1: 'Sí', 9: 'desconocido'}}, missing_ranges={'edad': [999], 'crs': [9], 'recaida': [9]})
    return [folder/'serie.sav'], {}, {
        'patients': (['patient_id', 'sex', 'age_years'], [('E1', 'male', 7), ('E2', 'female', None), ('E3', 'female', 12), ('E4', 'male', 3)]),
        'status': (['patient_id', 'crs_grade_max', 'relapse'], [('E1', 2, 'no'), ('E2', None, 'yes'), ('E3', 0, 'no'), ('E4', 3, None)]),
        'followup': (['patient_id', 'death_day', 'last_contact_day'], [('E1', None, 12*MONTH), ('E2', 3.5*MONTH, 3.5*MONTH), ('E3', None, 24*MONTH), ('E4', MONTH, MONTH)])}


@shape
def stata_with_labels(folder):
    f = pd.DataFrame({'pid': ['S1', 'S2', 'S3'], 'female': np.array([1, 0, 0], 'int8'), 'agey': [5.5, 9, 14], 'dinf': pd.to_datetime(['2019-03-14', '2019-06-20', '2019-09-25']), 'ddeath': pd.to_datetime([None, '2019-09-28', None]), 'dlast': pd.to_datetime(['2020-03-13', '2019-09-28', '2020-09-24']), 'hsct': np.array([0, 1, 0], 'int8')})
    f.to_stata(folder/'final.dta', write_index=False, version=118, convert_dates={'dinf': 'td', 'ddeath': 'td', 'dlast': 'td'}, value_labels={'female': {0: 'No', 1: 'Yes'}, 'hsct': {0: 'none', 1: 'yes'}},
        variable_labels={'pid': 'Patient number', 'female': 'Female sex', 'agey': 'Age at infusion, years', 'dinf': 'Date of CAR-T infusion', 'ddeath': 'Date of death', 'dlast': 'Date of last follow-up', 'hsct': 'Transplantation before CAR-T'})
    return [folder/'final.dta'], {}, {
        'patients': (['patient_id', 'sex', 'age_years', 'prior_transplant'], [('S1', 'female', 5.5, False), ('S2', 'male', 9, True), ('S3', 'male', 14, False)]),
        'followup': (['patient_id', 'death_day', 'last_contact_day'], [('S1', None, 365), ('S2', 100, 100), ('S3', None, 365)])}


@shape
def adtte_weeks_several_censorings(folder):
    rows = [(u, p, n, 'WEEKS', v, c, e) for u, p, n, v, c, e in [
        ('T-1', 'OS', 'Overall survival', 52.0, 1, 'CUT-OFF'), ('T-2', 'OS', 'Overall survival', 20.5, 0, 'DEATH'), ('T-3', 'OS', 'Overall survival', 30.0, 2, 'WITHDREW'),
        ('T-1', 'TTR', 'Time to relapse', 10.0, 0, 'RELAPSE'), ('T-2', 'TTR', 'Time to relapse', 20.5, 1, 'DEATH WITHOUT RELAPSE'), ('T-3', 'TTR', 'Time to relapse', 30.0, 2, 'WITHDREW')]]
    f = pd.DataFrame(rows, columns=['USUBJID', 'PARAMCD', 'PARAM', 'AVALU', 'AVAL', 'CNSR', 'EVNTDESC'])
    s = 'USUBJID,AGE,AGEU,SEX,TRTSDT\nT-1,8,YEARS,F,2020-03-14\nT-2,30,MONTHS,M,2020-04-20\nT-3,15,YEARS,M,2020-05-25\n'
    return [text(folder, 'adtte.csv', f.to_csv(index=False)), text(folder, 'adsl.csv', s)], {}, {
        'patients': (['patient_id', 'sex', 'age_years'], [('T-1', 'female', 8), ('T-2', 'male', 2.5), ('T-3', 'male', 15)]),
        'followup': (['patient_id', 'relapse_day', 'death_day', 'last_contact_day'], [('T-1', 70, None, 364), ('T-2', None, 143.5, 143.5), ('T-3', None, None, 210)])}


@shape
def redcap_events_and_missing_codes(folder):
    d = ('"Variable / Field Name","Form Name","Section Header","Field Type","Field Label","Choices, Calculations, OR Slider Labels","Field Note","Text Validation Type OR Show Slider Number",Identifier?\n'
         'subj,base,,text,"Subject number",,,,\nsurname,base,,text,"Surname",,,,y\nsex,base,,radio,"Sex at birth","1, Male | 2, Female",,,\nage,base,,text,"Age at infusion (years)",,"-88 not done, -99 unknown",number,\ninf_dt,base,,text,"Date of infusion",,,date_ymd,\n'
         'samp_dt,labs,,text,"Date of sample",,,date_ymd,\nferr,labs,,text,"Ferritin (ng/mL)",,"-88 not done",number,\nil6,labs,,text,"IL-6 (pg/mL)",,"-88 not done",number,\n'
         'crs_onset,tox,,text,"CRS onset date",,,date_ymd,\ncrs_gr,tox,,text,"CRS grade (ASTCT)",,,integer,\n'
         'vital,outc,,radio,"Vital status","1, Alive | 2, Dead",,,\nlast_dt,outc,,text,"Date of death or last contact",,,date_ymd,\n')
    h = 'subj,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,surname,sex,age,inf_dt,base_complete,samp_dt,ferr,il6,labs_complete,crs_onset,crs_gr,tox_complete,vital,last_dt,outc_complete\n'
    r = ['R01,baseline_arm_1,,,Planted,1,9,2021-03-14,2,,,,,,,,,,', 'R01,day_7_arm_1,labs,1,,,,,,2021-03-20,900,45,2,,,,,,', 'R01,day_7_arm_1,labs,2,,,,,,2021-03-22,-88,120,2,,,,,,', 'R01,day_7_arm_1,tox,1,,,,,,,,,,2021-03-16,2,2,,,', 'R01,follow_up_arm_1,,,,,,,,,,,,,,,1,2022-03-14,2',
         'R02,baseline_arm_1,,,Planted,2,-99,2021-04-20,2,,,,,,,,,,', 'R02,day_7_arm_1,labs,1,,,,,,2021-04-27,15000,-88,2,,,,,,', 'R02,follow_up_arm_1,,,,,,,,,,,,,,,2,2021-07-29,2',
         'R03,baseline_arm_1,,,Planted,2,14,2021-05-25,2,,,,,,,,,,', 'R03,day_7_arm_1,tox,1,,,,,,,,,,2021-05-26,4,2,,,', 'R03,follow_up_arm_1,,,,,,,,,,,,,,,1,2022-05-25,2']
    return [text(folder, 'CART_DATA.csv', h + '\n'.join(r) + '\n'), text(folder, 'CART_DataDictionary.csv', d)], {}, {
        'patients': (['patient_id', 'sex', 'age_years'], [('R01', 'male', 9), ('R02', 'female', None), ('R03', 'female', 14)]),
        'labs': (['patient_id', 'day', 'analyte', 'value'], [('R01', 6, 'ferritin', 900), ('R01', 6, 'IL-6', 45), ('R01', 8, 'IL-6', 120), ('R02', 7, 'ferritin', 15000)]),
        'toxicity': (['patient_id', 'event', 'day_from', 'grade'], [('R01', 'CRS', 2, 2), ('R03', 'CRS', 1, 4)]),
        'followup': (['patient_id', 'death_day', 'last_contact_day'], [('R01', None, 365), ('R02', 100, 100), ('R03', None, 365)])}


@shape
def cbioportal_patients(folder):
    t = ('#Patient Identifier\tSex\tDiagnosis Age\tOverall Survival Status\tOverall Survival (Months)\tRelapse\n#Identifier\tSex\tAge in years\tStatus\tMonths\tWhether relapsed\n#STRING\tSTRING\tNUMBER\tSTRING\tNUMBER\tSTRING\n#1\t1\t1\t1\t1\t1\n'
         'PATIENT_ID\tSEX\tAGE\tOS_STATUS\tOS_MONTHS\tRELAPSE\nTARGET-01\tMale\t5\t0:LIVING\t60.5\tNo\nTARGET-02\tFemale\t11\t1:DECEASED\t8\tYes\nTARGET-03\tFemale\t[Not Available]\t0:LIVING\t40\t[Not Available]\nTARGET-04\tMale\t16\t1:DECEASED\t2.25\tNo\n')
    return [text(folder, 'data_clinical_patient.txt', t)], {}, {
        'patients': (['patient_id', 'sex', 'age_years'], [('TARGET-01', 'male', 5), ('TARGET-02', 'female', 11), ('TARGET-03', 'female', None), ('TARGET-04', 'male', 16)]),
        'status': (['patient_id', 'relapse'], [('TARGET-01', 'no'), ('TARGET-02', 'yes'), ('TARGET-04', 'no')]),
        'followup': (['patient_id', 'death_day', 'last_contact_day'], [('TARGET-01', None, 60.5*MONTH), ('TARGET-02', 8*MONTH, 8*MONTH), ('TARGET-03', None, 40*MONTH), ('TARGET-04', 2.25*MONTH, 2.25*MONTH)])}


@shape
def plate_with_limits_in_rows(folder):
    t = ('Instrument,Bead reader\nRun,12\n\nWell,Patient,Day,IL-6 (pg/mL),TNF-alpha (pg/mL),IFN-g (pg/mL)\n'
         'A1,Blank,,0,0,0\nB1,Standard 1,,5000,5000,5000\nC1,C-01,0,<2.4,4.1,<7.1\nD1,C-01,7,>5000,88.5,910\nE1,C-02,0,12.5,<2.4,33\nF1,C-02,7,640,*3.9,OOR <\n')
    return [text(folder, 'plate12.csv', t)], {'IFN-g (pg/mL)': {'left_at': 7.1}}, {
        'labs': (['patient_id', 'day', 'analyte', 'value', 'censored'], [('C-01', 0, 'IL-6', 2.4, 'left'), ('C-01', 7, 'IL-6', 5000, 'right'), ('C-02', 0, 'IL-6', 12.5, 'no'), ('C-02', 7, 'IL-6', 640, 'no'), ('C-01', 0, 'TNF-α', 4.1, 'no'), ('C-01', 7, 'TNF-α', 88.5, 'no'), ('C-02', 0, 'TNF-α', 2.4, 'left'), ('C-02', 7, 'TNF-α', 3.9, 'no'), ('C-01', 0, 'IFN-γ', 7.1, 'left'), ('C-01', 7, 'IFN-γ', 910, 'no'), ('C-02', 0, 'IFN-γ', 33, 'no'), ('C-02', 7, 'IFN-γ', 7.1, 'left')])}


@shape
def daily_labs_units_in_brackets(folder):
    t = ('pid;day post infusion;CRP [mg/dL];Ferritin [µg/L];Procalcitonin [ng/mL];IL6 [ng/L];IL10 [pg/mL]\n'
         'L1;0;0,5;320;0,05;8,1;<5\nL1;3;12,25;2100;0,9;1450;41\nL2;0;1;150;0,02;3,2;<5\nL2;3;;880;0,31;260;12,5\n')
    return [text(folder, 'labor.csv', t, 'cp1252')], {}, {
        'labs': (['patient_id', 'day', 'analyte', 'value', 'censored'], [('L1', 0, 'CRP', 5, 'no'), ('L1', 3, 'CRP', 122.5, 'no'), ('L2', 0, 'CRP', 10, 'no'), ('L1', 0, 'ferritin', 320, 'no'), ('L1', 3, 'ferritin', 2100, 'no'), ('L2', 0, 'ferritin', 150, 'no'), ('L2', 3, 'ferritin', 880, 'no'), ('L1', 0, 'PCT', .05, 'no'), ('L1', 3, 'PCT', .9, 'no'), ('L2', 0, 'PCT', .02, 'no'), ('L2', 3, 'PCT', .31, 'no'), ('L1', 0, 'IL-6', 8.1, 'no'), ('L1', 3, 'IL-6', 1450, 'no'), ('L2', 0, 'IL-6', 3.2, 'no'), ('L2', 3, 'IL-6', 260, 'no'), ('L1', 0, 'IL-10', 5, 'left'), ('L1', 3, 'IL-10', 41, 'no'), ('L2', 0, 'IL-10', 5, 'left'), ('L2', 3, 'IL-10', 12.5, 'no')])}


@shape
def one_row_per_infusion(folder):
    t = ('Patient,Infusion no.,Date of infusion,Target,Cell dose (x10^6/kg),Best response day 28,MRD day 28\n'
         'I1,1,2021-03-14,CD19,2.5,CR,negative\nI1,2,2021-09-14,CD22,3,NR,positive\nI2,1,2021-04-20,CD19,1.8,CRi,negative\nI3,1,2021-05-25,CD19/CD22,5,NR,positive\n')
    f = 'Patient,Sex,Date of last contact,Status at last contact\nI1,F,2022-03-14,dead\nI2,M,2022-04-20,alive\nI3,M,2021-12-11,alive\n'
    return [text(folder, 'infusions.csv', t), text(folder, 'outcome.csv', f)], {}, {
        'patients': (['patient_id', 'sex', 'car_target', 'car_dose_e6_per_kg'], [('I1', 'female', 'CD19', 2.5), ('I2', 'male', 'CD19', 1.8), ('I3', 'male', 'CD19+CD22', 5)]),
        'response': (['patient_id', 'day30_response'], [('I1', 'CR'), ('I2', 'CRi'), ('I3', 'NR')]),
        'followup': (['patient_id', 'death_day', 'last_contact_day'], [('I1', 365, 365), ('I2', None, 365), ('I3', None, 200)])}


@shape
def one_row_per_event(folder):
    t = ('UPN,Event,Event date\nU-1,CAR-T infusion,2021-03-14\nU-1,CRS onset,2021-03-16\nU-1,Relapse,2021-06-22\nU-1,HSCT,2021-07-12\nU-1,Death,2021-09-30\n'
         'U-2,CAR-T infusion,2021-04-20\nU-2,Last follow-up,2022-04-20\nU-3,CAR-T infusion,2021-05-25\nU-3,HSCT,2021-09-02\nU-3,Last follow-up,2021-12-11\n')
    s = 'UPN,Sex,Age (years)\nU-1,female,6\nU-2,male,10\nU-3,male,2.5\n'
    return [text(folder, 'events.csv', t), text(folder, 'demographics.csv', s)], {}, {
        'patients': (['patient_id', 'sex', 'age_years'], [('U-1', 'female', 6), ('U-2', 'male', 10), ('U-3', 'male', 2.5)]),
        'followup': (['patient_id', 'relapse_day', 'transplant_day', 'death_day', 'last_contact_day'], [('U-1', 100, 120, 200, 200), ('U-2', None, None, None, 365), ('U-3', None, 100, None, 200)])}


@shape
def weeks_and_years_with_commas(folder):
    t = ('"Nr";"Sex (1=m, 2=f)";"Time to relapse or last follow-up (weeks)";"Relapse (1=yes, 0=no)";"Overall survival (years)";"Death (1=yes, 0=no)"\n'
         '"Y1";1;"40,0";1;"1,5";0\n"Y2";2;"12,5";0;"0,25";1\n"Y3";2;"104";0;"2";0\n')
    return [text(folder, 'extract.csv', t)], {}, {
        'patients': (['patient_id', 'sex'], [('Y1', 'male'), ('Y2', 'female'), ('Y3', 'female')]),
        'followup': (['patient_id', 'relapse_day', 'death_day', 'last_contact_day'], [('Y1', 280, None, 1.5*YEAR), ('Y2', None, .25*YEAR, .25*YEAR), ('Y3', None, None, 2*YEAR)])}


@shape
def macintosh_workbook(folder):
    p = [['Patient ID', 'Sex', 'Age (months)', 'Infusion date', 'Date of relapse', 'Date of death', 'Last contact'], ['M1', 'f', 66, datetime(2018, 3, 14), None, None, datetime(2019, 3, 14)], ['M2', 'm', 120, datetime(2018, 4, 20), datetime(2018, 7, 29), datetime(2018, 11, 6), datetime(2018, 11, 6)]]
    q = [['Patient ID', 'Date', 'Test', 'Result', 'Unit'], ['M1', datetime(2018, 3, 15), 'CRP', 12, 'mg/L'], ['M2', datetime(2018, 4, 27), 'Ferritin', 8300, 'ng/mL'], ['M2', datetime(2018, 4, 27), 'CRP', '<0.6', 'mg/L']]
    return [workbook(folder/'old.xlsx', {'patients': p, 'labs': q}, epoch=CALENDAR_MAC_1904)], {}, {
        'patients': (['patient_id', 'sex', 'age_years'], [('M1', 'female', 5.5), ('M2', 'male', 10)]),
        'labs': (['patient_id', 'day', 'analyte', 'value', 'censored'], [('M1', 1, 'CRP', 12, 'no'), ('M2', 7, 'ferritin', 8300, 'no'), ('M2', 7, 'CRP', .6, 'left')]),
        'followup': (['patient_id', 'relapse_day', 'death_day', 'last_contact_day'], [('M1', None, None, 365), ('M2', 100, 200, 200)])}


@shape
def trial_two_time_units(d):
    t='SubjectID,Arm,Age,Sex,PFS (mo),PFS event,OS (mo),OS event\n101,A,9,F,12.2,0,12.2,0\n102,B,13,M,3.1,1,8,1\n103,A,6,F,5,1,20,0\n'
    return [text(d,'trial.csv',t)],{},{'patients':(['patient_id','sex','age_years'],[('101','female',9),('102','male',13),('103','female',6)]),
      'followup':(['patient_id','death_day','last_contact_day'],[('101',None,12.2*MONTH),('102',8*MONTH,8*MONTH),('103',None,20*MONTH)])}


@shape
def steroid_courses(d):
    p='Hospital no;Pseudonym;sex;infusion;weight [kg]\n99887;P-1;m;14.03.2021;20,5\n99887;P-2;w;20.04.2021;31\n'
    s='Pseudonym;Substanz;Dosis;Einheit;Applikation;Datum\nP-1;Prednisolon;40;mg;oral;17.03.2021\nP-1;Dexamethason;0,15;mg/kg;i.v.;18.03.2021\nP-2;Tocilizumab;8;mg/kg;i.v.;22.04.2021\nP-2;Urbason;2;mg/kg;iv;23.04.2021\n'
    return [text(d,'pat.csv',p,'cp1252'),text(d,'med.csv',s,'cp1252')],{},{'patients':(['patient_id','sex','weight_kg'],[('P-1','male',20.5),('P-2','female',31)]),
      'treatments':(['patient_id','agent','day','dose_mg','route'],[('P-1','prednisolone',3,40,'PO'),('P-1','dexamethasone',4,3.075,'IV'),('P-2','tocilizumab',2,248,'IV'),('P-2','methylprednisolone',3,62,'IV')])}


@shape
def chinese_followup_wide(d):
    rows=[['登记号','姓名','性别','年龄','诊断','CAR-T靶点','回输日期','CRS分级','CRS开始日期','是否使用激素','是否使用托珠单抗','第28天疗效','是否复发','复发日期','末次随访日期','生存状态'],
      ['N01','张小三','男',6,'B-ALL','CD19',datetime(2020,3,14),'2级',datetime(2020,3,17),'否','是','CR','否',None,datetime(2021,3,14),'存活'],
      ['N02','张小三','女',12,'B-ALL','CD19+CD22',datetime(2020,4,20),'0级',None,'否','否','CRi','是',datetime(2020,7,29),datetime(2020,11,6),'死亡'],
      ['N03','张小三','女',3,'B-ALL','CD22',datetime(2020,5,25),'3级',datetime(2020,5,26),'是','是','NR','否',None,datetime(2021,5,25),'存活']]
    return [workbook(d/'随访表.xlsx',{'随访':rows})],{},{'patients':(['patient_id','sex','age_years','car_target'],[('N01','male',6,'CD19'),('N02','female',12,'CD19+CD22'),('N03','female',3,'CD22')]),
      'toxicity':(['patient_id','event','day_from','grade'],[('N01','CRS',3,2),('N03','CRS',1,3)]),
      'response':(['patient_id','day30_response'],[('N01','CR'),('N02','CRi'),('N03','NR')]),
      'followup':(['patient_id','relapse_day','death_day','last_contact_day'],[('N01',None,None,365),('N02',100,200,200),('N03',None,None,365)])}


@shape
def adlb_and_adae(d):
    lb='USUBJID,PARAMCD,PARAM,AVAL,ADY\nZ1,CRP,C Reactive Protein (mg/L),12,4\nZ1,FERRITIN,Ferritin (ug/L),800,8\nZ2,CRP,C Reactive Protein (mg/L),140,1\n'
    ae='USUBJID,AEDECOD,AETOXGR,AESTDY,AEENDY\nZ1,Cytokine release syndrome,2,4,7\nZ2,Cytokine release syndrome,3,2,9\nZ2,Pyrexia,1,2,3\n'
    sl='USUBJID,AGE,SEX,TRTSDT,DTHDT,LSTALVDT\nZ1,9,F,2021-03-14,,2022-03-14\nZ2,14,M,2021-04-20,2021-07-29,2021-07-29\n'
    return [text(d,'adsl.csv',sl),text(d,'adlb.csv',lb),text(d,'adae.csv',ae)],{},{'patients':(['patient_id','sex','age_years'],[('Z1','female',9),('Z2','male',14)]),
      'labs':(['patient_id','day','analyte','value'],[('Z1',3,'CRP',12),('Z1',7,'ferritin',800),('Z2',0,'CRP',140)]),
      'toxicity':(['patient_id','event','day_from','day_to','grade'],[('Z1','CRS',3,6,2),('Z2','CRS',1,8,3)]),
      'followup':(['patient_id','death_day','last_contact_day'],[('Z1',None,365),('Z2',100,100)])}


@shape
def french_dta(d):
    f=pd.DataFrame({'num':['F1','F2','F3'],'sexe':np.array([1,2,2],'int8'),'age':[7.,np.nan,12.],'delai':[24.,6.5,12.],'dc':np.array([0,1,0],'int8'),'rechute':np.array([0,1,1],'int8')})
    f.to_stata(d/'base.dta',write_index=False,version=118,value_labels={'sexe':{1:'Masculin',2:'Féminin'},'dc':{0:'vivant',1:'décédé'},'rechute':{0:'non',1:'oui'}},variable_labels={'num':'Numéro de patient','sexe':'Sexe','age':'Age (ans)','delai':'Survie globale (mois)','dc':'Statut vital','rechute':'Rechute'})
    return [d/'base.dta'],{},{'patients':(['patient_id','sex','age_years'],[('F1','male',7),('F2','female',None),('F3','female',12)]),
      'status':(['patient_id','relapse'],[('F1','no'),('F2','yes'),('F3','yes')]),'followup':(['patient_id','death_day','last_contact_day'],[('F1',None,24*MONTH),('F2',6.5*MONTH,6.5*MONTH),('F3',None,12*MONTH)])}


@shape
def icu_timestamps(d):
    t='patient_nr|infusion_datetime|sample_datetime|il6_pg_ml|crp_mg_l\nT1|2021-03-14T10:00|2021-03-14T06:00|7.1|3\nT1|2021-03-14T10:00|2021-03-17T06:15|2210|80.5\nT2|2021-04-20T12:30|2021-04-21T07:00|<1.5|NA\n'
    return [text(d,'t.psv',t)],{},{'labs':(['patient_id','day','time','analyte','value','censored'],[('T1',0,'06:00','IL-6',7.1,'no'),('T1',3,'06:15','IL-6',2210,'no'),('T2',1,'07:00','IL-6',1.5,'left'),('T1',0,'06:00','CRP',3,'no'),('T1',3,'06:15','CRP',80.5,'no')])}


@shape
def days_and_flags(d):
    t='Case,M/F,Age at CAR-T,CRS (yes/no),CRS grade,Day of CRS,ICANS,Tocilizumab day,Steroid start (day),Relapse day,Death day,Follow-up (days)\n1,M,8,yes,2,3,no,4,,,,400\n2,F,5,no,,,no,,,90,150,150\n3,F,15,yes,3,1,yes,2,3,,,365\n'
    return [text(d,'series.csv',t)],{},{'patients':(['patient_id','sex','age_years'],[('1','male',8),('2','female',5),('3','female',15)]),
      'toxicity':(['patient_id','event','day_from','grade'],[('1','CRS',3,2),('3','CRS',1,3)]),'treatments':(['patient_id','agent','day'],[('1','tocilizumab',4),('3','tocilizumab',2)]),
      'followup':(['patient_id','relapse_day','death_day','last_contact_day'],[('1',None,None,400),('2',90,150,150),('3',None,None,365)])}


@shape
def stacked_two_rows(d):
    r=[['Demographics',None,None,'CRS',None,'Outcome',None,None,'IL-6 (pg/mL)',None,None],
       ['Pt #','Sex','Age (y)','Max grade','Onset day','Relapse','Status','Days of follow-up','Day 0','Day 3','Day 7'],
       ['A-1','M',7,2,3,'N','Alive',400,'<2',150,33],['A-2','F',12,0,None,'Y','Deceased',210,3.1,12,'N/A'],['A-3','F',4,4,1,'N','Alive',365,8,'>5000',900]]
    return [workbook(d/'s.xlsx',{'S':r},{'S':['A1:C1','D1:E1','F1:H1','I1:K1']})],{},{'patients':(['patient_id','sex','age_years'],[('A-1','male',7),('A-2','female',12),('A-3','female',4)]),
      'toxicity':(['patient_id','event','day_from','grade'],[('A-1','CRS',3,2),('A-3','CRS',1,4)]),'status':(['patient_id','relapse'],[('A-1','no'),('A-2','yes'),('A-3','no')]),
      'labs':(['patient_id','day','analyte','value','censored'],[('A-1',0,'IL-6',2,'left'),('A-1',3,'IL-6',150,'no'),('A-1',7,'IL-6',33,'no'),('A-2',0,'IL-6',3.1,'no'),('A-2',3,'IL-6',12,'no'),('A-3',0,'IL-6',8,'no'),('A-3',3,'IL-6',5000,'right'),('A-3',7,'IL-6',900,'no')]),
      'followup':(['patient_id','death_day','last_contact_day'],[('A-1',None,400),('A-2',210,210),('A-3',None,365)])}


@shape
def sample_names_with_weeks(d):
    t='Sample;Ferritin (ng/ml);CRP (mg/l)\nK01_d0;310;2,1\nK01_d7;5100;88\nK02_d0;95,5;<0,6\nK02_d7;1200;140\n'
    return [text(d,'plate.csv',t)],{},{'labs':(['patient_id','day','analyte','value','censored'],[('K01',0,'ferritin',310,'no'),('K01',7,'ferritin',5100,'no'),('K02',0,'ferritin',95.5,'no'),('K02',7,'ferritin',1200,'no'),('K01',0,'CRP',2.1,'no'),('K01',7,'CRP',88,'no'),('K02',0,'CRP',.6,'left'),('K02',7,'CRP',140,'no')])}


@shape
def sas_xpt_registry(d):
    f=pd.DataFrame({'PTNO':['R1','R2','R3'],'SEX':[1.,2.,2.],'AGEINF':[5.,9.,14.],'OSTIME':[1.5,.4,2.],'OSSTAT':[0.,1.,0.],'RELTIME':[.8,np.nan,np.nan]})
    pyreadstat.write_xport(f,str(d/'reg.xpt'),file_format_version=8,column_labels=['Patient number','Sex (1=male, 2=female)','Age at infusion (years)','Overall survival (years)','Vital status (0=alive, 1=dead)','Time to relapse (years), empty if none'])
    return [d/'reg.xpt'],{},{'patients':(['patient_id','sex','age_years'],[('R1','male',5),('R2','female',9),('R3','female',14)]),'followup':(['patient_id','relapse_day','death_day','last_contact_day'],[('R1',.8*YEAR,None,1.5*YEAR),('R2',None,.4*YEAR,.4*YEAR),('R3',None,None,2*YEAR)])}


@shape
def redcap_labels_export(d):
    t='Record ID,Sex,Age at infusion (years),Date of infusion,CRS occurred?,Maximum CRS grade,"Treatments given (choice=Tocilizumab)","Treatments given (choice=Steroids)","Treatments given (choice=None)",Complete?,Vital status,Date of last contact,Complete?\n1,Female,7,2021-03-14,Yes,2,Checked,Unchecked,Unchecked,Complete,Alive,2022-03-14,Complete\n2,Male,11,2021-04-20,No,,Unchecked,Unchecked,Checked,Complete,Dead,2021-07-29,Complete\n'
    return [text(d,'x_DATA_LABELS.csv',t)],{},{'patients':(['patient_id','sex','age_years'],[('1','female',7),('2','male',11)]),'status':(['patient_id','crs','crs_grade_max','tcz','gc'],[('1','yes',2,'yes','no'),('2','no',None,'no','no')]),
      'followup':(['patient_id','death_day','last_contact_day'],[('1',None,365),('2',100,100)])}


@shape
def italian_csv(d):
    t='Codice paziente;Sesso;Data di nascita;Data infusione;Peso (kg);Recidiva;Data recidiva;Stato vitale;Data ultimo follow-up\nI-1;M;14/03/2012;14/03/2021;30,5;no;;vivo;14/03/2022\nI-2;F;20/04/2015;20/04/2021;21;sì;29/07/2021;deceduto;06/11/2021\n'
    return [text(d,'it.csv',t,'cp1252')],{},{'patients':(['patient_id','sex','age_years','weight_kg'],[('I-1','male',9,30.5),('I-2','female',6,21)]),'followup':(['patient_id','relapse_day','death_day','last_contact_day'],[('I-1',None,None,365),('I-2',100,200,200)])}


# ---------------------------------------------------------------- traps: a word that the question must have


@trap('exchanged')
def exchanged_in_a_second_sheet(d):
    p = [['Patient ID', 'Infusion date'], ['1', datetime(2021, 3, 14)], ['2', datetime(2021, 4, 20)], ['3', datetime(2021, 5, 25)]]
    samples = [['Patient ID', 'Sample date', 'CRP (mg/L)'], ['1', '15/03/2021', 3], ['1', datetime(2021, 1, 4), 8], ['2', '21/04/2021', 9], ['2', datetime(2021, 2, 5), 4], ['3', '28/05/2021', 5], ['3', datetime(2021, 3, 6), 2]]
    return [workbook(d/'a.xlsx', {'p': p, 'l': samples})]


@trap('date system')
def labs_pasted_from_another_date_system(d):
    return [workbook(d/'p.xlsx', {'p': [['Patient ID', 'Infusion date'], ['1', datetime(2021, 3, 14)], ['2', datetime(2021, 4, 20)]]}), workbook(d/'l.xlsx', {'l': [['Patient ID', 'Sample date', 'CRP (mg/L)'], ['1', datetime(2025, 3, 16), 3], ['1', datetime(2025, 3, 18), 4], ['2', datetime(2025, 4, 23), 9]]})]


@trap('never')
def a_million_for_never(d):
    return [text(d, 'a.csv', 'id,OS days,death (1=yes 0=no),time to chronic GVHD (days)\n1,300,0,1000000\n2,200,1,90\n3,900,0,1000000\n4,150,1,1000000\n')]


@trap('status that is not known')
def letters_with_unknown(d):
    return [text(d, 'a.csv', 'id,fu_months,status (A/D/U)\n1,12,A\n2,20,U\n3,4,D\n4,9,A\n')]


@trap('thousands')
def a_cell_dose_with_a_point(d):
    return [text(d, 'a.csv', 'id;Infusionsdatum;IL-6 d3 (pg/ml);Letzter Kontakt\n1;14.03.2021;1.450;14.03.2022\n2;20.04.2021;2.310;20.04.2022\n3;25.05.2021;1.005;25.05.2022\n')]


@trap('other way round')
def described_the_other_way_round(d):
    return [text(d, 'a.csv', 'id,age,relapse,os_days,dead\n1,5,1,300,0\n2,6,0,200,1\n3,7,1,500,0\n'), text(d, 'codes.txt', 'id: number of the patient\nage: years\nrelapse: 0 = yes, 1 = no\nos_days: days\ndead: 0 = no, 1 = yes\n')]


@trap('join')
def zeros_eaten_in_one_file(d):
    return [text(d, 'p.csv', 'Patient ID,Infusion date,Sex\nABC-001,2021-03-14,F\nABC-002,2021-04-20,M\n'), text(d, 'l.csv', 'Patient ID,Date,CRP (mg/L)\nXYZ-1,2021-03-15,3\nXYZ-2,2021-04-21,9\n')]


@trap('limit')
def a_third_at_the_lowest(d):
    v = [2.5, 2.5, 8, 2.5, 17, 300, 2.5, 44, 2.5, 91, 6, 2.5]
    return [text(d, 'l.csv', 'patient,day,test,result,unit\n' + ''.join(f'{i//2},{i%2*7},IFN-gamma,{x},pg/mL\n' for i, x in enumerate(v)))]


@trap('grading')
def two_systems_in_a_column(d):
    return [text(d, 'a.csv', 'id,Toxicity,Grade,Grading,Day\n1,CRS,2,ASTCT,2\n2,CRS,3,CTCAE v5,1\n3,ICANS,1,ASTCT,4\n')]


@trap('hidden')
def a_hidden_sheet(d):
    path = workbook(d/'a.xlsx', {'Patients': [['Patient ID', 'Sex', 'Infusion date'], ['1', 'F', datetime(2021, 3, 14)], ['2', 'M', datetime(2021, 4, 20)]], 'Deaths': [['Patient ID', 'Date of death'], ['1', datetime(2021, 9, 14)]]})
    book = openpyxl.load_workbook(path)
    book['Deaths'].sheet_state = 'hidden'
    book.save(path)
    return [path]


@trap('formula')
def formulas_without_values(d):
    return [workbook(d/'a.xlsx', {'S': [['Patient ID', 'Infusion date', 'Last contact', 'Age (years)'], ['1', datetime(2021, 3, 14), '=B2+365', '=5+2'], ['2', datetime(2021, 4, 20), '=B3+100', '=9'], ['3', datetime(2021, 5, 25), '=B4+50', 4]]})]


@trap('same heading')
def the_same_heading_twice(d):
    return [text(d, 'a.csv', 'Patient ID,Infusion date,Date of death,Date of death,Last contact\n1,2021-03-14,,2021-08-01,2021-08-01\n2,2021-04-20,2021-06-01,,2022-04-20\n')]


@trap('merged over rows of several patients')
def merged_over_two_patients(d):
    rows = [['Patient ID', 'Sex', 'Infusion date', 'CRS grade'], ['1', 'F', datetime(2021, 3, 14), 2], ['2', 'M', datetime(2021, 4, 20), None], ['3', 'M', datetime(2021, 5, 25), 1]]
    return [workbook(d/'a.xlsx', {'S': rows}, {'S': ['D2:D3']})]


@trap('unit')
def follow_up_without_a_unit(d):
    return [text(d, 'a.csv', 'id,sex,follow-up,status\n1,F,14.2,alive\n2,M,3.5,dead\n3,F,28,alive\n')]


@trap('order')
def dates_that_could_be_either(d):
    return [text(d, 'a.csv', 'id,Date of infusion,Date of last contact,Status\n1,03/04/2021,05/06/2022,alive\n2,01/02/2021,07/08/2021,dead\n3,09/10/2021,11/12/2022,alive\n')]


@trap('two digits')
def two_digit_years_far(d):
    return [text(d,'a.csv','Patient ID,DOB,Infusion date,Last contact\n1,14/03/11,14/03/21,14/03/22\n2,20/04/68,20/04/21,20/04/22\n')]


@trap('unit')
def mixed_units_one_column(d):
    return [text(d,'l.csv','patient,day,test,result,unit\n1,1,CRP,2,mg/dL\n1,2,CRP,30,mg/L\n2,1,CRP,4,\n')]


@trap('never')
def nines_for_missing(d):
    return [text(d,'a.csv','id,age,weight,os_days,dead\n1,5,20,300,0\n2,999,30,200,1\n3,7,999,99999,0\n4,8,31,420,0\n')]


@trap('status')
def relapse_with_maybe(d):
    return [text(d,'a.csv','id,os_days,dead,relapse\n1,300,0,no\n2,200,1,yes\n3,500,0,suspected\n4,320,0,no\n')]


@trap('per cent')
def blasts_as_fraction(d):
    return [text(d,'a.csv','id,BM blasts,infusion date,last contact\n1,0.45,2021-03-14,2022-03-14\n2,0.02,2021-04-20,2022-03-14\n3,0.9,2021-05-25,2022-03-14\n')]


@trap('no label says')
def sex_codes(d): return [text(d,'a.csv','id,sex,age\n1,1,5\n2,2,7\n3,1,9\n')]


@trap('no column is day 0')
def dates_no_origin(d): return [text(d,'a.csv','id,diagnosis date,date of death,last contact\n1,2020-03-14,,2022-03-14\n2,2020-04-20,2021-04-20,2021-04-20\n')]


@trap('day 0')
def death_before_infusion(d): return [text(d,'a.csv','id,infusion date,date of death,last contact\n1,2021-03-14,2021-03-10,2021-03-10\n2,2021-04-20,,2022-04-20\n')]
# fmt: on
