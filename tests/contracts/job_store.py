"""What every `JobStore` does."""

import asyncio
from dataclasses import replace

import pytest
from tests.contracts.examples import NOW

from reels.core.ports import JobStore
from reels.core.types import JobRun


@pytest.mark.anyio
class JobStoreContract:
    """Subclasses give a fixture `store`: empty."""

    async def test_a_run_is_saved_and_saved_again(self, store: JobStore) -> None:
        run = JobRun("run-1", "embeddings", NOW, details={"reels": 3, "by": {"en": [1, 2]}})
        await store.save(run)
        assert await store.recent(10) == [run]
        done = replace(run, finished_at=NOW + 5, outcome="done")
        await store.save(done)
        assert await store.recent(10) == [done]

    async def test_newest_run_first(self, store: JobStore) -> None:
        for i in range(4):
            await store.save(JobRun(f"run-{i}", "popularity", NOW + i))
        assert [one.run_id for one in await store.recent(3)] == ["run-3", "run-2", "run-1"]

    async def test_a_request_is_taken_oldest_first_and_once(self, store: JobStore) -> None:
        assert await store.take_request(NOW) is None
        first = await store.request("popularity", NOW, "ana")
        second = await store.request("snapshot", NOW + 1, "ana")
        assert [one.outcome for one in await store.recent(10)] == ["requested", "requested"]
        taken = await store.take_request(NOW + 9)
        assert taken is not None
        assert (taken.run_id, taken.job, taken.started_at, taken.outcome) == (first, "popularity", NOW + 9, "running")
        assert taken.details["requested_by"] == "ana"
        again = await store.take_request(NOW + 9)
        assert again is not None
        assert again.run_id == second
        assert await store.take_request(NOW + 9) is None
        await store.save(replace(taken, outcome="failed"))
        assert await store.take_request(NOW + 9) is None

    async def test_one_of_many_workers_takes_it(self, store: JobStore) -> None:
        for _ in range(3):
            await store.request("all", NOW, "ana")
        taken = await asyncio.gather(*(store.take_request(NOW + 1) for _ in range(8)))
        assert len({one.run_id for one in taken if one is not None}) == 3
        assert taken.count(None) == 5
