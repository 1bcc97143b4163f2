"""How true the decoded numbers are: on made-up runs, and on real logs where their truth is at hand.

    python -m tests.benchmarks.fidelity [--quick] [--seeds N]

prints Markdown; `docs/fidelity.md` says how to read it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import isfinite, nan

import numpy as np

from tests.benchmarks.measuring import CORPUS, Tally, measure, measure_log, ratio, rms
from tests.simulate import SHAPES, Case
from tui_monitor.core.averages import laws
from tui_monitor.core.options import DecodeOptions

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
        "32 x 500, exponential": replace(LONG, law=laws.DEBIASED_98, batch_size=32, steps=500),
        "32 x 500, exponential, 3 digits, throttled": replace(
            LONG, law=laws.SEEDED_98, batch_size=32, steps=500, digits=3, every=5.0
        ),
        "32 x 500, sliding": replace(LONG, law=laws.SLIDING_20, batch_size=32, steps=500),
        "32 x 500, interval": replace(
            LONG, law=laws.INTERVAL, batch_size=32, steps=500, every=10.0
        ),
    }.items()
}
"""Batch size x batches an epoch, and what else sets a case apart."""
CASES["32 x 500, instantaneous"] = (
    replace(LONG, law=laws.INSTANTANEOUS, batch_size=32, steps=500),
    DecodeOptions(law="instantaneous"),
)
QUICK = ("1024 x 406", "256 x 1000, throttled", "64 x 300, Keras 2 steps", "64 x 400, twice")


# --- tables --------------------------------------------------------------------------------------

VALUES = (
    *("case", "metric", "rows", "outside", "batch: naive", "decoded", "ratio", "to limit"),
    *("window ratio", "recovered", "exact", "wrong", "law", "size", "us"),
)
LEVELS = (
    *("case", "metric", "displayed", "best", "decoded", "ratio", "rounding"),
    *("live", "best live", "live, rounding", "band", "live band"),
)
SHAPED = (
    *("shape", "metric", "batch ratio", "to limit", "level ratio", "rounding"),
    *("live", "best live", "live, rounding", "band", "live band"),
)
LOGS = (
    *("log", "law", "size", "rows", "outside", "outliers", "exact", "wrong"),
    *("window: displayed", "decoded", "us"),
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


def together(each: Iterable[Tally]) -> Tally:
    """All measurements in one."""
    total = Tally()
    for tally in each:
        total.add(tally)
    return total


def value_row(name: str, metric: str, total: Tally) -> list[str]:
    """One line of the table of windows, laws and sizes."""
    recovered = "-"
    if total.recovered:
        naive = share([r[1] for r in total.recovered])
        recovered = f"{naive} -> {share([r[0] for r in total.recovered])}"
    counts = metric == "accuracy"
    return [
        *(name, metric, str(total.rows), f"{total.outside} ({total.outside_live})"),
        *(shown(rms(total.batch, 1), 4), shown(rms(total.batch, 0), 4), shown(total.batch_ratio)),
        *(shown(total.told_ratio), shown(ratio(total.window, 0, 1)), recovered),
        f"{100.0 * total.exact / max(total.rows, 1):.0f} %" if counts else "-",
        str(total.exact_wrong) if counts else "-",
        f"{total.laws_right}/{total.runs}",
        f"{total.sizes_right}/{total.runs} ({total.sizes_wrong})" if counts else "-",
        shown(1e6 * total.seconds / max(total.added, 1), 0),
    ]


def level_row(name: str, metric: str, total: Tally) -> list[str]:
    """One line of the table of levels."""
    return [
        *(name, metric),
        *(shown(rms(total.level, 5), 4), shown(rms(total.level, 2), 4)),
        *(shown(rms(total.level, 0), 4), shown(total.level_ratio), shown(total.rounding_ratio)),
        *(shown(total.live_ratio), shown(total.best_live_ratio), shown(total.delay_ratio)),
        *(share([b[0] for b in total.band]), share([b[1] for b in total.band])),
    ]


def shape_row(shape: str, metric: str, each: Sequence[Tally]) -> list[str]:
    """One line of the table of shapes: means over runs, each of which counts alike."""

    def mean(values: Iterable[float]) -> float:
        finite = [v for v in values if isfinite(v)]
        return float(np.mean(finite)) if finite else nan

    return [
        shape,
        metric,
        *(shown(mean(t.batch_ratio for t in each)), shown(mean(t.told_ratio for t in each))),
        *(shown(mean(t.level_ratio for t in each)), shown(mean(t.rounding_ratio for t in each))),
        *(shown(mean(t.live_ratio for t in each)), shown(mean(t.best_live_ratio for t in each))),
        shown(mean(t.delay_ratio for t in each)),
        shown(100.0 * mean(t.covered(0) for t in each), 0) + " %",
        shown(100.0 * mean(t.covered(1) for t in each), 0) + " %",
    ]


def simulated(names: Iterable[str], seeds: int) -> tuple[str, str, str]:
    """The tables of made-up runs: windows by case, levels by case, and both by shape."""
    by_shape: dict[tuple[str, str], list[Tally]] = {}
    values: list[list[str]] = []
    levels: list[list[str]] = []
    for name in names:
        case, options = CASES[name]
        by_metric: dict[str, list[Tally]] = {"accuracy": [], "loss": []}
        for shape in SHAPES:
            for seed in range(seeds):
                found = measure(replace(case, shape=shape, seed=seed), options)
                for metric, tally in found.items():
                    kind = "loss" if metric == "loss" else "accuracy"
                    by_metric[kind].append(tally)
                    twice = ", twice" if case.law.depth == 2 else ""
                    if case.law.depth:
                        by_shape.setdefault((shape, kind + twice), []).append(tally)
        for metric, each in by_metric.items():
            total = together(each)
            values.append(value_row(name, metric, total))
            levels.append(level_row(name, metric, total))
        print(f"{name}: done", file=sys.stderr)
    shapes = [shape_row(*key, each) for key, each in sorted(by_shape.items())]
    return table(VALUES, values), table(LEVELS, levels), table(SHAPED, shapes)


def real() -> str:
    """The table of the corpus."""
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
    return table(LOGS, lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="How true the decoded numbers are.")
    parser.add_argument("--quick", action="store_true", help="a few cases only")
    parser.add_argument("--seeds", type=int, default=3, help="runs of each case and shape")
    options = parser.parse_args(arguments)
    windows, levels, shapes = simulated(QUICK if options.quick else CASES, options.seeds)
    print("### Windows of made-up runs\n", windows, sep="\n")
    print("### Levels of made-up runs\n", levels, sep="\n")
    print("### By shape of the curve\n", shapes, sep="\n")
    if CORPUS.is_dir():
        print("### Real logs\n", real(), sep="\n")


if __name__ == "__main__":
    main()
