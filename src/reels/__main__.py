"""`reels`: the command line. One file a command in `reels.cli`; this file only gathers them."""

import sys

from rich.console import Console

from reels.cli.app import app
from reels.core.errors import ConfigError, ReelsError


def main() -> None:
    """Run the command line. Errors of ours are one clear line on stderr: exit 2 for a wrong set-up, else 1."""
    try:
        app()
    except ReelsError as error:
        Console(stderr=True, soft_wrap=True).print(f"[bold red]error:[/] {error}", highlight=False)
        sys.exit(2 if isinstance(error, ConfigError) else 1)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
