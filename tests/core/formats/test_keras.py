"""The Keras grammar: what each version prints, and how it is found when glued, cut or indented."""

from __future__ import annotations

import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_monitor.core.formats import keras
from tui_monitor.core.formats.detect import by_name, detect
from tui_monitor.core.formats.keras import KerasFormat
from tui_monitor.core.records import Header, Item, Notice, Progress, Reading, Samples
from tui_monitor.errors import TuiMonitorError


def parse(text: str) -> tuple[Item, ...]:
    return KerasFormat().parse(text)


def progress(text: str) -> Progress:
    (item,) = parse(text)
    assert isinstance(item, Progress)
    return item


def numbers(item: Item) -> dict[str, float]:
    assert isinstance(item, Progress)
    return {reading.metric: reading.displayed for reading in item.readings}


def notice(text: str) -> Notice:
    (item,) = parse(text)
    assert isinstance(item, Notice)
    return item


# --- bars and summaries, version by version


def test_bar_with_time_left() -> None:
    item = progress(
        "12/47 [======>.......................] - ETA: 1:02 - loss: 0.6931 - acc: 0.5000"
    )
    assert item == Progress(
        style=keras.BAR,
        step=12,
        steps=47,
        readings=(Reading("loss", 0.6931, 1e-4), Reading("acc", 0.5, 1e-4)),
        final=False,
        per_sample=False,
        eta=62.0,
        elapsed=None,
        per_step=None,
    )


@pytest.mark.parametrize(
    ("time_text", "elapsed", "per_step", "per_sample"),
    [
        (" - 3s", 3.0, None, False),
        (" - 3s 24ms/step", 3.0, 0.024, False),
        (" - 62s 12us/sample", 62.0, 12e-6, True),
        (" - 213s 213s/step", 213.0, 213.0, False),
    ],
)
def test_bar_with_time_taken_is_final(
    time_text: str, elapsed: float, per_step: float | None, per_sample: bool
) -> None:
    item = progress(f"47/47 [==============================]{time_text} - loss: 0.6931")
    assert (item.final, item.eta, item.elapsed, item.per_sample) == (
        True,
        None,
        elapsed,
        per_sample,
    )
    assert item.per_step == pytest.approx(per_step)


def test_complete_bar_without_time_left_is_printed_again() -> None:
    assert progress("47/47 [==============] - ETA: 0s - loss: 0.6931").final is False


def test_validation_metrics_make_a_print_final() -> None:
    assert progress("47/47 ━━━━━━━━━━ 0s 9ms/step - loss: 0.5000 - val_loss: 0.6000").final is True


@pytest.mark.parametrize(
    "cells", ["━━━━━━━━━━━━━━━━━━━━", "====================", "????????", "ΓöüΓöü"]
)
def test_keras_3_bar(cells: str) -> None:
    item = progress(f" 3/49 {cells} 1:06 1s/step - accuracy: 0.1389 - loss: 1.6241")
    assert (item.style, item.step, item.steps, item.final) == (keras.BAR_3, 3, 49, False)
    assert (item.eta, item.elapsed, item.per_step) == (66.0, None, 1.0)
    assert numbers(item) == {"accuracy": 0.1389, "loss": 1.6241}


def test_keras_3_bar_whose_escapes_lost_their_first_character() -> None:
    text = "[1m 1/49[0m [37m━━━━━━━━━━[0m [1m11s[0m 245ms/step - loss: 1.5527"
    assert numbers(progress(text)) == {"loss": 1.5527}


@pytest.mark.parametrize("times", ["", " 11s", " 245ms/step", " 11s 245ms/step"])
def test_keras_3_bar_whose_times_a_message_cut(times: str) -> None:
    behind = "WARNING:tensorflow:Your input ran out of data"
    item = progress(f"12/49 ━━━━━━━━━━{times} - accuracy: 0.1250 - loss: 1.5527{behind}")
    assert (item.style, item.step, item.steps, item.final) == (keras.BAR_3, 12, 49, False)
    assert numbers(item) == {"accuracy": 0.125, "loss": 1.5527}
    assert progress("49/49 ━━━━━━━━━━ - loss: 1.5527").final is None


