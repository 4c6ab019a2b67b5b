"""`reels doctor`: looks at a deployment and says what to do."""

import asyncio
import json
import time
from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from reels.cli.console import out
from reels.core.errors import ConfigError
from reels.settings import Settings
from reels.wiring.doctor import TOPICS, Finding, Level, examine

_STYLE = {Level.OK: "green", Level.WARN: "yellow", Level.FAIL: "bold red"}


def doctor(
    only: Annotated[list[str] | None, typer.Option(help=f"Look at these only: {', '.join(TOPICS)}.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a finding.")] = False,
) -> None:
    """Check a deployment: stores, indexes, clocks, keys, disk, snapshot, worker. Exit code 1 when something fails."""
    if unknown := [topic for topic in only or () if topic not in TOPICS]:
        raise ConfigError(f"--only {unknown[0]!r}: there are {', '.join(TOPICS)}")
    findings = asyncio.run(examine(Settings(), time.time, only or TOPICS))
    if as_json:
        for finding in findings:
            typer.echo(json.dumps(asdict(finding)))
    else:
        _show(findings)
    if any(finding.level is Level.FAIL for finding in findings):
        raise typer.Exit(1)


def _show(findings: list[Finding]) -> None:
    table = Table("", "checked", "found", "what to do", box=None, padding=(0, 2))
    for one in findings:
        table.add_row(f"[{_STYLE[one.level]}]{one.level}[/]", one.what, one.found, one.advice)
    out.print(table)
    counts = {level: sum(one.level is level for one in findings) for level in Level}
    out.print(", ".join(f"{count} {level}" for level, count in counts.items()))
