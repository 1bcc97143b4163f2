"""The recipes of docs/recipes.md, as far as the programs are there; else their bytes are played."""

from __future__ import annotations

import getpass
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ingest.playing import decoded, read_clean
from tests.ingest.test_commands import COMMAND, SAMPLE, Screen
from tests.ingest.test_ssh import SSHD, Server
from tui_monitor.core.session import Session
from tui_monitor.ingest.ahead import ReadAhead
from tui_monitor.ingest.feed import FeedThread
from tui_monitor.ingest.file import FileTail
from tui_monitor.report.samples import sample_log

REDRAWN = sample_log("averaged-twice").read_bytes()


def needs(*programs: str) -> pytest.MarkDecorator:
    missing = [program for program in programs if shutil.which(program) is None]
    return pytest.mark.skipif(bool(missing), reason=f"needs {', '.join(missing)}")


def until(happens: Callable[[], object], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


# --- with the programs ----------------------------------------------------------------------------


@pytest.mark.slow
@needs("ssh", "ssh-keygen")
@pytest.mark.skipif(SSHD is None, reason="needs sshd")
def test_the_monitor_on_the_other_machine(tmp_path: Path) -> None:
    """`ssh host -t tui-monitor run.log`"""
    Path("/run/sshd").mkdir(exist_ok=True) if os.getuid() == 0 else None
    folder = tmp_path / "server"
    folder.mkdir()
    server = Server(folder)
    (tmp_path / "run.log").write_bytes(SAMPLE)
    far = (
        f"cd {tmp_path} && TERM=xterm-256color PYTHONPATH={Path.cwd()} {' '.join(COMMAND)} run.log"
    )
    place = ["-p", str(server.port), "-l", getpass.getuser(), "127.0.0.1"]
    screen = Screen(["ssh", "-t", *server.options, *place, far], None, tmp_path)
    try:
        screen.wait_for("406/406")
        os.write(screen.fd, b"q")
        screen.read(10)
        assert screen.process.wait(10) == 0
    finally:
        screen.close()
        server.stop()


@pytest.mark.slow
@needs("tmux")
def test_beside_a_shell_in_tmux(tmp_path: Path) -> None:
    """`tmux split-window -h 'tui-monitor train.log'`"""
    (tmp_path / "train.log").write_bytes(SAMPLE)
    tmux = ["tmux", "-S", str(tmp_path / "socket"), "-f", "/dev/null"]

    def panes() -> str:
        shown = subprocess.run(
            [*tmux, "capture-pane", "-p", "-t", "{right}"], capture_output=True, text=True
        )
        return shown.stdout

    monitor = " ".join([f"PYTHONPATH={Path.cwd()}", *COMMAND, "train.log"])
    subprocess.run(
        [*tmux, "new-session", "-d", "-x", "160", "-y", "40", "sh"], check=True, cwd=tmp_path
    )
    try:
        subprocess.run([*tmux, "split-window", "-h", monitor], check=True, cwd=tmp_path)
        until(lambda: "406/406" in panes())
        subprocess.run([*tmux, "send-keys", "-t", "{right}", "q"], check=True)
        until(lambda: "406/406" not in panes())
    finally:
        subprocess.run([*tmux, "kill-server"], check=True)


@needs("nohup")
def test_a_training_with_nohup(tmp_path: Path) -> None:
    """`nohup python -u train.py > train.log 2>&1 &`"""
    (tmp_path / "sample").write_bytes(SAMPLE)
    command = "nohup sh -c 'cat sample; sleep 0.2; exit 3' > train.log 2>&1 &"

    def train() -> None:
        subprocess.run(["sh", "-c", command], check=True, cwd=tmp_path)

    rows = follow(tmp_path / "train.log", train, len(SAMPLE))
    assert rows == decoded(read_clean([SAMPLE]))


# --- played ---------------------------------------------------------------------------------------


def follow(log: Path, write: Callable[[], object], size: int) -> list[object]:
    """The rows of a file as the monitor follows it, once so many bytes have come."""
    session = Session()
    failures: list[Exception] = []
    source = ReadAhead(FileTail(log, watch=False))
    thread = FeedThread(source, session, lambda *_: None, failures.append)
    thread.start()
    write()
    until(lambda: session.bytes >= size)
    thread.stop()
    session.finish()
    assert not failures
    return list(decoded(session))


@pytest.mark.parametrize("again", ["append", "truncate"])
def test_an_output_file_of_slurm(tmp_path: Path, again: str) -> None:
    """`slurm-%j.out`: it comes when the job starts, over a file system without events.

    A job that is requeued begins at the file's end (`--open-mode=append`) or anew (`truncate`).
    """
    log = tmp_path / "slurm-4711.out"
    told = b"slurmstepd: error: *** JOB 4711 ON n1 CANCELLED AT 2024-01-31 DUE TO REQUEUE ***\n"
    second = sample_log("running-mean").read_bytes()
    first = REDRAWN[: len(REDRAWN) * 2 // 3] + b"\n" + told

    def run_twice() -> None:
        time.sleep(0.1)
        log.write_bytes(first)
        time.sleep(1.5)  # a job is not there again at once
        with log.open("wb" if again == "truncate" else "ab") as file:
            file.write(second)

    rows = follow(log, run_twice, len(first) + len(second))
    truth = [first, second] if again == "truncate" else [first + second]
    assert rows == decoded(read_clean(truth))


def test_the_tasks_of_an_array(tmp_path: Path) -> None:
    """`tui-monitor decode 'slurm-4711_*.out'`: a row tells whose it is."""
    for task in range(3):
        (tmp_path / f"slurm-4711_{task}.out").write_bytes(SAMPLE)
    done = subprocess.run(
        [*COMMAND, "decode", "slurm-4711_0.out", "slurm-4711_1.out", "slurm-4711_2.out"],
        capture_output=True,
        timeout=60,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )
    assert done.returncode == 0, done.stderr
    for task in range(3):
        assert f"slurm-4711_{task}.out".encode() in done.stdout


def piped(data: bytes, *, every: int | None = None) -> bytes:
    """What `tui-monitor decode -` makes of a pipe."""
    done = subprocess.run(
        [sys.executable, "-c", _PIPE, str(every or 0), *COMMAND, "decode", "-"],
        input=data,
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


_PIPE = """
import subprocess, sys
lines, every = sys.stdin.buffer.read().splitlines(keepends=True), int(sys.argv[1])
reader = subprocess.Popen(sys.argv[2:], stdin=subprocess.PIPE)
for line in lines if every else [b"".join(lines)]:
    reader.stdin.write(line)
    reader.stdin.flush()
reader.stdin.close()
sys.exit(reader.wait())
"""


def test_a_container_gives_whole_lines() -> None:
    """`docker logs -f` passes an epoch's redrawn bar on when its line ends, as one line."""
    assert re.search(rb"\r|\x08", REDRAWN)
    assert piped(REDRAWN, every=1) == piped(REDRAWN)


PREFIXES = {
    "journalctl": b"Jan 31 12:00:01 node python[4711]: ",
    "docker logs --timestamps": b"2024-01-31T12:00:01.123456789Z ",
    "kubectl logs --prefix": b"[pod/train-0/main] ",
}


@pytest.mark.parametrize("sample", ["running-mean", "samples-bar"])
@pytest.mark.parametrize("prefix", PREFIXES.values(), ids=PREFIXES.keys())
def test_what_stands_before_a_bar_is_passed_over(prefix: bytes, sample: str) -> None:
    lines = sample_log(sample).read_bytes().splitlines(keepends=True)
    plain = decoded(read_clean([b"".join(lines)]))
    assert len(plain) > 30
    assert decoded(read_clean([b"".join(prefix + line for line in lines)])) == plain
