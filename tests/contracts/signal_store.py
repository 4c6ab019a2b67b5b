"""What every `SignalStore` does."""

import pytest

from reels.core.ports import SignalStore, ViewerStore


@pytest.mark.anyio
class SignalStoreContract:
    """Subclasses give fixtures `store` (empty) and `viewers` of the same server."""

    async def test_signals_by_name(self, store: SignalStore) -> None:
        await store.put_signals("trending", b"\x00\xff")
        await store.put_signals("trials", b"old")
        await store.put_signals("trials", b"new")
        assert await store.get_signals(["trials", "nothing", "trending"]) == {"trials": b"new", "trending": b"\x00\xff"}
        assert await store.get_signals([]) == {}

    async def test_the_policy_in_force_never_goes_back(self, store: SignalStore, viewers: ViewerStore) -> None:
        assert (await viewers.read("u")).policy_version is None
        for version in (9, 10, 2):
            await store.set_policy_version(version)
        assert (await viewers.read("u")).policy_version == 10

    async def test_answers(self, store: SignalStore) -> None:
        await store.ping()
