"""A far log read once, whole, over ssh. The far side needs a POSIX shell and `cat`."""

from __future__ import annotations

import os
import secrets
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress

from tui_monitor.errors import TuiMonitorError
from tui_monitor.ingest.ssh import NOISE, TAKE_PATH, Connection, last_line

_BLOCK = 1 << 18

# The exit code tells the end: ssh passes it on only where the connection has held.
_READ = (
    f"{TAKE_PATH}"
    'if [ -f "$f" ]; then [ -r "$f" ] || exit 3; elif [ -e "$f" ]; then exit 4; else exit 2; fi; '
    'echo "$t ready"; cat "$f" 2>/dev/null || exit 5'
)
FAR_READ = f"exec sh -c '{_READ}'"
"""What the login shell of the far side is given."""

_REASONS = {
    2: "No such file or directory",
    3: "Permission denied",
    4: "not a regular file",
    5: "reading has failed",
    127: "no POSIX shell there",
}


def read_whole(connection: Connection) -> Iterator[bytes]:
    """The bytes of the far file, in blocks; it is not followed.

    Raises TuiMonitorError if it cannot be read, or not to its end.
    """
    token = secrets.token_hex(16).encode()
    with tempfile.TemporaryFile() as complaints:
        child = subprocess.Popen(
            connection.command(FAR_READ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            start_new_session=True,  # no terminal to ask on
        )
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            with suppress(BrokenPipeError):
                child.stdin.write(token + b"\n" + os.fsencode(connection.target.path) + b"\n")
                child.stdin.close()
            greeting = b""
            while block := os.read(child.stdout.fileno(), _BLOCK):
                if token:
                    greeting += block
                    _, found, block = greeting.partition(token + b" ready\n")
                    if not found:
                        greeting = greeting[-NOISE:]
                        continue
                    token = b""
                if block:
                    yield block
            code = child.wait()
            if code or token:
                complaints.seek(0)
                raise _unreadable(connection, code, last_line(complaints.read(NOISE)))
        finally:
            child.stdout.close()
            if child.poll() is None:
                child.kill()
            child.wait()


def _unreadable(connection: Connection, code: int, told: str) -> TuiMonitorError:
    target = connection.target
    if code == 255 or code not in _REASONS:
        why = told or f"ssh ended with {code}"
        return TuiMonitorError(f"lost the connection to {target.host}, {why}: try again")
    return TuiMonitorError(f"{_REASONS[code]}, {target.label}: check path and permissions")
