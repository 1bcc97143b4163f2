"""What the screen costs: bytes and CPU a picture, first paint, latency, in a pseudo-terminal.

    python -m tests.benchmarks.screen [--rates 0,10,100] [--seconds 8] [--size 200x50] [--line 10000]

Prints the table of docs/screen.md. A log of running means grows while the monitor follows it; the
bytes that the monitor sends are counted and drawn by an emulator. Linux only: CPU time and memory
are read from /proc. Figures of a loaded machine are worth nothing: look at the load beside them.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np
import pyte

STEPS = 1563
_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Training:
    """The lines of a training that prints a running mean at every batch."""

    def __init__(self) -> None:
        self._noise = np.random.RandomState(5)
        self._step = 0
        self._sums = (0.0, 0.0)

    def line(self, loss: float | None = None) -> str:
        """The next print; `loss` stands in for the displayed loss."""
        self._step += 1
        done = 1 - float(np.exp(-self._step / 900))
        batch = 2.3 - 1.8 * done + 0.15 * float(self._noise.standard_normal())
        right = self._noise.binomial(32, 0.1 + 0.8 * done) / 32
        self._sums = (self._sums[0] + batch, self._sums[1] + right)
        within = self._step
        shown = self._sums[0] / within if loss is None else loss
        filled = "=" * (20 * within // STEPS)
        eta = (STEPS - within) // 100
        bar = f"{within:4}/{STEPS} [{filled:.<20}] - ETA: {eta}s - loss: {shown:.4f}"
        return f"{bar} - accuracy: {self._sums[1] / within:.4f}\n"


class Usage(NamedTuple):
    """What a process has used so far."""

    cpu: float
    """Seconds of user and system time of all its threads."""
    rss: int
    """Bytes resident now."""


class Terminal:
    """The monitor on a pseudo-terminal; a thread reads and draws what it sends."""

    def __init__(self, log: Path, size: tuple[int, int], line: float) -> None:
        columns, rows = size
        self.bytes = 0
        self.draw = True
        self.reads: list[tuple[float, int]] = []
        """When something came, and how many bytes."""
        self._line = line
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._changed = threading.Condition()
        self._fd, child = pty.openpty()
        fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tui_monitor", str(log)],
            stdin=child,
            stdout=child,
            stderr=child,
            env={**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"},
            start_new_session=True,
        )
        os.close(child)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        most = int(self._line / 20) if self._line else 1 << 16
        while True:
            try:
                data = os.read(self._fd, most)
            except OSError:
                return
            if not data:
                return
            if self._line:
                time.sleep(len(data) / self._line)
            with self._changed:
                self.bytes += len(data)
                self.reads.append((time.monotonic(), len(data)))
                if self.draw:
                    self._stream.feed(data)
                self._changed.notify_all()

    def wait_for(self, text: str, seconds: float) -> float:
        """When `text` was on the screen (monotonic); TimeoutError if it was not in time."""
        end = time.monotonic() + seconds
        with self._changed:
            while not any(text in line for line in self._screen.display):
                if not self._changed.wait(end - time.monotonic()):
                    raise TimeoutError(f"{text!r} did not come in {seconds:g} s")
            return time.monotonic()

    def usage(self) -> Usage:
        """CPU time and memory of the monitor."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        resident = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return Usage((int(fields[11]) + int(fields[12])) / _TICK, resident * _PAGE)

    def close(self) -> None:
        """Quit as a user would."""
        os.write(self._fd, b"q")
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
        os.close(self._fd)


class Fed(NamedTuple):
    """What following a log at one rate costs."""

    rate: float
    bytes_a_second: float
    pictures_a_second: float
    bytes_a_picture: float
    cpu: float
    """Share of a core."""
    cpu_a_picture: float
    """Seconds."""
    rss: int
    lag: float
    """Seconds from the last append to its number on the screen."""


