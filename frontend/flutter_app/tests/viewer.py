"""A viewer with a browser: opens the app, swipes, presses, and says what is on the screen.

The app is a picture to a browser; what is where is known from its accessibility tree, by the
identifiers the components carry. That the tree is complete is tested along the way.
"""

import itertools
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, CDPSession, Locator, Page, Playwright
from real_system import eventually

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
PLAYING = "() => [...document.querySelectorAll('video')].filter(v => !v.paused && v.currentTime > 0).map(v => v.src)"
NOW = """() => document.querySelector('[flt-semantics-identifier^="now-"]')
  ?.getAttribute('flt-semantics-identifier').slice(4) || ''"""


def launch(playwright: Playwright) -> Browser:
    """Debian's Chromium, headless."""
    return playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)


@dataclass
class Viewer:
    """One device. `width` from 840 on is the desktop layout."""

    browser: Browser
    app_url: str
    width: int = 390
    height: int = 844
    options: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.context: BrowserContext = self.browser.new_context(
            viewport={"width": self.width, "height": self.height},
            has_touch=self.width < 840,
            permissions=["clipboard-read", "clipboard-write"],
            **{"locale": "en-US", **self.options},
        )
        self.page: Page = self.context.new_page()
        self.page.on("request", lambda request: self.asked.append(request.url))

    def open(self, path: str = "/", within: float = 120.0, keep_focus: bool = False) -> str:
        """Open the app and wait for a film that plays; returns its reel."""
        self.page.goto(self.app_url + path)
        return self.settle(within, keep_focus)

    def settle(self, within: float = 120.0, keep_focus: bool = False) -> str:
        """After loading: wait for a playing film, and turn the accessibility tree on."""
        eventually(lambda: self.page.evaluate(PLAYING), within, "a film that plays")
        self.page.evaluate("() => document.querySelector('flt-semantics-placeholder')?.click()")
        reel = self.current()
        if not keep_focus:  # the tree takes it, as for a viewer who uses a screen reader
            self.page.evaluate("() => document.activeElement.blur()")
        return reel

    def close(self) -> None:
        """Close the tab, as a viewer does."""
        self.page.close()
        self.context.close()

    # What is on the screen

    def current(self, not_: str = "", within: float = 30.0) -> str:
        """The reel that fills the screen (another one than `not_`)."""

        def found() -> str:
            now = str(self.page.evaluate(NOW))
            return now if now != not_ else ""

        return eventually(found, within, f"a reel on the screen other than {not_!r}")

    def playing(self, reel: str, within: float = 90.0) -> None:
        """Wait until the film of `reel` plays, alone."""

        def found() -> bool:
            playing = self.page.evaluate(PLAYING)
            return len(playing) == 1 and playing[0].endswith(f"/{reel}.mp4")

        eventually(found, within, f"{reel} plays alone")

    def control(self, identifier: str) -> Locator:
        """A control by its identifier."""
        return self.page.locator(f'[flt-semantics-identifier="{identifier}"]').first

    def sees(self, identifier: str, within: float = 30.0) -> Locator:
        """Wait for a control."""
        control = self.control(identifier)
        control.wait_for(state="attached", timeout=within * 1000)
        return control

    def words(self) -> str:
        """Every word of the accessibility tree."""
        return str(
            self.page.evaluate(
                "() => [...document.querySelectorAll('flt-semantics')]"
                ".map(n => n.getAttribute('aria-label') || n.textContent).join('\\n')"
            )
        )

    @property
    def user_id(self) -> str:
        """Who the API thinks this device is."""
        kept = self.page.evaluate("() => localStorage.getItem('flutter.reels.identity')")
        return str(json.loads(json.loads(kept))[1])

    # What the viewer does

    def press(self, identifier: str) -> None:
        """Press a control in its middle."""
        self._press(self.sees(identifier), identifier)

    def press_words(self, words: str) -> None:
        """Press a button by its words."""
        self._press(self.page.get_by_role("button", name=words, exact=True).first, words)

    def _press(self, control: Locator, name: str) -> None:
        """By place, once it rests: a browser's own click would scroll the tree.

        After a turned page Flutter's tree may lie whole pages beside the picture, hence the rest of the division.
        """
        control.wait_for(state="attached")

        def resting() -> dict[str, float] | None:
            before = control.bounding_box()
            self.page.wait_for_timeout(150)
            return dict(before) if before and before == control.bounding_box() else None  # type: ignore[call-overload]

        box = eventually(resting, what=f"{name} rests on the screen")
        assert box is not None
        self.page.mouse.click(box["x"] + box["width"] / 2, (box["y"] + box["height"] / 2) % self.height)

    def tab_to(self, identifier: str, tries: int = 30) -> None:
        """Press the tab key until a control has the focus."""
        focus = "() => document.activeElement.getAttribute('flt-semantics-identifier')"
        for _ in range(tries):
            if self.page.evaluate(focus) == identifier:
                return
            self.key("Tab")
            self.page.wait_for_timeout(120)
        raise AssertionError(f"the tab key does not come to {identifier}")

    def double_tap(self) -> None:
        """Tap twice in the middle of the film."""
        for _ in range(2):
            self.page.mouse.click(self.width / 2, self.height / 3)
            time.sleep(0.1)  # nearer together Flutter does not take it for a double tap

    def key(self, name: str) -> None:
        """Press a key."""
        self.page.keyboard.press(name)

    def wheel(self, delta: float, events: int = 3) -> None:
        """Turn the wheel over the film once: a turn is several events in quick succession."""
        self.page.evaluate(
            """([x, y, delta, events]) => {
              const under = document.elementFromPoint(x, y)
              const options = {deltaY: delta, clientX: x, clientY: y, bubbles: true, cancelable: true, composed: true}
              for (let n = 0; n < events; n++) under.dispatchEvent(new WheelEvent('wheel', options))
            }""",
            [self.width / 2, self.height / 3, delta, events],
        )

    def swipe(self, distance: float) -> None:
        """Flick with a finger: a negative distance goes to the next reel."""
        session: CDPSession = self.context.new_cdp_session(self.page)
        start = self.height * (0.55 if distance < 0 else 0.35)
        session.send(
            "Input.synthesizeScrollGesture",
            {
                "x": self.width * 0.4, "y": start, "yDistance": distance, "speed": 2500,
                "gestureSourceType": "touch", "preventFling": False,
            },
        )  # fmt: skip

    def next(self, was: str, within: float = 60.0) -> str:
        """One reel on, by key; returns where it comes to rest.

        The key is pressed again when the app was still turning; on a busy machine both may count, hence the rest.
        """
        deadline = time.monotonic() + within
        for presses in itertools.count(1):
            self.key("ArrowDown")
            try:
                now = self.current(not_=was, within=3.0)
            except AssertionError:
                if time.monotonic() > deadline:
                    raise
                continue
            return now if presses == 1 else self._resting(now)
        raise AssertionError

    def _resting(self, now: str, rest: float = 4.0) -> str:
        """The reel on the screen once it has been the same for `rest` seconds."""
        while True:
            try:
                now = self.current(not_=now, within=rest)
            except AssertionError:
                return now

    def photograph(self, path: Path) -> None:
        """Keep a picture of the screen; `.jpg` is smaller."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=path, **({"quality": 85} if path.suffix == ".jpg" else {}))
