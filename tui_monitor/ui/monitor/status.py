"""The lines at the top and the keys at the bottom. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tui_monitor.core.explaining.figures import MEANING, printed_epochs, printed_step
from tui_monitor.core.records import Finding
from tui_monitor.core.snapshot import Filling, Goal, Snapshot, SourceState
from tui_monitor.ui.drawing import format as fmt
from tui_monitor.ui.drawing.glyphs import Glyphs
from tui_monitor.ui.drawing.palette import Ground, Ink
from tui_monitor.ui.drawing.rows import (
    BLANK,
    Item,
    Row,
    Span,
    fit,
    pack,
    packed_width,
    pad_left,
    row_width,
    spread,
)
from tui_monitor.ui.monitor.scene import (
    ALARMS,
    Scene,
    counts_epochs,
    curves,
    epoch_label,
    is_over,
    step_noun,
)

_BAR_CELLS = 16
_WIDE = 100
"""Columns from which all is said in words."""
_FILLING_CELLS = 12
_GAP = 3
"""Cells between what the first line tells."""
_LEAST_NAME = 12
_NARROW = 60
"""Columns below which a replay is told by its numbers alone."""


def status_rows(scene: Scene, width: int, height: int) -> list[Row]:
    """One or two lines: is it alive, where is it, how long still; then how it is read."""
    first = _spread_first(scene, width, alone=height < 2)
    if height < 2:
        told = _urgent(scene, width - row_width(_condition(scene)) - 3)
        if told:
            place = _progress_items(scene, scene.snapshot)[:1] if scene.snapshot else []
            first = pack([Item(_condition(scene), 0), *place, Item(told, 0)], width)
        return [first][:height]
    return [first, _second_line(scene, width)] + [BLANK] * (height - 2)


def key_row(keys: Sequence[tuple[str, str]], width: int) -> Row:
    """The footer: keys and what they do, as many as fit. `keys` are in order of importance."""
    items = [
        Item((Span(f"{key} ", Ink.KEY), Span(what, Ink.DIM)), rank)
        for rank, (key, what) in enumerate(keys)
    ]
    return (Span(" "), *pack(items, max(width - 1, 0), gap=2))


def _spread_first(scene: Scene, width: int, *, alone: bool) -> Row:
    """The first line; `alone` it must also hold what the second would begin with."""
    right = _right_side(scene, words=width >= _NARROW)
    room = width - row_width(right) - (2 if right else 0)
    # Where there is little room the numbers stay: whoever looks knows which log it is.
    items = [Item(_condition(scene), 0)]
    if alone and scene.source.filling is not None:
        items.append(Item(_filling(scene.source.filling, scene.glyphs, 0), 0))
    alarm = _alarm(scene.snapshot) if alone else None
    if alarm is not None:
        items.append(Item((Span(f"{scene.glyphs.alert} {alarm.kind}", Ink.BAD),), 0))
    if scene.snapshot is not None:
        items += _progress_items(scene, scene.snapshot)
        grows = scene.source.following != "none"
        if grows and scene.source.condition not in ("stalled", "lost"):
            items += _pace_items(scene.snapshot, wide=width >= _WIDE)
    # What goes on keeps the name's width, so that nothing moves; at rest it takes what is free.
    free = room - packed_width(items) - _GAP if is_over(scene) else 0
    name = _name(scene, max(width // 4, _LEAST_NAME, free))
    items.insert(1, Item(name, 1 if width >= _WIDE else 4))
    return spread(pack(items, room, _GAP), right, width)


def _condition(scene: Scene) -> Row:
    state, glyphs = scene.source, scene.glyphs
    over = _over(scene)
    if over is not None:
        return (Span(" "), *over)
    quiet = fmt.quiet(state.quiet_seconds) if state.quiet_seconds is not None else ""
    word, sign, ink = {
        "live": ("live", glyphs.live, Ink.GOOD),
        "waiting": ("waiting for the log", glyphs.waiting, Ink.DIM),
        "stalled": (f"stalled {quiet}".rstrip(), glyphs.stalled, Ink.WARN),
        "ended": ("ended", glyphs.ended, Ink.PLAIN),
        "lost": ("lost", glyphs.lost, Ink.BAD),
        "paused": ("paused", glyphs.paused, Ink.WARN),
    }[state.condition]
    if state.condition == "live" and state.catching_up:
        read = f", {fmt.size(scene.snapshot.bytes)}" if scene.snapshot is not None else ""
        word, sign, ink = f"reading{read}", glyphs.waiting, Ink.DIM
    elif state.condition == "live" and state.following == "none":
        word, sign, ink = "saved log", glyphs.ended, Ink.PLAIN
    return (Span(" "), Span(f"{sign} ", ink), Span(word, ink))


def _over(scene: Scene) -> Row | None:
    """That the training is over, where the log says so: its file may still be followed."""
    snapshot, state = scene.snapshot, scene.source
    if snapshot is None or state.catching_up or state.condition not in ("live", "stalled", "ended"):
        return None
    if any(each.kind == "failed" and each.run == snapshot.run for each in snapshot.findings):
        return (Span(f"{scene.glyphs.lost} ", Ink.BAD), Span("failed", Ink.BAD))
    if snapshot.ended:
        return (Span(f"{scene.glyphs.ended} ", Ink.PLAIN), Span("ended", Ink.PLAIN))
    return None


def _name(scene: Scene, width: int) -> Row:
    return (Span(fit(scene.source.name, width, scene.glyphs.ellipsis), Ink.STRONG),)


def _progress_items(scene: Scene, snapshot: Snapshot) -> list[Item]:
    items: list[Item] = []
    if snapshot.epoch and counts_epochs(snapshot):
        planned = snapshot.cut.epochs if snapshot.cut is not None else snapshot.epochs
        of = printed_epochs(planned, snapshot.format)
        label = epoch_label(snapshot, snapshot.epoch)
        items.append(Item((Span("epoch ", Ink.DIM), Span(f"{label}{of}", Ink.STRONG)), 1))
    if snapshot.step is not None and snapshot.unit != "epoch":
        of = f"/{snapshot.steps}" if snapshot.steps else ""
        noun = step_noun(snapshot)
        # As wide as the total, so that nothing behind it moves.
        done = pad_left(str(printed_step(snapshot.step, snapshot.format)), len(of) - 1)
        step = (Span(f"{noun} ", Ink.DIM), Span(f"{done}{of}", Ink.STRONG))
        items.append(Item(step, 3))
        if snapshot.steps and not is_over(scene):
            bar = _progress_bar(snapshot.step / snapshot.steps, _BAR_CELLS, scene.glyphs)
            items.append(Item(bar, 7))
    return items


def _pace_items(snapshot: Snapshot, *, wide: bool) -> list[Item]:
    """How fast it goes and how long still; nothing where nothing goes on."""
    items: list[Item] = []
    pace = snapshot.pace
    if snapshot.ended:
        return items
    # The steadiest first: what changes its width moves the least.
    if pace.eta_run:
        items.append(Item(_eta("run", pace.eta_run, wide=wide), 2))
    if pace.eta_epoch:
        rank = 5 if pace.eta_run else 2
        whole = "epoch" if counts_epochs(snapshot) else "run"
        items.append(Item(_eta(whole, pace.eta_epoch, wide=wide), rank))
    if pace.steps_per_second is not None:
        items.append(
            Item((Span(fmt.rate(pace.steps_per_second, step_noun(snapshot)), Ink.PLAIN),), 6)
        )
    return items


def _eta(what: str, seconds: float, *, wide: bool) -> Row:
    if wide:
        return (Span(f"{what} ends in ", Ink.DIM), Span(fmt.estimate(seconds), Ink.PLAIN))
    return (Span(f"{what} ETA ", Ink.DIM), Span(fmt.clock_estimate(seconds), Ink.PLAIN))


def _progress_bar(fraction: float, cells: int, glyphs: Glyphs) -> Row:
    done = min(max(round(fraction * cells), 0), cells)
    return (
        Span(glyphs.bar * done, Ink.LEVEL),
        Span(glyphs.bar_rest * (cells - done), Ink.RULE),
    )


def _right_side(scene: Scene, *, words: bool) -> Row:
    if scene.view.paused:
        newer = f", {scene.missed} newer" if scene.missed else ""
        text = f" {scene.glyphs.paused} view paused{newer} " if words else " paused "
        return (Span(text, Ink.WARN, Ground.BAR),)
    replay = scene.source.replay
    if replay is None:
        return ()
    speed = fmt.speed(replay.speed, scene.glyphs.times)
    text = f"replay {speed}  {replay.fraction:.0%} " if words else f"{replay.fraction:.0%} "
    if replay.paused:
        return (Span(f"{scene.glyphs.paused} ", Ink.WARN), Span(text, Ink.WARN))
    return (Span(text, Ink.PLAIN),)


def _urgent(scene: Scene, width: int) -> Row:
    """What must be told where there is one line for everything: why it was lost, what a key did."""
    if scene.notice is None and scene.source.condition != "lost":
        return ()
    return _told(scene, width)


def _told(scene: Scene, width: int) -> Row:
    """The line of the screen's own, or of the source; empty where there is none."""
    told = scene.notice or scene.source.detail
    is_below = scene.source.condition == "waiting" and not curves(scene) and not scene.notice
    if not told or is_below:
        return ()
    ink = Ink.BAD if scene.source.condition == "lost" else Ink.WARN
    return (Span(fit(told, width, scene.glyphs.ellipsis), ink),)


