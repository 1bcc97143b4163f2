"""Rows of `decode`: names, order, numbers, and what spreadsheets must not run."""

from __future__ import annotations

import csv
import io
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.report.examples import ESTIMATE
from tui_monitor.core.records import Estimate, PossibleCount
from tui_monitor.report.decode import FIELDS, json_row, row_writer

CONTRACT = [
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
]


def test_json_has_the_fields_of_the_contract_in_order() -> None:
    row = json.loads(json_row(ESTIMATE))

    assert list(row) == CONTRACT == list(FIELDS)
    assert row["epoch_label"] == "1"
    assert row["displayed"] == 0.8917
    assert row["count"] is None
    assert row["law_margin"] is None
    assert row["exact"] is False
    assert row["offset"] == 1234


@pytest.mark.parametrize(
    ("number", "text"), [(math.nan, "nan"), (math.inf, "inf"), (-math.inf, "-inf")]
)
def test_json_writes_numbers_that_it_lacks_as_strings(number: float, text: str) -> None:
    row = json.loads(json_row(ESTIMATE._replace(displayed=number, value=None)))

    assert row["displayed"] == text
    assert row["value"] is None
    assert row["high"] == 0.92


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_both_formats_keep_every_bit(number: float) -> None:
    row = ESTIMATE._replace(level=number)

    assert json.loads(json_row(row))["level"] == number
    assert float(written(row)["level"]) == number


@given(st.text())
def test_json_rows_stay_on_one_ascii_line(label: str) -> None:
    line = json_row(ESTIMATE._replace(epoch_label=label))

    assert line.isascii()
    assert "\n" not in line
    assert json.loads(line)["epoch_label"] == label


def written(row: Estimate) -> dict[str, str]:
    """A row's cells as a reader of the CSV finds them."""
    stream = io.StringIO(newline="")
    row_writer(stream, "csv").write([row])
    (cells,) = csv.DictReader(io.StringIO(stream.getvalue(), newline=""))
    return cells


def test_csv_reads_back_with_the_same_columns() -> None:
    stream = io.StringIO()
    writer = row_writer(stream, "csv")
    writer.write([ESTIMATE])
    writer.write([ESTIMATE._replace(metric='a "b", c', displayed=math.nan)])

    first, second = csv.DictReader(io.StringIO(stream.getvalue()))
    assert list(first) == CONTRACT
    assert first["count"] == ""
    assert first["exact"] == "false"
    assert second["metric"] == 'a "b", c'
    assert second["displayed"] == "nan"


def test_possible_counts_are_pairs() -> None:
    row = ESTIMATE._replace(possible=(PossibleCount(22, 0.25), PossibleCount(23, 0.75)))
    assert json.loads(json_row(row))["possible"] == [[22, 0.25], [23, 0.75]]
    assert written(row)["possible"] == "22:0.25 23:0.75"
    assert json.loads(json_row(ESTIMATE))["possible"] is None
    assert written(ESTIMATE)["possible"] == ""


@pytest.mark.parametrize("metric", ["=1+1", "+cmd", "-cmd|x", "@SUM(A1)", "\t=1"])
def test_csv_disarms_formulas(metric: str) -> None:
    cells = written(ESTIMATE._replace(metric=metric))

    assert cells["metric"] == "'" + metric


def test_csv_leaves_numbers_alone() -> None:
    row = ESTIMATE._replace(epoch_label="-1", value=-0.5, low=-math.inf)
    cells = written(row)

    assert cells["epoch_label"] == "-1"
    assert cells["value"] == "-0.5"
    assert cells["low"] == "-inf"


def test_json_lines_are_flushed_batch_by_batch() -> None:
    buffer = io.BytesIO()
    stream = io.TextIOWrapper(buffer, encoding="utf-8", write_through=False)
    row_writer(stream, "jsonl").write([ESTIMATE, ESTIMATE])

    assert buffer.getvalue().count(b"\n") == 2
