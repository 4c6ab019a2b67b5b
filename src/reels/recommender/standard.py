"""The stages as the project runs them. To add one: its file, and its line here."""

import secrets
from collections.abc import Awaitable, Callable, Container, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from reels.core.keys import Keys
from reels.core.policy import Policy
from reels.core.ports import FeedStore, PolicyStore, ViewerStore
from reels.core.types import Rows, UserState
from reels.recommender.after.record import Record
from reels.recommender.answered import AnsweredLately
from reels.recommender.building import Building
from reels.recommender.candidates.content import Content as ContentSource
from reels.recommender.candidates.factorization import Factorization
from reels.recommender.candidates.following import Following
from reels.recommender.candidates.fresh import Fresh, Latest
from reels.recommender.candidates.generator import Generator, Share
from reels.recommender.candidates.item_cf import also_watched, watched_next
from reels.recommender.candidates.new_creators import NewCreators
from reels.recommender.candidates.popular import Popular
from reels.recommender.candidates.trending import Trending as TrendingSource
from reels.recommender.feed import Feed, Parts
from reels.recommender.filters.blocked import Blocked
from reels.recommender.filters.inactive import Inactive
from reels.recommender.filters.near_duplicate import NearDuplicate
from reels.recommender.filters.not_interested import NotInterested
from reels.recommender.filters.seen import Seen
from reels.recommender.gathering import Gathering
from reels.recommender.models import Models
from reels.recommender.pipeline import Pipeline
from reels.recommender.policies import PoliciesInForce
from reels.recommender.ranker.blend import Blend
from reels.recommender.ranker.scores.cf import Cf
from reels.recommender.ranker.scores.content import Content
from reels.recommender.ranker.scores.exploration import Exploration
from reels.recommender.ranker.scores.new_creator import NewCreator
from reels.recommender.ranker.scores.popularity import Popularity
from reels.recommender.ranker.scores.trending import Trending
from reels.recommender.selection.page import Newest, Page
from reels.recommender.stages import AfterWork

MODES = ("for_you", "latest")


@dataclass(frozen=True, slots=True)
class Standing:
    """A feed and the background work that goes with it."""

    feed: Feed
    record: Record
    """Run `record.write_for_ever()` beside the feed, and `record.flush()` at the end."""
    executors: tuple[ThreadPoolExecutor, ...]

    def close(self) -> None:
        """Ends the threads; what runs is waited for."""
        for one in self.executors:
            one.shutdown(cancel_futures=True)


def standard_feed(
    *,
    models: Callable[[], Models],
    viewers: ViewerStore,
    feeds: FeedStore,
    policies: PolicyStore,
    rebuild: Callable[[str], Awaitable[tuple[UserState, Keys]]],
    cursor_key: bytes,
    stale: Container[str] = (),
    default_policy: Policy | None = None,
    candidates_ttl_sec: float = 300.0,
    source_deadline_sec: float = 0.15,
    pages_kept_sec: float = 6 * 3600.0,
    after: Sequence[AfterWork] = (),
    chance: Callable[[int], bytes] = secrets.token_bytes,
) -> Standing:
    """The feed as the project runs it. `rebuild`: `ingest.rebuild.Rebuild`; `stale`: `ingest.stale.StaleViewers`."""
    builders = ThreadPoolExecutor(4, thread_name_prefix="candidates")
    sources = ThreadPoolExecutor(16, thread_name_prefix="source")
    made = generators(sources, source_deadline_sec)
    answered, record = AnsweredLately(), Record(feeds)
    parts = Parts(
        models=models,
        gathering=Gathering(viewers, feeds, rebuild, stale, answered, pages_kept_sec),
        policies=PoliciesInForce(policies, default_policy or Policy()),
        viewers=viewers,
        feeds=feeds,
        building=Building(made["for_you"], viewers, builders, candidates_ttl_sec),
        latest=made["latest"],
        pipelines=pipelines(),
        answered=answered,
        cursor_key=cursor_key,
        pages_kept_sec=pages_kept_sec,
        candidates_ttl_sec=candidates_ttl_sec,
        after=(record, *after),
        chance=chance,
    )
    return Standing(Feed(parts), record, (builders, sources))


def generators(pool: ThreadPoolExecutor | None = None, deadline_sec: float = 0.15) -> dict[str, Generator]:
    """By mode. Shares of the candidates: what is found by whom; what few find leaves its places to the others."""
    for_you = [
        Share(ContentSource(), 0.28, at_request=True),
        Share(watched_next(), 0.20, at_request=True),
        Share(also_watched(), 0.16, at_request=True),
        Share(Factorization(), 0.10),
        Share(Popular(), 0.10),
        Share(TrendingSource(), 0.04),
        Share(Fresh(), 0.07),
        Share(NewCreators(), 0.05),
        Share(Following(), 0.04),
    ]
    return {
        "for_you": Generator(for_you, Fresh(), pool, deadline_sec),
        "latest": Generator([Share(Latest(), 1.0)], Latest(), pool, deadline_sec, rest=_newest),
    }


def _newest(models: Models) -> Rows:
    return models.orders.newest


def pipelines() -> dict[str, Pipeline]:
    """By mode."""
    filters = (Inactive(), Seen(), Blocked(), NotInterested(), NearDuplicate())
    ranker = Blend([Content(), Cf(), Popularity(), Exploration()], [Trending(), NewCreator()])
    return {"for_you": Pipeline(filters, ranker, Page()), "latest": Pipeline(filters, ranker, Newest())}
