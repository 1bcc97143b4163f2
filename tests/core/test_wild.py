"""Whole logs: facts verified by hand of public logs, and the truth beside the logs made for this.

Both kinds lie outside the project (see the skip reasons); nothing of them is copied here but facts.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from tui_monitor.core.formats.keras import KerasFormat
from tui_monitor.core.lines.text import LineReader
from tui_monitor.core.placing.timeline import Timeline
from tui_monitor.core.records import Event, Print

SHARED = Path(__file__).parents[3] / "shared"
WILD = SHARED / "wild" / "keras"
CORPUS = SHARED / "corpus" / "keras"

wild = pytest.mark.skipif(not WILD.is_dir(), reason="the public logs are not on this machine")
corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not on this machine")


@dataclass(frozen=True)
class Reading:
    """All that a log's bytes give."""

    prints: list[Print]
    events: list[Event]
    ended: bool

    def finals(self, run: int) -> list[Print]:
        return [item for item in self.prints if item.run == run and item.final]


@lru_cache(maxsize=4)
def read(path: Path) -> Reading:
    reader, log_format, timeline = LineReader(), KerasFormat(), Timeline()
    data = path.read_bytes()
    lines = reader.feed(data) + reader.flush()
    placed = [item for line in lines for item in timeline.place(line, log_format.parse(line.text))]
    placed += timeline.flush()
    return Reading(
        [item for item in placed if isinstance(item, Print)],
        [item for item in placed if isinstance(item, Event)],
        timeline.ended,
    )


def values(item: Print) -> dict[str, float]:
    return {reading.metric: reading.displayed for reading in item.readings}


@dataclass(frozen=True)
class Fact:
    """What a log holds. Rows of values are those of an epoch's last line, in the order printed."""

    file: str
    finals: tuple[int, ...]
    """Finished epochs of each run."""
    unit: str
    steps: int | None
    metrics: str
    first: tuple[float, ...]
    second: tuple[float, ...] | None
    """Of the first run."""
    last: tuple[float, ...]
    """Of the last run."""
    planned: int | None
    events: Mapping[str, int] = field(default_factory=dict)
    ended: bool = True
    cut: int = 0
    """Epochs of the last run that have prints but no last line."""

    def __str__(self) -> str:
        return self.file


ACC = "loss acc val_loss val_acc"
FACTS = (
    Fact(
        "carnd_bclone_win_bs", (10,), "sample", 6429, "loss val_loss",
        (4760924.3045, 0.0011), (0.0052, 2.1659e-11), (2.1318e-10, 1.0766e-10), 10,
    ),
    Fact(
        "activity_result1_ansi_bs", (27,), "batch", 211, "loss val_loss",
        (11.2404, 5.2221), (5.4192, 5.4512), (0.2485, 0.6017), 300,
        {"learning-rate": 4, "early-stopping": 1},
    ),
    Fact(
        "activity_v2_ansi_cr", (40,), "epoch", None, "loss val_loss",
        (96.8021, 12.1760), (24.1779, 8.4980), (0.8981, 0.4344), 40,
        {"learning-rate": 5, "early-stopping": 1},
    ),
    Fact(
        "retina_outerloop_gabor", (29, 1, 29), "epoch", None, ACC,
        (0.5914, 0.6721, 0.4887, 0.8056), (0.5501, 0.7067, 0.5154, 0.7544),
        (0.4842, 0.7582, 0.4592, 0.8030), None, {"checkpoint": 118}, ended=False,
    ),
    Fact(
        "ctg_rw200_newline", (200,), "sample", 10440, ACC,
        (0.6849, 0.5529, 0.6711, 0.6001), (0.6744, 0.5815, 0.6653, 0.6001),
        (0.2522, 0.8978, 0.3253, 0.8722), 200,
    ),
    Fact(
        "vgg19_f3_traceback", (100,), "batch", 19, "loss acc",
        (1.4529, 0.2078), (1.4485, 0.2111), (0.8973, 0.8713), 100, {"other": 1},
    ),
    Fact(
        "lung_keras3_utf16_powershell", (60,), "batch", 49,
        "accuracy loss val_accuracy val_loss learning_rate",
        (0.2196, 1.6121, 0.3144, 1.6042, 0.0010), (0.2196, 1.5998, 0.2577, 1.5955, 0.0010),
        (0.8605, 0.4159, 0.8505, 0.5300, 1.25e-4), 60,
    ),
    Fact(
        "covid_resnet2_bs_lf", (20,), "batch", 357, "loss accuracy val_loss val_accuracy",
        (0.7038, 0.7089, 1.0572, 0.4189), (0.5061, 0.7942, 1.4455, 0.4270),
        (0.2088, 0.9211, 0.3794, 0.8780), 20,
    ),
    Fact(
        "belgian_sign_4runs_newline", (50, 50, 50, 50), "batch", 285, ACC,
        (2.5736, 0.4192, 1.3943, 0.6647), (1.2441, 0.6813, 0.8853, 0.7663),
        (0.2936, 0.9037, 0.2526, 0.9278), 50,
    ),
    Fact(
        "tongue_multiout_tfcpp_glued", (80,), "sample", 17563,
        "loss gen_output_loss aux_output_loss val_loss val_gen_output_loss val_aux_output_loss",
        (0.1462, 0.1239, 0.0186, 0.1019, 0.0819, 0.0167),
        (0.1101, 0.0895, 0.0172, 0.0965, 0.0777, 0.0157),
        (0.0651, 0.0549, 0.0084, 0.0942, 0.0759, 0.0152), 80, {"checkpoint": 80},
    ),
    Fact(
        "wipcv_verbose2", (120,), "epoch", None, ACC,
        (-71.784, 0.4918, -71.884, 0.6612), (-71.923, 0.6051, -72.045, 0.6986),
        (-72.330, 0.7821, -72.921, 0.7150), 120,
    ),
    Fact(
        "nb_mobilenet_train_on_batchloop", (61,), "batch", 1, "loss acc",
        (5.6377, 0.0), (6.2731, 0.0), (8.9230, 0.0), None, {"other": 1},
    ),
    Fact(
        "excerpt_so_epoch_jump_keras7648", (1,), "sample", 60000, ACC,
        (0.3423, 0.8972, 0.0793, 0.9767), None, (0.3423, 0.8972, 0.0793, 0.9767), 12,
        ended=False, cut=1,
    ),
)  # fmt: skip


