"""The reels of the sample: what they are, how good they are, and the counters that follow from it.

A reel has a latent quality in 0..1 (around its creator's skill). From it come, with noise:

    views      log-normal: reach of the creator + 2.2 (quality - 0.5) + how long it has been up
    likes      Binomial(views, ~4.5% x e^{1.6 (quality - 0.5)}), comments likewise, by how chatty the topic is
    retention  logistic in quality, falling with the logarithm of the duration
    first 3 s  logistic in the hook, which is mostly quality

so that counters rank reels roughly, never exactly, by quality, and rates of little-seen reels are noisy.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from reels.simulation.config import SampleConfig
from reels.simulation.creators import Creators, make_creators
from reels.simulation.languages import languages
from reels.simulation.titles import TitleWriter, Voice
from reels.simulation.topics import TOPICS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Catalogue:
    """n reels in order of publication, one column each. `topic` and `quality` are the hidden truth."""

    video_id: list[str]
    title: list[str]
    tags: list[list[str]]
    duration_sec: Ints
    views: Ints
    likes: Ints
    comments: Ints
    retention_rate: Floats
    """0..1; NaN where nobody has watched."""
    first_3_sec_engagement: Floats
    """0..1; NaN where nobody has watched."""
    creator: Ints
    """Index into `creators`."""
    published_at: Ints
    """Epoch seconds."""
    language: Ints
    """Index into `languages()`."""
    topic: Ints
    """Index into `TOPICS`."""
    quality: Floats
    creators: Creators

    def __len__(self) -> int:
        return len(self.video_id)


def make_catalogue(config: SampleConfig, rng: np.random.Generator) -> Catalogue:
    """`config.reels` reels by `config.creators` creators; ids count up with the time of publication."""
    creators = make_creators(config.creators, config.new_creator_share, rng)
    creator, published_at = _posts(config, creators, rng)
    topic = _topics(creator, creators, rng)
    quality = _logistic(_logit(np.clip(creators.skill[creator], 0.03, 0.97)) + rng.normal(0, 0.8, config.reels))
    reposts = _reposts(config.repost_share, creators.language[creator], rng)
    for copy, original in reposts:
        topic[copy], quality[copy] = topic[original], quality[original]
    seconds = np.array([t.seconds for t in TOPICS])[topic] * rng.lognormal(0.0, 0.45, config.reels)
    duration = np.clip(np.rint(seconds), 5, 180).astype(np.int64)
    title, tags = _words(creator, topic, creators, reposts, rng)
    age = (config.now.timestamp() - published_at.astype(np.float64)) / DAY
    views, likes, comments = _counters(creators.reach[creator], quality, topic, age, rng)
    retention, first = _rates(quality, duration, views, rng)
    digits = max(5, len(str(config.reels)))
    return Catalogue(
        video_id=[f"reel-{i:0{digits}d}" for i in range(1, config.reels + 1)],
        title=title,
        tags=tags,
        duration_sec=duration,
        views=views,
        likes=likes,
        comments=comments,
        retention_rate=retention,
        first_3_sec_engagement=first,
        creator=creator,
        published_at=published_at,
        language=creators.language[creator],
        topic=topic,
        quality=quality,
        creators=creators,
    )


def iso(epoch_sec: float) -> str:
    """A moment as people and files write it, UTC, to the second."""
    return datetime.fromtimestamp(epoch_sec, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _posts(config: SampleConfig, creators: Creators, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Who posted when: one reel each first, the rest by activity; more of late than long ago."""
    count = config.reels - config.creators
    more = rng.choice(config.creators, size=count, p=creators.activity / creators.activity.sum())
    creator = np.concatenate([np.arange(config.creators), more])
    age = DAY * creators.active_days[creator] * rng.random(config.reels) ** 1.5
    moment = np.floor(config.now.timestamp() - age - rng.integers(60, 1800, config.reels)).astype(np.int64)
    order = np.argsort(moment, kind="stable")
    return creator[order], moment[order]


