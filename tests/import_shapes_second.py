"""More files of the same families in other words and layouts; written before they were tried."""

from datetime import datetime

import pandas as pd
import pyreadstat
from import_shapes import MONTH, shape, text, trap, workbook

# fmt: off


@shape
def codebook_with_a_row_for_each_code(folder):
    data = 'pt_no;gesch;alter_inf;crs_max;icans_max;gc_ja;resp28;fu_tage;verst\n11;1;7,5;2;0;1;1;420;0\n12;2;11;3;1;1;3;77;1\n13;2;3,25;0;0;0;2;365;0\n'
    book = ('Variable;Code;Label\npt_no;;Patientennummer\ngesch;;Geschlecht\ngesch;1;männlich\ngesch;2;weiblich\nalter_inf;;Alter bei Infusion (Jahre)\ncrs_max;;Maximaler CRS-Grad (ASTCT)\nicans_max;;Maximaler ICANS-Grad (ASTCT)\n'
      'gc_ja;;Glukokortikoide erhalten\ngc_ja;0;nein\ngc_ja;1;ja\nresp28;;Ansprechen Tag 28\nresp28;1;CR\nresp28;2;CRi\nresp28;3;NR\nfu_tage;;Nachbeobachtung (Tage nach Infusion)\nverst;;Verstorben\nverst;0;nein\nverst;1;ja\n')
    return [text(folder, 'daten.csv', data, 'cp1252'), text(folder, 'codebook.csv', book, 'cp1252')], {}, {
        'patients': (['patient_id', 'sex', 'age_years'], [('11', 'male', 7.5), ('12', 'female', 11), ('13', 'female', 3.25)]),
        'status': (['patient_id', 'crs_grade_max', 'icans_grade_max', 'gc'], [('11', 2, 0, 'yes'), ('12', 3, 1, 'yes'), ('13', 0, 0, 'no')]),
        'response': (['patient_id', 'day30_response'], [('11', 'CR'), ('12', 'NR'), ('13', 'CRi')]),
        'followup': (['patient_id', 'death_day', 'last_contact_day'], [('11', None, 420), ('12', 77, 77), ('13', None, 365)])}


@shape
def chinese_days_below_analytes(folder):
    p = [['登记号', '性别', '年龄', '体重', '回输日期', '激素', '托珠单抗', '末次随访', '结局'], [None, None, '岁', 'kg', None, '有/无', '有/无', None, None],
         ['D01', '女', 8, 25, 20190305, '有', '无', 20200304, '存活'], ['D02', '男', 12, 38.5, 20190620, '无', '有', 20191228, '死亡'], ['D03', '男', 4, 16, 20190911, '无', '无', 20200910, '存活']]
    labs = [['登记号', 'CRP(mg/L)', None, None, 'IL-6(pg/mL)', None, None, '铁蛋白(ng/mL)', None], [None, '第0天', '第3天', '第7天', '第0天', '第3天', '第7天', '第0天', '第7天'],
            ['D01', 2.1, 66, 12, '<1.5', 820, 33, 210, 5400], ['D02', 8, 140, 55, 6.6, '>5000', 410, 900, 22000], ['D03', 1, 3, 2, 2.2, 8.8, 4.1, 150, 180]]
    return [workbook(folder / '病例.xlsx', {'基本资料': p, '检验': labs}, {'检验': ['A1:A2', 'B1:D1', 'E1:G1', 'H1:I1']})], {}, {
        'patients': (['patient_id', 'sex', 'age_years', 'weight_kg'], [('D01', 'female', 8, 25), ('D02', 'male', 12, 38.5), ('D03', 'male', 4, 16)]),
        'status': (['patient_id', 'gc', 'tcz'], [('D01', 'yes', 'no'), ('D02', 'no', 'yes'), ('D03', 'no', 'no')]),
        'followup': (['patient_id', 'death_day', 'last_contact_day'], [('D01', None, 365), ('D02', 191, 191), ('D03', None, 365)]),
        'labs': (['patient_id', 'day', 'analyte', 'value', 'censored'], [(p, d, a, v, s) for p, a, values in (
            ('D01', 'CRP', ((0, 2.1, 'no'), (3, 66, 'no'), (7, 12, 'no'))), ('D01', 'IL-6', ((0, 1.5, 'left'), (3, 820, 'no'), (7, 33, 'no'))), ('D01', 'ferritin', ((0, 210, 'no'), (7, 5400, 'no'))),
            ('D02', 'CRP', ((0, 8, 'no'), (3, 140, 'no'), (7, 55, 'no'))), ('D02', 'IL-6', ((0, 6.6, 'no'), (3, 5000, 'right'), (7, 410, 'no'))), ('D02', 'ferritin', ((0, 900, 'no'), (7, 22000, 'no'))),
            ('D03', 'CRP', ((0, 1, 'no'), (3, 3, 'no'), (7, 2, 'no'))), ('D03', 'IL-6', ((0, 2.2, 'no'), (3, 8.8, 'no'), (7, 4.1, 'no'))), ('D03', 'ferritin', ((0, 150, 'no'), (7, 180, 'no')))) for d, v, s in values])}


