"""Why a log tells nothing, as the one line that a user can act on; what is refused unread."""

from __future__ import annotations

import os
import re
import shlex
import stat
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from tui_monitor.errors import TuiMonitorError
from tui_monitor.ingest.specs import is_pipe
from tui_monitor.process import PROGRAM

if TYPE_CHECKING:
    from tui_monitor.core.session import Session


_COMPRESSED = (
    (re.compile(rb"\x1f\x8b\x08"), "zcat"),
    (re.compile(rb"\xfd7zXZ\0"), "xzcat"),
    (re.compile(rb"\x28\xb5\x2f\xfd"), "zstdcat"),
    (re.compile(rb"BZh[1-9]1AY&SY"), "bzcat"),
    (re.compile(rb"PK\x03\x04"), "unzip -p"),
)
"""How compressed files begin, and what writes their content."""


def nothing_in(source: str, session: Session, metric: str | None) -> TuiMonitorError:
    """The error for a log without a number to report on, by what is found in it instead.

    Args:
        source: Its path, `ssh://..` or `-`.
        session: What has seen the whole of it.
        metric: The glob that metrics were to match, if there is one.
    """
    name = "standard input" if source == "-" else source
    others = _metrics_of(source) if metric is not None else []
    if others:
        return TuiMonitorError(
            f"no metric like {metric!r}, {name}: name one of {', '.join(others)}"
        )
    return TuiMonitorError(f"no training progress found, {name}: {_why(source, session, metric)}")


def _why(source: str, session: Session, metric: str | None) -> str:
    """What is there instead, and what to do."""
    from tui_monitor.core.placing.unread import BARE_BARS, has_bars

    seen = session.snapshot(0.0)
    if not seen.bytes:
        return f"it is empty; `{PROGRAM} LOG` waits for its first line"
    if _is_binary(source):
        return "it is no text; name the log that the training writes"
    if quoted := session.quoted_format:
        return f"it is only quoted there, as in a README or a diff; --format-hint {quoted} reads it"
    if metric is None and has_bars(seen.log_tail):
        return f"it has {BARE_BARS}; show one there, in tqdm with set_postfix(loss=...)"
    wanted = "" if metric is None else f" with a metric like {metric!r}"
    return (
        f"check that it is a training log{wanted}, with lines like 'epoch 3 loss 0.52' or a bar with"
        " numbers; --format-hint NAME reads one of a known kind"
    )


def refuse_unread(source: str) -> None:
    """TuiMonitorError for what is no log by its kind; for what is not there or unreadable, none.

    A device may give bytes for ever. Of a terminal as standard input, lines are typed.
    """
    _refuse_notebook(source)
    with suppress(OSError):
        found = os.fstat(sys.stdin.fileno()) if source == "-" else os.stat(source)
        if _is_device(found) and not (source == "-" and sys.stdin.isatty()):
            name = "standard input" if source == "-" else source
            raise TuiMonitorError(f"a device and no log, {name}: name the log of a training")
        if stat.S_ISSOCK(found.st_mode) and source != "-":
            raise TuiMonitorError(f"a socket and no log, {source}: name the log of a training")
        if stat.S_ISREG(found.st_mode) and source != "-":
            _refuse_compressed(source)


def _is_device(found: os.stat_result) -> bool:
    """Whether it is another one than that which is empty."""
    if stat.S_ISCHR(found.st_mode):
        return found.st_rdev != os.stat(os.devnull).st_rdev
    return stat.S_ISBLK(found.st_mode)


def _refuse_compressed(source: str) -> None:
    with open(source, "rb") as file:
        head = file.read(16)
    for begin, unpack in _COMPRESSED:
        if begin.match(head):
            pipe = f"{unpack} {shlex.quote(source)} | {PROGRAM} -"
            raise TuiMonitorError(f"a compressed file, {source}: read what it holds, `{pipe}`")


def _refuse_notebook(source: str) -> None:
    """TuiMonitorError for a notebook: what its cells have printed is packed in as JSON."""
    if source.lower().endswith(".ipynb"):
        raise TuiMonitorError(
            f"a notebook and no log, {source}: name what `jupyter nbconvert --to markdown "
            f"{shlex.quote(source)}` writes"
        )


def _metrics_of(source: str) -> list[str]:
    """Names of all metrics in a log that can be read once more."""
    if source == "-" or is_pipe(source):
        return []
    from tui_monitor.core.options import DecodeOptions
    from tui_monitor.report.source import load_session

    curves = load_session(source, DecodeOptions()).snapshot(0.0).curves
    return [name for each in curves for name in (each.metric, each.val_metric) if name]


def _is_binary(source: str) -> bool:
    """Whether a file of this machine holds no text."""
    if source == "-" or not os.path.isfile(source):
        return False
    from tui_monitor.ingest.discover import sniff

    return sniff(source, os.path.getsize(source)) == "other"
