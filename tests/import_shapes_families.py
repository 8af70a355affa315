"""Files as registries, hospital systems, trials and assay machines write them, family by family; written before they were tried."""

from datetime import date

import pandas as pd
import pyreadstat
from import_shapes import MONTH, shape, text, trap, workbook

# fmt: off


@shape
def registry_codes_with_a_codebook(folder):
    data = [['crid', 'ctrcode', 'sex', 'age', 'kps', 'crs', 'crsgrd', 'tcrs', 'icans', 'icansgrd', 'ticans', 'bestresp100', 'intxsurv', 'dead', 'intxrel', 'rel', 'subhct', 'intxsubhct'],
            [48211, 10077, 1, 7.2, 90, 1, 2, 3, 0, 0, None, 1, 24.3, 0, 9.1, 1, 1, 310],
            [48212, 10077, 2, 12.9, 80, 1, 4, 1, 1, 3, 5, 3, 2.5, 1, 2.5, 0, 0, None],
            [48213, 10012, 1, 3.4, 100, 0, 0, None, 0, 0, None, 1, 36, 0, 36, 0, 1, 88],
            [48214, 10012, 2, 16.0, 99, 1, 1, 6, 99, 99, None, 99, 11.5, 1, 6.2, 1, 0, None]]
    book = [['Variable Name', 'Description', 'Values'],
            ['crid', 'Recipient ID (random)', None], ['ctrcode', 'Centre code', None], ['sex', 'Sex', '1 = Male; 2 = Female'], ['age', 'Age at infusion, years', None],
            ['kps', 'Karnofsky/Lansky score at infusion', '99 = Missing'], ['crs', 'Cytokine release syndrome', '0 = No; 1 = Yes; 99 = Missing'],
            ['crsgrd', 'Maximum grade of CRS (ASTCT)', '0 = None; 99 = Missing'], ['tcrs', 'Time from infusion to onset of CRS, days', None],
            ['icans', 'ICANS', '0 = No; 1 = Yes; 99 = Missing'], ['icansgrd', 'Maximum grade of ICANS (ASTCT)', '0 = None; 99 = Missing'], ['ticans', 'Time from infusion to onset of ICANS, days', None],
            ['bestresp100', 'Best response by day 100', '1 = CR; 2 = PR; 3 = NR; 99 = Missing'],
            ['intxsurv', 'Time from infusion to last contact or death, months', None], ['dead', 'Survival status at last contact', '0 = Alive; 1 = Dead'],
            ['intxrel', 'Time from infusion to relapse or last contact, months', None], ['rel', 'Relapse', '0 = No; 1 = Yes'],
            ['subhct', 'Subsequent HCT', '0 = No; 1 = Yes'], ['intxsubhct', 'Time from infusion to subsequent HCT, days', None]]
    return [workbook(folder / 'research_dataset.xlsx', {'Data': data, 'Codebook': book})], {}, {
        'patients': (['patient_id', 'sex', 'age_years'], [('48211', 'male', 7.2), ('48212', 'female', 12.9), ('48213', 'male', 3.4), ('48214', 'female', 16)]),
        'toxicity': (['patient_id', 'event', 'day_from', 'grade'], [('48211', 'CRS', 3, 2), ('48212', 'CRS', 1, 4), ('48214', 'CRS', 6, 1), ('48212', 'ICANS', 5, 3)]),
        'followup': (['patient_id', 'relapse_day', 'transplant_day', 'death_day', 'last_contact_day'], [('48211', 9.1 * MONTH, 310, None, 24.3 * MONTH), ('48212', None, None, 2.5 * MONTH, 2.5 * MONTH), ('48213', None, 88, None, 36 * MONTH), ('48214', 6.2 * MONTH, None, 11.5 * MONTH, 11.5 * MONTH)]),
        'response': (['patient_id', 'day30_response'], [])}


@shape
def registry_form_with_days_to_a_transplant(folder):
    content = ("CIC;Unique patient number;Gender;Date of birth;Date of cellular therapy infusion;CRS: maximum grade (ASTCT);CRS: date of onset;ICANS: maximum grade (ASTCT);ICANS: date of onset;Best response after cellular therapy (day 100);"
      "Relapse/progression after cellular therapy;Date of relapse/progression;Days to subsequent HSCT;Survival status;Main cause of death;Date of last contact or death\n"
      "214;1001;Female;2011-04-02;2020-04-02;2;2020-04-05;No ICANS;;CR;No;;95;Alive;;2022-04-02\n"
      "214;1002;Male;2008-09-15;2020-09-15;No CRS;;No ICANS;;CRi;Yes;2021-01-23;;Dead;Relapse or progression;2021-04-03\n"
      "305;1003;Male;2014-01-20;2021-01-20;4;2021-01-22;2;2021-01-25;NR;No;;;Dead;Cellular therapy-related;2021-02-24\n"
      "305;1004;Female;2016-06-30;2021-06-30;1;2021-07-06;No ICANS;;CR;No;;120;Alive;;2023-01-31\n")
    return [text(folder, 'registry_export.csv', content)], {}, {
        'patients': (['patient_id', 'sex', 'age_years'], [('1001', 'female', 9), ('1002', 'male', 12), ('1003', 'male', 7), ('1004', 'female', 5)]),
        'toxicity': (['patient_id', 'event', 'day_from', 'grade'], [('1001', 'CRS', 3, 2), ('1003', 'CRS', 2, 4), ('1003', 'ICANS', 5, 2), ('1004', 'CRS', 6, 1)]),
        'followup': (['patient_id', 'relapse_day', 'transplant_day', 'death_day', 'death_cause', 'last_contact_day'], [('1001', None, 95, None, None, 730), ('1002', 130, None, 200, 'leukaemia', 200), ('1003', None, None, 35, 'treatment', 35), ('1004', None, 120, None, None, 580)]),
        'response': (['patient_id', 'day30_response'], [])}


