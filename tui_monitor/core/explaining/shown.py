"""The prints of one metric in one epoch that can be inverted, as columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tui_monitor.core.columns.arrays import BoolArray, FloatArray, IntArray
from tui_monitor.core.tracks.track import Track

LAST_SHARE = 0.75
"""Size of an epoch's last batch where it may be shorter, in full batches: half of all last batches
are full, the others anything."""


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """Prints that can be used, in ascending order: columns of equal length."""

    row: IntArray
    k: FloatArray
    """Batches done, in full batches."""
    d: FloatArray
    """As the law takes what is displayed."""
    quantum: FloatArray
    ragged: BoolArray
    final: BoolArray
    appended: FloatArray
    """How many updates a last line counts for, where it appends the epoch's mean."""

    def __len__(self) -> int:
        return len(self.row)

    def part(self, begin: int, end: int | None = None) -> Shown:
        """Those from `begin` to before `end`."""
        at = slice(begin, end)
        return Shown(
            self.row[at],
            self.k[at],
            self.d[at],
            self.quantum[at],
            self.ragged[at],
            self.final[at],
            self.appended[at],
        )


def usable(track: Track, rows: range) -> Shown:
    """Of an epoch's rows those whose number can be inverted, in ascending order; of equals the last."""
    places, part = track.places, slice(rows.start, rows.stop)
    n, d = places.full_batches(rows), track.told.peek()[part]
    fit = (n > 0.0) & (track.outlier.peek()[part] == 0) & np.isfinite(d)
    ragged, final = places.ragged(rows.start, rows.stop), places.final(rows.start, rows.stop)
    # a mean of means counts batches, whatever their size
    short = ragged & (n > 1.0) if track.law.depth == 1 else np.zeros_like(ragged)
    k = np.where(short, n - (1.0 - LAST_SHARE), n)
    kept = np.flatnonzero(fit)
    # of prints that came out of order the later ones say nothing more
    kept = kept[k[kept] >= np.maximum.accumulate(k[kept])]
    newer = k[kept][1:] > k[kept][:-1]
    if track.law.depth == 2:
        newer |= final[kept][1:]  # the last line is another rule's
    kept = kept[np.append(newer, True)] if len(kept) else kept
    return Shown(
        row=kept + rows.start,
        k=k[kept],
        d=d[kept],
        quantum=track.quantum.peek()[part][kept],
        ragged=ragged[kept],
        final=final[kept],
        appended=places.appended(rows)[kept],
    )
