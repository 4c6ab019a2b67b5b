"""The month itself: every day the models are fitted on what happened so far, then the viewers come and watch.

Pages are made by the stages that answer GET /feed (`recommender.pipeline.complete`), states are folded by
`core.user_state`, reactions come from the true affinity (`simulation.behaviour`). A page's events are known before the
next page; impressions, which end a fair trial, are counted again for every crowd of the day.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from reels.core.feedback import EXPLICIT, NOT_INTERESTED, watch_value
from reels.core.keys import NO_KEYS, Keys
from reels.core.policy import LEARNED, Policy, Weights
from reels.core.signals import make
from reels.core.types import Event, EventKind, FeedQuery, Floats, User, UserState
from reels.core.user_state import fold, new_state
from reels.evaluation.log import Log, log_of
from reels.evaluation.month.config import MonthConfig
from reels.evaluation.month.world import World
from reels.evaluation.recommenders import Context
from reels.evaluation.snapshots import SnapshotConfig, examples_from, snapshot_of
from reels.learning.interactions import mask_of
from reels.learning.ranker import RankerConfig
from reels.learning.ranker import fit as train
from reels.learning.workbench import Arrays
from reels.recommender.models import Models, build
from reels.recommender.orders import orders_of
from reels.recommender.pipeline import complete
from reels.recommender.selection.spread import WINDOW
from reels.recommender.stages import PageInputs
from reels.recommender.standard import generators, pipelines
from reels.recommender.trials import under_trial
from reels.recommender.viewer import viewer_of
from reels.simulation.behaviour import react
from reels.simulation.catalogue import DAY
from reels.simulation.viewers import Viewer as Person

PAUSE_SEC = 2.0
"""Between two reels."""
_MODE = "for_you"


@dataclass(frozen=True, slots=True)
class Arm:
    """One way to serve the month."""

    name: str
    policy: Policy = field(default_factory=Policy)
    chance: bool = True
    """Whether places of a page are drawn by chance (epsilon of the policy)."""


def arms() -> tuple[Arm, Arm, Arm]:
    """The documented policy, the same without anything that explores, and the learned ranker."""
    quiet = Policy(
        name="no exploration",
        weights=Weights(content=0.55, cf=0.33, popularity=0.12, exploration=0.0),
        epsilon=0.0,
        new_creator_boost=0.0,
    )
    return Arm("exploration on"), Arm("exploration off", quiet, chance=False), Arm("learned", LEARNED)


@dataclass(frozen=True, slots=True)
class Lived:
    """p reels shown in a month, in order, one column each."""

    day: NDArray[np.int64]
    viewer: NDArray[np.int64]
    row: NDArray[np.int64]
    """Of the world's catalogue."""
    affinity: NDArray[np.float64]
    """True, 0..1."""
    watched: NDArray[np.float64]
    """Share of the duration."""
    skipped: NDArray[np.bool_]
    explored: NDArray[np.bool_]
    on_trial: NDArray[np.bool_]
    """A new creator's reel that had not had its fair trial."""
    best: NDArray[np.float64]
    """True affinity of the page somebody would have made who knows the viewer: what was left to be shown."""
    best_row: NDArray[np.int64]
    """A reel of that page."""


@dataclass(frozen=True, slots=True)
class Month:
    """A month of one arm, and what newcomers found after it."""

    arm: str
    lived: Lived
    newcomers: NDArray[np.float64]
    """float64[newcomers, swipes] true affinity, NaN where the feed had ended."""


@dataclass(slots=True)
class _Life:
    """One viewer: the truth, and what the feed knows."""

    number: int
    person: Person
    loves: NDArray[np.float64]
    rng: np.random.Generator
    state: UserState
    seen: Keys = field(default_factory=lambda: NO_KEYS)


@dataclass(slots=True)
class _Diary:
    """What happened so far, a list a column; the second part is what the models learn from."""

    lived: list[tuple[int, int, int, float, float, bool, bool, bool, float, int]] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    kinds: list[np.uint16] = field(default_factory=list)


