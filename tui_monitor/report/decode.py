"""Rows of `decode`: estimates as lines of JSON or CSV, and the writer that streams them.

Field names and order are a contract with scripts. Numbers keep the precision of `repr`; JSON writes
nan and inf as strings, because JSON has no such numbers.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from math import isfinite
from typing import Any, Final, Literal, NamedTuple, Protocol, TextIO

from tui_monitor.core.records import Estimate, PossibleCount

RowFormat = Literal["jsonl", "csv"]

FIELDS: Final = Estimate._fields
"""Names of a row's fields, in order."""

SOURCE_FIELD = "source"
"""Comes last, and only where rows are of several logs: the log as it was named or found."""

_TEXTS = tuple(map(FIELDS.index, ("epoch_label", "unit", "metric", "split", "law", "law_against")))
"""Fields that are neither numbers nor flags; few different texts are in each."""
_POSSIBLE = FIELDS.index("possible")


class _Notation(NamedTuple):
    """How a format writes cells."""

    words: Mapping[str, str]
    """What it writes instead of what Python does, of a number, a flag or an absent one."""
    text: Callable[[Any], str]
    """Writes a text, or none where it is absent."""
    possible: Callable[[tuple[PossibleCount, ...]], str]

    def cells(self, row: Estimate) -> list[str]:
        """The cells of a row as text."""
        word = self.words.get
        cells = [word(cell, cell) for cell in map(str, row)]
        for at in _TEXTS:
            cells[at] = self.text(row[at])
        cells[_POSSIBLE] = self.possible(row.possible)
        return cells


# --- JSON ----------------------------------------------------------------------------------------


def json_number(value: float) -> float | str:
    """The number itself, or `"nan"`, `"inf"`, `"-inf"`."""
    return value if isfinite(value) else str(float(value))


def json_row(row: Estimate, source: str | None = None) -> str:
    """One JSON object, without the line's end; `source` names the log where there are several."""
    cells = _JSON.cells(row)
    if source is None:
        return _OBJECT % tuple(cells)
    return _OBJECT_OF_SOURCE % (*cells, _JSON.text(source))


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


_OBJECT, _OBJECT_OF_SOURCE = (
    "{" + ", ".join([f'"{field}": %s' for field in fields]) + "}"
    for fields in (FIELDS, (*FIELDS, SOURCE_FIELD))
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
        self._stream.writelines(json_row(row, source) + "\n" for row in rows)
        self._stream.flush()


class CsvRows:
    """Rows as CSV, the field names first."""

    def __init__(self, stream: TextIO, *, several: bool = False) -> None:
        self._stream = stream
        self._write([(*FIELDS, SOURCE_FIELD) if several else FIELDS])

    def write(self, rows: Iterable[Estimate], source: str | None = None) -> None:
        """Append these rows and flush them to the reader."""
        name = [] if source is None else [_CSV.text(source)]
        self._write(_CSV.cells(row) + name for row in rows)
        self._stream.flush()

    def _write(self, rows: Iterable[Iterable[str]]) -> None:
        self._stream.writelines(",".join(cells) + "\n" for cells in rows)


def row_writer(stream: TextIO, row_format: RowFormat, *, several: bool = False) -> RowWriter:
    """The writer of a format, on a stream that it does not close; `several`: rows name their log."""
    return JsonLines(stream) if row_format == "jsonl" else CsvRows(stream, several=several)
