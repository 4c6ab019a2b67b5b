import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import httpx
import pytest
from tests.api.serving import Served, assert_problem
from tests.conftest import Database

from reels.api.app import create_app
from reels.api.revoked import RevokedLately
from reels.api.tokens import Principal, Scope
from reels.core.types import Revocation

pytestmark = pytest.mark.anyio
DEVICE = "a-long-random-device-secret"
ENDED = "the session has ended: sign up again"


async def signed_up(served: Served) -> dict[str, Any]:
    answer: dict[str, Any] = (await served.http.post("/auth/device", json={"device_id": DEVICE})).json()
    return answer


async def refreshed(served: Served, tokens: dict[str, Any]) -> httpx.Response:
    return await served.http.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]})


async def feed(http: httpx.AsyncClient, tokens: dict[str, Any]) -> httpx.Response:
    return await http.get("/feed", headers=bearer(tokens))


def bearer(tokens: dict[str, Any]) -> dict[str, str]:
    return {"authorization": f"Bearer {tokens['access_token']}"}


async def test_each_refresh_gives_other_tokens(served: Served) -> None:
    tokens, seen = await signed_up(served), set()
    for _ in range(4):
        seen |= {tokens["access_token"], tokens["refresh_token"]}
        served.clock.now += 60
        tokens = (await refreshed(served, tokens)).json()
    assert len(seen) == 8
    assert (await feed(served.http, tokens)).status_code == 200


async def test_a_refresh_whose_answer_got_lost_is_answered_with_the_same_tokens(served: Served) -> None:
    first = await signed_up(served)
    served.clock.now += 600.25
    second = (await refreshed(served, first)).json()
    served.clock.now += 19
    again = (await refreshed(served, first)).json()
    assert again["expires_in"] == 900 - 19
    assert again | {"expires_in": 900} == second
    assert (await refreshed(served, second)).status_code == 200


async def test_a_used_up_refresh_token_ends_the_session_for_both(served: Served) -> None:
    first = await signed_up(served)
    second = (await refreshed(served, first)).json()
    served.clock.now += 21
    assert assert_problem(await refreshed(served, first), 401, "not-authenticated")["detail"] == ENDED
    assert_problem(await refreshed(served, second), 401, "not-authenticated")
    assert_problem(await feed(served.http, second), 401, "not-authenticated")
    anew = await signed_up(served)
    assert anew["user_id"] == first["user_id"]
    assert (await feed(served.http, anew)).status_code == 200


async def test_one_generation_older_is_no_retry_however_soon(served: Served) -> None:
    first = await signed_up(served)
    third = (await refreshed(served, (await refreshed(served, first)).json())).json()
    assert_problem(await refreshed(served, first), 401, "not-authenticated")
    assert_problem(await feed(served.http, third), 401, "not-authenticated")


async def test_the_same_refresh_many_times_at_once_gives_one_pair(served: Served) -> None:
    first = await signed_up(served)
    answers = await asyncio.gather(*(refreshed(served, first) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["refresh_token"] for answer in answers}) == 1


async def test_a_session_that_is_refreshed_does_not_expire_and_one_that_is_not_does(served: Served) -> None:
    idle, used = await signed_up(served), await signed_up(served)
    for _ in range(3):
        served.clock.now += 20 * 86_400
        used = (await refreshed(served, used)).json()
    assert_problem(await refreshed(served, idle), 401, "not-authenticated")


async def test_signing_out_ends_this_session_alone(served: Served) -> None:
    phone, tablet = await signed_up(served), await signed_up(served)
    assert (await served.http.post("/auth/logout", headers=bearer(phone))).status_code == 204
    assert_problem(await feed(served.http, phone), 401, "not-authenticated")
    assert_problem(await refreshed(served, phone), 401, "not-authenticated")
    assert (await feed(served.http, tablet)).status_code == 200
    assert (await refreshed(served, tablet)).status_code == 200


async def test_signing_out_everywhere_ends_all_and_the_next_sign_up_is_good_at_once(served: Served) -> None:
    phone, tablet = await signed_up(served), await signed_up(served)
    served.clock.now += 0.25
    answer = await served.http.post("/auth/logout", headers=bearer(phone), json={"everywhere": True})
    assert answer.status_code == 204
    assert_problem(await feed(served.http, tablet), 401, "not-authenticated")
    assert_problem(await refreshed(served, tablet), 401, "not-authenticated")
    served.clock.now += 0.25
    assert (await feed(served.http, await signed_up(served))).status_code == 200


