"""A small month: who lives in it, what the feed is told, and what is counted."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from reels.core.errors import ConfigError
from reels.evaluation.month.config import MonthConfig
from reels.evaluation.month.document import write_month
from reels.evaluation.month.living import Lived, Month, arms, live
from reels.evaluation.month.measures import by_day, newcomers, trials, weeks, without_the_feed
from reels.evaluation.month.world import World, make_world

SMALL = MonthConfig(days=4, viewers=24, newcomers=4, reels=400, here=0.9, crowds=2, swipes=6, embedder="hash")


@cache
def world() -> World:
    return make_world(SMALL)


@cache
def month(arm: int) -> Month:
    return live(world(), arms()[arm], SMALL, lambda _what, _done, _all: None)


def _nobody(_what: str, _done: int, _all: int) -> None:
    pass


def test_what_is_published_during_the_month_has_no_counters_and_is_not_shown_before() -> None:
    late = world().published >= world().begins
    assert 0 < late.sum() < len(late)
    for row in np.flatnonzero(late)[:20]:
        assert world().catalogue.reels[int(row)].stats.views == 0
    assert any(world().catalogue.reels[int(row)].stats.views for row in np.flatnonzero(~late))
    lived = month(0).lived
    ends = world().begins + (lived.day + 1) * 86_400
    assert (world().published[lived.row] <= ends).all()


def test_nobody_is_shown_a_reel_twice() -> None:
    for arm in (0, 1):
        lived = month(arm).lived
        pairs = lived.viewer * world().catalogue.n + lived.row
        assert len(np.unique(pairs)) == len(pairs)


def test_chance_is_drawn_with_exploration_only() -> None:
    assert 0.05 < month(0).lived.explored.mean() < 0.3
    assert not month(1).lived.explored.any()


def test_the_same_seed_is_the_same_month() -> None:
    again = live(world(), arms()[0], SMALL, lambda _what, _done, _all: None)
    assert (again.lived.row == month(0).lived.row).all()
    assert np.array_equal(again.newcomers, month(0).newcomers, equal_nan=True)


def test_no_page_beats_the_best_that_was_left() -> None:
    lived = month(0).lived
    shown = by_day(month(0), SMALL.days)
    best = np.array([lived.best[lived.day == day].mean() for day in range(SMALL.days)])
    assert (shown <= best).all()
    (week,) = weeks(month(0), world(), SMALL)
    assert week.of_best == pytest.approx(lived.affinity.sum() / lived.best.sum())
    assert 0 < week.entropy < np.log2(24)


def test_a_trial_ends_with_the_hundredth_impression() -> None:
    reels, fresh = world(), np.flatnonzero(world().published < world().begins)[:2]
    made = replace(
        reels,
        of_new_creator=np.isin(np.arange(reels.catalogue.n), fresh),
        published=np.full(reels.catalogue.n, reels.begins),
    )
    rows = np.concatenate([np.full(100, fresh[0]), np.full(99, fresh[1]), np.full(1, 5)])
    day = np.concatenate([np.zeros(50), np.full(50, 2), np.zeros(100)]).astype(np.int64)
    p = len(rows)
    none = np.zeros(p, np.bool_)
    lived = Lived(day, np.arange(p), rows, np.zeros(p), np.zeros(p), none, none, rows != 5, np.ones(p), rows)
    found = trials(Month("made", lived, np.empty((0, 1))), made, replace(SMALL, days=12))
    assert (found.reels, found.reached, found.days) == (2, 1, 2.5)
    assert found.traffic == pytest.approx(199 / 200)
    assert found.dearest == 1.0


def test_the_best_pages_are_as_wide_as_the_tastes() -> None:
    lived = month(0).lived
    loves = {one.user_id: world().truth.affinity(one) for one in world().viewers}
    who = world().viewers[int(lived.viewer[0])].user_id
    first = np.flatnonzero((lived.viewer == lived.viewer[0]) & (lived.day == lived.day[0]))
    assert loves[who][lived.best_row[first]].mean() == pytest.approx(lived.best[first[0]])
    (week,) = weeks(month(0), world(), SMALL)
    assert 0 < week.of_tastes < np.log2(24)


def test_the_learned_arm_trains_a_ranker_and_is_served_by_it() -> None:
    ready = replace(SMALL, ranker_every=2)
    seen: list[str] = []
    lived = live(world(), arms()[2], ready, lambda what, _done, _all: seen.append(what)).lived
    blend = live(world(), replace(arms()[2], policy=replace(arms()[2].policy, ranker="blend")), ready, _nobody).lived
    assert seen[0] == "learned: day 1"
    assert (lived.day == blend.day).sum() > 0
    late = lived.day >= 2
    assert not np.array_equal(lived.row[late], blend.row[: len(lived.row)][late[: len(blend.row)]])


def test_newcomers_are_none_of_the_viewers_and_measured_reel_by_reel() -> None:
    assert {one.user_id for one in world().newcomers}.isdisjoint(one.user_id for one in world().viewers)
    assert newcomers(month(0)).shape == (SMALL.swipes,)
    others = without_the_feed(world(), SMALL.swipes)
    assert others["best possible"] >= max(others["popular"], others["popular in the language"])


def test_the_page_says_it_all_and_draws_it(tmp_path: Path) -> None:
    written = write_month([month(0), month(1)], world(), SMALL, "Measured today.", tmp_path / "month.md")
    text = written[0].read_text()
    assert text.count("| exploration on |") == text.count("| exploration off |") == 3
    assert "of tastes" in text
    assert text.endswith("Measured today.\n")
    assert [one.name for one in written[1:]] == [line.split("/")[-1][:-1] for line in text.splitlines() if "![" in line]
    assert all(one.read_text().lstrip().startswith("<?xml") for one in written[1:])


def test_a_month_without_days_is_refused() -> None:
    with pytest.raises(ConfigError, match="start at 1"):
        MonthConfig(days=0)
    with pytest.raises(ConfigError, match="here"):
        MonthConfig(here=0.0)
