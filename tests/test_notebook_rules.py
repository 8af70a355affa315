"""What design.md asks of every notebook, as far as a program can tell; each rule is itself shown to fail."""

from __future__ import annotations

import ast
import base64
import copy
import hashlib
import io
import re
from pathlib import Path

import nbformat
import pytest
from PIL import Image, PngImagePlugin

from helpers.display.notebook import DRAWN
from helpers.parameters import Parameters
from helpers.paths import NOTEBOOKS, ROOT

FOUND = sorted(NOTEBOOKS.glob("*.ipynb"))
CEILING = 12
IMPORTS = 15
FEWEST, MOST = 20, 60  # cells; short cells, each standing or falling alone, make more of them
LARGEST = 2_000_000
SKIPS = {"nbval-skip", "nbval-ignore-output"}
BANNED = {
    "installs from a cell": r"^\s*[!%]\s*(pip|conda)\b",
    "runs a shell command": r"^\s*[!]",
    "silences warnings": r"filterwarnings\(\s*[\"']ignore",
    "uses a relative data path": r"\.\./data",
    "has a test switch": r"^\s*if TEST\b",
    "reaches for the network": r"\b(requests|urllib|httpx)\b|https?://[^\s\"')]*\.(csv|json|zip)\b",
    "defines a class": r"^\s*class\s",
    "ends a line with a semicolon": r";\s*$",
}
LEAKS = {
    "a path of this machine": r"(?<![\w/.])/(home|work|tmp|root|Users|mnt|private)/",
    "a memory address": r"\bat 0x[0-9a-f]{6,}",
    "a kernel's file": r"ipykernel_\d+",
}
TWO_NAMES = (
    "Benjamini-Hochberg", "Fine-Gray", "Freeman-Halton", "Hodges-Lehmann", "Kaplan-Meier", "Kolmogorov-Smirnov", "Mann-Whitney",
    "Mantel-Haenszel", "Simon-Makuch", "Non-GC", "Non-TCZ", "Non-RUX",
)  # fmt: skip
"""Spellings beside the one in use: two people are joined by a dash, who was not given a drug is "no GC"."""
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
SPEAKS = re.compile(r"\b(print|say|points|show|compare|agree)\(|\bassert\b")


