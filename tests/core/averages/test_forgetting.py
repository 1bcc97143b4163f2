"""Means that forget: exponential, sliding and over intervals; windows, level and faults."""

from __future__ import annotations

from dataclasses import replace
from math import inf, isnan, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.simulate import SHAPES, Case, Simulated, estimates, follow_batches
from tui_monitor.core.averages import laws
from tui_monitor.core.averages.bounds import Interval, printed
from tui_monitor.core.averages.chain import Chain
from tui_monitor.core.averages.fading import plain_mean
from tui_monitor.core.averages.laws import LAWS, Law
from tui_monitor.core.columns.positions import Position
from tui_monitor.core.decoding.decoder import RunDecoder
from tui_monitor.core.decoding.places import FARTHEST
from tui_monitor.core.explaining.boundaries import Explainer
from tui_monitor.core.metrics import describe
from tui_monitor.core.options import DecodeOptions
from tui_monitor.core.records import Estimate, LawName, Reading

FORGETTING = [law for law in LAWS.values() if law.name in ("exponential", "sliding", "interval")]
every_law = pytest.mark.parametrize("law", FORGETTING, ids=[law.key for law in FORGETTING])
bounded = settings(max_examples=15, derandomize=True)


def truth(run: Simulated, row: Estimate) -> float:
    """Mean of the row's window."""
    assert row.from_batch is not None
    assert row.to_batch is not None
    return run.window(row.metric, row.epoch, row.from_batch, row.to_batch, weighted=False)


def rms(errors: list[float]) -> float:
    return float(np.sqrt(np.mean(np.square(errors))))


# --- windows --------------------------------------------------------------------------------------


@every_law
@given(
    seed=st.integers(0, 2**16),
    every=st.floats(1.0, 12.0),
    digits=st.integers(3, 6),
    batch_size=st.sampled_from([1, 8, 64]),
)
@bounded
def test_the_truth_is_inside_the_bounds(
    law: Law, seed: int, every: float, digits: int, batch_size: int
) -> None:
    run = Simulated(Case(law, "power", batch_size, 60, 3, digits, every, seed=seed))
    rows = estimates(run.decode())
    assert len(rows) == 2 * len(run.lines)
    for row in rows:
        assert row.law == law.name
        assert not row.outlier
        assert row.value is not None
        if row.low is not None:
            assert row.low - 1e-12 <= min(row.value, truth(run, row) + 1e-9)
        if row.high is not None:
            assert row.high + 1e-12 >= max(row.value, truth(run, row) - 1e-9)


@every_law
def test_windows_tile_the_run(law: Law) -> None:
    """But for batches that a sliding mean has left before it was printed."""
    run = Simulated(Case(law, steps=60, epochs=3, every=4.0, seed=1))
    done = 0
    for row in estimates(run.decode()):
        if row.metric == run.loss:
            assert row.from_batch is not None
            assert row.to_batch is not None
            start = 60 * (row.epoch - 1)
            if law.window is None:
                assert start + row.from_batch == done
            else:
                assert start + row.from_batch == max(done, start + row.to_batch - law.window)
            done = start + row.to_batch


@every_law
def test_each_batch_is_taken_out_of_what_is_printed(law: Law) -> None:
    run = Simulated(Case(law, batch_size=32, steps=300, epochs=2, digits=5, seed=3))
    for name in (run.accuracy, run.loss):
        rows = [row for row in estimates(run.decode()) if row.metric == name]
        decoded = [(row.value or 0.0) - truth(run, row) for row in rows]
        shown = [row.displayed - truth(run, row) for row in rows]
        assert rms(decoded) <= max(0.05 * rms(shown), 1e-5)


@given(
    values=st.lists(st.floats(0.0, 1.0), min_size=1, max_size=12),
    weights=st.lists(st.floats(0.05, 20.0), min_size=12, max_size=12),
    high=st.sampled_from([1.0, 2.5, inf]),
    room=st.floats(0.0, 0.1),
)
@bounded
def test_a_weighted_mean_bounds_the_plain_one(
    values: list[float], weights: list[float], high: float, room: float
) -> None:
    weights = weights[: len(values)]
    mean = float(np.average(values, weights=weights))
    found = plain_mean(Interval(mean - room, mean + room), weights, 0.0, high)
    assert found.low - 1e-9 <= np.mean(values) <= found.high + 1e-9


def test_bounds_of_a_plain_mean_by_hand() -> None:
    # weights 1 and 3, a weighted mean of 0.5: x + 3 y = 2, each at most 1
    assert plain_mean(Interval(0.5, 0.5), [1.0, 3.0], 0.0, 1.0) == pytest.approx((1 / 3, 2 / 3))
    # without a limit all may lie in the one that weighs least
    assert plain_mean(Interval(0.5, 0.5), [1.0, 3.0], 0.0, inf) == pytest.approx((1 / 3, 1.0))
    assert plain_mean(Interval(0.5, 0.5), [1.0, 3.0], -inf, inf) == (-inf, inf)


