"""Outputs: whole or absent, never the source, never in place of a device."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tui_monitor.errors import TuiMonitorError
from tui_monitor.report.output import open_output


def test_a_file_appears_whole(tmp_path: Path) -> None:
    target = tmp_path / "rows.csv"
    with open_output(str(target), "train.log") as stream:
        stream.write("é\n")
        assert not target.exists()

    assert target.read_text("utf-8") == "é\n"
    assert os.listdir(tmp_path) == ["rows.csv"]


def test_a_failure_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "rows.csv"
    target.write_text("old")

    def fail_half_way() -> None:
        with open_output(str(target), "train.log") as stream:
            stream.write("new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail_half_way()
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["rows.csv"]


def test_replacing_keeps_mode_and_link(tmp_path: Path) -> None:
    target = tmp_path / "real.csv"
    target.write_text("old")
    target.chmod(0o600)
    link = tmp_path / "link.csv"
    link.symlink_to(target)
    with open_output(str(link), "train.log") as stream:
        stream.write("new")

    assert link.is_symlink()
    assert target.read_text() == "new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_streaming_shows_every_flush(tmp_path: Path) -> None:
    target = tmp_path / "rows.jsonl"
    with open_output(str(target), "train.log", streaming=True) as stream:
        stream.write("1\n")
        stream.flush()
        assert target.read_text() == "1\n"


def test_the_source_is_never_overwritten(tmp_path: Path) -> None:
    source = tmp_path / "train.log"
    source.write_text("Epoch 1/3")
    link = tmp_path / "same.log"
    link.symlink_to(source)

    with (
        pytest.raises(TuiMonitorError, match="output is the source"),
        open_output(str(link), str(source)),
    ):
        pytest.fail("opened")
    assert source.read_text() == "Epoch 1/3"


def test_a_device_is_written_in_place() -> None:
    with open_output(os.devnull, "train.log") as stream:
        stream.write("gone")

    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    target = str(tmp_path / "no" / "rows.csv")

    with pytest.raises(TuiMonitorError, match="name an --output"), open_output(target, "-"):
        pytest.fail("opened")
