"""Findings: each where it belongs, and none on a healthy run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.scenarios import Made, Plan
from tests.simulate import number
from tui_monitor.core.columns.arrays import FloatArray
from tui_monitor.core.decoding.decoder import RunDecoder
from tui_monitor.core.explaining import findings as findings_module
from tui_monitor.core.records import Finding
from tui_monitor.core.session import Session

SAMPLES = Path(__file__).parents[3] / "sample_logs"


def findings(log: bytes | str) -> dict[str, Finding]:
    session = Session()
    session.feed(log if isinstance(log, bytes) else log.encode(), 0.0)
    session.finish()
    return {f.kind: f for report in session.report() for f in report.findings}


def lines(
    columns: dict[str, FloatArray], *, planned: int | None = None, first: int = 1, end: str = ""
) -> str:
    """A log of one line an epoch."""
    count = len(next(iter(columns.values())))
    text: list[str] = []
    for i in range(count):
        text.append(f"Epoch {first + i}/{planned or count}\n")
        fields = "".join(f" - {n}: {number(float(v[i])).text}" for n, v in columns.items())
        text.append(f" - 3s{fields}\n")
    return "".join(text) + end


def noise(count: int, size: float, seed: int = 0) -> FloatArray:
    return np.asarray(np.random.default_rng(seed).normal(0.0, size, count))


def curve(count: int, low: float = 0.2, gain: float = 1.0, tau: float = 10.0) -> FloatArray:
    return np.asarray(low + gain * np.exp(-np.arange(count) / tau))


# --- validation ----------------------------------------------------------------------------------


def test_validation_that_turns_is_overfitting() -> None:
    train = curve(40, 0.1) + noise(40, 0.004)
    val = np.where(np.arange(40) < 15, curve(40, 0.3), 0.52 + 0.01 * (np.arange(40) - 15))
    val += noise(40, 0.01, 1)
    found = findings(lines({"loss": train, "val_loss": val}))
    turned = found["overfitting"]
    assert turned.metric == "val_loss"
    assert abs(turned.numbers["best_epoch"] - 15) <= 4
    assert turned.numbers["now"] > turned.numbers["best"]
    assert "restore" in turned.text or "weights of epoch" in turned.text
    told = re.search(r"to a mean of (\S+) over the last (\d+),", turned.text)
    assert told is not None
    assert float(told[1]) == pytest.approx(val[-int(told[2]) :].mean(), abs=1e-4)


@pytest.mark.parametrize("seed", range(6))
def test_validation_that_flattens_or_scatters_has_not_turned(seed: int) -> None:
    train = curve(40, 0.1) + noise(40, 0.004, seed)
    val = curve(40, 0.4) + noise(40, 0.03, seed + 100)
    assert "overfitting" not in findings(lines({"loss": train, "val_loss": val}))


def test_a_run_that_gets_worse_as_a_whole_is_not_overfitting() -> None:
    both = np.concatenate([curve(20), 0.4 + 0.02 * np.arange(20)])
    logged = lines({"loss": both + noise(40, 0.005), "val_loss": both + noise(40, 0.005, 1)})
    assert "overfitting" not in findings(logged)


def test_validation_above_the_mean_but_not_above_the_end() -> None:
    made = Made(Plan("averaging", "keras2-steps", 256, 250, seed=3))
    found = findings(made.log[: made.log.index(b"Epoch 2/3")])["val-above-train"]
    assert found.metric == "acc"
    assert found.numbers["displayed_gap"] > 0.0
    assert abs(found.numbers["gap"]) < 0.5 * found.numbers["displayed_gap"]
    assert "leaves no such gap" in found.text
    assert "dropout" not in found.text


def test_a_gap_that_stays_is_told_with_its_usual_reason() -> None:
    made = Made(Plan("luck", "keras2-steps", 256, 250, seed=3))
    level = float(made.level["acc"][0, -1])
    better = number(level + 0.3 * (1.0 - level)).text
    log = made.log.decode().replace(f"val_acc: {number(level).text}", f"val_acc: {better}")
    found = findings(log)["val-above-train"]
    assert found.numbers["gap"] > 3.0 * found.numbers["sd"]
    assert "dropout" in found.text


def test_validation_below_training_is_no_finding() -> None:
    made = Made(Plan("luck", "keras2-steps", 256, 250, seed=3))
    level = float(made.level["acc"][0, -1])
    log = made.log.decode().replace(f"val_acc: {number(level).text}", "val_acc: 0.3000")
    assert "val-above-train" not in findings(log)


# --- slowing down --------------------------------------------------------------------------------


def test_a_run_that_stands_still_is_a_plateau() -> None:
    loss = curve(60, tau=5.0) + noise(60, 0.003)
    found = findings(lines({"loss": loss, "val_loss": loss + 0.05 + noise(60, 0.003, 1)}))
    assert "diminishing-returns" not in found
    assert abs(found["plateau"].numbers["slope"]) < 1e-3
    assert "flattened together" in found["plateau"].text
    assert re.search(r"over the last 15 epochs it moved by \S+ ± \S+ in all", found["plateau"].text)


@pytest.mark.parametrize("seed", range(4))
def test_a_run_that_learns_on_is_none(seed: int) -> None:
    loss = 2.0 - 0.03 * np.arange(40) + noise(40, 0.01, seed)
    found = findings(lines({"loss": loss, "val_loss": loss + noise(40, 0.02, seed + 50)}))
    assert not {"plateau", "diminishing-returns", "overfitting", "divergence"} & set(found)


def test_slow_improvement_is_told_with_what_is_to_come() -> None:
    x = np.arange(1.0, 101.0)
    loss = 0.05 + 0.8 * x**-0.7
    found = findings(lines({"loss": loss + noise(100, 0.001)}))["diminishing-returns"]
    promised = 0.8 * (150.0**-0.7 - 100.0**-0.7)
    assert found.numbers["ahead"] == 49.0
    sd = found.numbers["promised_sd"]
    assert abs(found.numbers["promised"] - promised) < 3.0 * sd + 0.002
    assert found.numbers["pace"] < 0.0
    assert "power law" in found.text


def test_four_quoted_epochs_of_a_thousand_say_something() -> None:
    found = findings((SAMPLES / "keras2-verbose2-excerpt.log").read_bytes())
    slow = found["diminishing-returns"]
    assert "epoch 456" in slow.text
    assert slow.numbers["promised"] < 0.0
    assert slow.numbers["promised_sd"] > 0.0
    # What to do stands there as well, and that little or nothing is to be expected of it.
    assert "Validation still gains with it" in slow.text
    unsure = abs(slow.numbers["promised"]) < 2.0 * slow.numbers["promised_sd"]
    assert ("which may be nothing" in slow.text) is unsure


@pytest.mark.parametrize("gains", [True, False])
def test_that_validation_gains_is_said_only_where_it_does(gains: bool) -> None:
    x = np.arange(1.0, 101.0)
    loss = 0.05 + 0.8 * x**-0.7
    val = loss + 0.02 if gains else np.maximum(loss, 0.1) + 0.02
    columns = {"loss": loss + noise(100, 0.0005), "val_loss": val + noise(100, 0.0005, 1)}
    text = findings(lines(columns))["diminishing-returns"].text
    assert ("Validation still gains with it" in text) is gains


def test_a_level_that_bounces_wants_a_lower_rate() -> None:
    epochs: list[str] = []
    random = np.random.default_rng(4)
    for epoch in range(40):
        level = 0.6 + 0.3 * np.exp(-epoch / 3.0) + random.normal(0.0, 0.05)
        sums = np.cumsum(random.normal(level, 0.02, 50)) / np.arange(1, 51)
        epochs.append(f"Epoch {epoch + 1}/40\n")
        epochs += [f"{k}/50 [==>...] - ETA: 1s - loss: {sums[k - 1]:.4f}\n" for k in range(1, 50)]
        epochs.append(f"50/50 [====] - 1s 1ms/step - loss: {sums[-1]:.4f}\n")
    found = findings("".join(epochs))
    assert "plateau" in found
    assert "lower learning rate" in found["plateau"].text


# --- broken runs ---------------------------------------------------------------------------------


def test_the_first_nan_is_told_with_its_batches() -> None:
    log = (
        "Epoch 1/2\n"
        + "".join(f"{k}/50 [=>...] - ETA: 1s - loss: 0.50{k:02d}\n" for k in range(1, 31))
        + "35/50 [==>..] - ETA: 1s - loss: nan\n36/50 [==>..] - ETA: 1s - loss: nan\n"
    )
    found = findings(log)["nan"]
    assert found.epoch == 1
    assert "batches 31-35" in found.text


def test_where_a_bar_counts_samples_the_first_nan_is_told_with_its_sample() -> None:
    log = "Epoch 1/2\n" + "".join(
        f"{k:5}/50000 [=>...] - ETA: 1s - loss: 0.5{k // 128:03d}\n" for k in range(128, 5120, 128)
    )
    found = findings(f"Train on 50000 samples\n{log} 5120/50000 [==>..] - ETA: 1s - loss: nan\n")
    assert "epoch 1, sample 5120." in found["nan"].text


def test_a_loss_that_blows_up_diverges() -> None:
    loss = np.concatenate([curve(10), 0.6 * 2.0 ** np.arange(6)])
    found = findings(lines({"loss": loss}, planned=50))["divergence"]
    assert found.numbers["now"] > 3.0 * found.numbers["best"]
    assert "learning rate" in found.text
    assert "divergence" not in findings(lines({"loss": curve(30) + noise(30, 0.05)}))


@pytest.mark.parametrize(("mean", "diverges"), [(36.0, False), (3.0, True)])
def test_batches_below_the_mean_beside_them_do_not_diverge(mean: float, *, diverges: bool) -> None:
    """Batches may be sorted by how hard they are."""
    losses = [3.2, 3.7, 1.9, 4.2, 10.1, 12.4, 8.1, 13.5, 14.9, 11.9, 12.5, 13.1]
    log = "".join(
        f"Epoch: [4][{k}/48]\tLoss {loss:.4f} ({mean + (loss - mean) / (k + 200):.4f})\n"
        for k, loss in enumerate(losses, 1)
    )
    assert ("divergence" in findings(log)) is diverges


def test_a_part_of_a_loss_that_falls_may_rise() -> None:
    part = np.concatenate([curve(10), 0.6 * 2.0 ** np.arange(6)])
    assert "divergence" not in findings(lines({"loss": 5.0 * curve(16), "box_loss": part}))
    assert "divergence" not in findings(lines({"cls_loss": curve(16), "box_loss": part}))
    alone = findings(lines({"cls_loss": part, "box_loss": part}))["divergence"]
    assert alone.metric == "cls_loss"


def test_sums_over_more_batches_do_not_diverge() -> None:
    """spaCy's first row is of one batch, and those after it of many."""
    rows = "".join(
        f"{i:3}  {60 * i:6}  {25.0 / (i + 2):12.2f}  80.00    0.80\n" for i in range(1, 9)
    )
    head = (
        "E    #       LOSS TEXTCAT  CATS_SCORE  SCORE \n---  ------  ------------  -----  -----\n"
    )
    assert "divergence" not in findings(f"{head}  0       0          0.25  40.00    0.40\n{rows}")


