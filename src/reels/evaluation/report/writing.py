"""Puts a report on disk: numbers, page, Markdown and plots of one run; or one document of several runs."""

from collections.abc import Sequence
from pathlib import Path

from reels.evaluation.report.markdown import markdown
from reels.evaluation.report.markdown import page as document
from reels.evaluation.report.page import page
from reels.evaluation.report.plots import plots
from reels.evaluation.report.tables import Grid
from reels.evaluation.results import FILE, Evaluation, to_json


def write(evaluation: Evaluation, out: Path, compared: Sequence[Grid] = ()) -> list[Path]:
    """`evaluation.json`, `report.html`, `report.md` and `images/` in `out`; the paths. Raises ConfigError."""
    pictures = plots(evaluation)
    images = _write_images(pictures, out)
    files = {
        FILE: to_json(evaluation),
        "report.html": page(evaluation, pictures, compared),
        "report.md": markdown(evaluation, images, compared),
    }
    for name, text in files.items():
        (out / name).write_text(text, encoding="utf-8")
    return [out / name for name in files]


def write_document(evaluations: Sequence[Evaluation], to: Path) -> None:
    """One Markdown document with a section a run, its plots in `images/` beside it. Raises ConfigError."""
    sections = [markdown(one, _write_images(plots(one), to.parent)) for one in evaluations]
    to.write_text(document(sections), encoding="utf-8")


def _write_images(pictures: dict[str, str], out: Path) -> dict[str, str]:
    """Title -> address relative to `out`."""
    (out / "images").mkdir(parents=True, exist_ok=True)
    for name, svg in pictures.items():
        (out / "images" / name).write_text(svg, encoding="utf-8")
    return {name.removesuffix(".svg").replace("-", " "): f"images/{name}" for name in pictures}
