"""The sources that commands are given: checked, opened, read whole or followed."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from tui_monitor.commands.nothing import nothing_in, refuse_unread
from tui_monitor.errors import TuiMonitorError
from tui_monitor.ingest.specs import Stream, is_pipe, spec_of
from tui_monitor.process import PROGRAM, complain, take_standard_input
from tui_monitor.settings import Settings

if TYPE_CHECKING:
    from tui_monitor.core.options import DecodeOptions
    from tui_monitor.core.session import Session
    from tui_monitor.ingest.source import Source
    from tui_monitor.ingest.specs import Spec


_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def options_of(settings: Settings) -> DecodeOptions:
    """What the settings fix about the decoding, checked."""
    from tui_monitor.report.source import decode_options

    return decode_options(
        settings.law,
        settings.batch_size,
        settings.format_hint,
        settings.metric,
        settings.targets,
    )


def specs_of(sources: Sequence[str]) -> list[Spec]:
    """What the sources of a command line mean; TuiMonitorError for one that means nothing."""
    for source in sources:
        if not source:
            raise TuiMonitorError("empty source, '': name a log, a folder or a quoted glob")
        _refuse_url(source)
    return [spec_of(source) for source in sources]


def _refuse_url(source: str) -> None:
    """TuiMonitorError for a log that only another program can fetch."""
    if _URL.match(source) and not is_far(source) and not os.path.lexists(source):
        raise TuiMonitorError(
            f"not a path, {source}: give a file, or ssh://host/path, or pipe the log into "
            f"`{PROGRAM} -`"
        )


def is_far(source: str) -> bool:
    """Whether the log is on another machine."""
    return source.startswith("ssh://")


def one_log(source: str) -> str:
    """The source, if it is a single log that can be read once: here, piped or over ssh."""
    return source if is_far(source) else one_file(source)


def one_file(source: str) -> str:
    """The source, if it is a path or `-`; TuiMonitorError for a log elsewhere and for a folder."""
    if not source:
        raise TuiMonitorError("empty source, '': name a log")
    if is_far(source):
        raise TuiMonitorError(
            f"a log over ssh is not a file here, {source}: copy it, or use `{PROGRAM} {source}`"
        )
    _refuse_url(source)
    if os.path.isdir(source):
        raise TuiMonitorError(f"a folder holds many logs, {source}: name one log in it")
    refuse_unread(source)
    return source


@contextmanager
def opener_of(name: str, *, keys: bool) -> Iterator[tuple[Callable[[], Source], str]]:
    """How to open a source that is followed, and what to call it.

    Whatever ssh has to ask is asked here. With `keys`, standard input is the terminal after.
    """
    if name == "-":
        from tui_monitor.ingest.pipe import PipeSource

        # Read from now on: loading the screen takes longer than a pipe can hold a training's output.
        piped = PipeSource(take_standard_input() if keys else os.dup(sys.stdin.fileno()))
        yield (lambda: piped), piped.name
    elif is_pipe(name):
        from tui_monitor.ingest.pipe import PipeSource

        # Opened so, a pipe without a writer is not waited for here.
        fd = os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        os.set_blocking(fd, True)
        named = PipeSource(fd, os.path.basename(name))
        yield (lambda: named), named.name
    elif is_far(name):
        from tui_monitor.ingest import ssh
        from tui_monitor.ingest.ssh_tail import SshTail

        connection = ssh.connect(ssh.parse_url(name))
        try:
            yield (lambda: SshTail(connection)), connection.target.label
        finally:
            ssh.disconnect(connection)
    else:
        from tui_monitor.ingest.ahead import ReadAhead
        from tui_monitor.ingest.recording import open_file

        yield (lambda: ReadAhead(open_file(name))), os.path.basename(name)


@contextmanager
def streams_of(specs: Sequence[Spec], *, keys: bool) -> Iterator[list[Stream]]:
    """What is no file among several sources; see `opener_of`."""
    with ExitStack() as stack:
        streams: list[Stream] = []
        for spec in specs:
            if spec.kind in ("pipe", "ssh"):
                open_source, name = stack.enter_context(opener_of(spec.source, keys=keys))
                streams.append(Stream(spec.source, name, open_source))
        yield streams


def session_of(source: str, options: DecodeOptions) -> Session:
    """A session that has seen the whole log; TuiMonitorError if there is nothing to tell of it."""
    from tui_monitor.report.source import load_session

    session = load_session(one_log(source), options)
    if session.has_rows:
        return session
    raise nothing_in(source, session, options.metric)


def each_of(logs: Sequence[str], report: Callable[[str], object]) -> int:
    """Report on log after log; one that can't be is told, and the others are done: 2 at the end."""
    code = 0
    for source in logs:
        try:
            report(source)
        except TuiMonitorError as error:
            code = complain(str(error), 2)
    return code
