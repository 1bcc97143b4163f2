"""Decoded numbers beside what is true: errors, coverage and hits, for tests and benchmarks.

The decoder is fed print by print, as a live log would. Compared are, over the same rows, what it
says in the end, what it said live, the naive difference of neighbouring prints, and the decoder's own
filter and smoother fed unrounded (`simulate.follow_batches`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from math import inf, isfinite, nan
from pathlib import Path
from time import process_time

import numpy as np

from tests.simulate import Case, Simulated, batches_given_level, follow_batches
from tui_monitor.core.columns.arrays import FloatArray
from tui_monitor.core.decoding.decoder import RunDecoder
from tui_monitor.core.decoding.estimates import of_track
from tui_monitor.core.options import DecodeOptions
from tui_monitor.core.records import Estimate
from tui_monitor.core.session import Session

CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "keras"
SLACK = 1e-6
"""Error of a truth that was itself computed in single precision."""
PIECE = 1000
"""Bytes of a real log that arrive at once."""
NAMED: dict[str, frozenset[str]] = {
    "A": frozenset({"cumulative-batch", "cumulative-sample", "epoch"}),
    "B": frozenset({"cumulative-batch", "cumulative-sample", "epoch"}),
    "C": frozenset({"cumulative-batch", "cumulative-sample", "epoch"}),
    "D": frozenset({"averaged-twice", "epoch"}),
    "E": frozenset({"averaged-twice", "epoch"}),
}
"""Law names that are right for a family of versions, by its letter. The two cumulative laws are one
and the same but for a shorter last batch."""


@dataclass
class Tally:
    """Measurements of one metric, over any number of runs."""

    runs: int = 0
    laws_right: int = 0
    sizes_right: int = 0
    sizes_wrong: int = 0
    seconds: float = 0.0
    added: int = 0
    rows: int = 0
    outside: int = 0
    """Rows whose true window mean is outside the bounds, in the end."""
    outside_live: int = 0
    """The same, as said live; rows from before the law was known are left out."""
    outliers: int = 0
    exact: int = 0
    exact_wrong: int = 0
    recovered: list[tuple[bool, bool]] = field(default_factory=list)
    """One-batch windows of an accuracy: the nearest count is right, by the decoder and naively."""
    batch: list[tuple[float, float]] = field(default_factory=list)
    """One-batch windows: error of the decoder and of the naive difference."""
    told: list[tuple[float, float]] = field(default_factory=list)
    """One-batch windows: error of the decoder, and of what the prints and the bounds tell one who
    knows the level; without those of which that is not known."""
    window: list[tuple[float, float]] = field(default_factory=list)
    """All windows, the same."""
    level: list[tuple[float, ...]] = field(default_factory=list)
    """Error of the level: in the end, live, the smoother's that is fed all batches unrounded, the
    same fed only where there are prints, that filter's live, of the number displayed, and of the filter
    live that is fed all batches."""
    band: list[tuple[bool, bool]] = field(default_factory=list)
    """The true level is inside the 95 % band: in the end, live."""

    def add(self, other: Tally) -> None:
        """Take in another's measurements."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)

    @property
    def batch_ratio(self) -> float:
        """Error of one-batch windows relative to the naive difference's."""
        return ratio(self.batch, 0, 1)

    @property
    def told_ratio(self) -> float:
        """Error of one-batch windows relative to that of one who knows the level."""
        return ratio(self.told, 0, 1)

    @property
    def level_ratio(self) -> float:
        """Error of the level relative to the smoother's that is fed every batch unrounded."""
        return ratio(self.level, 0, 2)

    @property
    def rounding_ratio(self) -> float:
        """Error of the level relative to the smoother's that is fed the same prints unrounded."""
        return ratio(self.level, 0, 3)

    @property
    def live_ratio(self) -> float:
        """Error of the level as said live relative to what is said in the end."""
        return ratio(self.level, 1, 0)

    @property
    def best_live_ratio(self) -> float:
        """The same of filter and smoother that are fed every batch unrounded."""
        return ratio(self.level, 6, 2)

    @property
    def delay_ratio(self) -> float:
        """Error of the level as said live relative to the filter's fed the same prints unrounded."""
        return ratio(self.level, 1, 4)

    def covered(self, column: int) -> float:
        """Share of the rows with the true level in the band."""
        return float(np.mean([b[column] for b in self.band])) if self.band else nan


def rms(errors: Sequence[tuple[float, ...]], column: int) -> float:
    """Root mean square of a column."""
    return float(np.sqrt(np.mean(np.square([e[column] for e in errors])))) if errors else nan


