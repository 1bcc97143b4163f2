"""The bundled logs: all there, and decoded as what they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui_monitor.errors import TuiMonitorError
from tui_monitor.report.samples import DEFAULT_SAMPLE, SAMPLES, sample_log

FOLDER = Path(__file__).parents[1] / "sample_logs"


def test_every_log_has_a_name_and_a_line_in_the_readme() -> None:
    readme = (FOLDER / "README.md").read_text("utf-8")

    assert {sample.file for sample in SAMPLES.values()} == {
        path.name for path in FOLDER.glob("*.log")
    }
    for name, sample in SAMPLES.items():
        assert f"| `{name}` | `{sample.file}` |" in readme


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_are_found(name: str) -> None:
    assert sample_log(name).is_file()


def test_an_unknown_name_is_told_with_the_names_there_are() -> None:
    with pytest.raises(TuiMonitorError, match=f"nonsense: choose one of {DEFAULT_SAMPLE}"):
        sample_log("nonsense")


def test_the_excerpt_of_the_question_is_verbatim() -> None:
    lines = sample_log("epoch-jump").read_text("ascii").splitlines()

    assert lines[:3] == [
        "train_model:: starting epoch 1/3",
        "Epoch 1/1",
        "  1/406 [..............................] - ETA: 11726s - loss: 0.7993 - acc: 0.5996",
    ]
    assert lines[5] == (
        "404/406 [============================>.] - ETA: 53s - loss: 0.3542 - acc: 0.8917"
    )
    assert [line for line in lines if "ETA" not in line and "loss" in line] == [
        "406/406 [==============================] - 10798s - loss: 0.3539 - acc: 0.8918",
        "406/406 [==============================] - 13127s - loss: 0.2225 - acc: 0.9329",
        "406/406 [==============================] - 11147s - loss: 0.1006 - acc: 0.9745",
    ]
    assert len(lines) == 24


def test_the_excerpt_of_the_slow_epochs_is_verbatim() -> None:
    text = sample_log("slow-epochs").read_text("ascii")

    assert text.startswith(
        "Epoch 82/1000\n - 0s - loss: 0.2036 - acc: 0.9144 - val_loss: 0.2400 - val_acc: 0.8885\n"
    )
    assert text.endswith(
        "Epoch 456/1000\n - 0s - loss: 0.0913 - acc: 0.9628 - val_loss: 0.1329 - val_acc: 0.9443\n"
    )
