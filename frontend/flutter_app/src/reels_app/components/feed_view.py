"""The feed: one reel a page, the next one loaded ahead, more fetched before the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

import flet as ft

from reels_app import theme
from reels_app.components.reel_page import PageActions, ReelPage
from reels_app.components.stage import Stage
from reels_app.components.state_view import state_view, waiting_view
from reels_app.models import Mode, Showing, Trouble
from reels_app.viewing import IMPRESSION_AFTER

AHEAD, BEHIND, KEEP = 2, 1, 3
"""Films are put in for this many pages ahead and behind, and taken out beyond `KEEP` pages."""

TURN_LOCK = 0.42
"""Seconds during which further wheel turns and keys belong to the turn already made."""

FLUSH_EVERY = 4
"""Events are sent after this many page changes, or at the queue's own pace if sooner."""

FIRST = 1
"""The slot of the first reel; slot 0 is the page that refreshes when pulled into view."""


class FeedView:
    """Pages of the feed in `root`. `actions` is what pages may ask for beyond the feed."""

    def __init__(
        self,
        stage: Stage,
        why: Callable[[Showing], None],
        more: Callable[[Showing], None],
        share: Callable[[Showing], None],
        mute: Callable[[], None],
    ) -> None:
        self.stage, self.session = stage, stage.session
        self.actions = PageActions(why, more, share, self.on_wheel, mute)
        self.root = ft.Container(expand=True, bgcolor=theme.GROUND)
        # Says which reel is on the screen to those who do not see it.
        self.announcer = ft.Semantics(content=ft.Container(width=1, height=1), live_region=True, container=True)
        self.pages: list[ReelPage] = []
        self.view: ft.PageView | None = None
        self.refreshing = False
        self._slot = FIRST
        self._locked_until = 0.0
        self._turns = 0

    @property
    def current(self) -> ReelPage | None:
        """The page on the screen."""
        at = self._slot - FIRST
        return self.pages[at] if 0 <= at < len(self.pages) else None

    # Following the state

    def follow(self, what: str) -> None:
        """React to a change of the feed's state."""
        if self.refreshing:
            return
        if what == "cleared":
            self._start_over()
        elif what == "reels":
            self._sync()
        elif what in ("loading", "trouble"):
            self._show_state()
        elif what in ("liked", "saved", "following"):
            self.repaint()
        elif what == "hidden" and self.current:
            self.current.show_hidden()

    def repaint(self) -> None:
        """Show again what is liked, saved and followed on the pages that are built."""
        for page in self.pages:
            if page.rail is not None:
                page.rail.refresh()

    def relayout(self) -> None:
        """Build the pages near the screen again, for another layout or language."""
        for page in self.pages:
            page.empty()
        self._start_over()
        self._sync()

    def _start_over(self) -> None:
        self.pages, self.view, self._slot = [], None, FIRST
        self._announce(None)
        self._show_state()

    def _sync(self) -> None:
        """Make the pages those of the state, keeping the ones that stay."""
        state = self.session.state
        known = {page.reel.reel_id: page for page in self.pages}
        self.pages = [
            known.get(showing.reel.reel_id) or ReelPage(self.stage, showing, self.actions) for showing in state.showings
        ]
        if not self.pages:
            self._show_state()
            return
        if self.view is None:
            self._first_view()
            return
        waited_at_end = self.current is None or self.current is not known.get(self.current.reel.reel_id)
        self.view.controls = self._slots()
        self.view.update()
        if waited_at_end and FIRST <= self._slot < FIRST + len(self.pages):
            self.stage.later(self._arrive)
        elif self.current is not None:
            self._fill_around()

    def _first_view(self) -> None:
        self._slot = FIRST + min(self.session.state.index, len(self.pages) - 1)
        self.pages[self._slot - FIRST].fill(autoplay=True)
        self.view = ft.PageView(
            self._slots(),
            horizontal=False,
            implicit_scrolling=True,
            expand=True,
            selected_index=self._slot,
            on_change=self._on_change,
        )
        self.root.content = self.view
        self.root.update()
        self.stage.later(self._arrive)

    def _slots(self) -> list[ft.Control]:
        return [self._pull_page(), *(page.slot for page in self.pages), self._end_page()]

    def _show_state(self) -> None:
        """What stands where there is no reel, or after the last one."""
        if self.view is None:
            self.root.content = self._instead()
            self.root.update()
        elif isinstance(end := self.view.controls[-1], ft.Container):
            end.content = self._instead()
            end.update()

    def _instead(self) -> ft.Control:
        words, state = self.stage.words, self.session.state
        if state.trouble is Trouble.OFFLINE:
            return state_view(
                ft.Icons.CLOUD_OFF_ROUNDED,
                words("offline_title"),
                words("offline_text"),
                words("try_again"),
                self.retry,
                "offline",
            )
        if state.trouble is Trouble.REFUSED:
            return state_view(
                ft.Icons.SENTIMENT_DISSATISFIED_ROUNDED,
                words("refused_title"),
                "",
                words("try_again"),
                self.retry,
                "refused",
            )
        if not state.ended or state.loading:
            return waiting_view(words("loading"))
        if state.mode is Mode.SAVED and not state.showings:
            return state_view(
                ft.Icons.BOOKMARK_ROUNDED,
                words("saved_empty_title"),
                words("saved_empty_text"),
                identifier="saved-empty",
            )
        return state_view(
            ft.Icons.SPA_ROUNDED, words("end_title"), words("end_text"), words("refresh"), self.refresh, "end"
        )

    def _end_page(self) -> ft.Container:
        return ft.Container(self._instead(), expand=True, bgcolor=theme.GROUND)

    def _pull_page(self) -> ft.Container:
        return ft.Container(waiting_view(self.stage.words("refreshing")), expand=True, bgcolor=theme.GROUND)

    # Turning pages

    async def _on_change(self, event: ft.Event[ft.PageView]) -> None:
        left, self._slot = self.current, int(event.data or 0)
        if left is not None:
            self.stage.later(left.play, False)
        await self._arrive()

    async def _arrive(self) -> None:
        """The page of `_slot` is on the screen: play it, count it, look ahead."""
        page, slot = self.current, self._slot
        if page is None:
            self.session.leave()
            await (self._pulled() if slot < FIRST else self.session.fetch_more())
            return
        self.session.arrive(slot - FIRST)
        self._announce(page)
        self._fill_around()
        if page.paused:  # it was left standing still
            page.show_paused(False)
        self.stage.later(page.play, True)
        self._turns += 1
        if self._turns % FLUSH_EVERY == 0:
            self.session.queue.wake()
        self.stage.later(self.session.near_end)
        await asyncio.sleep(IMPRESSION_AFTER + 0.05)
        if self._slot == slot:
            self.session.tick()
            await self.session.queue.keep()

    def _announce(self, page: ReelPage | None) -> None:
        self.announcer.identifier = f"now-{page.reel.reel_id}" if page else None
        self.announcer.label = f"{page.reel.creator}: {page.reel.title}" if page else None
        self.announcer.update()

    def _fill_around(self) -> None:
        at = self._slot - FIRST
        for place, page in enumerate(self.pages):
            near = -BEHIND <= place - at <= AHEAD
            changed = page.fill() if near else abs(place - at) > KEEP and page.empty()
            if changed:
                page.slot.update()
            page.reach(place == at)

    async def go(self, delta: int) -> None:
        """Turn `delta` pages, once per gesture: a wheel or a held key does not run away."""
        now = self.session.monotonic()
        target = self._slot + delta
        if self.view is None or now < self._locked_until or not self._within(target):
            return
        self._locked_until = now + TURN_LOCK
        await self.go_to(target)

    async def go_to(self, slot: int) -> None:
        """Turn to `slot`, without travelling there when motion is to be reduced."""
        if self.view is None:
            return
        with suppress(RuntimeError):  # the viewer left while the page was turning
            if self.stage.choices.still:
                await self.view.jump_to_page(slot)
            else:
                await self.view.go_to_page(slot, theme.TURN_MS, ft.AnimationCurve.EASE_OUT_CUBIC)

    def on_wheel(self, delta: float) -> None:
        """A turn of the wheel, however small, is one page."""
        if abs(delta) >= 1:
            self.stage.later(self.go, 1 if delta > 0 else -1)

    def _within(self, slot: int) -> bool:
        return FIRST <= slot <= FIRST + len(self.pages)

    # Fetching

    async def _pulled(self) -> None:
        await self._refresh()

    def refresh(self) -> None:
        """Fetch the feed anew, from its beginning."""
        self.stage.later(self._refresh)

    async def _refresh(self) -> None:
        if self.refreshing:
            return
        self.refreshing = True
        fresh = await self.session.refresh()
        self.refreshing = False
        if fresh:
            self.pages, self.view, self._slot = [], None, FIRST
            self._sync()
            return
        self.stage.say(self.stage.words("offline_title"))
        self._sync()
        if self.view is not None and self.pages:
            await self.go_to(max(self._slot, FIRST))

    def retry(self) -> None:
        """Try to fetch again what could not be fetched."""
        self.stage.later(self.session.fetch_more)
