"""Logs of Tesseract's lstmtraining: a line every hundred training samples.

Errors are means over the newest thousand samples, of which some may not have been trained on, so that
they are shown as printed. An evaluation has a line of its own. Source: training/unicharset/
lstmtrainer.cpp, LSTMTrainer::PrepareLogMsg, UpdateErrorBuffer; lstmtester.cpp.
"""

from __future__ import annotations

import re
from typing import Final

from tui_monitor.core.formats.base import NUMBER, printed, self_placed
from tui_monitor.core.records import Item, Reading

LINE: Final = "tesseract"
"""`At iteration 14/100/100, Mean rms=11.122%, delta=1.842%, char train=120.5%, word train=100%, ..`."""
EVALUATION: Final = "tesseract-evaluation"
"""`At iteration 14, stage 0, BCER eval=97.10%, BWER eval=99.80%`."""

_LINE = re.compile(r"\bAt iteration \d{1,12}/(\d{1,12})/\d{1,12}, [Mm]ean rms=")
_ERROR = re.compile(
    rf"(?:, |Eval )(char|word|BCER|BWER)(?: (?:train|eval|error rate))=({NUMBER})"
    r"(?:%|(?=,)|(?<=\.\d{6}))",
    re.IGNORECASE,
)
"""A number that ends where the line does is one if it has all of its six decimals."""
_EVALUATION = re.compile(r"\bAt iteration (\d{1,12}), stage \d{1,4}, (?=Eval |BCER eval)")
_CALLED: Final = {"char": "char_error", "word": "word_error"}


class TesseractFormat:
    """Tesseract. See `Format`."""

    name: Final = "tesseract"

    def parse(self, text: str) -> tuple[Item, ...]:
        """The errors of a line in percent."""
        if "At iteration " not in text:
            return ()
        match = _LINE.search(text) or _EVALUATION.search(text)
        if match is None:
            return ()
        validates = match.re is _EVALUATION
        data, law = ("val", "epoch") if validates else ("train", "unknown")
        readings = [
            Reading(f"{data}_{_CALLED.get(name.lower(), name.lower())}", *printed(value), law)
            for name, value in _ERROR.findall(text, match.end() - 2)
        ]
        style = EVALUATION if validates else LINE
        final = False if validates else None
        return (self_placed(style, int(match[1]), None, readings, final=final),)
