"""The second pass over a level: what each print says of it, given all prints.

The drift that the filter learnt is smoothed, the filter run again with it and smoothed backward
(`kalman`). A level that steps at one batch is noticed by the filter some prints late, and taken for a
burst of drift around there. So where a step is suspected, the drift is made calm and the pass made
again over some prints around: its auxiliary residuals (de Jong and Penzer 1998, J. American
Statistical Association 93:796) tell how much likelier the prints are if the level steps at a given
batch. Often several batches are about as likely. The level then gets room for a step at each of them,
as much as it is likely: that errs less than to choose the likeliest, and owns to the doubt.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, groupby, pairwise
from math import inf, log
from typing import Any, NamedTuple

import numpy as np

from tui_monitor.core.averages.gaps import Gap
from tui_monitor.core.columns.arrays import BoolArray, FloatArray, as_array
from tui_monitor.core.level.bank import DRIFTS, JUMP, PRIOR, SLIGHT, SWITCH, State
from tui_monitor.core.level.filter import SILENT
from tui_monitor.core.level.kalman import Kernel, Seen, Told
from tui_monitor.core.level.steps import Steps
from tui_monitor.core.noise import Noise

AHEAD = 100
"""Prints after one when its noise is known best: what was learnt then is of both sides of it."""
BURST = 5.0
"""A drift is a burst from here on, relative to the drift some way before and after."""
SURPRISE = 14.0
"""Squared auxiliary residual that makes a step worth trying where there is no burst."""
LATENESS = 60
"""Batches on either side of a step that is suspected, where it may be and where its echo is."""
FEWEST = 12
"""The same in prints, at least."""
PIECES = 16
"""Places between two prints where the level may step, at most."""
MOST_SHOCKS = 5
LEAST_TOLD = 1e-300
"""Stands for nothing told."""


TO_OTHER = np.array([*((1.0 - JUMP) * p for p in PRIOR), JUMP])
"""Where the bank's weight goes that changes its drift: to any drift, or to a step."""
TRANSITION = np.array(
    [
        [
            *((1.0 - JUMP) * (SWITCH * p + (1.0 - SWITCH) * (i == j)) for j, p in enumerate(PRIOR)),
            JUMP,
        ]
        for i in range(len(PRIOR))
    ]
    + [TO_OTHER]
)
"""Chance that a member's weight goes to each from one print to the next: from row to column."""
UNCHANGED = np.eye(len(TRANSITION))


class Smoothed(NamedTuple):
    """A value a print, each of shape (n,)."""

    level: FloatArray
    variance: FloatArray
    total: FloatArray
    """Mean of S after the print."""


@dataclass(frozen=True, slots=True)
class Legs:
    """Ways from one print to the next, or parts of them; entry i of every column is of the same leg."""

    gap: list[Gap]
    observation: list[Told]
    """At its end."""
    restart: list[float | None]
    """See `Steps`."""
    scale: list[float]
    """c of the noise."""
    drift: list[float]
    """Relative to the noise."""
    shock: list[float]
    """Variance of a step of the level at its start."""
    told: list[bool]
    """It ends at a print."""

    def __len__(self) -> int:
        return len(self.gap)

    def columns(self) -> tuple[list[Any], ...]:
        """In their order above."""
        own = (self.gap, self.observation, self.restart, self.scale, self.drift, self.shock)
        return (*own, self.told)

    def part(self, first: int, last: int | None = None) -> Legs:
        """Those from `first` on, up to `last`."""
        return Legs(*(column[first:last] for column in self.columns()))


def joined(*parts: Legs) -> Legs:
    """One after the other."""
    columns = zip(*(part.columns() for part in parts), strict=True)
    return Legs(*(list(chain.from_iterable(column)) for column in columns))


class Run(NamedTuple):
    """What is smoothed."""

    legs: Legs
    start: tuple[float, ...]
    """The state before the first leg, with its sums already reset if an epoch starts there."""
    noise: Noise
    kernel: Kernel


class Pass(NamedTuple):
    """What one pass forward and back found; arrays have an entry a leg."""

    passed: list[Any]
    """Each leg as the filter took it: see `kalman.Pass2`."""
    level: FloatArray
    """After each leg, given all prints."""
    variance: FloatArray
    total: FloatArray
    """Mean of S, likewise."""
    pull: FloatArray
    """l of the level before each leg: the prints ask for a step there of -l / M."""
    telling: FloatArray
    """M: one over the variance to which the prints know such a step."""

    @property
    def likely(self) -> FloatArray:
        """Log-likelihood of each print, given those before it."""
        nu, var = as_array([taken[1:3] for taken in self.passed]).T
        told = var > 0.0
        var = np.where(told, var, 1.0)
        return np.where(told, -0.5 * (np.log(var) + nu * nu / var), 0.0)


