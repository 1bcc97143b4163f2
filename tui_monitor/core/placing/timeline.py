"""Items of a log's lines, placed: which run, which epoch, in what unit, and whether it is the last.

Owns runs, epochs, units and finality. Refuses to read text (formats do) and to compute with the
numbers (the decoder does). It has no clock: an end is what the log says, not silence.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

from tui_monitor.core.formats import plain, tqdm
from tui_monitor.core.metrics import describe
from tui_monitor.core.placing.bars import STYLES as BARS
from tui_monitor.core.placing.bars import Bars
from tui_monitor.core.placing.glossary import Glossary
from tui_monitor.core.placing.notices import Notices, event, is_early
from tui_monitor.core.placing.place import DISORDER, Place, Standing
from tui_monitor.core.placing.preamble import Preamble
from tui_monitor.core.placing.stepless import Stepless
from tui_monitor.core.records import (
    Columns,
    Event,
    Header,
    Item,
    Line,
    Notice,
    Print,
    Progress,
    Samples,
    Window,
)


class Timeline:
    """Places items in the order of the log. One for a log; not for use from several threads."""

    def __init__(self) -> None:
        self._reset(Place())

    def _reset(self, at: Place) -> None:
        self._at = at
        self.next_fit_differs = False
        """The newest fit averages as none after it will, so that the next is a run of its own."""
        self._preamble = Preamble()
        self._held: tuple[Print, Line] | None = None
        self._notices = Notices()
        self._redraws = False
        self._new_source = at.run > 0
        self._fit_begins = False
        self._glossary = Glossary()
        self._stepless = Stepless()
        self._bars = Bars()

    @property
    def ended(self) -> bool:
        """Whether the log says that the training is over: done as planned, stopped, or failed."""
        at = self._at
        if self._notices.stopped or self._notices.failed:
            return True
        if not at.planned_out:
            return False
        return not at.open or (self._held is not None and self._held[1].end == "newline")

    def place(self, line: Line, items: Sequence[Item]) -> list[Print | Event]:
        """The next line's items with their places, in the log's order.

        A print of which only what follows tells whether it ends its epoch is withheld until then.
        A plain line, without items, is evidence too and is to be passed.
        """
        if line.end == "redraw":
            self._redraws = True
        placed: list[Print | Event] = []
        if not items and line.text:
            self._read_plain(line, placed)
        for nth, item in enumerate(items):
            if isinstance(item, Header) and nth and _goes_on(items[nth - 1]):
                continue  # of an evaluation within the epoch, of TensorFlow 1.13
            if isinstance(item, Progress):
                self._place_progress(line, item, placed)
            elif isinstance(item, Header):
                self._place_header(line, item, placed)
            elif isinstance(item, Samples):
                self._at.samples = item
                self._fit_begins = True
            elif isinstance(item, Columns | Window):
                self._glossary.learn(item)
                begins = isinstance(item, Columns) and item.begins_fit
                self._fit_begins = self._fit_begins or begins
            else:
                self._place_notice(line, item, placed)
        return placed

    def learn_from(self, other: Timeline) -> None:
        """Know what lines before said of later ones, as another timeline of the log knows it."""
        self._glossary = other._glossary.copy()

    def copy(self) -> Timeline:
        """An independent one that stands at the same place."""
        twin = copy.copy(self)
        twin._at = copy.copy(self._at)
        twin._preamble = self._preamble.copy()
        twin._notices = copy.copy(self._notices)
        twin._stepless = copy.copy(self._stepless)
        twin._glossary = self._glossary.copy()
        twin._bars = self._bars.copy()
        return twin

    def preview(self, line: Line, items: Sequence[Item]) -> Print | None:
        """The last print of an unfinished line, where it would be placed; changes nothing."""
        twin = self.copy()
        placed = twin.place(line, items)
        if twin._held is not None and twin._held is not self._held:
            return twin._held[0]
        if twin._stepless.waiting is not self._stepless.waiting and twin._stepless.waiting:
            return twin._stepless.waiting
        prints = [item for item in placed if isinstance(item, Print)]
        if self._stepless.waiting is not None and prints:
            return prints[0]  # it waited for this bar
        prints = [item for item in prints if item.offset == line.offset]
        return prints[-1] if prints else None

    def flush(self) -> list[Print | Event]:
        """The source ended: what was withheld, as far as it can be told."""
        placed: list[Print | Event] = []
        placed += self._stepless.show(None, self._at)
        for shown in self._bars.flush():
            self._place_standing(*shown, placed)
        if self._held is not None:
            # A line that is still to be redrawn is not the last of its epoch.
            final = self._held[1].end == "newline" or not self._redraws
            self._release(placed, final=final)
        placed += self._notices.settle(self._at)
        return placed

    def restart(self) -> None:
        """The source was replaced: what comes next is a new run. What is withheld is forgotten."""
        self._reset(Place(run=self._at.run, run_prints=self._at.run_prints))

    # --- headers

    def _place_header(self, line: Line, header: Header, placed: list[Print | Event]) -> None:
        at = self._at
        if header.number == header.total == 1 and at.awaits_print and at.total != 1:
            return  # a loop of the user's has its own headers, and `fit(epochs=1)` adds this one
        placed += self._notices.end_traceback(self._at)
        self._release(placed, final=True)
        new_run = self._starts_run(header)
        loops = not new_run and header.total == at.total == 1
        again = (
            not new_run
            and not loops
            and at.number is not None
            and at.run_prints > 0
            and (header.total != at.total or header.number == at.number or self._preamble.start_up)
        )
        resumed = again and not self.next_fit_differs
        new_run |= again and not resumed
        self._begin_epoch(header.label, new_run=new_run)
        at.number = header.number
        at.total = header.total
        at.looped = loops
        self._notices.go_on()
        if resumed:
            placed.append(event(line, "resumed", line.text.strip(), at))
        placed += self._notices.place_early(self._at)

    def _starts_run(self, header: Header) -> bool:
        at = self._at
        if self._new_source or at.run == 0:
            return True
        if at.number is None:
            # Prints without a header came before: the log's beginning is missing, or another fit.
            return header.number == 1 and header.total != 1
        if header.number == header.total == at.number == at.total == 1:
            return self._preamble.repeated(unfinished=at.open and at.prints > 0)
        return header.number < at.number or header.number == 1

    # --- progress

    def _place_progress(self, line: Line, item: Progress, placed: list[Print | Event]) -> None:
        if item.style in BARS:
            for shown in self._bars.take(line, item):
                self._place_standing(*shown, placed)
            return
        if item.unit is not None:
            self._place_standing(line, item, placed)
            return
        if not item.readings or not self._admit(item, placed):
            return
        at = self._at
        item = at.without_unset(item)
        again = self._held is not None
        self._release(placed, final=False)
        placed += self._notices.settle(self._at)
        self._preamble.clear()
        self._notices.failed = False
        if at.prints == 0:
            self._notices.stopped = False
        complete = item.step is not None and item.steps is not None and item.step >= item.steps
        undecided = item.final is None and complete
        final = item.final or (undecided and again)
        printed = self._print(line, item, final=bool(final))
        at.prints += 1
        at.run_prints += 1
        if item.step is not None:
            if at.first is None:
                at.first = item.step
            at.last = item.step if at.last is None else max(at.last, item.step)
        if item.steps is not None:
            at.steps = at.run_steps = item.steps
        if undecided and not final:
            self._held = (printed, line)
            return
        placed.append(printed)
        if final:
            at.open = False
            at.validated = _validates(item)

    def _admit(self, item: Progress, placed: list[Print | Event]) -> bool:
        """Whether a print is of the training, not of an evaluation; opens its epoch if need be."""
        at = self._at
        headed = at.number is not None
        announced = self._fit_begins and at.prints > 0
        if self._new_source or at.run == 0:
            new_run = True
        elif announced:
            self._release(placed, final=True)
            new_run = headed
        elif at.open:
            return at.prints == 0 or self._continues(item, placed)
        elif self._is_evaluation(item):
            return False
        elif headed and at.prints == 1 and not at.validated and item.steps != at.steps:
            return True  # the epoch's one print was the bar of its validation (TensorFlow 1.13)
        else:
            new_run = at.planned_out
        new_run = new_run or self.next_fit_differs or self._preamble.repeated(unfinished=at.open)
        self._begin_epoch("", new_run=new_run)
        return True

    def _is_evaluation(self, item: Progress) -> bool:
        """Whether a print after an epoch's last line, with no new header, is no training's."""
        if _validates(item):
            return False
        steps = self._at.run_steps
        other = item.steps is not None and steps is not None and item.steps != steps
        return self._at.number is not None or other

    def _begin_epoch(self, label: str, *, new_run: bool) -> None:
        if new_run:
            if not self._fit_begins:
                self._at.samples = None
            self._at.begin_run()
            self.next_fit_differs = False
        self._at.begin_epoch(label)
        self._preamble.begin_fit(new_run=new_run)
        self._new_source = self._fit_begins = False

    def _continues(self, item: Progress, placed: list[Print | Event]) -> bool:
        """Whether a print goes on with the open epoch; without headers it may open the next."""
        at = self._at
        if None not in (item.steps, at.steps) and item.steps != at.steps:
            return _validates(item)
        if at.turns_aside(item):
            return False
        if item.step is None or at.last is None or at.first is None or item.step >= at.last:
            return True
        if at.last - item.step <= DISORDER and item.step > at.first:
            return True
        if at.number is not None:
            return False
        unfinished = self._held is None
        self._release(placed, final=True)
        self._begin_epoch("", new_run=self._preamble.repeated(unfinished=unfinished))
        return True

    def _release(self, placed: list[Print | Event], *, final: bool) -> None:
        """Let the withheld print go, as its epoch's last or not."""
        if self._held is None:
            return
        printed = self._held[0]
        self._held = None
        placed.append(printed._replace(final=final))
        if final:
            self._at.open = False
            self._at.validated = False

    def _print(self, line: Line, item: Progress, *, final: bool) -> Print:
        at = self._at
        return Print(
            at.run,
            at.epoch,
            at.label,
            None if at.looped else at.total,
            at.style_of(item),
            item.step,
            item.steps,
            at.unit_of(item),
            item.readings,
            final,
            line.number,
            line.offset,
            item.eta,
            item.elapsed,
            item.per_step,
            None if line.end == "open" else line.end == "redraw",
            at.before,
            item.from_zero,
        )

    # --- lines that say by themselves where they stand

    def _place_standing(self, line: Line, item: Progress, placed: list[Print | Event]) -> None:
        at = self._at
        if item.style == plain.LINE:
            at.sum_up(item)
        placed += self._stepless.show(None if item.readings else item, at)
        understood = self._glossary.read(item, at)
        if understood is None:
            return
        item = understood
        evaluates = item.unit != "round" and all(
            describe(each.metric).split == "val" or (item.style in BARS and each.law == "epoch")
            for each in item.readings
        )
        placed += self._notices.end_traceback(self._at)
        if not self._stand(line, item, placed, evaluates=evaluates):
            return
        if evaluates and item.readings == at.evaluated:
            return  # printed by another logger too
        self._preamble.clear()
        self._notices.go_on()
        item = at.take(self._stepless.within_epoch(item, at), evaluates=evaluates)
        if item.epochs_done is not None:
            item = self._stepless.count(item, at, evaluates=evaluates)
            printed = self._print(line, item, final=False)
            placed += [printed] if item.step is not None else self._stepless.wait(printed)
            return
        complete = item.steps is not None and item.step is not None and item.step >= item.steps
        final = item.final or (item.final is None and complete)
        placed.append(self._print(line, item, final=final))
        at.open = at.open and not final

    def _stand(
        self, line: Line, item: Progress, placed: list[Print | Event], *, evaluates: bool
    ) -> bool:
        """Open the epoch that a line belongs to, if need be. False if it tells nothing new."""
        at = self._at
        announced = self._fit_begins and at.run_prints > 0
        if self._new_source or at.run == 0 or announced:
            standing: Standing = "new-run"
        elif evaluates and item.step is not None:
            standing = at.standing_of_validation(item.step, item.epoch)
        else:
            standing = at.standing(item)
        if standing in ("goes-on", "no-news"):
            return standing == "goes-on"
        number, new_run = item.epoch, standing == "new-run"
        self._begin_epoch("" if number is None else str(number), new_run=new_run)
        if number is not None:
            at.number, at.total = number, item.epochs
        elif standing == "next-epoch":
            at.number = (at.number or 0) + 1
        else:  # a log that counts no epochs is one epoch
            at.number = at.total = 1
        if new_run:
            at.first_number = at.number
        elif standing == "resumed":
            placed.append(event(line, "resumed", line.text.strip(), at))
        return True

    # --- notices and plain lines

    def _place_notice(self, line: Line, notice: Notice, placed: list[Print | Event]) -> None:
        if notice.kind == "restart":
            self._preamble.note_start_up()
        elif notice.kind == "best-follows":
            self._glossary.expect_repetition()
        else:
            if notice.kind == "early-stopping":
                self._release(placed, final=True)
            elif self._at.is_behind(notice) and not is_early(notice, self._at):
                self._release(placed, final=False)
                self._begin_epoch(str(notice.epoch), new_run=False)
                self._at.number = notice.epoch
            placed += self._notices.take(line, notice, self._at)

    def _read_plain(self, line: Line, placed: list[Print | Event]) -> None:
        placed += self._notices.read_plain(line, self._at)
        self._preamble.note(line.text)
        self._bars.note(line)
        if self._bars.trains and (item := tqdm.evaluation(line.text)) is not None:
            self._place_standing(line, item, placed)
        if self._bars.full and (item := tqdm.summary(line.text)) is not None:
            for shown in self._bars.end_epoch():
                self._place_standing(*shown, placed)
            if self._at.run:
                self._place_standing(line, item, placed)


def _goes_on(item: Item) -> bool:
    """Whether a bar is not at its end yet, but near it."""
    if not isinstance(item, Progress) or item.step is None or item.steps is None:
        return False
    return 0.9 * item.steps <= item.step < item.steps


def _validates(item: Progress) -> bool:
    return any(reading.metric.startswith("val_") for reading in item.readings)
