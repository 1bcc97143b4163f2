"""Prints of one run to estimates: puts identity, positions, tracks and rows together.

Owns what the metrics of a run share: the prints, and what steps tell of their places (`places`). When
it turns out that steps, the law or the batch size are otherwise than thought (`identity`, `stride`),
the tracks are decoded again from their prints.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import gcd, inf

from tui_monitor.core.averages.laws import UNKNOWN
from tui_monitor.core.columns.positions import Position
from tui_monitor.core.columns.prints import Prints
from tui_monitor.core.decoding.places import Places
from tui_monitor.core.decoding.stride import Stride
from tui_monitor.core.inference import batchsize
from tui_monitor.core.inference.batchsize import LARGEST, Early
from tui_monitor.core.inference.evidence import Sample, early, in_order
from tui_monitor.core.inference.identity import BarIdentity, Change
from tui_monitor.core.metrics import Validations, is_number
from tui_monitor.core.options import DecodeOptions
from tui_monitor.core.records import LawEvidence, Print
from tui_monitor.core.tracks.track import Track

LEAST_SUPPORT = 3.0
"""Nats by which evenly spaced steps must look like a bar's updates: 20 to 1."""
LEAST_EARLY = 3
"""Prints that must speak of that: fewer may be counts by chance."""
ENOUGH_STEPS = 4
"""Steps of a bar that counts samples after which they are no multiples of several batches by chance."""
MOST_EARLY = 300
"""Prints of a metric that are asked."""


