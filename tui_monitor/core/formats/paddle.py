"""Logs of PaddlePaddle's high-level API, `Model.fit`.

The loss is the newest batch's, metrics are means since the epoch's start, by samples. An evaluation
prints the same lines without a header of its own. Source: paddle/hapi/progressbar.py, callbacks.py.
"""

from __future__ import annotations

import re
from typing import Final

from tui_monitor.core.formats.base import CLOCK, clock_seconds, printed, self_placed
from tui_monitor.core.records import Header, Item, Reading

LINE: Final = "paddle"
"""`step  6/45 [==>...] - loss: 2.1430 - acc: 0.1198 - ETA: 1s - 40ms/step`, the bar not always."""

_HEADER = re.compile(r"^Epoch (\d{1,9})/(\d{1,9})\s*$")
_LINE = re.compile(r"\bstep {1,12}(\d{1,12})/(\d{1,12}) (?:\[[=>.]{1,80}\] )?(?=- )")
_ETA = re.compile(rf" - ETA: (?:(\d{{1,9}})s|({CLOCK}))(?= - )")
_PACE = re.compile(r" - (\d{1,9})(s|ms|us)/(?:step|sample)\b")
_FIELD = re.compile(r"- ([^\s:][^:]{0,60}): (\d{1,24}\.\d{4}(?:e[+-]\d\d)?|nan|inf)(?= - )")
_UNIT_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6}


class PaddleFormat:
    """PaddlePaddle. See `Format`."""

    name: Final = "paddle"

    def parse(self, text: str) -> tuple[Item, ...]:
        """A batch, or the header of an epoch."""
        if match := _HEADER.match(text):
            return (Header(int(match[1]), int(match[2]), match[1]),)
        match = _LINE.search(text) if "step " in text else None
        if match is None:
            return ()
        readings = [
            Reading(name, *printed(value), "instantaneous" if "loss" in name else "state")
            for name, value in _FIELD.findall(text, match.end())
        ]
        eta, pace = _ETA.search(text), _PACE.search(text)
        item = self_placed(
            *(LINE, int(match[1]), int(match[2]), readings),
            eta=(float(eta[1]) if eta[1] else clock_seconds(eta[2])) if eta else None,
            per_step=int(pace[1]) * _UNIT_SECONDS[pace[2]] if pace else None,
        )
        return (item,)
