"""Reports on several logs: rows with their log, explanations one after the other, plain lines."""

from __future__ import annotations

import csv
import json
import threading
from itertools import islice
from pathlib import Path

import pytest

from tui_monitor.cli import main
from tui_monitor.core.options import DecodeOptions
from tui_monitor.errors import TuiMonitorError
from tui_monitor.ingest.source import Chunk, Ended, Following, Hole, Pulled, Restarted
from tui_monitor.ingest.specs import Stream, spec_of
from tui_monitor.report.follow import follow
from tui_monitor.report.samples import sample_log
from tui_monitor.report.several import follow_several, logs_of, survey, updates_of_several

Captured = pytest.CaptureFixture[str]
SHORT = sample_log("epoch-jump").read_bytes()
OTHER = sample_log("slow-epochs").read_bytes()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, data in (("b/one.log", SHORT), ("a/two.log", OTHER), ("notes.txt", b"to do\n")):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    return tmp_path


def rows_of(capsys: Captured) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_folder_means_every_log_below_it_by_name(folder: Path) -> None:
    logs = [str(folder / "a" / "two.log"), str(folder / "b" / "one.log")]
    assert logs_of([spec_of(str(folder))]) == logs
    assert logs_of([spec_of(logs[1]), spec_of(str(folder / "*"))]) == logs[::-1]
    with pytest.raises(TuiMonitorError, match="no training log matches"):
        logs_of([spec_of(str(folder / "c*"))])


def test_rows_of_several_logs_name_theirs_in_a_last_column(folder: Path, capsys: Captured) -> None:
    assert main(["decode", str(folder)]) == 0
    rows = rows_of(capsys)
    logs = {str(folder / "a" / "two.log"): OTHER, str(folder / "b" / "one.log"): SHORT}
    for log, data in logs.items():
        own = [row for row in rows if row["source"] == log]
        single = folder / "single.log"
        single.write_bytes(data)
        assert main(["decode", str(single)]) == 0
        assert [{**row, "source": log} for row in rows_of(capsys)] == own
        assert list(own[0])[-1] == "source"


def test_rows_of_one_log_have_no_such_column(folder: Path, capsys: Captured) -> None:
    assert main(["decode", str(folder / "b" / "one.log"), "--format", "csv"]) == 0
    assert "source" not in capsys.readouterr().out.splitlines()[0]
    assert main(["decode", str(folder / "b"), "--format", "csv"]) == 0
    lines = list(csv.reader(capsys.readouterr().out.splitlines()))
    assert lines[0][-1] == "source"
    assert {line[-1] for line in lines[1:]} == {str(folder / "b" / "one.log")}


def test_explanations_follow_each_other(folder: Path, capsys: Captured) -> None:
    assert main(["explain", str(folder)]) == 0
    text = capsys.readouterr().out
    assert text.index("two.log") < text.index("one.log")


def test_in_json_several_logs_are_a_list_of_what_one_is(folder: Path, capsys: Captured) -> None:
    logs = [str(folder / "a" / "two.log"), str(folder / "b" / "one.log")]
    assert main(["explain", *logs, "--format", "json"]) == 0
    several = json.loads(capsys.readouterr().out)
    for log, each in zip(logs, several, strict=True):
        assert main(["explain", log, "--format", "json"]) == 0
        assert json.loads(capsys.readouterr().out) == each


@pytest.mark.parametrize("command", ["decode", "explain"])
def test_a_bad_log_is_told_and_the_others_are_done(
    command: str, folder: Path, capsys: Captured
) -> None:
    assert main([command, str(folder / "notes.txt"), str(folder / "b" / "one.log")]) == 2
    out, err = capsys.readouterr()
    assert "one.log" in out
    assert err.count("\n") == 1
    assert "no training progress found" in err


def test_a_frame_of_several_is_their_list(folder: Path, capsys: Captured) -> None:
    assert main(["snapshot", str(folder), "--size", "100x10"]) == 0
    text = capsys.readouterr().out
    assert len(text.splitlines()) == 10
    assert "2 runs" in text
    assert "a/two" in text


def test_a_survey_reads_each_log_once_and_decodes_none(folder: Path) -> None:
    runs = survey([spec_of(str(folder))], [], DecodeOptions())
    assert sorted(row.name for row in runs.rows) == ["a/two.log", "b/one.log"]
    assert all(row.glance is not None and row.snapshot is None for row in runs.rows)
    assert not runs.looking


def test_lines_of_several_begin_with_their_name(folder: Path) -> None:
    lines = list(islice(updates_of_several([spec_of(str(folder))], [], DecodeOptions()), 2))
    assert sorted(line.split(":")[0] for line in lines) == ["a/two.log", "b/one.log"]
    assert all("epoch" in line for line in lines)


class Scripted:
    """A source that gives what it was told to give."""

    def __init__(self, *pulls: Pulled) -> None:
        self.name = "pipe"
        self.following: Following = "none"
        self.rung = threading.Event()
        self.pulls = list(pulls)
        self.closed = False

    def open(self) -> Scripted:
        return self

    def pull(self, limit: int) -> Pulled:
        return self.pulls.pop(0) if self.pulls else None

    def position(self) -> None:
        return None

    def close(self) -> None:
        self.closed = True


def streams(*sources: Scripted) -> list[Stream]:
    return [
        Stream(f"{number}", f"pipe {number}", source.open) for number, source in enumerate(sources)
    ]


def test_lines_end_when_all_streams_have_ended() -> None:
    sources = [Scripted(Chunk(data), Ended("end of input")) for data in (SHORT, OTHER)]
    lines = list(updates_of_several([], streams(*sources), DecodeOptions()))
    assert {line.split(":")[0] for line in lines} == {"pipe 0", "pipe 1"}
    assert all(source.closed for source in sources)


def test_rows_of_several_come_as_the_logs_grow(folder: Path) -> None:
    source = Scripted(Chunk(SHORT), Ended("end of input"))
    log = folder / "b" / "one.log"
    followed = follow_several([spec_of(str(log))], streams(source), DecodeOptions())
    count: dict[str, int] = {}
    for name, session in followed:
        count[name] = count.get(name, 0) + len(session.take_rows())
        if len(count) == 2 and count.get(str(log)):
            with log.open("ab") as file:
                file.write(b"Epoch 3/3\n")
            break
    followed.close()
    assert source.closed
    assert count["pipe 0"] >= count[str(log)] > 0


def test_following_ends_with_the_last_stream() -> None:
    source = Scripted(Chunk(SHORT), Ended("end of input"))
    sessions = [session for _, session in follow_several([], streams(source), DecodeOptions())]
    assert sessions[-1].take_rows()


@pytest.mark.parametrize("event", [Hole(1 << 33), Restarted("cut back", len(SHORT) // 2)])
def test_one_of_several_is_followed_as_a_single_log_is(event: Hole | Restarted) -> None:
    pulls = [Chunk(SHORT), event, Chunk(SHORT[len(SHORT) // 2 :]), Ended("end")]
    alone = list(follow(Scripted(*pulls), DecodeOptions()))[-1]
    one = [each for _, each in follow_several([], streams(Scripted(*pulls)), DecodeOptions())][-1]

    assert list(one.rows()) == list(alone.rows())
    assert list(one.rows())[-1].offset > 0


def test_a_picture_of_several_tells_of_those_that_are_missing(
    folder: Path, capsys: Captured
) -> None:
    assert main(["snapshot", str(folder), str(folder / "no.log")]) == 2
    out, err = capsys.readouterr()
    assert "3 runs" in out
    assert err.startswith("tui-monitor: No such file or directory")
    assert err.count("\n") == 1
