"""What is known for certain must hold for any batches: the truth is never outside."""

from __future__ import annotations

from dataclasses import replace
from math import ceil, floor, inf, isclose, isnan
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.simulate import number
from tui_monitor.core.averages.bounds import (
    DoubleSums,
    Interval,
    Sums,
    harmonic,
    highest_path,
    lowest_path,
    printed,
    snap,
)
from tui_monitor.core.averages.chain import Chain
from tui_monitor.core.averages.laws import LAWS, STATE, STEPS, Law, forward
from tui_monitor.core.columns.positions import Position
from tui_monitor.core.metrics import describe

bounded = settings(max_examples=150, derandomize=True)
TINY = 1e-7


class Epoch(NamedTuple):
    """Batches of one size, and after which of them there are prints."""

    size: int
    x: list[float]
    at: list[int]
    digits: int


@st.composite
def epochs(draw: st.DrawFn, *, accuracy: bool, low: float = 0.0) -> Epoch:
    size = draw(st.sampled_from([1, 2, 7, 16, 32, 100, 256, 1024]))
    n = draw(st.integers(1, 40))
    if accuracy:
        counts = draw(st.lists(st.integers(0, size), min_size=n, max_size=n))
        x = [c / size for c in counts]
    else:
        x = draw(st.lists(st.floats(low, 30.0), min_size=n, max_size=n))
    at = draw(st.sets(st.integers(1, n), min_size=1).map(sorted))
    return Epoch(size, x, at, draw(st.integers(2, 6)))


def inside(truth: float, bounds: tuple[float, float]) -> bool:
    (low, high), slack = bounds, TINY * max(1.0, abs(truth))
    return low - slack <= truth <= high + slack


def shown(value: float, digits: int) -> Interval:
    n = number(value, digits)
    return printed(n.displayed, n.quantum)


# --- one average ----------------------------------------------------------------------------------


def chain_of_means(epoch: Epoch, sums: Sums) -> list[float]:
    """Push an epoch's prints of its running mean; returns the true S at each."""
    total = np.cumsum(epoch.x)
    truth = [float(total[k - 1]) for k in epoch.at]
    for k, s in zip(epoch.at, truth, strict=True):
        where = shown(s / k, epoch.digits)
        assert sums.push(float(k), Interval(where.low * k, where.high * k))
    return truth


def assert_holds(sums: Sums | DoubleSums, truth: list[float], at: list[int]) -> None:
    """The chain's sums and windows hold the truth."""
    before = k0 = 0.0
    for i, (k, s) in enumerate(zip(at, truth, strict=True), start=1):
        assert inside(s, sums.s[i])
        assert inside((s - before) / (k - k0), sums.window(i)[:2])
        before, k0 = s, k


@given(epoch=epochs(accuracy=True), sized=st.booleans())
@bounded
def test_an_accuracy_is_inside_and_its_counts_are_right(epoch: Epoch, sized: bool) -> None:
    sums = Sums(0.0, 1.0, epoch.size if sized else None)
    truth = chain_of_means(epoch, sums)
    for _ in range(3):
        assert_holds(sums, truth, epoch.at)
        before = 0.0
        for i, s in enumerate(truth, start=1):
            count = sums.window(i)[2]
            assert count is None or (sized and count == round((s - before) * epoch.size))
            before = s
        sums.tighten()


@given(epoch=epochs(accuracy=False))
@bounded
def test_a_loss_is_inside(epoch: Epoch) -> None:
    sums = Sums(0.0, inf)
    truth = chain_of_means(epoch, sums)
    assert_holds(sums, truth, epoch.at)
    sums.tighten()
    assert_holds(sums, truth, epoch.at)


@given(epoch=epochs(accuracy=False, low=-30.0))
@bounded
def test_a_value_of_any_sign_is_inside(epoch: Epoch) -> None:
    sums = Sums(-inf, inf)
    truth = chain_of_means(epoch, sums)
    sums.tighten()
    assert_holds(sums, truth, epoch.at)


