"""More invented files of other hospitals, written before they were tried, and the traps that each must be asked about."""

from datetime import date, datetime

import pandas as pd
import pyreadstat
from import_shapes import MONTH, shape, text, trap, workbook


# fmt: off
@shape
def german_admission_export(folder):
    # KIS export: title, decimal comma, dd.mm.yyyy HH:MM, alive/dead words, thousands point in leukocytes, Gewicht with unit in the cell
    c=('"Auswertung CAR-T Kinder";;;;;;;;;\r\n"erstellt am 12.01.2024 09:11 von Planted";;;;;;;;;\r\n'
     'Patienten-ID;Geb.-Datum;Geschlecht;Größe (cm);Gewicht;CAR-T-Infusion am;ICANS Grad;CRS Grad (ASTCT);verstorben am;letzter Kontakt am\r\n'
     '0005;03.04.2012;weiblich;121,5;23,4 kg;17.02.2021 11:30;0;2;;01.03.2023\r\n'
     '0006;29.11.2009;männlich;145;41,0 kg;22.03.2021 10:05;1;3;30.06.2021;30.06.2021\r\n'
     '0007;14.08.2015;weiblich;101;15,9 kg;26.05.2021 14:00;0;0;;26.05.2022\r\n'
     'Anzahl Patienten: 3;;;;;;;;;\r\n')
    return [text(folder,'kis.csv',c,'cp1252')],{}, {'patients':(['patient_id','sex','age_years','weight_kg','height_cm'],[('0005','female',8.876,23.4,121.5),('0006','male',11.31,41,145),('0007','female',5.78,15.9,101)]),
      'status':(['patient_id','crs','crs_grade_max','icans','icans_grade_max'],[('0005','yes',2,'no',0),('0006','yes',3,'yes',1),('0007','no',0,'no',0)]),
      'followup':(['patient_id','death_day','last_contact_day'],[('0005',None,742),('0006',100,100),('0007',None,365)])}


@shape
def french_two_files(folder):
    p=('IPP;NOM;Prénom;Sexe;Date de naissance;Poids (kg);Date de réinjection;Décès (oui/non);Date de décès;Date de dernier suivi\n'
       'A012;PLANTED;Zoé;Féminin;14/03/2013;27,5;14/03/2021;non;;14/03/2023\n'
       'A013;PLANTED;Luc;Masculin;21/06/2010;38;21/06/2021;oui;29/09/2021;29/09/2021\n'
       'A014;PLANTED;Ana;Féminin;30/01/2016;16,2;30/07/2021;non;;30/07/2022\n')
    d=('IPP;Médicament;Dose (mg);Voie;Date d\'administration\nA012;Tocilizumab;220;IV;17/03/2021\nA012;Dexaméthasone;8;IV;18/03/2021\nA013;Méthylprednisolone;76;IV;24/06/2021\nA014;Dexaméthasone;4,5;PO;31/07/2021\n')
    return [text(folder,'patients.csv',p,'cp1252'),text(folder,'traitements.csv',d,'cp1252')],{}, {'patients':(['patient_id','sex','age_years','weight_kg'],[('A012','female',8,27.5),('A013','male',11,38),('A014','female',5.496,16.2)]),
      'treatments':(['patient_id','agent','day','dose_mg','route'],[('A012','tocilizumab',3,220,'IV'),('A012','dexamethasone',4,8,'IV'),('A013','methylprednisolone',3,76,'IV'),('A014','dexamethasone',1,4.5,'PO')]),
      'followup':(['patient_id','death_day','last_contact_day'],[('A012',None,730),('A013',100,100),('A014',None,365)])}


