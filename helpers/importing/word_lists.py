"""Words that clinicians' files use, in English, German, French, Spanish, Italian and Chinese, and what they are called here."""

from __future__ import annotations

import re
from collections.abc import Mapping

# what a column can be: target -> words of a heading. A target is "table.column" or one of the special ones below.
HEADINGS: Mapping[str, tuple[str, ...]] = {
    "patient": ("n inclusion", "no inclusion", "numero inclusion", "numero d inclusion", "inclusion no", "inclusion number", "patient id", "patientid", "patient", "pat id", "pat nr", "patnr", "patient no", "patient number", "subject", "subject id", "subjid",
                "usubjid", "record id", "study id", "studyid", "case id", "case no", "id", "pid", "ptid", "upn", "unique patient number", "person id", "pseudo id", "pseudoid", "unique id", "randomized id",
                "participant id", "participant", "patienten nr", "patientennummer", "numero patient", "患者编号", "病人编号", "编号", "患者id", "受试者编号",
                "anonymized id", "deidentified id", "study no", "study nr", "study number", "pat", "pt", "pt id", "pt no", "lfd nr", "laufnummer", "pseudonym", "registernummer", "patid", "pat id", "codigo", "codigo paciente", "fallnummer", "code", "登记号", "研究编号", "病例号", "code patient", "case", "patient code", "patientennummer", "pnr", "n patient", "no patient",
                "numero de patient", "identifiant", "anonymat", "n anonymat", "numero anonymat", "code anonymat", "numero anonyme", "num patient", "paciente", "numero de paciente", "id paciente", "caso", "numero de caso", "codigo de paciente", "id caso", "identificador del caso", "identificador", "paziente", "codice paziente", "病历编号", "入组编号", "subj", "ipp", "nip"),
    "sample": ("lbrefid", "sample id", "sample", "sampleid", "specimen", "specimen id", "sample name", "样本编号", "description"),
    "origin": ("infusion", "infused", "infused on", "infusion date", "date of infusion", "date of first infusion", "date of first cell infusion", "date of cell infusion", "inf date", "infdate", "car t infusion date", "cart infusion date", "car t infusion",
               "day 0", "day0", "d0 date", "date of transplant", "transplant date", "index date", "baseline date", "on study", "onstudy", "on study date",
               "enrollment date", "enrolment date", "entry date", "start date", "startdt", "date of entry", "treatment start", "start of treatment",
               "回输时间", "回输日期", "输注日期", "输注时间", "入组日期", "infusionsdatum", "date d injection", "date de perfusion", "date d infusion", "date de reinjection", "trtsdt", "trtsdtc", "trtsdtm", "rfxstdtc", "date of first exposure to treatment",
               "date of car t infusion", "date of car t cell infusion", "car t cell infusion date", "fecha de infusion", "fecha de la infusion", "data infusione", "data di infusione", "data da infusao", "reinfusionsdatum", "datum der infusion", "datum der car t infusion", "infusion day 0", "tag 0", "cohort start date", "rand date", "randomization date", "randomisation date"),
    "birth": ("d o b", "date of birth", "dob", "ddn", "birth date", "birthdate", "birthday", "geburtsdatum", "geb datum", "geb", "geboren", "geboren am", "date naissance", "naissance", "ne le", "nacimiento", "date de naissance", "brthdt", "fecha de nacimiento", "data di nascita", "data de nascimento", "出生日期", "生日"),
    "date": ("date", "measurement date", "drug exposure start date", "begin", "begin date", "beginn", "gabebeginn", "sample date", "collection date", "date of sample", "re date", "result date", "collected", "draw date", "lab date", "sampling date",
             "采样时间", "采样日期", "检测日期", "日期", "时间", "datum", "adt", "administration date", "dose date", "start dt", "astdt", "aestdt", "aestdtc", "lbdt", "lbdtc", "cmstdt", "cmstdtc", "abnahmedatum", "entnahmedatum", "abnahme", "entnahme", "abnahmezeitpunkt", "fecha", "fecha de muestra", "date of administration", "date given", "给药日期", "date d administration", "date de prelevement", "prelevement", "verabreicht", "gabedatum", "drawn", "date drawn", "specimen collected", "date collected", "采集时间", "采集日期", "用药日期"),
    "day": ("day", "study day", "day post infusion", "days post infusion", "day after infusion", "days from infusion", "days after infusion", "dpi", "timepoint", "time point",
            "visit day", "visit", "visite", "zeitpunkt", "time window", "访视", "时间点", "ady", "lbdy", "astdy", "aestdy", "cmstdy", "days", "回输后天数", "天数", "tag"),
    "until": ("to day", "to date", "until day", "through day", "bis tag", "till day", "end date", "drug exposure end date", "stop date", "date of resolution", "resolution date", "date resolved", "end day", "stop day", "enddt", "endt", "aendt", "aeendt", "aeendtc", "cmendt", "cmendtc", "aendy", "aeendy", "结束日期", "停止日期",
              "enddatum", "ende", "date de fin", "end"),
    "time": ("time", "sample time", "time of day", "clock", "hour", "uhrzeit"),
    "patients.sex": ("sex", "gender source value", "m f", "f m", "m w", "w m", "h f", "sex m f", "sex f m", "gender", "geschlecht", "sexe", "sexo", "geslacht", "kon", "male", "female", "female sex", "male sex", "mannlich", "weiblich", "sesso", "性别", "recipient gender", "recipientgender", "patient sex"),
    "patients.age_years": ("age", "age years", "age at diagnosis", "age at dx", "age at infusion", "age at enrollment", "recipient age", "recipientage", "alter", "年龄", "age yr",
                           "patient age", "age at transplant", "ageyrs", "alter j", "age at treatment", "age at car t infusion", "age at car t", "age at car", "age at infusion date", "age at transplantation", "age a l injection", "edad", "alter bei infusion", "alter bei diagnose", "alter bei transplantation", "alter bei therapie", "年龄岁", "回输时年龄", "诊断时年龄", "回输年龄"),
    "patients.weight_kg": ("weight", "weight kg", "weight at infusion", "weight at baseline", "body weight", "body mass", "wt", "gewicht", "poids", "peso", "korpergewicht", "体重", "rbodymass", "bw", "weightbl", "korpergewicht bei infusion", "gewicht bei infusion"),
    "age unit": ("ageu", "age unit", "age units", "alterseinheit", "年龄单位"),
    "patients.height_cm": ("height", "height cm", "ht", "grosse", "groesse", "taille", "身高", "grosse cm", "body height", "heightbl", "korpergrosse"),
    "patients.infusion_year": ("yeartx", "year of infusion", "infusion year", "year", "treatment year"),
    "patients.prior_transplant": ("prior hct", "prior transplant", "prior hsct", "previous transplant", "prior allo", "prior bmt", "prior sct", "既往移植", "移植史", "prior allo hsct", "prior transplantation", "previous hsct", "previous transplantation", "transplantation before car t", "transplant before car t", "hsct before car t", "sct before car t", "transplantation before infusion", "transplant before infusion", "hsct before infusion", "earlier transplantation", "transplantation vor car t", "trasplante previo", "greffe anterieure", "回输前移植"),
    "patients.disease_status": ("disease status", "primary refractory relapsed", "relapsed or refractory", "relapsed refractory", "refractory or relapsed", "status before infusion", "disease status at infusion", "疾病状态"),
    "patients.n_relapses": ("number of relapses", "n relapses", "no of relapses", "复发次数"),
    "patients.car_target": ("car target", "car t靶点", "靶抗原", "car靶点", "zielantigen", "target", "target antigen", "靶点", "car t target"),
    "patients.car_origin": ("car origin", "car t origin", "autologous or allogeneic", "autologous allogeneic", "auto allo", "auto or allo", "细胞来源", "car t来源"),
    "patients.site_bm": ("site bm", "bone marrow relapse", "bm relapse", "marrow relapse", "relapse in marrow", "bone marrow involvement", "bm involvement", "marrow involvement", "骨髓复发"),
    "patients.site_cns": ("site cns", "cns involvement", "cns relapse", "cns disease", "中枢神经系统复发", "中枢复发"),
    "patients.site_testis": ("site testis", "testicular relapse", "testicular involvement", "testis relapse", "睾丸复发"),
    "patients.site_other": ("site other",),
    "patients.car_dose_e6_per_kg": ("car t dose", "car dose", "cell dose", "dose cells", "细胞剂量", "细胞数", "dosis celular", "zelldosis", "dose cellulaire", "回输剂量", "cart dose", "infused dose"),
    "patients.blast_prelymphodepletion_pct": ("blasts", "bm blasts", "marrow blasts", "bone marrow blasts", "blast pct", "blast percent", "baseline blasts", "bone marrow final",
                                              "bone marrow", "骨髓原始细胞", "原始细胞比例", "tumor burden", "disease burden", "blasts before lymphodepletion"),
    "patients.mrd_prelymphodepletion": ("mrd before infusion", "baseline mrd", "mrd pre", "mrd prelymphodepletion"),
    "response.day30_response": ("response", "day 30 response", "d30 response", "best response", "best overall response", "overall response", "response d28", "day 28 response", "response at day 28", "response at day 30",
                                "疗效", "第28天疗效", "第30天疗效", "28天疗效", "30天疗效", "疗效评估", "疗效评价", "缓解情况", "response d30", "response at day 28 30", "resp", "resp simple", "clinical response", "ansprechen", "remission status"),
    "response.assessment_date": ("date of response assessment", "response date", "response assessment date", "date of response", "assessment date", "疗效评估日期", "疗效评价日期"),
    "response.mrd_day30": ("mrd day 30", "mrd d30", "mrd d28", "mrd day 28"),
    "toxicity.CRS.flag": ("crsfl", "crs", "crs yes no", "cytokine release syndrome", "any crs", "slc", "sindrome de liberacion de citocinas", "zytokinfreisetzungssyndrom", "crs occurrence", "细胞因子释放综合征"),
    "toxicity.CRS.grade": ("crs grade", "max grade crs", "crs max grade", "maximum crs grade", "peak crs grade", "crsgr", "grade crs", "crs grading", "crs分级", "crs级别", "crs最高分级", "crs最高级别", "最高crs分级", "crs分度", "crs严重程度", "grado maximo de crs", "grado maximo de slc", "highest crs grade",
                           "max crs grade", "crs grad", "grado de slc", "grado de crs", "crs grad max", "crs grad maximal", "maximaler crs grad", "grad des crs"),
    "toxicity.CRS.day_from": ("crs onset", "crs onset day", "day of crs onset", "date crs", "crs start", "crs start day", "crs onset date", "crs start date", "date of crs onset", "crs date", "crs发生日期", "time to crs", "days to crs", "crs beginn", "beginn crs", "crs beginn tag", "crs发生时间", "crs day", "crs onset days"),
    "toxicity.CRS.day_to": ("crs end", "crs resolution", "crs end day", "crs resolution day", "crs stop day", "crs end date", "crs resolution date", "crs stop", "crs结束时间", "crs结束日期", "crs ende", "ende crs"),
    "toxicity.CRS.duration": ("crs duration", "duration of crs", "crs持续时间", "crs duration days"),
    "toxicity.ICANS.flag": ("icansfl", "icans", "icans yes no", "neurotoxicity", "any icans", "ntx", "cres", "神经毒性", "icans occurrence"),
    "toxicity.ICANS.grade": ("icans grade", "max grade icans", "icans max grade", "neurotoxicity grade", "max neurotoxicity grade", "icansgr", "icans最高分级", "icans级别", "grado maximo de icans", "icans分级", "ntx grade", "maximum icans grade",
                             "max icans grade", "icans grad", "icans grad max", "maximaler icans grad"),
    "toxicity.ICANS.day_from": ("icans onset", "icans onset day", "date icans", "icans start", "icans onset date", "icans start date", "icans onset day", "icans day", "icans发生时间", "time to icans", "icans beginn", "beginn icans", "neurotoxicity onset", "icans start day"),
    "toxicity.ICANS.day_to": ("icans end", "icans resolution", "icans end day", "icans stop day", "icans end date", "icans resolution date", "icans ende", "ende icans"),
    "toxicity.ICANS.duration": ("icans duration", "duration of icans"),
    "status.gc": ("steroids", "steroid", "gc", "glucocorticoid", "glucocorticoids", "corticosteroid", "corticosteroids", "cortison", "cortisone", "糖皮质激素", "激素", "类固醇", "steroid use",
                  "dexamethasone yes no", "steroids used", "kortison", "steroide", "corticoides", "kortikosteroide", "kortikoide", "glukokortikoide", "glukokortikosteroide", "corticosteroides", "corticotherapie", "steroid therapy", "steroid treatment", "皮质激素", "皮质类固醇"),
    "status.tcz": ("tocilizumab", "toci", "tcz", "toci yes no", "托珠单抗", "tocilizumab use", "anti il 6", "actemra"),
    "status.rux": ("ruxolitinib", "rux", "芦可替尼", "鲁索替尼"),
    "followup.death_date": ("death", "date of death", "death date", "dod", "tod", "todesdatum", "死亡日期", "死亡时间", "date of decease", "died on", "deceased date", "date deces", "date de deces", "dthdt", "dthdtc", "fecha de muerte", "fecha de fallecimiento", "fecha de exitus", "fecha de defuncion", "data di morte", "data decesso", "data de obito", "sterbedatum", "date of exitus", "verstorben am", "gestorben am"),
    "followup.contact_date": ("last contact", "last fu", "last fu day", "last fu date", "day last fu", "date of last contact", "last follow up", "last followup", "last follow up date", "date last seen", "lastcontact", "letzter kontakt", "末次随访",
                              "末次随访日期", "末次追踪日期", "末次追踪", "最后追踪日期", "last seen", "last known alive", "last alive date", "date of last follow up", "lfu", "dlc", "出院时间", "discharge date", "fu date", "follow up date", "date of follow up", "follow up visit date", "date of follow up visit", "date of contact",
                              "last fu date", "last visit", "date de dernier suivi", "dernier suivi", "date de derniere visite", "derniere visite", "date de dernier contact", "date des dernieres nouvelles", "dernieres nouvelles", "date derniere nouvelle", "lstalvdt", "lstcnvdt", "date last known alive",
                              "date of last contact or death", "letzte vorstellung", "fecha de ultima visita", "fecha ultima visita", "fecha de ultimo contacto", "ultimo contacto", "ultima visita", "datum letzter kontakt", "letzte nachsorge", "letzte visite", "datum letzte visite", "letzte untersuchung", "date of last follow up or death", "date of death or last follow up", "last follow up or death", "death or last follow up", "date last follow up", "ultimo controllo", "ultimo follow up", "data ultimo follow up", "data ultimo controllo", "fecha de ultimo seguimiento", "ultimo seguimiento", "datum letzte vorstellung", "last contact date", "date of death or last contact", "末次联系日期", "最后随访日期", "随访日期", "随访截止日期"),
    "followup.relapse_date": ("relapse date", "date of relapse", "relapse", "rezidiv", "复发日期", "复发时间", "date relapse", "rezidiv am", "rezidivdatum", "datum rezidiv", "date de rechute", "rechute le", "fecha de recaida", "data recidiva"),
    "followup.progression_date": ("progression", "progression date", "date of progression", "pd date", "进展日期", "date progression"),
    "followup.transplant_date": ("date of subsequent transplant", "subsequent hct date", "transplant", "hsct date", "date of hsct", "sct date", "bmt date", "移植日期", "allo date", "post car t transplant date", "date of sct"),
    "followup.assessment_date": ("last assessment", "date of last assessment", "last disease assessment", "last marrow"),
    "followup.contact_day": ("last contact day", "ccr", "continuous complete remission", "days of follow up", "follow up days", "followup days", "fu days", "fu weeks", "fu months", "fu years", "days fu", "months fu", "months of follow up", "weeks of follow up", "years of follow up"),
    "other clock": ("remission duration", "duration of remission", "dor", "duration of response", "time from diagnosis", "time since diagnosis", "病程"),
    "followup.censor_reason": ("censor reason", "reason for censoring", "cnsdtdsc"),
    "followup.death_cause": ("cod", "dthcaus", "cause of death", "main cause of death", "primary cause of death", "death cause", "死因", "todesursache"),
    "labs.analyte": ("testcd", "analyte", "measurement source value", "test", "test name", "lab test", "parameter", "lbtest", "lbtestcd", "项目", "检验项目", "assay", "marker", "cytokine", "component", "laborparameter", "messgrosse", "analyse", "analyt", "untersuchung", "analito", "determinacion"),
    "labs.value": ("value", "value as number", "result", "lab value", "lbstresn", "lborres", "结果", "concentration", "conc", "obs conc", "wert", "test result", "messwert", "ergebnis", "resultat", "resultado", "valor", "calc conc mean", "mean conc", "calculated concentration"),
    "labs.limit": ("lblloq", "lloq", "lod"), "labs.upper_limit": ("lbuloq", "uloq"),
    "labs.unit": ("unit", "units", "unit source value", "lbstresu", "lborresu", "单位", "einheit", "unidad", "unidades", "unite"),
    "treatments.agent": ("drug", "drug source value", "substanz", "praparat", "medikation", "sostanza", "principio activo", "medicament", "drug given", "agent", "medication", "drug name", "cmtrt", "药物", "药物名称", "药品名称", "药品", "医嘱名称", "用药名称", "medikament", "medicaments", "farmaco", "medicamento", "treatment", "wirkstoff", "arzneimittel", "cmdecod", "substance", "药名"),
    "treatments.dose": ("dose", "dose mg", "daily dose", "total daily dose", "dose per day", "tagesdosis", "日剂量", "每日剂量", "单日剂量", "cmdose", "剂量", "单次剂量", "用量", "dosis", "amount", "posologie"),
    "treatments.dose_unit": ("dose unit", "dose unit source value", "cmdosu", "剂量单位"),
    "treatments.route": ("route", "route source value", "cmroute", "给药途径", "给药方式", "用法", "route of administration", "voie", "voie d administration", "applikation", "applikationsart", "applikationsweg", "via"),
    "treatments.indication": ("indication", "reason", "cmindc", "适应症"),
    "toxicity.event": ("event", "adverse event", "ae", "aeterm", "toxicity", "syndrome", "aedecod"),
    "toxicity.grade": ("grade", "toxicity grade", "tox grade", "tox gr", "ae grade", "aetoxgr", "分级"),
    "infusion": ("infusion number", "infusion no", "number of infusion", "infusion nr", "infusion count", "nth infusion", "car t infusion number", "infusion sequence", "回输次数", "第几次回输"),
    "exposure": ("exposure",),
}  # fmt: skip


