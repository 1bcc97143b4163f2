"""What README.md shows is what the program does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tui_monitor import decode_log
from tui_monitor.arguments import parse
from tui_monitor.cli import main
from tui_monitor.report.decode import FIELDS
from tui_monitor.report.samples import sample_log

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
NUMBER = re.compile(r"[-+]?\d+\.\d+")


def test_the_explanation_is_the_programs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    found = re.search(r"`tui-monitor (explain [^`]*)` begins[^`]*```\n([^`]*)```", README)
    assert found is not None
    assert main(found[1].split()) == 0
    printed = capsys.readouterr().out[: len(found[2]) + 200]
    shown = found[2]

    # The last digits may differ from one machine's arithmetic to another's.
    assert NUMBER.sub("#", printed).startswith(NUMBER.sub("#", shown))
    for ours, theirs in zip(NUMBER.findall(printed), NUMBER.findall(shown), strict=False):
        assert float(ours) == pytest.approx(float(theirs), abs=2e-4, rel=0.01)


def test_the_numbers_of_the_question_are_the_programs() -> None:
    rows = [row for row in decode_log(sample_log("epoch-jump"), metric="acc") if row.epoch == 1]
    window = next(row for row in rows if row.to_batch == 404)
    last = next(row for row in rows if row.to_batch == 405)
    second = next(row for row in rows if row.to_batch == 2)

    assert f"between {window.low:.5f} and {window.high:.5f}" in README
    assert f"between {last.low:.5f} and {last.high:.5f}" in README
    assert f"exactly {second.count} of {second.samples}" in README


def test_the_windows_of_the_page_on_decoding_are_the_programs() -> None:
    page = (ROOT / "docs" / "decoding.md").read_text("utf-8")
    table = page[page.index("<!-- windows -->") :].split("\n\n")[0].splitlines()[3:]
    rows = [row for row in decode_log(sample_log("epoch-jump"), metric="acc") if row.epoch == 1]
    shown = [
        f"| {row.to_batch} | {row.displayed} | {(row.to_batch or 0) - (row.from_batch or 0)} "
        f"| {row.low:.5f} | {row.high:.5f} | "
        + (f"{row.count} of {row.samples} |" if row.exact else "|")
        for row in rows
        if not row.final
    ]

    assert table == shown


def test_every_field_is_explained() -> None:
    table = README[README.index("| field | meaning |") : README.index("Absent values")]

    assert re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (.*?) \|", table, re.M))) == list(FIELDS)


def test_every_command_shown_is_understood() -> None:
    for line in re.findall(r"^tui-monitor (.*?)  ", README, re.M):
        parse(line.split())


def test_the_lines_of_the_question_are_in_the_log() -> None:
    log = re.sub(r"ETA: \d+s", "ETA: ...", sample_log("epoch-jump").read_text("ascii"))
    quoted = README.split("```")[1].strip("\n").splitlines()

    assert len(quoted) == 3
    assert all(line in log.splitlines() for line in quoted)
