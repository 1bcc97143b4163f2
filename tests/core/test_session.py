"""A session owns one log: however its bytes come in pieces, the same rows come out."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from math import isnan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.benchmarks.measuring import CORPUS
from tests.counting import lines_run
from tests.simulate import Case, Simulated
from tests.strategies import byte_logs, cuts
from tui_monitor.core.averages import laws
from tui_monitor.core.options import DecodeOptions
from tui_monitor.core.records import Estimate
from tui_monitor.core.session import Session

corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not on this machine")

STYLES = {
    "a line a bar": Case(laws.STEPS, steps=40, epochs=3, last=5),
    "redrawn": Case(laws.STATE, style="keras2", steps=40, epochs=3, last=5),
    "redrawn in colour": Case(laws.TWICE_RESET, steps=40, epochs=3, last=5),
    "samples": Case(laws.SAMPLES, steps=40, epochs=3, last=5, every=3.0),
}
every_style = pytest.mark.parametrize("case", STYLES.values(), ids=STYLES.keys())


def key(row: Estimate) -> tuple[object, ...]:
    """All fields; nan equals nan."""
    return tuple("nan" if isinstance(v, float) and isnan(v) else v for v in row)


def decoded(pieces: list[bytes], *, settle: bool = False) -> list[tuple[object, ...]]:
    """All rows in the end, of a log that came in these pieces."""
    session = Session()
    for at, piece in enumerate(pieces):
        session.feed(piece, float(at))
        if settle:
            session.settle(float(at))
    session.finish()
    return [key(row) for row in session.rows()]


def test_a_fit_that_averages_twice_is_a_run_apart_from_the_next() -> None:
    """As a model's first fit in tf.keras 2.4 does, and its others do not."""
    first = Case(laws.TWICE_APPENDED, style="keras2", steps=80, epochs=3)
    second = Simulated(Case(laws.STATE, style="keras2", steps=80, epochs=2, seed=1)).log()
    for epoch in (2, 1):
        second = second.replace(b"Epoch %d/2" % epoch, b"Epoch %d/5" % (epoch + 3))
    session = Session()
    session.feed(Simulated(first).log() + second, 0.0)
    session.finish()
    laws_told = [report.law.name for report in session.report() if report.law is not None]
    assert laws_told == ["averaged-twice", "cumulative-sample"]
    assert [report.epochs for report in session.report()] == [3, 2]
    assert not any(row.outlier for row in session.rows())


def pieces(data: bytes, at: list[int]) -> list[bytes]:
    places = sorted(at)
    return [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)]


# --- pieces ---------------------------------------------------------------------------------------


@every_style
def test_byte_by_byte_gives_the_rows_of_the_whole(case: Case) -> None:
    log = Simulated(replace(case, epochs=2, every=2.0)).log()
    whole = decoded([log])
    assert len(whole) > 60
    assert decoded([log[i : i + 1] for i in range(len(log))]) == whole


@every_style
@pytest.mark.parametrize("settle", [False, True], ids=["busy", "quiet"])
def test_pieces_of_any_size_give_the_rows_of_the_whole(case: Case, settle: bool) -> None:
    """Also where the source falls quiet after each piece, and half lines are looked at."""
    log = Simulated(case).log()
    whole = decoded([log])
    for seed in range(4):
        at = np.random.default_rng(seed).integers(0, len(log), 60).tolist()
        assert decoded(pieces(log, at), settle=settle) == whole


@corpus
@pytest.mark.parametrize(
    "name", ["k202_overfit_cb_tty", "k209_steps_ckpt_glued_tty", "k224_nan_pipe", "tf24_steps_pipe"]
)
def test_pieces_of_a_real_log_give_the_rows_of_the_whole(name: str) -> None:
    log = (CORPUS / name / "log.txt").read_bytes()
    whole = decoded([log])
    at = np.random.default_rng(1).integers(0, len(log), 300).tolist()
    assert decoded(pieces(log, at)) == whole
    assert decoded(pieces(log, at), settle=True) == whole