# (time, status) pairs: endpoint -> words by which its time and its status are called
ENDPOINTS: Mapping[str, tuple[str, ...]] = {
    "death": ("os", "sg", "intxsurv", "overall survival", "survival", "surv", "futime", "follow up", "followup", "time to death", "death", "vital", "总生存", "生存时间", "total survival", "supervivencia global", "supervivencia", "sopravvivenza globale", "sobrevida global", "uberlebenszeit", "uberleben", "survie", "survie globale", "gesamtuberleben", "uberlebensstatus"),
    "progression or death": ("ssp", "sse", "slp", "sle", "ssr", "slr", "slm", "pfs", "progression free survival", "dfs", "disease free survival", "rfs", "relapse free survival", "recurrence free survival", "rec", "lfs",
                             "leukemia free survival", "leukaemia free survival", "efs", "event free survival", "无进展生存", "无病生存", "无事件生存", "dfs1", "progressionsfreies uberleben", "ereignisfreies uberleben", "rezidivfreies uberleben", "disease free", "progression free", "event free", "relapse free", "是否进展", "进展状态"),
    "progression": ("progression", "time to progression", "ttp", "progressed", "days to progression"),
    "first event": ("first event", "time to first event", "first failure", "days to first event", "首次事件"),
    "relapse": ("relapse", "intxrel", "ttr", "time to relapse", "recurrence", "cir", "time to recurrence", "rezidiv", "zeit bis rezidiv", "recaida", "recidiva", "rechute", "是否复发", "复发状态"),
}  # fmt: skip


