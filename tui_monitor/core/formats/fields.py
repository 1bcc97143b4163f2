"""What lines of home-made loops show beside their place: fields, a name and a number each.

Owns where a field ends, which of them are metrics, and how these are called: names are written as other
formats have them, `Val. Loss` as `val_loss`. What numbers beside a step average is the program's own
business, so their law is open; without a step they are the epoch's, as are those of validations.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import Final

from tui_monitor.core.formats.base import METRIC, TRAINED, printed
from tui_monitor.core.metrics import describe
from tui_monitor.core.records import Reading

_WORD = r"[A-Za-z_][\w@/.-]{0,40}(?:\([\w()]{1,12}\))?"
_NUMBER = r"[+-]?\d{1,18}(?:\.(?:\d{1,24}|(?=\])))?(?:[eE][+-]?\d{1,3})?|[+-]?(?:nan|inf)"
_PACE = (
    r" ?[A-Za-z]{1,12}/(?:s|sec|second|min|h|hour|step|it|iter|batch|sample|image|img|epoch)s?\b"
    r"(?! ?[:=])"
)
_FIELD = re.compile(
    rf"({_WORD}(?: {{1,2}}{_WORD}){{0,3}}?)"
    r"(?: \((?:[A-Za-z][\w -]{0,20}\) {0,4}(?=[\d:=])|\d{1,6}\)(?= ?[:=])))?"
    r"(?: {0,3}[:=]{1,2} {0,12}[\[(]?| {1,12}[\[(]?|\[|(?<= )(?=\d))"
    rf"(?:({_NUMBER})( ?%)?(?: ?dB)?(?![\w%]|[.:/]\w|{_PACE})"
    rf"(?: {{0,2}}\( {{0,4}}({_NUMBER})(?:\)|$))?[\])}}>]?"
    r"|(\d[\d.:]{0,20}(?:/\d{1,12})?"
    r" ?(?:[A-Za-z]{1,12}(?:/[A-Za-z]{1,8})?)?(?: \d{1,2} ?[a-z]{1,3})?)[\])}>]?)"
    r"(?: ?\([^()]{1,40}\))?(?=$|[\s*:.!\]±])",
    re.IGNORECASE,
)
"""Name, and a number with its percent sign and its mean; or else a time, a share of a count, or what
has another unit."""
_BARE = re.compile(r"\d[\d.:]{0,12}[a-z]{0,3} {1,4}(?=[A-Za-z])")
_OF_DATA_COUNTED = re.compile(r"(?:^|_)(?:step|batche|sample|image)s$")
"""`Val steps: 375`, of which the fields behind it need not be."""
_PLACES = re.compile(r"ep(?:och)?s?|steps?|iter(?:ation)?s?|batch(?:es)?", re.IGNORECASE)
_SIGN = re.compile(r"[:=]")
_DECIMAL = re.compile(r"[.einEIN]")
_PART = re.compile(
    r"\s*[,;|\t]\s*|\s+/\s+(?=[A-Za-z])|(?<=[a-z]{5})[.!]\s+|\s+[-–—]+>?\s+|\]\s*\[|\s{3,}(?=[A-Za-z\[])(?!nan\b|inf\b)"
)
_LIST = re.compile(
    r"(?:\b[A-Za-z]\w{0,40} ?[:=] ?)?"
    r"\[ {0,4}[+-]?\d{1,18}\.\d{0,24}(?:e[+-]\d\d)?(?:, {0,4}| {1,4})[^\[\]=:]{1,400}\]"
)
"""Several numbers, of which none is the one of a name, with a name of them all."""
_GROUP = re.compile(r"(?<![\w\]])([A-Za-z]\w{0,40})\[(?=[A-Za-z]\w{0,40}=)([^\[\]]{1,800})\]")
"""`tot_loss[loss=0.8632, simple_loss=1.726, over 10495.15 frames.]`."""
_QUOTED = re.compile(rf"'([A-Za-z][\w @/.-]{{0,40}})': (?:'({_NUMBER})')?")
_WRAPPED = re.compile(
    rf"\b(?:(?:tf|np|jnp|torch)\.)?(?:[tT]ensor|[aA]rray|float\d\d)\(({_NUMBER})"
    r"(?:, [^()]{0,80}(?:\(\)[^()]{0,40})?)?\)"
)
"""`tensor(0.5123, device='cuda:0', grad_fn=<NllLossBackward0>)`, `np.float32(0.5123)`."""
_GROUPED = re.compile(r"(?<!\w)(?=[A-Za-z]\w{0,40}=)")
_ALIGNED = re.compile(
    r"(?<!\w)(train|training|val|valid|validation|test) {2,12}(?=[A-Za-z])", re.IGNORECASE
)
"""A word for the data, with blanks to bring what follows below that of another line."""
_MARKS = " \t:.*#/=-–—>[](){}!\u2022"
PHASE: Final = re.compile(
    r"(?:(train(?:ing)?)|(val(?:id(?:ation)?)?|eval(?:uation)?|dev)|(test(?:ing)?))"
    r"(?:[\W_]+(?:set|phase|metrics?|results?|stats|summary)\b){0,2}"
    r"(?: {0,2}([:|\])>])[\W_]*|[\W_]+|$|(?=loss|acc))",
    re.IGNORECASE,
)
"""A word for the data; what stands behind it says whether it is a heading of the fields that follow."""
_DATA_SET = re.compile(r"[A-Z][\w-]{1,40}")
"""`Validation Set5, psnr: 31.25`: what the data are called."""
_BEGINS_PHASE: Final = frozenset("tTvVeEdD")
_NAMES = 1024
"""Of metrics that are remembered with what they tell: the same few stand on each line of a log."""
_QUALIFIED = re.compile(
    r"^((?:avg|average|mean|smoothed|total|epoch|macro|micro|weighted)[\W_]+)"
    r"((?:train|val|valid|eval|dev|test|training|validation|evaluation|testing)[\W_]+)(?=[a-z])",
    re.IGNORECASE,
)
"""`avg_val_loss`."""
_SUFFIXED = re.compile(r"^([a-z]\w{0,40}?)[_ -](train|val|valid|validation|test)$", re.IGNORECASE)
"""`loss_val`."""
_WHOLE = re.compile(r"reward|score|return")
"""Of what a whole number is no count."""
_AVERAGED = re.compile(r"(?:val_|train_|test-)?(?:avg|average|mean)_")
"""How names begin that say themselves that they are means."""
_UNNAMED = "value"
_DATA = r"(?:train_|val_|test-)[a-z]"
"""How names begin that say of what data a number is."""
_TRAINED = re.compile(rf"{TRAINED}|cost|err(?:or)?(?![a-z])|{_DATA}", re.IGNORECASE)
_KNOWN = re.compile(rf"{METRIC}|{_DATA}", re.IGNORECASE)
_MEASURED = re.compile(TRAINED, re.IGNORECASE)
_SIMULATED = re.compile(
    r"energy|residual|pressure|velocity|density|courant|enstrophy", re.IGNORECASE
)
_SHOWN = re.compile(rf"{METRIC}|\b(?:train\w*: [\d.%]+, val\w*|val\w*): \d\d?\.\d")
"""In a line, in small letters, where searching takes half the time: the name of a metric, or
`train: 0.5455, val: 0.5342`, of what it does not say."""
_CLUTTER = re.compile(
    r"time|second|sec\b|eta\b|elapsed|remain|memory|mem\b|gpu|cuda|speed|throughput|per_sec|/s(?:ec\w{0,4})?(?![a-z])|fps"
    r"|tokens|samples|seed|size|rank|percent|wall|progress|best|patience|lowest|highest|previous|final"
    r"|last|duration|took|count|weight|dropout|coef|threshold|(?:^|_)(?:from|to|than|not|is|was|the|and"
    r"|with|for|at|in|of|num|alpha|beta|gamma|lambda)(?:_|$)|(?:^|_)(?:epochs?|steps?|iter(?:ation)?s?|batch(?:es)?)$"
    r"|^data$|loss_scale|(?:reader|batch|data)_cost|^(?:ips|wpb|bsz|clip)$|^over$|\(m?s\)$|^hrs$|^m?s/",
    re.IGNORECASE,
)


def parts(text: str) -> Iterator[str]:
    """The parts of a line that signs or wide gaps divide, without what frames them."""
    if "[" in text:
        text = _GROUP.sub(_ungrouped, _LIST.sub("", text))
    if "(" in text:
        text = _WRAPPED.sub(r"\1", text)
    if "': " in text:
        text = _QUOTED.sub(r"\1: \2", text)
    if "  " in text:
        text = _ALIGNED.sub(r"\1 ", text)
    for part in _PART.split(text):
        if part := part.strip(_MARKS):
            yield part


def _ungrouped(group: re.Match[str]) -> str:
    """The fields of a group, each under the group's name."""
    name = group[1].removesuffix("loss")
    return _GROUPED.sub(name if not name or name.endswith("_") else f"{name}_", group[2])


