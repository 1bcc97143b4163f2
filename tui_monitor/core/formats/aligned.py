"""Cells that blanks divide: where they stand in their line, and below which names of a head.

A table of such cells may leave some of them blank, so that only their places tell whose they are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tui_monitor.core.records import Span

_CELL = re.compile(r"\S+(?: \S+)*")


def spans(text: str) -> tuple[Span, ...]:
    """Where the cells of a line stand, which two blanks or more divide."""
    return tuple(match.span() for match in _CELL.finditer(text))


def below(cells: Sequence[Span], names: Sequence[Span]) -> list[int] | None:
    """Below which of the names each cell stands; None unless there is one and only one for each."""
    found: list[int] = []
    for begin, end in cells:
        over = [nth for nth, name in enumerate(names) if name[0] < end and begin < name[1]]
        if len(over) != 1 or over[0] in found:
            return None
        found += over
    return found
