"""The people behind the reels: language, region, topics, reach, skill, voice and how much they post."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reels.simulation.languages import Language, languages
from reels.simulation.titles import VOICE_SHARES
from reels.simulation.topics import TOPIC_INDEX, TOPICS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Creators:
    """c creators, one column each."""

    creator_id: list[str]
    language: Ints
    """Index into `languages()`."""
    region: Ints
    """Index into the language's regions."""
    topics: Ints
    """(c, 2): the topic they post most about, and their second."""
    skill: Floats
    """0..1: median quality of their reels."""
    reach: Floats
    """Log of the views an average reel of theirs gets in the end."""
    voice: Ints
    new: NDArray[np.bool_]
    """First posted within the last fortnight, hardly seen yet."""
    active_days: Floats
    """Days since their first reel."""
    activity: Floats
    """Weight of their share of the catalogue."""


def make_creators(count: int, new_share: float, rng: np.random.Generator) -> Creators:
    """`count` creators, `new_share` of them new (the count of new ones is rounded, not drawn)."""
    spoken = languages()
    language = _proportional(np.array([one.share for one in spoken]), count, rng)
    region = np.array([_draw([r.share for r in spoken[k].regions], rng) for k in language])
    topics = _topics(language, spoken, rng)
    new = np.zeros(count, dtype=np.bool_)
    new[rng.permutation(count)[: round(new_share * count)]] = True
    skill = rng.beta(3.0, 3.0, count)
    reach = np.where(new, rng.normal(3.0, 1.1, count), rng.normal(8.3, 1.4, count) + 2.0 * (skill - 0.5))
    active_days = np.where(new, rng.uniform(0.3, 14.0, count), rng.uniform(45.0, 540.0, count))
    activity = np.where(new, rng.lognormal(-1.5, 0.4, count), rng.lognormal(0.0, 0.55, count))
    voice = rng.choice(len(VOICE_SHARES), size=count, p=VOICE_SHARES)
    names = _handles(language, topics[:, 0], spoken, rng)
    return Creators(names, language, region, topics, skill, reach, voice, new, active_days, activity)


def _proportional(shares: Floats, count: int, rng: np.random.Generator) -> Ints:
    """`count` indices in the given shares as exactly as whole numbers allow, shuffled (systematic sampling)."""
    edges = np.cumsum(shares) / shares.sum()
    drawn = np.searchsorted(edges, (np.arange(count) + rng.random()) / count, side="right")
    return rng.permutation(np.minimum(drawn, len(shares) - 1))


def _topics(language: Ints, spoken: tuple[Language, ...], rng: np.random.Generator) -> Ints:
    """(c, 2) topics; first topics are spread over each language as evenly as their shares allow."""
    topics = np.zeros((len(language), 2), dtype=np.int64)
    for k, one in enumerate(spoken):
        rows = np.flatnonzero(language == k)
        known = np.array([TOPIC_INDEX[name] for name in sorted(one.topics)])
        shares = np.array([TOPICS[t].share for t in known])
        for column in range(2):
            topics[rows, column] = known[_proportional(shares, len(rows), rng)] if len(rows) else 0
    return topics


def _handles(language: Ints, topic: Ints, spoken: tuple[Language, ...], rng: np.random.Generator) -> list[str]:
    taken: set[str] = set()
    handles = []
    for k, t in zip(language, topic, strict=True):
        names, words = spoken[k].names, spoken[k].topics[TOPICS[t].name].handles
        name, word = names[rng.integers(len(names))], words[rng.integers(len(words))]
        base = f"creator_{name}_{word}" if rng.random() < 0.75 else f"creator_{word}_{name}"
        handle, number = base, 2
        while handle in taken:
            handle, number = f"{base}_{number}", number + 1
        taken.add(handle)
        handles.append(handle)
    return handles


def _draw(shares: list[float], rng: np.random.Generator) -> int:
    return int(rng.choice(len(shares), p=np.array(shares) / sum(shares)))
