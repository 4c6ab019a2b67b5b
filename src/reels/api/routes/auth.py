"""POST /auth/device, /auth/refresh, /auth/admin, /auth/logout."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Request

from reels.api.auth import documented_bearer, the_caller
from reels.api.services import Services
from reels.api.sessions import Pair
from reels.api.tokens import Principal, Scope
from reels.core.types import User
from reels.schemas.auth import AdminIn, AdminTokenOut, DeviceIn, LogoutIn, RefreshIn, TokensOut
from reels.schemas.problem import problems

_INSIDE = "c_inside"
"""What failed sign-ins from our own machines are counted under."""


def routes(services: Services) -> APIRouter:
    """Signing up without a form, fresh tokens, and the end of them."""
    router = APIRouter(prefix="/auth", tags=["auth"])
    sessions, login, clients = services.sessions, services.admin_login, services.clients

    @router.post(
        "/device", responses=problems(422, 503), summary="Sign up anonymously", operation_id="post_auth_device"
    )
    async def device(body: DeviceIn) -> TokensOut:
        """A pseudonym and its tokens. Nothing of the device is kept, only a keyed hash as the viewer's id."""
        now = services.clock()
        user_id = await _viewer(services, body, now)
        return _answered(await sessions.begin(user_id, (Scope.VIEWER,), now))

    @router.post(
        "/refresh", responses=problems(401, 422, 503), summary="Fresh tokens", operation_id="post_auth_refresh"
    )
    async def refresh(body: RefreshIn) -> TokensOut:
        """New access and refresh tokens for the newest refresh token of a session; that one is used up then.

        Sent again within some seconds it is answered with the same tokens. Later it ends the session: then it has been
        copied. Sign up again with the same `device_id` to go on as the same viewer.
        """
        return _answered(await sessions.refresh(body.refresh_token, services.clock()))

    @router.post(
        "/admin", responses=problems(401, 422, 503), summary="Sign in as administrator", operation_id="post_auth_admin"
    )
    async def admin(body: AdminIn, request: Request) -> AdminTokenOut:
        """A short token of scope admin for a name and a password; there is no refresh.

        Who fails five times in a row waits before the next attempt (429), longer each time.
        """
        now = services.clock()
        client = clients.name_of(request.scope, now) or _INSIDE
        token = await login.sign_in(body.name, body.password, client, services.random_id(), now)
        return AdminTokenOut(name=body.name, access_token=token, expires_in=int(services.limits.lives.admin_sec))

    @router.post(
        "/logout", status_code=204, responses=problems(401, 403, 422, 503), summary="Sign out",
        operation_id="post_auth_logout", dependencies=[Depends(documented_bearer)],
    )  # fmt: skip
    async def logout(caller: Annotated[Principal, Depends(the_caller)], body: LogoutIn | None = None) -> None:
        """The caller's session ends, or all of them; access tokens of it are refused within two seconds everywhere."""
        now = services.clock()
        if body is not None and body.everywhere:
            await sessions.end_all(caller.user_id, now)
        else:
            await sessions.end(caller, now)

    return router


async def _viewer(services: Services, body: DeviceIn, now: float) -> str:
    """The viewer's id: one the device was given under an older key, or by the key in use; the viewer is there then."""
    ids = services.pseudonyms.ids_of_device(body.device_id or services.random_id())
    users = services.stores.users
    newest = next(iter(ids))
    if body.device_id is not None and len(ids) > 1:
        known = await users.get_many(list(ids))
        if found := next((one for one in ids if one in known), None):
            return found
    await users.create(User(newest, now, body.region, body.language, ids[newest]))
    return newest


def _answered(pair: Pair) -> TokensOut:
    return TokensOut(**asdict(pair))