@given(
    counts=st.lists(st.integers(0, 64), min_size=2, max_size=30),
    last=st.integers(1, 64),
    digits=st.integers(2, 6),
)
@bounded
def test_a_shorter_last_batch_is_no_count_of_full_ones(
    counts: list[int], last: int, digits: int
) -> None:
    sums = Sums(0.0, 1.0, 64)
    right, n, truth = 0.0, 0.0, 0.0
    for i, count in enumerate(counts):
        share = last / 64 if i == len(counts) - 1 else 1.0
        right += min(count, last) / 64 if share < 1.0 else count / 64
        n += share
        where = shown(right / n, digits)
        assert sums.push(n, Interval(where.low * n, where.high * n), whole=share == 1.0)
        if i == len(counts) - 2:
            truth = right
    sums.tighten()
    assert inside((right - truth) / (last / 64), sums.window(len(counts))[:2])


@given(epoch=epochs(accuracy=True))
@bounded
def test_tightening_never_widens_and_comes_to_rest(epoch: Epoch) -> None:
    sums = Sums(0.0, 1.0, epoch.size)
    chain_of_means(epoch, sums)
    before = list(sums.s)
    sums.tighten()
    once = list(sums.s)
    for wide, narrow in zip(before, once, strict=True):
        assert narrow[0] >= wide[0]
        assert narrow[1] <= wide[1]
    sums.tighten()
    assert sums.s == once


def test_later_prints_pin_down_earlier_ones() -> None:
    # 3 digits leave the second mean open by a sixth of a batch; a third print of 1.0 closes it
    sums = Sums(0.0, 1.0)
    sums.push(1.0, Interval(0.95, 1.0))
    sums.push(2.0, Interval(1.9, 2.0))
    sums.push(3.0, Interval(3.0, 3.0))
    sums.tighten()
    assert sums.s[1:] == [Interval(1.0, 1.0), Interval(2.0, 2.0), Interval(3.0, 3.0)]


def test_early_windows_are_exact_while_the_rounding_is_below_half_a_count() -> None:
    counts = np.random.default_rng(5).binomial(32, 0.8, 400)
    sums = Sums(0.0, 1.0, 32)
    chain_of_means(Epoch(32, (counts / 32).tolist(), list(range(1, 401)), 4), sums)
    # q W < 1 up to 10,000 samples: 312 batches of 32, less the float error allowed for
    found = [sums.window(i)[2] for i in range(1, 301)]
    assert found == counts[:300].tolist()


@pytest.mark.parametrize(
    ("n", "s"),
    [
        (2.0, Interval(2.6, 2.7)),  # rose by more than a whole batch
        (2.0, Interval(0.1, 0.4)),  # fell
        (2.0, Interval(0.7501, 0.7502)),  # no count of 16ths
    ],
)
def test_an_impossible_print_is_refused_and_leaves_no_trace(n: float, s: Interval) -> None:
    sums = Sums(0.0, 1.0, 16)
    assert sums.push(1.0, Interval(0.5, 0.5))
    assert not sums.push(n, s)
    assert sums.n == [0.0, 1.0]
    assert sums.s == [Interval(0.0, 0.0), Interval(0.5, 0.5)]
    assert sums.push(2.0, Interval(1.0, 1.0))
    assert sums.window(2)[2] == 8
    sums.pop()
    assert sums.n == [0.0, 1.0]


# --- averaged twice -------------------------------------------------------------------------------


def chain_of_means_of_means(epoch: Epoch, sums: DoubleSums) -> list[float]:
    """Push an epoch's prints of its mean of running means; returns the true S at each."""
    total = np.cumsum(epoch.x)
    e = np.cumsum(total / np.arange(1, len(total) + 1))
    for k in epoch.at:
        where = shown(float(e[k - 1]) / k, epoch.digits)
        assert sums.push(k, Interval(where.low * k, where.high * k))
    return [float(total[k - 1]) for k in epoch.at]


@given(epoch=epochs(accuracy=True), sized=st.booleans())
@bounded
def test_an_accuracy_averaged_twice_is_inside(epoch: Epoch, sized: bool) -> None:
    sums = DoubleSums(0.0, 1.0, epoch.size if sized else None)
    truth = chain_of_means_of_means(epoch, sums)
    for _ in range(3):
        assert_holds(sums, truth, epoch.at)
        before = 0.0
        for i, s in enumerate(truth, start=1):
            count = sums.window(i)[2]
            assert count is None or (sized and count == round((s - before) * epoch.size))
            before = s
        sums.tighten()


