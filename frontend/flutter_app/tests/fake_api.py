"""A stand-in for the API, in memory: the same HTTP contract, no recommender behind it.

Run by hand: ``python tests/fake_api.py 8123`` serves it with generated clips.
"""

import sys
import tempfile
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import FileResponse, JSONResponse

TOPICS = ["ocean", "city", "forest", "desert", "night", "food", "dance", "science"]
TITLES = [
    "Slow tide at the edge of the old harbour",
    "The last tram home",
    "What the moss remembers after a week of rain, and why the path keeps changing its mind",
    "Dunes, minute by minute",
    "Stars over a quiet road",
    "Bread, from flour to crust",
    "One take, one street, one song",
    "Why soap bubbles have colours",
]
KINDS = {
    "impression",
    "watch",
    "like",
    "unlike",
    "save",
    "unsave",
    "share",
    "skip",
    "not_interested",
    "undo_not_interested",
    "follow",
    "unfollow",
    "block",
    "unblock",
}
PAIRED = {"like": "liked", "save": "saved"}


@dataclass
class Viewer:
    """What the fake knows of one viewer."""

    user_id: str
    events: dict[str, dict[str, Any]] = field(default_factory=dict)
    served: list[str] = field(default_factory=list)

    def standing(self, kind: str, undo: str, key: str) -> list[str]:
        """Values of `key` whose newest of `kind` or `undo` is `kind`, newest first."""
        last: dict[str, str] = {}
        for event in self.events.values():
            if event["kind"] in (kind, undo):
                last.pop(event[key], None)
                last[event[key]] = event["kind"]
        return [value for value, was in reversed(last.items()) if was == kind]


@dataclass
class FakeApi:
    """The state behind the fake, for tests to look at and to break."""

    clips: list[Path]
    size: int = 400
    down: bool = False
    events_down: bool = False
    degraded: list[str] = field(default_factory=list)
    viewers: dict[str, Viewer] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    refresh: dict[str, str] = field(default_factory=dict)
    posts: list[int] = field(default_factory=list)

    def item(self, number: int) -> dict[str, Any]:
        """Reel `number` as a feed item."""
        topic = TOPICS[number % len(TOPICS)]
        parts = {"content": 0.46, "cf": 0.22, "popularity": 0.2, "exploration": 0.12}
        return {
            "reel_id": f"r{number:04d}",
            "title": TITLES[number % len(TITLES)],
            "tags": [topic, "calm", "daily"],
            "creator_id": f"maker_{number % 23}",
            "duration_sec": 2.0,
            "media_url": f"/media/r{number:04d}.mp4",
            "poster_url": f"/media/r{number:04d}.jpg",
            "score": 0.71,
            "parts": {name: min(2 * value, 1.0) for name, value in parts.items()},
            "contributions": parts,
            "reasons": [f"Because you watched “{topic}” to the end", "Popular now"],
            "reason_codes": [f"watched_to_end|{topic}", "popular"],
            "explored": number % 7 == 6,
            "propensity": 0.3,
        }

    def sign_in(self, user_id: str) -> dict[str, Any]:
        """Fresh tokens for `user_id`."""
        access, refresh = uuid.uuid4().hex, uuid.uuid4().hex
        self.viewers.setdefault(user_id, Viewer(user_id))
        self.tokens[access], self.refresh[refresh] = user_id, user_id
        return {
            "user_id": user_id,
            "access_token": access,
            "refresh_token": refresh,
            "expires_in": 900,
        }

    def viewer(self, request: Request) -> Viewer:
        """The viewer of a request, by its bearer token."""
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self.tokens:
            raise HTTPException(401, "unknown token")
        return self.viewers[self.tokens[token]]

    def page(self, viewer: Viewer, limit: int, mode: str) -> dict[str, Any]:
        """The next page of reels not served before, obeying what the viewer put away."""
        hidden = set(viewer.standing("not_interested", "undo_not_interested", "reel_id"))
        blocked = {self.item(int(reel[1:]))["creator_id"] for reel in viewer.standing("block", "unblock", "reel_id")}
        numbers = range(self.size - 1, -1, -1) if mode == "latest" else range(self.size)
        items: list[dict[str, Any]] = []
        for number in numbers:
            item = self.item(number)
            fresh = item["reel_id"] not in viewer.served and item["reel_id"] not in hidden
            if fresh and item["creator_id"] not in blocked:
                items.append(item)
            if len(items) == limit:
                break
        viewer.served += [item["reel_id"] for item in items]
        return {
            "feed_id": uuid.uuid4().hex,
            "items": items,
            "next_cursor": str(len(viewer.served)),
            "policy": {"name": "blend", "version": "1"},
            "snapshot": "20260101-demo",
            "degraded": self.degraded,
        }

    def store(self, viewer: Viewer, events: list[dict[str, Any]]) -> dict[str, Any]:
        """Store a batch once; says what was new."""
        stored = duplicates = 0
        rejected = []
        for index, event in enumerate(events):
            if event.get("kind") not in KINDS:
                rejected.append({"index": index, "reason": f"unknown kind {event.get('kind')!r}"})
            elif event["event_id"] in viewer.events:
                duplicates += 1
            else:
                viewer.events[event["event_id"]] = event
                stored += 1
        self.posts.append(len(events))
        return {"stored": stored, "duplicates": duplicates, "rejected": rejected}

    def profile(self, viewer: Viewer) -> dict[str, Any]:
        """What `GET /me` answers."""
        items = {
            name: [self.item(int(reel[1:])) for reel in viewer.standing(kind, f"un{kind}", "reel_id")]
            for kind, name in PAIRED.items()
        }
        history = [
            {
                "reel_id": event["reel_id"],
                "title": self.item(int(event["reel_id"][1:]))["title"],
                "kind": event["kind"],
                "occurred_at": event["occurred_at"],
            }
            for event in reversed(viewer.events.values())
        ][:50]
        return {
            "user_id": viewer.user_id,
            "region": "IN",
            "language": "en",
            **items,
            "history": history,
            "following": [],
            "blocked": [],
        }


