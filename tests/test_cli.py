"""The command line: grammar, exit codes, errors on one line, signals, pipes."""

from __future__ import annotations

import csv
import errno
import fcntl
import io
import json
import os
import select
import shlex
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import get_args

import pytest

from tui_monitor import __version__, arguments, cli
from tui_monitor.cli import main
from tui_monitor.commands.screen import is_plain
from tui_monitor.core.records import LawName
from tui_monitor.grammar import COMMANDS
from tui_monitor.process import ENDING, Terminated
from tui_monitor.report.samples import SAMPLES, sample_log
from tui_monitor.settings import LAWS, Size

Captured = pytest.CaptureFixture[str]
QUESTION = str(sample_log("epoch-jump"))
COMMAND = [sys.executable, "-m", "tui_monitor"]


def complaint(capsys: Captured) -> str:
    """The one line on standard error, and nothing on standard output."""
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("tui-monitor: ")
    assert err.count("\n") == 1
    return err.removesuffix("\n")


# --- grammar -------------------------------------------------------------------------------------


def test_the_laws_of_the_grammar_are_those_of_the_core() -> None:
    assert get_args(LawName) == LAWS


@pytest.mark.parametrize(
    ("argv", "command"),
    [
        (["train.log"], "watch"),
        (["--ascii", "train.log"], "watch"),
        (["--metric", "demo", "train.log"], "watch"),
        (["./demo"], "watch"),
        (["--", "demo"], "watch"),
        (["demo"], "demo"),
        (["--law", "sliding", "decode", "train.log"], "decode"),
        (["explain", "--batch-size", "32", "-"], "explain"),
    ],
)
def test_the_first_argument_is_a_command_or_a_source(argv: list[str], command: str) -> None:
    name, parsed = arguments.parse(argv)

    assert name == command
    if command == "watch":
        assert parsed.source == [argv[-1]]


def test_options_stand_before_or_behind_the_command() -> None:
    _, before = arguments.parse(["--law", "sliding", "--ascii", "decode", "x"])
    _, behind = arguments.parse(["decode", "x", "--law", "sliding", "--ascii"])

    assert before == behind
    assert before.law == "sliding"


def test_a_frame_has_a_size() -> None:
    _, parsed = arguments.parse(["snapshot", "x", "--size", "80x24"])

    assert parsed.size == Size(80, 24)


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        ([], "no source given"),
        (["--law", "nonsense", "x"], "'nonsense'"),
        (["--batch-size", "0", "x"], "'0' is not a whole number, 1 or more"),
        (["--batch-size", "many", "x"], "'many' is not a whole number"),
        (["--target", "0.95", "x"], "'0.95' is not METRIC=VALUE, like val_acc=0.95"),
        (["--target", "acc=high", "x"], "'acc=high' is not METRIC=VALUE"),
        (["--target", "acc=inf", "x"], "'acc=inf' is not METRIC=VALUE"),
        (["--target", "=0.9", "x"], "'=0.9' is not METRIC=VALUE"),
        (["decode", "x", "--format", "xml"], "'xml'"),
        (["decode"], "required: SOURCE"),
        (["decode", ""], "empty source"),
        (["decode", "x", "--nonsense"], "--nonsense"),
        (["replay", "x", "--speed", "-1"], "-1"),
        (["replay", "x", "--speed", "nan"], "nan"),
        (["snapshot", "x", "--size", "12"], "12"),
        (["snapshot", "x", "--size", "0x5"], "0x5"),
        (["--config", "x.toml", "x"], "No such file or directory, x.toml"),
        (["run"], "behind --"),
        (["run", "python", "train.py"], "unrecognized"),
        (["run", "--"], "behind --"),
        (["a.log", "b.log"], "the screen needs a terminal"),
        (["decode", "a.log", ""], "empty source"),
        (["ssh://-oProxyCommand=id/train.log", "--plain"], "bad host"),
        (["replay", "ssh://host/train.log"], "not a file here"),
        (["explain", "ssh://-oProxyCommand=id/train.log"], "bad host"),
        (["-"], "the screen needs a terminal"),
        (["demo", "nonsense"], "choose one of outer-loop"),
        (["explian", "train.log"], "use `tui-monitor explain`, or ./explian"),
        (["https://host/train.log"], "pipe the log into `tui-monitor -`"),
        (["decode", "s3://bucket/train.log"], "not a path"),
        (["replay", "file:///train.log"], "not a path"),
    ],
)
def test_bad_usage_is_one_line_and_exit_2(argv: list[str], told: str, capsys: Captured) -> None:
    assert main(argv) == 2
    assert told in complaint(capsys)


