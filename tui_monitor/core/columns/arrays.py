"""Names of the numpy arrays that series and pictures are made of, how rows become one, order.

A first picture would wait for numpy's own `median`, `percentile` and `unique`: they load all of
masked arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from math import nan

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


def as_array(rows: Sequence[tuple[float, ...]]) -> FloatArray:
    """Rows of equal length, as an array."""
    return np.fromiter(chain.from_iterable(rows), float).reshape(len(rows), -1)


def median(values: FloatArray | Sequence[float]) -> float:
    """The middle value, or the mean of the two in the middle; nan of none, and of any nan."""
    ordered = np.sort(values)
    last = len(ordered) - 1
    if last < 0 or np.isnan(ordered[last]):  # nan is sorted behind all numbers
        return nan
    return float(0.5 * (ordered[last // 2] + ordered[(last + 1) // 2]))


def quantile(values: FloatArray, share: float) -> float:
    """The value below which a share (0..1) of at least one value lies, linear between values."""
    place = share * (len(values) - 1)
    return float(np.interp(place, np.arange(len(values)), np.sort(values)))


def distinct(values: FloatArray) -> FloatArray:
    """The numbers among the values, each once, ascending."""
    ordered = np.sort(values)
    return np.asarray(ordered[np.diff(ordered, prepend=-np.inf) > 0.0])