@shape
def chinese_excel_stacked(folder):
    r=[['XX医院儿童CAR-T治疗随访表']+[None]*11,
       ['基本信息',None,None,None,'CRS',None,None,'细胞因子(回输后第7天)',None,'随访',None,None],
       ['患者编号','性别','年龄(岁)','体重(kg)','分级','发生时间(天)','结束时间(天)','IL-6(pg/ml)','铁蛋白(ng/ml)','末次随访时间(天)','是否复发','生存状态'],
       ['ZJ01','男',8,25,'2级',2,6,'>5000',3200,720,'否','存活'],
       ['ZJ02','女',5,18,'无',None,None,12.5,180,365,'是','存活'],
       ['ZJ03','男',11,37,'3级',1,9,880,'12,500',90,'是','死亡'],
       ['注：分级按ASTCT标准']+[None]*11]
    return [workbook(folder/'随访.xlsx',{'Sheet1':r},{'Sheet1':['A1:L1','A2:D2','E2:G2','H2:I2','J2:L2']})],{}, {'patients':(['patient_id','sex','age_years','weight_kg'],[('ZJ01','male',8,25),('ZJ02','female',5,18),('ZJ03','male',11,37)]),
      'toxicity':(['patient_id','event','day_from','day_to','grade'],[('ZJ01','CRS',2,6,2),('ZJ03','CRS',1,9,3)]),
      'labs':(['patient_id','day','analyte','value','censored'],[('ZJ01',7,'IL-6',5000,'right'),('ZJ02',7,'IL-6',12.5,'no'),('ZJ03',7,'IL-6',880,'no'),('ZJ01',7,'ferritin',3200,'no'),('ZJ02',7,'ferritin',180,'no'),('ZJ03',7,'ferritin',12500,'no')]),
      'followup':(['patient_id','death_day','last_contact_day'],[('ZJ01',None,720),('ZJ02',None,365),('ZJ03',90,90)]),
      'status':(['patient_id','relapse'],[('ZJ01','no'),('ZJ02','yes'),('ZJ03','yes')])}


@shape
def redcap_meds_repeating(folder):
    d=('"Variable / Field Name","Form Name","Section Header","Field Type","Field Label","Choices, Calculations, OR Slider Labels","Field Note","Text Validation Type OR Show Slider Number",Identifier?\n'
     'record_id,enrol,,text,"Record ID",,,,\nmrn,enrol,,text,"MRN",,,,y\nbirth,enrol,,text,"Date of birth",,,date_ymd,y\nsex,enrol,,radio,"Sex","1, Female | 2, Male | -9, Not recorded",,,\nwt,enrol,,text,"Weight at infusion (kg)",,"-999 if not done",number,\ninfusion_date,enrol,,text,"Date of CAR-T infusion",,,date_ymd,\n'
     'med_name,medication,,dropdown,"Drug","1, Tocilizumab | 2, Dexamethasone | 3, Methylprednisolone | 4, Paracetamol",,,\nmed_date,medication,,text,"Date given",,,date_ymd,\nmed_dose,medication,,text,"Dose",,,number,\nmed_unit,medication,,radio,"Dose unit","1, mg | 2, mg/kg",,,\n'
     'crp_date,lab,,text,"Sample date",,,date_ymd,\ncrp,lab,,text,"CRP (mg/dL)",,"-999 = not done",number,\n'
     'status,fu,,radio,"Vital status","0, Alive | 1, Dead | -9, Unknown",,,\nlast_seen,fu,,text,"Date of last contact",,,date_ymd,\n')
    h='record_id,redcap_repeat_instrument,redcap_repeat_instance,mrn,birth,sex,wt,infusion_date,enrol_complete,med_name,med_date,med_dose,med_unit,medication_complete,crp_date,crp,lab_complete,status,last_seen,fu_complete\n'
    r=['R1,,,0170,2012-03-14,1,20,2021-03-14,2,,,,,,,,,0,2022-03-14,2','R1,medication,1,,,,,,,1,2021-03-17,8,2,2,,,,,,','R1,medication,2,,,,,,,2,2021-03-18,10,1,2,,,,,,','R1,medication,3,,,,,,,4,2021-03-18,250,1,2,,,,,,','R1,lab,1,,,,,,,,,,,,2021-03-15,1.2,2,,,','R1,lab,2,,,,,,,,,,,,2021-03-18,-999,2,,,',
       'R2,,,0171,2013-06-01,2,-999,2021-04-20,2,,,,,,,,,1,2021-06-30,2','R2,medication,1,,,,,,,3,2021-04-22,2,2,2,,,,,,','R2,lab,1,,,,,,,,,,,,2021-04-25,22,2,,,',
       'R3,,,0172,2010-09-01,-9,33,2021-05-25,2,,,,,,,,,-9,2022-05-25,2']
    return [text(folder,'PROJ_DATA_2024.csv',h+'\n'.join(r)+'\n'),text(folder,'PROJ_DataDictionary.csv',d)],{}, {'patients':(['patient_id','sex','weight_kg'],[('R1','female',20),('R2','male',None),('R3',None,33)]),
      'treatments':(['patient_id','agent','day','dose_mg'],[('R1','tocilizumab',3,160),('R1','dexamethasone',4,10),('R1','other',4,250),('R2','methylprednisolone',2,None)]),
      'labs':(['patient_id','day','analyte','value'],[('R1',1,'CRP',12),('R2',5,'CRP',220)]),
      'followup':(['patient_id','death_day','last_contact_day'],[('R1',None,365),('R2',71,71)])}


