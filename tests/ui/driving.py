"""An app fed by hand: what the tests publish is what it shows."""

from __future__ import annotations

from collections.abc import Callable

from textual.pilot import Pilot

from tui_monitor.core.snapshot import ReplayPosition, Snapshot, SourceState
from tui_monitor.ui.app import MonitorApp
from tui_monitor.ui.messages import Fail, Publish, RecordingControl, ReplayControl
from tui_monitor.ui.widgets.ink_view import InkView


class FakeReplay:
    """Notes what it is asked to do."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, float]] = []

    def set_speed(self, factor: float) -> None:
        self.asked.append(("speed", factor))

    def pause(self) -> None:
        self.asked.append(("pause", 0.0))

    def resume(self) -> None:
        self.asked.append(("resume", 0.0))

    def seek_fraction(self, fraction: float) -> None:
        self.asked.append(("seek", fraction))

    def seek_epoch(self, label: str, complain: Callable[[str], None]) -> None:
        if label.isdigit():
            self.asked.append(("epoch", float(label)))
        else:
            complain(f"no epoch {label} in this log")


class FakeFeed:
    """Publishes one snapshot when it is opened, and later ones on request."""

    def __init__(self, first: Snapshot | None, source: SourceState) -> None:
        self.first = first
        self.source = source
        self.control = FakeReplay() if source.replay is not None else None
        self.stops = 0
        self.publish: Publish | None = None
        self.fail: Fail | None = None

    @property
    def replay(self) -> ReplayControl | None:
        return self.control

    @property
    def recording(self) -> RecordingControl | None:
        return None

    def stop(self) -> None:
        self.stops += 1

    def open(self, publish: Publish, fail: Fail) -> FakeFeed:
        self.publish, self.fail = publish, fail
        if self.first is not None:
            publish(self.first, self.source)
        return self

    def send(self, snapshot: Snapshot, source: SourceState | None = None) -> None:
        assert self.publish is not None
        self.publish(snapshot, source or self.source)


def monitor(
    snapshot: Snapshot | None,
    source: SourceState,
    *,
    ascii: bool = False,  # noqa: A002
    light: bool = False,
    bell: bool = False,
) -> tuple[MonitorApp, FakeFeed]:
    """An app and the feed behind it."""
    feed = FakeFeed(snapshot, source)
    app = MonitorApp(feed.open, source=source, ascii=ascii, light=light, bell=bell)
    return app, feed


def replaying(*, paused: bool = False, speed: float = 8.0) -> SourceState:
    position = ReplayPosition(0.43, speed, paused)
    return SourceState("train.log", "live", "replay", 0.1, None, position)


async def whole(app: MonitorApp, pilot: Pilot[int]) -> list[str]:
    """The screen's rows once nothing more is drawn: on a busy machine parts come one by one."""
    shown: list[str] = []
    for _ in range(100):
        await pilot.pause(0.05)
        before, shown = shown, text_of(app)
        if shown == before:
            break
    return shown


def text_of(app: MonitorApp) -> list[str]:
    """The screen's rows as text, put together from its parts."""
    lines = [[" "] * app.size.width for _ in range(app.size.height)]
    for part in app.screen.query(InkView):
        if not part.display or not part.region.area:
            continue
        for y in range(part.region.height):
            text = part.render_line(y).text
            for x, char in enumerate(text):
                lines[part.region.y + y][part.region.x + x] = char
    return ["".join(line).rstrip() for line in lines]
