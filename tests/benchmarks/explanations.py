"""How right the explanations are: on made-up boundaries, and on real logs where their truth is at hand.

    python -m tests.benchmarks.explanations [--seeds N] [--jobs N]

prints Markdown; docs/explanations.md tells its columns. The logs go through a session as bytes. A
part's interval is its value and 1.96 of its standard errors either way; the truth is the mean over
the last and the first tenth of the epochs' batches, of the level behind them or of the batches
themselves.
"""

from __future__ import annotations

import argparse
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tests.scenarios import BARS, CAUSE, KINDS, TWICE, VERDICT, Bar, Kind, Made, Plan
from tui_monitor.core.options import DecodeOptions
from tui_monitor.core.records import Boundary, LawName, Part, RunReport
from tui_monitor.core.session import Session

CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "keras"
INTERVAL = 1.96


COUNTS = (
    *("clear", "right", "undetermined", "wrong"),
    *("vague", "vague_right", "vague_wrong", "unknown"),
)


@dataclass
class Score:
    """Measurements over any number of boundaries."""

    clear: int = 0
    """Boundaries whose batches, were they known, would decide the verdict."""
    right: int = 0
    undetermined: int = 0
    """Of the clear ones: not decided."""
    wrong: int = 0
    """Of the clear ones: decided otherwise."""
    vague: int = 0
    vague_right: int = 0
    vague_wrong: int = 0
    """Of the vague ones: another verdict than the truth, `noise` or `undetermined`."""
    named: list[bool] = field(default_factory=list)
    """The cause is among those named, where the verdict is right."""
    lag: list[bool] = field(default_factory=list)
    step: list[bool] = field(default_factory=list)
    """The interval holds the truth of the level."""
    lag_batches: list[bool] = field(default_factory=list)
    step_batches: list[bool] = field(default_factory=list)
    """The interval holds the truth of the batches."""
    unknown: int = 0
    residual: float = 0.0
    """Most by which the parts miss the jump."""
    verdicts: Counter[str] = field(default_factory=Counter)

    def add(self, other: Score) -> None:
        """Take in another's measurements."""
        self.residual = max(self.residual, other.residual)
        self.verdicts.update(other.verdicts)
        for name in COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("named", "lag", "step", "lag_batches", "step_batches"):
            getattr(self, name).extend(getattr(other, name))


def explain(log: bytes, law: LawName | None = None) -> tuple[RunReport, ...]:
    """The reports of a log's runs; `law` as a user would give it."""
    session = Session(DecodeOptions(law=law))
    session.feed(log, 0.0)
    session.finish()
    return session.report()


def holds(part: Part, truth: float) -> bool:
    """Whether a part's interval holds the truth."""
    return (
        part.value is not None
        and part.sd is not None
        and abs(part.value - truth) <= INTERVAL * part.sd
    )


def judge(made: Made, boundary: Boundary, score: Score) -> None:
    """Compare one boundary with its truth."""
    expected = VERDICT[made.plan.kind] if made.plan.bar != "verbose2" else "undetermined"
    score.verdicts[boundary.verdict] += 1
    if made.plan.bar == "verbose2" or made.decidable(
        boundary.metric, boundary.epoch, boundary.displayed_end
    ):
        score.clear += 1
        score.right += boundary.verdict == expected
        score.undetermined += boundary.verdict == "undetermined" != expected
        score.wrong += boundary.verdict not in (expected, "undetermined")
        cause = CAUSE.get(made.plan.kind)
        tellable = cause is not None and made.plan.bar != "verbose2" and made.plan.prints is None
        if boundary.verdict == expected and tellable:
            score.named.append(any(each.cause == cause for each in boundary.causes))
    else:
        score.vague += 1
        score.vague_right += boundary.verdict == expected
        score.vague_wrong += boundary.verdict not in (expected, "noise", "undetermined")
    if boundary.lag.value is None or boundary.step.value is None or boundary.luck.value is None:
        score.unknown += 1
        return
    parts = boundary.lag.value + boundary.step.value + boundary.luck.value
    score.residual = max(score.residual, abs(parts - boundary.jump))
    metric, epoch, shown = boundary.metric, boundary.epoch, boundary.displayed_end
    of_level = made.truth(metric, epoch, shown, of_batches=False)
    of_batches = made.truth(metric, epoch, shown, of_batches=True)
    score.lag.append(holds(boundary.lag, of_level.lag))
    score.step.append(holds(boundary.step, of_level.step))
    score.lag_batches.append(holds(boundary.lag, of_batches.lag))
    score.step_batches.append(holds(boundary.step, of_batches.step))


