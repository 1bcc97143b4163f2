"""From a run's tracks to what a screen draws: columns with positions, and the table of epochs.

A `RunView` remembers what it has seen of its run, so that a picture costs what is new in it and not
what is old. Of a run of very many prints the older ones are thinned (`thinning`).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from math import isfinite, sqrt

import numpy as np

from tui_monitor.core.columns.arrays import FloatArray, IntArray
from tui_monitor.core.columns.series import ABSENT
from tui_monitor.core.decoding.decoder import RunDecoder
from tui_monitor.core.level.following import Course
from tui_monitor.core.picture.ruler import NEVER, Ruler, Seen
from tui_monitor.core.records import Event, LawEvidence, Split
from tui_monitor.core.snapshot import Curve, EpochRow
from tui_monitor.core.tracks.track import Track

NO_LAW = LawEvidence("unknown", None, None, settled=False)


class RunView:
    """What a screen draws of one run. `look` first: the rest tells what was seen then."""

    def __init__(self, decoder: RunDecoder) -> None:
        self.decoder = decoder
        self._seen: dict[str, Seen] = {}
        self._ended = False
        self._courses: dict[str, Course | None] = {}
        """Of each metric that is drawn the level that no row tells yet."""
        self._split: Split = "train"
        """Of the metrics that are drawn."""
        self.ruler = Ruler()
        self._changed_epoch = 1
        """The earliest epoch whose row of the table may differ from the one before."""
        self._table: list[EpochRow] = []
        self._events = 0
        self._placed: tuple[Sequence[Event], IntArray] = ((), np.empty(0, dtype=np.int64))
        """Events, and the epochs at whose ends they stand."""

    def look(self, *, ended: bool = False) -> None:
        """Take in what is new since the last time. `ended`: the log says that the training is over."""
        tracks = self.decoder.tracks
        self._ended = ended
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
        self._seen = {name: known.get(name) or Seen(track) for name, track in tracks.items()}
        for seen in self._seen.values():
            seen.look()
            self._changed_epoch = min(self._changed_epoch, seen.first_epoch)
        before, self._courses = self._courses, {}
        for seen in self._drawn():
            if not seen.rows:
                continue
            name = seen.track.metric.name
            course = self._courses[name] = self._course(seen.track)
            if course is not None and course is not before.get(name):
                first = seen.track.places.epoch[int(course.rows[0])]
                self._changed_epoch = min(self._changed_epoch, first)
        self.ruler = Ruler(tuple(self._drawn()), self.decoder, self.ruler)

    def curves(self) -> tuple[Curve, ...]:
        """A curve for each metric that is drawn, in the order printed."""
        return tuple(self._curve(seen) for seen in self._drawn() if len(seen.track))

    def _course(self, track: Track) -> Course | None:
        """The level of what is not yet looked back over; None where that is nothing.

        An epoch is over with its last line, and with the next epoch. Numbers that stand alone tell of
        those of other epochs as well: they are over with the training.
        """
        newest = self.decoder.prints[-1]
        is_over = newest.final or track.places.epoch[-1] < newest.epoch
        return track.following.seen(is_over=self._ended or (is_over and track.law.inverted))

    def _drawn(self) -> Iterator[Seen]:
        """Metrics of the training; of a run that prints none, those of its validations."""
        for seen in self._seen.values():
            if seen.track.metric.split == self._split:
                yield seen

    def _curve(self, seen: Seen) -> Curve:
        """The columns of a metric, in ascending position."""
        track, ruler = seen.track, self.ruler
        kept = seen.thinned.rows(track.displayed.peek(), track.level.peek(), seen.changed)
        epochs, k = track.places.epoch.peek()[kept], track.places.counted(kept)
        within = np.minimum(epochs, len(ruler.starts) - 1)
        starts, ends = ruler.starts[within - 1], ruler.starts[within]
        origins = ruler.origins[within - 1]
        from_k = track.from_k.peek()[kept].astype(np.float64)
        if ruler.by_batch:
            x = np.where(np.isnan(k), ends, origins + k)
            x_from = np.where(from_k == ABSENT, x, np.maximum(origins + from_k, starts))
        else:
            x, x_from = ends, starts
        level, variance = track.level.peek()[kept], track.variance.peek()[kept]
        course = self._courses[track.metric.name]
        if course is not None:
            at = np.minimum(np.searchsorted(course.rows, kept), len(course.rows) - 1)
            of_course = course.rows[at] == kept
            level[of_course] = course.level[at[of_course]]
            variance[of_course] = course.variance[at[of_course]]
        if np.any(x[1:] < x[:-1]):
            order = np.argsort(x, kind="stable")
            kept, x, x_from = kept[order], x[order], x_from[order]
            level, variance = level[order], variance[order]
        val = self._validation(track)
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
            level=level,
            level_sd=np.sqrt(np.maximum(variance, 0.0)),
            val_x=np.empty(0) if val is None else self._ends(val),
            val=np.empty(0) if val is None else val.track.displayed.array(),
            law=self._law(track),
            inertia=inertia(track),
            decimals=track.decimals,
            val_decimals=track.decimals if val is None else val.track.decimals,
        )

    def _law(self, track: Track) -> LawEvidence:
        """The run's law, under the name of the metric's own: not all numbers of a run are averages."""
        of_run = self.decoder.law or NO_LAW
        return of_run if of_run.name == track.law.name else of_run._replace(name=track.law.name)

    def event_x(self, events: Sequence[Event]) -> FloatArray:
        """Positions of events: the ends of their epochs."""
        if events is not self._placed[0]:
            epochs = np.array([max(event.epoch, 1) for event in events], dtype=np.int64)
            self._placed = (events, epochs)
        return self.ruler.ends(self._placed[1])

    def _validation(self, track: Track) -> Seen | None:
        """What was seen of a train metric's validation."""
        found = self.decoder.validation_of(track) if self._split == "train" else None
        return None if found is None else self._seen.get(found.metric.name)

    def _ends(self, val: Seen) -> FloatArray:
        """Where a validation stands: at the ends of epochs, but for those amid one."""
        epochs, amid = val.track.places.epoch.peek()[: val.rows], val.amid()
        ends = self.ruler.ends(epochs)
        if not self.ruler.by_batch:
            return ends
        origins = self.ruler.origins[np.minimum(epochs, len(self.ruler.starts) - 1) - 1]
        return np.where(np.isnan(amid), ends, origins + amid)

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
            rows += self._rows_of(seen, self._validation(seen.track), first, marks)
        self._table += sorted(rows, key=lambda row: row.epoch)
        self._changed_epoch, self._events = NEVER, len(events)
        return tuple(self._table)

    def _rows_of(
        self, seen: Seen, val: Seen | None, first: int, marks: dict[int, list[str]]
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

    def _level_end(self, seen: Seen, epoch: int, row: int) -> tuple[float | None, float | None]:
        """Decoded level after an epoch's newest print, as the curve shows it, and its standard error.

        A last line that repeats its bar's last step brings no level of its own: the bar's holds.
        """
        track = seen.track
        if isfinite(track.displayed[row]):
            at = self.ruler.position(epoch, seen.done(row))
            while (level := track.level.get(row)) is None and row > 0:
                row -= 1
                if (
                    track.places.epoch[row] != epoch
                    or self.ruler.position(epoch, seen.done(row)) != at
                ):
                    break
            if level is not None:
                course = self._courses[track.metric.name]
                found = course.of(row) if course is not None else None
                return found or (level, track.sd(row))
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
