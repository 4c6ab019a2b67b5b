import inspect
from dataclasses import replace
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from tests.api.serving import Served, assert_problem

from reels.api.app import create_app
from reels.api.rules import ADMIN, RULES, VIEWING, rule_of
from reels.api.tokens import Scope
from reels.core.errors import ConfigError

pytestmark = pytest.mark.anyio
CHANGES = {
    ("POST", "/admin/reels"): ("/admin/reels", {"block": ["r1"]}),
    ("PUT", "/admin/policy"): ("/admin/policy", {"epsilon": 0.15}),
    ("POST", "/admin/jobs/{name}"): ("/admin/jobs/snapshot", None),
    ("POST", "/admin/viewers/{user_id}/revoke"): ("/admin/viewers/u_x/revoke", None),
    ("POST", "/auth/admin"): ("/auth/admin", {"name": "nobody", "password": "x"}),
}
"""A request that changes something, for each rule that says it is audited."""


async def nothing(request: Request) -> Response:
    return Response()


@pytest.mark.parametrize("more", [Route("/secret", nothing), Mount("/files", Response())])
async def test_a_route_without_a_rule_is_not_served(served: Served, more: Any) -> None:
    with pytest.raises(ConfigError, match="has no rule"):
        create_app(replace(served.services, extra_routes=(more,)))


async def test_another_method_of_a_known_path_needs_a_rule_too(served: Served) -> None:
    with pytest.raises(ConfigError, match="DELETE /me has no rule"):
        create_app(replace(served.services, extra_routes=(Route("/me", nothing, methods=["DELETE"]),)))


async def test_every_rule_has_its_route(served: Served) -> None:
    films = (Route("/media/{reel_id:path}.mp4", nothing), Route("/media/{reel_id:path}.jpg", nothing))
    app = create_app(replace(served.services, extra_routes=films))
    served_routes = {(method, one.path) for one in app.routes if isinstance(one, Route) for method in one.methods or ()}
    assert set(RULES) == {(method, path) for method, path in served_routes if method != "HEAD"}


def test_a_head_goes_by_its_get() -> None:
    assert rule_of("HEAD", "/feed") is rule_of("GET", "/feed")


def test_what_administrators_change_is_audited_and_only_they_look_behind_the_scenes() -> None:
    for (method, path), rule in RULES.items():
        if path.startswith("/admin"):
            assert rule.scopes == ADMIN
            assert rule.audited == (method != "GET"), path
        elif rule.scopes:
            assert rule.scopes >= VIEWING


def test_every_audited_rule_is_tried() -> None:
    assert set(CHANGES) == {key for key, rule in RULES.items() if rule.audited}


@pytest.mark.parametrize("key", sorted(CHANGES))
async def test_what_is_audited_leaves_an_entry(served: Served, key: tuple[str, str]) -> None:
    path, body = CHANGES[key]
    answer = await served.http.request(key[0], path, headers=served.admin, json=body)
    assert answer.status_code in (200, 202, 401)
    assert len(await served.services.stores.audit.recent(10)) == 1


async def test_the_token_is_looked_at_before_the_body(served: Served) -> None:
    for headers, status, name in (({}, 401, "not-authenticated"), (served.bearer(), 403, "not-allowed")):
        answer = await served.http.put("/admin/policy", headers=headers, content=b"{{{")
        assert_problem(answer, status, name)


async def test_a_creator_may_end_its_session_and_nothing_else(served: Served) -> None:
    assert [key for key, rule in RULES.items() if Scope.CREATOR in rule.scopes] == [("POST", "/auth/logout")]
    creator = served.bearer("u_maker", Scope.CREATOR)
    assert (await served.http.post("/auth/logout", headers=creator)).status_code == 204


async def test_a_path_nobody_serves_is_not_echoed_whole(served: Served) -> None:
    body = assert_problem(await served.http.get("/" + "x" * 5000), 404, "not-found")
    assert len(body["detail"]) < 200
    assert "/xxx" in body["detail"]


def test_the_table_says_what_each_scope_may() -> None:
    import reels.api.rules

    table = inspect.getdoc(reels.api.rules) or ""
    for scope in Scope:
        assert f"| {scope} |" in table
