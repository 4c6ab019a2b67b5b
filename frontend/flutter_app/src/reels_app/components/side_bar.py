"""The navigation at the side on wide screens, with the keys one can use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flet as ft

from reels_app import theme
from reels_app.components.press import Press
from reels_app.components.stage import Stage
from reels_app.models import Mode

ICONS = {
    Mode.FOR_YOU: ft.Icons.HOME_ROUNDED,
    Mode.LATEST: ft.Icons.SCHEDULE_ROUNDED,
    Mode.SAVED: ft.Icons.BOOKMARK_ROUNDED,
}
WIDTH = 216


class SideBar(ft.Container):
    """The feeds, the profile and refresh, one under the other."""

    def __init__(
        self,
        stage: Stage,
        on_mode: Callable[[Mode], None],
        on_profile: Callable[[], None],
        on_refresh: Callable[[], None],
    ) -> None:
        self.stage = stage
        self.lines: dict[Mode, tuple[Press, ft.Container]] = {}
        rows: list[ft.Control] = [self._brand()]
        for mode, icon in ICONS.items():
            name = stage.words(mode.value)
            face = self._face(icon, name)
            press = Press(stage, f"mode-{mode.value}", name, face, lambda mode=mode: on_mode(mode))  # type: ignore[misc]
            self.lines[mode] = (press, face)
            rows.append(press)
        rows.append(ft.Container(height=1, bgcolor=theme.LINE, margin=theme.S3))
        for key, icon, act in (
            ("profile", ft.Icons.PERSON_ROUNDED, on_profile),
            ("refresh", ft.Icons.REFRESH_ROUNDED, on_refresh),
        ):
            rows.append(Press(stage, key, stage.words(key), self._face(icon, stage.words(key)), act))
        side: dict[str, Any] = {"right": 0} if stage.words.right_to_left else {"left": 0}
        super().__init__(
            ft.Column(rows, spacing=theme.S1),
            width=WIDTH,
            top=0,
            bottom=0,
            padding=ft.Padding(16, 24, 16, 24),
            **side,
        )
        self.paint(show=False)

    def paint(self, show: bool = True) -> None:
        """Mark the feed on the screen."""
        for mode, (press, face) in self.lines.items():
            here = mode is self.stage.session.state.mode
            face.bgcolor = theme.CHOSEN if here else theme.CLEAR
            press.rename(self.stage.words(mode.value), here)
        if show:
            self.update()

    def _brand(self) -> ft.Control:
        mark = ft.Container(
            ft.Icon(ft.Icons.PLAY_ARROW_ROUNDED, size=22, color=theme.ON_ACCENT),
            width=34,
            height=34,
            border_radius=11,
            bgcolor=theme.ACCENT,
            alignment=ft.Alignment.CENTER,
        )
        name = theme.text(self.stage.words("app_name"), 22, ft.FontWeight.W_700)
        return ft.Container(ft.Row([mark, name], spacing=theme.S3), padding=ft.Padding(8, 0, 8, 20))

    @staticmethod
    def _face(icon: ft.IconData, name: str) -> ft.Container:
        return ft.Container(
            ft.Row(
                [
                    ft.Icon(icon, size=24, color=theme.TEXT),
                    theme.text(name, 15, ft.FontWeight.W_500, max_lines=1, expand=True),
                ],
                spacing=theme.S3,
            ),
            height=theme.TOUCH,
            border_radius=theme.RADIUS_M,
            padding=ft.Padding.symmetric(horizontal=12),
        )
