"""What a confounder that nobody measured would have to be, and what a study of a given size can say.

Arithmetic alone; the numbers that go in are the reader's.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm

LEVEL, POWER = 0.05, 0.8  # of tests that are planned or judged here


class Errors(NamedTuple):
    """Power, and of the significant results the share with the wrong sign and how many times too large they are on average."""

    power: float
    wrong_sign: float
    exaggeration: float


def bias_factor(ratio: ArrayLike, among_exposed: ArrayLike, among_unexposed: ArrayLike) -> NDArray[np.float64]:
    """Return by how much an unmeasured yes/no confounder multiplies a risk or rate ratio (Schneeweiss 2006).

    Parameters
    ----------
    ratio : array
        Risk or rate ratio of the confounder for the outcome.
    among_exposed, among_unexposed : array
        Its prevalence, 0 to 1.

    Examples
    --------
    >>> bias_factor(3.0, 0.5, 0.25).round(4).item()
    1.3333
    """
    ratio, one, zero = (np.asarray(values, dtype=float) for values in (ratio, among_exposed, among_unexposed))
    return (ratio * one + 1 - one) / (ratio * zero + 1 - zero)


def e_value(ratio: float, *, common: bool = False) -> float:
    """Return how strong a confounder must be, with exposure and outcome alike, to explain a ratio away (VanderWeele and Ding 2017).

    Parameters
    ----------
    ratio : float
        Risk ratio; or a hazard ratio of a rare outcome.
    common : bool
        A hazard ratio of an outcome that more than 15 % have: turned into a risk ratio first.

    Examples
    --------
    >>> round(e_value(3.9), 6), e_value(1.0)
    (7.263034, 1.0)
    """
    if ratio <= 0:
        raise ValueError("a ratio is above 0")
    if common:
        ratio = (1 - 0.5 ** math.sqrt(ratio)) / (1 - 0.5 ** math.sqrt(1 / ratio))
    ratio = max(ratio, 1 / ratio)
    return ratio + math.sqrt(ratio * (ratio - 1))


def events_needed(hazard_ratio: float, share: float = 0.5, *, alpha: float = 0.05) -> float:
    """Return the events at which a log-rank test finds a hazard ratio four times in five (Schoenfeld 1983).

    Parameters
    ----------
    hazard_ratio : float
    share : float
        Of patients in one of the groups.

    Examples
    --------
    >>> round(events_needed(0.44, 46 / 95), 6)
    46.62676
    """
    if hazard_ratio <= 0 or hazard_ratio == 1 or not 0 < share < 1:
        raise ValueError("a hazard ratio above 0 other than 1, and a share between 0 and 1")
    needed = norm.ppf(1 - alpha / 2) + norm.ppf(POWER)
    return float(needed**2 / (share * (1 - share) * math.log(hazard_ratio) ** 2))


def detectable_ratio(events: float, share: float = 0.5) -> float:
    """Return the hazard ratio below 1 that so many events find: :func:`events_needed` the other way round.

    Examples
    --------
    >>> round(events_needed(detectable_ratio(30, 0.4), 0.4), 9)
    30.0
    """
    needed = norm.ppf(1 - LEVEL / 2) + norm.ppf(POWER)
    return float(math.exp(-needed / math.sqrt(events * share * (1 - share))))


def errors_if(effect: float, se: float) -> Errors:
    """Say what an estimate that is significant at .05 would be worth if the truth were *effect* (Gelman and Carlin 2014: types S and M).

    Parameters
    ----------
    effect : float
        On the scale of the standard error, for example a log hazard ratio; not 0.
    se : float

    Examples
    --------
    >>> [round(number, 2) for number in errors_if(0.1, 3.28)]  # in their paper .05, .46 and 77
    [0.05, 0.46, 76.69]
    """
    if effect == 0 or se <= 0:
        raise ValueError("an effect other than 0, and a standard error above 0")
    size, limit = abs(effect) / se, norm.ppf(1 - LEVEL / 2)
    high, low = norm.sf(limit - size), norm.cdf(-limit - size)
    power = high + low
    mean = size * (high - low) + norm.pdf(limit - size) + norm.pdf(-limit - size)
    return Errors(float(power), float(low / power), float(mean / power / size))
