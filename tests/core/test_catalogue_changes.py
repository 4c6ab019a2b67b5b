"""A catalogue whose writes become visible late, as with several writers: no change may be missed or told twice."""

from dataclasses import dataclass, field
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reels.core.catalogue_changes import LOOK_BACK_SEC, CatalogueChanges
from reels.core.errors import StoreUnavailable
from reels.core.ports import ReelStore, StoredReel
from reels.core.types import Reel

pytestmark = pytest.mark.anyio

START = 1000.0


@dataclass
class LateCatalogue:
    """Each write: (reel id, stamp, when it can be seen)."""

    writes: list[tuple[str, float, float]] = field(default_factory=list)
    now: float = START
    gone: bool = False
    queries: int = 0

    async def changed_since(self, updated_at: float, limit: int) -> list[tuple[str, float]]:
        self.queries += 1
        later = sorted((stamp, reel_id) for reel_id, stamp in self._visible().items() if stamp >= updated_at)
        return [(reel_id, stamp) for stamp, reel_id in later[:limit]]

    async def get(self, reel_ids: list[str]) -> dict[str, StoredReel]:
        self.queries += 1
        visible = self._visible()
        return {one: StoredReel(Reel(one), START, visible[one], "") for one in reel_ids}

    def _visible(self) -> dict[str, float]:
        if self.gone:
            raise StoreUnavailable("mongo", "test")
        visible: dict[str, float] = {}
        for reel_id, stamp, seen_from in self.writes:
            if seen_from <= self.now:
                visible[reel_id] = max(stamp, visible.get(reel_id, 0.0))
        return visible


def follow(catalogue: LateCatalogue) -> CatalogueChanges:
    return CatalogueChanges(cast("ReelStore", catalogue))


@given(
    writes=st.lists(st.tuples(st.integers(0, 5), st.floats(0, 0.9 * LOOK_BACK_SEC)), min_size=1, max_size=30),
    polls=st.lists(st.floats(0.1, 12), max_size=10),
    limit=st.integers(2, 7),
)
async def test_every_change_is_told_once(writes: list[tuple[int, float]], polls: list[float], limit: int) -> None:
    """Stamps half a second apart and in order, seen up to almost `LOOK_BACK_SEC` later."""
    stamped = [(f"r{name}", START + i / 2, START + i / 2 + late) for i, (name, late) in enumerate(writes)]
    catalogue = LateCatalogue(stamped)
    changes = follow(catalogue)
    told: list[tuple[str, float]] = []
    for pause in [*polls, 100.0]:
        catalogue.now += pause
        told += [(one.reel.reel_id, one.updated_at) for one in await changes.poll(catalogue.now, limit)]
    assert len(told) == len(set(told))
    newest = {name: stamp for name, stamp, _ in stamped}
    assert {name: max(stamp for told_name, stamp in told if told_name == name) for name in newest} == newest


async def test_an_old_import_is_not_read_again_with_every_poll() -> None:
    catalogue = LateCatalogue([(f"r{i}", START + i / 1e6, START) for i in range(5000)])
    changes = follow(catalogue)
    catalogue.now = START + 1
    assert len(await changes.poll(catalogue.now)) == 5000
    catalogue.now += 2 * LOOK_BACK_SEC
    assert await changes.poll(catalogue.now) == []
    before = catalogue.queries
    for _ in range(3):
        catalogue.now += 0.25
        assert await changes.poll(catalogue.now) == []
    assert catalogue.queries - before == 3


async def test_a_clock_ahead_of_the_writers_misses_nothing_that_comes_later() -> None:
    catalogue = LateCatalogue([("r1", START, START)])
    changes = follow(catalogue)
    assert len(await changes.poll(START + 3600)) == 1
    catalogue.writes.append(("r2", START + 1, START))
    assert [one.reel.reel_id for one in await changes.poll(START + 3601)] == ["r2"]


async def test_starts_from_what_is_known() -> None:
    catalogue = LateCatalogue([("old", START - 100, START), ("new", START + 1, START)])
    changes = CatalogueChanges(cast("ReelStore", catalogue), since=START)
    assert [one.reel.reel_id for one in await changes.poll(START + 2)] == ["new"]


async def test_a_poll_that_failed_has_told_nothing() -> None:
    catalogue = LateCatalogue([("r1", START, START)], gone=True)
    changes = follow(catalogue)
    with pytest.raises(StoreUnavailable):
        await changes.poll(START)
    catalogue.gone = False
    assert len(await changes.poll(START)) == 1
