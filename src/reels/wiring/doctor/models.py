"""Checks of what the worker makes: the snapshot, the trending counts, its runs."""

from collections.abc import Sequence

from reels.core import signals
from reels.core.errors import BadSnapshot, ModelError, NoSnapshot
from reels.core.types import JobRun
from reels.learning.ranker import unavailable
from reels.learning.shelf import Shelf
from reels.recommender.ranker.learned import selection
from reels.recommender.ranker.trees import trees_of
from reels.settings import Settings
from reels.wiring.doctor.finding import Finding, fail, ok, warn

LATE_WARN, LATE_FAIL = 3, 24
"""How many times its interval a thing may be old."""
TRENDING_WARN, TRENDING_FAIL = 4, 20


def snapshot(shelf: Shelf, settings: Settings, now: float) -> Finding:
    """One is in use, its files are what the manifest says, and it is not old."""
    what = "snapshot"
    try:
        manifest = shelf.open_current(verify=True).manifest
    except NoSnapshot:
        return warn(
            what, "none", "run `reels jobs run` once, or wait for the worker: until then the feed is popularity"
        )
    except BadSnapshot as error:
        return fail(what, str(error), "`reels jobs rollback`, or `reels jobs run` for a new one")
    age = now - manifest.created_at
    found = f"{manifest.version}, {age / 3600:.1f} h old, {manifest.rows} reels"
    advice = "see the worker's log and `GET /admin/jobs` for why no newer one came"
    if age > LATE_FAIL * settings.train_every_sec:
        return fail(what, found, advice)
    return warn(what, found, advice) if age > LATE_WARN * settings.train_every_sec else ok(what, found)


def ranker(shelf: Shelf, settings: Settings) -> Finding:
    """Whether a learned ranker can be trained here, and whether the snapshot in use has one this program can walk."""
    what = "learned ranker"
    if not settings.ranker_viewers:
        return ok(what, "switched off (REELS_RANKER_VIEWERS=0)")
    if why := unavailable():
        return warn(what, why, "install what is missing; until then a learned policy is served by the blend")
    try:
        trees = trees_of(shelf.open_current())
    except ModelError:
        return ok(what, "can be trained; no snapshot yet")
    if trees is None:
        return ok(what, "can be trained; the snapshot in use has none")
    if selection(trees.columns) is None:
        return warn(what, "trained on features this program does not have", "`reels jobs run ranker snapshot`")
    return ok(what, f"{len(trees.roots)} trees on {len(trees.columns)} features")


def worker(packed: bytes | None, settings: Settings, now: float) -> Finding:
    """The worker counts what is trending every few seconds: when it did last tells whether it lives."""
    what, advice = "worker", "start `reels worker`; exactly one must run"
    if packed is None:
        return fail(what, "has counted nothing trending yet, or Redis was emptied", advice)
    age = now - signals.unpack(packed).computed_at
    found = f"at work {age:.0f} s ago"
    if age > TRENDING_FAIL * settings.trending_every_sec:
        return fail(what, found, advice)
    return warn(what, found, advice) if age > TRENDING_WARN * settings.trending_every_sec else ok(what, found)


def last_runs(runs: Sequence[JobRun]) -> Finding:
    """The newest run of each job did not fail."""
    what, newest = "jobs", dict[str, JobRun]()
    for run in sorted(runs, key=lambda run: run.started_at):
        newest[run.job] = run
    failed = [f"{run.job}: {run.details.get('error', 'no reason given')}" for run in newest.values() if _failed(run)]
    if failed:
        return warn(what, "; ".join(failed), "`reels jobs run JOB` shows it again; the snapshot in use stays in use")
    return ok(what, f"{len(newest)} jobs, the newest run of none failed")


def _failed(run: JobRun) -> bool:
    return run.outcome == "failed"
