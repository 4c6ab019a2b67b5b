"""Settings that come from files."""

from pathlib import Path

import pytest

from reels.cli.settings import shown
from reels.cli.ui import api_address
from reels.core.errors import ConfigError
from reels.settings import Settings

URL = "mongodb://reels:secret@db:27017/?replicaSet=rs0"


@pytest.mark.parametrize("name", ["mongo_url", "redis_url"])
def test_an_address_comes_from_its_file_unless_given(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "url"
    file.write_text(f"{URL}\n")
    monkeypatch.setenv(f"REELS_{name.upper()}_FILE", str(file))
    assert getattr(Settings(), name) == URL
    monkeypatch.setenv(f"REELS_{name.upper()}", "given")
    assert getattr(Settings(), name) == "given"


@pytest.mark.parametrize("content", ["", " \n", None])
def test_a_file_that_is_missing_or_empty_is_named(
    content: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "url"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv("REELS_MONGO_URL_FILE", str(file))
    with pytest.raises(ConfigError, match=f"REELS_MONGO_URL_FILE={file}"):
        Settings()


def test_a_password_is_not_shown() -> None:
    assert shown(URL) == "mongodb://reels:***@db:27017/?replicaSet=rs0"
    assert shown("redis://:secret@cache:6379/0") == "redis://:***@cache:6379/0"
    assert shown("https://feed.example.com") == "https://feed.example.com"


def test_the_app_reaches_the_api_where_it_is_told() -> None:
    assert api_address(Settings(port=8001)) == "http://127.0.0.1:8001"
    assert api_address(Settings(port=8001, api_url="http://proxy:8100")) == "http://proxy:8100"
