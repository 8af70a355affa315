"""Sphinx configuration of the books of notebooks; everything that a page needs lies beside it."""

import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
project = os.environ.get("SUPPLEMENT_BOOK_TITLE", "Executable methods supplement to Zhang et al. 2025")
author = "the authors of the supplement, not those of the paper"
html_title = project
html_show_copyright = False
html_show_sphinx = False
extensions = ["myst_nb", "math_renderer", "glossary_terms"]
if os.environ.get("SUPPLEMENT_BOOK_API"):
    sys.path.insert(0, str(Path(__file__).parent.parent))
    extensions += ["sphinx.ext.autodoc", "sphinx.ext.napoleon"]
autodoc_member_order = "bysource"
autodoc_typehints = "none"
autodoc_preserve_defaults = True  # a folder by its name, not by where it lies
napoleon_google_docstring = False
napoleon_use_ivar = True
napoleon_use_param = napoleon_use_rtype = (
    False  # types are words: else each n and p of a shape is looked up as a name, and found
)
html_math_renderer = "mathml"
exclude_patterns = ["_build"]
nb_execution_mode = "off"
nb_ipywidgets_js = {}
nb_code_prompt_show = "Code"
nb_code_prompt_hide = "Code"
myst_enable_extensions = ["dollarmath"]
suppress_warnings = [
    "mystnb.unknown_mime_type",  # a figure's text form stands beside its picture
    "misc.highlighting_failure",  # the error of a notebook that failed is no Python
    "myst.header",  # a notebook's sections may skip a level
    "ref.python",  # one name in two modules: the docstrings name the one that they mean
]

if os.environ.get("SUPPLEMENT_BOOK_API"):
    suppress_warnings += [
        "docutils"
    ]  # a docstring is written for readers of code; one that is no clean markup is still shown

html_theme = "sphinx_book_theme"
html_theme_options = {
    "use_download_button": True,
    "use_fullscreen_button": False,
    "use_repository_button": False,
    "show_navbar_depth": 1,
    "navbar_persistent": [],
    "article_header_start": ["toggle-primary-sidebar.html", "breadcrumbs.html"],
    "show_toc_level": 2,
}
html_context = {"default_mode": "auto"}
html_static_path = ["static"]
html_css_files = ["book.css"]
html_js_files = [("book.js", {"defer": "defer"})]
html_show_search_summary = False  # it would fetch pages, which a browser refuses from file://
html_use_index = False
html_copy_source = True  # the download button gives the notebook
html_sourcelink_suffix = ""
html_show_sourcelink = False


def setup(app: Any) -> None:
    """Let a bar in a docstring, |x|, be a bar; leave out what Python writes by itself about the fields of a tuple."""
    if "sphinx.ext.autodoc" in app.extensions:
        app.connect("autodoc-skip-member", lambda _, __, ___, one, skip, ____: skip or _is_alias(one))
        app.connect("autodoc-process-docstring", lambda *found: found[-1].__setitem__(slice(None), _bars(found[-1])))


def _is_alias(member: object) -> bool:
    return str(getattr(member, "__doc__", "")).startswith("Alias for field number")


def _bars(lines: list[str]) -> list[str]:
    return [
        line if "``" in line or line.lstrip().startswith((">>>", "...")) else line.replace("|", "\\|") for line in lines
    ]
