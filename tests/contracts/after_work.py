"""What all work after a page does. Inherit, and give a fixture `work`."""

from dataclasses import replace

import numpy as np
import pytest
from tests.contracts.stage_inputs import fingerprint
from tests.recommender.models_in_use import plain
from tests.recommender.viewers import query, state_of
from tests.snapshots import NOW

from reels.core.policy import Policy
from reels.core.types import CandidateSet
from reels.recommender.pipeline import compute
from reels.recommender.stages import AfterWork, Done, PageInputs
from reels.recommender.standard import pipelines
from reels.recommender.viewer import viewer_of


def done(number: int, cached: CandidateSet | None = None) -> Done:
    """A page of ten reels, answered."""
    asked = replace(query(), feed_id=f"{number:032x}")
    rows = np.flatnonzero(plain().active)[:40].astype(np.int32)
    nothing = np.empty(0, np.int32)
    inputs = PageInputs(asked, viewer_of(state_of(), plain()), rows, np.zeros(40, np.uint16), (), nothing)
    page = compute(inputs, plain(), Policy(), pipelines()["for_you"]).page
    return Done(asked, page, inputs, plain(), cached)


def candidates(count: int = 40, age_sec: float = 0.0) -> CandidateSet:
    """The first `count` active reels as a set built so long ago."""
    keys = np.sort(plain().keys[np.flatnonzero(plain().active)[:count]])
    return CandidateSet(keys, np.ones(count, np.uint16), ("popular",), plain().version, NOW - age_sec)


def last_page(number: int) -> Done:
    """One with nothing on it."""
    full = done(number)
    return replace(full, page=replace(full.page, items=(), next_cursor=None))


CASES = {
    "page": lambda: done(1),
    "page of a new set": lambda: done(2, candidates()),
    "page of an old set": lambda: done(3, candidates(age_sec=1e6)),
    "page of an empty set": lambda: done(4, candidates(0)),
    "nothing on it": lambda: last_page(5),
    "degraded": lambda: replace(done(6), page=replace(done(6).page, degraded=("redis", "no_snapshot"))),
}


@pytest.mark.anyio
class AfterWorkContract:
    """Subclasses give a fixture `work`."""

    @pytest.mark.parametrize("case", CASES)
    async def test_takes_any_page_also_twice(self, work: AfterWork, case: str) -> None:
        await work.run(CASES[case]())
        await work.run(CASES[case]())

    @pytest.mark.parametrize("case", CASES)
    async def test_changes_nothing_of_what_was_answered(self, work: AfterWork, case: str) -> None:
        answered, same = CASES[case](), CASES[case]()
        before = fingerprint(answered.inputs, answered.models, answered.cached)
        await work.run(answered)
        assert answered.page == same.page
        assert fingerprint(answered.inputs, answered.models, answered.cached) == before

    async def test_has_a_name(self, work: AfterWork) -> None:
        assert work.name.isidentifier()
