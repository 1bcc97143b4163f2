"""What logs say and what is decoded of it, as frozen nouns without behaviour.

Units and bases are written at the field. Steps and epochs are 1-based, as logs print them; array
indices are 0-based. A `Reading` is what the log printed, an `Estimate` what was decoded from it.
Absent numbers are None, never zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

LineEnd = Literal["newline", "redraw", "open"]
Unit = Literal["batch", "sample", "round", "epoch"]
Split = Literal["train", "val", "other"]
Verdict = Literal["averaging", "step", "both", "noise", "undetermined"]
EventKind = Literal["checkpoint", "learning-rate", "early-stopping", "restored", "resumed", "other"]
FindingKind = Literal[
    "nan",
    "divergence",
    "plateau",
    "overfitting",
    "stalled",
    "ended",
    "failed",
    "val-above-train",
    "averaged-twice",
    "diminishing-returns",
    "target",
]
LawName = Literal[
    "instantaneous",
    "cumulative-batch",
    "cumulative-sample",
    "averaged-twice",
    "exponential",
    "sliding",
    "interval",
    "epoch",
    "median",
    "unknown",
]


class Line(NamedTuple):
    """One line of a log, or one state of a line that is redrawn in place."""

    text: str
    """Without its terminator and escape sequences; safe to show (see `text.sanitise`)."""
    number: int
    """1-based; a redraw counts as a line."""
    offset: int
    """Byte offset of its first byte in the source."""
    end: LineEnd
    """`newline`; `redraw`: a carriage return or backspaces follow; `open`: the source stops."""


# --- what a format finds in a line -------------------------------------------------------------


class Reading(NamedTuple):
    """One printed number of one metric."""

    metric: str
    """As printed: `acc`, `val_loss`."""
    displayed: float
    """As printed; may be nan or inf."""
    quantum: float
    """Spacing of the values that the print can show: the exact number lies within half of it."""
    law: str = ""
    """Key of its averaging law (`laws.LAWS`), where the format knows it; empty: that of the bar."""


class Header(NamedTuple):
    """`Epoch 3/10`: an epoch begins."""

    number: int
    total: int | None
    label: str
    """The epoch's number as printed."""


class Samples(NamedTuple):
    """`Train on 1530 samples, validate on 2000 samples`: a fit begins; sizes in samples."""

    train: int | None
    validation: int | None
    for_steps: bool = False
    """It says `Train for 40 steps`, as only tf.keras 2.0 and 2.1 do."""


class Progress(NamedTuple):
    """A progress bar's state, or an epoch's summary line, as one line shows it."""

    style: str
    """The grammar that matched, named by the format: it decides which laws come into question."""
    step: int | None
    """As printed, in batches or samples (the line alone cannot tell)."""
    steps: int | None
    """Total as printed; None where it says Unknown or nothing."""
    readings: tuple[Reading, ...]
    final: bool | None
    """The line says by itself whether it is its epoch's last; None where it cannot be told."""
    per_sample: bool
    """The line times a sample (`12us/sample`), so it counts samples."""
    eta: float | None
    """Seconds to the epoch's end, as printed."""
    elapsed: float | None
    """Seconds since the epoch's start, as printed."""
    per_step: float | None
    """Seconds a step (or sample), as printed."""
    unit: Unit | None = None
    """What steps count, where the line says by itself where it stands; None: as its headers say."""
    epoch: int | None = None
    """Of a line with a unit: its epoch as printed; None where the log counts no epochs."""
    epochs: int | None = None
    """Planned epochs, where the line says so."""
    epochs_done: float | None = None
    """How far the training is, in epochs, of a line that shows no step."""
    bar: str = ""
    """What the bar is called, where a log draws several: the same for all epochs."""
    of_run: bool = False
    """It is one bar for all epochs, which other lines announce."""
    from_zero: bool = False
    """The step counts the batch that the log calls 0: it is one more than the number printed."""


Span = tuple[int, int]
"""Where characters of a line begin, and where they end."""


class Columns(NamedTuple):
    """The head of a table, of which each row is an epoch: a fit begins."""

    names: tuple[str, ...]
    """Of the columns that `Progress.readings` of a row are to be called by, in order."""
    table: str = ""
    """Which table it is, where rows of several may come."""
    begins_fit: bool = True
    """False: it is printed before each row."""
    spans: tuple[Span, ...] = ()
    """Where the names stand, in a table that blanks align and whose rows may leave cells out."""


class Window(NamedTuple):
    """A program's settings, as it shows them: what it smooths is the mean of so many batches."""

    size: int


class Notice(NamedTuple):
    """A message that tells something of the training: callbacks, tracebacks, restarts."""

    kind: EventKind | Literal["nan-stop", "traceback", "restart", "best-follows"]
    epoch: int | None
    """The epoch's number if the message names one, as printed (0-based in some versions)."""
    text: str
    learning_rate: float | None = None
    batch: int | None = None
    """0-based batch index named by the message (`Batch 30: Invalid loss`)."""


Item = Header | Samples | Columns | Window | Progress | Notice


# --- the same, placed in the run ---------------------------------------------------------------


