"""GET /me, PATCH /me, POST /me/reset: what is kept about the viewer, theirs to see, change and forget."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends

from reels.api.auth import documented_bearer, the_caller
from reels.api.moments import iso
from reels.api.services import Services
from reels.api.tokens import Principal
from reels.core.errors import NotAuthenticated, StoreUnavailable
from reels.core.ports import StoredReel
from reels.core.public import public_fields
from reels.core.types import Event, EventKind, User
from reels.core.user_state import NAMES_CREATOR, SWITCHING
from reels.schemas.me import HistoryItem, PlaceIn, PlaceOut, ProfileOut, ResetOut
from reels.schemas.problem import problems
from reels.schemas.reel import ReelOut

_HISTORY = 50
_SWITCHES = 15_000
_LISTED = 200


def routes(services: Services) -> APIRouter:
    """The viewer's own."""
    router = APIRouter(prefix="/me", tags=["me"], dependencies=[Depends(documented_bearer)])
    stores = services.stores

    @router.get("", responses=problems(401, 403, 503), summary="What is kept about me", operation_id="get_me")
    async def me(caller: Annotated[Principal, Depends(the_caller)]) -> ProfileOut:
        """Settings, likes, saved reels, recent history, followed and blocked creators; newest first."""
        return await _profile(services, await _user(services, caller.user_id))

    @router.patch("", responses=problems(401, 403, 422, 503), summary="Change my place", operation_id="patch_me")
    async def change(body: PlaceIn, caller: Annotated[Principal, Depends(the_caller)]) -> PlaceOut:
        """Region and language; what is left out stays. The next page goes by it."""
        await _user(services, caller.user_id)
        await stores.users.set_settings(caller.user_id, body.region, body.language)
        services.ingest.regions.forget(caller.user_id)
        await _drop_state(services, caller.user_id)
        user = await _user(services, caller.user_id)
        return PlaceOut(region=user.region, language=user.language)

    @router.post("/reset", responses=problems(401, 403, 503), summary="Start afresh", operation_id="post_me_reset")
    async def reset(caller: Annotated[Principal, Depends(the_caller)]) -> ResetOut:
        """Forget what has been learnt: history, likes and marks no longer teach anything.

        Saved reels, followed and blocked creators stay, and what was seen is not shown again.
        """
        await _user(services, caller.user_id)
        now = services.clock()
        await stores.users.reset(caller.user_id, now)
        await _drop_state(services, caller.user_id)
        return ResetOut(reset_at=iso(now))

    return router


async def _user(services: Services, user_id: str) -> User:
    user = await services.stores.users.get(user_id)
    if user is None:
        raise NotAuthenticated("this viewer does not exist any more: sign up again")
    return user


async def _drop_state(services: Services, user_id: str) -> None:
    """The next page is made from MongoDB; with Redis away, by this process's word."""
    try:
        await services.stores.viewers.drop_state([user_id])
    except StoreUnavailable:
        services.ingest.stale.add(user_id)


async def _profile(services: Services, user: User) -> ProfileOut:
    interactions = services.stores.interactions
    switches, newest = await asyncio.gather(
        interactions.newest_of(user.user_id, _SWITCHES, SWITCHING), interactions.newest_of(user.user_id, _HISTORY)
    )
    since = user.reset_at or 0.0
    newest = [event for event in newest if event.occurred_at >= since]
    telling = [event for event in switches if event.occurred_at >= since]
    liked = _on(telling, EventKind.LIKE, EventKind.UNLIKE)[:_LISTED]
    saved = _on(switches, EventKind.SAVE, EventKind.UNSAVE)[:_LISTED]
    wanted = {*liked, *saved, *(event.reel_id for event in newest)}
    reels = await services.stores.reels.get(sorted(wanted))
    return ProfileOut(
        user_id=user.user_id,
        region=user.region,
        language=user.language,
        liked=_reels(liked, reels),
        saved=_reels(saved, reels),
        history=[_history_item(event, reels) for event in newest],
        following=_on(switches, EventKind.FOLLOW, EventKind.UNFOLLOW),
        blocked=_on(switches, EventKind.BLOCK, EventKind.UNBLOCK),
    )


def _on(events: Sequence[Event], on: EventKind, off: EventKind) -> list[str]:
    """Reels or creators whose newest switch is `on`, newest first; off wins a tie, as in the fold."""
    newest: dict[str, EventKind] = {}
    for event in sorted(events, key=lambda one: (-one.occurred_at, one.kind is on)):
        if event.kind in (on, off):
            newest.setdefault(event.creator_id if event.kind in NAMES_CREATOR else event.reel_id, event.kind)
    return [target for target, kind in newest.items() if target and kind is on]


def _reels(reel_ids: Sequence[str], known: dict[str, StoredReel]) -> list[ReelOut]:
    return [ReelOut.model_validate_json(b"{%b}" % public_fields(known[one].reel)) for one in reel_ids if one in known]


def _history_item(event: Event, known: dict[str, StoredReel]) -> HistoryItem:
    stored = known.get(event.reel_id)
    title = stored.reel.title if stored else ""
    return HistoryItem(reel_id=event.reel_id, title=title, kind=event.kind, occurred_at=iso(event.occurred_at))
