"""The device's own storage: secure where the platform has it, else the plain preferences."""

from __future__ import annotations

import asyncio
import importlib
from typing import Any

import flet as ft

WITHIN = 8.0
"""Seconds a device may take to answer."""


class PreferenceStore:
    """`Store` in the app's preferences (local storage in a browser): plain text."""

    def __init__(self, service: Any = None) -> None:
        self.service = service or ft.SharedPreferences()

    async def read(self, key: str) -> str | None:
        """The value of `key`, or None."""
        value = await asyncio.wait_for(self.service.get(key), WITHIN)
        return None if value is None else str(value)

    async def write(self, key: str, value: str) -> None:
        """Keep `value` under `key`; a device that is away keeps what it had."""
        try:
            await asyncio.wait_for(self.service.set(key, value), WITHIN)
        except (TimeoutError, RuntimeError):
            return

    async def remove(self, key: str) -> None:
        """Forget `key`."""
        await asyncio.wait_for(self.service.remove(key), WITHIN)


def device_store(page: ft.Page) -> PreferenceStore:
    """The best store of this device: the keychain on phones and desktops when it is packaged."""
    if not page.web:
        try:
            secure = importlib.import_module("flet_secure_storage")
        except ImportError:
            return PreferenceStore()
        return PreferenceStore(secure.SecureStorage())
    return PreferenceStore()
