"""Layouts of `explain`: what a session reports of its runs as text, JSON or Markdown.

The sentences come from the core; this module only lays them out. JSON field names are a contract
with scripts.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from math import isfinite
from typing import Literal

from tui_monitor.core.explaining.figures import MEANING, Figures, beside
from tui_monitor.core.lines.safe import sanitise
from tui_monitor.core.records import Boundary, Event, Finding, LawEvidence, Part, RunReport
from tui_monitor.report.decode import json_number
from tui_monitor.report.many import in_words, of_known_parts, table

ExplainFormat = Literal["text", "json", "markdown"]
JsonValue = str | int | float | None | list["JsonValue"] | dict[str, "JsonValue"]

WIDTH = 80
"""Columns of the text layout."""
_NAMES_EPOCH = re.compile(r"Epoch (\d{1,9}):")
_FEW_EVENTS = 8
"""Events up to which all of a run are told."""

LEGEND = (
    "lag: the displayed mean still holds old batches.  step: the model or its task differs on the "
    "other side.  luck: the first print holds few batches.  They add up to the jump; ± is two "
    "standard errors."
)


def explanation(source: str, reports: Sequence[RunReport], layout: ExplainFormat) -> str:
    """The whole output of `explain` for one source, ending with a newline."""
    name = sanitise(source)
    if layout == "json":
        return json.dumps(explain_json(name, reports), indent=2, allow_nan=False) + "\n"
    name = "standard input" if name == "-" else name
    lines = _text(name, reports) if layout == "text" else _markdown(name, reports)
    return "\n".join(lines) + "\n"


def explanations(reports: Sequence[tuple[str, Sequence[RunReport]]], layout: ExplainFormat) -> str:
    """The whole output for several sources: one after the other, in JSON a list of objects."""
    if layout == "json":
        objects = [explain_json(sanitise(source), runs) for source, runs in reports]
        return json.dumps(objects, indent=2, allow_nan=False) + "\n"
    return "\n".join(explanation(source, runs, layout) for source, runs in reports)


# --- JSON ----------------------------------------------------------------------------------------


def explain_json(source: str, reports: Sequence[RunReport]) -> dict[str, JsonValue]:
    """The object that `--format json` prints."""
    return {"source": source, "runs": [_run_json(report) for report in reports]}


def _run_json(report: RunReport) -> JsonValue:
    law = report.law
    return {
        "run": report.run,
        "format": report.format,
        "law": None
        if law is None
        else {"name": law.name, "margin": _number(law.margin), "against": law.against},
        "batch_size": report.batch_size,
        "epochs": report.epochs,
        "boundaries": [_boundary_json(boundary) for boundary in report.boundaries],
        "findings": [_finding_json(finding) for finding in report.findings],
        "events": [_event_json(event) for event in report.events],
    }


def _boundary_json(boundary: Boundary) -> JsonValue:
    return {
        "epoch": boundary.epoch,
        "next_epoch": boundary.next_epoch,
        "metric": boundary.metric,
        "displayed_end": _number(boundary.displayed_end),
        "displayed_start": _number(boundary.displayed_start),
        "jump": _number(boundary.jump),
        "lag": _part_json(boundary.lag),
        "step": _part_json(boundary.step),
        "luck": _part_json(boundary.luck),
        "verdict": boundary.verdict,
        "causes": [{"cause": cause.cause, "evidence": cause.evidence} for cause in boundary.causes],
        "text": boundary.text,
    }


def _part_json(part: Part) -> JsonValue:
    return {"value": _number(part.value), "sd": _number(part.sd)}


def _finding_json(finding: Finding) -> JsonValue:
    return {
        "kind": finding.kind,
        "epoch": finding.epoch,
        "metric": finding.metric,
        "text": finding.text,
        "numbers": {name: json_number(value) for name, value in finding.numbers.items()},
    }


def _event_json(event: Event) -> JsonValue:
    return {"kind": event.kind, "epoch": event.epoch, "text": event.text}


def _number(value: float | None) -> float | str | None:
    return None if value is None else json_number(value)


# --- numbers and headings shared by both layouts -------------------------------------------------


def _figures(boundary: Boundary) -> Figures:
    return beside(boundary.displayed_end, boundary.displayed_start, boundary.decimals)


def _ends(boundary: Boundary) -> str:
    show = _figures(boundary)
    return f"{show.number(boundary.displayed_end)} → {show.number(boundary.displayed_start)}"


def _heading(report: RunReport) -> str:
    epochs = f"{report.epochs} epoch{'' if report.epochs == 1 else 's'}"
    batches = "batch size not known"
    if report.batch_size is not None:
        likely = "" if report.batch_size_certain else " (likely)"
        batches = f"batches of {report.batch_size}{likely}"
    return ", ".join((report.format or "format not known", epochs, batches))


def _laws(report: RunReport) -> str:
    """The law of the bars, and what does not obey it."""
    if not report.as_printed:
        return _law(report.law)
    names = ", ".join(report.as_printed)
    return f"{_law(report.law)}; no means of batches, so shown as printed: {names}"


def _law(law: LawEvidence | None) -> str:
    if law is None:
        return "not known"
    name = f"{law.name} ({MEANING[law.name]})"
    if law.margin is None or law.against is None:
        return f"{name}, not settled by the prints so far" if not law.settled else name
    if not isfinite(law.margin):
        return f"{name}, proven against {law.against}"
    return f"{name}, {law.margin:.1f} nats ahead of {law.against}"


def _none_explained(report: RunReport) -> str:
    """Why there is no boundary to show."""
    if report.epochs < 2:
        return "No boundary between two epochs yet."
    if report.law is not None and report.law.name == "unknown":
        return "No boundary is explained: what these numbers average is not known."
    return "No boundary between two epochs can be explained."


def _told_events(events: Sequence[Event]) -> tuple[list[Event], str]:
    """The events that people read, and what is said of the others.

    Callbacks speak every epoch. Of many events checkpoints are left out but the newest, and learning
    rates that are the ones before.
    """
    if len(events) <= _FEW_EVENTS:
        return list(events), ""
    checkpoints = [event for event in events if event.kind == "checkpoint"]
    told: list[Event] = []
    rate: float | None = None
    for event in events:
        same = event.learning_rate is not None and event.learning_rate == rate
        rate = rate if event.learning_rate is None else event.learning_rate
        if not same and (event.kind != "checkpoint" or event is checkpoints[-1]):
            told.append(event)
    left = len(events) - len(told)
    more = f"{left} more, of checkpoints and unchanged learning rates; --format json has them all"
    return told, more if left else ""


def _placed(event: Event) -> str:
    """An event with its epoch, unless it names that itself."""
    named = _NAMES_EPOCH.match(event.text)
    own = named is not None and int(named[1]) == event.epoch
    return event.text if own else f"epoch {event.epoch}: {event.text}"


def _all_alike(boundaries: Sequence[Boundary]) -> str:
    """What is said of each of several boundaries, if nothing is known of any and it is the same."""
    said = {boundary.brief for boundary in boundaries}
    if len(boundaries) < 2 or len(said) > 1 or any(map(_has_parts, boundaries)):
        return ""
    return said.pop()


def _verdicts(boundaries: Sequence[Boundary]) -> str:
    counts = Counter(boundary.verdict for boundary in boundaries).most_common()
    return ", ".join(f"{count} {verdict}" for verdict, count in counts)


# --- text ----------------------------------------------------------------------------------------


def _text(source: str, reports: Sequence[RunReport]) -> Iterator[str]:
    yield source
    for report in reports:
        yield ""
        yield f"Run {report.run}: {_heading(report)}"
        yield from _wrapped(f"Averaging law: {_laws(report)}", "", "  ")
        alike = _all_alike(report.boundaries)
        if len(report.boundaries) > 1 and not alike:
            yield f"{len(report.boundaries)} boundaries: {_verdicts(report.boundaries)}"
        known = [] if alike else of_known_parts(report.boundaries)
        told = in_words(known)
        if len(told) < len(known):
            rest = f"{len(told)} in words, then all as tables; --format json has words for each."
            yield from textwrap.wrap(f"Those that stand out: {rest}", WIDTH)
        for boundary in told:
            yield ""
            yield from _boundary_text(boundary)
        if not report.boundaries:
            yield _none_explained(report)
        if len(told) < len(known):
            yield from table(known)
        if alike:
            yield ""
            yield from _wrapped(f"{len(report.boundaries)} boundaries: {alike}", "", "  ")
        elif len(known) < len(report.boundaries):
            yield ""
            yield f"{len(report.boundaries) - len(known)} earlier ones of unknown parts left out."
        if report.findings:
            yield ""
            yield "Findings"
            for finding in report.findings:
                yield from _bullet(finding.text)
        if report.events:
            yield ""
            yield "Events"
            events, left_out = _told_events(report.events)
            for event in events:
                yield from _bullet(_placed(event))
            if left_out:
                yield from _bullet(left_out)
    if any(_has_parts(boundary) for report in reports for boundary in report.boundaries):
        yield ""
        yield from textwrap.wrap(LEGEND, WIDTH)


def _boundary_text(boundary: Boundary) -> Iterator[str]:
    yield f"{boundary.metric}, epoch {boundary.place}: {boundary.verdict}"
    show = _figures(boundary)
    rows = [("displayed", _ends(boundary)), ("jump", show.signed(boundary.jump))]
    text = boundary.text
    if _has_parts(boundary):
        parts = {"= lag": boundary.lag, "+ step": boundary.step, "+ luck": boundary.luck}
        rows += [(name, show.with_error(part)) for name, part in parts.items()]
    else:
        # The rows have said it all but why.
        text = boundary.brief or text
    for name, numbers in rows:
        yield f"    {name:<10} {numbers}"
    yield from _wrapped(text, "  ", "  ")
    for cause in boundary.untold:
        yield from _bullet(f"{cause.cause}: {cause.evidence}")


def _has_parts(boundary: Boundary) -> bool:
    """Whether any part of the jump is known."""
    parts = (boundary.lag, boundary.step, boundary.luck)
    return any(part.value is not None for part in parts)


def _bullet(text: str) -> list[str]:
    return _wrapped(text, "  - ", "    ")


def _wrapped(text: str, first: str, rest: str) -> list[str]:
    """Lines of at most `WIDTH` columns behind these indents; a number and its ± stay together."""
    lines = textwrap.wrap(
        text.replace(" ± ", "\u00a0±\u00a0"), WIDTH, initial_indent=first, subsequent_indent=rest,
        break_on_hyphens=False,
    )  # fmt: skip
    return [line.replace("\u00a0", " ") for line in lines]


# --- Markdown ------------------------------------------------------------------------------------


def _markdown(source: str, reports: Sequence[RunReport]) -> Iterator[str]:
    for report in reports:
        yield f"### {_code(source)}, run {report.run}"
        yield ""
        yield f"{_plain(_heading(report))}. Averaging law: {_plain(_laws(report))}."
        yield ""
        shown = of_known_parts(report.boundaries)
        if shown:
            yield "| metric | epochs | displayed | jump | lag | step | luck | verdict |"
            yield "|---|---|---|---|---|---|---|---|"
            yield from map(_boundary_row, shown)
            yield ""
            yield from map(_boundary_item, in_words(shown))
            yield ""
        for finding in report.findings:
            yield f"- **{finding.kind}** {_plain(finding.text)}"
        events, left_out = _told_events(report.events)
        for event in events:
            yield f"- epoch {event.epoch}, {event.kind}: {_code(event.text)}"
        if left_out:
            yield f"- {left_out}"
        if report.findings or report.events:
            yield ""
    yield f"<sub>{LEGEND}</sub>"


def _boundary_row(boundary: Boundary) -> str:
    show = _figures(boundary)
    cells = (
        _code(boundary.metric),
        boundary.place,
        _ends(boundary),
        show.signed(boundary.jump),
        show.with_error(boundary.lag),
        show.with_error(boundary.step),
        show.with_error(boundary.luck),
        boundary.verdict,
    )
    return f"| {' | '.join(cells)} |"


def _boundary_item(boundary: Boundary) -> str:
    causes = "".join(
        f" *{_plain(cause.cause)}*: {_plain(cause.evidence)}" for cause in boundary.untold
    )
    return f"- {_code(boundary.metric)}, {boundary.place}: {_plain(boundary.text)}{causes}"


_MARKUP = str.maketrans(
    {
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        "|": "\\|",
        "*": "\\*",
        "`": "\\`",
        "[": "\\[",
        "]": "\\]",
        "@": "&#64;",
    }
)


def _plain(text: str) -> str:
    """The text with nothing left that Markdown, HTML or a mention would act on."""
    return text.translate(_MARKUP)


def _code(text: str) -> str:
    """The text as a code span that also fits a table's cell."""
    return f"`{text.replace('`', chr(39)).replace('|', '¦')}`"
