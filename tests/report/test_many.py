"""Of many boundaries those that stand out are told in words, and each has a line of figures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.report.examples import BOUNDARY, REPORT
from tui_monitor.core.records import Boundary, Part, Verdict
from tui_monitor.report.explain import WIDTH, ExplainFormat, explanation
from tui_monitor.report.many import FEW, STEPS, in_words, table


def boundary(
    epoch: int, jump: float = 0.01, verdict: Verdict = "noise", *, metric: str = "acc"
) -> Boundary:
    step = Part(jump, 0.001)
    return replace(
        BOUNDARY,
        metric=metric,
        epoch=epoch,
        next_epoch=epoch + 1,
        jump=jump,
        step=step,
        verdict=verdict,
    )


def test_few_are_all_told() -> None:
    few = [boundary(epoch) for epoch in range(1, FEW + 1)]
    assert in_words(few) == few


def test_of_many_the_newest_the_largest_and_the_clearest_steps_are_told() -> None:
    many = [boundary(epoch) for epoch in range(1, 100)]
    many[10] = boundary(11, -0.5)
    for at, jump in ((20, 0.03), (30, 0.04), (40, 0.02), (50, -0.05)):
        many[at] = boundary(at + 1, jump, "step")
    told = [each.epoch for each in in_words(many)]
    assert told == [11, 21, 31, 51, 99]
    assert len(told) == STEPS + 2


def test_metrics_are_chosen_for_each_by_itself_and_keep_their_order() -> None:
    many = [boundary(e, metric=m) for e in range(1, 50) for m in ("loss", "acc")]
    rare = boundary(3, metric="f1")
    told = in_words([*many, rare])
    assert [(each.metric, each.epoch) for each in told] == [
        ("loss", 1),
        ("acc", 1),
        ("loss", 49),
        ("acc", 49),
        ("f1", 3),
    ]


def test_a_step_of_unknown_doubt_is_the_least_clear() -> None:
    many = [boundary(epoch, verdict="step") for epoch in range(1, 20)]
    many[4] = replace(many[4], step=Part(0.5, None))
    assert 5 not in [each.epoch for each in in_words(many)]


def test_each_has_a_line_that_adds_up() -> None:
    many = [
        replace(
            boundary(epoch, 0.0123),
            lag=Part(0.01, 0.1),
            step=Part(0.0043, 0.1),
            luck=Part(-0.002, 0.1),
        )
        for epoch in range(1, 20)
    ]
    rows = [row.split() for row in table(many) if "→" in row]
    assert len(rows) == 19
    for row in rows:
        *_, jump, lag, step, luck, verdict = row
        assert float(jump) == pytest.approx(float(lag) + float(step) + float(luck))
        assert verdict == "noise"


def test_the_table_is_no_wider_than_the_text() -> None:
    many = [
        replace(
            boundary(epoch, -1e-7, "undetermined"),
            displayed_end=12.3456,
            displayed_start=11.3456,
            jump=-1.0,
            luck=Part(None, None),
        )
        for epoch in (1, 1234)
    ]
    rows = list(table(many))
    assert max(map(len, rows)) <= WIDTH
    assert "?" in rows[-1].split()


@pytest.mark.parametrize("layout", ["text", "markdown"])
def test_a_long_training_is_told_in_a_line_a_boundary(layout: ExplainFormat) -> None:
    many = tuple(boundary(epoch) for epoch in range(1, 201))
    text = explanation("train.log", [replace(REPORT, boundaries=many)], layout)
    assert " ".join(text.split()).count(BOUNDARY.text) == 2
    assert sum("→" in line for line in text.splitlines()) < 215
    assert all(f"{epoch} → {epoch + 1}" in text for epoch in range(1, 201))


def test_the_text_says_how_many_are_in_words() -> None:
    many = tuple(boundary(epoch) for epoch in range(1, 201))
    text = explanation("train.log", [replace(REPORT, boundaries=many)], "text")
    assert "Those that stand out: 2 in words" in text
    assert "in words" not in explanation("train.log", [REPORT], "text")
    assert max(map(len, text.splitlines())) <= WIDTH


@pytest.mark.parametrize("layout", ["text", "markdown"])
def test_epochs_are_called_as_the_log_numbers_them(layout: ExplainFormat) -> None:
    from_zero = replace(BOUNDARY, epoch=3, next_epoch=4, called=("2", "3"))
    text = explanation("train.log", [replace(REPORT, boundaries=(from_zero,))], layout)
    assert "2 → 3" in text
    assert "3 → 4" not in text
    rows = list(table([replace(from_zero, epoch=e, called=(f"+{e}", f"+{e + 1}")) for e in (1, 2)]))
    assert rows[-1].split()[:3] == ["+2", "→", "+3"]
