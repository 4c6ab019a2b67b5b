"""Ports for private servers on the loopback."""

import random
import socket

LOOPBACK = "127.0.0.1"

# Below Linux's range for outgoing connections (32768-60999): while a store is down between a kill
# and its restart, a client's own connection can't take its port, nor can it connect to itself.
_FIRST, _LAST = 20_000, 32_767
_TRIES = 200


def free_port() -> int:
    """A port nobody listens on now. Somebody may take it before you do: be ready to ask again."""
    chance = random.SystemRandom()
    for _ in range(_TRIES):
        port = chance.randint(_FIRST, _LAST)
        if _bindable(port):
            return port
    raise OSError(f"no free port on {LOOPBACK} in {_FIRST}-{_LAST} after {_TRIES} tries")


def accepts(port: int) -> bool:
    """Whether something listens there."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((LOOPBACK, port)) == 0


def _bindable(port: int) -> bool:
    with socket.socket() as probe:
        # As the servers do: a port with connections in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
