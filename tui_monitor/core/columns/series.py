"""Growing columns of numbers, one row a print, that can be read as arrays."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from math import nan
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from tui_monitor.core.columns.arrays import FloatArray, IntArray

if TYPE_CHECKING:
    _Floats = array[float]
    _Integers = array[int]
else:  # before Python 3.12 the class takes no parameter
    _Floats = _Integers = array

ABSENT = -(2**62)
"""An integer that is not known."""


class Floats(_Floats):
    """A growing column of floats; nan is absence."""

    __slots__ = ()

    def __new__(cls, values: Iterable[float] = ()) -> Floats:
        """A column of these values."""
        return cast("Floats", super().__new__(cls, "d", values))

    def get(self, i: int) -> float | None:
        """The value, None where it is absent."""
        value = self[i]
        return None if value != value else value

    def cut(self, length: int) -> None:
        """Forget all from `length` on."""
        del self[length:]

    def peek(self) -> FloatArray:
        """The column itself, shape (n,): to be let go before a row is added or cut."""
        return np.frombuffer(self, dtype=np.float64)

    def array(self) -> FloatArray:
        """A copy as an array, shape (n,)."""
        return np.array(self, dtype=np.float64)


class Integers(_Integers):
    """A growing column of integers; `ABSENT` is absence."""

    __slots__ = ()

    def __new__(cls) -> Integers:
        """An empty column."""
        return cast("Integers", super().__new__(cls, "q"))

    def get(self, i: int) -> int | None:
        """The value, None where it is absent."""
        value = self[i]
        return None if value == ABSENT else value

    def cut(self, length: int) -> None:
        """Forget all from `length` on."""
        del self[length:]

    def peek(self) -> IntArray:
        """The column itself, shape (n,): to be let go before a row is added or cut."""
        return np.frombuffer(self, dtype=np.int64)

    def equal_to(self, value: int, least: int = 0) -> range:
        """Where the value stands in a column in ascending order, from `least` on."""
        first, last = np.searchsorted(self.peek()[least:], (value, value + 1)).tolist()
        return range(least + first, least + last)

    def array(self) -> IntArray:
        """A copy as an array, shape (n,)."""
        return np.array(self, dtype=np.int64)


class Flags(_Integers):
    """A growing column of small integers, a byte each."""

    __slots__ = ()

    def __new__(cls) -> Flags:
        """An empty column."""
        return cast("Flags", super().__new__(cls, "b"))

    def cut(self, length: int) -> None:
        """Forget all from `length` on."""
        del self[length:]

    def peek(self) -> NDArray[np.int8]:
        """The column itself, shape (n,): to be let go before a row is added or cut."""
        return np.frombuffer(self, dtype=np.int8)


class Columns:
    """What is kept of each print of one metric; row i of every column belongs to the same print.

    It knows from which row on it has changed since someone last looked: what is made of it need not
    be made anew from its start.
    """

    def __init__(self) -> None:
        self.print_index = Integers()
        """Which print of the run the row comes from."""
        self.displayed = Floats()
        """As the log prints it."""
        self.told = Floats()
        """What the averaging law makes of that: the same, but for a bar with a habit of its own."""
        self.quantum = Floats()
        self.from_k = Integers()
        """Batches of the epoch done before the row's window; less than 0 where it began earlier."""
        self.value = Floats()
        self.low = Floats()
        self.high = Floats()
        self.count = Integers()
        self.expected = Floats()
        """Mean of the row's window, where its counts are few enough to be weighed one by one."""
        self.level = Floats()
        self.variance = Floats()
        self.outlier = Flags()
        """A print that no law allows."""
        self._columns: tuple[Floats | Integers | Flags, ...] = (
            *(self.print_index, self.displayed, self.told, self.quantum, self.from_k, self.value),
            *(self.low, self.high, self.count, self.expected, self.level, self.variance),
            self.outlier,
        )
        self._changed = 0

    def __len__(self) -> int:
        return len(self.print_index)

    def changes(self) -> int:
        """First row that was added, decoded anew or cut since the last call."""
        first, self._changed = self._changed, len(self)
        return first

    def touch(self, row: int) -> None:
        """The row changes, or is cut."""
        if row < self._changed:
            self._changed = row

    def grow(self, displayed: float, told: float, quantum: float, print_index: int) -> None:
        """Add a row of which no more is known."""
        self.print_index.append(print_index)
        self.displayed.append(displayed)
        self.told.append(told)
        self.quantum.append(quantum)
        self.from_k.append(ABSENT)
        self.value.append(nan)
        self.low.append(nan)
        self.high.append(nan)
        self.count.append(ABSENT)
        self.expected.append(nan)
        self.level.append(nan)
        self.variance.append(nan)
        self.outlier.append(0)

    def clear(self, row: int) -> None:
        """Forget what was made of the row's print."""
        self.touch(row)
        self.value[row] = self.low[row] = self.high[row] = nan
        self.expected[row] = self.level[row] = self.variance[row] = nan
        self.from_k[row] = self.count[row] = ABSENT
        self.outlier[row] = 0

    def cut(self, rows: int) -> None:
        """Forget all rows from `rows` on."""
        self.touch(rows)
        for column in self._columns:
            column.cut(rows)
