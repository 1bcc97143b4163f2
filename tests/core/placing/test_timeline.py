"""Where prints and messages belong: runs, epochs, units, and which line is an epoch's last."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_monitor.core.formats.keras import KerasFormat
from tui_monitor.core.placing.timeline import Timeline
from tui_monitor.core.records import Event, Line, LineEnd, Print

Placed = list[Print | Event]


class Log:
    """A timeline that is fed lines of text."""

    def __init__(self) -> None:
        self.timeline = Timeline()
        self.format = KerasFormat()
        self.number = 0

    def line(self, text: str, end: LineEnd = "newline") -> Line:
        self.number += 1
        return Line(text, self.number, 100 * self.number, end)

    def feed(self, *texts: str, end: LineEnd = "newline") -> Placed:
        placed: Placed = []
        for text in texts:
            placed += self.timeline.place(self.line(text, end), self.format.parse(text))
        return placed

    def ended(self) -> bool:
        return self.timeline.ended

    def preview(self, text: str) -> Print | None:
        return self.timeline.preview(self.line(text, "open"), self.format.parse(text))


def read(*texts: str) -> Placed:
    log = Log()
    return log.feed(*texts) + log.timeline.flush()


def prints(placed: Sequence[Print | Event]) -> list[Print]:
    return [item for item in placed if isinstance(item, Print)]


def events(placed: Sequence[Print | Event]) -> list[Event]:
    return [item for item in placed if isinstance(item, Event)]


def epochs(placed: Sequence[Print | Event]) -> list[tuple[int, int, str]]:
    """Run, ordinal and label of each epoch, in order of appearance."""
    return list(dict.fromkeys((item.run, item.epoch, item.label) for item in prints(placed)))


def bar(step: int, steps: int = 9) -> str:
    """A print of Keras 2 before the epoch's end."""
    return f"{step}/{steps} [==>......] - ETA: 3s - loss: 0.5000"


def last(steps: int = 9, fields: str = " - val_loss: 0.7500") -> str:
    """The last print of an epoch of Keras 2."""
    return f"{steps}/{steps} [=========] - 3s 40ms/step - loss: 0.2500{fields}"


def bar_3(step: int, steps: int = 9, time: str = "0s") -> str:
    """A print of Keras 3 without validation."""
    return f"{step}/{steps} ━━━━━━━━ {time} 4ms/step - loss: 0.5000"


# --- epochs and runs by their headers


def test_an_ordinary_fit() -> None:
    placed = read("Epoch 1/2", bar(1), bar(5), last(), "Epoch 2/2", bar(1), last())
    assert epochs(placed) == [(1, 1, "1"), (1, 2, "2")]
    assert [item.final for item in prints(placed)] == [False, False, True, False, True]
    assert {item.epochs for item in prints(placed)} == {2}
    assert [item.line for item in prints(placed)] == [2, 3, 4, 6, 7]


def test_a_loop_of_single_epochs_is_one_run() -> None:
    placed = read(*["Epoch 1/1", bar(1), last(), "test loss: 0.3"] * 3)
    assert epochs(placed) == [(1, 1, "1"), (1, 2, "1"), (1, 3, "1")]
    assert prints(placed)[-1].epochs is None


def test_a_fit_that_begins_again_is_a_new_run() -> None:
    one = ["Epoch 1/2", last(), "Epoch 2/2", last()]
    assert epochs(read(*one, "## next model", *one)) == [
        (1, 1, "1"),
        (1, 2, "2"),
        (2, 1, "1"),
        (2, 2, "2"),
    ]


@pytest.mark.parametrize("number", [3, 1])
def test_a_number_that_falls_back_is_a_new_run(number: int) -> None:
    placed = read("Epoch 7/9", bar(3), f"Epoch {number}/9", bar(3))
    assert epochs(placed) == [(1, 1, "7"), (2, 1, str(number))]


