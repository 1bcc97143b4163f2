"""Lines of home-made loops: what is read of them, and what is left alone."""

from __future__ import annotations

import time
from collections.abc import Iterable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.formats.test_formats import HARD, LINES
from tui_monitor.core.averages.laws import by_key
from tui_monitor.core.formats.detect import Sniffer, detect
from tui_monitor.core.formats.plain import BELOW, HEAD, LINE, PLAIN
from tui_monitor.core.records import Progress
from tui_monitor.core.session import Session

Place = tuple[int | None, int | None, int | None, int | None]

# Epoch, epochs, step, steps; and the numbers by their names.
READ: list[tuple[str, Place, dict[str, float]]] = [
    (
        "Epoch 1/3 | Step 700/1000 | Loss: 1.5115 | Accuracy: 46.6%",
        (1, 3, 700, 1000),
        {"loss": 1.5115, "accuracy": 46.6},
    ),
    (
        "Epoch [2/3], Step [8/3236], Loss: 8.3373, Perplexity: 4176.8940",
        (2, 3, 8, 3236),
        {"loss": 8.3373, "perplexity": 4176.894},
    ),
    (
        "epoch: 7, trainloss: 29.14, validloss: 29.18, testloss: 29.19, trainacc: 0.93",
        (7, None, None, None),
        {"train_loss": 29.14, "val_loss": 29.18, "test-loss": 29.19, "train_acc": 0.93},
    ),
    (
        "Epoch 0 Batch 70 train_loss 2.2929 train_acc 0.0 valid_loss 2.3029 valid_acc 0.1",
        (0, None, 70, None),
        {"train_loss": 2.2929, "train_acc": 0.0, "val_loss": 2.3029, "val_acc": 0.1},
    ),
    (
        "2018-12-09 01:04:24,693 - nmt - INFO - Epoch: 0, Iteration: 300, Encoder Loss: 19.956, "
        "Learning Rate: 0.1",
        (0, None, 300, None),
        {"encoder_loss": 19.956, "learning_rate": 0.1},
    ),
    (
        "episode: 97/800, returns: -29.2125, epsilon: 0.38",
        (None, None, 97, 800),
        {"returns": -29.2125, "epsilon": 0.38},
    ),
    (
        "Episode: 100/500 | Reward: 87.45 | Avg Reward (10): 75.32 | Success Rate: 35.0%",
        (None, None, 100, 500),
        {"reward": 87.45, "avg_reward": 75.32, "success_rate": 35.0},
    ),
    ("# Cost after epoch 5: 0.0625", (5, None, None, None), {"cost": 0.0625}),
    (
        "epoch: 1/300 iter: 61/180 loss: 2.6251(2.6376) data_time: 0.85(0.88) remain: 48:17:44",
        (1, 300, 61, 180),
        {"loss": 2.6251, "loss (avg)": 2.6376},
    ),
    (
        "Iter:     10,  Train Loss:   2.0,  Train Acc: 13.62%,  Val Loss:   1.9,  Time: 0:05:36 *",
        (None, None, 10, None),
        {"train_loss": 2.0, "train_acc": 13.62, "val_loss": 1.9},
    ),
    (
        "[Epoch 3/10] [Batch 5/100] [D loss: 0.512345] [G loss: 0.623]",
        (3, 10, 5, 100),
        {"d_loss": 0.512345, "g_loss": 0.623},
    ),
    (
        "[3/25][100/391] Loss_D: 0.5123 Loss_G: 2.1123 D(x): 0.5123 D(G(z)): 0.1123 / 0.0512",
        (3, 25, 100, 391),
        {"loss_d": 0.5123, "loss_g": 2.1123, "d(x)": 0.5123, "d(g(z))": 0.1123},
    ),
    ("[1,  2000] loss: 2.218", (1, None, 2000, None), {"loss": 2.218}),
    ("Epoch 5 [100/500] Loss: 0.5123", (5, None, 100, 500), {"loss": 0.5123}),
    (
        "Epoch 1/10 - Train: loss=0.5123, acc=0.9123 - Val: loss=0.6123, acc=0.8123",
        (1, 10, None, None),
        {"train_loss": 0.5123, "train_acc": 0.9123, "val_loss": 0.6123, "val_acc": 0.8123},
    ),
    (
        "Epoch 003 | Train Loss 0.5123 | Val Loss 0.6123 | lr 1.00e-03 | 12.3s",
        (3, None, None, None),
        {"train_loss": 0.5123, "val_loss": 0.6123, "lr": 1e-3},
    ),
    ("Epoch 3 finished. Loss: 0.51", (3, None, None, None), {"loss": 0.51}),
    ("INFO:root:Epoch #3: test loss = 0.51", (3, None, None, None), {"test-loss": 0.51}),
    (
        "epoch0; batch2; g_loss:20.54; d_A_loss: 2.52 ;",
        (0, None, 2, None),
        {"g_loss": 20.54, "d_a_loss": 2.52},
    ),
    (
        "Epoch: 002, Loss: 1.8746, Train: 0.2714, Val: 0.1840, Test: 0.1890",
        (2, None, None, None),
        {"loss": 1.8746, "train_value": 0.2714, "val_value": 0.184, "test-value": 0.189},
    ),
    ("[Val] Epoch 3: loss 0.61 acc 0.81", (3, None, None, None), {"val_loss": 0.61, "val_acc": 0.81}),
    ("[Train] Epoch 3: loss 0.61", (3, None, None, None), {"loss": 0.61}),
    ("Epoch 1/10 (Phase 1): Train F1=0.34", (1, 10, None, None), {"train_f1": 0.34}),
    ("Iteration 150 (warm): loss = 1.08e-01", (None, None, 150, None), {"loss": 0.108}),
    ("step 100: loss = nan", (None, None, 100, None), {"loss": float("nan")}),
    (
        "(epoch: 3, iters: 400, time: 0.078, data: 1.094) G_A: 18.230 cycle_B: 12.882 D_real: 0.010",
        (3, None, 400, None),
        {"g_a": 18.23, "cycle_b": 12.882, "d_real": 0.01},
    ),
    (
        "INFO: Iter: 240/ 295, epoch: 1/ 10, Train Loss: 0.2761, Val Acc: 77.94%, Time: 63.12018",
        (1, 10, 240, 295),
        {"train_loss": 0.2761, "val_acc": 77.94},
    ),
    (
        "INFO:tensorflow:loss = 4.2646, step = 100 (12.394 sec)",
        (None, None, 100, None),
        {"loss": 4.2646},
    ),
    (
        "Elapsed [8:37:01.056768] batch: 3735  d_loss: 0.25  g_loss: 20.78",
        (None, None, 3735, None),
        {"d_loss": 0.25, "g_loss": 20.78},
    ),
    (
        "Epoch: 4/50; train_loss[679.478], train_acc[0.8415]; test_acc[0.8445]",
        (4, 50, None, None),
        {"train_loss": 679.478, "train_acc": 0.8415, "test-acc": 0.8445},
    ),
    (
        "Train: [Epoch: 7/100, Batch: 225 (100%), running_loss: 411.331]",
        (7, 100, 225, None),
        {"running_loss": 411.331},
    ),
    (
        "Epoch  2, 1250/3752; acc:   3.99; ppl: 127.57; xent:   nan; 3438 src tok/s;   98 s elapsed",
        (2, None, 1250, 3752),
        {"acc": 3.99, "ppl": 127.57, "xent": float("nan")},
    ),
    (
        "[2021/03/04 05:06:07] reader INFO: epoch: [2/9], global_step: 110, lr: 0.000005, loss: 63.99, "
        "avg_reader_cost: 0.01058 s, avg_samples: 64.0, ips: 352.35 samples/s, eta: 1 day, 0:32:12",
        (2, 9, 110, None),
        {"lr": 5e-6, "loss": 63.99},
    ),
    (
        " 2021-03-04 05:06:07.%f train.py:215[27649] INFO Train epoch: 7 [200/1000]\tLoss: 0.7222",
        (7, None, 200, 1000),
        {"loss": 0.7222},
    ),
    (
        "[03/04/21 05:06:07][some.progress][INFO] -  Epoch 12: Train_rf 4.856e-01   Val_rf 4.784e-01",
        (12, None, None, None),
        {"train_rf": 0.4856, "val_rf": 0.4784},
    ),
    (
        "Epoch[0] Batch [50]  Speed: 683.23 samples/sec perplexity=14.104 accuracy=0.092",
        (0, None, 50, None),
        {"perplexity": 14.104, "accuracy": 0.092},
    ),
    (
        "19-08-09 08:25:25.996 - INFO: <epoch: 86, iter: 107,200, lr:2.500e-05> l_g_pix: 1.4819e-03",
        (86, None, 107_200, None),
        {"lr": 2.5e-5, "l_g_pix": 1.4819e-3},
    ),
    (
        "2022-06-08 08:10:31,157 INFO [train.py:815] (1/2) Epoch 1, batch 50, loss[loss=0.5, "
        "simple_loss=1.5, over 5263.00 frames.], tot_loss[loss=0.75, simple_loss=1.75, over "
        "10495.15 frames.], batch size: 21, lr: 3.00e-03",
        (1, None, 50, None),
        {"loss": 0.5, "simple_loss": 1.5, "tot_loss": 0.75, "tot_simple_loss": 1.75, "lr": 3e-3},
    ),
    (
        "| epoch   3 |   400/ 1983 batches | lr 20.00 | ms/batch 12.34 | loss  6.87 | ppl   959.45",
        (3, None, 400, 1983),
        {"lr": 20.0, "loss": 6.87, "ppl": 959.45},
    ),
    (
        "2025-03-04 15:16:09.065 | INFO     | src.runners:train:119 - [Epoch 1/5,     9/469]. "
        "Loss: 2.3. Accuracy: 0.125",
        (1, 5, 9, 469),
        {"loss": 2.3, "accuracy": 0.125},
    ),
    (
        "Epoch 18 | Train loss=0.8, acc=0.7 | Val loss=0.75, acc=0.65",
        (18, None, None, None),
        {"train_loss": 0.8, "acc": 0.7, "val_loss": 0.75, "val_acc": 0.65},
    ),
    (
        "Epoch 3 [Train] loss: 0.5 [Val] loss: 0.6",
        (3, None, None, None),
        {"train_loss": 0.5, "val_loss": 0.6},
    ),
    (
        "Epoch 3 - avg_train_loss: 0.5  avg_val_loss: 0.6",
        (3, None, None, None),
        {"train_avg_loss": 0.5, "val_avg_loss": 0.6},
    ),
    (
        "Epoch 2/9 1.2s train_loss=0.83 dev_accuracy=0.906",
        (2, 9, None, None),
        {"train_loss": 0.83, "val_accuracy": 0.906},
    ),
    ("1360.7s\t12\tEpoch 6 | Loss: 0.64", (6, None, None, None), {"loss": 0.64}),
    (" => 2021-11-01 16:53:20.091: step 800, loss = 7.75", (None, None, 800, None), {"loss": 7.75}),
    ("Cost after iteration 100: 0.693", (None, None, 100, None), {"cost": 0.693}),
    ("Test accuracy at epoch 7: 81.2%", (7, None, None, None), {"test-accuracy": 81.2}),
    ("===> Epoch 4 Complete: Avg. Loss: 0.0123", (4, None, None, None), {"avg_loss": 0.0123}),
    ("Iter 100/1000 [12.3%] psnr=21.5dB", (None, None, 100, 1000), {"psnr": 21.5}),
    ("Episode: 10/100, Score: 21, Lives: 3", (None, None, 10, 100), {"score": 21.0}),
    (
        "Epoch: 0007 loss_train: 1.95 acc_train: 0.25 loss_val: 1.75 time: 1.23s",
        (7, None, None, None),
        {"train_loss": 1.95, "train_acc": 0.25, "val_loss": 1.75},
    ),
    (
        "task/name| train: [1][10/100]|Tot: 0:00:10 |ETA: 0:01:40 |loss 4.5 |hm_loss 3.2 |Net 0.3s",
        (1, None, 10, 100),
        {"loss": 4.5, "hm_loss": 3.2},
    ),
    (
        "Training: 2021-05-19 10:11:12,123-Speed 330.12 samples/sec   Loss 42.12   LearningRate 0.10   "
        "Epoch: 0   Global Step: 100   Grad Scale: 1072   Required: 12 hours",
        (0, None, 100, None),
        {"loss": 42.12, "learningrate": 0.1},
    ),
    (
        "Epoch:4/300 || Epochiter: 10/402 || Iter: 1010/12060 || Loc: 2.34 Cla: 3.45 || LR: 0.001",
        (4, 300, 10, 402),
        {"loc": 2.34, "cla": 3.45, "lr": 0.001},
    ),
    ("Epoch 3: {'loss': 0.512, 'acc': 0.812}", (3, None, None, None), {"loss": 0.512, "acc": 0.812}),
    ("Epoch 3: batch_loss 0.61", (3, None, None, None), {"batch_loss": 0.61}),
    ("Epoch 3: epoch_loss 0.51", (3, None, None, None), {"epoch_loss": 0.51}),
    ("Epoch 3: loss 0.51, dice: [0.61, 0.0009, 0.42]", (3, None, None, None), {"loss": 0.51}),
    ("Episode 100\tAverage Score: 21.41", (None, None, 100, None), {"average_score": 21.41}),
    (
        "epoch=1 step=170 lr=0.00093 loss=0.0491 step/sec=5.027 | ETA 00:07:06",
        (1, None, 170, None),
        {"lr": 0.00093, "loss": 0.0491},
    ),
    (
        "2021-03-04 05:06:07,280-INFO: iter: 4, lr: 0.000035, 'loss': '28.865234', eta: 5:10:47",
        (None, None, 4, None),
        {"lr": 3.5e-5, "loss": 28.865234},
    ),
    (
        "Epoch: [9][       2 /       13]\t Time: 0.266  DataTime: 0.000    Err_G: 0.6444  Err_D: 1.474",
        (9, None, 2, 13),
        {"err_g": 0.6444, "err_d": 1.474},
    ),
    ("Step 27: Cross entropy = 0.012275", (None, None, 27, None), {"cross_entropy": 0.012275}),
    ("Learning iteration 7/90, reward: 2.5", (None, None, 7, 90), {"reward": 2.5}),
    ("Finished epoch 3: loss 0.5", (3, None, None, None), {"loss": 0.5}),
    ("1/16, train_loss: 0.1162 step time: 0.9368", (None, None, 1, 16), {"train_loss": 0.1162}),
    (
        "Epoch 3, Loss tensor(0.5123, device='cuda:0', grad_fn=<NllLossBackward0>)",
        (3, None, None, None),
        {"loss": 0.5123},
    ),
    (
        "step 20: loss tf.Tensor(0.5, shape=(), dtype=float32), acc: np.float32(0.75)",
        (None, None, 20, None),
        {"loss": 0.5, "acc": 0.75},
    ),
    ("Training loss (for one batch) at step 200: 0.5", (None, None, 200, None), {"train_loss": 0.5}),
    ("Results for epoch 3: loss 0.5, acc 0.75", (3, None, None, None), {"loss": 0.5, "acc": 0.75}),
    ("After epoch 3: train loss 0.5±0.02", (3, None, None, None), {"train_loss": 0.5}),
    ("| end of epoch   3 | time: 12.3s | valid loss  5.12", (3, None, None, None), {"val_loss": 5.12}),
    ("Round 3, average loss 0.512", (3, None, None, None), {"average_loss": 0.512}),
    ("Ep. 30: score = 21.5", (30, None, None, None), {"score": 21.5}),
    ("(3/10) loss=0.5, acc=0.75", (None, None, 3, 10), {"loss": 0.5, "acc": 0.75}),
    ("3/10 loss: 0.5", (None, None, 3, 10), {"loss": 0.5}),
    ("[120/938] loss: 2.3", (None, None, 120, 938), {"loss": 2.3}),
    ("[#00285] loss_A: 0.0746", (None, None, 285, None), {"loss_a": 0.0746}),
    (
        "[12:00:10] [#00285] Loss A: 0.0746, Loss B: 0.0828",
        (None, None, 285, None),
        {"loss_a": 0.0746, "loss_b": 0.0828},
    ),
    (
        "[  1]     130 || B: 6.125 | C: 5.853 | T: 18.75 || ETA: 2 days, 18:01:36 || timer: 0.289",
        (1, None, 130, None),
        {"b": 6.125, "c": 5.853, "t": 18.75},
    ),
    (
        "INFO 2021-03-04 05:06:07,806 log_hooks.py: 277: Rank: 0; [ep: 1] iter: 57; lr: 0.75; loss: 2.5"
        "; btime(ms): 192; eta: 0:00:08; peak_mem(M): 4176;",
        (1, None, 57, None),
        {"lr": 0.75, "loss": 2.5},
    ),
    (
        "2017-03-04 05:06:07,435 INFO     main.train_DNN: epoch 1, validation error 211.25, train error"
        " 181.5  time spent 8650.93",
        (1, None, None, None),
        {"val_error": 211.25, "train_error": 181.5},
    ),
    ("Epoch... (39/116 | Loss: 0.125)", (39, 116, None, None), {"loss": 0.125}),
    (
        "Valid Summary | End of Epoch 149 | Time 121.37s | Valid Loss 1.25",
        (149, None, None, None),
        {"val_loss": 1.25},
    ),
    ("iteration 00002000: FID: 132.5", (None, None, 2000, None), {"fid": 132.5}),
    (
        "Epoch 2 | loss=1.5 (  1.25), clip=100%",
        (2, None, None, None),
        {"loss": 1.5, "loss (avg)": 1.25},
    ),
    ("I Training of Epoch 2 - loss: 223.5", (2, None, None, None), {"loss": 223.5}),
    ("I Validation of Epoch 2 - loss: 188.5", (2, None, None, None), {"val_loss": 188.5}),
    ("\tbatch training step 5 loss: 4.0908", (None, None, 5, None), {"loss": 4.0908}),
    (
        "Epoch: 2/5 Train steps: 1500 Val steps: 375 12.24s loss: 0.25 acc: 80.5 val_loss: 0.375",
        (2, 5, 1500, None),
        {"loss": 0.25, "acc": 80.5, "val_loss": 0.375},
    ),
    ("Epoch 2 [ 10%] Loss: 1.25", (2, None, None, None), {"loss": 1.25}),
    ("Score at iteration 120 is 0.4375", (None, None, 120, None), {"score": 0.4375}),
    (
        "21:16:05.123 [main] INFO o.d.o.l.ScoreIterationListener - Score at iteration 30 is 0.375",
        (None, None, 30, None),
        {"score": 0.375},
    ),
    (
        "Step 812     [2.125 sec/step, loss=0.15625, avg_loss=0.1875]",
        (None, None, 812, None),
        {"loss": 0.15625, "avg_loss": 0.1875},
    ),
    (
        "INFO:root:Epoch[2] Batch [40-60] Speed: 51.25 samples/sec accuracy=0.75",
        (2, None, 60, None),
        {"accuracy": 0.75},
    ),
    (
        "Epoch 3 |   Training | Elapsed Time: 0:00:11 | Steps: 31 | Loss: 96.25",
        (3, None, 31, None),
        {"train_loss": 96.25},
    ),
    (
        "2021-03-01 10:01:00,123 DEBUG TRAIN Batch 3/100 loss 64.5 loss_att 31.5 lr 0.00025 rank 0",
        (3, None, 100, None),
        {"loss": 64.5, "loss_att": 31.5, "lr": 0.00025},
    ),
    (
        "INFO:44k:Losses: [2.25, 3.125, 9.5], step: 800, lr: 0.0001, reference_loss: 33.5",
        (None, None, 800, None),
        {"lr": 0.0001, "reference_loss": 33.5},
    ),
    (
        "Epoch 4: avg_loss: 2.125 (-0.25) loss_b: 1.5 (+0.25) loss_c: 1.5 (1.25)",
        (4, None, None, None),
        {"avg_loss": 2.125, "loss_b": 1.5, "loss_c": 1.5, "loss_c (avg)": 1.25},
    ),
    (
        "第 3 轮，训练损失：0.523，验证损失：0.612，准确率：81.2%",
        (3, None, None, None),
        {"train_loss": 0.523, "val_loss": 0.612, "accuracy": 81.2},
    ),
    ("에포크 1/5 완료 - 손실: 0.95, 정확도: 0.4", (1, 5, None, None), {"loss": 0.95, "accuracy": 0.4}),
    ("エポック 3/10: 損失=0.52, 検証損失=0.61", (3, 10, None, None), {"loss": 0.52, "val_loss": 0.61}),
]  # fmt: skip


