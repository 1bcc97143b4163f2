"""How true the decoded numbers are: on made-up runs, and on real logs where their truth is at hand.

    python -m tests.benchmarks.fidelity [--quick] [--seeds N]

prints Markdown. The decoder is fed print by print, as a live log would. Compared are, over the same
rows, what it says in the end, what it said live, the naive difference of neighbouring prints, and the
decoder's own smoother fed each batch unrounded (`simulate.follow_batches`).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite, nan
from pathlib import Path
from time import perf_counter

import numpy as np

from tests.simulate import SHAPES, Case, Simulated, follow_batches
from tui_monitor.core import laws
from tui_monitor.core.decoder import RunDecoder
from tui_monitor.core.options import DecodeOptions
from tui_monitor.core.records import Estimate, FloatArray
from tui_monitor.core.session import Session

CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "keras"
SLACK = 1e-6
"""Error of a truth that was itself computed in single precision."""
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
    window: list[tuple[float, float]] = field(default_factory=list)
    """All windows, the same."""
    level: list[tuple[float, float, float, float]] = field(default_factory=list)
    """Error of the level: in the end, live, the reference's, and of the number displayed."""
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
    def level_ratio(self) -> float:
        """Error of the level relative to the reference's."""
        return ratio(self.level, 0, 2)

    @property
    def live_ratio(self) -> float:
        """Error of the level as said live relative to what is said in the end."""
        return ratio(self.level, 1, 0)

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

LONG = Case(epochs=2)
CASES: dict[str, tuple[Case, DecodeOptions]] = {
    name: (case, DecodeOptions())
    for name, case in {
        "1024 x 406": replace(LONG, batch_size=1024, steps=406),
        "32 x 1875": replace(LONG, batch_size=32, steps=1875),
        "256 x 1000, throttled": replace(LONG, batch_size=256, steps=1000, every=10.0, last=100),
        "4096 x 50": replace(LONG, batch_size=4096, steps=50, epochs=4),
        "128 x 100, 3 digits": replace(LONG, batch_size=128, steps=100, epochs=4, digits=3),
        "256 x 1000, 6 digits": replace(LONG, batch_size=256, steps=1000, digits=6),
        "64 x 300, Keras 2 steps": replace(LONG, law=laws.STEPS, batch_size=64, steps=300, last=17),
        "16 x 5000, Keras 2 steps": replace(
            LONG, law=laws.STEPS, batch_size=16, steps=5000, every=20.0
        ),
        "48 x 417, tf.keras": replace(LONG, style="keras2", batch_size=48, steps=417, last=42),
        "32 x 600, samples": replace(
            LONG, law=laws.SAMPLES, batch_size=32, steps=600, every=10.0, last=10
        ),
        "64 x 400, twice": replace(
            LONG, law=laws.TWICE_APPENDED, batch_size=64, steps=400, last=20
        ),
        "32 x 1875, twice, throttled": replace(
            LONG, law=laws.TWICE_APPENDED, style="keras2", batch_size=32, steps=1875, every=30.0
        ),
        "128 x 1000, twice, throttled": replace(
            LONG, law=laws.TWICE_RESET, batch_size=128, steps=1000, every=10.0, last=77
        ),
        "1024 x 406, twice": replace(LONG, law=laws.TWICE_RESET, batch_size=1024, steps=406),
        "256 x 400, twice, 5 digits": replace(
            LONG, law=laws.TWICE_RESET, batch_size=256, steps=400, digits=5
        ),
    }.items()
}
"""Batch size x batches an epoch, and what else sets a case apart."""
CASES["32 x 500, instantaneous"] = (
    replace(LONG, law=laws.INSTANTANEOUS, batch_size=32, steps=500),
    DecodeOptions(law="instantaneous"),
)
QUICK = ("1024 x 406", "256 x 1000, throttled", "64 x 300, Keras 2 steps", "64 x 400, twice")


