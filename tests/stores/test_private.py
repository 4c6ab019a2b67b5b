"""Which stores a command talks to."""

import json
from pathlib import Path

import pymongo

from reels.stores.private import ADDRESSES, Addresses, addresses


def test_given_addresses_are_used_as_they_are(tmp_path: Path) -> None:
    with addresses(tmp_path, "mongodb://db", "redis://cache") as found:
        assert found == Addresses("mongodb://db", "redis://cache")
    assert list(tmp_path.iterdir()) == []


def test_a_second_command_uses_the_stores_the_first_one_started(data_dir: Path) -> None:
    with addresses(data_dir, "", "") as first:
        with addresses(data_dir, "", "") as second:
            assert second == first
        with pymongo.MongoClient[dict[str, object]](first.mongo_url) as client:  # the second did not stop them
            assert client.admin.command("ping")["ok"] == 1
    assert not (data_dir / ADDRESSES).exists()


def test_addresses_left_by_a_killed_program_are_not_believed(data_dir: Path) -> None:
    (data_dir / "lock").touch()
    (data_dir / ADDRESSES).write_text(json.dumps({"mongo_url": "mongodb://gone", "redis_url": "redis://gone"}))
    with addresses(data_dir, "", "") as found:
        assert found.mongo_url != "mongodb://gone"
