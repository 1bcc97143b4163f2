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
from typing import Final

from tui_monitor.core.formats.base import self_placed
from tui_monitor.core.formats.dialects import plainly
from tui_monitor.core.formats.fields import (
    PHASE,
    are_fields,
    data_of,
    is_known,
    is_prose,
    is_trained,
    law_of,
    parts,
    readings,
    shows_metric,
    simulates,
    word_at,
)
from tui_monitor.core.formats.labels import in_english
from tui_monitor.core.formats.loopplace import (
    LinePlace,
    counted,
    place_at,
    place_behind,
    shows_more,
)
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
ANYBODYS: Final = "anybodys"
"""`Progress.bar` of heads that other programs than trainings have as well: `Round 3`."""
BELOW: Final = "plain-below"
"""`train Loss: 0.6931 Acc: 0.7500`: numbers of the epoch that a line above announced.

Its `bar` is the sign that it begins with, as the rows of a list do.
"""
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

_SAMPLES = re.compile(r" {1,4}\[ {0,8}(\d{1,9})/ {0,8}(\d{1,9})\]$")
_BULLETS: Final = "|>*#-\u2022\u251c\u2514\u2502"
_SAVED = re.compile(r"\bSaving dict for global step \d{1,12}: ")
_TIMED = re.compile(r"^[ ,|:-]{1,4}(?:per-step )?time:? {0,2}\d{1,9}\.\d{1,9} ?s(?:ec)?$")
"""`Step 100 per-step time 0.412s`, above the losses."""
_PART = re.compile(r"[ :,-]{0,4}[\[(][\d.]{1,6} ?%[\])]$")
_STEP_AND_RATE = re.compile(r"\[(\d{1,9}), {0,2}\d{1,2}(?:\.\d{1,24})?(?:e-\d\d)?\]$")
"""`[4200, 9.990004373906418e-05]`, which voice conversion's loops (RVC) show above a step's losses."""
_PROGRESS = re.compile(
    r"(?:progress:? ?)?\[[#=>.\u2588 -]{4,100}\] ?[\[(]? {0,3}[\d.]{1,6} ?%[\])]?", re.I
)
"""`Progress [#####     ][27.16%]`, among the fields of a line that tells no step."""
_OF_DATA = re.compile(
    r"(?:test|valid|val|validation|eval|evaluation)(?: (?:error|results?|metrics)s?|ing"
    r"| (?-i:[A-Z])[\w-]{1,40})?:?",
    re.IGNORECASE,
)
"""`Test Error:`, `Validation Set5`."""
_BEST = re.compile(r"[\s,;(]{1,8}best:? {0,3}[\d.]{1,24} @ [^@]{1,40}$", re.IGNORECASE)
"""`psnr: 31.2500	Best: 31.2500 @ 5000 iter`."""


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
        text, ends = plainly(text).strip(), []
        if "Saving dict" in text and (saved := _SAVED.search(text)):
            return _evaluated(text[saved.end() :])
        place, behind = place_at(text, 0), 0
        if place is None and (ends := label_ends(text)):
            behind = ends[0]
            place = next(filter(None, (place_at(text, at) for at in dict.fromkeys(ends))), None)
            place = place or next(filter(None, (place_behind(text, at) for at in ends[1:])), None)
        begin = word_at(text, behind)
        place = place or place_behind(text, begin) or counted(text, 0) or counted(text, behind)
        if place is None:
            behinds = sorted(ends) or [0]
            found = (_placed_behind(text[at:]) or _below(text[at:]) for at in behinds)
            return next(filter(None, found), ())
        if place.data and place.step is not None and place.step != place.steps:
            return ()  # on the way through a validation
        rest = place.before + text[place.end :]
        shown = tuple(readings(rest, place.data, steps=place.step is not None))
        if simulates([each.metric for each in shown]):
            return ()
        exactly = place.epoch is not None and place.step is not None and not place.before
        known = is_trained if place.anybodys else is_known
        if (shown and exactly and not place.anybodys) or any(known(r.metric) for r in shown):
            item = self_placed(
                *(LINE, place.step, place.steps, shown),
                unit="epoch" if place.step is None else "batch",
                final=True if place.step is None else None,
                epoch=place.epoch,
                epochs=place.epochs,
            )
            if place.step is None or any(describe(r.metric).split != "other" for r in shown):
                return (item,)
            return item, self_placed(
                *(HEAD, place.step, place.steps, ()), epoch=place.epoch, epochs=place.epochs
            )
        return _head(place, text, rest)


PLAIN: Final = PlainFormat()


def _evaluated(text: str) -> tuple[Progress, ...]:
    """The fields of a line that an evaluation of TensorFlow's Estimator ends with."""
    shown = [each._replace(law="epoch") for each in readings(text, "val_", steps=False)]
    if not any(is_known(each.metric) for each in shown):
        return ()
    return (self_placed(LINE, None, None, shown, unit="batch", final=False),)


def _head(place: LinePlace, text: str, rest: str) -> tuple[Item, ...]:
    """A line that shows nothing but a place, which is that of the lines below."""
    if place.before or place.data:
        return ()
    rest = _TIMED.sub("", rest)
    if place.step is not None and (shows_more(rest) or "_" in text[: place.end]):
        return ()  # a step among other fields: `training_iteration: 1`
    if any(is_prose(part) for part in parts(rest)) or (place.anybodys and shows_metric(rest)):
        return ()
    head = self_placed(
        *(HEAD, place.step, place.steps, ()),
        epoch=place.epoch,
        epochs=place.epochs,
        final=False if _PART.search(text) else None,
    )
    return (head._replace(bar=ANYBODYS) if place.anybodys else head,)


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
    if "%" in text:
        text = _PROGRESS.sub("", text)
    if " @ " in text:
        text = _BEST.sub("", text)
    begin, mark = word_at(text, 0), text.lstrip()[:1]
    if text[begin:][:5].lower() == "best ":
        return ()  # once more
    if not text[begin:][:1].isalpha() or not shows_metric(text) or not are_fields(text):
        return ()
    validates = (match := PHASE.match(text, begin)) and not match[1]
    shown = tuple(readings(text, data_of(match) if match and validates else "", steps=False))
    if not any(is_known(each.metric) for each in shown):
        return ()
    below = self_placed(BELOW, None, None, shown, unit="epoch", final=True)
    return (below._replace(bar=mark if mark in _BULLETS else ""),)


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