def test_help_has_examples_and_every_command(capsys: Captured) -> None:
    assert main(["--help"]) == 0
    text = capsys.readouterr().out

    assert "examples:" in text
    for command in COMMANDS:
        assert f"\n  {command} " in text
        assert main([command, "--help"]) == 0
        assert "examples:\n  tui-monitor" in capsys.readouterr().out


def test_help_tells_what_can_be_named(capsys: Captured) -> None:
    assert main(["demo", "--help"]) == 0
    text = capsys.readouterr().out
    assert all(name in text for name in SAMPLES)
    for command in ("watch", "decode", "explain", "snapshot"):
        assert main([command, "--help"]) == 0
        assert "ssh://" in capsys.readouterr().out


def test_version(capsys: Captured) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"tui-monitor {__version__}\n"


# --- input that cannot be read -------------------------------------------------------------------


@pytest.mark.parametrize("command", ["decode", "explain", "snapshot", "replay"])
def test_a_missing_log_is_one_line_and_exit_2(
    command: str, tmp_path: Path, capsys: Captured
) -> None:
    assert main([command, str(tmp_path / "no.log")]) == 2
    assert "No such file or directory" in complaint(capsys)


def test_a_name_that_is_nearly_a_files_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "train-42.log").write_text("Epoch 1/2\n")
    assert main(["explain", str(tmp_path / "train-24.log")]) == 2
    assert f"did you mean {tmp_path / 'train-42.log'}?" in complaint(capsys)


@pytest.mark.parametrize(("is_terminal", "told"), [(True, "demo"), (False, "tui-monitor -`")])
def test_without_a_log_the_next_step_is_told(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    is_terminal: bool,
    told: str,
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: is_terminal, raising=False)
    assert main([]) == 2
    assert told in complaint(capsys)


@pytest.mark.parametrize("command", ["decode", "explain", "snapshot"])
@pytest.mark.parametrize("glob", ["", "*.log"])
def test_a_folder_without_a_log_is_one_line_and_exit_2(
    command: str, glob: str, tmp_path: Path, capsys: Captured
) -> None:
    assert main([command, str(tmp_path / glob)]) == 2
    assert f"no training log {'matches' if glob else 'below it'}" in complaint(capsys)


def test_what_a_text_only_quotes_is_read_by_the_hint_that_is_told(
    tmp_path: Path, capsys: Captured
) -> None:
    notes = tmp_path / "notes.md"
    notes.write_bytes(FENCED)

    assert main(["decode", str(notes)]) == 2
    hint = complaint(capsys).partition("--format-hint ")[2].split()[0]
    assert main(["decode", "--format-hint", hint, str(notes)]) == 0
    assert '"displayed": 0.5234' in capsys.readouterr().out


def test_a_folder_can_not_be_replayed(tmp_path: Path, capsys: Captured) -> None:
    assert main(["replay", str(tmp_path)]) == 2
    assert "a folder holds many logs" in complaint(capsys)


BAR = b" 9/20 [===========>..................] - ETA: 3s - loss: 0.5234"
FENCED = b"Notes\n\n```\nEpoch 1/2\n" + BAR + b"\n```\n"


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n\0\0", b"hello\nworld\n"])
@pytest.mark.parametrize("command", ["decode", "explain", "snapshot", "replay"])
def test_a_file_without_progress_is_told(
    command: str, content: bytes, tmp_path: Path, capsys: Captured
) -> None:
    log = tmp_path / "train.log"
    log.write_bytes(content)

    assert main([command, str(log)]) == 2
    assert "no training progress" in complaint(capsys)


