"""POST /admin/reels."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter

from reels.api.audit import REFUSALS, Audit, admin_router, audited
from reels.api.services import Services
from reels.core.types import Reel, ReelStatus
from reels.ingest.files.mapping import FieldError
from reels.ingest.files.reels import reel_of
from reels.schemas.admin import ReelsIn, ReelsOut
from reels.schemas.events import RejectionOut
from reels.schemas.problem import problems

_NAMED = 50
"""Ids of a change that the audit lists."""


def routes(services: Services) -> APIRouter:
    """The catalogue, reel by reel."""
    router, stores = admin_router(services), services.stores

    @router.post(
        "/reels", responses=problems(*REFUSALS, 413, 422), summary="Add, change, block reels",
        operation_id="post_admin_reels",
    )  # fmt: skip
    async def reels(body: ReelsIn, audit: Annotated[Audit, audited(services)]) -> ReelsOut:
        """Adds or changes `reels`, then blocks, then unblocks.

        A reel that can't be read is rejected alone. All is in force within a second: a new reel can be recommended, a
        blocked one is gone. A blocked reel stays blocked, whatever a catalogue says, until it is unblocked.
        """
        read, rejected = _read(body.reels)
        block, unblock = _usable(body.block), _usable(body.unblock)
        await audit.note(
            "reels", upsert=_named([reel.reel_id for reel in read]), block=_named(block), unblock=_named(unblock)
        )
        now = services.clock()
        counts = await stores.reels.upsert(read, now)
        return ReelsOut(
            new=counts.new,
            updated=counts.updated,
            unchanged=counts.unchanged,
            blocked=await stores.reels.set_status(block, ReelStatus.BLOCKED, now) if block else 0,
            unblocked=await stores.reels.set_status(unblock, ReelStatus.ACTIVE, now) if unblock else 0,
            rejected=rejected,
        )

    return router


def _read(items: Sequence[Any]) -> tuple[list[Reel], list[RejectionOut]]:
    reels, rejected = [], []
    for index, item in enumerate(items):
        try:
            reels.append(_reel(item))
        except FieldError as error:
            rejected.append(RejectionOut(index=index, reason=str(error).encode("ascii", "backslashreplace").decode()))
    return reels, rejected


def _reel(item: Any) -> Reel:
    """Read as a row of a catalogue file is; `reel_id` is `video_id`."""
    if not isinstance(item, dict):
        raise FieldError("reel", "expected an object")
    fields = dict(item)
    if "reel_id" in fields:
        fields["video_id"] = fields.pop("reel_id")
    return reel_of(fields)


def _usable(reel_ids: Sequence[str]) -> list[str]:
    """Without what can't be an id of ours; unknown ones are simply not counted."""
    return [one for one in dict.fromkeys(reel_ids) if one.isprintable()]


def _named(reel_ids: Sequence[str]) -> dict[str, Any]:
    return {"n": len(reel_ids), "first": list(reel_ids[:_NAMED])}
