"""What a metric's name tells of it."""

from __future__ import annotations

from math import inf

import pytest

from tui_monitor.core.metrics import (
    Metric,
    Validations,
    as_printed,
    decimals,
    describe,
    in_percent,
)

NAMES = {
    # name: (split, family, low, high, counts, averaged, higher is better)
    "acc": ("train", "fraction", 0.0, 1.0, True, True, True),
    "accuracy": ("train", "fraction", 0.0, 1.0, True, True, True),
    "val_acc": ("val", "fraction", 0.0, 1.0, True, True, True),
    "dense_2_accuracy": ("train", "fraction", 0.0, 1.0, True, True, True),
    "binary_accuracy": ("train", "fraction", 0.0, 1.0, True, True, True),
    "sparse_categorical_accuracy": ("train", "fraction", 0.0, 1.0, True, True, True),
    "top_k_categorical_accuracy": ("train", "fraction", 0.0, 1.0, True, True, True),
    "top5_acc": ("train", "fraction", 0.0, 1.0, True, True, True),
    "Acc@1": ("train", "fraction", 0.0, 1.0, True, True, True),
    "Acc@5 (avg)": ("train", "fraction", 0.0, 1.0, True, True, True),
    "Prec@1": ("train", "fraction", 0.0, 1.0, True, True, True),
    "acc1 (avg)": ("train", "fraction", 0.0, 1.0, True, True, True),
    "loss": ("train", "positive", 0.0, inf, False, True, False),
    "val_loss": ("val", "positive", 0.0, inf, False, True, False),
    "head_loss": ("train", "positive", 0.0, inf, False, True, False),
    "mse": ("train", "positive", 0.0, inf, False, True, False),
    "mean_absolute_error": ("train", "positive", 0.0, inf, False, True, False),
    "binary_crossentropy": ("train", "positive", 0.0, inf, False, True, False),
    "dice_coef": ("train", "fraction", 0.0, 1.0, False, True, True),
    "dice_coef_loss": ("train", "positive", 0.0, inf, False, True, False),
    "cosine_similarity": ("train", "real", -inf, inf, False, True, True),
    "auc": ("train", "real", -inf, inf, False, False, True),
    "val_auc_1": ("val", "real", -inf, inf, False, False, True),
    "precision": ("train", "real", -inf, inf, False, False, True),
    "recall_2": ("train", "real", -inf, inf, False, False, True),
    "f1_score": ("train", "real", -inf, inf, False, False, True),
    "root_mean_squared_error": ("train", "real", -inf, inf, False, False, False),
    "false_positives": ("train", "real", -inf, inf, False, False, False),
    "lr": ("other", "real", 0.0, inf, False, False, False),
    "learning_rate": ("other", "real", 0.0, inf, False, False, False),
    "Loss (avg)": ("train", "positive", 0.0, inf, False, True, False),
    "val_Acc@5": ("val", "fraction", 0.0, 1.0, True, True, True),
    "eval_loss": ("val", "positive", 0.0, inf, False, True, False),
    "valid_loss": ("val", "positive", 0.0, inf, False, True, False),
    "valid-mlogloss": ("val", "positive", 0.0, inf, False, True, False),
    "test-rmse": ("val", "real", -inf, inf, False, False, False),
    "train-rmse": ("train", "real", -inf, inf, False, False, False),
    "validation_0-logloss": ("val", "positive", 0.0, inf, False, True, False),
    "valid_1's l2": ("val", "positive", 0.0, inf, False, True, False),
    "training's l2": ("train", "positive", 0.0, inf, False, True, False),
    "lm loss": ("train", "positive", 0.0, inf, False, True, False),
    "grad norm": ("train", "positive", 0.0, inf, False, True, False),
    "learning rate": ("other", "real", 0.0, inf, False, False, False),
    "rate": ("other", "real", 0.0, inf, False, False, False),
    "LR": ("other", "real", 0.0, inf, False, False, False),
    "train/loss": ("train", "positive", 0.0, inf, False, True, False),
    "val/loss": ("val", "positive", 0.0, inf, False, True, False),
    "validation/acc": ("val", "fraction", 0.0, 1.0, True, True, True),
    "actor/lr": ("other", "real", 0.0, inf, False, False, False),
    "something_of_mine": ("train", "real", -inf, inf, False, True, True),
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_tells_split_range_and_kind(name: str) -> None:
    metric = describe(name)
    assert metric.name == name
    assert metric[1:8] == NAMES[name]
    assert metric.top == 1.0


@pytest.mark.parametrize("name", ["accident_loss", "blrx", "place", "replay", "vacc", "reacts"])
def test_a_part_of_a_word_is_no_name(name: str) -> None:
    metric = describe(name)
    assert not metric.counts
    assert metric.split == "train"


@pytest.mark.parametrize(
    ("name", "among", "validation"),
    [
        ("loss", ["loss", "val_loss", "eval_loss"], "val_loss"),
        ("loss", ["loss", "acc", "eval_loss"], "eval_loss"),
        ("train_loss", ["train_loss", "valid_loss", "val_accuracy"], "valid_loss"),
        ("Acc@1 (avg)", ["Acc@1", "Acc@1 (avg)", "val_Acc@1"], "val_Acc@1"),
        ("train-rmse", ["train-rmse", "train-mae", "test-mae", "test-rmse"], "test-rmse"),
        ("training's l2", ["training's l2", "valid_1's l2"], "valid_1's l2"),
        ("train/loss", ["train/loss", "val/acc", "val/loss"], "val/loss"),
        ("loss", ["loss", "acc", "val_acc"], None),
    ],
)
def test_a_metric_and_its_validation(name: str, among: list[str], validation: str | None) -> None:
    validations = Validations()
    for each in among:
        validations.add(describe(each))
    assert validations.of(name) == validation


def test_a_validation_that_was_none_is_forgotten() -> None:
    validations = Validations()
    for name in ("loss", "eval_loss", "val_loss"):
        validations.add(describe(name))
    assert validations.of("loss") == "val_loss"
    validations.drop("val_loss")
    assert validations.of("loss") == "eval_loss"
    validations.drop("eval_loss")
    assert validations.of("loss") is None


@pytest.mark.parametrize(
    ("metric", "quantum", "told"),
    [
        (describe("acc"), 1e-4, 4),
        (describe("acc"), 1e-2, 4),
        (describe("loss"), 1e-1, 4),
        (in_percent(describe("acc")), inf, 2),
        (in_percent(describe("acc")), 1.0, 2),
        (in_percent(describe("acc")), 1e-2, 2),
        (in_percent(describe("acc")), 1e-3, 3),
        (in_percent(describe("acc")), 1e-14, 4),
        (as_printed(describe("acc")), 1e-2, 2),
        (as_printed(describe("acc")), inf, 4),
        (describe("perplexity"), 1.0, 0),
        (describe("perplexity"), 10.0, 0),
        (describe("perplexity"), 1e-1, 1),
    ],
)
def test_decimals_are_those_that_tell_something(metric: Metric, quantum: float, told: int) -> None:
    assert decimals(metric, quantum) == told
