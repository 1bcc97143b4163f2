"""Where in the training a log stands: its run, its epoch, how far the epoch is.

Owns the counters that the timeline moves, and what a run's steps count.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Literal, NamedTuple

from tui_monitor.core.formats import fastai, keras, paddle, rich, textbar
from tui_monitor.core.metrics import describe
from tui_monitor.core.placing.epochlength import ANY, EpochLength
from tui_monitor.core.records import Notice, Progress, Reading, Samples, Unit

DISORDER = 8
"""Batches that may end out of order, where threads of a pool report them (Keras 3.6)."""

Standing = Literal["goes-on", "next-epoch", "new-run", "resumed", "no-news"]
"""Where a line that says by itself where it stands is, seen from the print before it."""

# What tells samples from batches where a log does not show the first print of an epoch: data sets
# are large, and a sample takes less than a batch ever does.
_MANY = 1000
_CERTAINLY_COUNTS = 100
"""Samples of which few numbers of four digits are counts by chance."""
_SHARED_BARS = frozenset({fastai.BAR, paddle.LINE})
"""Styles that validation has in common with the training."""
_SECONDS_A_BATCH = 1e-3


class Aside(NamedTuple):
    """The bar of an evaluation that has begun before its epoch's last line."""

    step: int
    steps: int | None
    ended: bool

    def goes_on(self, item: Progress, step: int) -> Aside | None:
        """The bar with its next print; None if that is not of it."""
        told = self.steps is None and item.steps == step  # its last line tells its length
        if self.ended or not (told or item.steps == self.steps):
            return None
        done = self.step == self.steps
        if self.step - step > (0 if done else DISORDER):
            return None
        ended = item.steps == step and (done or item.final is True)
        return Aside(max(step, self.step), item.steps, ended)


