"""The algebra of the level's Kalman filter, in plain floats: take a print, mix, and look back.

States and formulas are those of `level`: the level p, the sum S of the batches' values since the
epoch's start and, where a log averages twice, the sum E of running means. Kernels do the same for
(p, S), for an S that fades as an exponential mean forgets, and for (p, S, E); a step costs about a
microsecond, against tens of them with small arrays.

Looking back is the recursion of Bryson and Frazier (Bierman 1973, Automatica 9:503): what later prints
say of a state is a vector l and a matrix M; the smoothed mean is m - P l, its covariance P - P M P.
Nothing is inverted, so exact observations do no harm.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from tui_monitor.core.averages import gaps
from tui_monitor.core.averages.gaps import Gap

State2 = tuple[float, float, float, float, float]
"""Means of (p, S), then variances and covariance pp, pS, SS."""

State3 = tuple[float, float, float, float, float, float, float, float, float]
"""Means of (p, S, E), then pp, pS, pE, SS, SE, EE."""


Pass2 = tuple[State2, float, float, tuple[float, float]]
"""A print as it was taken: the state after it, its innovation, that one's variance, and the gains."""

Pass3 = tuple[State3, float, float, tuple[float, float, float]]

Adjoint2 = tuple[float, float, float, float, float]
"""What later prints say of a state: the vector l, then the matrix M as pp, pS, SS."""

Adjoint3 = tuple[float, float, float, float, float, float, float, float, float]

NOTHING2: Adjoint2 = (0.0, 0.0, 0.0, 0.0, 0.0)
NOTHING3: Adjoint3 = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


Seen = tuple[float, float, float, float, float]
"""What all prints say after one of them: the level, its variance and S, smoothed. Then what they say of
the level before the gap to it: l and M of a step there."""


class Observation(NamedTuple):
    """y = c_s S + c_e E + error of variance `variance`."""

    y: float
    c_s: float
    c_e: float
    variance: float


Told = tuple[float, float, float, float]
"""The same, unnamed."""


def shares(g: Gap, o: Told) -> tuple[float, float, float]:
    """How much of each variance an observation after the gap carries.

    Of the noise of one batch, of its drift, and of the level before the gap.
    """
    _, c_s, c_e, _ = o
    ss, se, ee = c_s * c_s, 2.0 * c_s * c_e, c_e * c_e
    noise, drift = ss * g.scatter + se * g.t + ee * g.tt, ss * g.vv + se * g.su + ee * g.uu
    return noise, drift, (c_s * g.gain + c_e * g.h2) ** 2


# --- (p, S) --------------------------------------------------------------------------------------


def mixed2(s: State2, other: State2, share: float) -> State2:
    """The state, a `share` of which is replaced by the other one, as the Gaussian of that mixture."""
    p, a, pp, pa, aa = s
    rest = 1.0 - share
    d0, d1 = other[0] - p, other[1] - a
    return (
        p + share * d0,
        a + share * d1,
        rest * (pp + share * d0 * d0) + share * other[2],
        rest * (pa + share * d0 * d1) + share * other[3],
        rest * (aa + share * d1 * d1) + share * other[4],
    )


def pass2(
    s: State2,
    g: Gap,
    drift: float,
    noise: float,
    o: Told,
    other: State2 = NOTHING2,
    share: float = 0.0,
) -> Pass2:
    """The state `g.n` batches later and after an observation.

    `drift` and `noise` are variances of one batch. A `share` of the state is first replaced by the
    other one; see `mixed2`.
    """
    p, a, pp, pa, aa = mixed2(s, other, share) if share else s
    h = g.gain
    # predict
    a += h * p
    carried = h * pp + pa
    aa += h * (carried + pa) + drift * g.vv + noise * g.scatter
    pa = carried + drift * g.v
    pp += drift * g.n
    # update
    y, h, _, rounding = o
    ph, ah = pa * h, aa * h
    nu, var = y - h * a, h * ah + rounding
    if var <= 0.0:
        return (p, a, pp, pa, aa), nu, 0.0, (0.0, 0.0)
    kp, ka = ph / var, ah / var
    return (p + kp * nu, a + ka * nu, pp - kp * ph, pa - kp * ah, aa - ka * ah), nu, var, (kp, ka)


