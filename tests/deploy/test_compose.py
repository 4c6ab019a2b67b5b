"""compose.yaml: valid by its published schema, closed as it should be, and speaking of things that exist."""

import json
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import typer.main
import yaml

from reels.cli.app import app
from reels.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if service["image"].startswith("reels:")]
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


def test_it_follows_the_published_schema() -> None:
    folder = resources.files("check_jsonschema") / "builtin_schemas" / "vendor"
    schema = json.loads((folder / "compose-spec.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(COMPOSE)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema).validate(COMPOSE | {"services": {"api": {"imagge": "x"}}})


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_pinned_bounded_and_closed(name: str) -> None:
    service = SERVICES[name]
    tag = service["image"].rpartition(":")[2]
    assert tag[:1].isdigit() or tag[:1] == "v"
    assert "latest" not in service["image"]
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    if name != "setup":  # runs to its end
        assert service["healthcheck"]["test"]
        assert service["restart"] == "unless-stopped"


def test_only_the_proxy_is_open_to_the_world() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published.pop("proxy") == ["80:8080", "443:8443"]
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    for name in ("api", "app", "worker", "mongo", "redis", "prometheus"):
        assert SERVICES[name]["networks"] == ["inside"]


def test_no_password_is_in_the_environment() -> None:
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            if any(word in variable for word in ("PASSWORD", "SECRET", "KEY", "_URL_FILE")):
                assert str(value).startswith("/run/secrets/"), f"{name}: {variable}"


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_uses_is_declared_and_there(name: str) -> None:
    service = SERVICES[name]
    secrets = set(service.get("secrets", ()))
    assert secrets <= set(COMPOSE["secrets"])
    spoken_of = json.dumps([service.get("environment", {}), service.get("command", [])])
    for secret in COMPOSE["secrets"]:
        if f"/run/secrets/{secret}" in spoken_of:
            assert secret in secrets
    for volume in service.get("volumes", ()):
        source = volume.split(":")[0]
        there = (ROOT / source).exists() or source == "./deploy/secrets/trusted"  # which deploy/secrets.sh makes
        assert there if source.startswith("./") else source in COMPOSE["volumes"]
    for needed in service.get("depends_on", ()):
        assert needed in SERVICES


@pytest.mark.parametrize("name", OURS)
def test_our_services_run_commands_and_settings_that_exist(name: str) -> None:
    service = SERVICES[name]
    assert service["command"][0] in COMMANDS
    settings = {f"REELS_{field.upper()}" for field in Settings.model_fields}
    assert set(service["environment"]) <= settings


def test_the_app_is_given_no_store_and_no_key() -> None:
    assert SERVICES["app"]["secrets"] == []
    assert set(SERVICES["app"]["environment"]) == {"REELS_API_URL", "REELS_PUBLIC_API_URL"}
