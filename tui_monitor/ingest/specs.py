"""What a SOURCE of the command line means: a file, a tree of files, a pipe, a log over ssh.

Free of heavy imports: it is asked before anything is loaded.
"""

from __future__ import annotations

import os
import re
import stat
from collections import Counter
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from tui_monitor.ingest.source import Source

_MAGIC = re.compile(r"[*?\[]")

SourceKind = Literal["pipe", "ssh", "file", "tree"]


def is_pipe(source: str) -> bool:
    """Whether a path names a pipe, as `<(command)` of a shell does."""
    try:
        return stat.S_ISFIFO(os.stat(source).st_mode)
    except (OSError, ValueError):
        return False


class Spec(NamedTuple):
    """What one SOURCE of the command line means."""

    kind: SourceKind
    source: str
    """As given; of a tree the folder to walk."""
    pattern: tuple[str, ...] = ()
    """Of a tree: parts of the glob below the folder; empty takes all."""


class Stream(NamedTuple):
    """A run that is no file: standard input, another pipe, a log over ssh."""

    key: str
    name: str
    open_source: Callable[[], Source]


def spec_of(
    source: str,
    *,
    is_folder: Callable[[str], bool] = os.path.isdir,
    exists: Callable[[str], bool] = os.path.lexists,
    pipes: Callable[[str], bool] = is_pipe,
) -> Spec:
    """What a SOURCE means. A name that exists is itself, whatever signs are in it."""
    if source == "-" or pipes(source):
        return Spec("pipe", source)
    if source.startswith("ssh://"):
        return Spec("ssh", source)
    if is_folder(source):
        return Spec("tree", source)
    if exists(source) or not _MAGIC.search(source):
        return Spec("file", source)
    parts = source.split("/")
    first = next(number for number, part in enumerate(parts) if _MAGIC.search(part))
    folder = "/".join(parts[:first]) or ("/" if source.startswith("/") else ".")
    return Spec("tree", folder, tuple(part for part in parts[first:] if part))


def is_several(specs: Sequence[Spec]) -> bool:
    """Whether they may mean more than one log."""
    return len(specs) > 1 or specs[0].kind == "tree"


def leads(parts: Sequence[str], pattern: Sequence[str]) -> Literal["match", "on", "no"]:
    """Whether a path below a tree's folder matches its glob, or may do so farther down.

    What lies below a match matches too: a glob that finds folders means every log below them.
    """
    if not pattern:
        return "match"
    if not parts:
        return "on"
    if pattern[0] == "**":
        found = {leads(parts, pattern[1:]), leads(parts[1:], pattern)}
        return "match" if "match" in found else "on"
    if not fnmatchcase(parts[0], pattern[0]):
        return "no"
    return leads(parts[1:], pattern[1:])


def names_of(paths: Sequence[str]) -> list[str]:
    """For each path its end, with as many folders as make it unlike the others."""
    parts = [tuple(os.path.normpath(path).split("/")) for path in dict.fromkeys(paths)]
    ends = Counter(mine[-count:] for mine in parts for count in range(1, len(mine) + 1))
    names: dict[str, str] = {}
    for path, mine in zip(dict.fromkeys(paths), parts, strict=True):
        counts = range(1, len(mine) + 1)
        count = next((count for count in counts if ends[mine[-count:]] == 1), len(mine))
        names[path] = "/".join(mine[-count:]) or path
    return [names[path] for path in paths]
