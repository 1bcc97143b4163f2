"""What is on the terminal before the screen is."""

from __future__ import annotations

import os
import pty

import pyte
import pytest

from tui_monitor import splash
from tui_monitor.ui.screens import monitor


def shown(text: str, columns: int, rows: int) -> list[str]:
    screen = pyte.Screen(columns, rows)
    pyte.Stream(screen).feed(text)
    return [line.rstrip() for line in screen.display]


def test_it_shows_the_name_and_the_keys() -> None:
    lines = shown(splash.splash("train.log", 120, 10, ascii=False), 120, 10)
    assert lines[0] == " ○ reading   train.log"
    assert lines[-1] == f" {splash.KEYS}"
    assert not any(lines[1:-1])


def test_its_keys_are_those_of_the_monitor() -> None:
    keys = "  ".join(f"{key} {what}" for key, what in monitor._KEYS)
    assert keys.startswith(splash.KEYS)


@pytest.mark.parametrize("size", [(1, 1), (5, 2), (40, 10)])
def test_it_fits_any_terminal(size: tuple[int, int]) -> None:
    text = splash.splash("a" * 300, *size, ascii=True)
    assert text.isascii()
    lines = shown(text, *size)
    assert lines[0].startswith(" o reading"[: size[0]].rstrip())


def test_it_goes_if_the_screen_never_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    leader, follower = pty.openpty()
    monkeypatch.setattr(splash, "_OUTPUT", follower)
    with pytest.raises(KeyboardInterrupt), splash.splashed("train.log", ascii=False):
        raise KeyboardInterrupt
    sent = ""
    while "\x1b[?1049l" not in sent:
        sent += os.read(leader, 4096).decode()
    assert sent.startswith("\x1b[?1049h")
    os.close(follower)
    os.close(leader)


def test_nothing_is_sent_where_there_is_no_terminal(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with splash.splashed("train.log", ascii=False):
        pass
    assert capfd.readouterr().err == ""