def test_a_line_that_ends_as_two_bars_keeps_their_order() -> None:
    """What was shown of it before it ended is not the first of what it holds."""
    bar = b"9/9 [==============================] - 1s 9ms/step - loss: 2.5 - val_loss: 1.75"
    whole = decoded([bar + bar])
    for cut in range(1, 2 * len(bar)):
        session = Session()
        for at, piece in enumerate(((bar + bar)[:cut], (bar + bar)[cut:])):
            session.feed(piece, float(at))
            session.settle(float(at))
            session.snapshot(float(at))
        session.finish()
        session.snapshot(9.0)
        assert [key(row) for row in session.rows()] == whole


@given(data=st.data())
@settings(max_examples=120, derandomize=True)
def test_hostile_bytes_never_break_a_session(data: st.DataObject) -> None:
    log = data.draw(byte_logs())
    session = Session()
    for at, piece in enumerate(data.draw(cuts(log))):
        session.feed(piece, float(at))
        if data.draw(st.booleans()):
            session.settle(float(at))
        session.snapshot(float(at))
    if data.draw(st.booleans()):
        session.restart("replaced")
    session.finish()
    assert session.bytes == len(log)
    list(session.rows())
    session.report()


@given(
    spoilt=st.lists(
        st.tuples(st.integers(0, 2**20), st.binary(min_size=0, max_size=4)), min_size=1, max_size=30
    ),
    style=st.sampled_from(list(STYLES)),
)
@settings(max_examples=60, derandomize=True)
def test_a_log_with_bytes_overwritten_never_breaks_a_session(
    spoilt: list[tuple[int, bytes]], style: str
) -> None:
    log = bytearray(Simulated(replace(STYLES[style], steps=12, epochs=2)).log())
    for at, junk in spoilt:
        at %= len(log)
        log[at : at + len(junk)] = junk
    session = Session()
    session.feed(bytes(log), 0.0)
    session.settle(0.0)
    session.snapshot(0.0)
    session.finish()
    for row in session.rows():
        assert row.low is None or row.high is None or row.low <= row.high + 1e-9
    session.report()


def test_an_empty_session_has_nothing_to_show() -> None:
    session = Session()
    session.settle(0.0)
    shown = session.snapshot(0.0)
    assert (shown.run, shown.epoch, shown.step, shown.format) == (0, 0, None, None)
    assert shown.curves == ()
    session.finish()
    assert list(session.rows()) == []
    assert session.report() == ()


# --- the unterminated line ------------------------------------------------------------------------

HEAD = b"Epoch 1/2\n\n"
BARS = [
    f" {k}/20 [==>...........................] - ETA: 3s - loss: {v:.4f} - acc: {a:.4f}".encode()
    for k, v, a in [(1, 2.0, 0.25), (2, 1.9, 0.3125), (3, 1.8, 0.375), (4, 1.7, 0.4219)]
]


def opened(*bars: bytes) -> Session:
    """A session that was fed these bars, each on a line of its own, the last unterminated."""
    session = Session()
    session.feed(HEAD + b"\n".join(bars), 0.0)
    return session


def steps(rows: list[Estimate]) -> list[int | None]:
    return [row.step for row in rows if row.metric == "acc"]


def test_a_line_that_reads_complete_counts_once_its_source_is_quiet() -> None:
    session = opened(*BARS[:3])
    assert steps(session.take_rows()) == [1, 2]
    assert session.snapshot(0.0).step == 2
    session.settle(0.1)
    assert session.snapshot(0.1).step == 3
    assert steps(session.take_rows()) == [3]
    session.settle(0.2)
    assert session.take_rows() == []
    session.feed(b"\n", 0.3)
    assert session.take_rows() == []
    assert session.snapshot(0.3).step == 3
    session.finish()
    assert steps(list(session.rows())) == [1, 2, 3]