def smooth(steps: Steps, start: State, noise: Noise, kernel: Kernel) -> Smoothed:
    """The level after each of the steps of a filter, given all of them.

    `start` is the state before the first, with its sums already reset if an epoch starts there.
    """
    if not len(steps):
        return Smoothed(np.empty(0), np.empty(0), np.empty(0))
    run = Run(drifting(steps, learnt_drift(steps.weights)), start, noise, kernel)
    found = one_pass(run)
    for _ in range(MOST_SHOCKS):
        better = with_one_more_shock(run, found)
        if better is None:
            break
        run, found = better, one_pass(better)
    told = np.array(run.legs.told)
    return Smoothed(found.level[told], found.variance[told].clip(0.0), found.total[told])


def drifting(steps: Steps, drift: list[float]) -> Legs:
    """The steps with a drift of the level at each, relative to the noise."""
    n = len(steps)
    known = [*steps.scale[AHEAD:], *[steps.scale[-1]] * min(n, AHEAD)]
    return Legs(steps.gaps, steps.told, steps.restarts, known, drift, [0.0] * n, [True] * n)


def learnt_drift(weights: Sequence[tuple[float, ...]]) -> list[float]:
    """The drift at each print, relative to the noise, given all prints.

    The bank's `weights` after each are smoothed backward (Kim 1994, J. Econometrics 60:1) and the
    drifts averaged by their third roots. Averaged by their logarithms, a doubt between two drifts
    makes the level too sure; averaged as they are, too restless: made-up runs show both.
    """
    # the bank does not hear of every print; where it did not, its weights stay the same
    heard = [list(same) for _, same in groupby(weights, key=id)]
    prints = np.array([len(same) for same in heard])
    filtered = as_array([same[0] for same in heard])
    # chances add up over the prints until the next that it heard of
    change = UNCHANGED + np.roll(prints, -1)[:, None, None] * (TRANSITION - UNCHANGED)
    backward = filtered[:, :, None] * change / (filtered[:, None, :] @ change)
    smoothed = np.empty_like(filtered)
    smoothed[-1] = given_next = filtered[-1]
    for step, here in zip(backward[-2::-1], smoothed[-2::-1], strict=True):
        given_next = step.dot(given_next, out=here)
    steady = smoothed[:, :-1]
    drift = (steady @ np.cbrt(DRIFTS) / steady.sum(axis=1)) ** 3
    return list(drift.repeat(prints).tolist())


def one_pass(run: Run) -> Pass:
    """Filter forward and smooth backward."""
    (pass_print, look_back, *_), shape, pp = run.kernel, run.noise.shape, run.kernel.pp
    gaps, told, restarts, *others, _ = run.legs.columns()
    state = run.start
    passed: list[Any] = []
    for g, o, restart, scale, drift, shock in zip(gaps, told, restarts, *others, strict=True):
        if restart is not None and passed:
            state = run.kernel.restart(state, restart)
        v = scale * shape(state[0], state[pp])
        if shock:
            state = (*state[:pp], state[pp] + shock, *state[pp + 1 :])
        taken = pass_print(state, g, drift * v, v, o)
        passed.append(taken)
        state = taken[0]
    said = run.kernel.nothing
    seen: list[Seen] = []
    back = map(reversed, (gaps, told, restarts, passed))
    for g, o, restart, taken in zip(*back, strict=True):
        here, said = look_back(said, taken, g, o)
        if restart is not None:
            said = run.kernel.carry_back(said)
        seen.append(here)
    seen.reverse()
    level, variance, total, pull, telling = as_array(seen).T
    # of huge numbers rounding may leave less than nothing
    known = telling > 0.0
    pull, telling = np.where(known, pull, 0.0), np.where(known, telling, 0.0)
    return Pass(passed, level, variance, total, pull, telling)


def state_before(run: Run, found: Pass, at: int) -> tuple[float, ...]:
    """The filter's before a leg, with its sums reset where an epoch starts."""
    if not at:
        return run.start
    state: tuple[float, ...] = found.passed[at - 1][0]
    restart = run.legs.restart[at]
    return state if restart is None else run.kernel.restart(state, restart)


# --- steps of the level --------------------------------------------------------------------------


def with_one_more_shock(run: Run, found: Pass) -> Run | None:
    """The same where the level steps once more; None where too little speaks for it."""
    for at, near in suspects(run.legs, found):
        better = shocked(run, found, at, near)
        if better:
            return better
    return None


