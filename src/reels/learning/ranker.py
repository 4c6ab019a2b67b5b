"""The learned ranker: gradient-boosted trees that order each request's candidates (LambdaMART, Burges 2010).

Grown by LightGBM (Ke et al. 2017), which is needed here only: what is grown is flat arrays, the group `ranker` of a
snapshot, and `recommender.ranker.trees` walks through them without it.
"""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reels.core.errors import ModelError
from reels.core.types import Floats
from reels.learning.linear_ranker import COLUMNS, fit_linear, standardised, weighted
from reels.learning.workbench import Arrays

BLEND_PARTS = ("content", "cf", "popularity", "exploration")
NORMALISATIONS = ("max", "z")
MOST_LEAVES = 16
FULL = (1 << MOST_LEAVES) - 1
KEPT_BACK = 7
"""One request of so many, the latest, is kept from the fits, to mix the halves on."""
DRIFTING = (0.75, 0.0)
"""Share of the linear half and penalty where the log has times. What is liked drifts from day to day, and requests kept
back are of the same days as those learnt from: by them trees alone would be best and a penalty cheap. On KuaiRand (fit
to 04-27, asked for 04-28; NDCG@10 and coverage) trees alone have .0614 and .095, half and half .0652 and .108, a
quarter of them .0667 and .121, none .0637 and .145; a penalty of .05 costs 3%, z-mix has .0601 and .041."""
ENOUGH_ASKED = 50
SHARES = (0.25, 0.5, 0.75)
"""Of the linear half, tried on the requests kept back. Neither half is ever left out: they err differently."""
PENALTIES = (0.0, 0.025, 0.05, 0.1, 0.15, 0.2)
AFFORDED = 0.01
"""Share of NDCG@10 that reaching more reels may cost."""
_GAINS = 1.0 / np.log2(np.arange(2, 12))
MOST_ANSWERS = 1_500
"""By so many answers the weights of the blend are chosen."""
_STEPS = 10
"""Blend weights are multiples of 1 / so much."""


@dataclass(frozen=True, slots=True)
class RankerConfig:
    """Settings; tuned on the `tune` split of MicroLens-50k."""

    rounds: int = 200
    learning_rate: float = 0.05
    leaves: int = 15
    least_in_leaf: int = 100
    l2: float = 10.0
    column_share: float = 0.4
    """Of the columns, drawn anew for each tree."""
    truncation: int = 20
    """Pairs count whose better one stands within so many places."""
    viewers: int = 20_000
    """At most so many viewers' requests are learnt from."""
    negatives: float = 0.3
    """Share of a request's other candidates that is learnt from: a third of the time, as good (MicroLens)."""
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Examples:
    """Requests whose answer is known: r rows, the candidates of one request standing together."""

    columns: tuple[str, ...]
    table: Floats
    """float32[r, len(columns)], NaN = not known."""
    labels: NDArray[np.uint8]
    """uint8[r]: 1 = what the viewer took to next."""
    sizes: NDArray[np.int64]
    """int64[g] candidates of each request; the latest requests last."""
    parts: dict[str, Floats]
    """float32[r] by name: the raw parts of the formula, for the weights of the blend."""
    asked: int = 0
    """Requests made; those whose answer was no candidate teach nothing and are not in here."""
    timed: bool = False
    """Whether the answers are what came after a moment, so that what is asked for in earnest comes later still."""


def unavailable() -> str:
    """Why no ranker can be trained on this machine, "" = it can."""
    try:
        import lightgbm  # noqa: F401
    except (ImportError, OSError) as error:
        return f"LightGBM can't be loaded ({error}); it needs libgomp (Debian: apt-get install libgomp1)"
    return ""


def fit(examples: Examples, config: RankerConfig | None = None, *, threads: int = 1) -> Arrays:
    """The group `ranker`. Raises ModelError where LightGBM can't be loaded or there is nothing to learn from."""
    config = config or RankerConfig()
    if why := unavailable():
        raise ModelError(why)
    if not len(examples.sizes):
        raise ModelError("no ranker: no request had its answer among the candidates")
    blend, normalisation = learned_blend(examples)
    learnt, asked = _kept_back(examples)
    booster = grow(learnt, config, threads)
    names = tuple(name for name in COLUMNS if name in examples.columns)
    at = [examples.columns.index(name) for name in names]
    starts = _starts(learnt.sizes)
    weights = fit_linear(standardised(learnt.table[:, at], starts), learnt.labels, starts)
    return {
        **flattened(booster.dump_model(), examples.columns),
        "linear_columns": np.array(bytearray("\n".join(names).encode()), np.uint8),
        "linear": weights,
        "mixed": mixed(asked, np.asarray(booster.predict(asked.table, num_threads=threads)), at, weights),
        "blend": blend,
        "normalisation": np.frombuffer(normalisation.encode(), np.uint8),
    }


