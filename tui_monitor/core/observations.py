"""What a print tells the level's filter, by its averaging law.

The observation is linear in the sums S and E of `level`; its error is the rounding. Where bounds have
narrowed S more than the rounding of the one print does, they tell more.
"""

from __future__ import annotations

from math import isfinite

from tui_monitor.core.bounds import Interval
from tui_monitor.core.chain import Chain, Position
from tui_monitor.core.kalman import Observation, Told
from tui_monitor.core.laws import Law
from tui_monitor.core.level import SILENT, LevelFilter
from tui_monitor.core.sliding import Guess

UNSURPRISING = 2.0
"""Standard deviations that a last batch of unknown size may move the level by."""


def of_mean(
    law: Law, chain: Chain, tracker: LevelFilter, place: Position, displayed: float, quantum: float
) -> Observation:
    """What the newest print of a chain tells: S or E, with the rounding as its error.

    Bounds on S, where prints tell them directly, are as narrow as the rounding or narrower.
    """
    assert place.k is not None
    s = chain.last
    direct = law.depth < 2 and not place.ragged
    if s.low == s.high or (direct and isfinite(s.high - s.low)):
        return of_sum(s, place, tracker.level)
    told = of_print(law, place.k, displayed, quantum, final=place.final, appended=place.appended)
    if law.depth == 2 or not place.ragged:
        return told
    before = chain.links[-2].k if len(chain.links) > 1 else 0
    return of_last_batches(told, chain.last_k - before, tracker)


def once_more(
    o: Told,
    law: Law,
    tracker: LevelFilter,
    place: Position,
    n: int,
    displayed: float,
    quantum: float,
) -> Observation:
    """What a print tells a filter that follows a running mean anew, where it told one before `o`.

    The same, but for what hung on that one's level: whether the print was news, and what its last
    batch, one of `n` since the print before, may be if it ends the epoch.
    """
    by_level = law.depth < 2 and place.ragged and o[3] > 0.0
    if o != SILENT and not by_level:
        return Observation(*o)
    assert place.k is not None
    told = of_print(law, place.k, displayed, quantum, final=place.final, appended=place.appended)
    return of_last_batches(told, n, tracker) if by_level else told


def of_window(guess: Guess, n: int) -> Observation:
    """The mean of the n batches of a window, as far as it is known."""
    return Observation(n * guess.mean, 1.0, 0.0, n * n * guess.variance)


def of_newest(
    tracker: LevelFilter, n: int, untold: int, displayed: float, quantum: float
) -> Observation:
    """The mean of the newest n batches, as S of these and of as many `untold` ones before them."""
    level = tracker.level
    error = (n * quantum) ** 2 / 12.0
    error += untold * tracker.noise.variance(level) + untold**2 * tracker.variance
    return Observation(n * displayed + untold * level, 1.0, 0.0, error)


def of_print(
    law: Law, k: int, displayed: float, quantum: float, *, final: bool, appended: float = 1.0
) -> Observation:
    """A number printed after batch k: k d = S, averaged once; k d = E, twice.

    A last batch of another size moves a mean of k by no more than about a batch's noise over k.
    """
    rounding = quantum * quantum / 12.0
    if final and law.final == "running-appended":
        n = k + appended
        return Observation(n * displayed, appended / k, 1.0, n * n * rounding)
    once = law.depth < 2 or (final and law.final == "reset")
    c_s, c_e = (1.0, 0.0) if once else (0.0, 1.0)
    return Observation(k * displayed, c_s, c_e, k * k * rounding)


def of_sum(s: Interval, place: Position, level: float) -> Observation:
    """What bounds on S tell: exactly where they meet.

    The filter counts full batches: what a shorter last one lacks is filled up with the level.
    """
    missing = ((place.k or 0) - (place.n or place.k or 0)) * level
    return Observation(s.middle + missing, 1.0, 0.0, (s.high - s.low) ** 2 / 12.0)


def of_last_batches(o: Observation, n: int, tracker: LevelFilter) -> Observation:
    """The same of S, where the last of `n` batches since the print before may be a few samples.

    Its error is widened by as much as keeps what it does to the level within chance.
    """
    p, s, _, pp, _, _, ss, _, _ = tracker.state
    expected = ss + n * n * pp + n * tracker.noise.variance(p)
    surprise = (o.y - s - n * p) ** 2
    oddity = max(surprise / UNSURPRISING**2 - expected, 0.0)
    return o._replace(variance=o.variance + oddity)