def test_a_line_that_ends_otherwise_is_taken_back() -> None:
    session = opened(BARS[0], BARS[1], BARS[2])
    session.settle(0.1)
    assert session.snapshot(0.1).step == 3
    session.feed(b" - auc: 0.5000\n" + BARS[3] + b"\n", 0.2)
    session.finish()
    rows = list(session.rows())
    assert steps(rows) == [1, 2, 3, 4]
    assert [row.step for row in rows if row.metric == "auc"] == [3]
    plain = opened(BARS[0], BARS[1], BARS[2] + b" - auc: 0.5000", BARS[3])
    plain.finish()
    assert [key(row) for row in rows] == [key(row) for row in plain.rows()]


def test_rows_that_are_taken_back_before_they_were_taken_are_gone() -> None:
    session = opened(*BARS[:3])
    session.settle(0.1)
    session.feed(b" - auc: 0.5000\n", 0.2)
    assert steps(session.take_rows()) == [1, 2, 3]


def test_a_longer_number_takes_the_shorter_one_back() -> None:
    session = opened(BARS[0], BARS[1], BARS[2][:-7] + b" 0.3750")
    session.settle(0.1)
    session.feed(b"e-01\n", 0.2)
    session.finish()
    last = [row for row in session.rows() if row.metric == "acc"][-1]
    assert last.displayed == pytest.approx(0.0375)


def test_a_half_line_does_not_count() -> None:
    session = opened(BARS[0], BARS[1], BARS[2].partition(b" - acc")[0])
    session.settle(0.1)
    assert session.snapshot(0.1).step == 2
    session.feed(BARS[2].partition(b" - loss: 1.8000")[2], 0.2)
    session.settle(0.3)
    assert session.snapshot(0.3).step == 3
    assert steps(session.take_rows()) == [1, 2, 3]


def test_what_is_taken_back_leaves_no_trace_in_what_follows() -> None:
    case = Case(laws.TWICE_RESET, steps=60, epochs=2)
    log = Simulated(case).log()
    session, plain = Session(), Session()
    cut = log.index(b" - val_") + 4  # inside the first epoch's last line
    session.feed(log[:cut], 0.0)
    session.settle(0.1)
    session.feed(log[cut:], 0.2)
    plain.feed(log, 0.0)
    session.finish()
    plain.finish()
    assert [key(row) for row in session.rows()] == [key(row) for row in plain.rows()]


# --- rows, live -----------------------------------------------------------------------------------


def test_rows_are_taken_once_and_in_order() -> None:
    run = Simulated(Case(laws.STATE, steps=30, epochs=2))
    log = run.log()
    session = Session()
    taken: list[Estimate] = []
    for at in range(0, len(log), 500):
        session.feed(log[at : at + 500], 0.0)
        taken.extend(session.take_rows())
    session.finish()
    taken.extend(session.take_rows())
    assert [(r.line, r.metric) for r in taken] == [(r.line, r.metric) for r in session.rows()]
    assert session.take_rows() == []


def test_offsets_lead_back_to_the_line() -> None:
    log = Simulated(Case(laws.STEPS, steps=10, epochs=1)).log()
    session = Session()
    session.feed(log, 0.0)
    session.finish()
    for row in session.rows():
        line = log[row.offset :].split(b"\n", 1)[0].decode()
        assert f"{row.step}/" in line
        assert f"{row.metric}: {row.displayed:.4f}" in line


