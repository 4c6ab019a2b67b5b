"""One demo for all browser tests, one device for each."""

import os
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright
from real_system import RealSystem, running_system
from viewer import CHROMIUM, Viewer, launch

SCREENSHOTS = Path(os.environ.get("REELS_SCREENSHOTS", Path(__file__).parents[4] / "build" / "screens"))
"""The last screen of every test: output of CI, not kept in the repository."""
MakeViewer = Callable[..., Viewer]
SIZES = {"phone": (390, 844), "desktop": (1280, 800)}


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealSystem]:
    if running := os.environ.get("REELS_E2E_DEMO"):
        yield RealSystem(Path(running))
        return
    with tempfile.TemporaryDirectory(prefix="app-") as directory, running_system(Path(directory)) as started:
        yield started


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.skip(f"no Chromium at {CHROMIUM}: apt-get install chromium")
    with sync_playwright() as playwright:
        chromium = launch(playwright)
        yield chromium
        chromium.close()


@pytest.fixture
def make_viewer(system: RealSystem, browser: Browser, request: pytest.FixtureRequest) -> Iterator[MakeViewer]:
    """Makes devices; the last screen of each is kept."""
    made: list[Viewer] = []

    def make(size: str = "phone", **options: Any) -> Viewer:
        width, height = SIZES[size]
        made.append(Viewer(browser, system.app_url, width, height, options))
        return made[-1]

    yield make
    for number, viewer in enumerate(made):
        if not viewer.page.is_closed():
            name = re.sub(r"\W+", "-", request.node.name)
            viewer.photograph(SCREENSHOTS / f"{name}-{number}.png")
            viewer.close()
