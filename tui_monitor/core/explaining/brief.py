"""What happened at a boundary in two or three lines, for where the parts stand beside it as numbers.

Owns the short form only; `wording` has the full sentences, `figures` the form of numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_monitor.core.explaining.figures import Figures
from tui_monitor.core.explaining.wording import (
    Doubt,
    Why,
    doubt_of,
    moved_alike,
    open_parts,
    reasons,
    scatter,
    undecided,
)
from tui_monitor.core.records import Verdict

if TYPE_CHECKING:
    from tui_monitor.core.explaining.edges import Level
    from tui_monitor.core.explaining.explain import Anatomy, Obstacle
    from tui_monitor.core.explaining.profile import Gap

ONE_NUMBER = (
    "One number an epoch does not tell what happened between two; prints inside the epochs (in Keras"
    " verbose=1) would."
)

_NEITHER: dict[Doubt, str] = {
    "zero": "Lag and step may both be zero.",
    "opposite": "Lag and step point opposite ways, as where the level between them is a little off.",
    "rare": "One of lag and step is just outside its ±, as one in twenty is by chance.",
}


def boundary(
    names: tuple[str, str],
    jump: float,
    anatomy: Anatomy,
    verdict: Verdict,
    obstacle: Obstacle | None,
    why: Why,
    show: Figures,
) -> str:
    """The verdict, what supports it and what would settle it. `names`: of the two epochs."""
    if obstacle == "one number an epoch":
        return ONE_NUMBER
    end, start = anatomy.end, anatomy.start
    if obstacle == "too early":
        return (
            "Whether the level has stepped as well shows when a few percent of the batches of epoch"
            f" {names[1]} are in."
        )
    if end is None or start is None or obstacle is not None:
        if obstacle == "too few prints" and anatomy.gap is not None and end is not None:
            return _gap(anatomy.gap, anatomy, show)
        return undecided(names, anatomy, obstacle, show)
    if verdict == "averaging":
        return _averaging(names, anatomy, end, jump, show)
    if verdict in ("step", "both"):
        return _step(names, anatomy, (end, start), jump, verdict, why, show)
    if verdict == "noise":
        return f"Within chance: {scatter(anatomy, show)}. {_NEITHER[doubt_of(anatomy)]}"
    return _open(anatomy)


def _averaging(
    names: tuple[str, str], anatomy: Anatomy, end: Level, jump: float, show: Figures
) -> str:
    against = (anatomy.lag.value or 0.0) * jump < 0.0
    hidden = " Luck turned the jump round." if against else ""
    return (
        f"Averaging: the mean still held early batches; the last tenth of epoch {names[0]} was"
        f" already at {show.number(end.mean)}. The level then moved as trend and chance would have"
        f" it.{hidden}"
    )


def _step(
    names: tuple[str, str],
    anatomy: Anatomy,
    edges: tuple[Level, Level],
    jump: float,
    verdict: Verdict,
    why: Why,
    show: Figures,
) -> str:
    kind = "Averaging, and a real change" if verdict == "both" else "The change is real"
    hidden = "" if moved_alike(anatomy, jump) else " Luck turned the jump round."
    return (
        f"{kind}: between the last tenth of epoch {names[0]} and the first of epoch {names[1]} the"
        f" level went from {show.number(edges[0].mean)} to {show.number(edges[1].mean)}.{hidden}"
        f" {reasons(why)}"
    )


def _open(anatomy: Anatomy) -> str:
    """The prints tell of both parts, and not enough."""
    parts = open_parts(anatomy)
    if parts.lags and not parts.steps:
        told = "There is an averaging lag; whether a real step came to it is open"
    elif parts.steps and not parts.lags:
        told = "The level stepped; whether an averaging lag came to it is open"
    else:
        told = "Whether the averaging lag or a real step carries it is open"
    return f"{told}. {parts.wanted} would tell, or the next boundaries if they all jump alike."


def _gap(gap: Gap, anatomy: Anatomy, show: Figures) -> str:
    """What is known around a wide window, what is not, and what would settle it."""
    width = show.error(gap.half_width_after)
    known = f"The mean over batches {gap.first}-{gap.last} was {show.number(gap.mean)}"
    if gap.after == 1:
        open_ = f"the one batch after them is known only to ± {width}"
    elif gap.after:
        open_ = f"each of the {gap.after} after them is known only to ± {width}"
    else:
        open_ = "nothing tells how it moved in between"
    lags, steps, _ = open_parts(anatomy)
    told = "too little to tell lag from step"
    if lags != steps:
        told = "a real step is there, a lag open" if steps else "a lag is there, a real step open"
    return f"{known}, but {open_}: {told}. A print at every tenth of an epoch would settle it."
