"""`reels simulate`: a whole run over HTTP against a small feed, and what it says when it can't run."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from tests.simulation.fake_feed import FakeFeed
from typer.testing import CliRunner, Result

from reels.cli.app import app
from reels.core.errors import BadSample, FeedUnreachable, InputError

DATA = Path(__file__).parents[2] / "datasets"


@pytest.fixture
def feed() -> FakeFeed:
    return FakeFeed(lambda words: [f"reel-{number:05d}" for number in range(1, 101)])


@pytest.fixture
def address(feed: FakeFeed) -> Iterator[str]:
    """The fake feed on a real port."""
    client = feed.client()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            kept = {name: value for name, value in self.headers.items() if name.lower() != "host"}
            answer = client.send(
                httpx.Request(self.command, f"http://feed.test{self.path}", headers=kept, content=body)
            )
            self.send_response(answer.status_code)
            self.send_header("content-length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        do_GET = do_POST  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["simulate", *arguments])


def test_watches_and_shows_what_it_was_worth(address: str, feed: FakeFeed, tmp_path: Path) -> None:
    picture = tmp_path / "watched.png"
    result = _run("--url", address, "--viewers", "2", "--swipes", "12", "--data", str(DATA), "--plot", str(picture))
    assert result.exit_code == 0, result.output
    assert sum(event["kind"] == "impression" for event in feed.events.values()) == 24
    for words in ("watched feed", "popular in the language", "best possible", "Last ten swipes", f"{len(feed.events)}"):
        assert words in result.output
    assert picture.is_file()


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        (["--url", "localhost:8000"], InputError, "no http address"),
        (["--url", "http://127.0.0.1:1", "--data", "nowhere"], BadSample, "reels generate"),
        (["--url", "http://127.0.0.1:1", "--data", str(DATA), "--viewers", "501"], InputError, "the sample has 500"),
        (["--url", "http://127.0.0.1:1", "--data", str(DATA)], FeedUnreachable, "is the API running"),
    ],
)
def test_says_what_is_missing(
    arguments: list[str], error: type[Exception], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reels.cli.simulate.time.sleep", lambda seconds: None)
    result = _run(*arguments)
    assert isinstance(result.exception, error)
    assert says in str(result.exception)