def only(text: str) -> Progress:
    (item,) = PLAIN.parse(text)
    assert isinstance(item, Progress)
    return item


@pytest.mark.parametrize(("text", "place", "shown"), READ)
def test_a_line_with_its_place(text: str, place: Place, shown: dict[str, float]) -> None:
    item = only(text)
    assert item.style == LINE
    assert (item.epoch, item.epochs, item.step, item.steps) == place
    told = {each.metric: each.displayed for each in item.readings}
    assert told == pytest.approx(shown, nan_ok=True)
    assert item.unit == ("epoch" if item.step is None else "batch")


def test_laws_of_what_a_loop_prints() -> None:
    with_steps = only("Step 5, loss: 0.51, val_loss: 0.61, lr: 0.001").readings
    assert [each.law for each in with_steps] == ["open", "epoch", "instantaneous"]
    averaged = only("Step 5, loss: 0.51 (0.57)").readings
    assert [each.law for each in averaged] == ["instantaneous", "open"]
    without = only("Epoch 5, loss: 0.51, val_loss: 0.61").readings
    assert [each.law for each in without] == ["epoch", "epoch"]


@pytest.mark.parametrize(
    "text",
    [
        "Epoch 3: the model reached loss 0.5 which is better than 0.6",
        "Epoch 5, loss did not improve from 0.512, stopping",
        "The accuracy of step 3 is 0.5",
        "Resumed the training at epoch 3 step 100 with loss 0.5",
        "Early stopping at epoch 12",
        "Best loss at epoch 3: 0.5",
        "Loaded a model from epoch 3 (loss 0.5)",
        "epochs: 100, learning rate: 0.01",
        "epochs: 100",
        "iter: 0.5",
        "batch_size: 32, lr: 0.1",
        "learning_rate: 0.001",
        "loss_weight: 0.5",
        "Best loss: 0.5123",
        "Final accuracy: 0.5",
        "step 3: mix 0.5 cups of flour",
        "Step 1: installing package score 1.0",
        "Iteration 3: we found error 0.5, and cost 1.2",
        "Epoch 2.5 loss: 0.5",
        "Val Epoch: 3 [10/100] loss 0.6123",
        "Test: 0.5",
        "version 1.0, loss functions improved",
        "Epoch 3, loss: 0.5 " + "x" * 600,
        "Epoch 3 | Validation | Steps: 13 | Loss: 90.5 | Dataset: dev.csv",
        "2021-03-01 10:03:00,123 DEBUG CV Batch 3/100 loss 102.5 loss_att 45.5 rank 0",
        "Round 5 of 10: winner score=21.5",
        "Step 3: score 21.5, time 3s",
        "(3/10) score: 21.5",
        "Iteration 3: residual = 1.03e-03, error = 0.125",
        "Step   3, time = 0.003, energy = -1.25, error = 1.1e-05",
    ],
)
def test_what_is_left_alone(text: str) -> None:
    assert not PLAIN.parse(text)


