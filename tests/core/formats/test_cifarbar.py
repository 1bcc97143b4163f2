"""The bar of pytorch-cifar: its count, wherever it stands, its numbers, and the test below it."""

from __future__ import annotations

from random import Random

import pytest

from tui_monitor.core.formats.cifarbar import CifarBarFormat
from tui_monitor.core.records import Estimate, Progress
from tui_monitor.core.session import Session

LENGTH = 65
"""Cells of the bar."""
SIZE = 100
SIZES = [SIZE] * 39 + [44]
TESTS = 10


def clock(seconds: float) -> str:
    """The two largest parts of a duration."""
    ms = int(1000 * seconds)
    parts = [(ms // 60_000, "m"), (ms // 1000 % 60, "s"), (ms % 1000, "ms")]
    return "".join(f"{n}{unit}" for n, unit in [each for each in parts if each[0]][:2]) or "0ms"


def state(i: int, total: int, width: int, message: str, seconds: float) -> str:
    """What the bar writes for batch `i`, from 0, on a terminal of that width."""
    done = int(LENGTH * i / total)
    text = f"  Step: {clock(0.0331)} | Tot: {clock(seconds)} | {message}"
    return "".join(
        [
            " [" + "=" * done + ">" + "." * (LENGTH - done - 1) + "]",
            text + " " * (width - LENGTH - len(text) - 3),
            "\b" * (width - LENGTH // 2 + 2),
            f" {i + 1}/{total} ",
            "\r" if i < total - 1 else "\n",
        ]
    )


class Trained:
    """A log of three epochs, and the batches behind it: losses, right answers and sizes."""

    def __init__(self, width: int, *, means: bool = True, tests: int = TESTS) -> None:
        random = Random(width)
        out = ["==> Building model..\n"]
        self.batches: list[list[tuple[float, int, int]]] = []
        self.tested: list[str] = []
        for epoch in range(3):
            out.append(f"\nEpoch: {epoch}\n")
            self.batches.append(
                [
                    (random.gauss(2.0 - 0.4 * epoch, 0.2), random.randrange(n // 5, n // 2), n)
                    for n in SIZES
                ]
            )
            out += self.bar(self.batches[-1], width, means=means)
            test = [(random.gauss(1.0, 0.1), random.randrange(10, 50), SIZE) for _ in range(tests)]
            out += self.bar(test, width, means=True)
            self.tested.append(f"{sum(each[0] for each in test) / tests:.3f}")
            out.append("Saving..\n")
        self.log = "".join(out)

    @staticmethod
    def bar(batches: list[tuple[float, int, int]], width: int, *, means: bool) -> list[str]:
        out: list[str] = []
        loss = right = of = 0.0
        for i, (value, count, size) in enumerate(batches):
            loss, right, of = loss + value, right + count, of + size
            shown = loss / (i + 1) if means else value
            message = f"Loss: {shown:.3f} | Acc: {100 * right / of:.3f}% ({right:.0f}/{of:.0f})"
            out.append(state(i, len(batches), width, message, 0.33 * (i + 1)))
        return out


def rows_of(log: str) -> list[Estimate]:
    session = Session()
    session.feed(log.encode(), 0.0)
    session.finish()
    return list(session.rows())


@pytest.mark.parametrize("width", [80, 90, 120, 150, 160, 165, 170, 230])
def test_each_batch_is_found_on_a_terminal_of_any_width(width: int) -> None:
    trained = Trained(width)
    rows = [row for row in rows_of(trained.log) if row.split == "train"]
    for name in ("loss", "acc"):
        found = [row for row in rows if row.metric == name]
        assert [(row.epoch, row.step) for row in found] == [
            (epoch, step) for epoch in (1, 2, 3) for step in range(1, 41)
        ]
    assert {row.epoch_label for row in rows} == {"0", "1", "2"}
    for row in rows:
        assert row.low is not None
        assert row.high is not None
        assert row.from_batch is not None
        batches = trained.batches[row.epoch - 1][row.from_batch : row.to_batch]
        if row.metric == "loss":
            assert row.law == "cumulative-batch"
            mean = sum(each[0] for each in batches) / len(batches)
        else:
            assert row.law == "cumulative-sample"
            right, of = sum(each[1] for each in batches), sum(each[2] for each in batches)
            assert not row.exact or (row.count, row.samples) == (right, of)
            mean = 100.0 * right / of
        assert row.low - 1e-9 <= mean <= row.high + 1e-9
    exact = [row for row in rows if row.metric == "acc" and row.exact]
    assert len(exact) >= 3 * (len(SIZES) - 1)


@pytest.mark.parametrize("tests", [TESTS, len(SIZES)])
def test_the_test_below_the_bar_is_the_validation_of_its_epoch(tests: int) -> None:
    trained = Trained(120, tests=tests)
    rows = rows_of(trained.log)
    found = [row for row in rows if row.metric == "val_loss"]
    assert [f"{row.displayed:.3f}" for row in found] == trained.tested
    assert [row.epoch for row in found] == [1, 2, 3]
    assert {row.law for row in found} == {"epoch"}
    assert max(row.epoch for row in rows) == 3
    assert len([row for row in rows if row.metric == "loss"]) == 3 * len(SIZES)


def test_what_is_no_mean_of_its_epoch_is_not_taken_for_one() -> None:
    trained = Trained(120, means=False)
    rows = [row for row in rows_of(trained.log) if row.metric == "loss"]
    assert {row.law for row in rows} == {"instantaneous"}


@pytest.mark.parametrize(
    "text",
    [
        " [======= 50/391 >.....]  Step: 33ms | Tot: 4s | Loss: 1.234 | Acc: 45.600% (2918/6400)",
        " [=======>.............]  Step: 33 50/391 Tot: 4s | Loss: 1.234 | Acc: 45.600% (2918/6400)",
        " [=======>.............]  Step: 3 50/391 4s | Loss: 1.234 | Acc: 45.600% (2918/6400)",
        "[=======>......] Tot: 4s | Step: 33ms | Loss: 1.234 | Acc: 45.600% (2918/6400)   50/391",
        " [======= 50/391 >.]  Step: 33ms | Tot: 4s | Train >> Loss: 1.234 | Acc: 45.600% (2918/6400",
    ],
)
def test_the_count_is_found_wherever_it_stands(text: str) -> None:
    (item,) = CifarBarFormat().parse(text)
    assert isinstance(item, Progress)
    assert (item.step, item.steps) == (50, 391)
    assert [each[:4] for each in item.readings] == [
        ("loss", 1.234, 0.001, "copied"),
        ("acc", 45.6, 0.001, "state"),
    ]


def test_other_numbers_are_found_out() -> None:
    text = (
        " [==== 50/391 >.]  Step: 33ms | Tot: 4s | Test >> Loss: 1.234 | IPixel: 0.226 | Acc: 9.5%"
    )
    (item,) = CifarBarFormat().parse(text)
    assert isinstance(item, Progress)
    assert item.bar == "validation"
    assert [(each.metric, each.law) for each in item.readings] == [
        ("loss", "open"),
        ("ipixel", "open"),
        ("acc", "open"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "[=====>....] Step: 3 | Tot: 4s | Loss: 1.234",
        "Step: 33ms | Tot: 4s | Loss: 1.234  50/391",
        " [======= 50/391 >.....]  eta: 33ms",
    ],
)
def test_other_bars_are_not_read(text: str) -> None:
    assert CifarBarFormat().parse(text) == ()
