"""The heart that answers a double tap."""

from __future__ import annotations

import asyncio

import flet as ft

from reels_app import theme

SIZE = 120


class HeartBurst(ft.Container):
    """Hidden until `burst`; grows and fades at the place of the tap (fades only when `still`)."""

    def __init__(self, still: bool) -> None:
        self.still = still
        super().__init__(
            ft.Icon(
                ft.Icons.FAVORITE_ROUNDED,
                size=SIZE,
                color=theme.LOVE,
                shadows=ft.BoxShadow(blur_radius=30, color=theme.SHADOW),
            ),
            left=0,
            top=0,
            width=SIZE,
            height=SIZE,
            opacity=0,
            scale=1.0 if still else 0.4,
            ignore_interactions=True,
            animate_opacity=ft.Animation(180, ft.AnimationCurve.EASE_OUT),
            animate_scale=ft.Animation(320, ft.AnimationCurve.EASE_OUT_BACK),
        )

    async def burst(self, x: float, y: float) -> None:
        """Show the heart around (`x`, `y`) for a moment."""
        self.left, self.top = max(x - SIZE / 2, 0), max(y - SIZE / 2, 0)
        self.opacity, self.scale = 0.95, 1.0
        self.update()
        await asyncio.sleep(0.55)
        self.opacity, self.scale = 0, 1.0 if self.still else 1.25
        self.update()
        await asyncio.sleep(0.35)
        if not self.still:
            self.scale = 0.4
            self.update()
