"""What a metric is, by its name: its split, its range, and whether it is a mean of batches at all.

A name is only a hint: the decoder drops a range that the prints contradict, and the mean that they are
not (`unaveraged`).
"""

from __future__ import annotations

import re
from functools import lru_cache
from math import ceil, inf, log10
from typing import NamedTuple

from tui_monitor.core.noise import Family
from tui_monitor.core.records import Split


class Metric(NamedTuple):
    """What a metric's name tells."""

    name: str
    split: Split
    family: Family
    low: float
    """Least value that a batch can have."""
    high: float
    counts: bool
    """A batch's value is a number of right answers over its size."""
    averaged: bool
    """Batches are averaged into it; if not it is shown as printed."""
    higher_is_better: bool
    top: float = 1.0
    """What a fraction prints where it is whole: 1, or 100 in percent."""


_VAL = re.compile(
    r"(?:val|eval|valid|validation)_(?:\d{1,3}(?:-|'s ))?"
    r"|(?:val|valid|eval|test)(?:[-/]|'s )|validation/"
)
_TRAIN = re.compile(r"train(?:ing)?/|train[-_]|training's ")
_RATE = re.compile(r"(^|[_/])(lr|learning[_ ]?rate)(_|$)|^rate$", re.IGNORECASE)
_STATE = re.compile(
    r"(^|_)(auc|prc|roc|precision|recall|f1|f_?beta|f_?score|sensitivity|specificity|mean_io_?u|kappa"
    r"|r2|rmse|root_mean_squared\w*|perplexity|ppl|true_\w+|false_\w+)(_|\d|$)",
    re.IGNORECASE,
)
"""Kept as a state over the epoch's samples (a ratio or a root of sums), not averaged over batches."""
_COUNT = re.compile(
    r"(^|_)(acc|accuracy|categorical_accuracy|binary_accuracy|top_?\d*_?\w*acc\w*|prec@)(_|@|\d|\s|$)",
    re.IGNORECASE,
)
_FRACTION = re.compile(r"(dice|jaccard|io_?u|error_rate)", re.IGNORECASE)
_POSITIVE = re.compile(
    r"(loss|error|mse|mae|mape|msle|crossentropy|hinge|divergence|distance|deviance)"
    r"|grad[_ ]norm|(^|_)(kld|ce|bce|nll|l1|l2)(_|$)",
    re.IGNORECASE,
)
_NEGATIVE = re.compile(r"(cosine|similarity|likelihood|reward|return|elbo)", re.IGNORECASE)


def base_name(name: str) -> str:
    """A metric's name without the data it is of, and without how often it is averaged."""
    data = _VAL.match(name) or _TRAIN.match(name)
    return (name[data.end() :] if data else name).removesuffix(" (avg)")


class Validations:
    """Of a run's metrics, which is the same of the validation data as another."""

    def __init__(self) -> None:
        self._printed: set[str] = set()
        self._first: dict[str, str] = {}
        """By the base names."""

    def add(self, metric: Metric) -> None:
        """A metric is printed for the first time."""
        if metric.split == "val":
            self._printed.add(metric.name)
            self._first.setdefault(base_name(metric.name), metric.name)

    def drop(self, name: str) -> None:
        """The metric that was added last was none."""
        self._printed.discard(name)
        if self._first.get(base := base_name(name)) == name:
            del self._first[base]

    def of(self, name: str) -> str | None:
        """The name of a metric's validation; None if it has none."""
        usual = f"val_{name}"
        return usual if usual in self._printed else self._first.get(base_name(name))


@lru_cache(maxsize=4096)
def describe(name: str) -> Metric:
    """The metric of this printed name."""
    base = base_name(name)
    split: Split = "val" if _VAL.match(name) else "train"
    if _RATE.search(base):
        return Metric(name, "other", "real", 0.0, inf, False, False, False)
    if _COUNT.search(base) and "loss" not in base:
        return Metric(name, split, "fraction", 0.0, 1.0, True, True, True)
    if _STATE.search(base) and "loss" not in base:
        better = not re.search(r"rmse|root_mean|perplexity|ppl|false_", base, re.IGNORECASE)
        return Metric(name, split, "real", -inf, inf, False, False, better)
    if _NEGATIVE.search(base):
        return Metric(name, split, "real", -inf, inf, False, True, "loss" not in base)
    if _FRACTION.search(base) and "loss" not in base:
        better = "error" not in base.lower()
        return Metric(name, split, "fraction", 0.0, 1.0, False, True, better)
    if _POSITIVE.search(base):
        return Metric(name, split, "positive", 0.0, inf, False, True, False)
    return Metric(name, split, "real", -inf, inf, False, True, True)


PERCENT = 100.0
"""The most that a fraction can be printed as."""


def is_percent_of(metric: Metric, displayed: float) -> bool:
    """Whether a print shows that the fraction, as it was taken, is printed in percent."""
    return metric.family == "fraction" and metric.top < displayed <= PERCENT


def in_percent(metric: Metric) -> Metric:
    """The fraction, which is printed in percent."""
    return metric._replace(high=PERCENT, top=PERCENT)


LARGEST = 1e50
"""Beyond, a number is taken for an infinite one: squares of its variance would be. Single precision
ends at 3e38."""


def is_number(displayed: float) -> bool:
    """Whether what is printed can be reckoned with: no nan, and neither infinite nor nearly so."""
    return -LARGEST < displayed < LARGEST


DECIMALS = 4
"""Decimals that numbers are told with: most bars print as many."""
LARGE = 10.0
"""Size from which on a print shows how many decimals its metric has: smaller ones may show more."""


def finer(finest: float, displayed: float, quantum: float) -> float:
    """The `finest` spacing of a metric's `LARGE` prints, inf before the first, with one print more."""
    return quantum if 0.0 < quantum < finest and abs(displayed) >= LARGE else finest


def decimals(metric: Metric, quantum: float) -> int:
    """Decimals that a metric is told with, where more than it is printed with would be noise.

    A percentage has those that are printed, but two at least, and so has what is no mean of batches,
    however few they are. `quantum`: see `finer`.
    """
    in_hundreds = metric.top == PERCENT
    if metric.averaged and not in_hundreds:
        return DECIMALS
    if quantum == inf:
        return 2 if in_hundreds else DECIMALS
    shown = min(max(ceil(-log10(quantum) - 1e-6), 0), DECIMALS)
    return max(shown, 2) if in_hundreds else shown


def as_printed(metric: Metric) -> Metric:
    """The metric, whose prints have shown that it is no mean of batches: its range is open."""
    return metric._replace(family="real", low=-inf, high=inf, counts=False, averaged=False)
