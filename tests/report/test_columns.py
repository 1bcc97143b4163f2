"""`decode_log` and `explain_log`: the rows as columns, typed and read-only."""

from __future__ import annotations

import math
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from tui_monitor import DecodedLog, TuiMonitorError, decode_log, explain_log
from tui_monitor.report.decode import FIELDS
from tui_monitor.report.samples import sample_log

QUESTION = sample_log("epoch-jump")


def test_columns_are_the_fields_of_the_rows() -> None:
    log = decode_log(QUESTION)

    assert [field.name for field in fields(DecodedLog)] == [*FIELDS, "rows"]
    assert len(log) == len(log.rows) == 36
    for name in FIELDS:
        column = getattr(log, name)
        assert column.shape == (36,)
        for cell, row in zip(column, log, strict=True):
            expected = getattr(row, name)
            assert (expected is None and math.isnan(cell)) or cell == expected


def test_columns_select_like_any_array() -> None:
    log = decode_log(QUESTION)
    ends = log.displayed[(log.metric == "acc") & (log.step == log.steps)]

    assert ends.tolist() == [0.8918, 0.9329, 0.9745]
    assert np.issubdtype(log.run.dtype, np.integer)
    assert log.exact.dtype == np.bool_


def test_columns_are_read_only() -> None:
    log = decode_log(QUESTION)

    with pytest.raises(ValueError, match="read-only"):
        log.value[0] = 1.0


def test_options_reach_the_decoder() -> None:
    log = decode_log(QUESTION, metric="acc", batch_size=512, law="cumulative-batch")

    assert set(log.metric) == {"acc"}
    assert set(log.law) == {"cumulative-batch"}


def test_a_report_has_the_jumps_of_the_question() -> None:
    (report,) = explain_log(QUESTION)
    jumps = {(item.epoch, item.metric): item.jump for item in report.boundaries}

    assert jumps[1, "acc"] == pytest.approx(0.9424 - 0.8918)
    assert jumps[2, "acc"] == pytest.approx(0.9756 - 0.9329)
    for item in report.boundaries:
        parts = [item.lag.value, item.step.value, item.luck.value]
        known = [part for part in parts if part is not None]
        assert len(known) in (0, 3)
        if known:
            assert sum(known) == pytest.approx(item.jump, abs=1e-9)


def test_a_log_without_progress_has_no_rows(tmp_path: Path) -> None:
    (tmp_path / "empty.log").touch()

    assert len(decode_log(tmp_path / "empty.log")) == 0
    assert explain_log(tmp_path / "empty.log") == ()


def test_errors_tell_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(TuiMonitorError, match="No such file"):
        decode_log(tmp_path / "no.log")
    with pytest.raises(TuiMonitorError, match="no such law, nonsense: choose one of"):
        decode_log(QUESTION, law="nonsense")  # type: ignore[arg-type]
    with pytest.raises(TuiMonitorError, match="1 or more"):
        explain_log(QUESTION, batch_size=0)
    with pytest.raises(TuiMonitorError, match="nonsense"):
        explain_log(QUESTION, format_hint="nonsense")
