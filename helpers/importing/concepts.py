"""What the words of a heading stand for: one lexicon for all languages, and a reading of headings that uses nothing else.

A heading is cut into known words (``Todesdatum``, ``dateoflastfu``, ``末次随访日期`` are cut too), and each word into what it
stands for. What is not known stays in the reading as it is, so that a rule can ask for headings of which every word is known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from helpers.importing.plain_words import bare

# concept -> words; an underscore joins the words of an expression. The words of all languages stand together.
LEXICON: Mapping[str, str] = {
    "no": "no nº n°",
    "small": "or oder ou o of the a an at in for on by was is were and s to from when la le les du des de l au aux del al alla della dello di do da dos das el los "
             "der die das den dem bei am im zum zur von vom des und y e et o em na nos nas beim actual real recorded reported documented confirmed known exact own 的 于 在 当 本次 此次 时 did does do occur has had have their his her this which who with rel_to relative_to relative prot into first_car body medical that b",
    "patient": "patient patients pat pats pt pts ptnt child children subject subj participant proband probanden person recipient paciente pacientes patienten kind enfant paziente nino crianca sujet sujeto 患者 病人 患儿 受试者 pz paz",
    "study": "study trial registry register cohort case cases fall caso cas studie estudio etude studio unique upn pseudo pseudonymised anonymized anonymised deidentified anonym anonymat anonyme anonimo lauf lfd laufende 研究 病例 登记 病历 入组 studien",
    "when": "date dates dt dat day_and_month datum fecha fec data 日期 时间 年月日 dttm date_time timestamp datetime calendar_date dd_mm_yyyy yyyy_mm_dd mm_yyyy",
    "day": "dy day days tag tage tagen jour jours dia dias giorno giorni 天 天数 日 第 d d+ day+ j+ t+ tp days_relative gg",
    "long": "weeks week months month years year mos yrs yr yr_s wochen monate monaten jahre jahren jahr monat semaines mois ans an annees semanas meses anos ano settimane mesi anni mes 周 月 个月 年 岁 周岁 annee 年份 gg_mm_aaaa aa",
    "mo": "mo",
    "time": "time interval delay delai zeit zeitspanne tiempo tempo intervalle intervall intervallo intervalo dauer_bis",
    "until": "until till up_to bis jusqu jusqua jusqu_au hasta fino ate 至 到",
    "duration": "duration length dauer duree duracion durata duracao 持续时间 持续天数 持续 days_of days_with days_in jours_de dias_de tage_mit giorni_di dias_com nombre_de_jours_de anzahl_tage dur",
    "first": "first 1st initial erste erster erstes premier premiere primer primera prima primo primeira primeiro erst 首次 第一次 初次",
    "last": "last latest final most_recent current letzte letzter letztes letzten dernier derniere dernieres ultimo ultima ultimos ultimas letzt lst 末次 最后 最近 最近一次 最后一次 最终 ult ultim",
    "highest": "max maximum maximal maximale maximaler maximo maxima massimo massima worst peak highest greatest hochster hochste schlimmster pior peor peggiore 最高 最大 最重 最差 峰值",
    "before": "before prev prior previous pre history earlier past preceding ante anteriore anterior anteriores previo previa previos previas precedente avant anterieure anterieur vor vorher fruhere vorherige vorangegangene "
              "antes precedenti 前 之前 既往 曾 史 既往史 preinfusion pre_infusion anterior_a pra pre_car z_n zustand_nach st_p status_post atcd antecedent antecedents antecedente antecedentes",
    "baseline": "baseline basal basale screening at_start bl 基线",
    "after": "after post following since subsequent later nach apres depuis despues dopo apos seit post_infusion 后 之后 以后 pos seit_infusion",
    "any": "any ever yes_no yes no oui_non ja_nein si_no sim_nao y_n ja nein oui non 是否 有无 是否有 是否发生 是否使用 有 曾有 发生 出现情况 情况 occurred occurrence developed experienced present presence "
           "vorhanden aufgetreten survenue presence_de presencia presenza ocorrencia ocurrencia apparu 0_1 1_0 j_n yn o_n s_n has_had used_yes o_n s_n n_o",
    "number": "number n count no_of no_. num anzahl nombre nb numero nro num_de nº n_of 次数 数 个数 例数 # number_of num_of how_many nbre nb_de nro_de num_ro",
    "key": "id ids code codigo codice nummer nr no_ identifier identification pseudonym pseudonymisiert schlussel kennung identifiant identificador identificativo idnr 编号 号 号码 identifiers key crid uid",
    "infusion": "infusion infused infusions reinfusion reinfused perfusion injection reinjection infusione infundiert infusao infundido infusionado infundida administration_of_car transfusion day_0 day0 d0 j0 tag_0 t0 dia_0 giorno_0 "
                "回输 输注 输入 inf infus injectes injectees injecte infundidas infundidos infuse infusi perfuse day_zero",
    "car": "car_t cart car_t_cell car_t_cells cart_cell cart_cells cart_zellen car_t_zellen car t_cell t_cells tcell tcells cell cells zellen zelle cellules cellule celulas celula cellule_car cellules_car cellulare cells_car car_t_therapy car_therapy product "
           "produkt produit producto prodotto produto tisagenlecleucel tisa tisacel tisa_cel kymriah axi_cel axicel brexu_cel yescarta tecartus therapy therapie terapia treatment traitement trattamento tratamiento tratamento treated behandlung "
           "car_t细胞 car_t细胞治疗 car_t治疗 细胞 治疗 car_t cartx car_tx cell_therapy tx cartcell cellular_therapy ctx zell lymphocytes lymphozyten linfociti linfocitos linfociti_t lymphocytes_t t_lymphozyten linfocitos_t car+ 淋巴细胞",
    "death": "death dead died deceased decease demise exitus tod todes verstorben gestorben sterbe deces decede mort muerte fallecimiento fallecido defuncion decesso morte deceduto obito morto falecimento dod dth 死亡 去世 病逝 verst decedat",
    "relapse": "relapse relapsed relapses recurrence recurred recurrences rezidiv rezidive rechute rechutes recaida recaidas recidiva recidive ricaduta ricadute recidivas rel 复发 recur recurs relapsing",
    "progression": "progression progressed progressive progress pd progredienz progresion progressione progressao 进展 prog progr",
    "transplant": "transplant transplantation transplants transplanted hsct hct sct bmt allohsct allo_hsct allo_sct allosct allotransplant tph trasplante trapianto tcth tmo transplante szt ksz stammzelltransplantation kmt greffe allogreffe tcsh alotransplante 移植 alloszt allo_szt alotph alotcth allotx allohsct hscts",
    "allo": "allo allogeneic allogenic allogen allogene allogenique alogenico allogenico autologous_or_allogeneic stem_cell stem bone_marrow_transplant haematopoietic hematopoietic 异基因 造血干细胞 干细胞 allogener allogenen allogenes",
    "diagnosis": "diagnosis dx diagnose erstdiagnose diagnostic diagnostico diagnosi ed 诊断 确诊 初诊 presentation diag diagnostique erstdiagnostik",
    "consolidation": "consolidative consolidation consolidating bridging_to subsequent konsolidierend konsolidierende consolidacion consolidazione 巩固 桥接",
    "contact": "contact follow_up followup seen visit visits fup fu nouvelles nouvelle suivi visite consultation consult kontakt nachsorge vorstellung nachbeobachtung verlaufskontrolle control controle visita seguimiento contacto revision controllo contatto contato acompanhamento "
               "encounter appointment clinic lfu dlfu lfup suivie review 随访 追踪 联系 就诊 复诊 f_u",
    "alive": "alive living lebt vivo viva vivant vivante vivi 存活 survivor surviving",
    "assessed": "assessment evaluation evaluated assessed reassessment staging restaging beurteilung evaluacion valutazione avaliacao bilan 评估 评价 疗效评估 eval evals evaluated evaluations checked",
    "state": "status state outcome zustand stato estado etat statut situation situacao situazione ausgang 状态 状况 结局 转归",
    "vital": "vital vitalstatus lebens uberlebens survival survie uberleben vivencia supervivencia sobrevida sopravvivenza vitale 生存 存活",
    "overall": "overall total global globale gesamt os 总 cumulative cumul cum kumulativ kumulative kumulierte kumuliert cumulee cumulees acumulada cumulativa cumulata totale 累计 累积 总量",
    "CRS": "crs cytokine_release_syndrome cytokine_release src slc zytokinfreisetzungssyndrom zytokin_freisetzungssyndrom zytokinsturm syndrome_de_relargage_cytokinique syndrome_de_relargage sindrome_de_liberacion_de_citoquinas sindrome_de_liberacion_de_citocinas "
           "sindrome_da_rilascio_di_citochine sindrome_de_liberacao_de_citocinas relargage_cytokinique 细胞因子释放综合征 细胞因子风暴 crs_",
    "ICANS": "icans neurotoxicity neurotox ntx ntox cres neurotoxizitat neurotoxicite neurotoxicidad neurotossicita neurotoxicidade neurological_toxicity neurologic_toxicity toxicite_neurologique 神经毒性 免疫效应细胞相关神经毒性综合征 脑病综合征 nt iecans neurotoxic neuro_tox neuro",
    "grading": "grading einstufung graduacion",
    "grade": "grade grad gr severity schweregrad grado gravite severite grau gravita gravedad graded astct lee asbmt stufe 分级 级别 等级 级 分度 严重程度 程度 ctcae toxgr aetoxgr",
    "onset": "onset start started starts begin began beginning beginn debut inicio inizio apparition esordio comienzo auftreten eintritt 开始 发生 出现 起始 发作 起 ab insorgenza instauracion comparsa apparition_du",
    "end": "end ended ends resolution resolved stop stopped recovery ende abklingen fin resolucion risoluzione fine resolucao termino offset ruckbildung rueckbildung resolutie 结束 缓解 终止 恢复 消退 停止",
    "birth": "birth born birthday birthdate dob geburt geburts geboren naissance nacimiento nascita nascimento ddn nac 出生 生日 geb nasc nascita_data",
    "sex": "sex gender geschlecht sexe sexo sesso genero genre 性别 geschl",
    "age": "age alter edad eta idade aged leeftijd 年龄",
    "weight": "weight wt bw bodyweight body_weight gewicht korpergewicht kg_korpergewicht poids peso peso_corporal peso_corporeo kgkg 体重 kg kgs kilos kilogram kilograms 公斤 千克",
    "height": "height ht body_height grosse korpergrosse taille talla altura altezza statura estatura 身高 cm 厘米",
    "blasts": "blasts blast blasten blastes blastos blasti 原始细胞 幼稚细胞 原始幼稚细胞 白血病细胞 原幼细胞",
    "share": "percent percentage pct per_cent prozent anteil pourcentage taux porcentaje percentuale porcentagem proportion fraction level 比例 百分比 百分率 率 flow facs ngs flow_cytometry 流式 durchflusszytometrie",
    "marrow": "marrow bone_marrow bm knochenmark km moelle moelle_osseuse medula medula_osea midollo midollo_osseo aspirate mielograma myelogramm 骨髓 bma bmb bmbx bmx biopsy punktion kmp medullaire medullaires myelo myelogramme mielo amo 骨穿 骨髓穿刺 midollare medular medullar",
    "MRD": "mrd minimal_residual_disease measurable_residual_disease minimal_residual erm emr mrm maladie_residuelle 微小残留病 微小残留 残留病灶 drm",
    "response": "response remission ansprechen remissionsstatus reponse respuesta risposta resposta resp remision remissione remissao best_response 疗效 缓解情况 反应 bor nr",
    "best": "overall_response_best best bestes meilleure mejor migliore melhor overall 最佳",
    "day 30": "28 29 30 d28 d29 d30 j28 j30 m1 1_month one_month d_28 d_30 1_mo 1mo 1_month month_1 one_month 28_30 d28_30 d+28 d+30 mth_1 g28 g30 g29 t28 t30",
    "lymphodepletion": "lymphodepletion lymphodepleting ld lymphodepletions lymphodeplecion linfodepletion linfodepleccion linfodeplezione linfodeplecao lymphodepletierend lymphodepletion_chemotherapy 清淋 预处理",
    "target": "target targets targeted antigen antigens zielantigen cible diana bersaglio alvo antigene antigeno ziel 靶点 靶抗原",
    "construct": "construct vector konstrukt 构建",
    "origin": "origin source herkunft origine origen origem ursprung autologous_allogeneic auto_allo 来源 quelle fonte fuente 供体来源",
    "dose": "dose dosing doses dosis dosage dosi posologie dosierung 剂量 用量 dosage amount",
    "of cells": "x10e6 10e6 x10 10 6 e6 1e6 x106 106 x10_6 million millions millionen mio per 10_6 zelldosis celular celulares cellulaire 数量 10e6 e6_per_kg car+ cd3+ viable ×10 x10^6 10^6 e8 x10e8 10e8 1e8",
    "per": "per pro par por each je 每",
    "daily": "daily day_dose tagesdosis per_day journaliere diaria giornaliera total total_daily 日 每日 每天 单日 that_day dose_per_day per_day je_tag pro_tag par_jour por_dia al_giorno al_dia",
    "steroid": "steroid steroids corticosteroid corticosteroids glucocorticoid glucocorticoids glucocorticosteroids gc gcs cortison cortisone steroide steroiden kortikosteroide kortikoide glukokortikoide corticoides corticoide corticosteroides corticosteroides "
               "corticotherapie steroidi corticosteroidi cortisonici cortisonico glucocorticoidi glucocorticoides corticosteroide cortico 激素 糖皮质激素 类固醇 皮质激素 steriods steriod dex dexamethasone mp methylpred methylprednisolone prednisone prednisolone hydrocortisone dexamethason dexametasona metilprednisolona metilprednisolone 地塞米松 甲强龙 甲泼尼龙 强的松 泼尼松 dexa kortison prednisolon prednison decortin solu_medrol solumedrol urbason 激素类 ster",
    "tocilizumab": "tocilizumab toci tcz actemra roactemra anti_il6 anti_il_6 托珠单抗 托珠 雅美罗 anti_il_6r anti_il6r il_6r il6r",
    "ruxolitinib": "ruxolitinib rux ruxo jakafi jakavi 芦可替尼 鲁索替尼 jak_inhibitor jaki jak",
    "given": "given received receiving use used usage administered administration treated_with need required requirement gegeben erhalten gabe einsatz bekommen recu recus recibio recibido administrado administracion usato ricevuto somministrato somministrazione uso utilizado 使用 应用 用药 给药 给予 接受 使用过 admin administer gegebene taken occurred_use applied einzel single unica unico administrada administrados administre administree adm somm somministrata verabreicht gegebene unitaria unitaire 用 systemic systemisch systemische systemischen systemique systemiques sistemico sistemicos sistemici",
    "cause": "cause causes ursache causa motivo reason grund raison 原因 死因 cod_text motif",
    "main": "main primary principal hauptursache underlying 主要",
    "relapses": "lines_of_relapse",
    "disease": "disease leukemia leukaemia leukamie leucemie leucemia lal all b_all krankheit krankheits enfermedad malattia doenca maladie illness 疾病 白血病 原发病 dz enf 病变 肿瘤 lma lla llc leukamie",
    "involved": "involvement involved befall atteinte infiltration infiltracion afectacion coinvolgimento acometimento site sites location lokalisation extramedullary extramedullar 受累 侵犯 浸润 部位 inv involvment emd eml extramed beteiligung afect atteintes loc 累及 髓外 localizzazione location locations localisation localization localisations 部位",
    "CNS": "cns central_nervous_system zns snc sistema_nervioso_central sistema_nervoso_central cerebral meningeal 中枢 中枢神经系统 中枢神经",
    "testis": "testis testes testicular testicle hoden testicule testiculaire testicular testicolo testicolare testiculo 睾丸",
    "elsewhere": "other others elsewhere andere anderer sonstige autre otros altro outro 其他 其它 sonst sonstiger otra otras autres altre 其它部位",
    "analyte": "analyte component parameter assay biomarker marker cytokine test testname lab_test examination laborparameter messgrosse bestimmung analyse analyt untersuchung analito analisi esame exame parametre parametro parametros prueba determinacion 项目 指标 检验项目 检测项目 display disp event_cd event_code testcode display_name",
    "name": "intitule name names bezeichnung nom nombre nome 名称 libelle denominacion descripcion",
    "result": "result results value values reading finding concentration conc wert werte messwert ergebnis resultat resultats resultado resultados valor valeur valore risultato konzentration concentracion 结果 检测值 数值 测定值 浓度 val vals num numeric numerical text",
    "lab": "lab labs laboratory labor laboratoire laboratorio test_ numeric reported_ 检验 化验 检测 测定 实验室 reference ord order",
    "unit": "unit units einheit einheiten unite unites unidad unidades unita unidade 单位 uom uoms dose_uom masseinheit unid unita_di_misura unidade_de_medida",
    "route": "route via voie weg applikationsweg applikationsart applikation verabreichungsweg via_de 途径 方式 给药途径 rte admin_route",
    "drug": "drug drugs agent medication medicine medikament medikation arzneimittel wirkstoff substanz praparat medicament medicamento farmaco farmaco_ molecule substance principio_attivo principio_activo compound 药物 药品 药名 药 med meds rx generic",
    "sample": "sample sampling specimen draw drawn collection collected taken blood blutentnahme entnahme abnahme probe proben probenentnahme prelevement muestra muestreo extraccion prelievo campione amostra coleta 采样 采集 采血 标本 样本 送检 取样 抽血 tube aliquot vial biobank biobanco biobanca auftrag auftrags order_no",
    "upper limit": "upper_limit uloq upper_limit_of_quantification upper_limit_of_detection upper_detection_limit obere_nachweisgrenze",
    "limit": "detection limit limits lloq lod loq nachweisgrenze bestimmungsgrenze 检测限 下限 检出限 lower_limit lower_limit_of_detection lower_limit_of_quantification limit_of_detection limit_of_quantification lower_detection_limit llod limite limites lq limite_de_quantification limite_de_deteccion limite_de_detection limite_di_rilevabilita limite_de_deteccao 检测下限",
    "censored": "censor censored censoring zensiert zensierung censure censura 删失 fu_end",
    "event": "event adverse_event adverse toxicity toxicities ae syndrome nebenwirkung ereignis evenement evento toxizitat toxicite toxicidad tossicita toxicidade 不良事件 不良反应 事件 毒性 tox toxicidades",
    "toxicity only": "hlh mas iechs iec_hs tox_management",
    "clock": "clock hh_mm 24h uhr uhrzeit heure hora ora_prelievo hour",
    "system": "system criteria scale version graduierung einteilung 标准 系统",
    "donor": "donor spender donneur donante donatore doador mother father sibling family brother sister 供者 母亲 父亲 家族",
    "apheresis": "apheresis leukapheresis leucapheresis leukapherese apherese aferesis leucaferesis aferesi leukaferesi collection_of_cells 采集细胞 单采 单采日期",
    "elsewhere in time": "icu admission admitted hospitalisation hospitalization discharge discharged aufnahme entlassung ingreso alta hospital ward referral relapse_before enrolment enrollment consent inclusion randomization randomisation registration 入院 出院 入组",
    "second": "2nd second 3rd third ii zweite zweiter zweiten deuxieme segunda segundo seconda secondo dritte 第二次 二次 第三次",
    "sample key": "accession accessions barcode barcodes 条码 管号 样本号 标本号",
    "row": "row record entry zeile episode episodes episodio épisode",
    "kind": "type kind art tipo typ 类型 种类",
}  # fmt: skip

LONGEST = 6  # words of an expression
ENDINGS = ("nr", "id", "dt", "gr")  # parts of a compound that are short, and stand at its end
LINKS_OF_COMPOUNDS = ("s", "n", "en", "es", "er", "e")
SHORTEST_PART = 3
ALONE_ONLY = "d n s a y e o l m mo an em no na gr km ht wt bl rel dat dt mes lee ano ante all test data real fin via art per les des das der die den dem own was par por del art alter"  # too short, or too much like parts of other words


@cache
def _words() -> dict[str, str]:
    """Each known word, as :func:`bare` writes it, and what it stands for; the first concept that has a word keeps it."""
    found: dict[str, str] = {}
    for concept, words in LEXICON.items():
        for word in words.split():
            found.setdefault(bare(word.replace("_", " ")), concept)
    return found


@cache
def _chinese() -> tuple[str, ...]:
    return tuple(sorted((word for word in _words() if not word.isascii() and " " not in word), key=len, reverse=True))


def concepts_of(words: str) -> tuple[str, ...]:
    """Read a heading: what each of its words stands for, in their order; an unknown word as it is, in quotes.

    Examples
    --------
    >>> concepts_of("Todesdatum"), concepts_of("Date of last follow-up"), concepts_of("末次随访日期")
    (('death', 'when'), ('when', 'small', 'last', 'contact'), ('last', 'contact', 'when'))
    >>> concepts_of("dateoflastvisit"), concepts_of("CRS grade (max)"), concepts_of("Platelets")
    (('when', 'small', 'last', 'contact'), ('CRS', 'grade'), ("'platelets'",))
    """
    tokens = [
        part
        for token in bare(_plain(words)).split()
        for part in re.findall(r"[\u4e00-\u9fff]+|[^\u4e00-\u9fff]+", token)
    ]
    found: list[str] = []
    at = 0
    while at < len(tokens):
        length, concept = _expression(tokens, at)
        if concept:
            found.append(concept)
            at += length
        else:
            found += _parts(tokens[at])
            at += 1
    return tuple(
        "marrow" if one == "mo" and set(found) & OF_MARROW else "long" if one == "mo" else one for one in found
    )


OF_MARROW = {"blasts", "MRD", "involved"}  # beside which mo is marrow, and no months


def _plain(words: str) -> str:
    """Write out what signs and single letters stand for: ``#``, ``No.``, ``D+28``, ``dell'infusione``, a leading ``d`` or ``f.``."""
    words = re.sub(r"#", " number ", re.sub(r"(?i)\bno\.", " number ", words))
    words = re.sub(r"(?i)\b(all|dell|dall|nell|sull|quell|l|d|qu)['’]", " ", words)
    words = re.sub(r"(?i)\bnon-(?=[a-z])", " other than ", words)  # non-CNS
    words = re.sub(r"\+(?=\d)", " ", re.sub(r"(?i)\b([djgt])\s?\+\s?(\d+)", r"\1\2", words))
    return re.sub(
        r"(?i)^d\.? (?=\w)", "day ", re.sub(r"(?i)^f\.? ?(?=(de )?(inicio|fin|ultim|ult|de)\b)", "fecha ", words)
    )


