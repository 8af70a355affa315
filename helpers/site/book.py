"""Books of notebooks as plain HTML that needs no network: sphinx, myst-nb and sphinx-book-theme, execution off."""

from __future__ import annotations

import html as markup
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Container, Mapping, Sequence
from html.parser import HTMLParser
from pathlib import Path

import nbformat

from helpers.display.notebook import without_markup
from helpers.paths import DOCS, ROOT, write_text
from helpers.site.fold import folded

FETCHED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
LONGEST = 300  # signs of a text of somebody else's
LINK_KINDS = {"stylesheet", "preload", "prefetch", "modulepreload", "icon", "dns-prefetch", "preconnect"}


class BookError(RuntimeError):
    """Sphinx could not build the book; the message is what it said."""


def build_book(
    notebooks: Sequence[Path],
    out: Path,
    *,
    title: str,
    front: str,
    pages: Mapping[str, str] | None = None,
    pictures: Sequence[Path] = (),
    anchors: Mapping[str, Container[str]] | None = None,
    api: bool = False,
) -> Path:
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
    pages : mapping of str to str
        Further pages, name -> Markdown, in their order; the glossary comes by itself.
    pictures : sequence of Path
        Files that the pages show, by their names.
    anchors : mapping of str to container of str
        Notebook (stem) -> ids of cells that a page links to, as ``<stem>.html#cell-<id>``.
    api : bool
        Read docstrings of the package: pages may hold autodoc directives.

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
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="book-", dir=out.parent) as folder:  # where a killed run is cleared away
        source, html = Path(folder) / "source", Path(folder) / "html"
        beside = {**(pages or {}), **({} if "glossary" in (pages or {}) else glossary_page())}
        listed = [
            name for name in beside if not name.startswith("api_")
        ]  # those stand below the page that leads to them
        drawn = [name for name in listed if '_static/figure_parts.js"' in beside[name]]
        trees = [
            ("Notebooks", [path.stem for path in notebooks]),
            ("To play with", drawn),
            ("Beside the notebooks", [name for name in listed if name not in drawn]),
        ]
        contents = "\n\n".join(
            f"```{{toctree}}\n:hidden:\n:caption: {caption}\n\n" + "\n".join(names) + "\n```"
            for caption, names in trees
            if names
        )
        write_text(source / "index.md", f"# {plain(title)}\n\n{front}\n\n{contents}\n")
        for name, text in beside.items():
            write_text(source / f"{name}.md", text)
        for picture in pictures:
            shutil.copyfile(picture, source / picture.name)
        for path in notebooks:
            write_text(source / path.name, with_words(path, (anchors or {}).get(path.stem, ())))
        _sphinx(source, html, title, api=api)
        for leftover in (".buildinfo", ".doctrees", "objects.inv"):
            target = html / leftover
            shutil.rmtree(target) if target.is_dir() else target.unlink(missing_ok=True)
        if api:
            _without_place(html)
        outside = outside_addresses(html)
        if outside:
            raise BookError("these pages would fetch from elsewhere:\n" + "\n".join(outside))
        shutil.copytree(html, out)
    return out / "index.html"


def plain(text: object) -> str:
    """Write text of a cohort so that Markdown, MyST and HTML show it as it stands, on one line and not too long.

    Examples
    --------
    >>> plain("<b>x</b> | {include} `y` $z$")
    '&lt;b&gt;x&lt;/b&gt; &#124; &#123;include&#125; &#96;y&#96; &#36;z&#36;'
    """
    line = " ".join(str(text).split())
    line = line if len(line) <= LONGEST else f"{line[:LONGEST]}…"
    signs = "|{}`$*_[]#!~^:@\\()"
    return "".join(f"&#{ord(sign)};" if sign in signs else markup.escape(sign) for sign in line)


def glossary_page() -> dict[str, str]:
    """Give the glossary as a page, if there is one."""
    path = DOCS / "glossary.md"
    return {"glossary": path.read_text(encoding="utf-8")} if path.exists() else {}


def with_words(path: Path, anchors: Container[str] = ()) -> str:
    """Read a notebook, fold its code and give each picture its words for who does not see it: what the cell shows as text beside it."""
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
            if "text/html" in data:
                data["text/html"] = unbroken(data["text/html"])
            if "image/png" in data and "text/plain" in data:
                cell.metadata["mystnb"] = {"image": {"alt": data["text/plain"].splitlines()[0]}}
    return nbformat.writes(folded(notebook, anchors))


def unbroken(table: str) -> str:
    """Keep an interval, and p with its value, on one line in the cells of a table.

    Examples
    --------
    >>> unbroken("<td>0.92 (0.49–1.74), p = 0.801</td>")
    '<td>0.92 <span class="whole">(0.49–1.74)</span>, <span class="whole">p = 0.801</span></td>'
    """
    pieces = re.compile(r"\(?\d[\d.]*–\d[\d.]*\)?|p (?:[=<>]|&lt;|&gt;|&#6[02];) ?\d[\d.]*")
    return re.sub(
        r"(<td[^>]*>)([^<]*)(?=</td>)",
        lambda cell: cell[1] + pieces.sub(lambda one: f'<span class="whole">{one[0]}</span>', cell[2]),
        table,
    )


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


def _without_place(folder: Path) -> None:
    """Take the place of the project out of defaults that docstrings show."""
    for page in folder.glob("*.html"):
        text = page.read_text(encoding="utf-8")
        if str(ROOT) in text:
            write_text(page, text.replace(f"{ROOT}/", "").replace(str(ROOT), "."))


def _sphinx(source: Path, html: Path, title: str, *, api: bool = False) -> None:
    """Run sphinx in a process of its own; every warning is an error."""
    doctrees = html.parent / "doctrees"
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", "-c", DOCS, "-d", doctrees]
    environment = {
        **os.environ,
        "SUPPLEMENT_BOOK_TITLE": title,
        "SUPPLEMENT_BOOK_API": "yes" if api else "",
        "PYTHONWARNINGS": "ignore",
        "NO_COLOR": "1",
    }
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
