"""What every `PolicyStore` does."""

import asyncio
from dataclasses import replace

import pytest
from tests.contracts.examples import NOW

from reels.core.policy import Policy, Weights
from reels.core.ports import PolicyStore

BOLD = Policy(name="bold", weights=Weights(0.4, 0.4, 0.1, 0.1), epsilon=0.2, note="try")


@pytest.mark.anyio
class PolicyStoreContract:
    """Subclasses give a fixture `store`: empty."""

    async def test_none_before_the_first(self, store: PolicyStore) -> None:
        assert await store.current() is None
        assert await store.get(1) is None
        assert await store.history(10) == []

    async def test_the_newest_is_in_force(self, store: PolicyStore) -> None:
        first = await store.add(Policy(), NOW, "ana")
        second = await store.add(BOLD, NOW + 1, "ben")
        assert first == replace(Policy(), version=1, created_at=NOW, created_by="ana")
        assert second == replace(BOLD, version=2, created_at=NOW + 1, created_by="ben")
        assert await store.current() == second
        assert await store.get(1) == first
        assert await store.history(10) == [second, first]
        assert await store.history(1) == [second]

    async def test_many_at_once_get_versions_of_their_own(self, store: PolicyStore) -> None:
        added = await asyncio.gather(*(store.add(replace(BOLD, note=str(i)), NOW, "ana") for i in range(12)))
        assert sorted(one.version for one in added) == list(range(1, 13))
        assert {one.version: one for one in added} == {one.version: one for one in await store.history(100)}
