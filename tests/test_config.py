"""The configuration file: read as data, told apart from what is wrong in one line, beaten by flags."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import pytest

from tui_monitor import cli, config
from tui_monitor.arguments import parse
from tui_monitor.errors import TuiMonitorError
from tui_monitor.grammar import COMMANDS
from tui_monitor.settings import Settings, Size

WHOLE = """
law = "cumulative-batch"
batch-size = 32
format-hint = "keras"
metric = "*acc*"
color = false
glyphs = "block"
theme = "light"
bell = true
notify = true
plain = true
speed = 60
size = "160x48"
"""


def written(folder: Path, text: str | bytes) -> str:
    path = folder / "config.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return str(path)


def test_every_key_is_read(tmp_path: Path) -> None:
    assert config.load(written(tmp_path, WHOLE)) == {
        "law": "cumulative-batch",
        "batch_size": 32,
        "format_hint": "keras",
        "metric": "*acc*",
        "color": False,
        "glyphs": "block",
        "theme": "light",
        "bell": True,
        "notify": True,
        "plain": True,
        "speed": 60.0,
        "size": Size(160, 48),
    }
    assert len(config.KEYS) == len(config.load(written(tmp_path, WHOLE)))


def test_every_key_is_an_option_of_some_command() -> None:
    known = {name for command in COMMANDS for name in vars(parse(_words(command))[1])}
    assert {key.option for key in config.KEYS.values()} <= known


def _words(command: str) -> list[str]:
    return [command, "--", "x"] if command == "run" else [command, "x"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("\n\ncolour = true\n", "unknown key 'colour', FILE line 3: write 'color'"),
        ("batch_size = 3", "unknown key 'batch_size', FILE line 1: write 'batch-size'"),
        (
            "[replay]\nspeed = 3",
            "unknown key 'replay', FILE line 1: take it out, or use one of law,",
        ),
        ("bell = 1", "bad value of 'bell', FILE line 1: it must be true or false"),
        ("batch-size = 0", "bad value of 'batch-size', FILE line 1: it must be a whole number"),
        ("batch-size = true", "bad value of 'batch-size', FILE line 1: it must be a whole number"),
        ("speed = nan", "bad value of 'speed', FILE line 1: it must be a number, 0 or more"),
        ("size = '9999x1'", "bad value of 'size', FILE line 1: it must be columns and rows like"),
        ("law = 'mean'", "bad value of 'law', FILE line 1: it must be one of instantaneous,"),
        ("law = ['unknown']", "bad value of 'law', FILE line 1: it must be one of instantaneous,"),
        (
            "webhook = 'https://x/y'",
            "unknown key 'webhook', FILE line 1: an address is only called",
        ),
        ("bell = yes", "no TOML, FILE: invalid value (at line 1, column 8); write key = value"),
        (b"\xff\xfe", "not UTF-8, FILE: save the configuration as UTF-8"),
        (b"#" * 70_000, "too large for a configuration, FILE: name a TOML file"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(
    tmp_path: Path, text: str | bytes, complaint: str
) -> None:
    path = written(tmp_path, text)
    with pytest.raises(TuiMonitorError) as told:
        config.load(path)
    message = str(told.value)
    assert message.startswith(complaint.replace("FILE", path))
    assert "\n" not in message


def test_a_named_file_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(TuiMonitorError, match="No such file"):
        config.load(str(tmp_path / "none.toml"))


def test_without_a_file_nothing_is_configured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert config.load(None) == {}


def test_it_is_looked_for_where_configurations_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    folder = tmp_path / "tui-monitor"
    folder.mkdir()
    (folder / "config.toml").write_text("bell = true\n")
    assert config.load(None) == {"bell": True}
    monkeypatch.setenv("XDG_CONFIG_HOME", "relative")
    monkeypatch.setenv("HOME", "/home/someone")
    assert config.default_path() == "/home/someone/.config/tui-monitor/config.toml"


def settings_of(*words: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """What `watch` is run with."""
    seen: list[Settings] = []

    def watch(_: Namespace, settings: Settings) -> int:
        seen.append(settings)
        return 0

    monkeypatch.setitem(cli.COMMANDS, "watch", watch)
    assert cli.main(["watch", "train.log", *words]) == 0
    return seen[0]


def test_flags_beat_the_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    file = written(tmp_path, WHOLE)
    configured = settings_of("--config", file, monkeypatch=monkeypatch)
    assert configured.law == "cumulative-batch"
    assert configured.bell
    assert configured.blocks
    assert configured.light
    assert not configured.color
    flags = ["--law", "epoch", "--no-bell", "--ascii", "--theme", "dark", "--color"]
    given = settings_of("--config", file, *flags, monkeypatch=monkeypatch)
    assert given.law == "epoch"
    assert not given.bell
    assert given.notify
    assert given.ascii
    assert not given.blocks
    assert not given.light
    assert given.color


def test_the_environment_takes_colour_away_unless_a_flag_wants_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("NO_COLOR", "1")
    assert not settings_of(monkeypatch=monkeypatch).color
    assert settings_of("--color", monkeypatch=monkeypatch).color


def test_a_bad_configuration_ends_with_one_line_and_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["train.log", "--config", written(tmp_path, "bel = true")]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "write 'bell'" in told


def test_an_address_is_only_called_where_a_flag_names_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert settings_of(monkeypatch=monkeypatch).webhook is None
    given = settings_of("--webhook", "https://host/secret", monkeypatch=monkeypatch)
    assert given.webhook == "https://host/secret"
