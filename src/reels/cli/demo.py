"""`reels demo`: the whole system on this machine with the sample catalogue, and what to try first."""

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import httpx
import typer

import reels
from reels.api import key_files
from reels.api.tokens import Scope, Tokens
from reels.cli import logs
from reels.cli.console import bar, err, out
from reels.cli.importing import bring_in
from reels.cli.jobs import run_jobs
from reels.cli.serve import System, system
from reels.core.types import User
from reels.ingest.files.events import read_events
from reels.ingest.files.reels import read_reels
from reels.settings import Settings
from reels.wiring import Stores, open_stores, signing_key

SAMPLE = Path(reels.__file__).parents[2] / "datasets"
VIEWER = "viewer-001"
TOKEN_LIFE_SEC = 86_400.0
FIRST_FILMS = 4
"""Films drawn before the demo says ready: what a new viewer swipes through first; the others follow meanwhile."""


def demo(
    datasets: Annotated[Path, typer.Option(help="Folder with the sample catalogue and its events.")] = SAMPLE,
    app: Annotated[bool, typer.Option(help="Serve the Flutter app too.")] = True,
) -> None:
    """Run everything on sample data until Ctrl-C. The second start goes on from the first."""
    settings = Settings(demo=True)
    logs.configure("error")
    key_files.create(key_files.of_demo(settings.data_dir, key_files.SIGNING).parent)
    began = time.perf_counter()
    with system(settings) as running:
        asyncio.run(prepare(settings, datasets.resolve()))
        with err.status("starting the API, the worker and the app", spinner="dots"):
            running.start(app=app)
        _draw_first_films(running)
        _greet(running, settings, time.perf_counter() - began)
        running.processes.watch()
        out.print("stopping")


async def prepare(settings: Settings, datasets: Path) -> None:
    """The sample catalogue and its events in MongoDB, and a snapshot: what is there already stays."""
    async with open_stores(Settings(demo=True, data_dir=settings.data_dir)) as stores:
        done = settings.data_dir / "imports" / "sample.json"
        told = _sizes(datasets)
        if not done.exists() or json.loads(done.read_text()) != told:
            await _import(stores, datasets)
            done.parent.mkdir(parents=True, exist_ok=True)
            done.write_text(json.dumps(told))
        if stores.shelf.current() is None:
            await run_jobs(stores)


def _sizes(datasets: Path) -> dict[str, int]:
    return {file.name: file.stat().st_size for file in sorted(datasets.glob("*")) if file.is_file()}


async def _import(stores: Stores, datasets: Path) -> None:
    catalogue, events = datasets / "reels_dataset.csv", datasets / "sample_events.csv.gz"
    rejects = stores.settings.data_dir / "imports"
    await bring_in(stores, "reels", catalogue, read_reels(catalogue), rejects / "reels.rejects.csv")
    for user in _viewers(datasets / "sample_viewers.jsonl"):
        await stores.users.create(user)
    await bring_in(stores, "events", events, read_events(events), rejects / "events.rejects.csv")


def _viewers(file: Path) -> Iterator[User]:
    """Where the sample's viewers are from; none where the file is not there."""
    if not file.is_file():
        return
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            told = json.loads(line)
            yield User(told["user_id"], time.time(), told.get("region", ""), told.get("language", ""))


def _draw_first_films(running: System) -> None:
    """The films of a new viewer's first reels, so that the app opens on something that plays."""
    with httpx.Client(base_url=running.api_url, timeout=60) as client, bar("first films", FIRST_FILMS) as (shown, task):
        token = client.post("/auth/device", json={}).raise_for_status().json()["access_token"]
        page = client.get("/feed", params={"limit": FIRST_FILMS}, headers={"authorization": f"Bearer {token}"})
        for item in page.raise_for_status().json()["items"]:
            for url in (item["poster_url"], item["media_url"]):
                if url.startswith("/"):
                    client.get(url)
            shown.advance(task)


def _greet(running: System, settings: Settings, took: float) -> None:
    tokens = Tokens(signing_key(settings))
    viewer = tokens.mint(VIEWER, [Scope.VIEWER], time.time(), TOKEN_LIFE_SEC)
    admin = tokens.mint("demo-admin", [Scope.ADMIN], time.time(), TOKEN_LIFE_SEC)
    url = running.api_url
    out.rule(f"reels is ready after {took:.1f} s", align="left", style="green")
    out.print(f"""
[bold green]{running.app_url or url}[/]   {"the app: open it in a browser" if running.app_url else "the API"}
{url}/docs   every door of the API

[bold]Try[/] (a viewer whose tastes are known, and an administrator):
export TOKEN={viewer}
export ADMIN={admin}

[dim]# a page, with scores and reasons[/]
curl -s -H "Authorization: Bearer $TOKEN" "{url}/feed?limit=3"
[dim]# tell what you think of a reel: the next page obeys[/]
curl -s -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" {url}/events -d '{_like(url, viewer)}'
[dim]# what the system does[/]
curl -s -H "Authorization: Bearer $ADMIN" {url}/admin/stats
[dim]# watch simulated viewers being learnt[/]
.venv/bin/reels simulate --url {url}

Ctrl-C stops everything.""")


def _like(url: str, token: str) -> str:
    """A body for POST /events that likes the first reel of the viewer's page."""
    page = httpx.get(f"{url}/feed", params={"limit": 1}, headers={"authorization": f"Bearer {token}"}, timeout=10)
    reel_id = page.raise_for_status().json()["items"][0]["reel_id"]
    now = round(time.time() * 1000)
    event = {"event_id": f"demo-{now}", "reel_id": reel_id, "kind": "like", "occurred_at": now}
    return json.dumps({"events": [event]})