def test_a_fit_that_goes_on_stays_in_its_run() -> None:
    placed = read("Epoch 10/10", last(), "Epoch 11/20", last(), "Epoch 12/20", last())
    assert epochs(placed) == [(1, 1, "10"), (1, 2, "11"), (1, 3, "12")]
    assert [(event.kind, event.epoch) for event in events(placed)] == [("resumed", 2)]
    assert [item.epochs for item in prints(placed)] == [10, 20, 20]


def test_an_epoch_that_is_taken_up_again_stays_in_its_run() -> None:
    placed = read("Epoch 4/9", bar(3), "Epoch 4/9", bar(1), last())
    assert epochs(placed) == [(1, 1, "4"), (1, 2, "4")]
    assert [event.kind for event in events(placed)] == ["resumed"]


def test_excerpts_jump_forward_in_one_run() -> None:
    numbers = (82, 83, 455, 456)
    placed = read(*(text for number in numbers for text in (f"Epoch {number}/500", last())))
    assert epochs(placed) == [(1, n, str(number)) for n, number in enumerate(numbers, 1)]
    assert not events(placed)


def test_a_log_whose_first_header_is_missing() -> None:
    placed = read(bar(7), last(), "Epoch 2/3", bar(1), last())
    assert epochs(placed) == [(1, 1, ""), (1, 2, "2")]


def test_a_header_without_prints_is_no_epoch() -> None:
    placed = read("Epoch 1/5", "Epoch 1/5", bar(1), last(), "Epoch 2/5", "Epoch 3/5", bar(1))
    assert epochs(placed) == [(1, 1, "1"), (1, 2, "3")]


def test_a_loop_with_headers_of_its_own_around_single_epochs() -> None:
    placed = read(*(text for n in (1, 2) for text in (f"Epoch {n}/2", "Epoch 1/1", bar(1), last())))
    assert epochs(placed) == [(1, 1, "1"), (1, 2, "2")]


def test_a_header_behind_a_bar_near_its_end_is_of_an_evaluation() -> None:
    glued = bar(99, 100) + "Epoch 1/9"  # as TensorFlow 1.13 prints it
    placed = read("Epoch 8/9", glued, last(100), "Epoch 9/9", bar(1, 100), last(100))
    assert epochs(placed) == [(1, 1, "8"), (1, 2, "9")]


def test_a_header_behind_a_bar_far_from_its_end_is_of_another_run() -> None:
    placed = read("Epoch 8/9", bar(4, 100) + "Epoch 1/9", bar(1, 100), last(100))
    assert epochs(placed) == [(1, 1, "8"), (2, 1, "1")]


def test_messages_are_no_headers() -> None:
    placed = read("Epoch 1/9", bar(1), "Epoch 00012: val_loss did not improve", last())
    assert epochs(placed) == [(1, 1, "1")]


# --- a program that is started again inside a loop's log

PREAMBLE = ("train shape (180, 4)", "Layer (type)   Param #", "conv (Conv2D)   320", "Total: 320")


def turn(number: int, *texts: str) -> list[str]:
    return [f"{number}  iteration", "Epoch 1/1", *(texts or (bar(1), last())), "AUC 0.81"]


def test_a_preamble_that_stands_there_again_is_a_new_run() -> None:
    program = [*PREAMBLE, *turn(1), *turn(1), *turn(1)]
    placed = read(*program, *program)
    assert epochs(placed) == [(run, epoch, "1") for run in (1, 2) for epoch in (1, 2, 3)]


def test_a_program_killed_in_its_only_epoch_and_started_again() -> None:
    placed = read(*PREAMBLE, *turn(1, bar(1), bar(4)), *PREAMBLE, *turn(1), *turn(2))
    assert epochs(placed) == [(1, 1, "1"), (2, 1, "1"), (2, 2, "1")]


