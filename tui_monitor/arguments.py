"""The command line's grammar: commands, options, help texts. Imports nothing heavy.

A first argument that names no command is a SOURCE for `watch`; a file called like a command is
given as `./demo`. Options that every command knows may stand before or behind its name.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from math import isfinite, nan
from typing import NamedTuple, NoReturn

from tui_monitor import __version__
from tui_monitor.errors import TuiMonitorError
from tui_monitor.process import PROGRAM
from tui_monitor.settings import GLYPHS, LAWS, THEMES, Size

SOURCE_HELP = "path of a training log, a folder or quoted glob of logs"
FOLLOWED_HELP = f"{SOURCE_HELP}, - for standard input, or ssh://[user@]host[:port]/path"


class Parser(argparse.ArgumentParser):
    """A parser whose errors are exceptions of ours."""

    def error(self, message: str) -> NoReturn:
        """Raise the message as TuiMonitorError, so that it is shown on one line."""
        raise TuiMonitorError(f"bad usage, {message}: see {self.prog} --help")


class Command(NamedTuple):
    """One command's part of the grammar."""

    summary: str
    arguments: Callable[[argparse.ArgumentParser], None]
    examples: Sequence[tuple[str, str]]
    """Command line and what it is good for."""


def parse(
    argv: Sequence[str], defaults: Mapping[str, object] | None = None
) -> tuple[str, argparse.Namespace]:
    """The command and its arguments; TuiMonitorError on bad usage.

    `defaults` are values of arguments that are not given, by their name; those that the command does
    not know are passed over.

    Raises SystemExit after `--help` and `--version`, as argparse does.
    """
    arguments = list(argv)
    place = _first_positional(arguments)
    if place is None:
        _general_parser().parse_args(arguments)
        raise TuiMonitorError(f"no source given, {PROGRAM}: name a log, or try `{PROGRAM} demo`")
    name = "watch"
    if arguments[place] in COMMANDS:
        name = arguments.pop(place)
    parser = _command_parser(name)
    known = {action.dest for action in parser._actions}
    parser.set_defaults(**{k: v for k, v in (defaults or {}).items() if k in known})
    if name != "run":
        return name, parser.parse_args(arguments)
    own, mark, training = _split_run(arguments)
    parsed = parser.parse_args(own)
    if not mark or not training:
        raise TuiMonitorError(
            f"no training given, {PROGRAM} run: write its command behind --, as in "
            f"`{PROGRAM} run -- python train.py`"
        )
    parsed.command = training
    return name, parsed


def _split_run(arguments: Sequence[str]) -> tuple[list[str], bool, list[str]]:
    """Our arguments, whether `--` ends them, and the command behind it."""
    own = list(arguments)
    if "--" not in own:
        return own, False, []
    place = own.index("--")
    return own[:place], True, own[place + 1 :]


def _first_positional(arguments: Sequence[str]) -> int | None:
    """Index of the first argument that is neither an option nor an option's value."""
    index = 0
    while index < len(arguments):
        argument = arguments[index]
        if argument == "--":
            return index if index + 1 < len(arguments) else None
        if argument == "-" or not argument.startswith("-"):
            return index
        index += 2 if argument in _VALUED else 1
    return None


_VALUED = {
    *("--law", "--batch-size", "--format-hint", "--metric", "--target", "--config"),
    *("--glyphs", "--theme"),
}
"""Options of every command that take a value."""


