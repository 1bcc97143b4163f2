"""Logs of scikit-learn with `verbose=True`: a line an epoch of its multilayer perceptrons, and a row a
round of its gradient boosting.

A perceptron's loss is the mean of the epoch by samples, that of a round is of its trees. Sources:
sklearn/neural_network/_multilayer_perceptron.py; sklearn/ensemble/_gb.py, VerboseReporter.
"""

from __future__ import annotations

import re
from typing import Final

from tui_monitor.core.formats.base import printed, self_placed
from tui_monitor.core.records import Item, Notice, Reading

LOSS: Final = "sklearn"
"""`Iteration 1, loss = 2.13246570`."""
SCORE: Final = "sklearn-validation"
"""`Validation score: 0.912500`, after the epoch's loss, where it stops early."""
ROUND: Final = "sklearn-round"
"""`         1           1.2345           0.0512            2.31s`: loss, out-of-bag improvement."""

_LOSS = re.compile(r"\bIteration (\d{1,9}), loss = (\d{1,24}\.\d{8}|nan|inf)\s*$")
_SCORE = re.compile(r"\bValidation score: (-?\d{1,24}\.\d{6}|nan|-?inf)\s*$")
_ROUND = re.compile(
    r"(?:^|(?<=\s)) {0,9}(\d{1,9}) {3,20}(-?\d{1,12}\.\d{4}|nan)(?: {3,20}(-?\d{1,12}\.\d{4}|nan))?"
    r" {8,20}\d{1,6}\.\d\d[smh]$"
)
_STOP = re.compile(r"\b(?:Training loss|Validation score) did not improve more than tol=")


class SklearnFormat:
    """scikit-learn's multilayer perceptrons and gradient boosting. See `Format`."""

    name: Final = "sklearn"

    def parse(self, text: str) -> tuple[Item, ...]:
        """An epoch's loss or its validation, or that it stops; or a round's loss."""
        if text.endswith(("s", "m", "h")) and "   " in text and (match := _ROUND.search(text)):
            names = ("train_loss", "oob_improve")
            readings = [
                Reading(name, *printed(value), "instantaneous")
                for name, value in zip(names, match.groups()[1:], strict=True)
                if value
            ]
            return (self_placed(ROUND, int(match[1]), None, readings, unit="round"),)
        if "loss = " not in text and "score" not in text and "tol=" not in text:
            return ()
        if match := _LOSS.search(text):
            loss = Reading("loss", *printed(match[2]), "epoch")
            item = self_placed(
                LOSS, None, None, [loss], unit="epoch", final=True, epoch=int(match[1])
            )
            return (item,)
        if match := _SCORE.search(text):
            score = Reading("val_score", *printed(match[1]), "epoch")
            return (self_placed(SCORE, None, None, [score], unit="epoch", final=True),)
        if _STOP.search(text):
            return (Notice("early-stopping", None, text.strip()),)
        return ()
