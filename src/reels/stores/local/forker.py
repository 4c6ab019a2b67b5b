"""Forks from one thread that lives as long as this process.

PR_SET_PDEATHSIG is tied to the *thread* that forked, not to its process: a store started from a
short-lived thread (a request handler, an executor, a test) would be killed when that thread ends.
"""

import os
import queue
import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import Future

_Process = subprocess.Popen[bytes]


class _Forker:
    """A daemon thread: it ends with the interpreter, after the exit handlers have run.

    A ThreadPoolExecutor's threads end before them, which would kill the stores too early.
    """

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[tuple[Future[_Process], Callable[[], _Process]]] = queue.SimpleQueue()
        threading.Thread(target=self._run, name="reels-forker", daemon=True).start()

    def fork(self, spawn: Callable[[], _Process]) -> _Process:
        answer: Future[_Process] = Future()
        self._jobs.put((answer, spawn))
        return answer.result()

    def _run(self) -> None:
        while True:
            answer, spawn = self._jobs.get()
            try:
                answer.set_result(spawn())
            except BaseException as error:  # handed to the caller, who is waiting for it
                answer.set_exception(error)
            del answer, spawn


_lock = threading.Lock()
_forker: _Forker | None = None


def fork(spawn: Callable[[], _Process]) -> _Process:
    """Run `spawn` (a `Popen` call) on the long-lived thread; raises what it raises."""
    global _forker
    with _lock:
        if _forker is None:
            _forker = _Forker()
        forker = _forker
    return forker.fork(spawn)


def _forget() -> None:
    """A forked process has no such thread: it makes its own."""
    global _forker, _lock
    _forker, _lock = None, threading.Lock()


os.register_at_fork(after_in_child=_forget)