def _second_line(scene: Scene, width: int) -> Row:
    snapshot, state = scene.snapshot, scene.source
    items: list[Item] = []
    if state.filling is not None:
        items.append(Item(_filling(state.filling, scene.glyphs, width - 3), 0))
    told = _told(scene, width - 3)
    if told:
        items.append(Item(told, 0))
    alarm = _alarm(snapshot)
    if alarm is not None:
        text = fit(f"{scene.glyphs.alert} {alarm.text}", width - 3, scene.glyphs.ellipsis)
        items.append(Item((Span(text, Ink.BAD),), 0))
    if scene.view.wanted:
        wanted = fit(scene.view.wanted, _LEAST_NAME, scene.glyphs.ellipsis)
        items.append(Item((Span(f'metrics with "{wanted}"', Ink.KEY),), 1))
    if snapshot is not None:
        facts = _facts(snapshot, end_only=state.filling is not None)
        items += [Item((Span(text, Ink.DIM),), rank) for text, rank in facts]
    if state.following != "none":
        items.append(Item((Span(_following(state), Ink.DIM),), 4))
    return (Span("   "), *pack(items, width - 3))


def _filling(filling: Filling, glyphs: Glyphs, width: int) -> Row:
    """That only the log's end is shown, and how far the whole is read; as much as fits well."""
    share = _share(filling)
    of = share_read(filling)
    dot = f" {glyphs.separator} "
    left = "" if filling.seconds is None else f"{dot}{_minutes(filling.seconds)} left"
    end = Span("showing the end", Ink.STRONG)
    done = int(share * _FILLING_CELLS)
    bar = (
        Span(glyphs.bar * done, Ink.LEVEL),
        Span(glyphs.rule_across * (_FILLING_CELLS - done), Ink.RULE),
    )
    forms: tuple[Row, ...] = (
        (end, Span(f"{dot}reading "), *bar, Span(f" {of}{left}", Ink.PLAIN)),
        (end, Span(f"{dot}{of}{left}", Ink.PLAIN)),
        (end, Span(f"{dot}{of}", Ink.PLAIN)),
        (Span("end only", Ink.STRONG), Span(f"{dot}{math.floor(100 * share)} %", Ink.PLAIN)),
    )
    return next((form for form in forms if row_width(form) <= width), forms[-1])


