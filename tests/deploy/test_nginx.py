"""The deployed nginx configuration, in a real nginx before a real API worker and the real app."""

import json
import re
import socket
import ssl
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from tests.deploy.behind_nginx import ALLOWED_ORIGIN, BALANCER, OPERATOR, STRANGER, nginx
from tests.deploy.conftest import Deployed
from tests.waiting import eventually
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

pytestmark = [pytest.mark.xdist_group("deploy"), pytest.mark.slow]

PROBLEM = "application/problem+json"
_addresses: Iterator[str] = (f"10.1.{n // 250}.{n % 250 + 1}" for n in range(10_000))


@pytest.fixture
def somebody(deployed: Deployed) -> Iterator[httpx.Client]:
    """A client nobody has counted yet: it comes through the trusted balancer, from an address of its own."""
    with deployed.site.client(BALANCER) as client:
        client.headers["x-forwarded-for"] = next(_addresses)
        yield client


def sign_up(client: httpx.Client) -> dict[str, str]:
    told = client.post("/auth/device", json={}).raise_for_status().json()
    return {"authorization": f"Bearer {told['access_token']}"}


# --- TLS ---


def test_a_page_comes_over_https_and_http_2(deployed: Deployed) -> None:
    with deployed.site.client(BALANCER, http2=True) as client:
        client.headers["x-forwarded-for"] = next(_addresses)
        page = client.get("/feed", headers=sign_up(client))
        assert page.http_version == "HTTP/2"
        assert page.json()["items"]
        assert client.get("/").http_version == "HTTP/2"


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated:DeprecationWarning")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_is_spoken_from_1_2_on(deployed: Deployed, version: ssl.TLSVersion) -> None:
    context = deployed.site.trust()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    if version < ssl.TLSVersion.TLSv1_2:
        with pytest.raises(ssl.SSLError):
            handshake(deployed, context)
    else:
        assert handshake(deployed, context) in {"TLSv1.2", "TLSv1.3"}


@pytest.mark.parametrize("cipher", ["ECDHE-ECDSA-AES128-SHA", "AES128-GCM-SHA256"])
def test_ciphers_without_authentication_or_forward_secrecy_are_refused(deployed: Deployed, cipher: str) -> None:
    context = deployed.site.trust()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(f"{cipher}:@SECLEVEL=0")
    with pytest.raises(ssl.SSLError):
        handshake(deployed, context)


def test_another_name_gets_no_handshake(deployed: Deployed) -> None:
    context = deployed.site.trust()
    context.check_hostname = False
    with pytest.raises(ssl.SSLError, match="UNRECOGNIZED_NAME"):
        handshake(deployed, context, "elsewhere.example.com")


def test_plain_http_is_sent_to_the_https_address_whatever_host_was_claimed(deployed: Deployed) -> None:
    url = f"http://127.0.0.1:{deployed.site.http}/reel/r1?a=b"
    answer = httpx.get(url, headers={"host": "evil.example.com"})
    assert (answer.status_code, answer.headers["location"]) == (308, f"{deployed.url}/reel/r1?a=b")


@pytest.mark.parametrize("path", ["/", "/feed", "/metrics", "/nothing", "/media/r1.jpg"])
def test_every_answer_carries_the_security_headers_once(somebody: httpx.Client, path: str) -> None:
    headers = somebody.get(path).headers
    assert headers["strict-transport-security"] == "max-age=31536000"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "SAMEORIGIN"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["server"] == "nginx"
    assert "," not in headers["x-request-id"]


def test_the_app_keeps_its_own_policy_and_data_gets_the_strictest(somebody: httpx.Client) -> None:
    assert "wasm-unsafe-eval" in somebody.get("/").headers["content-security-policy"]
    assert somebody.get("/healthz").headers["content-security-policy"].startswith("default-src 'none'")


# --- who may call ---


