"""Logs of gradient boosting: XGBoost, LightGBM and CatBoost, a line for each round that is shown.

Numbers are of the whole data sets after the round: nothing averages over rounds. Sources: xgboost
callback.py, EvaluationMonitor; lightgbm callback.py, log_evaluation, early_stopping; lines of CatBoost
1 as its documentation shows them.
"""

from __future__ import annotations

import re
from typing import Final

from tui_monitor.core.formats.base import printed, self_placed, significant
from tui_monitor.core.records import Item, Notice, Reading

XGBOOST: Final = "boosting-xgboost"
"""`[0]\\ttrain-mlogloss:1.85852\\tvalid-mlogloss:1.88120`, in Python rounds from 0, in R from 1."""
LIGHTGBM: Final = "boosting-lightgbm"
"""`[1]\\ttraining's l2: 0.5\\tvalid_1's l2: 0.6`, rounds from 1."""
LIGHTGBM_CLI: Final = "boosting-lightgbm-cli"
"""`[LightGBM] [Info] Iteration:1, valid_1 auc : 0.771912`, a line for each number."""
CATBOOST: Final = "boosting-catboost"
"""`10:\\tlearn: 0.5816760\\ttest: 0.6235356\\tbest: 0.6235356 (10)\\ttotal: 50ms`, rounds from 0."""

_ROUND = re.compile(r"(?:^|\s)\[(\d{1,9})\](?=[ \t])")
_NUMBER = r"(-?\d{1,24}(?:\.\d{1,24})?(?:e[+-]\d\d)?|nan|-?inf)"
_XGBOOST = re.compile(
    rf"(?<=[ \t])([^\s:]{{1,80}}-[^\s:]{{1,80}}):{_NUMBER}(?:\+[\d.e+-]{{1,24}})?(?=\s|$)"
)
_LIGHTGBM = re.compile(
    rf"(?<=[ \t])([^\s:']{{1,80}}'s [^\t:]{{1,80}}): {_NUMBER}(?: \+ [\d.e+-]{{1,24}})?(?=\s|$)"
)
_LIGHTGBM_CLI = re.compile(
    r"\[LightGBM\] \[Info\] Iteration:(\d{1,9}), (training|valid_\d{1,3}) ([^\t:]{1,80}) : "
    rf"{_NUMBER}\s*$"
)
_CATBOOST = re.compile(r"(?:^|\s)(\d{1,9}):\t(?=(?:learn|test): )")
_CAT_FIELD = re.compile(r"(learn|test\d{0,3}): (-?\d{1,24}\.\d{7}|nan|-?inf)(?=\t)")
_CAT_STOP = re.compile(r"^Stopped by overfitting detector\b")
_STOP = re.compile(r"^(?:Early stopping, best|Stopping\. Best) iteration(?: is)?:\s*$")
_NO_STOP = re.compile(r"^Did not meet early stopping\. Best iteration is:\s*$")
_DIGITS = 6


class BoostingFormat:
    """XGBoost, LightGBM and CatBoost. See `Format`."""

    name: Final = "boosting"

    def parse(self, text: str) -> tuple[Item, ...]:
        """A round, or the announcement of the best one, which is shown once more."""
        if "Iteration:" in text and (match := _LIGHTGBM_CLI.search(text)):
            number, data, name, value = match.groups()
            reading = Reading(f"{data}'s {name}", *significant(value, _DIGITS), "instantaneous")
            return (self_placed(LIGHTGBM_CLI, int(number), None, [reading], unit="round"),)
        if "]" in text and ":" in text and (match := _ROUND.search(text)):
            return _round(text, match.end(), int(match[1]))
        if ":\t" in text and (match := _CATBOOST.search(text)):
            return _of_catboost(text, match.end(), int(match[1]))
        if "overfitting detector" in text and _CAT_STOP.match(text):
            return (Notice("early-stopping", None, text.strip()),)
        if "est iteration" not in text:
            return ()
        best = Notice("best-follows", None, text.strip())
        if _STOP.match(text):
            return (Notice("early-stopping", None, "Early stopping"), best)
        return (best,) if _NO_STOP.match(text) else ()


def _round(text: str, at: int, number: int) -> tuple[Item, ...]:
    if found := _XGBOOST.findall(text, at):
        readings = [Reading(name, *printed(value), "instantaneous") for name, value in found]
        return (self_placed(XGBOOST, number, None, readings, unit="round"),)
    if found := _LIGHTGBM.findall(text, at):
        readings = [
            Reading(name, *significant(value, _DIGITS), "instantaneous") for name, value in found
        ]
        return (self_placed(LIGHTGBM, number, None, readings, unit="round"),)
    return ()


def _of_catboost(text: str, at: int, number: int) -> tuple[Item, ...]:
    """A round; data sets other than the training's are called as tests of the same metric."""
    if "\ttotal: " not in text:
        return ()
    readings = [
        Reading("learn" if data == "learn" else f"{data}-learn", *printed(value), "instantaneous")
        for data, value in _CAT_FIELD.findall(text, at)
    ]
    return (self_placed(CATBOOST, number, None, readings, unit="round"),) if readings else ()
