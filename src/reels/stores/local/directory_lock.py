"""One owner a data directory: two mongods on the same files would refuse to start, or worse."""

import fcntl
import os
import time
from pathlib import Path

from reels.core.errors import ConfigError

_DYING_SEC = 10.0
_POLL_SEC = 0.02


class DirectoryLock:
    """A lock file, held by this process and by the stores it hands `fd` to.

    The stores hold it too, because after `kill -9` of the owner they need a moment to die.
    """

    def __init__(self, directory: Path) -> None:
        """Take the lock. Raises ConfigError when a living process owns the directory."""
        self.path = directory / "lock"
        self.fd = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            self._take()
            os.ftruncate(self.fd, 0)
            os.pwrite(self.fd, str(os.getpid()).encode(), 0)
        except BaseException:
            os.close(self.fd)
            raise

    def release(self) -> None:
        """Let the next one in. The stores must be gone."""
        os.close(self.fd)

    def _take(self) -> None:
        deadline = time.monotonic() + _DYING_SEC
        while not self._free():
            owner = self._owner()
            if (owner and _alive(owner)) or time.monotonic() > deadline:
                raise ConfigError(
                    f"the data directory {self.path.parent} is in use by process {owner or '?'}: "
                    "stop that one, or choose another directory"
                )
            time.sleep(_POLL_SEC)

    def _free(self) -> bool:
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _owner(self) -> int:
        """The process id in the file; 0 while the owner is just writing it."""
        text = os.pread(self.fd, 32, 0)
        return int(text) if text.isdigit() else 0


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
