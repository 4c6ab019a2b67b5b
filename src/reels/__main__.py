"""`reels`: the command line. One file a command in `reels.cli`, gathered in `reels.cli.app`."""

import importlib
import sys

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape

from reels.core.errors import ConfigError, ReelsError
from reels.settings import Settings

LONG_LIVED = frozenset({"api", "worker", "ui"})
"""Processes that run for days load their own command only: the app's is then 200 MB smaller."""


def main() -> None:
    """Run the command line. Errors of ours are one clear line on stderr: exit 2 for a wrong set-up, else 1."""
    try:
        _app(sys.argv[1] if len(sys.argv) > 1 else "")()
    except ReelsError as error:
        _say(str(error))
        sys.exit(2 if isinstance(error, ConfigError) else 1)
    except ValidationError as error:
        if error.title != Settings.__name__:
            raise
        for one in error.errors():
            _say(f"REELS_{str(one['loc'][0]).upper()}: {one['msg']}, not {str(one['input'])[:60]!r}")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


def _app(command: str) -> typer.Typer:
    if command not in LONG_LIVED:
        from reels.cli.app import app

        return app
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    alone.command(command)(getattr(importlib.import_module(f"reels.cli.{command}"), command))
    alone.callback()(lambda: None)  # with a callback the command keeps its name
    return alone


def _say(what: str) -> None:
    Console(stderr=True, soft_wrap=True).print("[bold red]error:[/]", escape(what), highlight=False)


if __name__ == "__main__":
    main()
