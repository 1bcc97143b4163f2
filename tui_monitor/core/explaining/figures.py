"""How numbers, steps and laws are written wherever they are told: on the screen and in texts.

Owns digits, signs and widths; `wording` and `remarks` have the sentences around them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from tui_monitor.core.metrics import DECIMALS
from tui_monitor.core.records import Part

if TYPE_CHECKING:
    from tui_monitor.core.explaining.edges import Level


class Figures(NamedTuple):
    """How numbers that stand beside each other are written: with as many decimals as the log prints."""

    near: float
    """Size of the largest of them."""
    decimals: int = DECIMALS
    """Of their metric."""

    @property
    def fixed(self) -> bool:
        """So many decimals; else they would show nothing, or be lost among digits."""
        shows = self.near >= 1e-3 or self.near == 0.0 or self.decimals < DECIMALS
        return shows and self.near < 1e7

    def number(self, value: float) -> str:
        """A metric's value."""
        return f"{value:.{self.decimals}f}" if self.fixed or value == 0.0 else f"{value:.3e}"

    def signed(self, value: float) -> str:
        """A change, with its sign."""
        return f"{value:+.{self.decimals}f}" if self.fixed or value == 0.0 else f"{value:+.2e}"

    def error(self, value: float) -> str:
        """An error's width; never rounded to nothing."""
        if self.fixed:
            return f"{max(value, 10.0**-self.decimals * (value > 0.0)):.{self.decimals}f}"
        return f"{value:.0e}"

    def with_error(self, part: Part) -> str:
        """A part and twice its standard error."""
        if part.value is None or part.sd is None:
            return "unknown"
        return f"{self.signed(part.value)} ± {self.error(2.0 * part.sd)}"

    def span(self, part: Part) -> str:
        """A part as an interval of two standard errors either way."""
        if part.value is None or part.sd is None:
            return "anything"
        low, high = part.value - 2.0 * part.sd, part.value + 2.0 * part.sd
        return f"{self.signed(low)} to {self.signed(high)}"

    def level(self, found: Level) -> str:
        """A level and twice its standard error."""
        return f"{self.number(found.mean)} ± {self.error(2.0 * found.sd)}"


def beside(end: float, start: float, decimals: int) -> Figures:
    """How the numbers of a boundary are written, by the two that the log shows."""
    return Figures(max(abs(end), abs(start)), decimals)


def number(value: float, decimals: int = DECIMALS) -> str:
    """A metric's value on its own: so many decimals, or scientific where they would show nothing."""
    return Figures(abs(value), decimals).number(value)


def signed(value: float, decimals: int = DECIMALS) -> str:
    """A change on its own, with its sign."""
    return Figures(abs(value), decimals).signed(value)


def error(value: float, decimals: int = DECIMALS) -> str:
    """An error's width on its own: so many decimals, or one digit where they would show nothing."""
    return Figures(abs(value), decimals).error(value)


def with_error(part: Part, decimals: int = DECIMALS) -> str:
    """A part on its own, and twice its standard error."""
    near = max(abs(part.value or 0.0), 2.0 * (part.sd or 0.0))
    return Figures(near, decimals).with_error(part)


def batches(count: int) -> str:
    """A number of batches."""
    return "1 batch" if count == 1 else f"{count} batches"


MEANING: Mapping[str, str] = {
    "instantaneous": "single batches, as printed",
    "cumulative-batch": "mean of the epoch's batches so far",
    "cumulative-sample": "mean of the epoch's samples so far",
    "averaged-twice": "mean of the epoch's running means so far",
    "exponential": "mean that fades out old batches",
    "sliding": "mean of the newest batches",
    "interval": "mean since the line before",
    "epoch": "one number an epoch",
    "median": "median, as printed",
    "unknown": "as printed",
}
"""What a number under each law is, in few words."""

_FROM_ZERO = ("caffe", "detectron2", "nanogpt")
"""Formats that call the first batch 0 and tell no total, which would show what is meant."""


def printed_step(done: int, log_format: str | None) -> int:
    """The step of so many batches `done`, as the log's newest line calls it."""
    return done - 1 if log_format in _FROM_ZERO and done else done


_LAST_IS_TOLD = ("rich",)
"""Formats that call the first epoch 0, and tell the number of the last one instead of how many."""


def printed_epochs(planned: int | None, log_format: str | None) -> str:
    """What stands behind the number of an epoch: of how many it is, as the log tells; empty if not."""
    if not planned:
        return ""
    return f"/{planned - 1}" if log_format in _LAST_IS_TOLD else f"/{planned}"