def _topics(creator: Ints, creators: Creators, rng: np.random.Generator) -> Ints:
    """Four of five reels are about the creator's own topic, most others about their second."""
    draw = rng.random(len(creator))
    topic = creators.topics[creator, (draw > 0.80).astype(np.int64)]
    for row in np.flatnonzero(draw > 0.97):
        known = languages()[creators.language[creator[row]]].topics
        topic[row] = rng.choice([i for i, t in enumerate(TOPICS) if t.name in known])
    return topic


def _reposts(share: float, language: Ints, rng: np.random.Generator) -> list[tuple[int, int]]:
    """(copy, original) rows: the original is older and in the same language."""
    pairs = []
    rows_of = {int(code): np.flatnonzero(language == code) for code in np.unique(language)}
    for copy in sorted(rng.permutation(len(language))[: round(share * len(language))]):
        rows = rows_of[int(language[copy])]
        older = int(np.searchsorted(rows, copy))
        if older:
            pairs.append((int(copy), int(rows[rng.integers(older)])))
    return pairs


def _words(
    creator: Ints, topic: Ints, creators: Creators, reposts: list[tuple[int, int]], rng: np.random.Generator
) -> tuple[list[str], list[list[str]]]:
    writer = TitleWriter(rng)
    original_of = dict(reposts)
    titles: list[str] = []
    all_tags: list[list[str]] = []
    for row, (c, t) in enumerate(zip(creator, topic, strict=True)):
        language = languages()[creators.language[c]]
        region, voice, name = language.regions[creators.region[c]], Voice(creators.voice[c]), TOPICS[t].name
        tags = writer.tags(language, region, name, voice)
        if row in original_of:
            titles.append(writer.restyled(titles[original_of[row]], language, name, tags))
        else:
            titles.append(writer.title(language, region, name, voice, tags))
        all_tags.append(tags)
    return titles, all_tags


def _counters(
    reach: Floats, quality: Floats, topic: Ints, age_days: Floats, rng: np.random.Generator
) -> tuple[Ints, Ints, Ints]:
    n = len(reach)
    found = np.log1p(-np.exp(-(age_days + 0.05) / 6.0))
    views = np.floor(np.exp(reach + 2.2 * (quality - 0.5) + found + rng.normal(0.0, 0.9, n))).astype(np.int64)
    like = 0.045 * np.exp(1.6 * (quality - 0.5) + rng.normal(0.0, 0.35, n))
    likes = rng.binomial(views, np.minimum(like, 0.4))
    chatty = np.array([t.chatty for t in TOPICS])[topic]
    comment = 0.004 * chatty * np.exp(0.8 * (quality - 0.5) + rng.normal(0.0, 0.5, n))
    return views, likes, rng.binomial(views, np.minimum(comment, 0.2))


def _rates(quality: Floats, duration: Ints, views: Ints, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """(retention_rate, first_3_sec_engagement), each measured on `views` viewers."""
    n = len(quality)
    hook = 0.7 * quality + 0.3 * rng.random(n)
    length = np.log(duration / 20.0)
    retention = _logistic(0.1 + 2.4 * (quality - 0.5) - 0.5 * length + rng.normal(0.0, 0.2, n))
    first = _logistic(0.9 + 2.2 * (hook - 0.5) + rng.normal(0.0, 0.15, n))
    spread = 0.3 / np.sqrt(np.maximum(views, 1))
    rates = []
    for rate in (retention, first):
        measured = np.clip(rate + spread * rng.normal(0.0, 1.0, n), 0.01, 1.0)
        rates.append(np.where(views > 0, np.round(measured, 4), np.nan))
    return rates[0], rates[1]


def _logit(p: Floats) -> Floats:
    return np.log(p / (1.0 - p))


def _logistic(x: Floats) -> Floats:
    return 1.0 / (1.0 + np.exp(-x))
