"""`reels ui`: where the app's process reaches the API, and what it is given."""

from pathlib import Path

import pytest
import uvicorn

from reels.cli import ui
from reels.core.errors import ConfigError
from reels.settings import Settings


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("::", "http://[::1]:8000"),
        ("api.example", "http://api.example:8000"),
    ],
)
def test_the_api_is_reached_on_this_machine_even_where_it_listens_everywhere(host: str, address: str) -> None:
    assert ui.api_address(Settings(host=host, port=8000)) == address


def test_browsers_are_sent_to_the_public_address(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given: list[object] = []
    monkeypatch.setattr("reels_app.server.create_app", lambda *arguments: given.extend(arguments))
    monkeypatch.setattr(uvicorn.Server, "run", lambda _: None)
    monkeypatch.setenv("REELS_PUBLIC_API_URL", "https://reels.example")
    monkeypatch.setenv("REELS_PORT", "8001")
    monkeypatch.setenv("REELS_DATA_DIR", str(tmp_path))
    monkeypatch.setattr("reels.cli.logs.configure", lambda _: None)
    ui.ui()
    assert given == ["http://127.0.0.1:8001", "https://reels.example", tmp_path / "ui"]


def test_without_the_app_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "reels_app.server", None)
    with pytest.raises(ConfigError, match="pip install"):
        ui.ui()