def test_a_counter_that_starts_over_is_a_new_run() -> None:
    placed = read(*turn(1), *turn(2), *turn(2), *turn(3), *turn(1), *turn(2))
    assert epochs(placed)[3:] == [(1, 4, "1"), (2, 1, "1"), (2, 2, "1")]


def test_a_start_up_message_is_a_new_run() -> None:
    program = ["Using TensorFlow backend.", *turn(1)]
    assert epochs(read(*program, *program)) == [(1, 1, "1"), (2, 1, "1")]


def test_a_loop_that_says_the_same_each_turn_is_one_run() -> None:
    placed = read(*[*PREAMBLE, *turn(1)] * 4)
    assert epochs(placed) == [(1, n, "1") for n in (1, 2, 3, 4)]


def test_numbers_that_rise_and_fall_are_no_counter() -> None:
    texts = (text for n in (1, 5, 9, 2, 0, 7) for text in (f"{n} errors", "Epoch 1/1", last()))
    assert {item.run for item in prints(read(*texts))} == {1}


def test_a_start_up_message_within_a_numbered_fit_is_no_new_run() -> None:
    placed = read("Epoch 1/3", last(), "Using TensorFlow backend.", "Epoch 2/3", last())
    assert epochs(placed) == [(1, 1, "1"), (1, 2, "2")]


def test_a_replaced_file_is_a_new_run() -> None:
    log = Log()
    log.feed("Epoch 1/3", bar_3(9))
    log.timeline.restart()
    placed = log.feed("Epoch 2/3", bar(1))
    assert epochs(placed) == [(2, 1, "2")]


# --- fits without headers


def test_fits_without_headers_are_epochs_of_one_run() -> None:
    placed = read(bar(1), bar(5), last(fields=""), bar(1), bar(5), last(fields=""))
    assert epochs(placed) == [(1, 1, ""), (1, 2, "")]
    assert [item.final for item in prints(placed)] == [False, False, True] * 2


def test_a_fit_without_header_that_was_cut_short() -> None:
    placed = read(bar(1), bar(8), bar(1), last())
    assert epochs(placed) == [(1, 1, ""), (1, 2, "")]
    assert [item.final for item in prints(placed)] == [False, False, False, True]


def test_an_evaluation_between_fits_without_headers_is_no_epoch() -> None:
    fit = [bar(1), last(fields="")]
    placed = read(*fit, bar(1, 4), last(4, fields=""), *fit)
    assert epochs(placed) == [(1, 1, ""), (1, 2, "")]
    assert {item.steps for item in prints(placed)} == {9}


def test_a_fit_that_tells_its_samples_needs_no_header() -> None:
    placed = read("Epoch 1/1", last(), "Train on 400 samples", last(400, fields=""))
    assert epochs(placed) == [(1, 1, "1"), (2, 1, "")]


def test_a_fit_after_one_that_averages_as_no_other_is_a_new_run() -> None:
    for first, second in (
        (["Epoch 1/2", bar(1), last()], ["Epoch 3/4", bar(1), last()]),
        ([bar(1), last()], [bar(1), last()]),
    ):
        log = Log()
        log.feed(*first)
        log.timeline.next_fit_differs = True
        placed = log.feed(*second)
        assert {item.run for item in prints(placed)} == {2}
        assert not events(placed)
        assert {item.run for item in prints(log.feed(*second))} == {2}
    log = Log()
    log.feed("Epoch 1/2", bar(1), last())
    log.timeline.next_fit_differs = True
    assert {item.run for item in prints(log.feed("Epoch 2/2", bar(1), last()))} == {1}


# --- evaluations


@pytest.mark.parametrize("fields", ["", " - loss: 0.3000"])
def test_bars_after_the_last_line_are_no_epoch(fields: str) -> None:
    bars = [f"{n}/4 [====] - 1s 4ms/step{fields}" for n in (1, 4)]
    placed = read("Epoch 1/2", last(fields=""), *bars, "Epoch 2/2", last(fields=""), *bars)
    assert epochs(placed) == [(1, 1, "1"), (1, 2, "2")]
    assert len(prints(placed)) == 2


