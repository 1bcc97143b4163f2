"""Axes: round ticks, and ranges that stay where they are while data arrive. Pure.

A range only ever ends at round numbers, and grows in round steps, so that a picture that the eye
knows does not slide or breathe under it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from tui_monitor.core.columns.arrays import FloatArray

_GROWTH = 0.5
_LEAST_LOG = 1e-300
_LARGEST = 1e150
"""What is larger has no place on an axis: the width of a range of such would be infinite."""
_FAR = 1e9
"""Heights of a chart from which it no longer matters how far outside something is."""
_LEAST_SPAN = 1e-100
"""A range smaller than that is none: a step of it would have no digits left."""
_CLIP_RATIO = 4.0
"""A range this many times as wide as that of the middle four fifths is cut: the fall of a loss at its
very begin, or a few wild points, would otherwise flatten all the rest."""
_FEW = 20
"""Values up to which none is left out."""
_ROW_STEPS = (1.0, 2.0, 2.5, 5.0)
_TICKS_COST = 0.4
"""Half or twice the ticks wanted is as bad as this share of the rows left empty."""


class Axis(NamedTuple):
    """A range of values, and where its ticks are."""

    low: float
    high: float
    ticks: tuple[float, ...]
    log: bool = False

    def forward(self, values: FloatArray) -> FloatArray:
        """Values to fractions of the axis, 0 at `low`, 1 at `high`; NaN where it has no place."""
        if self.log:
            with np.errstate(invalid="ignore", divide="ignore"):
                logs = np.where(values > 0, np.log10(values), np.nan)
            low, high = math.log10(self.low), math.log10(self.high)
            return np.asarray((logs - low) / (high - low), dtype=np.float64)
        with np.errstate(over="ignore"):
            fractions = (values - self.low) / (self.high - self.low)
        return np.asarray(np.minimum(np.maximum(fractions, -_FAR), _FAR), dtype=np.float64)


def nice_step(span: float, wanted: int) -> float:
    """The step among 1, 2, 5 times a power of ten that cuts `span` into at most `wanted` parts."""
    rough = span / max(wanted, 1)
    power: float = 10.0 ** math.floor(math.log10(rough))
    for factor in (1.0, 2.0, 5.0):
        if rough <= factor * power * (1 + 1e-9):
            return factor * power
    return 10.0 * power


def linear_axis(low: float, high: float, wanted: int, bounds: tuple[float, float]) -> Axis:
    """A linear axis over [low, high] that begins and ends at a half or whole tick.

    `bounds` are what the metric can be at all; the axis never leaves them.
    """
    low, high = _widen(low, high, bounds)
    step = nice_step(high - low, wanted)
    fine = step / 2
    first, last = math.floor(low / fine + 1e-9) * fine, math.ceil(high / fine - 1e-9) * fine
    first, last = max(first, bounds[0]), min(last, bounds[1])
    if not first < last:
        first, last = low, high
    start = math.ceil(first / step - 1e-9)
    stop = math.floor(last / step + 1e-9)
    ticks = tuple(_clean(number * step, step) for number in range(start, stop + 1))
    return Axis(_clean(first, fine), _clean(last, fine), ticks)


def row_axis(low: float, high: float, rows: int, wanted: int, bounds: tuple[float, float]) -> Axis:
    """A linear axis for a chart of so many rows: each tick is in the middle of a row.

    So labels stand at equal distances and grid lines are where they say. It reaches beyond `bounds`
    by half a row at most.
    """
    low, high = _widen(low, high, bounds)
    span = high - low
    power: float = 10.0 ** (math.floor(math.log10(span)) - 1)
    steps = [factor * power * ten for ten in (1.0, 10.0, 100.0) for factor in _ROW_STEPS]
    found: list[tuple[float, int, float]] = []
    for step in steps:
        for each in range(min(int(rows * step / span), rows), 1 if rows > 3 else 0, -1):
            unit = step / each
            if (math.floor(low / unit + 0.5) - 0.5 + rows) * unit >= high:
                ticks = rows / each
                cost = rows * unit / span - 1 + _TICKS_COST * abs(math.log2(ticks / wanted))
                found.append((cost + (ticks < 2), each, step))
                break
    if not found:
        return linear_axis(low, high, wanted, bounds)
    _, each, step = min(found)
    unit = step / each
    first = math.floor(low / unit + 0.5)
    spare = int(first - 0.5 + rows - high / unit)
    # Empty rows are shared out below and above, but for what the metric can't be.
    room = first - math.ceil(_in_units(bounds[0], unit) - 1e-9)
    over = first + rows - 1 - math.floor(_in_units(bounds[1], unit) + 1e-9)
    first -= max(min(max(spare // 2, over), spare, room), 0)
    ticks_at = [number for number in range(first, first + rows) if number % each == 0]
    return Axis(
        (first - 0.5) * unit,
        (first + rows - 0.5) * unit,
        tuple(_clean(number // each * step, step) for number in ticks_at),
    )


def _in_units(bound: float, unit: float) -> float:
    """A bound in units of a row; far away where there is none."""
    return min(max(bound / unit, -1e15), 1e15)


def log_axis(low: float, high: float, wanted: int) -> Axis:
    """A logarithmic axis over [low, high], both above 0; its ends have one significant digit."""
    first, last = _round_log(low, down=True), _round_log(high, down=False)
    if first == last:
        last = _round_log(last * 1.5, down=False)
    ticks = _log_ticks(first, last, (1, 2, 5))
    if len(ticks) < 2:
        ticks = _log_ticks(first, last, range(1, 10))
        ticks = ticks[:: max(1, math.ceil(len(ticks) / (wanted + 1)))]
    if len(ticks) > wanted + 1:
        decades = [tick for tick in ticks if _is_decade(tick)]
        ticks = decades if len(decades) > 1 else ticks
        ticks = ticks[:: max(1, math.ceil(len(ticks) / (wanted + 1)))]
    return Axis(first, last, tuple(ticks), log=True)


def _log_ticks(first: float, last: float, digits: Sequence[int]) -> list[float]:
    """Numbers of one significant digit, which is one of `digits`, from `first` to `last`."""
    powers = range(math.floor(math.log10(first)), math.ceil(math.log10(last)) + 1)
    found = (digit * 10.0**power for power in powers for digit in digits)
    return [tick for tick in found if first * (1 - 1e-9) <= tick <= last * (1 + 1e-9)]


def y_axis(
    columns: Sequence[FloatArray],
    wanted: int,
    bounds: tuple[float, float],
    *,
    beside: Sequence[FloatArray] = (),
    log: bool = False,
    held: tuple[float, float] | Axis | None = None,
    too_wide: float = 3.0,
    rows: int = 0,
) -> Axis:
    """An axis that shows the columns' finite values, but for a few that would flatten the rest.

    Args:
        columns: What will be drawn; NaN, infinities and what is nearly one are passed over.
        wanted: About how many ticks there is room for.
        bounds: What the metric can be at all.
        beside: What else will be drawn, but may widen the range by its own width at most.
        log: Logarithmic, where there are values above 0.
        held: The range or axis shown until now. It is kept, and grown where it must be, unless it
            has become too wide.
        too_wide: How many times too wide that is.
        rows: Rows of the chart that its ticks should stand in the middle of; 0 for any chart.
    """
    values, others = _finite(columns, log=log), _finite(beside, log=log)
    if not values.size:
        values = others
    if not values.size:
        return linear_axis(0.0, 1.0, wanted, bounds)
    low, high = _limits(values)
    if others.size:
        low, high = _widened(low, high, *_limits(others))
    if held is not None and (held[1] - held[0]) <= too_wide * max(high - low, 1e-12):
        if isinstance(held, Axis) and low >= held[0] and high <= held[1]:
            return held
        # What must grow grows by some more, so that it grows seldom.
        slack = _GROWTH * (held[1] - held[0])
        low = held[0] if low >= held[0] else max(low - slack, bounds[0])
        high = held[1] if high <= held[1] else min(high + slack, bounds[1])
    if log and low > _LEAST_LOG:
        return log_axis(low, high, wanted)
    if rows > 1:
        return row_axis(low, high, rows, wanted, bounds)
    return linear_axis(low, high, wanted, bounds)


def tick_labels(axis: Axis) -> tuple[str, ...]:
    """The ticks as text, with the same number of decimals each."""
    if not axis.ticks:
        return ()
    largest = max(abs(tick) for tick in axis.ticks)
    if axis.log or largest >= 1e5 or 0 < largest < 1e-3:
        return tuple(f"{tick:g}" for tick in axis.ticks)
    step = min(
        (b - a for a, b in pairwise(axis.ticks)),
        default=largest or 1.0,
    )
    decimals = min(max(-math.floor(math.log10(step) + 1e-9), 0), 6)
    if any(abs(tick - round(tick, decimals)) > 0.01 * step for tick in axis.ticks):
        decimals += 1
    return tuple(f"{tick:.{decimals}f}" for tick in axis.ticks)


def extent(
    newest: float, epoch_length: float | None, epochs_left_to: float | None, *, ended: bool
) -> float:
    """Where the x axis ends: a place that `newest` reaches rarely.

    Args:
        newest: Position of the newest print.
        epoch_length: Positions an epoch, where known.
        epochs_left_to: Position where the planned run ends, where known.
        ended: The run is over: the axis ends with it.

    A planned run of up to four epochs is shown whole from its start; a longer one grows by a third
    to a half of its range, in whole epochs, until the plan is reached.
    """
    newest = max(newest, 1e-9)
    if ended:
        return newest
    unit = epoch_length if epoch_length else 64.0
    if epochs_left_to is not None and epochs_left_to >= newest and epochs_left_to <= 4.5 * unit:
        return epochs_left_to
    doubled = unit * 2.0 ** max(0, math.ceil(math.log2(newest / unit) - 1e-9))
    reach = 0.75 * doubled if doubled > 2 * unit and newest <= 0.75 * doubled else doubled
    if epochs_left_to is not None and epochs_left_to >= newest:
        return min(reach, epochs_left_to)
    return reach


def zoomed(
    end: float, newest: float, zoom: int, left: float | None, ended: bool
) -> tuple[float, float]:
    """The part of [0, end] to show: 1/2**zoom of it.

    Without `left` it follows the newest print, in steps of a quarter of its width.
    """
    span = end / 2.0**zoom
    if zoom == 0:
        return 0.0, end
    if left is None:
        quarter = span / 4
        right = newest if ended else math.ceil(newest / quarter + 1e-9) * quarter
        left = right - span
    left = min(max(left, 0.0), end - span)
    return left, left + span


def _finite(columns: Sequence[FloatArray], *, log: bool) -> FloatArray:
    """The values that have a place on an axis."""
    finite = [column[np.abs(column) <= _LARGEST] for column in columns]
    values = np.concatenate(finite) if finite else np.empty(0)
    return values[values > _LEAST_LOG] if log else values


def _widened(low: float, high: float, least: float, most: float) -> tuple[float, float]:
    """The range with another one, but not more than twice as wide; less is cut of the nearer end."""
    span = high - low
    below, above = max(low - least, 0.0), max(most - high, 0.0)
    if span > 0 and below + above > span:
        below, above = (
            min(below, max(span - above, span / 2)),
            min(above, max(span - below, span / 2)),
        )
    return low - below, high + above


def _limits(values: FloatArray) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    if values.size < _FEW:
        return low, high
    tenth = values.size // 10
    ordered = np.partition(values, (tenth, values.size - 1 - tenth))
    inner_low, inner_high = float(ordered[tenth]), float(ordered[-1 - tenth])
    inner = inner_high - inner_low
    if inner > 0 and high - low > _CLIP_RATIO * inner:
        return max(low, inner_low - inner), min(high, inner_high + inner)
    return low, high


def _widen(low: float, high: float, bounds: tuple[float, float]) -> tuple[float, float]:
    """A range that is no point, nor one beyond what the metric can be."""
    largest = max(abs(low), abs(high))
    if high - low > max(1e-9 * largest, _LEAST_SPAN):
        return low, high
    margin = abs(low) * 0.05 if largest > _LEAST_SPAN else 0.5
    return spread(low, high, margin, bounds)


def spread(
    low: float, high: float, margin: float, bounds: tuple[float, float]
) -> tuple[float, float]:
    """A range with a margin on both sides, which does not reach beyond `bounds`."""
    return max(low - margin, min(low, bounds[0])), min(high + margin, max(high, bounds[1]))


def _clean(value: float, step: float) -> float:
    digits = 2 - math.floor(math.log10(step))
    return round(value, digits) + 0.0 if digits < 300 else value


def _round_log(value: float, *, down: bool) -> float:
    power: float = 10.0 ** math.floor(math.log10(value))
    steps = [float(digit) for digit in range(1, 11)]
    if down:
        return max(step for step in steps if step * power <= value * (1 + 1e-9)) * power
    return min(step for step in steps if step * power >= value * (1 - 1e-9)) * power


def _is_decade(value: float) -> bool:
    return abs(math.log10(value) - round(math.log10(value))) < 1e-9
