"""Why a metric jumps between two epochs: the jump taken apart, as data.

With D the displayed numbers on either side of the boundary and L the decoded levels there,

    D_start - D_end  =  (L_end - D_end)  +  (L_start - L_end)  +  (D_start - L_start)
       the jump      =       lag         +        step         +         luck

The lag is averaging: old batches are still in the mean that the bar ends with. The step is real: the
model, or its task, is another on the other side. The luck is chance: the first print holds few
batches. The parts add up to the jump by construction.

L_end is the mean over the last tenth of the epoch's batches, L_start over the first tenth of the
next (`edges`). Each comes from its own side, so nothing is assumed of the step; a steady drift over
both edges is allowed for before a step is called real.

Causes are in `causes`, words in `wording`.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Literal, NamedTuple

from tui_monitor.core.averages.laws import AS_PRINTED, EPOCH, Law
from tui_monitor.core.decoding.decoder import RunDecoder
from tui_monitor.core.explaining import brief, causes, wording
from tui_monitor.core.explaining.edges import Epoch, Level, steady
from tui_monitor.core.explaining.figures import Figures, beside
from tui_monitor.core.explaining.profile import Gap, restlessness, widest_gap
from tui_monitor.core.metrics import is_number
from tui_monitor.core.records import Boundary, Event, Part, Verdict
from tui_monitor.core.tracks.track import Track

SIGNIFICANT = 2.4
"""Standard errors from zero by which a part must stand to be called real."""
CANCELLING = 3.0
"""The same for parts that cancel each other."""
TOLD = 2.0
"""The same for a step where the log tells of something that makes one."""
BEYOND_CHANCE = 2.5
"""Standard errors by which the next epoch must start off the number displayed to rule chance out."""
HINT = 2.0
"""Standard errors from zero at which a part that would matter is not ruled out."""
CARRIES = 0.2
"""Share of the movement, lag and step together, that a part must have to carry a jump."""
SEEN = 0.25
"""Share of an edge that prints must tell of before a verdict rests on it."""
LEAST_BATCHES = 5
"""Batches below which an epoch has no beginning and end to tell apart."""
RESTLESS = 0.7
"""How far a level that moves about inside the epochs counts against a step, in standard deviations
of what it does there: a step must be near twice of that."""
BLUNT = 1.5
"""How much larger than what chance does, or than the jump, the error of a part may be, before
"nothing but chance" says too much."""
UNKNOWN = Part(None, None)

Obstacle = Literal[
    "one number an epoch",
    "not a mean",
    "not reset",
    "law not settled",
    "too few batches",
    "too few prints",
    "too early",
]
"""Why a verdict cannot be given."""


class Edge(NamedTuple):
    """One metric at one boundary."""

    track: Track
    last_row: int
    """Last row of the epoch before."""
    first_row: int
    """First row of the epoch after."""

    @property
    def epoch(self) -> int:
        """The epoch before, 1-based."""
        return self.track.places.epoch[self.last_row]

    @property
    def one_number(self) -> bool:
        """Whether each of the two epochs shows nothing but its last line."""
        places, row = self.track.places, self.last_row
        alone = row == 0 or places.epoch[row - 1] != self.epoch
        return alone and places.is_final(row) and places.is_final(self.first_row)

    @property
    def next_epoch(self) -> int:
        """The epoch after, 1-based."""
        return self.track.places.epoch[self.first_row]

    @property
    def displayed_end(self) -> float:
        """The last number displayed before."""
        return self.track.displayed[self.last_row]

    @property
    def displayed_start(self) -> float:
        """The first number displayed after."""
        return self.track.displayed[self.first_row]

    @property
    def jump(self) -> float:
        """What the eye sees."""
        return self.displayed_start - self.displayed_end

    @property
    def figures(self) -> Figures:
        """How its numbers are written."""
        return beside(self.displayed_end, self.displayed_start, self.track.decimals)


class Anatomy(NamedTuple):
    """A jump taken apart."""

    lag: Part
    step: Part
    luck: Part
    delay: Part
    """The lag by the smooth levels: sharper where nothing moves."""
    surprise: Part
    """The step less what a steady drift would do between the middles of the two edges; its error
    allows for a level that is as restless inside the epochs."""
    end: Level | None
    """Level at the epoch's end."""
    start: Level | None
    """Level at the next epoch's start."""
    chance: float
    """Standard deviation that chance alone gives the first print."""
    gap: Gap | None = None
    """Where prints near the boundary are too few: the widest window of the epoch that lacks them."""


