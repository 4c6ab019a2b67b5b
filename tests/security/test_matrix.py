"""The authorisation matrix: every route x every kind of caller x own or another's data, on the real application."""

import re
from typing import Any

import pytest
from tests.security.attacked import Attacked, Viewer
from tests.security.matrix import ADMIN, CALLERS, EVERYBODY, MATRIX, VIEWING, Key, expected, routes_of

from reels.api.rules import RULES
from reels.api.tokens import Scope

pytestmark = pytest.mark.xdist_group("security")

GUARDED = sorted(key for key, rule in MATRIX.items() if rule.allowed is not EVERYBODY)
VIEWED = sorted(key for key in GUARDED if Scope.VIEWER in (MATRIX[key].allowed or ()))
NAMING = sorted(key for key in GUARDED if MATRIX[key].named)
_PERSONAL = re.compile(r"user_?id|viewer|account|^sub$|device", re.IGNORECASE)


@pytest.fixture(scope="module")
def viewer(target: Attacked) -> Viewer:
    return target.sign_up()


@pytest.fixture(scope="module")
def other(target: Attacked) -> Viewer:
    """Somebody else, with a like of their own and a page they were served."""
    somebody = target.sign_up()
    url, told = MATRIX["POST", "/events"].request(somebody, "/events")
    assert target.send("POST", url, headers=somebody.bearer, **told).json()["stored"] == 1
    assert target.send("GET", "/feed", headers=somebody.bearer).status_code == 200
    return somebody


def test_every_route_has_a_rule_and_every_rule_a_route(target: Attacked) -> None:
    found = routes_of(target.app)
    assert found - set(MATRIX) == set(), "give each new route a rule in tests/security/matrix.py"
    assert set(MATRIX) - found == set(), "rules for routes that are gone"


def test_the_routes_are_all_that_the_documentation_shows(target: Attacked) -> None:
    documented = {
        (method.upper(), path) for path, methods in target.app.openapi()["paths"].items() for method in methods
    }
    shown = {(method, re.sub(r":path}", "}", path)) for method, path in routes_of(target.app)}
    assert documented <= shown
    assert len(documented) > 15


def test_a_route_without_a_rule_would_be_noticed(target: Attacked) -> None:
    target.app.add_api_route("/admin/forgotten", lambda: None)
    try:
        assert routes_of(target.app) - set(MATRIX) == {("GET", "/admin/forgotten")}
    finally:
        target.app.router.routes[:] = [
            route for route in target.app.router.routes if getattr(route, "path", "") != "/admin/forgotten"
        ]


@pytest.mark.parametrize("key", sorted(MATRIX), ids=" ".join)
def test_a_route_opens_to_those_who_may_and_to_nobody_else(target: Attacked, key: Key) -> None:
    found = {}
    for name, caller in CALLERS.items():
        somebody = target.sign_up()
        method, url, told = asked(key, somebody)
        answer = target.send(method, url, headers=caller.headers(target, somebody), **told)
        found[name] = answer.status_code
        if answer.status_code in (401, 403):
            assert answer.headers["content-type"] == "application/problem+json"
            assert ("www-authenticate" in answer.headers) == (answer.status_code == 401)
    assert found == {name: expected(MATRIX[key], caller) for name, caller in CALLERS.items()}


@pytest.mark.parametrize("key", GUARDED, ids=" ".join)
def test_who_may_not_call_learns_nothing_from_a_bad_request_either(target: Attacked, key: Key, viewer: Viewer) -> None:
    """The token is looked at before the body: nobody can probe for what there is."""
    method, url, _ = asked(key, viewer)
    for scope in set(Scope) - (MATRIX[key].allowed or set()):
        headers = {"authorization": f"Bearer {target.token('u', scope)}"}
        assert target.send(method, url, content=b"\0{", headers=headers).status_code == 403
    assert target.send(method, url, content=b"\0{").status_code == 401


