"""Tables that CSV loggers write: heads, rows, and what the names of columns tell."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.formats.test_formats import HARD
from tests.core.formats.test_frameworks import CORPUS
from tui_monitor.core.formats.detect import TABLE, detect
from tui_monitor.core.formats.table import ROW, of_table
from tui_monitor.core.records import Columns, Progress
from tui_monitor.core.session import Session


def decoded(text: str) -> Session:
    session = Session()
    session.feed(text.encode(), 0.0)
    session.finish()
    return session


def test_a_row_an_epoch() -> None:
    log = "epoch,acc,loss,lr,val_acc,val_loss\r\n0,0.5,1.25,0.1,0.75,1.5\r\n1,0.625,1.0,0.1,NA,1.25\r\n"
    session = decoded(log)
    rows = [(row.epoch, row.epoch_label, row.metric, row.displayed) for row in session.rows()]
    assert rows[:2] == [(1, "0", "acc", 0.5), (1, "0", "loss", 1.25)]
    assert rows[-1] == (2, "1", "val_loss", 1.25)
    assert len(rows) == 9
    assert {(row.law, row.final) for row in session.rows() if "loss" in row.metric} == {
        ("epoch", True)
    }


def test_names_of_columns() -> None:
    head = (
        "                  epoch,         train/box_loss,  metrics/mAP50(B),   val/box_loss, x/lr0"
    )
    assert TABLE.parse(head) == (
        Columns(("epoch", "train_box_loss", "val_mAP50(B)", "val_box_loss", "x/lr0"), ROW),
    )
    (item,) = TABLE.parse("                 0,          0.012345,       0.25,     0.5,   0.1")
    assert isinstance(item, Progress)
    named = of_table(item, ("epoch", "train_loss", "time", "val_loss", "lr"))
    assert (named.epoch, named.step, named.final) == (0, None, True)
    assert [(each.metric, each.displayed, each.law) for each in named.readings] == [
        ("train_loss", 0.012345, "epoch"),
        ("val_loss", 0.5, "epoch"),
        ("lr", 0.1, "instantaneous"),
    ]
    assert of_table(item, ("epoch", "loss")).readings == ()


def test_rounds_of_gradient_boosting_in_scikit_learn() -> None:
    log = (
        "      Iter       Train Loss      OOB Improve   Remaining Time \n"
        "         1           1.2776           0.0194            0.41s\n"
        "        10           1.1365          -0.0384            1.17m\n"
        "        20           1.0307           0.0032            0.11s\n"
    )
    rows = list(decoded(log).rows())
    shown = [(row.unit, row.step, row.metric, row.displayed, row.law) for row in rows]
    assert shown == [
        ("round", step, metric, number, "instantaneous")
        for step, *numbers in ((1, 1.2776, 0.0194), (10, 1.1365, -0.0384), (20, 1.0307, 0.0032))
        for metric, number in zip(("train_loss", "oob_improve"), numbers, strict=True)
    ]


@pytest.mark.parametrize("name", ["lightning_tqdm", "lightning_rich"])
def test_what_lightning_logs(name: str) -> None:
    if not CORPUS.is_dir():
        pytest.skip("the corpus of real logs is not here")
    session = decoded((CORPUS / name / "csv" / "v0" / "metrics.csv").read_text())
    truth = json.loads((CORPUS / name / "truth.json").read_text())["epochs"]
    losses = [x for epoch in truth for x in epoch["values"]["train_loss"]]
    rows = [row for row in session.rows() if row.metric == "train_loss_step"]
    assert len(rows) == 36
    for row in rows:
        assert row.step is not None
        assert row.value == pytest.approx(losses[row.step], rel=1e-6)
    means = [row.displayed for row in session.rows() if row.metric == "train_loss_epoch"]
    for mean, epoch in zip(means, truth, strict=True):
        values, sizes = epoch["values"]["train_loss"], epoch["batch_sizes"]
        weighted = sum(x * b for x, b in zip(values, sizes, strict=True)) / sum(sizes)
        assert mean == pytest.approx(weighted, rel=1e-5)


def test_timesteps_of_stable_baselines() -> None:
    head = "time/iterations,rollout/ep_rew_mean,time/total_timesteps,time/fps,train/loss\n"
    rows = list(decoded(f"{head}1,21.5,2048,1200,\n2,25.25,4096,1150,0.5\n").rows())
    assert [(row.metric, row.step, row.displayed) for row in rows] == [
        ("rollout/ep_rew_mean", 2048, 21.5),
        ("rollout/ep_rew_mean", 4096, 25.25),
        ("train_loss", 4096, 0.5),
    ]


def test_epochs_of_skorch() -> None:
    if not CORPUS.is_dir():
        pytest.skip("the corpus of real logs is not here")
    session = decoded((CORPUS / "skorch" / "log.txt").read_text())
    truth = json.loads((CORPUS / "skorch" / "truth.json").read_text())["epochs"]
    rows = [row for row in session.rows() if row.metric == "train_loss"]
    assert [(row.epoch_label, row.final) for row in rows] == [(str(n), True) for n in range(1, 13)]
    for row, epoch in zip(rows, truth, strict=True):
        values, sizes = epoch["values"]["train_loss"], epoch["batch_sizes"]
        mean = sum(x * b for x, b in zip(values, sizes, strict=True)) / sum(sizes)
        assert row.displayed == pytest.approx(mean, abs=0.5e-4)
    assert {row.metric for row in session.rows()} == {"train_loss", "valid_acc", "valid_loss"}


def test_the_table_of_chainer() -> None:
    log = "epoch  main/loss  validation/main/loss  elapsed_time\n1      0.19       0.08       5.1\n"
    assert [(row.metric, row.split) for row in decoded(log).rows()] == [
        *[("main/loss", "train"), ("val_main/loss", "val")]
    ]


def test_a_table_that_is_drawn() -> None:
    log = (
        "+-------+------------+---------+---------+----------+\n"
        "| Epoch | Train Loss | Val Acc | Worst   | Time     |\n"
        "+-------+------------+---------+---------+----------+\n"
        "| 1     | 1.5        | 69.5%   | cat     | 1m 0.5s  |\n"
        "| **2** | **0.75**   | 89.25%  | dog     | 59.4s    |\n"
        "| 3     | -          | 90.25%  | dog     | 59.4s    |\n"
    )
    rows = [(row.epoch, row.metric, row.displayed) for row in decoded(log).rows()]
    assert rows == [
        *[(1, "train_loss", 1.5), (1, "val_acc", 69.5), (2, "train_loss", 0.75)],
        *[(2, "val_acc", 89.25), (3, "val_acc", 90.25)],
    ]


def test_the_table_of_hugging_face_in_a_notebook() -> None:
    steps = decoded(
        " [60/60 01:26, Epoch 1/2]\nStep\tTraining Loss\tValidation Loss\tWer\n"
        "10\t2.5\t2.25\t0.75\n20\t1.5\t1.25\t0.5\n"
    )
    rows = [(row.metric, row.law, row.step) for row in steps.rows()]
    assert rows[3:] == [
        *[("train_loss", "interval", 20), ("val_loss", "epoch", 20), ("val_wer", "epoch", 20)]
    ]
    epochs = decoded(
        "Epoch\tTraining Loss\tValidation Loss\tAccuracy\n1\tNo log\t0.5\t0.75\n2\t0.625\t0.4\t0.8\n"
    )
    assert [(row.epoch, row.metric) for row in epochs.rows()] == [
        *[(1, "val_loss"), (1, "val_accuracy")],
        *[(2, "train_loss"), (2, "val_loss"), (2, "val_accuracy")],
    ]


def test_a_table_with_marks_for_checkpoints() -> None:
    log = (
        "  epoch    train_loss    valid_loss    cp     dur\n"
        "-------  ------------  ------------  ----  ------\n"
        "      1        2.2114        2.0786     +  0.0245\n"
        "      2        1.8953        2.1495        0.0180\n"
    )
    shown = [(row.epoch, row.metric, row.displayed) for row in decoded(log).rows()]
    assert shown == [
        *[(1, "train_loss", 2.2114), (1, "valid_loss", 2.0786)],
        *[(2, "train_loss", 1.8953), (2, "valid_loss", 2.1495)],
    ]


def test_losses_of_spacy_are_sums_since_the_row_before() -> None:
    log = (
        "E    #       LOSS TOK2VEC  LOSS NER  ENTS_F  SCORE \n"
        "---  ------  ------------  --------  ------  ------\n"
        "  0       0          0.00     40.00    0.00    0.00\n"
        "  1     200         20.00   1000.00   50.00    0.50\n"
    )
    rows = [row for row in decoded(log).rows() if row.metric == "LOSS NER"]
    assert [(row.from_batch, row.to_batch, row.value) for row in rows] == [
        *[(0, 1, 40.0), (1, 201, 5.0)]
    ]
    names = {row.metric for row in decoded(log).rows()}
    assert names == {"LOSS TOK2VEC", "LOSS NER", "val_ENTS_F", "val_SCORE"}


@pytest.mark.parametrize(
    "lines",
    [
        ["epoch,loss"],
        ["1,0.5", "2,0.25"],
        ["name,age,loss", "1,2,3"],
        ["epoch,loss", "1,0.5,3"],
        ["epoch,wheel", "1,0.5"],
        ["step,bitmap", "1,0.5"],
        ["batch,account", "1,0.5"],
        ["the epoch, and the loss", "1,0.5"],
        ["epoch,loss", "one,0.5"],
        ["epoch,loss", "1,Na"],
        ["epoch,loss", "1,"],
        ["epoch,loss", "", "", "1,0.5"],
        ["epoch,loss", "NA,None"],
        ["step  the loss falls", "1  0.5"],
        ["step,score", "1,0.5", "2,0.75"],
        ["batch;cost;return", "1;0.5;2.5"],
        ["| # | Team | Score |", "|---|---|---|", "| 1 | Reds | 99.5 |"],
        ["epoch    loss    acc", "  1  0.5"],
    ],
)
def test_what_is_no_table_of_a_training(lines: list[str]) -> None:
    assert detect(lines) is None


def test_bars_may_be_drawn_between_a_head_and_its_rows() -> None:
    """As Chainer's progress bar is, over which a row is written."""
    head = "epoch       main/loss   validation/main/loss  elapsed_time\n"
    bars = "".join(
        f"\x1b[J     total [{'#' * n}{'.' * (9 - n)}] {n}.25%\nthis epoch [#........] 16.5%\n"
        f"       {n}00 iter, 0 epoch / 20 epochs\n    19.8 iters/sec. Estimated time: 0:04:52.\n\x1b[4A"
        for n in range(1, 4)
    )
    rows = [f"\x1b[J{n}           {n}.25     {n}.5                  23.6282\n" for n in (1, 2)]
    found = decoded(head + bars + rows[0] + bars + rows[1]).rows()
    assert [(r.epoch, r.metric, r.displayed) for r in found] == [
        *[(1, "main/loss", 1.25), (1, "val_main/loss", 1.5)],
        *[(2, "main/loss", 2.25), (2, "val_main/loss", 2.5)],
    ]


