"""What the app costs against a bare page: bytes and time to the first film, swipe to playing, memory and CPU.

    python benchmarks/ui.py [data directory of a demo that runs already]     # writes results/ui.json

Both show the same films of the same API in the same Chromium (390x844, no GPU, no network delay). The bare page is a
list of <video> in a scroll-snap column: what a browser can do at best. Times are real time, so an otherwise idle
machine is assumed; its load is written down with the result. The demo's catalogue is cut to `CATALOGUE` reels and all
their films are drawn before anything is measured: with the whole sample every new viewer of this run would be shown
films nobody has drawn yet, two seconds of both cores each, and the run would measure that.
"""

import csv
import functools
import gzip
import http.server
import json
import os
import statistics
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from machine import keep
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

SAMPLE = Path(__file__).resolve().parents[1] / "datasets"
APP = Path(__file__).resolve().parents[1] / "frontend" / "flutter_app"
sys.path[:0] = [str(APP / "tests"), str(APP / "src")]

from real_system import RealSystem, running_system  # noqa: E402
from viewer import launch  # noqa: E402

TURNS = 30
SESSIONS = 5
CATALOGUE = 60
SIZE = {"width": 390, "height": 844}
PLAYING = "was => [...document.querySelectorAll('video')].some(v => v.src !== was && !v.paused && v.currentTime > 0)"
SOURCE = "() => ([...document.querySelectorAll('video')].find(v => !v.paused) || {}).src || ''"
BARE = """<!doctype html><meta name=viewport content="width=device-width"><style>
body{margin:0;background:#000}main{height:100vh;overflow-y:scroll;scroll-snap-type:y mandatory}
video{display:block;width:100vw;height:100vh;object-fit:cover;scroll-snap-align:start}</style><main></main><script>
const films = %s, main = document.querySelector('main')
const seen = new IntersectionObserver(entries => entries.forEach(({target, isIntersecting}) => {
  if (!isIntersecting) return target.pause()
  for (const near of [target, target.nextSibling]) if (near && !near.src) near.src = near.dataset.src
  target.play()
}), {threshold: 0.6})
for (const film of films) {
  const video = document.createElement('video')
  Object.assign(video, {muted: true, loop: true, preload: 'auto'}).dataset.src = film
  main.append(video), seen.observe(video)
}
addEventListener('keydown', event => event.key === 'ArrowDown' && main.scrollBy({top: innerHeight, behavior: 'smooth'}))
</script>"""


@contextmanager
def bare_page(films: list[str]) -> Iterator[str]:
    """Serve the bare page with `films`; its address."""
    with tempfile.TemporaryDirectory() as directory:
        Path(directory, "index.html").write_text(BARE % json.dumps(films))
        handler = functools.partial(_Quiet, directory=directory)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        server.server_close()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def small_catalogue(directory: Path) -> Path:
    """The sample, cut to the `CATALOGUE` reels that viewers did most with, and what they did."""
    with gzip.open(SAMPLE / "sample_events.csv.gz", "rt", encoding="utf-8", newline="") as file:
        events = list(csv.DictReader(file))
    kept = {reel for reel, _ in Counter(event["reel_id"] for event in events).most_common(CATALOGUE)}
    with (SAMPLE / "reels_dataset.csv").open(newline="", encoding="utf-8") as file:
        reels = [reel for reel in csv.DictReader(file) if reel["video_id"] in kept]
    write_rows(directory / "reels_dataset.csv", reels)
    write_rows(directory / "sample_events.csv.gz", [event for event in events if event["reel_id"] in kept])
    return directory