def test_a_place_that_other_programs_have_needs_a_metric_that_they_have_not() -> None:
    game = [f"Round {n}\nTeam score: {n}.5" for n in (1, 2, 3)]
    assert placed(game) == []
    federated = [f"Round {n}\nTeam score: {n}.5\nAverage loss: 0.{n}" for n in (1, 2)]
    assert [row[3] for row in placed(federated)] == ["team_score", "average_loss"] * 2
    assert placed(f"Epoch {n}: score {n}.5" for n in (1, 2)) != []


@pytest.mark.parametrize("text", ["Epoch 3/10", "Epoch: 03 | Epoch Time: 0m 5s", "=== epoch 3 ==="])
def test_heads_of_lines_below(text: str) -> None:
    item = only(text)
    assert (item.style, item.epoch, item.readings) == (HEAD, 3, ())


def test_a_bar_among_the_fields_below_a_head() -> None:
    item = only("| Progress [###      ][16.38%] | LR 0.0012 | Loss   4.25 (  5.9375) |")
    assert item.style == BELOW
    shown = {each.metric: each.displayed for each in item.readings}
    assert shown == {"lr": 0.0012, "loss": 4.25, "loss (avg)": 5.9375}


def test_numbers_below_a_head() -> None:
    item = only("\t Val. Loss: 0.512 |  Val. Acc: 70.12%")
    assert item.style == BELOW
    assert [(each.metric, each.displayed) for each in item.readings] == [
        *[("val_loss", 0.512), ("val_acc", 70.12)]
    ]
    assert not PLAIN.parse("Loss: 0.512 after the update")