METRICS = ("accuracy", "loss")


def measure(plans: Iterable[Plan], *, tell_law: bool = False) -> dict[str, Score]:
    """The first boundary of each plan's run: a score for each of `METRICS`.

    `tell_law`: the law is given, not inferred.
    """
    scores = {metric: Score() for metric in METRICS}
    for plan in plans:
        made = Made(plan)
        reports = explain(made.log, plan.law.name if tell_law else None)
        first = [b for report in reports for b in report.boundaries if b.epoch == 1]
        for metric, score in scores.items():
            name = made.accuracy if metric == "accuracy" else metric
            found = [boundary for boundary in first if boundary.metric == name]
            assert len(found) == 1, plan
            judge(made, found[0], score)
    return scores


SIZES = ((128, 400), (1024, 406), (32, 1000), (32, 200), (64, 100))
"""Batch size and batches an epoch."""


def plans(kind: Kind, bars: tuple[Bar, ...], prints: int | None, seeds: int) -> Iterator[Plan]:
    """Plans of a kind over bars, batch sizes and lengths of the epochs."""
    for seed in range(seeds):
        size, steps = SIZES[seed % len(SIZES)]
        bar = bars[(seed // len(SIZES)) % len(bars)]
        yield Plan(kind, bar, size, steps, prints, seed)


class Row(NamedTuple):
    """A line of the table."""

    name: str
    kind: Kind
    bars: tuple[Bar, ...]
    prints: int | None
    tell_law: bool = False
    hard: bool = False
    """So few prints that not even the law can always be told."""


ONCE: tuple[Bar, ...] = tuple(bar for bar in BARS if bar not in (*TWICE, "verbose2"))
ROWS = (
    *(Row(kind, kind, ONCE, None) for kind in KINDS),
    *(Row(f"{kind}, averaged twice", kind, TWICE, None) for kind in KINDS),
    *(Row(f"{kind}, 6 prints an epoch, law given", kind, ONCE, 5, True) for kind in KINDS),
    Row("averaging, verbose=2", "averaging", ("verbose2",), None),
    Row("staircase, verbose=2", "staircase", ("verbose2",), None),
    Row("averaging, 6 prints an epoch", "averaging", ONCE, 5, hard=True),
    Row("both, 6 prints an epoch", "both", ONCE, 5, hard=True),
)


def share(hits: list[bool]) -> str:
    """Hits in percent."""
    return f"{100.0 * float(np.mean(hits)):.1f}" if hits else "-"


HEAD = (
    "| scenario | metric | clear | right % | undecided % | wrong % | vague | right % | wrong % |"
    " cause % | lag % | step % | lag, batches % | step, batches % |\n"
    f"|{'---|' * 14}"
)


def line(name: str, metric: str, score: Score) -> str:
    """A row of the table."""
    cells = (
        name,
        metric,
        f"{score.clear}",
        *(portion(n, score.clear) for n in (score.right, score.undetermined, score.wrong)),
        f"{score.vague}",
        *(portion(n, score.vague) for n in (score.vague_right, score.vague_wrong)),
        share(score.named),
        *(share(hits) for hits in (score.lag, score.step, score.lag_batches, score.step_batches)),
    )
    return f"| {' | '.join(cells)} |"


def portion(count: int, of: int) -> str:
    """A count in percent."""
    return f"{100.0 * count / of:.1f}" if of else "-"


class Task(NamedTuple):
    """A part of a row that one process measures."""

    row: Row
    seeds: int
    first: int
    """Of the seeds, in steps of `STRIDE`."""


STRIDE = 5


def perform(task: Task) -> dict[str, Score]:
    """The scores of a task."""
    row = task.row
    every = plans(row.kind, row.bars, row.prints, task.seeds)
    mine = (plan for plan in every if plan.seed % STRIDE == task.first)
    return measure(mine, tell_law=row.tell_law)


def simulated(seeds: int, only: str, jobs: int) -> Iterator[str]:
    """The table of the scenarios."""
    yield HEAD
    total = {metric: Score() for metric in METRICS}
    rows = [row for row in ROWS if only in row.name]
    tasks = [Task(row, seeds, first) for row in rows for first in range(STRIDE)]
    with ProcessPoolExecutor(jobs) as pool:
        done = pool.map(perform, tasks)
        for row in rows:
            scores = {metric: Score() for metric in METRICS}
            for _ in range(STRIDE):
                for metric, score in next(done).items():
                    scores[metric].add(score)
            for metric, score in scores.items():
                if not row.hard:
                    total[metric].add(score)
                yield line(row.name, metric, score)
    for metric, score in total.items():
        yield line("**all** but the last two", metric, score)
    residual = max(score.residual for score in total.values())
    yield f"\nLargest gap between a jump and the sum of its parts: {residual:.1e}."


# --- real logs -----------------------------------------------------------------------------------


class Real(NamedTuple):
    """A boundary of a real log beside its truth from the batches."""

    log: str
    boundary: Boundary
    lag: float
    step: float


def real() -> Iterator[Real]:
    """The boundaries of the corpus whose parts are known."""
    for folder in sorted(CORPUS.iterdir() if CORPUS.is_dir() else ()):
        truth = json.loads((folder / "truth.json").read_text())
        reports = explain((folder / "log.txt").read_bytes())
        for boundary in (b for report in reports[:1] for b in report.boundaries):
            if boundary.lag.value is None or boundary.metric not in truth["epochs"][0]:
                continue
            before = np.array(truth["epochs"][boundary.epoch - 1][boundary.metric], dtype=float)
            after = np.array(truth["epochs"][boundary.epoch][boundary.metric], dtype=float)
            if before.ndim != 1 or not np.isfinite(before).all() or not np.isfinite(after).all():
                continue
            end = before[-max(round(0.1 * before.size), 1) :].mean()
            start = after[: max(round(0.1 * after.size), 1)].mean()
            yield Real(folder.name, boundary, end - boundary.displayed_end, start - end)


def corpus() -> Iterator[str]:
    """The table of the real logs."""
    yield "| log | boundaries | lag % | step % | median sd of lag, step | verdicts |"
    yield "|---|---|---|---|---|---|"
    found: dict[str, list[Real]] = {}
    every = list(real())
    for each in every:
        found.setdefault(each.log, []).append(each)
    for name, rows in {**found, "**all**": every}.items():
        lag = [holds(r.boundary.lag, r.lag) for r in rows]
        step = [holds(r.boundary.step, r.step) for r in rows]
        verdicts = Counter(r.boundary.verdict for r in rows)
        sds = [
            float(np.median([part.sd for r in rows if (part := getattr(r.boundary, which)).sd]))
            for which in ("lag", "step")
        ]
        told = ", ".join(f"{n} {verdict}" for verdict, n in verdicts.most_common())
        yield (
            f"| {name} | {len(rows)} | {share(lag)} | {share(step)} |"
            f" {sds[0]:.4f}, {sds[1]:.4f} | {told} |"
        )


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, help="runs a scenario")
    parser.add_argument("--only", default="", help="scenarios whose name holds this")
    parser.add_argument("--no-corpus", action="store_true")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes at once")
    options = parser.parse_args()
    for row in simulated(options.seeds, options.only, options.jobs):
        print(row, flush=True)
    if not options.no_corpus:
        print()
        for row in corpus():
            print(row, flush=True)


if __name__ == "__main__":
    main()