def write_rows(path: Path, rows: list[dict[str, str]]) -> None:
    """Write a table, packed where its name says so."""
    with (gzip.open if path.suffix == ".gz" else open)(path, "wt", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def draw_films(api_url: str) -> list[str]:
    """The films of a new viewer's feed, down to its end or `CATALOGUE` reels, drawn; their addresses."""
    sign_up = urllib.request.Request(f"{api_url}/auth/device", b"{}", {"Content-Type": "application/json"})
    token = json.load(urllib.request.urlopen(sign_up))["access_token"]
    films: list[str] = []
    cursor: str | None = ""
    while cursor is not None and len(films) < CATALOGUE:
        address = f"{api_url}/feed?limit=20" + (f"&cursor={cursor}" if cursor else "")
        page = json.load(
            urllib.request.urlopen(urllib.request.Request(address, headers={"Authorization": f"Bearer {token}"}))
        )
        films += [api_url + item["media_url"] for item in page["items"]]
        cursor = page["next_cursor"] if page["items"] else None
    with ThreadPoolExecutor(2) as two:
        for number, _ in enumerate(two.map(lambda film: urllib.request.urlopen(film).read(), films), 1):
            say(f"film {number} of {len(films)} drawn")
    return films


def say(words: str) -> None:
    """Tell how far it is."""
    print(f"{time.strftime('%X')} {words}", file=sys.stderr, flush=True)


def start(context: BrowserContext, url: str) -> tuple[Page, dict[str, float]]:
    """Open a page: seconds and bytes until a film plays."""
    page = context.new_page()
    session = context.new_cdp_session(page)
    received = [0]
    session.send("Network.enable")
    session.on("Network.loadingFinished", lambda told: received.__setitem__(0, received[0] + told["encodedDataLength"]))
    began = time.perf_counter()
    page.goto(url)
    page.wait_for_function(PLAYING, arg="", polling="raf", timeout=120_000)
    return page, {"sec": round(time.perf_counter() - began, 2), "kb": round(received[0] / 1024)}


def swipes(page: Page) -> dict[str, Any]:
    """From the key to the next film's first frame, over `TURNS` pages; main thread seconds a page."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")

    def busy() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return float(next(m["value"] for m in metrics if m["name"] == "TaskDuration"))

    times, before = [], busy()
    for _ in range(TURNS):
        page.wait_for_timeout(900)
        was = page.evaluate(SOURCE)
        began = time.perf_counter()
        page.keyboard.press("ArrowDown")
        page.wait_for_function(PLAYING, arg=was, polling="raf", timeout=60_000)
        times.append((time.perf_counter() - began) * 1000)
    times.sort()
    return {
        "p50_ms": round(statistics.median(times)),
        "p95_ms": round(times[int(len(times) * 0.95)]),
        "browser_main_thread_ms_a_page": round((busy() - before) * 1000 / TURNS),
    }


def measure(browser: Browser, url: str) -> dict[str, Any]:
    """Cold start, warm start, swipes."""
    context = browser.new_context(viewport=SIZE)
    first, cold = start(context, url)
    first.close()
    page, warm = start(context, url)
    figures = {"cold": cold, "warm": warm, "swipe": swipes(page)}
    context.close()
    return figures


def ui_process(system: RealSystem) -> int:
    """The process id of the app's server."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes().split(b"\0")
                ours = str(system.data_dir).encode() in (entry / "environ").read_bytes()
            except OSError:
                continue
            if ours and b"reels" in command and b"ui" in command:
                return int(entry.name)
    raise SystemExit("no `reels ui` of this demo runs")


def cpu_sec(process: int) -> float:
    """CPU seconds a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(process: int) -> float:
    """Resident memory of a process."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def server_cost(browser: Browser, system: RealSystem) -> dict[str, Any]:
    """What sessions and page changes cost the app's server."""
    process = ui_process(system)
    used, held = cpu_sec(process), memory_mb(process)
    contexts = [browser.new_context(viewport=SIZE) for _ in range(SESSIONS)]
    pages = [start(context, system.app_url)[0] for context in contexts]
    opened, full = cpu_sec(process), memory_mb(process)
    swipes(pages[0])
    turned = cpu_sec(process)
    for context in contexts:
        context.close()
    return {
        "memory_mb_idle": round(held, 1),
        "memory_mb_a_session": round((full - held) / SESSIONS, 2),
        "cpu_ms_a_session_start": round((opened - used) * 1000 / SESSIONS),
        "cpu_ms_a_page_change": round((turned - opened) * 1000 / TURNS, 1),
        "cpu_note": f"page changes of one session while {SESSIONS - 1} others watch",
    }


@contextmanager
def a_system(arguments: list[str]) -> Iterator[RealSystem]:
    """The demo given, or one of its own on a small catalogue."""
    if arguments:
        yield RealSystem(Path(arguments[0]))
        return
    with tempfile.TemporaryDirectory(prefix="ui-") as directory:
        (data := Path(directory, "data")).mkdir()
        (sample := Path(directory, "sample")).mkdir()
        with running_system(data, "--datasets", str(small_catalogue(sample))) as system:
            yield system


def main() -> None:
    """Measure both, print, keep."""
    say("starting the demo")
    with a_system(sys.argv[1:]) as system, sync_playwright() as playwright:
        browser = launch(playwright)
        films = draw_films(system.api_url)
        with bare_page(films) as bare:
            say("measuring the bare page")
            figures: dict[str, Any] = {"bare_page": measure(browser, bare)}
        say("measuring the app")
        figures["app"] = measure(browser, system.app_url)
        say("measuring the app's server")
        figures["app_server"] = server_cost(browser, system)
        browser.close()
    print(json.dumps(figures, indent=2))
    print(keep("ui", figures))


if __name__ == "__main__":
    main()
