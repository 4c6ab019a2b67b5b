"""Dashboard, alerts and runbook speak of metrics that exist, with labels they have; the alerts work in Prometheus."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry

from reels.api.metrics import Metrics
from reels.telemetry.job_metrics import JobMetrics

ROOT = Path(__file__).resolve().parents[2]
OBSERVE = ROOT / "deploy" / "observe"
PANELS = json.loads((OBSERVE / "grafana" / "dashboards" / "reels.json").read_text())["panels"]
SHOWN = [target["expr"] for panel in PANELS for target in panel.get("targets", ())]
RULES = [rule for group in yaml.safe_load((OBSERVE / "rules.yml").read_text())["groups"] for rule in group["rules"]]
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()
_PROMETHEUS_OWN = {"job", "le", "instance", "pid"}
_ENDINGS = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"]}


def metrics() -> Iterator[tuple[str, str, set[str]]]:
    """Name, type and labels of each metric of an API worker and of the job worker."""
    for registry in (Metrics().registry, JobMetrics().exposition.registry):
        yield from _registered(registry)


def _registered(registry: CollectorRegistry) -> Iterator[tuple[str, str, set[str]]]:
    for collector in registry._collector_to_names:
        labels = set(getattr(collector, "_labelnames", ()))
        for family in getattr(collector, "describe", lambda: ())():
            yield family.name, family.type, labels


def series() -> dict[str, set[str]]:
    """Labels of each series by its full name."""
    return {name + ending: labels for name, kind, labels in metrics() for ending in _ENDINGS.get(kind, [""])}


def test_there_are_metrics_of_both_processes() -> None:
    names = {name for name, _, _ in metrics()}
    assert {"reels_requests", "reels_feed_stage_seconds", "reels_store_calls", "reels_job_runs"} <= names


@pytest.mark.parametrize("expression", [*SHOWN, *(rule["expr"] for rule in RULES)])
def test_every_metric_and_label_asked_for_exists(expression: str) -> None:
    known = series()
    assert set(re.findall(r"reels_\w+", expression)) <= set(known)
    for name, matchers in re.findall(r"(reels_\w+)\{([^}]*)\}", expression):
        assert set(re.findall(r"(\w+)[=!]~?=?\"", matchers)) - _PROMETHEUS_OWN <= known[name]
    every = set().union(*(known[name] for name in re.findall(r"reels_\w+", expression)))
    grouped = {label.strip() for group in re.findall(r"by \(([^)]*)\)", expression) for label in group.split(",")}
    assert grouped - _PROMETHEUS_OWN <= every


def test_every_metric_is_on_the_dashboard() -> None:
    shown = " ".join(SHOWN)
    for name, kind, _ in metrics():
        assert any(name + ending in shown for ending in _ENDINGS.get(kind, [""])), name


def test_the_provisioning_fits_together() -> None:
    source = yaml.safe_load((OBSERVE / "grafana" / "datasources" / "prometheus.yml").read_text())["datasources"][0]
    assert {panel["datasource"]["uid"] for panel in PANELS if "datasource" in panel} == {source["uid"]}
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    config = yaml.safe_load((OBSERVE / "prometheus.yml").read_text())
    scraped = {job["job_name"]: job["dns_sd_configs"][0] for job in config["scrape_configs"]}
    assert scraped["reels-api"]["names"] == ["api"]
    assert scraped["reels-worker"]["names"] == ["worker"]
    assert str(scraped["reels-worker"]["port"]) == compose["worker"]["environment"]["REELS_WORKER_METRICS_PORT"]
    mounted = " ".join(compose["prometheus"]["volumes"])
    for file in config["rule_files"]:
        assert f"/etc/prometheus/{file}:ro" in mounted


@pytest.mark.parametrize("service", ["api", "worker", "prometheus"])
def test_metrics_are_not_published(service: str) -> None:
    told = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"][service]
    assert told["networks"] == ["inside"]
    assert "ports" not in told


def test_every_alert_has_its_section_in_the_runbook_and_every_section_its_alert() -> None:
    sections = re.split(r"^## ", RUNBOOK, flags=re.MULTILINE)[1:]
    told = {section.splitlines()[0]: section for section in sections}
    assert list(told) == [rule["alert"] for rule in RULES]
    for rule in RULES:
        assert rule["annotations"]["runbook"] == f"docs/runbook.md#{rule['alert'].lower()}"
        assert rule["labels"]["severity"] in {"page", "ticket"}
        for part in ("**Means.**", "**Look.**", "**Do.**"):
            assert part in told[rule["alert"]], (rule["alert"], part)


def test_the_runbook_leads_nowhere_that_is_not_there() -> None:
    known = series() | {name: set() for name, _, _ in metrics()}
    for name in re.findall(r"reels_\w+", RUNBOOK):
        assert name in known, name
    operations = (ROOT / "docs" / "operations.md").read_text()
    own = {rule["alert"].lower() for rule in RULES}
    for page, anchor in re.findall(r"\]\(([\w./]*)#([\w-]+)\)", RUNBOOK):
        headings = {one.lower().replace(" ", "-") for one in re.findall(r"^#+ (.+)$", operations, flags=re.MULTILINE)}
        assert anchor in (headings if page else own), (page, anchor)
    for path in re.findall(r"`(deploy/[\w./-]+)`", RUNBOOK):
        assert (ROOT / path).exists(), path
    titles = {panel["title"] for panel in PANELS}
    for title in re.findall(r'"([A-Z][^"]+)"', RUNBOOK):
        assert any(title == one or one.startswith(title) for one in titles), title


def test_every_alert_is_tried_out() -> None:
    tests = yaml.safe_load((OBSERVE / "rules_test.yml").read_text())["tests"]
    tried: list[dict[str, Any]] = [one for test in tests for one in test["alert_rule_test"]]
    alerts = {rule["alert"] for rule in RULES}
    assert {one["alertname"] for one in tried if one.get("exp_alerts")} == alerts
    assert {one["alertname"] for one in tests[0]["alert_rule_test"] if not one.get("exp_alerts")} == alerts


@pytest.mark.parametrize("arguments", [("check", "rules", "rules.yml"), ("test", "rules", "rules_test.yml")])
def test_the_alerts_speak_when_they_should(arguments: tuple[str, ...]) -> None:
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("promtool is not on PATH: apt install prometheus")
    done = subprocess.run([program, *arguments], cwd=OBSERVE, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_native_configuration_is_valid(tmp_path: Path) -> None:
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("promtool is not on PATH: apt install prometheus")
    shutil.copy(OBSERVE / "native.yml", tmp_path / "prometheus.yml")
    shutil.copy(OBSERVE / "rules.yml", tmp_path / "reels.yml")
    done = subprocess.run([program, "check", "config", tmp_path / "prometheus.yml"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 rule files found" in done.stdout
