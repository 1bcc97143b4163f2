"""Sends alerts to an address that the user named, from a thread of its own.

The screen never waits for it: what can't be sent soon is let go. Redirects are not followed, so that
nothing goes where the user did not say.
"""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from tui_monitor.errors import TuiMonitorError

if TYPE_CHECKING:
    from urllib.request import OpenerDirector

TIMEOUT = 5.0
"""Seconds that an address may take to answer."""
TRIES = 3
_WAITING = 64
"""Messages that wait to be sent at most."""
_PARTING = 2.0
"""Seconds that leaving waits for what is on its way."""


class Message(NamedTuple):
    """What is told of an alert; sent as a JSON object of these fields."""

    kind: str
    """`alarm`, `stalled`, `ended`, `lost` or `best`."""
    text: str
    source: str
    """Name of the log."""
    time: float
    """Seconds since 1970."""


def check_address(address: str) -> str:
    """The address, if it can be called; TuiMonitorError if not. It may hold a secret: never told."""
    try:
        parts = urlsplit(address)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
        usable = usable and (parts.port is None or parts.port > 0) and address.isprintable()
    except ValueError:
        usable = False
    if not usable or " " in address:
        raise TuiMonitorError("bad address, --webhook: give it as https://host/path")
    return address


class Webhook:
    """Posts messages one after another.

    Args:
        address: Where to.
        failed: Told in words, on the thread, the first time that a message could not be sent.
        pause: Seconds before the second try, doubled before the third.
    """

    def __init__(
        self, address: str, failed: Callable[[str], None] | None = None, *, pause: float = 1.0
    ) -> None:
        self._address = address
        self._failed = failed
        self._pause = pause
        self._messages: queue.Queue[Message | None] = queue.Queue(_WAITING)
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def post(self, kind: str, text: str, source: str) -> None:
        """Have an alert sent; returns at once."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="webhook", daemon=True)
            self._thread.start()
        try:
            self._messages.put_nowait(Message(kind, text, source, time.time()))
        except queue.Full:
            self._complain("too many alerts at once")

    def close(self) -> None:
        """Let what is on its way go out, for a moment at most."""
        if self._thread is None:
            return
        self._stopping.set()
        try:
            self._messages.put_nowait(None)
        except queue.Full:
            return
        self._thread.join(_PARTING)

    def _run(self) -> None:
        from http.client import HTTPException

        opener = _opener()
        while (message := self._messages.get()) is not None:
            try:
                self._send(opener, message)
            except (OSError, HTTPException, ValueError) as error:
                # No answer, one that is no HTTP, or a name of a host that cannot be encoded.
                self._complain(_reason(error))

    def _send(self, opener: OpenerDirector, message: Message) -> None:
        from urllib.request import Request

        body = json.dumps(message._asdict()).encode()
        headers = {"Content-Type": "application/json", "User-Agent": "tui-monitor"}
        for number in range(TRIES):
            request = Request(self._address, body, headers, method="POST")
            try:
                with opener.open(request, timeout=TIMEOUT):
                    return
            except OSError:
                if number + 1 == TRIES or self._stopping.wait(self._pause * 2**number):
                    raise

    def _complain(self, reason: str) -> None:
        failed, self._failed = self._failed, None
        if failed is not None:
            failed(f"alert not sent, {reason}: check --webhook")


def _opener() -> OpenerDirector:
    from urllib.request import HTTPRedirectHandler, build_opener

    class NoRedirect(HTTPRedirectHandler):
        """Leaves a redirect an error."""

        def redirect_request(self, *_: object) -> None:
            """No other address is called."""

    return build_opener(NoRedirect)


def _reason(error: Exception) -> str:
    """Why, without the address."""
    from urllib.error import HTTPError, URLError

    if isinstance(error, HTTPError):
        return f"it answers {error.code}"
    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, TimeoutError):
        return "no answer in time"
    return (reason.strerror if isinstance(reason, OSError) else None) or type(reason).__name__
