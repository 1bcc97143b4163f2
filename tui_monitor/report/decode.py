"""Rows of `decode`: estimates as lines of JSON or CSV, and the writer that streams them.

Field names and order are a contract with scripts. Numbers keep the precision of `repr`; JSON writes
nan and inf as strings, because JSON has no such numbers. Rows become text column by column, many at
once: cell by cell they cost three times as much.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice, repeat
from math import isfinite
from operator import is_
from typing import Any, Final, Literal, NamedTuple, Protocol, TextIO

from tui_monitor.core.records import Estimate, PossibleCount

RowFormat = Literal["jsonl", "csv"]

FIELDS: Final = Estimate._fields
"""Names of a row's fields, in order."""

SOURCE_FIELD = "source"
"""Comes last, and only where rows are of several logs: the log as it was named or found."""

_AT_ONCE = 1024
"""Rows that are written together."""
_TEXTS = frozenset({"epoch_label", "unit", "metric", "split", "law", "law_against"})
"""Fields that are neither numbers nor flags; few different texts are in each."""


class _Notation(NamedTuple):
    """How a format writes cells."""

    words: Mapping[str, str]
    """What it writes instead of what Python does, of a number, a flag or an absent one."""
    text: Callable[[str | None], str]
    possible: Callable[[tuple[PossibleCount, ...]], str]

    def column(self, field: str, cells: Sequence[Any]) -> Iterable[str]:
        """The cells of a field as text."""
        if len(cells) > 1 and all(map(is_, cells, repeat(cells[0]))):  # as in many a field
            (cell,) = self.column(field, cells[:1])
            return repeat(cell, len(cells))
        if field in _TEXTS:
            return map(self.text, cells)
        if field == "possible":
            return map(self.possible, cells)
        words = self.words
        return [words.get(cell, cell) for cell in map(str, cells)]


def _written(
    rows: Iterable[Estimate], notation: _Notation, source: str | None
) -> Iterator[tuple[str, ...]]:
    """The cells of each row, `source` behind them where there is one."""
    rows = iter(rows)
    while together := list(islice(rows, _AT_ONCE)):
        columns = list(map(notation.column, FIELDS, zip(*together, strict=True)))
        if source is not None:
            columns.append(repeat(notation.text(source), len(together)))
        yield from zip(*columns, strict=True)


# --- JSON ----------------------------------------------------------------------------------------


def json_number(value: float) -> float | str:
    """The number itself, or `"nan"`, `"inf"`, `"-inf"`."""
    return value if isfinite(value) else str(float(value))


def json_row(row: Estimate, source: str | None = None) -> str:
    """One JSON object, without the line's end; `source` names the log where there are several."""
    return next(_json_rows([row], source))


def _json_rows(rows: Iterable[Estimate], source: str | None) -> Iterator[str]:
    fields = FIELDS if source is None else (*FIELDS, SOURCE_FIELD)
    line = "{" + ", ".join(f'"{field}": %s' for field in fields) + "}"
    return map(line.__mod__, _written(rows, _JSON, source))


def _json_possible(few: tuple[PossibleCount, ...]) -> str:
    return f"[{', '.join([f'[{c.count}, {c.probability!r}]' for c in few])}]" if few else "null"


_JSON: Final = _Notation(
    {
        "None": "null",
        "True": "true",
        "False": "false",
        "nan": '"nan"',
        "inf": '"inf"',
        "-inf": '"-inf"',
    },
    lru_cache(maxsize=1024)(json.dumps),
    _json_possible,
)


# --- CSV -----------------------------------------------------------------------------------------


@lru_cache(maxsize=1024)
def _csv_text(text: str | None) -> str:
    """A text in quotes if need be, disarmed; an absent one is empty."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow((_inert(text or ""), ""))
    return line.getvalue().removesuffix(",")


def _inert(text: str) -> str:
    """The text, with an apostrophe before what a spreadsheet would run as a formula."""
    if text[:1] not in {"=", "+", "-", "@", "\t"} or not text:
        return text
    try:
        float(text)
    except ValueError:
        return "'" + text
    return text


def _csv_possible(few: tuple[PossibleCount, ...]) -> str:
    return " ".join([f"{c.count}:{c.probability!r}" for c in few])


_CSV: Final = _Notation({"None": "", "True": "true", "False": "false"}, _csv_text, _csv_possible)


# --- writers -------------------------------------------------------------------------------------


class RowWriter(Protocol):
    """Writes rows to an open text stream."""

    def write(self, rows: Iterable[Estimate], source: str | None = None) -> None:
        """Append these rows and flush them to the reader; `source` where there are several."""


class JsonLines:
    """Rows as JSON objects, one a line."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, rows: Iterable[Estimate], source: str | None = None) -> None:
        """Append these rows and flush them to the reader."""
        self._stream.writelines(line + "\n" for line in _json_rows(rows, source))
        self._stream.flush()


class CsvRows:
    """Rows as CSV, the field names first."""

    def __init__(self, stream: TextIO, *, several: bool = False) -> None:
        self._stream = stream
        self._write([(*FIELDS, SOURCE_FIELD) if several else FIELDS])

    def write(self, rows: Iterable[Estimate], source: str | None = None) -> None:
        """Append these rows and flush them to the reader."""
        self._write(_written(rows, _CSV, source))
        self._stream.flush()

    def _write(self, rows: Iterable[tuple[str, ...]]) -> None:
        self._stream.writelines(",".join(cells) + "\n" for cells in rows)


def row_writer(stream: TextIO, row_format: RowFormat, *, several: bool = False) -> RowWriter:
    """The writer of a format, on a stream that it does not close; `several`: rows name their log."""
    return JsonLines(stream) if row_format == "jsonl" else CsvRows(stream, several=several)
