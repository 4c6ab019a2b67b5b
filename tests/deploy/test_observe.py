"""The dashboard asks for metrics that exist, with labels they have."""

import json
import re
from pathlib import Path

import yaml

from reels.api.metrics import Metrics

OBSERVE = Path(__file__).resolve().parents[2] / "deploy" / "observe"
PANELS = json.loads((OBSERVE / "grafana" / "dashboards" / "reels.json").read_text())["panels"]
EXPRESSIONS = [target["expr"] for panel in PANELS for target in panel.get("targets", ())]
_NOT_OURS = {"job", "le"}


def test_every_metric_and_label_of_the_dashboard_exists() -> None:
    families = list(Metrics().registry.collect())
    names = {name for family in families for name in known_as(family.name, family.type)}
    labels = {"method", "route", "status", "stage", "what", "outcome", "source", "explored"}
    for expression in EXPRESSIONS:
        assert set(re.findall(r"reels_\w+", expression)) <= names, expression
        grouped = {label.strip() for group in re.findall(r"by \(([^)]*)\)", expression) for label in group.split(",")}
        matched = set(re.findall(r"(\w+)=~?\"", expression))
        assert (grouped | matched) - _NOT_OURS <= labels, expression


def test_every_metric_of_the_api_is_on_the_dashboard() -> None:
    shown = " ".join(EXPRESSIONS)
    for family in Metrics().registry.collect():
        assert any(name in shown for name in known_as(family.name, family.type)), family.name


def test_the_provisioning_fits_together() -> None:
    source = yaml.safe_load((OBSERVE / "grafana" / "datasources" / "prometheus.yml").read_text())["datasources"][0]
    assert {panel["datasource"]["uid"] for panel in PANELS if "datasource" in panel} == {source["uid"]}
    scraped = yaml.safe_load((OBSERVE / "prometheus.yml").read_text())["scrape_configs"][0]
    assert scraped["job_name"] == "reels-api"
    assert scraped["dns_sd_configs"][0]["names"] == ["api"]


def known_as(name: str, kind: str) -> set[str]:
    """The series a metric family has."""
    endings = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"]}.get(kind, [""])
    return {name + ending for ending in endings}
