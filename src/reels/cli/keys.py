"""`reels keys` and `reels token`: the secrets of a deployment, and tokens made with them."""

import time
from pathlib import Path
from typing import Annotated

import typer

from reels.api import key_files
from reels.api.tokens import Scope, Tokens
from reels.cli.console import out
from reels.core.errors import InputError
from reels.settings import Settings
from reels.wiring import signing_key

LONGEST_SEC = 30 * 86_400


def keys(directory: Annotated[Path, typer.Argument(help="Where to put them; made if it is not there.")]) -> None:
    """Make the key that signs tokens and the key of the pseudonyms. Keys that are there already stay."""
    signing, pseudonym = key_files.create(directory.resolve())
    out.print(f"export REELS_SIGNING_KEY_FILE={signing}\nexport REELS_PSEUDONYM_KEY_FILE={pseudonym}")


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
