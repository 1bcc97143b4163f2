"""Lines that home-made loops print: `Epoch 3/10 | Step 100/1000 | Loss: 1.51 | Acc: 46.6%`.

A fallback, tried where no other format reads a log (`detect`), and careful. A line begins with its
epoch or its step, or has nothing but fields before it; at least one field is called as metrics are,
where not both are told. Parts of the line that are anything else are left out. An epoch may also be
announced on a line of its own, with its numbers on lines below that are fields from begin to end:

    Epoch 3/10
    train Loss: 0.6931 Acc: 0.7500
    val Loss: 0.5432 Acc: 0.8125

So may a step, `Learning iteration 66/30000`, or a part of an epoch, `Train Epoch: 9 [20%]`; below an
epoch's head lines may begin with their step alone, `1/16, train_loss: 0.1162`.

PyTorch's quickstart counts samples, `loss: 2.303494  [   64/60000]`, and does not say how many are in a
batch: of which samples such a number is, nobody can tell, so it is shown as printed.
What the fields are is for `fields`.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from tui_monitor.core.formats.base import self_placed
from tui_monitor.core.formats.fields import (
    PHASE,
    are_fields,
    data_of,
    is_known,
    is_prose,
    law_of,
    parts,
    readings,
    shows_metric,
    word_at,
)
from tui_monitor.core.formats.labels import in_english
from tui_monitor.core.formats.prefix import label_ends
from tui_monitor.core.formats.shapes import Shapes
from tui_monitor.core.metrics import describe
from tui_monitor.core.records import Item, Progress

LINE: Final = "plain"
"""`Epoch: 0, Iteration: 300, Encoder Loss: 19.95, Learning Rate: 0.1`."""
HEAD: Final = "plain-head"
"""`Epoch 3/10`, `Epoch: 03 | Time: 0m 5s`: the epoch or step of the lines below, without numbers.