def create_app(state: FakeApi) -> FastAPI:
    """The fake as an ASGI app over `state`."""
    app = FastAPI()
    app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_headers=["*"])

    @app.middleware("http")
    async def break_on_request(request: Request, call_next: Any) -> Any:
        events_down = state.events_down and request.url.path == "/events"
        if state.down or events_down:
            return JSONResponse(
                {"title": "store down", "status": 503},
                503,
                {"Retry-After": "1"},
                "application/problem+json",
            )
        return await call_next(request)

    @app.post("/auth/device")
    async def device(body: dict[str, Any]) -> dict[str, Any]:
        return state.sign_in("u_" + str(body.get("device_id") or uuid.uuid4().hex)[:16])

    @app.post("/auth/refresh")
    async def refresh(body: dict[str, Any]) -> dict[str, Any]:
        user = state.refresh.pop(body.get("refresh_token", ""), None)
        if user is None:
            raise HTTPException(401, "unknown refresh token")
        return state.sign_in(user)

    @app.get("/feed")
    async def feed(request: Request, limit: int = 10, mode: str = "for_you") -> dict[str, Any]:
        return state.page(state.viewer(request), limit, mode)

    @app.post("/events")
    async def events(request: Request, body: dict[str, Any]) -> dict[str, Any]:
        return state.store(state.viewer(request), body["events"])

    @app.get("/reels/{reel_id}")
    async def reel(request: Request, reel_id: str) -> dict[str, Any]:
        state.viewer(request)
        number = int(reel_id[1:]) if reel_id[1:].isdigit() else state.size
        if number >= state.size:
            raise HTTPException(404, "no such reel")
        return state.item(number)

    @app.get("/me")
    async def me(request: Request) -> dict[str, Any]:
        return state.profile(state.viewer(request))

    @app.post("/me/reset")
    async def reset(request: Request) -> dict[str, Any]:
        viewer = state.viewer(request)
        viewer.events = {
            event_id: event
            for event_id, event in viewer.events.items()
            if event["kind"] in ("save", "unsave", "follow", "unfollow", "block", "unblock")
        }
        viewer.served.clear()
        return {}

    @app.get("/media/{name}")
    async def media(name: str) -> FileResponse:
        number, suffix = int(Path(name).stem[1:]), Path(name).suffix
        return FileResponse(
            state.clips[number % len(state.clips)].with_suffix(suffix),
            headers={"Cache-Control": "public, max-age=86400"},
        )

    return app


if __name__ == "__main__":
    import uvicorn
    from clips import make_clips

    started = time.monotonic()
    films = make_clips(Path(tempfile.gettempdir()) / "reels-fake-clips")
    print(f"clips ready in {time.monotonic() - started:.1f} s")
    uvicorn.run(create_app(FakeApi(films)), host="127.0.0.1", port=int(sys.argv[1]))
