"""A log's end on its own: where it begins, what its epochs are called, what holds of it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tests.simulate import Case, Simulated
from tui_monitor.core.averages import laws
from tui_monitor.core.formats.keras import KerasFormat
from tui_monitor.core.log_end import (
    EndSession,
    Place,
    header_pattern,
    last_header,
    may_begin_inside,
    place_to_begin,
)
from tui_monitor.core.session import Session
from tui_monitor.core.snapshot import Snapshot

KERAS = KerasFormat()
_HEAD = 1 << 13


def bar(step: int, loss: float = 0.5, steps: int = 50) -> bytes:
    return b"%2d/%d [==>...] - ETA: 1s - loss: %.4f\n" % (step, steps, loss)


def epoch(header: bytes, steps: int = 50, loss: float = 0.5) -> bytes:
    last = b"%d/%d [=====] - 9s - loss: %.4f - val_loss: 0.7\n" % (steps, steps, loss)
    return header + b"".join(bar(step, loss, steps) for step in range(1, steps)) + last


def counted(epochs: int, first: int = 1, total: int = 40) -> bytes:
    return b"".join(epoch(b"Epoch %d/%d\n" % (n, total)) for n in range(first, first + epochs))


def end_of(log: bytes, begin: int, header: bytes | None = None) -> EndSession:
    whole = Session()
    whole.feed(log[:_HEAD], 0.0)
    session = EndSession(whole, begin, header)
    session.feed(log[begin:], 1.0)
    return session


# --- where to begin ------------------------------------------------------------------------------


def test_it_begins_with_the_epoch_that_is_nearest_to_what_is_wanted() -> None:
    log = counted(10)
    one = len(log) // 10
    for wanted in (one, 2 * one, 5 * one + one // 5):
        place = place_to_begin(log[3:], KERAS, wanted)
        assert place is not None
        assert place.begins_epoch
        assert log[3 + place.at :].startswith(b"Epoch ")
        assert abs(len(log) - 3 - place.at - wanted) <= one / 2 + 20


def test_it_begins_inside_an_epoch_where_none_begins_near() -> None:
    log = b"Epoch 1/2\n" + b"".join(bar(step, steps=5000) for step in range(1, 4001))
    place = place_to_begin(log[100:], KERAS, 5000)
    assert place is not None
    assert not place.begins_epoch
    at = 100 + place.at
    assert log[at - 1 : at] == b"\n"
    assert re.match(rb" ?\d+/5000 \[", log[at:])
    assert 4900 <= len(log) - at <= 5000
    assert place_to_begin(log[100:], KERAS, 5000, inside=False) is None


def test_without_headers_a_bar_that_starts_over_begins_an_epoch() -> None:
    log = epoch(b"") * 6
    one = len(log) // 6
    assert place_to_begin(log[5:], KERAS, 2 * one) == Place(4 * one - 5, True)


def test_batches_that_end_out_of_order_begin_no_epoch() -> None:
    order = [1, 2, 3, 5, 4, 6, 9, 7, 8, 20, 19, 30, 29]
    log = b"x\n" * 10 + b"".join(bar(step) for step in order)
    place = place_to_begin(log, KERAS, len(log))
    assert place is not None
    assert not place.begins_epoch


def test_there_is_no_place_in_what_is_no_training_log() -> None:
    assert place_to_begin(b"epoch of none\n" * 100, KERAS, 500) is None
    assert place_to_begin(b"", KERAS, 500) is None


def test_a_redrawn_bar_is_cut_at_one_of_its_states() -> None:
    log = Simulated(Case(steps=400, epochs=1)).log()
    place = place_to_begin(log[777:], KERAS, 4000)
    assert place is not None
    session = end_of(log, 777 + place.at, b"Epoch 1/1")
    steps = [row.step for row in session.rows() if row.metric == "loss"]
    assert steps[0] is not None
    assert steps[0] > 1
    assert steps == [*range(steps[0], 401), 400]


def test_headers_are_known_by_the_first_one() -> None:
    log = b"Epoch 3 of all, and more\n" + counted(3, first=7)
    pattern = header_pattern(log, KERAS)
    assert pattern is not None
    assert last_header(log, pattern, KERAS) == b"Epoch 9/40"
    assert last_header(b"\nEpoch 12/40 or so\n", pattern, KERAS) is None
    assert header_pattern(epoch(b""), KERAS) is None


# --- what its epochs are called ------------------------------------------------------------------


def shown(session: Session) -> Snapshot:
    return session.snapshot(2.0)


def labels(snapshot: Snapshot) -> list[str]:
    return list(dict.fromkeys(row.label for row in snapshot.epoch_rows))


def test_epochs_keep_the_numbers_of_the_log() -> None:
    log = counted(12)
    snapshot = shown(end_of(log, log.index(b"Epoch 10/")))
    assert labels(snapshot) == ["10", "11", "12"]
    assert (snapshot.epoch, snapshot.epoch_label) == (3, "12")
    assert snapshot.cut is not None
    assert snapshot.cut.epochs == 40
    assert snapshot.epochs is None
    assert "epoch 10" in snapshot.boundaries[0].text


def test_an_outer_loop_has_names_for_its_epochs() -> None:
    log = epoch(b"Epoch 1/1\n") * 12
    begin = log.rindex(b"Epoch", 0, 9 * len(log) // 12)
    snapshot = shown(end_of(log, begin))
    assert labels(snapshot) == ["+1", "+2", "+3", "+4"]
    assert snapshot.cut is not None
    assert snapshot.cut.epochs is None
    text = " ".join(each.text for each in snapshot.boundaries)
    assert "epoch +1" in text
    assert not re.search(r"epoch \d", text)


def test_an_epoch_begun_before_has_its_number_from_its_header() -> None:
    log = counted(12)
    begin = log.index(b"25/50", log.index(b"Epoch 11/"))
    assert labels(shown(end_of(log, begin, b"Epoch 11/40"))) == ["11", "12"]
    assert labels(shown(end_of(log, begin))) == ["+1", "12"]


def test_a_run_that_begins_in_the_end_is_whole() -> None:
    log = counted(12) + counted(3)
    snapshot = shown(end_of(log, log.index(b"Epoch 11/")))
    assert snapshot.cut is None
    assert (snapshot.epoch, snapshot.epochs) == (3, 40)
    assert shown(end_of(counted(3), 0)).cut is None


def test_the_time_left_counts_the_epochs_that_are_left() -> None:
    log = counted(12)
    session = end_of(log, log.index(b"Epoch 10/"))
    assert shown(session).pace.eta_run == pytest.approx(28 * 9.0)


# --- what holds of it ----------------------------------------------------------------------------


def test_what_only_the_whole_can_tell_is_left_out() -> None:
    log = Simulated(Case(shape="flat", steps=100, epochs=12, every=2.0)).log()
    whole = Session()
    whole.feed(log, 0.0)
    assert "plateau" in {each.kind for each in shown(whole).findings}
    told = {each.kind for each in shown(end_of(log, log.index(b"Epoch 3/"))).findings}
    assert told == {"ended"}


def test_an_alarm_is_told() -> None:
    log = counted(12) + b"Epoch 13/40\n" + bar(1) + bar(2).replace(b"0.5000", b"nan")
    findings = shown(end_of(log, log.index(b"Epoch 10/"))).findings
    assert [each.kind for each in findings] == ["nan"]
    assert "epoch 13, step 2" in findings[0].text


def test_a_divergence_is_told_without_the_beginning() -> None:
    rising = [2.0] * 3 + [2.0 - 0.01 * n for n in range(80)] + [50.0] * 20
    log = b"Epoch 4/9\n" + b"".join(bar(n, x, 999) for n, x in enumerate(rising, start=1))
    found = [each for each in shown(end_of(log, 0)).findings if each.kind == "divergence"]
    assert found
    assert "where it began" not in found[0].text


@pytest.mark.parametrize("law", [laws.STATE, laws.STEPS, laws.TWICE_APPENDED, laws.SAMPLES])
@pytest.mark.parametrize("every", [1.0, 5.0])
def test_bounds_hold_from_an_epochs_middle_on(law: laws.Law, every: float) -> None:
    run = Simulated(Case(law=law, steps=600, epochs=2, every=every, seed=3))
    log = run.log()
    place = place_to_begin(log[11:], KERAS, len(log) // 5)
    assert place is not None
    assert not place.begins_epoch
    rows = list(end_of(log, 11 + place.at, b"Epoch 2/2").rows())
    whole = Session()
    whole.feed(log, 0.0)
    units = {row.unit for row in whole.rows()}
    assert {row.unit for row in rows} == units
    assert {row.law for row in rows if row.split == "train"} == {law.name}
    checked = 0
    for row in rows:
        if row.low is None or row.high is None or row.from_batch is None or row.final:
            continue
        assert row.to_batch is not None
        true = run.window(row.metric, 2, row.from_batch, row.to_batch, weighted=True)
        assert row.low - 1e-9 <= true <= row.high + 1e-9
        checked += 1
    assert rows[0].from_batch == 0
    assert rows[0].to_batch is not None
    assert rows[0].to_batch > 300
    assert checked > 20


def test_an_update_that_counts_several_batches_is_not_cut() -> None:
    log = Simulated(Case(law=laws.TWICE_APPENDED, steps=400, epochs=2)).log()
    whole = Session()
    assert may_begin_inside(whole)
    whole.feed(log, 0.0)
    assert may_begin_inside(whole)
    whole._runs[0].stride.size = 4
    assert not may_begin_inside(whole)


def test_what_the_beginning_tells_holds_for_bars_like_its_own_only() -> None:
    by_sample = Simulated(replace(Case(law=laws.SAMPLES, steps=300), batch_size=64)).log()
    by_batch = Simulated(Case(law=laws.STEPS, steps=700, epochs=3)).log()
    log = by_sample + by_batch
    session = end_of(log, len(by_sample) + by_batch.index(b"Epoch 3/3"))
    assert {row.unit for row in session.rows()} == {"batch"}
