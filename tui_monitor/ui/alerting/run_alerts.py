"""What happened to runs of a list that a user wants to be called for. Pure."""

from __future__ import annotations

from tui_monitor.core.runs import RunList, RunRow
from tui_monitor.ui.alerting.alerts import Alert


def run_alerts(before: RunList, now: RunList, *, but: str | None = None) -> list[Alert]:
    """What is news of runs that were growing; nothing of what was there when the list was opened.

    `but` is the key of a run that is told of elsewhere.
    """
    if before.looking:
        return []
    was = {row.key: row for row in before.rows}
    found: list[Alert] = []
    for row in now.rows:
        old = was.get(row.key)
        if old is not None and old is not row and row.key != but:
            found += _of(old, row)
    return found


def _of(old: RunRow, row: RunRow) -> list[Alert]:
    broken = row.glance.broken if row.glance is not None else ()
    if broken and not (old.glance is not None and old.glance.broken):
        return [Alert("alarm", f"{row.name}: {', '.join(broken)} is nan or infinite")]
    if old.state not in ("live", "stalled") or row.state == old.state:
        return []
    if row.state == "failed":
        return [Alert("alarm", f"{row.name}: the training has failed")]
    if row.state == "ended":
        return [Alert("ended", f"{row.name}: the training has ended")]
    if row.state == "stalled":
        return [Alert("stalled", f"{row.name}: nothing has come for a while")]
    if row.state == "lost":
        return [Alert("lost", f"{row.name}: {row.detail or 'lost'}")]
    return []
