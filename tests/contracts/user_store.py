"""What every `UserStore` does."""

import asyncio

import pytest
from tests.contracts.examples import NOW

from reels.core.ports import UserStore
from reels.core.types import User

ANA = User("ana", NOW, region="IN", language="hi", key_id="k1")


@pytest.mark.anyio
class UserStoreContract:
    """Subclasses give a fixture `store`: empty."""

    async def test_a_viewer_comes_back_as_created(self, store: UserStore) -> None:
        assert await store.create(ANA)
        assert await store.create(User("bare", NOW))
        assert await store.get("ana") == ANA
        assert await store.get("bare") == User("bare", NOW)
        assert await store.get("nobody") is None
        assert await store.count() == 2

    async def test_creating_again_changes_nothing(self, store: UserStore) -> None:
        await store.create(ANA)
        assert not await store.create(User("ana", NOW + 1, region="US"))
        assert await store.get("ana") == ANA

    async def test_ensuring_many_creates_those_that_are_missing_and_changes_none(self, store: UserStore) -> None:
        await store.create(ANA)
        await store.ensure(["ana", "ben", "cem", "ben"], NOW + 1)
        await store.ensure([], NOW + 2)
        assert await store.get_many(["ana", "ben", "cem", "nobody"]) == {
            "ana": ANA,
            "ben": User("ben", NOW + 1),
            "cem": User("cem", NOW + 1),
        }

    async def test_one_of_many_at_once_creates(self, store: UserStore) -> None:
        assert sum(await asyncio.gather(*(store.create(ANA) for _ in range(8)))) == 1

    async def test_starting_afresh_never_goes_back(self, store: UserStore) -> None:
        await store.create(ANA)
        for moment in (NOW + 5, NOW + 1):
            await store.reset("ana", moment)
        user = await store.get("ana")
        assert user is not None
        assert user.reset_at == NOW + 5
        await store.reset("nobody", NOW)
        assert await store.get("nobody") is None

    async def test_tells_who_started_afresh_and_when(self, store: UserStore) -> None:
        await store.create(ANA)
        assert await store.resets() == {}
        await store.ensure(["ben"], NOW)
        await store.reset("ben", NOW + 2)
        assert await store.resets() == {"ben": NOW + 2}

    async def test_settings_not_given_stay(self, store: UserStore) -> None:
        await store.create(ANA)
        await store.set_settings("ana", "US", None)
        await store.set_settings("ana", None, None)
        user = await store.get("ana")
        assert user is not None
        assert (user.region, user.language) == ("US", "hi")
        await store.set_settings("ana", None, "")
        user = await store.get("ana")
        assert user is not None
        assert (user.region, user.language) == ("US", "")
