"""A far log that grows, followed over ssh.

The far side needs a POSIX shell and `tail`. A small loop there answers requests for what follows a
byte; each answer begins with the bytes before it that were read already, which tells at once whether
the file is still the same. The loop ends with its input, so nothing is left running there.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from tui_monitor.core.lines.safe import sanitise
from tui_monitor.ingest.source import OLD, Chunk, Following, Pulled, Restarted, Waiting
from tui_monitor.ingest.ssh import NOISE, TAKE_PATH, Connection, last_line
from tui_monitor.ingest.trace import Comparison, Trace, was_cut_back

_SOON, _LATER = 0.2, 1.0  # seconds to the next request after an answer with and without news
_FIRST_RETRY, _LAST_RETRY = 1.0, 30.0  # seconds to the next connection

# What time it is there, and when the log was written (seconds since 1970), where there is a way.
_WHEN = (
    'n=$(date +%s 2>/dev/null); m=$(stat -c %Y "$f" 2>/dev/null || stat -f %m "$f" 2>/dev/null); '
)
# Offsets come by standard input, as the path does; see `ssh.TAKE_PATH` for the form of the text.
_LOOP = (
    f'{TAKE_PATH}{_WHEN}echo "$t ready $n $m"; '
    'while IFS=" " read -r n s; do g=$f$s; '
    'if [ -d "$g" ]; then c=4; elif [ -f "$g" ]; then '
    'if [ -r "$g" ]; then tail -c "+$n" "$g" 2>/dev/null; c=0; else c=3; fi; '
    'elif [ -e "$g" ]; then c=4; else c=2; fi; echo; echo "$t $c"; done'
)
FAR_COMMAND = f"exec sh -c '{_LOOP}'"
"""What the login shell of the far side is given."""


class SshTail:
    """Source of the bytes of a far file by name, for as long as it is asked.

    A lost connection is made again, later and later, and reading goes on at the same byte. Where
    the far file is another by then, the rest of the one before is looked for as `PATH.1`; failing
    that, how much of what was read it still holds decides whether it was cut back.
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
        self._age = 0.0  # of what the first answer ends with
        self._trace = Trace()
        self._comparison: Comparison | None = None  # the file is read again from its start
        self._rest = b""  # read, to be pulled next
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
        if self._rest:
            data, self._rest = self._rest[:limit], self._rest[limit:]
            return Chunk(data)
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
        self._comparison = None
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
        told = last_line(self._complaints.read(1 << 16)) or why
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
        """Ask for what follows the position in the file, or in the one with a suffix."""
        trace = self._trace
        self._asked, self._overlap = suffix, trace.recent
        self._request(trace.position - len(trace.recent) + 1, suffix)

    def _compare(self) -> None:
        """Ask for the file from its start, to find out how much of it was read."""
        self._asked, self._overlap = "", b""
        self._comparison = Comparison(self._trace)
        self._request(1, "")

    def _request(self, start: int, suffix: str) -> None:
        self._same, self._grown = True, False
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
        _, found, rest = self._buffer.partition(self._token + b" ready")
        told, ended, rest = rest.partition(b"\n")
        if not found or not ended:
            self._buffer = self._buffer[-NOISE:]
            return self._wait
        times = [int(each) for each in told.split() if each.isdigit()]
        age = float(times[0] - times[1]) if len(times) == 2 else 0.0
        self._age = age if age >= OLD else 0.0
        self._greeted, self._buffer = True, rest
        self._retry, self._next = self._first_retry, self._clock()
        return self._wait

    def _take(self) -> Pulled:
        """Bytes of the file from the answer so far; what its end tells, at its end."""
        sign = b"\n" + self._token + b" "
        place = self._buffer.find(sign)
        if place < 0:
            # One byte is kept back as well: the last chunk is not empty, and has its age.
            body = self._buffer[: max(len(self._buffer) - len(sign), 0)]
            self._buffer = self._buffer[len(body) :]
            return self._accept(body)
        if place:
            body, self._buffer = self._buffer[:place], self._buffer[place:]
            accepted = self._accept(body)
            if isinstance(accepted, Chunk):
                accepted = accepted._replace(age=self._age)
            if accepted is not None:
                return accepted
        code, ended, rest = self._buffer[len(sign) :].partition(b"\n")
        if not ended:
            return None
        self._buffer = rest
        return self._conclude(code)

    def _accept(self, body: bytes) -> Chunk | Restarted | None:
        """What is new in a part of an answer."""
        if self._comparison is not None:
            self._comparison.feed(body)
            return self._settle(self._comparison) if self._comparison.over else None
        known = min(len(body), len(self._overlap))
        if body[:known] != self._overlap[:known]:
            self._same = False
        self._overlap = self._overlap[known:]
        if not self._same or known == len(body):
            return None
        data = body[known:]
        self._grown = True
        self._trace.add(data)
        return Chunk(data)

    def _settle(self, comparison: Comparison) -> Restarted:
        """It is known how much of the file is what was read: go on behind that, or start over."""
        self._comparison, self._grown = None, True
        self.gaps += 1
        trace, target = self._trace, self._file_name
        unknown = f"what came after byte {trace.position} is not known (gap {self.gaps})"
        kept = comparison.kept
        if was_cut_back(kept, trace.position, shorter=comparison.shorter):
            cut = trace.position - kept
            trace.cut(kept, comparison.read)
            self._rest = comparison.rest
            trace.add(self._rest)
            return Restarted(f"{target} was cut back by {cut} bytes and goes on; {unknown}", kept)
        self._trace = Trace()
        self._rest = comparison.seen
        self._trace.add(self._rest)
        return Restarted(f"{target} was replaced or truncated: {unknown}")

    def _conclude(self, code: bytes) -> Pulled:
        """An answer is complete."""
        suffix, self._asked = self._asked, None
        self._age = 0.0
        comparison, self._comparison = self._comparison, None
        same = self._same and not self._overlap
        self._next = self._clock() + (_SOON if self._grown else _LATER)
        self._wait = None
        if suffix:
            return self._end_former(found=code == b"0" and same)
        if code == b"0" and comparison is not None:
            comparison.finish()
            return self._settle(comparison)
        if code == b"0" and same:
            return None
        if code == b"0":
            self._ask(".1")  # another file: does the one before lie beside it?
            return None
        reasons = {b"2": "is not there", b"3": "permission denied", b"4": "is not a file"}
        self._wait = Waiting(
            f"{self._file_name}: {reasons.get(code, 'cannot be read')}; waiting for it"
        )
        return self._wait

    def _end_former(self, *, found: bool) -> Restarted | None:
        """The former file has been read to its end, or is not to be found."""
        self._next = self._clock()
        if not found:
            self._compare()
            return None
        self._trace = Trace()
        return Restarted(f"{self._file_name} was rotated: read to its end, following the new file")

    @property
    def _file_name(self) -> str:
        return sanitise(os.path.basename(self._connection.target.path))
