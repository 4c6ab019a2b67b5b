"""Whom a request comes from, for quotas of callers nobody knows yet. Addresses are never kept: only pseudonyms are."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.types import Scope

from reels.api.pseudonyms import Pseudonyms
from reels.core.errors import ConfigError

Network = IPv4Network | IPv6Network
_DAY_SEC = 86_400
_HOUSEHOLD_BITS = 64
"""Of an IPv6 address: the rest is a household's own to choose."""
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Clients:
    """Names callers by their address. `uncounted`: networks of our own processes, such as the app's."""

    pseudonyms: Pseudonyms
    uncounted: tuple[Network, ...] = ()
    _known: dict[tuple[str, int], str | None] = field(default_factory=dict)

    def name_of(self, scope: Scope, now: float) -> str | None:
        """The pseudonym of the caller for today; None for a process of ours, whose callers it stands for."""
        host, day = (scope.get("client") or (UNKNOWN,))[0], int(now // _DAY_SEC)
        if (host, day) not in self._known:
            if len(self._known) >= _KEPT:
                self._known.clear()
            self._known[host, day] = self._named(host, day)
        return self._known[host, day]

    def _named(self, host: str, day: int) -> str | None:
        try:
            address = ip_address(host)
        except ValueError:
            return self.pseudonyms.of_client(UNKNOWN, day)
        if isinstance(address, IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        if any(address in network for network in self.uncounted):
            return None
        if isinstance(address, IPv6Address):
            return self.pseudonyms.of_client(str(ip_network((int(address) >> 64 << 64, _HOUSEHOLD_BITS))), day)
        return self.pseudonyms.of_client(str(address), day)


_KEPT = 10_000


def networks(given: Iterable[str]) -> tuple[Network, ...]:
    """Networks in CIDR notation. ConfigError names one that is none."""
    found: list[Network] = []
    for one in given:
        try:
            found.append(ip_network(one))
        except ValueError as error:
            raise ConfigError(f"REELS_UNCOUNTED_CLIENTS: {one!r}: {error}") from None
    return tuple(found)
