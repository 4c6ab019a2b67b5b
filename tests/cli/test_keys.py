"""`reels keys` and `reels token`."""

import os
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from reels.api import key_files
from reels.api.tokens import Scope, Tokens
from reels.cli.app import app
from reels.core.errors import ConfigError, NotAuthenticated
from reels.settings import Settings
from reels.wiring import signing_key, trusted_keys


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


def stepped(directory: Path, *step: str) -> str:
    result = CliRunner().invoke(app, ["keys", str(directory / "keys"), *(["--step", *step] if step else [])])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.stdout


def tokens_of(directory: Path) -> Tokens:
    settings = Settings(demo=True, data_dir=directory)
    return Tokens(signing_key(settings), trusted_keys(settings))


def kids(tokens: Tokens) -> list[str]:
    return [key["kid"] for key in tokens.key_set()["keys"]]


def test_the_signing_key_changes_without_refusing_anybodys_token(directory: Path) -> None:
    stepped(directory)
    before = tokens_of(directory)
    old = before.mint("ana", [Scope.VIEWER], 1000, 900)
    stepped(directory, "next")
    stepped(directory, "next")  # a second time changes nothing
    between = tokens_of(directory)
    stepped(directory, "switch")
    after = tokens_of(directory)
    new = after.mint("ana", [Scope.VIEWER], 1000, 900)
    for worker in (between, after):  # those that run during the change
        assert [worker.verify(one, 1001).user_id for one in (old, new)] == ["ana", "ana"]
    assert len(set(kids(before) + kids(between) + kids(after))) == 2
    assert kids(after) == kids(between)[::-1]


def test_a_key_is_retired_once_no_token_of_it_is_left(directory: Path) -> None:
    stepped(directory)
    old = tokens_of(directory).mint("ana", [Scope.VIEWER], 1000, 900)
    stepped(directory, "next")
    stepped(directory, "switch")
    assert "no key" in stepped(directory, "retire")
    assert tokens_of(directory).verify(old, 1001)
    (kept,) = (directory / "keys" / "trusted").iterdir()
    assert b"PRIVATE" not in kept.read_bytes()
    long_ago = time.time() - Settings().refresh_token_sec - 60
    os.utime(kept, (long_ago, long_ago))
    assert f"{kept.name} no longer counts" in stepped(directory, "retire")
    with pytest.raises(NotAuthenticated):
        tokens_of(directory).verify(old, 1001)


def test_there_is_nothing_to_switch_to_before_the_next_key(directory: Path) -> None:
    stepped(directory)
    before = (directory / "keys" / "signing.pem").read_bytes()
    with pytest.raises(ConfigError, match=r"next\.pem"):
        stepped(directory, "switch")
    assert (directory / "keys" / "signing.pem").read_bytes() == before
    (directory / "keys" / "trusted").mkdir(exist_ok=True)
    (directory / "keys" / "trusted" / "other.pem").write_text("no key")
    with pytest.raises(ConfigError, match=r"other\.pem"):
        tokens_of(directory)
