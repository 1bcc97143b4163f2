"""A bank of Kalman filters, side by side: how fast the level drifts is learnt by which predicts best.

Each filter has a drift of its own, relative to the noise; they are weighted by how well they expected
the prints, and the drift may change at any print (interacting multiple model: Blom and Bar-Shalom
1988, IEEE Trans. Automatic Control 33:780). Where none of them expected a print, the level may have
stepped.

How noisy the batches are, where that is not known, each filter learns for itself: the same numbers
may be much noise about a calm level, or little about a restless one. With one scale for all, the
filters that are wrong about it would never be proved right.

Where the level may have a slope (`trend`), filters that have one stand beside those whose level only
drifts. What is new to them they take from the others: the scale of the noise, and how steep a new slope
may be, which is about as much as the level drifts from one batch to the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import repeat
from math import exp, log, sqrt
from operator import mul
from typing import NamedTuple

from tui_monitor.core.averages.gaps import Gap
from tui_monitor.core.level import trend
from tui_monitor.core.level.kalman import Kernel, Told, shares
from tui_monitor.core.noise import FADING, Noise, Scale

DRIFTS = (3e-7, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 3.0)
"""Variance of one batch's drift, relative to the variance of one batch's noise."""
MEMORIES = tuple(-0.5 * log(drift) for drift in DRIFTS)
"""Logarithm of the batches that a filter goes by: a random walk of the level doubles their noise."""
PRIOR = (0.35, 0.17, 0.12, 0.11, 0.1, 0.09, 0.06)
"""How likely each drift is before any print, and after a change of drift."""
BENDS = (1e-6, 1e-3, 1.0)
"""Variance of the bend of a slope from one print to the next, relative to that of the noise: of the
filters that have one. They go by some 30, 6 and 1 prints."""
SLOPING = 0.05
"""How likely each of these is, where there are such."""
FADING_ALONE = 0.98
"""What is left of the evidence for the noise after a print, where the level may have a slope: what a
filter missed before it found the slope is soon to be forgotten."""
SWITCH = 0.001
"""Chance that the drift changes from one print to the next."""
JUMP = 1e-4
"""Chance that the level steps between two prints; the drift after it is any."""
FLOOR = 1e-12
"""Least weight of a filter: it may be wanted again."""
SLIGHT = 1e-3
"""Share of a mixture that is left out."""
UNSURPRISING = 4.0
"""Squared innovation, in variances, up to which a print is no sign of a step."""

State = tuple[float, ...]


class Members(NamedTuple):
    """The filters of a bank, an entry each; those with a slope come last."""

    drifts: tuple[float, ...]
    prior: tuple[float, ...]


DRIFTING = Members(DRIFTS, PRIOR)
SLOPED = Members(
    (*DRIFTS, *(0.0 for _ in BENDS)),
    (*(p * (1.0 - SLOPING * len(BENDS)) for p in PRIOR), *(SLOPING for _ in BENDS)),
)


def members(kernel: Kernel) -> Members:
    """The filters for such a level."""
    return SLOPED if kernel.slopes else DRIFTING


class Bank(NamedTuple):
    """The filters after a print."""

    weights: tuple[float, ...]
    """How much each is believed, in the order of `Members`; the last is that of a step."""
    states: tuple[State, ...]
    mean: State
    """All of them as one Gaussian."""
    drift: float
    """Their mean drift, relative to the noise of all."""
    memory: float
    """Batches that go into what is known of the level, about; their mean by logarithms. Filters with
    a slope count for none: such a bank misses no print."""
    scales: tuple[Scale, ...]
    """Of the noise, as each filter has learnt it."""
    scale: Scale
    """Of all: their mean by logarithms, with the evidence of the filter that is believed most."""
    fresh: bool
    """Nothing was heard since the level may have stepped."""


def start(kernel: Kernel, state: State, scale: Scale) -> Bank:
    """Before any print."""
    prior = members(kernel).prior
    weights, states, scales = (*prior, 0.0), (state,) * (len(prior) + 1), (scale,) * len(prior)
    return Bank(weights, states, state, 0.0, 0.0, scales, scale, fresh=True)


def restarted(bank: Bank, kernel: Kernel, extra: float) -> Bank:
    """A new epoch: the sums are zero again, the level carries over with `extra` variance."""
    if kernel.slopes and not extra:
        return bank
    states = tuple(kernel.restart(s, extra) for s in bank.states)
    mean = kernel.collapse(bank.weights, states)
    return bank._replace(states=states, mean=mean, fresh=bank.fresh or extra > 0.0)


def heard(bank: Bank, kernel: Kernel, noise: Noise, g: Gap, o: Told, prints: int = 1) -> Bank:
    """Tell the bank of an observation after a gap, which is so many prints long.

    At any of them the drift may have changed.
    """
    weights, _, mean, *_ = bank
    pass_print, pp = kernel.pass_print, kernel.pp
    shape = noise.shape(mean[0], mean[pp])
    stepped, switch = weights[-1], SWITCH * prints
    coming = (1.0 - JUMP) * (switch * (1.0 - stepped) + stepped)
    staying = (1.0 - JUMP) * (1.0 - switch)
    others: Iterable[State] = repeat(mean)
    if kernel.slopes:
        bank, others = _with_slopes(bank, shape, staying, coming, learns=noise.learns)
    variances = [c * shape for c, _ in bank.scales]
    drifts, priors = members(kernel)
    after: list[State] = []
    chances: list[float] = []
    surprises: list[float] = []
    expected: list[float] = []
    each = zip(drifts, priors, weights, bank.states, variances, others, strict=False)
    for drift, prior, w, s, variance, other in each:
        come = coming * prior
        chance = staying * w + come
        share = come / chance
        state, nu, var, _ = pass_print(
            s, g, drift * variance, variance, o, other, share if share > SLIGHT else 0.0
        )
        after.append(state)
        expected.append(var)
        if var > 0.0:
            chances.append(chance / sqrt(var))
            surprises.append(nu * nu / var)
        else:
            chances.append(chance)
            surprises.append(0.0)
    scales = bank.scales
    if noise.learns:
        doubts = [trend.doubt(s) if kernel.slopes else s[pp] for s in bank.states]
        fading = FADING_ALONE if kernel.slopes else FADING
        carried = shares(g, o)
        scales = _learnt(
            bank, drifts, doubts, variances, expected, surprises, carried, fading**prints
        )
    least = min(surprises)
    if least > UNSURPRISING:
        step, variance = noise.of_step(mean[0]), bank.scale.c * shape
        state, nu, var, _ = pass_print(widened(mean, pp, step), g, 0.0, variance, o, mean)
        # of huge numbers the mixture's variance may cancel to nothing: then none can step
        if var > 0.0:
            after.append(state)
            chances.append(JUMP / sqrt(var))
            surprises.append(nu * nu / var)
            least = min(surprises)
    # densities relative to the least surprise's, which keeps them from vanishing
    likely = [c * exp(0.5 * (least - x)) for c, x in zip(chances, surprises, strict=True)]
    total = sum(likely)
    negligible = FLOOR * total
    found = [w / total if w > negligible else FLOOR for w in likely]
    if len(found) == len(drifts):
        found.append(FLOOR)
        after.append(mean)
    scale = _scale_of_all(found, scales) if noise.learns else bank.scale
    return _together(kernel, found, after, scales, scale)


def _with_slopes(
    bank: Bank, shape: float, staying: float, coming: float, *, learns: bool
) -> tuple[Bank, list[State]]:
    """The bank before a print, its slopes bent; and the states that its filters begin anew with.

    A slope that begins anew, for a share, takes over the scale of all for that share: what its filter
    learnt with a wrong slope, or with none, would stand against it. It may be about as steep as the
    level drifted.
    """
    drifting, of_all = len(DRIFTS), bank.scale
    scales = list(bank.scales)
    states = list(bank.states)
    for i, bend in enumerate(BENDS, start=drifting):
        come = coming * SLOPING
        share = come / (staying * bank.weights[i] + come)
        if share > SLIGHT and learns:
            (c, evidence), rest = scales[i], 1.0 - share
            scales[i] = Scale(c**rest * of_all.c**share, rest * evidence + share * of_all.prints)
        states[i] = trend.bent(states[i], bend * scales[i].c * shape)
    others: list[State] = [trend.without_slope(bank.mean)] * drifting
    others += [trend.bent(bank.mean, bank.drift * of_all.c * shape)] * len(BENDS)
    return bank._replace(states=tuple(states), scales=tuple(scales)), others


def _learnt(
    bank: Bank,
    drifts: Sequence[float],
    doubts: Sequence[float],
    variances: Sequence[float],
    expected: Sequence[float],
    surprises: Sequence[float],
    shares: tuple[float, float, float],
    kept: float,
) -> tuple[Scale, ...]:
    """What each filter learns of the noise, from what it `expected` and was surprised by.

    Where what is known of the level comes from prints, its doubt goes with the scale of the noise, and
    so does all of an innovation but the rounding. `doubts`: variances of the level before the print;
    `kept`: what is left of the evidence before.
    """
    of_noise, of_drift, of_level = shares
    if bank.fresh:
        of_drift = of_level = 0.0
    found: list[Scale] = []
    filters = zip(drifts, doubts, bank.scales, variances, expected, surprises, strict=False)
    for drift, doubt, scale, variance, var, surprise in filters:
        if var > 0.0:
            part = variance * (of_noise + drift * of_drift) + of_level * doubt
            scale = scale.learn(surprise, part / var if part < var else 1.0, kept)
        found.append(scale)
    return tuple(found)


def _together(
    kernel: Kernel,
    weights: list[float],
    states: list[State],
    scales: tuple[Scale, ...],
    scale: Scale,
) -> Bank:
    """The filters as they are after a print, and what they say together."""
    drifts = [w * d * c for w, d, (c, _) in zip(weights, DRIFTS, scales, strict=False)]
    drift = sum(drifts) / scale.c
    memory = exp(sum(map(mul, weights, MEMORIES)))
    mean = kernel.collapse(weights, states)
    return Bank(tuple(weights), tuple(states), mean, drift, memory, scales, scale, False)


def _scale_of_all(weights: Sequence[float], scales: Sequence[Scale]) -> Scale:
    """Their mean by logarithms, with the evidence of the filter that is believed most."""
    steady = weights[: len(scales)]
    mean = sum(w * log(c) for w, (c, _) in zip(steady, scales, strict=True)) / sum(steady)
    return Scale(exp(mean), scales[steady.index(max(steady))].prints)


def widened(state: State, at: int, extra: float) -> State:
    """The state with `extra` variance of the level, which it keeps `at` that place."""
    return (*state[:at], state[at] + extra, *state[at + 1 :])