@wild
@pytest.mark.parametrize("fact", FACTS, ids=str)
def test_public_log(fact: Fact) -> None:
    log = read(WILD / f"{fact.file}.log")
    runs = sorted({item.run for item in log.prints})
    assert runs == list(range(1, len(fact.finals) + 1))
    for run, count in zip(runs, fact.finals, strict=True):
        finals = log.finals(run)
        assert [item.epoch for item in finals] == list(range(1, count + 1))
        begun = {item.epoch for item in log.prints if item.run == run}
        assert len(begun) == count + (fact.cut if run == runs[-1] else 0)
    first, last = log.finals(1)[0], log.finals(runs[-1])[-1]
    assert values(first) == dict(zip(fact.metrics.split(), fact.first, strict=True))
    assert values(last) == dict(zip(fact.metrics.split(), fact.last, strict=True))
    if fact.second is not None:
        second = log.finals(1)[1]
        assert values(second) == dict(zip(fact.metrics.split(), fact.second, strict=True))
    assert {(item.unit, item.steps) for item in log.prints} == {(fact.unit, fact.steps)}
    assert log.prints[-1].epochs == fact.planned
    assert Counter(event.kind for event in log.events) == fact.events
    assert log.ended is fact.ended


@wild
def test_runs_of_the_four_signs_networks() -> None:
    log = read(WILD / "belgian_sign_4runs_newline.log")
    firsts = [tuple(values(log.finals(run)[0]).values()) for run in (2, 3, 4)]
    assert firsts == [
        (3.4027, 0.2046, 2.8222, 0.4087),
        (3.6613, 0.1189, 3.3944, 0.2508),
        (3.3137, 0.1961, 2.4161, 0.4218),
    ]
    assert tuple(values(log.finals(1)[-1]).values()) == (0.1053, 0.9684, 0.4570, 0.9032)


@wild
def test_runs_of_the_outer_loop() -> None:
    log = read(WILD / "retina_outerloop_gabor.log")
    assert tuple(values(log.finals(1)[-1]).values()) == (0.4843, 0.7582, 0.4604, 0.8009)
    assert tuple(values(log.finals(2)[0]).values()) == (0.6095, 0.6580, 0.5640, 0.7002)
    improved = [event for event in log.events if " improved " in event.text]
    assert (len(improved), sum("from inf" in event.text for event in improved)) == (18, 6)
    assert all(event.epoch > 0 for event in log.events)