async def test_a_token_of_no_session_signs_its_subject_out(served: Served) -> None:
    headers = served.bearer("ana", Scope.ADMIN)
    assert (await served.http.post("/auth/logout", headers=headers)).status_code == 204
    assert_problem(await served.http.get("/admin/stats", headers=headers), 401, "not-authenticated")


@pytest.mark.parametrize("body", [{"everywhere": "perhaps"}, {"every": True}, [], 7])
async def test_a_bad_sign_out_is_refused(served: Served, body: Any) -> None:
    assert_problem(await served.http.post("/auth/logout", headers=served.bearer(), json=body), 422, "bad-request")


@pytest.mark.parametrize("body", [{"refresh_token": "x", "more": 1}, {}, {"refresh_token": None}, {"refresh_token": 7}])
async def test_a_bad_refresh_is_refused_naming_the_field(served: Served, body: Any) -> None:
    assert assert_problem(await served.http.post("/auth/refresh", json=body), 422, "bad-request")["errors"]


async def test_an_administrator_signs_a_viewer_out_and_that_is_in_the_audit(served: Served) -> None:
    tokens = await signed_up(served)
    user_id = tokens["user_id"]
    served.clock.now += 1
    answer = await served.http.post(f"/admin/viewers/{user_id}/revoke", headers=served.admin)
    assert answer.json() == {"user_id": user_id, "sessions": 1}
    assert_problem(await feed(served.http, tokens), 401, "not-authenticated")
    assert_problem(await refreshed(served, tokens), 401, "not-authenticated")
    entry = (await served.http.get("/admin/audit", headers=served.admin)).json()["entries"][0]
    assert (entry["who"], entry["action"], entry["details"]) == ("u_admin", "revoke", {"user_id": user_id})


async def test_another_worker_hears_of_revocations_when_it_looks(served: Served) -> None:
    other = replace(served.services, revoked=RevokedLately())
    transport = httpx.ASGITransport(create_app(other))
    ended, untouched = await signed_up(served), await signed_up(served)
    async with httpx.AsyncClient(transport=transport, base_url="http://reels") as http:
        await served.http.post("/auth/logout", headers=bearer(ended))
        assert (await feed(http, ended)).status_code == 200
        await other.revoked.look(other.stores.sessions, served.clock.now)
        assert_problem(await feed(http, ended), 401, "not-authenticated")
        assert (await feed(http, untouched)).status_code == 200


async def test_no_token_is_kept(served: Served, mongo: Database) -> None:
    tokens = await signed_up(served)
    tokens |= (await refreshed(served, tokens)).json()
    kept = str([await mongo[name].find().to_list() for name in await mongo.list_collection_names()])
    assert tokens["user_id"] in kept
    for part in (tokens["access_token"], tokens["refresh_token"], DEVICE):
        assert part.rpartition(".")[2] not in kept


class _Told:
    """A store of sessions that only tells of revocations, as far as they are asked for."""

    def __init__(self, *revocations: Revocation) -> None:
        self.all = list(revocations)
        self.asked: list[float] = []

    async def revoked_since(self, at: float, now: float) -> Iterable[Revocation]:
        self.asked.append(at)
        return [one for one in self.all if one.at >= at]


def of_session(session_id: str, user_id: str = "ana", issued_at: float = 0.0) -> Principal:
    return Principal(user_id, frozenset(), 1e12, issued_at=issued_at, session_id=session_id)


async def test_late_revocations_are_found_and_old_ones_forgotten() -> None:
    store: Any = _Told(Revocation("session", "s1", 1000.0))
    revoked = RevokedLately()
    await revoked.look(store, 1001.0)
    store.all.append(Revocation("session", "s2", 980.0))  # of a worker whose clock is behind
    await revoked.look(store, 1002.0)
    assert store.asked == [0.0, 970.0]
    assert revoked.refuses(of_session("s1"))
    assert revoked.refuses(of_session("s2"))
    assert not revoked.refuses(of_session("s3"))
    store.all.clear()
    await revoked.look(store, 1700.0)
    assert not revoked.refuses(of_session("s1"))


def test_a_subjects_tokens_are_refused_up_to_the_revocation() -> None:
    revoked = RevokedLately()
    revoked.add([Revocation("subject", "ana", 50.5), Revocation("subject", "ana", 20.0)])
    assert revoked.refuses(of_session("s", issued_at=50.5))
    assert not revoked.refuses(of_session("s", issued_at=50.501))
    assert not revoked.refuses(of_session("s", "ben", issued_at=1.0))
