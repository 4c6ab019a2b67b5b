"""What every component is given: the page, the viewer's session, the words and the choices."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import flet as ft

from reels_app import theme
from reels_app.strings import Strings

if TYPE_CHECKING:
    from reels_app.session import ViewerSession

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Choices:
    """What the viewer chose for this device."""

    muted: bool = True
    still: bool = False
    language: str = "en"


@dataclass(slots=True)
class Stage:
    """The surroundings of a component.

    `wide` is the desktop layout; `low` a screen without room for words under the actions.
    """

    page: ft.Page
    session: ViewerSession
    words: Strings
    choices: Choices
    link: Callable[[str], str]
    wide: bool = False
    low: bool = False
    tasks: set[asyncio.Task[object]] = field(default_factory=set)
    pressed_at: float = float("-inf")
    """When something was pressed last: the space bar presses what has the focus, else it stops the film."""

    def press(self, work: Callable[[], object]) -> None:
        """Do what a press asks for."""
        self.pressed_at = self.session.monotonic()
        work()

    def measure(self) -> bool:
        """Take in the size of the page; True when the layout changes with it."""
        width, height = self.page.width or 0, self.page.height or theme.HIGH
        before = (self.wide, self.low)
        self.wide, self.low = width >= theme.WIDE and height >= theme.HIGH, height < theme.HIGH
        return (self.wide, self.low) != before

    def later(self, work: Callable[..., Coroutine[Any, Any, object]], *arguments: object) -> None:
        """Run a coroutine function beside what goes on now; what it raises is logged.

        Not `page.run_task`: that one needs a connection, and we also work between two.
        """
        task = asyncio.get_running_loop().create_task(work(*arguments))
        self.tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[object]) -> None:
        self.tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("%s failed", task.get_coro(), exc_info=error)

    def say(self, message: str, action: str = "", on_action: Callable[[], None] | None = None) -> None:
        """A short message at the foot of the screen, with one thing to do about it."""
        from reels_app.components.toast import toast

        self.page.show_dialog(toast(message, action, on_action, self.wide))
