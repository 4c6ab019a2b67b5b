"""POST /events, top to bottom.

    read      each item on its own; what can't be read is rejected with its index and why
    look up   the reel: unknown is rejected; its duration and creator are filled in where the event needs them,
              and the viewer's region
    store     MongoDB, idempotent: from here on the events are acknowledged
    react     the viewer's state and seen set, so that the next page obeys
    mark      "the reactions have run", off the path

Redis failing costs nothing but the mark: the events stay unreacted, the viewer counts as stale in this process (its
pages come from MongoDB), and `replay` makes good later. MongoDB failing is StoreUnavailable and nothing is done.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from weakref import WeakValueDictionary

import structlog

from reels.core.errors import StoreError
from reels.core.ports import InteractionStore, ViewerStore
from reels.core.stopwatch import Stopwatch
from reels.core.types import Event, IngestReceipt, Rejection
from reels.core.user_state import NAMES_CREATOR
from reels.ingest.catalogue import Catalogue, KnownReel
from reels.ingest.marking import Marking
from reels.ingest.reactions.reaction import Reaction
from reels.ingest.regions import ViewerRegions
from reels.ingest.stale import StaleViewers
from reels.ingest.wire_event import read_batch, read_events

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class EventIngest:
    """Takes batches of events of one viewer at a time."""

    catalogue: Catalogue
    interactions: InteractionStore
    regions: ViewerRegions
    viewers: ViewerStore
    reactions: Sequence[Reaction]
    marking: Marking
    stale: StaleViewers = field(default_factory=StaleViewers)
    reaction_deadline_sec: float = 1.0
    """Reactions slower than this are left to the replay; the acknowledgement does not wait for them."""
    ticks: Callable[[], float] = time.perf_counter
    """Counts seconds."""
    _turns: WeakValueDictionary[str, asyncio.Lock] = field(default_factory=WeakValueDictionary)
    """One batch of a viewer reacts at a time in this process: side by side they would only collide in Redis."""

    async def take(self, user_id: str, body: bytes, now: float) -> IngestReceipt:
        """Store what can be stored of `{"events": [...]}` and let it act. `now` is epoch s.

        Raises BadRequest when the body as a whole can't be read (TooManyEvents when it holds too many), and
        StoreUnavailable when MongoDB does not answer: then nothing is acknowledged, and sending again is safe.
        """
        watch = Stopwatch(self.ticks)
        read, rejected = read_events(read_batch(body), user_id, now)
        watch.lap("read")
        region = await self.regions.of(user_id, now) if read else ""
        events, unknown = await self._with_reels(read, region)
        receipt = IngestReceipt(0, 0, tuple(sorted([*rejected, *unknown], key=lambda one: one.index)))
        if not events:
            return receipt
        watch.lap("look up")
        outcome = await self.interactions.insert(events, now)
        watch.lap("store")
        stored = [events[i] for i in outcome.stored]
        reacted = await self._react(user_id, stored, retried=bool(outcome.duplicates))
        if reacted:
            self.marking.mark(user_id, [events[i].event_id for i in outcome.unreacted])
        watch.lap("react")
        return replace(
            receipt,
            stored=len(stored),
            duplicates=len(outcome.duplicates),
            ages_sec=tuple(now - event.occurred_at for event in stored),
            reacted=reacted,
            timings_ms=watch.total(),
        )

    async def _with_reels(self, read: list[tuple[int, Event]], region: str) -> tuple[list[Event], list[Rejection]]:
        known = await self.catalogue.find(event.reel_id for _, event in read)
        events, rejected = [], []
        for index, event in read:
            reel = known.get(event.reel_id)
            if reel is None:
                rejected.append(Rejection(index, "reel_id: no such reel"))
            elif event.kind in NAMES_CREATOR and not reel.creator_id:
                rejected.append(Rejection(index, "kind: the creator of this reel is not known"))
            else:
                events.append(_completed(event, reel, region))
        return events, rejected

    async def _react(self, user_id: str, stored: list[Event], *, retried: bool) -> bool:
        """Whether the reactions have run. Never raises: the events are on disk, whatever happens here."""
        try:
            async with asyncio.timeout(self.reaction_deadline_sec), self._turn_of(user_id):
                if retried:
                    await self.viewers.drop_state([user_id])
                for reaction in self.reactions:
                    await reaction.on_events(user_id, stored)
        except (StoreError, TimeoutError) as error:
            self.stale.add(user_id)
            _log.warning("reactions left to the replay", reason=str(error) or "too slow", events=len(stored))
        except Exception:
            self.stale.add(user_id)
            _log.exception("a reaction failed; left to the replay", events=len(stored))
        else:
            return True
        return False

    def _turn_of(self, user_id: str) -> asyncio.Lock:
        return self._turns.setdefault(user_id, asyncio.Lock())


def _completed(event: Event, reel: KnownReel, region: str) -> Event:
    """With the viewer's region, the reel's duration where the client gave none, its creator where it is about them."""
    duration = event.duration_sec or reel.duration_sec
    creator = reel.creator_id if event.kind in NAMES_CREATOR else ""
    if creator or region or duration != event.duration_sec:
        return replace(event, duration_sec=duration, creator_id=creator, region=region)
    return event