TRACEBACK = (
    'Traceback (most recent call last):\n  File "train.py", line 7, in <module>\n{error}: {text}\n'
)


def test_a_traceback_after_success_is_no_failure() -> None:
    end = "Exception ignored in: <bound method Session.__del__>\n" + TRACEBACK.format(
        error="TypeError", text="'NoneType' object is not callable"
    )
    found = findings(lines({"loss": curve(6)}, end=end))
    assert "failed" not in found
    assert "epoch 6 of 6" in found["ended"].text


def test_a_traceback_in_mid_run_is_a_failure() -> None:
    end = TRACEBACK.format(error="ResourceExhaustedError", text="OOM when allocating tensor")
    found = findings(lines({"loss": curve(6)}, planned=50, end=end))
    assert "OOM" in found["failed"].text
    assert "ended" not in found


def test_an_interrupt_is_told_apart() -> None:
    end = "Traceback (most recent call last):\nKeyboardInterrupt\n"
    found = findings(lines({"loss": curve(6)}, planned=50, end=end))
    assert "failed" not in found
    assert "KeyboardInterrupt" in found["ended"].text


def test_early_stopping_and_an_open_end() -> None:
    stopped = findings(lines({"loss": curve(6)}, planned=50, end="Epoch 00006: early stopping\n"))
    assert "early stopping" in stopped["ended"].text
    assert not {"ended", "failed"} & set(findings(lines({"loss": curve(6)}, planned=50)))


