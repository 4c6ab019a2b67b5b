"""Each check of the machine tells good from bad."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from reels.api import key_files
from reels.settings import Settings
from reels.wiring.doctor import Finding, Level, machine


def settings(**given: Any) -> Settings:
    return Settings.model_validate(given)


def test_keys_that_are_there_and_closed_pass(tmp_path: Path) -> None:
    assert {finding.level for finding in secrets(tmp_path).values()} == {Level.OK}


def test_a_key_that_is_not_given_is_missing_or_is_no_key_fails(tmp_path: Path) -> None:
    (tmp_path / "short").write_bytes(b"x" * 31)
    found = machine.secrets(settings(pseudonym_key_file=tmp_path / "short"))
    assert [finding.level for finding in found] == [Level.FAIL, Level.FAIL]
    assert "reels keys" in found[0].advice
    assert "31 bytes" in found[1].found
    gone = machine.secrets(settings(signing_key_file=tmp_path / "gone", pseudonym_key_file=tmp_path / "short"))[0]
    assert gone.level is Level.FAIL


@pytest.mark.parametrize(
    "mode, level", [(0o400, Level.OK), (0o640, Level.OK), (0o660, Level.WARN), (0o644, Level.FAIL)]
)
def test_a_key_others_may_read_fails(tmp_path: Path, mode: int, level: Level) -> None:
    secrets(tmp_path)
    (tmp_path / "signing.pem").chmod(mode)
    assert secrets(tmp_path)["signing key"].level is level


def test_keys_beside_the_ones_in_use_are_looked_at_too(tmp_path: Path) -> None:
    secrets(tmp_path)
    following = key_files.add_next(tmp_path)
    assert secrets(tmp_path)["trusted keys"].found == f"1 in {tmp_path / 'trusted'}"
    following.chmod(0o644)
    assert secrets(tmp_path)["next signing key"].level is Level.FAIL
    following.with_name("other.pem").write_text("no key")
    assert "other.pem" in secrets(tmp_path)["trusted keys"].found
    (tmp_path / "short").write_bytes(b"x")
    older = {one.what: one for one in machine.secrets(settings(older_pseudonym_key_files=[tmp_path / "short"]))}
    assert older["older pseudonym key"].level is Level.FAIL


def test_files_with_store_addresses_are_secrets_too(tmp_path: Path) -> None:
    file = tmp_path / "mongo_url"
    file.write_text("mongodb://u:p@db/?replicaSet=rs0\n")
    file.chmod(0o644)
    found = {finding.what: finding for finding in machine.secrets(settings(mongo_url_file=file))}
    assert found["mongo url file"].level is Level.FAIL


@pytest.mark.parametrize("free, level", [(50, Level.OK), (9, Level.WARN), (2, Level.FAIL)])
def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, level: Level) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(100, 100 - free, free))
    assert machine.disk(settings(data_dir=tmp_path / "not" / "there" / "yet")).level is level


def test_the_demo_is_not_for_the_internet() -> None:
    assert machine.mode(settings(demo=True)).level is Level.FAIL
    assert machine.mode(settings(demo=False)).level is Level.OK


def test_of_the_demo_its_own_keys_are_looked_at(tmp_path: Path) -> None:
    missing = machine.secrets(settings(demo=True, data_dir=tmp_path))
    assert [finding.level for finding in missing] == [Level.FAIL, Level.FAIL]
    assert str(tmp_path / "keys") in missing[0].found
    assert "reels demo" in missing[0].advice
    key_files.create(tmp_path / "keys")
    assert {finding.level for finding in machine.secrets(settings(demo=True, data_dir=tmp_path))} == {Level.OK}


def secrets(directory: Path) -> dict[str, Finding]:
    signing, pseudonym = key_files.create(directory)
    given = settings(signing_key_file=signing, pseudonym_key_file=pseudonym)
    return {finding.what: finding for finding in machine.secrets(given)}
