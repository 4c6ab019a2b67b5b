"""Settings are documented, and the documentation is what the program says."""

from pathlib import Path

import pytest

from reels.__main__ import main
from reels.cli.settings import page, variable
from reels.settings import Settings

DOCS = Path(__file__).resolve().parents[2] / "docs" / "settings.md"


def test_the_page_is_what_the_command_prints() -> None:
    assert DOCS.read_text(encoding="utf-8") == page(), "run: reels settings --markdown > docs/settings.md"


def test_every_setting_is_explained() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, variable(name)


def test_a_wrong_value_is_one_line_that_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REELS_PORT", "99999")
    monkeypatch.setattr("sys.argv", ["reels", "settings"])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 2
    assert capsys.readouterr().err.strip() == (
        "error: REELS_PORT: Input should be less than or equal to 65535, not '99999'"
    )
