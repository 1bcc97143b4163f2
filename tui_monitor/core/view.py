"""From a run's tracks to what a screen draws: columns with positions, and the table of epochs.

A `RunView` remembers what it has seen of its run, so that a picture costs what is new in it and not
what is old. Of a run of very many prints the older ones are thinned (`thinning`).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from math import inf, isfinite, nan, sqrt
from typing import NamedTuple

import numpy as np

from tui_monitor.core.arrays import FloatArray, IntArray
from tui_monitor.core.decoder import RunDecoder
from tui_monitor.core.laws import EPOCH
from tui_monitor.core.metrics import validation_of
from tui_monitor.core.records import Event, LawEvidence, Split
from tui_monitor.core.series import ABSENT, Floats, Integers
from tui_monitor.core.snapshot import Curve, EpochRow
from tui_monitor.core.thinning import Thinned
from tui_monitor.core.track import Track

NO_LAW = LawEvidence("unknown", None, None, settled=False)
_NEVER = 1 << 62
"""An epoch that none reaches."""


class _Stretch(NamedTuple):
    """Rows of one epoch that follow each other."""

    epoch: int
    first: int
    batches: float
    """Greatest batch of the epoch among them; -inf where none is known."""


class _Seen:
    """A track as far as it was looked at: where its rows stand."""

    def __init__(self, track: Track) -> None:
        self.track = track
        self.epochs = Integers()
        self.k = Floats()
        self.amid = Floats()
        """The same of prints that are not their epoch's last."""
        self.stretches: list[_Stretch] = []
        self.thinned = Thinned()
        self.changed = 0
        """First row that may differ from the picture before."""
        self.first_epoch = 1
        """The earliest epoch of such a row."""

    def look(self) -> None:
        """Take in what is new."""
        before = len(self.epochs)
        self.changed = changed = min(self.track.changes(), before)
        old = int(self.epochs.peek()[changed:].min()) if changed < before else _NEVER
        self.epochs.cut(changed)
        self.k.cut(changed)
        self.amid.cut(changed)
        for place in self.track.places[changed:]:
            self.epochs.append(place.epoch)
            self.k.append(nan if place.k is None else place.k)
            self.amid.append(nan if place.k is None or place.final else place.k)
        new = int(self.epochs.peek()[changed:].min()) if changed < len(self.epochs) else _NEVER
        self.first_epoch = min(old, new)
        self._stretch_from(changed, grown=changed == before)

    def _stretch_from(self, changed: int, *, grown: bool) -> None:
        """Find the stretches anew from the one that the row `changed` lies in."""
        begin, stretches = changed, self.stretches
        while stretches and stretches[-1].first >= changed:
            stretches.pop()
        if stretches and not grown:
            begin = stretches.pop().first
        epochs = self.epochs.peek()[begin:]
        if not epochs.size:
            return
        starts = np.concatenate(([0], np.flatnonzero(np.diff(epochs)) + 1))
        k = np.nan_to_num(self.k.peek()[begin:], nan=-inf)
        batches = np.maximum.reduceat(k, starts).tolist()
        for start, most in zip(starts.tolist(), batches, strict=True):
            epoch = int(epochs[start])
            if stretches and stretches[-1].epoch == epoch:
                held = stretches[-1]
                stretches[-1] = held._replace(batches=max(most, held.batches))
            else:
                stretches.append(_Stretch(epoch, begin + start, most))

    def batches(self, epoch: int) -> dict[int, float]:
        """Batches of each epoch from `epoch` on, where they are known."""
        found: dict[int, float] = {}
        for stretch in reversed(self.stretches):
            if stretch.epoch < epoch:
                break
            if stretch.batches > -inf:
                found[stretch.epoch] = max(found.get(stretch.epoch, 0.0), stretch.batches)
        return found

    def last_rows(self, epoch: int) -> dict[int, int]:
        """The newest row of each epoch from `epoch` on."""
        found: dict[int, int] = {}
        end = len(self.epochs)
        for stretch in reversed(self.stretches):
            if stretch.epoch < epoch:
                break
            found.setdefault(stretch.epoch, end - 1)
            end = stretch.first
        return found