def placed(lines: Iterable[str]) -> list[tuple[int, int, int | None, str, float]]:
    session = Session()
    session.feed("".join(f"{line}\n" for line in lines).encode(), 0.0)
    session.finish()
    return [(row.run, row.epoch, row.step, row.metric, row.displayed) for row in session.rows()]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Val   Loss: 0.6437, mIoU: 0.4059", {"val_loss": 0.6437, "val_miou": 0.4059}),
        ("Validation: [running loss: 68.2, acc: 24.5]", {"val_running_loss": 68.2, "val_acc": 24.5}),
        ("Train: 0.54, Val: 0.53", {"train_value": 0.54, "val_value": 0.53}),
        ("Val: 61.31%,", {"val_value": 61.31}),
        ("Test set results: loss= 0.7 accuracy= 0.8", {"test-loss": 0.7, "test-accuracy": 0.8}),
        ("- Eval metrics : loss: 0.5 ; acc: 0.803", {"val_loss": 0.5, "val_acc": 0.803}),
        ("DEV : loss 0.2 - f1-score (micro avg)  0.91", {"val_loss": 0.2, "val_f1_score": 0.91}),
    ],
)  # fmt: skip
def test_numbers_of_a_validation_below(text: str, shown: dict[str, float]) -> None:
    item = only(text)
    assert (item.style, {each.metric: each.displayed for each in item.readings}) == (BELOW, shown)


