"""Faults played while a feed follows: the series decoded is that of a clean read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ingest.playing import FAULTS, Player, bars, decoded, play_fault, repeated
from tui_monitor.report.samples import sample_log

REAL = ("averaged-twice", "samples-bar")
"""Bundled logs, a bar that is redrawn and lines."""


def check(fault: Callable[[Player], None], folder: Path, lines: str, seed: int) -> None:
    folder.mkdir()
    source = bars(seed) if lines == "bars" else repeated(sample_log(lines).read_bytes())
    follower, clean = play_fault(fault, folder, seed, source)
    assert not follower.failures
    assert len(decoded(clean)) >= 60
    assert decoded(follower.session) == decoded(clean)
    assert all("\n" not in line for line in follower.told)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_the_series_is_that_of_a_clean_read(
    fault: Callable[[Player], None], tmp_path: Path
) -> None:
    check(fault, tmp_path / "logs", "bars", len(fault.__name__))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("lines", ["bars", *REAL])
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_the_series_is_that_of_a_clean_read_of_any_log(
    fault: Callable[[Player], None], lines: str, seed: int, tmp_path: Path
) -> None:
    check(fault, tmp_path / "logs", lines, seed)
