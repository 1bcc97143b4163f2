"""The counts that a window may hold: as enumeration says, and as likely as they claim."""

from __future__ import annotations

from itertools import pairwise, product
from math import exp

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.simulate import Case, Simulated
from tui_monitor.core.averages import laws
from tui_monitor.core.averages.bounds import Interval
from tui_monitor.core.averages.counts import (
    MOST,
    MOST_WINDOWS,
    PIECE,
    Counted,
    Few,
    FewCounts,
    count_windows,
)
from tui_monitor.core.decoding.estimates import of_run

SAMPLES = 8
bounded = settings(max_examples=60, derandomize=True)


@st.composite
def chains(draw: st.DrawFn) -> tuple[list[Interval], float]:
    """Bounds around a true chain of counts, and the level behind it."""
    level = draw(st.floats(0.1, 0.9))
    total, sums = 0, [Interval(0.0, 0.0)]
    for _ in range(draw(st.integers(1, 4))):
        total += draw(st.integers(0, SAMPLES))
        below, above = draw(st.integers(0, 2)), draw(st.integers(0, 2))
        sums.append(Interval(max(total - below, 0), total + above))
    return sums, level


def enumerated(sums: list[Interval], level: float) -> list[dict[int, float]]:
    """The same by going through every chain of counts."""
    variance = SAMPLES * level * (1.0 - level)
    found: list[dict[int, float]] = [{} for _ in sums[1:]]
    for chain in product(*(range(round(s.low), round(s.high) + 1) for s in sums)):
        steps = [b - a for a, b in pairwise(chain)]
        if all(0 <= step <= SAMPLES for step in steps):
            square = sum((step - SAMPLES * level) ** 2 for step in steps)
            for each, step in zip(found, steps, strict=True):
                each[step] = each.get(step, 0.0) + exp(-0.5 * square / variance)
    return [{c: w / sum(each.values()) for c, w in each.items()} for each in found]


def counted(sums: list[Interval], level: float) -> Counted:
    """What windows of `SAMPLES` samples hold."""
    windows = len(sums) - 1
    return count_windows(np.array(sums), np.full(windows, SAMPLES), np.full(windows, level))


@given(chains())
@bounded
def test_as_enumeration_says(made: tuple[list[Interval], float]) -> None:
    sums, level = made
    found = counted(sums, level)
    expectations = enumerated(sums, level)
    mean = [sum(count * p for count, p in expected.items()) for expected in expectations]
    assert found.mean == pytest.approx(mean, abs=1e-9)
    for window, expected in enumerate(expectations):
        if window not in found.few:
            assert len(expected) == 1 or len(expected) > MOST
            continue
        counts = found.few[window].counts()
        assert {c.count for c in counts} == set(expected)
        for c in counts:
            assert c.probability == pytest.approx(expected[c.count], abs=1e-9)


def test_where_many_are_possible_none_is_named() -> None:
    found = counted([Interval(0.0, 0.0), Interval(0.0, 30.0)], 0.5)
    assert not found.few
    assert np.isnan(found.mean).all()


def test_long_epochs_are_looked_at_in_pieces() -> None:
    n = MOST_WINDOWS + 10
    sums = [Interval(float(5 * i), float(5 * i + (i % 2))) for i in range(n + 1)]
    found = counted(sums, 0.625)
    assert all(len(found.few[window].counts()) == 2 for window in range(n))
    # a cut changes nothing: an even print knows its count, so nothing goes beyond it
    assert found.mean[:2] == pytest.approx(found.mean[-2:])
    assert found.mean[MOST_WINDOWS - 2 : MOST_WINDOWS + 2] == pytest.approx(found.mean[:4])