@shape
def chinese_two_rows_and_orders(folder):
    p = ('基本信息,,,,,,CRS,,,ICANS,,,疗效,,随访,,,\n'
         '住院号,姓名,性别,出生日期,体重(kg),回输日期,是否发生,最高分级,发生日期,是否发生,最高分级,发生日期,第28天疗效,移植日期,是否复发,复发日期,末次随访日期,生存状态\n'
         'Z1001,张小三,男,2012年3月5日,25.5,2019年3月5日,是,2级,2019年3月8日,否,0级,,CR,2019年6月13日,否,,2020年3月4日,存活\n'
         'Z1002,张小三,女,2009年7月1日,40,2019年7月1日,是,3级,2019年7月2日,是,1级,2019年7月6日,NR,,是,2019年8月30日,2019年10月9日,死亡\n'
         'Z1003,张小三,男,2015年10月20日,14,2019年10月20日,否,0级,,否,0级,,CR,,否,,2021年1月2日,存活\n')
    labs = ('住院号,标本采集时间,检验项目,检验结果,单位,参考范围,异常提示\n'
            'Z1001,2019年3月6日 06:30,C反应蛋白,35.2,mg/L,0-8,↑\nZ1001,2019年3月9日 06:10,白介素-6,1250,pg/ml,0-7,↑\nZ1002,2019年7月3日 07:00,铁蛋白,>2000,ng/ml,13-400,↑\nZ1003,2019年10月25日 06:40,白介素-6,<1.5,pg/ml,0-7,\n')
    orders = ('住院号,医嘱名称,单次剂量,剂量单位,频次,给药途径,开始时间,停止时间\n'
              'Z1001,注射用甲泼尼龙琥珀酸钠,40,mg,q12h,静脉滴注,2019年3月9日,2019年3月10日\nZ1002,地塞米松磷酸钠注射液,5,mg,qd,静脉注射,2019年7月4日,2019年7月4日\nZ1002,托珠单抗注射液,320,mg,once,静脉滴注,2019年7月3日,2019年7月3日\n')
    files = [text(folder, name, content, 'gb18030') for name, content in (('病例.csv', p), ('检验.csv', labs), ('医嘱.csv', orders))]
    return files, {}, {
        'patients': (['patient_id', 'sex', 'age_years', 'weight_kg'], [('Z1001', 'male', 7, 25.5), ('Z1002', 'female', 10, 40), ('Z1003', 'male', 4, 14)]),
        'toxicity': (['patient_id', 'event', 'day_from', 'grade'], [('Z1001', 'CRS', 3, 2), ('Z1002', 'CRS', 1, 3), ('Z1002', 'ICANS', 5, 1)]),
        'response': (['patient_id', 'day30_response'], [('Z1001', 'CR'), ('Z1002', 'NR'), ('Z1003', 'CR')]),
        'followup': (['patient_id', 'relapse_day', 'transplant_day', 'death_day', 'last_contact_day'], [('Z1001', None, 100, None, 365), ('Z1002', 60, None, 100, 100), ('Z1003', None, None, None, 440)]),
        'labs': (['patient_id', 'day', 'analyte', 'value', 'censored'], [('Z1001', 1, 'CRP', 35.2, 'no'), ('Z1001', 4, 'IL-6', 1250, 'no'), ('Z1002', 2, 'ferritin', 2000, 'right'), ('Z1003', 5, 'IL-6', 1.5, 'left')]),
        'treatments': (['patient_id', 'agent', 'day', 'dose_mg', 'route'], [('Z1001', 'methylprednisolone', 4, 80, 'IV'), ('Z1001', 'methylprednisolone', 5, 80, 'IV'), ('Z1002', 'dexamethasone', 3, 5, 'IV'), ('Z1002', 'tocilizumab', 2, 320, 'IV')])}


EAV_DICTIONARY = (
    '"Variable / Field Name","Form Name","Section Header","Field Type","Field Label","Choices, Calculations, OR Slider Labels","Field Note","Text Validation Type OR Show Slider Number","Text Validation Min","Text Validation Max",Identifier?\n'
    'record_id,demographics,,text,Record ID,,,,,,\nfirst_name,demographics,,text,First name,,,,,,y\nsex,demographics,,radio,Sex,"1, Female | 2, Male",,,,,\nage_inf,demographics,,text,Age at infusion (years),,,number,,,\n'
    'wt,demographics,,text,Weight (kg),,,number,,,\ninf_dt,demographics,,text,Date of CAR-T infusion,,,date_ymd,,,\ncrs_max,toxicity,,dropdown,Maximum CRS grade (ASTCT),"0, None | 1, Grade 1 | 2, Grade 2 | 3, Grade 3 | 4, Grade 4",,,,,\n'
    'crs_rx,toxicity,,checkbox,CRS treatment given,"1, Tocilizumab | 2, Corticosteroids | 3, Ruxolitinib | 4, None",,,,,\nlab_dt,labs,,text,Date of sample,,,date_ymd,,,\ncrp,labs,,text,CRP (mg/L),,,number,,,\nil6,labs,,text,IL-6 (pg/mL),,,number,,,\n'
    'last_dt,followup,,text,Date of last contact,,,date_ymd,,,\nstatus,followup,,radio,Survival status,"0, Alive | 1, Dead",,,,,\nfu_note,followup,,notes,Comments,,,,,,\n')


@shape
def redcap_one_row_per_field(folder):
    rows = ['record,event_id,redcap_event_name,field_name,value,redcap_repeat_instrument,redcap_repeat_instance']
    for number, first, sex, age, weight, day0, crs, given, last, status, labs in (
        (1, 'Planted', 1, 6.5, 21, '2020-01-10', 2, (1,), '2021-01-09', 0, [('2020-01-12', 55, None), ('2020-01-15', 12.5, 900)]),
        (2, 'Planted', 2, 11, 38, '2020-02-20', 3, (1, 2), '2020-05-30', 1, [('2020-02-23', 180, 4400)]),
        (3, 'Planted', 2, 4.25, 16, '2020-03-05', 0, (4,), '2021-03-05', 0, [])):
        base, follow = f'{number},41,baseline_arm_1', f'{number},42,follow_up_arm_1'
        for field, value in (('record_id', number), ('first_name', first), ('sex', sex), ('age_inf', age), ('wt', weight), ('inf_dt', day0), ('crs_max', crs), *(('crs_rx', one) for one in given), ('toxicity_complete', 2)):
            rows.append(f'{base},{field},{value},,')
        for instance, (day, crp, il6) in enumerate(labs, 1):
            rows += [f'{base},{field},{value},labs,{instance}' for field, value in (('lab_dt', day), ('crp', crp), ('il6', il6)) if value is not None]
        rows += [f'{follow},last_dt,{last},,', f'{follow},status,{status},,', f'{follow},fu_note,Auntie Planted rang,,']
    return [text(folder, 'eav.csv', '\n'.join(rows) + '\n'), text(folder, 'dictionary.csv', EAV_DICTIONARY)], {}, {
        'patients': (['patient_id', 'sex', 'age_years', 'weight_kg'], [('1', 'female', 6.5, 21), ('2', 'male', 11, 38), ('3', 'male', 4.25, 16)]),
        'status': (['patient_id', 'crs', 'crs_grade_max', 'tcz', 'gc', 'rux'], [('1', 'yes', 2, 'yes', 'no', 'no'), ('2', 'yes', 3, 'yes', 'yes', 'no'), ('3', 'no', 0, 'no', 'no', 'no')]),
        'labs': (['patient_id', 'day', 'analyte', 'value'], [('1', 2, 'CRP', 55), ('1', 5, 'CRP', 12.5), ('1', 5, 'IL-6', 900), ('2', 3, 'CRP', 180), ('2', 3, 'IL-6', 4400)]),
        'followup': (['patient_id', 'death_day', 'last_contact_day'], [('1', None, 365), ('2', 100, 100), ('3', None, 365)])}