def drawn(*rows: Iterable[object]) -> str:
    """Rows between lines."""
    told = ["│ " + " │ ".join(f"{cell:<10}" for cell in map(str, row)) + " │" for row in rows]
    return "╒════╤════╕\n" + "\n├────┼────┤\n".join(told) + "\n╘════╧════╛\n"


@pytest.mark.parametrize("place", ["Epoch   {0}", "Running evaluation for step: {0}00, epoch: {0}"])
@pytest.mark.parametrize("turned", [False, True])
def test_tables_of_data_are_of_the_epoch_or_the_step_above(place: str, *, turned: bool) -> None:
    log = ""
    for n in (4, 5):
        rows: list[list[object]] = [["label", "loss", "hits_at_k"], ["train", n + 0.25, 0.5]]
        rows += [["vali", n + 0.5, 0.25], ["test", n + 0.75, 0.125]]
        whole = drawn(["combined", "loss"], ["train", n + 0.125])
        log += place.format(n) + "\nTraining: 100% 3/3 [00:10<00:00,  3.46s/it]\n"
        log += drawn(*(zip(*rows, strict=True) if turned else rows)) + whole
    found = [(r.epoch_label, r.step, r.metric, r.displayed, r.law) for r in decoded(log).rows()]
    step = 500 if "step" in place else None
    assert [each for each in sorted(found) if each[0] == "5"] == sorted(
        ("5", step, name, value, "epoch")
        for name, value in (
            *(("label_loss", 5.25), ("val_label_loss", 5.5), ("test-label_loss", 5.75)),
            *(("label_hits_at_k", 0.5), ("val_label_hits_at_k", 0.25)),
            *(("test-label_hits_at_k", 0.125), ("loss", 5.125)),
        )
    )
    assert len(found) == 14


