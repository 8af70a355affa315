"""Plain files in other words and layouts than those met before: written, with what a correct reading gives, before they were tried."""

from datetime import datetime

import openpyxl
import pandas as pd
import pyreadstat
from import_shapes import MONTH, shape, text, trap, workbook

YEAR = 365.25


# fmt: off


@shape
def dates_beside_not_reached(folder):
    content = 'Register – export of 4 patients\n# created by the data office\n\nSubject No.|Gender|Age at infusion (y)|Body weight [kg]|CAR-T infusion|Relapse date|Date of death|Last seen alive|Max. CRS grade|Steroids given\n' \
        'S-01|f|7,5|24,1|12-Mar-2021|not reached|not reached|20-Nov-2022|2|yes\nS-02|m|11,0|40,3|03-Apr-2021|01-Jun-2021|15-Jul-2021|15-Jul-2021|4|yes\n' \
        'S-03|m|4,2|n.a.|28-Jan-2022|not reached|not reached|28-Jan-2023|0|no\nS-04|f|9,8|31,0|05-May-2022|10-Nov-2022|not reached|05-May-2023|1|no\n\n* weights are those before lymphodepletion\n'
    return [text(folder, 'register.txt', content, 'cp1252')], {}, {
        'patients': (['patient_id', 'sex', 'age_years', 'weight_kg'], [('S-01', 'female', 7.5, 24.1), ('S-02', 'male', 11, 40.3), ('S-03', 'male', 4.2, None), ('S-04', 'female', 9.8, 31)]),
        'followup': (['patient_id', 'relapse_day', 'death_day', 'last_contact_day'], [('S-01', None, None, 618), ('S-02', 59, 103, 103), ('S-03', None, None, 365), ('S-04', 189, None, 365)]),
        'status': (['patient_id', 'crs_grade_max', 'gc'], [('S-01', 2, 'yes'), ('S-02', 4, 'yes'), ('S-03', 0, 'no'), ('S-04', 1, 'no')])}


@shape
def three_sheets_with_a_dated_status(folder):
    base = [['Patient', None, None, 'Infusion', None], ['ID', 'Sex', 'Age (yrs)', 'Date', 'Cell dose (10^6/kg)'],
            [101, 'M', 6, datetime(2020, 2, 3), 1.2], [102, 'F', 13, datetime(2020, 5, 20), 0.9], [103, 'F', 9, datetime(2020, 9, 14), 2.0]]
    tox = [['Patient ID', 'Event', 'Onset date', 'Resolution date', 'Worst grade (ASTCT)'], [101, 'CRS', datetime(2020, 2, 5), datetime(2020, 2, 9), 2],
           [102, 'CRS', datetime(2020, 5, 21), datetime(2020, 5, 28), 3], [102, 'ICANS', datetime(2020, 5, 25), datetime(2020, 5, 27), 1]]
    end = [['Patient ID', 'Best response day 28', 'Relapsed?', 'Date of relapse', 'Status', 'Date of status'], [101, 'CR', 'No', None, 'Alive', datetime(2021, 2, 3)],
           [102, 'NR', 'No', None, 'Dead of disease', datetime(2020, 8, 18)], [103, 'CR', 'Yes', datetime(2021, 1, 2), 'Alive', datetime(2021, 9, 14)]]
    return [workbook(folder/'trial.xlsx', {'Baseline': base, 'Toxicity': tox, 'Outcome': end}, {'Baseline': ['A1:C1', 'D1:E1']})], {}, {
        'patients': (['patient_id', 'sex', 'age_years', 'car_dose_e6_per_kg'], [('101', 'male', 6, 1.2), ('102', 'female', 13, 0.9), ('103', 'female', 9, 2)]),
        'toxicity': (['patient_id', 'event', 'day_from', 'day_to', 'grade'], [('101', 'CRS', 2, 6, 2), ('102', 'CRS', 1, 8, 3), ('102', 'ICANS', 5, 7, 1)]),
        'followup': (['patient_id', 'relapse_day', 'death_day', 'last_contact_day'], [('101', None, None, 366), ('102', None, 90, 90), ('103', 110, None, 365)]),
        'response': (['patient_id', 'day30_response'], [('101', 'CR'), ('102', 'NR'), ('103', 'CR')])}