STATUS_NAMES = ("verst", "statut aux dernieres nouvelles", "status bei letztem kontakt", "status at last contact", "status at last follow up", "vital status at last contact", "decede", "vital status", "stato vitale", "situacao vital", "estado vital actual", "statut du patient", "patient status", "status", "fustat", "dead", "died", "deceased", "death", "death status", "event", "outcome", "alive dead", "survival status", "出院方式", "生存状态", "结局",
                "mort", "mortality", "exitus", "vitalstatus", "vital", "uberlebensstatus", "estado vital", "estado", "fallecido", "verstorben", "gestorben", "deces", "decede", "是否死亡", "生存情况", "存活状态", "是否进展", "进展状态", "是否复发", "复发状态", "stat", "statut", "statut vital", "vitalstatus", "dthfl", "lebensstatus", "alive", "cens", "censor", "cnsr", "censored")  # fmt: skip


INVERTED = ("cens", "censor", "censored", "cnsr", "alive")


ANALYTES: Mapping[str, tuple[str, ...]] = {
    "CRP": ("crp", "pcr", "c reactive protein", "c reactive prot", "proteine c reactive", "proteina c reactiva", "proteina c reattiva", "proteina c reativa", "crp 定量", "hs crp", "hscrp", "c反应蛋白", "超敏c反应蛋白", "c reaktives protein"),
    "PCT": ("pct", "procalcitonin", "procalc", "procalcitonine", "procalcitonina", "prokalzitonin", "降钙素原"),
    "ferritin": ("ferritin", "serum ferritin", "sf", "ferritina", "ferritinemie", "ferritinemia", "铁蛋白", "ferritine", "ferr"),
    "TNF-α": ("tnf", "tumor necrosis factor a", "tnf α 因子", "tnf a", "tnf alpha", "tnfa", "tnfα", "tnf α", "肿瘤坏死因子α", "肿瘤坏死因子-α", "tumor necrosis factor alpha", "tumour necrosis factor alpha"),
    "IFN-γ": ("ifn g", "ifn y", "inf y", "inf g", "inf γ", "inf gamma", "ifny", "interferone gamma", "interferon γ", "γ 干扰素", "ifn gamma", "ifng", "ifnγ", "ifn γ", "干扰素γ", "γ干扰素", "干扰素-γ", "interferon gamma", "ifn r"),
    "IL-17A": ("il 17a", "il17a", "il 17", "interleukin 17a"),
    "LDH": ("ldh", "lactate dehydrogenase", "乳酸脱氢酶"),
    "D-dimer": ("d dimer", "ddimer", "d二聚体"),
    "fibrinogen": ("fibrinogen", "fib", "纤维蛋白原"),
}  # fmt: skip


