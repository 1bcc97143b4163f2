"""Lines read by their shape: what is read is what the grammar reads."""

from __future__ import annotations

from random import Random

import pytest

from tests.core.formats.test_formats import LINES
from tests.core.formats.test_plain import READ
from tui_monitor.core.formats.plain import PlainFormat
from tui_monitor.core.formats.shapes import Shapes
from tui_monitor.core.records import Item

BELOW = ["train Loss: 0.6931 Acc: 0.7500", "Epoch 3/10", "Learning iteration 7/90", "[12, 1.0e-04]"]
VALIDATION = "Val Epoch: 3 [10/100] loss 0.6123"


class Counted:
    """A grammar that counts the lines it reads."""

    def __init__(self) -> None:
        self.lines = 0

    def __call__(self, text: str) -> tuple[Item, ...]:
        self.lines += 1
        return PlainFormat().parse(text)


def test_a_shape_is_learnt_from_its_second_line() -> None:
    grammar = Counted()
    shapes = Shapes(grammar)
    texts = [f"Epoch {n}, acc1: 0.{n}5, f1: 0.{n}" for n in range(1, 9)]
    assert [shapes.parse(text) for text in texts] == [PlainFormat().parse(text) for text in texts]
    learnt = grammar.lines
    assert learnt < 8
    shapes.parse("Epoch 9, acc1: 0.95, f1: 0.9")
    assert grammar.lines == learnt
    (item,) = shapes.parse("Epoch 9, acc5: 0.95, f1: 0.9")  # another name
    assert grammar.lines == learnt + 1
    assert "acc5" in repr(item)


@pytest.mark.parametrize("text", [*(text for text, *_ in READ), *BELOW, VALIDATION])
def test_other_digits_are_read_as_ever(text: str) -> None:
    random, log_format = Random(text), PlainFormat()
    for _ in range(12):
        other = "".join(random.choice("0123456789") if c.isdecimal() else c for c in text)
        assert repr(log_format.parse(other)) == repr(PlainFormat().parse(other))


def test_what_depends_on_digits_has_no_shape() -> None:
    log_format = PlainFormat()
    done = VALIDATION.replace("[10/", "[100/")
    for text in (done, done, VALIDATION.replace("[10/", "[101/"), done):
        assert log_format.parse(text) == PlainFormat().parse(text)
    assert log_format.parse(done)


def test_so_many_shapes_are_remembered() -> None:
    log_format = PlainFormat()
    for size in range(1, 2100):
        text = f"Epoch 3{' ' * (size % 60)}, {'x' * (size // 60)}loss: 0.5"
        for _ in range(2):
            assert log_format.parse(text) == PlainFormat().parse(text)


@pytest.mark.parametrize("style", LINES)
def test_lines_of_other_formats_have_no_template(style: str) -> None:
    text = LINES[style][1]
    log_format = PlainFormat()
    assert len({repr(log_format.parse(text)) for _ in range(4)}) == 1