@shape
def adtte_two_params_days_years(folder):
    t=pd.DataFrame([('X-1','OS','Overall Survival','YEARS',2.0,1,'COMPLETED'),('X-2','OS','Overall Survival','YEARS',.5,0,'DEATH'),('X-3','OS','Overall Survival','YEARS',1.0,1,'LOST'),
      ('X-1','TTRELAPS','Time to Relapse','DAYS',200.,0,'RELAPSE'),('X-2','TTRELAPS','Time to Relapse','DAYS',182.,1,'DEATH'),('X-3','TTRELAPS','Time to Relapse','DAYS',365.,1,'')],columns=['USUBJID','PARAMCD','PARAM','AVALU','AVAL','CNSR','EVNTDESC'])
    t=t.assign(STUDYID='S',AGE=[9,4,15]*2,SEX=['M','F','F']*2)
    pyreadstat.write_xport(t,str(folder/'adtte.xpt'),file_format_version=5)
    return [folder/'adtte.xpt'],{}, {'patients':(['patient_id','sex','age_years'],[('X-1','male',9),('X-2','female',4),('X-3','female',15)]),'followup':(['patient_id','relapse_day','death_day','last_contact_day'],[('X-1',200,None,730.5),('X-2',None,182.625,182.625),('X-3',None,None,365.25)])}


@shape
def spss_declared_missing_german(folder):
    df=pd.DataFrame({'ID':['p1','p2','p3','p4'],'sex':[1.,2.,2.,1.],'gew':[23.,999.,35.5,14.],'kort':[1.,0.,9.,1.],'tox':[0.,3.,88.,1.],'ueb':[12.5,3.,24.,-1.],'tot':[0.,1.,0.,9.]})
    pyreadstat.write_sav(df,str(folder/'d.sav'),column_labels=['Patienten-ID','Geschlecht','Gewicht (kg)','Kortikosteroide','CRS-Grad maximal','Gesamtüberleben in Monaten','Vitalstatus'],
      variable_value_labels={'sex':{1:'Mädchen',2:'Junge'},'kort':{0:'nein',1:'ja',9:'unbekannt'},'tox':{88:'nicht beurteilbar'},'ueb':{-1:'unbekannt'},'tot':{0:'lebt',1:'tot',9:'unbekannt'}},missing_ranges={'gew':[999],'kort':[9],'tox':[88],'ueb':[-1],'tot':[9]})
    return [folder/'d.sav'],{}, {'patients':(['patient_id','sex','weight_kg'],[('p1','female',23),('p2','male',None),('p3','male',35.5),('p4','female',14)]),
      'status':(['patient_id','crs_grade_max','gc'],[('p1',0,'yes'),('p2',3,'no'),('p4',1,'yes')]),
      'followup':(['patient_id','death_day','last_contact_day'],[('p1',None,12.5*MONTH),('p2',3*MONTH,3*MONTH),('p3',None,24*MONTH)])}