def ratio(errors: Sequence[tuple[float, ...]], column: int, other: int) -> float:
    """Quotient of two columns' root mean squares."""
    bottom = rms(errors, other)
    return rms(errors, column) / bottom if bottom else nan


# --- made-up runs --------------------------------------------------------------------------------


def measure(case: Case, options: DecodeOptions | None = None) -> dict[str, Tally]:
    """Decode one made-up run; what there is to say of each of its metrics."""
    run = Simulated(case)
    decoder = RunDecoder(1, options or DecodeOptions())
    live: dict[str, list[Estimate]] = {name: [] for name in case.names}
    seconds = 0.0
    for p in run.prints:
        before = process_time()
        added = decoder.add(p)
        seconds += process_time() - before
        for track, row in added:
            live[track.metric.name] += of_track(decoder, track, range(row, row + 1))
    decoder.finish()
    found: dict[str, Tally] = {}
    for name, track in decoder.tracks.items():
        track.smooth_all()
        rows = list(of_track(decoder, track, range(len(track))))
        tally = _compare(run, name, live[name], rows)
        tally.runs = 1
        tally.laws_right = int(decoder.law is not None and decoder.law.name == case.law.name)
        if name == run.accuracy:
            tally.sizes_right = int(decoder.batch_size == case.batch_size)
            tally.sizes_wrong = int(decoder.batch_size not in (case.batch_size, None))
        tally.seconds, tally.added = seconds / len(decoder.tracks), len(rows)
        found[name] = tally
    return found


def _compare(run: Simulated, name: str, live: list[Estimate], rows: list[Estimate]) -> Tally:
    """The rows of one metric, beside the truth."""
    tally = Tally()
    batches, prints = follow_batches(run, name), follow_batches(run, name, printed=True)
    best = batches.smoothed, prints.smoothed, prints.live, batches.live
    told = batches_given_level(run, name)
    for first, row, naive in zip(live, rows, _naive(run, name, rows), strict=True):
        if row.from_batch is None or row.to_batch is None or row.from_batch >= row.to_batch:
            continue
        window = (row.epoch, row.from_batch, row.to_batch)
        truth = run.window(name, *window, weighted=row.law != "cumulative-batch")
        tally.rows += 1
        tally.outside += outside(row, truth)
        if said_alike(first, row):
            tally.outside_live += outside(first, truth)
        tally.outliers += row.outlier
        if row.exact:
            tally.exact += 1
            tally.exact_wrong += row.count != run.right(*window)
        if not row.final and row.value is not None:
            errors = (row.value - truth, naive - truth)
            tally.window.append(errors)
            if row.to_batch - row.from_batch == 1:
                tally.batch.append(errors)
                by_level = float(told[row.epoch - 1, row.to_batch - 1])
                if isfinite(by_level):
                    tally.told.append((errors[0], _inside(row, by_level) - truth))
                if name == run.accuracy:
                    half = 0.5 / run.case.batch_size
                    tally.recovered.append((abs(errors[0]) < half, abs(errors[1]) < half))
        if None not in (row.level, row.level_sd, first.level, first.level_sd):
            _compare_level(tally, run.level[name], first, row, best)
    return tally


def _compare_level(
    tally: Tally, true: FloatArray, first: Estimate, row: Estimate, best: Sequence[FloatArray]
) -> None:
    assert row.to_batch is not None
    at = (row.epoch - 1, row.to_batch - 1)
    level = float(true[at])
    errors = [(e.level or 0.0) - level for e in (row, first)]
    inside = [
        abs(error) <= 1.96 * (e.level_sd or 0.0)
        for error, e in zip(errors, (row, first), strict=True)
    ]
    smoothed, at_prints, live_at_prints, live = (float(each[at]) - level for each in best)
    shown = row.displayed - level
    tally.level.append((*errors, smoothed, at_prints, live_at_prints, shown, live))
    tally.band.append((inside[0], inside[1]))


def _inside(row: Estimate, value: float) -> float:
    """What of the row's bounds is nearest to a value."""
    low = -inf if row.low is None else row.low
    return min(max(value, low), inf if row.high is None else row.high)


def outside(row: Estimate, truth: float) -> bool:
    """Whether the true window mean is outside the row's bounds."""
    below = row.low is not None and truth < row.low - SLACK
    above = row.high is not None and truth > row.high + SLACK
    return below or above


def said_alike(first: Estimate, row: Estimate) -> bool:
    """Whether what was said live is of the same window, under the law that was settled on."""
    window = (row.from_batch, row.to_batch)
    return first.law == row.law and (first.from_batch, first.to_batch) == window


