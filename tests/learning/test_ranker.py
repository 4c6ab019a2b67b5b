"""The learned ranker: what it learns, and that its arrays are the trees that were grown."""

from dataclasses import replace

import numpy as np
import pytest

from reels.core.errors import ModelError
from reels.learning import ranker as module
from reels.learning.ranker import (
    BLEND_PARTS,
    DRIFTING,
    PENALTIES,
    SHARES,
    Examples,
    RankerConfig,
    fit,
    flattened,
    grow,
    learned_blend,
)
from reels.recommender.ranker.trees import Trees, of_arrays

CONFIG = RankerConfig(rounds=20, least_in_leaf=5)


def examples(requests: int = 60, candidates: int = 30, *, seed: int = 0) -> Examples:
    """The second column decides; a fifth of the values is unknown, of the fourth nothing is."""
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(requests * candidates, 4)).astype(np.float32)
    labels = np.zeros(len(table), np.uint8)
    best = table[:, 1].reshape(requests, candidates).argmax(axis=1) + np.arange(requests) * candidates
    labels[best] = 1
    table[:, :3][rng.random((len(table), 3)) < 0.2] = np.nan
    parts = {name: np.abs(rng.normal(size=len(table))).astype(np.float32) for name in BLEND_PARTS}
    parts["cf"] = np.where(labels > 0, 3.0, parts["cf"]).astype(np.float32)
    sizes = np.full(requests, candidates, np.int64)
    return Examples(("noise", "telling", "more", "whole"), table, labels, sizes, parts, requests)


def test_served_scores_are_the_librarys() -> None:
    made = examples()
    grown = grow(made, CONFIG, 1)
    trees = of_arrays(flattened(grown.dump_model(), made.columns))
    fresh = examples(seed=1).table
    used = [made.columns.index(name) for name in trees.columns]
    np.testing.assert_allclose(trees.scores(fresh[:, used]), grown.predict(fresh), rtol=0, atol=1e-6)


def test_what_is_owed_to_the_columns_adds_up_to_the_score() -> None:
    made = examples()
    trees = of_arrays(fit(made, CONFIG))
    used = [made.columns.index(name) for name in trees.columns]
    table = examples(seed=2).table[:, used]
    owed = trees.owed(table)
    np.testing.assert_allclose(owed.sum(axis=1) + trees.expected, trees.scores(table), rtol=0, atol=1e-9)
    assert np.abs(owed).mean(axis=0).argmax() == trees.columns.index("telling")


def test_it_finds_what_decides() -> None:
    made = examples()
    trees: Trees = of_arrays(fit(made, CONFIG))
    used = [made.columns.index(name) for name in trees.columns]
    fresh = examples(seed=3)
    scores = trees.scores(fresh.table[:, used]).reshape(60, 30)
    right = scores.argmax(axis=1) == fresh.labels.reshape(60, 30).argmax(axis=1)
    assert right.mean() > 0.3  # by chance 0.03; where the telling value is unknown it can only guess


def test_the_same_examples_give_the_same_trees() -> None:
    one, other = fit(examples(), CONFIG), fit(examples(), CONFIG)
    assert all((one[name] == other[name]).all() for name in one)


def test_the_blend_gives_its_weight_to_the_part_that_knows() -> None:
    weights, _ = learned_blend(examples())
    assert weights.sum() == pytest.approx(1.0)
    assert weights[BLEND_PARTS.index("cf")] == weights.max()


def test_a_part_that_says_the_same_of_all_wins_nothing() -> None:
    made = examples()
    made.parts["content"][:] = np.nan
    weights, _ = learned_blend(made)
    assert weights[BLEND_PARTS.index("cf")] == weights.max()


def named(requests: int, seed: int, names: tuple[str, ...] = ("noise", "ease", "impressions", "whole")) -> Examples:
    """The same with columns that the linear half reads; what is known least of has been shown most."""
    made = examples(requests, seed=seed)
    table = made.table.copy()
    table[:, 2] = np.where(made.labels > 0, 0.1, np.abs(table[:, 2]))
    return replace(made, columns=names, table=table)


def test_both_halves_are_mixed_on_requests_kept_from_them() -> None:
    made = named(700, 4)
    arrays = fit(made, CONFIG)
    assert bytes(arrays["linear_columns"]).decode().split("\n") == ["ease", "impressions"]
    assert arrays["linear"][0] > 0.5  # the second column decides
    share, penalty = arrays["mixed"].tolist()
    assert share in SHARES
    assert penalty == np.float32(PENALTIES[-1])  # the answers have been shown least: reaching further costs nothing


def test_a_penalty_that_costs_answers_is_not_afforded() -> None:
    made = named(700, 5)
    table = made.table.copy()
    table[:, 2] = np.where(made.labels > 0, 90.0, 0.1)
    assert fit(replace(made, table=table), CONFIG)["mixed"][1] < 0.1


def test_where_the_log_has_times_the_mix_is_not_chosen_on_the_same_days() -> None:
    assert fit(replace(named(700, 4), timed=True), CONFIG)["mixed"].tolist() == list(DRIFTING)


def test_few_requests_are_all_learnt_from_and_mixed_half_and_half() -> None:
    assert fit(named(60, 6), CONFIG)["mixed"].tolist() == [0.5, np.float32(PENALTIES[-1])]
    assert fit(examples(), CONFIG)["mixed"][0] == 0.0, "none of its columns is one of the linear half"


def test_without_the_library_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "unavailable", lambda: "LightGBM can't be loaded: no libgomp")
    with pytest.raises(ModelError, match="no libgomp"):
        fit(examples(), CONFIG)


def test_nothing_to_learn_from_is_said() -> None:
    none = np.empty(0, np.float32)
    empty = Examples(("a",), none.reshape(0, 1), none.astype(np.uint8), none.astype(np.int64), {}, 9)
    with pytest.raises(ModelError, match="no request had its answer"):
        fit(empty, CONFIG)
