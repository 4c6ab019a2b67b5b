"""The policy in force, without asking MongoDB for every page."""

from reels.core.errors import StoreError
from reels.core.policy import Policy
from reels.core.ports import PolicyStore

LOOK_AGAIN_SEC = 2.0
"""Without Redis, how old the knowledge of the policy in force may get."""
KEPT = 64


class PoliciesInForce:
    """Policies by version, kept: a version never changes. Redis says with every page which version is in force."""

    def __init__(self, store: PolicyStore, default: Policy) -> None:
        self._store, self._default = store, default
        self._known: dict[int, Policy] = {}
        self._newest = default
        self._looked_at = -1e18

    async def of(self, version: int | None, now: float) -> tuple[Policy, bool]:
        """The policy of this version (None: Redis does not say), and whether it could be made sure of.

        While MongoDB does not answer the newest known one is used.
        """
        if version is not None and version in self._known:
            return self._known[version], True
        if version is None and now - self._looked_at < LOOK_AGAIN_SEC:
            return self._newest, True
        try:
            found = await (self._store.current() if version is None else self._store.get(version))
        except StoreError:
            return self._newest, False
        if version is None:
            self._looked_at = now
        return self._keep(found or self._default), True

    def _keep(self, policy: Policy) -> Policy:
        if len(self._known) >= KEPT:
            self._known.clear()
        self._known[policy.version] = self._newest = policy
        return policy
