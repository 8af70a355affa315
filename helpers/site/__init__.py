"""The site: books of notebooks as plain HTML, and the pages that stand beside them."""
