"""What somebody tries who means no good, on the real application: others' data, odd bytes, huge and deep bodies."""

import base64
import time
import unicodedata
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from tests.security.attacked import Attacked, Viewer

from reels.api.tokens import Scope

pytestmark = pytest.mark.xdist_group("security")

PROBLEM = "application/problem+json"
TRICKS = {
    "NUL": "r\x0000001",
    "right to left": "\u202er00001",
    "zero width": "r00\u200b001",
    "composed": unicodedata.normalize("NFC", "re\u0301el"),
    "decomposed": unicodedata.normalize("NFD", "r\u00e9el"),
    "full width": "\uff5200001",
    "byte order mark": "\ufeffr00001",
    "line break": "r00001\r\nx-evil: 1",
    "control": "\x1b[31mr00001",
    "long": "r" * 5000,
    "path": "../../etc/passwd",
    "quoted path": "..%2f..%2fetc%2fpasswd",
    "operator": '{"$ne": null}',
    "formula": "=cmd|'/c calc'!A1",
    "script": "<script>alert(1)</script>",
    "private use": "\ue000\U0010ffff",
}


@pytest.fixture(scope="module")
def viewer(target: Attacked) -> Viewer:
    return target.sign_up()


@pytest.fixture(scope="module")
def other(target: Attacked) -> Viewer:
    return target.sign_up()


def event(named: Any, **more: Any) -> dict[str, Any]:
    told = {"event_id": named, "reel_id": "r00001", "kind": "like", "occurred_at": int(time.time() * 1000)}
    return told | more


def post(target: Attacked, viewer: Viewer, *events: Any) -> Any:
    body = orjson.dumps({"events": events})
    return target.send("POST", "/events", headers=viewer.bearer, content=body)


def liked(target: Attacked, viewer: Viewer) -> list[str]:
    return [one["reel_id"] for one in target.send("GET", "/me", headers=viewer.bearer).json()["liked"]]


# --- other people's data ---


@pytest.mark.parametrize("field", ["user_id", "viewer_id", "sub", "_id", "userId"])
def test_an_event_that_names_another_viewer_is_the_callers_own(target: Attacked, field: str, other: Viewer) -> None:
    me = target.sign_up()
    assert post(target, me, event("e1", reel_id="r00003", **{field: other.user_id})).json()["stored"] == 1
    assert liked(target, me) == ["r00003"]
    assert "r00003" not in liked(target, other)


def test_an_event_of_another_can_neither_be_shadowed_nor_guessed_by_its_id(target: Attacked) -> None:
    victim, attacker = target.sign_up(), target.sign_up()
    assert post(target, attacker, event("shared", kind="skip")).json() == {"stored": 1, "duplicates": 0, "rejected": []}
    assert post(target, victim, event("shared")).json() == {"stored": 1, "duplicates": 0, "rejected": []}
    assert liked(target, victim) == ["r00001"]
    assert liked(target, attacker) == []


def test_an_event_id_can_not_reach_into_another_viewers_key(target: Attacked) -> None:
    """Interactions are kept as `user:event`: an id with a colon must not make two keys one."""
    victim = target.sign_up()
    attacker = target.sign_up()
    assert post(target, victim, event("a:b")).json()["stored"] == 1
    for event_id in (f"{victim.user_id}:a:b", "a:b", f":{victim.user_id}"):
        assert post(target, attacker, event(event_id, kind="skip")).json()["duplicates"] == 0
    assert liked(target, victim) == ["r00001"]


def test_the_query_can_not_name_another_viewer_for_events_or_the_profile(
    target: Attacked, viewer: Viewer, other: Viewer
) -> None:
    refused = target.send("POST", f"/events?user_id={other.user_id}", headers=viewer.bearer, json={"events": []})
    assert refused.status_code == 422
    told = target.send("GET", f"/me?user_id={other.user_id}", headers=viewer.bearer | {"x-user-id": other.user_id})
    assert told.json()["user_id"] == viewer.user_id


# --- cursors ---


def cursor_of(target: Attacked, viewer: Viewer, mode: str = "for_you") -> str:
    page = target.send("GET", f"/feed?mode={mode}&limit=2", headers=viewer.bearer).json()
    return str(page["next_cursor"])


def ask(target: Attacked, viewer: Viewer, cursor: str, **more: str) -> Any:
    return target.send("GET", "/feed", headers=viewer.bearer, params={"cursor": cursor} | more)


