"""Why this reel: reasons in words, what its score is made of, and by which model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import zip_longest

import flet as ft

from reels_app import theme
from reels_app.components.sheet import sheet
from reels_app.models import PART_NAMES, Reel, Showing
from reels_app.strings import Strings

NEEDS = 640
"""Logical pixels of height under which the sheet scrolls."""


def shares(parts: Mapping[str, float]) -> list[tuple[str, float]]:
    """(part, share of the whole) in the order of the parts; shares sum to 1, none when all are 0."""
    known = [(name, max(parts.get(name, 0.0), 0.0)) for name in PART_NAMES]
    total = sum(value for _, value in known)
    return [(name, value / total) for name, value in known if value > 0] if total > 0 else []


def percents(made_of: list[tuple[str, float]]) -> list[int]:
    """The shares in whole percent that sum to 100: what rounding down leaves goes to the largest remainders."""
    whole = [int(share * 100) for _, share in made_of]
    by_remainder = sorted(range(len(whole)), key=lambda at: whole[at] - made_of[at][1] * 100)
    for at in by_remainder[: 100 - sum(whole)] if made_of else []:
        whole[at] += 1
    return whole


def reasons(words: Strings, reel: Reel) -> list[str]:
    """The reasons in the viewer's language, as the API words them where this app knows no better.

    That a reel is a pick outside the usual is told by the sheet in a line of its own.
    """
    pairs = zip_longest(reel.reason_codes[: len(reel.reasons)], reel.reasons, fillvalue="")
    return [words.reason(code, text) for code, text in pairs if not (reel.explored and code == "explored")]


def why_sheet(
    words: Strings,
    showing: Showing,
    on_more_like: Callable[[], None],
    on_less_like: Callable[[], None],
    on_dismiss: Callable[[], None],
    height: float = 800,
) -> ft.BottomSheet:
    """The sheet for one reel."""
    reel = showing.reel
    said = reasons(words, reel)
    rows: list[ft.Control] = [_reason(ft.Icons.CHECK_CIRCLE_ROUNDED, why) for why in said]
    if reel.explored:
        rows.append(_reason(ft.Icons.EXPLORE_ROUNDED, words("explored")))
    if not rows:
        rows.append(theme.text(words("no_reasons"), 15, color=theme.TEXT_DIM))
    made_of = shares(reel.contributions)
    if made_of:
        rows.append(theme.label(words("score_made_of"), theme.TEXT_DIM))
        rows.append(stacked_bar(made_of, words))
        rows.append(_legend(made_of, words))
    if showing.policy:
        served = words("served_by", policy=showing.policy, snapshot=showing.snapshot or "?")
        rows.append(theme.note(served, theme.TEXT_FAINT))
    if showing.degraded:
        rows.append(theme.note(words("degraded"), theme.KEEP))
    rows.append(_wishes(words, on_more_like, on_less_like))
    return sheet(words("why_title"), rows, on_dismiss, "why-sheet", height < NEEDS, words.right_to_left)


def stacked_bar(made_of: list[tuple[str, float]], words: Strings) -> ft.Control:
    """The shares side by side in one bar."""
    pieces: list[ft.Control] = [
        ft.Container(bgcolor=theme.PARTS[name], expand=max(round(share * 1000), 1), height=12)
        for name, share in made_of
    ]
    told = zip(made_of, percents(made_of), strict=True)
    spoken = ", ".join(f"{words('part_' + name)} {percent}%" for (name, _), percent in told)
    bar = ft.Container(ft.Row(pieces, spacing=2), border_radius=6, height=12, clip_behavior=ft.ClipBehavior.ANTI_ALIAS)
    return ft.Semantics(content=bar, label=spoken, image=True, container=True, exclude_semantics=True)


def _legend(made_of: list[tuple[str, float]], words: Strings) -> ft.Control:
    entries: list[ft.Control] = [
        ft.Row(
            [
                ft.Container(width=10, height=10, border_radius=3, bgcolor=theme.PARTS[name]),
                theme.text(words(f"part_{name}"), 14, color=theme.TEXT_DIM, expand=True),
                theme.text(f"{percent}%", 14, ft.FontWeight.W_600),
            ],
            spacing=10,
        )
        for (name, _), percent in zip(made_of, percents(made_of), strict=True)
    ]
    return ft.Column(entries, spacing=theme.S2, tight=True)


def _reason(icon: ft.IconData, words: str) -> ft.Control:
    return ft.Row(
        [ft.Icon(icon, size=20, color=theme.ACCENT), theme.text(words, 15, expand=True)],
        spacing=theme.S3,
        vertical_alignment=ft.CrossAxisAlignment.START,
    )


def _wishes(words: Strings, on_more: Callable[[], None], on_less: Callable[[], None]) -> ft.Control:
    more = ft.FilledButton(
        words("more_like_this"),
        icon=ft.Icons.THUMB_UP_ALT_ROUNDED,
        expand=True,
        style=theme.quiet_button(theme.ACCENT),
        on_click=lambda _: on_more(),
    )
    less = ft.FilledButton(
        words("less_like_this"),
        icon=ft.Icons.THUMB_DOWN_ALT_ROUNDED,
        expand=True,
        style=theme.quiet_button(),
        on_click=lambda _: on_less(),
    )
    return ft.Row([more, less], spacing=theme.S3)
