"""The workbench: what one job leaves for the next, as files of named arrays, each with a digest of what it was made of.

A job whose input has not changed finds its earlier result and does nothing; a stopped run goes on where it was.
Results replace each other atomically, so a half-written one is never read.
"""

import os
import zipfile
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import xxhash
from numpy.typing import NDArray

from reels.core.errors import NoSnapshot

Arrays = dict[str, NDArray[Any]]
_DIGEST = "digest"
_MADE_BY = {"content": "embeddings"}
"""Where the job has another name than its result."""


class Workbench:
    """Intermediate results of the jobs under one directory."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, name: str) -> Path:
        """Where a file of that name lies; its directory exists."""
        self.root.mkdir(parents=True, exist_ok=True)
        return self.root / name

    def digest_of(self, name: str) -> str | None:
        """What the result was made of; None when it is missing or damaged."""
        try:
            with self.path(f"{name}.npz").open("rb") as raw, np.load(raw, allow_pickle=False) as file:
                return str(file[_DIGEST])
        except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError):
            return None

    def save(self, name: str, digest: str, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Replaces the result."""
        final = self.path(f"{name}.npz")
        draft = final.with_suffix(f".{os.getpid()}.draft")
        try:
            with draft.open("wb") as file:
                np.savez(file, allow_pickle=False, **{_DIGEST: np.array(digest), **arrays})
                file.flush()
                os.fsync(file.fileno())
            draft.replace(final)
        finally:
            draft.unlink(missing_ok=True)

    def drop(self, name: str) -> None:
        """Takes a result away, if it is there."""
        self.path(f"{name}.npz").unlink(missing_ok=True)

    def load(self, name: str, only: Sequence[str] = ()) -> Arrays:
        """The arrays of a result, or only those named; NoSnapshot says which job has to run first."""
        try:
            with self.path(f"{name}.npz").open("rb") as raw, np.load(raw, allow_pickle=False) as file:
                return {key: file[key] for key in only or file.files if key != _DIGEST}
        except (OSError, ValueError, zipfile.BadZipFile, EOFError) as error:
            job = _MADE_BY.get(name, name)
            raise NoSnapshot(f"no {name} in {self.root} ({error}): run `reels jobs run {job}` first") from error


def digest(*parts: object) -> str:
    """Of arrays (their bytes), and of anything else by its repr."""
    state = xxhash.xxh3_128()
    for part in parts:
        if isinstance(part, np.ndarray):
            state.update(f"{part.dtype}{part.shape}".encode())
            state.update(np.ascontiguousarray(part).view(np.uint8).data if part.size else b"")
        else:
            state.update(repr(part).encode("utf-8", "surrogatepass"))
    return state.hexdigest()


def pack_texts(texts: Sequence[bytes]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Byte strings end to end, and where each begins (n + 1)."""
    offsets = np.zeros(len(texts) + 1, np.int64)
    np.cumsum([len(text) for text in texts], out=offsets[1:])
    return np.frombuffer(b"".join(texts), np.uint8), offsets


def unpack_texts(blob: NDArray[np.uint8], offsets: NDArray[np.int64]) -> list[bytes]:
    """What `pack_texts` was given."""
    whole, ends = blob.tobytes(), offsets.tolist()
    return [whole[a:b] for a, b in pairwise(ends)]
