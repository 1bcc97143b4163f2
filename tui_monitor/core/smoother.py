"""The second pass over a level: what each print says of it, given all prints.

The drift that the filter learnt is smoothed, the filter run again with it and smoothed backward
(`kalman`). A level that steps at one batch is noticed by the filter some prints late; the backward
pass knows better where, by its auxiliary residuals (de Jong and Penzer 1998, J. American Statistical
Association 93:796): the place with the most surprising one is given room for a shock, and the pass
made again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import log, sqrt
from typing import Any, NamedTuple

import numpy as np

from tui_monitor.core import kalman
from tui_monitor.core.arrays import FloatArray
from tui_monitor.core.kalman import Seen, State3
from tui_monitor.core.level import DRIFTS, JUMP, PRIOR, SWITCH, Noise, Step

SHOCK = 20.0
"""Squared auxiliary residual that proves a shock: 4.5 standard deviations."""
MOST_SHOCKS = 5
LATENESS = 25
"""Prints around a shock whose learnt drift is not to be believed: it is the shock's echo."""
BURST = 30.0
"""What a burst of drift ends below: its peak by this."""
SETTLED = 20
"""Prints after which the learnt noise is believed; earlier prints use what was learnt then."""


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


class Smoothed(NamedTuple):
    """A value a print, each of shape (n,)."""

    level: FloatArray
    variance: FloatArray
    total: FloatArray
    """Mean of S after the print."""


class Pass(NamedTuple):
    """What one pass forward and back found."""

    seen: list[Seen]
    log_likelihood: float


def smooth(steps: Sequence[Step], start: State3, noise: Noise) -> Smoothed:
    """The level after each of the steps of a filter, given all of them.

    `start` is the state before the first, with its sums already reset if an epoch starts there.
    """
    if not steps:
        return Smoothed(np.empty(0), np.empty(0), np.empty(0))
    drift = learnt_drift(steps)
    shocks: dict[int, float] = {}
    found = one_pass(steps, start, noise, drift, shocks)
    while len(shocks) < MOST_SHOCKS and (burst := fastest(drift)) is not None:
        calm = list(drift)
        quieten(calm, burst)
        trial = one_pass(steps, start, noise, calm, shocks)
        at = most_surprising(steps, trial.seen, shocks, around(burst))
        if at is None:
            break
        stepped = {**shocks, at: trial.seen[at].size ** 2}
        trial = one_pass(steps, start, noise, calm, stepped)
        if trial.log_likelihood < found.log_likelihood:
            break
        found, drift, shocks = trial, calm, stepped
    while len(shocks) < MOST_SHOCKS:
        at = most_surprising(steps, found.seen, shocks, range(len(steps)))
        if at is None:
            break
        shocks[at] = found.seen[at].size ** 2
        quieten(drift, range(at, at + 1))
        found = one_pass(steps, start, noise, drift, shocks)
    level, variance, total, _, _ = np.array(found.seen).T
    return Smoothed(level, np.maximum(variance, 0.0), total)


def learnt_drift(steps: Sequence[Step]) -> list[float]:
    """The drift at each print, relative to the noise, given all prints.

    The bank's weights are smoothed backward (Kim 1994, J. Econometrics 60:1) and the drifts averaged
    by their fourth roots. Averaged by their logarithms, a doubt between two drifts makes the level too
    sure; averaged as they are, too restless: made-up runs show both.
    """
    filtered = np.array([step.weights for step in steps])
    backward = filtered[:, :, None] * TRANSITION / (filtered @ TRANSITION)[:, None, :]
    weights = np.empty_like(filtered)
    weights[-1] = given_next = filtered[-1]
    for i in range(len(steps) - 2, -1, -1):
        weights[i] = given_next = backward[i] @ given_next
    steady = weights[:, :-1]
    drift = (steady @ np.array(DRIFTS) ** 0.25 / steady.sum(axis=1)) ** 4
    return list(drift.tolist())


