"""Makes a new MongoDB what an address says: a replica set with the address' user, who may use one database."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError
from pymongo.uri_parser import parse_uri

from reels.core.errors import ConfigError, StoreUnavailable
from reels.stores.mongo.connect import STORE, translated

Client = MongoClient[dict[str, Any]]

_AUTHENTICATION_FAILED, _USER_EXISTS = 18, 51003
_LOOK_EVERY_SEC = 0.1


@dataclass(frozen=True, slots=True)
class Wanted:
    """What should be there."""

    hosts: tuple[str, ...]
    set_name: str
    user: str
    password: str
    database: str


def wanted_of(url: str, database: str) -> Wanted:
    """What an address presumes. ConfigError where it names no replica set or no user."""
    try:
        told = parse_uri(url, validate=True, warn=False)
    except PyMongoError as error:
        raise ConfigError(f"REELS_MONGO_URL is no address of a MongoDB: {error}") from None
    options = {name.lower(): value for name, value in told["options"].items()}
    if not (set_name := options.get("replicaset")) or not told["username"]:
        raise ConfigError("REELS_MONGO_URL should be like mongodb://USER:PASSWORD@HOST:27017/?replicaSet=rs0")
    hosts = tuple(f"{host}:{port}" for host, port in told["nodelist"])
    return Wanted(hosts, set_name, told["username"], told["password"] or "", database)


def set_up(
    wanted: Wanted,
    admin: str,
    admin_password: str,
    at: str = "",
    wait_sec: float = 60.0,
    timer: Callable[[], float] = time.monotonic,
) -> list[str]:
    """Make the replica set, the administrator and the user, as far as they are missing; what was done.

    Asks the server at `at` (default: the first host). A new mongod with access control lets somebody on its own
    machine make the first user; elsewhere the administrator must be there already. Raises StoreError.
    """
    where = at or wanted.hosts[0]
    done = []
    try:
        with _client(where, admin, admin_password) as client:
            known = _signed_in(client)
            if known:
                done += _replica_set(client, wanted, wait_sec, timer)
                done += _user(client, wanted)
        if not known:
            with _client(where) as client:
                done += _replica_set(client, wanted, wait_sec, timer)
                client.admin.command("createUser", admin, pwd=admin_password, roles=["root"])
                done.append(f"administrator {admin} made")
            with _client(where, admin, admin_password) as client:
                done += _user(client, wanted)
    except PyMongoError as error:
        raise translated(error) from error
    return done


def _client(where: str, user: str = "", password: str = "") -> Client:
    credentials: dict[str, Any] = {"username": user, "password": password, "authSource": "admin"} if user else {}
    return MongoClient(f"mongodb://{where}", directConnection=True, serverSelectionTimeoutMS=30_000, **credentials)


def _signed_in(client: Client) -> bool:
    try:
        client.admin.command("ping")
    except OperationFailure as error:
        if error.code != _AUTHENTICATION_FAILED:
            raise
        return False
    return True


def _replica_set(client: Client, wanted: Wanted, wait_sec: float, timer: Callable[[], float]) -> list[str]:
    done = []
    if not client.admin.command("hello").get("setName"):
        members = [{"_id": number, "host": host} for number, host in enumerate(wanted.hosts)]
        client.admin.command("replSetInitiate", {"_id": wanted.set_name, "members": members})
        done.append(f"replica set {wanted.set_name} made of {', '.join(wanted.hosts)}")
    until = timer() + wait_sec
    while not client.admin.command("hello").get("isWritablePrimary"):
        if timer() > until:
            raise StoreUnavailable(STORE, f"no primary here within {wait_sec:g} s; ask the set's primary with --at")
        time.sleep(_LOOK_EVERY_SEC)
    return done


def _user(client: Client, wanted: Wanted) -> list[str]:
    """The user may read and write its database, and see how the replica set is."""
    given: dict[str, Any] = {
        "pwd": wanted.password,
        "roles": [{"role": "readWrite", "db": wanted.database}, {"role": "clusterMonitor", "db": "admin"}],
    }
    try:
        client.admin.command("createUser", wanted.user, **given)
    except OperationFailure as error:
        if error.code != _USER_EXISTS:
            raise
        client.admin.command("updateUser", wanted.user, **given)
        return [f"user {wanted.user} has the password of the address"]
    return [f"user {wanted.user} made"]
