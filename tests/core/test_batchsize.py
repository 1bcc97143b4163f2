"""The batch size is read off early prints: the right one, or none."""

from __future__ import annotations

from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.simulate import number
from tui_monitor.core.batchsize import LARGEST, Early, candidates

bounded = settings(max_examples=60, derandomize=True, deadline=None)


def early(size: int, prints: int, seed: int, digits: int = 4) -> list[Early]:
    """The first means of an epoch of batches of this size."""
    counts = np.random.default_rng(seed).binomial(size, 0.7, prints)
    means = np.cumsum(counts) / size / np.arange(1, prints + 1)
    return [
        Early(k, number(float(mean), digits).displayed, 0.5 * 10.0**-digits)
        for k, mean in enumerate(means, start=1)
    ]


@given(size=st.integers(1, 1500), prints=st.integers(1, 12), seed=st.integers(0, 2**20))
@bounded
def test_the_true_size_is_never_ruled_out(size: int, prints: int, seed: int) -> None:
    means = early(size, prints, seed)
    found = candidates(means, most=LARGEST)
    unheard = all(e.mean in (0.0, 1.0) or e.half * e.k * size >= 0.5 for e in means)
    assert unheard or size in [c.size for c in found]


@pytest.mark.parametrize("size", [8, 16, 20, 32, 48, 50, 64, 100, 128, 256, 300])
def test_usual_sizes_come_first(size: int) -> None:
    # a run in a hundred or so has counts that are all multiples of 2, 3, ..: an eighth print helps
    first = [candidates(early(size, 8, seed))[0].size for seed in range(40)]
    assert first.count(size) >= 38


def test_scores_are_in_nats_below_the_best() -> None:
    found = candidates(early(32, 6, 1))
    scores = [c.score for c in found]
    assert scores[0] == 0.0
    assert scores == sorted(scores, reverse=True)
    assert len(candidates(early(32, 6, 1), most=3)) == 3


def test_a_size_and_its_double_differ_by_chance_and_by_habit_alone() -> None:
    # each print fits twice as many multiples of 1 / 64 as of 1 / 32: a factor of 2 a print
    means = early(32, 5, 7)
    score = {c.size: c.score for c in candidates(means, most=LARGEST)}
    assert score[32] - score[64] == pytest.approx(5 * log(2.0), rel=1e-3)


@pytest.mark.parametrize(
    "silent",
    [
        [],
        [Early(1, 1.0, 5e-5), Early(2, 1.0, 5e-5)],  # nothing but whole counts
        [Early(1, 0.0, 5e-8)],
        [Early(40_000, 0.5, 5e-5)],  # rounding is above half a count for any size
    ],
)
def test_prints_that_say_nothing_give_no_size(silent: list[Early]) -> None:
    assert candidates(silent) == []


def test_a_print_that_does_not_fit_rules_nothing_out() -> None:
    """A generator's short batch may come anywhere: the size still stands out among the others."""
    means = [*early(32, 8, 3), Early(1, 0.123, 5e-6)]
    assert candidates(means)[0].size == 32
