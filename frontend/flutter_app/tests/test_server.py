import gzip
from collections.abc import AsyncIterator
from pathlib import Path
from typing import ClassVar

import brotli
import httpx
import pytest

from reels_app import web_files
from reels_app.app import linked_reel
from reels_app.server import create_app, forgive_late_answers
from reels_app.web_files import WebFiles

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> WebFiles:
    """A small prepared folder: compressing the real one takes seconds."""
    root = tmp_path_factory.mktemp("web")
    (root / "assets" / "fonts").mkdir(parents=True)
    (root / "main.dart.js").write_text("console.log(1);" * 200)
    (root / "assets" / "fonts" / "notosans.woff2").write_bytes(b"font")
    web_files.compress_all(root)
    return WebFiles(root, "abc")


@pytest.fixture
async def browser(web: WebFiles, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    monkeypatch.setattr("reels_app.server.prepare", lambda _: web)
    transport = httpx.ASGITransport(create_app("http://api:1", cache_dir=Path("unused")))
    async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/reel/r42"])
async def test_the_page_is_asked_for_anew_and_runs_no_foreign_code(browser: httpx.AsyncClient, path: str) -> None:
    answer = await browser.get(path)
    assert answer.status_code == 200
    assert "/v/abc/flutter_bootstrap.js" in answer.text
    assert answer.headers["cache-control"] == "no-cache"
    policy = answer.headers["content-security-policy"]
    scripts = next(part for part in policy.split(";") if part.strip().startswith("script-src"))
    assert "http" not in scripts
    assert "*" not in scripts


async def test_nothing_on_the_page_comes_from_outside(browser: httpx.AsyncClient) -> None:
    assert "http" not in (await browser.get("/")).text


@pytest.mark.parametrize(("encoding", "unpack"), [("br", brotli.decompress), ("gzip", gzip.decompress)])
async def test_files_come_compressed_and_are_kept(
    browser: httpx.AsyncClient, web: WebFiles, encoding: str, unpack: object
) -> None:
    request = browser.build_request("GET", "/v/abc/main.dart.js", headers={"Accept-Encoding": encoding})
    answer = await browser.send(request, stream=True)
    packed = b"".join([part async for part in answer.aiter_raw()])
    assert answer.headers["content-encoding"] == encoding
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"].startswith("text/javascript")
    assert unpack(packed) == (web.root / "main.dart.js").read_bytes()  # type: ignore[operator]


async def test_a_browser_that_takes_no_compression_gets_the_file(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/v/abc/main.dart.js", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in answer.headers
    assert answer.text.startswith("console.log")


@pytest.mark.parametrize("path", ["/v/abc/nope.js", "/v/old/main.dart.js", "/v/abc/%2e%2e/%2e%2e/etc/passwd"])
async def test_what_is_not_there_is_not_found(browser: httpx.AsyncClient, path: str) -> None:
    assert (await browser.get(path)).status_code == 404


async def test_the_fonts_we_carry_stand_in_for_the_engines(browser: httpx.AsyncClient) -> None:
    wanted = "/v/abc/fallback/notosans/v37/{}.woff2"
    one = await browser.get(wanted.format("a.1"), follow_redirects=True)
    other = await browser.get(wanted.format("a.2"), follow_redirects=True)
    assert one.content == b"font"
    assert one.url == other.url


async def test_a_font_we_do_not_carry_is_not_found(browser: httpx.AsyncClient) -> None:
    assert (await browser.get("/v/abc/fallback/notosansthai/v1/x.woff2")).status_code == 404


async def test_it_says_when_it_is_up(browser: httpx.AsyncClient) -> None:
    assert (await browser.get("/healthz")).text == "ok"


@pytest.mark.parametrize(
    ("route", "reel"),
    [("/reel/r1", "r1"), ("/reel/r1?x=2", "r1"), ("/", None), ("/reel/", None), (None, None), ("/other/r1", None)],
)
def test_a_route_may_link_to_a_reel(route: str | None, reel: str | None) -> None:
    assert linked_reel(route) == reel


def test_an_answer_for_a_control_that_is_gone_is_dropped() -> None:
    class Strict:
        answers: ClassVar[list[int]] = []

        def handle_invoke_method_results(self, control_id: int, *_: object) -> None:
            if control_id == 404:
                raise RuntimeError("Control with ID 404 is not registered.")
            self.answers.append(control_id)

    session = Strict()
    forgive_late_answers(session)  # type: ignore[arg-type]
    for control_id in (1, 404, 2):
        session.handle_invoke_method_results(control_id, "call", None, None)
    assert Strict.answers == [1, 2]
