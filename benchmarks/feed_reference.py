"""What GET /feed is compared with: the same endpoint as one writes it with the usual parts, and no work at all.

    python -m benchmarks.feed_reference plain DATA    # FastAPI, pydantic response_model, redis-py with JSON, numpy
    python -m benchmarks.feed_reference ready DATA    # raw ASGI that answers 8.5 KB it has at hand

`plain` is written with care and without tricks: an asynchronous endpoint, one MGET, vectors as one matrix, scores and
diversity in numpy, candidates cached for five minutes, the page recorded in the background. It does less than the real
one: two parts and popularity, one reason, no retries, no quotas, no replay, no metrics, no log line.
"""

import argparse
import json
import os
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import jwt
import numpy as np
import orjson
import uvicorn
from fastapi import BackgroundTasks, Depends, FastAPI, HTTPException, Query
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel
from pymongo import AsyncMongoClient
from redis.asyncio import Redis

from reels.api import key_files
from reels.learning.shelf import Shelf

CANDIDATES, KEEP_SEC, DIVERSITY = 300, 300, 0.2
SAYS = "reference: serving"
bearer = HTTPBearer()


class Item(BaseModel):
    """One reel of a page."""

    reel_id: str
    title: str = ""
    tags: list[str] = []
    creator_id: str | None = None
    duration_sec: float | None = None
    language: str | None = None
    region: str | None = None
    media_url: str | None = None
    poster_url: str | None = None
    score: float
    parts: dict[str, float]
    reasons: list[str]


class Page(BaseModel):
    """A page."""

    feed_id: str
    items: list[Item]
    snapshot: str


class Catalogue:
    """The snapshot as arrays and dictionaries."""

    def __init__(self, data: Path) -> None:
        snapshot = Shelf(data / "snapshots").open_current()
        self.version = snapshot.manifest.version
        offsets, blob = np.asarray(snapshot.reels_offsets), np.asarray(snapshot.reels)
        self.json = [bytes(blob[a:b].tobytes()) for a, b in pairwise(offsets.tolist())]
        self.vectors = np.ascontiguousarray(snapshot.content.take(np.arange(len(self.json), dtype=np.int32)))
        self.popularity = np.asarray(snapshot.popularity)
        self.creators = np.asarray(snapshot.creators)
        self.row_of = {orjson.loads(b"{" + one + b"}")["reel_id"]: row for row, one in enumerate(self.json)}


def plain(data: Path) -> FastAPI:
    """The app."""
    catalogue = Catalogue(data)
    key = key_files.load_signing(key_files.of_demo(data, key_files.SIGNING)).public_key()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        url = os.environ["REELS_REDIS_URL"]
        async with (
            Redis.from_url(url) as redis,
            AsyncMongoClient[dict[str, Any]](os.environ["REELS_MONGO_URL"]) as mongo,
        ):
            app.state.redis, app.state.pages = redis, mongo["reference"]["pages"]
            yield

    app = FastAPI(lifespan=lifespan)

    def user_of(sent: Annotated[HTTPAuthorizationCredentials, Depends(bearer)]) -> str:
        try:
            return str(jwt.decode(sent.credentials, key, algorithms=["EdDSA"], audience="reels-api")["sub"])
        except jwt.PyJWTError as error:
            raise HTTPException(401, str(error)) from error

    @app.get("/feed", response_model=Page)
    async def feed(
        user_id: Annotated[str, Depends(user_of)],
        after: BackgroundTasks,
        limit: Annotated[int, Query(ge=1, le=50)] = 10,
        cursor: str | None = None,
    ) -> Page:
        redis = app.state.redis
        state, seen, cached = await redis.mget(f"ref:{user_id}", f"ref:{user_id}:seen", f"ref:{user_id}:candidates")
        history = json.loads(state)["history"] if state else []
        hidden = set(json.loads(seen)) if seen else set()
        liked = [(catalogue.row_of[reel_id], value) for reel_id, value in history if reel_id in catalogue.row_of]
        rows = np.array([row for row, _ in liked], dtype=np.int64)
        values = np.array([value for _, value in liked], dtype=np.float32)
        profile = values @ catalogue.vectors[rows] if len(rows) else np.zeros(catalogue.vectors.shape[1], np.float32)
        best = np.array([] if cached is None else json.loads(cached), np.int64)
        best = best[[row not in hidden for row in best.tolist()]]
        if len(best) < 2 * limit:
            near = catalogue.vectors @ profile + 0.1 * catalogue.popularity
            near[np.fromiter(hidden, np.int64)] = -np.inf
            best = np.argpartition(-near, CANDIDATES)[:CANDIDATES]
            await redis.set(f"ref:{user_id}:candidates", json.dumps(best.tolist()), ex=KEEP_SEC)
        content = np.maximum(catalogue.vectors[best] @ profile, 0)
        content = content / max(float(content.max(initial=0)), 1e-9)
        popular = catalogue.popularity[best]
        total = 0.8 * content + 0.2 * popular
        picks = diverse(total, catalogue.vectors[best], catalogue.creators[best], limit)
        items = []
        for place in picks:
            row = int(best[place])
            parts = {"content": float(content[place]), "popularity": float(popular[place])}
            reason = "Because of what you watched" if parts["content"] > parts["popularity"] else "Popular now"
            fields = json.loads(b"{" + catalogue.json[row] + b"}")
            items.append(Item(**fields, score=float(total[place]), parts=parts, reasons=[reason]))
            hidden.add(row)
        await redis.set(f"ref:{user_id}:seen", json.dumps(sorted(hidden)))
        page = Page(feed_id=uuid.uuid4().hex, items=items, snapshot=catalogue.version)
        after.add_task(app.state.pages.insert_one, {"user_id": user_id, "at": time.time(), **page.model_dump()})
        return page

    return app


def diverse(total: np.ndarray, vectors: np.ndarray, creators: np.ndarray, limit: int) -> list[int]:
    """Greedy MMR, at most two reels of a creator."""
    free = np.ones(len(total), bool)
    nearest = np.zeros(len(total), np.float32)
    picks: list[int] = []
    shown: dict[int, int] = {}
    while len(picks) < limit and free.any():
        place = int(np.argmax(np.where(free, (1 - DIVERSITY) * total - DIVERSITY * nearest, -np.inf)))
        free[place] = False
        creator = int(creators[place])
        if shown.get(creator, 0) >= 2:
            continue
        shown[creator] = shown.get(creator, 0) + 1
        picks.append(place)
        nearest = np.maximum(nearest, vectors @ vectors[place])
    return picks


async def ready(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Raw ASGI: the same bytes to everybody."""
    if scope["type"] == "lifespan":
        while (message := await receive())["type"] != "lifespan.shutdown":
            await send({"type": f"{message['type']}.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(READY))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": READY})


READY = orjson.dumps(
    {"feed_id": "0", "next_cursor": "0" * 67, "items": [{"reel_id": str(i), "title": "x" * 825} for i in range(10)]}
)


def main() -> None:
    """Serve until killed."""
    asked = argparse.ArgumentParser()
    asked.add_argument("kind", choices=("plain", "ready"))
    asked.add_argument("data", type=Path)
    asked.add_argument("port", type=int)
    given = asked.parse_args()
    app: Any = plain(given.data) if given.kind == "plain" else ready
    uvicorn.run(app, port=given.port, http="httptools", loop="uvloop", access_log=False, log_level="warning")


if __name__ == "__main__":
    main()