def test_a_listed_origin_may_call_from_a_browser(somebody: httpx.Client) -> None:
    asked = {"origin": ALLOWED_ORIGIN, "access-control-request-method": "POST"}
    preflight = somebody.options("/events", headers=asked)
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == ALLOWED_ORIGIN
    assert "authorization" in preflight.headers["access-control-allow-headers"]
    assert "POST" in preflight.headers["access-control-allow-methods"]
    answer = somebody.get("/feed", headers={"origin": ALLOWED_ORIGIN})
    assert answer.status_code == 401
    assert answer.headers["access-control-allow-origin"] == ALLOWED_ORIGIN
    assert "Origin" in answer.headers["vary"]


@pytest.mark.parametrize("origin", ["https://evil.example.com", "https://studio.example.com.evil.com", "null"])
def test_another_origin_gets_no_word_of_cors(somebody: httpx.Client, origin: str) -> None:
    for answer in (
        somebody.options("/events", headers={"origin": origin, "access-control-request-method": "POST"}),
        somebody.get("/feed", headers={"origin": origin}),
        somebody.get("/nothing", headers={"origin": origin}),
    ):
        assert not [name for name in answer.headers if name.startswith("access-control")]


def test_metrics_admin_and_docs_are_open_to_operators_only(deployed: Deployed) -> None:
    with deployed.site.client(STRANGER) as stranger, deployed.site.client(OPERATOR) as operator:
        for path in ("/metrics", "/admin/stats", "/docs"):
            refused = stranger.get(path)
            assert (refused.status_code, refused.headers["content-type"]) == (403, PROBLEM)
        assert "reels_requests_total" in operator.get("/metrics").text
        assert operator.get("/admin/stats").status_code == 401  # the API's own lock
        assert operator.get("/docs").status_code == 200


def test_a_client_is_not_believed_about_its_address_but_a_trusted_proxy_is(deployed: Deployed) -> None:
    claim = {"x-forwarded-for": OPERATOR, "x-real-ip": OPERATOR, "forwarded": f"for={OPERATOR}"}
    with deployed.site.client(STRANGER) as stranger, deployed.site.client(BALANCER) as balancer:
        assert stranger.get("/metrics", headers=claim).status_code == 403
        assert balancer.get("/metrics", headers={"x-forwarded-for": OPERATOR}).status_code == 200
        spoofed = {"x-forwarded-for": f"{OPERATOR}, {STRANGER}"}  # what the client claimed, then where it came from
        assert balancer.get("/metrics", headers=spoofed).status_code == 403


def test_the_api_counts_sign_ups_by_the_client_the_proxy_names(deployed: Deployed, somebody: httpx.Client) -> None:
    first = somebody.post("/auth/device", json={}, headers={"origin": ALLOWED_ORIGIN})
    second = somebody.post("/auth/device", json={})
    assert first.headers["ratelimit"].startswith('"auth";r=29;')
    assert second.headers["ratelimit"].startswith(('"auth";r=28;', '"auth";r=29;'))  # one comes back in two seconds
    assert "ratelimit" in first.headers["access-control-expose-headers"]


def test_administrators_passwords_are_tried_from_operators_addresses_only(deployed: Deployed) -> None:
    told = {"name": "nobody", "password": "correct horse battery staple"}
    with deployed.site.client(STRANGER) as stranger, deployed.site.client(OPERATOR) as operator:
        assert stranger.post("/auth/admin", json=told).status_code == 403
        assert operator.post("/auth/admin", json=told).json()["detail"] == "name or password is wrong"


def test_the_public_keys_are_for_everybody_to_keep(somebody: httpx.Client) -> None:
    answer = somebody.get("/.well-known/jwks.json")
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert [key["crv"] for key in answer.json()["keys"]] == ["Ed25519"]


# --- request ids ---


def test_a_sane_request_id_goes_through_to_the_logs_and_back(deployed: Deployed, somebody: httpx.Client) -> None:
    mine = f"mine-{uuid4().hex}"
    answer = somebody.get("/feed", headers={"x-request-id": mine})
    assert answer.headers["x-request-id"] == answer.json()["request_id"] == mine
    line = eventually(lambda: logged(deployed.api_log(), mine))
    assert (line["route"], line["status"]) == ("/feed", 401)
    door = eventually(lambda: logged(deployed.site.log(), mine))
    assert (door["door"], door["status"]) == ("api", "401")


