"""Following a file by name: all that is written, once, in order; a change of file is told."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import time
import types
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tui_monitor.ingest import rotated
from tui_monitor.ingest.file import FileTail
from tui_monitor.ingest.source import Chunk, Gap, Hole, Pulled, Restarted, Waiting


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "run.log"


@pytest.fixture
def tail(log: Path, clock: Clock) -> Iterator[FileTail]:
    tail = FileTail(log, watch=False, clock=clock)
    yield tail
    tail.close()


def drain(tail: FileTail, limit: int = 1 << 20) -> tuple[bytes, list[str]]:
    """All there is now, and what was told of other files on the way; bytes anew after a restart."""
    data, told = b"", []
    while True:
        pulled = tail.pull(limit)
        if isinstance(pulled, Chunk):
            assert 0 < len(pulled.data) <= limit
            data += pulled.data
        elif isinstance(pulled, Hole):
            data += b"~"
        elif isinstance(pulled, Restarted):
            data += b"|"
            told.append(pulled.reason)
        else:
            return data, told


def waits(pulled: Pulled) -> str:
    assert isinstance(pulled, Waiting)
    assert "\n" not in pulled.reason
    return pulled.reason


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def test_how_old_the_end_of_a_found_file_is(log: Path, tail: FileTail) -> None:
    log.write_bytes(b"abcdefgh")
    os.utime(log, (time.time() - 100.0, time.time() - 100.0))
    assert tail.pull(4) == Chunk(b"abcd")
    last = tail.pull(4)
    assert isinstance(last, Chunk)
    assert last.age == pytest.approx(100.0, abs=30.0)
    append(log, b"ij")
    os.utime(log, (time.time() - 100.0, time.time() - 100.0))  # a file system that tells no times
    assert tail.pull(4) == Chunk(b"ij")


def test_growth_in_bounded_chunks(log: Path, tail: FileTail) -> None:
    log.write_bytes(b"abcdefgh")
    assert drain(tail, limit=3) == (b"abcdefgh", [])
    assert tail.pull(3) is None
    append(log, b"ij")
    assert drain(tail) == (b"ij", [])


def test_a_missing_file_is_waited_for(log: Path, tail: FileTail) -> None:
    assert "waiting for run.log" in waits(tail.pull(10))
    log.write_bytes(b"a")
    assert drain(tail) == (b"a", [])


@pytest.mark.parametrize("size", [0, 3, 6, 7, 9000])
def test_truncated_to_any_size(log: Path, tail: FileTail, size: int) -> None:
    log.write_bytes(b"first\n")
    drain(tail)
    new = b"x" * size
    log.write_bytes(new)  # truncates: the same inode
    data, told = drain(tail)
    assert data == b"|" + new
    assert len(told) == 1
    assert ("truncated" if size < 6 else "rewritten") in told[0]


def test_truncated_and_grown_back_with_the_same_beginning(log: Path, tail: FileTail) -> None:
    head = b"Using backend.\n" * 400
    log.write_bytes(head + b"loss: 0.5\n")
    drain(tail)
    log.write_bytes(head + b"loss: 0.6\nloss: 0.4\n")
    assert drain(tail)[0] == b"|" + head + b"loss: 0.6\nloss: 0.4\n"


def test_rewritten_in_place_while_more_was_unread(log: Path, tail: FileTail) -> None:
    log.write_bytes(b"a" * 100)
    assert tail.pull(60) == Chunk(b"a" * 60)
    log.write_bytes(b"b" * 10)
    pulled = tail.pull(60)
    assert isinstance(pulled, Restarted)
    assert "40 bytes not yet read are lost" in pulled.reason
    assert drain(tail)[0] == b"b" * 10


@pytest.mark.parametrize("size", [2, 6, 5000])
def test_another_file_renamed_over_it(log: Path, tail: FileTail, size: int) -> None:
    log.write_bytes(b"first\n")
    drain(tail)
    append(log, b"unread\n")
    other = log.with_name("other")
    other.write_bytes(b"n" * size)
    os.replace(other, log)
    data, told = drain(tail)
    assert data == b"unread\n|" + b"n" * size
    assert told == ["run.log was replaced: following the new file"]


def test_deleted_and_created_again(log: Path, tail: FileTail) -> None:
    log.write_bytes(b"first\n")
    drain(tail)
    append(log, b"last\n")
    log.unlink()
    assert drain(tail) == (b"last\n", [])
    assert "gone" in waits(tail.pull(10))
    log.write_bytes(b"second, longer\n")
    assert drain(tail)[0] == b"|second, longer\n"


def test_a_copy_with_the_same_beginning_is_the_same_log(log: Path, tail: FileTail) -> None:
    """A mirror renames a fresh copy over the old one: reading goes on where it was."""
    log.write_bytes(b"one\ntwo\n")
    drain(tail)
    copy = log.with_name("copy")
    copy.write_bytes(b"one\ntwo\nthree\n")
    os.replace(copy, log)
    assert drain(tail) == (b"three\n", [])


def test_late_writes_to_the_old_file_come_first(log: Path, tail: FileTail, clock: Clock) -> None:
    log.write_bytes(b"first\n")
    drain(tail)
    old = log.open("ab", buffering=0)
    log.rename(log.with_name("run.log.1"))
    old.write(b"late\n")
    assert drain(tail) == (b"late\n", [])
    log.touch()
    clock.now += 4
    assert drain(tail) == (b"", [])
    old.write(b"later\n")
    append(log, b"new\n")
    assert drain(tail)[0] == b"later\n|new\n"
    old.write(b"too late\n")
    pulled = tail.pull(10)
    old.close()
    assert isinstance(pulled, Gap)
    assert pulled.reason.startswith("9 bytes came late")
    assert tail.pull(10) is None
    clock.now += 10
    assert tail.pull(10) is None


def test_an_empty_successor_is_followed_after_a_while(
    log: Path, tail: FileTail, clock: Clock
) -> None:
    log.write_bytes(b"first\n")
    drain(tail)
    log.rename(log.with_name("run.log.1"))
    log.touch()
    assert drain(tail) == (b"", [])
    clock.now += 6
    assert drain(tail)[0] == b"|"


def test_a_link_swapped(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "run-1").write_bytes(b"one\n")
    (tmp_path / "run-2").write_bytes(b"two\n")
    link = tmp_path / "latest"
    link.symlink_to("run-1")
    tail = FileTail(link, watch=False, clock=clock)
    assert drain(tail) == (b"one\n", [])
    (tmp_path / "new").symlink_to("run-2")
    os.replace(tmp_path / "new", link)
    assert drain(tail) == (b"|two\n", ["latest now leads to run-2"])
    tail.close()


def test_a_directory_or_pipe_under_the_name_does_not_block(log: Path, tail: FileTail) -> None:
    log.mkdir()
    assert "a directory" in waits(tail.pull(10))
    log.rmdir()
    os.mkfifo(log)
    assert "a pipe" in waits(tail.pull(10))
    log.unlink()
    log.write_bytes(b"a")
    assert drain(tail) == (b"a", [])
    log.unlink()
    os.mkfifo(log)
    assert "a pipe" in waits(tail.pull(10))
    log.unlink()
    log.write_bytes(b"b")
    assert drain(tail)[0] == b"|b"


def test_errors_of_the_system_are_waited_out(
    log: Path, tail: FileTail, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.write_bytes(b"one\n")
    drain(tail)
    append(log, b"two\n")

    def broken(*_: object) -> bytes:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "pread", broken)
        assert waits(tail.pull(10)) == "run.log: Input/output error; retrying"
        assert waits(tail.pull(10)) == "run.log: Input/output error; retrying"
    assert drain(tail) == (b"two\n", [])


def test_permission_denied_is_told_and_the_open_file_kept(
    log: Path, tail: FileTail, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.write_bytes(b"one\n")
    drain(tail)
    log.rename(log.with_name("run.log.1"))
    log.write_bytes(b"new\n")

    def denied(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", denied)
        assert "permission denied" in waits(tail.pull(10))
        append(log.with_name("run.log.1"), b"still\n")
        assert tail.pull(10) == Chunk(b"still\n")
    assert drain(tail)[0] == b"|new\n"


def test_names_are_safe_to_show(tmp_path: Path) -> None:
    tail = FileTail(tmp_path / "a\x1b[2Jb", watch=False)
    assert tail.name == "a^[[2Jb"
    assert "\x1b" not in waits(tail.pull(10))


def test_no_descriptor_is_left_open(tmp_path: Path, clock: Clock) -> None:
    before = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0
    if not before:
        pytest.skip("no /proc here")
    log = tmp_path / "run.log"
    tail = FileTail(log, watch=False, clock=clock)
    for number in range(30):
        log.unlink(missing_ok=True)
        log.write_bytes(b"%d\n" % number)
        drain(tail)
    assert len(os.listdir("/proc/self/fd")) <= before + 2
    tail.close()
    assert len(os.listdir("/proc/self/fd")) == before


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.sampled_from(["append", "truncate", "rename", "replace", "delete"]), max_size=12)
)
def test_any_order_of_faults_loses_nothing(tmp_path: Path, actions: list[str]) -> None:
    """An attentive reader gets every line once, whatever happens between its looks."""
    log = tmp_path / "model.log"
    log.unlink(missing_ok=True)
    tail = FileTail(log, watch=False, clock=Clock())
    got, written = b"", b""
    for number, action in enumerate(["append", *actions]):
        line = b"line %d %s\n" % (number, action.encode())
        if action == "truncate":
            log.write_bytes(b"")
        elif action == "rename":
            log.rename(tmp_path / "model.log.1")
        elif action == "delete":
            log.unlink()
        if action == "replace":
            (tmp_path / "new").write_bytes(line)
            os.replace(tmp_path / "new", log)
        else:
            append(log, line)
        written += line
        got += drain(tail)[0].replace(b"|", b"")
    tail.close()
    assert got == written


LINES = b"".join(b"line %d %d\n" % (number, number**3) for number in range(400))


@pytest.mark.parametrize("after", [b"", b"x\n", b"line 200 is new\nmore\n", b"part"])
def test_cut_back_to_the_middle_goes_on_there(log: Path, tail: FileTail, after: bytes) -> None:
    log.write_bytes(LINES)
    drain(tail, limit=1000)
    cut = LINES.index(b"line 200 ")
    os.truncate(log, cut)
    if after != b"part":  # or else seen as it was cut
        append(log, after)
    pulled = tail.pull(1000)
    assert isinstance(pulled, Restarted)
    assert pulled.at == cut
    assert f"cut back by {len(LINES) - cut} bytes" in pulled.reason
    if after == b"part":
        append(log, after)
    assert drain(tail) == (after, [])
    append(log, b"last\n")
    assert drain(tail) == (b"last\n", [])
    os.truncate(log, cut - len(b"line 199 7880599\n"))
    pulled = tail.pull(1000)
    assert isinstance(pulled, Restarted)
    assert pulled.at == cut - len(b"line 199 7880599\n")


def test_a_new_run_with_the_same_preamble_is_no_cut(log: Path, tail: FileTail) -> None:
    log.write_bytes(b"Using backend.\n" + LINES)
    drain(tail)
    log.write_bytes(b"Using backend.\n")
    assert drain(tail)[0] == b"|Using backend.\n"


def test_cut_back_where_the_checksums_lie_apart(log: Path, tail: FileTail) -> None:
    """Far into a long log a few lines may come twice, none is missing."""
    text = b"".join(b"%d\n" % number for number in range(2_000_000))
    log.write_bytes(text)
    drain(tail)
    cut = text.index(b"\n1900000\n") + 1
    os.truncate(log, cut)
    append(log, b"new\n")
    pulled = tail.pull(10)
    assert isinstance(pulled, Restarted)
    assert 0 <= cut - pulled.at < 2000
    assert drain(tail)[0] == text[pulled.at : cut] + b"new\n"


def test_a_hole_of_any_size_is_passed_at_once(log: Path, tail: FileTail) -> None:
    log.write_bytes(b"before\n")
    os.truncate(log, 10 << 30)
    if log.stat().st_blocks > 1000:
        pytest.skip("no holes in this file system")
    data, _ = drain(tail)
    assert data.rstrip(b"\0") == b"before\n"  # its end may still be filled
    append(log, b"behind\n")
    more, told = drain(tail)
    assert (data + more).replace(b"\0", b"") == b"before\n~behind\n"
    assert len(data + more) < 10_000
    assert b"\0" * 8 in data + more
    assert told == []
    append(log, b"last\n")
    assert drain(tail) == (b"last\n", [])


def test_space_laid_out_in_advance_is_read_as_it_is_filled(log: Path, tail: FileTail) -> None:
    log.touch()
    os.truncate(log, 1 << 20)
    assert drain(tail) == (b"", [])
    with log.open("r+b") as file:
        for word in (b"one\n", b"two\n"):
            file.write(word)
            file.flush()
            assert drain(tail) == (word, [])


def test_files_rotated_between_two_looks_are_read_in_turn(log: Path, tail: FileTail) -> None:
    log.with_name("run.log.0").write_bytes(b"older\n")
    log.write_bytes(b"a\n")
    drain(tail)
    for number, line in enumerate([b"b\n", b"c\n", b"d\n"], 1):
        log.rename(log.with_name(f"run.log.{number}"))
        log.write_bytes(line)
        os.utime(log, ns=(0, os.stat(log).st_mtime_ns + number * 1_000_000_000))
    data, told = drain(tail)
    assert data == b"|b\n|c\n|d\n"
    assert told == ["run.log was rotated: following the next file"] * 2 + [
        "run.log was replaced: following the new file"
    ]


def test_a_copy_of_the_old_file_is_not_read_again(log: Path, tail: FileTail) -> None:
    log.write_bytes(b"a\n")
    drain(tail)
    log.with_name("run.log.bak").write_bytes(b"a\n")
    other = log.with_name("other")
    other.write_bytes(b"b\n")
    os.replace(other, log)
    assert drain(tail)[0] == b"|b\n"


def rotate(log: Path, name: str, data: bytes) -> Path:
    """The log gets another name; its successor has some content."""
    old = log.with_name(f"{log.name}{name}")
    os.rename(log, old)
    log.write_bytes(data)
    return old


@pytest.mark.parametrize("counting", ["up", "down"])
def test_parts_rotated_at_the_same_time_are_read_in_their_order(
    log: Path, tail: FileTail, counting: str
) -> None:
    """The clock of a file system is too coarse to tell: the numbers decide, either way."""
    log.write_bytes(b"first\n")
    drain(tail)
    parts = []
    for number, data in enumerate([b"second\n", b"third\n", b"fourth\n"]):
        parts.append(rotate(log, f".{number + 1 if counting == 'up' else 9 - number}", data))
    for part in [*parts, log]:
        os.utime(part, ns=(1, 1))
    data, told = drain(tail)
    assert data == b"|second\n|third\n|fourth\n"
    assert len(told) == 3


@pytest.mark.parametrize(("ending", "packer"), [(".gz", gzip), (".bz2", bz2), (".xz", lzma)])
def test_a_part_that_was_packed_meanwhile_is_read(
    log: Path, tail: FileTail, ending: str, packer: types.ModuleType
) -> None:
    log.write_bytes(b"first\n" * 1000)
    drain(tail)
    append(log, b"rest\n")
    oldest = rotate(log, ".2", b"second\n" * 1000)
    older = rotate(log, ".1", b"third\n")
    for part in (oldest, older):
        packed = part.with_name(part.name + ending)
        packed.write_bytes(packer.compress(part.read_bytes()))
        part.unlink()
    data, told = drain(tail)
    assert data == b"rest\n|" + b"second\n" * 1000 + b"|third\n"
    assert "rotated" in told[0]


def test_a_part_that_is_being_packed_is_read_once(log: Path, tail: FileTail) -> None:
    log.write_bytes(b"first\n")
    drain(tail)
    rotate(log, ".2", b"second\n")
    part = rotate(log, ".1", b"third\n")
    part.with_name(part.name + ".gz").write_bytes(gzip.compress(part.read_bytes())[:-5])
    assert drain(tail)[0] == b"|second\n|third\n"


def test_a_part_that_cannot_be_unpacked_is_a_gap(log: Path, tail: FileTail) -> None:
    log.write_bytes(b"first\n")
    drain(tail)
    rotate(log, ".2", b"second\n")
    part = rotate(log, ".1", b"third\n")
    part.with_name(part.name + ".gz").write_bytes(gzip.compress(part.read_bytes())[:-5])
    part.unlink()
    pulled = [tail.pull(100) for _ in range(4)]
    assert any(isinstance(each, Restarted) for each in pulled)
    gaps = [each.reason for each in pulled if isinstance(each, Gap)]
    assert len(gaps) == 1
    assert "run.log.1.gz cannot be unpacked" in gaps[0]
    assert Chunk(b"third\n") in pulled


def test_parts_are_unpacked_to_a_bound(
    log: Path, tail: FileTail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotated, "_UNPACKED", 5000)
    log.write_bytes(b"first\n")
    drain(tail)
    rotate(log, ".2", b"second\n" * 1000)
    part = rotate(log, ".1", b"third\n")
    part.with_name(part.name + ".gz").write_bytes(gzip.compress(part.read_bytes()))
    part.unlink()
    pulled = [tail.pull(1 << 20) for _ in range(6)]
    assert Chunk((b"second\n" * 1000)[:5000]) in pulled
    assert Chunk(b"third\n") in pulled
    assert any(
        isinstance(each, Gap) and "run.log.1.gz was read to" in each.reason for each in pulled
    )


def test_a_part_under_a_number_of_a_deleted_file_is_new(log: Path, tail: FileTail) -> None:
    """Inode numbers are reused at once: what was listed under one says nothing of the next."""
    log.write_bytes(b"first\n")
    old = log.with_name("run.log.1")
    old.write_bytes(b"older\n" * 9)
    drain(tail)
    inode = old.stat().st_ino
    old.unlink()
    os.rename(log, log.with_name("run.log.2"))
    log.write_bytes(b"second\n")
    if log.stat().st_ino != inode:
        pytest.skip("this file system does not reuse it")
    rotate(log, ".1", b"third\n")
    assert drain(tail)[0] == b"|second\n|third\n"


@pytest.mark.parametrize(
    "name", ["run.log.run", "run.log.bak", "run.log.tmp", "run.log2", "run.log."]
)
def test_other_files_beside_the_log_are_no_parts_of_it(
    log: Path, tail: FileTail, name: str
) -> None:
    log.write_bytes(b"first\n")
    drain(tail)
    log.with_name(name).write_bytes(b"none of it\n")
    os.rename(log, log.with_name("run.log.1"))
    log.write_bytes(b"second\n")
    assert drain(tail)[0] == b"|second\n"


def test_a_file_that_loses_its_name_while_it_is_opened_is_found_again(
    log: Path, tail: FileTail, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rotated between opening the successor and looking for what came before it."""
    log.write_bytes(b"first\n")
    drain(tail)
    rotate(log, ".1", b"second\n")
    listing = rotated.Siblings._list

    def rotate_first(siblings: rotated.Siblings) -> dict[rotated.Identity, rotated.Part]:
        monkeypatch.setattr(rotated.Siblings, "_list", listing)
        rotate(log, ".2", b"third\n")
        return listing(siblings)

    monkeypatch.setattr(rotated.Siblings, "_list", rotate_first)
    assert tail.pull(100) is None
    assert drain(tail)[0] == b"|second\n|third\n"


