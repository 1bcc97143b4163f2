"""Prints to estimates: on made-up runs of every law, and on real logs with their truth beside them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from math import inf, isnan, nan
from pathlib import Path

import numpy as np
import pytest

from tests.benchmarks.measuring import CORPUS, Tally, Truth, measure, measure_log, outside, ratio
from tests.simulate import Case, Shape, Simulated, estimates, number
from tui_monitor.core.averages import laws
from tui_monitor.core.averages.laws import Law
from tui_monitor.core.decoding.decoder import RunDecoder
from tui_monitor.core.decoding.estimates import of_track
from tui_monitor.core.options import DecodeOptions
from tui_monitor.core.records import Estimate, Print, Reading
from tui_monitor.core.session import Session

BARS = {
    "Keras 2, steps": Case(laws.STEPS, steps=150, epochs=3, last=9),
    "Keras 2, samples": Case(laws.SAMPLES, steps=150, epochs=3, last=9),
    "tf.keras": Case(laws.STATE, style="keras2", steps=150, epochs=3, last=9),
    "tf.keras 2.4": Case(laws.TWICE_APPENDED, style="keras2", steps=150, epochs=3, last=9),
    "Keras 3.0": Case(laws.TWICE_APPENDED, steps=150, epochs=3, last=9),
    "Keras 3.11": Case(laws.TWICE_RESET, steps=150, epochs=3, last=9),
    "Keras 3.15": Case(laws.STATE, steps=150, epochs=3, last=9),
}
every_bar = pytest.mark.parametrize("case", BARS.values(), ids=BARS.keys())


def decode(prints: list[Print], options: DecodeOptions | None = None) -> RunDecoder:
    decoder = RunDecoder(1, options or DecodeOptions())
    for p in prints:
        decoder.add(p)
    decoder.finish()
    return decoder


def assert_inside(run: Simulated, rows: list[Estimate]) -> int:
    """Every window holds its truth; returns how many there are."""
    seen = 0
    for row in rows:
        if row.from_batch is None or row.to_batch is None or row.outlier:
            continue
        if row.from_batch < row.to_batch:
            window = (row.epoch, row.from_batch, row.to_batch)
            plain = row.law == "cumulative-batch"
            assert not outside(row, run.window(row.metric, *window, weighted=not plain))
            assert row.low is None or row.value is None or row.value >= row.low - 1e-12
            assert row.high is None or row.value is None or row.value <= row.high + 1e-12
            seen += 1
    return seen


# --- every kind of bar ----------------------------------------------------------------------------


@every_bar
@pytest.mark.parametrize("every", [1.0, 7.0])
@pytest.mark.parametrize("shape", ["exp", "abrupt"])
def test_a_run_is_decoded_as_what_it_is(case: Case, every: float, shape: Shape) -> None:
    run = Simulated(replace(case, every=every, shape=shape, seed=4))
    decoder = run.decode()
    rows = estimates(decoder)
    assert decoder.law is not None
    assert decoder.law.name == case.law.name
    assert decoder.batch_size in (case.batch_size, None)
    assert len(rows) == 2 * len(run.lines)
    assert assert_inside(run, rows) > 0.9 * len(rows) - 2 * case.epochs
    for row in rows:
        if row.exact:
            assert row.from_batch is not None
            assert row.to_batch is not None
            assert row.count == run.right(row.epoch, row.from_batch, row.to_batch)
            assert row.samples == run.sizes[row.from_batch : row.to_batch].sum()


@every_bar
def test_windows_tile_the_epoch(case: Case) -> None:
    run = Simulated(replace(case, every=5.0))
    rows = [row for row in estimates(run.decode()) if row.metric == run.loss]
    for epoch in range(1, case.epochs + 1):
        done = 0
        for row in rows:
            if row.epoch == epoch:
                assert row.from_batch == done
                assert row.to_batch is not None
                done = row.to_batch
        assert done == case.steps


def test_rows_are_in_the_order_of_the_log() -> None:
    run = Simulated(Case(steps=20))
    rows = estimates(run.decode())
    expected = [(p.line, reading.metric) for p in run.prints for reading in p.readings]
    assert [(row.line, row.metric) for row in rows] == expected


@pytest.mark.parametrize(
    ("case", "most"),
    [
        (Case(laws.STATE, batch_size=256, steps=300), 1.15),
        (Case(laws.STEPS, batch_size=64, steps=400, every=5.0, last=30), 1.15),
        (Case(laws.SAMPLES, batch_size=64, steps=400, every=5.0), 1.15),
        (Case(laws.STATE, batch_size=128, steps=150, digits=3), 1.15),
        (Case(laws.TWICE_APPENDED, batch_size=64, steps=400), 2.0),
    ],
    ids=["every batch", "steps, throttled", "samples, throttled", "3 digits", "twice"],
)
def test_numbers_are_as_true_as_rounding_allows(case: Case, most: float) -> None:
    """A compact version of the fidelity benchmark."""
    each = [measure(replace(case, shape=shape)) for shape in ("exp", "abrupt", "flat")]
    for metric in case.names:
        total = Tally()
        for found in each:
            total.add(found[metric])
        assert total.outside == 0
        assert total.outside_live == 0
        assert total.exact_wrong == 0
        assert total.laws_right == total.runs
        assert total.rounding_ratio < most
        assert ratio(total.window, 0, 1) < 1.0
        if case.law.depth == 1:
            assert total.told_ratio < 1.05  # than if the level were known


@pytest.mark.parametrize("shape", ["flat", "staircase"])
def test_a_law_that_is_called_settled_is_right(shape: Shape) -> None:
    """Batches so large that a print hardly moves: its rounding error is that of the one before."""
    for seed in range(3):
        case = Case(laws.STATE, shape, batch_size=4096, steps=50, epochs=4, seed=seed)
        found = Simulated(case).decode().law
        assert found is not None
        assert found.name == "cumulative-sample" or not found.settled


def test_a_few_steps_of_samples_may_share_more_than_a_batch() -> None:
    run = Simulated(Case(laws.SAMPLES, batch_size=32, steps=150))
    thinned = [p for p in run.prints if p.step in {320, 960}]
    decoder = RunDecoder(1, DecodeOptions())
    for p in thinned[:2]:
        decoder.add(p)
    assert not decoder.batch_size_certain
    assert decoder.batch_size == 320
    again = run.decode()
    assert again.batch_size == 32
    assert again.batch_size_certain


@pytest.mark.parametrize("law", [laws.STATE, laws.TWICE_RESET], ids=lambda law: law.name)
@pytest.mark.parametrize("shape", ["exp", "flat"])
@pytest.mark.parametrize("batch_size", [16, 100])
def test_counts_tell_the_law_within_a_few_prints(law: Law, shape: Shape, batch_size: int) -> None:
    run = Simulated(Case(law, shape, batch_size=batch_size))
    decoder = RunDecoder(1, DecodeOptions())
    for p in run.prints[:16]:
        decoder.add(p)
    assert decoder.law is not None
    assert decoder.law.settled
    assert decoder.law.name == law.name


def test_a_short_last_batch_does_not_move_the_level() -> None:
    run = Simulated(Case(laws.SAMPLES, "flat", batch_size=32, steps=100, last=5))
    (last,) = [
        row
        for row in estimates(run.decode())
        if row.metric == run.accuracy and row.final and row.epoch == 2
    ]
    assert last.level is not None
    assert last.level_sd is not None
    assert abs(last.level - 0.9) < 4.0 * last.level_sd


def test_values_that_nothing_averages_may_step_between_epochs() -> None:
    run = Simulated(Case(laws.INSTANTANEOUS, "staircase", steps=500))
    rows = estimates(run.decode(DecodeOptions(law="instantaneous")))
    for row in rows:
        if row.metric == run.accuracy and row.step == 250:
            assert row.level == pytest.approx(0.5 + 0.1 * row.epoch, abs=0.02)


# --- what the user fixes --------------------------------------------------------------------------


def test_a_law_given_is_kept() -> None:
    run = Simulated(Case(laws.STATE, steps=100))
    decoder = run.decode(DecodeOptions(law="averaged-twice"))
    assert decoder.law is not None
    assert decoder.law.name == "averaged-twice"
    assert {row.law for row in estimates(decoder)} == {"averaged-twice"}


def test_values_that_nothing_averages_are_their_own_windows() -> None:
    run = Simulated(Case(laws.INSTANTANEOUS, steps=100, every=3.0))
    for row in estimates(run.decode(DecodeOptions(law="instantaneous"))):
        assert row.value == row.displayed
        assert row.to_batch is not None
        assert row.from_batch == row.to_batch - 1
        assert not outside(
            row, run.window(row.metric, row.epoch, row.from_batch, row.to_batch, weighted=True)
        )


def test_a_batch_size_given_is_kept_and_makes_windows_exact() -> None:
    run = Simulated(Case(laws.STATE, batch_size=1024, steps=40))
    decoder = run.decode(DecodeOptions(batch_size=1024))
    rows = [row for row in estimates(decoder) if row.metric == run.accuracy]
    assert decoder.batch_size == 1024
    assert sum(row.exact for row in rows) >= 8
    for row in rows:
        if row.exact and row.from_batch is not None and row.to_batch is not None:
            assert row.count == run.right(row.epoch, row.from_batch, row.to_batch)


@pytest.mark.parametrize("shape", ["exp", "sine"])
def test_a_size_that_is_but_likely_serves_the_level_and_counts_nothing(shape: Shape) -> None:
    """Batches of 4096, a print or two an epoch of which are counts: their noise is known."""
    for seed in range(3):
        case = Case(laws.STATE, shape, batch_size=4096, steps=50, epochs=4, seed=seed)
        measured = measure(case)["accuracy"]
        assert measured.sizes_wrong == 0
        assert measured.exact_wrong == 0
        assert measured.level_ratio < 1.15
        decoder = Simulated(case).decode()
        if not decoder.identity.size.is_certain:
            assert not any(row.exact for row in estimates(decoder))


@every_bar
def test_exact_rows_are_right(case: Case) -> None:
    """Also where a size is taken for its double or half as long as the prints are few."""
    for size in (16, 48, 128, 512, 1024):
        each = replace(case, shape="power", batch_size=size, steps=60, last=size // 2, seed=size)
        measured = measure(each)[case.names[1]]
        assert measured.exact_wrong == 0
        assert measured.sizes_wrong == 0


def test_a_size_is_said_once_it_is_likely_and_stays() -> None:
    run = Simulated(Case(laws.STATE, batch_size=64, steps=200, epochs=2))
    decoder = RunDecoder(1, DecodeOptions())
    said = []
    for p in run.prints:
        decoder.add(p)
        said.append(decoder.batch_size)
    first = said.index(64)
    assert first <= 8
    assert set(said[first:]) == {64}


def test_only_the_metrics_asked_for_are_kept() -> None:
    run = Simulated(Case(steps=10))
    decoder = run.decode(DecodeOptions(metric="*acc*"))
    assert list(decoder.tracks) == ["accuracy"]


# --- what may go wrong ----------------------------------------------------------------------------


def with_value(p: Print, value: float) -> Print:
    return p._replace(readings=tuple(Reading(r.metric, value, r.quantum) for r in p.readings))


@pytest.mark.parametrize("value", [nan, inf, -inf])
def test_what_is_no_number_ends_its_epoch_and_spares_the_next(value: float) -> None:
    run = Simulated(Case(laws.STATE, steps=60, epochs=3))
    bad = [
        with_value(p, value) if p.epoch == 2 and p.step is not None and p.step > 30 else p
        for p in run.prints
    ]
    options = DecodeOptions(batch_size=32)
    clean, spoilt = estimates(decode(run.prints, options)), estimates(decode(bad, options))
    assert_inside(run, [row for row in spoilt if row.epoch != 2 or (row.step or 0) <= 30])
    for good, row in zip(clean, spoilt, strict=True):
        if row.epoch != 2:
            assert (row.low, row.high, row.count) == (good.low, good.high, good.count)
            if good.level is None:  # the last line says again what the line before it said
                continue
            assert row.level is not None
            assert row.level_sd is not None
            assert row.level == pytest.approx(good.level, abs=4.0 * row.level_sd)
        elif row.step is not None and row.step > 30:
            assert isnan(row.displayed) if isnan(value) else row.displayed == value
            said = (row.value, row.low, row.high, row.count, row.level, row.level_sd)
            assert said == (None,) * 6


@pytest.mark.parametrize("law", [laws.STATE, laws.TWICE_RESET])
def test_prints_that_overtake_each_other_stay_right(law: Law) -> None:
    run = Simulated(Case(law, steps=100, epochs=2))
    prints = list(run.prints)
    for i in (10, 37, 60, 131):
        prints[i], prints[i + 1] = prints[i + 1], prints[i]
    rows = estimates(decode(prints))
    assert assert_inside(run, rows) >= 2 * 200
    assert not any(row.outlier for row in rows)


@pytest.mark.parametrize("law", [laws.STATE, laws.TWICE_RESET])
@pytest.mark.parametrize("error", [0.03, -0.03])
def test_a_corrupted_print_is_set_apart(law: Law, error: float) -> None:
    run = Simulated(Case(law, "flat", batch_size=64, steps=200, epochs=2))
    prints = list(run.prints)
    spoilt = prints[120]
    prints[120] = spoilt._replace(
        readings=tuple(r._replace(displayed=r.displayed + error) for r in spoilt.readings)
    )
    rows = [row for row in estimates(decode(prints)) if row.metric == run.accuracy]
    assert [row.line for row in rows if row.outlier] == [spoilt.line]
    assert assert_inside(run, rows) > 390


@pytest.mark.parametrize(
    "case", [Case(laws.STATE, steps=150), Case(laws.TWICE_RESET, steps=150, every=3.0)]
)
def test_an_accuracy_in_percent_is_decoded_as_the_fraction_is(case: Case) -> None:
    """Bounds but for what they allow for the error of floats, which is the same for both."""
    run = Simulated(case)
    plain = [row for row in estimates(run.decode()) if row.metric == run.accuracy]
    prints = []
    for p in run.prints:
        loss, acc = p.readings
        acc = acc._replace(displayed=100.0 * acc.displayed, quantum=100.0 * acc.quantum)
        prints.append(p._replace(readings=(loss, acc)))
    decoder = decode(prints)
    rows = [row for row in estimates(decoder) if row.metric == run.accuracy]
    assert decoder.batch_size == case.batch_size
    for row, same in zip(rows, plain, strict=True):
        assert (row.count, row.samples, row.outlier) == (same.count, same.samples, same.outlier)
        for got, fraction, error in (
            *((row.value, same.value, 1e-5), (row.level, same.level, 1e-5)),
            (row.level_sd, same.level_sd, 1e-5),
            *((row.low, same.low, 5e-3), (row.high, same.high, 5e-3)),
        ):
            assert (got is None) == (fraction is None)
            assert got == pytest.approx(None if fraction is None else 100.0 * fraction, abs=error)


@pytest.mark.parametrize("repeats", [True, False])
def test_a_last_line_that_is_not_repeated_though_it_is_due_tells_the_version(repeats: bool) -> None:
    """Keras 2.3 and tf.keras 2.0 and 2.1 show the loss as a mean of batches, later ones do not."""
    run = Simulated(Case(laws.STATE if repeats else laws.STEPS, style="keras2", steps=61, epochs=3))
    names = {"acc": "accuracy"}
    prints = [
        p._replace(
            readings=tuple(r._replace(metric=names.get(r.metric, r.metric)) for r in p.readings)
        )
        for p in run.prints
        if p.final or (p.step or 0) % 3 == 1
    ]
    decoder = decode(prints)
    law = {True: "cumulative-sample", False: "cumulative-batch"}[repeats]
    assert {row.law for row in estimates(decoder) if row.metric == "loss"} == {law}
    assert {row.law for row in estimates(decoder) if row.metric == "accuracy"} == {
        "cumulative-sample"
    }


# --- steps that are not batches -------------------------------------------------------------------


def print_of(epoch: int, step: int, steps: int, accuracy: float) -> Print:
    shown = number(float(accuracy))
    model = Simulated(Case(laws.TWICE_APPENDED, steps=2, epochs=1)).prints[0]
    reading = Reading("accuracy", shown.displayed, shown.quantum)
    return model._replace(
        epoch=epoch, label=str(epoch), step=step, steps=steps, readings=(reading,)
    )


@pytest.mark.parametrize("batches", [4, 8])
def test_several_batches_an_update(batches: int) -> None:
    """Keras 3.11 and later with `steps_per_execution`: one update tells of several batches."""
    run = Simulated(Case(laws.TWICE_RESET, batch_size=32 * batches, steps=60, epochs=3))
    prints = [p._replace(step=batches * (p.step or 0), steps=60 * batches) for p in run.prints]
    decoder = decode(prints)
    assert decoder.law is not None
    assert decoder.law.name == "averaged-twice"
    assert decoder.stride.size == batches
    assert decoder.batch_size in (32, None)
    for row in estimates(decoder):
        if row.from_batch is None or row.to_batch is None or row.from_batch == row.to_batch:
            continue
        assert row.from_batch % batches == row.to_batch % batches == 0
        window = (row.epoch, row.from_batch // batches, row.to_batch // batches)
        assert not outside(row, run.window(row.metric, *window, weighted=True))


@pytest.mark.parametrize(("steps", "stride"), [(400, 4), (401, 4), (402, 4), (403, 8)])
def test_several_batches_an_update_as_earlier_versions_count_them(steps: int, stride: int) -> None:
    """Keras 3.0-3.10: an update shows the batch that it begins with; the last line weighs the rest."""
    run = Simulated(Case(laws.PLAIN, "exp", batch_size=32, steps=steps, epochs=3))
    prints: list[Print] = []
    for epoch in range(1, 4):
        means = np.cumsum(run.batches[run.accuracy][epoch - 1]) / np.arange(1, steps + 1)
        sums, seen = 0.0, 0
        for begin in range(0, steps, stride):
            mean = means[min(begin + stride, steps) - 1]
            sums, seen = sums + (begin + 1 - seen) * mean, begin + 1
            prints.append(print_of(epoch, seen, steps, sums / seen))
        rest = max(steps - seen, 1)
        last = print_of(epoch, steps, steps, (sums + rest * mean) / (seen + rest))
        prints.append(last._replace(final=True))
    decoder = decode(prints)
    assert decoder.stride.short_first
    assert decoder.stride.size == stride
    rows = estimates(decoder)
    assert not any(row.outlier for row in rows)
    assert [row.to_batch for row in rows if row.final] == [steps] * 3
    shown = decoder.tracks["accuracy"].displayed
    assert list(shown) == [p.readings[0].displayed for p in prints]
    for row in rows:
        if row.from_batch is None or row.to_batch is None or row.from_batch == row.to_batch:
            continue
        window = (row.epoch, row.from_batch, row.to_batch)
        assert not outside(row, run.window(run.accuracy, *window, weighted=True))


@pytest.mark.parametrize("law", [laws.TWICE_APPENDED, laws.TWICE_RESET], ids=lambda law: law.key)
@pytest.mark.parametrize("first", [1, 4])
def test_a_bar_that_is_drawn_at_every_fourth_batch_is_updated_at_each(law: Law, first: int) -> None:
    run = Simulated(Case(law, "exp", batch_size=32, steps=400, epochs=3))
    shown = [p for p in run.prints if p.final or (p.step or 0) % 4 == first % 4]
    decoder = decode(shown)
    assert decoder.stride.size == 1
    for row in estimates(decoder):
        if row.metric == run.accuracy and row.from_batch is not None and row.value is not None:
            assert row.to_batch is not None
            assert row.low is not None
            assert row.high is not None
            truth = run.window(row.metric, row.epoch, row.from_batch, row.to_batch, weighted=True)
            assert row.low <= truth <= row.high


THROTTLED = np.array(
    (
        *(0.14, 0.1189, 0.1191, 0.1204, 0.1211, 0.1223, 0.1229, 0.1229, 0.1223, 0.1218, 0.1213),
        *(0.1214, 0.1215, 0.1218, 0.1222, 0.1224, 0.1224, 0.1223, 0.1223, 0.1223, 0.1224),
    )
)
"""Accuracies at steps 1, 3, .. 41 by Keras 3.11.3, of batches of 50 that took 30 ms each."""
RIGHT = np.array(
    (
        *(7, 4, 5, 7, 8, 8, 2, 8, 7, 9, 4, 6, 8, 2, 8, 3, 2, 8, 6, 4, 7),
        *(12, 6, 6, 5, 10, 9, 5, 11, 3, 2, 4, 6, 2, 7, 12, 4, 5, 9, 8, 5),
    )
)
"""Right answers of each batch."""


def test_a_bar_that_time_spaces_evenly_is_updated_at_each_batch() -> None:
    """Keras draws at most every 0.05 s."""
    prints = [
        print_of(1, 2 * i + 1, 41, shown)._replace(
            per_step=0.03, style="keras3-unknown", steps=None
        )
        for i, shown in enumerate(THROTTLED)
    ]
    decoder = decode([*prints, print_of(1, 41, 41, 0.1243)._replace(final=True)])
    assert decoder.stride.size == 1
    rows = [row for row in estimates(decoder) if row.from_batch != row.to_batch]
    assert [row.to_batch for row in rows] == list(range(1, 42, 2))
    for row in rows[:-1]:
        assert not outside(row, RIGHT[row.from_batch : row.to_batch].mean() / 50)


@pytest.mark.parametrize("law", [laws.STATE, laws.TWICE_RESET])
def test_an_epoch_of_unknown_length(law: Law) -> None:
    """The first epoch shows no total before its last line."""
    run = Simulated(Case(law, steps=80, epochs=2, last=11))
    prints = [
        p._replace(steps=None, style="keras3-unknown") if p.epoch == 1 and not p.final else p
        for p in run.prints
    ]
    decoder = decode(prints)
    assert decoder.law is not None
    assert decoder.law.name == law.name
    assert assert_inside(run, estimates(decoder)) >= 2 * 2 * 79


@pytest.mark.parametrize(
    "law",
    [
        laws.STATE,
        laws.TWICE_RESET,
    ],
)
def test_an_unknown_length_costs_only_the_newest_print(law: Law) -> None:
    """That another print follows tells that the batches before it were full ones."""
    run = Simulated(Case(law, steps=80, epochs=1))
    prints = [p if p.final else p._replace(steps=None, style="keras3-unknown") for p in run.prints]
    options = DecodeOptions(batch_size=32)
    known, unknown = estimates(decode(run.prints, options)), estimates(decode(prints, options))
    for one, other in zip(known, unknown, strict=True):
        if one.step != 80:
            assert (other.low, other.high) == pytest.approx((one.low, one.high), abs=1e-9)
            assert other.count == one.count


def test_one_line_an_epoch() -> None:
    run = Simulated(Case(laws.STATE, steps=50, epochs=30))
    prints = [p._replace(style="keras-line") for p in run.prints if p.final]
    decoder = decode(prints)
    rows = estimates(decoder)
    assert decoder.law is not None
    assert decoder.law.name == "epoch"
    assert len(rows) == 60
    assert assert_inside(run, rows) == 60
    assert all(row.value == row.displayed and row.level is not None for row in rows)


# --- real logs ------------------------------------------------------------------------------------

corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not on this machine")
LOGS = sorted(path.name for path in CORPUS.iterdir()) if CORPUS.is_dir() else []
every_log = pytest.mark.parametrize("name", LOGS)
CUT = {"k224_nan_pipe"}
"""Logs that stop before their last epoch's last line."""