def test_a_missing_or_odd_request_id_is_replaced_by_one_the_api_logs(
    deployed: Deployed, somebody: httpx.Client
) -> None:
    for sent in ({}, {"x-request-id": 'x" injected'}, {"x-request-id": "a" * 65}):
        made = somebody.get("/feed", headers=sent).headers["x-request-id"]
        assert len(made) == 32
        assert eventually(partial(reaches, deployed, made))


def test_the_log_names_nobody(deployed: Deployed, somebody: httpx.Client) -> None:
    secret, mine = uuid4().hex, uuid4().hex
    somebody.get(f"/reels/{secret}?q={secret}", headers={"user-agent": secret, "x-request-id": mine})
    eventually(lambda: logged(deployed.site.log(), mine))
    for kept in (deployed.site.log(), deployed.api_log()):
        assert secret not in kept
        assert somebody.headers["x-forwarded-for"] not in kept


# --- limits ---


def test_too_many_requests_are_refused_with_a_problem_and_when_to_come_back(somebody: httpx.Client) -> None:
    answers = [somebody.post("/auth/device", json={}, headers={"origin": ALLOWED_ORIGIN}) for _ in range(14)]
    assert [answer.status_code for answer in answers[:11]] == [200] * 11
    refused = answers[-1]
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "1"
    assert refused.headers["content-type"] == PROBLEM
    assert refused.headers["access-control-allow-origin"] == ALLOWED_ORIGIN
    body = refused.json()
    assert (body["type"], body["status"]) == ("urn:reels:problem:too-many-requests", 429)
    assert body["request_id"] == refused.headers["x-request-id"]


def test_the_feed_bears_a_burst_and_then_limits_one_client_but_not_the_next(
    deployed: Deployed, somebody: httpx.Client
) -> None:
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: somebody.get("/healthz").status_code, range(200)))
    assert statuses.count(200) >= 61
    assert statuses.count(429) >= 50
    with deployed.site.client(BALANCER) as another:
        assert another.get("/healthz", headers={"x-forwarded-for": next(_addresses)}).status_code == 200


def test_neighbours_in_one_ipv6_network_share_a_limit(deployed: Deployed) -> None:
    with deployed.site.client(BALANCER) as client:
        statuses = [
            client.post(
                "/auth/device", json={}, headers={"x-forwarded-for": f"2001:db8:7:9:1:1:1:{n + 1:x}"}
            ).status_code
            for n in range(14)
        ]
    assert statuses[-1] == 429


@pytest.mark.parametrize("path, size", [("/events", 1_000_001), ("/auth/device", 20_000)])
def test_a_body_over_the_limit_is_refused(somebody: httpx.Client, path: str, size: int) -> None:
    answer = somebody.post(path, content=b"x" * size)
    assert (answer.status_code, answer.headers["content-type"]) == (413, PROBLEM)
    assert answer.json()["type"] == "urn:reels:problem:body-too-large"


def test_a_body_under_the_limit_reaches_the_api(somebody: httpx.Client) -> None:
    answer = somebody.post("/events", content=b"x" * 900_000, headers=sign_up(somebody))
    assert answer.status_code == 422


# --- compression and caching ---


