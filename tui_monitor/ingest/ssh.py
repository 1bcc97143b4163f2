"""A log on another machine, read by the system's ssh: `ssh://[user@]host[:port]/path`.

The far side needs a POSIX shell and `tail`. A small loop there answers requests for what follows a
byte; each answer begins with the bytes before it that were read already, which tells at once whether
the file is still the same. The loop ends with its input, so nothing is left running there.
"""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import unquote

from tui_monitor.core.text import sanitise
from tui_monitor.errors import TuiMonitorError
from tui_monitor.ingest.source import Chunk, Following, Pulled, Restarted, Waiting

_OVERLAP = 1024  # bytes before the position that are compared
_SOON, _LATER = 0.2, 1.0  # seconds to the next request after an answer with and without news
_FIRST_RETRY, _LAST_RETRY = 1.0, 30.0  # seconds to the next connection
_NOISE = 1 << 16  # bytes of banners and greetings at most
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@+\\-]*\$?")
_HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?|[0-9A-Fa-f:.]+(%[A-Za-z0-9_.]+)?")

# One line, without single quotes, backslashes or exclamation marks, so that csh and fish hand it on
# as it is. Path and offsets come by standard input: no shell but this one ever reads them.
_LOOP = (
    'IFS= read -r t; IFS= read -r f; case $f in "~/"*) f=$HOME/${f#"~/"};; esac; echo "$t ready"; '
    'while IFS=" " read -r n s; do g=$f$s; '
    'if [ -d "$g" ]; then c=4; elif [ -f "$g" ]; then '
    'if [ -r "$g" ]; then tail -c "+$n" "$g" 2>/dev/null; c=0; else c=3; fi; '
    'elif [ -e "$g" ]; then c=4; else c=2; fi; echo; echo "$t $c"; done'
)
FAR_COMMAND = f"exec sh -c '{_LOOP}'"
"""What the login shell of the far side is given."""

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
    why = _last_line(tried.stderr)
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


