"""Sessions `{_id, user_id, scopes, created_at, refreshed_at, expires_at, generation, revoked_at, until}`, and
revocations `{_id: "kind:what", kind, what, at, until}`. `until` is the date after which MongoDB removes the document.
"""

import datetime

from reels.core.types import Revocation, Session
from reels.stores.mongo.connect import Document, Mongo
from reels.stores.mongo.indexes import REVOCATIONS, SESSIONS
from reels.stores.mongo.plain import known_fields

_KEPT_LONGER_SEC = 86_400
"""An expired session is still known for a day: a late refresh is told that it has expired, not that it is unknown."""


class MongoSessions:
    """`SessionStore` in MongoDB."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._sessions = mongo.collection(SESSIONS)
        self._revocations = mongo.collection(REVOCATIONS)

    async def create(self, session: Session) -> None:
        with self._mongo.answering():
            await self._sessions.insert_one(to_document(session))

    async def get(self, session_id: str) -> Session | None:
        with self._mongo.answering():
            document = await self._sessions.find_one({"_id": session_id})
        return None if document is None else from_document(document)

    async def advance(self, session_id: str, generation: int, now: float, expires_at: float) -> bool:
        wanted = {"_id": session_id, "generation": generation, "revoked_at": None, "expires_at": {"$gt": now}}
        changes = {
            "generation": generation + 1,
            "refreshed_at": now,
            "expires_at": expires_at,
            "until": moment(expires_at + _KEPT_LONGER_SEC),
        }
        with self._mongo.answering():
            return (await self._sessions.update_one(wanted, {"$set": changes})).modified_count == 1

    async def revoke(self, session_id: str, now: float, kept_until: float) -> None:
        await self._tell(Revocation("session", session_id, now), kept_until)
        with self._mongo.answering():
            await self._sessions.update_one({"_id": session_id, "revoked_at": None}, {"$set": {"revoked_at": now}})

    async def revoke_all(self, subject: str, now: float, kept_until: float) -> int:
        await self._tell(Revocation("subject", subject, now), kept_until)
        with self._mongo.answering():
            wanted = {"user_id": subject, "revoked_at": None}
            return (await self._sessions.update_many(wanted, {"$set": {"revoked_at": now}})).modified_count

    async def revoked_since(self, at: float, now: float) -> list[Revocation]:
        wanted = {"at": {"$gte": at}, "until": {"$gt": moment(now)}}
        with self._mongo.answering():
            found = await self._revocations.find(wanted).sort([("at", 1), ("_id", 1)]).to_list()
        return [Revocation(one["kind"], one["what"], one["at"]) for one in found]

    async def _tell(self, revocation: Revocation, kept_until: float) -> None:
        """First of all, so that what half happened is still refused; the later moment stays."""
        name = f"{revocation.kind}:{revocation.what}"
        changes: Document = {
            "$setOnInsert": {"kind": revocation.kind, "what": revocation.what},
            "$max": {"at": revocation.at, "until": moment(kept_until)},
        }
        with self._mongo.answering():
            await self._revocations.update_one({"_id": name}, changes, upsert=True)


def moment(at: float) -> datetime.datetime:
    """Epoch s as BSON's date, by which MongoDB removes documents."""
    return datetime.datetime.fromtimestamp(at, datetime.UTC)


def to_document(session: Session) -> Document:
    """A session as stored."""
    return {
        "_id": session.session_id,
        "user_id": session.user_id,
        "scopes": list(session.scopes),
        "created_at": session.created_at,
        "refreshed_at": session.refreshed_at,
        "expires_at": session.expires_at,
        "generation": session.generation,
        "revoked_at": session.revoked_at,
        "until": moment(session.expires_at + _KEPT_LONGER_SEC),
    }


def from_document(document: Document) -> Session:
    """The session stored in a document."""
    values = known_fields(Session, document)
    return Session(**{**values, "session_id": document["_id"], "scopes": tuple(document["scopes"])})
