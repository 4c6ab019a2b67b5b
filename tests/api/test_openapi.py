import csv
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter
from tests.api.serving import Served

from reels.schemas import admin, auth, events, feed, me, problem, reel
from reels.schemas.reel import EXAMPLE_REEL

pytestmark = pytest.mark.anyio
_MODELS = [
    model
    for module in (admin, auth, events, feed, me, problem, reel)
    for model in vars(module).values()
    if isinstance(model, type) and hasattr(model, "model_config") and model.__module__ == module.__name__
]


def test_every_example_fits_its_model() -> None:
    shown = 0
    for model in _MODELS:
        for example in model.model_config.get("json_schema_extra", {}).get("examples", []):
            TypeAdapter(model).validate_python(example)
            shown += 1
    assert shown > 12


def test_reels_of_examples_are_of_the_sample() -> None:
    shown = " ".join(str(model.model_config.get("json_schema_extra", "")) for model in _MODELS)
    with (Path(__file__).parents[2] / "datasets" / "reels_dataset.csv").open(encoding="utf-8", newline="") as file:
        sample = {row["video_id"]: row for row in csv.DictReader(file)}
    assert not re.search(r"\b[rc]_\d", shown)
    assert set(re.findall(r"reel-\d+", shown)) - {"reel-09001"} <= set(sample)  # 9001: one that is added
    known = {row["creator_id"] for row in sample.values()}
    assert set(re.findall(r"creator_(?!id\b)\w+", shown)) <= known
    ours = sample[EXAMPLE_REEL["reel_id"]]
    assert (EXAMPLE_REEL["title"], EXAMPLE_REEL["creator_id"]) == (ours["title"], ours["creator_id"])
    assert EXAMPLE_REEL["duration_sec"] == float(ours["duration_sec"])


async def test_every_route_is_documented_with_answers_and_problems(served: Served) -> None:
    schema = (await served.http.get("/openapi.json")).json()
    wanted = {
        "/feed": ["get"], "/events": ["post"], "/auth/device": ["post"], "/auth/refresh": ["post"],
        "/reels/{reel_id}": ["get"], "/me": ["get", "patch"], "/me/reset": ["post"], "/admin/stats": ["get"],
        "/admin/audit": ["get"], "/admin/reels": ["post"], "/admin/policy": ["get", "put"],
        "/admin/policy/history": ["get"], "/admin/jobs": ["get"], "/admin/jobs/{name}": ["post"],
        "/admin/feeds/{feed_id}": ["get"], "/admin/viewers/{user_id}/revoke": ["post"], "/auth/admin": ["post"],
        "/auth/logout": ["post"], "/.well-known/jwks.json": ["get"], "/healthz": ["get"], "/readyz": ["get"],
        "/metrics": ["get"],
    }  # fmt: skip
    assert {path: sorted(methods) for path, methods in schema["paths"].items()} == wanted
    for path, methods in schema["paths"].items():
        for operation in methods.values():
            check_operation(path, operation, schema)
    assert "HTTPValidationError" not in str(schema)
    limited = {
        path for path, methods in schema["paths"].items() for one in methods.values() if "429" in one["responses"]
    }
    assert limited == {path for path in wanted if not path.startswith(("/healthz", "/readyz", "/metrics", "/.well"))}


def check_operation(path: str, operation: dict[str, Any], schema: dict[str, Any]) -> None:
    assert operation["summary"], path
    assert operation["description"], path
    assert operation["operationId"], path
    answer = next(operation["responses"][code] for code in ("200", "202", "204") if code in operation["responses"])
    assert "204" in operation["responses"] or answer["content"], path
    for code, response in operation["responses"].items():
        if code in ("401", "403", "404", "413", "422", "429"):
            assert list(response["content"]) == ["application/problem+json"], (path, code)
    if not path.startswith(("/auth", "/healthz", "/readyz", "/metrics", "/.well-known")):
        assert operation["security"] == [{"HTTPBearer": []}], path
        assert {"401", "403"} <= set(operation["responses"]), path


async def test_every_reference_of_the_schema_leads_somewhere(served: Served) -> None:
    schema = (await served.http.get("/openapi.json")).json()
    assert schema["openapi"].startswith("3.1")
    operations = [one["operationId"] for methods in schema["paths"].values() for one in methods.values()]
    assert len(operations) == len(set(operations))
    for reference in references(schema):
        at: Any = schema
        for part in reference.removeprefix("#/").split("/"):
            at = at[part]


def references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [one for value in node.values() for one in references(value)]
    return [one for value in node for one in references(value)] if isinstance(node, list) else []


async def test_every_model_of_an_answer_shows_an_example(served: Served) -> None:
    schemas = (await served.http.get("/openapi.json")).json()["components"]["schemas"]
    for name in ("FeedPageOut", "Receipt", "EventBatch", "TokensOut", "ProfileOut", "PolicyIn", "ReelsIn", "ReelsOut"):
        assert schemas[name]["examples"], name


async def test_the_documentation_page_fetches_nothing_from_elsewhere(served: Served) -> None:
    page = (await served.http.get("/docs")).text
    addresses = re.findall(r"(?:src|href)=\"([^\"]+)\"", page)
    assert len(addresses) >= 3
    for address in addresses:
        assert address.startswith("/"), address
        assert (await served.http.get(address)).status_code == 200
