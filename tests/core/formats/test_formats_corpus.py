"""Real logs of other frameworks than Keras: every number is its law of the truth beside the log.

The logs lie outside the project; see the skip reason.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from tui_monitor.core.averages.laws import LAWS, forward
from tui_monitor.core.formats.detect import FORMATS, by_name, detect
from tui_monitor.core.lines.text import LineReader
from tui_monitor.core.placing.timeline import Timeline
from tui_monitor.core.records import Line, Print, Progress

SHARED = Path(__file__).parents[4] / "shared"
CORPUS = SHARED / "corpus" / "frameworks"
WILD = SHARED / "wild"

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not on this machine")
wild = pytest.mark.skipif(not WILD.is_dir(), reason="the public logs are not on this machine")

TENS = tuple(range(10, 91, 10))
ELEVENS = tuple(range(1, 90, 10))


@dataclass(frozen=True)
class Case:
    """What a log is known to hold. Steps are those of each epoch's training prints."""

    log: str
    format: str
    epochs: int
    steps: tuple[int, ...] | None
    truth: dict[str, str]
    """Of each training metric: what the truth calls it."""
    validations: int = 0
    ended: bool = False
    planned: int | None = None
    labels_from: int | None = 0
    slack: float = 0.5
    """Quanta by which a print may miss: more where the program sums in single precision."""

    def __str__(self) -> str:
        return self.log


def both(**names: str) -> dict[str, str]:
    """A metric that is printed as its value and as its mean."""
    return {k: v for name, v in names.items() for k, v in ((name, v), (f"{name} (avg)", v))}


ACCURACIES = {"Acc@1": "Acc@1", "Acc@1 (avg)": "Acc@1", "Acc@5": "Acc@5", "Acc@5 (avg)": "Acc@5"}
CASES = (
    Case(
        "imagenet_example", "averagemeter", 4, ELEVENS, both(Loss="Loss") | ACCURACIES,
        validations=4,
    ),
    Case("timm", "averagemeter", 4, (*ELEVENS, 90), both(Loss="Loss")),
    Case(
        "torchvision_ref", "metriclogger", 4, ELEVENS,
        both(loss="loss", acc1="acc1", acc5="acc5"),
    ),
    Case(
        "darknet_pjreddie", "darknet", 1, tuple(range(1, 451)), both(loss="loss"),
        planned=1, labels_from=None, slack=0.62,
    ),
    Case(
        "megatron", "megatron", 1, (1, *range(10, 361, 10)),
        {"lm loss": "lm loss", "grad norm": "grad norm"},
        ended=True, planned=1, labels_from=None, slack=0.91,
    ),
    Case(
        "mmengine", "mmengine", 4, TENS, {"loss": "loss", "loss_cls": "loss_cls", "acc": "acc"},
        validations=4, labels_from=1,
    ),
    Case(
        "nanogpt", "nanogpt", 1, tuple(range(1, 402)), {"loss": "last_micro"},
        validations=5, planned=1, labels_from=None,
    ),
    Case(
        "fastai", "fastai", 4, None, {"train_loss": "loss"},
        ended=True, planned=4, labels_from=1, slack=1.3,
    ),
    Case(
        "ignite", "ignite", 3, tuple(range(1, 91)), {"loss": "loss"},
        ended=True, planned=3, labels_from=1,
    ),
    Case(
        "hf_v4_ls1", "huggingface", 1, tuple(range(1, 361)), {"loss": "loss"},
        validations=4, planned=1, labels_from=None,
    ),
    Case(
        "hf_v5_tqdm", "huggingface", 1, tuple(range(10, 361, 10)), {"loss": "loss"},
        validations=4, ended=True, planned=1, labels_from=None,
    ),
    Case(
        "xgboost", "boosting", 1, tuple(range(1, 82)),
        {name: name for name in ("train-mlogloss", "train-merror", "valid-mlogloss", "valid-merror")},
        planned=1, labels_from=None,
    ),
    Case(
        "lightgbm", "boosting", 1, tuple(range(1, 77)),
        {
            f"{data} {name}": f"{data} {name}"
            for data in ("training's", "valid_1's")
            for name in ("multi_logloss", "multi_error")
        },
        ended=True, planned=1, labels_from=None,
    ),
    Case(
        "paddle_v2", "paddle", 3, tuple(range(1, 46)), {"loss": "loss", "acc": "acc"},
        ended=True, planned=3, labels_from=1,
    ),
)  # fmt: skip
cases = pytest.mark.parametrize("case", CASES, ids=str)