@shape
def composite_status_in_labels(folder):
    frame = pd.DataFrame({'patno': [1., 2, 3, 4], 'osmo': [12., 3.5, 24.2, 6.1], 'osstat': [0., 1, 0, 1], 'pfsmo': [12., 2., 10.1, 6.1], 'pfsstat': [0., 1, 1, 1]})
    pyreadstat.write_sav(frame, str(folder/'o.sav'), column_labels=['Patient number', 'Overall survival (months)', 'Overall survival status', 'Progression-free survival (months)', 'PFS status'],
                         variable_value_labels={'osstat': {0: 'Alive', 1: 'Dead'}, 'pfsstat': {0: 'No event', 1: 'Progression or death'}})
    return [folder/'o.sav'], {}, {'followup': (['patient_id', 'progression_day', 'death_day', 'last_contact_day'],
        [('1', None, None, 12*MONTH), ('2', 2*MONTH, 3.5*MONTH, 3.5*MONTH), ('3', 10.1*MONTH, None, 24.2*MONTH), ('4', None, 6.1*MONTH, 6.1*MONTH)])}


@shape
def kinds_of_a_first_event(folder):
    content = 'Patient\tSex\tTime to first event (years)\tFirst event\tOverall survival (years)\tVital status\tHighest CRS\r\n1\tF\t2.0\tNone\t2.0\tAlive\tII\r\n2\tM\t0.5\tRelapse\t1.5\tDead\tIII\r\n3\tM\t0.2\tDeath\t0.2\tDead\tIV\r\n4\tF\t1.1\tRelapse\t3.0\tAlive\t0\r\n'
    return [text(folder, 'events.txt', content, 'utf-16')], {}, {
        'followup': (['patient_id', 'relapse_day', 'death_day', 'last_contact_day'], [('1', None, None, 2*YEAR), ('2', .5*YEAR, 1.5*YEAR, 1.5*YEAR), ('3', None, .2*YEAR, .2*YEAR), ('4', 1.1*YEAR, None, 3*YEAR)]),
        'status': (['patient_id', 'crs_grade_max'], [('1', 2), ('2', 3), ('3', 4), ('4', 0)])}


@shape
def a_first_event_with_its_date(folder):
    content = 'id,Infusion date,EFS event type,Date of event,Last follow-up,Vital status\n1,2021-03-14,,,2022-03-14,alive\n2,2021-04-20,relapse,2021-08-28,2022-04-20,alive\n3,2021-05-25,death in CR,2021-06-24,2021-06-24,dead\n'
    return [text(folder, 'e.csv', content)], {'EFS event type': {}}, {
        'followup': (['patient_id', 'relapse_day', 'death_day', 'last_contact_day'], [('1', None, None, 365), ('2', 130, None, 365), ('3', None, 30, 30)])}


DICTIONARY = 'Variable / Field Name,Form Name,Section Header,Field Type,Field Label,"Choices, Calculations, OR Slider Labels",Field Note,Text Validation Type OR Show Slider Number,Identifier?\n'


