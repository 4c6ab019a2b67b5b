"""Starts both stores on one data directory and stops them in order."""

import atexit
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from reels.core.errors import StoreError
from reels.stores.local import mongod, valkey
from reels.stores.local.child import Child
from reels.stores.local.directory_lock import DirectoryLock
from reels.stores.local.mongod import MongoOptions
from reels.stores.local.valkey import ValkeyOptions


class LocalStores:
    """The private stores of one data directory; a context manager that stops them.

    A part that was not asked for raises StoreError when it is used.
    """

    def __init__(self, directory: Path) -> None:
        """Take the directory. Raises ConfigError when a living process owns it."""
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory.resolve()
        self._lock: DirectoryLock | None = DirectoryLock(self.directory)
        self._mongod: tuple[Child, str] | None = None
        self._owner = os.getpid()
        self._valkey: tuple[Child, str] | None = None
        atexit.register(self.stop)

    @property
    def mongod(self) -> Child:
        """MongoDB's process (or SecantusDB's)."""
        return _started(self._mongod, "MongoDB")[0]

    @property
    def mongo_url(self) -> str:
        """Where MongoDB is; stays the same over `mongod.restart()`."""
        return _started(self._mongod, "MongoDB")[1]

    @property
    def valkey(self) -> Child:
        """Valkey's process (or Redis')."""
        return _started(self._valkey, "Valkey")[0]

    @property
    def redis_url(self) -> str:
        """Where Valkey is; stays the same over `valkey.restart()`."""
        return _started(self._valkey, "Valkey")[1]

    @property
    def children(self) -> tuple[Child, ...]:
        """The processes that were started, in the order they should be started again."""
        return tuple(part[0] for part in (self._valkey, self._mongod) if part is not None)

    def start_mongo(self, options: MongoOptions) -> None:
        """Start MongoDB and wait until it takes writes. Raises ConfigError or StoreError."""
        self._mongod = mongod.start(self.directory, options, self._keep_open())

    def start_valkey(self, options: ValkeyOptions) -> None:
        """Start Valkey, empty, and wait until it answers. Raises ConfigError or StoreError."""
        self._valkey = valkey.start(self.directory, options, self._keep_open())

    def stop(self) -> None:
        """Stop what runs, then leave the directory to the next one. Idempotent.

        Does nothing in a fork of the process that started them, whose exit handlers come here too.
        """
        if self._lock is None or os.getpid() != self._owner:
            return
        for part in (self._valkey, self._mongod):
            if part is not None:
                part[0].stop()
        self._lock.release()
        self._lock = None
        atexit.unregister(self.stop)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _keep_open(self) -> tuple[int, ...]:
        if self._lock is None:
            raise StoreError(f"the stores of {self.directory} are stopped: start anew")
        return (self._lock.fd,)


def start(
    directory: Path,
    *,
    mongo: MongoOptions | None = MongoOptions(),  # noqa: B008  frozen
    valkey: ValkeyOptions | None = ValkeyOptions(),  # noqa: B008  frozen
) -> LocalStores:
    """Start a private MongoDB and a private Valkey; None leaves one out.

    MongoDB's data in `directory` is kept from start to start, also after `kill -9`; Valkey starts
    empty. Raises ConfigError when the directory is in use or a program is not installed,
    StoreError when a store does not come up; nothing is left running then.
    """
    stores = LocalStores(directory)
    try:
        if valkey is not None:
            stores.start_valkey(valkey)
        if mongo is not None:
            stores.start_mongo(mongo)
    except BaseException:
        stores.stop()
        raise
    return stores


def _started(part: tuple[Child, str] | None, name: str) -> tuple[Child, str]:
    if part is None:
        raise StoreError(f"{name} was not started here")
    return part
