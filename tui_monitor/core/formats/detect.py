"""The formats there are, and which of them a log is written in."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from tui_monitor.core.formats.averagemeter import AverageMeterFormat
from tui_monitor.core.formats.base import Format
from tui_monitor.core.formats.boosting import BoostingFormat
from tui_monitor.core.formats.caffe import CaffeFormat
from tui_monitor.core.formats.cifarbar import CifarBarFormat
from tui_monitor.core.formats.composer import ComposerFormat
from tui_monitor.core.formats.darknet import DarknetFormat
from tui_monitor.core.formats.deepspeed import OPTIMIZER as DEEPSPEED_OPTIMIZER
from tui_monitor.core.formats.deepspeed import DeepSpeedFormat
from tui_monitor.core.formats.detectron2 import Detectron2Format
from tui_monitor.core.formats.espnet import EspnetFormat
from tui_monitor.core.formats.fairseq import FairseqFormat
from tui_monitor.core.formats.fastai import FastaiFormat
from tui_monitor.core.formats.fields import is_trained
from tui_monitor.core.formats.heads import BEGINS, GOES_ON, joined
from tui_monitor.core.formats.huggingface import HuggingFaceFormat
from tui_monitor.core.formats.ignite import IgniteFormat
from tui_monitor.core.formats.jsonl import UNKNOWN as JSON_UNKNOWN
from tui_monitor.core.formats.jsonl import JsonLinesFormat
from tui_monitor.core.formats.kaldi import KaldiFormat
from tui_monitor.core.formats.keras import KerasFormat
from tui_monitor.core.formats.litgpt import LitGptFormat
from tui_monitor.core.formats.marian import MarianFormat
from tui_monitor.core.formats.megatron import MegatronFormat
from tui_monitor.core.formats.metriclogger import MetricLoggerFormat
from tui_monitor.core.formats.mmengine import MMEngineFormat
from tui_monitor.core.formats.mnist import SUMMARY as MNIST_SUMMARY
from tui_monitor.core.formats.mnist import MnistFormat
from tui_monitor.core.formats.nanochat import VALIDATION as NANOCHAT_VALIDATION
from tui_monitor.core.formats.nanochat import NanochatFormat
from tui_monitor.core.formats.nanogpt import NanoGptFormat
from tui_monitor.core.formats.paddle import PaddleFormat
from tui_monitor.core.formats.plain import ANYBODYS, BELOW, HEAD, PLAIN
from tui_monitor.core.formats.progressbar import ProgressBarFormat
from tui_monitor.core.formats.quoted import Quotes, unquoted, without_code
from tui_monitor.core.formats.rich import RichFormat
from tui_monitor.core.formats.sklearn import SklearnFormat
from tui_monitor.core.formats.stablebaselines import ROW as BOX_ROW
from tui_monitor.core.formats.stablebaselines import StableBaselinesFormat
from tui_monitor.core.formats.steplines import LLMC_VALIDATION, StepLinesFormat
from tui_monitor.core.formats.table import OF_DATA, PLACE, TableFormat, cells, of_data, of_table
from tui_monitor.core.formats.tesseract import TesseractFormat
from tui_monitor.core.formats.textbar import TextBarFormat
from tui_monitor.core.formats.tqdm import TqdmFormat
from tui_monitor.core.formats.ultralytics import UltralyticsFormat
from tui_monitor.core.formats.vowpal import VowpalFormat
from tui_monitor.core.records import Columns, Progress
from tui_monitor.errors import TuiMonitorError

_COMMON = (
    NANOCHAT_VALIDATION,
    MNIST_SUMMARY,
    LLMC_VALIDATION,
    JSON_UNKNOWN,
    DEEPSPEED_OPTIMIZER,
    BOX_ROW,
)
"""Styles of lines that are of no format alone."""
_NEAR = 2
"""Lines from a table's head to its first row at most, .."""
_FAR = 4000
""".. and where only a program calls its columns so: it may draw bars before it writes a row."""
_OF_PROGRAM = re.compile(r"\w/(?:loss|acc)")
_MOST_LIKE = 256
"""Sets of names that are remembered."""
_NUMBER = re.compile(r"\d|nan|inf", re.IGNORECASE)
"""What every printed number has in it."""

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
    RichFormat(),
    TqdmFormat(),
    CifarBarFormat(),
    ProgressBarFormat(),
    MnistFormat(),
    MegatronFormat(),
    FairseqFormat(),
    EspnetFormat(),
    MarianFormat(),
    NanoGptFormat(),
    NanochatFormat(),
    StepLinesFormat(),
    LitGptFormat(),
    DeepSpeedFormat(),
    ComposerFormat(),
    StableBaselinesFormat(),
    DarknetFormat(),
    Detectron2Format(),
    CaffeFormat(),
    BoostingFormat(),
    SklearnFormat(),
    KaldiFormat(),
    TesseractFormat(),
    VowpalFormat(),
    JsonLinesFormat(),
)
"""Every format, the more specific grammars first: a tie goes to the earlier.

Keras finds its bars behind any text, and Paddle's are Keras' behind the word `step`.
"""