def test_an_evaluation_within_an_epoch_is_not_part_of_it() -> None:
    placed = read("Epoch 1/2", bar(1), bar(8), bar(1, 4), last(4, fields=""), last())
    assert [(item.step, item.steps) for item in prints(placed)] == [(1, 9), (8, 9), (9, 9)]


def unknown(step: int) -> str:
    return f"{step:7d}/Unknown - 1s 10ms/step - loss: 0.5000"


_OF_UNKNOWN = [unknown(1), unknown(5)], [bar(n, 30) for n in (1, 20)] + [last(30, fields="")]
_TO_UNKNOWN = [bar(1), bar(5)], [unknown(n) for n in (1, 6, 20)]


@pytest.mark.parametrize(
    ("fit", "evaluation", "header"),
    [
        ([bar(1, 40), bar(15, 40)], [bar(n, 40) for n in (1, 7, 30, 40)], ["Epoch 1/2"]),
        ([bar_3(1), bar_3(9)], [bar_3(n) for n in (1, 5, 9, 9)], ["Epoch 1/2"]),
        ([unknown(1), unknown(25)], [unknown(n) for n in (1, 5, 30, 31)], ["Epoch 1/2"]),
        *[(*_OF_UNKNOWN, ["Epoch 1/2"]), (*_OF_UNKNOWN, [])],
        *[(*_TO_UNKNOWN, ["Epoch 1/2"]), (*_TO_UNKNOWN, [])],
    ],
)
def test_an_evaluation_that_begins_before_the_last_line(
    fit: list[str], evaluation: list[str], header: list[str]
) -> None:
    """Its bar looks like the epoch's own, but for beginning anew or for what it knows of its end."""
    before = [*header, *fit, *evaluation]
    assert [item.line - len(header) for item in prints(read(*before))] == [1, 2]
    placed = read(*before, "Epoch 2/2", bar(1), last(fields=""))
    assert [(item.epoch, item.step) for item in prints(placed)][2:] == [(2, 1), (2, 9)]


def test_an_epoch_goes_on_after_an_evaluation_of_its_own_data() -> None:
    evaluation = [*(bar(n, 40) for n in (1, 30, 40)), last(40, fields="")]
    placed = read("Epoch 1/2", bar(1, 40), bar(15, 40), *evaluation, bar(16, 40), last(40))
    assert [(item.step, item.final) for item in prints(placed)] == [
        *[(1, False), (15, False), (16, False), (40, True)]
    ]


def test_a_summary_of_an_evaluation_is_no_epoch() -> None:
    placed = read("Epoch 1/1", "9/9 - 1s - loss: 0.5000", "4/4 - 0s - loss: 0.7500")
    assert len(prints(placed)) == 1


# --- finality


def test_the_first_of_two_complete_prints_is_not_final() -> None:
    placed = read("Epoch 1/2", bar_3(1), bar_3(9), bar_3(9), "Epoch 2/2", bar_3(1))
    assert [(item.step, item.final) for item in prints(placed)] == [
        (1, False),
        (9, False),
        (9, True),
        (1, False),
    ]


def test_a_complete_print_waits_for_what_follows() -> None:
    log = Log()
    assert prints(log.feed("Epoch 1/2", bar_3(9))) == []
    (printed,) = prints(log.feed("Epoch 2/2"))
    assert (printed.final, printed.line, printed.epoch) == (True, 2, 1)


def test_a_message_does_not_settle_a_complete_print() -> None:
    log = Log()
    placed = log.feed("Epoch 1/2", bar_3(9), "Epoch 1: val_loss improved from inf to 0.5")
    assert prints(placed) == []
    final = f"{bar_3(9, time='3s')} - val_loss: 0.7500"
    assert [item.final for item in prints(log.feed(final))] == [False, True]


