"""One viewer at one screen: the feed state, what they do, and what is sent of it. No Flet here."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from reels_app.api_client import ApiClient, ApiError, ApiRefused
from reels_app.events import Event, EventQueue
from reels_app.models import FeedPage, FeedState, Mode, Profile, Reel, Showing, Trouble
from reels_app.viewing import Viewing

logger = logging.getLogger(__name__)

PREFETCH = 5
"""Fetch the next page when this few reels are left."""

TRIES = 4
"""Pages asked for in a row before the feed counts as ended: they held only what is known."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A thing one can do and undo: the two kinds of event, and the set of the state it fills."""

    do: str
    undo: str
    holds: str
    of_creator: bool = False


LIKE = Pair("like", "unlike", "liked")
SAVE = Pair("save", "unsave", "saved")
HIDE = Pair("not_interested", "undo_not_interested", "hidden")
FOLLOW = Pair("follow", "unfollow", "following", of_creator=True)
BLOCK = Pair("block", "unblock", "blocked", of_creator=True)


class ViewerSession:
    """Ties the API, the event queue and the feed state together.

    `monotonic` gives seconds for watch time; `page_size` reels are fetched at a time.
    """

    def __init__(
        self,
        client: ApiClient,
        queue: EventQueue,
        monotonic: Callable[[], float],
        page_size: int = 10,
    ) -> None:
        self.client, self.queue, self.monotonic, self.page_size = (
            client,
            queue,
            monotonic,
            page_size,
        )
        self.state = FeedState()
        self.viewing: Viewing | None = None
        self._fetching = asyncio.Lock()
        queue.unfinished = self.unfinished

    # The feed

    async def open(self, reel_id: str | None = None) -> None:
        """Sign in, take up unsent events, and fill the feed; `reel_id` comes first when given."""
        await self.queue.restore()
        if reel_id:
            await self._put_first(reel_id)
        await self.fetch_more()
        await self._recall()

    async def fetch_more(self) -> int:
        """Fetch the next page, after what the viewer did so far is known; returns reels added.

        A page that brings nothing new is followed by the next one, `TRIES` times at most.
        """
        async with self._fetching:
            mode, added = self.state.mode, 0
            for _ in range(TRIES):
                if added or self.state.ended or mode is not self.state.mode:
                    break
                self._loading(True)
                try:
                    await self.queue.flush()
                    page = await self._page(mode)
                except ApiError as error:
                    self._fail(error)
                    return 0
                if mode is self.state.mode:
                    added = self._take(page)
            else:
                self.state.ended = self.state.ended or not added
            self._loading(False)
            self.state.changed("reels")
            return added

    def _take(self, page: FeedPage) -> int:
        state = self.state
        added = state.append(page)
        state.cursor, state.degraded, state.trouble = page.next_cursor, page.degraded, None
        state.ended = page.next_cursor is None or not page.items
        return added

    async def near_end(self) -> None:
        """Fetch more when few reels are left and nothing is under way."""
        left = len(self.state.showings) - 1 - self.state.index
        if left < PREFETCH and not self._fetching.locked() and not self.state.ended:
            await self.fetch_more()

    async def switch(self, mode: Mode) -> None:
        """Show another feed from its beginning."""
        self.leave()
        self.state.mode = mode
        self.state.clear()
        self.state.changed("cleared")
        await self.fetch_more()

    async def refresh(self) -> bool:
        """Fetch the same feed anew; keeps what is on the screen when that fails."""
        state = self.state
        before = (list(state.showings), state.index, state.cursor, state.ended)
        self.leave()
        state.clear()
        await self.fetch_more()
        if state.trouble is None:
            return True
        state.showings, state.index, state.cursor, state.ended = before
        state.changed("reels")
        return False

    async def show_reel(self, reel: Reel) -> None:
        """Put one reel right after the current one (from the profile's grid)."""
        at = self.state.index + 1 if self.state.showings else 0
        self.state.showings = [
            showing
            for place, showing in enumerate(self.state.showings)
            if place < at or showing.reel.reel_id != reel.reel_id
        ]
        self.state.showings.insert(at, Showing(reel))
        self.state.changed("reels")

    async def _page(self, mode: Mode) -> FeedPage:
        if mode is not Mode.SAVED:
            return await self.client.feed(mode, self.page_size, self.state.cursor)
        profile = await self.client.profile()
        self._learn(profile)
        return FeedPage("", profile.saved, None)

    async def _put_first(self, reel_id: str) -> None:
        try:
            self.state.showings.insert(0, Showing(await self.client.reel(reel_id)))
        except ApiRefused as refusal:
            logger.info("linked reel %s: %s", reel_id, refusal)
            self.state.changed("no_such_reel")
        except ApiError as error:
            self._fail(error)

    async def _recall(self) -> None:
        try:
            await self.profile()
        except ApiError as error:
            logger.info("profile not read yet: %s", error)

    def _loading(self, loading: bool) -> None:
        self.state.loading = loading
        self.state.changed("loading")

    def _fail(self, error: ApiError) -> None:
        refused = isinstance(error, ApiRefused)
        logger.warning("feed: %s", error)
        self.state.trouble = Trouble.REFUSED if refused else Trouble.OFFLINE
        self.state.loading = False
        self.state.changed("trouble")

    # What the viewer does

    def toggle(self, pair: Pair, showing: Showing, on: bool | None = None) -> bool:
        """Do or undo (`on` None: the other of what is); returns whether it is on now."""
        reel = showing.reel
        held: set[str] = getattr(self.state, pair.holds)
        name = reel.creator_id if pair.of_creator else reel.reel_id
        was = name in held
        now = (not was) if on is None else on
        if now == was:
            return now
        (held.add if now else held.discard)(name)
        self._event(pair.do if now else pair.undo, showing)
        self.queue.wake()
        if pair is BLOCK and now and self.state.drop_upcoming(name):
            self.state.changed("reels")
        self.state.changed(pair.holds)
        return now

    def is_on(self, pair: Pair, reel: Reel) -> bool:
        """Whether `pair` is done for `reel` (or its creator)."""
        held: set[str] = getattr(self.state, pair.holds)
        return (reel.creator_id if pair.of_creator else reel.reel_id) in held

    def shared(self, showing: Showing) -> None:
        """The viewer copied a link to the reel."""
        self._event("share", showing)
        self.queue.wake()

    async def profile(self) -> Profile:
        """Ask the API what it keeps of this viewer (events first, so that it is up to date)."""
        await self.queue.flush()
        profile = await self.client.profile()
        self._learn(profile)
        return profile

    async def start_afresh(self) -> None:
        """Forget what was learned, here and there, and begin a new feed; what was saved, followed or blocked stays."""
        self.leave()
        await self.queue.flush()
        await self.client.start_afresh()
        self.state.liked.clear()
        self.state.hidden.clear()
        await self.switch(Mode.FOR_YOU)

    def _learn(self, profile: Profile) -> None:
        state = self.state
        if any(event["kind"] not in ("impression", "watch", "skip") for event in self.queue.pending.values()):
            return  # what is still unsent is newer than the answer
        state.liked = {reel.reel_id for reel in profile.liked}
        state.saved = {reel.reel_id for reel in profile.saved}
        state.following, state.blocked = set(profile.following), set(profile.blocked)
        state.changed("liked")

    # Watching

    def arrive(self, index: int) -> None:
        """Reel `index` is on the screen; the one before is left."""
        self.leave()
        self.state.index = index
        if (showing := self.state.current) is not None:
            self.viewing = Viewing(showing.reel.reel_id, showing.reel.duration_sec)
            self.viewing.meter.resume(self.monotonic())

    def tick(self) -> None:
        """Call a moment after arriving: sends the impression when it was really shown."""
        viewing, showing = self.viewing, self.state.current
        if viewing is None or showing is None or viewing.reel_id != showing.reel.reel_id:
            return
        if viewing.shown(self.monotonic()):
            self._event("impression", showing)

    def pause(self) -> None:
        """Nothing plays: paused by the viewer or hidden."""
        if self.viewing:
            self.viewing.meter.pause(self.monotonic())

    def resume(self) -> None:
        """It plays again."""
        if self.viewing:
            self.viewing.meter.resume(self.monotonic())

    def leave(self) -> None:
        """The reel on the screen is left: its watch time goes into the queue."""
        self.tick()
        self.report()
        self.viewing = None

    def report(self) -> None:
        """Queue the seconds watched since the last report (on leaving, hiding, closing)."""
        viewing, showing = self.viewing, self._showing_of(self.viewing)
        if viewing is None or showing is None:
            return
        outcome = viewing.leave(self.monotonic())
        if outcome is not None:
            kind, seconds = outcome
            self.queue.add(kind, **self._told(showing), watch_sec=seconds, event_id=viewing.report_id)
            viewing.report_id = ""

    def unfinished(self) -> Event | None:
        """What leaving the reel on the screen now would send."""
        viewing, showing = self.viewing, self._showing_of(self.viewing)
        outcome = viewing.outcome(self.monotonic()) if viewing else None
        if viewing is None or showing is None or outcome is None:
            return None
        viewing.report_id = viewing.report_id or self.queue.make_id()
        kind, seconds = outcome
        return self.queue.make(kind, **self._told(showing), watch_sec=seconds, event_id=viewing.report_id)

    def _showing_of(self, viewing: Viewing | None) -> Showing | None:
        if viewing is None:
            return None
        current = self.state.current
        if current is not None and current.reel.reel_id == viewing.reel_id:
            return current
        every = (s for s in self.state.showings if s.reel.reel_id == viewing.reel_id)
        return next(every, None)

    def _event(self, kind: str, showing: Showing) -> None:
        self.queue.add(kind, **self._told(showing))

    @staticmethod
    def _told(showing: Showing) -> dict[str, Any]:
        """What every event tells of the reel and its place in the feed."""
        return {
            "reel_id": showing.reel.reel_id,
            "duration_sec": showing.reel.duration_sec or None,
            "feed_id": showing.feed_id or None,
            "position": showing.position,
        }
