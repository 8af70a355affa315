"""Tests, curves and models on arrays and frames; nothing here knows what a cohort is."""
