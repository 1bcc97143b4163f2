"""The way to a log on another machine, by the system's ssh: `ssh://[user@]host[:port]/path`.

Owns what such a name may hold, how ssh is called, and the questions that ssh asks before a screen is
drawn. Reading is done by `ssh_tail` and `ssh_read`.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import unquote

from tui_monitor.core.lines.safe import sanitise
from tui_monitor.errors import TuiMonitorError

_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@+\\-]*\$?")
_HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?|[0-9A-Fa-f:.]+(%[A-Za-z0-9_.]+)?")

_QUIETLY = (
    "-T", "-o", "BatchMode=yes",
)  # fmt: skip
_OPTIONS = (
    "-o", "ConnectTimeout=10",
    "-o", "ServerAliveInterval=5",
    "-o", "ServerAliveCountMax=3",
    "-o", "ClearAllForwardings=yes",
    "-o", "ForwardAgent=no",
    "-o", "ForwardX11=no",
    "-o", "PermitLocalCommand=no",
    "-o", "RemoteCommand=none",
)  # fmt: skip


NOISE = 1 << 16
"""Bytes of banners and greetings at most, before the far side's script is heard."""
TAKE_PATH = 'IFS= read -r t; IFS= read -r f; case $f in "~/"*) f=$HOME/${f#"~/"};; esac; '
"""Begin of the far side's scripts: a token and the log's path come by standard input.

One line, without single quotes, backslashes or exclamation marks, so that csh and fish hand it on as
it is; no shell but this one ever reads the path.
"""


class Target(NamedTuple):
    """Where a log is."""

    host: str
    path: str
    """Absolute, or below the home directory with `~/`."""
    user: str | None = None
    port: int | None = None

    @property
    def label(self) -> str:
        """Short, safe to show."""
        return sanitise(f"{self.host}:{os.path.basename(self.path)}")


def parse_url(url: str) -> Target:
    """The parts of an ssh URL; TuiMonitorError where one could be read as something else."""

    def refuse(why: str) -> TuiMonitorError:
        return TuiMonitorError(f"{why}, {url}: write ssh://[user@]host[:port]/path")

    rest = url.removeprefix("ssh://")
    place, slash, path = rest.partition("/")
    user, at, host = place.rpartition("@")
    bracketed = re.fullmatch(r"\[([^\]]*)\](?::(.*))?", host)
    if bracketed:
        host, port_text = bracketed[1], bracketed[2]
    else:
        host, colon, tail = host.partition(":")
        port_text = tail if colon else None
    if rest == url or not _HOST.fullmatch(host) or (":" in host and not bracketed):
        raise refuse("bad host")
    if at and not _USER.fullmatch(user):
        raise refuse("bad user")
    port = None
    if port_text is not None:
        if not re.fullmatch(r"[0-9]{1,5}", port_text) or not 0 < int(port_text) < 65536:
            raise refuse("bad port")
        port = int(port_text)
    path = unquote(f"{slash}{path}")
    if path.startswith("/~/"):
        path = path[1:]
    if path.rstrip("/") != path or len(path) < 2 or re.search(r"[\0\r\n]", path):
        raise refuse("bad path")
    return Target(host, path, user if at else None, port)


class Connection(NamedTuple):
    """How to run ssh for a target."""

    target: Target
    options: Sequence[str] = ()
    """For every call of ssh, as found by `connect`."""
    program: str = "ssh"

    def command(self, *far: str, options: Sequence[str] = _QUIETLY) -> list[str]:
        """The command line that runs something on the far side, and asks nothing."""
        target = self.target
        where = ["-p", str(target.port)] if target.port is not None else []
        where += ["-l", target.user] if target.user is not None else []
        return [self.program, *options, *_OPTIONS, *self.options, *where, "--", target.host, *far]


def connect(target: Target, *, options: Sequence[str] = (), program: str = "ssh") -> Connection:
    """Try the way to a target, and let ssh ask on the terminal what it has to.

    If it has to ask, the connection made then is kept and shared (a control master); `disconnect`
    ends it. Raises TuiMonitorError where there is no way.
    """
    plain = Connection(target, options, program)
    try:
        tried = subprocess.run(
            plain.command("true"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise TuiMonitorError(f"cannot run ssh, {error.strerror}: install it") from error
    if tried.returncode != 255:
        return plain
    why = last_line(tried.stderr)
    if not re.search(r"permission denied|host key|too many auth|password", why, re.IGNORECASE):
        raise TuiMonitorError(f"cannot connect to {target.host}, {why}: check host and network")
    folder = tempfile.mkdtemp(prefix="tui-monitor-")
    shared = Connection(target, (*options, "-o", f"ControlPath={folder}/s"), program)
    asking = ("-T", "-o", "ControlMaster=yes", "-o", "ControlPersist=60")
    # Its standard error is the terminal: a master that goes to the background would hold a pipe.
    done = subprocess.run(shared.command("true", options=asking), stdin=subprocess.DEVNULL)
    if done.returncode == 255:
        with suppress(OSError):
            os.rmdir(folder)
        raise TuiMonitorError(f"cannot connect to {target.host}, {why}: check user and keys")
    return shared


def disconnect(connection: Connection) -> None:
    """End the connection kept by `connect`, if one is."""
    path = next((o for o in connection.options if o.startswith("ControlPath=")), None)
    if path is None:
        return
    with suppress(OSError, subprocess.TimeoutExpired):
        subprocess.run(
            connection.command(options=(*_QUIETLY, "-O", "exit")),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=5,
        )
    with suppress(OSError):
        os.rmdir(os.path.dirname(path.removeprefix("ControlPath=")))


def last_line(told: bytes) -> str:
    """The last line of what ssh complained of, safe to show; empty if it did not."""
    lines = told.decode(errors="replace").strip().splitlines()
    return sanitise(lines[-1].strip())[:200] if lines else ""
