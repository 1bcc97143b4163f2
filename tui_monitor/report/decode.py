"""Rows of `decode`: an estimate as a line of JSON or CSV, and the writer that streams them.

Field names and order are a contract with scripts. Numbers keep the precision of `repr`; JSON writes
nan and inf as strings, because JSON has no such numbers.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from math import isfinite
from operator import attrgetter
from typing import Literal, Protocol, TextIO

from tui_monitor.core.records import Estimate

RowFormat = Literal["jsonl", "csv"]
Pairs = list[tuple[int, float]]
Cell = str | int | float | Pairs | None

FIELDS = (
    "run",
    "epoch",
    "epoch_label",
    "step",
    "steps",
    "unit",
    "metric",
    "split",
    "displayed",
    "law",
    "from_batch",
    "to_batch",
    "value",
    "low",
    "high",
    "exact",
    "count",
    "samples",
    "level",
    "level_sd",
    "batch_size",
    "final",
    "outlier",
    "line",
    "offset",
    "possible",
    "law_margin",
    "law_against",
)
"""Names of a row's fields, in order; each is the name of an `Estimate`'s field."""

SOURCE_FIELD = "source"
"""Comes last, and only where rows are of several logs: the log as it was named or found."""

_FLAGS = tuple(map(FIELDS.index, ("exact", "final", "outlier")))
_POSSIBLE = FIELDS.index("possible")
_TEXTS = tuple(map(FIELDS.index, ("epoch_label", "unit", "metric", "split", "law")))

_cells = attrgetter(*FIELDS)
_encode = json.JSONEncoder(allow_nan=False, separators=(", ", ": ")).encode


def json_number(value: float) -> float | str:
    """The number itself, or `"nan"`, `"inf"`, `"-inf"`."""
    return value if isfinite(value) else str(float(value))


def json_row(row: Estimate, source: str | None = None) -> str:
    """One JSON object, without the line's end; `source` names the log where there are several."""
    cells: dict[str, Cell] = dict(zip(FIELDS, _cells(row), strict=True))
    cells["possible"] = [(c.count, c.probability) for c in row.possible] or None
    if source is not None:
        cells[SOURCE_FIELD] = source
    try:
        return _encode(cells)
    except ValueError:  # a number that JSON lacks: rare enough not to look for it in every cell
        return _encode(
            {
                name: json_number(cell) if isinstance(cell, float) else cell
                for name, cell in cells.items()
            }
        )


def csv_cells(row: Estimate) -> list[Cell]:
    """The cells of a CSV row as `csv` is to write them: None is empty, a float its repr."""
    cells = list(_cells(row))
    for index in _FLAGS:
        cells[index] = "true" if cells[index] else "false"
    for index in _TEXTS:
        cells[index] = _inert(cells[index])
    pairs = (f"{c.count}:{c.probability!r}" for c in row.possible)
    cells[_POSSIBLE] = " ".join(pairs) or None
    return cells


def _inert(text: str) -> str:
    """The text, with an apostrophe before what a spreadsheet would run as a formula."""
    if text[:1] not in {"=", "+", "-", "@", "\t"} or not text:
        return text
    try:
        float(text)
    except ValueError:
        return "'" + text
    return text


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
        self._writer = csv.writer(stream, lineterminator="\n")
        self._writer.writerow((*FIELDS, SOURCE_FIELD) if several else FIELDS)

    def write(self, rows: Iterable[Estimate], source: str | None = None) -> None:
        """Append these rows and flush them to the reader."""
        name = [] if source is None else [_inert(source)]
        self._writer.writerows([*csv_cells(row), *name] for row in rows)
        self._stream.flush()


def row_writer(stream: TextIO, row_format: RowFormat, *, several: bool = False) -> RowWriter:
    """The writer of a format, on a stream that it does not close; `several`: rows name their log."""
    return JsonLines(stream) if row_format == "jsonl" else CsvRows(stream, several=several)
