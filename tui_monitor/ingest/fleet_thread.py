"""The thread that gives a fleet its turns."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tui_monitor.ingest.fleet import Fleet
from tui_monitor.ingest.turns import TurnThread


class FleetThread(TurnThread):
    """Runs a fleet until it is stopped, then closes all its sources."""

    def __init__(self, fleet: Fleet, fail: Callable[[Exception], None]) -> None:
        super().__init__(fleet.turn, fleet.rung, fleet.close, fail, name="fleet")
        self._fleet = fleet

    def open(self, key: str | None) -> None:
        """See `Fleet.open`; returns at once."""
        self.call(lambda: self._fleet.open(key))

    def ask(self, keys: Iterable[str]) -> None:
        """See `Fleet.ask`; returns at once."""
        wanted = tuple(keys)
        self.call(lambda: self._fleet.ask(wanted))