@dataclass(slots=True)
class Place:
    """Counters of the log read so far; mutable, owned by one timeline."""

    run: int = 0
    unit: Unit | None = None
    """Of the run's steps, once its first print has settled it."""
    run_prints: int = 0
    run_steps: int | None = None
    """Total of the run's latest epoch that showed one."""
    number: int | None = None
    """Of the newest header; None while the run has none."""
    total: int | None = None
    """Planned epochs by the newest header."""
    looped: bool = False
    """The run is an outer loop around `fit(epochs=1)`."""
    samples: Samples | None = None
    """Sizes of the newest fit."""
    epoch: int = 0
    label: str = ""
    open: bool = False
    """The epoch has begun and its last line is still to come."""
    prints: int = 0
    """Of the epoch; likewise what follows."""
    steps: int | None = None
    first: int | None = None
    last: int | None = None
    """The farthest step so far."""
    validated: bool = False
    """Its last line showed validation metrics."""
    aside: Aside | None = None
    """The newest evaluation within it."""
    first_number: int | None = None
    """Of the run's first epoch, where lines say it themselves."""
    from_zero: bool = False
    """The run's lines count batches from 0."""
    called_less: bool = False
    """The log calls the newest step by a number that is one less."""
    first_step: int | None = None
    """Of the run."""
    goes_on: bool = False
    """The run's steps go on over the ends of epochs."""
    length: EpochLength = ANY
    """Of such a run's epochs."""
    ended_at: int | None = None
    """Batches at the newest print of the epochs before, where their steps tell."""
    validated_at: int | None = None
    """Step of a validation after the newest print of the training."""
    before: int | None = 0
    """Batches of the run before this epoch, which its steps count as well; None: nobody knows."""
    epochs_done: float = 0.0
    """As the run's newest line without a step says."""
    shown: frozenset[str] = frozenset()
    """Metrics that its newest step has shown."""
    drawn: tuple[Reading, ...] = ()
    """What its newest line of training shows."""
    evaluated: tuple[Reading, ...] = ()
    """What its newest print shows, if that is of a validation."""

    summed_up: bool = False
    """A line behind the steps, which name no epoch, told which one they were of, and its numbers."""

    def begin_run(self) -> None:
        """The next epoch is the first of a new run. A run of which nothing was seen is no run."""
        if self.run_prints or self.run == 0:
            self.run += 1
        self.unit = self.number = self.total = None
        self.run_prints = self.epoch = 0
        self.looped = False
        self.first_number = None
        self.from_zero = self.called_less = self.goes_on = False
        self.first_step = self.last = self.ended_at = self.validated_at = None
        self.length = ANY
        self.before = 0
        self.epochs_done = 0.0

    def begin_epoch(self, label: str) -> None:
        """The next epoch begins; one of which nothing was seen is begun again."""
        if self.prints or self.epoch == 0:
            self.epoch += 1
        self.label = label
        self.ended_at = self.ended_at if self.last is None else self.last
        self.before = 0
        self.open = True
        self.prints = 0
        self.steps = self.first = self.last = None
        self.validated = self.summed_up = False
        self.aside = None

    def sum_up(self, item: Progress) -> None:
        """Take a line of a whole epoch: steps that named none were of this one, which is over."""
        if self.label or self.last is None or item.epoch is None or item.step is not None:
            return
        if not any(describe(each.metric).split != "other" for each in item.readings):
            return
        if self.epoch == 1 and not self.summed_up and self.prints:
            self.number = self.first_number = item.epoch
            self.total = item.epochs
        self.summed_up = self.number == item.epoch
        if self.summed_up:
            self.label = str(item.epoch)

    def turns_aside(self, item: Progress) -> bool:
        """Whether a print of the epoch's bar is none: an evaluation draws a bar that begins anew.

        A bar that knows its total does not forget it, and one that does not shows it once it is full.
        """
        step = item.step
        if step is None or self.last is None or self.first is None:
            return False
        if self.aside is not None and (aside := self.aside.goes_on(item, step)) is not None:
            self.aside = aside
            return True
        back, full = self.last - step, self.last == self.steps
        if item.steps == self.steps:
            again = back > DISORDER or (full and step <= self.first < self.last)
            other = again and self.number is not None  # else it is the next epoch's
        elif self.steps is None:
            other = step != item.steps or back > 0
        else:
            other = item.steps is None
        if other:
            self.aside = Aside(step, item.steps, ended=False)
        return other

    @property
    def awaits_print(self) -> bool:
        """Whether a header has announced an epoch of which nothing is printed yet."""
        return self.open and self.prints == 0 and self.number is not None

    @property
    def planned_out(self) -> bool:
        """Whether the newest header announced the last of the planned epochs."""
        if self.looped or self.number is None or self.total is None:
            return False
        return self.number >= self.total

    @property
    def bar_steps(self) -> int | None:
        """Total of the epoch's bar; None where it shows none."""
        return self.steps if self.unit == "batch" else None

    def standing(self, item: Progress) -> Standing:
        """Where a line of training that says by itself where it stands is."""
        number = item.epoch
        if item.style == rich.BAR and item.readings == self.drawn:
            return "no-news"  # the bar has moved, and its numbers follow
        if number is not None and self.number is not None and number != self.number:
            return "next-epoch" if number > self.number else "new-run"
        if item.epochs_done is not None:
            return "goes-on" if item.epochs_done >= self.epochs_done else "new-run"
        if item.step is None or self.last is None:
            return "goes-on"
        step = self.batches(item.step)
        if item.style in _SHARED_BARS and (step <= self.last or item.steps != self.steps):
            return "no-news"
        if number is None and self.summed_up:
            return "next-epoch"
        if step > self.last:
            return "goes-on"
        if step == self.last:  # of another process, or drawn again, or other metrics of the step
            return "no-news" if self.shown.issuperset(_names(item)) else "goes-on"
        return "new-run" if number in (None, self.first_number) else "resumed"

    def standing_of_validation(self, step: int, number: int | None) -> Standing:
        """Where a line of a validation is that says so."""
        if self.batches(step) < (self.last or 0):
            return "new-run"
        later = number is not None and self.number is not None and number > self.number
        return "next-epoch" if later else "goes-on"

    def take(self, item: Progress, *, evaluates: bool) -> Progress:
        """Move on to such a line; the line, with batches done for its step.

        A validation stands where it says, else where the training is, or at the epoch's end.
        """
        self.prints += 1
        self.run_prints += 1
        self.unit = item.unit if item.unit == "sample" else self.unit
        self.evaluated = item.readings if evaluates else ()
        self.drawn = self.drawn if evaluates else item.readings
        if item.step is not None and not evaluates:
            item = self._only_news(item, item.step)
        if item.epochs_done is not None:
            self.epochs_done = item.epochs_done
            return item
        if item.step is None:
            step = self.last if item.unit == "batch" else None
            return item._replace(step=step, steps=self.bar_steps, from_zero=self.called_less)
        if evaluates:
            self.validated_at = item.step
            if self.last is None and self.goes_on:
                over = (self.number or 0) - (self.first_number or 0)
                self.before = self._begin_of(over, item.step)
            # with the training's newest print, or after it, when its steps may count that batch
            step = max(item.step, min(self.batches(item.step), self.last or 0))
            return item._replace(step=step, from_zero=item.from_zero or step > item.step)
        self.from_zero = self.from_zero or item.step == 0
        if self.last is None:
            self._find_begin(item)
        self.last, self.validated_at = self.batches(item.step), None
        self.first = self.last if self.first is None else self.first
        self.steps = self.run_steps = item.steps
        shifted = item.step != self.last
        self.called_less = shifted or item.from_zero
        return item._replace(step=self.last, from_zero=True) if shifted else item

    def _only_news(self, item: Progress, step: int) -> Progress:
        """A line without the metrics that its step has shown before."""
        shown, names = self.shown, _names(item)
        if self.last != self.batches(step) or not shown:
            self.shown = names
            return item
        self.shown = shown | names
        news = tuple(each for each in item.readings if each.metric not in shown)
        return item._replace(readings=news)

    def batches(self, step: int) -> int:
        """Batches done at a step of such a line: where one says 0, all count from there.

        Samples are counted as they are: 0 of them have been seen before the first batch.
        """
        return step + (self.unit != "sample" and (self.from_zero or step == 0))

    def _find_begin(self, item: Progress) -> None:
        """Whether the steps of an epoch, of which this is the first print, go on, and from where."""
        assert item.step is not None
        if self.first_step is None:
            self.first_step = item.step
        ended, number, done = self.ended_at, self.number, self.batches(item.step)
        if ended is None and self.validated_at is not None:
            ended = 0  # of what came before, only validations are printed
        if ended is None or number is None or self.first_number is None:
            return
        over = number - self.first_number
        if done > ended and over:
            self.goes_on = True
            low, high = self._ended_between(ended, done, over)
            self.length = self.length.narrowed(over, low, high, item.steps, item.epochs)
            self.before = ended if done == ended + 1 else self._begin_of(over, done)
        elif self.goes_on:
            self.before = self._begin_of(over, done)

    def _begin_of(self, over: int, done: int) -> int | None:
        """Batches done as so many epochs were over, where these are fewer than those `done`."""
        begin = self.length.of(over)
        return begin if begin is not None and begin < done else None

    def _ended_between(self, ended: int, done: int, over: int) -> tuple[int, int]:
        """Batches of the run done as an epoch was over, at least and at most.

        `ended`: at its newest print, `done`: at the first of the next, `over`: epochs done. A
        validation in between stands at the epoch's end. One at the newest print does where it is the
        second that does so: the first may stand there because both come every so many steps.
        """
        at, counts_from_0 = self.validated_at, int(self.from_zero)
        if at is not None and ended < at < done:
            return at, min(at + counts_from_0, done - 1)
        if at in (ended - counts_from_0, ended) and over > 1 and self.length.allows(ended, over):
            return ended, ended
        loose = self.first_step not in (0, 1) and done > ended + 1
        return ended, done - (not loose)  # steps may count from 0 though the log begins with others

    def is_behind(self, notice: Notice) -> bool:
        """Whether a message tells of a later epoch than the newest header: lines are missing."""
        if notice.epoch is None or None in (self.number, self.total) or self.prints == 0:
            return False
        return (self.number or 0) < notice.epoch <= (self.total or 0)

    def without_unset(self, item: Progress) -> Progress:
        """A line without validations that tf.keras 2.0 has not set: data of unknown length end."""
        if self.first is None or self.steps is not None or item.steps is None:
            return item
        validation = [r for r in item.readings if r.metric.startswith("val_")]
        if not validation or any(r.displayed for r in validation):
            return item
        return item._replace(readings=tuple(r for r in item.readings if r not in validation))

    def style_of(self, item: Progress) -> str:
        """The style of a print, as what was announced before it tells that more closely."""
        announced = self.samples is not None and self.samples.for_steps
        return keras.BAR_FOR_STEPS if announced and item.style == keras.BAR else item.style

    def unit_of(self, item: Progress) -> Unit:
        """What the steps of a print count; the run's first print settles it for the run."""
        if item.unit is not None:
            if item.unit != "epoch":
                self.unit = item.unit
            return self.unit or item.unit
        if item.step is None:
            return "epoch"
        if self.unit is None:
            self.unit = self._settle_unit(item)
        return self.unit

    def _settle_unit(self, item: Progress) -> Unit:
        step, steps = item.step, item.steps
        if item.per_sample:
            return "sample"
        if item.style in keras.COUNTS_BATCHES or item.style == textbar.BAR:
            return "batch"
        if step is None or steps is None:
            return "batch"
        if self.samples is not None:
            return "sample" if self.samples.train == steps else "batch"
        if step >= steps:
            quick = item.elapsed is not None and item.elapsed < _SECONDS_A_BATCH * steps
            return "sample" if quick and steps >= _MANY else "batch"
        if self.number is not None and 2 * step <= steps:
            # The first print of an epoch is its first batch, unless the log was thinned out.
            if step > 1 and (counts := _are_counts(item, step)) is not None:
                return "sample" if counts else "batch"
            return "sample" if step > 1 and _may_be_batch_size(step) else "batch"
        return "sample" if step % 16 == 0 and steps >= _MANY else "batch"


def _are_counts(item: Progress, samples: int) -> bool | None:
    """Whether the accuracies of so many samples are counts of right answers; None if that is no news.

    Where they are not, accuracies may be of more than one answer a sample, or steps be batches of
    which several go by between two updates, as in few steps of versions that call one `accuracy`.
    """
    shown = [each for each in item.readings if describe(each.metric).counts]
    counts = [samples * each.displayed for each in shown]
    fit = all(
        isfinite(count) and abs(count - round(count)) <= samples * each.quantum
        for count, each in zip(counts, shown, strict=True)
    )
    if not fit:
        few = item.steps is not None and item.steps < _MANY
        return False if few and all("accuracy" in each.metric for each in shown) else None
    whole = any(0 < round(count) < samples for count in counts)
    return True if whole and samples <= _CERTAINLY_COUNTS else None


def _names(item: Progress) -> frozenset[str]:
    return frozenset([each.metric for each in item.readings])


def _may_be_batch_size(size: int) -> bool:
    """Whether people choose such batch sizes: powers of two, multiples of 5, 12 or 16."""
    return size & (size - 1) == 0 or size % 5 == 0 or size % 12 == 0 or size % 16 == 0