def problems(notebook: nbformat.NotebookNode) -> list[str]:
    """List every rule that *notebook* breaks."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    found = _whole(notebook, code)
    for number, cell in enumerate(code, start=1):
        found += [f"code cell {number}: {line}" for line in _cell(cell, number)]
    found += _parameters(code)
    if "open_page(" in "".join(cell.source for cell in code):
        found += _pictures(code)
    found += _order(notebook, code)
    found += _names(notebook, code)
    return found


def _whole(notebook: nbformat.NotebookNode, code: list) -> list[str]:
    found = []
    if notebook.metadata.get("kernelspec", {}).get("name") != "python3":
        found.append("kernelspec is not python3")
    found += [f"{key} in the metadata" for key in ("papermill", "widgets") if key in notebook.metadata]
    if not FEWEST <= len(notebook.cells) <= MOST:
        found.append(f"{len(notebook.cells)} cells, not {FEWEST} to {MOST}")
    counts = [cell.execution_count for cell in code]
    if counts != list(range(1, len(code) + 1)):
        found.append(f"run counts are not 1 to {len(code)}")
    return found


def _cell(cell: nbformat.NotebookNode, number: int) -> list[str]:
    tags = set(cell.metadata.get("tags", []))
    lines = [line for line in cell.source.splitlines() if line.strip()]
    found = [what for what, pattern in BANNED.items() if re.search(pattern, cell.source, re.MULTILINE)]
    found += [f"{key} in the metadata" for key in ("papermill", "execution", "ExecuteTime") if key in cell.metadata]
    most = IMPORTS if number == 1 else CEILING
    if len(lines) > most and "parameters" not in tags:
        found.append(f"{len(lines)} lines, more than {most}")
    if tags & SKIPS and not (lines and lines[0].startswith("# ") and len(lines[0].split()) > 4):
        found.append("is skipped without a reason in its first line")
    found += _definitions(cell.source) + _outputs(cell)
    return found


def _definitions(source: str) -> list[str]:
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return ["is not plain Python"]
    long = [node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and _length(node) > 6]
    return [f"def {name} is over 6 lines" for name in long]


def _length(node: ast.FunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _outputs(cell: nbformat.NotebookNode) -> list[str]:
    found = []
    for output in cell.outputs:
        if output.output_type == "error":
            found.append("stored an error")
        if output.get("name") == "stderr":
            found.append("stored stderr")
        text = _text(output)
        found += [f"output shows {what}" for what, pattern in LEAKS.items() if re.search(pattern, text)]
    return found


def _text(output: nbformat.NotebookNode) -> str:
    data = output.get("data", {})
    return "\n".join([str(output.get("text", "")), *(str(v) for k, v in data.items() if not k.startswith("image/"))])


def _pictures(code: list) -> list[str]:
    """Hold each stored picture to the numbers that it was drawn from, and to its own bytes."""
    found = []
    for cell in code:
        for output in cell.outputs:
            data = output.get("data", {})
            if "image/png" in data:
                picture = base64.b64decode(data["image/png"])
                told = data.get("text/plain", "").rpartition(f"{DRAWN}: ")[2]
                if hashlib.sha256(picture).hexdigest() != output.metadata.get("picture"):
                    found.append("holds a picture that is not the one drawn")
                elif Image.open(io.BytesIO(picture)).text.get(DRAWN) != told:
                    found.append("holds a picture of other numbers than its text")
    return found


def _parameters(code: list) -> list[str]:
    tagged = [i for i, cell in enumerate(code) if "parameters" in cell.metadata.get("tags", [])]
    if len(tagged) != 1:
        return [f"{len(tagged)} cells tagged parameters, not one"]
    at, found = tagged[0], []
    later = "\n".join(cell.source for cell in code[at + 1 :])
    for line in filter(str.strip, code[at].source.splitlines()):
        found += [f"parameters: {problem}" for problem in _parameter(line, later)]
    builds = ("page = open_page(globals())", "parameters = Parameters.of(globals())")
    if at + 1 >= len(code) or not code[at + 1].source.startswith(builds):
        found.append("the cell after parameters does not build the model")
    return found


def _parameter(line: str, later: str) -> list[str]:
    """Check one line ``name: type = literal  # meaning, unit`` against the model."""
    try:
        body = ast.parse(line).body
    except SyntaxError:
        body = []
    if len(body) != 1 or not isinstance(body[0], ast.AnnAssign) or "  # " not in line:
        return [f"{line!r} is not 'name: type = literal  # meaning, unit'"]
    name, field = ast.unparse(body[0].target), Parameters.model_fields.get(ast.unparse(body[0].target))
    try:
        default = ast.literal_eval(body[0].value)
    except (ValueError, TypeError):
        return [f"{name} is no literal"]
    if field is None:
        return [f"{name} is not in the model"]
    found = []
    if default != field.default or type(default) is not type(field.default):
        found.append(f"{name} = {default!r}, but the model's default is {field.default!r}")
    unit = (field.json_schema_extra or {}).get("unit", "").split(" ")[0]
    if unit and unit not in line.split("  # ", 1)[1]:
        found.append(f"{name} says nothing of its unit, {unit}")
    if not re.search(rf"\b{name}\b", later) and name not in _read_by_helpers():
        found.append(f"{name} is read nowhere")
    return found


def _read_by_helpers() -> set[str]:
    text = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "helpers").rglob("*.py"))
    return set(re.findall(r"\bparameters\.(\w+)", text)) | set(re.findall(r'depends=\("(\w+)",\)', text))


