"""The averaging laws, against their definitions written with arrays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_monitor.core.averages import laws
from tui_monitor.core.averages.laws import LAWS, Law, by_key, candidates, forward, named
from tui_monitor.core.columns.arrays import FloatArray

every_law = pytest.mark.parametrize("law", LAWS.values(), ids=LAWS.keys())
bounded = settings(max_examples=40, derandomize=True)
values = st.lists(st.floats(-50.0, 50.0), min_size=1, max_size=30)


def weights_of(law: Law, sizes: FloatArray) -> FloatArray:
    """How much each batch counts in the newest running mean."""
    alike = law.name == "cumulative-batch" or law.zeroed
    w = np.ones_like(sizes) if alike else sizes.copy()
    if law.seeded:
        w[0] = 1.0 / (1.0 - law.decay)
    if law.window is not None:
        w[: -law.window] = 0.0
    return np.asarray(w * law.decay ** np.arange(len(w))[::-1], dtype=np.float64)


def running_means(law: Law, x: FloatArray, sizes: FloatArray) -> FloatArray:
    ks = range(1, len(x) + 1)
    means = np.array([np.average(x[:k], weights=weights_of(law, sizes[:k])) for k in ks])
    if law.zeroed:  # those before the first batch are zero
        means *= [weights_of(law, sizes[:k]).sum() * (1.0 - law.decay) for k in ks]
    return means


def middle(law: Law, x: FloatArray, sizes: FloatArray) -> FloatArray:
    """What every line but the last shows."""
    running = running_means(law, x, sizes)
    twice = np.cumsum(running) / np.arange(1, len(x) + 1)
    if not law.inverted:
        return x
    return np.asarray((running, running, twice)[law.depth], dtype=np.float64)


def ending(law: Law, x: FloatArray, sizes: FloatArray) -> float:
    """What the last line shows."""
    mean = float(np.average(x, weights=sizes))
    running = running_means(law, x, sizes)
    return {
        "same": float(middle(law, x, sizes)[-1]),
        "either": float(middle(law, x, sizes)[-1]),
        "open": float(middle(law, x, sizes)[-1]),
        "mean-appended": float(np.mean([*x, mean])),
        "running-appended": float(np.mean([*running, running[-1]])),
        "reset": float(running[-1]),
    }[law.final]


@every_law
@given(x=values, share=st.floats(0.01, 1.0))
@bounded
def test_what_a_law_prints_is_its_definition(law: Law, x: list[float], share: float) -> None:
    sizes = np.ones(len(x))
    sizes[-1] = share
    got = forward(law, x, sizes.tolist())
    expected = middle(law, np.array(x), sizes)
    expected[-1] = ending(law, np.array(x), sizes)
    assert got == pytest.approx(expected.tolist(), rel=1e-9, abs=1e-9)


def constant(law: Law, value: float, steps: int) -> list[float]:
    """What a law shows of batches that are all alike."""
    grown = [1.0 - law.decay**k if law.zeroed else 1.0 for k in range(1, steps + 1)]
    return [value * each for each in grown]


@every_law
def test_a_constant_stays_what_it_is(law: Law) -> None:
    """But where it begins at zero."""
    assert forward(law, [0.7] * 12, [1.0] * 11 + [0.25]) == pytest.approx(constant(law, 0.7, 12))


@every_law
@given(x=values, factor=st.floats(-3.0, 3.0), shift=st.floats(-3.0, 3.0))
@bounded
def test_laws_are_linear(law: Law, x: list[float], factor: float, shift: float) -> None:
    sizes = [1.0] * len(x)
    moved = forward(law, [factor * v + shift for v in x], sizes)
    plain = forward(law, x, sizes)
    shifts = constant(law, shift, len(x))
    expected = [factor * v + s for v, s in zip(plain, shifts, strict=True)]
    assert moved == pytest.approx(expected, rel=1e-9, abs=1e-7)


@every_law
def test_a_print_does_not_depend_on_what_comes_after_it(law: Law) -> None:
    x = np.random.default_rng(1).random(20).tolist()
    longer = forward(law, x, [1.0] * 20)
    shorter = forward(replace(law, final="same"), x[:9], [1.0] * 9)
    assert longer[:9] == pytest.approx(shorter)


def test_the_last_line_of_steps_by_hand() -> None:
    # batches 1, 3 of 4 samples and 5 of 2: U = 3, M = (4 + 12 + 10) / 10 = 2.6, (3 U + M) / 4 = 2.9
    assert forward(laws.STEPS, [1.0, 3.0, 5.0], [1.0, 1.0, 0.5]) == pytest.approx([1.0, 2.0, 2.9])


def test_the_last_lines_of_averaging_twice_by_hand() -> None:
    # running means 1, 2, 3: their means 1, 1.5, 2; the last line (6 + 3) / 4, or 3 itself
    x, sizes = [1.0, 3.0, 5.0], [1.0, 1.0, 1.0]
    assert forward(laws.TWICE_APPENDED, x, sizes) == pytest.approx([1.0, 1.5, 2.25])
    assert forward(laws.TWICE_RESET, x, sizes) == pytest.approx([1.0, 1.5, 3.0])


def test_keys_are_unique_and_index_the_laws() -> None:
    assert all(LAWS[key].key == key for key in LAWS)
    assert all(by_key(key) is law for key, law in LAWS.items())


def test_a_sliding_mean_may_be_of_any_number_of_batches() -> None:
    assert by_key("sliding-50") == replace(laws.SLIDING_10, key="sliding-50", window=50)
    for key in ("sliding-0", "sliding-x", "slipping-10", ""):
        with pytest.raises(KeyError):
            by_key(key)


@pytest.mark.parametrize(
    ("style", "unit", "names"),
    [
        ("keras-line", "epoch", {"epoch"}),
        ("keras3-line", "batch", {"epoch"}),
        ("keras3-bar", "batch", {"averaged-twice", "cumulative-sample"}),
        ("keras-bar", "sample", {"cumulative-sample"}),
        ("keras-bar", "batch", {"cumulative-batch", "averaged-twice"}),
    ],
)
def test_candidates_follow_the_style(style: str, unit: str, names: set[str]) -> None:
    found = candidates(style, "sample" if unit == "sample" else "batch")
    assert {law.name for law in found} == names


def test_a_law_given_by_name_is_taken_from_the_format_where_it_has_it() -> None:
    found = candidates("keras3-bar", "batch")
    assert named("averaged-twice", found) == (laws.TWICE_APPENDED, laws.TWICE_RESET)
    assert named("instantaneous", found) == (laws.INSTANTANEOUS,)
