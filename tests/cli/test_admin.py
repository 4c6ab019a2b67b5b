"""`reels admin`: what it leaves behind, seen through the API's own sign-in."""

import asyncio
from pathlib import Path
from uuid import uuid4

import pytest
from typer.testing import CliRunner, Result

from reels.api import key_files
from reels.api.passwords import Passwords
from reels.cli.app import app
from reels.core.errors import BadRequest, InputError
from reels.settings import Settings
from reels.wiring import Stores, open_stores

PASSWORD = "correct horse battery staple"
OTHER = "another long password"


@pytest.fixture(autouse=True)
def deployment(mongo_url: str, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty database, and keys."""
    signing, pseudonym = key_files.create(tmp_path / "keys")
    values = {
        "REELS_DATA_DIR": tmp_path, "REELS_MONGO_URL": mongo_url, "REELS_REDIS_URL": redis_url,
        "REELS_MONGO_DATABASE": f"test_{uuid4().hex}", "REELS_SIGNING_KEY_FILE": signing,
        "REELS_PSEUDONYM_KEY_FILE": pseudonym,
    }  # fmt: skip
    for name, value in values.items():
        monkeypatch.setenv(name, str(value))
    return tmp_path


def run(*words: str, typed: str | None = None) -> Result:
    result = CliRunner().invoke(app, ["admin", *words], input=typed)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result


def password_file(folder: Path, password: str) -> str:
    path = folder / "password"
    path.write_text(f"{password}\n")
    return str(path)


def seen(name: str, password: str) -> tuple[bool, bool, list[str]]:
    """Whether the password is right, whether the administrator is disabled, and the audit."""

    async def look(stores: Stores) -> tuple[bool, bool, list[str]]:
        admin = await stores.admins.get(name)
        assert admin is not None
        right = await Passwords().right(admin.password_hash, password)
        entries = await stores.audit.recent(20)
        return right, admin.disabled_at is not None, [f"{one['who']} {one['action']}" for one in entries]

    async def opened() -> tuple[bool, bool, list[str]]:
        async with open_stores(Settings()) as stores:
            return await look(stores)

    return asyncio.run(opened())


def test_an_administrators_life(deployment: Path) -> None:
    run("create", "ana", "--password-file", password_file(deployment, PASSWORD))
    assert seen("ana", PASSWORD) == (True, False, ["(operator) admin_create"])
    run("passwd", "ana", typed=f"{OTHER}\n{OTHER}\n")
    assert not seen("ana", PASSWORD)[0]
    run("disable", "ana")
    assert run("list").stdout.strip() == "ana  disabled"
    assert seen("ana", OTHER)[:2] == (True, True)
    run("enable", "ana")
    done = [f"(operator) admin_{what}" for what in ("enable", "disable", "passwd", "create")]
    assert seen("ana", OTHER) == (True, False, done)


def test_the_password_may_come_from_standard_input_and_is_not_shown(deployment: Path) -> None:
    shown = run("create", "ana", "--password-file", "-", typed=f"{PASSWORD}\n")
    assert PASSWORD not in shown.output
    assert seen("ana", PASSWORD)[0]


def test_what_can_not_be_is_refused(deployment: Path) -> None:
    file = password_file(deployment, PASSWORD)
    for name in ("a", "Ana", "u_viewer", "a b", "x" * 33):
        with pytest.raises(InputError, match="name"):
            run("create", name, "--password-file", file)
    with pytest.raises(BadRequest, match="12 to 256"):
        run("create", "ana", "--password-file", password_file(deployment, "short"))
    run("create", "ana", "--password-file", password_file(deployment, PASSWORD))
    with pytest.raises(InputError, match="already"):
        run("create", "ana", "--password-file", password_file(deployment, PASSWORD))
    for words in (["passwd", "ben", "--password-file", file], ["disable", "ben"], ["enable", "ben"]):
        with pytest.raises(InputError, match="there are: ana"):
            run(*words)


def test_a_password_is_no_argument() -> None:
    assert CliRunner().invoke(app, ["admin", "create", "ana", PASSWORD]).exit_code == 2
    assert CliRunner().invoke(app, ["admin", "create", "ana", "--password", PASSWORD]).exit_code == 2
