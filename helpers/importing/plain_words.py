"""Words reduced to what they say: case, brackets, accents and traditional signs off."""

from __future__ import annotations

import re
import unicodedata

SIMPLIFIED = str.maketrans(  # the traditional signs of headings and codes, and the simplified ones that the words here have
    "歷輸時間齡體類復發後隨訪蹤診斷應狀態療級聯絡編號資別終進關緩結開細鐵質龍潑鬆單檢驗項樣採劑藥給經靜脈數記錄無歲週種導確醫電話證氫雙膚濃"
    "術剛麼為與產離癥總緣餘達離劃個從續腫瘤壞紅蘆鈣強",
    "历输时间龄体类复发后随访踪诊断应状态疗级联络编号资别终进关缓结开细铁质龙泼松单检验项样采剂药给经静脉数记录无岁周种导确医电话证氢双肤浓"
    "术刚么为与产离症总缘余达离划个从续肿瘤坏红芦钙强",
)


def bare(words: str) -> str:
    """Reduce a heading to its words: lower case, no brackets, no punctuation, accents off.

    Examples
    --------
    >>> bare("Größe (cm)"), bare("Age.at.Dx"), bare("#Patient_id"), bare("TNF-α"), bare("性别"), bare("Infusion #")
    ('grosse', 'age at dx', 'patient id', 'tnf α', '性别', 'infusion no')
    >>> bare("末次追蹤日期")
    '末次追踪日期'
    """
    words = words.translate(SIMPLIFIED)
    text = re.sub(r"[(\[（].*?[)\]）]", " ", re.sub(r"(?<=[\w )])#\s*$", " no", words)).replace("ß", "ss")
    text = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", " ", text).lower()
    text = "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))
    text = re.sub(r"[^0-9a-z\u0370-\u03ff\u4e00-\u9fff+]+", " ", text).strip()
    text = re.sub(r"\b(date ?time|time ?stamp)\b", "date", text)
    return re.sub(r"\bfu\b(?! (days?|months?|years?|time))", "follow up", text)


CHINESE = re.compile(r"[\u4e00-\u9fff]")
