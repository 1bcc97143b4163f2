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
from contextlib import ExitStack, contextmanager
from itertools import chain
from typing import TYPE_CHECKING

from tui_monitor import config
from tui_monitor.arguments import parse
from tui_monitor.errors import TuiMonitorError
from tui_monitor.ingest.specs import Stream, is_several, spec_of
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
from tui_monitor.splash import splashed

if TYPE_CHECKING:
    from tui_monitor.core.options import DecodeOptions
    from tui_monitor.core.records import Estimate, RunReport
    from tui_monitor.ingest.source import Source
    from tui_monitor.ingest.specs import Spec
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
    configured = config.load(arguments.config)
    if configured:
        command, arguments = parse(argv, configured)
    # The numbers here are small: a second thread of numpy's linear algebra only costs start-up.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    return COMMANDS[command](arguments, _settings(arguments))


def _settings(arguments: Namespace) -> Settings:
    color = arguments.color
    return Settings(
        law=arguments.law,
        batch_size=arguments.batch_size,
        format_hint=arguments.format_hint,
        metric=arguments.metric,
        targets=tuple(arguments.target or ()),
        color=not os.environ.get("NO_COLOR") if color is None else color,
        ascii=arguments.glyphs == "ascii" or (arguments.glyphs == "auto" and _shows_only_ascii()),
        bell=getattr(arguments, "bell", False),
        notify=getattr(arguments, "notify", False),
        blocks=arguments.glyphs == "block",
        light=arguments.theme == "light",
        webhook=_address(getattr(arguments, "webhook", None)),
    )


def _address(webhook: str | None) -> str | None:
    """The address that alerts go to, checked."""
    if webhook is None:
        return None
    from tui_monitor.ui.webhook import check_address

    return check_address(webhook)


def _printable(name: str) -> str:
    """A name without anything that a terminal acts on."""
    return "".join(char for char in name if char.isprintable())


def _shows_only_ascii() -> bool:
    """Whether nothing else can be expected: another locale, or the kernel's own console."""
    encoding = (sys.stdout.encoding or "ascii").lower().replace("-", "")
    console = os.environ.get("TERM") == "linux" and sys.stdout.isatty()
    return console or not encoding.startswith("utf")


def _options(settings: Settings) -> DecodeOptions:
    from tui_monitor.report.source import decode_options

    return decode_options(
        settings.law,
        settings.batch_size,
        settings.format_hint,
        settings.metric,
        settings.targets,
    )


# --- commands ------------------------------------------------------------------------------------


def watch(arguments: Namespace, settings: Settings) -> int:
    """Follow logs in the live monitor; it waits for files that are not there yet."""
    specs = _specs(arguments.source)
    if is_several(specs):
        return _follow_several(specs, settings, plain=arguments.plain)
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
        is_file = not piped and not name.startswith("ssh://")
        with splashed(_printable(shown), ascii=settings.ascii):
            with _quick_imports():
                from tui_monitor.ui.launch import watch_log

                options = _options(settings)
            return watch_log(open_source, shown, options, settings, log=name if is_file else None)


def _follow_several(specs: Sequence[Spec], settings: Settings, *, plain: bool) -> int:
    """Follow many runs on the screen, or line by line."""
    piped = any(spec.kind == "pipe" for spec in specs)
    plain = plain or bool(_no_screen(piped=piped) and sys.stdout.isatty())
    if not plain:
        _require_screen(f"{PROGRAM} SOURCE ... --plain", piped=piped)
    with _streams(specs, keys=not plain) as streams:
        if plain:
            from tui_monitor.report.several import updates_of_several

            for line in updates_of_several(specs, streams, _options(settings)):
                print(_ascii(line) if settings.ascii else line, flush=True)
            return 0
        with splashed("runs", ascii=settings.ascii):
            with _quick_imports():
                from tui_monitor.ui.launch import watch_runs

                options = _options(settings)
            return watch_runs(specs, streams, options, settings)


@contextmanager
def _streams(specs: Sequence[Spec], *, keys: bool) -> Iterator[list[Stream]]:
    """What is no file among several sources."""
    with ExitStack() as stack:
        streams: list[Stream] = []
        for spec in specs:
            if spec.kind in ("pipe", "ssh"):
                open_source, name = stack.enter_context(_source(spec.source, keys=keys))
                streams.append(Stream(spec.source, name, open_source))
        yield streams


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
    return replay_log(source, data, options, settings)


def decode(arguments: Namespace, settings: Settings) -> int:
    """Write the rows of logs, once or while they grow."""
    from tui_monitor.report.decode import row_writer
    from tui_monitor.report.output import open_output

    specs, options = _specs(arguments.source), _options(settings)
    if is_several(specs):
        return _decode_several(arguments, specs, options)
    source = arguments.source[0]
    if arguments.follow:
        from tui_monitor.report.follow import follow
        from tui_monitor.report.source import check_readable

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
    rows = _rows(source, options)
    with open_output(arguments.output, source) as stream:
        row_writer(stream, arguments.format).write(rows)
    return 0


