"""`reels settings`: every setting, its value here and what it means."""

import json
import re
from typing import Annotated, Any

import typer
from rich.table import Table

from reels.cli.console import out
from reels.settings import Settings

_PASSWORD = re.compile(r"(://[^/@:]*:)[^/@]*@")
HEADER = """# Settings

Each setting is an environment variable. This page is written by `reels settings --markdown`; a test holds the two
together.

| variable | default | meaning |
|---|---|---|
"""


def settings(
    markdown: Annotated[bool, typer.Option(help="Print the page docs/settings.md, with the defaults.")] = False,
) -> None:
    """Show every setting: its value here, and what it means."""
    if markdown:
        typer.echo(page(), nl=False)
        return
    here = Settings()
    table = Table("variable", "value", "meaning", box=None, padding=(0, 2))
    for name, field in Settings.model_fields.items():
        table.add_row(variable(name), shown(getattr(here, name)), field.description)
    out.print(table)


def page() -> str:
    """docs/settings.md."""
    rows = []
    for name, field in Settings.model_fields.items():
        default = f"`{shown(field.default)}`" if shown(field.default) else ""
        rows.append(f"| `{variable(name)}` | {default} | {field.description} |\n")
    return HEADER + "".join(rows)


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return f"REELS_{name.upper()}"


def shown(value: Any) -> str:
    """A value as it is written in the environment, without a password; other secrets are files."""
    if value is None or value in ("", ()):
        return ""
    if isinstance(value, tuple):
        return json.dumps([str(one) for one in value])
    return str(value).lower() if isinstance(value, bool) else _PASSWORD.sub(r"\1***@", str(value))