class SshTail:
    """Source of the bytes of a far file by name, for as long as it is asked.

    A lost connection is made again, later and later, and reading goes on at the same byte. Where
    the far file is another by then, the rest of the one before is looked for as `PATH.1`.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        clock: Callable[[], float] = time.monotonic,
        first_retry: float = _FIRST_RETRY,
        patience: float = 20.0,
    ) -> None:
        self._connection = connection
        self._clock = clock
        self._first_retry = self._retry = first_retry
        self._patience = patience  # seconds without an answer after which a connection is given up
        self._rung = threading.Event()
        self._child: subprocess.Popen[bytes] | None = None
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        self._next = float("-inf")  # time of the next connection or request
        self._heard = 0.0
        self._why = f"connecting to {sanitise(connection.target.host)}"
        self._token = b""
        self._greeted = False
        self._asked: str | None = None  # suffix of the file asked for, while an answer is awaited
        self._buffer = b""
        self._overlap = b""  # what the answer still has to begin with
        self._same = True
        self._grown = False
        self._position = 0
        self._recent = b""
        self._wait: Waiting | None = Waiting(self._why)
        self.gaps = 0
        """Times that it is not known what was missed."""

    @property
    def name(self) -> str:
        """Host and file name, safe to show."""
        return self._connection.target.label

    @property
    def following(self) -> Following:
        """Always `polling`."""
        return "polling"

    @property
    def rung(self) -> threading.Event:
        """Never set by itself."""
        return self._rung

    def position(self) -> None:
        """Nothing is replayed here."""

    def close(self) -> None:
        """End the connection, and with it the loop on the far side."""
        self._hang_up()
        self._complaints.close()

    def pull(self, limit: int) -> Pulled:
        """The next bytes, or why there are none."""
        try:
            return self._pull(limit)
        except OSError as error:
            return self._lose(error.strerror or "connection lost")

    def _pull(self, limit: int) -> Pulled:
        now = self._clock()
        if self._child is None:
            if now < self._next:
                return Waiting(f"{self._why}; trying again in {self._next - now:.0f} s")
            self._dial()
        elif self._asked is None and self._greeted:
            if now < self._next:
                return self._wait
            self._ask("")
        elif b"\n" in self._buffer.partition(b"\n" + self._token + b" ")[2]:
            return self._take()  # the end of an answer whose last bytes were pulled before
        return self._listen(limit)

    # --- the connection

    def _dial(self) -> None:
        self._token = secrets.token_hex(16).encode()
        self._greeted, self._asked, self._buffer = False, None, b""
        self._complaints.seek(0)
        self._complaints.truncate()
        self._child = subprocess.Popen(
            self._connection.command(FAR_COMMAND),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            start_new_session=True,  # no terminal to ask on
            bufsize=0,
        )
        assert self._child.stdout is not None
        os.set_blocking(self._child.stdout.fileno(), False)
        self._heard = self._clock()
        self._send(self._token + b"\n" + os.fsencode(self._connection.target.path) + b"\n")

    def _send(self, data: bytes) -> None:
        assert self._child is not None
        assert self._child.stdin is not None
        self._child.stdin.write(data)

    def _lose(self, why: str) -> Waiting:
        """The connection is gone: try again later."""
        self._hang_up()
        self._complaints.seek(0)
        told = _last_line(self._complaints.read(1 << 16)) or why
        self._why = f"connection to {sanitise(self._connection.target.host)} lost ({told})"
        self._next = self._clock() + self._retry
        self._retry = min(2 * self._retry, _LAST_RETRY)
        return Waiting(f"{self._why}; trying again in {self._next - self._clock():.0f} s")

    def _hang_up(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        for stream in (child.stdin, child.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        try:
            child.wait(0.3)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

    # --- requests and answers

    def _ask(self, suffix: str) -> None:
        self._asked = suffix
        self._overlap, self._same, self._grown = self._recent, True, False
        start = self._position - len(self._recent) + 1
        self._send(b"%d %s\n" % (start, suffix.encode()))
        self._heard = self._clock()

    def _listen(self, limit: int) -> Pulled:
        """Read what has come of an answer."""
        assert self._child is not None
        assert self._child.stdout is not None
        try:
            data = os.read(self._child.stdout.fileno(), max(limit - len(self._buffer), 1))
        except BlockingIOError:
            if self._clock() - self._heard > self._patience:
                return self._lose("no answer")
            return self._wait
        if not data:
            return self._lose("closed by the far side")
        self._heard = self._clock()
        self._buffer += data
        if not self._greeted:
            return self._greet()
        return self._take()

    def _greet(self) -> Pulled:
        """Banners and what start-up files print come before the greeting: none of it is log."""
        _, found, rest = self._buffer.partition(self._token + b" ready\n")
        if not found:
            self._buffer = self._buffer[-_NOISE:]
            return self._wait
        self._greeted, self._buffer = True, rest
        self._retry, self._next = self._first_retry, self._clock()
        return self._wait

    def _take(self) -> Pulled:
        """Bytes of the file from the answer so far; what its end tells, at its end."""
        sign = b"\n" + self._token + b" "
        place = self._buffer.find(sign)
        if place < 0:
            body = self._buffer[: max(len(self._buffer) - len(sign) + 1, 0)]
            self._buffer = self._buffer[len(body) :]
            return self._accept(body)
        if place:
            body, self._buffer = self._buffer[:place], self._buffer[place:]
            chunk = self._accept(body)
            if chunk is not None:
                return chunk
        code, ended, rest = self._buffer[len(sign) :].partition(b"\n")
        if not ended:
            return None
        self._buffer = rest
        return self._conclude(code)

    def _accept(self, body: bytes) -> Chunk | None:
        """What is new in a part of an answer."""
        known = min(len(body), len(self._overlap))
        if body[:known] != self._overlap[:known]:
            self._same = False
        self._overlap = self._overlap[known:]
        if not self._same or known == len(body):
            return None
        data = body[known:]
        self._grown = True
        self._position += len(data)
        self._recent = (self._recent + data[-_OVERLAP:])[-_OVERLAP:]
        return Chunk(data)

    def _conclude(self, code: bytes) -> Pulled:
        """An answer is complete."""
        suffix, self._asked = self._asked, None
        same = self._same and not self._overlap
        target = sanitise(os.path.basename(self._connection.target.path))
        self._next = self._clock() + (_SOON if self._grown else _LATER)
        self._wait = None
        if suffix:
            return self._begin_next(found=code == b"0" and same)
        if code == b"0" and same:
            return None
        if code == b"0":
            self._ask(".1")  # another file: does the one before lie beside it?
            return None
        reasons = {b"2": "is not there", b"3": "permission denied", b"4": "is not a file"}
        self._wait = Waiting(f"{target}: {reasons.get(code, 'cannot be read')}; waiting for it")
        return self._wait

    def _begin_next(self, *, found: bool) -> Restarted:
        """The former file has been read to its end, or is not to be found."""
        target, after = sanitise(os.path.basename(self._connection.target.path)), self._position
        self._position, self._recent = 0, b""
        self._next = self._clock()
        if found:
            return Restarted(f"{target} was rotated: read to its end, following the new file")
        self.gaps += 1
        return Restarted(
            f"{target} was replaced or truncated: what came after byte {after} is not known "
            f"(gap {self.gaps})"
        )


def _last_line(told: bytes) -> str:
    lines = told.decode(errors="replace").strip().splitlines()
    return sanitise(lines[-1].strip())[:200] if lines else ""
