"""Logs of the console logger of MosaicML's Composer, as LLM Foundry shows them: a number a line.

    [epoch=1][batch=10/45]:
       Train loss/train/total: 2.3184
       Train metrics/train/MulticlassAccuracy: 0.1250
    [Eval batch=5/5] Eval on eval data:
       Eval metrics/eval/MulticlassAccuracy: 0.4000

The rows below a head are its step's, each that of the newest batch: metrics are reset with every
batch. Sources: composer/loggers/console_logger.py; composer/trainer/trainer.py, _train_batch.
"""

from __future__ import annotations

import re
from typing import Final

from tui_monitor.core.formats.base import printed, self_placed
from tui_monitor.core.records import Item, Reading

HEAD: Final = "composer-head"
"""`[epoch=1][batch=10/45]:`, of the rows below."""
ROW: Final = "composer"
"""`\\t Train loss/train/total: 2.3184`."""

_HEAD = re.compile(r"(?:^|\s)(?:\[epoch=(\d{1,9})\])?\[batch=(\d{1,12})(?:/(\d{1,12}))?\]:$")
_ROW = re.compile(
    r"(?:\d{1,6}: ?)?(\t | {3,10})(Train|Eval) ([A-Za-z][^\s:]{0,200})"
    r": (-?\d{1,24}\.\d{4}|-?inf|nan)$"
)
"""Behind the rank of its process, and a tab; copies may have blanks for it."""
_OF_METRICS = re.compile(r"metrics/[^/]{1,80}/(.{1,100})")
_RATE = re.compile(r"lr-[^/]{1,80}(?:/group0)?")
_CLUTTER = re.compile(r"(?:time|throughput|memory|trainer|wall_clock|lr-|rng|device|gpu)")


class ComposerFormat:
    """Composer's console. See `Format`."""

    name: Final = "composer"

    def parse(self, text: str) -> tuple[Item, ...]:
        """A head, or a row below one."""
        if "[batch=" not in text:
            reading = _reading(text) if " Train " in text or " Eval " in text else None
            return (self_placed(ROW, None, None, [reading]),) if reading is not None else ()
        if (match := _HEAD.search(text)) is None:
            return ()
        epoch, step, steps = (int(each) if each else None for each in match.groups())
        return (self_placed(HEAD, step, steps, (), epoch=epoch),)


def _reading(text: str) -> Reading | None:
    """The number of a row; None where it is no metric."""
    match = _ROW.match(text)
    if match is None or not ("\t" in match[1] or "/" in match[3]):
        return None
    _, data, name, value = match.groups()
    if _RATE.fullmatch(name):
        return Reading("lr", *printed(value), "instantaneous")
    if _CLUTTER.match(name):
        return None
    if data == "Eval":
        of = _OF_METRICS.fullmatch(name)
        return Reading(f"val_{of[1] if of else name}", *printed(value), "epoch")
    if of := _OF_METRICS.fullmatch(name):
        name = f"train_{of[1]}"
    return Reading(name, *printed(value), "instantaneous")
