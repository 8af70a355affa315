"""The words of the extracts: units, terms, sites and drugs, each with the other ways in which they are written."""

from __future__ import annotations

from collections.abc import Mapping

UNITS = {
    "kg": ("公斤",),
    "cm": ("厘米",),
    "m": ("米",),
    "years": ("y", "yr"),
    "岁": (),
    "": (),
    "%": ("％",),
    "fraction": (),
    "10^6/kg": ("x10^6/kg", "×10^6/kg"),
    "/kg": (),
    "mg": ("毫克",),
    "g": ("克",),
    "mg/kg": (),
    "pg/mL": ("pg/ml",),
    "ng/L": ("ng/l",),
    "ng/mL": ("ng/ml",),
    "µg/L": ("ug/L", "μg/L"),
    "mg/L": ("mg/l",),
    "mg/dL": ("mg/dl",),
}


WORDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "sex": {"male": ("M", "男"), "female": ("F", "女")},
    "yes_no": {"true": ("yes", "Y", "1", "是", "有"), "false": ("no", "N", "0", "否", "无")},
    "resolved": {"true": ("yes", "Y", "是", "已缓解"), "false": ("no", "N", "否", "未缓解")},
    "disease_status": {
        "primary refractory": ("refractory", "原发难治"),
        "relapsed": ("relapse", "复发"),
        "remission": ("缓解",),
    },
    "car_target": {
        "CD19": (),
        "CD19+CD22": ("CD19/CD22", "CD22+CD19", "CD19-22"),
        "CD19+CD22+CD20": ("CD19/CD20/CD22", "CD19/CD22/CD20", "CD19+CD20+CD22"),
        "CD22": (),
        "other": ("其他",),
    },
    "car_origin": {"autologous": ("auto", "自体"), "allogeneic": ("allo", "allogenic", "异体")},
    "mrd_method": {
        "flow cytometry": ("FCM", "流式"),
        "PCR": ("qPCR", "定量PCR"),
        "sequencing": ("NGS", "测序"),
    },
    "event": {"CRS": ("细胞因子释放综合征",), "ICANS": ("神经毒性",)},
    "grade": {
        str(grade): (f"{grade}级", f"grade {grade}", f"G{grade}", roman)
        for grade, roman in zip(range(1, 6), ("I", "II", "III", "IV", "V"), strict=True)
    },
    "grading_system": {"ASTCT": ("ASTCT 2019", "ASTCT标准")},
    "route": {
        "IV": ("静滴", "静脉滴注", "iv gtt"),
        "PO": ("口服", "oral"),
        "IM": ("肌注",),
        "IT": ("鞘内注射", "intrathecal"),
        "topical": ("外用",),
        "inhaled": ("雾化吸入",),
        "ocular": ("滴眼",),
    },
    "indication": {
        "CRS": (),
        "ICANS": ("神经毒性",),
        "CRS/ICANS": ("CRS+ICANS",),
        "premedication": ("预处理用药", "premed"),
        "physiological replacement": ("生理替代", "stress replacement"),
        "GVHD": ("移植物抗宿主病",),
        "other": ("其他",),
    },
    "analyte": {
        "CRP": ("C反应蛋白",),
        "PCT": ("降钙素原",),
        "IL-2": ("IL2", "白介素-2"),
        "IL-4": ("IL4", "白介素-4"),
        "IL-6": ("IL6", "白介素-6"),
        "IL-10": ("IL10", "白介素-10"),
        "IL-17A": ("IL17A", "白介素-17A"),
        "TNF-α": ("TNFα", "TNF-a", "肿瘤坏死因子-α"),
        "IFN-γ": ("IFNγ", "IFN-g", "干扰素-γ"),
        "ferritin": ("铁蛋白",),
    },
    "day30_response": {
        "CR": ("完全缓解",),
        "CRi": ("CR with incomplete recovery", "完全缓解伴血象未恢复"),
        "PR": ("部分缓解",),
        "NR": ("未缓解", "no response"),
        "not done": ("未评估", "not assessed"),
    },
    "death_cause": {
        "leukaemia": ("leukemia", "白血病"),
        "treatment": ("treatment-related", "治疗相关"),
        "infection": ("感染",),
        "transplantation": ("移植相关", "transplant-related"),
        "unrelated": ("无关",),
    },
    "censor_reason": {
        "data cut-off": ("cut-off", "随访截止"),
        "lost to follow-up": ("失访", "LTFU"),
        "withdrew": ("退出", "withdrawn"),
    },
}


SITES = {
    "site_bm": ("BM", "骨髓"),
    "site_cns": ("CNS", "中枢"),
    "site_testis": ("testis", "睾丸"),
    "site_other": ("other", "其他"),
}


NO_SITE = ("none", "无")


DRUGS = {
    "methylprednisolone": ("甲泼尼龙", "甲强龙"),
    "prednisone": ("泼尼松", "强的松"),
    "prednisolone": ("泼尼松龙",),
    "dexamethasone": ("地塞米松",),
    "hydrocortisone": ("氢化可的松",),
    "tocilizumab": ("托珠单抗", "TCZ"),
    "ruxolitinib": ("芦可替尼", "鲁索替尼", "RUX"),
    "anakinra": ("阿那白滞素",),
    "other": ("levetiracetam", "左乙拉西坦"),
}


SALTS = {"sodium phosphate": "磷酸钠", "sodium succinate": "琥珀酸钠", "acetate": "醋酸"}


FORM_WORDS = ("注射用", "注射液", "片", "injection", "tablets", "tablet")


AS_BASE = ("(as base)", "(以碱基计)")
