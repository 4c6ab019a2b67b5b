"""The bar over the film on phones and tablets: which feed, and the way to the profile."""

from __future__ import annotations

from collections.abc import Callable

import flet as ft

from reels_app import theme
from reels_app.components.press import Press
from reels_app.components.stage import Stage
from reels_app.models import Mode


class ModeSwitch(ft.Row):
    """For you, Latest, Saved: words with a line under the one on the screen."""

    def __init__(self, stage: Stage, on_mode: Callable[[Mode], None]) -> None:
        self.stage = stage
        self.tabs: dict[Mode, tuple[Press, ft.Text, ft.Container]] = {}
        for mode in Mode:
            words = theme.on_film(theme.text(stage.words(mode.value), 16, ft.FontWeight.W_600))
            line = ft.Container(width=22, height=3, border_radius=2, bgcolor=theme.TEXT)
            face = ft.Container(
                ft.Column([words, line], spacing=4, tight=True, horizontal_alignment=ft.CrossAxisAlignment.CENTER),
                padding=ft.Padding.symmetric(horizontal=10, vertical=10),
            )
            press = Press(stage, f"mode-{mode.value}", stage.words(mode.value), face, lambda mode=mode: on_mode(mode))  # type: ignore[misc]
            self.tabs[mode] = (press, words, line)
        super().__init__([press for press, _, _ in self.tabs.values()], spacing=2, tight=True)
        self.paint()

    def paint(self) -> None:
        """Mark the feed on the screen."""
        for mode, (press, words, line) in self.tabs.items():
            here = mode is self.stage.session.state.mode
            words.opacity, line.opacity = (1.0, 1.0) if here else (0.72, 0.0)
            press.rename(self.stage.words(mode.value), here)


class TopBar(ft.SafeArea):
    """The switch in the middle, the profile at the end."""

    def __init__(self, stage: Stage, on_mode: Callable[[Mode], None], on_profile: Callable[[], None]) -> None:
        self.switch = ModeSwitch(stage, on_mode)
        person = ft.Icon(
            ft.Icons.PERSON_ROUNDED, size=26, color=theme.TEXT, shadows=ft.BoxShadow(blur_radius=8, color=theme.SHADOW)
        )
        holder = ft.Container(person, width=theme.TOUCH, height=theme.TOUCH, alignment=ft.Alignment.CENTER)
        person_button = Press(stage, "profile", stage.words("profile"), holder, on_profile, radius=theme.PILL)
        # Both sides share what the switch leaves: with large text they get narrow, and the button stays on the screen.
        end = ft.Alignment.CENTER_LEFT if stage.words.right_to_left else ft.Alignment.CENTER_RIGHT
        row = ft.Row(
            [ft.Container(expand=True), self.switch, ft.Container(person_button, expand=True, alignment=end)],
            spacing=0,
        )
        inset = ft.Container(row, padding=ft.Padding.symmetric(horizontal=6, vertical=4))
        super().__init__(inset, avoid_intrusions_bottom=False, left=0, right=0, top=0)

    def paint(self) -> None:
        """Mark the feed on the screen."""
        self.switch.paint()
        self.switch.update()
