import numpy as np
from tests.recommender.models_in_use import plain, snapshot, stored, with_tail
from tests.snapshots import reel_name

from reels.core import signals
from reels.core.keys import key_of, keys_of
from reels.recommender.models import build, no_models, with_signals
from reels.recommender.orders import orders_of
from reels.recommender.tail import prepare, tail_of


def test_no_models_have_no_rows() -> None:
    models = no_models()
    assert models.n == 0
    assert models.rows_of(keys_of(["a"])).tolist() == [-1]
    assert models.version == ""


def test_a_row_is_found_by_key_in_snapshot_and_tail() -> None:
    models = with_tail()
    assert models.rows_of(models.keys[:400])[:8].tolist() == list(range(8))
    late = models.rows_of(keys_of(["t0", "t4", "nobody"]))
    assert (late[:2] >= models.base).all()
    assert late[2] == -1
    assert models.reel(int(late[0]))["title"] == "Late t0"


def test_a_changed_reel_has_a_new_row_that_keeps_what_was_learnt() -> None:
    models, old = with_tail(), plain()
    new = int(models.rows_of(keys_of([reel_name(8)]))[0])
    before = int(old.rows_of(keys_of([reel_name(8)]))[0])
    assert models.origin[new] == before
    assert models.current[before] == new
    assert models.active[new]
    assert not models.active[before]
    assert models.popularity[new] == old.popularity[before]
    assert models.duplicates[new] == old.duplicates[before]
    assert np.array_equal(models.content(np.array([new], np.int32)), old.content(np.array([before], np.int32)))
    assert models.reel(new)["title"] == f"Late {reel_name(8)}"


def test_a_new_reel_is_projected_like_the_snapshots_own() -> None:
    base = snapshot()
    raw = base.content[:1] * 3.0
    tail = tail_of(base, orders_of(base), [prepare(stored("x"))], {key_of("x"): raw[0]})
    models = build(base, tail)
    assert np.allclose(models.content(models.rows_of(keys_of(["x"]))), base.content[:1], atol=1e-6)
    assert models.topics[-1] == base.topics[0]


def test_a_vector_of_another_width_is_no_vector() -> None:
    base = snapshot()
    tail = tail_of(base, orders_of(base), [prepare(stored("x"))], {key_of("x"): np.ones(3, np.float32)})
    assert not tail.content.any()


def test_signals_replace_and_are_not_added() -> None:
    once = with_tail()
    hot = signals.make(keys_of([reel_name(12), "t2"]), np.array([0.9, 0.5]), 1.0)
    trials = signals.make(keys_of(["t0", reel_name(19)]), np.array([40.0, 70.0]), 1.0)
    twice = with_signals(once, hot, trials)
    assert np.array_equal(once.impressions, twice.impressions)
    assert np.array_equal(once.creator_impressions, twice.creator_impressions)
    assert np.array_equal(once.trending, twice.trending)


def test_impressions_of_a_trial_count_for_the_creator_too() -> None:
    models = with_tail()
    rows = models.rows_of(keys_of([f"t{i}" for i in range(5)]))
    assert models.impressions[rows].tolist() == [40, 0, 0, 0, 0]
    assert models.creator_impressions[rows].tolist() == [40] * 5
