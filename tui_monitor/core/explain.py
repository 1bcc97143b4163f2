"""Why a metric jumps between two epochs: the jump taken apart, as data.

With D the displayed numbers on either side of the boundary and L the decoded level there,

    D_start - D_end  =  (L_end - D_end)  +  (L_start - L_end)  +  (D_start - L_start)
       the jump      =       lag         +        step         +         luck

The lag is averaging: old batches are still in the mean that the bar ends with. The step is real: the
model, or its task, is another on the other side. The luck is chance: the first print holds few
batches. L_end comes from the prints up to the boundary, L_start from those behind it, so nothing is
assumed of the step. The parts add up to the jump by construction.

Words are in `wording`.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite, sqrt

from tui_monitor.core import wording
from tui_monitor.core.laws import EPOCH
from tui_monitor.core.records import Boundary, Cause, Event, Part, Verdict
from tui_monitor.core.track import Track

SIGNIFICANT = 2.0
"""Standard errors from zero by which a part must stand to be called real."""
CARRIES = 0.25
"""Share of the movement (|lag| + |step|) that a part must have to carry a jump."""
UNKNOWN = Part(None, None)


class Edge:
    """One metric at one boundary: the numbers on either side."""

    def __init__(self, track: Track, last_row: int, first_row: int) -> None:
        """`last_row`: last row of the epoch; `first_row`: first of the next."""
        self.track = track
        self.last_row, self.first_row = last_row, first_row
        self.epoch = track.places[last_row].epoch
        self.next_epoch = track.places[first_row].epoch
        self.displayed_end = track.displayed[last_row]
        self.displayed_start = track.displayed[first_row]

    @property
    def jump(self) -> float:
        """What the eye sees."""
        return self.displayed_start - self.displayed_end


def edges(track: Track) -> list[Edge]:
    """The boundaries of a train metric, oldest first; where nan or inf stands there is none."""
    found: list[Edge] = []
    for row in range(1, len(track)):
        if track.places[row].epoch == track.places[row - 1].epoch:
            continue
        if isfinite(track.displayed[row]) and isfinite(track.displayed[row - 1]):
            found.append(Edge(track, row - 1, row))
    return found


def explain(run: int, edge: Edge, events: Sequence[Event]) -> Boundary:
    """The boundary's explanation, from all that is known now."""
    lag, step, luck = take_apart(edge)
    verdict = judge(edge, lag, step, luck)
    causes = find_causes(edge, lag, step, verdict, events)
    return Boundary(
        run=run,
        epoch=edge.epoch,
        next_epoch=edge.next_epoch,
        metric=edge.track.metric.name,
        displayed_end=edge.displayed_end,
        displayed_start=edge.displayed_start,
        jump=edge.jump,
        lag=lag,
        step=step,
        luck=luck,
        verdict=verdict,
        causes=causes,
        text=wording.boundary(edge, lag, step, luck, verdict),
        higher_is_better=edge.track.metric.higher_is_better,
    )


def take_apart(edge: Edge) -> tuple[Part, Part, Part]:
    """Lag, step and luck with their standard errors; unknown where the prints cannot tell."""
    track = edge.track
    end = track.epoch_ends.get(edge.epoch)
    start = track.start_of(edge.next_epoch)
    if track.law.key == EPOCH.key or end is None or start is None:
        return UNKNOWN, UNKNOWN, UNKNOWN
    (level_end, var_end), (level_start, var_start) = end, start
    return (
        Part(level_end - edge.displayed_end, sqrt(var_end)),
        Part(level_start - level_end, sqrt(var_end + var_start)),
        Part(edge.displayed_start - level_start, sqrt(var_start)),
    )


def chance(edge: Edge) -> float:
    """Standard deviation that chance alone gives the first print."""
    tracker, k = edge.track.filter, edge.track.places[edge.first_row].k
    if tracker is None or k is None:
        return 0.0
    return sqrt(tracker.noise.variance(edge.displayed_start) / max(k, 1))


def judge(edge: Edge, lag: Part, step: Part, luck: Part) -> Verdict:
    """Which part carries the jump, if the prints can tell."""
    if lag.value is None or step.value is None or luck.value is None:
        return "undetermined"
    if lag.sd is None or step.sd is None:
        return "undetermined"
    moved = abs(lag.value) + abs(step.value)
    carrying = [
        part
        for part in (lag, step)
        if part.value is not None
        and part.sd is not None
        and abs(part.value) > SIGNIFICANT * part.sd
        and abs(part.value) >= CARRIES * moved
    ]
    forward = [part for part in carrying if part.value is not None and part.value * edge.jump > 0]
    deciding = forward or carrying
    if len(deciding) == 2:
        return "both"
    if deciding:
        return "averaging" if deciding[0] is lag else "step"
    by_chance = SIGNIFICANT * sqrt(chance(edge) ** 2 + lag.sd**2)
    sharp = max(lag.sd, step.sd) < max(0.5 * abs(edge.jump), chance(edge))
    return "noise" if abs(edge.jump) <= by_chance and sharp else "undetermined"


def find_causes(
    edge: Edge, lag: Part, step: Part, verdict: Verdict, events: Sequence[Event]
) -> tuple[Cause, ...]:
    """Causes that the log supports, the likeliest first."""
    causes: list[Cause] = []
    if verdict in ("averaging", "both") and lag.value is not None and lag.sd is not None:
        causes.append(Cause("averaging", wording.averaging(edge, lag)))
        if edge.track.law.depth == 2:
            causes.append(Cause("averaged twice", wording.AVERAGED_TWICE))
    if verdict in ("step", "both"):
        here = [e for e in events if e.epoch == edge.epoch]
        causes.extend(
            Cause(wording.EVENT_CAUSES[e.kind], e.text)
            for e in here
            if e.kind in ("learning-rate", "restored", "resumed")
        )
        seen = seen_before(edge)
        if seen is not None and step.value is not None:
            causes.append(Cause("seen before", wording.seen_before(edge, step, seen)))
    return tuple(causes)


def seen_before(edge: Edge) -> float | None:
    """The staircase of data seen before: better at the boundary, not better inside the epoch.

    Returns the change of the level from the epoch's start to its end where the next epoch starts
    better while this one did not get better inside, else None.
    """
    track = edge.track
    start, end = track.start_of(edge.epoch), track.epoch_ends.get(edge.epoch)
    after = track.start_of(edge.next_epoch)
    if start is None or end is None or after is None:
        return None
    sign = 1.0 if track.metric.higher_is_better else -1.0
    step = sign * (after[0] - end[0])
    inside = sign * (end[0] - start[0])
    significant = step > SIGNIFICANT * sqrt(after[1] + end[1])
    return end[0] - start[0] if significant and inside < 0.5 * step else None
