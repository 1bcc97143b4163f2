"""What the lines of other frameworks than Keras say: grammar, laws, and what no line can do to them."""

from __future__ import annotations

import re
import time
from math import inf, isnan, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_monitor.core.averages.laws import by_key as law_of
from tui_monitor.core.formats import detect as detecting
from tui_monitor.core.formats.base import Format, clock_seconds, printed, significant
from tui_monitor.core.formats.detect import FORMATS, Sniffer, by_name, detect
from tui_monitor.core.records import Columns, Notice, Progress, Reading, Window
from tui_monitor.core.session import Session

BLOCKS = "█" * 30 + "▍" + " " * 40

# One line of each style, none of them of a real log: format, text, and where it stands.
LINES: dict[str, tuple[str, str]] = {
    "averagemeter-imagenet": (
        "averagemeter",
        "Epoch: [7][ 301/5005]\tTime  0.312 ( 0.298)\tData  0.001 ( 0.004)"
        "\tLoss 3.1250e+00 (3.2500e+00)\tAcc@1  31.25 ( 30.06)\tAcc@5  62.50 ( 54.32)",
    ),
    "averagemeter-timm": (
        "averagemeter",
        "Train: 12 [ 350/1251 ( 28%)]  Loss: 4.12 (4.35)  Time: 0.415s, 2467.47/s  "
        "(0.421s, 2432.30/s)  LR: 9.981e-04  Data: 0.010 (0.013)",
    ),
    "averagemeter-swin": (
        "averagemeter",
        "[2021-04-01 10:00:00 swin] (main.py 217): INFO Train: [3/300][120/1251]\teta 0:05:12 "
        "lr 0.000101\ttime 0.2761 (0.3012)\tloss 6.8012 (6.9012)\tgrad_norm 1.2012 (1.3012)"
        "\tmem 9000MB",
    ),
    "averagemeter-summary": ("averagemeter", " * Acc@1 71.234 Acc@5 90.100"),
    "metriclogger": (
        "metriclogger",
        "Epoch: [4]  [ 120/1251]  eta: 0:12:34  lr: 0.000400  loss: 5.1234 (5.2345)  "
        "class_error: 81.25 (80.12)  acc1: 12.5000 (11.2345)  time: 0.5012  data: 0.0003  "
        "max mem: 7012",
    ),
    "metriclogger-iterations": (
        "metriclogger",
        "2020-02-03 04:05:06,007 detector.trainer INFO: eta: 1 day, 2:00:58  iter: 140  "
        "loss: 1.2500 (1.7512)  loss_cls: 0.5000 (0.6012)  time: 0.2512 (0.2612)  "
        "data: 0.0025 (0.0134)  lr: 0.005000  max mem: 3012",
    ),
    "metriclogger-summary": ("metriclogger", "* Acc@1 71.234 Acc@5 90.100 loss 1.234"),
    "mmengine": (
        "mmengine",
        "2023/05/01 10:00:00 - mmengine - INFO - Epoch(train)  [12][ 50/7330]  "
        "base_lr: 2.0000e-02 lr: 1.9820e-03  eta: 1 day, 3:12:01  time: 0.4012  "
        "data_time: 0.0112  memory: 4012  grad_norm: 12.3456  loss: 1.2345  acc: 85.5469",
    ),
    "mmengine-validation": (
        "mmengine",
        "05/01 10:10:00 - mmengine - INFO - Epoch(val) [12][5000/5000]    "
        "coco/bbox_mAP: 0.3740  coco/bbox_mAP_50: 0.5810  data_time: 0.0021  time: 0.0312",
    ),
    "mmcv": (
        "mmengine",
        "2021-03-04 05:06:07,890 - mmdet - INFO - Epoch [3][150/7330]\tlr: 1.978e-02, "
        "eta: 2 days, 1:02:03, time: 0.412, data_time: 0.012, memory: 3812, "
        "loss_cls: 0.5123, acc: 91.2109, loss: 1.1234",
    ),
    "mmcv-validation": (
        "mmengine",
        "2021-03-04 06:06:07,890 - mmdet - INFO - Epoch(val) [3][625]\tbbox_mAP: 0.2110, "
        "bbox_mAP_50: 0.3720",
    ),
    "huggingface": (
        "huggingface",
        "{'loss': 1.25, 'grad_norm': 0.7583507895469666, 'learning_rate': 2e-05, 'epoch': 0.31}",
    ),
    "huggingface-evaluation": (
        "huggingface",
        "{'eval_loss': '0.9876', 'eval_accuracy': '0.75', 'eval_runtime': '1.25', 'epoch': '1'}",
    ),
    "huggingface-bar": (
        "huggingface",
        " 31%|███       | 62/200 [00:31<01:09,  1.99it/s]",
    ),
    "fastai-bar": (
        "fastai",
        "Epoch 2/5 : |███████---------| 43.75% [35/80 00:12<00:16... 1.2345]",
    ),
    "fastai-row": ("fastai", "1         1.234567    1.345678    0.512000  01:23"),
    "ignite-bar": (
        "ignite",
        f"Epoch [2/10]: [47/300]  16%|{BLOCKS}, acc=0.812, loss=0.563 [00:12<01:05]",
    ),
    "ultralytics-bar": (
        "ultralytics",
        "       3/50      4.28G     0.8271     0.1743      1.272         75        640: "
        "87% ━━━━━━━━━━── 220/253 3.9it/s 2:21<8.3s",
    ),
    "ultralytics-validation": (
        "ultralytics",
        "                   all        128        929      0.645      0.537      0.605      0.446",
    ),
    "mnist": (
        "mnist",
        "Train Epoch: 3 [38400/60000 (64%)]\tLoss: 0.281234",
    ),
    "mnist-summary": ("mnist", "Test set: Average loss: 0.0265, Accuracy: 9912/10000 (99%)"),
    "megatron": (
        "megatron",
        " [2024-05-06 07:08:09] iteration      200/  500000 | consumed samples:        51200 | "
        "elapsed time per iteration (ms): 812.5 | learning rate: 1.500000E-05 | global batch "
        "size:   256 | lm loss: 7.812500E+00 | loss scale: 1.0 | grad norm: 1.234 | "
        "number of skipped iterations:   0 | number of nan iterations:   0 |",
    ),
    "megatron-validation": (
        "megatron",
        " validation loss at iteration 1000 | lm loss value: 5.125000E+00 | "
        "lm loss PPL: 1.681741E+02 | ",
    ),
    "nanogpt": ("nanogpt", "iter 250: loss 2.1234, time 51.25ms, mfu 12.34%"),
    "nanogpt-validation": ("nanogpt", "step 500: train loss 2.0123, val loss 2.1123"),
    "sklearn-round": (
        "sklearn",
        "        10           0.9345           0.0115            1.11s",
    ),
    "darknet": (
        "darknet",
        " 1203: 1.234567, 1.345678 avg loss, 0.001000 rate, 3.125000 seconds, 76992 images, "
        "1.234567 hours left",
    ),
    "boosting-xgboost": (
        "boosting",
        "[41]\ttrain-rmse:0.12345\ttrain-mlogloss:0.23456\tvalid-mlogloss:0.34567",
    ),
    "boosting-lightgbm": (
        "boosting",
        "[41]\ttraining's l2: 0.125\tvalid_1's l2: 0.234567\tvalid_1's auc: 1",
    ),
    "boosting-lightgbm-cli": (
        "boosting",
        "[LightGBM] [Info] Iteration:41, valid_1 auc : 0.712345",
    ),
    "boosting-catboost": (
        "boosting",
        "300:\tlearn: 0.7806345\ttest: 0.7820942\tbest: 0.7820942 (300)\ttotal: 19.6s\t"
        "remaining: 54m 2s",
    ),
    "detectron2": (
        "detectron2",
        "[11/21 01:47:34] d2.utils.events INFO:  eta: 1 day, 0:00:10  iter: 139  total_loss: 0.6798  "
        "loss_cls: 0.25    time: 0.0150  last_time: 0.0140  data_time: 0.0010   lr: 0.02  "
        "max_mem: 3000M",
    ),
    "caffe": (
        "caffe",
        "I1121 01:43:36.912345  4242 solver.cpp:239] Iteration 60 (50.1 iter/s, 0.2s/10 iters), "
        "loss = 0.697998",
    ),
    "caffe-output": (
        "caffe",
        "I1121 01:43:36.912345  4242 solver.cpp:258]     Train net output #0: loss_cls = 0.25 "
        "(* 1 = 0.25 loss)",
    ),
    "caffe-test": (
        "caffe",
        "I1121 01:43:36.912345  4242 solver.cpp:414]     Test net output #0: accuracy = 0.9125",
    ),
    "espnet": (
        "espnet",
        "[host] 2024-05-06 07:08:09,278 (trainer:453) INFO: 2epoch:train:11-20batch: iter_time=0.006, "
        "forward_time=0.076, loss_ctc=65.945, loss=50.873, acc=4.043e-04, clip=100.000, "
        "optim0_lr0=6.250e-07, train_time=0.203",
    ),
    "espnet-validation": (
        "espnet",
        "[host] 2024-05-06 07:18:09,278 (trainer:328) INFO: 2epoch results: [train] iter_time=0.006, "
        "loss=50.873, time=9 minutes and 2.55 seconds, total_count=180, [valid] loss_ctc=45.1, "
        "loss=35.25, acc=0.512, time=2.55 seconds, total_count=22, gpu_max_cached_mem_GB=9.500, "
        "[att_plot] time=1.2 seconds",
    ),
    "fairseq": (
        "fairseq",
        "2024-05-06 07:08:09 | INFO | train_inner | epoch 002:     10 / 90 loss=3.307, nll_loss=1.5, "
        "ppl=9.9, wps=5512, num_updates=100, lr=0.001, gnorm=0.678, clip=0, wall=12",
    ),
    "fairseq-json": (
        "fairseq",
        '[2024-05-06 07:08:09,123][train_inner][INFO] - {"epoch": 2, "update": 1.416, "loss": "9.276", '
        '"code_perplexity": "377.731", "num_updates": "200", "lr": "3.125e-06", "wall": "425"}',
    ),
    "fairseq-validation": (
        "fairseq",
        "2024-05-06 07:08:09 | INFO | valid | epoch 002 | valid on 'valid' subset | loss 4.512 | "
        "ppl 22.82 | wps 15312 | num_updates 180 | best_loss 4.512",
    ),
    "llm.c": (
        "steplines",
        "step  122/18865 | loss 7.123456 (-1.25z)| norm 1.2345 (+nanz)| lr 1.05e-04 | 2500.12 ms | "
        "55.1% bf16 MFU | 209715 tok/s",
    ),
    "llm.c-validation": ("steplines", "val loss 11.033154"),
    "torchtitan": (
        "steplines",
        "[rank0]:[titan] 2024-05-06 07:08:09,123 - root - INFO - step: 10  loss:  8.1234  "
        "grad_norm:  1.2345  memory:  9.55GiB(10.05%)  tps: 7,890  tflops: 45.00  mfu: 14.42%",
    ),
    "maxtext": (
        "steplines",
        "I0506 07:08:09.123456 1400 metric_logger.py:226] completed step: 12, seconds: 1.250, "
        "TFLOP/s/device: 130.5, Tokens/s/device: 8000.500, total_weights: 196608, loss: 9.125, "
        "lm_loss: 9.000",
    ),
    "verl": (
        "steplines",
        "(TaskRunner pid=123) step:7 - global_seqlen/min:340.000 - actor/pg_loss:-0.012 - "
        "actor/lr:1e-06 - training/epoch:0.000 - critic/rewards/mean:0.531 - "
        "critic/rewards/max:1.000 - timing_s/step:12.500",
    ),
    "lerobot": (
        "steplines",
        "INFO 2025-05-06 07:08:09 ts/train.py:232 step:31K smpl:245K ep:2K epch:9.54 loss:0.037 "
        "grdn:0.722 lr:7.9e-05 updt_s:0.098 data_s:0.001",
    ),
    "ml-agents": (
        "steplines",
        "[INFO] Runner. Step: 24000. Time Elapsed: 61.250 s. Mean Reward: 1.625. Std of Reward: "
        "0.500. Training.",
    ),
    "tacotron2": ("steplines", "Train loss 41 0.341250 Grad Norm 0.750125 3.79s/it"),
    "tacotron2-validation": ("steplines", "Validation loss 41:  0.325500  "),
    "marian": (
        "marian",
        "[2021-03-04 05:06:07] Ep. 2 : Up. 82000 : Sen. 5,529,093 : Cost 2.79048125 : Time 817.42s : "
        "2193.04 words/s : gNorm 0.5125 : L.r. 3.0000e-04",
    ),
    "marian-validation": (
        "marian",
        "[2021-03-04 05:06:07] [valid] Ep. 2 : Up. 84000 : cross-entropy : 67.9481 : new best",
    ),
    "bigdl": (
        "steplines",
        "2021-03-04 05:06:07 INFO  DistriOptimizer$:427 - [Epoch 3 3360/3668][Iteration 96]"
        "[Wall Clock 1317.25s] Trained 112 records in 13.5 seconds. Throughput is 8.25 records/second."
        " Loss is 0.08025. Current learning rate is 1.0E-4. Current weight decay is 0.5.",
    ),
    "bigdl-validation": (
        "steplines",
        "2021-03-04 05:06:07 INFO  DistriOptimizer$:180 - [Epoch 3 3584/3668][Iteration 98]"
        "[Wall Clock 1320.5s] my_metric Loss is (Loss: 48.5, count: 32, Average Loss: 1.515625)",
    ),
    "stylegan": (
        "steplines",
        "tick 14    kimg 70.1     time 1h 38m 21s   sec/tick 366.1   sec/kimg 73.10   maintenance 0.1"
        "    cpumem 5.88   gpumem 9.79   reserved 10.64  augment 0.052",
    ),
    "stylegan-metric": (
        "steplines",
        "network-snapshot-005734        time 4m 26s       fid50k_full 46.5125",
    ),
    "tinygrad": (
        "steplines",
        "  7  129.25 ms run,  116.50 ms python,   12.75 ms CL, 1187.25 loss, 0.000003 LR, 0.65 GB used,"
        "     86.72 GFLOPS",
    ),
    "tinygrad-validation": (
        "steplines",
        "eval     9172/10000 91.72%,    0.95 val_loss STEP=1000 (in 123.00 ms)",
    ),
    "fasttext": (
        "steplines",
        "Progress:  12.5% words/sec/thread:   71451 lr:  0.087500 avg.loss:  0.317325 ETA:   0h 0m 9s",
    ),
    "nanochat": (
        "nanochat",
        "step 00041/21400 (0.19%) | loss: 7.812345 | grad norm: 0.5125 | lrm: 1.00 | dt: 325.50ms | "
        "tok/sec: 1,610,723 | mfu: 47.25 | total time: 0.12m",
    ),
    "nanochat-validation": ("nanochat", "Step 00250 | Validation bpb: 1.0625"),
    "metriclogger-whole": (
        "metriclogger",
        "I20250119 10:05:26 90 dinov2 helpers.py:102] Training  [     50/1250000]  eta: 10:45:44  "
        "lr: 0.0010 (0.0005)  mom: 0.9960 (0.9960)  total_loss: 10.5010 (10.5016)  time: 1.569923  "
        "data: 0.000181  max mem: 67339",
    ),
    "progress-phase": (
        "progress",
        "ctdet/coco_dla |" + "#" * 5 + " " * 27 + "| train: [3][12/60]|Tot: 0:00:04 |ETA: 0:00:21 "
        "|loss 9.2525 |hm_loss 8.1250 |Data 0.001s(0.063s) |Net 0.140s",
    ),
    "kaldi": (
        "kaldi",
        "LOG (nnet3-train[5.5.1~1-12ab]:PrintStatsForThisPhase():nnet-training.cc:309) Average "
        "objective function for 'output' for minibatches 30-39 is -2.34515 over 1280 frames.",
    ),
    "tesseract": (
        "tesseract",
        "At iteration 88/200/200, Mean rms=9.953%, delta=4.847%, char train=98.25%, word train=99.5%, "
        "skip ratio=0%,  New worst char error = 98.25 wrote checkpoint.",
    ),
    "tesseract-evaluation": (
        "tesseract",
        "At iteration 88, stage 0, BCER eval=97.125000, BWER eval=99.750000",
    ),
    "vowpal": (
        "vowpal",
        "0.253906 0.125000            8            8.0   1.0000   0.3750       24",
    ),
    "litgpt": (
        "litgpt",
        "Epoch 2 | iter 130 step 32 | loss train: 1.384, val: n/a | iter time: 123.45 ms "
        "remaining time: 0:12:34",
    ),
    "litgpt-early": (
        "litgpt",
        "iter 130 step 32: loss 1.3842, iter time: 123.45ms (optimizer.step)",
    ),
    "litgpt-validation": ("litgpt", "iter 400: val loss 1.2345, val time: 1000.25 ms"),
    "composer-head": ("composer", "[epoch=2][batch=10/45]:"),
    "composer": ("composer", "\t Train loss/train/total: 2.3125"),
    "deepspeed": (
        "deepspeed",
        "steps: 40 loss: 7.1250 moe loss: 0.2500 iter time (s): 1.234 samples/sec: 51.863",
    ),
    "deepspeed-optimizer": (
        "deepspeed",
        "[2024-05-06 07:08:09,123] [INFO] [logging.py:96:log_dist] [Rank 0] step=40, skipped=2, "
        "lr=[2.5e-05, 1e-05], mom=[(0.9, 0.95), (0.9, 0.95)]",
    ),
    "stable-baselines-rule": ("stable-baselines", "-" * 34),
    "stable-baselines-section": ("stable-baselines", "| rollout/           |          |"),
    "stable-baselines-row": ("stable-baselines", "|    ep_rew_mean     | 21.3     |"),
    "stable-baselines": ("stable-baselines", "|    total_timesteps | 4096     |"),
    "rich": (
        "rich",
        "Epoch 1/9  ━━━╸━━━━━━━━━━━━ 40/450 0:00:01 • 0:00:12 65.80it/s v_num: 3 "
        "train_loss_step: 2.277 acc: 0.094",
    ),
    "paddle": (
        "paddle",
        "step  41/450 - loss: 1.2345 - acc_top1: 0.6250 - acc_top5: 1.2500e-04 - 151ms/step",
    ),
    "sklearn": ("sklearn", "Iteration 12, loss = 0.12345678"),
    "sklearn-validation": ("sklearn", "Validation score: 0.912500"),
}
STYLES = pytest.mark.parametrize("style", LINES)


