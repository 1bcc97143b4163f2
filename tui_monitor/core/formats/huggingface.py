"""Logs of the Trainer of Hugging Face transformers, versions 4 and 5, and of what is built on it.

A dict shows the mean loss since the dict before it, and the newest gradient norm and learning rate.
It names no step, only epochs done; where a bar is drawn, its state right after the dict does. TRL's
PPO shows no loss of this name, and all numbers of its newest update. ms-swift writes the dict to a file
as JSON, with the step. Sources: transformers/trainer.py, _maybe_log_save_evaluate; trainer_callback.py,
ProgressCallback; trl 0.12 trainer/ppo_trainer.py; swift 3 plugin/callback.
"""

from __future__ import annotations

import re
from math import isfinite, ulp
from typing import Final

from tui_monitor.core.formats.base import (
    CLOCK,
    NUMBER,
    clock_seconds,
    power_of_ten,
    self_placed,
    significant,
)
from tui_monitor.core.records import Item, Progress, Reading

LOG: Final = "huggingface"
"""`{'loss': 1.7834, 'grad_norm': 0.75835, 'learning_rate': 0.00145, 'epoch': 1.11}`."""
EVALUATION: Final = "huggingface-evaluation"
"""`{'eval_loss': 0.4727, 'eval_runtime': 0.0868, .., 'epoch': 4.0}`."""
BAR: Final = "huggingface-bar"
"""` 12%|█▏        | 45/360 [00:00<00:01, 243.09it/s]`: where the training is, without numbers."""

_DICT = re.compile(r"\{('[^'{}]{1,80}': (?:'[^'{}]{1,40}'|[^'{},]{1,40})(?:, )?){1,80}\}")
_FIELD = re.compile(rf"'([^'{{}}]{{1,80}})': (?:'({NUMBER})'|({NUMBER}))(?=, |\}})")
_BAR = re.compile(
    r"^\s{0,200}\d{1,3}%\|[^|\n]{0,300}\| {1,4}(\d{1,12})/(\d{1,12}) "
    rf"\[({CLOCK})<(?:({CLOCK})|\?), {{1,4}}[^\[\]\n]{{1,60}}\]"
)

_STEP = re.compile(r"'global_step/max_steps': '(\d{1,12})/(\d{1,12})'")
_AS_JSON: Final = '"global_step/max_steps": "'
_SUMMARY = frozenset({"train_runtime", "train_loss"})
"""Of the whole training; version 5 shows the time so far, the first of these, in every dict."""
_OF_PPO: Final = "loss/policy_avg"
_OF_KERAS: Final = "trainer_tf.py"
"""The file of TFTrainer, which logs a mean of its own."""
_DIGITS = 4
"""Of a number that version 5 prints, in quotes; decimals of a loss in version 4."""
_NEWEST = frozenset({"grad_norm", "learning_rate", "num_tokens"})
_CLUTTER = re.compile(
    r"(?:^|_)(?:runtime|(?:samples|steps|tokens)_per_second|preparation_time)$|^memory[/(]|^train_speed"
    r"|^(?:num_input_tokens_seen|eps|episode)$|^val/"  # of the value function
)


class HuggingFaceFormat:
    """Hugging Face transformers' Trainer. See `Format`."""

    name: Final = "huggingface"

    def parse(self, text: str) -> tuple[Item, ...]:
        """The dict of a line, and the state of the bar."""
        items: list[Item] = []
        if _AS_JSON in text:
            text = text.replace('"', "'")
        if "{'" in text and (match := _DICT.search(text)):
            item = _dict(match[0], of_keras=_OF_KERAS in text)
            if item is not None:
                items.append(item)
        if "%|" in text and (match := _BAR.match(text)):
            items.append(_bar(match))
        return tuple(items)


def _dict(text: str, *, of_keras: bool) -> Progress | None:
    fields = {name: (quoted, plain) for name, quoted, plain in _FIELD.findall(text)}
    if fields.keys() >= _SUMMARY or next(iter(fields), "epoch") == "epoch":
        return None  # the summary of the whole training, or somebody else's
    done = "".join(fields.pop("epoch", ""))
    if not done or not isfinite(float(done)):
        return None
    evaluates = any(name.startswith("eval_") for name in fields)
    if not evaluates and "loss" not in fields and _OF_PPO not in fields:
        return None
    law = "epoch" if evaluates else "interval" if "loss" in fields else "instantaneous"
    if of_keras and not evaluates:
        law = "open"
    step = "".join(fields.pop("step", ""))
    readings = tuple(
        _reading(name, *value, law) for name, value in fields.items() if not _CLUTTER.search(name)
    )
    style = EVALUATION if evaluates else LOG
    if match := _STEP.search(text):  # ms-swift
        final = False if evaluates else None
        return self_placed(style, int(match[1]), int(match[2]), readings, final=final)
    if step.isdecimal():  # as version 3 has it
        final = False if evaluates else None
        return self_placed(style, int(step), None, readings, final=final)
    return self_placed(style, None, None, readings, epochs_done=float(done))


def _bar(match: re.Match[str]) -> Progress:
    step, steps, elapsed, left = match.groups()
    eta = clock_seconds(left) if left else None
    spent = clock_seconds(elapsed)
    return self_placed(BAR, int(step), int(steps), (), eta=eta, elapsed=spent)


def _reading(name: str, quoted: str, plain: str, law: str) -> Reading:
    if quoted:
        value, quantum = significant(quoted, _DIGITS)
    else:
        # A loss is rounded, and shown without trailing zeros; all else is shown to the last bit.
        value = float(plain)
        quantum = power_of_ten(-_DIGITS) if name == "loss" else ulp(value)
        if not isfinite(value):
            quantum = 0.0
    newest = law in ("interval", "open") and name in _NEWEST
    return Reading(name, value, quantum, "instantaneous" if newest else law)