@shape
def sites_and_units_of_a_dictionary(folder):
    fields = [('record_id', 'enrol', 'text', 'Record ID', '', '', ''), ('inf', 'enrol', 'text', 'Date of CAR-T infusion', '', '', 'date_ymd'),
              ('rsite', 'enrol', 'checkbox', 'Site of relapse before CAR-T', '1, Bone marrow | 2, CNS | 3, Testis', '', ''),
              ('tx', 'tox', 'radio', 'Toxicity', '1, CRS | 2, ICANS', '', ''), ('t0', 'tox', 'text', 'Start date', '', '', 'date_ymd'), ('t1', 'tox', 'text', 'End date', '', '', 'date_ymd'),
              ('tox_grade', 'tox', 'radio', 'Maximum grade', '1, 1 | 2, 2 | 3, 3 | 4, 4', '', ''), ('drug', 'meds', 'dropdown', 'Drug', '1, Tocilizumab | 2, Dexamethasone', '', ''),
              ('drug_date', 'meds', 'text', 'Date given', '', '', 'date_ymd'), ('drug_dose', 'meds', 'text', 'Dose', '', 'mg', 'number'),
              ('rel_date', 'end', 'text', 'Date of relapse after CAR-T', '', '', 'date_ymd'), ('lfu', 'end', 'text', 'Date of last follow-up', '', '', 'date_ymd')]
    said = DICTIONARY + ''.join(f'{name},{form},,{kind},{label},"{choices}",{note},{check},\n' for name, form, kind, label, choices, note, check in fields)
    head = 'record_id,redcap_repeat_instrument,redcap_repeat_instance,inf,rsite___1,rsite___2,rsite___3,enrol_complete,tx,t0,t1,tox_grade,tox_complete,drug,drug_date,drug_dose,meds_complete,rel_date,lfu,end_complete\n'
    rows = ['1,,,2021-03-10,1,1,0,2,,,,,,,,,,,2022-03-10,2', '1,tox,1,,,,,,1,2021-03-12,2021-03-16,2,2,,,,,,,', '1,tox,2,,,,,,2,2021-03-15,2021-03-18,1,2,,,,,,,', '1,meds,1,,,,,,,,,,,1,2021-03-13,230,2,,,',
            '2,,,2021-06-02,0,0,0,0,,,,,,,,,,2021-09-01,2021-12-02,2', '2,tox,1,,,,,,1,2021-06-03,2021-06-11,3,2,,,,,,,', '2,meds,1,,,,,,,,,,,2,2021-06-05,10,2,,,']
    return [text(folder, 'x_DATA.csv', head + '\n'.join(rows) + '\n'), text(folder, 'x_Dictionary.csv', said)], {}, {
        'patients': (['patient_id', 'site_bm', 'site_cns', 'site_testis'], [('1', True, True, False), ('2', None, None, None)]),
        'toxicity': (['patient_id', 'event', 'day_from', 'day_to', 'grade'], [('1', 'CRS', 2, 6, 2), ('1', 'ICANS', 5, 8, 1), ('2', 'CRS', 1, 9, 3)]),
        'treatments': (['patient_id', 'agent', 'day', 'dose_mg'], [('1', 'tocilizumab', 3, 230), ('2', 'dexamethasone', 3, 10)]),
        'followup': (['patient_id', 'relapse_day', 'last_contact_day'], [('1', None, 365), ('2', 91, 183)])}


@shape
def infusions_in_other_words(folder):
    rows = 'Pt ID,Infusion,Infused on,Product target,Origin of cells,Alive at last follow-up,Date last follow-up\nC1,1,02/15/2020,CD19,autologous,Y,08/20/2021\nC1,2,11/01/2020,CD22,autologous,Y,08/20/2021\nC2,1,03/30/2020,CD19,allogeneic,N,06/28/2020\n'
    return [text(folder, 'inf.csv', rows)], {}, {
        'patients': (['patient_id', 'car_target', 'car_origin'], [('C1', 'CD19', 'autologous'), ('C2', 'CD19', 'allogeneic')]),
        'screening': (['patient_id', 'infusion_number', 'excluded_reason'], [('C1', 1, None), ('C1', 2, 'repeat infusion'), ('C2', 1, None)]),
        'followup': (['patient_id', 'death_day', 'last_contact_day'], [('C1', None, 552), ('C2', 90, 90)])}


