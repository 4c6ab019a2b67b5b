"""How errors look on the wire (RFC 9457)."""

from typing import Any

from pydantic import BaseModel, Field

MEDIA_TYPE = "application/problem+json"


class FieldProblem(BaseModel):
    """One field at fault."""

    field: str
    reason: str


class Problem(BaseModel):
    """What went wrong, for programs (`type`) and people (`detail`)."""

    type: str = Field(examples=["urn:reels:problem:bad-request"])
    title: str = Field(examples=["The request can't be used"])
    status: int = Field(examples=[422])
    detail: str = Field(examples=["limit: 500 is not in 1..50"])
    request_id: str = Field(examples=["5c2e0b9f6a7d4e1188aa01cf"])
    errors: list[FieldProblem] | None = Field(None, examples=[[{"field": "limit", "reason": "500 is not in 1..50"}]])


_SAID = {
    400: "A `Range` that can't be read.",
    401: "No token, an expired one, or one that can't be trusted.",
    403: "A good token that may not do this.",
    404: "There is no such thing.",
    413: "Too much in one request.",
    416: "A `Range` outside of it; `Content-Range` says how much there is.",
    422: "Something in the request can't be used; `errors` names the fields.",
    429: "More than the quota allows, or too many failed sign-ins: wait as many seconds as `Retry-After` says.",
    503: "A store does not answer. Nothing was half done: send the same again after `Retry-After` seconds.",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that may answer with these statuses."""
    return {status: {"description": _SAID[status], "content": _content(status)} for status in statuses}


def _content(status: int) -> dict[str, Any]:
    example = {
        "type": f"urn:reels:problem:{_NAMES[status]}",
        "title": _SAID[status].split(".")[0],
        "status": status,
        "detail": _SAID[status],
        "request_id": "5c2e0b9f6a7d4e1188aa01cf",
    }
    return {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}}


_NAMES = {
    400: "bad-range",
    401: "not-authenticated",
    403: "not-allowed",
    404: "unknown-reel",
    413: "too-many-events",
    416: "range-not-satisfiable",
    422: "bad-request",
    429: "too-many-requests",
    503: "store-unavailable",
}
