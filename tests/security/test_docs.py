"""`docs/security.md` names where each claim is proved: these places must be there."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")


def test_every_place_that_is_named_is_there() -> None:
    named = set(re.findall(r"`((?:src|tests|deploy|docs)/[\w./-]+)`", TEXT)) | {"compose.yaml", "SECURITY.md"}
    assert len(named) > 30
    assert [one for one in sorted(named) if not (ROOT / one).exists()] == []


def test_every_command_that_is_named_is_there() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"`make ([a-z-]+)`", TEXT))
    assert targets >= {"test", "check", "audit", "fuzz"}
    assert [one for one in targets if not re.search(rf"^{one}:", makefile, re.MULTILINE)] == []


def test_every_section_of_the_standard_has_a_state() -> None:
    """OWASP ASVS 4.0.3, the chapters V1 to V14."""
    table = TEXT.split("| section |")[1].split("\n\n")[0]
    rows = [row.split("|") for row in table.splitlines()[2:]]
    assert {row[2].strip() for row in rows} <= {"met", "in part", "not met", "n/a"}
    assert all(row[3].strip() for row in rows)
    assert set(re.findall(r"\*\*V(\d+)\*\*", table)) == {str(chapter) for chapter in range(1, 15)}
