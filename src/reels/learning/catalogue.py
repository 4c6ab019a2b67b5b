"""The catalogue as columns in key order: the row space of the next snapshot."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reels.core.errors import SnapshotRefused
from reels.core.keys import Keys, keys_of
from reels.core.ports import StoredReel
from reels.core.public import public_fields
from reels.core.types import Floats, ReelStatus, Times
from reels.learning.preprocessing import clean
from reels.learning.workbench import Arrays, pack_texts, unpack_texts

PLACES = 64
"""Regions, and languages, with a popularity table of their own: the most common ones."""

TELLING_LETTERS = 16
"""Letters and digits from which a title alone tells a film from others; "good morning" does not."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """n reels, ascending by key."""

    keys: Keys
    creators: Keys
    """int64[n] creator keys; the key of "" = not known."""
    published: Times
    durations: Floats
    active: NDArray[np.bool_]
    views: NDArray[np.int64]
    likes: NDArray[np.int64]
    comments: NDArray[np.int64]
    retention: Floats
    """0..1, NaN = not known; likewise `first_3_sec`."""
    first_3_sec: Floats
    ids: list[str]
    regions: list[str]
    languages: list[str]
    hashes: list[str]
    texts: list[str]
    """Cleaned title and tags as one text."""
    tags: list[str]
    """Cleaned tags, one a line."""
    public: list[bytes]
    """Public fields, ready-made JSON without braces."""

    def stories(self) -> list[str]:
        """What near-duplicates are found by: the cleaned title where it says enough, else title and tags.

        Who puts somebody's film up again keeps the title and changes the hashtags.
        """
        titles = (text.removesuffix(tags.replace("\n", " ")) for text, tags in zip(self.texts, self.tags, strict=True))
        return [
            title.strip() if sum(map(str.isalnum, title)) >= TELLING_LETTERS else text
            for title, text in zip(titles, self.texts, strict=True)
        ]

    def arrays(self) -> Arrays:
        """For the workbench."""
        out: Arrays = {}
        for one in fields(self):
            value = getattr(self, one.name)
            if isinstance(value, list):
                raw = value if one.name == "public" else [text.encode("utf-8", "surrogatepass") for text in value]
                out[one.name], out[f"{one.name}_offsets"] = pack_texts(raw)
            else:
                out[one.name] = value
        return out

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> "Catalogue":
        """What `arrays` gave."""
        parts: dict[str, Any] = {}
        for one in fields(cls):
            if f"{one.name}_offsets" in arrays:
                raw = unpack_texts(arrays[one.name], arrays[f"{one.name}_offsets"])
                parts[one.name] = raw if one.name == "public" else [b.decode("utf-8", "surrogatepass") for b in raw]
            else:
                parts[one.name] = arrays[one.name]
        return cls(**parts)


def joined(parts: Sequence[Catalogue]) -> Catalogue:
    """One catalogue of several, in key order. SnapshotRefused when two ids have one key."""
    columns: dict[str, Any] = {}
    for one in fields(Catalogue):
        values = [getattr(part, one.name) for part in parts] or [getattr(_columns([]), one.name)]
        columns[one.name] = list(chain(*values)) if isinstance(values[0], list) else np.concatenate(values)
    keys, ids = columns["keys"], columns["ids"]
    order = np.argsort(keys, kind="stable")
    if len(doubles := np.flatnonzero(np.diff(keys[order]) == 0)):
        pair = [ids[order[doubles[0] + i]] for i in (0, 1)]
        raise SnapshotRefused([f"reels {pair[0]!r} and {pair[1]!r} have the same key; rename one"])
    places = order.tolist()
    for name, column in columns.items():
        columns[name] = [column[i] for i in places] if isinstance(column, list) else column[order]
    return Catalogue(**columns)


def catalogue_of(reels: Sequence[StoredReel]) -> Catalogue:
    """Columns of the reels, ready to be `joined` with others. SnapshotRefused when two ids have one key."""
    return joined([_columns(reels)])


def _columns(reels: Sequence[StoredReel]) -> Catalogue:
    cleaned = [clean(one.reel.title, one.reel.tags) for one in reels]
    stats = [one.reel.stats for one in reels]
    return Catalogue(
        keys=keys_of(one.reel.reel_id for one in reels),
        creators=keys_of(one.reel.creator_id for one in reels),
        published=np.array(
            [one.added_at if one.reel.published_at is None else one.reel.published_at for one in reels],
            np.float64,
        ),
        durations=_rates([one.reel.duration_sec for one in reels]),
        active=np.array([one.reel.status is ReelStatus.ACTIVE for one in reels], np.bool_),
        views=np.array([one.views for one in stats], np.int64),
        likes=np.array([one.likes for one in stats], np.int64),
        comments=np.array([one.comments for one in stats], np.int64),
        retention=_rates([one.retention_rate for one in stats]),
        first_3_sec=_rates([one.first_3_sec_engagement for one in stats]),
        ids=[one.reel.reel_id for one in reels],
        regions=[one.reel.region for one in reels],
        languages=[one.reel.language for one in reels],
        hashes=[one.content_hash for one in reels],
        texts=[one.text for one in cleaned],
        tags=["\n".join(one.tags) for one in cleaned],
        public=[public_fields(one.reel) for one in reels],
    )


def _rates(values: list[float | None]) -> Floats:
    return np.array([np.nan if value is None else value for value in values], np.float32)


def coded(names: Sequence[str], most: int = PLACES) -> tuple[tuple[str, ...], NDArray[np.int16]]:
    """Distinct names, most common first (at most `most`), and each one's place in them; -1 = "" or a rare one."""
    common = sorted(Counter(name for name in names if name).items(), key=lambda item: (-item[1], item[0]))[:most]
    place = {name: i for i, (name, _) in enumerate(common)}
    return tuple(place), np.array([place.get(name, -1) for name in names], np.int16)
