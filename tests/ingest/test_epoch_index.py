"""Where the epochs of a saved log begin."""

from __future__ import annotations

import pytest

from tui_monitor.ingest.epoch_index import epoch_begins, find_epoch
from tui_monitor.report.samples import sample_log


def test_epochs_begin_at_their_first_print() -> None:
    data = sample_log("samples-bar").read_bytes()
    begins = epoch_begins(data)
    assert [each.label for each in begins] == [str(k) for k in range(1, len(begins) + 1)]
    for each in begins:
        header = data.rfind(b"Epoch ", 0, each.offset + 1)
        assert data[header:].startswith(b"Epoch " + each.label.encode() + b"/")


@pytest.mark.parametrize("number", ["1", "2", "3"])
def test_where_numbers_repeat_ordinals_count(number: str) -> None:
    data = sample_log("outer-loop").read_bytes()
    found = find_epoch(epoch_begins(data), number, 0)
    assert found is not None
    assert (found.epoch, found.label) == (int(number), "1")


def test_an_epoch_is_one_of_the_run_that_is_shown() -> None:
    data = sample_log("samples-bar").read_bytes()
    twice = data + b"Using TensorFlow backend.\n" + data
    begins = epoch_begins(twice)
    assert {each.run for each in begins} == {1, 2}
    first, second = find_epoch(begins, "2", 10), find_epoch(begins, "2", len(twice))
    assert first is not None
    assert second is not None
    assert first.offset < len(data) < second.offset


def test_what_is_not_there_is_not_found() -> None:
    begins = epoch_begins(sample_log("samples-bar").read_bytes())
    assert find_epoch(begins, "99", 0) is None
    assert find_epoch(begins, "", 0) is None
    assert epoch_begins(b"words\n") == []
    assert find_epoch([], "1", 0) is None
