"""Averaging laws: what a log prints of the batches behind it.

Batch j of an epoch has a value x_j (an accuracy, a loss) and a size of w_j full batches: 1 but for a
shorter last one. The sums behind every law are

    S_k = b S_{k-1} + w_k x_k      n_k = b n_{k-1} + w_k      R_k = S_k / n_k      E_k = sum_{j<=k} R_j

from S_0 = n_0 = 0 on, and a law says which of them is printed after batch k:

| depth | printed | who |
|---|---|---|
| 0 | x_k, or less than all of the epoch so far | values that nothing averages, and see below |
| 1 | R_k = S_k / n_k | running mean |
| 2 | E_k / k | mean of running means: each batch's running mean is averaged once more |

A running mean that forgets nothing has b = 1. With b < 1 it is an exponential mean. Some of these begin
with the first batch as if it had gone on forever (`seeded`: w_1 = 1 / (1 - b)); others count from
nothing, and dividing by n_k is what is called their debiasing. One that begins at zero and is not
debiased (`zeroed`) shows (1 - b) S_k, which is too small at first. A sliding mean leaves out all
batches but the newest `window`; a mean over an interval begins anew at each print. Some go on over the
ends of epochs (`goes_on`): k then counts the batches of the run.

The last line of an epoch often obeys another rule (`Final`); a decoder that ignores it invents a wild
last batch. Sources: keras/utils/generic_utils.py 2.0.2-2.3.1 and keras/callbacks.py (depth 1, the
epoch's mean appended); tensorflow 2.2-2.15 callbacks.py (depth 1, state shown as it is); tensorflow
2.4 and keras/src/callbacks/progbar_logger.py 3.0-3.14 (depth 2); 3.15 (depth 1). fastai 2 learner.py,
AvgSmoothLoss; ignite.metrics RunningAverage 0.5; darknet detector.c; pytorch_lightning 1
TrainingLossLoop; mmengine.logging LogProcessor 0.10; transformers Trainer 4 and 5; nanochat
scripts/base_train.py, debiased_smooth_loss; gaussian-splatting train.py, ema_loss_for_log.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import lru_cache
from math import inf
from typing import Literal

from tui_monitor.core.records import LawName, Unit

Final = Literal["same", "mean-appended", "either", "open", "running-appended", "reset"]
"""Rule of the last line, after batch K:

- `same`: as the lines before it.
- `mean-appended`: (K U + M) / (K + 1), with U the plain and M the sample-weighted mean of the epoch:
  the bar takes the epoch's mean for one more batch.
- `either`: one of the two above; the prints do not tell.
- `open`: one of these, or (S_{K-1} + M) / K, which drops the last batch's own value (tf.keras 2.0.0,
  data of unknown length).
- `running-appended`: (E_K + R_K) / (K + 1): the same slip of a bar that averages twice.
- `reset`: R_K; the second averaging is dropped, so the number jumps from the line before it.
"""


@dataclass(frozen=True, slots=True)
class Law:
    """One averaging law."""

    key: str
    """Unique name of the variant."""
    name: LawName
    """Its name for users; variants that differ in the last line only share one."""
    depth: Literal[0, 1, 2]
    final: Final
    who: str
    decay: float = 1.0
    """b: what is left of a batch's weight after the next one."""
    seeded: bool = False
    """The first batch has the weight of all that an exponential mean remembers."""
    zeroed: bool = False
    """An exponential mean begins at zero, as if batches of zero had gone before."""
    window: int | None = None
    """Batches that are averaged at most; None: all since the sums began."""
    goes_on: bool = False
    """The sums are not reset at an epoch's end."""
    summed: bool = False
    """A sum is printed where others print a mean."""

    @property
    def inverted(self) -> bool:
        """Earlier batches are in what is printed, and can be taken out of it."""
        return self.depth > 0 or self.forgets

    @property
    def forgets(self) -> bool:
        """Old batches count less than new ones, or not at all."""
        return self.decay < 1.0 or self.window is not None

    @property
    def first(self) -> float:
        """How often the first batch counts."""
        return self.memory if self.seeded else 1.0

    def weight(self, k: int) -> float:
        """n_k, for full batches; of a mean that begins at zero what S_k is divided by."""
        if self.decay < 1.0:
            return self.memory * (1.0 if self.seeded or self.zeroed else 1.0 - self.decay**k)
        return float(k if self.window is None else min(k, self.window))

    @property
    def memory(self) -> float:
        """n_k after many batches: how many of them make up an exponential mean; inf for others."""
        return 1.0 / (1.0 - self.decay) if self.decay < 1.0 else inf


