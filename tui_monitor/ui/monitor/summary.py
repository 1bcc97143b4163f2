"""What stays in the scrollback after the screen is left: epochs and the last explanation. Pure."""

from __future__ import annotations

from tui_monitor.core.snapshot import Snapshot, SourceState
from tui_monitor.ui.drawing.glyphs import ASCII, UNICODE, to_ascii
from tui_monitor.ui.drawing.rows import BLANK, Span, clip
from tui_monitor.ui.monitor import jump, status, tables
from tui_monitor.ui.monitor.scene import Scene, View, curves, focus_index

_EPOCHS = 5
"""Rows of each metric's table at most."""
_EXPLAINED = 14
_WIDEST = 100


def summary(
    snapshot: Snapshot | None,
    source: SourceState,
    view: View,
    width: int,
    *,
    ascii: bool,  # noqa: A002
) -> str:
    """Lines of plain text, at most `width` cells wide; empty where nothing was read.

    Args:
        snapshot: The newest one.
        source: Where it comes from.
        view: What the user last looked at: its metric comes first and is the one explained.
        width: Columns of the terminal.
        ascii: Write ASCII only.
    """
    if snapshot is None or not snapshot.curves:
        return ""
    width = min(max(width, 20), _WIDEST)
    scene = Scene(snapshot, source, View(focus=view.focus), ASCII if ascii else UNICODE)
    focus = focus_index(scene)
    # Beside a replay's place and speed there may be no room for the name.
    rows = status.status_rows(scene._replace(source=source._replace(replay=None)), width, 1)
    if source.filling is not None:
        rows.append(
            (Span(f" Of the log's end only: {status.share_read(source.filling)} was read."),)
        )
    count = len(curves(scene))
    for turn in range(min(count, 2)):
        of_metric = scene._replace(view=View(focus=(focus + turn) % count))
        table = tables.epoch_rows(of_metric, width, _EPOCHS + 1)
        if len(table) > 1:
            rows += [BLANK, tables.title_row(of_metric), *table]
    if any(each.run == snapshot.run for each in snapshot.boundaries):
        rows += [BLANK, *jump.jump_rows(scene, width, _EXPLAINED)]
    lines = [
        "".join(span.text for span in row).rstrip() for row in (clip(row, width) for row in rows)
    ]
    text = "\n".join(lines).rstrip() + "\n"
    return to_ascii(text) if ascii else text
