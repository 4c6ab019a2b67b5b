"""Pages this process answered in the last minutes: what keeps a viewer from repeats while Redis is away."""

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np

from reels.core.keys import NO_KEYS, Keys


@dataclass(frozen=True, slots=True)
class Answered:
    """One page: its bytes and what it showed, in order."""

    user_id: str
    body: bytes
    shown: Keys
    at: float


class AnsweredLately:
    """The newest `limit` pages, for `keep_sec`. About 8 KB a page."""

    def __init__(self, limit: int = 2000, keep_sec: float = 900.0) -> None:
        self._limit, self._keep_sec = limit, keep_sec
        self._pages: OrderedDict[str, Answered] = OrderedDict()
        self._of: dict[str, list[str]] = {}

    def add(self, feed_id: str, page: Answered) -> None:
        """Remember a page; the oldest ones go."""
        if feed_id in self._pages:
            return
        self._pages[feed_id] = page
        self._of.setdefault(page.user_id, []).append(feed_id)
        while len(self._pages) > self._limit or next(iter(self._pages.values())).at < page.at - self._keep_sec:
            self._forget(next(iter(self._pages)))

    def page(self, feed_id: str, user_id: str) -> bytes | None:
        """The page answered under this id, if it was this viewer's."""
        found = self._pages.get(feed_id)
        return found.body if found is not None and found.user_id == user_id else None

    def shown_to(self, user_id: str) -> Keys:
        """Keys on the remembered pages of this viewer, oldest page first."""
        feeds = self._of.get(user_id)
        return np.concatenate([self._pages[one].shown for one in feeds]) if feeds else NO_KEYS

    def _forget(self, feed_id: str) -> None:
        gone = self._pages.pop(feed_id)
        left = [one for one in self._of[gone.user_id] if one != feed_id]
        if left:
            self._of[gone.user_id] = left
        else:
            del self._of[gone.user_id]
