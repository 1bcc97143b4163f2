"""What a text only quotes is no training of its own."""

from __future__ import annotations

import pytest

from tui_monitor.core.formats.detect import detect
from tui_monitor.core.formats.quoted import MOST, unquoted
from tui_monitor.core.session import Session

BARS = [f"{step}/9 [==>....] - ETA: 1s - loss: 0.5{step}00" for step in (1, 5)]


def rows(*lines: str) -> list[tuple[int | None, float]]:
    """Steps and numbers of a log that comes line by line."""
    session = Session()
    for line in lines:
        session.feed(f"{line}\n".encode(), 0.0)
    session.finish()
    return [(row.step, row.displayed) for row in session.rows()]


def kept(*lines: str) -> list[str]:
    return unquoted((line, line) for line in lines)


@pytest.mark.parametrize("fence", ["```", "  ~~~"])
def test_a_block_between_fences_is_quoted(fence: str) -> None:
    readme = ["# A title", "prints this:", f"{fence}text", *BARS, fence, "and so on."]
    assert kept(*readme) == ["# A title", "prints this:", "and so on."]
    assert detect(readme) is None
    assert rows(*readme) == []


def test_a_fence_that_nothing_closes_soon_is_none() -> None:
    completion = ["```python", *["x = 1"] * MOST]
    assert kept(*completion, *BARS) == [*completion, *BARS]
    assert rows(*completion[:9], *BARS) == rows(*completion, *BARS) == [(1, 0.51), (5, 0.55)]


@pytest.mark.parametrize("sign", ["+", "-", " "])
def test_hunks_of_a_diff_are_quoted(sign: str) -> None:
    counts = {"+": "-7 +7,2", "-": "-7,2 +7", " ": "-6,2 +6,2"}[sign]
    hunk = [f"@@ {counts} @@ def fit():", *(f"{sign}{bar}" for bar in BARS)]
    other = {"+": "-what was", "-": "+what is"}.get(sign)
    hunk += ["\\ No newline at end of file", other] if other else []
    diff = ["diff --git a/notes.txt b/notes.txt", "--- a/notes.txt", "+++ b/notes.txt", *hunk]
    assert kept(*diff) == diff[:3]
    assert rows(*diff) == []
    # a program that shows how its code was changed, and then trains
    assert rows(*diff, "@@ -1,9 +1,9 @@", "@@ nothing", *BARS) == [(1, 0.51), (5, 0.55)]


def test_a_training_is_read_behind_what_it_quotes() -> None:
    assert rows("```", *BARS, "```", *BARS) == [(1, 0.51), (5, 0.55)]


def test_code_within_a_line_is_quoted() -> None:
    assert rows("Keras prints", f"- bars: `{BARS[0]}`", f"- later: ``{BARS[1]}``") == []
    ends = "100%|##| 9/9 [00:01<00:00, 9.9it/s, loss=0.5]`Trainer.fit` stopped: `max_epochs=1` reached."
    assert rows(f"Epoch 0: {ends}") == [(9, 0.5)]