def _order(notebook: nbformat.NotebookNode, code: list) -> list[str]:
    found, prose = [], [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    if notebook.cells[0].cell_type != "markdown" or not notebook.cells[0].source.startswith("# "):
        found.append("does not open with a title")
    for heading in ("What this shows and does not show", "References"):
        if not any(re.search(rf"^#+ {heading}", text, re.MULTILINE) for text in prose):
            found.append(f"has no section '{heading}'")
    if "synthetic" not in "\n".join(prose).lower():
        found.append("does not say that the default cohort is synthetic")
    if not code or not re.search(r"\bversions\(|version", code[-1].source):
        found.append("does not end in the versions")
    for cell, after in zip(code, [*code[1:], None], strict=True):
        if re.search(r"\bplot_\w+\(", cell.source) and (after is None or not SPEAKS.search(after.source)):
            found.append(f"no numbers follow the figure of code cell {cell.execution_count}")
    run = 0
    for cell in notebook.cells:
        run = run + 1 if cell.cell_type == "code" else 0
        if run > 4:
            found.append(f"five code cells in a row up to number {cell.execution_count}")
    return found


def _names(notebook: nbformat.NotebookNode, code: list) -> list[str]:
    """See that no imported name gets a second meaning, and that a method or group has one spelling in what a reader sees."""
    imports = [node for node in ast.walk(_tree(code[0].source)) if isinstance(node, ast.Import | ast.ImportFrom)]
    imported = {(one.asname or one.name).partition(".")[0] for node in imports for one in node.names}
    stored = [node for cell in code[1:] for node in ast.walk(_tree(cell.source)) if isinstance(node, ast.Name)]
    again = {node.id for node in stored if isinstance(node.ctx, ast.Store)} & imported
    shown = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    shown += [_text(output) for cell in code for output in cell.outputs]
    spelt = [name for name in TWO_NAMES if any(name in text for text in shown)]
    return [f"{name} is imported and assigned" for name in sorted(again)] + [f"spells {name}" for name in spelt]


def _tree(source: str) -> ast.Module:
    try:
        return ast.parse(source)
    except SyntaxError:  # which is told of its cell
        return ast.parse("")


@pytest.mark.parametrize("path", FOUND, ids=lambda path: path.stem)
def test_notebook_keeps_the_rules(path: Path) -> None:
    assert problems(nbformat.read(path, as_version=4)) == []
    assert path.stat().st_size < LARGEST
    assert re.fullmatch(r"\d\d_[a-z_]+", path.stem)


def good() -> nbformat.NotebookNode:
    """Make the smallest notebook that keeps every rule."""
    v4 = nbformat.v4
    code = ["import math", "seed: int = 2025  # seed of every random number"]
    code += [
        "parameters = Parameters.of(globals())",
        "plot_km(ax, curves)",
        "print(parameters.seed)",
        "versions('numpy')",
    ]
    prose = ["# Title", *["why"] * 11, "## What this shows and does not show\nsynthetic", "## References"]
    cells = [v4.new_markdown_cell(text) for text in prose]
    for i, source in enumerate(code):
        cells.insert(2 * i + 1, v4.new_code_cell(source, execution_count=i + 1))
    cells[3].metadata["tags"] = ["parameters"]
    return v4.new_notebook(cells=cells, metadata={"kernelspec": KERNEL})


def test_the_smallest_good_notebook_passes() -> None:
    assert problems(good()) == []


def _source(at: int, text: str):
    def change(notebook):
        notebook.cells[at].source = text

    return change


def _output(**content):
    def change(notebook):
        notebook.cells[9].outputs = [nbformat.v4.new_output(**content)]

    return change


def _set(path: str, value):
    def change(notebook):
        node, (*way, last) = notebook, path.split("/")
        for key in way:
            node = node[int(key)] if key.isdigit() else node[key]
        node[last] = value

    return change


BROKEN = {
    "kernelspec": _set("metadata/kernelspec", {**KERNEL, "name": "other"}),
    "papermill": _set("metadata/papermill", {}),
    "execution": _set("cells/1/metadata/execution", {}),
    "run counts": _set("cells/5/execution_count", 7),
    "not 1 to": _set("cells/5/execution_count", None),
    "13 lines": _source(9, "\n".join(["print(1)"] * 13)),
    "16 lines": _source(1, "\n".join(["import math"] * 16)),
    "installs": _source(9, "print(1)\n!pip install x"),
    "silences": _source(9, "print(warnings.filterwarnings('ignore'))"),
    "relative": _source(9, "print('../data')"),
    "test switch": _source(9, "if TEST:\n    print(1)"),
    "semicolon": _source(9, "print(1);"),
    "class": _source(9, "class A:\n    pass\nprint(A)"),
    "def": _source(9, "def f():\n" + "    print(1)\n" * 6),
    "stderr": _output(output_type="stream", name="stderr", text="warning"),
    "an error": _output(output_type="error", ename="E", evalue="", traceback=[]),
    "a path": _output(output_type="stream", name="stdout", text="see /home/someone/file"),
    "memory address": _output(output_type="stream", name="stdout", text="<object at 0x7f0011223344>"),
    "not one": _set("cells/3/metadata/tags", []),
    "is no literal": _source(3, "seed: int = 2025 + 0 * f()  # seed"),
    "not in the model": _source(3, "sead: int = 2025  # seed"),
    "model's default": _source(3, "seed: int = 1  # seed"),
    "'name: type": _source(3, "seed = 2025  # seed"),
    "unit": _source(3, "age_cut: float = 8.0  # older than this"),
    "build the model": _source(5, "parameters = 1"),
    "title": _source(0, "no title"),
    "does not show": _source(-2, "synthetic"),
    "References": _source(-1, "none"),
    "versions": _source(11, "print(1)"),
    "follow the figure": _source(9, "x = 1"),
    "math is imported and assigned": _source(9, "math = 1\nprint(math)"),
    "spells Kaplan-Meier": _output(output_type="stream", name="stdout", text="Kaplan-Meier curves"),
    "spells Non-GC": _source(-1, "## References\nNon-GC"),
    "without a reason": _set("cells/11/metadata/tags", ["nbval-skip"]),
}


@pytest.mark.parametrize("name", BROKEN)
def test_each_rule_can_fail(name: str) -> None:
    notebook = copy.deepcopy(good())
    BROKEN[name](notebook)
    assert name in " ".join(problems(notebook))


def test_a_parameter_that_nothing_reads_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "_read_by_helpers", set)
    notebook = good()
    assert problems(notebook) == []
    notebook.cells[9].source = "print(1)"
    assert "seed is read nowhere" in " ".join(problems(notebook))


