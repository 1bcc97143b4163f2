"""Jumps and their causes as sentences.

Every sentence states numbers that were computed elsewhere; nothing is computed here beyond formatting
and intervals of two standard errors. `remarks` has the sentences of findings.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from tui_monitor.core.explaining.figures import Figures, batches, signed
from tui_monitor.core.records import Verdict

if TYPE_CHECKING:
    from tui_monitor.core.explaining.causes import Order, Staircase
    from tui_monitor.core.explaining.edges import Level
    from tui_monitor.core.explaining.explain import Anatomy, Edge, Obstacle
    from tui_monitor.core.explaining.profile import Gap


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
    show = edge.figures
    if obstacle == "one number an epoch":
        return f"{_two_numbers(edge, names, show)} {ONE_NUMBER}"
    seen = _seen(edge, names, show)
    if anatomy.end is None or anatomy.start is None or obstacle is not None:
        return f"{seen}. {undecided(names, anatomy, obstacle, show)}"
    if verdict == "averaging":
        return _averaging(seen, edge, anatomy, anatomy.end, show)
    if verdict in ("step", "both"):
        return _step(seen, edge, names, anatomy, why, show)
    if verdict == "noise":
        return _noise(seen, anatomy, show)
    return _too_coarse(seen, anatomy, show)


DENSE = 0.9
"""Share of both edges that prints must tell of for more prints to be of no use."""
CLEAR = 2.5
"""Standard errors from zero at which a part is there, whatever the other is."""


class OpenParts(NamedTuple):
    """What is sure where no verdict can be given, and what would help."""

    lags: bool
    steps: bool
    wanted: str


def open_parts(anatomy: Anatomy) -> OpenParts:
    """Which of the parts are there, of an anatomy whose two levels are known."""
    lags, steps = (
        abs(part.value or 0.0) > CLEAR * (part.sd or 0.0) for part in (anatomy.lag, anatomy.step)
    )
    seen = [edge.seen for edge in (anatomy.end, anatomy.start) if edge is not None]
    dense = min(seen, default=0.0) > DENSE
    return OpenParts(
        lags, steps, "Larger batches or longer epochs" if dense else "More prints an epoch"
    )


def _too_coarse(seen: str, anatomy: Anatomy, show: Figures) -> str:
    """The prints tell of both parts, and not enough."""
    lag, step = show.with_error(anatomy.lag), show.with_error(anatomy.step)
    lags, steps, wanted = open_parts(anatomy)
    if lags and not steps:
        told = (
            f"The averaging lag made {lag} of it; whether a real step ({step}) came to it is open"
        )
    elif steps and not lags:
        told = f"The level stepped by {step}; whether an averaging lag ({lag}) came to it is open"
    else:
        told = (
            f"The averaging lag is {lag} and the real step {step}: which of them carries it is open"
        )
    return f"{seen}. {told}. {wanted} would tell, or the next boundaries if they all jump alike."


def _seen(edge: Edge, names: tuple[str, str], show: Figures) -> str:
    """What the log shows, and of how many batches it is the mean: most of the answer for many."""
    end, start = show.number(edge.displayed_end), show.number(edge.displayed_start)
    many, few = (edge.track.places.batches(row) for row in (edge.last_row, edge.first_row))
    if edge.track.law.depth == 1 and edge.track.metric.averaged and many and few and few < many:
        end = f"{end}, the mean of {batches(round(many))},"
        start += ", one batch alone" if few == 1 else f", the mean of {batches(round(few))}"
    return (
        f"{edge.track.metric.name} ended epoch {names[0]} at {end} and began epoch {names[1]} at"
        f" {start} ({show.signed(edge.jump)})"
    )


def _two_numbers(edge: Edge, names: tuple[str, str], show: Figures) -> str:
    return (
        f"{edge.track.metric.name} was {show.number(edge.displayed_end)} in epoch {names[0]} and"
        f" {show.number(edge.displayed_start)} in epoch {names[1]} ({show.signed(edge.jump)})."
    )


ONE_NUMBER = (
    "Each is one number for a whole epoch, a mean over all its batches while the model was learning:"
    " the two say how the epochs differ, not whether anything happened between them. A log with"
    " prints inside the epochs (in Keras verbose=1) would tell."
)


def _averaging(seen: str, edge: Edge, anatomy: Anatomy, end: Level, show: Figures) -> str:
    against = (anatomy.lag.value or 0.0) * edge.jump < 0.0
    verb = "is behind it" if against else "explains it"
    luck = _luck(anatomy, show, against=against)
    return (
        f"{seen}. Averaging {verb}: the mean still held the early batches when the last tenth was"
        f" already at {show.level(end)} (lag {show.with_error(anatomy.lag)}), and from there to the"
        f" first tenth of the next epoch the level moved by {show.with_error(anatomy.step)}, no more"
        f" than trend and chance would make it. {luck[0].upper()}{luck[1:]}."
    )


def _luck(anatomy: Anatomy, show: Figures, *, against: bool) -> str:
    text = f"the luck of the first print did {show.with_error(anatomy.luck)}"
    return f"{text} and turned the jump round" if against else text


def _step(
    seen: str, edge: Edge, names: tuple[str, str], anatomy: Anatomy, why: Why, show: Figures
) -> str:
    assert anatomy.end is not None
    assert anatomy.start is not None
    both = "averaging" in why.causes
    moved = (
        f"between the last tenth of epoch {names[0]} and the first of epoch {names[1]} the level"
        f" went from {show.level(anatomy.end)} to {show.level(anatomy.start)}, a step of"
        f" {show.with_error(anatomy.step)}"
    )
    if abs(anatomy.step.value or 0.0) < 2.0 * (anatomy.step.sd or 0.0):
        moved += f" ({show.with_error(anatomy.surprise)} by all prints around, less their trend)"
    alike = moved_alike(anatomy, edge.jump)
    luck = _luck(anatomy, show, against=not alike)
    lag = show.with_error(anatomy.lag)
    if both:
        twofold = " for two reasons" if alike else "; behind it are two things"
        return (
            f"{seen}{twofold}: averaging, as the bar's mean lagged by {lag}, and a real change:"
            f" {moved}. {luck[0].upper()}{luck[1:]}. {reasons(why)}"
        )
    link = ", and the change is real: " if alike else "; behind it is a real change: "
    return f"{seen}{link}{moved}. Averaging did {lag}, {luck}. {reasons(why)}"


def moved_alike(anatomy: Anatomy, jump: float) -> bool:
    """Whether lag and step go the way of the jump, which luck has not turned round."""
    return ((anatomy.step.value or 0.0) + (anatomy.lag.value or 0.0)) * jump > 0.0


_IN_WORDS = {"seen before": "samples seen before"}
"""Causes that are called more fully in a sentence."""


def reasons(why: Why) -> str:
    """The causes of a step that the log supports, or what it would need to show."""
    named = [cause for cause in why.causes if not cause.startswith("averag")]
    if named:
        return f"The log points to: {', '.join(_IN_WORDS.get(each, each) for each in named)}."
    if not why.missing:
        return "The log does not tell why."
    return f"The log does not tell why; it shows no {' and no '.join(why.missing)}."


def _noise(seen: str, anatomy: Anatomy, show: Figures) -> str:
    return f"{seen}. That is within chance: {scatter(anatomy, show)}. {neither(anatomy, show)}."


def scatter(anatomy: Anatomy, show: Figures) -> str:
    """How far chance alone moves the first print, and from what where that is no better known."""
    text = f"a first print of so few batches scatters by ± {show.error(2.0 * anatomy.chance)}"
    sd = anatomy.start.sd if anatomy.start is not None else 0.0
    if sd <= anatomy.chance:
        return text
    return f"{text}, and the level around it is known to ± {show.error(2.0 * sd)} only"


def neither(anatomy: Anatomy, show: Figures) -> str:
    """Why neither part is sure, in accord with the figures."""
    lag, step = (
        f"{name} ({show.with_error(part)})"
        for name, part in (("the averaging lag", anatomy.lag), ("a real step", anatomy.step))
    )
    doubt = doubt_of(anatomy)
    if doubt == "zero":
        return f"T{lag[1:]} and {step} may both be zero"
    if doubt == "opposite":
        return (
            f"T{lag[1:]} and {step} point opposite ways, as they do where the level between them is"
            " a little off: neither is sure"
        )
    return f"Of t{lag[1:]} and {step} one is just outside its ±, as one in twenty is by chance"


Doubt = Literal["zero", "opposite", "rare"]
"""Why a part is not sure: both may be nothing; they may be one error, which both hold; chance."""


def doubt_of(anatomy: Anatomy) -> Doubt:
    """Why neither part of a jump within chance is sure."""
    lag, step = anatomy.lag, anatomy.step
    if all(abs(part.value or 0.0) <= 2.0 * (part.sd or 0.0) for part in (lag, step)):
        return "zero"
    return "opposite" if (lag.value or 0.0) * (step.value or 0.0) < 0.0 else "rare"


def undecided(
    names: tuple[str, str], anatomy: Anatomy, obstacle: Obstacle | None, show: Figures
) -> str:
    """What can be said where the prints do not carry a verdict, and what would settle it."""
    if obstacle == "not a mean":
        return "This metric is no mean of batches, so what is printed cannot be taken apart."
    if obstacle == "not reset":
        return (
            "Nothing in this number begins anew with the epoch, so none of the jump is an averaging"
            " lag; a step and luck are not told apart here."
        )
    if obstacle == "too few batches":
        return "Epochs of so few batches have no beginning and end that could be told apart."
    if obstacle == "law not settled":
        return (
            "The prints so far do not settle how this bar averages, so the parts may change; an"
            " epoch more, or more prints in each, will tell."
        )
    if obstacle == "too early":
        return (
            f"The averaging lag of epoch {names[0]} was {show.with_error(anatomy.lag)}; whether the"
            f" level has stepped too shows when a few percent of the batches of epoch {names[1]} are"
            " in."
        )
    gap = anatomy.gap
    if gap is None or anatomy.end is None or anatomy.start is None:
        told = "Too few prints stand near the boundary to tell a lag from a real step."
    else:
        told = _gap(gap, anatomy, show)
    return f"{told} A print at every tenth of an epoch would settle it."


def _gap(gap: Gap, anatomy: Anatomy, show: Figures) -> str:
    """What little the prints tell around a wide window."""
    text = f"The mean over batches {gap.first}-{gap.last} was {show.number(gap.mean)}"
    width = show.error(gap.half_width_after)
    if gap.after == 1:
        text += f", but the one batch after them is known only to ± {width}"
    elif gap.after:
        text += f", but of the {gap.after} batches after them each is known only to ± {width}"
    else:
        text += ", but nothing tells how it moved in between"
    lags, steps, _ = open_parts(anatomy)
    lag, step = show.span(anatomy.lag), show.span(anatomy.step)
    if steps and not lags:
        told = f"a real step is there, anything from {step}, and the averaging lag may be {lag}"
    elif lags and not steps:
        told = f"an averaging lag is there, anything from {lag}, and a real step may be {step}"
    else:
        told = f"the averaging lag may be anything from {lag} and a real step anything from {step}"
    return f"{text}: {told} (95 %)."


# --- causes --------------------------------------------------------------------------------------


def averaging(edge: Edge, end: Level) -> str:
    """Evidence of the lag."""
    show = edge.figures
    return (
        f"the epoch's mean ended at {show.number(edge.displayed_end)} while its last tenth of"
        f" batches was at {show.level(end)}"
    )


def averaged_twice(once: float, edge: Edge) -> str:
    """Evidence of the second average."""
    show = edge.figures
    return (
        f"shown was {show.number(edge.displayed_end)}, the plain mean of the epoch is"
        f" {show.number(once)}: this version's bar averages the running mean once more"
    )


def luck(anatomy: Anatomy, count: int, show: Figures) -> str:
    """Evidence of chance."""
    return (
        f"the first print is the mean of {batches(count)}, which chance alone moves by"
        f" ± {show.error(2.0 * anatomy.chance)}"
    )


def rate(before: float, after: float) -> str:
    """Evidence of another learning rate, from its column."""
    return f"the learning rate column goes from {before:.4g} to {after:.4g}"


def seen_before(found: Staircase, decimals: int) -> str:
    """Evidence of data seen before."""
    show = Figures(max(abs(found.step), abs(found.inside)), decimals)
    text = (
        f"{show.signed(found.step)} where the data start over, but {show.signed(found.inside)} inside"
        f" epoch {found.epoch}"
    )
    if found.val is None:
        return f"{text}; no validation to compare"
    return f"{text}, and only {show.signed(found.val)} of validation"


def order(found: Order, decimals: int) -> str:
    """Evidence of a pattern that repeats in each epoch."""
    inside = signed(found.inside, decimals)
    return (
        f"epochs {found.epochs[0]} and {found.epochs[1]} rise and fall alike inside (correlation"
        f" {found.correlation:.2f}): the level moves by {inside} from an epoch's first part to its"
        " last, and the boundary undoes it"
    )
