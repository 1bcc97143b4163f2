"""Growing columns of numbers, one row a print, that can be read as arrays."""

from __future__ import annotations

from array import array
from math import nan

import numpy as np

from tui_monitor.core.records import FloatArray, IntArray

ABSENT = -1
"""An integer that is not known."""


class Floats:
    """A growing column of floats; nan is absence."""

    __slots__ = ("_data",)

    def __init__(self) -> None:
        self._data = array("d")

    def __len__(self) -> int:
        return len(self._data)

    def __getitem__(self, i: int) -> float:
        return self._data[i]

    def __setitem__(self, i: int, value: float) -> None:
        self._data[i] = value

    def append(self, value: float | None) -> None:
        """Add a value at the end."""
        self._data.append(nan if value is None else value)

    def get(self, i: int) -> float | None:
        """The value, None where it is absent."""
        value = self._data[i]
        return None if value != value else value

    def cut(self, length: int) -> None:
        """Forget all from `length` on."""
        del self._data[length:]

    def array(self) -> FloatArray:
        """A copy as an array, shape (n,)."""
        return np.array(self._data, dtype=np.float64)


class Integers:
    """A growing column of integers >= 0; `ABSENT` is absence."""

    __slots__ = ("_data",)

    def __init__(self) -> None:
        self._data = array("q")

    def __len__(self) -> int:
        return len(self._data)

    def __getitem__(self, i: int) -> int:
        return self._data[i]

    def __setitem__(self, i: int, value: int) -> None:
        self._data[i] = value

    def append(self, value: int | None) -> None:
        """Add a value at the end."""
        self._data.append(ABSENT if value is None else value)

    def get(self, i: int) -> int | None:
        """The value, None where it is absent."""
        value = self._data[i]
        return None if value == ABSENT else value

    def cut(self, length: int) -> None:
        """Forget all from `length` on."""
        del self._data[length:]

    def array(self) -> IntArray:
        """A copy as an array, shape (n,)."""
        return np.array(self._data, dtype=np.int64)