# --- averaged twice ------------------------------------------------------------------------------


def test_the_jump_inside_the_epoch_is_explained() -> None:
    found = findings(Made(Plan("averaging", "keras3.12", 128, 200, seed=2)).log)["averaged-twice"]
    assert found.numbers["jump"] > 0.02
    assert found.numbers["jump"] == pytest.approx(found.numbers["after"] - found.numbers["before"])
    assert "no batch in between" in found.text
    once = findings(Made(Plan("averaging", "keras3.15", 128, 200, seed=2)).log)
    assert "averaged-twice" not in once


# --- healthy runs --------------------------------------------------------------------------------


@pytest.mark.parametrize("bar", ["keras2-steps", "keras3.15"])
def test_a_healthy_run_has_few_findings(bar: str) -> None:
    made = Made(Plan("averaging", "keras2-steps" if bar == "keras2-steps" else "keras3.15", seed=6))
    assert set(findings(made.log)) <= {"ended", "val-above-train"}


# --- looking again -------------------------------------------------------------------------------


def test_findings_while_a_log_grows_are_those_of_a_fresh_look() -> None:
    values = {"loss": curve(60, 0.1) + noise(60, 0.004)}
    values["val_loss"] = np.where(np.arange(60) < 15, curve(60, 0.3), 0.55)
    log = lines(values, planned=90, end="Epoch 00060: early stopping\n").splitlines(keepends=True)
    watched = Session()
    for index, line in enumerate(log):
        watched.feed(line.encode(), 0.0)
        found = watched.snapshot(0.0).findings
        if index % 10 == 9:
            fresh = Session()
            fresh.feed("".join(log[: index + 1]).encode(), 0.0)
            assert fresh.snapshot(0.0).findings == found
    assert len(found) >= 2


def test_very_many_epochs_are_not_all_looked_at_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []

    def counting(run: RunDecoder) -> Iterator[Finding]:
        looks.append(run.prints[-1].epoch)
        return iter(())

    monkeypatch.setattr(findings_module, "over_epochs", counting)
    session = Session()
    for line in lines({"loss": curve(450) + noise(450, 0.004)}).splitlines(keepends=True):
        session.feed(line.encode(), 0.0)
        session.snapshot(0.0)
    # at the planned end all of them count
    assert looks == [*range(1, 200), *range(200, 400, 2), *range(400, 450, 4), 450]
