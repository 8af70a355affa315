"""The domains of CDISC's SDTM (DM, EX, LB, AE, CM, RS): what each variable is, where the standard has the same thing several times."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from helpers.importing.code_words import meaning
from helpers.importing.facts import Facts
from helpers.importing.headings import target_of
from helpers.importing.mapping import ColumnMap
from helpers.importing.plain_words import bare
from helpers.importing.questions import ask_about
from helpers.importing.sheet import code_text
from helpers.importing.table import Table
from helpers.importing.units import day_in
from helpers.importing.word_lists import STATUS_NAMES

# what a row is; then, by target, the variables that could hold it, the better first
DOMAINS: dict[str, tuple[str, dict[str, tuple[str, ...]]]] = {
    "DM": ("patient", {"patient": ("USUBJID",), "followup.contact_date": ("RFPENDTC",), "followup.death_date": ("DTHDTC",), "birth": ("BRTHDTC",), "leave out": ("SUBJID", "RFENDTC", "RFXENDTC", "RFICDTC", "DMDTC", "DMDY")}),
    "EX": ("infusion", {"patient": ("USUBJID",), "rows": ("EXTRT",), "origin": ("EXSTDTC",), "patients.car_dose_e6_per_kg": ("EXDOSE",)}),
    "LB": ("measurement", {"patient": ("USUBJID",), "labs.analyte": ("LBTESTCD", "LBTEST"), "labs.value": ("LBSTRESC", "LBSTRESN", "LBORRES"), "labs.unit": ("LBSTRESU", "LBORRESU"), "date": ("LBDTC",), "day": ("LBDY",)}),
    "AE": ("event", {"patient": ("USUBJID",), "toxicity.event": ("AEDECOD", "AETERM"), "toxicity.grade": ("AETOXGR",), "date": ("AESTDTC",), "until": ("AEENDTC", "AEENDY"), "day": ("AESTDY",)}),
    "CM": ("administration", {"patient": ("USUBJID",), "treatments.agent": ("CMDECOD", "CMTRT"), "treatments.dose": ("CMDOSE",), "treatments.dose_unit": ("CMDOSU",), "treatments.route": ("CMROUTE",), "treatments.indication": ("CMINDC",), "date": ("CMSTDTC",), "until": ("CMENDTC", "CMENDY"), "day": ("CMSTDY",), "": ("CMDOSFRQ",)}),
    "ADRS": ("patient", {"patient": ("USUBJID",), "rows": ("AVISIT", "ADY"), "response.day30_response": ("AVALC",), "response.assessment_date": ("ADT",)}),
    "RS": ("patient", {"patient": ("USUBJID",), "rows": ("VISIT", "RSDY"), "response.day30_response": ("RSSTRESC", "RSORRES"), "response.assessment_date": ("RSDTC",)}),
}  # fmt: skip
CELLS = re.compile(r"car\b|car[- ]?t|cells?\b|leucel|ctl0?19|cd19|cd22|回输", re.IGNORECASE)
ARMS = ("ACTARM", "ARM")
NOT_TREATED = re.compile(r"screen(ing)? ?fail|scrnfail|not treated|not assigned|nottrt|notassgn", re.IGNORECASE)
FIRST_DAY, LAST_DAY = 21, 42  # of a response that is that of day 30


def domain_of(table: Table, file: str) -> str:
    """Find the domain of SDTM that a table is, by its column DOMAIN, else by the file's name; empty for another table."""
    by_name = {column.name.upper(): column for column in table.columns}
    if "USUBJID" not in by_name:
        return ""
    if {"AVALC", "AVISIT", "PARAMCD"} <= set(by_name) and "CNSR" not in by_name:
        return (
            "ADRS" if sum(map(_is_response, map(str, by_name["AVALC"].cells))) * 2 > len(by_name["AVALC"].cells) else ""
        )
    said = {code_text(cell).upper() for cell in by_name["DOMAIN"].cells if cell} if "DOMAIN" in by_name else set()
    name = said.pop() if len(said) == 1 else re.sub(r"\.\w+$", "", file).upper()
    own = {one for names in DOMAINS[name][1].values() for one in names} - {"USUBJID"} if name in DOMAINS else set()
    return name if own & set(by_name) else ""


