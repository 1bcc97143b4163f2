"""Recorded trainings: real processes that outlive their monitor, exit codes, whole outputs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tui_monitor.errors import TuiMonitorError
from tui_monitor.ingest import recorder, recording
from tui_monitor.ingest.recording import RecordedTail, read_record, record_path
from tui_monitor.ingest.source import Chunk, Ended, Pulled


def until(happens: Callable[[], object], seconds: float = 40.0) -> None:
    end = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def ended(log: Path) -> bool:
    record = read_record(log)
    return record is not None and not record.running


def is_alive(pid: int) -> bool:
    """Whether a process runs: a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def start(log: Path, code: str, *, pty: bool = True) -> None:
    recording.start([sys.executable, "-c", code], str(log), pty=pty, columns=101, rows=7)


def code_of(log: Path) -> int | None:
    until(lambda: ended(log))
    record = read_record(log)
    assert record is not None
    return record.code


@pytest.mark.parametrize("pty", [True, False])
def test_all_the_output_and_the_exit_code_are_kept(tmp_path: Path, pty: bool) -> None:
    log = tmp_path / "run.log"
    lines = "for i in range(20000): print(i, 'x' * 50)"
    start(log, f"import sys\n{lines}\nsys.stderr.write('end\\n')\nsys.exit(3)", pty=pty)
    assert code_of(log) == 3
    wanted = [f"{i} {'x' * 50}" for i in range(20000)]
    assert log.read_text().splitlines() == [*wanted, "end"]
    assert record_path(log).stat().st_mode & 0o777 == 0o600


