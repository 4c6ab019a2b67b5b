"""The job of the shallow sequence model on a workbench of its own."""

from pathlib import Path

import numpy as np
import pytest
from tests.learning.logs import columns

from reels.core.keys import key_of
from reels.core.progress import Silent
from reels.core.types import Event, EventKind
from reels.jobs import shallow, snapshot
from reels.learning.interactions import interactions_of
from reels.learning.shallow import ShallowConfig
from reels.learning.workbench import Workbench, digest

pytestmark = pytest.mark.anyio

REELS = sorted((f"r{i:02d}" for i in range(20)), key=key_of)
FEW = ShallowConfig(dim=8, length=4, epochs=2, batch=16, negatives=16)


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    """A catalogue of 20 reels, 40 viewers who liked four in order, and content vectors."""
    made = Workbench(tmp_path)
    keys = np.array([key_of(name) for name in REELS])
    log = [
        Event(f"e{u}-{at}", f"u{u:02d}", f"r{(u + at) % 20:02d}", EventKind.LIKE, 100.0 + at)
        for u in range(40)
        for at in range(4)
    ]
    pairs = interactions_of(columns(log, {name: key_of(name) for name in REELS}))
    now = np.array(1000.0)
    made.save("catalogue", "c1", {"keys": keys, "now": now})
    made.save("interactions", "i1", {**pairs.arrays(), "now": now})
    content = np.random.default_rng(0).normal(size=(20, 6)).astype(np.float32)
    made.save("content", "t1", {"keys": keys, "content": content})
    return made


async def fitted(bench: Workbench, config: ShallowConfig = FEW) -> dict[str, object]:
    return await shallow.run(bench, config, half_life_sec=1e6, threads=1, progress=Silent())


async def test_leaves_the_model_and_does_not_fit_the_same_twice(bench: Workbench) -> None:
    assert await fitted(bench) == {"met": 20, "width": 8}
    assert await fitted(bench) == {"unchanged": True}
    left = bench.load("shallow")
    assert left["items"].shape == (20, 8)
    assert left["matrices"].shape == (len(FEW.fades), 8, 8)


async def test_a_model_of_another_content_space_is_left_out_of_the_snapshot(bench: Workbench) -> None:
    await fitted(bench)
    for name in ("cf_matrix", "factorization", "popularity"):
        bench.save(name, "x", {"keys": np.empty(0, np.int64)})
    assert "shallow" in snapshot.results_of(bench)
    bench.save("content", digest("another"), bench.load("content"))
    assert "shallow" not in snapshot.results_of(bench)


@pytest.mark.parametrize("why", ["switched off", "20 reels, at most 19"])
async def test_left_out_it_says_why_and_takes_the_old_model_away(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    bench.save("shallow", "old", {"items": np.zeros((20, 8), np.float32)})
    if "at most" in why:
        monkeypatch.setattr(shallow, "MOST_REELS", 19)
    details = await fitted(bench, ShallowConfig(epochs=0) if "switched" in why else FEW)
    assert why in str(details["left_out"])
    assert bench.digest_of("shallow") is None
