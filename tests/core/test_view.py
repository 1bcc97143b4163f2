"""What a screen draws: columns with positions, the table of epochs, the inertia of the display."""

from __future__ import annotations

from dataclasses import replace
from math import inf, nan

import numpy as np
import pytest

from tests.simulate import Case, Shape, Simulated
from tui_monitor.core import laws, view
from tui_monitor.core.decoder import RunDecoder
from tui_monitor.core.laws import Law
from tui_monitor.core.options import DecodeOptions
from tui_monitor.core.records import Event, Print, Reading


def decode(prints: list[Print], options: DecodeOptions | None = None) -> RunDecoder:
    decoder = RunDecoder(1, options or DecodeOptions())
    for p in prints:
        decoder.add(p)
    return decoder


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
    ruler = view.Ruler(decoder)
    assert ruler.starts.tolist() == [0.0, 30.0, 60.0, 90.0]
    assert ruler.position(2, 7.0) == 37.0
    assert ruler.position(2, None) == 60.0
    curve = view.curve(decoder, decoder.tracks["acc"], ruler)
    assert curve.x.tolist() == list(range(1, 91))
    assert curve.x_from.tolist() == list(range(90))


def test_an_epoch_that_is_under_way_ends_where_it_is() -> None:
    run = Simulated(Case(laws.STEPS, steps=30, epochs=2))
    ruler = view.Ruler(decode(run.prints[:40]))
    assert ruler.starts.tolist() == [0.0, 30.0, 40.0]


def test_positions_are_epochs_where_nothing_is_finer() -> None:
    run = Simulated(Case(laws.STATE, steps=30, epochs=5))
    decoder = decode([p._replace(style="keras-line") for p in run.prints if p.final])
    ruler = view.Ruler(decoder)
    curve = view.curve(decoder, decoder.tracks["loss"], ruler)
    assert not ruler.by_batch
    assert curve.x.tolist() == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert curve.x_from.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]


# --- curves ---------------------------------------------------------------------------------------


def test_columns_of_a_curve_are_those_of_the_prints() -> None:
    run = Simulated(Case(laws.STATE, style="keras2", steps=40, epochs=2, every=3.0))
    decoder = decode(validated(run))
    track = decoder.tracks[run.accuracy]
    curve = view.curve(decoder, track, view.Ruler(decoder))
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
    curve = view.curve(decoder, decoder.tracks["acc"], view.Ruler(decoder))
    assert curve.val_metric == "val_acc"
    assert curve.val_x.tolist() == [20.0, 40.0, 60.0]
    assert curve.val.tolist() == [0.51, 0.52, 0.53]
    loss = view.curve(decoder, decoder.tracks["loss"], view.Ruler(decoder))
    assert loss.val_metric is None
    assert len(loss.val_x) == len(loss.val) == 0


def test_prints_that_overtook_each_other_are_drawn_in_order() -> None:
    run = Simulated(Case(laws.STATE, steps=40, epochs=1))
    prints = list(run.prints)
    prints[20], prints[21] = prints[21], prints[20]
    decoder = decode(prints)
    curve = view.curve(decoder, decoder.tracks["loss"], view.Ruler(decoder))
    assert np.all(np.diff(curve.x) >= 0.0)


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
    rows = view.epoch_rows(decoder, events)
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


def test_an_epoch_under_way_has_a_row_too() -> None:
    run = Simulated(Case(laws.STEPS, steps=50, epochs=2))
    rows = view.epoch_rows(decode(run.prints[:70]), [])
    assert [row.epoch for row in rows] == [1, 1, 2, 2]
    assert rows[-1].seconds is None
    assert rows[-1].level_end is not None