def parse(style: str, text: str | None = None) -> Progress:
    name, line = LINES[style]
    (item,) = by_name(name).parse(line if text is None else text)
    assert isinstance(item, Progress)
    assert item.style == style
    return item


def rows(item: Progress) -> list[tuple[str, float, float, str]]:
    return [(r.metric, r.displayed, r.quantum, r.law) for r in item.readings]


@STYLES
def test_a_line_is_read_by_its_own_format_alone(style: str) -> None:
    name, text = LINES[style]
    assert [log_format.name for log_format in FORMATS if log_format.parse(text)] == [name]


ODD = [
    "nan",
    "inf",
    "-inf",
    "1e400",
    "-1",
    "0",
    "9" * 25,
    "9" * 400,
    "9" * 5000,
    "1_0",
    "1e",
    "\u0661",
]


@STYLES
def test_no_number_breaks_a_format(style: str) -> None:
    name, text = LINES[style]
    for number in re.finditer(r"\d+\.?\d*(?:e[-+]\d+)?", text):
        for odd in ODD:
            by_name(name).parse(text[: number.start()] + odd + text[number.end() :])


@STYLES
def test_laws_are_known_ones(style: str) -> None:
    item = parse(style)
    assert item.unit is not None
    assert all(law_of(reading.law).name for reading in item.readings)


