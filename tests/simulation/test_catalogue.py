"""The catalogue looks like one: long tails, counters that follow quality, fresh and old, new creators, languages."""

import re
from collections import Counter

import numpy as np

from reels.simulation.languages import languages
from reels.simulation.sample import Sample
from reels.simulation.topics import TOPICS


def _correlation(a: object, b: object) -> float:
    return float(np.corrcoef(np.asarray(a), np.asarray(b))[0, 1])


def test_views_are_long_tailed(sample: Sample) -> None:
    views = np.sort(sample.catalogue.views)[::-1]
    assert views[:20].sum() > 0.2 * views.sum(), "the top 1% has a fifth of all views or more"
    assert views[:200].sum() > 0.6 * views.sum()
    assert 1_000 < np.median(views) < 10_000


def test_counters_are_possible(sample: Sample) -> None:
    reels = sample.catalogue
    assert (reels.likes <= reels.views).all()
    assert (reels.comments <= reels.views).all()
    assert (reels.views >= 0).all()
    for rate in (reels.retention_rate, reels.first_3_sec_engagement):
        assert (np.isnan(rate) == (reels.views == 0)).all()
        seen = rate[~np.isnan(rate)]
        assert seen.min() > 0.0
        assert seen.max() <= 1.0


def test_rates_follow_quality_but_not_exactly(sample: Sample) -> None:
    reels = sample.catalogue
    seen = reels.views > 1000
    like_rate = reels.likes[seen] / reels.views[seen]
    quality = reels.quality[seen]
    assert 0.5 < _correlation(like_rate, quality) < 0.95
    assert 0.5 < _correlation(reels.retention_rate[seen], quality) < 0.95
    assert 0.5 < _correlation(reels.first_3_sec_engagement[seen], quality) < 0.95
    assert 0.1 < _correlation(np.log(reels.views[seen]), quality) < 0.8


def test_longer_reels_are_watched_less(sample: Sample) -> None:
    reels = sample.catalogue
    seen = reels.views > 1000
    assert _correlation(np.log(reels.duration_sec[seen]), reels.retention_rate[seen]) < -0.2


def test_new_creators_are_a_seventh_and_hardly_seen(sample: Sample) -> None:
    reels, creators = sample.catalogue, sample.catalogue.creators
    assert creators.new.sum() == 30
    new = creators.new[reels.creator]
    assert set(np.flatnonzero(creators.new)) <= set(reels.creator), "each of them has a reel"
    assert np.median(reels.views[new]) < 50 < np.median(reels.views[~new])
    age_days = (sample.config.now.timestamp() - reels.published_at[new]) / 86_400
    assert age_days.max() < 14.1


def test_fresh_and_old_reels(sample: Sample) -> None:
    age_days = (sample.config.now.timestamp() - sample.catalogue.published_at) / 86_400
    assert (age_days < 2).sum() > 40
    assert (age_days > 180).sum() > 200


def test_ids_count_up_with_publication(sample: Sample) -> None:
    reels = sample.catalogue
    assert (np.diff(reels.published_at) >= 0).all()
    assert reels.video_id == sorted(set(reels.video_id))


def test_every_language_and_topic_is_there_in_its_share(sample: Sample) -> None:
    reels = sample.catalogue
    by_language = Counter(languages()[k].code for k in reels.language)
    assert set(by_language) == {"ar", "de", "en", "es", "fr", "hi", "id", "ja", "pt"}
    for language in languages():
        assert abs(by_language[language.code] / 2000 - language.share) < 0.08
    assert np.bincount(reels.topic, minlength=len(TOPICS)).min() >= 20
    regions = {
        languages()[k].regions[r].code for k, r in zip(reels.creators.language, reels.creators.region, strict=True)
    }
    assert len(regions) > 15


def test_topics_only_where_the_language_knows_them(sample: Sample) -> None:
    reels = sample.catalogue
    for language, topic in zip(reels.language, reels.topic, strict=True):
        assert TOPICS[topic].name in languages()[language].topics


def test_titles_hardly_repeat(sample: Sample) -> None:
    titles = sample.catalogue.title
    assert all(title.strip() == title and title for title in titles)
    assert len(set(titles)) >= 0.995 * len(titles)


def test_titles_are_written_in_many_ways(sample: Sample) -> None:
    titles = sample.catalogue.title
    shares = {
        "hashtag": sum("#" in t for t in titles),
        "emoji": sum(any(ord(ch) > 0x1F000 for ch in t) for t in titles),
        "capitals": sum(t.upper() == t and t.lower() != t for t in titles),
        "lower case": sum(t.lower() == t and t.upper() != t for t in titles),
    }
    assert all(share > 0.02 * len(titles) for share in shares.values()), shares
    assert not any(re.search(r"[{}|\n]", t) for t in titles), "no slot left open"


def test_tags_fit_the_column(sample: Sample) -> None:
    for tags in sample.catalogue.tags:
        assert 2 <= len(tags) <= 12
        assert len(set(tags)) == len(tags)
        assert not any(re.search(r"[#|,\s]", tag) or not tag for tag in tags), tags


def test_reposts_say_the_same_in_other_clothes(sample: Sample) -> None:
    def words(title: str) -> str:
        return re.sub(r"\W", "", re.sub(r"#\S+", "", title)).lower()

    said = Counter(words(title) for title in sample.catalogue.title)
    twice = sum(count > 1 for text, count in said.items() if len(text) > 8)
    assert 12 <= twice <= 40


def test_handles_are_readable_and_unique(sample: Sample) -> None:
    handles = sample.catalogue.creators.creator_id
    assert len(set(handles)) == 200
    assert all(re.fullmatch(r"creator_[a-z0-9_]+", handle) for handle in handles)
