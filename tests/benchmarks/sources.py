"""How well logs are followed: nothing lost, how soon, at what cost.

    python -m tests.benchmarks.sources [--quick]

Prints a table, for `docs/sources.md`. Each row plays a log in another process and follows it here as
the monitor does. Costs are processor time in percent of one core, by the system's own accounts.
`--quick` takes a tenth of the time.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.ingest.playing import FAULTS, bars, decoded, play_fault, read_clean, repeated
from tui_monitor.core.session import Session
from tui_monitor.core.snapshot import Snapshot, SourceState
from tui_monitor.ingest.ahead import ReadAhead
from tui_monitor.ingest.feed import FeedThread
from tui_monitor.ingest.file import FileTail
from tui_monitor.report.samples import sample_log

_PATIENCE = 60.0  # seconds without news after which what is missing counts as lost
_STEPS = 500


class CountingSession(Session):
    """A session that knows how many bytes of text and restarts it was given."""

    text = 0
    restarts = 0

    def feed(self, data: bytes, now: float) -> None:
        super().feed(data, now)
        self.text += len(data)

    def restart(self, reason: str, at: int = 0) -> None:
        super().restart(reason, at)
        self.restarts += 1


class Follower:
    """A log followed as the monitor does, without a screen."""

    def __init__(self, path: Path) -> None:
        self.session = CountingSession()
        self.tail = FileTail(path)
        self.failures: list[Exception] = []
        self.states: list[SourceState] = []
        source = ReadAhead(self.tail)
        self.thread = FeedThread(
            source, self.session, self._show, self.failures.append, interval=0.4
        )
        self.thread.start()

    def _show(self, snapshot: Snapshot, state: SourceState) -> None:
        self.states.append(state)

    def wait_for(self, size: int) -> float:
        """Seconds until so many bytes have come, or nothing does for long."""
        began = time.monotonic()
        heard, seen = began, -1
        while self.session.text < size and time.monotonic() - heard < _PATIENCE:
            if self.session.text != seen:
                heard, seen = time.monotonic(), self.session.text
            time.sleep(0.005)
        return time.monotonic() - began

    def stop(self) -> None:
        self.thread.stop()
        self.session.finish()
        if self.failures:
            raise self.failures[0]


@contextmanager
def followed() -> Iterator[tuple[Path, Follower]]:
    """A folder of its own with a log that is followed."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.log"
        path.touch()
        follower = Follower(path)
        try:
            yield path, follower
        finally:
            follower.thread.stop()


# --- nothing lost ---------------------------------------------------------------------------------

_PACED = """
import sys, time
path, rate, seconds = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
began, number = time.monotonic(), 0
with open(path, "ab", 0) as file:
    while (passed := time.monotonic() - began) < seconds:
        lines = []
        while number < passed * rate:
            number += 1
            step = number // 20
            if number % 20:
                lines.append(b"[%d] no progress here, only words of some other part\\n" % number)
                continue
            if step % 500 == 1:
                lines.append(b"Epoch %d/99\\n" % (step // 500 + 1))
            bar = b"%3d/500 [=====>.....] - ETA: 1s - loss: %.4f\\n"
            lines.append(bar % ((step - 1) % 500 + 1, 1 + step % 7 / 10))
        file.write(b"".join(lines))
        time.sleep(0.002)
"""


def soak(seconds: float) -> str:
    """20 000 lines a second, one in twenty a bar."""
    with followed() as (path, follower):
        subprocess.run([sys.executable, "-c", _PACED, path, "20000", str(seconds)], check=True)
        data = path.read_bytes()
        late = follower.wait_for(len(data))
        follower.stop()
        lines = data.count(b"\n")
        lost = lines - follower.session.lines
        same = decoded(follower.session) == decoded(read_clean([data]))
    return f"{lines} lines, {lost} lost; series {_same(same)}; done {late:.1f} s after the last"


_DRIBBLE = """
import os, sys, time
path, data = sys.argv[1], sys.stdin.buffer.read()
fd = os.open(path, os.O_WRONLY | os.O_APPEND)
print(flush=True)
for at in range(0, len(data), 37):
    os.write(fd, data[at : at + 37])
    time.sleep(0.001)
"""


