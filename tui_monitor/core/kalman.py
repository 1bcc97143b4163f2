"""The algebra of the level's Kalman filter, in plain floats: predict, observe, mix, and run backward.

States and formulas are those of `level`: the level p, the sum S of the batches' values since the
epoch's start and, where a log averages twice, the sum E of running means. Two kernels do the same
for (p, S) and (p, S, E); a step costs about a microsecond, against tens of them with small arrays.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

State2 = tuple[float, float, float, float, float]
"""Means of (p, S), then variances and covariance pp, pS, SS."""

State3 = tuple[float, float, float, float, float, float, float, float, float]
"""Means of (p, S, E), then pp, pS, pE, SS, SE, EE."""


class Gap(NamedTuple):
    """Sums over the batches k0+1 .. k0+n between two prints; shared by all metrics of a log.

    With T_m = sum_{j>=m} 1/(k0+j) and U_m = sum_{j>=m} T_j, which say how much of batch m's noise
    and drift reaches E: `h1` = T_1, `h2` = sum j/(k0+j); `t`, `tt` are sums of T and T^2; `u`, `uu`
    of U and U^2; `su` of (n-m+1) U_m.
    """

    k0: int
    n: int
    h1: float
    h2: float
    t: float
    tt: float
    u: float
    uu: float
    su: float


@lru_cache(maxsize=4096)
def gap(k0: int, k: int, twice: bool) -> Gap:
    """The transition from after batch `k0` to after batch `k` (k >= k0 >= 0).

    Kept for a while: the metrics of a log share their gaps, and so do its epochs.
    """
    n = k - k0
    if not twice:
        return Gap(k0, n, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    t = u = sum_t = sum_tt = sum_u = sum_uu = sum_su = 0.0
    for ahead, j in enumerate(range(k, k0, -1), start=1):
        t += 1.0 / j
        u += t
        sum_t += t
        sum_tt += t * t
        sum_u += u
        sum_uu += u * u
        sum_su += ahead * u
    return Gap(k0, n, t, n - k0 * t, sum_t, sum_tt, sum_u, sum_uu, sum_su)


class Observation(NamedTuple):
    """y = c_s S + c_e E + error of variance `variance`."""

    y: float
    c_s: float
    c_e: float
    variance: float


def noise_share(g: Gap, o: Observation) -> float:
    """How much of the batches' noise variance an observation after the gap carries."""
    return o.c_s * o.c_s * g.n + 2.0 * o.c_s * o.c_e * g.t + o.c_e * o.c_e * g.tt


# --- (p, S) --------------------------------------------------------------------------------------


def predict2(s: State2, g: Gap, drift: float, noise: float) -> State2:
    """The state `g.n` batches later; `drift` and `noise` are variances of one batch."""
    p, a, pp, pa, aa = s
    n = g.n
    carried = n * pp + pa
    return (
        p,
        a + n * p,
        pp + n * drift,
        carried + drift * (n * (n + 1) * 0.5),
        n * (carried + pa) + aa + drift * (n * (n + 1) * (2 * n + 1) / 6.0) + n * noise,
    )


def update2(s: State2, o: Observation) -> tuple[State2, float, float]:
    """The state after an observation, the innovation and its variance."""
    p, a, pp, pa, aa = s
    h = o.c_s
    var = h * h * aa + o.variance
    nu = o.y - h * a
    if var <= 0.0:
        return s, nu, 0.0
    f = h * nu / var
    r = h * h / var
    return (p + pa * f, a + aa * f, pp - r * pa * pa, pa - r * pa * aa, aa - r * aa * aa), nu, var


def mix2(s: State2, mean: State2, a: float) -> State2:
    """The mixture (1 - a) s + a mean, collapsed to one Gaussian."""
    b = 1.0 - a
    ab = a * b
    d0, d1 = mean[0] - s[0], mean[1] - s[1]
    return (
        s[0] + a * d0,
        s[1] + a * d1,
        b * s[2] + a * mean[2] + ab * d0 * d0,
        b * s[3] + a * mean[3] + ab * d0 * d1,
        b * s[4] + a * mean[4] + ab * d1 * d1,
    )


def collapse2(weights: list[float], states: list[State2]) -> State2:
    """The mixture of the states, collapsed to one Gaussian."""
    p = a = pp = pa = aa = 0.0
    for w, s in zip(weights, states, strict=True):
        p += w * s[0]
        a += w * s[1]
    for w, s in zip(weights, states, strict=True):
        d0, d1 = s[0] - p, s[1] - a
        pp += w * (s[2] + d0 * d0)
        pa += w * (s[3] + d0 * d1)
        aa += w * (s[4] + d1 * d1)
    return (p, a, pp, pa, aa)