def _counts_batches(seen: _Seen) -> bool:
    """Whether the prints of a metric that is drawn tell how many batches an epoch has."""
    if seen.track.metric.split == "train":
        return seen.track.law.key != EPOCH.key
    return bool(np.isfinite(seen.amid.peek()).any())


def _whole(seen: _Seen, decoder: RunDecoder, first: int) -> dict[int, float]:
    """Batches of each epoch from `first` on: those seen, and the total of one that is over.

    Its newest batches may not be printed. A total of twice as many is that of several epochs.
    """
    size = seen.batches(first)
    newest = decoder.prints[-1]
    for epoch, row in seen.last_rows(first).items():
        done = size.get(epoch)
        if done is not None and (epoch < newest.epoch or newest.final):
            told = decoder.epoch_batches(decoder.prints[seen.track.print_index[row]]) or 0
            size[epoch] = float(told) if done < told < 2 * done else done
    return size


class Ruler:
    """Positions on the x axis: batches since the run's start, or epochs where nothing is finer."""

    def __init__(
        self,
        seen: Sequence[_Seen] = (),
        decoder: RunDecoder | None = None,
        before: Ruler | None = None,
    ) -> None:
        """`before`: that of the look before, whose epochs stay as far as nothing in them changed."""
        self._measured = next((each for each in seen if _counts_batches(each)), None)
        known: FloatArray = np.empty(0)
        size: dict[int, float] = {}
        last = decoder.prints[-1].epoch if decoder is not None and decoder.prints else 0
        if decoder is not None and self._measured is not None:
            if before is not None and before._measured is self._measured:
                # The newest of then may be over by now.
                known = before._sizes[: max(min(self._measured.first_epoch, last) - 2, 0)]
            size = _whole(self._measured, decoder, len(known) + 1)
        new = [size.get(epoch, nan) for epoch in range(len(known) + 1, last + 1)]
        self._sizes: FloatArray = np.concatenate((known, new))
        """Batches of each epoch, nan where they are not known."""
        unknown = np.isnan(self._sizes)
        self.by_batch = not bool(unknown.all())
        lengths = np.where(unknown, 1.0, self._sizes)
        self.starts: FloatArray = np.concatenate(([0.0], np.cumsum(lengths)))
        """Position where epoch e starts is starts[e - 1]; where it ends, starts[e]."""

    def ends(self, epochs: IntArray) -> FloatArray:
        """Positions of the ends of epochs; the newest epoch's for what comes after it."""
        return np.asarray(self.starts[np.minimum(epochs, len(self.starts) - 1)])

    def position(self, epoch: int, k: float | None) -> float:
        """Position after k batches of an epoch; of its end if k is None."""
        at = min(epoch, len(self.starts) - 1)
        if not self.by_batch or k is None:
            return float(self.starts[at])
        return float(self.starts[at - 1]) + k


