"""docs/operations.md speaks of commands, files and metrics that exist; the units likewise."""

import re
from pathlib import Path

import pytest
import typer.main

from reels.api.metrics import Metrics
from reels.cli.app import app
from reels.settings import Settings
from reels.telemetry.job_metrics import JobMetrics

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "operations.md").read_text()
COMMANDS = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))


def test_its_commands_exist() -> None:
    named = set(re.findall(r"(?:/opt/reels/bin/reels|`reels|exec \w+ reels) ([a-z-]+)", TEXT))
    assert {"doctor", "mongo-setup", "import", "jobs"} <= named <= COMMANDS


def test_its_files_exist() -> None:
    for path in set(re.findall(r"\b(?:deploy|tests)/[\w./-]*\w", TEXT)) - {"deploy/secrets/tls", "deploy/secrets"}:
        if not path.startswith("deploy/secrets/"):
            assert (ROOT / path).exists(), path


def test_every_metric_is_explained() -> None:
    table = set(re.findall(r"^\| `(reels_\w+?)(?:_total)?(?:\{[^}]*\})?`", TEXT, flags=re.MULTILINE))
    families = [*Metrics().registry.collect(), *JobMetrics().exposition.registry.collect()]
    assert table == {family.name for family in families}


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_runs_a_command_and_is_closed(unit: Path) -> None:
    text = unit.read_text()
    command = re.search(r"^ExecStart=/opt/reels/bin/reels (\w+)$", text, flags=re.MULTILINE)
    assert command
    assert command[1] in COMMANDS
    for line in (
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "CapabilityBoundingSet=",
        "Restart=always",
        "Type=notify",
    ):
        assert f"\n{line}\n" in text
    assert re.search(r"^WatchdogSec=\d+$", text, flags=re.MULTILINE), "who hangs is not started again"


@pytest.mark.parametrize("name", ["reels.env", "app.env"])
def test_the_settings_of_the_units_exist(name: str) -> None:
    text = (ROOT / "deploy" / "systemd" / name).read_text()
    known = {f"REELS_{field.upper()}" for field in Settings.model_fields}
    assert set(re.findall(r"^(REELS_\w+)=", text, flags=re.MULTILINE)) <= known
