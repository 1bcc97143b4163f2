"""Logs of the progress bar of kuangliu's pytorch-cifar, which very many PyTorch loops have copied.

A bar with the times of a step and of the epoch, and then what the loop shows: as a rule `Loss: 1.234 |
Acc: 45.600% (57/125)`, the mean of the epoch's batches and the share of its samples. What a copy shows
besides is found out. The bar writes its count last, amid itself, going back by the terminal's width; so
the count may stand upon the times, or, where backspaces are lost, at the line's end. A test draws the
same bar below that of its epoch, which a line announces.
Source: utils.py, progress_bar; main.py, train.
"""

from __future__ import annotations

import re
from typing import Final

from tui_monitor.core.formats.base import self_placed
from tui_monitor.core.formats.fields import PHASE, readings
from tui_monitor.core.metrics import describe
from tui_monitor.core.records import Item, Reading

BAR: Final = "cifar-bar"
"""` [======= 50/391 ==>........]  Step: 33ms | Tot: 4s | Loss: 1.234 | Acc: 45.600% (57/125)`."""

_TIMES = ("Step: ", "Tot: ")
_BAR = re.compile(r"[ \t]{0,40}\[[=>.]{2,200}")
_COUNT = re.compile(r" (\d{1,9})/(\d{1,9})(?: |$)")
_TIME = re.compile(r"(?:^|\|) {0,4}(?:Step|Tot): (?:\d{1,9}(?:ms|[Dhms])){0,2}(?= {0,4}(?:\||$))")
_RIGHT = re.compile(r"% \(\d{1,12}/\d{1,12}")
"""Behind an accuracy: how many of how many samples."""


class CifarBarFormat:
    """The bar of pytorch-cifar. See `Format`."""

    name: Final = "pytorch-cifar"

    def parse(self, text: str) -> tuple[Item, ...]:
        """A state of the bar with what the loop shows."""
        if not any(map(text.__contains__, _TIMES)) or (bar := _BAR.match(text)) is None:
            return ()
        if (count := _COUNT.search(text, bar.end())) is None:
            return ()
        at = text.find("]", bar.end()) + 1 or count.end()
        shown = f"{text[at : count.start()]} | {text[max(at, count.end()) :]}"
        shown = _TIME.sub("", shown).strip(" |")
        data = PHASE.match(shown)
        found = readings(shown[data.end() :] if data and data[4] else shown, "", steps=True)
        law = "copied" if _RIGHT.search(shown) else "open"
        item = self_placed(
            *(BAR, int(count[1]), int(count[2])),
            [_told(each, law) for each in found],
        )
        tests = data is not None and not data[1]
        return (item._replace(bar="validation" if tests else ""),)


def _told(reading: Reading, law: str) -> Reading:
    """A reading with the law of the original's, `law`, where it is one of these two."""
    name = reading.metric
    if law == "open" or name not in ("loss", "acc"):
        return reading
    return reading._replace(law="state" if describe(name).counts else law)
