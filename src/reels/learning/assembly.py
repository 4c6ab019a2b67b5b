"""Puts the results of the jobs together into one snapshot, in the rows of one catalogue.

Each job may have seen a slightly older catalogue; its rows are carried over by key, and what is gone is dropped. The
jobs and `evaluation.snapshots` both make their snapshots here.
"""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from reels.core.keys import Keys, key_of
from reels.learning.catalogue import Catalogue, coded
from reels.learning.codes import Codes
from reels.learning.interactions import Interactions, rows_of
from reels.learning.near_duplicates import near_duplicates
from reels.learning.orders import head_arrays, order_arrays
from reels.learning.popularity import best_of_each
from reels.learning.snapshot import CODED, GROUPS, NEIGHBOURS, Manifest, Neighbours, Snapshot, Table
from reels.learning.topics import topic_names, topics_of
from reels.learning.workbench import Arrays, pack_texts

NEEDED = ("content", "cf_matrix", "factorization", "popularity")
"""Results without which there is no snapshot; every group of `snapshot.GROUPS` may be there or not."""
LARGE, FEWEST, PER_LIKE = 50_000, 8, 2
"""With more than `LARGE` reels, neighbours kept of one in every table, and so many more for each viewer who took to it:
of a reel that few took to, most neighbours were watched by the same one viewer."""
Number = TypeVar("Number", bound=np.generic)


def carried_rows(values: NDArray[Number], old: Keys, new: Keys) -> NDArray[Number]:
    """Rows of `values` (old order, first axis) in the order of `new` (ascending); zero where there was none."""
    at = rows_of(new, old)
    out = np.zeros((len(new), *values.shape[1:]), values.dtype)
    out[at >= 0] = values[at[at >= 0]]
    return out


def carried_table(table: Neighbours, old: Keys, new: Keys) -> Neighbours:
    """The table in the rows of `new`; neighbours that are gone are left out."""
    if len(old) == len(new) and (old == new).all():
        return table
    to_new = rows_of(old, new)
    lengths = np.diff(table.indptr)
    owners = to_new[np.repeat(np.arange(len(old)), lengths)]
    targets = to_new[table.indices]
    kept = (owners >= 0) & (targets >= 0)
    counts = np.bincount(owners[kept], minlength=len(new))
    indptr = np.concatenate((np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)))
    return Neighbours(indptr, targets[kept], table.weights[kept])  # both orders ascend by key, so rows stay in order


def thinned(table: Neighbours, limits: NDArray[np.int64] | None) -> Neighbours:
    """At most `limits` neighbours of each row, the best ones; None = all."""
    lengths = np.diff(table.indptr)
    if limits is None or not (lengths > limits).any():
        return table
    place = np.arange(len(table.indices)) - np.repeat(table.indptr[:-1], lengths)
    kept = place < np.repeat(limits, lengths)
    counts = np.minimum(lengths, limits)
    indptr = np.concatenate((np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)))
    return Neighbours(indptr, table.indices[kept], table.weights[kept])


def neighbours_worth(pairs: Interactions, keys: Keys) -> NDArray[np.int64] | None:
    """How many neighbours of each reel are kept, None = all."""
    if len(keys) <= LARGE:
        return None
    rows = rows_of(pairs.reels[pairs.values > 0], keys)
    return FEWEST + PER_LIKE * np.bincount(rows[rows >= 0], minlength=len(keys))


def creator_totals(creators: Keys, values: NDArray[np.int64], unknown: int) -> NDArray[np.int64]:
    """Sum over all reels of the same creator; a reel of the `unknown` creator stands alone."""
    _, inverse = np.unique(creators, return_inverse=True)
    totals = np.bincount(inverse, values, minlength=1)[inverse] if len(values) else np.zeros(0)
    return np.where(creators == unknown, values, totals).astype(np.int64)


def assembled(
    catalogue: Catalogue,
    pairs: Interactions,
    results: Mapping[str, Arrays],
    *,
    version: str,
    created_at: float,
    extra: dict[str, Any] | None = None,
) -> Snapshot:
    """The snapshot of these results, in the rows of `catalogue`. `results`: of all `NEEDED` and any of the groups."""
    keys = catalogue.keys
    content, tables = results["content"], results["cf_matrix"]
    factors, counted = results["factorization"], results["popularity"]
    vectors = carried_rows(content["content"], content["keys"], keys)
    topics = topics_of(vectors)
    regions, region_codes = coded(catalogue.regions)
    languages, language_codes = coded(catalogue.languages)
    impressions = carried_rows(counted["impressions"], counted["keys"], keys)
    overall = carried_rows(counted["popularity"], counted["keys"], keys)
    reels, offsets = pack_texts(catalogue.public)
    most = neighbours_worth(pairs, keys)
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
        extra=extra or {},
    )
    snapshot = Snapshot(
        manifest=manifest,
        keys=keys,
        rows=np.arange(len(keys), dtype=np.int32),
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
        content=Codes.of(vectors),
        projection=content["projection"],
        centre=content["centre"],
        cf=Table.of(thinned(_table(tables, "cf", keys), most)),
        next=Table.of(thinned(_table(tables, "next", keys), most)),
        factors=Codes.of(carried_rows(factors["factors"], factors["keys"], keys)),
        gramian=factors["gramian"],
        popularity=overall,
        region_best=best_of_each(overall, region_codes, len(regions)),
        language_best=best_of_each(overall, language_codes, len(languages)),
        reels=reels,
        reels_offsets=offsets,
        groups={name: carried_group(name, results[name], keys, most) for name in GROUPS if name in results},
    )
    sorted_once = {"orders": order_arrays(snapshot), "head": head_arrays(snapshot)}
    return replace(snapshot, groups={**snapshot.groups, **sorted_once})


def carried_group(group: str, arrays: Arrays, keys: Keys, most: NDArray[np.int64] | None = None) -> Arrays:
    """The arrays of a group in the rows of `keys`; zero (no neighbours) for a reel its job had not seen.

    Tables are `thinned` to `most` neighbours of each row.
    """
    out: Arrays = {}
    for table in NEIGHBOURS.get(group, ()):
        found = Table.of(thinned(_table(arrays, table, keys), most))
        out |= {f"{table}_{part.name}": getattr(found, part.name) for part in fields(found)}
    for name in CODED.get(group, ()):
        coded_rows = Codes.of(carried_rows(arrays[name], arrays["keys"], keys))
        out |= {f"{name}_codes": coded_rows.codes, f"{name}_scales": coded_rows.scales}
    for name, (_, dims) in GROUPS[group].items():
        if name not in out:
            out[name] = _carried(arrays[name], dims, arrays, keys)
    return out


def _carried(values: NDArray[Any], dims: tuple[str, ...], arrays: Arrays, keys: Keys) -> NDArray[Any]:
    """Along the axis that is `n`; an array without one stays as it is."""
    if "n" not in dims:
        return values
    axis = dims.index("n")
    return np.moveaxis(carried_rows(np.moveaxis(values, axis, 0), arrays["keys"], keys), 0, axis)


def _table(tables: Arrays, name: str, keys: Keys) -> Neighbours:
    table = Neighbours(tables[f"{name}_indptr"], tables[f"{name}_indices"], tables[f"{name}_weights"])
    return carried_table(table, tables["keys"], keys)
