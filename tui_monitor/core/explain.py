"""Why a metric jumps between two epochs: the jump taken apart, as data.

With D the displayed numbers on either side of the boundary and L the decoded levels there,

    D_start - D_end  =  (L_end - D_end)  +  (L_start - L_end)  +  (D_start - L_start)
       the jump      =       lag         +        step         +         luck

The lag is averaging: old batches are still in the mean that the bar ends with. The step is real: the
model, or its task, is another on the other side. The luck is chance: the first print holds few
batches. The parts add up to the jump by construction.

L_end is the mean over the last tenth of the epoch's batches, L_start over the first tenth of the
next: long enough to be sharp, short enough to be the edge. Each comes from its own side, so nothing
is assumed of the step; a steady drift across the edges is allowed for before a step is called real.

Words are in `wording`.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite, sqrt
from typing import NamedTuple

from tui_monitor.core import wording
from tui_monitor.core.bounds import printed
from tui_monitor.core.laws import EPOCH
from tui_monitor.core.records import Boundary, Cause, Event, Part, Verdict
from tui_monitor.core.track import Track

EDGE = 0.1
"""Share of an epoch's batches that is its edge."""
REACH = 0.1
"""How far from there, as a share of the epoch, a print may stand to mark the edge."""
SIGNIFICANT = 2.0
"""Standard errors from zero by which a part must stand to be called real."""
CARRIES = 0.25
"""Share of the movement (|lag| + |step|) that a part must have to carry a jump."""
UNKNOWN = Part(None, None)


class Level(NamedTuple):
    """A level over some batches, with what is not known of it."""

    mean: float
    half_width: float
    """Guaranteed bound of the rounding."""
    variance: float
    """What chance adds: the batches of the window are a sample."""
    batches: int

    @property
    def sd(self) -> float:
        """Standard error: half of the interval that rounding and two deviations of chance span."""
        return 0.5 * (self.half_width + 2.0 * sqrt(self.variance))


class Epoch:
    """The prints of one metric in one epoch, as far as they can be decoded."""

    def __init__(self, track: Track, epoch: int, size: float | None) -> None:
        """`size`: batches of the epoch if it is not over, else what its prints show."""
        self.track = track
        rows: list[int] = []
        for row, place in enumerate(track.places):
            if place.epoch != epoch or place.k is None or track.outlier[row]:
                continue
            if isfinite(track.displayed[row]) and (not rows or place.k >= self._k(track, rows[-1])):
                rows.append(row)
        self.rows = rows
        self.size = max(size or 0.0, float(self._k(track, rows[-1])) if rows else 0.0)

    @staticmethod
    def _k(track: Track, row: int) -> int:
        return track.places[row].k or 0

    def mark(self, share: float) -> int | None:
        """Index of the row that stands nearest to a share of the epoch; 0 is its start."""
        if share <= 0.0:
            return -1
        wanted = share * self.size
        best, off = None, REACH * self.size + 1e-9
        for i, row in enumerate(self.rows):
            distance = abs(self._k(self.track, row) - wanted)
            if distance <= off:
                best, off = i, distance
        return best

    def between(self, first: float, last: float) -> Level | None:
        """Level from one share of the epoch to another; None where no prints stand there."""
        a, b = self.mark(first), self.mark(last)
        if a is None or b is None or a >= b:
            return None
        return self.window(a, b)

    def window(self, a: int, b: int) -> Level | None:
        """Level between the rows of two indices; -1 is the epoch's start."""
        track = self.track
        k0 = 0 if a < 0 else self._k(track, self.rows[a])
        k = self._k(track, self.rows[b])
        if k <= k0 or track.filter is None:
            return None
        if track.law.depth == 2:
            return self._smoothed(a, b, k - k0)
        after = printed(track.displayed[self.rows[b]], track.quantum[self.rows[b]])
        low, high = k * after.low, k * after.high
        if a >= 0:
            before = printed(track.displayed[self.rows[a]], track.quantum[self.rows[a]])
            low, high = low - k0 * before.high, high - k0 * before.low
        n = k - k0
        mean = 0.5 * (low + high) / n
        return Level(mean, 0.5 * (high - low) / n, track.filter.noise.variance(mean) / n, n)

    def _smoothed(self, a: int, b: int, batches: int) -> Level | None:
        """Where sums are too coarse, the smoothed level; its errors are taken as fully correlated."""
        track = self.track
        rows = [r for r in self.rows[a + 1 : b + 1] if track.level.get(r) is not None]
        if not rows:
            return None
        mean = sum(track.level[r] for r in rows) / len(rows)
        return Level(mean, 0.0, sum(track.variance[r] for r in rows) / len(rows), batches)

    def end(self) -> Level | None:
        """Level of the last tenth; of the last batches where no print marks it."""
        return self.between(1.0 - EDGE, 1.0) or self._last_batches()

    def _last_batches(self) -> Level | None:
        last = len(self.rows) - 1
        near = [i for i in range(last) if self._k(self.track, self.rows[i]) >= 0.8 * self.size]
        return self.window(near[0], last) if near else None

    def start(self) -> Level | None:
        """Level of the first tenth; of the first batches where no print marks it."""
        found = self.between(0.0, EDGE)
        if found is not None or not self.rows:
            return found
        early = [
            i
            for i, r in enumerate(self.rows)
            if self._k(self.track, r) <= (EDGE + REACH) * self.size
        ]
        return self.window(-1, early[-1]) if early else None

    def drift_at_end(self) -> Level | None:
        """What the level gained from the tenth before the last to the last."""
        return difference(self.between(1.0 - 2.0 * EDGE, 1.0 - EDGE), self.end())

    def drift_at_start(self) -> Level | None:
        """What the level gained from the first tenth to the second."""
        return difference(self.start(), self.between(EDGE, 2.0 * EDGE))


