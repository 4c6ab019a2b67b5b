"""Work that goes on beside the requests: small steps, again and again, whatever fails."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from reels.core.errors import StoreError

_log = structlog.get_logger(__name__)


async def every(seconds: float, name: str, step: Callable[[], Awaitable[object]]) -> None:
    """Run `step` for ever with a rest of `seconds` in between. A failure is logged once until a step succeeds again."""
    failing = False
    while True:
        try:
            await step()
            if failing:
                _log.info("background work goes on", work=name)
            failing = False
        except StoreError as error:
            if not failing:
                _log.warning("background work waits for a store", work=name, reason=str(error))
            failing = True
        except Exception:  # a bug in one step must not end the others, nor this one's next try
            if not failing:
                _log.exception("background work failed", work=name)
            failing = True
        await asyncio.sleep(seconds)


class Background:
    """Tasks that run from the start of an app to its end."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, seconds: float, name: str, step: Callable[[], Awaitable[object]]) -> None:
        """Begin one."""
        self._tasks.append(asyncio.create_task(every(seconds, name, step), name=name))

    async def stop(self) -> None:
        """End all."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
