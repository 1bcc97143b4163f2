"""Explanations and extremes that are kept while a log grows: made once, and as if made at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest

from tests.scenarios import Made, Plan
from tests.simulate import Case, Simulated
from tui_monitor.core import session as session_module
from tui_monitor.core.averages import laws
from tui_monitor.core.decoding.decoder import RunDecoder
from tui_monitor.core.explaining import explain
from tui_monitor.core.explaining.boundaries import Explainer
from tui_monitor.core.explaining.extremes import UNSETTLED, Extremes
from tui_monitor.core.records import Boundary, Event
from tui_monitor.core.session import Session


def bars(values: Sequence[str], epochs: int) -> str:
    """A log whose epochs show these losses, a batch each."""
    steps = len(values)
    lines: list[str] = []
    for epoch in range(epochs):
        lines.append(f"Epoch {epoch + 1}/{epochs}\n")
        lines += [f"{k}/{steps} [==>..] - ETA: 1s - loss: {v}\n" for k, v in enumerate(values, 1)]
        lines.append(f"{steps}/{steps} [====] - 1s 1ms/step - loss: {values[-1]}\n")
    return "".join(lines)


def test_a_boundary_behind_two_epochs_is_not_explained_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: Counter[tuple[str, int]] = Counter()
    inner = explain.explain

    def counting(run: RunDecoder, edge: explain.Edge, events: Sequence[Event]) -> Boundary:
        made[edge.track.metric.name, edge.epoch] += 1
        return inner(run, edge, events)

    monkeypatch.setattr(explain, "explain", counting)
    session = Session()
    log = Made(Plan("averaging", "keras2-steps", 64, 100, seed=2)).log
    session.feed(log, 0.0)
    session.snapshot(0.0)
    before = made.copy()
    assert set(before) == {("loss", 1), ("loss", 2), ("acc", 1), ("acc", 2)}
    for k in range(1, 20):
        session.feed(f"Epoch {3 + k}/3\n{k}/100 [>...] - ETA: 1s - loss: 0.5\n".encode(), 0.0)
        session.snapshot(0.0)
    assert made["loss", 1] == before["loss", 1]
    assert made["acc", 2] == before["acc", 2]


def test_what_is_kept_is_what_a_fresh_look_finds() -> None:
    log = Made(Plan("both", "keras3.15", 64, 100, seed=5)).log
    session = Session()
    for start in range(0, len(log), 3000):
        session.feed(log[start : start + 3000], 0.0)
        session.snapshot(0.0)
    session.finish()
    kept = session.report()[0].boundaries
    whole = Session()
    whole.feed(log, 0.0)
    whole.finish()
    fresh = whole.report()[0].boundaries
    assert [(b.metric, b.epoch, b.verdict) for b in kept] == [
        (b.metric, b.epoch, b.verdict) for b in fresh
    ]
    assert [b.step.value for b in kept] == pytest.approx([b.step.value for b in fresh], abs=5e-3)


def test_another_law_explains_everything_anew() -> None:
    session = Session()
    session.feed(Made(Plan("averaging", "keras2-steps", 64, 100, seed=2)).log, 0.0)
    session.finish()
    run = session._runs[0]
    explainer = Explainer()
    first = explainer.find(run, [])
    assert explainer.find(run, [])[0] is first[0]
    run.tracks["loss"].batch_size = 32
    again = {(b.metric, b.epoch): b for b in explainer.find(run, [])}
    for boundary in first:
        same = again[boundary.metric, boundary.epoch] is boundary
        assert same == (boundary.metric == "acc")


def test_extremes_of_a_growing_track() -> None:
    session = Session()
    values = ["0.9000", "0.2000", *["0.5000"] * (UNSETTLED + 10), "nan", "nan"]
    extremes = Extremes()
    log = bars(values, 2)
    for start in range(0, len(log), 500):
        session.feed(log[start : start + 500].encode(), 0.0)
        if session._runs:
            extremes.look(session._runs[0].tracks["loss"])
    track = session._runs[0].tracks["loss"]
    fresh = Extremes()
    fresh.look(track)
    assert extremes.not_finite == fresh.not_finite == len(values) - 2
    assert extremes.first == fresh.first
    assert extremes.best == fresh.best
    assert extremes.late == fresh.late
    assert track.level[fresh.best or 0] == min(v for v in track.level.array() if v == v)


@pytest.mark.parametrize("seed", range(4))
def test_the_best_level_is_one_that_was_smoothed(seed: int) -> None:
    run = Simulated(Case(laws.STEPS, "flat", batch_size=32, steps=300, epochs=2, seed=seed))
    session, extremes = Session(), Extremes()
    log = run.log()
    for start in range(0, len(log), 3000):
        session.feed(log[start : start + 3000], 0.0)
        session.snapshot(0.0)
        if session._runs:
            extremes.look(session._runs[0].tracks["loss"])
    fresh = Extremes()
    fresh.look(session._runs[0].tracks["loss"])
    assert extremes.best == fresh.best


def many_epochs(epochs: int) -> bytes:
    """A log of short epochs whose loss falls."""
    lines: list[str] = []
    for epoch in range(1, epochs + 1):
        lines.append(f"Epoch {epoch}/{epochs}\n")
        for k in range(1, 13):
            loss = 1.0 / epoch + 0.1 / k
            lines.append(f"{k}/12 [==>..] - ETA: 1s - loss: {loss:.4f} - acc: {1 - loss / 3:.4f}\n")
        lines.append(f"12/12 [====] - 1s 1ms/step - loss: {1 / epoch + 0.01:.4f} - acc: 0.5000\n")
    return "".join(lines).encode()


def test_a_look_with_a_limit_explains_the_newest_and_the_next_looks_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(session_module, "EXPLAINED", 200)
    session = Session()
    session.feed(many_epochs(14), 0.0)
    first = session.snapshot(0.0)
    newest = [b.epoch for b in first.boundaries if b.metric == "loss"]
    assert 1 < len(newest) < 9
    assert newest == list(range(14 - len(newest), 14))
    revisions = [first.revision]
    while session.revision > revisions[-1]:
        shown = session.snapshot(0.0)
        revisions.append(shown.revision)
    assert len(revisions) > 2
    whole = Session()
    whole.feed(many_epochs(14), 0.0)
    assert shown.boundaries == whole.report()[0].boundaries
    assert session.snapshot(0.0).boundaries is shown.boundaries


def test_a_report_explains_what_snapshots_have_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "EXPLAINED", 200)
    session = Session()
    session.feed(many_epochs(14), 0.0)
    session.snapshot(0.0)
    assert [b.epoch for b in session.report()[0].boundaries] == [
        e for e in range(1, 14) for _ in "la"
    ]


def test_the_epoch_under_way_is_explained_anew_a_few_times_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[int] = []
    inner = explain.explain

    def counting(run: RunDecoder, edge: explain.Edge, events: Sequence[Event]) -> Boundary:
        made.append(len(edge.track) - edge.first_row)
        return inner(run, edge, events)

    monkeypatch.setattr(explain, "explain", counting)
    bar = "{}/400 [==>..] - ETA: 1s - loss: 0.5{:03}\n"
    session = Session()
    session.feed(
        b"Epoch 1/2\n"
        + "".join(bar.format(k, k % 7) for k in range(1, 401)).encode()
        + b"400/400 [====] - 1s 1ms/step - loss: 0.5000\nEpoch 2/2\n",
        0.0,
    )
    for k in range(1, 400):
        session.feed(bar.format(k, k % 5).encode(), 0.0)
        session.snapshot(0.0)
    # the start of an epoch rests on its first half at most, and on its first tenth above all
    assert max(made) <= 201
    assert len(made) < 20
    assert sum(1 for age in made if age > 40) <= 4
