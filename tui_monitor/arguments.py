"""Arguments parsed: which command is meant, the options of every command. Imports nothing heavy.

A first argument that names no command is a SOURCE for `watch`; a file called like a command is
given as `./demo`. Options that every command knows may stand before or behind its name.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from typing import NoReturn

from tui_monitor import __version__, values
from tui_monitor.errors import TuiMonitorError
from tui_monitor.grammar import COMMANDS, typed
from tui_monitor.process import PROGRAM
from tui_monitor.settings import GLYPHS, LAWS, THEMES


class Parser(argparse.ArgumentParser):
    """A parser whose errors are exceptions of ours."""

    def error(self, message: str) -> NoReturn:
        """Raise the message as TuiMonitorError, so that it is shown on one line."""
        raise TuiMonitorError(f"bad usage, {message}: see {self.prog} --help")


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
        raise _no_source()
    name = "watch"
    if arguments[place] in COMMANDS:
        name = arguments.pop(place)
    else:
        _check_slip(arguments[place])
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


def _no_source() -> TuiMonitorError:
    """What to do is another thing where something is piped in."""
    if sys.stdin is not None and not sys.stdin.isatty():
        return TuiMonitorError(
            f"no source given, {PROGRAM}: `{PROGRAM} -` reads what is piped into it"
        )
    return TuiMonitorError(
        f"no source given, {PROGRAM}: `{PROGRAM} train.log` follows one, `{PROGRAM} .` lists those of"
        f" this folder, `{PROGRAM} demo` shows what it does"
    )


def _check_slip(word: str) -> None:
    """TuiMonitorError for what is nearly a command's name and no file: nothing to wait for."""
    if not word.isalpha() or os.path.lexists(word):
        return
    from difflib import get_close_matches

    meant = get_close_matches(word, COMMANDS, 1, cutoff=0.8)
    if meant:
        raise TuiMonitorError(
            f"no command or log, {word}: use `{PROGRAM} {meant[0]}`, or ./{word} for a log that is "
            "to come"
        )


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


def _add_common(parser: argparse.ArgumentParser) -> None:
    """The options of every command, behind the command's own."""
    group = parser.add_argument_group("options of every command")
    group.add_argument(
        "--law", choices=LAWS, metavar="NAME", help=f"averaging law of the bars: {', '.join(LAWS)}"
    )
    group.add_argument(
        "--batch-size",
        type=typed(values.count, values.COUNT),
        metavar="N",
        help="samples a batch (else inferred)",
    )
    group.add_argument("--format-hint", metavar="NAME", help="the log's format (else detected)")
    group.add_argument("--metric", metavar="GLOB", help="only metrics of this name, like '*acc*'")
    group.add_argument(
        "--target",
        type=typed(values.target, values.TARGET),
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


def _general_parser() -> Parser:
    listing = "\n".join(f"  {name:<9} {command.summary}" for name, command in COMMANDS.items())
    parser = Parser(
        prog=PROGRAM,
        usage=f"{PROGRAM} [COMMAND] SOURCE [OPTION ...]",
        description="Follow a training log and decode its running averages.\n\n"
        f"commands:\n{listing}\n\n"
        f"Without a command: watch. `{PROGRAM} COMMAND --help` tells more.",
        epilog=_epilog([command.examples[0] for command in COMMANDS.values()]),
        add_help=False,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_common(parser)
    return parser


def _command_parser(name: str) -> Parser:
    command = COMMANDS[name]
    parser = Parser(
        prog=f"{PROGRAM} {name}",
        usage=f"{PROGRAM} {name} {command.usage}",
        description=f"{command.summary[0].upper()}{command.summary[1:]}.",
        epilog=_epilog(command.examples),
        add_help=False,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.arguments(parser)
    _add_common(parser)
    return parser


def _epilog(examples: Sequence[tuple[str, str]]) -> str:
    width = max(len(line) for line, _ in examples)
    return "examples:\n" + "\n".join(f"  {line:<{width}}  {use}" for line, use in examples)
