"""Books of notebooks as plain HTML that needs no network: sphinx, myst-nb and sphinx-book-theme, execution off."""

from __future__ import annotations

import html as markup
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from pathlib import Path

import nbformat

from helpers.cohort.derive import Analysis
from helpers.paths import DOCS, write_text
from helpers.run.execution import Executed, Failure
from helpers.run.folders import put_in_place, unfinished

FETCHED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
LINK_KINDS = {"stylesheet", "preload", "prefetch", "modulepreload", "icon", "dns-prefetch", "preconnect"}


class BookError(RuntimeError):
    """Sphinx could not build the book; the message is what it said."""


def build_book(notebooks: Sequence[Path], out: Path, *, title: str, front: str) -> Path:
    """Build a book of executed notebooks.

    Parameters
    ----------
    notebooks : sequence of Path
        Executed notebooks, in the order of their chapters.
    out : Path
        Folder of the HTML, which must not be there yet.
    title : str
    front : str
        Markdown of the first page, below its title.

    Returns
    -------
    Path
        The first page.

    Raises
    ------
    BookError
        If sphinx fails or warns, or a page would fetch something from elsewhere.
    """
    title = re.sub(r"[^\w .,:;()+=%/-]", " ", title)[:150]  # the theme writes it into each page as it is
    with tempfile.TemporaryDirectory(prefix="book-") as folder:
        source, html = Path(folder) / "source", Path(folder) / "html"
        chapters = "\n".join(path.stem for path in notebooks)
        write_text(source / "index.md", f"# {plain(title)}\n\n{front}\n\n```{{toctree}}\n:hidden:\n\n{chapters}\n```\n")
        for path in notebooks:
            write_text(source / path.name, with_words(path))
        _sphinx(source, html, title)
        for leftover in (".buildinfo", ".doctrees", "objects.inv"):
            target = html / leftover
            shutil.rmtree(target) if target.is_dir() else target.unlink(missing_ok=True)
        outside = outside_addresses(html)
        if outside:
            raise BookError("these pages would fetch from elsewhere:\n" + "\n".join(outside))
        shutil.copytree(html, out)
    return out / "index.html"


def build_site(notebooks: Sequence[Path], out: Path, *, title: str, front: str) -> tuple[Path, Path | None]:
    """Build a book into *out*: a new folder, an empty one, or one of an earlier book of ours.

    Returns
    -------
    tuple
        The first page, and where an older book was kept that holds files of others.

    Raises
    ------
    InputError
        If *out* holds what we did not write.
    """
    with unfinished(out, "site") as part:
        made = part / "whole"
        shutil.rmtree(made, ignore_errors=True)
        build_book(notebooks, made, title=title, front=front)
        kept = put_in_place(made, out, "site")
    return out / "index.html", kept


def plain(text: object, longest: int = 300) -> str:
    """Write text of a cohort so that Markdown, MyST and HTML show it as it stands, on one line and not too long.

    Examples
    --------
    >>> plain("<b>x</b> | {include} `y` $z$")
    '&lt;b&gt;x&lt;/b&gt; &#124; &#123;include&#125; &#96;y&#96; &#36;z&#36;'
    """
    line = " ".join(str(text).split())
    line = line if len(line) <= longest else f"{line[:longest]}…"
    signs = "|{}`$*_[]#!~^:@\\()"
    return "".join(f"&#{ord(sign)};" if sign in signs else markup.escape(sign) for sign in line)


def with_words(path: Path) -> str:
    """Read a notebook and give each picture its words for who does not see it: what the cell shows as text beside it."""
    try:
        notebook = nbformat.read(path, 4)
    except (ValueError, AttributeError) as wrong:
        raise BookError(f"{path.name} is no notebook: {wrong}") from wrong
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = linked(cell.source)
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "text/markdown" in data:
                data["text/markdown"] = without_markup(data["text/markdown"])
            if "image/png" in data and "text/plain" in data:
                cell.metadata["mystnb"] = {"image": {"alt": data["text/plain"].splitlines()[0]}}
    return nbformat.writes(notebook)


def without_markup(text: str) -> str:
    """Let HTML and pictures in a sentence, which may hold names of a cohort, be shown as the text that they are.

    Examples
    --------
    >>> without_markup("n < 5, <script>x</script> ![a](//b) **bold**")
    'n &lt; 5, &lt;script>x&lt;/script> !&#91;a](//b) **bold**'
    """
    return re.sub(r"<(?!https?://)", "&lt;", text).replace("![", "!&#91;")


def linked(text: str) -> str:
    """Turn each DOI that is not a link yet into one; nothing is fetched before a reader follows it.

    Examples
    --------
    >>> linked("Copelan 1991, doi:10.1182/blood.V78.3.838.838. See <https://doi.org/10.1/x>.")
    'Copelan 1991, [doi:10.1182/blood.V78.3.838.838](https://doi.org/10.1182/blood.V78.3.838.838). See <https://doi.org/10.1/x>.'
    """
    bare = re.compile(
        r"(?<![\w/(<\[])(?:https://doi\.org/|doi:\s?)(10\.\d{4,9}/[^\s<>\]),;]*[^\s<>\]),;.])", re.IGNORECASE
    )
    return bare.sub(lambda found: f"[doi:{found[1]}](https://doi.org/{found[1]})", text)


