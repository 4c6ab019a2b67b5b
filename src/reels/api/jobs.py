"""Runs of jobs as they are answered."""

from reels.api.moments import iso
from reels.core.types import JobRun
from reels.schemas.admin import JobOut


def job_out(run: JobRun) -> JobOut:
    """One run."""
    return JobOut(
        run_id=run.run_id,
        job=run.job,
        started_at=iso(run.started_at),
        finished_at=None if run.finished_at is None else iso(run.finished_at),
        outcome=run.outcome,
        details=run.details,
    )
