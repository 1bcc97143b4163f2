"""Logs played with faults while a feed follows them.

A player writes a log and does to the file what systems and people do to logs; it knows which bytes
a follower must have delivered, incarnation by incarnation of the file's content.
"""

from __future__ import annotations

import os
import random
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tui_monitor.core.session import Session
from tui_monitor.core.snapshot import Snapshot, SourceState
from tui_monitor.ingest.ahead import ReadAhead
from tui_monitor.ingest.feed import FeedThread
from tui_monitor.ingest.file import FileTail


def bars(seed: int) -> Iterator[bytes]:
    """Lines of a training without end."""
    source = random.Random(seed)
    epoch = 0
    while True:
        epoch += 1
        yield b"Epoch %d/999\n" % epoch
        for step in range(1, 11):
            loss = 1.0 + source.random()
            yield b"%2d/10 [=====>.....] - ETA: 1s - loss: %.4f\n" % (step, loss)


def repeated(log: bytes) -> Iterator[bytes]:
    """The lines of a log, over and over; states of a bar that is redrawn are lines here."""
    lines = log.splitlines(keepends=True)
    while True:
        yield from lines


class Player:
    """Writes lines of a training, with faults; `truth` has the bytes of each incarnation."""

    def __init__(
        self, path: Path, seed: int, seen: Callable[[int], None], lines: Iterator[bytes]
    ) -> None:
        self.path = path
        self.random = random.Random(seed)
        self.truth = [b""]
        self.rotated = 0
        self._seen = seen
        self._lines = lines
        path.touch()

    def lines(self, count: int) -> bytes:
        return b"".join(next(self._lines) for _ in range(count))

    def write(self, count: int = 5) -> None:
        self.append(self.lines(count))

    def append(self, data: bytes, path: Path | None = None) -> None:
        self.truth[-1] += data
        with (path or self.path).open("ab") as file:
            file.write(data)

    def settle(self) -> None:
        """The follower has had its chance."""
        self._seen(sum(map(len, self.truth)))

    def begin(self) -> None:
        """The file's content starts over."""
        self.truth.append(b"")

    def rename(self) -> Path:
        self.rotated += 1
        old = self.path.with_name(f"{self.path.name}.{self.rotated}")
        self.path.rename(old)
        return old


def copytruncate(player: Player) -> None:
    player.settle()
    shutil.copyfile(player.path, f"{player.path}.copy{player.rotated}")
    os.truncate(player.path, 0)
    player.begin()


def truncate_and_write(player: Player, more: int) -> None:
    player.settle()
    player.begin()
    data = player.lines(3)
    while len(data) < player.path.stat().st_size + more:
        data += player.lines(1)
    player.path.write_bytes(data)
    player.truth[-1] += data


def truncate_smaller(player: Player) -> None:
    truncate_and_write(player, -(1 << 20))


def truncate_bigger(player: Player) -> None:
    truncate_and_write(player, 100)


