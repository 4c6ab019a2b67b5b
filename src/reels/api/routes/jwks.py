"""GET /.well-known/jwks.json: the public keys that tokens are checked with."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import JSONResponse

from reels.api.services import Services
from reels.schemas.auth import KeySetOut

KEPT_SEC = 300
"""How long others may keep the set: a key must be in it for so long before it signs."""


def routes(services: Services) -> APIRouter:
    """For whoever checks our tokens by themselves."""
    router = APIRouter(tags=["auth"])

    @router.get(
        "/.well-known/jwks.json", response_model=KeySetOut, summary="Public keys of the tokens", operation_id="get_jwks"
    )
    async def jwks() -> Any:
        """The key that signs, the one that will sign next and those that did, as a JSON Web Key Set (RFC 7517)."""
        return JSONResponse(services.tokens.key_set(), headers={"cache-control": f"public, max-age={KEPT_SEC}"})

    return router