@shape
def redcap_repeating_toxicity(folder):
    dictionary = ('"Variable / Field Name","Form Name","Field Type","Field Label","Choices, Calculations, OR Slider Labels","Text Validation Type OR Show Slider Number",Identifier?\n'
      'study_id,enrol,text,Study ID,,,\nmrn,enrol,text,Medical record number,,,y\nsex,enrol,radio,Sex at birth,"M, Male | F, Female",,\ndoi,enrol,text,Date of infusion (day 0),,date_dmy,\n'
      'ae_term,toxicity_log,dropdown,Toxicity,"1, CRS | 2, ICANS | 3, Infection | 4, Cytopenia",,\nae_grade,toxicity_log,dropdown,Grade (ASTCT),"1, 1 | 2, 2 | 3, 3 | 4, 4 | 5, 5",,\nae_on,toxicity_log,text,Date of onset,,date_dmy,\nae_off,toxicity_log,text,Date of resolution,,date_dmy,\n'
      'st_drug,steroid_log,dropdown,Corticosteroid,"1, Methylprednisolone | 2, Dexamethasone | 3, Hydrocortisone",,\nst_dose,steroid_log,text,Total daily dose (mg),,number,\nst_on,steroid_log,text,First day,,date_dmy,\nst_off,steroid_log,text,Last day,,date_dmy,\n'
      'fu_dt,outcome,text,Date last known alive or date of death,,date_dmy,\nfu_alive,outcome,yesno,Alive at last contact?,,,\n')
    content = ('study_id,redcap_repeat_instrument,redcap_repeat_instance,mrn,sex,doi,enrol_complete,ae_term,ae_grade,ae_on,ae_off,toxicity_log_complete,st_drug,st_dose,st_on,st_off,steroid_log_complete,fu_dt,fu_alive,outcome_complete\n'
      'T-01,,,0098761,F,2021-03-01,2,,,,,,,,,,,2022-03-01,1,2\nT-01,toxicity_log,1,,,,,1,1,2021-03-03,2021-03-04,2,,,,,,,,\nT-01,toxicity_log,2,,,,,1,3,2021-03-05,2021-03-07,2,,,,,,,,\nT-01,toxicity_log,3,,,,,4,4,2021-03-05,2021-04-05,2,,,,,,,,\n'
      'T-01,steroid_log,1,,,,,,,,,,1,60,2021-03-05,2021-03-06,2,,,\nT-02,,,0098761,M,2021-05-10,2,,,,,,,,,,,2021-07-09,0,2\nT-02,toxicity_log,1,,,,,1,2,2021-05-11,2021-05-14,2,,,,,,,,\nT-02,toxicity_log,2,,,,,2,2,2021-05-15,2021-05-18,2,,,,,,,,\n'
      'T-02,steroid_log,1,,,,,,,,,,2,10,2021-05-15,2021-05-17,2,,,\nT-03,,,0098761,M,2021-06-15,2,,,,,,,,,,,2022-06-15,1,2\n')
    return [text(folder, 'project_data.csv', content), text(folder, 'project_dictionary.csv', dictionary)], {}, {
        'patients': (['patient_id', 'sex'], [('T-01', 'female'), ('T-02', 'male'), ('T-03', 'male')]),
        'toxicity': (['patient_id', 'event', 'day_from', 'day_to', 'grade'], [('T-01', 'CRS', 2, 3, 1), ('T-01', 'CRS', 4, 6, 3), ('T-02', 'CRS', 1, 4, 2), ('T-02', 'ICANS', 5, 8, 2)]),
        'treatments': (['patient_id', 'agent', 'day', 'dose_mg'], [('T-01', 'methylprednisolone', 4, 60), ('T-01', 'methylprednisolone', 5, 60), ('T-02', 'dexamethasone', 5, 10), ('T-02', 'dexamethasone', 6, 10), ('T-02', 'dexamethasone', 7, 10)]),
        'followup': (['patient_id', 'death_day', 'last_contact_day'], [('T-01', None, 365), ('T-02', 60, 60), ('T-03', None, 365)])}


@shape
def trial_domains(folder):
    dm = ('STUDYID,DOMAIN,USUBJID,SUBJID,RFSTDTC,RFENDTC,RFPENDTC,DTHDTC,DTHFL,SITEID,AGE,AGEU,SEX,ARMCD\n'
          'CT1,DM,CT1-001,001,2020-02-03,2021-02-02,2021-02-02,,,01,9,YEARS,F,CART\nCT1,DM,CT1-002,002,2020-03-10,2020-06-18,2020-06-18,2020-06-18,Y,01,14,YEARS,M,CART\nCT1,DM,CT1-003,003,2020-05-01,2021-06-05,2021-06-05,,,02,5,YEARS,M,CART\n')
    ex = ('STUDYID,DOMAIN,USUBJID,EXSEQ,EXTRT,EXDOSE,EXDOSU,EXROUTE,EXSTDTC,EXENDTC\nCT1,EX,CT1-001,1,FLUDARABINE,30,mg/m2,INTRAVENOUS,2020-01-29,2020-01-31\nCT1,EX,CT1-001,2,CD19 CAR-T CELLS,2,10^6/kg,INTRAVENOUS,2020-02-03,2020-02-03\n'
          'CT1,EX,CT1-002,1,FLUDARABINE,30,mg/m2,INTRAVENOUS,2020-03-05,2020-03-07\nCT1,EX,CT1-002,2,CD19 CAR-T CELLS,1.5,10^6/kg,INTRAVENOUS,2020-03-10,2020-03-10\nCT1,EX,CT1-003,1,CD19 CAR-T CELLS,3,10^6/kg,INTRAVENOUS,2020-05-01,2020-05-01\n')
    lb = ('STUDYID,DOMAIN,USUBJID,LBSEQ,LBTESTCD,LBTEST,LBORRES,LBORRESU,LBSTRESC,LBSTRESN,LBSTRESU,LBDTC,LBDY\n'
          'CT1,LB,CT1-001,1,CRP,C Reactive Protein,1.2,mg/dL,12,12,mg/L,2020-02-04T06:15,2\nCT1,LB,CT1-001,2,IL6,Interleukin 6,<1.5,pg/mL,<1.5,,pg/mL,2020-02-04T06:15,2\nCT1,LB,CT1-002,1,FERRITIN,Ferritin,8800,ug/L,8800,8800,ug/L,2020-03-13,4\nCT1,LB,CT1-002,2,IL6,Interleukin 6,5230,pg/mL,5230,5230,pg/mL,2020-03-13,4\n')
    ae = ('STUDYID,DOMAIN,USUBJID,AESEQ,AETERM,AEDECOD,AEBODSYS,AETOXGR,AESER,AESTDTC,AEENDTC,AESTDY,AEENDY\n'
          'CT1,AE,CT1-001,1,CRS,Cytokine release syndrome,Immune system disorders,1,N,2020-02-05,2020-02-07,3,5\nCT1,AE,CT1-002,1,Cytokine storm,Cytokine release syndrome,Immune system disorders,3,Y,2020-03-11,2020-03-16,2,7\n'
          'CT1,AE,CT1-002,2,Encephalopathy due to CAR-T,Immune effector cell-associated neurotoxicity syndrome,Nervous system disorders,2,Y,2020-03-14,2020-03-17,5,8\nCT1,AE,CT1-003,1,Low neutrophils,Neutrophil count decreased,Investigations,4,N,2020-05-04,2020-05-20,4,20\n')
    cm = ('STUDYID,DOMAIN,USUBJID,CMSEQ,CMTRT,CMDECOD,CMINDC,CMDOSE,CMDOSU,CMROUTE,CMSTDTC,CMENDTC\nCT1,CM,CT1-002,1,Actemra,TOCILIZUMAB,CRS,320,mg,INTRAVENOUS,2020-03-12,2020-03-12\nCT1,CM,CT1-002,2,Decadron,DEXAMETHASONE,ICANS,8,mg,INTRAVENOUS,2020-03-14,2020-03-14\n')
    rs = ('STUDYID,DOMAIN,USUBJID,RSSEQ,RSTESTCD,RSTEST,RSORRES,RSSTRESC,VISIT,RSDTC,RSDY\nCT1,RS,CT1-001,1,OVRLRESP,Overall Response,CR,CR,DAY 28,2020-03-02,29\nCT1,RS,CT1-001,2,OVRLRESP,Overall Response,CR,CR,MONTH 3,2020-05-04,92\nCT1,RS,CT1-002,1,OVRLRESP,Overall Response,NR,NR,DAY 28,2020-04-07,29\nCT1,RS,CT1-003,1,OVRLRESP,Overall Response,CRi,CRi,DAY 28,2020-05-29,29\n')
    files = [text(folder, f'{name}.csv', content) for name, content in (('dm', dm), ('ex', ex), ('lb', lb), ('ae', ae), ('cm', cm), ('rs', rs))]
    return files, {'_question': 'grading system'}, {
        'patients': (['patient_id', 'sex', 'age_years', 'car_dose_e6_per_kg'], [('CT1-001', 'female', 9, 2), ('CT1-002', 'male', 14, 1.5), ('CT1-003', 'male', 5, 3)]),
        'toxicity': (['patient_id', 'event', 'day_from', 'day_to', 'grade'], [('CT1-001', 'CRS', 2, 4, 1), ('CT1-002', 'CRS', 1, 6, 3), ('CT1-002', 'ICANS', 4, 7, 2)]),
        'labs': (['patient_id', 'day', 'analyte', 'value', 'censored'], [('CT1-001', 1, 'CRP', 12, 'no'), ('CT1-001', 1, 'IL-6', 1.5, 'left'), ('CT1-002', 3, 'ferritin', 8800, 'no'), ('CT1-002', 3, 'IL-6', 5230, 'no')]),
        'treatments': (['patient_id', 'agent', 'day', 'dose_mg', 'route'], [('CT1-002', 'tocilizumab', 2, 320, 'IV'), ('CT1-002', 'dexamethasone', 4, 8, 'IV')]),
        'response': (['patient_id', 'day30_response', 'assessment_day'], [('CT1-001', 'CR', 28), ('CT1-002', 'NR', 28), ('CT1-003', 'CRi', 28)]),
        'followup': (['patient_id', 'death_day', 'last_contact_day'], [('CT1-001', None, 365), ('CT1-002', 100, 100), ('CT1-003', None, 400)])}


