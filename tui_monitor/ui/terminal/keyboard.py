"""What comes from the terminal, keys and its size, where Textual's driver needs a hand.

It asks ten times a second whether a key came, which on an idle screen is most of what is done at all;
and of sizes that change quickly it may tell the last but one last.
"""

from __future__ import annotations

import asyncio
import os
import select
import signal
import threading
import time
from typing import TYPE_CHECKING

from textual.drivers.linux_driver import LinuxDriver
from textual.events import Resize
from textual.geometry import Size

from tui_monitor.process import terminal_size

if TYPE_CHECKING:
    from textual.app import App

_AWAKE_SECONDS = 0.5
"""How long the driver goes on looking after some input: what does not follow tells a lone escape."""


class InputWait(threading.Event):
    """The event that ends a driver's input thread; asked there, it waits until input comes.

    Args:
        fileno: Where input comes from.
    """

    def __init__(self, fileno: int) -> None:
        super().__init__()
        self._fileno = fileno
        self._rung, self._ring = os.pipe()
        os.set_blocking(self._rung, False)
        self._awake_until = 0.0

    def set(self) -> None:
        """End the thread, be it waiting or not."""
        super().set()
        os.write(self._ring, b"\0")

    def clear(self) -> None:
        """The next thread may begin."""
        super().clear()
        while select.select([self._rung], [], [], 0)[0]:
            os.read(self._rung, 64)

    def is_set(self) -> bool:
        """Whether the thread is to end; any thread but the main one waits for that or for input."""
        is_patient = threading.current_thread() is not threading.main_thread()
        if is_patient and not super().is_set() and time.monotonic() >= self._awake_until:
            select.select([self._fileno, self._rung], [], [])
            self._awake_until = time.monotonic() + _AWAKE_SECONDS
        return super().is_set()


class PatientDriver(LinuxDriver):
    """Textual's driver, asleep while no key is pressed, and with the newest size."""

    def __init__(
        self,
        app: App[object],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self.exit_event = InputWait(self.fileno)

    def start_application_mode(self) -> None:
        """As Textual's, but a change of the size waits for the event loop.

        Textual reads the size where the signal interrupts. A second signal interrupts that, tells its
        newer size first, and the older one stays.
        """
        super().start_application_mode()  # type: ignore[no-untyped-call]
        asyncio.get_running_loop().add_signal_handler(signal.SIGWINCH, self._tell_size)

    def run_input_thread(self) -> None:
        """As Textual's, which ends at bytes that are no UTF-8, as terminals of other encodings send."""
        while True:
            try:
                super().run_input_thread()
            except UnicodeDecodeError:
                continue
            return

    def _tell_size(self) -> None:
        if not getattr(self, "_in_band_window_resize", False):  # else the terminal itself tells it
            size = Size(*self._get_terminal_size())
            self._app.post_message(Resize(size, size))

    def _get_terminal_size(self) -> tuple[int, int]:
        """Columns and rows; Textual's own way believes COLUMNS and LINES first."""
        return terminal_size() or super()._get_terminal_size()
