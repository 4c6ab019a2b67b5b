"""One owner a data directory: two mongods on the same files would refuse to start, or worse."""

import fcntl
import os
import time
from pathlib import Path

from reels.core.errors import ConfigError

LOCK = "lock"
_LIVING_OWNER_SEC = 1.0  # a killed one still counts as living for some milliseconds
_DYING_STORES_SEC = 10.0
_POLL_SEC = 0.02


class DirectoryLock:
    """A lock file, held by this process and by the stores it hands `fd` to.

    The stores hold it too, because after `kill -9` of the owner they need a moment to die.
    """

    def __init__(self, directory: Path) -> None:
        """Take the lock. Raises ConfigError when a living process owns the directory."""
        self.path = directory / LOCK
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
        began = time.monotonic()
        while not self._free():
            owner = self._owner()
            patience = _LIVING_OWNER_SEC if owner and _alive(owner) else _DYING_STORES_SEC
            if time.monotonic() > began + patience:
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


def locked(directory: Path) -> bool:
    """Whether a program, or its stores, hold the directory."""
    try:
        fd = os.open(directory / LOCK, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


def _alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    try:
        os.kill(pid, 0)
        # A killed owner that its own parent has not buried yet is dead all the same.
        return not stat.exists() or stat.read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except (ProcessLookupError, FileNotFoundError):
        return False
    except PermissionError:
        return True