def at(item: Progress) -> tuple[object, ...]:
    return item.epoch, item.epochs, item.step, item.steps, item.final


def test_where_lines_stand() -> None:
    """Epoch, epochs, batches done, batches an epoch, and whether it ends an epoch."""
    assert at(parse("averagemeter-imagenet")) == (7, None, 301, 5005, None)
    assert at(parse("averagemeter-timm")) == (12, None, 351, 1251, None)
    assert at(parse("averagemeter-swin")) == (3, 300, 121, 1251, None)
    assert at(parse("averagemeter-summary")) == (None, None, None, None, True)
    assert at(parse("metriclogger")) == (4, None, 121, 1251, None)
    assert at(parse("mmengine")) == (12, None, 50, 7330, None)
    assert at(parse("mmengine-validation")) == (12, None, None, None, True)
    assert at(parse("mmcv")) == (3, None, 150, 7330, None)
    assert at(parse("huggingface-bar")) == (None, None, 62, 200, None)
    assert at(parse("fastai-bar")) == (2, 5, 34, 80, False)
    assert at(parse("fastai-row")) == (1, None, None, None, True)
    assert at(parse("ignite-bar")) == (2, 10, 47, 300, None)
    assert at(parse("ultralytics-bar")) == (3, 50, 221, 253, None)
    assert at(parse("ultralytics-validation")) == (None, None, None, None, True)
    assert at(parse("mnist")) == (3, None, 38400, 60000, None)
    assert at(parse("mnist-summary")) == (None, None, None, None, True)
    assert at(parse("megatron")) == (None, None, 200, 500000, None)
    assert at(parse("megatron-validation")) == (None, None, 1000, None, False)
    assert at(parse("nanogpt")) == (None, None, 251, None, None)
    assert at(parse("nanogpt-validation")) == (None, None, 500, None, False)
    assert at(parse("boosting-xgboost")) == (None, None, 41, None, None)
    assert at(parse("boosting-lightgbm")) == (None, None, 41, None, None)
    assert at(parse("boosting-catboost")) == (None, None, 300, None, None)
    assert at(parse("detectron2")) == (None, None, 140, None, None)
    assert at(parse("caffe")) == (None, None, 60, None, None)
    assert at(parse("caffe-output")) == (None, None, None, None, False)
    assert at(parse("caffe-test")) == (None, None, None, None, False)
    assert at(parse("espnet")) == (2, None, 20, None, None)
    assert at(parse("espnet-validation")) == (2, None, None, None, True)
    assert at(parse("fairseq")) == (2, None, 10, 90, False)
    assert at(parse("fairseq-json")) == (None, None, 200, None, None)
    assert at(parse("fairseq-validation")) == (2, None, None, None, True)
    assert at(parse("llm.c")) == (None, None, 122, 18865, None)
    assert at(parse("torchtitan")) == (None, None, 10, None, None)
    assert at(parse("maxtext")) == (None, None, 12, None, None)
    assert at(parse("lerobot")) == (None, None, None, None, None)
    assert at(parse("ml-agents")) == (None, None, 24_000, None, None)
    assert at(parse("tacotron2")) == (None, None, 42, None, None)
    assert at(parse("tacotron2-validation")) == (None, None, 42, None, False)
    assert at(parse("marian")) == (2, None, 82_000, None, None)
    assert at(parse("marian-validation")) == (2, None, 84_000, None, False)
    assert at(parse("bigdl")) == (3, None, 96, None, None)
    assert at(parse("bigdl-validation")) == (3, None, 98, None, False)
    assert at(parse("stylegan")) == (None, None, 14, None, None)
    assert at(parse("stylegan-metric")) == (None, None, None, None, False)
    assert at(parse("tinygrad")) == (None, None, 8, None, None)
    assert at(parse("tinygrad-validation")) == (None, None, 1000, None, False)
    assert at(parse("fasttext")) == (None, None, None, None, None)
    assert parse("fasttext").epochs_done == 0.125
    assert at(parse("litgpt")) == (2, None, 130, None, None)
    assert at(parse("litgpt-early")) == (None, None, 130, None, None)
    assert at(parse("litgpt-validation")) == (None, None, 400, None, False)
    assert at(parse("composer-head")) == (2, None, 10, 45, None)
    assert at(parse("composer")) == (None, None, None, None, None)
    assert at(parse("deepspeed")) == (None, None, 40, None, None)
    assert at(parse("deepspeed-optimizer")) == (None, None, 40, None, None)
    assert at(parse("stable-baselines")) == (None, None, 4096, None, None)
    assert at(parse("rich")) == (1, 10, 40, 450, None)
    assert at(parse("paddle")) == (None, None, 41, 450, None)
    assert at(parse("sklearn")) == (12, None, None, None, True)
    assert at(parse("sklearn-validation")) == (None, None, None, None, True)
    assert at(parse("sklearn-round")) == (None, None, 10, None, None)
    assert at(parse("darknet")) == (None, None, 1203, None, None)


def test_steps_of_large_models() -> None:
    """A loss of LitGPT is a mean over as many iterations as a step takes."""
    assert rows(parse("litgpt")) == [("loss", 1.384, 1e-3, "sliding-999999999")]
    ends = LINES["litgpt"][1].replace("iter 130", "iter 128").replace(" ms", " ms (step)")
    assert by_name("litgpt").parse(ends)[0] == Window(4)
    assert rows(parse("litgpt-early")) == [("loss", 1.3842, 1e-4, "instantaneous")]
    assert parse("litgpt-early").per_step == 0.12345
    assert rows(parse("litgpt-validation")) == [("val_loss", 1.2345, 1e-4, "epoch")]
    assert rows(parse("deepspeed")) == [
        ("loss", 7.125, 1e-4, "instantaneous"),
        ("moe loss", 0.25, 1e-4, "instantaneous"),
    ]
    assert parse("deepspeed").per_step == 1.234
    assert rows(parse("deepspeed-optimizer")) == [("lr", 2.5e-05, 1e-06, "instantaneous")]


def test_rows_of_composer() -> None:
    def row(text: str) -> list[tuple[str, float, float, str]]:
        return rows(parse("composer", f"\t {text}"))

    assert row("Train loss/train/total: 2.3125") == [
        ("loss/train/total", 2.3125, 1e-4, "instantaneous")
    ]
    assert row("Train metrics/train/Accuracy: 0.2500")[0][0] == "train_Accuracy"
    assert row("Train lr-DecoupledAdamW/group0: 0.0012") == [("lr", 0.0012, 1e-4, "instantaneous")]
    assert row("Eval metrics/eval/Accuracy: 0.2500") == [("val_Accuracy", 0.25, 1e-4, "epoch")]
    for blanks in (" " * 9, "0:\t ", "12: \t "):
        (item,) = by_name("composer").parse(f"{blanks}Train loss/train/total: 2.3125")
        assert isinstance(item, Progress)
        assert item.readings == parse("composer").readings
    assert by_name("composer").parse("    Train Loss: 0.5000") == ()
    for clutter in ("Train time/batch: 9", "Train time/total: 0.1250", "Train lr-A/group1: 0.1000"):
        assert by_name("composer").parse(f"\t {clutter}") == ()
    assert by_name("composer").parse("[Eval batch=5/5] Eval on eval data:") == ()


