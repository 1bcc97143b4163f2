"""What a print tells the level's filter, by its averaging law.

The observation is linear in the sums S and E of `level`; its error is the rounding. Where bounds have
narrowed S more than the rounding of the one print does, they tell more.
"""

from __future__ import annotations

from math import isfinite

from tui_monitor.core.averages.chain import Chain
from tui_monitor.core.averages.laws import Law
from tui_monitor.core.averages.sliding import Guess
from tui_monitor.core.columns.positions import Position
from tui_monitor.core.level.filter import SILENT, LevelFilter
from tui_monitor.core.level.kalman import Told

UNSURPRISING = 2.0
"""Standard deviations that a last batch of unknown size may move the level by."""


def of_mean(
    law: Law, chain: Chain, tracker: LevelFilter, place: Position, displayed: float, quantum: float
) -> Told:
    """What the newest print of a chain tells: S or E, with the rounding as its error.

    Bounds on S, where prints tell them directly, are as narrow as the rounding or narrower.
    """
    k, (low, high) = place.k, chain.last
    assert k is not None
    width = high - low
    if width == 0.0 or (law.depth < 2 and not place.ragged and isfinite(width)):
        # the filter counts full batches: what a shorter last one lacks is filled up with the level
        missing = (k - (place.n or k)) * tracker.now[0]
        return 0.5 * (low + high) + missing, 1.0, 0.0, width * width / 12.0
    told = of_print(law, k, displayed, quantum, final=place.final, appended=place.appended)
    if law.depth == 2 or not place.ragged:
        return told
    return of_last_batches(told, chain.done[-1] - chain.done[-2], tracker)


def once_more(
    o: Told,
    law: Law,
    tracker: LevelFilter,
    place: Position,
    n: int,
    displayed: float,
    quantum: float,
) -> Told:
    """What a print tells a filter that follows a running mean anew, where it told one before `o`.

    The same, but for what hung on that one's level: how much of a rounded E was news, and what the last
    batch, one of `n` since the print before, may be if it ends the epoch.
    """
    by_level = law.depth < 2 and place.ragged and o[3] > 0.0
    _, _, of_e, _ = o
    if o != SILENT and not of_e and not by_level:
        return o
    assert place.k is not None
    told = of_print(law, place.k, displayed, quantum, final=place.final, appended=place.appended)
    return of_last_batches(told, n, tracker) if by_level else told


def of_window(guess: Guess, n: int) -> Told:
    """The mean of the n batches of a window, as far as it is known."""
    return n * guess.mean, 1.0, 0.0, n * n * guess.variance


def of_newest(tracker: LevelFilter, n: int, untold: int, displayed: float, quantum: float) -> Told:
    """The mean of the newest n batches, as S of these and of as many `untold` ones before them."""
    level = tracker.level
    error = (n * quantum) ** 2 / 12.0
    error += untold * tracker.noise.variance(level) + untold**2 * tracker.variance
    return n * displayed + untold * level, 1.0, 0.0, error


def of_print(
    law: Law, k: int, displayed: float, quantum: float, *, final: bool, appended: float = 1.0
) -> Told:
    """A number printed after batch k: k d = S, averaged once; k d = E, twice.

    A last batch of another size moves a mean of k by no more than about a batch's noise over k.
    """
    rounding = quantum * quantum / 12.0
    if final and law.final == "running-appended":
        n = k + appended
        return n * displayed, appended / k, 1.0, n * n * rounding
    once = law.depth < 2 or (final and law.final == "reset")
    c_s, c_e = (1.0, 0.0) if once else (0.0, 1.0)
    return k * displayed, c_s, c_e, k * k * rounding


def of_last_batches(o: Told, n: int, tracker: LevelFilter) -> Told:
    """The same of S, where the last of `n` batches since the print before may be a few samples.

    Its error is widened by as much as keeps what it does to the level within chance.
    """
    p, s, _, pp, _, _, ss, _, _ = tracker.state
    expected = ss + n * n * pp + n * tracker.noise.variance(p)
    y, c_s, c_e, variance = o
    surprise = (y - s - n * p) ** 2
    oddity = max(surprise / UNSURPRISING**2 - expected, 0.0)
    return y, c_s, c_e, variance + oddity
