"""The whole screen: the feed, the navigation over it, the sheets and the profile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import flet as ft

from reels_app import theme
from reels_app.api_client import ApiError
from reels_app.components.feed_view import FeedView
from reels_app.components.more_sheet import more_sheet
from reels_app.components.press import Press, round_icon
from reels_app.components.profile_view import ProfileView
from reels_app.components.reel_page import ReelPage
from reels_app.components.side_bar import SideBar
from reels_app.components.stage import Stage
from reels_app.components.top_bar import TopBar
from reels_app.components.why_sheet import why_sheet
from reels_app.models import Mode, Reel, Showing
from reels_app.session import BLOCK, HIDE, LIKE, SAVE, Pair

PRESS_WITHIN = 0.15
"""Seconds between the space bar and what is told of the press it made."""


class AppShell:
    """Puts the parts on the page and ties them together.

    `on_choice` is called when language or motion changed, to keep the choice on the device.
    """

    def __init__(self, stage: Stage, on_choice: Callable[[], None]) -> None:
        self.stage, self.session, self.on_choice = stage, stage.session, on_choice
        self.feed = FeedView(stage, self.open_why, self.open_more, self.share, self.toggle_mute)
        self.bar: TopBar | SideBar | None = None
        self.profile: ProfileView | None = None
        self.sheet_open = False
        self.stack = ft.Stack([], expand=True)
        self.session.state.watchers.append(self._follow)

    def show(self) -> None:
        """Put everything on the page."""
        self._arrange()
        self.stage.page.add(self.stack)

    def resized(self) -> None:
        """Another size: change the layout when it asks for another one."""
        if self.stage.measure():
            self._arrange()
            self.stack.update()
            self.feed.relayout()

    def _arrange(self) -> None:
        stage = self.stage
        if stage.wide:
            self.bar = SideBar(stage, self.switch, self.open_profile, self.feed.refresh)
            turns = [
                self._turner("previous", ft.Icons.KEYBOARD_ARROW_UP_ROUNDED, -1),
                self._turner("next", ft.Icons.KEYBOARD_ARROW_DOWN_ROUNDED, 1),
            ]
            side: dict[str, Any] = {"left": 0} if stage.words.right_to_left else {"right": 0}
            self.extra: list[ft.Control] = [
                ft.Container(
                    ft.Column(turns, spacing=theme.S3, alignment=ft.MainAxisAlignment.CENTER),
                    top=0,
                    bottom=0,
                    width=88,
                    **side,
                )
            ]
        else:
            self.bar = TopBar(stage, self.switch, self.open_profile)
            self.extra = []
        feed = ft.Container(self.feed.root, **theme.EDGES)
        over = [self.profile] if self.profile is not None else []
        announcer = ft.Container(self.feed.announcer, left=0, top=0)
        self.stack.controls = [feed, announcer, self.bar, *self.extra, *over]

    def _turner(self, name: str, icon: ft.IconData, delta: int) -> ft.Control:
        return Press(
            self.stage,
            name,
            self.stage.words(name),
            round_icon(icon, 28),
            lambda: self.stage.later(self.feed.go, delta),
        )

    def _follow(self, what: str) -> None:
        if what == "no_such_reel":
            self.stage.say(self.stage.words("no_such_reel"))
        self.feed.follow(what)

    # Navigation

    def switch(self, mode: Mode) -> None:
        """Show another feed, or the same one anew."""
        if mode is self.session.state.mode:
            self.feed.refresh()
            return
        self.stage.later(self._switch, mode)

    async def _switch(self, mode: Mode) -> None:
        if self.feed.current:
            self.stage.later(self.feed.current.play, False)
        self.session.state.mode = mode
        if self.bar is not None:
            self.bar.paint()
        await self.session.switch(mode)

    def key(self, name: str) -> None:
        """A key of the keyboard: arrows, space, L, S, M, escape."""
        if name == "Escape" and self.profile is not None:
            self.close_profile()
        if self.sheet_open or self.profile is not None:
            return
        page = self.feed.current
        turns = {"Arrow Down": 1, "Arrow Up": -1, "Page Down": 1, "Page Up": -1}
        if name in turns:
            self.stage.later(self.feed.go, turns[name])
        elif page is None or page.rail is None:
            return
        elif name == " ":
            self.stage.later(self._space, page)
        elif name == "L":
            page.rail.toggle(LIKE)
        elif name == "S":
            page.rail.toggle(SAVE)
        elif name == "M":
            self.toggle_mute()

    async def _space(self, page: ReelPage) -> None:
        """Stop or go on, unless the key pressed what has the focus: that is told a moment before or after."""
        came = self.session.monotonic()
        await asyncio.sleep(PRESS_WITHIN)
        if self.stage.pressed_at < came - PRESS_WITHIN:
            await page.toggle_play()

    def toggle_mute(self) -> None:
        """Sound on or off, for this and all films to come."""
        muted = self.stage.choices.muted = not self.stage.choices.muted
        for page in self.feed.pages:
            page.show_muted(muted)

    def hide(self) -> None:
        """The app is not seen any more: the clock stops, what was watched goes out."""
        self.session.pause()
        self.session.report()

    def away(self) -> None:
        """The device is gone and will build everything anew when it comes back."""
        self.hide()
        for page in self.feed.pages:
            page.await_return(page is self.feed.current and self.profile is None)

    def reveal(self) -> None:
        """The app is seen again."""
        page = self.feed.current
        if page is not None and not page.paused and self.profile is None:
            self.session.resume()

    # Actions

    def share(self, showing: Showing) -> None:
        """Copy a link that opens this reel."""
        self.stage.later(self._share, showing)

    async def _share(self, showing: Showing) -> None:
        await ft.Clipboard().set(self.stage.link(showing.reel.reel_id))
        self.session.shared(showing)
        self.stage.say(self.stage.words("link_copied"))

    def open_why(self, showing: Showing) -> None:
        """Tell why this reel was picked."""
        self._open(
            why_sheet(
                self.stage.words,
                showing,
                lambda: self._more_like(showing),
                lambda: self._away(HIDE, showing),
                self._sheet_closed,
                self.stage.page.height or 800,
            )
        )

    def open_more(self, showing: Showing) -> None:
        """The less frequent actions."""
        self._open(
            more_sheet(
                self.stage.words,
                showing,
                lambda: self._away(HIDE, showing),
                lambda: self._away(BLOCK, showing),
                self._sheet_closed,
                self.stage.page.height or 800,
            )
        )

    def _open(self, sheet: ft.BottomSheet) -> None:
        self.sheet_open = True
        self.stage.page.show_dialog(sheet)

    def _sheet_closed(self) -> None:
        self.sheet_open = False

    def _more_like(self, showing: Showing) -> None:
        self.stage.page.pop_dialog()
        self.session.toggle(LIKE, showing, on=True)
        self.stage.say(self.stage.words("more_like_done"))

    def _away(self, pair: Pair, showing: Showing) -> None:
        """Put a reel or its creator away, go on to the next, and offer to undo it."""
        words = self.stage.words
        self.stage.page.pop_dialog()
        self.session.toggle(pair, showing, on=True)
        told = words("block_done", name=showing.reel.creator) if pair is BLOCK else words("not_interested_done")
        self.stage.say(told, words("undo"), lambda: self._undo(pair, showing))
        self.stage.later(self.feed.go, 1)

    def _undo(self, pair: Pair, showing: Showing) -> None:
        self.session.toggle(pair, showing, on=False)
        for page in self.feed.pages:
            if page.showing is showing:
                page.show_hidden()
        current = self.feed.current
        if current is not None and current.showing is not showing:
            self.stage.later(self.feed.go, -1)

    # Profile

    def open_profile(self) -> None:
        """Cover the feed with the profile; the film stands still meanwhile."""
        if self.profile is not None:
            return
        self.profile = ProfileView(
            self.stage,
            self.close_profile,
            self._open_reel,
            self._ask_afresh,
            self._language,
            self._still,
            lambda: self.stage.later(self._load_profile),
        )
        self.stack.controls.append(self.profile)
        self.stack.update()
        self.session.pause()
        if self.feed.current:
            self.stage.later(self.feed.current.play, False)
        self.stage.later(self._load_profile)

    async def _load_profile(self) -> None:
        try:
            profile = await self.session.profile()
        except ApiError:
            profile = None
        if self.profile is not None:
            self.profile.show(profile)

    def close_profile(self, play: bool = True) -> None:
        """Back to the feed."""
        if self.profile is None:
            return
        self.stack.controls.remove(self.profile)
        self.profile = None
        self.stack.update()
        page = self.feed.current
        if play and page is not None and not page.paused:
            self.session.resume()
            self.stage.later(page.play, True)

    def _open_reel(self, reel: Reel) -> None:
        self.close_profile(play=False)
        self.stage.later(self._show_reel, reel)

    async def _show_reel(self, reel: Reel) -> None:
        current = self.session.state.current
        if current is not None and current.reel.reel_id == reel.reel_id and self.feed.current:
            self.session.resume()
            await self.feed.current.play(True)
            return
        await self.session.show_reel(reel)
        await self.feed.go(1)

    def _ask_afresh(self) -> None:
        words = self.stage.words
        page = self.stage.page

        def forget(_: object) -> None:
            page.pop_dialog()
            self.stage.later(self._afresh)

        page.show_dialog(
            ft.AlertDialog(
                rtl=words.right_to_left,
                title=theme.title(words("start_afresh")),
                content=theme.text(words("start_afresh_ask"), 15, color=theme.TEXT_DIM),
                bgcolor=theme.SURFACE,
                actions=[
                    ft.FilledButton(words("cancel"), style=theme.quiet_button(), on_click=lambda _: page.pop_dialog()),
                    ft.FilledButton(words("start_afresh_yes"), on_click=forget, style=theme.quiet_button(theme.DANGER)),
                ],
            )
        )

    async def _afresh(self) -> None:
        try:
            self.close_profile(play=False)
            await self.session.start_afresh()
        except ApiError:
            self.stage.say(self.stage.words("offline_title"))
            return
        if self.bar is not None:
            self.bar.paint()
        self.stage.say(self.stage.words("start_afresh_done"))

    def _language(self, code: str) -> None:
        from reels_app.strings import catalogue

        self.stage.choices.language = code
        self.stage.words = catalogue(code)
        self.stage.page.rtl = self.stage.words.right_to_left
        self.close_profile(play=False)
        self._arrange()
        self.stage.page.update()
        self.feed.relayout()
        self.on_choice()
        self.open_profile()

    def _still(self, still: bool) -> None:
        self.stage.choices.still = still
        self.on_choice()
