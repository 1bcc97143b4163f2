"""The batch size is read off counts: the right one comes first, or none does."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.simulate import number
from tui_monitor.core.averages.bounds import printed
from tui_monitor.core.inference.batchsize import POWERS, BatchSizes, Early, Likeliest, support

bounded = settings(max_examples=40, derandomize=True)
depths = pytest.mark.parametrize("depth", [1, 2])


def early(
    counts: Sequence[int], size: int, depth: int = 1, digits: int = 4, epoch: int = 1
) -> list[Early]:
    """What an epoch's first batches print, if so many answers of each are right."""
    means = np.cumsum(counts) / size / np.arange(1, len(counts) + 1)
    if depth == 2:
        means = np.cumsum(means) / np.arange(1, len(counts) + 1)
    found = []
    for k, mean in enumerate(means, start=1):
        n = number(float(mean), digits)
        where = printed(n.displayed, n.quantum)
        found.append(Early(epoch, k, n.displayed, 0.5 * (where.high - where.low)))
    return found


def drawn(size: int, prints: int, seed: int, depth: int = 1, digits: int = 4) -> list[Early]:
    """The same of random batches."""
    counts = np.random.default_rng(seed).binomial(size, 0.7, prints)
    return early([int(c) for c in counts], size, depth, digits)


def likeliest(prints: Sequence[Early], depth: int = 1) -> Likeliest:
    sizes = BatchSizes()
    sizes.take("acc", depth, prints)
    return sizes.likeliest()


@depths
@pytest.mark.parametrize("size", [8, 16, 20, 32, 48, 50, 64, 100, 128, 256, 300])
def test_usual_sizes_come_first(size: int, depth: int) -> None:
    # a run in a hundred or so has counts that are all multiples of 2, 3, ..: an eighth print helps
    first = [likeliest(drawn(size, 8, seed, depth), depth).size for seed in range(30)]
    assert first.count(size) >= (28 if depth == 1 or size < 256 else 24)


@pytest.mark.parametrize(("size", "prints"), [(250, 2), (1000, 3)])
def test_preferred_numbers_come_before_others_of_their_size(size: int, prints: int) -> None:
    first = [likeliest(drawn(size, prints, seed)).size for seed in range(40)]
    assert first.count(size) >= 33


@given(size=st.integers(4, 1200), prints=st.integers(1, 12), seed=st.integers(0, 2**20))
@depths
@bounded
def test_what_is_thought_certain_is_right(size: int, prints: int, seed: int, depth: int) -> None:
    found = likeliest(drawn(size, prints, seed, depth), depth)
    assert found.size == size or found.margin < 7.0


def test_margins_are_calibrated() -> None:
    """Of sizes drawn as the prior has it, as many are right as the margins promise."""
    random = np.random.default_rng(5)
    usual = random.choice([8, 16, 32, 64, 128, 256, 512, 1024, 2048], 400)
    found = [(int(b), likeliest(drawn(int(b), 3, seed))) for seed, b in enumerate(usual)]
    promised = sum(1.0 / (1.0 + exp(-f.margin)) for _, f in found)
    right = sum(f.size == b for b, f in found)
    assert promised <= right + 3.0 * np.sqrt(promised * (1.0 - promised / 400))


def test_a_size_and_its_double_differ_by_chance_and_by_habit_alone() -> None:
    # each print fits twice as many multiples of 1 / 64 as of 1 / 32: a factor of 2 a print
    sizes = BatchSizes()
    sizes.take("acc", 1, early([21, 23, 20, 25, 22], 32))
    assert {32.0, 64.0} <= set(sizes.sizes)
    grid = np.log([32.0, 64.0])
    for_32 = sizes.likeliest((grid, np.array([0.0, -50.0])))
    for_64 = sizes.likeliest((grid, np.array([-50.0, 0.0])))
    assert (for_32.size, for_64.size) == (32, 64)
    habit = log(POWERS[5] / POWERS[6])
    assert sizes.likeliest().margin == pytest.approx(5.0 * log(2.0) + habit, abs=0.2)


@pytest.mark.parametrize(
    "silent",
    [
        [],
        [Early(1, 1, 1.0, 5e-5), Early(1, 2, 1.0, 5e-5)],  # nothing but whole counts
        [Early(1, 1, 0.0, 5e-8)],
        [Early(1, 40_000, 0.5, 5e-5)],  # rounding is above a count for any size
    ],
)
def test_prints_that_say_nothing_give_no_size(silent: list[Early]) -> None:
    assert likeliest(silent).margin < 0.0


