"""The configuration file: options that are always wanted, as data and nothing else.

`$XDG_CONFIG_HOME/tui-monitor/config.toml`, or `~/.config/tui-monitor/config.toml`, or what --config
names. A key is an option's name without its dashes; what is given on the command line beats it.
"""

from __future__ import annotations

import difflib
import os
import re
import sys
from collections.abc import Callable, Mapping
from typing import NamedTuple

from tui_monitor import values
from tui_monitor.errors import TuiMonitorError
from tui_monitor.settings import GLYPHS, LAWS, THEMES, Size

_LARGEST = 1 << 16
"""Bytes of a configuration at most: anything larger is another file."""


class Key(NamedTuple):
    """A key that a configuration may have."""

    option: str
    """Name of the argument that it stands for."""
    wanted: str
    """What its value must be, in words."""
    value: Callable[[object], object]
    """The argument's value; raises ValueError for any other."""


def default_path() -> str | None:
    """Where the configuration is looked for; None where there is no home."""
    base = os.environ.get("XDG_CONFIG_HOME", "")
    if not os.path.isabs(base):
        base = os.path.expanduser("~/.config")
    return os.path.join(base, "tui-monitor", "config.toml") if os.path.isabs(base) else None


def load(path: str | None) -> dict[str, object]:
    """Values of arguments, by their name; empty where nothing is configured.

    Args:
        path: Where it must be; None: where it may be, see `default_path`.

    Raises:
        TuiMonitorError: it can't be read, or says something that means nothing.
    """
    place = default_path() if path is None else path
    if place is None or (path is None and not os.path.exists(place)):
        return {}
    text = _read(place)
    return {KEYS[key].option: _value(place, text, key, raw) for key, raw in _parsed(place, text)}


def _read(place: str) -> str:
    try:
        with open(place, "rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise TuiMonitorError(
            f"{error.strerror or error}, {place}: check the configuration's path and permissions"
        ) from None
    if len(data) > _LARGEST:
        raise TuiMonitorError(f"too large for a configuration, {place}: name a TOML file")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise TuiMonitorError(f"not UTF-8, {place}: save the configuration as UTF-8") from None


def _parsed(place: str, text: str) -> list[tuple[str, object]]:
    """Keys and raw values, all of them known keys."""
    # Only who has a configuration waits for the parser.
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        table: Mapping[str, object] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error).splitlines()[0]
        raise TuiMonitorError(
            f"no TOML, {place}: {message[:1].lower()}{message[1:]}; write key = value"
        ) from None
    for key in table:
        if key not in KEYS:
            raise TuiMonitorError(f"unknown key {key!r}, {_where(place, text, key)}: {_hint(key)}")
    return list(table.items())


def _hint(key: str) -> str:
    if key == "webhook":
        return "an address is only called where --webhook names it; take it out"
    near = difflib.get_close_matches(key.replace("_", "-"), KEYS, n=1)
    known = ", ".join(KEYS)
    return f"write {near[0]!r}" if near else f"take it out, or use one of {known}"


def _value(place: str, text: str, key: str, raw: object) -> object:
    known = KEYS[key]
    try:
        return known.value(raw)
    except ValueError:
        where = _where(place, text, key)
        raise TuiMonitorError(f"bad value of {key!r}, {where}: it must be {known.wanted}") from None


def _where(place: str, text: str, key: str) -> str:
    """The file and, where it can be told, the line that a key stands on."""
    names = re.compile(rf"""\s*\[*\s*["']?{re.escape(key)}["']?\s*[=.\]]""")
    for number, line in enumerate(text.splitlines(), 1):
        if names.match(line):
            return f"{place} line {number}"
    return place


# --- values --------------------------------------------------------------------------------------


def _text(raw: object) -> str:
    if not isinstance(raw, str) or not raw:
        raise ValueError(raw)
    return raw


def _flag(raw: object) -> bool:
    if not isinstance(raw, bool):
        raise ValueError(raw)
    return raw


def _one_of(*names: str) -> Callable[[object], str]:
    def value(raw: object) -> str:
        if raw not in names:
            raise ValueError(raw)
        return str(raw)

    return value


def _count(raw: object) -> int:
    if type(raw) is not int:  # a bool is one by inheritance only
        raise ValueError(raw)
    return values.count(str(raw))


def _speed(raw: object) -> float:
    if type(raw) not in (int, float):
        raise ValueError(raw)
    return values.speed(str(raw))


def _size(raw: object) -> Size:
    return values.size(_text(raw))


KEYS: dict[str, Key] = {
    "law": Key("law", f"one of {', '.join(LAWS)}", _one_of(*LAWS)),
    "batch-size": Key("batch_size", values.COUNT, _count),
    "format-hint": Key("format_hint", "the name of a format, in quotes", _text),
    "metric": Key("metric", "a glob of metric names, in quotes", _text),
    "color": Key("color", "true or false", _flag),
    "glyphs": Key("glyphs", f"one of {', '.join(GLYPHS)}", _one_of(*GLYPHS)),
    "theme": Key("theme", f"one of {', '.join(THEMES)}", _one_of(*THEMES)),
    "bell": Key("bell", "true or false", _flag),
    "notify": Key("notify", "true or false", _flag),
    "plain": Key("plain", "true or false", _flag),
    "speed": Key("speed", values.SPEED, _speed),
    "size": Key("size", f"{values.SIZE}, in quotes", _size),
}
"""Every key, by the name of its option."""
