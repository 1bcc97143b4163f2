"""Logs of one JSON object a line."""

from __future__ import annotations

import json
from math import isnan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_monitor.core.formats.detect import detect
from tui_monitor.core.formats.jsonl import JsonLinesFormat
from tui_monitor.core.records import Progress, Reading
from tui_monitor.core.session import Session

parse = JsonLinesFormat().parse
bounded = settings(max_examples=200, derandomize=True)


def test_a_line_is_placed_and_its_numbers_read() -> None:
    (item,) = parse('{"step": 91, "epoch": 1, "avg_loss": 0.284678, "lr": 0.05, "time": 3.2}')
    assert isinstance(item, Progress)
    assert (item.step, item.steps, item.epoch, item.unit) == (91, None, 1, "batch")
    assert item.readings == (
        Reading("avg_loss", 0.284678, 1e-6, "open"),
        Reading("lr", 0.05, 0.01, "instantaneous"),
    )


@pytest.mark.parametrize(
    "prefix", ["INFO:__main__:", "2024-05-06 07:08:09,123 - INFO - ", "__log__:", "run | ", "  "]
)
def test_a_line_may_stand_behind_what_a_logger_writes(prefix: str) -> None:
    (item,) = parse(prefix + '{"epoch": 3, "valid_ppl": 12.5}')
    assert isinstance(item, Progress)
    assert (item.epoch, item.readings) == (3, (Reading("valid_ppl", 12.5, 0.1, "epoch"),))


def test_totals_validation_and_what_is_no_number() -> None:
    (item,) = parse('{"current_steps": 5, "total_steps": 9, "loss": NaN, "val_loss": 1e-3}')
    assert isinstance(item, Progress)
    assert (item.step, item.steps) == (5, 9)
    loss, val = item.readings
    assert isnan(loss.displayed)
    assert val == Reading("val_loss", 1e-3, 1e-3, "epoch")


def test_an_epoch_may_be_called_ep() -> None:
    line = '{"Rank": 0, "ep": 2, "iter": 5, "lr": 0.25, "loss": 7.5, "max_iterations": 204800}'
    (item,) = JsonLinesFormat().parse(line)
    assert isinstance(item, Progress)
    assert (item.epoch, item.step) == (2, 5)
    assert [each.metric for each in item.readings] == ["lr", "loss"]


def test_steps_and_scores_are_anybodys() -> None:
    assert detect(['{"step": 1, "score": 0.5}', '{"step": 2, "score": 0.75}']) is None
    assert detect(['{"epoch": 1, "score": 0.5}']) is not None
    assert detect(['{"step": 1, "score": 0.5, "lr": 0.1}']) is not None


def test_a_sum_of_losses_is_no_total_of_the_run() -> None:
    (item,) = parse('{"iteration": 20, "total_loss": 14.5, "total_tokens": 12.5}')
    assert isinstance(item, Progress)
    assert [each.metric for each in item.readings] == ["total_loss"]


def test_an_epoch_a_line() -> None:
    (item,) = parse('{"epoch": 3, "train_loss": 0.5, "val_acc": 0.9}')
    assert isinstance(item, Progress)
    assert (item.step, item.epoch, item.unit) == (None, 3, "epoch")


def test_a_line_may_say_that_it_is_of_a_validation() -> None:
    (item,) = parse('{"mode": "val", "epoch": 5, "iter": 9, "lr": 0.0001, "AP": 0.4724}')
    assert isinstance(item, Progress)
    assert (item.step, item.epoch, item.unit, item.final) == (None, 5, "epoch", True)
    assert item.readings == (Reading("val_AP", 0.4724, 1e-4, "epoch"),)
    (item,) = parse('{"split": "test", "step": 400, "loss": 0.5, "val_acc": 0.7}')
    assert isinstance(item, Progress)
    assert (item.step, item.unit, item.final) == (400, "batch", None)
    assert [each.metric for each in item.readings] == ["test-loss", "val_acc"]
    (item,) = parse('{"mode": "train", "epoch": 5, "iter": 9, "loss": 0.5}')
    assert isinstance(item, Progress)
    assert (item.step, item.readings[0].metric) == (9, "loss")