def test_a_meter_is_its_value_and_its_mean() -> None:
    assert rows(parse("averagemeter-imagenet")) == [
        ("Loss", 3.125, 1e-4, "instantaneous"),
        ("Loss (avg)", 3.25, 1e-4, "state"),
        ("Acc@1", 31.25, 0.01, "instantaneous"),
        ("Acc@1 (avg)", 30.06, 0.01, "state"),
        ("Acc@5", 62.5, 0.01, "instantaneous"),
        ("Acc@5 (avg)", 54.32, 0.01, "state"),
    ]
    assert parse("averagemeter-imagenet").per_step == 0.298
    assert rows(parse("averagemeter-timm")) == [
        ("Loss", 4.12, 0.01, "instantaneous"),
        ("Loss (avg)", 4.35, 0.01, "state"),
        ("LR", 9.981e-4, 1e-7, "instantaneous"),
    ]
    assert parse("averagemeter-timm").per_step == 0.421
    assert [(r.metric, r.displayed) for r in parse("averagemeter-swin").readings] == [
        *[("loss", 6.8012), ("loss (avg)", 6.9012), ("grad_norm", 1.2012)],
        *[("grad_norm (avg)", 1.3012), ("lr", 0.000101)],
    ]
    assert rows(parse("averagemeter-summary")) == [
        ("val_Acc@1", 71.234, 0.001, "epoch"),
        ("val_Acc@5", 90.1, 0.001, "epoch"),
    ]


def test_the_summary_of_the_example_leaves_holes_for_meters_without_one() -> None:
    item = parse("averagemeter-summary", " *   Acc@1 93.611 Acc@5 100.000")
    assert [r.displayed for r in item.readings] == [93.611, 100.0]


def test_early_copies_of_timm_print_more_digits() -> None:
    item = parse(
        "averagemeter-timm",
        "Train: 0 [  50/1251 (  4%)]  Loss:  6.941474 (6.9415)  Time: 0.4s, 1.2/s  (0.5s, 1.1/s)",
    )
    assert rows(item)[0] == ("Loss", 6.941474, 1e-6, "instantaneous")


def test_a_smoothed_value_is_a_median_and_a_mean() -> None:
    item = parse("metriclogger")
    assert rows(item) == [
        ("lr", 0.0004, 1e-6, "instantaneous"),
        ("loss", 5.1234, 1e-4, "median"),
        ("loss (avg)", 5.2345, 1e-4, "plain"),
        ("class_error", 81.25, 0.01, "median"),
        ("class_error (avg)", 80.12, 0.01, "plain"),
        ("acc1", 12.5, 1e-4, "median"),
        ("acc1 (avg)", 11.2345, 1e-4, "state"),
    ]
    assert (item.eta, item.per_step) == (754.0, 0.5012)
    assert [r.metric for r in parse("metriclogger-summary").readings] == [
        *("val_Acc@1", "val_Acc@5", "val_loss")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Test: [ 11/23]\tTime  0.000 ( 0.000)\tLoss 4.6477e-01 (2.9737e-01)",
        "Test: [  10/22]  Time: 0.001 (0.000)  Loss:   0.527 ( 0.313)  Acc@1:  87.500 ( 92.614)",
        "Test:  [ 0/23]  eta: 0:00:01  loss: 0.2568 (0.2568)  acc1: 93.7500 (93.7500)  time: 0.0112",
        "05/01 10:00:00 - mmengine - INFO - Epoch(val) [1][10/23]    eta: 0:00:00  time: 0.0005",
        "{'train_runtime': 4.1, 'train_loss': 1.0279, 'epoch': 4.0}",
        "{'epoch': 4.0, 'loss': 0.5}",
        "{'loss': 0.5, 'acc': 0.75}",
        "Epoch 2/5 : |----------------| 0.00% [0/80 00:00<?]",
        "Epoch 2/5 : |█---------------| 1.25% [1/80 00:00<00:16... 1.2345]",
        "Epoch [2/10]: [1/300]   0%|           [00:00<?]",
        "Epoch 1/10",
        "iteration 10/100 done",
        "5: 1.0, 2.0",
        "[5] time:0.25 acc:0.5",
        "0  5.100000  3.500000",
    ],
)
def test_lines_that_are_no_print_of_the_training(text: str) -> None:
    assert detect([text]) is None


def test_smoothed_are_losses_and_gradients_alone() -> None:
    item = parse("mmengine")
    assert rows(item) == [
        ("base_lr", 0.02, 1e-6, "instantaneous"),
        ("lr", 0.001982, 1e-7, "instantaneous"),
        ("grad_norm", 12.3456, 1e-4, "sliding-10"),
        ("loss", 1.2345, 1e-4, "sliding-10"),
        ("acc", 85.5469, 1e-4, "instantaneous"),
    ]
    assert (item.eta, item.per_step) == (None, 0.4012)
    (by_iteration,) = by_name("mmengine").parse(
        "mmengine - INFO - Iter(train) [  50/80000]  lr: 1.0000e-02  eta: 1 day, 0:00:10  "
        "time: 0.2500  data_time: 0.0100  loss: 2.5000"
    )
    assert isinstance(by_iteration, Progress)
    assert at(by_iteration) == (None, None, 50, 80000, None)
    assert by_iteration.eta == 86_410.0
    assert [r.metric for r in parse("mmengine-validation").readings] == [
        *("val_coco/bbox_mAP", "val_coco/bbox_mAP_50")
    ]


def test_settings_tell_how_many_iterations_are_smoothed() -> None:
    text = "log_processor = dict(by_epoch=True, type='LogProcessor', window_size=20)"
    (window,) = by_name("mmengine").parse(text)
    assert window == Window(20)
    assert by_name("mmengine").parse("sampler = dict(type='Sliding', window_size=20)") == ()


def test_mmcv_prints_means_since_the_last_print() -> None:
    assert rows(parse("mmcv")) == [
        ("lr", 0.01978, 1e-5, "instantaneous"),
        ("loss_cls", 0.5123, 1e-4, "interval-reset"),
        ("acc", 91.2109, 1e-4, "interval-reset"),
        ("loss", 1.1234, 1e-4, "interval-reset"),
    ]
    assert rows(parse("mmcv-validation"))[0] == ("val_bbox_mAP", 0.211, 1e-4, "epoch")


def test_the_dict_of_version_4_rounds_the_loss_alone() -> None:
    loss, norm, rate = parse("huggingface").readings
    assert loss == Reading("loss", 1.25, 1e-4, "interval")
    assert norm[::3] == ("grad_norm", "instantaneous")
    assert 0 < norm.quantum < 1e-15
    assert rate.displayed == 2e-5
    assert parse("huggingface").epochs_done == 0.31


def test_the_dict_of_version_5_shows_four_digits() -> None:
    item = parse("huggingface", "{'loss': '10.2', 'grad_norm': '0.05', 'epoch': '0.7778'}")
    assert rows(item) == [
        ("loss", 10.2, 0.01, "interval"),
        ("grad_norm", 0.05, 1e-5, "instantaneous"),
    ]
    assert rows(parse("huggingface-evaluation")) == [
        ("eval_loss", 0.9876, 1e-4, "epoch"),
        ("eval_accuracy", 0.75, 1e-4, "epoch"),
    ]


def test_a_dict_may_show_the_time_so_far_and_lack_a_loss() -> None:
    item = parse(
        "huggingface",
        "{'loss': '9.5', 'learning_rate': '0.001', 'epoch': '0.5', 'num_input_tokens_seen': 1024, "
        "'train_runtime': '12.5', 'train_tokens_per_second': '2048'}",
    )
    assert [each.metric for each in item.readings] == ["loss", "learning_rate"]
    summary = "{'train_runtime': '12.5', 'train_loss': '9.5', 'epoch': '1'}"
    assert by_name("huggingface").parse(summary) == ()
    of_ppo = parse(
        "huggingface",
        "{'eps': 3, 'objective/kl': 3.5, 'loss/policy_avg': -0.25, 'val/ratio': 1.5, 'lr': 5e-06, "
        "'episode': 16, 'epoch': 1.5}",
    )
    assert [(each.metric, each.law) for each in of_ppo.readings] == [
        *[("objective/kl", "instantaneous"), ("loss/policy_avg", "instantaneous")],
        ("lr", "instantaneous"),
    ]


def test_the_dict_in_a_file_of_ms_swift() -> None:
    item = parse(
        "huggingface",
        '{"loss": 0.5, "grad_norm": 1.25, "kl": 0.0625, "epoch": 0.25, '
        '"global_step/max_steps": "3/90", "elapsed_time": "6m 50s", "train_speed(iter/s)": 0.005}',
    )
    assert (item.step, item.steps) == (3, 90)
    assert [(each.metric, each.law) for each in item.readings] == [
        *[("loss", "interval"), ("grad_norm", "instantaneous"), ("kl", "interval")]
    ]


