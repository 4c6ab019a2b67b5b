"""GET /feed, from the viewer to the page. Read `Feed.page` from top to bottom: it is the story of a request."""

import asyncio
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import structlog

from reels.core.errors import StoreError
from reels.core.keys import keys_of
from reels.core.policy import Policy
from reels.core.ports import FeedStore, ViewerStore
from reels.core.stopwatch import Stopwatch
from reels.core.types import CandidateSet, FeedPage, FeedQuery, RankedReel
from reels.core.user_state import digest
from reels.recommender.after.refresh_candidates import RefreshCandidates
from reels.recommender.answered import Answered, AnsweredLately
from reels.recommender.building import Building
from reels.recommender.candidates.generator import Found, Generator
from reels.recommender.cursor import Cursor, after, page_seed, sign, verify
from reels.recommender.gathering import Gathering, Known
from reels.recommender.models import Models
from reels.recommender.note import PageNote, unnoted
from reels.recommender.pipeline import Pipeline, complete
from reels.recommender.policies import PoliciesInForce
from reels.recommender.render import page_json
from reels.recommender.selection.spread import WINDOW
from reels.recommender.stages import AfterWork, Done, PageInputs, Viewer
from reels.recommender.viewer import viewer_of

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a feed is made of. `chance` gives n random bytes, `ticks` counts seconds."""

    models: Callable[[], Models]
    gathering: Gathering
    policies: PoliciesInForce
    viewers: ViewerStore
    feeds: FeedStore
    building: Building
    latest: Generator
    pipelines: dict[str, Pipeline]
    answered: AnsweredLately
    cursor_key: bytes
    pages_kept_sec: float = 6 * 3600.0
    candidates_ttl_sec: float = 300.0
    after: Sequence[AfterWork] = ()
    chance: Callable[[int], bytes] = secrets.token_bytes
    ticks: Callable[[], float] = time.perf_counter


class Feed:
    """Answers GET /feed."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._after = (*parts.after, RefreshCandidates(self._build_ahead, parts.candidates_ttl_sec))
        self._running: set[asyncio.Task[None]] = set()

    async def page(
        self,
        user_id: str,
        *,
        limit: int,
        cursor: str | None,
        mode: str,
        now: float,
        request_id: str = "",
        note: Callable[[PageNote], None] = unnoted,
    ) -> bytes:
        """A page as JSON. The same cursor again gives the same page; BadCursor: not ours, or another viewer's.

        `note` is told what became of it just before it is answered.
        """
        watch = Stopwatch(self._parts.ticks)
        place = self._place(user_id, cursor, mode, now)
        models = self._parts.models()
        known = await self._parts.gathering.read(user_id, place.feed_id if cursor else "", now)
        watch.lap("read")
        if cursor and (before := await self._answered_before(user_id, place, known, models, now)):
            note(PageNote(place.feed_id, known.degraded, watch.total(), again=True, viewer_kept=not known.from_truth))
            return before
        policy, sure = await self._parts.policies.of(known.policy_version, now)
        query = FeedQuery(user_id, limit, now, page_seed(place), place.feed_id, request_id, mode=place.mode)
        viewer = viewer_of(known.state, models, known.seen, known.served)
        watch.lap("viewer")
        cached, found = await self._candidates(query, viewer, models, policy, known)
        watch.lap("candidates")
        inputs = _inputs(query, viewer, models, known, cached, found, policy_sure=sure)
        generator = self._parts.latest if place.mode == "latest" else self._parts.building.generator
        inputs, computed = complete(inputs, models, policy, self._parts.pipelines[place.mode], generator)
        watch.lap("rank")
        token = (
            sign(after(place, now), user_id, self._parts.cursor_key) if computed.left and computed.page.items else None
        )
        page = replace(computed.page, next_cursor=token)
        body = page_json(page, models)
        watch.lap("render")
        body_kept = await self._keep(page, body, known, now)
        watch.lap("keep")
        again = body_kept is not body and body_kept != body
        page = replace(page, timings_ms=watch.total())
        note(PageNote(page.feed_id, page.degraded, page.timings_ms, again=again, viewer_kept=not known.from_truth))
        if again:
            return body_kept
        self._then(Done(query, page, inputs, models, cached if place.mode == "for_you" else None))
        return body

    async def settle(self) -> None:
        """Waits for all work after pages: at the end of the process, and in tests."""
        while self._running:
            await asyncio.gather(*self._running)

    def _place(self, user_id: str, cursor: str | None, mode: str, now: float) -> Cursor:
        """Where in which session: from the cursor, or a new session."""
        if cursor:
            return verify(cursor, user_id, self._parts.cursor_key)
        chance = self._parts.chance(24)
        return Cursor(chance[:16].hex(), int.from_bytes(chance[16:], "little"), 0, mode, int(now))

    async def _answered_before(
        self, user_id: str, place: Cursor, known: Known, models: Models, now: float
    ) -> bytes | None:
        """The page already answered for this cursor: from Redis, from this process, or from the record."""
        page = known.page or self._parts.answered.page(place.feed_id, user_id)
        if page is not None or not (known.from_truth or now - place.issued_at > self._parts.pages_kept_sec):
            return page
        try:
            recorded = await self._parts.feeds.get(place.feed_id)
        except StoreError:
            return None
        if recorded is None or recorded.page.user_id != user_id:
            return None
        return page_json(_in_these(recorded.page, models), models)

    async def _candidates(
        self, query: FeedQuery, viewer: Viewer, models: Models, policy: Policy, known: Known
    ) -> tuple[CandidateSet, Found]:
        """The kept set or a new one, and what has happened since it was built."""
        parts = self._parts
        if query.mode == "latest":
            cached = await asyncio.to_thread(parts.latest.build, query, viewer, models, policy)
            return cached, parts.latest.at_request(cached, query, viewer, models, policy)
        kept_set = parts.building.usable(known.candidates, models, query.now)
        cached = kept_set or await parts.building.build(query, viewer, models, policy)
        return cached, parts.building.generator.at_request(cached, query, viewer, models, policy)

    async def _keep(self, page: FeedPage, body: bytes, known: Known, now: float) -> bytes:
        """Keeps the page for retries and remembers what it shows; the page that was first under this id."""
        shown = keys_of(item.reel_id for item in page.items)
        self._parts.answered.add(page.feed_id, Answered(page.user_id, body, shown, now))
        try:
            return await self._parts.viewers.put_page(
                page.user_id, page.feed_id, body, np.concatenate([known.recovered, shown])
            )
        except StoreError as error:
            _log.warning("page not kept for retries in redis", feed_id=page.feed_id, reason=str(error))
            return body

    def _then(self, done: Done) -> None:
        """Starts the work after a page: one after the other, the building of new candidates last."""
        task = asyncio.create_task(self._run_all(done))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _run_all(self, done: Done) -> None:
        for work in self._after:
            await self._run(work, done)

    async def _run(self, work: AfterWork, done: Done) -> None:
        try:
            await work.run(done)
        except StoreError as error:
            _log.warning("work after a page failed", work=work.name, feed_id=done.page.feed_id, reason=str(error))
        except Exception:  # the page is out: nobody is left to tell but the log
            _log.exception("work after a page failed", work=work.name, feed_id=done.page.feed_id)

    async def _build_ahead(self, done: Done) -> None:
        """A new candidate set for the viewer as it is now that this page is out."""
        viewer = done.inputs.viewer
        shown = done.models.keys[[item.row for item in done.page.items]]
        now = replace(viewer, served=np.union1d(viewer.served, shown))
        policy, _ = await self._parts.policies.of(done.page.policy_version, done.query.now)
        await self._parts.building.build(done.query, now, done.models, policy)


def _inputs(
    query: FeedQuery,
    viewer: Viewer,
    models: Models,
    known: Known,
    cached: CandidateSet,
    found: Found,
    *,
    policy_sure: bool,
) -> PageInputs:
    above = models.rows_of(known.served[-WINDOW:])
    degraded = [*known.degraded, *([] if policy_sure or "mongo" in known.degraded else ["mongo"]), *cached.failed]
    if not models.version:
        degraded.append("no_snapshot")
    return PageInputs(
        query=query,
        viewer=viewer,
        candidates=found.rows,
        found_by=found.found_by,
        sources=cached.sources,
        above=above[above >= 0],
        degraded=tuple(dict.fromkeys(degraded)),
        state_digest=digest(known.state),
    )


def _in_these(page: FeedPage, models: Models) -> FeedPage:
    """A recorded page with the rows its reels have now; reels that are gone are left out."""
    rows = models.rows_of(keys_of(item.reel_id for item in page.items)).tolist()
    items: list[RankedReel] = [
        replace(item, row=row) for item, row in zip(page.items, rows, strict=True) if row >= 0 and models.active[row]
    ]
    return replace(page, items=tuple(items))