def _common() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    group = common.add_argument_group("options of every command")
    group.add_argument(
        "--law", choices=LAWS, metavar="NAME", help=f"averaging law of the bars: {', '.join(LAWS)}"
    )
    group.add_argument(
        "--batch-size", type=_positive, metavar="N", help="samples a batch (else inferred)"
    )
    group.add_argument("--format-hint", metavar="NAME", help="the log's format (else detected)")
    group.add_argument("--metric", metavar="GLOB", help="only metrics of this name, like '*acc*'")
    group.add_argument(
        "--target",
        type=_target,
        action="append",
        metavar="METRIC=VALUE",
        help="tell when a metric gets there, like val_acc=0.95; may be given again",
    )
    group.add_argument(
        "--no-color", action="store_false", dest="color", default=None,
        help="no colour; also NO_COLOR=1",
    )  # fmt: skip
    group.add_argument("--color", action="store_true", default=None, help="colour in spite of it")
    group.add_argument(
        "--glyphs", choices=GLYPHS, default="auto", metavar="NAME",
        help=f"signs to draw with: {', '.join(GLYPHS)}",
    )  # fmt: skip
    group.add_argument(
        "--ascii", action="store_const", const="ascii", dest="glyphs", help="ASCII signs only"
    )
    group.add_argument(
        "--theme", choices=THEMES, default="dark", metavar="NAME", help="dark, light"
    )
    group.add_argument(
        "--config", metavar="FILE", help="options (else ~/.config/tui-monitor/config.toml)"
    )
    group.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    group.add_argument("-h", "--help", action="help", help="show this help")
    return common