def test_later_prints_narrow_earlier_sums() -> None:
    """A batch is no less than 0 and no more than 1, so a print tells of those before."""
    law = replace(laws.SEEDED_90, decay=0.5)
    chain = Chain(law, describe("acc"), None)
    values = [0.5, 0.0, 1.0, 1.0, 0.0]
    for k, d in enumerate(laws.forward(law, values, [1.0] * 5), start=1):
        place = Position(1, k, float(k), ragged=False, final=False)
        assert chain.push(k - 1, place, printed(d, 0.2 if k < 5 else 1e-6))
    before = [chain.window(index) for index in range(1, 6)]
    changed = chain.tighten()
    after = [chain.window(index) for index in range(1, 6)]
    assert changed
    for index, (old, new) in enumerate(zip(before, after, strict=True), start=1):
        (_, low0, high0, _), (_, low, high, _) = old, new
        assert low0 <= low <= values[index - 1] + 1e-9
        assert high0 >= high >= values[index - 1] - 1e-9
        assert (old != new) <= (index in changed)


# --- the level ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "law",
    [laws.DEBIASED_98, laws.SEEDED_90, laws.SLIDING_20, laws.INTERVAL],
    ids=lambda law: law.key,
)
def test_the_level_is_as_good_as_of_unrounded_batches(law: Law) -> None:
    for name in ("loss", "acc"):
        errors: list[float] = []
        unrounded: list[float] = []
        inside: list[bool] = []
        for seed, shape in enumerate(4 * SHAPES):
            run = Simulated(Case(law, shape, batch_size=32, steps=200, epochs=2, seed=seed))
            best = follow_batches(run, name).smoothed - run.level[name]
            unrounded.extend(best.ravel().tolist())
            for row in estimates(run.decode()):
                if row.metric == name:
                    assert row.level is not None
                    assert row.level_sd is not None
                    at = (row.epoch - 1, (row.to_batch or 0) - 1)
                    errors.append(row.level - run.level[name][at])
                    inside.append(abs(errors[-1]) <= 2.0 * row.level_sd)
        assert rms(errors) <= 1.1 * rms(unrounded)
        assert np.mean(inside) > 0.92


# --- faults ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("law", [laws.SEEDED_90, laws.DEBIASED_98, laws.SLIDING_10])
def test_an_impossible_print_is_set_apart(law: Law) -> None:
    run = Simulated(Case(law, steps=80, epochs=1, seed=2))
    prints = list(run.prints)
    loss, acc = prints[40].readings
    prints[40] = prints[40]._replace(readings=(loss, acc._replace(displayed=0.99)))
    decoder = RunDecoder(1, DecodeOptions())
    for p in prints:
        decoder.add(p)
    rows = [row for row in estimates(decoder) if row.metric == run.accuracy]
    assert [at for at, row in enumerate(rows) if row.outlier] == [40]
    for row in rows[:40] + rows[41:]:
        assert row.low is not None
        assert row.high is not None
        assert row.low - 1e-9 <= truth(run, row) <= row.high + 1e-9


@every_law
@pytest.mark.parametrize("value", [nan, inf])
def test_what_is_no_number_spoils_no_more_than_it_must(law: Law, value: float) -> None:
    """An exponential mean is lost for good, and so its prints; others go on without it."""
    run = Simulated(Case(law, steps=60, epochs=2, seed=2))
    prints = []
    for at, p in enumerate(run.prints):
        held = law.decay < 1.0 and at >= 30
        spoilt = held or at == 30 or (law.window is not None and 30 <= at < 30 + law.window)
        loss, acc = p.readings
        prints.append(p._replace(readings=(loss._replace(displayed=value), acc)) if spoilt else p)
    decoder = RunDecoder(1, DecodeOptions())
    for p in prints:
        decoder.add(p)
    rows = estimates(decoder)
    for at, row in enumerate(row for row in rows if row.metric == run.loss):
        if np.isfinite(row.displayed):
            assert row.value is not None
            assert row.low is not None
            assert row.low - 1e-9 <= truth(run, row) <= (inf if row.high is None else row.high)
        else:
            assert row.value is None
            assert at >= 30
    spared = [row for row in rows if row.metric == run.accuracy]
    assert all(row.value is not None and not isnan(row.value) for row in spared)


