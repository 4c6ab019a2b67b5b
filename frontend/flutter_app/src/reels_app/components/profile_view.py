"""The viewer's own page: liked and saved reels, what they did, and a clean start."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import flet as ft

from reels_app import theme
from reels_app.components.action_rail import creator_colour
from reels_app.components.press import Press, round_icon
from reels_app.components.stage import Stage
from reels_app.components.state_view import state_view, waiting_view
from reels_app.models import HistoryEntry, Profile, Reel
from reels_app.strings import LANGUAGES

WIDEST = 920
"""Logical pixels the profile grows to."""

TABS = ("liked", "saved", "history")
HISTORY_ICONS = {
    "like": ft.Icons.FAVORITE_ROUNDED,
    "save": ft.Icons.BOOKMARK_ROUNDED,
    "share": ft.Icons.IOS_SHARE_ROUNDED,
    "watch": ft.Icons.PLAY_CIRCLE_ROUNDED,
    "skip": ft.Icons.SKIP_NEXT_ROUNDED,
    "follow": ft.Icons.PERSON_ADD_ROUNDED,
    "not_interested": ft.Icons.VISIBILITY_OFF_ROUNDED,
    "block": ft.Icons.BLOCK_ROUNDED,
}


class ProfileView(ft.Container):
    """Covers the feed while open. `on_reel` opens one reel, `on_close` goes back."""

    def __init__(
        self,
        stage: Stage,
        on_close: Callable[[], None],
        on_reel: Callable[[Reel], None],
        on_afresh: Callable[[], None],
        on_language: Callable[[str], None],
        on_still: Callable[[bool], None],
        on_retry: Callable[[], None],
    ) -> None:
        self.stage, self.on_reel, self.on_afresh = stage, on_reel, on_afresh
        self.on_language, self.on_still, self.on_retry = on_language, on_still, on_retry
        self.on_close = on_close
        self.tab = TABS[0]
        self.shown: Profile | None = None
        self.body = ft.Container(waiting_view(stage.words("loading")), expand=True)
        super().__init__(
            ft.SafeArea(self.body, expand=True),
            bgcolor=theme.GROUND,
            left=0,
            top=0,
            right=0,
            bottom=0,
            alignment=ft.Alignment.TOP_CENTER,
        )

    def show(self, profile: Profile | None) -> None:
        """Show `profile`, or that it could not be fetched (None)."""
        self.shown = profile
        words = self.stage.words
        if profile is None:
            view = state_view(
                ft.Icons.CLOUD_OFF_ROUNDED,
                words("offline_title"),
                words("offline_text"),
                words("try_again"),
                self.on_retry,
                "offline",
            )
            self.body.content = ft.Column([self._bar(), view], expand=True)
        else:
            self.body.content = self._page(profile)
        self.update()

    def _page(self, profile: Profile) -> ft.Control:
        rows = [self._bar(), self._who(profile), self._tabs(profile), self._content(profile)]
        return ft.Column(
            [
                ft.Container(row, padding=ft.Padding.symmetric(horizontal=theme.S4), width=self.width_of())
                for row in rows
            ]
            + [self._settings()],
            scroll=ft.ScrollMode.AUTO,
            spacing=theme.S4,
            expand=True,
            horizontal_alignment=ft.CrossAxisAlignment.CENTER,
        )

    def width_of(self) -> float:
        """How wide the page may be: all of a phone, a readable part of a desktop."""
        return min(self.stage.page.width or WIDEST, WIDEST)

    def _bar(self) -> ft.Control:
        words = self.stage.words
        icon = ft.Icons.ARROW_FORWARD_ROUNDED if words.right_to_left else ft.Icons.ARROW_BACK_ROUNDED
        return ft.Container(
            ft.Row(
                [
                    Press(
                        self.stage, "close-profile", words("back"), round_icon(icon), self.on_close, radius=theme.PILL
                    ),
                    theme.title(words("profile")),
                ],
                spacing=theme.S3,
            ),
            padding=ft.Padding.only(top=theme.S2),
        )

    def _who(self, profile: Profile) -> ft.Control:
        name = self.stage.words("you")
        face = ft.Container(
            ft.Icon(ft.Icons.PERSON_ROUNDED, size=36, color=theme.GROUND),
            width=72,
            height=72,
            border_radius=theme.PILL,
            bgcolor=creator_colour(profile.user_id),
            alignment=ft.Alignment.CENTER,
        )
        lines: list[ft.Control] = [
            theme.display(name, max_lines=1, overflow=ft.TextOverflow.ELLIPSIS),
            theme.note(self.stage.words("no_account")),
        ]
        return ft.Row([face, ft.Column(lines, spacing=4, tight=True, expand=True)], spacing=theme.S4)

    def _tabs(self, profile: Profile) -> ft.Control:
        counts = {"liked": len(profile.liked), "saved": len(profile.saved), "history": len(profile.history)}
        return ft.Row([self._tab(name, counts[name]) for name in TABS], spacing=theme.S2, wrap=True)

    def _tab(self, name: str, count: int) -> Press:
        here = name == self.tab
        words = self.stage.words(name)
        face = ft.Container(
            theme.text(f"{words}  {count}", 14, ft.FontWeight.W_600, theme.ON_ACCENT if here else theme.TEXT),
            bgcolor=theme.ACCENT if here else theme.SURFACE_HIGH,
            border_radius=theme.PILL,
            padding=ft.Padding.symmetric(horizontal=16, vertical=12),
        )
        return Press(
            self.stage, f"tab-{name}", words, face, lambda: self._turn_to(name), selected=here, radius=theme.PILL
        )

    def _turn_to(self, name: str) -> None:
        self.tab = name
        if self.shown is not None:
            self.show(self.shown)

    def _content(self, profile: Profile) -> ft.Control:
        if self.tab == "history":
            return self._history(profile.history)
        return self._grid(profile.liked if self.tab == "liked" else profile.saved)

    def _grid(self, reels: Sequence[Reel]) -> ft.Control:
        if not reels:
            return self._nothing(
                f"nothing_{self.tab}",
                ft.Icons.FAVORITE_BORDER_ROUNDED if self.tab == "liked" else ft.Icons.BOOKMARK_BORDER_ROUNDED,
            )
        return ft.GridView(
            [self._tile(reel) for reel in reels],
            max_extent=168,
            child_aspect_ratio=9 / 14,
            spacing=theme.S2,
            run_spacing=theme.S2,
            build_controls_on_demand=False,
        )

    def _tile(self, reel: Reel) -> ft.Control:
        edges: dict[str, Any] = {"left": 0, "right": 0, "bottom": 0}
        picture = ft.Container(
            ft.Stack(
                [
                    ft.Image(
                        reel.poster_url,
                        fit=ft.BoxFit.COVER,
                        top=0,
                        exclude_from_semantics=True,
                        error_content=ft.Container(),
                        **edges,
                    ),
                    ft.Container(gradient=theme.scrim(top=False), height=90, **edges),
                    ft.Container(
                        theme.on_film(theme.label(reel.title, max_lines=2, overflow=ft.TextOverflow.ELLIPSIS)),
                        padding=10,
                        **edges,
                    ),
                ],
                expand=True,
            ),
            border_radius=theme.RADIUS_S,
            clip_behavior=ft.ClipBehavior.ANTI_ALIAS,
            bgcolor=theme.SURFACE_HIGH,
        )
        return Press(
            self.stage,
            f"tile-{reel.reel_id}",
            reel.title,
            picture,
            lambda: self.on_reel(reel),
            radius=theme.RADIUS_S,
        )

    def _history(self, history: Sequence[HistoryEntry]) -> ft.Control:
        told = [entry for entry in history if entry.kind in HISTORY_ICONS]
        if not told:
            return self._nothing("nothing_history", ft.Icons.HISTORY_ROUNDED)
        return ft.Column([self._entry(entry) for entry in told[:50]], spacing=theme.S1, tight=True)

    def _entry(self, entry: HistoryEntry) -> ft.Control:
        kind = self.stage.words(f"history_kind_{entry.kind}")
        words = ft.Column(
            [
                theme.text(entry.title or entry.reel_id, 15, max_lines=1, overflow=ft.TextOverflow.ELLIPSIS),
                theme.note(kind, theme.TEXT_FAINT),
            ],
            spacing=2,
            tight=True,
            expand=True,
        )
        return ft.Container(
            ft.Row([ft.Icon(HISTORY_ICONS[entry.kind], size=22, color=theme.TEXT_DIM), words], spacing=theme.S4),
            padding=ft.Padding.symmetric(vertical=10, horizontal=theme.S2),
        )

    def _nothing(self, key: str, icon: ft.IconData) -> ft.Control:
        return ft.Container(
            ft.Column(
                [
                    ft.Icon(icon, size=40, color=theme.TEXT_FAINT),
                    theme.text(self.stage.words(key), 15, color=theme.TEXT_DIM),
                ],
                horizontal_alignment=ft.CrossAxisAlignment.CENTER,
                spacing=theme.S3,
            ),
            alignment=ft.Alignment.CENTER,
            height=220,
        )

    def _settings(self) -> ft.Control:
        words, choices = self.stage.words, self.stage.choices
        languages = ft.Row(
            [self._language(code, name, code == words.language) for code, name in LANGUAGES.items()],
            spacing=theme.S2,
            run_spacing=theme.S2,
            wrap=True,
        )
        motion = ft.Switch(
            label=words("reduce_motion"),
            value=choices.still,
            active_color=theme.ON_ACCENT,
            active_track_color=theme.ACCENT,
            inactive_thumb_color=theme.TEXT_DIM,
            inactive_track_color=theme.SURFACE_HIGH,
            track_outline_color=theme.LINE,
            label_text_style=ft.TextStyle(size=15, color=theme.TEXT),
            on_change=lambda event: self.on_still(bool(event.control.value)),
        )
        afresh = ft.FilledButton(
            words("start_afresh"),
            icon=ft.Icons.AUTORENEW_ROUNDED,
            style=theme.quiet_button(theme.DANGER),
            on_click=lambda _: self.on_afresh(),
        )
        column = ft.Column(
            [theme.label(words("language"), theme.TEXT_DIM), languages, motion, ft.Row([afresh])],
            spacing=theme.S3,
        )
        return ft.Container(
            column,
            padding=theme.S5,
            margin=ft.Margin.only(top=theme.S2, bottom=theme.S6),
            bgcolor=theme.SURFACE,
            border_radius=theme.RADIUS_M,
            width=self.width_of() - 2 * theme.S4,
        )

    def _language(self, code: str, name: str, here: bool) -> Press:
        face = ft.Container(
            theme.text(name, 14, ft.FontWeight.W_500, theme.ACCENT if here else theme.TEXT),
            border_radius=theme.PILL,
            padding=ft.Padding.symmetric(horizontal=14, vertical=12),
            border=ft.Border.all(1, theme.ACCENT if here else theme.LINE),
        )
        return Press(
            self.stage,
            f"language-{code}",
            name,
            face,
            lambda: self.on_language(code),
            selected=here,
            radius=theme.PILL,
        )
