"""Everything that Keras prints while it trains: 1.x, 2.0 to 2.15, tf.keras, tf_keras and 3.x.

Owns the grammar of its bars, its one-line-an-epoch summaries, its headers and the messages of its
callbacks, and how each is found again when a log has glued them together, cut or indented them.
What the versions print is in their `utils/generic_utils.py` (`utils/progbar.py` in Keras 3) and
`callbacks.py`.

All patterns are linear: repeats are bounded or of one character class that what follows excludes.
"""

from __future__ import annotations

import re
from math import inf, nan
from typing import Final

from tui_monitor.core.formats.base import power_of_ten
from tui_monitor.core.formats.prefix import prefix_end
from tui_monitor.core.records import Header, Item, Notice, Progress, Reading, Samples

BAR: Final = "keras-bar"
"""`12/47 [==>...] - ETA: 3s - loss: 0.6931`, to Keras 2 and tf.keras."""
BAR_FOR_STEPS: Final = "keras-bar-for-steps"
"""The same below `Train for 47 steps`: of tf.keras 2.0 or 2.1."""
BAR_UNKNOWN: Final = "keras-unknown"
"""`12/Unknown - 3s 34ms/step - loss: 0.6931`, tf.keras before the length of the data is known."""
LINE: Final = "keras-line"
"""`3s - loss: 0.6931`, with or without `47/47 - ` before it: verbose=2 to Keras 2 and tf.keras."""
BAR_3: Final = "keras3-bar"
"""`12/47 ━━━ 3s 34ms/step - loss: 0.6931`, Keras 3."""
BAR_3_UNKNOWN: Final = "keras3-unknown"
"""`12/Unknown 3s 34ms/step - loss: 0.6931`, Keras 3."""
LINE_3: Final = "keras3-line"
"""`47/47 - 3s - 34ms/step - loss: 0.6931`: verbose=2 of Keras 3."""

COUNTS_BATCHES: Final = frozenset({BAR_UNKNOWN, BAR_3, BAR_3_UNKNOWN, LINE_3})
"""Styles of versions, or of modes, in which a step is always a batch, never a sample."""

_DURATION = r"\d{1,9}(?:s|:\d\d(?::\d\d)?)"
_PACE = r"(?:(\d{1,9})(s|ms|us)/(step|sample|epoch))"
_COUNT = r"[ \t]*(\d{1,12})/(\d{1,12})"

_BAR = re.compile(
    rf"{_COUNT} \[[=>.]{{1,200}}\](?: - (?:ETA: ({_DURATION})|({_DURATION})(?: {_PACE})?))?"
)
# A notebook's export may keep all states of a bar behind the position of the last one.
_AGAIN = re.compile(rf" - (?:ETA: ({_DURATION})|({_DURATION})(?: {_PACE})?)(?= - \w)")
# The cells of a bar are ━, = where the console has no ━, or whatever an encoding has made of it.
_BAR_3 = re.compile(rf"{_COUNT} (?!- )[^\s\[\]]{{1,240}} ({_DURATION}) {_PACE}")
# A message that is printed into a bar may cut out its times.
_BAR_3_CUT = re.compile(rf"{_COUNT} ━{{3,240}}(?: ({_DURATION}))?(?: {_PACE})?(?= - [^\d\s])")
_UNKNOWN = re.compile(rf"[ \t]*(\d{{1,12}})/Unknown( -)? ({_DURATION})(?: {_PACE})?")
_LINE = re.compile(rf"(?:{_COUNT} - |[ \t]*(?:- )?)(\d{{1,9}}s)( - {_PACE})?(?= - [^\d\s])")
_LINE_PACE = re.compile(rf" - \d{{1,9}}(?:s|ms|us)/epoch(?: - {_PACE})?")