@shape
def stata_string_dates(folder):
    df=pd.DataFrame({'studyid':['C-01','C-02','C-03'],'sex':['F','M','F'],'d_inf':['14mar2021','20apr2021','25may2021'],'d_rel':['','30jul2021',''],'d_last':['14mar2022','29sep2021','25may2022'],'vital':[1,2,1]})
    df.to_stata(folder/'s.dta',write_index=False,version=118,value_labels={'vital':{1:'alive',2:'dead'}},variable_labels={'studyid':'Study ID','sex':'Sex','d_inf':'Date of infusion','d_rel':'Date of relapse','d_last':'Date of last contact','vital':'Vital status'})
    return [folder/'s.dta'],{}, {'followup':(['patient_id','relapse_day','death_day','last_contact_day'],[('C-01',None,None,365),('C-02',101,162,162),('C-03',None,None,365)])}


@shape
def bioplex_export(folder):
    c=('File Name: 2023-05-17 plate2.rbx\nPlate ID: 77\nAcquired: 17-May-2023 10:21\n\n,,,IL-6 (27),IFN-g (33),TNF-a (45),IL-10 (56)\nType,Well,Sample,Conc,Conc,Conc,Conc\n'
       'B,A1,Blank,OOR <,OOR <,OOR <,OOR <\nS1,A2,Std1,10000,8000,9000,7000\nC1,A4,Ctrl low,55,40,38,41\nX1,B1,P01_D0,3.2,OOR <,1.9,OOR <\nX2,B2,P01_D7,OOR >,412.8,22.1,*55.4\nX3,B3,P02_D0,OOR <,2.8,2.4,3.1\nX4,B4,P02_D7,77.1,30.2,OOR <,8.8\n')
    return [text(folder,'bp.csv',c)],{'Conc':{'left_at':.5,'right_at':10000}}, {'labs':(['patient_id','day','analyte','value','censored'],[('P01',0,'IL-6',3.2,'no'),('P01',0,'IFN-γ',.5,'left'),('P01',0,'TNF-α',1.9,'no'),('P01',0,'IL-10',.5,'left'),('P01',7,'IL-6',10000,'right'),('P01',7,'IFN-γ',412.8,'no'),('P01',7,'TNF-α',22.1,'no'),('P01',7,'IL-10',55.4,'no'),
      ('P02',0,'IL-6',.5,'left'),('P02',0,'IFN-γ',2.8,'no'),('P02',0,'TNF-α',2.4,'no'),('P02',0,'IL-10',3.1,'no'),('P02',7,'IL-6',77.1,'no'),('P02',7,'IFN-γ',30.2,'no'),('P02',7,'TNF-α',.5,'left'),('P02',7,'IL-10',8.8,'no')])}


@shape
def multi_infusion_dates(folder):
    p='Patient,Sex,DOB\nT1,F,2013-03-14\nT2,M,2010-04-20\n'
    i='Patient,Infusion no.,Date of infusion,Cell dose (10^6/kg),CRS grade,Tocilizumab\nT1,1,2021-03-14,1.2,2,Y\nT1,2,2022-05-20,2.4,0,N\nT2,1,2021-04-20,3,3,Y\n'
    f='Patient,Last follow-up,Status\nT1,2023-03-14,alive\nT2,2021-10-17,dead\n'
    return [text(folder,'p.csv',p),text(folder,'inf.csv',i),text(folder,'fu.csv',f)],{}, {'patients':(['patient_id','sex','age_years','car_dose_e6_per_kg'],[('T1','female',8,1.2),('T2','male',11,3)]),'status':(['patient_id','crs_grade_max','tcz'],[('T1',2,'yes'),('T2',3,'yes')]),
      'followup':(['patient_id','death_day','last_contact_day'],[('T1',None,730),('T2',180,180)]),'screening':(['patient_id','infusion_number','excluded_reason'],[('T1',1,None),('T1',2,'repeat infusion'),('T2',1,None)])}