STEPS = Law("steps", "cumulative-batch", 1, "mean-appended", "Keras 2.0-2.3 counting steps")
STATE = Law("state", "cumulative-sample", 1, "same", "tf.keras 2.2 and later, Keras 3.15")
BATCHES_LIKELY = Law(
    "batches-likely", "cumulative-batch", 1, "either", "Keras 2.0-2.3, or tf.keras 2.2 and later"
)
SAMPLES_LIKELY = Law(
    "samples-likely", "cumulative-sample", 1, "either", "tf.keras 2.2 and later, or Keras 2.3"
)
BATCHES_OPEN = Law("batches-open", "cumulative-batch", 1, "open", "tf.keras 2.0 and later")
SAMPLES_OPEN = Law("samples-open", "cumulative-sample", 1, "open", "tf.keras 2.0 and later")
SAMPLES = Law("samples", "cumulative-sample", 1, "same", "Keras 2.0-2.3 counting samples")
PLAIN = Law("plain", "cumulative-batch", 1, "same", "a running mean of batches")
COPIED = Law(
    "copied", "cumulative-batch", 1, "same", "a running mean of batches, unless a copy changed that"
)
TWICE_APPENDED = Law(
    "twice-appended", "averaged-twice", 2, "running-appended", "Keras 3.0-3.10, tf.keras 2.4"
)
TWICE_RESET = Law("twice-reset", "averaged-twice", 2, "reset", "Keras 3.11-3.14")
INSTANTANEOUS = Law("instantaneous", "instantaneous", 0, "same", "values that nothing averages")
EPOCH = Law("epoch", "epoch", 0, "same", "one line an epoch")
DEBIASED_98 = Law("debiased-0.98", "exponential", 0, "same", "fastai", decay=0.98, goes_on=True)
DEBIASED_90 = Law("debiased-0.9", "exponential", 0, "same", "nanochat", decay=0.9, goes_on=True)
ZEROED_60 = Law(
    "zeroed-0.6", "exponential", 0, "same", "3D Gaussian Splatting", decay=0.6, zeroed=True
)
SEEDED_98 = Law(
    "seeded-0.98", "exponential", 0, "same", "ignite", decay=0.98, seeded=True, goes_on=True
)
SEEDED_90 = Law(
    "seeded-0.9", "exponential", 0, "same", "darknet", decay=0.9, seeded=True, goes_on=True
)
SLIDING_10 = Law("sliding-10", "sliding", 0, "same", "mmengine", window=10, goes_on=True)
SLIDING_20 = Law("sliding-20", "sliding", 0, "same", "Lightning before 2", window=20, goes_on=True)
INTERVAL = Law("interval", "interval", 0, "same", "Hugging Face, Megatron, fairseq", goes_on=True)
INTERVAL_SUM = Law("interval-sum", "interval", 0, "same", "spaCy", goes_on=True, summed=True)
INTERVAL_RESET = Law("interval-reset", "interval", 0, "same", "mmcv")
OPEN = Law("open", "unknown", 0, "same", "not known: shown as printed")
MEDIAN = Law("median", "median", 0, "same", "detectron2: shown as printed")
UNKNOWN = Law("unknown", "unknown", 0, "same", "not a mean of batches: shown as printed")

AS_PRINTED = (UNKNOWN.name, MEDIAN.name)
"""Names of the laws that cannot be inverted."""

