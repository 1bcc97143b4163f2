"""What a SOURCE means, which files are looked into, what is a log."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from tui_monitor.ingest.discover import (
    SNIFFED,
    File,
    Tree,
    Unreadable,
    is_candidate,
    is_walked,
    is_worth_another_look,
    sniff,
    verdict,
)
from tui_monitor.ingest.finder import LogFinder
from tui_monitor.ingest.specs import Spec, leads, names_of, spec_of

LOG = b"Epoch 1/2\n 1/10 [=>....] - ETA: 1s - loss: 0.6931\n10/10 [====] - 1s - loss: 0.5000\n"
NOW = 1_700_000_000.0


# --- what is decided -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("-", Spec("pipe", "-")),
        ("ssh://host/a.log", Spec("ssh", "ssh://host/a.log")),
        ("train.log", Spec("file", "train.log")),
        ("runs", Spec("tree", "runs")),
        ("runs/*/train.log", Spec("tree", "runs", ("*", "train.log"))),
        ("/data/**/*.log", Spec("tree", "/data", ("**", "*.log"))),
        ("/*.log", Spec("tree", "/", ("*.log",))),
        ("*.log", Spec("tree", ".", ("*.log",))),
        ("odd[1].log", Spec("file", "odd[1].log")),
        ("odd[2].log", Spec("tree", ".", ("odd[2].log",))),
    ],
)
def test_a_source_means_what_its_form_says(source: str, expected: Spec) -> None:
    there = {"odd[1].log"}
    assert spec_of(source, is_folder={"runs"}.__contains__, exists=there.__contains__) == expected


@pytest.mark.parametrize(
    ("path", "pattern", "expected"),
    [
        ("a/b.log", (), "match"),
        ("a", ("*", "train.log"), "on"),
        ("a/train.log", ("*", "train.log"), "match"),
        ("a/other.log", ("*", "train.log"), "no"),
        ("a/b/train.log", ("*", "train.log"), "no"),
        ("a", ("**", "*.log"), "on"),
        ("x.log", ("**", "*.log"), "match"),
        ("a/b/c/x.log", ("**", "*.log"), "match"),
        ("a/b/c/x.txt", ("**", "*.log"), "on"),
        ("exp1/deep/x.txt", ("exp*",), "match"),
        ("other/x.txt", ("exp*",), "no"),
    ],
)
def test_a_glob_says_which_folders_are_worth_walking(
    path: str, pattern: Sequence[str], expected: str
) -> None:
    assert leads(path.split("/"), pattern) == expected


@pytest.mark.parametrize("name", [".git", "__pycache__", "node_modules", ".hidden"])
def test_folders_of_tools_are_not_walked(name: str) -> None:
    assert not is_walked(name)


def test_a_hidden_folder_is_walked_where_the_glob_names_it() -> None:
    assert is_walked(".runs", (".runs", "*.log"))


@pytest.mark.parametrize("name", ["model.h5", "a.PNG", ".train.log", "x.py", "train.log~", "a.run"])
def test_files_of_other_kinds_are_not_looked_into(name: str) -> None:
    assert not is_candidate(name)


@pytest.mark.parametrize(
    "name", ["train.log", "slurm-123.out", "nohup.out", "log", "run.txt", "a.1"]
)
def test_files_of_any_likely_name_are_looked_into(name: str) -> None:
    assert is_candidate(name)


@pytest.mark.parametrize(
    ("head", "tail", "expected"),
    [
        (LOG, b"", "log"),
        (b"preamble\n" * 9, LOG, "log"),
        (b"\x7fELF\x00\x00\x00\x01" * 40, LOG, "other"),
        (b"Using TensorFlow backend.\n", b"", "open"),
        (b"", b"", "open"),
        (b"\xff\xfe" + LOG.decode().encode("utf-16-le"), b"", "log"),
        (b"10/10 [" + b"\b" * 400 + b"====] - 1s - loss: 0.5000\n" + LOG, b"", "log"),
    ],
)
def test_a_log_is_told_by_what_it_prints(head: bytes, tail: bytes, expected: str) -> None:
    assert verdict(head, tail) == expected


def test_a_text_is_looked_into_again_when_it_has_grown_or_was_cut() -> None:
    assert not is_worth_another_look(1000, 1000)
    assert not is_worth_another_look(1500, 1000)
    assert is_worth_another_look(2001, 1000)
    assert is_worth_another_look(10, 1000)
    assert is_worth_another_look(1, 0)
    assert is_worth_another_look(10 * SNIFFED, 8 * SNIFFED)


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["a/x.log", "b/y.log"], ["x.log", "y.log"]),
        (["a/train.log", "b/train.log"], ["a/train.log", "b/train.log"]),
        (["a/1/t.log", "b/1/t.log", "c/2/t.log"], ["a/1/t.log", "b/1/t.log", "2/t.log"]),
        (["t.log", "a/t.log"], ["t.log", "a/t.log"]),
    ],
)
def test_names_are_as_short_as_they_can_be(paths: list[str], expected: list[str]) -> None:
    assert names_of(paths) == expected


# --- what is read --------------------------------------------------------------------------------


def write(path: Path, data: bytes = LOG, *, age: float = 100.0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (NOW - age, NOW - age))
    return path


def walk(tree: Tree) -> list[File | Unreadable]:
    found: list[File | Unreadable] = []
    while tree.busy:
        found += tree.step()
    return found


def paths(found: Sequence[File | Unreadable], root: Path) -> list[str]:
    return sorted(os.path.relpath(each.path, root) for each in found)


def test_a_walk_finds_the_candidates_at_any_depth(tmp_path: Path) -> None:
    for name in ("a.log", "x/b.log", "x/y/z/c.out", ".git/d.log", "x/model.h5", "x/.e.log"):
        write(tmp_path / name)

    found = walk(Tree(str(tmp_path)))

    assert paths(found, tmp_path) == ["a.log", "x/b.log", "x/y/z/c.out"]


def test_a_walk_of_a_glob_reads_no_folder_that_cannot_match(tmp_path: Path) -> None:
    for name in ("exp1/train.log", "exp2/train.log", "exp1/deep/train.log", "other/train.log"):
        write(tmp_path / name)
    tree = Tree(str(tmp_path), ("exp*", "train.log"))

    assert paths(walk(tree), tmp_path) == ["exp1/train.log", "exp2/train.log"]
    assert str(tmp_path / "other") not in tree.folders


def test_links_are_followed_and_loops_are_not(tmp_path: Path) -> None:
    write(tmp_path / "runs" / "a.log")
    write(tmp_path / "elsewhere" / "b.log")
    (tmp_path / "runs" / "loop").symlink_to(tmp_path / "runs")
    (tmp_path / "runs" / "more").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "runs" / "dangling").symlink_to(tmp_path / "nowhere")

    found = walk(Tree(str(tmp_path / "runs")))

    assert paths(found, tmp_path / "runs") == ["a.log", "more/b.log"]


def test_a_quiet_tree_is_not_read_again(tmp_path: Path) -> None:
    write(tmp_path / "x" / "a.log")
    tree = Tree(str(tmp_path), wall=lambda: NOW + 1e9)
    walk(tree)

    tree.begin_round()

    assert not tree.busy


def test_a_folder_that_has_changed_is_read_again(tmp_path: Path) -> None:
    write(tmp_path / "x" / "a.log")
    tree = Tree(str(tmp_path), wall=lambda: NOW + 1e9)
    walk(tree)
    write(tmp_path / "x" / "b.log")
    os.utime(tmp_path / "x", (NOW, NOW))

    tree.begin_round()

    assert paths(walk(tree), tmp_path) == ["x/a.log", "x/b.log"]


def test_a_folder_that_came_back_under_its_name_is_walked_again(tmp_path: Path) -> None:
    write(tmp_path / "runs" / "x" / "a.log")
    tree = Tree(str(tmp_path / "runs"))
    walk(tree)
    shutil.rmtree(tmp_path / "runs")
    tree.begin_round()
    (gone,) = walk(tree)
    assert isinstance(gone, Unreadable)
    tree.begin_round()
    assert walk(tree) == []  # told once
    write(tmp_path / "runs" / "x" / "b.log")

    tree.begin_round()

    assert paths(walk(tree), tmp_path / "runs") == ["x/b.log"]


def test_what_may_not_be_read_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "closed" / "a.log")
    scandir = os.scandir

    def refuse(path: str) -> object:
        if path.endswith("closed"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    tree = Tree(str(tmp_path))

    assert walk(tree) == [Unreadable(str(tmp_path / "closed"), "permission denied")]
    tree.begin_round()
    assert walk(tree) == []


def test_a_large_file_is_sniffed_at_both_ends(tmp_path: Path) -> None:
    path = write(tmp_path / "a.log", b"words\n" * 20000 + LOG)
    assert sniff(str(path), path.stat().st_size) == "log"


def test_a_file_that_vanishes_before_it_is_opened_is_no_crash(tmp_path: Path) -> None:
    assert sniff(str(tmp_path / "gone.log"), 5) == Unreadable(
        str(tmp_path / "gone.log"), "not there"
    )


# --- over time -----------------------------------------------------------------------------------


def found_by(finder: LogFinder) -> list[str]:
    return [os.path.basename(file.path) for file in finder.find() if file is not None]


def test_the_newest_logs_are_found_first_and_others_never(tmp_path: Path) -> None:
    write(tmp_path / "old.log", age=500)
    write(tmp_path / "new.log", age=5)
    write(tmp_path / "notes.txt", b"to do\n", age=1)
    finder = LogFinder([Spec("tree", str(tmp_path))])

    assert finder.first_round
    assert found_by(finder) == ["new.log", "old.log"]
    assert not finder.first_round


def test_a_text_becomes_a_log_once_it_shows_progress(tmp_path: Path) -> None:
    path = write(tmp_path / "train.log", b"Using TensorFlow backend.\n")
    finder = LogFinder([Spec("tree", str(tmp_path))])
    assert found_by(finder) == []
    write(path, b"Using TensorFlow backend.\n" + LOG)

    finder.look_again(set(), everywhere=True)

    assert found_by(finder) == ["train.log"]


def test_an_empty_file_becomes_a_log_too(tmp_path: Path) -> None:
    path = write(tmp_path / "train.log", b"")
    finder = LogFinder([Spec("tree", str(tmp_path))])
    assert found_by(finder) == []
    write(path)

    finder.look_again(set(), everywhere=True)

    assert found_by(finder) == ["train.log"]


def test_a_file_is_found_once_by_whatever_names(tmp_path: Path) -> None:
    path = write(tmp_path / "a.log")
    (tmp_path / "latest.log").symlink_to(path)
    os.link(path, tmp_path / "b.log")
    specs = [Spec("tree", str(tmp_path)), Spec("tree", str(tmp_path), ("*.log",))]

    assert found_by(LogFinder(specs)) == ["a.log"]
    assert found_by(LogFinder(specs, known=[str(path)])) == []


def test_an_event_makes_its_folder_be_read(tmp_path: Path) -> None:
    finder = LogFinder([Spec("tree", str(tmp_path))])
    assert found_by(finder) == []
    path = write(tmp_path / "a.log")

    finder.look_again({str(path)}, everywhere=False)

    assert found_by(finder) == ["a.log"]


def test_names_begin_below_the_folder_unless_there_are_several(tmp_path: Path) -> None:
    one, other = Spec("tree", str(tmp_path / "one")), Spec("tree", str(tmp_path / "other"))
    path = str(tmp_path / "one" / "x" / "a.log")

    assert LogFinder([one]).name(path) == "x/a.log"
    assert LogFinder([one, other]).name(path) == "one/x/a.log"
