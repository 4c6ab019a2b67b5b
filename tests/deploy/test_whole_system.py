"""The Flutter app in Chromium, over https through the deployed nginx, on two API workers and a job worker."""

import asyncio
import json
import shutil
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, sync_playwright
from pymongo import MongoClient
from tests.deploy.conftest import Deployed
from tests.waiting import eventually

from reels.stores.mongo.indexes import INTERACTIONS
from reels.wiring.doctor import Level, examine

pytestmark = [pytest.mark.xdist_group("deploy"), pytest.mark.slow]

OUTSIDE = "https://cdn.jsdelivr.net/"
"""The engine of an animation format the app does not use: Flet asks for it, the app's policy refuses it."""
PLAYING = "() => [...document.querySelectorAll('video')].filter(v => !v.paused && v.currentTime > 0).map(v => v.src)"


@pytest.fixture
def page(said: list[str]) -> Iterator[Page]:
    """A tab of a phone-sized Chromium that takes the test's certificate; what its console says goes to `said`."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is not on PATH: apt install chromium")
    with sync_playwright() as playwright:
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
        chromium = playwright.chromium.launch(executable_path=program, args=options)
        context = chromium.new_context(ignore_https_errors=True, viewport={"width": 390, "height": 844}, has_touch=True)
        tab = context.new_page()
        tab.on("console", lambda message: said.append(message.text))
        yield tab
        tab.close()
        context.close()
        chromium.close()


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.mark.browser
def test_a_viewer_watches_through_https_and_is_remembered(deployed: Deployed, page: Page, said: list[str]) -> None:
    page.goto(deployed.url)
    first = eventually(lambda: page.evaluate(PLAYING), 120)
    assert first[0].startswith(f"{deployed.url}/media/")
    page.evaluate("() => document.querySelector('flt-semantics-placeholder')?.click()")
    page.evaluate("() => document.activeElement.blur()")
    eventually(lambda: another(page, first), 150)
    eventually(lambda: events(deployed), 30)
    blocked = [line for line in said if "Content Security Policy" in line and OUTSIDE not in line]
    assert not blocked
    page.goto("about:blank")
    eventually(lambda: ("socket", "101") in doors(deployed))
    assert ("app", "200") in doors(deployed)
    assert ("inside", "200") in doors(deployed)
    assert doors(deployed) & {("media", "200"), ("media", "206")}


def test_both_api_workers_answer(deployed: Deployed) -> None:
    with deployed.site.client() as client:
        eventually(lambda: client.get("/healthz").status_code and all(answered(deployed)))


def test_the_doctor_finds_nothing_broken(deployed: Deployed) -> None:
    def failing() -> list[str]:
        found = asyncio.run(examine(deployed.settings, time.time))
        return [f"{one.what}: {one.found}" for one in found if one.level is Level.FAIL]

    eventually(lambda: not failing(), 60)  # the worker's first training may be on its way


def another(page: Page, first: list[str]) -> bool:
    """Whether another film plays; asks for one where not."""
    playing = page.evaluate(PLAYING)
    if playing and playing != first:
        return True
    page.keyboard.press("ArrowDown")
    page.wait_for_timeout(2000)
    return False


def events(deployed: Deployed) -> int:
    """How many are stored; not asked through asyncio, whose loop is Playwright's here."""
    with MongoClient[dict[str, object]](deployed.settings.mongo_url) as client:
        return client[deployed.settings.mongo_database][INTERACTIONS].count_documents({})


def doors(deployed: Deployed) -> set[tuple[str, str]]:
    lines = [json.loads(line) for line in deployed.site.log().splitlines()]
    return {(line["door"], line["status"]) for line in lines}


def answered(deployed: Deployed) -> list[bool]:
    return ["/healthz" in log.read_text() for log in sorted(deployed.directory.glob("api-*.log"))]
