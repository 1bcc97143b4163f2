"""What each entrance loads: a subprocess each, since only sys.modules of a fresh one proves it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {"numpy", "textual", "rich", "watchdog", "asyncio"}
SCREEN = {"textual", "rich"}


def loaded(code: str) -> set[str]:
    """Top-level modules that are loaded after running `code`."""
    script = f"{code}\nimport sys\nprint('\\n'.join(m.partition('.')[0] for m in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    return set(done.stdout.split())


def test_the_package_loads_nothing_heavy() -> None:
    assert not loaded("import tui_monitor") & (HEAVY | {"typing"})


@pytest.mark.parametrize("argv", [["--help"], ["--version"], ["decode", "--help"], ["--law", "x"]])
def test_help_version_and_bad_usage_load_nothing_heavy(argv: list[str]) -> None:
    assert not loaded(f"from tui_monitor.cli import main\nmain({argv!r})") & HEAVY


def test_the_python_interface_loads_no_screen() -> None:
    sample = Path(__file__).parents[1] / "sample_logs" / "keras2-epoch-jump-excerpt.log"
    code = f"from tui_monitor import *\ndecode_log({str(sample)!r})\nexplain_log({str(sample)!r})"

    assert not loaded(code) & SCREEN


def test_decode_and_explain_load_no_screen() -> None:
    sample = Path(__file__).parents[1] / "sample_logs" / "keras2-epoch-jump-excerpt.log"
    code = (
        "from tui_monitor.cli import main\n"
        f"assert main(['decode', {str(sample)!r}]) == 0\n"
        f"assert main(['explain', {str(sample)!r}]) == 0"
    )

    assert not loaded(code) & SCREEN


def test_explaining_and_drawing_load_no_masked_arrays() -> None:
    sample = Path(__file__).parents[1] / "sample_logs" / "keras2-epoch-jump-excerpt.log"
    code = (
        "import sys\n"
        "from tui_monitor.core.snapshot import SourceState\n"
        "from tui_monitor.report.source import decode_options, load_session\n"
        "from tui_monitor.ui.frame import screen_rows\n"
        "from tui_monitor.ui.monitor.scene import Scene\n"
        f"session = load_session({str(sample)!r}, decode_options(None, None, None, None))\n"
        "assert session.report()[0].boundaries\n"
        "source = SourceState('a.log', 'live', 'events', 0.0, None)\n"
        "assert screen_rows(Scene(session.snapshot(0.0), source), 120, 40)\n"
        "assert 'numpy.ma' not in sys.modules"
    )

    assert "numpy" in loaded(code)


def test_the_scatter_of_batches_loads_no_masked_arrays() -> None:
    code = (
        "from tui_monitor.core.inference.spread import Spread\n"
        "spread = Spread(1)\n"
        "for k in range(1, 30):\n"
        "    spread.take(1, k, 0.5 + 0.1 * (-1) ** k / k, 1e-4)\n"
        "assert spread.likelihood(32.0) is not None\n"
        "import sys\n"
        "assert 'numpy.ma' not in sys.modules"
    )

    assert "numpy" in loaded(code)
