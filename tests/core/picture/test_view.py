"""What a screen draws: columns with positions, the table of epochs, the inertia of the display."""

from __future__ import annotations

from dataclasses import fields, replace
from itertools import pairwise
from math import inf, nan
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.simulate import Case, Shape, Simulated
from tui_monitor.core.averages import laws
from tui_monitor.core.averages.laws import Law
from tui_monitor.core.columns.arrays import FloatArray, IntArray
from tui_monitor.core.columns.positions import Positions
from tui_monitor.core.decoding.decoder import RunDecoder
from tui_monitor.core.options import DecodeOptions
from tui_monitor.core.picture import view
from tui_monitor.core.picture.view import RunView
from tui_monitor.core.records import Event, Print, Reading
from tui_monitor.core.session import Session
from tui_monitor.core.snapshot import Curve, Snapshot

SAMPLES = Path(__file__).parents[3] / "sample_logs"


def decode(prints: list[Print], options: DecodeOptions | None = None) -> RunDecoder:
    decoder = RunDecoder(1, options or DecodeOptions())
    for p in prints:
        decoder.add(p)
    return decoder


def look(decoder: RunDecoder) -> RunView:
    """What is drawn of a run that was never looked at before."""
    seen = RunView(decoder)
    seen.look()
    return seen


def curve_of(decoder: RunDecoder, metric: str) -> Curve:
    return next(curve for curve in look(decoder).curves() if curve.metric == metric)


def validated(run: Simulated) -> list[Print]:
    """The prints, with a validation accuracy on the last lines."""
    name = f"val_{run.accuracy}"
    return [
        p._replace(readings=(*p.readings, Reading(name, 0.5 + 0.01 * p.epoch, 1e-4)))
        if p.final
        else p
        for p in run.prints
    ]


# --- positions ------------------------------------------------------------------------------------


def test_positions_are_batches_since_the_start() -> None:
    run = Simulated(Case(laws.STEPS, steps=30, epochs=3))
    decoder = decode(run.prints)
    ruler = look(decoder).ruler
    assert ruler.starts.tolist() == [0.0, 30.0, 60.0, 90.0]
    assert ruler.position(2, 7.0) == 37.0
    assert ruler.position(2, None) == 60.0
    curve = curve_of(decoder, "acc")
    assert curve.x.tolist() == list(range(1, 91))
    assert curve.x_from.tolist() == list(range(90))


def test_an_epoch_that_is_under_way_ends_where_it_is() -> None:
    run = Simulated(Case(laws.STEPS, steps=30, epochs=2))
    ruler = look(decode(run.prints[:40])).ruler
    assert ruler.starts.tolist() == [0.0, 30.0, 40.0]


def test_positions_are_epochs_where_nothing_is_finer() -> None:
    run = Simulated(Case(laws.STATE, steps=30, epochs=5))
    decoder = decode([p._replace(style="keras-line") for p in run.prints if p.final])
    ruler = look(decoder).ruler
    curve = curve_of(decoder, "loss")
    assert not ruler.by_batch
    assert curve.x.tolist() == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert curve.x_from.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]


def placed_print(epoch: int, step: int, steps: int, *, final: bool, **shown: float) -> Print:
    """A print of the batch `step` of `steps`."""
    readings = tuple(Reading(name, value, 1e-4) for name, value in shown.items())
    times = (None, None, None)
    where = (1, epoch, str(epoch), 3, "bar", step, steps)
    return Print(*where, "batch", readings, final, step, 0, *times)


