"""Files made of what is shown: new ones only, in one folder only."""

from __future__ import annotations

import csv
import json
import math
import resource
from pathlib import Path

import pytest

from tests.ui import samples
from tests.ui.driving import monitor, text_of
from tui_monitor.core.snapshot import Snapshot
from tui_monitor.ui.export import FIELDS, ExportKind, export, safe_stem
from tui_monitor.ui.monitor.scene import Scene, View

SIZE = (100, 30)


def scene(snapshot: Snapshot, name: str = "train.log", view: View | None = None) -> Scene:
    return Scene(snapshot, samples.LIVE._replace(name=name), view or View())


def test_a_csv_has_a_row_for_each_print_and_val_point(tmp_path: Path) -> None:
    snapshot = samples.training()
    path = export(scene(snapshot), "csv", SIZE, tmp_path)
    with path.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert tuple(rows[0]) == FIELDS
    assert len(rows) == sum(each.x.size + each.val_x.size for each in snapshot.curves)
    first = snapshot.curves[0]
    assert float(rows[0]["displayed"]) == first.displayed[0]
    assert float(rows[first.x.size]["displayed"]) == first.val[0]
    assert rows[first.x.size]["metric"] == "val_loss"


def test_what_is_not_a_number_is_absent(tmp_path: Path) -> None:
    path = export(scene(samples.broken()), "jsonl", SIZE, tmp_path)
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    loss = [row for row in rows if row["metric"] == "loss"]
    assert loss[-1]["displayed"] is None
    assert all(value is None or not isinstance(value, float) or math.isfinite(value)
               for row in rows for value in row.values())  # fmt: skip


def test_only_what_is_shown_is_written(tmp_path: Path) -> None:
    path = export(scene(samples.training(), view=View(wanted="ACC")), "csv", SIZE, tmp_path)
    with path.open(newline="") as stream:
        assert {row["metric"] for row in csv.DictReader(stream)} == {"acc", "val_acc"}


@pytest.mark.parametrize(("kind", "mark"), [("svg", "<svg"), ("html", "<html"), ("txt", "why")])
def test_a_picture(tmp_path: Path, kind: ExportKind, mark: str) -> None:
    path = export(scene(samples.training()), kind, SIZE, tmp_path)
    assert path.name == f"train.log.{kind}"
    assert mark in path.read_text(encoding="utf-8")


def test_nothing_is_overwritten_nor_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "train.log.csv").write_text("mine")
    (folder / "train.log-2.csv").symlink_to(outside)
    path = export(scene(samples.training()), "csv", SIZE, folder)
    assert path.name == "train.log-3.csv"
    assert (folder / "train.log.csv").read_text() == "mine"
    assert not outside.exists()


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("train.log", "train.log"),
        ("../../etc/passwd", "etc-passwd"),
        ("..", "tui-monitor-"),
        (".bashrc", "bashrc"),
        ("a b\x1b]0;x\x07c", "a-b-0-x-c"),
        ("con.log", "tui-monitor-con.log"),
        ("x" * 300, "x" * 60),
        ("訓練", "tui-monitor-"),
    ],
)
def test_a_name_is_one_plain_component(name: str, stem: str) -> None:
    assert safe_stem(name) == stem
    assert Path(stem).name == stem


def test_a_metric_that_begins_like_a_formula_is_text(tmp_path: Path) -> None:
    snapshot = samples.with_curve(samples.training(), metric="=HYPERLINK(1)")
    text = export(scene(snapshot), "csv", SIZE, tmp_path).read_text()
    assert "\n'=HYPERLINK(1)," in text
    assert "\n=HYPERLINK" not in text


async def test_x_asks_what_and_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    app, _ = monitor(samples.training(), samples.LIVE)
    async with app.run_test(size=(160, 40)) as pilot:
        await pilot.pause()
        await pilot.press("x")
        assert any("JSON lines" in line for line in text_of(app))
        await pilot.press("j")
        await pilot.pause()
        assert any(f"exported to {tmp_path}"[:60] in line for line in text_of(app))
        await pilot.press("x", "escape")
    assert [path.name for path in tmp_path.iterdir()] == ["train.log.jsonl"]


async def test_a_folder_that_takes_nothing_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "cwd", lambda: tmp_path / "gone")
    app, _ = monitor(samples.training(), samples.LIVE)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await pilot.press("x", "c")
        await pilot.pause()
        assert any("not exported, No such file" in line for line in text_of(app))


@pytest.mark.parametrize("kind", ["csv", "jsonl", "svg", "html", "txt"])
async def test_a_disk_that_is_full_is_told_and_nothing_is_left(
    kind: ExportKind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    app, _ = monitor(samples.training(), samples.LIVE)
    async with app.run_test(size=(160, 40)) as pilot:
        await pilot.pause()
        await pilot.press("x")
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
        try:
            await pilot.press(kind[0])
            await pilot.pause()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert any("not exported, File too large" in line for line in text_of(app))
    assert not list(tmp_path.iterdir())