def test_a_bar_without_numbers_tells_the_step() -> None:
    item = parse("huggingface-bar")
    assert (item.readings, item.elapsed, item.eta) == ((), 31.0, 69.0)


def test_fastai_shows_the_number_of_the_iteration_before() -> None:
    item = parse("fastai-bar")
    assert rows(item) == [("train_loss", 1.2345, 1e-4, "debiased-0.98")]
    assert (item.elapsed, item.eta) == (12.0, 16.0)
    (early,) = by_name("fastai").parse("Epoch 2/5 : |███---| 43.75% [35/80 00:12<00:16 1.2345]")
    assert early == item


def test_the_head_of_a_table_names_its_columns() -> None:
    (head,) = by_name("fastai").parse("epoch     train_loss  valid_loss  accuracy  f_loss    time")
    assert head == Columns(("train_loss", "valid_loss", "val_accuracy", "f_loss"))
    assert by_name("fastai").parse("  epoch    train_loss    valid_acc    valid_loss     dur") == ()


def test_ignite_shows_three_digits_of_a_running_average() -> None:
    item = parse("ignite-bar")
    assert rows(item) == [
        ("acc", 0.812, 0.001, "seeded-0.98"),
        ("loss", 0.563, 0.001, "seeded-0.98"),
    ]
    (plain,) = by_name("ignite").parse(
        "Epoch [1/2]: [3/9]  33%|███       , output=1.5, state=warm [00:01<?]"
    )
    assert isinstance(plain, Progress)
    assert rows(plain) == [("output", 1.5, 0.01, "instantaneous")]
    assert plain.eta is None


def test_megatron_sums_up_from_print_to_print() -> None:
    assert rows(parse("megatron")) == [
        ("learning rate", 1.5e-5, 1e-11, "instantaneous"),
        ("lm loss", 7.8125, 1e-6, "interval"),
        ("grad norm", 1.234, 0.001, "instantaneous"),
    ]
    assert parse("megatron").per_step == 0.8125
    first = LINES["megatron"][1].replace("      200/", "        1/")
    # its loss is part of the next line's mean
    assert [r.metric for r in parse("megatron", first).readings] == ["learning rate", "grad norm"]
    assert rows(parse("megatron-validation")) == [("val_lm loss", 5.125, 1e-6, "epoch")]


def test_nanochat_shows_an_exponential_mean_and_counts_from_zero() -> None:
    item = parse("nanochat")
    assert (item.step, item.steps, item.from_zero, item.per_step) == (42, 21400, True, 0.3255)
    assert rows(item) == [
        ("loss", 7.812345, 1e-6, "debiased-0.9"),
        ("grad norm", 0.5125, 1e-4, "instantaneous"),
    ]
    assert rows(parse("nanochat-validation")) == [("val_bpb", 1.0625, 1e-4, "epoch")]


def test_centernet_shows_means_of_the_epoch() -> None:
    item = parse("progress-phase")
    assert (item.epoch, item.step, item.steps, item.from_zero) == (3, 13, 60, True)
    assert rows(item) == [("loss", 9.2525, 1e-4, "copied"), ("hm_loss", 8.125, 1e-4, "copied")]
    text = LINES["progress-phase"][1].replace("train: [3][12/60]", "val: [3][59/60]")
    (over,) = by_name("progress").parse(text)
    assert isinstance(over, Progress)
    assert rows(over)[0] == ("val_loss", 9.2525, 1e-4, "epoch")
    assert by_name("progress").parse(text.replace("59/60", "58/60")) == ()


def test_means_of_dinov2_begin_where_a_training_is_taken_up() -> None:
    item = parse("metriclogger-whole")
    assert (item.epoch, item.step, item.steps, item.from_zero) == (None, 51, 1250000, True)
    assert rows(item) == [
        ("lr", 0.001, 1e-4, "median"),
        ("total_loss", 10.501, 1e-4, "median"),
        ("total_loss (avg)", 10.5016, 1e-4, "open"),
    ]


def test_dicts_of_hugging_face_that_tell_their_step() -> None:
    text = "{'loss': 0.6347228, 'learning_rate': 4.891304e-05, 'epoch': 0.08695, 'step': 10}"
    of_torch = parse("huggingface", text)
    assert (of_torch.step, of_torch.epochs_done) == (10, None)
    assert [(r.metric, r.law) for r in of_torch.readings] == [
        *[("loss", "interval"), ("learning_rate", "instantaneous")]
    ]
    of_keras = parse("huggingface", f"[INFO|trainer_tf.py:398] 2021-01-15 10:28:50,371 >> {text}")
    assert [(r.metric, r.law) for r in of_keras.readings] == [
        *[("loss", "open"), ("learning_rate", "instantaneous")]
    ]


def test_kaldi_shows_means_since_the_line_before() -> None:
    item = parse("kaldi")
    assert (item.step, rows(item)) == (40, [("objective output", -2.34515, 1e-5, "interval")])
    both = LINES["kaldi"][1].replace("-2.34515", "-0.571 + -0.005 = -0.576")
    assert rows(parse("kaldi", both)) == [("objective output", -0.571, 1e-3, "interval")]
    some = LINES["kaldi"][1].replace("for minibatches", "using 4 minibatches in minibatch range")
    assert not by_name("kaldi").parse(some)


def test_tesseract_and_vowpal_wabbit_are_shown_as_printed() -> None:
    assert parse("tesseract").step == 200
    assert rows(parse("tesseract")) == [
        ("train_char_error", 98.25, 0.01, "unknown"),
        ("train_word_error", 99.5, 0.1, "unknown"),
    ]
    assert rows(parse("tesseract-evaluation")) == [
        ("val_bcer", 97.125, 1e-6, "epoch"),
        ("val_bwer", 99.75, 1e-6, "epoch"),
    ]
    assert rows(parse("vowpal")) == [
        ("loss", 0.125, 1e-6, "unknown"),
        ("loss (avg)", 0.253906, 1e-6, "unknown"),
    ]
    held_out = LINES["vowpal"][1] + " h"
    assert rows(parse("vowpal", held_out)) == [("val_loss", 0.125, 1e-6, "epoch")]


def test_darknet_prints_a_loss_and_its_exponential_mean() -> None:
    item = parse("darknet")
    assert rows(item) == [
        ("loss", 1.234567, 1e-6, "instantaneous"),
        ("loss (avg)", 1.345678, 1e-6, "seeded-0.9"),
        ("rate", 0.001, 1e-6, "instantaneous"),
    ]
    assert item.per_step == 3.125
    (diverged,) = by_name("darknet").parse(
        "3, 0.125: -nan, nan avg, 0.001000 rate, 3.125000 seconds, 192 images"
    )
    assert isinstance(diverged, Progress)
    assert all(isnan(reading.displayed) for reading in diverged.readings[:2])


def test_rounds_show_what_is_after_them() -> None:
    assert rows(parse("boosting-xgboost")) == [
        ("train-rmse", 0.12345, 1e-5, "instantaneous"),
        ("train-mlogloss", 0.23456, 1e-5, "instantaneous"),
        ("valid-mlogloss", 0.34567, 1e-5, "instantaneous"),
    ]
    assert rows(parse("boosting-lightgbm")) == [
        ("training's l2", 0.125, 1e-6, "instantaneous"),
        ("valid_1's l2", 0.234567, 1e-6, "instantaneous"),
        ("valid_1's auc", 1.0, 1e-5, "instantaneous"),
    ]
    folds = parse("boosting-xgboost", "[0]\ttrain-auc:0.91234+0.00123\ttest-auc:0.81234+0.01234")
    assert rows(folds)[1] == ("test-auc", 0.81234, 1e-5, "instantaneous")
    folds = parse("boosting-lightgbm", "[10]\tcv_agg's l2: 0.5 + 0.0123")
    assert rows(folds) == [("cv_agg's l2", 0.5, 1e-6, "instantaneous")]


def test_rounds_of_gradient_boosting_in_a_table() -> None:
    assert rows(parse("sklearn-round")) == [
        ("train_loss", 0.9345, 1e-4, "instantaneous"),
        ("oob_improve", 0.0115, 1e-4, "instantaneous"),
    ]
    without = parse("sklearn-round", "         2           1.1345            1.25m")
    assert rows(without) == [("train_loss", 1.1345, 1e-4, "instantaneous")]


def test_catboost_shows_the_best_round_once_more() -> None:
    assert rows(parse("boosting-catboost")) == [
        ("learn", 0.7806345, 1e-7, "instantaneous"),
        ("test-learn", 0.7820942, 1e-7, "instantaneous"),
    ]
    (stopped,) = by_name("boosting").parse("Stopped by overfitting detector  (50 iterations wait)")
    assert isinstance(stopped, Notice)
    assert stopped.kind == "early-stopping"


