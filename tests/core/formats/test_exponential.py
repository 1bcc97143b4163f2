"""Losses that programs show as exponential means: the truth lies within the bounds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from tui_monitor.core.averages import laws
from tui_monitor.core.records import Estimate
from tui_monitor.core.session import Session


def decoded(log: str) -> list[Estimate]:
    session = Session()
    session.feed(log.encode(), 0.0)
    session.finish()
    return [row for row in session.rows() if row.metric.lower() == "loss"]


def losses(steps: int, seed: int = 0) -> list[float]:
    random = np.random.default_rng(seed)
    around = 0.5 + np.exp(-np.arange(steps) / 50.0)
    return [float(each) for each in around + random.uniform(-0.2, 0.2, steps)]


def check(rows: Sequence[Estimate], truth: Sequence[float]) -> None:
    """Each row's window holds the truth, and is narrow enough to tell something."""
    assert rows
    for row in rows:
        assert row.law == "exponential"
        assert row.low is not None
        assert row.high is not None
        assert not row.outlier
        mean = np.mean(truth[row.from_batch : row.to_batch])
        assert row.low - 1e-9 <= mean <= row.high + 1e-9


def test_the_loss_of_nanochat() -> None:
    truth = losses(200)
    shown = laws.forward(laws.DEBIASED_90, truth, [1.0] * len(truth))
    log = "".join(
        f"step {step:05d}/00200 ({step / 2:.2f}%) | loss: {loss:.6f} | lrm: 1.00 | dt: 571.88ms | "
        "tok/sec: 83,385 | mfu: 50.92 | total time: 0.00m\n"
        for step, loss in enumerate(shown)
    )
    rows = decoded(log)
    assert [(row.from_batch, row.to_batch) for row in rows] == [(k, k + 1) for k in range(200)]
    check(rows, truth)
    assert max((row.high or 0.0) - (row.low or 0.0) for row in rows) < 1e-4


def test_the_loss_of_autoresearch_is_redrawn() -> None:
    truth = losses(50)
    shown = laws.forward(laws.DEBIASED_90, truth, [1.0] * len(truth))
    log = "".join(
        f"\rstep {step:05d} ({step:.1f}%) | loss: {loss:.6f} | lrm: 1.00 | dt: 145ms | "
        f"tok/sec: 225,916 | mfu: 2.7% | epoch: 1 | remaining: {300 - step}s    "
        for step, loss in enumerate(shown)
    )
    rows = decoded(log + "\n---\nval_bpb:          1.142676\n")
    assert rows[-1].to_batch == 50
    check(rows, truth)


def test_a_fine_tuning_of_nanochat_debiases_otherwise() -> None:
    line = "step {:05d} (1.00%) | loss: 2.{:06d} | lrm: 1.00 | dt: 571.88ms | tok/sec: 83,385\n"
    rows = decoded("".join(line.format(step, step * 7919) for step in range(1, 12)))
    assert {row.law for row in rows} == {"unknown"}


def splatting(shown: Sequence[float], *, draws_all: bool = True, digits: int = 7) -> str:
    """Its bar: set_postfix draws before the bar moves on, and update draws if it is time to."""
    total = len(shown)
    states = [f"\rTraining progress:   0%|  | 0/{total} [00:00<?, ?it/s]"]
    for k in range(10, total + 1, 10):
        loss = f"{shown[k - 1]:.{digits}f}"
        fields = f"[00:{k // 60:02d}<00:10, 53.05it/s, Loss={loss}, Depth Loss=0.0000000]"
        states.append(f"\rTraining progress: {k * 100 // total:3d}%|  | {k - 10}/{total} {fields}")
        if draws_all or k % 30 == 0:
            states.append(f"\rTraining progress: {k * 100 // total:3d}%|  | {k}/{total} {fields}")
    return "".join(states) + "\n"


@pytest.mark.parametrize("draws_all", [True, False])
def test_the_loss_of_3d_gaussian_splatting(draws_all: bool) -> None:
    truth = losses(600)
    shown = laws.forward(laws.ZEROED_60, truth, [1.0] * len(truth))
    rows = decoded(splatting(shown, draws_all=draws_all))
    assert len(rows) >= 20
    assert all((row.to_batch or 0) % 10 == 0 for row in rows)
    check(rows, truth)


def test_a_second_bar_of_it_begins_at_zero_again() -> None:
    first, second = losses(300, 1), losses(300, 2)
    log = "".join(
        splatting(laws.forward(laws.ZEROED_60, each, [1.0] * len(each))) for each in (first, second)
    )
    rows = decoded(log)
    assert {row.epoch for row in rows} | {row.run for row in rows} == {1, 2}
    for nth, truth in enumerate((first, second), start=1):
        check([row for row in rows if nth == max(row.epoch, row.run)], truth)


def test_another_bar_of_that_name_is_left_open() -> None:
    rows = decoded(splatting(losses(100), digits=3))
    assert {row.law for row in rows} == {"unknown"}
