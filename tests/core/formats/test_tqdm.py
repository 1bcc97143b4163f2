"""tqdm's bars: their grammar, the batch of each number, and real logs to the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import pairwise
from math import inf, isnan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.formats.test_frameworks import CORPUS, SLACK, Truth, windows
from tui_monitor.core.formats.detect import detect
from tui_monitor.core.formats.tqdm import TqdmFormat, announced
from tui_monitor.core.lines.text import LineReader
from tui_monitor.core.placing.timeline import Timeline
from tui_monitor.core.records import Estimate, Line, Print, Progress, Reading
from tui_monitor.core.session import Session

parse = TqdmFormat().parse
bounded = settings(max_examples=150, derandomize=True)


def only(text: str) -> Progress:
    (item,) = parse(text)
    assert isinstance(item, Progress)
    return item


# --- grammar -------------------------------------------------------------------------------------


def test_a_bar_and_the_numbers_beside_it() -> None:
    item = only(
        "Epoch 1/4:  12%|█▏   | 11/90 [00:02<01:01, 50.05it/s, acc=93.47%, loss=2.27, lr=0.05]"
    )
    assert (item.step, item.steps, item.epoch, item.epochs, item.unit) == (11, 90, 1, 4, "batch")
    assert (item.eta, item.elapsed, item.bar) == (61.0, 2.0, "Epoch #/#")
    assert item.readings == (
        Reading("acc", 93.47, 0.01, "open"),
        Reading("loss", 2.27, 0.01, "open"),
        Reading("lr", 0.05, 0.01, "instantaneous"),
    )


@pytest.mark.parametrize(
    ("description", "epoch", "epochs", "bar"),
    [
        ("Epoch 3: ", 3, None, "Epoch #"),
        ("Epoch [3/10]: ", 3, 10, "Epoch [#/#]"),
        ("Train epoch 3 of 10: ", 3, 10, "Train epoch # of #"),
        ("[3/10]: ", 3, 10, "[#/#]"),
        ("fold 2: ", None, None, "fold #"),
        ("Epoch 3 loss: 0.5123: ", 3, None, "Epoch #"),
        ("", None, None, ""),
    ],
)
def test_a_description_names_the_epoch(
    description: str, epoch: int | None, epochs: int | None, bar: str
) -> None:
    item = only(f"{description} 50%|##5  | 1/2 [00:00<?, ?it/s, loss=0.5]")
    assert (item.epoch, item.epochs, item.bar) == (epoch, epochs, bar)


def test_names_of_two_words_in_a_description_where_one_is_not_enough() -> None:
    told = (
        "Step: 9. Epoch: 4/5. Iteration: 2/7. Cls loss: 0.0425. Reg loss: 0.0125. Total loss: 0.055"
    )
    item = only(f"{told}:  14%|#4   | 1/7 [00:01<00:06,  1.23s/it]")
    assert [(each.metric, each.displayed) for each in item.readings] == [
        *[("Cls_loss", 0.0425), ("Reg_loss", 0.0125), ("Total_loss", 0.055)]
    ]
    (loss,) = only("Epoch 3 Train loss: 0.5:  14%|#4   | 1/7 [00:01<00:06,  1.23s/it]").readings
    assert loss.metric == "loss"


def test_numbers_in_a_description_and_as_a_string() -> None:
    item = only("Epoch 1 loss: 0.5123 acc 93.1%:  50%|█ | 1/2 [00:00<00:00,  1.10s/it, f1: 0.25]")
    assert [(r.metric, r.displayed, r.quantum) for r in item.readings] == [
        ("loss", 0.5123, 1e-4),
        ("acc", 93.1, 0.1),
        ("f1", 0.25, 0.01),
    ]


def test_a_bar_without_a_total() -> None:
    item = only("Epoch 2: 12it [00:01, 11.52it/s, loss=0.52]")
    assert (item.step, item.steps, item.epoch, len(item.readings)) == (12, None, 2, 1)


def test_a_bar_that_a_notebook_has_lost() -> None:
    item = only("Epoch 2: 100% 15/15 [00:04<00:00,  3.46it/s, loss=0.25]")
    assert (item.step, item.steps, item.epoch, len(item.readings)) == (15, 15, 2, 1)


def test_dashes_between_names_and_numbers() -> None:
    item = only("train:  10%|█ | 7/70 [00:04<00:40, 1.5it/s, dice_loss - 0.5, iou_score - 0.125]")
    assert [(each.metric, each.displayed) for each in item.readings] == [
        *[("dice_loss", 0.5), ("iou_score", 0.125)]
    ]


@pytest.mark.parametrize(("told", "epochs"), [("2", None), ("2/9", 9)])
def test_an_epoch_among_the_fields(told: str, epochs: int | None) -> None:
    item = only(f"   45it [00:01, 37.60it/s, avg_epoch_loss=4.5, epoch={told}]")
    assert (item.step, item.epoch, item.epochs) == (45, 2, epochs)
    assert [each.metric for each in item.readings] == ["avg_epoch_loss"]


def test_fields_within_a_field() -> None:
    item = only(
        "epoch 1: 100%|███| 15/15 [00:01<00:00, 13.88it/s, loss=0.471, "
        "metrics={'acc': 0.7946, 'f1': 0.5}]"
    )
    assert [(each.metric, each.displayed) for each in item.readings] == [
        *[("loss", 0.471), ("acc", 0.7946), ("f1", 0.5)]
    ]


def test_what_the_names_of_lightning_tell() -> None:
    item = only(
        "Epoch 0:   4%|▍| 2/45 [00:00<00:01, 9it/s, v_num=0, a_step=2.310, acc=0.0625, a_epoch=1.000]"
    )
    assert item.readings == (
        Reading("a_step", 2.31, 0.01, "instantaneous"),
        Reading("acc", 0.0625, 1e-4, "open"),
        Reading("a_epoch", 1.0, 0.01, "epoch"),
    )


def test_numbers_filled_up_with_zeros_are_of_lightning_though_no_name_says_so() -> None:
    bar = "{}:   4%|▍| 2/45 [00:00<00:01, 9.00it/s, {}]"
    item = only(bar.format("Epoch 0", "train_loss=2.310, acc=0.0625"))
    assert [each.quantum for each in item.readings] == [0.01, 1e-4]
    for description, fields in {
        "Epoch 0": "train_loss=2.310, acc=0.06251",
        "epoch 0": "train_loss=2.310, acc=0.0625",
        "Epoch 1": "train_loss=2.310, acc=0.5",
    }.items():
        assert only(bar.format(description, fields)).readings[0].quantum == 1e-3


def test_the_mean_that_lightning_1_shows() -> None:
    bar = "Epoch 0:  22%|██▏  | 4/18 [00:17<01:02,  4.47s/it, {}]"
    item = only(bar.format("loss=9.926, v_num=15, acc=0.250"))
    assert item.readings == (
        Reading("loss", 9.926, 1e-3, "sliding-20"),
        Reading("acc", 0.25, 1e-3, "open"),
    )
    item = only(bar.format("loss=0.5, v_num=15"))
    assert item.readings == (Reading("loss", 0.5, 1e-3, "sliding-20"),)
    assert only(bar.format("v_num=15, loss=0.520")).readings == (
        Reading("loss", 0.52, 1e-3, "open"),
    )


def test_what_is_no_number_of_the_training_is_left_out() -> None:
    item = only(
        "  1%| | 1/90 [00:00<00:01, 1it/s, loss=nan, step=3, gpu=3.2G, t=tensor(0.5), time=0.2, n/a]"
    )
    (reading,) = item.readings
    assert reading.metric == "loss"
    assert isnan(reading.displayed)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " 12%|█▏        | 45/360 [00:00<00:01, 243.09it/s]",
        "  0%|          | 0/? [00:00<?, ?it/s]",
        "Epoch 1:  12%|█▏  | 1.2k/9.6k [00:00<00:01, 50.05it/s, loss=0.5]",
        "Epoch 1:  12%|█▏  | 11/90 [00:00<00:01, 50.05it/s, loss=0.",
        "Epoch [1/3]: [8/90]   9%|██▎    , loss=2.31 [00:00<00:01]",
        "Epoch 1/4 : |███-----| 21.35% [19/89 00:00<00:01... 2.2881]",
        " 1/3  0G  2.311  16  640: 5% ╸─── 5/90 13.6it/s 0.2s<6.3s",
        "45/90 [=====>....] - ETA: 1s - loss: 0.5",
        "2512it [00:01, 1754.67it/s]",
    ],
)
def test_what_shows_no_numbers_beside_a_bar_is_left(text: str) -> None:
    assert parse(text) == ()


@given(st.text(max_size=80))
@bounded
def test_no_text_is_too_much(text: str) -> None:
    for each in (text, f"{text}: 5%|{text}| 4/9 [00:01<00:02, 1it/s, {text}]", f"{text}=1, " * 50):
        for item in parse(each):
            assert isinstance(item, Progress)
        announced(each)


@pytest.mark.parametrize("piece", ["%|", "a: ", "a 0.5 ", ", a=1", "1it [", "| 1/2 [", "_", "- "])
def test_no_repetition_takes_long(piece: str) -> None:
    text = piece * (60_000 // len(piece))
    for each in (text, f"{text}: 5%|{text}| 4/9 [00:01<00:02, 1it/s, {text}]"):
        parse(each)
        announced(each)


def test_lines_that_announce_epochs() -> None:
    assert announced("Epoch 3/10") == (3, 10)
    assert announced("----- Epoch: 3 -----") == (3, None)
    assert announced("Epoch 3/10 loss 0.5") is None


# --- the batch of each number --------------------------------------------------------------------


class Bar:
    """Draws frames as tqdm does. The number of a batch is its own: epoch + batch / 1000."""

    def __init__(
        self, epoch: int, total: int, name: str = "Epoch {}/9", *, own: bool = False
    ) -> None:
        self.name, self.epoch, self.total = name.format(epoch), epoch, total
        self.n, self.shown = 0, ""
        self.texts: list[str] = []
        if not own:
            self.draw()

    def draw(self) -> None:
        name = f"{self.name}: " if self.name else ""
        share = 100 * self.n // self.total
        self.texts.append(
            f"{name}{share:3d}%|## | {self.n}/{self.total} [00:01<00:09, 9.1it/s{self.shown}]"
        )

    def set(self, k: int, *, refresh: bool = True) -> None:
        self.shown = f", loss={self.epoch + k / 1000:.4f}"
        if refresh:
            self.draw()

    def move(self, n: int, *, draw: bool = True) -> None:
        self.n = n
        if draw:
            self.draw()


def looped(epoch: int, total: int, moves: Iterable[int], every: int = 1, first: int = 1) -> Bar:
    """A `for` over the bar that sets numbers; the bar is drawn as it moves now and then."""
    bar, drawn = Bar(epoch, total), set(moves)
    for k in range(1, total + 1):
        if k % every == first % every:
            bar.set(k)
        if k in drawn or k == total:
            bar.move(k)
    bar.draw()
    return bar


def placed(texts: Iterable[str]) -> list[Print]:
    timeline = Timeline()
    found: list[object] = []
    for number, text in enumerate(texts, start=1):
        found += timeline.place(Line(text, number, 10 * number, "redraw"), parse(text))
    found += timeline.flush()
    return [each for each in found if isinstance(each, Print)]


def batches(prints: Iterable[Print]) -> list[tuple[int, int | None]]:
    """Epoch and step of each print, of which the numbers tell whether they are right."""
    found = []
    for p in prints:
        assert p.readings[0].displayed == pytest.approx(int(p.label) + (p.step or 0) / 1000)
        found.append((int(p.label), p.step))
    return found


def every(epochs: int, steps: Iterable[int]) -> list[tuple[int, int]]:
    return [(epoch, k) for epoch in range(1, epochs + 1) for k in steps]


subsets = st.sets(st.integers(1, 40), min_size=4)


@given(st.lists(subsets, min_size=2, max_size=3), st.booleans())
@bounded
def test_each_batch_of_a_loop_has_its_number(moves: list[set[int]], leaves: bool) -> None:
    texts: list[str] = []
    for epoch, drawn in enumerate(moves, start=1):
        texts += looped(epoch, 40, drawn).texts[: None if leaves else -2]
    prints = placed(texts)
    assert batches(prints) == every(len(moves), range(1, 41))
    assert [p.step for p in prints if p.final] == [40] * len(moves)


@given(st.lists(subsets, min_size=1, max_size=3))
@bounded
def test_numbers_set_before_or_after_the_bar_moves(moves: list[set[int]]) -> None:
    before: list[str] = []
    after: list[str] = []
    lazy: list[str] = []
    for epoch, drawn in enumerate(moves, start=1):
        first, second, third = (Bar(epoch, 40) for _ in range(3))
        for k in range(1, 41):
            first.set(k)
            first.move(k, draw=k in drawn or k == 40)
            second.move(k, draw=k in drawn)
            second.set(k)
            third.set(k, refresh=False)
            third.move(k, draw=k in drawn)
        before += first.texts
        after += second.texts
        lazy += third.texts
    assert batches(placed(before)) == every(len(moves), range(1, 41))
    assert batches(placed(after)) == every(len(moves), range(1, 41))
    drawn_at = [(epoch, k) for epoch, drawn in enumerate(moves, 1) for k in sorted(drawn)]
    assert batches(placed(lazy)) == drawn_at


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("spacing", [3, 7, 10])
@pytest.mark.parametrize("moves", [6, 7, 1])
def test_numbers_set_every_few_batches(first: int, spacing: int, moves: int) -> None:
    def drawn(epoch: int) -> list[int]:
        return [k for k in range(1, 301) if (k + epoch + k // 37) % moves == 0]

    texts = [t for e in (1, 2, 3) for t in looped(e, 300, drawn(e), spacing, first).texts]
    found = batches(placed(texts))
    due = every(3, [k for k in range(1, 301) if k % spacing == first])
    assert set(found) <= set(due)
    assert found[-1] == due[-1]
    assert len(found) > len(due) * 0.6


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("spacing", [4, 7, 10])
@pytest.mark.parametrize("moves", [3, 6, 1])
def test_numbers_set_every_few_batches_by_the_program_that_moves_the_bar(
    before: bool, spacing: int, moves: int
) -> None:
    texts: list[str] = []
    for epoch in (1, 2):
        bar = Bar(epoch, 200)
        for k in range(1, 201):
            due, drawn = k % spacing == 0, k % moves == 0
            if due and before:
                bar.set(k)
            bar.move(k, draw=drawn)
            if due and not before:
                bar.set(k)
        texts += bar.texts
    assert batches(placed(texts)) == every(2, range(spacing, 201, spacing))


def test_a_bar_that_counts_samples() -> None:
    for before in (True, False):
        texts: list[str] = []
        for epoch in (1, 2):
            bar = Bar(epoch, 637)
            for k in range(1, 11):
                done = min(64 * k, 637)
                if before:
                    bar.set(done)
                bar.move(done, draw=k % 3 == 0)
                if not before:
                    bar.set(done)
            texts += bar.texts
        assert batches(placed(texts)) == every(2, [*range(64, 640, 64), 637])


def test_a_number_set_twice_a_batch_is_a_row_once() -> None:
    texts: list[str] = []
    for epoch in (1, 2):
        bar = Bar(epoch, 40)
        for k in range(1, 41):
            bar.draw()
            bar.set(k)
            if k % 6 == 0:
                bar.move(k)
        texts += bar.texts
    found = batches(placed(t for t in texts))
    assert set(found) <= set(every(2, range(1, 41)))
    assert len(found) > 70


def test_numbers_that_stay_the_same_are_of_batches_of_their_own() -> None:
    bar = Bar(1, 30)
    for k in range(1, 31):
        bar.shown = ", loss=0.5"
        bar.draw()
        if k % 4 == 0 or k == 30:
            bar.move(k)
    prints = placed(bar.texts)
    assert [p.step for p in prints] == [*range(1, 31)]


def test_a_bar_drawn_again_below_a_message_is_no_batch() -> None:
    bar = Bar(1, 40)
    for k in range(1, 41):
        bar.set(k)
        if k % 10 == 0:
            bar.texts.append(f"saved after {k}")
            bar.draw()
        if k % 7 == 0 or k == 40:
            bar.move(k)
    assert batches(placed(bar.texts)) == every(1, range(1, 41))


def test_a_log_that_begins_inside_an_epoch() -> None:
    moves = range(6, 40, 6)
    texts = [t for epoch in (1, 2, 3) for t in looped(epoch, 40, moves).texts]
    inside = next(at for at, text in enumerate(texts) if " 18/40" in text) + 3
    found = batches(placed(texts[inside:]))
    assert found[-80:] == [(epoch, k) for epoch in (2, 3) for k in range(1, 41)]
    assert found[0] == (1, 25)  # beside 18 some are missing


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["", "a", "val", "Epoch 1", "Epoch 2"]),
            st.integers(0, 6),
            st.sampled_from(["", ", x=1", ", x=2", ", x=2.5, val_y=3", "\nEpoch 2", "\nsaved"]),
        ),
        max_size=60,
    )
)
@bounded
def test_no_order_of_frames_is_too_much(states: list[tuple[str, int, str]]) -> None:
    texts = []
    for name, n, shown in states:
        numbers, _, other = shown.partition("\n")
        texts.append(f"{name}:  5%|## | {n}/6 [00:01<00:09, 9.1it/s{numbers}]")
        texts += [other] * bool(other)
    prints = [p for p in placed(texts) if p.readings[0].metric == "x"]
    places = [(p.run, p.epoch, p.step) for p in prints]
    assert len(set(places)) == len(places)
    assert all(p.step is not None and 1 <= p.step <= 6 for p in prints)


# --- which bar, which epoch ----------------------------------------------------------------------


def trained(bar: Bar, total: int) -> list[str]:
    for k in range(1, total + 1):
        bar.set(k)
        if k % 4 == 0 or k == total:
            bar.move(k)
    return bar.texts


@pytest.mark.parametrize(
    ("train", "val"), [("Epoch {}", "Validation"), ("", ""), ("Epoch {}", "Epoch {}")]
)
def test_a_validation_is_no_part_of_the_training(train: str, val: str) -> None:
    texts: list[str] = []
    for epoch in (1, 2, 3):
        texts += trained(Bar(epoch, 20, train, own=not train), 20)
        texts += trained(Bar(epoch, 8, val, own=not val), 8)
    prints = placed(texts)
    training = [p for p in prints if p.readings[0].metric == "loss"]
    assert batches(training) == every(3, range(1, 21))
    validation = [p for p in prints if p.readings[0].metric == "val_loss"]
    assert [(p.epoch, p.step, p.final) for p in validation] == [(e, 20, False) for e in (1, 2, 3)]
    assert [p.readings[0].displayed for p in validation] == pytest.approx([1.008, 2.008, 3.008])
    assert {p.readings[0].law for p in validation} == {"epoch"}


def test_epochs_that_lines_announce_or_nobody() -> None:
    texts: list[str] = []
    for epoch in (1, 2, 3):
        texts += [f"Epoch {epoch}/3", "-" * 20, *trained(Bar(epoch, 20, "", own=True), 20)]
    prints = placed(texts)
    assert batches(prints) == every(3, range(1, 21))
    assert {p.epochs for p in prints} == {3}
    unannounced = placed(text for text in texts if "%|" in text)
    assert batches(unannounced) == every(3, range(1, 21))
    assert {p.epochs for p in unannounced} == {None}


def test_epochs_that_are_announced_behind_a_bar_for_all_of_them() -> None:
    """A bar's newest state has no line's end: what is printed next stands behind it."""
    bar = Bar(0, 60, "")
    for k in range(1, 61):
        if k % 20 == 1:
            bar.texts[-1] += f"epoch {k // 20}"
        bar.move(k)
        bar.set(k)
    shown = [(p.label, p.step) for p in placed(bar.texts)]
    assert shown == [(str((k - 1) // 20), k) for k in range(1, 61)]


FULL = "Training: 100%|█████| 30/30 [00:{:02}<00:00, 9.5it/s, loss={:.3f}]"


def test_full_bars_alone_are_epochs() -> None:
    lines = []
    for epoch in (1, 2, 3):
        lines += [f"Epoch {epoch}/3", FULL.format(4, 0.5 / epoch)]
        lines += ["Validating: 100%|█████| 5/5 [00:01<00:00, 5.0it/s]", f"Epoch took {epoch} s"]
    assert shown(lines) == [(epoch, 30, "loss", round(0.5 / epoch, 3)) for epoch in (1, 2, 3)]


def test_a_full_bar_drawn_once_more_is_no_epoch() -> None:
    lines = ["Epoch 1/3", FULL.format(4, 0.5), "saved", FULL.format(4, 0.5), "Epoch 2/3"]
    assert shown(lines) == [(1, 30, "loss", 0.5)]
    assert shown([FULL.format(4, 0.5), FULL.format(4, 0.25)]) == [(1, 30, "loss", 0.5)]


def test_bars_without_a_total_that_tell_their_epochs() -> None:
    lengths = [45, 48, 44]
    lines = [f"{n}it [00:01, 37.6it/s, loss=0.{e}7, epoch={e}]" for e, n in enumerate(lengths)]
    assert shown(lines) == [(e + 1, n, "loss", float(f"0.{e}7")) for e, n in enumerate(lengths)]


def test_bars_without_a_total_alone() -> None:
    lines = []
    for epoch in range(3):
        lines += [
            f"epoch: {epoch}/9: : 910it [00:06, 139.33it/s, loss=0.{epoch}7]",
            f"eval psnr: 1{epoch}.5",
        ]
    assert shown(lines) == [
        each
        for epoch in range(3)
        for each in (
            (epoch + 1, 910, "loss", float(f"0.{epoch}7")),
            (epoch + 1, 910, "val_psnr", 10.5 + epoch),
        )
    ]


def test_what_is_written_below_a_bar() -> None:
    lines = []
    for epoch in range(2):
        lines += [f"Epoch {epoch + 1}/2", "Validation loss: 9.9"] if epoch == 0 else []
        lines += [FULL.format(4, 0.5 - epoch / 10), "  Average loss: 0.45", "Macro-F1: 0.75"]
        lines += [f"Epoch {epoch}: train_loss 0.45, train_acc 0.{epoch}5, val_loss: 0.{epoch}6"]
        lines += ["Validation loss: 0.1", "Best validation loss: 0.05"]
    assert shown(lines) == [
        *[(1, 30, "loss", 0.5), (1, 30, "train_acc", 0.05), (1, 30, "val_loss", 0.06)],
        *[(2, 30, "loss", 0.4), (2, 30, "train_acc", 0.15), (2, 30, "val_loss", 0.16)],
    ]


def shown(lines: Iterable[str]) -> list[tuple[int, int | None, str, float]]:
    session = Session()
    session.feed("".join(f"{line}\n" for line in lines).encode(), 0.0)
    session.finish()
    return [(row.epoch, row.step, row.metric, row.displayed) for row in session.rows()]


def test_evaluations_beside_a_bar_that_tell_their_step() -> None:
    bar = "Training progress:  {}%|##| {}/4000 [00:03<00:11, 98.7it/s, Loss=0.{}]"
    lines = ["[ITER 10] Evaluating test: L1 0.9 PSNR 3.5 [11/09 00:18:40]"]
    for step in (1000, 2000):
        lines += [bar.format(step // 40, k, k) for k in range(step - 40, step + 1, 10)]
        lines += [f"[ITER {step}] Evaluating test: L1 0.{step} PSNR 31.25 [11/09 00:18:49]", ""]
        lines += [f"[ITER {step}] Evaluating train: L1 0.0125 PSNR 32.5", "[ITER 2000] Saving"]
    found = shown(lines)
    assert [each for each in found if each[2] == "val_L1"] == [
        (1, 1000, "val_L1", 0.1),
        (1, 2000, "val_L1", 0.2),
    ]
    assert [each[1:] for each in found if each[2] == "train_PSNR"] == [
        (1000, "train_PSNR", 32.5),
        (2000, "train_PSNR", 32.5),
    ]
    assert found[-1] == (1, 2000, "train_PSNR", 32.5)
    assert (1, 2000, "Loss", 0.2) in found


@pytest.mark.parametrize("name", ["epochs:", ""])
def test_a_bar_of_epochs_around_the_bars_is_no_epoch(name: str) -> None:
    texts: list[str] = []
    for epoch in (1, 2):
        best = ", best=0.5" if epoch > 1 else ""
        texts.append(f"{name}  50%|# | {epoch - 1}/2 [00:04<00:04,  2.18s/it{best}]")
        texts += trained(Bar(epoch, 20, name and "Epoch {}"), 20)[:-1]
    assert batches(placed(texts)) == every(2, range(1, 21))


def test_a_training_of_another_name_takes_over() -> None:
    texts: list[str] = []
    for name in ("warm-up {}", "training {}"):
        for epoch in (1, 2, 3):
            texts += trained(Bar(epoch, 20, name), 20)
    assert {p.line for p in placed(texts)} & {*range(len(texts) - 20, len(texts))}


def test_a_training_started_again_is_a_new_run() -> None:
    texts = [*trained(Bar(1, 20), 20), *trained(Bar(2, 20), 9), *trained(Bar(1, 20), 20)]
    assert {(p.run, p.label) for p in placed(texts)} == {(1, "1"), (1, "2"), (2, "1")}


def test_numbers_that_stay_beside_the_bar_are_told_once() -> None:
    texts: list[str] = []
    stale = ""
    for epoch in (1, 2):
        bar = Bar(epoch, 5, "Epoch {}", own=True)
        bar.shown = stale
        bar.draw()
        for k in range(1, 6):
            bar.move(k)
            bar.shown = f", loss={epoch + k / 1000:.4f}{stale[13:]}"
            bar.draw()
        bar.shown += f", val_loss={epoch}.250"
        bar.draw()
        stale = f", loss={epoch + 0.005:.4f}, val_loss={epoch}.250"
        texts += bar.texts
    shown = [(p.label, p.step, r.metric, p.final) for p in placed(texts) for r in p.readings]
    for label in "12":
        steps = [each for each in shown if each[0] == label]
        assert steps[:5] == [(label, k, "loss", k == 5) for k in range(1, 6)]
        assert steps[5:] == [(label, 5, "val_loss", False)]


def test_a_bar_of_lightning_that_is_drawn_seldom() -> None:
    """`refresh_rate=10`: it moves beside old numbers, the first of an epoch of the epoch before."""
    texts: list[str] = []
    stale = ""
    for epoch in range(1, 5):
        before, bar = Bar(epoch - 1, 60, "Epoch {}", own=True), Bar(epoch, 60, "Epoch {}", own=True)
        before.shown = bar.shown = stale
        before.draw()  # moved back before it is called by the new epoch
        bar.draw()
        for k in range(10, 61, 10):
            bar.n = k
            bar.draw()
            bar.shown = f", loss={epoch + k / 1000:.4f}{stale[13:]}"
            bar.draw()
        stale = bar.shown = f"{bar.shown[:13]}, val_loss={epoch}.250"
        bar.draw()
        texts += [*before.texts[epoch == 1 :], *bar.texts]
    prints = placed(texts)
    assert {p.run for p in prints} == {1}
    shown = [(p.label, p.step, r.metric) for p in prints for r in p.readings]
    for label in "1234":
        steps = [each for each in shown if each[0] == label]
        assert steps[:6] == [(label, k, "loss") for k in range(10, 61, 10)]
        assert steps[6:] == [(label, 60, "val_loss")]


def test_digits_that_tqdm_leaves_out_are_zeros() -> None:
    shown = {"0.523": 1e-3, "0.51": 1e-3, "0.5": 1e-3, "0.0625": 1e-4, "1.2": 1e-2, "0.50": None}
    bar = Bar(1, 9, own=True)
    for k, number in enumerate(shown, start=1):
        bar.n = k - 1
        bar.shown = f", loss={number}"
        bar.draw()
    found = [r.quantum for p in placed(bar.texts[:-1]) for r in p.readings]
    assert found == pytest.approx([q for q in shown.values() if q])


# --- real logs -----------------------------------------------------------------------------------

LOGS = {
    "tqdm_num": 360,
    "tqdm_num_piped": 360,
    "tqdm_str": 360,
    "tqdm_nested": 360,
    "tqdm_slow": 90,
}
"""Logs, and their batches."""
every_log = pytest.mark.parametrize("name", LOGS)


def data(name: str) -> bytes:
    if not CORPUS.is_dir():
        pytest.skip("the corpus of real logs is not here")
    return (CORPUS / name / "log.txt").read_bytes()


@cache
def decoded(name: str) -> Session:
    session = Session()
    session.feed(data(name), 0.0)
    session.finish()
    return session


def rows(name: str, metric: str) -> list[Estimate]:
    return [row for row in decoded(name).rows() if row.metric == metric]


@every_log
def test_a_log_is_read_as_one_of_tqdm(name: str) -> None:
    reader = LineReader()
    texts = [line.text for line in reader.feed(data(name)) + reader.flush()]
    found = detect(texts)
    assert found is not None
    assert found.name == "tqdm"


@every_log
def test_every_batch_has_its_number(name: str) -> None:
    data(name)
    truth = Truth(name)
    epochs = [(e, end - start) for e, (start, end) in enumerate(pairwise(truth.starts), start=1)]
    for metric in ("loss", "acc"):
        found = rows(name, metric)
        assert [(row.epoch, row.step) for row in found] == [
            (epoch, k) for epoch, count in epochs for k in range(1, count + 1)
        ]
        assert len(found) == LOGS[name]
        top = 100.0 if found[-1].displayed > 1.0 and metric == "acc" else 1.0
        quanta = {(p.epoch, p.step): r.quantum for p, r in readings(name, metric)}
        for row in found:
            assert row.step is not None
            whole = truth.window(
                row_over(row, 0, row.step, "cumulative-sample" if metric == "acc" else row.law),
                metric,
            )
            half = 0.5 * quanta[row.epoch, row.step]
            assert row.displayed == pytest.approx(top * whole, abs=half + 1e-9)


def row_over(row: Estimate, begin: int, end: int, law: str) -> Estimate:
    """The row, as if its window were another."""
    return row._replace(from_batch=begin, to_batch=end, law=law)  # type: ignore[arg-type]


def readings(name: str, metric: str) -> Iterator[tuple[Print, Reading]]:
    timeline, reader = Timeline(), LineReader()
    for line in reader.feed(data(name)) + reader.flush():
        for p in timeline.place(line, parse(line.text)):
            if isinstance(p, Print):
                yield from ((p, r) for r in p.readings if r.metric == metric)


@every_log
def test_laws_are_found_and_windows_hold_the_truth(name: str) -> None:
    session, truth = decoded(name), Truth(name)
    laws = {"loss": "cumulative-batch", "acc": "cumulative-sample"}
    for metric, law in laws.items():
        found = list(windows(session, metric))
        top = 100.0 if found[-1].displayed > 1.0 and metric == "acc" else 1.0
        assert len(found) == LOGS[name]
        for row in found:
            assert row.law == law
            assert not row.outlier
            window = top * truth.window(row, metric)
            low = -inf if row.low is None else row.low
            high = inf if row.high is None else row.high
            assert low - SLACK <= window <= high + SLACK
    size = session.report()[0].batch_size
    assert size == max(truth.sizes)


@every_log
def test_laws_are_settled_after_the_second_epoch(name: str) -> None:
    whole, session = data(name), Session()
    third = whole.find(b"Epoch 3/")
    session.feed(whole[: third if third > 0 else len(whole)], 0.0)
    found = {row.metric: row.law for row in session.rows()}
    assert (found["loss"], found["acc"]) == ("cumulative-batch", "cumulative-sample")


def test_byte_by_byte_the_rows_are_the_same() -> None:
    whole = data("tqdm_num_piped")[:12_000]
    at_once, bytewise = Session(), Session()
    at_once.feed(whole, 0.0)
    at_once.finish()
    for at in range(len(whole)):
        bytewise.feed(whole[at : at + 1], float(at))
        if whole[at : at + 1] in b"]0" and at % 3 == 0:
            bytewise.settle(float(at))
    bytewise.finish()
    assert list(bytewise.rows()) == list(at_once.rows())


def test_the_bar_of_lightning() -> None:
    session, truth = decoded("lightning_tqdm"), Truth("lightning_tqdm")
    found = [row for row in session.rows() if row.metric == "train_loss_step"]
    assert [(row.epoch, row.step) for row in found] == every(4, range(1, 46))
    for row in found:
        assert row.law == "instantaneous"
        assert row.step is not None
        value = truth.window(row_over(row, row.step - 1, row.step, row.law), "train_loss")
        assert row.displayed == pytest.approx(value, abs=0.005 + SLACK)
    for metric in ("val_loss", "train_loss_epoch"):
        once = [row for row in session.rows() if row.metric == metric]
        assert [(row.epoch, row.step, row.law) for row in once] == [
            (epoch, 45, "epoch") for epoch in (1, 2, 3, 4)
        ]
