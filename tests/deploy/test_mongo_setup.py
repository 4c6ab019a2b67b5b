"""`deploy/secrets.sh`, `reels mongo-setup`, `deploy/valkey.conf`: new stores, under lock and key."""

import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure
from redis import Redis
from redis.exceptions import AuthenticationError, RedisError
from tests.deploy.behind_nginx import free_port
from tests.waiting import eventually
from typer.testing import CliRunner

from reels.cli.app import app
from reels.core.errors import ConfigError
from reels.stores.local import mongod, valkey
from reels.stores.mongo.setup import wanted_of

pytestmark = [pytest.mark.xdist_group("deploy"), pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def secrets(data_dir: Path) -> Path:
    """The secrets of a deployment whose stores are on two free ports of this machine."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not on PATH")
    make_secrets(data_dir, f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}")
    return data_dir / "secrets"


@pytest.fixture
def locked_mongod(data_dir: Path, secrets: Path) -> Iterator[str]:
    """A new mongod as compose.yaml starts it: replica set, key file, no user yet."""
    where = address(secrets / "mongo_url")
    program = mongod.find(mongod.MongoOptions(kind="mongod"), data_dir)
    files = data_dir / "db"
    files.mkdir()
    options = ["--replSet", "rs0", "--keyFile", str(secrets / "mongo.key"), "--bind_ip", "127.0.0.1", "--port"]
    command = [*program.command, *options, where.split(":")[1], "--dbpath", str(files), "--nounixsocket"]
    process = subprocess.Popen([*command, "--wiredTigerCacheSizeGB", "0.25"], stdout=subprocess.DEVNULL)
    yield where
    process.kill()
    process.wait(20)


def test_a_new_mongod_becomes_the_one_the_settings_speak_of(
    locked_mongod: str, secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REELS_MONGO_URL_FILE", str(secrets / "mongo_url"))
    first = set_up(secrets)
    assert f"replica set rs0 made of {locked_mongod}" in first
    assert "administrator admin made" in first
    assert "user reels made" in first
    again = set_up(secrets)
    assert "user reels has the password of the address" in again
    assert "made of" not in again

    url = (secrets / "mongo_url").read_text().strip()
    with MongoClient[dict[str, int]](url) as client:
        client["reels"]["things"].insert_one({"n": 1})
        assert client["reels"]["things"].count_documents({}) == 1
        assert client.admin.command("replSetGetStatus")["set"] == "rs0"
        with pytest.raises(OperationFailure, match="not authorized"):
            client["other"]["things"].insert_one({"n": 1})
    with (
        MongoClient[dict[str, int]](f"mongodb://{locked_mongod}/?replicaSet=rs0") as stranger,
        pytest.raises(OperationFailure, match="requires authentication"),
    ):
        stranger["reels"]["things"].count_documents({})

    changed = url.replace(url.split(":")[2].split("@")[0], "another-password")
    monkeypatch.setenv("REELS_MONGO_URL", changed)
    set_up(secrets)
    with MongoClient[dict[str, int]](changed) as client:
        assert client["reels"]["things"].count_documents({}) == 1


@pytest.mark.parametrize("url", ["mongodb://db:27017/?replicaSet=rs0", "mongodb://u:p@db:27017/", "http://db"])
def test_an_address_that_says_too_little_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="REELS_MONGO_URL"):
        wanted_of(url, "reels")


def test_valkey_runs_with_its_deployed_configuration_and_wants_the_password(data_dir: Path, secrets: Path) -> None:
    url = (secrets / "redis_url").read_text().strip()
    text = (ROOT / "deploy" / "valkey.conf").read_text()
    assert "include /run/secrets/redis_conf" in text
    configuration = data_dir / "valkey.conf"
    configuration.write_text(text.replace("/run/secrets/redis_conf", str(secrets / "redis.conf")))
    program = valkey.find(valkey.ValkeyOptions(search_path=""))
    port = address(secrets / "redis_url").split(":")[1]
    with subprocess.Popen([program, str(configuration), "--port", port, "--bind", "127.0.0.1"]) as process:
        try:
            eventually(lambda: answers(url))
            with Redis.from_url(url) as client, Redis(port=int(port)) as stranger:
                assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "allkeys-lru"}
                assert client.config_get("save") == {"save": ""}
                with pytest.raises(AuthenticationError):
                    stranger.get("anything")
        finally:
            process.terminate()


def test_secrets_are_made_once_and_are_nobody_elses_to_read(data_dir: Path, secrets: Path) -> None:
    before = {path.name: path.read_bytes() for path in secrets.iterdir() if path.is_file()}
    assert {"signing.pem", "pseudonym.key", "mongo_url", "redis_url", "mongo.key", "redis.conf"} <= set(before)
    for path in secrets.iterdir():
        if path.is_file():
            assert stat.S_IMODE(path.stat().st_mode) == 0o400, path
    make_secrets(data_dir, "elsewhere:1", "elsewhere:2")
    assert {path.name: path.read_bytes() for path in secrets.iterdir() if path.is_file()} == before


def make_secrets(directory: Path, mongo: str, redis: str) -> None:
    mine = str(os.getuid())
    owners = {"REELS_UID": mine, "MONGO_UID": mine, "REDIS_UID": mine}
    script = [str(ROOT / "deploy" / "secrets.sh"), str(directory / "secrets"), mongo, redis]
    done = subprocess.run(script, env={**os.environ, **owners}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def set_up(secrets: Path) -> str:
    told = CliRunner().invoke(app, ["mongo-setup", "--admin-password-file", str(secrets / "mongo_root_password")])
    assert told.exit_code == 0, told.output + repr(told.exception)
    return told.output


def address(file: Path) -> str:
    """host:port of a URL in a file."""
    return file.read_text().split("@")[1].split("/")[0].strip()


def answers(url: str) -> bool:
    try:
        with Redis.from_url(url, retry=None) as client:
            return bool(client.ping())
    except RedisError:
        return False
