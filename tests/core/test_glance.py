"""A glance tells what a session tells of place, newest and best numbers, for a fraction of the cost."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_monitor.core.glance import TREND, GlanceReader, Trend
from tui_monitor.core.runs import Glance
from tui_monitor.core.session import Session
from tui_monitor.report.samples import SAMPLES, sample_log


def glance_of(data: bytes, cut: int | None = None) -> Glance:
    reader = GlanceReader()
    for part in (data,) if cut is None else (data[:cut], data[cut:]):
        reader.feed(part, 0.0)
    return reader.glance()


@pytest.mark.parametrize("name", SAMPLES)
def test_it_agrees_with_the_session(name: str) -> None:
    data = sample_log(name).read_bytes()
    session = Session()
    session.feed(data, 0.0)
    session.finish()
    snapshot = session.snapshot(0.0)

    seen = glance_of(data)

    place = (seen.format, seen.runs, seen.epoch, seen.epochs, seen.step, seen.steps, seen.unit)
    assert place == (
        snapshot.format, snapshot.runs, snapshot.epoch, snapshot.epochs, snapshot.step,
        snapshot.steps, snapshot.unit,
    )  # fmt: skip
    assert seen.ended == snapshot.ended
    assert [each.name for each in seen.metrics] == [each.metric for each in snapshot.curves]
    for metric, curve in zip(seen.metrics, snapshot.curves, strict=True):
        assert metric.displayed == curve.displayed[-1]
        assert metric.higher_is_better == curve.higher_is_better
        if curve.val.size:
            best = max(curve.val) if curve.higher_is_better else min(curve.val)
            assert metric.best_val == best


@given(cut=st.integers(0, 1500))
def test_any_chunks_give_the_same(cut: int) -> None:
    data = sample_log("epoch-jump").read_bytes()
    assert glance_of(data, cut) == glance_of(data)


def test_looking_changes_nothing() -> None:
    data = sample_log("samples-bar").read_bytes()
    reader = GlanceReader()
    for begin in range(0, len(data), 2000):
        reader.feed(data[begin : begin + 2000], 0.0)
        assert reader.glance() == reader.glance()
    assert reader.glance() == glance_of(data)


@pytest.mark.parametrize("size", [20, 40, 55, 75, 130, 131])
def test_an_unfinished_line_counts_for_once(size: int) -> None:
    bar = b"Epoch 1/3\n 1/10 [=>....] - ETA: 1s - loss: 0.9000\n10/10 [====] - 1s - loss: 0.5000\n"
    data = bar + bar.replace(b"Epoch 1", b"Epoch 2")
    reader = GlanceReader()
    reader.feed(data[:size], 0.0)
    for _ in range(3):
        reader.glance()
    reader.feed(data[size:], 0.0)
    assert reader.glance() == glance_of(data)


def test_an_end_is_final() -> None:
    data = sample_log("running-mean").read_bytes()
    reader = GlanceReader()
    reader.feed(data, 0.0)
    seen = reader.glance()
    assert reader.finish() == seen


def test_before_any_progress_there_is_nothing() -> None:
    seen = glance_of(b"Using TensorFlow backend.\nEpoch 1/3\n")
    assert (seen.format, seen.epoch, seen.metrics, seen.metric()) == (None, 0, (), None)


def test_a_validation_that_is_named_otherwise_is_told_with_its_metric() -> None:
    table = (
        b"epoch     train_loss  valid_loss  accuracy  time\n"
        b"0         2.134351    1.990679    0.677778  00:01\n"
        b"1         1.714344    1.365599    0.847222  00:01\n"
    )
    (loss, accuracy) = glance_of(table).metrics
    assert (loss.name, loss.val_name, loss.val) == ("train_loss", "valid_loss", 1.365599)
    assert (accuracy.name, accuracy.val_name) == ("accuracy", "val_accuracy")


def test_nan_and_a_traceback_are_told() -> None:
    bar = b"Epoch 1/3\n 1/10 [=>....] - ETA: 1s - loss: %s\n"
    seen = glance_of(bar % b"nan")
    assert (seen.broken, seen.failed) == (("loss",), False)
    seen = glance_of(bar % b"0.5000" + b"Traceback (most recent call last):\nOSError: gone\n")
    assert (seen.broken, seen.failed, seen.ended) == ((), True, True)


def test_the_newest_run_of_a_log_is_told() -> None:
    data = sample_log("epoch-jump").read_bytes()
    reader = GlanceReader()
    reader.feed(data, 0.0)
    first = reader.glance()
    reader.restart()
    reader.feed(data, 0.0)
    assert reader.glance().runs == first.runs + 1
    assert reader.glance().metrics == first.metrics


@given(values=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=2000))
def test_a_course_is_short_and_keeps_its_mean(values: list[float]) -> None:
    trend = Trend()
    for value in values:
        trend.add(value)
    points = trend.points()
    assert len(points) <= 2 * TREND
    assert min(values) - 1e-6 <= min(points)
    assert max(points) <= max(values) + 1e-6


def test_a_course_has_gaps() -> None:
    trend = Trend()
    for value in (1.0, math.inf, 2.0):
        trend.add(value)
    first, gap, last = trend.points()
    assert (first, last) == (1.0, 2.0)
    assert math.isnan(gap)


@pytest.mark.parametrize(
    ("numbers", "told"),
    [((0, 1, 2), ("2", "1")), ((1, 1, 1), ("", "2")), ((82, 83, 455), ("455", "83"))],
)
def test_epochs_are_called_as_the_log_calls_them(
    numbers: tuple[int, ...], told: tuple[str, str]
) -> None:
    """Where its numbers grow: an outer loop calls each of its epochs the first."""
    vals = (0.9, 0.5, 0.7)
    log = "".join(
        f"Epoch {number}/1000\n - 0s - loss: 0.9036 - val_loss: {val:.4f}\n"
        for number, val in zip(numbers, vals, strict=True)
    )
    if len(set(numbers)) == 1:
        log = log.replace("/1000", "/1")
    glance = glance_of(log.encode())
    assert (glance.label, glance.metrics[0].best_label) == told


def test_decimals_are_those_of_the_session() -> None:
    lines = [
        f"Epoch [{epoch}/2], Step [{step}/60], Loss: {2 - step / 60:.4f}, Acc: {step + 9.25:.2f}%\n"
        for epoch in (1, 2)
        for step in range(1, 61)
    ]
    data = "".join(lines).encode()
    session = Session()
    session.feed(data, 0.0)
    loss, accuracy = session.snapshot(0.0).curves
    seen = glance_of(data)
    assert [each.decimals for each in seen.metrics] == [loss.decimals, accuracy.decimals] == [4, 2]
