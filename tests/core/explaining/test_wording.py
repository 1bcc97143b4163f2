"""Sentences: short, with the numbers, and true to them."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import numpy as np
import pytest

from tests.scenarios import BARS, KINDS, Bar, Kind, Made, Plan
from tui_monitor.core.explaining import brief as short
from tui_monitor.core.explaining import figures, remarks, wording
from tui_monitor.core.explaining.edges import Level
from tui_monitor.core.explaining.explain import Anatomy
from tui_monitor.core.records import Boundary, Part
from tui_monitor.core.session import Session
from tui_monitor.report.explain import explanation
from tui_monitor.report.plain import update_line


def boundaries(plan: Plan) -> list[Boundary]:
    session = Session()
    session.feed(Made(plan).log, 0.0)
    session.finish()
    return [b for report in session.report() for b in report.boundaries]


def sentences(text: str) -> int:
    return len(re.findall(r"[.:;](?= [A-Z])|\.$", re.sub(r"(?<=[a-z]):", ",", text)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bar", BARS)
def test_a_text_is_three_sentences_at_most_with_its_numbers(kind: Kind, bar: Bar) -> None:
    for boundary in boundaries(Plan(kind, bar, 256, 120, seed=11)):
        text = boundary.text
        assert sentences(text) <= 3, text
        assert text.endswith(".")
        assert len(text) < 620
        show = figures.beside(boundary.displayed_end, boundary.displayed_start, 4)
        assert show.number(boundary.displayed_end) in text
        assert show.number(boundary.displayed_start) in text
        assert show.signed(boundary.jump) in text
        if boundary.verdict in ("averaging", "step", "both", "noise"):
            assert show.with_error(boundary.step) in text
            assert show.with_error(boundary.lag) in text
        for word in ("e-0", "± 0.0000"):
            assert word not in text
        for word in ("nan", "None", "inf ", "  "):
            assert word not in text


def test_epochs_are_called_as_the_log_calls_them() -> None:
    log = (
        "Epoch 83/1000\n - 0s - loss: 0.2036\nEpoch 455/1000\n - 0s - loss: 0.0903\n"
        "Epoch 456/1000\n - 0s - loss: 0.0913\n"
    )
    session = Session()
    session.feed(log.encode(), 0.0)
    session.finish()
    texts = [b.text for report in session.report() for b in report.boundaries]
    assert texts[0].startswith("loss was 0.2036 in epoch 83 and 0.0903 in epoch 455 (-0.1133).")


def test_an_outer_loop_counts_its_epochs() -> None:
    log = "".join(f"Epoch 1/1\n - 0s - loss: 0.{9 - i}036\n" for i in range(3))
    session = Session()
    session.feed(log.encode(), 0.0)
    session.finish()
    texts = [b.text for report in session.report() for b in report.boundaries]
    assert "in epoch 2 and" in texts[1]


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.8918, "0.8918"), (0.0, "0.0000"), (2.4e-5, "2.400e-05"), (-72.33, "-72.3300")],
)
def test_numbers(value: float, shown: str) -> None:
    assert figures.number(value) == shown


def test_changes_and_errors() -> None:
    assert figures.signed(0.0506) == "+0.0506"
    assert figures.signed(-0.1387) == "-0.1387"
    assert figures.signed(2e-4) == "+2.00e-04"
    assert figures.error(5.1e-5) == "5e-05"
    assert figures.with_error(Part(0.02, 0.005)) == "+0.0200 ± 0.0100"
    assert figures.with_error(Part(None, None)) == "unknown"
    assert figures.Figures(0.02).span(Part(0.02, 0.005)) == "+0.0100 to +0.0300"


def test_numbers_beside_each_other_have_the_same_decimals() -> None:
    show = figures.beside(0.8918, 0.9424, 4)
    assert show.signed(-4.45e-5) == "-0.0000"
    assert show.with_error(Part(3e-4, 2e-5)) == "+0.0003 ± 0.0001"
    assert show.error(0.0) == "0.0000"
    assert figures.beside(3e-5, 2e-5, 4).with_error(Part(1e-5, 2e-6)) == "+1.00e-05 ± 4e-06"


@pytest.mark.parametrize(
    ("lag", "step", "told"),
    [
        (Part(0.010, 0.006), Part(-0.011, 0.006), "may both be zero"),
        (Part(-0.0509, 0.0229), Part(0.045, 0.031), "point opposite ways"),
        (Part(0.030, 0.014), Part(0.001, 0.020), "one in twenty is by chance"),
    ],
)
def test_what_is_said_of_parts_within_chance_agrees_with_their_figures(
    lag: Part, step: Part, told: str
) -> None:
    end = Level(0.9, 0.006**2, 0.0, 0.0, 0.0, 1.0, Part(0.9, 0.006))
    anatomy = Anatomy(lag, step, Part(0.0, 0.01), lag, step, end, end, chance=0.02)
    show = figures.Figures(0.9)
    why = wording.Why((), ())
    brief = short.boundary(("1", "2"), 0.01, anatomy, "noise", None, why, show)
    assert told in brief
    assert len(brief) <= 3 * 78
    text = wording.neither(anatomy, show)
    assert told in text
    assert show.with_error(lag) in text
    assert show.with_error(step) in text


def test_the_two_numbers_are_told_with_the_batches_they_are_means_of() -> None:
    text = boundaries(Plan("averaging", "keras2-steps", 256, 120, seed=11))[0].text
    assert re.search(
        r"at [\d.]+, the mean of 120 batches, and began epoch 2 at [\d.]+, one batch", text
    )


def test_a_part_that_is_sure_is_said_to_be_there_though_no_verdict_can_be_given() -> None:
    log = Path(__file__).parents[3] / "sample_logs" / "keras2-epoch-jump-excerpt.log"
    session = Session()
    session.feed(log.read_bytes(), 0.0)
    session.finish()
    first, then = (b for r in session.report() for b in r.boundaries if b.metric == "acc")
    assert first.verdict == then.verdict == "undetermined"
    assert "a real step is there, anything from +" in then.text
    assert "a real step is there" in then.brief
    assert "too little to tell lag from step" in first.brief


def test_chance_is_told_with_the_error_of_a_level_that_is_not_known_better() -> None:
    end = Level(0.9, 0.03**2, 0.0, 0.0, 0.0, 1.0, Part(0.9, 0.03))
    part = Part(0.0, 0.05)
    anatomy = Anatomy(part, part, part, part, part, end, end, chance=0.02)
    assert "± 0.0400, and the level around it is known to ± 0.0600 only" in wording.scatter(
        anatomy, figures.Figures(0.9)
    )


@pytest.mark.parametrize("kind", ["averaging", "staircase"])
def test_a_loss_that_falls_is_signed_as_it_falls(kind: Kind) -> None:
    loss = next(b for b in boundaries(Plan(kind, "keras2-steps", 512, 200, seed=1)))
    assert loss.metric == "loss"
    assert not loss.higher_is_better
    part = loss.lag if kind == "averaging" else loss.step
    assert part.value is not None
    assert part.value < 0.0
    assert figures.signed(part.value) in loss.text


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bar", BARS)
def test_the_brief_form_fits_into_three_lines(kind: Kind, bar: Bar) -> None:
    for boundary in boundaries(Plan(kind, bar, 256, 120, seed=11)):
        assert boundary.brief.endswith(".")
        assert len(boundary.brief) <= 3 * 78
        assert "±" not in boundary.brief or boundary.verdict in ("noise", "undetermined")
        if boundary.verdict in ("step", "both"):
            assert boundary.brief.count("real") == 1
        for word in ("nan", "None", "inf ", "  ", "± 0.0000"):
            assert word not in boundary.brief


def in_percent(*, decimals: int = 2, epochs: int = 3, steps: int = 60) -> bytes:
    """A log of running means in percent, printed at every batch."""
    random = np.random.default_rng(5)
    lines = []
    for epoch in range(1, epochs + 1):
        right = 0
        for step in range(1, steps + 1):
            right += random.binomial(64, 0.95 - 0.5 / (1.0 + 0.05 * (step + steps * (epoch - 1))))
            shown = f"{100.0 * right / (64 * step):.{decimals}f}"
            lines.append(f"Epoch [{epoch}/{epochs}], Step [{step}/{steps}], Acc: {shown}%\n")
    return "".join(lines).encode()


@pytest.mark.parametrize(("decimals", "told"), [(1, 2), (2, 2), (3, 3), (6, 4)])
def test_percentages_are_told_with_the_decimals_that_they_are_printed_with(
    decimals: int, told: int
) -> None:
    session = Session()
    session.feed(in_percent(decimals=decimals), 0.0)
    session.finish()
    (report,) = session.report()
    assert len(report.boundaries) == 2
    for boundary in report.boundaries:
        numbers = re.findall(r"\d+\.(\d+)", f"{boundary.text} {boundary.brief}")
        numbers += [n for cause in boundary.causes for n in re.findall(r"\.(\d+)", cause.evidence)]
        assert {len(each) for each in numbers} == {told}, boundary.text
        assert boundary.decimals == told
    for layout in ("text", "markdown"):
        whole = explanation("train.log", session.report(), layout)
        assert f"{report.boundaries[0].displayed_end:.{told}f} → " in whole
    line = update_line(session.snapshot(0.0))
    assert {len(each) for each in re.findall(r"\d+\.(\d+)", line)} == {told}, line


def test_a_change_in_percent_is_never_told_as_none_where_there_is_an_error() -> None:
    show = figures.beside(91.25, 92.5, 2)
    assert show.with_error(Part(0.004, 0.001)) == "+0.00 ± 0.01"
    assert show.signed(-1.25) == "-1.25"
    assert figures.number(0.004, 2) == "0.00"


@pytest.mark.parametrize(
    ("value", "sd", "told"),
    [
        (-9.8e-5, 5.3e-5, "-0.00010 ± 0.00011"),
        (-0.0123, 0.0021, "-0.0123 ± 0.0042"),
        (0.25, 0.4, "+0.25 ± 0.80"),
        (-12.5, 30.0, "-12 ± 60"),
        (-0.0040376, 4e-8, "-0.0040 ± 0.0001"),
        (3e-12, 1e-12, "+3.0e-12 ± 2e-12"),
        (0.0, 0.0, "+0.0e+00 ± 0e+00"),
    ],
)
def test_a_slope_is_told_in_plain_numbers_where_they_are_short(
    value: float, sd: float, told: str
) -> None:
    assert remarks.number_of(Part(value, sd)) == told


@pytest.mark.parametrize(
    ("slope", "epochs", "told"),
    [
        (-0.0123, 20, "-0.0123 ± 0.0002 an epoch"),
        (-2.3e-4, 20, "-0.0023 ± 0.0020 in 10 epochs"),
        (-2e-6, 456, "-0.0002 ± 0.0020 in 100 epochs"),
        (-4.04e-5, 8, "-0.00004 ± 0.00020 an epoch"),
    ],
)
def test_a_slow_pace_is_told_over_as_many_epochs_as_give_it_digits(
    slope: float, epochs: int, told: str
) -> None:
    sd = 1e-5 if epochs == 456 else 1e-4
    assert remarks.pace(Part(slope, sd), epochs) == told


def test_numbers_too_large_to_reckon_with_are_explained_by_nothing() -> None:
    lines = ["epoch,loss,val_loss"]
    lines += [f"{epoch},{'1e308' if epoch % 3 else '-1e308'},-1e308" for epoch in range(30)]
    session = Session()
    session.feed("\n".join([*lines, ""]).encode(), 0.0)
    session.finish()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        report = session.report()[0]
    assert report.epochs == 30
    assert report.boundaries == ()


def test_a_large_number_is_not_lost_among_its_digits() -> None:
    assert figures.number(123_456_789.0) == "1.235e+08"
    assert figures.beside(3.0e12, 2.0e12, 4).signed(-1e12) == "-1.00e+12"
    assert figures.number(70_718.8158) == "70718.8158"