def is_prose(part: str) -> bool:
    """Whether a part of a line is no field, nor a word or two."""
    return _FIELD.fullmatch(part) is None and part.count(" ") > 1


def are_fields(text: str) -> bool:
    """Whether a text is fields from begin to end, and none is a place."""
    for part in parts(text):
        _, at = _heading(part)
        while (match := _FIELD.match(part, at)) and not _PLACES.fullmatch(match[1]):
            at = word_at(part, match.end())
        if at < len(part):
            return False
    return True


def shows_metric(text: str) -> bool:
    """Whether a text has a part that only the names of metrics have."""
    return _SHOWN.search(text.lower()) is not None


@lru_cache(maxsize=_NAMES)
def is_known(name: str) -> bool:
    """Whether a field's name has a part that only metrics have."""
    return _KNOWN.search(name) is not None


@lru_cache(maxsize=_NAMES)
def is_trained(name: str) -> bool:
    """Whether a field's name has a part that hardly anything but a training has: a score it may."""
    return _TRAINED.search(name) is not None


def simulates(names: Collection[str]) -> bool:
    """Whether fields are a simulation's or a solver's, which have errors too, and of no training."""
    return any(map(_SIMULATED.search, names)) and not any(map(_MEASURED.search, names))


def word_at(text: str, at: int) -> int:
    """Where the next word or number begins."""
    length = len(text)
    while at < length and not text[at].isalnum():
        at += 1
    return at


