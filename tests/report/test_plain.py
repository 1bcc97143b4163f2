"""The plain monitor: one line an update, no faster than it may."""

from __future__ import annotations

from collections.abc import Iterator

from tui_monitor.core.session import Session
from tui_monitor.report.plain import UPDATE_SECONDS, update_line, updates
from tui_monitor.report.samples import sample_log

LOG = sample_log("epoch-jump").read_bytes().splitlines(keepends=True)


def fed(lines: list[bytes]) -> Iterator[Session]:
    session = Session()
    for line in lines:
        session.feed(line, 0.0)
        yield session


class Clock:
    """Goes on by `step` seconds at each look."""

    def __init__(self, step: float) -> None:
        self.now = 0.0
        self.step = step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def test_an_update_tells_place_numbers_and_levels() -> None:
    session = Session()
    session.feed(b"".join(LOG[:6]), 0.0)
    line = update_line(session.snapshot(0.0))

    assert line.startswith("epoch 1 step 404/406  loss 0.3542 (level ")
    assert "  acc 0.8917 (level " in line
    assert "±" in line


def test_the_total_of_epochs_is_that_of_the_log() -> None:
    """Lightning's bar by Rich calls the first epoch 0 and tells the number of the last."""
    session = Session()
    for epoch in (2, 3):
        for step in (10, 20, 45):
            bar = f"Epoch {epoch}/3 ━━━━━━━━ {step}/45 0:00:02 • 0:00:00 45.00it/s"
            session.feed(f"{bar} train_loss: 0.{step}0\n".encode(), 0.0)
    line = update_line(session.snapshot(0.0))

    assert line.startswith("epoch 3/3 step 45/45 ")


def test_before_the_first_print_there_is_nothing_to_tell() -> None:
    assert update_line(Session().snapshot(0.0)) == ""
    assert list(updates(fed([b"hello\n"]), Clock(10.0))) == []


def test_every_print_is_told_if_they_come_slowly() -> None:
    lines = list(updates(fed(LOG), Clock(UPDATE_SECONDS)))

    assert len(lines) == 18
    assert [line.split("  ")[0] for line in lines[:2]] == [
        "epoch 1 step 1/406",
        "epoch 1 step 2/406",
    ]


def test_of_fast_prints_the_last_is_told_at_the_end() -> None:
    lines = list(updates(fed(LOG), Clock(0.0)))

    assert len(lines) == 2
    assert lines[-1].startswith("epoch 3 step 406/406")


def test_looks_without_news_are_not_told() -> None:
    def quiet() -> Iterator[Session]:
        session = Session()
        session.feed(b"".join(LOG), 0.0)
        for _ in range(5):
            yield session

    (line,) = updates(quiet(), Clock(UPDATE_SECONDS))
    assert line.startswith("epoch 3 step 406/406")


def test_a_validation_is_told_once() -> None:
    session = Session()
    for epoch in (0, 1):
        for step in (1, 11, 21):
            shown = f"Loss 1.{step}e+00 (1.{step}e+00)\tAcc@1  50.00 ( 50.00)"
            session.feed(f"Epoch: [{epoch}][{step:2}/30]\t{shown}\n".encode(), 0.0)
        session.feed(b" *   Acc@1 61.250\n", 0.0)
    line = update_line(session.snapshot(0.0))

    assert line.startswith("epoch 1  ")  # as the log calls it
    assert "Acc@1 (avg)" in line
    assert line.count("val_Acc@1 61.25") == 1


def test_an_update_counts_as_the_log_does() -> None:
    session = Session()
    session.feed(
        b"Epoch 1/2\n  32/6000 [....] - ETA: 1s - loss: 0.9036\n"
        b"  64/6000 [....] - ETA: 1s - loss: 0.8036\n",
        0.0,
    )
    assert update_line(session.snapshot(0.0)).startswith("epoch 1/2 sample 64/6000  loss 0.8036")
