"""`reels serve` with two API workers and a job worker, seen as an operator sees it: by a real Prometheus with the real
rules, by a collector of traces, and in its logs.
"""

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import yaml
from tests.e2e.conftest import free_port
from tests.waiting import eventually

from reels.core.types import Reel
from reels.settings import Settings
from reels.wiring import open_stores

pytestmark = [pytest.mark.xdist_group("observed"), pytest.mark.slow, pytest.mark.timeout(600)]

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "deploy" / "observe" / "rules.yml"
TITLE, DEVICE = "Grandmothers birthday in Pune", "pixel-9-serial-4711"
TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
VIEWERS = 12
START_SEC = 240.0
"""Generous: a training takes a second or two, and minutes where the machine has ten things to do."""


@dataclass
class Observed:
    """The running system, and who sees it."""

    api: str
    directory: Path
    prometheus: str
    secrets: list[str] = field(default_factory=list)
    """What must be in no log and no trace: tokens, viewers, titles, devices."""
    stored: int = 0
    """Events that were acknowledged."""

    def metrics(self) -> str:
        return httpx.get(f"{self.api}/metrics", timeout=30).text

    def value(self, series: str) -> float:
        """Of one series at one scrape; 0 when it is not there."""
        found = re.search(rf"^{re.escape(series)} (\S+)$", self.metrics(), flags=re.MULTILINE)
        return float(found[1]) if found else 0.0

    def workers(self) -> set[int]:
        """Process ids of API workers that tell of themselves."""
        pids = re.findall(r'reels_process_memory_bytes\{pid="(\d+)",process="api"\}', self.metrics())
        return {int(pid) for pid in pids}

    def spans(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.directory / "spans.jsonl").read_text().splitlines()]

    def logs(self) -> str:
        return "".join(file.read_text() for file in sorted((self.directory / "data" / "logs").glob("*.log")))

    def asked(self, query: str) -> list[dict[str, Any]]:
        """What Prometheus answers."""
        answer = httpx.get(f"{self.prometheus}/api/v1/query", params={"query": query}, timeout=30)
        found: list[dict[str, Any]] = answer.json()["data"]["result"]
        return found


