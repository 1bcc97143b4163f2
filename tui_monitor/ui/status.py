"""The lines at the top and the keys at the bottom. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tui_monitor.core.records import Finding, Goal, Snapshot, SourceState
from tui_monitor.ui import format as fmt
from tui_monitor.ui.glyphs import Glyphs
from tui_monitor.ui.palette import Ground, Ink
from tui_monitor.ui.rows import BLANK, Item, Row, Span, fit, pack, pad_left, row_width, spread
from tui_monitor.ui.scene import ALARMS, Scene, epoch_label

_BAR_CELLS = 16


def status_rows(scene: Scene, width: int, height: int) -> list[Row]:
    """One or two lines: is it alive, where is it, how long still; then how it is read."""
    first = _spread_first(scene, width)
    if height < 2:
        return [first][:height]
    return [first, _second_line(scene, width)] + [BLANK] * (height - 2)


def key_row(keys: Sequence[tuple[str, str]], width: int) -> Row:
    """The footer: keys and what they do, as many as fit. `keys` are in order of importance."""
    items = [
        Item((Span(f"{key} ", Ink.KEY), Span(what, Ink.DIM)), rank)
        for rank, (key, what) in enumerate(keys)
    ]
    return (Span(" "), *pack(items, max(width - 1, 0), gap=2))


def _spread_first(scene: Scene, width: int) -> Row:
    right = _right_side(scene)
    room = width - row_width(right) - (2 if right else 0)
    items = [Item(_condition(scene), 0), Item(_name(scene, width), 1)]
    if scene.snapshot is not None:
        items += _progress_items(scene.snapshot, scene.glyphs, wide=width >= 100)
    return spread(pack(items, room), right, width)


def _condition(scene: Scene) -> Row:
    state, glyphs = scene.source, scene.glyphs
    quiet = fmt.quiet(state.quiet_seconds) if state.quiet_seconds is not None else ""
    word, sign, ink = {
        "live": ("live", glyphs.live, Ink.GOOD),
        "waiting": ("waiting for the log", glyphs.waiting, Ink.DIM),
        "stalled": (f"stalled {quiet}".rstrip(), glyphs.stalled, Ink.WARN),
        "ended": ("ended", glyphs.ended, Ink.PLAIN),
        "lost": ("lost", glyphs.lost, Ink.BAD),
        "paused": ("paused", glyphs.paused, Ink.WARN),
    }[state.condition]
    if state.condition == "live" and state.catching_up and scene.snapshot is not None:
        word, sign, ink = f"reading, {fmt.size(scene.snapshot.bytes)}", glyphs.waiting, Ink.DIM
    if state.condition == "live" and state.following == "none":
        word, sign, ink = "as read", glyphs.ended, Ink.PLAIN
    return (Span(" "), Span(f"{sign} ", ink), Span(word, ink))


def _name(scene: Scene, width: int) -> Row:
    return (Span(fit(scene.source.name, max(width // 4, 12), scene.glyphs.ellipsis), Ink.STRONG),)


def _progress_items(snapshot: Snapshot, glyphs: Glyphs, *, wide: bool) -> list[Item]:
    items: list[Item] = []
    if snapshot.epoch:
        of = f"/{snapshot.epochs}" if snapshot.epochs else ""
        label = epoch_label(snapshot, snapshot.epoch)
        items.append(Item((Span("epoch ", Ink.DIM), Span(f"{label}{of}", Ink.STRONG)), 1))
    if snapshot.step is not None and snapshot.unit != "epoch":
        of = f"/{snapshot.steps}" if snapshot.steps else ""
        noun = "step" if snapshot.unit == "batch" else snapshot.unit
        # As wide as the total, so that nothing behind it moves.
        done = pad_left(str(snapshot.step), len(of) - 1)
        step = (Span(f"{noun} ", Ink.DIM), Span(f"{done}{of}", Ink.STRONG))
        items.append(Item(step, 2))
        if snapshot.steps:
            bar = _progress_bar(snapshot.step / snapshot.steps, _BAR_CELLS, glyphs)
            items.append(Item(bar, 6))
    pace = snapshot.pace
    if pace.steps_per_second is not None and not snapshot.ended:
        items.append(Item((Span(fmt.rate(pace.steps_per_second, snapshot.unit), Ink.PLAIN),), 5))
    if pace.eta_epoch and not snapshot.ended:
        items.append(Item(_eta("epoch", pace.eta_epoch, wide=wide), 4))
    if pace.eta_run and not snapshot.ended:
        items.append(Item(_eta("run", pace.eta_run, wide=wide), 3))
    return items


def _eta(what: str, seconds: float, *, wide: bool) -> Row:
    if wide:
        return (Span(f"{what} ends in ", Ink.DIM), Span(fmt.estimate(seconds), Ink.PLAIN))
    return (Span(f"{what} ", Ink.DIM), Span(fmt.clock(seconds), Ink.PLAIN))


def _progress_bar(fraction: float, cells: int, glyphs: Glyphs) -> Row:
    done = min(max(round(fraction * cells), 0), cells)
    return (
        Span(glyphs.bar * done, Ink.LEVEL),
        Span(glyphs.bar_rest * (cells - done), Ink.RULE),
    )


def _right_side(scene: Scene) -> Row:
    if scene.view.paused:
        newer = f", {scene.missed} newer" if scene.missed else ""
        text = f" {scene.glyphs.paused} view paused{newer} "
        return (Span(text, Ink.WARN, Ground.BAR),)
    replay = scene.source.replay
    if replay is None:
        return ()
    text = f"replay {fmt.speed(replay.speed, scene.glyphs.times)}  {replay.fraction:.0%} "
    if replay.paused:
        return (Span(f"{scene.glyphs.paused} ", Ink.WARN), Span(text, Ink.WARN))
    return (Span(text, Ink.PLAIN),)


def _second_line(scene: Scene, width: int) -> Row:
    snapshot, state = scene.snapshot, scene.source
    told = scene.notice or state.detail
    items: list[Item] = []
    if told:
        ink = Ink.BAD if state.condition == "lost" else Ink.WARN
        items.append(Item((Span(fit(told, width - 3, scene.glyphs.ellipsis), ink),), 0))
    alarm = _alarm(snapshot)
    if alarm is not None:
        text = fit(f"{scene.glyphs.alert} {alarm.text}", width - 3, scene.glyphs.ellipsis)
        items.append(Item((Span(text, Ink.BAD),), 0))
    if snapshot is not None:
        items += [Item((Span(text, Ink.DIM),), rank) for text, rank in _facts(snapshot)]
    items.append(Item((Span(_following(state), Ink.DIM),), 4))
    return (Span("   "), *pack(items, width - 3))


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


def _facts(snapshot: Snapshot) -> list[tuple[str, int]]:
    facts: list[tuple[str, int]] = [(_goal(goal), 0) for goal in snapshot.goals]
    if snapshot.learning_rate is not None:
        facts.append((f"lr {fmt.compact(snapshot.learning_rate)}", 1))
    if snapshot.law is not None:
        facts.append((fmt.law(snapshot.law), 2))
    if snapshot.batch_size is not None:
        facts.append((f"batch of {snapshot.batch_size}", 3))
    if snapshot.runs > 1:
        facts.append((f"run {snapshot.run}/{snapshot.runs}", 1))
    if snapshot.format is not None:
        facts.append((snapshot.format, 6))
    if not snapshot.curves:
        facts.append((f"{fmt.count(snapshot.lines)} lines", 7))
    return facts


def _following(state: SourceState) -> str:
    return {
        "events": "followed by events",
        "polling": "followed by polling",
        "replay": "replayed",
        "none": "not followed",
    }[state.following]
