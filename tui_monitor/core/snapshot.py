"""What a screen draws of a session and of its source, frozen; no behaviour beyond what fields imply.

Units and bases are written at the field. Steps and epochs are 1-based, as logs print them; array
indices are 0-based. Absent numbers are None (or NaN in an array), never zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from tui_monitor.core.columns.arrays import FloatArray
from tui_monitor.core.records import Boundary, Event, Finding, LawEvidence, Unit

GoalState = Literal["met", "foreseen", "after the end", "not foreseeable", "too early", "absent"]
SourceCondition = Literal["waiting", "live", "stalled", "ended", "lost", "paused"]


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One train metric of one run, with its validation twin, as columns of equal length.

    Positions are in batches since the run's start (`Snapshot.epoch_ends` says where epochs end), or
    in epochs where the log prints one line an epoch. NaN is a break. Of a very long run the older
    prints are thinned, see `thinning`.
    """

    metric: str
    val_metric: str | None
    higher_is_better: bool
    bounds: tuple[float, float]
    """What the metric can be at all: (0, 1) for an accuracy, (0, inf) or (-inf, inf) for a loss."""
    x: FloatArray
    """Position after each print, ascending."""
    x_from: FloatArray
    """Position where the print's window begins."""
    displayed: FloatArray
    value: FloatArray
    low: FloatArray
    high: FloatArray
    """Window mean and its guaranteed bounds."""
    level: FloatArray
    level_sd: FloatArray
    val_x: FloatArray
    val: FloatArray
    """Validation points, at the end of their epoch."""
    law: LawEvidence
    inertia: tuple[float, float] | None
    """Most that one more batch can move the displayed number now: (down, up), both >= 0."""
    decimals: int = 4
    """That its numbers are told with."""
    val_decimals: int = 4

    @property
    def has_level(self) -> bool:
        """Whether any level is known: not for metrics that are shown as printed."""
        return bool(np.isfinite(self.level).any())


class EpochRow(NamedTuple):
    """One row of the epoch table, for one train metric."""

    epoch: int
    label: str
    metric: str
    displayed: float
    """The last number displayed in the epoch."""
    level_end: float | None
    """Decoded level at the epoch's end."""
    level_end_sd: float | None
    val: float | None
    seconds: float | None
    marks: str
    """Kinds of events in the epoch, comma separated."""


class Pace(NamedTuple):
    """Speed and time left. Seconds; steps are batches, or epochs where only those are printed."""

    steps_per_second: float | None
    eta_epoch: float | None
    eta_run: float | None
    between: float | None = None
    """From one print to the next, as the log tells of its own speed."""


class Goal(NamedTuple):
    """A value that the user wants a metric to reach, and when it will."""

    metric: str
    value: float
    higher_is_better: bool
    state: GoalState
    """`after the end`: foreseen, but not before the last planned epoch is over; `too early`: too few
    epochs are over; `absent`: the log shows no such metric."""
    now: float | None = None
    """The metric after the newest epoch that is over; if met, after the first that did."""
    met_in: int | None = None
    """That epoch, as the log numbers it."""
    epochs: tuple[float, float, float] | None = None
    """Epochs still to go, counted from the newest that is over: 2.5 %, median and 97.5 % of the curves
    that fit; inf where they never get there."""
    chance: float = 0.0
    """Share of the curves that fit which ever get there."""
    left: int | None = None
    """Epochs still planned."""
    epoch_seconds: float | None = None
    """How long one takes."""
    seconds: tuple[float, float, float] | None = None
    """As `epochs`, from now on."""


class CutRun(NamedTuple):
    """The run shown began before what was read of the log: its epochs count from the first one read.

    They are known by their labels: as the log numbers them, else `+1`, `+2`.
    """

    epochs: int | None
    """Planned, as the log says; `Snapshot.epochs` is None."""
    begin: int
    """Byte of the log at which what was read begins."""


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """All that a screen or report needs of a session, frozen; compared by identity."""

    revision: int
    """Grows with every published change."""
    format: str | None
    """Name of the log's format, None before it is known."""
    runs: int
    run: int
    """The run shown (the latest), 1-based; 0 before the first."""
    epoch: int
    """1-based ordinal within the run; 0 before the first."""
    epoch_label: str
    epochs: int | None
    step: int | None
    steps: int | None
    unit: Unit
    learning_rate: float | None
    batch_size: int | None
    law: LawEvidence | None
    curves: tuple[Curve, ...]
    """In the order printed; losses and accuracies alike."""
    epoch_ends: FloatArray
    """Position where each finished epoch ends, ascending; the unit is that of `Curve.x`."""
    epoch_rows: tuple[EpochRow, ...]
    boundaries: tuple[Boundary, ...]
    """Oldest first; several metrics a boundary."""
    findings: tuple[Finding, ...]
    events: tuple[Event, ...]
    event_x: FloatArray
    """Position of each event."""
    pace: Pace
    log_tail: tuple[str, ...]
    """The last lines, redraws folded, oldest first."""
    lines: int
    bytes: int
    """Read so far."""
    last_print: str | None
    """The newest progress line, as printed."""
    ended: bool
    """The log says that the training is over."""
    goals: tuple[Goal, ...] = ()
    """Targets that the user set, as far as they are met; the newest run's."""
    batch_size_certain: bool = True
    """False: `batch_size` is the likeliest, but right answers are not counted by it."""
    cut: CutRun | None = None
    """Only the log's end was read, and the run shown began before it."""


class ReplayPosition(NamedTuple):
    """Where a replay stands."""

    fraction: float
    """Of the log's bytes, 0..1."""
    speed: float
    """1 is the pace of the training; 0 as fast as possible."""
    paused: bool


class Filling(NamedTuple):
    """A big log whose end is shown while it is read from its beginning."""

    read: int
    """Bytes from the beginning that were read."""
    size: int
    """Bytes of the log."""
    seconds: float | None
    """Until all is read; None while that is not known."""


def is_longer(end: Snapshot, before: Snapshot) -> bool:
    """Whether both are of a log's end, and the first of more of it."""
    return end.cut is not None and before.cut is not None and end.cut.begin < before.cut.begin


class SourceState(NamedTuple):
    """How the source of the log is doing; beside a `Snapshot` it makes the status line."""

    name: str
    """Short name to show: the file's name."""
    condition: SourceCondition
    following: Literal["events", "polling", "replay", "none"]
    """How growth is noticed."""
    quiet_seconds: float | None
    """Since the last new byte; None before the first."""
    detail: str | None
    """One line for the user: waiting for the file, truncated, permission denied..."""
    replay: ReplayPosition | None = None
    catching_up: bool = False
    """There is more to read than was read so far."""
    filling: Filling | None = None
    """The snapshot is of the log's end only; how far the whole is read."""
