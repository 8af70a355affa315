"""Compiled loops for what is fitted many times over; single models are fitted by helpers.estimate."""
