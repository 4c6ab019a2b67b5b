"""Requests made up from the OpenAPI by schemathesis, to the real application on real stores.

Whatever is sent: no 5xx, a documented status and content type, a body as documented; every refusal a problem document.
"""

import copy
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, not_a_server_error
from schemathesis.core.transport import Response
from tests.fuzz.operations import LEAST, PLAN, planned
from tests.security.attacked import Attacked, bearer

from reels.api.tokens import Scope

Schema = Any
Checks = list[Any]
CONFORMS = [
    "status_code_conformance", "content_type_conformance",
    "response_headers_conformance", "response_schema_conformance",
]  # fmt: skip
MODES = {"fits": GenerationMode.POSITIVE, "breaks": GenerationMode.NEGATIVE}
RUNS = [(name, mode) for name, cases in PLAN.items() for mode in MODES if getattr(cases, mode)]

_NOISE = st.dictionaries(
    st.text(st.characters(codec="utf-8"), max_size=8), st.text(st.characters(codec="utf-8"), max_size=20), max_size=3
)
_HEADERS = st.dictionaries(
    st.sampled_from(["range", "if-none-match", "accept", "x-request-id", "host", "origin", "cookie"]),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40).map(str.strip),
    max_size=2,
)


@dataclass(frozen=True)
class Known:
    """What there is: callers, and values that lead further in than made-up ones."""

    callers: Sequence[str | None]
    values: Mapping[str, Sequence[Any]]


@pytest.fixture(scope="module")
def schema(target: Attacked) -> Schema:
    """The OpenAPI without its locks: who calls is chosen here, and who may is the authorisation matrix' matter."""
    described = copy.deepcopy(target.app.openapi())
    for operation in (one for methods in described["paths"].values() for one in methods.values()):
        operation.pop("security", None)
    return schemathesis.openapi.from_dict(described)


@pytest.fixture
def known(target: Attacked) -> Known:
    """Made anew for each operation: some of them end sessions."""
    viewer, another = target.sign_up(), target.sign_up()
    page = target.send("GET", "/feed", headers=viewer.bearer).json()
    every = target.token(viewer.user_id, *Scope)
    values = {
        "reel_id": ["r00001", "r00002", "r00059"],
        "cursor": [page["next_cursor"]],
        "feed_id": [page["feed_id"]],
        "user_id": [viewer.user_id, another.user_id],
        "refresh_token": [another.refresh, viewer.access],
        "device_id": ["a-device-that-comes-back"],
        "event_id": ["e1", "e2"],
        "occurred_at": [int(time.time() * 1000)],
        "kind": ["watch", "like", "follow"],
        "name": ["popularity", "snapshot"],
    }
    callers = [every, every, every, viewer.access, target.token(f"u_{uuid4().hex}", Scope.ADMIN), None, "made.up.token"]
    return Known(callers, values)


def test_every_operation_is_planned_and_the_plan_is_large_enough(target: Attacked) -> None:
    operations = {one["operationId"] for methods in target.app.openapi()["paths"].values() for one in methods.values()}
    assert operations - set(PLAN) == set(), "plan cases for each new operation in tests/fuzz/operations.py"
    assert set(PLAN) - operations == set()
    assert planned() >= LEAST


@pytest.mark.usefixtures("quiet")
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name, mode", RUNS, ids=map("-".join, RUNS))
def test_an_operation_answers_as_documented_whatever_is_sent(
    target: Attacked, schema: Schema, known: Known, name: str, mode: str, times: int, seed: int | None
) -> None:
    operation = schema.find_operation_by_id(name)
    wanted = getattr(PLAN[name], mode) * times
    answered: Counter[int] = Counter()

    @hypothesis.given(case=operation.as_strategy(generation_mode=MODES[mode]), data=st.data())
    @hypothesis.settings(
        max_examples=wanted, derandomize=seed is None, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def attack(case: Any, data: st.DataObject) -> None:
        plain = data.draw(st.integers(0, 3)) > 0
        caller = data.draw(st.sampled_from(known.callers))
        if mode == "fits" and data.draw(st.booleans()):
            case = led_in(case, known.values, lambda values: data.draw(st.sampled_from(values)))
        query, headers = ({}, {}) if plain else (data.draw(_NOISE), data.draw(_HEADERS))
        answer = sent(target, case, caller, query, headers)
        answered[answer.status_code] += 1
        must_be_refused = mode == "breaks" and PLAN[name].strict and plain
        examine(case, answer, must_be_refused)

    (hypothesis.seed(seed)(attack) if seed is not None else attack)()
    print(name, mode, dict(answered))  # noqa: T201
    assert sum(answered.values()) >= wanted
    assert mode == "breaks" or not PLAN[name].gets_in or any(status < 400 for status in answered), (
        "nothing got through: nothing was tried"
    )


def sent(target: Attacked, case: Any, caller: str | None, query: Mapping[str, str], headers: Mapping[str, str]) -> Any:
    """The case, as this caller sends it."""
    told = case.as_transport_kwargs(base_url="http://reels")
    named = {name.lower(): value for name, value in dict(told["headers"]).items()} | dict(headers)
    body = (
        {"content": told["data"]} if told.get("data") is not None else {"json": told["json"]} if "json" in told else {}
    )
    params = [*_pairs(told.get("params")), *query.items()]
    return target.send(
        told["method"], told["url"], headers=named | (bearer(caller) if caller else {}), params=params, **body
    )


def _pairs(params: Any) -> list[tuple[str, Any]]:
    return [(name, one) for name, value in dict(params or {}).items() for one in _listed(value)]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def examine(case: Any, answer: Any, must_be_refused: bool) -> None:
    """schemathesis' checks, and ours of problem documents."""
    checks: Checks = [not_a_server_error, *(CHECKS.get_one(name) for name in CONFORMS)]
    case.validate_response(Response.from_any(answer), checks=checks)
    if answer.status_code >= 400 and answer.status_code != 503:
        problem = answer.json()
        assert answer.headers["content-type"] == "application/problem+json"
        assert problem["status"] == answer.status_code
        assert problem["request_id"] == answer.headers["x-request-id"]
    assert not (must_be_refused and answer.status_code < 400), f"taken, though it breaks the schema: {case}"


def led_in(case: Any, values: Mapping[str, Sequence[Any]], choose: Callable[[Sequence[Any]], Any]) -> Any:
    """The case with what there is in the place of some made-up values."""

    def led(node: Any) -> Any:
        if isinstance(node, dict):
            return {name: choose(values[name]) if name in values else led(one) for name, one in node.items()}
        return [led(one) for one in node] if isinstance(node, list) else node

    case.path_parameters, case.query = led(dict(case.path_parameters or {})), led(dict(case.query or {}))
    if isinstance(case.body, (dict, list)):
        case.body = led(case.body)
    return case
