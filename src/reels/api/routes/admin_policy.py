"""GET and PUT /admin/policy, GET /admin/policy/history."""

from typing import Annotated

import structlog
from fastapi import APIRouter, Query

from reels.api.audit import REFUSALS, Audit, admin_router, audited
from reels.api.policies import changed, policy_out
from reels.api.services import Services
from reels.core.errors import StoreError
from reels.core.policy import Policy
from reels.schemas.admin import PolicyHistory, PolicyIn, PolicyOut
from reels.schemas.problem import problems

_log = structlog.get_logger(__name__)


def routes(services: Services) -> APIRouter:
    """The numbers that decide a page."""
    router, stores = admin_router(services), services.stores

    @router.get(
        "/policy", responses=problems(*REFUSALS), summary="The policy in force", operation_id="get_admin_policy"
    )
    async def policy() -> PolicyOut:
        """The newest one; before any was set, the documented formula as version 0."""
        return policy_out(await stores.policies.current() or Policy())

    @router.put(
        "/policy", responses=problems(*REFUSALS, 422), summary="Change the policy", operation_id="put_admin_policy"
    )
    async def change(body: PolicyIn, audit: Annotated[Audit, audited(services)]) -> PolicyOut:
        """Makes a new version out of the one in force and what is given; every worker goes by it from its next page on.

        Out of range or weights that don't sum to 1: 422, and nothing changes.
        """
        before = await stores.policies.current() or Policy()
        await audit.note("policy", before=before.version, change=body.model_dump(exclude_none=True))
        added = await stores.policies.add(changed(before, body), services.clock(), audit.who)
        try:
            await stores.signals.set_policy_version(added.version)
        except StoreError as error:  # it is in force; workers that can't hear of it look every few seconds
            _log.warning("policy version not announced", version=added.version, reason=str(error))
        return policy_out(added)

    @router.get(
        "/policy/history", responses=problems(*REFUSALS, 422), summary="Policies so far",
        operation_id="get_admin_policy_history",
    )  # fmt: skip
    async def history(limit: Annotated[int, Query(ge=1, le=200)] = 50) -> PolicyHistory:
        """Newest first."""
        return PolicyHistory(policies=[policy_out(one) for one in await stores.policies.history(limit)])

    return router
