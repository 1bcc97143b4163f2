"""What a log format is: a grammar that turns one line's text into items, without memory.

Owns the protocol and what all grammars share about printed numbers. Refuses state: where an item
belongs (run, epoch, unit, finality) is the timeline's business.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from math import isfinite
from typing import Final, Protocol

from tui_monitor.core.records import Item, Progress, Reading, Unit

NUMBER: Final = r"[+-]?(?:\d{1,24}(?:\.\d{0,24})?(?:[eE][+-]?\d{1,3})?|nan|inf)"
"""Pattern of a printed number, without groups."""
CLOCK: Final = r"(?:\d{1,5} days?, )?\d{1,4}:\d\d(?::\d\d)?"
"""Pattern of a duration as clocks show it, without groups."""

SUMMARY_FIELDS: Final = r"(?:[A-Za-z][\w@/-]{0,40} \d{1,9}\.\d{3}(?: {1,4}|$)){1,20}"
"""Pattern of `Acc@1 93.611 Acc@5 100.000 loss 0.300`, without groups."""
COLUMN: Final = "column "
"""What the readings of a table's row are called, with their number, before its head names them."""
TRAINED: Final = (
    r"loss|acc(?:uracy)?(?![a-z])|(?<![a-z])(?:f1|auc|m?iou|psnr|ssim|fid|bleu|ppl|perplexity|rewards?|mse|mae"
    r"|rmse|kld?|nll|elbo|wer|cer|bce)(?![a-z])|cross[ _-]?entropy"
    r"|(?<![a-z])ep(?:isod\w{1,3})?[ _]returns?"
)
"""Pattern of what is in the names of metrics that hardly anything but a training has, as below."""
METRIC: Final = (
    rf"{TRAINED}|err(?:or)?(?![a-z])|(?<![a-z])(?:dice|m?ap|cost|returns?|scores?|r2|precision|recall|ce"
    r"|objective)(?![a-z])"
)
"""Pattern of what is in the names of most metrics, in small letters, without groups."""
_SUMMARY_FIELD = re.compile(r"(\S{1,41}) (\d{1,9}\.\d{3})")


class Format(Protocol):
    """A family of logs that print alike."""

    @property
    def name(self) -> str:
        """Short lower-case name, as a user would type it in a hint."""
        ...

    def parse(self, text: str) -> tuple[Item, ...]:
        """What a line's text says, in text order; empty for text that is not the format's own.

        The same text always gives the same items. Never raises, whatever the text.
        """
        ...


def self_placed(
    style: str,
    step: int | None,
    steps: int | None,
    readings: Iterable[Reading],
    *,
    unit: Unit = "batch",
    final: bool | None = None,
    epoch: int | None = None,
    epochs: int | None = None,
    epochs_done: float | None = None,
    eta: float | None = None,
    elapsed: float | None = None,
    per_step: float | None = None,
    from_zero: bool = False,
) -> Progress:
    """A line that says by itself where it stands: no header announces its epoch.

    `from_zero`: its grammar counts batches from 0; `step` is as printed.
    """
    done = step + 1 if step is not None and from_zero else step
    return Progress(
        *(style, done, steps, tuple(readings), final, False, eta, elapsed, per_step or None),
        *(unit, epoch, epochs, epochs_done),
        from_zero=from_zero,
    )


@lru_cache(maxsize=64)
def power_of_ten(exponent: int) -> float:
    """The float nearest to 10**exponent (a float power may miss it by a rounding)."""
    return float(f"1e{exponent}")


def printed(text: str) -> tuple[float, float]:
    """Value and quantum of a `NUMBER` whose decimals are all shown, trailing zeros too."""
    value = float(text)
    decimals = text.partition(".")[2]
    if decimals.isdecimal():  # as most are
        return value, power_of_ten(-len(decimals))
    mantissa, _, exponent = text.lower().partition("e")
    if not isfinite(value) or (exponent and value == 0.0):
        return value, 0.0  # only zero itself prints as zero with an exponent
    return value, power_of_ten(int(exponent or 0) - len(mantissa.partition(".")[2]))


def significant(text: str, digits: int) -> tuple[float, float]:
    """Value and quantum of a `NUMBER` of so many digits, of which trailing zeros are not shown."""
    value = float(text)
    if not isfinite(value) or value == 0.0:
        return value, 0.0
    exponent = int(f"{value:e}".partition("e")[2])
    return value, power_of_ten(exponent - digits + 1)


@lru_cache(maxsize=64)
def clock_seconds(text: str) -> float:
    """Seconds of a `CLOCK`: `0:02:03`, `02:03` (minutes), `1 day, 0:02:03`."""
    days, _, clock = text.rpartition(", ")
    seconds = 0
    for part in clock.split(":"):
        seconds = 60 * seconds + int(part)
    return float(seconds + (86_400 * int(days.split()[0]) if days else 0))


def summary(fields: str) -> Iterable[Reading]:
    """The numbers of `SUMMARY_FIELDS`, as those of an epoch's validation."""
    for name, value in _SUMMARY_FIELD.findall(fields):
        yield Reading(f"val_{name}", *printed(value), "epoch")
