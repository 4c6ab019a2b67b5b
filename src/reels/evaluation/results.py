"""What an evaluation found, as one JSON document, and each viewer's numbers beside it for comparisons."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reels.core.errors import InputError
from reels.evaluation.intervals import Estimate
from reels.evaluation.protocol import Outcome
from reels.evaluation.splits import Split
from reels.learning.workbench import digest

FORMAT = 1
"""Counted up when the document's layout or the meaning of a number changes."""
FILE = "evaluation.json"


@dataclass(frozen=True, slots=True)
class Row:
    """One recommender on one question of one split."""

    split: str
    question: str
    recommender: str
    about: str
    viewers: int
    targets: int
    fit_sec: float
    serve_ms: float
    """Per viewer, a whole list of 300."""
    metrics: dict[str, Estimate]

    @property
    def place(self) -> tuple[str, str, str]:
        """What makes two rows of two runs comparable."""
        return self.split, self.question, self.recommender


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All numbers of one run, and what they are of."""

    dataset: dict[str, Any]
    """name, reels, viewers, exposures, positives, digest."""
    made: dict[str, Any]
    """When, on what machine, with which versions, seed, sample, threads."""
    rows: tuple[Row, ...]
    left_out: dict[str, str] = field(default_factory=dict)
    """`split: recommender` -> why it could not be run."""
    notes: dict[str, str] = field(default_factory=dict)
    """`split: question` -> what one has to know of it."""

    def questions(self) -> dict[tuple[str, str], list[Row]]:
        """Rows by (split, question), in the order run."""
        found: dict[tuple[str, str], list[Row]] = {}
        for row in self.rows:
            found.setdefault((row.split, row.question), []).append(row)
        return found


def rows_of(outcome: Outcome) -> tuple[Row, ...]:
    """The rows of one recommender on one split."""
    return tuple(
        Row(
            split=outcome.split,
            question=answer.question,
            recommender=outcome.recommender,
            about=outcome.about,
            viewers=answer.viewers,
            targets=answer.targets,
            fit_sec=outcome.fit_sec,
            serve_ms=1000 * answer.serve_sec / max(answer.viewers, 1),
            metrics=answer.estimates,
        )
        for answer in outcome.answers
    )


def to_json(evaluation: Evaluation) -> str:
    """The document. A number that is not one is null."""
    return json.dumps({"format": FORMAT, **_plain(asdict(evaluation))}, indent=1, ensure_ascii=False, allow_nan=False)


def from_json(text: str, name: str) -> Evaluation:
    """The evaluation of a document; InputError, naming it, where it is not one."""
    try:
        raw = json.loads(text)
        if raw["format"] != FORMAT:
            raise InputError(f"{name}: format {raw['format']!r}, expected {FORMAT}: run the evaluation again")
        rows = tuple(_row(one) for one in raw["rows"])
        return Evaluation(raw["dataset"], raw["made"], rows, raw["left_out"], raw["notes"])
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{name}: not the JSON of an evaluation ({error!r})") from error


def read(path: Path) -> Evaluation:
    """The evaluation in a file, or in a folder of one. Raises InputError."""
    path = path / FILE if path.is_dir() else path
    try:
        return from_json(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}; expected the {FILE} of an earlier run") from error


class Folder:
    """Where a run leaves what it has: a stopped run goes on behind what is here."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def found(self, split: str, recommender: str, fingerprint: str) -> tuple[Row, ...] | None:
        """The rows of an earlier run of exactly this, if any."""
        try:
            raw = json.loads(self._part(split, recommender).read_text(encoding="utf-8"))
            return tuple(_row(one) for one in raw["rows"]) if raw["fingerprint"] == fingerprint else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def keep(self, split: Split, outcome: Outcome, fingerprint: str) -> tuple[Row, ...]:
        """Writes the rows and each viewer's numbers."""
        rows = rows_of(outcome)
        for question, answer in zip(split.questions, outcome.answers, strict=True):
            path = self._viewers((outcome.split, answer.question, outcome.recommender))
            path.parent.mkdir(parents=True, exist_ok=True)
            columns = {name: values.astype(np.float32) for name, values in answer.per_viewer.items()}
            np.savez_compressed(path, allow_pickle=False, viewer=question.history.viewers, **columns)
        part = self._part(outcome.split, outcome.recommender)
        part.parent.mkdir(parents=True, exist_ok=True)
        plain = _plain({"fingerprint": fingerprint, "rows": [asdict(row) for row in rows]})
        part.write_text(json.dumps(plain, ensure_ascii=False, allow_nan=False), encoding="utf-8")
        return rows

    def viewers(self, place: tuple[str, str, str]) -> dict[str, NDArray[Any]] | None:
        """Each viewer's numbers of one row: `viewer` int32[q], and float32[q] a metric; None = not kept."""
        try:
            with np.load(self._viewers(place), allow_pickle=False) as file:
                return {name: file[name] for name in file.files}
        except (OSError, ValueError):
            return None

    def _part(self, split: str, recommender: str) -> Path:
        return self.root / "parts" / f"{_slug(split)}--{_slug(recommender)}.json"

    def _viewers(self, place: tuple[str, str, str]) -> Path:
        return self.root / "viewers" / f"{'--'.join(map(_slug, place))}.npz"


def fingerprint_of(*parts: object) -> str:
    """Of everything that decides a row's numbers."""
    return digest(FORMAT, *parts)


def ordered(rows: tuple[Row, ...], names: Mapping[str, int]) -> tuple[Row, ...]:
    """By split as run, then question, then recommender in the order of `names`."""
    splits = list(dict.fromkeys(row.split for row in rows))
    questions = list(dict.fromkeys(row.question for row in rows))
    return tuple(
        sorted(rows, key=lambda row: (splits.index(row.split), questions.index(row.question), names[row.recommender]))
    )


def _row(raw: dict[str, Any]) -> Row:
    metrics: dict[str, dict[str, Any]] = raw["metrics"]
    return Row(**{**raw, "metrics": {name: _estimate(one) for name, one in metrics.items()}})


def _estimate(raw: dict[str, Any]) -> Estimate:
    mean, low, high, error = (np.nan if raw[name] is None else raw[name] for name in ("mean", "low", "high", "error"))
    return Estimate(mean, low, high, error, raw["viewers"])


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    return value


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
