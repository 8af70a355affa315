"""The search for made-up cohorts on which the analysis gives the published numbers, and how far such cohorts differ."""
