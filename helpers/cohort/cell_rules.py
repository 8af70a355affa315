"""Each rule of the cleaning, once: how a cell of a hospital extract is read.

Every rule takes a column of text and returns a frame with the same index: what was read, and ``form``, how it was
written. ``form`` is empty where nothing had to be changed and :data:`WRONG` where the cell cannot be read, so that
counting the forms is the log and listing the wrong ones is the message about bad input.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal

import pandas as pd

from helpers.cohort.extract_words import AS_BASE, DRUGS, FORM_WORDS, NO_SITE, SALTS, SITES, UNITS
from helpers.cohort.recorded import STEROIDS

WRONG = "wrong"
MISSING_MARKS = ("NA", "N/A", "/", "-", "未查", "不详", "unknown")
FIRST_YEAR, LAST_YEAR = 2000, 2035

DATE_FORMS = {
    "": r"(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})",
    "day first": r"(?P<d>\d{1,2})/(?P<m>\d{1,2})/(?P<y>\d{4})",
    "Chinese": r"(?P<y>\d{4})年(?P<m>\d{1,2})月(?P<d>\d{1,2})日",
}
EXCEL_SERIAL = r"\d{5}"
EXCEL_ORIGIN = pd.Timestamp("1899-12-30")
DATES_ALLOWED = (
    "a date that exists, from 2000 to 2035: 2019-03-05, 05/03/2019 (day first), 2019年3月5日 or an Excel serial"
)

FACTORS = {
    ("", ""): "1",
    ("kg", "kg"): "1",
    ("cm", "cm"): "1",
    ("m", "cm"): "100",
    ("years", "years"): "1",
    ("岁", "years"): "1",
    ("%", "%"): "1",
    ("%", "fraction"): "0.01",
    ("fraction", "fraction"): "1",
    ("10^6/kg", "10^6/kg"): "1",
    ("/kg", "10^6/kg"): "0.000001",
    ("mg", "mg"): "1",
    ("g", "mg"): "1000",
    ("pg/mL", "pg/mL"): "1",
    ("ng/L", "pg/mL"): "1",
    ("ng/mL", "pg/mL"): "1000",
    ("ng/mL", "ng/mL"): "1",
    ("µg/L", "ng/mL"): "1",
    ("ng/mL", "µg/L"): "1",
    ("µg/L", "µg/L"): "1",
    ("mg/L", "mg/L"): "1",
    ("mg/dL", "mg/L"): "10",
}


def stripped_or_missing(text: pd.Series) -> pd.Series:
    """Strip a column and turn the marks for missing into missing.

    Examples
    --------
    >>> stripped_or_missing(pd.Series([" 27 kg", "未查", ""])).tolist()
    ['27 kg', <NA>, <NA>]
    """
    stripped = text.astype("string").str.strip().replace("", pd.NA)
    return stripped.mask(stripped.isin(MISSING_MARKS))


def missing_marks(text: pd.Series) -> int:
    """Count the cells that say in a word or a sign that there is nothing.

    Examples
    --------
    >>> missing_marks(pd.Series(["27", "未查", "", "NA"]))
    2
    """
    return int(text.astype("string").str.strip().isin(MISSING_MARKS).sum())


def patient_ids(text: pd.Series) -> pd.DataFrame:
    """Write identifiers as SYN-001: capitals, no blanks.

    Examples
    --------
    >>> patient_ids(pd.Series(["SYN-001", "syn-002 ", "Wang"]))  # doctest: +NORMALIZE_WHITESPACE
          value              form
    0   SYN-001
    1   SYN-002  case and blanks
    2      <NA>             wrong
    """
    value = text.astype("string").str.strip().str.upper()
    value = value.where(value.str.fullmatch(r"SYN-\d{3}").fillna(False))
    return _forms(value, text, "case and blanks")


def parse_dates(text: pd.Series) -> pd.DataFrame:
    """Read a date, with a time of day where there is one, in the four ways in which the extracts write it.

    Dates with slashes are day first, as the intensive care export declares. Five digits are an Excel serial (1900 system).

    Returns
    -------
    DataFrame
        date (datetime64), time (HH:MM or missing), form ("", "day first", "Chinese", "Excel serial", "wrong").

    Examples
    --------
    >>> parse_dates(pd.Series(["2019-03-05 08:30", "05/03/2019", "2019年3月5日", "43529", "2019-02-30"]))  # doctest: +NORMALIZE_WHITESPACE
            date   time          form
    0 2019-03-05  08:30
    1 2019-03-05   <NA>     day first
    2 2019-03-05   <NA>       Chinese
    3 2019-03-05   <NA>  Excel serial
    4        NaT   <NA>         wrong
    """
    places, cells = pd.factorize(text, use_na_sentinel=False)
    return _dates(pd.Series(cells)).iloc[places].set_axis(text.index)


def _dates(text: pd.Series) -> pd.DataFrame:
    text = stripped_or_missing(text)
    date = pd.Series(pd.NaT, index=text.index, dtype="datetime64[ns]")
    time = pd.Series(pd.NA, index=text.index, dtype="string")
    form = pd.Series(WRONG, index=text.index, dtype="object").where(text.notna(), "")
    for name, pattern in DATE_FORMS.items():
        parts = text.str.extract(rf"^{pattern}(?: (?P<time>\d{{2}}:\d{{2}}))?$")
        parts = parts[parts["y"].notna()]
        if parts.empty:
            continue
        fields = {"year": parts["y"], "month": parts["m"], "day": parts["d"]}
        date.update(pd.to_datetime(pd.DataFrame(fields).astype("int64"), errors="coerce"))
        time.update(parts["time"])
        form[parts.index] = name
    serials = text[text.str.fullmatch(EXCEL_SERIAL).fillna(False)]
    date.update(EXCEL_ORIGIN + pd.to_timedelta(serials.astype("int64"), unit="D"))
    form[serials.index] = "Excel serial"
    possible = date.dt.year.between(FIRST_YEAR, LAST_YEAR) & time.fillna("00:00").str.fullmatch(
        r"([01]\d|2[0-3]):[0-5]\d"
    )
    form[text.notna() & ~possible] = WRONG
    return pd.DataFrame({"date": date.where(possible), "time": time.where(possible), "form": form})


def translated_terms(text: pd.Series, words: Mapping[str, Iterable[str]]) -> pd.DataFrame:
    """Read a word in Chinese or English as the one that the dictionary has; case and blanks do not count.

    Examples
    --------
    >>> from helpers.cohort.extract_words import WORDS
    >>> translated_terms(pd.Series(["静滴", "IV", "by mouth"]), WORDS["route"])  # doctest: +NORMALIZE_WHITESPACE
      value          form
    0    IV  another word
    1    IV
    2  <NA>         wrong
    """
    known = {bare_word(word): term for term, others in words.items() for word in (term, *others)}
    text = stripped_or_missing(text)
    return _forms(text.map(bare_word, na_action="ignore").map(known).astype("string"), text, "another word")


def relapse_sites(text: pd.Series) -> pd.DataFrame:
    """Read "BM+CNS" or "骨髓+中枢" as four yes/no columns; a primary refractory leukaemia has none.

    Examples
    --------
    >>> relapse_sites(pd.Series(["BM+CNS", "骨髓", "无"])).iloc[:, :3]  # doctest: +NORMALIZE_WHITESPACE
       site_bm  site_cns  site_testis
    0     True      True        False
    1     True     False        False
    2    False     False        False
    """
    text = stripped_or_missing(text)
    known = {bare_word(word): site for site, words in SITES.items() for word in words} | {
        bare_word(word): "" for word in NO_SITE
    }
    found = text.map(lambda cell: [known.get(bare_word(part), WRONG) for part in cell.split("+")], na_action="ignore")
    wrong = found.map(lambda sites: WRONG in sites, na_action="ignore").fillna(False).astype(bool)
    sites = {
        site: found.map(lambda sites, site=site: site in sites, na_action="ignore").astype("boolean").mask(wrong)
        for site in SITES
    }
    english = text.str.fullmatch(r"(?:BM|CNS|testis|other|none|\+)*").fillna(True)
    form = pd.Series("", index=text.index, dtype="object").mask(~english, "another word").mask(wrong, WRONG)
    return pd.DataFrame({**sites, "form": form})


def drug_names(text: pd.Series) -> pd.DataFrame:
    """Read a drug name as agent and salt: dosage-form words go, the salt is kept, because the dose is its mass.

    A label "(as base)" says that the dose is that of the base although the ampoule holds a salt. Salts are told for
    steroids only, where the milligrams are added up.

    Examples
    --------
    >>> drug_names(pd.Series(["注射用甲泼尼龙琥珀酸钠", "Dexamethasone sodium phosphate injection", "托珠单抗", "aspirin"]))  # doctest: +NORMALIZE_WHITESPACE
                    agent              salt          form
    0  methylprednisolone  sodium succinate  another word
    1       dexamethasone  sodium phosphate  another word
    2         tocilizumab              <NA>  another word
    3                <NA>              <NA>         wrong
    """
    text = stripped_or_missing(text)
    distinct = {cell: _drug(cell) for cell in text.dropna().unique()}
    agent = text.map(lambda cell: distinct[cell][0], na_action="ignore").astype("string")
    salt = text.map(lambda cell: distinct[cell][1], na_action="ignore").astype("string")
    return pd.DataFrame({"agent": agent, "salt": salt, "form": _forms(agent, text, "another word")["form"]})


def split_quantities(text: pd.Series, unit: pd.Series | str) -> pd.DataFrame:
    """Split "<2,5 ng/L" into sign, exact decimal number and unit.

    Parameters
    ----------
    text : Series of text
    unit : Series or str
        The unit where the cell itself has none; as a Series, a column of the file that a unit in the cell must not
        contradict.

    Returns
    -------
    DataFrame
        sign ("", "<" or ">"), number (Decimal), unit, form ("", "decimal comma", "trailing unit", both, "wrong").

    Examples
    --------
    >>> split_quantities(pd.Series(["12.5", "12,5", "<2.5 ng/L", "high"]), "pg/mL")  # doctest: +NORMALIZE_WHITESPACE
      sign number   unit           form
    0        12.5  pg/mL
    1        12.5  pg/mL  decimal comma
    2    <    2.5   ng/L  trailing unit
    3        None   None          wrong
    """
    text = stripped_or_missing(text)
    default = pd.Series(unit, index=text.index, dtype="object") if isinstance(unit, str) else stripped_or_missing(unit)
    pairs = list(zip(text, default, strict=True))
    found = {(cell, of): _quantity(cell, of, not isinstance(unit, str)) for cell, of in set(pairs)}
    return pd.DataFrame(
        [found[pair] for pair in pairs], columns=["sign", "number", "unit", "form"], index=text.index, dtype="object"
    )


def converted_units(text: pd.Series, unit: pd.Series | str, wanted: pd.Series | str) -> pd.DataFrame:
    """Read numbers and convert them exactly into the *wanted* unit.

    Returns
    -------
    DataFrame
        sign, value (float, in the wanted unit), form.

    Examples
    --------
    >>> converted_units(pd.Series(["1.2 mg/dL", "0.12%"]), "mg/L", pd.Series(["mg/L", "fraction"]))  # doctest: +NORMALIZE_WHITESPACE
      sign    value                          form
    0       12.0000  trailing unit; another unit
    1        0.0012  trailing unit; another unit
    """
    read = split_quantities(text, unit)
    wanted = pd.Series(wanted, index=text.index, dtype="object") if isinstance(wanted, str) else wanted
    factor = [FACTORS.get((of, to)) for of, to in zip(read["unit"], wanted, strict=True)]
    value = [
        float("nan") if number is None or by is None else float(number * Decimal(by))
        for number, by in zip(read["number"], factor, strict=True)
    ]
    wrong = [number is not None and by is None for number, by in zip(read["number"], factor, strict=True)]
    changed = read["unit"].notna() & (read["unit"] != wanted)
    form = read["form"].where(~changed, (read["form"] + "; another unit").str.removeprefix("; ")).mask(wrong, WRONG)
    return pd.DataFrame({"sign": read["sign"], "value": pd.Series(value, text.index, dtype="float64"), "form": form})


def read_numbers(text: pd.Series, unit: str) -> pd.DataFrame:
    """Read plain numbers (no "<" or ">") as *unit*, also where the cell names another.

    Examples
    --------
    >>> read_numbers(pd.Series(["27,5 kg", "31", "<30"]), "kg")  # doctest: +NORMALIZE_WHITESPACE
       value                         form
    0   27.5  decimal comma; trailing unit
    1   31.0
    2    NaN                        wrong
    """
    read = converted_units(text, unit, unit)
    signed = read["sign"].fillna("") != ""
    return pd.DataFrame({"value": read["value"].mask(signed), "form": read["form"].mask(signed, WRONG)})


def censored_values(text: pd.Series, unit: pd.Series, wanted: pd.Series) -> pd.DataFrame:
    """Read laboratory results: "<2.5" is left censored at 2.5, ">5000" right censored at 5000.

    The limit is kept as value and as limit; nothing is put in its place (no half limit, no zero).

    Returns
    -------
    DataFrame
        value, censored ("no", "left", "right"), limit, form.

    Examples
    --------
    >>> same = pd.Series(["pg/mL"] * 3)
    >>> censored_values(pd.Series(["7.1", "<2.5", ">5000"]), same, same)  # doctest: +NORMALIZE_WHITESPACE
        value censored   limit          form
    0     7.1       no     NaN
    1     2.5     left     2.5  below limit
    2  5000.0    right  5000.0  above limit
    """
    read = converted_units(text, unit, wanted)
    censored = read["sign"].map({"": "no", "<": "left", ">": "right"}).astype("string").mask(read["value"].isna())
    beyond = censored.map({"no": "", "left": "below limit", "right": "above limit"}).fillna("").astype("object")
    form = (read["form"] + "; " + beyond).str.strip("; ").mask(read["form"] == WRONG, WRONG)
    limit = read["value"].where(censored.isin(["left", "right"]))
    return pd.DataFrame({"value": read["value"], "censored": censored, "limit": limit, "form": form})


def doses_to_mg(text: pd.Series, unit: pd.Series | str, weight_kg: pd.Series) -> pd.DataFrame:
    """Read a dose in mg, g or mg/kg as mg given; per kilogram with the weight at infusion, to a tenth of a mg.

    Returns
    -------
    DataFrame
        dose_mg, form ("", "mg/kg", "another unit", ..., "wrong").

    Examples
    --------
    >>> doses_to_mg(pd.Series(["40 mg", "1,5 mg/kg", "0.04 g"]), "mg", pd.Series([27.0, 27.0, 27.0]))  # doctest: +NORMALIZE_WHITESPACE
       dose_mg                                form
    0     40.0                       trailing unit
    1     40.5  decimal comma; trailing unit; mg/kg
    2     40.0          trailing unit; another unit
    """
    read = split_quantities(text, unit)
    per_kg = read["unit"] == "mg/kg"
    mg = converted_units(text.mask(per_kg), unit, "mg")
    dose = mg["value"].mask(mg["sign"].fillna("") != "")
    for row in read.index[per_kg & weight_kg.notna() & (read["sign"] == "")]:
        dose[row] = float(round(read.loc[row, "number"] * Decimal(repr(float(weight_kg[row]))), 1))
    form = mg["form"].mask(per_kg, (read["form"] + "; mg/kg").str.removeprefix("; "))
    return pd.DataFrame({"dose_mg": dose, "form": form.mask(stripped_or_missing(text).notna() & dose.isna(), WRONG)})


def repeated_records(frame: pd.DataFrame, record: str) -> pd.Series:
    """Mark the repeats of a record: the same record number with the same content, however it was written.

    Returns
    -------
    Series of object
        "" for the first, "repeat" for an equal one after it, "wrong" where one number stands for two contents.

    Examples
    --------
    >>> repeated_records(pd.DataFrame({"record": ["a", "a", "b", "b"], "day": [1, 1, 2, 3]}), "record").tolist()
    ['', 'repeat', '', 'wrong']
    """
    again = frame.duplicated(record)
    same = frame.duplicated()
    return pd.Series("", index=frame.index, dtype="object").mask(again & same, "repeat").mask(again & ~same, WRONG)


def reading_examples(text: pd.Series, read: pd.DataFrame, rows: int = 4) -> pd.DataFrame:
    """Set a few cells as written beside what a rule reads in them: the first of each form, the most usual forms first.

    Examples
    --------
    >>> dates = pd.Series(["2019-03-05", "2019-03-06", "2019年3月5日"])
    >>> reading_examples(dates, parse_dates(dates))[["as written", "date", "form"]]  # doctest: +NORMALIZE_WHITESPACE
       as written       date     form
    0  2019-03-05 2019-03-05
    2  2019年3月5日 2019-03-05  Chinese
    """
    text = stripped_or_missing(text).reindex(read.index).dropna()
    read = read.loc[text.index]
    usual = read["form"].value_counts(sort=False).sort_index().sort_values(ascending=False, kind="stable").index[:rows]
    first = read.drop_duplicates("form")
    chosen = first.set_index(first["form"]).assign(row=first.index).loc[usual, "row"]
    return read.loc[chosen].assign(**{"as written": text.loc[chosen]})[["as written", *read.columns]]


def bare_word(cell: str) -> str:
    return re.sub(r"\s+", "", cell).casefold()


def _forms(value: pd.Series, text: pd.Series, changed: str) -> pd.DataFrame:
    form = pd.Series("", index=text.index, dtype="object")
    form = form.mask((text.astype("string") != value).fillna(False), changed)
    return pd.DataFrame({"value": value, "form": form.mask(text.notna() & value.isna(), WRONG)})


DRUG_WORDS = {bare_word(word): agent for agent, others in DRUGS.items() for word in (agent, *others)}
SALT_WORDS = {bare_word(word): salt for salt, chinese in SALTS.items() for word in (salt, chinese)}


def _drug(cell: str) -> tuple[str | None, str | None]:
    """Return agent and salt of one name; the agent is None if it is unknown."""
    name = bare_word(cell)
    as_base = any(bare_word(label) in name for label in AS_BASE)
    for word in (*AS_BASE, *FORM_WORDS):
        name = name.replace(bare_word(word), "")
    salt = "base"
    for word, found in SALT_WORDS.items():
        if word in name:
            name, salt = name.replace(word, ""), found
    agent = DRUG_WORDS.get(name)
    if agent not in STEROIDS:
        return agent, None
    return agent, "base" if as_base else salt


QUANTITY = re.compile(r"([<>＜＞]?)\s*(-?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?)\s*(.*)")
UNIT_WORDS = {bare_word(word): unit for unit, others in UNITS.items() for word in (unit, *others)}
# "m" and "M", "g" and "G" mean the same here; no unit differs from another by case alone


def _quantity(cell: object, unit: object, told: bool) -> tuple[str, Decimal | None, str | None, str]:
    if pd.isna(cell):
        return "", None, None, ""
    match = QUANTITY.fullmatch(str(cell))
    default = "" if pd.isna(unit) else UNIT_WORDS.get(bare_word(str(unit)))
    written = UNIT_WORDS.get(bare_word(match[3])) if match and match[3] else default
    if match is None or written is None or (told and default not in ("", written)):
        return "", None, None, WRONG
    forms = ["decimal comma"] * ("," in match[2]) + ["trailing unit"] * bool(match[3])
    sign = match[1].translate(str.maketrans("＜＞", "<>"))
    return sign, Decimal(match[2].replace(",", ".")), written, "; ".join(forms)
