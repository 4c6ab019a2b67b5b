"""The next set is built when the one in use is old or used up, and not before."""

import pytest
from tests.contracts.after_work import AfterWorkContract, candidates, done

from reels.core.types import CandidateSet
from reels.recommender.after.refresh_candidates import STALE, USED, RefreshCandidates
from reels.recommender.stages import AfterWork, Done

TTL_SEC = 300.0


async def ignored(_: Done) -> None:
    """Builds nothing."""


class TestRefreshCandidates(AfterWorkContract):
    @pytest.fixture
    def work(self) -> AfterWork:
        return RefreshCandidates(ignored, TTL_SEC)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("cached", "due"),
    [
        (None, False),
        (candidates(0, age_sec=1e6), False),
        (candidates(40, age_sec=STALE * TTL_SEC - 1), False),
        (candidates(40, age_sec=STALE * TTL_SEC + 1), True),
        (candidates(40), False),
    ],
)
async def test_an_old_set_is_replaced(cached: CandidateSet | None, due: bool) -> None:
    assert await rebuilt(done(1, cached)) is due


@pytest.mark.anyio
async def test_a_set_that_is_used_up_is_replaced() -> None:
    page = done(1)
    shown = [item.row for item in page.page.items]
    assert len(shown) == 10
    for others in (6, 7):
        keys = page.models.keys[[*shown, *(row for row in page.inputs.candidates.tolist() if row not in shown)]]
        cached = candidates()
        cached = CandidateSet(
            keys[: 10 + others], cached.found_by[: 10 + others], cached.sources, cached.snapshot, cached.built_at
        )
        assert await rebuilt(done(1, cached)) is (10 / (10 + others) > USED)


async def rebuilt(page: Done) -> bool:
    asked: list[Done] = []

    async def note(one: Done) -> None:
        asked.append(one)

    await RefreshCandidates(note, TTL_SEC).run(page)
    return asked == [page] if asked else False
