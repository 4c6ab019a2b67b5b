"""One looping film: muted from the start, its sound turned on by its volume."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import flet as ft
import flet_video as fv

from reels_app import theme

logger = logging.getLogger(__name__)

ANSWER_WITHIN = 10.0
"""Seconds to wait for the player: it does not answer while it is not on the screen."""

AUDIBLE = 99.0
"""Any volume other than the default: the web player leaves `muted` only when volume changes."""


def film(url: str, muted: bool, autoplay: bool, on_error: Callable[[], None], on_known: Callable[[], None]) -> fv.Video:
    """A player without controls that covers its box and loops `url`.

    `on_known` is called when the player has read what the film is. It may call `on_error` for
    passing troubles too (a play that a pause overtook), so an error counts only before that.
    """
    return fv.Video(
        playlist=[fv.VideoMedia(url)],
        playlist_mode=fv.PlaylistMode.SINGLE,
        autoplay=autoplay,
        muted=muted,
        volume=100.0 if muted else AUDIBLE,
        controls=None,
        fit=ft.BoxFit.COVER,
        fill_color=theme.CLEAR,
        wakelock=True,
        resume_upon_entering_foreground_mode=True,
        on_error=lambda _: on_error(),
        on_duration_change=lambda _: on_known(),
        expand=True,
    )


def set_muted(player: fv.Video, muted: bool) -> None:
    """Sound on or off for a player that is on the screen."""
    player.volume = 0.0 if muted else AUDIBLE
    player.update()


async def set_playing(player: fv.Video, playing: bool) -> None:
    """Play or pause; a player that is gone or does not answer is left alone."""
    try:
        await asyncio.wait_for(player.play() if playing else player.pause(), ANSWER_WITHIN)
    except (TimeoutError, RuntimeError) as error:
        logger.debug("player did not %s: %s", "play" if playing else "pause", error)
