"""Logs of Darknet, by pjreddie and by AlexeyAB: a line an iteration.

The first number is the batch's loss, the second an exponential mean that begins with the first loss.
Source: darknet examples/detector.c, classifier.c.
"""

from __future__ import annotations

import re
from typing import Final

from tui_monitor.core.formats.base import NUMBER, printed, self_placed
from tui_monitor.core.records import Item, Reading

LINE: Final = "darknet"
"""`12: 2.266327, 2.294303 avg loss, 0.020000 rate, 0.000800 seconds, 192 images`."""

_VALUE = rf"({NUMBER}|-nan|-inf)"
_LINE = re.compile(
    rf"(?:^|\s)(\d{{1,12}})(?:, \d{{1,9}}\.\d{{3}})?: {_VALUE}, {_VALUE} avg(?: loss)?, "
    rf"({NUMBER}) rate, ({NUMBER}) seconds, \d{{1,15}} images"
)


class DarknetFormat:
    """Darknet. See `Format`."""

    name: Final = "darknet"

    def parse(self, text: str) -> tuple[Item, ...]:
        """An iteration: its loss, the mean loss and the learning rate."""
        match = _LINE.search(text) if " avg" in text else None
        if match is None:
            return ()
        step, loss, mean, rate, seconds = match.groups()
        readings = (
            Reading("loss", *printed(loss), "instantaneous"),
            Reading("loss (avg)", *printed(mean), "seeded-0.9"),
            Reading("rate", *printed(rate), "instantaneous"),
        )
        return (self_placed(LINE, int(step), None, readings, per_step=float(seconds)),)
