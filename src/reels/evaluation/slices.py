"""A small part of a large log, for notebooks and quick looks: its most watched reels, and some who watched them.

Numbers of a slice are no numbers of the data set: fewer reels are easier to tell apart.
"""

from dataclasses import replace

import numpy as np

from reels.evaluation.log import Catalogue, Log, catalogue_of

LEAST = 5
"""Exposures a viewer must have within the slice."""


def slice_of(
    catalogue: Catalogue, log: Log, *, reels: int, viewers: int, least: int = LEAST, seed: int = 0
) -> tuple[Catalogue, Log]:
    """The `reels` most shown reels and at most `viewers` of those with at least `least` exposures of them."""
    kept = np.sort(np.argsort(-log.counts(), kind="stable")[:reels])
    place = np.full(catalogue.n, -1, np.int32)
    place[kept] = np.arange(len(kept), dtype=np.int32)
    small = catalogue_of([catalogue.reels[row] for row in kept.tolist()])
    small = replace(small, marks={name: codes[kept] for name, codes in catalogue.marks.items()})
    part = log.where(place[log.reels] >= 0)
    able = np.flatnonzero(part.lengths >= least)
    chosen = np.random.default_rng(seed).choice(able, min(viewers, len(able)), replace=False)
    part = part.at_positions(np.sort(chosen))
    return small, replace(part, reels=place[part.reels], n=len(kept))
