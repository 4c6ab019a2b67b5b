"""The pictures of the documentation: every screen of the app, on a phone and on a desktop.

python frontend/flutter_app/tools/screenshots.py [data directory of a demo that runs already]
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

HERE = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(HERE / "tests"), str(HERE / "src")]

from real_system import RealSystem, running_system  # noqa: E402
from viewer import Viewer, launch  # noqa: E402

IMAGES = HERE.parents[1] / "docs" / "images"
KEPT = {
    "phone": {"feed", "film", "why", "more", "profile", "history"},
    "desktop": {"feed", "why", "profile"},
    "tablet": {"film"},
    "arabic": {"film", "why"},
}
"""The curated set. Every screen is walked through all the same: look at them when something changed."""

SETTLED = 1.5
"""Seconds after which nothing moves any more but the film."""


def walk(viewer: Viewer, name: str) -> None:
    """Every screen, in the order a viewer comes to them."""

    def keep(screen: str) -> None:
        time.sleep(SETTLED)
        if screen not in KEPT[name]:
            return
        viewer.photograph(IMAGES / f"app-{name}-{screen}.jpg")

    reel = viewer.open()
    viewer.playing(reel)
    keep("feed")
    for _ in range(4):
        viewer.key("l")
        viewer.key("s")
        reel = viewer.next(reel)
        viewer.playing(reel)
    keep("film")
    viewer.press(f"why-{reel}")
    keep("why")
    viewer.key("Escape")
    time.sleep(SETTLED)
    viewer.press(f"more-{reel}")
    keep("more")
    viewer.key("Escape")
    time.sleep(SETTLED)
    viewer.press("profile")
    keep("profile")
    viewer.press("tab-history")
    keep("history")


@contextmanager
def a_system(arguments: list[str]) -> Iterator[RealSystem]:
    """The demo given, or one of its own."""
    if arguments:
        yield RealSystem(Path(arguments[0]))
        return
    with tempfile.TemporaryDirectory(prefix="screens-") as directory, running_system(Path(directory)) as system:
        yield system


def photograph(browser: Browser, url: str) -> None:
    """A phone at twice the pixels, a desktop, and a phone that reads from the right."""
    sharp = {"device_scale_factor": 2}
    for name, width, height, options in (
        ("phone", 390, 844, sharp),
        ("desktop", 1280, 800, {}),
        ("tablet", 768, 1024, {}),
        ("arabic", 390, 844, {"locale": "ar-EG"}),
    ):
        viewer = Viewer(browser, url, width, height, dict(options))
        walk(viewer, name)
        viewer.close()


def main() -> None:
    """Take them all."""
    with a_system(sys.argv[1:]) as system, sync_playwright() as playwright:
        browser = launch(playwright)
        photograph(browser, system.app_url)
        browser.close()


if __name__ == "__main__":
    main()
