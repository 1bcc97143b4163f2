"""Commands that follow trainings while they run: `watch`, `run`."""

from __future__ import annotations

import shlex
from argparse import Namespace
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from tui_monitor.commands.screen import is_plain, no_screen, quick_imports, write_lines
from tui_monitor.commands.sources import (
    is_far,
    one_file,
    opener_of,
    options_of,
    specs_of,
    streams_of,
)
from tui_monitor.ingest.specs import is_pipe, is_several
from tui_monitor.process import FALLBACK_SIZE, PROGRAM, complain, terminal_size
from tui_monitor.settings import Settings
from tui_monitor.splash import splashed

if TYPE_CHECKING:
    from tui_monitor.ingest.specs import Spec


def watch(arguments: Namespace, settings: Settings) -> int:
    """Follow logs in the live monitor; it waits for files that are not there yet."""
    specs = specs_of(arguments.source)
    if is_several(specs):
        return _follow_several(specs, settings, plain=arguments.plain)
    return _follow(arguments.source[0], settings, plain=arguments.plain)


def run(arguments: Namespace, settings: Settings) -> int:
    """Start a training, record its output and follow it; its exit code, if it has ended."""
    from tui_monitor.ingest import recording

    log = arguments.log or recording.default_log(arguments.command)
    columns, rows = terminal_size() or FALLBACK_SIZE
    recording.start(arguments.command, log, pty=not arguments.no_pty, columns=columns, rows=rows)
    plain = arguments.plain or no_screen() is not None
    code = 0
    try:
        code = _follow(log, settings, plain=plain)
    finally:
        record = recording.read_record(log)
        if record is not None and record.running:
            again = f"{PROGRAM} {shlex.quote(log)}"
            complain(f"the training goes on, recorded in {log}: `{again}` takes it up again", 0)
    return code if record is None or record.code is None else record.code


def _follow(name: str, settings: Settings, *, plain: bool) -> int:
    """Follow a source on the screen, or line by line."""
    is_file = name != "-" and not is_far(name) and not is_pipe(name)
    if not is_far(name):
        one_file(name)
    plain = is_plain(f"{PROGRAM} SOURCE --plain", plain=plain, piped=name == "-")
    with opener_of(name, keys=not plain) as (open_source, shown):
        if plain:
            from tui_monitor.report.follow import follow
            from tui_monitor.report.plain import updates

            write_lines(
                updates(follow(open_source(), options_of(settings), partial(complain, code=0))),
                settings,
            )
            return 0
        with splashed(_printable(shown), ascii=settings.ascii):
            with quick_imports():
                from tui_monitor.ui.launch import watch_log

                options = options_of(settings)
            return watch_log(open_source, shown, options, settings, log=name if is_file else None)


def _follow_several(specs: Sequence[Spec], settings: Settings, *, plain: bool) -> int:
    """Follow many runs on the screen, or line by line."""
    piped = any(spec.source == "-" for spec in specs)
    plain = is_plain(f"{PROGRAM} SOURCE ... --plain", plain=plain, piped=piped)
    with streams_of(specs, keys=not plain) as streams:
        if plain:
            from tui_monitor.report.several import updates_of_several

            write_lines(updates_of_several(specs, streams, options_of(settings)), settings)
            return 0
        with splashed("runs", ascii=settings.ascii):
            with quick_imports():
                from tui_monitor.ui.launch import watch_runs

                options = options_of(settings)
            return watch_runs(specs, streams, options, settings)


def _printable(name: str) -> str:
    """A name without anything that a terminal acts on."""
    return "".join(char for char in name if char.isprintable())
