"""The algebra of a level with a slope, for numbers that stand alone: of batches, rounds, whole epochs.

Boosting rounds and losses of epochs go down smoothly; a level that only drifts lags behind them, and
takes its lag for noise. So the level gets a slope: the local linear trend (Harvey 1989, Forecasting,
Structural Time Series Models and the Kalman Filter, 2.3; Durbin and Koopman 2012, Time Series Analysis
by State Space Methods, 3.2), from one number to the next

    p_k = p_{k-1} + b_k + w_k        b_k = b_{k-1} + z_k        x_k = p_k + n_k

with the drift w of the level, the bend z of the slope and the noise n. Each print tells one x, of which
nothing is left in the next: no sum S is carried, and the state is (p, b). A level that only drifts
is one whose slope is zero and never bends.

The bend is not part of `pass_print`, which has no argument for it in the other kernels: it widens the
slope beforehand (`bent`, `turned`).
"""

from __future__ import annotations

from tui_monitor.core.averages.gaps import Gap, of_one_average
from tui_monitor.core.level.kalman import (
    NOTHING2,
    Adjoint2,
    Kernel,
    Pass2,
    Seen,
    State2,
    Told,
    carry_on,
    collapse2,
    go_on,
    mixed2,
)

State = State2
"""Means of (p, b), then variances and covariance pp, pb, bb."""


def pass_print(
    s: State,
    _: Gap,
    drift: float,
    noise: float,
    o: Told,
    other: State = NOTHING2,
    share: float = 0.0,
) -> Pass2:
    """The state one number later and after it was observed; see `kalman.pass2`."""
    p, b, pp, pb, bb = mixed2(s, other, share) if share else s
    # predict
    p += b
    pp += 2.0 * pb + bb + drift
    pb += bb
    # update
    y, h, rounding = o[0], o[1], o[3]
    ph, bh = pp * h, pb * h
    nu, var = y - h * p, h * (ph + h * noise) + rounding
    if var <= 0.0:
        return (p, b, pp, pb, bb), nu, 0.0, (0.0, 0.0)
    kp, kb = ph / var, bh / var
    return (p + kp * nu, b + kb * nu, pp - kp * ph, pb - kp * bh, bb - kb * bh), nu, var, (kp, kb)


def look_back(said: Adjoint2, passed: Pass2, _: Gap, o: Told) -> tuple[Seen, Adjoint2]:
    """What all prints say after a print, with the slope in the place of S, and before it.

    See `kalman.look_back2`.
    """
    (p, b, pp, pb, bb), nu, var, (kp, kb) = passed
    l0, l1, m00, m01, m11 = said
    r0, r1 = m00 * pp + m01 * pb, m01 * pp + m11 * pb
    level = p - (pp * l0 + pb * l1)
    variance = pp - (pp * r0 + pb * r1)
    slope = b - (pb * l0 + bb * l1)
    if var > 0.0:
        h = o[1]
        q0, q1 = m00 * kp + m01 * kb, m01 * kp + m11 * kb
        w = kp * q0 + kb * q1 + 1.0 / var
        l0 -= h * (nu / var + kp * l0 + kb * l1)
        m00 += h * (h * w - 2.0 * q0)
        m01 -= h * q1
    l1 += l0
    carried = m01 + m00
    m11 += m01 + carried
    return (level, variance, slope, l0, m00), (l0, l1, m00, carried, m11)


def without_slope(s: tuple[float, ...]) -> State:
    """The same level, which has no slope."""
    return (s[0], 0.0, s[2], 0.0, 0.0)


def bent(s: tuple[float, ...], extra: float) -> State:
    """The slope has `extra` variance."""
    return (s[0], s[1], s[2], s[3], s[4] + extra)


def turned(s: tuple[float, ...], keep: float, extra: float) -> State:
    """The slope, or what later prints say of it, is `keep` times what it was, with `extra` variance."""
    return (s[0], keep * s[1], s[2], keep * s[3], keep * keep * s[4] + extra)


def doubt(s: tuple[float, ...]) -> float:
    """Variance of the level one number later, as far as it comes from the state."""
    return s[2] + 2.0 * s[3] + s[4]


def _between(k0: int, k: int) -> Gap:
    return of_one_average(k - k0)


TREND = Kernel(
    pass_print, look_back, collapse2, go_on, carry_on, NOTHING2, 2, _between, slopes=True
)
