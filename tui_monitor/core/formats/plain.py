"""Lines that home-made loops print: `Epoch 3/10 | Step 100/1000 | Loss: 1.51 | Acc: 46.6%`.

A fallback, tried where no other format reads a log (`detect`), and careful. A line begins with its
epoch or its step; behind it stand fields, name and number each, of which at least one is called as
metrics are. Parts of the line that are anything else are left out. An epoch may also be announced on
a line of its own, with its numbers on lines below that are fields from begin to end:

    Epoch 3/10
    train Loss: 0.6931 Acc: 0.7500
    val Loss: 0.5432 Acc: 0.8125

PyTorch's quickstart counts samples, `loss: 2.303494  [   64/60000]`, and does not say how many are in a
batch: of which samples such a number is, nobody can tell, so it is shown as printed.
What numbers beside a step average is the program's own business, so their law is open; without a
step they are the epoch's, as are those of validations. Names are written as other formats have them:
`Val. Loss` is `val_loss`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from tui_monitor.core.formats.base import METRIC, printed, self_placed
from tui_monitor.core.formats.prefix import label_end
from tui_monitor.core.metrics import describe
from tui_monitor.core.records import Item, Progress, Reading

LINE: Final = "plain"
"""`Epoch: 0, Iteration: 300, Encoder Loss: 19.95, Learning Rate: 0.1`."""
HEAD: Final = "plain-head"
"""`Epoch 3/10`, `Epoch: 03 | Time: 0m 5s`: the epoch of the lines below, without numbers."""
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
    "[",
    "test ",
)
"""Of which each line that is read has one."""

_COUNT = r"[\[(<]?\s{0,8}(\d{1,9})(?:\s{0,2}(?:/|of)\s{0,2}(\d{1,9}))?(?![\w%]|[.:/]\d)[\])>]?"
_OF = r"(?:[ _]?(?:id|idx|index|no|num|number|step)\b\.?)?[\]\s:=#]{0,6}"
_EPOCH = re.compile(
    rf"(?:(?:train|training|current|global)[\] :|-]{{1,3}})?ep(?:och)?{_OF}{_COUNT}", re.IGNORECASE
)
_STEP = re.compile(
    r"(?:(?:train|training|current|global|mini)[ _-]?)?"
    rf"(?:step|iter|iteration|it|batch|batches|update|episode)s?{_OF}{_COUNT}",
    re.IGNORECASE,
)
_BRACKETS = re.compile(
    r"\[ {0,8}(\d{1,9})(?:/(\d{1,9}))?(?:, {0,8}|\] ?\[ {0,8})(\d{1,9})(?:/(\d{1,9}))?\]"
)
"""`[3/25][100/391] Loss_D: ..`, `[1,  2000] loss: 2.218`."""
_BARE_STEP = re.compile(r"\s{0,3}[\[(] {0,8}(\d{1,9})/(\d{1,9})(?: \( ?\d{1,3}%\))?[\])]")
"""`Epoch 3 [100/500]`."""
_ASIDE = re.compile(r"[ :,-]{0,4}\((?![ \d]{1,9}/)[^()]{1,60}\)")
"""`Epoch 3 (warm-up): ..`."""

_SAMPLES = re.compile(r" {1,4}\[ {0,8}(\d{1,9})/ {0,8}(\d{1,9})\]$")
_OF_DATA = re.compile(r"(?:test|val|validation|eval) (?:error|results?|metrics)s?:?", re.IGNORECASE)

_WORD = r"[A-Za-z_][\w@/.-]{0,40}(?:\([\w()]{1,12}\))?"
_NUMBER = r"[+-]?\d{1,18}(?:\.\d{1,24})?(?:[eE][+-]?\d{1,3})?|[+-]?(?:nan|inf)"
_FIELD = re.compile(
    rf"({_WORD}(?: {{1,2}}{_WORD}){{0,3}}?)(?: {{0,3}}[:=]{{1,2}} {{0,12}}| {{1,12}})[\[(]?"
    rf"(?:({_NUMBER})( ?%)?(?![\w.%]|[:/]\d)(?: ?\(({_NUMBER})(?:\)|$))?[\])]?"
    r"|(\d[\d.:]{0,20} ?(?:[A-Za-z]{1,8}(?:/[A-Za-z]{1,8})?)?(?: \d{1,2} ?[a-z]{1,3})?)[\])]?)"
    r"(?: ?\([^()]{1,40}\))?(?=$|[\s*:.!\]])",
    re.IGNORECASE,
)
"""Name, and a number with its percent sign and its mean; or else a time or what has another unit."""
_PLACES = re.compile(r"ep(?:och)?s?|steps?|iter(?:ation)?s?|batch(?:es)?", re.IGNORECASE)
_DECIMAL = re.compile(r"[.einEIN]")
_PART = re.compile(
    r"\s*[,;|\t]\s*|(?<=[a-z]{5})[.!]\s+|\s+[-–—]+>?\s+|\]\s*\[|\s{3,}(?=[A-Za-z\[])"
)
_MARKS = " \t:.*#=-–—>[]()!\u2022"
_PHASE = re.compile(
    r"(?:(train(?:ing)?)|(val(?:id(?:ation)?)?|eval(?:uation)?|dev)|(test(?:ing)?))"
    r"(?:[\W_]+(?:set|phase)\b)?(?: {0,2}([:|\])>])[\W_]*|[\W_]+|$|(?=loss|acc))",
    re.IGNORECASE,
)
"""A word for the data; what stands behind it says whether it is a heading of the fields that follow."""
_NAMES = 1024
"""Of metrics that are remembered with what they tell: the same few stand on each line of a log."""
_UNNAMED = "value"
_KNOWN = re.compile(rf"{METRIC}|(?:train_|val_|test-)value", re.IGNORECASE)
_CLUTTER = re.compile(
    r"time|second|sec\b|eta\b|elapsed|remain|memory|mem\b|gpu|cuda|speed|throughput|per_sec|/s|fps"
    r"|tokens|samples|seed|size|rank|percent|wall|progress|best|patience|lowest|highest|previous|final"
    r"|last|duration|took|count|weight|dropout|coef|threshold|(?:^|_)(?:from|to|than|not|is|was|the|and"
    r"|with|for|at|in|of|num|alpha|beta|gamma|lambda|epochs?|steps?|iter\w*|batch\w*)(?:_|$)",
    re.IGNORECASE,
)


class PlainFormat:
    """A loop of its own making. See `Format`."""

    name: Final = "plain"

    def parse(self, text: str) -> tuple[Item, ...]:
        """The fields of a line, of an epoch, a step, or below the head of one; or the head."""
        if len(text) > _MOST:
            return ()
        lowered = text.lower()
        if not any(hint in lowered for hint in _HINTS):
            return ()
        text = text.strip()
        behind = label_end(text)
        place = _place(text, 0) or (_place(text, behind) if behind else None)
        if place is None:
            return _placed_behind(text[behind:]) or _below(text[behind:])
        if place.data and place.step is not None and place.step != place.steps:
            return ()  # on the way through a validation
        rest = text[place.end :]
        readings = tuple(_readings(rest, place.data, steps=place.step is not None))
        if any(_is_known(each.metric) for each in readings):
            item = self_placed(
                *(LINE, place.step, place.steps, readings),
                unit="epoch" if place.step is None else "batch",
                final=True if place.step is None else None,
                epoch=place.epoch,
                epochs=place.epochs,
            )
            return (item,)
        if place.step is None and not any(_is_prose(part) for part in _parts(rest)):
            head = self_placed(HEAD, None, None, (), epoch=place.epoch, epochs=place.epochs)
            return (head,)
        return ()


class _Place(NamedTuple):
    epoch: int | None
    epochs: int | None
    step: int | None
    steps: int | None
    end: int
    """Where it ends in the line."""
    data: str = ""
    """What names of metrics begin with where the line is of no training: `[Val] Epoch 3: ..`."""


def _place(text: str, at: int) -> _Place | None:
    """The epoch, the step or both that a line begins with."""
    if match := _BRACKETS.match(text, at):
        return _Place(*_numbers(match, 1), *_numbers(match, 3), match.end())
    at = _word(text, at)
    data = ""
    if (match := _PHASE.match(text, at)) and not match[1]:
        data, at = _data(match), match.end()
    epoch = _EPOCH.match(text, at)
    after = _word(text, epoch.end()) if epoch else at
    step = _STEP.match(text, after) or (_BARE_STEP.match(text, epoch.end()) if epoch else None)
    if step and not epoch:
        epoch = _EPOCH.match(text, _word(text, step.end()))
    if epoch is None and step is None:
        return None
    end = max(match.end() for match in (epoch, step) if match)
    if aside := _ASIDE.match(text, end):
        end = aside.end()
    return _Place(*_numbers(epoch, 1), *_numbers(step, 1), end, data)


def _numbers(match: re.Match[str] | None, group: int) -> tuple[int | None, int | None]:
    """A group's number and the next one's, of what the second may be missing."""
    if match is None:
        return None, None
    first, second = match[group], match[group + 1]
    return int(first), int(second) if second else None


def _word(text: str, at: int) -> int:
    """Where the next word or number begins."""
    while at < len(text) and not text[at].isalnum():
        at += 1
    return at


def _parts(text: str) -> Iterator[str]:
    for part in _PART.split(text):
        if part := part.strip(_MARKS):
            yield part


def _is_prose(part: str) -> bool:
    """Whether a part of a line is no field, nor a word or two."""
    return _FIELD.fullmatch(part) is None and part.count(" ") > 1


@lru_cache(maxsize=_NAMES)
def _is_known(name: str) -> bool:
    """Whether a name has a part that only metrics have."""
    return _KNOWN.search(name) is not None


@lru_cache(maxsize=_NAMES)
def _is_clutter(name: str) -> bool:
    """Whether a number of this name is no metric."""
    return _CLUTTER.search(name) is not None


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
    if _OF_DATA.fullmatch(text) and (match := _PHASE.match(text)):
        return (self_placed(DATA, None, None, ())._replace(bar=_data(match)),)
    return ()


def _below(text: str) -> tuple[Progress, ...]:
    """The numbers of a line that nothing places: fields from begin to end."""
    if not text[_word(text, 0) :][:1].isalpha() or not _KNOWN.search(text):
        return ()
    for part in _parts(text):
        _, at = _heading(part)
        while (match := _FIELD.match(part, at)) and not _PLACES.fullmatch(match[1]):
            at = _word(part, match.end())
        if at < len(part):
            return ()
    readings = tuple(_readings(text, "", steps=False))
    if not any(_is_known(each.metric) for each in readings):
        return ()
    return (self_placed(BELOW, None, None, readings, unit="epoch", final=True),)


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


def _heading(part: str) -> tuple[str, int]:
    """What names begin with by a word for the data before them, `Validation: loss=..`, and its end."""
    match = _PHASE.match(part)
    if match and (match[4] or match.end() == len(part)) and not part[match.end() :][:1].isdecimal():
        return _data(match), match.end()
    return "", 0


def _data(match: re.Match[str]) -> str:
    return "train_" if match[1] else "val_" if match[2] else "test-"


def _readings(text: str, headed: str, *, steps: bool) -> Iterator[Reading]:
    """The numbers of a line's fields, but of those that are no metrics."""
    seen: set[str] = set()
    for part in _parts(text):
        told, at = _heading(part)
        headed = told = told or headed
        while match := _FIELD.match(part, at):
            at = _word(part, match.end())
            words, value, percent, mean, _ = match.groups()
            if _reads_on(match):
                continue
            name, told = _called(words, told)
            if value is None or name in seen or _is_clutter(name):
                continue
            if not (percent or _DECIMAL.search(value)):
                continue  # a count
            seen.add(name)
            law = _law(name, steps=steps)
            # What stands before its mean is of the newest batch.
            newest = "instantaneous" if mean is not None and law == "open" else law
            yield Reading(name, *printed(value), newest)
            if mean is not None:
                yield Reading(f"{name} (avg)", *printed(mean), law)


def _reads_on(field: re.Match[str]) -> bool:
    """Whether a number stands in a sentence: `installing package score 1.0`."""
    words = field[1]
    told = field.start(2) > 0 and re.search(r"[:=]", field.string[field.end(1) : field.start(2)])
    return words.count(" ") > 1 and not told and not _PHASE.match(words)


@lru_cache(maxsize=_NAMES)
def _called(words: str, data: str) -> tuple[str, str]:
    """A metric's name as other formats have it, and what data it is of, for the fields behind it."""
    match = _PHASE.match(words)
    if match and match.end() < len(words):
        words, data = words[match.end() :], _data(match)
    elif match:  # `Train: 0.4912`: of what, it does not say
        words, data = _UNNAMED, _data(match)
    plain = re.sub(r"[\s.-]+", "_", words.lower()).strip("_")
    return (plain if describe(plain).split == "other" else data + plain), data


def _law(name: str, *, steps: bool) -> str:
    split = describe(name).split
    if split == "other":
        return "instantaneous"
    return "open" if steps and split == "train" else "epoch"
