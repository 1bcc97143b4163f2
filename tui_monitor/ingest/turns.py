"""The thread that gives a feed or a fleet its turns: what decides and never waits is told the time."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable

_GATHER = 0.1  # seconds between two turns that are rung for: each of many small writes rings


class TurnThread:
    """Calls `turn` until it is stopped; every callback is called on its thread.

    Args:
        turn: Does what is due; seconds to the next turn, at most.
        rung: Set when there may be something to do sooner.
        close: Called when it is over, however it ends.
        fail: Told what went wrong in a turn, once; that ends the thread.
        name: Of the thread, for debuggers.
    """

    def __init__(
        self,
        turn: Callable[[], float],
        rung: threading.Event,
        close: Callable[[], None],
        fail: Callable[[Exception], None],
        *,
        name: str,
    ) -> None:
        self._turn, self._rung, self._close, self._fail = turn, rung, close, fail
        self._calls: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def call(self, function: Callable[[], object]) -> None:
        """Have a function called on the thread before its next turn; returns at once."""
        self._calls.put(function)
        self._rung.set()

    def stop(self, timeout: float = 5.0) -> None:
        """End the thread; waits for it, unless called on the thread itself."""
        self._stopping.set()
        self._rung.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(timeout)

    def _run(self) -> None:
        try:
            try:
                self._loop()
            finally:
                self._close()
        except Exception as error:  # the thread's edge: the app shows it
            self._fail(error)

    def _loop(self) -> None:
        while not self._stopping.is_set():
            self._rung.clear()  # before looking: what happens after the look rings again
            while not self._calls.empty():
                self._calls.get()()
            wait = self._turn()
            if wait > 0:
                turned = time.monotonic()
                if self._rung.wait(wait):
                    self._stopping.wait(max(turned + _GATHER - time.monotonic(), 0.0))