@pytest.mark.parametrize(
    "line",
    [
        "iter {}: loss 3.2014, time 12.34ms, mfu 5.67%",
        "Train: 0 [{:4d}/90 ( 12%)]  Loss: 2.23 (2.27)  Time: 0.001s",
        "Epoch: [0]  [{:2d}/90]  eta: 0:00:01  lr: 0.05  loss: 2.3 (2.4)  time: 0.1  data: 0.1",
        "Epoch: [0][{:2d}/90]\tTime  0.1 ( 0.1)\tLoss 2.3184e+00 (2.3184e+00)",
        "Epoch 1, batch {}, loss: 0.5123",
        "[{}]\ttrain-mlogloss:1.85852",
    ],
)
def test_steps_are_as_printed_and_batches_as_counted(line: str) -> None:
    """Where a log calls the first batch 0, as many have been done as the next one's number."""
    session = Session()
    session.feed("".join(f"{line.format(step)}\n" for step in (0, 10, 20)).encode(), 0.0)
    session.finish()
    rows = list(session.rows())
    first = [row for row in rows if row.metric == rows[0].metric]
    assert [row.step for row in first] == [0, 10, 20]
    assert [row.to_batch for row in first] in ([1, 11, 21], [None] * 3)
    assert session.snapshot(0.0).step == 21


def test_the_revision_grows_with_what_is_fed() -> None:
    session = opened(*BARS)
    before = session.revision
    session.feed(b"\n", 0.0)
    assert session.revision > before
    shown = session.snapshot(0.0)
    assert shown.revision == session.revision
    assert shown.bytes == session.bytes


# --- a new file -----------------------------------------------------------------------------------


