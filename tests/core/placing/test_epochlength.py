"""Logs whose steps go on over the ends of epochs, with a mean that begins anew in each."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest

from tui_monitor.core.formats.jsonl import JsonLinesFormat
from tui_monitor.core.formats.plain import PlainFormat
from tui_monitor.core.placing.epochlength import ANY
from tui_monitor.core.placing.timeline import Timeline
from tui_monitor.core.records import Event, Print
from tui_monitor.core.records import Line as LogLine
from tui_monitor.core.session import Session

EVERY = 10
EPOCHS = 6
Line = Callable[[int, int, float], str]


def losses(batches: int) -> list[list[float]]:
    random = np.random.default_rng(7)
    level = 0.3 + 2.0 * np.exp(-np.arange(EPOCHS * batches) / 900.0)
    values = np.maximum(level + random.normal(0.0, 0.25, level.size), 0.02)
    return [epoch.tolist() for epoch in values.reshape(EPOCHS, batches)]


def decoded(batches: int, line: Line, *, first: int = 1, end: Line | None = None) -> Session:
    """A log with every tenth step, of which the first is `first`, and a line at each epoch's end."""
    session, step = Session(), first
    for epoch, values in enumerate(losses(batches)):
        for done in range(1, batches + 1):
            if step % EVERY == 0:
                session.feed(f"{line(epoch, step, sum(values[:done]) / done)}\n".encode(), 0.0)
            step += 1
        if end is not None:
            session.feed(f"{end(epoch, step - 1, 0.5)}\n".encode(), 0.0)
    session.finish()
    return session


def check_windows(session: Session, batches: int, unknown: tuple[int, ...] = ()) -> None:
    """The truth is inside the bounds; of epochs whose begin is not known nothing is said."""
    truth = losses(batches)
    told = set()
    for row in session.rows():
        if row.split != "train":
            continue
        assert row.law == "cumulative-batch"
        assert not row.outlier
        if row.to_batch is None:
            assert row.epoch in unknown
            continue
        told.add(row.epoch)
        assert row.from_batch is not None
        assert row.low is not None
        assert row.high is not None
        window = np.mean(truth[row.epoch - 1][row.from_batch : row.to_batch])
        assert row.low - 1e-9 <= window <= row.high + 1e-9
    assert told == set(range(1, EPOCHS + 1)) - set(unknown)


def as_json(epoch: int, step: int, loss: float) -> str:
    return json.dumps({"epoch": epoch, "step": step, "loss": round(loss, 5)})


def json_validation(epoch: int, step: int, loss: float) -> str:
    return json.dumps({"epoch": epoch, "step": step, "val_loss": round(loss - 0.01 * epoch, 5)})


def test_a_total_of_all_planned_epochs_tells_how_long_one_is() -> None:
    def line(epoch: int, step: int, loss: float) -> str:
        return f"Epoch {epoch + 1}/{EPOCHS}, Step {step}/{94 * EPOCHS}, Loss: {loss:.5f}"

    session = decoded(94, line)
    check_windows(session, 94)
    snapshot = session.snapshot(0.0)
    assert snapshot.curves[0].x.tolist() == [row.step for row in session.rows()]
    assert snapshot.epoch_ends.tolist() == [94.0 * epoch for epoch in range(1, EPOCHS)]


def test_a_validation_after_the_newest_print_tells_where_an_epoch_ended() -> None:
    check_windows(decoded(94, as_json, end=json_validation), 94)


def test_a_row_of_a_table_tells_it_as_well() -> None:
    session = Session()
    session.feed(b"epoch,step,train_avg_loss,val_loss\n", 0.0)
    log = decoded(94, as_json, end=json_validation)
    for row in log.rows():
        cells = (f"{row.displayed:.5f}", "") if row.split == "train" else ("", row.displayed)
        session.feed(f"{row.epoch_label},{row.step},{cells[0]},{cells[1]}\n".encode(), 0.0)
    session.finish()
    check_windows(session, 94)


def test_a_validation_at_the_newest_print_tells_it_the_second_time() -> None:
    """Where both come every so many steps, it need not be the end of an epoch."""
    check_windows(decoded(100, as_json, end=json_validation), 100, unknown=(2,))


def test_validations_every_so_many_steps_tell_nothing() -> None:
    def line(epoch: int, step: int, loss: float) -> str:
        lines = [as_json(epoch, step, loss), json_validation(epoch, step, loss)]
        return "\n".join(lines if step % 30 == 0 else lines[:1])

    rows = list(decoded(98, line).rows())
    assert {row.law for row in rows if row.split == "train"} == {"unknown"}


