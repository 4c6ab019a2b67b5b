import asyncio
from contextvars import ContextVar

import httpx
import pytest
from fake_api import FakeApi

from reels_app.api_client import IDENTITY_KEY, ApiBusy, ApiClient, ApiRefused, ApiUnreachable, Identity
from reels_app.models import Mode
from reels_app.storage import MemoryStore

pytestmark = pytest.mark.anyio


async def test_a_first_call_signs_in_by_itself(client: ApiClient, api: FakeApi) -> None:
    page = await client.feed(limit=3)
    assert [reel.reel_id for reel in page.items] == ["r0000", "r0001", "r0002"]
    assert len(api.viewers) == 1


async def test_media_is_fetched_from_the_public_address(client: ApiClient) -> None:
    page = await client.feed(limit=1)
    assert page.items[0].media_url == "http://public:8000/media/r0000.mp4"


async def test_the_device_stays_the_same_viewer_after_a_restart(
    client: ApiClient, http: httpx.AsyncClient, store: MemoryStore
) -> None:
    first = (await client.sign_in()).user_id
    again = ApiClient(http, store, "http://api")
    assert (await again.profile()).user_id == first


async def test_unreadable_identity_is_replaced(http: httpx.AsyncClient, store: MemoryStore) -> None:
    await store.write(IDENTITY_KEY, "{not json")
    assert (await ApiClient(http, store, "http://api").profile()).user_id


def test_device_secrets_are_long_enough_and_differ() -> None:
    one, two = Identity.from_text(None), Identity.from_text(None)
    assert 16 <= len(one.device_id) <= 128
    assert one.device_id != two.device_id


async def test_a_refused_token_is_renewed_once_for_many_calls(client: ApiClient, api: FakeApi) -> None:
    await client.sign_in()
    api.tokens.clear()
    await asyncio.gather(*(client.profile() for _ in range(5)))
    assert len(api.tokens) == 1


async def test_a_refused_refresh_token_falls_back_to_the_device(client: ApiClient, api: FakeApi) -> None:
    before = (await client.sign_in()).user_id
    api.tokens.clear()
    api.refresh.clear()
    assert (await client.profile()).user_id == before


async def test_a_second_window_takes_the_tokens_the_first_one_renewed(
    client: ApiClient, api: FakeApi, http: httpx.AsyncClient, store: MemoryStore
) -> None:
    await client.sign_in()
    other = ApiClient(http, store, "http://api")
    await other.sign_in()
    for _ in range(2):  # the second time the renewed token has ended as well
        api.tokens.clear()
        await client.profile()
    assert (await other.profile()).user_id
    assert len(api.refresh) == 1
    api.tokens.clear()
    await client.profile()
    api.tokens.clear()
    assert (await other.profile()).user_id
    assert len(api.refresh) == 1  # one line of tokens: nobody signed up again or showed a used one


async def test_busy_says_when_to_come_back(client: ApiClient, api: FakeApi) -> None:
    await client.sign_in()
    api.down = True
    with pytest.raises(ApiBusy) as caught:
        await client.feed()
    assert caught.value.retry_after == 1.0


async def test_no_answer_is_unreachable(store: MemoryStore) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route", request=request)

    async with httpx.AsyncClient(transport=httpx.MockTransport(refuse)) as http:
        with pytest.raises(ApiUnreachable, match=r"GET /feed|POST /auth/device"):
            await ApiClient(http, store, "http://api").feed()


async def test_an_unknown_reel_is_refused_with_its_status(client: ApiClient) -> None:
    with pytest.raises(ApiRefused) as caught:
        await client.reel("r9999")
    assert caught.value.status == 404


async def test_latest_begins_with_the_newest(client: ApiClient) -> None:
    assert (await client.feed(Mode.LATEST, limit=1)).items[0].reel_id == "r0399"


async def test_a_receipt_names_what_was_rejected(client: ApiClient) -> None:
    good = {"event_id": "1", "reel_id": "r0001", "kind": "like", "occurred_at": 1}
    receipt = await client.send_events([good, good, {**good, "event_id": "2", "kind": "dance"}])
    assert (receipt.stored, receipt.duplicates) == (1, 1)
    assert receipt.rejected == ((2, "unknown kind 'dance'"),)


async def test_a_call_leaves_nothing_of_its_caller_in_the_connections(store: MemoryStore) -> None:
    viewer: ContextVar[str] = ContextVar("viewer", default="nobody")
    seen: list[str] = []

    def answer(_: httpx.Request) -> httpx.Response:
        seen.append(viewer.get())
        return httpx.Response(200, json={"user_id": "u", "access_token": "a", "refresh_token": "r"})

    viewer.set("somebody")
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        await ApiClient(http, store, "http://api").sign_in()
    assert seen == ["nobody"]