class RunView:
    """What a screen draws of one run. `look` first: the rest tells what was seen then."""

    def __init__(self, decoder: RunDecoder) -> None:
        self.decoder = decoder
        self._seen: dict[str, _Seen] = {}
        self._split: Split = "train"
        """Of the metrics that are drawn."""
        self.ruler = Ruler()
        self._changed_epoch = 1
        """The earliest epoch whose row of the table may differ from the one before."""
        self._table: list[EpochRow] = []
        self._events = 0
        self._placed: tuple[Sequence[Event], IntArray] = ((), np.empty(0, dtype=np.int64))
        """Events, and the epochs at whose ends they stand."""

    def look(self) -> None:
        """Take in what is new since the last time."""
        tracks = self.decoder.tracks
        known = {
            name: self._seen[name]
            for name in tracks
            if name in self._seen and self._seen[name].track is tracks[name]
        }
        trains = any(track.metric.split == "train" for track in tracks.values())
        split: Split = "train" if trains else "val"
        if len(known) < len(self._seen) or split != self._split:
            self._changed_epoch = 1
        self._split = split
        self._seen = {name: known.get(name) or _Seen(track) for name, track in tracks.items()}
        for seen in self._seen.values():
            seen.look()
            self._changed_epoch = min(self._changed_epoch, seen.first_epoch)
        self.ruler = Ruler(tuple(self._drawn()), self.decoder, self.ruler)

    def curves(self) -> tuple[Curve, ...]:
        """A curve for each metric that is drawn, in the order printed."""
        return tuple(self._curve(seen) for seen in self._drawn() if len(seen.track))

    def _drawn(self) -> Iterator[_Seen]:
        """Metrics of the training; of a run that prints none, those of its validations."""
        for seen in self._seen.values():
            if seen.track.metric.split == self._split:
                yield seen

    def _curve(self, seen: _Seen) -> Curve:
        """The columns of a metric, in ascending position."""
        track, ruler = seen.track, self.ruler
        kept = seen.thinned.rows(track.displayed.peek(), track.level.peek(), seen.changed)
        epochs, k = seen.epochs.peek()[kept], seen.k.peek()[kept]
        starts = ruler.starts[np.minimum(epochs, len(ruler.starts) - 1) - 1]
        ends = ruler.starts[np.minimum(epochs, len(ruler.starts) - 1)]
        from_k = track.from_k.peek()[kept].astype(np.float64)
        if ruler.by_batch:
            x = np.where(np.isnan(k), ends, starts + k)
            x_from = np.where(from_k == ABSENT, x, starts + from_k)
        else:
            x, x_from = ends, starts
        if np.any(x[1:] < x[:-1]):
            order = np.argsort(x, kind="stable")
            kept, x, x_from = kept[order], x[order], x_from[order]
        val = self._validation(track.metric.name)
        return Curve(
            metric=track.metric.name,
            val_metric=None if val is None else val.track.metric.name,
            higher_is_better=track.metric.higher_is_better,
            bounds=(track.metric.low, track.metric.high),
            x=x,
            x_from=x_from,
            displayed=track.displayed.peek()[kept],
            value=track.value.peek()[kept],
            low=track.low.peek()[kept],
            high=track.high.peek()[kept],
            level=track.level.peek()[kept],
            level_sd=np.sqrt(np.maximum(track.variance.peek()[kept], 0.0)),
            val_x=np.empty(0) if val is None else self._ends(val),
            val=np.empty(0) if val is None else val.track.displayed.array(),
            law=self.decoder.law or NO_LAW,
            inertia=inertia(track),
        )

    def event_x(self, events: Sequence[Event]) -> FloatArray:
        """Positions of events: the ends of their epochs."""
        if events is not self._placed[0]:
            epochs = np.array([max(event.epoch, 1) for event in events], dtype=np.int64)
            self._placed = (events, epochs)
        return self.ruler.ends(self._placed[1])

    def _validation(self, name: str) -> _Seen | None:
        """What was seen of a train metric's validation."""
        found = validation_of(name, self._seen) if self._split == "train" else None
        return None if found is None else self._seen[found]

    def _ends(self, val: _Seen) -> FloatArray:
        """Where a validation stands: at the ends of epochs, but for those amid one."""
        epochs, amid = val.epochs.peek(), val.amid.peek()
        ends = self.ruler.ends(epochs)
        if not self.ruler.by_batch:
            return ends
        return np.where(np.isnan(amid), ends, self.ruler.ends(epochs - 1) + amid)

    # --- the table of epochs -----------------------------------------------------------------

    def epoch_rows(self, events: Sequence[Event]) -> tuple[EpochRow, ...]:
        """The table of epochs, a row an epoch and metric that is drawn."""
        new = events[self._events :] if len(events) >= self._events else events
        changed = min([self._changed_epoch, *(event.epoch for event in new)])
        # An epoch's end is told by the prints after it.
        first = min(changed, self.decoder.prints[-1].epoch - 1) if self.decoder.prints else 1
        del self._table[_place_of(self._table, first) :]
        marks = _marks(events, first)
        rows: list[EpochRow] = []
        for seen in self._drawn():
            rows += self._rows_of(seen, self._validation(seen.track.metric.name), first, marks)
        self._table += sorted(rows, key=lambda row: row.epoch)
        self._changed_epoch, self._events = _NEVER, len(events)
        return tuple(self._table)

    def _rows_of(
        self, seen: _Seen, val: _Seen | None, first: int, marks: dict[int, list[str]]
    ) -> list[EpochRow]:
        track = seen.track
        vals = {} if val is None else val.last_rows(first)
        rows: list[EpochRow] = []
        for epoch, row in seen.last_rows(first).items():
            level, sd = self._level_end(seen, epoch, row)
            p = self.decoder.prints[track.print_index[row]]
            of_val = vals.get(epoch)
            rows.append(
                EpochRow(
                    epoch=epoch,
                    label=p.label,
                    metric=track.metric.name,
                    displayed=track.displayed[row],
                    level_end=level,
                    level_end_sd=sd,
                    val=None if val is None or of_val is None else val.track.displayed[of_val],
                    seconds=p.elapsed if p.final else None,
                    marks=", ".join(marks.get(epoch, [])),
                )
            )
        return rows

    def _level_end(self, seen: _Seen, epoch: int, row: int) -> tuple[float | None, float | None]:
        """Decoded level after an epoch's newest print, and its standard deviation.

        A last line that repeats its bar's last step brings no level of its own: the bar's holds.
        """
        track = seen.track
        known = track.epoch_ends.get(epoch)
        if known is not None:
            return known[0], sqrt(known[1])
        if isfinite(track.displayed[row]):
            at = self.ruler.position(epoch, seen.k.get(row))
            while (level := track.level.get(row)) is None and row > 0:
                row -= 1
                if seen.epochs[row] != epoch or self.ruler.position(epoch, seen.k.get(row)) != at:
                    break
            if level is not None:
                return level, track.sd(row)
        return None, None


