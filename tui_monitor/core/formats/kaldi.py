"""Logs of Kaldi's nnet3 training: a line a phase of some minibatches, for each output of the net.

A number is the mean objective over the frames since the line before; with a second objective beside it
the first one is read. Left out are phases in which some minibatches had no such output, and what sums
the job up at its end. Source: nnet3/nnet-training.cc, ObjectiveFunctionInfo::PrintStatsForThisPhase.
"""

from __future__ import annotations

import re
from typing import Final

from tui_monitor.core.formats.base import NUMBER, printed, self_placed
from tui_monitor.core.records import Item, Reading

LINE: Final = "kaldi"
"""`LOG (..) Average objective function for 'output' for minibatches 0-9 is -4.1 over 64000 frames.`"""

_LINE = re.compile(
    r"\bAverage objective function for '([\w.-]{1,60})' for minibatches \d{1,12}-"
    rf"(\d{{1,12}}) is ({NUMBER})"
    rf"(?: \+ {NUMBER} = {NUMBER})? over {NUMBER} frames"
)


class KaldiFormat:
    """Kaldi nnet3. See `Format`."""

    name: Final = "kaldi"

    def parse(self, text: str) -> tuple[Item, ...]:
        """The objective of an output over the newest minibatches."""
        match = _LINE.search(text) if "Average objective function" in text else None
        if match is None:
            return ()
        name, last, value = match.groups()
        objective = Reading(f"objective {name}", *printed(value), "interval")
        return (self_placed(LINE, int(last) + 1, None, [objective]),)
