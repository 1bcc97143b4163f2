"""Which runs of a fleet are worth decoding now, and how often each is to be shown.

Decoding costs more than all the rest: the newest runs that grow get it, those that are asked for,
and the one that is open.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tui_monitor.ingest.member import Member

MOST_LIVE = 8
"""Runs that grow and are decoded without being asked for."""
LIVE_SECONDS = 4.0
"""Between two pictures of such a run."""
LARGEST_LIVE = 1 << 22
"""Bytes of a log up to which that is done: decoding takes some seconds a megabyte."""
MOST_ASKED = 12
"""Runs decoded at once because they were asked for."""
_OPEN_SECONDS = 0.4  # between two pictures of the run that is shown
_ASKED_SECONDS = 1.0  # of one that was asked for


def live_of(members: Mapping[str, Member], now: float, wall: float) -> list[str]:
    """Keys of the files that may be expected to grow, the one that grew last first."""
    live = [m for m in members.values() if m.path is not None and m.is_live(now, wall)]
    live.sort(key=lambda member: member.quiet(now, wall))
    return [member.key for member in live]


def paces_of(
    members: Mapping[str, Member],
    live: Sequence[str],
    asked: Sequence[str],
    opened: str | None,
    *,
    most_live: int = MOST_LIVE,
    live_seconds: float = LIVE_SECONDS,
) -> dict[str, float]:
    """For each run that is to be decoded the seconds between two pictures of it, at least.

    Args:
        members: All runs.
        live: Keys of those that may grow, the first choice first.
        asked: Keys of those that were asked for, in the order of the asking.
        opened: Key of the one that is shown, if any is.
        most_live: So many of `live` are decoded without being asked for.
        live_seconds: Between two pictures of such a one.
    """
    stamps = ((key, members[key].stamp) for key in live)
    small = [key for key, stamp in stamps if stamp is not None and stamp.size <= LARGEST_LIVE]
    paces: dict[str, float] = dict.fromkeys(small[:most_live], live_seconds)
    paces |= {member.key: _ASKED_SECONDS for member in members.values() if member.is_stream}
    wanted = [members[key] for key in asked if key in members]
    wanted = [member for member in wanted if member.decoding or not member.is_decoded]
    for member in wanted[:MOST_ASKED]:
        if not member.caught_up or member.key in paces:
            paces[member.key] = _ASKED_SECONDS
    shown = members.get(opened or "")
    if shown is not None and (shown.key in paces or shown.decoding or not shown.is_decoded):
        paces[shown.key] = _OPEN_SECONDS
    return paces
