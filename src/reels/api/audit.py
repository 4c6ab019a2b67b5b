"""Every change an administrator makes is written down before it is made, so that none goes unrecorded."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from reels.api.auth import documented_bearer, the_caller
from reels.api.services import Services
from reels.api.tokens import Principal

REFUSALS = (401, 403, 503)
"""Problems every administrators' route may answer."""


def admin_router(services: Services) -> APIRouter:
    """A router for administrators' routes (`api.rules` says that they are)."""
    return APIRouter(prefix="/admin", tags=["admin"], dependencies=[Depends(documented_bearer)])


class Audit:
    """Who does what, as a dependency of the routes that change something."""

    def __init__(self, services: Services, who: str) -> None:
        self._services = services
        self.who = who

    async def note(self, action: str, **details: Any) -> None:
        """Write it down. StoreUnavailable: then it must not be done either."""
        await self._services.stores.audit.add(self.who, action, details, self._services.clock())


def audited(services: Services) -> Any:
    """`Annotated` type of a route's parameter that is the audit of its caller."""

    async def audit(caller: Annotated[Principal, Depends(the_caller)]) -> Audit:
        return Audit(services, caller.user_id)

    return Depends(audit)
