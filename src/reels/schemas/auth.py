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

    model_config = ConfigDict(json_schema_extra={"examples": [{"refresh_token": "eyJhbGciOiJFZERTQSJ9..."}]})

    refresh_token: str


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
