"""Candidates for a viewer: every source asked, its share of places, one union that remembers who found what."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
import structlog
from numpy.typing import NDArray

from reels.core.keys import Keys
from reels.core.policy import Policy
from reels.core.types import CandidateSet, FeedQuery, Mask, Rows
from reels.recommender.evidence import evidence_of
from reels.recommender.meeting import first_met
from reels.recommender.membership import in_either, in_sorted
from reels.recommender.models import Models
from reels.recommender.shares import shares_of
from reels.recommender.stages import Source, Viewer

OVERFETCH = 1000
"""At most so many more rows are asked of a source to make up for those the viewer has seen."""
NEWEST_EVENTS = 3
"""Liked reels whose neighbours are always among the candidates: without a viewer's last three events next-reel recall
falls by 61% (MicroLens)."""
FRESH_PLACES = 20
"""Newest reels that are merged in at request time."""
REST_CHUNK = 5000
"""Rows looked through at a time for what no source found."""
REST = "rest"
"""What found the reels that no source did, when few are left."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Share:
    """One source and its share of the places."""

    source: Source
    share: float
    at_request: bool = False
    """Also asked at request time, for the newest events only."""
    whole: bool = False
    """At request time asked about the whole history: to this source the newest events alone say something else."""
    learned: float | None = None
    """Its share under a policy with the learned ranker, where that is another one."""
    ranker: str = ""
    """Asked only under a policy with this ranker; "" = under any."""

    def asked(self, policy: Policy) -> bool:
        """Whether this policy wants it."""
        return self.ranker in ("", policy.ranker)

    def of(self, policy: Policy) -> float:
        """Its share under this policy."""
        return self.learned if policy.ranker == "learned" and self.learned is not None else self.share


@dataclass(frozen=True, slots=True)
class Found:
    """A union: distinct rows in order, and who found each (bit i = source i)."""

    rows: Rows
    found_by: NDArray[np.uint32]
    failed: tuple[str, ...] = ()


def _most_popular(models: Models) -> Rows:
    return models.orders.popular


class Generator:
    """Asks sources side by side. Without a pool it asks one after the other, which batch answers want."""

    def __init__(
        self,
        shares: Sequence[Share],
        fresh: Source,
        pool: ThreadPoolExecutor | None = None,
        deadline_sec: float = 0.15,
        *,
        rest: Callable[[Models], Rows] = _most_popular,
    ) -> None:
        """`rest`: the snapshot's rows in the order in which they fill up when sources find too little."""
        self._rest = rest
        self.shares, self.fresh = tuple(shares), fresh
        self.names = (*(one.source.name for one in self.shares), REST)
        self._pool, self._deadline_sec = pool, deadline_sec

    def build(self, query: FeedQuery, viewer: Viewer, models: Models, policy: Policy) -> CandidateSet:
        """At most `policy.candidates` reels the viewer has not seen. Blocks: call it off the event loop."""
        hidden = np.union1d(viewer.seen, viewer.served)
        more = min(len(hidden), OVERFETCH)
        quotas = self._quotas(models, policy)
        limits = [3 * quota + more if one.asked(policy) else 0 for one, quota in zip(self.shares, quotas, strict=True)]
        answers, failed = self._ask(query, viewer, models, policy, limits)
        answers = [rows[~in_sorted(models.keys[rows], hidden)] for rows in answers]
        found = union(answers, quotas, policy.candidates)
        if len(found.rows) < policy.candidates:
            missing = policy.candidates - len(found.rows)
            found = self.rest(found, models, missing, lambda rows: ~in_sorted(models.keys[rows], hidden))
        return CandidateSet(
            keys=models.keys[found.rows],
            found_by=found.found_by,
            sources=self.names,
            snapshot=models.version,
            built_at=query.now,
            failed=failed,
            newest=viewer.state.history[viewer.state.history_value > 0][-NEWEST_EVENTS:],
        )

    def at_request(
        self, cached: CandidateSet, query: FeedQuery, viewer: Viewer, models: Models, policy: Policy
    ) -> Found:
        """The cached set as rows, and what has happened since: neighbours of newly liked reels, the newest reels."""
        rows = models.rows_of(cached.keys)
        known = rows >= 0
        rows, bits = rows[known], cached.found_by[known]
        fresh = self.fresh.find(query, viewer, models, policy, 5 * FRESH_PLACES)
        answers = [(self._bit_of(self.fresh.name), _unseen(fresh, models, viewer)[:FRESH_PLACES])]
        since = _liked_since(viewer, cached.newest, models)
        if since is not None:
            for i, share in enumerate(self.shares):
                if share.at_request and share.asked(policy):
                    found = share.source.find(query, viewer if share.whole else since, models, policy, 60)
                    answers.append((i, _unseen(found, models, viewer)[:40]))
        return _added(rows, bits, answers)

    def rest(self, found: Found, models: Models, wanted: int, keep: Callable[[Rows], Mask]) -> Found:
        """The set with up to `wanted` further rows that pass `keep`, most popular first: for the end of a catalogue."""
        late, order, there = np.arange(models.base, models.n, dtype=np.int32), self._rest(models), np.sort(found.rows)
        more: list[Rows] = [late[:0]]
        chunks = (order[start : start + REST_CHUNK] for start in range(0, len(order), REST_CHUNK))
        for looked_at in chain([late], chunks):
            chunk = looked_at[models.active[looked_at] & ~in_sorted(looked_at, there)]
            more.append(chunk[keep(chunk)])
            if sum(map(len, more)) >= wanted:
                break
        added = np.concatenate(more)[:wanted]
        bits = np.full(len(added), 1 << (len(self.names) - 1), np.uint32)
        return replace(found, rows=np.concatenate([found.rows, added]), found_by=np.concatenate([found.found_by, bits]))

    def lists(self, query: FeedQuery, viewer: Viewer, models: Models, policy: Policy, depth: int) -> list[Rows]:
        """What each source has for the viewer, at most `depth` of each, nothing of a source the policy does not ask."""
        hidden = np.union1d(viewer.seen, viewer.served)
        more = depth + min(len(hidden), OVERFETCH)
        answers, _ = self._ask(query, viewer, models, policy, [more if one.asked(policy) else 0 for one in self.shares])
        return [rows[~in_sorted(models.keys[rows], hidden)][:depth] for rows in answers]

    def _quotas(self, models: Models, policy: Policy) -> list[int]:
        """Places of each source: as learnt where the policy's ranker is, else by the shares."""
        learnt = shares_of(models.snapshot) if policy.ranker == "learned" else {}
        if any(one.source.name not in learnt for one in self.shares):
            learnt = {}
        places = [learnt.get(one.source.name, one.of(policy)) if one.asked(policy) else 0.0 for one in self.shares]
        return [max(1, round(policy.candidates * one / sum(places))) for one in places]

    def _bit_of(self, name: str) -> int:
        return self.names.index(name) if name in self.names else len(self.names) - 1

    def _ask(
        self, query: FeedQuery, viewer: Viewer, models: Models, policy: Policy, limits: Sequence[int]
    ) -> tuple[list[Rows], tuple[str, ...]]:
        """What each source found, and the names of those that failed or came too late. A limit of 0: not asked."""
        jobs = [(one.source, limit) for one, limit in zip(self.shares, limits, strict=True)]
        asked = [i for i, limit in enumerate(limits) if limit > 0]
        answers: list[Rows] = [np.empty(0, np.int32)] * len(jobs)
        failed: list[str] = []

        def ask(i: int) -> None:
            source, limit = jobs[i]
            try:
                answers[i] = source.find(query, viewer, models, policy, limit)
            except Exception:  # one broken source must not cost the page: it is named in `degraded` and logged
                _log.exception("candidate source failed", source=source.name)
                failed.append(source.name)

        if self._pool is None:
            for i in asked:
                ask(i)
            return answers, tuple(failed)
        futures = {i: self._pool.submit(ask, i) for i in asked}
        _, late = wait(futures.values(), timeout=self._deadline_sec)
        too_late = [i for i, future in futures.items() if future in late]
        for i in too_late:
            futures[i].cancel()
        kept = [np.empty(0, np.int32) if i in too_late else rows for i, rows in enumerate(answers)]
        return kept, tuple(failed) + tuple(jobs[i][0].name for i in too_late)


