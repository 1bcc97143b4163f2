"""Names of the numpy arrays that series and pictures are made of, and how rows become one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


def as_array(rows: Sequence[tuple[float, ...]]) -> FloatArray:
    """Rows of equal length, as an array."""
    return np.fromiter(chain.from_iterable(rows), float).reshape(len(rows), -1)