@shape
def redcap_events_that_are_days(folder):
    dictionary = ('"Variable / Field Name","Form Name","Field Type","Field Label","Choices, Calculations, OR Slider Labels","Text Validation Type OR Show Slider Number",Identifier?\n'
      'subject_id,base,text,Subject,,,\nsex,base,radio,Sex,"1, Male | 2, Female",,\nage,base,text,Age at infusion,,number,\ncrp,labs,text,CRP (mg/L),,number,\nferritin,labs,text,Ferritin (ng/mL),,number,\nalive,fu,yesno,Alive?,,,\nfu_days,fu,text,Days from infusion to last contact or death,,integer,\n')
    content = ('subject_id,redcap_event_name,sex,age,base_complete,crp,ferritin,labs_complete,alive,fu_days,fu_complete\n1,baseline_arm_1,1,6,2,,,,,,\n1,day_0_arm_1,,,,3,200,2,,,\n1,day_7_arm_1,,,,90,4000,2,,,\n1,follow_up_arm_1,,,,,,,1,365,2\n'
      '2,baseline_arm_1,2,10,2,,,,,,\n2,day_0_arm_1,,,,5,310,2,,,\n2,day_14_arm_1,,,,22,1500,2,,,\n2,follow_up_arm_1,,,,,,,0,88,2\n')
    return [text(folder, 'export.csv', content), text(folder, 'dd.csv', dictionary)], {}, {
        'patients': (['patient_id', 'sex', 'age_years'], [('1', 'male', 6), ('2', 'female', 10)]),
        'labs': (['patient_id', 'day', 'analyte', 'value'], [('1', 0, 'CRP', 3), ('1', 7, 'CRP', 90), ('1', 0, 'ferritin', 200), ('1', 7, 'ferritin', 4000), ('2', 0, 'CRP', 5), ('2', 14, 'CRP', 22), ('2', 0, 'ferritin', 310), ('2', 14, 'ferritin', 1500)]),
        'followup': (['patient_id', 'death_day', 'last_contact_day'], [('1', None, 365), ('2', 88, 88)])}


