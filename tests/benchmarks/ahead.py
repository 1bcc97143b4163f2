"""How well the level foretells what comes next, on real logs: there its truth is not known.

    python -m tests.benchmarks.ahead [LOG ...]

prints Markdown. Compared is the mean of each window with the level as said live one print before,
and with the window before it. Of white noise about a calm level the last window is off by sqrt(2)
times as much as the level; where numbers are hardly noisy, both are off by what one step changes.
Without logs those of the test corpus are taken.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tests.benchmarks.measuring import CORPUS
from tui_monitor.core.columns.arrays import FloatArray
from tui_monitor.core.records import Estimate
from tui_monitor.core.session import Session

FEWEST = 12
"""Rows of a metric that are worth a line."""
SETTLING = 1 / 3
"""Share of the rows that the level may take to find itself."""


class Ahead(NamedTuple):
    """Root mean square errors of one metric of a run, one print ahead."""

    law: str
    rows: int
    level: float
    """Of the level said live at the print before."""
    last: float
    """Of the mean of the window before."""

    @property
    def ratio(self) -> float:
        """Error of the level relative to the last window's."""
        return self.level / self.last if self.last else float("nan")


def ahead(log: bytes) -> dict[str, Ahead]:
    """What a log's metrics, measured while it trained, foretold of themselves."""
    session = Session()
    live: list[Estimate] = []
    for line in log.splitlines(keepends=True):
        session.feed(line, 0.0)
        live.extend(session.take_rows())
    session.finish()
    live.extend(session.take_rows())
    said: dict[tuple[int, str], list[tuple[Estimate, Estimate]]] = {}
    for first, row in zip(live, session.rows(), strict=True):
        if row.split == "train" and row.value is not None:
            said.setdefault((row.run, row.metric), []).append((first, row))
    found: dict[str, Ahead] = {}
    for (_, metric), pairs in said.items():
        errors = _errors(pairs)
        if len(pairs) >= FEWEST and len(errors):
            level, last = np.sqrt(np.mean(errors**2, axis=0)).tolist()
            found[metric] = Ahead(pairs[-1][1].law, len(errors), level, last)
    return found


def _errors(pairs: Sequence[tuple[Estimate, Estimate]]) -> FloatArray:
    """Of the level and of the last window, shape (n, 2)."""
    errors: list[tuple[float, float]] = []
    for (first, before), (_, row) in pairwise(pairs):
        if first.level is None or row.value is None or before.value is None:
            continue
        if row.law == "epoch" or row.epoch == before.epoch:
            errors.append((row.value - first.level, row.value - before.value))
    return np.array(errors[int(SETTLING * len(errors)) :]).reshape(-1, 2)


def main() -> None:
    """Print the table, and the mean of the ratios by logarithms."""
    logs = [Path(name) for name in sys.argv[1:]]
    logs = logs or sorted(CORPUS.parent.glob("*/*/log.txt"))
    print("| log | metric | law | rows | level | last window | ratio |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    ratios: list[float] = []
    for path in logs:
        for metric, each in ahead(path.read_bytes()).items():
            shown = f"{each.level:.4g} | {each.last:.4g} | {each.ratio:.2f}"
            print(f"| {path.parent.name} | {metric} | {each.law} | {each.rows} | {shown} |")
            if each.last > 0.0:
                ratios.append(each.ratio)
    print(f"\n{len(ratios)} metrics, ratio {np.exp(np.mean(np.log(ratios))):.3f}")


if __name__ == "__main__":
    main()
