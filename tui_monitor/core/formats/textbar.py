"""Logs of the ProgressBar of lonePatient's BERT repositories, which many Chinese projects have copied.

A bar an epoch, without a header: numbers are the newest batch's. Bars of an evaluation are left out.
Source: tools/progressbar.py.
"""

from __future__ import annotations

import re
from typing import Final

from tui_monitor.core.formats.base import CLOCK, clock_seconds, printed
from tui_monitor.core.records import Item, Progress, Reading

BAR: Final = "textbar"
"""`[Training] 4/10 [===========>..................] - ETA: 1:58  loss: 2.1629 `."""

_BAR = re.compile(
    r"\[Training\] (\d{1,12})/(\d{1,12}) \[[=>.]{30}\](?: - ETA: (?:(\d{1,9})s|"
    rf"({CLOCK}))| (\d{{1,9}}\.\d)(us|ms|s)/step) (?= )"
)
_FIELD = re.compile(r"[ -] ([A-Za-z_]\w{0,60}): (-?\d{1,15}\.\d{4}|nan|-?inf)(?=\s|$)")
_UNIT_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6}


class TextBarFormat:
    """A text bar of BERT repositories. See `Format`."""

    name: Final = "textbar"

    def parse(self, text: str) -> tuple[Item, ...]:
        """The states of the bar of a training."""
        if "[Training] " not in text or (match := _BAR.search(text)) is None:
            return ()
        step, steps, seconds, clock, pace, unit = match.groups()
        readings = tuple(
            Reading(name, *printed(value), "instantaneous")
            for name, value in _FIELD.findall(text, match.end() - 1)
        )
        eta = float(seconds) if seconds else clock_seconds(clock) if clock else None
        per_step = float(pace) * _UNIT_SECONDS[unit] if pace else None
        final = int(step) >= int(steps)
        return (Progress(BAR, int(step), int(steps), readings, final, False, eta, None, per_step),)