@shape
def trial_analysis_sets(folder):
    sl = pd.DataFrame([('T9', 'T9-11', 'F', 8., 'YEARS', 27.5, '2019-05-06', 'Y', '', '2020-05-05'), ('T9', 'T9-12', 'M', 13., 'YEARS', 44., '2019-06-03', 'Y', '2019-09-01', '2019-09-01'), ('T9', 'T9-13', 'F', 6., 'YEARS', 19., '2019-08-12', 'Y', '', '2020-09-15')],
                      columns=['STUDYID', 'USUBJID', 'SEX', 'AGE', 'AGEU', 'WEIGHTBL', 'TRTSDTC', 'SAFFL', 'DTHDTC', 'LSTALVDT'])
    te = pd.DataFrame([('T9', 'T9-11', 'OS', 'Overall Survival (Days)', 366., 1., 'Alive at last contact'), ('T9', 'T9-11', 'EFS', 'Event-Free Survival (Days)', 151., 0., 'Relapse'), ('T9', 'T9-12', 'OS', 'Overall Survival (Days)', 91., 0., 'Death'),
                       ('T9', 'T9-12', 'EFS', 'Event-Free Survival (Days)', 91., 0., 'Death'), ('T9', 'T9-13', 'OS', 'Overall Survival (Days)', 401., 1., 'Alive at last contact'), ('T9', 'T9-13', 'EFS', 'Event-Free Survival (Days)', 380., 1., 'No event')],
                      columns=['STUDYID', 'USUBJID', 'PARAMCD', 'PARAM', 'AVAL', 'CNSR', 'EVNTDESC'])
    ae = pd.DataFrame([('T9', 'T9-11', 'Cytokine release syndrome', '2', '2', 3., 6., 'Y'), ('T9', 'T9-12', 'Cytokine release syndrome', '3', '4', 2., 9., 'Y'), ('T9', 'T9-12', 'Immune effector cell-associated neurotoxicity syndrome', '', '1', 6., 8., 'Y'), ('T9', 'T9-13', 'Febrile neutropenia', '3', '', 5., 9., 'Y')],
                      columns=['STUDYID', 'USUBJID', 'AEDECOD', 'AETOXGR', 'ASTCTGR', 'ASTDY', 'AENDY', 'TRTEMFL'])
    pyreadstat.write_xport(sl, str(folder / 'adsl.xpt'), file_format_version=5, column_labels=['Study', 'Unique Subject Identifier', 'Sex', 'Age', 'Age Units', 'Baseline Weight (kg)', 'Date of First Exposure', 'Safety Flag', 'Date of Death', 'Date Last Known Alive'])
    pyreadstat.write_xport(te, str(folder / 'adtte.xpt'), file_format_version=5)
    pyreadstat.write_xport(ae, str(folder / 'adae.xpt'), file_format_version=5, column_labels=['Study', 'Unique Subject Identifier', 'Dictionary-Derived Term', 'CTCAE Grade', 'ASTCT Grade', 'Analysis Start Relative Day', 'Analysis End Relative Day', 'Treatment Emergent'])
    return [folder / 'adsl.xpt', folder / 'adtte.xpt', folder / 'adae.xpt'], {}, {
        'patients': (['patient_id', 'sex', 'age_years', 'weight_kg'], [('T9-11', 'female', 8, 27.5), ('T9-12', 'male', 13, 44), ('T9-13', 'female', 6, 19)]),
        'toxicity': (['patient_id', 'event', 'day_from', 'day_to', 'grade'], [('T9-11', 'CRS', 2, 5, 2), ('T9-12', 'CRS', 1, 8, 4), ('T9-12', 'ICANS', 5, 7, 1)]),
        'followup': (['patient_id', 'death_day', 'last_contact_day'], [('T9-11', None, 365), ('T9-12', 90, 90), ('T9-13', None, 400)])}


@shape
def plate_with_wells_and_a_sample_sheet(folder):
    plate = ('Program,xPONENT\nBuild,4.3\nDate,3/5/2021\n\nResults,concentrations corrected for dilution\n\nLocation,Sample,Dilution Factor,IFN-gamma (pg/mL),IL-10 (pg/mL),IL-6 (pg/mL),TNF-alpha (pg/mL)\n'
      '"1(1,A1)",Background0,1,,,,\n"2(1,B1)",Standard1,1,3.2,2.1,1.8,4.4\n"3(1,C1)",Standard2,1,12.8,8.4,7.2,17.6\n"4(1,A2)",Unknown1,2,<2.3,14.2,8.8,22\n"5(1,B2)",Unknown1,2,<2.3,15.0,9.4,21\n'
      '"6(1,C2)",Unknown2,2,1840.5,220,OOR >,65.5\n"7(1,D2)",Unknown2,2,1790,214,OOR >,70\n"8(1,E2)",Unknown3,2,35.1,<1.1,44,OOR <\n"9(1,F2)",Control1,1,100,100,100,100\n')
    wells = ('Well,Sample name,Patient,Study day\nA2,Unknown1,CAR-07,0\nB2,Unknown1,CAR-07,0\nC2,Unknown2,CAR-07,5\nD2,Unknown2,CAR-07,5\nE2,Unknown3,CAR-09,3\n')
    return [text(folder, 'plate_results.csv', plate), text(folder, 'sample_sheet.csv', wells)], {'IL-6 (pg/mL)': {'right_at': 10000}, 'TNF-alpha (pg/mL)': {'left_at': 1.2}}, {
        'labs': (['patient_id', 'day', 'analyte', 'value', 'censored'], [
            *(('CAR-07', 0, a, v, c) for a, v, c in (('IFN-γ', 2.3, 'left'), ('IFN-γ', 2.3, 'left'), ('IL-10', 14.2, 'no'), ('IL-10', 15, 'no'), ('IL-6', 8.8, 'no'), ('IL-6', 9.4, 'no'), ('TNF-α', 22, 'no'), ('TNF-α', 21, 'no'))),
            *(('CAR-07', 5, a, v, c) for a, v, c in (('IFN-γ', 1840.5, 'no'), ('IFN-γ', 1790, 'no'), ('IL-10', 220, 'no'), ('IL-10', 214, 'no'), ('IL-6', 10000, 'right'), ('IL-6', 10000, 'right'), ('TNF-α', 65.5, 'no'), ('TNF-α', 70, 'no'))),
            *(('CAR-09', 3, a, v, c) for a, v, c in (('IFN-γ', 35.1, 'no'), ('IL-10', 1.1, 'left'), ('IL-6', 44, 'no'), ('TNF-α', 1.2, 'left')))])}


