"""Logs of tqdm's progress bar with numbers beside it: `set_postfix`, or in its description.

Grammar alone: of which batch a state's numbers are only the states before it tell (`bars`). What the
numbers average is the program's own business, so their laws are open; names that Lightning gives say
it (`_step`, `_epoch`). Sources: tqdm/std.py, format_meter, format_num, set_postfix, display;
pytorch_lightning 1 loops, TensorRunningAccum(window_length=20).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

from tui_monitor.core.formats.base import (
    CLOCK,
    NUMBER,
    clock_seconds,
    printed,
    self_placed,
    significant,
)
from tui_monitor.core.formats.plain import PLAIN
from tui_monitor.core.metrics import describe
from tui_monitor.core.records import Item, Progress, Reading

BAR: Final = "tqdm-bar"
"""`Epoch 1/4:  12%|█▏   | 11/90 [00:00<00:01, 50.05it/s, acc=0.165, loss=2.27]`."""

SUMMARY: Final = "tqdm-summary"
"""`Epoch 1: train_acc 0.8125, val_loss 0.6931`, below a bar: as home-made loops print it."""

GENERAL_DIGITS: Final = 3
"""Of a number that tqdm itself writes, with trailing zeros left out."""
PADDED: Final = 5
"""Characters that Lightning fills a number up to with zeros."""
_LIGHTNING = re.compile(r"[, ](?:v_num|\w{1,80}_step)=")
"""Beside its bar all numbers are tqdm's own, but filled up to five characters with zeros."""
_LIGHTNING_EPOCH = re.compile(r"Epoch \d{1,9}")
"""What its bar of a training is called."""
_LIGHTNING_1 = re.compile(rf", loss={NUMBER}, v_num=")
"""Before version 2 it begins with the mean loss of the newest 20 batches."""
_RATE = r"[^,=\[\]|\n]{1,40}/[^,=\[\]|\n]{1,40}"
_FIELDS = rf"{_RATE}((?:, [^\[\]\n]{{1,1000}})?)\]"
_KNOWN = re.compile(
    r"^(.{0,300}?)(?:: {1,4}| {0,4})\d{1,3}%(?:\|[^|\n]{0,500}\|)? {1,4}(\d{1,12})/(\d{1,12}) "
    rf"\[({CLOCK})<(?:({CLOCK})|\?), {{1,4}}{_FIELDS}"
)
"""A notebook's text has no bar: `Training: 100% 3/3 [00:10<00:00,  3.46s/it, loss=0.52]`."""
_UNKNOWN = re.compile(
    r"^(?:(.{0,300}?): {1,4}| {1,8})?(\d{1,12}) ?[A-Za-z]{1,20} "
    rf"\[({CLOCK}), {{1,4}}{_FIELDS}"
)
"""A bar whose total is not known: `12it [00:01, 11.5it/s, loss=0.52]`."""
_FIELD = re.compile(rf", ([^\s=:,][^=:,]{{0,79}}?)(?:=|: ?| - ) {{0,4}}({NUMBER})(%?)(?=, |$)")
"""`segmentation_models_pytorch` has ` - ` between a name and its number."""
_SPLATTING = "Training progress"
"""What 3D Gaussian Splatting calls its bar; train.py has exponential means beside it, begun at zero."""
_SPLATTED = ("Loss", "Depth Loss")
_SPLATTED_QUANTUM = 1e-7
_EPOCH_FIELD = re.compile(r", epoch=(\d{1,9})(?:/(\d{1,9}))?(?=, |$)", re.IGNORECASE)
_NESTED = re.compile(r"(?<=, )[^\s=:,{}]{1,80}(?:=|: ?)\{([^{}]{0,400})\}")
"""Fields within a field: `metrics={'acc': 0.7946}`."""
_TOLD = re.compile(
    r"(?<![\w.])([A-Za-z_][\w@/-]{0,79})(?: {0,2}[=:] {0,6}| )"
    r"([+-]?\d{1,12}\.\d{1,20}(?:[eE][+-]?\d{1,3})?|nan|inf)(?!\w|\.\w)(%?)"
)
"""A number within a description: `Epoch 1 loss: 0.5234`."""
_WORDS = re.compile(r"(?<=[A-Za-z]) (?=[A-Za-z][\w@/-]{0,79} {0,2}[=:])")
"""Between the two words of a name: `Cls loss: 0.04. Reg loss: 0.01`."""
_EPOCH = re.compile(
    r"(?i:\bep(?:och)?s?)(?![A-Za-z])[^\w/]{0,4}(\d{1,9})(?![\d.])(?: ?(?:/|of) ?(\d{1,9}))?|"
    r"^\W?(\d{1,9}) ?/ ?(\d{1,9})\W?$|^(\d{1,9})\|\d{1,9}\|"
)
"""torchtune has epoch and step before all else: `1|149|Loss: 0.9157477021217346`."""
_ANNOUNCED = re.compile(
    r"^[^\w]{0,40}(?i:epoch)[^\w/]{0,4}(\d{1,9})(?: ?(?:/|\||of) ?(\d{1,9}))?"
    r"(?:[^\w]{1,8}(?i:lr|learning rate)[:= ]{1,4}[\d.e-]{1,24})?[^\w]{0,40}$"
)
_EVALUATION = re.compile(
    rf"\[ITER (\d{{1,9}})\] Evaluating (test|train): ((?:[A-Z]\w{{0,20}}:? {NUMBER},? ?){{1,12}})"
)
"""`[ITER 7000] Evaluating test: L1 0.0133 PSNR 31.25 [11/09 00:18:49]`."""
_PAIR = re.compile(rf"([A-Z]\w{{0,20}}):? ({NUMBER})")
_CLUTTER = re.compile(
    r"v_num|(?:global_|env_)?steps?|n/(?:ep|st)|iter(?:ation)?s?|it|i|n|batch|epochs?|eta|seed|rank"
    r"|(?:.*[_ ])?(?:time|mem(?:ory)?|gpu|seconds)|.*/s",
    re.IGNORECASE,
)


