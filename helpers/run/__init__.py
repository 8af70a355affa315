"""Run the notebooks, and the command line."""

import sys

# jsonschema, by way of nbformat, would spend a second on the grammar of a kind of text that no notebook's schema names.
sys.modules.setdefault("rfc3987_syntax", None)
