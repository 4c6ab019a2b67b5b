import asyncio
from typing import Any

import httpx
import pytest
from tests.api.serving import Served, assert_problem

from reels.api.login import FORGOTTEN_SEC, FREE, NOBODY, pause_sec
from reels.api.passwords import Passwords, hashed
from reels.core.types import Admin

pytestmark = pytest.mark.anyio
PASSWORD = "correct horse battery staple"
HASHED = hashed(PASSWORD)


@pytest.fixture
async def ana(served: Served) -> Served:
    """The application with one administrator."""
    await served.services.stores.admins.create(Admin("ana", HASHED, 0, 0))
    return served


async def sign_in(served: Served, password: str = PASSWORD, name: str = "ana", client: str = "10.0.0.1") -> Any:
    transport = httpx.ASGITransport(served.app, client=(client, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://reels") as http:
        return await http.post("/auth/admin", json={"name": name, "password": password})


async def audited(served: Served) -> list[tuple[str, str]]:
    return [(one["who"], one["action"]) for one in reversed(await served.services.stores.audit.recent(50))]


async def test_a_name_and_a_password_give_a_short_token_that_administers(ana: Served) -> None:
    answer = (await sign_in(ana)).json()
    headers = {"authorization": f"Bearer {answer['access_token']}"}
    assert (answer["name"], answer["expires_in"]) == ("ana", 900)
    assert (await ana.http.get("/admin/stats", headers=headers)).status_code == 200
    await ana.http.post("/admin/jobs/snapshot", headers=headers)
    assert await audited(ana) == [("ana", "login"), ("ana", "job")]
    ana.clock.now += 906
    assert_problem(await ana.http.get("/admin/stats", headers=headers), 401, "not-authenticated")


async def test_an_administrator_may_sign_out(ana: Served) -> None:
    first, second = [{"authorization": f"Bearer {(await sign_in(ana)).json()['access_token']}"} for _ in range(2)]
    assert (await ana.http.post("/auth/logout", headers=first)).status_code == 204
    assert_problem(await ana.http.get("/admin/stats", headers=first), 401, "not-authenticated")
    assert (await ana.http.get("/admin/stats", headers=second)).status_code == 200


async def test_wrong_names_wrong_passwords_and_disabled_ones_are_answered_alike(ana: Served) -> None:
    await ana.services.stores.admins.create(Admin("ben", HASHED, 0, 0, disabled_at=1.0))
    refusals = [
        assert_problem(await sign_in(ana, *who), 401, "not-authenticated") | {"request_id": ""}
        for who in (("wrong password",), (PASSWORD, "cem"), (PASSWORD, "ben"))
    ]
    assert refusals[0] == refusals[1] == refusals[2]
    assert await audited(ana) == [(who, "login_failed") for who in ("ana", NOBODY, "ben")]


async def test_an_unknown_name_is_looked_at_as_hard(ana: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    import reels.api.passwords

    looked: list[str] = []
    real = reels.api.passwords._hasher.verify

    class Watched:
        hash = reels.api.passwords._hasher.hash

        def verify(self, stored: str, password: bytes) -> bool:
            looked.append(stored.rpartition("$")[0].rpartition("$")[0])
            return real(stored, password)

    monkeypatch.setattr(reels.api.passwords, "_hasher", Watched())
    await sign_in(ana, "wrong password")
    await sign_in(ana, "wrong password", "nobody")
    assert len(looked) == 2
    assert looked[0] == looked[1]  # the same costs


async def test_no_password_fits_somebody_who_is_not_there(ana: Served) -> None:
    assert not await Passwords().right(None, "\0")
    assert_problem(await sign_in(ana, "\0", "nobody"), 401, "not-authenticated")


async def test_guessing_is_paused_longer_each_time_and_then_forgotten(ana: Served) -> None:
    for _ in range(FREE):
        assert_problem(await sign_in(ana, "wrong password"), 401, "not-authenticated")
    for pause in (30, 60, 120):
        for password in (PASSWORD, "wrong password"):
            locked = await sign_in(ana, password)
            assert_problem(locked, 429, "too-many-requests")
            assert locked.headers["retry-after"] == str(pause)
        ana.clock.now += pause
        assert_problem(await sign_in(ana, "wrong password"), 401, "not-authenticated")
    assert [what for _, what in await audited(ana)] == ["login_failed"] * (FREE - 1) + ["lockout"] * 4
    ana.clock.now += FORGOTTEN_SEC
    for _ in range(FREE - 1):
        assert_problem(await sign_in(ana, "wrong password"), 401, "not-authenticated")
    assert (await sign_in(ana)).status_code == 200


async def test_a_good_sign_in_begins_the_count_anew(ana: Served) -> None:
    for _ in range(3):
        for _ in range(FREE - 1):
            await sign_in(ana, "wrong password")
        assert (await sign_in(ana)).status_code == 200


async def test_a_name_is_paused_whoever_guesses_and_a_client_whatever_name(ana: Served) -> None:
    for number in range(FREE):
        await sign_in(ana, "wrong password", "ana", f"10.0.1.{number}")
        await sign_in(ana, "wrong password", f"name{number}", "10.0.2.1")
    assert (await sign_in(ana, client="10.0.3.1")).status_code == 429
    assert (await sign_in(ana, PASSWORD, "somebody", "10.0.2.1")).status_code == 429
    assert (await sign_in(ana, PASSWORD, "somebody", "10.0.3.1")).status_code == 401


async def test_unknown_names_are_paused_too(ana: Served) -> None:
    for number in range(FREE):
        await sign_in(ana, PASSWORD, "nobody", f"10.0.1.{number}")
    assert (await sign_in(ana, PASSWORD, "nobody", "10.0.3.1")).status_code == 429


async def test_guesses_at_the_same_time_count_too(ana: Served) -> None:
    answers = await asyncio.gather(*(sign_in(ana, "wrong password", client=f"10.0.1.{n}") for n in range(20)))
    assert sum(one.status_code == 401 for one in answers) <= FREE
    assert {one.status_code for one in answers} == {401, 429}


def test_pauses_have_an_end() -> None:
    assert [pause_sec(n) for n in (0, 4, 5, 6, 11, 12, 10_000)] == [0, 0, 30, 60, 1920, 3600, 3600]


@pytest.mark.parametrize(
    "body", [{"name": "ana"}, {"name": "", "password": "x"}, {"name": "ana", "password": "x" * 300}, {"name": 1}, []]
)
async def test_a_bad_sign_in_is_refused_without_telling_the_password(ana: Served, body: Any) -> None:
    answer = await ana.http.post("/auth/admin", json=body)
    assert_problem(answer, 422, "bad-request")
    assert "xxx" not in answer.text
    assert await audited(ana) == []