def _place_of(table: Sequence[EpochRow], epoch: int) -> int:
    """Index of the first row of the epoch `epoch` or a later one."""
    return bisect_left(table, epoch, key=lambda row: row.epoch)


def _marks(events: Sequence[Event], first: int) -> dict[int, list[str]]:
    """Kinds of events of each epoch from `first` on."""
    marks: dict[int, list[str]] = {}
    for event in events:
        if event.epoch < first or event.kind == "other":
            continue
        if event.kind not in marks.setdefault(event.epoch, []):
            marks[event.epoch].append(event.kind)
    return marks


def inertia(track: Track) -> tuple[float, float] | None:
    """Most that one more batch can move the displayed number, down and up.

    The next batch has a share of 1 / n in the mean R, so R moves to R + (x - R) / n: by at most
    (high - R) / n up and (R - low) / n down. A bar that averages twice shows D, which the new R draws
    along by (R - D) / n; R itself is decoded there, and taken two standard errors farther. What
    leaves a sliding mean for the next batch is not looked at.
    """
    law = track.law
    if not len(track) or not law.inverted or law.window is not None or track.filter is None:
        return None
    place, d = track.places[-1], track.displayed[-1]
    k = place.done if law.goes_on else place.k
    if k is None or not isfinite(d) or (place.final and not law.goes_on):
        return None
    low, high = track.metric.low, track.metric.high
    if law.depth < 2:
        n = law.weight(k + 1)
        lowest, highest = d - (d - low) / n, d + (high - d) / n
    else:
        total, error = track.filter.state[1], 2.0 * sqrt(max(track.filter.state[6], 0.0))
        lowest = (total - error + low) / (k + 1.0)
        highest = (total + error + high) / (k + 1.0)
        lowest, highest = d + (lowest - d) / (k + 1.0), d + (highest - d) / (k + 1.0)
    return (max(d - lowest, 0.0), max(highest - d, 0.0))