@pytest.mark.parametrize("key", VIEWED, ids=" ".join)
def test_a_viewers_answer_holds_nothing_of_another(target: Attacked, key: Key, other: Viewer) -> None:
    viewer = target.sign_up()
    method, url, told = asked(key, viewer)
    assert other.user_id not in target.send(method, url, headers=viewer.bearer, **told).text
    if key == ("GET", "/me"):
        assert target.send(method, url, headers=other.bearer).json()["liked"]
        assert not target.send(method, url, headers=viewer.bearer).json()["liked"]


@pytest.mark.parametrize("key", NAMING, ids=" ".join)
@pytest.mark.parametrize("caller", ["viewer", "admin", "service"])
def test_another_viewer_may_be_named_by_administrators_and_services_only(
    target: Attacked, key: Key, caller: str, viewer: Viewer, other: Viewer
) -> None:
    method, url, told = asked(key, viewer)
    headers, field = CALLERS[caller].headers(target, viewer), MATRIX[key].named
    own = target.send(method, url, params={field: viewer.user_id}, headers=headers, **told)
    assert own.status_code == MATRIX[key].status
    theirs = target.send(method, url, params={field: other.user_id}, headers=headers, **told)
    assert theirs.status_code == (403 if caller == "viewer" else MATRIX[key].status)


def test_a_field_that_names_somebody_is_in_the_matrix(target: Attacked) -> None:
    """A new parameter such as `user_id` on any route must be ruled as naming another viewer."""
    found = {
        (method.upper(), path, name)
        for path, methods in target.app.openapi()["paths"].items()
        for method, operation in methods.items()
        for name in parameters(operation, target.app.openapi())
        if _PERSONAL.search(name)
    }
    ruled = {(method, path, MATRIX[method, path].named) for method, path in NAMING}
    revoke = ("POST", "/admin/viewers/{user_id}/revoke", "user_id")  # administrators only
    assert found == ruled | {revoke, ("POST", "/auth/device", "device_id")}


def test_the_applications_own_table_says_the_same() -> None:
    assert {key: rule.scopes for key, rule in RULES.items()} == {
        key: rule.allowed or frozenset() for key, rule in MATRIX.items() if key[0] != "MOUNT"
    }
    assert {key for key, rule in RULES.items() if rule.for_others and not rule.scopes <= rule.for_others} == set(NAMING)


def test_only_what_is_meant_to_be_open_is_open() -> None:
    """A second pair of eyes on the table itself."""
    for (method, path), rule in MATRIX.items():
        if path.startswith("/admin"):
            assert rule.allowed == ADMIN, path
        elif path.split("/")[1] in {"me", "feed", "events", "reels"}:
            assert rule.allowed == VIEWING, path
        elif rule.allowed is EVERYBODY:
            assert method in {"GET", "MOUNT"} or path.startswith("/auth/"), path


def asked(key: Key, viewer: Viewer) -> tuple[str, str, dict[str, Any]]:
    """Method, address and body of the rule's request."""
    url, told = MATRIX[key].request(viewer, key[1])
    return ("GET" if key[0] == "MOUNT" else key[0]), url, told


def parameters(operation: dict[str, Any], schema: dict[str, Any]) -> set[str]:
    """Names of an operation's parameters and of its body's fields, however deep."""
    named = {one["name"] for one in operation.get("parameters", [])}
    return named | fields(operation.get("requestBody", {}), schema, frozenset())


def fields(node: Any, schema: dict[str, Any], seen: frozenset[str]) -> set[str]:
    if isinstance(node, list):
        return {name for one in node for name in fields(one, schema, seen)}
    if not isinstance(node, dict):
        return set()
    reference = str(node.get("$ref", ""))
    if reference and reference not in seen:
        model = schema["components"]["schemas"][reference.rsplit("/", 1)[1]]
        return fields(model, schema, seen | {reference})
    own = set(node.get("properties", {}))
    return own | {name for key, one in node.items() if key != "examples" for name in fields(one, schema, seen)}
