"""Something to press: a picture or words with a name for those who do not see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flet as ft

from reels_app import theme


class Press(ft.Container):
    """A pressable control with an accessible name.

    A tooltip gives no name to assistive technology; Semantics does. It does not take the
    keyboard's focus, so that space keeps meaning play and pause.
    """

    def __init__(
        self,
        identifier: str,
        label: str,
        content: ft.Control,
        on_press: Callable[[], object],
        selected: bool | None = None,
        **more: Any,
    ) -> None:
        self.semantics = ft.Semantics(
            content=ft.GestureDetector(
                content=content,
                mouse_cursor=ft.MouseCursor.CLICK,
                on_tap=lambda _: on_press(),
                exclude_from_semantics=True,
            ),
            identifier=identifier,
            label=label,
            button=True,
            selected=selected,
            container=True,
            exclude_semantics=True,
            on_tap=lambda _: on_press(),
        )
        super().__init__(self.semantics, **more)

    def rename(self, label: str, selected: bool | None = None) -> None:
        """Another accessible name and state; call `update` afterwards."""
        self.semantics.label = label
        self.semantics.selected = selected


def round_icon(icon: ft.IconData, size: int = 24, color: str = theme.TEXT) -> ft.Container:
    """An icon on a glass disc the size of a finger."""
    return ft.Container(
        ft.Icon(icon, size=size, color=color),
        width=theme.TOUCH,
        height=theme.TOUCH,
        border_radius=theme.PILL,
        bgcolor=theme.GLASS,
        alignment=ft.Alignment.CENTER,
    )
