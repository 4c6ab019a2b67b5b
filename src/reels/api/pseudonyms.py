"""Viewers' ids: keyed pseudonyms, so that neither a device id nor an account name is kept anywhere."""

import base64
import hashlib
import hmac

from reels.core.errors import ConfigError

_KEY_BYTES = 32


class Pseudonyms:
    """HMAC-SHA256 of what a viewer is known by, cut to 128 bits: `u_` and 26 letters and digits.

    Without the key nobody can tell whose id it is, or try out known device ids.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) < _KEY_BYTES:
            raise ConfigError(f"the pseudonym key has {len(key)} bytes; give at least {_KEY_BYTES} random ones")
        self._key = key
        self.key_id = hashlib.sha256(b"reels pseudonym key" + key).hexdigest()[:8]

    def of_device(self, device_id: str) -> str:
        """The viewer's id for one device's secret."""
        mac = hmac.digest(self._key, b"device:" + device_id.encode("utf-8", "surrogatepass"), "sha256")
        return "u_" + base64.b32encode(mac[:16]).decode().rstrip("=").lower()