@contextmanager
def process(
    command: list[str], log: Path, environment: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Runs in the block; ended with it."""
    with log.open("wb") as stream:
        values = os.environ | (environment or {})
        running = subprocess.Popen(command, stdout=stream, stderr=subprocess.STDOUT, env=values, start_new_session=True)
    try:
        yield running
    finally:
        running.terminate()
        try:
            running.wait(60)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


@pytest.fixture(scope="module")
def observed(mongo_url: str, redis_url: str) -> Iterator[Observed]:
    with tempfile.TemporaryDirectory(prefix="observed-") as name, ExitStack() as stack:
        directory = Path(name)
        api, traces, prometheus = free_port(), free_port(), free_port()
        values = {
            "REELS_DATA_DIR": str(directory / "data"),
            "REELS_DEMO": "true",
            "REELS_MONGO_URL": mongo_url,
            "REELS_MONGO_DATABASE": f"observed_{uuid4().hex}",
            "REELS_REDIS_URL": redis_url,
            "REELS_EMBEDDER": "hash",
            "REELS_WORKERS": "2",
            "REELS_PORT": str(api),
            "REELS_OTLP_URL": f"http://127.0.0.1:{traces}/v1/traces",
            "REELS_TRACE_SHARE": "1",
            "OTEL_BSP_SCHEDULE_DELAY": "200",
        }
        asyncio.run(_fill(values))
        receiver = [sys.executable, str(Path(__file__).with_name("otlp_receiver.py")), str(traces)]
        stack.enter_context(process([*receiver, str(directory / "spans.jsonl")], directory / "receiver.log"))
        eventually((directory / "spans.jsonl").exists, START_SEC)
        _start_prometheus(stack, directory, api, prometheus)
        log = directory / "serve.log"
        serving = stack.enter_context(process([sys.executable, "-m", "reels", "serve", "--no-app"], log, values))
        eventually(lambda: "api  http" in log.read_text() or serving.poll() is not None, START_SEC)
        assert serving.poll() is None, log.read_text()
        yield _watched(Observed(f"http://127.0.0.1:{api}", directory, f"http://127.0.0.1:{prometheus}"))


async def _fill(values: dict[str, str]) -> None:
    given = {name.removeprefix("REELS_").lower(): value for name, value in values.items() if name.startswith("REELS_")}
    async with open_stores(Settings.model_validate(given)) as stores:
        now = time.time()
        reels = [Reel(f"r{n}", f"{TITLE} {n}", (f"family{n}",), 12.0, f"c{n}", now - n * 60, "en") for n in range(60)]
        await stores.reels.upsert(reels, now)


def _start_prometheus(stack: ExitStack, directory: Path, api: int, port: int) -> None:
    program = shutil.which("prometheus")
    if program is None:
        return
    shutil.copy(RULES, directory / "rules.yml")
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": ["rules.yml"],
        "scrape_configs": [{"job_name": "reels-api", "static_configs": [{"targets": [f"127.0.0.1:{api}"]}]}],
    }
    (directory / "prometheus.yml").write_text(yaml.safe_dump(config))
    command = [
        program,
        f"--config.file={directory / 'prometheus.yml'}",
        f"--storage.tsdb.path={directory / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    stack.enter_context(process(command, directory / "prometheus.log"))


def _watched(seen: Observed) -> Observed:
    """Some viewers watch; each on connections of their own, so that both workers get some of them."""
    seen.secrets += [TITLE, DEVICE]
    for number in range(VIEWERS):
        with httpx.Client(base_url=seen.api, timeout=60, headers={"user-agent": DEVICE}) as client:
            device = {"device_id": f"{DEVICE}-{number}", "region": "US", "language": "en"}
            tokens = client.post("/auth/device", json=device).raise_for_status().json()
            seen.secrets += [one for one in tokens.values() if isinstance(one, str) and len(one) > 16]
            headers = {"authorization": f"Bearer {tokens['access_token']}", "traceparent": f"00-{TRACE}-{CALLER}-01"}
            page = client.get("/feed", headers=headers).raise_for_status().json()
            at = round(time.time() * 1000)
            likes = [
                {"event_id": f"like-{number}-{n}", "reel_id": item["reel_id"], "kind": "like", "occurred_at": at}
                for n, item in enumerate(page["items"])
            ]
            receipt = client.post("/events", json={"events": likes}, headers=headers).raise_for_status().json()
            seen.stored += receipt["stored"]
            client.get("/feed", headers=headers, params={"cursor": "x" * 40})
            client.get(f"/reels/{DEVICE}", headers=headers)
            client.get(f"/{DEVICE}", params={"token": tokens["access_token"]})
    return seen


def test_whichever_worker_is_asked_answers_for_all(observed: Observed) -> None:
    eventually(lambda: len(observed.workers()) == 2, START_SEC)
    assert observed.stored >= VIEWERS
    for _ in range(8):  # on new connections: the kernel gives them to either
        assert observed.value('reels_requests_total{method="GET",route="/feed",status="200"}') == VIEWERS
        assert observed.value('reels_events_total{outcome="stored"}') == observed.stored
        assert observed.value("reels_event_delivery_seconds_count") == observed.stored
    assert observed.value('reels_requests_total{method="GET",route="unmatched",status="404"}') == VIEWERS


def test_the_job_worker_tells_through_the_same_door(observed: Observed) -> None:
    turned = 'reels_worker_turns_total{outcome="done",turn="trend"}'
    assert eventually(lambda: observed.value(turned), START_SEC) >= 1
    assert eventually(lambda: observed.value('reels_job_runs_total{name="snapshot",outcome="done"}'), START_SEC) >= 1
    assert abs(observed.value('reels_job_done_timestamp_seconds{name="snapshot"}') - time.time()) < 600


def test_prometheus_reads_it_and_evaluates_every_rule(observed: Observed) -> None:
    if shutil.which("prometheus") is None:
        pytest.skip("prometheus is not on PATH: apt install prometheus")
    total = 'sum(reels_requests_total{route="/feed",status="200"})'
    eventually(lambda: any(float(one["value"][1]) >= VIEWERS for one in observed.asked(total)), START_SEC)

    def evaluated() -> list[dict[str, Any]]:
        groups = httpx.get(f"{observed.prometheus}/api/v1/rules", timeout=30).json()["data"]["groups"]
        rules = [rule for group in groups for rule in group["rules"]]
        return rules if all(rule["health"] == "ok" for rule in rules) else []

    told = {rule["name"] for rule in eventually(evaluated, START_SEC)}
    assert told == {rule["alert"] for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]}
    assert observed.asked('ALERTS{alertname=~"ReelsErrors|ReelsStoreAway|ReelsApiDown",alertstate="firing"}') == []


def test_traces_lead_from_the_caller_through_stages_and_stores_to_the_jobs(observed: Observed) -> None:
    def pages() -> list[dict[str, Any]]:
        return [one for one in observed.spans() if one["name"] == "GET /feed" and one["service"] == "reels-api"]

    eventually(lambda: len(pages()) >= 2 * VIEWERS, START_SEC)
    page = next(one for one in pages() if "200" in one["attributes"]["http.response.status_code"])
    assert (page["trace"], page["parent"]) == (TRACE, CALLER)
    below = {one["name"] for one in observed.spans() if one["parent"] == page["id"]}
    assert {"read", "candidates", "rank", "render", "keep", "viewers.read", "viewers.put_page"} <= below
    request_id = page["attributes"]["reels.request_id"].split('"')[1]
    assert f'"request_id":"{request_id}"' in observed.logs()
    assert f'"trace_id":"{TRACE}"' in observed.logs()
    assert any(one["name"] == "interactions.insert" for one in observed.spans())
    jobs = eventually(lambda: {one["name"] for one in observed.spans() if one["service"] == "reels-worker"}, START_SEC)
    eventually(lambda: "job snapshot" in {one["name"] for one in observed.spans()}, START_SEC)
    assert jobs


def test_no_log_line_and_no_span_tells_who_or_what(observed: Observed) -> None:
    requests = [line for line in observed.logs().splitlines() if '"event":"request"' in line]
    assert len(requests) >= 6 * VIEWERS
    told = observed.logs() + json.dumps(observed.spans())
    for secret in observed.secrets:
        assert secret not in told, secret
    assert not re.search(r"u_[\w-]{16,}", told), "a viewer's pseudonym"
    assert "127.0.0.1" not in "".join(requests)
    line = json.loads(next(line for line in requests if '"route":"/feed","status":200' in line))
    assert {"read", "candidates", "rank", "total"} <= set(line["stages_ms"])
    assert line["feed_id"]
    assert "degraded" in line


def test_a_killed_worker_is_replaced_forgotten_and_what_it_counted_stays(observed: Observed) -> None:
    eventually(lambda: len(observed.workers()) == 2, START_SEC)
    killed = min(observed.workers())
    os.kill(killed, signal.SIGKILL)

    def replaced() -> bool:
        try:
            now = observed.workers()
        except httpx.TransportError:  # a connection the killed worker had taken
            return False
        return len(now) == 2 and killed not in now

    eventually(replaced, START_SEC)
    assert observed.value('reels_requests_total{method="GET",route="/feed",status="200"}') == VIEWERS
    assert observed.value('reels_events_total{outcome="stored"}') == observed.stored
