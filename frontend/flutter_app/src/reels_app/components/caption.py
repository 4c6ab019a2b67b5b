"""The words on a film: who made it, its title, its tags."""

from __future__ import annotations

import flet as ft

from reels_app import theme
from reels_app.components.stage import Stage
from reels_app.models import Reel

SHOWN_TAGS = 4

LEFT_TO_RIGHT = "\u200e"
"""Keeps the sign before a name or a tag where it belongs, in either direction of writing."""


def caption(stage: Stage, reel: Reel) -> ft.Control:
    """Creator, title (three lines at most) and tags; gestures pass through to the film."""
    lines: list[ft.Control] = []
    if reel.explored:
        lines.append(_badge(stage.words("explored_badge")))
    if reel.creator_id:
        name = theme.text(
            f"{LEFT_TO_RIGHT}@{reel.creator}",
            14,
            ft.FontWeight.W_600,
            max_lines=1,
            overflow=ft.TextOverflow.ELLIPSIS,
        )
        lines.append(theme.on_film(name))
    headline = theme.text(reel.title, 17, ft.FontWeight.W_600, max_lines=3, overflow=ft.TextOverflow.ELLIPSIS)
    lines.append(theme.on_film(headline))
    if reel.tags:
        words = "  ".join(f"{LEFT_TO_RIGHT}#{tag}{LEFT_TO_RIGHT}" for tag in reel.tags[:SHOWN_TAGS])
        tags = theme.text(words, 13, ft.FontWeight.W_400, "#DDE3F0", max_lines=1, overflow=ft.TextOverflow.ELLIPSIS)
        lines.append(theme.on_film(tags))
    return ft.TransparentPointer(ft.Column(lines, spacing=6, tight=True))


def _badge(words: str) -> ft.Control:
    pill = ft.Container(
        ft.Row(
            [
                ft.Icon(ft.Icons.EXPLORE_ROUNDED, size=14, color=theme.ACCENT),
                theme.text(words, 12, ft.FontWeight.W_600, theme.ACCENT),
            ],
            spacing=5,
            tight=True,
        ),
        bgcolor=theme.GLASS_STRONG,
        border_radius=theme.PILL,
        padding=ft.Padding.symmetric(horizontal=10, vertical=5),
    )
    return ft.Row([pill], tight=True)