@cache
def measured(name: str) -> Tally:
    return measure_log(CORPUS / name)


@cache
def decoded(folder: Path) -> tuple[Session, list[Estimate]]:
    session = Session()
    session.feed((folder / "log.txt").read_bytes(), 0.0)
    session.finish()
    return session, list(session.rows())


@corpus
@every_log
def test_a_real_log_is_decoded_as_what_it_is(name: str) -> None:
    tally = measured(name)
    assert tally.laws_right == 1
    assert tally.sizes_wrong == 0
    assert tally.outside == 0
    assert tally.outside_live == 0
    assert tally.exact_wrong == 0
    assert tally.outliers <= (6 if name.startswith("k360") else 0)


@corpus
@every_log
def test_a_real_log_has_the_epochs_it_has(name: str) -> None:
    session, rows = decoded(CORPUS / name)
    epochs = len(Truth.read(CORPUS / name).batches)
    (report,) = session.report()
    assert report.epochs == epochs
    last = [row.epoch for row in rows if row.metric == "loss" and row.final]
    assert last == list(range(1, epochs + (name not in CUT)))


@corpus
def test_nan_of_a_real_log_is_kept() -> None:
    session, rows = decoded(CORPUS / "k224_nan_pipe")
    lost = [row for row in rows if isnan(row.displayed)]
    assert lost
    assert all(row.value is None and row.level is None and row.low is None for row in lost)
    (report,) = session.report()
    assert "nan" in {finding.kind for finding in report.findings}


@corpus
def test_most_batch_sizes_of_real_logs_are_found() -> None:
    found = [measured(name).sizes_right for name in LOGS]
    assert sum(found) >= 0.9 * len(found)


@pytest.mark.parametrize("shape", ["flat", "staircase"])
def test_an_open_law_is_weighed_when_a_print_surprises(shape: Shape) -> None:
    """Under the wrong law levels of the first prints go astray; a law that is open is not kept so."""
    for seed in range(48, 56):
        case = Case(laws.STATE, shape, 256, steps=1000, epochs=1, every=10.0, last=100, seed=seed)
        run = Simulated(case)
        decoder = RunDecoder(1, DecodeOptions())
        for p in run.prints[:20]:
            for track, row in decoder.add(p):
                (said,) = of_track(decoder, track, range(row, row + 1))
                assert said.level is not None
                truth = run.level[said.metric][0, (p.step or 0) - 1]
                assert abs(said.level - truth) < 0.3 * max(truth, 1.0)
