"""Logs of Detectron2: a line every 20 iterations.

A loss is the median of the last 20 iterations', so it tells of none of them, and the total is no sum of
its parts. The learning rate is the newest one. Source: detectron2/utils/events.py, CommonMetricPrinter.
"""

from __future__ import annotations

import re
from typing import Final

from tui_monitor.core.formats.base import CLOCK, NUMBER, clock_seconds, printed, self_placed
from tui_monitor.core.records import Item, Reading

LINE: Final = "detectron2"
"""`eta: 8:15:24  iter: 19  total_loss: 1.541  ..  time: 0.3490  lr: 0.000005  max_mem: 1561M`."""

_LINE = re.compile(
    rf"(?<=\s)(?:eta: ({CLOCK})  )?(?:epoch/iter: (\d{{1,9}})/|iter: )(\d{{1,12}})  (?=[\w/]{{1,80}}: )"
)
"""fast-reid tells the epoch as well, of which the iterations are not its own."""
_FIELD = re.compile(rf"([\w/.-]{{1,80}}): ({NUMBER})(?=  )")
_CLUTTER = frozenset({"time", "last_time", "data_time", "last_data_time"})


class Detectron2Format:
    """Detectron2. See `Format`."""

    name: Final = "detectron2"

    def parse(self, text: str) -> tuple[Item, ...]:
        """The medians of the newest iterations."""
        match = _LINE.search(f" {text}") if "iter: " in text and "lr: " in text else None
        if match is None:
            return ()
        fields = _FIELD.findall(f" {text}", match.end())
        readings = [
            Reading(name, *printed(value), "instantaneous" if name == "lr" else "median")
            for name, value in fields
            if name not in _CLUTTER
        ]
        if not any("loss" in each.metric for each in readings):
            return ()
        pace = next((float(value) for name, value in fields if name == "time"), None)
        eta = clock_seconds(match[1]) if match[1] else None
        item = self_placed(
            *(LINE, int(match[3]), None, readings),
            epoch=int(match[2]) if match[2] else None,
            eta=eta,
            per_step=pace,
            from_zero=True,
        )
        return (item,)
