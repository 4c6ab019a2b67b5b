"""Viewers whose tastes are known, and the true affinity of a viewer for a reel.

affinity = taste for its topic x (0.4 + 0.6 quality) x language match          in 0..1

language match: 1 in the viewer's language; otherwise w + (1 - w) u, with w how well the topic does without
words and u = 0.6 where the viewer understands the language, 0.15 where not
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reels.core.errors import BadSample
from reels.simulation.languages import Language, languages
from reels.simulation.topics import TOPIC_INDEX, TOPICS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

INTERESTED: Final = 0.3
"""A taste from here on is an interest."""
UNDERSTOOD: Final = 0.6
FOREIGN: Final = 0.15


@dataclass(frozen=True, slots=True)
class Viewer:
    """One viewer; everything here is the known truth."""

    user_id: str
    region: str
    language: str
    also: tuple[str, ...]
    """Other languages they understand."""
    patience: float
    """0..1: how long they give a reel before they skip it."""
    tastes: dict[str, float]
    """0..1 for every topic; 2-4 of them are interests (>= `INTERESTED`), the others below 0.15."""

    def interests(self) -> list[str]:
        """Topics they came for, dearest first."""
        return sorted((t for t, w in self.tastes.items() if w >= INTERESTED), key=lambda t: -self.tastes[t])


def affinity(viewer: Viewer, topic: Ints, quality: Floats, language: Ints) -> Floats:
    """True affinity for n reels in columns: topic (index into `TOPICS`), quality 0..1, language (into `languages()`).

    Returns n numbers in 0..1.
    """
    taste = np.array([viewer.tastes[t.name] for t in TOPICS])[topic]
    wordless = np.array([t.wordless for t in TOPICS])[topic]
    understood = {viewer.language: 1.0} | dict.fromkeys(viewer.also, UNDERSTOOD)
    grasp = np.array([understood.get(one.code, FOREIGN) for one in languages()])[language]
    match = np.where(grasp >= 1.0, 1.0, wordless + (1.0 - wordless) * grasp)
    return np.asarray(taste * (0.4 + 0.6 * quality) * match)


def make_viewers(
    count: int, supply: Floats, rng: np.random.Generator, *, first: int = 1, of: int | None = None
) -> list[Viewer]:
    """`count` viewers. `supply[language, topic]` = reels there are: people come for what there is to see.

    They are numbered from `first`, of so many (`of`, default: these) in all.
    """
    spoken = languages()
    shares = np.array([one.share for one in spoken])
    viewers = []
    digits = max(3, len(str(of or count)))
    for i in range(first, first + count):
        k = int(rng.choice(len(spoken), p=shares / shares.sum()))
        viewers.append(_viewer(f"viewer-{i:0{digits}d}", spoken[k], supply[k], rng))
    return viewers


def _viewer(user_id: str, language: Language, supply: Floats, rng: np.random.Generator) -> Viewer:
    regions = np.array([r.share for r in language.regions])
    region = language.regions[int(rng.choice(len(regions), p=regions / regions.sum()))]
    known = np.array([topic.name in language.topics for topic in TOPICS])
    pull = (supply + 0.5) * known
    chosen = rng.choice(len(TOPICS), size=int(rng.integers(2, 5)), replace=False, p=pull / pull.sum())
    tastes = rng.uniform(0.02, 0.12, len(TOPICS))
    tastes[rng.permutation(len(TOPICS))[:3]] = 0.0
    tastes[chosen] = np.concatenate([[rng.uniform(0.9, 1.0)], rng.uniform(0.5, 0.9, len(chosen) - 1)])
    return Viewer(
        user_id=user_id,
        region=region.code,
        language=language.code,
        also=tuple(code for code in language.also if rng.random() < 0.7),
        patience=round(float(rng.beta(3.0, 3.0)), 3),
        tastes={topic.name: round(float(w), 3) for topic, w in zip(TOPICS, tastes, strict=True)},
    )


def dump_viewers(viewers: list[Viewer]) -> str:
    """One JSON object a line."""
    return "".join(json.dumps(asdict(viewer), ensure_ascii=False) + "\n" for viewer in viewers)


def load_viewers(path: Path) -> list[Viewer]:
    """Read what `dump_viewers` wrote. Raises BadSample with the line that can't be used."""
    if not path.is_file():
        raise BadSample(str(path), "not there; `reels generate` makes it")
    viewers = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        try:
            viewers.append(_load_viewer(json.loads(line)))
        except (ValueError, KeyError, TypeError) as error:
            raise BadSample(f"{path}:{number}", f"not a viewer ({type(error).__name__}: {error})") from error
    return viewers


def _load_viewer(data: dict[str, object]) -> Viewer:
    viewer = Viewer(**{**data, "also": tuple(data["also"])})  # type: ignore[arg-type]
    if viewer.tastes.keys() != TOPIC_INDEX.keys():
        raise ValueError(f"tastes name other topics: {sorted(viewer.tastes.keys() ^ TOPIC_INDEX.keys())}")
    return viewer
