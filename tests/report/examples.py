"""Records to lay out: plausible ones, to be changed with dataclasses.replace or _replace."""

from __future__ import annotations

from tui_monitor.core.records import (
    Boundary,
    Cause,
    Estimate,
    Event,
    Finding,
    LawEvidence,
    Part,
    RunReport,
)

ESTIMATE = Estimate(
    run=1,
    epoch=2,
    epoch_label="1",
    step=214,
    steps=406,
    unit="batch",
    metric="acc",
    split="train",
    displayed=0.8917,
    law="cumulative-batch",
    from_batch=213,
    to_batch=214,
    value=0.9,
    low=0.88,
    high=0.92,
    exact=False,
    count=None,
    samples=1024,
    level=0.9312,
    level_sd=0.004,
    batch_size=1024,
    final=False,
    outlier=False,
    line=17,
    offset=1234,
)

BOUNDARY = Boundary(
    run=1,
    epoch=1,
    next_epoch=2,
    metric="acc",
    displayed_end=0.6607,
    displayed_start=0.7334,
    jump=0.0727,
    lag=Part(0.0143, 0.0021),
    step=Part(0.0702, 0.0034),
    luck=Part(-0.0118, 0.0139),
    verdict="step",
    causes=(Cause("seen before", "the level steps up at each boundary"),),
    text="Most of the jump is real. The model is better on data that it has seen before.",
    higher_is_better=True,
)

REPORT = RunReport(
    run=1,
    format="keras",
    law=LawEvidence("cumulative-batch", 153.26, "averaged-twice", settled=True),
    batch_size=1024,
    epochs=2,
    boundaries=(BOUNDARY,),
    findings=(Finding("plateau", 1, 2, "loss", "The loss is flat since epoch 1.", {"since": 1.0}),),
    events=(Event(1, 1, "checkpoint", "saving model to best.h5", 9),),
)