def mixed(asked: Examples, by_trees: NDArray[np.float64], at: list[int], weights: Floats) -> Floats:
    """float32[2]: share of the linear half, and the largest popularity penalty within `AFFORDED` of the best.

    Both chosen by NDCG@10 on requests that neither half has seen; with few of them half and half, and any penalty.
    `DRIFTING` where the log has times.
    """
    if asked.timed and at:
        return np.array(DRIFTING, np.float32)
    if len(asked.sizes) < ENOUGH_ASKED or not at:
        return np.array([0.5 if at else 0.0, PENALTIES[-1]], np.float32)
    starts = _starts(asked.sizes)
    linear = weighted(standardised(asked.table[:, at], starts), weights)
    halves = standardised(np.stack([by_trees, linear], 1).astype(np.float32), starts).astype(np.float64)
    scores = {share: (1 - share) * halves[:, 0] + share * halves[:, 1] for share in SHARES}
    share = max(SHARES, key=lambda one: _ndcg(scores[one], asked.labels, starts))
    if "impressions" not in asked.columns:
        return np.array([share, PENALTIES[-1]], np.float32)
    shown = np.nan_to_num(asked.table[:, asked.columns.index("impressions")]).astype(np.float64)
    found = {one: _ndcg(scores[share] - one * shown, asked.labels, starts) for one in PENALTIES}
    afforded = [one for one in PENALTIES if found[one] >= (1 - AFFORDED) * max(found.values())]
    return np.array([share, max(afforded)], np.float32)


def _kept_back(examples: Examples) -> tuple[Examples, Examples]:
    """What is learnt from, and the last requests, on which the halves are mixed; all and none where few or timed."""
    back = np.arange(len(examples.sizes)) >= len(examples.sizes) * (KEPT_BACK - 1) // KEPT_BACK
    if back.sum() < ENOUGH_ASKED or examples.timed:
        back[:] = False
    return _requests(examples, ~back), _requests(examples, back)


def _requests(examples: Examples, chosen: NDArray[np.bool_]) -> Examples:
    rows = np.repeat(chosen, examples.sizes)
    parts = {name: values[rows] for name, values in examples.parts.items()}
    table, labels, sizes = examples.table[rows], examples.labels[rows], examples.sizes[chosen]
    return replace(examples, table=table, labels=labels, sizes=sizes, parts=parts)


