"""`reels keys` and `reels token`: the secrets of a deployment, and tokens made with them."""

import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from reels.api import key_files
from reels.api.sessions import LONGEST_TOKEN_SEC
from reels.api.tokens import Scope, Tokens, key_id
from reels.cli.console import out
from reels.core.errors import InputError
from reels.settings import Settings
from reels.wiring import signing_key

LONGEST_SEC = int(LONGEST_TOKEN_SEC)


class Step(StrEnum):
    """One step of changing the signing key."""

    NEXT = "next"
    SWITCH = "switch"
    RETIRE = "retire"


def keys(
    directory: Annotated[Path, typer.Argument(help="Where they are; made if it is not there.")],
    step: Annotated[
        Step | None, typer.Option(help="Change the signing key: next, switch, retire. See docs/operations.md.")
    ] = None,
) -> None:
    """Make the key that signs tokens and the key of the pseudonyms (those that are there stay); or change the first."""
    directory = directory.resolve()
    if step is None:
        signing, pseudonym = key_files.create(directory)
        out.print(f"export REELS_SIGNING_KEY_FILE={signing}\nexport REELS_PSEUDONYM_KEY_FILE={pseudonym}")
    elif step is Step.NEXT:
        out.print(f"{key_files.add_next(directory)} will sign next: restart the API workers, then --step switch")
    elif step is Step.SWITCH:
        out.print(f"the next key signs; {key_files.switch(directory, key_id)} still counts: restart the API workers")
    else:
        gone = key_files.retire(directory, time.time() - Settings().refresh_token_sec)
        out.print(
            "\n".join(f"{path.name} no longer counts" for path in gone) or "no key has been out of use long enough"
        )


def token(
    user_id: Annotated[str, typer.Argument(help="Whose token: a viewer's id, or a name for an administrator.")],
    scope: Annotated[list[Scope] | None, typer.Option(help="What it may do; may be given more than once.")] = None,
    life_sec: Annotated[int, typer.Option(min=60, max=LONGEST_SEC, help="How long it is good for.")] = 3600,
) -> None:
    """Print an access token."""
    if not user_id.isprintable() or user_id != user_id.strip() or not 0 < len(user_id) <= 64:
        raise InputError(f"user id {user_id[:64]!r}: 1 to 64 printable characters without blanks around are expected")
    tokens = Tokens(signing_key(Settings()))
    typer.echo(tokens.mint(user_id, scope or [Scope.VIEWER], time.time(), life_sec))
