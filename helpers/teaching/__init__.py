"""Exercises made from one source each, and classes with cohorts whose truth is known."""
