"""Jumps and their causes as sentences, and how numbers are written.

Every sentence states numbers that were computed elsewhere; nothing is computed here beyond formatting
and intervals of two standard errors. `remarks` has the sentences of findings.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from tui_monitor.core.records import Part, Verdict

if TYPE_CHECKING:
    from tui_monitor.core.causes import Order, Staircase
    from tui_monitor.core.edges import Level
    from tui_monitor.core.explain import Anatomy, Edge, Obstacle
    from tui_monitor.core.profile import Gap


def number(value: float) -> str:
    """A metric's value: four decimals, or scientific where they would show nothing."""
    return f"{value:.4f}" if abs(value) >= 1e-3 or value == 0.0 else f"{value:.3e}"


def signed(value: float) -> str:
    """A change, with its sign."""
    return f"{value:+.4f}" if abs(value) >= 1e-3 or value == 0.0 else f"{value:+.2e}"


def error(value: float) -> str:
    """An error's width: four decimals, or one digit where they would show nothing."""
    return f"{value:.4f}" if value >= 1e-3 or value == 0.0 else f"{value:.0e}"


def with_error(part: Part) -> str:
    """A part and twice its standard error."""
    if part.value is None or part.sd is None:
        return "unknown"
    return f"{signed(part.value)} ± {error(2.0 * part.sd)}"


def span(part: Part) -> str:
    """A part as an interval of two standard errors either way."""
    if part.value is None or part.sd is None:
        return "anything"
    return f"{signed(part.value - 2.0 * part.sd)} to {signed(part.value + 2.0 * part.sd)}"


def level(found: Level) -> str:
    """A level and twice its standard error."""
    return f"{number(found.mean)} ± {error(2.0 * found.sd)}"


def batches(count: int) -> str:
    """A number of batches."""
    return "1 batch" if count == 1 else f"{count} batches"


# --- boundaries ----------------------------------------------------------------------------------


class Why(NamedTuple):
    """What is known of the causes of a step."""

    causes: Sequence[str]
    """Named, the likeliest first."""
    missing: Sequence[str]
    """What the log does not show that could tell."""


def boundary(
    edge: Edge,
    names: tuple[str, str],
    anatomy: Anatomy,
    verdict: Verdict,
    obstacle: Obstacle | None,
    why: Why,
) -> str:
    """What happened at a boundary, in at most three sentences. `names`: of the two epochs."""
    if obstacle == "one number an epoch":
        return f"{_two_numbers(edge, names)} {ONE_NUMBER}"
    seen = _seen(edge, names)
    if anatomy.end is None or anatomy.start is None or obstacle is not None:
        return f"{seen}. {_undecided(names, anatomy, obstacle)}"
    if verdict == "averaging":
        return _averaging(seen, edge, anatomy, anatomy.end)
    if verdict in ("step", "both"):
        return _step(seen, edge, names, anatomy, why)
    if verdict == "noise":
        return _noise(seen, anatomy)
    return (
        f"{seen}. The averaging lag is {with_error(anatomy.lag)} and the real step"
        f" {with_error(anatomy.step)}: too coarse to say which of them carries it. More prints an"
        " epoch would tell, or larger batches, or the next boundaries if they all jump alike."
    )


def _seen(edge: Edge, names: tuple[str, str]) -> str:
    """What the log shows."""
    return (
        f"{edge.track.metric.name} ended epoch {names[0]} at {number(edge.displayed_end)} and"
        f" began epoch {names[1]} at {number(edge.displayed_start)} ({signed(edge.jump)})"
    )


def _two_numbers(edge: Edge, names: tuple[str, str]) -> str:
    return (
        f"{edge.track.metric.name} was {number(edge.displayed_end)} in epoch {names[0]} and"
        f" {number(edge.displayed_start)} in epoch {names[1]} ({signed(edge.jump)})."
    )


ONE_NUMBER = (
    "Each is one number for a whole epoch, a mean over all its batches while the model was learning:"
    " the two say how the epochs differ, not whether anything happened between them. A log with"
    " prints inside the epochs (verbose=1) would tell."
)


def _averaging(seen: str, edge: Edge, anatomy: Anatomy, end: Level) -> str:
    against = (anatomy.lag.value or 0.0) * edge.jump < 0.0
    link = "; behind it is averaging" if against else " because of averaging"
    return (
        f"{seen}{link}: the bar shows the mean since the epoch's start, and while that still held"
        f" the early batches, the last tenth was already at {level(end)} (lag"
        f" {with_error(anatomy.lag)}). From there to the first tenth of the next epoch the level"
        f" moved by {with_error(anatomy.step)}, no more than a trend and chance would make it;"
        f" {_luck(anatomy, against=against)}."
    )


def _luck(anatomy: Anatomy, *, against: bool) -> str:
    text = f"the luck of the few batches in the first print did {with_error(anatomy.luck)}"
    return f"{text} and turned the jump round" if against else text


