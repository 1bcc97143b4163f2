"""Logs of the MetricLogger of torchvision's references, and of DETR, DeiT, MAE, DINO, BLIP after it.

A meter prints the median of its last 20 values and, in brackets, its mean since the epoch's start.
Accuracies are weighed by samples, all else counts once a batch. Source: torchvision
references/classification/utils.py and train.py. Lines of an evaluation (`Test: ..`) are left out;
its summary (`* Acc@1 81.1 ..`, `Test:  Acc@1 81.1 ..`) is the epoch's validation.
"""

from __future__ import annotations

import re
from typing import Final

from tui_monitor.core.formats.base import CLOCK, NUMBER, clock_seconds, printed
from tui_monitor.core.records import Item, Progress, Reading

LINE: Final = "metriclogger"
"""`Epoch: [0]  [10/90]  eta: 0:00:00  lr: 0.05  loss: 2.2715 (2.2743)  ..  time: 0.0026`."""
SUMMARY: Final = "metriclogger-summary"
"""`* Acc@1 81.100 Acc@5 95.400 loss 0.800`."""

_LINE = re.compile(
    r"\bEpoch: ?\[(\d{1,9})(?:/(\d{1,9}))?\] {1,4}\[ *(\d{1,12})/(\d{1,12})\] {1,4}"
    rf"eta: ({CLOCK})(?=  )"
)
_METER = re.compile(
    rf"  ([A-Za-z][^\s:()]{{0,60}}): ({NUMBER})(?: \(({NUMBER})\)|(?=  |$))(?: *(?=  |$))"
)
_COUNTED = re.compile(r"acc(?:uracy)?[@_]?\d{0,3}$|acc@", re.IGNORECASE)
_SUMMARY = re.compile(
    r"^(?:\*|Test:) {1,2}((?:[A-Za-z][\w@/-]{0,40} \d{1,9}\.\d{3}(?: {1,4}|$)){1,20})$"
)
_SUMMARY_FIELD = re.compile(r"(\S{1,41}) (\d{1,9}\.\d{3})")

_RATES = frozenset({"lr", "min_lr", "learning_rate"})
_CLUTTER = frozenset({"time", "data", "img/s", "clips/s"})


class MetricLoggerFormat:
    """torchvision's references and their relatives. See `Format`."""

    name: Final = "metriclogger"

    def parse(self, text: str) -> tuple[Item, ...]:
        """The meters of a line of training, or the summary of an evaluation."""
        match = _LINE.search(text)
        item = _training(text, match) if match else _summary(text)
        return (item,) if item is not None else ()


def _training(text: str, match: re.Match[str]) -> Progress:
    epoch, epochs, step, steps, eta = match.groups()
    readings: list[Reading] = []
    per_step: float | None = None
    for name, value, mean in _METER.findall(text, match.end()):
        if name == "time":
            per_step = float(value)
        if name in _CLUTTER:
            continue
        if mean:
            law = "state" if _COUNTED.match(name) else "plain"
            readings.append(Reading(name, *printed(value), "median"))
            readings.append(Reading(f"{name} (avg)", *printed(mean), law))
        elif name in _RATES:
            readings.append(Reading(name, *printed(value), "instantaneous"))
    return Progress(
        *(LINE, int(step) + 1, int(steps), tuple(readings), None, False),
        *(clock_seconds(eta), None, per_step, "batch", int(epoch)),
        int(epochs) if epochs else None,
    )


def _summary(text: str) -> Progress | None:
    match = _SUMMARY.match(text)
    if match is None:
        return None
    readings = tuple(
        Reading(f"val_{name}", *printed(value), "epoch")
        for name, value in _SUMMARY_FIELD.findall(match[1])
    )
    return Progress(SUMMARY, None, None, readings, True, False, None, None, None, "epoch")
