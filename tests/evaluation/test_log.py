import numpy as np
from tests.evaluation.tiny import NOW, catalogue, ids, known, log

from reels.core.ports import EventColumns
from reels.core.types import EventKind, Reel
from reels.evaluation.log import catalogue_of, log_of
from reels.learning.interactions import KINDS, interactions_of, mask_of


def test_a_log_is_in_the_order_of_viewers_and_times_whatever_came_in() -> None:
    reels = catalogue(3)
    users, shown, at = np.array([7, 2, 7, 2]), reels.rows_of(["1", "2", "3", "1"]), np.array([5.0, 9.0, 1.0, 9.0])
    made = log_of(users, shown, at, np.array([True, False, True, True]), reels.n)
    assert known(made, reels) == {2: ["2", "1"], 7: ["3", "1"]}
    assert made.positive.tolist() == [False, True, True, True]


def test_parts_keep_who_is_who() -> None:
    reels = catalogue(4)
    made = log([["1", "2"], [("3", False)], ["4", ("1", False)]], reels)
    assert known(made.liked(), reels) == {0: ["1", "2"], 1: [], 2: ["4"]}
    assert known(made.at_positions(np.array([2, 0])), reels) == {2: ["4", "1"], 0: ["1", "2"]}
    assert known(made.at_positions(np.array([], np.int64)), reels) == {}


def test_the_matrix_fades_with_age_and_counts_a_reel_once_at_its_newest() -> None:
    reels = catalogue(3)
    made = log([["1", "2", "1"], []], reels).matrix(0.5)
    dense = {reel.reel_id: float(made[0, row]) for row, reel in enumerate(reels.reels)}
    assert dense == {"1": 1.0, "2": 0.5, "3": 0.0}


def test_natural_order_is_by_number_where_ids_are_numbers() -> None:
    reels = catalogue(12)
    assert ids(reels.in_natural_order(), reels) == [str(i) for i in range(1, 13)]
    named = catalogue_of([Reel("b"), Reel("a")])
    assert ids(named.in_natural_order(), named) == ["a", "b"]


def test_of_an_id_given_twice_the_last_reel_holds_and_unknown_ids_have_no_row() -> None:
    reels = catalogue_of([Reel("a", title="old"), Reel("b"), Reel("a", title="new")])
    assert reels.n == 2
    assert reels.reels[reels.rows_of(["a"])[0]].title == "new"
    assert reels.rows_of(["c"]).tolist() == [-1]
    assert catalogue_of([]).rows_of(["c"]).tolist() == [-1]


def test_pairs_are_what_the_jobs_would_make_of_the_same_events() -> None:
    reels = catalogue(5)
    rng = np.random.default_rng(0)
    users, shown = np.sort(rng.integers(0, 6, 200)), rng.integers(0, 5, 200)
    at, share = NOW + rng.permutation(200).astype(np.float64), np.round(rng.uniform(0, 2, 200), 3)
    from reels.core.feedback import watch_value

    values = np.array([watch_value(one) for one in share])
    kinds = np.full(200, mask_of(EventKind.WATCH), np.uint16)
    made = log_of(users, shown, at, values > 0, reels.n, values=values, watched=share, kinds=kinds).pairs(reels)
    order = np.lexsort((at, users))
    theirs = interactions_of(
        EventColumns(
            user_id=[str(one) for one in users[order]],
            reel=reels.keys[shown[order]],
            kind=np.full(200, KINDS.index(EventKind.WATCH), np.uint8),
            occurred_at=at[order],
            watch_sec=(share[order] * 10).astype(np.float32),
            duration_sec=np.full(200, 10.0, np.float32),
        )
    )
    for name in ("user_keys", "indptr", "reels", "kinds", "at"):
        assert (getattr(made, name) == getattr(theirs, name)).all(), name
    for name in ("values", "watched"):
        np.testing.assert_allclose(getattr(made, name), getattr(theirs, name), atol=1e-5)
    assert made.events == 200


def test_not_interested_is_above_all_in_pairs() -> None:
    reels = catalogue(1)
    row = np.zeros(2, np.int64)
    made = log_of(row, row, np.array([1.0, 2.0]), np.array([True, False]), 1, values=np.array([0.9, -1.0]))
    assert made.pairs(reels).values.tolist() == [-1.0]
    assert len(log([[], []], reels).pairs(reels).reels) == 0