def suspects(legs: Legs, found: Pass) -> Iterator[tuple[int, range]]:
    """Where the level is likeliest to have stepped, and the legs near: by its drift, by surprise."""
    n = np.arange(len(legs))
    passed = np.cumsum([gap.n for gap in legs.gap])
    first = np.minimum(np.searchsorted(passed, passed - LATENESS), n - FEWEST).clip(min=0)
    last = np.maximum(np.searchsorted(passed, passed + LATENESS), n + FEWEST).clip(max=n[-1])
    drift = np.array(legs.drift)
    burst = drift / np.maximum(drift[first], drift[last])
    surprise = np.where(may_step(legs), found.pull**2 / np.maximum(found.telling, LEAST_TOLD), 0.0)
    for sign, least in ((burst, BURST), (surprise, SURPRISE)):
        at = int(sign.argmax())
        if sign[at] > least:
            yield at, range(int(first[at]), int(last[at]) + 1)


def may_step(legs: Legs) -> BoolArray:
    """Whether the level may step at the start of each leg, and has no room for that yet."""
    steps = zip(legs.gap, legs.restart, legs.shock, strict=True)
    return np.array([not (restart or shock) and g.n > 0 for g, restart, shock in steps])


def shocked(run: Run, found: Pass, at: int, near: range) -> Run | None:
    """The same where the level steps somewhere near, and drifts calmly before and after.

    None where the prints around are likelier as it was found. Beforehand, a step and a burst are as
    likely as to the filter's bank, where a burst is two changes of drift.
    """
    legs, around = run.legs, len(near) // 2
    first, last = max(near.start - around, 0), min(near.stop + around, len(legs))
    before, inner, after = (
        legs.part(0, near.start),
        legs.part(near.start, near.stop),
        legs.part(near.stop),
    )
    pieces = in_pieces(calmed(inner, at - near.start), run.kernel)
    part = joined(before.part(first), pieces, after.part(0, last - near.stop))
    trial = one_pass(run._replace(legs=part, start=state_before(run, found, first)))
    room = run.noise.of_step(float(found.level[at]))
    here = slice(near.start - first, near.start - first + len(pieces))
    gains = log_gains(trial.pull[here], trial.telling[here], room)
    gains[~may_step(pieces)] = -inf
    gain = float(np.logaddexp.reduce(gains))
    stepping = float(trial.likely.sum()) + gain + log(JUMP)
    otherwise = float(found.likely[first:last].sum())
    if is_burst(inner):
        otherwise += 2.0 * log(SWITCH)
    if not stepping > otherwise:
        return None
    shares = np.exp(gains - gain)
    shock = np.where(shares > SLIGHT, shares * room, pieces.shock).tolist()
    return run._replace(legs=joined(before, replace(pieces, shock=shock), after))


def calmed(near: Legs, at: int) -> Legs:
    """The legs with a drift no faster than the first one's before a place, and then than the last's."""
    most = [near.drift[0]] * at + [near.drift[-1]] * (len(near) - at)
    return replace(near, drift=list(map(min, near.drift, most)))


def is_burst(near: Legs) -> bool:
    """Whether the level drifts fast somewhere between the first and the last of the legs."""
    return max(near.drift) > BURST * max(near.drift[0], near.drift[-1])


def in_pieces(legs: Legs, kernel: Kernel) -> Legs:
    """The same way in shorter legs, so that the level may step between any."""
    return joined(*(_cut(legs.part(i, i + 1), kernel) for i in range(len(legs))))


def _cut(leg: Legs, kernel: Kernel) -> Legs:
    """A leg as several, the last of which is told."""
    k0, n, *_ = leg.gap[0]
    pieces = min(n, PIECES)
    if pieces < 2 or leg.shock[0]:
        return leg
    cuts = [k0 + n * i // pieces for i in range(pieces + 1)]
    untold = pieces - 1
    return Legs(
        [kernel.gap(*ends) for ends in pairwise(cuts)],
        [SILENT] * untold + leg.observation,
        leg.restart + [None] * untold,
        leg.scale * pieces,
        leg.drift * pieces,
        leg.shock * pieces,
        [False] * untold + leg.told,
    )


def log_gains(pull: FloatArray, telling: FloatArray, room: float) -> FloatArray:
    """By how many nats the prints are likelier if the level may step before a leg.

    With l and M what they say of such a step (see `Pass`) and V the room it has, the likelihood grows
    by exp(V l^2 / (2 + 2 V M)) / sqrt(1 + V M).
    """
    told = 1.0 + room * telling
    return np.asarray(0.5 * (room * pull**2 / told - np.log(told)))
