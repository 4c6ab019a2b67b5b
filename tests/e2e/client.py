"""A viewer of a served system, over HTTP."""

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Self
from uuid import uuid4

import httpx

Item = dict[str, Any]
Page = dict[str, Any]


OPEN: list[httpx.Client] = []
"""Connections of a test's viewers; closed when the test ends."""


@dataclass
class Viewer:
    """Signs up as a new device, asks for pages, tells what it does."""

    api_url: str
    region: str = "US"
    language: str = "en"
    user_id: str = ""
    http: httpx.Client = field(init=False)
    _count: Iterator[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.http = httpx.Client(base_url=self.api_url, timeout=30)
        OPEN.append(self.http)
        told = self.http.post("/auth/device", json={"region": self.region, "language": self.language})
        told.raise_for_status()
        self.user_id = told.json()["user_id"]
        self.http.headers["authorization"] = f"Bearer {told.json()['access_token']}"

    @classmethod
    def with_token(cls, api_url: str, token: str) -> Self:
        """Somebody who has a token already."""
        viewer = cls.__new__(cls)
        viewer.api_url, viewer._count = api_url, itertools.count()
        viewer.http = httpx.Client(base_url=api_url, timeout=30, headers={"authorization": f"Bearer {token}"})
        OPEN.append(viewer.http)
        viewer.user_id = viewer.http.get("/me").raise_for_status().json()["user_id"]
        return viewer

    def page(self, limit: int = 10, cursor: str | None = None) -> Page:
        params: dict[str, Any] = {"limit": limit} | ({"cursor": cursor} if cursor else {})
        page: Page = self.http.get("/feed", params=params).raise_for_status().json()
        return page

    def event(self, kind: str, reel: Item, **fields: Any) -> dict[str, Any]:
        return {
            "event_id": f"{next(self._count)}-{uuid4().hex[:8]}",
            "reel_id": reel["reel_id"],
            "kind": kind,
            "occurred_at": round(time.time() * 1000),
            **fields,
        }

    def tell(self, *events: dict[str, Any]) -> dict[str, Any]:
        """Post events; the receipt."""
        answer = self.http.post("/events", json={"events": list(events)}).raise_for_status()
        receipt: dict[str, Any] = answer.json()
        return receipt

    def did(self, kind: str, reel: Item, **fields: Any) -> None:
        """Post one event that must be stored."""
        receipt = self.tell(self.event(kind, reel, **fields))
        assert receipt["stored"] == 1, receipt