@shape
def dose_per_kg_heading(folder):
    p='Pt no;Sex;Body weight [kg];Date of infusion;Date last follow up;Deceased\n1;F;20;14.03.2021;14.03.2022;no\n2;M;42,5;20.04.2021;20.05.2021;yes\n3;M;31;25.05.2021;25.05.2022;no\n'
    t='Pt no;Day;Drug;Dose [mg/kg];Route\n1;3;Methylprednisolone;2;iv\n1;4;Methylprednisolone;1;iv\n2;2;Dexamethasone;0,2;iv\n3;5;Tocilizumab;8;iv\n'
    return [text(folder,'p.csv',p),text(folder,'t.csv',t)],{}, {'treatments':(['patient_id','agent','day','dose_mg'],[('1','methylprednisolone',3,40),('1','methylprednisolone',4,20),('2','dexamethasone',2,8.5),('3','tocilizumab',5,248)]),'followup':(['patient_id','death_day','last_contact_day'],[('1',None,365),('2',30,30),('3',None,365)])}


@shape
def months_pairs_words(folder):
    r=[['Pat #','Gender','Age (yrs)','Relapse (Y/N)','Time to relapse (months)','Death (Y/N)','OS (months)'],['1','F',8,'N',None,'N',24.2],['2','M',9,'Y',4.6,'Y',9.1],['3','M',3,'Y',6,'N',18],['4','F',15,'N',None,'Y',2.3]]
    return [workbook(folder/'os.xlsx',{'Data':r})],{}, {'followup':(['patient_id','relapse_day','death_day','last_contact_day'],[('1',None,None,24.2*MONTH),('2',4.6*MONTH,9.1*MONTH,9.1*MONTH),('3',6*MONTH,None,18*MONTH),('4',None,2.3*MONTH,2.3*MONTH)])}


@shape
def wide_labs_true_days(folder):
    c='ID,Infusion date,CRP D0 (mg/L),CRP D0 date,CRP D7 (mg/L),CRP D7 date,Ferritin D7 (ug/L),Ferritin D7 date\nA,2021-03-14,5,2021-03-14,80,2021-03-22,900,2021-03-21\nB,2021-04-20,12,2021-04-19,44,2021-04-27,1500,2021-04-27\nC,2021-05-25,<3,2021-05-25,10,2021-05-31,,\n'
    return [text(folder,'w.csv',c)],{}, {'labs':(['patient_id','day','analyte','value','censored'],[('A',0,'CRP',5,'no'),('A',8,'CRP',80,'no'),('A',7,'ferritin',900,'no'),('B',-1,'CRP',12,'no'),('B',7,'CRP',44,'no'),('B',7,'ferritin',1500,'no'),('C',0,'CRP',3,'left'),('C',6,'CRP',10,'no')])}


@shape
def chinese_drug_sheet(folder):
    p='登记号,性别,回输时间,体重（kg）,最后随访日期,是否死亡\nC01,男,2021-03-14,25,2022-03-14,否\nC02,女,2021-04-20,18.5,2021-06-30,是\n'
    t='登记号,医嘱名称,剂量,单位,用法,给药日期\nC01,注射用甲泼尼龙琥珀酸钠,40,mg,静脉滴注,2021-03-17\nC01,托珠单抗注射液,200,mg,静脉滴注,2021-03-16\nC02,地塞米松磷酸钠注射液,5,mg,静脉注射,2021-04-23\nC02,醋酸泼尼松片,10,mg,口服,2021-04-25\n'
    return [text(folder,'患者.csv',p,'gb18030'),text(folder,'用药.csv',t,'gb18030')],{}, {'treatments':(['patient_id','agent','day','dose_mg','route'],[('C01','methylprednisolone',3,40,'IV'),('C01','tocilizumab',2,200,'IV'),('C02','dexamethasone',3,5,'IV'),('C02','prednisone',5,10,'PO')]),'followup':(['patient_id','death_day','last_contact_day'],[('C01',None,365),('C02',71,71)])}


