import re
from math import nan
from pathlib import Path
from xml.etree import ElementTree

import pytest

from reels.evaluation.compare import Difference
from reels.evaluation.intervals import Estimate
from reels.evaluation.report.markdown import markdown
from reels.evaluation.report.page import page
from reels.evaluation.report.plots import plots
from reels.evaluation.report.tables import comparison, grids
from reels.evaluation.report.writing import write, write_document
from reels.evaluation.results import Evaluation, Row, read


def row(recommender: str, split: str, question: str, **means: float) -> Row:
    values = {"recall@10": 0.1, "ndcg@10": 0.05, "coverage@10": 0.4, "gini@10": 0.9} | {
        name.replace("_at_", "@"): value for name, value in means.items()
    }
    metrics = {name: Estimate(value, value - 0.01, value + 0.01, 0.005, 50) for name, value in values.items()}
    return Row(split, question, recommender, f"about {recommender} <b>", 50, 50, 1.5, 0.25, metrics)


@pytest.fixture
def found() -> Evaluation:
    made = {
        "at": "2026-01-01",
        "machine": "a machine, 2 cores",
        "python": "3.11",
        "versions": {"numpy": "2"},
        "seed": 0,
        "threads": 1,
        "sample": None,
    }
    dataset = {"name": "tiny", "reels": 1234, "viewers": 50, "exposures": 99, "positives": 98, "digest": "abc"}
    rows = (
        row("documented formula", "leave-last-out", "validation", recall_at_10=0.2, gini_at_10=0.95),
        row("popularity", "leave-last-out", "validation", auc=nan),
        row("documented formula", "cold-viewers", "after 0"),
        row("popularity", "cold-viewers", "after 0"),
        row("documented formula", "cold-viewers", "after 1"),
        row("popularity", "cold-viewers", "after 1"),
    )
    return Evaluation(
        dataset, made, rows, {"leave-last-out: USE": "no titles"}, {"leave-last-out: validation": "a note"}
    )


def test_one_table_a_question_with_the_best_of_each_column_marked(found: Evaluation) -> None:
    first, *others = grids(found)
    assert len(others) == 2
    assert first.title == "leave-last-out: validation (50 viewers)"
    assert first.heads == ["", "R@10", "NDCG@10", "cover", "Gini", "fit", "ms"]  # no AUC: nobody has one
    assert first.lines[0][:2] == ["documented formula", "0.2000 ±0.0100"]
    assert (0, 1) in first.best
    assert (1, 1) not in first.best
    assert (1, 4) in first.best  # of Gini the smaller is the better
    assert first.note.endswith("what came before it is learnt; a note")


def test_markdown_has_everything_and_tables_are_whole(found: Evaluation) -> None:
    text = markdown(found, {"a plot": "images/a.svg"})
    for word in ("**0.2000 ±0.0100**", "a note.", "![a plot](images/a.svg)", "1,234 reels", "2026-01-01", "no titles"):
        assert word in text
    for table in re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE):
        assert len({line.count("|") for line in table.splitlines()}) == 1


def test_the_page_needs_nothing_from_elsewhere_and_escapes_what_it_shows(found: Evaluation) -> None:
    text = page(found, plots(found))
    assert not re.search(r"""(?:src|href)=["'](?!#)""", text)
    assert "<script" not in text
    assert "about popularity &lt;b&gt;" in text
    assert text.count("<figure>") == 3


def test_plots_are_svg_and_the_same_for_the_same_numbers(found: Evaluation) -> None:
    drawn = plots(found)
    assert list(drawn) == [
        "tiny-leave-last-out-validation-accuracy.svg",
        "tiny-leave-last-out-validation-coverage.svg",
        "tiny-cold-viewers.svg",
    ]
    for svg in drawn.values():
        assert ElementTree.fromstring(svg.encode()).tag.endswith("svg")
        assert "documented formula" in svg
    assert drawn == plots(found)


def test_a_comparison_shows_before_and_now_and_what_is_certain() -> None:
    sure = Difference("s", "q", "one", "ndcg@10", 0.05, 0.06, 0.008, 0.012, paired=True)
    unsure = Difference("s", "q", "two", "coverage@10", 0.5, 0.4, nan, nan, paired=False)
    grid = comparison([sure, unsure])
    assert grid.lines[0][2:] == ["NDCG@10", "0.0500 -> 0.0600", "+0.0100", "+0.0080 .. +0.0120", "viewer by viewer"]
    assert grid.lines[1][4:] == ["-0.100", "", ""]
    assert grid.best == {(0, 4)}


def test_files_are_written_and_can_be_read_again(found: Evaluation, tmp_path: Path) -> None:
    for path in write(found, tmp_path):
        assert path.stat().st_size > 500
    assert [one.place for one in read(tmp_path).rows] == [one.place for one in found.rows]
    write_document([read(tmp_path), found], tmp_path / "all.md")
    text = (tmp_path / "all.md").read_text()
    assert text.count("## tiny") == 2
    for address in re.findall(r"!\[.*?\]\((.*?)\)", text):
        assert (tmp_path / address).is_file()
