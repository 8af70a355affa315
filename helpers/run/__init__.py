"""Run the notebooks, and the command line."""