def test_a_restart_begins_a_new_run() -> None:
    first = Simulated(Case(laws.STATE, steps=20, epochs=2)).log()
    second = Simulated(Case(laws.STATE, steps=20, epochs=1, seed=1)).log()
    session = Session()
    session.feed(first[: len(first) * 2 // 3], 0.0)
    session.restart("truncated")
    session.feed(second, 1.0)
    shown = session.snapshot(1.0)
    assert (shown.runs, shown.run, shown.epoch, shown.step) == (2, 2, 1, 20)
    assert "truncated" in "".join(shown.log_tail)
    session.finish()
    alone = Session()
    alone.feed(second, 0.0)
    alone.finish()
    rows = [row for row in session.rows() if row.run == 2]
    expected = list(alone.rows())
    assert [(r.step, r.low, r.high, r.value, r.level) for r in rows] == [
        (r.step, r.low, r.high, r.value, r.level) for r in expected
    ]
    assert {row.run for row in session.rows()} == {1, 2}
    assert [report.run for report in session.report()] == [1, 2]


@every_style
def test_a_log_cut_back_goes_on_with_its_offsets_and_lines(case: Case) -> None:
    """Rows tell where they stand in the file as it is: offset and line of a clean read of it."""
    log = Simulated(case).log()
    at = log.index(b"\n", len(log) // 2) + 1
    more = Simulated(replace(case, seed=1, epochs=1)).log()
    session = Session()
    session.feed(log, 0.0)
    session.settle(0.1)
    session.restart("cut back", at)
    session.feed(more, 1.0)
    session.finish()
    clean = Session()
    clean.feed(log[:at] + more, 0.0)
    clean.finish()
    places = [
        (row.offset, row.line, row.metric, row.displayed)
        for row in clean.rows()
        if row.offset >= at
    ]
    assert len(places) > 30
    last = max(row.run for row in session.rows())
    assert [
        (row.offset, row.line, row.metric, row.displayed)
        for row in session.rows()
        if row.run == last
    ] == places


def test_a_hole_shifts_the_offsets_behind_it() -> None:
    log = Simulated(Case(laws.STATE, steps=20, epochs=2)).log()
    at = log.index(b"\n", len(log) // 2) + 1
    holed, filled = Session(), Session()
    holed.feed(log[:at], 0.0)
    holed.skip(5000, 0.0)
    holed.feed(log[at:], 0.0)
    filled.feed(log[:at] + bytes(5000) + log[at:], 0.0)
    for session in (holed, filled):
        session.finish()
    assert [key(row) for row in holed.rows()] == [key(row) for row in filled.rows()]


def test_a_restart_takes_a_provisional_line_back() -> None:
    session = opened(*BARS[:3])
    session.settle(0.1)
    session.restart("replaced")
    session.feed(HEAD + BARS[0] + b"\n", 1.0)
    session.finish()
    assert [(row.run, row.step) for row in session.rows() if row.metric == "acc"][-1] == (2, 1)


def test_two_runs_in_one_log() -> None:
    log = Simulated(Case(laws.STEPS, steps=15, epochs=2)).log()
    session = Session()
    session.feed(log + log, 0.0)
    session.finish()
    rows = list(session.rows())
    assert {row.run for row in rows} == {1, 2}
    half = len(rows) // 2
    assert [(r.epoch, r.step, r.low) for r in rows[:half]] == [
        (r.epoch, r.step, r.low) for r in rows[half:]
    ]


# --- what is shown --------------------------------------------------------------------------------


def test_the_snapshot_says_where_the_log_is() -> None:
    run = Simulated(Case(laws.STATE, style="keras2", steps=40, epochs=2))
    session = Session()
    session.feed(run.log(), 0.0)
    shown = session.snapshot(0.0)
    assert (shown.format, shown.epoch, shown.epochs) == ("keras", 2, 2)
    assert (shown.step, shown.steps, shown.unit) == (40, 40, "batch")
    assert [curve.metric for curve in shown.curves] == ["loss", "accuracy"]
    assert shown.last_print is not None
    assert shown.last_print.startswith("40/40")
    assert shown.ended
    for curve in shown.curves:
        assert len(curve.x) == len(curve.displayed) == len(run.lines)


@every_style
def test_an_epoch_that_is_over_is_seen_from_its_end_and_looking_changes_nothing(case: Case) -> None:
    log = Simulated(case).log()
    followed, looked_at, finished, unseen = Session(), Session(), Session(), Session()
    for at, line in enumerate(log.splitlines(keepends=True)):
        looked_at.feed(line, float(at))
        looked_at.snapshot(float(at))
    for session in (followed, finished, unseen):
        session.feed(log, 0.0)
    finished.finish()
    for session in (followed, looked_at):
        curves = zip(session.snapshot(0.0).curves, finished.snapshot(0.0).curves, strict=True)
        for live, over in curves:
            assert live.level == pytest.approx(over.level, nan_ok=True)
            assert live.level_sd == pytest.approx(over.level_sd, nan_ok=True)
        of_table = [
            [(row.level_end, row.level_end_sd) for row in each.snapshot(0.0).epoch_rows]
            for each in (session, finished)
        ]
        assert of_table[0] == [pytest.approx(row) for row in of_table[1]]
    # nor does it change what is drawn of an epoch that goes on
    twice = [Session(), Session()]
    cut = log.rindex(b"\n", 0, len(log) // 2) + 1
    twice[0].feed(log[:cut], 0.0)
    twice[0].snapshot(0.0)
    twice[0].feed(log[cut:], 0.0)
    twice[1].feed(log, 0.0)
    for session in (looked_at, unseen, *twice):
        session.finish()
    rows = [[key(row) for row in each.rows()] for each in (looked_at, unseen, *twice)]
    assert rows[0] == rows[1]
    assert rows[2] == rows[3]


def test_what_a_failed_training_has_printed_is_seen_from_its_end() -> None:
    log = Simulated(STYLES["a line a bar"]).log()
    log = log[: log.rindex(b"\n", 0, len(log) - 300) + 1]
    session, finished = Session(), Session()
    for each in (session, finished):
        each.feed(log + b"Traceback (most recent call last):\nValueError: no\n", 0.0)
    finished.finish()
    last = session.snapshot(0.0)
    assert last.ended
    assert last.step != last.steps
    for live, over in zip(last.curves, finished.snapshot(0.0).curves, strict=True):
        assert live.level_sd == pytest.approx(over.level_sd, nan_ok=True)


def test_options_reach_the_decoder() -> None:
    session = Session(DecodeOptions(batch_size=32, metric="acc*"))
    session.feed(Simulated(Case(laws.STEPS, steps=10)).log(), 0.0)
    session.finish()
    rows = list(session.rows())
    assert {row.metric for row in rows} == {"acc"}
    assert {row.batch_size for row in rows} == {32}


@corpus
@pytest.mark.parametrize(
    ("name", "epoch"),
    [("k202_overfit_cb_tty", 13), ("k224_nan_pipe", 1), ("tf22_steps_pipe", 3)],
)
def test_the_last_words_of_a_log_end_it(name: str, epoch: int) -> None:
    """Epochs done as planned, a loss that is no number, a callback that stops early."""
    session = Session()
    session.feed((CORPUS / name / "log.txt").read_bytes(), 0.0)
    session.finish()
    shown = session.snapshot(0.0)
    assert shown.epoch == epoch
    assert shown.ended


@pytest.mark.parametrize(
    "huge",
    ["4.4100e+307", "1.3111e+308", "9.9000e+160", "-2.5000e+200", "9.9000e+99", "1.0000e+75"],
)
@pytest.mark.parametrize("style", ["keras", "json"])
def test_numbers_whose_squares_are_infinite_are_shown_and_harm_nothing(
    style: str, huge: str
) -> None:
    session = Session()
    for epoch in range(1, 4):
        if style == "keras":
            session.feed(f"Epoch {epoch}/3\n".encode(), 0.0)
        for step in range(1, 31):
            loss = huge if (epoch, step) in ((1, 30), (2, 7), (2, 30), (3, 1)) else f"0.{step + 20}"
            bar = f" {step}/30 [====>....] - ETA: 1s - loss: {loss} - acc: 0.5000\n"
            line = f'{{"epoch": {epoch}, "step": {step}, "loss": {loss}, "acc": 0.5}}\n'
            session.feed((bar if style == "keras" else line).encode(), 0.0)
        session.snapshot(0.0)
    session.finish()
    session.snapshot(1.0)
    assert len(session.report()) == 1
    shown = [row for row in session.rows() if row.displayed == float(huge)]
    assert len(shown) == 4
    assert all(row.value is None or row.value == row.displayed for row in shown)


def test_samples_between_lines_are_no_batch() -> None:
    session = Session()
    for epoch in (1, 2):
        for done in range(0, 60_000, 640):
            line = (
                f"Train Epoch: {epoch} [{done}/60000 ({done // 600}%)]\tLoss: {1 / (1 + done):.6f}"
            )
            session.feed(f"{line}\n".encode(), 0.0)
    session.finish()
    (report,) = session.report()
    assert report.batch_size is None
    assert all(row.batch_size is None for row in session.rows())


def explained(session: Session) -> int:
    """Lines of code that it takes to explain what was read."""
    session.finish()
    return lines_run(lambda: (session.report(), session.snapshot(0.0)))


def test_a_log_with_ever_new_metrics_is_explained_by_work_like_its_length() -> None:
    def work(lines: int) -> int:
        session = Session()
        for step in range(lines):
            row = f'{{"epoch": {1 + step // 500}, "step": {step}, "loss": 0.5, "m{step}": 0.25}}\n'
            session.feed(row.encode(), 0.0)
        return explained(session)

    assert work(2000) < 8 * work(400)  # with a look at all metrics for each: 25 times


def test_many_runs_with_messages_are_explained_by_work_like_their_number() -> None:
    run = b"".join(
        b"Epoch %d/2\n10/10 [====] - 1s - loss: 0.5000\n" % epoch
        + 40 * b"Epoch 00001: saving model to weights.hdf5\n"
        for epoch in (1, 2)
    )

    def work(runs: int) -> int:
        session = Session()
        session.feed(runs * run, 0.0)
        work = explained(session)
        assert len(session.report()) == runs
        return work

    assert work(400) < 6 * work(100)  # with a look at all messages for each run: 16 times


def test_long_lines_without_progress_are_let_go() -> None:
    session = Session()
    block = b"x" * (1 << 20)
    tracemalloc.start()
    for _ in range(100):
        session.feed(block, 0.0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60 << 20
