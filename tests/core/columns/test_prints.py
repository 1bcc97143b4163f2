"""Prints kept in columns are those that were taken."""

from __future__ import annotations

import tracemalloc
from itertools import pairwise
from math import inf, nan

from hypothesis import given, settings
from hypothesis import strategies as st

from tui_monitor.core.columns.prints import BLOCK, Prints
from tui_monitor.core.records import Print, Reading

numbers = st.sampled_from([0.0, -0.0, 0.25, 1e-300, inf, 0.1])
seconds = st.none() | st.sampled_from([0.0, 3.0, nan])
counts = st.none() | st.sampled_from([0, 1, 2**40, 10**30])
readings = st.lists(
    st.builds(Reading, st.sampled_from(["loss", "acc", ""]), numbers, numbers), max_size=3
)
prints = st.builds(
    Print,
    run=st.just(1),
    epoch=st.integers(1, 3),
    label=st.sampled_from(["", "1", "2"]),
    epochs=counts,
    style=st.sampled_from(["keras-bar", "tqdm"]),
    step=counts,
    steps=counts,
    unit=st.sampled_from(["batch", "sample"]),
    readings=readings.map(tuple),
    final=st.booleans(),
    line=st.integers(1, 2**62),
    offset=st.integers(0, 2**62),
    eta=seconds,
    elapsed=seconds,
    per_step=seconds,
    redrawn=st.none() | st.booleans(),
)


@settings(max_examples=50)
@given(
    few=st.lists(prints, min_size=1, max_size=7),
    length=st.integers(1, 5 * BLOCK),
    ends=st.lists(st.sampled_from(["pop", "replace"]), max_size=4),
    asked=st.lists(st.integers(-5 * BLOCK, 5 * BLOCK), max_size=20),
)
def test_a_list_of_prints(few: list[Print], length: int, ends: list[str], asked: list[int]) -> None:
    expected = [few[(i * i) % len(few)]._replace(line=i, epoch=1 + i // 100) for i in range(length)]
    kept = Prints()
    for p in expected:
        kept.append(p)
    for end in ends:
        p = few[0]._replace(line=10**6, epoch=10**6)
        if end == "replace":
            expected[-1] = p
            kept.replace_newest(p)
        elif len(expected) > 1:
            expected.pop()
            kept.pop()
            expected.append(p)
            kept.append(p)
    # two nan are not equal, but are written alike
    assert len(kept) == len(expected)
    assert list(map(repr, kept)) == list(map(repr, expected))
    for epoch in (0, 1, 2, expected[-1].epoch):
        of_epoch = [i for i, p in enumerate(expected) if p.epoch == epoch]
        assert list(kept.of_epoch(epoch)) == of_epoch
        assert list(kept.of_epoch(epoch, least=9)) == [i for i in of_epoch if i >= 9]
    for i in asked:
        if -length <= i < length:
            assert repr(kept[i]) == repr(expected[i])
    for first, last in [(-3, -1), *pairwise(asked[:3])]:
        assert list(map(repr, kept[first:last])) == list(map(repr, expected[first:last]))
    assert list(map(repr, kept[1::3])) == list(map(repr, expected[1::3]))
    assert list(map(repr, reversed(kept))) == list(map(repr, reversed(expected)))


def test_prints_without_numbers() -> None:
    expected = [few_words(i) for i in range(3 * BLOCK)]
    kept = Prints()
    for p in expected:
        kept.append(p)
    assert list(kept) == expected


def few_words(line: int) -> Print:
    return Print(
        run=1,
        epoch=1,
        label="",
        epochs=None,
        style="keras-bar",
        step=line,
        steps=None,
        unit="batch",
        readings=(),
        final=False,
        line=line,
        offset=0,
        eta=None,
        elapsed=None,
        per_step=None,
    )


def test_what_is_not_there() -> None:
    kept = Prints()
    for i in (0, -1):
        try:
            kept[i]
        except IndexError:
            continue
        raise AssertionError(i)


def test_prints_take_little_memory() -> None:
    kept = Prints()
    tracemalloc.start()
    for i in range(40 * BLOCK):
        number = Reading("loss", 0.5 + i * 1e-6, 1e-4), Reading("acc", 0.5 - i * 1e-6, 1e-4)
        kept.append(
            Print(
                run=1,
                epoch=1 + i // 1000,
                label="1",
                epochs=None,
                style="keras-bar",
                step=1 + i % 1000,
                steps=1000,
                unit="batch",
                readings=number,
                final=i % 1000 == 999,
                line=i,
                offset=100 * i,
                eta=None if i % 1000 == 999 else 1000.0 - i % 1000,
                elapsed=1e-3 * (i % 1000),
                per_step=1e-3,
                redrawn=None,
            )
        )
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size / len(kept) < 220
