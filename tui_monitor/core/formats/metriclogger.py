"""Logs of the MetricLogger of torchvision's references, and of DETR, DeiT, MAE, DINO, BLIP after it.

It comes from maskrcnn-benchmark, whose copies (FCOS, ..) count iterations over the whole training.

A meter prints the median of its last 20 values and, in brackets, its mean since the epoch's start.
Accuracies are weighed by samples, all else counts once a batch. Source: torchvision
references/classification/utils.py and train.py; maskrcnn_benchmark engine/trainer.py. Lines of an
evaluation (`Test: ..`) are left out; its summary (`* Acc@1 81.1 ..`, `Test:  Acc@1 81.1 ..`) is the
epoch's validation.
"""

from __future__ import annotations

import re
from typing import Final

from tui_monitor.core.formats.base import (
    CLOCK,
    NUMBER,
    SUMMARY_FIELDS,
    clock_seconds,
    printed,
    self_placed,
    summary,
)
from tui_monitor.core.records import Item, Progress, Reading

LINE: Final = "metriclogger"
"""`Epoch: [0]  [10/90]  eta: 0:00:00  lr: 0.05  loss: 2.2715 (2.2743)  ..  time: 0.0026`."""
ITERATIONS: Final = "metriclogger-iterations"
"""`eta: 8:00:58  iter: 60  loss: 5.9007 (5.6273)  ..  lr: 0.003333  max mem: 2082`."""
WHOLE: Final = "metriclogger-whole"
"""`Training  [     40/5000000]  eta: 5 days, 20:36:05  lr: 0.01 (0.01)  total_loss: 9.5 (9.6)  ..`."""
SUMMARY: Final = "metriclogger-summary"
"""`* Acc@1 81.100 Acc@5 95.400 loss 0.800`."""

_LINE = re.compile(
    r"\b[Ee]poch: ?\[(\d{1,9})(?:/(\d{1,9}))?\] {1,4}\[ *(\d{1,12})/(\d{1,12})\]"
    rf"(?: {{1,4}}eta: ({CLOCK})(?:\.\d{{1,6}})?)?(?=  )"
)
"""In LLaMA2-Accessory's copy without the time that is left."""
_ITERATIONS = re.compile(
    rf"\beta: ({CLOCK})  iter: (\d{{1,12}})(?=  [A-Za-z][^\s:()]{{0,60}}: {NUMBER} \()"
)
_TRAINS = re.compile(
    rf"(?:^|[\]\s])Training {{1,4}}\[ *(\d{{1,12}})/(\d{{1,12}})\] {{1,4}}eta: ({CLOCK})(?=  )"
)
"""DINOv2 counts the iterations of all epochs, and its means begin where a training is taken up."""
_METER = re.compile(rf"  ([A-Za-z][^\s:()]{{0,60}}): ({NUMBER})(?: \(({NUMBER})\)(?=  |$)|(?=  ))")
_EVALUATION = re.compile(r"\b(?:[Ee]val|[Tt]est|[Vv]al)\w{0,10}: ?(?:\w{1,20} )?$")
_COUNTED = re.compile(r"acc(?:uracy)?[@_]?\d{0,3}$|acc@", re.IGNORECASE)
_SUMMARY = re.compile(rf"^(?:\*|Test:) {{1,2}}({SUMMARY_FIELDS})$")

_RATES = frozenset({"lr", "min_lr", "learning_rate", "wd", "weight_decay"})
_CLUTTER = frozenset(
    {"time", "data", "img/s", "clips/s", "model_time", "loss_scale", "mom"} | {"current_batch_size"}
)


class MetricLoggerFormat:
    """torchvision's references and their relatives. See `Format`."""

    name: Final = "metriclogger"

    def parse(self, text: str) -> tuple[Item, ...]:
        """The meters of a line of training, or the summary of an evaluation."""
        match = _LINE.search(text) if "eta: " in text or "  time: " in text else None
        if match and match[5] is None and "eta: " in text:
            return ()
        if match and _EVALUATION.search(text, max(match.start() - 40, 0), match.start()):
            return ()
        if match:
            return (_training(text, match),)
        if "Training " in text and (match := _TRAINS.search(text)):
            return (_whole(text, match),)
        if "  iter: " in text and (match := _ITERATIONS.search(text)):
            return (_iterations(text, match),)
        item = _summary(text)
        return (item,) if item is not None else ()


def _training(text: str, match: re.Match[str]) -> Progress:
    epoch, epochs, step, steps, eta = match.groups()
    readings, per_step = _meters(text, match.end())
    return self_placed(
        *(LINE, int(step), int(steps), readings),
        epoch=int(epoch),
        epochs=int(epochs) if epochs else None,
        eta=clock_seconds(eta) if eta else None,
        per_step=per_step,
        from_zero=True,
    )


def _iterations(text: str, match: re.Match[str]) -> Progress:
    eta, step = match.groups()
    readings, per_step = _meters(text, match.end())
    left = clock_seconds(eta)
    return self_placed(ITERATIONS, int(step), None, readings, eta=left, per_step=per_step)


def _whole(text: str, match: re.Match[str]) -> Progress:
    step, steps, eta = match.groups()
    readings, per_step = _meters(text, match.end(), since_epoch=False)
    return self_placed(
        *(WHOLE, int(step), int(steps), readings),
        eta=clock_seconds(eta),
        per_step=per_step,
        from_zero=True,
    )


def _meters(text: str, at: int, *, since_epoch: bool = True) -> tuple[list[Reading], float | None]:
    """The meters from a place on, and the seconds a batch.

    `since_epoch`: their means are those of an epoch.
    """
    readings: list[Reading] = []
    per_step: float | None = None
    for name, value, mean in _METER.findall(text, at):
        if name == "time":
            per_step = float(value)
        if name in _CLUTTER:
            continue
        if name in _RATES:
            readings.append(Reading(name, *printed(value), "median" if mean else "instantaneous"))
        elif mean:
            law = "state" if _COUNTED.match(name) else "plain" if since_epoch else "open"
            readings.append(Reading(name, *printed(value), "median"))
            readings.append(Reading(f"{name} (avg)", *printed(mean), law))
        else:  # a window of one
            readings.append(Reading(name, *printed(value), "instantaneous"))
    return readings, per_step


def _summary(text: str) -> Progress | None:
    match = _SUMMARY.match(text)
    if match is None:
        return None
    return self_placed(SUMMARY, None, None, summary(match[1]), unit="epoch", final=True)