def test_out_of_order_prints_stay_in_their_epoch() -> None:
    steps = (1, 13, 12, 74, 71, 73, 90, 89)
    placed = read("Epoch 1/2", *(bar_3(step, 90) for step in steps))
    assert [item.step for item in prints(placed)] == list(steps)
    assert {item.epoch for item in prints(placed)} == {1}
    assert not any(item.final for item in prints(placed))


@pytest.mark.parametrize(("end", "final"), [("newline", True), ("open", False)])
def test_the_end_of_the_source_settles_a_complete_print(end: LineEnd, final: bool) -> None:
    log = Log()
    log.feed("Epoch 1/2")
    log.feed(bar_3(3), end="redraw")
    log.feed(bar_3(9), end=end)
    (printed,) = prints(log.timeline.flush())
    assert printed.final is final


def test_an_epoch_cut_short_has_no_final_print() -> None:
    placed = read("Epoch 1/2", bar(5), "Batch 5: Invalid loss, terminating training")
    assert [item.final for item in prints(placed)] == [False]


def test_validations_that_are_not_set_are_none() -> None:
    """tf.keras 2.0 shows zeros where it did not know the length of the epoch."""
    unset = " - val_loss: 0.0000e+00 - val_accuracy: 0.0000e+00"
    placed = read("Epoch 1/2", unknown(3), last(fields=unset), "Epoch 2/2", bar(1), last())
    shown = [[each.metric for each in item.readings] for item in prints(placed) if item.final]
    assert shown == [["loss"], ["loss", "val_loss"]]
    placed = read("Epoch 1/2", bar(1), last(fields=unset))
    assert len(prints(placed)[-1].readings) == 3


def test_unknown_totals_become_known() -> None:
    unknown = "3/Unknown - 1s 4ms/step - loss: 0.5000"
    placed = read("Epoch 1/2", unknown, last(), "Epoch 2/2", bar(1), last())
    assert [(item.steps, item.final) for item in prints(placed)] == [
        (None, False),
        (9, True),
        (9, False),
        (9, True),
    ]


# --- units


def units(*texts: str) -> set[str]:
    return {item.unit for item in prints(read(*texts))}


def test_the_samples_of_a_fit_name_its_unit() -> None:
    assert units("Train on 99 samples, validate on 9 samples", "Epoch 1/2", bar(7, 99)) == {
        "sample"
    }
    assert units("Train for 90 steps", "Epoch 1/2", bar(32, 90)) == {"batch"}


def test_time_per_sample_names_the_unit() -> None:
    assert units("Epoch 1/2", "99/99 [====] - 1s 30us/sample - loss: 0.5000") == {"sample"}


@pytest.mark.parametrize(
    ("first", "steps", "unit"), [(1, 900, "batch"), (32, 900, "sample"), (3, 234, "batch")]
)
def test_the_first_step_names_the_unit(first: int, steps: int, unit: str) -> None:
    assert units("Epoch 1/2", bar(first, steps), bar(3 * first, steps)) == {unit}


@pytest.mark.parametrize(
    ("first", "steps", "accuracy", "unit"),
    [
        (7, 300, "acc: 0.1429", "sample"),  # 1 of 7
        (7, 300, "acc: 0.1329", "batch"),
        (7, 300, "acc: 0.0000e+00", "batch"),  # of any size
        (5, 200, "accuracy: 0.1050", "batch"),  # `steps_per_execution`
        (
            5,
            200,
            "acc: 0.1050",
            "sample",
        ),  # of several answers a sample, as versions before had none
        (5, 5000, "accuracy: 0.1050", "sample"),
        (32, 900, "accuracy: 0.1250", "sample"),
    ],
)
def test_right_answers_in_the_first_print_name_the_unit(
    first: int, steps: int, accuracy: str, unit: str
) -> None:
    assert units("Epoch 1/2", f"{bar(first, steps)} - {accuracy}") == {unit}


