"""How long work tells how far it is, without knowing who listens."""

from typing import Protocol


class Progress(Protocol):
    """One piece of work after another."""

    def begin(self, what: str, total: int | None = None) -> None:
        """A new piece of work; `total` steps if known. Ends the one before."""

    def advance(self, steps: int = 1) -> None:
        """So many steps more are done."""


class Silent:
    """Nobody listens."""

    def begin(self, what: str, total: int | None = None) -> None:
        """As the protocol says."""

    def advance(self, steps: int = 1) -> None:
        """As the protocol says."""
