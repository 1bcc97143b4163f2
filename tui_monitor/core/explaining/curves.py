"""What the epochs of a run show: validation against training, overfitting, plateaus, what is to come.

Each rule looks at one metric's history (`history`); of metrics that say the same one is reported.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import inf, sqrt
from typing import NamedTuple

import numpy as np

from tui_monitor.core.columns.arrays import FloatArray, median
from tui_monitor.core.decoding.decoder import RunDecoder
from tui_monitor.core.explaining import forecast, remarks
from tui_monitor.core.explaining.edges import Epoch
from tui_monitor.core.explaining.history import History, histories
from tui_monitor.core.records import Finding, FindingKind, Part

SURE = 3.0
"""Standard errors by which a change must stand clear of zero to be reported."""
WORTH = 0.03
"""Least change that matters: of a loss as a share of it, of an accuracy as a share of its errors."""
NOTICED = 0.1
"""The same of a difference between validation and training that a reader stumbles over."""
TURNED = 5
"""Epochs since the best validation before it counts as turned."""
APART = 0.25
"""The same by which validation is worse for the two to have come apart; also the error of a gain
above which nothing is known of it."""
YOUNG = 10
"""Epochs below which no plateau is called."""
AHEAD = 50
"""Epochs that a forecast looks ahead, if there were twice as many before."""
SLOWED = 0.2
"""Share of its early pace at which a run has slowed down."""


class Recent(NamedTuple):
    """The last quarter of a run's epochs, eight at least."""

    epochs: int
    slope: Part
    """An epoch, of the metric itself."""
    bounce: float
    """Standard deviation from one epoch to the next, around the slope."""
    noise: float
    """What of it the decoder's error explains."""


def over_epochs(run: RunDecoder) -> Iterator[Finding]:
    """Findings over the epochs of a run."""
    found = [history for history in histories(run) if len(history)]
    losses = [h for h in found if not h.metric.higher_is_better]
    accuracies = [h for h in found if h.metric.higher_is_better]
    for history in [*accuracies, *losses][:1]:
        yield from _val_above_train(run, history)
    for history in [*losses, *accuracies][:1]:
        turned = overfitting(run.run, history)
        if turned is not None:
            yield turned
        yield from _slowing(run.run, history, turned=turned is not None)


def scale_of(history: History, values: FloatArray) -> float:
    """What a change is measured by: a loss's own size, an accuracy's distance to 1, else its range.

    At least a hundredth of the range over the run, so that no finding is made of the last digits.
    """
    middle = median(values[~np.isnan(values)])
    extent = float(np.nanmax(history.shown) - np.nanmin(history.shown))
    if history.metric.family == "fraction":
        top = history.metric.top
        return max(min(middle, top - middle), 0.01 * top)
    if history.metric.family == "positive":
        return max(abs(middle), 0.01 * extent, 1e-12)
    return max(extent, 1e-12)


# --- validation ----------------------------------------------------------------------------------


def _val_above_train(run: RunDecoder, history: History) -> Iterator[Finding]:
    """Validation better than the train number displayed: averaging, or a gap that stays."""
    track = run.tracks[history.metric.name]
    known = np.flatnonzero(np.isfinite(history.val))
    if history.val_metric is None or not len(known):
        return
    margin = NOTICED * scale_of(history, history.shown)
    above = np.flatnonzero(history.sign * (history.val - history.shown) > margin)
    often = 2 * len(above) > len(history)
    if not len(above) or not (often or above[-1] == known[-1]):
        return
    at = int(above[-1])
    epoch = int(history.epoch[at])
    numbers = {"displayed_gap": float(history.val[at] - history.shown[at])}
    end = Epoch(track, epoch).end() if history.decoded else None
    if end is not None and end.seen > 0.5 and end.smooth.value is not None:
        gap = Part(float(history.val[at]) - end.smooth.value, end.smooth.sd)
        text = remarks.val_above_train(history, at, end.smooth, gap, _stays(history, gap, margin))
        numbers |= {"gap": gap.value or 0.0, "sd": gap.sd or 0.0}
    elif often and len(history) >= 3:
        text = remarks.val_above_unknown(history, at)
    else:
        return
    yield Finding("val-above-train", run.run, epoch, history.metric.name, text, numbers)


def _stays(history: History, gap: Part, margin: float) -> bool | None:
    """Whether a gap in favour of validation stays; None where it cannot be told from chance."""
    assert gap.value is not None
    assert gap.sd is not None
    better = history.sign * gap.value
    if better > max(SURE * gap.sd, 0.5 * margin):
        return True
    return False if better < 0.5 * margin else None