@shape
def plate_export_in_blocks(folder):
    content = ('"Program","xPONENT","","MAGPIX"\n"Build","4.2.1324.0"\n"Date","3/5/2021","11:02 AM"\n"SN","MAGPX12345"\n"Batch","CART_plate_2"\n\n"DataType:","Median"\n"Location","Sample","IL-6","IL-10","IFN-g","Total Events"\n"1(1,A1)","Background0","12","10","9","210"\n"2(1,B1)","P01_D0","340.5","88","71","198"\n"3(1,C1)","P01_D7","5020","770","2101","204"\n"4(1,D1)","P02_D3","901","35","20","187"\n\n'
      '"DataType:","Count"\n"Location","Sample","IL-6","IL-10","IFN-g","Total Events"\n"1(1,A1)","Background0","70","70","70","210"\n"2(1,B1)","P01_D0","66","66","66","198"\n"3(1,C1)","P01_D7","68","68","68","204"\n"4(1,D1)","P02_D3","62","62","63","187"\n\n'
      '"DataType:","Result"\n"Location","Sample","IL-6","IL-10","IFN-g","Total Events"\n"1(1,A1)","Background0","NaN","NaN","NaN","210"\n"2(1,B1)","P01_D0","4.4","3.2","<0.8","198"\n"3(1,C1)","P01_D7","812.5","44.1","310","204"\n"4(1,D1)","P02_D3","95","1.9","<0.8","187"\n\n"-- CRC --"\n"CRC32: 17A2"\n')
    return [text(folder, 'CART_plate_2.csv', content)], {}, {
        'labs': (['patient_id', 'day', 'analyte', 'value', 'censored'], [('P01', 0, 'IL-6', 4.4, 'no'), ('P01', 0, 'IL-10', 3.2, 'no'), ('P01', 0, 'IFN-γ', .8, 'left'), ('P01', 7, 'IL-6', 812.5, 'no'), ('P01', 7, 'IL-10', 44.1, 'no'), ('P01', 7, 'IFN-γ', 310, 'no'), ('P02', 3, 'IL-6', 95, 'no'), ('P02', 3, 'IL-10', 1.9, 'no'), ('P02', 3, 'IFN-γ', .8, 'left')])}


@shape
def a_sheet_for_each_patient(folder):
    head = ['Day after infusion', 'Temp max (°C)', 'CRP (mg/L)', 'Ferritin (ng/mL)', 'IL-6 (pg/mL)']
    overview = [['Patient', 'Sex', 'Age (years)', 'Weight (kg)', 'CRS grade (ASTCT)', 'Last follow-up (days after infusion)', 'Alive'], ['Pt 1', 'F', 6, 20.5, 2, 400, 'yes'], ['Pt 2', 'M', 12, 41, 3, 95, 'no'], ['Pt 3', 'M', 9, 30, 0, 365, 'yes']]
    return [workbook(folder / 'per_patient.xlsx', {'Overview': overview, 'Pt 1': [head, [0, 36.8, 3, 210, 4.5], [3, 39.2, 66, 1900, 320]], 'Pt 2': [head, [0, 37, 8, 500, 9], [2, 40.1, 210, 12000, 4400], [7, 37.5, 30, 5000, None]], 'Pt 3': [head, [0, 36.5, '<0.6', 150, '<1.5']]})], {}, {
        'patients': (['patient_id', 'sex', 'age_years', 'weight_kg'], [('Pt 1', 'female', 6, 20.5), ('Pt 2', 'male', 12, 41), ('Pt 3', 'male', 9, 30)]),
        'status': (['patient_id', 'crs_grade_max'], [('Pt 1', 2), ('Pt 2', 3), ('Pt 3', 0)]),
        'followup': (['patient_id', 'death_day', 'last_contact_day'], [('Pt 1', None, 400), ('Pt 2', 95, 95), ('Pt 3', None, 365)]),
        'labs': (['patient_id', 'day', 'analyte', 'value', 'censored'], [('Pt 1', 0, 'CRP', 3, 'no'), ('Pt 1', 3, 'CRP', 66, 'no'), ('Pt 1', 0, 'ferritin', 210, 'no'), ('Pt 1', 3, 'ferritin', 1900, 'no'), ('Pt 1', 0, 'IL-6', 4.5, 'no'), ('Pt 1', 3, 'IL-6', 320, 'no'),
            ('Pt 2', 0, 'CRP', 8, 'no'), ('Pt 2', 2, 'CRP', 210, 'no'), ('Pt 2', 7, 'CRP', 30, 'no'), ('Pt 2', 0, 'ferritin', 500, 'no'), ('Pt 2', 2, 'ferritin', 12000, 'no'), ('Pt 2', 7, 'ferritin', 5000, 'no'), ('Pt 2', 0, 'IL-6', 9, 'no'), ('Pt 2', 2, 'IL-6', 4400, 'no'), ('Pt 3', 0, 'CRP', .6, 'left'), ('Pt 3', 0, 'ferritin', 150, 'no'), ('Pt 3', 0, 'IL-6', 1.5, 'left')],)}


@shape
def patients_merged_over_their_courses(folder):
    rows = [['Case', 'Sex', 'Age', 'Weight', 'Date of infusion', 'Steroid', 'Daily dose', 'From', 'To', 'Date of last visit', 'Outcome'],
            [None, None, 'years', 'kg', None, None, 'mg', None, None, None, None],
            ['B1', 'girl', 7, 22, date(2022, 1, 13), 'Methylprednisolone', 44, date(2022, 1, 16), date(2022, 1, 17), date(2023, 1, 13), 'alive'],
            [None, None, None, None, None, 'Prednisone', 20, date(2022, 1, 18), date(2022, 1, 19), None, None],
            ['B2', 'boy', 11, 37, date(2022, 2, 14), 'none', None, None, None, date(2022, 12, 21), 'alive'],
            ['B3', 'boy', 4, 15.5, date(2022, 3, 15), 'Dexamethasone', 6, date(2022, 3, 17), date(2022, 3, 18), date(2022, 6, 23), 'died'],
            [None, None, None, None, None, 'Hydrocortisone', 50, date(2022, 3, 19), date(2022, 3, 19), None, None]]
    merged = [f'{c}{a}:{c}{b}' for a, b in ((3, 4), (6, 7)) for c in 'ABCDEJK']
    return [workbook(folder / 'ward.xlsx', {'Steroids': rows}, {'Steroids': merged})], {}, {
        'patients': (['patient_id', 'sex', 'age_years', 'weight_kg'], [('B1', 'female', 7, 22), ('B2', 'male', 11, 37), ('B3', 'male', 4, 15.5)]),
        'treatments': (['patient_id', 'agent', 'day', 'dose_mg'], [('B1', 'methylprednisolone', 3, 44), ('B1', 'methylprednisolone', 4, 44), ('B1', 'prednisone', 5, 20), ('B1', 'prednisone', 6, 20), ('B3', 'dexamethasone', 2, 6), ('B3', 'dexamethasone', 3, 6), ('B3', 'hydrocortisone', 4, 50)]),
        'followup': (['patient_id', 'death_day', 'last_contact_day'], [('B1', None, 365), ('B2', None, 310), ('B3', 100, 100)])}


