"""`decode_log` and `explain_log`: the rows and explanations of a log for Python programs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from tui_monitor.core.columns.arrays import FloatArray, IntArray
from tui_monitor.core.records import Estimate, LawName, RunReport
from tui_monitor.report.source import decode_options, load_session

BoolArray = NDArray[np.bool_]
TextArray = NDArray[np.object_]
"""Of str."""
PossibleArray = NDArray[np.object_]
"""Of tuples of `PossibleCount`."""

_Cell = TypeVar("_Cell", bound=np.generic)


@dataclass(frozen=True, slots=True, eq=False)
class DecodedLog:
    """The rows of a log as read-only columns of equal length; iterating gives the rows.

    Fields are those of `Estimate`, which says what they mean. A number that a row may lack is a
    float column with NaN for absent.
    """

    run: IntArray
    epoch: IntArray
    epoch_label: TextArray
    step: FloatArray
    steps: FloatArray
    unit: TextArray
    metric: TextArray
    split: TextArray
    displayed: FloatArray
    law: TextArray
    from_batch: FloatArray
    to_batch: FloatArray
    value: FloatArray
    low: FloatArray
    high: FloatArray
    exact: BoolArray
    count: FloatArray
    samples: FloatArray
    level: FloatArray
    level_sd: FloatArray
    batch_size: FloatArray
    final: BoolArray
    outlier: BoolArray
    line: IntArray
    offset: IntArray
    possible: PossibleArray
    law_margin: FloatArray
    law_against: TextArray
    rows: tuple[Estimate, ...]
    """The same, row by row; absent numbers are None."""

    def __iter__(self) -> Iterator[Estimate]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


def decode_log(
    path: str | os.PathLike[str],
    *,
    law: LawName | None = None,
    batch_size: int | None = None,
    format_hint: str | None = None,
    metric: str | None = None,
) -> DecodedLog:
    """Decode a saved log: a row for each printed number, in the log's order.

    `law`, `batch_size` (samples), `format_hint` and `metric` (a glob of names to keep) fix what the
    log would otherwise settle. Levels are smoothed over the whole log. Raises TuiMonitorError if
    the log cannot be read or an option means nothing.
    """
    session = load_session(path, decode_options(law, batch_size, format_hint, metric))
    return _columns(list(session.rows()))


def explain_log(
    path: str | os.PathLike[str],
    *,
    law: LawName | None = None,
    batch_size: int | None = None,
    format_hint: str | None = None,
    metric: str | None = None,
) -> tuple[RunReport, ...]:
    """Explain a saved log: its boundaries, findings and events, a report each run.

    Options and errors as in `decode_log`.
    """
    return load_session(path, decode_options(law, batch_size, format_hint, metric)).report()


def _columns(rows: Sequence[Estimate]) -> DecodedLog:
    return DecodedLog(
        run=_ints(rows, "run"),
        epoch=_ints(rows, "epoch"),
        epoch_label=_texts(rows, "epoch_label"),
        step=_floats(rows, "step"),
        steps=_floats(rows, "steps"),
        unit=_texts(rows, "unit"),
        metric=_texts(rows, "metric"),
        split=_texts(rows, "split"),
        displayed=_floats(rows, "displayed"),
        law=_texts(rows, "law"),
        from_batch=_floats(rows, "from_batch"),
        to_batch=_floats(rows, "to_batch"),
        value=_floats(rows, "value"),
        low=_floats(rows, "low"),
        high=_floats(rows, "high"),
        exact=_flags(rows, "exact"),
        count=_floats(rows, "count"),
        samples=_floats(rows, "samples"),
        level=_floats(rows, "level"),
        level_sd=_floats(rows, "level_sd"),
        batch_size=_floats(rows, "batch_size"),
        final=_flags(rows, "final"),
        outlier=_flags(rows, "outlier"),
        line=_ints(rows, "line"),
        offset=_ints(rows, "offset"),
        possible=_possible(rows),
        law_margin=_floats(rows, "law_margin"),
        law_against=_texts(rows, "law_against"),
        rows=tuple(rows),
    )


def _ints(rows: Sequence[Estimate], field: str) -> IntArray:
    return _read_only(np.array([getattr(row, field) for row in rows], dtype=np.int64))


def _floats(rows: Sequence[Estimate], field: str) -> FloatArray:
    # numpy reads None as NaN here.
    return _read_only(np.array([getattr(row, field) for row in rows], dtype=np.float64))


def _flags(rows: Sequence[Estimate], field: str) -> BoolArray:
    return _read_only(np.array([getattr(row, field) for row in rows], dtype=np.bool_))


def _texts(rows: Sequence[Estimate], field: str) -> TextArray:
    return _read_only(np.array([getattr(row, field) for row in rows], dtype=np.object_))


def _possible(rows: Sequence[Estimate]) -> PossibleArray:
    # Filled cell by cell: numpy would take tuples of equal length for rows of a table.
    column = np.empty(len(rows), dtype=np.object_)
    for i, row in enumerate(rows):
        column[i] = row.possible
    return _read_only(column)


def _read_only(column: NDArray[_Cell]) -> NDArray[_Cell]:
    column.flags.writeable = False
    return column
