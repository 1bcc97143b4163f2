"""The command line: a function a command, exit codes, errors on one line.

Everything heavy is imported inside the command that needs it, so that `--help`, `--version` and bad
usage answer at once. Exit codes: 0 done, 2 bad usage or input, 1 a defect of ours, 130 and 143 on
SIGINT and SIGTERM.
"""

from __future__ import annotations

import gc
import os
import shlex
import shutil
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING

from tui_monitor.arguments import parse
from tui_monitor.errors import TuiMonitorError
from tui_monitor.process import (
    PROGRAM,
    Terminated,
    complain,
    discard_output,
    has_terminal,
    repair_streams,
    take_standard_input,
    terminable,
)
from tui_monitor.settings import Settings

if TYPE_CHECKING:
    from tui_monitor.core.options import DecodeOptions
    from tui_monitor.ingest.source import Source
    from tui_monitor.ui.frame import Kind

DEBUG = "TUI_MONITOR_DEBUG"
"""Environment variable that asks for the traceback of a defect."""

DEMO_SECONDS = 60.0
"""A demo takes this long, unless a speed is given."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code. `argv` lacks the program's name."""
    repair_streams()
    try:
        with terminable():
            code = _run(sys.argv[1:] if argv is None else argv)
            sys.stdout.flush()
            return code
    except SystemExit as leaving:  # argparse, after --help and --version
        return leaving.code if isinstance(leaving.code, int) else 0
    except TuiMonitorError as error:
        return complain(str(error), 2)
    except BrokenPipeError:  # the reader of our output has seen enough
        discard_output()
        return 0
    except OSError as error:
        discard_output()
        place = os.fsdecode(error.filename) if error.filename else "standard output"
        return complain(f"{error.strerror or error}, {place}: check space and permissions", 2)
    except KeyboardInterrupt:
        discard_output()
        return 130
    except Terminated:
        discard_output()
        return 143
    except Exception as error:
        return _complain_of_defect(error)


def _complain_of_defect(error: Exception) -> int:
    if os.environ.get(DEBUG):
        import traceback

        traceback.print_exception(error)
    what = f"{type(error).__name__}: {error}"[:200]
    return complain(
        f"a defect of {PROGRAM}, {what}: please report it ({DEBUG}=1 shows the traceback)", 1
    )


def _run(argv: Sequence[str]) -> int:
    command, arguments = parse(argv)
    if arguments.config is not None:
        raise TuiMonitorError(
            f"configuration files are not supported yet, {arguments.config}: give the options here"
        )
    # The numbers here are small: a second thread of numpy's linear algebra only costs start-up.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    return COMMANDS[command](arguments, _settings(arguments))


def _settings(arguments: Namespace) -> Settings:
    encoding = (sys.stdout.encoding or "ascii").lower().replace("-", "")
    return Settings(
        law=arguments.law,
        batch_size=arguments.batch_size,
        format_hint=arguments.format_hint,
        metric=arguments.metric,
        color=not (arguments.no_color or os.environ.get("NO_COLOR")),
        ascii=arguments.ascii or not encoding.startswith("utf"),
        bell=getattr(arguments, "bell", False),
        notify=getattr(arguments, "notify", False),
    )


def _options(settings: Settings) -> DecodeOptions:
    from tui_monitor.report.source import decode_options

    return decode_options(settings.law, settings.batch_size, settings.format_hint, settings.metric)


# --- commands ------------------------------------------------------------------------------------


def watch(arguments: Namespace, settings: Settings) -> int:
    """Follow a log in the live monitor; it waits for a file that is not there yet."""
    if len(arguments.source) > 1:
        raise TuiMonitorError(
            f"several logs are not supported yet, {arguments.source[1]}: name one log"
        )
    return _follow(arguments.source[0], settings, plain=arguments.plain)


