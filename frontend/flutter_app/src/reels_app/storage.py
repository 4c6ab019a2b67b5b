"""Where the app keeps its few strings on the device: identity, unsent events, choices."""

from __future__ import annotations

from typing import Protocol


class DeviceAway(Exception):
    """The device did not answer: whether it keeps something is not known."""


class Store(Protocol):
    """Strings by key, on the device."""

    async def read(self, key: str) -> str | None:
        """The value of `key`, or None when there is none. Raises DeviceAway."""

    async def write(self, key: str, value: str) -> None:
        """Keep `value` under `key`."""

    async def remove(self, key: str) -> None:
        """Forget `key`; nothing happens when it is not there."""


class MemoryStore:
    """Strings for as long as the process lives: for tests, and where nothing can be kept."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    async def read(self, key: str) -> str | None:
        """The value of `key`, or None."""
        return self.values.get(key)

    async def write(self, key: str, value: str) -> None:
        """Keep `value` under `key`."""
        self.values[key] = value

    async def remove(self, key: str) -> None:
        """Forget `key`."""
        self.values.pop(key, None)
