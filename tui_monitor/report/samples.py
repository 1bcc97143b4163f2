"""The bundled sample logs: where they lie and what each is good for.

In an installed package they lie inside it; in a checkout, in `sample_logs/` at the project's root.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from tui_monitor.errors import TuiMonitorError


class Sample(NamedTuple):
    """One bundled log."""

    file: str
    summary: str


SAMPLES = {
    "outer-loop": Sample(
        "keras2-outer-loop.log", "Keras 2.0.9, three calls of fit: both lag and real steps"
    ),
    "samples-bar": Sample(
        "keras2-samples-bar.log", "Keras 2.2.4, a bar that counts samples: nearly all is lag"
    ),
    "verbose2": Sample("keras2-verbose2.log", "Keras 2.0.9, verbose=2: 300 epochs, a line each"),
    "averaged-twice": Sample(
        "keras3-averaged-twice.log", "Keras 3.12: the bar averages a running mean again"
    ),
    "running-mean": Sample("keras3-running-mean.log", "Keras 3.15: a running mean, averaged once"),
    "epoch-jump": Sample(
        "keras2-epoch-jump-excerpt.log", "the 18 lines of the question that started this"
    ),
    "slow-epochs": Sample(
        "keras2-verbose2-excerpt.log", "four epochs of a run that hardly moves any more"
    ),
}
"""Name for `demo` -> sample."""

DEFAULT_SAMPLE = "outer-loop"


def sample_log(name: str = DEFAULT_SAMPLE) -> Path:
    """Path of a bundled log; TuiMonitorError if no sample has that name."""
    if name not in SAMPLES:
        raise TuiMonitorError(f"no sample log, {name}: choose one of {', '.join(SAMPLES)}")
    package = Path(__file__).parents[1]
    for folder in (package / "sample_logs", package.parent / "sample_logs"):
        path = folder / SAMPLES[name].file
        if path.is_file():
            return path
    raise TuiMonitorError(f"sample log missing, {SAMPLES[name].file}: install tui-monitor again")
