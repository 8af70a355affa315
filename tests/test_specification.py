"""The examples of docs/specification.md, each a test: input tables on the page, derived columns on the page."""

import io
import re

import pandas as pd
import pytest

from helpers.cohort.derive import analyse
from helpers.cohort.read import read_cohort
from helpers.parameters import Parameters
from helpers.paths import DOCS, write_json

PAGE = (DOCS / "specification.md").read_text(encoding="utf-8")
FENCE = re.compile(r"^```(given|with|recorded|then) ?(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EVERYTHING = {
    "toxicity": ["CRS", "ICANS"],
    "treatments": ["glucocorticoids", "tocilizumab", "ruxolitinib"],
    "followup": ["relapse", "progression", "treatment failure", "death"],
}


def examples():
    for part in re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]:
        title, _, body = part.partition("\n")
        yield pytest.param(FENCE.findall(body), id=title)


def table(text):
    return pd.read_csv(io.StringIO(text), dtype="string", keep_default_na=False)


def read_given(blocks, folder):
    """Write the tables of an example as a cohort's folder, and read it as any cohort is read."""
    given = {name: table(text) for kind, name, text in blocks if kind == "given"}
    everyone = sorted({one for frame in given.values() for one in frame["patient_id"]})
    given.setdefault("patients", pd.DataFrame({"patient_id": everyone}))
    for name, frame in given.items():
        frame.assign(synthetic="true").to_csv(folder / f"{name}.csv", index=False)
    told = [line.split(": ") for kind, _, text in blocks if kind == "recorded" for line in text.splitlines()]
    recorded = {name: what.split(", ") for name, what in told} or {k: v for k, v in EVERYTHING.items() if k in given}
    about = {"name": "example", "origin": "day 0", "synthetic": True, "source": "invented", "licence": "CC0"}
    write_json(folder / "cohort.json", {**about, "recorded": recorded, "columns": {}})
    return read_cohort(folder)


@pytest.mark.parametrize("blocks", list(examples()))
def test_what_comes_of_it_stands_on_the_page(blocks, tmp_path):
    settings = [line for kind, _, text in blocks if kind == "with" for line in text.split()]
    frame = analyse(read_given(blocks, tmp_path), Parameters.from_settings(settings)).frame
    (expected,) = [table(text).set_index("patient_id") for kind, _, text in blocks if kind == "then"]
    for column in expected:
        if expected[column].eq("absent").all():
            assert column not in frame
            continue
        for patient, wanted in expected[column].items():
            found = frame.loc[patient, column]
            if wanted == "":
                assert pd.isna(found), f"{patient}, {column}: {found}"
            elif wanted in ("true", "false"):
                assert bool(found) == (wanted == "true"), f"{patient}, {column}: {found}"
            elif re.fullmatch(r"-?[\d.]+", wanted):
                assert float(found) == pytest.approx(float(wanted), abs=1e-6), f"{patient}, {column}: {found}"
            else:
                assert found == wanted, f"{patient}, {column}: {found}"


def test_the_page_has_an_example_for_each_rule():
    assert len(list(examples())) >= 10
    parts = re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]
    assert all({"given", "then"} <= {kind for kind, _, _ in FENCE.findall(part)} for part in parts)
