"""Sphinx configuration of the books of notebooks; everything that a page needs lies beside it."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
project = os.environ.get("SUPPLEMENT_BOOK_TITLE", "Executable methods supplement to Zhang et al. 2025")
author = "the authors of the supplement, not those of the paper"
html_title = project
html_show_copyright = False
html_show_sphinx = False
extensions = ["myst_nb", "math_renderer"]
html_math_renderer = "mathml"
exclude_patterns = ["_build"]
nb_execution_mode = "off"
nb_ipywidgets_js = {}
myst_enable_extensions = ["dollarmath"]
suppress_warnings = [
    "mystnb.unknown_mime_type",  # a figure's text form stands beside its picture
    "myst.header",  # a notebook's sections may skip a level
]

html_theme = "sphinx_book_theme"
html_theme_options = {
    "use_download_button": True,
    "use_fullscreen_button": False,
    "use_repository_button": False,
    "show_navbar_depth": 1,
    "navbar_persistent": [],
}
html_static_path = ["static"]
html_css_files = ["book.css"]
html_copy_source = True  # the download button gives the notebook
html_sourcelink_suffix = ""
html_show_sourcelink = False