@shape
def trial_domains_by_study_day(folder):
    dm = pd.DataFrame([('T', 'DM', 'T-1', '2021-02-01', 'M', 7., 'YEARS'), ('T', 'DM', 'T-2', '2021-03-08', 'F', 10., 'YEARS')], columns=['STUDYID', 'DOMAIN', 'USUBJID', 'RFSTDTC', 'SEX', 'AGE', 'AGEU'])
    ds = pd.DataFrame([('T', 'DS', 'T-1', 1., 'INFORMED CONSENT OBTAINED', '2021-01-10'), ('T', 'DS', 'T-1', 2., 'LOST TO FOLLOW-UP', '2022-02-01'), ('T', 'DS', 'T-2', 1., 'INFORMED CONSENT OBTAINED', '2021-02-20'), ('T', 'DS', 'T-2', 2., 'DEATH', '2021-05-17')],
                      columns=['STUDYID', 'DOMAIN', 'USUBJID', 'DSSEQ', 'DSDECOD', 'DSSTDTC'])
    lb = pd.DataFrame([('T', 'LB', 'T-1', 'CRP', 'C-Reactive Protein', 5., 'mg/L', 1.), ('T', 'LB', 'T-1', 'CRP', 'C-Reactive Protein', 88., 'mg/L', 5.), ('T', 'LB', 'T-2', 'PCT', 'Procalcitonin', .4, 'ng/mL', 3.)], columns=['STUDYID', 'DOMAIN', 'USUBJID', 'LBTESTCD', 'LBTEST', 'LBSTRESN', 'LBSTRESU', 'LBDY'])
    ae = pd.DataFrame([('T', 'AE', 'T-1', 'Cytokine release syndrome', '2', 3., 6.), ('T', 'AE', 'T-2', 'Neurotoxicity', '1', 7., 8.)], columns=['STUDYID', 'DOMAIN', 'USUBJID', 'AEDECOD', 'AETOXGR', 'AESTDY', 'AEENDY'])
    files = []
    for name, frame in (('dm', dm), ('ds', ds), ('lb', lb), ('ae', ae)):
        pyreadstat.write_xport(frame, str(folder / f'{name}.xpt'), file_format_version=5)
        files.append(folder / f'{name}.xpt')
    return files, {}, {
        'patients': (['patient_id', 'sex', 'age_years'], [('T-1', 'male', 7), ('T-2', 'female', 10)]),
        'labs': (['patient_id', 'day', 'analyte', 'value'], [('T-1', 0, 'CRP', 5), ('T-1', 4, 'CRP', 88), ('T-2', 2, 'PCT', .4)]),
        'toxicity': (['patient_id', 'event', 'day_from', 'day_to', 'grade'], [('T-1', 'CRS', 2, 5, 2), ('T-2', 'ICANS', 6, 7, 1)]),
        'followup': (['patient_id', 'death_day', 'last_contact_day'], [('T-1', None, 365), ('T-2', 70, 70)])}


@shape
def trial_response_by_visit(folder):
    sl = 'STUDYID,USUBJID,SEX,AGE,TRTSDT\nR,R-1,F,9,2020-02-10\nR,R-2,M,4,2020-03-16\nR,R-3,M,13,2020-04-20\n'
    rs = 'STUDYID,USUBJID,PARAMCD,PARAM,AVALC,AVISIT,ADT\nR,R-1,OVRLRESP,Overall response,CR,Day 28,2020-03-09\nR,R-1,OVRLRESP,Overall response,CR,Month 3,2020-05-11\nR,R-2,OVRLRESP,Overall response,NR,Day 28,2020-04-13\nR,R-3,OVRLRESP,Overall response,CRi,Day 28,2020-05-18\nR,R-3,OVRLRESP,Overall response,PD,Month 6,2020-10-19\n'
    return [text(folder, 'adsl.csv', sl), text(folder, 'adrs.csv', rs)], {}, {
        'patients': (['patient_id', 'sex', 'age_years'], [('R-1', 'female', 9), ('R-2', 'male', 4), ('R-3', 'male', 13)]),
        'response': (['patient_id', 'day30_response', 'assessment_day'], [('R-1', 'CR', 28), ('R-2', 'NR', 28), ('R-3', 'CRi', 28)])}