def test_a_validation_below_its_line() -> None:
    lines = []
    for epoch in range(3):
        lines += [f"Epoch {epoch}/2 - Train Loss: {0.5 - epoch / 10}", "Best acc: 0.9", "lr: 0.1"]
        lines += [f"Validation Loss: {0.75 - epoch / 10}", "Validation Loss: 0.123", "Loss: 0.4"]
    assert placed(lines) == [
        (1, epoch + 1, None, *shown)
        for epoch in range(3)
        for shown in (("train_loss", 0.5 - epoch / 10), ("val_loss", 0.75 - epoch / 10))
    ]


def test_what_a_line_below_says_of_the_training_is_left() -> None:
    lines = []
    for epoch in (1, 2):
        lines += [f"Epoch {epoch}, Loss: {epoch}.5", f"Train: 0.9, Val: 0.{epoch}"]
    assert [row[1:] for row in placed(lines)] == [
        *[(1, None, "loss", 1.5), (1, None, "val_value", 0.1)],
        *[(2, None, "loss", 2.5), (2, None, "val_value", 0.2)],
    ]


def test_a_validation_below_steps_and_what_sums_them_up() -> None:
    lines = []
    for epoch in (1, 2):
        lines += [f"Epoch [{epoch}/2], Step [{step}/20], Loss: {step / epoch}" for step in (10, 20)]
        lines += [f"Epoch [{epoch}/2] Train Loss: 0.5, Train Acc: 0.75, Avg Loss: 0.5"]
        lines += [f"Val Acc: 0.{epoch}"]
    assert [row[1:] for row in placed(lines) if row[1] == 2] == [
        (2, 10, "loss", 5.0),
        (2, 20, "loss", 10.0),
        (2, None, "train_acc", 0.75),
        (2, None, "val_acc", 0.2),
    ]