TABLE: Final = TableFormat()
TEXT_BAR: Final = TextBarFormat()
FALLBACKS: tuple[Format, ...] = (TEXT_BAR, TABLE, PLAIN)
"""Read where no other format reads a print with numbers: text bars, which are Keras' but for these,
and tables and lines of loops, which only several lines together tell.
"""


_REPEATED: Final = 8
"""Lines that are remembered: a program may say the same over and over."""
_of_table = lru_cache(_REPEATED)(TABLE.parse)
_of_loop = lru_cache(_REPEATED)(PLAIN.parse)


class _Rows:
    """Whether a row of a table comes below its head, and of one that a line places, once more."""

    def __init__(self) -> None:
        self._placed: Progress | None = None
        self._first: Progress | None = None
        """The place of the first table of data."""
        self._head = Columns(())
        self._begins: Columns | None = None
        """The first line of a head that may go on below."""
        self._of_data: tuple[str, ...] = ()
        self._lines = 0
        """Since the head, .."""
        self._near = _NEAR
        """.. and how many may be before its first row."""

    def hear(self, text: str) -> bool:
        """Take the next line; whether it is such a row, with at most a rule between."""
        self._lines += 1
        for item in _of_table(text):
            if isinstance(item, Columns) and item.table == OF_DATA:
                self._of_data = item.names
            elif isinstance(item, Columns):
                self._note(item)
            elif isinstance(item, Progress) and item.style == PLACE:
                self._placed = item
            elif isinstance(item, Progress) and item.style == OF_DATA:
                if not of_data(item, self._of_data, self._placed).readings:
                    continue
                self._first = self._first or self._placed
                return self._first != self._placed
            elif isinstance(item, Progress) and self._lines <= self._near:
                names, spans = self._head.names, self._head.spans
                fits = len(cells(text)) == len(names) or bool(spans)
                return fits and bool(of_table(item, names, spans).readings)
        return False

    def _note(self, item: Columns) -> None:
        """Take a head, or one of its two lines."""
        if item.table == BEGINS:
            self._begins = item
        elif item.table == GOES_ON:
            whole = joined(self._begins, item) if self._begins else None
            self._begins = None
            if whole is not None:
                self._note(whole)
        else:
            self._head, self._lines = item, 0
            self._near = _FAR if any(map(_OF_PROGRAM.search, item.names)) else _NEAR


class _Repeats:
    """Whether a line of a loop comes again, with numbers of another place."""

    def __init__(self) -> None:
        self._places: dict[tuple[str, ...], tuple[int | None, ...]] = {}
        """Where the numbers of each set of names were first."""
        self._head: tuple[int | None, ...] = (None,)
        self._anybodys = False
        """The head may be one of another program than a training."""

    def hear(self, text: str) -> bool:
        """Take the next line; whether it is one that came before, further on."""
        for item in _of_loop(text):
            if not isinstance(item, Progress):
                continue
            if item.style == HEAD:
                of_epoch = item.epoch is None and item.step is not None
                self._head = (self._head[0] if of_epoch else item.epoch, item.step)
                self._anybodys = item.bar == ANYBODYS
            if not item.readings:
                continue
            place = self._head if item.style == BELOW else (item.epoch, item.step)
            if item.style == BELOW and self._anybodys and not _is_training(item):
                continue
            if len(self._places) >= _MOST_LIKE:
                self._places.clear()
            names = tuple(each.metric for each in item.readings)
            if self._places.setdefault(names, place) != place:
                return True
        return False


