"""What lies under and over a film: poster, shades, signs, and the blurred ground of the wide layout."""

from __future__ import annotations

from typing import Any

import flet as ft

from reels_app import theme


def poster(url: str) -> ft.Image:
    """The picture shown until the film plays."""
    return ft.Image(
        url,
        fit=ft.BoxFit.COVER,
        gapless_playback=True,
        exclude_from_semantics=True,
        error_content=ft.Container(),
        **theme.EDGES,
    )


def shade(top: bool, height: float) -> ft.Container:
    """What keeps words on the film readable, at its top or its foot."""
    side: dict[str, Any] = {"top": 0} if top else {"bottom": 0}
    return ft.Container(gradient=theme.scrim(top=top), left=0, right=0, height=height, ignore_interactions=True, **side)


def paused_glyph() -> ft.Container:
    """The sign over a film that stands still; hidden at first."""
    disc = ft.Container(
        ft.Icon(ft.Icons.PLAY_ARROW_ROUNDED, size=56, color=theme.TEXT),
        width=96,
        height=96,
        border_radius=theme.PILL,
        bgcolor=theme.GLASS,
        alignment=ft.Alignment.CENTER,
    )
    return ft.Container(
        disc,
        alignment=ft.Alignment.CENTER,
        opacity=0,
        ignore_interactions=True,
        animate_opacity=theme.FADE_MS,
        **theme.EDGES,
    )


def cover(words: str, visible: bool) -> ft.Container:
    """What hides a film that was put away."""
    icon = ft.Icon(ft.Icons.VISIBILITY_OFF_ROUNDED, size=36, color=theme.TEXT_DIM)
    told = ft.Column(
        [icon, theme.text(words, 15, color=theme.TEXT_DIM)],
        alignment=ft.MainAxisAlignment.CENTER,
        horizontal_alignment=ft.CrossAxisAlignment.CENTER,
    )
    return ft.Container(told, bgcolor=theme.VEIL, visible=visible, ignore_interactions=True, **theme.EDGES)


def problem(words: str) -> ft.Container:
    """That a film cannot be played; hidden at first."""
    return ft.Container(
        theme.on_film(theme.note(words, theme.TEXT)),
        alignment=ft.Alignment.CENTER,
        visible=False,
        ignore_interactions=True,
        **theme.EDGES,
    )


def sound_pill(words: str) -> ft.Container:
    """The face of the button that turns the sound on."""
    icon = ft.Icon(ft.Icons.VOLUME_OFF_ROUNDED, size=16, color=theme.TEXT)
    return ft.Container(
        ft.Row([icon, theme.label(words)], spacing=6, tight=True),
        bgcolor=theme.GLASS,
        border_radius=theme.PILL,
        padding=ft.Padding.symmetric(horizontal=12, vertical=8),
    )


def backdrop(url: str) -> tuple[ft.Control, ft.Control]:
    """The poster decoded at a few pixels and drawn large, a blur that costs nothing, and a veil over it."""
    blurred = ft.Image(
        url,
        fit=ft.BoxFit.FILL,
        cache_width=9,
        cache_height=16,
        filter_quality=ft.FilterQuality.MEDIUM,
        exclude_from_semantics=True,
        error_content=ft.Container(),
        gapless_playback=True,
        **theme.EDGES,
    )
    return blurred, ft.Container(bgcolor="#CC07090E", **theme.EDGES)