def _rows(source: str, options: DecodeOptions) -> Iterator[Estimate]:
    """The rows of a whole log; TuiMonitorError if it has none."""
    from tui_monitor.report.source import load_session

    rows = load_session(_one_log(source), options).rows()
    first = next(rows, None)
    if first is None:
        raise _nothing_found(source)
    return chain([first], rows)


def _decode_several(arguments: Namespace, specs: Sequence[Spec], options: DecodeOptions) -> int:
    """Rows of several logs, each with its name: log after log, or as they come."""
    from tui_monitor.report.decode import row_writer
    from tui_monitor.report.output import open_output
    from tui_monitor.report.several import follow_several, logs_of

    if arguments.follow:
        with (
            _streams(specs, keys=False) as streams,
            open_output(arguments.output, "", streaming=True) as stream,
        ):
            writer = row_writer(stream, arguments.format, several=True)
            for name, session in follow_several(specs, streams, options):
                writer.write(session.take_rows(), name)
        return 0
    logs = logs_of(specs, options.format_hint)

    def write(source: str) -> None:
        writer.write(_rows(source, options), source)

    with open_output(arguments.output, "") as stream:
        writer = row_writer(stream, arguments.format, several=True)
        return _each(logs, write)


def _each(logs: Sequence[str], report: Callable[[str], object]) -> int:
    """Report on log after log; one that can't be is told, and the others are done: 2 at the end."""
    code = 0
    for source in logs:
        try:
            report(source)
        except TuiMonitorError as error:
            code = complain(str(error), 2)
    return code


def explain(arguments: Namespace, settings: Settings) -> int:
    """Print what happened between the epochs."""
    from tui_monitor.report.explain import explanation, explanations
    from tui_monitor.report.source import load_session

    specs, options = _specs(arguments.source), _options(settings)

    def reports_of(source: str) -> tuple[RunReport, ...]:
        reports = load_session(_one_log(source), options).report()
        if not reports:
            raise _nothing_found(source)
        return reports

    code = 0
    if is_several(specs):
        from tui_monitor.report.several import logs_of

        found: list[tuple[str, tuple[RunReport, ...]]] = []
        logs = logs_of(specs, options.format_hint)
        code = _each(logs, lambda source: found.append((source, reports_of(source))))
        text = explanations(found, arguments.format)
    else:
        source = arguments.source[0]
        text = explanation(source, reports_of(source), arguments.format)
    sys.stdout.write(_ascii(text) if settings.ascii else text)
    return code


def snapshot(arguments: Namespace, settings: Settings) -> int:
    """Draw one frame of the monitor, without a terminal."""
    from tui_monitor.core.records import SourceState
    from tui_monitor.core.text import sanitise
    from tui_monitor.report.output import open_output
    from tui_monitor.report.source import load_session
    from tui_monitor.ui.frame import frame, runs_frame

    kind = _picture_kind(arguments.output)
    specs, options = _specs(arguments.source), _options(settings)
    source = "" if is_several(specs) else _one_log(arguments.source[0])
    if is_several(specs):
        from tui_monitor.report.several import nothing_below, survey

        for spec in specs:
            if spec.kind != "tree":
                _one_file(spec.source)
        with _streams(specs, keys=False) as streams:
            runs = survey(specs, streams, options)
        if not runs.rows:
            raise nothing_below(specs[0])
        picture = runs_frame(runs, arguments.size, kind, ascii=settings.ascii, color=settings.color)
    else:
        drawn = load_session(source, options).snapshot(0.0)
        name = "standard input" if source == "-" else sanitise(os.path.basename(source))
        state = SourceState(name, "ended" if drawn.ended else "live", "none", None, None)
        picture = frame(
            drawn, state, arguments.size, kind, ascii=settings.ascii, color=settings.color
        )
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


def _specs(sources: Sequence[str]) -> list[Spec]:
    """What the sources of a command line mean; TuiMonitorError for one that means nothing."""
    for source in sources:
        if not source:
            raise TuiMonitorError("empty source, '': name a log, a folder or a quoted glob")
    return [spec_of(source) for source in sources]


def _one_log(source: str) -> str:
    """The source, if it is a single log that can be read once: here, piped or over ssh."""
    return source if source.startswith("ssh://") else _one_file(source)


def _one_file(source: str) -> str:
    """The source, if it is a path or `-`; TuiMonitorError for kinds that are not supported yet."""
    if not source:
        raise TuiMonitorError("empty source, '': name a log")
    if source.startswith("ssh://"):
        raise TuiMonitorError(
            f"a log over ssh is not a file here, {source}: copy it, or use `{PROGRAM} {source}`"
        )
    if os.path.isdir(source):
        raise TuiMonitorError(f"a folder holds many logs, {source}: name one log in it")
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
        gc.freeze()
        gc.enable()


def _ascii(text: str) -> str:
    """The text with ASCII signs only."""
    return (
        text.translate({0xB1: "+/-", 0x2192: "->", 0xA6: "|"}).encode("ascii", "replace").decode()
    )
