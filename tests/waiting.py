"""Waits for a condition instead of for a time."""

import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

T = TypeVar("T")

_EVERY_SEC = 0.02


def eventually(condition: Callable[[], T], timeout: float = 10.0) -> T:
    """The first true value of `condition`, asked every 20 ms. Fails after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not (value := condition()):
        assert time.monotonic() < deadline, _never(condition, timeout, value)
        time.sleep(_EVERY_SEC)
    return value


async def eventually_async(condition: Callable[[], Awaitable[T]], timeout: float = 10.0) -> T:
    """As `eventually`, for a condition that is awaited and without blocking the loop."""
    deadline = time.monotonic() + timeout
    while not (value := await condition()):
        assert time.monotonic() < deadline, _never(condition, timeout, value)
        await anyio.sleep(_EVERY_SEC)
    return value


def _never(condition: Callable[..., object], timeout: float, value: object) -> str:
    try:
        what = inspect.getsource(condition).strip()
    except OSError:
        what = repr(condition)
    return f"not within {timeout:g} s, last {value!r}: {what}"
