"""What a log shows where no training metric is read: a bar without numbers. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tui_monitor.core.formats.quoted import unquoted, without_code

_BAR = re.compile(r"\d%\|[^|]*\||\d/\d+ ?\[[=>.#-]{8,}\]|[━╸╺█]{8,}")
"""`45%|####    | 9/20`, `9/20 [====>.....]`, `━━━━━━━━`: of tqdm, of Keras, of rich."""

BARE_BARS = "progress bars without a metric"


def has_bars(lines: Iterable[str]) -> bool:
    """Whether a progress bar is among lines of a log that it does not only quote."""
    return any(map(_BAR.search, unquoted((line, without_code(line)) for line in lines)))