def test_every_flipped_bit_of_a_cursor_is_noticed(target: Attacked) -> None:
    me = target.sign_up()
    good = cursor_of(target, me)
    raw = base64.urlsafe_b64decode(good + "=" * (-len(good) % 4))
    for bit in range(len(raw) * 8):
        changed = bytearray(raw)
        changed[bit // 8] ^= 1 << bit % 8
        answer = ask(target, me, base64.urlsafe_b64encode(bytes(changed)).decode().rstrip("="))
        assert answer.status_code == 422, bit
        assert answer.json()["type"] == "urn:reels:problem:bad-cursor"
    assert ask(target, me, good).status_code == 200


def test_a_cursor_is_of_one_viewer_and_one_mode(target: Attacked, viewer: Viewer, other: Viewer) -> None:
    good = cursor_of(target, viewer)
    assert ask(target, other, good).status_code == 422
    page = ask(target, viewer, good).json()
    assert ask(target, viewer, good, mode="latest").json() == page  # the mode is signed with the rest
    service = target.token("u_service", Scope.SERVICE)
    for user, status in ((viewer.user_id, 200), (other.user_id, 422)):
        params = {"cursor": good, "user_id": user}
        answer = target.send("GET", "/feed", headers={"authorization": f"Bearer {service}"}, params=params)
        assert answer.status_code == status


@pytest.mark.parametrize("text", ["", "A", "=", "AAAA====", "\x00", "é", "A" * 512, "A" * 513, "-_" * 33, "../", "[]"])
def test_made_up_cursors_are_refused(target: Attacked, viewer: Viewer, text: str) -> None:
    answer = ask(target, viewer, text)
    assert answer.status_code == (200 if text == "" else 422)


# --- odd text ---


@pytest.mark.parametrize("trick", TRICKS)
def test_odd_text_in_a_path_is_no_reel(target: Attacked, viewer: Viewer, trick: str) -> None:
    for path in ("/reels/{}", "/media/{}.mp4", "/media/{}.jpg"):
        answer = target.send("GET", path.format(quote(TRICKS[trick], safe="")), headers=viewer.bearer)
        assert (answer.status_code, answer.headers["content-type"]) == (404, PROBLEM), answer.text
        assert "x-evil" not in answer.headers
        assert len(answer.content) < 12_000
    admin = {"authorization": f"Bearer {target.token('u_a', Scope.ADMIN)}"}
    for path in ("/admin/feeds/{}", "/admin/jobs/{}"):
        method = "POST" if "jobs" in path else "GET"
        assert target.send(method, path.format(quote(TRICKS[trick], safe="")), headers=admin).status_code == 404


@pytest.mark.parametrize("trick", TRICKS)
@pytest.mark.parametrize("field", ["event_id", "reel_id", "feed_id", "kind", "occurred_at"])
def test_odd_text_in_an_event_rejects_that_event_alone(
    target: Attacked, viewer: Viewer, trick: str, field: str
) -> None:
    receipt = post(
        target,
        viewer,
        event(f"bad-{field}", **{field: TRICKS[trick]}),
        event(f"good-{field}-{sorted(TRICKS).index(trick)}"),
    )
    assert receipt.status_code == 200
    assert [one["index"] for one in receipt.json()["rejected"]] == [0]
    assert receipt.json()["stored"] + receipt.json()["duplicates"] == 1
    assert len(receipt.json()["rejected"][0]["reason"]) < 400


def test_lone_surrogates_anywhere_are_refused_or_harmless(target: Attacked, viewer: Viewer) -> None:
    lone = b'"\\ud800"'
    body = b'{"events":[{"event_id":"s1","reel_id":%b,"kind":"like","occurred_at":1}, 1]}' % lone
    answer = target.send("POST", "/events", headers=viewer.bearer, content=body)
    assert [one["index"] for one in answer.json()["rejected"]] == [0, 1]
    for path, told in (
        ("/auth/device", b'{"device_id":"aaaaaaaaaaaaaaaaaaaa\\ud800"}'),
        ("/auth/refresh", b'{"refresh_token":%b}' % lone),
    ):
        assert target.send("POST", path, content=told, headers={"content-type": "application/json"}).status_code < 500
    assert target.send("PATCH", "/me", content=b'{"region":%b}' % lone, headers=viewer.bearer).status_code == 422


def test_twins_of_an_id_are_different_reels(target: Attacked, viewer: Viewer) -> None:
    """Ids are compared byte by byte, as MongoDB and the models' keys do: a look-alike is not the reel."""
    admin = {"authorization": f"Bearer {target.token('u_a', Scope.ADMIN)}"}
    composed, decomposed = TRICKS["composed"], unicodedata.normalize("NFD", TRICKS["composed"])
    reels = [{"reel_id": composed, "title": "the one"}, {"reel_id": decomposed, "title": "the other"}]
    assert target.send("POST", "/admin/reels", headers=admin, json={"reels": reels}).json()["rejected"] == []
    titles = [
        target.send("GET", f"/reels/{one}", headers=viewer.bearer).json()["title"] for one in (composed, decomposed)
    ]
    assert titles == ["the one", "the other"]
    assert target.send("POST", "/admin/reels", headers=admin, json={"block": [composed]}).json()["blocked"] == 1
    assert target.send("GET", f"/reels/{composed}", headers=viewer.bearer).status_code == 404
    assert target.send("GET", f"/reels/{decomposed}", headers=viewer.bearer).status_code == 200
    target.send("POST", "/admin/reels", headers=admin, json={"block": [decomposed]})


def test_operators_of_the_database_are_only_text(target: Attacked, viewer: Viewer) -> None:
    for odd in ({"$gt": ""}, {"$where": "sleep(1000)"}, ["$ne"], {"$ne": None}):
        assert post(target, viewer, event("op", reel_id=odd)).json()["stored"] == 0
        assert post(target, viewer, event(odd)).json()["stored"] == 0
        assert target.send("POST", "/auth/device", json={"device_id": odd}).status_code == 422
        assert target.send("PATCH", "/me", headers=viewer.bearer, json={"region": odd}).status_code == 422


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "ftp://x/y", "JaVaScRiPt:x"]
)
def test_an_address_that_a_browser_would_run_is_no_film(target: Attacked, url: str) -> None:
    admin = {"authorization": f"Bearer {target.token('u_a', Scope.ADMIN)}"}
    for field in ("media_url", "poster_url"):
        answer = target.send("POST", "/admin/reels", headers=admin, json={"reels": [{"reel_id": "evil", field: url}]})
        assert [one["index"] for one in answer.json()["rejected"]] == [0]