ADTTE = {
    "OS": "death", "PFS": "progression or death", "EFS": "progression or death", "DFS": "progression or death",
    "RFS": "progression or death", "TTR": "relapse", "TTREL": "relapse", "TTRELAPS": "relapse", "TTPROG": "progression",
}  # fmt: skip


AGENTS: Mapping[str, tuple[str, ...]] = {
    "methylprednisolone": ("methylprednisolone", "methylprednisolon", "methylpred", "mps", "medrol", "depo medrol", "solumedrol", "solu medrol", "urbason", "甲泼尼龙", "甲强龙", "甲泼尼松龙", "甲基泼尼松龙", "甲基强的松龙", "mp"),
    "prednisone": ("prednisone", "prednison", "cortancyl", "deltacortene", "decortin", "泼尼松", "强的松"), "prednisolone": ("prednisolone", "prednisolon", "decortin h", "solu decortin", "solu decortin h", "soludecortin", "orapred", "solupred", "prelone", "omnipred", "泼尼松龙", "强的松龙"), "dexamethasone": ("dexamethasone", "dexamethason", "dexamethasona", "fortecortin", "decadron", "dxm", "dexamethasone sodium phosphate", "neofordex", "dex", "dexa", "地塞米松"),
    "hydrocortisone": ("hydrocortisone", "hydrocortison", "hydrocort", "hydrocortone", "solu cortef", "solucortef", "hemisuccinate d hydrocortisone", "hc", "氢化可的松"), "tocilizumab": ("tocilizumab", "toci", "tcz", "actemra", "roactemra", "ro actemra", "托珠单抗"),
    "glucocorticoid": ("glucocorticoid", "glucocorticoids", "corticosteroid", "corticosteroids", "steroid", "steroids", "gc", "cortisone", "cortison", "kortison", "steroide", "kortikosteroide", "corticoides", "corticoide", "corticosteroides", "corticosteroide", "corticosteroïdes", "corticotherapie", "steroidi", "cortisonici", "糖皮质激素", "皮质激素", "激素", "类固醇"),
    "ruxolitinib": ("ruxolitinib", "rux", "jakafi", "芦可替尼", "鲁索替尼"), "anakinra": ("anakinra", "kineret"),
}  # fmt: skip


