"""Things worth knowing that the numbers show, as data.

A finding is only reported when the prints support it, and few at a time: each is worth reading. Words
are in `remarks`.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple
from weakref import WeakKeyDictionary

from tui_monitor.core.decoding.decoder import RunDecoder
from tui_monitor.core.explaining import goals, remarks
from tui_monitor.core.explaining.curves import over_epochs
from tui_monitor.core.explaining.extremes import LATE, Extremes, levels_of
from tui_monitor.core.explaining.history import epochs_over
from tui_monitor.core.metrics import is_number
from tui_monitor.core.options import Target
from tui_monitor.core.records import Event, Finding, LawEvidence, Print
from tui_monitor.core.snapshot import Goal
from tui_monitor.core.tracks.track import Track

BLOWN_UP = 3.0
"""Times its best level that a loss must reach to count as diverging."""
SURE = 3.0
"""Standard errors by which it must have risen."""
_WHOLE_LOSS = re.compile(
    r"(?:train(?:ing)?[-_/ ])?(?:total[-_ ]?)?loss(?: \(avg\))?", re.IGNORECASE
)
CLOSE = 0.02
"""Share of an epoch that may lie between its last line and the one before, to compare them."""
OFTEN = 100
"""Times at most that epochs are looked at all together while their number doubles."""


class Basis(NamedTuple):
    """What findings over the epochs rest on."""

    epochs: int
    """Over, as far as they matter."""
    law: LawEvidence | None
    batch_size: int | None
    metrics: int
    """How many are printed."""


class Finder:
    """Finds, and keeps what only changes when an epoch is over. One for a session."""

    def __init__(self) -> None:
        self._over_epochs: dict[int, tuple[Basis, tuple[Finding, ...]]] = {}
        self._goals: dict[int, tuple[Basis, tuple[Goal, ...]]] = {}
        self._extremes: WeakKeyDictionary[Track, Extremes] = WeakKeyDictionary()

    def find(
        self,
        run: RunDecoder,
        events: Sequence[Event],
        reached: Sequence[Goal] = (),
        *,
        exact: bool = True,
    ) -> tuple[Finding, ...]:
        """The findings of a run, the most urgent first; `reached`: what `goals` said of it.

        Without `exact`, those over very many epochs may lack the newest hundredth of them.
        """
        for track in run.tracks.values():
            self._extremes.setdefault(track, Extremes()).look(track)
        of_run = {track: self._extremes[track] for track in run.tracks.values()}
        now = [*not_finite(run, of_run), *diverged(run, of_run), *ending(run, events)]
        aims = [goals.finding(run, goal) for goal in reached]
        return (*now, *aims, *self._find_over_epochs(run, exact=exact))

    def goals(
        self, run: RunDecoder, targets: Sequence[Target], eta_epoch: float | None
    ) -> tuple[Goal, ...]:
        """Where the run stands on its way to each target; `eta_epoch`: seconds."""
        if not targets:
            return ()
        basis = _basis(run, epochs_over(run))
        kept = self._goals.get(run.run)
        if kept is None or kept[0] != basis or len(kept[1]) < len(targets):
            kept = basis, tuple(goals.set_against(run, each) for each in targets)
            self._goals[run.run] = kept
        return tuple(goals.timed(goal, eta_epoch) for goal in kept[1])

    def _find_over_epochs(self, run: RunDecoder, *, exact: bool) -> tuple[Finding, ...]:
        over = epochs_over(run)
        basis = _basis(run, over if exact else over // stride(over) * stride(over))
        kept = self._over_epochs.get(run.run)
        if kept is None or kept[0] != basis:
            kept = basis, (*averaged_twice(run), *over_epochs(run))
            self._over_epochs[run.run] = kept
        return kept[1]


def stride(epochs: int) -> int:
    """Epochs after which as many are looked at again: a power of two, a hundredth of them at most."""
    return 1 << max(epochs // OFTEN, 1).bit_length() - 1


def _basis(run: RunDecoder, epochs: int) -> Basis:
    return Basis(epochs, run.law, run.batch_size, len(run.tracks))


def not_finite(run: RunDecoder, found: Mapping[Track, Extremes]) -> Iterator[Finding]:
    """The first nan or inf of the run."""
    first: tuple[int, Track, int] | None = None
    for track, extremes in found.items():
        if extremes.not_finite is not None:
            at = track.print_index[extremes.not_finite]
            if first is None or at < first[0]:
                first = (at, track, extremes.not_finite)
    if first is None:
        return
    at, track, row = first
    p, value = run.prints[at], track.displayed[row]
    before = run.prints[track.print_index[row - 1]] if row else None
    since = before.step if before is not None and before.epoch == p.epoch else 0
    text = remarks.not_finite(track, value, p, since if track.law.inverted else None)
    yield Finding("nan", run.run, p.epoch, track.metric.name, text, {"line": float(p.line)})


def diverged(run: RunDecoder, found: Mapping[Track, Extremes]) -> Iterator[Finding]:
    """A loss that has risen far above its best, and above where it began.

    A part of a loss may well rise while the whole falls: where that is not printed, all parts must.
    """
    losses = {track: each for track, each in found.items() if _is_loss(track)}
    whole = [track for track in losses if _WHOLE_LOSS.fullmatch(track.metric.name)]
    means = {track.metric.name: each for track, each in losses.items()}
    risen = [
        track
        for track in whole or losses
        if _has_risen(track, losses[track])
        and _exceeds(losses[track], means.get(f"{track.metric.name} (avg)"))
    ]
    if not risen or (len(risen) < len(losses) and not whole):
        return
    track = risen[0]
    extremes, name = losses[track], track.metric.name
    best, now = extremes.best or 0, extremes.late[-1]
    lowest = levels_of(track)[best]
    text = remarks.diverged(name, run.prints[track.print_index[best]], lowest, now)
    numbers = {"best": lowest, "now": now}
    yield Finding("divergence", run.run, track.places.epoch[-1], name, text, numbers)


def _is_loss(track: Track) -> bool:
    metric = track.metric
    return metric.family == "positive" and metric.split == "train" and metric.averaged


def _has_risen(track: Track, extremes: Extremes) -> bool:
    """Whether the newest levels are far above the best one, and above the first."""
    best, first = extremes.best, extremes.first
    if best is None or first is None or len(extremes.late) < LATE or len(track) <= LATE:
        return False
    levels = levels_of(track)
    sd = track.sd(len(track) - 1) if levels is track.level else 0.0
    lowest = min(extremes.late)
    return lowest > BLOWN_UP * levels[best] and lowest - SURE * (sd or 0.0) > levels[first]


def _exceeds(newest: Extremes, mean: Extremes | None) -> bool:
    """Whether the newest numbers are above the mean that is printed beside them, if one is."""
    return mean is None or not mean.late or min(newest.late) > mean.late[-1]


def ending(run: RunDecoder, events: Sequence[Event]) -> Iterator[Finding]:
    """How the run ended, where the log says so; a traceback after success is no failure."""
    if not run.prints:
        return
    last = run.prints[-1]
    events = events[bisect_left(events, last.epoch, key=_epoch) :]
    after = [event for event in events if event.line >= last.line]
    stopped = [event for event in events if event.kind == "early-stopping"]
    invalid = [event for event in events if "Invalid loss" in event.text]
    # one epoch of one may be an outer loop's first
    several = last.epochs is not None and last.epochs > 1 and last.label.isdecimal()
    planned = several and int(last.label) >= (last.epochs or 0)
    failed = [event for event in after if event.text.startswith("Traceback")]
    place = remarks.place(last)
    if planned and last.final:
        text = remarks.ended(last)
    elif stopped:
        text = remarks.stopped_early(stopped[-1].text, last)
    elif invalid:
        text = remarks.stopped_invalid(invalid[-1].text)
    elif failed and "KeyboardInterrupt" in failed[-1].text:
        text = remarks.interrupted(place)
    elif failed:
        text = remarks.failed(failed[-1].text, place)
        yield Finding("failed", run.run, last.epoch, None, text, {"line": float(failed[-1].line)})
        return
    else:
        return
    yield Finding("ended", run.run, last.epoch, None, text, {"epoch": float(last.epoch)})


def _epoch(event: Event) -> int:
    return event.epoch


def averaged_twice(run: RunDecoder) -> Iterator[Finding]:
    """A bar that averages running means, and the jump of its last line."""
    if run.law is None or run.law.name != "averaged-twice" or not run.law.settled:
        return
    tracks = [t for t in run.tracks.values() if t.metric.split == "train" and t.law.depth == 2]
    tracks.sort(key=lambda t: not t.metric.higher_is_better)
    jumps = [jump for track in tracks[:1] for jump in _inner_jumps(run, track)]
    if not jumps:
        yield Finding("averaged-twice", run.run, None, None, remarks.AVERAGES_TWICE, {})
        return
    largest = max(jumps, key=lambda jump: abs(jump.after - jump.before))
    text = remarks.averaged_twice(largest)
    numbers = {
        "before": largest.before,
        "after": largest.after,
        "jump": largest.after - largest.before,
    }
    name = largest.track.metric.name
    yield Finding("averaged-twice", run.run, largest.at.epoch, name, text, numbers)


class InnerJump(NamedTuple):
    """A jump inside an epoch: at its last line, which obeys a law of its own."""

    track: Track
    at: Print
    before: float
    after: float
    batches: int
    """Between the two lines."""


def _inner_jumps(run: RunDecoder, track: Track) -> Iterator[InnerJump]:
    """Of the epochs whose bar was last drawn close to their end."""
    for epoch in range(1, epochs_over(run) + 1):
        rows = track.places.of_epoch(epoch)
        if len(rows) < 2 or not track.places.is_final(rows[-1]):
            continue
        before, after = track.displayed[rows[-2]], track.displayed[rows[-1]]
        k, end = track.places.batches(rows[-2]), track.places.batches(rows[-1])
        if k is None or end is None or end - k > CLOSE * end:
            continue
        if is_number(before) and is_number(after):
            at = run.prints[track.print_index[rows[-1]]]
            yield InnerJump(track, at, before, after, end - k)
