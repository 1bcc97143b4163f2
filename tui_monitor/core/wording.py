"""The only prose: explanations and findings as sentences.

Every sentence states numbers that were computed elsewhere; nothing is computed here beyond formatting.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_monitor.core.records import EventKind, Part, Verdict

if TYPE_CHECKING:
    from tui_monitor.core.explain import Edge

AVERAGED_TWICE = (
    "this version's bar averages the running mean once more, so its numbers lag twice as far"
)
EVENT_CAUSES: dict[EventKind, str] = {
    "learning-rate": "learning rate changed",
    "restored": "weights restored",
    "resumed": "training resumed",
    "checkpoint": "checkpoint",
    "early-stopping": "early stopping",
    "other": "message",
}


def number(value: float) -> str:
    """A metric's value: four decimals, or scientific where they would show nothing."""
    return f"{value:.4f}" if abs(value) >= 1e-3 or value == 0.0 else f"{value:.3e}"


def signed(value: float) -> str:
    """A change, with its sign."""
    return f"{value:+.4f}" if abs(value) >= 1e-3 or value == 0.0 else f"{value:+.2e}"


def with_error(part: Part) -> str:
    """A part and twice its standard error."""
    if part.value is None or part.sd is None:
        return "unknown"
    return f"{signed(part.value)} ± {number(2.0 * part.sd)}"


def boundary(edge: Edge, lag: Part, step: Part, luck: Part, verdict: Verdict) -> str:
    """What happened at a boundary, in at most three sentences."""
    seen = (
        f"{edge.track.metric.name} ended epoch {edge.epoch} at {number(edge.displayed_end)} and began"
        f" epoch {edge.next_epoch} at {number(edge.displayed_start)} ({signed(edge.jump)})."
    )
    if lag.value is None or step.value is None or luck.value is None:
        return f"{seen} {UNTOLD}"
    parts = (
        f"the running average lagged by {with_error(lag)}, the level itself moved by"
        f" {with_error(step)}, and the first print was off by {with_error(luck)} by chance"
    )
    return f"{seen} {VERDICTS[verdict]}: {parts}."


UNTOLD = (
    "From these prints the averaging cannot be told from a real change: a log with prints inside the"
    " epochs (verbose=1) would."
)

VERDICTS: dict[Verdict, str] = {
    "averaging": "Averaging explains it",
    "step": "It is a real step",
    "both": "Averaging and a real step both carry it",
    "noise": "It is within chance",
    "undetermined": "The prints cannot decide between averaging and a real step",
}


def averaging(edge: Edge, lag: Part) -> str:
    """Evidence of the lag."""
    assert lag.value is not None
    level = edge.displayed_end + lag.value
    return (
        f"the epoch's mean ended at {number(edge.displayed_end)} while the last batches were at"
        f" {number(level)} ± {number(2.0 * (lag.sd or 0.0))}"
    )


def seen_before(edge: Edge, step: Part, inside: float) -> str:
    """Evidence of data seen before."""
    assert step.value is not None
    return (
        f"the level steps by {signed(step.value)} where the data start over, but moved by"
        f" {signed(inside)} over the whole of epoch {edge.epoch}"
    )


BAR_AVERAGES_TWICE = (
    "The bar averages the running means once more, so its numbers inside an epoch lag twice as far"
    " behind the batches as a plain running mean."
)


def not_finite(metric: str, value: float, epoch: int, step: int | None) -> str:
    """The first nan or inf."""
    where = f"epoch {epoch}" if step is None else f"epoch {epoch}, step {step}"
    return (
        f"{metric} became {value} at {where}; a running mean stays {value} until the epoch ends, so"
        " the batch that caused it is that one or between it and the print before."
    )
