"""What is shown when there is no reel to show: loading, offline, the end, nothing saved."""

from __future__ import annotations

from collections.abc import Callable

import flet as ft

from reels_app import theme


def state_view(
    icon: ft.IconData,
    headline: str,
    words: str = "",
    action: str = "",
    on_action: Callable[[], None] | None = None,
    identifier: str = "state",
) -> ft.Control:
    """A calm page with a sign, a headline, a sentence and one thing to do."""
    sign = ft.Container(
        ft.Icon(icon, size=40, color=theme.ACCENT),
        width=96,
        height=96,
        border_radius=theme.PILL,
        bgcolor=theme.SURFACE,
        alignment=ft.Alignment.CENTER,
        border=ft.Border.all(1, theme.LINE),
    )
    rows: list[ft.Control] = [
        sign,
        ft.Container(height=theme.S2),
        theme.title(headline, text_align=ft.TextAlign.CENTER),
    ]
    if words:
        rows.append(theme.text(words, 15, color=theme.TEXT_DIM, text_align=ft.TextAlign.CENTER))
    if action and on_action:
        rows.append(ft.Container(height=theme.S3))
        rows.append(ft.FilledButton(action, style=theme.primary_button(), on_click=lambda _: on_action()))
    return _page(rows, identifier)


def waiting_view(words: str) -> ft.Control:
    """A quiet wait."""
    rows: list[ft.Control] = [
        ft.ProgressRing(width=34, height=34, stroke_width=3, color=theme.ACCENT),
        ft.Container(height=theme.S2),
        ft.Semantics(content=theme.text(words, 15, color=theme.TEXT_DIM), live_region=True),
    ]
    return _page(rows, "waiting")


def _page(rows: list[ft.Control], identifier: str) -> ft.Control:
    column = ft.Column(
        rows,
        alignment=ft.MainAxisAlignment.CENTER,
        tight=True,
        spacing=theme.S2,
        horizontal_alignment=ft.CrossAxisAlignment.CENTER,
        width=320,
    )
    named = ft.Semantics(content=column, identifier=identifier, container=True)
    return ft.Container(named, expand=True, bgcolor=theme.GROUND, alignment=ft.Alignment.CENTER, padding=theme.S6)