def run(arguments: Namespace, settings: Settings) -> int:
    """Start a training, record its output and follow it; its exit code, if it has ended."""
    from tui_monitor.ingest import recording

    log = arguments.log or recording.default_log(arguments.command)
    columns, rows = shutil.get_terminal_size()
    recording.start(arguments.command, log, pty=not arguments.no_pty, columns=columns, rows=rows)
    plain = arguments.plain or _no_screen() is not None
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
    piped = name == "-"
    if not piped and not name.startswith("ssh://"):
        _one_file(name)
    plain = plain or bool(_no_screen(piped=piped) and sys.stdout.isatty())
    if not plain:
        _require_screen(f"{PROGRAM} SOURCE --plain", piped=piped)
    with _source(name, keys=not plain) as (open_source, shown):
        if plain:
            return _follow_plainly(open_source(), settings)
        with _quick_imports():
            from tui_monitor.ui.launch import watch_log

            options = _options(settings)
        return watch_log(open_source, shown, options, settings)


@contextmanager
def _source(name: str, *, keys: bool) -> Iterator[tuple[Callable[[], Source], str]]:
    """How to open a source that is followed, and what to call it.

    Whatever ssh has to ask is asked here. With `keys`, standard input is the terminal after.
    """
    if name == "-":
        from tui_monitor.ingest.pipe import PipeSource

        # Read from now on: loading the screen takes longer than a pipe can hold a training's output.
        piped = PipeSource(take_standard_input() if keys else os.dup(sys.stdin.fileno()))
        yield (lambda: piped), piped.name
    elif name.startswith("ssh://"):
        from tui_monitor.ingest import ssh

        connection = ssh.connect(ssh.parse_url(name))
        try:
            yield (lambda: ssh.SshTail(connection)), connection.target.label
        finally:
            ssh.disconnect(connection)
    else:
        from tui_monitor.ingest.recording import open_file

        yield (lambda: open_file(name)), os.path.basename(name)


def _follow_plainly(source: Source, settings: Settings) -> int:
    """Follow a source with a line an update."""
    from tui_monitor.report.follow import follow
    from tui_monitor.report.plain import updates

    for line in updates(follow(source, _options(settings))):
        print(_ascii(line) if settings.ascii else line, flush=True)
    return 0


def demo(arguments: Namespace, settings: Settings) -> int:
    """Replay a bundled log, by default so that the whole takes a minute."""
    from tui_monitor.report.samples import DEFAULT_SAMPLE, sample_log

    path = sample_log(arguments.name or DEFAULT_SAMPLE)
    return _replay(str(path), settings, speed=arguments.speed, duration=DEMO_SECONDS)


def replay(arguments: Namespace, settings: Settings) -> int:
    """Replay a saved log at the pace of its training."""
    source = _one_file(arguments.source)
    return _replay(source, settings, speed=arguments.speed, from_epoch=arguments.from_epoch)


def _replay(
    path: str,
    settings: Settings,
    *,
    speed: float | None,
    duration: float | None = None,
    from_epoch: int | None = None,
) -> int:
    with _quick_imports():
        from tui_monitor.ingest.saved import open_replay
        from tui_monitor.report.source import open_log

        options = _options(settings)
    with open_log(path) as log:
        data = log.read()
    source = open_replay(
        data,
        os.path.basename(path),
        format_hint=options.format_hint,
        speed=1.0 if speed is None else speed,
        duration=duration if speed is None else None,
        from_epoch=from_epoch,
    )
    _require_screen(f"{PROGRAM} explain SOURCE")
    with _quick_imports():
        from tui_monitor.ui.launch import replay_log
    return replay_log(source, len(data), options, settings)


def decode(arguments: Namespace, settings: Settings) -> int:
    """Write the rows of a log, once or while it grows."""
    from tui_monitor.report.decode import row_writer
    from tui_monitor.report.output import open_output
    from tui_monitor.report.source import check_readable, load_session

    source = arguments.source
    options = _options(settings)
    if arguments.follow:
        from tui_monitor.report.follow import follow

        if source != "-" and not source.startswith("ssh://"):
            check_readable(_one_file(source))
        with (
            _source(source, keys=False) as (open_source, _),
            open_output(arguments.output, source, streaming=True) as stream,
        ):
            writer = row_writer(stream, arguments.format)
            for session in follow(open_source(), options):
                writer.write(session.take_rows())
        return 0
    source = _one_file(source)
    rows = load_session(source, options).rows()
    first = next(rows, None)
    if first is None:
        raise _nothing_found(source)
    with open_output(arguments.output, source) as stream:
        row_writer(stream, arguments.format).write(chain([first], rows))
    return 0


