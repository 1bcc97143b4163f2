"""tui-monitor: follow a training log, decode its running averages, see and explain it."""

__version__ = "0.1.0"
