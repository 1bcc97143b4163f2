"""The thread that gives a fleet its turns."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable

from tui_monitor.ingest.fleet import Fleet

_GATHER = 0.05  # seconds between two turns at least: a stream of small writes rings for each


class FleetThread:
    """Runs a fleet until it is stopped. The fleet's callbacks are called on its thread."""

    def __init__(self, fleet: Fleet, fail: Callable[[Exception], None]) -> None:
        self._fleet = fleet
        self._fail = fail
        self._calls: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fleet", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def open(self, key: str | None) -> None:
        """See `Fleet.open`; returns at once."""
        self._call(lambda: self._fleet.open(key))

    def ask(self, keys: Iterable[str]) -> None:
        """See `Fleet.ask`; returns at once."""
        wanted = tuple(keys)
        self._call(lambda: self._fleet.ask(wanted))

    def stop(self, timeout: float = 5.0) -> None:
        """End the thread and close all sources; waits for it, unless called on it."""
        self._stopping.set()
        self._fleet.rung.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(timeout)

    def _call(self, function: Callable[[], object]) -> None:
        self._calls.put(function)
        self._fleet.rung.set()

    def _run(self) -> None:
        try:
            try:
                self._loop()
            finally:
                self._fleet.close()
        except Exception as error:  # the thread's edge: the app shows it
            self._fail(error)

    def _loop(self) -> None:
        rung = self._fleet.rung
        while not self._stopping.is_set():
            rung.clear()  # before looking: what happens after the look rings again
            while not self._calls.empty():
                self._calls.get()()
            wait = self._fleet.turn()
            if wait > 0:
                turned = time.monotonic()
                rung.wait(wait)
                self._stopping.wait(max(turned + _GATHER - time.monotonic(), 0.0))
