"""How much each reel was liked lately, and where in the course of things it stands.

counts   a like fades by half every `HALF_LIVES_DAYS`: what is liked now says more than what was liked ever. On KuaiRand
         a half-life of six hours alone beats item-kNN.
stage    0..1: place of the reel in the order in which viewers meet reels, from pairs of reels met one after the other:

             min_x  sum over pairs (x_next - x_before - 1)^2 + |x|^2,  by LSQR (Paige and Saunders 1982)

         It needs no clock times: it tells a reel whose time has passed from one watched at the end of histories.
"""

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import lsqr

from reels.core.keys import Keys
from reels.core.types import Floats
from reels.learning.interactions import Histories, Interactions, rows_of
from reels.learning.workbench import Arrays

HALF_LIVES_DAYS = (0.25, 1.0, 4.0, 16.0, 1e6)
"""The last one is all time."""
_DAY = 86_400.0
_STEPS = 60


def recent_arrays(
    pairs: Interactions, histories: Histories, keys: Keys, *, now: float, without: "np.ndarray | None" = None
) -> Arrays:
    """The group `recent`. `histories` of the same pairs; pairs `without` are not counted."""
    return {
        "keys": keys,
        "counts": recent_counts(pairs, keys, now=now, without=without),
        "half_lives": np.array(HALF_LIVES_DAYS, np.float32),
        "stage": stages(histories),
    }


def recent_counts(pairs: Interactions, keys: Keys, *, now: float, without: "np.ndarray | None" = None) -> Floats:
    """float32[ages, n]: sum of 2^-(age / half life) over a reel's liked pairs."""
    rows = rows_of(pairs.reels, keys)
    good = (rows >= 0) & (pairs.values > 0)
    if without is not None:
        good &= ~without
    rows, at = rows[good], pairs.at[good]
    newest = min(now, float(at.max())) if len(at) else now
    age = np.maximum(newest - at, 0.0)
    counted = [np.bincount(rows, np.exp2(-age / (days * _DAY)), minlength=len(keys)) for days in HALF_LIVES_DAYS]
    return np.array(counted, np.float32).reshape(len(HALF_LIVES_DAYS), len(keys))


def stages(histories: Histories) -> Floats:
    """float32[n] in 0..1; reels nobody liked stand in the middle."""
    n = histories.n
    inner = np.ones(len(histories.rows), np.bool_)
    inner[histories.indptr[:-1][np.diff(histories.indptr) > 0]] = False
    after = np.flatnonzero(inner)
    if not len(after):
        return np.full(n, 0.5, np.float32)
    steps = np.repeat(np.arange(len(after)), 2)
    columns = np.stack([histories.rows[after], histories.rows[after - 1]], 1).ravel()
    signs = np.tile(np.array([1.0, -1.0]), len(after))
    matrix = sparse.csr_matrix((signs, (steps, columns)), shape=(len(after), n))
    found = lsqr(matrix, np.ones(len(after)), damp=1.0, iter_lim=_STEPS)[0]
    order = np.argsort(np.argsort(found, kind="stable"), kind="stable")
    known = np.bincount(histories.rows, minlength=n) > 0
    return np.where(known, order / max(n - 1, 1), 0.5).astype(np.float32)
