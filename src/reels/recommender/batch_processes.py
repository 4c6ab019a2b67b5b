"""Batch answers on several processors: processes that map the same snapshot and get viewers by the hundred."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import fields
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from reels.core.policy import Policy
from reels.core.types import Floats
from reels.learning.snapshot import open_snapshot
from reels.recommender.batch import Answer, Batch, BatchViewer
from reels.recommender.models import Models
from reels.recommender.orders import orders_of
from reels.recommender.retrieval import retrieval_of
from reels.recommender.standard import generators, pipelines

_OF_SNAPSHOT = ("snapshot", "orders", "retrieval")
_batch: Batch | None = None
"""Of a worker process."""


def batch_of(models: Models, policy: Policy, now: float) -> Batch:
    """Batch answers with the standard stages."""
    return Batch(models, policy, pipelines()["for_you"], generators()["for_you"], now)


class BatchProcesses:
    """A pool of worker processes. `directory` is where the models' snapshot lies; their live columns are sent along."""

    def __init__(self, directory: Path, models: Models, policy: Policy, now: float, processes: int) -> None:
        live = {one.name: getattr(models, one.name) for one in fields(Models) if one.name not in _OF_SNAPSHOT}
        self._ahead = 2 * processes
        self._pool = ProcessPoolExecutor(
            processes, get_context("spawn"), initializer=_start, initargs=(directory, live, policy, now)
        )

    async def recommend(self, groups: AsyncIterator[list[BatchViewer]], k: int) -> AsyncIterator[list[Answer]]:
        """Answers of each group, in order. At most two groups a process are under way."""
        async for answers in self._mapped(groups, _recommend, k):
            yield answers

    async def score(self, groups: AsyncIterator[list[tuple[BatchViewer, list[str]]]]) -> AsyncIterator[list[Floats]]:
        """Scores of each viewer's reels, in order."""
        async for scores in self._mapped(groups, _score, None):
            yield scores

    async def _mapped(self, groups: AsyncIterator[Any], work: Any, option: Any) -> AsyncIterator[Any]:
        loop, under_way = asyncio.get_running_loop(), list[asyncio.Future[Any]]()
        async for group in groups:
            under_way.append(loop.run_in_executor(self._pool, work, group, option))
            if len(under_way) >= self._ahead:
                yield await under_way.pop(0)
        for future in under_way:
            yield await future

    def close(self) -> None:
        """Ends the processes."""
        self._pool.shutdown(cancel_futures=True)


def _start(directory: Path, live: dict[str, Any], policy: Policy, now: float) -> None:
    global _batch
    threadpool_limits(1)
    snapshot = open_snapshot(directory)
    orders, retrieval = orders_of(snapshot), retrieval_of(snapshot)
    _batch = batch_of(Models(snapshot=snapshot, orders=orders, retrieval=retrieval, **live), policy, now)


def _recommend(group: Sequence[BatchViewer], k: int) -> list[Answer]:
    assert _batch is not None, "a worker process starts with _start"
    return list(_batch.recommend(group, k))


def _score(group: Sequence[tuple[BatchViewer, list[str]]], _: None) -> list[Floats]:
    assert _batch is not None, "a worker process starts with _start"
    return [_batch.score(viewer, reel_ids) for viewer, reel_ids in group]
