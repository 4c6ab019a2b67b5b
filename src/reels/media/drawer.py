"""A handle on one drawing process: started when first needed, started again when it has gone."""

import asyncio
import contextlib
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from reels.core.errors import StoreError, StoreUnavailable
from reels.media.form import FilmFormat

IDLE_SEC = 30.0
"""How long a drawing process waits for work before it ends."""

PATIENCE_SEC = 60.0
"""A film takes 1 to 2 s; a process that says nothing for this long is stopped."""


class Drawer:
    """Draws one thing at a time; belongs to one event loop."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None

    async def draw(self, path: Path, reel_id: str, hint: str, form: FilmFormat) -> bool:
        """Draw into `path`; False when it was there already.

        Raises StoreError when it can't be drawn, StoreUnavailable when the process ends twice or hangs.
        """
        request = {"path": str(path), "reel_id": reel_id, "hint": hint, "form": asdict(form)}
        for _ in range(2):  # an idle process may end just as we ask: ask a new one
            answer = await self._ask(json.dumps(request).encode() + b"\n")
            if answer is not None:
                if "error" in answer:
                    raise StoreError(f"can't draw reel {reel_id!r}: {answer['error']}")
                return bool(answer["drawn"])
        raise StoreUnavailable("the film drawer", f"it ended twice at reel {reel_id!r}")

    async def close(self) -> None:
        """End the process, in the middle of a drawing if need be; what it was writing is never seen."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()

    async def _ask(self, line: bytes) -> dict[str, Any] | None:
        """The answer; None when the process ended instead of answering."""
        try:
            async with asyncio.timeout(PATIENCE_SEC):
                process = await self._started()
                assert process.stdin is not None
                assert process.stdout is not None
                process.stdin.write(line)
                with contextlib.suppress(ConnectionError):
                    await process.stdin.drain()
                answer = await process.stdout.readline()
        except TimeoutError:
            await self.close()
            raise StoreUnavailable("the film drawer", f"no answer in {PATIENCE_SEC:.0f} s") from None
        except BaseException:
            await self.close()
            raise
        if not answer.endswith(b"\n"):
            await self.close()
            return None
        return dict(json.loads(answer))

    async def _started(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            await self.close()
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "reels.media.drawing", str(IDLE_SEC),
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            )  # fmt: skip
        return self._process
