"""What every `SessionStore` does."""

import asyncio
from dataclasses import replace

import pytest
from tests.contracts.examples import NOW

from reels.core.ports import SessionStore
from reels.core.types import Revocation, Session

PHONE = Session("s1", "ana", ("viewer",), NOW, NOW, NOW + 3600)
LATER = NOW + 86_400


@pytest.mark.anyio
class SessionStoreContract:
    """Subclasses give a fixture `store`: empty."""

    async def test_a_session_comes_back_as_created(self, store: SessionStore) -> None:
        await store.create(PHONE)
        assert await store.get("s1") == PHONE
        assert await store.get("s2") is None

    async def test_only_the_newest_generation_advances(self, store: SessionStore) -> None:
        await store.create(PHONE)
        assert await store.advance("s1", 0, NOW + 60, NOW + 7200)
        second = replace(PHONE, generation=1, refreshed_at=NOW + 60, expires_at=NOW + 7200)
        assert await store.get("s1") == second
        for generation in (0, 2, -1):
            assert not await store.advance("s1", generation, NOW + 61, LATER)
        assert not await store.advance("s2", 0, NOW, LATER)
        assert await store.get("s1") == second

    async def test_one_of_many_at_once_advances(self, store: SessionStore) -> None:
        await store.create(PHONE)
        assert sum(await asyncio.gather(*(store.advance("s1", 0, NOW + 1, LATER) for _ in range(8)))) == 1

    async def test_an_expired_or_revoked_session_stays_where_it_is(self, store: SessionStore) -> None:
        await store.create(PHONE)
        assert not await store.advance("s1", 0, NOW + 3600, LATER)
        await store.revoke("s1", NOW + 5, LATER)
        assert not await store.advance("s1", 0, NOW + 6, LATER)
        await store.revoke("s1", NOW + 9, LATER)
        assert await store.get("s1") == replace(PHONE, revoked_at=NOW + 5)

    async def test_all_of_a_viewer_are_revoked_and_nobody_elses(self, store: SessionStore) -> None:
        for session in (PHONE, replace(PHONE, session_id="s2"), replace(PHONE, session_id="s3", user_id="ben")):
            await store.create(session)
        assert await store.revoke_all("ana", NOW + 5, LATER) == 2
        assert await store.revoke_all("ana", NOW + 6, LATER) == 0
        ben = await store.get("s3")
        assert ben is not None
        assert ben.revoked_at is None

    async def test_revocations_are_told_until_they_are_kept(self, store: SessionStore) -> None:
        await store.revoke("s1", NOW + 1, NOW + 100)
        await store.revoke_all("ana", NOW + 2, NOW + 200)
        await store.revoke_all("ana", NOW + 3, NOW + 150)
        both = [Revocation("session", "s1", NOW + 1), Revocation("subject", "ana", NOW + 3)]
        assert await store.revoked_since(0, NOW + 50) == both
        assert await store.revoked_since(NOW + 3, NOW + 50) == both[1:]
        assert await store.revoked_since(0, NOW + 199) == both[1:]
        assert await store.revoked_since(0, NOW + 200) == []
