"""What each command takes: its arguments, its summary, its examples. Imports nothing heavy."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from tui_monitor import values
from tui_monitor.process import PROGRAM
from tui_monitor.settings import Size

SOURCE_HELP = (
    "path of a training log, a folder or quoted glob of logs, - for standard input, or "
    "ssh://[user@]host[:port]/path"
)

T = TypeVar("T")


class Command(NamedTuple):
    """One command's part of the grammar."""

    summary: str
    usage: str
    """What is written behind the command's name."""
    arguments: Callable[[argparse.ArgumentParser], None]
    examples: Sequence[tuple[str, str]]
    """Command line and what it is good for."""


def typed(convert: Callable[[str], T], wanted: str) -> Callable[[str], T]:
    """A function of `values` as a type of argparse, which tells what is wanted."""

    def value(text: str) -> T:
        try:
            return convert(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not {wanted}") from None

    return value


def _alerts(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("alerts: nan, divergence, stall, end, best validation")
    on_off = argparse.BooleanOptionalAction
    group.add_argument("--bell", action=on_off, default=False, help="ring the terminal's bell")
    group.add_argument("--notify", action=on_off, default=False, help="notify the desktop (OSC 9)")
    group.add_argument("--webhook", metavar="URL", help="post them as JSON to this address")


def _watch(parser: argparse.ArgumentParser) -> None:
    _alerts(parser)
    parser.add_argument(
        "source", nargs="+", metavar="SOURCE", help=f"{SOURCE_HELP}; it may not be there yet"
    )
    parser.add_argument(
        "--plain", action="store_true", help="a line an update, as where no screen can be drawn"
    )


def _run(parser: argparse.ArgumentParser) -> None:
    _alerts(parser)
    parser.add_argument(
        "--log", metavar="FILE", help="record there, at its end (else NAME-DATE-TIME.log here)"
    )
    parser.add_argument(
        "--no-pty", action="store_true", help="give the training a plain file, no terminal"
    )
    parser.add_argument(
        "--plain", action="store_true", help="a line an update, as where no screen can be drawn"
    )


def _demo(parser: argparse.ArgumentParser) -> None:
    from tui_monitor.report.samples import SAMPLES

    _alerts(parser)
    names = ", ".join(SAMPLES)
    parser.add_argument("name", nargs="?", metavar="NAME", help=f"a bundled log: {names}")
    parser.add_argument(
        "--speed", type=typed(values.speed, values.SPEED), metavar="X", help="as for replay"
    )


def _replay(parser: argparse.ArgumentParser) -> None:
    _alerts(parser)
    parser.add_argument("source", metavar="LOG", help="path of a saved log")
    parser.add_argument(
        "--speed",
        type=typed(values.speed, values.SPEED),
        default=1.0,
        metavar="X",
        help="times as fast; 0: at once",
    )
    parser.add_argument(
        "--from",
        type=typed(values.count, values.COUNT),
        dest="from_epoch",
        metavar="EPOCH",
        help="start at this epoch",
    )


def _decode(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", nargs="+", metavar="SOURCE", help=SOURCE_HELP)
    parser.add_argument("--format", choices=("jsonl", "csv"), default="jsonl", help="of the rows")
    parser.add_argument("--output", metavar="FILE", help="write there instead of standard output")
    parser.add_argument("--follow", action="store_true", help="go on while the log grows")


def _explain(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", nargs="+", metavar="SOURCE", help=SOURCE_HELP)
    parser.add_argument(
        "--format", choices=("text", "json", "markdown"), default="text", help="of the explanation"
    )


def _snapshot(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", nargs="+", metavar="SOURCE", help=SOURCE_HELP)
    parser.add_argument("--output", metavar="FILE", help="FILE.svg, FILE.html or FILE.txt")
    parser.add_argument(
        "--size",
        type=typed(values.size, values.SIZE),
        default=Size(120, 40),
        metavar="120x40",
        help="columns and rows",
    )


COMMANDS: dict[str, Command] = {
    "watch": Command(
        "follow a log in the live monitor",
        "SOURCE ... [OPTION ...]",
        _watch,
        [
            (f"{PROGRAM} train.log", "follow a training, now or when it starts"),
            (f"{PROGRAM} runs/ 'old/**/*.log'", "every training log below these, as a list"),
            (f"{PROGRAM} watch ./demo", "a file named like a command"),
        ],
    ),
    "run": Command(
        "start a training, record its output and follow it",
        "[OPTION ...] -- CMD [ARGUMENT ...]",
        _run,
        [
            (f"{PROGRAM} run -- python train.py", "it goes on when the monitor is closed"),
            (f"{PROGRAM} run --log a.log -- python train.py", f"`{PROGRAM} a.log` takes it up"),
        ],
    ),
    "demo": Command(
        "replay a bundled log in the monitor, no file needed",
        "[NAME] [OPTION ...]",
        _demo,
        [
            (f"{PROGRAM} demo", "a minute of a Keras 2 training"),
            (f"{PROGRAM} demo averaged-twice", "what Keras 3 does to its numbers"),
        ],
    ),
    "replay": Command(
        "replay a saved log in the monitor as if it were running",
        "LOG [OPTION ...]",
        _replay,
        [
            (f"{PROGRAM} replay train.log --speed 60", "an hour in a minute"),
            (f"{PROGRAM} replay train.log --from 3", "from epoch 3 on"),
        ],
    ),
    "decode": Command(
        "write what every printed number reveals, a row each",
        "SOURCE ... [OPTION ...]",
        _decode,
        [
            (f"{PROGRAM} decode train.log", "JSON lines"),
            (f"{PROGRAM} decode train.log --format csv --output rows.csv", "for a spreadsheet"),
            (f"{PROGRAM} decode train.log --follow --metric '*acc*'", "while the log grows"),
        ],
    ),
    "explain": Command(
        "explain the jumps between epochs",
        "SOURCE ... [OPTION ...]",
        _explain,
        [
            (f"{PROGRAM} explain train.log", "to read"),
            (f"{PROGRAM} explain train.log --format markdown", "to paste into an issue"),
        ],
    ),
    "snapshot": Command(
        "draw one frame of the monitor without a terminal",
        "SOURCE ... [OPTION ...]",
        _snapshot,
        [
            (f"{PROGRAM} snapshot train.log", "text on standard output"),
            (f"{PROGRAM} snapshot train.log --output frame.svg --size 160x48", "a picture"),
        ],
    ),
}
