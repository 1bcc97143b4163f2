"""When a metric meets a target: met, foreseen, after the planned end, or not to be foreseen.

A metric is looked at once an epoch, a train metric by its decoded level at the epoch's end. The
forecast is that of `forecast.epochs_to`; times follow from how long the last epochs took.
"""

from __future__ import annotations

from math import ceil, inf
from typing import NamedTuple

import numpy as np

from tui_monitor.core.columns.arrays import FloatArray, median
from tui_monitor.core.decoding.decoder import RunDecoder
from tui_monitor.core.explaining import forecast, remarks
from tui_monitor.core.explaining.history import epochs_over, histories, last_rows, numbers_of
from tui_monitor.core.metrics import DECIMALS, describe, is_number
from tui_monitor.core.options import Target
from tui_monitor.core.records import Finding
from tui_monitor.core.snapshot import Goal

LEAST = 6
"""Epochs before a forecast is made: fewer bend any curve."""
LIKELY = 0.5
"""Share of the fitted curves that must get there before a forecast is given."""
FAR = 10.0
"""Times the epochs there are that a forecast reaches; beyond, nothing is foreseen."""
TIMED = 5
"""Last epochs whose duration is taken for that of the next."""


class Course(NamedTuple):
    """A metric over the epochs that are over."""

    epoch: FloatArray
    """Ordinals within the run."""
    number: FloatArray
    """As the log numbers them."""
    value: FloatArray


def set_against(run: RunDecoder, target: Target) -> Goal:
    """Where a run's metric stands on its way to a target."""
    better = describe(target.metric).higher_is_better
    course = _course(run, target.metric)
    if course is None:
        return Goal(target.metric, target.value, better, "absent")
    met = (course.value >= target.value) if better else (course.value <= target.value)
    if met.any():
        first = int(np.argmax(met))
        return Goal(
            target.metric,
            target.value,
            better,
            "met",
            now=float(course.value[first]),
            met_in=int(course.number[first]),
        )
    now = float(course.value[-1]) if len(course.value) else None
    waiting = Goal(target.metric, target.value, better, "too early", now=now)
    if len(course.value) < LEAST:
        return waiting
    shown = run.tracks[target.metric].metric
    limits = (0.0 if shown.family == "positive" else shown.low, shown.high)
    reach = forecast.epochs_to(
        course.number,
        course.value,
        target.value,
        higher_is_better=better,
        low=limits[0],
        high=limits[1],
    )
    beyond = FAR * float(np.ptp(course.number))
    if reach is None or reach.chance < LIKELY or reach.median > beyond:
        return waiting._replace(state="not foreseeable")
    low, middle, high = (_whole(each, beyond) for each in (reach.low, reach.median, reach.high))
    left = _left(run, int(course.number[-1]))
    return waiting._replace(
        state="foreseen" if left is None or middle <= left else "after the end",
        epochs=(low, middle, high),
        chance=reach.chance,
        left=left,
        epoch_seconds=_epoch_seconds(run),
    )


def timed(goal: Goal, eta_epoch: float | None) -> Goal:
    """The goal with the time left, as far as the log tells how long an epoch takes.

    `eta_epoch`: seconds to the end of the epoch under way; None or 0 between two epochs.
    """
    one = goal.epoch_seconds
    if goal.epochs is None or one is None:
        return goal
    begun = max(one - eta_epoch, 0.0) if eta_epoch else 0.0
    low, middle, high = (max(each * one - begun, 0.0) for each in goal.epochs)
    return goal._replace(seconds=(low, middle, high))


def finding(run: RunDecoder, goal: Goal) -> Finding:
    """A goal as a finding."""
    over = epochs_over(run) or None
    track = run.tracks.get(goal.metric)
    decimals = DECIMALS if track is None else track.decimals
    text = remarks.goal(goal, list(run.tracks), decimals)
    return Finding("target", run.run, over, goal.metric, text, _numbers(goal))


def _course(run: RunDecoder, name: str) -> Course | None:
    """What the log shows of a metric; None if it shows nothing of this name."""
    track = run.tracks.get(name)
    if track is None:
        return None
    for history in histories(run):
        if history.metric.name == name:
            known = np.isfinite(history.level)
            return Course(history.epoch[known], history.number[known], history.level[known])
    over, numbers = epochs_over(run), numbers_of(run)
    last = {epoch: track.displayed[row] for epoch, row in last_rows(track).items()}
    rows = [(e, v) for e, v in last.items() if e <= over and is_number(v)]
    epochs = np.array([epoch for epoch, _ in rows], dtype=np.float64)
    return Course(
        epochs,
        np.array([numbers.get(epoch, epoch) for epoch, _ in rows], dtype=np.float64),
        np.array([value for _, value in rows], dtype=np.float64),
    )


def _whole(epochs: float, most: float) -> float:
    """Epochs rounded up: a metric is looked at when one is over."""
    return inf if epochs > most else float(ceil(epochs - 1e-9))


def _left(run: RunDecoder, number: int) -> int | None:
    """Epochs that are planned after the one of this number; None where the log does not tell."""
    last = run.prints[-1]
    if last.epochs is None or last.epochs <= 1:
        return None  # one epoch of one may be an outer loop's
    return max(last.epochs - number, 0)


def _epoch_seconds(run: RunDecoder) -> float | None:
    """How long the last epochs took, by what their last lines say."""
    took: list[float] = []
    end = len(run.prints)
    for _ in range(TIMED + 1):  # the newest may not be over
        if not end or len(took) == TIMED:
            break
        p = run.prints[end - 1]
        if p.final and p.elapsed is not None:
            took.append(p.elapsed)
        end = run.prints.of_epoch(p.epoch).start
    return median(took) or None if took else None


def _numbers(each: Goal) -> dict[str, float]:
    numbers = {"target": each.value}
    if each.now is not None:
        numbers["now"] = each.now
    if each.met_in is not None:
        numbers["met_in"] = float(each.met_in)
    if each.epochs is not None:
        numbers |= dict(zip(("epochs_low", "epochs", "epochs_high"), each.epochs, strict=True))
        numbers["chance"] = each.chance
    if each.seconds is not None:
        names = ("seconds_low", "seconds", "seconds_high")
        numbers |= dict(zip(names, each.seconds, strict=True))
    return numbers
