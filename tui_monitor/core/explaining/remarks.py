"""Findings as sentences. Nothing is computed here beyond formatting and two standard errors."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, isfinite, log10
from typing import TYPE_CHECKING, NamedTuple

from tui_monitor.core.explaining.figures import error, number, signed, with_error
from tui_monitor.core.metrics import DECIMALS
from tui_monitor.core.records import Part, Print
from tui_monitor.core.snapshot import Goal

if TYPE_CHECKING:
    from tui_monitor.core.explaining.curves import Gap, Outlook, Recent
    from tui_monitor.core.explaining.findings import InnerJump
    from tui_monitor.core.explaining.history import History
    from tui_monitor.core.tracks.track import Track


def place(p: Print) -> str:
    """Where in the run a print stands."""
    # an outer loop calls each of its epochs the first
    counts = bool(p.label) and not (p.label.isdecimal() and int(p.label) < p.epoch)
    epoch = f"epoch {p.label if counts else p.epoch}"
    if p.step is None:
        return epoch
    step = f"{'sample' if p.unit == 'sample' else 'step'} {p.printed_step}"
    return f"{epoch}, {step}" if p.label or p.epoch > 1 else step


def not_finite(track: Track, value: float, p: Print, since: int | None) -> str:
    """The first nan or inf. `since`: step of the print before, where a mean is shown."""
    first = f"{track.metric.name} became {value} at {place(p)}."
    if since is None or p.step is None:
        return f"{first} Numbers from there on tell nothing of the training."
    unit = "sample" if p.unit == "sample" else "batch"
    many = "samples" if unit == "sample" else "batches"
    which = f"{unit} {p.step}" if p.step - since <= 1 else f"{many} {since + 1}-{p.step}"
    return (
        f"{first} It came in with {which}; a mean that holds it stays {value} until the epoch ends,"
        " whatever the later batches are."
    )


def diverged(name: str, at: Print, best: float, now: float) -> str:
    """A loss that blew up. `at`: where it was best."""
    return (
        f"{name} was best at {place(at)} ({number(best)}) and is now"
        f" {number(now)}, worse than where it began: the training diverges. A lower learning rate,"
        " or clipped gradients, from the last good checkpoint fits this."
    )


# --- how it ended --------------------------------------------------------------------------------


def ended(last: Print) -> str:
    """All planned epochs are done."""
    return f"The training ended as planned, after epoch {last.label} of {last.epochs}."


def stopped_early(message: str, last: Print) -> str:
    """A callback stopped it."""
    planned = f" of {last.epochs} planned" if last.epochs else ""
    # the message may count from 0
    why = message.partition(": ")[2] or message
    after = f"epoch {last.label or last.epoch}{planned}"
    return f"The training stopped itself after {after}: {why.rstrip('.')}."


def stopped_invalid(message: str) -> str:
    """A callback stopped it because of nan or inf."""
    return f"The training stopped itself: {message.rstrip('.')}."


def interrupted(where: str) -> str:
    """Ctrl-C."""
    return f"The training was interrupted from outside (KeyboardInterrupt) at {where}."


def failed(message: str, where: str) -> str:
    """An exception ended it."""
    reason = message.removeprefix("Traceback: ").rstrip(".")
    return f"The training failed: {reason} (at {where})."


# --- averaged twice ------------------------------------------------------------------------------

AVERAGES_TWICE = (
    "The bar averages the running means once more, so its numbers inside an epoch lag twice as far"
    " behind the batches as a plain running mean."
)


def averaged_twice(jump: InnerJump) -> str:
    """The bar's habit, and the jump of its last line."""
    what = (
        "shows the plain mean of the epoch"
        if jump.track.law.final == "reset"
        else "takes the plain mean of the epoch in as one batch more"
    )
    decimals = jump.track.decimals
    count = {0: "no batch", 1: "1 batch"}.get(jump.batches, f"{jump.batches} batches")
    return (
        f"{AVERAGES_TWICE} So {jump.track.metric.name} goes from {number(jump.before, decimals)} to"
        f" {number(jump.after, decimals)} ({signed(jump.after - jump.before, decimals)}) at the last"
        f" line of epoch {jump.at.label or jump.at.epoch} with {count} in between: that line {what}."
    )


# --- targets -------------------------------------------------------------------------------------