def test_complete_keras_3_bar_is_final_if_it_tells_a_time_taken() -> None:
    taken = progress("49/49 ━━━━━━━━━━ 17s 342ms/step - loss: 0.4159")
    assert (taken.final, taken.eta, taken.elapsed) == (True, None, 17.0)
    assert progress("49/49 ━━━━━━━━━━ 0s 4ms/step - loss: 0.4159").final is None


def test_unknown_total() -> None:
    old = progress("     12/Unknown - 3s 34ms/step - loss: 0.6931")
    new = progress("     12/Unknown 3s 34ms/step - loss: 0.6931")
    assert (old.style, new.style) == (keras.BAR_UNKNOWN, keras.BAR_3_UNKNOWN)
    for item in (old, new):
        assert (item.step, item.steps, item.final, item.elapsed) == (12, None, False, 3.0)


@pytest.mark.parametrize(
    ("text", "style", "steps", "per_step"),
    [
        ("97s - loss: 0.5914 - val_loss: 0.4887", keras.LINE, None, None),
        (" - 0s - loss: 0.5914 - val_loss: 0.4887", keras.LINE, None, None),
        ("63/63 - 2s - loss: 0.5914 - val_loss: 0.4887", keras.LINE, 63, None),
        (
            "63/63 - 2s - loss: 0.5914 - val_loss: 0.4887 - 289ms/epoch - 5ms/step",
            keras.LINE,
            63,
            0.005,
        ),
        ("47/47 - 1s - 13ms/step - loss: 0.5914 - val_loss: 0.4887", keras.LINE_3, 47, 0.013),
    ],
)
def test_one_line_an_epoch(
    text: str, style: str, steps: int | None, per_step: float | None
) -> None:
    item = progress(text)
    assert (item.style, item.step, item.steps, item.final) == (style, steps, steps, True)
    assert item.per_step == pytest.approx(per_step)
    assert numbers(item) == {"loss": 0.5914, "val_loss": 0.4887}


@pytest.mark.parametrize(
    "text",
    [
        "1/1 [==============================] - 213s 213s/step",
        "313/313 ━━━━━━━━━━━━━━━━━━━━ 1s 2ms/step",
        "17664/18000 [============================>.] - ETA: 0s",
    ],
)
def test_bars_of_predict_show_nothing(text: str) -> None:
    assert progress(text).readings == ()


# --- numbers


@pytest.mark.parametrize(
    ("text", "value", "quantum"),
    [
        ("0.6931", 0.6931, 1e-4),
        ("4760924.3045", 4760924.3045, 1e-4),
        ("-0.2208", -0.2208, 1e-4),
        ("2.5000e-04", 2.5e-4, 1e-8),
        ("1.0000e-03", 1e-3, 1e-7),
        ("-7.1784e+01", -71.784, 1e-3),
        ("4.9407e-324", 4.9407e-324, 0.0),
        ("1.0000e+100", 1e100, 1e96),
        ("0.0000e+00", 0.0, 0.0),
        ("inf", math.inf, 0.0),
        ("-inf", -math.inf, 0.0),
    ],
)
def test_values_and_their_quantum(text: str, value: float, quantum: float) -> None:
    (reading,) = progress(f"1/2 [==>...] - ETA: 0s - loss: {text}  ").readings
    assert (reading.displayed, reading.quantum) == (value, quantum)


def test_nan() -> None:
    assert math.isnan(numbers(progress("1/2 [==>...] - ETA: 0s - loss: nan"))["loss"])


@pytest.mark.parametrize(
    "cut", ["0", "0.", "0.6", "0.637", "7.1784e", "7.1784e-", "7.1784e-0", "na", "in", "-in", ""]
)
def test_cut_value_is_no_reading(cut: str) -> None:
    item = progress(f"1/2 [==>...] - ETA: 0s - loss: 0.4302 - second_loss: {cut}")
    assert numbers(item) == {"loss": 0.4302}


def test_cut_names_and_bars_show_nothing() -> None:
    assert numbers(progress("1/2 [==>...] - ETA: 0s - loss: 0.4302 - seco")) == {"loss": 0.4302}
    assert progress("47/47 - 3s - loss: 0.4302 - val_loss:").readings[0].displayed == 0.4302
    assert parse("1408/60000 [......") == ()


def test_other_digit_counts_where_another_field_follows() -> None:
    item = progress("1/2 [==>...] - ETA: 0s - loss: 0.35 - acc: 0.913427 - lr: 0.0010")
    assert [(r.displayed, r.quantum) for r in item.readings] == [
        (0.35, 1e-2),
        (0.913427, 1e-6),
        (0.001, 1e-4),
    ]