def test_a_step_may_be_shown_on_several_lines() -> None:
    lines = []
    for step in (5, 10):
        lines += [
            f"epoch 0, batch {step}, g_loss: {step}.5",
            f"epoch0; batch{step}; g_loss: 0.1; d_loss: 0.2",
        ]
    assert [row[2:] for row in placed(lines)] == [
        *[(5, "g_loss", 5.5), (5, "d_loss", 0.2), (10, "g_loss", 10.5), (10, "d_loss", 0.2)]
    ]  # fmt: skip


def test_epochs_above_their_numbers() -> None:
    lines = []
    for epoch in range(3):
        lines += [f"Epoch {epoch}/2", "----------", f"train Loss: 0.{9 - epoch}123 Acc: 0.7512"]
        lines += [f"val Loss: 0.{8 - epoch}123 Acc: 0.8123", ""]
    lines += ["Training complete in 3m 2s", "Best val Acc: 0.8123"]
    rows = placed(lines)
    assert [row[:3] for row in rows] == [(1, n, None) for n in (1, 2, 3) for _ in range(4)]
    assert [row[4] for row in rows if row[3] == "val_loss"] == [0.8123, 0.7123, 0.6123]


@pytest.mark.parametrize("headed", [False, True])
def test_several_prints_of_an_epoch_without_a_step(headed: bool) -> None:
    """They are none of whole epochs, though the first looked like it; a validation is."""
    lines = []
    for epoch in (1, 2, 3):
        place = "" if headed else f"Epoch {epoch}: "
        lines += [f"Epoch {epoch}/3"] if headed else []
        lines += [f"{place}loss: {loss - epoch / 4} acc: 0.5" for loss in (3.0, 2.5, 2.25, 2.125)]
        lines += [f"{place}val_loss: {3.0 - epoch / 4}"]
    session = Session()
    session.feed("".join(f"{line}\n" for line in lines).encode(), 0.0)
    session.finish()
    rows = [row for row in session.rows() if row.metric == "loss"]
    assert [row.displayed + row.epoch / 4 for row in rows] == [3.0, 2.5, 2.25, 2.125] * 3
    assert {(row.law, row.value, row.level) for row in rows} == {("unknown", None, None)}
    settled = [(row.epoch, row.step, row.unit, row.final) for row in rows[2:]]
    assert settled == [
        *[(1, step, "round", False) for step in (3, 4)],
        *[(epoch, step, "round", False) for epoch in (2, 3) for step in (1, 2, 3, 4)],
    ]
    validations = [row for row in session.rows() if row.metric == "val_loss"]
    assert [(row.law, row.step) for row in validations] == [("epoch", None)] * 3


@pytest.mark.parametrize(
    "again",
    ["Epoch 2: loss: 1.0, acc: 0.75", "Epoch 2: loss: 1.00021", "Epoch 2: loss: 0.75"],
    ids=["the same", "rounded otherwise", "taken up again"],
)
def test_an_epoch_that_is_printed_again_is_one(again: str) -> None:
    session = Session()
    lines = ["Epoch 1: loss: 2.0", "Epoch 2: loss: 1.000", again, "Epoch 3: loss: 0.50"]
    session.feed("".join(f"{line}\n" for line in lines).encode(), 0.0)
    session.finish()
    assert {(row.law, row.step) for row in session.rows()} == {("epoch", None)}


def test_steps_above_their_numbers() -> None:
    lines = []
    for step in (7, 8):
        lines += ["#" * 40, f"          Learning iteration {step}/90          ", ""]
        lines += [
            f"  Computation: 46045 steps/s (learning 0.0{step}s)",
            f"  Mean value loss: {step}.25",
        ]
        lines += [f"     Mean reward: -{step}.5", "  Mean episode length: 22.5", "  ETA: 0:00:12"]
    assert [row[1:] for row in placed(lines)] == [
        row
        for step in (7, 8)
        for row in (
            (1, step, "mean_value_loss", step + 0.25),
            (1, step, "mean_reward", -step - 0.5),
        )
    ]


def test_a_step_at_the_end_of_its_fields_is_no_head() -> None:
    lines = []
    for step in (1, 2):
        lines += [
            "Result for PPO:",
            f"  episode_reward_mean: {step}2.5",
            f"  training_iteration: {step}",
        ]
    assert placed(lines) == []