def test_an_epoch_that_is_over_is_as_long_as_it_says() -> None:
    """Its newest batches need not be printed; of the one under way nobody knows when it stops."""
    prints = [
        placed_print(epoch, step, 90, final=False, loss=1.0 / (step + 90 * epoch))
        for epoch in (1, 2)
        for step in range(1, 90, 10)
    ]
    decoder = RunDecoder(1, DecodeOptions())
    seen = RunView(decoder)
    for p in prints:
        decoder.add(p)
        seen.look()
    assert seen.ruler.starts.tolist() == [0.0, 90.0, 171.0]
    decoder.add(placed_print(2, 81, 90, final=True, val_loss=0.5))
    seen.look()
    assert seen.ruler.starts.tolist() == [0.0, 90.0, 180.0]


def test_steps_that_go_on_over_epochs_are_drawn_one_after_another() -> None:
    """As CSV files of Lightning have them, and iterations of MMCV."""
    decoder = RunDecoder(1, DecodeOptions())
    seen = RunView(decoder)
    for step in range(50, 450, 50):
        p = placed_print(1 + step // 140, step, 0, final=False, loss=1.0 / step)
        decoder.add(p._replace(steps=None))
        seen.look()
    assert seen.ruler.starts.tolist() == [0.0, 100.0, 250.0, 400.0]
    assert seen.curves()[0].x.tolist() == [float(step) for step in range(50, 450, 50)]


def test_a_total_of_several_epochs_is_the_length_of_none() -> None:
    prints = [
        placed_print(epoch, step, 60, final=False, loss=0.5)
        for epoch in (1, 2, 3)
        for step in (1, 7, 13, 20)
    ]
    assert look(decode(prints)).ruler.starts.tolist() == [0.0, 20.0, 40.0, 60.0]


# --- curves ---------------------------------------------------------------------------------------


def test_columns_of_a_curve_are_those_of_the_prints() -> None:
    run = Simulated(Case(laws.STATE, style="keras2", steps=40, epochs=2, every=3.0))
    decoder = decode(validated(run))
    curve = curve_of(decoder, run.accuracy)
    assert curve.displayed.tolist() == [x.numbers[run.accuracy].displayed for x in run.lines]
    columns = [curve.x, curve.x_from, curve.value, curve.low, curve.high, curve.level]
    assert {len(column) for column in [*columns, curve.level_sd]} == {len(run.lines)}
    assert np.all(np.diff(curve.x) >= 0.0)
    finite = np.isfinite(curve.value)
    assert np.all(curve.low[finite] <= curve.value[finite])
    assert np.all(curve.value[finite] <= curve.high[finite])
    assert curve.bounds == (0.0, 1.0)
    assert curve.higher_is_better
    assert curve.has_level
    assert curve.law == decoder.law


def test_validation_points_stand_at_the_ends_of_epochs() -> None:
    run = Simulated(Case(laws.STEPS, steps=20, epochs=3))
    decoder = decode(validated(run))
    curve = curve_of(decoder, "acc")
    assert curve.val_metric == "val_acc"
    assert curve.val_x.tolist() == [20.0, 40.0, 60.0]
    assert curve.val.tolist() == [0.51, 0.52, 0.53]
    loss = curve_of(decoder, "loss")
    assert loss.val_metric is None
    assert len(loss.val_x) == len(loss.val) == 0


def test_validation_amid_an_epoch_stands_where_it_was_made() -> None:
    def at(step: int, done: bool, **shown: float) -> Print:
        readings = tuple(Reading(name, value, 1e-4) for name, value in shown.items())
        times = (None, None, None)
        return Print(1, 1, "", 1, "bar", step, 40, "batch", readings, done, step, 0, *times)

    prints = [
        at(10, False, loss=0.5),
        *(at(10, False, eval_loss=0.75), at(20, False, loss=0.4), at(20, False, eval_loss=0.7)),
        *(at(40, True, loss=0.3), at(40, True, eval_loss=0.6)),
    ]
    curve = curve_of(decode(prints), "loss")
    assert curve.val_metric == "eval_loss"
    assert list(curve.val_x) == [10.0, 20.0, 40.0]
    assert list(curve.val) == [0.75, 0.7, 0.6]


def test_prints_that_overtook_each_other_are_drawn_in_order() -> None:
    run = Simulated(Case(laws.STATE, steps=40, epochs=1))
    prints = list(run.prints)
    prints[20], prints[21] = prints[21], prints[20]
    decoder = decode(prints)
    curve = curve_of(decoder, "loss")
    assert np.all(np.diff(curve.x) >= 0.0)


def test_validations_are_drawn_where_nothing_else_is_printed() -> None:
    decoder = RunDecoder(1, DecodeOptions())
    seen = RunView(decoder)
    for step in (1, 2, 3):
        decoder.add(placed_print(1, step, 9, final=False, val_loss=0.5 / step))
        seen.look()
    (curve,) = seen.curves()
    assert (curve.metric, curve.val_metric) == ("val_loss", None)
    assert curve.x.tolist() == [1.0, 2.0, 3.0]
    assert curve.displayed.tolist() == [0.5, 0.25, 0.5 / 3]
    assert [row.metric for row in seen.epoch_rows(())] == ["val_loss"]
    # As soon as the training prints numbers, they are its.
    decoder.add(placed_print(1, 4, 9, final=False, loss=0.25))
    seen.look()
    (curve,) = seen.curves()
    assert (curve.metric, curve.val_metric) == ("loss", "val_loss")
    assert [row.metric for row in seen.epoch_rows(())] == ["loss"]


# --- inertia --------------------------------------------------------------------------------------


def moves(law: Law, shown: list[float], batch: float) -> float:
    """How far one more batch of this value moves what the law shows."""
    plain = replace(law, final="same")
    before = laws.forward(plain, shown, [1.0] * len(shown))[-1]
    return laws.forward(plain, [*shown, batch], [1.0] * (len(shown) + 1))[-1] - before


@pytest.mark.parametrize(
    ("law", "shape", "k"),
    [
        *((laws.STATE, "exp", k) for k in (1, 5, 60)),
        *((laws.STATE, "flat", k) for k in (1, 5, 60)),
        *((laws.TWICE_RESET, "exp", k) for k in (1, 5, 60)),
    ],
)
def test_inertia_is_the_most_that_one_more_batch_moves(law: Law, shape: Shape, k: int) -> None:
    run = Simulated(Case(law, shape, steps=80, epochs=1))
    decoder = decode(run.prints[:k], DecodeOptions(law=law.name))
    found = view.inertia(decoder.tracks["accuracy"])
    assert found is not None
    x = run.batches["accuracy"][0, :k].tolist()
    # where the bar averages twice the running mean that draws the number along is an estimate
    assert found == pytest.approx(
        (max(-moves(law, x, 0.0), 0.0), moves(law, x, 1.0)),
        rel=0.01 if law.depth == 1 else 0.05,
        abs=1e-4 / k,
    )


def test_inertia_of_a_loss_has_no_upper_end() -> None:
    run = Simulated(Case(laws.STATE, steps=30, epochs=1))
    found = view.inertia(decode(run.prints[:10]).tracks["loss"])
    assert found is not None
    assert found[1] == inf
    assert 0.0 < found[0] < inf


def test_a_finished_epoch_or_a_lost_number_has_no_inertia() -> None:
    run = Simulated(Case(laws.STATE, steps=30, epochs=1))
    assert view.inertia(decode(run.prints).tracks["loss"]) is None
    lost = run.prints[5]._replace(readings=(Reading("loss", nan, 0.0),))
    assert view.inertia(decode([*run.prints[:5], lost]).tracks["loss"]) is None


# --- the table of epochs --------------------------------------------------------------------------


def test_a_row_an_epoch_and_metric() -> None:
    run = Simulated(Case(laws.STEPS, batch_size=128, steps=50, epochs=3))
    prints = [p._replace(elapsed=10.0 * p.epoch) if p.final else p for p in validated(run)]
    decoder = decode(prints)
    decoder.finish()
    events = [
        Event(1, 2, "learning-rate", "halved", 1, 0.5),
        Event(1, 2, "checkpoint", "saved", 2),
        Event(1, 2, "checkpoint", "saved again", 3),
        Event(1, 3, "other", "a remark", 4),
    ]
    rows = look(decoder).epoch_rows(events)
    assert [(row.epoch, row.metric) for row in rows] == [
        (epoch, name) for epoch in (1, 2, 3) for name in ("loss", "acc")
    ]
    assert [row.seconds for row in rows if row.metric == "acc"] == [10.0, 20.0, 30.0]
    assert [row.val for row in rows if row.metric == "acc"] == [0.51, 0.52, 0.53]
    assert [row.val for row in rows if row.metric == "loss"] == [None] * 3
    assert [row.marks for row in rows] == ["", "", *["learning-rate, checkpoint"] * 2, "", ""]
    for row in rows:
        truth = run.level[row.metric][row.epoch - 1, -1]
        assert row.level_end is not None
        assert row.level_end_sd is not None
        assert abs(row.level_end - truth) < 4.0 * row.level_end_sd
        final = [x for x in run.lines if x.epoch == row.epoch and x.final]
        assert row.displayed == final[0].numbers[row.metric].displayed


@pytest.mark.parametrize("name", ["keras2-outer-loop.log", "keras3-averaged-twice.log"])
def test_the_table_tells_the_levels_of_the_curves(name: str) -> None:
    session = Session()
    session.feed((SAMPLES / name).read_bytes(), 0.0)
    session.finish()
    seen = session.snapshot(0.0)
    assert seen.epoch_ends.size == 3
    for curve in seen.curves:
        known = np.isfinite(curve.level)
        last = np.searchsorted(curve.x[known], seen.epoch_ends, side="right") - 1
        ends = [row.level_end for row in seen.epoch_rows if row.metric == curve.metric]
        assert ends == curve.level[known][last].tolist()


def test_single_batches_beside_an_average_are_not_called_one() -> None:
    session = Session()
    for step in range(1, 241):
        epoch, k = divmod(step - 1, 80)
        x = 1.0 + ((step * 7919) % 101) / 101
        k = k + 1
        mean = sum(1.0 + ((s * 7919) % 101) / 101 for s in range(step - k + 1, step + 1)) / k
        line = f'{{"epoch": {epoch}, "step": {step}, "loss": {x:.6f}, "avg_loss": {mean:.6f}}}\n'
        session.feed(line.encode(), 0.0)
    session.finish()
    laws_of = {curve.metric: curve.law.name for curve in session.snapshot(0.0).curves}
    assert laws_of == {"loss": "instantaneous", "avg_loss": "cumulative-batch"}


def test_an_epoch_under_way_has_a_row_too() -> None:
    run = Simulated(Case(laws.STEPS, steps=50, epochs=2))
    rows = look(decode(run.prints[:70])).epoch_rows([])
    assert [row.epoch for row in rows] == [1, 1, 2, 2]
    assert rows[-1].seconds is None
    assert rows[-1].level_end is not None


def test_a_last_line_that_repeats_its_step_ends_the_epoch_at_the_level_of_the_bar() -> None:
    """As Keras 2 prints it: the last step of the bar, then the same with validation behind it."""
    session = Session()
    batches = 2.0 + np.random.RandomState(3).normal(0.0, 0.2, 50)
    shown = np.cumsum(batches) / np.arange(1, 51)
    session.feed(b"Epoch 1/3\n", 0.0)
    for k, loss in enumerate(shown, start=1):
        session.feed(f"{k:2}/50 [=>...] - ETA: 1s - loss: {loss:.4f}\n".encode(), 0.1 * k)
    before = session.snapshot(5.0).epoch_rows[-1]
    last = f"50/50 [=====] - 1s 2ms/step - loss: {shown[-1]:.4f} - val_loss: 1.6000\n"
    session.feed(last.encode(), 5.1)
    after = session.snapshot(5.2).epoch_rows[-1]
    assert before.level_end is not None
    assert after.val == 1.6
    assert after.level_end == pytest.approx(before.level_end, abs=0.05)
    assert after.level_end_sd is not None


# --- looking again --------------------------------------------------------------------------------


def drawn(snapshot: Snapshot) -> list[object]:
    """All of a snapshot that comes from the view, comparable."""
    columns = [[getattr(curve, field.name) for field in fields(Curve)] for curve in snapshot.curves]
    return [
        [[x.tolist() if isinstance(x, np.ndarray) else x for x in each] for each in columns],
        snapshot.epoch_rows,
        snapshot.epoch_ends.tolist(),
        snapshot.event_x.tolist(),
    ]


@pytest.mark.parametrize("name", sorted(path.name for path in SAMPLES.glob("*.log")))
@settings(max_examples=3)
@given(data=st.data())
def test_it_does_not_matter_how_often_one_looked(name: str, data: st.DataObject) -> None:
    log = (SAMPLES / name).read_bytes()[:40_000]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(log)), max_size=12)))
    watched, left = Session(), Session()
    for begin, end in pairwise([0, *cuts, len(log)]):
        quiet = data.draw(st.booleans())
        for session in (watched, left):
            session.feed(log[begin:end], 0.0)
            if quiet:
                session.settle(0.0)
        watched.snapshot(0.0)
        assert_same(drawn(watched.snapshot(0.0)), drawn(watched.snapshot(0.0)))
    assert_same(drawn(watched.snapshot(0.0)), drawn(left.snapshot(0.0)))
    watched.finish()
    left.finish()
    assert_same(drawn(watched.snapshot(0.0)), drawn(left.snapshot(0.0)))