def _minutes(seconds: float) -> str:
    """A length of time that nobody waits for to the second."""
    return f"{round(seconds / 60)} min" if 90 <= seconds < 3570 else fmt.estimate(seconds)


def share_read(filling: Filling) -> str:
    """How much of a log is read: `34 % of 612.0 MB`."""
    return f"{math.floor(100 * _share(filling))} % of {fmt.size(filling.size)}"


def _share(filling: Filling) -> float:
    return min(filling.read / max(filling.size, 1), 1.0)


def _alarm(snapshot: Snapshot | None) -> Finding | None:
    """The newest finding that can't wait until someone looks at its metric."""
    found = [each for each in snapshot.findings if each.kind in ALARMS] if snapshot else []
    return found[-1] if found else None


def _goal(goal: Goal) -> str:
    """A target of the user's, and when it is met."""
    name = f"{goal.metric} {fmt.compact(goal.value)}"
    if goal.state == "met":
        return f"{name} met in epoch {goal.met_in}"
    if goal.state != "foreseen" or goal.epochs is None:
        return {
            "after the end": f"{name} not before the run ends",
            "not foreseeable": f"{name} not foreseeable",
            "too early": f"{name} too early to tell",
        }.get(goal.state, f"no {goal.metric} in the log")
    low, middle, high = goal.epochs
    late = fmt.count(round(high)) if math.isfinite(high) else "never"
    text = f"{name} in {fmt.count(round(middle))} epochs ({fmt.count(round(low))} to {late})"
    return text if goal.seconds is None else f"{text}, {fmt.estimate(goal.seconds[1])}"


def _facts(snapshot: Snapshot, *, end_only: bool) -> list[tuple[str, int]]:
    facts: list[tuple[str, int]] = [(_goal(goal), 0) for goal in snapshot.goals]
    if snapshot.learning_rate is not None:
        facts.append((f"lr {fmt.rounded(snapshot.learning_rate)}", 1))
    if snapshot.law is not None:
        facts.append((fmt.law(snapshot.law), 2))
        meaning = MEANING[snapshot.law.name]
        if counts_epochs(snapshot) or "epoch" not in meaning:
            facts.append((meaning, 5))
    if snapshot.batch_size is not None:
        likely = "" if snapshot.batch_size_certain else ", likely"
        facts.append((f"batch of {snapshot.batch_size}{likely}", 3))
    if snapshot.runs > 1 and not end_only:
        facts.append((f"run {snapshot.run}/{snapshot.runs}", 1))
    if snapshot.format is not None:
        facts.append((snapshot.format, 6))
    if not snapshot.curves and snapshot.lines:
        facts.append((fmt.lines(snapshot.lines), 7))
    return facts


def _following(state: SourceState) -> str:
    return {
        "events": "followed by events",
        "polling": "followed by polling",
        "replay": "replayed",
        "none": "not followed",
    }[state.following]