def explain(arguments: Namespace, settings: Settings) -> int:
    """Print what happened between the epochs."""
    from tui_monitor.report.explain import explanation
    from tui_monitor.report.source import load_session

    source = _one_file(arguments.source)
    reports = load_session(source, _options(settings)).report()
    if not reports:
        raise _nothing_found(source)
    text = explanation(source, reports, arguments.format)
    sys.stdout.write(_ascii(text) if settings.ascii else text)
    return 0


def snapshot(arguments: Namespace, settings: Settings) -> int:
    """Draw one frame of the monitor, without a terminal."""
    from tui_monitor.core.records import SourceState
    from tui_monitor.core.text import sanitise
    from tui_monitor.report.output import open_output
    from tui_monitor.report.source import load_session
    from tui_monitor.ui.frame import frame

    source = _one_file(arguments.source)
    kind = _picture_kind(arguments.output)
    drawn = load_session(source, _options(settings)).snapshot(0.0)
    name = "standard input" if source == "-" else sanitise(os.path.basename(source))
    state = SourceState(name, "ended" if drawn.ended else "live", "none", None, None)
    picture = frame(drawn, state, arguments.size, kind, ascii=settings.ascii, color=settings.color)
    with open_output(arguments.output, source) as stream:
        stream.write(picture)
    return 0


COMMANDS: dict[str, Callable[[Namespace, Settings], int]] = {
    "watch": watch,
    "run": run,
    "demo": demo,
    "replay": replay,
    "decode": decode,
    "explain": explain,
    "snapshot": snapshot,
}
"""A function for each command of the grammar."""


# --- what commands ask for -----------------------------------------------------------------------


def _one_file(source: str) -> str:
    """The source, if it is a path or `-`; TuiMonitorError for kinds that are not supported yet."""
    if not source:
        raise TuiMonitorError("empty source, '': name a log")
    if source.startswith("ssh://"):
        raise TuiMonitorError(
            f"logs over ssh can only be followed, {source}: use `{PROGRAM} {source}` or "
            "`decode --follow`"
        )
    if os.path.isdir(source):
        raise TuiMonitorError(f"folders are not supported yet, {source}: name one log in it")
    return source


def _picture_kind(output: str | None) -> Kind:
    """What an output's name asks for; TuiMonitorError if it says nothing."""
    kinds: tuple[Kind, ...] = ("svg", "html", "txt")
    for kind in kinds:
        if output is None or output.lower().endswith(f".{kind}"):
            return "txt" if output is None else kind
    raise TuiMonitorError(f"unknown kind of picture, {output}: end it in .svg, .html or .txt")


def _nothing_found(source: str) -> TuiMonitorError:
    return TuiMonitorError(
        f"no training progress found, {source}: check that it is a training log, or give its "
        "--format-hint"
    )


def _no_screen(*, piped: bool = False) -> str | None:
    """Why no screen can be drawn here; None if one can. `piped`: a log comes on standard input."""
    # Textual draws on standard error.
    if not all(stream and stream.isatty() for stream in (sys.stdout, sys.stderr)):
        return "standard output or error is not one"
    if not piped and not (sys.stdin and sys.stdin.isatty()):
        return "standard input is not one"
    if piped and not has_terminal():
        return "there is none to read keys from"
    if os.environ.get("TERM", "dumb") == "dumb":
        return "TERM is dumb or not set"
    return None


def _require_screen(instead: str, *, piped: bool = False) -> None:
    """TuiMonitorError, with the commands to use instead, where no screen can be drawn."""
    reason = _no_screen(piped=piped)
    if reason is not None:
        raise TuiMonitorError(
            f"the screen needs a terminal, {reason}: use `{instead}`, "
            f"`{PROGRAM} decode SOURCE --follow` or `{PROGRAM} snapshot SOURCE`"
        )


@contextmanager
def _quick_imports() -> Iterator[None]:
    """Imports make many objects and no garbage: without the collector they take a tenth less."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _ascii(text: str) -> str:
    """The text with ASCII signs only."""
    return (
        text.translate({0xB1: "+/-", 0x2192: "->", 0xA6: "|"}).encode("ascii", "replace").decode()
    )
