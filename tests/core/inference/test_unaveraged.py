"""Metrics that are no means of batches, told by their prints; and means that are not taken for such."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from tests.simulate import SHAPES, Case, Shape, Simulated, number
from tui_monitor.core.averages import laws
from tui_monitor.core.averages.laws import Law
from tui_monitor.core.columns.arrays import FloatArray
from tui_monitor.core.decoding.decoder import RunDecoder
from tui_monitor.core.decoding.estimates import of_track
from tui_monitor.core.inference.evidence import Sample
from tui_monitor.core.inference.unaveraged import Doubt
from tui_monitor.core.options import DecodeOptions
from tui_monitor.core.records import Print, Reading
from tui_monitor.core.session import Session

Maker = Callable[[np.random.Generator, int, int], FloatArray]
"""Epochs and batches in; a number for each batch out, shape (epochs, batches)."""


def whole_run(values: FloatArray, epochs: int) -> FloatArray:
    return np.asarray(values.reshape(epochs, -1), dtype=np.float64)


def heavy_tailed(random: np.random.Generator, epochs: int, steps: int) -> FloatArray:
    return random.standard_cauchy((epochs, steps))


def spiky(random: np.random.Generator, epochs: int, steps: int) -> FloatArray:
    spikes = 100.0 * (random.random((epochs, steps)) < 0.03)
    return np.asarray(1.0 + 0.05 * random.standard_normal((epochs, steps)) + spikes)


def stepping(random: np.random.Generator, epochs: int, steps: int) -> FloatArray:
    levels = np.repeat(random.uniform(0.0, 3.0, epochs * steps // 17 + 1), 17)[: epochs * steps]
    return whole_run(levels + 0.02 * random.standard_normal(epochs * steps), epochs)


def wide(random: np.random.Generator, epochs: int, steps: int) -> FloatArray:
    t = np.arange(epochs * steps) / (0.7 * steps)
    return whole_run(
        10.0 ** (6.0 - 9.0 * np.minimum(t, 1.0)) * random.gamma(9.0, 1 / 9, t.size), epochs
    )


def noiseless(random: np.random.Generator, epochs: int, steps: int) -> FloatArray:
    return whole_run(0.3 + 0.2 * np.exp(-np.arange(epochs * steps) / (2.0 * steps)), epochs)


def rare(random: np.random.Generator, epochs: int, steps: int) -> FloatArray:
    return random.random((epochs, steps)) * (random.random((epochs, steps)) < 0.1)


def constant(random: np.random.Generator, epochs: int, steps: int) -> FloatArray:
    return np.full((epochs, steps), random.random())


def wandering(random: np.random.Generator, epochs: int, steps: int) -> FloatArray:
    return whole_run(np.cumsum(random.standard_normal(epochs * steps)), epochs)


def sorted_by_length(random: np.random.Generator, epochs: int, steps: int) -> FloatArray:
    return np.sort(random.gamma(4.0, 0.25, (epochs, steps)), axis=1)


def counters(random: np.random.Generator, epochs: int, steps: int) -> FloatArray:
    """Their means are whole numbers, though no counts."""
    return np.tile(32.0 * np.arange(1.0, steps + 1.0), (epochs, 1))


MEANS: tuple[Maker, ...] = (
    *(heavy_tailed, spiky, stepping, wide, noiseless, rare, constant, wandering),
    *(sorted_by_length, counters),
)


def unrelated(random: np.random.Generator, epochs: int, steps: int) -> FloatArray:
    return random.random((epochs, steps))


def last_batch(random: np.random.Generator, epochs: int, steps: int) -> FloatArray:
    level = 0.5 + 1.5 * np.exp(-np.arange(epochs * steps) / (2.0 * steps))
    return whole_run(level * random.gamma(32.0, 1 / 32, level.size), epochs)


def schedule(random: np.random.Generator, epochs: int, steps: int) -> FloatArray:
    t = np.arange(epochs * steps) / (epochs * steps)
    return whole_run(1e-3 * 0.5 * (1.0 + np.cos(np.pi * t)) + 1e-5, epochs)


def staircase(random: np.random.Generator, epochs: int, steps: int) -> FloatArray:
    steps_down = np.arange(epochs * steps) // (0.35 * steps)
    return whole_run(np.asarray(1e-3 * 0.5**steps_down, dtype=np.float64), epochs)


def best_so_far(random: np.random.Generator, epochs: int, steps: int) -> FloatArray:
    return np.maximum.accumulate(random.random((epochs, steps)), axis=1)


def samples_seen(random: np.random.Generator, epochs: int, steps: int) -> FloatArray:
    return np.tile(32.0 * np.arange(1.0, steps + 1.0), (epochs, 1))


def seconds(random: np.random.Generator, epochs: int, steps: int) -> FloatArray:
    return whole_run(np.cumsum(random.gamma(20.0, 0.005, epochs * steps)), epochs)


NO_MEANS: tuple[Maker, ...] = (
    *(unrelated, last_batch, schedule, staircase, best_so_far, samples_seen, seconds),
)


def printed(values: FloatArray, law: Law | None = None) -> FloatArray:
    """What the bar shows: the law's means, or the values themselves."""
    if law is None:
        return values
    plain = replace(law, final="same")
    return np.array([laws.forward(plain, x.tolist(), [1.0] * len(x)) for x in values])


