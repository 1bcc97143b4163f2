"""Logs of verigak's progress bar, as bearpaw's pytorch-classification and its many copies draw it.

A word, cells, the count of batches and what the loop shows beside times: as a rule the means of the
epoch's samples so far, though each loop may show what it likes, so that it is found out. A test draws a
bar below that of its epoch, which a line announces. Sources: progress/bar.py; cifar.py, train.
"""

from __future__ import annotations

import re
from typing import Final

from tui_monitor.core.formats.base import self_placed
from tui_monitor.core.formats.fields import readings
from tui_monitor.core.records import Item

BAR: Final = "progress-bar"
"""`Processing |######      | (57/391) Data: 0.001s | ETA: 0:00:45 | Loss: 1.5023 | top1:  45.6000`."""

_BAR = re.compile(
    r"([A-Za-z][\w :\[\]/-]{0,60}?):? {1,4}\|[^|\w%]{8,100}\| {1,2}"
    r"\(? {0,6}(\d{1,9})/(\d{1,9})\)?[ |,:]{1,4}"
)
_DIGITS = re.compile(r"\d+")


class ProgressBarFormat:
    """A bar of verigak's progress. See `Format`."""

    name: Final = "progress"

    def parse(self, text: str) -> tuple[Item, ...]:
        """A state of the bar with what the loop shows."""
        if " |" not in text or (match := _BAR.match(text)) is None:
            return ()
        shown = readings(text[match.end() :], "", steps=True)
        bar = self_placed(BAR, int(match[2]), int(match[3]), shown)
        return (bar._replace(bar=_DIGITS.sub("#", match[1])),) if bar.readings else ()