@pytest.mark.parametrize(
    "name", ["F1-score", "top_k_categorical_accuracy", "dense_1/acc", "d_loss[0]", "F1 score"]
)
def test_metric_names(name: str) -> None:
    text = f"1/2 [==>...] - ETA: 0s - {name}: 0.5000 - val_{name}: 0.2500"
    assert numbers(progress(text)) == {name: 0.5, f"val_{name}": 0.25}


# --- glued, cut, indented


def test_value_with_a_time_stamp_glued_on() -> None:
    text = "96/99 [===>..] - ETA: 1s - loss: 0.2437 - aux: 0.02042017-10-20 21:16:00.606562: I tens"
    assert numbers(progress(text)) == {"loss": 0.2437, "aux": 0.0204}


def test_bars_glued_without_a_space() -> None:
    first, second, third = parse(
        "61/82 [==>..] - ETA: 9s - loss: 0.6016 - acc: 0.924862/82 [==>..] - ETA: 9s - loss: 1.5e-3"
        " - acc: 1.0000e-0363/82 [==>..] - ETA: 8s - loss: 0.5919"
    )
    assert numbers(first) == {"loss": 0.6016, "acc": 0.9248}
    assert numbers(second) == {}
    assert numbers(third) == {"loss": 0.5919}


def test_bars_glued_behind_exponents() -> None:
    items = parse("1/9 [>..] - ETA: 9s - loss: 1.5000e-0312/99 [==>..] - ETA: 9s - loss: nan")
    assert [item.step for item in items if isinstance(item, Progress)] == [1, 12]
    assert numbers(items[0]) == {"loss": 1.5e-3}


def test_message_glued_to_a_bar() -> None:
    bar, message = parse(
        "46/47 [====>.] - ETA: 0s - acc: 0.7096Epoch 00002: val_loss did not improve"
    )
    assert numbers(bar) == {"acc": 0.7096}
    assert message == Notice("checkpoint", 2, "Epoch 00002: val_loss did not improve")


def test_bar_glued_to_a_message() -> None:
    message, bar = parse("Epoch 00002: val_loss did not improve47/47 [====] - 3s - loss: 0.5000")
    assert isinstance(message, Notice)
    assert message.text == "Epoch 00002: val_loss did not improve"
    assert numbers(bar) == {"loss": 0.5}


BODIES = [
    "Epoch 3/10",
    "12/47 [=====>........................] - ETA: 3s - loss: 0.6931 - acc: 0.5000",
    "47/47 [==============================] - 3s 34ms/step - loss: 0.6931 - val_loss: 0.5000",
    "12/47 ━━━━━━━━━━━━━━━━━━━━ 3s 34ms/step - loss: 0.6931",
    "47/47 - 3s - 34ms/step - loss: 0.6931 - val_loss: 0.7000",
    "47/47 - 3s - loss: 0.6931 - 3s/epoch - 34ms/step",
    " - 3s - loss: 0.6931 - acc: 0.5000",
    "3s - loss: 0.6931 - acc: 0.5000 - val_loss: nan",
    "12/Unknown - 3s 34ms/step - loss: 0.6931",
    "12/Unknown 3s 34ms/step - loss: 0.6931",
    "Epoch 00003: early stopping",
    "Train on 100 samples, validate on 20 samples",
]


