import base64
import json
import time
from dataclasses import replace
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.api.serving import Served, assert_problem

from reels.api.app import create_app
from reels.api.pseudonyms import Pseudonyms, key_id_of
from reels.api.tokens import CACHED_TOKENS, Scope, Tokens, Use, key_id
from reels.core.errors import ConfigError, NotAuthenticated

pytestmark = pytest.mark.anyio
DEVICE = "a-long-random-device-secret"


async def test_signing_up_gives_a_viewer_whose_token_works(served: Served) -> None:
    answer = (await served.http.post("/auth/device", json={"region": "in", "language": "HI"})).json()
    assert answer["user_id"].startswith("u_")
    assert answer["expires_in"] == 900
    profile = await served.http.get("/me", headers={"authorization": f"Bearer {answer['access_token']}"})
    assert profile.json()["user_id"] == answer["user_id"]
    assert (profile.json()["region"], profile.json()["language"]) == ("IN", "hi")


async def test_the_same_device_is_the_same_viewer_and_the_device_id_is_not_kept(served: Served) -> None:
    first, again, other = [
        (await served.http.post("/auth/device", json={"device_id": one})).json() for one in (DEVICE, DEVICE, DEVICE[1:])
    ]
    assert first["user_id"] == again["user_id"] != other["user_id"]
    user = await served.services.stores.users.get(first["user_id"])
    assert DEVICE not in str(user)


@pytest.mark.parametrize(
    "body",
    [{"device_id": "short"}, {"lang": "hi"}, {"region": "x" * 13}, {"region": "<b>"}, {"device_id": 7}, [], "x", None],
)
async def test_a_bad_sign_up_is_refused_naming_the_field(served: Served, body: Any) -> None:
    problem = assert_problem(await served.http.post("/auth/device", json=body), 422, "bad-request")
    assert problem["errors"]


async def test_refreshing_gives_tokens_of_the_same_viewer(served: Served) -> None:
    first = (await served.http.post("/auth/device", json={})).json()
    served.clock.now += 3600
    assert_problem(await ask(served, first["access_token"]), 401, "not-authenticated")
    again = (await served.http.post("/auth/refresh", json={"refresh_token": first["refresh_token"]})).json()
    assert again["user_id"] == first["user_id"]
    assert (await ask(served, again["access_token"])).status_code == 200


async def ask(served: Served, token: str) -> Any:
    return await served.http.get("/feed", headers={"authorization": f"Bearer {token}"})


def claims(served: Served, **other: Any) -> dict[str, Any]:
    now = int(served.clock.now)
    good = {
        "iss": "reels",
        "aud": "reels-api",
        "sub": "u_x",
        "scope": "viewer",
        "iat": now,
        "nbf": now,
        "exp": now + 60,
    }
    return {name: value for name, value in (good | other).items() if value is not None}


def sign(served: Served, key: Any = None, algorithm: str = "EdDSA", kid: str | None = None, **other: Any) -> str:
    headers = {"kid": kid or key_id(served.signing.public_key())}
    return jwt.encode(claims(served, **other), key or served.signing, algorithm=algorithm, headers=headers)


async def test_a_token_signed_as_ours_is_taken(served: Served) -> None:
    assert (await ask(served, sign(served))).status_code == 200


@pytest.mark.parametrize(
    "other",
    [
        {"aud": "reels-refresh"},
        {"aud": "another"},
        {"iss": "another"},
        {"exp": 1},
        {"exp": float("inf")},
        {"exp": "soon"},
        {"exp": None},
        {"nbf": 2e9},
        {"iat": 2e9},
        {"sub": None},
        {"sub": 7},
        {"scope": "viewer root"},
    ],
)
async def test_a_token_with_wrong_claims_is_refused(served: Served, other: dict[str, Any]) -> None:
    response = await ask(served, sign(served, **other))
    assert_problem(response, 401, "not-authenticated")
    assert response.headers["www-authenticate"] == "Bearer"


async def test_a_token_of_another_key_or_algorithm_is_refused(served: Served) -> None:
    stranger = Ed25519PrivateKey.generate()
    none = ".".join(
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
        for part in ({"alg": "none", "kid": key_id(served.signing.public_key())}, claims(served))
    )
    for token in (
        sign(served, stranger),
        sign(served, stranger, kid=key_id(stranger.public_key())),
        sign(served, b"x" * 32, algorithm="HS256"),
        none + ".",
        none,
        sign(served)[:-3],
        "x",
        "a.b.c",
        "x" * 5000,
    ):
        assert_problem(await ask(served, token), 401, "not-authenticated")


async def test_a_refresh_token_is_no_access_token_nor_the_other_way_round(served: Served) -> None:
    tokens = (await served.http.post("/auth/device", json={})).json()
    assert_problem(await ask(served, tokens["refresh_token"]), 401, "not-authenticated")
    refused = await served.http.post("/auth/refresh", json={"refresh_token": tokens["access_token"]})
    assert_problem(refused, 401, "not-authenticated")


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic abc"])
async def test_no_token_is_refused(served: Served, header: str | None) -> None:
    headers = {} if header is None else {"authorization": header}
    assert_problem(await served.http.get("/feed", headers=headers), 401, "not-authenticated")


async def test_a_viewer_may_not_administer_and_a_creator_may_not_view(served: Served) -> None:
    for path in ("/admin/stats", "/admin/policy", "/admin/jobs", "/admin/audit", "/admin/feeds/x"):
        assert_problem(await served.http.get(path, headers=served.bearer()), 403, "not-allowed")
        assert_problem(await served.http.get(path), 401, "not-authenticated")
    creator = served.bearer("u_maker", Scope.CREATOR)
    assert_problem(await served.http.get("/feed", headers=creator), 403, "not-allowed")
    assert_problem(await served.http.get("/me", headers=creator), 403, "not-allowed")