def overfitting(run: int, history: History) -> Finding | None:
    """Validation has turned for the worse while training goes on improving."""
    known = np.flatnonzero(np.isfinite(history.val))
    if history.val_metric is None or len(known) < TURNED + 2:
        return None
    val = history.sign * history.val[known]
    best = int(np.argmax(val))
    since = len(known) - 1 - best
    if since < TURNED:
        return None
    around = val[max(best - 1, 0) : best + 2]
    late = val[-max(since // 2, 3) :]
    worse = float(around.mean() - late.mean())
    scatter = _scatter(val)
    error = scatter * sqrt(1.0 / len(around) + 1.0 / len(late))
    slope = forecast.trend(history.number[known][best + 1 :], val[best + 1 :])
    if worse < max(SURE * error, WORTH * scale_of(history, history.val[known])):
        return None
    if slope.value is None or slope.sd is None or slope.value > -SURE * slope.sd:
        return None
    level = history.level[known]
    gained = history.sign * float(level[-3:].mean() - level[max(best - 1, 0) : best + 2].mean())
    if gained < max(SURE * _scatter(level) * 0.8, WORTH * scale_of(history, level)):
        return None
    at = int(known[best])
    numbers = {
        "best_epoch": float(history.label(at)),
        "best": float(history.val[at]),
        "now": history.sign * float(late.mean()),
        "epochs_since": float(since),
        "train_gain": history.sign * gained,
    }
    now = remarks.Late(numbers["now"], len(late))
    text = remarks.overfitting(history, at, since, now, float(level[best]))
    epoch = int(history.epoch[-1])
    return Finding("overfitting", run, epoch, history.val_metric, text, numbers)


def _scatter(values: FloatArray) -> float:
    """Standard deviation from epoch to epoch, whatever the trend: from second differences."""
    if len(values) < 3:
        return inf
    second = np.diff(values, n=2)
    return median(np.abs(second)) / 0.6745 / sqrt(6.0)


# --- slowing down --------------------------------------------------------------------------------


def recent(history: History) -> Recent | None:
    """What the last epochs do; None while there are too few."""
    count = max(len(history) // 4, 8)
    if len(history) < max(YOUNG, count) or not np.isfinite(history.level[-count:]).all():
        return None
    x, y = history.number[-count:], history.level[-count:]
    slope = forecast.trend(x, y)
    if slope.value is None:
        return None
    residuals = y - y.mean() - slope.value * (x - x.mean())
    bounce = float(np.sqrt((residuals**2).sum() / (count - 2)))
    return Recent(count, slope, bounce, float(np.mean(history.sd[-count:])))


def _slowing(run: int, history: History, *, turned: bool) -> Iterator[Finding]:
    """A plateau, or improvement that has become slow with what is still to come."""
    lately = recent(history)
    span = float(np.ptp(history.number)) if len(history) else 0.0
    sparse = len(history) < YOUNG
    if (lately is None and not sparse) or span < 2.0 * YOUNG * sparse:
        return
    outlook = _look_ahead(history, int(min(AHEAD, span // 2)))
    if lately is not None and _is_plateau(history, lately, outlook):
        text = remarks.plateau(history, lately, _advice(history, lately, turned=turned))
        numbers = {"epochs": float(lately.epochs), **_numbers("slope", lately.slope)}
    elif outlook is not None and span >= 2.0 * YOUNG and outlook.slow:
        numbers = {
            **_numbers("pace", outlook.pace),
            **_numbers("promised", outlook.promised),
            "ahead": float(outlook.ahead),
        }
        advice = _advice(history, lately, turned=turned)
        text = remarks.diminishing(history, outlook, advice)
        numbers |= _since_best(history)
    else:
        return
    kind: FindingKind = "plateau" if "slope" in numbers else "diminishing-returns"
    yield Finding(kind, run, int(history.epoch[-1]), history.metric.name, text, numbers)


class Outlook(NamedTuple):
    """What a fitted curve says of the epochs to come."""

    shape: str
    ahead: int
    promised: Part
    """Change of the metric over the next `ahead` epochs."""
    pace: Part
    """Change over the last epoch."""
    slow: bool
    """It has slowed down, and still improves."""


def _look_ahead(history: History, ahead: int) -> Outlook | None:
    """The curve that fits, `ahead` epochs on."""
    x, y, sign = history.number, history.level, history.sign
    if len(x) < forecast.LEAST or ahead < 1 or not np.isfinite(y).all():
        return None
    low = 0.0 if history.metric.family == "positive" else history.metric.low
    curve = forecast.fit(x, y, low, history.metric.high)
    if curve is None:
        return None
    now, quarter = float(x[-1]), 0.25 * float(np.ptp(x))
    promised, pace = curve.change(now, now + ahead), curve.change(now - 1.0, now)
    begun = curve.change(float(x[0]), float(x[0]) + quarter)
    early = sign * (begun.value or 0.0) / quarter
    slow = 0.0 < sign * (pace.value or 0.0) < SLOWED * early and sign * (promised.value or 0.0) > 0
    return Outlook(curve.shape, ahead, promised, pace, slow)


def _stands_out(part: Part) -> bool:
    """Whether a part is clear of zero by two standard errors."""
    return part.value is not None and part.sd is not None and abs(part.value) > 2.0 * part.sd


def _is_plateau(history: History, lately: Recent, outlook: Outlook | None) -> bool:
    """Whether nothing that matters has improved over the last epochs, and no curve promises it."""
    assert lately.slope.value is not None
    assert lately.slope.sd is not None
    gained = history.sign * lately.slope.value * (lately.epochs - 1)
    error = lately.slope.sd * (lately.epochs - 1)
    matters = WORTH * scale_of(history, history.level[-lately.epochs :])
    if gained + 2.0 * error < 2.0 * matters and gained < matters:
        return True
    promises = outlook is not None and outlook.slow and _stands_out(outlook.promised)
    known = 2.0 * error < APART * scale_of(history, history.level[-lately.epochs :])
    return known and gained < 2.0 * error and not promises


def _since_best(history: History) -> dict[str, float]:
    if history.val_metric is None or not np.isfinite(history.val).any():
        return {}
    best = int(np.nanargmax(history.sign * history.val))
    return {"epochs_since_best": float(history.number[-1] - history.number[best])}


def _numbers(name: str, part: Part) -> dict[str, float]:
    return {name: part.value or 0.0, f"{name}_sd": part.sd or 0.0}


def _advice(history: History, lately: Recent | None, *, turned: bool) -> str:
    """What fits the evidence to do next, as a suggestion."""
    if turned:
        return ""  # the finding of overfitting says it
    gap = _gap(history)
    told = remarks.gap(gap, history.decimals)
    if lately is None or lately.slope.value is None:
        return told + (remarks.FOLLOWS if _follows(history) else "")
    gained = abs(lately.slope.value) * (lately.epochs - 1)
    if history.decoded and lately.bounce > max(2.0 * lately.noise, gained):
        return told + remarks.lower_rate(lately, history.decimals)
    val = _val_gain(history, lately.epochs)
    if val is None:
        return told
    gain, doubt = val
    matters = WORTH * scale_of(history, history.level[-lately.epochs :])
    if gained > matters:
        since = _since_best(history).get("epochs_since_best", 0.0)
        behind = since >= TURNED and gain < 0.25 * gained and gain + 2.0 * doubt < gained
        if behind:
            return told + remarks.only_train(history)
        return told + (remarks.FOLLOWS if gain > 2.0 * doubt and _follows(history) else "")
    learnt = abs(float(history.shown[0] - history.shown[-1]))
    solved = history.metric.family == "positive" and history.shown[-1] < 0.01 * learnt
    flat = gain < 2.0 * matters and not solved and not (gap is not None and _stands_out(gap.growth))
    if not flat:
        return told
    worse = -history.sign * gap.value if gap is not None else 0.0
    apart = worse > APART * scale_of(history, history.val)
    return told + (remarks.FLAT_APART if apart else remarks.FLAT_TOGETHER)


def _follows(history: History) -> bool:
    """Whether validation has been at its best lately, as training has."""
    val = history.sign * history.val
    known = np.flatnonzero(np.isfinite(val))
    return len(known) > 2 and int(np.argmax(val[known])) >= len(known) - TURNED // 2


class Gap(NamedTuple):
    """Validation minus training at the epochs' ends."""

    value: float
    growth: Part
    """An epoch, over the last quarter."""


def _gap(history: History) -> Gap | None:
    if history.val_metric is None:
        return None
    gap = history.val - history.level
    known = np.flatnonzero(np.isfinite(gap))
    if not len(known):
        return None
    late = known[-max(len(known) // 4, 8) :]
    return Gap(float(gap[known[-1]]), forecast.trend(history.number[late], gap[late]))


def _val_gain(history: History, epochs: int) -> tuple[float, float] | None:
    """What validation gained over the last epochs, and its standard error."""
    if history.val_metric is None:
        return None
    slope = forecast.trend(history.number[-epochs:], history.val[-epochs:])
    if slope.value is None or slope.sd is None:
        return None
    return history.sign * slope.value * (epochs - 1), slope.sd * (epochs - 1)
