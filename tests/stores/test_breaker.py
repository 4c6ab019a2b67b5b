from reels.stores.breaker import Breaker


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_closed_until_a_failure_and_after_a_success() -> None:
    breaker = Breaker(1.0, Clock())
    assert not breaker.refuses()
    breaker.failed()
    assert breaker.refuses()
    breaker.succeeded()
    assert not breaker.refuses()


def test_one_caller_a_rest_may_try() -> None:
    clock = Clock()
    breaker = Breaker(1.0, clock)
    breaker.failed()
    clock.now += 0.9
    assert breaker.refuses()
    clock.now += 0.2
    assert [breaker.refuses() for _ in range(3)] == [False, True, True]
    clock.now += 1.0
    assert not breaker.refuses()
