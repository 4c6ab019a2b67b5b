"""Batch answers, put together: models as the feed has them, the policy in force, worker processes."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass

from reels.core.errors import NoSnapshot
from reels.core.policy import Policy
from reels.ingest.rebuild import Rebuild
from reels.recommender.batch import BatchViewer
from reels.recommender.batch_processes import BatchProcesses
from reels.recommender.batch_viewers import viewers_of
from reels.recommender.keeper import Keeper
from reels.recommender.models import Models
from reels.wiring.policies import policy_of
from reels.wiring.stores import Stores


@dataclass(frozen=True, slots=True)
class BatchRoom:
    """What `reels batch` and `reels score` work with."""

    models: Models
    policy: Policy
    processes: BatchProcesses
    stores: Stores

    def viewers(self, wanted: Collection[str] | None = None) -> AsyncIterator[list[BatchViewer]]:
        """All viewers with events, or the wanted ones."""
        stores = self.stores
        rebuild = Rebuild(stores.users, stores.interactions, stores.viewers)
        return viewers_of(stores.users, stores.interactions, rebuild, wanted)


@asynccontextmanager
async def open_batch(stores: Stores, now: float, processes: int, policy_name: str = "") -> AsyncIterator[BatchRoom]:
    """Models as of now and processes that have them, under a policy by name or, without one, the one in force.

    NoSnapshot: nothing trained yet. ConfigError: no such policy.
    """
    keeper = Keeper(stores.shelf, stores.reels, stores.embeddings, stores.signals)
    await keeper.refresh_snapshot()
    if not keeper.models.version:
        raise NoSnapshot("nothing trained yet: run `reels jobs run` first")
    await keeper.refresh_catalogue(now)
    await keeper.refresh_signals()
    policy = await policy_of(stores, policy_name, keeper.models.snapshot)
    directory = stores.shelf.root / keeper.models.version
    pool = BatchProcesses(directory, keeper.models, policy, now, processes)
    try:
        yield BatchRoom(keeper.models, policy, pool, stores)
    finally:
        pool.close()
