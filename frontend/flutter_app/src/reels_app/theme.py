"""The looks in one place: colours, type scale, spacing, motion. Nothing else names a colour."""

from __future__ import annotations

from typing import Any

import flet as ft

# Colours: a near-black blue ground, quiet surfaces, one warm and one cool accent.
GROUND = "#07090E"
SURFACE = "#11151E"
SURFACE_HIGH = "#1A2030"
GLASS = "#66080A10"
GLASS_STRONG = "#B3080A10"
LINE = "#1FFFFFFF"
TEXT = "#F5F7FC"
TEXT_DIM = "#B9C1D3"
TEXT_FAINT = "#8791A8"
ACCENT = "#7FE7D6"
ON_ACCENT = "#04201C"
LOVE = "#FF5C7F"
KEEP = "#FFC961"
DANGER = "#FF7A7A"
CLEAR = "#00000000"
SHADOW = "#80000000"
FOCUS = "#667FE7D6"
HOVER = "#14FFFFFF"
CHOSEN = "#24FFFFFF"
VEIL = "#E607090E"

PARTS = {
    "content": "#7C9CFF",
    "cf": "#C08CFF",
    "popularity": "#FFB36B",
    "exploration": ACCENT,
}

# Spacing: multiples of four.
S1, S2, S3, S4, S5, S6, S8 = 4, 8, 12, 16, 20, 24, 32

RADIUS_S, RADIUS_M, RADIUS_L, PILL = 10, 16, 24, 999

TOUCH = 48
"""The least side of anything one can press, in logical pixels."""

WIDE = 840
"""From this width on: film in the middle, navigation at the side."""

HIGH = 560
"""Under this height: no words under the actions, and never the wide layout."""

READING_WIDTH = 520
"""The widest a sheet or a column of text grows."""

EDGES: dict[str, Any] = {"left": 0, "top": 0, "right": 0, "bottom": 0}
"""Where a layer of a stack lies that covers all of it."""

TURN_MS = 320
FADE_MS = 220

FONT = "Inter"
"""Carried by the web files (see `fonts/`); a packaged app without it uses the system's own."""


def text(
    value: str,
    size: int = 15,
    weight: ft.FontWeight = ft.FontWeight.W_400,
    color: str = TEXT,
    **more: Any,
) -> ft.Text:
    """Text in the app's type; sizes: 26 display, 20 title, 17 lead, 15 body, 13 label, 12 note."""
    height = 1.2 if size >= 20 else 1.35
    return ft.Text(
        value,
        style=ft.TextStyle(
            size=size,
            weight=weight,
            color=color,
            height=height,
            letter_spacing=-0.2 if size >= 20 else 0,
        ),
        **more,
    )


def display(value: str, **more: Any) -> ft.Text:
    """The largest words of a screen."""
    return text(value, 26, ft.FontWeight.W_700, **more)


def title(value: str, **more: Any) -> ft.Text:
    """The head of a sheet or a section."""
    return text(value, 20, ft.FontWeight.W_600, **more)


def label(value: str, color: str = TEXT, **more: Any) -> ft.Text:
    """Short words on controls."""
    return text(value, 13, ft.FontWeight.W_500, color, **more)


def note(value: str, color: str = TEXT_DIM, **more: Any) -> ft.Text:
    """Small print."""
    return text(value, 13, ft.FontWeight.W_400, color, **more)


def on_film(control: ft.Text) -> ft.Text:
    """Text that lies on a moving picture: a soft shadow keeps it readable."""
    if control.style is not None:
        control.style.shadow = ft.BoxShadow(blur_radius=6, color=SHADOW, offset=ft.Offset(0, 1))
    return control


def page_theme() -> ft.Theme:
    """Material's theme in the app's colours."""
    scheme = ft.ColorScheme(
        primary=ACCENT,
        on_primary=ON_ACCENT,
        secondary=LOVE,
        surface=SURFACE,
        on_surface=TEXT,
        on_surface_variant=TEXT_DIM,
        surface_container_high=SURFACE_HIGH,
        outline=LINE,
        outline_variant=LINE,
        error=DANGER,
        inverse_surface=SURFACE_HIGH,
        on_inverse_surface=TEXT,
        inverse_primary=ACCENT,
    )
    return ft.Theme(
        color_scheme=scheme,
        font_family=FONT,
        scaffold_bgcolor=GROUND,
        canvas_color=GROUND,
        focus_color=FOCUS,
        hover_color=HOVER,
        use_material3=True,
        visual_density=ft.VisualDensity.STANDARD,
    )


def scrim(top: bool) -> ft.LinearGradient:
    """The shade that keeps words on a film readable, from its edge inwards."""
    edge, inner = ft.Alignment.TOP_CENTER, ft.Alignment.BOTTOM_CENTER
    shade = ["#8C000000", "#38000000", CLEAR] if top else ["#D9000000", "#73000000", CLEAR]
    return ft.LinearGradient(
        begin=edge if top else inner,
        end=inner if top else edge,
        colors=shade,
        stops=[0.0, 0.45, 1.0],
    )


def primary_button() -> ft.ButtonStyle:
    """The one button of a state that matters."""
    return ft.ButtonStyle(
        bgcolor=ACCENT,
        color=ON_ACCENT,
        padding=ft.Padding.symmetric(horizontal=S6, vertical=S4),
        shape=ft.RoundedRectangleBorder(radius=PILL),
        text_style=ft.TextStyle(size=15, weight=ft.FontWeight.W_600),
    )


def quiet_button(color: str = TEXT) -> ft.ButtonStyle:
    """Any other button."""
    return ft.ButtonStyle(
        bgcolor=SURFACE_HIGH,
        color=color,
        padding=ft.Padding.symmetric(horizontal=S5, vertical=S4),
        shape=ft.RoundedRectangleBorder(radius=PILL),
        text_style=ft.TextStyle(size=14, weight=ft.FontWeight.W_500),
    )