CODES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "sex": {"male": ("m", "male", "man", "boy", "boys", "männlich", "maennlich", "masculin", "homme", "h", "garçon", "junge", "knabe", "niño", "hombre", "varon", "varón", "männl.", "maschio", "男", "男性", "男孩"),
            "female": ("f", "female", "woman", "girl", "w", "weiblich", "féminin", "feminin", "femme", "fille", "mädchen", "maedchen", "niña", "k", "v", "mujer", "vrouw", "kvinna", "weibl.", "女", "女性", "女孩")},
    "yes_no": {"yes": ("yes", "y", "true", "ja", "j", "oui", "si", "sí", "+", "＋", "(+)", "√", "✓", "✔", "positive", "positiv", "pos", "present", "checked", "是", "有", "使用", "已用", "阳性", "received", "given"),
               "no": ("no", "n", "false", "nein", "non", "-", "−", "－", "–", "(-)", "negative", "negativ", "neg", "absent", "unchecked", "否", "无", "未用", "未使用", "阴性", "none", "not given", "never")},
    "vital": {"event": ("dcd", "d", "dead", "died", "deceased", "death", "1:deceased", "exitus", "tot", "tod", "gestorben", "verstorben", "rezidiv", "progress", "ereignis", "进展", "已死亡", "fallecido", "muerta", "fallecida", "deceduto", "deceduta", "morto", "morta", "obito", "óbito", "décédée", "decede", "muerto", "décédé", "死亡", "expired", "dod", "doc", "1:recurred/progressed",
                        "recurred/progressed", "recurred", "progressed", "relapsed", "relapse", "1:relapsed", "event", "1:event", "复发", "yes", "1:progressed"),
              "censored": ("a", "alive", "living", "0:living", "censored", "lost", "lost to follow-up", "lost to follow up", "ltfu", "lebt", "lebend", "am leben", "lebendig", "perdido", "perdido de vista", "perdu de vue", "perso", "kein ereignis", "kein rezidiv", "rezidivfrei", "未进展", "无进展", "vivo", "viva", "vivant", "vivante", "存活", "生存", "失访", "no event",
                           "0:diseasefree", "diseasefree", "disease free", "remission", "withdrawn", "withdrew", "no", "0:not recurred", "0:no event", "0:censored", "0:progression free",
                           "progression free", "好转", "出院", "无复发")},
    "mrd": {"negative": ("neg", "neg.", "negative", "negativ", "négatif", "négative", "nég", "negativo", "negativa", "mrd neg", "mrd negative", "mrd-", "-", "阴性", "转阴", "undetectable", "not detected", "n.n.", "nicht nachweisbar", "<lod"), "positive": ("pos", "pos.", "positive", "positiv", "positif", "positivo", "positiva", "mrd pos", "mrd positive", "mrd+", "+", "阳性", "detectable", "detected", "pos. n.q.")},
    "response": {"CR": ("cr", "rc", "remission complete", "rémission complète", "komplette remission", "vollremission", "remisión completa", "respuesta completa", "complete remission", "complete response", "mrd- cr", "mrd+ cr", "mrd-cr", "mrd+cr", "mrd negative cr", "mrd positive cr", "完全缓解", "remission", "mrd neg cr", "mrd pos cr"),
                 "CRi": ("cri", "rci", "rc i", "rémission complète incomplète", "cr i", "crh", "cr with incomplete hematologic recovery", "cr with incomplete count recovery", "crp", "cr with incomplete recovery", "cr/cri"),
                 "PR": ("pr", "rp", "teilremission", "partielle remission", "rémission partielle", "partial remission", "partial response", "部分缓解"),
                 "NR": ("nr", "échec", "echec", "non répondeur", "kein ansprechen", "keine remission", "no respuesta", "nessuna risposta", "sd", "pd", "no response", "stable disease", "progressive disease", "resistant", "refractory", "non responder", "未缓解", "无效", "progression", "failure"),
                 "not done": ("not done", "notdone", "nd", "not evaluable", "ne", "not assessed", "未评估")},
    "grade": {str(g): (str(g), f"g{g}", f"gr {g}", f"grade{g}", f"{g}级", f"{g}度", r, f"{r}级", f"{r}度", wide, f"{wide}级", f"{wide}度", *(f"{word} {of}" for word in ("grade", "grad", "grado") for of in (g, r, wide))) for g, r, wide in zip(range(1, 6), ("i", "ii", "iii", "iv", "v"), "ⅰⅱⅲⅳⅴ", strict=True)} | {"0": ("0", "none", "no", "g0", "grade 0", "no crs", "no icans", "no neurotoxicity", "no event", "no toxicity", "无", "无crs", "0级")},
    "car_target": {"CD19": ("cd19",), "CD22": ("cd22",), "CD19+CD22": ("cd19+cd22", "cd19/cd22", "cd19 cd22", "cd19-22"), "CD19+CD22+CD20": ("cd19+cd22+cd20", "cd19/cd20/cd22")},
    "car_origin": {"autologous": ("autologa", "autologo", "autóloga", "autólogo", "autologue", "auto", "autologous", "autolog", "own", "自体"), "allogeneic": ("donatore", "donneur", "donante", "doador", "spender", "allogenico", "allogenica", "alogénico", "alogénica", "allogénique", "allogeneic, related", "allogeneic, unrelated", "allo", "allogeneic", "allogenic", "allogen", "donor", "donor derived", "donor-derived", "异基因", "异体", "供者")},
    "disease_status": {"relapsed": ("relapsed", "relapse", "rel", "rezidiv", "rechute", "recaída", "recaida", "recidiva", "multiple relapses", "multiply relapsed", "post-hsct relapse", "relapse post hsct", "rel1", "rel2", "rel3", "复发"), "primary refractory": ("refractory", "primary refractory", "ref", "refraktär", "primär refraktär", "réfractaire", "réfractaire primaire", "refractario", "refractaria", "refrattario", "refrattaria", "难治"), "remission": ("remission", "cr", "cr1", "cr2", "cr3", "rc", "remisión", "rémission", "remissione", "缓解")},
    "route": {"IV": ("iv", "intravenous", "intravenös", "静滴", "静脉", "静脉滴注", "静脉注射", "静推"), "PO": ("po", "oral", "口服", "per os", "per oral", "orally", "by mouth"), "SC": ("sc", "s.c.", "subcutaneous", "subcutan", "sous cutane", "subcutanea", "皮下", "皮下注射"), "IM": ("im",), "IT": ("it", "intrathecal", "鞘内注射"), "topical": ("topical",), "inhaled": ("inhaled", "inhalation", "nebulised", "nebulized"), "ocular": ("ocular", "both eyes", "ophthalmic", "right eye", "left eye", "eye")},
    "indication": {"CRS": ("crs",), "ICANS": ("icans", "neurotoxicity"), "CRS/ICANS": ("crs/icans", "crs+icans"), "premedication": ("premedication", "premed"), "GVHD": ("gvhd",)},
    "event": {"CRS": ("crs", "cytokine release syndrome"), "ICANS": ("icans", "neurotoxicity", "immune effector cell-associated neurotoxicity syndrome", "cres")},
    "death_cause": {"leukaemia": ("leukemia", "leukaemia", "disease", "relapse", "progression", "relapse/progression", "relapse or progression", "relapse or progression/persistent disease", "disease progression", "disease relapse", "progressive disease", "primary disease", "original disease", "原发病", "疾病进展", "复发"), "treatment": ("treatment", "treatment related", "toxicity", "trm"), "infection": ("infection", "sepsis", "感染"),
                    "transplantation": ("transplantation", "transplant"), "unrelated": ("unrelated", "other")},
    "censor_reason": {"data cut-off": ("data cut-off", "cut-off", "cutoff", "end of study"), "lost to follow-up": ("lost to follow-up", "lost", "ltfu"), "withdrew": ("withdrew", "withdrawn")},
}  # fmt: skip