def measure(case: Case, options: DecodeOptions | None = None) -> dict[str, Tally]:
    """Decode one made-up run; what there is to say of each of its metrics."""
    run = Simulated(case)
    decoder = RunDecoder(1, options or DecodeOptions())
    live: dict[str, list[Estimate]] = {name: [] for name in case.names}
    seconds = 0.0
    for p in run.prints:
        before = perf_counter()
        added = decoder.add(p)
        seconds += perf_counter() - before
        for track, row in added:
            live[track.metric.name].append(decoder.estimate(track, row))
    decoder.finish()
    found: dict[str, Tally] = {}
    for name, track in decoder.tracks.items():
        track.smooth_all()
        rows = [decoder.estimate(track, row) for row in range(len(track))]
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
    reference, _ = follow_batches(run, name)
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
                if name == run.accuracy:
                    half = 0.5 / run.case.batch_size
                    tally.recovered.append((abs(errors[0]) < half, abs(errors[1]) < half))
        if None not in (row.level, row.level_sd, first.level, first.level_sd):
            _compare_level(tally, run, name, first, row, reference)
    return tally


def _compare_level(
    tally: Tally, run: Simulated, name: str, first: Estimate, row: Estimate, reference: FloatArray
) -> None:
    assert row.to_batch is not None
    at = (row.epoch - 1, row.to_batch - 1)
    level = float(run.level[name][at])
    errors = [(e.level or 0.0) - level for e in (row, first)]
    inside = [
        abs(error) <= 1.96 * (e.level_sd or 0.0)
        for error, e in zip(errors, (row, first), strict=True)
    ]
    best = float(reference[at]) - level
    tally.level.append((errors[0], errors[1], best, row.displayed - level))
    tally.band.append((inside[0], inside[1]))


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

    Where the bar averages twice it is taken twice.
    """
    epoch = k0 = 0
    d0 = mean0 = 0.0
    depth = run.case.law.depth
    for row, line in zip(rows, run.lines, strict=True):
        if row.epoch != epoch:
            epoch, k0, d0, mean0 = row.epoch, 0, 0.0, 0.0
        k, d = line.k, line.numbers[name].displayed
        if k == k0 or depth == 0:
            yield d
            continue
        mean = (k * d - k0 * d0) / (k - k0)
        yield mean if depth == 1 else (k * mean - k0 * mean0) / (k - k0)
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
    session = Session()
    before = perf_counter()
    session.feed((folder / "log.txt").read_bytes(), 0.0)
    session.finish()
    seconds = perf_counter() - before
    live = session.take_rows()
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


# --- tables --------------------------------------------------------------------------------------

HEAD = (
    *("case", "metric", "rows", "outside", "batch: naive", "decoded", "ratio", "window ratio"),
    *("recovered", "exact", "wrong", "level: displayed", "best", "decoded", "ratio", "worst"),
    *("live", "band", "live band", "law", "size", "us"),
)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def share(flags: Sequence[bool]) -> str:
    """Percentage."""
    return f"{100.0 * sum(flags) / len(flags):.0f} %" if flags else "-"


def shown(value: float, digits: int = 2) -> str:
    """A number, or a dash."""
    return f"{value:.{digits}f}" if isfinite(value) else "-"


def case_row(name: str, metric: str, each: Sequence[Tally]) -> list[str]:
    """One line of the table of made-up runs: `each` has a tally a run."""
    total = Tally()
    for tally in each:
        total.add(tally)
    recovered = "-"
    if total.recovered:
        naive = share([r[1] for r in total.recovered])
        recovered = f"{naive} -> {share([r[0] for r in total.recovered])}"
    counts = metric.startswith("acc")
    return [
        *(name, metric, str(total.rows), f"{total.outside} ({total.outside_live})"),
        *(shown(rms(total.batch, 1), 4), shown(rms(total.batch, 0), 4), shown(total.batch_ratio)),
        *(shown(ratio(total.window, 0, 1)), recovered),
        f"{100.0 * total.exact / max(total.rows, 1):.0f} %" if counts else "-",
        str(total.exact_wrong) if counts else "-",
        *(shown(rms(total.level, 3), 4), shown(rms(total.level, 2), 4)),
        *(shown(rms(total.level, 0), 4), shown(total.level_ratio)),
        shown(max(tally.level_ratio for tally in each)),
        shown(total.live_ratio),
        *(share([b[0] for b in total.band]), share([b[1] for b in total.band])),
        f"{total.laws_right}/{total.runs}",
        f"{total.sizes_right}/{total.runs} ({total.sizes_wrong})" if counts else "-",
        shown(1e6 * total.seconds / max(total.added, 1), 0),
    ]


def shape_row(shape: str, metric: str, each: Sequence[Tally]) -> list[str]:
    """One line of the table of shapes: means over runs, each of which counts alike."""

    def mean(values: Iterable[float]) -> float:
        finite = [v for v in values if isfinite(v)]
        return float(np.mean(finite)) if finite else nan

    return [
        shape,
        metric,
        shown(mean(t.batch_ratio for t in each)),
        shown(mean(t.level_ratio for t in each)),
        shown(mean(t.live_ratio for t in each)),
        shown(100.0 * mean(t.covered(0) for t in each), 0) + " %",
        shown(100.0 * mean(t.covered(1) for t in each), 0) + " %",
    ]


def simulated(names: Iterable[str], seeds: int) -> tuple[str, str]:
    """The tables of made-up runs: by case, by shape."""
    by_shape: dict[tuple[str, str], list[Tally]] = {}
    lines: list[list[str]] = []
    for name in names:
        case, options = CASES[name]
        each: dict[str, list[Tally]] = {"accuracy": [], "loss": []}
        for shape in SHAPES:
            for seed in range(seeds):
                found = measure(replace(case, shape=shape, seed=seed), options)
                for metric, tally in found.items():
                    kind = "loss" if metric == "loss" else "accuracy"
                    each[kind].append(tally)
                    twice = ", twice" if case.law.depth == 2 else ""
                    if case.law.depth:
                        by_shape.setdefault((shape, kind + twice), []).append(tally)
        lines.extend(case_row(name, metric, tallies) for metric, tallies in each.items())
        print(f"{name}: done", file=sys.stderr)
    shapes = [shape_row(*key, tallies) for key, tallies in sorted(by_shape.items())]
    head = ("shape", "metric", "batch ratio", "level ratio", "live", "band", "live band")
    return table(HEAD, lines), table(head, shapes)


def real() -> str:
    """The table of the corpus."""
    head = (
        *("log", "law", "size", "rows", "outside", "outliers", "exact", "wrong"),
        *("window: displayed", "decoded", "us"),
    )
    lines: list[list[str]] = []
    for folder in sorted(CORPUS.iterdir()):
        tally = measure_log(folder)
        size = "right" if tally.sizes_right else ("wrong" if tally.sizes_wrong else "unknown")
        lines.append(
            [
                folder.name,
                "right" if tally.laws_right else "wrong",
                size,
                str(tally.rows),
                f"{tally.outside} ({tally.outside_live})",
                *(str(tally.outliers), str(tally.exact), str(tally.exact_wrong)),
                *(shown(rms(tally.window, 1), 4), shown(rms(tally.window, 0), 4)),
                shown(1e6 * tally.seconds / max(tally.added, 1), 0),
            ]
        )
    return table(head, lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="How true the decoded numbers are.")
    parser.add_argument("--quick", action="store_true", help="a few cases only")
    parser.add_argument("--seeds", type=int, default=2, help="runs of each case and shape")
    options = parser.parse_args(arguments)
    by_case, by_shape = simulated(QUICK if options.quick else CASES, options.seeds)
    print("### Made-up runs\n", by_case, "### By shape of the curve\n", by_shape, sep="\n")
    if CORPUS.is_dir():
        print("### Real logs\n", real(), sep="\n")


if __name__ == "__main__":
    main()
