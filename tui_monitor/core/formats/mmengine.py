"""Logs of OpenMMLab: MMEngine (mmdet 3, mmseg 1, mmpretrain, ..) and MMCV 1 before it.

MMEngine prints losses and gradient norms as the mean of the last 10 iterations, or of as many as its
settings say, whatever is between two prints, and all else as it is. MMCV prints the mean since the
last print. A validation's last line is the epoch's validation; the lines on the way there are left
out. MMEngine writes the same to `vis_data/scalars.json`, an object a line, in iterations of the run; a
validation's step is an epoch where epochs are counted. Sources: mmengine/runner/log_processor.py;
mmengine/hooks/logger_hook.py; mmcv/runner/hooks/logger/text.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from tui_monitor.core.formats.base import CLOCK, NUMBER, clock_seconds, printed, self_placed
from tui_monitor.core.formats.jsonl import JsonLinesFormat
from tui_monitor.core.records import Item, Progress, Reading, Window

ENGINE: Final = "mmengine"
"""`Epoch(train)  [1][70/90]  lr: 5.0000e-02  eta: 0:00:00  time: 0.0022  ..  loss: 0.5308`."""
ENGINE_VAL: Final = "mmengine-validation"
"""`Epoch(val) [1][23/23]    accuracy: 90.2778  data_time: 0.0004  time: 0.0007`."""
CV: Final = "mmcv"
"""`Epoch [1][50/7330]\\tlr: 1.978e-03, eta: 2 days, 1:00:00, time: 0.6, .., loss: 1.2000`."""
CV_VAL: Final = "mmcv-validation"
"""`Epoch(val) [1][313]\\tmIoU: 0.3456, mAcc: 0.4567`."""
SCALARS: Final = "mmengine-scalars"
"""`{"lr": 0.05, "data_time": 0.001, "loss": 2.3, "time": 0.003, "epoch": 1, "iter": 9, "step": 9}`."""
SCALARS_VAL: Final = "mmengine-scalars-validation"
"""`{"accuracy": 90.25, "data_time": 0.0004, "time": 0.0007, "step": 1}`."""

_ENGINE = re.compile(
    r"\b(?:Epoch\((train|val)\) {1,12}\[(\d{1,9})\]|Iter\((train|val)\) )"
    r"\[ *(\d{1,12})/(\d{1,12})\]  "
)
_ENGINE_FIELD = re.compile(rf"(\S{{1,120}}): (?:({CLOCK})|({NUMBER}))(?=\s|$)")
_CV = re.compile(r"\b(?:Epoch \[(\d{1,9})\]|Iter )\[ *(\d{1,12})/(\d{1,12})\](?:\t| {2,8}(?=lr))")
_CV_VAL = re.compile(r"\b(?:Epoch\(val\) \[(\d{1,9})\]|Iter\(val\) )\[\d{1,12}\]\t")
_CV_FIELD = re.compile(rf"([^\s,:][^,:\t]{{0,120}}): (?:({CLOCK})|({NUMBER}))(?=, |$)")
_FIXED = re.compile(r"-?\d{1,24}\.(\d{4,8})$")
_RATE = re.compile(r"\d\.\d{3,8}e[+-]\d\d$|\d\.\d{5}$")
"""The latter to MMCV 1.0."""
_DECIMALS = 4
"""Usual number of them."""
_WINDOW = re.compile(r"\blog_processor = dict\([^()]{0,200}\bwindow_size=([1-9]\d{0,5})\b")
_SMOOTHED = re.compile(r"loss|grad_norm")

_CLUTTER = frozenset({"time", "data_time", "memory", "momentum"})
_JSON = JsonLinesFormat()
_WORDS = frozenset({"nan", "inf", "-inf"})
_USUAL = "sliding-10"
"""Law of what is smoothed, where the settings say nothing else."""


class MMEngineFormat:
    """MMEngine and MMCV 1. See `Format`."""

    name: Final = "mmengine"

    def parse(self, text: str) -> tuple[Item, ...]:
        """A line of training, or the end of a validation."""
        if text.startswith('{"'):
            return _scalars(text)
        if "Epoch" not in text and "Iter" not in text:
            window = _WINDOW.search(text) if "window_size=" in text else None
            return (Window(int(window[1])),) if window else ()
        if match := _ENGINE.search(text):
            mode = match[1] or match[3]
            epoch = int(match[2]) if match[2] else None
            step, steps = int(match[4]), int(match[5])
            fields = _ENGINE_FIELD.findall(text, match.end())
            if mode == "train":
                return (_training(ENGINE, epoch, step, steps, fields),)
            return (_validation(ENGINE_VAL, epoch, fields),) if step == steps else ()
        if match := _CV.search(text):
            epoch = int(match[1]) if match[1] else None
            fields = _CV_FIELD.findall(text, match.end())
            return (_training(CV, epoch, int(match[2]), int(match[3]), fields),)
        if match := _CV_VAL.search(text):
            epoch = int(match[1]) if match[1] else None
            return (_validation(CV_VAL, epoch, _CV_FIELD.findall(text, match.end())),)
        return ()


def _scalars(text: str) -> tuple[Item, ...]:
    """An object of a training, or of a validation, which shows no iteration beside its step."""
    if '"data_time": ' not in text or '"time": ' not in text or '"step": ' not in text:
        return ()
    trains = '"iter": ' in text
    return tuple(
        item._replace(
            style=SCALARS if trains else SCALARS_VAL,
            readings=tuple(
                each._replace(law=_law(ENGINE, each.metric))
                if trains
                else each._replace(metric=f"val_{each.metric}", law="epoch")
                for each in item.readings
            ),
            final=None if trains else False,
        )
        for item in _JSON.parse(text)
        if isinstance(item, Progress)
    )


def of_epoch(item: Progress, number: int | None) -> Progress:
    """A validation's object; `number`: the epoch that the training is in, where it counts them."""
    return item if item.step != number else item._replace(step=None, epoch=number)


