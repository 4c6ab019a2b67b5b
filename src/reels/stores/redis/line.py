"""One connection that many requests talk over at once: what the hot path says to Redis.

Commands are written as they come and answers given out in the same order (RESP is strictly in order), so nobody waits
for a connection of its own, and what several requests say at once goes out and comes back together. A round trip costs
about a fifth of what it does through a client that lends each caller a connection.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any

import hiredis
from redis._parsers.base import BaseParser
from redis.asyncio import BlockingConnectionPool
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import InvalidResponse

Command = tuple[Any, ...]
"""Name and arguments: str, bytes, int or float."""
_TRIES = 2
"""A command whose connection breaks is sent once more, at once: all our commands may be carried out twice."""


class Line:
    """Connects when first used, and anew when the connection is lost. For one event loop."""

    def __init__(self, pool: BlockingConnectionPool) -> None:
        self._pool = pool
        self._wire: _Wire | None = None
        self._connecting = asyncio.Lock()
        self._closed = False

    async def ask(self, *commands: Command) -> list[Any]:
        """The answer to each. Raises the first error among them, or ConnectionError; has no deadline of its own."""
        for left in reversed(range(_TRIES)):
            wire = self._wire
            if wire is None or wire.lost:
                wire = await self._connected()
            try:
                return await wire.ask(commands)
            except RedisConnectionError:
                # Not lost: the server's own word (it is loading); asking again is for the caller.
                if not left or not wire.lost or self._closed:
                    raise
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Hang up, for good."""
        self._closed = True
        if self._wire is not None:
            self._wire.hang_up()

    async def _connected(self) -> "_Wire":
        async with self._connecting:
            if self._wire is not None and self._wire.lost:
                lost, self._wire = self._wire, None
                await lost.connection.disconnect()
                await self._pool.release(lost.connection)
            if self._wire is None:
                # Lent by the pool, which has connected, signed in and selected, and hangs up when it is closed.
                self._wire = _Wire(await self._pool.get_connection())  # type: ignore[no-untyped-call]
            return self._wire


class _Wire(asyncio.Protocol):
    """The connection: who waits for answers, the first first."""

    def __init__(self, connection: AbstractConnection) -> None:
        self._reader = hiredis.Reader(protocolError=InvalidResponse, replyError=BaseParser.parse_error)
        self._waiting: deque[tuple[int, asyncio.Future[list[Any]]]] = deque()
        self._answers: list[Any] = []
        self._heard = 0
        self.lost = False
        self._loop = asyncio.get_running_loop()
        self.connection = connection
        self._transport: Any = connection._writer.transport  # type: ignore[union-attr]
        self._driver = self._transport.get_protocol()
        self._transport.set_protocol(self)

    async def ask(self, commands: Sequence[Command]) -> list[Any]:
        answer: asyncio.Future[list[Any]] = self._loop.create_future()
        self._waiting.append((len(commands), answer))
        heard = self._heard
        self._transport.write(b"".join([hiredis.pack_command(one) for one in commands]))
        try:
            answers = await answer
        except asyncio.CancelledError:
            if heard == self._heard:  # silent all the while: perhaps nobody is there any more
                self.hang_up()
            raise
        for one in answers:
            if isinstance(one, Exception):
                raise one
        return answers

    def hang_up(self) -> None:
        self.lost = True
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._heard += 1
        self._reader.feed(data)
        try:
            while self._waiting and (one := self._reader.gets()) is not False:
                self._answers.append(one)
                count, answer = self._waiting[0]
                if len(self._answers) == count:
                    self._waiting.popleft()
                    answers, self._answers = self._answers, []
                    if not answer.done():
                        answer.set_result(answers)
        except InvalidResponse:
            self.hang_up()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        while self._waiting:
            _, answer = self._waiting.popleft()
            if not answer.done():
                answer.set_exception(RedisConnectionError(f"connection lost: {exc or 'closed by the server'}"))
        self._driver.connection_lost(exc)  # who closes the driver's end waits for this
