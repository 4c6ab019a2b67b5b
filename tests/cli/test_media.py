"""`reels media`: draws what is missing, keeps what is there, says what it did."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from reels.cli.media import media
from reels.core.errors import InputError

app = typer.Typer()
app.command()(media)


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    path = tmp_path / "catalogue.csv"
    path.write_text(
        "video_id,title,tags,duration_sec,media_url\n"
        "r1,One,cooking,10,\n"
        "r2,Two,cars,10,https://example.com/own.mp4\n"
        ",No id,cars,10,\n"
        "r3,Three,travel,10,\n"
    )
    return path


def run(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return " ".join(result.output.split())


def test_it_draws_what_is_missing_and_keeps_what_is_there(catalogue: Path, tmp_path: Path) -> None:
    folder = tmp_path / "films"
    said = run("--catalogue", catalogue, "--out", folder, "--limit", 1, "--drawers", 1)
    assert "drawn 1 " in said
    assert sorted(path.suffix for path in folder.glob("r1.*")) == [".jpg", ".mp4"]
    said = run("--catalogue", catalogue, "--out", folder, "--limit", 3, "--drawers", 1)
    assert "drawn 0 there already 1 with media of their own 1 rows that can't be read 1 failed 0" in said
    assert list(folder.glob("r2.*")) == []


def test_a_catalogue_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"missing\.csv"):
        run("--catalogue", tmp_path / "missing.csv")


def test_it_draws_a_sheet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []

    def sheet(path: Path) -> None:
        drawn.append(path)
        path.write_bytes(b"x" * 2048)

    monkeypatch.setattr("reels.media.sheet.draw_sheet", sheet)
    assert "2 KB" in run("--sheet", tmp_path / "sheet.png")
    assert drawn == [tmp_path / "sheet.png"]
