"""The less frequent things to do with a reel."""

from __future__ import annotations

from collections.abc import Callable

import flet as ft

from reels_app import theme
from reels_app.components.sheet import sheet, sheet_row
from reels_app.models import Showing
from reels_app.strings import Strings

NEEDS = 340
"""Logical pixels of height under which the sheet scrolls."""


def more_sheet(
    words: Strings,
    showing: Showing,
    on_hide: Callable[[], None],
    on_block: Callable[[], None],
    on_dismiss: Callable[[], None],
    height: float = 800,
) -> ft.BottomSheet:
    """Not interested, and block the creator."""
    rows = [
        sheet_row(
            ft.Icons.VISIBILITY_OFF_ROUNDED,
            words("not_interested"),
            words("not_interested_hint"),
            on_hide,
            "not-interested",
        ),
    ]
    if creator := showing.reel.creator:
        rows.append(
            sheet_row(
                ft.Icons.BLOCK_ROUNDED,
                words("block", name=creator),
                words("block_hint"),
                on_block,
                "block",
                theme.DANGER,
            )
        )
    return sheet(words("more_title"), rows, on_dismiss, "more-sheet", height < NEEDS, words.right_to_left)
