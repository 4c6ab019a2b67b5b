"""Token confusion: nothing but a token we signed for this very use says who somebody is."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.security.attacked import Attacked, Viewer, bearer, joined, parts_of

from reels.api.tokens import Scope, key_id

pytestmark = pytest.mark.xdist_group("security")

Forge = Callable[[Attacked], str]


def _hmac_with_the_public_key(encoding: Encoding, form: PublicFormat) -> Forge:
    def forged(target: Attacked) -> str:
        public = target.signing.public_key().public_bytes(encoding, form)
        header, claims, _ = parts_of(target.forged())
        head = joined(header | {"alg": "HS256"}, claims, b"").rsplit(".", 1)[0]
        mac = hmac.new(public, head.encode(), hashlib.sha256).digest()
        return f"{head}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"

    return forged


def _altered(**claims: Any) -> Forge:
    def forged(target: Attacked) -> str:
        header, told, signature = parts_of(target.token("u_x", Scope.VIEWER))
        return joined(header, told | claims, signature)

    return forged


def _headed(**header: Any) -> Forge:
    """Signed as it should be by somebody else, with what the header promises."""

    def forged(target: Attacked) -> str:
        stranger = Ed25519PrivateKey.generate()
        public = base64.urlsafe_b64encode(stranger.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
        told = {"jwk": {"kty": "OKP", "crv": "Ed25519", "x": public.rstrip("=")}} if header.pop("jwk", None) else {}
        return target.forged(stranger, header=told | header)

    return forged


FORGED: dict[str, Forge] = {
    "alg none": lambda target: joined({"alg": "none"}, parts_of(target.forged())[1], b""),
    "alg none, our key id": lambda target: joined(
        {"alg": "none", "kid": key_id(target.signing.public_key())}, parts_of(target.forged())[1], b""
    ),
    "alg None in odd case": lambda target: joined({"alg": "nOnE"}, parts_of(target.forged())[1], b""),
    "no alg": lambda target: joined({"kid": key_id(target.signing.public_key())}, parts_of(target.forged())[1], b"x"),
    "HS256 with the public key, raw": _hmac_with_the_public_key(Encoding.Raw, PublicFormat.Raw),
    "HS256 with the public key, PEM": _hmac_with_the_public_key(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    "HS256 with the public key, DER": _hmac_with_the_public_key(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
    "ES256": lambda target: target.forged(ec.generate_private_key(ec.SECP256R1()), "ES256"),
    "RS256": lambda target: target.forged(rsa.generate_private_key(65537, 2048), "RS256"),
    "somebody else's EdDSA": lambda target: target.forged(Ed25519PrivateKey.generate()),
    "their key in the header": _headed(jwk=True),
    "their key by address": _headed(jku="https://evil.example.com/jwks.json", x5u="https://evil.example.com"),
    "scope altered": _altered(scope="admin"),
    "subject altered": _altered(sub="u_other"),
    "expiry altered": _altered(exp=9_999_999_999),
    "no signature": lambda target: target.forged().rsplit(".", 1)[0] + ".",
    "two signatures": lambda target: target.forged() + "." + target.forged().rsplit(".", 1)[1],
    "kid with a path": lambda target: target.forged(Ed25519PrivateKey.generate(), header={"kid": "../../dev/null"}),
    "kid empty": lambda target: target.forged(header={"kid": ""}),
    "crit": lambda target: target.forged(header={"crit": ["exp"], "exp": 1}),
    "not yet": lambda target: target.forged(nbf=4_000_000_000, exp=4_100_000_000),
    "made in the future": lambda target: target.forged(iat=4_000_000_000, exp=4_100_000_000),
    "long over": lambda target: target.forged(exp=1_000_000_000),
    "never over": lambda target: target.forged(exp=float("inf")),
    "no expiry": lambda target: target.forged(exp=None),
    "no audience": lambda target: target.forged(aud=None),
    "refresh": lambda target: target.forged(aud="reels-refresh"),
    "another issuer": lambda target: target.forged(iss="reels.evil.example.com"),
    "no subject": lambda target: target.forged(sub=None),
    "no scope": lambda target: target.forged(scope="admin root"),
    "scope as a list": lambda target: target.forged(scope=["admin"]),
    "huge": lambda target: target.forged(pad="x" * 4000),
    "deep": lambda target: joined({"alg": "EdDSA"}, json.loads("[" * 900 + "]" * 900), b""),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_token_is_refused_everywhere(target: Attacked, name: str) -> None:
    token = FORGED[name](target)
    for method, path in (("GET", "/admin/stats"), ("GET", "/feed"), ("GET", "/me"), ("POST", "/events")):
        answer = target.send(method, path, headers=bearer(token))
        assert answer.status_code == 401, (path, answer.text)
        assert token not in answer.text
    refreshed = target.send("POST", "/auth/refresh", json={"refresh_token": token})
    assert refreshed.status_code in ((200, 401) if name == "refresh" else (401, 422))  # 422: too long to be one


def test_the_token_that_the_forgeries_are_made_from_is_good(target: Attacked) -> None:
    """Else they would be refused for something else."""
    assert target.send("GET", "/admin/stats", headers=bearer(target.forged())).status_code == 200


def test_a_kid_that_is_no_text_is_refused(target: Attacked) -> None:
    header, claims, signature = parts_of(target.forged())
    odd: tuple[Any, ...] = ([], {}, 7, None, True, "\0", "é", "x" * 1000)
    for kid in odd:
        token = joined(header | {"kid": kid}, claims, signature)
        assert target.send("GET", "/admin/stats", headers=bearer(token)).status_code == 401


def test_every_changed_character_of_a_token_spoils_it(target: Attacked) -> None:
    """But for the last one of the signature, some of whose bits are padding (RFC 4648 3.5)."""
    token = target.forged()
    for place in range(len(token) - 1):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        assert target.send("GET", "/admin/stats", headers=bearer(changed)).status_code == 401, place


def test_access_and_refresh_tokens_are_not_taken_for_each_other(target: Attacked) -> None:
    viewer: Viewer = target.sign_up()
    assert target.send("GET", "/me", headers=bearer(viewer.refresh)).status_code == 401
    refused = target.send("POST", "/auth/refresh", json={"refresh_token": viewer.access})
    assert refused.status_code == 401
    assert jwt.decode(viewer.access, options={"verify_signature": False})["sub"] == viewer.user_id


@pytest.mark.parametrize(
    "value",
    ["Bearer", "Bearer ", "bearer\t", "Bearer null", "Bearer undefined", "Token x", "Bearer a b", "Bearer \xff"],
)
def test_an_odd_authorization_header_is_nobody(target: Attacked, value: str) -> None:
    answer = target.send("GET", "/me", headers={"authorization": value.encode("latin-1")})
    assert answer.status_code == 401


def test_a_token_in_a_query_or_cookie_is_not_looked_at(target: Attacked) -> None:
    token = target.sign_up().access
    assert target.send("GET", "/me", headers={"cookie": f"token={token}; access_token={token}"}).status_code == 401
    assert target.send("GET", f"/me?access_token={token}").status_code == 401
