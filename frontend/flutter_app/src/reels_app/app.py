"""Starts the app on a page: identity, queue, first feed, and what happens when it comes and goes."""

from __future__ import annotations

import asyncio
import json
import logging
import time
import uuid
from collections.abc import Callable, Coroutine
from contextvars import Context
from dataclasses import dataclass, field
from typing import Any

import flet as ft
import httpx

from reels_app import theme
from reels_app.api_client import ApiClient
from reels_app.components.app_shell import AppShell
from reels_app.components.stage import Choices, Stage
from reels_app.device_store import PreferenceStore, device_store
from reels_app.events import EventQueue
from reels_app.hints import Hints, client_hints
from reels_app.session import ViewerSession
from reels_app.storage import DeviceAway, MemoryStore, Store
from reels_app.strings import catalogue

logger = logging.getLogger(__name__)

CHOICES_KEY = "reels.choices"
LAST_TRIES = 3600.0
"""Seconds to go on trying to send the events of a viewer who has left while the API was away."""

UNSEEN = (ft.AppLifecycleState.HIDE, ft.AppLifecycleState.PAUSE, ft.AppLifecycleState.DETACH)
SEEN = (ft.AppLifecycleState.SHOW, ft.AppLifecycleState.RESUME)


@dataclass(frozen=True, slots=True)
class AppConfig:
    """Where the API is: `api_url` for the app, `public_url` for the player (films, posters)."""

    api_url: str
    public_url: str = ""
    region: str | None = None


@dataclass(slots=True)
class Running:
    """One viewer's app while it runs."""

    page: ft.Page
    shell: AppShell
    session: ViewerSession
    store: PreferenceStore
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def came_or_went(self, event: ft.AppLifecycleStateChangeEvent) -> None:
        """The window is hidden, left or seen again."""
        if event.state in SEEN:
            self.shell.reveal()
            return
        if event.state in UNSEEN:
            self.shell.hide()
        await self.session.queue.keep()
        await self.session.queue.flush()

    async def disconnected(self, _event: object = None) -> None:
        """The device is gone, perhaps for good: what was watched goes out now."""
        self.shell.away()
        await self.session.queue.flush()

    def connected(self, _event: object = None) -> None:
        """The device is back; it shows what it showed."""
        self.store.catch_up()
        self.shell.reveal()

    async def closed(self, _event: object = None) -> None:
        """The session is over: last events out, nothing of it stays."""
        self.shell.hide()
        for task in self.tasks:
            task.cancel()
        self.session.state.watchers.clear()
        send_the_rest(self.session)
        # Waits for answers that will not come may hold the session some seconds more; what it showed is let go now.
        self.session.state.showings.clear()
        self.shell.feed.pages.clear()
        self.shell.stack.controls.clear()
        self.page.views.clear()


leaving: set[asyncio.Task[bool]] = set()
"""The last events of viewers who have left."""


def send_the_rest(session: ViewerSession) -> None:
    """Send what waits, long after the session is over if need be; holds the events and the tokens, nothing else."""
    queue = session.queue
    queue.unfinished = lambda: None
    queue.store = session.client.store = MemoryStore()
    task = asyncio.get_running_loop().create_task(queue.drain(LAST_TRIES), context=Context())
    leaving.add(task)
    task.add_done_callback(leaving.discard, context=Context())


def dress(page: ft.Page, words_rtl: bool) -> None:
    """Title, colours and edges of the page."""
    page.title = "Reels"
    page.padding, page.spacing = 0, 0
    page.bgcolor = theme.GROUND
    page.theme_mode = ft.ThemeMode.DARK
    page.theme = page.dark_theme = theme.page_theme()
    page.rtl = words_rtl


async def read_choices(store: Store, hints: Hints) -> Choices:
    """What was chosen on this device before, else what the device itself prefers."""
    try:
        kept = json.loads(await store.read(CHOICES_KEY) or "{}")
        return Choices(still=bool(kept.get("still", hints.still)), language=str(kept.get("language") or hints.language))
    except (ValueError, AttributeError, DeviceAway):
        return Choices(still=hints.still, language=hints.language)


def linked_reel(route: str | None) -> str | None:
    """The reel a route like `/reel/r42` opens, if any."""
    parts = (route or "").split("?")[0].strip("/").split("/")
    return parts[1] if len(parts) == 2 and parts[0] == "reel" and parts[1] else None


def make_session(http: httpx.AsyncClient, store: Store, config: AppConfig, language: str) -> ViewerSession:
    """The viewer's session over the device's store."""
    client = ApiClient(http, store, config.api_url, config.public_url or None, language, config.region)
    queue = EventQueue(client, store, time.time, lambda: uuid.uuid4().hex)
    return ViewerSession(client, queue, time.monotonic)


async def start(page: ft.Page, http: httpx.AsyncClient, config: AppConfig) -> Running:
    """Run the app on `page`."""
    hints = client_hints.get()
    dress(page, words_rtl=False)
    store = device_store(page)
    choices = await read_choices(store, hints)
    words = catalogue(choices.language)
    page.rtl = words.right_to_left
    session = make_session(http, store, config, words.language)
    origin = hints.origin or config.public_url or config.api_url

    async def keep_choices() -> None:
        chosen = {"still": choices.still, "language": choices.language}
        await store.write(CHOICES_KEY, json.dumps(chosen))

    stage = Stage(page, session, words, choices, lambda reel_id: f"{origin}/reel/{reel_id}")
    stage.measure()
    shell = AppShell(stage, on_choice=lambda: stage.later(keep_choices))
    running = Running(page, shell, session, store)
    _listen(page, running)
    page.update()
    shell.show()

    async def live() -> None:
        while not await opened(session, linked_reel(page.route)):
            pass
        await session.queue.run()

    _keep_running(running, live)
    return running


async def opened(session: ViewerSession, reel_id: str | None) -> bool:
    """Open the session; False, a moment later, when the device did not say who it is."""
    try:
        await session.open(reel_id)
    except DeviceAway as away:
        logger.warning("%s", away)
        await asyncio.sleep(1)
        return False
    return True


def _listen(page: ft.Page, running: Running) -> None:
    page.on_keyboard_event = lambda event: running.shell.key(event.key)
    page.on_resize = lambda _: running.shell.resized()
    page.on_app_lifecycle_state_change = running.came_or_went
    page.on_connect = running.connected
    page.on_disconnect = running.disconnected
    page.on_close = running.closed


def _keep_running(running: Running, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    task = asyncio.get_running_loop().create_task(work())
    running.tasks.add(task)
    task.add_done_callback(_log_failure)


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.error("the app's work ended", exc_info=error)
