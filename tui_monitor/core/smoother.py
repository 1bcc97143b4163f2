"""The second pass over a level: what each print says of it, given all prints.

The drift that the filter learnt is smoothed, the filter run again with it and smoothed backward
(`kalman`). A level that steps at one batch is noticed by the filter some prints late; the backward
pass knows better where, by its auxiliary residuals (de Jong and Penzer 1998, J. American Statistical
Association 93:796): the place with the most surprising one is given room for a shock, and the pass
made again.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log, sqrt
from typing import NamedTuple

from tui_monitor.core import kalman
from tui_monitor.core.kalman import Adjoint, State3
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


class Smoothed(NamedTuple):
    """A value a print."""

    level: list[float]
    variance: list[float]
    total: list[float]
    """Mean of S after the print."""


class Residuals(NamedTuple):
    """A value a print: how surprising a shock of the level before it would be, and its size."""

    squared: list[float]
    size: list[float]


class Pass(NamedTuple):
    """What one pass forward and back found."""

    smoothed: Smoothed
    residuals: Residuals
    log_likelihood: float


def smooth(steps: Sequence[Step], start: State3, noise: Noise) -> Smoothed:
    """The level after each of the steps of a filter, given all of them.

    `start` is the state before the first, with its sums already reset if an epoch starts there.
    """
    if not steps:
        return Smoothed([], [], [])
    drift = learnt_drift(steps)
    shocks: dict[int, float] = {}
    found = one_pass(steps, start, noise, drift, shocks)
    while len(shocks) < MOST_SHOCKS and (burst := fastest(drift)) is not None:
        calm = list(drift)
        quieten(calm, burst)
        trial = one_pass(steps, start, noise, calm, shocks)
        at = most_surprising(steps, trial.residuals, shocks, around(burst))
        if at is None:
            break
        stepped = {**shocks, at: trial.residuals.size[at] ** 2}
        trial = one_pass(steps, start, noise, calm, stepped)
        if trial.log_likelihood < found.log_likelihood:
            break
        found, drift, shocks = trial, calm, stepped
    while len(shocks) < MOST_SHOCKS:
        at = most_surprising(steps, found.residuals, shocks, range(len(steps)))
        if at is None:
            break
        shocks[at] = found.residuals.size[at] ** 2
        quieten(drift, range(at, at + 1))
        found = one_pass(steps, start, noise, drift, shocks)
    return found.smoothed


def learnt_drift(steps: Sequence[Step]) -> list[float]:
    """The drift at each print, relative to the noise, given all prints.

    The bank's weights are smoothed backward (Kim 1994, J. Econometrics 60:1) and the drifts averaged
    by their fourth roots. Averaged by their logarithms, a doubt between two drifts makes the level too
    sure; averaged as they are, too restless: made-up runs show both.
    """
    roots = [d**0.25 for d in DRIFTS]
    drift = [0.0] * len(steps)
    weights: Sequence[float] = steps[-1].weights
    for i in range(len(steps) - 1, -1, -1):
        if i + 1 < len(steps):
            weights = _given_next(steps[i].weights, weights)
        steady = sum(weights[:-1])
        drift[i] = (sum(w * r for w, r in zip(weights, roots, strict=False)) / steady) ** 4
    return drift


def _given_next(here: Sequence[float], following: Sequence[float]) -> list[float]:
    """The bank's weights after a print, given its smoothed weights after the next one."""
    stepped = here[-1]
    changing = SWITCH * (1.0 - stepped) + stepped
    ratio = [
        w / ((1.0 - JUMP) * ((1.0 - SWITCH) * h + changing * p))
        for w, h, p in zip(following, here, PRIOR, strict=False)
    ]
    to_step = following[-1]
    to_any = (1.0 - JUMP) * sum(p * r for p, r in zip(PRIOR, ratio, strict=True))
    smooth = [
        h * ((1.0 - JUMP) * (1.0 - SWITCH) * r + SWITCH * to_any + to_step)
        for h, r in zip(here, ratio, strict=False)
    ]
    smooth.append(stepped * (to_any + to_step))
    total = sum(smooth)
    return [w / total for w in smooth]


def one_pass(
    steps: Sequence[Step],
    start: State3,
    noise: Noise,
    drift: Sequence[float],
    shocks: dict[int, float],
) -> Pass:
    """Filter forward and smooth backward, with given drifts and shocks (variance by print)."""
    n = len(steps)
    settled = min(SETTLED, n - 1)
    state = start
    passed: list[tuple[State3, State3, float, float]] = []
    likelihood = 0.0
    for i, step in enumerate(steps):
        if step.restart is not None and i:
            state = kalman.restart3(state, step.restart)
        v = noise.shape(state[0], sqrt(max(state[3], 0.0))) * steps[max(i, settled)].scale
        before = kalman.predict3(state, step.gap, drift[i] * v, v)
        if i in shocks:
            before = kalman.shock3(before, step.gap, shocks[i])
        state, nu, var = kalman.update3(before, step.observation)
        passed.append((state, before, nu, var))
        likelihood -= 0.5 * (log(var) + nu * nu / var) if var > 0.0 else 0.0
    out = Smoothed([0.0] * n, [0.0] * n, [0.0] * n)
    residuals = Residuals([0.0] * n, [0.0] * n)
    b = Adjoint()
    for i in range(n - 1, -1, -1):
        state, before, nu, var = passed[i]
        out.level[i], out.variance[i], out.total[i] = kalman.smoothed(state, b)
        b = kalman.back_through_observation(b, before, steps[i].observation, nu, var)
        residuals.squared[i], residuals.size[i] = kalman.shock_residual(b, steps[i].gap)
        b = kalman.back_through_gap(b, steps[i].gap)
        if steps[i].restart is not None:
            b = kalman.back_through_restart(b)
    return Pass(out, residuals, likelihood)


def most_surprising(
    steps: Sequence[Step], residuals: Residuals, shocks: dict[int, float], among: range
) -> int | None:
    """The print before which the level must have stepped; None where nothing proves it."""
    found = [
        i
        for i in range(max(among.start, 0), min(among.stop, len(steps)))
        if residuals.squared[i] > SHOCK and i not in shocks and not steps[i].restart
    ]
    return max(found, key=residuals.squared.__getitem__, default=None)


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