def live(world: World, arm: Arm, config: MonthConfig, watch: Callable[[str, int, int], None]) -> Month:
    """The whole month. `watch` is told what is done, how many days of how many."""
    rng = np.random.default_rng(config.seed + 1)
    lives = _lives(world, world.viewers, rng, 0)
    diary, pages = _Diary(), _Pages(world, arm, config)
    for day in range(config.days):
        watch(f"{arm.name}: day {day + 1}", day, config.days)
        began = world.begins + day * DAY
        pages.fit(_log(world, diary, len(lives)), began, day)
        here = rng.permutation(np.flatnonzero(rng.random(len(lives)) < config.here))
        for turn, crowd in enumerate(np.array_split(here, config.crowds)):
            now = began + (turn + 0.5) * DAY / config.crowds
            pages.open(now, _impressions(world, diary))
            for number in crowd.tolist():
                _session(pages, lives[number], day, now, diary, config.pages_a_day, config.page_size)
    late = _newcomers(pages, world, config, rng) if world.newcomers else np.empty((0, config.swipes))
    watch(arm.name, config.days, config.days)
    return Month(arm.name, _lived(diary), late)


class _Pages:
    """The feed: models as of now, and the stages."""

    def __init__(self, world: World, arm: Arm, config: MonthConfig) -> None:
        self.world, self.arm, self.config = world, arm, config
        self.generator, self.pipeline = generators()[_MODE], pipelines()[_MODE]
        self.models: Models | None = None
        self.answered = 0
        self.learnt: dict[str, Arrays] = {}

    def fit(self, log: Log, now: float, day: int) -> None:
        """The offline jobs, on what is known at `now`; the learned ranker where the policy asks for it, some nights."""
        context = Context(self.world.catalogue, self.world.texts, now, self.config.seed)
        learned = self.arm.policy.ranker == "learned"
        # No sequence models, and what only the learned ranker reads is not fitted for the others: they take most time.
        linear = 100 if learned else 0
        fits = SnapshotConfig(self.config.embedder, sequence_epochs=0, shallow_epochs=0, ease_neighbours=linear)
        self.snapshot = snapshot_of(log, context, fits)
        if learned and day and day % self.config.ranker_every == 0:
            settings = RankerConfig(viewers=self.config.viewers)
            examples, shares = examples_from(log, context, fits, settings, there=self.world.published <= now)
            if len(examples.sizes):
                self.learnt = {"ranker": train(examples, settings), "shares": shares}
        self.snapshot = replace(self.snapshot, groups={**self.snapshot.groups, **self.learnt})
        self.orders = orders_of(self.snapshot)

    def open(self, now: float, impressions: NDArray[np.float64]) -> None:
        """The models of this moment: what is published by now, and how often everything has been shown."""
        there = np.asarray(self.snapshot.active) & (self.world.published <= now)
        trials = make(self.world.catalogue.keys, impressions, now)
        self.models = build(replace(self.snapshot, active=there), None, None, trials, orders=self.orders)

    def page(self, life: _Life, limit: int, now: float) -> list[tuple[int, bool, bool]]:
        """(row, drawn by chance, on trial) of each reel of a page."""
        models, policy = self.models, self.arm.policy
        assert models is not None, "open() comes first"
        self.answered += 1
        seed = self.config.seed * 1_000_003 + self.answered
        query = FeedQuery(life.person.user_id, limit, now, seed, "", explore=self.arm.chance)
        viewer = viewer_of(life.state, models, life.seen)
        cached = self.generator.build(query, viewer, models, policy)
        found = self.generator.at_request(cached, query, viewer, models, policy)
        above = models.rows_of(life.seen[-WINDOW:])
        inputs = PageInputs(query, viewer, found.rows, found.found_by, self.generator.names, above[above >= 0])
        _, computed = complete(inputs, models, policy, self.pipeline, self.generator, explain=False)
        items = computed.page.items
        rows = np.array([item.row for item in items], np.int32)
        trial = under_trial(models, policy, rows, now) > 0
        return [(item.row, item.explored, bool(one)) for item, one in zip(items, trial, strict=True)]

    def best(self, life: _Life, limit: int) -> NDArray[np.int64]:
        """The best `limit` reels by true affinity that the viewer has not seen."""
        assert self.models is not None, "open() comes first"
        left = np.asarray(self.models.active)[: self.models.base].copy()
        left[self.models.rows_of(life.seen)] = False
        rows = np.flatnonzero(left)
        limit = min(limit, len(rows))
        return rows[np.argpartition(life.loves[rows], len(rows) - limit)[len(rows) - limit :]]