@shape
def sas_formats_labels(folder):
    df=pd.DataFrame({'PATNO':['01','02','03'],'GENDER':[1.,2.,1.],'INFDATE':[date(2021,3,14),date(2021,4,20),date(2021,5,25)],'RELDATE':[None,date(2021,7,30),None],'LASTFU':[date(2022,3,14),date(2021,12,31),date(2022,5,25)],'CRS':[1.,1.,0.],'AGEM':[96.,60.,130.]})
    pyreadstat.write_xport(df,str(folder/'car.xpt'),file_format_version=5,column_labels=['Patient number','Gender 1=male 2=female','CAR-T infusion date','Relapse date','Last follow-up date','CRS 0=no 1=yes','Age in months'])
    return [folder/'car.xpt'],{}, {'patients':(['patient_id','sex','age_years'],[('01','male',8),('02','female',5),('03','male',130/12)]),'status':(['patient_id','crs'],[('01','yes'),('02','yes'),('03','no')]),'followup':(['patient_id','relapse_day','last_contact_day'],[('01',None,365),('02',101,255),('03',None,365)])}


@shape
def toxicity_wide_two(folder):
    c='UPN\tCRS (yes/no)\tCRS max grade (1-4)\tCRS first day\tCRS last day\tNeurotox (yes/no)\tICANS max grade\tICANS first day\tICANS last day\tSteroid (yes/no)\tFollow up (days)\tAlive (yes/no)\n1\tyes\t2\t1\t5\tno\t\t\t\tno\t400\tyes\n2\tyes\t4\t2\t12\tyes\t3\t4\t9\tyes\t88\tno\n3\tno\t\t\t\tno\t\t\t\tno\t365\tyes\n'
    return [text(folder,'t.tsv',c)],{}, {'toxicity':(['patient_id','event','day_from','day_to','grade'],[('1','CRS',1,5,2),('2','CRS',2,12,4),('2','ICANS',4,9,3)]),'status':(['patient_id','gc'],[('1','no'),('2','yes'),('3','no')]),'followup':(['patient_id','death_day','last_contact_day'],[('1',None,400),('2',88,88),('3',None,365)])}


@shape
def semicolon_quotes_apostrophe(folder):
    c='"Subject No.";"Sex (f/m)";"Ferritin max [ug/l]";"Ferritin d0 [ug/l]";"Overall survival [weeks]";"Censored (1 = censored, 0 = died)"\n"S-1";"f";"12\'500";"350";"52";"1"\n"S-2";"m";"1\'200";"90";"10,5";"0"\n"S-3";"m";"900";"120,5";"104";"1"\n'
    return [text(folder,'ch.csv',c)],{}, {'labs':(['patient_id','day','analyte','value'],[('S-1',0,'ferritin',350),('S-2',0,'ferritin',90),('S-3',0,'ferritin',120.5)]),'followup':(['patient_id','death_day','last_contact_day'],[('S-1',None,364),('S-2',73.5,73.5),('S-3',None,728)])}


@shape
def cbioportal_os_days(folder):
    p='#Patient ID\tSex\tAge\tOS Days\tOS Status\tEFS Days\tEFS Status\n#a\tb\tc\td\te\tf\tg\n#STRING\tSTRING\tNUMBER\tNUMBER\tSTRING\tNUMBER\tSTRING\n#1\t1\t1\t1\t1\t1\t1\nPATIENT_ID\tSEX\tAGE_IN_DAYS\tOS_DAYS\tOS_STATUS\tEFS_DAYS\tEFS_STATUS\nT1\tMale\t2922\t800\t0:LIVING\t300\t1:EVENT\nT2\tFemale\t1826\t200\t1:DECEASED\t200\t1:EVENT\nT3\tFemale\t4383\t1000\t0:LIVING\t1000\t0:CENSORED\n'
    return [text(folder,'data_clinical_patient.txt',p)],{}, {'patients':(['patient_id','sex','age_years'],[('T1','male',8),('T2','female',5),('T3','female',12)]),'followup':(['patient_id','death_day','progression_day','last_contact_day'],[('T1',None,300,800),('T2',200,None,200),('T3',None,None,1000)])}


