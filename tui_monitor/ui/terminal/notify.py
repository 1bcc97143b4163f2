"""The sequence that asks a terminal for a notification of the desktop. Pure."""

from __future__ import annotations

from collections.abc import Mapping

_LONGEST = 200
_OSC_777 = ("rxvt", "foot")
"""Beginnings of TERM of terminals that know OSC 777 and not OSC 9; so does whatever uses VTE."""


def notification(text: str, environment: Mapping[str, str]) -> str:
    """OSC 9 or OSC 777, as the terminal knows it; through tmux and screen to the one they run in.

    One of the two only: some terminals know both, and would tell it twice. tmux lets it through where
    its `allow-passthrough` is on.
    """
    plain = "".join(char for char in text if char.isprintable())[:_LONGEST]
    term = environment.get("TERM", "")
    if term.startswith(_OSC_777) or environment.get("VTE_VERSION"):
        sequence = f"\x1b]777;notify;tui-monitor;{plain.replace(';', ',')}\x07"
    else:
        sequence = f"\x1b]9;{plain}\x07"
    if environment.get("TMUX"):
        return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    if environment.get("STY"):
        return f"\x1bP{sequence}\x1b\\"
    return sequence
