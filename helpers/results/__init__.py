"""The numbers of the analysis, one module for each place of the paper, and the registry of their ids."""
