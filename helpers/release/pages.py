"""The pages of a bundle: a few files of HTML that fetch nothing and run nothing, written from the released numbers alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import pandas as pd

EVERY = 12  # months between the rows of a curve's table
PAGES = {"index": "Released results", "patients": "Patients", "survival": "Survival", "models": "Models"}
STYLE = (
    "body{font:16px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}"
    "table{border-collapse:collapse;margin:1rem 0}caption{text-align:left;font-weight:bold}"
    "th,td{border-bottom:1px solid #ccc;padding:.2rem .7rem;text-align:left}img{max-width:100%}nav a{margin-right:1rem}"
)
NO_FETCHING = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'"


def pages_of(numbers: Mapping[str, Any], tables: Mapping[str, tuple[str, pd.DataFrame]]) -> dict[str, str]:
    """Write the pages of a bundle.

    Parameters
    ----------
    numbers : mapping
        Of :func:`helpers.release.released.released`.
    tables : mapping of str to (str, DataFrame)
        Title and cells of each table of the bundle, by name: counts, medians, comparisons, models.

    Returns
    -------
    dict of str to str
        HTML by file name; a page that would hold nothing is not made.

    Examples
    --------
    >>> about = {"synthetic": True, "patients": 120, "day_0": "infusion", "statement": "Counts are rounded."}
    >>> pages = pages_of({"about": about, "curves": []}, {"counts": ("Patients", pd.DataFrame({"n": ["<b>"]}))})
    >>> sorted(pages), "&lt;b&gt;" in pages["patients.html"]
    (['index.html', 'patients.html'], True)
    """
    parts = {
        "patients": [_table(*tables[name]) for name in ("counts", "medians") if name in tables],
        "survival": _survival(numbers) + [_table(*tables[name]) for name in ("comparisons",) if name in tables],
        "models": [_table(*tables[name]) for name in ("models",) if name in tables],
    }
    made = [name for name, part in parts.items() if part]
    about = numbers["about"]
    front = [
        f"<p>About {about['patients']} patients; day 0 is {escape(str(about['day_0']))}.</p>",
        f"<p>{escape(about['statement'])}</p>",
        "<ul>" + "".join(f'<li><a href="{name}.html">{PAGES[name]}</a></li>' for name in made) + "</ul>",
    ]
    pages = {"index": front, **{name: parts[name] for name in made}}
    return {f"{name}.html": _page(numbers, name, body, made) for name, body in pages.items()}


def words_of(numbers: Mapping[str, Any], endpoint: str) -> str:
    """Say a figure in words, from the numbers that it is drawn from."""
    parts = [
        f"{row['group']} {100 * row['survival'][-1]:.0f}% at month {row['month'][-1]}"
        for row in numbers["curves"]
        if row["endpoint"] == endpoint
    ]
    return f"{endpoint}, coarse curves by month: " + "; ".join(parts)


def _page(numbers: Mapping[str, Any], name: str, body: Sequence[str], made: Sequence[str]) -> str:
    links = " ".join(f'<a href="{page}.html">{PAGES[page]}</a>' for page in ("index", *made))
    mark = "<p><strong>Synthetic cohort: no real patient.</strong></p>" if numbers["about"]["synthetic"] else ""
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{PAGES[name]}</title>\n'
        f'<meta http-equiv="Content-Security-Policy" content="{NO_FETCHING}">\n'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head>\n'
        f"<body><nav>{links}</nav>\n<h1>{PAGES[name]}</h1>\n{mark}\n" + "\n".join(body) + "\n</body></html>\n"
    )


def _table(title: str, frame: pd.DataFrame) -> str:
    head = "".join(f'<th scope="col">{escape(str(name))}</th>' for name in frame)
    rows = "\n".join(
        "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in frame.to_numpy()
    )
    return (
        f"<table><caption>{escape(title)}</caption>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody></table>"
    )


def _survival(numbers: Mapping[str, Any]) -> list[str]:
    parts = []
    for endpoint in dict.fromkeys(row["endpoint"] for row in numbers["curves"]):
        rows = [
            (row["group"], month, f"{100 * survival:.0f}", at_risk)
            for row in numbers["curves"]
            if row["endpoint"] == endpoint
            for month, survival, at_risk in zip(row["month"], row["survival"], row["at_risk"], strict=True)
            if month % EVERY == 0
        ]
        frame = pd.DataFrame(rows, columns=["group", "month", f"{endpoint}, %", "at risk (rounded)"])
        parts += [
            f"<h2>{escape(endpoint)}</h2>",
            f'<p><img src="km_{escape(endpoint.lower())}.png" alt="{escape(words_of(numbers, endpoint))}"></p>',
            _table(f"{endpoint}, coarse, by year", frame),
        ]
    return parts
