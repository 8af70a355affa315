"""The files of the made-up hospital: text in the encoding of its department, a workbook that does not tell when it was made."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import openpyxl
import pandas as pd

from helpers import paths
from helpers.cohort.raw import EXTRACTS, FLAG

EPOCH = (1980, 1, 1, 0, 0, 0)


def write_extract(path: Path, name: str, frame: pd.DataFrame) -> Path:
    """Write an extract in the encoding and form of its department; every row says SYNTHETIC."""
    extract = EXTRACTS[name]
    mark = f"{FLAG} 合成数据" if extract.encoding == "gb18030" else FLAG
    frame = frame.assign(flag=mark)[list(extract.columns)]
    content = _workbook(frame, extract.columns) if path.suffix == ".xlsx" else delimited(frame, extract)
    with paths.atomic_writing(path, "wb") as handle:
        handle.write(content)
    return path


def delimited(frame: pd.DataFrame, extract: object) -> bytes:
    """Write a frame as text with the separator, headings and encoding of its department."""
    text = frame.rename(columns=extract.columns).to_csv(index=False, sep=extract.separator, lineterminator="\r\n")
    return text.encode(extract.encoding)


def _workbook(frame: pd.DataFrame, headings: Mapping[str, str]) -> bytes:
    """Write the registry sheet: two header rows, the first with merged groups; nothing in the file tells the time."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = f"{FLAG} registry"
    pairs = [heading.split(" | ") for heading in headings.values()]
    sheet.append([group if at == 0 or pairs[at - 1][0] != group else None for at, (group, _) in enumerate(pairs)])
    sheet.append([heading for _, heading in pairs])
    for start, (group, _) in enumerate(pairs, 1):
        end = start + sum(1 for other, _ in pairs[start - 1 :] if other == group) - 1
        if sheet.cell(1, start).value is not None and end > start:
            sheet.merge_cells(start_row=1, end_row=1, start_column=start, end_column=end)
    for row in frame.itertuples(index=False):
        sheet.append([None if pd.isna(cell) or cell == "" else cell for cell in row])
    book.properties.creator = FLAG
    buffer = BytesIO()
    book.save(buffer)
    return _timeless(buffer.getvalue())


def _timeless(content: bytes) -> bytes:
    """Set every time inside a workbook to one moment, so that equal sheets are equal bytes."""
    buffer = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "docProps/core.xml":
                data = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"2024-08-01T00:00:00Z", data)
            info = zipfile.ZipInfo(name, EPOCH)
            info.external_attr = 0o644 << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(info, data)
    return buffer.getvalue()
