"""Sign-up and tokens on the wire."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Region = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{0,12}$", to_upper=True), Field(examples=["IN"])]
Language = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{0,12}$", to_lower=True), Field(examples=["hi"])]


class DeviceIn(BaseModel):
    """An anonymous sign-up. The same `device_id` leads to the same viewer again: it is a secret, make it random."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"region": "IN", "language": "hi"}]})

    device_id: str | None = Field(
        None, min_length=16, max_length=256, description="At least 16 characters; left out: a new viewer each time."
    )
    region: Region = ""
    language: Language = ""


class RefreshIn(BaseModel):
    """What new tokens are given for."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"refresh_token": "eyJhbGciOiJFZERTQSJ9..."}]}
    )

    refresh_token: str = Field(max_length=2000)


class AdminIn(BaseModel):
    """An administrator's name and password."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"name": "ana", "password": "correct horse battery staple"}]}
    )

    name: str = Field(min_length=1, max_length=64)
    password: str = Field(min_length=1, max_length=256, repr=False)


class LogoutIn(BaseModel):
    """How much ends."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"everywhere": True}]})

    everywhere: bool = Field(False, description="Every session of the caller, not this one alone.")


class TokensOut(BaseModel):
    """A viewer's tokens."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "user_id": "u_mfrggzdfmztwq2lknnwg23tpoa",
                    "access_token": "eyJhbGciOiJFZERTQSJ9...",
                    "refresh_token": "eyJhbGciOiJFZERTQSJ9...",
                    "expires_in": 900,
                }
            ]
        }
    )

    user_id: str = Field(description="Pseudonym of the viewer.")
    access_token: str
    refresh_token: str
    expires_in: int = Field(description="Seconds the access token is good for.")


class AdminTokenOut(BaseModel):
    """An administrator's token."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "ana", "access_token": "eyJhbGciOiJFZERTQSJ9...", "expires_in": 900}]}
    )

    name: str
    access_token: str
    expires_in: int = Field(description="Seconds the token is good for.")


class KeyOut(BaseModel):
    """One public key (RFC 7517, RFC 8037)."""

    kty: str = Field(examples=["OKP"])
    crv: str = Field(examples=["Ed25519"])
    x: str = Field(description="The key, base64url.", examples=["11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"])
    kid: str = Field(description="What tokens name it by.", examples=["21fe31dfa154a261"])
    use: str = Field(examples=["sig"])
    alg: str = Field(examples=["EdDSA"])


class KeySetOut(BaseModel):
    """The keys tokens are checked with; the first one signs."""

    keys: list[KeyOut]


class RevokedOut(BaseModel):
    """A viewer was signed out."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"user_id": "u_mfrggzdfmztwq2lknnwg23tpoa", "sessions": 2}]}
    )

    user_id: str
    sessions: int = Field(description="How many sessions ended.")