def test_too_few_cells_and_code_without_prose_are_seen() -> None:
    notebook = good()
    notebook.cells = [cell for cell in notebook.cells if cell.source != "why"]
    found = " ".join(problems(notebook))
    assert "not 20 to 60" in found
    assert "five code cells in a row" in found


def _picture(held: str) -> bytes:
    info, kept = PngImagePlugin.PngInfo(), io.BytesIO()
    info.add_text(DRAWN, held)
    Image.new("L", (2, 2)).save(kept, "png", pnginfo=info)
    return kept.getvalue()


@pytest.mark.parametrize(
    ("held", "swapped", "said"),
    [("abc", False, ""), ("abd", False, "other numbers"), ("abc", True, "not the one drawn")],
)
def test_a_stored_picture_is_held_to_what_was_drawn(held, swapped, said):
    picture = _picture(held)
    stored = _picture(held + "0") if swapped else picture
    data = {"image/png": base64.b64encode(stored).decode(), "text/plain": f"Figure.\n{DRAWN}: abc"}
    seal = {"picture": hashlib.sha256(picture).hexdigest()}
    notebook = good()
    notebook.cells[5].source = "page = open_page(globals())"
    notebook.cells[9].outputs = [nbformat.v4.new_output("display_data", data=data, metadata=seal)]
    assert said in " ".join(problems(notebook))
    assert bool(said) is bool(problems(notebook))
