"""What two seconds must tell: is it alive, how long still, is the bar's number true."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from rich.cells import cell_len

from tests.ui import samples
from tui_monitor.core.columns.arrays import FloatArray
from tui_monitor.core.records import Cause, Finding, LawEvidence
from tui_monitor.core.snapshot import Snapshot, SourceState
from tui_monitor.ui.alerting.alerts import alerts
from tui_monitor.ui.drawing import format as fmt
from tui_monitor.ui.drawing import scale
from tui_monitor.ui.drawing.glyphs import UNICODE
from tui_monitor.ui.drawing.rows import fit_middle, wrap
from tui_monitor.ui.monitor import jump, metric_panel, status
from tui_monitor.ui.monitor.layout import plan_for
from tui_monitor.ui.monitor.readout import readout
from tui_monitor.ui.monitor.scene import Scene, View, curves, focus_index, level_index, line_breaks

LOST = SourceState("train.log", "lost", "events", None, "the disk is gone")
OVER = samples.training(3 * samples.STEPS)


def first_line(snapshot: Snapshot | None, source: SourceState, width: int = 80, **more: str) -> str:
    row = status.status_rows(Scene(snapshot, source, **more), width, 1)[0]  # type: ignore[arg-type]
    return "".join(span.text for span in row)


def head(snapshot: Snapshot, width: int = 100) -> str:
    scene = Scene(snapshot, samples.LIVE)
    rows = readout(scene, snapshot.curves[0], width, has_focus=False, lines=1)
    return "".join(span.text for span in rows[0])


@pytest.mark.parametrize("source", [samples.LIVE, samples.STALLED])
def test_a_training_that_is_over_is_neither_live_nor_stalled(source: SourceState) -> None:
    assert first_line(OVER, source).split()[1] == "ended"
    failed = replace(OVER, ended=False, findings=(Finding("failed", 1, 3, None, "killed", {}),))
    assert first_line(failed, source).split()[1] == "failed"
    assert first_line(samples.training(), source).split()[1] == source.condition


def test_silence_after_the_end_is_no_news() -> None:
    before = (OVER, samples.LIVE)
    assert alerts(before, (OVER, samples.STALLED)) == []
    grown = samples.training()
    assert [each.kind for each in alerts((grown, samples.LIVE), (grown, samples.STALLED))] == [
        "stalled"
    ]


@pytest.mark.parametrize("width", [38, 50, 60, 80, 100, 160])
def test_how_long_still_is_told_at_every_width(width: int) -> None:
    line = first_line(samples.training(), samples.LIVE, width)
    assert "epoch 2/3" in line
    assert "run ETA 0:15" in line or "run ends in 15 s" in line


def test_a_stalled_training_promises_no_end() -> None:
    line = first_line(samples.training(), samples.STALLED, 160)
    assert "stalled 3 min" in line
    assert "ends in" not in line
    assert "steps/s" not in line


def test_one_line_has_room_for_what_went_wrong() -> None:
    assert "the disk is gone" in first_line(samples.training(), LOST, 40)
    assert "no such epoch" in first_line(
        samples.training(), samples.LIVE, 40, notice="no such epoch"
    )
    assert "nan" in first_line(samples.broken(), samples.LIVE, 40)
    rows = metric_panel.empty_rows(Scene(None, LOST), 40, 6)
    assert "the disk is gone" in "".join(span.text for row in rows for span in row)


def _print_again(column: FloatArray) -> FloatArray:
    return np.append(column, column[-1])


def test_a_last_line_that_repeats_its_step_keeps_the_level() -> None:
    curve = samples.training().curves[0]
    again = {name: _print_again(getattr(curve, name)) for name in ("x", "x_from", "displayed")}
    gone = {
        name: np.append(getattr(curve, name), np.nan)
        for name in ("value", "low", "high", "level", "level_sd")
    }
    snapshot = samples.with_curve(samples.training(), **again, **gone)
    repeated = snapshot.curves[0]
    assert level_index(repeated, repeated.x.size - 1) == curve.x.size - 1
    assert head(snapshot) == head(samples.training())
    # A print of its own place without a level has none.
    elsewhere = samples.with_curve(snapshot, x=np.append(curve.x, curve.x[-1] + 1)).curves[0]
    assert level_index(elsewhere, elsewhere.x.size - 1) is None


def test_the_head_says_whether_the_displayed_number_is_true() -> None:
    curve = samples.training().curves[0]
    level, sd = float(curve.level[-1]), float(curve.level_sd[-1])
    said = {}
    for off in (-3.0, 0.0, 3.0):
        displayed = np.append(curve.displayed[:-1], level + off * sd)
        said[off] = head(samples.with_curve(samples.training(), displayed=displayed))
    assert "too low" in said[-3.0]
    assert "too high" in said[3.0]
    assert "too" not in said[0.0]
    # What stands behind does not move.
    assert len({line.index("val") for line in said.values()}) == 1


def test_what_is_said_of_the_displayed_number_does_not_flicker() -> None:
    training = samples.training()
    curve = training.curves[0]
    said = []
    offs = (0.0, 1.1, 0.9, 1.1, 1.6, 1.1, 0.9, 1.1, 0.7, 1.1, -1.1)
    for count in range(1, len(offs) + 1):
        tail = slice(curve.x.size - count, None)
        displayed = curve.level.copy()
        displayed[tail] += 2 * curve.level_sd[tail] * np.array(offs[:count])
        said.append("too high" in head(samples.with_curve(training, displayed=displayed)))
    assert said == [False] * 4 + [True] * 4 + [False] * 3


def test_a_number_that_holds_no_old_batches_is_not_too_high() -> None:
    training = samples.training()
    curve = training.curves[0]
    far = np.append(curve.displayed[:-1], float(curve.level[-1]) + 9 * float(curve.level_sd[-1]))
    one = LawEvidence("instantaneous", None, None, settled=True)
    assert "too" not in head(samples.with_curve(training, displayed=far, law=one))


def test_a_number_that_is_nan_is_not_shown_as_a_level() -> None:
    line = head(samples.broken())
    assert "displayed nan" in line
    assert line.split()[1] == UNICODE.ghost


def test_what_was_found_is_told_without_a_boundary_too() -> None:
    snapshot = replace(samples.broken(), boundaries=(), ended=True, epoch_ends=np.empty(0))
    rows = jump.jump_rows(Scene(snapshot, samples.ENDED), 60, 12)
    shown = "\n".join("".join(span.text for span in row) for row in rows)
    assert "ends within its first epoch" in shown
    assert "loss is nan since epoch 2, step 96." in shown


def test_what_calls_for_action_is_told_whatever_has_the_focus() -> None:
    found = Finding("overfitting", 1, 2, "val_acc", "val_acc gets worse", {})
    idle = Finding("val-above-train", 1, 2, "acc", "val_acc is above", {})
    own = Finding("val-above-train", 1, 2, "loss", "val_loss is below", {})
    snapshot = replace(samples.training(), findings=(found, idle, own))
    rows = jump.jump_rows(Scene(snapshot, samples.LIVE, View(focus=0)), 100, 24)
    shown = "\n".join("".join(span.text for span in row) for row in rows)
    assert f"{UNICODE.alert} val_acc gets worse" in shown
    assert "val_acc is above" not in shown


@pytest.mark.parametrize("width", range(18, 60))
def test_a_number_keeps_its_margin(width: int) -> None:
    text = "went from 0.5493 ± 0.0051 to -4.7e-03 ± 3e-04 (+0.1 ± 0.2), which chance moves by ± 0.5"
    lines = wrap(text, width)
    assert " ".join(lines) == text
    assert not any(line.endswith("±") for line in lines)
    if width >= 20:
        assert [line for line in lines if line.startswith("±")] in ([], [lines[-1]])


def test_signs_in_words_are_those_of_the_numbers() -> None:
    assert fmt.prose("(-0.1), by -2e-04, samples 1351-1550, 3e-04, a-b") == (
        "(−0.1), by −2e-04, samples 1351-1550, 3e-04, a-b"
    )
    assert fmt.prose("0.5 ± 0.1", "-", "+/-") == "0.5 +/- 0.1"
    assert wrap("at 0.5 +/- 0.1", 12) == ["at", "0.5 +/- 0.1"]


def test_a_narrow_logarithmic_axis_has_ticks() -> None:
    for low, high in ((0.3, 0.72), (0.45, 0.87), (0.51, 0.58), (1.2, 1.9)):
        ticks = scale.log_axis(low, high, 4).ticks
        assert 2 <= len(ticks) <= 6


def test_one_print_an_epoch_makes_a_line() -> None:
    snapshot = samples.training()
    assert line_breaks(snapshot, snapshot.curves[0].x).size == 1
    assert line_breaks(snapshot, np.array([406.0, 620.0])).size == 0


def test_names_of_runs_keep_both_ends() -> None:
    assert fit_middle("resnet-adam-wd-0.01-seed-3", 16) == "resne….01-seed-3"
    assert fit_middle("short", 16) == "short"
    assert cell_len(fit_middle("\u6a21\u578b" * 9, 10)) <= 10


# --- what is looked at first ----------------------------------------------------------------------


def test_the_first_accuracy_has_the_focus_until_one_is_chosen() -> None:
    training = samples.training()
    loss, acc = training.curves
    assert focus_index(Scene(training, samples.LIVE)) == 1
    assert focus_index(Scene(training, samples.LIVE, View(focus=2))) == 0
    assert focus_index(Scene(replace(training, curves=(loss,)), samples.LIVE)) == 0
    only = Scene(training, samples.LIVE, View(wanted="los"))
    assert focus_index(only) == 0
    assert focus_index(Scene(None, samples.LIVE)) == 0
    # Nothing is decoded of this one.
    printed = replace(acc, level=np.full_like(acc.level, np.nan))
    assert focus_index(Scene(replace(training, curves=(loss, printed)), samples.LIVE)) == 0
    # A score without an end, higher the better, is no accuracy.
    score = replace(acc, metric="reward", bounds=(-np.inf, np.inf))
    assert focus_index(Scene(replace(training, curves=(loss, score)), samples.LIVE)) == 0
    # Where an average stands beside the newest number it is what is explained.
    both = (replace(acc, metric="Acc@1"), loss, replace(printed, metric="Acc@1 (avg)"))
    assert focus_index(Scene(replace(training, curves=both), samples.LIVE)) == 2


def test_of_a_number_and_its_average_the_decoded_average_is_drawn() -> None:
    training = samples.training()
    loss, acc = training.curves
    both = (replace(acc, metric="Acc@1"), loss, replace(acc, metric="Acc@1 (avg)"))
    snapshot = replace(training, curves=both)
    drawn = [each.metric for each in curves(Scene(snapshot, samples.LIVE))]
    assert drawn == ["loss", "Acc@1 (avg)"]
    # Both are there for whoever asks.
    asked = Scene(snapshot, samples.LIVE, View(wanted="acc@"))
    assert [each.metric for each in curves(asked)] == ["Acc@1", "Acc@1 (avg)"]
    # The table of epochs keeps its size, and the log's tail its place.
    assert plan_for(Scene(snapshot, samples.LIVE), 120, 40).log
    printed = replace(both[2], level=np.full_like(acc.level, np.nan))
    undecoded = Scene(replace(training, curves=(*both[:2], printed)), samples.LIVE)
    assert len(curves(undecoded)) == 3


def test_evidence_that_the_text_has_is_not_told_again() -> None:
    training = samples.training(3 * samples.STEPS)
    told = tuple(Cause(name, f"of {name}") for name in ("averaging", "luck", "order of the data"))
    found = [replace(each, brief="In short.", causes=told) for each in training.boundaries]
    scene = Scene(replace(training, boundaries=tuple(found)), samples.LIVE)
    short, full = (
        "\n".join("".join(span.text for span in row) for row in jump.jump_rows(scene, 100, height))
        for height in (6, 30)
    )
    assert "In short." in short
    for shown in (short, full):
        assert "of order" in shown
        assert "of averaging" not in shown
        assert "of luck" not in shown


def test_a_name_takes_what_is_free_once_nothing_moves() -> None:
    name = "a-log-with-quite-a-long-name.log"
    grows = samples.LIVE._replace(name=name)
    rests = SourceState(name, "live", "none", None, None)
    assert name not in first_line(samples.training(), grows)
    assert name in first_line(samples.training(), rests)
    assert UNICODE.bar * 3 not in first_line(samples.training(), rests)


def test_what_is_there_is_not_waited_for() -> None:
    reads = SourceState("train.log", "live", "none", None, None, catching_up=True)
    assert first_line(None, reads).split()[1:] == ["reading", "train.log"]
    assert not any(metric_panel.empty_rows(Scene(None, reads), 80, 4))


def test_bars_without_a_number_are_told() -> None:
    nothing = replace(samples.training(), curves=(), lines=22, log_tail=("Done",))
    bars = replace(nothing, log_tail=(" 40%|####      | 8/20 [00:02<00:03, 3.9it/s]",))
    for snapshot, words, remedy in (
        (nothing, "no training metric", "--format-hint"),
        (bars, "progress bars without", "set_postfix"),
    ):
        rows = metric_panel.empty_rows(Scene(snapshot, samples.LIVE), 80, 6)
        said = " ".join(span.text.strip() for row in rows for span in row)
        assert words in said
        assert remedy in said


def test_why_a_log_is_waited_for_is_told_once() -> None:
    waiting = Scene(None, samples.WAITING._replace(detail="waiting for x.log to appear in /logs"))
    rows = [*status.status_rows(waiting, 80, 2), *metric_panel.empty_rows(waiting, 80, 6)]
    said = " ".join(span.text.strip() for row in rows for span in row)
    assert said.count("to appear in /logs") == 1
    assert "fills by itself" in said


@pytest.mark.parametrize(
    ("level", "sd", "words"),
    [
        (0.95934, 0.00165, ("0.9593", "0.0033")),
        (2.56149, 0.0271, ("2.5615", "0.0542")),
        (88.7509, 4.7, ("88.8", "9.4")),
        (1234.5678, 21.0, ("1235", "42")),
        (0.5, np.nan, ("0.5000", "?")),
        (0.96953, 3.3407e-4, ("0.9695", "0.0007")),
        (0.96953, 1e-7, ("0.9695", "0.0001")),
        (6e-10, 3e-10, ("6.0000e-10", "6.0000e-10")),
    ],
)
def test_a_level_has_no_digits_that_its_error_hides(
    level: float, sd: float, words: tuple[str, str]
) -> None:
    assert fmt.level(level, sd) == words


@pytest.mark.parametrize(("log_format", "step"), [("nanogpt", "step 213"), ("keras", "step 214")])
def test_a_step_is_called_as_the_log_calls_it(log_format: str, step: str) -> None:
    snapshot = replace(samples.training(), format=log_format, steps=None)
    assert step in first_line(snapshot, samples.LIVE)


def test_what_stands_behind_a_level_stays_where_it_is_as_its_error_changes() -> None:
    columns = set()
    for sd in (0.6, 0.06, 0.049, 0.0049, 0.0004):
        curve = samples.training().curves[0]
        told = head(samples.with_curve(samples.training(), level_sd=np.full(curve.x.size, sd)))
        columns.add(told.index("displayed"))
    assert len(columns) == 1


def test_news_on_the_only_line_leave_the_epoch_there_if_both_have_room() -> None:
    told = "best val_acc so far: 0.3620"
    wide = first_line(samples.training(), samples.LIVE, 60, notice=told)
    assert wide.rstrip() == f" ● live   epoch 2/3   {told}"
    assert first_line(samples.training(), samples.LIVE, 40, notice=told).rstrip() == (
        f" ● live   {told}"
    )


def test_a_filter_of_metrics_is_told_as_long_as_it_lasts() -> None:
    scene = Scene(samples.training(), samples.LIVE, View(wanted="acc"))
    row = status.status_rows(scene, 80, 2)[1]
    assert 'metrics with "acc"' in "".join(span.text for span in row)
