"""The prints of a run, of which there may be millions: all but the newest are kept as columns.

A print as an object takes some 700 bytes, in columns less than a quarter. What is asked for is
made again, equal to what was taken.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, chain, pairwise
from math import isnan, nan
from sys import intern
from typing import Any, overload

from tui_monitor.core.columns.series import Floats, Integers
from tui_monitor.core.records import Print, Reading

BLOCK = 256
"""Prints that are packed together; at least as many of the newest stay as they are."""

OFTEN = 8
"""Times in a row that a block is asked, after which all its prints are made again at once."""

_READINGS = Print._fields.index("readings")


class Prints(Sequence[Print]):
    """A list of prints, in the order of their epochs, that grows and may be changed at its end."""

    def __init__(self) -> None:
        self._epochs = Integers()
        self._blocks: list[_Block] = []
        self._newest: list[Print] = []
        self._asked = -1
        """The block that was asked last, .."""
        self._times = 0
        """.. how often in a row, .."""
        self._opened: list[Print] = []
        """.. and its prints, once it was asked often: they are read one after another."""

    def append(self, p: Print) -> None:
        """Add a print."""
        self._epochs.append(p.epoch)
        self._newest.append(p)
        if len(self._newest) == 2 * BLOCK:
            self._blocks.append(_Block(self._newest[:BLOCK]))
            del self._newest[:BLOCK]

    def pop(self) -> None:
        """Forget the newest print: one since which few were added."""
        self._newest.pop()
        self._epochs.pop()

    def replace_newest(self, p: Print) -> None:
        """The newest print is this one."""
        self._newest[-1] = p
        self._epochs[-1] = p.epoch

    def of_epoch(self, epoch: int, least: int = 0) -> range:
        """Which are of an epoch, of those from `least` on."""
        return self._epochs.equal_to(epoch, least)

    def __len__(self) -> int:
        return len(self._blocks) * BLOCK + len(self._newest)

    def __iter__(self) -> Iterator[Print]:
        return chain(chain.from_iterable(map(_Block.prints, self._blocks)), self._newest)

    @overload
    def __getitem__(self, index: int) -> Print: ...

    @overload
    def __getitem__(self, index: slice) -> list[Print]: ...

    def __getitem__(self, index: int | slice) -> Print | list[Print]:
        if isinstance(index, slice):
            return self._part(range(*index.indices(len(self))))
        packed = len(self._blocks) * BLOCK
        if index >= packed:
            return self._newest[index - packed]
        if index < 0:
            index += len(self)
            if index < 0:
                raise IndexError(index)
            return self[index] if index < packed else self._newest[index - packed]
        return self._packed(*divmod(index, BLOCK))

    def _part(self, wanted: range) -> list[Print]:
        """Prints one after another: what is packed is made again block by block."""
        if wanted.step != 1 or not wanted:
            return [self[i] for i in wanted]
        packed = len(self._blocks) * BLOCK
        found: list[Print] = []
        for block in range(wanted.start // BLOCK, -(-min(wanted.stop, packed) // BLOCK)):
            begin = block * BLOCK
            prints = self._blocks[block].prints(
                max(wanted.start - begin, 0), min(wanted.stop - begin, BLOCK)
            )
            found.extend(prints)
        found += self._newest[max(wanted.start - packed, 0) : max(wanted.stop - packed, 0)]
        return found

    def _packed(self, block: int, at: int) -> Print:
        if block != self._asked:
            self._asked, self._times, self._opened = block, 0, []
        self._times += 1
        if self._times < OFTEN:
            return self._blocks[block].print_at(at)
        if not self._opened:
            self._opened = list(self._blocks[block].prints())
        return self._opened[at]


class _Block:
    """As many prints as are packed together."""

    def __init__(self, prints: Sequence[Print]) -> None:
        columns: list[Sequence[Any]] = list(zip(*prints, strict=True))
        readings = columns.pop(_READINGS)
        self._fields = list(map(_getter, columns))
        self._end = _getter(tuple(accumulate(map(len, readings), initial=0)))
        """Of the readings of the prints before the i-th, among those of all."""
        found = list(zip(*chain.from_iterable(readings), strict=True)) or [()] * len(
            Reading._fields
        )
        self._readings = list(map(_getter, found))

    def print_at(self, at: int) -> Print:
        """One of the prints."""
        return next(self.prints(at, at + 1))

    def prints(self, first: int = 0, last: int = BLOCK) -> Iterator[Print]:
        """Those from `first` to before `last`, field by field."""
        ends = list(map(self._end, range(first, last + 1)))
        found = range(ends[0], ends[-1])
        readings = list(
            map(Reading._make, zip(*(map(get, found) for get in self._readings), strict=True))
        )
        columns: list[Iterable[Any]] = [map(get, range(first, last)) for get in self._fields]
        of_print = (tuple(readings[a - ends[0] : b - ends[0]]) for a, b in pairwise(ends))
        columns.insert(_READINGS, of_print)
        return map(Print._make, zip(*columns, strict=True))


def _getter(values: Sequence[Any]) -> Callable[[int], Any]:
    """What tells the i-th value, from as little memory as there need be."""
    kinds = set(map(type, values))
    if len(kinds) == 1 and values.count(values[0]) == len(values) and values[0] != 0.0:
        return _repeated(values[0], len(values)).__getitem__
    if kinds == {float}:
        return array("d", values).__getitem__
    if kinds == {float, type(None)}:
        found = Floats([nan if v is None else v for v in values])
        if sum(map(isnan, found)) == values.count(None):
            return found.get
    if kinds == {int}:
        try:
            return array("q", values).__getitem__
        except OverflowError:
            pass
    if kinds == {str}:
        return _shared(tuple(values)).__getitem__
    return tuple(values).__getitem__


@lru_cache(maxsize=256, typed=True)
def _repeated(value: Any, times: int) -> tuple[Any, ...]:
    """The same value over and over: shared, as there are many such columns."""
    return (value,) * times


@lru_cache(maxsize=64)
def _shared(texts: tuple[str, ...]) -> tuple[str, ...]:
    """The same texts, as another block has them: names of metrics that take turns."""
    return tuple(map(intern, texts))