def union(answers: Sequence[Rows], quotas: Sequence[int], limit: int) -> Found:
    """Rows of all answers in turns by quota: the k-th of a source with quota q stands at (k + 1/2) / q.

    So a source gets about its quota, those that found less leave their places to the others, and a cut costs each
    source its weakest.
    """
    if not answers or not sum(len(one) for one in answers):
        return Found(np.empty(0, np.int32), np.empty(0, np.uint32))
    rows = np.concatenate(answers)
    source = np.repeat(np.arange(len(answers)), [len(one) for one in answers])
    place = np.concatenate([(np.arange(len(one)) + 0.5) / q for one, q in zip(answers, quotas, strict=True)])
    order = np.lexsort((source, place))
    rows, source = rows[order], source[order]
    distinct, bits = first_met(rows, (1 << source).astype(np.uint32))
    return Found(distinct[:limit], bits[:limit])


def _unseen(rows: Rows, models: Models, viewer: Viewer) -> Rows:
    return rows[~in_either(models.keys, rows, viewer.seen, viewer.served)]


def _liked_since(viewer: Viewer, newest: Keys, models: Models) -> Viewer | None:
    """The viewer as if only the newest liked reels, those the cached set does not know, had been liked; None = none."""
    state = viewer.state
    known = frozenset(newest.tolist())
    liked = np.flatnonzero(state.history_value > 0)[-NEWEST_EVENTS:]
    liked = liked[[key not in known for key in state.history[liked].tolist()]]
    if not len(liked):
        return None
    only = replace(
        state,
        history=state.history[liked],
        history_at=state.history_at[liked],
        history_watched=state.history_watched[liked],
        history_value=state.history_value[liked],
        history_kinds=state.history_kinds[liked],
    )
    return replace(viewer, state=only, evidence=evidence_of(only, models))


def _added(rows: Rows, bits: NDArray[np.uint32], answers: Sequence[tuple[int, Rows]]) -> Found:
    """The rows with the answers behind them; who found a row again gets its bit set, too."""
    more = np.repeat(np.array([1 << i for i, _ in answers], np.uint32), [len(found) for _, found in answers])
    all_rows = np.concatenate([rows, *(found for _, found in answers)])
    return Found(*first_met(all_rows, np.concatenate([bits, more])))