def _general_parser() -> Parser:
    listing = "\n".join(f"  {name:<9} {command.summary}" for name, command in COMMANDS.items())
    return Parser(
        prog=PROGRAM,
        usage=f"{PROGRAM} [COMMAND] SOURCE [OPTION ...]",
        description="Follow a training log and decode its running averages.\n\n"
        f"commands:\n{listing}\n\n"
        f"Without a command: watch. `{PROGRAM} COMMAND --help` tells more.",
        epilog=_epilog([command.examples[0] for command in COMMANDS.values()]),
        parents=[_common()],
        add_help=False,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _command_parser(name: str) -> Parser:
    command = COMMANDS[name]
    parser = Parser(
        prog=f"{PROGRAM} {name}",
        description=f"{command.summary[0].upper()}{command.summary[1:]}.",
        epilog=_epilog(command.examples),
        parents=[_common()],
        add_help=False,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.arguments(parser)
    return parser


def _epilog(examples: Sequence[tuple[str, str]]) -> str:
    width = max(len(line) for line, _ in examples)
    return "examples:\n" + "\n".join(f"  {line:<{width}}  {use}" for line, use in examples)


# --- values --------------------------------------------------------------------------------------


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not 1 or more")
    return number


def _target(text: str) -> tuple[str, float]:
    name, _, value = text.rpartition("=")
    try:
        number = float(value)
    except ValueError:
        number = nan
    if not name.strip() or not isfinite(number):
        raise argparse.ArgumentTypeError(f"{text} is not METRIC=VALUE, like val_acc=0.95")
    return name.strip(), number


def _speed(text: str) -> float:
    number = float(text)
    if not 0 <= number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not 0 or more")
    return number


def _size(text: str) -> Size:
    columns, _, rows = text.lower().partition("x")
    size = Size(int(columns), int(rows))
    if not (1 <= size.columns <= 1000 and 1 <= size.rows <= 1000):
        raise argparse.ArgumentTypeError(f"{text} is not between 1x1 and 1000x1000")
    return size


# argparse names a type by this in its message: `invalid columns x rows value: '12'`.
_positive.__name__ = "number"
_speed.__name__ = "speed"
_size.__name__ = "COLUMNSxROWS"


# --- commands ------------------------------------------------------------------------------------


def _alerts(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("alerts: nan, divergence, stall, end, best validation")
    on_off = argparse.BooleanOptionalAction
    group.add_argument("--bell", action=on_off, default=False, help="ring the terminal's bell")
    group.add_argument("--notify", action=on_off, default=False, help="notify the desktop (OSC 9)")
    group.add_argument("--webhook", metavar="URL", help="post them as JSON to this address")


def _watch(parser: argparse.ArgumentParser) -> None:
    _alerts(parser)
    parser.add_argument(
        "source", nargs="+", metavar="SOURCE", help=f"{FOLLOWED_HELP}; it may not be there yet"
    )
    parser.add_argument(
        "--plain", action="store_true", help="a line an update, as where no screen can be drawn"
    )


def _run(parser: argparse.ArgumentParser) -> None:
    parser.usage = f"{PROGRAM} run [OPTION ...] -- CMD [ARGUMENT ...]"
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
    _alerts(parser)
    parser.add_argument("name", nargs="?", metavar="NAME", help="name of a bundled log")
    parser.add_argument("--speed", type=_speed, metavar="X", help="as for replay")


def _replay(parser: argparse.ArgumentParser) -> None:
    _alerts(parser)
    parser.add_argument("source", metavar="LOG", help="path of a saved log")
    parser.add_argument(
        "--speed", type=_speed, default=1.0, metavar="X", help="times as fast; 0: at once"
    )
    parser.add_argument(
        "--from", type=_positive, dest="from_epoch", metavar="EPOCH", help="start at this epoch"
    )


def _decode(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "source", nargs="+", metavar="SOURCE", help=f"{SOURCE_HELP}; - is standard input"
    )
    parser.add_argument("--format", choices=("jsonl", "csv"), default="jsonl", help="of the rows")
    parser.add_argument("--output", metavar="FILE", help="write there instead of standard output")
    parser.add_argument("--follow", action="store_true", help="go on while the log grows")


def _explain(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "source", nargs="+", metavar="SOURCE", help=f"{SOURCE_HELP}; - is standard input"
    )
    parser.add_argument(
        "--format", choices=("text", "json", "markdown"), default="text", help="of the explanation"
    )


def _snapshot(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "source", nargs="+", metavar="SOURCE", help=f"{SOURCE_HELP}; - is standard input"
    )
    parser.add_argument("--output", metavar="FILE", help="FILE.svg, FILE.html or FILE.txt")
    parser.add_argument(
        "--size", type=_size, default=Size(120, 40), metavar="120x40", help="columns and rows"
    )


COMMANDS = {
    "watch": Command(
        "follow a log in the live monitor",
        _watch,
        [
            (f"{PROGRAM} train.log", "follow a training, now or when it starts"),
            (f"{PROGRAM} runs/ 'old/**/*.log'", "every training log below these, as a list"),
            (f"{PROGRAM} watch ./demo", "a file named like a command"),
        ],
    ),
    "run": Command(
        "start a training, record its output and follow it",
        _run,
        [
            (f"{PROGRAM} run -- python train.py", "it goes on when the monitor is closed"),
            (f"{PROGRAM} run --log a.log -- python train.py", f"`{PROGRAM} a.log` takes it up"),
        ],
    ),
    "demo": Command(
        "replay a bundled log in the monitor, no file needed",
        _demo,
        [
            (f"{PROGRAM} demo", "a minute of a Keras 2 training"),
            (f"{PROGRAM} demo averaged-twice", "what Keras 3 does to its numbers"),
        ],
    ),
    "replay": Command(
        "replay a saved log in the monitor as if it were running",
        _replay,
        [
            (f"{PROGRAM} replay train.log --speed 60", "an hour in a minute"),
            (f"{PROGRAM} replay train.log --from 3", "from epoch 3 on"),
        ],
    ),
    "decode": Command(
        "write what every printed number reveals, a row each",
        _decode,
        [
            (f"{PROGRAM} decode train.log", "JSON lines"),
            (f"{PROGRAM} decode train.log --format csv --output rows.csv", "for a spreadsheet"),
            (f"{PROGRAM} decode train.log --follow --metric '*acc*'", "while the log grows"),
        ],
    ),
    "explain": Command(
        "explain the jumps between epochs",
        _explain,
        [
            (f"{PROGRAM} explain train.log", "to read"),
            (f"{PROGRAM} explain train.log --format markdown", "to paste into an issue"),
        ],
    ),
    "snapshot": Command(
        "draw one frame of the monitor without a terminal",
        _snapshot,
        [
            (f"{PROGRAM} snapshot train.log", "text on standard output"),
            (f"{PROGRAM} snapshot train.log --output frame.svg --size 160x48", "a picture"),
        ],
    ),
}
