"""Logs of which a print stands on several lines, and bars that are one for all epochs."""

from __future__ import annotations

import random
from collections.abc import Sequence

from tui_monitor.core.records import Estimate
from tui_monitor.core.session import Session


def decoded(text: str) -> Session:
    session = Session()
    session.feed(text.encode(), 0.0)
    session.finish()
    return session


def at(session: Session, metric: str) -> list[tuple[int, int | None, float]]:
    return [(r.epoch, r.step, r.displayed) for r in session.rows() if r.metric == metric]


def box(section: str, reward: float, timesteps: int, loss: float | None = None) -> str:
    rows = [(f"{section}/", ""), ("   mean_reward", reward), ("   fps", 1200)]
    rows += [("time/", ""), ("   total_timesteps", timesteps)]
    if loss is not None:
        rows += [("train/", ""), ("   learning_rate", 0.0003), ("   value_loss", loss)]
    rule = "-" * 40
    return "\n".join([rule, *(f"| {name:<22} | {value:<11} |" for name, value in rows), rule, ""])


def test_a_box_is_of_the_timesteps_it_shows() -> None:
    log = box("rollout", 21.3, 2048) + box("rollout", 25.5, 4096, 8.51) + box("eval", 99.5, 4096)
    session = decoded("Using cpu device\n" + log + box("rollout", 30.5, 6144, 7.25))
    assert session.report()[0].format == "stable-baselines"
    assert at(session, "rollout/mean_reward") == [(1, 2048, 21.3), (1, 4096, 25.5), (1, 6144, 30.5)]
    assert at(session, "train/value_loss") == [(1, 4096, 8.51), (1, 6144, 7.25)]
    assert at(session, "learning_rate") == [(1, 4096, 3e-4), (1, 6144, 3e-4)]
    assert at(session, "val_mean_reward") == [(1, 4096, 99.5)]
    assert {r.law for r in session.rows()} == {"unknown", "epoch", "instantaneous"}


def test_a_box_that_shows_its_timesteps_first() -> None:
    boxes = [box("rollout", 1.5, step, step + 0.5) for step in (2048, 4096)]
    rows = [[row for row in each.splitlines() if "mean_reward" not in row] for each in boxes]
    session = decoded("".join(f"{row}\n" for each in rows for row in each))
    assert at(session, "train/value_loss") == [(1, 2048, 2048.5), (1, 4096, 4096.5)]
    assert at(session, "learning_rate") == [(1, 2048, 3e-4), (1, 4096, 3e-4)]


def test_a_table_of_results_is_no_box_of_a_training() -> None:
    assert decoded("| model | 12.5 |\n| accuracy   | 0.93 |\n" * 3).report() == ()


def test_rows_below_a_head_are_of_its_step() -> None:
    log = ""
    for epoch in (1, 2):
        for batch in (10, 20):
            log += f"[epoch={epoch}][batch={batch}/20]:\n\t Train time/batch: {batch}\n"
            log += f"\t Train loss/train/total: {epoch}.{batch}00\n"
            log += f"\t Train metrics/train/Accuracy: 0.{batch}00\n"
        log += f"[Eval batch=5/5] Eval on eval data:\n\t Eval metrics/eval/Accuracy: 0.{epoch}000\n"
    session = decoded(log)
    assert session.report()[0].format == "composer"
    assert at(session, "loss/train/total") == [
        (1, 10, 1.1),
        (1, 20, 1.2),
        (2, 10, 2.1),
        (2, 20, 2.2),
    ]
    assert at(session, "train_Accuracy") == [(1, 10, 0.1), (1, 20, 0.2), (2, 10, 0.1), (2, 20, 0.2)]
    assert [(epoch, value) for epoch, _, value in at(session, "val_Accuracy")] == [
        (1, 0.1),
        (2, 0.2),
    ]


def test_a_step_of_deepspeed_has_the_learning_rate_told_of_it() -> None:
    line = "[INFO] [logging.py:96:log_dist] [Rank 0] step={0}, skipped=0, lr=[{1}], mom=[(0.9, 0.95)]\n"
    loss = "steps: {0} loss: {1} iter time (s): 1.234 samples/sec: 51.863\n"
    log = loss.format(10, "7.1250") + line.format(20, 1e-5) + loss.format(20, "6.5000")
    session = decoded(
        log + line.format(30, 2e-5) + line.format(40, 3e-5) + loss.format(40, "6.2500")
    )
    assert at(session, "loss") == [(1, 10, 7.125), (1, 20, 6.5), (1, 40, 6.25)]
    assert at(session, "lr") == [(1, 20, 1e-5), (1, 40, 3e-5)]


