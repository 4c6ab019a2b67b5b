"""A sheet from the foot of the screen, no wider than one can read."""

from __future__ import annotations

from collections.abc import Callable

import flet as ft

from reels_app import theme


def sheet(
    headline: str,
    rows: list[ft.Control],
    on_dismiss: Callable[[], None],
    identifier: str,
    low: bool = False,
    rtl: bool = False,
) -> ft.BottomSheet:
    """A sheet with a headline over `rows`; `rtl` because a sheet does not inherit it from the page.

    `low`: the screen is too low for all of it, so it fills the screen and scrolls (a column
    that scrolls always takes all the height there is).
    """
    column = ft.Column(
        [theme.title(headline), *rows],
        spacing=theme.S4,
        tight=True,
        scroll=ft.ScrollMode.AUTO if low else None,
        horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
    )
    body = ft.Container(column, rtl=rtl, padding=ft.Padding(24, 4, 24, 28))
    return ft.BottomSheet(
        ft.Semantics(content=body, identifier=identifier, container=True, label=headline),
        bgcolor=theme.SURFACE,
        show_drag_handle=True,
        draggable=True,
        scrollable=True,
        use_safe_area=True,
        barrier_color="#99000000",
        shape=ft.RoundedRectangleBorder(radius=ft.BorderRadius.only(top_left=theme.RADIUS_L, top_right=theme.RADIUS_L)),
        size_constraints=ft.BoxConstraints(max_width=theme.READING_WIDTH),
        on_dismiss=lambda _: on_dismiss(),
    )


def sheet_row(
    icon: ft.IconData,
    headline: str,
    hint: str,
    on_press: Callable[[], None],
    identifier: str,
    color: str = theme.TEXT,
) -> ft.Control:
    """A line of a sheet that does something when pressed."""
    words: list[ft.Control] = [theme.text(headline, 15, ft.FontWeight.W_500, color)]
    if hint:
        words.append(theme.note(hint))
    face = ft.Container(
        ft.Row(
            [ft.Icon(icon, size=24, color=color), ft.Column(words, spacing=2, tight=True, expand=True)],
            spacing=theme.S4,
        ),
        padding=ft.Padding.symmetric(horizontal=theme.S4, vertical=14),
        border_radius=theme.RADIUS_M,
        bgcolor=theme.SURFACE_HIGH,
        ink=True,
        on_click=lambda _: on_press(),
    )
    return ft.Semantics(
        content=face,
        identifier=identifier,
        label=headline,
        button=True,
        container=True,
        exclude_semantics=True,
        on_tap=lambda _: on_press(),
    )
