"""Logs of verigak's progress bar, as bearpaw's pytorch-classification and its many copies draw it.

A word, cells, the count of batches and what the loop shows beside times: as a rule the means of the
epoch's samples so far, though each loop may show what it likes, so that it is found out. A test draws a
bar below that of its epoch, which a line announces. CenterNet and its relatives count batches from 0
and show means over the epoch's batches. Sources: progress/bar.py; cifar.py, train; CenterNet
src/lib/trains/base_trainer.py, run_epoch.
"""

from __future__ import annotations

import re
from typing import Final

from tui_monitor.core.formats.base import CLOCK, clock_seconds, printed, self_placed
from tui_monitor.core.formats.fields import readings
from tui_monitor.core.records import Item, Reading

BAR: Final = "progress-bar"
"""`Processing |######      | (57/391) Data: 0.001s | ETA: 0:00:45 | Loss: 1.5023 | top1:  45.6000`."""

PHASE: Final = "progress-phase"
"""`ctdet/coco |####    | train: [1][2/60]|Tot: 0:00:01 |ETA: 0:00:33 |loss 86.4594 |hm_loss 3.85 `."""

_PHASE = re.compile(
    rf"(?:^|\s)[\w./-]{{1,120}} ?\|(?:[# ]{{32}}\|)? (train|val): "
    rf"\[(\d{{1,9}})\]\[(\d{{1,9}})/(\d{{1,9}})\]\|Tot: {CLOCK} \|ETA: ({CLOCK}) (?=\|)"
)
_LOSS = re.compile(r"\|([A-Za-z]\w{0,40}) (-?\d{1,12}\.\d{4}|nan|inf) (?=\|)")
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
        if "|Tot: " in text and (match := _PHASE.search(text)):
            return _of_phase(text, match)
        if " |" not in text or (match := _BAR.match(text)) is None:
            return ()
        shown = readings(text[match.end() :], "", steps=True)
        bar = self_placed(BAR, int(match[2]), int(match[3]), shown)
        return (bar._replace(bar=_DIGITS.sub("#", match[1])),) if bar.readings else ()


def _of_phase(text: str, match: re.Match[str]) -> tuple[Item, ...]:
    """The means of an epoch so far, or of its validation where that is over."""
    phase, epoch, step, steps, left = match.groups()
    shown = _LOSS.findall(text, match.end())
    if phase == "train":
        means = [Reading(name, *printed(value), "copied") for name, value in shown]
        item = self_placed(
            *(PHASE, int(step), int(steps), means),
            epoch=int(epoch),
            eta=clock_seconds(left),
            from_zero=True,
        )
        return (item,) if means else ()
    if int(step) + 1 < int(steps):
        return ()
    numbers = [Reading(f"val_{name}", *printed(value), "epoch") for name, value in shown]
    return (self_placed(PHASE, None, None, numbers, unit="epoch", final=True, epoch=int(epoch)),)