@shape
def long_dates_times_12h(folder):
    p='MRN,Pt ID,Infusion date/time,Sex\n887766,K1,03/14/2021 11:30 AM,F\n887767,K2,04/20/2021 02:15 PM,M\n'
    labs='Pt ID,Collected,Component,Value,Units\nK1,03/15/2021 06:10 AM,C-REACTIVE PROTEIN,12.5,mg/L\nK1,03/16/2021 09:45 PM,INTERLEUKIN 6,"1,250.5",pg/mL\nK2,04/22/2021 12:05 AM,FERRITIN,"> 40,000",ng/mL\nK2,04/22/2021 12:05 AM,PROCALCITONIN,<0.05,ng/mL\n'
    return [text(folder,'demo.csv',p),text(folder,'labs.csv',labs)],{}, {'patients':(['patient_id','sex'],[('K1','female'),('K2','male')]),'labs':(['patient_id','day','time','analyte','value','censored'],[('K1',1,'06:10','CRP',12.5,'no'),('K1',2,'21:45','IL-6',1250.5,'no'),('K2',2,'00:05','ferritin',40000,'right'),('K2',2,'00:05','PCT',.05,'left')])}

@trap('exchanged')
def swapped(d):
    return [workbook(d/'a.xlsx',{'S':[['ID','Infusion date','Last contact'],['1',datetime(2021,5,3),'14/03/2022'],['2','20/04/2021',datetime(2021,9,6)],['3',datetime(2021,7,5),'25/05/2022'],['4','28/06/2021',datetime(2022,1,2)]]})]


@trap('date systems')
def two_systems_sheets(d):
    # sheet 2's dates pasted 1,462 days early
    return [workbook(d/'a.xlsx',{'P':[['ID','Infusion date','Last contact'],['1',datetime(2021,3,14),datetime(2022,3,14)],['2',datetime(2021,4,20),datetime(2022,4,20)],['3',datetime(2021,5,25),datetime(2022,5,25)]],
     'L':[['ID','Sample date','CRP (mg/L)'],['1',datetime(2017,3,14),3],['2',datetime(2017,4,22),30],['3',datetime(2017,5,30),12]]})]


@trap('never')
def million_months(d):
    return [text(d,'a.csv','id;time to relapse (months);relapse (0=no,1=yes);OS (months);dead (0=no,1=yes)\n1;1000000;0;12,5;0\n2;4,5;1;8;1\n3;1000000;0;20;0\n')]


@trap('status')
def unknown_alive(d):
    return [text(d,'a.csv','id,OS days,vital status\n1,300,ALIVE\n2,200,UNKNOWN\n3,100,DEAD\n4,150,\n')]


@trap('status')
def unknown_coded(d):
    pyreadstat.write_sav(pd.DataFrame({'id':['a','b','c'],'os':[3.,4.,5.],'st':[0.,1.,9.]}),str(d/'a.sav'),column_labels=['Patient','Overall survival (months)','Survival status'],variable_value_labels={'st':{0:'alive',1:'dead',9:'unknown'}})
    return [d/'a.sav']


@trap('thousands')
def thousands(d):
    return [text(d,'a.csv','id;Infusionsdatum;Ferritin d7 (ng/ml)\n1;14.03.2021;1.234\n2;20.04.2021;2.500\n3;25.05.2021;1.100\n')]


