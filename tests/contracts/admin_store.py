"""What every `AdminStore` does."""

import asyncio
from dataclasses import replace

import pytest
from tests.contracts.examples import NOW

from reels.core.ports import AdminStore
from reels.core.types import Admin, Failures

ANA = Admin("ana", "$argon2id$...", NOW, NOW)


@pytest.mark.anyio
class AdminStoreContract:
    """Subclasses give a fixture `store`: empty."""

    async def test_an_administrator_comes_back_as_created(self, store: AdminStore) -> None:
        assert await store.create(ANA)
        assert not await store.create(replace(ANA, password_hash="another"))
        assert await store.get("ana") == ANA
        assert await store.get("ben") is None
        await store.create(replace(ANA, name="abe"))
        assert [one.name for one in await store.everyone()] == ["abe", "ana"]

    async def test_passwords_change_and_administrators_are_disabled(self, store: AdminStore) -> None:
        await store.create(ANA)
        assert await store.set_password("ana", "new", NOW + 5)
        assert await store.set_disabled("ana", NOW + 6)
        assert await store.get("ana") == replace(ANA, password_hash="new", changed_at=NOW + 5, disabled_at=NOW + 6)
        assert await store.set_disabled("ana", None)
        assert await store.get("ana") == replace(ANA, password_hash="new", changed_at=NOW + 5)
        assert not await store.set_password("ben", "new", NOW)
        assert not await store.set_disabled("ben", NOW)

    async def test_failures_are_counted_one_at_a_time(self, store: AdminStore) -> None:
        assert await store.failures("k") == Failures()
        assert sum(await asyncio.gather(*(store.count_failure("k", Failures(), NOW, NOW + 9) for _ in range(8)))) == 1
        once = await store.failures("k")
        assert once == Failures(1, NOW)
        assert not await store.count_failure("k", Failures(), NOW + 1, NOW + 9)
        assert sum(await asyncio.gather(*(store.count_failure("k", once, NOW + 2, NOW + 9) for _ in range(8)))) == 1
        assert await store.failures("k") == Failures(2, NOW + 2)

    async def test_failures_are_forgotten(self, store: AdminStore) -> None:
        for key in ("k", "l", "m"):
            await store.count_failure(key, Failures(), NOW, NOW + 9)
        await store.clear_failures(["k", "l", "n"])
        assert [await store.failures(key) for key in "klm"] == [Failures(), Failures(), Failures(1, NOW)]