def test_what_is_drawn_of_an_epoch_sharpens_before_it_is_over() -> None:
    session = Session()
    session.feed(Simulated(Case(laws.STEPS, steps=300, epochs=1)).log()[:20_000], 0.0)
    came = [row.level for row in session.take_rows() if row.metric == "acc"]
    drawn = next(c.level.tolist() for c in session.snapshot(0.0).curves if c.metric == "acc")
    assert len(came) == len(drawn) > 200
    assert sum(a != b for a, b in zip(came, drawn, strict=True)) > 150
    assert came[-1] == drawn[-1]


def assert_same(one: object, other: object) -> None:
    # The text of a float tells it whole, and that of nan is equal to itself.
    assert repr(one) == repr(other)


def test_a_picture_costs_what_is_new_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Simulated(Case(laws.STEPS, steps=60, epochs=30))
    decoder = decode(run.prints)
    seen = look(decoder)
    seen.epoch_rows([])
    decoder.add(run.prints[0]._replace(epoch=31))
    read: list[int] = []
    counted = Positions.counted

    def counting(places: Positions, at: slice | IntArray) -> FloatArray:
        found = counted(places, at)
        read.append(len(found))
        return found

    monkeypatch.setattr(Positions, "counted", counting)
    seen.look()
    assert seen.epoch_rows([])[-1].epoch == 31
    # Of 1800 prints of each metric those of the epoch that has just ended, whose level was smoothed.
    assert 0 < max(read) <= 61
    assert len(read) <= 6


def test_a_metric_that_is_printed_no_more_is_seen_from_its_end_from_then_on() -> None:
    """Of an epoch that another metric goes on from nothing is to come."""
    run = Simulated(Case(laws.STEPS, steps=60, epochs=1))
    again = [p._replace(epoch=2, readings=p.readings[:1], final=False) for p in run.prints[:20]]
    decoder, session = decode([*run.prints, *again]), decode(run.prints)
    session.finish()
    kept, over = curve_of(decoder, "acc"), curve_of(session, "acc")
    assert kept.level_sd == pytest.approx(over.level_sd)