@lru_cache(maxsize=2)
def lines(path: Path) -> list[Line]:
    reader = LineReader()
    return reader.feed(path.read_bytes()) + reader.flush()


def read(case: Case) -> tuple[list[Print], Timeline]:
    timeline, log_format = Timeline(), by_name(case.format)
    placed = [
        item
        for line in lines(CORPUS / case.log / "log.txt")
        for item in timeline.place(line, log_format.parse(line.text))
    ]
    placed += timeline.flush()
    return [item for item in placed if isinstance(item, Print)], timeline


def trains(case: Case, p: Print) -> bool:
    return any(reading.metric in case.truth for reading in p.readings)


def median(values: Sequence[float]) -> float:
    """The lower one, of the last 20: what a SmoothedValue shows."""
    newest = sorted(values[-20:])
    return newest[(len(newest) - 1) // 2]


def expected(
    key: str, values: list[list[float]], sizes: list[list[float]], printed: list[list[int]]
) -> list[list[float]]:
    """What a law prints after each batch, epoch by epoch; `printed` are its steps of each epoch.

    Only means by samples know of a short last batch: all others count it once.
    """
    law = LAWS[key]
    if law.name == "median":
        return [[median(epoch[: k + 1]) for k in range(len(epoch))] for epoch in values]
    if law.name != "cumulative-sample":
        sizes = [[1.0] * len(epoch) for epoch in sizes]
    if not law.goes_on:
        return [forward(law, x, w) for x, w in zip(values, sizes, strict=True)]
    starts = [sum(len(epoch) for epoch in values[:number]) for number in range(len(values))]
    after = {start + k for start, steps in zip(starts, printed, strict=True) for k in steps}
    shown = forward(law, [x for e in values for x in e], [w for e in sizes for w in e], after)
    return [shown[start : start + len(epoch)] for start, epoch in zip(starts, values, strict=True)]


@cases
def test_a_log_is_read_in_its_format(case: Case) -> None:
    found = detect(line.text for line in lines(CORPUS / case.log / "log.txt"))
    assert found is not None
    assert found.name == case.format


@cases
def test_every_print_is_placed(case: Case) -> None:
    prints, timeline = read(case)
    assert {p.run for p in prints} == {1}
    assert timeline.ended == case.ended
    assert {p.epochs for p in prints} == {case.planned}
    for epoch in range(1, case.epochs + 1):
        training = [p for p in prints if p.epoch == epoch and trains(case, p)]
        labels = {p.label for p in prints if p.epoch == epoch}
        first = case.labels_from
        assert labels == {"" if first is None else str(epoch - 1 + first)}
        if case.steps is not None:
            # the first line of Megatron shows no loss that is a print of its own
            assert tuple(p.step for p in training if p.step is not None) == case.steps
    assert prints[-1].epoch == case.epochs
    assert len([p for p in prints if not trains(case, p)]) == case.validations


@cases
def test_every_number_is_its_law_of_the_truth(case: Case) -> None:
    prints, _ = read(case)
    truth: list[dict[str, Any]] = json.loads((CORPUS / case.log / "truth.json").read_text())[
        "epochs"
    ]
    full = max(size for epoch in truth for size in epoch["batch_sizes"])
    sizes = [[size / full for size in epoch["batch_sizes"]] for epoch in truth]
    for metric, name in case.truth.items():
        values = [[float(x) for x in epoch["values"][name]] for epoch in truth]
        shown: list[list[tuple[int, float, float]]] = [[] for _ in truth]
        keys = set()
        for p in prints:
            for reading in p.readings:
                if reading.metric == metric:
                    assert p.step is not None
                    keys.add(reading.law)
                    shown[p.epoch - 1].append((p.step, reading.displayed, reading.quantum))
        assert len(keys) == 1
        law = expected(keys.pop(), values, sizes, [[k for k, *_ in epoch] for epoch in shown])
        assert all(shown)
        for epoch, exact in zip(shown, law, strict=True):
            for step, displayed, quantum in epoch:
                assert displayed == pytest.approx(
                    exact[step - 1], rel=1e-9, abs=case.slack * quantum + 1e-12
                ), (metric, step)


def test_the_bar_of_fastai_is_read_wherever_it_shows_a_number() -> None:
    case = next(case for case in CASES if case.log == "fastai")
    prints, _ = read(case)
    texts = [line.text for line in lines(CORPUS / case.log / "log.txt")]
    comments = [text for text in texts if "/89 " in text and "..." in text]
    assert len(prints) == len(comments) + case.epochs
    rows = [p for p in prints if p.style == "fastai-row"]
    assert [p.step for p in rows] == [89] * 4
    assert [r.metric for r in rows[0].readings] == ["train_loss", "valid_loss", "val_accuracy"]


def test_validation_of_a_log_without_steps_stands_where_the_bar_does() -> None:
    case = next(case for case in CASES if case.log == "hf_v5_tqdm")
    prints, _ = read(case)
    assert [p.step for p in prints if not trains(case, p)] == [90, 180, 270, 360]


LOGS = sorted([*CORPUS.glob("*/log.txt"), *WILD.glob("**/*.log")]) if CORPUS.is_dir() else []


@pytest.mark.parametrize("path", LOGS, ids=lambda path: "/".join(path.parts[-2:]))
def test_no_print_is_read_by_two_formats(path: Path) -> None:
    """A header may be: many a program announces its epochs as `Epoch 1/3`."""
    for line in lines(path):
        items = [log_format.parse(line.text) for log_format in FORMATS]
        readers = [found for found in items if any(isinstance(i, Progress) for i in found)]
        assert len(readers) < 2, line.text


# Of public logs: format, runs, epochs of the last one, and prints with numbers of the training.
PUBLIC = {
    "custom/ece1779_cnn": ("plain", 1, 50, 50),
    "custom/fashion_epochs": ("plain", 1, 3, 30),
    "custom/genre_nohup": ("plain", 1, 1, 64),
    "custom/nmt_lstm_bak": ("plain", 2, 5, 485),
    "notebook/nb_dann": ("plain", 1, 182, 364),
    "csvlogger/irfanet.csv": ("csv", 1, 55, 55),
    "pytorch/tcm_bert_keraslike_bar": ("textbar", 1, 100, 1000),
    "detectron2/nb_d2_train": ("detectron2", 1, 1, 50),
    "fairseq/wav2vec2_hydra_train": ("fairseq", 1, 1, 23),
}


@wild
@pytest.mark.parametrize("name", PUBLIC)
def test_public_logs_are_placed(name: str) -> None:
    log = lines(WILD / "other" / f"{name}.log")
    found = detect(line.text for line in log)
    assert found is not None
    timeline = Timeline()
    placed = [item for line in log for item in timeline.place(line, found.parse(line.text))]
    prints = [item for item in [*placed, *timeline.flush()] if isinstance(item, Print)]
    training = [p for p in prints if any(not r.metric.startswith("val") for r in p.readings)]
    assert (found.name, prints[-1].run, prints[-1].epoch, len(training)) == PUBLIC[name]


def test_epochs_of_scikit_learn() -> None:
    folder = CORPUS / "sklearn_mlp"
    truth = json.loads((folder / "truth.json").read_text())["epochs"]
    timeline, log_format = Timeline(), by_name("sklearn")
    placed = [
        item
        for line in lines(folder / "log.txt")
        for item in timeline.place(line, log_format.parse(line.text))
    ]
    prints = [item for item in placed if isinstance(item, Print)]
    assert [(p.run, p.epoch, p.label, p.unit, p.final) for p in prints] == [
        (1, number, str(number), "epoch", True) for number in range(1, 41)
    ]
    for p, epoch in zip(prints, truth, strict=True):
        losses, sizes = epoch["values"]["loss"], epoch["batch_sizes"]
        mean = sum(x * b for x, b in zip(losses, sizes, strict=True)) / sum(sizes)
        assert p.readings[0].displayed == pytest.approx(mean, abs=1e-6)
