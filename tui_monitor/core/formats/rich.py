"""Logs of Lightning's RichProgressBar.

Names tell the law: `_step` is the newest batch's, `_epoch` and validations are of the epoch that
ended last and stay beside the bar, all else is open. What stands there in the first epoch is of the
sanity check before it, and left out. A bar is drawn as it moves and after its numbers are set, or a few
times a second. What a narrow terminal wraps onto the next row is left out. Source: lightning/pytorch/
callbacks/progress/rich_progress.py 2.6, on_train_batch_end, MetricsTextColumn.
"""

from __future__ import annotations

import re
from typing import Final

from tui_monitor.core.formats.base import CLOCK, clock_seconds, printed, self_placed
from tui_monitor.core.metrics import describe
from tui_monitor.core.records import Item, Reading

BAR: Final = "rich"
"""`Epoch 0/3  ━━━╸━━━━ 4/45 0:00:00 • 0:00:01 65.80it/s v_num: 0 train_loss_step: 2.277`."""
EPOCH: Final = "rich-epoch"
"""What a state of the bar shows of the epoch that ended last."""

_BAR = re.compile(
    r"^\s{0,24}Epoch (\d{1,9})/(-?\d{1,9}) {1,8}[━╸╺ ]{1,300}(?<= )(\d{1,12})/(\d{1,12}) {1,4}"
    rf"({CLOCK}) • (?:({CLOCK})|-:--:--) \d{{1,9}}\.\d\dit/s(?= )"
)
_FIELD = re.compile(r" ([A-Za-z_][\w/@.-]{0,80}): (-?\d{1,15}\.\d{3}|nan|-?inf)(?= |$)")


class RichFormat:
    """Lightning's bar by Rich. See `Format`."""

    name: Final = "rich"

    def parse(self, text: str) -> tuple[Item, ...]:
        """A state of the bar: what it shows of an epoch that ended, and of the newest batch."""
        match = _BAR.match(text) if "it/s " in text and "•" in text else None
        if match is None:
            return ()
        epoch, last, step, steps, elapsed, left = match.groups()
        readings = [
            Reading(name, *printed(value), _law(name))
            for name, value in _FIELD.findall(text, match.end())
        ]
        items: list[Item] = []
        checked = epoch == "0" and step != steps  # before the first epoch's end: a sanity check
        of_epoch = [each for each in readings if each.law == "epoch"]
        if of_epoch and not checked:
            items.append(self_placed(EPOCH, None, None, of_epoch, unit="epoch", final=True))
        of_batch = [each for each in readings if each.law != "epoch"]
        if of_batch and step != "0":
            item = self_placed(
                *(BAR, int(step), int(steps), of_batch),
                epoch=int(epoch),
                epochs=int(last) + 1 if int(last) >= 0 else None,
                eta=clock_seconds(left) if left else None,
                elapsed=clock_seconds(elapsed),
            )
            items.append(item)
        return tuple(items)


def _law(name: str) -> str:
    if name.endswith("_epoch") or describe(name).split == "val":
        return "epoch"
    newest = name.endswith("_step") or describe(name).split == "other"
    return "instantaneous" if newest else "open"