def test_perfect_batches_say_nothing_of_the_size() -> None:
    """One wrong answer in the first batch and none after it: counts of every multiple fit for long."""
    once = likeliest(early([31], 32)).margin
    assert likeliest(early([31, *[32] * 9], 32)).margin == pytest.approx(once, abs=0.5)


def test_numbers_that_are_no_counts_have_no_size() -> None:
    random = np.random.default_rng(2)
    margins = []
    for _ in range(40):
        prints = [
            Early(1, k, number(float(x)).displayed, 5e-5)
            for k, x in enumerate(random.uniform(0.3, 0.9, 12), start=1)
        ]
        margins.append(likeliest(prints).margin)
    # the larger sizes have a count near any number: now and then one fits for a while
    assert np.median(margins) < -1.0
    assert max(margins) < 3.0


@depths
def test_a_short_batch_spoils_the_rest_of_its_epoch_only(depth: int) -> None:
    counts = [20, 25, 24, 22, 21, 26, 23]
    spoilt = early(counts, 32, depth)
    for i in range(4, 7):
        spoilt[i] = spoilt[i]._replace(displayed=spoilt[i].displayed + 0.0013)
    alone = likeliest(spoilt[:4], depth)
    found = likeliest(spoilt, depth)
    assert found.size == alone.size == 32
    assert found.margin == pytest.approx(alone.margin, abs=0.3)
    both = [*spoilt, *(p._replace(epoch=2) for p in early(counts[::-1], 32, depth))]
    assert likeliest(both, depth).margin > alone.margin + 2.0


def test_prints_behind_a_gap_still_tell_where_a_log_averages_twice() -> None:
    dense = early([21, 23, 20, 25, 22, 24], 32, depth=2)
    sparse = [dense[0], dense[2], dense[3]]
    assert likeliest(dense[:1], 2).margin < likeliest(sparse, 2).margin
    assert likeliest(sparse, 2).margin < likeliest(dense, 2).margin
    assert likeliest(sparse, 2).size == 32


def test_a_size_too_large_for_a_gap_is_not_refuted_by_what_follows() -> None:
    """The gap leaves too many paths of it to follow: what comes after tells nothing of it."""
    wide = 1024
    prints = drawn(wide, 6, 8, depth=2)
    sizes = BatchSizes()
    sizes.take("acc", 2, [prints[0], prints[3], prints[4], prints[5]])
    assert wide in sizes.sizes
    assert sizes.likeliest().margin < 3.0


def test_accuracies_of_one_log_support_each_other() -> None:
    sizes = BatchSizes()
    sizes.take("acc", 1, drawn(64, 3, 1))
    one = sizes.likeliest().margin
    sizes.take("top5", 1, drawn(64, 3, 2))
    assert sizes.likeliest().size == 64
    assert sizes.likeliest().margin > one + 1.0


@depths
def test_a_print_that_adds_no_batch_tells_nothing(depth: int) -> None:
    prints = drawn(32, 5, 2, depth)
    twice = [p for p in prints for _ in range(2)]
    assert likeliest(twice, depth) == likeliest(prints, depth)


def test_it_does_not_matter_how_the_prints_are_handed_over() -> None:
    prints = drawn(100, 9, 4)
    at_once, one_by_one = BatchSizes(), BatchSizes()
    at_once.take("acc", 1, prints)
    for p in prints:
        one_by_one.take("acc", 1, [p])
    assert at_once.likeliest() == one_by_one.likeliest()


def test_updates_of_several_batches_are_multiples() -> None:
    sizes = BatchSizes(stride=4)
    sizes.take("acc", 1, drawn(128, 6, 0))
    assert sizes.likeliest().size == 128
    assert all(size % 4 == 0 for size in sizes.sizes)


@depths
def test_counts_support_being_counts(depth: int) -> None:
    counted, told = support(drawn(32, 6, 1, depth), depth)
    assert told == 6
    assert counted > 10.0
    shifted = [p._replace(displayed=p.displayed + 0.0013) for p in drawn(32, 6, 1, depth)]
    assert support(shifted, depth)[0] < counted - 10.0


def test_counts_of_several_batches_support_being_so_many() -> None:
    """640 is a rare batch, but twenty of 32 are as usual as those."""
    updates = drawn(640, 6, 2, digits=6)
    as_twenty, told = support(updates, 1, stride=20)
    assert told == 6
    assert as_twenty > support(updates, 1)[0] + 2.0