class Print(NamedTuple):
    """A progress line with its place: which run, which epoch, where in it."""

    run: int
    epoch: int
    """1-based ordinal within the run."""
    label: str
    """The epoch's number as the log printed it; empty if its header is missing."""
    epochs: int | None
    """Planned number of epochs, where the log says it."""
    style: str
    step: int | None
    steps: int | None
    unit: Unit
    readings: tuple[Reading, ...]
    final: bool
    """Last line of its epoch."""
    line: int
    offset: int
    eta: float | None
    elapsed: float | None
    per_step: float | None
    redrawn: bool | None = None
    """Whether the next print was drawn over it; None where its line has not ended."""
    before: int | None = 0
    """Batches of the run before the epoch, where its steps count these as well; 0 where they begin
    anew; None: they go on, but nobody knows how many are the epoch's own."""
    from_zero: bool = False
    """As with `Progress`."""

    @property
    def printed_step(self) -> int | None:
        """The step as the log calls it."""
        return None if self.step is None else self.step - self.from_zero


class Event(NamedTuple):
    """A notice with its place."""

    run: int
    epoch: int
    """1-based ordinal of the epoch it belongs to; 0 before the first."""
    kind: EventKind
    text: str
    line: int
    learning_rate: float | None = None


# --- what is decoded ---------------------------------------------------------------------------


class PossibleCount(NamedTuple):
    """A count of right answers, and how likely it is."""

    count: int  # type: ignore[assignment]  # instead of that of tuples
    probability: float


class Estimate(NamedTuple):
    """What one printed number of one metric reveals. The fields of a row of `decode`, in order."""

    run: int
    epoch: int
    epoch_label: str
    step: int | None
    steps: int | None
    unit: Unit
    metric: str
    split: Split
    displayed: float
    law: LawName
    from_batch: int | None
    """The window is batches from_batch+1 .. to_batch of the epoch."""
    to_batch: int | None
    value: float | None
    """Best estimate of the metric's mean over the window, batches weighed as the bar weighs them."""
    low: float | None
    high: float | None
    """Guaranteed by the rounding of the prints: the mean over the window lies within."""
    exact: bool
    """The window's count of right answers is known."""
    count: int | None  # type: ignore[assignment]  # instead of that of tuples
    samples: int | None
    level: float | None
    """The slowly changing value behind the batches, after batch to_batch."""
    level_sd: float | None
    batch_size: int | None
    final: bool
    outlier: bool
    """A print that no law allows."""
    line: int
    offset: int
    possible: tuple[PossibleCount, ...] = ()
    """The counts that the window may hold, where it is one of a few."""
    law_margin: float | None = None
    """Log-likelihood (nats) by which the law beats `law_against`, by the prints so far."""
    law_against: LawName | None = None


class LawEvidence(NamedTuple):
    """The averaging law chosen for a run's bars."""

    name: LawName
    margin: float | None
    """Log-likelihood (nats) by which it beats `against`; None while not settled; inf if proven."""
    against: LawName | None
    settled: bool


class Part(NamedTuple):
    """A part of a jump, in the metric's unit, with its standard error."""

    value: float | None
    sd: float | None


class Cause(NamedTuple):
    """A cause of a jump that the log supports."""

    cause: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Boundary:
    """What happened to one metric between two epochs: jump = lag + step + luck."""

    run: int
    epoch: int
    next_epoch: int
    metric: str
    displayed_end: float
    displayed_start: float
    jump: float
    """displayed_start - displayed_end."""
    lag: Part
    """Averaging: level at the epoch's end minus the number displayed there."""
    step: Part
    """Real: level at the next epoch's start minus level at this epoch's end."""
    luck: Part
    """Chance: first number displayed minus the level there."""
    verdict: Verdict
    causes: tuple[Cause, ...]
    text: str
    higher_is_better: bool
    brief: str = ""
    """The same in two or three lines, for where the parts stand beside it."""
    called: tuple[str, str] = ("", "")
    """What the two epochs are called: as the log numbers them, where its numbers grow."""
    decimals: int = 4
    """That its numbers are told with."""

    @property
    def place(self) -> str:
        """The two epochs, as they are called."""
        before, after = self.called
        return f"{before or self.epoch} → {after or self.next_epoch}"

    @property
    def untold(self) -> tuple[Cause, ...]:
        """The causes whose evidence the text does not give already."""
        return tuple(each for each in self.causes if each.cause not in ("averaging", "luck"))


@dataclass(frozen=True, slots=True)
class Finding:
    """Something worth knowing that the numbers show."""

    kind: FindingKind
    run: int
    epoch: int | None
    metric: str | None
    text: str
    numbers: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class RunReport:
    """What `explain` says of one run."""

    run: int
    format: str | None
    law: LawEvidence | None
    batch_size: int | None
    epochs: int
    """Epochs begun."""
    boundaries: tuple[Boundary, ...]
    findings: tuple[Finding, ...]
    events: tuple[Event, ...]
    batch_size_certain: bool = True
    """False: it is the likeliest, but right answers are not counted by it."""
    as_printed: tuple[str, ...] = ()
    """Metrics whose prints were found to be no means of batches; those known by name are left out."""
