"""Logs with a line a step of language models, each number that of its step: llm.c, torchtitan.

A loss is the mean over the step's micro-batches, and over all ranks; the deviations that llm.c shows in
brackets are of its own history. Sources: llm.c train_gpt2.cu, train_gpt2.py; torchtitan
components/metrics.py, MetricsProcessor.
"""

from __future__ import annotations

import re
from typing import Final

from tui_monitor.core.formats.base import NUMBER, printed, self_placed
from tui_monitor.core.records import Item, Progress, Reading

LLMC: Final = "llm.c"
"""`step   1/18865 | loss 10.991234 (+nanz)| norm 15.4 (+nanz)| lr 1.29e-06 | 2500.12 ms | ..`."""
LLMC_VALIDATION: Final = "llm.c-validation"
"""`val loss 11.033154`, of the step above it."""
TITAN: Final = "torchtitan"
"""`.. - INFO - step:  1  loss:  8.1234  grad_norm:  1.2345  memory:  9.55GiB(10%)  tps: 7,890 ..`."""

_LLMC = re.compile(r"\bstep {1,8}(\d{1,12})/(\d{1,12}) \|(?= (?:train )?loss )")
_LLMC_FIELD = re.compile(
    rf" (loss|train loss|norm|lr) {{1,8}}({NUMBER})(?: \([+-](?:\d{{1,9}}\.\d\d|nan|inf)z\))? ?(?=\|)"
)
_LLMC_VALIDATION = re.compile(r"^val loss (\d{1,9}\.\d{6}|nan|inf)$")
_MILLISECONDS = re.compile(r"\| \(?(\d{1,9}\.\d\d) ms \|")
_TITAN = re.compile(r"(?<!\w )\bstep: {1,3}(\d{1,12})  (?=loss: )")
_TITAN_FIELD = re.compile(rf"(loss|grad_norm): {{1,8}}({NUMBER})  (?=\w)")


class StepLinesFormat:
    """llm.c and torchtitan. See `Format`."""

    name: Final = "steplines"

    def parse(self, text: str) -> tuple[Item, ...]:
        """The numbers of a step."""
        if match := _LLMC_VALIDATION.match(text):
            loss = Reading("val_loss", *printed(match[1]), "epoch")
            return (self_placed(LLMC_VALIDATION, None, None, [loss], unit="batch", final=False),)
        if "step" not in text or "loss" not in text:
            return ()
        if match := _LLMC.search(text):
            spent = _MILLISECONDS.search(text, match.end())
            fields = _LLMC_FIELD.findall(text, match.end())
            pace = float(spent[1]) / 1e3 if spent else None
            return (_step(LLMC, int(match[1]), int(match[2]), fields, pace),)
        if "tps: " in text and (match := _TITAN.search(text)):
            fields = _TITAN_FIELD.findall(text, match.end())
            return (_step(TITAN, int(match[1]), None, fields, None),)
        return ()


def _step(
    style: str, step: int, steps: int | None, fields: list[tuple[str, str]], pace: float | None
) -> Progress:
    readings = [Reading(name, *printed(value), "instantaneous") for name, value in fields]
    return self_placed(style, step, steps, readings, per_step=pace)
