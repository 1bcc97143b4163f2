"""What the level of a real log foretells of its next window: its truth is not known, its future is."""

from __future__ import annotations

import pytest

from tests.benchmarks.ahead import ahead
from tests.benchmarks.measuring import CORPUS

LOGS = CORPUS.parent
pytestmark = pytest.mark.skipif(not LOGS.is_dir(), reason="no corpus beside the project")


@pytest.mark.parametrize(
    ("log", "metric"),
    [
        ("frameworks/darknet_pjreddie", "loss"),
        ("frameworks/darknet_pjreddie", "loss (avg)"),
        ("frameworks/jsonl", "loss"),
        ("frameworks/jsonl", "avg_loss"),
        ("frameworks/tqdm_str", "loss"),
        ("keras/k202_steps_val_tty", "loss"),
        ("keras/k202_steps_val_tty", "acc"),
    ],
)
def test_noise_is_not_taken_for_a_restless_level(log: str, metric: str) -> None:
    found = ahead((LOGS / log / "log.txt").read_bytes())[metric]
    # sqrt(2) would be lost by following each window
    assert found.level < 0.85 * found.last


@pytest.mark.parametrize(
    ("log", "metric"),
    [
        ("frameworks/xgboost", "train-mlogloss"),
        ("frameworks/lightgbm", "training's multi_logloss"),
        ("frameworks/sklearn_mlp", "loss"),
        ("keras/k209_verbose2_300ep_pipe", "loss"),
        ("keras/k231_verbose2_100ep_pipe", "loss"),
    ],
)
def test_a_smooth_series_is_not_lagged_behind(log: str, metric: str) -> None:
    found = ahead((LOGS / log / "log.txt").read_bytes())[metric]
    assert found.level < 1.5 * found.last


@pytest.mark.parametrize(
    ("log", "metric", "most"),
    [
        ("frameworks/xgboost", "train-mlogloss", 1.0),
        ("frameworks/xgboost", "train-merror", 0.75),
        ("frameworks/lightgbm", "training's multi_logloss", 1.0),
        ("frameworks/lightgbm", "training's multi_error", 0.75),
        ("keras/k209_verbose2_300ep_pipe", "loss", 1.0),
        ("keras/k231_verbose2_100ep_pipe", "loss", 1.0),
        ("keras/k312_verbose2_60ep_pipe", "accuracy", 1.0),
    ],
)
def test_a_smooth_series_has_a_slope(log: str, metric: str, most: float) -> None:
    """A level that only drifts foretells it worse than its last number does."""
    found = ahead((LOGS / log / "log.txt").read_bytes())[metric]
    assert found.level < most * found.last
