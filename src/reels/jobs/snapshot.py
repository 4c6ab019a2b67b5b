"""Puts the results on the workbench together, checks them, and puts the snapshot in use."""

import asyncio
from typing import Any

import numpy as np

from reels.core.errors import ModelError
from reels.core.keys import key_of
from reels.core.progress import Progress
from reels.learning.assembly import carried_rows, carried_table, creator_totals
from reels.learning.catalogue import Catalogue, coded
from reels.learning.checks import check
from reels.learning.interactions import Interactions, held_out
from reels.learning.near_duplicates import near_duplicates
from reels.learning.shelf import Shelf, version_of
from reels.learning.snapshot import Manifest, Neighbours, Snapshot
from reels.learning.topics import topic_names, topics_of
from reels.learning.training_set import load_catalogue, load_interactions
from reels.learning.workbench import Arrays, Workbench, pack_texts


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
    snapshot = assemble(bench, catalogue, pairs, version=version_of(now), created_at=gathered)
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
    keys = catalogue.keys
    content, tables = bench.load("content"), bench.load("cf_matrix")
    factors, counted = bench.load("factorization"), bench.load("popularity")
    vectors = carried_rows(content["content"], content["keys"], keys)
    topics = topics_of(vectors)
    regions, region_codes = coded(catalogue.regions)
    languages, language_codes = coded(catalogue.languages)
    impressions = carried_rows(counted["impressions"], counted["keys"], keys)
    reels, offsets = pack_texts(catalogue.public)
    manifest = Manifest(
        version=version,
        created_at=created_at,
        space=str(content["space"]),
        rows=len(keys),
        content_dim=vectors.shape[1],
        factors=factors["factors"].shape[1],
        regions=regions,
        languages=languages,
        topics=topic_names(topics, catalogue.tags, catalogue.texts),
        events=pairs.events,
        users=len(pairs.user_keys),
        factor_regularization=float(factors["regularization"]),
        factor_alpha=float(factors["alpha"]),
    )
    return Snapshot(
        manifest=manifest,
        keys=keys,
        creators=catalogue.creators,
        published=catalogue.published,
        durations=catalogue.durations,
        regions=region_codes,
        languages=language_codes,
        topics=topics,
        duplicates=near_duplicates(catalogue.stories()),
        active=catalogue.active,
        impressions=impressions,
        creator_impressions=creator_totals(catalogue.creators, impressions, key_of("")),
        usual_rate=carried_rows(counted["usual_rate"], counted["keys"], keys),
        content=vectors,
        projection=content["projection"],
        centre=content["centre"],
        cf=_table(tables, "cf", catalogue),
        next=_table(tables, "next", catalogue),
        factors=carried_rows(factors["factors"], factors["keys"], keys),
        gramian=factors["gramian"],
        popularity=carried_rows(counted["popularity"], counted["keys"], keys),
        popularity_by_region=_places(counted, "region", regions, catalogue),
        popularity_by_language=_places(counted, "language", languages, catalogue),
        reels=reels,
        reels_offsets=offsets,
    )


def _table(tables: Arrays, name: str, catalogue: Catalogue) -> Neighbours:
    table = Neighbours(tables[f"{name}_indptr"], tables[f"{name}_indices"], tables[f"{name}_weights"])
    return carried_table(table, tables["keys"], catalogue.keys)


def _places(counted: Arrays, kind: str, names: tuple[str, ...], catalogue: Catalogue) -> np.ndarray[Any, Any]:
    """The table of each named place; zero rows for a place that was not there when popularity was counted."""
    found = {name: at for at, name in enumerate(counted[f"{kind}_names"].tolist())}
    table = counted[f"by_{kind}"]
    out = np.zeros((len(names), len(catalogue.keys)), np.float32)
    for place, name in enumerate(names):
        if name in found:
            out[place] = carried_rows(table[found[name]], counted["keys"], catalogue.keys)
    return out


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