def test_the_terminal_has_our_size_and_nobody_to_ask(tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    start(
        log,
        "import os, sys\nprint(os.get_terminal_size(), sys.stdout.isatty(), sep='\\r')\n"
        "try: input('? ')\nexcept EOFError: print('nobody')\n"
        "try: os.open('/dev/tty', 0)\nexcept OSError: print('no terminal to ask on')",
    )
    assert code_of(log) == 0
    assert log.read_bytes() == (
        b"os.terminal_size(columns=101, lines=7)\rTrue\n? nobody\nno terminal to ask on\n"
    )


def test_a_log_goes_on_with_the_next_training(tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    for word, code in (("one", 0), ("two", 5)):
        start(log, f"print('{word}'); exit({code})")
        assert code_of(log) == code
    assert log.read_text() == "one\ntwo\n"


def test_its_terminal_follows_the_size_of_the_screen(tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    start(
        log,
        "import os, signal\nsizes = []\n"
        "def show(*_): print(*os.get_terminal_size(), flush=True)\n"
        "signal.signal(signal.SIGWINCH, show)\nshow()\nwhile True: signal.pause()",
    )
    until(lambda: log.read_text() == "101 7\n")
    size = (120, 30)
    now = 0.0
    tail = RecordedTail(log, watch=False, clock=lambda: now, screen=lambda: size)
    tail.pull(100)
    until(lambda: log.read_text() == "101 7\n120 30\n")
    size, now = (40, 20), 1.0
    tail.pull(100)
    tail.pull(100)
    until(lambda: log.read_text() == "101 7\n120 30\n80 20\n")  # not too narrow for its bars
    tail.close()
    assert recording.stop(log, force=True)
    assert code_of(log) == 137
    assert not recording.resize(log, 100, 30)


def test_a_stop_is_gentle_first_and_escalates_when_asked_again(tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    start(
        log,
        "import signal, time\n"
        "def say(number, _): print(signal.Signals(number).name, flush=True)\n"
        "for each in (signal.SIGINT, signal.SIGTERM): signal.signal(each, say)\n"
        "print('ready', flush=True)\nwhile True: time.sleep(1)",
    )
    until(lambda: log.read_text() == "ready\n")
    for number, said in ((2, "ready\nSIGINT\n"), (15, "ready\nSIGINT\nSIGTERM\n")):
        assert recording.stop(log)
        until(lambda: log.read_text() == said)  # noqa: B023 - called at once
        record = read_record(log)
        assert record is not None
        assert (record.asked, record.running, record.code) == (number, True, None)
    assert recording.stop(log)
    assert code_of(log) == 137


def test_a_stop_escalates_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The monitor may be gone by then: the recorder does it."""
    log = tmp_path / "run.log"
    impatient = tmp_path / "recorder.py"
    source = Path(recorder.__file__).read_text()
    impatient.write_text(source.replace("_GRACE = 30 ", "_GRACE = 1 "))
    assert impatient.read_text() != source
    monkeypatch.setattr(recording, "__file__", str(tmp_path / "recording.py"))
    start(
        log,
        "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "print('ready', flush=True)\nwhile True: time.sleep(1)",
    )
    until(lambda: log.read_text() == "ready\n")
    assert recording.stop(log)
    assert code_of(log) == 143


@pytest.mark.parametrize(("force", "code"), [(False, 130), (True, 137)])
def test_a_training_and_its_children_are_stopped(tmp_path: Path, force: bool, code: int) -> None:
    log = tmp_path / "run.log"
    start(
        log,
        "import subprocess as s, sys\nc = s.Popen(['sleep', '60'])\nprint(c.pid)\n"
        "try: c.wait()\nexcept KeyboardInterrupt: sys.exit(130)",
    )
    until(lambda: log.read_text().endswith("\n"))
    child = int(log.read_text())
    record = read_record(log)
    assert record is not None
    assert record.running
    assert recording.stop(log, force=force)
    assert code_of(log) == code
    until(lambda: not is_alive(child))
    until(lambda: not is_alive(record.recorder))
    assert not is_alive(record.child)
    assert not recording.stop(log)


def test_a_training_started_by_a_background_job_can_be_stopped(tmp_path: Path) -> None:
    """Shells have background jobs ignore SIGINT, and a program inherits what is ignored."""
    log = tmp_path / "run.log"
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        start(log, "import time\nprint('ready', flush=True)\ntime.sleep(60)")
    finally:
        signal.signal(signal.SIGINT, before)
    until(lambda: log.exists() and "ready" in log.read_text())
    assert recording.stop(log)
    assert code_of(log) == 130


def test_a_training_survives_every_death_of_its_monitor(tmp_path: Path) -> None:
    """The starter is killed with its whole session; another reader takes the log up."""
    log = tmp_path / "run.log"
    training = "import time\nfor i in range(60): print(i, flush=True); time.sleep(0.02)\nexit(4)"
    starter = (
        "import sys, time\nfrom tui_monitor.ingest import recording\n"
        f"recording.start([sys.executable, '-c', {training!r}], {str(log)!r})\n"
        "tail = recording.open_file(" + repr(str(log)) + ")\n"
        "print('ready', flush=True)\nwhile True: tail.pull(100); time.sleep(0.01)"
    )
    monitor = subprocess.Popen(
        [sys.executable, "-c", starter], stdout=subprocess.PIPE, start_new_session=True
    )
    assert monitor.stdout is not None
    with monitor.stdout as answer:
        assert answer.readline() == b"ready\n"
    os.killpg(monitor.pid, signal.SIGHUP)
    os.killpg(monitor.pid, signal.SIGKILL)
    monitor.wait()
    tail = recording.open_file(str(log))
    data = b""

    def take() -> Pulled:
        nonlocal data
        pulled = tail.pull(1 << 16)
        if isinstance(pulled, Chunk):
            data += pulled.data
        return pulled

    until(lambda: isinstance(take(), Ended))
    tail.close()
    assert data.split() == [b"%d" % i for i in range(60)]
    assert code_of(log) == 4
    record = read_record(log)
    assert record is not None
    until(lambda: not is_alive(record.recorder))


def test_who_holds_the_terminal_after_the_end_does_not_hold_the_recorder(tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    start(
        log, "import subprocess as s\nprint(s.Popen(['sleep', '30'], start_new_session=True).pid)"
    )
    began = time.monotonic()
    assert code_of(log) == 0
    assert time.monotonic() - began < 20
    os.kill(int(log.read_text()), signal.SIGKILL)


def test_the_source_tells_the_end(tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    start(log, "print('a'); exit(3)")
    code_of(log)
    tail = RecordedTail(log, watch=False)
    assert tail.pull(10) == Chunk(b"a\n")
    assert tail.pull(10) == Ended("training ended with exit code 3")
    tail.close()


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"code": 137}, "training ended by SIGKILL"),
        ({"code": 1, "lost": 7}, "exit code 1; 7 bytes of output could not be written"),
        ({}, "its exit code is not known"),
    ],
)
def test_how_it_ended_is_one_line(tmp_path: Path, facts: dict[str, int], told: str) -> None:
    log = tmp_path / "run.log"
    log.touch()
    record_path(log).write_text(json.dumps({"recorder": 11, "child": 12, **facts}) + "\n")
    tail = recording.open_file(str(log))
    pulled = tail.pull(10)
    tail.close()
    assert isinstance(pulled, Ended)
    assert told in pulled.reason


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[1]\n", b'{"recorder": "x"}\n', b'{"recorder": 9, "child": 0}\n']
)
def test_a_strange_record_is_none(tmp_path: Path, content: bytes) -> None:
    record_path(tmp_path / "run.log").write_bytes(content)
    assert read_record(tmp_path / "run.log") is None
    assert not recording.stop(tmp_path / "run.log")


def test_what_cannot_be_started_is_told(tmp_path: Path) -> None:
    with pytest.raises(TuiMonitorError, match="No such file"):
        recording.start([str(tmp_path / "none")], str(tmp_path / "run.log"))
    with pytest.raises(TuiMonitorError, match="No such file"):
        recording.start(["true"], str(tmp_path / "none" / "run.log"))


def test_two_trainings_do_not_share_a_log(tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    start(log, "import time; time.sleep(60)")
    with pytest.raises(TuiMonitorError, match="being recorded there"):
        recording.start(["true"], str(log))
    assert recording.stop(log, force=True)
    assert code_of(log) == 137


def test_a_planted_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"precious")
    record_path(tmp_path / "run.log").symlink_to(tmp_path / "other")
    with pytest.raises(TuiMonitorError):
        recording.start(["true"], str(tmp_path / "run.log"))
    assert (tmp_path / "other").read_bytes() == b"precious"


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (["python", "-u", "src/train.py", "--x"], "train-"),
        (["torchrun", "--n", "2"], "torchrun-"),
        (["./a b;c"], "a-b-c-"),
        (["../.."], "training-"),
    ],
)
def test_a_default_name(command: list[str], name: str) -> None:
    assert recording.default_log(command, 0.0).startswith(name)
    assert "/" not in recording.default_log(command, 0.0)
