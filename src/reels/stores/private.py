"""Which stores to talk to: those given by address, those a running program on this data directory has started, or
private ones started for as long as they are needed.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from reels.stores import local
from reels.stores.local.directory_lock import locked

ADDRESSES = "addresses.json"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where MongoDB and Redis are."""

    mongo_url: str
    redis_url: str
    children: tuple[local.Child, ...] = field(default=(), compare=False)
    """Processes started for them here, which may be started again when they end."""


@contextmanager
def addresses(directory: Path, mongo_url: str, redis_url: str) -> Iterator[Addresses]:
    """The addresses; stores started for them stop with the block.

    Raises ConfigError when nothing that could be started is installed, StoreError when it does not come up.
    """
    running = running_on(directory)
    if running is not None or (mongo_url and redis_url):
        yield Addresses(
            mongo_url or (running.mongo_url if running else ""), redis_url or (running.redis_url if running else "")
        )
        return
    with ExitStack() as stack:
        mongo = None if mongo_url else local.MongoOptions()
        valkey = None if redis_url else local.ValkeyOptions()
        stores = stack.enter_context(local.start(directory, mongo=mongo, valkey=valkey))
        found = Addresses(mongo_url or stores.mongo_url, redis_url or stores.redis_url, stores.children)
        note = directory / ADDRESSES
        note.write_text(json.dumps({"mongo_url": found.mongo_url, "redis_url": found.redis_url}))
        stack.callback(note.unlink, missing_ok=True)
        yield found


def running_on(directory: Path) -> Addresses | None:
    """Addresses left by a program that still has its stores here."""
    try:
        told = json.loads((directory / ADDRESSES).read_text())
        if not locked(directory):
            return None
        return Addresses(told["mongo_url"], told["redis_url"])
    except (FileNotFoundError, ValueError, KeyError):
        return None
