"""Logs of one JSON object a line, perhaps behind a name, with a step or an epoch among its fields.

What numbers beside a step average is the program's own business, so their laws are open; without a
step they are the epoch's. A learning rate is what it is; `val_`, `eval_` and `test_` numbers are those
of whole evaluations, and so are all of a line whose `mode` or `split` says so. MMCV's `iter` of such a
line counts the batches of the validation. Source: mmcv/runner/hooks/logger/text.py, _dump_log.
"""

from __future__ import annotations

import json
import re
from typing import Final

from tui_monitor.core.formats.base import METRIC, TRAINED, printed, self_placed
from tui_monitor.core.formats.fields import law_of
from tui_monitor.core.metrics import describe
from tui_monitor.core.records import Item, Reading, Unit

LINE: Final = "jsonl"
"""`{"step": 1, "epoch": 0, "loss": 2.318395, "lr": 0.05}`."""

UNKNOWN: Final = "jsonl-unknown"
"""A line without the name of a metric: other programs count steps as well."""

_KNOWN = re.compile(rf"{METRIC}|(?<![a-z])(?:lr|learning_rate|grad_norm)(?![a-z])", re.IGNORECASE)
_TRAINED = re.compile(
    rf"{TRAINED}|(?<![a-z])(?:lr|learning_rate|grad_norm|(?:train|val|valid|eval|test)[_/-])",
    re.IGNORECASE,
)
_STEPS = ("step", "global_step", "current_steps", "iteration", "iter", "it", "batch", "batch_idx")
_TOTALS = ("total_steps", "max_steps", "num_steps")
_EPOCHS = ("epoch", "current_epoch", "epoch_num", "ep")
_OF_TRAINING = frozenset({"iteration", "iter"})
"""Steps that hardly anything but a training counts."""
_MODE = "mode"
_OF_DATA = (_MODE, "split", "phase", "stage")
"""Fields that may say of what data a line is."""
_VALIDATIONS = {
    **dict.fromkeys(("val", "valid", "validation", "eval", "evaluation", "dev"), "val_"),
    "test": "test-",
}
"""How the names of metrics begin that are of no training."""
_TESTED = "test_"
"""How the names of an evaluation's numbers begin beside those of a training."""
_MOST = 4000
"""Characters of a line that is looked at."""
_BEGINS = re.compile(r'(?:\s{0,200}|[^{}"\n]{0,120}(?:[:\]|]| -) ?)(?=\{")')
"""`json_stats: {"iter": 20, ..}`, `2024-01-01 10:00:00 - INFO - {"step": 20, ..}`."""
_OF_FAIRSEQ: Final = 'num_updates": "'
_CLUTTER = re.compile(
    r"time|second|eta|elapsed|memory|mem\b|gpu|throughput|per_sec|tokens|samples|seed|size|rank"
    r"|percent|^max_|wall|progress|version|count|total(?!_?loss)|updates|loss_scale|param|^(?:wps|ups|wpb|bsz|oom|clip)$",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"-?(?:\d{1,24}(?:\.\d{1,24})?(?:[eE][+-]?\d{1,3})?)\Z")
_SETTINGS = frozenset(
    {
        *("batch_size", "optimizer", "num_workers", "weight_decay", "dropout", "seed"),
        *("hidden_size", "model", "dataset", "device"),
        *("data_dir", "data_path", "output_dir", "save_dir"),
    }
)
"""Of which an object that shows two is no print, but how a program was called."""


class _Text(str):
    """A number as it is written."""

    __slots__ = ()


class JsonLinesFormat:
    """A JSON object a line. See `Format`."""

    name: Final = "jsonl"

    def parse(self, text: str) -> tuple[Item, ...]:
        """The numbers of a line that is one object."""
        if len(text) > _MOST or '{"' not in text or not text.rstrip().endswith("}"):
            return ()
        match = _BEGINS.match(text)
        if match is None or _OF_FAIRSEQ in text:
            return ()
        written = text[match.end() :]
        try:
            fields = json.loads(written, parse_float=_Text, parse_int=_Text, parse_constant=_Text)
        except (ValueError, RecursionError):
            return ()
        if not isinstance(fields, dict):
            return ()
        if len(_SETTINGS & fields.keys()) > 1:
            return ()
        step = _whole(fields, _STEPS)
        epoch = _whole(fields, _EPOCHS)
        data = _validation(fields)
        if data and epoch is not None and fields.get(_MODE):
            step = None
        placed = {*_STEPS, *_TOTALS, *_EPOCHS}
        readings = [
            _reading(name, value, steps=step is not None)
            for name, value in fields.items()
            if isinstance(value, str) and name not in placed and not _CLUTTER.search(name)
        ]
        if (step is None and epoch is None) or not any(readings):
            return ()
        unit: Unit = "epoch" if step is None else "batch"
        found = [reading for reading in readings if reading is not None]
        if data:
            found = [
                _renamed(each, data) for each in found if describe(each.metric).split != "other"
            ]
        final = True if data and step is None else None
        total = _whole(fields, _TOTALS)
        counts_epochs = epoch is not None or not _OF_TRAINING.isdisjoint(fields)
        telling = _KNOWN if counts_epochs else _TRAINED
        known = any(telling.search(each.metric) for each in found)
        style = LINE if known else UNKNOWN
        return (self_placed(style, step, total, found, unit=unit, final=final, epoch=epoch),)


def _validation(fields: dict[str, object]) -> str:
    """How the names of a line's metrics begin where it is of a validation; else nothing."""
    told = (fields.get(name) for name in _OF_DATA)
    return next((_VALIDATIONS.get(str(each).lower(), "") for each in told if each), "")


def _renamed(reading: Reading, data: str) -> Reading:
    known = describe(reading.metric).split == "val"
    return reading._replace(metric=reading.metric if known else data + reading.metric, law="epoch")


def _whole(fields: dict[str, object], names: tuple[str, ...]) -> int | None:
    """The first of some fields that is a whole number."""
    for name in names:
        value = fields.get(name)
        if isinstance(value, _Text) and value.isdecimal() and len(value) < 13:
            return int(value)
    return None


def _reading(name: str, text: str, *, steps: bool) -> Reading | None:
    if name.startswith(_TESTED):
        name = name.replace("_", "-", 1)
    if text in ("NaN", "Infinity", "-Infinity"):
        return Reading(name, float(text), 0.0, law_of(name, steps=steps))
    if not _NUMBER.match(text) or not (isinstance(text, _Text) or "." in text):
        return None
    return Reading(name, *printed(text), law_of(name, steps=steps))