_FIELD = re.compile(
    r" - ([^\s:][^:]{0,79}): {1,2}"
    r"(?:(-?\d{1,24}\.\d{4})(e[+-]\d\d)?|(nan|-?inf)|(-?\d{1,24}(?:\.\d{1,3})?)(?= - \S))"
)
_EXPONENT_100 = re.compile(r"[1-3]\d\d(?!\d|/)")  # the digits of an exponent of three of them
_MORE_DECIMALS = re.compile(r"\d{1,15}(?:e[+-]\d\d)?(?=\s|$)")
_CUT_EXPONENT = re.compile(r"e(?:[+-]\d?)?\s*$")

_HEADER = re.compile(
    r"Epoch (\d{1,9})/(\d{1,9})(?=\s*$|[ \t]{1,40}\d{1,12}/(?:\d{1,12}|Unknown) )"  # or a bar
)
_SIZE = r"(on|for) (\d{1,12}) (samples|steps)"
_SAMPLES = re.compile(rf"Train {_SIZE}(?:, validate {_SIZE})?")
_MESSAGE = re.compile(
    r"Epoch (\d{1,9}): (?:"
    r"(?P<checkpoint>[^\n]{1,120}? (?:improved from|did not improve)|(?:finished )?saving model)"
    r"|(?:ReduceLROnPlateau |LearningRateScheduler )?(?:reducing|setting) learning rate to"
    r"|(?P<stop>early stopping))"
)
_RATE = re.compile(r" (?:\D{0,20}\()?(\d{1,20}(?:\.\d{1,20})?(?:e[+-]?\d{1,3})?)")
_INVALID = re.compile(r"Batch (\d{1,12}): Invalid loss")
_RESTORING = re.compile(r"Restoring model weights from the end of the best epoch")
_TRACEBACK = re.compile(r"Traceback \(most recent call last\)")
_START_UP = re.compile(r"Using \w{2,20} backend\b|tensorflow/core/platform/cpu_feature_guard")

# Where an item may begin in a line that does not begin with one. What is quoted is of no program.
_CANDIDATE = re.compile(
    r"Epoch \d|(?<![\d`])\d{1,12}/(?:\d{1,12} |Unknown)|Batch \d|Restoring model|Train (?:on|for) \d"
    r"|Traceback \(|Using \w{2,20} backend|tensorflow/core/platform/cpu"
)
_TRIGGERS = ("/", "Epoch ", "Batch ", "Traceback", "Restoring ", "Train ", " backend")
_BEHIND_MESSAGE = re.compile(
    r"(?<!\d)\d{1,12}/(?:\d{1,12} \[[=>.]|Unknown )|Epoch \d{1,9}(?:: |/\d)|Batch \d{1,12}: Inv"
)
# A colour sequence whose escape character a copy has lost.
_BARE_COLOUR = re.compile(r"\[\d{1,2}m")

_UNIT_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6}
_WORDS = {"nan": nan, "inf": inf, "-inf": -inf}
_MESSAGE_CHARS = 400


class KerasFormat:
    """Keras, all versions. See `Format`."""

    name: Final = "keras"

    def parse(self, text: str) -> tuple[Item, ...]:
        """Bars, summaries, headers and messages of a line, in text order."""
        if "[0m" in text:
            text = _BARE_COLOUR.sub("", text)
        found = _progress(text, 0)
        if found is None and "s - " in text:
            found = _prefixed(text)
        if found is None:
            return tuple(_scan(text, 0)) if any(map(text.__contains__, _TRIGGERS)) else ()
        item, end = found
        if end == len(text) or text[end:].isspace():
            return (item,)
        return (item, *_scan(text, end))


def _scan(text: str, at: int) -> list[Item]:
    """Items anywhere in a text from a place on; the place itself may follow a digit of a value."""
    items: list[Item] = []
    found: tuple[Item, int] | None = _progress(text, at)
    while True:
        if found is not None:
            items.append(found[0])
            at = found[1]
            found = _progress(text, at)
            continue
        candidate = _CANDIDATE.search(text, at)
        if candidate is None:
            return items
        begin = candidate.start()
        found = _progress(text, begin) if text[begin].isdigit() else _message(text, begin)
        at = candidate.end()


# --- bars and summaries ------------------------------------------------------------------------


