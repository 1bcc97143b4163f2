"""Logs of nanochat's pretraining and of autoresearch, which is a part of it: a line a step.

Steps count from 0. The loss is an exponential mean of the losses of all steps so far, 0.9 of the old
and 0.1 of the new, debiased. A fine-tuning of nanochat debiases by one step too many; its lines, which
show no total, are left to `plain`. Source: nanochat scripts/base_train.py, autoresearch train.py.
"""

from __future__ import annotations

import re
from typing import Final

from tui_monitor.core.formats.base import printed, self_placed
from tui_monitor.core.records import Item, Reading

LINE: Final = "nanochat"
"""`step 00004/71680 (0.01%) | loss: 8.813754 | lrm: 1.00 | dt: 1571.88ms | tok/sec: ..`, or
`step 00004 (0.1%) | loss: 8.813754 | lrm: 1.00 | dt: 145ms | .. | epoch: 1 | remaining: 299s`."""
VALIDATION: Final = "nanochat-validation"
"""`Step 00500 | Validation bpb: 1.147239`, and `val_bpb: 1.142676` at the end."""

_LINE = re.compile(
    r"\bstep (\d{5,9})(?:/(\d{5,9}) \(\d{1,3}\.\d\d%\)| \(\d{1,3}\.\d%\)(?=.{1,200}\| remaining: ))"
    r" \| loss: (\d{1,6}\.\d{6}|nan) \|(?: grad norm: (\d{1,9}\.\d{4}) \|)? lrm: \d\.\d\d \|"
    r" dt: (\d{1,9}(?:\.\d\d)?)ms \|"
)
_VALIDATION = re.compile(
    r"\b(?:Step (\d{5,9}) \| Validation bpb: {1,4}|val_bpb: {1,16})(\d{1,3}\.\d{4,6})\b"
)


class NanochatFormat:
    """nanochat. See `Format`."""

    name: Final = "nanochat"

    def parse(self, text: str) -> tuple[Item, ...]:
        """The loss of a step, or a validation."""
        if " lrm: " in text and (match := _LINE.search(text)):
            step, steps, loss, norm, spent = match.groups()
            readings = [Reading("loss", *printed(loss), "debiased-0.9")]
            if norm:
                readings.append(Reading("grad norm", *printed(norm), "instantaneous"))
            item = self_placed(
                *(LINE, int(step), int(steps) if steps else None, readings),
                per_step=float(spent) / 1e3,
                from_zero=True,
            )
            return (item,)
        if "bpb: " in text and (match := _VALIDATION.search(text)):
            place = int(match[1]) if match[1] else None
            bpb = Reading("val_bpb", *printed(match[2]), "epoch")
            return (self_placed(VALIDATION, place, None, [bpb], final=False, from_zero=True),)
        return ()
