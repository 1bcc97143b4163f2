"""Numbers, durations and names as the screen writes them. Pure; no colour, no widget."""

from __future__ import annotations

import math
import re

from tui_monitor.core.metrics import DECIMALS
from tui_monitor.core.records import LawEvidence

_MINUS = re.compile(r"(?<![\w.)])-(?=\d)")
"""A sign before a number, not a hyphen or the dash of a range."""
_GRAINS = ((10 * 86400, 86400), (86400, 6 * 3600), (3 * 3600, 600), (3600, 300), (600, 60), (60, 5))
"""From how many seconds on an estimate is told in which steps of seconds."""


def number(value: float | None, decimals: int = DECIMALS, absent: str = "–") -> str:
    """A metric's value with so many decimals, or in e-notation where these would hide it."""
    if value is None:
        return absent
    if not math.isfinite(value):
        return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")
    size = abs(value)
    if size and ((size < 1e-3 and decimals == DECIMALS) or size >= 1e7):
        return f"{value:.{decimals}e}"
    return f"{value:.{decimals}f}"


def level(value: float, sd: float, decimals: int = DECIMALS) -> tuple[str, str]:
    """A level, and what stands behind its ±: so many decimals, or fewer where two errors hide them."""
    width = 2 * sd
    if not 0.1 <= width < 1e5:
        shown = number(value, decimals)
        return shown, _half_width(width, decimals, fixed="e" not in shown and width < 1e5)
    told = _margin_decimals(width, decimals)
    return f"{value:.{told}f}", f"{width:.{told}f}"


def _half_width(width: float, decimals: int, *, fixed: bool) -> str:
    """What stands after ±: as many decimals as a `fixed` number before it, and not nothing."""
    if not math.isfinite(width):
        return "?"
    if not width:
        return "0"
    return f"{max(width, 10.0**-decimals):.{decimals}f}" if fixed else number(width, decimals)


def margin(value: float, decimals: int = DECIMALS) -> str:
    """What stands after ± beside a number that changes all the time: two digits say enough."""
    if not math.isfinite(value):
        return "?"
    size = abs(value)
    if decimals < DECIMALS and 0 < size < 10.0**-decimals:
        size = 10.0**-decimals
    if not 1e-4 <= size < 1e5:
        return f"{size:.1e}" if size else "0"
    return f"{size:.{_margin_decimals(size, decimals)}f}"


def _margin_decimals(size: float, most: int) -> int:
    """Decimals that two digits of a margin take, at most so many."""
    return min(max(1 - math.floor(math.log10(size)), 0), most)


def change(
    value: float | None,
    scale: float,
    minus: str = "−",
    absent: str = "unknown",
    decimals: int = DECIMALS,
) -> str:
    """A change, always with its sign, with the decimals that suit changes of size `scale`."""
    if value is None or not math.isfinite(value):
        return absent
    return ("+" if value >= 0 else minus) + _scaled(abs(value), scale, decimals)


def spread(value: float, scale: float, decimals: int = DECIMALS) -> str:
    """What stands after ± beside a change of size `scale`; never rounded to nothing."""
    if not math.isfinite(value):
        return "?"
    fine = scale < 1e-4 and decimals == DECIMALS
    least = 0.0 if fine or not value else 10.0**-decimals
    return _scaled(max(abs(value), least), scale, decimals)


def small(value: float) -> str:
    """A small positive number with two significant digits: `0.00031`, `0.0044`."""
    if not math.isfinite(value):
        return "?"
    if value == 0:
        return "0"
    if value < 1e-6 or value >= 1e6:
        return f"{value:.1e}"
    return f"{value:.{max(1 - math.floor(math.log10(value)), 0)}f}"


def prose(text: str, minus: str = "−", plus_minus: str = "±") -> str:
    """A sentence with the same signs as the numbers beside it."""
    return _MINUS.sub(minus, text).replace("±", plus_minus)


