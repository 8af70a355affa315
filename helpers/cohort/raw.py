"""The hospital extracts in data/raw: which files, which columns, how each file is written, and reading them as text."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from types import MappingProxyType

import openpyxl
import pandas as pd
from openpyxl.utils.exceptions import InvalidFileException

from helpers.problems import InputError, Problem

FLAG = "SYNTHETIC"
LARGEST_MB = 64  # of a file, and of what a workbook holds once unpacked


@dataclass(frozen=True)
class Extract:
    """One file as the hospital hands it over.

    Parameters
    ----------
    file : str
    origin : str
        Which department and program it stands for.
    columns : mapping of str to str
        Our name of each column -> its heading; of the workbook "group | heading", from its two header rows.
    encoding, separator : str
    header_rows : int
    optional : bool
        Whether the hospital may have nothing to hand over.
    """

    file: str
    origin: str
    columns: Mapping[str, str]
    encoding: str = "utf-8-sig"
    separator: str = ","
    header_rows: int = 1
    optional: bool = False


EXTRACTS: Mapping[str, Extract] = MappingProxyType(
    {
        "registry": Extract(
            "SYNTHETIC_registry.xlsx",
            "transplant registry, one row per CAR T-cell infusion; Excel, two header rows, merged groups",
            {
                "record": "登记 Registry | 序号 no.",
                "flag": "登记 Registry | 数据性质 data",
                "patient_id": "登记 Registry | 患者编号 patient",
                "sex": "基本信息 Basics | 性别 sex",
                "age_years": "基本信息 Basics | 年龄 age",
                "weight_kg": "基本信息 Basics | 体重 weight",
                "height_cm": "基本信息 Basics | 身高 height",
                "date": "回输 Infusion | 日期 date",
                "car_target": "回输 Infusion | 靶点 target",
                "car_origin": "回输 Infusion | 来源 source",
                "car_dose_e6_per_kg": "回输 Infusion | 剂量 dose (10^6/kg)",
                "prior_car_elsewhere": "回输 Infusion | 外院CAR-T CAR T elsewhere before",
                "in_other_trial": "回输 Infusion | 其他临床试验 other trial",
                "disease_status": "病史 History | 疾病状态 status",
                "n_relapses": "病史 History | 复发次数 relapses",
                "sites": "病史 History | 复发部位 site",
                "prior_transplant": "病史 History | 既往移植 transplant",
                "blast_prelymphodepletion_pct": "清淋前骨髓 Marrow before lymphodepletion | 原始细胞 blasts (%)",
                "mrd_prelymphodepletion": "清淋前骨髓 Marrow before lymphodepletion | MRD",
                "mrd_method": "清淋前骨髓 Marrow before lymphodepletion | 方法 method",
                "blast_preinfusion_pct": "回输前骨髓 Marrow before infusion | 原始细胞 blasts (%)",
            },
            header_rows=2,
        ),
        "toxicity": Extract(
            "SYNTHETIC_crs_icans.csv",
            "CRS and ICANS, one row per interval at one grade, kept by the study nurse",
            {
                "record": "record",
                "flag": "data",
                "patient_id": "patient",
                "event": "event",
                "episode_id": "episode",
                "date": "from",
                "date_to": "to",
                "grade": "grade",
                "grading_system": "criteria",
                "resolved": "resolved",
            },
        ),
        "drugs_ward": Extract(
            "SYNTHETIC_drugs_ward.csv",
            "orders carried out on the ward, Chinese hospital information system, GB18030",
            {
                "record": "医嘱号",
                "flag": "数据性质",
                "patient_id": "患者编号",
                "drug": "药品名称",
                "dose": "剂量",
                "unit": "单位",
                "route": "途径",
                "date": "执行时间",
                "indication": "用药指征",
            },
            encoding="gb18030",
        ),
        "drugs_icu": Extract(
            "SYNTHETIC_drugs_icu.csv",
            "administrations in intensive care, separated by semicolons, dates day first, unit within the dose",
            {
                "record": "order",
                "flag": "data",
                "patient_id": "patient",
                "drug": "drug",
                "dose": "dose",
                "route": "route",
                "date": "given (dd/mm/yyyy)",
                "indication": "indication",
            },
            separator=";",
        ),
        "labs": Extract(
            "SYNTHETIC_laboratory.csv",
            "laboratory, one row per result: CRP, PCT, cytokine kit",
            {
                "record": "sample_record",
                "flag": "data",
                "patient_id": "patient",
                "date": "sampled",
                "analyte": "test",
                "value": "result",
                "unit": "unit",
            },
        ),
        "response": Extract(
            "SYNTHETIC_response.csv",
            "day 30 marrow assessment",
            {
                "record": "record",
                "flag": "data",
                "patient_id": "patient",
                "date": "assessed",
                "day30_response": "response",
                "mrd_day30": "MRD",
                "reason_not_done": "reason not done",
            },
        ),
        "followup": Extract(
            "SYNTHETIC_followup.csv",
            "follow-up clinic, one row per person",
            {
                "record": "record",
                "flag": "data",
                "patient_id": "patient",
                "relapse_day": "relapse",
                "progression_day": "progression",
                "treatment_failure_day": "treatment failure",
                "transplant_day": "transplantation",
                "death_day": "death",
                "death_cause": "cause of death",
                "last_assessment_day": "last marrow",
                "last_contact_day": "last contact",
                "censor_reason": "why no longer followed",
            },
        ),
        "exposures": Extract(
            "SYNTHETIC_exposures.csv",
            "other events with a date (GVHD, transplantation, ...)",
            {"record": "record", "flag": "data", "patient_id": "patient", "exposure": "what", "date": "since"},
            optional=True,
        ),
        "queries": Extract(
            "SYNTHETIC_queries.csv",
            "answers of the hospital to queries about single cells",
            {
                "record": "record",
                "flag": "data",
                "file": "file",
                "column": "column",
                "found": "found",
                "corrected": "corrected",
            },
        ),
    }
)


def read_extracts(folder: str | Path) -> tuple[dict[str, pd.DataFrame], list[Problem]]:
    """Read every extract in *folder* as text; the index is the row as a person counts it in the file.

    Returns
    -------
    frames : dict of str to DataFrame
        By the names of :data:`EXTRACTS`; files that cannot be read are left out.
    problems : list of Problem
        Absent, empty, binary or wrongly encoded files, absent columns, rows that do not say SYNTHETIC.

    Examples
    --------
    >>> frames, problems = read_extracts("no/such/folder")
    Traceback (most recent call last):
    helpers.problems.InputError: 1 problem:
      raw folder: found 'no such folder'; allowed: an existing folder of hospital extracts
    """
    folder = Path(folder)
    if not folder.is_dir():
        found = "not a folder" if folder.exists() else "no such folder"
        raise InputError([Problem("raw folder", "", "", found, "an existing folder of hospital extracts")])
    frames, problems = {}, []
    for name, extract in EXTRACTS.items():
        path = folder / extract.file
        if not path.exists() and extract.optional:
            continue
        frame = _read(path, extract, problems)
        if frame is not None:
            frames[name] = frame
    return frames, problems


def _read(path: Path, extract: Extract, problems: list[Problem]) -> pd.DataFrame | None:
    def refuse(found: object, allowed: str, column: str = "", row: int | str = "") -> None:
        problems.append(Problem("raw", row, column, found, allowed, path.name))

    if not path.exists():
        return refuse("no such file", extract.origin)
    if not path.is_file():
        return refuse("not an ordinary file", extract.origin)
    if _megabytes(path) > LARGEST_MB:
        return refuse(f"more than {LARGEST_MB} MB", f"a file that holds at most {LARGEST_MB} MB")
    try:
        frame = _workbook(path) if path.suffix == ".xlsx" else _text(path, extract)
    except UnicodeDecodeError:
        return refuse("another encoding, or a binary file", f"text in {extract.encoding}")
    except (pd.errors.EmptyDataError, IndexError):
        return refuse("an empty file", "a header and rows")
    except pd.errors.ParserError as error:
        row = re.search(r"in line (\d+)", str(error))
        found = "more cells than the header, or a quotation mark that is not closed"
        return refuse(found, "as many cells in each row as the header has", row=int(row[1]) if row else "")
    except (zipfile.BadZipFile, InvalidFileException, KeyError):
        return refuse("not an Excel workbook", "an .xlsx file")
    headings = {heading: name for name, heading in extract.columns.items()}
    absent = [heading for heading in headings if heading not in frame]
    for heading in absent:
        refuse("no such column", f"the column {heading}", heading)
    if absent:
        return None
    frame = frame[list(headings)].rename(columns=headings)
    frame.index = pd.RangeIndex(extract.header_rows + 1, extract.header_rows + 1 + len(frame))
    for row in frame.index[~frame["flag"].str.startswith(FLAG).fillna(False)]:
        refuse("a row without the mark", f"a row marked {FLAG}", extract.columns["flag"], row)
    return frame.drop(columns="flag")


def _megabytes(path: Path) -> float:
    """Return the size of a file, of a workbook that of its contents: a small one can hold a million rows."""
    size = path.stat().st_size
    if path.suffix == ".xlsx" and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as book:
            size = max(size, sum(part.file_size for part in book.infolist()))
    return size / 1e6


def _text(path: Path, extract: Extract) -> pd.DataFrame:
    content = path.read_bytes()
    if b"\0" in content:
        raise UnicodeDecodeError(extract.encoding, b"", 0, 0, "binary")
    return pd.read_csv(
        BytesIO(content),
        sep=extract.separator,
        encoding=extract.encoding,
        dtype="string",
        keep_default_na=False,
        na_values=[""],
        skip_blank_lines=False,
    )


def _workbook(path: Path) -> pd.DataFrame:
    """Read the first sheet; the two header rows become "group | heading", a merged group holding for all its columns."""
    rows = list(openpyxl.load_workbook(path, data_only=True).worksheets[0].iter_rows(values_only=True))
    groups = pd.Series(rows[0], dtype="object").ffill()
    headings = [f"{group} | {heading}" for group, heading in zip(groups, rows[1], strict=True)]
    return pd.DataFrame([[_cell(cell) for cell in row] for row in rows[2:]], columns=headings, dtype="string")


def _cell(cell: object) -> object:
    """Write a cell as text: a date as ISO, a number by its shortest exact form (a serial stays a number)."""
    if cell is None:
        return pd.NA
    if isinstance(cell, dt.datetime):
        return cell.strftime("%Y-%m-%d") if cell.time() == dt.time() else cell.strftime("%Y-%m-%d %H:%M")
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
