"""How many answers of a window were right, where the bounds leave few counts possible.

Right answers so far are a chain of whole numbers: bounds leave each print a few of them, and from one
print to the next grows a binomial count about the level. What all prints of an epoch say of one
window is found by going over the chain forward and back (Rabiner 1989, Proc. IEEE 77:257).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil, exp, floor

from tui_monitor.core.bounds import Interval
from tui_monitor.core.records import PossibleCount

MOST = 5
"""Counts of a window beyond which they are no longer few."""
MOST_STATES = 6
"""Counts of right answers so far beyond which a print tells its neighbours nothing."""
SLACK = 1e-6
"""By how much of a count a bound may miss it: the error of the sums."""

Weights = dict[int, float]


def possible_counts(
    sums: Sequence[Interval], samples: Sequence[int], levels: Sequence[float]
) -> list[tuple[PossibleCount, ...]]:
    """For each window its possible counts with their probabilities; empty where they are many.

    `sums`: bounds on the right answers before the first window and after each. `samples`, `levels`:
    of each window, how many answers it holds and the share of right ones that they scatter about.
    """
    states = [_whole_numbers(bounds) for bounds in sums]
    windows = [_growth(n, p) for n, p in zip(samples, levels, strict=True)]
    forward = [_even(states[0])]
    for growth, here in zip(windows, states[1:], strict=True):
        forward.append(_carried(forward[-1], here, growth, 1))
    backward = [_even(states[-1])]
    for growth, here in zip(reversed(windows), reversed(states[:-1]), strict=True):
        backward.append(_carried(backward[-1], here, growth, -1))
    backward.reverse()
    ends = zip(forward[:-1], backward[1:], windows, strict=True)
    return [_window(before, after, growth) for before, after, growth in ends]


def _whole_numbers(bounds: Interval) -> range:
    """The counts within bounds; none where they are many."""
    found = range(ceil(bounds.low - SLACK), floor(bounds.high + SLACK) + 1)
    return found if len(found) <= MOST_STATES else range(0)


def _even(states: range) -> Weights:
    return dict.fromkeys(states, 1.0)


def _growth(samples: int, level: float) -> Callable[[int], float]:
    """How likely a window's count is, as a function of it: binomial, taken for Gaussian."""
    p = min(max(level, 0.5 / samples), 1.0 - 0.5 / samples)
    mean, variance = samples * p, samples * p * (1.0 - p)

    def weight(count: int) -> float:
        return exp(-0.5 * (count - mean) ** 2 / variance) if 0 <= count <= samples else 0.0

    return weight


def _carried(
    known: Weights, states: range, growth: Callable[[int], float], direction: int
) -> Weights:
    """What is known of one print's count, carried to the next one's, or (-1) to the one's before.

    Even where that is nothing.
    """
    weights = {
        to: sum(weight * growth(direction * (to - at)) for at, weight in known.items())
        for to in states
    }
    top = max(weights.values(), default=0.0)
    return {to: weight / top for to, weight in weights.items()} if top > 0.0 else _even(states)


def _window(
    before: Weights, after: Weights, growth: Callable[[int], float]
) -> tuple[PossibleCount, ...]:
    weights: Weights = {}
    for low, weight in before.items():
        for high, other in after.items():
            count = high - low
            weights[count] = weights.get(count, 0.0) + weight * other * growth(count)
    total = sum(weights.values())
    found = {count: weight / total for count, weight in weights.items() if weight} if total else {}
    if not 1 < len(found) <= MOST:
        return ()
    return tuple(PossibleCount(count, found[count]) for count in sorted(found))
