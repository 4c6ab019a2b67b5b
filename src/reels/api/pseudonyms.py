"""Viewers' ids: keyed pseudonyms, so that neither a device id nor an account name is kept anywhere."""

import base64
import hashlib
import hmac
from collections.abc import Sequence

from reels.core.errors import ConfigError

_KEY_BYTES = 32


class Pseudonyms:
    """HMAC-SHA256 of what somebody is known by, cut to 128 bits. A viewer's id: `u_` and 26 letters and digits.

    Without the key nobody can tell whose id it is, or try out known device ids. `older`: keys that made ids before;
    viewers who have such an id keep it (`ids_of_device`).
    """

    def __init__(self, key: bytes, older: Sequence[bytes] = ()) -> None:
        for one in (key, *older):
            if len(one) < _KEY_BYTES:
                raise ConfigError(f"the pseudonym key has {len(one)} bytes; give at least {_KEY_BYTES} random ones")
        self._keys = (key, *older)
        self.key_id = key_id_of(key)

    def of_device(self, device_id: str) -> str:
        """The viewer's id for one device's secret, by the key in use."""
        return _viewer(self._keys[0], device_id)

    def ids_of_device(self, device_id: str) -> dict[str, str]:
        """Every id this device may have been given -> id of the key that made it; the one of the key in use first."""
        return {_viewer(key, device_id): key_id_of(key) for key in self._keys}

    def of_client(self, address: str, day: int) -> str:
        """Who a request comes from, for counting only: another name each day, so that days can't be joined."""
        return "c_" + _name(self._keys[0], f"client:{day}:{address}")

    def of_name(self, name: str) -> str:
        """What failed sign-ins are counted under: somebody may have typed a password into the wrong field."""
        return "n_" + _name(self._keys[0], f"name:{name}")


def key_id_of(key: bytes) -> str:
    """Names a key without telling anything about it."""
    return hashlib.sha256(b"reels pseudonym key" + key).hexdigest()[:8]


def _viewer(key: bytes, device_id: str) -> str:
    return "u_" + _name(key, f"device:{device_id}")


def _name(key: bytes, what: str) -> str:
    mac = hmac.digest(key, what.encode("utf-8", "surrogatepass"), "sha256")
    return base64.b32encode(mac[:16]).decode().rstrip("=").lower()
