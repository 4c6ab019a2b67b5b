"""Which reels there are, for events: from the models in memory, else from the store."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

import orjson

from reels.core.keys import Keys, keys_of
from reels.core.ports import ReelStore
from reels.core.types import Floats, Rows


class Lookup(Protocol):
    """What is asked of the models in use (`recommender.models.Models`)."""

    @property
    def durations(self) -> Floats:
        """float32[n] s, NaN unknown."""

    def rows_of(self, keys: Keys, /) -> Rows:
        """Row of each key, -1 = unknown."""

    def reel_json(self, row: int, /) -> bytes:
        """Public fields without braces."""


@dataclass(frozen=True, slots=True)
class KnownReel:
    """What an event needs to know of its reel. `fields` is the reel's JSON without braces, read only when needed."""

    duration_sec: float | None
    fields: bytes = b""
    creator: str = ""

    @property
    def creator_id(self) -> str:
        """Creator of the reel, "" = not known."""
        return self.creator or (orjson.loads(b"{%b}" % self.fields).get("creator_id") or "" if self.fields else "")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Looks reels up by id. `models` gives the models in use, None before the first."""

    models: Callable[[], Lookup | None]
    reels: ReelStore

    async def find(self, reel_ids: Iterable[str]) -> dict[str, KnownReel]:
        """The known ones among the ids, blocked and removed ones too: a viewer may still have them on the screen."""
        wanted = list(dict.fromkeys(reel_ids))
        found = self._in_memory(wanted)
        missing = [one for one in wanted if one not in found]
        if missing:
            stored = await self.reels.get(missing)
            found |= {one: KnownReel(s.reel.duration_sec, creator=s.reel.creator_id) for one, s in stored.items()}
        return found

    def _in_memory(self, reel_ids: list[str]) -> dict[str, KnownReel]:
        models = self.models()
        if models is None or not reel_ids:
            return {}
        rows = models.rows_of(keys_of(reel_ids)).tolist()
        found = {}
        for reel_id, row in zip(reel_ids, rows, strict=True):
            if row >= 0:
                duration = float(models.durations[row])
                found[reel_id] = KnownReel(duration if duration > 0 else None, models.reel_json(row))
        return found
