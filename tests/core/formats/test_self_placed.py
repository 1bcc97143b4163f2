"""Where lines belong that say by themselves where they stand: no header announces their epoch."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tui_monitor.core.formats.detect import by_name
from tui_monitor.core.placing.timeline import Timeline
from tui_monitor.core.records import Event, Line, LineEnd, Print

Placed = list[Print | Event]


class Log:
    """A timeline that is fed lines of text of one format."""

    def __init__(self, name: str) -> None:
        self.timeline = Timeline()
        self.format = by_name(name)
        self.number = 0

    def line(self, text: str, end: LineEnd = "newline") -> Line:
        self.number += 1
        return Line(text, self.number, 100 * self.number, end)

    def feed(self, *texts: str) -> Placed:
        placed: Placed = []
        for text in texts:
            placed += self.timeline.place(self.line(text), self.format.parse(text))
        return placed

    def preview(self, text: str) -> Print | None:
        return self.timeline.preview(self.line(text, "open"), self.format.parse(text))


def read(name: str, *texts: str) -> Placed:
    log = Log(name)
    return log.feed(*texts) + log.timeline.flush()


def prints(placed: Sequence[Print | Event]) -> list[Print]:
    return [item for item in placed if isinstance(item, Print)]


def places(placed: Sequence[Print | Event]) -> list[tuple[int, int, str, int | None]]:
    """Run, ordinal and label of the epoch, and step."""
    return [(p.run, p.epoch, p.label, p.step) for p in prints(placed)]


def imagenet(epoch: int, step: int, steps: int = 90) -> str:
    return f"Epoch: [{epoch}][{step:2d}/{steps}]\tTime  0.1 ( 0.1)\tLoss 2.3184e+00 (2.3184e+00)"


def timm(epoch: int, step: int) -> str:
    return f"Train: {epoch} [{step:4d}/90 ( 12%)]  Loss: 2.23 (2.27)  Time: 0.001s"


# --- epochs and runs ---------------------------------------------------------------------------


def test_epochs_are_those_the_lines_name() -> None:
    placed = read("averagemeter", *(imagenet(e, k) for e in (0, 1) for k in (1, 11, 21)))
    assert places(placed) == [(1, e + 1, str(e), k) for e in (0, 1) for k in (1, 11, 21)]
    assert {p.steps for p in prints(placed)} == {90}
    assert {p.unit for p in prints(placed)} == {"batch"}


def test_a_log_that_counts_batches_from_0_says_so_where_an_epoch_begins() -> None:
    steps = (0, 10, 89)
    placed = read("averagemeter", *(imagenet(e, k) for e in (0, 1) for k in steps))
    assert [p.step for p in prints(placed)] == [1, 11, 90, 1, 11, 90]
    assert [p.final for p in prints(placed)] == [False, False, True] * 2


def test_samples_are_counted_as_the_log_does() -> None:
    """0 samples have been seen before the first batch; the epochs after it begin there too."""
    lines = [
        f"Train Epoch: {epoch} [{step}/60000 (1%)]\tLoss: 0.281234"
        for epoch in (1, 2)
        for step in (0, 640, 1280)
    ]
    assert [step for *_, step in places(read("mnist", *lines))] == [0, 640, 1280] * 2


def mnist(step: int, percent: int, epoch: int = 1, of: int = 9000) -> str:
    return f"Train Epoch: {epoch} [{step}/{of} ({percent}%)]\tLoss: 0.281234"


def test_a_short_last_batch_stands_where_the_batches_before_say() -> None:
    """It is shown with as many samples as if all had been as short: 140 batches of 40."""
    epoch = [mnist(640 * n, round(100 * 10 * n / 141)) for n in range(14)]
    placed = read("mnist", *epoch, mnist(5600, 99), mnist(0, 0, 2), mnist(640, 7, 2))
    steps = [640 * n for n in range(15)]
    assert places(placed) == [(1, 1, "1", step) for step in steps] + [
        (1, 2, "2", 0),
        (1, 2, "2", 640),
    ]
    unknown = read("mnist", mnist(512, 0), mnist(80, 99, of=600))
    assert [step for *_, step in places(unknown)] == [512, None]


def test_samples_of_one_of_several_processes_are_counted_as_the_log_does() -> None:
    lines = [mnist(n, percent, of=60000) for n, percent in ((0, 0), (640, 9), (1280, 17))]
    assert [step for *_, step in places(read("mnist", *lines))] == [0, 640, 1280]


def test_a_program_that_was_started_again_is_a_new_run() -> None:
    placed = read("averagemeter", imagenet(0, 1), imagenet(0, 11), imagenet(0, 1), imagenet(1, 1))
    assert places(placed) == [(1, 1, "0", 1), (1, 1, "0", 11), (2, 1, "0", 1), (2, 2, "1", 1)]
    placed = read("averagemeter", imagenet(4, 1), imagenet(5, 1), imagenet(0, 1))
    assert places(placed)[-1] == (2, 1, "0", 1)


def test_an_epoch_that_begins_again_later_in_a_run_is_resumed() -> None:
    placed = read("averagemeter", imagenet(0, 81), imagenet(1, 41), imagenet(1, 1), imagenet(1, 11))
    assert places(placed) == [(1, 1, "0", 81), (1, 2, "1", 41), (1, 3, "1", 1), (1, 3, "1", 11)]
    assert [item.kind for item in placed if isinstance(item, Event)] == ["resumed"]


def test_the_same_step_from_another_process_is_no_news() -> None:
    placed = read("averagemeter", imagenet(0, 1), imagenet(0, 1), imagenet(0, 11), imagenet(0, 11))
    assert [p.step for p in prints(placed)] == [1, 11]


def test_the_last_batch_ends_the_epoch() -> None:
    placed = read("averagemeter", timm(0, 80), timm(0, 89), timm(1, 0))
    assert [p.final for p in prints(placed)] == [False, True, False]


def test_a_replaced_source_is_a_new_run() -> None:
    log = Log("averagemeter")
    log.feed(imagenet(0, 1), imagenet(0, 11))
    log.timeline.restart()
    assert places(log.feed(imagenet(0, 21))) == [(2, 1, "0", 21)]


# --- validation --------------------------------------------------------------------------------


def test_a_summary_is_the_end_of_its_epoch() -> None:
    lines = (
        imagenet(0, 81),
        "Test: [ 1/23]\tLoss 2.5e-01 (2.5e-01)",
        " * Acc@1 93.056 Acc@5 99.444",
    )
    placed = read("averagemeter", *lines, imagenet(1, 1))
    assert places(placed) == [(1, 1, "0", 81), (1, 1, "0", None), (1, 2, "1", 1)]
    summary = prints(placed)[1]
    assert (summary.final, summary.steps, summary.unit) == (True, 90, "batch")
    assert [r.metric for r in summary.readings] == ["val_Acc@1", "val_Acc@5"]


def test_the_same_validation_of_another_logger_is_no_news() -> None:
    line = "mmseg - INFO - Iter(val) [357]\tmIoU: 0.0030, mAcc: 0.0449"
    train = "mmseg - INFO - Iter [{}/160000]\tlr: 1.978e-03, eta: 1:00:00, time: 0.6, loss: 1.2000"
    texts = (train.format(50), line, f"INFO:{line}", train.format(100), line)
    placed = read("mmengine", *texts)
    assert [p.step for p in prints(placed)] == [50, 50, 100, 100]
    assert not any(p.final for p in prints(placed))


def scalars(step: int, epoch: int | None = None) -> str:
    number = "" if epoch is None else f'"epoch": {epoch}, '
    return (
        f'{{"lr": 0.05, "data_time": 0.001, "loss": 2.125, "acc": 43.75, "time": 0.003, {number}'
        f'"iter": {step}, "step": {step}}}'
    )


def of_validation(step: int) -> str:
    return f'{{"accuracy": 90.25, "data_time": 0.001, "time": 0.002, "step": {step}}}'


def test_a_validation_among_scalars_is_of_an_epoch_or_of_a_step() -> None:
    texts = (scalars(10, 1), scalars(20, 1), of_validation(1), scalars(30, 2), of_validation(2))
    placed = read("mmengine", *texts)
    assert places(placed) == [
        *[(1, 1, "1", 10), (1, 1, "1", 20), (1, 1, "1", 20), (1, 2, "2", 30), (1, 2, "2", 30)]
    ]
    assert [r.law for r in prints(placed)[0].readings] == [
        *["instantaneous", "sliding-10", "instantaneous"]
    ]
    assert [(r.metric, r.law) for r in prints(placed)[2].readings] == [("val_accuracy", "epoch")]
    placed = read("mmengine", scalars(50), scalars(100), of_validation(100), scalars(150))
    assert places(placed) == [(1, 1, "", 50), (1, 1, "", 100), (1, 1, "", 100), (1, 1, "", 150)]


def test_other_objects_are_no_scalars() -> None:
    for text in (
        '{"data_time": 0.1, "time": 0.2, "step": 3}',
        '{"loss": 0.5, "step": 3}',
        '{"a": 1}',
    ):
        assert by_name("mmengine").parse(text) == ()


def test_a_validation_before_the_first_iteration() -> None:
    texts = ("step 0: train loss 4.2874, val loss 4.2823", "iter 0: loss 4.2654, time 51.25ms")
    assert places(read("nanogpt", *texts)) == [(1, 1, "", 0), (1, 1, "", 1)]
    again = read("nanogpt", *texts, "iter 10: loss 3.5000, time 5.25ms", *texts)
    assert places(again)[-2:] == [(2, 1, "", 0), (2, 1, "", 1)]


# --- settings ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("window", "law"), [(10, "sliding-10"), (20, "sliding-20"), (7, "sliding-7")]
)
def test_settings_tell_the_law_of_what_is_smoothed(window: int, law: str) -> None:
    texts = (
        f"log_processor = dict(by_epoch=True, type='LogProcessor', window_size={window})",
        "Epoch(train)  [1][50/90]  lr: 2.0000e-02  eta: 0:00:01  time: 0.1000  data_time: 0.0100  "
        "loss: 1.2500  acc: 50.0000",
    )
    (only,) = prints(read("mmengine", *texts))
    assert {r.metric: r.law for r in only.readings} == {
        "lr": "instantaneous", "loss": law, "acc": "instantaneous",
    }  # fmt: skip


# --- logs of one epoch -------------------------------------------------------------------------


def darknet(step: int) -> str:
    return f"{step}: 1.234567, 1.345678 avg, 0.001000 rate, 0.500000 seconds, {64 * step} images"


def test_a_log_of_iterations_is_one_epoch() -> None:
    log = Log("darknet")
    assert places(log.feed(darknet(1), darknet(2), darknet(3))) == [
        (1, 1, "", k) for k in (1, 2, 3)
    ]
    assert not log.timeline.ended
    assert places(log.feed(darknet(1))) == [(2, 1, "", 1)]


def megatron(step: int) -> str:
    return f" iteration {step:8d}/     100 | consumed samples: 160 | lm loss: 2.279972E+00 |"


def test_the_last_iteration_ends_the_training() -> None:
    log = Log("megatron")
    assert [p.final for p in prints(log.feed(megatron(50)))] == [False]
    assert not log.timeline.ended
    assert [p.final for p in prints(log.feed(megatron(100)))] == [True]
    assert log.timeline.ended


def test_a_crash_is_reported() -> None:
    log = Log("megatron")
    log.feed(megatron(50))
    placed = log.feed(
        "Traceback (most recent call last):", '  File "a.py", line 1', "ValueError: no", "later"
    )
    assert [item.text for item in placed if isinstance(item, Event)] == [
        "Traceback: ValueError: no"
    ]
    assert log.timeline.ended
    log.feed(megatron(60))
    assert not log.timeline.ended


# --- bars --------------------------------------------------------------------------------------


def fastai(epoch: int, shown: int, steps: int = 80, of: int = 2) -> str:
    return f"Epoch {epoch}/{of} : |███-----| 12.34% [{shown}/{steps} 00:01<00:02... 1.2345]"


HEAD = "epoch     train_loss  valid_loss  accuracy  time"


def row(epoch: int) -> str:
    return f"{epoch}         1.234567    1.345678    0.512000  01:23"


@pytest.mark.parametrize("validated", [6, 80, 200])
def test_validation_draws_the_same_bar(validated: int) -> None:
    texts = [HEAD]
    for epoch in (1, 2):
        texts += [fastai(epoch, shown) for shown in (2, 40, 80)]
        texts += [fastai(epoch, shown, validated) for shown in (2, validated)]
        texts += [row(epoch - 1)]
    log = Log("fastai")
    placed = log.feed(*texts)
    expected = [(1, e, str(e), k) for e in (1, 2) for k in (1, 39, 79, 80)]
    assert places(placed) == expected
    assert [p.final for p in prints(placed)] == [False, False, False, True] * 2
    last = prints(placed)[-1]
    assert [r.metric for r in last.readings] == ["train_loss", "valid_loss", "val_accuracy"]
    assert [r.law for r in last.readings] == ["debiased-0.98", "epoch", "epoch"]
    assert log.timeline.ended


def test_the_head_of_a_table_begins_a_fit() -> None:
    fit = (HEAD, fastai(1, 2, of=1), row(0))
    placed = read("fastai", *fit, *fit)
    assert places(placed) == [(n, 1, "1", k) for n in (1, 2) for k in (1, 80)]


def test_a_table_without_bars_has_an_epoch_a_row() -> None:
    placed = read("fastai", HEAD, row(0), row(1), HEAD, row(0))
    assert places(placed) == [(1, 1, "0", None), (1, 2, "1", None), (2, 1, "0", None)]
    assert {p.unit for p in prints(placed)} == {"epoch"}
    assert {r.law for p in prints(placed) for r in p.readings} == {"epoch"}


def test_a_table_whose_head_is_cut_off_shows_its_losses() -> None:
    (only,) = prints(read("fastai", row(3)))
    assert [(r.metric, r.displayed) for r in only.readings] == [
        *[("train_loss", 1.234567), ("valid_loss", 1.345678)]
    ]


def ignite(epoch: int, step: int, loss: str) -> str:
    return f"Epoch [{epoch}/2]: [{step}/4]  25%|███     , loss={loss} [00:00<00:01]"


def test_of_a_bar_that_is_drawn_again_the_first_state_counts() -> None:
    texts = [
        *(ignite(1, 1, "2"), ignite(1, 1, "2"), ignite(1, 1, "1.5")),  # 1.5 is of batch 2
        *(ignite(1, 2, "1.5"), ignite(1, 2, "1.25"), ignite(1, 3, "1.25"), ignite(1, 4, "1.1")),
        *(ignite(2, 1, "1"), ignite(2, 1, "0.9")),
    ]
    placed = read("ignite", *texts)
    shown = [(p.epoch, p.step, p.readings[0].displayed) for p in prints(placed)]
    assert shown == [(1, 1, 2.0), (1, 2, 1.5), (1, 3, 1.25), (1, 4, 1.1), (2, 1, 1.0)]


def test_the_best_round_is_shown_again() -> None:
    rounds = [f"[{k}]\ttraining's l2: 0.5\tvalid_1's l2: 0.25" for k in (5, 10, 15)]
    no_stop = "Did not meet early stopping. Best iteration is:"
    placed = read("boosting", *rounds, no_stop, rounds[1], *rounds)
    assert places(placed) == [(n, 1, "", k) for n in (1, 2) for k in (5, 10, 15)]
    rounds_of_r = read("boosting", *(f"[{k}]\ttest-rmse:0.654021 " for k in (1, 6, 11)))
    assert [p.step for p in prints(rounds_of_r)] == [1, 6, 11]
    assert {p.unit for p in prints(placed)} == {"round"}
    log = Log("boosting")
    placed = log.feed(*rounds, "Early stopping, best iteration is:", rounds[0])
    assert [p.step for p in prints(placed)] == [5, 10, 15]
    assert [item.kind for item in placed if isinstance(item, Event)] == ["early-stopping"]
    assert log.timeline.ended


def test_rounds_of_an_evaluation_set_alone() -> None:
    texts = [f"[{k}]\teval-rmse:0.12345" for k in (0, 1, 2)]
    assert places(read("boosting", *texts, *texts[:2])) == [
        *[(1, 1, "", k) for k in (1, 2, 3)],
        *[(2, 1, "", k) for k in (1, 2)],
    ]


def paddle(step: int, steps: int) -> str:
    return f"step {step:2d}/{steps} - loss: 1.2345 - acc: 0.6250 - 12ms/step"


@pytest.mark.parametrize("validated", [12, 45, 90])
def test_an_evaluation_has_no_header(validated: int) -> None:
    evaluation = [paddle(k, validated) for k in (1, validated)]
    texts = [f"Epoch {e}/2" for e in (1, 2)]
    log = Log("paddle")
    placed: Placed = []
    for header in texts:
        placed += log.feed(
            header, *(paddle(k, 45) for k in (1, 20, 45)), "Eval begin...", *evaluation
        )
    assert places(placed) == [(1, e, str(e), k) for e in (1, 2) for k in (1, 20, 45)]
    assert log.timeline.ended


def test_a_validation_score_is_of_the_epoch_before_it() -> None:
    texts = [f"Iteration {k}, loss = 0.12345678" for k in (1, 2)]
    score = "Validation score: 0.912500"
    stop = "Validation score did not improve more than tol=0.000100 for 10 epochs. Stopping."
    log = Log("sklearn")
    placed = log.feed(texts[0], score, texts[1], score, stop)
    assert places(placed) == [(1, e, str(e), None) for e in (1, 1, 2, 2)]
    assert log.timeline.ended


# --- prints without a step ---------------------------------------------------------------------


def loss(done: float, value: str = "1.2500") -> str:
    return f"{{'loss': {value}, 'learning_rate': 2e-05, 'epoch': {done}}}"


def evaluation(done: float) -> str:
    return f"{{'eval_loss': 0.75, 'eval_runtime': 1.5, 'epoch': {done}}}"


def tqdm(step: int, steps: int = 40) -> str:
    return f" 12%|█▏        | {step}/{steps} [00:03<00:01, 243.09it/s]"


def test_the_bar_after_a_print_shows_its_step() -> None:
    log = Log("huggingface")
    assert log.feed(tqdm(0), loss(0.5)) == []
    (first,) = prints(log.feed(tqdm(10)))
    assert (first.step, first.steps, first.unit, first.elapsed) == (10, 40, "batch", 3.0)
    assert log.feed(tqdm(15), loss(1.0)) == []
    assert [p.step for p in prints(log.feed(tqdm(20)))] == [20]


def test_an_unfinished_bar_completes_the_print_before_it() -> None:
    log = Log("huggingface")
    log.feed(tqdm(0), loss(0.5))
    seen = log.preview(tqdm(10))
    assert seen is not None
    assert seen.step == 10
    assert prints(log.feed(tqdm(10))) == [seen._replace(redrawn=False)]
    assert log.preview(tqdm(11)) is None


def test_the_bar_of_an_evaluation_is_not_the_trainings() -> None:
    placed = read(
        "huggingface",
        *(
            tqdm(0),
            loss(0.5),
            tqdm(20),
            tqdm(0, 7),
            tqdm(7, 7),
            evaluation(0.5),
            tqdm(7, 7),
            tqdm(20),
        ),
        *(loss(1.0), tqdm(40), evaluation(1.0), tqdm(40)),
    )
    assert [(p.step, p.final) for p in prints(placed)] == [
        *[(20, False), (20, False), (40, True), (40, False)]
    ]


def test_a_training_ends_with_its_bar() -> None:
    log = Log("huggingface")
    log.feed(tqdm(0), loss(0.5), tqdm(20))
    assert not log.timeline.ended
    log.feed(loss(1.0), tqdm(40))
    assert log.timeline.ended


def test_where_no_bar_is_drawn_the_prints_are_counted() -> None:
    placed = read("huggingface", loss(0.5), loss(1.0), evaluation(1.0), loss(1.5))
    assert [(p.step, p.steps, p.unit) for p in prints(placed)] == [
        *[(1, None, "round"), (2, None, "round"), (2, None, "round"), (3, None, "round")]
    ]


def test_a_print_whose_bar_never_comes_has_no_step() -> None:
    log = Log("huggingface")
    log.feed(tqdm(0), loss(0.5))
    assert [p.step for p in prints(log.feed(loss(1.0)))] == [None]
    assert [p.step for p in prints(log.timeline.flush())] == [None]


def test_epochs_that_start_over_are_a_new_run() -> None:
    with_bar = read("huggingface", tqdm(0), loss(1.5), tqdm(30), tqdm(0, 8), loss(0.5), tqdm(4, 8))
    assert places(with_bar) == [(1, 1, "", 30), (2, 1, "", 4)]
    without = read("huggingface", loss(1.5), loss(2.0), loss(0.5))
    assert places(without) == [(1, 1, "", 1), (1, 1, "", 2), (2, 1, "", 1)]


def test_an_unfinished_line_is_placed_as_it_would_be() -> None:
    log = Log("huggingface")
    log.feed(tqdm(0))
    seen = log.preview(loss(0.5))
    assert seen is not None
    assert seen.readings[0].displayed == 1.25
    assert log.timeline.flush() == []
    other = Log("averagemeter")
    seen = other.preview(imagenet(0, 11))
    assert seen is not None
    assert (seen.step, seen.redrawn) == (11, None)
