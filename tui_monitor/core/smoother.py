"""The second pass over a level: what each print says of it, given all prints.

The drift that the filter learnt is smoothed, the filter run again with it and smoothed backward
(`kalman`). A level that steps at one batch is noticed by the filter some prints late; the backward
pass knows better where, by its auxiliary residuals (de Jong and Penzer 1998, J. American Statistical
Association 93:796): the place with the most surprising one is given room for a shock, and the pass
made again.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log, sqrt
from typing import NamedTuple

from tui_monitor.core import kalman
from tui_monitor.core.kalman import Adjoint, State3
from tui_monitor.core.level import DRIFTS, PRIOR, SWITCH, Noise, Step

SHOCK = 20.0
"""Squared auxiliary residual that proves a shock: 4.5 standard deviations."""
MOST_SHOCKS = 5
LATENESS = 25
"""Prints around a shock whose learnt drift is not to be believed: it is the shock's echo."""
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


def smooth(steps: Sequence[Step], start: State3, noise: Noise) -> Smoothed:
    """The level after each of the steps of a filter, given all of them.

    `start` is the state before the first, with its sums already reset if an epoch starts there.
    """
    if not steps:
        return Smoothed([], [], [])
    drift = learnt_drift(steps)
    shocks: dict[int, float] = {}
    while True:
        result, residuals = one_pass(steps, start, noise, drift, shocks)
        at = most_surprising(steps, residuals, shocks)
        if at is None or len(shocks) == MOST_SHOCKS:
            return result
        shocks[at] = residuals.size[at] ** 2
        quiet_around(drift, at)


def learnt_drift(steps: Sequence[Step]) -> list[float]:
    """The drift at each print, relative to the noise, given all prints.

    The bank's weights are smoothed backward (Kim 1994, J. Econometrics 60:1) and the drifts averaged
    by their logarithms.
    """
    logs = [log(d) for d in DRIFTS]
    drift = [0.0] * len(steps)
    weights: Sequence[float] = steps[-1].weights
    for i in range(len(steps) - 1, -1, -1):
        if i + 1 < len(steps):
            here = steps[i].weights
            ratio = [
                w / ((1.0 - SWITCH) * h + SWITCH * p)
                for w, h, p in zip(weights, here, PRIOR, strict=True)
            ]
            common = SWITCH * sum(p * r for p, r in zip(PRIOR, ratio, strict=True))
            smooth = [h * ((1.0 - SWITCH) * r + common) for h, r in zip(here, ratio, strict=True)]
            total = sum(smooth)
            weights = [w / total for w in smooth]
        drift[i] = exp(sum(w * ll for w, ll in zip(weights, logs, strict=True)))
    return drift


def one_pass(
    steps: Sequence[Step],
    start: State3,
    noise: Noise,
    drift: Sequence[float],
    shocks: dict[int, float],
) -> tuple[Smoothed, Residuals]:
    """Filter forward and smooth backward, with given drifts and shocks (variance by print)."""
    n = len(steps)
    settled = min(SETTLED, n - 1)
    state = start
    passed: list[tuple[State3, State3, float, float]] = []
    for i, step in enumerate(steps):
        if step.restart is not None and i:
            state = kalman.restart3(state, step.restart)
        v = noise.shape(state[0], sqrt(max(state[3], 0.0))) * steps[max(i, settled)].scale
        before = kalman.predict3(state, step.gap, drift[i] * v, v)
        if i in shocks:
            before = kalman.shock3(before, step.gap, shocks[i])
        state, nu, var = kalman.update3(before, step.observation)
        passed.append((state, before, nu, var))
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
    return out, residuals


def most_surprising(
    steps: Sequence[Step], residuals: Residuals, shocks: dict[int, float]
) -> int | None:
    """The print before which the level must have stepped; None where nothing proves it."""
    found = [
        i
        for i, squared in enumerate(residuals.squared)
        if squared > SHOCK and i not in shocks and not steps[i].restart
    ]
    return max(found, key=residuals.squared.__getitem__, default=None)


def quiet_around(drift: list[float], at: int) -> None:
    """Around a shock the level drifts no more than it does farther away."""
    near = range(max(0, at - LATENESS), min(len(drift), at + LATENESS + 1))
    far = drift[max(0, at - 4 * LATENESS) : near.start] + drift[near.stop : at + 4 * LATENESS]
    usual = sorted(far)[len(far) // 2] if far else DRIFTS[1]
    for i in near:
        drift[i] = min(drift[i], usual)