@shape
def episodes_of_a_sheet_named_after_them(folder):
    main = [['Case No.', 'Gender', 'CAR-T cell infusion date', 'Outcome', 'Date of last outcome assessment'], [1, 'male', datetime(2022, 1, 14), 'alive', datetime(2022, 12, 14)], [2, 'female', datetime(2022, 2, 20), 'died', datetime(2022, 5, 21)]]
    crs = [['Case No.', 'CRS episode', 'Start (day)', 'End (day)', 'Max grade'], [1, 1, 2, 6, 'II'], [2, 1, 1, 5, 'III'], [2, 2, 12, 14, 'I']]
    meds = [['Case No.', 'Medication', 'Dose (mg)', 'Day post infusion', 'Route of admin.'], [1, 'Tocilizumab', 200, 3, 'i.v.'], [2, 'Prednisolone', 20, 13, 'oral']]
    return [workbook(folder/'b.xlsx', {'Main': main, 'CRS': crs, 'Meds': meds})], {}, {
        'toxicity': (['patient_id', 'event', 'day_from', 'day_to', 'grade'], [('1', 'CRS', 2, 6, 2), ('2', 'CRS', 1, 5, 3), ('2', 'CRS', 12, 14, 1)]),
        'treatments': (['patient_id', 'agent', 'day', 'dose_mg', 'route'], [('1', 'tocilizumab', 3, 200, 'IV'), ('2', 'prednisolone', 13, 20, 'PO')]),
        'followup': (['patient_id', 'death_day', 'last_contact_day'], [('1', None, 334), ('2', 90, 90)])}


@shape
def a_sign_beside_the_result(folder):
    labs = [['Patient ID', 'Taken', 'Component', 'Comparator', 'Result Value', 'Reference Unit'], ['T1', datetime(2021, 3, 15, 6, 10), 'C-REACTIVE PROTEIN', None, 12.4, 'mg/L'],
            ['T1', datetime(2021, 3, 17, 6), 'FERRITIN', '>', 1650, 'ng/mL'], ['T2', datetime(2021, 4, 22, 5, 45), 'INTERLEUKIN 6', '<', 2.0, 'pg/mL']]
    people = 'Patient ID,Infusion Date,Date of Last Contact\nT1,03/14/2021,03/14/2022\nT2,04/21/2021,07/30/2021\n'
    return [workbook(folder/'lis.xlsx', {'Export': labs}), text(folder, 'pts.csv', people)], {}, {
        'labs': (['patient_id', 'day', 'time', 'analyte', 'value', 'censored'], [('T1', 1, '06:10', 'CRP', 12.4, 'no'), ('T1', 3, '06:00', 'ferritin', 1650, 'right'), ('T2', 1, '05:45', 'IL-6', 2, 'left')])}


@shape
def a_unit_above_the_plate(folder):
    plate = 'Program,xPONENT\nBuild,3.1\n\nResults\nDataType:,Concentration (ng/L)\nLocation,Type,Sample,IL-6,IL-10\nA1,B,Blank,1,1\nB1,S1,Standard 1,9000,9000\nC1,X1,K01 D0,4.1,5.5\nD1,X2,K01 D3,812.5,40.0\nE1,X3,K02 D0,3.3,9.9\n'
    return [text(folder, 'plate.csv', plate), text(folder, 'p.csv', 'Patient,Sex,Infusion date\nK01,M,2022-01-10\nK02,F,2022-02-01\n')], {}, {
        'labs': (['patient_id', 'day', 'analyte', 'value'], [('K01', 0, 'IL-6', 4.1), ('K01', 3, 'IL-6', 812.5), ('K02', 0, 'IL-6', 3.3), ('K01', 0, 'IL-10', 5.5), ('K01', 3, 'IL-10', 40), ('K02', 0, 'IL-10', 9.9)])}


@shape
def words_that_could_be_names(folder):
    rows = 'id,Infusion date,Ward,Diagnosis,Care level\n' + ''.join(f'{i},2021-03-{10+i},{["Planted", "Auntie"][i % 2]},{["B-ALL", "DLBCL"][i % 2]},{["high", "low"][i % 2]}\n' for i in range(6))
    return [text(folder, 'w.csv', rows)], {}, {
        'patients': (['patient_id', 'ward', 'diagnosis', 'care_level'], [(str(i), '21'[i % 2], ['B-ALL', 'DLBCL'][i % 2], ['high', 'low'][i % 2]) for i in range(6)])}


