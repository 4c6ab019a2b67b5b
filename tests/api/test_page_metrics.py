from typing import Any, cast

import numpy as np
import pytest
from tests.contracts.after_work import AfterWorkContract
from tests.ingesting import NOW

from reels.api.metrics import Metrics
from reels.api.page_metrics import PageMetrics
from reels.core.keys import keys_of
from reels.core.types import CandidateSet, FeedPage, FeedQuery, RankedReel
from reels.recommender.stages import AfterWork, Done

pytestmark = pytest.mark.anyio


class TestPageMetrics(AfterWorkContract):
    @pytest.fixture
    def work(self) -> AfterWork:
        return PageMetrics(Metrics())


def shown(explored: bool, *sources: str) -> RankedReel:
    return RankedReel("r", 0, 0.5, {}, {}, (), explored, 1.0, sources)


def done(built_at: float) -> Done:
    items = (shown(True, "fresh"), shown(False, "content", "item_cf"), shown(False, "content"))
    page = FeedPage("f", "u_viewer", items, None, "p", 1, "s", ("redis",), NOW, 1, "d", {"rank": 2.0})
    found = np.array([0b01, 0b11, 0b10], np.uint32)
    cached = CandidateSet(keys_of("abc"), found, ("content", "fresh"), "s", built_at)
    return Done(FeedQuery("u_viewer", 3, NOW, 1, "f"), page, cast(Any, None), cast(Any, None), cached)


async def test_a_page_counts_by_what_it_is_made_of() -> None:
    metrics = Metrics()
    await PageMetrics(metrics).run(done(built_at=NOW))
    await PageMetrics(metrics).run(done(built_at=NOW - 60))
    text = metrics.render().decode()
    assert 'reels_feed_items_total{explored="yes"} 2.0' in text
    assert 'reels_feed_items_total{explored="no"} 4.0' in text
    assert 'reels_feed_items_by_source_total{source="content"} 4.0' in text
    assert 'reels_feed_degraded_total{what="redis"} 2.0' in text
    assert 'reels_feed_cache_total{outcome="miss",what="candidates"} 1.0' in text
    assert 'reels_feed_cache_total{outcome="hit",what="candidates"} 1.0' in text
    assert 'reels_feed_candidates_total{source="fresh"} 2.0' in text
    assert 'reels_feed_stage_seconds_count{stage="rank"} 2.0' in text
    assert "u_viewer" not in text
