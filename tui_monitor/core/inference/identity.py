"""What kind of bar a run prints: its averaging law and its batch size, found as prints arrive.

The line's style leaves a short list of laws (`laws.candidates`); the prints decide among them
(`evidence`), weighed anew as their number grows, as far as a trial looks, where one surprises under a
law that is not settled, and at the end of the first epochs. A settled law is hardly ever another after
all: it is weighed again as prints double, and its variants by last lines. A metric that is no mean of
batches (`doubts`) is shown as printed, and not asked. Small habits of the versions (`habits`) decide
what no number can.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from copy import copy
from math import ceil, log, sqrt
from typing import Literal

from tui_monitor.core.averages import laws
from tui_monitor.core.averages.laws import (
    EPOCH,
    INSTANTANEOUS,
    OPEN,
    STATE,
    STEPS,
    TWICE_APPENDED,
    UNKNOWN,
    Law,
)
from tui_monitor.core.inference.bar_size import BarSize
from tui_monitor.core.inference.doubts import Doubts
from tui_monitor.core.inference.evidence import MOST_PRINTS, Trials
from tui_monitor.core.inference.habits import Habits
from tui_monitor.core.inference.reader import Readers
from tui_monitor.core.inference.spacing import Spacing
from tui_monitor.core.inference.told import Told
from tui_monitor.core.metrics import Metric, as_printed, describe
from tui_monitor.core.options import DecodeOptions
from tui_monitor.core.records import LawEvidence, LawName, Print
from tui_monitor.core.tracks.track import Track

SETTLED = 12.0
"""Nats by which a law must lead to count as settled: 160,000 to 1 for levels as `marginal` knows them.
One that steps amid an epoch is none of these."""
BEYOND_DOUBT = 25.0
"""Nats after which a law is not weighed again against those of another depth; nor is one that is still
settled when it is."""
ENOUGH_BARS = 16
"""Prints before that."""
AT_LENGTH = 32
"""Prints before the scatter of the batches is asked for their size."""
EVENLY = 25.0
"""Nats by which steps 1, 1+s, 1+2s, .. of a bar of Keras 3 speak at most for a law that averages twice:
only those versions count so where a bar is updated once in s batches (see `stride`)."""
RARE = 6.0
"""Nats by which the style speaks against a law that averages more or less often than is its habit."""
LESS_USUAL = 1.5
"""The same of the bars of Keras 3, which average twice before version 3.15 and once from then on."""
FIRST_WEIGHING = 4
"""Prints before the evidence is weighed for the first time."""
FIRST_PRINTS = 16
"""Prints up to which little is known of the batch size, though the law is settled."""
EVEN = 2.0
"""Nats up to which one law is about as likely as another."""
FIRST_EPOCHS = 4
"""Epochs at whose end it is weighed too: last lines tell laws apart. Later ones as they double."""
Change = Literal["metrics", "laws", "depth", "batch-size"]
"""What a weighing changed: which metrics are means of batches, laws of equal depth, how often is
averaged, or the batch size."""


class BarIdentity:
    """Law and batch size of one run's bars."""

    def __init__(self, options: DecodeOptions) -> None:
        self.options = options
        self.size = BarSize(options.batch_size)
        self.law: Law | None = None
        """The likeliest of the candidates; None before the first print."""
        self._evidence: LawEvidence | None = None
        self._habits = Habits()
        self._bars = 0
        self._spacing = Spacing()
        """Of the steps shown."""
        self._finals = 0
        self._next_weighing = FIRST_WEIGHING
        self._laws_weighed = 0
        """Prints when laws of different depth were last weighed."""
        self._settled_at = 0
        """The same when they were first found settled as they are now; 0 if they are not."""
        self._trials: Trials | None = None
        self._readers = Readers()
        self._doubts = Doubts()
        self._epoch = 0
        """Of the newest print."""
        self._told = Told()
        self.goes_on = False
        """A law counts batches over the ends of epochs."""

    # --- habits ------------------------------------------------------------------------------

    def meet(self, p: Print, prints: Sequence[Print]) -> bool:
        """Take a print, the newest of the `prints`. Whether a metric's law may now be another."""
        if self._told.hear(p) or self.law is None:
            self._judge(self._candidates(p))
            self._habits.begin(p)
        return self._habits.hear(p, prints)

    def _judge(self, found: tuple[Law, ...]) -> None:
        """The law before any evidence."""
        self.law = found[0]
        settled = len({law.name for law in found}) == 1 and found != (OPEN,)
        self._evidence = LawEvidence(found[0].name, None, None, settled)
        self.goes_on = self.law.goes_on if self.options.law is not None else self._told.goes_on

    @property
    def next_fit_differs(self) -> bool:
        """Whether the bars are those of a model's first fit in tf.keras 2.4."""
        return self._is_settled and self.law is TWICE_APPENDED and self._habits.draws_cells

    @property
    def is_told(self) -> bool:
        """Whether the format knows its laws, and none averages twice."""
        return bool(self._told)

    def _candidates(self, p: Print) -> tuple[Law, ...]:
        found = (self._told.of_run(),) if self._told else laws.candidates(p.style, p.unit)
        if self.options.law is not None and found != (EPOCH,):
            return laws.named(self.options.law, found)
        return found

    def is_as_printed(self, name: str) -> bool:
        """Whether a metric's prints were found to be no means of batches."""
        return name in self._doubts.as_printed

    def metric(self, name: str) -> Metric:
        """What a metric is, by its name and by what its prints have shown."""
        found = describe(name)
        return as_printed(found) if self.is_as_printed(name) else found

    def law_for(self, name: str) -> Law:
        """The law of one metric: those that are no means, and the details of old versions."""
        metric = self.metric(name)
        assert self.law is not None
        told = self._told.law(name) if self.options.law is None else None
        if metric.split == "val" or (self.law.key == EPOCH.key and told is None):
            return EPOCH
        if metric.split == "other":
            return INSTANTANEOUS
        if not metric.averaged:
            return told if told is not None and not told.inverted else UNKNOWN
        if told is not None:
            return told
        if self.law.key == STEPS.key and self.options.law is None:
            return self._habits.law(name)
        return self.law

    # --- evidence ----------------------------------------------------------------------------

    def evidence(self, tracks: Mapping[str, Track]) -> LawEvidence | None:
        """The law of the bars, as users know it; None before the first print."""
        if self._evidence is None or self.law is None:
            return None
        if self._doubts.as_printed and self.law.depth and not self._doubts.means(tracks):
            return LawEvidence(UNKNOWN.name, None, None, settled=True)
        if self.law.key != STEPS.key:
            return self._evidence
        averaged = [t for t in tracks.values() if t.metric.averaged and t.law.depth]
        return self._evidence._replace(name=averaged[0].law.name) if averaged else self._evidence

    def rival(self, law: Law) -> tuple[float | None, LawName | None]:
        """By how many nats prints speak for a metric's law, and against which; None if not weighed."""
        if self._evidence is None or self.law is None or law.depth != self.law.depth:
            return None, None
        return self._evidence.margin, self._evidence.against

    def weigh_if_due(
        self, p: Print, tracks: Mapping[str, Track], stride: int
    ) -> list[Change] | None:
        """Weigh the evidence if a print makes it worth it, else None; `stride`: batches an update.

        It does where the number of prints has grown, at the end of epochs, and where a print is a
        surprise while it is open which law they obey.
        """
        if self._told.find_out(p):
            self._judge(self._candidates(p))
            return ["laws"]
        self._bars += not p.final
        if p.step is not None:
            self._spacing.take(p.step, p.per_step, final=p.final)
        self._finals += p.final
        ends = p.final and (self._finals <= FIRST_EPOCHS or is_power_of_two(self._finals))
        at_length = ends or self._bars >= AT_LENGTH
        begins, self._epoch = p.epoch != self._epoch, p.epoch
        if self._bars < self._next_weighing and not ends and not self._may_be_wrong(tracks):
            return (self._weigh_means(p, tracks) or None) if begins or p.final else None
        changes = self.weigh(p, tracks, stride, at_length=at_length)
        if self._bars >= self._next_weighing:
            later = self._later(self._bars)
            self._next_weighing = later if later <= MOST_PRINTS else sys.maxsize
        return changes

    def _later(self, prints: int) -> int:
        """Prints after which the evidence is weighed again.

        They grow by a quarter as long as little is known, and then by half; by less where a law may be
        settled before, if its margin grows with their square.
        """
        margin = self._evidence.margin if self._evidence is not None else None
        known = prints >= FIRST_PRINTS if self._is_settled else (margin or 0.0) > EVEN
        later = prints + prints // (2 if known else 4)
        if margin and not self._is_settled:
            later = min(later, ceil(prints * sqrt(SETTLED / margin)))
        return max(later, prints + 1)

    @property
    def _is_settled(self) -> bool:
        return self._evidence is not None and self._evidence.settled

    @property
    def _is_beyond_doubt(self) -> bool:
        """How often is averaged is settled for good."""
        margin = self._evidence.margin if self._evidence is not None else None
        if margin is None or self._bars < ENOUGH_BARS:
            return False
        return margin > BEYOND_DOUBT or 0 < 2 * self._settled_at <= self._laws_weighed

    def _may_be_wrong(self, tracks: Mapping[str, Track]) -> bool:
        """Whether the newest print surprises under a law that is not settled, and prints still tell."""
        if self._is_settled:
            return False
        if not FIRST_WEIGHING <= self._bars <= MOST_PRINTS:
            return False
        return any(t.filter is not None and t.filter.surprised for t in tracks.values())

    def weigh(
        self, p: Print, tracks: Mapping[str, Track], stride: int, *, at_length: bool
    ) -> list[Change]:
        """Weigh the evidence. `at_length`: the scatter of the batches too, which takes many prints."""
        if self.law is None or self.law.depth == 0:
            return []
        changes = self._weigh_means(p, tracks)
        # only what is averaged like the bar tells its law and its batch size
        averaged = [t for t in self._doubts.means(tracks) if t.law.depth == self.law.depth]
        if self._readers.are_stale(tracks) or self.size.is_stale(tracks):
            self._forget_trials()
        found = self._in_question(p)
        if len(found) > 1:
            changes += self._weigh_laws(found, averaged)
        settled = self._is_settled
        if p.unit == "batch" and self.options.batch_size is None and (settled or at_length):
            counting = [t for t in averaged if t.metric.counts]
            if self.size.weigh(counting, self.law.depth, stride, at_length=at_length):
                changes.append("batch-size")
        return changes

    def forget(self) -> None:
        """Prints stand elsewhere than thought: read them anew."""
        self._forget_trials()
        self._doubts.forget()

    def _forget_trials(self) -> None:
        self._trials, self._readers = None, Readers()
        self._laws_weighed = self._settled_at = 0
        self.size.forget()

    def further_on(self) -> BarIdentity:
        """The same bars, further on in the log: what was found is kept, prints are read from there."""
        other = copy(self)
        other._trials, other._readers = None, Readers()
        other._laws_weighed = other._settled_at = 0
        other.size = self.size.further_on()
        other._doubts = Doubts(set(self._doubts.as_printed))
        return other

    def first_noise(self, track: Track) -> float | None:
        """Where the noise of a track's batches was found to be, as `Noise.scale`; None before."""
        if self._trials is None:
            return None
        return self._trials.first_noise(track.metric.name, track.law.depth)

    def _weigh_means(self, p: Print, tracks: Mapping[str, Track]) -> list[Change]:
        """Whether the metrics are means of batches at all."""
        if self.law is None or self.law.depth == 0 or self.options.law is not None or self._told:
            return []
        others = {law.depth for law in self._candidates(p)} - {self.law.depth}
        if not self._doubts.weigh(tracks, (self.law.depth, *others)):
            return []
        # what these told of the law is void, and so is what was certain by it
        self._forget_trials()
        if self._evidence is not None:
            self._evidence = self._evidence._replace(margin=None)
        return ["metrics"]

    def _in_question(self, p: Print) -> tuple[Law, ...]:
        """The laws that what is still to come may yet tell apart."""
        found = self._candidates(p)
        # how often is averaged may be settled, but last lines may still tell variants apart
        variants = tuple(
            law for law in found if self.law is not None and law.depth == self.law.depth
        )
        if self._is_beyond_doubt:
            return variants if self._finals <= 1 else ()
        if self._is_settled and self._bars < 2 * self._laws_weighed:
            return variants if p.final else ()
        return found

    def _weigh_laws(self, found: tuple[Law, ...], averaged: Sequence[Track]) -> list[Change]:
        if self._trials is None or not set(found).issubset(self._trials.laws):
            self._trials = Trials(found)
            self._readers = Readers()
        elif self._is_beyond_doubt:
            self._trials.keep(found[0].depth)
        for track in averaged:
            self._trials.take(track.metric, self._readers.read(track))
        named = {track.metric.name for track in averaged if track.metric.family != "real"}
        if len({law.depth for law in found}) > 1:
            self._laws_weighed = self._bars
            nats = self._trials.nats(named)
        else:
            nats = self._trials.last_lines(found[0].depth, named)
        price = LESS_USUAL if STATE in found else RARE
        score = {law: nats[law] - (0.0 if law.depth == found[0].depth else price) for law in found}
        spacing = self._spacing
        if STATE in found and spacing.first == 1 and spacing.common > 1 and not spacing.is_timed:
            # the chance that steps drawn at random share a divisor s is 1 / s for each
            score[STATE] -= min((self._bars - 1) * log(spacing.common), EVENLY)
        best = max(found, key=score.__getitem__)
        rivals = [law for law in found if law.name != best.name]
        if rivals:
            rival = max(rivals, key=score.__getitem__)
            margin = score[best] - score[rival]
            self._evidence = LawEvidence(best.name, margin, rival.name, margin > SETTLED)
        before, self.law = self.law, best
        changes_depth = before is not None and before.depth != best.depth
        if changes_depth or not self._is_settled:
            self._settled_at = 0
        if self._is_settled and not self._settled_at:
            self._settled_at = self._bars
        if before is None or before.key == best.key:
            return []
        return ["depth" if changes_depth else "laws"]


def is_power_of_two(n: int) -> bool:
    """1, 2, 4, .."""
    return n & (n - 1) == 0