def test_tables_of_data_that_nothing_places_are_no_training() -> None:
    table = drawn(["model", "loss", "accuracy"], ["train", 0.25, 0.5], ["1", 0.25, 0.5])
    assert detect((table * 3).splitlines()) is None
    assert detect(("Epoch 3\n" + table).splitlines()) is None


def test_numbers_of_a_drawn_table_may_stand_in_brackets() -> None:
    log = "| Epoch | Loss | recall |\n|---|---|---|\n| 6 | [332.5, 132.25] | [0.032125] |\n"
    assert [(r.epoch_label, r.metric, r.displayed) for r in decoded(log).rows()] == [
        ("6", "recall", 0.032125)
    ]


@pytest.mark.parametrize(
    "head", ["epoch,score", "iteration,cost", "step,score,val_cost", "step,f1"]
)
def test_what_is_a_table_of_a_training(head: str) -> None:
    assert detect([head, ",".join("123"[: head.count(",") + 1])]) is not None


@given(st.text(alphabet='0123456789,;. -aeinfNAloss\t"/', max_size=60))
def test_no_text_breaks_the_grammar(text: str) -> None:
    for item in TABLE.parse(text):
        if isinstance(item, Progress):
            of_table(item, ("epoch", "step", "loss", "acc"))


def test_no_text_takes_long() -> None:
    cells = ("1,", "1 ,", "a,", "a b,", ",", " ,", "1.5e5,", "\t", "nan;")
    for text in (*HARD, *(cell * (3990 // len(cell)) for cell in cells), "1" + " " * 3000 + ",x"):
        begin = time.process_time()
        TABLE.parse(text)
        assert time.process_time() - begin < 0.02


def shown(text: str) -> list[tuple[int, int | None, str, float, str]]:
    """Epoch, step, metric, number and law of the rows of a log."""
    rows = decoded(text).rows()
    return [(row.epoch, row.step, row.metric, row.displayed, row.law) for row in rows]


def test_blank_cells_of_a_table_that_blanks_align() -> None:
    blank = " " * 22
    log = (
        "epoch       iteration   main/loss   validation/main/loss  main/acc    elapsed_time\n"
        f"1           100         2.5         {blank}0.25        12.5\n"
        f"1           200         2.25        2.75{blank[4:]}0.5         25\n"
    )
    assert shown(log) == [
        *[(1, 100, "main/loss", 2.5, "unknown"), (1, 100, "main/acc", 0.25, "unknown")],
        (1, 200, "main/loss", 2.25, "unknown"),
        (1, 200, "val_main/loss", 2.75, "epoch"),
        (1, 200, "main/acc", 0.5, "unknown"),
    ]


def test_a_table_of_trainnet() -> None:
    log = (
        "    Iteration    Epoch    TimeElapsed    LearnRate    TrainingLoss    ValidationLoss\n"
        "    _________    _____    ___________    _________    ____________    ______________\n"
        "            0        0       00:00:02         0.01                            2.5021\n"
        "            1        1       00:00:03         0.01          2.4301                  \n"
        "           50        2       00:00:09         0.01          1.5012            1.6040\n"
    )
    assert [each[:4] for each in shown(log) if "loss" in each[2]] == [
        (1, 0, "val_loss", 2.5021),
        (2, 1, "train_loss", 2.4301),
        *[(3, 50, "train_loss", 1.5012), (3, 50, "val_loss", 1.604)],
    ]


@pytest.mark.parametrize("mark", ["", "% "])
def test_a_head_on_two_lines(mark: str) -> None:
    log = (
        "|=========================================================================|\n"
        "|  Epoch  |  Iteration  |  Time Elapsed  |  Mini-batch  |  Validation  |  Base Learning  |\n"
        "|         |             |   (hh:mm:ss)   |   Accuracy   |     Loss     |      Rate       |\n"
        "|=========================================================================|\n"
        "|       1 |           1 |       00:00:03 |       25.00% |       2.8498 |          0.0100 |\n"
        "|       2 |          50 |       00:01:13 |       75.50% |       1.2498 |          0.0100 |\n"
    )
    assert shown("".join(mark + line for line in log.splitlines(keepends=True))) == [
        (1, 1, "accuracy", 25.0, "instantaneous"),
        (1, 1, "val_loss", 2.8498, "epoch"),
        (1, 1, "learning_rate", 0.01, "instantaneous"),
        (2, 50, "accuracy", 75.5, "instantaneous"),
        (2, 50, "val_loss", 1.2498, "epoch"),
        (2, 50, "learning_rate", 0.01, "instantaneous"),
    ]


def test_the_second_line_of_a_head_goes_with_the_first_one_above() -> None:
    assert detect(["|   |   | Loss |", "| 1 | 2 | 0.5  |", "| 1 | 3 | 0.4  |"]) is None
    assert detect(["| Epoch | Iteration | A |", "|  |  | Loss | Acc |", "| 1 | 2 | 0.5 |"]) is None


def test_a_head_marked_as_a_comment() -> None:
    log = (
        "#  step      rmse_val    rmse_trn         lr\n"
        "      0      2.50e+01    1.25e+01    1.0e-03\n"
        "    100      1.25e+01    0.75e+01    1.0e-03\n"
    )
    assert [each[1:4] for each in shown(log)] == [
        *[(0, "val_rmse", 25.0), (0, "train_rmse", 12.5), (0, "lr", 0.001)],
        *[(100, "val_rmse", 12.5), (100, "train_rmse", 7.5), (100, "lr", 0.001)],
    ]


def test_a_table_as_knitr_shows_it() -> None:
    log = (
        "## Iter   TrainDeviance   ValidDeviance   StepSize   Improve\n"
        "##      1        1.5000          1.6000     0.1000    0.2500\n"
        "##      2        1.2500          1.4000     0.1000    0.1250\n"
    )
    assert [each[1:4] for each in shown(log) if each[2] != "Improve"] == [
        *[(1, "train_deviance", 1.5), (1, "val_deviance", 1.6)],
        *[(2, "train_deviance", 1.25), (2, "val_deviance", 1.4)],
    ]
