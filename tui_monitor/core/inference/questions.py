"""How likely the prints are that trials of laws ask about, answered together.

Most questions are about few prints, and the same ones: one of each metric and each depth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from tui_monitor.core.columns.arrays import FloatArray
from tui_monitor.core.inference.marginal import Standing, foretold, mean
from tui_monitor.core.noise import Family

LEAST_VARIANCE = 0.01
"""Least p (1 - p) of batches whose scatter is near enough to a Gaussian."""
MOST_VARIANCE = 30.0
"""The most of positive numbers, in terms of the first of them."""
IMPROBABLE = 25.0
"""Nats that a print costs at most: no model is surer than that, and logs do have corrupted prints."""
AT_A_TIME = 1500
"""Numbers in the matrices of all questions answered together at most, for each noise and way: larger
arrays that come and go are dearer than what is in them."""


class Foretold(NamedTuple):
    """How well the prints of an epoch foretell each other: log-likelihoods."""

    all: FloatArray
    """Of all of them, by the noise."""
    last: float
    """Of the last of them, given the others."""


class Question(NamedTuple):
    """Prints of one epoch whose likelihood is to be known, and what to do once it is."""

    at: Standing
    told: tuple[float, ...]
    quantum: tuple[float, ...]
    family: Family
    unit: float
    """About how far the level may be from the first number."""
    then: Callable[[Foretold], None]


def answer(questions: Sequence[Question]) -> None:
    """Answer questions, each trial's in order: those about as many prints together."""
    alike: dict[int, list[int]] = {}
    for i, question in enumerate(questions):
        alike.setdefault(len(question.told), []).append(i)
    answers: dict[int, Foretold] = {}
    for prints, at in alike.items():
        together = max(1, AT_A_TIME // prints**2)
        for first in range(0, len(at), together):
            some = at[first : first + together]
            answers.update(zip(some, _answers([questions[i] for i in some]), strict=True))
    for i, question in enumerate(questions):
        question.then(answers[i])


def _answers(questions: Sequence[Question]) -> Iterator[Foretold]:
    """Answers to questions about as many prints each."""
    at, displayed, quantum, families, units, _ = zip(*questions, strict=True)
    unit = np.array(units)[:, None]
    told = np.array(displayed) / unit
    variance = np.minimum(np.maximum(np.abs(told), 1e-3), MOST_VARIANCE)
    for i, family in enumerate(families):
        if family == "real":
            variance[i] = 1.0
        elif family == "fraction":
            p = told[i] * units[i]
            variance[i] = np.maximum(p * (1.0 - p), LEAST_VARIANCE) / units[i] ** 2
    nats = foretold(at, told, np.array(quantum) / unit, variance)
    nats = np.minimum(np.maximum(nats, -IMPROBABLE), 0.0)
    likely = nats.sum(axis=-1)
    by_noise, without = mean(np.array([likely, likely - nats[..., -1]]), 1)
    last = mean(by_noise, 1) - mean(without, 1)
    return map(Foretold, by_noise, last.tolist())
