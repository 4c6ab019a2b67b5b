"""GET /admin/feeds/{feed_id}."""

from dataclasses import asdict

from fastapi import APIRouter

from reels.api.audit import REFUSALS, admin_router
from reels.api.moments import iso
from reels.api.services import Services
from reels.core.errors import UnknownFeed
from reels.core.types import ServedFeed
from reels.schemas.admin import ExplainedFeed
from reels.schemas.problem import problems


def routes(services: Services) -> APIRouter:
    """Why somebody saw what they saw."""
    router = admin_router(services)

    @router.get(
        "/feeds/{feed_id}", responses=problems(*REFUSALS, 404), summary="Explain a served page",
        operation_id="get_admin_feed",
    )  # fmt: skip
    async def explain(feed_id: str) -> ExplainedFeed:
        """Policy, snapshot, seed and state digest it was made with, each item with its parts and propensity."""
        served = await services.stores.feeds.get(feed_id) if feed_id.isprintable() else None
        if served is None:
            raise UnknownFeed(feed_id[:64])
        return _explained(served, await services.replayed(served) if services.replayed else None)

    return router


def _explained(served: ServedFeed, replayed: bool | None) -> ExplainedFeed:
    page = served.page
    return ExplainedFeed(
        feed_id=page.feed_id,
        user_id=page.user_id,
        served_at=iso(page.served_at),
        seed=page.seed,
        state_digest=page.state_digest,
        policy={"name": page.policy_name, "version": page.policy_version},
        snapshot=page.snapshot,
        degraded=list(page.degraded),
        timings_ms=page.timings_ms,
        query=asdict(served.query),
        replayed=replayed,
        items=[{"position": place, **asdict(item)} for place, item in enumerate(page.items)],
    )