def kills(count: int) -> str:
    """A writer is killed at any byte, another goes on."""
    lines = repeated(sample_log("running-mean").read_bytes())
    source = random.Random(1)
    with followed() as (path, follower):
        for _ in range(count):
            writer = subprocess.Popen(
                [sys.executable, "-c", _DRIBBLE, path],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            assert writer.stdin is not None
            assert writer.stdout is not None
            writer.stdin.write(b"".join(next(lines) for _ in range(60)))
            writer.stdin.close()
            writer.stdout.readline()
            time.sleep(source.random() * 0.15)
            writer.kill()
            writer.wait()
            writer.stdout.close()
        data = path.read_bytes()
        follower.wait_for(len(data))
        follower.stop()
        same = decoded(follower.session) == decoded(read_clean([data]))
        lost = len(data) - follower.session.text
    return f"{len(data)} bytes, {lost} lost; series {_same(same)}"


def rotations(count: int, rate: float) -> str:
    """Renamed away and made anew, ten lines each."""
    lines = bars(2)
    truth = [b""]
    with followed() as (path, follower):
        began = time.monotonic()
        for number in range(count):
            truth[-1] += _append(path, b"".join(next(lines) for _ in range(10)))
            time.sleep(max(began + (number + 1) / rate - time.monotonic(), 0.0))
            path.rename(f"{path}.{number + 1}")
            path.touch()
            truth.append(b"")
        truth[-1] += _append(path, next(lines))
        size = sum(map(len, truth))
        follower.wait_for(size)
        follower.stop()
        same = decoded(follower.session) == decoded(read_clean(truth))
    return (
        f"{count * 10 + 1} lines, {size - follower.session.text} bytes lost; series {_same(same)}"
    )


def faults(seeds: int) -> str:
    """Every fault of the tests on a made-up log and two real ones."""
    sources: list[Callable[[int], Iterator[bytes]]] = [
        bars,
        lambda _: repeated(sample_log("averaged-twice").read_bytes()),
        lambda _: repeated(sample_log("samples-bar").read_bytes()),
    ]
    done = good = 0
    for fault in FAULTS:
        for seed in range(seeds):
            with tempfile.TemporaryDirectory() as folder:
                (Path(folder) / "logs").mkdir()
                follower, clean = play_fault(
                    fault, Path(folder) / "logs", seed, sources[seed % 3](seed), rounds=2
                )
                done += 1
                good += not follower.failures and decoded(follower.session) == decoded(clean)
    return f"{len(FAULTS)} faults x {seeds}: {good} of {done} series as of a clean read"


def _append(path: Path, data: bytes) -> bytes:
    with path.open("ab") as file:
        file.write(data)
    return data


def _same(same: bool) -> str:
    return "as of a clean read" if same else "NOT as of a clean read"


# --- events that fail -----------------------------------------------------------------------------

_FOLLOW = """
import sys, time
from pathlib import Path
from tests.benchmarks.sources import Follower
follower = Follower(Path(sys.argv[1]))
seen = -1
while True:
    if follower.session.text != seen:
        seen = follower.session.text
        print(seen, follower.tail.following, flush=True)
    time.sleep(0.005)
"""


def overflow(flood: int) -> str:
    """Stopped while more happens beside the log than the system's queue holds."""
    limit = Path("/proc/sys/fs/inotify/max_queued_events")
    if not limit.exists():
        return "not measured: no inotify here"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.log"
        path.touch()
        child = subprocess.Popen(
            [sys.executable, "-c", _FOLLOW, path], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(3.0)  # the bell is there by then
        child.send_signal(signal.SIGSTOP)
        for number in range(flood * int(limit.read_text()) // 2 + 100):
            other = Path(folder) / f"other{number % 50}"
            other.touch()
            other.unlink()
        _append(path, b"the last line\n")
        began = time.monotonic()
        child.send_signal(signal.SIGCONT)
        told = child.stdout.readline()
        took = time.monotonic() - began
        child.kill()
        child.wait()
        child.stdout.close()
    return f"a line written during it seen {took:.2f} s after going on" if told else "LOST"


_EXHAUST = (
    """
import ctypes, threading, time
libc = ctypes.CDLL(None)
def grab():
    while True:  # also those that other programs let go of
        while libc.inotify_init1(0) >= 0:
            pass
        time.sleep(0.001)
threading.Thread(target=grab, daemon=True).start()
time.sleep(0.1)
"""
    + _FOLLOW
)


def exhausted() -> str:
    """No inotify instance is left."""
    if sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "inotify_init1"):
        return "not measured: no inotify here"
    took = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.log"
        path.touch()
        child = subprocess.Popen(
            [sys.executable, "-c", _EXHAUST, path], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        child.stdout.readline()
        for _ in range(5):
            time.sleep(2.5)
            began = time.monotonic()
            _append(path, b"a line\n")
            told = child.stdout.readline()
            took.append(time.monotonic() - began)
        child.kill()
        child.wait()
        child.stdout.close()
    return f"followed by {told.split()[1]}; a line seen after {max(took):.2f} s at most"


# --- costs ----------------------------------------------------------------------------------------

_WRITE = """
import sys, time
path, rate = sys.argv[1], float(sys.argv[2])
began, total, number = time.monotonic(), 0.0, 0
with open(path, "ab", 0) as file:
    while True:
        step = number % 500 + 1
        if step == 1:
            total = 0.0
            file.write(b"Epoch %d/99\\n" % (number // 500 + 1))
        total += 1 + number % 7 / 10
        bar = b"%3d/500 [=====>.....] - ETA: 1s - loss: %.4f - acc: %.4f\\n"
        file.write(bar % (step, total / step, total / step / 4))
        number += 1
        time.sleep(max(began + number / rate - time.monotonic(), 0.0))
"""


class Idle:
    """A session that does nothing: what is left is the cost of following."""

    revision = 0
    usual_silence = 0.0

    def feed(self, data: bytes, now: float) -> None:
        self.revision += 1

    def skip(self, size: int, now: float) -> None:
        self.revision += 1

    def restart(self, reason: str, at: int = 0) -> None:
        self.revision += 1

    def settle(self, now: float) -> None:
        pass

    def finish(self) -> None:
        pass

    def snapshot(self, now: float) -> Snapshot:
        return _EMPTY


_EMPTY = Session().snapshot(0.0)


def cost(rate: float, seconds: float) -> str:
    """Processor time of following, and of following and decoding."""
    shares = [_share(session, rate, seconds) for session in (Idle(), Session())]
    return f"{shares[0]:.2f} % of a core, with decoding {shares[1]:.2f} %"


def _share(session: Idle | Session, rate: float, seconds: float) -> float:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.log"
        path.write_bytes(b"starting\n")
        failures: list[Exception] = []
        source = ReadAhead(FileTail(path))
        thread = FeedThread(source, session, lambda *_: None, failures.append, interval=0.4)
        thread.start()
        time.sleep(3.0)  # the bell is there by then
        writer = None
        if rate:
            writer = subprocess.Popen([sys.executable, "-c", _WRITE, path, str(rate)])
            time.sleep(3.0)
        began, used = time.monotonic(), time.process_time()
        threading.Event().wait(seconds)
        share = 100 * (time.process_time() - used) / (time.monotonic() - began)
        if writer is not None:
            writer.kill()
            writer.wait()
        thread.stop()
    if failures:
        raise failures[0]
    return share


# --- the table ------------------------------------------------------------------------------------


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a tenth of everything")
    part = 10 if parser.parse_args().quick else 1
    rows: list[tuple[str, Callable[[], str]]] = [
        (f"20 000 lines/s for {60 // part} s", lambda: soak(60 / part)),
        (f"{100 // part} writers killed (SIGKILL) at any byte", lambda: kills(100 // part)),
        (f"{100 // part} rotations, 2 a second", lambda: rotations(100 // part, 2)),
        (f"{100 // part} rotations, 10 a second", lambda: rotations(100 // part, 10)),
        (f"{100 // part} rotations, 50 a second", lambda: rotations(100 // part, 50)),
        ("faults of the file", lambda: faults(20 // part)),
        ("inotify's queue overflows", lambda: overflow(1)),
        ("no inotify instance is left", exhausted),
        ("nothing written", lambda: cost(0, 20 / part)),
        ("1 update a second", lambda: cost(1, 30 / part)),
        ("100 updates a second", lambda: cost(100, 30 / part)),
    ]
    print(
        f"| measured ({os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}) | result |\n|---|---|"
    )
    for name, measure in rows:
        print(f"| {name} | {measure()} |", flush=True)


if __name__ == "__main__":
    main()
