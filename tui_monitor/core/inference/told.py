"""The averaging laws that a format knows of its numbers, and what is found out where it does not."""

from __future__ import annotations

from tui_monitor.core.averages.laws import COPIED, EPOCH, OPEN, UNKNOWN, Law, by_key
from tui_monitor.core.inference.bare import Bare, Claimed
from tui_monitor.core.metrics import describe
from tui_monitor.core.records import Print


class Told:
    """The laws of a run's metrics, by name; empty where its format leaves all of them open."""

    def __init__(self) -> None:
        self._laws: dict[str, Law] = {}
        self._bare: dict[str, Bare | Claimed] = {}
        """Numbers of which the format knows none, or one that programs may have changed."""
        self._mistaken = False
        """A law was told that is another than was told before."""
        self._of_run: Law | None = None
        """What stands for the run; None where that is not known, or another by now."""
        self._goes_on = False
        """One of all laws that were known at any time."""

    def __bool__(self) -> bool:
        return bool(self._laws)

    @property
    def goes_on(self) -> bool:
        """Whether a law counts batches over the ends of epochs."""
        return self._goes_on and any(law.goes_on for law in self._laws.values())

    def law(self, metric: str) -> Law | None:
        """The law of a metric, as far as is known."""
        return self._laws.get(metric)

    def of_run(self) -> Law:
        """The law that stands for the run: of its training, of what can be inverted before others."""
        if self._of_run is None:
            laws = self._laws.items()
            train = [law for name, law in laws if describe(name).split == "train"]
            self._of_run = min(train, key=_rank, default=None)
        return self._of_run or EPOCH

    def hear(self, p: Print) -> bool:
        """Take what the format tells: of all numbers or of none. Whether there is something new."""
        if not p.readings or not p.readings[0].law:
            return False
        before = len(self._laws)
        for reading in p.readings:
            name, law = reading.metric, by_key(reading.law)
            if name not in self._laws:
                self._add(name, law)
            known = self._laws[name]
            if known is OPEN and name not in self._bare:
                self._bare[name] = Bare(describe(name))
            elif (known.seeded or known.zeroed or known is COPIED) and name not in self._bare:
                self._bare[name] = Claimed(describe(name), known)
            elif known is not law and _refutes(law, known):
                self._change(name, law)
                self._mistaken = True
        return len(self._laws) > before

    def find_out(self, p: Print) -> bool:
        """Take a print as evidence where the format tells nothing.

        Whether that settles a law, or it was told that one is another than thought.
        """
        settled, self._mistaken = self._mistaken, False
        if not self._bare or p.step is None or p.before is None:
            return settled
        for reading in p.readings:
            bare = self._bare.get(reading.metric)
            if bare is None:
                continue
            bare.take(p.epoch, p.step - p.before, reading.displayed, reading.quantum)
            if (law := bare.law) is not None:
                settled |= law is not OPEN or isinstance(bare, Claimed)
                self._change(reading.metric, law)
                del self._bare[reading.metric]
        return settled

    def _add(self, name: str, law: Law) -> None:
        """A metric is met. There may be very many: the others are not looked at again."""
        self._laws[name] = law
        self._goes_on |= law.goes_on
        if self._of_run is not None and describe(name).split == "train":
            self._of_run = min(self._of_run, law, key=_rank)

    def _change(self, name: str, law: Law) -> None:
        """A metric's law is another than was thought."""
        self._laws[name] = law
        self._goes_on |= law.goes_on
        self._of_run = None


def _refutes(law: Law, known: Law) -> bool:
    """Whether a law that is told later takes the place of one that was told before.

    How far a window reaches may come out late, and so may that a number of an epoch is one of several,
    or that its steps show it as well.
    """
    return None not in (known.window, law.window) or (known is EPOCH and law in (UNKNOWN, OPEN))


def _rank(law: Law) -> tuple[bool, bool, bool]:
    return not law.inverted, law.name != "interval", law is OPEN
