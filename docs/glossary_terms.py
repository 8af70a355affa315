"""Words of the glossary: at its first use on a page, each becomes a link that shows its meaning."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any

from docutils import nodes

PAGE = "glossary"
KEPT = (nodes.title, nodes.literal, nodes.reference, nodes.raw, nodes.math, nodes.literal_block, nodes.caption)


def read_terms(text: str) -> list[tuple[str, list[str], str]]:
    """Read the terms of ``glossary.md``: heading, other spellings, first sentence of the meaning.

    A term is a heading of the third level, its meaning the paragraph below; a line "Also: a, b." names other spellings.
    """
    found = []
    for part in re.split(r"^### ", text, flags=re.M)[1:]:
        head, _, body = part.partition("\n")
        body = re.split(r"^#", body, flags=re.M)[0]
        also = re.search(r"^Also: (.*)\.$", body, re.M)
        spellings = [word.strip() for word in also[1].split(",")] if also else []
        paragraph = re.sub(r"^Also: .*$", "", body, flags=re.M).strip().split("\n\n")[0]
        meaning = re.sub(r"[*`$]|\[([^]]*)\]\([^)]*\)", lambda m: m[1] or "", " ".join(paragraph.split()))
        found.append((head.strip(), [head.strip(), *spellings], meaning))
    return found


def patterns(terms: list[tuple[str, list[str], str]]) -> list[tuple[str, re.Pattern[str], str]]:
    """Compile the spellings of each term: abbreviations as they are, words in either case of their first letter and as plurals."""

    def spelled(word: str) -> str:
        if word.upper() == word:
            return re.escape(word)
        return f"[{word[0].upper()}{word[0].lower()}]{re.escape(word[1:])}(?:s|es)?"

    return [
        (head, re.compile(rf"(?<![\w-])(?:{'|'.join(map(spelled, words))})(?![\w-]|\.\w)"), meaning)
        for head, words, meaning in terms
    ]


def _in_written_link(text: nodes.Text) -> bool:
    """Tell whether a text stands between ``<a>`` and ``</a>`` that the page has as they are."""
    before = itertools.takewhile(lambda one: one is not text, text.parent.children)
    tags = [one.astext() for one in before if isinstance(one, nodes.raw)]
    return sum(tag.startswith("<a ") - tag.startswith("</a") for tag in tags) > 0


def _mark(app: Any, doctree: nodes.document) -> None:
    if app.env.docname == PAGE or app.env.docname.startswith("api"):
        return
    waiting = list(app.supplement_terms)
    for paragraph in list(doctree.findall(nodes.paragraph)):
        for text in list(paragraph.findall(nodes.Text)):
            parent = text.parent
            while parent is not None and not isinstance(parent, KEPT):
                parent = parent.parent
            if parent is not None or _in_written_link(text):
                continue
            _link(text, waiting)
        if not waiting:
            return


def _link(text: nodes.Text, waiting: list[tuple[str, re.Pattern[str], str]]) -> None:
    """Link the terms that stand in one text for the first time."""
    whole, spans = text.astext(), []
    for term in list(waiting):
        found = term[1].search(whole)
        if found and not any(found.start() < end and start < found.end() for start, end, _ in spans):
            spans.append((*found.span(), term))
            waiting.remove(term)
    parts: list[nodes.Node] = []
    at = 0
    for start, end, (head, _, meaning) in sorted(spans, key=lambda span: span[0]):
        parts += [nodes.Text(whole[at:start])] if start > at else []
        place = f"{PAGE}.html#{nodes.make_id(head)}"
        parts.append(nodes.reference("", whole[start:end], refuri=place, reftitle=meaning, classes=["term"]))
        at = end
    if parts:
        parts += [nodes.Text(whole[at:])] if at < len(whole) else []
        siblings = text.parent
        here = next(place for place, one in enumerate(siblings.children) if one is text)  # not an equal text before it
        siblings[here : here + 1] = parts


def setup(app: Any) -> dict[str, bool]:
    """Register with Sphinx."""
    path = Path(app.srcdir) / f"{PAGE}.md"
    app.supplement_terms = patterns(read_terms(path.read_text(encoding="utf-8"))) if path.exists() else []
    app.connect("doctree-read", _mark)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