def one_pass(
    steps: Sequence[Step],
    start: State3,
    noise: Noise,
    drift: Sequence[float],
    shocks: dict[int, float],
) -> Pass:
    """Filter forward and smooth backward, with given drifts and shocks (variance by print)."""
    if any(step.gap.h1 for step in steps):
        return _there_and_back(steps, _TWICE, start, noise, drift, shocks)
    return _there_and_back(steps, _ONCE, kalman.narrow3(start), noise, drift, shocks)


class _Kernel(NamedTuple):
    """The algebra of a state; `pp`: where it holds the level's variance."""

    pass_print: Callable[..., Any]
    look_back: Callable[..., Any]
    restart: Callable[..., Any]
    carry_back: Callable[..., Any]
    nothing: tuple[float, ...]
    pp: int


_ONCE = _Kernel(
    *(kalman.pass2, kalman.look_back2, kalman.restart2, kalman.carry_back2), kalman.NOTHING2, 2
)
_TWICE = _Kernel(
    *(kalman.pass3, kalman.look_back3, kalman.restart3, kalman.carry_back3), kalman.NOTHING3, 3
)


def _there_and_back(
    steps: Sequence[Step],
    kernel: _Kernel,
    state: tuple[float, ...],
    noise: Noise,
    drift: Sequence[float],
    shocks: dict[int, float],
) -> Pass:
    pp = kernel.pp
    settled = steps[min(SETTLED, len(steps) - 1)].scale
    likelihood = 0.0
    passed: list[Any] = []
    for i, step in enumerate(steps):
        if step.restart is not None and i:
            state = kernel.restart(state, step.restart)
        v = noise.shape(state[0], sqrt(max(state[pp], 0.0)))
        v *= step.scale if i > SETTLED else settled
        if i in shocks:
            state = (*state[:pp], state[pp] + shocks[i], *state[pp + 1 :])
        taken = kernel.pass_print(state, step.gap, drift[i] * v, v, step.observation)
        state, nu, var, _ = taken
        passed.append(taken)
        if var > 0.0:
            likelihood -= 0.5 * (log(var) + nu * nu / var)
    said = kernel.nothing
    seen: list[Seen] = []
    for step, taken in zip(reversed(steps), reversed(passed), strict=True):
        here, said = kernel.look_back(said, taken, step.gap, step.observation)
        if step.restart is not None:
            said = kernel.carry_back(said)
        seen.append(here)
    seen.reverse()
    return Pass(seen, likelihood)


def most_surprising(
    steps: Sequence[Step], seen: Sequence[Seen], shocks: dict[int, float], among: range
) -> int | None:
    """The print before which the level must have stepped; None where nothing proves it."""
    found = [
        i
        for i in range(max(among.start, 0), min(among.stop, len(steps)))
        if seen[i].squared > SHOCK and i not in shocks and not steps[i].restart
    ]
    return max(found, key=lambda i: seen[i].squared, default=None)


def fastest(drift: Sequence[float]) -> range | None:
    """Where the level moves fastest, if it does so in a short burst: it may have stepped instead."""
    peak = max(range(len(drift)), key=drift.__getitem__)
    least = drift[peak] / BURST
    first = last = peak
    while first > 0 and drift[first - 1] > least:
        first -= 1
    while last + 1 < len(drift) and drift[last + 1] > least:
        last += 1
    burst = range(first, last + 1)
    return burst if len(burst) <= LATENESS else None


def around(burst: range) -> range:
    """Where the step may be that a filter took for a burst."""
    return range(burst.start - LATENESS, burst.stop + LATENESS)


def quieten(drift: list[float], burst: range) -> None:
    """Around a shock the level drifts no more than it does farther away."""
    near = around(burst)
    near = range(max(0, near.start), min(len(drift), near.stop))
    far = drift[max(0, near.start - 3 * LATENESS) : near.start]
    far += drift[near.stop : near.stop + 3 * LATENESS]
    usual = sorted(far)[len(far) // 2] if far else DRIFTS[1]
    for i in near:
        drift[i] = min(drift[i], usual)