@given(epoch=epochs(accuracy=False))
@bounded
def test_a_loss_averaged_twice_is_inside(epoch: Epoch) -> None:
    sums = DoubleSums(0.0, inf)
    truth = chain_of_means_of_means(epoch, sums)
    assert_holds(sums, truth, epoch.at)
    sums.tighten()
    assert_holds(sums, truth, epoch.at)


@given(epoch=epochs(accuracy=False, low=-30.0))
@bounded
def test_a_value_of_any_sign_averaged_twice_is_inside(epoch: Epoch) -> None:
    sums = DoubleSums(-inf, inf)
    truth = chain_of_means_of_means(epoch, sums)
    sums.tighten()
    assert_holds(sums, truth, epoch.at)


def test_the_first_batches_of_averaging_twice_are_exact() -> None:
    counts = np.random.default_rng(5).binomial(64, 0.7, 12)
    sums = DoubleSums(0.0, 1.0, 64)
    chain_of_means_of_means(Epoch(64, (counts / 64).tolist(), list(range(1, 13)), 4), sums)
    assert [sums.window(i)[2] for i in range(1, 9)] == counts[:8].tolist()


def test_an_impossible_print_of_averaging_twice_is_refused_and_leaves_no_trace() -> None:
    sums = DoubleSums(0.0, 1.0)
    assert sums.push(1, Interval(0.5, 0.5))
    before = (list(sums.n), list(sums.s), list(sums.e))
    assert not sums.push(2, Interval(1.3, 1.31))  # more than 0.5 + (0.5 + 1) / 2
    assert not sums.push(2, Interval(0.6, 0.7))  # less than 0.5 + 0.5 / 2
    assert (sums.n, sums.s, sums.e) == before
    assert sums.push(2, Interval(1.0, 1.0))
    assert inside(1.0, sums.s[-1])
    sums.pop()
    assert (sums.n, sums.s, sums.e) == before


# --- extreme paths --------------------------------------------------------------------------------


class Ends(NamedTuple):
    start: float
    end: float
    k0: int
    k: int
    rate: float


@st.composite
def path_ends(draw: st.DrawFn) -> Ends:
    k0, n = draw(st.integers(0, 30)), draw(st.integers(1, 30))
    rate = draw(st.sampled_from([0.25, 1.0, 3.0, inf]))
    start = draw(st.floats(0.0, 20.0))
    most = 20.0 if rate == inf else n * rate
    return Ends(start, start + draw(st.floats(0.0, 1.0)) * most, k0, k0 + n, rate)


def total(ends: Ends, highest: bool) -> float:
    """The extreme total, step by step: each S_j as high, or as low, as both its ends allow."""
    s = 0.0
    for j in range(ends.k0 + 1, ends.k + 1):
        up = inf if ends.rate == inf else ends.start + ends.rate * (j - ends.k0)
        left = ends.k - j
        down = -inf if ends.rate == inf and left else ends.end - (left and ends.rate * left)
        s += (min(up, ends.end) if highest else max(ends.start, down)) / j
    return s


@given(ends=path_ends())
@example(Ends(0.0, 10.0, 0, 10, 1.0))
@bounded
def test_extreme_paths_are_those_found_step_by_step(ends: Ends) -> None:
    assert isclose(highest_path(*ends).total, total(ends, True), rel_tol=1e-9, abs_tol=1e-9)
    assert isclose(lowest_path(*ends).total, total(ends, False), rel_tol=1e-9, abs_tol=1e-9)


@given(ends=path_ends(), seed=st.integers(0, 2**16))
@bounded
def test_no_path_is_beyond_the_extreme_ones(ends: Ends, seed: int) -> None:
    n, rise = ends.k - ends.k0, ends.end - ends.start
    random = np.random.default_rng(seed)
    steps = random.dirichlet(np.full(n, 0.3)) * rise
    for _ in range(50):  # spread what is above the rate over the rest
        over = np.maximum(steps - ends.rate, 0.0).sum() if ends.rate < inf else 0.0
        steps = np.minimum(steps, ends.rate)
        room = ends.rate - steps if ends.rate < inf else np.zeros(n)
        if over <= 1e-12 or room.sum() <= 1e-12:
            break
        steps = steps + over * room / room.sum()
    path = ends.start + np.cumsum(steps)
    grown = float(np.sum(path / np.arange(ends.k0 + 1, ends.k + 1)))
    slack = 1e-6 * max(1.0, grown)
    assert lowest_path(*ends).total - slack <= grown <= highest_path(*ends).total + slack


