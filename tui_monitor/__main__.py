"""`python -m tui_monitor`, and the script of that name."""

import signal
import sys


def main() -> int:
    """Run the command line; the exit code."""
    # Until the command line listens itself, Ctrl+C ends the process without a word.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from tui_monitor.cli import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