def _heading(part: str, at: int = 0) -> tuple[str, int]:
    """What names begin with by a word for the data before them, `Validation: loss=..`, and its end."""
    if part[at : at + 1] not in _BEGINS_PHASE:
        return "", at
    match = PHASE.match(part, at)
    if match and _DATA_SET.fullmatch(part, match.end()) and not is_known(part[match.end() :]):
        return data_of(match), len(part)
    if match and (match[4] or match.end() == len(part)) and not part[match.end() :][:1].isdecimal():
        return data_of(match), match.end()
    return "", at


def data_of(match: re.Match[str]) -> str:
    """What the names of metrics begin with by a word for the data, a match of `PHASE`."""
    return "train_" if match[1] else "val_" if match[2] else "test-"


def readings(text: str, headed: str, *, steps: bool) -> Iterator[Reading]:
    """The numbers of a line's fields, but of those that are no metrics.

    `headed`: what the names begin with where no field says otherwise; `steps`: beside a step.
    """
    seen: set[str] = set()
    newest = ""
    for part in parts(text):
        told, at = _heading(part)
        headed = told = told or headed
        while match := _field(part, at):
            at = word_at(part, match.end())
            words, value, percent, mean, _ = match.groups()
            if " " in words and _reads_on(match):
                continue
            name, of = called(words, told)
            told = told if _OF_DATA_COUNTED.search(name) else of
            newest = told or newest
            if name in seen and describe(newest + name).split == "val":
                name = newest + name  # `Train loss=0.5, acc=0.8 | Val loss=0.6, acc=0.7`
            if mean is not None and _is_difference(name, value, mean):
                mean = None
            law, whole = _traits(name, steps=steps)
            if value is None or law is None or name in seen:
                continue
            if not (percent or whole or "." in value or _DECIMAL.search(value)):
                continue  # a count
            seen.add(name)
            # What stands before its mean is of the newest batch.
            beside = "instantaneous" if mean is not None and law == "open" else law
            yield Reading(name, *printed(value), beside)
            if mean is not None:
                yield Reading(f"{name} (avg)", *printed(mean), law)
            if at == len(part):
                break
            inner, at = _heading(part, at)
            told = inner or told


def _field(part: str, at: int) -> re.Match[str] | None:
    """The field that begins at a place, or behind a number without a name: `1.2s train_loss=0.5`."""
    if part[at : at + 1].isdecimal() and (bare := _BARE.match(part, at)):
        at = bare.end()
    return _FIELD.match(part, at)


def _is_difference(name: str, value: str | None, beside: str) -> bool:
    """Whether a number in brackets tells how far another moved: it is no mean of it."""
    moved = beside[0] == "+" or (beside[0] == "-" and (value or "-")[0] != "-")
    return moved or _AVERAGED.match(name) is not None


def _reads_on(field: re.Match[str]) -> bool:
    """Whether a number stands in a sentence: `installing package score 1.0`."""
    words = field[1]
    if words.count(" ") < 2 or PHASE.match(words) or words.startswith("moving av"):
        return False
    return field.start(2) < 0 or not _SIGN.search(field.string, field.end(1), field.start(2))


@lru_cache(maxsize=_NAMES)
def _traits(name: str, *, steps: bool) -> tuple[str | None, bool]:
    """A metric's law, None where the number is none, and whether it may be a whole number."""
    law = None if _CLUTTER.search(name) else law_of(name, steps=steps)
    return law, _WHOLE.search(name) is not None


@lru_cache(maxsize=_NAMES)
def called(words: str, data: str = "") -> tuple[str, str]:
    """A metric's name as other formats have it, and what data it is of, for the fields behind it."""
    words = _SUFFIXED.sub(r"\2 \1", _QUALIFIED.sub(r"\2\1", words))
    match = PHASE.match(words)
    if match and match.end() < len(words):
        words, data = words[match.end() :], data_of(match)
    elif match:  # `Train: 0.4912`: of what, it does not say
        words, data = _UNNAMED, data_of(match)
    plain = re.sub(r"[\s.-]+", "_", words.lower()).strip("_")
    return (plain if describe(plain).split == "other" else data + plain), data


def law_of(name: str, *, steps: bool) -> str:
    """The law of a metric's numbers by its name, beside a step or without one."""
    split = describe(name).split
    if split == "other":
        return "instantaneous"
    return "open" if steps and split == "train" else "epoch"