def test_a_print_near_the_end_is_no_first_step() -> None:
    assert units("Epoch 1/2", bar(46, 47)) == {"batch"}
    assert units("Epoch 1/2", bar(17536, 17563)) == {"sample"}


def test_last_lines_alone_tell_by_their_pace() -> None:
    assert units("Epoch 1/2", "60000/60000 [====] - 9s - loss: 0.5000") == {"sample"}
    assert units("Epoch 1/2", "127/127 [====] - 9s - loss: 0.5000") == {"batch"}


def test_keras_3_never_counts_samples() -> None:
    assert units("Epoch 1/2", bar_3(32, 900)) == {"batch"}


def test_the_unit_stays_for_the_run() -> None:
    placed = read("Epoch 1/2", bar(32, 900), last(900), "Epoch 2/2", bar(1, 900))
    assert {item.unit for item in prints(placed)} == {"sample"}


def test_one_line_an_epoch_counts_epochs_or_its_batches() -> None:
    assert units("Epoch 1/2", " - 3s - loss: 0.5000") == {"epoch"}
    assert units("Epoch 1/2", "47/47 - 3s - loss: 0.5000") == {"batch"}


# --- events


def test_messages_belong_to_their_epoch_however_they_count() -> None:
    for first in (0, 1):
        checkpoint = "Epoch {:05d}: val_loss did not improve"
        placed = read(
            "Epoch 1/2", bar(1), checkpoint.format(first), last(),
            "Epoch 2/2", bar(1), last(), checkpoint.format(first + 1),
        )  # fmt: skip
        assert [(event.kind, event.epoch) for event in events(placed)] == [
            ("checkpoint", 1),
            ("checkpoint", 2),
        ]


def test_a_scheduler_speaks_before_its_epoch() -> None:
    message = "Epoch {}: LearningRateScheduler setting learning rate to 0.01."
    placed = read(
        message.format(1), "Epoch 1/2", last(), message.format(2), "Epoch 2/2", last(),
        message.format(1), "Epoch 1/2", last(),
    )  # fmt: skip
    assert [(event.run, event.epoch) for event in events(placed)] == [(1, 1), (1, 2), (2, 1)]
    assert {event.learning_rate for event in events(placed)} == {0.01}


def test_a_scheduler_may_speak_after_the_header() -> None:
    message = "Epoch 00001: LearningRateScheduler setting learning rate to 0.01."
    (event,) = events(Log().feed("Epoch 1/2", message))
    assert event.epoch == 1


def test_early_stopping_ends_the_training() -> None:
    log = Log()
    placed = log.feed("Epoch 7/90", bar_3(9))
    assert not log.ended()
    placed += log.feed(
        "Epoch 7: early stopping", "Restoring model weights from the end of the best epoch: 4."
    )
    assert log.ended()
    assert [item.final for item in prints(placed)] == [True]
    assert [event.kind for event in events(placed)] == ["early-stopping", "restored"]


def test_a_traceback_ends_the_training_until_something_comes() -> None:
    log = Log()
    log.feed("Epoch 1/90", bar(1))
    placed = log.feed(
        "Traceback (most recent call last):", '  File "train.py", line 9, in main', "KeyError: 'x'"
    )
    assert [(event.kind, event.text) for event in events(placed)] == [
        ("other", "Traceback: KeyError: 'x'")
    ]
    assert log.ended()
    log.feed(bar(2))
    assert not log.ended()


def test_a_traceback_that_is_cut_is_reported_at_the_end() -> None:
    placed = read("Epoch 1/90", bar(1), "Traceback (most recent call last):", "  File ...")
    assert [event.text for event in events(placed)] == ["Traceback"]


def test_training_has_ended_after_the_planned_epochs() -> None:
    log = Log()
    log.feed("Epoch 1/2", last(), "Epoch 2/2", bar(1))
    assert not log.ended()
    log.feed(last())
    assert log.ended()


