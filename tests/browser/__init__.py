"""Pages in a headless Chromium; `make browser` runs them."""
