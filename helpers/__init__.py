"""Executable methods supplement to Zhang et al. 2025, Front Immunol 16:1604866."""

__version__ = "0.2.0"
