"""Logs of LitGPT: a line an iteration, which is a micro-batch; steps of the optimizer take several.

A loss is the mean over as many of the newest iterations as a step takes, which a line that ends a step
tells (`Window`): until then it is the mean over all of them. Lit-GPT before it shows each iteration's
own loss. Sources: litgpt/pretrain.py and finetune/*.py, fit; lit-gpt finetune/*.py, train.
"""

from __future__ import annotations

import re
from typing import Final

from tui_monitor.core.formats.base import NUMBER, printed, self_placed
from tui_monitor.core.records import Item, Progress, Reading, Window

LINE: Final = "litgpt"
"""`Epoch 1 | iter 16 step 4 | loss train: 1.384, val: n/a | iter time: 123.45 ms (step)`."""
EARLY: Final = "litgpt-early"
"""`iter 16 step 4: loss 1.3842, iter time: 123.45ms (optimizer.step)`."""
VALIDATION: Final = "litgpt-validation"
"""`iter 400: val loss 1.2345, val time: 1000.00 ms`."""

_LINE = re.compile(
    r"(?:\bEpoch (\d{1,9}) \| |(?:^|\s))iter (\d{1,12}) step (\d{1,12}) \|"
    rf" loss train: ({NUMBER}), .{{1,200}}\| iter time: (\d{{1,12}}\.\d\d) ms( \(step\))?"
)
_EARLY = re.compile(
    rf"(?:^|\s)iter (\d{{1,12}}) step \d{{1,12}}: loss ({NUMBER}), iter time: (\d{{1,12}}\.\d\d)ms"
)
_VALIDATION = re.compile(rf"(?:^|\s)iter (\d{{1,12}}): val loss ({NUMBER}), val time: ")
_ALL: Final = "sliding-999999999"
"""Law of what is a mean over all iterations so far."""


class LitGptFormat:
    """LitGPT. See `Format`."""

    name: Final = "litgpt"

    def parse(self, text: str) -> tuple[Item, ...]:
        """The loss of an iteration, and how many it is a mean of; or that of a validation."""
        if "iter " not in text or "loss " not in text:
            return ()
        if match := _LINE.search(text):
            epoch, step, steps, loss, time, ends = match.groups()
            reading = Reading("loss", *printed(loss), _ALL)
            item = self_placed(
                *(LINE, int(step), None, [reading]),
                epoch=int(epoch) if epoch else None,
                per_step=float(time) / 1e3,
            )
            size = int(step) // int(steps) if ends and int(steps) else 0
            return (Window(size), item) if size else (item,)
        if match := _EARLY.search(text):
            reading = Reading("loss", *printed(match[2]), "instantaneous")
            pace = float(match[3]) / 1e3
            return (self_placed(EARLY, int(match[1]), None, [reading], per_step=pace),)
        if match := _VALIDATION.search(text):
            reading = Reading("val_loss", *printed(match[2]), "epoch")
            return (self_placed(VALIDATION, int(match[1]), None, [reading], final=False),)
        return ()


def smoothed_over(item: Progress, window: int) -> Progress:
    """A line whose loss is the mean of so many iterations."""
    law = f"sliding-{window}"
    return item._replace(readings=tuple(each._replace(law=law) for each in item.readings))
