"""A short message at the foot of the screen."""

from __future__ import annotations

from collections.abc import Callable

import flet as ft

from reels_app import theme


def toast(message: str, action: str, on_action: Callable[[], None] | None, wide: bool) -> ft.SnackBar:
    """A floating message; `action` names what pressing its button does."""
    return ft.SnackBar(
        ft.Semantics(content=theme.text(message, 14), live_region=True),
        behavior=ft.SnackBarBehavior.FLOATING,
        bgcolor=theme.SURFACE_HIGH,
        width=420 if wide else None,
        margin=None if wide else ft.Margin.only(left=16, right=16, bottom=16),
        padding=ft.Padding.symmetric(horizontal=18, vertical=10),
        shape=ft.RoundedRectangleBorder(radius=theme.RADIUS_M),
        elevation=6,
        duration=5000 if action else 2600,
        persist=False,
        action=_action(action, on_action) if action and on_action else None,
    )


def _action(words: str, on_action: Callable[[], None]) -> ft.SnackBarAction:
    # The click is the action's own: a snack bar's `on_action` hears only of actions given as words.
    return ft.SnackBarAction(words, text_color=theme.ACCENT, on_click=lambda _: on_action())
