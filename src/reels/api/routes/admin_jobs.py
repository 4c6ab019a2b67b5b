"""POST /admin/jobs/{name}, GET /admin/jobs."""

from typing import Annotated

from fastapi import APIRouter, Query

from reels.api.audit import REFUSALS, Audit, admin_router, audited
from reels.api.jobs import job_out
from reels.api.problems import UnknownJob
from reels.api.services import Services
from reels.schemas.admin import JobRequested, JobsOut
from reels.schemas.problem import problems


def routes(services: Services) -> APIRouter:
    """Offline jobs: ask for one, see how they went."""
    router, stores = admin_router(services), services.stores

    @router.get("/jobs", responses=problems(*REFUSALS, 422), summary="Runs of jobs", operation_id="get_admin_jobs")
    async def jobs(limit: Annotated[int, Query(ge=1, le=200)] = 50) -> JobsOut:
        """Newest first, and the names there are."""
        runs = await stores.jobs.recent(limit)
        return JobsOut(jobs=list(services.job_names), runs=[job_out(run) for run in runs])

    @router.post(
        "/jobs/{name}", status_code=202, responses=problems(*REFUSALS, 404), summary="Ask for a job",
        operation_id="post_admin_job",
    )  # fmt: skip
    async def request(name: str, audit: Annotated[Audit, audited(services)]) -> JobRequested:
        """The worker takes it as soon as it is free."""
        if name not in services.job_names:
            raise UnknownJob(f"no job {name[:64]!r}; there are " + ", ".join(services.job_names))
        await audit.note("job", job=name)
        run_id = await stores.jobs.request(name, services.clock(), audit.who)
        return JobRequested(run_id=run_id, job=name)

    return router
