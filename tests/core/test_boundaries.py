"""Explanations and extremes that are kept while a log grows: made once, and as if made at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest

from tests.scenarios import Made, Plan
from tui_monitor.core import explain
from tui_monitor.core.boundaries import Explainer
from tui_monitor.core.decoder import RunDecoder
from tui_monitor.core.extremes import UNSETTLED, Extremes
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
