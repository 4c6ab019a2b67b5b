"""POST /auth/device, POST /auth/refresh."""

from fastapi import APIRouter

from reels.api.services import Services
from reels.api.tokens import Scope, Use
from reels.core.types import User
from reels.schemas.auth import DeviceIn, RefreshIn, TokensOut
from reels.schemas.problem import problems


def routes(services: Services) -> APIRouter:
    """Signing up without a form, and fresh tokens."""
    router = APIRouter(prefix="/auth", tags=["auth"])

    @router.post(
        "/device", responses=problems(422, 503), summary="Sign up anonymously", operation_id="post_auth_device"
    )
    async def device(body: DeviceIn) -> TokensOut:
        """A pseudonym and its tokens. Nothing of the device is kept, only a keyed hash as the viewer's id."""
        user_id = services.pseudonyms.of_device(body.device_id or services.random_id())
        now = services.clock()
        await services.stores.users.create(User(user_id, now, body.region, body.language, services.pseudonyms.key_id))
        return _tokens(services, user_id, [Scope.VIEWER], now)

    @router.post("/refresh", responses=problems(401, 422), summary="Fresh tokens", operation_id="post_auth_refresh")
    async def refresh(body: RefreshIn) -> TokensOut:
        """New access and refresh tokens for a refresh token that is still good."""
        now = services.clock()
        principal = services.tokens.verify(body.refresh_token, now, Use.REFRESH)
        return _tokens(services, principal.user_id, sorted(principal.scopes), now)

    return router


def _tokens(services: Services, user_id: str, scopes: list[Scope], now: float) -> TokensOut:
    limits, mint = services.limits, services.tokens.mint
    return TokensOut(
        user_id=user_id,
        access_token=mint(user_id, scopes, now, limits.access_token_sec),
        refresh_token=mint(user_id, scopes, now, limits.refresh_token_sec, Use.REFRESH),
        expires_in=limits.access_token_sec,
    )
