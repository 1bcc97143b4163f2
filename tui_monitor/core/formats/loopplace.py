"""Where a line of a home-made loop says that it stands: its epoch, its step, or both.

Owns the words for these, and where in a line they may be: at its begin, or behind fields or a title.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from tui_monitor.core.formats.fields import PHASE, are_fields, data_of, shows_metric, word_at

_COUNT = (
    r"(?:\[ {0,8}\d{1,9}- {0,4}|[\[(<]?\s{0,8})(\d{1,3}(?:,\d{3}){1,2}(?!\d)|\d{1,9})"
    r"(?:\s{0,2}(?:/|of)\s{0,2}(\d{1,9}))?(?![\w%]|[.:/]\d)(?:, {0,3}[\d.]{1,20}%(?=\]))?[\])>]?"
)
_OF = r"(?:[ _]?(?:id|idx|index|no|num|number|step)\b\.?|\.\.\.)?[\]\s:=#]{0,6}"
_EPOCH = re.compile(
    r"(?:(?:train|training|current|global|finished|completed|after|end of|start(?:ing)?|begin)"
    r"[\] :,|\[-]{1,3})?"
    rf"(?:ep(?:och)?\.?|round){_OF}{_COUNT}",
    re.IGNORECASE,
)
_STEP = re.compile(
    r"(?:(?:(?:train|training|current|global|mini|epoch|learning|completed|optimizer|policy|total|num)"
    r"[ _-]?|batch (?=train)){1,2}|i_)?"
    rf"(?:step|iter|iteration|it|batch|batches|update|episode)s?{_OF}{_COUNT}",
    re.IGNORECASE,
)
_BRACKETS = re.compile(
    r"\[ {0,8}(\d{1,9})(?:/(\d{1,9}))?(?:, {0,8}|\] ?\[ {0,8}|\] {1,12}(?=\d{1,9} \|\| ))(\d{1,9})"
    r"(?:/(\d{1,9}))?(?:\]|(?= \|\| ))"
)
"""`[3/25][100/391] Loss_D: ..`, `[1,  2000] loss: 2.218`, `[  0]      10 || B: 6.981 | ..`."""
_TRAINS = re.compile(r"\s{0,8}train(?:ing)?[: |]{1,3}", re.IGNORECASE)
_BARE_STEP = re.compile(
    r"(?:\s{0,3}[\[(]|\s{0,2}[,:|-]?\s{1,8}) {0,8}(\d{1,9}) {0,2}/ {0,8}(\d{1,9})(?: \( ?\d{1,3}%\))?"
    r"(?:[\])]|(?=[;,:| ]))"
)
"""`Epoch 3 [100/500]`, `Epoch  3, 100/500;`, `| epoch   3 |   200/ 2983 batches |`."""
_OF_EPOCH = re.compile(r"(TRAIN|CV) Batch (\d{1,9})()/(\d{1,9})()(?= loss )")
"""`TRAIN Batch 3/1200 loss 2.1`: of WeNet's epoch 3."""
_BETWEEN = re.compile(
    r"[|;,] {1,4}(?:steps?|iter(?:ation)?s?) ?[:=] {0,4}(\d{1,9})(?:/(\d{1,9}))?(?= {0,4}(?:[|;,]|$))",
    re.IGNORECASE,
)
"""`Epoch 0 | Training | Elapsed Time: 0:00:10 | Steps: 31 | Loss: 120.5`."""
_AGAIN = re.compile(r"\s{1,4}\((\d{1,9})/(\d{1,9})\)\s?:?\s{0,4}\**$")
"""`Epoch 12 (12/200):`, as PointNet's loops count epochs twice."""
_DATA_COUNTED = re.compile(r"(Train|Test|Val|Valid|Validation|Eval) (\d{1,6})(), (?=[A-Za-z])")
"""`Train 31, loss: 1.4299, ..`, of epoch 31."""
_ASIDE = re.compile(
    r"[ :,-]{0,4}(?:\((?![ \d]{1,9}/)[^()]{1,60}\)|\[ {0,3}[\d.]{1,6} ?%\]"
    r"|(?:with|batches|complete|completed|done|finished|ended?|summary|results?)\b)",
    re.IGNORECASE,
)
"""`Epoch 3 (warm-up): ..`, `Epoch 3 complete: ..`."""

_BEGINS: Final = frozenset("abcdefgilmnoprstuvABCDEFGILMNOPRSTUV")
"""Letters that the words for a place, and those for data before them, begin with."""
_OF_TRAINING = re.compile(r"(?<![a-z])ep|iter", re.IGNORECASE)
"""In the words for a place of which hardly anything but a training has any."""
_LATER = re.compile(rf"(?<=[\s|,;\[])(?:{_EPOCH.pattern}|{_STEP.pattern})", re.IGNORECASE)
"""`loss = 4.2647, step = 100 (12.4 sec)`."""
_TOTAL = re.compile(rf"(?<=[\s|,;\[])(?=total[_ ])(?:{_STEP.pattern})", re.IGNORECASE)
"""`updates: 19, .. total_train_updates: 36`: what else counts begins anew with each line."""
_SAID = re.compile(
    r"([A-Za-z][\w ]{0,40}?)(?: \([\w ]{1,30}\))? (?:at|after|for|in|of|on|over) "
    rf"(?={_EPOCH.pattern}|{_STEP.pattern})",
    re.IGNORECASE,
)
"""`Cost after iteration 100: 0.6931`, `Training loss (for one batch) at step 200: 0.5`."""

_WORDED = re.compile(r"(?:^|(?<=, ))([A-Z][a-z]{1,12}(?: [a-z]{1,12})?): {1,8}([A-Z][a-z]{1,20}), ")
"""`Phase: Training, Dataset used: Train, .. Epoch: 3`: fields that have words, as ML.NET has them."""