@shape
def a_log_of_events_with_notes(folder):
    p = 'Patient ID,Sex,Age at infusion\nL1,female,8\nL2,male,13\nL3,male,5\nL4,female,10\n'
    log = ('Patient ID,Date,Event,Details,Free text\nL1,2020-01-15,CAR-T infusion,,Planted was there\nL1,2020-01-18,CRS,grade 2,fever since the evening\nL1,2021-01-14,Last seen,,well\n'
      'L2,2020-02-20,CAR-T infusion,,\nL2,2020-02-21,CRS,grade 3,\nL2,2020-02-24,ICANS,grade 1,\nL2,2020-06-19,Relapse,bone marrow,told by Auntie Planted\nL2,2020-09-07,Death,progressive leukaemia,\n'
      'L3,2020-03-25,CAR-T infusion,,\nL3,2020-07-03,HSCT,,\nL3,2021-04-29,Last seen,,\nL4,2020-04-18,CAR-T infusion,,\nL4,2020-04-28,CRS,grade 1,\nL4,2021-04-18,Last seen,,\n')
    return [text(folder, 'patients.csv', p), text(folder, 'events.csv', log)], {}, {
        'patients': (['patient_id', 'sex', 'age_years'], [('L1', 'female', 8), ('L2', 'male', 13), ('L3', 'male', 5), ('L4', 'female', 10)]),
        'toxicity': (['patient_id', 'event', 'day_from', 'grade'], [('L1', 'CRS', 3, 2), ('L2', 'CRS', 1, 3), ('L2', 'ICANS', 4, 1), ('L4', 'CRS', 10, 1)]),
        'followup': (['patient_id', 'relapse_day', 'transplant_day', 'death_day', 'last_contact_day'], [('L1', None, None, None, 365), ('L2', 120, None, 200, 200), ('L3', None, 100, None, 400), ('L4', None, None, None, 365)])}


@shape
def long_follow_up_visits(folder):
    p = 'pat_no;sex;dob;infusion\n11;w;01.03.2012;01.03.2020\n12;m;15.06.2010;15.06.2020\n13;m;20.08.2014;20.08.2020\n'
    v = ('pat_no;visit_date;remission;alive;event\n11;29.03.2020;CR;yes;\n11;30.05.2020;CR;yes;\n11;01.03.2021;CR;yes;\n12;14.07.2020;CR;yes;\n12;13.09.2020;relapse;yes;relapse\n12;02.12.2020;;no;death\n13;18.09.2020;NR;yes;\n13;20.08.2021;NR;yes;lost to follow-up\n')
    return [text(folder, 'stamm.csv', p), text(folder, 'visits.csv', v)], {}, {
        'patients': (['patient_id', 'sex', 'age_years'], [('11', 'female', 8), ('12', 'male', 10), ('13', 'male', 6)]),
        'followup': (['patient_id', 'relapse_day', 'death_day', 'last_contact_day'], [('11', None, None, 365), ('12', 90, 170, 170), ('13', None, None, 365)])}


@shape
def spss_months_and_user_missing(folder):
    f = pd.DataFrame({'NR': [1., 2, 3, 4, 5], 'GESCHL': [1., 2, 2, 1, 9], 'ALTER': [8., 12, 4, -9, 15], 'GEW': [25., 40, 16.5, 33, -9], 'CRSMAX': [2., 3, 0, -8, 1], 'GC': [1., 1, 0, 0, -9], 'TOZI': [1., 1, 0, -9, 0], 'OS_M': [14., 3.5, 24, 7, 30], 'OS_ST': [0., 1, 0, 1, 0], 'PFS_M': [6., 3.5, 24, 5, 30], 'PFS_ST': [1., 1, 0, 1, 0]})
    yes = {0.: 'nein', 1.: 'ja', -9.: 'keine Angabe'}
    pyreadstat.write_sav(f, str(folder / 'cart.sav'), column_labels=['Patientennummer', 'Geschlecht', 'Alter bei Infusion (Jahre)', 'Gewicht (kg)', 'Maximaler CRS-Grad (ASTCT)', 'Glukokortikoide erhalten', 'Tocilizumab erhalten', 'Gesamtüberleben (Monate)', 'Status Gesamtüberleben', 'Progressionsfreies Überleben (Monate)', 'Status PFS'],
        variable_value_labels={'GESCHL': {1.: 'männlich', 2.: 'weiblich', 9.: 'unbekannt'}, 'ALTER': {-9.: 'keine Angabe'}, 'GEW': {-9.: 'keine Angabe'}, 'CRSMAX': {0.: 'kein CRS', -8.: 'nicht erhoben'}, 'GC': yes, 'TOZI': yes, 'OS_ST': {0.: 'zensiert', 1.: 'verstorben'}, 'PFS_ST': {0.: 'zensiert', 1.: 'Rezidiv/Progress oder Tod'}},
        missing_ranges={'GESCHL': [9], 'ALTER': [{'lo': -9, 'hi': -7}], 'GEW': [{'lo': -9, 'hi': -7}], 'CRSMAX': [{'lo': -9, 'hi': -7}], 'GC': [-9], 'TOZI': [-9]})
    return [folder / 'cart.sav'], {}, {
        'patients': (['patient_id', 'sex', 'age_years', 'weight_kg'], [('1', 'male', 8, 25), ('2', 'female', 12, 40), ('3', 'female', 4, 16.5), ('4', 'male', None, 33), ('5', None, 15, None)]),
        'status': (['patient_id', 'crs_grade_max', 'gc', 'tcz'], [('1', 2, 'yes', 'yes'), ('2', 3, 'yes', 'yes'), ('3', 0, 'no', 'no'), ('4', None, 'no', None), ('5', 1, None, 'no')]),
        'followup': (['patient_id', 'progression_day', 'death_day', 'last_contact_day'], [('1', 6 * MONTH, None, 14 * MONTH), ('2', None, 3.5 * MONTH, 3.5 * MONTH), ('3', None, None, 24 * MONTH), ('4', 5 * MONTH, 7 * MONTH, 7 * MONTH), ('5', None, None, 30 * MONTH)])}


