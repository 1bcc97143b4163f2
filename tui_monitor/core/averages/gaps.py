"""The batches between two prints, as sums that say what they do to the level's state (see `level`).

All are kept for a while: the metrics of a log share their gaps, and so do its epochs.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple


class Gap(NamedTuple):
    """Sums over the batches k0+1 .. k0+n between two prints; shared by all metrics of a log.

    With T_m = sum_{j>=m} 1/(k0+j) and U_m = sum_{j>=m} T_j, which say how much of batch m's noise
    and drift reaches E: `h1` = T_1, `h2` = sum j/(k0+j); `t`, `tt` are sums of T and T^2; `u`, `uu`
    of U and U^2; `su` of (n-m+1) U_m. `v`, `vv` are sums of n-m+1, which is how much of its drift
    reaches S, and of its square.

    Where S fades by b a batch, batch m has the weight w_m = b^(n-m) in it: `fade` = b^n is what is left
    of S itself, `gain` and `scatter` are sums of the weights and of their squares, and its drift
    reaches S by w_m + .. + w_n. With b = 1 these are 1, n and n.
    """

    k0: int
    n: int
    v: float
    vv: float
    h1: float
    h2: float
    t: float
    tt: float
    u: float
    uu: float
    su: float
    gain: float
    scatter: float
    fade: float


NO_SUMS = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
"""Of a gap where nothing is averaged twice."""


@lru_cache(maxsize=4096)
def of_one_average(n: int) -> Gap:
    """The transition over `n` batches, wherever they are."""
    return Gap(0, n, *_sums_of_drift(n), *NO_SUMS, float(n), float(n), 1.0)


@lru_cache(maxsize=4096)
def fading(n: int, decay: float, first: float = 1.0) -> Gap:
    """The transition over `n` batches where S fades; `first`: how often the first of them counts.

    A gap that begins before a run's first batch has k0 = 0, all others 1. Sums of powers of b are
    those of geometric series.
    """
    if not n:
        return Gap(1, 0, 0.0, 0.0, *NO_SUMS, 0.0, 0.0, 1.0)
    left, rest = decay**n, 1.0 - decay
    powers = decay * (1.0 - left) / rest
    squares = decay * decay * (1.0 - left * left) / (1.0 - decay * decay)
    v, vv = (n - powers) / rest, (n - 2.0 * powers + squares) / rest**2
    gain, scatter = (1.0 - left) / rest, squares / decay**2
    # what the first batch counts more than once is in its weight, and in how its drift reaches S
    oldest = decay ** (n - 1)
    more = (first - 1.0) * oldest
    vv += (gain + more) ** 2 - gain**2
    scatter += (first * oldest) ** 2 - oldest**2
    return Gap(*(0 if first != 1.0 else 1, n, v + more, vv, *NO_SUMS), gain + more, scatter, left)


def of_fading(k0: int, k: int, decay: float, first: float) -> Gap:
    """The transition from after batch `k0` to after batch `k`, where S fades; see `fading`."""
    return fading(k - k0, decay, 1.0 if k0 else first)


def _sums_of_drift(n: int) -> tuple[float, float]:
    return n * (n + 1) / 2.0, n * (n + 1) * (2 * n + 1) / 6.0


@lru_cache(maxsize=4096)
def of_two_averages(k0: int, k: int) -> Gap:
    """The transition from after batch `k0` to after batch `k`."""
    n = k - k0
    t = u = sum_t = sum_tt = sum_u = sum_uu = sum_su = 0.0
    for ahead, j in enumerate(range(k, k0, -1), start=1):
        t += 1.0 / j
        u += t
        sum_t += t
        sum_tt += t * t
        sum_u += u
        sum_uu += u * u
        sum_su += ahead * u
    sums = (t, n - k0 * t, sum_t, sum_tt, sum_u, sum_uu, sum_su)
    return Gap(k0, n, *_sums_of_drift(n), *sums, float(n), float(n), 1.0)
