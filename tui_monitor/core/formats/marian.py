"""Logs of Marian NMT: a line every `--disp-freq` updates, which are counted over the ends of epochs.

The cost is the mean since the line before, by the cost's own weights: labels, or sentences. Of a
validation each metric has its line. Source: marian-dev src/training/scheduler.h.
"""

from __future__ import annotations

import re
from typing import Final

from tui_monitor.core.formats.base import NUMBER, printed, self_placed
from tui_monitor.core.records import Item, Reading

LINE: Final = "marian"
"""`[..] Ep. 1 : Up. 82000 : Sen. 5,529,093 : Cost 2.79048038 : Time 817.42s : 2193.04 words/s`."""
VALIDATION: Final = "marian-validation"
"""`[..] [valid] Ep. 1 : Up. 80000 : cross-entropy : 67.9483 : new best`."""

_LINE = re.compile(r"(\[valid\] )?\bEp\. (\d{1,9}) : Up\. (\d{1,12}) : (?=\S)")
_COST = re.compile(rf"\bCost ({NUMBER})(?= )")
_NORM = re.compile(r" : gNorm (\d{1,12}\.\d{4}|nan|inf)(?=$| : )")
_RATE = re.compile(r" : L\.r\. (\d\.\d{4}e[+-]\d\d)(?=$| : )")
_VALID = re.compile(rf"([A-Za-z][\w-]{{1,40}}) : ({NUMBER}) : ")


class MarianFormat:
    """Marian. See `Format`."""

    name: Final = "marian"

    def parse(self, text: str) -> tuple[Item, ...]:
        """The mean cost since the line before, or a metric of a validation."""
        if " : Up. " not in text or (match := _LINE.search(text)) is None:
            return ()
        epoch, step = int(match[2]), int(match[3])
        if match[1]:
            valid = _VALID.match(text, match.end())
            readings = [_reading(f"val_{valid[1]}", valid[2], "epoch")] if valid else []
            item = self_placed(VALIDATION, step, None, readings, final=False, epoch=epoch)
            return (item,) if readings else ()
        if (cost := _COST.search(text, match.end())) is None:
            return ()
        readings = [_reading("cost", cost[1], "interval")]
        for name, pattern in (("grad_norm", _NORM), ("lr", _RATE)):
            if newest := pattern.search(text, cost.end()):
                readings.append(_reading(name, newest[1], "instantaneous"))
        return (self_placed(LINE, step, None, readings, epoch=epoch),)


def _reading(name: str, value: str, law: str) -> Reading:
    return Reading(name, *printed(value), law)
