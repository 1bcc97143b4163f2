"""Logs of Vowpal Wabbit: a row after 1, 2, 4, 8 and so on examples, before which they were predicted.

`average loss` is the mean over all examples so far, `since last` that over those since the row before;
both weigh examples by their weights and leave out those without a label, which rows do not tell, so
that they are shown as printed. What is held out (`h`) is a validation's. Source: vowpalwabbit
core/src/shared_data.cc.
"""

from __future__ import annotations

import re
from typing import Final

from tui_monitor.core.formats.base import printed, self_placed
from tui_monitor.core.records import Item, Reading

ROW: Final = "vowpal"
"""`0.511062 0.022124            2            2.0   0.0000   0.1487      103`."""

_LOSS = r"(\d{1,9}\.\d{6})"
_ROW = re.compile(
    rf"{_LOSS} {{1,4}}{_LOSS} {{1,16}}(\d{{1,12}}) {{1,16}}\d{{1,12}}\.\d {{1,16}}[^\s:]{{1,60}}"
    r" {1,16}[^\s:]{1,60} {1,16}\d{1,9}( h)?$"
)


class VowpalFormat:
    """Vowpal Wabbit. See `Format`."""

    name: Final = "vowpal"

    def parse(self, text: str) -> tuple[Item, ...]:
        """The losses of a row."""
        match = _ROW.match(text) if text[:1].isdecimal() else None
        if match is None:
            return ()
        average, newest, step, held_out = match.groups()
        if held_out:
            loss = Reading("val_loss", *printed(newest), "epoch")
            return (self_placed(ROW, int(step), None, [loss], final=False),)
        readings = (
            Reading("loss", *printed(newest), "unknown"),
            Reading("loss (avg)", *printed(average), "unknown"),
        )
        return (self_placed(ROW, int(step), None, readings),)