def widen2(s: State2) -> State3:
    """The same state with an E that nothing depends on."""
    return (s[0], s[1], 0.0, s[2], s[3], 0.0, s[4], 0.0, 0.0)


# --- (p, S, E) -----------------------------------------------------------------------------------


def predict3(s: State3, g: Gap, drift: float, noise: float) -> State3:
    """The state `g.n` batches later; `drift` and `noise` are variances of one batch."""
    p, a, e, pp, pa, pe, aa, ae, ee = s
    n, h1, h2 = g.n, g.h1, g.h2
    # rows of F P, for F = [[1, 0, 0], [n, 1, 0], [h2, h1, 1]]
    sp = n * pp + pa
    ss = n * pa + aa
    se = n * pe + ae
    ep = h2 * pp + h1 * pa + pe
    es = h2 * pa + h1 * aa + ae
    ee = h2 * pe + h1 * ae + ee
    return (
        p,
        a + n * p,
        e + h1 * a + h2 * p,
        pp + n * drift,
        sp + drift * (n * (n + 1) * 0.5),
        ep + drift * g.u,
        n * sp + ss + drift * (n * (n + 1) * (2 * n + 1) / 6.0) + n * noise,
        h2 * sp + h1 * ss + se + drift * g.su + noise * g.t,
        h2 * ep + h1 * es + ee + drift * g.uu + noise * g.tt,
    )


def update3(s: State3, o: Observation) -> tuple[State3, float, float]:
    """The state after an observation, the innovation and its variance."""
    p, a, e, pp, pa, pe, aa, ae, ee = s
    h1, h2 = o.c_s, o.c_e
    g0 = pa * h1 + pe * h2
    g1 = aa * h1 + ae * h2
    g2 = ae * h1 + ee * h2
    var = h1 * g1 + h2 * g2 + o.variance
    nu = o.y - (h1 * a + h2 * e)
    if var <= 0.0:
        return s, nu, 0.0
    k0, k1, k2 = g0 / var, g1 / var, g2 / var
    return (
        (
            p + k0 * nu,
            a + k1 * nu,
            e + k2 * nu,
            pp - k0 * g0,
            pa - k0 * g1,
            pe - k0 * g2,
            aa - k1 * g1,
            ae - k1 * g2,
            ee - k2 * g2,
        ),
        nu,
        var,
    )


def mix3(s: State3, mean: State3, a: float) -> State3:
    """The mixture (1 - a) s + a mean, collapsed to one Gaussian."""
    b = 1.0 - a
    ab = a * b
    d0, d1, d2 = mean[0] - s[0], mean[1] - s[1], mean[2] - s[2]
    return (
        s[0] + a * d0,
        s[1] + a * d1,
        s[2] + a * d2,
        b * s[3] + a * mean[3] + ab * d0 * d0,
        b * s[4] + a * mean[4] + ab * d0 * d1,
        b * s[5] + a * mean[5] + ab * d0 * d2,
        b * s[6] + a * mean[6] + ab * d1 * d1,
        b * s[7] + a * mean[7] + ab * d1 * d2,
        b * s[8] + a * mean[8] + ab * d2 * d2,
    )


def collapse3(weights: list[float], states: list[State3]) -> State3:
    """The mixture of the states, collapsed to one Gaussian."""
    p = a = e = pp = pa = pe = aa = ae = ee = 0.0
    for w, s in zip(weights, states, strict=True):
        p += w * s[0]
        a += w * s[1]
        e += w * s[2]
    for w, s in zip(weights, states, strict=True):
        d0, d1, d2 = s[0] - p, s[1] - a, s[2] - e
        pp += w * (s[3] + d0 * d0)
        pa += w * (s[4] + d0 * d1)
        pe += w * (s[5] + d0 * d2)
        aa += w * (s[6] + d1 * d1)
        ae += w * (s[7] + d1 * d2)
        ee += w * (s[8] + d2 * d2)
    return (p, a, e, pp, pa, pe, aa, ae, ee)


def restart3(s: State3, extra: float) -> State3:
    """A new epoch: the sums are zero again, the level carries over with `extra` variance."""
    return (s[0], 0.0, 0.0, s[3] + extra, 0.0, 0.0, 0.0, 0.0, 0.0)


def shock3(s: State3, g: Gap, variance: float) -> State3:
    """A predicted state, where the level may have stepped just before the gap's first batch."""
    n, h2 = g.n, g.h2
    return (
        *s[:3],
        s[3] + variance,
        s[4] + variance * n,
        s[5] + variance * h2,
        s[6] + variance * n * n,
        s[7] + variance * n * h2,
        s[8] + variance * h2 * h2,
    )


