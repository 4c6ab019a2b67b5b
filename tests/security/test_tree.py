"""No secret in the tree: detect-secrets over every file, against the baseline of what was looked at."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
BASELINE = ROOT / ".secrets.baseline"
Found = set[tuple[str, str, str]]
"""File, kind and hash of what may be a secret. Not its line: that moves with every edit."""


MADE_UP = {"Secret Keyword", "Basic Auth Credentials", "Hex High Entropy String", "Base64 High Entropy String"}
"""Kinds that the values of tests look like; in tests only those count that have the form of a real key or token."""


def scanned(directory: Path, *more: str) -> dict[str, Any]:
    """What detect-secrets says of a folder."""
    excluded = json.loads(BASELINE.read_text(encoding="utf-8"))["filters_used"]
    patterns = [one for each in excluded if each["path"].endswith("should_exclude_file") for one in each["pattern"]]
    options = [option for pattern in patterns for option in ("--exclude-files", pattern)]
    command = [sys.executable, "-m", "detect_secrets", "-C", str(directory), "scan", *options, *more]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=True)
    results: dict[str, Any] = json.loads(done.stdout)["results"]
    return results


def found_in(results: dict[str, Any]) -> Found:
    return {
        (file, one["type"], one["hashed_secret"])
        for file, some in results.items()
        for one in some
        if file != BASELINE.name and not expected(file, one["type"])
    }


def expected(file: str, kind: str) -> bool:
    """Values of tests and benchmarks, and the pictures in notebooks."""
    made_up = "tests/" in file or file.startswith("benchmarks/")
    return (made_up and kind in MADE_UP) or (file.endswith(".ipynb") and "High Entropy" in kind)


@pytest.mark.slow
def test_the_tree_holds_no_secret_that_nobody_looked_at() -> None:
    known = found_in(json.loads(BASELINE.read_text(encoding="utf-8"))["results"])
    results = scanned(ROOT)
    new = {file for file, _, _ in found_in(results) - known}
    places = [f"{file}:{one['line_number']} {one['type']}" for file in new for one in results[file]]
    assert not places, "remove them, or after a look: make secrets"


def test_a_secret_in_the_tree_would_be_found(tmp_path: Path) -> None:
    kept = tmp_path / "settings.py"
    kept.write_text("AWS = 'AKIA" + "QYLPMN5HFIQR7XYA'\n")  # in two pieces, or it would be found here
    (tmp_path / "key.txt").write_text("-----BEGIN " + "PRIVATE KEY-----\nMC4CAQAwBQYDK2Vw\n")
    kinds = {kind for _, kind, _ in found_in(scanned(tmp_path, "--all-files"))}
    assert kinds >= {"AWS Access Key", "Private Key"}


def test_every_exception_for_bandit_says_why() -> None:
    for folder in ("src", "frontend/flutter_app/src"):
        for path in (ROOT / folder).rglob("*.py"):
            for line in path.read_text(encoding="utf-8").splitlines():
                if "# nosec" in line:
                    told = re.search(r"#(?! nosec)([^#]*)# nosec B\d{3}$", line)
                    assert told, f"{path}: {line.strip()}"
                    assert len(re.sub(r"noqa: S\d+", "", told[1]).split()) >= 2, f"{path}: {line.strip()}"
