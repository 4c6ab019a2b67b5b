"""Settings are documented, and the documentation is what the program says."""

from pathlib import Path

from reels.cli.settings import page, variable
from reels.settings import Settings

DOCS = Path(__file__).resolve().parents[2] / "docs" / "settings.md"


def test_the_page_is_what_the_command_prints() -> None:
    assert DOCS.read_text(encoding="utf-8") == page(), "run: reels settings --markdown > docs/settings.md"


def test_every_setting_is_explained() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, variable(name)