@pytest.mark.parametrize(
    "prefix",
    [
        "Nov 21 05:39:20 host python[123]: ",  # journalctl, syslog
        "Nov  1 05:39:20 gpu-01.example.org train.sh[7]: ",
        "2026-11-21T05:39:20+0100 host python[123]: ",  # journalctl -o short-iso
        "2026-11-21T05:39:20.123456789Z ",  # docker logs --timestamps
        "2026-11-21T05:39:20.123456789+01:00 stdout F ",  # a file of a container runtime
        "[pod/train-7f/main] ",  # kubectl logs --prefix
        "[pod/train-7f/main] 2026-11-21T05:39:20.123456789Z ",
        "trainer_1  | ",  # docker compose
        "worker-0 | 2026-11-21T05:39:20.1Z ",
        "2026-11-21 05:39:20,123 INFO ",  # logging
        "2026-11-21 05:39:20,123 - train - INFO - ",
        "2026-11-21 05:39:20.123 | INFO | train | ",
        "[2026-11-21 05:39:20,123][INFO] ",
        "INFO:root:",
        "I1121 05:39:20.123456 140 train.py:33] ",  # absl
        "[05:39:20] ",
        "[1,0]<stdout>:",  # mpirun
        "[rank0]: ",
        "0: ",  # srun --label
        "(train pid=123, ip=10.0.0.1) ",  # Ray
    ],
)
def test_a_line_behind_what_a_journal_or_container_puts_there(prefix: str) -> None:
    for body in BODIES:
        assert repr(parse(prefix + body)) == repr(parse(body)), body
        assert parse(body)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-21 05:39:20 INFO Validation took 3s - loss: 0.6931",
        "2026-11-21 05:39:20 INFO 3s - loss: 0.6931 | lr: 0.1",
        "2026-11-21 05:39:20 INFO 3s - loss: 0.69",
        "2026-11-21 05:39:20 INFO - loss: 0.6931 - acc: 0.5000",
        "Test: 3s - loss: 0.6931",
        "took 3s - loss: 0.6931",
        "epoch 3 | 3s - loss: 0.6931",
        "[12/40] took 3s - loss: 0.6931",
    ],
)
def test_a_summary_is_not_looked_for_behind_any_text(text: str) -> None:
    assert parse(text) == ()