def test_detectron2_prints_medians() -> None:
    item = parse("detectron2")
    assert rows(item) == [
        ("total_loss", 0.6798, 1e-4, "median"),
        ("loss_cls", 0.25, 0.01, "median"),
        ("lr", 0.02, 0.01, "instantaneous"),
    ]
    assert (item.eta, item.per_step) == (86_410.0, 0.015)


def test_caffe_smooths_the_loss_alone() -> None:
    assert rows(parse("caffe")) == [("loss", 0.697998, 1e-6, "open")]
    assert rows(parse("caffe-output")) == [("output loss_cls", 0.25, 1e-6, "instantaneous")]
    assert rows(parse("caffe-test")) == [("val_accuracy", 0.9125, 1e-6, "epoch")]
    rate = parse("caffe-output", "I1121 01:43:36.9 42 sgd_solver.cpp:106] Iteration 60, lr = 0.001")
    assert rows(rate) == [("lr", 0.001, 1e-8, "instantaneous")]


def test_espnet_says_which_batches_it_averages() -> None:
    assert rows(parse("espnet")) == [
        ("loss_ctc", 65.945, 0.001, "interval-reset"),
        ("loss", 50.873, 0.001, "interval-reset"),
        ("acc", 4.043e-4, 1e-7, "interval-reset"),
        ("optim0_lr0", 6.25e-7, 1e-10, "interval-reset"),
    ]
    assert rows(parse("espnet-validation")) == [
        ("val_loss_ctc", 45.1, 0.1, "epoch"),
        ("val_loss", 35.25, 0.01, "epoch"),
        ("val_acc", 0.512, 0.001, "epoch"),
    ]


def test_fairseq_averages_since_the_line_before() -> None:
    assert rows(parse("fairseq")) == [
        ("loss", 3.307, 0.001, "interval"),
        ("nll_loss", 1.5, 0.1, "interval"),
        ("ppl", 9.9, 0.1, "unknown"),
        ("lr", 0.001, 0.001, "instantaneous"),
        ("gnorm", 0.678, 0.001, "interval"),
    ]
    assert [r.metric for r in parse("fairseq-json").readings] == ["loss", "code_perplexity", "lr"]
    assert rows(parse("fairseq-validation"))[0] == ("valid_loss", 4.512, 0.001, "epoch")
    json = LINES["fairseq-json"][1]
    assert by_name("fairseq").parse(json.replace("num_updates", "train_num_updates")) == ()
    validation = json.replace('"loss', '"valid_loss').replace('"num', '"valid_num')
    assert parse("fairseq-json", validation).final is False


def test_lines_of_steps() -> None:
    assert rows(parse("llm.c")) == [
        ("loss", 7.123456, 1e-6, "instantaneous"),
        ("norm", 1.2345, 1e-4, "instantaneous"),
        ("lr", 1.05e-4, 1e-6, "instantaneous"),
    ]
    assert parse("llm.c").per_step == 2.50012
    in_python = parse(
        "llm.c",
        "step    3/100 | train loss 5.270007 | norm 1.4423 | lr 1.00e-04 | (51.23 ms | 4997 tok/s)",
    )
    assert [r.metric for r in in_python.readings] == ["train loss", "norm", "lr"]
    assert rows(parse("torchtitan")) == [
        ("loss", 8.1234, 1e-4, "instantaneous"),
        ("grad_norm", 1.2345, 1e-4, "instantaneous"),
    ]
    assert not by_name("steplines").parse(LINES["torchtitan"][1].replace("step:", "validate step:"))
    assert rows(parse("maxtext")) == [
        ("loss", 9.125, 1e-3, "instantaneous"),
        ("lm_loss", 9.0, 1e-3, "instantaneous"),
    ]
    assert parse("maxtext").per_step == 1.25
    forked = parse("nanogpt", "iter 250: loss 2.1234, ppl 8.3596, time 51.25ms, mfu 12.34%")
    assert forked == parse("nanogpt")
    assert rows(parse("tacotron2")) == [
        ("loss", 0.34125, 1e-6, "instantaneous"),
        ("grad norm", 0.750125, 1e-6, "instantaneous"),
    ]
    assert rows(parse("tacotron2-validation")) == [("val_loss", 0.3255, 1e-6, "epoch")]


def test_marian_averages_the_cost_since_the_line_before() -> None:
    assert rows(parse("marian")) == [
        ("cost", 2.79048125, 1e-8, "interval"),
        ("grad_norm", 0.5125, 1e-4, "instantaneous"),
        ("lr", 3e-4, 1e-8, "instantaneous"),
    ]
    older = (
        "[2017-10-18 18:14:31] Ep. 2 : Up. 82000 : Sen. 56 : Cost 2.79 : Time 6.91s : 13.73 words/s"
    )
    assert rows(parse("marian", older)) == [("cost", 2.79, 1e-2, "interval")]
    assert rows(parse("marian-validation")) == [("val_cross-entropy", 67.9481, 1e-4, "epoch")]


def test_lines_of_iterations_ticks_and_shares() -> None:
    assert rows(parse("bigdl")) == [
        ("loss", 0.08025, 1e-5, "instantaneous"),
        ("lr", 1e-4, 1e-5, "instantaneous"),
    ]
    assert rows(parse("bigdl-validation")) == [("val_Loss", 1.515625, 1e-6, "epoch")]
    infinite = LINES["bigdl"][1].replace("0.08025", "Infinity")
    assert parse("bigdl", infinite).readings[0].displayed == inf
    accuracy = "Top1Accuracy is Accuracy(correct: 9572, count: 10000, accuracy: 0.9572)"
    text = LINES["bigdl-validation"][1].partition("my_metric")[0] + accuracy
    assert rows(parse("bigdl-validation", text)) == [("val_Top1Accuracy", 0.9572, 1e-4, "epoch")]
    assert rows(parse("stylegan")) == [("augment", 0.052, 1e-3, "instantaneous")]
    assert rows(parse("stylegan-metric")) == [("val_fid50k_full", 46.5125, 1e-4, "epoch")]
    text = '{"results": {"fid50k_full": 46.5125}, "metric": "fid50k_full", "total_time": 266.1}'
    assert rows(parse("stylegan-metric", text)) == rows(parse("stylegan-metric"))
    assert rows(parse("tinygrad")) == [
        ("loss", 1187.25, 1e-2, "instantaneous"),
        ("lr", 3e-6, 1e-6, "instantaneous"),
    ]
    assert parse("tinygrad").per_step == 0.12925
    assert rows(parse("tinygrad-validation")) == [
        ("val_accuracy", 91.72, 1e-2, "epoch"),
        ("val_loss", 0.95, 1e-2, "epoch"),
    ]
    mean = [("loss", 0.317325, 1e-6, "unknown"), ("lr", 0.0875, 1e-6, "instantaneous")]
    assert rows(parse("fasttext")) == mean
    older = (
        "Progress: 12.5%  words/sec/thread: 71451  lr: 0.087500  loss: 0.317325  eta: 0h11m h-14m"
    )
    assert parse("fasttext", older) == parse("fasttext")


def test_a_step_of_verl_and_its_validation() -> None:
    assert at(parse("verl")) == (None, None, 7, None, None)
    assert rows(parse("verl")) == [
        ("actor/pg_loss", -0.012, 1e-3, "instantaneous"),
        ("actor/lr", 1e-6, 1e-6, "instantaneous"),
        ("critic/rewards/mean", 0.531, 1e-3, "instantaneous"),
    ]
    text = f"{LINES['verl'][1]} - val-core/sums/acc/mean@1:0.625 - val-aux/sums/score/mean@1:0.5"
    trained, validated = by_name("steplines").parse(text)
    assert trained == parse("verl")
    assert isinstance(validated, Progress)
    assert at(validated) == (None, None, 7, None, False)
    assert rows(validated) == [("val-core/sums/acc/mean@1", 0.625, 1e-3, "epoch")]
    (newer,) = by_name("steplines").parse(
        "step:8 - actor/pg_loss:np.float64(0.25) - actor/lr:2e-06"
    )
    assert isinstance(newer, Progress)
    assert [each.displayed for each in newer.readings] == [0.25, 2e-6]


def test_means_since_the_line_before_and_rewards_of_episodes() -> None:
    item = parse("lerobot")
    assert item.epochs_done == 9.54
    assert rows(item) == [
        ("loss", 0.037, 1e-3, "interval"),
        ("grdn", 0.722, 1e-3, "interval"),
        ("lr", 7.9e-5, 1e-6, "instantaneous"),
    ]
    assert rows(parse("ml-agents")) == [
        ("mean_reward", 1.625, 1e-3, "unknown"),
        ("std_of_reward", 0.5, 1e-3, "unknown"),
    ]


def test_the_bar_by_rich_shows_the_epoch_before_as_well() -> None:
    item = parse("rich")
    assert rows(item) == [
        ("train_loss_step", 2.277, 0.001, "instantaneous"),
        ("acc", 0.094, 0.001, "open"),
    ]
    assert (item.elapsed, item.eta) == (1.0, 12.0)
    of_epoch, of_batch = by_name("rich").parse(
        f"{LINES['rich'][1]} val_loss: 1.639 train_loss_epoch: 2.033"
    )
    assert of_batch == item
    assert isinstance(of_epoch, Progress)
    assert rows(of_epoch) == [
        ("val_loss", 1.639, 0.001, "epoch"),
        ("train_loss_epoch", 2.033, 0.001, "epoch"),
    ]
    assert at(of_epoch) == (None, None, None, None, True)