@shape
def dead_is_no_status_of_relapse(folder):
    return [text(folder, 'a.csv', 'id,days_to_relapse,fu_days,dead\n1,,400,0\n2,120,500,0\n3,,300,1\n4,90,200,1\n')], {'days_to_relapse': {}}, {
        'followup': (['patient_id', 'relapse_day', 'death_day', 'last_contact_day'], [('1', None, None, 400), ('2', 120, None, 500), ('3', None, 300, 300), ('4', 90, 200, 200)])}


@trap('one and the same')
def a_date_for_not_known(d):
    return [text(d, 'a.csv', 'id,Infusion date,Date of relapse,Last seen\n' + ''.join(f'{i},2021-0{1 + i % 6}-{10 + i},{"2021-12-15" if i % 2 else ""},2023-01-01\n' for i in range(1, 13)))]


@trap('only the month was known')
def the_first_of_each_month(d):
    return [text(d, 'a.csv', 'id,Infusion date,Date of relapse,Last seen\n' + ''.join(f'{i},2021-03-{10 + i},2021-{6 + i:02d}-01,2023-01-{10 + i}\n' for i in range(1, 7)))]


@trap('cells say yes and have no date')
def yes_among_dates(d):
    return [text(d, 'a.csv', 'id,Infusion date,Relapse,Last seen\n1,2021-03-14,no,2022-03-14\n2,2021-04-20,yes,2022-04-20\n3,2021-05-25,2021-09-25,2022-05-25\n4,2021-06-30,no,2022-06-30\n')]


@trap('overall survival would be too good')
def first_events_alone(d):
    return [text(d, 'a.csv', 'id,EFS months,EFS event\n1,12,none\n2,4,relapse\n3,3.5,death\n4,20,none\n')]


@trap('a status that is not known')
def relapsed_is_not_dead(d):
    return [text(d, 'a.csv', 'id,OS months,OS status\n1,12,alive\n2,4,relapsed\n3,3.5,dead\n4,20,alive\n')]


@trap('exchang')
def exchanged_on_one_side_only(d):
    book = openpyxl.Workbook()
    for row in [['ID', 'CAR-T date', 'Date of last visit', 'Deceased'], ['a', datetime(2021, 3, 1), '25/04/2022', 'no'], ['b', datetime(2021, 6, 2), datetime(2022, 5, 3), 'no'], ['c', datetime(2021, 7, 3), '30/11/2022', 'yes']]:
        book.active.append(row)
    book.save(d/'a.xlsx')
    return [d/'a.xlsx']


@trap('the other way round')
def alive_with_its_codes_exchanged(d):
    said = 'Variable,Label,Values\nid,Patient,\nos_days,Overall survival in days,\nalive,Patient alive at last contact,"0 = yes, 1 = no"\n'
    return [text(d, 'a.csv', 'id,os_days,alive\n1,300,1\n2,200,0\n3,100,1\n'), text(d, 'codebook.csv', said)]


@shape
def a_chart_in_other_words(folder):
    chart = 'Patient;Date of dose;Generic name;Dose;Dose unit;Given via\nm1;16.03.2021;Solu-Medrol;2;mg/kg;IV\nm1;17.03.2021;Dexamethasone;0,5;mg/kg;PO\nm2;24.04.2021;Actemra;8;mg/kg;IV\n'
    people = 'Patient;Weight at infusion (kg);Infused;Last FU;Status at last follow-up\nm1;20,5;14.03.2021;14.03.2022;alive in CR\nm2;40;20.04.2021;20.07.2021;dead of infection\n'
    return [text(folder, 's.csv', chart), text(folder, 'p.csv', people)], {}, {
        'treatments': (['patient_id', 'agent', 'day', 'dose_mg', 'route'], [('m1', 'methylprednisolone', 2, 41, 'IV'), ('m1', 'dexamethasone', 3, 10.25, 'PO'), ('m2', 'tocilizumab', 4, 320, 'IV')]),
        'followup': (['patient_id', 'death_day', 'last_contact_day'], [('m1', None, 365), ('m2', 91, 91)])}