CODES_OF = {
    "patients.car_origin": "car_origin", "patients.site_bm": "yes_no", "patients.site_cns": "yes_no", "patients.site_testis": "yes_no", "patients.site_other": "yes_no",
    "patients.sex": "sex", "patients.prior_transplant": "yes_no", "patients.disease_status": "disease_status", "patients.car_target": "car_target", "response.day30_response": "response", "response.mrd_day30_result": "mrd",
    "toxicity.CRS.flag": "yes_no", "toxicity.ICANS.flag": "yes_no", "toxicity.CRS.grade": "grade", "toxicity.ICANS.grade": "grade", "toxicity.grade": "grade", "status.gc": "yes_no",
    "status.tcz": "yes_no", "status.rux": "yes_no", "treatments.route": "route", "treatments.indication": "indication", "toxicity.event": "event", "followup.death_cause": "death_cause",
    "followup.censor_reason": "censor_reason", "toxicity.CRS.on_day": "grade", "toxicity.ICANS.on_day": "grade",
}  # fmt: skip


EXPOSURES = (
    (r"(agvhd|acute gvhd)\s*(.*)", "acute GVHD"), (r"(cgvhd|chronic gvhd|extensive chronic gvhd)\s*(.*)", "chronic GVHD"),
    (r"(plt|platelets?)\s*(recovery|engraftment)", "platelet recovery"), (r"(anc|neutrophils?)\s*(recovery|engraftment)", "neutrophil recovery"),
    (r"(hsct|transplant|transplantation|sct|bmt|allo)", "transplantation"),
)  # fmt: skip


