"""A metric over the epochs that are over, up to the first nan or inf, with its validation twin."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import isfinite, nan, sqrt
from typing import NamedTuple

import numpy as np

from tui_monitor.core.columns.arrays import FloatArray
from tui_monitor.core.decoding.decoder import RunDecoder
from tui_monitor.core.metrics import Metric, is_number
from tui_monitor.core.tracks.track import Track

LEAST_BATCHES = 5
"""Batches an epoch below which its end cannot be told from chance."""


class History(NamedTuple):
    """Columns of equal length, a row an epoch that is over; nan where a number is absent."""

    metric: Metric
    val_metric: str | None
    decimals: int
    """That the numbers are told with."""
    epoch: FloatArray
    """Ordinal within the run."""
    number: FloatArray
    """As the log numbers it, where its numbers grow; else the ordinal."""
    shown: FloatArray
    """The last number displayed."""
    level: FloatArray
    """Decoded at the epoch's end; the number displayed where nothing finer is known."""
    sd: FloatArray
    """Of the level; 0 where nothing finer is known."""
    decoded: bool
    """Levels are decoded: the log prints inside the epochs."""
    val: FloatArray

    def __len__(self) -> int:
        return len(self.epoch)

    def label(self, row: int) -> int:
        """The number of an epoch, to show."""
        return int(self.number[row])

    @property
    def sign(self) -> float:
        """1 where higher is better, else -1."""
        return 1.0 if self.metric.higher_is_better else -1.0


def histories(run: RunDecoder) -> Iterator[History]:
    """Of each train metric that is a mean of batches, in the order printed."""
    numbers = numbers_of(run)
    for track in run.tracks.values():
        if track.metric.split == "train" and track.metric.averaged and len(track):
            yield _history(run, track, numbers)


def epochs_over(run: RunDecoder) -> int:
    """Epochs of a run that are over."""
    if not run.prints:
        return 0
    last = run.prints[-1]
    return last.epoch - (not last.final)


def numbers_of(run: RunDecoder) -> dict[int, int]:
    """What the log calls each epoch; empty where its labels do not grow with the epochs."""
    labels: dict[int, str] = {}
    at = 0
    while at < len(run.prints):
        first = run.prints[at]
        labels[first.epoch] = first.label
        at = run.prints.of_epoch(first.epoch, least=at).stop
    if not all(label.isdecimal() for label in labels.values()):
        return {}
    numbers = [int(label) for label in labels.values()]
    grow = all(b > a for a, b in pairwise(numbers))
    return dict(zip(labels, numbers, strict=True)) if grow else {}


def last_rows(track: Track) -> dict[int, int]:
    """The last row of each epoch."""
    rows: dict[int, int] = {}
    row = 0
    while row < len(track):
        epoch = track.places.epoch[row]
        row = track.places.of_epoch(epoch, least=row).stop
        rows[epoch] = row - 1
    return rows


def _numbers(track: Track) -> dict[int, float]:
    """What each epoch's last row shows, where that is a number."""
    last = {epoch: track.displayed[row] for epoch, row in last_rows(track).items()}
    return {epoch: shown for epoch, shown in last.items() if is_number(shown)}


def _history(run: RunDecoder, track: Track, numbers: dict[int, int]) -> History:
    over, ends_at = epochs_over(run), last_rows(track)
    last = {epoch: row for epoch, row in ends_at.items() if epoch <= over}
    # what comes after a nan or inf tells nothing of the training
    broken = [epoch for epoch, row in last.items() if not is_number(track.displayed[row])]
    first_broken = min(broken, default=over + 1)
    last = {epoch: row for epoch, row in last.items() if epoch < first_broken}
    ends = [track.epoch_ends.get(epoch) for epoch in last]
    most = max((track.places.batches(row) or 0 for row in ends_at.values()), default=0)
    decoded = track.law.inverted and most >= LEAST_BATCHES
    shown = np.array([track.displayed[row] for row in last.values()], dtype=np.float64)
    level = np.array([nan if e is None or not decoded else e[0] for e in ends], dtype=np.float64)
    sd = np.array([0.0 if e is None or not decoded else sqrt(max(e[1], 0.0)) for e in ends])
    if len(level) and not isfinite(level[-1]) and isfinite(shown[-1]) and decoded:
        row = next(reversed(last.values()))
        known = track.level.get(row)
        level[-1], sd[-1] = (nan, 0.0) if known is None else (known, track.sd(row))
    val = run.validation_of(track)
    vals = {} if val is None else _numbers(val)
    return History(
        metric=track.metric,
        val_metric=None if val is None else val.metric.name,
        decimals=track.decimals,
        epoch=np.array(list(last), dtype=np.float64),
        number=np.array([numbers.get(epoch, epoch) for epoch in last], dtype=np.float64),
        shown=shown,
        level=np.where(np.isfinite(level), level, shown),
        sd=sd,
        decoded=decoded,
        val=np.array([vals.get(epoch, nan) for epoch in last], dtype=np.float64),
    )