def test_pieces_side_by_side_say_what_one_by_one_says() -> None:
    rng = np.random.default_rng(0)
    n = 10 * PIECE + 3
    true = np.concatenate(([0], np.cumsum(rng.binomial(SAMPLES, 0.6, n))))
    below, above = rng.integers(0, 4, (2, n + 1))
    sums = [
        Interval(float(t - b), float(t + a)) for t, b, a in zip(true, below, above, strict=True)
    ]
    sums[0] = Interval(0.0, 0.0)
    whole = counted(sums, 0.6)
    some = counted(sums[: PIECE + 1], 0.6)
    # what comes later tells the last windows of the first piece something, and the first ones nothing
    assert whole.mean[: PIECE // 4] == pytest.approx(some.mean[: PIECE // 4], abs=1e-3)
    one_by_one = in_one_piece(sums, 0.6)
    assert whole.mean == pytest.approx(one_by_one, abs=1e-3)


def in_one_piece(sums: list[Interval], level: float) -> list[float]:
    """Expected counts, by going over all windows one after another."""
    variance = SAMPLES * level * (1.0 - level)
    states = [range(round(s.low), round(s.high) + 1) for s in sums]

    def weight(step: int) -> float:
        return exp(-0.5 * (step - SAMPLES * level) ** 2 / variance) * (0 <= step <= SAMPLES)

    forward = [dict.fromkeys(states[0], 1.0)]
    for here in states[1:]:
        forward.append({b: sum(w * weight(b - a) for a, w in forward[-1].items()) for b in here})
    backward = [dict.fromkeys(states[-1], 1.0)]
    for here in states[-2::-1]:
        backward.append({a: sum(w * weight(b - a) for b, w in backward[-1].items()) for a in here})
    backward.reverse()
    means: list[float] = []
    for before, after in zip(forward, backward[1:], strict=False):
        joint = {
            (a, b): wa * weight(b - a) * wb for a, wa in before.items() for b, wb in after.items()
        }
        means.append(sum((b - a) * w for (a, b), w in joint.items()) / sum(joint.values()))
    return means


@pytest.mark.parametrize(
    "case",
    [
        Case(laws.STATE, "exp", batch_size=32, steps=1000),
        Case(laws.STEPS, "staircase", batch_size=64, steps=300),
    ],
    ids=["per sample", "per batch"],
)
def test_they_are_as_likely_as_they_claim(case: Case) -> None:
    run = Simulated(case)
    decoder = run.decode()
    claimed: list[float] = []
    came: list[bool] = []
    for estimate in of_run(decoder):
        if estimate.metric != run.accuracy or not estimate.possible:
            continue
        assert not estimate.exact
        assert estimate.from_batch is not None
        assert estimate.to_batch is not None
        window = (estimate.epoch, estimate.from_batch, estimate.to_batch)
        mean = run.window(estimate.metric, *window, weighted=True)
        samples = (estimate.to_batch - estimate.from_batch) * case.batch_size
        true = round(mean * samples)
        assert true in [c.count for c in estimate.possible]
        claimed += [c.probability for c in estimate.possible]
        came += [c.count == true for c in estimate.possible]
    shares, truth = np.array(claimed), np.array(came)
    assert len(shares) > 300
    for low in (0.0, 0.25, 0.5):
        some = (shares >= low) & (shares < low + 0.25)
        assert abs(shares[some].mean() - truth[some].mean()) < 0.08


def test_few_counts_are_kept_by_row() -> None:
    kept = FewCounts()
    kept.put(0, [(2, Few(7, (0.25, 0.75))), (5, Few(0, (0.5, 0.0, 0.5)))])
    kept.put(6, [(6, Few(30, (0.1, 0.9)))])
    assert kept.get(2) == Few(7, (0.25, 0.75))
    assert kept.get(5) == Few(0, (0.5, 0.0, 0.5))
    assert kept.get(6) == Few(30, (0.1, 0.9))
    assert kept.get(3) is None
    assert kept.get(7) is None
    kept.put(3, [(4, Few(1, (0.2, 0.8)))])
    assert kept.get(2) == Few(7, (0.25, 0.75))
    assert kept.get(4) == Few(1, (0.2, 0.8))
    assert kept.get(5) is None
    assert kept.get(6) is None
    kept.put(0, [])
    assert kept.get(2) is None
