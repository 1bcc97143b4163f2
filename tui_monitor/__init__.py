"""tui-monitor: follow a training log, decode its running averages, see and explain it.

`decode_log` and `explain_log` are loaded when first asked for, so that importing the package loads
neither numpy nor Textual.
"""

from __future__ import annotations

from importlib import import_module

from tui_monitor.errors import TuiMonitorError

TYPE_CHECKING = False  # type checkers take any name like this as true; `typing` costs 10 ms
if TYPE_CHECKING:
    from tui_monitor.report.columns import DecodedLog, decode_log, explain_log

__version__ = "0.1.0"
__all__ = ["DecodedLog", "TuiMonitorError", "__version__", "decode_log", "explain_log"]

_COLUMNS = {"DecodedLog", "decode_log", "explain_log"}


def __getattr__(name: str) -> object:
    if name in _COLUMNS:
        return getattr(import_module("tui_monitor.report.columns"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