LAWS = {
    law.key: law
    for law in (
        STEPS,
        STATE,
        BATCHES_LIKELY,
        SAMPLES_LIKELY,
        BATCHES_OPEN,
        SAMPLES_OPEN,
        SAMPLES,
        PLAIN,
        COPIED,
        TWICE_APPENDED,
        TWICE_RESET,
        INSTANTANEOUS,
        EPOCH,
        DEBIASED_98,
        DEBIASED_90,
        ZEROED_60,
        SEEDED_98,
        SEEDED_90,
        SLIDING_20,
        SLIDING_10,
        INTERVAL,
        INTERVAL_SUM,
        INTERVAL_RESET,
        OPEN,
        MEDIAN,
        UNKNOWN,
    )
}


@lru_cache(maxsize=64)
def by_key(key: str) -> Law:
    """The law of a key; there is a `sliding-N` for any N of batches.

    Raises KeyError if there is none.
    """
    kind, _, size = key.partition("-")
    if key not in LAWS and kind == "sliding" and size.isdecimal() and int(size):
        return replace(SLIDING_10, key=key, window=int(size))
    return LAWS[key]


def candidates(style: str, unit: Unit) -> tuple[Law, ...]:
    """The laws that come into question for prints of a style; the likeliest beforehand first."""
    if style.endswith("-line"):
        return (EPOCH,)
    if style.startswith("keras3"):
        return (TWICE_APPENDED, TWICE_RESET, STATE)
    if unit == "sample":
        return (SAMPLES,)
    if style == "keras-bar-for-steps":
        return (STEPS,)
    return (STEPS, TWICE_APPENDED)


def named(name: LawName, among: tuple[Law, ...]) -> tuple[Law, ...]:
    """The laws of a name that a user gave: those of the format where it has any, else any.

    Of means that forget the first one, as prints are not weighed for how fast they do.
    """
    found = [law for law in among if law.name == name]
    found = found or [law for law in LAWS.values() if law.name == name]
    return tuple(found if found[0].depth else found[:1])


def forward(
    law: Law,
    values: list[float],
    sizes: list[float],
    printed_after: Collection[int] | None = None,
) -> list[float]:
    """What the law prints, unrounded, after each batch of a whole epoch; the last by its own rule.

    `values` are x_1..x_K, `sizes` w_1..w_K in full batches; of a whole run for laws that go on over
    its epochs. `printed_after`: the batches, 1-based, after which an interval's mean is printed; None:
    after each. This is the definition that the inverse is tested against. `either` and `open` count
    as `same`.
    """
    if law.name == "interval":
        return _since_last_print(law, values, sizes, printed_after)
    shown: list[float] = []
    s = n = e = plain = 0.0
    for k, (x, w) in enumerate(zip(values, sizes, strict=True), start=1):
        weight = 1.0 if law.name == "cumulative-batch" or law.zeroed else w
        if law.seeded and k == 1:
            weight = law.first
        s = law.decay * s + weight * x
        n = law.decay * n + weight
        if law.window is not None and k > law.window:
            s -= sizes[k - 1 - law.window] * values[k - 1 - law.window]
            n -= sizes[k - 1 - law.window]
        e += s / n
        plain += x
        depth = law.depth or int(law.inverted)
        shown.append((x, s / (law.memory if law.zeroed else n), e / k)[depth])
    count = len(values)
    running = s / n
    if law.final == "mean-appended":
        weighted = sum(w * x for w, x in zip(sizes, values, strict=True)) / sum(sizes)
        shown[-1] = (plain + weighted) / (count + 1)
    elif law.final == "running-appended":
        shown[-1] = (e + running) / (count + 1)
    elif law.final == "reset":
        shown[-1] = running
    return shown


def _since_last_print(
    law: Law, values: list[float], sizes: list[float], printed_after: Collection[int] | None
) -> list[float]:
    """Mean or plain sum of the batches since the last print, after each batch."""
    shown: list[float] = []
    s = n = 0.0
    for k, (x, w) in enumerate(zip(values, sizes, strict=True), start=1):
        s += x if law.summed else w * x
        n += w
        shown.append(s if law.summed else s / n)
        if printed_after is None or k in printed_after:
            s = n = 0.0
    return shown
