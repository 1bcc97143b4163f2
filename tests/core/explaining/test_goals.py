"""Targets: met, foreseen, after the end, or not to be foreseen."""

from __future__ import annotations

from math import inf, isfinite

import numpy as np
import pytest

from tests.simulate import number
from tui_monitor.core.columns.arrays import FloatArray
from tui_monitor.core.explaining import goals
from tui_monitor.core.options import DecodeOptions, Target
from tui_monitor.core.session import Session
from tui_monitor.core.snapshot import Goal
from tui_monitor.report.explain import ExplainFormat, explanation


def follow(columns: dict[str, FloatArray], planned: int, *targets: Target) -> Session:
    """A log of one line an epoch, each of 3 seconds, read with targets."""
    lines: list[str] = []
    for i in range(len(next(iter(columns.values())))):
        fields = "".join(f" - {n}: {number(float(v[i])).text}" for n, v in columns.items())
        lines.append(f"Epoch {i + 1}/{planned}\n - 3s{fields}\n")
    session = Session(DecodeOptions(targets=targets))
    session.feed("".join(lines).encode(), 0.0)
    return session


def only(session: Session) -> Goal:
    (goal,) = session.snapshot(0.0).goals
    return goal


def learning(epochs: int, limit: float = 0.95, tau: float = 15.0, seed: int = 0) -> FloatArray:
    noise = np.random.default_rng(seed).normal(0.0, 0.002, epochs)
    return np.asarray(limit - 0.5 * np.exp(-np.arange(1.0, epochs + 1.0) / tau) + noise)


def text(session: Session) -> str:
    (finding,) = [f for f in session.snapshot(0.0).findings if f.kind == "target"]
    return finding.text


def test_a_target_that_was_met_names_the_epoch() -> None:
    acc = np.array([0.5, 0.7, 0.9, 0.8])
    session = follow({"val_acc": acc, "acc": acc}, 10, Target("val_acc", 0.85))
    goal = only(session)
    assert (goal.state, goal.met_in, goal.now) == ("met", 3, 0.9)
    assert text(session) == "val_acc reached its target 0.85 in epoch 3, with 0.9000."


def test_a_loss_meets_its_target_from_above() -> None:
    loss = np.array([0.9, 0.5, 0.3])
    assert only(follow({"loss": loss}, 10, Target("loss", 0.3))).state == "met"
    assert only(follow({"loss": loss}, 10, Target("loss", 0.2))).state == "too early"


@pytest.mark.parametrize("seed", range(5))
def test_what_is_foreseen_comes_true(seed: int) -> None:
    acc = learning(30, seed=seed)
    goal = only(follow({"acc": acc}, 200, Target("acc", 0.92)))
    due = 15.0 * np.log(0.5 / 0.03) - 30.0
    assert goal.state == "foreseen"
    assert goal.epochs is not None
    low, middle, high = goal.epochs
    assert low <= np.ceil(due) <= high
    assert low <= middle <= high
    assert goal.seconds == (3.0 * low, 3.0 * middle, 3.0 * high)
    assert goal.left == 170


def test_a_target_behind_the_planned_end_says_so() -> None:
    session = follow({"acc": learning(30)}, 34, Target("acc", 0.92))
    assert only(session).state == "after the end"
    assert "not before the run ends: only 4 are left" in text(session)


def test_a_target_above_the_curve_is_not_foreseeable() -> None:
    session = follow({"acc": learning(60, 0.9, 6.0)}, 200, Target("acc", 0.97))
    goal = only(session)
    assert goal.state == "not foreseeable"
    assert goal.epochs is goal.seconds is None
    assert "levels off" in text(session)


def test_a_metric_that_is_not_printed_is_absent() -> None:
    session = follow({"loss": learning(8)}, 20, Target("val_acc", 0.9))
    assert only(session).state == "absent"
    assert text(session) == (
        "The log shows no val_acc to compare with the target 0.9; it shows loss."
    )


def test_numbers_of_the_finding_follow_the_goal() -> None:
    session = follow({"acc": learning(30)}, 200, Target("acc", 0.92))
    goal = only(session)
    (finding,) = [f for f in session.snapshot(0.0).findings if f.kind == "target"]
    assert goal.epochs is not None
    assert finding.metric == "acc"
    assert finding.numbers["epochs"] == goal.epochs[1]
    assert finding.numbers["seconds_low"] == 3.0 * goal.epochs[0]
    assert finding.numbers["target"] == 0.92


@pytest.mark.parametrize("layout", ["text", "json", "markdown"])
def test_every_layout_of_explain_tells_the_target(layout: ExplainFormat) -> None:
    session = follow({"acc": learning(30)}, 200, Target("acc", 0.92))
    told = " ".join(explanation("train.log", session.report(), layout).split())
    assert "its target 0.92. Going on like this it gets there in about" in told
    if layout == "json":
        assert '"kind": "target"' in told
        assert '"epochs_low": ' in told


def test_the_epoch_under_way_is_taken_off_the_time() -> None:
    goal = Goal("acc", 0.9, True, "foreseen", epochs=(1.0, 2.0, inf), epoch_seconds=10.0)
    assert goals.timed(goal, 4.0).seconds == (4.0, 14.0, inf)
    assert goals.timed(goal, None).seconds == (10.0, 20.0, inf)
    assert goals.timed(goal._replace(epoch_seconds=None), 4.0).seconds is None


def test_no_target_no_goal() -> None:
    session = follow({"acc": learning(10)}, 20)
    assert session.snapshot(0.0).goals == ()
    assert all(f.kind != "target" for f in session.snapshot(0.0).findings)


def test_forecasts_hold_the_truth_as_often_as_they_say() -> None:
    hits: list[bool] = []
    for seed in range(40):
        random = np.random.default_rng(seed)
        limit, tau = random.uniform(0.8, 0.95), random.uniform(8.0, 30.0)
        short = random.uniform(0.02, 0.05)
        due = np.ceil(tau * np.log(0.5 / short)) - 25.0
        if due < 1.0:
            continue
        goal = only(
            follow({"acc": learning(25, limit, tau, seed)}, 500, Target("acc", limit - short))
        )
        if goal.epochs is not None:
            low, _, high = goal.epochs
            hits.append(low - 1.0 <= due and (not isfinite(high) or due <= high + 1.0))
    assert len(hits) > 10
    assert np.mean(hits) >= 0.85


@pytest.mark.parametrize("target", [0.95, 0.999])
def test_a_target_in_percent_is_foreseen_as_that_of_the_fraction(target: float) -> None:
    acc = learning(40, 1.0, 40.0).round(4)
    fraction = only(follow({"acc": acc}, 200, Target("acc", target)))
    percent = only(follow({"acc": 100.0 * acc}, 200, Target("acc", 100.0 * target)))
    assert (percent.state, percent.epochs) == (fraction.state, fraction.epochs)
    assert percent.chance == pytest.approx(fraction.chance, abs=0.02)
