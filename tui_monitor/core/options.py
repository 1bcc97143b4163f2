"""What a user may fix about the decoding instead of leaving it to the evidence."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import NamedTuple

from tui_monitor.core.records import LawName


class Target(NamedTuple):
    """A value that a metric is wanted to reach."""

    metric: str
    value: float


@dataclass(frozen=True, slots=True)
class DecodeOptions:
    """Overrides of the decoder. The defaults leave everything to the log."""

    law: LawName | None = None
    """The averaging law of the bars; None: chosen from format and prints."""
    batch_size: int | None = None
    """Samples a batch; None: inferred from the prints where they allow it."""
    format_hint: str | None = None
    """Name of the log's format; None: detected."""
    metric: str | None = None
    """Glob of metric names to keep (`*acc*`); None keeps all."""
    targets: tuple[Target, ...] = ()
    """Values that metrics are wanted to reach; when they will is forecast."""

    def keeps(self, metric: str) -> bool:
        """Whether a metric of this name is wanted."""
        return self.metric is None or fnmatchcase(metric, self.metric)