def _step(seen: str, edge: Edge, names: tuple[str, str], anatomy: Anatomy, why: Why) -> str:
    assert anatomy.end is not None
    assert anatomy.start is not None
    both = "averaging" in why.causes
    moved = (
        f"between the last tenth of epoch {names[0]} and the first of epoch {names[1]} the level"
        f" went from {level(anatomy.end)} to {level(anatomy.start)}, a step of"
        f" {with_error(anatomy.step)}"
    )
    moved_alike = ((anatomy.step.value or 0.0) + (anatomy.lag.value or 0.0)) * edge.jump > 0.0
    luck = _luck(anatomy, against=not moved_alike)
    if both:
        return (
            f"{seen} for two reasons: averaging, as the bar's mean lagged by"
            f" {with_error(anatomy.lag)}, and a real change: {moved}. {luck[0].upper()}{luck[1:]}."
            f" {_why(why)}"
        )
    link = ", and the change is real: " if moved_alike else "; behind it is a real change: "
    return f"{seen}{link}{moved}. Averaging did {with_error(anatomy.lag)}, {luck}. {_why(why)}"


def _why(why: Why) -> str:
    named = [cause for cause in why.causes if not cause.startswith("averag")]
    if named:
        return f"The log points to: {', '.join(named)}."
    if not why.missing:
        return "The log does not tell why."
    return f"The log does not tell why; it shows no {' and no '.join(why.missing)}."


def _noise(seen: str, anatomy: Anatomy) -> str:
    return (
        f"{seen}, which is within chance: the first print holds few batches, and their mean"
        f" scatters by ± {error(2.0 * anatomy.chance)}. Neither the averaging lag"
        f" ({with_error(anatomy.lag)}) nor a real step ({with_error(anatomy.step)}) stands out."
    )


def _undecided(names: tuple[str, str], anatomy: Anatomy, obstacle: Obstacle | None) -> str:
    """What can be said where the prints do not carry a verdict, and what would settle it."""
    if obstacle == "not a mean":
        return "This metric is no mean of batches, so what is printed cannot be taken apart."
    if obstacle == "too few batches":
        return "Epochs of so few batches have no beginning and end that could be told apart."
    if obstacle == "law not settled":
        return (
            "The prints so far do not settle how this bar averages, so the parts may change; an"
            " epoch more, or more prints in each, will tell."
        )
    if obstacle == "too early":
        return (
            f"The averaging lag of epoch {names[0]} was {with_error(anatomy.lag)}; whether the level"
            f" has stepped too shows when a few percent of the batches of epoch {names[1]} are in."
        )
    gap = anatomy.gap
    if gap is None or anatomy.end is None or anatomy.start is None:
        told = "Too few prints stand near the boundary to tell a lag from a real step."
    else:
        told = _gap(gap, anatomy)
    return f"{told} A print at every tenth of an epoch would settle it."


def _gap(gap: Gap, anatomy: Anatomy) -> str:
    """What little the prints tell around a wide window."""
    text = f"The mean over steps {gap.first}-{gap.last} was {number(gap.mean)}"
    if gap.after == 1:
        text += f", but the one batch after them is known only to ± {error(gap.half_width_after)}"
    elif gap.after:
        text += (
            f", but of the {gap.after} batches after them each is known only to"
            f" ± {error(gap.half_width_after)}"
        )
    else:
        text += ", but nothing tells how it moved in between"
    return (
        f"{text}: the averaging lag may be anything from {span(anatomy.lag)} and a real step"
        f" anything from {span(anatomy.step)} (95 %)."
    )


# --- causes --------------------------------------------------------------------------------------


def averaging(edge: Edge, end: Level) -> str:
    """Evidence of the lag."""
    return (
        f"the epoch's mean ended at {number(edge.displayed_end)} while its last tenth of batches"
        f" was at {level(end)}"
    )


def averaged_twice(once: float, shown: float) -> str:
    """Evidence of the second average."""
    return (
        f"this version's bar averages the running mean once more: the plain mean of the epoch is"
        f" {number(once)}, shown was {number(shown)}"
    )


def luck(anatomy: Anatomy, count: int) -> str:
    """Evidence of chance."""
    return (
        f"the first print is the mean of {batches(count)}, which chance alone moves by"
        f" ± {error(2.0 * anatomy.chance)}"
    )


def rate(before: float, after: float) -> str:
    """Evidence of another learning rate, from its column."""
    return f"the learning rate column goes from {before:.4g} to {after:.4g}"


def seen_before(found: Staircase) -> str:
    """Evidence of data seen before."""
    text = (
        f"a second pass over the same samples looks so: the level steps by {signed(found.step)}"
        f" where the data start over, but moved by {signed(found.inside)} over the whole of epoch"
        f" {found.epoch}"
    )
    if found.val is None:
        return f"{text}; no validation to compare"
    return f"{text}, and validation by {signed(found.val)} only"


def order(found: Order) -> str:
    """Evidence of a pattern that repeats in each epoch."""
    return (
        f"epochs {found.epochs[0]} and {found.epochs[1]} rise and fall alike inside (correlation"
        f" {found.correlation:.2f}): the level moves by {signed(found.inside)} from an epoch's first"
        f" part to its last, and the boundary undoes it"
    )
