"""The factorization machine learns crossings, and is the same for the same seed."""

import numpy as np
from tests.evaluation.tiny import NOW, catalogue, log

from reels.evaluation.baselines.exposures.crossing import CrossingConfig, fit_crossing
from reels.evaluation.baselines.exposures.features import shelf_of
from reels.evaluation.log import Catalogue, Log
from reels.evaluation.metrics import auc

CONFIG = CrossingConfig(factors=4, epochs=60, of_factors=0.001, of_weights=0.001)


def crossed(viewers: int = 40, n: int = 40) -> tuple[Catalogue, Log]:
    """Even viewers like reels of one creator, odd ones those of the other: no viewer and no reel is better."""
    reels = catalogue(n, creators=2)
    rng = np.random.default_rng(0)
    rows = []
    for viewer in range(viewers):
        shown = rng.permutation(n)[:20]
        rows.append([(str(one + 1), bool(one % 2 == viewer % 2)) for one in shown])
    return reels, log(rows, reels)


def test_who_likes_what_is_learnt_where_neither_alone_says_anything() -> None:
    reels, made = crossed()
    late = made.ages() < 5
    fitted = fit_crossing(made.where(~late), shelf_of(reels), NOW + 1e5, 0, CONFIG)
    judged = made.where(late)
    assert auc(judged.positive, fitted.scores(judged)) > 0.9


def test_the_same_seed_gives_the_same_numbers() -> None:
    reels, made = crossed(10, 10)
    one, two, other = (fit_crossing(made, shelf_of(reels), NOW, seed, CONFIG).scores(made) for seed in (1, 1, 2))
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)


def test_viewers_it_never_met_are_told_by_all_else() -> None:
    reels, made = crossed(10, 10)
    fitted = fit_crossing(made.at_positions(np.arange(5)), shelf_of(reels), NOW, 0, CONFIG)
    strangers = fitted.scores(made.at_positions(np.arange(5, 10)))
    assert np.isfinite(strangers).all()
    assert fitted.factors[0].any()  # "not known" is a value of its own


def test_older_exposures_weigh_less() -> None:
    reels = catalogue(2)
    rows = [[("1", False)] * 20 + [("1", True)] * 20 for _ in range(5)]
    made = log(rows, reels)
    brief = CrossingConfig(epochs=10, half_life_days=0.1)
    even = CrossingConfig(epochs=10, half_life_days=1e6)
    now = float(made.at.max())
    recent, level = (fit_crossing(made, shelf_of(reels), now, 0, one).scores(made).mean() for one in (brief, even))
    assert recent > level + 1.0