def edges(track: Track, row: int = 0) -> list[Edge]:
    """The boundaries of a train metric, oldest first; where nan or inf stands there is none.

    `row`: one of the epoch to begin with.
    """
    found: list[Edge] = []
    rows = len(track)
    while row < rows:
        row = track.places.of_epoch(track.places.epoch[row], least=row).stop
        if row < rows and is_number(track.displayed[row]) and is_number(track.displayed[row - 1]):
            found.append(Edge(track, row - 1, row))
    return found


class Basis(NamedTuple):
    """What an explanation rests on beside the number of prints."""

    law: Law
    batch_size: int | None
    settled: bool
    """The law is beyond doubt."""
    is_over: bool
    """The next epoch is over: later prints tell nothing more."""


def basis(run: RunDecoder, edge: Edge) -> Basis:
    """What an explanation of the boundary would rest on now."""
    track, last = edge.track, edge.track.places[-1]
    return Basis(
        law=track.law,
        batch_size=track.batch_size,
        settled=run.law is not None and run.law.settled,
        is_over=last.epoch > edge.next_epoch or last.final,
    )


def explain(run: RunDecoder, edge: Edge, events: Sequence[Event]) -> Boundary:
    """The boundary's explanation, from all that is known now."""
    anatomy = take_apart(edge)
    obstacle = find_obstacle(run, edge, anatomy)
    verdict: Verdict = "undetermined"
    if obstacle is None:
        verdict = judge(edge, anatomy, told=causes.is_told(run, edge, events))
    found = causes.find(run, edge, anatomy, verdict, events)
    called = names(run, edge)
    why = wording.Why([cause.cause for cause in found], causes.missing(run, edge, events))
    return Boundary(
        run=run.run,
        epoch=edge.epoch,
        next_epoch=edge.next_epoch,
        metric=edge.track.metric.name,
        displayed_end=edge.displayed_end,
        displayed_start=edge.displayed_start,
        jump=edge.jump,
        lag=anatomy.lag,
        step=anatomy.step,
        luck=anatomy.luck,
        verdict=verdict,
        causes=found,
        text=wording.boundary(edge, called, anatomy, verdict, obstacle, why),
        higher_is_better=edge.track.metric.higher_is_better,
        brief=brief.boundary(called, edge.jump, anatomy, verdict, obstacle, why, edge.figures),
        called=called,
        decimals=edge.track.decimals,
    )


def names(run: RunDecoder, edge: Edge) -> tuple[str, str]:
    """What the two epochs are called: as the log numbers them where its numbers grow."""
    index = edge.track.print_index
    before, after = (run.prints[index[row]].label for row in (edge.last_row, edge.first_row))
    if before.isdecimal() and after.isdecimal() and int(after) > int(before):
        return before, after
    if before.startswith("+"):  # of a log's end, see `log_end`
        return before, after
    return str(edge.epoch), str(edge.next_epoch)


def take_apart(edge: Edge) -> Anatomy:
    """Lag, step and luck with their standard errors; unknown where the prints cannot tell."""
    track = edge.track
    end = start = None
    if track.law.depth and track.metric.averaged and not edge.one_number:
        before = Epoch(track, edge.epoch)
        end, start = before.end(), Epoch(track, edge.next_epoch, before.size).start()
    if end is None or start is None:
        return Anatomy(UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, end, start, 0.0)
    return Anatomy(
        lag=Part(end.mean - edge.displayed_end, end.sd),
        step=Part(start.mean - end.mean, sqrt(start.variance + end.variance)),
        luck=Part(edge.displayed_start - start.mean, start.sd),
        delay=Part((end.smooth.value or 0.0) - edge.displayed_end, end.smooth.sd),
        surprise=_surprise(edge, end, start),
        end=end,
        start=start,
        chance=_chance(edge, start),
        gap=widest_gap(track, edge.epoch if end.seen < SEEN else edge.next_epoch)
        if min(end.seen, start.seen) < SEEN
        else None,
    )


