import asyncio
from typing import Any

import pytest

from reels_app.device_store import PreferenceStore
from reels_app.storage import DeviceAway

pytestmark = pytest.mark.anyio


class Device:
    """Preferences of a device that may be away."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.writes: list[str] = []
        self.there = asyncio.Event()

    async def get(self, key: str) -> Any:
        await self.there.wait()
        return self.values.get(key)

    async def set(self, key: str, value: Any) -> None:
        await self.there.wait()
        self.writes.append(value)
        self.values[key] = value

    async def remove(self, key: str) -> None:
        self.values.pop(key, None)


async def settled(store: PreferenceStore) -> None:
    assert store._writer is not None
    await store._writer


async def test_what_is_written_can_be_read() -> None:
    device = Device()
    device.there.set()
    store = PreferenceStore(device)
    await store.write("k", "v")
    await settled(store)
    assert device.values == {"k": "v"}
    assert await store.read("k") == "v"
    assert await store.read("other") is None


async def test_writing_does_not_wait_for_a_device_that_is_away() -> None:
    device = Device()
    store = PreferenceStore(device, within=0.01)
    await asyncio.wait_for(store.write("k", "v"), 0.005)
    assert await store.read("k") == "v"
    await settled(store)
    assert device.values == {}


async def test_the_newest_value_is_written_when_the_device_is_back() -> None:
    device = Device()
    store = PreferenceStore(device, within=0.01)
    await store.write("k", "old")
    await settled(store)
    store.unwritten["k"] = "new"
    device.there.set()
    store.catch_up()
    await settled(store)
    assert device.writes == ["new"]
    assert not store.unwritten


async def test_a_value_written_meanwhile_is_not_lost() -> None:
    device = Device()
    store = PreferenceStore(device)
    await store.write("k", "1")
    await asyncio.sleep(0)
    await store.write("k", "2")
    device.there.set()
    await settled(store)
    assert device.values == {"k": "2"}


async def test_no_answer_from_the_device_is_not_taken_for_nothing() -> None:
    with pytest.raises(DeviceAway, match="k cannot be read"):
        await PreferenceStore(Device(), within=0.01).read("k")


async def test_a_device_that_comes_back_during_a_lost_write_gets_it_after_all() -> None:
    device = Device()
    store = PreferenceStore(device, within=0.02)
    await store.write("k", "v")
    await asyncio.sleep(0)
    store.catch_up()
    await asyncio.sleep(0.021)
    device.there.set()
    await settled(store)
    assert device.values == {"k": "v"}
