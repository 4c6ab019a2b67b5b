"""GET /admin/stats, GET /admin/audit."""

import asyncio

from fastapi import APIRouter

from reels.api.audit import REFUSALS, admin_router
from reels.api.jobs import job_out
from reels.api.moments import iso
from reels.api.policies import policy_out
from reels.api.services import Services
from reels.core.policy import Policy
from reels.schemas.admin import AuditOut, SnapshotStats, StatsOut
from reels.schemas.problem import problems

_RUNS = 20
_ENTRIES = 200


def routes(services: Services) -> APIRouter:
    """How much there is, and what was changed."""
    router, stores = admin_router(services), services.stores

    @router.get("/stats", responses=problems(*REFUSALS), summary="How much there is", operation_id="get_admin_stats")
    async def stats() -> StatsOut:
        """Counts, the models of this process, the policy in force, the newest jobs."""
        reels, viewers, events, feeds, policy, runs = await asyncio.gather(
            stores.reels.count(),
            stores.users.count(),
            stores.interactions.count(),
            stores.feeds.count(),
            stores.policies.current(),
            stores.jobs.recent(_RUNS),
        )
        return StatsOut(
            reels=reels,
            viewers=viewers,
            events=events,
            feeds=feeds,
            snapshot=_snapshot(services),
            policy=policy_out(policy or Policy()),
            stale_viewers=len(services.ingest.stale),
            jobs=[job_out(run) for run in runs],
        )

    @router.get("/audit", responses=problems(*REFUSALS), summary="What was changed", operation_id="get_admin_audit")
    async def audit() -> AuditOut:
        """The newest changes administrators made."""
        return AuditOut(entries=await stores.audit.recent(_ENTRIES))

    return router


def _snapshot(services: Services) -> SnapshotStats | None:
    models = services.models()
    if models is None or not models.version:
        return None
    manifest = models.snapshot.manifest
    return SnapshotStats(
        version=manifest.version, created_at=iso(manifest.created_at), rows=manifest.rows, metrics=manifest.metrics
    )