def _naive(run: Simulated, name: str, rows: Iterable[Estimate]) -> Iterator[float]:
    """The difference (k d - k' d') / (k - k') of each print and the one before, by the true law.

    Where the bar averages twice it is taken twice; of an exponential mean what is left of the one
    before goes off the other. A sliding mean stands for itself.
    """
    epoch = k0 = 0
    d0 = mean0 = 0.0
    law = run.case.law
    for row, line in zip(rows, run.lines, strict=True):
        if row.epoch != epoch and not law.goes_on:
            epoch, k0, d0, mean0 = row.epoch, 0, 0.0, 0.0
        k, d = line.k, line.numbers[name].displayed
        if law.goes_on:
            k += (row.epoch - 1) * run.case.steps
        if k == k0 or (law.depth == 0 and law.decay == 1.0):
            yield d
            continue
        left, n = law.decay ** (k - k0) * law.weight(k0) * (k0 > 0), law.weight(k)
        mean = (n * d - left * d0) / (n - left)
        yield mean if law.depth < 2 else (k * mean - k0 * mean0) / (k - k0)
        k0, d0, mean0 = k, d, mean


# --- real logs -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Truth:
    """What is true of a log of the corpus."""

    batches: list[dict[str, FloatArray]]
    """The value of each batch, an epoch an item, by metric; `bs` are the sizes."""
    batch_size: int
    law: str
    """Its family of versions, as the corpus names it."""

    @classmethod
    def read(cls, folder: Path) -> Truth:
        """The truth beside a log."""
        meta = json.loads((folder / "meta.json").read_text())
        epochs = json.loads((folder / "truth.json").read_text())["epochs"]
        batches = [
            {
                name: np.array(values, dtype=np.float64)
                for name, values in epoch.items()
                if isinstance(values, list)
            }
            for epoch in epochs
        ]
        return cls(batches, meta["batch"], meta["law"])

    def has(self, row: Estimate) -> bool:
        """Whether the row stands for batches whose values are known."""
        if row.split != "train" or row.from_batch is None or row.to_batch is None:
            return False
        known = self.batches[row.epoch - 1].get(self.key(row.metric))
        return row.from_batch < row.to_batch and known is not None

    @staticmethod
    def key(metric: str) -> str:
        """The truth's name for a metric."""
        return "acc" if metric == "accuracy" else metric

    def window(self, row: Estimate) -> tuple[float, int, int]:
        """True mean of the row's window, its right answers (of an accuracy) and its samples."""
        epoch = self.batches[row.epoch - 1]
        window = slice(row.from_batch, row.to_batch)
        x, sizes = epoch[self.key(row.metric)][window], epoch["bs"][window]
        total = float(np.sum(x * sizes))
        samples = int(sizes.sum())
        if row.law == "cumulative-batch":
            return float(x.mean()), round(total) if isfinite(total) else 0, samples
        return total / samples, round(total) if isfinite(total) else 0, samples

    def law_is(self, name: str) -> bool:
        """Whether a law is the log's, or equivalent."""
        family = self.law.split(" ")[0]
        return name in NAMED["C" if family == "C'" else family[0]]


def measure_log(folder: Path) -> Tally:
    """Decode one real log, all its metrics together."""
    truth = Truth.read(folder)
    log = (folder / "log.txt").read_bytes()
    session = Session()
    live: list[Estimate] = []
    before = process_time()
    for at in range(0, len(log), PIECE):
        session.feed(log[at : at + PIECE], 0.0)
        live.extend(session.take_rows())
    session.finish()
    live.extend(session.take_rows())
    seconds = process_time() - before
    rows = list(session.rows())
    (report,) = session.report()
    tally = Tally(runs=1, seconds=seconds, added=len(rows))
    tally.laws_right = int(report.law is not None and truth.law_is(report.law.name))
    counted = any(row.law not in ("epoch", "unknown") and row.split == "train" for row in rows)
    tally.sizes_right = int(not counted or report.batch_size == truth.batch_size)
    tally.sizes_wrong = int(report.batch_size not in (truth.batch_size, None))
    for first, row in zip(live, rows, strict=True):
        if not truth.has(row):
            continue
        mean, right, samples = truth.window(row)
        tally.rows += 1
        tally.outliers += row.outlier
        tally.outside += not row.outlier and outside(row, mean)
        if said_alike(first, row):
            tally.outside_live += not row.outlier and outside(first, mean)
        if row.exact:
            tally.exact += 1
            tally.exact_wrong += (row.count, row.samples) != (right, samples)
        if not row.final and row.value is not None and isfinite(mean):
            tally.window.append((row.value - mean, row.displayed - mean))
    return tally