def collapse2(weights: Sequence[float], states: Sequence[State2]) -> State2:
    """The mixture of the states, collapsed to one Gaussian; moments are taken about the first."""
    p0, a0, _, _, _ = states[0]
    p = a = pp = pa = aa = 0.0
    for w, (sp, sa, spp, spa, saa) in zip(weights, states, strict=True):
        d0, d1 = sp - p0, sa - a0
        w0, w1 = w * d0, w * d1
        p += w0
        a += w1
        pp += w * spp + w0 * d0
        pa += w * spa + w0 * d1
        aa += w * saa + w1 * d1
    return (p0 + p, a0 + a, pp - p * p, pa - p * a, aa - a * a)


def restart2(s: State2, extra: float) -> State2:
    """A new epoch: the sum is zero again, the level carries over with `extra` variance."""
    return (s[0], 0.0, s[2] + extra, 0.0, 0.0)


def carry_back2(b: Adjoint2) -> Adjoint2:
    """From an epoch's start to the end of the one before: only the level carries over."""
    return (b[0], 0.0, b[2], 0.0, 0.0)


def widen2(s: State2) -> State3:
    """The same state with an E that nothing depends on."""
    return (s[0], s[1], 0.0, s[2], s[3], 0.0, s[4], 0.0, 0.0)


def look_back2(b: Adjoint2, passed: Pass2, g: Gap, o: Told) -> tuple[Seen, Adjoint2]:
    """What all prints say of the state after a print, and what they say of it before the gap.

    `b` is what the prints after it say, `passed` the print as it was taken.
    """
    (p, a, pp, pa, aa), nu, var, (kp, ka) = passed
    l0, l1, m00, m01, m11 = b
    r0, r1 = m00 * pp + m01 * pa, m01 * pp + m11 * pa
    level = p - (pp * l0 + pa * l1)
    variance = pp - (pp * r0 + pa * r1)
    total = a - (pa * l0 + aa * l1)
    if var > 0.0:
        _, h, _, _ = o
        q0, q1 = m00 * kp + m01 * ka, m01 * kp + m11 * ka
        w = kp * q0 + ka * q1 + 1.0 / var
        l1 -= h * (nu / var + kp * l0 + ka * l1)
        m01 -= h * q0
        m11 += h * (h * w - 2.0 * q1)
    h = g.gain
    l0 += h * l1
    carried = m01 + h * m11
    m00 += h * (m01 + carried)
    return (level, variance, total, l0, m00), (l0, l1, m00, carried, m11)


# --- (p, S), where S fades ------------------------------------------------------------------------


def pass_fading(
    s: State2,
    g: Gap,
    drift: float,
    noise: float,
    o: Told,
    other: State2 = NOTHING2,
    share: float = 0.0,
) -> Pass2:
    """The same as `pass2`; mixing and fading may change places."""
    return pass2(_faded(s, g.fade), g, drift, noise, o, _faded(other, g.fade), share)


def _faded(s: State2, fade: float) -> State2:
    return (s[0], fade * s[1], s[2], fade * s[3], fade * fade * s[4])


def look_back_fading(b: Adjoint2, passed: Pass2, g: Gap, o: Told) -> tuple[Seen, Adjoint2]:
    """The same as `look_back2`."""
    seen, said = look_back2(b, passed, g, o)
    return seen, _faded(said, g.fade)


def go_on(s: State2, extra: float) -> State2:
    """A new epoch that resets nothing: the level may step by `extra` variance."""
    return (s[0], s[1], s[2] + extra, s[3], s[4])


def carry_on(b: Adjoint2) -> Adjoint2:
    """From an epoch's start to the end of the one before, where nothing is reset."""
    return b


# --- (p, S, E) -----------------------------------------------------------------------------------


