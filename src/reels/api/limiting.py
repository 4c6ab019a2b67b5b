"""Quotas of viewers and clients, by group of routes (the proxy has its own, by address).

The buckets are in Redis, shared by all workers. So that a request does not cost another round trip, a worker takes
several requests' worth at once where the quota is large (`lease_of`), and gives them out by itself for a few seconds;
what is left of a lease then is lost to the viewer, which at this size is less than comes back meanwhile. Refusals are
remembered too: who is over the quota costs nothing until it is time again.

Without Redis nobody is limited: the proxy still is in front, and signing in as an administrator has its own lockout.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil

from reels.api.rules import Group
from reels.core.errors import StoreError
from reels.core.ports import BucketStore
from reels.core.types import Quota, Standing

LEASE_SEC = 10.0
LEASE_MOST = 10
KEPT = 20_000
"""Leases and refusals a worker remembers until they end; beyond, the oldest make room."""


@dataclass(frozen=True, slots=True)
class Told:
    """What an answer says of the caller's quota."""

    group: Group
    quota: Quota
    remaining: int
    reset_sec: int
    retry_sec: int = 0
    """More than 0: the request is refused."""

    def headers(self) -> list[tuple[bytes, bytes]]:
        """`RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10)."""
        policy = f'"{self.group}";q={self.quota.requests};w={self.quota.window_sec}'
        left = f'"{self.group}";r={self.remaining};t={self.reset_sec}'
        return [(b"ratelimit-policy", policy.encode()), (b"ratelimit", left.encode())]


@dataclass(slots=True)
class _Held:
    """What a worker knows of one bucket until `until`: `left` requests it may give out, or none at all."""

    left: int
    remaining: int
    reset_at: float
    until: float
    refused: bool


class Limiter:
    """Counts requests. `quotas`: groups that are not in it are not limited; `count` is told what is unusual."""

    def __init__(
        self, buckets: BucketStore, quotas: Mapping[Group, Quota], count: Callable[[Group, str], None]
    ) -> None:
        self._buckets, self._quotas, self._count = buckets, dict(quotas), count
        self._held: dict[str, _Held] = {}
        self._asking: set[str] = set()

    async def take(self, group: Group, who: str, now: float) -> Told | None:
        """One request of `who`. None = not limited: there is no quota, or Redis is away."""
        quota = self._quotas.get(group)
        if quota is None:
            return None
        key = f"{{{who}}}:{group}"
        held = self._held.get(key)
        if held is None or now >= held.until or not (held.left or held.refused):
            try:
                held = await self._ask(key, quota, held, now)
            except StoreError:
                self._count(group, "unavailable")
                return None
        reset_sec = max(0, ceil(held.reset_at - now))
        if held.refused:
            self._count(group, "refused")
            return Told(group, quota, 0, reset_sec, max(1, ceil(held.until - now)))
        held.left -= 1
        return Told(group, quota, held.remaining + held.left, reset_sec)

    async def _ask(self, key: str, quota: Quota, before: _Held | None, now: float) -> _Held:
        """A lease; one request where that is too much by now, or where somebody else asks for a lease just now."""
        lease = lease_of(quota)
        whole = key not in self._asking and (before is None or before.remaining >= 2 * lease)
        if whole:
            self._asking.add(key)
        try:
            cost = lease if whole else 1
            standing = await self._buckets.take(key, quota, cost)
            if standing.limited and cost > 1 and standing.remaining > 0:
                cost = 1
                standing = await self._buckets.take(key, quota, cost)
        finally:
            if whole:
                self._asking.discard(key)
        return self._kept(key, standing, cost, now)

    def _kept(self, key: str, standing: Standing, cost: int, now: float) -> _Held:
        """What is held now, together with what another request brought meanwhile."""
        meanwhile = self._held.pop(key, None)
        left = meanwhile.left if meanwhile is not None and now < meanwhile.until else 0
        reset_at = now + standing.reset_sec
        if standing.limited and not left:
            made = _Held(0, 0, reset_at, now + standing.retry_sec, refused=True)
        else:
            gained = 0 if standing.limited else cost
            made = _Held(left + gained, standing.remaining, reset_at, now + LEASE_SEC, refused=False)
        self._held[key] = made
        while len(self._held) > 1:
            oldest, known = next(iter(self._held.items()))
            if len(self._held) <= KEPT and now < known.until:
                break
            del self._held[oldest]
        return made


def lease_of(quota: Quota) -> int:
    """Requests taken at once: one of a strict quota, up to ten of a generous one.

    Ten leases lost in each `LEASE_SEC` take no more than comes back: so many workers may share a viewer.
    """
    return max(1, min(LEASE_MOST, int(quota.requests / quota.window_sec * LEASE_SEC) // 10))