_IS = re.compile(r" is(?= [+-]?[\d.])")
"""`Score at iteration 100 is 0.4748`."""
_OF_DATA = re.compile(r"(?:[DIWE] )?([A-Za-z]{3,10})")
"""`I Validation of Epoch 0 - loss: 188.4`, as DeepSpeech has it."""
_SIGNS: Final = " |:=-"
_TITLE = re.compile(r"(?:results?|summary|metrics|stat(?:istic)?s|performance)", re.IGNORECASE)
"""`Results for epoch 3: loss 0.5123, acc 0.8123`."""
_BOTH = re.compile(r"(\d{1,9})() (\d{1,9})() (?=[A-Za-z])")
"""`333 154 Loss=0.034 Time=0.040`, of epoch 333."""
_COUNTED = re.compile(
    r"(?:[\[(]?(\d{1,9})/(\d{1,9})(?:[\])]|[,:](?= )|(?= {1,4}[A-Za-z|-]))|\[#(\d{1,9})()\]) {0,4}"
)
"""`1/16, train_loss: 0.1162`, `[120/938] loss: 2.3`, `[#00285] loss_A: 0.07463`."""


class LinePlace(NamedTuple):
    """A line's place, and where in the line that is told."""

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
    anybodys: bool = False
    """Many a program that trains nothing counts so: by steps, batches, updates or rounds alone."""


def place_at(text: str, at: int) -> LinePlace | None:
    """The epoch, the step or both that a line begins with."""
    if match := _OF_EPOCH.match(text, at):
        data = "val_" if match[1] == "CV" else ""
        return LinePlace(*_numbers(match, 2), *_numbers(match, 4), match.end(), data)
    trains = _TRAINS.match(text, at)
    if match := _BRACKETS.match(text, trains.end() if trains else at):
        return LinePlace(*_numbers(match, 1), *_numbers(match, 3), match.end())
    at = word_at(text, at)
    if text[at : at + 1] not in _BEGINS:
        return None
    if (match := _DATA_COUNTED.match(text, at)) and (of := PHASE.match(match[1])):
        data = "" if of[1] else data_of(of)
        return LinePlace(*_numbers(match, 2), None, None, match.end(), data, anybodys=True)
    data = ""
    if (match := PHASE.match(text, at)) and not match[1]:
        data, at = data_of(match), match.end()
    epoch = _EPOCH.match(text, at)
    if epoch and (again := _AGAIN.match(text, epoch.end())) and again[1] == epoch[1]:
        return LinePlace(*_numbers(again, 1), None, None, again.end(), data)
    after = word_at(text, epoch.end()) if epoch else at
    step = _STEP.match(text, after) or (_BARE_STEP.match(text, epoch.end()) if epoch else None)
    if step and not epoch:
        epoch = _EPOCH.match(text, word_at(text, step.end()))
    if epoch is None and step is None:
        return None
    end = max(match.end() for match in (epoch, step) if match)
    if aside := _ASIDE.match(text, end):
        end = aside.end()
    if step is None and (step := _BETWEEN.search(text, end)):
        of = PHASE.match(text[end : step.start()].strip(_SIGNS))
        data = data_of(of) if of and not of[1] else data
    anybodys = not any(_OF_TRAINING.search(match[0]) for match in (epoch, step) if match)
    return LinePlace(*_numbers(epoch, 1), *_numbers(step, 1), end, data, anybodys=anybodys)


def place_behind(text: str, at: int) -> LinePlace | None:
    """The same of a line that begins with some of its fields, or with the name of its only one."""
    data = ""
    if said := _SAID.match(text, at):
        begin, before = said.end(), "" if _TITLE.fullmatch(said[1]) else said[1]
        if (match := _OF_DATA.fullmatch(before)) and (match := PHASE.match(match[1])):
            before, data = "", "" if match[1] else data_of(match)
    elif match := _TOTAL.search(text, at) or _LATER.search(text, at):
        begin, before = match.start(), f"{text[at : match.start()]} | "
        for worded in _WORDED.finditer(before):
            if (of := PHASE.fullmatch(worded[2])) and not of[1]:
                data = data_of(of)
        before = _WORDED.sub("", before)
        title = PHASE.match(text[at:begin].strip(_SIGNS))
        if title and title.end() == len(title.string):
            before, data = "", "" if title[1] else data_of(title)
    else:
        return None
    place = place_at(text, begin)
    exactly = place is not None and place.epoch is not None and place.step is not None
    if place is None or not (said or exactly or are_fields(before)):
        return None
    if said and (match := _IS.match(text, place.end)):
        place = place._replace(end=match.end())
    return place._replace(before=before, data=place.data or data)


def counted(text: str, at: int) -> LinePlace | None:
    """The step that a line of fields begins with, or its epoch and its step, without a word for it."""
    both = _BOTH.match(text, at)
    match = both or _COUNTED.match(text, at)
    rest = text[match.end() :] if match else ""
    if match is None or not shows_metric(rest) or not are_fields(rest):
        return None
    if both:
        return LinePlace(*_numbers(both, 1), *_numbers(both, 3), both.end(), anybodys=True)
    group = 3 if match[1] is None else 1
    return LinePlace(None, None, *_numbers(match, group), match.end(), anybodys=True)


def _numbers(match: re.Match[str] | None, group: int) -> tuple[int | None, int | None]:
    """A group's number and the next one's, of what the second may be missing."""
    if match is None:
        return None, None
    first, second = match[group], match[group + 1]
    return int(first.replace(",", "")), int(second) if second else None


def shows_more(rest: str) -> bool:
    """Whether what is left of a line beside its place has words other than for places."""
    return any(map(str.isalpha, _STEP.sub("", rest)))