@pytest.mark.parametrize(
    "piece", ["a-", "| ", "12: ", "INFO ", "[a]", "a - ", "05:39:20 ", "a", "a b[1]: ", "1:"]
)
def test_a_prefix_that_never_ends_takes_no_time(piece: str) -> None:
    begun = time.process_time()
    for start in ("", "0: "):
        parse(start + piece * (60_000 // len(piece)) + " 3s - loss")
    assert time.process_time() - begun < 0.2


def test_text_glued_to_a_word() -> None:
    bar, message = parse(
        "3/9 [==>..] - ETA: 4s - loss: nanBatch 2: Invalid loss, terminating training"
    )
    assert math.isnan(numbers(bar)["loss"])
    assert isinstance(message, Notice)
    assert (message.kind, message.batch) == ("nan-stop", 2)


# --- headers and messages


@pytest.mark.parametrize(
    "text", ["Epoch 3/10", "    Epoch 3/10  ", "Selecting layers to trainEpoch 3/10"]
)
def test_header(text: str) -> None:
    assert parse(text) == (Header(3, 10, "3"),)


def test_header_glued_to_its_bar() -> None:
    header, bar = parse("Epoch 3/10  1/47 [>....] - ETA: 9s - loss: 0.5000")
    assert header == Header(3, 10, "3")
    assert numbers(bar) == {"loss": 0.5}


@pytest.mark.parametrize(
    "text",
    [
        "Epoch 00012: val_loss did not improve",
        "Epoch 3: early stopping",
        "Epoch 1/3 | Step 100/1000 | loss: 0.3",
        "Epoch 1 Running",
        "train loss: 0.2341",
        "13489 2910",
    ],
)
def test_no_header(text: str) -> None:
    assert not any(isinstance(item, Header | Progress) for item in parse(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Train on 1530 samples, validate on 2000 samples", Samples(1530, 2000)),
        ("Train on 1530 samples", Samples(1530, None)),
        ("Train for 90 steps, validate for 10 steps", Samples(None, None, for_steps=True)),
        ("Train for 90 steps, validate on 2000 samples", Samples(None, 2000, for_steps=True)),
    ],
)
def test_samples(text: str, expected: Samples) -> None:
    assert parse(text) == (expected,)


@pytest.mark.parametrize(
    ("text", "kind", "epoch", "rate"),
    [
        (
            "Epoch 00001: val_loss improved from inf to 1.33453, saving model to m/1/2.h5",
            0,
            1,
            None,
        ),
        ("Epoch 3: val_F1 score did not improve from 0.9", 0, 3, None),
        ("Epoch 00002: saving model to weights.h5", 0, 2, None),
        ("Epoch 3: finished saving model to weights.h5", 0, 3, None),
        ("Epoch 00012: reducing learning rate to 0.00025.", 1, 12, 0.00025),
        ("Epoch 9: ReduceLROnPlateau reducing learning rate to 1.0000001e-07.", 1, 9, 1.0000001e-7),
        ("Epoch 1: LearningRateScheduler setting learning rate to 0.001.", 1, 1, 0.001),
        ("Epoch 00012: early stopping", 2, 12, None),
        ("Restoring model weights from the end of the best epoch: 4.", 3, None, None),
    ],
)
def test_messages(text: str, kind: int, epoch: int | None, rate: float | None) -> None:
    item = notice(text)
    kinds = ("checkpoint", "learning-rate", "early-stopping", "restored")
    assert (item.kind, item.epoch, item.learning_rate) == (kinds[kind], epoch, rate)
    assert item.text == text


def test_tracebacks_and_starts() -> None:
    assert notice("Traceback (most recent call last):").kind == "traceback"
    assert notice("KeyboardInterrupt    Traceback (most recent call last)").kind == "traceback"
    assert notice("Using TensorFlow backend.").kind == "restart"


# --- any text


@given(st.text(max_size=300))
def test_any_text_is_read_without_error(text: str) -> None:
    assert isinstance(parse(text), tuple)


@given(
    st.lists(
        st.sampled_from(["Epoch ", "1", "/", " [", "=>", "]", " - ", "ETA: ", "0.5", "e-", "s"])
    )
)
def test_any_pieces_are_read_without_error(pieces: list[str]) -> None:
    assert isinstance(parse("".join(pieces)), tuple)


@given(st.integers(1, 200))
def test_a_cut_line_shows_no_value_that_the_whole_does_not(size: int) -> None:
    text = "12/47 [====>.....] - ETA: 1:02 - loss: 0.6931 - small: 2.5000e-04 - val_acc: 0.1234"
    whole = numbers(progress(text))
    for item in parse(text[:size]):
        shown = numbers(item)
        # `2.5000` of `2.5000e-04` is a whole number as far as a line can tell.
        assert {name: shown[name] for name in shown if name != "small"}.items() <= whole.items()


@pytest.mark.parametrize(
    "piece",
    [
        "A",
        "[",
        "7",
        " ",
        " - ",
        "1/",
        "1/1 ",
        "1/1 [",
        "1/1 [=] - 0s",
        "1/1 [=] - loss: 0.1234",
        "1/1 - 1s - a: ",
        "Epoch 1/1 ",
        "Epoch 1: ",
        "Epoch 1: saving model ",
        "[0m",
        "Using ab backend ",
    ],
)
def test_hostile_lines_take_no_time(piece: str) -> None:
    text = (piece * 65_536)[:65_536]
    begin = time.process_time()
    parse(text)
    # Twenty times what it takes: a pattern that is not linear takes minutes.
    assert time.process_time() - begin < 0.5


# --- which format it is


def test_a_log_is_recognised_by_its_prints() -> None:
    assert detect(["Epoch 1/10", "loss 0.5"]) is None
    found = detect(["Epoch 1/10", "1/2 [==>...] - ETA: 0s - loss: 0.5000"])
    assert found is not None
    assert found.name == "keras"


def test_a_bar_that_is_quoted_is_no_programs() -> None:
    bar = "32/32 [==============================] - 0s 5ms/step - loss: 0.1234"
    assert parse(f"Keras prints `{bar}` while it trains.") == ()
    assert parse(f"while it trains: {bar}")


def test_formats_by_name() -> None:
    assert by_name(" Keras ").name == "keras"
    with pytest.raises(TuiMonitorError, match="keras"):
        by_name("abacus")


def test_states_of_a_bar_that_an_export_keeps_in_one_line() -> None:
    states = "".join(f" - ETA: {left}s - loss: 0.{left}28 - acc: 0.850" for left in (3, 2, 1))
    bar = "640/640 [==============================]"
    last = " - 7s 11ms/step - loss: 0.4803 - acc: 0.8500 - val_loss: 0.6414"
    (item,) = KerasFormat().parse(bar + states + last)
    assert isinstance(item, Progress)
    assert (item.step, item.final, item.eta, item.elapsed, item.per_step) == (
        640,
        True,
        None,
        7,
        0.011,
    )
    assert [(each.metric, each.displayed) for each in item.readings] == [
        *[("loss", 0.4803), ("acc", 0.85), ("val_loss", 0.6414)]
    ]
    (item,) = KerasFormat().parse(bar + states + " - ETA: 0s - loss: 0.5000")
    assert isinstance(item, Progress)
    assert (item.eta, [each.displayed for each in item.readings]) == (0, [0.5])