Its `final` is False where they are of a part of the epoch.
"""
BELOW: Final = "plain-below"
"""`train Loss: 0.6931 Acc: 0.7500`: numbers of the epoch that a line above announced."""
DATA: Final = "plain-data"
"""`Test Error:`: of what data the numbers below are, which is what `Progress.bar` says."""

_MOST = 600
"""Characters of a line that is looked at."""
_HINTS = (
    "loss",
    "epoch",
    "step",
    "iter",
    "acc",
    "batch",
    "episode",
    "ep ",
    "it ",
    "update",
    "round",
    "[",
    "test ",
    "result",
    "valid",
    "eval",
)
"""Of which each line that is read has one."""

_COUNT = (
    r"[\[(<]?\s{0,8}(\d{1,3}(?:,\d{3}){1,2}(?!\d)|\d{1,9})"
    r"(?:\s{0,2}(?:/|of)\s{0,2}(\d{1,9}))?(?![\w%]|[.:/]\d)[\])>]?"
)
_OF = r"(?:[ _]?(?:id|idx|index|no|num|number|step)\b\.?)?[\]\s:=#]{0,6}"
_EPOCH = re.compile(
    r"(?:(?:train|training|current|global|finished|completed|after|end of)[\] :|\[-]{1,3})?"
    rf"(?:ep(?:och)?\.?|round){_OF}{_COUNT}",
    re.IGNORECASE,
)
_STEP = re.compile(
    r"(?:(?:train|training|current|global|mini|epoch|learning|completed|optimizer)[ _-]?|i_)?"
    rf"(?:step|iter|iteration|it|batch|batches|update|episode)s?{_OF}{_COUNT}",
    re.IGNORECASE,
)
_BRACKETS = re.compile(
    r"\[ {0,8}(\d{1,9})(?:/(\d{1,9}))?(?:, {0,8}|\] ?\[ {0,8})(\d{1,9})(?:/(\d{1,9}))?\]"
)
"""`[3/25][100/391] Loss_D: ..`, `[1,  2000] loss: 2.218`."""
_TRAINS = re.compile(r"\s{0,8}train(?:ing)?[: |]{1,3}", re.IGNORECASE)
_BARE_STEP = re.compile(
    r"(?:\s{0,3}[\[(]|\s{0,2}[,:|-]?\s{1,8}) {0,8}(\d{1,9}) {0,2}/ {0,8}(\d{1,9})(?: \( ?\d{1,3}%\))?"
    r"(?:[\])]|(?=[;,:| ]))"
)
"""`Epoch 3 [100/500]`, `Epoch  3, 100/500;`, `| epoch   3 |   200/ 2983 batches |`."""
_ASIDE = re.compile(
    r"[ :,-]{0,4}(?:\((?![ \d]{1,9}/)[^()]{1,60}\)|\[[\d.]{1,6} ?%\]|(?:batches|complete|completed|done"
    r"|finished|ended|summary|results?)\b)",
    re.IGNORECASE,
)
"""`Epoch 3 (warm-up): ..`, `Epoch 3 complete: ..`."""

_BEGINS: Final = frozenset("abcdefgilmorstuvABCDEFGILMORSTUV")
"""Letters that the words for a place, and those for data before them, begin with."""
_LATER = re.compile(rf"(?<=[\s|,;])(?:{_EPOCH.pattern}|{_STEP.pattern})", re.IGNORECASE)
"""`loss = 4.2647, step = 100 (12.4 sec)`."""
_SAID = re.compile(
    r"([A-Za-z][\w ]{0,40}?)(?: \([\w ]{1,30}\))? (?:at|after|for|in|of|on|over) "
    rf"(?={_EPOCH.pattern}|{_STEP.pattern})",
    re.IGNORECASE,
)
"""`Cost after iteration 100: 0.6931`, `Training loss (for one batch) at step 200: 0.5`."""

_TITLE = re.compile(r"(?:results?|summary|metrics|stat(?:istic)?s|performance)", re.IGNORECASE)
"""`Results for epoch 3: loss 0.5123, acc 0.8123`."""
_SAMPLES = re.compile(r" {1,4}\[ {0,8}(\d{1,9})/ {0,8}(\d{1,9})\]$")
_COUNTED = re.compile(r"[\[(]?(\d{1,9})/(\d{1,9})(?:[\])]|[,:](?= )|(?= {1,4}[A-Za-z|-])) {0,4}")
"""`1/16, train_loss: 0.1162`, `[120/938] loss: 2.3`."""
_PART = re.compile(r"[ :,-]{0,4}[\[(][\d.]{1,6} ?%[\])]$")
_STEP_AND_RATE = re.compile(r"\[(\d{1,9}), {0,2}\d{1,2}(?:\.\d{1,24})?(?:e-\d\d)?\]$")
"""`[4200, 9.990004373906418e-05]`, which voice conversion's loops (RVC) show above a step's losses."""
_OF_DATA = re.compile(
    r"(?:test|valid|val|validation|eval|evaluation)(?: (?:error|results?|metrics)s?|ing)?:?",
    re.IGNORECASE,
)


class PlainFormat:
    """A loop of its own making. See `Format`."""

    name: Final = "plain"

    def __init__(self) -> None:
        self._shapes = Shapes(self._read)

    def parse(self, text: str) -> tuple[Item, ...]:
        """The fields of a line, of an epoch, a step, or below the head of one; or the head."""
        return self._shapes.parse(text) if len(text) <= _MOST else ()

    def _read(self, text: str) -> tuple[Item, ...]:
        if not text.isascii():
            text = in_english(text)
        lowered = text.lower()
        if not (any(hint in lowered for hint in _HINTS) or shows_metric(text)):
            return ()
        text = text.strip()
        place, behind = _place(text, 0), 0
        if place is None and (ends := label_ends(text)):
            behind = ends[0]
            place = next(filter(None, (_place(text, at) for at in dict.fromkeys(ends))), None)
        place = place or _place_behind(text, behind) or _counted(text, 0) or _counted(text, behind)
        if place is None:
            return _placed_behind(text[behind:]) or _below(text[behind:])
        if place.data and place.step is not None and place.step != place.steps:
            return ()  # on the way through a validation
        rest = place.before + text[place.end :]
        shown = tuple(readings(rest, place.data, steps=place.step is not None))
        exactly = place.epoch is not None and place.step is not None and not place.before
        if (shown and exactly) or any(is_known(each.metric) for each in shown):
            item = self_placed(
                *(LINE, place.step, place.steps, shown),
                unit="epoch" if place.step is None else "batch",
                final=True if place.step is None else None,
                epoch=place.epoch,
                epochs=place.epochs,
            )
            return (item,)
        return _head(place, text, rest)


PLAIN: Final = PlainFormat()


def _head(place: _Place, text: str, rest: str) -> tuple[Item, ...]:
    """A line that shows nothing but a place, which is that of the lines below."""
    if place.before or place.data:
        return ()
    if place.step is not None and any(map(str.isalpha, _STEP.sub("", rest))):
        return ()
    if any(is_prose(part) for part in parts(rest)):
        return ()
    head = self_placed(
        *(HEAD, place.step, place.steps, ()),
        epoch=place.epoch,
        epochs=place.epochs,
        final=False if _PART.search(text) else None,
    )
    return (head,)


class _Place(NamedTuple):
    epoch: int | None
    epochs: int | None
    step: int | None
    steps: int | None
    end: int
    """Where it ends in the line."""
    data: str = ""
    """What names of metrics begin with where the line is of no training: `[Val] Epoch 3: ..`."""
    before: str = ""
    """What of the fields the line begins with."""


def _place(text: str, at: int) -> _Place | None:
    """The epoch, the step or both that a line begins with."""
    trains = _TRAINS.match(text, at)
    if match := _BRACKETS.match(text, trains.end() if trains else at):
        return _Place(*_numbers(match, 1), *_numbers(match, 3), match.end())
    at = word_at(text, at)
    if text[at : at + 1] not in _BEGINS:
        return None
    data = ""
    if (match := PHASE.match(text, at)) and not match[1]:
        data, at = data_of(match), match.end()
    epoch = _EPOCH.match(text, at)
    after = word_at(text, epoch.end()) if epoch else at
    step = _STEP.match(text, after) or (_BARE_STEP.match(text, epoch.end()) if epoch else None)
    if step and not epoch:
        epoch = _EPOCH.match(text, word_at(text, step.end()))
    if epoch is None and step is None:
        return None
    end = max(match.end() for match in (epoch, step) if match)
    if aside := _ASIDE.match(text, end):
        end = aside.end()
    return _Place(*_numbers(epoch, 1), *_numbers(step, 1), end, data)


def _place_behind(text: str, at: int) -> _Place | None:
    """The same of a line that begins with some of its fields, or with the name of its only one."""
    if said := _SAID.match(text, at):
        begin, before = said.end(), "" if _TITLE.fullmatch(said[1]) else said[1]
    elif match := _LATER.search(text, at):
        begin, before = match.start(), f"{text[at : match.start()]} | "
    else:
        return None
    place = _place(text, begin)
    exactly = place is not None and place.epoch is not None and place.step is not None
    if place is None or not (said or exactly or are_fields(before)):
        return None
    return place._replace(before=before)


def _counted(text: str, at: int) -> _Place | None:
    """The step that a line of fields begins with, without a word for it."""
    match = _COUNTED.match(text, at)
    if match is None or not are_fields(text[match.end() :]):
        return None
    return _Place(None, None, *_numbers(match, 1), match.end())


def _numbers(match: re.Match[str] | None, group: int) -> tuple[int | None, int | None]:
    """A group's number and the next one's, of what the second may be missing."""
    if match is None:
        return None, None
    first, second = match[group], match[group + 1]
    return int(first.replace(",", "")), int(second) if second else None


def _placed_behind(text: str) -> tuple[Item, ...]:
    """A line that ends with its place in samples, or that says of what data those below are."""
    if match := _SAMPLES.search(text):
        below = _below(text[: match.start()])
        return tuple(
            item._replace(
                style=LINE,
                step=int(match[1]),
                steps=int(match[2]),
                unit="sample",
                final=None,
                readings=tuple(each._replace(law="unknown") for each in item.readings),
            )
            for item in below
        )
    if match := _STEP_AND_RATE.match(text):
        return (self_placed(HEAD, int(match[1]), None, ()),)
    named = text.strip(" >=*#-")
    if _OF_DATA.fullmatch(named) and (match := PHASE.match(named)):
        return (self_placed(DATA, None, None, ())._replace(bar=data_of(match)),)
    return ()


def _below(text: str) -> tuple[Progress, ...]:
    """The numbers of a line that nothing places: fields from begin to end."""
    begin = word_at(text, 0)
    if not text[begin:][:1].isalpha() or not shows_metric(text) or not are_fields(text):
        return ()
    validates = (match := PHASE.match(text, begin)) and not match[1]
    shown = tuple(readings(text, data_of(match) if match and validates else "", steps=False))
    if not any(is_known(each.metric) for each in shown):
        return ()
    return (self_placed(BELOW, None, None, shown, unit="epoch", final=True),)


def of_head(item: Progress, head: Progress) -> Progress:
    """A line below a head, which tells its epoch, and its step where both are told nowhere else."""
    item = item._replace(epoch=head.epoch, epochs=head.epochs)
    if item.style != BELOW or (head.step is None and head.final is None):
        return item
    readings = (
        each._replace(law=law_of(each.metric, steps=True)) if each.law == "epoch" else each
        for each in item.readings
    )
    return item._replace(
        step=head.step, steps=head.steps, unit="batch", final=head.final, readings=tuple(readings)
    )


def of_data(item: Progress, data: str) -> Progress:
    """The numbers below a line that says of what data they are."""
    return item._replace(
        readings=tuple(
            each
            if describe(each.metric).split == "val"
            else each._replace(metric=data + each.metric)
            for each in item.readings
        )
    )
