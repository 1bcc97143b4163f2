"""The monitor where no screen can be drawn: one line an update."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from math import isfinite

from tui_monitor.core.explaining.figures import Figures, number, printed_epochs, printed_step
from tui_monitor.core.runs import Glance
from tui_monitor.core.session import Session
from tui_monitor.core.snapshot import Curve, Snapshot

UPDATE_SECONDS = 1.0
"""Between two lines at least."""


def updates(
    sessions: Iterable[Session], clock: Callable[[], float] = time.monotonic
) -> Iterator[str]:
    """A line whenever the session has moved on, for as long as there are looks at it.

    It goes on after the end of a training, since the next fit of an outer loop may follow.
    Lines come `UPDATE_SECONDS` apart at least; of what passed between, only the newest is told.
    """
    told = ""
    due = float("-inf")
    revision = -1
    session: Session | None = None
    for session in sessions:
        now = clock()
        if session.revision == revision or now < due:
            continue
        line, revision = update_line(session.snapshot(now)), session.revision
        if line != told:
            yield line
            told, due = line, now + UPDATE_SECONDS
    line = update_line(session.snapshot(clock())) if session is not None else ""
    if line not in ("", told):
        yield line


def update_line(snapshot: Snapshot) -> str:
    """Place and newest numbers of a training; empty before the first print."""
    if not snapshot.curves:
        return ""
    # A number and its mean have one validation, which is told beside the mean.
    of = {each.val_metric: each.metric for each in snapshot.curves}
    told = (_newest(each, val=of[each.val_metric] == each.metric) for each in snapshot.curves)
    return "  ".join([place_of(snapshot, _label(snapshot)), *told])


def _label(snapshot: Snapshot) -> str:
    """The newest epoch's number as the log prints it; its ordinal where the log repeats its numbers."""
    label, epoch = snapshot.epoch_label, snapshot.epoch
    repeats = any(row.label == label and row.epoch != epoch for row in snapshot.epoch_rows)
    return str(epoch) if repeats or not label else label


def place_of(run: Snapshot | Glance, epoch: str) -> str:
    """Where a run stands: `epoch 3/10 step 5/406`, as far as that is known."""
    place = f"epoch {epoch}{printed_epochs(run.epochs, run.format)}"
    if run.step is not None and run.unit != "epoch":
        noun = "step" if run.unit == "batch" else run.unit
        place += f" {noun} {printed_step(run.step, run.format)}" + (
            f"/{run.steps}" if run.steps else ""
        )
    return place


def _newest(curve: Curve, *, val: bool) -> str:
    """A metric as displayed, with its level and twice the level's standard error."""
    text = f"{curve.metric} {number(float(curve.displayed[-1]), curve.decimals)}"
    level, sd = float(curve.level[-1]), float(curve.level_sd[-1])
    if isfinite(level):
        show = Figures(abs(level), curve.decimals)
        text += f" (level {show.number(level)} ± {show.error(2.0 * sd)})"
    if val and curve.val_metric is not None and curve.val.size:
        text += f" {curve.val_metric} {number(float(curve.val[-1]), curve.val_decimals)}"
    return text