def _starts(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate((np.zeros(1, np.int64), np.cumsum(sizes, dtype=np.int64)))


def _ndcg(scores: NDArray[np.float64], labels: NDArray[np.uint8], starts: NDArray[np.int64]) -> float:
    """Mean NDCG@10 of the requests; of equal scores the first counts."""
    total = 0.0
    for first, end in pairwise(starts.tolist()):
        good = labels[first:end][np.argsort(-scores[first:end], kind="stable")[:10]]
        best = _GAINS[: min(int(labels[first:end].sum()), 10)].sum()
        total += float((good * _GAINS[: len(good)]).sum() / best) if best else 0.0
    return total / max(len(starts) - 1, 1)


def grow(examples: Examples, config: RankerConfig, threads: int) -> Any:
    """The library's booster. The same examples, seed and number of threads give the same trees."""
    import lightgbm

    settings = {
        "objective": "lambdarank",
        "learning_rate": config.learning_rate,
        "num_leaves": config.leaves,
        "min_data_in_leaf": config.least_in_leaf,
        "lambda_l2": config.l2,
        "feature_fraction": config.column_share,
        "lambdarank_truncation_level": config.truncation,
        "num_threads": threads,
        "seed": config.seed,
        "deterministic": True,
        "force_row_wise": True,
        "verbose": -1,
    }
    data = lightgbm.Dataset(examples.table, examples.labels, group=examples.sizes)
    return lightgbm.train(settings, data, config.rounds)


def flattened(dumped: dict[str, Any], columns: tuple[str, ...]) -> Arrays:
    """A dumped LightGBM model as the arrays `recommender.ranker.trees` explains. Columns no tree asks for are left out.

    Raises ModelError for trees that these arrays can't hold (categories, zero as missing, more than 16 leaves).
    """
    nodes = _Nodes()
    for tree in dumped["tree_info"]:
        nodes.roots.append(len(nodes.rows))
        nodes.leaves.append([])
        nodes.add(tree["tree_structure"])
    feature = np.array([row[0] for row in nodes.rows], np.int32)
    used = np.unique(feature[feature >= 0])
    place = np.full(len(columns) + 1, -1, np.int32)
    place[used] = np.arange(len(used))
    leaves = np.zeros((len(nodes.leaves), MOST_LEAVES))
    for tree_leaves, values in zip(leaves, nodes.leaves, strict=True):
        tree_leaves[: len(values)] = values
    return {
        "columns": np.frombuffer("\n".join(columns[i] for i in used).encode(), np.uint8),
        "feature": place[feature],
        "limit": _at_most(np.array([row[1] for row in nodes.rows], np.float64)),
        "missing_left": np.array([row[2] for row in nodes.rows], np.bool_),
        "left": np.array([row[3] for row in nodes.rows], np.int32),
        "right": np.array([row[4] for row in nodes.rows], np.int32),
        "value": np.array([row[5] for row in nodes.rows], np.float64),
        "lost": np.array([row[6] for row in nodes.rows], np.uint16),
        "leaves": leaves,
        "roots": np.array(nodes.roots, np.int32),
    }


def _at_most(thresholds: NDArray[np.float64]) -> Floats:
    """The largest float32 not above each: of float32 values, the same ones are at most this as are at most that."""
    largest = float(np.finfo(np.float32).max)
    thresholds = np.clip(thresholds, -largest, largest)  # a split of known from unknown has a threshold beyond
    limits = thresholds.astype(np.float32)
    return np.where(limits > thresholds, np.nextafter(limits, np.float32(-np.inf)), limits).astype(np.float32)


class _Nodes:
    """Trees as rows: feature, threshold, missing goes left, left, right, value, leaves that remain to the right."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, float, bool, int, int, float, int]] = []
        self.roots: list[int] = []
        self.leaves: list[list[float]] = []

    def add(self, node: dict[str, Any]) -> int:
        """Appends a node and all below it to the newest tree; its place."""
        at, leaves = len(self.rows), self.leaves[-1]
        if "split_feature" not in node:
            if len(leaves) == MOST_LEAVES:
                raise ModelError(f"a tree has more than {MOST_LEAVES} leaves")
            leaves.append(float(node["leaf_value"]))
            self.rows.append((-1, 0.0, True, -1, -1, leaves[-1], FULL))
            return at
        kind, missing, threshold = node["decision_type"], node["missing_type"], float(node["threshold"])
        if kind != "<=" or missing not in ("None", "NaN"):
            raise ModelError(f"a tree splits by {kind!r}, missing {missing!r}: not known here")
        self.rows.append((0, 0.0, True, -1, -1, 0.0, FULL))
        first = len(leaves)
        left = self.add(node["left_child"])
        remain = FULL & ~((1 << len(leaves)) - (1 << first))
        right = self.add(node["right_child"])
        to_left = bool(node["default_left"]) if missing == "NaN" else threshold >= 0  # it takes unknown for 0
        value = float(node["internal_value"])
        self.rows[at] = (int(node["split_feature"]), threshold, to_left, left, right, value, remain)
        return at


def learned_blend(examples: Examples) -> tuple[Floats, str]:
    """float32[4] weights of `BLEND_PARTS` with the best order of the answers, and their normalisation.

    All multiples of 1/`_STEPS` that sum to 1, with every normalisation; the gain of an answer at place p is
    1 / log2(p + 1) within the first ten, as NDCG counts.
    """
    starts = np.concatenate((np.zeros(1, np.int64), np.cumsum(examples.sizes)))
    answers = np.flatnonzero(examples.labels)
    answers = answers[:: max(1, len(answers) // MOST_ANSWERS)]
    owner = np.searchsorted(starts, answers, side="right") - 1
    grid = np.array(list(_compositions(_STEPS, len(BLEND_PARTS))), np.float32) / np.float32(_STEPS)
    best, chosen = -1.0, (grid[0], NORMALISATIONS[0])
    for how in NORMALISATIONS:
        table = np.stack([_within(examples.parts[name], starts, how) for name in BLEND_PARTS], 1)
        gains = np.zeros(len(grid))
        for answer, request in zip(answers.tolist(), owner.tolist(), strict=True):
            scores = table[starts[request] : starts[request + 1]] @ grid.T
            mine = table[answer] @ grid.T
            place = (scores > mine).sum(axis=0) + ((scores == mine).sum(axis=0) - 1) / 2  # a tie is half won
            gains += np.where(place < 10, 1.0 / np.log2(place + 2.0), 0.0)
        if gains.max() > best:
            best, chosen = float(gains.max()), (grid[int(gains.argmax())], how)
    return np.asarray(chosen[0], np.float32), chosen[1]


def _within(values: Floats, starts: NDArray[np.int64], how: str) -> Floats:
    """As `recommender.ranker.blend.normalised`, request by request."""
    known = np.where(np.isfinite(values), values, np.float32(0))
    largest, lowest = np.maximum.reduceat(known, starts[:-1]), np.minimum.reduceat(known, starts[:-1])
    sizes = np.diff(starts)
    if how == "max":
        return np.asarray(known / np.repeat(np.maximum(largest, 1e-9), sizes), np.float32)
    mean = np.add.reduceat(known, starts[:-1]) / sizes
    spread = np.sqrt(np.add.reduceat((known - np.repeat(mean, sizes)) ** 2, starts[:-1]) / sizes)
    return np.asarray((known - np.repeat(lowest, sizes)) / np.repeat(np.maximum(spread, 1e-9), sizes), np.float32)


def _compositions(total: int, parts: int) -> list[tuple[int, ...]]:
    """All ways to write `total` as a sum of `parts` numbers from 0."""
    if parts == 1:
        return [(total,)]
    return [(first, *rest) for first in range(total + 1) for rest in _compositions(total - first, parts - 1)]
