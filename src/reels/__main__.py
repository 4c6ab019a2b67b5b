"""`reels`: the command line. One file a command in `reels.cli`; this file only gathers them."""

import sys

from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape

from reels.cli.app import app
from reels.core.errors import ConfigError, ReelsError
from reels.settings import Settings


def main() -> None:
    """Run the command line. Errors of ours are one clear line on stderr: exit 2 for a wrong set-up, else 1."""
    try:
        app()
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


def _say(what: str) -> None:
    Console(stderr=True, soft_wrap=True).print("[bold red]error:[/]", escape(what), highlight=False)


if __name__ == "__main__":
    main()
