"""The stored reference values that estimators are held against."""

import pandas as pd

from helpers.paths import ROOT

FOLDER = ROOT / "tests" / "oracle"
EXACT = 1e-10


def oracle(name: str) -> pd.DataFrame:
    """Read ``tests/oracle/<name>.csv``; its first line, a comment, names the program and version that wrote it."""
    return pd.read_csv(FOLDER / f"{name}.csv", comment="#")
