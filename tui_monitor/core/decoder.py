"""Prints of one run to estimates: puts metrics, laws, bounds and level together.

Owns what the metrics of a run share: the prints, where they stand in batches, the averaging law and
the batch size. Both are inferred as prints arrive; when either turns out otherwise, the tracks are
decoded again from their prints.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil, gcd
from typing import Literal

from tui_monitor.core import laws
from tui_monitor.core.chain import Position
from tui_monitor.core.evidence import Sample, in_order, infer_batch_size, weigh
from tui_monitor.core.laws import (
    BATCHES_LIKELY,
    EPOCH,
    INSTANTANEOUS,
    SAMPLES_LIKELY,
    STATE,
    STEPS,
    UNKNOWN,
    Law,
)
from tui_monitor.core.metrics import describe
from tui_monitor.core.options import DecodeOptions
from tui_monitor.core.records import Estimate, LawEvidence, Print
from tui_monitor.core.stride import Stride
from tui_monitor.core.track import Track

SETTLED = 10.0
"""Nats by which a law must lead to count as settled: 22,000 to 1."""
BEYOND_DOUBT = 200.0
"""Nats after which it is not weighed again."""


LastLine = Literal["repeated", "single", "unsure"]
"""How a bar ends its epoch. `repeated`: the last batch has a line of its own before the epoch's last
line (tf.keras 2.2 and later). `single`: it has none though bars are not throttled (before)."""


class RunDecoder:
    """Decodes one run, print by print."""

    def __init__(self, run: int, options: DecodeOptions) -> None:
        self.run = run
        self.options = options
        self.prints: list[Print] = []
        self.tracks: dict[str, Track] = {}
        self.stride = Stride()
        self.samples_a_batch: int | None = options.batch_size
        """For bars that count samples."""
        self.batch_size: int | None = options.batch_size
        self.last_line: LastLine = "unsure"
        self._law: Law | None = None
        self._evidence: LawEvidence | None = None
        self._bars = 0
        self._finals = 0
        self._named_accuracy = False
        self._new_lines = 0
        self._next_weighing = 4
        self._epoch_gcd = 0

    # --- prints in ---------------------------------------------------------------------------

    def add(self, p: Print, *, provisional: bool = False) -> list[tuple[Track, int]]:
        """Take a print; returns the rows it adds, in the order printed."""
        self.prints.append(p)
        if self._law is None:
            self._choose_among(self._candidates(p))
            self._named_accuracy = any("accuracy" in r.metric for r in p.readings)
        self._learn_units(p)
        rows: list[tuple[Track, int]] = []
        place = self._position(p)
        for reading in p.readings:
            if not self.options.keeps(reading.metric):
                continue
            track = self.tracks.get(reading.metric)
            if track is None:
                metric = describe(reading.metric)
                track = Track(metric, self._law_for(reading.metric), self._batch_size_for())
                self.tracks[reading.metric] = track
            shown = self._undo_stride(track, p, place, reading.displayed)
            index = len(self.prints) - 1
            rows.append((track, track.add(place, shown, reading.quantum, index)))
        if provisional:
            return rows
        self._bars += not p.final
        self._finals += p.final
        if self._bars >= self._next_weighing or p.final:
            self._weigh(p)
        return rows

    def finish(self) -> None:
        """The run is over: look back over its last epoch."""
        self._weigh_now(at_length=True)
        for track in self.tracks.values():
            track.close_epoch()

    # --- places ------------------------------------------------------------------------------

    def _learn_units(self, p: Print) -> None:
        """What the steps tell of the size of a batch and of the batches between two prints."""
        if p.unit == "batch" and p.style == "keras-bar":
            self._see_version(p)
        if p.step is None:
            return
        if p.unit == "sample" and self.options.batch_size is None and not p.final:
            size = gcd(self._epoch_gcd, p.step)
            if size != self._epoch_gcd:
                self._epoch_gcd = size
                self.samples_a_batch = self.batch_size = size
                self._position_again()
        elif p.unit == "batch" and self._law is not None and self._law.depth == 2:
            changed = self.stride.learn(p.step, p.final)
            if changed:
                self._position_again()

    def _see_version(self, p: Print) -> None:
        """What tells the versions of a `[=>..]` bar apart (see `_law_of_steps`)."""
        before = [q.step for q in self.prints[-3:-1] if q.epoch == p.epoch]
        seen = self.last_line
        if p.step is None or seen == "repeated":
            return
        if not p.final:
            self._new_lines += p.redrawn is False
            if self._new_lines == 3:
                self._revise_laws()
            return
        if before and before[-1] == p.step:
            seen = "repeated"
        elif before == [p.step - 2, p.step - 1]:
            seen = "single"
        if seen != self.last_line:
            self.last_line = seen
            self._revise_laws()

    def _revise_laws(self) -> None:
        """Decode again what is now known to obey another law."""
        for name, track in self.tracks.items():
            law = self._law_for(name)
            if law.key != track.law.key:
                track.decode_again(law=law)

    def _position(self, p: Print) -> Position:
        if p.unit == "sample" and p.step is not None:
            size = self.samples_a_batch
            if size is None:
                return Position(p.epoch, None, None, ragged=False, final=p.final)
            return Position(
                p.epoch, ceil(p.step / size), p.step / size, ragged=False, final=p.final
            )
        if p.unit == "batch" and p.step is not None:
            if p.final and self.stride.short_first:
                # its last update has a weight of its own: shown, not inverted
                return Position(p.epoch, None, None, ragged=True, final=True)
            k = self.stride.pushes(p.step)
            done = k * self.stride.size if self.stride.size > 1 else p.step
            ragged = p.final or p.steps is None or done >= p.steps
            return Position(p.epoch, k, float(k), ragged=ragged, final=p.final)
        return Position(p.epoch, None, None, ragged=False, final=p.final)

    def _position_again(self) -> None:
        """Steps mean something else than thought: place and decode all prints again."""
        places = [self._position(p) for p in self.prints]
        for track in self.tracks.values():
            for row in range(len(track)):
                index = track.print_index[row]
                track.places[row] = places[index]
                track.displayed[row] = self._undo_stride(
                    track, self.prints[index], places[index], self._printed(track, row)
                )
            track.decode_again(batch_size=self._batch_size_for())

    def _printed(self, track: Track, row: int) -> float:
        """The number as the log printed it."""
        for reading in self.prints[track.print_index[row]].readings:
            if reading.metric == track.metric.name:
                return reading.displayed
        raise LookupError(track.metric.name)

    def _undo_stride(self, track: Track, p: Print, place: Position, displayed: float) -> float:
        """What the bar would print if each of its updates counted once (see `Stride`)."""
        stride = self.stride
        if not stride.short_first or p.step is None or place.k is None or track.law.depth != 2:
            return displayed
        first = self._first_of_epoch(track, p.epoch)
        if first is None:
            return displayed
        shown = p.step * displayed + (stride.size - 1) * first
        return shown / (stride.size * place.k)

    def _first_of_epoch(self, track: Track, epoch: int) -> float | None:
        for row in range(len(track) - 1, -1, -1):
            if track.places[row].epoch == epoch and track.places[row].k == 1:
                return self._printed(track, row)
            if track.places[row].epoch < epoch:
                break
        return None

    # --- law and batch size ------------------------------------------------------------------

    def _candidates(self, p: Print) -> tuple[Law, ...]:
        found = laws.candidates(p.style, p.unit)
        if self.options.law is not None and found != (EPOCH,):
            return laws.named(self.options.law, found)
        return found

    def _choose_among(self, found: tuple[Law, ...]) -> None:
        self._law = found[0]
        settled = len({law.name for law in found}) == 1
        self._evidence = LawEvidence(found[0].name, None, None, settled)

    @property
    def law(self) -> LawEvidence | None:
        """The law of the run's bars; None before the first print."""
        evidence = self._evidence
        if evidence is None or self._law is None or self._law.key != STEPS.key:
            return evidence
        averaged = [t for t in self.tracks.values() if t.metric.averaged and t.law.depth]
        return evidence._replace(name=averaged[0].law.name) if averaged else evidence

    def _law_for(self, name: str) -> Law:
        """The law of one metric: names that are no means, and the details of old versions."""
        metric = describe(name)
        assert self._law is not None
        if metric.split == "val" or self._law.key == EPOCH.key:
            return EPOCH
        if metric.split == "other":
            return INSTANTANEOUS
        if not metric.averaged:
            return UNKNOWN
        if self._law.key == STEPS.key and self.options.law is None:
            return self._law_of_steps(name)
        return self._law

    def _law_of_steps(self, name: str) -> Law:
        """Which running mean of a `[=>..]` bar that counts steps; they differ in the last line only.

        Keras before 2.3 calls an accuracy `acc`; 2.3 calls it `accuracy` and shows it as the metric
        keeps it, but not the loss; tf.keras 2.2 and later show both so, and repeat the last line.
        Keras 2.0.9 to 2.3 start a new line for each state of a bar where no terminal is attached.
        """
        if self.last_line == "repeated":
            return STATE
        if self.last_line == "single":
            return STATE if "accuracy" in name else STEPS
        kept = "accuracy" in name if self._new_lines > 2 else self._named_accuracy
        return SAMPLES_LIKELY if kept else BATCHES_LIKELY

    def _batch_size_for(self) -> int | None:
        """Samples behind one update of the bar."""
        return self.batch_size * self.stride.size if self.batch_size else None

    def _weigh(self, p: Print) -> None:
        """Weigh the evidence anew as it doubles, and at the end of the first epochs."""
        ends = p.final and p.epoch <= 4
        if self._bars >= self._next_weighing:
            self._next_weighing = max(2 * self._bars, 8)
        elif not ends:
            return
        self._weigh_now(at_length=ends)

    def _weigh_now(self, *, at_length: bool) -> None:
        """`at_length`: look at the spread of the batches too, which takes many prints."""
        if not self.prints or self._law is None or self._law.depth == 0:
            return
        usable = {
            name: samples
            for name, track in self.tracks.items()
            if track.metric.averaged and track.metric.split == "train"
            if len(samples := in_order(self._samples(track))) > 2
        }
        last = self.prints[-1]
        found = self._candidates(last)
        if usable and len(found) > 1 and not self._is_beyond_doubt():
            self._weigh_laws(found, usable)
        if usable and last.unit == "batch" and self.options.batch_size is None:
            self._weigh_batch_size(usable, at_length=at_length)

    def _is_beyond_doubt(self) -> bool:
        """Nothing that is still to come can change the law."""
        margin = self._evidence.margin if self._evidence is not None else None
        return margin is not None and margin > BEYOND_DOUBT and self._finals > 2

    def _samples(self, track: Track) -> Iterator[Sample]:
        for row, place in enumerate(track.places):
            if place.k is not None:
                shown, quantum = track.displayed[row], track.quantum[row]
                yield Sample(place.epoch, place.k, shown, quantum, place.final, place.ragged)

    def _weigh_laws(self, found: tuple[Law, ...], usable: dict[str, list[Sample]]) -> None:
        score = {
            law: sum(weigh(law, self.tracks[n].metric, s) for n, s in usable.items())
            for law in found
        }
        best = max(found, key=score.__getitem__)
        rivals = [law for law in found if law.name != best.name]
        if rivals:
            rival = max(rivals, key=score.__getitem__)
            margin = score[best] - score[rival]
            self._evidence = LawEvidence(best.name, margin, rival.name, margin > SETTLED)
        if best.key == self._law_key():
            return
        deeper = self._law is not None and best.depth != self._law.depth
        self._law = best
        for name, track in self.tracks.items():
            track.law = self._law_for(name)
        if deeper and best.depth == 2 and self._relearn_stride():
            self._position_again()
            return
        for track in self.tracks.values():
            track.decode_again()

    def _law_key(self) -> str:
        return self._law.key if self._law is not None else ""

    def _relearn_stride(self) -> bool:
        self.stride = Stride()
        for p in self.prints:
            if p.step is not None and p.unit == "batch":
                self.stride.learn(p.step, p.final)
        return self.stride.size > 1

    def _weigh_batch_size(self, usable: dict[str, list[Sample]], *, at_length: bool) -> None:
        if self.batch_size is not None and self._finals > 4:
            return
        for name, samples in usable.items():
            track = self.tracks[name]
            if not track.metric.counts:
                continue
            updates = infer_batch_size(track.law, track.metric, samples, at_length=at_length)
            if updates is None or updates % self.stride.size:
                continue
            size = updates // self.stride.size
            if size != self.batch_size:
                self.batch_size = size
                for each in self.tracks.values():
                    if each.law.depth:
                        each.decode_again(batch_size=self._batch_size_for())
            return

    # --- estimates out -----------------------------------------------------------------------

    def estimate(self, track: Track, row: int) -> Estimate:
        """What a row reveals, as a record."""
        p = self.prints[track.print_index[row]]
        place = track.places[row]
        low, high = track.low.get(row), track.high.get(row)
        count = track.count.get(row)
        to_batch = self._in_batches(p, place.k)
        from_batch = self._in_batches(p, track.from_k.get(row))
        if from_batch is None:
            to_batch = None
        size = self._batch_size_for()
        samples = None
        if count is not None and size and place.n is not None:
            samples = round((place.n - track.from_k[row]) * size)
        variance = track.variance.get(row)
        return Estimate(
            run=self.run,
            epoch=p.epoch,
            epoch_label=p.label,
            step=p.step,
            steps=p.steps,
            unit=p.unit,
            metric=track.metric.name,
            split=track.metric.split,
            displayed=self._printed(track, row),
            law=track.law.name,
            from_batch=from_batch,
            to_batch=to_batch,
            value=track.value.get(row),
            low=low,
            high=high,
            exact=count is not None,
            count=count,
            samples=samples,
            level=track.level.get(row),
            level_sd=None if variance is None else max(variance, 0.0) ** 0.5,
            batch_size=self.batch_size,
            final=p.final,
            outlier=bool(track.outlier[row]),
            line=p.line,
            offset=p.offset,
        )

    def _in_batches(self, p: Print, k: int | None) -> int | None:
        """Batches done after `k` updates of the bar."""
        if k is None or self.stride.size == 1:
            return k
        done = k * self.stride.size
        return min(done, p.steps) if p.steps is not None else done

    def rows(self) -> Iterator[tuple[Track, int]]:
        """Every row of every track, in the log's order."""
        cursor = dict.fromkeys(self.tracks, 0)
        for index, p in enumerate(self.prints):
            for reading in p.readings:
                track = self.tracks.get(reading.metric)
                if track is None:
                    continue
                row = cursor[reading.metric]
                if row < len(track) and track.print_index[row] == index:
                    cursor[reading.metric] = row + 1
                    yield track, row
