"""What the device says of itself before the app starts."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hints:
    """Language, reduced motion, and the address the app is seen at (for links to share)."""

    language: str = "en"
    still: bool = False
    origin: str = ""


NOTHING_SAID = Hints()

client_hints: ContextVar[Hints] = ContextVar("client_hints", default=NOTHING_SAID)
"""Set by the server for each connection before the app's main runs."""
