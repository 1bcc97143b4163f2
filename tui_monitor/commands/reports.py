"""Commands that write what logs hold and need no terminal: `decode`, `explain`, `snapshot`."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from tui_monitor.commands.screen import as_set
from tui_monitor.commands.sources import (
    each_of,
    is_far,
    one_file,
    one_log,
    opener_of,
    options_of,
    session_of,
    specs_of,
    streams_of,
)
from tui_monitor.errors import TuiMonitorError
from tui_monitor.ingest.specs import is_pipe, is_several
from tui_monitor.process import complain
from tui_monitor.settings import Settings

if TYPE_CHECKING:
    from tui_monitor.core.options import DecodeOptions
    from tui_monitor.core.records import RunReport
    from tui_monitor.ingest.specs import Spec
    from tui_monitor.ui.frame import Kind


def decode(arguments: Namespace, settings: Settings) -> int:
    """Write the rows of logs, once or while they grow."""
    specs, options = specs_of(arguments.source), options_of(settings)
    if is_several(specs):
        if arguments.follow:
            return _decode_several_on(arguments, specs, options)
        return _decode_several(arguments, specs, options)
    if arguments.follow:
        return _decode_on(arguments, options)
    from tui_monitor.report.decode import row_writer
    from tui_monitor.report.output import open_output

    source = arguments.source[0]
    rows = session_of(source, options).rows()
    with open_output(arguments.output, source) as stream:
        row_writer(stream, arguments.format).write(rows)
    return 0


def _decode_on(arguments: Namespace, options: DecodeOptions) -> int:
    """Rows of a log while it grows."""
    from tui_monitor.report.decode import row_writer
    from tui_monitor.report.follow import follow
    from tui_monitor.report.output import open_output
    from tui_monitor.report.source import check_readable

    source = arguments.source[0]
    if not is_pipe(one_log(source)) and source != "-" and not is_far(source):
        check_readable(source)
    with (
        opener_of(source, keys=False) as (open_source, _),
        open_output(arguments.output, source, streaming=True) as stream,
    ):
        writer = row_writer(stream, arguments.format)
        for session in follow(open_source(), options, partial(complain, code=0)):
            writer.write(session.take_rows())
    return 0


def _decode_several(arguments: Namespace, specs: Sequence[Spec], options: DecodeOptions) -> int:
    """Rows of several logs, each with its name, log after log."""
    from tui_monitor.report.decode import row_writer
    from tui_monitor.report.output import open_output
    from tui_monitor.report.several import logs_of

    logs = logs_of(specs, options.format_hint)
    with open_output(arguments.output, "") as stream:
        writer = row_writer(stream, arguments.format, several=True)

        def write(source: str) -> None:
            writer.write(session_of(source, options).rows(), source)

        return each_of(logs, write)


def _decode_several_on(arguments: Namespace, specs: Sequence[Spec], options: DecodeOptions) -> int:
    """Rows of several logs, each with its name, as they come."""
    from tui_monitor.report.decode import row_writer
    from tui_monitor.report.output import open_output
    from tui_monitor.report.several import follow_several

    with (
        streams_of(specs, keys=False) as streams,
        open_output(arguments.output, "", streaming=True) as stream,
    ):
        writer = row_writer(stream, arguments.format, several=True)
        for name, session in follow_several(specs, streams, options):
            writer.write(session.take_rows(), name)
    return 0


def explain(arguments: Namespace, settings: Settings) -> int:
    """Print what happened between the epochs."""
    from tui_monitor.report.explain import explanation, explanations

    specs, options = specs_of(arguments.source), options_of(settings)
    code = 0
    if is_several(specs):
        from tui_monitor.report.several import logs_of

        found: list[tuple[str, tuple[RunReport, ...]]] = []
        logs = logs_of(specs, options.format_hint)

        def add(source: str) -> None:
            found.append((source, session_of(source, options).report()))

        code = each_of(logs, add)
        text = explanations(found, arguments.format)
    else:
        source = arguments.source[0]
        text = explanation(source, session_of(source, options).report(), arguments.format)
    sys.stdout.write(as_set(text, settings))
    return code


def snapshot(arguments: Namespace, settings: Settings) -> int:
    """Draw one frame of the monitor, without a terminal."""
    from tui_monitor.report.output import open_output

    kind = _picture_kind(arguments.output)
    specs, options = specs_of(arguments.source), options_of(settings)
    code = 0
    if is_several(specs):
        code = _check(specs, options)
        source, picture = "", _picture_of_runs(specs, arguments, options, settings, kind)
    else:
        source = arguments.source[0]
        picture = _picture_of_log(source, arguments, options, settings, kind)
    with open_output(arguments.output, source) as stream:
        stream.write(picture)
    return code


def _check(specs: Sequence[Spec], options: DecodeOptions) -> int:
    """Tell of files that cannot be read, which a list shows as missing: 2 if there are any.

    Raises TuiMonitorError for a folder without a log, and for a log on another machine: a list would
    be drawn before it is read.
    """
    from tui_monitor.report.several import logs_of
    from tui_monitor.report.source import check_readable

    logs_of(specs, options.format_hint)
    for spec in specs:
        if spec.kind == "ssh":
            one_file(spec.source)
    return each_of([spec.source for spec in specs if spec.kind == "file"], check_readable)


def _picture_of_log(
    source: str, arguments: Namespace, options: DecodeOptions, settings: Settings, kind: Kind
) -> str:
    from tui_monitor.core.lines.safe import sanitise
    from tui_monitor.core.snapshot import SourceState
    from tui_monitor.ui.frame import frame

    shown = session_of(source, options).snapshot(0.0)
    name = "standard input" if source == "-" else sanitise(os.path.basename(source))
    state = SourceState(name, "ended" if shown.ended else "live", "none", None, None)
    return frame(
        shown,
        state,
        arguments.size,
        kind,
        ascii=settings.ascii,
        blocks=settings.blocks,
        light=settings.light,
        color=settings.color,
    )


def _picture_of_runs(
    specs: Sequence[Spec],
    arguments: Namespace,
    options: DecodeOptions,
    settings: Settings,
    kind: Kind,
) -> str:
    from tui_monitor.report.several import survey
    from tui_monitor.ui.frame import runs_frame

    with streams_of(specs, keys=False) as streams:
        runs = survey(specs, streams, options)
    return runs_frame(runs, arguments.size, kind, ascii=settings.ascii, color=settings.color)


def _picture_kind(output: str | None) -> Kind:
    """What an output's name asks for; TuiMonitorError if it says nothing."""
    if output is None:
        return "txt"
    kinds: tuple[Kind, ...] = ("svg", "html", "txt")
    for kind in kinds:
        if output.lower().endswith(f".{kind}"):
            return kind
    raise TuiMonitorError(f"unknown kind of picture, {output}: end it in .svg, .html or .txt")