# --- backward ------------------------------------------------------------------------------------


class Adjoint(NamedTuple):
    """What later observations say of a state: the vector and matrix of the Bryson-Frazier recursion.

    The smoothed mean is m - P l and the smoothed covariance P - P L P (Bierman 1973, Automatica
    9:503). Nothing is inverted, so exact observations do no harm.
    """

    l0: float = 0.0
    l1: float = 0.0
    l2: float = 0.0
    m00: float = 0.0
    m01: float = 0.0
    m02: float = 0.0
    m11: float = 0.0
    m12: float = 0.0
    m22: float = 0.0


def smoothed(s: State3, b: Adjoint) -> tuple[float, float, float]:
    """Smoothed mean and variance of the level, and smoothed mean of S."""
    p, a, _, pp, pa, pe, aa, ae, _ = s
    level = p - (pp * b.l0 + pa * b.l1 + pe * b.l2)
    total = a - (pa * b.l0 + aa * b.l1 + ae * b.l2)
    r0 = b.m00 * pp + b.m01 * pa + b.m02 * pe
    r1 = b.m01 * pp + b.m11 * pa + b.m12 * pe
    r2 = b.m02 * pp + b.m12 * pa + b.m22 * pe
    return level, max(pp - (pp * r0 + pa * r1 + pe * r2), 0.0), total


def back_through_observation(
    b: Adjoint, s: State3, o: Observation, nu: float, var: float
) -> Adjoint:
    """From after an observation to before it; `s` is the state before it."""
    if var <= 0.0:
        return b
    h1, h2 = o.c_s, o.c_e
    k0 = (s[4] * h1 + s[5] * h2) / var
    k1 = (s[6] * h1 + s[7] * h2) / var
    k2 = (s[7] * h1 + s[8] * h2) / var
    c = -nu / var - (k0 * b.l0 + k1 * b.l1 + k2 * b.l2)
    q0 = b.m00 * k0 + b.m01 * k1 + b.m02 * k2
    q1 = b.m01 * k0 + b.m11 * k1 + b.m12 * k2
    q2 = b.m02 * k0 + b.m12 * k1 + b.m22 * k2
    w = k0 * q0 + k1 * q1 + k2 * q2 + 1.0 / var
    return Adjoint(
        b.l0,
        b.l1 + h1 * c,
        b.l2 + h2 * c,
        b.m00,
        b.m01 - h1 * q0,
        b.m02 - h2 * q0,
        b.m11 + h1 * (h1 * w - 2.0 * q1),
        b.m12 + h1 * h2 * w - h1 * q2 - h2 * q1,
        b.m22 + h2 * (h2 * w - 2.0 * q2),
    )


def shock_residual(b: Adjoint, g: Gap) -> tuple[float, float]:
    """Auxiliary residual of a shock before the gap's first batch: its square, and the shock's size.

    `b` is the adjoint of the state after the gap. With the shock's loading l = (1, n, h2) on that
    state, the size is -l'r / l'M l for the adjoint's vector r and matrix M (de Jong and Penzer 1998).
    """
    n, h2 = g.n, g.h2
    score = b.l0 + n * b.l1 + h2 * b.l2
    information = (
        b.m00
        + 2.0 * (n * b.m01 + h2 * b.m02)
        + n * n * b.m11
        + 2.0 * n * h2 * b.m12
        + h2 * h2 * b.m22
    )
    if information <= 0.0:
        return 0.0, 0.0
    return score * score / information, -score / information


def back_through_gap(b: Adjoint, g: Gap) -> Adjoint:
    """From after a gap to before it."""
    n, h1, h2 = g.n, g.h1, g.h2
    f00 = b.m00 + n * b.m01 + h2 * b.m02
    f01 = b.m01 + n * b.m11 + h2 * b.m12
    f02 = b.m02 + n * b.m12 + h2 * b.m22
    f11 = b.m11 + h1 * b.m12
    f12 = b.m12 + h1 * b.m22
    return Adjoint(
        b.l0 + n * b.l1 + h2 * b.l2,
        b.l1 + h1 * b.l2,
        b.l2,
        f00 + n * f01 + h2 * f02,
        f01 + h1 * f02,
        f02,
        f11 + h1 * f12,
        f12,
        b.m22,
    )


def back_through_restart(b: Adjoint) -> Adjoint:
    """From an epoch's start to the end of the one before: only the level carries over."""
    return Adjoint(l0=b.l0, m00=b.m00)