def test_parts_of_an_epoch_above_their_numbers() -> None:
    lines = []
    for epoch in (4, 5):
        for part in (20, 70):
            lines += [f"INFO:voice:Train Epoch: {epoch} [{part}%]"]
            lines += [
                f"INFO:voice:[{epoch * 100 + part}, 9.99e-05]",
                f"INFO:voice:loss_gen={part}.5",
            ]
        lines += [f"INFO:voice:====> Epoch: {epoch} [2024-05-06 07:08:09] | (0:01:02.5)"]
    session = Session()
    session.feed("".join(f"{line}\n" for line in lines).encode(), 0.0)
    session.finish()
    rows = list(session.rows())
    assert [(row.epoch_label, row.step) for row in rows] == [
        *[("4", 420), ("4", 470), ("5", 520), ("5", 570)]
    ]
    assert {row.law for row in rows} <= {"unknown", "instantaneous"}  # not the epoch's


def test_steps_below_an_epoch_that_have_no_word() -> None:
    lines = []
    for epoch in (2, 3):
        lines += [f"epoch {epoch}/9", *(f"{k}/3, train_loss: 0.{epoch}{k}" for k in (1, 2, 3))]
        lines += [f"epoch {epoch} average loss: 0.5", "current mean dice: 0.75 best mean dice: 0.8"]
    assert [row[1:3] for row in placed(lines) if row[3] == "train_loss"] == [
        (epoch, k) for epoch in (1, 2) for k in (1, 2, 3)
    ]


def test_steps_of_a_validation_are_no_training() -> None:
    lines = []
    for epoch in (0, 1):
        lines += [f" > EPOCH: {epoch}/9", "", f"   --> STEP: 4/9 -- GLOBAL_STEP: {4 + 9 * epoch}"]
        lines += [f"     | > loss_gen: {epoch}.5  (2.5)", "     | > loader_time: 0.5  (0.25)", ""]
        lines += [" > EVALUATION", "   --> STEP: 0", "     | > loss_gen: 9.5  (9.5)"]
    assert [row[1:] for row in placed(lines)] == [
        *[(1, 4, "loss_gen", 0.5), (1, 4, "loss_gen (avg)", 2.5)],
        *[(2, 4, "loss_gen", 1.5), (2, 4, "loss_gen (avg)", 2.5)],
    ]


def test_rows_of_a_list_are_of_the_data_that_its_head_names() -> None:
    lines = []
    for epoch in (1, 2):
        lines += [f" > EPOCH: {epoch}/9", "   --> STEP: 4/9 -- GLOBAL_STEP: 13"]
        lines += [f"     | > loss_gen: {epoch}.5  (2.5)", "     | > loss_dur: 0.5  (0.25)", ""]
        lines += [
            " > EVALUATION",
            "  --> EVAL PERFORMANCE",
            "     | > avg_loader_time: 0.5 (-0.25)",
        ]
        lines += [f"     | > avg_loss_gen: {epoch}.25 (-0.5)", "     | > avg_loss_dur: 0.75 (+0.5)"]
    shown = [row[3] for row in placed(lines)]
    once = ["loss_gen", "loss_gen (avg)", "loss_dur", "loss_dur (avg)"]
    assert shown == [*once, "val_avg_loss_gen", "val_avg_loss_dur"] * 2


def test_losses_as_a_dictionary_below_their_step() -> None:
    """As TensorFlow's Object Detection API logs them, by two loggers."""
    lines = []
    for step in (100, 200, 300):
        told = [f"{{'Loss/classification_loss': 0.{step},", " 'Loss/localization_loss': 0.5,"]
        told += [" 'Loss/total_loss': 0.625,", " 'learning_rate': 0.03125}"]
        loggers = "INFO:tensorflow:", "I0609 20:51:12.342342 140123 model_lib_v2.py:705] "
        lines += [f"{logger}Step {step} per-step time 0.412s" for logger in loggers]
        for logger in loggers:
            lines += [logger + told[0], *told[1:]]
    names = ["loss/classification_loss", "loss/localization_loss", "loss/total_loss"]
    assert [row[2:4] for row in placed(lines)] == [
        (step, name) for step in (100, 200, 300) for name in names
    ]


def test_evaluations_of_an_estimator() -> None:
    lines = []
    for step in (100, 200):
        lines += [f"INFO:tensorflow:loss = {step / 64}, step = {step} (0.5 sec)"]
        lines += [
            f"INFO:tensorflow:Saving dict for global step {step}: accuracy = 0.75, average_loss = 0.5, "
            f"global_step = {step}, loss = 0.625"
        ]
    names = ["loss", "val_accuracy", "val_average_loss", "val_loss"]
    assert [row[3] for row in placed(lines)] == names * 2


def test_a_validation_may_count_its_own_steps() -> None:
    lines = []
    for epoch in (1, 2):
        lines += [f"epoch : {epoch}, iteration : {epoch * 90 + k}, loss : {k}.5" for k in (8, 16)]
        lines += [f"epoch : {epoch}, iteration : {epoch * 9 + k}, val loss : 0.{k}" for k in (1, 2)]
        lines += [f"epoch : {epoch}, mean val loss : 0.{epoch}25"]
    assert placed(lines) == [
        row
        for n in (1, 2)
        for row in (
            (1, n, n * 90 + 8, "loss", 8.5),
            (1, n, n * 90 + 16, "loss", 16.5),
            (1, n, None, "val_mean_loss", n / 10 + 0.025),
        )
    ]


