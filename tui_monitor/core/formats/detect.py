"""The formats there are, and which of them a log is written in."""

from __future__ import annotations

from collections.abc import Iterable

from tui_monitor.core.formats.averagemeter import AverageMeterFormat
from tui_monitor.core.formats.base import Format
from tui_monitor.core.formats.boosting import BoostingFormat
from tui_monitor.core.formats.darknet import DarknetFormat
from tui_monitor.core.formats.fastai import FastaiFormat
from tui_monitor.core.formats.huggingface import HuggingFaceFormat
from tui_monitor.core.formats.ignite import IgniteFormat
from tui_monitor.core.formats.jsonl import JsonLinesFormat
from tui_monitor.core.formats.keras import KerasFormat
from tui_monitor.core.formats.megatron import MegatronFormat
from tui_monitor.core.formats.metriclogger import MetricLoggerFormat
from tui_monitor.core.formats.mmengine import MMEngineFormat
from tui_monitor.core.formats.nanogpt import NanoGptFormat
from tui_monitor.core.formats.paddle import PaddleFormat
from tui_monitor.core.formats.sklearn import SklearnFormat
from tui_monitor.core.formats.tqdm import TqdmFormat
from tui_monitor.core.formats.ultralytics import UltralyticsFormat
from tui_monitor.core.records import Progress
from tui_monitor.errors import TuiMonitorError

FORMATS: tuple[Format, ...] = (
    PaddleFormat(),
    KerasFormat(),
    AverageMeterFormat(),
    MetricLoggerFormat(),
    MMEngineFormat(),
    HuggingFaceFormat(),
    FastaiFormat(),
    IgniteFormat(),
    UltralyticsFormat(),
    TqdmFormat(),
    MegatronFormat(),
    NanoGptFormat(),
    DarknetFormat(),
    BoostingFormat(),
    SklearnFormat(),
    JsonLinesFormat(),
)
"""Every format, the more specific grammars first: a tie goes to the earlier.

Keras finds its bars behind any text, and Paddle's are Keras' behind the word `step`.
"""


def evidence(log_format: Format, lines: Iterable[str]) -> int:
    """Number of progress prints with numbers that the format reads in these lines."""
    return sum(
        isinstance(item, Progress) and bool(item.readings)
        for text in lines
        for item in log_format.parse(text)
    )


def detect(lines: Iterable[str]) -> Format | None:
    """The format that reads the most progress prints in these lines; None if none reads any.

    A header alone proves nothing: many a hand-written loop prints `Epoch 1/10`.
    """
    texts = list(lines)
    counts = [evidence(log_format, texts) for log_format in FORMATS]
    best = max(counts)
    return FORMATS[counts.index(best)] if best else None


def by_name(hint: str) -> Format:
    """The format of this name (any case).

    Raises TuiMonitorError, listing the names there are, if none has it.
    """
    wanted = hint.strip().lower()
    for log_format in FORMATS:
        if log_format.name == wanted:
            return log_format
    names = ", ".join(log_format.name for log_format in FORMATS)
    raise TuiMonitorError(f"unknown log format {hint!r}: choose one of {names}")
