"""`reels mongo-setup`: a new MongoDB becomes the one the settings speak of."""

from pathlib import Path
from typing import Annotated

import typer

from reels.cli.console import out
from reels.core.errors import ConfigError
from reels.settings import Settings
from reels.stores.mongo.setup import set_up, wanted_of


def mongo_setup(
    admin_password_file: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="File with the administrator's password.")
    ],
    admin: Annotated[str, typer.Option(help="The administrator's name.")] = "admin",
    at: Annotated[str, typer.Option(help="host:port of the server to ask; default: the first of the URL.")] = "",
) -> None:
    """Make the replica set and the user that REELS_MONGO_URL presumes. May be run again; changes a changed password."""
    settings = Settings()
    password = admin_password_file.read_text(encoding="utf-8").strip()
    if not password:
        raise ConfigError(f"{admin_password_file}: the file is empty")
    done = set_up(wanted_of(settings.mongo_url, settings.mongo_database), admin, password, at)
    for line in done:
        out.print(line)
