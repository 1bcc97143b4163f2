"""Writes what is shown into files: curves as CSV or JSON lines, the frame as a picture or text.

A file is always new, in the folder that it is asked for: nothing is overwritten or followed.
"""

from __future__ import annotations

import csv
import io
import json
import math
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Literal

from tui_monitor.core.snapshot import Curve
from tui_monitor.ui.frame import frame
from tui_monitor.ui.monitor.scene import Scene, curves

ExportKind = Literal["csv", "jsonl", "svg", "html", "txt"]
FIELDS = (
    *("metric", "split", "from", "to", "displayed"),
    *("value", "low", "high", "level", "level_sd"),
)
"""`from` and `to`: the window's begin and end, in the unit of `Curve.x`."""
_MOST_NAMES = 1000
_LONGEST_STEM = 60
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def export(
    scene: Scene, kind: ExportKind, size: tuple[int, int], folder: Path, *, light: bool = False
) -> Path:
    """Write a new file, or none; returns its path.

    Args:
        scene: What is shown; it has a snapshot.
        kind: What to write, and the file's ending.
        size: Columns and rows of a frame.
        folder: Where to.
        light: Draw a frame in the light theme.

    Raises:
        OSError: it can't be written there.
    """
    text = _content(scene, kind, size, light=light)
    stem = safe_stem(scene.source.name)
    for number in range(1, _MOST_NAMES):
        path = folder / (f"{stem}.{kind}" if number == 1 else f"{stem}-{number}.{kind}")
        try:
            # O_EXCL takes no name that exists, not even that of a link to nowhere.
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        except FileExistsError:
            continue
        try:
            with os.fdopen(file, "w", encoding="utf-8", newline="") as stream:
                stream.write(text)
        except OSError:  # a full disk: half a file is of no use
            with suppress(OSError):
                path.unlink()
            raise
        return path
    raise FileExistsError(f"{stem}.{kind} and {_MOST_NAMES - 1} more names are taken")


def safe_stem(name: str) -> str:
    """A file name made of a log's: one plain component that no system takes for anything else."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip(".-")[:_LONGEST_STEM].rstrip(".-")
    return f"tui-monitor-{plain}" if not plain or _RESERVED.fullmatch(plain) else plain


def _content(scene: Scene, kind: ExportKind, size: tuple[int, int], *, light: bool) -> str:
    if kind == "csv":
        return _csv(curves(scene))
    if kind == "jsonl":
        rows = (dict(zip(FIELDS, row, strict=True)) for row in _rows(curves(scene)))
        return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    assert scene.snapshot is not None
    return frame(
        scene.snapshot,
        scene.source,
        size,
        kind,
        ascii=scene.glyphs.ascii,
        light=light,
        view=scene.view,
    )


def _csv(shown: tuple[Curve, ...]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(FIELDS)
    for metric, *rest in _rows(shown):
        # A spreadsheet would run a name that begins like a formula.
        name = f"'{metric}" if str(metric).startswith(("=", "+", "-", "@")) else metric
        writer.writerow([name, *("" if value is None else value for value in rest)])
    return out.getvalue()


def _rows(shown: tuple[Curve, ...]) -> Iterator[tuple[str | float | None, ...]]:
    """A tuple of `FIELDS` for each print; absent numbers are None."""
    for curve in shown:
        columns = (
            *(curve.x_from, curve.x, curve.displayed),
            *(curve.value, curve.low, curve.high, curve.level, curve.level_sd),
        )
        for numbers in zip(*(column.tolist() for column in columns), strict=True):
            yield (curve.metric, "train", *(_known(number) for number in numbers))
        if curve.val_metric is not None:
            for x, val in zip(curve.val_x.tolist(), curve.val.tolist(), strict=True):
                yield (curve.val_metric, "val", None, x, _known(val), *(None,) * 5)


def _known(number: float) -> float | None:
    return number if math.isfinite(number) else None
