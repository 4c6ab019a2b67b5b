"""One page of the feed: a film with its words and its actions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import flet as ft
import flet_video as fv

from reels_app import theme
from reels_app.components import film_layers as layers
from reels_app.components.action_rail import ActionRail
from reels_app.components.caption import caption
from reels_app.components.film import AUDIBLE, film, set_muted, set_playing
from reels_app.components.heart_burst import HeartBurst
from reels_app.components.press import Press
from reels_app.components.stage import Stage
from reels_app.models import Reel, Showing
from reels_app.session import HIDE, LIKE

SETTLES_WITHIN = 1.0
"""Seconds after which a film told to stop is told once more."""


@dataclass(frozen=True, slots=True)
class PageActions:
    """What a page asks of the feed around it."""

    why: Callable[[Showing], None]
    more: Callable[[Showing], None]
    share: Callable[[Showing], None]
    wheel: Callable[[float], None]
    mute: Callable[[], None]


class ReelPage:
    """A slot of the feed that is filled only while it is near the screen.

    `slot` is the control in the feed; `fill` puts the film in, `empty` takes it out again. A
    film is taken out late (three pages away): taking it out while a command to its player is
    under way breaks the connection.
    """

    def __init__(self, stage: Stage, showing: Showing, actions: PageActions) -> None:
        self.stage, self.showing, self.actions = stage, showing, actions
        self.slot = ft.Container(expand=True, bgcolor=theme.GROUND)
        self.player: fv.Video | None = None
        self.rail: ActionRail | None = None
        self.paused = self.known = False
        self._built: tuple[bool, bool] | None = None
        self._tap = (0.0, 0.0)

    @property
    def reel(self) -> Reel:
        """The reel of this page."""
        return self.showing.reel

    def fill(self, autoplay: bool = False) -> bool:
        """Build what is shown; False when it is there already. Call `slot.update` afterwards."""
        if self.player is not None and self._built == (self.stage.wide, self.stage.low):
            return False
        self._built, self.paused = (self.stage.wide, self.stage.low), False
        self.known = False
        self.player = film(self.reel.media_url, self.stage.choices.muted, autoplay, self._broken, self._playable)
        self.rail = ActionRail(
            self.stage,
            self.showing,
            on_why=lambda: self.actions.why(self.showing),
            on_more=lambda: self.actions.more(self.showing),
            on_share=lambda: self.actions.share(self.showing),
        )
        self.slot.content = self._wide_page() if self.stage.wide else self._narrow_page()
        return True

    def empty(self) -> bool:
        """Take the film out; False when there was none."""
        if self.player is None:
            return False
        self.player = self.rail = None
        self.slot.content = None
        return True

    async def play(self, playing: bool) -> None:
        """Play or pause the film, if it is in."""
        if self.player is not None:
            await set_playing(self.player, playing)

    def reach(self, here: bool) -> None:
        """Let the tab key come to this page's buttons, or pass them by while it is off the screen."""
        if self.rail is not None and self.rail.disabled is here:
            self.rail.disabled = self.sound.disabled = not here
            self.rail.update()
            self.sound.update()

    def await_return(self, playing: bool) -> None:
        """Before the device comes back and builds its players anew: whether this one plays then."""
        if self.player is not None:
            self.player.autoplay = playing and not self.paused
            self.player.muted = self.stage.choices.muted
            self.player.volume = 100.0 if self.player.muted else AUDIBLE

    def show_paused(self, paused: bool) -> None:
        """Show whether the viewer stopped the film."""
        self.paused = paused
        self.glyph.opacity = 1.0 if paused else 0.0
        self.glyph.update()

    def show_muted(self, muted: bool) -> None:
        """Sound on or off."""
        if self.player is None:
            return
        set_muted(self.player, muted)
        self.sound.visible = muted
        self.sound.update()

    def show_hidden(self) -> None:
        """Cover the film while the viewer has put it away."""
        if self.player is not None:
            self.cover.visible = self.stage.session.is_on(HIDE, self.reel)
            self.cover.update()

    def like_at(self, x: float, y: float) -> None:
        """Like (never unlike) with a heart where the viewer tapped."""
        if self.rail is not None:
            self.rail.toggle(LIKE, on=True)
            self.stage.later(self.heart.burst, x, y)

    # Building

    def _film_box(self) -> ft.Stack:
        words = self.stage.words
        self.heart = HeartBurst(self.stage.choices.still)
        self.glyph = layers.paused_glyph()
        self.cover = layers.cover(words("hidden_here"), self.stage.session.is_on(HIDE, self.reel))
        self.problem = layers.problem(words("cannot_play"))
        return ft.Stack(
            [
                layers.poster(self.reel.poster_url),
                ft.Container(self.player, ignore_interactions=True, **theme.EDGES),
                layers.shade(top=True, height=132),
                layers.shade(top=False, height=320),
                self.problem,
                self.cover,
                self._gestures(),
                self.glyph,
                self.heart,
            ],
            fit=ft.StackFit.EXPAND,
        )

    def _gestures(self) -> ft.GestureDetector:
        return ft.GestureDetector(
            on_tap=lambda _: self.stage.later(self.toggle_play),
            on_double_tap_down=self._remember_tap,
            on_double_tap=lambda _: self.like_at(*self._tap),
            on_scroll=self._wheel,
            exclude_from_semantics=True,
            **theme.EDGES,
        )

    def _sound_pill(self) -> Press:
        words = self.stage.words
        self.sound = Press(
            self.stage,
            f"unmute-{self.reel.reel_id}",
            words("unmute"),
            layers.sound_pill(words("tap_for_sound")),
            self.actions.mute,
            visible=self.stage.choices.muted,
            radius=theme.PILL,
        )
        return self.sound

    def _words(self) -> ft.Column:
        pill = ft.Row([self._sound_pill()], tight=True)
        return ft.Column([pill, caption(self.stage, self.reel)], spacing=theme.S3, tight=True)

    def _narrow_page(self) -> ft.Control:
        assert self.rail is not None
        foot = ft.Row(
            [
                ft.Container(self._words(), expand=True, padding=ft.Padding.only(bottom=theme.S2)),
                ft.GestureDetector(self.rail, on_scroll=self._wheel, exclude_from_semantics=True),
            ],
            vertical_alignment=ft.CrossAxisAlignment.END,
            spacing=theme.S2,
        )
        start, end = (6, 16) if self.stage.words.right_to_left else (16, 6)
        inset = ft.Container(foot, padding=ft.Padding(start, 0, end, 18))
        box = self._film_box()
        box.controls.append(ft.SafeArea(inset, avoid_intrusions_top=False, left=0, right=0, bottom=0))
        return self._named(box)

    def _wide_page(self) -> ft.Control:
        assert self.rail is not None
        box = self._film_box()
        inset = ft.Container(self._words(), padding=ft.Padding(20, 0, 20, 22), left=0, right=0, bottom=0)
        box.controls.append(inset)
        card = ft.Container(
            box,
            aspect_ratio=9 / 16,
            border_radius=theme.RADIUS_L,
            clip_behavior=ft.ClipBehavior.ANTI_ALIAS,
            bgcolor=theme.SURFACE,
        )
        row = ft.Row(
            [
                ft.Container(width=72),
                card,
                ft.GestureDetector(self.rail, on_scroll=self._wheel, exclude_from_semantics=True),
            ],
            alignment=ft.MainAxisAlignment.CENTER,
            spacing=theme.S5,
            vertical_alignment=ft.CrossAxisAlignment.END,
        )
        wheel = ft.GestureDetector(on_scroll=self._wheel, exclude_from_semantics=True, **theme.EDGES)
        middle = ft.Container(row, padding=ft.Padding.symmetric(vertical=24), **theme.EDGES)
        return self._named(ft.Stack([*layers.backdrop(self.reel.poster_url), wheel, middle], fit=ft.StackFit.EXPAND))

    def _named(self, page: ft.Control) -> ft.Semantics:
        return ft.Semantics(content=page, identifier=f"reel-{self.reel.reel_id}", container=True, label=self.reel.title)

    # What happens

    async def toggle_play(self) -> None:
        """Stop or go on, and stop the clock of watch time with it."""
        self.show_paused(not self.paused)
        (self.stage.session.pause if self.paused else self.stage.session.resume)()
        await self.play(not self.paused)
        if self.paused:  # a player that was still loading may start after all
            await asyncio.sleep(SETTLES_WITHIN)
            await self.play(not self.paused)

    def _remember_tap(self, event: ft.TapEvent[ft.GestureDetector]) -> None:
        if event.local_position is not None:
            self._tap = (event.local_position.x, event.local_position.y)

    def _wheel(self, event: ft.ScrollEvent[ft.GestureDetector]) -> None:
        self.actions.wheel(event.scroll_delta.y)

    def _broken(self) -> None:
        if not self.known and self.player is not None:
            self._tell_problem(True)

    def _playable(self) -> None:
        self.known = True
        if self.player is not None and self.problem.visible:
            self._tell_problem(False)

    def _tell_problem(self, there: bool) -> None:
        self.problem.visible = there
        self.problem.update()
