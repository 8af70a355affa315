"""The log of a cleaning: how many rows each rule read, dropped, changed and kept, and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import pandas as pd

from helpers.cohort import cell_rules
from helpers.cohort.raw import EXTRACTS
from helpers.cohort.safe_words import safe_content
from helpers.cohort.schema import TABLES
from helpers.problems import Problem

LOG_COLUMNS = ("table", "file", "column", "rule", "reason", "action", "rows")


RAW_NAME = {
    "day": "date", "day_from": "date", "day_to": "date_to", "assessment_day": "date", "cutoff_day": "date",
    "infusion_year": "date", "dose_mg": "dose", "limit": "value",
}  # fmt: skip


ACTIONS = ("read", "dropped", "changed", "kept")


REASONS = {
    "another word": "read as the dictionary's word",
    "case and blanks": "identifier in capitals, blanks removed",
    "day first": "date read day first",
    "Chinese": "Chinese date read",
    "Excel serial": "Excel serial read as a date",
    "decimal comma": "decimal comma read as a point",
    "trailing unit": "unit taken out of the number's cell",
    "another unit": "converted into the dictionary's unit",
    "mg/kg": "dose per kg multiplied by the weight at infusion",
    "below limit": "below detection: left censored at the limit",
    "above limit": "above the upper limit: right censored at it",
}


@dataclass
class Log:
    """What was done (``lines``) and what cannot be read (``problems``)."""

    lines: list[tuple[str, str, str, str, str, str, int]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def note(self, table: str, name: str, rule: str, reason: str, action: str, rows: int, column: str = "") -> None:
        """Add a line unless no row is affected."""
        if rows:
            self.lines.append((table, EXTRACTS[name].file, column, rule, reason, action, int(rows)))

    def refuse(self, name: str, row: int | str, column: str, found: object, allowed: str) -> None:
        """Add a problem; the column is named as the file's own header names it."""
        heading = EXTRACTS[name].columns.get(column, column)
        self.problems.append(Problem("raw", row, heading, found, allowed, EXTRACTS[name].file))

    def read(
        self, table: str, name: str, column: str, text: pd.Series, result: pd.DataFrame, rule: str, allowed: str
    ) -> pd.DataFrame:
        """Count how the cells of *text* were written, list those that cannot be read, and hand *result* on."""
        self.note(table, name, rule, "a mark for missing left empty", "changed", cell_rules.missing_marks(text), column)
        written = Counter(form for forms in result["form"] for form in forms.split("; ") if form in REASONS)
        for form in sorted(written):
            self.note(table, name, rule, REASONS[form], "changed", written[form], column)
        for row in result.index[result["form"] == cell_rules.WRONG]:
            self.refuse(
                name, row, column, "an identifier" if column == "patient_id" else safe_content(text[row]), allowed
            )
        return result

    def frame(self) -> pd.DataFrame:
        """Return the lines as data, table by table: table, file, column, rule, reason, action (read/changed/dropped/kept), rows."""
        lines = pd.DataFrame(self.lines, columns=list(LOG_COLUMNS))
        lines = lines.groupby(list(LOG_COLUMNS[:-1]), sort=False, as_index=False)["rows"].sum()
        files = [extract.file for extract in EXTRACTS.values()]
        ranks = {"table": list(TABLES).index, "file": files.index, "action": ACTIONS.index}
        order = lines[list(ranks)].apply(lambda column: column.map(ranks[column.name]))
        return lines.loc[order.sort_values(list(ranks), kind="stable").index].reset_index(drop=True)
