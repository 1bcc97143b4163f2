"""Of which batch the numbers beside a bar are, where the bar is drawn with one old and one new.

tqdm draws a bar when its numbers are set, and, at most every 0.1 s, when it moves. So a state of it,
a frame, shows a new number beside an old position, or an old number beside a new position:

- Numbers are set within a `for` over the bar: those of the m batches from n + 1 on are drawn beside
  n, and the next position n' beside the newest of them. With m = n' - n each batch has its own. With
  several frames a batch, m is that multiple, and the last of each batch is complete. With fewer they
  are of batches 1, K + 1, 2K + 1, .. or K, 2K, 3K, ..: the j-th lies in n + 1 .. n', which soon leaves
  one K.
- Numbers are set before the program moves the bar: they are of the batch after the position.
- The program moves the bar first, or leaves drawing to the move: they are of the position.

Source: tqdm/std.py, __iter__, update, set_postfix, refresh. Owns that inference; what a frame shows
and whose bar it is are for `bars`.
"""

from __future__ import annotations

import copy
from itertools import pairwise

from tui_monitor.core.placing.framerules import ALIKE, Frame, Numbered, Offset, Rule, Within

MOST_HELD = 100
"""Frames after which a bar is read in the likeliest way, whatever they have told."""

LEAST_BATCH = 8
"""Samples a batch, where a bar seems to count samples."""
LEAST_STEPS = 20
"""Equal moves, each of one number, after which a bar surely counts so many a batch."""


class Frames:
    """The batches of one bar's numbers, epoch after epoch. Frames that only repeat are left out."""

    def __init__(self, rule: Rule | None = None) -> None:
        self._rule = rule
        self._held: list[Frame] = []
        """Of an epoch, while it is not known how to read them."""
        self._told = False
        """One of them shows numbers."""
        self._cut = False
        """The epoch's first frames are missing, so that it may be misread: the next one tells."""

    def copy(self) -> Frames:
        """An independent one."""
        twin = copy.copy(self)
        twin._held = self._held.copy()
        twin._rule = self._rule.copy() if self._rule is not None else None
        return twin

    @property
    def are_understood(self) -> bool:
        """Whether it is known how to read them; else they are held."""
        return self._rule is not None

    def take(self, frame: Frame) -> list[Numbered]:
        """The next frame; the numbers whose batches are now known, in order."""
        if self._rule is not None:
            return self._rule.take(frame)
        if not self._held:
            self._cut = frame.n > 1 and bool(frame.item.readings)
        self._told |= frame.news
        self._held.append(frame)
        if not self._told:
            del self._held[1:-1]  # of a bar without numbers, where it began and stands is enough
            return []
        self._rule = _rule(self._held)
        if self._rule is None and len(self._held) >= MOST_HELD:
            self._rule = self._guess()
        return self._replay() if self._rule is not None else []

    def end_epoch(self) -> list[Numbered]:
        """The bar begins anew, or ends: what can still be said of its numbers."""
        guessed = self._rule is None
        if self._rule is None:
            only = self._held[0] if len(self._held) == 1 else None
            if only and only.n and only.item.readings:  # all that is kept of the epoch
                self._held, self._told = [], False
                return [(only, only.n)]
            if not self._told:
                self._held.clear()
                return []
            self._rule = self._guess()
        known = [*self._replay(), *self._rule.end_epoch()]
        if guessed or self._cut:
            self._rule, self._cut = None, False
        self._told = False
        return known

    def _guess(self) -> Rule:
        """The rule that is likeliest where nothing has told."""
        first = next(frame for frame in self._held if frame.news)
        likeliest = Within() if first.n == self._held[0].n else Offset(0)
        return _rule(self._held, 1) or likeliest

    def _replay(self) -> list[Numbered]:
        rule, held = self._rule, self._held
        self._held = []
        assert rule is not None
        return [numbered for frame in held for numbered in rule.take(frame)]


def _rule(frames: list[Frame], certain: int = LEAST_STEPS) -> Rule | None:
    """How the first epoch of a bar, and so all others, are to be read; None while that is open.

    `certain`: equal moves that no chance explains.
    """
    first = next((at for at, frame in enumerate(frames) if frame.news), None)
    if first is None:
        return None
    start = frames[first].n
    if start == 0 or (first and start == frames[0].n):
        return _set_before(frames[first:], certain)
    pairs = list(pairwise(frames))
    if any(a.n == b.n != a.item.steps and a.news and b.news for a, b in pairs):
        return Within()  # beside a full bar a program shows what it has found out afterwards
    shown = [b.n for a, b in pairs if b.news or (a.n == b.n and b.item.readings)]
    numbers = list(dict.fromkeys(shown))
    if len(numbers) < ALIKE:
        return None
    moved = any(a.n != b.n and b.news for a, b in pairs)
    elsewhere = any(numbers[0] < b.n < numbers[-1] and b.n not in numbers for _, b in pairs)
    return _set_beside(numbers, certain, moved=moved, elsewhere=elsewhere)


def _set_beside(numbers: list[int], certain: int, *, moved: bool, elsewhere: bool) -> Rule | None:
    """The rule by the positions that numbers are drawn at, of which none is the first.

    Numbers of every few batches stand where they are due if the bar moves first, and one before if
    it does not. A bar drawn at regular times may seem to, for as many numbers as it moves batches,
    if it is drawn nowhere else. `moved`: numbers were drawn with a move; `elsewhere`: the bar was
    drawn between numbers.
    """
    gap = min(after - before for before, after in pairwise(numbers))
    if numbers != [numbers[0] + turn * gap for turn in range(len(numbers))]:
        return Offset(0) if moved else Within()
    due = numbers[0] % gap
    before = due == gap - 1 > 0
    if before and (elsewhere or len(numbers) > LEAST_STEPS):
        return Offset(1) if moved else Within()
    if certain > 1 and (before or (len(numbers) <= min(gap, certain) and not elsewhere)):
        return None
    return Offset(0) if moved or due < 2 else Within()


def _set_before(frames: list[Frame], certain: int) -> Rule | None:
    """The rule where a number is drawn before the bar has moved; the frames from there on."""
    moves = [after.n - before.n for before, after in pairwise(frames)]
    if moves[:1] == [0] or (0, 0) in pairwise(moves):
        return Within()  # several numbers before a move
    full = frames[0].item.steps  # the last batch may be short
    steps = [b.n - a.n for a, b in pairwise(frames) if a.n != b.n != full]
    drawn = any(frame.news for frame in frames[1:])
    if 1 in steps:
        return Within() if 0 in moves else Offset(1) if drawn else None
    if len(set(steps)) == 1 and steps[0] >= LEAST_BATCH and drawn:
        # perhaps samples; a bar drawn at regular times soon shows none or two numbers at once
        return Offset(steps[0]) if len(steps) > min(steps[0], certain) else None
    if 0 in moves:
        return Within()
    return Offset(1) if drawn and len(steps) > 1 else None