@shape
def stata_extended_missing(folder):
    f = pd.DataFrame({'id': ['a1', 'a2', 'a3', 'a4'], 'male': [1, 0, 'a', 1], 'agedays': [2922., 4383., 1461., 5113.], 'crsg': [2, 'b', 0, 4], 'dexa': [1, 0, 'a', 1], 'osdays': [400., 88., 365., 20.], 'died': [0, 1, 0, 1]})
    pyreadstat.write_dta(f, str(folder / 'final.dta'), version=14, column_labels=['Patient', 'Male sex', 'Age at infusion (days)', 'Peak CRS grade, ASTCT', 'Any dexamethasone', 'Days from infusion to death or last follow-up', 'Died'],
        variable_value_labels={'male': {0: 'no', 1: 'yes', 'a': 'not known'}, 'crsg': {0: 'none', 'b': 'not graded'}, 'dexa': {0: 'no', 1: 'yes', 'a': 'not known'}, 'died': {0: 'no', 1: 'yes'}}, missing_user_values={'male': ['a'], 'crsg': ['b'], 'dexa': ['a']})
    return [folder / 'final.dta'], {}, {
        'patients': (['patient_id', 'sex', 'age_years'], [('a1', 'male', 8), ('a2', 'female', 12), ('a3', None, 4), ('a4', 'male', 14)]),
        'status': (['patient_id', 'crs_grade_max', 'gc'], [('a1', 2, 'yes'), ('a2', None, 'no'), ('a3', 0, None), ('a4', 4, 'yes')]),
        'followup': (['patient_id', 'death_day', 'last_contact_day'], [('a1', None, 400), ('a2', 88, 88), ('a3', None, 365), ('a4', 20, 20)])}


@shape
def two_infusions_side_by_side_and_courses(folder):
    p = ('Patient,Gender,Age (y),Weight (kg),1st infusion date,2nd infusion date,Relapse after 1st infusion,Date of death,Last contact\nQ1,F,9,30,2019-03-13,2020-01-20,2019-12-01,,2021-03-12\nQ2,M,6,20,2019-05-14,,,2019-08-22,2019-08-22\nQ3,M,14,50,2019-07-15,,,,2020-07-14\n')
    g = ('Patient,GC drug,Dose (mg/day),Start,Stop,Route,Reason\nQ1,methylprednisolone,60,2019-03-16,2019-03-17,IV,CRS\nQ1,prednisone,15,2019-03-18,2019-03-18,oral,CRS taper\nQ2,dexamethasone,10,2019-05-17,2019-05-19,IV,ICANS\nQ2,hydrocortisone,25,2019-05-14,2019-05-14,IV,premedication\n')
    return [text(folder, 'pts.csv', p), text(folder, 'gc.csv', g)], {}, {
        'patients': (['patient_id', 'sex', 'age_years', 'weight_kg'], [('Q1', 'female', 9, 30), ('Q2', 'male', 6, 20), ('Q3', 'male', 14, 50)]),
        'screening': (['patient_id', 'infusion_number', 'excluded_reason'], [('Q1', 1, None), ('Q1', 2, 'repeat infusion'), ('Q2', 1, None), ('Q3', 1, None)]),
        'treatments': (['patient_id', 'agent', 'day', 'dose_mg', 'route', 'indication'], [('Q1', 'methylprednisolone', 3, 60, 'IV', 'CRS'), ('Q1', 'methylprednisolone', 4, 60, 'IV', 'CRS'), ('Q1', 'prednisone', 5, 15, 'PO', 'CRS'), ('Q2', 'dexamethasone', 3, 10, 'IV', 'ICANS'), ('Q2', 'dexamethasone', 4, 10, 'IV', 'ICANS'), ('Q2', 'dexamethasone', 5, 10, 'IV', 'ICANS'), ('Q2', 'hydrocortisone', 0, 25, 'IV', 'premedication')]),
        'followup': (['patient_id', 'relapse_day', 'death_day', 'last_contact_day'], [('Q1', 263, None, 730), ('Q2', None, 100, 100), ('Q3', None, None, 365)])}


@shape
def doses_in_a_column_for_each_day(folder):
    rows = [['ID', 'Weight (kg)', 'Methylprednisolone (mg)', None, None, None, 'Dexamethasone (mg)', None, None, 'Tocilizumab (mg)', None],
            [None, None, 'D1', 'D2', 'D3', 'D4', 'D3', 'D4', 'D5', 'D2', 'D3'],
            ['W1', 20, 0, 40, 40, 20, 0, 0, 0, 160, 0], ['W2', 35, 0, 0, 0, 0, 10, 10, 5, 280, 280], ['W3', 28, 0, 0, 0, 0, 0, 0, 0, 0, 0]]
    return [workbook(folder / 'doses.xlsx', {'Doses': rows}, {'Doses': ['A1:A2', 'B1:B2', 'C1:F1', 'G1:I1', 'J1:K1']})], {}, {
        'patients': (['patient_id', 'weight_kg'], [('W1', 20), ('W2', 35), ('W3', 28)]),
        'treatments': (['patient_id', 'agent', 'day', 'dose_mg'], [('W1', 'methylprednisolone', 2, 40), ('W1', 'methylprednisolone', 3, 40), ('W1', 'methylprednisolone', 4, 20), ('W2', 'dexamethasone', 3, 10), ('W2', 'dexamethasone', 4, 10), ('W2', 'dexamethasone', 5, 5), ('W1', 'tocilizumab', 2, 160), ('W2', 'tocilizumab', 2, 280), ('W2', 'tocilizumab', 3, 280)])}


@shape
def year_of_birth_alone(folder):
    content = 'Patient code;Sex;Year of birth;Infusion date;CRS grade;Date of last follow-up;Status\nY1;F;2012;2020-07-02;1;2021-07-02;alive\nY2;M;2009;2020-08-15;3;2020-10-14;deceased\nY3;M;2015;2021-01-20;0;2022-01-20;alive\n'
    return [text(folder, 'cohort.csv', content)], {'_question': 'year'}, {
        'patients': (['patient_id', 'sex', 'age_years'], [('Y1', 'female', 8), ('Y2', 'male', 11.12), ('Y3', 'male', 5.56)]),
        'status': (['patient_id', 'crs_grade_max'], [('Y1', 1), ('Y2', 3), ('Y3', 0)]),
        'followup': (['patient_id', 'death_day', 'last_contact_day'], [('Y1', None, 365), ('Y2', 60, 60), ('Y3', None, 365)])}


@shape
def age_at_diagnosis_alone(folder):
    content = 'Patient code,Sex,Age at diagnosis,Date of diagnosis,Date of infusion,Last contact\nA1,F,5,2018-03-02,2020-03-13,2021-03-13\nA2,M,9.5,2019-10-20,2020-06-15,2021-06-15\nA3,M,2,2017-01-25,2020-09-21,2021-09-21\n'
    return [text(folder, 'dx.csv', content)], {}, {
        'patients': (['patient_id', 'sex', 'age_years'], [('A1', 'female', None), ('A2', 'male', None), ('A3', 'male', None)]),
        'followup': (['patient_id', 'last_contact_day'], [('A1', 365), ('A2', 365), ('A3', 365)])}


@shape
def analytes_down_and_days_across(folder):
    content = ('Patient\tTest\tUnit\tD0\tD3\tD7\tD14\nM1\tCRP\tmg/L\t2.5\t88\t40.1\t5\nM1\tIL-6\tpg/mL\t<1.5\t912\t60\t\nM1\tFerritin\tng/mL\t320\t5100\t8800\t2000\nM2\tCRP\tmg/L\t6\t140\t\t9\nM2\tIL-6\tpg/mL\t3.1\t>5000\t230\t\n')
    wide = {'M1': {'CRP': (2.5, 88, 40.1, 5), 'IL-6': (1.5, 912, 60, None), 'ferritin': (320, 5100, 8800, 2000)}, 'M2': {'CRP': (6, 140, None, 9), 'IL-6': (3.1, 5000, 230, None)}}
    signs = {('M1', 'IL-6', 0): 'left', ('M2', 'IL-6', 3): 'right'}
    return [text(folder, 'matrix.tsv', content)], {}, {
        'labs': (['patient_id', 'day', 'analyte', 'value', 'censored'], [(p, d, a, v, signs.get((p, a, d), 'no')) for p, found in wide.items() for a, values in found.items() for d, v in zip((0, 3, 7, 14), values, strict=True) if v is not None])}


