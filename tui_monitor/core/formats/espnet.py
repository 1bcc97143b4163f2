"""Logs of ESPnet 2, and of FunASR after it: a line every few batches, which says of which.

Numbers are means over those batches, by samples; each line begins where the one before it ended, and
each epoch anew. The summary of an epoch holds its validation. Source: espnet2/train/trainer.py,
reporter.py, log_message.
"""

from __future__ import annotations

import re
from typing import Final

from tui_monitor.core.formats.base import NUMBER, printed, self_placed
from tui_monitor.core.records import Item, Reading

LINE: Final = "espnet"
"""`2epoch:train:11-20batch: iter_time=0.006, loss=50.873, acc=0.471, train_time=0.203`."""
SUMMARY: Final = "espnet-validation"
"""`2epoch results: [train] loss=.., time=.., [valid] loss=45.1, acc=0.5, time=.., total_count=22`."""

_LINE = re.compile(
    r"\b(\d{1,9})epoch:train:\d{1,12}-(\d{1,12})batch:(?:\d{1,12}num_updates:)?(?= )"
)
_SUMMARY = re.compile(r"\b(\d{1,9})epoch results: \[train\] ")
_VALID = re.compile(r"\[valid\]((?: [\w@]{1,60}=[^\[\]=,]{1,60},?){1,60})")
_FIELD = re.compile(rf"[ ,]([A-Za-z][\w@]{{0,60}})=({NUMBER})(?=, )")
_CLUTTER = re.compile(
    r"(?:\w{1,40}_)?time|clip|loss_scale|total_count|\w{0,40}mem\w{0,20}|optim_step"
)


class EspnetFormat:
    """ESPnet. See `Format`."""

    name: Final = "espnet"

    def parse(self, text: str) -> tuple[Item, ...]:
        """The means over some batches, or an epoch's validation."""
        if "epoch:train:" in text and (match := _LINE.search(text)):
            readings = _readings(text[match.end() :], "", "interval-reset")
            return (self_placed(LINE, int(match[2]), None, readings, epoch=int(match[1])),)
        if "epoch results: " in text and (match := _SUMMARY.search(text)):
            valid = _VALID.search(text, match.end())
            readings = _readings(valid[1], "val_", "epoch") if valid else []
            item = self_placed(
                *(SUMMARY, None, None, readings), unit="epoch", final=True, epoch=int(match[1])
            )
            return (item,)
        return ()


def _readings(text: str, data: str, law: str) -> list[Reading]:
    return [
        Reading(f"{data}{name}", *printed(value), law)
        for name, value in _FIELD.findall(text)
        if not _CLUTTER.fullmatch(name)
    ]