IDENTIFYING = ("name", "surname", "first name", "last name", "patient name", "initials", "phone", "telephone", "tel", "mobile", "email", "e mail", "address", "street", "postcode", "zip", "zip code",
               "ssn", "mrn", "medical record number", "hospital number", "record number", "insurance", "passport", "national id", "nhs number", "姓名", "电话", "手机", "地址", "身份证", "身份证号",
               "contact", "contact person", "住院号", "病案号", "病历号", "vorname", "nachname", "telefon", "adresse", "nom", "prenom", "physician", "doctor", "医生")  # fmt: skip


IDENTIFIES = re.compile(
    r"\b(hospital|record|chart|file|case file|insurance|national|social security|personal|ward|fall akten|akten|klinik) ?(no|nr|num|number|nummer)\b|\b(hospital|insurance|national) id\b|\bname of\b|\bname (der|des|de|du)\b|"
    r"\b(mother|father|parent|guardian|sibling|mutter|vater|eltern)s? s? ?(name|phone|tel|contact)\b|\b(tel|handy|wohnort|stadt|city|town|village|residence|strasse|street|plz|ort|einsender|zuweiser|"
    r"referrer|referring|referred by|sender|seen by|attending|investigator|interviewer|entered by|completed by)\b|"
    r"\binitials\b|\binitialen\b|\biniziali\b|\b(doctor|doctors|dr|physician|consultant|surgeon|nurse|gp|arzt|hausarzt|medecin|medico|phone|telephone|telefono|mobile|e ?mail|address|adresse|direccion|"
    r"postcode|zip|surname|vorname|nachname|nombre|apellidos?|cognome|guardian|mother s name|father s name|passport|insurance|ssn|mrn)\b"
)


