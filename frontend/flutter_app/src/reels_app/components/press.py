"""Something to press: a picture or words with a name for those who do not see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flet as ft

from reels_app import theme
from reels_app.components.stage import Stage


class Press(ft.Container):
    """A pressable control with an accessible name, reached by the tab key and pressed by enter or space.

    A tooltip gives no name to assistive technology; Semantics does. The container inside is what
    takes the focus; merging makes one node of both, and the face adds no words of its own.
    """

    def __init__(
        self,
        stage: Stage,
        identifier: str,
        label: str,
        content: ft.Control,
        on_press: Callable[[], object],
        selected: bool | None = None,
        radius: float = theme.RADIUS_M,
        **more: Any,
    ) -> None:
        face = ft.Semantics(content=content, exclude_semantics=True)
        # Over the face, else an opaque one would hide where the focus is.
        touch = ft.Container(
            ink=True,
            on_click=lambda _: stage.press(on_press),
            border_radius=radius,
            ink_color=theme.GLASS,
            **theme.EDGES,
        )
        self.semantics = ft.Semantics(
            content=ft.Stack([face, touch], fit=ft.StackFit.PASS_THROUGH),
            identifier=identifier,
            label=label,
            button=True,
            selected=selected,
            container=True,
        )
        super().__init__(ft.MergeSemantics(self.semantics), **more)

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