def test_a_verified_token_still_expires_in_the_cache() -> None:
    tokens = Tokens(Ed25519PrivateKey.generate())
    token = tokens.mint("u_x", [Scope.VIEWER], 1000.0, 60)
    assert tokens.verify(token, 1001).user_id == "u_x"
    assert tokens.verify(token, 1059).scopes == {Scope.VIEWER}
    with pytest.raises(NotAuthenticated, match="expired"):
        tokens.verify(token, 1066)
    with pytest.raises(NotAuthenticated, match="not valid yet"):
        tokens.verify(token, 900)
    with pytest.raises(NotAuthenticated):
        tokens.verify(token, 1001, Use.REFRESH)


def test_an_older_key_still_verifies() -> None:
    old, new = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    token = Tokens(old).mint("u_x", [Scope.VIEWER], 0, 60)
    assert Tokens(new, [old.public_key()]).verify(token, 1).user_id == "u_x"
    with pytest.raises(NotAuthenticated):
        Tokens(new).verify(token, 1)


def test_the_cache_of_tokens_is_bounded() -> None:
    tokens = Tokens(Ed25519PrivateKey.generate())
    tokens._verified = {str(i): tokens.verify(tokens.mint("u", [], 0, 9), 0) for i in range(CACHED_TOKENS)}
    tokens.verify(tokens.mint("u_y", [], 0, 9), 0)
    assert len(tokens._verified) == CACHED_TOKENS


def test_the_cache_forgets_what_has_expired() -> None:
    tokens = Tokens(Ed25519PrivateKey.generate())
    for i in range(5):
        tokens.verify(tokens.mint(f"u{i}", [], 10 * i, 60), 10 * i)
    assert len(tokens._verified) == 5
    tokens.verify(tokens.mint("u_y", [], 1000, 60), 1000)
    assert [one.user_id for one in tokens._verified.values()] == ["u_y"]


def test_pseudonyms_depend_on_the_key_and_the_key_is_long() -> None:
    one, other = Pseudonyms(b"a" * 32), Pseudonyms(b"b" * 32)
    assert one.of_device(DEVICE) == Pseudonyms(b"a" * 32).of_device(DEVICE) != other.of_device(DEVICE)
    assert len(one.of_device(DEVICE)) == 28
    assert one.key_id != other.key_id
    with pytest.raises(ConfigError):
        Pseudonyms(b"secret")


async def test_a_viewer_of_an_older_pseudonym_key_keeps_its_id(served: Served) -> None:
    old, new = b"a" * 32, b"b" * 32

    async def signed_up(pseudonyms: Pseudonyms, device: str) -> tuple[str, str]:
        """The viewer's id, and the id of the key that made it."""
        app = create_app(replace(served.services, pseudonyms=pseudonyms))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://reels") as http:
            user_id: str = (await http.post("/auth/device", json={"device_id": device})).json()["user_id"]
        user = await served.services.stores.users.get(user_id)
        assert user is not None
        return user_id, user.key_id

    first = await signed_up(Pseudonyms(old), DEVICE)
    assert first[1] == key_id_of(old)
    after = Pseudonyms(new, [old])
    assert await signed_up(after, DEVICE) == first
    newcomer = await signed_up(after, "another-devices-secret")
    assert newcomer == (Pseudonyms(new).of_device("another-devices-secret"), key_id_of(new))
    assert await signed_up(after, "another-devices-secret") == newcomer
    assert await signed_up(Pseudonyms(new), DEVICE) != first


async def test_others_can_check_our_tokens_by_the_key_set(served: Served) -> None:
    older = Ed25519PrivateKey.generate()
    tokens = Tokens(served.signing, [older.public_key()])
    app = create_app(replace(served.services, tokens=tokens))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://reels") as http:
        answer = await http.get("/.well-known/jwks.json")
    assert answer.headers["cache-control"] == "public, max-age=300"
    keys = jwt.PyJWKSet.from_dict(answer.json())
    assert [key.key_id for key in keys.keys] == [key_id(one.public_key()) for one in (served.signing, older)]
    assert all(set(key) == {"kty", "crv", "x", "kid", "use", "alg"} for key in answer.json()["keys"])
    for signing in (served.signing, older):
        token = Tokens(signing).mint("u_x", [Scope.VIEWER], time.time(), 60)
        kid = jwt.get_unverified_header(token)["kid"]
        assert jwt.decode(token, keys[kid].key, ["EdDSA"], audience="reels-api", issuer="reels")["sub"] == "u_x"


@pytest.mark.parametrize("jti", [None, "", "s1", "s1.x", "s2.0", 7, "s1.0.0"])
async def test_a_refresh_token_that_names_no_generation_of_its_session_is_refused(served: Served, jti: Any) -> None:
    token = sign(served, aud="reels-refresh", sid="s1", jti=jti)
    answer = await served.http.post("/auth/refresh", json={"refresh_token": token})
    assert_problem(answer, 401, "not-authenticated")


def test_a_refresh_token_of_no_session_is_refused() -> None:
    tokens = Tokens(Ed25519PrivateKey.generate())
    with pytest.raises(NotAuthenticated):
        tokens.verify(tokens.mint("u_x", [Scope.VIEWER], 0, 60, Use.REFRESH), 1, Use.REFRESH)
    assert tokens.verify(tokens.mint("u_x", [], 0, 60, Use.REFRESH, session_id="s", generation=3), 1, Use.REFRESH)
