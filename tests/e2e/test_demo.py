"""`make demo`: from nothing to a personalised page, and back to nothing."""

import shutil
import signal
import subprocess
from pathlib import Path

import httpx
import numpy as np
import pytest
from tests.e2e.client import Viewer
from tests.e2e.conftest import Demo, running_demo
from tests.waiting import eventually

from reels.simulation.config import SampleConfig
from reels.simulation.sample import generate, write

pytestmark = [pytest.mark.xdist_group("demo"), pytest.mark.slow]


def test_it_leads_to_a_page_with_scores_and_reasons(demo: Demo) -> None:
    page = Viewer.with_token(demo.api_url, demo.token).page(limit=10)
    assert len(page["items"]) == 10
    assert page["degraded"] == []
    assert page["snapshot"]
    for item in page["items"]:
        assert item["reasons"]
        assert set(item["parts"]) == {"content", "cf", "popularity", "exploration"}
        assert 0 < item["propensity"] <= 1
        made_of = sum(item["contributions"].values()) + sum(item["boosts"].values())
        assert item["score"] == pytest.approx(made_of, abs=1e-4)


def test_the_printed_lines_work_when_pasted(demo: Demo) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not on this machine")
    printed = demo.output[demo.output.index("export TOKEN") : demo.output.index("# watch simulated")]
    done = subprocess.run(
        ["bash", "-euc", printed.replace("curl -s", "curl -sS --fail-with-body")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"next_cursor"' in done.stdout
    assert '"stored":1' in done.stdout.replace(" ", "")


def test_films_and_posters_of_a_page_can_be_fetched(demo: Demo) -> None:
    item = Viewer(demo.api_url).page(limit=1)["items"][0]
    with httpx.Client(base_url=demo.api_url, timeout=60) as client:
        poster = client.get(item["poster_url"])
        assert (poster.status_code, poster.headers["content-type"]) == (200, "image/jpeg")
        film = client.get(item["media_url"], headers={"range": "bytes=0-99"})
        assert (film.status_code, len(film.content)) == (206, 100)


def test_the_app_is_served_at_the_printed_address(demo: Demo) -> None:
    answer = httpx.get(demo.app_url)
    assert answer.status_code == 200
    assert "flutter" in answer.text.lower()


def test_a_second_start_goes_on_from_what_is_there_and_ctrl_c_leaves_nothing(
    small_sample: Path, data_dir: Path
) -> None:
    with running_demo(data_dir, "--datasets", str(small_sample), "--no-app", REELS_EMBEDDER="hash") as first:
        assert "new" in first.output
        snapshots = {path.name for path in (data_dir / "snapshots").iterdir()}
    eventually(lambda: not first.processes(), 30)
    assert first.process.returncode == 0, first.output
    with running_demo(data_dir, "--datasets", str(small_sample), "--no-app", REELS_EMBEDDER="hash") as second:
        assert "rows in" not in second.output
        assert {path.name for path in (data_dir / "snapshots").iterdir()} >= snapshots
        assert len(Viewer(second.api_url).page()["items"]) == 10
        second.process.send_signal(signal.SIGKILL)
        second.process.wait(30)
        eventually(lambda: not second.processes(), 30)


@pytest.fixture
def small_sample(tmp_path: Path) -> Path:
    """A sample catalogue that is imported and trained on in a moment."""
    config = SampleConfig(reels=150, creators=30, viewers=30)
    write(generate(config, np.random.default_rng(3)), tmp_path)
    return tmp_path