def test_a_bar_by_rich_moves_before_its_numbers_are_set() -> None:
    """And beside the first epoch's stand the numbers of the sanity check before it."""
    states = [(0, 0, ""), (0, 1, ""), (0, 1, "1.100"), (0, 2, "1.100"), (0, 2, "1.200")]
    states += [(1, 0, "1.200"), (1, 1, "1.200"), (1, 1, "2.100"), (1, 2, "2.100"), (1, 2, "2.200")]
    session = Session()
    for epoch, n, loss in states:
        shown = f" train_loss_step: {loss} val_loss: 0.900" if loss else " val_loss: 0.900"
        line = f"Epoch {epoch}/1 ━━━━━ {n}/2 0:00:00 • 0:00:00 9.00it/s{shown}"
        session.feed(f"{line}\n".encode(), 0.0)
    session.finish()
    rows = [row for row in session.rows() if "val" not in row.metric]
    assert [(row.run, row.epoch, row.step, row.displayed) for row in rows] == [
        *((1, 1, 1, 1.1), (1, 1, 2, 1.2), (1, 2, 1, 2.1), (1, 2, 2, 2.2))
    ]


def test_numbers_that_stay_beside_the_bar_by_rich_are_of_the_epoch_before() -> None:
    states = [
        (0, 1, ""),
        (0, 2, ""),
        (1, 0, "0.900"),
        (1, 1, "0.900"),
        (1, 2, "0.900"),
        (1, 2, "0.8"),
    ]
    session = Session()
    for epoch, n, val in states:
        stays = f" val_loss: {val:0<5}" if val else ""
        line = f"Epoch {epoch}/1 ━━━━━ {n}/2 0:00:00 • 0:00:00 9.00it/s train_loss_step: 1.{n}00{stays}"
        session.feed(f"{line}\n".encode(), 0.0)
    session.finish()
    shown = [(row.epoch, row.step, row.displayed) for row in session.rows() if "val" in row.metric]
    assert shown == [(1, None, 0.9), (2, None, 0.8)]
    steps = [(row.epoch, row.step) for row in session.rows() if "val" not in row.metric]
    assert steps == [(1, 1), (1, 2), (2, 1), (2, 2)]


def test_a_text_bar_begins_its_epochs_without_headers() -> None:
    line = (
        "[Training] {}/3 [==============>...............] - ETA: 1:02  loss: {:.4f} - acc: 0.5000 "
    )
    end = "[Training] 3/3 [==============================] 17.0s/step  loss: 1.0000 - acc: 0.7500 "
    (item,) = by_name("textbar").parse(line.format(2, 1.25).rstrip())
    assert isinstance(item, Progress)
    assert (item.eta, item.final) == (62.0, False)
    assert rows(item) == [
        ("loss", 1.25, 1e-4, "instantaneous"),
        ("acc", 0.5, 1e-4, "instantaneous"),
    ]
    session = Session()
    for _ in range(2):
        texts = [
            line.format(1, 1.5),
            line.format(2, 1.25),
            end,
            "[Evaluating] 1/1 [=====] 1.0s/step",
        ]
        session.feed("".join(f"{text}\n" for text in texts).encode(), 0.0)
    session.finish()
    assert [(r.run, r.epoch, r.step, r.final) for r in session.rows() if r.metric == "loss"] == [
        (1, epoch, step, step == 3) for epoch in (1, 2) for step in (1, 2, 3)
    ]
    assert {row.unit for row in session.rows()} == {"batch"}


def test_paddle_averages_metrics_alone() -> None:
    item = parse("paddle")
    assert rows(item) == [
        ("loss", 1.2345, 1e-4, "instantaneous"),
        ("acc_top1", 0.625, 1e-4, "state"),
        ("acc_top5", 1.25e-4, 1e-8, "state"),
    ]
    assert (item.eta, item.per_step) == (None, 0.151)
    bar = (
        LINES["paddle"][1].replace(" - ", " [=>......] - ", 1).replace("- 151", "- ETA: 1:02 - 151")
    )
    assert parse("paddle", bar) == item._replace(eta=62.0)
    found = detect([bar])
    assert found is not None
    assert found.name == "paddle"


def test_numbers_of_nobody_knows_which_samples_are_shown_as_printed() -> None:
    clip = (
        "2024-05-06,07:08:09 | INFO | Train Epoch: 0 [ 512/10000 (5%)] Data (t): 0.120 Batch (t): "
        "1.234, 415.0/s, 415.0/s/gpu LR: 0.000010 Logit Scale: 14.286 Loss: 6.2345 (6.2501)"
    )
    assert rows(parse("mnist", clip)) == [
        ("LR", 1e-5, 1e-6, "instantaneous"),
        ("Logit Scale", 14.286, 0.001, "unknown"),
        ("Loss", 6.2345, 1e-4, "unknown"),
        ("Loss (avg)", 6.2501, 1e-4, "unknown"),
    ]
    copy = parse("mnist", "Train Epoch: 1/5 [640/60000 (1%)]\tLoss: 1.797833 Accuracy: 38.60%")
    assert rows(copy)[1] == ("Accuracy", 38.6, 0.01, "unknown")
    assert parse("mnist").unit == "sample"
    assert [r.displayed for r in parse("mnist-summary").readings] == [0.0265, 99.12]


# Variants of copies and versions: format, line, and some of what it shows.
VARIANTS = [
    (
        "averagemeter",
        "Epoch: [0][10/1852]      Time 12.410 (12.410)    Data 9.079 (9.079)      "
        "Loss 3.2856 (3.2846)    Prec@1 9.375 (9.371)",
        {"Loss": 3.2856, "Loss (avg)": 3.2846, "Prec@1": 9.375, "Prec@1 (avg)": 9.371},
    ),
    (
        "averagemeter",
        "Lr: 4.182e-06 | Epoch: [0][0/2391] | Time 6.548 (6.548) | Loss 4.0624 (4.0625) | "
        "acc 0.050 (0.051) | [30 days, 1:16:33]",
        {"Loss": 4.0624, "Loss (avg)": 4.0625, "acc": 0.05, "acc (avg)": 0.051},
    ),
    (
        "averagemeter",
        "Train: [8][80/84]\tBT 3.118 (2.542)\tDT 3.033 (2.456)\tloss 1.705 (0.933)",
        {"loss": 1.705, "loss (avg)": 0.933},
    ),
    (
        "averagemeter",
        "Train: 0 [   0/33 (  0%)]  Loss: 8.863 (8.86)  Time: 1.663s,    9.62/s  "
        "(1.663s,    9.62/s)  LR: 5.000e-04  Data: 0.460 (0.460)",
        {"Loss": 8.863, "Loss (avg)": 8.86, "LR": 5e-4},
    ),
    (
        "averagemeter",
        "[2023-07-21 07:50:09 pvt_tiny] (main.py 294): INFO  * Acc@1 77.758 Acc@5 93.910",
        {"val_Acc@1": 77.758, "val_Acc@5": 93.91},
    ),
    (
        "metriclogger",
        "Train: data epoch: [0]  [2999/3000]  eta: 0:00:00  lr: 0.000030  loss: 2.5391  "
        "time: 0.3619  data: 0.0000  max mem: 25096",
        {"lr": 3e-5, "loss": 2.5391},
    ),
    (
        "metriclogger",
        "[21:25:16.951899] Epoch: [0/100]  [   0/5004]  eta: 4:36:45.717077  "
        "loss: 11.0907 (11.0908)  lr: 0.000010 (0.000011)  wd: 0.040000 (0.040000)  time: 5.0500",
        {"loss": 11.0907, "loss (avg)": 11.0908, "lr": 1e-5, "wd": 0.04},
    ),
    (
        "metriclogger",
        "Epoch: [0]  [10/63]  eta: 1 day, 0:00:42  lr: 0.000100  class_error: 100.00  "
        "loss: 5.9923 (7.1036)  time: 1.2027  data: 0.2264  max mem: 1188",
        {"lr": 1e-4, "class_error": 100.0, "loss": 5.9923, "loss (avg)": 7.1036},
    ),
    (
        "mmengine",
        "06/28 03:16:24 - mmengine - INFO - Epoch(train)   [1][ 2/38]  lr: 1.501002e-06  "
        "eta: 8:38:45  time: 3.277006  data_time: 1.012852  memory: 9545  loss: 0.010586  "
        "acc_pose: 0.003289",
        {"lr": 1.501002e-06, "loss": 0.010586, "acc_pose": 0.003289},
    ),
    (
        "mmengine",
        "2022/08/22 18:42:22 - mmengine - INFO - Epoch(train) [1][5/7]  lr: 7.0000e-03  "
        "memory: 7730  data_time: 0.4496  loss_prob: 14.6061  grad_norm: nan  time: 1.8666",
        {"lr": 7e-3, "loss_prob": 14.6061, "grad_norm": nan},
    ),
    (
        "megatron",
        " iteration        2/   95367 | consumed samples:         4096 | elapsed time per "
        "iteration (s): 769.99 | learning rate: 3.787E-06 | lm loss: 6.384045E+01 | "
        "load_balancing_loss: 1.041994E+00 | loss scale: 4096.0 | grad norm: 15906.210 | "
        "samples per second: 2.660 | TFLOPs: 108.47 |",
        {
            "learning rate": 3.787e-06,
            "lm loss": 63.84045,
            "load_balancing_loss": 1.041994,
            "grad norm": 15906.21,
        },
    ),
    (
        "huggingface",
        "{'loss': '0.25', 'token_acc': '0.9921', 'epoch': '5', 'global_step/max_steps': '40/80', "
        "'elapsed_time': '46m 24s', 'memory(GiB)': '11.5', 'train_speed(s/it)': '69.6'}",
        {"loss": 0.25, "token_acc": 0.9921},
    ),
    (
        "boosting",
        "[36]\tvalidation_0-logloss:0.48978\tvalidation_1-auc:0.5 ",
        {"validation_0-logloss": 0.48978, "validation_1-auc": 0.5},
    ),
    (
        "boosting",
        "[100]    training's binary_logloss: 0.626603 val's l1: 3.5",
        {"training's binary_logloss": 0.626603, "val's l1": 3.5},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "shown"), VARIANTS)
