"""A run that is stopped goes on; a run of something else starts anew; two runs are compared honestly."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from tests.evaluation.tiny import clusters

from reels.core.errors import InputError
from reels.evaluation.baselines.popularity import Popularity, SameForAll
from reels.evaluation.compare import Difference, differences
from reels.evaluation.log import Log
from reels.evaluation.plans import default_splits, plan_for
from reels.evaluation.recommenders import Context, NotApplicable, Recommender
from reels.evaluation.results import Evaluation, Folder, from_json, read, to_json
from reels.evaluation.runs import Data, RunConfig, evaluate


@dataclass
class Noisy:
    """Popularity plus noise; counts its fits; may refuse or be stopped."""

    noise: float = 0.0
    name: str = "noisy"
    about: str = "test"
    fits: int = 0
    fails: type[BaseException] | None = None

    def fit(self, train: Log, context: Context) -> SameForAll:
        self.fits += 1
        if self.fails is not None:
            raise self.fails("because")
        rng = np.random.default_rng(1)
        return SameForAll((train.counts() + self.noise * rng.normal(size=train.n)).astype(np.float32))


def run(root: Path, *recommenders: Recommender, config: RunConfig | None = None, viewers: int = 90) -> Evaluation:
    reels, made = clusters(viewers)
    data = Data("tiny", reels, made)
    return evaluate(
        data,
        plan_for("microlens", made, reels),
        ["leave-last-out", "cold-viewers"],
        recommenders,
        root,
        config or RunConfig(),
        made_at="2026-01-01",
        watch=lambda _what, _done, _total: None,
    )


def test_what_was_done_is_not_done_again(tmp_path: Path) -> None:
    one, stopped = Noisy(), Noisy(name="stopped", fails=KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, one, stopped)
    assert one.fits == 1
    stopped.fails = None
    resumed = run(tmp_path, one, stopped)
    assert (one.fits, stopped.fits) == (2, 3)  # the second split of one; both of the stopped one, and its failure
    whole = run(tmp_path / "anew", Noisy(), Noisy(name="stopped"))
    assert [row.place for row in resumed.rows] == [row.place for row in whole.rows]
    for mine, theirs in zip(resumed.rows, whole.rows, strict=True):
        assert {name: round(one.mean, 5) for name, one in mine.metrics.items()} == pytest.approx(
            {name: round(one.mean, 5) for name, one in theirs.metrics.items()}, nan_ok=True
        )


@pytest.mark.parametrize(
    "change", [{"config": RunConfig(seed=1)}, {"config": RunConfig(sample=20)}, {"viewers": 96}, {"about": "other"}]
)
def test_something_else_is_not_taken_for_what_was_done(tmp_path: Path, change: dict[str, object]) -> None:
    run(tmp_path, Noisy())
    again = Noisy(about=str(change.pop("about", "test")))
    run(tmp_path, again, **change)  # type: ignore[arg-type]
    assert again.fits == 2
    fresh = Noisy()
    run(tmp_path, fresh, config=RunConfig(fresh=True))
    assert fresh.fits == 2


def test_what_can_not_be_run_is_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    found = run(tmp_path, Noisy(fails=NotApplicable), Popularity())
    assert found.left_out == {"leave-last-out: noisy": "because", "cold-viewers: noisy": "because"}
    assert {row.recommender for row in found.rows} == {"popularity"}


def test_an_unknown_split_is_refused() -> None:
    reels, made = clusters()
    with pytest.raises(InputError, match="no split nonsense of tiny; there are leave-last-out, cold-reels"):
        evaluate(
            Data("tiny", reels, made),
            plan_for("microlens", made, reels),
            ["nonsense"],
            [],
            Path("/nonexistent"),
            RunConfig(),
            made_at="",
            watch=lambda _what, _done, _total: None,
        )


def test_tuning_splits_are_not_reported_by_default() -> None:
    reels, made = clusters()
    for source in ("kuairand", "microlens", "imported"):
        plan = plan_for(source, made, reels)
        assert "tune" in plan
        assert "tune" not in default_splits(plan)


def test_json_goes_round(tmp_path: Path) -> None:
    found = run(tmp_path, Popularity())
    again = from_json(to_json(found), "x")
    assert to_json(again) == to_json(found)
    assert again.made["versions"].keys() >= {"numpy", "implicit"}
    for text in ("{}", "[1]", "nonsense", '{"format": 0}'):
        with pytest.raises(InputError, match="x: "):
            from_json(text, "x")
    with pytest.raises(InputError, match="expected the evaluation"):
        read(tmp_path / "nowhere")


def compared(now: Evaluation, before: Evaluation, one: Path, other: Path) -> tuple[dict[str, Difference], list[str]]:
    found, warnings = differences(now, before, Folder(one), Folder(other))
    return {one.metric: one for one in found if one.question == "validation"}, warnings


def test_the_same_run_differs_by_nothing(tmp_path: Path) -> None:
    before, now = run(tmp_path / "a", Noisy()), run(tmp_path / "b", Noisy())
    found, warnings = compared(now, before, tmp_path / "b", tmp_path / "a")
    assert not warnings
    assert found["ndcg@20"].paired
    assert (found["ndcg@20"].change, found["ndcg@20"].low, found["ndcg@20"].high) == (0, 0, 0)
    assert not any(one.certain for one in found.values())


def test_pairing_viewers_narrows_the_interval(tmp_path: Path) -> None:
    before, now = run(tmp_path / "a", Noisy(0.0)), run(tmp_path / "b", Noisy(1.0))
    paired, _ = compared(now, before, tmp_path / "b", tmp_path / "a")
    apart, _ = compared(now, before, tmp_path / "b", tmp_path / "nowhere")
    assert paired["ndcg@20"].paired
    assert not apart["ndcg@20"].paired
    assert paired["ndcg@20"].change == apart["ndcg@20"].change != 0
    width = {name: one["ndcg@20"].high - one["ndcg@20"].low for name, one in {"p": paired, "a": apart}.items()}
    assert 0 < width["p"] < width["a"]
    for one in (paired, apart):
        assert one["ndcg@20"].low <= one["ndcg@20"].change <= one["ndcg@20"].high
    assert np.isnan(paired["coverage@10"].low)


def test_runs_of_other_data_samples_and_settings_are_warned_about(tmp_path: Path) -> None:
    before = run(tmp_path / "a", Noisy())
    now = run(tmp_path / "b", Noisy(about="changed"), config=RunConfig(sample=20), viewers=96)
    found, warnings = compared(now, before, tmp_path / "b", tmp_path / "a")
    assert [warning.split(":")[0] for warning in warnings] == [
        "the data differ",
        "viewers asked",
        "other settings than before",
    ]
    assert not found["ndcg@10"].paired
    nothing, _ = differences(replace(now, rows=()), before, Folder(tmp_path), Folder(tmp_path))
    assert nothing == []
