"""The stages as the project runs them. To add one: its file, and its line here."""

from concurrent.futures import ThreadPoolExecutor

from reels.core.types import Rows
from reels.recommender.candidates.content import Content as ContentSource
from reels.recommender.candidates.factorization import Factorization
from reels.recommender.candidates.following import Following
from reels.recommender.candidates.fresh import Fresh, Latest
from reels.recommender.candidates.generator import Generator, Share
from reels.recommender.candidates.item_cf import (
    TwoSteps,
    alike_in_words,
    also_watched,
    linear,
    watched_next,
)
from reels.recommender.candidates.new_creators import NewCreators
from reels.recommender.candidates.newcomers import Newcomers
from reels.recommender.candidates.popular import Popular
from reels.recommender.candidates.recently_liked import RecentlyLiked
from reels.recommender.candidates.sequence import Sequence
from reels.recommender.candidates.shallow import Shallow
from reels.recommender.candidates.trending import Trending as TrendingSource
from reels.recommender.filters.blocked import Blocked
from reels.recommender.filters.inactive import Inactive
from reels.recommender.filters.near_duplicate import NearDuplicate
from reels.recommender.filters.not_interested import NotInterested
from reels.recommender.filters.seen import Seen
from reels.recommender.models import Models
from reels.recommender.pipeline import Pipeline
from reels.recommender.ranker.blend import Blend
from reels.recommender.ranker.learned import Learned
from reels.recommender.ranker.scores.cf import Cf
from reels.recommender.ranker.scores.content import Content
from reels.recommender.ranker.scores.exploration import Exploration
from reels.recommender.ranker.scores.new_creator import NewCreator
from reels.recommender.ranker.scores.popularity import Popularity
from reels.recommender.ranker.scores.trending import Trending
from reels.recommender.selection.page import Newest, Page

MODES = ("for_you", "latest")


def generators(pool: ThreadPoolExecutor | None = None, deadline_sec: float = 0.15) -> dict[str, Generator]:
    """By mode. Shares of the candidates: what is found by whom; what few find leaves its places to the others.

    The learned ranker is not misled by many from one source; its shares are learnt in training (`recommender.shares`).
    Those here are for snapshots without them, and find most next reels of MicroLens (`tune` split): two steps and
    factors reach furthest.
    """
    for_you = [
        Share(ContentSource(), 0.28, at_request=True, learned=0.12),
        Share(watched_next(), 0.20, at_request=True, learned=0.10),
        Share(also_watched(), 0.16, at_request=True, learned=0.10),
        Share(TwoSteps(), 0.1, ranker="learned"),
        Share(alike_in_words(), 0.14, at_request=True, ranker="learned"),
        Share(linear(), 0.1, ranker="learned"),
        Share(Newcomers(), 0.05, ranker="learned"),
        Share(Shallow(), 4.0, at_request=True, whole=True, ranker="learned"),
        Share(Sequence(), 4.0, at_request=True, whole=True, ranker="learned"),
        Share(Factorization(), 0.10, learned=0.1),
        Share(Popular(), 0.10, learned=0.05),
        Share(RecentlyLiked(), 0.1, ranker="learned"),
        Share(TrendingSource(), 0.04),
        Share(Fresh(), 0.07, learned=0.05),
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
    ranker = Learned(Blend([Content(), Cf(), Popularity(), Exploration()], [Trending(), NewCreator()]))
    return {"for_you": Pipeline(filters, ranker, Page()), "latest": Pipeline(filters, ranker, Newest())}
