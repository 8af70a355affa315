"""A file appears whole or not at all."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import paths
from helpers.paths import FORMULA, shielded_text, write_csv


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    target = paths.write_text(tmp_path / "a.txt", "old")
    with pytest.raises(TypeError), paths.atomic_writing(target) as handle:
        handle.writelines(["half", 1])
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_json_refuses_what_json_cannot_hold(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        paths.write_json(tmp_path / "a.json", {"p": float("nan")})
    assert list(tmp_path.iterdir()) == []


@given(
    st.text(st.characters(codec="utf-8"), max_size=12)
    | st.from_regex(r"['=+@\t\r\n-]{1,4}[a-z0-9]{0,3}", fullmatch=True)
)
def test_no_text_reaches_a_spreadsheet_as_a_formula_and_the_way_back_is_exact(text):
    safe = shielded_text(text)
    shielded = safe.startswith("'") and safe.lstrip("'").startswith(FORMULA)
    assert (safe[1:] if shielded else safe) == text
    assert not safe.startswith(("=", "@", "\t", "\r", "\n"))
    if safe.startswith(("+", "-")):
        float(safe)


def test_tables_are_shielded_and_numbers_stay_numbers(tmp_path):
    frame = pd.DataFrame({"=head": ["=1+1", "-3.5", None], "n": [-1.5, 2.0, np.nan]}, index=["@x", "y", "z"])
    shown = pd.read_csv(write_csv(tmp_path / "a.csv", frame, index=True), index_col=0)
    assert list(shown) == ["'=head", "n"]
    assert list(shown.index) == ["'@x", "y", "z"]
    assert shown["'=head"].tolist()[:2] == ["'=1+1", "-3.5"]
    assert shown["n"].tolist()[:2] == [-1.5, 2.0]
    as_they_are = pd.read_csv(write_csv(tmp_path / "b.csv", frame, shield=False))
    assert as_they_are["=head"].tolist()[:2] == ["=1+1", "-3.5"]
