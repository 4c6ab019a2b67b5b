"""The numbers of the table, vectorised, each tested against an independent implementation.

Ranked lists are int32[q, k] rows of the catalogue, best first, -1 where a list ended early. A metric of viewers is
float64[q], one number each, so that intervals can be drawn from it; a metric of the whole list is one number.

    recall@k    found of what was asked / all that was asked
    ndcg@k      binary gains, discount 1/log2(1 + place), over the best possible list's (Jarvelin, Kekalainen 2002)
    mrr         1 / place of the first found, 0 where none is (lists are 300 long)
    coverage@k  distinct reels recommended / reels that may be
    coverage@k of v       the same, expected of v of the q viewers drawn at random (rarefaction: Hurlbert 1971)
    gini@k      of how often each reel is recommended: 0 = all alike, 1 = one takes all
    novelty@k   mean -log2 of the share of viewers who know the reel (Zhou et al. 2010), add-one smoothed
    diversity@k mean 1 - cosine of the content of two reels of a list (Ziegler et al. 2005); NaN with fewer than two
    auc, gauc   chance that a positive exposure scores above a negative one; gauc within a viewer, weighted by exposures
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import gammaln
from scipy.stats import rankdata

from reels.core.types import Mask, Rows
from reels.evaluation.splits import Targets

Doubles = NDArray[np.float64]


def hits_of(ranked: Rows, targets: Targets, n: int) -> Mask:
    """bool[q, k]: which places hold something that was asked for."""
    wide = np.int64(n + 1)
    q = np.arange(len(ranked), dtype=np.int64)
    asked = np.repeat(q, targets.counts) * wide + targets.reels
    found: Mask = np.isin(q[:, None] * wide + np.where(ranked < 0, n, ranked), asked)
    return found


def recall(hits: Mask, counts: NDArray[np.int64], k: int) -> Doubles:
    """float64[q]"""
    return np.asarray(hits[:, :k].sum(axis=1) / np.maximum(counts, 1), np.float64)


def ndcg(hits: Mask, counts: NDArray[np.int64], k: int) -> Doubles:
    """float64[q]"""
    gains = 1.0 / np.log2(np.arange(2, k + 2))
    best = np.concatenate(([0.0], np.cumsum(gains)))[np.minimum(counts, k)]
    width = min(k, hits.shape[1])
    return np.nan_to_num(_ratio(hits[:, :width] @ gains[:width], best))


def reciprocal_rank(hits: Mask) -> Doubles:
    """float64[q]"""
    return np.where(hits.any(axis=1), 1.0 / (hits.argmax(axis=1) + 1.0), 0.0)


def exposure_of(ranked: Rows, k: int, n: int) -> NDArray[np.int64]:
    """int64[n]: in how many of the first-k lists each reel is."""
    top = ranked[:, :k]
    return np.bincount(top[top >= 0], minlength=n)


def coverage(exposure: NDArray[np.int64], allowed: Mask) -> float:
    """Share of the allowed reels that is recommended to anybody."""
    return float((exposure[allowed] > 0).sum() / max(int(allowed.sum()), 1))


def coverage_of(exposure: NDArray[np.int64], allowed: Mask, asked: int, viewers: int) -> float:
    """Coverage expected of `viewers` drawn without replacement from the `asked`; NaN where so many were not asked.

    A reel in x of the lists is in none of the drawn ones with probability C(asked - x, v) / C(asked, v).
    """
    if viewers > asked:
        return float("nan")
    others = asked - exposure[allowed].astype(np.float64)
    possible = others >= viewers
    logs = _log_choose(np.where(possible, others, viewers), viewers) - _log_choose(np.float64(asked), viewers)
    return float((1.0 - np.where(possible, np.exp(logs), 0.0)).mean()) if len(others) else 0.0


def _log_choose(n: NDArray[np.float64] | np.float64, k: int) -> Doubles:
    return np.asarray(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1), np.float64)


def gini(exposure: NDArray[np.int64]) -> float:
    """Gini coefficient of the counts; 0 where there are none."""
    ordered = np.sort(exposure).astype(np.float64)
    n, total = len(ordered), ordered.sum()
    if not total:
        return 0.0
    return float((2 * np.arange(1, n + 1) - n - 1) @ ordered / (n * total))


def share_of(ranked: Rows, k: int, wanted: Mask) -> Doubles:
    """float64[q]: share of the first k places with one of the wanted reels; NaN for an empty list."""
    top = ranked[:, :k]
    held = (top >= 0).sum(axis=1)
    good = (wanted[np.maximum(top, 0)] & (top >= 0)).sum(axis=1)
    return _ratio(good, held)


def novelty(ranked: Rows, k: int, viewers_of: NDArray[np.int64], viewers: int) -> Doubles:
    """float64[q]: mean self-information in bits. `viewers_of` int64[n]: who knows each reel, of `viewers` in all."""
    surprise = -np.log2((viewers_of + 1.0) / (viewers + 1.0))
    top = ranked[:, :k]
    held = (top >= 0).sum(axis=1)
    total = (surprise[np.maximum(top, 0)] * (top >= 0)).sum(axis=1)
    return _ratio(total, held)


def diversity(ranked: Rows, k: int, content: sparse.csr_matrix) -> Doubles:
    """float64[q]: over reels with content. `content` [n, d] with unit or zero rows.

    Of m unit vectors the cosines of all pairs add up to (|sum|^2 - m) / 2: no pair is ever looked at.
    """
    top = ranked[:, :k]
    known = np.asarray(content.getnnz(axis=1) > 0)[np.maximum(top, 0)] & (top >= 0)
    owners = np.repeat(np.arange(len(top)), top.shape[1]).reshape(top.shape)[known]
    ones = np.ones(len(owners), np.float32)
    member = sparse.csr_matrix((ones, (owners, top[known])), shape=(len(top), content.shape[0]))
    total = member @ content
    square = np.asarray(total.multiply(total).sum(axis=1), np.float64).ravel()
    m = known.sum(axis=1).astype(np.float64)
    return 1.0 - _ratio(square - m, m * (m - 1))


def auc(labels: Mask, scores: NDArray[np.floating]) -> float:
    """Area under the ROC curve, ties half; NaN where only one label occurs (Mann, Whitney 1947)."""
    good = int(labels.sum())
    bad = len(labels) - good
    if not good or not bad:
        return float("nan")
    ranks = rankdata(scores)
    return float((ranks[labels].sum() - good * (good + 1) / 2) / (good * bad))


def auc_by_viewer(labels: Mask, scores: NDArray[np.floating], owners: NDArray[np.integer], q: int) -> Doubles:
    """float64[q]: AUC within each viewer's exposures; NaN where they are all of one label."""
    order = np.lexsort((scores, owners))
    whose, value, label = owners[order], np.asarray(scores)[order], labels[order]
    begin = np.searchsorted(whose, np.arange(q))
    new = np.ones(len(order), np.bool_)
    new[1:] = (whose[1:] != whose[:-1]) | (value[1:] != value[:-1])
    starts = np.flatnonzero(new)
    ends = np.append(starts[1:], len(order))
    mean_place = (starts + ends + 1) / 2.0
    ranks = np.repeat(mean_place, ends - starts) - begin[whose]
    good = np.bincount(whose[label], minlength=q).astype(np.float64)
    bad = np.bincount(whose, minlength=q) - good
    above = np.bincount(whose[label], ranks[label], minlength=q) - good * (good + 1) / 2
    return _ratio(above, good * bad)


def _ratio(top: NDArray[Any], below: NDArray[Any]) -> Doubles:
    """NaN where there is nothing below."""
    out: Doubles = np.divide(top, below, out=np.full(len(top), np.nan), where=below > 0)
    return out
