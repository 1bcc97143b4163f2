"""The input thread sleeps while no key is pressed, and wakes for keys and for the end."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator

import pytest
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver

from tests.ui import samples
from tests.ui.driving import monitor
from tui_monitor.ui.terminal.guest import TerminalApp
from tui_monitor.ui.terminal.keyboard import InputWait, PatientDriver

PATIENCE = 10.0


class Asking:
    """A thread that asks an event over and over, as a driver's does, and counts."""

    def __init__(self, event: InputWait) -> None:
        self.asked = 0
        self._event = event
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._event.is_set():
            self.asked += 1
            time.sleep(0.01)

    def has_ended(self) -> bool:
        self._thread.join(PATIENCE)
        return not self._thread.is_alive()


@pytest.fixture
def keys() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for each in ends:
        os.close(each)


def test_nobody_asks_while_no_key_is_pressed(keys: tuple[int, int]) -> None:
    event = InputWait(keys[0])
    asking = Asking(event)
    time.sleep(0.1)
    assert asking.asked == 0
    event.set()
    assert asking.has_ended()


def test_after_a_key_it_is_asked_for_a_while(keys: tuple[int, int]) -> None:
    event = InputWait(keys[0])
    asking = Asking(event)
    os.write(keys[1], b"x")
    end = time.monotonic() + PATIENCE
    while asking.asked < 3 and time.monotonic() < end:
        time.sleep(0.01)
    assert asking.asked >= 3
    event.set()
    assert asking.has_ended()


def test_after_the_end_it_may_begin_again(keys: tuple[int, int]) -> None:
    event = InputWait(keys[0])
    event.set()
    assert event.is_set()
    event.clear()
    assert not event.is_set()  # the main thread never waits
    asking = Asking(event)
    time.sleep(0.05)
    assert asking.asked == 0
    event.set()
    assert asking.has_ended()


def test_only_the_driver_that_is_known_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    app, _ = monitor(samples.training(), samples.LIVE)
    assert app.get_driver_class() is PatientDriver

    class Other(LinuxDriver):
        """Chosen by the environment."""

    def chosen(self: TerminalApp) -> type[Driver]:
        return Other

    monkeypatch.setattr("textual.app.App.get_driver_class", chosen)
    assert app.get_driver_class() is Other