class TqdmFormat:
    """tqdm, with numbers. See `Format`."""

    name: Final = "tqdm"

    def parse(self, text: str) -> tuple[Item, ...]:
        """A state of a bar that has a description or shows numbers."""
        if ("%|" in text or ("% " in text and "<" in text)) and (match := _KNOWN.match(text)):
            description, step, steps, elapsed, left, fields = match.groups()
        elif " [" in text and (match := _UNKNOWN.match(text)):
            description, step, elapsed, fields = match.groups()
            steps = left = None
        else:
            return ()
        if "{" in fields:
            fields = _NESTED.sub(_flat, fields)
        description = (description or "").strip()
        told = _described(description)
        padded = _LIGHTNING.search(fields) is not None or _may_be_padded(description, fields)
        shown = _readings(_FIELD, fields, padded=padded)
        if padded and _LIGHTNING_1.match(fields):
            shown[0] = shown[0]._replace(law="sliding-20")
        if description == _SPLATTING and "Loss=" in fields:
            shown = [_of_splatting(each) for each in shown]
        readings = (*told.readings, *shown)
        epoch, epochs = told.epoch, told.epochs
        if epoch is None and (match := _EPOCH_FIELD.search(fields)):
            epoch, epochs = int(match[1]), int(match[2]) if match[2] else None
        if not (readings or (description and steps)):
            return ()  # nobody knows whose bar it is
        item = Progress(
            BAR,
            int(step),
            int(steps) if steps else None,
            readings,
            None,
            False,
            clock_seconds(left) if left else None,
            clock_seconds(elapsed),
            None,
            "batch",
            epoch,
            epochs,
            bar=told.bar,
        )
        return (item,)


def _of_splatting(reading: Reading) -> Reading:
    """A loss beside the bar of 3D Gaussian Splatting, of 7 decimals; others may be anything."""
    is_its_own = reading.metric in _SPLATTED and reading.quantum == _SPLATTED_QUANTUM
    return reading._replace(law="zeroed-0.6") if is_its_own else reading