def pass3(
    s: State3,
    g: Gap,
    drift: float,
    noise: float,
    o: Told,
    other: State3 = NOTHING3,
    share: float = 0.0,
) -> Pass3:
    """The state `g.n` batches later and after an observation; see `pass2`."""
    p, a, e, pp, pa, pe, aa, ae, ee = s
    if share:
        rest = 1.0 - share
        d0, d1, d2 = other[0] - p, other[1] - a, other[2] - e
        p += share * d0
        a += share * d1
        e += share * d2
        pp = rest * (pp + share * d0 * d0) + share * other[3]
        pa = rest * (pa + share * d0 * d1) + share * other[4]
        pe = rest * (pe + share * d0 * d2) + share * other[5]
        aa = rest * (aa + share * d1 * d1) + share * other[6]
        ae = rest * (ae + share * d1 * d2) + share * other[7]
        ee = rest * (ee + share * d2 * d2) + share * other[8]
    _, n, v, vv, h1, h2, t, tt, u, uu, su, _, _, _ = g
    # predict: rows of F P, for F = [[1, 0, 0], [n, 1, 0], [h2, h1, 1]]
    e += h1 * a + h2 * p
    a += n * p
    sp, ss, se = n * pp + pa, n * pa + aa, n * pe + ae
    ep, es, ee = h2 * pp + h1 * pa + pe, h2 * pa + h1 * aa + ae, h2 * pe + h1 * ae + ee
    aa = n * sp + ss + drift * vv + n * noise
    ae = h2 * sp + h1 * ss + se + drift * su + noise * t
    ee = h2 * ep + h1 * es + ee + drift * uu + noise * tt
    pa, pe = sp + drift * v, ep + drift * u
    pp += n * drift
    # update
    y, h1, h2, rounding = o
    ph, ah, eh = pa * h1 + pe * h2, aa * h1 + ae * h2, ae * h1 + ee * h2
    nu, var = y - (h1 * a + h2 * e), h1 * ah + h2 * eh + rounding
    if var <= 0.0:
        return (p, a, e, pp, pa, pe, aa, ae, ee), nu, 0.0, (0.0, 0.0, 0.0)
    kp, ka, ke = ph / var, ah / var, eh / var
    return (
        (
            p + kp * nu,
            a + ka * nu,
            e + ke * nu,
            pp - kp * ph,
            pa - kp * ah,
            pe - kp * eh,
            aa - ka * ah,
            ae - ka * eh,
            ee - ke * eh,
        ),
        nu,
        var,
        (kp, ka, ke),
    )


def collapse3(weights: Sequence[float], states: Sequence[State3]) -> State3:
    """The mixture of the states, collapsed to one Gaussian; see `collapse2`."""
    p0, a0, e0, *_ = states[0]
    p = a = e = pp = pa = pe = aa = ae = ee = 0.0
    for w, (sp, sa, se, spp, spa, spe, saa, sae, see) in zip(weights, states, strict=True):
        d0, d1, d2 = sp - p0, sa - a0, se - e0
        w0, w1, w2 = w * d0, w * d1, w * d2
        p += w0
        a += w1
        e += w2
        pp += w * spp + w0 * d0
        pa += w * spa + w0 * d1
        pe += w * spe + w0 * d2
        aa += w * saa + w1 * d1
        ae += w * sae + w1 * d2
        ee += w * see + w2 * d2
    return (
        *(p0 + p, a0 + a, e0 + e, pp - p * p, pa - p * a, pe - p * e),
        *(aa - a * a, ae - a * e, ee - e * e),
    )


def restart3(s: State3, extra: float) -> State3:
    """A new epoch: the sums are zero again, the level carries over with `extra` variance."""
    return (s[0], 0.0, 0.0, s[3] + extra, 0.0, 0.0, 0.0, 0.0, 0.0)


def carry_back3(b: Adjoint3) -> Adjoint3:
    """From an epoch's start to the end of the one before: only the level carries over."""
    return (b[0], 0.0, 0.0, b[3], 0.0, 0.0, 0.0, 0.0, 0.0)