@every_law
def test_a_print_that_is_taken_back_leaves_no_trace(law: Law) -> None:
    run = Simulated(Case(law, steps=70, epochs=2, every=2.0, seed=6))
    plain = run.decode()
    other = RunDecoder(1, DecodeOptions())
    for p in run.prints:
        marks = {name: track.checkpoint() for name, track in other.tracks.items()}
        wrong = tuple(r._replace(displayed=0.9 * r.displayed) for r in p.readings)
        other.add(p._replace(readings=wrong), provisional=True)
        other.prints.pop()
        for name, track in list(other.tracks.items()):
            if name in marks:
                track.rollback(marks[name])
            else:
                del other.tracks[name]
        other.add(p)
    other.finish()
    assert estimates(other) == estimates(plain)


def test_a_run_of_which_the_beginning_is_missing() -> None:
    """The first interval is as long as the second: what came before was in other prints."""
    run = Simulated(Case(laws.INTERVAL, steps=80, epochs=1, seed=4))
    prints = [p for p in run.prints if p.step is not None and p.step % 10 == 0 and p.step > 40]
    decoder = RunDecoder(1, DecodeOptions())
    for p in prints:
        decoder.add(p)
    rows = [row for row in estimates(decoder) if row.metric == run.loss]
    assert [row.from_batch for row in rows] == [40, 50, 60, 70]


# --- laws that a format knows, and laws that a user gives -----------------------------------------


def test_each_metric_may_have_a_law_of_its_own() -> None:
    run = Simulated(Case(laws.SEEDED_90, steps=50, epochs=1))
    prints = []
    for p in run.prints:
        loss = p.readings[0]
        value = run.batches[run.accuracy][0, (p.step or 0) - 1]
        prints.append(p._replace(readings=(loss, Reading("acc", value, 1e-6, "instantaneous"))))
    decoder = RunDecoder(1, DecodeOptions())
    for p in prints:
        decoder.add(p)
    assert {row.metric: row.law for row in estimates(decoder)} == {
        "loss": "exponential",
        "acc": "instantaneous",
    }


@pytest.mark.parametrize("name", sorted({law.name for law in LAWS.values()}))
def test_any_law_may_be_given(name: LawName) -> None:
    run = Simulated(Case(steps=40, epochs=2))
    decoder = run.decode(DecodeOptions(law=name))
    assert decoder.law is not None
    assert decoder.law.name == name
    assert {row.law for row in estimates(decoder)} == {name}


# --- hostile positions ----------------------------------------------------------------------------


def test_a_law_may_go_on_after_thousands_of_epochs() -> None:
    first = Simulated(Case(laws.SEEDED_90, steps=2, epochs=1)).prints[0]
    decoder = RunDecoder(1, DecodeOptions())
    for epoch in range(1, 3000):
        single = tuple(r._replace(law="instantaneous") for r in first.readings)
        decoder.add(first._replace(epoch=epoch, step=2, steps=2, readings=single))
    new = tuple(r._replace(metric=f"{r.metric} (avg)") for r in first.readings)
    decoder.add(first._replace(epoch=3000, step=1, steps=2, readings=new))
    (row,) = (row for row in estimates(decoder) if row.metric == "loss (avg)")
    assert (row.epoch, row.to_batch) == (3000, 1)


@pytest.mark.parametrize("law", [laws.STEPS, laws.TWICE_RESET, laws.SEEDED_90, laws.SLIDING_20])
def test_a_step_beyond_all_reason_costs_no_more_than_others(law: Law) -> None:
    run = Simulated(Case(law, steps=40, epochs=2))
    decoder = RunDecoder(1, DecodeOptions())
    for at, p in enumerate(run.prints):
        far = {10: 999_999_999_999, 50: 10**9}.get(at)
        decoder.add(p if far is None else p._replace(step=far, steps=None))
    decoder.finish()
    rows = [row for row in estimates(decoder) if row.metric == run.loss]
    assert len(rows) == len(run.prints)
    # what came before is as true as ever
    for row in rows[:10]:
        assert row.low is not None
        assert row.high is not None
        assert row.low - 1e-9 <= truth(run, row) <= row.high + 1e-9


def test_so_does_a_sample_beyond_all_reason() -> None:
    run = Simulated(Case(laws.SAMPLES, batch_size=32, steps=40, epochs=2))
    decoder = RunDecoder(1, DecodeOptions(law="averaged-twice", batch_size=32))
    for at, p in enumerate(run.prints):
        decoder.add(p if at != 10 else p._replace(step=32 * FARTHEST + 32, steps=None))
    decoder.finish()
    rows = [row for row in estimates(decoder) if row.metric == run.loss]
    assert [row.to_batch for row in rows[9:12]] == [10, None, 12]


def test_a_print_after_no_batch_at_all_is_no_evidence() -> None:
    run = Simulated(Case(laws.TWICE_RESET, steps=60, epochs=3))
    decoder = RunDecoder(1, DecodeOptions())
    for p in run.prints:
        if p.step == 1:
            decoder.add(p._replace(step=0))
        decoder.add(p)
    decoder.finish()
    assert len(Explainer().find(decoder, ())) == 4