FREE_TEXT = (
    "note",
    "notes",
    "comment",
    "comments",
    "remark",
    "remarks",
    "free text",
    "description",
    "备注",
    "说明",
    "bemerkung",
    "bemerkungen",
    "narrative",
    "history",
)


FAMILIES: Mapping[str, Mapping[str, str]] = {  # words within a longer text that say what it is about
    "indication": {"CRS": r"\bcrs\b|cytokine (release|storm)|细胞因子", "ICANS": r"icans|neurotox|神经毒", "premedication": r"pre ?med|预处理|预防用药", "GVHD": r"gvh",
                   "physiological replacement": r"replacement|substitution|adrenal|替代|肾上腺"},
    "death_cause": {"leukaemia": r"relaps|progress|leuk|leucem|persistent disease|primary disease|rezidiv|复发|进展|白血病|原发病", "infection": r"infect|infekt|sepsis|septic|pneumonia|fungal|感染|败血|脓毒|肺炎",
                    "treatment": r"\b(treatment|therapy|drug|procedure|car ?t|toxicity) related|therapie ?toxi|behandlungsbedingt|\bcrs\b|icans|neurotox|hlh|toxicit|治疗相关|毒性", "transplantation": r"transplant|hsct|\bhct\b|gvh|移植",
                    "unrelated": r"unrelated|accident|意外|无关"},
}  # fmt: skip
