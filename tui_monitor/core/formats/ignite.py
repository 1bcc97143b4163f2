"""Logs of the progress bar of PyTorch-Ignite.

Its numbers are exponential means that begin with the first batch and go on over epochs
(RunningAverage); an engine's plain output is as it is. An iteration draws the bar two or three times:
with the numbers of the iteration before, with its own beside the iteration before, and sometimes
with its own. So the first state that shows an iteration is the one with its numbers. Sources:
ignite/handlers/tqdm_logger.py; ignite/metrics/running_average.py; tqdm/std.py, format_num.
"""

from __future__ import annotations

import re
from typing import Final

from tui_monitor.core.formats.base import CLOCK, NUMBER, clock_seconds, self_placed, significant
from tui_monitor.core.records import Item, Reading

BAR: Final = "ignite-bar"
"""`Epoch [1/3]: [8/90]   9%|██▎    , loss=2.31 [00:00<00:01]`."""

_BAR = re.compile(
    r"\bEpoch \[(\d{1,9})/(\d{1,9})\]: \[(\d{1,12})/(\d{1,12})\] {1,4}\d{1,3}%\|[^,|=\[\]\n]{0,500}"
    rf"((?:, [^=,\[\]\n]{{1,80}}=[^=,\[\]\n]{{1,80}}){{1,30}}) \[({CLOCK})<(?:({CLOCK})|\?)\]"
)
_FIELD = re.compile(rf", ([^=,]{{1,80}})=({NUMBER})(?=,|$)")
_DIGITS = 3
_OUTPUT = re.compile(r"output(?:_\d{1,4})?$")


class IgniteFormat:
    """PyTorch-Ignite. See `Format`."""

    name: Final = "ignite"

    def parse(self, text: str) -> tuple[Item, ...]:
        """A state of the bar that shows numbers."""
        match = _BAR.search(text) if "]: [" in text else None
        if match is None:
            return ()
        epoch, epochs, step, steps, fields, elapsed, left = match.groups()
        readings = tuple(
            Reading(
                name,
                *significant(value, _DIGITS),
                "instantaneous" if _OUTPUT.match(name) else "seeded-0.98",
            )
            for name, value in _FIELD.findall(fields)
        )
        if not readings or step == "0":
            return ()
        eta = clock_seconds(left) if left else None
        return (
            self_placed(
                *(BAR, int(step), int(steps), readings),
                epoch=int(epoch),
                epochs=int(epochs),
                eta=eta,
                elapsed=clock_seconds(elapsed),
            ),
        )
