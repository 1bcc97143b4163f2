"""Logs of Ultralytics YOLO, v8 and later, and of YOLOv5 and v7: a bar an epoch below a head of columns.

A loss is the plain mean of the epoch's batches so far, of four digits. It is set before the bar moves:
beside n stands the mean of n + 1 batches, and beside the last n that of all. tqdm, which v5, v7 and
the first v8 draw, may show an n that is older still, so `bars` follows its states. The row `all` below
the bar of a validation is the epoch's. Sources: ultralytics/engine/trainer.py, utils/tqdm.py 8.4,
models/yolo/detect/train.py, val.py; yolov5 train.py, val.py.
"""

from __future__ import annotations

import re
from typing import Final

from tui_monitor.core.formats import tqdm
from tui_monitor.core.formats.base import (
    CLOCK,
    COLUMN,
    NUMBER,
    clock_seconds,
    self_placed,
    significant,
)
from tui_monitor.core.records import Columns, Item, Reading

BAR: Final = "ultralytics-bar"
"""`1/3  0G  2.311  0.02466  2.296  16  640: 1% ──────────── 1/90 2.7it/s 0.1s<33.1s`."""
CUT: Final = "ultralytics-cut"
"""`13/30  13.1G  1.822  21.96  0.5235  9  576: 100%|█`: the whole epoch, cut at the screen's width."""
ROW: Final = "ultralytics-validation"
"""`all        128        929      0.645      0.537      0.605      0.446`."""

_DIGITS = 4
_VALIDATION_DIGITS = 3
_WIDTHS = (11, 12)
"""Of a cell of a validation's row."""
_NAME = "ultralytics"
"""Of the bar."""
_CELL = rf" {{1,24}}{NUMBER}"
_LOSSES = (
    r"^\s{0,24}(\d{1,9})/(\d{1,9}) {1,24}\d{1,7}(?:\.\d{1,4})?[GM]"
    rf"((?:{_CELL}){{3,20}}): "
)
"""Epoch and epochs, and the cells behind the memory."""
_BAR = re.compile(
    rf"{_LOSSES}"
    r"{1,4}\d{1,3}%(?:\|[^|\n]{0,300}\|| [━─╸]{1,80}|) (\d{1,12})/(\d{1,12})(?= )"
    rf"(?: \[({CLOCK})<(?:({CLOCK})|\?)(?:, |\]))?"
)
_CUT = re.compile(rf"{_LOSSES}{{1,4}}100%\|[█▏▎▍▌▋▊▉]{{0,300}}$")
_OWN_BAR = re.compile(r"% [━─╸]")
_SECONDS = re.compile(r"(?:it/s|s/it) (\d{1,6}\.\d)s(?:<(\d{1,6}\.\d)s)?$")
_HEAD = re.compile(
    r"^\s{0,24}Epoch {1,24}(?:GPU_mem|gpu_mem)((?: {1,24}[a-z]\w{0,40}){1,16})"
    r" {1,24}(?:Instances|instances|targets|labels) {1,24}(?:Size|img_size)\s*$"
)
_DETECTED = re.compile(
    r"^\s{1,40}Class {1,24}Images {1,24}(?:Instances|Labels|Targets)"
    r"((?: {1,24}(?:Box|Mask|Pose)?\(?(?:P|R|mAP@?\.?50?(?:-95|:\.95|-9?(?=$))?)\)?){4,8})(?::|\s*$)"
)
_CLASSIFIED = re.compile(r"^\s{1,40}classes {1,24}top1_acc {1,24}top5_acc(?::|\s*$)")
_ROW = re.compile(rf"^\s{{1,40}}all((?:{_CELL}){{2,10}})\s*$")
_CUT_NAMES = {"mAP50-": "mAP50-95", "mAP50-9": "mAP50-95"}
_KIND = re.compile(r"(Box|Mask|Pose)\(")


class UltralyticsFormat:
    """YOLO by Ultralytics. See `Format`."""

    name: Final = "ultralytics"

    def parse(self, text: str) -> tuple[Item, ...]:
        """A state of the bar, a validation's row of all classes, or the head of either."""
        if "%" in text and (match := _BAR.match(text)):
            return _bar(match, text)
        if "100%|" in text and (match := _CUT.match(text)):
            losses = _losses(match[3], "epoch")
            epoch, epochs = int(match[1]), int(match[2])
            end = self_placed(CUT, None, None, losses, unit="epoch", epoch=epoch, epochs=epochs)
            return (end._replace(final=True),)
        if "Epoch" in text and (match := _HEAD.match(text)):
            return (Columns(tuple(match[1].split()), BAR, begins_fit=False),)
        if " all " in text and (match := _ROW.match(text)):
            return _row(match[1])
        if "Class" in text and (match := _DETECTED.match(text)):
            return (Columns(tuple(_detected(match[1].split())), ROW, begins_fit=False),)
        if "top1_acc" in text and _CLASSIFIED.match(text):
            names = ("val_top1_acc", "val_top5_acc")
            return (Columns(names, ROW, begins_fit=False),)
        return ()


def _detected(cells: list[str]) -> list[str]:
    """Names of a validation's numbers; those of masks and poses by what they are of."""
    names, kind = [], ""
    for cell in cells:
        if match := _KIND.match(cell):
            kind = "" if match[1] == "Box" else f"{match[1].lower()}_"
        plain = _KIND.sub("", cell).rstrip(")")
        plain = {"P": "precision", "R": "recall", **_CUT_NAMES}.get(plain, plain)
        names.append(f"val_{kind}{plain}")
    return names


def _bar(match: re.Match[str], text: str) -> tuple[Item, ...]:
    epoch, epochs, numbers, n, steps, elapsed, left = match.groups()
    readings = _losses(numbers, "plain")
    own = _OWN_BAR.search(text) is not None
    step, total = int(n), int(steps)
    times = _SECONDS.search(text)
    spent = clock_seconds(elapsed) if elapsed else float(times[1]) if times else None
    eta = clock_seconds(left) if left else float(times[2]) if times and times[2] else None
    item = self_placed(
        *(BAR if own else tqdm.BAR, min(step + 1, total) if own else step, total, readings),
        epoch=int(epoch),
        epochs=int(epochs),
        eta=eta,
        elapsed=spent,
    )
    return (item if own else item._replace(bar=_NAME),)


def _losses(numbers: str, law: str) -> tuple[Reading, ...]:
    """The losses of a bar, without objects and size of the newest images."""
    return tuple(
        Reading(f"{COLUMN}{column}", *significant(value, _DIGITS), law)
        for column, value in enumerate(numbers.split()[:-2], start=1)
    )


def _row(text: str) -> tuple[Item, ...]:
    """Numbers of all classes; of a detection, behind the counts of images and of objects."""
    cells = text.split()
    if len(text) not in (width * len(cells) for width in _WIDTHS):
        return ()  # cut
    numbers = cells[2:] or [cell for cell in cells if float(cell) <= 1.0]
    readings = tuple(
        Reading(f"{COLUMN}{column}", *significant(value, _VALIDATION_DIGITS), "epoch")
        for column, value in enumerate(numbers, start=1)
    )
    return (self_placed(ROW, None, None, readings, unit="epoch", final=True),)
