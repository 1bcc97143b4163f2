"""Snapshots as a session would publish them, made up from a simulated training.

Noise comes from `RandomState`, whose stream is frozen: the same on every numpy.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tui_monitor.core.columns.arrays import FloatArray
from tui_monitor.core.records import Boundary, Cause, Event, Finding, LawEvidence, Part
from tui_monitor.core.snapshot import Curve, EpochRow, Pace, Snapshot, SourceState

STEPS = 406
BATCH = 1024
LAW = LawEvidence("cumulative-batch", 812.4, "cumulative-sample", settled=True)
LIVE = SourceState("train.log", "live", "events", 0.2, None)
WAITING = SourceState("train.log", "waiting", "polling", None, "train.log is not there yet")
ENDED = SourceState("train.log", "ended", "events", 40.0, None)
STALLED = SourceState("train.log", "stalled", "polling", 190.0, None)


def _curve(
    metric: str,
    val_metric: str | None,
    level: FloatArray,
    batches: FloatArray,
    epochs: int,
    vals: list[float],
    accuracy: bool,
) -> Curve:
    """One curve whose bar prints every second batch, at four decimals."""
    count = batches.size
    within = np.arange(count) % STEPS + 1
    begins = np.arange(count) // STEPS * STEPS
    sums = np.concatenate([[0.0], np.cumsum(batches)])
    mean = (sums[1:] - sums[begins]) / within
    printed = np.flatnonzero((within % 2 == 0) | (within == STEPS))
    x = (printed + 1).astype(np.float64)
    # The line that closes an epoch follows a print of the same batch in these steps.
    x_from = np.where(within[printed] == 2, x - 2, np.concatenate([[0.0], x[:-1]]))
    displayed = np.round(mean[printed], 4)
    value = (sums[printed + 1] - sums[x_from.astype(int)]) / (x - x_from)
    half = np.minimum(0.00005 * 2 * within[printed] / 2, 0.2)
    sd = 0.0015 + 0.012 * np.exp(-within[printed] / 25)
    finished = [e * STEPS for e in range(1, epochs + 1) if e * STEPS <= count]
    last = int(within[-1])
    return Curve(
        metric=metric,
        val_metric=val_metric,
        higher_is_better=accuracy,
        bounds=(0.0, 1.0) if accuracy else (0.0, np.inf),
        x=x,
        x_from=x_from,
        displayed=displayed,
        value=value,
        low=value - half,
        high=value + half,
        level=level[printed],
        level_sd=sd * (1 if accuracy else 2.2),
        val_x=np.array(finished[: len(vals)], dtype=np.float64),
        val=np.array(vals[: len(finished)]),
        law=LAW,
        inertia=(float(mean[-1]) / last, (1 - float(mean[-1])) / last) if accuracy else None,
    )


def _boundary(
    metric: str, epoch: int, end: float, start: float, lag: float, step: float
) -> Boundary:
    jump = start - end
    accuracy = metric == "acc"
    return Boundary(
        run=1,
        epoch=epoch,
        next_epoch=epoch + 1,
        metric=metric,
        displayed_end=end,
        displayed_start=start,
        jump=jump,
        lag=Part(lag, 0.0021),
        step=Part(step, 0.0034),
        luck=Part(jump - lag - step, 0.0102),
        verdict="averaging",
        causes=(
            Cause("seen before", "the level steps up at each boundary and validation does not"),
        ),
        text=(
            f"At the end of epoch {epoch} the model was already at {end + lag:.4f}; the bar showed "
            f"{end:.4f} because it still averaged the worse batches from the epoch's beginning. "
            f"The average starts over, so {lag:+.4f} of the jump of {jump:+.4f} is its lag."
        ),
        higher_is_better=accuracy,
        brief=(
            f"Averaging: the mean still held early batches; the last tenth of epoch {epoch} was "
            f"already at {end + lag:.4f}. The level then moved as trend and chance would have it."
        ),
    )


def training(batches: int = 620, epochs: int = 3) -> Snapshot:
    """A run of `epochs` epochs of 406 batches, `batches` of them done."""
    rng = np.random.RandomState(7)
    # Noise for the whole run, whatever is done of it: a longer run has the same past.
    t = np.arange(1, max(batches, epochs * STEPS) + 1, dtype=np.float64)
    level = 0.955 - 0.45 * np.exp(-t / 90) - 0.06 * np.exp(-t / 600) + 0.006 * (t > STEPS)
    acc = rng.binomial(BATCH // 8, np.clip(level, 0, 1)) / (BATCH / 8)
    loss_level = 0.16 + 1.7 * np.exp(-t / 80) + 0.25 * np.exp(-t / 500) - 0.015 * (t > STEPS)
    loss = loss_level * (1 + 0.12 * rng.standard_normal(t.size))
    level, acc, loss_level, loss = (part[:batches] for part in (level, acc, loss_level, loss))
    curves = (
        _curve("loss", "val_loss", loss_level, loss, epochs, [0.3127, 0.2411, 0.2203], False),
        _curve("acc", "val_acc", level, acc, epochs, [0.9187, 0.9402, 0.9478], True),
    )
    done = batches // STEPS
    within = batches - done * STEPS
    rows: list[EpochRow] = []
    boundaries: list[Boundary] = []
    for curve in curves:
        for epoch in range(1, done + 1):
            at = int(np.searchsorted(curve.x, epoch * STEPS))
            marks = "checkpoint" if epoch == 1 else ""
            end = float(curve.displayed[at])
            level_end, sd = float(curve.level[at]), float(curve.level_sd[at])
            val = float(curve.val[epoch - 1])
            rows.append(
                EpochRow(epoch, str(epoch), curve.metric, end, level_end, sd, val, 9.8, marks)
            )
            if at + 1 < curve.x.size:
                start, begin = float(curve.displayed[at + 1]), float(curve.level[at + 1])
                lag = level_end - end
                boundaries.append(
                    _boundary(curve.metric, epoch, end, start, lag, begin - level_end)
                )
    finished = batches >= epochs * STEPS
    return Snapshot(
        revision=batches,
        format="keras",
        runs=1,
        run=1,
        epoch=min(done + 1, epochs),
        epoch_label=str(min(done + 1, epochs)),
        epochs=epochs,
        step=within or STEPS,
        steps=STEPS,
        unit="batch",
        learning_rate=0.001,
        batch_size=BATCH,
        law=LAW,
        curves=curves,
        epoch_ends=np.array([STEPS * e for e in range(1, done + 1)], dtype=np.float64),
        epoch_rows=tuple(rows),
        boundaries=tuple(boundaries),
        findings=(
            Finding(
                "val-above-train",
                1,
                1,
                "acc",
                "val_acc 0.9187 lies above the displayed 0.8421 only because that is averaged over "
                "the epoch; the decoded level at its end is 0.9218.",
                {"val": 0.9187},
            ),
        ),
        events=(Event(1, 1, "checkpoint", "Epoch 00001: saving model to model.h5", 214),),
        event_x=np.array([float(STEPS)]),
        pace=Pace(
            41.2,
            None if finished else (STEPS - within) / 41.2,
            None if finished else (epochs * STEPS - batches) / 41.2,
        ),
        log_tail=tuple(
            f"{step}/{STEPS} [==============>...............] - ETA: {int((STEPS - step) / 41)}s - "
            f"loss: {0.31 + 0.0003 * (STEPS - step) / 40:.4f} - acc: {0.91 + step / 50000:.4f}"
            for step in range(max(within - 24, 2), max(within, 4), 2)
        ),
        lines=batches // 2 + 4,
        bytes=batches * 46,
        last_print=None,
        ended=finished,
    )


def empty() -> Snapshot:
    """Before the first line."""
    return replace(
        training(30), revision=0, format=None, run=0, runs=0, epoch=0, epoch_label="", epochs=None,
        step=None, steps=None, learning_rate=None, batch_size=None, law=None, curves=(),
        epoch_ends=np.empty(0), epoch_rows=(), boundaries=(), findings=(), events=(),
        event_x=np.empty(0), pace=Pace(None, None, None), log_tail=(), lines=0, bytes=0,
    )  # fmt: skip


def with_curve(snapshot: Snapshot, **changes: object) -> Snapshot:
    """The same with fields of its first curve replaced."""
    first = replace(snapshot.curves[0], **changes)  # type: ignore[arg-type]
    return replace(snapshot, curves=(first, *snapshot.curves[1:]))


def broken() -> Snapshot:
    """The loss became NaN at batch 500."""
    snapshot = training()
    first = snapshot.curves[0]
    gone = first.x > 500
    nan = {
        name: np.where(gone, np.nan, getattr(first, name))
        for name in ("displayed", "value", "low", "high", "level", "level_sd")
    }
    finding = Finding("nan", 1, 2, "loss", "loss is nan since epoch 2, step 96.", {})
    return replace(with_curve(snapshot, **nan), findings=(finding,))


def many(count: int) -> Snapshot:
    """The same curve under `count` names."""
    snapshot = training()
    curves = tuple(
        replace(snapshot.curves[number % 2], metric=f"metric_{number}") for number in range(count)
    )
    return replace(snapshot, curves=curves)