def _surprise(edge: Edge, end: Level, start: Level) -> Part:
    """The step beyond what a steady drift would do.

    By the smooth levels, which may take a slow trend for a step, and by the edges alone, which are
    less sharp: their mean, with the mean of their errors, as they err together.
    """
    restless = RESTLESS**2 * restlessness(edge.track, (edge.epoch, edge.next_epoch))
    drift = 0.25 * (start.drift_variance + end.drift_variance)
    smooth = (start.smooth.value or 0.0) - (end.smooth.value or 0.0)
    of_smooth = (start.smooth.sd or 0.0) ** 2 + (end.smooth.sd or 0.0) ** 2
    # as of (start - half its drift) - (end + half its drift)
    of_smooth += drift + end.covariance - start.covariance + restless
    of_edges = start.variance + end.variance + restless
    value = 0.5 * (smooth + start.mean - end.mean) - steady(end, start)
    return Part(value, 0.5 * (sqrt(max(of_smooth, 0.0)) + sqrt(of_edges)))


def _chance(edge: Edge, start: Level) -> float:
    tracker, k = edge.track.filter, edge.track.places.batches(edge.first_row)
    if tracker is None or k is None:
        return 0.0
    return sqrt(tracker.noise.variance(start.mean) / max(k, 1))


def find_obstacle(run: RunDecoder, edge: Edge, found: Anatomy) -> Obstacle | None:
    """What keeps the prints from telling lag and step apart at all, if anything does."""
    now = basis(run, edge)
    if now.law.key == EPOCH.key:
        return "one number an epoch"
    if not edge.track.metric.averaged or now.law.name in AS_PRINTED:
        return "not a mean"
    if not now.law.depth:
        return "not reset"
    if edge.one_number:
        return "one number an epoch"
    if found.end is None or found.start is None:
        return "too few prints"
    if (edge.track.places.batches(edge.last_row) or 0) < LEAST_BATCHES:
        return "too few batches"
    if not now.settled:
        return "law not settled"
    if found.end.seen < SEEN:
        return "too few prints"
    if found.start.seen < SEEN:
        return "too few prints" if now.is_over else "too early"
    return None


def judge(edge: Edge, found: Anatomy, *, told: bool = False) -> Verdict:
    """Which part carries the jump, if the prints can tell.

    `told`: the log has a message or a column that speaks for a step.
    """
    assert found.start is not None
    start = found.start
    # the jump without its luck, which may well have turned its sign
    moved = start.mean - edge.displayed_end
    has_moved = abs(moved) > SIGNIFICANT * start.sd
    # a lag and a step that cancel take more to believe than an error of the level between them
    limit = SIGNIFICANT if has_moved else CANCELLING
    lag = _Weight.of(found.delay, found.surprise, limit)
    step = _Weight.of(found.surprise, found.delay, min(limit, TOLD) if told else limit)
    if not (lag.carries or step.carries):
        return "noise" if _is_chance(edge, found) else "undetermined"
    if any(each.is_open and each.value * moved > 0.0 for each in (lag, step)):
        return "undetermined"
    if lag.carries and step.carries:
        if lag.value * step.value > 0.0:
            return "both"
        # against each other: the lag wins only if the number has clearly gone its way
        return "averaging" if has_moved and moved * lag.value > 0.0 else "step"
    return "averaging" if lag.carries else "step"


class _Weight(NamedTuple):
    """What can be said of a part beside the other."""

    value: float
    carries: bool
    """It stands clear of zero and is a good share of the movement."""
    is_open: bool
    """It does not, but it may well be as large."""

    @classmethod
    def of(cls, part: Part, other: Part, limit: float) -> _Weight:
        """Weigh a part; both are known. `limit`: standard errors from zero that make it real."""
        value, sd, beside = part.value or 0.0, part.sd or 0.0, other.value or 0.0
        matters = abs(value) >= CARRIES * (abs(value) + abs(beside))
        carries = matters and abs(value) > limit * sd
        hinted = matters and abs(value) > HINT * sd
        unseen = SIGNIFICANT * sd > max(abs(value), abs(beside))
        return cls(value, carries, not carries and (hinted or unseen))


def _is_chance(edge: Edge, found: Anatomy) -> bool:
    """Whether chance suffices for the jump, and the prints are sharp enough to say so."""
    assert found.start is not None
    assert found.lag.sd is not None
    moved = found.start.mean - edge.displayed_end
    if abs(moved) > BEYOND_CHANCE * found.start.sd:
        return False  # lag or step, it cannot be told which
    blunt = found.lag.sd > BLUNT * max(found.chance, abs(edge.jump))
    return not blunt and abs(edge.jump) <= BEYOND_CHANCE * sqrt(
        found.chance**2 + found.start.variance
    )