def goal(found: Goal, names: Sequence[str], decimals: int) -> str:
    """When a target is met. `names`: of the metrics that the log shows."""
    name, aim = found.metric, f"{found.value:.6g}"
    at = "" if found.now is None else number(found.now, decimals)
    if found.state == "absent":
        return f"The log shows no {name} to compare with the target {aim}; it shows {', '.join(names)}."
    if found.state == "met" and found.now is not None:
        return f"{name} reached its target {aim} in epoch {found.met_in}, with {at}."
    now = "" if found.now is None else f"{name} is at {at}, its target {aim}. "
    if found.state == "too early":
        return f"{now}Too few epochs are over to foresee when it gets there."
    if found.epochs is None:
        return (
            f"{now}The curve that fits its course so far levels off before that or gets there too far"
            " ahead to be foreseen."
        )
    low, middle, high = found.epochs
    ahead = f"Going on like this it gets there in about {_epochs(middle)}"
    if found.seconds is not None:
        ahead += f" ({duration(found.seconds[1])})"
    late = f"{high:.0f}" if isfinite(high) else "never"
    between = f"95 % of the curves that fit say {low:.0f} to {late}"
    if found.state == "after the end" and found.left is not None:
        planned = f"only {found.left} are left" if found.left else "the run is over"
        return f"{now}{ahead} ({between}), not before the run ends: {planned}."
    return f"{now}{ahead} ({between})."


def _epochs(count: float) -> str:
    return "1 epoch" if count == 1.0 else f"{count:.0f} epochs"


def duration(seconds: float) -> str:
    """A time to come, as exactly as it can be foreseen."""
    if seconds < 90.0:
        return f"{seconds:.0f} s"
    minutes = seconds / 60.0
    if minutes < 90.0:
        return f"{minutes:.0f} min"
    hours = minutes / 60.0
    return f"{hours:.1f} h" if hours < 48.0 else f"{hours / 24.0:.1f} days"


# --- over the epochs -----------------------------------------------------------------------------


def _val_beside_train(history: History, at: int) -> str:
    name, val = history.metric.name, history.val_metric
    better = "above" if history.metric.higher_is_better else "below"
    beside, shown = (number(each[at], history.decimals) for each in (history.val, history.shown))
    return (
        f"{val} ({beside}) is {better} {name} ({shown}) in epoch {history.label(at)}, but {name}"
        f" still averages older batches, while {val} is measured after the epoch"
    )


def val_above_unknown(history: History, at: int) -> str:
    """Validation better than training, and nothing tells the epoch's end."""
    first = _val_beside_train(history, at)
    return (
        f"{first}; too little is printed inside the epoch to tell how much of the gap that makes."
    )


def val_above_train(history: History, at: int, end: Part, gap: Part, stays: bool | None) -> str:
    """Validation better than training, against the level at the epoch's end.

    `stays`: the gap does; None where that cannot be told from chance.
    """
    first = _val_beside_train(history, at)
    level = number(end.value or 0.0, history.decimals)
    left = with_error(gap, history.decimals)
    train = (
        f"in its last tenth the level was {level} ± {error(2 * (end.sd or 0), history.decimals)}"
    )
    if stays is None:
        return f"{first}: {train}, which leaves {left}, too little to be sure that a gap stays."
    if not stays:
        return f"{first}: {train}, which leaves no such gap."
    return (
        f"{first}. Yet {train}, so a gap of {left} stays: usual where dropout or augmentation act in"
        " training only, or where the validation data are easier."
    )


class Late(NamedTuple):
    """A mean over the last epochs."""

    mean: float
    epochs: int


def overfitting(history: History, best: int, since: int, now: Late, level: float) -> str:
    """Validation turned."""
    name, val = history.metric.name, history.val_metric
    least, newest, begin, end = (
        number(each, history.decimals)
        for each in (float(history.val[best]), now.mean, level, float(history.level[-1]))
    )
    return (
        f"{val} was best in epoch {history.label(best)} ({least}) and has been getting worse in the"
        f" {since} epochs since, to a mean of {newest} over the last {now.epochs}, while {name} went on"
        f" from {begin} to {end}: what is learnt now does not carry over. The weights of epoch"
        f" {history.label(best)}, an earlier stop, or more regularisation or data fit this."
    )