def summary(text: str) -> Progress | None:
    """The numbers of a line below a bar, as far as it says of what data they are."""
    readings = [
        reading
        for item in PLAIN.parse(text)
        if isinstance(item, Progress) and item.step is None
        for reading in item.readings
        if describe(reading.metric).split == "val" or reading.metric.startswith("train_")
    ]
    return self_placed(SUMMARY, None, None, readings, final=False) if readings else None


def evaluation(text: str) -> Progress | None:
    """The numbers of a line beside a bar that tells its step: of an evaluation, of data that it names.

    As 3D Gaussian Splatting and its many descendants write it; train.py, training_report.
    """
    match = _EVALUATION.match(text) if text.startswith("[") else None
    if match is None:
        return None
    data = "val" if match[2] == "test" else match[2]
    readings = [
        Reading(f"{data}_{name}", *printed(value), "epoch")
        for name, value in _PAIR.findall(match[3])
    ]
    return self_placed(BAR, int(match[1]), None, readings, final=False)


def announced(text: str) -> tuple[int, int | None] | None:
    """Epoch and planned epochs of a line that announces them: `Epoch 3/10`, `--- Epoch 3 ---`."""
    match = _ANNOUNCED.match(text) if len(text) < 120 else None
    if match is None:
        return None
    return int(match[1]), int(match[2]) if match[2] else None


def general(reading: Reading) -> Reading:
    """A reading of a number that tqdm itself wrote: its last decimals may be zeros left out."""
    _, quantum = significant(repr(reading.displayed), GENERAL_DIGITS)
    return reading._replace(quantum=min(quantum, reading.quantum) or reading.quantum)


class _Described(NamedTuple):
    """What a description tells."""

    readings: tuple[Reading, ...]
    epoch: int | None
    epochs: int | None
    bar: str
    """What the bar is called, the same for all of its states and epochs."""


@lru_cache(maxsize=16)
def _described(description: str) -> _Described:
    """What a description tells; most bars keep theirs for an epoch."""
    bar = re.sub(r"\d+", "#", _TOLD.sub("", description)).strip(" :,|-")
    readings = tuple(_readings(_TOLD, description))
    if len({each.metric for each in readings}) < len(readings):  # but for the word before them
        readings = tuple(_readings(_TOLD, _WORDS.sub("_", description)))
    return _Described(readings, *_epoch(description), bar)


def _flat(nested: re.Match[str]) -> str:
    """The fields within a field, without quotes."""
    return nested[1].replace("'", "").replace('"', "")


def _epoch(description: str) -> tuple[int | None, int | None]:
    match = _EPOCH.search(description)
    if match is None:
        return None, None
    number, total = match[1] or match[3] or match[5], match[2] or match[4]
    return int(number), int(total) if total else None


def _readings(pattern: re.Pattern[str], text: str, *, padded: bool = False) -> list[Reading]:
    return [
        Reading(name, *_number(value, padded=padded and not unit), law)
        for name, value, unit in pattern.findall(text)
        if (law := _law(name)) is not None
    ]


def _may_be_padded(description: str, fields: str) -> bool:
    """Whether all numbers beside a bar are as Lightning writes them, though no name tells.

    A program of another's is then read with a digit less, where all its numbers end in zeros.
    """
    if not _LIGHTNING_EPOCH.fullmatch(description):
        return False
    return all(
        len(value) >= PADDED and _digits(value) <= GENERAL_DIGITS
        for _, value, _ in _FIELD.findall(fields)
    )


def _digits(value: str) -> int:
    """Digits of a number, without zeros at either end."""
    return len(re.sub(r"\D|e.*", "", value.lower()).strip("0"))


def _number(text: str, *, padded: bool) -> tuple[float, float]:
    """Value and quantum; `padded`: the zeros at its end need not be its own."""
    if padded and _digits(text) <= GENERAL_DIGITS:
        return significant(text, GENERAL_DIGITS)
    return printed(text)


@lru_cache(maxsize=1024)
def _law(name: str) -> str | None:
    """The law of a number by its name; None where that is no metric's."""
    if _CLUTTER.fullmatch(name):
        return None
    if name.endswith("_step"):
        return "instantaneous"
    if name.endswith("_epoch"):
        return "epoch"
    split = describe(name).split
    return {"val": "epoch", "other": "instantaneous", "train": "open"}[split]