def _expression(tokens: list[str], at: int) -> tuple[int, str]:
    """Find the longest known expression that begins with a word, and what it stands for."""
    for length in range(min(LONGEST, len(tokens) - at), 0, -1):
        if concept := _words().get(" ".join(tokens[at : at + length])):
            return length, concept
    return 0, ""


def _parts(token: str) -> list[str]:
    """Cut a word of which nothing is known into known ones; the whole word in quotes if that does not come out even."""
    if re.fullmatch(r"[\u4e00-\u9fff]+", token):
        return _chinese_parts(token)
    parts = _compound(token)
    return list(parts) if parts else [f"'{token}'"]


@cache
def _compound(token: str) -> tuple[str, ...]:
    """Cut a compound into the fewest known words, with the letters that join such words between them."""
    best: dict[int, tuple[str, ...]] = {0: ()}
    for end in range(1, len(token) + 1):
        for start, parts in list(best.items()):
            piece = token[start:end]
            if not piece:
                continue
            short = len(piece) < SHORTEST_PART or piece in ALONE_ONLY.split()
            ending = start > 0 and end == len(token) and piece in ENDINGS
            concept = "" if short and not ending else _words().get(piece, "")
            if (
                not concept
                and start
                and end < len(token)
                and piece in LINKS_OF_COMPOUNDS
                and (not parts or parts[-1] != "-")
            ):
                concept = "-"
            if not concept and start and piece in ("of", "to"):
                concept = "small"
            if concept and (end not in best or len(parts) + 1 < len(best[end])):
                best[end] = (*parts, concept)
    return tuple(part for part in best.get(len(token), ()) if part != "-")


def _chinese_parts(run: str) -> list[str]:
    """Cut a run of Chinese signs into the longest known words; signs that belong to none together, in quotes."""
    found: list[str] = []
    unknown = ""
    at = 0
    while at < len(run):
        word = next((one for one in _chinese() if run.startswith(one, at)), "")
        if word:
            found += [f"'{unknown}'"] if unknown else []
            found.append(_words()[word])
            unknown, at = "", at + len(word)
        else:
            unknown, at = unknown + run[at], at + 1
    return [*found, f"'{unknown}'"] if unknown else found
