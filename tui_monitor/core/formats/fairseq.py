"""Logs of fairseq: a line every `log_interval` updates, as text or, with Hydra, as JSON.

A number is the mean since the line before, by samples, and goes on over the ends of epochs; the loss
is in bits. A perplexity is made of such a mean and is none. The learning rate is the newest. Of JSON
only the updates tell where a line stands. Sources: fairseq/trainer.py, logging/progress_bar.py,
SimpleProgressBar, JsonProgressBar; fairseq_cli/train.py.
"""

from __future__ import annotations

import re
from typing import Final

from tui_monitor.core.formats.base import NUMBER, printed, self_placed
from tui_monitor.core.records import Item, Reading

LINE: Final = "fairseq"
"""`.. | INFO | train_inner | epoch 001:     10 / 90 loss=3.307, ppl=9.9, .., lr=0.001, gnorm=0.678`."""
JSON: Final = "fairseq-json"
"""`[..][train_inner][INFO] - {"epoch": 1, "update": 0.416, "loss": "9.276", ..}`."""
VALIDATION: Final = "fairseq-validation"
"""`.. | INFO | valid | epoch 001 | valid on 'valid' subset | loss 4.512 | ppl 22.82 | ..`."""

_INNER = re.compile(
    r"\btrain_inner \| epoch {1,4}(\d{1,9}): {1,12}(\d{1,12}) / (\d{1,12})(?= )", re.IGNORECASE
)
_PAIR = re.compile(rf"[ ,]([A-Za-z]\w{{0,60}})=({NUMBER})(?=, )")
_VALID = re.compile(r"\bvalid \| epoch {1,4}(\d{1,9}) \|")
_CELL = re.compile(rf"\| ([A-Za-z]\w{{0,60}}) ({NUMBER}) (?=\|)")
_JSON = re.compile(r'(?:^|\]\[(?:INFO|info)\] - |\| )\{"epoch": \d{1,9}, (?=")')
_JSON_PAIR = re.compile(rf'"([A-Za-z]\w{{0,60}})": "({NUMBER})"(?=[,}}])')
_UPDATES = re.compile(r'"(valid_)?num_updates": "(\d{1,12})"')

_CLUTTER = re.compile(
    r"(?:valid_)?(?:ntokens|nsentences|sample_size|wps|ups|wpb|bsz|num_updates|clip|loss_scale|train_wall"
    r"|gb_free|wall|temp|update|best_\w{1,40}|cuda_\w{1,40})"
)
_MADE = re.compile(r"ppl|perplexity")


class FairseqFormat:
    """fairseq. See `Format`."""

    name: Final = "fairseq"

    def parse(self, text: str) -> tuple[Item, ...]:
        """The means since the line before, or those of a validation."""
        if "train_inner" in text and (match := _INNER.search(text)):
            readings = _readings(_PAIR.findall(text, match.end()))
            epoch, step, steps = map(int, match.groups())
            return (self_placed(LINE, step, steps, readings, epoch=epoch, final=False),)
        if "valid | " in text and (match := _VALID.search(text)):
            cells = [
                (f"valid_{name}", value) for name, value in _CELL.findall(text, match.end() - 1)
            ]
            item = self_placed(
                *(VALIDATION, None, None, _readings(cells)),
                unit="epoch",
                final=True,
                epoch=int(match[1]),
            )
            return (item,)
        if 'num_updates": "' in text and (match := _JSON.search(text)):
            updates = _UPDATES.search(text)
            if updates is None or '"train_num_updates"' in text:
                return ()  # the sum-up of an epoch, of what was printed already
            readings = _readings(_JSON_PAIR.findall(text, match.end()))
            final = False if updates[1] else None
            return (self_placed(JSON, int(updates[2]), None, readings, final=final),)
        return ()


def _readings(pairs: list[tuple[str, str]]) -> list[Reading]:
    return [
        Reading(name, *printed(value), _law(name))
        for name, value in pairs
        if not _CLUTTER.fullmatch(name)
    ]


def _law(name: str) -> str:
    if name.startswith("valid_"):
        return "epoch"
    if _MADE.search(name):
        return "unknown"
    return "instantaneous" if name == "lr" else "interval"