def samples(shown: FloatArray, every: int = 1, digits: int = 4) -> list[Sample]:
    found = []
    for epoch, numbers in enumerate(shown.tolist(), start=1):
        for k, value in enumerate(numbers, start=1):
            last = k == len(numbers)
            if last or k % every == 1 % every:
                _, displayed, quantum = number(value, digits)
                found.append(Sample(epoch, k, displayed, quantum, last, last))
    return found


def doubt(found: list[Sample]) -> Doubt:
    """Weighed in time, as a run would."""
    told = Doubt()
    for at in range(0, len(found), 24):
        told.take(found[at : at + 24])
        told.weigh((1, 2))
    return told


# --- alone ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", MEANS)
@pytest.mark.parametrize("law", [laws.STATE, laws.TWICE_RESET], ids=["once", "twice"])
@pytest.mark.parametrize(("every", "digits"), [(1, 4), (1, 2), (7, 4)])
def test_a_mean_is_a_mean_whatever_its_batches(
    make: Maker, law: Law, every: int, digits: int
) -> None:
    for seed in range(2):
        values = make(np.random.default_rng(seed), 6, 120)
        assert not doubt(samples(printed(values, law), every, digits)).is_certain


@pytest.mark.parametrize("make", NO_MEANS)
def test_what_is_no_mean_is_told(make: Maker) -> None:
    told = [
        doubt(samples(make(np.random.default_rng(seed), 8, 150))).is_certain for seed in range(2)
    ]
    assert all(told)


def test_the_root_of_a_mean_cannot_be_told_from_a_mean() -> None:
    """It moves by 1/k of what a batch differs, as a mean does."""
    squares = np.random.default_rng(0).gamma(4.0, 0.25, (4, 120))
    assert not doubt(samples(np.sqrt(printed(squares, laws.STATE)))).is_certain


def test_numbers_out_of_all_proportion_are_weighed() -> None:
    wild = np.array([[0.0, 1e308, -1e308, 1e-300] * 20, [1e308, 0.0, 1e-12, -1e308] * 20])
    assert not doubt(samples(wild)).is_certain


def test_it_asks_no_more_than_it_has_to() -> None:
    shown = printed(np.random.default_rng(0).gamma(16.0, 1 / 16, (12, 80)), laws.STATE)
    told = Doubt()
    asked = [(told.asks_each, told.is_over)]
    for first in (shown[:2], shown):
        told.take(samples(first))
        told.weigh((1, 2))
        asked.append((told.asks_each, told.is_over))
    assert asked == [(True, False), (False, False), (False, True)]


# --- in a run -------------------------------------------------------------------------------------

BARS = {
    "Keras 2, steps": Case(laws.STEPS, steps=150, epochs=3, last=9),
    "tf.keras": Case(laws.STATE, style="keras2", steps=150, epochs=3, last=9),
    "Keras 3.0": Case(laws.TWICE_APPENDED, steps=150, epochs=3, last=9),
    "Keras 3.15": Case(laws.STATE, steps=150, epochs=3, last=9),
}
every_bar = pytest.mark.parametrize("case", BARS.values(), ids=BARS.keys())


def with_metric(run: Simulated, shown: FloatArray, name: str = "zap") -> list[Print]:
    """The run's prints, with another metric in each."""
    return [
        p._replace(
            readings=(
                *p.readings,
                Reading(name, *number(shown[line.epoch - 1, line.k - 1])[1:]),
            )
        )
        for line, p in zip(run.lines, run.prints, strict=True)
    ]


