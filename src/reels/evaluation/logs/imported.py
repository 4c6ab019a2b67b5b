"""What was imported into this deployment: catalogue and interactions from the stores.

There is no label of its own: positive is what the models learn from, a value above 0 (`core.feedback`).
"""

from reels.core.errors import InputError
from reels.core.ports import InteractionStore, ReelStore
from reels.core.types import ReelStatus
from reels.evaluation.log import Catalogue, Log, catalogue_of, log_of
from reels.learning.interactions import Collector

NAME = "imported"


async def read(reels: ReelStore, interactions: InteractionStore) -> tuple[Catalogue, Log]:
    """Active reels and all that viewers did with them. Raises InputError where nothing was imported."""
    stored = [one.reel async for batch in reels.stream() for one in batch if one.reel.status is ReelStatus.ACTIVE]
    catalogue = catalogue_of(stored)
    collector = Collector()
    async for columns in interactions.stream():
        collector.add(columns)
    pairs = collector.finish()
    rows = catalogue.rows_of_keys(pairs.reels)
    known = rows >= 0
    if not known.any():
        raise InputError("nothing to evaluate on: import reels and events first (`reels import`)")
    log = log_of(
        pairs.users[known],
        rows[known],
        pairs.at[known],
        pairs.values[known] > 0,
        catalogue.n,
        values=pairs.values[known],
        watched=pairs.watched[known],
        kinds=pairs.kinds[known],
    )
    return catalogue, log
