"""Logs of Megatron-LM and its forks (Megatron-DeepSpeed, NeMo's older ones, FlagScale).

A loss is the mean of the iterations since the last print. The line of iteration 1, where there is
one, leaves those sums as they are: its losses belong to the next line's, and are left out. Gradient
norms and learning rates are the newest iteration's. Source: megatron/training/training.py,
training_log, evaluate_and_print_results.
"""

from __future__ import annotations

import re
from typing import Final

from tui_monitor.core.formats.base import NUMBER, printed, self_placed
from tui_monitor.core.records import Item, Progress, Reading

LINE: Final = "megatron"
"""` iteration       10/     360 | consumed samples: .. | lm loss: 2.279972E+00 | ..`."""
VALIDATION: Final = "megatron-validation"
"""` validation loss at iteration 100 | lm loss value: 2.279972E+00 | ..`."""

_LINE = re.compile(r"(?<!, )\biteration {1,12}(\d{1,12})/ {0,12}(\d{1,12}|infinity) \|")
"""NeMo 2 counts iterations of an epoch: `Training epoch 0, iteration 3/99 | lr: .. | ..`."""
_FIELD = re.compile(rf" ([A-Za-z][\w ./()-]{{0,80}}?):? {{1,12}}({NUMBER})(?:/{NUMBER})? (?=\|)")
_VALIDATION = re.compile(r"\bvalidation loss at iteration (\d{1,12}) \|")
_VALUE = re.compile(rf" ([A-Za-z][\w -]{{0,40}}?) value: ({NUMBER}) (?=\|)")

_SCALE = "loss scale"
_SECONDS = {"elapsed time per iteration (ms)": 1e-3, "elapsed time per iteration (s)": 1.0}
_NEWEST = frozenset({"learning rate", "grad norm"})


class MegatronFormat:
    """Megatron-LM. See `Format`."""

    name: Final = "megatron"

    def parse(self, text: str) -> tuple[Item, ...]:
        """The losses since the last print, or those of a validation."""
        if "iteration " not in text:
            return ()
        if match := _LINE.search(text):
            return (_training(text, match),)
        if match := _VALIDATION.search(text):
            return (_validation(text, match),)
        return ()


def _training(text: str, match: re.Match[str]) -> Progress:
    step = int(match[1])
    steps = int(match[2]) if match[2].isdecimal() else None
    readings: list[Reading] = []
    per_step: float | None = None
    for name, value in _FIELD.findall(text, match.end()):
        if name in _SECONDS:
            per_step = float(value) * _SECONDS[name]
        elif name in _NEWEST:
            readings.append(Reading(name, *printed(value), "instantaneous"))
        elif "loss" in name and name != _SCALE and step > 1:
            readings.append(Reading(name, *printed(value), "interval"))
    return self_placed(LINE, step, steps, readings, per_step=per_step)


def _validation(text: str, match: re.Match[str]) -> Progress:
    readings = tuple(
        Reading(f"val_{name}", *printed(value), "epoch")
        for name, value in _VALUE.findall(text, match.end())
    )
    return self_placed(VALIDATION, int(match[1]), None, readings, final=False)