def _session(pages: _Pages, life: _Life, day: int, now: float, diary: _Diary, how_many: int, size: int) -> list[float]:
    """Pages one after the other; the true affinities of what was shown."""
    truth, lived = pages.world.truth, []
    for _ in range(how_many):
        shown = pages.page(life, size, now)
        if not shown:
            break
        rows = np.array([row for row, _, _ in shown])
        duration, loves = truth.duration_sec[rows], life.loves[rows]
        best = pages.best(life, len(rows))
        mean = float(life.loves[best].mean())
        reactions = react(loves, duration, life.person.patience, life.rng)
        events: list[Event] = []
        for place, (row, explored, trial) in enumerate(shown):
            now += float(reactions.watch_sec[place]) + PAUSE_SEC
            kinds, share = reactions.kinds(place), float(reactions.watch_sec[place] / duration[place])
            events += _events(pages.world, life, row, kinds, now, float(reactions.watch_sec[place]))
            skipped = bool(reactions.skipped[place])
            one = (day, life.number, row, float(loves[place]), share, skipped, explored, trial, mean, int(best[place]))
            diary.lived.append(one)
            diary.at.append(now)
            diary.value.append(_value(kinds, share))
            diary.kinds.append(mask_of(*kinds))
        life.state = fold(life.state, events)
        life.seen = np.concatenate([life.seen, pages.world.catalogue.keys[rows]])
        lived += loves.tolist()
    return lived


def _events(world: World, life: _Life, row: int, kinds: Sequence[EventKind], now: float, seconds: float) -> list[Event]:
    reel, who = world.catalogue.reels[row], life.person.user_id
    timed = (EventKind.WATCH, EventKind.SKIP)
    return [
        Event(
            event_id=f"{reel.reel_id}-{kind}",
            user_id=who,
            reel_id=reel.reel_id,
            kind=kind,
            occurred_at=now,
            watch_sec=seconds if kind in timed else None,
            duration_sec=reel.duration_sec if kind in timed else None,
            creator_id=reel.creator_id if kind is EventKind.FOLLOW else "",
        )
        for kind in kinds
    ]


def _value(kinds: Sequence[EventKind], share: float) -> float:
    """As `core.feedback` says."""
    if EventKind.NOT_INTERESTED in kinds:
        return NOT_INTERESTED
    said = [EXPLICIT[kind] for kind in kinds if kind in EXPLICIT]
    return max([watch_value(share), *said])


def _lives(world: World, people: Sequence[Person], rng: np.random.Generator, first: int) -> list[_Life]:
    return [
        _Life(
            first + i,
            person,
            world.truth.affinity(person),
            own,
            new_state(User(person.user_id, world.begins, person.region, person.language)),
        )
        for i, (person, own) in enumerate(zip(people, rng.spawn(len(people)), strict=True))
    ]


def _newcomers(pages: _Pages, world: World, config: MonthConfig, rng: np.random.Generator) -> NDArray[np.float64]:
    """Who signs up after the month: one reel at a time, so that each is chosen knowing the ones before."""
    out = np.full((len(world.newcomers), config.swipes), np.nan)
    now = world.begins + config.days * DAY
    for i, life in enumerate(_lives(world, world.newcomers, rng, len(world.viewers))):
        found = _session(pages, life, config.days, now, _Diary(), config.swipes, 1)
        out[i, : len(found)] = found
    return out


def _impressions(world: World, diary: _Diary) -> NDArray[np.float64]:
    rows = np.array([one[2] for one in diary.lived], np.int64)
    return np.bincount(rows, minlength=world.catalogue.n).astype(np.float64)


def _log(world: World, diary: _Diary, viewers: int) -> Log:
    """What the offline jobs read."""
    values: Floats = np.array(diary.value, np.float32)
    return log_of(
        np.array([one[1] for one in diary.lived], np.int64),
        np.array([one[2] for one in diary.lived], np.int64),
        np.array(diary.at, np.float64),
        values > 0,
        world.catalogue.n,
        values=values,
        watched=np.array([one[4] for one in diary.lived], np.float32),
        kinds=np.array(diary.kinds, np.uint16),
    )


def _lived(diary: _Diary) -> Lived:
    columns = [list(one) for one in zip(*diary.lived, strict=True)]
    day, viewer, row, affinity, watched, skipped, explored, trial, best, best_row = columns
    return Lived(
        np.array(day, np.int64),
        np.array(viewer, np.int64),
        np.array(row, np.int64),
        np.array(affinity),
        np.array(watched),
        np.array(skipped, np.bool_),
        np.array(explored, np.bool_),
        np.array(trial, np.bool_),
        np.array(best),
        np.array(best_row, np.int64),
    )