def test_lines_of_the_optimizer_alone_are_no_training_of_deepspeed() -> None:
    line = (
        "[INFO] [Rank 0] step={0}, skipped=0, lr=[1e-05], mom=[(0.9, 0.95)]\nstep {0}: loss 2.{0}\n"
    )
    session = decoded("".join(line.format(step) for step in (10, 20, 30)))
    assert session.report()[0].format == "plain"


def check_windows(rows: Sequence[Estimate], values: Sequence[float], length: int) -> None:
    """The truth is inside the bounds."""
    assert len(rows) == len(values)
    for row in rows:
        assert row.law == "sliding"
        assert not row.outlier
        assert None not in (row.from_batch, row.to_batch, row.low, row.high)
        start = (row.epoch - 1) * length
        window = values[start + (row.from_batch or 0) : start + (row.to_batch or 0)]
        assert (row.low or 0.0) - 1e-9 <= sum(window) / len(window) <= (row.high or 0.0) + 1e-9


LENGTH = 24
VALUES = [0.1 + 0.05 * random.Random(7 * n).random() for n in range(3 * LENGTH)]


def mean_of_newest(done: int, window: int) -> float:
    newest = VALUES[max(done - window, 0) : done]
    return sum(newest) / len(newest)


def test_a_loss_of_litgpt_is_that_of_a_step() -> None:
    """How many iterations that is the first end of a step tells; epochs go on in iterations."""
    log = ""
    for done in range(1, len(VALUES) + 1):
        end = " (step)" if done % 4 == 0 else ""
        log += f"Epoch {(done - 1) // LENGTH + 1} | iter {done} step {done // 4} | loss train:"
        log += f" {mean_of_newest(done, 4):.3f}, val: n/a | iter time: 123.45 ms{end}\n"
        if done % LENGTH == 0:
            log += f"iter {done}: val loss 0.1250, val time: 1000.00 ms\n"
    session = decoded(log)
    check_windows([r for r in session.rows() if r.metric == "loss"], VALUES, LENGTH)
    assert at(session, "val_loss") == [(1, 24, 0.125), (2, 48, 0.125), (3, 72, 0.125)]


def kohya(lines: bool) -> str:
    """A log of sd-scripts, whose bar moves before its number is set."""
    total = len(VALUES)
    log, shown = f"\rsteps:   0%|   | 0/{total} [00:00<?, ?it/s]", ""
    for done in range(1, total + 1):
        if lines and (done - 1) % LENGTH == 0:
            log += f"\nepoch {(done - 1) // LENGTH + 1}/3\n"
        bar = f"\rsteps: {100 * done // total:3}%|#  | {done}/{total} [00:07<00:30,  9.90it/s"
        log += f"{bar}{shown}]"
        shown = f", avr_loss={mean_of_newest(done, LENGTH):.3g}"
        log += f"{bar}{shown}]"
    return log


def test_a_bar_may_be_one_for_all_epochs() -> None:
    session = decoded(kohya(lines=True))
    rows = list(session.rows())
    assert [row.epoch for row in rows] == [1] * LENGTH + [2] * LENGTH + [3] * LENGTH
    check_windows(rows, VALUES, LENGTH)
    snapshot = session.snapshot(0.0)
    assert snapshot.epoch_ends.tolist() == [24.0, 48.0, 72.0]
    assert (snapshot.epochs, snapshot.step, snapshot.steps) == (3, 72, 72)
    assert decoded(kohya(lines=True)[:2000]).snapshot(0.0).epochs is None


def test_where_no_line_announces_its_epochs_its_number_is_shown_as_printed() -> None:
    assert {row.law for row in decoded(kohya(lines=False)).rows()} == {"unknown"}


def test_an_announcement_that_comes_late_is_no_epoch() -> None:
    """A program may write its lines to a buffer, its bars not."""
    log = ""
    for epoch in (1, 2, 3):
        for done in range(1, 9):
            log += f"\r{done * 12}%|#  | {done}/8 [00:07<00:30,  9.90it/s, loss={epoch}.{done}]"
            if (epoch, done) == (3, 4):
                log += "\nEpoch 1/3\nEpoch 2/3\nEpoch 3/3\n"
        log += "\n"
    session = decoded(log)
    assert len(session.report()) == 1
    assert session.report()[0].epochs == 3