def test_pages_are_compressed_and_tokens_are_not(somebody: httpx.Client) -> None:
    page = somebody.get("/feed", headers=sign_up(somebody) | {"accept-encoding": "gzip"})
    assert page.headers["content-encoding"] == "gzip"
    tokens = somebody.post("/auth/device", json={}, headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in tokens.headers


def test_a_film_is_drawn_once_then_served_from_the_cache_in_ranges(somebody: httpx.Client) -> None:
    first = somebody.get("/media/r2.mp4", headers={"range": "bytes=0-99"})
    assert (first.status_code, len(first.content), first.headers["x-cache"]) == (206, 100, "MISS")
    whole = somebody.get("/media/r2.mp4")
    assert (whole.status_code, whole.headers["x-cache"]) == (200, "HIT")
    assert whole.headers["content-type"] == "video/mp4"
    assert whole.headers["access-control-allow-origin"] == "*"
    assert whole.content[:100] == first.content
    tail = somebody.get("/media/r2.mp4", headers={"range": "bytes=-50"})
    assert (tail.status_code, tail.headers["x-cache"]) == (206, "HIT")
    assert tail.content == whole.content[-50:]
    assert somebody.get("/media/r2.mp4", headers={"range": "bytes=99999999-"}).status_code == 416
    known = somebody.get("/media/r2.mp4", headers={"if-none-match": whole.headers["etag"]})
    assert known.status_code == 304


def test_the_apps_files_are_cached_once_for_each_encoding(somebody: httpx.Client) -> None:
    path = re.findall(r"/v/\w+/", somebody.get("/").text)[0] + "main.dart.js"
    answers = [
        somebody.get(path, headers={"accept-encoding": accepted})
        for accepted in ("gzip, deflate, br", "br", "gzip", "gzip, deflate", "identity")
    ]
    assert [answer.status_code for answer in answers] == [200] * 5
    assert [answer.headers["x-cache"] for answer in answers] == ["MISS", "HIT", "MISS", "HIT", "MISS"]
    assert [answer.headers.get("content-encoding") for answer in answers] == ["br", "br", "gzip", "gzip", None]
    assert "immutable" in answers[1].headers["cache-control"]


# --- the app ---


def test_a_viewer_is_given_a_place_and_keeps_it(somebody: httpx.Client) -> None:
    given = somebody.get("/").headers["set-cookie"]
    assert given.startswith("reels_app=")
    assert {"Secure", "HttpOnly", "SameSite=Lax"} <= {part.strip() for part in given.split(";")}
    assert "set-cookie" not in somebody.get("/").headers
    assert "set-cookie" not in somebody.get("/reel/r1").headers


def test_the_apps_socket_goes_through(deployed: Deployed) -> None:
    for origin in (deployed.url, ALLOWED_ORIGIN, None):
        with socket_of(deployed, origin) as opened:
            assert opened.response
            assert opened.response.status_code == 101
            opened.ping().wait(10)


@pytest.mark.parametrize("origin", ["https://evil.example.com", "https://localhost"])
def test_a_strangers_page_can_not_open_the_socket(deployed: Deployed, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        socket_of(deployed, origin)
    assert refused.value.response.status_code == 403


# --- when the API is away ---


def test_without_an_api_worker_the_answer_is_a_problem_that_says_when_to_come_back(data_dir: Path) -> None:
    data_dir.chmod(0o755)  # nginx' workers are not root
    with nginx(data_dir, [1], 2) as site, site.client() as client:
        began = time.monotonic()
        answer = client.get("/feed")
        assert time.monotonic() - began < 3
        assert (answer.status_code, answer.headers["content-type"]) == (503, PROBLEM)
        assert answer.headers["retry-after"] == "2"
        assert answer.json()["request_id"] == answer.headers["x-request-id"]


def handshake(deployed: Deployed, context: ssl.SSLContext, name: str = "localhost") -> str | None:
    """The TLS version that was agreed on."""
    with (
        socket.create_connection(("127.0.0.1", deployed.site.https), 10) as raw,
        context.wrap_socket(raw, server_hostname=name) as secured,
    ):
        return secured.version()


def socket_of(deployed: Deployed, origin: str | None) -> ClientConnection:
    """The app's socket, opened as by a page of `origin`."""
    told = Origin(origin) if origin else None
    address = f"wss://localhost:{deployed.site.https}/ws"
    # Patient: the other test process may keep both cores busy.
    return connect(address, ssl=deployed.site.trust(), origin=told, open_timeout=60)


def reaches(deployed: Deployed, request_id: str) -> bool:
    """Whether the API has logged this id."""
    return bool(logged(deployed.api_log(), request_id))


def logged(log: str, request_id: str) -> dict[str, object]:
    """The line of a log that has this id, {} while there is none."""
    for line in log.splitlines():
        if request_id in line:
            found: dict[str, object] = json.loads(line)
            return found
    return {}
