"""Puts the results on the workbench together, checks them, and puts the snapshot in use."""

import asyncio
from typing import Any

import numpy as np

from reels.core.errors import ModelError
from reels.core.progress import Progress
from reels.learning.assembly import NEEDED, assembled, carried_rows
from reels.learning.catalogue import Catalogue
from reels.learning.checks import check
from reels.learning.index import indexed
from reels.learning.interactions import Interactions, held_out
from reels.learning.shelf import Shelf, version_of
from reels.learning.snapshot import GROUPS, Snapshot
from reels.learning.training_set import load_catalogue, load_interactions
from reels.learning.workbench import Arrays, Workbench


async def run(
    bench: Workbench, shelf: Shelf, *, now: float, keep: int, progress: Progress, compare: bool = True
) -> dict[str, Any]:
    """Version and metrics of the new snapshot, and which old ones were removed.

    NoSnapshot: another job has to run first. SnapshotRefused: it failed its checks, the one before stays in use.
    `compare` = False does not hold it against the one before (another catalogue, on purpose).
    """
    progress.begin("snapshot", 4)
    return await asyncio.to_thread(_run, bench, shelf, now, keep, progress, compare)


def _run(bench: Workbench, shelf: Shelf, now: float, keep: int, progress: Progress, compare: bool) -> dict[str, Any]:
    catalogue, gathered = load_catalogue(bench)
    pairs = load_interactions(bench)
    progress.advance()
    snapshot = indexed(assemble(bench, catalogue, pairs, version=version_of(now), created_at=gathered))
    progress.advance()
    before = _before(shelf) if compare else None
    metrics = check(snapshot, before, pairs, held_out(pairs), embedded=_embedded(bench, catalogue))
    snapshot.manifest.metrics.update(metrics)
    progress.advance()
    shelf.publish(snapshot)
    removed = shelf.prune(keep)
    progress.advance()
    return {"version": snapshot.manifest.version, "metrics": metrics, "removed": removed}


def assemble(
    bench: Workbench, catalogue: Catalogue, pairs: Interactions, *, version: str, created_at: float
) -> Snapshot:
    """The snapshot of the results on the workbench, in the rows of `catalogue`."""
    return assembled(catalogue, pairs, results_of(bench), version=version, created_at=created_at)


def results_of(bench: Workbench) -> dict[str, Arrays]:
    """What the jobs have left, by name; NoSnapshot where one that is needed is missing."""
    found = {name: bench.load(name) for name in NEEDED}
    groups = {name: bench.load(name) for name in GROUPS if bench.digest_of(name) is not None}
    return found | {name: arrays for name, arrays in groups.items() if _fits(arrays, bench)}


def _fits(arrays: Arrays, bench: Workbench) -> bool:
    """A group that reads content vectors is left out when they have been projected anew since."""
    return "content_made_of" not in arrays or str(arrays["content_made_of"]) == bench.digest_of("content")


def _embedded(bench: Workbench, catalogue: Catalogue) -> float:
    """Share of the reels with words that have been embedded."""
    content = bench.load("content", ("keys", "embedded"))
    known = carried_rows(content["embedded"], content["keys"], catalogue.keys)
    with_text = np.array([bool(text) for text in catalogue.texts], np.bool_)
    return float(known[with_text].mean()) if with_text.any() else 1.0


def _before(shelf: Shelf) -> Snapshot | None:
    try:
        return shelf.open_current()
    except ModelError:  # none yet, or damaged: nothing to hold the new one against
        return None