class RunDecoder:
    """Decodes one run, print by print."""

    def __init__(self, run: int, options: DecodeOptions) -> None:
        self.run = run
        self.options = options
        self.prints = Prints()
        self.tracks: dict[str, Track] = {}
        self._validations = Validations()
        self._identify(BarIdentity(options))
        self._common_step = 0
        """Greatest common divisor of the steps of a bar that counts samples: its batch size."""
        self._steps_divided = 0
        """Steps that went into it."""
        self._asked = 0
        """Prints when it was last asked whether evenly spaced steps are the bar's updates."""

    def _identify(self, identity: BarIdentity) -> None:
        self.identity = identity
        self.places = Places(self.prints, identity)

    def go_on_from(self, before: RunDecoder) -> None:
        """Begin with what another decoder has found out of the bars before the first print."""
        self._identify(before.identity.further_on())

    @property
    def law(self) -> LawEvidence | None:
        """The averaging law of the run's bars; None before the first print."""
        return self.identity.evidence(self.tracks)

    @property
    def next_fit_differs(self) -> bool:
        """Whether the same model's next fit averages less often."""
        return self.identity.next_fit_differs

    @property
    def stride(self) -> Stride:
        """Batches between two updates of the bar."""
        return self.places.stride

    @property
    def batch_size(self) -> int | None:
        """Samples a batch, known or inferred.

        Where a bar counts samples, but shows no means of all batches, it may be drawn once in many.
        """
        law = self.identity.law
        drawn_for_each = law is None or law.inverted or not self._steps_divided
        return self.identity.size.batch_size if drawn_for_each else self.options.batch_size

    @property
    def batch_size_certain(self) -> bool:
        """Whether no other batch size comes into question; else it is only the likeliest."""
        return self.identity.size.is_certain and not 0 < self._steps_divided < ENOUGH_STEPS

    @property
    def as_printed(self) -> tuple[str, ...]:
        """The metrics whose prints were found to be no means of batches, in the order printed."""
        return tuple(name for name in self.tracks if self.identity.is_as_printed(name))

    def validation_of(self, track: Track) -> Track | None:
        """What is the same of the validation data; None if it is not printed."""
        name = self._validations.of(track.metric.name)
        return None if name is None else self.tracks[name]

    # --- prints in ---------------------------------------------------------------------------

    def add(self, p: Print, *, provisional: bool = False) -> list[tuple[Track, int]]:
        """Take a print; returns the rows it adds, in the order printed.

        A provisional one, which may be taken back, is no evidence yet.
        """
        self.prints.append(p)
        if not provisional:
            self._learn(p)
        elif self.identity.law is None:
            self.identity.meet(p, ())
        rows: list[tuple[Track, int]] = []
        place, index = self.places.of(p), len(self.prints) - 1
        undone = self.stride.short_first
        for name, displayed, quantum, _ in p.readings:
            track = self.tracks.get(name)
            if track is None:
                if not self.options.keeps(name):
                    continue
                track = self._begin(name)
            told = displayed
            if undone or not is_number(displayed):
                told = self._told(track, p, place, displayed)
            rows.append((track, track.add(place, displayed, quantum, index, told)))
        if not provisional:
            self._count(p)
        return rows

    def confirm(self, p: Print) -> None:
        """The newest print, taken before its line ended, stands as `p`."""
        self.prints.replace_newest(p)
        self._learn(p)
        self._count(p)

    def _learn(self, p: Print) -> None:
        """What the newest print tells by its style, and by where it stands."""
        if self.identity.meet(p, self.prints):
            self._revise_laws()
        self._learn_steps(p)

    def _count(self, p: Print) -> None:
        """A print is evidence."""
        changes = self.identity.weigh_if_due(p, self.tracks, self.stride.size)
        if changes is not None:
            self._apply(changes)
            self._weigh_stride()

    def _begin(self, name: str) -> Track:
        """A metric is printed for the first time."""
        size = self.identity.size.samples(self.stride.size)
        self.tracks[name] = track = Track(
            self.identity.metric(name), self.identity.law_for(name), size
        )
        self._validations.add(track.metric)
        track.counted = self.identity.size.is_certain
        track.guess_noise(self.identity.first_noise(track))
        return track

    def forget(self, name: str) -> None:
        """The metric begun last was not printed after all."""
        del self.tracks[name]
        self._validations.drop(name)

    def finish(self) -> None:
        """The run is over: look back over its last epoch."""
        if self.prints:
            size = self.stride.size
            self._apply(self.identity.weigh(self.prints[-1], self.tracks, size, at_length=True))
        for track in self.tracks.values():
            track.close_epoch()

    # --- what turns out otherwise ------------------------------------------------------------

    def _apply(self, changes: list[Change]) -> None:
        """Decode again what a weighing changed."""
        for change in changes:
            if change == "depth":
                self._relearn_stride()
                for name, track in self.tracks.items():
                    track.law = self.identity.law_for(name)
                self._position_again()
            elif change in ("metrics", "laws"):
                self._revise_laws()
            elif change == "batch-size":
                for track in self.tracks.values():
                    counted_by = track.counted_by
                    if not track.law.depth or not self._resize(track):
                        continue
                    if track.counted_by == counted_by:
                        track.follow_again()
                    else:
                        track.decode_again()
        for track in self.tracks.values():
            if not track.batch_size:
                track.guess_noise(self.identity.first_noise(track))

    def _resize(self, track: Track) -> bool:
        """Tell a track the batch size. Whether that is news to it."""
        size = self.identity.size.samples(self.stride.size)
        counted = self.identity.size.is_certain
        before = track.batch_size, track.counted
        track.batch_size, track.counted = size, counted
        if not track.metric.counts or size is None:
            return size != before[0]
        return before != (size, counted)

    def _revise_laws(self) -> None:
        """Decode again what is now known to obey another law."""
        for name, track in self.tracks.items():
            law = self.identity.law_for(name)
            if law.key != track.law.key:
                if law.key == UNKNOWN.key:
                    track.metric = self.identity.metric(name)
                track.obey(law)

    def _learn_steps(self, p: Print) -> None:
        """What the steps tell of the size of a batch, and of the batches an update."""
        if p.step is None:
            return
        if p.unit == "sample" and self.options.batch_size is None and not p.final:
            size = gcd(self._common_step, p.step)
            if size != self._common_step and (self._common_step or size <= LARGEST):
                self.identity.size.batch_size = size
                self._position_again()
            self._common_step = size
            self._steps_divided += 1
        elif p.unit == "batch" and self._averages_twice() and self._learn_stride(p, p.step):
            self._position_again()

    def _learn_stride(self, p: Print, step: int) -> bool:
        return self.stride.learn(step, p.per_step, final=p.final)

    def _weigh_stride(self) -> None:
        """Whether evenly spaced steps are the updates of a bar, or some of them.

        Only where they are the updates do the first numbers of an epoch come out as counts. Asked as
        prints double.
        """
        if self.stride.found == 1 or not self._averages_twice():
            return
        if len(self.prints) < 2 * self._asked:
            return
        self._asked = len(self.prints)
        before = self.stride.size
        told, support = 0, 0.0
        for track in self.tracks.values():
            if track.metric.counts and track.metric.split == "train":
                updates = self._early(track, False)
                as_updates, of_updates = batchsize.support(updates, 2, self.stride.found)
                as_some, _ = batchsize.support(self._early(track, True), 2)
                told += of_updates
                support += as_updates - as_some
        asked = told >= LEAST_EARLY or self.stride.is_timed
        self.stride.refute(refuted=asked and support < LEAST_SUPPORT)
        if self.stride.size != before:
            self._position_again()

    def _early(self, track: Track, refuted: bool) -> list[Early]:
        """The first prints of a track as counts, with or without the stride."""
        self.stride.refute(refuted=refuted)
        full = (s for s in in_order(self._samples(track)) if not s.final and not s.last)
        return [early(s) for s in full]

    def _samples(self, track: Track) -> Iterator[Sample]:
        """The first prints of a track, as evidence, placed anew."""
        for row in range(min(len(track), MOST_EARLY)):
            p = self.prints[track.print_index[row]]
            place = self.places.of(p)
            if place.k is not None:
                top = track.metric.top
                shown = self._undo_stride(track, p, place, track.displayed[row]) / top
                quantum = track.quantum[row] / top
                yield Sample(p.epoch, place.k, shown, quantum, p.final, place.ragged)

    def _averages_twice(self) -> bool:
        return self.identity.law is not None and self.identity.law.depth == 2

    def _relearn_stride(self) -> None:
        self.places.stride, self._asked = Stride(), 0
        if self._averages_twice():
            for p in self.prints:
                if p.step is not None and p.unit == "batch":
                    self._learn_stride(p, p.step)

    # --- positions ---------------------------------------------------------------------------

    def _position_again(self) -> None:
        """Steps mean something else than thought: place and decode all prints again."""
        places = self.places.of_all()
        self.identity.forget()
        for track in self.tracks.values():
            for row in range(len(track)):
                index = track.print_index[row]
                track.places[row] = places[index]
                displayed = track.displayed[row]
                track.told[row] = self._told(track, self.prints[index], places[index], displayed)
            self._resize(track)
            track.decode_again()

    def _told(self, track: Track, p: Print, place: Position, displayed: float) -> float:
        """What the law is told of a number; an infinite one where its square would be."""
        number = self._undo_stride(track, p, place, displayed)
        return number if is_number(number) else number * inf

    def _undo_stride(self, track: Track, p: Print, place: Position, displayed: float) -> float:
        """What the bar would print if each of its updates counted once."""
        if not self.stride.short_first or p.step is None or place.k is None or track.law.depth != 2:
            return displayed
        first = self._first_of_epoch(track, p.epoch)
        if first is None:
            return displayed
        appended = place.appended if p.final else None
        return self.stride.undone(displayed, first, p.step, place.k, appended)

    def _first_of_epoch(self, track: Track, epoch: int) -> float | None:
        rows = track.places.of_epoch(epoch)
        return track.displayed[rows[0]] if rows and track.places.k[rows[0]] == 1 else None
