"""Which of a run's many boundaries are told in words, and a line of figures for each of them.

A training of hundreds of epochs has hundreds of boundaries, most of them alike. Whoever reads wants the
few that stand out in words, and can find any other in a table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from tui_monitor.core.explaining.figures import beside
from tui_monitor.core.records import Boundary, Part

FEW = 6
"""Boundaries of a metric that are all told in words."""
STEPS = 3
"""Of more, so many with a real step are, those that are the least chance."""


def of_known_parts(boundaries: Sequence[Boundary]) -> list[Boundary]:
    """All boundaries with a known part, and of the others the newest of each metric.

    A log of one line an epoch has hundreds, of which nothing but the jump can be said.
    """
    newest = {boundary.metric: boundary for boundary in boundaries}
    return [
        boundary
        for boundary in boundaries
        if boundary.step.value is not None or boundary is newest[boundary.metric]
    ]


def in_words(boundaries: Sequence[Boundary]) -> list[Boundary]:
    """Those that are told in words, in the order they are given.

    Of a metric with more than `FEW` of them: the newest, the one that jumps most, and up to `STEPS`
    with a real step.
    """
    chosen: set[int] = set()
    by_metric = sorted(boundaries, key=lambda boundary: boundary.metric)
    for _, group in groupby(by_metric, key=lambda boundary: boundary.metric):
        of_metric = list(group)
        if len(of_metric) > FEW:
            steps = [each for each in of_metric if each.verdict in ("step", "both")]
            steps.sort(key=lambda each: _clear(each.step), reverse=True)
            largest = max(of_metric, key=lambda each: abs(each.jump))
            of_metric = [*steps[:STEPS], largest, of_metric[-1]]
        chosen.update(map(id, of_metric))
    return [boundary for boundary in boundaries if id(boundary) in chosen]


def _clear(part: Part) -> float:
    """How many standard errors a part is from nothing."""
    if part.value is None or not part.sd:
        return 0.0
    return abs(part.value) / part.sd


def table(boundaries: Sequence[Boundary]) -> Iterator[str]:
    """A line of figures for each boundary, metric by metric.

    Of 80 columns at most, but where numbers are so small that they need exponents.
    """
    metrics = dict.fromkeys(boundary.metric for boundary in boundaries)
    for metric in metrics:
        yield ""
        yield f"{metric}, by epoch"
        yield _row(("epochs", "displayed", "jump", "= lag", "+ step", "+ luck", "verdict"))
        yield from (_row(_figures(each)) for each in boundaries if each.metric == metric)


def _figures(boundary: Boundary) -> Sequence[str]:
    show = beside(boundary.displayed_end, boundary.displayed_start, boundary.decimals)
    ends = (show.number(end) for end in (boundary.displayed_end, boundary.displayed_start))
    parts = (boundary.lag, boundary.step, boundary.luck)
    return (
        boundary.place,
        " → ".join(ends),
        show.signed(boundary.jump),
        *("?" if part.value is None else show.signed(part.value) for part in parts),
        boundary.verdict,
    )


def _row(cells: Sequence[str]) -> str:
    epochs, ends, *numbers, verdict = cells
    return f"{epochs:>11}  {ends:>17} {' '.join(f'{n:>8}' for n in numbers)}  {verdict}".rstrip()