def _progress(text: str, at: int) -> tuple[Progress, int] | None:
    """The bar or summary that begins at a place, and where it ends."""
    if match := _BAR.match(text, at):
        return _bar(text, match)
    if match := _BAR_3.match(text, at) or _BAR_3_CUT.match(text, at):
        return _bar_3(text, match)
    if match := _UNKNOWN.match(text, at):
        return _unknown(text, match)
    if match := _LINE.match(text, at):
        return _line(text, match)
    return None


def _bar(text: str, match: re.Match[str]) -> tuple[Progress, int]:
    step, steps, eta, elapsed, *pace = match.groups()
    readings, end, has_val = _readings(text, match.end())
    while end < len(text) and (again := _AGAIN.match(text, end)):
        eta, elapsed, *pace = again.groups()
        readings, end, has_val = _readings(text, again.end())
    done = int(step) >= int(steps)
    # K/K with a time left of 0s is printed again, with the time taken, when the epoch has ended.
    final = has_val or (done and elapsed is not None)
    item = Progress(
        BAR,
        int(step),
        int(steps),
        readings,
        None if done and eta is None and not final else final,
        pace[2] == "sample",
        _seconds(eta),
        _seconds(elapsed),
        _pace(*pace[:2]),
    )
    return item, end


def _bar_3(text: str, match: re.Match[str]) -> tuple[Progress, int]:
    step, steps, time, *pace = match.groups()
    readings, end, has_val = _readings(text, match.end())
    final: bool | None = has_val
    seconds = _seconds(time)
    if not has_val and int(step) >= int(steps):
        # At K/K no time is left: 0s may be that or a short time taken, more is the time taken.
        final = True if seconds else None
    item = Progress(
        BAR_3,
        int(step),
        int(steps),
        readings,
        final,
        False,
        None if final else seconds,
        seconds if final else None,
        _pace(*pace[:2]),
    )
    return item, end


def _unknown(text: str, match: re.Match[str]) -> tuple[Progress, int]:
    step, dash, elapsed, *pace = match.groups()
    readings, end, has_val = _readings(text, match.end())
    # The epoch's last line knows the length that the data turned out to have.
    style = BAR_UNKNOWN if dash else BAR_3_UNKNOWN
    item = Progress(
        style, int(step), None, readings, has_val, False, None, _seconds(elapsed), _pace(*pace[:2])
    )
    return item, end


def _line(text: str, match: re.Match[str]) -> tuple[Progress, int] | None:
    step, steps, elapsed, dashed, *pace = match.groups()
    readings, end, _ = _readings(text, match.end())
    if not readings or step != steps:
        return None
    if tail := _LINE_PACE.match(text, end):
        end = tail.end()
        pace = list(tail.groups())
    count = int(step) if step else None
    item = Progress(
        LINE_3 if dashed else LINE,
        count,
        count,
        readings,
        True,
        False,
        None,
        _seconds(elapsed),
        _pace(*pace[:2]),
    )
    return item, end


def _prefixed(text: str) -> tuple[Progress, int] | None:
    """A summary without a count, behind what something else put before it; to the line's end."""
    begin = prefix_end(text)
    match = _LINE.match(text, begin) if begin else None
    found = _line(text, match) if match else None
    return found if found is not None and not text[found[1] :].strip() else None


def _seconds(time: str | None) -> float | None:
    """Seconds of `40s`, `17:16` (minutes) or `1:02:03`."""
    if time is None:
        return None
    if time[-1] == "s":
        return float(time[:-1])
    seconds = 0
    for part in time.split(":"):
        seconds = 60 * seconds + int(part)
    return float(seconds)


def _pace(count: str | None, unit: str | None) -> float | None:
    """Seconds of `24`, `ms`."""
    return None if count is None or unit is None else int(count) * _UNIT_SECONDS[unit]


# --- fields ------------------------------------------------------------------------------------


