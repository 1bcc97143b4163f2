"""Logs of Caffe: the loss every few iterations, and the newest batch's outputs below it.

The loss is the mean of the newest `average_loss` iterations, or of fewer where a program steps the
solver, which then forgets: its law is open. An output of the training's net is the newest batch's;
those of a test are means of the whole test. Iterations count from 0. Source: caffe/solver.cpp, Step,
UpdateSmoothedLoss, Test; sgd_solver.cpp.
"""

from __future__ import annotations

import re
from typing import Final

from tui_monitor.core.formats.base import self_placed, significant
from tui_monitor.core.records import Item, Reading

LOSS: Final = "caffe"
"""`I1121 01:43:36.9 4242 solver.cpp:239] Iteration 60 (50 iter/s, 0.2s/10 iters), loss = 0.69`."""
OUTPUT: Final = "caffe-output"
"""`I1121 01:43:36.9 4242 solver.cpp:258]     Train net output #0: loss = 0.697998`."""
TEST: Final = "caffe-test"
"""`I1121 01:43:36.9 4242 solver.cpp:414]     Test net output #0: accuracy = 0.91`."""

_NUMBER = r"(-?\d{1,24}(?:\.\d{1,24})?(?:e[+-]\d{2,3})?|-?nan|-?inf)"
_LOSS = re.compile(
    rf"solver\.cpp:\d{{1,6}}\] Iteration (\d{{1,12}})(?: \([^()]{{1,60}}\))?, loss = {_NUMBER}$"
)
_RATE = re.compile(
    rf"sgd_solver\.cpp:\d{{1,6}}\] Iteration \d{{1,12}}, lr = {_NUMBER}(?:, m = [\d.e-]{{1,24}})?$"
)
_OUTPUT = re.compile(
    rf"solver\.cpp:\d{{1,6}}\] {{1,8}}(Train|Test) net output #\d{{1,4}}: (\S{{1,100}}) = {_NUMBER}"
    r"(?: \(\* |\s*$)"
)
_DIGITS = 6


class CaffeFormat:
    """Caffe. See `Format`."""

    name: Final = "caffe"

    def parse(self, text: str) -> tuple[Item, ...]:
        """The loss of an iteration, its learning rate, or an output of the net."""
        if "solver.cpp:" not in text:
            return ()
        if match := _LOSS.search(text):
            loss = Reading("loss", *_number(match[2]), "open")
            return (self_placed(LOSS, int(match[1]), None, [loss]),)
        if match := _RATE.search(text):
            rate = Reading("lr", *_number(match[1]), "instantaneous")
            return (self_placed(OUTPUT, None, None, [rate], unit="batch", final=False),)
        if match := _OUTPUT.search(text):
            net, name, value = match.groups()
            output = Reading(f"output {name}", *_number(value), "instantaneous")
            if net == "Train":
                return (self_placed(OUTPUT, None, None, [output], unit="batch", final=False),)
            output = Reading(f"val_{name}", *_number(value), "epoch")
            return (self_placed(TEST, None, None, [output], unit="batch", final=False),)
        return ()


def _number(text: str) -> tuple[float, float]:
    return significant(text, _DIGITS)