def test_evaluations_beside_a_training_and_numbers_in_quotes() -> None:
    (item,) = JsonLinesFormat().parse(
        'log: {"epoch": 4, "train_loss": 0.75, "loss": "0.50", "test_acc1": 80.5, "ppl": "2", '
        '"n_parameters": 9.5}'
    )
    assert isinstance(item, Progress)
    assert (item.epoch, item.step) == (4, None)
    assert [(each.metric, each.displayed, each.quantum, each.law) for each in item.readings] == [
        ("train_loss", 0.75, 0.01, "epoch"),
        ("loss", 0.5, 0.01, "epoch"),
        ("test-acc1", 80.5, 0.1, "epoch"),
    ]


def test_validations_of_mmcv_begin_no_epoch() -> None:
    log = "".join(
        "".join(
            f'{{"mode": "train", "epoch": {epoch}, "iter": {step}, "loss": 0.{step:03d}}}\n'
            for step in range(10, 70, 10)
        )
        + f'{{"mode": "val", "epoch": {epoch}, "iter": 9, "lr": 0.1, "AP": 0.5}}\n'
        for epoch in (1, 2, 3)
    )
    session = Session()
    session.feed(log.encode(), 0.0)
    session.finish()
    (report,) = session.report()
    assert (report.epochs, report.events) == (3, ())
    assert {each.metric for each in session.rows()} == {"loss", "val_AP"}


@pytest.mark.parametrize(
    "text",
    [
        *("", "{}", "[1, 2]", '{"loss": 0.5}', '{"step": 3}', '{"step": "3", "loss": "0.5"}'),
        *('{"step": 3, "loss": 0.5', 'x {"step": 3, "loss": 0.5}', '{"step": 3, "loss": true}'),
        *('{"step": 3, "time": 0.5}', '{"step": 3, "loss": [0.5]}', '{"step": -3, "loss": 0.5}'),
    ],
)
def test_what_tells_of_no_training_is_left(text: str) -> None:
    assert parse(text) == ()


def test_steps_of_other_programs_are_no_training() -> None:
    requests = [
        f'{{"msg": "request", "status": 200, "latency": 0.5{i}, "step": {i}}}' for i in "123"
    ]
    assert detect(requests) is None
    found = detect([*requests, '{"step": 4, "loss": 0.5}'])
    assert found is not None
    assert found.name == "jsonl"


@given(st.text(max_size=60).map(lambda text: f'{{"{text}}}'))
@bounded
def test_no_text_is_too_much(text: str) -> None:
    parse(text)


@given(cut=st.integers(0, 90), depth=st.integers(0, 3000))
@bounded
def test_no_cut_and_no_nesting_is_too_much(cut: int, depth: int) -> None:
    parse('{"step": 91, "epoch": 1, "avg_loss": 0.284678, "lr": 0.05, "text": "\\u00e9"}'[:cut])
    parse('{"step": 1, "loss": 0.5, "x": ' + "[" * depth + "]" * depth + "}")


def test_steps_that_count_on_over_epochs_are_as_printed() -> None:
    session = Session()
    for epoch in range(3):
        for step in range(1, 11):
            line = {"step": 10 * epoch + step, "epoch": epoch, "loss": 0.5 + 0.1 / step}
            session.feed(json.dumps(line).encode() + b"\n", 0.0)
    session.finish()
    rows = list(session.rows())
    assert [row.step for row in rows] == list(range(1, 31))
    assert [row.epoch for row in rows] == [1] * 10 + [2] * 10 + [3] * 10
    assert session.snapshot(0.0).epoch_ends.tolist() == [10.0, 20.0]


def test_settings_are_no_print() -> None:
    called = '{"epoch": 90, "batch_size": 64, "lr": 0.001, "loss": 0.5, "optimizer": "adam"}'
    assert parse(called) == ()
    assert parse('{"epoch": 90, "batch_size": 64, "lr": 0.001, "loss": 0.5}')