@shape
def plate_with_signals_beside_concentrations(folder):
    rows = [['Bio-Plex report', *[None] * 8], ['Well', 'Type', 'Description', 'Hu IL-6 (19)', None, 'Hu IFN-g (21)', None, 'Hu IL-10 (56)', None], [None, None, None, 'FI', 'Obs Conc', 'FI', 'Obs Conc', 'FI', 'Obs Conc'],
            ['A1', 'B', None, 22, None, 18, None, 20, None], ['B1', 'S1', None, 15000, 9800, 14000, 8700, 13000, 7700], ['C1', 'X1', 'CT-01 D0', 90, 4.4, 33, '<0.9', 60, 2.2], ['D1', 'X2', 'CT-01 D5', 8000, 1250.5, 2200, 310, 900, 66], ['E1', 'X3', 'CT-02 D0', 85, 4, 35, '*1.1', 61, 2.4]]
    return [workbook(folder / 'bioplex.xlsx', {'Plate 1': rows}, {'Plate 1': ['D2:E2', 'F2:G2', 'H2:I2']})], {}, {
        'labs': (['patient_id', 'day', 'analyte', 'value', 'censored'], [('CT-01', 0, 'IL-6', 4.4, 'no'), ('CT-01', 0, 'IFN-γ', .9, 'left'), ('CT-01', 0, 'IL-10', 2.2, 'no'), ('CT-01', 5, 'IL-6', 1250.5, 'no'), ('CT-01', 5, 'IFN-γ', 310, 'no'), ('CT-01', 5, 'IL-10', 66, 'no'), ('CT-02', 0, 'IL-6', 4, 'no'), ('CT-02', 0, 'IFN-γ', 1.1, 'no'), ('CT-02', 0, 'IL-10', 2.4, 'no')])}


@shape
def a_form_for_each_patient(folder):
    def form(sex, age, weight, day0, crs, toci, last, status):
        return [['Field', 'Entry'], ['Sex', sex], ['Age (years)', age], ['Weight (kg)', weight], ['Date of infusion', day0], ['Maximum CRS grade (ASTCT)', crs], ['Tocilizumab', toci], ['Date of last contact', last], ['Status at last contact', status]]
    return [workbook(folder / 'forms.xlsx', {
        'CAR-01': form('F', 7, 23, datetime(2021, 1, 14), 2, 'yes', datetime(2022, 1, 14), 'alive'), 'CAR-02': form('M', 13, 45, datetime(2021, 2, 15), 3, 'yes', datetime(2021, 5, 26), 'dead'),
        'CAR-03': form('M', 5, 18.5, datetime(2021, 3, 16), 0, 'no', datetime(2022, 3, 16), 'alive')})], {}, {
        'patients': (['patient_id', 'sex', 'age_years', 'weight_kg'], [('CAR-01', 'female', 7, 23), ('CAR-02', 'male', 13, 45), ('CAR-03', 'male', 5, 18.5)]),
        'status': (['patient_id', 'crs_grade_max', 'tcz'], [('CAR-01', 2, 'yes'), ('CAR-02', 3, 'yes'), ('CAR-03', 0, 'no')]),
        'followup': (['patient_id', 'death_day', 'last_contact_day'], [('CAR-01', None, 365), ('CAR-02', 100, 100), ('CAR-03', None, 365)])}


@shape
def chinese_log_of_events(folder):
    p = '患者编号,性别,年龄\nE01,男,6\nE02,女,11\nE03,男,9\n'
    log = ('患者编号,日期,事件,备注\nE01,2020年1月15日,回输,张小三在场\nE01,2020年1月18日,CRS 2级,发热\nE01,2021年1月14日,末次随访,\nE02,2020年2月20日,回输,\nE02,2020年2月22日,CRS 3级,\nE02,2020年6月19日,复发,\nE02,2020年9月7日,死亡,张小三告知\nE03,2020年3月25日,回输,\nE03,2020年7月3日,移植,\nE03,2021年4月29日,末次随访,\n')
    return [text(folder, '患者.csv', p, 'gb18030'), text(folder, '事件.csv', log, 'gb18030')], {}, {
        'patients': (['patient_id', 'sex', 'age_years'], [('E01', 'male', 6), ('E02', 'female', 11), ('E03', 'male', 9)]),
        'toxicity': (['patient_id', 'event', 'day_from', 'grade'], [('E01', 'CRS', 3, 2), ('E02', 'CRS', 2, 3)]),
        'followup': (['patient_id', 'relapse_day', 'transplant_day', 'death_day', 'last_contact_day'], [('E01', None, None, None, 365), ('E02', 120, None, 200, 200), ('E03', None, 100, None, 400)])}