def _is_response(text: str) -> bool:
    return bool(meaning(text, "response"))


OF_VISITS = {"", "patient", "date", "day", "sample", "response.day30_response", "response.assessment_date"}


def _is_vital(facts: Facts) -> bool:
    """Tell whether a column says who is alive: then its rows are more than responses."""
    vital = all(meaning(code, "vital") and not _is_response(code) for code in facts.counts)
    return bool(facts.counts) and (bare(facts.column.name) in STATUS_NAMES or vital)


def prefer_signed_results(facts: list[Facts]) -> list[Facts]:
    """Take ADaM's AVALC for the result where it says what AVAL leaves empty: results below or above a limit."""
    by_name = {one.column.name.upper(): one for one in facts}
    plain, signed = by_name.get("AVAL"), by_name.get("AVALC")
    if plain is None or signed is None or not signed.is_mostly_number or len(signed.filled) <= len(plain.filled):
        return facts
    roles = {"AVAL": "leave out", "AVALC": "labs.value"}
    return [replace(one, role=roles.get(one.column.name.upper(), one.role)) for one in facts]


def name_visits(facts: list[Facts]) -> list[Facts]:
    """Find, in a table with a row per visit, the response and the visit of day 30, where the visits are told by a column."""
    targets = [target_of(one.column.name)[0] for one in facts]
    keys = next((one for one, to in zip(facts, targets, strict=True) if to == "patient"), None)
    if keys is None or len(keys.counts) == len(keys.filled) or set(targets) - OF_VISITS or any(map(_is_vital, facts)):
        return facts
    visits = [
        one
        for one in facts
        if not one.is_number and sum(map(is_day_30, one.counts)) and not all(map(is_day_30, one.counts))
    ]
    responses = [
        one
        for one in facts
        if one.counts
        and sum(_is_response(code) * count for code, count in one.counts.items()) > 0.6 * len(one.filled)
        and one.safe_codes()
    ]
    if len(visits) != 1 or len(responses) != 1 or visits[0] is responses[0]:
        return facts
    dates = [one for one in facts if one.is_date]
    roles = {id(visits[0]): "rows", id(responses[0]): "response.day30_response"}
    roles |= {id(dates[0]): "response.assessment_date"} if len(dates) == 1 else {}
    return _apart([replace(one, role=roles.get(id(one), one.role)) for one in facts], "RS", None)


def give_roles(facts: list[Facts], domain: str, infused: bool) -> list[Facts]:
    """Tell each variable of a domain its role; what the standard has twice is read once.

    Parameters
    ----------
    facts : list of Facts
    domain : str
    infused : bool
        Whether a domain EX beside it says when the cells were infused; else the reference start of DM is day 0.
    """
    _, wanted = DOMAINS[domain]
    by_name = {one.column.name.upper(): one for one in facts}
    roles = dict.fromkeys(by_name, "leave out") if domain != "DM" else {}
    for target, names in wanted.items():
        there = [name for name in names if name in by_name and by_name[name].filled]
        best = _best([by_name[name] for name in there], target)
        if target == "day" and "date" in roles.values():
            continue  # study days count from the first dose of any drug, the dates do not
        roles |= dict.fromkeys(there, "leave out") | ({best.column.name.upper(): target} if best else {})
    if domain == "DM" and not infused:
        start = next((name for name in ("RFXSTDTC", "RFSTDTC") if name in by_name), "")
        roles |= {start: "origin"}
    elif domain == "DM":
        roles |= dict.fromkeys(("RFXSTDTC", "RFSTDTC"), "leave out")
    arm = next((name for name in ARMS if name in by_name), "")
    if domain == "DM" and arm and not all(is_kept(code, "DM") for code in by_name[arm].counts):
        roles |= {arm: "rows"}
    if astct := next((name for name, one in by_name.items() if "ASTCT" in f"{name} {one.told}".upper()), ""):
        roles |= {"AETOXGR": "leave out", astct: "toxicity.grade"}
    return _apart(
        [replace(one, role=roles.get(one.column.name.upper(), "")) for one in facts], domain, by_name.get("EXDOSU")
    )