def _readings(text: str, at: int) -> tuple[tuple[Reading, ...], int, bool]:
    """The fields ` - name: value` from a place on, where they end, and if some are of validation.

    A value that a cut may have shortened is left out: Keras prints four decimals, always.
    """
    readings: list[Reading] = []
    has_val = False
    size = len(text)
    while at < size and (match := _FIELD.match(text, at)):
        name, fixed, exponent, word, short = match.groups()
        if " - " in name:
            break
        at = match.end()
        if fixed is None:
            reading = _odd_reading(name, word, short)
        elif exponent is None and (at == size or text[at] in " \t"):
            reading = Reading(name, float(fixed), 1e-4)
        else:
            whole, at = _number(text, at, fixed, exponent, readings)
            if whole is None:
                break
            reading = Reading(name, *whole)
        readings.append(reading)
        if name.startswith("val_"):
            has_val = True
    return tuple(readings), at, has_val


def _odd_reading(name: str, word: str | None, short: str) -> Reading:
    """A word, or a number of few decimals that another field shows to be whole."""
    if word is not None:
        return Reading(name, _WORDS[word], 0.0)
    return Reading(name, float(short), power_of_ten(-len(short.partition(".")[2])))


def _number(
    text: str, at: int, fixed: str, exponent: str | None, earlier: list[Reading]
) -> tuple[tuple[float, float] | None, int]:
    """Value and quantum of a number of four decimals with something behind it, and its end.

    What is behind may be glued on (`0.9248` + `61/82 [`) or belong to it: an exponent, or, where no
    Keras wrote it, more decimals. None for a number whose exponent is cut.
    """
    if exponent is not None:
        power = int(exponent[1:])
        if long := _EXPONENT_100.match(text, at - 2):
            power = int(exponent[1] + long[0])
            at = long.end()
        value = float(f"{fixed}e{power}")
        # Only zero itself prints as zero with an exponent: nothing is lost.
        return (value, power_of_ten(power - 4) if value else 0.0), at
    if _CUT_EXPONENT.match(text, at):
        return None, at
    more = _MORE_DECIMALS.match(text, at)
    if more and not any(reading.quantum == 1e-4 for reading in earlier):
        digits = fixed + more[0]
        mantissa, _, power_digits = digits.partition("e")
        decimals = len(mantissa.partition(".")[2]) - int(power_digits or 0)
        return (float(digits), power_of_ten(-decimals)), more.end()
    return (float(fixed), 1e-4), at


# --- headers and messages ----------------------------------------------------------------------


def _message(text: str, at: int) -> tuple[Item, int] | None:
    """The header or message that begins at a place, and where it ends."""
    if match := _HEADER.match(text, at):
        return Header(int(match[1]), int(match[2]), match[1]), match.end()
    if match := _MESSAGE.match(text, at):
        return _callback(text, match)
    if match := _SAMPLES.match(text, at):
        train = int(match[2]) if match[3] == "samples" else None
        validation = int(match[5]) if match[6] == "samples" else None
        return Samples(train, validation, match[1] == "for"), match.end()
    if match := _INVALID.match(text, at):
        shown, end = _sentence(text, match)
        return Notice("nan-stop", None, shown, batch=int(match[1])), end
    if match := _RESTORING.match(text, at):
        shown, end = _sentence(text, match)
        return Notice("restored", None, shown), end
    if match := _TRACEBACK.match(text, at):
        return Notice("traceback", None, match[0]), match.end()
    if match := _START_UP.match(text, at):
        return Notice("restart", None, match[0]), match.end()
    return None


def _callback(text: str, match: re.Match[str]) -> tuple[Notice, int]:
    epoch = int(match[1])
    shown, end = _sentence(text, match)
    if match["checkpoint"]:
        return Notice("checkpoint", epoch, shown), end
    if match["stop"]:
        return Notice("early-stopping", epoch, match[0]), match.end()
    rate = _RATE.match(text, match.end())
    return Notice("learning-rate", epoch, shown, float(rate[1]) if rate else None), end


def _sentence(text: str, match: re.Match[str]) -> tuple[str, int]:
    """The message whose beginning matched, up to the item that is glued behind it, and its end."""
    behind = _BEHIND_MESSAGE.search(text, match.end())
    end = behind.start() if behind else len(text)
    return text[match.start() : end].strip()[:_MESSAGE_CHARS], end
