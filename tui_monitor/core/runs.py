"""The nouns of a list of runs: what a log shows at a glance, and a row of the list. All frozen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from tui_monitor.core.records import Unit
from tui_monitor.core.snapshot import Pace, Snapshot

RunState = Literal[
    "live", "stalled", "ended", "failed", "stopped", "waiting", "lost", "gone", "unread"
]
"""`live`: it grows. `stalled`: it grew a while ago and is not over. `ended`, `failed`: the log says
so. `stopped`: it stopped growing long ago and does not say why. `waiting`: not there, or not readable
now. `lost`: its reading has ended with an error. `gone`: it was there. `unread`: not looked into yet.
"""
MAIN_METRIC = "loss"
"""What runs are listed by where they print it."""


class MetricGlance(NamedTuple):
    """One train metric with its validation twin, as printed."""

    name: str
    """As printed, without `val_`."""
    higher_is_better: bool
    displayed: float | None
    """The newest number displayed; None where only validation prints it."""
    trend: tuple[float, ...]
    """Displayed numbers over the run, oldest first, averaged into some dozens; nan where they are."""
    val_name: str | None
    val: float | None
    """The newest one."""
    best_val: float | None
    """The best finite one."""
    best_label: str
    """Its epoch, as shown."""
    decimals: int = 4
    """That its numbers are told with."""
    val_decimals: int = 4


@dataclass(frozen=True, slots=True)
class Glance:
    """What the newest run of a log shows without being decoded."""

    format: str | None
    """None: no training progress found yet."""
    runs: int
    epoch: int
    """1-based ordinal within the run; 0 before the first. In a log read from its end only, the
    printed number is to be relied on."""
    label: str
    """The epoch's number as printed; empty where the log prints none or repeats it."""
    epochs: int | None
    step: int | None
    steps: int | None
    unit: Unit
    metrics: tuple[MetricGlance, ...]
    """In the order printed."""
    pace: Pace
    ended: bool
    """The log says that the training is over."""
    failed: bool
    """The last thing it tells is a traceback."""
    broken: tuple[str, ...]
    """Metrics whose newest number is nan or infinite."""
    whole: bool
    """False: only the log's end was read, so a better `best_val` may lie before it."""

    def metric(self, name: str | None = None) -> MetricGlance | None:
        """The metric of this name; without one the main metric: the loss, or else the first printed."""
        found = next((each for each in self.metrics if each.name == (name or MAIN_METRIC)), None)
        if found is None and name is None and self.metrics:
            return self.metrics[0]
        return found


class RunRow(NamedTuple):
    """One run of the list."""

    key: str
    """What it is asked for by; unique."""
    name: str
    """Short, safe to show, unlike that of any other row."""
    state: RunState
    quiet_seconds: float | None
    """Since it last grew; None where that is not known."""
    glance: Glance | None
    """None: not looked into yet."""
    snapshot: Snapshot | None = None
    """What was decoded of it, if it was asked for or grows."""
    progress: float | None = None
    """Share of it that is decoded, 0..1, while that goes on."""
    detail: str | None = None
    """One line for the user: why it cannot be read, what happened to it."""
    changed: float = 0.0
    """When it was last written to (seconds since 1970), to sort by."""


class RunList(NamedTuple):
    """All runs, as one picture."""

    rows: tuple[RunRow, ...] = ()
    looking: bool = True
    """Whether folders are still being searched, or logs looked into, for the first time."""
    following: Literal["events", "polling", "none"] = "none"
    """How growth and new logs are noticed; none: not, or not yet."""
    notice: str | None = None
    """One line for the user: what cannot be read, what has appeared or gone."""
