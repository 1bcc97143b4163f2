"""Counts and scatter together tell the batch size of made-up runs."""

from __future__ import annotations

from dataclasses import replace
from math import exp

import numpy as np
import pytest

from tests.simulate import SHAPES, Case, Simulated
from tui_monitor.core.averages import laws
from tui_monitor.core.averages.laws import Law
from tui_monitor.core.inference.bar_size import CERTAIN, LIKELY
from tui_monitor.core.inference.batchsize import Likeliest
from tui_monitor.core.inference.evidence import Sample
from tui_monitor.core.inference.sizing import SizeEvidence


def likeliest(case: Case) -> Likeliest:
    run = Simulated(case)
    evidence = SizeEvidence()
    evidence.take(run.accuracy, case.law.depth, run.samples(run.accuracy))
    evidence.ask_scatter()
    return evidence.likeliest()


CASES = [
    Case(laws.STATE, batch_size=16, steps=200),
    Case(laws.STATE, batch_size=32, steps=400),
    Case(laws.STEPS, batch_size=50, steps=300, last=13),
    Case(laws.STATE, batch_size=64, steps=900, every=9.0),
    Case(laws.STEPS, batch_size=128, steps=100),
    Case(laws.STATE, batch_size=256, steps=120, last=100),
    Case(laws.STEPS, batch_size=256, steps=1000, every=10.0),
    Case(laws.STATE, batch_size=512, steps=200),
    Case(laws.STATE, batch_size=1024, steps=100),
    Case(laws.STATE, batch_size=2048, steps=60, epochs=4),
]


@pytest.mark.parametrize("epochs", [1, 3])
def test_the_batch_size_is_right(epochs: int) -> None:
    found = [
        (case.batch_size, likeliest(replace(case, shape=shape, seed=seed, epochs=epochs)))
        for case in CASES
        for seed, shape in enumerate(SHAPES)
    ]
    right = [f for true, f in found if f.size == true and f.margin > LIKELY]
    assert all(f.size == true for true, f in found if f.margin > CERTAIN)
    assert len(right) >= (0.98 if epochs == 3 else 0.93) * len(found)


@pytest.mark.parametrize("law", [laws.TWICE_APPENDED, laws.TWICE_RESET])
def test_the_batch_size_behind_two_averages_is_right(law: Law) -> None:
    found = [
        (size, likeliest(Case(law, shape, size, 150, 3, every=every, last=5, seed=size)))
        for size, every in ((32, 1.0), (64, 1.5), (256, 1.0), (1024, 1.0))
        for shape in SHAPES
    ]
    right = [f for true, f in found if f.size == true and f.margin > LIKELY]
    assert all(f.size == true for true, f in found if f.margin > CERTAIN)
    assert len(right) >= 0.9 * len(found)


@pytest.mark.parametrize("seed", [31, 185])
def test_a_step_in_mid_epoch_makes_no_wrong_size_certain(seed: int) -> None:
    """By chance the first counts of these runs are even: only the scatter tells 1024 from 512."""
    found = likeliest(Case(laws.TWICE_RESET, "abrupt", 1024, 406, 2, seed=seed))
    assert found.size == 1024 or found.margin < CERTAIN


def test_scatter_that_was_asked_of_fewer_prints_makes_nothing_certain() -> None:
    """The first epoch's speaks for 512, where the truth is 1024, and so do the second's counts."""
    run = Simulated(Case(laws.TWICE_RESET, "abrupt", 1024, 406, 2, seed=185))
    prints = run.samples(run.accuracy)
    evidence, counts = SizeEvidence(), SizeEvidence()
    for epoch in (1, 2):
        some = [s for s in prints if s.epoch == epoch]
        evidence.take(run.accuracy, 2, some)
        counts.take(run.accuracy, 2, some)
        assert evidence.likeliest() == counts.likeliest()
        evidence.ask_scatter()
        assert evidence.likeliest() != counts.likeliest()
    assert evidence.likeliest().margin < CERTAIN
    assert run.decode().batch_size in (512, None)
    assert not run.decode().identity.size.is_certain


class EvenCounts(Simulated):
    """As chance has it, though seldom: up to each of an epoch's first prints they are even."""

    def _printed(self) -> list[int]:
        for epoch, accuracies in enumerate(self.batches[self.accuracy]):
            counts = np.rint(accuracies * self.sizes).astype(np.int64)
            for k in range(60):
                counts[k] -= counts[: k + 1].sum() % 2
            self.batches[self.accuracy][epoch] = counts / self.sizes
        return super()._printed()


def test_the_scatter_is_asked_where_it_may_yet_speak_against_the_counts() -> None:
    certain = 0
    for seed in range(12):
        case = Case(laws.STATE, "power", 256, 1200, epochs=3, every=20.0, seed=seed)
        decoder = EvenCounts(case).decode()
        certain += decoder.batch_size_certain and decoder.batch_size == 128
    assert certain <= 2


@pytest.mark.parametrize("law", [laws.STATE, laws.TWICE_RESET])
def test_margins_are_no_promise_too_many(law: Law) -> None:
    """Runs that tell little: throttled, of one epoch. As many are wrong as the margins admit."""
    found = [
        (size, likeliest(Case(law, shape, size, 300, 1, every=12.0, seed=7 * size + i)))
        for size in (32, 128, 512)
        for i, shape in enumerate(SHAPES)
    ]
    likely = [(size, f) for size, f in found if f.margin > LIKELY]
    admitted = sum(1.0 / (1.0 + exp(f.margin)) for _, f in likely)
    assert sum(f.size != size for size, f in likely) <= admitted + 3.0


def test_an_accuracy_that_counts_nothing_has_no_batch_size() -> None:
    evidence = SizeEvidence()
    evidence.take("acc", 1, [Sample(1, k, 1.0, 1e-4, False, False) for k in range(1, 50)])
    evidence.ask_scatter()
    assert evidence.likeliest().margin < 0.0


def test_a_short_batch_in_mid_epoch_does_no_harm() -> None:
    """A generator whose data end in mid-epoch: what it prints after that are no counts of 32."""
    run = Simulated(Case(laws.STATE, batch_size=32, steps=200, epochs=3))
    short = 0.4 / 32
    broken = [
        s._replace(displayed=(s.k * s.displayed + short) / (s.k + short)) if s.k > 9 else s
        for s in run.samples(run.accuracy)
    ]
    evidence = SizeEvidence()
    evidence.take(run.accuracy, 1, broken)
    evidence.ask_scatter()
    assert evidence.likeliest().size == 32
    assert evidence.likeliest().margin > CERTAIN