def test_variants(name: str, text: str, shown: dict[str, float]) -> None:
    found = detect([text])
    assert found is not None
    assert found.name == name
    (item,) = found.parse(text)
    assert isinstance(item, Progress)
    assert {r.metric: r.displayed for r in item.readings} == pytest.approx(shown, nan_ok=True)


BEHIND = ["2024-05-06T07:08:09.123456789Z ", "[2024-05-06 07:08:09,123] INFO - ", "worker-0 | "]
BEGIN = (
    "rich",
    "ultralytics-bar",
    "ultralytics-validation",
    "fastai-row",
    "llm.c-validation",
    "metriclogger-summary",
    "averagemeter-summary",
    "huggingface-bar",
    *("composer", "stable-baselines", "stable-baselines-row", "stable-baselines-section"),
    "stable-baselines-rule",
    "vowpal",
)
"""Styles that are known by how a line begins."""


@pytest.mark.parametrize("prefix", BEHIND)
@pytest.mark.parametrize("style", [style for style in LINES if style not in BEGIN])
def test_lines_are_found_behind_a_prefix(style: str, prefix: str) -> None:
    name, text = LINES[style]
    assert by_name(name).parse(prefix + text) == by_name(name).parse(text)


def test_evaluations_of_a_metric_logger_are_left_out() -> None:
    line = "{} epoch: [0]  [ 1/30]  eta: 0:00:00  loss: 2.5391  time: 0.3619  data: 0.0000"
    log_format = by_name("metriclogger")
    assert log_format.parse(line.format("Train: data"))
    assert log_format.parse(line.format("Eval: data")) == ()
    assert log_format.parse(line.format("Test:")) == ()


def test_meters_without_the_time_that_is_left() -> None:
    item = parse(
        "metriclogger",
        "[05:06:07.123456] Epoch: [2]  [10/1504]  lr: 0.000012  closs: 0.9250 (0.9375)  time: 4.7312  "
        "data: 0.1228  max mem: 51710",
    )
    assert at(item) == (2, None, 11, 1504, None)
    assert [(each.metric, each.law) for each in item.readings] == [
        *[("lr", "instantaneous"), ("closs", "median"), ("closs (avg)", "plain")]
    ]
    text = "Epoch: [2]  [10/1504]  eta: soon  lr: 0.000012  closs: 0.9250 (0.9375)  time: 4.7312"
    assert by_name("metriclogger").parse(text) == ()


def test_a_dict_may_know_its_step() -> None:
    item = parse("huggingface", VARIANTS[11][1])
    assert (item.step, item.steps, item.epochs_done) == (40, 80, None)


# --- numbers -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value", "quantum"),
    [
        *[("2.3184e+00", 2.3184, 1e-4), ("2.2670e-01", 0.2267, 1e-5), ("6.25", 6.25, 0.01)],
        *[("0.0000e+00", 0.0, 0.0), ("0.000", 0.0, 0.001), ("123.", 123.0, 1.0)],
        *[("-1.50", -1.5, 0.01), ("1.50E+02", 150.0, 1.0), ("inf", float("inf"), 0.0)],
    ],
)
def test_the_quantum_of_a_number_with_all_its_decimals(
    text: str, value: float, quantum: float
) -> None:
    assert printed(text) == (value, quantum)


@pytest.mark.parametrize(
    ("text", "digits", "quantum"),
    [("2.3", 3, 0.01), ("0.1", 3, 0.001), ("12", 3, 0.1), ("9.9e-5", 3, 1e-7), ("0", 3, 0.0)],
)
def test_the_quantum_of_a_number_of_so_many_digits(text: str, digits: int, quantum: float) -> None:
    assert significant(text, digits) == (float(text), quantum)


def test_words_have_no_quantum() -> None:
    value, quantum = significant("nan", 4)
    assert isnan(value)
    assert quantum == 0.0
    assert isnan(printed(str(nan))[0])


def test_clocks() -> None:
    assert clock_seconds("02:03") == 123.0
    assert clock_seconds("1:02:03") == 3723.0
    assert clock_seconds("2 days, 0:00:01") == 172_801.0


# --- what no line can do -----------------------------------------------------------------------


# Trailing zeros left out, or as many decimals as a copy likes: where one is cut, nobody can tell.
CUT_SAFE = [
    style for style in LINES if not style.startswith(("boosting", "caffe", "mnist", "verl"))
]


@pytest.mark.parametrize("style", CUT_SAFE)
def test_a_line_cut_anywhere_shows_nothing_but_what_it_said(style: str) -> None:
    name, text = LINES[style]
    whole = {(r.metric, r.displayed) for r in parse(style).readings}
    for size in range(len(text)):
        for item in by_name(name).parse(text[:size]):
            assert isinstance(item, Progress)
            assert {(r.metric, r.displayed) for r in item.readings} <= whole, text[:size]


PIECES = sorted(
    {piece for _, text in LINES.values() for piece in text.replace("\t", " \t ").split(" ")}
)


@given(
    st.one_of(
        st.text(max_size=80),
        st.lists(st.sampled_from(PIECES), max_size=20).map(" ".join),
        st.lists(st.sampled_from(PIECES), max_size=20).map("\t".join),
        st.tuples(
            st.sampled_from([t for _, t in LINES.values()]), st.integers(0, 250), st.text()
        ).map(lambda cut: cut[0][: cut[1]] + cut[2] + cut[0][cut[1] :]),
    )
)
def test_no_text_breaks_a_grammar(text: str) -> None:
    for log_format in FORMATS:
        first = log_format.parse(text)
        assert repr(log_format.parse(text)) == repr(first)
        for item in first:
            if isinstance(item, Progress):
                assert all(reading.quantum >= 0.0 for reading in item.readings)


LONG = 20_000
HARD = [
    *(text * (LONG // len(text)) for _, text in LINES.values()),
    *(text[: len(text) // 2] * (LONG // len(text)) for _, text in LINES.values()),
    *("a " * LONG, " " * LONG, "1" * LONG, "{'" * LONG, "{" + "'a': 1, " * LONG, "█" * LONG),
    *("Epoch: [0][1/2]\t" + "a " * LONG, "Epoch [1/2]: [1/2] 1%|" + ", a=1" * LONG),
    *("Epoch 1/2 : |" + "-" * LONG, "iteration 1/2 |" + " a b" * LONG, "1  1.000000" * LONG),
    *("Epoch: [0]  [1/2]  eta: 0:00:00" + "  a: 1 (1" * LONG, " * " + "a 1.000 " * LONG),
    *("Epoch(train) [1][1/2]  " + "a: 1.0000" * LONG, "Epoch [1][1/2]\t" + "a: " * LONG),
]


def test_no_text_takes_long() -> None:
    """Every grammar is linear: a microsecond or so a character at the very worst."""
    for text in HARD:
        for log_format in FORMATS:
            begin = time.process_time()
            log_format.parse(text)
            seconds = time.process_time() - begin
            assert seconds < 0.05 + 2e-5 * len(text), (log_format.name, text[:60], len(text))


def test_formats_are_asked_of_new_lines_with_numbers_only(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def prints(_: Format, text: str) -> int:
        asked.append(text)
        return 0

    monkeypatch.setattr(detecting, "_prints", prints)
    sniffer = Sniffer()
    junk = ["", "Loading model", "Epoch 701/1000"]
    assert not any(sniffer.hear(text) for _ in range(50) for text in junk)
    assert set(asked) == {"Epoch 701/1000"}
    assert len(asked) <= len(FORMATS) + 1
