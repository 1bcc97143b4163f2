"""Why the displayed number jumped at a boundary, as bars and words. Pure.

The words come with the boundary; this module only lays them out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from tui_monitor.core.records import Boundary, Cause, Finding, Part, Verdict
from tui_monitor.core.snapshot import Curve, Snapshot
from tui_monitor.ui.drawing import format as fmt
from tui_monitor.ui.drawing.glyphs import Glyphs
from tui_monitor.ui.drawing.palette import Ink
from tui_monitor.ui.drawing.rows import (
    BLANK,
    Item,
    Row,
    Span,
    clip,
    pack,
    packed_width,
    pad,
    pad_left,
    row_width,
    wrap,
)
from tui_monitor.ui.monitor.readout import NAME_WIDTH, short_name
from tui_monitor.ui.monitor.scene import (
    ALARMS,
    Scene,
    counts_epochs,
    epoch_label,
    focused,
    is_over,
    selected_boundary,
)

_NAMES = {Ink.LAG: "averaging lag", Ink.STEP: "real step", Ink.LUCK: "luck"}
_SHORT_NAMES = {Ink.LAG: "lag", Ink.STEP: "step", Ink.LUCK: "luck"}
_VALUE_CELLS = 19
_AIRY = 9
_TWO_ROWS = 5
"""Rows of head and words from which the head may take two."""
_ROOMY = 16
"""Rows from which bars and words are kept apart at the cost of the last row."""
_WARNINGS = ("overfitting", "plateau", "stalled")
"""Kinds of findings that call for a decision."""
_URGENT = (*ALARMS, *_WARNINGS)
"""Kinds in the order in which they are told."""
_VERDICTS: dict[Verdict, str] = {
    "averaging": "averaging",
    "step": "real step",
    "both": "lag and step",
    "noise": "within chance",
    "undetermined": "undetermined",
}


def jump_rows(scene: Scene, width: int, height: int) -> list[Row]:
    """The panel: head, three bars, text and causes, inertia, findings; the last ones may go.

    A tall panel leaves its last row blank. Where not all has room the text is the brief one, and what
    calls for a decision comes right behind it.
    """
    height -= height >= _AIRY
    snapshot, curve = scene.snapshot, focused(scene)
    if snapshot is None or curve is None or height < 1:
        return [_title("why it jumped", ())][:height]
    boundary = selected_boundary(scene)
    inertia = [] if snapshot.ended else _inertia(curve, width, scene.glyphs)
    urgent, notes = _findings(snapshot, curve, width, scene.glyphs)
    if boundary is None:
        rows = [_title("why it jumped", ()), *_no_boundary(scene, width)]
        return _fitted(rows, [urgent, inertia, notes], width, height, scene.glyphs)
    bars = _bars(boundary, width, scene.glyphs)
    first = [*_head(scene, boundary, width, height - len(bars)), *bars]
    causes = _causes(boundary.untold, width, scene.glyphs)
    told = _text(boundary.text, width, scene.glyphs)
    # What comes and goes while a log grows must not change the words. Without parts to tell of, the
    # head has said it all but why.
    fits = len(_stack(first, [told, causes, urgent], height)[0]) <= height
    if not boundary.brief or (bars and fits):
        return _fitted(first, [told, causes, inertia, urgent, notes], width, height, scene.glyphs)
    told = _text(boundary.brief, width, scene.glyphs)
    return _fitted(first, [told, urgent, causes, inertia, notes], width, height, scene.glyphs)


def _text(said: str, width: int, glyphs: Glyphs) -> list[Row]:
    return [(Span(" "), Span(line, Ink.PLAIN)) for line in wrap(_prose(said, glyphs), width - 2)]


def _fitted(
    first: list[Row], blocks: list[list[Row]], width: int, height: int, glyphs: Glyphs
) -> list[Row]:
    """The first rows, then of the blocks what fits, with a sign where one is cut."""
    rows, ends = _stack(first, blocks, height)
    if len(rows) > height and height not in ends:
        rows[height - 1] = _cut_row(rows[height - 1], width, glyphs)
    return rows[:height]


def _prose(text: str, glyphs: Glyphs) -> str:
    return fmt.prose(text, glyphs.minus, glyphs.plus_minus)


def _cut_row(row: Row, width: int, glyphs: Glyphs) -> Row:
    """The row with a sign that more would follow, in the place of its last word if need be."""
    sign = Span(f" {glyphs.ellipsis}", Ink.DIM)
    room = width - row_width((sign,))
    if row and row_width(row) > room and " " in row[-1].text:
        row = (*row[:-1], row[-1]._replace(text=row[-1].text.rsplit(" ", 1)[0]))
    return (*clip(row, room), sign)


def _stack(first: list[Row], blocks: list[list[Row]], height: int) -> tuple[list[Row], list[int]]:
    """The first rows, then the blocks, with as many blank rows between as there is room for.

    And after how many rows each of them ends.
    """
    blocks = [block for block in blocks if block]
    spare = height - len(first) - sum(len(block) for block in blocks)
    rows, ends = list(first), list(range(len(first) + 1))
    for number, block in enumerate(blocks):
        # The bars stand apart from the words where there is room for more than a few of these.
        apart = number < spare or (number == 0 and height >= _ROOMY)
        rows += [BLANK, *block] if apart else block
        ends.append(len(rows))
    return rows, ends


def _title(title: str, rest: Row) -> Row:
    return (Span(" "), Span(title, Ink.TITLE), *rest)


def _head(scene: Scene, boundary: Boundary, width: int, height: int) -> list[Row]:
    """Where it jumped, how far and what the verdict is: on one row if they fit, else on two.

    Where there are no two rows, what matters most is on the one.
    """
    assert scene.snapshot is not None
    snapshot, glyphs = scene.snapshot, scene.glyphs
    before = epoch_label(snapshot, boundary.epoch)
    after = epoch_label(snapshot, boundary.next_epoch)
    title = Item((Span("why it jumped", Ink.TITLE),), 4)
    where = Item((Span(f"epoch {before} {glyphs.arrow} {after}", Ink.SELECTED),), 2)
    metric, whole = (
        Item((Span(short_name(scene, boundary.metric, room), Ink.DIM),), 3)
        for room in (NAME_WIDTH, max(NAME_WIDTH, width // 3))
    )
    jump, decimals = boundary.jump, boundary.decimals
    scale = max(abs(boundary.displayed_end), abs(boundary.displayed_start))
    moved = Item(
        (
            Span(_prose(f"{fmt.number(boundary.displayed_end, decimals)} ", glyphs), Ink.GHOST),
            Span(f"{glyphs.arrow} ", Ink.DIM),
            Span(_prose(f"{fmt.number(boundary.displayed_start, decimals)}  ", glyphs), Ink.PLAIN),
            Span(fmt.change(jump, scale, glyphs.minus, decimals=decimals), Ink.STRONG),
        ),
        0,
    )
    verdict = Item((Span(_VERDICTS[boundary.verdict], Ink.FOCUS),), 1)
    one = [title, where, metric, moved, verdict]
    gaps = (3, 2) if height < _AIRY else (3,)
    gap = next((gap for gap in gaps if packed_width(one, gap) < width), None)
    if gap is not None or height < _TWO_ROWS:
        return [(Span(" "), *pack(one, width - 1, gap or 3))]
    return [
        (Span(" "), *pack([title, where, whole], width - 1)),
        (Span(" "), *pack([moved, verdict], width - 1)),
    ]


def _no_boundary(scene: Scene, width: int) -> list[Row]:
    snapshot = scene.snapshot
    if scene.view.boundary is not None:
        text = "This metric has no explanation at the selected boundary."
    elif snapshot is not None and snapshot.epoch > 1 and _averages_unknown(snapshot):
        text = "What these numbers average is not known, so no jump of theirs is taken apart."
    elif snapshot is not None and snapshot.epoch > 1 and snapshot.epoch_ends.size:
        text = "This metric has no explained boundary yet."
    elif snapshot is not None and not counts_epochs(snapshot):
        text = "Nothing here starts over with an epoch: there is no boundary to explain."
    elif snapshot is not None and snapshot.cut is not None:
        text = "Of the epochs before this one nothing is known yet: the log is being read."
    elif snapshot is not None and snapshot.epoch_ends.size:
        text = "One epoch so far: there is no boundary to explain yet."
    elif is_over(scene):
        text = "The log ends within its first epoch: there is no boundary to explain."
    else:
        text = "The first epoch is not over yet: there is no boundary to explain."
    return [(Span(" "), Span(line, Ink.DIM)) for line in wrap(text, width - 2)]


def _averages_unknown(snapshot: Snapshot) -> bool:
    return snapshot.law is not None and snapshot.law.name == "unknown"


def _bars(boundary: Boundary, width: int, glyphs: Glyphs) -> list[Row]:
    """A bar a part; none where no part can be known: the text tells why."""
    parts = {Ink.LAG: boundary.lag, Ink.STEP: boundary.step, Ink.LUCK: boundary.luck}
    if all(part.value is None for part in parts.values()):
        return []
    names = _NAMES if width >= 60 else _SHORT_NAMES
    name_cells = max(len(name) for name in names.values()) + 1
    room = max(width - name_cells - _VALUE_CELLS - 3, 6)
    ends = [0.0]
    for part in parts.values():
        if part.value is not None:
            reach = 2 * part.sd if part.sd is not None else 0.0
            ends += [part.value - reach, part.value + reach]
    low, high = min(ends), max(ends)
    return [
        (
            Span(" "),
            Span(pad(names[ink], name_cells), Ink.PLAIN),
            *_bar(part, low, high, room, ink, glyphs),
            Span(
                pad_left(_part(part, max(high, -low), boundary.decimals, glyphs), _VALUE_CELLS),
                Ink.PLAIN,
            ),
        )
        for ink, part in parts.items()
    ]


def _part(part: Part, scale: float, decimals: int, glyphs: Glyphs) -> str:
    if part.value is None:
        return "cannot be known"
    text = fmt.change(part.value, scale, glyphs.minus, decimals=decimals)
    if part.sd is None:
        return text
    return f"{text} {glyphs.plus_minus} {fmt.spread(2 * part.sd, scale, decimals)}"


def _bar(part: Part, low: float, high: float, cells: int, ink: Ink, glyphs: Glyphs) -> Row:
    """A signed bar on a line of `cells` cells with a whisker of two standard deviations.

    The axis stands where 0 is, in every bar of the panel.
    """
    span = (high - low) or 1.0

    def column(value: float) -> int:
        return min(max(round((value - low) / span * (cells - 1)), 0), cells - 1)

    line = [" "] * cells
    zero = column(0.0)
    if part.value is not None:
        reach = 2 * part.sd if part.sd is not None else 0.0
        tip = column(part.value)
        for place in range(column(part.value - reach), column(part.value + reach) + 1):
            line[place] = glyphs.whisker
        for place in range(min(zero, tip), max(zero, tip) + 1):
            line[place] = glyphs.bar
    text = "".join(line)
    before, after = text[:zero], text[zero + 1 :]
    return (Span(before, ink), Span(glyphs.bar_axis, Ink.DIM), Span(after, ink))


def _causes(causes: Iterable[Cause], width: int, glyphs: Glyphs) -> list[Row]:
    rows: list[Row] = []
    for cause in causes:
        said = _prose(f"{cause.cause}: {cause.evidence}", glyphs)
        lines = wrap(said, width - 4)
        rows += [
            (
                Span(" " + (glyphs.separator if not number else " ") + " ", Ink.DIM),
                Span(line, Ink.DIM),
            )
            for number, line in enumerate(lines)
        ]
    return rows


def _inertia(curve: Curve, width: int, glyphs: Glyphs) -> list[Row]:
    """How little one batch moves the average: why it moves more from epoch to epoch than inside."""
    if curve.inertia is None:
        return []
    down, up = curve.inertia
    raised, lowered = math.isfinite(up), math.isfinite(down)
    if not raised and not lowered:
        return []
    if raised and lowered:
        ends = f"+{fmt.small(up)} or {glyphs.minus}{fmt.small(down)}"
        text = f"One more batch moves the displayed number by {ends} at most."
    elif lowered:
        text = f"One more batch can lower the displayed number by {fmt.small(down)} at most;"
        text += " upwards there is no limit."
    else:
        text = f"One more batch can raise the displayed number by {fmt.small(up)} at most;"
        text += " downwards there is no limit."
    return [(Span(" "), Span(line, Ink.DIM)) for line in wrap(text, width - 2)]


def _findings(
    snapshot: Snapshot, curve: Curve, width: int, glyphs: Glyphs
) -> tuple[list[Row], list[Row]]:
    """What calls for action, of this metric first; what else its numbers show, or else others'."""
    own = (None, curve.metric, curve.val_metric)
    newest = [each for each in reversed(snapshot.findings) if each.run == snapshot.run]
    urgent = [each for kind in _URGENT for each in newest if each.kind == kind]
    urgent.sort(key=lambda each: each.metric not in own)
    idle = [each for each in newest if each.kind not in _URGENT]
    idle = [each for each in idle if each.metric in own] or idle
    first, then = (
        [row for finding in found for row in _finding(finding, width, glyphs)]
        for found in (urgent, idle)
    )
    return first, then


def _finding(finding: Finding, width: int, glyphs: Glyphs) -> list[Row]:
    sign, ink = glyphs.separator, Ink.DIM
    if finding.kind in ALARMS:
        sign, ink = glyphs.alert, Ink.BAD
    elif finding.kind in _WARNINGS:
        sign, ink = glyphs.alert, Ink.EVENT
    elif finding.kind == "ended":
        sign, ink = glyphs.ended, Ink.PLAIN
    said = _prose(finding.text, glyphs)
    return [
        (Span(" "), Span(f"{' ' if number else sign} ", ink), Span(line, Ink.PLAIN))
        for number, line in enumerate(wrap(said, width - 4))
    ]
