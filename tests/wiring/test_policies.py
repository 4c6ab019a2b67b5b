"""Policies by name, and which one training puts in force."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from tests.snapshots import make_snapshot

from reels.core.errors import ConfigError
from reels.core.policy import LEARNED, Policy
from reels.learning.snapshot import Snapshot
from reels.learning.workbench import Arrays
from reels.settings import Settings
from reels.wiring import open_stores
from reels.wiring.policies import policy_of, put_in_force, with_learned_weights
from reels.wiring.stores import Stores

pytestmark = pytest.mark.anyio


@pytest.fixture
async def system(anyio_backend: str, mongo_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Stores]:
    settings = Settings(
        data_dir=tmp_path, mongo_url=mongo_url, redis_url=redis_url, mongo_database=f"test_{uuid4().hex}"
    )
    async with open_stores(settings) as opened:
        yield opened
        await opened.mongo.database.client.drop_database(settings.mongo_database)


def trained(blend: tuple[float, ...] = (0.2, 0.5, 0.1, 0.2)) -> Snapshot:
    group: Arrays = {"blend": np.array(blend, np.float32), "normalisation": np.frombuffer(b"z", np.uint8)}
    return replace(make_snapshot(20), groups={"ranker": group})


def test_learned_weights_go_with_the_learned_policy_only() -> None:
    found = with_learned_weights(LEARNED, trained())
    assert (found.weights.cf, found.normalisation) == (0.5, "z")
    assert with_learned_weights(Policy(), trained()) == Policy()
    assert with_learned_weights(LEARNED, make_snapshot(20)) == LEARNED


async def test_policies_by_name(system: Stores) -> None:
    assert await policy_of(system, "") == Policy()
    assert await policy_of(system, "learned", trained()) == with_learned_weights(LEARNED, trained())
    kept = await system.policies.add(replace(Policy(), name="spring", epsilon=0.2), 1.0, "ada")
    await system.policies.add(Policy(), 2.0, "ada")
    assert await policy_of(system, "spring") == kept
    with pytest.raises(ConfigError, match="no policy 'autumn'"):
        await policy_of(system, "autumn")


async def test_training_puts_the_learned_policy_in_force_where_the_setting_wants_it(system: Stores) -> None:
    assert await put_in_force(system, "documented", trained(), 1.0) is None
    assert await put_in_force(system, "learned", make_snapshot(20), 1.0) is None
    added = await put_in_force(system, "learned", trained(), 1.0)
    assert added is not None
    assert (added.name, added.version, added.created_by) == ("learned", 1, "training")
    assert await put_in_force(system, "learned", trained(), 2.0) is None  # the same weights: nothing new
    other = await put_in_force(system, "learned", trained((0.4, 0.4, 0.1, 0.1)), 3.0)
    assert other is not None
    assert other.version == 2


async def test_what_an_operator_chose_stays(system: Stores) -> None:
    await system.policies.add(Policy(), 1.0, "ada")
    assert await put_in_force(system, "learned", trained(), 2.0) is None
    assert (await policy_of(system, "")).name == "documented"
