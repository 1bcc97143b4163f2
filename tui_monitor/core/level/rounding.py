"""What a rounded number tells a filter that expects it, as the error of a Gaussian.

A print says of a sum that it lies within half a quantum of the number printed. While the sum moves by
less than that from print to print, they share one rounding error: with an error of its own for each, a
filter would be as certain as it is wrong. What was expected of the sum is instead cut off at the ends
of the interval, and what is left taken for a Gaussian of that mean and variance (assumed density
filtering; Minka 2001, UAI 17:362). The observation that leads to it tells next to nothing of a number
that stays what it was, and most where the last digit has just changed.
"""

from __future__ import annotations

from math import erf, exp, pi, sqrt
from typing import NamedTuple

NARROW = 0.1
"""Half an interval, in standard deviations of what was expected, that rounds like any other."""
NEWS = 0.55
"""Share of the variance that a number must take away to tell something: what tells less is left out,
as several such in a row would count one rounding error more than once."""


class News(NamedTuple):
    """What is told of a sum."""

    number: float
    error: float
    """Its variance."""
    astray: bool = False
    """A sum outside the interval was expected, which is no guide to where in it the sum lies. The
    number stands for itself, with one error for all that are displayed alike."""


def news(expected: float, variance: float, number: float, rounding: float) -> News | None:
    """What a `number` with such a variance of its rounding tells of a sum; None if next to nothing.

    `expected`, with its `variance`: the sum's mean before.
    """
    spread = sqrt(variance)
    half = sqrt(3.0 * rounding) / spread
    middle = (number - expected) / spread
    low, high = middle - half, middle + half
    if half < NARROW:
        return News(number, rounding)
    if not low < 0.0 < high:
        return News(number, rounding, astray=True)
    inside = 0.5 * (erf(high * sqrt(0.5)) - erf(low * sqrt(0.5)))
    at_low, at_high = _density(low), _density(high)
    mean = (at_low - at_high) / inside
    left = 1.0 + (low * at_low - high * at_high) / inside - mean * mean
    if left > 1.0 - NEWS:
        return None
    # precisions add up: 1 / left = 1 + 1 / error
    error = left / (1.0 - left)
    return News(expected + spread * mean * (1.0 + error), error * variance)


def _density(x: float) -> float:
    """Of the standard normal distribution."""
    return exp(-0.5 * x * x) / sqrt(2.0 * pi)