def test_a_log_cut_back_and_grown_beyond_its_old_size(log: Path, tail: FileTail) -> None:
    text = b"".join(b"line %d %d\n" % (number, number**3) for number in range(9000))
    log.write_bytes(text)
    drain(tail)
    kept = text.index(b"line 8000 ")
    log.write_bytes(text[:kept] + b"and on\n" * 9000)
    pulled = tail.pull(100)
    assert isinstance(pulled, Restarted)
    assert pulled.at == kept
    assert drain(tail) == (b"and on\n" * 9000, [])


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n"])
def test_a_redrawn_log_is_cut_back_at_a_state(log: Path, tail: FileTail, end: bytes) -> None:
    text = b"".join(b"%d/500 - loss: %d%s" % (number, number**3, end) for number in range(500))
    log.write_bytes(text)
    drain(tail)
    kept = text.index(b"300/500")
    log.write_bytes(text[:kept] + b"300/500 - loss: 1" + end)
    pulled = tail.pull(100)
    assert isinstance(pulled, Restarted)
    assert pulled.at == kept
    assert drain(tail)[0] == b"300/500 - loss: 1" + end


def test_what_a_missing_log_lacks_is_told(tmp_path: Path, clock: Clock) -> None:
    for path, told in (
        (tmp_path / "a.log", f"to appear in {tmp_path}"),
        (tmp_path / "none" / "a.log", f"there is no folder {tmp_path / 'none'} yet"),
    ):
        tail = FileTail(path, watch=False, clock=clock)
        pulled = tail.pull(10)
        tail.close()
        assert isinstance(pulled, Waiting)
        assert told in pulled.reason