def plateau(history: History, lately: Recent, advice: str) -> str:
    """Nothing that matters moves."""
    return (
        f"{history.metric.name} has all but stopped improving: over the last {lately.epochs} epochs"
        f" it moved by {number_of(over(lately.slope, lately.epochs - 1))} in all, around"
        f" {number(float(history.level[-1]), history.decimals)}.{since_best(history)}{advice}"
    )


def diminishing(history: History, outlook: Outlook, advice: str) -> str:
    """Slow improvement, and what is to come."""
    last = history.label(len(history) - 1)
    article = "an" if outlook.shape == "exponential" else "a"
    promised = outlook.promised
    doubt = abs(promised.value or 0.0) <= 2.0 * (promised.sd or 0.0)
    nothing = ", which may be nothing" if doubt else ""
    span = history.number[-1] - history.number[0]
    return (
        f"{history.metric.name} improves ever more slowly: by {pace(outlook.pace, span)} at epoch"
        f" {last}. Going on like {article} {outlook.shape}, which fits best, it would move by"
        f" {with_error(promised, history.decimals)} over the next {outlook.ahead} epochs{nothing}."
        f"{since_best(history)}{advice}"
    )


def since_best(history: History) -> str:
    """When validation was best."""
    known = [i for i in range(len(history)) if history.val[i] == history.val[i]]
    if history.val_metric is None or not known:
        return ""
    best = max(known, key=lambda i: history.sign * float(history.val[i]))
    return (
        f" {history.val_metric} was best in epoch {history.label(best)}"
        f" ({number(float(history.val[best]), history.decimals)})."
    )


_SHOWS = 1e-3
"""Least change that four decimals tell."""


def over(slope: Part, epochs: int) -> Part:
    """What a slope comes to over so many epochs."""
    return Part((slope.value or 0.0) * epochs, (slope.sd or 0.0) * epochs)


def pace(slope: Part, epochs: float) -> str:
    """A slope with its error, over as many epochs as give it digits; at most as many as there are."""
    many = 1
    while many < 100 and 10 * many <= epochs and _size(over(slope, many)) < _SHOWS:
        many *= 10
    return f"{number_of(over(slope, many))} {'an epoch' if many == 1 else f'in {many} epochs'}"


def _size(change: Part) -> float:
    return max(abs(change.value or 0.0), 2.0 * (change.sd or 0.0))


def number_of(change: Part) -> str:
    """A change with its error: of what four decimals tell, so many; else two digits of the error."""
    value, width = change.value or 0.0, 2.0 * (change.sd or 0.0)
    size, shows = width or abs(value), _size(change) >= _SHOWS
    if not (size >= 1e-7 or shows) or size >= 1e5:
        return f"{value:+.1e} ± {width:.0e}"
    decimals = max(1 - floor(log10(size)), 0)
    if shows:
        decimals = min(decimals, DECIMALS)
    return f"{value:+.{decimals}f} ± {max(width, 10.0**-decimals * (width > 0)):.{decimals}f}"


def gap(found: Gap | None, decimals: int) -> str:
    """Validation against training, and whether they part."""
    if found is None:
        return ""
    text = f" Validation minus training is {signed(found.value, decimals)}"
    growth = found.growth
    if growth.value is None or growth.sd is None:
        return f"{text}."
    parts = growth.value * found.value > 0.0 and abs(growth.value) > 2.0 * growth.sd
    return f"{text} and {'grows' if parts else 'does not grow'}."


def lower_rate(lately: Recent, decimals: int) -> str:
    """The level bounces."""
    return (
        f" From epoch to epoch it bounces by ± {number(lately.bounce, decimals)}, more than it gains: a"
        " lower learning rate (ReduceLROnPlateau) fits this."
    )


FOLLOWS = " Validation still gains with it: more epochs fit this, for as little as they bring."
FLAT_APART = (
    " Training and validation have flattened apart: regularisation or more data fit this more than a"
    " larger model or more epochs."
)
FLAT_TOGETHER = (
    " Training and validation have flattened together: if that is not good enough, a larger model or"
    " better features fit this more than more epochs."
)


def only_train(history: History) -> str:
    """Validation does not follow."""
    return (
        f" {history.val_metric} no longer follows: more epochs fit the training data only, and an"
        " earlier stop or regularisation fits this."
    )
