"""What every `AuditStore` does."""

import pytest
from tests.contracts.examples import NOW

from reels.core.ports import AuditStore


@pytest.mark.anyio
class AuditStoreContract:
    """Subclasses give a fixture `store`: empty."""

    async def test_newest_first(self, store: AuditStore) -> None:
        assert await store.recent(10) == []
        await store.add("ana", "block", {"reel_ids": ("r1",)}, NOW)
        await store.add("ben", "policy", {"version": 2}, NOW)
        assert await store.recent(10) == [
            {"at": NOW, "who": "ben", "action": "policy", "details": {"version": 2}},
            {"at": NOW, "who": "ana", "action": "block", "details": {"reel_ids": ["r1"]}},
        ]
        assert [one["who"] for one in await store.recent(1)] == ["ben"]
