"""What every `BucketStore` does."""

import asyncio

import pytest

from reels.core.ports import BucketStore
from reels.core.types import Quota

SLOW = Quota(5, 3600)
"""One comes back every 12 minutes: nothing does while a test runs."""


@pytest.mark.anyio
class BucketStoreContract:
    """Subclasses give a fixture `store`: empty."""

    async def test_what_is_taken_is_gone_and_said(self, store: BucketStore) -> None:
        first = await store.take("ana", SLOW, 2)
        assert (first.limited, first.remaining, first.retry_sec) == (False, 3, 0)
        assert first.reset_sec == pytest.approx(2 * 720, abs=60)

    async def test_more_than_there_is_is_refused_and_takes_nothing(self, store: BucketStore) -> None:
        await store.take("ana", SLOW, 4)
        refused = await store.take("ana", SLOW, 3)
        assert refused.limited
        assert refused.retry_sec == pytest.approx(2 * 720, abs=60)
        assert not (await store.take("ana", SLOW, 1)).limited
        assert (await store.take("ana", SLOW, 1)).limited

    async def test_everybody_has_a_bucket_of_their_own(self, store: BucketStore) -> None:
        await store.take("ana", SLOW, 5)
        assert not (await store.take("ben", SLOW, 5)).limited

    async def test_many_at_once_get_no_more_than_there_is(self, store: BucketStore) -> None:
        got = await asyncio.gather(*(store.take("ana", SLOW, 1) for _ in range(20)))
        assert sum(not one.limited for one in got) == 5

    async def test_it_fills_again(self, store: BucketStore) -> None:
        quick = Quota(1000, 1)
        await store.take("ana", quick, 1000)
        for _ in range(2000):
            if not (await store.take("ana", quick, 100)).limited:
                return
            await asyncio.sleep(0.01)
        pytest.fail("not within 20 s")
