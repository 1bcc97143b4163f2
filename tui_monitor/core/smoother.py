"""The second pass over a level: what each print says of it, given all prints.

The drift that the filter learnt is smoothed, the filter run again with it and smoothed backward
(`kalman`). A level that steps at one batch is noticed by the filter some prints late; the backward
pass knows better where, by its auxiliary residuals (de Jong and Penzer 1998, J. American Statistical
Association 93:796): the place with the most surprising one is given room for a shock, and the pass
made again.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from math import log, sqrt
from typing import Any, NamedTuple

import numpy as np

from tui_monitor.core import kalman
from tui_monitor.core.arrays import FloatArray
from tui_monitor.core.bank import DRIFTS, JUMP, PRIOR, SWITCH
from tui_monitor.core.kalman import Kernel, Seen, State3
from tui_monitor.core.level import Step
from tui_monitor.core.noise import Noise

SHOCK = 20.0
"""Squared auxiliary residual that proves a shock: 4.5 standard deviations."""
MOST_SHOCKS = 5
SUSPICION = 9.0
"""The same that makes a shock worth trying, where what is averaged twice shows it late."""
CONVINCING = 8.0
"""Nats by which a shock on mere suspicion must make the prints likelier."""
LATENESS = 25
"""Prints around a shock whose learnt drift is not to be believed: it is the shock's echo."""
LATENESS_TWICE = 60
"""The same where prints are averaged twice."""
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
UNCHANGED = np.eye(len(TRANSITION))


class Smoothed(NamedTuple):
    """A value a print, each of shape (n,)."""

    level: FloatArray
    variance: FloatArray
    total: FloatArray
    """Mean of S after the print."""


class Run(NamedTuple):
    """What is smoothed."""

    steps: Sequence[Step]
    start: State3
    """The state before the first step, with its sums already reset if an epoch starts there."""
    noise: Noise
    twice: bool
    """The prints are averaged twice."""


class Pass(NamedTuple):
    """What one pass forward and back found, with given drifts and shocks."""

    drift: list[float]
    """At each print, relative to the noise."""
    shocks: dict[int, float]
    """Variance of a step of the level, by print."""
    seen: list[Seen]
    log_likelihood: float


def smooth(steps: Sequence[Step], start: State3, noise: Noise) -> Smoothed:
    """The level after each of the steps of a filter, given all of them; see `Run`."""
    if not steps:
        return Smoothed(np.empty(0), np.empty(0), np.empty(0))
    run = Run(steps, start, noise, any(step.gap.h1 for step in steps))
    found = one_pass(run, learnt_drift(steps), {})
    while len(found.shocks) < MOST_SHOCKS and (better := with_one_more_shock(run, found)):
        found = better
    level, variance, total, _, _ = as_array(found.seen).T
    return Smoothed(level, np.maximum(variance, 0.0), total)


def with_one_more_shock(run: Run, found: Pass) -> Pass | None:
    """The same where the level steps once more; None where too little speaks for it."""
    burst = fastest(found.drift)
    if burst is not None:
        better = shocked_instead(run, found, widened(burst, LATENESS))
        if better and better.log_likelihood >= found.log_likelihood:
            return better
    at = most_surprising(run, found, range(len(run.steps)))
    if at is None or found.seen[at].squared < SUSPICION:
        return None
    here = range(at, at + 1)
    if run.twice:
        better = shocked_instead(run, found, widened(here, LATENESS_TWICE))
        if better and better.log_likelihood > found.log_likelihood + CONVINCING:
            return better
    if found.seen[at].squared > SHOCK:
        calm = quietened(found.drift, widened(here, LATENESS))
        return one_pass(run, calm, {**found.shocks, at: found.seen[at].size ** 2})
    return None


def shocked_instead(run: Run, found: Pass, near: range) -> Pass | None:
    """The same where the level steps somewhere near instead of drifting fast there."""
    calm = quietened(found.drift, near)
    trial = one_pass(run, calm, found.shocks)
    at = most_surprising(run, trial, near)
    if at is None or (trial.seen[at].squared < SHOCK and not run.twice):
        return None
    return one_pass(run, calm, {**found.shocks, at: trial.seen[at].size ** 2})


def learnt_drift(steps: Sequence[Step]) -> list[float]:
    """The drift at each print, relative to the noise, given all prints.

    The bank's weights are smoothed backward (Kim 1994, J. Econometrics 60:1) and the drifts averaged
    by their fourth roots. Averaged by their logarithms, a doubt between two drifts makes the level too
    sure; averaged as they are, too restless: made-up runs show both.
    """
    # the bank does not hear of every print; where it did not, its weights stay the same
    heard: list[tuple[float, ...]] = []
    which: list[int] = []
    for step in steps:
        if not heard or step.weights is not heard[-1]:
            heard.append(step.weights)
        which.append(len(heard) - 1)
    filtered = as_array(heard)
    # chances add up over the prints until the next that it heard of
    prints = np.roll(np.bincount(which), -1)[:, None, None]
    change = UNCHANGED + prints * (TRANSITION - UNCHANGED)
    backward = filtered[:, :, None] * change / (filtered[:, None, :] @ change)
    weights = np.empty_like(filtered)
    weights[-1] = given_next = filtered[-1]
    for i in range(len(heard) - 2, -1, -1):
        weights[i] = given_next = backward[i] @ given_next
    steady = weights[:, :-1]
    drift = (steady @ np.array(DRIFTS) ** 0.25 / steady.sum(axis=1)) ** 4
    return list(drift[which].tolist())


def as_array(rows: Sequence[tuple[float, ...]]) -> FloatArray:
    """Rows of equal length, as an array."""
    return np.fromiter(chain.from_iterable(rows), float).reshape(len(rows), -1)


def one_pass(run: Run, drift: list[float], shocks: dict[int, float]) -> Pass:
    """Filter forward and smooth backward."""
    if run.twice:
        return _there_and_back(run, kalman.TWICE, run.start, drift, shocks)
    return _there_and_back(run, kalman.ONCE, kalman.narrow3(run.start), drift, shocks)


def _there_and_back(
    run: Run,
    kernel: Kernel,
    state: tuple[float, ...],
    drift: list[float],
    shocks: dict[int, float],
) -> Pass:
    steps, noise, pp = run.steps, run.noise, kernel.pp
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
    return Pass(drift, shocks, seen, likelihood)


def most_surprising(run: Run, found: Pass, among: range) -> int | None:
    """The print before which the level is likeliest to have stepped; None where it cannot have."""
    possible = (
        i
        for i in range(max(among.start, 0), min(among.stop, len(run.steps)))
        if i not in found.shocks and not run.steps[i].restart
    )
    return max(possible, key=lambda i: found.seen[i].squared, default=None)


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


def widened(burst: range, prints: int) -> range:
    """So many prints more at either end."""
    return range(burst.start - prints, burst.stop + prints)


def quietened(drift: Sequence[float], near: range) -> list[float]:
    """A drift that is no faster near a shock than it is farther away."""
    near = range(max(0, near.start), min(len(drift), near.stop))
    far = 3 * len(near) // 2
    beyond = [*drift[max(0, near.start - far) : near.start], *drift[near.stop : near.stop + far]]
    usual = sorted(beyond)[len(beyond) // 2] if beyond else DRIFTS[1]
    calm = list(drift)
    calm[near.start : near.stop] = [min(d, usual) for d in calm[near.start : near.stop]]
    return calm
