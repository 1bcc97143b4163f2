"""Numbers as text, and text as rows."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui_monitor.core.records import LawEvidence
from tui_monitor.ui.drawing import format as fmt
from tui_monitor.ui.drawing.glyphs import ASCII, UNICODE, to_ascii
from tui_monitor.ui.drawing.rows import Item, Span, clip, fit, pack, row_width, spread, wrap


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.8917, "0.8917"),
        (12.5, "12.5000"),
        (3.2e-05, "3.2000e-05"),
        (0.0, "0.0000"),
        (-0.25, "-0.2500"),
        (math.nan, "nan"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
        (1e300, "1.0000e+300"),
        (None, "–"),
    ],
)
def test_numbers_are_found_as_they_were_printed(value: float | None, text: str) -> None:
    assert fmt.number(value) == text


@pytest.mark.parametrize(
    ("seconds", "long", "short"),
    [
        (0.4, "0.4 s", "0:00"),
        (12, "12 s", "0:12"),
        (90, "1 min 30 s", "1:30"),
        (7500, "2 h 05 min", "2:05:00"),
        (273600, "3 d 4 h", "3d 4h"),
        (math.inf, "–", "–"),
        (-1, "–", "–"),
        (None, "–", "–"),
    ],
)
def test_durations(seconds: float | None, long: str, short: str) -> None:
    assert fmt.duration(seconds) == long
    assert fmt.clock(seconds) == short


def test_a_silence_is_told_so_coarsely_that_its_text_rarely_changes() -> None:
    assert len({fmt.quiet(second) for second in range(3600)}) <= 66
    assert fmt.quiet(190) == "3 min"


@pytest.mark.parametrize(
    ("value", "scale", "text"),
    [
        (0.0506, 0.0506, "+0.0506"),
        (-0.0002, 0.05, "−0.0002"),
        (-3.2e-05, 5e-5, "−3.20e-05"),
        (None, 1.0, "unknown"),
        (math.nan, 1.0, "unknown"),
    ],
)
def test_changes_have_a_sign(value: float | None, scale: float, text: str) -> None:
    assert fmt.change(value, scale) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.00031, "0.00031"), (0.00442, "0.0044"), (0.0, "0"), (3e-9, "3.0e-09")]
)
def test_small_numbers_keep_two_digits(value: float, text: str) -> None:
    assert fmt.small(value) == text


def test_an_unsettled_law_says_so() -> None:
    evidence = LawEvidence("cumulative-batch", None, None, settled=False)
    assert fmt.law(evidence) == "law cumulative-batch, not settled"
    assert fmt.law(evidence._replace(name="unknown")) == "law unknown"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "1 s"),
        (12.4, "12 s"),
        (61.0, "1 min 00 s"),
        (4321.0, "1 h 10 min"),
        (20 * 86400.0 + 7e4, "21 d 0 h"),
        (None, "–"),
        (math.inf, "–"),
    ],
)
def test_an_estimate_is_told_no_finer_than_it_is_known(seconds: float | None, words: str) -> None:
    assert fmt.estimate(seconds) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.0178, "0.018"), (0.00421, "0.0042"), (0.96, "0.96"), (12.3, "12"), (3e-6, "3.0e-06")],
)
def test_what_stands_after_plus_minus_has_two_digits(value: float, words: str) -> None:
    assert fmt.margin(value) == words


def test_slow_steps_are_told_in_time_a_step() -> None:
    assert fmt.rate(41.23, "step") == "41 steps/s"
    assert fmt.rate(9.96, "step") == "10.0 steps/s"
    assert fmt.rate(1234.0, "step") == "1200 steps/s"
    assert fmt.rate(0.05, "epoch") == "20 s/epoch"
    assert fmt.rate(0.0, "step") == "–"


@given(st.text(), st.integers(0, 40))
def test_a_cut_text_fits(text: str, width: int) -> None:
    assert cell_len(fit(text, width)) <= max(width, 0)


@given(st.text(alphabet=st.characters(codec="utf-8")), st.integers(1, 30))
def test_wrapped_lines_fit_and_lose_no_word(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert all(cell_len(line) <= width for line in lines)
    if width > 2:
        assert "".join("".join(lines).split()) == "".join(text.split())


def test_the_least_important_goes_first() -> None:
    items = [Item((Span("aaaa"),), 0), Item((Span("bbbb"),), 2), Item((Span("cccc"),), 1)]
    assert "".join(span.text for span in pack(items, 18)) == "aaaa   bbbb   cccc"
    assert "".join(span.text for span in pack(items, 17)) == "aaaa   cccc"
    assert "".join(span.text for span in pack(items, 3)) == "aaa"


def test_the_right_side_goes_where_both_do_not_fit() -> None:
    left, right = (Span("left"),), (Span("right"),)
    assert row_width(spread(left, right, 20)) == 20
    assert spread(left, right, 9) == left


def test_a_wide_character_is_not_cut_in_half() -> None:
    assert row_width(clip((Span("訓練"),), 3)) == 3


@given(st.text())
def test_ascii_is_ascii_and_as_wide(text: str) -> None:
    plain = to_ascii(text)
    assert plain.isascii()
    assert cell_len(plain) == cell_len(text)


def test_ascii_keeps_columns_in_line() -> None:
    assert to_ascii("±0.1 → 訓 é") == "~0.1 > ?? e"


def test_every_sign_of_the_ascii_set_is_ascii_and_every_chart_sign_one_cell() -> None:
    for glyphs in (UNICODE, ASCII):
        for name, sign in glyphs._asdict().items():
            if isinstance(sign, str):
                assert sign.isascii() or not glyphs.ascii
                assert cell_len(sign) == 1 or name in ("plus_minus", "arrow", "series")
                assert name != "series" or all(cell_len(each) == 1 for each in sign)
