"""The world of a simulated month: a made-up catalogue that goes on growing, and viewers nobody knows yet.

The month is the last `days` of a generated sample. What was published before it has its counters; what is published
during it begins with none, and is not there before its time.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reels.core.types import Mask, Reel, ReelStats, Times
from reels.evaluation.log import Catalogue, catalogue_of
from reels.evaluation.month.config import MonthConfig
from reels.evaluation.texts import Texts, texts_of
from reels.simulation.catalogue import DAY
from reels.simulation.catalogue import Catalogue as Made
from reels.simulation.languages import languages
from reels.simulation.sample import generate
from reels.simulation.truth import Truth
from reels.simulation.viewers import Viewer

Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class World:
    """n reels in the order of the evaluation's catalogue, and v viewers."""

    catalogue: Catalogue
    texts: Texts
    truth: Truth
    published: Times
    """float64[n]"""
    of_new_creator: Mask
    """bool[n]: published during the month by somebody whose first reel is of the last fortnight."""
    viewers: tuple[Viewer, ...]
    newcomers: tuple[Viewer, ...]
    """Who signs up when the month is over: nobody has ever seen them."""
    begins: float


def make_world(config: MonthConfig, cache: Path | None = None) -> World:
    """The world of `config.seed`; sentence vectors are kept in `cache`."""
    sample = generate(config.sample(), np.random.default_rng(config.seed))
    made, begins = sample.catalogue, config.now.timestamp() - config.days * DAY
    catalogue = catalogue_of([_reel(made, row, begins) for row in range(len(made))])
    place = catalogue.rows_of(made.video_id)
    order = np.argsort(place)
    published = made.published_at[order].astype(np.float64)
    views = np.where(published < begins, made.views[order], 0)
    truth = Truth(
        row_of={reel.reel_id: row for row, reel in enumerate(catalogue.reels)},
        topic=made.topic[order],
        quality=made.quality[order],
        language=made.language[order],
        duration_sec=made.duration_sec[order].astype(np.float64),
        popularity=(views + 10.0 * made.likes[order] * (views > 0)).astype(np.float64),
    )
    fresh = made.creators.new[made.creator[order]] & (published >= begins)
    known, late = sample.viewers[: config.viewers], sample.viewers[config.viewers :]
    return World(catalogue, texts_of(catalogue, cache), truth, published, fresh, tuple(known), tuple(late), begins)


def _reel(made: Made, row: int, begins: float) -> Reel:
    creator = made.creator[row]
    language = languages()[made.language[row]]
    old = made.published_at[row] < begins
    stats = ReelStats(
        views=int(made.views[row]),
        likes=int(made.likes[row]),
        comments=int(made.comments[row]),
        retention_rate=_known(made.retention_rate[row]),
        first_3_sec_engagement=_known(made.first_3_sec_engagement[row]),
    )
    return Reel(
        reel_id=made.video_id[row],
        title=made.title[row],
        tags=tuple(made.tags[row]),
        duration_sec=float(made.duration_sec[row]),
        creator_id=made.creators.creator_id[creator],
        published_at=float(made.published_at[row]),
        language=language.code,
        region=language.regions[made.creators.region[creator]].code,
        stats=stats if old else ReelStats(),
    )


def _known(rate: float) -> float | None:
    return None if np.isnan(rate) else float(rate)