@given(ends=path_ends(), move=st.floats(0.0, 1.0))
@bounded
def test_slopes_bound_the_extreme_totals(ends: Ends, move: float) -> None:
    """A tangent never cuts into the concave highest or the convex lowest total."""
    lower_end = ends._replace(end=ends.start + move * (ends.end - ends.start))
    shift = ends.end - lower_end.end
    high, low = highest_path(*ends), lowest_path(*ends)
    assert highest_path(*lower_end).total <= high.total - high.slope_end * shift + 1e-9
    assert lowest_path(*lower_end).total >= low.total - low.slope_end * shift - 1e-9
    later = ends._replace(start=ends.start + move * (ends.end - ends.start))
    shift = later.start - ends.start
    assert highest_path(*later).total <= high.total + high.slope_start * shift + 1e-9
    assert lowest_path(*later).total >= low.total + low.slope_start * shift - 1e-9


# --- whole epochs, last line included -------------------------------------------------------------


DROPPED = replace(STEPS, key="dropped")
"""tf.keras 2.0.0 with data of unknown length: the epoch's mean in place of the last batch's value."""
BEHIND = {
    "batches-likely": (STEPS, STATE),
    "samples-likely": (STEPS, STATE),
    "batches-open": (STEPS, STATE, DROPPED),
    "samples-open": (STEPS, STATE, DROPPED),
}
"""What may be behind a law that leaves the last line open."""


@st.composite
def laws_and_prints(draw: st.DrawFn) -> tuple[Law, Law]:
    """A law to decode with, and the one that printed."""
    law = draw(st.sampled_from([law for law in LAWS.values() if law.depth]))
    return law, draw(st.sampled_from(BEHIND.get(law.key, (law,))))


class Window(NamedTuple):
    """A window of a chain, beside the truth."""

    bounds: tuple[float, float]
    mean: float
    counted: int | None
    right: int
    ragged: bool


class Printed(NamedTuple):
    """An epoch of 32 samples a batch, the last one of fewer, as a law prints it."""

    law: Law
    """The law to decode with."""
    printing: Law
    name: str
    sized: bool
    """The batch size is known."""
    last: int
    digits: int
    seed: int
    repeats: bool = False
    """The last batch has a line of its own also under a law that leaves the last line open."""

    def windows(self) -> list[Window]:
        """All windows, as bounded print by print and once more after tightening."""
        random = np.random.default_rng(self.seed)
        n, size = int(random.integers(1, 50)), 32
        w = np.full(n, size)
        w[-1] = self.last
        metric = describe(self.name)
        x = {
            "acc": random.binomial(w, random.random()) / w,
            "loss": random.gamma(random.random() * 2 + 0.05, 1.0, n),
            "reward": random.normal(0.0, 5.0, n),
        }[self.name]
        chain = Chain(self.law, metric, size if self.sized and metric.counts else None)
        shares = (w / size).tolist()
        middle = forward(replace(self.printing, final="same"), x.tolist(), shares)
        at = sorted({1, *random.integers(1, n + 1, size=n).tolist()})
        single = self.law.key in BEHIND and not self.repeats
        lines = [(k, middle[k - 1], False) for k in at if not (single and k == n)]
        last = forward(self.printing, x.tolist(), shares)[-1]
        if self.printing is DROPPED:
            last = (float(x[:-1].sum()) + float(np.average(x, weights=w))) / n
        lines.append((n, last, True))
        means: list[tuple[float, int, bool] | None] = []
        for row, (k, h, final) in enumerate(lines):
            k0 = chain.done[-1]
            if k == k0 and not (final and self.law.final == "reset"):
                continue
            ragged = k == n and self.law.key != "samples"
            done = float(k) if ragged else float(w[:k].sum() / size)
            assert chain.push(row, Position(1, k, done, ragged, final), shown(h, self.digits))
            weights = None if self.printing.name == "cumulative-batch" else w[k0:k]
            means.append(
                (
                    float(np.average(x[k0:k], weights=weights)),
                    round(float((x * w)[k0:k].sum())),
                    ragged,
                )
                if k > k0
                else None
            )
        found = []
        for _ in range(2):
            for i, truth in enumerate(means, start=1):
                _, low, high, count = chain.window(i)
                assert isnan(low) == isnan(high) == (truth is None)
                if truth is not None:
                    found.append(Window((low, high), truth[0], count, *truth[1:]))
            chain.tighten()
        return found


