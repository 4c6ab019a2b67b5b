"""What `reels doctor` wants to know of a MongoDB, asked without changing anything."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from pymongo.errors import OperationFailure

from reels.stores.mongo.connect import Document, Mongo
from reels.stores.mongo.indexes import INTERACTIONS, indexes

MANY = 10_000
"""Counting stops here."""


@dataclass(frozen=True, slots=True)
class MongoFacts:
    """One MongoDB at one moment."""

    version: str
    set_name: str
    """"" = no replica set."""
    members: dict[str, str] = field(default_factory=dict)
    """Each member's state; empty = this user may not ask."""
    default_write_concern: Document | None = None
    """What the cluster was told to use where nothing is asked for; {} = its own default; None = may not ask."""
    clock_ahead: float = 0.0
    """Its time less ours, s."""
    missing_indexes: tuple[str, ...] = ()
    unreacted: int = 0
    """Events that are older than they should be without having acted; at most MANY."""


async def inspect(
    mongo: Mongo, feeds_kept_days: int, unreacted_before: float, clock: Callable[[], float]
) -> MongoFacts:
    """Ask for all of it. StoreUnavailable when it does not answer, StoreError when it refuses."""
    with mongo.answering(timeout_sec=10.0):
        build = await mongo.database.command("buildInfo")
        hello = await mongo.database.command("hello")
        now: datetime = hello["localTime"]
        ahead = now.timestamp() - clock()
        return MongoFacts(
            version=str(build["version"]),
            set_name=str(hello.get("setName", "")),
            members=await _members(mongo),
            default_write_concern=await _default_write_concern(mongo),
            clock_ahead=ahead,
            missing_indexes=await _missing(mongo, feeds_kept_days),
            unreacted=await _unreacted(mongo, unreacted_before),
        )


async def _admin(mongo: Mongo, command: str) -> Document | None:
    """The answer of an admin command; None where this user may not give it or the server has none of it."""
    try:
        return dict(await mongo.database.client.admin.command(command))
    except OperationFailure:
        return None


async def _members(mongo: Mongo) -> dict[str, str]:
    told = await _admin(mongo, "replSetGetStatus")
    return {str(one["name"]): str(one["stateStr"]) for one in (told or {}).get("members", ())}


async def _default_write_concern(mongo: Mongo) -> Document | None:
    told = await _admin(mongo, "getDefaultRWConcern")
    return None if told is None else dict(told.get("defaultWriteConcern", {}))


async def _missing(mongo: Mongo, feeds_kept_days: int) -> tuple[str, ...]:
    there: dict[str, set[str]] = {}
    missing = []
    for index in indexes(feeds_kept_days):
        if index.collection not in there:
            there[index.collection] = set(await mongo.collection(index.collection).index_information())
        if index.name not in there[index.collection]:
            missing.append(f"{index.collection}.{index.name}")
    return tuple(missing)


async def _unreacted(mongo: Mongo, before: float) -> int:
    query = {"unreacted": True, "received_at": {"$lt": before}}
    return await mongo.collection(INTERACTIONS).count_documents(query, limit=MANY)