def _sphinx(source: Path, html: Path, title: str) -> None:
    """Run sphinx in a process of its own; every warning is an error."""
    doctrees = html.parent / "doctrees"
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", "-c", DOCS, "-d", doctrees]
    environment = {**os.environ, "SUPPLEMENT_BOOK_TITLE": title, "PYTHONWARNINGS": "ignore", "NO_COLOR": "1"}
    done = subprocess.run(
        [*map(str, command), str(source), str(html)], capture_output=True, text=True, env=environment, check=False
    )
    if done.returncode:
        raise BookError((done.stderr or done.stdout).strip())


def outside_addresses(folder: Path) -> list[str]:
    """List what the pages and style sheets under *folder* would fetch from another host.

    Links that a reader may follow are not meant: only scripts, styles, pictures and frames.

    Examples
    --------
    >>> import tempfile
    >>> page = Path(tempfile.mkdtemp()) / "a.html"
    >>> _ = page.write_text('<a href="https://doi.org/1"></a><script src="//cdn.example/x.js"></script>')
    >>> outside_addresses(page.parent)
    ['a.html: //cdn.example/x.js']
    """
    found = []
    for page in sorted(folder.rglob("*.html")):
        reader = _Fetched()
        reader.feed(page.read_text(encoding="utf-8"))
        found += [f"{page.relative_to(folder)}: {address}" for address in reader.outside]
    for sheet in sorted(folder.rglob("*.css")):
        addresses = re.findall(
            r"(?:url\(|@import )\s*[\"']?((?:https?:)?//[^\"')\s]+)", sheet.read_text(encoding="utf-8")
        )
        found += [f"{sheet.relative_to(folder)}: {address}" for address in addresses]
    return found


class _Fetched(HTMLParser):
    """Collect the addresses on other hosts that a page fetches by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        address = values.get(FETCHED.get(tag, ""), "") or ""
        if tag == "link" and not LINK_KINDS & set((values.get("rel") or "").split()):
            return
        if re.match(r"(https?:)?//", address):
            self.outside.append(address)


def book_of_run(
    analysis: Analysis,
    executed: Sequence[Executed],
    verdicts: Mapping[str, int],
    part: Path,
    final: Path,
    failures: list[Failure],
) -> Path | None:
    """Build the book of a run; a book that cannot be built is a failure of the run, not the loss of it."""
    cohort = analysis.cohort
    try:
        build_book(
            [one.path for one in executed],
            part / "book",
            title=f"Run {final.name}: {cohort.name}",
            front=front_page(analysis, executed, verdicts),
        )
    except BookError as error:
        failures.append(Failure("book", "sphinx", str(error)))
        return None
    return final / "book" / "index.html"


def front_page(analysis: Analysis, executed: Sequence[Executed], verdicts: Mapping[str, int]) -> str:
    """Say in Markdown what was run on what, how each notebook ended, and how the numbers compare with the print."""
    cohort = analysis.cohort
    size = len(cohort.tables["patients"])
    kind = "**synthetic** patients: no real one stands behind a row, and nothing here is evidence about a treatment"
    lines = [
        f"Cohort *{plain(cohort.name)}*: {size} {kind if cohort.synthetic else 'patients'}. Day 0 is {plain(cohort.origin)}.",
        "",
        "| notebook | how it ended |",
        "|---|---|",
        *[f"| [{one.path.stem}]({one.path.name}) | {_state(one)} |" for one in executed],
        "",
        against_paper(analysis, verdicts),
    ]  # fmt: skip
    files = ("concordance.csv", "results.json", "methods.md", "manifest.json")
    lines += ["", "Beside this book: " + ", ".join(f'<a href="../{file}">{file}</a>' for file in files) + "."]
    changed = {key: value for key, value in analysis.parameters.changed().items() if not key.endswith("_folder")}
    if changed:
        lines += ["", "Parameters other than the paper's:", ""]
        lines += [f"- {plain(key)} = {plain(repr(value))}" for key, value in changed.items()]
    return "\n".join(lines)


def against_paper(analysis: Analysis, verdicts: Mapping[str, int]) -> str:
    """Say how the numbers compare with those of the paper, if they can."""
    if not analysis.is_paper_cohort:
        return "Published numbers: not compared, since this is another cohort."
    return "Numbers of the paper, recomputed: " + ", ".join(f"{n} {verdict}" for verdict, n in verdicts.items()) + "."


def _state(executed: Executed) -> str:
    """Say how a notebook ended, and what of it could not be shown."""
    if executed.failure:
        return f"failed at {plain(executed.failure.cell)}: {plain(executed.failure.error)}"
    missing = not_shown(executed.path)
    if not missing:
        return "done"
    reasons = "; ".join(plain(reason) for reason in dict.fromkeys(missing))
    return f"done but for {len(missing)} cell{'s' * (len(missing) > 1)}: {reasons}"


def not_shown(path: Path) -> list[str]:
    """List why cells of an executed notebook were left out, one line for each."""
    try:
        cells = nbformat.read(path, as_version=4).cells
    except (OSError, ValueError, AttributeError):
        return []
    printed = [one.text for cell in cells for one in cell.get("outputs", []) if one.get("name") == "stdout"]
    lines = [line for text in printed for line in text.splitlines()]
    return [line.partition(": ")[2].rstrip(".") for line in lines if line.startswith(("Not shown: ", "Stopped here: "))]
