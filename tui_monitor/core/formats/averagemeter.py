"""Logs of the AverageMeter of PyTorch's ImageNet example, of timm, of Swin and of their many copies.

Each meter prints the newest batch's value and, in brackets, its mean since the epoch's start, by
samples. Sources: pytorch/examples imagenet/main.py; timm train.py; Swin-Transformer main.py.
Lines of an evaluation (`Test: [..]`) are left out; its summary (` * Acc@1 93.611`) is the epoch's
validation.
"""

from __future__ import annotations

import re
from typing import Final

from tui_monitor.core.formats.base import NUMBER, SUMMARY_FIELDS, printed, self_placed, summary
from tui_monitor.core.records import Item, Progress, Reading

IMAGENET: Final = "averagemeter-imagenet"
"""`Epoch: [0][ 11/90]\\tLoss 2.1603e+00 (2.2465e+00)\\t..`; early copies count batches from 0."""
TIMM: Final = "averagemeter-timm"
"""`Train: 0 [  10/90 ( 12%)]  Loss: 2.23 (2.27)  ..  LR: 4.988e-02 ..`, batches from 0; OpenPCDet shows
the epochs' number as well: `Train:  1/80 (  1%) [  10/90 ( 12%)]`.
"""
SWIN: Final = "averagemeter-swin"
"""`Train: [0/300][10/1251]\\teta 0:01:00 lr 0.000001\\t .. loss 6.9 (6.9)`, batches from 0."""
SUMMARY: Final = "averagemeter-summary"
"""` * Acc@1 93.611 Acc@5 100.000`."""

_IMAGENET = re.compile(r"\b(?:Epoch|Train): ?\[ *(\d{1,9})\] ?\[ *(\d{1,12})/(\d{1,12})\](?=\s)")
_TIMM = re.compile(
    r"\bTrain: {1,8}(\d{1,9})(?:/(\d{1,9}) \( *\d{1,3}%\))? "
    r"\[ *(\d{1,12})/(\d{1,12}) \( *\d{1,3}%\)\](?=\s)"
)
_SWIN = re.compile(r"\bTrain: ?\[ *(\d{1,9})/(\d{1,9})\] ?\[ *(\d{1,12})/(\d{1,12})\](?=\s)")
_NAME = r"[A-Za-z][\w@./%+-]{0,40}(?: [A-Za-z][\w@./%+-]{0,40}){0,3}"
_METER = re.compile(
    rf"(?:\t|  |\)|\]|,|\|) *({_NAME}):?[ \t]{{1,12}}({NUMBER})s?(?:, {{1,8}}{NUMBER}/s)?"
    rf"[ \t]{{1,3}}\([ \t]{{0,12}}({NUMBER})s?(?:, {{1,8}}{NUMBER}/s)?\)"
)
_RATE = re.compile(rf"(?:\t|  | )(lr|LR):?[ \t]{{1,12}}({NUMBER})(?=\s)")
_SUMMARY = re.compile(rf"(?:^|\bINFO:? )  {{0,7}}\* {{1,4}}({SUMMARY_FIELDS})$")

_PACES = frozenset({"Time", "time", "batch_time", "Batch", "BT"})
_CLUTTER = frozenset({"Data", "data", "data_time", "DT", "loss_scale"}) | _PACES


class AverageMeterFormat:
    """PyTorch's ImageNet example and its relatives. See `Format`."""

    name: Final = "averagemeter"

    def parse(self, text: str) -> tuple[Item, ...]:
        """The meters of a line of training, or the summary of an evaluation."""
        item = _training(text) if "(" in text else None
        if item is None and " * " in text:
            item = _summary(text)
        return (item,) if item is not None else ()


def _training(text: str) -> Progress | None:
    epochs: int | None = None
    if match := _IMAGENET.search(text):
        style, (epoch, step, steps) = IMAGENET, map(int, match.groups())
    elif match := _TIMM.search(text):
        style = TIMM
        epoch, step, steps = int(match[1]), int(match[3]), int(match[4])
        epochs = int(match[2]) if match[2] else None
    elif match := _SWIN.search(text):
        style, (epoch, epochs, step, steps) = SWIN, map(int, match.groups())
    else:
        return None
    readings, per_step = _meters(text, match.end())
    return self_placed(
        *(style, step, steps, readings),
        epoch=epoch,
        epochs=epochs,
        per_step=per_step,
        from_zero=style != IMAGENET,
    )


def _meters(text: str, at: int) -> tuple[tuple[Reading, ...], float | None]:
    """The meters from a place on, each as its value and its mean, and the mean seconds a batch."""
    readings: list[Reading] = []
    per_step: float | None = None
    # what stands before the first meter is the place: a meter may follow it at once
    for name, value, mean in _METER.findall(text, at - 1):
        if name in _PACES:
            per_step = float(mean)
        if name not in _CLUTTER:
            readings.append(Reading(name, *printed(value), "instantaneous"))
            readings.append(Reading(f"{name} (avg)", *printed(mean), "state"))
    if readings and (rate := _RATE.search(text, at)):
        readings.append(Reading(rate[1], *printed(rate[2]), "instantaneous"))
    return tuple(readings), per_step


def _summary(text: str) -> Progress | None:
    match = _SUMMARY.search(text)
    if match is None:
        return None
    return self_placed(SUMMARY, None, None, summary(match[1]), unit="epoch", final=True)
