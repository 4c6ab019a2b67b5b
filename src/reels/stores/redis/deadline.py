"""A deadline that does not blame the server for our own delay."""

import asyncio
from types import TracebackType
from typing import Self

_LATE = 0.2
"""A timer that goes off later than this share of its time was held up: the loop, not the server, was busy."""
_GRACE_TURNS = 3
"""Turns of the event loop after the deadline in which an answer that has already arrived is read."""


class Deadline:
    """Ends what is awaited in the block after `seconds`, by TimeoutError.

    asyncio's own timeout also fires when only the loop was held up (a collection, a busy core): it looks at the clock
    before it looks at what has arrived. With 250 ms that would be an outage each time this process is late. Here a
    timer that goes off late begins anew, and one in time lets the loop turn a few times before it cancels the block.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._expired = False

    def __enter__(self) -> Self:
        task = asyncio.current_task()
        assert task is not None, "a deadline needs a task"
        self._task, self._loop = task, asyncio.get_running_loop()
        self._cancelling = task.cancelling()
        self._set()
        return self

    def _set(self) -> None:
        self._due = self._loop.time() + self._seconds
        self._handle: asyncio.Handle = self._loop.call_at(self._due, self._over)

    def _over(self) -> None:
        if self._loop.time() - self._due > self._seconds * _LATE:
            self._set()
        else:
            self._give_up(_GRACE_TURNS)

    def _give_up(self, turns: int) -> None:
        if turns:
            self._handle = self._loop.call_soon(self._give_up, turns - 1)
        else:
            self._expired = True
            self._task.cancel()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._handle.cancel()
        # Somebody else's cancellation at the same time goes on as one.
        if self._expired and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError(f"no answer within {self._seconds:g} s") from error