@pytest.mark.parametrize(
    ("content", "instead"),
    [
        (b"", "it is empty"),
        (b"\x89PNG\r\n\x1a\n\0\0", "it is no text"),
        (b"\r 45%|####5     | 9/20 [00:02<00:03, 3.9it/s]\n", "progress bars without a metric"),
        (b"Epoch 1/2\n 9/20 [============>.................]\n", "progress bars without a metric"),
        (b"hello\nworld\n", "check that it is a training log"),
        (FENCED, "a diff; --format-hint keras reads it"),
        (b"Seen: `" + BAR + b"`\n", "a diff; --format-hint keras reads it"),
        (b"@@ -0,0 +1 @@\n+ " + BAR + b"\n", "a diff; --format-hint keras reads it"),
        (b"```\n" + 3 * b"loss: 0.5 | iter: 1 | epoch: 1\n" + b"```\n", "--format-hint"),
        (b"```\n9/20 [==========>..........] - ETA: 3s\n```\n", "check that it is a training log"),
    ],
)
def test_what_is_there_instead_is_told(
    content: bytes, instead: str, tmp_path: Path, capsys: Captured
) -> None:
    log = tmp_path / "train.log"
    log.write_bytes(content)

    assert main(["explain", str(log)]) == 2
    assert instead in complaint(capsys)


@pytest.mark.parametrize(
    ("content", "instead"),
    [
        (b"", "it is empty"),
        (b"\x89PNG\r\n\x1a\n\0\0", "it is no text"),
        (b"\r 45%|####5     | 9/20 [00:02<00:03, 3.9it/s]\n", "progress bars without a metric"),
        (b"hello\nworld\n", "check that it is a training log"),
    ],
)
def test_a_replay_tells_what_is_there_instead(
    content: bytes, instead: str, tmp_path: Path, capsys: Captured
) -> None:
    log = tmp_path / "train.log"
    log.write_bytes(content)

    assert main(["replay", str(log)]) == 2
    assert instead in complaint(capsys)


def test_a_pipe_can_not_be_replayed(capsys: Captured) -> None:
    assert main(["replay", "-"]) == 2
    assert "save it, or follow it with `tui-monitor -`" in complaint(capsys)


@pytest.mark.parametrize("command", ["watch", "replay", "decode", "explain", "snapshot"])
def test_a_notebook_is_no_log(command: str, tmp_path: Path, capsys: Captured) -> None:
    notebook = tmp_path / "train it.ipynb"
    notebook.write_text('{"cells": [], "nbformat": 4}')

    assert main([command, str(notebook)]) == 2
    told = complaint(capsys)
    assert "a notebook and no log" in told
    assert f"nbconvert --to markdown '{notebook}'" in told


@pytest.mark.parametrize("command", ["decode", "explain", "snapshot"])
def test_a_metric_that_is_not_there_is_told(command: str, capsys: Captured) -> None:
    assert main([command, QUESTION, "--metric", "f1*"]) == 2
    told = complaint(capsys)
    assert "no metric like 'f1*', " in told
    assert told.endswith("name one of loss, acc")


