"""What the viewer did, on its way to the API: nothing lost, nothing counted twice.

Each event gets its id here, once; the API keeps one event an id, so sending again is safe.
Unsent events are kept on the device and sent when the API is back. So is a draft of the watch
event of the reel on the screen: an app that dies loses the seconds since, not all of it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from reels_app.api_client import ApiBusy, ApiError, ApiRefused, Receipt
from reels_app.storage import Store

logger = logging.getLogger(__name__)

PENDING_KEY = "reels.pending_events"
DRAFT_KEY = "reels.unfinished_event"
ABANDONED = 15.0
"""Seconds after which a draft that nobody renews is of an app that died, not of another tab."""

Event = dict[str, Any]


class Sender(Protocol):
    """Takes a batch of events; raises ApiError when it could not."""

    async def send_events(self, events: Sequence[Event]) -> Receipt:
        """Hand over a batch."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How often events go out. Seconds, but `batch` and `keep` are counts.

    `keep` bounds what waits on the device: with the API away for very long the oldest watch
    and impression events go first, never a like or a block.
    """

    interval: float = 4.0
    first_retry: float = 1.0
    longest_retry: float = 60.0
    batch: int = 100
    keep: int = 2000


class EventQueue:
    """Events waiting to be sent. `wall` gives epoch seconds, `make_id` a new unique id."""

    def __init__(
        self,
        sender: Sender,
        store: Store,
        wall: Callable[[], float],
        make_id: Callable[[], str],
        pace: Pace = Pace(),
        chance: random.Random | None = None,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.sender, self.store, self.wall, self.make_id = sender, store, wall, make_id
        self.pace, self.pause = pace, pause
        self.chance = chance or random.Random()  # noqa: S311  jitter, not a secret  # nosec B311
        self.pending: OrderedDict[str, Event] = OrderedDict()
        self.failures = 0
        self.retry_after: float | None = None
        self.unfinished: Callable[[], Event | None] = lambda: None
        self._drafted = self._found = ""
        self._found_at = 0.0
        self._sending = asyncio.Lock()
        self._wake = asyncio.Event()

    async def restore(self) -> int:
        """Take up what an earlier run could not send; returns how many."""
        try:
            kept = json.loads(await self.store.read(PENDING_KEY) or "[]")
            older = OrderedDict((str(event["event_id"]), event) for event in kept)
        except (TypeError, ValueError, KeyError):
            logger.warning("kept events are unreadable and were dropped")
            older = OrderedDict()
        self.pending = OrderedDict(older | self.pending)
        self._found, self._found_at = await self.store.read(DRAFT_KEY) or "", self.wall()
        return len(older)

    def make(self, kind: str, reel_id: str, event_id: str = "", **more: Any) -> Event:
        """One event that happens now, not queued. None values are left out."""
        return {
            "event_id": event_id or self.make_id(),
            "reel_id": reel_id,
            "kind": kind,
            "occurred_at": int(self.wall() * 1000),
        } | {key: value for key, value in more.items() if value is not None}

    def add(self, kind: str, reel_id: str, event_id: str = "", **more: Any) -> Event:
        """Queue one event that happened now; returns it."""
        event = self.make(kind, reel_id, event_id, **more)
        self.pending[event["event_id"]] = event
        self._make_room()
        if len(self.pending) >= self.pace.batch:
            self._wake.set()
        return event

    async def keep(self) -> None:
        """Write what waits to the device."""
        await self.store.write(PENDING_KEY, json.dumps(list(self.pending.values())))

    async def draft(self) -> None:
        """Write what `unfinished` would send now to the device, where it has changed."""
        if self._found:
            await self._take_over()
            return
        event = self.unfinished()
        text = json.dumps(event) if event else ""
        if text != self._drafted:
            self._drafted = text
            await self.store.write(DRAFT_KEY, text)

    async def _take_over(self) -> None:
        """Queue the draft found on the device once nobody has renewed it for long enough."""
        if self.wall() - self._found_at < ABANDONED:
            return
        found, self._found = self._found, ""
        if await self.store.read(DRAFT_KEY) != found:
            return
        try:
            event = json.loads(found)
            self.pending.setdefault(str(event["event_id"]), event)
        except (TypeError, ValueError, KeyError):
            logger.warning("the draft of an event is unreadable and was dropped")

    async def flush(self) -> bool:
        """Send everything that waits. False when the API could not take it; all is kept then."""
        async with self._sending:
            had_any = bool(self.pending)
            while self.pending:
                batch = list(self.pending.values())[: self.pace.batch]
                if not await self._send(batch):
                    await self.keep()
                    return False
            if had_any:
                await self.keep()
            return True

    async def run(self) -> None:
        """Send at the pace, sooner when woken, slower while the API is away; ends by cancel."""
        while True:
            self._wake.clear()
            delay = self.next_delay()
            woken = asyncio.ensure_future(self._wake.wait())
            slept = asyncio.ensure_future(self.pause(delay))
            try:
                await asyncio.wait({woken, slept}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                woken.cancel()
                slept.cancel()
            await self.flush()
            await self.draft()

    async def drain(self, within: float) -> bool:
        """Try until everything is sent, `within` seconds at most; whether it was."""
        try:
            async with asyncio.timeout(within):
                while not await self.flush():
                    await self.pause(self.next_delay())
        except TimeoutError:
            logger.warning("%d events could not be sent", len(self.pending))
        return not self.pending

    def wake(self) -> None:
        """Send soon (unless the API asked for patience)."""
        if not self.failures:
            self._wake.set()

    def next_delay(self) -> float:
        """Seconds until the next try: the interval, or a doubling wait with jitter after failures."""
        if not self.failures:
            return self.pace.interval
        doublings = min(self.failures - 1, 16)
        wait = min(self.pace.first_retry * float(2**doublings), self.pace.longest_retry)
        return max(wait * self.chance.uniform(0.5, 1.0), self.retry_after or 0.0)

    async def _send(self, batch: list[Event]) -> bool:
        try:
            receipt = await self.sender.send_events(batch)
        except ApiRefused as refusal:
            if len(batch) > 1 and refusal.status in (400, 413, 422):
                half = len(batch) // 2
                return await self._send(batch[:half]) and await self._send(batch[half:])
            if refusal.status in (400, 413, 422):
                logger.warning("event refused for good: %s: %s", refusal, batch)
                self.pending.pop(batch[0]["event_id"], None)
                return True
            return self._failed(None)
        except ApiBusy as busy:
            return self._failed(busy.retry_after)
        except ApiError:
            return self._failed(None)
        for index, reason in receipt.rejected:
            logger.warning("event %d rejected: %s", index, reason)
        for event in batch:
            self.pending.pop(event["event_id"], None)
        self.failures, self.retry_after = 0, None
        return True

    def _failed(self, retry_after: float | None) -> bool:
        self.failures += 1
        self.retry_after = retry_after
        return False

    def _make_room(self) -> None:
        while len(self.pending) > self.pace.keep:
            light = (i for i, e in self.pending.items() if e["kind"] in ("impression", "watch", "skip"))
            self.pending.pop(next(light, next(iter(self.pending))))
