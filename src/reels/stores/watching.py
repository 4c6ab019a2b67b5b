"""Who is told of each time a store is asked."""

from typing import Literal, Protocol

Outcome = Literal["answered", "refused", "away", "spared"]
"""`refused`: it said no. `away`: it did not answer. `spared`: not asked, because it was away a moment ago."""


class Watch(Protocol):
    """Told once for each block in `answering`; must be quick and never raise."""

    def __call__(self, store: str, outcome: Outcome, seconds: float, /) -> None: ...


def unwatched(_store: str, _outcome: Outcome, _seconds: float) -> None:
    """Nobody."""