@pytest.mark.parametrize("command", ["decode", "explain", "snapshot", "replay"])
def test_a_log_that_can_not_be_read_is_one_line_and_exit_2(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr("builtins.open", lambda *_args, **_options: Broken())
    assert main([command, "train.log"]) == 2
    assert "Input/output error, train.log: check the file" in complaint(capsys)


def test_a_hostile_name_does_not_reach_the_terminal(capsys: Captured) -> None:
    assert main(["decode", "\x1b]0;x\x07\u202e\n.log"]) == 2
    assert complaint(capsys).isprintable()


# --- what is no file of text ----------------------------------------------------------------------

READING = ["decode", "explain", "snapshot", "replay", "watch"]


@pytest.mark.parametrize("command", READING)
@pytest.mark.parametrize("device", ["/dev/zero", "/dev/urandom", "/dev/full"])
def test_a_device_is_not_read(command: str, device: str, capsys: Captured) -> None:
    if not os.path.exists(device):
        pytest.skip(f"this system has no {device}")
    assert main([command, device]) == 2
    assert f"a device and no log, {device}: " in complaint(capsys)


@pytest.mark.parametrize("command", ["decode", "explain", "snapshot", "decode --follow", "--plain"])
def test_a_device_is_not_read_from_standard_input(command: str) -> None:
    argv = [*COMMAND, *command.split(), "-"]
    with open("/dev/zero", "rb") as device:
        done = subprocess.run(argv, stdin=device, capture_output=True, timeout=30)
    assert done.returncode == 2
    assert b"a device and no log, standard input: " in done.stderr


def test_an_empty_device_is_an_empty_log(capsys: Captured) -> None:
    assert main(["explain", os.devnull]) == 2
    assert "it is empty" in complaint(capsys)


@pytest.mark.parametrize("command", READING)
def test_a_socket_is_no_log(command: str, capsys: Captured) -> None:
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listening:
        path = f"{folder}/train.log"
        listening.bind(path)
        assert main([command, path]) == 2
        assert f"a socket and no log, {path}: " in complaint(capsys)


@pytest.mark.parametrize("command", READING)
@pytest.mark.parametrize(
    ("tool", "unpack"),
    [("gzip", "zcat"), ("xz", "xzcat"), ("bzip2", "bzcat"), ("zstd", "zstdcat"), ("zip", "unzip")],
)
def test_how_to_read_a_compressed_log_is_told_and_works(
    command: str, tool: str, unpack: str, tmp_path: Path, capsys: Captured
) -> None:
    if shutil.which(tool) is None or shutil.which(unpack) is None:
        pytest.skip(f"no {tool} here")
    packed = tmp_path / "train it.log.packed"
    files = ["-", QUESTION] if tool == "zip" else ["-c", QUESTION]
    with packed.open("wb") as output:
        subprocess.run([tool, *files], stdout=output, stderr=subprocess.DEVNULL, check=True)

    assert main([command, str(packed)]) == 2
    told = complaint(capsys)
    assert f"a compressed file, {packed}: " in told
    if command == READING[0]:
        pipe = told.split("`")[1].replace("tui-monitor -", f"{shlex.join(COMMAND)} --plain -")
        done = subprocess.run(pipe, shell=True, capture_output=True, text=True, timeout=30)
        assert "epoch 3" in done.stdout


@pytest.mark.parametrize("command", ["decode", "explain", "snapshot"])
def test_a_pipe_without_a_writer_is_waited_for_with_a_word(command: str, tmp_path: Path) -> None:
    pipe = tmp_path / "train.log"
    os.mkfifo(pipe)
    argv = [*COMMAND, command, str(pipe)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as waits:
        assert waits.stderr is not None
        assert (
            waits.stderr.readline() == f"tui-monitor: waiting for a writer, {pipe}: it is a pipe\n"
        )
        waits.send_signal(signal.SIGINT)
        assert waits.wait(timeout=5) == 130
        assert waits.stderr.read() == ""
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as reads:
        pipe.write_bytes(Path(QUESTION).read_bytes())
        assert "loss" in reads.communicate(timeout=30)[0]
        assert reads.returncode == 0


@pytest.mark.parametrize("options", [["decode", "--follow"], ["--plain"]])
def test_a_named_pipe_is_followed_to_its_end(options: list[str], tmp_path: Path) -> None:
    pipe = tmp_path / "train.log"
    os.mkfifo(pipe)
    argv = [*COMMAND, *options, str(pipe)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as waits:
        assert waits.stderr is not None
        told = waits.stderr.readline()
        assert told == "tui-monitor: waiting for train.log: nothing has come yet\n"
        waits.send_signal(signal.SIGINT)
        assert waits.wait(timeout=5) == 130
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as reads:
        pipe.write_bytes(Path(QUESTION).read_bytes())
        out, err = reads.communicate(timeout=30)
    assert (reads.returncode, err) == (0, "")
    assert "epoch" in out


def test_what_is_waited_for_is_told_beside_the_lines(tmp_path: Path) -> None:
    argv = [*COMMAND, "--plain", str(tmp_path / "train.log")]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as waits:
        assert waits.stderr is not None
        told = waits.stderr.readline()
        waits.send_signal(signal.SIGTERM)
        assert waits.wait(timeout=5) == 143
    assert told.startswith("tui-monitor: waiting for train.log")


# --- streams that were closed ---------------------------------------------------------------------


@pytest.mark.parametrize("command", ["decode", "explain", "snapshot", "--plain"])
def test_output_that_is_closed_or_full_is_one_line_and_exit_2(command: str) -> None:
    for output, told in ((">&-", "Bad file descriptor"), (">/dev/full", "No space left on device")):
        pipe = f"{shlex.join([*COMMAND, command, QUESTION])} {output}"
        done = subprocess.run(pipe, shell=True, capture_output=True, text=True, timeout=30)
        assert done.returncode == 2
        assert done.stderr == f"tui-monitor: {told}, standard output: check space and permissions\n"


@pytest.mark.parametrize("command", ["decode", "explain", "snapshot"])
def test_input_that_is_closed_is_empty(command: str) -> None:
    pipe = f"{shlex.join([*COMMAND, command, '-'])} <&-"
    done = subprocess.run(pipe, shell=True, capture_output=True, text=True, timeout=30)
    assert done.returncode == 2
    assert done.stderr.startswith("tui-monitor: no training progress found, standard input: it is")


@pytest.mark.parametrize("command", ["decode", "explain", "snapshot", "--help"])
def test_a_reader_that_leaves_at_once_is_no_error(command: str) -> None:
    argv = [*COMMAND, command, QUESTION]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as writes:
        assert writes.stdout is not None
        assert writes.stderr is not None
        writes.stdout.close()
        assert writes.wait(timeout=30) == 0
        assert writes.stderr.read() == b""


# --- decode and explain --------------------------------------------------------------------------


def test_decode_writes_a_row_for_every_printed_number(capsys: Captured) -> None:
    assert main(["decode", QUESTION]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    assert [(row["displayed"], row["metric"]) for row in rows[:3]] == [
        (0.7993, "loss"),
        (0.5996, "acc"),
        (0.726, "loss"),
    ]
    assert len(rows) == 36
    assert {row["run"] for row in rows} == {1}
    assert [row["epoch"] for row in rows] == [1] * 12 + [2] * 12 + [3] * 12
    for row in rows:
        assert row["value"] is None or row["low"] <= row["value"] <= row["high"]


def test_decode_keeps_the_metrics_asked_for(capsys: Captured) -> None:
    assert main(["decode", QUESTION, "--metric", "*acc*", "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))

    assert len(rows) == 18
    assert {row["metric"] for row in rows} == {"acc"}


def test_decode_writes_to_a_file(tmp_path: Path, capsys: Captured) -> None:
    target = tmp_path / "rows.jsonl"

    assert main(["decode", QUESTION, "--output", str(target)]) == 0
    assert len(target.read_text().splitlines()) == 36
    assert capsys.readouterr() == ("", "")


def test_decode_never_overwrites_its_source(tmp_path: Path, capsys: Captured) -> None:
    log = tmp_path / "train.log"
    log.write_bytes(Path(QUESTION).read_bytes())

    assert main(["decode", str(log), "--output", str(log)]) == 2
    assert "output is the source" in complaint(capsys)
    assert log.read_bytes() == Path(QUESTION).read_bytes()


def test_explain_reads_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    log = io.BytesIO(Path(QUESTION).read_bytes())
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(log))

    assert main(["explain", "-", "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    (run,) = told["runs"]
    assert run["epochs"] == 3
    jumps = {(item["epoch"], item["metric"]): round(item["jump"], 4) for item in run["boundaries"]}
    assert jumps[1, "acc"] == 0.0506
    assert jumps[2, "acc"] == 0.0427


def test_explain_in_ascii_is_ascii(capsys: Captured) -> None:
    assert main(["explain", QUESTION, "--ascii"]) == 0
    assert capsys.readouterr().out.isascii()


# --- the process's edge --------------------------------------------------------------------------


def test_a_defect_is_one_line_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    def fail(*_: object) -> int:
        secret = "hunter2"
        raise ValueError(f"broken\n\x1b[31m{len(secret)}")

    monkeypatch.setitem(cli.COMMANDS, "decode", fail)
    assert main(["decode", "x"]) == 1
    line = complaint(capsys)
    assert "ValueError" in line
    assert "please report" in line

    monkeypatch.setenv("TUI_MONITOR_DEBUG", "1")
    assert main(["decode", "x"]) == 1
    err = capsys.readouterr().err
    assert "Traceback" in err
    assert "hunter2" not in err.split("Traceback")[0]


@pytest.mark.parametrize(("raised", "code"), [(KeyboardInterrupt, 130), (Terminated, 143)])
def test_signals_have_their_codes(
    raised: type[BaseException], code: int, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    def interrupt(*_: object) -> int:
        raise raised

    monkeypatch.setitem(cli.COMMANDS, "decode", interrupt)
    monkeypatch.setattr(cli, "discard_output", lambda: None)
    assert main(["decode", "x"]) == code
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("number", ENDING)
def test_each_signal_that_ends_a_process_is_tidied_up_for_once(
    number: signal.Signals, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    tidied = []

    def work(*_: object) -> int:
        try:
            os.kill(os.getpid(), number)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            os.kill(os.getpid(), number)
            tidied.append(number)
        return 0

    monkeypatch.setitem(cli.COMMANDS, "decode", work)
    monkeypatch.setattr(cli, "discard_output", lambda: None)
    assert main(["decode", "x"]) == 128 + number
    assert tidied == [number]
    assert capsys.readouterr() == ("", "")


def test_what_a_library_makes_of_a_signal_is_no_defect(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    def work(*_: object) -> int:
        try:
            os.kill(os.getpid(), signal.SIGHUP)
        except BaseException:
            raise ImportError("broken installation?") from None
        return 0

    monkeypatch.setitem(cli.COMMANDS, "decode", work)
    monkeypatch.setattr(cli, "discard_output", lambda: None)
    assert main(["decode", "x"]) == 129
    assert capsys.readouterr() == ("", "")


def test_signals_are_put_back_as_they_were_and_ignored_ones_stay_ignored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def work(*_: object) -> int:
        os.kill(os.getpid(), signal.SIGHUP)
        return 0

    monkeypatch.setitem(cli.COMMANDS, "decode", work)
    old = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        before = [signal.getsignal(number) for number in ENDING]
        assert main(["decode", "x"]) == 0
        assert [signal.getsignal(number) for number in ENDING] == before
    finally:
        signal.signal(signal.SIGHUP, old)


def test_a_full_disk_is_one_line_and_exit_2() -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("this system has no /dev/full")
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*COMMAND, "decode", QUESTION], stdout=full, stderr=subprocess.PIPE, timeout=30
        )

    assert done.returncode == 2
    assert done.stderr.startswith(b"tui-monitor: No space left on device")
    assert done.stderr.count(b"\n") == 1


# --- following, in a process of its own ----------------------------------------------------------


@contextmanager
def following(log: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """`decode --follow` of a log."""
    argv = [*COMMAND, "decode", str(log), "--follow", *options]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(("signum", "code"), [(number, 128 + number) for number in ENDING])
def test_rows_stream_while_the_log_grows_until_a_signal(
    signum: signal.Signals, code: int, tmp_path: Path
) -> None:
    lines = Path(QUESTION).read_bytes().splitlines(keepends=True)
    log = tmp_path / "train.log"
    log.write_bytes(b"".join(lines[:4]))
    with following(log) as process:
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        assert (first["displayed"], first["line"]) == (0.7993, 3)
        process.stdout.readline()
        with log.open("ab") as growing:
            growing.writelines(lines[4:])
        seen = [json.loads(process.stdout.readline()) for _ in range(34)]
        process.send_signal(signum)
        out, err = process.communicate(timeout=30)

    assert [row["epoch"] for row in seen[-12:]] == [3] * 12
    assert (process.returncode, out, err) == (code, "", "")


def test_a_reader_that_leaves_ends_following_calmly(tmp_path: Path) -> None:
    log = tmp_path / "train.log"
    log.write_bytes(sample_log("outer-loop").read_bytes())
    with following(log, "--format", "csv") as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("run,epoch,")
        process.stdout.close()
        with log.open("ab") as growing:
            growing.write(log.read_bytes())
        assert process.wait(timeout=30) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_standard_input_is_followed_to_its_end() -> None:
    argv = [*COMMAND, "decode", "-", "--follow"]
    done = subprocess.run(argv, input=Path(QUESTION).read_bytes(), capture_output=True, timeout=30)

    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 36


# --- frames and screens --------------------------------------------------------------------------


def test_a_frame_is_text_of_the_size_asked_for(capsys: Captured) -> None:
    assert main(["snapshot", QUESTION, "--size", "120x24"]) == 0
    lines = capsys.readouterr().out.splitlines()

    assert len(lines) == 24
    assert max(map(len, lines)) <= 120
    assert "keras2-epoch-jump-excerpt" in lines[0]


@pytest.mark.parametrize(("kind", "beginning"), [("svg", "<svg"), ("html", "<!DOCTYPE html>")])
def test_frames_go_to_files_by_their_extension(kind: str, beginning: str, tmp_path: Path) -> None:
    target = tmp_path / f"frame.{kind}"

    assert main(["snapshot", QUESTION, "--output", str(target)]) == 0
    assert target.read_text("utf-8").startswith(beginning)


def test_a_frame_of_another_kind_is_told(tmp_path: Path, capsys: Captured) -> None:
    assert main(["snapshot", QUESTION, "--output", str(tmp_path / "frame.png")]) == 2
    assert "end it in .svg, .html or .txt" in complaint(capsys)


@pytest.mark.parametrize("argv", [[QUESTION], ["demo"], ["replay", QUESTION]])
def test_without_a_terminal_the_screen_says_what_to_use(argv: list[str], capsys: Captured) -> None:
    assert main(argv) == 2
    line = complaint(capsys)
    assert "decode SOURCE --follow" in line
    assert "snapshot SOURCE" in line


def test_replay_from_an_epoch_that_is_not_there_is_told(capsys: Captured) -> None:
    assert main(["replay", QUESTION, "--from", "9"]) == 2
    assert "it has 3" in complaint(capsys)


@pytest.mark.parametrize("term", ["", "dumb", None])
def test_a_terminal_that_knows_nothing_gets_lines(
    term: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TERM", raising=False)
    if term is not None:
        monkeypatch.setenv("TERM", term)
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(getattr(sys, name), "isatty", lambda: True)
    assert is_plain("x", plain=False, piped=False)


@pytest.mark.parametrize(("ending", "code"), [(b"q", 0), (signal.SIGTERM, 143)])
def test_the_demo_draws_in_a_terminal_and_leaves_it_as_it_was(
    ending: bytes | signal.Signals, code: int, tmp_path: Path
) -> None:
    screen, line = os.openpty()
    before = termios.tcgetattr(line)
    fcntl.ioctl(line, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = subprocess.Popen(
        [*COMMAND, "demo", "--speed", "0"],
        stdin=line, stdout=line, stderr=line, cwd=tmp_path, env={**os.environ, "TERM": "xterm"},
    )  # fmt: skip
    try:
        read_until(screen, b"ended")
        if isinstance(ending, bytes):
            os.write(screen, ending)
        else:
            process.send_signal(ending)
        read_until(screen, b"\x1b[?1049l")
        assert process.wait(timeout=30) == code
        assert termios.tcgetattr(line) == before
    finally:
        process.kill()
        process.wait()
        os.close(line)
        os.close(screen)


def read_until(terminal: int, sign: bytes, seconds: float = 40.0) -> None:
    """Read what a program draws until `sign` is in it."""
    seen = b""
    until = time.monotonic() + seconds
    while sign not in seen:
        ready, _, _ = select.select([terminal], [], [], until - time.monotonic())
        assert ready, f"{sign!r} was not drawn"
        seen += os.read(terminal, 65536)