def _best(found: list[Facts], target: str) -> Facts | None:
    """Choose among variables that could hold the same: the one whose cells say it."""
    fits: Callable[[Facts], bool] = {
        "labs.analyte": lambda one: bool(one.names_analytes),
        "labs.value": lambda one: one.is_mostly_number,
        "toxicity.event": lambda one: one.names_syndromes or one.has_syndromes,
        "treatments.agent": lambda one: one.names_drugs,
        "rows": lambda one: any(is_day_30(code) for code in one.counts) or len(found) == 1,
    }.get(target, lambda one: True)
    return next((one for one in found if fits(one)), found[0] if found else None)


def is_day_30(visit: str) -> bool:
    """Tell whether a visit or a study day is that of the response at day 30.

    Examples
    --------
    >>> is_day_30("DAY 28"), is_day_30("Month 1"), is_day_30("29"), is_day_30("MONTH 3"), is_day_30("Day 100")
    (True, True, True, False, False)
    """
    if re.fullmatch(r"\d+", visit.strip()):
        return FIRST_DAY <= int(visit) <= LAST_DAY
    if re.fullmatch(r"(month|m|mo)[ _-]?0?1|1 ?(month|mo|m)", visit.strip().lower()):
        return True
    day = day_in(visit)
    return day is not None and FIRST_DAY <= day <= LAST_DAY


def _apart(facts: list[Facts], domain: str, unit: Facts | None) -> list[Facts]:
    """Judge the variables of EX and RS by the rows that are kept: infusions of cells, the visit of day 30."""
    rows = next((one for one in facts if one.role == "rows"), None)
    if rows is None:
        return facts
    kept = [cell is not None and is_kept(code_text(cell), domain) for cell in rows.column.cells]
    if not any(kept):
        return facts
    units = {code_text(cell) for cell, keep in zip(unit.column.cells, kept, strict=True) if keep and cell} if unit else set()  # fmt: skip
    done = []
    for one in facts:
        if one.role == "rows":
            done.append(one)
            continue
        cells = [cell for cell, keep in zip(one.column.cells, kept, strict=True) if keep]
        title = f"{one.column.title} ({units.copy().pop()})" if one.role.endswith("dose_e6_per_kg") and len(units) == 1 else one.column.title  # fmt: skip
        done.append(replace(one, column=replace(one.column, cells=cells, title=title)))
    return done


def is_kept(code: str, domain: str) -> bool:
    """Tell whether a row of EX is an infusion of cells, one of DM a patient who was treated, or one of RS the response at day 30."""
    if domain == "DM":
        return NOT_TREATED.search(code) is None
    return bool(CELLS.search(code)) if domain == "EX" else is_day_30(code)


def recognise_rows(base: ColumnMap, facts: Facts) -> ColumnMap:
    """Propose which rows of a domain count, and ask."""
    domain = {"EXTRT": "EX", **dict.fromkeys(ARMS, "DM")}.get(base.column.upper(), "RS")
    base.to, base.counts = "rows", dict(sorted(facts.counts.items()))
    found = [code for code in base.counts if is_kept(code, domain)]
    base.codes = {code: "keep" if code in found or not found else "leave out" for code in base.counts}
    what = {"EX": "infusions of cells", "DM": "patients who were treated"}.get(domain, "of the response at day 30")
    base.reason = f"which rows are {what}"
    kept = sum(base.counts[code] for code in found)
    if not found:
        return ask_about(base, [f"`codes`: nothing says which rows are {what}: all are kept; right?"])
    if len(found) < len(base.counts):
        others = sum(base.counts.values()) - kept
        ask_about(base, [f"`codes`: {kept} rows are {what}; {others} others are left out; right?"])
    return base