@shape
def stata_survival_set(folder):
    f = pd.DataFrame({'patno': [1, 2, 3, 4], 'sexcat': [1, 2, 2, 1], 'ageinf': [6.5, 12., 3.2, 9.], 'crs34': [0, 1, 0, 1], '_st': [1, 1, 1, 1], '_d': [0, 1, 0, 1], '_t': [24.5, 3.1, 12., 7.75], '_t0': [0., 0., 0., 0.]})
    pyreadstat.write_dta(f, str(folder / 'stset.dta'), version=14, column_labels=['Patient number', 'Sex', 'Age at infusion (years)', 'CRS grade 3 or 4', '', '', 'Overall survival (months)', ''], variable_value_labels={'sexcat': {1: 'male', 2: 'female'}, 'crs34': {0: 'no', 1: 'yes'}})
    return [folder / 'stset.dta'], {}, {
        'patients': (['patient_id', 'sex', 'age_years'], [('1', 'male', 6.5), ('2', 'female', 12), ('3', 'female', 3.2), ('4', 'male', 9)]),
        'followup': (['patient_id', 'death_day', 'last_contact_day'], [('1', None, 24.5 * MONTH), ('2', 3.1 * MONTH, 3.1 * MONTH), ('3', None, 12 * MONTH), ('4', 7.75 * MONTH, 7.75 * MONTH)])}


@shape
def courses_with_a_number_of_days(folder):
    p = 'Pat-ID;Geschlecht;Gewicht (kg);Infusion am;Letzter Kontakt\nS1;w;20;13.01.2021;13.01.2022\nS2;m;40;15.02.2021;15.02.2022\n'
    g = 'Pat-ID;Wirkstoff;Tagesdosis;Einheit;Beginn;Dauer (Tage);Applikation\nS1;Methylprednisolon;2;mg/kg;16.01.2021;3;i.v.\nS1;Prednison;10;mg;19.01.2021;2;p.o.\nS2;Dexamethason;8;mg;20.02.2021;1;i.v.\n'
    return [text(folder, 'stamm.csv', p), text(folder, 'steroide.csv', g)], {}, {
        'patients': (['patient_id', 'sex', 'weight_kg'], [('S1', 'female', 20), ('S2', 'male', 40)]),
        'treatments': (['patient_id', 'agent', 'day', 'dose_mg', 'route'], [('S1', 'methylprednisolone', 3, 40, 'IV'), ('S1', 'methylprednisolone', 4, 40, 'IV'), ('S1', 'methylprednisolone', 5, 40, 'IV'), ('S1', 'prednisone', 6, 10, 'PO'), ('S1', 'prednisone', 7, 10, 'PO'), ('S2', 'dexamethasone', 5, 8, 'IV')])}


@shape
def french_registry(folder):
    content = ('N° anonymat;Sexe;DDN;Date de réinjection;Poids à la réinjection (kg);Grade max SRC (ASTCT);Délai réinjection-SRC (jours);Grade max ICANS (ASTCT);Tocilizumab;Corticoïdes;Réponse J28;Date de rechute;Statut aux dernières nouvelles;Date des dernières nouvelles\n'
      'A-01;F;14/03/2012;14/03/2020;24,5;2;3;0;oui;non;RC;;vivant;14/03/2021\nA-02;M;01/06/2009;01/06/2020;40;3;1;1;oui;oui;RC;29/09/2020;décédé;18/12/2020\nA-03;M;20/07/2015;20/07/2020;18;0;;0;non;non;échec;;vivant;20/07/2021\n')
    return [text(folder, 'registre.csv', content, 'cp1252')], {}, {
        'patients': (['patient_id', 'sex', 'age_years', 'weight_kg'], [('A-01', 'female', 8, 24.5), ('A-02', 'male', 11, 40), ('A-03', 'male', 5, 18)]),
        'toxicity': (['patient_id', 'event', 'day_from', 'grade'], [('A-01', 'CRS', 3, 2), ('A-02', 'CRS', 1, 3)]),
        'status': (['patient_id', 'gc', 'tcz'], [('A-01', 'no', 'yes'), ('A-02', 'yes', 'yes'), ('A-03', 'no', 'no')]),
        'response': (['patient_id', 'day30_response'], [('A-01', 'CR'), ('A-02', 'CR'), ('A-03', 'NR')]),
        'followup': (['patient_id', 'relapse_day', 'death_day', 'last_contact_day'], [('A-01', None, None, 365), ('A-02', 120, 200, 200), ('A-03', None, None, 365)])}


