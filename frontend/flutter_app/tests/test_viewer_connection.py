"""Sessions in the real server: freed when the viewer is gone, kept while he may come back."""

import asyncio
import gc
import logging
import time
import weakref
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import flet as ft
import pytest
import websockets
from fake_api import FakeApi
from fake_api import create_app as create_fake
from flet.messaging.session import Session
from flet_client import Device, served

from reels_app.server import create_app
from reels_app.session import ViewerSession
from reels_app.viewer_connection import SESSION_GONE, ViewerConnection, close_expired, sessions
from reels_app.web_files import WebFiles

pytestmark = pytest.mark.anyio
LATER = timedelta(hours=1)


async def until(condition: Callable[[], object], within: float = 30.0) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "not within time"
        await asyncio.sleep(0.02)


@dataclass
class Server:
    api: FakeApi
    url: str


@pytest.fixture
async def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Server]:
    monkeypatch.setattr("reels_app.server.prepare", lambda _: WebFiles(tmp_path, "abc"))
    monkeypatch.setattr("reels_app.components.film.ANSWER_WITHIN", 0.5)
    monkeypatch.setattr("reels_app.device_store.WITHIN", 0.5)
    # A kept log record would keep what its traceback shows.
    monkeypatch.setattr(logging.getLogger("flet_web.fastapi"), "disabled", True)
    api = FakeApi([])
    async with (
        served(create_fake(api)) as api_at,
        served(create_app(f"http://{api_at}", session_seconds=600)) as app_at,
    ):
        yield Server(api, f"ws://{app_at}/ws")
    for key in list(sessions()):
        sessions().pop(key)


def living(kind: type) -> list[object]:
    gc.collect()
    return [one for one in gc.get_objects() if type(one) is kind]


async def visit(server: Server, device: Device) -> None:
    async with device.connected():
        await until(lambda: "/media/r0" in device.words)
        await until(lambda: "reels.identity" in device.kept)


async def test_nothing_is_left_of_a_session_that_is_over(server: Server) -> None:
    held = []
    for number in range(3):
        device = Device(server.url)
        await visit(server, device)
        await until(lambda number=number: len(sessions()) == number + 1)  # type: ignore[misc]
        held += [weakref.ref(session) for session in sessions().values()]
    await until(lambda: all(session.expires_at for session in sessions().values()))
    assert len({session() for session in held} - {None}) == 3
    await close_expired(datetime.now(UTC) + LATER)
    assert not sessions()

    def gone() -> bool:
        gc.collect()
        return not any(session() for session in held)

    await until(gone)
    for kind in (Session, ViewerConnection, ViewerSession, ft.Page, ft.PageView):
        await until(lambda kind=kind: not living(kind))  # type: ignore[misc]


async def test_what_a_viewer_did_last_is_sent_when_the_api_is_back_though_the_session_is_over(server: Server) -> None:
    device = Device(server.url)
    async with device.connected():
        await until(lambda: "/media/r0" in device.words)
        await until(lambda: any(viewer.events for viewer in server.api.viewers.values()))
        server.api.events_down = True
        await asyncio.sleep(0.5)
    await until(lambda: all(session.expires_at for session in sessions().values()))
    await close_expired(datetime.now(UTC) + LATER)
    assert not sessions()
    (viewer,) = server.api.viewers.values()
    assert [event["kind"] for event in viewer.events.values()] == ["impression"]
    server.api.events_down = False
    await until(lambda: len(viewer.events) == 2)
    assert {event["kind"] for event in viewer.events.values()} <= {"impression", "watch", "skip"}


async def test_a_viewer_who_comes_back_finds_the_same_session(server: Server) -> None:
    device = Device(server.url)
    await visit(server, device)
    first = device.session_id
    (session,) = sessions().values()
    await until(lambda: session.expires_at is not None)
    await close_expired(datetime.now(UTC))
    device.words = ""
    await visit(server, device)
    assert device.session_id == first
    assert list(sessions().values()) == [session]
    assert len(server.api.viewers) == 1


async def test_a_viewer_who_comes_back_too_late_begins_anew_as_the_same_viewer(server: Server) -> None:
    device = Device(server.url)
    await visit(server, device)
    first = device.session_id
    await until(lambda: all(session.expires_at for session in sessions().values()))
    await close_expired(datetime.now(UTC) + LATER)
    device.words = ""
    await visit(server, device)
    assert device.session_id != first
    assert len(server.api.viewers) == 1


async def test_a_page_whose_session_is_gone_is_told_to_begin_anew(server: Server) -> None:
    device = Device(server.url + "?again", session_id="of-a-dead-server")
    with pytest.raises(websockets.exceptions.ConnectionClosed) as closed:
        async with device.connected() as tab:
            await tab.closed()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == SESSION_GONE
    assert not sessions()


async def test_a_page_that_reconnects_to_its_session_is_let_in(server: Server) -> None:
    device = Device(server.url)
    await visit(server, device)
    first = device.session_id
    await until(lambda: all(session.expires_at for session in sessions().values()))
    device.url, device.words = server.url + "?again", ""
    await visit(server, device)
    assert device.session_id == first


@pytest.mark.parametrize("said", [None, b"\x00garbage", b"\x00\x92\x01\xc0", "words"])
async def test_a_connection_that_never_says_who_it_is_leaves_nothing(server: Server, said: bytes | str | None) -> None:
    async with websockets.connect(server.url) as socket:
        if said is not None:
            await socket.send(said)
    await until(lambda: not living(ViewerConnection))
    assert not sessions()
