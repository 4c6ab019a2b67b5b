"""No event that is asked for, and none after it, is learnt."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.evaluation.tiny import HOUR, NOW, Shown, asked, catalogue, clusters, ids, known, log

from reels.core.errors import InputError
from reels.evaluation.splits import Split, cold_reels, cold_viewers, exposures, leave_last_out, sampled, temporal

NO = False


def test_leave_last_out_asks_for_the_last_positive_and_learns_what_came_before() -> None:
    reels = catalogue(6)
    split = leave_last_out(log([["1", "2", ("3", NO), "4", ("5", NO)], ["6"], [("1", NO), "2"]], reels))
    (question,) = split.questions
    assert known(split.train, reels) == {0: ["1", "2", "3"], 1: [], 2: ["1"]}
    assert asked(question, reels) == {0: ["4"], 2: ["2"]}
    assert known(question.history, reels) == {0: ["1", "2", "3"], 2: ["1"]}


def test_the_tuning_split_asks_for_the_one_before_and_never_learns_the_last() -> None:
    reels = catalogue(6)
    split = leave_last_out(log([["1", "2", "3"], ["4"], ["5", "6"]], reels), back=2)
    assert asked(split.questions[0], reels) == {0: ["2"]}
    assert known(split.train, reels) == {0: ["1"], 1: [], 2: []}


def test_a_reel_met_before_is_not_asked_for() -> None:
    reels = catalogue(3)
    split = leave_last_out(log([["1", "2", "1"], ["2", "3"]], reels))
    assert asked(split.questions[0], reels) == {1: ["3"]}


def test_temporal_asks_for_new_positives_after_the_cut_once_each() -> None:
    reels = catalogue(5)
    made = log([["1", ("2", NO), "3", "1", "4", "4", ("5", NO)], [("5", NO), ("1", NO), "2"], ["1", "2"]], reels)
    split = temporal(made, NOW + 2 * HOUR, NOW + 6 * HOUR)
    (question,) = split.questions
    assert known(split.train, reels) == {0: ["1", "2"], 1: ["5", "1"], 2: ["1", "2"]}
    assert asked(question, reels) == {0: ["3", "4"], 1: ["2"]}
    assert question.exposures is not None
    assert known(question.exposures, reels) == {0: ["3", "1", "4", "4"], 1: ["2"]}
    assert "2 of 5 positives" in question.note


def test_viewers_without_history_are_asked_in_the_temporal_split() -> None:
    reels = catalogue(2)
    split = temporal(log([[], ["2"]], reels, first=NOW + HOUR), NOW + HOUR)
    assert asked(split.questions[0], reels) == {1: ["2"]}
    assert known(split.questions[0].history, reels) == {1: []}


def test_exposures_are_judged_of_whoever_was_shown_anything_and_no_reel_is_asked_for() -> None:
    reels = catalogue(5)
    made = log([["1", ("2", NO), "3", "3"], [("5", NO), ("1", NO), ("2", NO)], ["1"]], reels)
    (question,) = exposures(made, NOW + 2 * HOUR, NOW + 3 * HOUR).questions
    assert question.exposures is not None
    assert known(question.exposures, reels) == {0: ["3"], 1: ["2"]}
    assert known(question.history, reels) == {0: ["1", "2"], 1: ["5", "1"]}
    assert not len(question.targets.reels)
    assert question.note == "2 exposures, 1 of them positive"
    with pytest.raises(InputError, match="nothing was shown"):
        exposures(made, NOW + 9 * HOUR)


def test_cold_reels_are_nowhere_in_training_and_only_they_are_answered_among_cold() -> None:
    reels, made = clusters(400, 60)
    split = cold_reels(made, reels)
    among, of_cold, of_warm = split.questions
    cold = among.allowed
    assert cold.sum() == 6
    assert not cold[split.train.reels].any()
    assert cold[among.targets.reels].all()
    assert not cold[of_warm.targets.reels].any()
    assert of_cold.allowed.all()
    assert (of_cold.targets.reels == among.targets.reels).all()
    assert len(among.history.viewers) + len(of_warm.history.viewers) <= 400
    chosen = np.random.default_rng(42).choice(60, 6, replace=False)
    assert sorted(ids(np.flatnonzero(cold), reels)) == sorted(str(i + 1) for i in chosen)


def test_cold_viewers_are_nowhere_in_training_and_asked_for_the_next_positive() -> None:
    reels = catalogue(9)
    lists: list[list[str | Shown]] = [["1", ("9", NO), "2", "3"], ["4", "5"]]
    lists += [["6", "7"] for _ in range(8)]
    split = cold_viewers(log(lists, reels), viewers=2, events=(0, 1, 2), seed=0)
    trained = {who for who, seen in known(split.train, reels).items() if seen}
    for question in split.questions:
        k = int(question.name.split()[-1])
        history = known(question.history, reels)
        assert not trained & history.keys()
        for who, target in asked(question, reels).items():
            positives = [one for one in lists[who] if isinstance(one, str)]
            assert target == [positives[k]]
            assert [one for one in history[who] if one != "9"] == positives[:k]
    assert [question.name for question in split.questions][:2] == ["after 0", "after 1"]


def test_what_was_shown_in_between_is_known_when_a_new_viewer_is_asked() -> None:
    reels = catalogue(9)
    lists: list[list[str | Shown]] = [["1", ("9", NO), "2"]] * 5
    (after_one,) = cold_viewers(log(lists, reels), viewers=1, events=(1,)).questions
    assert list(known(after_one.history, reels).values()) == [["1", "9"]]


def test_a_sample_keeps_each_viewers_answers() -> None:
    reels = catalogue(30)
    made = log([[str(i + 1), str(i + 2), str(i + 3)] for i in range(20)], reels)
    split = temporal(made, NOW + HOUR)
    whole, part = split.questions[0], sampled(split.questions[0], 7, seed=3)
    all_asked = asked(whole, reels)
    assert len(part.history.viewers) == 7
    assert asked(part, reels) == {who: all_asked[who] for who in part.history.viewers.tolist()}
    assert part.exposures is not None
    assert part.exposures.viewers.tolist() == part.history.viewers.tolist()
    assert sampled(whole, 7, seed=3).history.viewers.tolist() == part.history.viewers.tolist()
    assert sampled(whole, 100, seed=3) is whole


@pytest.mark.parametrize("make", [leave_last_out, lambda made: temporal(made, NOW + 99 * HOUR), cold_viewers])
def test_a_log_too_small_for_the_split_is_refused(make: object) -> None:
    with pytest.raises(InputError):
        make(log([["1"], [("2", NO)]], catalogue(3)))  # type: ignore[operator]


@st.composite
def lists(draw: st.DrawFn) -> list[list[tuple[str, bool]]]:
    shown = st.tuples(st.integers(1, 8).map(str), st.booleans())
    return draw(st.lists(st.lists(shown, max_size=8), min_size=1, max_size=8))


@given(lists(), st.sampled_from(["last", "tune", "temporal"]))
@settings(max_examples=200, deadline=None)
def test_no_answer_can_be_looked_up(rows: list[list[tuple[str, bool]]], how: str) -> None:
    reels = catalogue(8)
    made = log(rows, reels)
    try:
        split: Split = {
            "last": lambda: leave_last_out(made),
            "tune": lambda: leave_last_out(made, back=2),
            "temporal": lambda: temporal(made, NOW + 3 * HOUR),
        }[how]()
    except InputError:
        return
    learnt = known(split.train, reels)
    for question in split.questions:
        for who, targets in asked(question, reels).items():
            assert len(targets) == len(set(targets)) > 0
            assert known(question.history, reels)[who] == learnt[who]
            assert not set(targets) & set(learnt[who])
            assert learnt[who] == [reel for reel, _ in rows[who]][: len(learnt[who])]
            later = rows[who][len(learnt[who]) :]
            assert all((target, True) in later for target in targets)
