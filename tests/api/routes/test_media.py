"""Films over real HTTP: ranges, validators, caching, and nothing outside the directory."""

import asyncio
import socket
import threading
from collections.abc import Iterator

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse

from reels.api.routes.media import media_routes, media_url
from reels.core.errors import UnknownReel
from reels.media.form import FilmFormat
from reels.media.store import MediaKind, MediaStore

TINY = FilmFormat(width=32, height=48, frames_per_sec=12, shortest_sec=0.5, longest_sec=0.5)
REELS = {"r1": "music", "odd id/with?signs%": "cars", "..": "travel"}


async def not_found(_: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"detail": str(error)}, 404)


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of a real server on a free port."""
    store = MediaStore(tmp_path_factory.mktemp("media"), lambda: 1_700_000_000.0, form=TINY, drawers=1)
    app = Starlette(routes=media_routes(store, REELS.get), exception_handlers={UnknownReel: not_found})
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))

    async def serve() -> None:
        await server.serve(sockets=[listening])
        await store.aclose()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    with httpx.Client(base_url=f"http://127.0.0.1:{listening.getsockname()[1]}", timeout=30) as client:
        yield client
    server.should_exit = True
    thread.join(20)
    listening.close()


def test_a_film_and_its_poster_are_drawn_on_demand(http: httpx.Client) -> None:
    film, poster = http.get("/media/r1.mp4"), http.get("/media/r1.jpg")
    assert (film.status_code, film.headers["content-type"]) == (200, "video/mp4")
    assert (poster.status_code, poster.headers["content-type"]) == (200, "image/jpeg")
    assert film.content[4:8] == b"ftyp"
    assert poster.content[:2] == b"\xff\xd8"


def test_they_may_be_kept_and_shown_anywhere(http: httpx.Client) -> None:
    headers = http.get("/media/r1.mp4").headers
    assert headers["cache-control"] == "public, max-age=604800, immutable"
    assert headers["access-control-allow-origin"] == "*"
    assert headers["accept-ranges"] == "bytes"
    assert headers["etag"].startswith('"r1.')
    assert "last-modified" in headers


def test_head_says_the_same_without_the_body(http: httpx.Client) -> None:
    full, head = http.get("/media/r1.mp4"), http.head("/media/r1.mp4")
    assert head.content == b""
    assert head.headers["content-length"] == str(len(full.content))
    assert head.headers["etag"] == full.headers["etag"]


@pytest.mark.parametrize(
    ("asked", "first", "last"), [("bytes=0-99", 0, 99), ("bytes=100-", 100, None), ("bytes=-50", -50, None)]
)
def test_a_range_is_exactly_those_bytes(http: httpx.Client, asked: str, first: int, last: int | None) -> None:
    full = http.get("/media/r1.mp4").content
    part = http.get("/media/r1.mp4", headers={"range": asked})
    assert part.status_code == 206
    assert part.content == full[first : None if last is None else last + 1]
    start = first % len(full)
    assert part.headers["content-range"] == f"bytes {start}-{start + len(part.content) - 1}/{len(full)}"


def test_a_range_past_the_end_can_not_be_met(http: httpx.Client) -> None:
    size = len(http.get("/media/r1.mp4").content)
    answer = http.get("/media/r1.mp4", headers={"range": f"bytes={size}-"})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{size}"
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["type"] == "urn:reels:problem:range-not-satisfiable"


@pytest.mark.parametrize("asked", ["bytes", "rows=0-1", "bytes=", "bytes=9-3"])
def test_a_range_that_can_not_be_read_is_a_problem(http: httpx.Client, asked: str) -> None:
    answer = http.get("/media/r1.jpg", headers={"range": asked})
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert answer.json()["type"] == "urn:reels:problem:bad-range"
    assert http.head("/media/r1.jpg", headers={"range": asked}).status_code == 400


def test_a_range_of_an_older_film_gets_the_whole_new_one(http: httpx.Client) -> None:
    old = http.get("/media/r1.mp4", headers={"range": "bytes=0-9", "if-range": '"of another film"'})
    same = http.get("/media/r1.mp4", headers={"range": "bytes=0-9", "if-range": old.headers["etag"]})
    assert (old.status_code, same.status_code) == (200, 206)


@pytest.mark.parametrize("tags", ["{0}", "W/{0}", '"x", {0}', "*"])
def test_who_has_it_is_told_so(http: httpx.Client, tags: str) -> None:
    etag = http.get("/media/r1.jpg").headers["etag"]
    answer = http.get("/media/r1.jpg", headers={"if-none-match": tags.format(etag)})
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["etag"] == etag
    assert answer.headers["cache-control"].startswith("public")


def test_who_has_another_one_gets_this_one(http: httpx.Client) -> None:
    assert http.get("/media/r1.jpg", headers={"if-none-match": '"x"'}).status_code == 200


@pytest.mark.parametrize("reel_id", REELS)
def test_any_reel_id_has_a_url(http: httpx.Client, reel_id: str) -> None:
    assert http.get(media_url(reel_id, MediaKind.POSTER)).status_code == 200


@pytest.mark.parametrize("path", ["/media/nobody.mp4", "/media/nobody.jpg", "/media/r1.gif", "/media/", "/media/.mp4"])
def test_what_is_not_there_is_not_found(http: httpx.Client, path: str) -> None:
    assert http.get(path).status_code == 404


@pytest.mark.parametrize(
    "path", ["/media/../../etc/passwd", "/media/%2e%2e%2f%2e%2e%2fetc%2fpasswd.mp4", "/media/..%5c..%5cx.mp4"]
)
def test_nothing_outside_can_be_reached(http: httpx.Client, path: str) -> None:
    request = http.build_request("GET", "/")
    request.url = request.url.copy_with(raw_path=path.encode())
    assert http.send(request).status_code == 404


def test_only_reading_is_allowed(http: httpx.Client) -> None:
    assert http.post("/media/r1.mp4").status_code == 405
