"""Real logs of frameworks beside Keras, decoded to the end: their truth lies beside them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from math import inf
from pathlib import Path

import numpy as np
import pytest

from tui_monitor.core.records import Estimate
from tui_monitor.core.session import Session

CORPUS = Path(__file__).parents[4] / "shared" / "corpus" / "frameworks"
SLACK = 2e-6
"""Error of what was itself computed in single precision."""
LOGS = {
    # log: law and truth of each metric
    "darknet_pjreddie": {"loss": ("instantaneous", "loss"), "loss (avg)": ("exponential", "loss")},
    "fastai": {"train_loss": ("exponential", "loss")},
    "hf_v4_ls1": {"loss": ("interval", "loss")},
    "hf_v5_tqdm": {"loss": ("interval", "loss")},
    "ignite": {"loss": ("exponential", "loss")},
    "imagenet_example": {
        "Loss": ("instantaneous", "Loss"),
        "Loss (avg)": ("cumulative-sample", "Loss"),
        "Acc@1 (avg)": ("cumulative-sample", "Acc@1"),
        "Acc@5 (avg)": ("cumulative-sample", "Acc@5"),
    },
    "jsonl": {
        "loss": ("instantaneous", "loss"),
        "avg_loss": ("cumulative-batch", "loss"),
        "acc": ("instantaneous", "acc"),
    },
    "kohya_avr_loss": {"avr_loss": ("sliding", "loss")},
    "lightning_rich": {"train_loss_step": ("instantaneous", "train_loss")},
    "megatron": {"lm loss": ("interval", "lm loss"), "grad norm": ("instantaneous", "grad norm")},
    "mmengine": {"loss": ("sliding", "loss"), "acc": ("instantaneous", "acc")},
    "nanogpt": {"loss": ("instantaneous", "last_micro")},
    "spacy": {"LOSS TEXTCAT": ("interval", "loss")},
    "timm": {"Loss": ("instantaneous", "Loss"), "Loss (avg)": ("cumulative-sample", "Loss")},
    "torchvision_ref": {
        "loss (avg)": ("cumulative-batch", "loss"),
        "acc1 (avg)": ("cumulative-sample", "acc1"),
        "acc5 (avg)": ("cumulative-sample", "acc5"),
    },
    "ultralytics": {
        "box_loss": ("cumulative-batch", "box_loss"),
        "cls_loss": ("cumulative-batch", "cls_loss"),
        "dfl_loss": ("cumulative-batch", "dfl_loss"),
    },
}
EXACT = {"imagenet_example": 16, "torchvision_ref": 16}
"""Logs whose right answers can be counted, and their batch size."""
every_log = pytest.mark.parametrize("name", LOGS)


class Truth:
    """The values of all batches of a run, one after the other."""

    def __init__(self, name: str) -> None:
        epochs = json.loads((CORPUS / name / "truth.json").read_text())["epochs"]
        self.starts = np.cumsum([0, *(len(epoch["steps"]) for epoch in epochs)]).tolist()
        self.sizes = np.array([size for epoch in epochs for size in epoch["batch_sizes"]])
        self.values = {
            metric: np.array([x for epoch in epochs for x in epoch["values"][metric]])
            for metric in epochs[0]["values"]
        }

    def window(self, row: Estimate, metric: str) -> float:
        """Mean of the row's window."""
        assert row.from_batch is not None
        assert row.to_batch is not None
        start = self.starts[row.epoch - 1]
        part = slice(start + row.from_batch, start + row.to_batch)
        weights = self.sizes[part] if row.law == "cumulative-sample" else None
        return float(np.average(self.values[metric][part], weights=weights))


@cache
def decoded(name: str) -> Session:
    if not CORPUS.is_dir():
        pytest.skip("the corpus of real logs is not here")
    session = Session()
    session.feed((CORPUS / name / "log.txt").read_bytes(), 0.0)
    session.finish()
    return session


def windows(session: Session, metric: str) -> Iterator[Estimate]:
    for row in session.rows():
        if row.metric == metric and None not in (row.from_batch, row.to_batch):
            assert row.from_batch is not None
            assert row.to_batch is not None
            if row.from_batch < row.to_batch:
                yield row


@every_log
def test_the_truth_is_inside_the_bounds(name: str) -> None:
    session = decoded(name)
    truth = Truth(name)
    for metric, (law, true) in LOGS[name].items():
        rows = list(windows(session, metric))
        assert len(rows) > 20
        for row in rows:
            assert row.law == law
            assert not row.outlier
            assert row.value is not None
            window = truth.window(row, true)
            low = -inf if row.low is None else row.low
            high = inf if row.high is None else row.high
            assert low - SLACK <= window <= high + SLACK
            assert low <= row.value <= high


@every_log
def test_what_is_decoded_is_truer_than_what_is_displayed(name: str) -> None:
    session = decoded(name)
    truth = Truth(name)
    for metric, (law, true) in LOGS[name].items():
        rows = list(windows(session, metric))
        errors = [(row.value or 0.0) - truth.window(row, true) for row in rows]
        shown = [row.displayed - truth.window(row, true) for row in rows]
        better = 0.25 if law not in ("instantaneous", "interval", "sliding") else 1.01
        assert np.std(errors) <= better * np.std(shown) + 1e-9


@pytest.mark.parametrize("name", EXACT)
def test_right_answers_in_percent_are_counted(name: str) -> None:
    session = decoded(name)
    truth = Truth(name)
    assert session.report()[0].batch_size == EXACT[name]
    seen = 0
    for metric, (law, true) in LOGS[name].items():
        for row in windows(session, metric):
            if law == "cumulative-sample" and row.exact:
                assert row.count is not None
                assert row.samples is not None
                window = truth.window(row, true)
                assert row.count == pytest.approx(0.01 * window * row.samples, abs=1e-3)
                seen += 1
    assert seen > 40
