"""Following a log without a screen: a session fed as the log grows."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from tui_monitor.core.options import DecodeOptions
from tui_monitor.core.session import Session
from tui_monitor.ingest.source import Chunk, Ended, Gap, Hole, Pulled, Restarted, Source, Waiting
from tui_monitor.report.source import BLOCK_BYTES

BEAT = 0.25
"""Seconds between two looks where no file system event comes."""
PATIENCE = 2.0
"""Seconds for which the first bytes of a source are waited for without a word."""
SETTLE = 0.1
"""Seconds without bytes after which an unfinished line is taken as it stands."""


def follow(
    source: Source, options: DecodeOptions, tell: Callable[[str], object] = lambda _: None
) -> Iterator[Session]:
    """The same session after every look at the log, whether it changed or not.

    Goes on until the source ends, if it ever does, and closes it. `tell` hears what is waited for, and
    what is missing.
    """
    session = Session(options)
    told: Pulled = None
    silent_until: float | None = time.monotonic() + PATIENCE
    fed: float | None = None  # when the unsettled bytes came
    try:
        while True:
            source.rung.clear()  # before looking: what happens after the look rings again
            pulled = source.pull(BLOCK_BYTES)
            now = time.monotonic()
            grown = take(session, pulled, now)
            if grown:
                fed = now
            elif fed is not None and now - fed >= SETTLE:
                session.settle(now)
                fed = None
            if isinstance(pulled, Waiting | Gap) and pulled != told:
                tell(pulled.reason)
            told = pulled
            if pulled is not None:
                silent_until = None
            elif silent_until is not None and now >= silent_until:
                tell(f"waiting for {source.name}: nothing has come yet")
                silent_until = None
            yield session
            if isinstance(pulled, Ended):
                return
            if not grown:
                source.rung.wait(BEAT)
    finally:
        source.close()


def take(session: Session, pulled: Pulled, now: float) -> bool:
    """Hand what was pulled to the session; whether it changed anything."""
    if isinstance(pulled, Chunk):
        session.feed(pulled.data, now)
    elif isinstance(pulled, Hole):
        session.skip(pulled.size, now)
    elif isinstance(pulled, Restarted):
        session.restart(pulled.reason, pulled.at)
    elif isinstance(pulled, Ended):
        session.finish()
    else:
        return False
    return True
