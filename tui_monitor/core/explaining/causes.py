"""Causes of a jump that the log supports, the likeliest first. A cause without evidence is not named.

Weights are updated at every batch and nothing happens to the model at an epoch's end, so a real step
needs a cause of its own: a message of the log, the data being seen again, or their order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import log, sqrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tui_monitor.core.decoding.decoder import RunDecoder
from tui_monitor.core.explaining import wording
from tui_monitor.core.explaining.edges import Epoch, steady
from tui_monitor.core.explaining.profile import profile
from tui_monitor.core.records import Cause, Event, Verdict
from tui_monitor.core.tracks.track import Track

if TYPE_CHECKING:
    from tui_monitor.core.explaining.explain import Anatomy, Edge

RATE_CHANGE = log(1.25)
"""Least change of the learning rate, in its logarithm, that may make a step."""
STRIKING = 3.0
"""Standard errors by which a step must stand out before a pattern of the data is made its cause."""
BEYOND_DOUBT = 6.0
"""The same for a step that nothing beside it confirms."""
FLAT = 0.5
"""Most that a level may gain inside an epoch, as a share of the step, to leave it to the boundary."""
FOLLOWS = 0.5
"""Share of the step by which validation must move to count as following it."""
ALIKE = 0.75
"""Least correlation of two epochs' profiles to call them the same."""
UNDONE = 0.6
"""Least share of the step that the move inside the epochs makes good, where the order explains it."""


def find(
    run: RunDecoder, edge: Edge, anatomy: Anatomy, verdict: Verdict, events: Sequence[Event]
) -> tuple[Cause, ...]:
    """Causes of the boundary's jump that the log supports, the likeliest first."""
    found: list[Cause] = []
    if verdict in ("step", "both"):
        found.extend(_told(run, edge, events))
        striking = _is_striking(edge, anatomy)
        order = _order(edge, anatomy) if striking else None
        if order is not None:
            found.append(Cause("order of the data", wording.order(order, edge.track.decimals)))
        told = any(cause.cause != "order of the data" for cause in found)
        if not told and (order is None or order.gain) and striking:
            seen = _seen_before(run, edge, anatomy)
            if seen is not None:
                found.append(Cause("seen before", wording.seen_before(seen, edge.track.decimals)))
    if verdict in ("averaging", "both"):
        found.extend(_averaging(edge, anatomy))
    if verdict == "noise":
        found.append(Cause("luck", wording.luck(anatomy, _first_batches(edge), edge.figures)))
    return tuple(found)


def is_told(run: RunDecoder, edge: Edge, events: Sequence[Event]) -> bool:
    """Whether a message or a column of the log speaks for a step at the boundary."""
    return next(_told(run, edge, events), None) is not None


def missing(run: RunDecoder, edge: Edge, events: Sequence[Event]) -> tuple[str, ...]:
    """What the log does not show that could tell the cause of a step."""
    lacks: list[str] = []
    if not _rate_column(run) and not any(event.kind == "learning-rate" for event in events):
        lacks.append("learning rate")
    if run.validation_of(edge.track) is None:
        lacks.append("validation")
    return tuple(lacks)


def _is_striking(edge: Edge, anatomy: Anatomy) -> bool:
    """Whether the step is beyond what chance makes now and then in a long run.

    A pattern of the data shows at every boundary: a step that is not beyond all doubt needs others
    of its kind beside it, by the edges alone and less their trend.
    """
    value, sd = anatomy.surprise
    whole, of_edges = anatomy.step
    if value is None or sd is None or whole is None or of_edges is None:
        return False
    if abs(value) <= STRIKING * sd or abs(whole) <= STRIKING * of_edges:
        return False
    near = (edge.epoch - 2, edge.epoch - 1, edge.next_epoch, edge.next_epoch + 1)
    alike = [found for e in near if (found := _steps_alike(edge.track, e, value)) is not None]
    if abs(value) > BEYOND_DOUBT * sd:
        return not alike or any(alike)
    return any(alike) and 2 * sum(alike) >= len(alike)


def _steps_alike(track: Track, epoch: int, step: float) -> bool | None:
    """Whether the level steps the same way at the end of another epoch; None if nothing tells."""
    before, after = Epoch(track, epoch), Epoch(track, epoch + 1)
    end, start = before.end(), after.start()
    if epoch < 1 or end is None or start is None or min(end.seen, start.seen) < 0.5:
        return None
    other, sd = start.mean - end.mean - steady(end, start), sqrt(start.variance + end.variance)
    return other / step > 0.3 and abs(other) > 2.0 * sd


def _first_batches(edge: Edge) -> int:
    """Batches behind the first print of the next epoch."""
    return edge.track.places.batches(edge.first_row) or 1


def _averaging(edge: Edge, anatomy: Anatomy) -> Iterator[Cause]:
    """The mean that the bar shows; twice, where its last line is a mean of means."""
    assert anatomy.end is not None
    yield Cause("averaging", wording.averaging(edge, anatomy.end))
    if edge.track.law.final != "running-appended":
        return
    once = mean_of(edge.track, edge.epoch)
    if once is not None:
        yield Cause("averaged twice", wording.averaged_twice(once, edge))