@trap('thousands')
def thousands_long(d):
    return [text(d,'p.csv','id;Infusionsdatum\n1;14.03.2021\n2;20.04.2021\n'),text(d,'l.csv','id;Datum;Analyse;Ergebnis;Einheit\n1;15.03.2021;Ferritin;1.234;ng/ml\n2;21.04.2021;Ferritin;2.500;ng/ml\n2;22.04.2021;Ferritin;9.750;ng/ml\n')]


@trap('thousands')
def thousands_dose(d):
    return [text(d,'p.csv','id;Infusionsdatum\n1;14.03.2021\n2;20.04.2021\n'),text(d,'l.csv','id;Datum;Medikament;Dosis (mg)\n1;15.03.2021;Methylprednisolon;1.000\n2;21.04.2021;Methylprednisolon;1.250\n')]


@trap('other way round')
def reversed_flag(d):
    return [text(d,'a.csv','id,CRS (0=yes 1=no),age\n1,0,3\n2,1,5\n3,0,8\n')]


@trap('join')
def no_join(d):
    return [text(d,'p.csv','Patient ID,Infusion date,Sex\nA1,2021-03-14,F\nA2,2021-04-20,M\n'),text(d,'l.csv','Patient ID,Date,CRP (mg/L)\nA1,2021-03-15,3\nB7,2021-03-16,9\nB8,2021-03-16,9\n')]


@trap('limit')
def piled_long(d):
    r=''.join(f'{i},{i%5},IL-6,{v},pg/mL\n' for i,v in enumerate([5000,5000,12,5000,800,5000,33,5000]))
    return [text(d,'l.csv','patient,day,test,result,unit\n'+r)]


@trap('limit')
def piled_low(d):
    return [text(d,'l.csv','patient,day,IL-6 (pg/mL)\n'+''.join(f'{i},1,{v}\n' for i,v in enumerate([1.5,1.5,12,1.5,800,1.5,33])))]


@trap('grading')
def systems_cols(d):
    return [text(d,'a.csv','id,CRS grade (ASTCT),CRS grade (Lee)\n1,2,3\n2,1,1\n3,3,4\n')]


@trap('grading')
def systems_rows(d):
    return [text(d,'a.csv','id,AE,Grade,Criteria,Start day\n1,CRS,2,ASTCT 2019,2\n2,CRS,3,Lee 2014,1\n3,CRS,1,ASTCT 2019,4\n')]


@trap('grading')
def systems_files(d):
    return [text(d,'a.csv','id,CRS grade (ASTCT)\n1,2\n2,1\n'),text(d,'b.csv','id,CRS grade (Lee)\n3,2\n4,1\n')]


@trap('CNSR')
def cnsr_reversed(d):
    return [text(d,'a.csv','USUBJID,PARAMCD,AVAL,AVALU,CNSR,EVNTDESC\n1,OS,100,DAYS,1,DEATH\n2,OS,300,DAYS,0,CENSORED ALIVE\n')]


@trap('order')
def slash_low(d):
    return [text(d,'a.csv','id,infusion date,last contact\n1,03/04/2021,05/06/2022\n2,02/01/2021,07/08/2021\n')]


@trap('before day 0')
def before0(d):
    return [text(d,'a.csv','id,infusion date,date of death,last contact\n1,2021-04-13,2021-01-20,2021-01-20\n2,2021-04-14,,2022-04-14\n')]


@trap('exchanged')
def swapped_two_cols(d):
    return [workbook(d/'a.xlsx',{'S':[['ID','Infusion date','Last contact'],['1',datetime(2021,3,14),'14/03/2022'],['2',datetime(2021,4,20),datetime(2021,9,6)],['3',datetime(2021,5,25),'25/05/2022'],['4',datetime(2021,6,28),datetime(2022,1,2)]]})]


@trap('unit')
def months_or_days(d):
    return [text(d,'a.csv','id,OS,dead\n1,12.5,0\n2,3,1\n3,30,0\n')]