# --- huge and deep ---


@pytest.mark.parametrize("path", ["/events", "/auth/device", "/auth/refresh", "/me", "/admin/reels", "/admin/policy"])
@pytest.mark.parametrize("streamed", [False, True])
def test_a_body_over_the_limit_is_refused_told_or_streamed(target: Attacked, path: str, streamed: bool) -> None:
    method = {"/me": "PATCH", "/admin/policy": "PUT"}.get(path, "POST")
    headers = {"authorization": f"Bearer {target.token('u_a', *Scope)}", "content-type": "application/json"}
    piece = b" " * 65_536

    async def pieces() -> Any:
        for _ in range(target.settings.max_body_bytes // len(piece) + 2):
            yield piece

    content = pieces() if streamed else piece * (target.settings.max_body_bytes // len(piece) + 2)
    answer = target.send(method, path, headers=headers, content=content)
    assert (answer.status_code, answer.headers["content-type"]) == (413, PROBLEM)


@pytest.mark.parametrize("deep", [b"[" * 100_000, b'{"a":' * 100_000, b"[" * 50_000 + b"]" * 50_000])
@pytest.mark.parametrize("path", ["/events", "/auth/device", "/me", "/admin/reels", "/admin/policy"])
def test_a_deeply_nested_body_is_refused_at_once(target: Attacked, path: str, deep: bytes) -> None:
    method = {"/me": "PATCH", "/admin/policy": "PUT"}.get(path, "POST")
    headers = {"authorization": f"Bearer {target.token('u_a', *Scope)}", "content-type": "application/json"}
    for body in (deep, b'{"events":' + deep + b"}", b'{"reels":[' + deep + b"]}"):
        began = time.process_time()
        answer = target.send(method, path, headers=headers, content=body)
        assert answer.status_code == 422, answer.text
        assert len(answer.content) < 5_000
        assert time.process_time() - began < 5


def test_many_events_and_many_fields_are_refused(target: Attacked, viewer: Viewer) -> None:
    assert post(target, viewer, *[event(f"m{n}") for n in range(501)]).status_code == 413
    many = "&".join(f"a{n}=1" for n in range(5000))
    assert target.send("GET", f"/feed?{many}", headers=viewer.bearer).status_code == 422
    keys = {f"k{n}": n for n in range(20_000)}
    assert target.send("PATCH", "/me", headers=viewer.bearer, json=keys).status_code == 422


def test_numbers_without_end_are_refused(target: Attacked, viewer: Viewer) -> None:
    """Reading an integer of very many digits takes quadratic time; none may get that far."""
    digits = b"9" * 200_000
    for body in (b'{"events":[{"event_id":"n","reel_id":"r00001","kind":"watch","occurred_at":%b}]}', b'{"events":%b}'):
        began = time.process_time()
        answer = target.send("POST", "/events", headers=viewer.bearer, content=body % digits)
        assert answer.status_code in (200, 422)
        assert answer.status_code == 422 or answer.json()["stored"] == 0
        assert time.process_time() - began < 5
    admin = {"authorization": f"Bearer {target.token('u_a', Scope.ADMIN)}"}
    assert target.send("PUT", "/admin/policy", headers=admin, content=b'{"epsilon":%b}' % digits).status_code == 422


# --- headers ---


@pytest.mark.parametrize(
    "value",
    ["bytes=", "bytes=a-b", "bytes=5-2", "bytes=-", "bytes=--1", "bytes=0-0,2-2,4-4", "lines=0-1",
     "bytes=" + "0-1," * 2000, "bytes=99999999999999999999-", "bytes=-99999999999999999999", "bytes=0-" + "9" * 4000,
     "\xff"],
)  # fmt: skip
def test_odd_ranges_cost_no_more_than_the_film(target: Attacked, value: str) -> None:
    whole = len(target.send("GET", "/media/r00001.jpg").content)
    answer = target.send("GET", "/media/r00001.jpg", headers={"range": value.encode("latin-1")})
    assert answer.status_code in (200, 206, 400, 416)
    assert len(answer.content) <= 2 * whole + 1000


@pytest.mark.parametrize("value", [b"a\r\nx-evil: 1", b"a\nb", b"x" * 65, b"<b>", b"\xff", b"", b'x" y', b"\x00"])
def test_an_odd_request_id_is_replaced(target: Attacked, value: bytes) -> None:
    answer = target.send("GET", "/healthz", headers={"x-request-id": value})
    assert answer.headers["x-request-id"].encode() != value
    assert "x-evil" not in answer.headers
    assert len(answer.headers["x-request-id"]) == 24


@pytest.mark.parametrize("host", ["evil.example.com", "evil.example.com:80", "[::1]", "x" * 2000, "evil host"])
def test_a_claimed_host_gets_into_no_answer(target: Attacked, viewer: Viewer, host: str) -> None:
    claims = {"host": host, "x-forwarded-host": host, "x-original-url": "/admin/stats", "x-rewrite-url": "/admin/stats"}
    for path in ("/feed", "/me", "/openapi.json", "/nothing", "/reels/r00001/"):
        answer = target.send("GET", path, headers=viewer.bearer | claims)
        assert host not in answer.text
        assert host not in str(answer.headers)


@pytest.mark.parametrize("header", ["x-http-method-override", "x-method-override", "x-http-method"])
def test_no_header_changes_the_method(target: Attacked, header: str) -> None:
    admin = {"authorization": f"Bearer {target.token('u_a', Scope.ADMIN)}"}
    before = target.send("GET", "/admin/policy", headers=admin).json()
    target.send("GET", "/admin/policy", headers=admin | {header: "PUT"})
    assert target.send("GET", "/admin/policy", headers=admin).json() == before


def test_methods_that_are_not_there_are_refused(target: Attacked, viewer: Viewer) -> None:
    for method in ("TRACE", "CONNECT", "DELETE", "PROPFIND"):
        assert target.send(method, "/feed", headers=viewer.bearer).status_code in (404, 405), method


def test_an_unexpected_error_tells_nothing(target: Attacked, viewer: Viewer) -> None:
    answer = target.send("POST", "/events", headers=viewer.bearer, content=b"\xff\xfe{")
    assert answer.status_code == 422
    assert "Traceback" not in answer.text
    assert str(target.settings.data_dir) not in answer.text


# --- what is served from disk ---


@pytest.mark.parametrize(
    "path",
    ["..%2f..%2fkeys%2fsigning.pem", "%2e%2e/%2e%2e/keys/signing.pem", "....//....//keys/signing.pem", "/etc/passwd",
     "..%5c..%5ckeys%5csigning.pem", "%2fetc%2fpasswd", "..%252f..%252fkeys%252fsigning.pem", "r00001.jpg%00.mp4"],
)  # fmt: skip
def test_no_path_leads_out_of_the_films_or_the_documentation(target: Attacked, path: str) -> None:
    for door in (f"/media/{path}", f"/media/{path}.mp4", f"/media/{path}.jpg", f"/static-offline-docs/{path}"):
        answer = target.send("GET", door)
        assert answer.status_code in (404, 405), door
        assert b"PRIVATE KEY" not in answer.content
        assert b"root:" not in answer.content


def test_a_formula_in_a_catalogue_is_text_and_nothing_here_writes_tables(target: Attacked, viewer: Viewer) -> None:
    """Formulas run where a table is opened by a spreadsheet; the API answers JSON only (no route offers `text/csv`)."""
    admin = {"authorization": f"Bearer {target.token('u_a', Scope.ADMIN)}"}
    formula = '=HYPERLINK("https://evil.example.com")'
    answer = target.send("POST", "/admin/reels", headers=admin, json={"reels": [{"reel_id": "f1", "title": formula}]})
    assert answer.json()["new"] + answer.json()["updated"] + answer.json()["unchanged"] == 1
    told = target.send("GET", "/reels/f1", headers=viewer.bearer)
    assert (told.json()["title"], told.headers["content-type"]) == (formula, "application/json")
    assert "csv" not in str(target.app.openapi()["paths"]).lower()