@shape
def days_of_samples_in_other_words(folder):
    rows = [['Cytokine monitoring', None, None], ['Subject', 'Sampling day', 'IL-6'], [None, None, 'pg/ml'], ['A-1', 0, '<1.5'], ['A-1', 3, 650], ['A-2', 0, 3], ['A-2', 3, '>5000']]
    visits = 'Pat,Infusion,Date D0,CRP D0 (mg/l),Date D7,CRP D7 (mg/l)\nA-1,14.03.2021,14.03.2021,4,22.03.2021,90\nA-2,20.04.2021,19.04.2021,2,27.04.2021,15\n'
    return [workbook(folder/'c.xlsx', {'Cyto': rows}), text(folder, 'v.csv', visits)], {}, {
        'labs': (['patient_id', 'day', 'analyte', 'value', 'censored'], [('A-1', 0, 'IL-6', 1.5, 'left'), ('A-1', 3, 'IL-6', 650, 'no'), ('A-2', 0, 'IL-6', 3, 'no'), ('A-2', 3, 'IL-6', 5000, 'right'),
                 ('A-1', 0, 'CRP', 4, 'no'), ('A-1', 8, 'CRP', 90, 'no'), ('A-2', -1, 'CRP', 2, 'no'), ('A-2', 7, 'CRP', 15, 'no')])}


@shape
def relapse_or_death_without_it(folder):
    content = 'ID,CAR product,months to relapse / NRM / last FU,failure (0=none 1=relapse 2=NRM),OS months,dead,time to progression (weeks),"progression (1=yes, 0=no)"\n1,CD19,12,0,12,0,40,0\n2,CD19/CD22,3,1,9,1,12,1\n3,CD22,5,2,5,1,9,0\n4,CD19,7,1,30,0,9,0\n'
    return [text(folder, 'c.csv', content)], {'failure (0=none 1=relapse 2=NRM)': {}}, {
        'patients': (['patient_id', 'car_target'], [('1', 'CD19'), ('2', 'CD19+CD22'), ('3', 'CD22'), ('4', 'CD19')]),
        'followup': (['patient_id', 'relapse_day', 'progression_day', 'death_day', 'last_contact_day'], [('1', None, None, None, 12*MONTH), ('2', 3*MONTH, 84, 9*MONTH, 9*MONTH), ('3', None, None, 5*MONTH, 5*MONTH), ('4', 7*MONTH, None, None, 30*MONTH)])}


@shape
def never_among_days(folder):
    return [text(folder, 'a.csv', 'id,Days to relapse,Follow-up (days),Dead\n1,none,400,no\n2,120,500,no\n3,never,300,yes\n4,90,200,yes\n')], {'Days to relapse': {}}, {
        'followup': (['patient_id', 'relapse_day', 'death_day', 'last_contact_day'], [('1', None, None, 400), ('2', 120, None, 500), ('3', None, 300, 300), ('4', 90, 200, 200)])}


@shape
def exchanged_and_saved_as_text(folder):
    content = 'id,Infusion date,Last seen\n1,2021-05-03,25/04/2022\n2,2021-06-02,2022-07-03\n3,15/07/2021,30/11/2022\n4,2021-11-08,2022-02-10\n'
    days = [(datetime(2022, 4, 25) - datetime(2021, 3, 5)).days, (datetime(2022, 3, 7) - datetime(2021, 2, 6)).days, (datetime(2022, 11, 30) - datetime(2021, 7, 15)).days, (datetime(2022, 10, 2) - datetime(2021, 8, 11)).days]
    return [text(folder, 'a.csv', content)], {'Infusion date': {}, 'Last seen': {}}, {'followup': (['patient_id', 'last_contact_day'], [(str(i + 1), day) for i, day in enumerate(days)])}