def truncate_same_size(player: Player) -> None:
    player.settle()
    player.begin()
    size = player.path.stat().st_size
    data = (player.lines(2) + player.lines(size // 20))[: size - 1] + b"\n"
    player.path.write_bytes(data)
    player.truth[-1] += data


def cut_back(player: Player) -> None:
    player.settle()
    data = player.path.read_bytes()
    cut = data.rfind(b"\n", 0, len(data) // 2) + 1
    os.truncate(player.path, cut)
    player.begin()
    if player.random.random() < 0.5:
        player.write(1)  # at once: the file is perhaps never seen as it was cut
        player.settle()
    time.sleep(0.15)  # a file that is longer again when looked at next was written anew


def hole(player: Player) -> None:
    player.settle()
    os.truncate(player.path, player.path.stat().st_size + (10 << 30))


def rotate(player: Player) -> None:
    player.rename()
    player.begin()


def rotate_with_late_lines(player: Player) -> None:
    old = player.rename()
    player.append(player.lines(2), old)
    player.begin()


def rotate_often(player: Player) -> None:
    for _ in range(5):
        rotate(player)
        player.write(2)


def delete(player: Player) -> None:
    player.settle()
    player.path.unlink()
    player.begin()


def replace(player: Player) -> None:
    player.begin()
    other = player.path.with_name("other")
    other.touch()
    player.append(player.lines(40), other)
    os.replace(other, player.path)


def swap_link(player: Player) -> None:
    if not player.path.is_symlink():
        target = player.path.with_name("first")
        player.path.rename(target)
        player.path.symlink_to(target)
    player.rotated += 1
    target = player.path.with_name(f"target{player.rotated}")
    target.touch()
    link = player.path.with_name("link")
    link.symlink_to(target)
    os.replace(link, player.path)
    player.begin()


def directory_made_anew(player: Player) -> None:
    player.settle()
    shutil.rmtree(player.path.parent)
    player.path.parent.mkdir()
    player.begin()


def directory_renamed(player: Player) -> None:
    player.settle()
    player.rotated += 1
    player.path.parent.rename(f"{player.path.parent}{player.rotated}")
    player.path.parent.mkdir()
    player.begin()


def pipe_under_the_name(player: Player) -> None:
    player.rename()
    os.mkfifo(player.path)
    time.sleep(0.1)
    player.path.unlink()
    player.begin()


FAULTS = [
    copytruncate, truncate_smaller, truncate_bigger, truncate_same_size, cut_back, hole, rotate,
    rotate_with_late_lines, rotate_often, delete, replace, swap_link, directory_made_anew,
    directory_renamed, pipe_under_the_name,
]  # fmt: skip


class Follower:
    """A feed of a file to a session that counts its bytes."""

    def __init__(self, path: Path) -> None:
        self.session = CountingSession()
        self.failures: list[Exception] = []
        self.thread = FeedThread(
            ReadAhead(FileTail(path)), self.session, self.show, self.failures.append
        )
        self.told: list[str] = []
        self.thread.start()

    def show(self, snapshot: Snapshot, state: SourceState) -> None:
        if state.detail is not None and state.detail not in self.told[-1:]:
            self.told.append(state.detail)

    def has_seen(self, size: int) -> None:
        end = time.monotonic() + 40
        while self.session.counted < size:
            assert not self.failures
            assert time.monotonic() < end, f"{self.session.counted} of {size} bytes, {self.told}"
            time.sleep(0.005)

    def has_told(self) -> None:
        end = time.monotonic() + 40
        while not self.told:
            assert time.monotonic() < end, "nothing was told"
            time.sleep(0.005)


class CountingSession(Session):
    """Counts what is text: holes of a file are none."""

    counted = 0

    def feed(self, data: bytes, now: float) -> None:
        super().feed(data, now)
        self.counted += len(data) - data.count(b"\0")


def decoded(session: Session) -> list[tuple[object, ...]]:
    return [
        (row.run, row.epoch, row.step, row.metric, row.displayed, row.value, row.low, row.high)
        for row in session.rows()
    ]


def play_fault(
    fault: Callable[[Player], None],
    folder: Path,
    seed: int,
    lines: Iterator[bytes],
    *,
    rounds: int = 3,
) -> tuple[Follower, Session]:
    """Play a fault some times; what the follower has made of it, and what a clean read does.

    The clean read is given each incarnation of the file's content as a new file.
    """
    follower = Follower(folder / "run.log")
    player = Player(folder / "run.log", seed, follower.has_seen, lines)
    for _ in range(rounds):
        player.write(25)
        player.settle()
        player.write(5)  # not yet seen, perhaps, at the fault
        fault(player)
        player.write(5)
    player.settle()
    if fault is not hole:
        follower.has_told()
    follower.thread.stop()
    follower.session.finish()
    return follower, read_clean(player.truth)


def read_clean(incarnations: Sequence[bytes]) -> Session:
    """A session that has read contents of a file one after the other."""
    clean = Session()
    for number, incarnation in enumerate(incarnations):
        if number:
            clean.restart("next")
        clean.feed(incarnation, 0.0)
    clean.finish()
    return clean
