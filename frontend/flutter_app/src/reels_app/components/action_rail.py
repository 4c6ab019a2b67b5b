"""The column of actions beside a film: creator, like, save, share, why, more."""

from __future__ import annotations

from collections.abc import Callable

import flet as ft

from reels_app import theme
from reels_app.components.press import Press
from reels_app.components.stage import Stage
from reels_app.models import Showing
from reels_app.session import FOLLOW, LIKE, SAVE, Pair

HUES = ("#7C9CFF", "#C08CFF", "#FF8FA8", "#FFB36B", "#7FE7D6", "#8BD56F")


def creator_colour(creator_id: str) -> str:
    """A steady colour for a creator, from its id."""
    return HUES[sum(creator_id.encode()) % len(HUES)]


class ActionRail(ft.Column):
    """The actions of one reel. `act` has the names `why`, `more` and `share` as callables."""

    def __init__(
        self,
        stage: Stage,
        showing: Showing,
        on_why: Callable[[], None],
        on_more: Callable[[], None],
        on_share: Callable[[], None],
    ) -> None:
        self.stage, self.showing = stage, showing
        reel_id, words = showing.reel.reel_id, stage.words
        self.heart = ft.Icon(ft.Icons.FAVORITE_ROUNDED, size=28)
        self.mark = ft.Icon(ft.Icons.BOOKMARK_ROUNDED, size=28)
        self.tick = ft.Icon(ft.Icons.ADD_ROUNDED, size=14, color=theme.ON_ACCENT)
        self.like = self._action("like", words("like"), self.heart, lambda: self.toggle(LIKE))
        self.save = self._action("save", words("save"), self.mark, lambda: self.toggle(SAVE))
        share = ft.Icon(ft.Icons.IOS_SHARE_ROUNDED, size=25, color=theme.TEXT)
        why = ft.Icon(ft.Icons.AUTO_AWESOME_ROUNDED, size=24, color=theme.TEXT)
        more = ft.Icon(ft.Icons.MORE_HORIZ_ROUNDED, size=28, color=theme.TEXT)
        self.creator = Press(
            stage,
            f"follow-{reel_id}",
            "",
            self._avatar(),
            lambda: self.toggle(FOLLOW),
            visible=bool(showing.reel.creator_id),
        )
        super().__init__(
            [
                self.creator,
                self.like,
                self.save,
                self._action("share", words("share"), share, on_share),
                self._action("why", words("why_title"), why, on_why, words("why")),
                self._action("more", words("more_title"), more, on_more, words("more")),
            ],
            spacing=2 if stage.low else theme.S3,
            horizontal_alignment=ft.CrossAxisAlignment.CENTER,
            tight=True,
        )
        self.paint()

    def toggle(self, pair: Pair, on: bool | None = None) -> bool:
        """Do or undo, and show it; returns whether it is on now."""
        now = self.stage.session.toggle(pair, self.showing, on)
        self.refresh()
        return now

    def refresh(self) -> None:
        """Show what is liked, saved and followed now."""
        self.paint()
        self.update()

    def paint(self) -> None:
        """Set colours and names from the state."""
        session, words, reel = self.stage.session, self.stage.words, self.showing.reel
        liked, saved = session.is_on(LIKE, reel), session.is_on(SAVE, reel)
        follows = session.is_on(FOLLOW, reel)
        self.heart.color = theme.LOVE if liked else theme.TEXT
        self.mark.color = theme.KEEP if saved else theme.TEXT
        self.tick.icon = ft.Icons.CHECK_ROUNDED if follows else ft.Icons.ADD_ROUNDED
        self.like.rename(words("unlike" if liked else "like"), liked)
        self.save.rename(words("unsave" if saved else "save"), saved)
        who = words("unfollow" if follows else "follow", name=reel.creator)
        self.creator.rename(who, follows)

    def _action(
        self,
        name: str,
        label: str,
        icon: ft.Icon,
        on_press: Callable[[], object],
        caption: str = "",
    ) -> Press:
        icon.shadows = ft.BoxShadow(blur_radius=10, color=theme.SHADOW)
        parts: list[ft.Control] = [icon]
        if not self.stage.low:
            words = theme.text(caption or label, 12, ft.FontWeight.W_500, max_lines=1)
            parts.append(theme.on_film(words))
        face = ft.Column(
            parts,
            spacing=3,
            horizontal_alignment=ft.CrossAxisAlignment.CENTER,
            alignment=ft.MainAxisAlignment.CENTER,
            tight=True,
        )
        height = 42 if self.stage.low else 56
        holder = ft.Container(face, width=72, height=height, alignment=ft.Alignment.CENTER)
        return Press(self.stage, f"{name}-{self.showing.reel.reel_id}", label, holder, on_press)

    def _avatar(self) -> ft.Control:
        creator = self.showing.reel.creator
        initial = next((letter for letter in creator if letter.isalnum()), "?").upper()
        return ft.Container(
            ft.Stack(
                [
                    ft.Container(
                        theme.text(initial, 18, ft.FontWeight.W_700, theme.GROUND),
                        width=46,
                        height=46,
                        border_radius=theme.PILL,
                        left=2,
                        top=0,
                        bgcolor=creator_colour(creator),
                        alignment=ft.Alignment.CENTER,
                        border=ft.Border.all(2, "#E6FFFFFF"),
                    ),
                    ft.Container(
                        self.tick,
                        width=20,
                        height=20,
                        left=15,
                        top=36,
                        border_radius=theme.PILL,
                        bgcolor=theme.ACCENT,
                        alignment=ft.Alignment.CENTER,
                    ),
                ],
                width=50,
                height=58,
            ),
            margin=ft.Margin.only(bottom=theme.S1),
        )
