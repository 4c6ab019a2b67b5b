"""POST /admin/viewers/{user_id}/revoke."""

from typing import Annotated

from fastapi import APIRouter, Path

from reels.api.audit import REFUSALS, Audit, admin_router, audited
from reels.api.services import Services
from reels.schemas.auth import RevokedOut
from reels.schemas.problem import problems

_LONGEST = 64


def routes(services: Services) -> APIRouter:
    """What an administrator may do about a viewer."""
    router = admin_router(services)

    @router.post(
        "/viewers/{user_id}/revoke", responses=problems(*REFUSALS, 422), summary="Sign a viewer out everywhere",
        operation_id="post_admin_viewer_revoke",
    )  # fmt: skip
    async def revoke(
        user_id: Annotated[str, Path(max_length=_LONGEST)], audit: Annotated[Audit, audited(services)]
    ) -> RevokedOut:
        """Every session of the viewer ends, and every token given until now is refused, within two seconds everywhere.

        The device may sign up again with its own secret: what is kept about the viewer stays.
        """
        await audit.note("revoke", user_id=user_id)
        return RevokedOut(user_id=user_id, sessions=await services.sessions.end_all(user_id, services.clock()))

    return router
