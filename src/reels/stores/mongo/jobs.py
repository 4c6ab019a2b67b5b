"""Runs of the offline jobs: `{_id: run_id, job, started_at, finished_at, outcome, details}`.

A request for a run is a document with outcome `requested`; until it is taken, `started_at` is when it was asked for.
"""

from bson import ObjectId
from pymongo import ReturnDocument

from reels.core.types import JobRun
from reels.stores.mongo.connect import Document, Mongo
from reels.stores.mongo.indexes import JOBS
from reels.stores.mongo.plain import plain

REQUESTED = "requested"


class MongoJobs:
    """`JobStore` in MongoDB."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._jobs = mongo.collection(JOBS)

    async def save(self, run: JobRun) -> None:
        document = to_document(run)
        run_id = document.pop("_id")
        with self._mongo.answering():
            await self._jobs.update_one({"_id": run_id}, {"$set": document}, upsert=True)

    async def recent(self, limit: int) -> list[JobRun]:
        with self._mongo.answering():
            documents = await self._jobs.find().sort("started_at", -1).limit(limit).to_list()
        return [from_document(document) for document in documents]

    async def request(self, job: str, now: float, author: str) -> str:
        run = JobRun(f"{job}-{ObjectId()}", job, now, outcome=REQUESTED, details={"requested_by": author})
        await self.save(run)
        return run.run_id

    async def take_request(self, now: float) -> JobRun | None:
        with self._mongo.answering():
            document = await self._jobs.find_one_and_update(
                {"outcome": REQUESTED},
                {"$set": {"outcome": "running", "started_at": now}},
                sort=[("started_at", 1)],
                return_document=ReturnDocument.AFTER,
            )
        return None if document is None else from_document(document)


def to_document(run: JobRun) -> Document:
    """A run as stored."""
    return {
        "_id": run.run_id,
        "job": run.job,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "outcome": run.outcome,
        "details": plain(run.details),
    }


def from_document(document: Document) -> JobRun:
    """The run stored in a document."""
    return JobRun(
        run_id=document["_id"],
        job=document["job"],
        started_at=document["started_at"],
        finished_at=document.get("finished_at"),
        outcome=document.get("outcome", "running"),
        details=document.get("details", {}),
    )