def feed(rate: float, seconds: float, size: tuple[int, int], line: float) -> Fed:
    """Append `rate` lines a second for some seconds to a log that is being watched."""
    with tempfile.TemporaryDirectory() as folder:
        log, training = Path(folder) / "train.log", Training()
        log.write_text("Epoch 1/3\n" + "".join(training.line() for _ in range(200)))
        terminal = Terminal(log, size, line)
        try:
            terminal.wait_for("accuracy", 30)
            time.sleep(8 if line else 2)
            before, sent, begin = terminal.usage(), terminal.bytes, time.monotonic()
            reads = len(terminal.reads)
            with log.open("a", buffering=1) as out:
                appended = 0
                while (passed := time.monotonic() - begin) < seconds:
                    while appended < passed * rate:
                        out.write(training.line())
                        appended += 1
                    time.sleep(0.005 if rate > 20 else 0.02)
                wall = time.monotonic() - begin
                after, total = terminal.usage(), terminal.bytes - sent
                pictures = _pictures(terminal.reads[reads:])
                lag = 0.0
                if rate:
                    end = time.monotonic()
                    out.write(training.line(loss=1.9373))
                    lag = terminal.wait_for("1.9373", 20) - end
        finally:
            terminal.close()
    cpu = after.cpu - before.cpu
    each = max(pictures, 1)
    return Fed(
        rate, total / wall, pictures / wall, total / each, cpu / wall, cpu / each, after.rss, lag
    )


def _pictures(reads: list[tuple[float, int]]) -> int:
    """Bursts of output: reads closer than 30 ms belong to one picture."""
    times = [at for at, _ in reads]
    return len(times[:1]) + sum(b - a > 0.03 for a, b in pairwise(times))


def first_paint(size: tuple[int, int], tries: int) -> tuple[float, float]:
    """Median seconds from the start to the first metric on the screen, and bytes sent till then."""
    waits: list[float] = []
    sent: list[int] = []
    for _ in range(tries):
        with tempfile.TemporaryDirectory() as folder:
            log, training = Path(folder) / "train.log", Training()
            log.write_text("Epoch 1/3\n" + "".join(training.line() for _ in range(200)))
            terminal = Terminal(log, size, 0)
            try:
                waits.append(terminal.wait_for("accuracy", 30) - terminal.began)
                time.sleep(0.3)
                sent.append(terminal.bytes)
            finally:
                terminal.close()
    return median(waits), median(sent)


def latency(size: tuple[int, int], tries: int) -> list[float]:
    """Seconds from appending a number to its being on the screen, ascending."""
    found: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        log, training = Path(folder) / "train.log", Training()
        log.write_text("Epoch 1/3\n" + "".join(training.line() for _ in range(200)))
        terminal = Terminal(log, size, 0)
        try:
            terminal.wait_for("accuracy", 30)
            for number in range(tries):
                time.sleep(0.5 + 0.03 * number)
                loss = 1.9 + 0.0037 * (number + 1)
                begin = time.monotonic()
                with log.open("a") as out:
                    out.write(training.line(loss=loss))
                found.append(terminal.wait_for(f"{loss:.4f}", 10) - begin)
        finally:
            terminal.close()
    return sorted(found)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rates", default="0,10,100", help="lines appended a second")
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--size", default="200x50")
    parser.add_argument("--line", type=float, default=0.0, help="bytes a second that are read")
    parser.add_argument("--tries", type=int, default=5)
    asked = parser.parse_args()
    columns, rows = asked.size.split("x")
    size = (int(columns), int(rows))
    print(
        f"{asked.size}, load {os.getloadavg()[0]:.1f}"
        + (f", {asked.line:g} B/s" * bool(asked.line))
    )
    print("\n| lines/s | B/s | pictures/s | B/picture | CPU % | CPU ms/picture | RSS MB | lag ms |")
    print("|---|---|---|---|---|---|---|---|")
    for rate in (float(part) for part in asked.rates.split(",")):
        fed = feed(rate, asked.seconds, size, asked.line)
        print(
            f"| {fed.rate:g} | {fed.bytes_a_second:.0f} | {fed.pictures_a_second:.1f} "
            f"| {fed.bytes_a_picture:.0f} | {100 * fed.cpu:.1f} | {1000 * fed.cpu_a_picture:.1f} "
            f"| {fed.rss / 1e6:.0f} | {1000 * fed.lag:.0f} |",
            flush=True,
        )
    if not asked.line:
        paint, sent = first_paint(size, asked.tries)
        waits = latency(size, 2 * asked.tries)
        print(f"\nfirst metric on the screen {1000 * paint:.0f} ms, {sent:.0f} B")
        print(f"latency: median {1000 * median(waits):.0f} ms, worst {1000 * waits[-1]:.0f} ms")


if __name__ == "__main__":
    main()
