"""The linear half of the learned ranker: conditional logit over columns that are standardised within each request.

    P(answer = i) = exp(w . z_i) / sum_j exp(w . z_j)        (McFadden 1974; the loss of ListNet's top one)

z is a column less its mean over the request's candidates, over its standard deviation; 0 where a value is not known.
Trees learn more, but what they learn they learn of absolute values, and those drift from day to day: on KuaiRand (fit
to 04-27, asked for 04-28) the trees have .0622 NDCG@10, the linear half .0640, both together .065 to .067.
"""

import numba
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from reels.core.types import Floats

COLUMNS = (
    "ease", "ease_recent", "recent_0", "recent_1", "recent_2", "recent_3", "rising", "factors", "factors_cosine",
    "also_all", "also_even", "also_disliked", "next_last_1", "next_recent", "next_all", "next_two_steps", "words_all",
    "like_all", "like_recent", "impressions", "popularity", "duration", "cf", "sequence", "sequence_cosine", "shallow",
    "shallow_agreed", "shallow_last",
)  # fmt: skip
"""Columns that say how much, not which: with the identity of single reels in it, the fit remembers those."""
L2 = 1e-3
MOST_STEPS = 60
Doubles = NDArray[np.float64]


@numba.njit(cache=True, nogil=True)
def standardised(table: Floats, starts: NDArray[np.int64]) -> Floats:
    """float32[n, c]: each column within each request (rows starts[g] to starts[g + 1]); plain loops, for equal bits."""
    out = np.zeros(table.shape, np.float32)
    for g in range(len(starts) - 1):
        for c in range(table.shape[1]):
            known, total, squares = 0, 0.0, 0.0
            for i in range(starts[g], starts[g + 1]):
                if not np.isnan(table[i, c]):
                    known += 1
                    total += table[i, c]
            mean = total / max(known, 1)
            for i in range(starts[g], starts[g + 1]):
                if not np.isnan(table[i, c]):
                    squares += (table[i, c] - mean) ** 2
            spread = np.sqrt(squares / max(known, 1))
            if spread > 1e-9:
                for i in range(starts[g], starts[g + 1]):
                    if not np.isnan(table[i, c]):
                        out[i, c] = (table[i, c] - mean) / spread
    return out


@numba.njit(cache=True, nogil=True)
def weighted(table: Floats, weights: Floats) -> Doubles:
    """float64[n]: table . weights, by plain loops."""
    out = np.zeros(len(table))
    for i in range(len(table)):
        for c in range(table.shape[1]):
            out[i] += weights[c] * table[i, c]
    return out


def fit_linear(table: Floats, labels: NDArray[np.uint8], starts: NDArray[np.int64]) -> Floats:
    """float32[c] weights of the columns of a standardised table; the answers of a request share its weight."""
    if not table.shape[1]:
        return np.empty(0, np.float32)
    sizes, firsts = np.diff(starts), starts[:-1]
    told = labels / np.repeat(np.maximum(np.add.reduceat(labels.astype(np.float64), firsts), 1.0), sizes)
    requests = len(sizes)

    def loss(weights: Doubles) -> tuple[float, Doubles]:
        scores = table @ weights
        scores = scores - np.repeat(np.maximum.reduceat(scores, firsts), sizes)
        odds = np.exp(scores)
        share = odds / np.repeat(np.add.reduceat(odds, firsts), sizes)
        likelihood = float((told * np.log(np.maximum(share, 1e-30))).sum())
        slope = table.T @ (told - share)
        return -likelihood / requests + L2 * float(weights @ weights), -slope / requests + 2 * L2 * weights

    found = minimize(loss, np.zeros(table.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": MOST_STEPS})
    return np.asarray(found.x, np.float32)