def difference(before: Level | None, after: Level | None) -> Level | None:
    """after - before, with the errors of both."""
    if before is None or after is None:
        return None
    return Level(
        after.mean - before.mean,
        after.half_width + before.half_width,
        after.variance + before.variance,
        0,
    )


class Edge:
    """One metric at one boundary: the numbers and the levels on either side."""

    def __init__(self, track: Track, last_row: int, first_row: int) -> None:
        """`last_row`: last row of the epoch; `first_row`: first of the next."""
        self.track = track
        self.epoch = track.places[last_row].epoch
        self.next_epoch = track.places[first_row].epoch
        self.first_row = first_row
        self.displayed_end = track.displayed[last_row]
        self.displayed_start = track.displayed[first_row]

    @property
    def jump(self) -> float:
        """What the eye sees."""
        return self.displayed_start - self.displayed_end

    def look(self) -> None:
        """Decode the levels on both sides."""
        self.before = Epoch(self.track, self.epoch, None)
        self.after = Epoch(self.track, self.next_epoch, self.before.size)
        invertible = self.track.law.key != EPOCH.key and self.track.metric.averaged
        self.end = self.before.end() if invertible else None
        self.start = self.after.start() if invertible else None
        self.step = difference(self.end, self.start)

    def unexpected_step(self) -> Level | None:
        """The step, less what a steady drift would do between the middles of the two edges."""
        drifts = [d for d in (self.before.drift_at_end(), self.after.drift_at_start()) if d]
        if self.step is None or not drifts:
            return self.step
        share = 1.0 / len(drifts)
        drift = Level(
            sum(d.mean for d in drifts) * share,
            sum(d.half_width for d in drifts) * share,
            sum(d.variance for d in drifts) * share * share,
            0,
        )
        return difference(drift, self.step)


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
    edge.look()
    lag, step, luck = take_apart(edge)
    verdict = judge(edge, lag, step)
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
    end, start, step = edge.end, edge.start, edge.step
    if end is None or start is None or step is None:
        return UNKNOWN, UNKNOWN, UNKNOWN
    return (
        Part(end.mean - edge.displayed_end, end.sd),
        Part(step.mean, step.sd),
        Part(edge.displayed_start - start.mean, start.sd),
    )


def chance(edge: Edge) -> float:
    """Standard deviation that chance alone gives the first print."""
    tracker, k = edge.track.filter, edge.track.places[edge.first_row].k
    if tracker is None or k is None or not tracker.noise.is_known:
        return 0.0
    return sqrt(tracker.noise.variance(edge.displayed_start) / max(k, 1))


def judge(edge: Edge, lag: Part, step: Part) -> Verdict:
    """Which part carries the jump, if the prints can tell."""
    unexpected = edge.unexpected_step()
    if lag.value is None or step.value is None or lag.sd is None or unexpected is None:
        return "undetermined"
    moved = abs(lag.value) + abs(step.value)
    carrying = []
    if abs(lag.value) > SIGNIFICANT * lag.sd and abs(lag.value) >= CARRIES * moved:
        carrying.append(("averaging", lag.value))
    if (
        abs(unexpected.mean) > SIGNIFICANT * unexpected.sd
        and unexpected.mean * step.value > 0.0
        and abs(step.value) >= CARRIES * moved
    ):
        carrying.append(("step", step.value))
    forward = [kind for kind, value in carrying if value * edge.jump > 0.0]
    deciding = forward or [kind for kind, _ in carrying]
    if len(deciding) == 2:
        return "both"
    if deciding:
        return "averaging" if deciding[0] == "averaging" else "step"
    # nothing but chance moved, if what chance does is large against what is not known
    unknown = max(lag.sd, unexpected.sd)
    by_chance = SIGNIFICANT * sqrt(chance(edge) ** 2 + lag.sd**2)
    sharp = unknown <= max(chance(edge), 0.5 * abs(edge.jump))
    return "noise" if sharp and abs(edge.jump) <= by_chance else "undetermined"


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
    start = edge.before.start()
    if start is None or edge.end is None or edge.step is None:
        return None
    sign = 1.0 if edge.track.metric.higher_is_better else -1.0
    step, inside = sign * edge.step.mean, sign * (edge.end.mean - start.mean)
    staircase = step > SIGNIFICANT * edge.step.sd and inside < 0.5 * step
    return edge.end.mean - start.mean if staircase else None
