"""`reels evaluate` from the command line: on a folder, on what was imported, stopped, compared, as a document."""

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from pymongo import MongoClient
from typer.testing import CliRunner, Result

from reels.cli.app import app
from reels.core.errors import InputError
from reels.evaluation.baselines import BASELINES


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small MicroLens: 60 viewers, each of one of four groups of ten reels."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REELS_DATA_DIR", "data")
    rng = np.random.default_rng(0)
    groups = [rng.permutation(10)[:6] + 1 + 10 * (u % 4) for u in range(60)]
    lines = "".join(f"{u}\t{' '.join(map(str, own))}\n" for u, own in enumerate(groups))
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "pairs_train.tsv").write_text(lines)
    titles = "".join(f"{i + 1},group{i // 10} reel w{i % 7}\n" for i in range(40))
    (tmp_path / "set" / "titles.csv").write_text("item,title\n" + titles)
    return tmp_path


ON_FOLDER = ("evaluate", "--dataset", "microlens", "set", "--splits", "leave-last-out")


def test_a_folder_is_evaluated_and_the_report_is_written(folder: Path) -> None:
    result = run(*ON_FOLDER, "--baselines", "popularity,knn-cosine,reel-rate", "--sample", "50")
    assert result.exit_code == 0, result.output
    assert "leave-last-out: validation (50 viewers)" in result.output
    assert "item-kNN, cosine" in result.output
    assert "left out of leave-last-out: reel rate: every exposure is positive" in result.output
    root = folder / "data" / "evaluation" / "microlens"
    rows = json.loads((root / "evaluation.json").read_text())["rows"]
    recall = {row["recommender"]: row["metrics"]["recall@10"]["mean"] for row in rows}
    assert recall["item-kNN, cosine"] > recall["popularity"]
    assert (root / "report.html").is_file()
    assert list((root / "images").glob("*.svg"))


def test_a_later_run_is_compared_with_an_earlier_one(folder: Path) -> None:
    assert run(*ON_FOLDER, "--baselines", "popularity", "--out", "one").exit_code == 0
    result = run(*ON_FOLDER, "--baselines", "popularity,knn-bm25", "--out", "two", "--compare", "one/evaluation.json")
    assert result.exit_code == 0, result.output
    assert "compared with the earlier run" in result.output
    assert "viewer by viewer" in (folder / "two" / "report.md").read_text()
    same = run(*ON_FOLDER, "--out", "one", "--compare", "one")
    assert isinstance(same.exception, InputError)
    assert "give another --out" in str(same.exception)


def test_several_runs_become_one_document(folder: Path) -> None:
    assert run(*ON_FOLDER, "--baselines", "popularity", "--out", "one").exit_code == 0
    assert run("evaluation-report", "one", "one/evaluation.json", "--to", "docs/evaluation.md").exit_code == 0
    assert (folder / "docs" / "evaluation.md").read_text().count("## microlens") == 2
    assert list((folder / "docs" / "images").glob("*.svg"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["evaluate"], "--dataset NAME DIR or --imported"),
        (["evaluate", "--dataset", "microlens", "set", "--imported"], "--dataset NAME DIR or --imported"),
        (["evaluate", "--dataset", "netflix", "set"], "known are kuairand, microlens"),
        ([*ON_FOLDER, "--baselines", "popularity,magic"], "no baseline magic; there are popularity"),
        ([*ON_FOLDER[:4], "--splits", "monthly"], "no split monthly; there are leave-last-out"),
        ([*ON_FOLDER, "--compare", "nowhere"], "expected the evaluation.json"),
        (["evaluate", "--dataset", "microlens", "."], "not MicroLens"),
    ],
)
def test_what_can_not_be_done_is_said(folder: Path, arguments: list[str], message: str) -> None:
    result = run(*arguments)
    assert result.exit_code != 0
    assert isinstance(result.exception, InputError)
    assert message in str(result.exception)


@pytest.fixture
def imported(folder: Path, mongo_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    name = f"test_{uuid4().hex}"
    for key, value in {"MONGO_URL": mongo_url, "REDIS_URL": redis_url, "MONGO_DATABASE": name}.items():
        monkeypatch.setenv(f"REELS_{key}", value)
    assert run("import", "dataset", "microlens", "set").exit_code == 0
    yield
    with MongoClient[dict[str, object]](mongo_url) as client:
        client.drop_database(name)


@pytest.mark.usefixtures("imported")
def test_what_was_imported_gives_the_numbers_of_its_folder(folder: Path) -> None:
    for where in (("--imported",), ("--dataset", "microlens", "set")):
        out = where[0].strip("-")
        splits = ("--splits", "leave-last-out", "--baselines", "popularity,watched-next", "--out", out)
        assert run("evaluate", *where, *splits).exit_code == 0
    one, other = (json.loads((folder / out / "evaluation.json").read_text())["rows"] for out in ("imported", "dataset"))
    assert [row["metrics"]["recall@10"]["mean"] for row in one] == [
        row["metrics"]["recall@10"]["mean"] for row in other
    ]


@pytest.mark.shared_data
@pytest.mark.slow
def test_the_real_log_gives_the_numbers_known_of_it(
    shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Recall@10 of the small experiments on MicroLens, within four standard errors of a sample of 3,000."""
    monkeypatch.setenv("REELS_DATA_DIR", str(tmp_path / "data"))
    known = {"popularity": 0.003, "tfidf": 0.042, "watched-next": 0.073}
    arguments = (
        "--splits",
        "leave-last-out",
        "--sample",
        "3000",
        "--baselines",
        ",".join(known),
        "--out",
        str(tmp_path),
    )
    result = run("evaluate", "--dataset", "microlens", str(shared_data / "microlens50k"), *arguments)
    assert result.exit_code == 0, result.output
    rows = {row["recommender"]: row for row in json.loads((tmp_path / "evaluation.json").read_text())["rows"]}
    for name, expected in known.items():
        found = rows[BASELINES[name].name]["metrics"]["recall@10"]
        assert abs(found["mean"] - expected) < 4 * max(found["error"], 0.001), (name, found)