def decode(prints: list[Print]) -> RunDecoder:
    decoder = RunDecoder(1, DecodeOptions())
    for p in prints:
        decoder.add(p)
    decoder.finish()
    return decoder


@every_bar
@pytest.mark.parametrize("make", [unrelated, samples_seen])
def test_what_is_no_mean_is_shown_as_printed(case: Case, make: Maker) -> None:
    run = Simulated(case)
    shown = make(np.random.default_rng(5), case.epochs, case.steps)
    decoder, without = decode(with_metric(run, shown)), run.decode()
    track = decoder.tracks["zap"]
    assert track.law is laws.UNKNOWN
    for found in of_track(decoder, track, range(len(track))):
        assert found.law == "unknown"
        assert (found.value, found.low, found.high, found.level) == (None,) * 4
    assert decoder.law is not None
    assert without.law is not None
    assert decoder.law.name == without.law.name == case.law.name
    assert decoder.batch_size == without.batch_size
    for name in case.names:
        other, alone = decoder.tracks[name], without.tracks[name]
        assert other.metric == alone.metric
        np.testing.assert_array_equal(other.low.array(), alone.low.array())
        np.testing.assert_allclose(other.value.array(), alone.value.array())


@every_bar
def test_it_is_told_live_and_for_good(case: Case) -> None:
    run = Simulated(case)
    shown = unrelated(np.random.default_rng(6), case.epochs, case.steps)
    decoder = RunDecoder(1, DecodeOptions())
    told: list[str] = []
    for p in with_metric(run, shown):
        decoder.add(p)
        told.append(decoder.tracks["zap"].law.name)
    first = told.index("unknown")
    assert first < 110
    assert set(told[first:]) == {"unknown"}


@every_bar
@pytest.mark.parametrize("shape", SHAPES)
def test_a_mean_under_any_name_stays_one(case: Case, shape: Shape) -> None:
    run = Simulated(replace(case, shape=shape, seed=8))
    renamed = [
        p._replace(readings=tuple(r._replace(metric=f"my_{r.metric[0]}") for r in p.readings))
        for p in run.prints
    ]
    decoder = decode(renamed)
    assert decoder.law is not None
    assert decoder.law.name == case.law.name
    assert all(track.law.depth == case.law.depth for track in decoder.tracks.values())


def test_a_run_of_which_nothing_is_a_mean_has_no_law() -> None:
    run = Simulated(BARS["Keras 3.15"])
    shown = unrelated(np.random.default_rng(7), 3, 150)
    alone = [p._replace(readings=p.readings[-1:]) for p in with_metric(run, shown)]
    law = decode(alone).law
    assert law is not None
    assert (law.name, law.settled) == ("unknown", True)


def test_a_name_that_promises_a_range_is_believed() -> None:
    run = Simulated(BARS["tf.keras"])
    shown = 0.5 + 0.4 * unrelated(np.random.default_rng(9), 3, 150)
    decoder = decode(with_metric(run, shown, "last_acc"))
    assert decoder.as_printed == ()
    assert decoder.tracks["last_acc"].law.depth == 1
    assert decoder.tracks[run.accuracy].law.depth == 1


def test_a_law_that_is_given_is_not_doubted() -> None:
    run = Simulated(BARS["tf.keras"])
    shown = unrelated(np.random.default_rng(5), 3, 150)
    decoder = RunDecoder(1, DecodeOptions(law="cumulative-sample"))
    for p in with_metric(run, shown):
        decoder.add(p)
    assert decoder.tracks["zap"].law.depth == 1


def test_explanations_say_so() -> None:
    run = Simulated(BARS["Keras 3.15"])
    shown = unrelated(np.random.default_rng(5), 3, 150)
    log = run.log().decode()
    at = iter(number(value).text for value in shown_in_order(run, shown))
    text = "".join(
        f"{part} - zap: {next(at)}" if "ms/step" in part else part
        for part in log.replace("10ms/step", "10ms/step\0").split("\0")
    )
    session = Session()
    session.feed(text.encode(), 0.0)
    session.finish()
    (report,) = session.report()
    told = [boundary for boundary in report.boundaries if boundary.metric == "zap"]
    assert report.as_printed == ("zap",)
    assert len(told) == 2
    assert all("no mean of batches" in boundary.text for boundary in told)
    assert all(boundary.lag.value is None for boundary in told)


def shown_in_order(run: Simulated, shown: FloatArray) -> list[float]:
    return [float(shown[line.epoch - 1, line.k - 1]) for line in run.lines]
