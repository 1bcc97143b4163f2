"""The tail of the log that a snapshot shows: a progress bar is one line in it."""

from __future__ import annotations

from tui_monitor.core.session import Session


def _bar(step: int, loss: float) -> str:
    return f"{step:3}/100 [=====>.....] - ETA: 3s - loss: {loss:.4f}"


def _tail(*lines: str, end: str = "\n") -> tuple[str, ...]:
    session = Session()
    for number, line in enumerate(lines):
        session.feed((line + end).encode(), float(number))
    return session.snapshot(float(len(lines))).log_tail


def test_states_on_lines_of_their_own_take_each_others_place() -> None:
    bars = [_bar(step, 1.0 / step) for step in range(1, 60)]
    assert _tail("Epoch 1/3", *bars) == ("Epoch 1/3", bars[-1])


def test_other_lines_stay_where_they_stood() -> None:
    first, second, third = _bar(10, 0.9), _bar(20, 0.8), _bar(30, 0.7)
    shown = _tail("Epoch 1/3", first, "a warning", second, third)
    assert shown == ("Epoch 1/3", first, "a warning", third)


def test_an_epochs_end_stays_when_the_next_begins() -> None:
    end = "100/100 [===========] - 3s 30ms/step - loss: 0.5000 - val_loss: 0.6000"
    shown = _tail("Epoch 1/3", _bar(50, 0.6), end, "Epoch 2/3", _bar(1, 0.4))
    assert shown == ("Epoch 1/3", end, "Epoch 2/3", _bar(1, 0.4))


def test_a_bar_that_starts_anew_takes_no_place() -> None:
    assert _tail("Epoch 1/3", _bar(90, 0.6), _bar(1, 0.4)) == (
        "Epoch 1/3",
        _bar(90, 0.6),
        _bar(1, 0.4),
    )


def test_a_state_that_is_being_written_takes_the_place_of_the_one_before_it() -> None:
    session = Session()
    session.feed(f"Epoch 1/3\n{_bar(1, 0.9)}\r{_bar(2, 0.8)}".encode(), 0.0)
    assert session.snapshot(0.0).log_tail == ("Epoch 1/3", _bar(2, 0.8))


def test_after_a_restart_the_bar_of_the_file_before_stays() -> None:
    session = Session()
    session.feed(f"Epoch 1/3\n{_bar(10, 0.9)}\n".encode(), 0.0)
    session.restart("truncated")
    session.feed(f"{_bar(20, 0.8)}\n".encode(), 1.0)
    assert session.snapshot(1.0).log_tail[1:] == (_bar(10, 0.9), "-- truncated --", _bar(20, 0.8))


def test_redrawn_states_leave_the_header_above_them() -> None:
    session = Session()
    states = "\r".join(_bar(step, 0.5) for step in range(1, 9))
    session.feed(f"Epoch 1/3\n{states}\n".encode(), 0.0)
    assert session.snapshot(0.0).log_tail == ("Epoch 1/3", _bar(8, 0.5))


def test_tabs_are_shown_as_a_terminal_shows_them() -> None:
    """A tab that reaches the screen moves the cursor over what stood there before."""
    session = Session()
    line = b"Epoch: [0][ 1/90]\tTime  0.1 ( 0.1)\tLoss 2.3184e+00 (2.3184e+00)\n"
    session.feed(line + b"Traceback (most recent call last):\nValueError: a\tb\n", 0.0)
    shown = session.snapshot(0.0)
    assert shown.log_tail[0] == line.decode().rstrip().expandtabs()
    assert shown.last_print == shown.log_tail[0]
    assert not any("\t" in each.text for each in shown.events)