def test_a_loop_has_no_planned_end() -> None:
    log = Log()
    log.feed("Epoch 1/1", last(), "Epoch 1/1", last())
    assert not log.ended()


# --- previews


def test_a_preview_is_what_would_be_placed_and_changes_nothing() -> None:
    texts = [
        "Using TensorFlow backend.", "Epoch 1/2", bar(1), bar(5), last(), "Epoch 2/2", bar_3(1),
        bar_3(9), bar_3(9), "Epoch 1/2", f"{bar(1)}Epoch 00001: val_loss did not improve", bar(2),
    ]  # fmt: skip
    log, plain = Log(), Log()
    for text in texts:
        preview = log.preview(text)
        log.number -= 1
        placed = log.feed(text)
        assert placed == plain.feed(text)
        if len(prints(placed)) == 1 and preview is not None:
            # only a line that has ended tells whether it was drawn over
            assert prints(placed)[0]._replace(redrawn=None) == preview


def test_a_preview_shows_a_print_that_would_be_withheld() -> None:
    log = Log()
    log.feed("Epoch 1/2", bar_3(1))
    before = copy.deepcopy(vars(log.timeline)["_at"])
    preview = log.preview(bar_3(9))
    assert preview is not None
    assert (preview.step, preview.final) == (9, False)
    assert vars(log.timeline)["_at"] == before
    assert log.preview("nothing to see") is None


# --- any order of things

TEXTS = (
    "Epoch 1/1", "Epoch 1/3", "Epoch 2/3", "Epoch 3/3", bar(1), bar(5), bar(1, 4), last(),
    last(fields=""), last(4, fields=""), bar_3(8), bar_3(9), "9/9 - 1s - loss: 0.5000", *PREAMBLE,
    " - 1s - loss: 0.5000", "Train on 9 samples", "Using TensorFlow backend.", "7  iteration",
    "Epoch 00001: early stopping", "Traceback (most recent call last):", "KeyError: 3",
    "Epoch 2: LearningRateScheduler setting learning rate to 0.01.",
)  # fmt: skip


@given(st.lists(st.sampled_from(TEXTS), max_size=40))
def test_whatever_comes_the_places_go_forward(texts: list[str]) -> None:
    placed = prints(read(*texts))
    places = [(item.run, item.epoch) for item in placed]
    assert places == sorted(places)
    assert [item.line for item in placed] == sorted({item.line for item in placed})
    assert {run for run, _ in places} == set(range(1, len({run for run, _ in places}) + 1))
    for run in {run for run, _ in places}:
        seen = {epoch for number, epoch in places if number == run}
        assert seen == set(range(1, len(seen) + 1))


def test_a_message_tells_of_epochs_that_an_excerpt_leaves_out() -> None:
    bar = "10/10 [==============================] - ETA: 0s - loss: 0.5000"
    ended = "10/10 [==============================] - 1s 9ms/step - loss: 0.5000 - val_loss: 0.4000"
    saved = "Epoch {}: val_loss improved from 0.5 to 0.4, saving model to best.h5"
    placed = read(
        "Epoch 1/9", bar, saved.format(1), "...", saved.format(7), ended, "Epoch 8/9", ended
    )
    assert epochs(placed) == [(1, 1, "1"), (1, 2, "7"), (1, 3, "8")]
    assert [item.final for item in prints(placed)] == [False, True, True]
    counted_from_0 = read("Epoch 2/9", bar, saved.format(1), ended)
    assert epochs(counted_from_0) == [(1, 1, "2")]


@pytest.mark.parametrize("shown", ["inf", "nan", "1.7e+308"])
def test_an_accuracy_that_is_none_tells_nothing_of_the_unit(shown: str) -> None:
    line = f" 64/60000 [......] - ETA: 9:41 - loss: 2.3026 - acc: {shown}"
    first = prints(read("Epoch 1/2", line))[0]
    assert (first.step, first.unit) == (64, "sample")
