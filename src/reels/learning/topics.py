"""Topics: clusters of content by spherical k-means (Dhillon and Modha 2001), named by their most telling tag."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reels.core.types import Floats

FEWEST, MOST = 8, 256
SAMPLE = 50_000
"""The centres are learnt from at most so many reels, then everything is assigned."""
ROUNDS = 15


def topic_count(n: int) -> int:
    """About half the square root of the number of reels, 8 to 256, never more than there are reels."""
    return min(n, int(np.clip(round(n**0.5 / 2), FEWEST, MOST)))


def topics_of(content: Floats, *, seed: int = 0) -> NDArray[np.int16]:
    """int16[n] cluster of each unit row; -1 for zero rows. The same rows give the same clusters."""
    known = np.flatnonzero(content.any(axis=1))
    out = np.full(len(content), -1, np.int16)
    if not len(known):
        return out
    rng = np.random.default_rng(seed)
    sample = np.sort(rng.permutation(known)[:SAMPLE])
    centres = _centres(content[sample], topic_count(len(known)), rng)
    for start in range(0, len(known), SAMPLE):
        rows = known[start : start + SAMPLE]
        out[rows] = (content[rows] @ centres.T).argmax(axis=1)
    _, out[known] = np.unique(out[known], return_inverse=True)
    return out


def _centres(rows: Floats, k: int, rng: np.random.Generator) -> Floats:
    chosen = [int(rng.integers(len(rows)))]
    nearest = rows @ rows[chosen[0]]
    for _ in range(k - 1):  # k-means++: far rows are likelier to become a centre
        distance = np.clip(1.0 - nearest.astype(np.float64), 0.0, None)
        total = distance.sum()
        chosen.append(int(rng.choice(len(rows), p=distance / total)) if total > 1e-9 else int(rng.integers(len(rows))))
        nearest = np.maximum(nearest, rows @ rows[chosen[-1]])
    centres = rows[chosen]
    assigned = np.full(len(rows), -1)
    for _ in range(ROUNDS):
        before, assigned = assigned, (rows @ centres.T).argmax(axis=1)
        if (before == assigned).all():
            break
        sums = np.zeros_like(centres)
        np.add.at(sums, assigned, rows)
        norms = np.linalg.norm(sums, axis=1, keepdims=True)
        centres = np.where(norms > 1e-9, sums / np.maximum(norms, 1e-9), centres)
    return centres


def topic_names(topics: NDArray[np.int16], tags: Sequence[str], texts: Sequence[str]) -> tuple[str, ...]:
    """The most telling tag of each cluster (log-odds against the others, smoothed), else word; names are distinct."""
    how_many = int(topics.max(initial=-1)) + 1
    inside = [Counter[str]() for _ in range(how_many)]
    overall: Counter[str] = Counter()
    for topic, tagged, text in zip(topics.tolist(), tags, texts, strict=True):
        if topic >= 0:
            words = set(tagged.split("\n")) - {""} or {word for word in text.split() if len(word) > 3}
            inside[topic].update(words)
            overall.update(words)
    total, used, names = sum(overall.values()), set[str](), []
    for topic, counted in enumerate(inside):
        size = sum(counted.values())

        def telling(word: str, counted: Counter[str] = counted, size: int = size) -> float:
            here, there = counted[word], overall[word] - counted[word]
            lift = np.log((here + 0.5) / (size + 1.0)) - np.log((there + 0.5) / (total - size + 1.0))
            return float(lift * np.sqrt(here))

        ranked = sorted(counted, key=lambda word: (-telling(word), word))
        name = next((word for word in ranked if word not in used), f"topic {topic}")
        used.add(name)
        names.append(name)
    return tuple(names)
