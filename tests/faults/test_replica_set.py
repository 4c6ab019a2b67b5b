"""Three MongoDB members: one of them, the primary, goes, and nobody waits for it to come back."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import PyMongoError
from tests.deploy.behind_nginx import free_port
from tests.faults.conftest import Suffer
from tests.faults.served import Served, system
from tests.faults.strictness import AT_ONCE
from tests.waiting import eventually

from reels.stores.local import Child, MongoOptions
from reels.stores.local.mongod import find
from reels.stores.local.ports import accepts

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

NAME = "three"
ELECTION_MS = 2000
"""MongoDB's own is 10 s: the time until the others take a primary for gone."""


@dataclass(frozen=True)
class Members:
    """A running replica set."""

    children: dict[int, Child]
    url: str

    def primary(self) -> Child | None:
        """The member that takes writes, as any living one sees it."""
        for port, child in self.children.items():
            if child.running and says(port).get("isWritablePrimary"):
                return child
        return None


@pytest.fixture(scope="module")
def members() -> Iterator[Members]:
    with tempfile.TemporaryDirectory(prefix="members-") as made, ExitStack() as stack:
        ports = [free_port() for _ in range(3)]
        children = {port: member(Path(made), port) for port in ports}
        for child in children.values():
            stack.callback(child.stop)
            child.start()
        hosts = [f"127.0.0.1:{port}" for port in ports]
        config = {
            "_id": NAME,
            "members": [{"_id": number, "host": host} for number, host in enumerate(hosts)],
            "settings": {"electionTimeoutMillis": ELECTION_MS, "heartbeatIntervalMillis": 500},
        }
        with MongoClient[dict[str, Any]](hosts[0], directConnection=True) as client:
            client.admin.command("replSetInitiate", config)
        started = Members(children, f"mongodb://{','.join(hosts)}/?replicaSet={NAME}")
        eventually(started.primary, 120)
        yield started


def member(directory: Path, port: int) -> Child:
    files = directory / str(port)
    files.mkdir()
    program = find(MongoOptions(kind="mongod"), directory)
    where = ["--bind_ip", "127.0.0.1", "--port", str(port), "--nounixsocket", "--dbpath", str(files)]
    small = ["--oplogSize", "64", "--wiredTigerCacheSizeGB", "0.25"]
    quiet = ["--setParameter", "diagnosticDataCollectionEnabled=false"]
    argv = [*program.command, "--replSet", NAME, *where, *small, *quiet]
    return Child(f"mongod-{port}", argv, log=directory / f"{port}.log", ready=lambda _: accepts(port))


def says(port: int) -> dict[str, Any]:
    """A member's `hello`, nothing where it does not answer."""
    try:
        url = f"mongodb://127.0.0.1:{port}/?directConnection=true"
        with MongoClient[dict[str, Any]](url, serverSelectionTimeoutMS=1000, socketTimeoutMS=1000) as client:
            return client.admin.command("hello")
    except PyMongoError:
        return {}


@pytest.fixture(scope="module")
def on_three(members: Members) -> Iterator[Served]:
    with tempfile.TemporaryDirectory(prefix="faults-") as made, system(Path(made), mongo_url=members.url) as started:
        yield started


@pytest.mark.parametrize(
    ("how", "take", "give_back"),
    [("kill -9", Child.kill, Child.start), ("SIGSTOP", Child.pause, Child.resume)],
)
def test_the_primary_goes(
    members: Members,
    on_three: Served,
    suffer: Suffer,
    how: str,
    take: Callable[[Child], None],
    give_back: Callable[[Child], None],
) -> None:
    """All is well again while it is still away; it comes back at the end, so that the next test has three."""
    primary = eventually(members.primary, 120)
    assert primary is not None

    @contextmanager
    def gone() -> Iterator[None]:
        take(primary)
        yield

    try:
        outcome = suffer(f"primary of three MongoDB members, {how}", on_three, gone(), lasts_sec=0.0)
    finally:
        give_back(primary)
    assert outcome.whole_at_once >= AT_ONCE
