"""The process that draws: `python -m reels.media.drawing`. One JSON request a line in, one JSON answer a line out.

A process, not a thread: with a thread drawing, the event loop beside it was late by 2.7 ms at p99 (0.6 idle); with this
process, at low priority, by 0.4 ms (2 cores). It ends when its stdin does, so it never outlives its parent.
"""

import contextlib
import json
import os
import select
import signal
import sys
from collections.abc import Iterator
from io import RawIOBase
from pathlib import Path
from typing import IO, Any

from reels.media.form import FilmFormat

LOCKS = 16
"""Lock files a directory: two processes that want the same film take the same one; different films seldom do."""


def draw_once(path: Path, reel_id: str, hint: str, form: FilmFormat) -> bool:
    """Draw a film (`.mp4`) or poster (`.jpg`) so that `path` is never seen half written; False = was there already.

    Processes that share the directory wait for each other rather than draw the same one twice.
    """
    from reels.media.film import draw_film, draw_poster  # the encoder loads here, after the first request has come

    with _alone(path):
        if path.exists():
            return False
        unfinished = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        try:
            (draw_film if path.suffix == ".mp4" else draw_poster)(unfinished, reel_id, hint, form)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
    return True


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the file's lock among processes; on a system without fcntl there is none, and a film may be drawn twice."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    with (path.parent / f".{sum(path.name.encode()) % LOCKS:02}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def answer(line: bytes) -> dict[str, Any]:
    """The answer to one request: `{"drawn": bool}` or `{"error": text}`; nothing a request says stops the process."""
    try:
        request = json.loads(line)
        form = FilmFormat(**request["form"])
        return {"drawn": draw_once(Path(request["path"]), request["reel_id"], request["hint"], form)}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


def serve(requests: RawIOBase, answers: IO[bytes], idle_sec: float) -> None:
    """Answer until the requests end or none has come for `idle_sec`: an idle drawer gives its 100 MB back."""
    while select.select([requests], [], [], idle_sec)[0] and (line := requests.readline()):
        answers.write(json.dumps(answer(line)).encode() + b"\n")
        answers.flush()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's: it closes our stdin
    with contextlib.suppress(AttributeError, OSError):
        os.nice(10)
    serve(open(0, "rb", buffering=0), sys.stdout.buffer, float(sys.argv[1]))  # noqa: SIM115
