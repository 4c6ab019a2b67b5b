"""Stands between this program and a store, so that the store never outlives the program.

Run as `python -I -S guard.py TIE PARENT_PID PIPE_FD COMMAND...`. Standard library only, and never
imported: it is the first thing the new process does.

`pdeathsig` (Linux): asks the kernel for SIGKILL when the parent goes, then becomes the store. No
process more, nothing to crash.
`pipe` (elsewhere): stays, and kills the store's process group when the pipe from the parent closes.
A `kill -9` of the guard alone can't be noticed there, but `Child.stop` still ends the whole group.
"""

import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def become(parent: int, command: list[str]) -> None:
    """Replace this process by `command`, tied to the thread that forked us."""
    import ctypes  # 10 ms that `stay` need not pay

    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    # The parent may have died before the line above: then nobody would send the signal.
    if os.getppid() == parent:
        os.execv(command[0], command)  # noqa: S606  the caller's own command, no shell wanted  # nosec B606


def stay(pipe: int, command: list[str]) -> int:
    """Run `command` until it ends; kill the group when the parent's end of `pipe` closes."""
    import subprocess
    import threading

    def kill_when_parent_is_gone() -> None:
        while os.read(pipe, 1):
            pass
        os.killpg(0, signal.SIGKILL)

    os.set_inheritable(pipe, False)
    # A handler, not SIG_IGN: an ignored signal would stay ignored in the store.
    signal.signal(signal.SIGTERM, lambda *_: None)
    # Open descriptors go through: the directory's lock is one of them.
    store = subprocess.Popen(command, close_fds=False)  # noqa: S603  the caller's own command  # nosec B603
    threading.Thread(target=kill_when_parent_is_gone, daemon=True).start()
    code = store.wait()
    return code if code >= 0 else 128 - code


def main() -> int:
    """Do as the command line says; returns the exit code, or never when it became the store."""
    tie, parent, pipe, *command = sys.argv[1:]
    if tie == "pipe":
        return stay(int(pipe), command)
    become(int(parent), command)
    return 1


if __name__ == "__main__":
    sys.exit(main())