@pytest.mark.parametrize("late", [0, 1])
def test_steps_from_0_leave_open_which_batch_a_validation_counts(late: int) -> None:
    """Programs validate before they count the step, or after; two epochs tell."""

    def end(epoch: int, step: int, loss: float) -> str:
        return json_validation(epoch, step + late, loss)

    check_windows(decoded(94, as_json, first=0, end=end), 94, unknown=(2,))


def test_where_nobody_knows_a_number_is_shown_as_printed() -> None:
    session = decoded(94, as_json)
    rows = list(session.rows())
    assert {row.law for row in rows} == {"unknown"}
    assert {row.to_batch for row in rows} == {None}
    steps = [row.step for row in rows]
    assert session.report()[0].epochs == EPOCHS
    assert session.snapshot(0.0).curves[0].x.tolist() == steps


def test_steps_go_on_where_a_run_is_taken_up_again() -> None:
    timeline, log = Timeline(), PlainFormat()
    places = [(1, 10), (1, 20), (2, 30), (2, 40), (2, 30), (2, 40), (3, 60)]
    placed: list[Print | Event] = []
    for number, (epoch, step) in enumerate(places, start=1):
        text = f"Epoch {epoch}/4, Step {step}/100, Loss: 0.5"
        placed += timeline.place(LogLine(text, number, 0, "newline"), log.parse(text))
    begins = [(p.epoch, p.before) for p in placed if isinstance(p, Print)]
    assert begins == [(1, 0), (1, 0), (2, 25), (2, 25), (3, 25), (3, 25), (4, 50)]


def test_what_validates_only_is_of_the_epoch_it_names() -> None:
    """Also where the training's next print is far off."""
    session = Session()
    for epoch in range(3):
        session.feed(json_validation(epoch, 40 * (epoch + 1), 0.5).encode() + b"\n", 0.0)
    session.feed(as_json(3, 150, 0.5).encode() + b"\n", 0.0)
    session.finish()
    assert [(row.epoch, row.step) for row in session.rows()] == [
        (1, 40),
        (2, 80),
        (3, 120),
        (4, 150),
    ]


def test_each_epoch_leaves_less_of_the_doubt() -> None:
    length = ANY
    for epochs in range(1, 11):
        assert length.known is None
        assert length.of(epochs) is None
        ended = 94 * epochs // EVERY * EVERY
        length = length.narrowed(epochs, ended, ended + EVERY - 1, None, None)
        if length.known is not None:
            break
    assert (length.known, length.of(3)) == (94, 282)


def test_epochs_that_differ_have_no_length() -> None:
    length = ANY.narrowed(1, 90, 99, None, None).narrowed(2, 210, 219, None, None)
    assert length.known is None
    assert not length.allows(210, 2)
    assert length.narrowed(3, 300, 309, 3000, 30).known is None


def test_epochs_that_are_shorter_than_from_print_to_print_end_where_they_are_validated() -> None:
    timeline, log = Timeline(), JsonLinesFormat()
    lines = [json_validation(0, 40, 0.5), as_json(1, 50, 0.5), json_validation(1, 80, 0.5)]
    lines += [as_json(2, 100, 0.5), json_validation(2, 120, 0.5), json_validation(3, 160, 0.5)]
    placed: list[Print | Event] = []
    for number, text in enumerate([*lines, as_json(4, 200, 0.5)], start=1):
        placed += timeline.place(LogLine(text, number, 0, "newline"), log.parse(text))
    prints = [p for p in placed if isinstance(p, Print)]
    assert [p.before for p in prints] == [0, 40, 40, 80, 80, 120, 160]
    assert [p.epoch for p in prints] == [1, 2, 2, 3, 3, 4, 5]


@pytest.mark.parametrize("late", [5, 100, 250])
def test_an_epoch_that_begins_before_its_place_is_not_counted(late: int) -> None:
    """Its steps do not go on from the epochs before, as theirs did."""
    session = Session()
    steps = [
        (epoch, step) for epoch in (1, 2, 3) for step in range(100 * epoch - 99, 100 * epoch + 1)
    ]
    steps += [(5, late), (5, late + 1), (6, late + 2), (6, late + 90)]
    for epoch, step in steps:
        line = {"epoch": epoch, "step": step, "loss": round(2.0 / (1.0 + step), 4)}
        session.feed(f"{json.dumps(line)}\n".encode(), 0.0)
    session.finish()
    rows = list(session.rows())
    assert len(rows) == len(steps)
    assert all(row.to_batch is None or row.to_batch > 0 for row in rows)