def test_a_result_on_the_line_below_its_name() -> None:
    lines = []
    for epoch in (3, 4):
        lines += [
            f"Mon 06 May 2024 07:08:09 INFO  epoch {epoch} training [time: 20.5s, train loss: 2.5]"
        ]
        lines += [
            "Mon 06 May 2024 07:08:30 INFO  valid result:",
            f"recall@10 : 0.{epoch}    mrr@10 : 0.5",
        ]
    assert [row[1:] for row in placed(lines) if row[3] == "val_recall@10"] == [
        *[(1, None, "val_recall@10", 0.3), (2, None, "val_recall@10", 0.4)]
    ]


def test_the_quickstart_of_pytorch() -> None:
    lines = []
    for epoch in (1, 2):
        lines += [f"Epoch {epoch}", "-" * 31]
        lines += [f"loss: 2.{epoch}0{k}494  [{64 + k * 6400:>5d}/60000]" for k in range(9)]
        lines += ["Test Error: ", f" Accuracy: 4{epoch}.7%, Avg loss: 2.157374 ", ""]
    rows = placed([*lines, "Done!"])
    steps = [64 + k * 6400 for k in range(9)]
    assert [row[1:3] for row in rows if row[3] == "loss"] == [(n, k) for n in (1, 2) for k in steps]
    tested = [row for row in rows if row[3] == "test-accuracy"]
    assert [(row[1], row[4]) for row in tested] == [(1, 41.7), (2, 42.7)]
    assert {row[3] for row in rows} == {"loss", "test-accuracy", "test-avg_loss"}


def test_a_head_is_of_steps_below_too() -> None:
    lines = []
    for epoch in (1, 2):
        lines += [f"Epoch {epoch}", *(f"step {k}/4, loss: 0.{epoch}{k}1" for k in range(1, 5))]
        lines += [f"loss: 0.{epoch}91", f"val_loss: 0.{epoch}92"]
    rows = placed(lines)
    steps = [(1, n, k) for n in (1, 2) for k in range(1, 5)]
    assert [row[:3] for row in rows if row[3] == "loss"] == steps  # the sum-up adds nothing
    assert [row[4] for row in rows if row[3] == "val_loss"] == [0.192, 0.292]


@pytest.mark.parametrize("every", [1, 5])
def test_the_truth_is_inside_the_bounds_of_a_running_mean(every: int) -> None:
    random, lines, truth = Random(3), [], []
    for epoch in range(1, 7):
        values = [random.gauss(2.0, 0.5) / epoch for _ in range(100)]
        truth.append(values)
        lines += [
            f"Epoch [{epoch}/6], Step [{k}/100], Loss: {sum(values[:k]) / k:.4f}"
            for k in range(every, 101, every)
        ]
    session = Session()
    session.feed("\n".join(lines).encode(), 0.0)
    session.finish()
    rows = list(session.rows())
    assert {row.law for row in rows} == {"cumulative-batch"}
    for row in rows:
        window = truth[row.epoch - 1][row.from_batch : row.to_batch]
        assert len(window) == every
        assert row.low is not None
        assert row.high is not None
        assert row.low <= sum(window) / len(window) <= row.high


def test_a_line_that_never_comes_again_is_no_log() -> None:
    assert detect(["Epoch 3, loss: 0.51"]) is None
    assert detect(["Epoch 3, loss: 0.51"] * 2) is None
    assert detect(["loss: 0.51", "loss: 0.52", "loss: 0.53"]) is None
    assert detect(["Epoch 3, loss: 0.51", "Epoch 4, accuracy: 0.51"]) is None
    assert detect(["Epoch 3, loss: 0.51", "other", "Epoch 4, loss: 0.50"]) is PLAIN
    assert detect(["Epoch 3", "loss: 0.51", "Epoch 4", "loss: 0.50"]) is PLAIN


@pytest.mark.parametrize("style", LINES)
def test_it_takes_no_line_of_another_format(style: str) -> None:
    name, text = LINES[style]
    found = detect(["Epoch 3, loss: 0.51", "Epoch 4, loss: 0.50", "Epoch 5, loss: 0.49", text])
    assert found is not None
    bare = style in (
        "huggingface-bar",
        "mnist-summary",
        "llm.c-validation",
        "nanochat-validation",
        "composer-head",
        "deepspeed-optimizer",
        *("stable-baselines-rule", "stable-baselines-section", "stable-baselines-row"),
    )  # which tell nothing by themselves
    assert found.name == (PLAIN.name if bare else name)


def test_a_sniffer_remembers_lines_that_are_not_kept() -> None:
    sniffer = Sniffer()
    assert not sniffer.hear("Epoch 3, loss: 0.51")
    assert not sniffer.copy().hear("Epoch 3, loss: 0.52")
    assert sniffer.copy().hear("Epoch 4, loss: 0.51")
    assert not sniffer.hear("Loading data")
    assert sniffer.hear("Epoch 4, loss: 0.51")
    assert sniffer.find(["Epoch 4, loss: 0.51"]) is PLAIN


PIECES = sorted({piece for text, _, _ in READ for piece in text.split(" ")})


@given(st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=20).map(" ".join)))
def test_no_text_breaks_the_grammar(text: str) -> None:
    for item in PLAIN.parse(text):
        assert isinstance(item, Progress)
        assert all(by_key(each.law) and each.quantum >= 0.0 for each in item.readings)


def test_no_text_takes_long() -> None:
    for text in (
        *HARD,
        *(text[:590] for text in HARD),
        "Epoch 1 " + "a1 " * 190,
        "loss[" + "abcdefghij=klmnopqrst " * 25,
    ):
        begin = time.process_time()
        PLAIN.parse(text)
        assert time.process_time() - begin < 0.02
