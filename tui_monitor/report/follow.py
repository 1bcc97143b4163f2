"""Following a log without a screen: a session fed as the log grows, until a signal ends it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator

from tui_monitor.core.options import DecodeOptions
from tui_monitor.core.session import Session
from tui_monitor.ingest.file import FileTail
from tui_monitor.ingest.source import Chunk, Restarted
from tui_monitor.report.source import BLOCK_BYTES, STANDARD_INPUT

BEAT = 0.25
"""Seconds between two looks where no file system event comes."""
SETTLE = 0.1
"""Seconds without bytes after which an unfinished line is taken as it stands."""


def follow(source: str, options: DecodeOptions) -> Iterator[Session]:
    """The same session after every look at the log, whether it changed or not.

    A file is followed for ever, and waited for where it is missing; a pipe until its end.
    """
    session = Session(options)
    looks = _feed_input(session) if source == STANDARD_INPUT else _feed_file(session, source)
    for _ in looks:
        yield session


def _feed_input(session: Session) -> Iterator[None]:
    while block := os.read(sys.stdin.fileno(), BLOCK_BYTES):
        session.feed(block, time.monotonic())
        yield
    session.finish()
    yield


def _feed_file(session: Session, path: str) -> Iterator[None]:
    tail = FileTail(path)
    fed: float | None = None  # when the unsettled bytes came
    try:
        while True:
            tail.rung.clear()  # before looking: what happens after the look rings again
            pulled = tail.pull(BLOCK_BYTES)
            now = time.monotonic()
            if isinstance(pulled, Chunk):
                session.feed(pulled.data, now)
                fed = now
                yield
            elif isinstance(pulled, Restarted):
                session.restart(pulled.reason)
                yield
            else:
                if fed is not None and now - fed >= SETTLE:
                    session.settle(now)
                    fed = None
                yield
                tail.rung.wait(BEAT if fed is None else SETTLE)
    finally:
        tail.close()