printed_epochs = st.builds(
    lambda laws, *rest: Printed(*laws, *rest),
    laws_and_prints(),
    st.sampled_from(["acc", "loss", "reward"]),
    st.booleans(),
    st.integers(1, 32),
    st.integers(3, 5),
    st.integers(0, 2**20),
)


@given(epoch=printed_epochs)
@settings(max_examples=500, derandomize=True)
def test_every_window_of_every_law_holds_the_truth(epoch: Printed) -> None:
    for window in epoch.windows():
        assert window.counted in (None, window.right)
        assert inside(window.mean, window.bounds)


@pytest.mark.parametrize(
    ("law", "name"),
    [
        ("steps", "loss"),
        ("steps", "acc"),
        ("state", "acc"),
        ("state", "loss"),
        ("twice-appended", "loss"),
        ("twice-reset", "loss"),
        ("twice-appended", "acc"),
        ("twice-reset", "acc"),
    ],
)
def test_a_last_batch_of_one_sample_may_have_any_value(law: str, name: str) -> None:
    for seed in range(80):
        epoch = Printed(LAWS[law], LAWS[law], name, False, 1, 4, seed)
        for window in epoch.windows():
            assert inside(window.mean, window.bounds), seed


@pytest.mark.parametrize("key", BEHIND)
def test_a_last_batch_may_have_a_line_of_its_own(key: str) -> None:
    """Before the last line tells so, the law that does not repeat it is still in question."""
    for seed in range(80):
        epoch = Printed(LAWS[key], STATE, "acc", False, 2, 4, seed, repeats=True)
        for window in epoch.windows():
            assert inside(window.mean, window.bounds), seed


# --- small parts ----------------------------------------------------------------------------------


@given(value=st.floats(0.0, 1e4), digits=st.integers(0, 6))
@bounded
def test_what_was_rounded_lies_where_the_print_says(value: float, digits: int) -> None:
    assert inside(value, shown(value, digits))
    narrow = np.float32(value)  # what a framework of single precision rounds
    assert inside(value, shown(float(narrow), digits))


def test_only_a_width_of_half_a_quantum_is_lost() -> None:
    where = printed(0.5, 1e-4)
    assert where.high - where.low == pytest.approx(1e-4, rel=1e-2)


@given(low=st.integers(-40, 40), width=st.integers(0, 40), size=st.integers(1, 64))
@bounded
def test_snapping_keeps_the_multiples_inside(low: int, width: int, size: int) -> None:
    s = Interval(low / 7.0, (low + width) / 7.0)
    got = Interval(*snap(s.low, s.high, size))
    held = range(ceil(s.low * size - 1e-9), floor(s.high * size + 1e-9) + 1)
    if len(held):
        assert (got.low, got.high) == pytest.approx((held[0] / size, held[-1] / size))
    else:
        assert got.empty


def test_infinite_ranges_stay_infinite() -> None:
    assert snap(-inf, inf, 32) == (-inf, inf)
    double = DoubleSums(-inf, inf)
    s = Interval(1.0, 2.0)
    assert double.reach(s, 7, 7) == s
    assert double.reach(s, 7, 10) == Interval(-inf, inf)
    sums = Sums(-inf, inf)
    sums.push(4.0, Interval(-8.0, -8.0))
    assert sums.window(1) == (-2.0, -2.0, None)
    loss = DoubleSums(0.0, inf)
    assert loss.push(5, Interval(10.0, 10.0))
    # S_5 may be nothing but the last batch's doing: E = S_5 / 5
    assert inside(50.0, loss.s[-1])
    assert loss.window(1)[0] >= 0.0


def test_harmonic_numbers() -> None:
    assert harmonic(0) == 0.0
    assert harmonic(50) == pytest.approx(sum(1.0 / j for j in range(1, 51)))
