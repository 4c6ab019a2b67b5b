"""The pictures of the documentation: every screen of the app, on a phone, a tablet and a desktop.

python frontend/flutter_app/tools/screenshots.py                       # docs/images/app-*.jpg
python frontend/flutter_app/tools/screenshots.py --all DIRECTORY       # every screen, to look at
    --demo DIRECTORY    the data directory of a demo that runs already
"""

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

HERE = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(HERE / "tests"), str(HERE / "src")]

from real_system import RealSystem, eventually, free_port, running_system  # noqa: E402
from viewer import Viewer, launch  # noqa: E402

IMAGES = HERE.parents[1] / "docs" / "images"
KEPT = {
    "phone": {"feed", "film", "why", "more", "profile", "history", "undo"},
    "desktop": {"feed", "why", "profile"},
    "tablet": {"film"},
    "arabic": {"film", "why"},
    "offline": {"offline"},
}
"""The curated set. Every screen is walked through all the same: look at them when something changed."""

SETTLED = 1.5
"""Seconds after which nothing moves any more but the film."""

SHARP: dict[str, Any] = {"device_scale_factor": 2}
LARGE_TEXT = "addEventListener('DOMContentLoaded', () => document.documentElement.style.fontSize = '25px')"
DEVICES: dict[str, tuple[int, int, dict[str, Any]]] = {
    "phone": (390, 844, SHARP),
    "desktop": (1280, 800, {}),
    "tablet": (768, 1024, {}),
    "arabic": (390, 844, {"locale": "ar-EG"}),
    "hindi": (390, 844, {"locale": "hi-IN"}),
    "large-text": (390, 844, {}),
    "small": (320, 568, {}),
    "landscape": (844, 390, {}),
}


class Album:
    """Where the pictures of one device go: the curated ones to the documentation, or all of them to `everything`."""

    def __init__(self, name: str, everything: Path | None) -> None:
        self.name, self.everything = name, everything

    def keep(self, viewer: Viewer, screen: str) -> None:
        """Photograph a screen that has come to rest."""
        time.sleep(SETTLED)
        if self.everything:
            viewer.photograph(self.everything / f"{self.name}-{screen}.jpg")
        elif screen in KEPT.get(self.name, set()):
            viewer.photograph(IMAGES / f"app-{self.name}-{screen}.jpg")


def nothing_yet(viewer: Viewer, album: Album) -> None:
    """What a viewer sees who has done nothing."""
    viewer.playing(viewer.open())
    album.keep(viewer, "feed")
    viewer.press("mode-saved")
    viewer.sees("saved-empty")
    album.keep(viewer, "saved-empty")
    viewer.press("profile")
    viewer.sees("tab-saved")
    album.keep(viewer, "profile-empty")
    viewer.key("Escape")
    viewer.press("mode-for_you")


def watching(viewer: Viewer, album: Album) -> str:
    """Films, liked and saved, and one that stands still."""
    reel = viewer.current()
    for _ in range(4):
        viewer.key("l")
        viewer.key("s")
        reel = viewer.next(reel)
        viewer.playing(reel)
    album.keep(viewer, "film")
    viewer.key(" ")
    album.keep(viewer, "paused")
    viewer.key(" ")
    return reel


def sheets(viewer: Viewer, album: Album, reel: str) -> None:
    """Why, more, and what can be undone."""
    viewer.press(f"why-{reel}")
    album.keep(viewer, "why")
    viewer.key("Escape")
    time.sleep(SETTLED)
    viewer.press(f"more-{reel}")
    album.keep(viewer, "more")
    viewer.press("not-interested")
    viewer.current(not_=reel)
    album.keep(viewer, "undo")
    viewer.key("ArrowUp")
    time.sleep(4)
    album.keep(viewer, "put-away")


def profile(viewer: Viewer, album: Album) -> None:
    """The viewer's own page."""
    viewer.press("profile")
    viewer.sees("tab-saved")
    album.keep(viewer, "profile")
    viewer.press("tab-history")
    album.keep(viewer, "history")
    viewer.press("tab-saved")
    time.sleep(SETTLED)
    viewer.wheel(3000)
    album.keep(viewer, "settings")


@contextmanager
def a_system(demo: str | None) -> Iterator[RealSystem]:
    """The demo given, or one of its own."""
    if demo:
        yield RealSystem(Path(demo))
        return
    with tempfile.TemporaryDirectory(prefix="screens-") as directory, running_system(Path(directory)) as system:
        yield system


@contextmanager
def an_app_without_api(data_dir: Path) -> Iterator[str]:
    """The app's server where nobody answers for the API; its address."""
    port = free_port()
    told = {
        "REELS_DATA_DIR": str(data_dir),
        "REELS_UI_PORT": str(port),
        "REELS_API_URL": f"http://127.0.0.1:{free_port()}",
    }
    process = subprocess.Popen([sys.executable, "-m", "reels", "ui"], env={**os.environ, **told})
    try:
        eventually(lambda: socket_answers(port), 60.0, "the app's server")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def socket_answers(port: int) -> bool:
    """Whether somebody listens on a port."""
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def photograph(browser: Browser, url: str, everything: Path | None) -> None:
    """Every screen of every device; only what the documentation shows unless `everything` is wanted."""
    for name, (width, height, options) in DEVICES.items():
        if not everything and name not in KEPT:
            continue
        viewer, album = Viewer(browser, url, width, height, dict(options)), Album(name, everything)
        if name == "large-text":
            viewer.page.add_init_script(LARGE_TEXT)
        nothing_yet(viewer, album)
        sheets(viewer, album, watching(viewer, album))
        profile(viewer, album)
        viewer.close()


def photograph_offline(browser: Browser, url: str, everything: Path | None) -> None:
    """What is shown when the API is away."""
    for name in ("offline", "offline-desktop") if everything else ("offline",):
        width, height, options = DEVICES["desktop" if "desktop" in name else "phone"]
        viewer = Viewer(browser, url, width, height, dict(options))
        viewer.page.goto(url)
        viewer.page.wait_for_selector("flt-semantics-placeholder", state="attached", timeout=60_000)
        viewer.page.evaluate("() => document.querySelector('flt-semantics-placeholder').click()")
        viewer.sees("offline")
        Album(name, everything).keep(viewer, "offline")
        viewer.close()


def main() -> None:
    """Take them all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", type=Path, metavar="DIRECTORY")
    parser.add_argument("--demo", metavar="DIRECTORY")
    asked = parser.parse_args()
    with a_system(asked.demo) as system, sync_playwright() as playwright:
        browser = launch(playwright)
        with an_app_without_api(system.data_dir) as offline:
            photograph_offline(browser, offline, asked.all)
        photograph(browser, system.app_url, asked.all)
        browser.close()


if __name__ == "__main__":
    main()
