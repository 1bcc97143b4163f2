"""The application as a guest of its terminal: it sends little, waits for it and leaves it as it was.

Changed cells only are sent; nothing is drawn while the terminal has not taken the last frame; a
signal ends the application cleanly.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import select
import signal
import sys
import termios
import threading
from collections.abc import Iterable
from typing import ClassVar, cast

from rich.console import RenderableType
from rich.segment import Segments
from textual.app import App
from textual.binding import Binding, BindingType
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Region
from textual.screen import Screen
from textual.widget import Widget

from tui_monitor.process import ENDING
from tui_monitor.ui.terminal.celldiff import Painted, changed_cells, rows_update
from tui_monitor.ui.terminal.keyboard import PatientDriver
from tui_monitor.ui.terminal.notify import notification

_ALONE_SECONDS = 2.0
"""Between two looks whether the terminal is still there."""
_TAKEN = 256
"""Bytes waiting for the terminal up to which it has as good as taken the last frame."""


class TerminalApp(App[int]):
    """What any screen of ours needs of its terminal."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+z", "suspend_process", "Suspend", show=False, priority=True)
    ]

    def __init__(self) -> None:
        super().__init__()
        self._painted = Painted()
        self._unsent: dict[Widget, set[int]] = {}
        """Rows to send once all that is drawn now is drawn."""
        self._stands = False
        self._leaving: int | None = None
        """The code to end with once the first screen stands."""

    def get_driver_class(self) -> type[Driver]:
        """Textual's own choice, but for one that sleeps where it would look for keys."""
        driver = super().get_driver_class()
        return PatientDriver if driver is LinuxDriver else driver

    def on_load(self) -> None:
        """Listen to signals before the terminal is another."""
        self._catch_signals()

    async def on_mount(self) -> None:
        """The first screen stands."""
        self._stands = True
        if self._leaving is not None:
            self.action_leave(self._leaving)
        self.app_resume_signal.subscribe(self, lambda _app: self._painted.forget())
        if not self.is_headless:
            self.set_interval(_ALONE_SECONDS, self._leave_if_alone)

    def _leave_if_alone(self) -> None:
        """End where the terminal has gone without a word: reading it would spin for ever."""
        if terminal_is_gone():
            self.action_leave(128 + signal.SIGHUP)

    def _terminal_is_behind(self) -> bool:
        """Whether output waits to be written: a slow line must not fill up with old frames."""
        writer = getattr(self._driver, "_writer_thread", None)
        queue = getattr(writer, "_queue", None)
        return (queue is not None and queue.qsize() > 0) or unread_output() > _TAKEN

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        """Send changed cells only; see `celldiff`."""
        update: object = renderable if self.is_inline else changed_cells(renderable, self._painted)
        super()._display(screen, cast("RenderableType | None", update))

    def send_rows(self, view: Widget, rows: Iterable[int]) -> None:
        """Have these rows of a widget sent, together with those of others that are drawn now.

        For these the compositor would render every widget anew. Nothing may lie over the widget but
        another screen, and what is laid out must stay where it is.
        """
        if not self._unsent:
            asyncio.get_running_loop().call_soon(self._send_unsent)
        self._unsent.setdefault(view, set()).update(rows)

    def _send_unsent(self) -> None:
        unsent, self._unsent = self._unsent, {}
        # Textual draws nothing in the middle of a batch of its own.
        batched = bool(getattr(self, "_batch_count", 0))
        on_top = [view for view in unsent if not batched and self._is_on_top(view)]
        places = {view: view.region for view in on_top}
        update = rows_update(
            (
                (place.x, place.y + y, view.render_line(y))
                for view, place in places.items()
                for y in unsent[view]
                if y < place.height
            ),
            self.size.height,
        )
        if update is not None:
            self._display(self.screen, cast("RenderableType", update))
        for view, rows in unsent.items():
            if update is None or view not in on_top:
                view.refresh(*(Region(0, y, view.size.width, 1) for y in rows))

    def _is_on_top(self, view: Widget) -> bool:
        return view.is_attached and view.screen is self.screen

    def on_resize(self) -> None:
        """A resized terminal may have moved or cut what it showed."""
        self._painted.forget()

    def action_repaint(self) -> None:
        """Send every cell: something else wrote to the terminal."""
        self._painted.forget()
        self.screen.refresh(layout=True)

    def _fatal_error(self) -> None:
        """End on a defect of ours without the values of variables, which hold the log's text."""
        from rich.traceback import Traceback

        self._exit_renderables.append(
            Segments(self.console.render(Traceback(show_locals=False, width=None)))
        )
        self._close_messages_no_wait()

    def action_leave(self, code: int) -> None:
        """End with an exit code; a training goes on."""
        if self._stands:
            self.exit(code, return_code=code)
        else:  # of a screen that it is just composing Textual would leave the half
            self._leaving = code

    def send_notification(self, text: str) -> None:
        """Ask the terminal to show a text as a notification of the desktop."""
        if self._driver is not None and not self.is_headless:
            self._driver.write(notification(text, os.environ))

    def _catch_signals(self) -> None:
        """End cleanly, with the terminal as it was; Textual itself would leave it raw."""
        if threading.current_thread() is not threading.main_thread():
            return
        loop = asyncio.get_running_loop()
        for number in ENDING:
            loop.add_signal_handler(number, self.action_leave, 128 + number)


def terminal_is_gone() -> bool:
    """Whether nobody is at the other end of standard input any more."""
    poll = select.poll()
    poll.register(0, select.POLLHUP)
    return any(event & (select.POLLHUP | select.POLLNVAL) for _, event in poll.poll(0))


def unread_output() -> int:
    """Bytes written to the terminal that it has not taken yet; 0 where that cannot be told."""
    try:
        # Textual writes to the process's own standard error.
        waiting = fcntl.ioctl(2, termios.TIOCOUTQ, bytes(4))
    except OSError:
        return 0
    return int.from_bytes(waiting, sys.byteorder)
