"""When a run's bars are known well enough to decode their prints by it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import pairwise

import pytest

from tests.simulate import Case, Simulated
from tui_monitor.core.averages import laws
from tui_monitor.core.decoding.decoder import RunDecoder
from tui_monitor.core.inference import told
from tui_monitor.core.inference.bar_size import ALIKE
from tui_monitor.core.inference.evidence import Trials
from tui_monitor.core.options import DecodeOptions
from tui_monitor.core.session import Session

CASES = [
    Case(batch_size=4096, steps=50, epochs=4, shape=shape) for shape in ("exp", "flat", "sine")
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.shape)
def test_the_level_goes_by_another_guess_of_the_size_only_where_that_matters(case: Case) -> None:
    decoder = RunDecoder(1, DecodeOptions())
    guesses: list[int] = []
    for p in Simulated(case).prints:
        decoder.add(p)
        size = decoder.identity.size.samples(1)
        if decoder.batch_size is not None and decoder.batch_size_certain:
            break
        if size is not None:
            guesses.append(size)
            likely = decoder.batch_size or size
            assert likely < ALIKE * size < ALIKE**2 * likely
    assert guesses
    assert all(a == b or not a < ALIKE * b < ALIKE**2 * a for a, b in pairwise(guesses))


def test_a_settled_law_is_weighed_again_as_prints_double(monkeypatch: pytest.MonkeyPatch) -> None:
    case = Case(laws.TWICE_RESET, batch_size=64, steps=30, epochs=4)
    decoder, weighed = RunDecoder(1, DecodeOptions()), []
    nats = Trials.nats

    def noted(trials: Trials, of: Collection[str] = ()) -> Mapping[laws.Law, float]:
        weighed.append((settled, bars))
        return nats(trials, of)

    monkeypatch.setattr(Trials, "nats", noted)
    bars, settled = 0, False
    for p in Simulated(case).prints:
        bars += not p.final
        decoder.add(p)
        settled = decoder.law is not None and decoder.law.settled
        if p.final:
            # last lines are asked at once
            assert decoder.identity.law == laws.TWICE_RESET
    for (_, before), (known, now) in pairwise(weighed):
        assert not known or now >= 2 * before
    assert any(known for known, _ in weighed)


def test_a_training_for_steps_is_one_of_keras_that_keeps_accuracies_alone() -> None:
    """tf.keras 2.0 and 2.1 announce it so: losses are means of batches, whatever the last lines are."""
    case = Case(laws.STEPS, style="keras2", steps=40, last=8)
    for style, expected in (
        ("keras-bar", (laws.BATCHES_LIKELY, laws.BATCHES_LIKELY)),
        ("keras-bar-for-steps", (laws.STEPS, laws.STATE)),
    ):
        decoder = RunDecoder(1, DecodeOptions())
        for p in Simulated(case).prints[:20]:
            decoder.add(p._replace(style=style))
        found = tuple(map(decoder.identity.law_for, ("loss", "accuracy")))
        assert found == expected


def test_a_certain_size_is_the_level_s_too() -> None:
    decoder = RunDecoder(1, DecodeOptions())
    for p in Simulated(Case(batch_size=64, steps=100)).prints:
        decoder.add(p)
    assert decoder.batch_size_certain
    assert decoder.identity.size.samples(1) == decoder.batch_size == 64


def test_metrics_that_are_met_do_not_make_the_others_be_looked_at_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A log may print each number under a name of its own."""
    asked: list[laws.Law] = []
    rank = told._rank

    def count(law: laws.Law) -> tuple[bool, bool, bool]:
        asked.append(law)
        return rank(law)

    monkeypatch.setattr(told, "_rank", count)
    session = Session()
    for step in range(300):
        line = f'{{"epoch": 0, "step": {step}, "loss": 0.5, "m{step}": 1.5}}\n'
        session.feed(line.encode(), 0.0)
    assert session.has_rows
    assert len(asked) < 2000
