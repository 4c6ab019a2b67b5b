import asyncio
import time

import pytest

from reels.stores.redis.deadline import Deadline

pytestmark = pytest.mark.anyio


async def test_what_takes_too_long_ends() -> None:
    began = time.monotonic()
    with pytest.raises(TimeoutError, match=r"within 0\.05 s"), Deadline(0.05):
        await asyncio.sleep(10)
    assert time.monotonic() - began < 5
    await asyncio.sleep(0)  # and the task is as well as before


async def test_what_is_in_time_is_left_alone() -> None:
    with Deadline(0.05):
        await asyncio.sleep(0)
    await asyncio.sleep(0.1)


async def test_an_error_of_the_block_stays_what_it_is() -> None:
    with pytest.raises(ValueError, match="mine"), Deadline(5):
        raise ValueError("mine")


async def test_a_cancelled_task_is_cancelled() -> None:
    async def wait() -> None:
        with Deadline(5):
            await asyncio.sleep(10)

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_answer_that_came_while_the_loop_was_held_up_counts() -> None:
    async def answered() -> str:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[str] = loop.create_future()
        loop.call_later(0.01, answer.set_result, "here")
        with Deadline(0.1):
            return await answer

    task = asyncio.create_task(answered())
    await asyncio.sleep(0)
    time.sleep(0.3)  # noqa: ASYNC251  holding up the loop is the point
    assert await task == "here"


async def test_an_answer_at_the_very_end_counts() -> None:
    """Both timers are due in one turn of the loop; the waiting task is only resumed in the next."""

    async def answered() -> str:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[str] = loop.create_future()
        loop.call_later(0.49, answer.set_result, "here")
        with Deadline(0.5):
            return await answer

    task = asyncio.create_task(answered())
    await asyncio.sleep(0)
    time.sleep(0.52)  # noqa: ASYNC251
    assert await task == "here"


async def test_after_a_hold_up_the_whole_time_is_given_again() -> None:
    async def answered() -> None:
        with Deadline(0.2):
            await asyncio.sleep(0)
            time.sleep(0.5)  # noqa: ASYNC251
            await asyncio.sleep(0.1)

    await answered()