@shape
def one_column_for_each_sex_and_agent(folder):
    content = ('Subject,Male,Female,Age_yrs,CRS_any,CRS_G3plus,Tocilizumab_given,Steroid_given,FU_days,Dead\nR1,1,0,8,1,0,1,0,420,0\nR2,0,1,12,1,1,1,1,66,1\nR3,1,0,4,0,0,0,0,365,0\n')
    return [text(folder, 'dummies.csv', content)], {}, {
        'patients': (['patient_id', 'sex', 'age_years'], [('R1', 'male', 8), ('R2', 'female', 12), ('R3', 'male', 4)]),
        'status': (['patient_id', 'crs', 'tcz', 'gc'], [('R1', 'yes', 'yes', 'no'), ('R2', 'yes', 'yes', 'yes'), ('R3', 'no', 'no', 'no')]),
        'followup': (['patient_id', 'death_day', 'last_contact_day'], [('R1', None, 420), ('R2', 66, 66), ('R3', None, 365)])}


@shape
def doses_in_methylprednisolone_equivalents(folder):
    p = 'ID,Sex,Weight (kg),Infusion date,Last contact\nG1,F,20,2021-01-14,2022-01-14\nG2,M,40,2021-02-16,2022-02-16\n'
    g = 'ID,Drug,Date,Dose,Unit,Methylprednisolone equivalent (mg)\nG1,dexamethasone,2021-01-17,6,mg,32\nG1,prednisone,2021-01-18,20,mg,16\nG2,hydrocortisone,2021-02-20,100,mg,20\n'
    return [text(folder, 'p.csv', p), text(folder, 'g.csv', g)], {}, {
        'treatments': (['patient_id', 'agent', 'day', 'dose_mg'], [('G1', 'dexamethasone', 3, 6), ('G1', 'prednisone', 4, 20), ('G2', 'hydrocortisone', 4, 100)])}


PATIENTS = 'Patient ID,Sex,Age,Infusion date,Last contact\nP1,F,6,2021-03-14,2022-03-14\nP2,M,9,2021-04-20,2022-04-20\nP3,M,12,2021-05-25,2022-05-25\n'


@trap('grading system')
def grades_of_a_trial_without_a_system(d):
    ae = 'USUBJID,AEDECOD,AETOXGR,AESTDY,AEENDY\nP1,Cytokine release syndrome,2,3,5\nP2,Cytokine release syndrome,3,2,7\nP3,Cytokine release syndrome,1,4,4\n'
    return [text(d, 'patients.csv', PATIENTS), text(d, 'ae.csv', ae)]


@trap('year')
def only_the_year_of_birth(d):
    return [text(d, 'p.csv', 'Patient ID,Birth year,Infusion date\nP1,2014,2021-03-14\nP2,2011,2021-04-20\n')]


@trap('day 100')
def a_response_of_another_day(d):
    return [text(d, 'p.csv', 'Patient ID,Infusion date,Response at day 100\nP1,2021-03-14,CR\nP2,2021-04-20,NR\nP3,2021-05-25,CR\n')]


@trap('diagnosis')
def survival_from_diagnosis(d):
    return [text(d, 'p.csv', 'Patient ID,Sex,OS from diagnosis (months),OS status\nP1,F,34,alive\nP2,M,50,dead\nP3,M,61,alive\n')]


@trap('diagnosis')
def days_from_diagnosis_to_a_transplant(d):
    return [text(d, 'p.csv', 'Patient ID,Infusion date,Last contact,Days from diagnosis to HSCT\nP1,2021-03-14,2022-03-14,400\nP2,2021-04-20,2022-04-20,\nP3,2021-05-25,2022-05-25,820\n')]


@trap('day 1')
def a_clock_that_begins_with_one(d):
    labs = 'Patient ID,Day (infusion = day 1),CRP (mg/L)\nP1,1,4\nP1,4,88\nP2,1,6\nP2,8,31\nP3,2,5\n'
    return [text(d, 'patients.csv', PATIENTS), text(d, 'labs.csv', labs)]


@trap('more than one value')
def one_field_twice_with_different_values(d):
    rows = 'record,field_name,value,redcap_event_name\n1,sex,1,base_arm_1\n1,sex,2,base_arm_1\n1,inf_dt,2020-01-15,base_arm_1\n2,sex,2,base_arm_1\n2,inf_dt,2020-02-20,base_arm_1\n'
    return [text(d, 'eav.csv', rows), text(d, 'dictionary.csv', EAV_DICTIONARY)]


@trap('other patients')
def a_patient_in_two_rows_that_differ(d):
    return [text(d, 'p.csv', PATIENTS + 'P2,F,3,2021-04-20,2022-04-20\n')]


@trap('before')
def a_course_that_stops_before_it_starts(d):
    g = 'Patient ID,Drug,Dose (mg/day),Start,Stop\nP1,dexamethasone,10,2021-03-17,2021-03-19\nP2,dexamethasone,10,2021-04-25,2021-04-22\n'
    return [text(d, 'patients.csv', PATIENTS), text(d, 'gc.csv', g)]


@trap('longer')
def free_of_progression_for_longer_than_alive(d):
    return [text(d, 'p.csv', 'Patient ID,OS (months),OS status,PFS (months),PFS status\nP1,12,dead,18,0\nP2,24,alive,24,0\nP3,30,alive,10,1\n')]


@trap('sex')
def both_sexes_ticked(d):
    return [text(d, 'p.csv', 'Patient ID,Male,Female,Infusion date\nP1,1,0,2021-03-14\nP2,1,1,2021-04-20\nP3,0,1,2021-05-25\n')]


@trap('both taken')
def two_weights(d):
    return [text(d, 'p.csv', 'Patient ID,Weight at diagnosis (kg),Weight at infusion (kg),Weight (kg),Infusion date\nP1,20,24,22,2021-03-14\nP2,30,29,33,2021-04-20\n')]


@trap('dilution')
def a_dilution_that_may_not_be_counted(d):
    plate = 'Well,Sample,Patient,Day,Dilution,IL-6 (pg/mL)\nA1,S1,P1,0,2,4\nA2,S2,P1,3,10,88\nA3,S3,P2,0,2,6\n'
    return [text(d, 'patients.csv', PATIENTS), text(d, 'plate.csv', plate)]


@trap('negative')
def survival_before_the_infusion(d):
    return [text(d, 'p.csv', 'Patient ID,Sex,OS (days),OS status\nP1,F,-12,alive\nP2,M,500,dead\nP3,M,610,alive\n')]


@trap('day 0')
def cells_collected_but_no_infusion(d):
    return [text(d, 'p.csv', 'Patient ID,Sex,Date of leukapheresis,Date of death,Last contact\nP1,F,2021-03-14,,2022-03-14\nP2,M,2021-04-20,2021-12-20,2021-12-20\n')]


@trap('two')
def a_second_infusion_before_the_first(d):
    return [text(d, 'p.csv', 'Patient ID,Sex,First infusion date,Second infusion date,Last contact\nP1,F,2021-03-14,2021-01-14,2022-03-14\nP2,M,2021-04-20,,2022-04-20\n')]
