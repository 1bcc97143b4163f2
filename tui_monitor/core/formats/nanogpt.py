"""Logs of nanoGPT: a line for each logged iteration, the loss of its last micro-batch.

Source: nanoGPT train.py. Iterations count from 0; `step 400` is the state after 400 of them.
"""

from __future__ import annotations

import re
from typing import Final

from tui_monitor.core.formats.base import printed, self_placed
from tui_monitor.core.records import Item, Reading

LINE: Final = "nanogpt"
"""`iter 100: loss 3.2014, time 12.34ms, mfu 5.67%`; forks show more before the time."""
VALIDATION: Final = "nanogpt-validation"
"""`step 400: train loss 2.5883, val loss 2.7142`."""

_VALUE = r"(\d{1,12}\.\d{4}|nan|inf)"
_LINE = re.compile(
    rf"\biter (\d{{1,12}}): loss {_VALUE}(?:, [a-z][^,]{{1,40}}){{0,3}}, time (\d{{1,12}}\.\d{{2}})ms"
)
_VALIDATION = re.compile(rf"\bstep (\d{{1,12}}): train loss {_VALUE}, val loss {_VALUE}(?!\d)")


class NanoGptFormat:
    """nanoGPT. See `Format`."""

    name: Final = "nanogpt"

    def parse(self, text: str) -> tuple[Item, ...]:
        """The loss of an iteration, or of a validation."""
        if "loss " not in text:
            return ()
        if match := _LINE.search(text):
            loss = Reading("loss", *printed(match[2]), "instantaneous")
            step, seconds = int(match[1]), float(match[3]) / 1e3
            return (self_placed(LINE, step, None, [loss], per_step=seconds, from_zero=True),)
        if match := _VALIDATION.search(text):
            # The training's part is estimated anew, of other batches: no print of the run's.
            loss = Reading("val_loss", *printed(match[3]), "epoch")
            return (self_placed(VALIDATION, int(match[1]), None, [loss], final=False),)
        return ()
