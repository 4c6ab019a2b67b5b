"""`reels admin`: administrators who sign in with a password (`POST /auth/admin`). Passwords are never arguments."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from typing import Annotated

import typer

from reels.api.passwords import hashed
from reels.api.pseudonyms import Pseudonyms
from reels.api.sessions import LONGEST_TOKEN_SEC
from reels.cli.console import out
from reels.core.errors import InputError
from reels.core.types import Admin
from reels.settings import Settings
from reels.wiring import Stores, open_stores, pseudonyms_of

app = typer.Typer(no_args_is_help=True, help="Administrators who sign in with a password.")
OPERATOR = "(operator)"
"""In the audit: whoever may run this command here."""
_NAME = re.compile(r"[a-z][a-z0-9.-]{1,31}")

Name = Annotated[str, typer.Argument(help="2 to 32 of a-z, 0-9, - and dot, a letter first.")]
PasswordFile = Annotated[
    typer.FileText | None, typer.Option(encoding="utf-8", help="File with the password; - for standard input.")
]


@app.command()
def create(name: Name, password_file: PasswordFile = None) -> None:
    """Make an administrator. The password is asked for, or read from a file."""
    if not _NAME.fullmatch(name):
        raise InputError(f"name {name[:40]!r}: 2 to 32 of a-z, 0-9, - and dot, a letter first, are expected")
    password_hash, now = hashed(_password(password_file)), time.time()

    async def create_in(stores: Stores) -> None:
        await stores.audit.add(OPERATOR, "admin_create", {"name": name}, now)
        if not await stores.admins.create(Admin(name, password_hash, now, now)):
            raise InputError(f"there is an administrator {name!r} already: `reels admin passwd {name}`")

    _in_stores(create_in)
    out.print(f"{name} may sign in")


@app.command()
def passwd(name: Name, password_file: PasswordFile = None) -> None:
    """Change a password. Tokens given until now are refused, failed sign-ins under this name forgotten."""
    password_hash, now = hashed(_password(password_file)), time.time()
    pseudonyms = pseudonyms_of(Settings())

    async def passwd_in(stores: Stores) -> None:
        await _known(stores, name)
        await stores.audit.add(OPERATOR, "admin_passwd", {"name": name}, now)
        await stores.admins.set_password(name, password_hash, now)
        await _revoke(stores, pseudonyms, name, now)

    _in_stores(passwd_in)
    out.print(f"{name} has a new password")


@app.command()
def disable(name: Name) -> None:
    """Let somebody in no more. Tokens given until now are refused within two seconds."""
    _switch(name, off=True)
    out.print(f"{name} may not sign in any more")


@app.command()
def enable(name: Name) -> None:
    """Let a disabled administrator in again."""
    _switch(name, off=False)
    out.print(f"{name} may sign in")


@app.command("list")
def everyone() -> None:
    """Who there is."""

    async def list_in(stores: Stores) -> None:
        for admin in await stores.admins.everyone():
            out.print(f"{admin.name}{'' if admin.disabled_at is None else '  disabled'}")

    _in_stores(list_in)


def _switch(name: str, *, off: bool) -> None:
    now, pseudonyms = time.time(), pseudonyms_of(Settings())

    async def switch_in(stores: Stores) -> None:
        await _known(stores, name)
        await stores.audit.add(OPERATOR, "admin_disable" if off else "admin_enable", {"name": name}, now)
        await stores.admins.set_disabled(name, now if off else None)
        await _revoke(stores, pseudonyms, name, now)

    _in_stores(switch_in)


async def _known(stores: Stores, name: str) -> None:
    if await stores.admins.get(name) is None:
        known = ", ".join(one.name for one in await stores.admins.everyone()) or "none"
        raise InputError(f"no administrator {name[:40]!r}; there are: {known}")


async def _revoke(stores: Stores, pseudonyms: Pseudonyms, name: str, now: float) -> None:
    await stores.sessions.revoke_all(name, now, now + LONGEST_TOKEN_SEC)
    await stores.admins.clear_failures([pseudonyms.of_name(name)])


def _password(file: typer.FileText | None) -> str:
    """From the file without its line's end, or typed twice."""
    if file is None:
        typed: str = typer.prompt("password", hide_input=True, confirmation_prompt=True, err=True)
        return typed
    return file.read().removesuffix("\n").removesuffix("\r")


def _in_stores(work: Callable[[Stores], Awaitable[None]]) -> None:
    async def run() -> None:
        async with open_stores(Settings()) as stores:
            await work(stores)

    asyncio.run(run())
