"""Logs with a line every step or every few, which names all it shows of them.

llm.c, torchtitan, MaxText, verl and NVIDIA's Tacotron 2, which counts from 0, show what the step had: a
loss is the mean over its micro-batches, and over all ranks; the deviations that llm.c shows in brackets
are of its own history. LeRobot shows means since the line before, and steps as `31K`, so that its lines
are counted instead. A reward of ML-Agents is the mean over the episodes that ended since the line
before, however many. BigDL counts iterations over the ends of epochs; its loss is the batch's. A tick
of StyleGAN is some thousand images; of the training it shows how often images are augmented, and its
metrics are of the newest network. fastText shows the mean since it began, and where it stands as the
share that is done. Sources: llm.c train_gpt2.cu, train_gpt2.py; torchtitan components/metrics.py,
MetricsProcessor; MaxText metric_logger.py; verl utils/logger/aggregate_logger.py, concat_dict_to_str;
NVIDIA/tacotron2 train.py; lerobot utils/logging_utils.py, MetricsTracker; mlagents/trainers/stats.py,
ConsoleWriter; BigDL optim/DistriOptimizer.scala; stylegan3 training/training_loop.py; tinygrad
examples/hlb_cifar10.py; fastText src/fasttext.cc, printInfo.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from tui_monitor.core.formats.base import NUMBER, printed, self_placed
from tui_monitor.core.metrics import describe
from tui_monitor.core.records import Item, Progress, Reading

LLMC: Final = "llm.c"
"""`step   1/18865 | loss 10.991234 (+nanz)| norm 15.4 (+nanz)| lr 1.29e-06 | 2500.12 ms | ..`."""
LLMC_VALIDATION: Final = "llm.c-validation"
"""`val loss 11.033154`, of the step above it."""
TITAN: Final = "torchtitan"
"""`.. - INFO - step:  1  loss:  8.1234  grad_norm:  1.2345  memory:  9.55GiB(10%)  tps: 7,890 ..`."""
MAXTEXT: Final = "maxtext"
"""`completed step: 9, seconds: 1.341, TFLOP/s/device: 257.929, .., loss: 10.374`."""
VERL: Final = "verl"
"""`step:2 - actor/entropy:0.31 - actor/pg_loss:0.002 - .. - critic/rewards/mean:0.568 - ..`."""
LEROBOT: Final = "lerobot"
"""`step:1K smpl:8K ep:65 epch:0.31 loss:0.437 grdn:0.722 lr:1.0e-05 updt_s:0.098 data_s:0.000`."""
MLAGENTS: Final = "ml-agents"
"""`3DBall. Step: 12000. Time Elapsed: 114.7 s. Mean Reward: 1.4. Std of Reward: 0.5. Training.`"""

TACOTRON: Final = "tacotron2"
"""`Train loss 1 35.229748 Grad Norm 25.020286 3.79s/it`."""
TACOTRON_VALIDATION: Final = "tacotron2-validation"
"""`Validation loss 61000:  0.325403`, after a step of this number."""
BIGDL: Final = "bigdl"
"""`[Epoch 3 3360/3668][Iteration 96][Wall Clock 13.2s] Trained 112 records in .. Loss is 0.0802.`"""
BIGDL_VALIDATION: Final = "bigdl-validation"
"""`[Epoch 3 ..][Iteration 97][..] Loss is (Loss: 10748.957, count: 6336, Average Loss: 1.6964895)`."""
STYLEGAN: Final = "stylegan"
"""`tick 14    kimg 70.1     time 1h 38m 21s   sec/tick 366.1   ..  augment 0.052`."""
STYLEGAN_METRIC: Final = "stylegan-metric"
"""`network-snapshot-005734   time 4m 26s   fid50k_full 46.5633`, or an object with the results."""
TINYGRAD: Final = "tinygrad"
"""`  0 6129.01 ms run, 6116.94 ms python, 12.07 ms CL, 7.63 loss, 0.000001 LR, 0.65 GB used, ..`"""
TINYGRAD_VALIDATION: Final = "tinygrad-validation"
"""`eval     9172/10000 91.72%,    0.95 val_loss STEP=1000`."""
FASTTEXT: Final = "fasttext"
"""`Progress:  12.5% words/sec/thread:  71451 lr:  0.087500 avg.loss:  0.317327 ETA:   0h 0m 9s`."""

_LLMC = re.compile(r"\bstep {1,8}(\d{1,12})/(\d{1,12}) \|(?= (?:train )?loss )")
_LLMC_FIELD = re.compile(
    rf" (loss|train loss|norm|lr) {{1,8}}({NUMBER})(?: \([+-](?:\d{{1,9}}\.\d\d|nan|inf)z\))? ?(?=\|)"
)
_LLMC_VALIDATION = re.compile(r"^val loss (\d{1,9}\.\d{6}|nan|inf)$")
_MILLISECONDS = re.compile(r"\| \(?(\d{1,9}\.\d\d) ms \|")
_TITAN = re.compile(r"(?<!\w )\bstep: {1,3}(\d{1,12})  (?=loss: )")
_TITAN_FIELD = re.compile(rf"(loss|grad_norm): {{1,8}}({NUMBER})  (?=\w)")
_MAXTEXT = re.compile(rf"\bcompleted step: (\d{{1,12}}), seconds: ({NUMBER}), ")
_MAXTEXT_FIELD = re.compile(r"\b(\w{0,40}loss|perplexity): (-?\d{1,20}\.\d{3}|nan|inf)(?=,|\s|$)")
_VERL = re.compile(r"(?<![\w:])step:(\d{1,12})(?= - [\w/@.-]{1,120}:)")
_VERL_FIELD = re.compile(
    rf" - ([\w/@.-]{{1,120}}):(?:np\.float\d\d\()?({NUMBER})\)?(?= - |\s|$)", re.ASCII
)
_VERL_CLUTTER = re.compile(
    r"(?:global_seqlen|perf|timing_s|timing_per_token_ms|training|prompt_length|val-aux)/"
    r"|\w{1,40}/perf/|.{1,80}/(?:max|min)$"
)
_LEROBOT = re.compile(
    r"\bstep:\d[\d.]{0,8}[KMBTQ]? smpl:\S{1,12} ep:\S{1,12} epch:(\d{1,9}\.\d\d)(?= loss:)"
)
_LEROBOT_FIELD = re.compile(rf" (\w{{1,40}}):({NUMBER})(?= )")
_MLAGENTS = re.compile(
    r"\bStep: (\d{1,12})\. (?:Time Elapsed: [\d.]{1,12} s\.? )?"
    rf"Mean Reward: ({NUMBER})\. Std of Reward: ({NUMBER})\. "
)
_TACOTRON = re.compile(
    r"\bTrain loss (\d{1,12}) (\d{1,12}\.\d{6}|nan|inf) Grad Norm (\d{1,12}\.\d{6}|nan|inf) "
    r"(\d{1,9}\.\d\d)s/it"
)
_TACOTRON_VALIDATION = re.compile(r"\bValidation loss (\d{1,12}): {1,3}(\d{1,12}\.\d{6}|nan|inf)\b")


_BIGDL = re.compile(
    r"\[Epoch (\d{1,9}) \d{1,12}/\d{1,12}\]\[Iteration (\d{1,12})\]\[Wall Clock [\d.E-]{1,24}s\] "
)
_BIGDL_NUMBER = r"\d{1,12}\.\d{1,20}(?:E-?\d{1,3})?|NaN|Infinity"
_BIGDL_LOSS = re.compile(
    rf"\. Loss is ({_BIGDL_NUMBER})\.(?: Current learning rate is ({_BIGDL_NUMBER})\.)?(?=\s|$)"
)
_BIGDL_METRIC = re.compile(
    r"(?:\w{1,60} )?([A-Za-z]\w{1,40}) is (?:\w{1,40})?\([^()]{1,120}, [\w ]{1,40}: "
    rf"({_BIGDL_NUMBER})\)"
)
_STYLEGAN = re.compile(
    r"\btick (\d{1,9}) {1,5}kimg \d[\d.]{0,12} {1,9}time [^|]{1,160} augment (\d{1,9}\.\d{3}|nan)$"
)
_STYLEGAN_METRIC = re.compile(
    r"(?:\bnetwork-snapshot-\d{1,9} {1,16}time [\dhdms ]{1,24} ([a-z]\w{1,60}) (\d{1,9}\.\d{4})$"
    rf'|\{{"results": \{{"([a-z]\w{{1,60}})": ({NUMBER})[,}}])'
)
_TINYGRAD = re.compile(
    rf"(?<![\w.-])(\d{{1,9}}) {{1,8}}(\d{{1,12}}\.\d\d) ms run, [^|]{{1,60}}, {{1,8}}({NUMBER}) loss,"
    rf" ({NUMBER}) LR, "
)
_TINYGRAD_VALIDATION = re.compile(
    rf"\beval(?: {{5}}| ema )\d{{1,12}}/\d{{1,12}} ({NUMBER})%, {{1,8}}({NUMBER}) val_loss"
    r" STEP=(\d{1,12})"
)
_FASTTEXT = re.compile(
    r"\bProgress: {0,4}(\d{1,3}\.\d)% {1,2}words/sec/thread: {1,9}\d{1,12} {1,2}"
    rf"lr: {{1,2}}({NUMBER}) {{1,2}}(?:avg\.)?loss: {{1,3}}({NUMBER}) {{1,2}}(?:ETA|eta): "
)


class StepLinesFormat:
    """llm.c, torchtitan, MaxText, verl, LeRobot, BigDL, StyleGAN and others. See `Format`."""

    name: Final = "steplines"

    def parse(self, text: str) -> tuple[Item, ...]:
        """The numbers of a line."""
        if match := _LLMC_VALIDATION.match(text):
            loss = Reading("val_loss", *printed(match[1]), "epoch")
            return (self_placed(LLMC_VALIDATION, None, None, [loss], unit="batch", final=False),)
        if "step" not in text:
            if found := _of_others(text):
                return found
            if " loss " in text:
                return _of_tacotron(text)
            if " val_loss STEP=" in text:
                return _of_tinygrad_validation(text)
            return _of_mlagents(text) if "Step: " in text and "Mean Reward: " in text else ()
        if "step:" in text and " - " in text and (match := _VERL.search(text)):
            return _of_verl(int(match[1]), _VERL_FIELD.findall(text, match.end()))
        if "loss" not in text:
            return ()
        if match := _LLMC.search(text):
            spent = _MILLISECONDS.search(text, match.end())
            fields = _LLMC_FIELD.findall(text, match.end())
            pace = float(spent[1]) / 1e3 if spent else None
            return (_step(LLMC, int(match[1]), int(match[2]), fields, pace),)
        if "tps: " in text and (match := _TITAN.search(text)):
            fields = _TITAN_FIELD.findall(text, match.end())
            return (_step(TITAN, int(match[1]), None, fields, None),)
        if "completed step: " in text and (match := _MAXTEXT.search(text)):
            fields = _MAXTEXT_FIELD.findall(text, match.end())
            return (_step(MAXTEXT, int(match[1]), None, fields, float(match[2])),)
        if " epch:" in text and (match := _LEROBOT.search(text)):
            return _of_lerobot(float(match[1]), _LEROBOT_FIELD.findall(text, match.end()))
        return ()


def _of_others(text: str) -> tuple[Item, ...]:
    """Lines without the word step."""
    if "][Iteration " in text:
        return _of_bigdl(text)
    if "tick " in text or "network-snapshot" in text or '{"results"' in text:
        return _of_stylegan(text)
    if " ms run, " in text and (match := _TINYGRAD.search(text)):
        fields, pace = [("loss", match[3]), ("lr", match[4])], float(match[2]) / 1e3
        return (_step(TINYGRAD, int(match[1]), None, fields, pace, from_zero=True),)
    if "words/sec/thread" in text and (match := _FASTTEXT.search(text)):
        loss, rate = printed(match[3]), printed(match[2])
        readings = [Reading("loss", *loss, "unknown"), Reading("lr", *rate, "instantaneous")]
        return (self_placed(FASTTEXT, None, None, readings, epochs_done=float(match[1]) / 100.0),)
    return ()


def _of_bigdl(text: str) -> tuple[Item, ...]:
    if (match := _BIGDL.search(text)) is None:
        return ()
    epoch, step = map(int, match.groups())
    if loss := _BIGDL_LOSS.search(text, match.end()):
        shown = [("loss", loss[1]), ("lr", loss[2])]
        item = _step(BIGDL, step, None, [(name, value) for name, value in shown if value], None)
    elif found := _BIGDL_METRIC.match(text, match.end()):
        item = _validation(BIGDL_VALIDATION, step, {found[1]: found[2]})
    else:
        return ()
    return (item._replace(epoch=epoch),)


def _of_stylegan(text: str) -> tuple[Item, ...]:
    if match := _STYLEGAN.search(text):
        return (_step(STYLEGAN, int(match[1]), None, [("augment", match[2])], None),)
    if match := _STYLEGAN_METRIC.search(text):
        numbers = {match[1] or match[3]: match[2] or match[4]}
        return (_validation(STYLEGAN_METRIC, None, numbers),)
    return ()


def _of_tinygrad_validation(text: str) -> tuple[Item, ...]:
    if (match := _TINYGRAD_VALIDATION.search(text)) is None:
        return ()
    numbers = {"accuracy": match[1], "loss": match[2]}
    return (_validation(TINYGRAD_VALIDATION, int(match[3]), numbers),)


def _validation(style: str, step: int | None, numbers: dict[str, str]) -> Progress:
    readings = [Reading(f"val_{name}", *printed(v), "epoch") for name, v in numbers.items()]
    return self_placed(style, step, None, readings, final=False)


def _step(
    style: str,
    step: int,
    steps: int | None,
    fields: list[tuple[str, str]],
    pace: float | None,
    *,
    from_zero: bool = False,
) -> Progress:
    readings = [Reading(name, *printed(value), "instantaneous") for name, value in fields]
    return self_placed(style, step, steps, readings, per_step=pace, from_zero=from_zero)


def _of_verl(step: int, fields: Iterable[tuple[str, str]]) -> tuple[Item, ...]:
    """What a step had, without its times and sizes; what is of a validation stands by itself."""
    shown = [
        Reading(name, *printed(value), "instantaneous")
        for name, value in fields
        if not _VERL_CLUTTER.match(name)
    ]
    trained = [each for each in shown if describe(each.metric).split != "val"]
    validated = [each._replace(law="epoch") for each in shown if each not in trained]
    items = []
    if trained:
        items.append(self_placed(VERL, step, None, trained))
    if validated:
        items.append(self_placed(VERL, step, None, validated, final=False))
    return tuple(items)


def _of_lerobot(epochs_done: float, fields: Iterable[tuple[str, str]]) -> tuple[Item, ...]:
    readings = [
        Reading(name, *printed(value), "instantaneous" if name == "lr" else "interval")
        for name, value in fields
        if not name.endswith("_s")
    ]
    return (self_placed(LEROBOT, None, None, readings, epochs_done=epochs_done),)


def _of_tacotron(text: str) -> tuple[Item, ...]:
    if match := _TACOTRON.search(text):
        fields = [("loss", match[2]), ("grad norm", match[3])]
        return (_step(TACOTRON, int(match[1]), None, fields, float(match[4]), from_zero=True),)
    if match := _TACOTRON_VALIDATION.search(text):
        loss = Reading("val_loss", *printed(match[2]), "epoch")
        step = int(match[1])
        item = self_placed(TACOTRON_VALIDATION, step, None, [loss], final=False, from_zero=True)
        return (item,)
    return ()


def _of_mlagents(text: str) -> tuple[Item, ...]:
    if (match := _MLAGENTS.search(text)) is None:
        return ()
    names = ("mean_reward", "std_of_reward")
    values = match.groups()[1:]
    readings = [
        Reading(name, *printed(v), "unknown") for name, v in zip(names, values, strict=True)
    ]
    return (self_placed(MLAGENTS, int(match[1]), None, readings),)
