"""Logs of DeepSpeed's own: the lines of its pipeline engine, and of its optimizer's steps.

    .. [INFO] [logging.py:96:log_dist] [Rank 0] step=10, skipped=0, lr=[1e-05], mom=[(0.9, 0.95)]
    steps: 10 loss: 7.1234 iter time (s): 1.234 samples/sec: 51.863

A loss is the mean over the step's micro-batches and all ranks. A line of the optimizer alone is that
of a program which prints its losses by itself. Sources: deepspeed/runtime/pipe/engine.py,
train_batch; deepspeed/runtime/engine.py, _report_progress.
"""

from __future__ import annotations

import re
from typing import Final

from tui_monitor.core.formats.base import NUMBER, printed, self_placed
from tui_monitor.core.records import Item, Reading

PIPELINE: Final = "deepspeed"
"""`steps: 10 loss: 7.1234 iter time (s): 1.234 samples/sec: 51.863`."""
OPTIMIZER: Final = "deepspeed-optimizer"
"""`.. [Rank 0] step=10, skipped=0, lr=[1e-05], mom=[(0.9, 0.95)]`."""

_PIPELINE = re.compile(
    rf"(?:^|\s)steps: (\d{{1,12}}) ((?:[A-Za-z][\w /.-]{{0,60}}: {NUMBER} ){{1,20}})"
    r"iter time \(s\): (\d{1,9}\.\d{3}) samples/sec: "
)
_LOSS = re.compile(rf"([A-Za-z][\w /.-]{{0,60}}): ({NUMBER}) ")
_OPTIMIZER = re.compile(
    rf"\[Rank \d{{1,6}}\] step=(\d{{1,12}}), skipped=\d{{1,12}}, lr=\[?({NUMBER})[,\]]"
)


class DeepSpeedFormat:
    """DeepSpeed. See `Format`."""

    name: Final = "deepspeed"

    def parse(self, text: str) -> tuple[Item, ...]:
        """The losses of a step, or the learning rate."""
        if "iter time (s): " in text and (match := _PIPELINE.search(text)):
            losses = [
                Reading(name, *printed(value), "instantaneous")
                for name, value in _LOSS.findall(match[2])
            ]
            item = self_placed(PIPELINE, int(match[1]), None, losses, per_step=float(match[3]))
            return (item,)
        if "skipped=" in text and (match := _OPTIMIZER.search(text)):
            rate = Reading("lr", *printed(match[2]), "instantaneous")
            return (self_placed(OPTIMIZER, int(match[1]), None, [rate]),)
        return ()
