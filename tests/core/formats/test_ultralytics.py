"""YOLO's bars: the batch of each number, whichever bar is drawn, and the names of its columns."""

from __future__ import annotations

from random import Random

import pytest

from tui_monitor.core.formats.ultralytics import ROW, UltralyticsFormat
from tui_monitor.core.records import Columns
from tui_monitor.core.session import Session

HEAD = "      Epoch    GPU_mem   box_loss   cls_loss   dfl_loss  Instances       Size\n"
VALIDATION = (
    "                 Class     Images  Instances      Box(P          R      mAP50  mAP50-95): "
    "100%|██████████| 8/8 [00:03<00:00,  2.31it/s]\n"
    "                   all        722       1444      0.991      0.997      0.994      0.70{}\n"
)
BATCHES = 40

parse = UltralyticsFormat().parse


def four(value: float) -> str:
    return f"{value:11.4g}"


class Trained:
    """A log of YOLO with tqdm's bar, and the batches behind it.

    `drawn`: how often the bar moves before the next number is set; 0: only full bars are kept.
    """

    def __init__(self, drawn: float, epochs: int = 3) -> None:
        random, out = Random(5), []
        self.truth: list[list[float]] = []
        for epoch in range(epochs):
            values = [random.gauss(2.0, 0.2) / (1 + epoch) for _ in range(BATCHES)]
            self.truth.append(values)
            out.append(HEAD)
            at = 0
            for i in range(BATCHES):
                mean = sum(values[: i + 1]) / (i + 1)
                told = f"{epoch}/{epochs - 1}".rjust(11) + "2.52G".rjust(11)
                told += four(mean) * 3 + four(random.randrange(99)) + four(640)
                if drawn:
                    out.append(self.bar(told, at))
                if random.random() < drawn:
                    at = i + 1
                    out.append(self.bar(told, at))
            out += [self.bar(told, BATCHES), "\n", VALIDATION.format(epoch)]
        self.log = "".join(out)

    @staticmethod
    def bar(told: str, n: int) -> str:
        percent = 100 * n // BATCHES
        return f"\r{told}: {percent:3d}%|{'█' * (n // 4)}| {n}/{BATCHES} [00:01<00:02,  4.40it/s]"


@pytest.mark.parametrize("drawn", [1.0, 0.3, 0.0])
def test_the_truth_is_inside_the_bounds_of_a_bar_by_tqdm(drawn: float) -> None:
    trained = Trained(drawn)
    session = Session()
    session.feed(trained.log.encode(), 0.0)
    session.finish()
    rows = list(session.rows())
    losses = [row for row in rows if row.metric == "box_loss"]
    assert [row.to_batch for row in losses] == [
        k for _ in trained.truth for k in (range(1, BATCHES + 1) if drawn else [BATCHES])
    ]
    for row in losses:
        window = trained.truth[row.epoch - 1][row.from_batch : row.to_batch]
        assert row.low is not None
        assert row.high is not None
        assert row.low - 1e-9 <= sum(window) / len(window) <= row.high + 1e-9
    best = [(row.epoch, row.displayed) for row in rows if row.metric == "val_mAP50-95"]
    assert best == [(1, 0.7), (2, 0.701), (3, 0.702)]


def test_the_best_model_validated_once_more_is_no_epoch() -> None:
    session = Session()
    session.feed((Trained(0.0).log + VALIDATION.format(9)).encode(), 0.0)
    session.finish()
    assert [row.epoch for row in session.rows() if row.metric == "val_mAP50"] == [1, 2, 3]


def test_the_heads_of_tables_name_their_columns() -> None:
    assert parse(
        "     Epoch   gpu_mem       box       obj       cls     total    labels  img_size"
    ) == (Columns(("box", "obj", "cls", "total"), "ultralytics-bar", begins_fit=False),)
    (columns,) = parse(
        "                 Class     Images  Instances      Box(P          R      mAP50  mAP50-95)"
        "     Mask(P          R      mAP50  mAP50-95): 100% ━━━━━━━━━━━━ 1/1 9.7it/s 0.1s"
    )
    boxes = ("precision", "recall", "mAP50", "mAP50-95")
    assert isinstance(columns, Columns)
    assert columns.table == ROW
    assert columns.names == tuple(f"val_{kind}{name}" for kind in ("", "mask_") for name in boxes)
    (old,) = parse(
        "               Class      Images     Targets           P           R      mAP@.5  "
        "mAP@.5:.95: 100%|█| 7/7"
    )
    assert isinstance(old, Columns)
    assert old.names[2:] == ("val_mAP@.5", "val_mAP@.5:.95")
    (classes,) = parse(
        "               classes   top1_acc   top5_acc: 100%|██████████| 1/1 [00:00<00:00]"
    )
    assert classes == Columns(("val_top1_acc", "val_top5_acc"), ROW, begins_fit=False)


def test_bars_and_heads_that_end_at_the_screen() -> None:
    log = ""
    for epoch, percent in ((1, 50), (2, 100)):
        cells = (f"{epoch}/2", "13.1G", epoch + 0.25, 21.96, 0.5235, 9, 576)
        log += HEAD + "".join(f"{cell:>11}" for cell in cells) + f": {percent:>3}%|█\n"
        log += "                 Class     Images  Instances      Box(P          R      mAP50  mAP50-\n"
        log += f"{'all':>22}{48:>11}{28:>11}{0.5:>11}{0.25:>11}{0.125:>11}{epoch / 10:>11}\n"
    session = Session()
    session.feed(log.encode(), 0.0)
    session.finish()
    shown = [(row.epoch_label, row.metric, row.displayed, row.law) for row in session.rows()]
    assert [row for row in shown if "loss" in row[1]] == [
        *[("2", "box_loss", 2.25, "epoch"), ("2", "cls_loss", 21.96, "epoch")],
        ("2", "dfl_loss", 0.5235, "epoch"),
    ]
    assert [row[2] for row in shown if row[1] == "val_mAP50-95"] == [0.2]


@pytest.mark.parametrize(
    "text",
    [
        "  1/3  train  2.311  640: 1% ─── 1/90 2.7it/s",
        "                   cat         85        167      0.707      0.401      0.456      0.329",
        "all 3 2 rows are 0.5",
        "Epoch GPU_mem",
    ],
)
def test_what_is_no_state_of_a_training(text: str) -> None:
    assert parse(text) == ()
