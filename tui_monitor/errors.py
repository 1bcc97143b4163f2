"""Errors that a user can act on: what is wrong, where, what to do, in one line."""

from __future__ import annotations


class TuiMonitorError(Exception):
    """Bad usage or input. Its text is shown as it is, on one line; the exit code is 2."""
