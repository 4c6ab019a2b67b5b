"""A served page computed again, from its record, its snapshot and its policy."""

import asyncio

from reels.core.errors import NoSnapshot, UnknownFeed
from reels.core.policy import Policy
from reels.core.types import FeedPage, ServedFeed
from reels.learning.snapshot import open_snapshot
from reels.recommender.models import Models, build, no_models
from reels.recommender.replay import replay
from reels.recommender.standard import pipelines
from reels.wiring.stores import Stores


async def computed_again(stores: Stores, served: ServedFeed, loaded: Models | None = None) -> FeedPage:
    """The page as it comes out now; equal to the recorded one, bit for bit, unless code has changed.

    `loaded`: models at hand, used when they are of the page's snapshot. Raises UnknownFeed when the page's policy is
    gone, NoSnapshot when its snapshot is no longer kept.
    """
    page = served.page
    policy = await stores.policies.get(page.policy_version) if page.policy_version else Policy()
    if policy is None:
        raise UnknownFeed(f"{page.feed_id} (its policy, version {page.policy_version}, is gone)")

    def compute() -> FeedPage:
        models = loaded if loaded is not None and loaded.version == page.snapshot else _models(stores, page.snapshot)
        return replay(served, models, policy, pipelines())

    return await asyncio.to_thread(compute)


def _models(stores: Stores, version: str) -> Models:
    if not version:
        return no_models()
    if version not in stores.shelf.versions():
        raise NoSnapshot(f"snapshot {version} of this page is no longer kept: see REELS_SNAPSHOTS_KEPT")
    return build(open_snapshot(stores.shelf.root / version))
