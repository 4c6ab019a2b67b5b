"""`reels keys` and `reels token`."""

import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from reels.api import key_files
from reels.api.tokens import Scope, Tokens
from reels.cli.app import app
from reels.core.errors import ConfigError


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory, and no key in the environment."""
    for name in ("REELS_SIGNING_KEY_FILE", "REELS_DEMO"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("REELS_DATA_DIR", str(tmp_path))
    return tmp_path


def refused() -> str:
    error = CliRunner().invoke(app, ["token", "ana"]).exception
    assert isinstance(error, ConfigError)
    return str(error)


def test_without_a_key_the_demos_is_named_where_a_demo_ran(directory: Path) -> None:
    assert "reels keys DIRECTORY" in refused()
    assert "REELS_DEMO" not in refused()
    key_files.create(directory / "keys")
    assert f"or REELS_DEMO=true for the demo's own keys in {directory / 'keys'}" in refused()


def test_the_demos_key_makes_tokens(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    signing, _ = key_files.create(directory / "keys")
    monkeypatch.setenv("REELS_DEMO", "true")
    made = CliRunner().invoke(app, ["token", "ana", "--scope", "admin"])
    principal = Tokens(key_files.load_signing(signing)).verify(made.stdout.strip(), time.time())
    assert principal.user_id == "ana"
    assert principal.scopes == frozenset({Scope.ADMIN})
