"""What happened between two pictures that a user wants to be called for. Pure."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from tui_monitor.core.records import Finding
from tui_monitor.core.snapshot import Curve, Snapshot, SourceState, is_longer
from tui_monitor.ui.drawing.format import number

AlertKind = Literal["alarm", "stalled", "ended", "lost", "best"]
_ALARMING = ("nan", "divergence", "failed")
_LEAST_VALS = 3
"""Validations from which a best one is news: of the first two one is always the best."""


class Alert(NamedTuple):
    """One line for the user."""

    kind: AlertKind
    text: str


def alerts(
    before: tuple[Snapshot, SourceState] | None, now: tuple[Snapshot, SourceState]
) -> list[Alert]:
    """What is news, the most urgent first; nothing of what was there when the log was opened.

    `before` is the newest picture that had all there was to read; while it is read there are no news,
    but for those of the end of a big log, which is shown first.
    """
    if before is None or before[0].revision == 0 or now[1].catching_up:
        return []
    (old, was), (new, state) = before, now
    if (was.filling is None) != (state.filling is None) or is_longer(new, old):
        return []  # more in place of the end: what is new of it was there before
    told = {_key(each) for each in old.findings}
    found = [
        Alert("alarm", each.text)
        for each in new.findings
        if each.kind in _ALARMING and _key(each) not in told
    ]
    if new.ended and not old.ended and not found:
        found.append(Alert("ended", f"{state.name}: the training has ended"))
    # Silence after the end is no stall.
    if state.condition != was.condition and state.condition == "stalled" and not new.ended:
        found.append(Alert("stalled", f"{state.name}: nothing has come for a while"))
    if state.condition != was.condition and state.condition == "lost":
        found.append(Alert("lost", state.detail or f"{state.name}: lost"))
    if new.run == old.run and new.cut is None:  # else there may have been a better one
        found += _best(old, new)
    return found


def _key(finding: Finding) -> tuple[object, ...]:
    return finding.kind, finding.run, finding.metric


def _best(old: Snapshot, new: Snapshot) -> list[Alert]:
    known = {each.metric: each.val.size for each in old.curves}
    return [
        Alert(
            "best",
            f"best {each.val_metric} so far: {number(float(each.val[-1]), each.val_decimals)}",
        )
        for each in new.curves
        if each.val.size > known.get(each.metric, each.val.size) and _newest_is_best(each)
    ]


def _newest_is_best(curve: Curve) -> bool:
    finite = curve.val[np.isfinite(curve.val)]
    if finite.size < _LEAST_VALS or not np.isfinite(curve.val[-1]):
        return False
    others = finite[:-1]
    newest = float(finite[-1])
    return bool(newest > others.max() if curve.higher_is_better else newest < others.min())