@wild
@pytest.mark.parametrize(
    ("file", "plateaus"),
    [
        ("activity_result1_ansi_bs", {8: 1e-4, 19: 1e-5, 25: 1e-6, 27: 1e-7}),
        ("activity_v2_ansi_cr", {6: 1e-4, 20: 1e-5, 35: 1e-6, 38: 1e-7, 40: 1e-8}),
    ],
)
def test_plateaus_belong_to_their_epochs(file: str, plateaus: Mapping[int, float]) -> None:
    log = read(WILD / f"{file}.log")
    rates = {e.epoch: e.learning_rate for e in log.events if e.kind == "learning-rate"}
    assert rates == {epoch: pytest.approx(rate, rel=1e-6) for epoch, rate in plateaus.items()}
    (stop,) = (event for event in log.events if event.kind == "early-stopping")
    assert stop.epoch == max(plateaus)


@wild
def test_zero_based_messages_belong_to_their_epochs() -> None:
    log = read(WILD / "tongue_multiout_tfcpp_glued.log")
    assert [event.epoch for event in log.events] == list(range(1, 81))
    assert [int(event.text[6:11]) for event in log.events] == list(range(80))
    assert values(log.prints[0])["aux_output_loss"] == 0.0204


@wild
def test_harmless_and_fatal_tracebacks() -> None:
    (harmless,) = read(WILD / "vgg19_f3_traceback.log").events
    (fatal,) = read(WILD / "nb_mobilenet_train_on_batchloop.log").events
    assert (harmless.epoch, harmless.text[:20]) == (100, "Traceback: TypeError")
    assert (fatal.epoch, fatal.text[:33]) == (62, "Traceback: ResourceExhaustedError")


# --- the corpus


def runs_of_the_corpus() -> list[str]:
    return sorted(path.name for path in CORPUS.iterdir()) if CORPUS.is_dir() else []


def truth(run: str, name: str) -> Any:
    return json.loads((CORPUS / run / f"{name}.json").read_text())


@corpus
@pytest.mark.parametrize("run", runs_of_the_corpus())
def test_corpus_is_placed_in_full(run: str) -> None:
    meta, log = truth(run, "meta"), read(CORPUS / run / "log.txt")
    assert len(log.prints) == meta["prints"]
    assert {item.run for item in log.prints} == {1}
    assert {item.epoch for item in log.prints} == set(range(1, meta["n_epochs"] + 1))
    steps = {"samples": "sample", "steps": "batch"}[meta["bar_units"]]
    assert {item.unit for item in log.prints} <= {steps, "epoch"}
    # The run that TerminateOnNaN stopped ends in an unfinished bar; all others end their epochs.
    stopped = any("Invalid loss" in event.text for event in log.events)
    finished = [] if stopped else list(range(1, meta["n_epochs"] + 1))
    assert [item.epoch for item in log.finals(1)] == finished
    assert log.ended is not bool(meta.get("outer_loop"))


def history(meta: Mapping[str, Any], name: str, run: str, epoch: int) -> bool:
    """Whether the law lets an epoch's last line show the history's number."""
    if name.startswith("val_"):
        # TensorFlow 2.0 shows zeros there while the data's length is unknown.
        return not (run.startswith("tf20_unknown") and epoch == 1)
    exact_bars = ("C", "C'", "D3")
    return bool(meta["verbose"] == 2 or meta["law"] in exact_bars or meta["bar_units"] == "samples")


@corpus
@pytest.mark.parametrize("run", runs_of_the_corpus())
def test_last_lines_show_the_history(run: str) -> None:
    meta, epochs = truth(run, "meta"), truth(run, "truth")["epochs"]
    checked = 0
    for item in read(CORPUS / run / "log.txt").finals(1):
        logs = epochs[item.epoch - 1]["epoch_logs"]
        for reading in item.readings:
            if reading.metric in logs and history(meta, reading.metric, run, item.epoch):
                error = abs(reading.displayed - logs[reading.metric])
                assert error <= reading.quantum / 2 + 1e-6 * abs(logs[reading.metric])
                checked += 1
    if "outer_loop" not in meta and "nan" not in run:
        assert checked


def chunks(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


@corpus
def test_any_chunks_give_the_same_prints() -> None:
    path = CORPUS / "k392_torch_slow_cb_pipe" / "log.txt"
    reader, log_format, timeline = LineReader(), KerasFormat(), Timeline()
    placed = [
        item
        for chunk in chunks(path.read_bytes(), 7)
        for line in reader.feed(chunk)
        for item in timeline.place(line, log_format.parse(line.text))
    ]
    assert [item for item in placed if isinstance(item, Print)] == read(path).prints