def mean_of(track: Track, epoch: int) -> float | None:
    """Mean of an epoch's batches, from the decoded windows between its prints."""
    total = weight = 0.0
    for row in track.places.of_epoch(epoch):
        value, begin, end = track.value.get(row), track.from_k.get(row), track.places.batches(row)
        if value is not None and begin is not None and end is not None and end > begin:
            total += (end - begin) * value
            weight += end - begin
    return total / weight if weight else None


# --- what the log says ---------------------------------------------------------------------------


def _told(run: RunDecoder, edge: Edge, events: Sequence[Event]) -> Iterator[Cause]:
    """Messages and columns of the log that stand at the boundary."""
    rate = _rate_change(run, edge, events)
    if rate is not None:
        yield Cause("learning rate changed", rate)
    for event in events:
        if event.kind == "restored" and event.epoch == edge.epoch:
            yield Cause("weights restored", event.text)
        elif event.kind == "resumed" and event.epoch == edge.next_epoch:
            yield Cause("training resumed", event.text)


def _rate_change(run: RunDecoder, edge: Edge, events: Sequence[Event]) -> str | None:
    """Evidence of another learning rate after the boundary than before; None if there is none."""
    column = _rate_column(run)
    before, after = column.get(edge.epoch), column.get(edge.next_epoch)
    told = ""
    for event in events:
        rate = event.learning_rate
        if event.kind != "learning-rate" or not rate or rate <= 0.0:
            continue
        # a scheduler speaks before the epoch that it is for, a callback after the one it has seen
        begins = event.epoch + ("LearningRateScheduler" not in event.text)
        if begins <= edge.epoch and edge.epoch not in column:
            before = rate
        if begins == edge.next_epoch:
            after, told = rate, event.text
    if before and after:
        changed = abs(log(after) - log(before)) > RATE_CHANGE
        return (told or wording.rate(before, after)) if changed else None
    return told if "reducing" in told else None


def _rate_column(run: RunDecoder) -> dict[int, float]:
    """Learning rate of each epoch whose line shows it; positive ones only."""
    for name in ("lr", "learning_rate"):
        track = run.tracks.get(name)
        if track is not None:
            return {
                epoch: rate
                for epoch, rate in zip(track.places.epoch, track.displayed, strict=True)
                if rate > 0.0
            }
    return {}


# --- seen before ---------------------------------------------------------------------------------


class Staircase(NamedTuple):
    """Better at the boundary, not better inside the epoch."""

    epoch: int
    """The epoch inside which the level is looked at."""
    step: float
    inside: float
    """What the level does inside that epoch."""
    val: float | None
    """What validation did over the same boundary; None where the log has none."""


def _seen_before(run: RunDecoder, edge: Edge, anatomy: Anatomy) -> Staircase | None:
    """The staircase of samples seen before, unless validation follows it."""
    step = anatomy.step.value
    if step is None or (step > 0.0) != edge.track.metric.higher_is_better:
        return None
    val = _validation(run, edge)
    if val is not None and val / step > FOLLOWS:
        return None
    for epoch in (edge.epoch, edge.next_epoch):
        change = _inside(edge.track, epoch)
        if change is None:
            continue
        gain, sd = change
        if gain / step + sd / abs(step) < FLAT:
            return Staircase(epoch, step, gain, val)
    return None


def _inside(track: Track, epoch: int) -> tuple[float, float] | None:
    """Change of the level from an epoch's first tenth to its last, with its standard error."""
    whole = Epoch(track, epoch)
    if not len(whole.shown) or not (whole.shown.final[-1] or track.places.epoch[-1] > epoch):
        return None
    start, end = whole.start(), whole.end()
    if start is None or end is None:
        return None
    return end.mean - start.mean, sqrt(start.variance + end.variance)


def _validation(run: RunDecoder, edge: Edge) -> float | None:
    """What validation did from the epoch before to the epoch after."""
    track = run.validation_of(edge.track)
    if track is None:
        return None
    values = [track.places.of_epoch(epoch) for epoch in (edge.epoch, edge.next_epoch)]
    if not all(values):
        return None
    before, after = (track.displayed[rows[-1]] for rows in values)
    return after - before


# --- order of the data ---------------------------------------------------------------------------


class Order(NamedTuple):
    """The same rise and fall inside each epoch."""

    epochs: tuple[int, int]
    correlation: float
    inside: float
    """What the level does from the first part of an epoch to its last, on average."""
    step: float
    gain: bool
    """The step does more than to undo it."""


def _order(edge: Edge, anatomy: Anatomy) -> Order | None:
    """Two epochs with the same profile, which the step only resets."""
    step = anatomy.step.value
    for pair in ((edge.epoch, edge.next_epoch), (edge.epoch - 1, edge.epoch)):
        shapes = [profile(edge.track, epoch) for epoch in pair]
        if step is None or shapes[0] is None or shapes[1] is None:
            continue
        a, b, sd = shapes[0].means, shapes[1].means, max(shapes[0].sd, shapes[1].sd)
        inside = 0.5 * float(a[-1] - a[0] + b[-1] - b[0])
        strength = sqrt(max(float(np.mean((a - a.mean()) ** 2)), 1e-300))
        correlation = float(np.corrcoef(a, b)[0, 1]) if strength > 2.0 * sd else 0.0
        if correlation > ALIKE and inside * step < 0.0 and abs(inside) > UNDONE * abs(step):
            return Order(pair, correlation, inside, step, gain=abs(step) > 1.5 * abs(inside))
    return None
