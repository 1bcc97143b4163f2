"""Lines as other languages and habits print them are read as those of most loops."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_monitor.core.formats.detect import detect
from tui_monitor.core.formats.dialects import plainly
from tui_monitor.core.session import Session


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("('Epoch:', 1, 'loss:', 0.5)", "Epoch: 1, loss: 0.5"),
        ("('epoch', 3, 'acc', 0.25)", "epoch 3, acc 0.25"),
        ("('epoch 1 step 40 / 50 ', 'loss: 1.5 ')", "epoch 1 step 40 / 50 , loss: 1.5 "),
        ("loss(x[1]) = 0.0625f0", "loss = 0.0625e0"),
        ("loss(x, y) = 1.5f-3", "loss = 1.5e-3"),
        ("Test loss: 0.05, Accuracy: 983/1000 (98.3%)", "Test loss: 0.05, Test Accuracy: 98.3%"),
        ("Train loss: 0.05, Accuracy: 983/1000 (98%)", "Train loss: 0.05, Accuracy: 98%"),
        ("epoch: 1 step: 2, loss is 2.25", "epoch: 1 step: 2, loss: 2.25"),
        ("Loss: Tensor Float []  0.25", "Loss: 0.25"),
        ("Cost after epoch 5: 1.5<br>", "Cost after epoch 5: 1.5"),
        ("the weather is 2.25", "the weather is 2.25"),
        ("mAP50(B) = 0.5, 0x1.5f is fine", "mAP50(B) = 0.5, 0x1.5f is fine"),
        ("Epoch 1: loss 0.5", "Epoch 1: loss 0.5"),
    ],
)
def test_a_line_as_most_loops_print_it(text: str, plain: str) -> None:
    assert plainly(text) == plain


Shown = tuple[int, int | None, str, float]


def shown(log: str) -> list[Shown]:
    """Epoch as the log calls it, or its number, step, metric and number of the rows of a log."""
    session = Session()
    session.feed(log.encode(), 0.0)
    session.finish()
    return [
        (int(row.epoch_label or row.epoch), row.step, row.metric, row.displayed)
        for row in session.rows()
    ]


@pytest.mark.parametrize(
    ("log", "rows"),
    [
        (
            "epoch: 1 step: 1, loss is 2.25\nepoch: 1 step: 2, loss is 2.125\n"
            "epoch time: 104.996 ms, per step time: 5.996 ms\nepoch: 2 step: 1, loss is 1.5\n",
            [(1, 1, "loss", 2.25), (1, 2, "loss", 2.125), (2, 1, "loss", 1.5)],
        ),
        (
            "Train 31, loss: 1.5, train acc: 0.875\nTest 31, loss: 1.75, test acc: 0.75\n"
            "Train 32, loss: 1.25, train acc: 0.9375\nTest 32, loss: 1.625, test acc: 0.8125\n",
            [
                *[(31, None, "loss", 1.5), (31, None, "train_acc", 0.875)],
                *[(31, None, "test-loss", 1.75), (31, None, "test-acc", 0.75)],
                *[(32, None, "loss", 1.25), (32, None, "train_acc", 0.9375)],
                *[(32, None, "test-loss", 1.625), (32, None, "test-acc", 0.8125)],
            ],
        ),
        (
            "12 154 Loss=0.5 Time=0.040\n12 155 Loss=0.25 Time=0.041\n13 1 Loss=0.125 Time=0.04\n",
            [(12, 154, "loss", 0.5), (12, 155, "loss", 0.25), (13, 1, "loss", 0.125)],
        ),
        (
            "Epoch 11 (11/40):\nTrain Accuracy: 0.75\nTest Accuracy: 0.5, Class Accuracy: 0.625\n"
            "Best Accuracy: 0.875, Class Accuracy: 0.75\nEpoch 12 (12/40):\nTrain Accuracy: 0.8125\n",
            [
                *[(11, None, "train_accuracy", 0.75), (11, None, "test-accuracy", 0.5)],
                *[(11, None, "test-class_accuracy", 0.625), (12, None, "train_accuracy", 0.8125)],
            ],
        ),
        (
            "Epoch 1/3 with loss 0.75\nEpoch 2/3 with loss 0.5\n",
            [(1, None, "loss", 0.75), (2, None, "loss", 0.5)],
        ),
        (
            "epoch 1, step 4/9 | loss: 1.25 | val_loss: 4.125\n"
            "epoch 1, step 5/9 | loss: 1.5 | val_loss: 4.125\n"
            "epoch 1, step 6/9 | loss: 1.125 | val_loss: 3.875\n",
            [
                *[(1, 4, "loss", 1.25), (1, 4, "val_loss", 4.125), (1, 5, "loss", 1.5)],
                *[(1, 6, "loss", 1.125), (1, 6, "val_loss", 3.875)],
            ],
        ),
        (
            "[04/14 10:33:49 t.events]:  eta: 1:14:16  epoch/iter: 9/2579  total_loss: 36.75  "
            "loss_cls: 4.0  time: 0.2681  lr: 3.50e-04  max_mem: 18418M\n"
            "[04/14 10:33:56 t.events]:  eta: 1:14:08  epoch/iter: 10/2599  total_loss: 36.5  "
            "loss_cls: 4.5  time: 0.2687  lr: 3.50e-04  max_mem: 18418M\n",
            [
                *[
                    (9, 2579, "total_loss", 36.75),
                    (9, 2579, "loss_cls", 4.0),
                    (9, 2579, "lr", 35e-5),
                ],
                *[(10, 2599, "total_loss", 36.5), (10, 2599, "loss_cls", 4.5)],
                (10, 2599, "lr", 35e-5),
            ],
        ),
        (
            "INFO flower 2024-01-06 09:20:00,045 | server.py:148 | "
            "fit progress: (1, 2.25, {'accuracy': 0.125}, 23.5)\n"
            "INFO flower 2024-01-06 09:20:01,045 | server.py:199 | evaluate_round: cancel\n"
            "INFO flower 2024-01-06 09:21:15,045 | server.py:148 | "
            "fit progress: (2, 1.75, {'accuracy': 0.25}, 47.0)\n",
            [
                *[(1, None, "val_loss", 2.25), (1, None, "val_accuracy", 0.125)],
                *[(2, None, "val_loss", 1.75), (2, None, "val_accuracy", 0.25)],
            ],
        ),
        (
            "INFO :      [ROUND 1]\nINFO :      fit progress: (1, 2.25, {}, 21.5)\n"
            "INFO :      [ROUND 2]\nINFO :      fit progress: (2, 1.75, {}, 43.25)\n",
            [(1, None, "val_loss", 2.25), (2, None, "val_loss", 1.75)],
        ),
        (
            "Starting Epoch 2: learning rate per sample = 0.000047  effective momentum = 0.9\n"
            " Epoch[2 of 9]-Minibatch[   1- 500, 64.02%]: SamplesSeen = 32000; "
            "Loss =  0.625; Err[0]PerSample = 0.25; TotalTime = 60.37s\n"
            " Epoch[2 of 9]-Minibatch[ 501-1000]: SamplesSeen = 32000; "
            "Loss =  0.5; Err[0]PerSample = 0.125; TotalTime = 61.37s\n",
            [
                *[(2, 500, "loss", 0.625), (2, 500, "err_0_persample", 0.25)],
                *[(2, 1000, "loss", 0.5), (2, 1000, "err_0_persample", 0.125)],
            ],
        ),
        (
            "\u250c Info: Epoch 1\n\u2514 @ Main train.jl:114\nIteration 1 || Loss = 5.5\n"
            "\u250c Info: Epoch 2\n\u2514 @ Main train.jl:114\nIteration 21 || Loss = 0.75\n",
            [(1, 1, "loss", 5.5), (2, 21, "loss", 0.75)],
        ),
        (
            "train_opt_callback: iter=     1 sample=5/275 sched=0.01 loss=2.5 dt=00:05:08 |->\n"
            "train_opt_callback: iter=     2 sample=9/275 sched=0.02 loss=2.25 dt=00:05:09 |->\n",
            [
                *[(1, 1, "sched", 0.01), (1, 1, "loss", 2.5)],
                *[(1, 2, "sched", 0.02), (1, 2, "loss", 2.25)],
            ],
        ),
        (
            "global_step=26, episodic_return=[26.]\nSPS: 1523\n"
            "global_step=52, episodic_return=[21.]\n",
            [(1, 26, "episodic_return", 26.0), (1, 52, "episodic_return", 21.0)],
        ),
        (
            "Phase: Training, Dataset used: Train, Batch Processed Count: 8, Epoch:   0, "
            "Accuracy: 0.5\n"
            "Phase: Training, Dataset used: Validation, Batch Processed Count: 2, Epoch:   0, "
            "Accuracy: 0.25\n"
            "Phase: Training, Dataset used: Train, Batch Processed Count: 8, Epoch:   1, "
            "Accuracy: 0.75\n",
            [
                (0, None, "accuracy", 0.5),
                (0, None, "val_accuracy", 0.25),
                (1, None, "accuracy", 0.75),
            ],
        ),
        (
            "[Train][epoch: 1/9][iter: 20/50][lr: 0.01][eta: 2:12]\n"
            "      total_loss: 6.5 (6.75), data_time: 0.01 (0.02)\n"
            "[Train][epoch: 1/9][iter: 40/50][lr: 0.02][eta: 2:11]\n"
            "      total_loss: 6.25 (6.5), data_time: 0.01 (0.02)\n",
            [
                *[
                    (1, 20, "lr", 0.01),
                    (1, 20, "total_loss", 6.5),
                    (1, 20, "total_loss (avg)", 6.75),
                ],
                *[
                    (1, 40, "lr", 0.02),
                    (1, 40, "total_loss", 6.25),
                    (1, 40, "total_loss (avg)", 6.5),
                ],
            ],
        ),
        (
            "2021-08-14 08:05:32 [INFO]\t[TRAIN] epoch: 1, iter: 20/60, loss: 2.5, lr: 0.01\n"
            "2021-08-14 08:05:42 [INFO]\t[TRAIN] epoch: 1, iter: 40/60, loss: 2.25, lr: 0.01\n"
            "2021-08-14 08:06:16 [INFO]\t[EVAL] #Images: 82 mIoU: 0.75 Acc: 0.875 Kappa: 0.5\n",
            [
                *[(1, 20, "loss", 2.5), (1, 20, "lr", 0.01)],
                *[(1, 40, "loss", 2.25), (1, 40, "lr", 0.01)],
                *[(1, 40, "val_miou", 0.75), (1, 40, "val_acc", 0.875), (1, 40, "val_kappa", 0.5)],
            ],
        ),
        (
            "2026-07-01 13:44:24,487 INFO: [Net..][epoch:  9, iter:   1,600, lr:(1.0e-03,)] "
            "[eta: 2 days, 1:17:14, time (data): 0.4 (0.001)] l_pix: 2.5e-01 \n"
            "2026-07-01 13:45:18,987 INFO: Validation Set5\n"
            "\t # psnr: 28.1250\tBest: 28.1250 @ 1600 iter\n"
            "\t # ssim: 0.8125\tBest: 0.8125 @ 1600 iter\n"
            "2026-07-01 13:46:22,187 INFO: [Net..][epoch: 11, iter:   1,700, lr:(1.0e-03,)] "
            "[eta: 2 days, 1:05:07, time (data): 0.5 (0.002)] l_pix: 1.25e-01 \n",
            [
                *[(9, 1600, "lr", 0.001), (9, 1600, "l_pix", 0.25)],
                *[(9, 1600, "val_psnr", 28.125), (9, 1600, "val_ssim", 0.8125)],
                *[(11, 1700, "lr", 0.001), (11, 1700, "l_pix", 0.125)],
            ],
        ),
        (
            "(job, pid=12) Training epoch 1, iteration 0/999 | lr: 3e-06 | global_step: 19 | "
            "reduced_train_loss: 11.25 | consumed_samples: 10240\n"
            "(job, pid=12) Training epoch 1, iteration 10/999 | lr: 4e-06 | global_step: 29 | "
            "reduced_train_loss: 11.0 | consumed_samples: 15360\n",
            [
                *[(1, 0, "lr", 3e-06), (1, 0, "reduced_train_loss", 11.25)],
                *[(1, 10, "lr", 4e-06), (1, 10, "reduced_train_loss", 11.0)],
            ],
        ),
        (
            "[ time:2.0s total_exs:992 epochs:0.86 ] {'exs': 992, 'loss': 4.5, 'updates': 17, "
            "'lr': 0.5, 'total_train_updates': 17}\n"
            "[ time:4.0s total_exs:2016 epochs:1.72 ] {'exs': 1024, 'loss': 4.25, 'updates': 19, "
            "'lr': 0.5, 'total_train_updates': 36}\n",
            [
                *[(1, 17, "loss", 4.5), (1, 17, "lr", 0.5)],
                *[(1, 36, "loss", 4.25), (1, 36, "lr", 0.5)],
            ],
        ),
        (
            "Rank-0: policy_step=128, reward_env_0=21.0\nRank-0: policy_step=164, reward_env_0=36.0\n",
            [(1, 128, "reward_env_0", 21.0), (1, 164, "reward_env_0", 36.0)],
        ),
        (
            "".join(
                f"[0825 10:0{epoch}:00 @base.py:275] Start Epoch {epoch} ...\n"
                f"[0825 10:0{epoch}:59 @base.py:285] Epoch {epoch} (global_step 46) finished, time:9s\n"
                f"[0825 10:0{epoch}:59 @monitor.py:467] train_error: 0.{epoch}25\n"
                for epoch in (1, 2)
            ),
            [(1, None, "train_error", 0.125), (2, None, "train_error", 0.225)],
        ),
        (
            "".join(
                f"{40 * '─'} Step {step} {40 * '─'}\nepisode/length 3000 / episode/score 0.25 /    \n"
                "train/model_loss_mean 3.5 / train/model_loss_std 0.5\n"
                for step in (100, 200)
            ),
            [
                row
                for step in (100, 200)
                for row in (
                    (1, step, "episode/score", 0.25),
                    (1, step, "train_model_loss_mean", 3.5),
                    (1, step, "train_model_loss_std", 0.5),
                )
            ],
        ),
        (
            "step 1 - loss 5.5 - moving ave loss 5.5\nstep 2 - loss 4.5 - moving ave loss 5.4\n",
            [
                *[(1, 1, "loss", 5.5), (1, 1, "moving_ave_loss", 5.5)],
                *[(1, 2, "loss", 4.5), (1, 2, "moving_ave_loss", 5.4)],
            ],
        ),
        (
            "".join(
                f"{39 * '-'}\n|             Epoch |               {epoch} |\n"
                f"|      AverageEpRet |            {epoch}2.5 |\n"
                f"| TotalEnvInteracts |           {4 * epoch}e+03 |\n{39 * '-'}\n"
                for epoch in (1, 2)
            ),
            [(1, 4000, "AverageEpRet", 12.5), (1, 8000, "AverageEpRet", 22.5)],
        ),
        (
            "".join(
                f"{epoch}|{6 * epoch + n}|Loss: {epoch}.{n}011404514312744: {n * 100 // 6}%|####  | "
                f"{n}/6 [00:0{n}<00:0{6 - n},  1.03s/it]\n"
                for epoch in (1, 2)
                for n in range(1, 7)
            ),
            [
                (epoch, n, "Loss", float(f"{epoch}.{n}011404514312744"))
                for epoch in (1, 2)
                for n in range(1, 7)
            ],
        ),
    ],
    ids=[
        *("MindSpore", "DGCNN", "SID", "PointNet", "with", "BioNeMo", "fast-reid"),
        *("Flower", "Flower 1.8", "CNTK"),
        *("Flux", "llama.cpp", "CleanRL", "ML.NET", "SSDs", "PaddleSeg", "BasicSR"),
        *("NeMo 2", "ParlAI", "SheepRL", "tensorpack", "DreamerV3", "darkflow", "Spinning Up"),
        "torchtune",
    ],
)
def test_logs_of_other_habits(log: str, rows: list[Shown]) -> None:
    assert shown(log) == rows


@pytest.mark.parametrize("first", [0, 1, 7])
@pytest.mark.parametrize("goes_on", [False, True])
def test_steps_are_of_the_epoch_that_the_line_behind_them_tells(
    first: int, *, goes_on: bool
) -> None:
    log = ""
    for epoch in range(3):
        for step in (100, 200):
            log += f"Batch {step + 200 * epoch * goes_on}, loss: {3 - epoch}.25\n"
        log += f"Epoch {first + epoch}/20: loss 2.125, val_loss {4 - epoch}.5\n"
    session = Session()
    session.feed(log.encode(), 0.0)
    session.finish()
    assert [
        (row.run, row.epoch, row.step, row.metric, row.displayed) for row in session.rows()
    ] == [
        each
        for epoch in range(3)
        for each in [
            (1, epoch + 1, 100 + 200 * epoch * goes_on, "loss", 3.25 - epoch),
            (1, epoch + 1, 200 + 200 * epoch * goes_on, "loss", 3.25 - epoch),
            (1, epoch + 1, None, "val_loss", 4.5 - epoch),
        ]
    ]


def test_a_number_that_steps_show_as_well_is_of_no_law_that_an_epochs_line_told() -> None:
    session = Session()
    session.feed(
        b"Epoch 1/3: train_acc = 0.5\n"
        b"Epoch 2/3, step 500/1000: train_acc = 0.625\n"
        b"Epoch 2/3, step 1000/1000: train_acc = 0.75\n",
        0.0,
    )
    session.finish()
    assert {row.law for row in session.rows()} == {"unknown"}


@pytest.mark.parametrize(
    "lines",
    [
        ["the loss is 0.5", "the loss is 0.25"],
        ["('name', 'loss')", "('loss', 0.5)"],
        ["\u250c Info: Server 1 started", "\u2514 @ Main a.jl:3", "score = 0.5f0"],
        ["Phase: Bottleneck, Dataset used: Train, Image Index: 1"] * 2,
    ],
)
def test_what_tells_no_place_is_no_training(lines: list[str]) -> None:
    assert detect(lines) is None


@given(st.text(alphabet="('), :=fis0123%/.xloss\u250c", max_size=80))
def test_any_text_is_read(text: str) -> None:
    plainly(text)


@pytest.mark.parametrize(
    "part", ["('", "', '", "loss(", "1/2 (", "loss is ", "1.5f", "test loss: 1, "]
)
def test_long_lines_take_no_time(part: str) -> None:
    begin = time.perf_counter()
    plainly(part * 600)
    assert time.perf_counter() - begin < 0.5
