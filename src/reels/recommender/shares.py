"""How many of the candidates each source gets, learnt from requests whose answers are known: the group `shares`.

Which source finds what viewers take to next differs from one feed to another (on MicroLens two steps and factors, on
KuaiRand the linear model, factors and what is liked now: recall at 480 candidates .58 with MicroLens's shares, .66
with its own). Places are given out greedily, `STEP` at a time, always to the source whose next reels hold the most
answers for each reel that no other source has named yet, until the union is as large as a request's candidates.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reels.core.types import Rows
from reels.learning.snapshot import Snapshot
from reels.learning.workbench import Arrays

GROUP = "shares"
STEP = 20
AHEAD = (1, 2, 4)
"""Steps taken at once: a source may have to be asked for more before it finds something."""
LEAST = 5
"""Places every source keeps: for viewers like whom nobody was asked, and for what is to be tried."""

Asked = tuple[Sequence[Rows], Rows]
"""What each source answered to one request, best first, and what the viewer took to."""


def learned_shares(names: Sequence[str], requests: Sequence[Asked], places: int) -> Arrays:
    """The group `shares` of these sources, for `places` candidates; requests without any answer teach nothing."""
    depth = -(-places // STEP) * STEP
    table, answers = _table(len(names), requests, depth)
    steps = _given(table // STEP, answers, places * max(len(requests), 1), depth // STEP)
    given = np.maximum(steps * STEP, LEAST).astype(np.float32)
    return {"sources": np.frombuffer("\n".join(names).encode(), np.uint8), "places": given}


def shares_of(snapshot: Snapshot) -> Mapping[str, float]:
    """Places by source; empty where the snapshot has none."""
    group: Mapping[str, NDArray[Any]] | None = snapshot.groups.get(GROUP)
    if group is None:
        return {}
    names = bytes(group["sources"]).decode().split("\n")
    return dict(zip(names, group["places"].tolist(), strict=True))


def _table(sources: int, requests: Sequence[Asked], depth: int) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """int32[m, sources]: place of every named reel of every request in each list; and float64[m] its worth.

    The answers of a request are worth 1 together: who took to many reels is one viewer.
    """
    tables, answers = [np.empty((0, sources), np.int32)], [np.empty(0)]
    for lists, wanted in requests:
        reels = np.unique(np.concatenate([rows[:depth] for rows in lists]))
        place = np.full((len(reels), sources), depth, np.int32)
        for source, rows in enumerate(lists):
            place[np.searchsorted(reels, rows[:depth]), source] = np.arange(len(rows[:depth]))
        tables.append(place)
        answers.append(np.isin(reels, wanted) / max(len(wanted), 1))
    return np.concatenate(tables), np.concatenate(answers)


def _given(step_of: NDArray[np.int32], answers: NDArray[np.float64], room: int, most: int) -> NDArray[np.int64]:
    """int64[sources] steps of each; at most `most`."""
    by_step = [[np.flatnonzero(column == step) for step in range(most)] for column in step_of.T]
    named = np.zeros(len(answers), np.bool_)
    given = np.zeros(len(by_step), np.int64)
    while named.sum() < room:
        best = max(_offers(by_step, given, named, answers), default=None)
        if best is None or best[0] <= 0:
            break
        _, _, source, ahead = best
        named[np.concatenate(by_step[source][given[source] : given[source] + ahead])] = True
        given[source] = min(given[source] + ahead, most)
    return given


def _offers(
    by_step: list[list[NDArray[np.int64]]],
    given: NDArray[np.int64],
    named: NDArray[np.bool_],
    answers: NDArray[np.float64],
) -> Iterator[tuple[float, int, int, int]]:
    """(answers for each new reel, -ahead, source, ahead) of what each source could be given next."""
    for source, steps in enumerate(by_step):
        for ahead in AHEAD:
            asked = steps[given[source] : given[source] + ahead]
            rows = np.concatenate([np.empty(0, np.int64), *asked])
            new = rows[~named[rows]]
            if len(new):
                yield float(answers[new].sum()) / len(new), -ahead, source, ahead
