"""Logs of PyTorch's MNIST example and of its many copies, and of OpenCLIP: positions in samples.

The loss is the newest batch's, and OpenCLIP shows the mean of those printed so far in brackets. The
example counts the samples before that batch, OpenCLIP those up to its end, and neither says how many
are in a batch: of which samples a number is, nobody can tell, so all are shown as printed. The example
takes all batches before to be as large as the newest: of a short last one it shows too few, which its
percentage betrays. Sources: pytorch/examples mnist/main.py; open_clip_train/train.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import ulp
from typing import Final, NamedTuple

from tui_monitor.core.formats.base import NUMBER, printed, self_placed
from tui_monitor.core.metrics import describe
from tui_monitor.core.records import Item, Progress, Reading

LINE: Final = "mnist"
"""`Train Epoch: 1 [6400/60000 (11%)]\\tLoss: 0.281234`."""
SHORT: Final = "mnist-short"
"""`Train Epoch: 1 [29984/60000 (100%)]\\tLoss: 0.281234`: fewer samples than its share of batches."""
SUMMARY: Final = "mnist-summary"
"""`Test set: Average loss: 0.0265, Accuracy: 9912/10000 (99%)`."""

_LINE = re.compile(
    r"\bTrain Epoch: {1,4}(\d{1,9})(?:/(\d{1,9}))? \[ {0,12}(\d{1,12})/(\d{1,12}) "
    r"\( {0,3}(\d{1,3}(?:\.\d{1,3})?)%\)\](?=\s)"
)
_FIELD = re.compile(
    rf"(?<=\s)([A-Za-z][\w ]{{0,40}}?): {{1,12}}({NUMBER})%?(?: \(({NUMBER})\))?(?=[\s,]|$)"
)
_SUMMARY = re.compile(
    rf"\b(?:Test|Val|Validation) set: Average loss: ({NUMBER}), Accuracy: (\d{{1,12}})/(\d{{1,12}}) \("
)


class MnistFormat:
    """PyTorch's MNIST example and OpenCLIP. See `Format`."""

    name: Final = "mnist"

    def parse(self, text: str) -> tuple[Item, ...]:
        """The numbers of a batch, or of an evaluation."""
        if "Train Epoch: " in text and (match := _LINE.search(text)):
            epoch, epochs, step, steps, percent = match.groups()
            short = 100 * int(step) < (float(percent) - 1.0) * int(steps)
            style = SHORT if short else LINE
            item = self_placed(
                *(style, int(step), int(steps), _readings(text, match.end())),
                unit="sample",
                epoch=int(epoch),
                epochs=int(epochs) if epochs else None,
            )
            return (item,)
        if " set: Average loss: " in text and (match := _SUMMARY.search(text)):
            loss, right, of = match[1], int(match[2]), int(match[3])
            percent = 100.0 * right / of if of else 0.0
            readings = (
                Reading("val_loss", *printed(loss), "epoch"),
                Reading("val_Accuracy", percent, ulp(percent), "epoch"),
            )
            return (self_placed(SUMMARY, None, None, readings, unit="epoch", final=True),)
        return ()


class Counted(NamedTuple):
    """The samples of an epoch's newest print."""

    epoch: int | None = None
    samples: int = 0
    every: int = 0
    """Since the print before."""

    def next(self, item: Progress) -> tuple[Counted, Progress]:
        """With the next print; that with the samples before it, or none where nobody knows them."""
        samples = item.step or 0
        if item.epoch == self.epoch and samples < self.samples and item.style == SHORT:
            item = item._replace(step=self.samples + self.every if self.every else None)
            return Counted(item.epoch, item.step or self.samples, self.every), item
        every = samples - self.samples if item.epoch == self.epoch else 0
        return Counted(item.epoch, samples, max(every, 0)), item


def _readings(text: str, at: int) -> Iterator[Reading]:
    for name, value, mean in _FIELD.findall(text, at):
        rate = describe(name).split == "other"
        yield Reading(name, *printed(value), "instantaneous" if rate else "unknown")
        if mean:
            yield Reading(f"{name} (avg)", *printed(mean), "unknown")