def look_back3(b: Adjoint3, passed: Pass3, g: Gap, o: Told) -> tuple[Seen, Adjoint3]:
    """What all prints say of the state after a print, and before the gap; see `look_back2`."""
    (p, a, _, pp, pa, pe, aa, ae, _), nu, var, (kp, ka, ke) = passed
    l0, l1, l2, m00, m01, m02, m11, m12, m22 = b
    r0 = m00 * pp + m01 * pa + m02 * pe
    r1 = m01 * pp + m11 * pa + m12 * pe
    r2 = m02 * pp + m12 * pa + m22 * pe
    level = p - (pp * l0 + pa * l1 + pe * l2)
    variance = pp - (pp * r0 + pa * r1 + pe * r2)
    total = a - (pa * l0 + aa * l1 + ae * l2)
    if var > 0.0:
        _, h1, h2, _ = o
        q0 = m00 * kp + m01 * ka + m02 * ke
        q1 = m01 * kp + m11 * ka + m12 * ke
        q2 = m02 * kp + m12 * ka + m22 * ke
        w = kp * q0 + ka * q1 + ke * q2 + 1.0 / var
        c = nu / var + kp * l0 + ka * l1 + ke * l2
        l1 -= h1 * c
        l2 -= h2 * c
        m01 -= h1 * q0
        m02 -= h2 * q0
        m11 += h1 * (h1 * w - 2.0 * q1)
        m12 += h1 * h2 * w - h1 * q2 - h2 * q1
        m22 += h2 * (h2 * w - 2.0 * q2)
    n, h1, h2 = g.n, g.h1, g.h2
    f00, f01, f02 = m00 + n * m01 + h2 * m02, m01 + n * m11 + h2 * m12, m02 + n * m12 + h2 * m22
    f11, f12 = m11 + h1 * m12, m12 + h1 * m22
    l0 += n * l1 + h2 * l2
    m00 = f00 + n * f01 + h2 * f02
    back = (l0, l1 + h1 * l2, l2, m00, f01 + h1 * f02, f02, f11 + h1 * f12, f12, m22)
    return (level, variance, total, l0, m00), back


# --- either of them ------------------------------------------------------------------------------


class Kernel(NamedTuple):
    """The algebra of a state, for code that does not care which."""

    pass_print: Callable[..., Any]
    look_back: Callable[..., Any]
    collapse: Callable[..., Any]
    restart: Callable[..., Any]
    carry_back: Callable[..., Any]
    nothing: tuple[float, ...]
    """What no later print says of a state."""
    pp: int
    """Where a state holds the variance of the level."""
    gap: Callable[[int, int], Gap]
    """The transition from after one batch to after another."""
    slopes: bool = False
    """A state holds a slope of the level in the place of S; see `trend`."""

    def begin(self, level: float, variance: float) -> tuple[float, ...]:
        """The state before any batch."""
        state = [level, *self.nothing[1:]]
        state[self.pp] = variance
        return tuple(state)


def _of_length(k0: int, k: int) -> Gap:
    return gaps.of_one_average(k - k0)


ONCE = Kernel(pass2, look_back2, collapse2, restart2, carry_back2, NOTHING2, 2, _of_length)
TWICE = Kernel(
    pass3, look_back3, collapse3, restart3, carry_back3, NOTHING3, 3, gaps.of_two_averages
)


@lru_cache(maxsize=16)
def fading(decay: float, first: float, *, goes_on: bool = True) -> Kernel:
    """The kernel of an exponential mean whose first batch counts `first` times (see `laws`).

    `goes_on`: over the ends of epochs.
    """

    def between(k0: int, k: int) -> Gap:
        return gaps.of_fading(k0, k, decay, first)

    ends = (go_on, carry_on) if goes_on else (restart2, carry_back2)
    return Kernel(pass_fading, look_back_fading, collapse2, *ends, NOTHING2, 2, between)