@shape
def electronic_record_with_given_and_held(folder):
    p = 'PAT_ID,SEX,BIRTH_DATE,CART_INFUSION_DATE,DEATH_DATE,LAST_ENCOUNTER_DATE\nZ901,Female,2013-05-20,2021-05-20,,2022-05-20\nZ902,Male,2009-08-01,2021-08-01,2021-11-09,2021-11-09\n'
    labs = 'PAT_ID,SPECIMEN_TAKEN_TIME,COMPONENT_NAME,ORD_VALUE,REFERENCE_UNIT,RESULT_FLAG\nZ901,2021-05-21 05:40,C-REACTIVE PROTEIN,2.4,mg/dL,High\nZ901,2021-05-23 06:10,FERRITIN,3120,ng/mL,High\nZ902,2021-08-03 05:55,INTERLEUKIN 6,>5000.0,pg/mL,High\nZ902,2021-08-01 06:00,C-REACTIVE PROTEIN,<0.3,mg/dL,\n'
    mar = ('PAT_ID,TAKEN_TIME,MED_NAME,DOSE_GIVEN,DOSE_UNIT,ROUTE,MAR_ACTION\nZ901,2021-05-23 08:00,methylPREDNISolone sodium succinate (SOLU-Medrol) injection,30,mg,Intravenous,Given\nZ901,2021-05-23 20:00,methylPREDNISolone sodium succinate (SOLU-Medrol) injection,30,mg,Intravenous,Held\n'
      'Z902,2021-08-03 11:15,tocilizumab (ACTEMRA) infusion,352,mg,Intravenous,Given\nZ902,2021-08-04 09:00,dexamethasone (DECADRON) tablet,4,mg,Oral,Missed\nZ902,2021-08-04 15:00,dexamethasone (DECADRON) tablet,4,mg,Oral,Given\n')
    return [text(folder, 'patients.csv', p), text(folder, 'results.csv', labs), text(folder, 'mar.csv', mar)], {}, {
        'patients': (['patient_id', 'sex', 'age_years'], [('Z901', 'female', 8), ('Z902', 'male', 12)]),
        'labs': (['patient_id', 'day', 'time', 'analyte', 'value', 'censored'], [('Z901', 1, '05:40', 'CRP', 24, 'no'), ('Z901', 3, '06:10', 'ferritin', 3120, 'no'), ('Z902', 2, '05:55', 'IL-6', 5000, 'right'), ('Z902', 0, '06:00', 'CRP', 3, 'left')]),
        'treatments': (['patient_id', 'agent', 'day', 'time', 'dose_mg', 'route'], [('Z901', 'methylprednisolone', 3, '08:00', 30, 'IV'), ('Z902', 'tocilizumab', 2, '11:15', 352, 'IV'), ('Z902', 'dexamethasone', 3, '15:00', 4, 'PO')]),
        'followup': (['patient_id', 'death_day', 'last_contact_day'], [('Z901', None, 365), ('Z902', 100, 100)])}


@shape
def patients_side_by_side(folder):
    rows = [['', 'H-1', 'H-2', 'H-3'], ['Sex', 'female', 'male', 'male'], ['Age (years)', 8, 11, 4], ['Date of infusion', datetime(2021, 1, 14), datetime(2021, 2, 16), datetime(2021, 3, 17)], ['CRS grade', 1, 3, 0], ['Steroids', 'no', 'yes', 'no'], ['Date of death', None, datetime(2021, 5, 27), None], ['Last contact', datetime(2022, 1, 14), datetime(2021, 5, 27), datetime(2022, 3, 17)]]
    return [workbook(folder / 'side.xlsx', {'Table 1': rows})], {}, {
        'patients': (['patient_id', 'sex', 'age_years'], [('H-1', 'female', 8), ('H-2', 'male', 11), ('H-3', 'male', 4)]),
        'status': (['patient_id', 'crs_grade_max', 'gc'], [('H-1', 1, 'no'), ('H-2', 3, 'yes'), ('H-3', 0, 'no')]),
        'followup': (['patient_id', 'death_day', 'last_contact_day'], [('H-1', None, 365), ('H-2', 100, 100), ('H-3', None, 365)])}


