"""Which policy is in force, and policies by name."""

from dataclasses import replace

import numpy as np

from reels.core.errors import ConfigError
from reels.core.policy import NAMED, Policy, Weights
from reels.learning.ranker import BLEND_PARTS
from reels.learning.snapshot import Snapshot
from reels.wiring.stores import Stores

HISTORY = 200
"""Kept policies that are looked through for a name, newest first."""


async def policy_of(stores: Stores, name: str, snapshot: Snapshot | None = None) -> Policy:
    """The newest kept policy of this name, else the built-in one; "" = the one in force.

    `snapshot`: whose learned weights the built-in `learned` carries. ConfigError: no such policy.
    """
    if not name:
        return await stores.policies.current() or Policy()
    for policy in await stores.policies.history(HISTORY):
        if policy.name == name:
            return policy
    if name not in NAMED:
        raise ConfigError(f"no policy {name!r}: none of that name was kept, and built in are {', '.join(NAMED)}")
    return with_learned_weights(NAMED[name], snapshot)


def with_learned_weights(policy: Policy, snapshot: Snapshot | None) -> Policy:
    """A policy with the learned ranker, carrying the weights for the blend that training learnt beside it."""
    group = None if snapshot is None else snapshot.groups.get("ranker")
    if group is None or policy.ranker != "learned":
        return policy
    weights = dict(zip(BLEND_PARTS, np.round(group["blend"].astype(np.float64), 4).tolist(), strict=True))
    return replace(policy, weights=Weights(**weights), normalisation=bytes(group["normalisation"]).decode())


async def put_in_force(stores: Stores, wanted: str, snapshot: Snapshot, now: float) -> Policy | None:
    """After a training: keeps the learned policy with its new weights, where the setting wants it in force.

    Only while nobody has set another one: what an operator chose stays. The added policy, None = nothing to add.
    """
    if wanted != "learned" or "ranker" not in snapshot.groups:
        return None
    current = await stores.policies.current()
    if current is not None and current.name != wanted:
        return None
    proposed = with_learned_weights(current or NAMED[wanted], snapshot)
    if current is not None and (proposed.weights, proposed.normalisation) == (current.weights, current.normalisation):
        return None
    added = await stores.policies.add(proposed, now, "training")
    await stores.signals.set_policy_version(added.version)
    return added
