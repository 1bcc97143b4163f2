"""Averaging laws: what a progress bar prints of the batches behind it.

Batch j of an epoch has a value x_j (an accuracy, a loss) and a size of w_j full batches: 1 but for a
shorter last one. With n_k = w_1 + .. + w_k the sums behind every law are

    S_k = sum_{j<=k} w_j x_j        R_k = S_k / n_k        E_k = sum_{j<=k} R_j

and a law says which of them is printed after batch k:

| depth | printed | who |
|---|---|---|
| 0 | x_k | values that nothing averages |
| 1 | R_k = S_k / n_k | running mean |
| 2 | E_k / k | mean of running means: each batch's running mean is averaged once more |

The last line of an epoch often obeys another rule (`Final`); a decoder that ignores it invents a wild
last batch. Sources: keras/utils/generic_utils.py 2.0.2-2.3.1 and keras/callbacks.py (depth 1, the
epoch's mean appended); tensorflow 2.2-2.15 callbacks.py (depth 1, state shown as it is); tensorflow
2.4 and keras/src/callbacks/progbar_logger.py 3.0-3.14 (depth 2); 3.15 (depth 1).
"""

from __future__ import annotations

from dataclasses import dataclass
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
TWICE_APPENDED = Law(
    "twice-appended", "averaged-twice", 2, "running-appended", "Keras 3.0-3.10, tf.keras 2.4"
)
TWICE_RESET = Law("twice-reset", "averaged-twice", 2, "reset", "Keras 3.11-3.14")
INSTANTANEOUS = Law("instantaneous", "instantaneous", 0, "same", "values that nothing averages")
EPOCH = Law("epoch", "epoch", 0, "same", "one line an epoch")
UNKNOWN = Law("unknown", "unknown", 0, "same", "not a mean of batches: shown as printed")

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
        TWICE_APPENDED,
        TWICE_RESET,
        INSTANTANEOUS,
        EPOCH,
        UNKNOWN,
    )
}


def candidates(style: str, unit: Unit) -> tuple[Law, ...]:
    """The laws that come into question for prints of a style; the likeliest beforehand first."""
    if style.endswith("-line"):
        return (EPOCH,)
    if style.startswith("keras3"):
        return (TWICE_APPENDED, TWICE_RESET, STATE)
    if unit == "sample":
        return (SAMPLES,)
    return (STEPS, TWICE_APPENDED)


def named(name: LawName, among: tuple[Law, ...]) -> tuple[Law, ...]:
    """The laws of a name that a user gave: those of the format where it has any, else any."""
    return tuple(law for law in among if law.name == name) or tuple(
        law for law in LAWS.values() if law.name == name
    )


def forward(law: Law, values: list[float], sizes: list[float]) -> list[float]:
    """What the law prints, unrounded, after each batch of a whole epoch; the last by its own rule.

    `values` are x_1..x_K, `sizes` w_1..w_K in full batches. This is the definition that the inverse
    is tested against. `either` and `open` count as `same`.
    """
    printed: list[float] = []
    s = n = e = plain = 0.0
    for k, (x, w) in enumerate(zip(values, sizes, strict=True), start=1):
        weight = 1.0 if law.name == "cumulative-batch" else w
        s += weight * x
        n += weight
        e += s / n
        plain += x
        printed.append((x, s / n, e / k)[law.depth])
    count = len(values)
    running = s / n
    if law.final == "mean-appended":
        weighted = sum(w * x for w, x in zip(sizes, values, strict=True)) / sum(sizes)
        printed[-1] = (plain + weighted) / (count + 1)
    elif law.final == "running-appended":
        printed[-1] = (e + running) / (count + 1)
    elif law.final == "reset":
        printed[-1] = running
    return printed
