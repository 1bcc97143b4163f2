"""The command line: commands by name, settings, exit codes, errors on one line.

Everything heavy is imported inside the command that needs it, so that `--help`, `--version` and bad
usage answer at once. Exit codes: 0 done, 2 bad usage or input, 1 a defect of ours, 128+n on signal n.
"""

from __future__ import annotations

import gc
import os
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence

from tui_monitor import config
from tui_monitor.arguments import parse
from tui_monitor.commands import live, playback, reports
from tui_monitor.errors import TuiMonitorError
from tui_monitor.process import (
    PROGRAM,
    Terminated,
    complain,
    discard_output,
    repair_streams,
    terminable,
)
from tui_monitor.settings import Settings

DEBUG = "TUI_MONITOR_DEBUG"
"""Environment variable that asks for the traceback of a defect."""

COMMANDS: dict[str, Callable[[Namespace, Settings], int]] = {
    "watch": live.watch,
    "run": live.run,
    "demo": playback.demo,
    "replay": playback.replay,
    "decode": reports.decode,
    "explain": reports.explain,
    "snapshot": reports.snapshot,
}
"""A function for each command of the grammar."""


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
    except Terminated as signalled:
        discard_output()
        return signalled.code
    except Exception as error:  # the process's edge: a defect is told on one line, too
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
    # A decoder makes many objects and few cycles: to look for these less often saves a tenth.
    gc.set_threshold(10_000, 20, 50)
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
    from tui_monitor.ui.alerting.webhook import check_address

    return check_address(webhook)


def _shows_only_ascii() -> bool:
    """Whether nothing else can be expected: another locale, or the kernel's own console."""
    encoding = (sys.stdout.encoding or "ascii").lower().replace("-", "")
    console = os.environ.get("TERM") == "linux" and sys.stdout.isatty()
    return console or not encoding.startswith("utf")
