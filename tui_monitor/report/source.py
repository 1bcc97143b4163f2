"""Reading a whole log, from a path, standard input or another machine, into a session."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast, get_args

from tui_monitor.core.lines.safe import sanitise
from tui_monitor.core.options import DecodeOptions, Target
from tui_monitor.core.records import LawName
from tui_monitor.core.session import Session
from tui_monitor.errors import TuiMonitorError
from tui_monitor.ingest.specs import is_pipe
from tui_monitor.process import complain

BLOCK_BYTES = 1 << 20
"""Read at once: large enough for the bulk path, small enough to hold in the cache."""

STANDARD_INPUT = "-"
_LOOKED_AT = 2000
"""Names of a folder among which one is looked for that may have been meant."""

PATIENCE = 0.5
"""Seconds for which a pipe that nobody writes to is waited for without a word."""


@contextmanager
def open_log(source: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """The log's bytes, open for reading; `-` is standard input, which stays open after use.

    Raises TuiMonitorError if the log cannot be opened.
    """
    if source == STANDARD_INPUT:
        yield sys.stdin.buffer
        return
    notice = threading.Timer(
        PATIENCE, complain, (f"waiting for a writer, {source}: it is a pipe", 0)
    )
    notice.daemon = True
    if is_pipe(os.fspath(source)):
        notice.start()
    try:
        log = open(source, "rb")  # noqa: SIM115 - closed below; only opening may fail here
    except OSError as error:
        raise unreadable(source, error) from error
    finally:
        notice.cancel()
    with log:
        yield log


def check_readable(source: str) -> None:
    """Raise TuiMonitorError if the log cannot be opened now."""
    with open_log(source):
        pass


def read_log(source: str | os.PathLike[str]) -> bytes:
    """The whole log; TuiMonitorError if it cannot be read."""
    return b"".join(_blocks(source))


def _alike(source: str) -> str | None:
    """A file beside a path that does not exist, of nearly the same name."""
    from difflib import get_close_matches

    folder, name = os.path.split(source)
    try:
        with os.scandir(folder or ".") as entries:
            names = [entry.name for _, entry in zip(range(_LOOKED_AT), entries, strict=False)]
    except OSError:
        return None
    meant = get_close_matches(name, names, 1, cutoff=0.75)
    return sanitise(os.path.join(folder, meant[0])) if meant else None


def unreadable(source: str | os.PathLike[str], error: OSError) -> TuiMonitorError:
    """The error to show for a log that cannot be read."""
    meant = _alike(os.fspath(source)) if isinstance(error, FileNotFoundError) else None
    missing = "check the path; the monitor itself can wait for it"
    advice = {
        FileNotFoundError: missing if meant is None else f"did you mean {meant}?",
        NotADirectoryError: "check the path",
        PermissionError: "make it readable for you",
        IsADirectoryError: "name a log file in it",
    }.get(type(error), "check the file")
    return TuiMonitorError(f"{error.strerror or error}, {os.fspath(source)}: {advice}")


def decode_options(
    law: str | None,
    batch_size: int | None,
    format_hint: str | None,
    metric: str | None,
    targets: Iterable[tuple[str, float]] = (),
) -> DecodeOptions:
    """The options of the decoder, checked; TuiMonitorError names the one that means nothing."""
    if law is not None and law not in get_args(LawName):
        raise TuiMonitorError(f"no such law, {law}: choose one of {', '.join(get_args(LawName))}")
    if batch_size is not None and batch_size < 1:
        raise TuiMonitorError(f"batch size too small, {batch_size}: give 1 or more samples")
    aims = tuple(Target(name, value) for name, value in targets)
    return DecodeOptions(cast("LawName | None", law), batch_size, format_hint, metric, aims)


def load_session(source: str | os.PathLike[str], options: DecodeOptions) -> Session:
    """A session that has seen the whole log and knows that it is over."""
    return session_that_read(_blocks(source), options)


def session_that_read(blocks: Iterable[bytes], options: DecodeOptions) -> Session:
    """The same of a log's bytes."""
    session = Session(options)
    for block in blocks:
        session.feed(block, now=0.0)
    session.finish()
    return session


def _blocks(source: str | os.PathLike[str]) -> Iterator[bytes]:
    """The log's bytes; TuiMonitorError if they cannot be read. What ssh has to ask is asked first."""
    if is_far(source):
        from tui_monitor.ingest import ssh
        from tui_monitor.ingest.ssh_read import read_whole

        connection = ssh.connect(ssh.parse_url(os.fspath(source)))
        try:
            yield from read_whole(connection)
        finally:
            ssh.disconnect(connection)
        return
    with open_log(source) as log:
        try:
            while block := log.read(BLOCK_BYTES):
                yield block
        except OSError as error:
            raise unreadable(source, error) from error


def is_far(source: str | os.PathLike[str]) -> bool:
    """Whether the log is on another machine."""
    return os.fspath(source).startswith("ssh://")