_Fields = list[tuple[str, str, str]]
"""Name, and the duration or the number that is its value."""


def _law(style: str, name: str) -> str:
    if _is_rate(name):
        return "instantaneous"
    if style == CV:
        return "interval-reset"
    return _USUAL if _SMOOTHED.search(name) else "instantaneous"


def _is_rate(name: str) -> bool:
    return name.endswith("lr")


def _whole(fields: _Fields) -> Iterator[tuple[str, str]]:
    """Names and values of the fields that are metrics, and that no cut has shortened.

    Every number but rates has the decimals of the first one, which is whole where another follows.
    """
    shown = [
        match[1]
        for name, _, value in fields
        if not _is_rate(name) and (match := _FIXED.match(value))
    ]
    decimals = len(shown[0]) if len(shown) > 1 else _DECIMALS
    for name, _, value in fields:
        fixed = _FIXED.match(value)
        if _is_rate(name):
            whole = _RATE.match(value) is not None
        else:
            whole = fixed is not None and len(fixed[1]) == decimals
        if name not in _CLUTTER and (whole or value in _WORDS):
            yield name, value


def _training(style: str, epoch: int | None, step: int, steps: int, fields: _Fields) -> Progress:
    eta = next((clock_seconds(clock) for name, clock, _ in fields if name == "eta" and clock), None)
    pace = next((float(value) for name, _, value in fields if name == "time" and value), None)
    readings = [Reading(name, *printed(value), _law(style, name)) for name, value in _whole(fields)]
    # The time left is the whole training's.
    left = eta if epoch is None else None
    return self_placed(style, step, steps, readings, epoch=epoch, eta=left, per_step=pace)


def _validation(style: str, epoch: int | None, fields: _Fields) -> Progress:
    readings = [
        Reading(f"val_{name}", *printed(value), "epoch")
        for name, value in _whole(fields)
        if not _is_rate(name)
    ]
    if epoch is None:
        return self_placed(style, None, None, readings, final=False)
    return self_placed(style, None, None, readings, unit="epoch", final=True, epoch=epoch)


def smoothed_over(item: Progress, window: int) -> Progress:
    """A line of training, where what is smoothed is the mean of another number of iterations."""
    law = f"sliding-{window}"
    return item._replace(
        readings=tuple(
            each._replace(law=law) if each.law == _USUAL else each for each in item.readings
        )
    )
