"""Growing columns of numbers, one row a print, that can be read as arrays.

A column knows from which row on it has changed since someone last looked: what is made of it need
not be made anew from its start.
"""

from __future__ import annotations

from array import array
from math import nan

import numpy as np

from tui_monitor.core.arrays import FloatArray, IntArray

ABSENT = -1
"""An integer that is not known."""


class Floats:
    """A growing column of floats; nan is absence."""

    __slots__ = ("_data", "changed")

    def __init__(self) -> None:
        self._data = array("d")
        self.changed = 0
        """Rows from here on were added, set or cut since `seen`."""

    def __len__(self) -> int:
        return len(self._data)

    def __getitem__(self, i: int) -> float:
        return self._data[i]

    def __setitem__(self, i: int, value: float) -> None:
        """Set row `i`, counted from the start."""
        self._data[i] = value
        if i < self.changed:
            self.changed = i

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
        self.changed = min(self.changed, length)

    def seen(self) -> None:
        """What is there now counts as known: only later changes are news."""
        self.changed = len(self._data)

    def peek(self) -> FloatArray:
        """The column itself, shape (n,): to be let go before a row is added or cut."""
        return np.frombuffer(self._data, dtype=np.float64)

    def array(self) -> FloatArray:
        """A copy as an array, shape (n,)."""
        return np.array(self._data, dtype=np.float64)


class Integers:
    """A growing column of integers >= 0; `ABSENT` is absence."""

    __slots__ = ("_data", "changed")

    def __init__(self) -> None:
        self._data = array("q")
        self.changed = 0
        """Rows from here on were added, set or cut since `seen`."""

    def __len__(self) -> int:
        return len(self._data)

    def __getitem__(self, i: int) -> int:
        return self._data[i]

    def __setitem__(self, i: int, value: int) -> None:
        """Set row `i`, counted from the start."""
        self._data[i] = value
        if i < self.changed:
            self.changed = i

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
        self.changed = min(self.changed, length)

    def seen(self) -> None:
        """What is there now counts as known: only later changes are news."""
        self.changed = len(self._data)

    def peek(self) -> IntArray:
        """The column itself, shape (n,): to be let go before a row is added or cut."""
        return np.frombuffer(self._data, dtype=np.int64)

    def array(self) -> IntArray:
        """A copy as an array, shape (n,)."""
        return np.array(self._data, dtype=np.int64)
