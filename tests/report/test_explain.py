"""Layouts of `explain`: the JSON contract, a text to read, Markdown that stays inert."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from tests.report.examples import BOUNDARY, REPORT
from tui_monitor.core.records import Cause, Event, LawEvidence, Part
from tui_monitor.report.explain import WIDTH, ExplainFormat, explanation


def test_json_has_the_fields_of_the_contract() -> None:
    told = json.loads(explanation("train.log", [REPORT], "json"))

    assert list(told) == ["source", "runs"]
    (run,) = told["runs"]
    assert list(run) == (
        ["run", "format", "law", "batch_size", "epochs", "boundaries", "findings", "events"]
    )
    assert run["law"] == {"name": "cumulative-batch", "margin": 153.26, "against": "averaged-twice"}
    (boundary,) = run["boundaries"]
    assert list(boundary) == [
        "epoch",
        "next_epoch",
        "metric",
        "displayed_end",
        "displayed_start",
        "jump",
        "lag",
        "step",
        "luck",
        "verdict",
        "causes",
        "text",
    ]
    assert boundary["lag"] == {"value": 0.0143, "sd": 0.0021}
    assert boundary["causes"] == [
        {"cause": "seen before", "evidence": "the level steps up at each boundary"}
    ]
    assert list(run["findings"][0]) == ["kind", "epoch", "metric", "text", "numbers"]
    assert run["events"] == [{"kind": "checkpoint", "epoch": 1, "text": "saving model to best.h5"}]


def test_a_log_of_one_number_an_epoch_says_so_once() -> None:
    unknown = Part(None, None)
    same = replace(
        BOUNDARY, lag=unknown, step=unknown, luck=unknown, verdict="undetermined", brief="Not told."
    )
    many = tuple(replace(same, epoch=epoch, next_epoch=epoch + 1) for epoch in range(1, 300))
    text = explanation("train.log", [replace(REPORT, boundaries=many)], "text")
    assert text.count("Not told.") == 1
    assert "299 boundaries: Not told." in text
    assert "undetermined" not in text


def test_json_stays_json_whatever_the_numbers() -> None:
    report = replace(
        REPORT,
        law=LawEvidence("cumulative-batch", math.inf, "interval", settled=True),
        boundaries=(
            replace(BOUNDARY, jump=math.nan, lag=Part(None, None), step=Part(-math.inf, 0.0)),
        ),
        findings=(replace(REPORT.findings[0], numbers={"value": math.nan}),),
    )
    text = explanation("train.log", [report], "json")

    def refuse(constant: str) -> None:
        pytest.fail(f"{constant} is no JSON")

    (run,) = json.loads(text, parse_constant=refuse)["runs"]
    assert run["law"]["margin"] == "inf"
    assert run["boundaries"][0]["jump"] == "nan"
    assert run["boundaries"][0]["lag"] == {"value": None, "sd": None}
    assert run["boundaries"][0]["step"]["value"] == "-inf"
    assert run["findings"][0]["numbers"] == {"value": "nan"}


def test_a_batch_size_that_is_not_certain_is_called_likely() -> None:
    report = replace(REPORT, batch_size_certain=False)

    assert "batches of 1024 (likely)" in explanation("train.log", [report], "text")


def test_text_tells_the_run_the_parts_and_the_sentence() -> None:
    text = explanation("train.log", [REPORT], "text")

    assert "Run 1: keras, 2 epochs, batches of 1024" in text
    law = (
        "cumulative-batch (mean of the epoch's batches so far), 153.3 nats ahead of averaged-twice"
    )
    assert law in " ".join(text.split())
    assert "acc, epoch 1 → 2: step" in text
    assert "displayed  0.6607 → 0.7334" in text
    assert "= lag      +0.0143 ± 0.0042" in text
    assert "+ step     +0.0702 ± 0.0068" in text
    assert "+ luck     -0.0118 ± 0.0278" in text
    assert BOUNDARY.text in " ".join(text.split())
    assert "seen before: the level steps up" in text
    assert "The loss is flat since epoch 1." in text
    assert "epoch 1: saving model to best.h5" in text
    assert max(map(len, text.splitlines())) <= WIDTH


def test_text_says_what_is_not_known() -> None:
    report = replace(
        REPORT,
        format=None,
        law=None,
        batch_size=None,
        boundaries=(replace(BOUNDARY, lag=Part(None, None), step=Part(None, None)),),
    )
    text = explanation("train.log", [report], "text")

    assert "Run 1: format not known, 2 epochs, batch size not known" in text
    assert "Averaging law: not known" in text
    assert "= lag      unknown" in text


def test_text_of_a_boundary_without_parts_says_why_and_no_more() -> None:
    unknown = Part(None, None)
    bare = replace(
        BOUNDARY, lag=unknown, step=unknown, luck=unknown, text="Said at length.", brief="So."
    )
    text = explanation("train.log", [replace(REPORT, boundaries=(bare,))], "text")

    assert "jump" in text
    assert "So." in text
    assert not any(words in text for words in ("Said at length", "unknown", "two standard errors"))


def test_a_number_and_its_error_stand_on_one_line() -> None:
    words = "x " * 35 + "a step of +0.0701 ± 0.0064 and of +0.0134 ± 0.0047"
    text = explanation("t", [replace(REPORT, boundaries=(replace(BOUNDARY, text=words),))], "text")

    assert "+0.0701 ± 0.0064" in text
    assert not any(line.rstrip().endswith("±") for line in text.splitlines())
    assert max(map(len, text.splitlines())) <= 80


def test_text_of_a_single_epoch_says_that_there_is_no_boundary() -> None:
    text = explanation("train.log", [replace(REPORT, epochs=1, boundaries=())], "text")

    assert "1 epoch," in text
    assert "No boundary between two epochs yet." in text


def test_text_of_epochs_without_an_explained_boundary_says_why() -> None:
    law = LawEvidence("unknown", None, None, settled=False)
    text = explanation("train.log", [replace(REPORT, law=law, boundaries=())], "text")

    assert "No boundary is explained: what these numbers average is not known." in text


@pytest.mark.parametrize("layout", ["text", "markdown"])
def test_of_boundaries_without_parts_the_newest_of_each_metric_is_shown(layout: str) -> None:
    unknown = Part(None, None)
    boundaries = tuple(
        replace(
            BOUNDARY,
            metric=metric,
            epoch=epoch,
            next_epoch=epoch + 1,
            lag=unknown,
            step=unknown,
            luck=unknown,
        )
        for epoch in (1, 2, 3)
        for metric in ("loss", "acc")
    )
    text = explanation("train.log", [replace(REPORT, boundaries=boundaries)], layout)  # type: ignore[arg-type]

    assert text.count("1 → 2") == text.count("2 → 3") == 0
    assert "3 → 4" in text


def test_text_counts_the_verdicts() -> None:
    boundaries = (BOUNDARY, replace(BOUNDARY, epoch=2, verdict="averaging"), BOUNDARY)
    text = explanation("train.log", [replace(REPORT, boundaries=boundaries)], "text")

    assert "3 boundaries: 2 step, 1 averaging" in text


def test_markdown_has_a_table_row_and_a_sentence_a_boundary() -> None:
    text = explanation("train.log", [REPORT], "markdown")

    assert "### `train.log`, run 1" in text
    assert (
        "| `acc` | 1 → 2 | 0.6607 → 0.7334 | +0.0727 | +0.0143 ± 0.0042 | +0.0702 ± 0.0068 "
        "| -0.0118 ± 0.0278 | step |"
    ) in text
    assert BOUNDARY.text in text
    assert "*seen before*" in text


def test_markdown_of_a_hostile_log_stays_inert() -> None:
    hostile = "a|b `c` <img src=x> @someone [l](http://x) *d*"
    report = replace(
        REPORT,
        boundaries=(
            replace(BOUNDARY, metric=hostile, text=hostile, causes=(Cause(hostile, hostile),)),
        ),
        findings=(replace(REPORT.findings[0], text=hostile),),
        events=(Event(1, 1, "other", hostile, 3),),
    )
    text = explanation(hostile, [report], "markdown")

    outside_code = "".join(text.split("`")[::2]).replace("\\", "")
    assert "<img" not in outside_code
    assert "@someone" not in outside_code
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in rows} == {9}


@pytest.mark.parametrize("layout", ["text", "json", "markdown"])
def test_no_layout_passes_escapes_of_the_source_name(layout: str) -> None:
    text = explanation("\x1b]0;x\x07.log", [REPORT], layout)  # type: ignore[arg-type]

    assert "\x1b" not in text
    assert "\x07" not in text


@pytest.mark.parametrize("layout", ["text", "markdown"])
def test_of_many_events_those_that_say_something_are_told(layout: ExplainFormat) -> None:
    events = []
    for epoch in range(1, 21):
        rate = 1e-3 if epoch < 15 else 5e-4
        told = f"Epoch {epoch}: setting learning rate to {rate}."
        events.append(Event(1, epoch, "learning-rate", told, 3 * epoch, rate))
        events.append(Event(1, epoch, "checkpoint", f"Epoch {epoch}: saving", 3 * epoch + 1))
    events.append(Event(1, 20, "early-stopping", "Epoch 20: early stopping", 99))
    report = replace(REPORT, events=tuple(events))
    text = explanation("train.log", [report], layout)
    for said in ("Epoch 1: setting", "Epoch 15: setting", "Epoch 20: saving", "early stopping"):
        assert text.count(said) == 1
    assert "37 more" in text
    assert "Epoch 2: " not in text
    assert len(json.loads(explanation("train.log", [report], "json"))["runs"][0]["events"]) == 41
    assert "epoch 20: Epoch 20" not in text
    few = replace(REPORT, events=tuple(events[:8]))
    assert explanation("train.log", [few], layout).count("saving") == 4


def test_standard_input_is_called_so_where_people_read() -> None:
    assert explanation("-", [REPORT], "text").startswith("standard input\n")
    assert "`standard input`" in explanation("-", [REPORT], "markdown")
    assert json.loads(explanation("-", [REPORT], "json"))["source"] == "-"