HEAD = 'Patient ID,Sex,Age,Infusion date,Last contact\n'
THREE = HEAD + 'P1,F,6,2021-03-14,2022-03-14\nP2,M,9,2021-04-20,2022-04-20\nP3,M,12,2021-05-25,2022-05-25\n'


@trap('the same patients')
def two_centres_in_two_files(d):
    return [text(d, 'centre_A.csv', HEAD + '1,F,6,2021-03-14,2022-03-14\n2,M,9,2021-04-20,2022-04-20\n3,M,7,2021-01-13,2022-01-13\n'), text(d, 'centre_B.csv', HEAD + '1,M,12,2021-05-25,2022-05-25\n2,F,3,2021-06-28,2022-06-28\n3,F,4,2021-07-20,2022-07-20\n')]


@trap('were not given')
def doses_that_were_held(d):
    mar = 'Patient ID,Date,Drug,Dose (mg),Status\nP1,2021-03-17,dexamethasone,6,Given\nP1,2021-03-18,dexamethasone,6,Held\nP2,2021-04-23,dexamethasone,6,Refused\nP3,2021-05-28,tocilizumab,300,Given\n'
    return [text(d, 'p.csv', THREE), text(d, 'mar.csv', mar)]


@trap('same time')
def two_results_of_one_sample(d):
    labs = 'Patient ID,Date,Test,Result,Unit\nP1,2021-03-17 06:00,CRP,55,mg/L\nP1,2021-03-17 06:00,CRP,5.5,mg/L\nP2,2021-04-22 07:00,CRP,12,mg/L\nP3,2021-05-26 07:00,CRP,9,mg/L\n'
    return [text(d, 'p.csv', THREE), text(d, 'labs.csv', labs)]


@trap('ranges')
def grades_that_are_ranges(d):
    return [text(d, 'p.csv', 'Patient ID,Infusion date,CRS grade\nP1,2021-03-14,1-2\nP2,2021-04-20,>=3\nP3,2021-05-25,2\n')]


@trap('text that is no number')
def weights_in_two_units(d):
    return [text(d, 'p.csv', 'Patient ID,Infusion date,Weight\nP1,2021-03-14,20 kg\nP2,2021-04-20,66 lb\nP3,2021-05-25,31 kg\n')]


@trap('after the last contact')
def results_after_the_last_contact(d):
    labs = 'Patient ID,Date,CRP (mg/L)\nP1,2021-03-17,55\nP2,2023-04-22,12\nP3,2021-05-26,9\n'
    return [text(d, 'p.csv', THREE.replace('Last contact', 'Date of death')), text(d, 'labs.csv', labs)]


@trap('no dates')
def courses_that_go_on(d):
    g = 'Patient ID,Drug,Dose (mg/day),Start,Stop\nP1,dexamethasone,10,2021-03-17,2021-03-19\nP2,dexamethasone,10,2021-04-25,ongoing\n'
    return [text(d, 'p.csv', THREE), text(d, 'gc.csv', g)]


@trap('before day 0')
def relapses_before_the_infusion(d):
    return [text(d, 'p.csv', 'Patient ID,Infusion date,Last contact,Date of relapse\nP1,2021-03-14,2022-03-14,2020-11-20\nP2,2021-04-20,2022-04-20,2020-12-24\nP3,2021-05-25,2022-05-25,2021-09-14\n')]


@trap('1 July')
def a_year_of_birth_in_a_label(d):
    f = pd.DataFrame({'id': ['a', 'b'], 'v3': [2012., 2015.]})
    pyreadstat.write_sav(f, str(d / 'b.sav'), column_labels=['Patient', 'Year of birth'])
    return [d / 'b.sav']
