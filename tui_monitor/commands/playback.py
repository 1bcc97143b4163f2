"""Commands that play a saved log back in the monitor: `demo`, `replay`."""

from __future__ import annotations

import os
from argparse import Namespace

from tui_monitor.commands.nothing import nothing_in
from tui_monitor.commands.screen import quick_imports, require_screen
from tui_monitor.commands.sources import one_file, options_of
from tui_monitor.errors import TuiMonitorError
from tui_monitor.process import PROGRAM
from tui_monitor.settings import Settings

DEMO_SECONDS = 60.0
"""A demo takes this long, unless a speed is given."""


def demo(arguments: Namespace, settings: Settings) -> int:
    """Replay a bundled log, by default so that the whole takes a minute."""
    from tui_monitor.report.samples import DEFAULT_SAMPLE, sample_log

    path = sample_log(arguments.name or DEFAULT_SAMPLE)
    return _replay(str(path), settings, speed=arguments.speed, duration=DEMO_SECONDS)


def replay(arguments: Namespace, settings: Settings) -> int:
    """Replay a saved log at the pace of its training."""
    source = one_file(arguments.source)
    if source == "-":
        raise TuiMonitorError(
            f"a pipe cannot be replayed, standard input: save it, or follow it with `{PROGRAM} -`"
        )
    return _replay(source, settings, speed=arguments.speed, from_epoch=arguments.from_epoch)


def _replay(
    path: str,
    settings: Settings,
    *,
    speed: float | None,
    duration: float | None = None,
    from_epoch: int | None = None,
) -> int:
    with quick_imports():
        from tui_monitor.ingest.saved import open_replay
        from tui_monitor.report.source import read_log, session_that_read

        options = options_of(settings)
    data = read_log(path)
    source = open_replay(
        data,
        os.path.basename(path),
        format_hint=options.format_hint,
        speed=1.0 if speed is None else speed,
        duration=duration if speed is None else None,
        from_epoch=from_epoch,
    )
    if source is None:
        raise nothing_in(path, session_that_read([data], options), options.metric)
    require_screen(f"{PROGRAM} explain SOURCE")
    with quick_imports():
        from tui_monitor.ui.launch import replay_log
    return replay_log(source, data, options, settings)
