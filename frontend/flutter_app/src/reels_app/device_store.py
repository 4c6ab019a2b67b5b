"""The device's own storage: secure where the platform has it, else the plain preferences."""

from __future__ import annotations

import asyncio
import importlib
import logging
from typing import Any, Protocol

import flet as ft

from reels_app.storage import DeviceAway

logger = logging.getLogger(__name__)

WITHIN = 5.0
"""Seconds a device may take to answer."""


class Preferences(Protocol):
    """What Flet's storage services have in common."""

    async def get(self, key: str) -> Any:
        """The value of `key`, or None."""

    async def set(self, key: str, value: Any) -> Any:
        """Keep `value` under `key`."""

    async def remove(self, key: str) -> Any:
        """Forget `key`."""


class PreferenceStore:
    """`Store` on the device (local storage in a browser: plain text).

    Writing never waits for the device: it may be between two connections. The newest value of
    a key is written as soon as the device answers, at the latest after `catch_up`.
    """

    def __init__(self, service: Preferences, within: float = WITHIN) -> None:
        self.service, self.within = service, within
        self.unwritten: dict[str, str] = {}
        self._writer: asyncio.Task[None] | None = None
        self._again = False

    async def read(self, key: str) -> str | None:
        """The value of `key`, or None. Raises DeviceAway: to take no answer for nothing would make a new viewer."""
        if key in self.unwritten:
            return self.unwritten[key]
        try:
            value = await asyncio.wait_for(self.service.get(key), self.within)
        except (TimeoutError, RuntimeError) as error:
            raise DeviceAway(f"{key} cannot be read from the device: {error!r}") from error
        return None if value is None else str(value)

    async def write(self, key: str, value: str) -> None:
        """Keep `value` under `key`, soon."""
        self.unwritten[key] = value
        self.catch_up()

    async def remove(self, key: str) -> None:
        """Forget `key`."""
        self.unwritten.pop(key, None)
        await asyncio.wait_for(self.service.remove(key), self.within)

    def catch_up(self) -> None:
        """Write what could not be written yet (call when the device is back)."""
        self._again = True
        if self.unwritten and (self._writer is None or self._writer.done()):
            self._writer = asyncio.get_running_loop().create_task(self._write_all())

    async def _write_all(self) -> None:
        while self.unwritten:
            key, value = next(iter(self.unwritten.items()))
            self._again = False
            try:
                await asyncio.wait_for(self.service.set(key, value), self.within)
            except (TimeoutError, RuntimeError) as error:
                logger.info("%s waits for the device: %r", key, error)
                if not self._again:
                    return
                continue
            if self.unwritten.get(key) == value:
                del self.unwritten[key]


def device_store(page: ft.Page) -> PreferenceStore:
    """The best store of this device: the keychain on phones and desktops when it is packaged."""
    if not page.web:
        try:
            secure = importlib.import_module("flet_secure_storage")
        except ImportError:
            return PreferenceStore(ft.SharedPreferences())
        return PreferenceStore(secure.SecureStorage())
    return PreferenceStore(ft.SharedPreferences())
