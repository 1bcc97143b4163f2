"""verigak's progress bar beside what a loop shows: batches, epochs, and the test below."""

from __future__ import annotations

from itertools import accumulate
from random import Random

import pytest

from tui_monitor.core.formats.progressbar import ProgressBarFormat
from tui_monitor.core.records import Estimate, Progress
from tui_monitor.core.session import Session

STEPS = 60


def state(word: str, k: int, steps: int, loss: float, top1: float) -> str:
    """What is drawn after batch `k`."""
    cells = 32 * k // steps
    times = f"Data: 0.001s | Batch: 0.0{k % 90 + 10}s | Total: 0:00:{k % 60:02d} | ETA: 0:00:12"
    return (
        f"\r\x1b[K{word} |{'#' * cells}{' ' * (32 - cells)}| ({k}/{steps}) {times} "
        f"| Loss: {loss:.4f} | top1: {top1: .4f}"
    )


def log(epochs: int, tests: int, word: str = "Processing") -> tuple[str, list[list[float]]]:
    """A log, and the losses behind it."""
    random, out, losses = Random(tests), [], []
    for epoch in range(epochs):
        out.append(f"\nEpoch: [{epoch + 1} | {epochs}] LR: 0.100000\n")
        losses.append([random.gauss(2.0 - 0.3 * epoch, 0.2) for _ in range(STEPS)])
        sums = list(accumulate(losses[-1]))
        out += [state("Processing", k, STEPS, s / k, 20.0 + k) for k, s in enumerate(sums, 1)]
        out.append("\n\x1b[?25h")
        out += [state(word, k, tests, 1.5 - epoch / 4 + 1 / k, 30.0) for k in range(1, tests + 1)]
        out.append("\n\x1b[?25h")
    return "".join(out), losses


def rows_of(text: str, metric: str) -> list[Estimate]:
    session = Session()
    session.feed(text.encode(), 0.0)
    session.finish()
    return [row for row in session.rows() if row.metric == metric]


@pytest.mark.parametrize("tests", [25, STEPS])
@pytest.mark.parametrize("word", ["Processing", "Valid Stats", "Validating: "])
def test_each_batch_has_its_number_and_each_epoch_its_validation(tests: int, word: str) -> None:
    text, losses = log(3, tests, word)
    rows = rows_of(text, "loss")
    assert [(row.epoch, row.step) for row in rows] == [
        (epoch, step) for epoch in (1, 2, 3) for step in range(1, STEPS + 1)
    ]
    assert {row.law for row in rows} == {"cumulative-batch"}
    for row in rows:
        assert row.from_batch is not None
        assert row.low is not None
        assert row.high is not None
        behind = losses[row.epoch - 1][row.from_batch : row.to_batch]
        assert row.low - 1e-9 <= sum(behind) / len(behind) <= row.high + 1e-9
    shown = {row.epoch: row.displayed for row in rows_of(text, "val_loss")}
    assert shown == pytest.approx({n: 1.75 - n / 4 + 1 / tests for n in (1, 2, 3)}, abs=1e-4)


@pytest.mark.parametrize(
    "text",
    [
        "Downloading |######          | 57/391 ETA: 0:00:45",
        "model |  12.5  | 3/9 loss: 0.5",
        "Epoch 1:  12%|#####     | 11/90 [00:02<01:01, 50.05it/s, loss=2.27]",
        "| train | ######## | 3/9 loss: 0.5",
    ],
)
def test_other_bars_are_not_read(text: str) -> None:
    assert ProgressBarFormat().parse(text) == ()


def test_what_a_bar_says() -> None:
    (item,) = ProgressBarFormat().parse(
        "Training |##########      | (12/1024) Total: 0:01:20 | Loss: 1.5 | Loss_x: 0.5 | W: 0.25"
    )
    assert isinstance(item, Progress)
    assert (item.step, item.steps, item.bar) == (12, 1024, "Training")
    assert [(each.metric, each.displayed, each.law) for each in item.readings] == [
        ("loss", 1.5, "open"),
        ("loss_x", 0.5, "open"),
        ("w", 0.25, "open"),
    ]