def _scaled(size: float, scale: float, decimals: int) -> str:
    if 1e-4 <= scale < 1e6 or scale == 0 or decimals < DECIMALS:
        return f"{size:.{decimals}f}"
    return f"{size:.2e}"


def duration(seconds: float | None, absent: str = "–") -> str:
    """A length of time in its two largest units: `12 s`, `1 min 30 s`, `2 h 05 min`, `3 d 4 h`."""
    if seconds is None or not math.isfinite(seconds) or seconds < 0:
        return absent
    whole = round(seconds)
    if whole < 1:
        return f"{seconds:.1f} s" if seconds else "0 s"
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    if whole < 86400:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return f"{whole // 86400} d {whole % 86400 // 3600} h"


def estimate(seconds: float | None, absent: str = "–") -> str:
    """A length of time that is only estimated: no finer than a twentieth of itself.

    What is guessed anew at each print must not flicker.
    """
    return duration(_coarse(seconds), absent)


def clock_estimate(seconds: float | None, absent: str = "–") -> str:
    """An estimate for narrow places: `0:12`, `2:05:00`."""
    return clock(_coarse(seconds), absent)


def _coarse(seconds: float | None) -> float | None:
    if seconds is None or not math.isfinite(seconds) or seconds < 0:
        return None
    for least, step in _GRAINS:
        if seconds >= least:
            return round(seconds / step) * step
    return max(seconds, 1.0)


def clock(seconds: float | None, absent: str = "–") -> str:
    """A length of time for narrow places: `0:12`, `1:30`, `2:05:00`, `3d 4h`."""
    if seconds is None or not math.isfinite(seconds) or seconds < 0:
        return absent
    whole = round(seconds)
    if whole >= 86400:
        return f"{whole // 86400}d {whole % 86400 // 3600}h"
    if whole >= 3600:
        return f"{whole // 3600}:{whole % 3600 // 60:02d}:{whole % 60:02d}"
    return f"{whole // 60}:{whole % 60:02d}"


def quiet(seconds: float) -> str:
    """How long nothing came, so coarse that the text changes rarely: `40 s`, `3 min`, `2 h`."""
    if seconds < 60:
        return f"{int(seconds // 10) * 10} s"
    if seconds < 3600:
        return f"{int(seconds // 60)} min"
    if seconds < 172800:
        return f"{int(seconds // 3600)} h"
    return f"{int(seconds // 86400)} d"


def rate(per_second: float, word: str) -> str:
    """A speed, in steps (`word`) a second or, where it is slow, in time a step."""
    if not math.isfinite(per_second) or per_second <= 0:
        return "–"
    if per_second >= 10:
        # Two digits: the third is noise that only draws the eye.
        return f"{round(per_second, 1 - math.floor(math.log10(per_second))):.0f} {word}s/s"
    if per_second >= 1:
        return f"{per_second:.1f} {word}s/s"
    return f"{duration(1 / per_second)}/{word}"


def count(value: int) -> str:
    """An integer with thin groups: `12 345`."""
    return f"{value:,}".replace(",", " ")


def lines(value: int) -> str:
    """A number of lines: `1 line`, `12 345 lines`."""
    return f"{count(value)} {'line' if value == 1 else 'lines'}"


def compact(value: float) -> str:
    """A number in as few characters as keep it whole: one that the user gave."""
    return f"{value:.6g}"


def rounded(value: float) -> str:
    """A number of any size in four digits: a learning rate."""
    return f"{value:.4g}"


def size(count_bytes: int) -> str:
    """An amount of bytes: `812 B`, `1.2 MB`."""
    amount = float(count_bytes)
    for unit in ("B", "kB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"


def law(evidence: LawEvidence) -> str:
    """The law of a bar's numbers, and whether it is settled."""
    if evidence.name == "unknown":
        return "law unknown"
    return f"law {evidence.name}" if evidence.settled else f"law {evidence.name}, not settled"


def speed(factor: float, times: str = "×") -> str:
    """A replay's speed."""
    return "as fast as possible" if factor == 0 else f"{times}{factor:g}"