def _is_training(item: Progress) -> bool:
    return any(is_trained(each.metric) for each in item.readings)


@lru_cache(_REPEATED)
def _shown(text: str) -> Format | None:
    """The first format, tables and lines of loops left out, that reads a print with numbers."""
    if not _NUMBER.search(text):
        return None
    return next((each for each in (*FORMATS, TEXT_BAR) if _prints(each, text)), None)


class Sniffer:
    """Hears a log line by line until its format can be told. What the log quotes tells nothing."""

    def __init__(self) -> None:
        self._quotes: Quotes[str] = Quotes()
        self._rows, self._repeats = _Rows(), _Repeats()
        self._fallback: Format | None = None

    def copy(self) -> Sniffer:
        """An independent one."""
        return copy.deepcopy(self)

    def hear(self, text: str) -> bool:
        """Take the next line; whether the format can now be told."""
        return any(map(self.take, self._quotes.hear(text, without_code(text))))

    def take(self, text: str) -> bool:
        """Take a line that nobody quotes."""
        shown = _shown(text)
        if shown is not None and shown is not TEXT_BAR:
            return True
        if shown is TEXT_BAR:
            self._fallback = TEXT_BAR
        elif self._rows.hear(text):
            self._fallback = TABLE
        elif self._repeats.hear(text):
            self._fallback = PLAIN
        return self._fallback is not None

    def find(self, lines: Iterable[str]) -> Format | None:
        """The format of the lines so far, or of those that are kept of them."""
        found = _best(unquoted((text, without_code(text)) for text in lines))
        if found is None and self._fallback is None:
            any(map(self.take, self._quotes.flush()))
        return found or self._fallback


def evidence(log_format: Format, lines: Iterable[str]) -> int:
    """Number of progress prints with numbers that the format reads in these lines.

    Lines that many another program prints as well prove nothing.
    """
    return sum(_prints(log_format, text) for text in lines)


def _prints(log_format: Format, text: str) -> int:
    """The same of one line."""
    items = log_format.parse(text)
    if not items:  # as from most formats
        return 0
    return sum(
        isinstance(item, Progress) and bool(item.readings) and item.style not in _COMMON
        for item in items
    )


def detect(lines: Iterable[str]) -> Format | None:
    """The format that reads the most progress prints in these lines; None if none reads any.

    Fallbacks are for logs of which no other format reads a line. A header alone proves nothing: many
    a hand-written loop prints `Epoch 1/10`.
    """
    return quoted_format(unquoted((text, without_code(text)) for text in lines))


def _best(texts: Sequence[str]) -> Format | None:
    """The format, fallbacks left out, that reads the most prints; a tie goes to the earlier."""
    counts = [evidence(log_format, texts) for log_format in FORMATS]
    best = max(counts)
    return FORMATS[counts.index(best)] if best else None


def quoted_format(lines: Iterable[str]) -> Format | None:
    """The format that reads most of lines, whatever quotes them; None if none reads any."""
    texts, sniffer = list(lines), Sniffer()
    return _best(texts) or next((sniffer.find(()) for text in texts if sniffer.take(text)), None)


def by_name(hint: str) -> Format:
    """The format of this name (any case).

    Raises TuiMonitorError, listing the names there are, if none has it.
    """
    wanted = hint.strip().lower()
    known = (*FORMATS, *FALLBACKS)
    for log_format in known:
        if log_format.name == wanted:
            return log_format
    names = ", ".join(log_format.name for log_format in known)
    raise TuiMonitorError(f"unknown log format {hint!r}: choose one of {names}")
