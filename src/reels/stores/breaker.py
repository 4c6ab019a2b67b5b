"""Spares callers the wait for a store that has just been found dead."""

import time
from collections.abc import Callable


class Breaker:
    """Open after a failure: refuses for `rest_sec`, then lets one caller a rest through to try.

    Without it each request to a store that hangs (not refuses) would cost that store's whole timeout.
    """

    def __init__(self, rest_sec: float = 1.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._rest_sec = rest_sec
        self._clock = clock
        self._next_try: float | None = None

    @property
    def open(self) -> bool:
        """Whether the store did not answer when last asked."""
        return self._next_try is not None

    def refuses(self) -> bool:
        """Whether to fail at once. False for the one caller that may try."""
        if self._next_try is None:
            return False
        now = self._clock()
        if now < self._next_try:
            return True
        self._next_try = now + self._rest_sec
        return False

    def failed(self) -> None:
        """The store did not answer."""
        self._next_try = self._clock() + self._rest_sec

    def succeeded(self) -> None:
        """The store answered, if only to complain."""
        self._next_try = None
