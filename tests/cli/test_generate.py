"""`reels generate`: the files, the summary, refusals."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from reels.cli.app import app
from reels.simulation.sample import EVENTS_FILE, REELS_FILE, TRUTH_FILE, VIEWERS_FILE


def test_writes_four_files_and_says_so(tmp_path: Path) -> None:
    arguments = ["generate", "--reels", "60", "--users", "5", "--seed", "3", "--out", str(tmp_path / "new")]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert {path.name for path in (tmp_path / "new").iterdir()} == {REELS_FILE, EVENTS_FILE, VIEWERS_FILE, TRUTH_FILE}
    assert "seed 3" in result.output
    assert EVENTS_FILE in result.output


@pytest.mark.parametrize("wrong", [["--reels", "0"], ["--users", "-1"], ["--seed", "x"]])
def test_impossible_sizes_are_refused(wrong: list[str], tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["generate", "--out", str(tmp_path / "new"), *wrong])
    assert result.exit_code == 2
    assert not (tmp_path / "new").exists()


def test_longer_histories_on_request(tmp_path: Path) -> None:
    sizes = []
    for history in ("4", "30"):
        arguments = [
            "generate",
            "--reels",
            "60",
            "--users",
            "5",
            "--history",
            history,
            "--out",
            str(tmp_path / history),
        ]
        assert CliRunner().invoke(app, arguments).exit_code == 0
        sizes.append(len((tmp_path / history / EVENTS_FILE).read_bytes()))
    assert sizes[1] > 3 * sizes[0]
